//! Goal:   a thread is given a picture, works on it, and gives the same one back.
//! Given:  a picture that is too large to be copied, and a function that develops it.
//! Change: the body of `develop_elsewhere`.
//! Check:  cargo test --bin thread_move
//! Read:   book/src/ownership.md and std::thread::JoinHandle::join

use std::sync::Arc;
use std::thread;

/// A picture, and the name of the camera it shares with others.
#[derive(Clone)]
struct Picture {
    pixels: Vec<u8>,
    camera: Arc<str>,
}

/// Calls `develop` on another thread, while the calling thread does `meanwhile`.
///
/// The picture that is returned is the one that was given: its pixels were not copied,
/// and nothing of it is left behind.
fn develop_elsewhere(
    picture: Picture,
    develop: fn(&mut Picture),
    meanwhile: impl FnOnce(),
) -> Picture {
    // TODO: have another thread develop the picture, and get it back from there.
    todo!("develop the picture on another thread")
}

fn main() {
    real_threads::end_if_stuck();
    let pixels = (0..200).collect();
    let picture = Picture { pixels, camera: "the old Leica".into() };
    let brighten = |picture: &mut Picture| {
        println!("{:?} develops", thread::current().id());
        picture.pixels.iter_mut().for_each(|pixel| *pixel += 50);
    };
    let meanwhile = || println!("{:?} has a coffee", thread::current().id());
    let picture = develop_elsewhere(picture, brighten, meanwhile);
    println!("{}: {:?} and so on", picture.camera, &picture.pixels[..5]);
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_picture_is_developed() {
        interleavings::check(|| {
            let picture = Picture { pixels: vec![1, 2], camera: "a phone".into() };
            let add_one = |p: &mut Picture| p.pixels.iter_mut().for_each(|p| *p += 1);
            let picture = develop_elsewhere(picture, add_one, || ());
            assert_eq!(picture.pixels, [2, 3]);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/threads/thread_move.rs"]
mod judge;
