//! An event holds everybody back until it is set, and can be cleared and set again.
//!
//! Three visitors come to a closed gate, which opens and closes again before they look.
//! A flag alone would send them home; the generation, which counts the openings, lets
//! them in, and only the one who comes later has to wait. So it is in Python between
//! threads, while a wait on `multiprocessing.Event` can miss a set-then-clear.
//!
//! Run:     cargo run -p condition-demo -- event
//! Expect:  three visitors in front of a closed gate who go in, a fourth who does not
//! Chapter: book/src/conditions.md
//! Source:  src/primitives/event.rs; python/cpython, gh-57711 and gh-95826

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use common::{Actor, println};

use crate::primitives::Event;

const VISITORS: [&str; 3] = ["visitor 1", "visitor 2", "visitor 3"];
/// Who has not been let in by then goes home.
const PATIENCE: Duration = Duration::from_millis(50);

pub fn run() -> anyhow::Result<()> {
    let open = Event::new();
    ensure!(!open.wait(PATIENCE), "a visitor came through a gate that never opened");
    println!("not set: a visitor waits {PATIENCE:?} and goes home");
    open.set();
    ensure!(
        open.wait(PATIENCE) && open.wait(PATIENCE),
        "the gate is open for one only"
    );
    println!("set: one visitor goes in, and so does the next");
    open.clear();

    println!("clear: three visitors come, then the gate opens and closes at once");
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
