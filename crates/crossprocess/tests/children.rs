//! Children, and pools of them: how they begin, end, and are missed.
//!
//! The children are this executable, in a role, so it has a `main` of its own.

mod filter;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crossprocess::pool::{JobError, Pool, PoolOptions, Work};
use crossprocess::process::{Entry, Exit, Spawn, child_role, children};
use crossprocess::{
    Array, ByteQueue, Condition, Error, JoinableQueue, Latch, Lock, LockError, Loss,
    Options, Queue, Segment, Semaphore,
};
use filter::Wanted;
use serde::{Deserialize, Serialize};

/// Longer than anything takes that does not hang.
const LIMIT: Duration = Duration::from_secs(20);

const ABORTED: Exit = ends_by(6, 0xc000_0409);
const KILLED: Exit = ends_by(9, 1);
const TERMINATED: Exit = ends_by(15, 1);

const fn ends_by(signal: i32, of_windows: u32) -> Exit {
    if cfg!(windows) {
        Exit::Code(of_windows.cast_signed())
    } else {
        Exit::Signal(signal)
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum End {
    Code(u8),
    Panic,
    Abort,
    Never,
}

const END: Entry<End> = Entry::new("end");
const MISSPELT: Entry<End> = Entry::new("ennd");
const NEST: Entry<()> = Entry::new("nest");
const HOLD: Entry<()> = Entry::new("hold");
const CREATE_AND_DIE: Entry<()> = Entry::new("create-and-die");
const ADD: Entry<u64> = Entry::new("add");
const COUNT: Entry<Way> = Entry::new("count");

/// How a message is received, and so what may become of it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Way {
    /// Taken, and then worked on: it may be lost.
    Recv,
    /// Worked on, and then taken: it may be worked on twice.
    RecvWith,
    /// Taken, worked on and reported: if it is lost, that is known.
    Task,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Job {
    Square(u64),
    Panic,
    Abort,
    /// Aborts, unless the latch of this segment has been counted down.
    AbortOnce,
    Pid,
    Pause,
    Long,
}

const SQUARE: Work<u64, Job, u64> = Work::new("square");
const BAD_START: Work<(), u64, u64> = Work::new("bad-start");

fn main() -> ExitCode {
    if let Some(role) = child_role() {
        return role
            .on(&END, end)
            .on(&NEST, |()| nest())
            .on(&HOLD, |()| hold())
            .on(&CREATE_AND_DIE, |()| create_and_die())
            .on(&ADD, add)
            .on(&COUNT, count)
            .work(&SQUARE, Ok, square)
            .work(&BAD_START, |()| Err::<(), _>("no".into()), |(), n| n)
            .finish();
    }
    let tests: &[(&str, fn())] = &[
        ("every_way_to_end_has_its_name", every_way_to_end_has_its_name),
        (
            "a_program_that_is_not_there_is_an_exit",
            a_program_that_is_not_there_is_an_exit,
        ),
        ("an_unknown_role_is_an_exit_code", an_unknown_role_is_an_exit_code),
        ("a_wait_gives_up_at_its_limit", a_wait_gives_up_at_its_limit),
        ("signals_reach_the_descendants", signals_reach_the_descendants),
        ("a_dropped_child_is_no_zombie", a_dropped_child_is_no_zombie),
        ("a_detached_child_is_no_zombie", a_detached_child_is_no_zombie),
        ("a_detached_child_lives_on", a_detached_child_lives_on),
        ("nobody_outlives_the_parent", nobody_outlives_the_parent),
        ("long_payloads_are_refused", long_payloads_are_refused),
        (
            "the_dead_are_named_with_what_they_held",
            the_dead_are_named_with_what_they_held,
        ),
        ("one_death_costs_one_tick", one_death_costs_one_tick),
        ("stale_segments_are_swept_and_live_ones_not", stale_segments_are_swept),
        ("results_come_in_order", results_come_in_order),
        ("a_dead_worker_costs_one_result", a_dead_worker_costs_one_result),
        ("a_retry_gives_the_job_to_another", a_retry_gives_the_job_to_another),
        // It kills by process id, for which std has nothing.
        #[cfg(unix)]
        ("killed_workers_lose_nothing_else", killed_workers_lose_nothing_else),
        ("a_worker_that_cannot_begin_is_an_error", a_worker_that_cannot_begin),
        ("workers_are_replaced_after_their_jobs", workers_are_replaced),
        ("jobs_are_asked_for_as_needed", jobs_are_asked_for_as_needed),
        ("what_a_killed_sender_sent_is_whole", what_a_killed_sender_sent_is_whole),
        ("a_killed_receiver_takes_one_message_along", || reconcile(Way::Recv)),
        ("a_message_that_is_worked_on_first_is_not_lost", || reconcile(Way::RecvWith)),
        ("tasks_that_are_lost_are_counted", || reconcile(Way::Task)),
    ];
    let wanted = Wanted::from_args();
    if !wanted.exists(tests.iter().map(|(name, _)| *name)) {
        return ExitCode::FAILURE;
    }
    let descriptors = open_descriptors();
    for (name, test) in tests {
        if wanted.includes(name) {
            let begun = Instant::now();
            test();
            eprintln!("test {name} ... ok ({:.2} s)", begun.elapsed().as_secs_f64());
            assert_eq!(children(), [], "{name}: a child was not waited for");
            assert_eq!(zombies(), 0, "{name}: a zombie is left");
            assert_eq!(open_descriptors(), descriptors, "{name}: a descriptor is left");
        }
    }
    eprintln!("ok: no child, no zombie and no descriptor is left");
    ExitCode::SUCCESS
}

fn end(how: End) -> ExitCode {
    match how {
        End::Code(code) => ExitCode::from(code),
        End::Panic => panic!("as I was told"),
        End::Abort => std::process::abort(),
        End::Never => loop {
            thread::park();
        },
    }
}

/// Has a child of its own, which does not know that.
fn nest() {
    let _child = END.with(&End::Never).unwrap().spawn().unwrap();
    eprintln!("nested");
    thread::park();
}

fn hold() {
    let segment = Segment::from_env().unwrap();
    let lock = Lock::<u64>::open(&segment, "account").unwrap();
    let ready = Latch::open(&segment, "ready").unwrap();
    let mut account = lock.lock().unwrap();
    *account = 7;
    ready.count_down();
    thread::park();
}

fn create_and_die() {
    let segment = Segment::create(1 << 12).unwrap();
    println_address(segment.address());
    std::process::abort();
}

#[expect(clippy::disallowed_macros, reason = "the address is for the parent")]
fn println_address(address: &str) {
    println!("{address}");
}

fn add(count: u64) {
    let segment = Segment::from_env().unwrap();
    let queue = Queue::<u64>::open(&segment, "numbers").unwrap();
    for number in 0..count {
        queue.send(&number).unwrap();
    }
}

fn every_way_to_end_has_its_name() {
    let ends = [
        (End::Code(0), Exit::Code(0)),
        (End::Code(3), Exit::Code(3)),
        (End::Panic, Exit::Code(101)),
        (End::Abort, ABORTED),
    ];
    for (how, expected) in ends {
        let spawn = END.with(&how).unwrap();
        let exit = spawn.configure(|c| c.stderr(Stdio::null())).run(LIMIT).unwrap();
        assert_eq!(exit, expected);
    }
}

fn a_program_that_is_not_there_is_an_exit() {
    let exit = Spawn::program("/no/such/program").run(LIMIT).unwrap();
    assert_eq!(exit, Exit::NotFound);
}

fn an_unknown_role_is_an_exit_code() {
    let spawn = MISSPELT.with(&End::Never).unwrap();
    let spawn = spawn.configure(|command| command.stderr(Stdio::piped()));
    let mut child = spawn.spawn().unwrap();
    let mut said = String::new();
    child.take_stderr().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap(), Exit::Code(2));
    assert_eq!(said, "this program has no role `ennd`\n");
}

fn a_wait_gives_up_at_its_limit() {
    let mut child = END.with(&End::Never).unwrap().spawn().unwrap();
    let begun = Instant::now();
    assert_eq!(child.wait_timeout(Duration::from_millis(20)).unwrap(), None);
    assert!(begun.elapsed() >= Duration::from_millis(20));
    assert!(child.is_alive().unwrap());
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap(), KILLED);
    // The number may be another's by now: nothing is sent.
    child.kill().unwrap();
}

