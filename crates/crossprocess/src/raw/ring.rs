//! A bounded first-in first-out queue of messages, many to many, in a ring of words.
//!
//! Two locks, one for each end, as in M. Michael and M. Scott, "Simple, Fast, and
//! Practical Non-Blocking and Blocking Concurrent Queue Algorithms" (PODC 1996). A
//! design with tickets (Vyukov's bounded queue) is faster between threads and wrong
//! here: a sender killed between its ticket and its message blocks everybody behind it.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::gate::Gate;
use super::mutex::{OnDeath, RawMutex};
use super::shares::Shares;
use super::{Deadline, Missed, Parked, Patience, Word, World, spin_until};

/// A place in the ring and the number of messages before it, in one word, so that one
/// store moves both: `messages << 32 | words`, each modulo 2^32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position(u64);

impl Position {
    fn messages(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn words(self) -> u32 {
        self.0 as u32
    }

    /// Behind a message that takes `words` words.
    fn after(self, words: u32) -> Self {
        let messages = self.messages().wrapping_add(1);
        Self(u64::from(messages) << 32 | u64::from(self.words().wrapping_add(words)))
    }
}

pub(crate) struct RawRing<'a, W: World> {
    pub send_lock: RawMutex<'a, W>,
    pub recv_lock: RawMutex<'a, W>,
    /// Behind the last message. Stored under `send_lock`; the store sends the message.
    pub tail: &'a W::A64,
    /// The first message. Stored under `recv_lock`; the store takes the message.
    pub head: &'a W::A64,
    /// What a sender last saw of `head`, under `send_lock`. It may lag behind: then the
    /// ring looks fuller than it is, and the sender looks at `head` itself.
    pub head_seen: &'a W::A64,
    /// What a receiver last saw of `tail`, under `recv_lock`; it may lag behind.
    pub tail_seen: &'a W::A64,
    /// Words of the message that was taken last, under `recv_lock`: a guess at the next.
    pub taken_words: &'a W::A64,
    /// 1 once no more messages are accepted. Stored under `send_lock`.
    pub closed: &'a W::A32,
    /// Entered by senders; notified when room is made.
    pub not_full: Gate<'a, W>,
    /// Entered by receivers; notified when a message comes.
    pub not_empty: Gate<'a, W>,
    /// The messages: a word with the length in bytes, then the bytes, eight a word.
    /// Its length is a power of two.
    pub ring: &'a [W::A64],
}

/// Why no message was sent or received, apart from waiting too long.
#[derive(Debug)]
pub(crate) enum Refused {
    Closed,
    TooLong,
    /// The ring holds something that no sender wrote.
    Corrupt,
    Missed(Missed),
}

impl From<Missed> for Refused {
    fn from(missed: Missed) -> Self {
        Self::Missed(missed)
    }
}

