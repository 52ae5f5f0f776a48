//! The algorithms on shuttle, which tries schedules, and with processes that die.
//!
//! A thread of the model is a process. It can be told to die at its n-th access to
//! shared memory: from then on nothing it does has any effect, as after a SIGKILL. A
//! sleeper has no tick before somebody has died: until then, a wake-up that is lost is a
//! deadlock, which shuttle reports. All accesses are sequentially consistent here.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::atomic::Ordering::Relaxed;

use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::atomic::{AtomicU32, AtomicU64};
use shuttle::sync::{Condvar, Mutex};
use shuttle::thread;

use super::barrier::{Cause, Round};
use super::latch::Opened;
use super::layout::{HALVES, Layout, WORDS};
use super::mutex::{OnDeath, Taken};
use super::ring::Refused;
use super::{Deadline, Missed, Owner, Parked, Word, World};
use crate::Error;

/// Schedules of each model; a nightly run can ask for more.
fn schedules() -> usize {
    let more = std::env::var("CROSSPROCESS_SCHEDULES").ok();
    more.and_then(|count| count.parse().ok()).unwrap_or(300)
}

/// Processes of a model, at most.
const PROCESSES: usize = 4;

shuttle::thread_local! {
    static PROCESS: RefCell<Life> = RefCell::new(Life { accesses_left: None, dead: false });
}

/// What the thread that runs is still to do.
struct Life {
    accesses_left: Option<u32>,
    dead: bool,
}

/// The panic that ends a process of the model.
struct Killed;

/// Counts an access; false if this process is dead, and must not have any effect.
fn access() -> bool {
    let (dead, dies) = PROCESS.with(|life| {
        let mut life = life.borrow_mut();
        let dies = life.accesses_left == Some(0) && !life.dead;
        if let Some(left) = &mut life.accesses_left {
            *left = left.saturating_sub(1);
        }
        life.dead |= dies;
        (life.dead, dies)
    });
    if dies {
        panic::resume_unwind(Box::new(Killed));
    }
    !dead
}

#[derive(Debug, Default)]
struct Word32(AtomicU32);

#[derive(Debug, Default)]
struct Word64(AtomicU64);

macro_rules! word {
    ($word:ty, $value:ty) => {
        impl Word<$value> for $word {
            fn load(&self, order: Ordering) -> $value {
                if access() { self.0.load(order) } else { 0 }
            }
            fn store(&self, value: $value, order: Ordering) {
                if access() {
                    self.0.store(value, order);
                }
            }
            fn exchange(&self, current: $value, new: $value, order: Ordering) -> bool {
                access()
                    && self.0.compare_exchange(current, new, order, Relaxed).is_ok()
            }
            fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                if access() { self.0.fetch_add(value, order) } else { 0 }
            }
            fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
                if access() { self.0.fetch_sub(value, order) } else { 0 }
            }
        }
    };
}

word!(Word32, u32);
word!(Word64, u64);

/// What all processes of a model share.
#[derive(Debug)]
struct Machine {
    halves: [Word32; HALVES],
    words: [Word64; WORDS],
    /// The process table; `true` while attached.
    members: Mutex<[bool; PROCESSES]>,
    kernel: Mutex<Kernel>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Kernel {
    /// Who is dead, whether anybody has noticed or not.
    dead: [bool; PROCESSES],
    /// Who sleeps on which word: address, and whether woken.
    asleep: Vec<(usize, usize, bool)>,
    sleeps: usize,
}

/// One process of the model.
#[derive(Debug, Clone)]
struct Process {
    machine: Arc<Machine>,
    slot: usize,
}

impl World for Process {
    type A32 = Word32;
    type A64 = Word64;

    fn me(&self) -> Owner {
        Owner::new(self.slot, 1)
    }

    fn slots(&self) -> usize {
        PROCESSES
    }

    fn member(&self, slot: usize) -> Option<Owner> {
        let attached = access() && self.machine.members.lock().unwrap()[slot];
        attached.then(|| Owner::new(slot, 1))
    }