fn signals_reach_the_descendants() {
    let spawn = NEST.with(&()).unwrap();
    let spawn = spawn.configure(|command| command.stderr(Stdio::piped()));
    let mut child = spawn.spawn().unwrap();
    let mut output = child.take_stderr().unwrap();
    let mut line = [0; 7];
    output.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"nested\n");
    child.terminate().unwrap();
    assert_eq!(child.wait().unwrap(), TERMINATED);
    // Both had the writing end: it is closed when both are gone.
    output.read_to_end(&mut Vec::new()).unwrap();
}

fn a_dropped_child_is_no_zombie() {
    let child = END.with(&End::Never).unwrap().spawn().unwrap();
    let pid = child.pid();
    assert_eq!(children(), [(pid, "end".to_owned())]);
    drop(child);
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
}

fn a_detached_child_is_no_zombie() {
    let child = END.with(&End::Code(0)).unwrap().unleashed().spawn().unwrap();
    let pid = child.pid();
    child.detach();
    // It ends by itself, and is reaped by nobody who is asked to.
    wait_until(|| {
        children().is_empty() && !Path::new(&format!("/proc/{pid}")).exists()
    });
}

fn a_detached_child_lives_on() {
    let segment = Segment::create(1 << 12).unwrap();
    let queue = Queue::<u64>::create(&segment, "numbers", 1 << 10).unwrap();
    let child = ADD.with(&3).unwrap().segment(&segment).spawn().unwrap();
    child.detach();
    for number in 0..3 {
        assert_eq!(queue.recv_timeout(LIMIT).unwrap(), number);
    }
    wait_until(|| children().is_empty());
}