impl<W: World> RawRing<'_, W> {
    /// The longest message, in bytes.
    pub fn longest(&self) -> usize {
        (self.ring.len() - 1) * 8
    }

    pub fn send(
        &self,
        world: &W,
        message: &[u8],
        until: Deadline,
    ) -> Result<(), Refused> {
        if message.len() > self.longest() || u32::try_from(message.len()).is_err() {
            return Err(Refused::TooLong);
        }
        let words = 1 + message.len().div_ceil(8) as u32;
        loop {
            self.send_lock.lock(world, until, OnDeath::Inherit)?;
            if self.closed.load(Relaxed) != 0 {
                self.send_lock.unlock(world);
                return Err(Refused::Closed);
            }
            let tail = Position(self.tail.load(Relaxed));
            let room = self.room(tail, words).inspect_err(|_| {
                self.send_lock.unlock(world);
            })?;
            if room {
                self.write(tail.words(), message);
                // Release: pairs with the Acquire load of `tail` in `recv`. Before this
                // store the message was never sent; with it, it is.
                self.tail.store(tail.after(words).0, Release);
                self.send_lock.unlock(world);
                self.not_empty.notify(world, 1);
                return Ok(());
            }
            self.send_lock.unlock(world);
            if until == Deadline::Now {
                return Err(Missed::Busy.into());
            }
            // Others go on meanwhile: head and tail need not fit together. If they do
            // not, the ticket is out of date, and the sleep ends at once.
            // Relaxed: the next look is under the lock.
            let ready = || {
                let head = Position(self.head.load(Relaxed));
                let tail = Position(self.tail.load(Relaxed));
                let used = tail.words().wrapping_sub(head.words());
                let left = (self.ring.len() as u32).saturating_sub(used);
                left >= words || self.closed.load(Relaxed) != 0
            };
            if spin_until(world, patience(words.into()), ready) {
                continue;
            }
            let ticket = self.not_full.enter(world);
            if !ready() {
                let parked = self.not_full.sleep(world, ticket, until);
                if parked == Parked::Expired {
                    return Err(Missed::Expired.into());
                }
            } else {
                self.not_full.leave();
            }
        }
    }

    /// Takes the first message, after `take` has seen it. An error of `take` leaves the
    /// message where it is.
    pub fn recv<R, E: From<Refused>>(
        &self,
        world: &W,
        until: Deadline,
        take: impl FnOnce(u32, Message<'_, W>) -> Result<R, E>,
    ) -> Result<R, E> {
        loop {
            self.recv_lock
                .lock(world, until, OnDeath::Inherit)
                .map_err(Refused::Missed)?;
            let unlock = Unlock { mutex: &self.recv_lock, world };
            let head = Position(self.head.load(Relaxed));
            // Acquire, and before the look at `tail`: once closed, nothing is sent.
            let closed = self.closed.load(Acquire) != 0;
            let mut tail = Position(self.tail_seen.load(Relaxed));
            if tail == head {
                // Acquire: pairs with the Release in `send`.
                tail = Position(self.tail.load(Acquire));
                if tail != head {
                    self.tail_seen.store(tail.0, Relaxed);
                }
            }
            if tail != head {
                let message = self.first(head, tail)?;
                let words = 1 + message.len.div_ceil(8) as u32;
                let taken = take(head.messages(), message)?;
                self.taken_words.store(u64::from(words), Relaxed);
                // Release: pairs with the Acquire load of `head` in `room`, so that the
                // place is written again only after it has been read. Before this store
                // the message is somebody else's to take; with it, it is ours.
                self.head.store(head.after(words).0, Release);
                drop(unlock);
                self.not_full.notify(world, 1);
                return Ok(taken);
            }
            drop(unlock);
            if closed {
                return Err(Refused::Closed.into());
            }
            if until == Deadline::Now {
                return Err(Refused::Missed(Missed::Busy).into());
            }
            // Relaxed: the next look is under the lock.
            let ready = || {
                self.tail.load(Relaxed) != self.head.load(Relaxed)
                    || self.closed.load(Relaxed) != 0
            };
            // Relaxed: whatever it is, only the way of waiting hangs on it.
            let words = self.taken_words.load(Relaxed);
            if spin_until(world, patience(words), ready) {
                continue;
            }
            let ticket = self.not_empty.enter(world);
            if !ready() {
                let parked = self.not_empty.sleep(world, ticket, until);
                if parked == Parked::Expired
                    && self.tail.load(Relaxed) == self.head.load(Relaxed)
                {
                    return Err(Refused::Missed(Missed::Expired).into());
                }
            } else {
                self.not_empty.leave();
            }
        }
    }

    /// Accepts no more messages; what is in the queue can still be received.
    pub fn close(&self, world: &W) -> Result<(), Missed> {
        // Under the lock: no sender is between its look at `closed` and its store.
        self.send_lock.lock(world, Deadline::Never, OnDeath::Inherit)?;
        // Release: who sees that it is closed sees all that was sent before.
        self.closed.store(1, Release);
        self.send_lock.unlock(world);
        self.not_empty.notify(world, u32::MAX);
        self.not_full.notify(world, u32::MAX);
        Ok(())
    }

    pub fn is_closed(&self) -> bool {
        self.closed.load(Acquire) != 0
    }

    /// Messages in the queue at the moment.
    pub fn len(&self) -> u32 {
        // The head first, with Acquire: who has taken a message had seen it sent, so the
        // difference is not negative.
        let head = Position(self.head.load(Acquire));
        let tail = Position(self.tail.load(Relaxed));
        tail.messages().wrapping_sub(head.messages())
    }

    /// How many messages were ever sent and taken, modulo 2^32. For who has `recv_lock`,
    /// or knows that those are dead who could be at work.
    pub fn sent_and_taken(&self) -> (u32, u32) {
        let head = Position(self.head.load(Relaxed));
        let tail = Position(self.tail.load(Relaxed));
        (tail.messages(), head.messages())
    }

    /// True if `words` words fit behind `tail`.
    fn room(&self, tail: Position, words: u32) -> Result<bool, Refused> {
        let capacity = self.ring.len() as u32;
        let used = |head: Position| tail.words().wrapping_sub(head.words());
        let seen = used(Position(self.head_seen.load(Relaxed)));
        if seen <= capacity && capacity - seen >= words {
            return Ok(true);
        }
        // Acquire: pairs with the Release in `recv`.
        let head = Position(self.head.load(Acquire));
        self.head_seen.store(head.0, Relaxed);
        let used = used(head);
        if used > capacity {
            Err(Refused::Corrupt)
        } else {
            Ok(capacity - used >= words)
        }
    }

    fn write(&self, at: u32, message: &[u8]) {
        let mask = self.ring.len() - 1;
        self.ring[at as usize & mask].store(message.len() as u64, Relaxed);
        let start = (at as usize + 1) & mask;
        let words = message.len().div_ceil(8);
        // Relaxed, all of them: the store of `tail` publishes them together.
        let store = |places: &[W::A64], bytes: &[u8]| {
            let (whole, rest) = bytes.as_chunks::<8>();
            for (place, bytes) in places.iter().zip(whole) {
                place.store(u64::from_le_bytes(*bytes), Relaxed);
            }
            if !rest.is_empty() {
                let mut last = [0; 8];
                last[..rest.len()].copy_from_slice(rest);
                places[whole.len()].store(u64::from_le_bytes(last), Relaxed);
            }
        };
        let before_end = (self.ring.len() - start).min(words);
        let (first, second) = message.split_at((before_end * 8).min(message.len()));
        store(&self.ring[start..start + before_end], first);
        store(&self.ring[..words - before_end], second);
    }

    /// The message at `head`, of which nothing is believed without a check.
    fn first(&self, head: Position, tail: Position) -> Result<Message<'_, W>, Refused> {
        let mask = self.ring.len() - 1;
        let used = tail.words().wrapping_sub(head.words()) as usize;
        let len = self.ring[head.words() as usize & mask].load(Relaxed);
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if used == 0 || used > self.ring.len() || len.div_ceil(8) > used - 1 {
            return Err(Refused::Corrupt);
        }
        let start = (head.words() as usize + 1) & mask;
        let words = len.div_ceil(8);
        let before_end = (self.ring.len() - start).min(words);
        let first = &self.ring[start..start + before_end];
        let second = &self.ring[..words - before_end];
        Ok(Message { len, first, second })
    }
}

