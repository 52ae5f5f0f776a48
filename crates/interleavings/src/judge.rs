//! What an execution shows about the program.

use crate::kernel::ids::{Loc, Tid};
use crate::kernel::{Exec, Halt, Need, State};

/// Why an execution is a failure; the words are made in [`crate::verdict`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A thread panicked and nobody dealt with it.
    Panic(Tid),
    /// Nobody can go on.
    Deadlock,
    /// The body has returned and this thread still waits for something.
    LeftWaiting(Tid),
    /// The body has returned before this thread ended.
    LeftRunning(Tid),
    /// Everybody looks and nobody changes anything.
    Livelock,
    /// The thread looked again and again, here, where that is not allowed.
    BusyWait(Tid, Loc),
    TooManySteps,
    TooManyThreads,
    /// The body did nothing that the model knows.
    NothingSeen,
    /// The body did something else than in the run before.
    NotRepeatable,
}

/// The execution's fault, if it has one.
pub(crate) fn fault(x: &Exec) -> Option<Fault> {
    if x.search.diverged {
        return Some(Fault::NotRepeatable);
    }
    match x.halt.as_ref().unwrap_or(&Halt::Done) {
        Halt::TooManyThreads => Some(Fault::TooManyThreads),
        halt => {
            if let Some(t) = unhandled_panic(x) {
                return Some(Fault::Panic(t));
            }
            if x.body_ended {
                let seen = x.steps > 0 || x.threads.len() > 1;
                return if seen {
                    left_over(x, halt)
                } else {
                    Some(Fault::NothingSeen)
                };
            }
            match halt {
                Halt::Done => None,
                Halt::Deadlock => Some(Fault::Deadlock),
                Halt::Livelock => Some(Fault::Livelock),
                Halt::BusyWait(t, at) => Some(Fault::BusyWait(*t, at)),
                _ => Some(Fault::TooManySteps),
            }
        }
    }
}

fn left_over(x: &Exec, halt: &Halt) -> Option<Fault> {
    if x.rules.allow_detached {
        return None;
    }
    let left = x.left_over?;
    if *halt == Halt::Done {
        return Some(Fault::LeftRunning(left));
    }
    match x.threads.iter().position(|t| !t.finished) {
        Some(t) if x.threads[t].need != Need::Nothing => Some(Fault::LeftWaiting(t)),
        _ => Some(Fault::LeftRunning(left)),
    }
}

/// The first panic that nobody has dealt with, followed back to the one that it is an
/// echo of.
fn unhandled_panic(x: &Exec) -> Option<Tid> {
    let panicked = |t: Tid| Some((x.threads[t].panic.as_ref()?.number, t));
    let open = (0..x.threads.len()).filter(|&t| t == 0 || !x.threads[t].joined);
    let (_, mut t) = open.filter_map(panicked).min()?;
    while let Some(earlier) = x.threads[t].panic.as_ref().and_then(|note| note.echo_of)
        && panicked(earlier) < panicked(t)
        && panicked(earlier).is_some()
    {
        t = earlier;
    }
    Some(t)
}

/// Whether a thread waits in a rendezvous of the judge that nobody else came to.
pub(crate) fn lonely_meeting(x: &Exec) -> Option<(usize, usize)> {
    x.threads.iter().filter(|t| !t.finished).find_map(|t| match t.need {
        Need::Meeting(o, _) => match x.objects[o].state {
            State::Meeting { size, arrived, .. } => Some((arrived, size)),
            _ => None,
        },
        _ => None,
    })
}

/// The fault as text that tells different ones apart, for comparing explorations.
pub(crate) fn described(fault: &Fault, x: &Exec) -> String {
    let mut text = format!("{fault:?}");
    for (t, thread) in x.threads.iter().enumerate() {
        if let Some(note) = &thread.panic {
            text.push_str(&format!("; {t}: line {}, {}", note.line, note.message));
        } else if !thread.finished {
            text.push_str(&format!(
                "; {t}: {:?} at line {}",
                thread.need,
                thread.at.line()
            ));
        }
    }
    text
}
