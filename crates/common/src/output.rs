//! Standard output of a demo, which somebody may stop reading at any moment.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};
use std::{process, thread};

use crate::{child, timeline};

/// Set when a thread begins to end the process.
static LEAVING: AtomicBool = AtomicBool::new(false);

/// As the standard `println!`, but a closed pipe ends the program quietly.
#[macro_export]
macro_rules! println {
    () => { $crate::output::line(format_args!("")) };
    ($($arg:tt)*) => { $crate::output::line(format_args!($($arg)*)) };
}

/// Prints one line as a whole: lines of two threads do not mix.
pub fn line(text: fmt::Arguments<'_>) {
    leave_it_to_who_leaves();
    // One buffer, one write: a child process shares this output without our lock.
    let text = format!("{text}\n");
    let mut stdout = anstream::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    drop(stdout);
    if let Err(error) = written {
        cannot_write(&error);
    }
}

/// Ends the process: nobody reads what it prints, so nobody waits for its end.
fn cannot_write(error: &io::Error) -> ! {
    if error.kind() == ErrorKind::BrokenPipe {
        leave(0);
    }
    complain(format_args!("error: write to standard output: {error}"));
    leave(1);
}

/// Prints a line of diagnosis on standard error.
pub(crate) fn complain(text: fmt::Arguments<'_>) {
    leave_it_to_who_leaves();
    let text = format!("{text}\n");
    // Nothing is left to report to when standard error is closed.
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Ends the process at once, and every child process it guards before that.
pub(crate) fn leave(code: i32) -> ! {
    // Release: pairs with the Acquire of whoever finds a child gone after this.
    LEAVING.store(true, Release);
    child::kill_all();
    // With the file that the children wrote to, where that has a name.
    drop(timeline::take());
    process::exit(code)
}

/// Does not return when another thread is about to end the process.
///
/// That thread has told why. It kills the children first, and what others make of that
/// is not worth a word.
pub(crate) fn leave_it_to_who_leaves() {
    // Acquire: pairs with the Release in `leave`.
    while LEAVING.load(Acquire) {
        thread::park();
    }
}