/// A message in the ring, in two parts if it goes over the end.
pub(crate) struct Message<'a, W: World> {
    pub len: usize,
    first: &'a [W::A64],
    second: &'a [W::A64],
}

impl<W: World> Message<'_, W> {
    /// Copies the message into `buffer`, in place of what is in it.
    pub fn copy_into(&self, buffer: &mut Vec<u8>) {
        if buffer.capacity() < self.len {
            // Zeros that are new come from the system, which need not write them here.
            *buffer = vec![0; self.len];
        }
        buffer.resize(self.len, 0);
        let load = |places: &[W::A64], bytes: &mut [u8]| {
            let (whole, rest) = bytes.as_chunks_mut::<8>();
            for (place, bytes) in places.iter().zip(&mut *whole) {
                *bytes = place.load(Relaxed).to_le_bytes();
            }
            if !rest.is_empty() {
                let last = places[whole.len()].load(Relaxed).to_le_bytes();
                rest.copy_from_slice(&last[..rest.len()]);
            }
        };
        let (first, second) = buffer.split_at_mut((self.first.len() * 8).min(self.len));
        load(self.first, first);
        load(self.second, second);
    }
}

/// How to wait for a message of so many words, or for room for it.
fn patience(words: u64) -> Patience {
    /// As long to copy as the other side takes to wake.
    const LARGE: u64 = (16 << 10) / 8;
    // Measured: on a busy machine each yield loses the core for a turn, milliseconds, and
    // few large messages fit into a ring to make up for it: 64 KiB took 1.5 ms with
    // yields, and 40 µs without. Small messages are better off with them.
    if words < LARGE { Patience::Yield } else { Patience::Spin }
}

