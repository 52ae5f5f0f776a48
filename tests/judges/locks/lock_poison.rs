//! Judges `lock_poison`: the service goes on, and nobody sees what is half-made.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use super::*;

/// What an account looks like from outside.
type Seen = (Vec<u64>, u64, u32);

fn look(service: &Service) -> Seen {
    let account = service.lock();
    (account.entries.clone(), account.balance, account.repairs)
}

/// What `f` returns, or nothing if it panics.
fn survive<R>(f: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(f)).ok()
}

/// One thread panics in the middle, `panics` times; others work and look.
fn some_deposits_panic(panics: u32) {
    let service = Service::new();
    thread::scope(|scope| {
        let careless = scope.spawn(|| {
            for _ in 0..panics {
                let ended = survive(|| service.deposit(LIMIT + 1));
                assert!(ended.is_none(), "a deposit above the limit was accepted");
            }
        });
        let careful = scope.spawn(|| {
            survive(|| {
                let before = look(&service);
                service.deposit(7);
                [before, look(&service)]
            })
        });
        careless.join().unwrap();
        let seen = careful.join().unwrap();
        assert!(seen.is_some(), "one thread's panic ended another thread's work");
        seen.iter().flatten().for_each(in_order);
    });
    let seen = survive(|| look(&service));
    assert!(seen.is_some(), "the service ended with the first panic");
    let Some(seen) = seen else { return };
    in_order(&seen);
    let (entries, _, repairs) = seen;
    let written = entries.len();
    assert!(written == 1 + panics as usize, "an entry was lost: {entries:?} are left");
    assert!(
        repairs <= panics,
        "the account was repaired too often: repairs {repairs}, panics {panics}",
    );
    let again = look(&service).2;
    assert!(again == repairs, "the account was repaired although it was in order");
}

fn in_order((entries, balance, _): &Seen) {
    let sum: u64 = entries.iter().sum();
    assert!(*balance == sum, "a half-made change was seen: {entries:?} make {balance}");
}

#[test]
fn a_panic_is_repaired() {
    interleavings::check(|| some_deposits_panic(1));
    real_threads::run(|| some_deposits_panic(1));
}

#[test]
fn two_panics_are_repaired() {
    interleavings::check(|| some_deposits_panic(2));
    real_threads::run(|| some_deposits_panic(2));
}