fn nobody_outlives_the_parent() {
    let spawn = NEST.with(&()).unwrap();
    let spawn = spawn.configure(|command| command.stderr(Stdio::piped()));
    let child = spawn.spawn().unwrap();
    let mut child = child;
    let mut output = child.take_stderr().unwrap();
    let mut line = [0; 7];
    output.read_exact(&mut line).unwrap();
    // Only the middle one; what it has started is in another process group.
    child.kill().unwrap();
    child.wait().unwrap();
    // The end of the output is the end of the youngest.
    output.read_to_end(&mut Vec::new()).unwrap();
}

fn long_payloads_are_refused() {
    const TEXT: Entry<String> = Entry::new("text");
    assert!(matches!(TEXT.with(&"x".repeat(1 << 20)), Err(Error::TooLong { .. })));
}

fn the_dead_are_named_with_what_they_held() {
    let segment = Segment::create(1 << 12).unwrap();
    let lock = Lock::create(&segment, "account", 5u64).unwrap();
    let ready = Latch::create(&segment, "ready", 1).unwrap();
    let mut child = HOLD.with(&()).unwrap().segment(&segment).spawn().unwrap();
    ready.wait_timeout(LIMIT).unwrap();
    let busy = lock.try_lock();
    assert!(matches!(busy, Err(LockError::WouldBlock { .. })));
    assert_eq!(lock.holder().unwrap().pid, Some(child.pid()));

    child.kill().unwrap();
    child.wait().unwrap();
    // At once: who does not wait is told as well.
    let Err(LockError::OwnerDied(died)) = lock.try_lock() else { panic!("it died") };
    let (pid, loss) = (died.peer().pid, died.loss());
    assert_eq!((pid, loss), (Some(child.pid()), Loss::Died));
    let said = LockError::OwnerDied(died).to_string();
    assert_eq!(
        said,
        format!("process {} died while it held lock `account`", child.pid())
    );
    // Told until somebody says that all is well; and the value is the one before.
    assert!(matches!(lock.try_lock(), Err(LockError::OwnerDied(_))));
    lock.clear_poison();
    assert_eq!(*lock.try_lock().unwrap(), 5);
}

/// A process is killed with the lock, when it should have notified: who waits for it is
/// asleep on the condition, and needs the lock next. A tick is long enough here to tell
/// one from two.
fn one_death_costs_one_tick() {
    let tick = Duration::from_secs(1);
    let segment = Options::new().tick(tick).create(1 << 14).unwrap();
    let lock = Lock::create(&segment, "account", 1u64).unwrap();
    let changed = Condition::create(&segment, "changed").unwrap();
    let ready = Latch::create(&segment, "ready", 1).unwrap();
    let guard = lock.lock().unwrap();
    let begun = Instant::now();
    let mut child = HOLD.with(&()).unwrap().segment(&segment).spawn().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            ready.wait_timeout(LIMIT).unwrap();
            child.kill().unwrap();
        });
        let Err(LockError::OwnerDied(died)) = changed.wait_while(guard, |n| *n == 1)
        else {
            panic!("the child died with the lock")
        };
        assert_eq!(**died.get_ref(), 1);
    });
    let took = begun.elapsed();
    assert!(took < 2 * tick, "one death has cost {took:?}, a tick is {tick:?}");
    child.wait().unwrap();
}

