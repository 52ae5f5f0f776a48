//! A read-write lock lets many readers in at once, or one writer alone.
//!
//! Four readers meet at a barrier while each of them holds the lock: with a mutex they
//! never would. A writer then has it alone, and downgrades to a reader in one step: no
//! other writer comes in between. Nobody may rely on meeting other readers there, they
//! can be made to wait. Nor may a thread read twice at once: a writer who comes between
//! waits for the first and bars the second (in `second_read.rs`). Python's threading has
//! no such lock.
//!
//! Run:     cargo run -p lock-demo -- rwlock
//! Expect:  lanes with four readers side by side, the writer alone in the middle
//! Chapter: book/src/rwlock.md
//! Source:  P. J. Courtois et al., "Concurrent Control with Readers and Writers", 1971

use std::sync::{Barrier, RwLock, RwLockWriteGuard};
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use common::{Actor, println, timeline};

const READERS: usize = 4;
/// Stands for looking at the data, or for changing them.
const WORK_TIME: Duration = Duration::from_millis(15);

/// A reader who sees the two differ has seen half a change.
struct Settings {
    version: u32,
    checked: u32,
}

pub fn run() -> anyhow::Result<()> {
    let settings = RwLock::new(Settings { version: 1, checked: 1 });
    // All readers and the writer meet here, twice.
    let meeting = Barrier::new(READERS + 1);
    let readers: Vec<Actor> =
        (1..=READERS).map(|number| Actor::new(format!("reader {number}"))).collect();
    let writer = Actor::new("writer");

    let (versions, written) = thread::scope(|scope| {
        let readers: Vec<_> = readers
            .into_iter()
            .map(|me| {
                let (settings, meeting) = (&settings, &meeting);
                scope.spawn(move || read_twice(me, settings, meeting))
            })
            .collect();
        let writer = scope.spawn(|| write(writer, &settings, &meeting));
        let versions: Vec<_> =
            readers.into_iter().map(|reader| reader.join().unwrap()).collect();
        (versions, writer.join().unwrap())
    });

    timeline::so_far().print();
    println!("\nhaving written, the writer stays in as one more reader (downgrade)");
    println!("all {READERS} readers were inside when they met");
    println!("versions they saw, each before and after: {versions:?}");
    ensure!(versions.iter().all(|seen| *seen == [1, 2]), "a reader saw half a change");
    ensure!(written == 2, "the writer wrote version 2 and read {written}");
    println!("\nok: readers shared the lock, the writer had it alone");
    Ok(())
}

/// Returns the versions seen before and after the change; 0 for half a change.
fn read_twice(me: Actor, settings: &RwLock<Settings>, meeting: &Barrier) -> [u32; 2] {
    // ANCHOR: look
    let look = |inside: &dyn Fn()| {
        let waiting = me.waits("the settings");
        let settings = settings.read().unwrap();
        drop(waiting);
        let _holding = me.holds("the settings, to read");
        inside();
        thread::sleep(WORK_TIME);
        settings.whole_version()
    };
    // ANCHOR_END: look
    // The writer comes to the barrier as well, and asks for the lock after that.
    let before = look(&|| {
        meeting.wait();
    });
    // The writer has the lock now.
    meeting.wait();
    [before, look(&|| {})]
}

/// Returns the version it reads after the change.
fn write(me: Actor, settings: &RwLock<Settings>, meeting: &Barrier) -> u32 {
    meeting.wait();
    let waiting = me.waits("the settings");
    let mut settings = settings.write().unwrap();
    drop(waiting);
    let writing = me.holds("the settings, to write");
    meeting.wait();
    settings.version += 1;
    thread::sleep(WORK_TIME);
    settings.checked += 1;
    drop(writing);
    let settings = RwLockWriteGuard::downgrade(settings);
    let _reading = me.holds("the settings, to read");
    thread::sleep(WORK_TIME);
    settings.whole_version()
}

impl Settings {
    fn whole_version(&self) -> u32 {
        if self.version == self.checked { self.version } else { 0 }
    }
}
