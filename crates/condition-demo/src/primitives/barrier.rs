//! A barrier with a time limit, which breaks rather than leave somebody waiting.
//!
//! Source: Python's `threading.Barrier`. One point differs: who comes while the threads
//! of one round still leave belongs to the next round and need not wait for them.

use std::num::NonZero;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Duration;

/// Holds threads back until a fixed number of them, the parties, have come.
///
/// When one of them waits in vain, the barrier breaks for all of them: nobody can wait
/// at a broken barrier until it is [`reset`](Self::reset).
pub struct Barrier<'a> {
    parties: usize,
    action: Box<dyn Fn() + Send + Sync + 'a>,
    round: Mutex<Round>,
    /// Signalled when a round is decided.
    decided: Condvar,
}

/// One use of the barrier, until all parties have come.
#[derive(Default)]
struct Round {
    arrived: usize,
    /// Whether the round passed or broke; empty while it is undecided.
    ///
    /// A waiter keeps its own reference: however late it wakes up, it learns how its
    /// own round ended, and not a later one. A round that has passed makes way for the
    /// next at once, so the current one is undecided or broken.
    passed: Arc<OnceLock<bool>>,
}

/// Not all parties came: the time ran out for one of them, the action panicked, or
/// somebody called [`abort`](Barrier::abort) or [`reset`](Barrier::reset).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

impl<'a> Barrier<'a> {
    /// A barrier whose `action` is run by the last thread that comes, before any of
    /// them goes on. The action must not use the barrier.
    pub fn new(parties: NonZero<usize>, action: impl Fn() + Send + Sync + 'a) -> Self {
        Self {
            parties: parties.get(),
            action: Box::new(action),
            round: Mutex::default(),
            decided: Condvar::new(),
        }
    }

    /// Blocks until all parties have come; returns how many came before the caller.
    ///
    /// # Errors
    ///
    /// [`Broken`] when the barrier is broken or breaks; it does after `limit`.
    ///
    /// # Panics
    ///
    /// When the action does; the others get [`Broken`].
    pub fn wait(&self, limit: Duration) -> Result<usize, Broken> {
        let mut round = self.round.lock().unwrap();
        if round.is_broken() {
            return Err(Broken);
        }
        let index = round.arrived;
        round.arrived += 1;
        let passed = Arc::clone(&round.passed);
        if round.arrived == self.parties {
            // Caught, so that the panic neither leaves the others waiting nor poisons
            // the mutex. The action alone knows what its own panic may have spoilt.
            let acted = panic::catch_unwind(AssertUnwindSafe(|| (self.action)()));
            if let Err(panic) = acted {
                self.decide(&passed, false);
                drop(round);
                panic::resume_unwind(panic);
            }
            *round = Round::default();
            self.decide(&passed, true);
            return Ok(index);
        }
        // ANCHOR: give_up
        let undecided = |_: &mut Round| passed.get().is_none();
        let _round = self.decided.wait_timeout_while(round, limit, undecided).unwrap();
        // Undecided still: the time is up, and that breaks the round for everybody.
        if self.decide(&passed, false) { Ok(index) } else { Err(Broken) }
        // ANCHOR_END: give_up
    }

    /// Breaks the barrier: who waits gets [`Broken`] now, who comes gets it at once.
    pub fn abort(&self) {
        let round = self.round.lock().unwrap();
        self.decide(&round.passed, false);
    }

    /// Makes the barrier as good as new; who still waits gets [`Broken`].
    pub fn reset(&self) {
        let mut round = self.round.lock().unwrap();
        self.decide(&round.passed, false);
        *round = Round::default();
    }

    pub fn is_broken(&self) -> bool {
        self.round.lock().unwrap().is_broken()
    }

    /// Decides a round, unless it was decided before; returns the decision.
    ///
    /// To be called with the mutex locked, or a waiter might miss the notification.
    fn decide(&self, passed: &OnceLock<bool>, proposal: bool) -> bool {
        *passed.get_or_init(|| {
            self.decided.notify_all();
            proposal
        })
    }
}

