//! What hangs is named after some seconds, and what comes after it is not tried.

use std::{panic, thread};

/// In a process of its own: after the first hang nothing else is run there.
#[test]
fn a_hang_names_the_threads_that_are_still_there_and_is_the_last_run() {
    let stuck = || {
        let stuck = thread::Builder::new().name("stuck worker".into());
        // Nobody ever unparks it; it ends with the process.
        let stuck = stuck
            .spawn(|| {
                loop {
                    thread::park();
                }
            })
            .unwrap();
        stuck.join().unwrap();
    };
    let message = message(stuck);
    assert!(message.starts_with("the program hangs on real threads"), "{message}");
    if cfg!(target_os = "linux") {
        assert!(message.contains("stuck worker"), "{message}");
    }
    let message = self::message(|| ());
    assert!(message.starts_with("not run on real threads"), "{message}");
}

/// What `run` panics with.
fn message(body: impl FnOnce() + Send + panic::UnwindSafe + 'static) -> String {
    let outcome = panic::catch_unwind(|| real_threads::run(body));
    let payload = outcome.unwrap_err();
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap()
}
