//! Judges `atomic_max`: the highest score stays, and each player is told the truth.

use std::thread;

use super::*;

/// Three players report at the same time.
fn three_players_report() {
    let board = Board::new();
    let led = thread::scope(|scope| {
        let low = scope.spawn(|| board.report(1, 10));
        let middle = scope.spawn(|| board.report(2, 20));
        let high = scope.spawn(|| board.report(3, 30));
        [low, middle, high].map(|thread| thread.join().unwrap())
    });
    let best = board.best();
    assert!(best.1 >= 30, "the highest score was lost: {best:?} is on the board");
    assert!(best == (3, 30), "score and player do not belong together: {best:?}");
    assert!(led[2], "the highest score was on the board, but its player was not told");
}

/// Two players report the same score: one of them was first.
fn a_tie() {
    let board = Board::new();
    let led = thread::scope(|scope| {
        let one = scope.spawn(|| board.report(1, 20));
        let other = scope.spawn(|| board.report(2, 20));
        [one.join().unwrap(), other.join().unwrap()]
    });
    let (player, _) = board.best();
    assert!(led != [true, true], "an equal score took the place of an earlier one");
    assert!(led != [false, false], "a score is on the board, but nobody was told");
    let first = if led[0] { 1 } else { 2 };
    assert!(player == first, "player {first} was told to lead, but {player} is shown");
}

/// A lower score comes late.
fn a_lower_score_comes_late() {
    let board = Board::new();
    assert!(board.report(9, 15), "the first score was refused");
    let low = thread::scope(|scope| {
        let high = scope.spawn(|| board.report(1, 30));
        let low = scope.spawn(|| board.report(2, 10));
        high.join().unwrap();
        low.join().unwrap()
    });
    assert!(!low, "a player was told to lead who never did");
}

#[test]
fn the_highest_score_stays() {
    interleavings::check(three_players_report);
    real_threads::run(three_players_report);
}

#[test]
fn the_first_of_two_equal_scores_stays() {
    interleavings::check(a_tie);
    real_threads::run(a_tie);
}

#[test]
fn a_low_score_never_leads() {
    interleavings::check(a_lower_score_comes_late);
    real_threads::run(a_lower_score_comes_late);
}