impl Round {
    fn is_broken(&self) -> bool {
        self.passed.get().is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;
    use crate::primitives::must_end;

    const THREE: NonZero<usize> = NonZero::new(3).unwrap();
    const FOR_EVER: Duration = Duration::MAX;
    const AT_ONCE: Duration = Duration::ZERO;

    /// The results of so many threads that wait at the barrier together, sorted.
    fn meet(barrier: &Barrier, threads: usize) -> Vec<Result<usize, Broken>> {
        thread::scope(|scope| {
            let wait = |_| scope.spawn(|| barrier.wait(FOR_EVER));
            let waiting: Vec<_> = (0..threads).map(wait).collect();
            let mut results: Vec<_> =
                waiting.into_iter().map(|thread| thread.join().unwrap()).collect();
            results.sort_by_key(|result| result.ok());
            results
        })
    }

    /// Returns once `count` threads wait in the current round.
    ///
    /// Looks again and again: the barrier tells nobody who comes, and needs not.
    fn until_waiting(barrier: &Barrier, count: usize) {
        while barrier.round.lock().unwrap().arrived < count {
            thread::yield_now();
        }
    }

    #[test]
    fn each_party_gets_an_index_of_its_own_round_after_round() {
        let _watchdog = must_end();
        let barrier = Barrier::new(THREE, || {});
        for _ in 0..100 {
            assert_eq!(meet(&barrier, 3), [Ok(0), Ok(1), Ok(2)]);
        }
    }

    #[test]
    fn more_threads_than_parties_pass_in_several_rounds() {
        let _watchdog = must_end();
        let barrier = Barrier::new(THREE, || {});
        let indices: Vec<_> = meet(&barrier, 9).into_iter().flatten().collect();
        assert_eq!(indices, [0, 0, 0, 1, 1, 1, 2, 2, 2]);
    }

    #[test]
    fn the_action_runs_once_a_round_before_anybody_goes_on() {
        let _watchdog = must_end();
        let rounds = AtomicUsize::new(0);
        let action = || {
            rounds.fetch_add(1, Ordering::Relaxed);
        };
        let barrier = Barrier::new(THREE, action);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for round in 1..=100 {
                        barrier.wait(FOR_EVER).unwrap();
                        // Relaxed: the barrier's mutex orders the action before this.
                        assert!(rounds.load(Ordering::Relaxed) >= round);
                    }
                });
            }
        });
        assert_eq!(rounds.load(Ordering::Relaxed), 100);
    }

    #[test]
    fn running_out_of_time_breaks_the_barrier_for_everybody() {
        let _watchdog = must_end();
        let barrier = Barrier::new(THREE, || {});
        thread::scope(|scope| {
            let waiting = scope.spawn(|| barrier.wait(FOR_EVER));
            until_waiting(&barrier, 1);
            assert_eq!(barrier.wait(AT_ONCE), Err(Broken));
            assert_eq!(waiting.join().unwrap(), Err(Broken), "the one who waited");
        });
        assert!(barrier.is_broken());
        assert_eq!(barrier.wait(FOR_EVER), Err(Broken), "one who comes later");
    }

    #[test]
    fn the_time_limit_is_waited_out() {
        let _watchdog = must_end();
        let limit = Duration::from_millis(20);
        let barrier = Barrier::new(THREE, || {});
        let begun = std::time::Instant::now();
        assert_eq!(barrier.wait(limit), Err(Broken));
        assert!(begun.elapsed() >= limit);
    }

    #[test]
    fn abort_ends_every_wait() {
        let _watchdog = must_end();
        let barrier = Barrier::new(THREE, || {});
        thread::scope(|scope| {
            let waiting = scope.spawn(|| meet(&barrier, 2));
            until_waiting(&barrier, 2);
            barrier.abort();
            assert_eq!(waiting.join().unwrap(), [Err(Broken); 2]);
        });
        assert!(barrier.is_broken());
    }

    #[test]
    fn reset_fails_those_who_wait_and_starts_afresh() {
        let _watchdog = must_end();
        let barrier = Barrier::new(THREE, || {});
        thread::scope(|scope| {
            let waiting = scope.spawn(|| meet(&barrier, 2));
            until_waiting(&barrier, 2);
            barrier.reset();
            // A whole round may pass before the two of the old one have woken up.
            assert_eq!(meet(&barrier, 3), [Ok(0), Ok(1), Ok(2)]);
            assert_eq!(waiting.join().unwrap(), [Err(Broken); 2]);
        });
        assert!(!barrier.is_broken());
    }

    #[test]
    fn reset_mends_a_broken_barrier() {
        let _watchdog = must_end();
        let barrier = Barrier::new(THREE, || {});
        barrier.abort();
        barrier.reset();
        assert_eq!(meet(&barrier, 3), [Ok(0), Ok(1), Ok(2)]);
    }

    #[test]
    fn a_panic_in_the_action_breaks_the_barrier() {
        let _watchdog = must_end();
        let barrier = Barrier::new(THREE, || panic!("the action failed"));
        thread::scope(|scope| {
            let waiting = scope.spawn(|| meet(&barrier, 2));
            until_waiting(&barrier, 2);
            let last = scope.spawn(|| barrier.wait(FOR_EVER));
            let panic = last.join().unwrap_err();
            assert_eq!(panic.downcast_ref(), Some(&"the action failed"));
            assert_eq!(waiting.join().unwrap(), [Err(Broken); 2]);
        });
        assert!(barrier.is_broken());
        barrier.reset();
        assert!(!barrier.is_broken());
    }
}
