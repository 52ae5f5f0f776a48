//! Where the objects of a model lie in its memory.

use super::barrier::{REMEMBERED, RawBarrier};
use super::event::RawEvent;
use super::gate::Gate;
use super::latch::RawLatch;
use super::mutex::RawMutex;
use super::ring::{RawRing, Refused, Unfinished};
use super::rw::RawRw;
use super::semaphore::RawSemaphore;
use super::shares::Shares;
use super::{Deadline, World};

/// The memory of a model.
pub const HALVES: usize = 9;
pub const WORDS: usize = 48;

/// A process of a model, which has one of each object. Their places overlap, but for those
/// of a queue and its tasks, so a model uses one of them.
pub trait Layout: World + Sized {
    /// Words of the ring of a queue; two for a message of eight bytes.
    const RING: usize;

    fn halves(&self) -> &[Self::A32; HALVES];
    fn words(&self) -> &[Self::A64; WORDS];

    fn word(&self, word: usize) -> &Self::A64 {
        &self.words()[word]
    }

    fn mutex(&self, half: usize) -> RawMutex<'_, Self> {
        RawMutex { word: &self.halves()[half] }
    }

    fn gate(&self, half: usize) -> Gate<'_, Self> {
        Gate { seq: &self.halves()[half], sleepers: &self.halves()[half + 1] }
    }

    fn shares(&self, word: usize) -> Shares<'_, Self> {
        Shares { words: &self.words()[word..word + self.slots()] }
    }

    fn semaphore(&self) -> RawSemaphore<'_, Self> {
        RawSemaphore {
            mutex: self.mutex(0),
            gate: self.gate(1),
            total: self.word(0),
            held: self.shares(1),
        }
    }

    fn rw(&self) -> RawRw<'_, Self> {
        RawRw {
            mutex: self.mutex(0),
            gate: self.gate(1),
            readers: self.shares(0),
            writing: &self.halves()[3],
            poisoned_by: &self.halves()[4],
        }
    }

    fn event(&self) -> RawEvent<'_, Self> {
        RawEvent { word: &self.halves()[0], sleepers: &self.halves()[1] }
    }

    fn latch(&self) -> RawLatch<'_, Self> {
        RawLatch {
            remaining: &self.halves()[0],
            gate: self.gate(1),
            abandoned: &self.halves()[3],
            owed: self.shares(0),
        }
    }

    fn barrier(&self) -> RawBarrier<'_, Self> {
        RawBarrier {
            mutex: self.mutex(0),
            gate: self.gate(1),
            parties: self.word(0),
            round: self.word(1),
            breaks: &self.words()[2..2 + REMEMBERED],
            members: self.shares(16),
            arrived: &self.words()[24..24 + self.slots()],
        }
    }

    fn ring(&self) -> RawRing<'_, Self> {
        RawRing {
            send_lock: self.mutex(0),
            recv_lock: self.mutex(1),
            tail: self.word(0),
            head: self.word(1),
            head_seen: self.word(2),
            tail_seen: self.word(3),
            taken_words: self.word(4),
            closed: &self.halves()[2],
            not_full: self.gate(3),
            not_empty: self.gate(5),
            ring: &self.words()[32..32 + Self::RING],
        }
    }

    fn send(&self, number: u64) -> Result<(), Refused> {
        self.ring().send(self, &number.to_le_bytes(), Deadline::Never)
    }

    fn recv(&self) -> Result<u64, Refused> {
        self.ring().recv(self, Deadline::Never, |_, message| {
            let mut bytes = Vec::new();
            message.copy_into(&mut bytes);
            Ok(u64::from_le_bytes(bytes.try_into().expect("a message is a number")))
        })
    }

    /// The tasks of the queue.
    fn unfinished(&self) -> Unfinished<'_, Self> {
        Unfinished {
            done: self.word(8),
            taken: self.shares(16),
            all_done: self.gate(7),
        }
    }
}
