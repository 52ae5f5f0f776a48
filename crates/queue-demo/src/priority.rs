//! A priority queue gives out the most urgent item first, whenever it came.
//!
//! Equal ones leave in the order of arrival, which a heap alone does not promise. A
//! steady stream of urgent items lets the others wait for ever. In Python two items of
//! one priority are compared by what follows it; if that cannot be compared, `put`
//! fails after the item is in, and the count is wrong from then on. Here only the key
//! is compared, and must be `Ord`: no `f64`, which has no total order, gets in.
//!
//! Run:     cargo run -p queue-demo -- priority
//! Expect:  the patient who came first, then the others by urgency
//! Chapter: book/src/queues.md
//! Source:  J. W. J. Williams, "Algorithm 232: Heapsort", CACM 7 (1964)

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use common::measure::duration;
use common::{Actor, println};

use crate::blocking_queue::{PriorityQueue, TakeError};

/// In order of arrival; urgency 1 is the highest.
const PATIENTS: [(u8, &str); 6] = [
    (5, "a cut finger"),
    (3, "a broken arm"),
    (4, "a twisted ankle"),
    (1, "a heart attack"),
    (3, "a broken leg"),
    (2, "a bad burn"),
];
/// How long the doctor waits for one more patient.
const PATIENCE: Duration = Duration::from_millis(20);

pub fn run() -> anyhow::Result<()> {
    let queue = PriorityQueue::unbounded();
    let meeting = Barrier::new(2);
    let treated = thread::scope(|scope| {
        let doctor = scope.spawn(|| treat(&queue, &meeting));
        queue.put(PATIENTS[0])?;
        // The doctor is busy with the first patient from the one meeting to the other.
        meeting.wait();
        for patient in &PATIENTS[1..] {
            queue.put(*patient)?;
        }
        println!("while the doctor sees the first patient, {} more come", queue.len());
        meeting.wait();
        doctor.join().expect("treating does not panic")
    })?;

    // A stable sort: what the queue should do with all those who had to wait.
    let mut expected = PATIENTS;
    expected[1..].sort_by_key(|(urgency, _)| *urgency);
    ensure!(treated == expected, "wrong order: {treated:?}");
    println!("ok: the most urgent came first, and of equal ones who had come first");
    Ok(())
}

fn treat(
    queue: &PriorityQueue<u8, &'static str>,
    meeting: &Barrier,
) -> anyhow::Result<Vec<(u8, &'static str)>> {
    let doctor = Actor::new("doctor");
    let mut treated = Vec::new();
    let mut next = queue.take();
    meeting.wait();
    meeting.wait();
    while let Ok((urgency, complaint)) = next {
        doctor.says(format_args!("urgency {urgency}: {complaint}"));
        treated.push((urgency, complaint));
        next = queue.take_timeout(PATIENCE);
    }
    ensure!(next == Err(TakeError::Empty), "the queue is still open");
    let patience = duration(PATIENCE.as_secs_f64());
    doctor.says(format_args!("nobody for {patience}: the queue is empty"));
    Ok(treated)
}
