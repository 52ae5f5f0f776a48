//! A read-write lock lets many readers in at once, or one writer alone.
//!
//! Four readers meet at a barrier while each of them holds the lock: with a mutex they
//! never would. A writer then has it alone, and reads on with them after a downgrade.
//! A thread that reads twice may hang: a writer who comes between the two calls waits
//! for the first and bars the second. Python's threading has no such lock.
//!
//! Run:     cargo run -p lock-demo -- rwlock
//! Expect:  lanes with four readers side by side, the writer alone in the middle
//! Chapter: book/src/locks.md
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
    // All readers and the writer meet here, three times.
    let meeting = Barrier::new(READERS + 1);
    let readers: Vec<Actor> =
        (1..=READERS).map(|number| Actor::new(format!("reader {number}"))).collect();
    let writer = Actor::new("writer");

    let versions = thread::scope(|scope| {
        let readers: Vec<_> = readers
            .into_iter()
            .map(|me| {
                let (settings, meeting) = (&settings, &meeting);
                scope.spawn(move || read_twice(me, settings, meeting))
            })
            .collect();
        scope.spawn(|| write(writer, &settings, &meeting));
        readers.into_iter().map(|reader| reader.join().unwrap()).collect::<Vec<_>>()
    });

    timeline::so_far().print();
    println!("\n{READERS} readers met inside, and met a downgraded writer there later");
    println!("the readers saw the versions {versions:?}");
    ensure!(versions.iter().all(|seen| *seen == [1, 2]), "a reader saw half a change");
    println!("\nok: readers shared the lock, the writer had it alone");
    Ok(())
}

/// Returns the versions seen before and after the change; 0 for half a change.
fn read_twice(me: Actor, settings: &RwLock<Settings>, meeting: &Barrier) -> [u32; 2] {
    let look = || {
        let waiting = me.waits("the settings");
        let settings = settings.read().unwrap();
        drop(waiting);
        let _holding = me.holds("the settings, to read");
        // First time: all readers are inside. Second time: so is the writer.
        meeting.wait();
        thread::sleep(WORK_TIME);
        settings.whole_version()
    };
    let before = look();
    meeting.wait();
    [before, look()]
}

fn write(me: Actor, settings: &RwLock<Settings>, meeting: &Barrier) {
    meeting.wait();
    let waiting = me.waits("the settings");
    let mut settings = settings.write().unwrap();
    drop(waiting);
    let writing = me.holds("the settings, to write");
    // From here on the readers ask again, and have to wait.
    meeting.wait();
    settings.version += 1;
    thread::sleep(WORK_TIME);
    settings.checked += 1;
    drop(writing);
    // From writer to reader in one step: no other writer gets in between.
    let _settings = RwLockWriteGuard::downgrade(settings);
    let _reading = me.holds("the settings, to read");
    meeting.wait();
    thread::sleep(WORK_TIME);
}

impl Settings {
    fn whole_version(&self) -> u32 {
        if self.version == self.checked { self.version } else { 0 }
    }
}
