//! Every solution and every wrong answer of the topic `locks`, each with its judge.
//!
//! Not run as it is: most of these tests must fail. `wrong_answers.rs` runs them.

// Each answer is a program of its own, of which only the judged part is used here.
#![allow(dead_code, unused, missing_docs, clippy::all)]

include!(concat!(env!("OUT_DIR"), "/locks.rs"));