struct Unlock<'a, 'b, W: World> {
    mutex: &'a RawMutex<'b, W>,
    world: &'a W,
}

impl<W: World> Drop for Unlock<'_, '_, W> {
    fn drop(&mut self) {
        self.mutex.unlock(self.world);
    }
}

/// Counts the messages that were taken and not yet done.
pub(crate) struct Unfinished<'a, W: World> {
    /// How often a task was reported as done, or written off, modulo 2^32. Stored under
    /// the ring's `recv_lock`.
    pub done: &'a W::A64,
    /// Taken and not done, by process. What the dead have taken is the difference
    /// between all that was taken and not done, and the sum of these.
    pub taken: Shares<'a, W>,
    /// Entered by those who wait for everything to be done.
    pub all_done: Gate<'a, W>,
}

/// What is still to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Open {
    /// In the queue, or with somebody who is in the process table.
    pub pending: u32,
    /// Taken by processes that died before they were done.
    pub lost: u32,
}

impl<W: World> Unfinished<'_, W> {
    /// Reports `count` tasks of this process as done; false if it has not so many.
    pub fn done(
        &self,
        world: &W,
        ring: &RawRing<'_, W>,
        count: u32,
    ) -> Result<bool, Missed> {
        ring.recv_lock.lock(world, Deadline::Never, OnDeath::Inherit)?;
        let unlock = Unlock { mutex: &ring.recv_lock, world };
        if self.taken.mine(world) < count {
            return Ok(false);
        }
        // First done, then no longer ours: killed in between, the share vanishes with
        // the process, and the task counts as done, which it is.
        let done = (self.done.load(Relaxed) as u32).wrapping_add(count);
        self.done.store(u64::from(done), Relaxed);
        self.taken.sub(world, count);
        drop(unlock);
        self.all_done.notify(world, u32::MAX);
        Ok(true)
    }

    pub fn open(&self, world: &W, ring: &RawRing<'_, W>) -> Result<Open, Missed> {
        ring.recv_lock.lock(world, Deadline::Never, OnDeath::Inherit)?;
        let _unlock = Unlock { mutex: &ring.recv_lock, world };
        Ok(self.look(world, ring))
    }

    fn look(&self, world: &W, ring: &RawRing<'_, W>) -> Open {
        let (sent, taken) = ring.sent_and_taken();
        let open = taken.wrapping_sub(self.done.load(Relaxed) as u32);
        let held = self.taken.total(world) as u32;
        Open {
            pending: sent.wrapping_sub(taken).wrapping_add(held),
            // A share is counted before its message is taken: what is held can be one
            // more than what is open, for a process that dies in between.
            lost: open.saturating_sub(held),
        }
    }

    /// Waits until nothing is pending. Returns how many tasks were lost.
    pub fn wait(
        &self,
        world: &W,
        ring: &RawRing<'_, W>,
        until: Deadline,
    ) -> Result<u32, Missed> {
        loop {
            let ticket = self.all_done.enter(world);
            let open = self.open(world, ring).inspect_err(|_| self.all_done.leave())?;
            if open.pending == 0 {
                self.all_done.leave();
                return Ok(open.lost);
            }
            let parked = if until == Deadline::Now {
                self.all_done.leave();
                Parked::Expired
            } else {
                self.all_done.sleep(world, ticket, until)
            };
            if parked != Parked::Changed {
                let died = self.taken.probe(world).map_err(Missed::Failed)?.is_some();
                if parked == Parked::Expired && !died {
                    return Err(match until {
                        Deadline::Now => Missed::Busy,
                        _ => Missed::Expired,
                    });
                }
            }
        }
    }

    /// Counts what was lost as done. Returns how much that was.
    pub fn write_off(&self, world: &W, ring: &RawRing<'_, W>) -> Result<u32, Missed> {
        self.taken.probe(world).map_err(Missed::Failed)?;
        ring.recv_lock.lock(world, Deadline::Never, OnDeath::Inherit)?;
        let _unlock = Unlock { mutex: &ring.recv_lock, world };
        let lost = self.look(world, ring).lost;
        let done = (self.done.load(Relaxed) as u32).wrapping_add(lost);
        self.done.store(u64::from(done), Relaxed);
        Ok(lost)
    }
}
