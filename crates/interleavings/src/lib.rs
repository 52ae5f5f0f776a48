//! Runs ordinary std code under every interleaving and explains the one that breaks it.

mod api;
mod child;
pub mod hint;
mod judge;
mod kernel;
mod meeting;
mod names;
mod page;
pub mod panic;
mod report;
mod search;
pub mod sync;
pub mod thread;
pub mod time;
pub mod trace;
mod values;
mod verdict;

pub use crate::api::{
    Checker, Coverage, Failure, Outcomes, check, outcomes, rendezvous,
};

#[doc(hidden)]
pub mod __real {
    pub use std::thread_local;
}
