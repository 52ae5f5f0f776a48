//! Goal:   many players report scores, and the board shows the best, whoever is faster.
//! Given:  a board that keeps score and player in one atomic.
//! Change: the body of `report`.
//! Check:  cargo test --bin atomic_max
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
        // TODO: replace the best score if this one is higher, however others interfere.
        todo!("report {score} points of player {player}")
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
