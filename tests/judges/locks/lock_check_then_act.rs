//! Judges `lock_check_then_act`: each seat is sold once, and none is kept back.

use std::thread;

use interleavings::Checker;

use super::*;

/// Three guests want two seats.
fn three_guests_want_two_seats() {
    let show = Show::new(2);
    let told = thread::scope(|scope| {
        let ada = scope.spawn(|| show.book("Ada"));
        let leslie = scope.spawn(|| show.book("Leslie"));
        let tony = scope.spawn(|| show.book("Tony"));
        [("Ada", ada), ("Leslie", leslie), ("Tony", tony)]
            .map(|(guest, thread)| (guest, thread.join().unwrap()))
    });
    let mut sold: Vec<usize> = told.iter().filter_map(|(_, seat)| *seat).collect();
    assert!(sold.len() >= 2, "a guest was refused although a seat was free");
    sold.sort_unstable();
    assert!(
        sold == [0, 1],
        "a seat was sold twice: of the seats 0 and 1 the guests were given {sold:?}",
    );
    for (guest, seat) in told {
        let Some(seat) = seat else { continue };
        let other = show.guest(seat).unwrap_or_else(|| "nobody".to_owned());
        assert!(
            other == guest,
            "{guest} was given seat {seat}, but it belongs to {other}"
        );
    }
}

#[test]
fn each_seat_is_sold_once() {
    Checker::new().allow_busy_waits(false).check(three_guests_want_two_seats);
    real_threads::run(three_guests_want_two_seats);
}