fn stale_segments_are_swept() {
    let live = Segment::create(1 << 12).unwrap();
    let spawn = CREATE_AND_DIE.with(&()).unwrap();
    let spawn = spawn.configure(|command| command.stdout(Stdio::piped()));
    let mut child = spawn.spawn().unwrap();
    let mut address = String::new();
    child.take_stdout().unwrap().read_to_string(&mut address).unwrap();
    assert_eq!(child.wait().unwrap(), ABORTED);
    let address = address.trim_end();

    assert!(Path::new(address).exists(), "the dead clean nothing up");
    assert!(Segment::sweep().unwrap() >= 1);
    assert!(!Path::new(address).exists());
    assert!(matches!(Segment::attach(address), Err(Error::Gone { .. })));
    Segment::attach(live.address()).unwrap();
}

fn square(offset: &mut u64, job: Job) -> u64 {
    match job {
        Job::Square(number) => number * number + *offset,
        Job::Panic => panic!("an unlucky number"),
        Job::Abort => std::process::abort(),
        Job::AbortOnce => {
            let segment = Segment::from_env().unwrap();
            match Semaphore::create(&segment, "tried", 1) {
                Ok(_) => std::process::abort(),
                Err(Error::Exists { .. }) => 1,
                Err(error) => panic!("{error}"),
            }
        }
        Job::Pid => std::process::id().into(),
        Job::Pause => {
            // Stands for work that takes as long, or longer.
            thread::sleep(Duration::from_millis(1));
            0
        }
        Job::Long => {
            thread::sleep(Duration::from_secs(3600));
            0
        }
    }
}

fn results_come_in_order() {
    for chunk in [1, 7, 100] {
        let options = PoolOptions::new().chunk(chunk);
        let mut pool = options.start(&SQUARE, 3, &1).unwrap();
        let results: Vec<u64> =
            pool.map((0..500).map(Job::Square)).map(Result::unwrap).collect();
        assert_eq!(results, (0..500).map(|n| n * n + 1).collect::<Vec<_>>());

        let all: BTreeSet<(u64, u64)> = pool
            .map_unordered((0..500).map(Job::Square))
            .map(|(number, result)| (number, result.unwrap()))
            .collect();
        assert_eq!(all, (0..500).map(|n| (n, n * n + 1)).collect());

        let panicked = pool.apply(Job::Panic);
        let message = "an unlucky number".to_owned();
        assert_eq!(panicked, Err(JobError::Panicked { message }));
        // An iterator that is not used up leaves nothing behind for the next.
        assert_eq!(pool.map((0..500).map(Job::Square)).next(), Some(Ok(1)));
        assert_eq!(pool.apply(Job::Square(3)), Ok(10));
        pool.shut_down(LIMIT).unwrap();
    }
}

fn a_dead_worker_costs_one_result() {
    for chunk in [1, 10] {
        let mut pool = PoolOptions::new().chunk(chunk).start(&SQUARE, 2, &0).unwrap();
        let jobs =
            (0..100).map(|n| if n % 30 == 14 { Job::Abort } else { Job::Square(n) });
        let pids: BTreeSet<u32> = pool.pids().into_iter().collect();
        let mut first = true;
        for (number, result) in (0u64..).zip(pool.map(jobs)) {
            match result {
                Ok(result) => assert_eq!(result, number * number),
                Err(JobError::WorkerDied { pid, exit, worker }) => {
                    assert!(number % 30 == 14 && worker < 2);
                    assert_eq!(exit, ABORTED);
                    assert!(!first || pids.contains(&pid), "an unknown worker");
                    first = false;
                }
                Err(error) => panic!("{error}"),
            }
            assert!(number % 30 != 14 || !first, "job {number} cannot have a result");
        }
    }
}

fn a_retry_gives_the_job_to_another() {
    let mut pool = PoolOptions::new().retries(1).start(&SQUARE, 2, &0).unwrap();
    assert_eq!(pool.apply(Job::AbortOnce), Ok(1));
    assert!(matches!(pool.apply(Job::Abort), Err(JobError::WorkerDied { .. })));
    assert_eq!(pool.apply(Job::Square(4)), Ok(16));
}

