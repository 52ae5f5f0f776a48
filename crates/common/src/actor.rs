//! Threads and processes with names: what they say, and what they are seen doing.

use std::fmt::Display;
use std::thread;

use anstyle::{AnsiColor, Style};

use crate::timeline::{self, Activity, ActorId, SpanId};

/// Told apart on dark and on light backgrounds; the name in front says the same.
const COLOURS: [AnsiColor; 6] = [
    AnsiColor::Blue,
    AnsiColor::Yellow,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Cyan,
    AnsiColor::Red,
];

/// The style of the actor that was the `index`-th to appear.
pub(crate) fn style(index: usize) -> Style {
    COLOURS[index % COLOURS.len()].on_default()
}

/// A thread or a process that takes part in a scene.
///
/// Two actors of one name are one actor: the same colour, the same lane. An actor may
/// be copied into the thread it stands for, or made there.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    id: ActorId,
}

impl Actor {
    /// The actor of this name; a lane appears in the timeline in the order of creation.
    #[must_use]
    pub fn new(name: impl AsRef<str>) -> Self {
        Self { id: timeline::actor(name.as_ref()) }
    }

    /// The actor that stands for the calling thread, by the thread's name.
    #[must_use]
    pub fn current() -> Self {
        let current = thread::current();
        match current.name() {
            Some(name) => Self::new(name),
            None => Self::new(format!("{:?}", current.id())),
        }
    }

    /// Prints `[name] line`, as one line.
    pub fn says(self, line: impl Display) {
        timeline::seen(self.id);
        let style = style(self.id.0);
        let name = timeline::name(self.id);
        crate::println!("{style}[{name}]{style:#} {line}");
    }

    /// Marks a moment in the actor's lane.
    pub fn marks(self, what: impl Display) {
        timeline::mark(self.id, &what.to_string());
    }

    /// Marks the moment of the actor's death, and ends there what it was doing.
    ///
    /// Said by whoever killed it: a killed process cannot.
    pub fn dies(self, how: impl Display) {
        timeline::death(self.id, &how.to_string());
    }

    /// The actor waits for `what` until the span is dropped.
    pub fn waits(self, what: impl Display) -> Span {
        self.span(Activity::Waits, &what.to_string())
    }

    /// The actor holds `what` (a lock, a permit, …) until the span is dropped.
    pub fn holds(self, what: impl Display) -> Span {
        self.span(Activity::Holds, &what.to_string())
    }

    /// The actor works on `what` until the span is dropped.
    pub fn works(self, what: impl Display) -> Span {
        self.span(Activity::Works, &what.to_string())
    }

    fn span(self, activity: Activity, label: &str) -> Span {
        Span { actor: self.id, id: timeline::begin(self.id, activity, label) }
    }
}

/// Something an actor is doing; dropping it records the end.
#[must_use = "a span that is not kept ends at once"]
#[derive(Debug)]
pub struct Span {
    actor: ActorId,
    id: SpanId,
}

impl Drop for Span {
    fn drop(&mut self) {
        timeline::end(self.actor, self.id);
    }
}
