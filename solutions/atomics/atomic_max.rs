//! Goal:   many players report scores, and the board shows the best, whoever is faster.
//! Given:  a board that keeps score and player in one atomic.
//! Answer: compare, exchange, and compare again with what another player has stored.
//! Check:  cargo test --bin atomic_max_sol
//! Read:   book/src/atomics.md, the part on compare-exchange

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

const SCORES: [(u32, u32); 6] = [(1, 30), (2, 75), (3, 60), (4, 20), (5, 90), (6, 5)];

/// The highest score up to now, and the player who was first to reach it.
struct Board {
    /// The score in the upper 32 bits, the player in the lower ones; 0 at the start.
    best: AtomicU64,
}

fn packed(player: u32, score: u32) -> u64 {
    u64::from(score) << 32 | u64::from(player)
}

fn unpacked(best: u64) -> (u32, u32) {
    (best as u32, (best >> 32) as u32)
}

impl Board {
    fn new() -> Self {
        Self { best: AtomicU64::new(packed(0, 0)) }
    }

    /// The player with the highest score, and the score.
    fn best(&self) -> (u32, u32) {
        unpacked(self.best.load(Ordering::Relaxed))
    }

    /// Puts the player on the board if this score is higher than all others up to now,
    /// and says whether it was. The earlier one of two equal scores stays.
    fn report(&self, player: u32, score: u32) -> bool {
        let mut best = self.best.load(Ordering::Relaxed);
        // Relaxed: score and player are in one value, and no other memory is meant.
        while score > unpacked(best).1 {
            let new = packed(player, score);
            let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
            match self.best.compare_exchange_weak(best, new, success, failure) {
                Ok(_) => return true,
                // Somebody was faster, or the exchange failed for no reason. What is
                // there now decides whether this score is still the higher one.
                Err(newer) => best = newer,
            }
        }
        false
    }
}

fn main() {
    real_threads::end_if_stuck();
    let board = Board::new();
    thread::scope(|scope| {
        for (player, score) in SCORES {
            let board = &board;
            scope.spawn(move || board.report(player, score));
        }
    });
    let (player, score) = board.best();
    println!("player {player} leads with {score} points");
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn only_a_higher_score_counts() {
        interleavings::check(|| {
            let board = Board::new();
            assert!(board.report(1, 50));
            assert!(!board.report(2, 40));
            assert!(!board.report(3, 50));
            assert_eq!(board.best(), (1, 50));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/atomics/atomic_max.rs"]
mod judge;
