//! The wrong version of `rwlock`: a reader reads again while a writer is waiting.
//!
//! Run:     cargo run -p lock-demo -- read-twice
//! Expect:  a hang that the watchdog ends after a second, with who holds what
//! Chapter: book/src/rwlock.md
//! Source:  std::sync::RwLock::read

use std::sync::RwLock;
use std::thread;

use common::Actor;

/// Hangs until the watchdog ends it.
pub fn read_twice() -> anyhow::Result<()> {
    let settings = RwLock::new(1);
    let [reader, writer] = ["reader", "writer"].map(Actor::new);
    thread::scope(|scope| {
        // ANCHOR: twice
        let _first = settings.read().unwrap();
        let _holding = reader.holds("the settings");
        scope.spawn(|| {
            let _waiting = writer.waits("the settings, to write");
            *settings.write().unwrap() += 1;
        });
        // Forces what otherwise is bad luck: from the moment in which the writer
        // waits, nobody gets in to read.
        while settings.try_read().is_ok() {
            thread::yield_now();
        }
        let _waiting = reader.waits("the settings, to read again");
        let _second = settings.read().unwrap();
        // ANCHOR_END: twice
    });
    Ok(())
}
