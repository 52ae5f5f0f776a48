//! Goal:   guests book seats at the same time, and no seat is sold twice.
//! Given:  the seats of a show behind a mutex, and two ways to look at them.
//! Answer: one guard is held from finding a free seat to taking it.
//! Check:  cargo test --bin lock_check_then_act_sol
//! Read:   book/src/races.md, the part on looking before leaping

use std::sync::Mutex;
use std::thread;

const SEATS: usize = 3;
const GUESTS: [&str; 4] = ["Ada", "Edsger", "Leslie", "Tony"];

/// A show with numbered seats; a seat that is sold bears the name of its guest.
struct Show {
    seats: Mutex<Vec<Option<String>>>,
}

impl Show {
    fn new(seats: usize) -> Self {
        Self { seats: Mutex::new(vec![None; seats]) }
    }

    /// A seat that is free at this moment; it may be sold right after.
    fn free_seat(&self) -> Option<usize> {
        self.seats.lock().unwrap().iter().position(Option::is_none)
    }

    /// Who has booked `seat`.
    fn guest(&self, seat: usize) -> Option<String> {
        self.seats.lock().unwrap()[seat].clone()
    }

    /// Books a free seat for `guest` and returns its number; `None` if all are sold.
    fn book(&self, guest: &str) -> Option<usize> {
        // What `free_seat` tells is true only while it holds the lock. Here the guard
        // lives on, so the seat that was found is still free when it is taken.
        let mut seats = self.seats.lock().unwrap();
        let seat = seats.iter().position(Option::is_none)?;
        seats[seat] = Some(guest.to_owned());
        Some(seat)
    }
}

fn main() {
    real_threads::end_if_stuck();
    let show = Show::new(SEATS);
    thread::scope(|scope| {
        for guest in GUESTS {
            let show = &show;
            scope.spawn(move || {
                if show.book(guest).is_none() {
                    println!("{guest} is told that all seats are sold");
                }
            });
        }
    });
    for seat in 0..SEATS {
        println!("seat {seat} belongs to {}", show.guest(seat).unwrap_or_default());
    }
    println!("still free: {:?}", show.free_seat());
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_show_sells_out() {
        interleavings::check(|| {
            let show = Show::new(1);
            assert_eq!(show.book("Ada"), Some(0));
            assert_eq!(show.book("Tony"), None);
            assert_eq!(show.guest(0).as_deref(), Some("Ada"));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/locks/lock_check_then_act.rs"]
mod judge;