    fn probe(&self, who: Owner) -> Result<bool, Error> {
        if who == self.me() {
            return Ok(true);
        }
        let attached = |slot: &usize| self.member(*slot) == Some(who);
        let Some(slot) = who.slot().filter(attached) else { return Ok(false) };
        let dead = self.machine.kernel.lock().unwrap().dead[slot];
        if dead && access() {
            self.machine.members.lock().unwrap()[slot] = false;
        }
        Ok(!dead)
    }

    fn park(&self, word: &Word32, expected: u32, until: Deadline) -> Parked {
        assert_ne!(until, Deadline::Now);
        if !access() {
            return Parked::Tick;
        }
        let mut kernel = self.machine.kernel.lock().unwrap();
        if word.0.load(Relaxed) != expected {
            return Parked::Changed;
        }
        kernel.sleeps += 1;
        let sleep = kernel.sleeps;
        let address = std::ptr::from_ref(word).addr();
        kernel.asleep.push((address, sleep, false));
        loop {
            let place =
                kernel.asleep.iter().position(|entry| entry.1 == sleep).unwrap();
            let woken = kernel.asleep[place].2;
            if woken || kernel.dead.contains(&true) {
                kernel.asleep.remove(place);
                drop(kernel);
                thread::yield_now();
                return if woken { Parked::Changed } else { Parked::Tick };
            }
            kernel = self.machine.changed.wait(kernel).unwrap();
        }
    }

    fn wake(&self, word: &Word32, count: u32) {
        if !access() {
            return;
        }
        let address = std::ptr::from_ref(word).addr();
        let mut kernel = self.machine.kernel.lock().unwrap();
        let on_word = kernel.asleep.iter_mut().filter(|e| e.0 == address && !e.2);
        on_word.take(count as usize).for_each(|entry| entry.2 = true);
        drop(kernel);
        self.machine.changed.notify_all();
    }

    fn spin(&self, _round: &mut u32) -> bool {
        false
    }

    fn fence(&self) {}
}

impl Layout for Process {
    // Room for two messages.
    const RING: usize = 4;

    fn halves(&self) -> &[Word32; HALVES] {
        &self.machine.halves
    }

    fn words(&self) -> &[Word64; WORDS] {
        &self.machine.words
    }
}

impl Process {
    fn is_dead(&self, owner: u64) -> bool {
        let slot = Owner(owner as u32).slot().unwrap();
        self.machine.kernel.lock().unwrap().dead[slot]
    }

    /// Another process, in the table before it begins.
    fn attached(&self, slot: usize) -> Self {
        self.machine.members.lock().unwrap()[slot] = true;
        Self { machine: Arc::clone(&self.machine), slot }
    }