#[cfg(unix)]
fn killed_workers_lose_nothing_else() {
    use rustix::process::{Pid, Signal, kill_process};

    const JOBS: u64 = 20_000;
    let mut pool = PoolOptions::new().chunk(16).start(&SQUARE, 3, &0).unwrap();
    let mut killed = 0;
    let mut costs = 0;
    for batch in 0..20 {
        // Between batches the pool is ours, and knows its workers.
        let pid = pool.pids()[batch % 3];
        let killer = thread::spawn(move || {
            thread::sleep(Duration::from_micros(500 + 300 * (batch as u64 % 7)));
            let pid = Pid::from_raw(pid.cast_signed()).unwrap();
            kill_process(pid, Signal::KILL).is_ok()
        });
        let jobs = JOBS / 20;
        let mut count = 0;
        for (number, result) in (0u64..).zip(pool.map((0..jobs).map(Job::Square))) {
            match result {
                Ok(result) => assert_eq!(result, number * number),
                Err(JobError::WorkerDied { .. }) => costs += 1,
                Err(error) => panic!("{error}"),
            }
            count += 1;
        }
        assert_eq!(count, jobs);
        killed += u64::from(killer.join().unwrap());
    }
    assert!(killed > 0 && costs <= killed, "{killed} killed, {costs} results lost");
}

fn a_worker_that_cannot_begin() {
    let error = Pool::new(&BAD_START, 2, &()).unwrap_err();
    assert!(error.to_string().contains("cannot begin: no"), "{error}");
    assert!(Pool::new(&BAD_START, 0, &()).is_err());
}

fn workers_are_replaced() {
    let options = PoolOptions::new().chunk(1).max_jobs_per_worker(5);
    let mut pool = options.start(&SQUARE, 2, &0).unwrap();
    let pids: Vec<u64> = pool.map([Job::Pid; 40]).map(Result::unwrap).collect();
    for pid in &pids {
        let jobs = pids.iter().filter(|other| *other == pid).count();
        assert!(jobs <= 5, "{jobs} jobs of one worker");
    }
}

fn jobs_are_asked_for_as_needed() {
    let mut pool = PoolOptions::new().start(&SQUARE, 2, &0).unwrap();
    let mut asked = 0;
    let endless = std::iter::repeat_with(|| {
        asked += 1;
        Job::Square(2)
    });
    assert!(pool.map(endless).take(100).all(|result| result == Ok(4)));
    // 32 for each of the two, while they are short.
    assert!(asked <= 100 + 2 * 32, "{asked} jobs were asked for, to have 100 results");
    // Four for each of the two, when they are not: done in vain if nobody wants them.
    let mut asked = 0;
    let endless = std::iter::repeat_with(|| {
        asked += 1;
        Job::Pause
    });
    assert!(pool.map(endless).skip(64).take(32).all(|result| result == Ok(0)));
    assert!(asked <= 64 + 32 + 2 * 4, "{asked} long jobs were asked for, to have 96");
    // Workers that are at work are ended with the pool.
    let mut jobs = pool.map([Job::Square(1), Job::Long]);
    assert_eq!(jobs.next_timeout(LIMIT).unwrap(), Some(Ok(1)));
    let late = jobs.next_timeout(Duration::from_millis(30));
    assert!(matches!(late, Err(Error::TimedOut { .. })));
}

