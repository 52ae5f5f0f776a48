//! The sentence that names a mistake.

use crate::judge::{self, Fault};
use crate::kernel::Exec;

/// The fault in the reader's words.
pub(crate) fn sentence(fault: &Fault, x: &Exec) -> String {
    match fault {
        Fault::Panic(t) => {
            let note = judge::panic_note(x, *t);
            format!(
                "thread {t} panicked at {}:{}: {}",
                note.file, note.line, note.message
            )
        }
        Fault::Deadlock => match judge::lonely_meeting(x) {
            Some((came, size)) => {
                format!("ran one after another: only {came} of {size} threads met")
            }
            None => "deadlock".to_owned(),
        },
        other => format!("{other:?}"),
    }
}