    /// Runs `life` as a process that may be killed at any of its first accesses.
    fn start(
        &self,
        slot: usize,
        mortal: bool,
        life: impl FnOnce(&Self) + Send + 'static,
    ) -> thread::JoinHandle<()> {
        /// More than any process of a model has.
        const ACCESSES: u32 = 120;
        let process = self.attached(slot);
        thread::spawn(move || {
            let accesses_left = mortal.then(|| thread_rng().gen_range(0..ACCESSES));
            PROCESS.with(|life| life.borrow_mut().accesses_left = accesses_left);
            let end = panic::catch_unwind(AssertUnwindSafe(|| life(&process)));
            if let Err(panic) = end
                && !panic.is::<Killed>()
            {
                panic::resume_unwind(panic);
            }
            // The kernel drops the token: of those who were killed, and of those who
            // have ended.
            process.machine.kernel.lock().unwrap().dead[slot] = true;
            process.machine.changed.notify_all();
        })
    }
}

/// Tries schedules of a model, whose first process lives for ever.
fn check(model: impl Fn(&Process) + Send + Sync + 'static) {
    let model = Arc::new(model);
    let run = move || {
        let machine = Machine {
            halves: Default::default(),
            words: std::array::from_fn(|_| Word64::default()),
            members: Mutex::default(),
            kernel: Mutex::default(),
            changed: Condvar::default(),
        };
        let process = Process { machine: Arc::new(machine), slot: 0 };
        process.machine.members.lock().unwrap()[0] = true;
        model(&process);
    };
    shuttle::check_random(run.clone(), schedules());
    shuttle::check_pct(run, schedules(), 3);
}

fn join_all(processes: [thread::JoinHandle<()>; 2]) {
    for process in processes {
        process.join().unwrap();
    }
}

fn ok<T>(result: Result<T, Missed>) {
    result.map(drop).expect("without a limit nothing expires");
}

#[test]
fn a_mutex_has_one_owner_at_a_time() {
    check(|process| {
        let work = |process: &Process| {
            let inside = process.word(0);
            for _ in 0..2 {
                let taken =
                    process.mutex(0).lock(process, Deadline::Never, OnDeath::Inherit);
                let before = inside.load(Relaxed);
                match taken.unwrap() {
                    // Whoever was inside is dead: that owner, or one before it, whom it
                    // survived by too little to say so.
                    Taken::From(_) => assert!(before == 0 || process.is_dead(before)),
                    _ => assert_eq!(before, 0, "two owners"),
                }
                inside.store(process.me().0.into(), Relaxed);
                inside.store(0, Relaxed);
                process.mutex(0).unlock(process);
            }
        };
        let others = [process.start(1, true, work), process.start(2, true, work)];
        work(process);
        join_all(others);
    });
}

#[test]
fn without_a_death_nobody_needs_the_tick() {
    check(|process| {
        let work = |process: &Process| {
            for _ in 0..2 {
                let taken =
                    process.mutex(0).lock(process, Deadline::Never, OnDeath::Poison);
                assert_eq!(taken.unwrap(), Taken::Clean);
                process.mutex(0).unlock(process);
            }
            // Nobody ends before all are done: the end of a process is a death, too.
            process.word(0).fetch_add(1, Relaxed);
            while process.word(0).load(Relaxed) < 3 {
                thread::yield_now();
            }
        };
        let others = [process.start(1, false, work), process.start(2, false, work)];
        work(process);
        join_all(others);
    });
}

#[test]
fn a_notification_after_the_change_is_not_lost() {
    check(|process| {
        let notify = |process: &Process| {
            ok(process.mutex(0).lock(process, Deadline::Never, OnDeath::Inherit));
            process.word(0).store(1, Relaxed);
            process.mutex(0).unlock(process);
            process.gate(1).notify(process, 1);
            while process.word(1).load(Relaxed) == 0 {
                thread::yield_now();
            }
        };
        let other = process.start(1, false, notify);
        ok(process.mutex(0).lock(process, Deadline::Never, OnDeath::Inherit));
        while process.word(0).load(Relaxed) == 0 {
            let ticket = process.gate(1).enter(process);
            process.mutex(0).unlock(process);
            process.gate(1).sleep(process, ticket, Deadline::Never);
            ok(process.mutex(0).lock(process, Deadline::Never, OnDeath::Inherit));
        }
        process.mutex(0).unlock(process);
        process.word(1).store(1, Relaxed);
        other.join().unwrap();
    });
}

#[test]
fn permits_come_back_from_the_dead() {
    check(|process| {
        process.word(0).store(1, Relaxed);
        let work = |process: &Process| {
            for _ in 0..2 {
                ok(process.semaphore().acquire(process, 1, Deadline::Never));
                process.semaphore().release(process, 1);
            }
        };
        let others = [process.start(1, true, work), process.start(2, true, work)];
        work(process);
        join_all(others);
        process.semaphore().held.probe(process).unwrap();
        assert_eq!(process.semaphore().available(process), 1);
    });
}

#[test]
fn a_permit_that_comes_back_is_not_overlooked() {
    check(|process| {
        process.word(0).store(1, Relaxed);
        let work = |process: &Process| {
            ok(process.semaphore().acquire(process, 1, Deadline::Never));
            process.semaphore().release(process, 1);
            process.word(9).fetch_add(1, Relaxed);
            while process.word(9).load(Relaxed) < 2 {
                thread::yield_now();
            }
        };
        let other = process.start(1, false, work);
        work(process);
        other.join().unwrap();
    });
}

#[test]
fn permits_are_never_more_than_there_are() {
    check(|process| {
        process.word(0).store(2, Relaxed);
        let work = |process: &Process| {
            ok(process.semaphore().acquire(process, 1, Deadline::Never));
            assert!(process.word(8).fetch_add(1, Relaxed) < 2);
            process.word(8).fetch_sub(1, Relaxed);
            process.semaphore().release(process, 1);
            process.word(9).fetch_add(1, Relaxed);
            while process.word(9).load(Relaxed) < 3 {
                thread::yield_now();
            }
        };
        let others = [process.start(1, false, work), process.start(2, false, work)];
        work(process);
        join_all(others);
    });
}

#[test]
fn an_event_that_is_set_and_cleared_is_seen() {
    check(|process| {
        let pulse = |process: &Process| {
            // Until the waiter is through, whenever it began.
            while process.word(0).load(Relaxed) == 0 {
                process.event().set(process);
                process.event().clear();
                thread::yield_now();
            }
        };
        let other = process.start(1, false, pulse);
        ok(process.event().wait(process, Deadline::Never));
        process.word(0).store(1, Relaxed);
        other.join().unwrap();
    });
    check(|process| {
        let others = [1, 2].map(|slot| {
            process.start(slot, true, |process| process.event().set(process))
        });
        process.event().set(process);
        ok(process.event().wait(process, Deadline::Never));
        join_all(others);
    });
}

#[test]
fn a_barrier_breaks_or_opens() {
    check(|process| {
        process.word(0).store(3, Relaxed);
        let work = |process: &Process| {
            for _ in 0..2 {
                let round =
                    process.barrier().wait(process, Deadline::Never, || {}).unwrap();
                if let Round::Broken { cause, by } = round {
                    assert!(cause == Cause::Died && by != process.me());
                    return;
                }
            }
        };
        let others = [(1, true), (2, false)].map(|(slot, mortal)| {
            // Before they can die: who never took part cannot be missed.
            let joining = process.attached(slot);
            ok(joining.barrier().join(&joining));
            process.start(slot, mortal, work)
        });
        work(process);
        join_all(others);
    });
}

#[test]
fn all_come_as_somebody_and_one_leads() {
    check(|process| {
        process.word(0).store(2, Relaxed);
        let work = |process: &Process| {
            for _ in 0..2 {
                match process.barrier().wait(process, Deadline::Never, || {}).unwrap() {
                    Round::Complete { index, leader } => {
                        assert_eq!(leader, index == 1);
                        process.word(40).fetch_add(1 + u64::from(index), Relaxed);
                    }
                    broken @ Round::Broken { .. } => panic!("{broken:?}"),
                }
            }
            process.word(41).fetch_add(1, Relaxed);
            while process.word(41).load(Relaxed) < 2 {
                thread::yield_now();
            }
        };
        let other = process.start(1, false, work);
        work(process);
        other.join().unwrap();
        assert_eq!(process.word(40).load(Relaxed), 2 * (1 + 2));
    });
}

#[test]
fn a_latch_opens_or_says_who_broke_a_pledge() {
    check(|process| {
        process.machine.halves[0].store(2, Relaxed);
        let others = [1, 2].map(|slot| {
            let pledging = process.attached(slot);
            assert!(pledging.latch().pledge(&pledging));
            process.start(slot, slot == 1, |process| process.latch().keep(process))
        });
        match process.latch().wait(process, Deadline::Never).unwrap() {
            Opened::Yes => assert_eq!(process.machine.halves[0].load(Relaxed), 0),
            Opened::Abandoned(by) => assert_eq!(by, Owner::new(1, 1).0),
        }
        join_all(others);
    });
}

#[test]
fn a_writer_is_alone_and_its_death_is_told() {
    // The quick way first, as `RwLock` goes in. It succeeds where nothing is poisoned.
    fn enter_read(process: &Process) -> Result<u32, Missed> {
        if process.rw().read_if_free(process) {
            return Ok(0);
        }
        process.rw().read(process, Deadline::Never)
    }
    fn enter_write(process: &Process) -> Result<u32, Missed> {
        if process.rw().write_if_free(process) {
            return Ok(0);
        }
        process.rw().write(process, Deadline::Never)
    }
    check(|process| {
        let write = |process: &Process| {
            ok(enter_write(process));
            process.word(8).store(1, Relaxed);
            process.word(8).store(2, Relaxed);
            process.rw().write_unlock(process, false);
        };
        let read = |process: &Process| {
            ok(enter_read(process));
            process.rw().read_unlock(process);
        };
        let others = [process.start(1, true, write), process.start(2, true, read)];
        for _ in 0..2 {
            let poison = enter_read(process).unwrap();
            let seen = process.word(8).load(Relaxed);
            assert!(
                seen != 1 || poison == Owner::new(1, 1).0,
                "half done, and not told"
            );
            assert_eq!(process.word(8).load(Relaxed), seen, "written while it is read");
            process.rw().read_unlock(process);
        }
        ok(enter_write(process));
        process.rw().write_unlock(process, false);
        join_all(others);
    });
}

#[test]
fn messages_of_a_killed_sender_are_a_beginning() {
    check(|process| {
        let first = process.start(1, true, |process| {
            for number in 1..=3 {
                process.send(number).unwrap();
            }
        });
        let second = process.start(2, true, |process| process.send(100).unwrap());
        // A queue does not close by the end of its senders; somebody has to know.
        let supervisor = process.start(3, false, |process| {
            for slot in [1, 2] {
                while process.probe(Owner::new(slot, 1)).unwrap() {
                    thread::yield_now();
                }
            }
            ok(process.ring().close(process));
        });
        let (mut expected, mut others) = (1, 0);
        loop {
            match process.recv() {
                Ok(100) => others += 1,
                Ok(number) => {
                    assert_eq!(number, expected);
                    expected += 1;
                }
                Err(Refused::Closed) => break,
                Err(error) => panic!("{error:?}"),
            }
        }
        assert!(expected <= 4 && others <= 1);
        join_all([first, second]);
        supervisor.join().unwrap();
    });
}

#[test]
fn receivers_take_each_message_once() {
    check(|process| {
        let receive = |process: &Process| {
            while let Ok(number) = process.recv() {
                let before = process.word(16 + number as usize).fetch_add(1, Relaxed);
                assert_eq!(before, 0, "message {number} was received twice");
            }
        };
        let receivers =
            [process.start(1, true, receive), process.start(2, false, receive)];
        for number in 0..4 {
            process.send(number).unwrap();
        }
        ok(process.ring().close(process));
        join_all(receivers);
        // All but what the one who may have died had just taken.
        let missing =
            (0..4).filter(|n| process.word(16 + n).load(Relaxed) == 0).count();
        assert!(missing <= 1, "{missing} messages were lost");
    });
}

#[test]
fn without_a_death_nobody_needs_the_tick_of_a_queue() {
    check(|process| {
        let receive = |process: &Process| {
            let mut received = 0;
            while let Ok(number) = process.recv() {
                assert_eq!(number, received);
                received += 1;
            }
            assert_eq!(received, 5);
            process.word(8).store(1, Relaxed);
        };
        let receiver = process.start(1, false, receive);
        for number in 0..5 {
            process.send(number).unwrap();
        }
        ok(process.ring().close(process));
        while process.word(8).load(Relaxed) == 0 {
            thread::yield_now();
        }
        receiver.join().unwrap();
    });
}

#[test]
fn tasks_of_the_dead_are_lost_and_no_others() {
    check(|process| {
        process.send(1).unwrap();
        process.send(2).unwrap();
        let work = |process: &Process| {
            let taken = process.ring().recv(process, Deadline::Now, |_, _| {
                assert!(process.unfinished().taken.add(process, 1));
                Ok::<_, Refused>(())
            });
            if taken.is_ok() {
                process.word(9).fetch_add(1, Relaxed);
                assert!(
                    process.unfinished().done(process, &process.ring(), 1).unwrap()
                );
                process.word(10).fetch_add(1, Relaxed);
            }
        };
        let others = [process.start(1, true, work), process.start(2, true, work)];
        join_all(others);
        work(process);
        work(process);
        process.unfinished().taken.probe(process).unwrap();
        let open = process.unfinished().open(process, &process.ring()).unwrap();
        assert_eq!(open.pending, 0);
        let said_done = process.word(10).load(Relaxed);
        assert!(u64::from(open.lost) + said_done <= 2, "{open:?}, {said_done} done");
        // Nobody waits for what the dead have taken, and everything is one or the other.
        assert_eq!(process.word(8).load(Relaxed) + u64::from(open.lost), 2);
        assert_eq!(
            process.unfinished().write_off(process, &process.ring()).unwrap(),
            open.lost
        );
    });
}
