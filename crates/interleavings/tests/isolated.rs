//! What `check` says when the body takes its process down, or never comes back.
//!
//! Each check here runs in a child process of this test.

// The bodies print on purpose.
#![allow(clippy::disallowed_macros)]

use std::hint::black_box;
use std::panic::catch_unwind;
use std::process;

use interleavings::check;
use interleavings::sync::{Arc, Mutex};
use interleavings::thread;

/// The sentence with which the check of `body` panics.
fn sentence(body: fn()) -> String {
    let payload = catch_unwind(|| check(body)).expect_err("the check fails");
    *payload.downcast::<String>().expect("the payload is the sentence")
}

fn step() {
    drop(Mutex::new(0).lock());
}

#[test]
fn exit_in_the_middle_is_a_sentence() {
    let sentence = sentence(|| {
        step();
        process::exit(3);
    });
    assert!(sentence.contains("exit code 3"), "{sentence}");
    assert!(sentence.contains("main was at line"), "{sentence}");
}

#[test]
fn an_abort_is_a_sentence() {
    let sentence = sentence(|| {
        step();
        process::abort();
    });
    assert!(sentence.contains("aborted"), "{sentence}");
}

fn deep(n: u64) -> u64 {
    if black_box(n) == u64::MAX { 0 } else { 1 + deep(n + 1) }
}

#[test]
fn a_stack_overflow_is_a_sentence() {
    let sentence = sentence(|| {
        step();
        black_box(deep(0));
    });
    assert!(sentence.contains("stack overflow"), "{sentence}");
}

#[test]
fn an_endless_loop_is_ended_and_named() {
    let sentence = sentence(|| {
        let named = thread::Builder::new().name("looper".to_owned());
        let looper = named.spawn(|| {
            step();
            while black_box(true) {}
        });
        looper.unwrap().join().unwrap();
    });
    assert!(sentence.contains("thread `looper` runs on"), "{sentence}");
    assert!(sentence.contains("endless loop"), "{sentence}");
}

#[test]
fn several_checks_of_one_test_are_each_explored() {
    let two_threads = || {
        let total = Arc::new(Mutex::new(0));
        let theirs = total.clone();
        let other = thread::spawn(move || *theirs.lock().unwrap() += 1);
        *total.lock().unwrap() += 1;
        other.join().unwrap();
    };
    assert_eq!(check(step).threads_started, 0);
    assert_eq!(check(two_threads).threads_started, 1);
    let sentence = sentence(|| {
        step();
        panic!("on purpose");
    });
    assert!(sentence.contains("on purpose"), "{sentence}");
    let coverage = check(two_threads);
    assert_eq!(coverage.threads_started, 1);
    assert!(coverage.exhaustive);
}
