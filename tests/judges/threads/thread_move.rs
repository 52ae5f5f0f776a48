//! Judges `thread_move`: the same picture, developed elsewhere, nothing left behind.

use super::*;

/// Only two threads that are at work at the same time get past here.
fn meet() {
    interleavings::rendezvous(2);
}

fn the_picture_comes_back() {
    let camera: Arc<str> = "the old Leica".into();
    let picture = Picture { pixels: vec![1, 2, 3], camera: Arc::clone(&camera) };
    let pixels = picture.pixels.as_ptr();
    let mut waited = false;
    let picture = develop_elsewhere(
        picture,
        |picture| {
            meet();
            picture.pixels.iter_mut().for_each(|pixel| *pixel *= 10);
        },
        || {
            meet();
            waited = true;
        },
    );
    assert!(waited, "`meanwhile` was not called");
    let values = &picture.pixels;
    assert!(*values == [10, 20, 30], "1, 2, 3 came back from `* 10` as {values:?}");
    assert!(values.as_ptr() == pixels, "the picture that came back is a copy");
    let owners = Arc::strong_count(&camera) - 2;
    assert!(owners == 0, "a copy of the picture was left behind");
}

fn the_caller_is_not_forgotten() {
    let picture = Picture { pixels: vec![1], camera: "the old Leica".into() };
    let mut waited = false;
    develop_elsewhere(picture, |_| (), || waited = true);
    assert!(waited, "`meanwhile` was not called");
}

#[test]
fn the_same_picture_comes_back_from_another_thread() {
    real_threads::run(the_caller_is_not_forgotten);
    interleavings::check(the_picture_comes_back);
    real_threads::run(the_picture_comes_back);
}