/// Senders that are killed, receivers that are not: what was sent by one is received in
/// order and without gaps, each number once.
fn what_a_killed_sender_sent_is_whole() {
    const SENDERS: u64 = 12;
    let segment = Segment::create(1 << 16).unwrap();
    let queue = Queue::<u64>::create(&segment, "numbers", 1 << 12).unwrap();
    for sender in 0..SENDERS {
        let mut child = ADD.with(&2_000).unwrap().segment(&segment).spawn().unwrap();
        let killed = sender % 2 == 0;
        let kill_after = 100 * sender;
        let mut expected = 0;
        while expected < 2_000 {
            match queue.recv_timeout(Duration::from_millis(100)) {
                Ok(number) => {
                    assert_eq!(number, expected);
                    expected += 1;
                    if killed && expected == kill_after {
                        child.kill().unwrap();
                    }
                }
                Err(Error::TimedOut { .. }) if !child.is_alive().unwrap() => break,
                Err(Error::TimedOut { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert!(killed || expected == 2_000, "{expected} of 2000 came");
        child.wait().unwrap();
        while queue.try_recv().is_ok() {}
    }
    // A queue of bytes is not a queue of numbers, though it has the same name.
    let other = ByteQueue::open(&segment, "numbers");
    assert!(matches!(other, Err(Error::WrongKind { .. })));
}

/// Receivers that are killed, in the middle of anything, and replaced: what becomes of
/// the messages is as documented, for each way to receive.
fn reconcile(way: Way) {
    let number = |variable, default| {
        std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
    };
    let messages = number("CROSSPROCESS_MESSAGES", 20_000);
    let kills = number("CROSSPROCESS_KILLS", 20);
    let segment = Segment::create((messages as usize) * 20 + (1 << 16)).unwrap();
    let queue = Queue::<u64>::create(&segment, "numbers", 1 << 12).unwrap();
    let tasks = JoinableQueue::<u64>::create(&segment, "tasks", 1 << 12).unwrap();
    let counts = Array::create(&segment, "counts", &vec![0_u8; messages as usize]);
    let counts = counts.unwrap();
    let start = || COUNT.with(&way).unwrap().segment(&segment).spawn().unwrap();

    let mut receivers = [start(), start(), start()];
    let mut killed = 0;
    for message in 0..messages {
        match way {
            Way::Task => tasks.send_timeout(&message, LIMIT).unwrap(),
            Way::Recv | Way::RecvWith => queue.send_timeout(&message, LIMIT).unwrap(),
        }
        if (message + 1) * kills / messages > killed {
            let receiver = &mut receivers[killed as usize % 3];
            receiver.kill().unwrap();
            receiver.wait().unwrap();
            *receiver = start();
            killed += 1;
        }
    }
    assert_eq!(killed, kills);
    let lost_tasks = match tasks.wait_timeout(LIMIT) {
        Ok(()) => 0,
        Err(Error::Lost { count, .. }) => u64::from(count),
        Err(error) => panic!("{error}"),
    };
    queue.close().unwrap();
    tasks.close().unwrap();
    for mut receiver in receivers {
        assert_eq!(receiver.wait_timeout(LIMIT).unwrap(), Some(Exit::Code(0)));
    }
    let counts = counts.snapshot().unwrap();
    let never = counts.iter().filter(|count| **count == 0).count() as u64;
    let again: u64 =
        counts.iter().map(|count| u64::from(count.saturating_sub(1))).sum();
    eprintln!(
        "{way:?}: {messages} messages, {killed} receivers killed; {never} were not worked \
         on, {again} once more; {lost_tasks} tasks reported as lost"
    );
    match way {
        Way::Recv => assert!(never <= killed && again == 0),
        Way::RecvWith => assert!(never == 0 && again <= killed),
        // Killed between its work and its report, it has worked on what is lost.
        Way::Task => assert!(again == 0 && never <= lost_tasks && lost_tasks <= killed),
    }
}

/// Notes every number it receives.
fn count(way: Way) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let queue = Queue::<u64>::open(&segment, "numbers")?;
    let tasks = JoinableQueue::<u64>::open(&segment, "tasks")?;
    let counts = Array::<u8>::open(&segment, "counts")?;
    let note = |number: u64| counts.update_at(number as usize, |count| *count += 1);
    loop {
        let received = match way {
            Way::Recv => queue.recv().and_then(note),
            Way::RecvWith => queue.recv_with(note),
            Way::Task => tasks.recv().and_then(|task| {
                note(*task)?;
                task.done()?;
                Ok(None)
            }),
        };
        match received {
            Ok(_) => {}
            Err(Error::Closed { .. }) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

fn wait_until(mut ready: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !ready() {
        assert!(Instant::now() < deadline, "it never happened");
        thread::sleep(Duration::from_millis(1));
    }
}

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Children of this process that have ended and were not waited for.
fn zombies() -> usize {
    let me = std::process::id().to_string();
    let Ok(entries) = fs::read_dir("/proc") else { return 0 };
    let stats = entries
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    // After the name in brackets: the state, then the parent.
    let states = stats.filter_map(|stat| {
        let (_, rest) = stat.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        Some((fields.next()?.to_owned(), fields.next()?.to_owned()))
    });
    states.filter(|(state, parent)| state == "Z" && *parent == me).count()
}
