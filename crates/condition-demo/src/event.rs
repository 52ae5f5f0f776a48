//! An event holds everybody back until it is set, and can be cleared and set again.
//!
//! Three visitors wait in front of a gate. Later three more come, and the gate opens
//! and closes again before they look. A flag alone would leave them outside; the
//! generation, which counts the openings, lets them in. So it is in Python between
//! threads, while a wait on `multiprocessing.Event` can miss a set-then-clear.
//!
//! Run:     cargo run -p condition-demo -- event
//! Expect:  visitors who wait for the gate, then some who find it closed and go in
//! Chapter: book/src/events.md
//! Source:  src/primitives/event.rs; python/cpython, gh-57711 and gh-95826

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use common::{Actor, println, timeline};

use crate::primitives::Event;

const VISITORS: [&str; 3] = ["visitor 1", "visitor 2", "visitor 3"];
/// Who has not been let in by then goes home.
const PATIENCE: Duration = Duration::from_millis(50);
/// Enough for a thread to be woken on the busiest machine.
const LONG: Duration = Duration::from_secs(15);
/// Stands for work of the keeper, and for what the visitors do inside.
const WORK_TIME: Duration = Duration::from_millis(30);

pub fn run() -> anyhow::Result<()> {
    let open = Event::new();
    ensure!(!open.wait(PATIENCE), "a visitor came through a gate that never opened");
    println!("not set: who waits for it goes home after a while\n");

    let let_in = wait_for_the_gate(&open);
    timeline::so_far().print();
    println!("\nset: all who waited go in, and so does who comes later");
    ensure!(let_in == [true; VISITORS.len()], "a visitor was left outside");
    ensure!(open.wait(PATIENCE), "the gate was open for those who waited only");
    open.clear();

    println!("clear: three more come, then the gate opens and closes at once");
    for visitor in open_and_close(&open) {
        let Visitor { me, found_open, let_in, openings } = visitor;
        let found = if found_open { "open" } else { "closed" };
        let then = if let_in { "goes in" } else { "goes home" };
        me.says(format_args!("finds it {found}, opened {openings} time since: {then}"));
        ensure!(!found_open && let_in, "a visitor was sent home");
    }
    let let_in = open.wait(PATIENCE);
    Actor::new("visitor 4").says("comes after that and goes home");
    ensure!(!let_in, "the gate was left open");
    println!("ok: a set lets in all who came before it, even if it is cleared at once");
    Ok(())
}

/// Sets the event while three threads wait for it.
fn wait_for_the_gate(open: &Event) -> [bool; VISITORS.len()] {
    let keeper = Actor::new("keeper");
    thread::scope(|scope| {
        let visitors = VISITORS.map(Actor::new).map(|me| {
            scope.spawn(move || {
                let waiting = me.waits("the gate");
                let let_in = open.wait(LONG);
                drop(waiting);
                let _inside = me.works("inside");
                thread::sleep(WORK_TIME);
                let_in
            })
        });
        let working = keeper.works("looking for the key");
        thread::sleep(WORK_TIME);
        drop(working);
        keeper.marks("opens");
        open.set();
        visitors.map(|visitor| visitor.join().expect("a visit does not panic"))
    })
}

struct Visitor {
    me: Actor,
    found_open: bool,
    let_in: bool,
    /// How often the gate opened between coming and looking.
    openings: u64,
}

fn open_and_close(open: &Event) -> [Visitor; VISITORS.len()] {
    let all_are_here = Barrier::new(VISITORS.len() + 1);
    let closed_again = Barrier::new(VISITORS.len() + 1);
    let (all_are_here, closed_again) = (&all_are_here, &closed_again);
    thread::scope(|scope| {
        let visitors = VISITORS.map(Actor::new).map(|me| {
            scope.spawn(move || {
                let seen = open.generation();
                all_are_here.wait();
                // Stands for a thread that is woken and gets a core too late: a busy
                // machine makes that now and then, the barrier makes it every time.
                closed_again.wait();
                let found_open = open.is_set();
                let let_in = open.wait_past(seen, PATIENCE);
                Visitor { me, found_open, let_in, openings: open.generation() - seen }
            })
        });
        all_are_here.wait();
        open.set();
        open.clear();
        closed_again.wait();
        visitors.map(|visitor| visitor.join().expect("a visit does not panic"))
    })
}
