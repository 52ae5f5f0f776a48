//! What at least three demos share and no chapter teaches.
//!
//! * [`Demo`] runs scenes by name, from the command line.
//! * [`Actor`] is a thread or a process with a name: it says what it does, and what it
//!   does is recorded and drawn as a lane of a timeline.
//! * The [`watchdog`] ends what hangs and names who was last seen doing what.
//! * [`child`] starts processes that cannot outlive the demo, a [`leash`] ends them even
//!   when the demo is killed, [`trial()`] runs a version that goes wrong on purpose where
//!   it can do no harm.
//! * [`measure`] says which machine a figure comes from and draws bars.
//!
//! `use common::println;` in place of the standard macro: it ends the program
//! quietly when nobody reads the output any more (`| head -1`), and leaves colours
//! out when nobody would see them.

mod actor;
pub mod child;
mod demo;
pub mod leash;
pub mod measure;
#[doc(hidden)]
pub mod output;
pub mod timeline;
mod trial;
pub mod watchdog;

pub use actor::{Actor, Span};
pub use demo::{Demo, WrongUsage};
pub use trial::{Trial, trial};
