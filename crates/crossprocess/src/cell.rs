//! The memory of one object of a segment.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, AtomicU64};

use crate::raw::Owner;
use crate::segment::Inner;
use crate::{Error, Peer, Segment};

/// What kind of object a piece of the segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Kind {
    Lock = 1,
    RwLock,
    ReentrantLock,
    Condition,
    Semaphore,
    BoundedSemaphore,
    Event,
    Barrier,
    Latch,
    Value,
    Array,
    Queue,
    JoinableQueue,
    PoolTable,
}

impl Kind {
    const ALL: [Self; 14] = [
        Self::Lock,
        Self::RwLock,
        Self::ReentrantLock,
        Self::Condition,
        Self::Semaphore,
        Self::BoundedSemaphore,
        Self::Event,
        Self::Barrier,
        Self::Latch,
        Self::Value,
        Self::Array,
        Self::Queue,
        Self::JoinableQueue,
        Self::PoolTable,
    ];

    pub fn from_word(word: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|&kind| kind as u64 == word)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::RwLock => "readers-writer lock",
            Self::ReentrantLock => "reentrant lock",
            Self::Condition => "condition",
            Self::Semaphore => "semaphore",
            Self::BoundedSemaphore => "bounded semaphore",
            Self::Event => "event",
            Self::Barrier => "barrier",
            Self::Latch => "latch",
            Self::Value => "value",
            Self::Array => "array",
            Self::Queue => "queue",
            Self::JoinableQueue => "joinable queue",
            Self::PoolTable => "table of workers",
        }
    }
}

/// What an object needs of the segment.
pub(crate) struct Shape {
    pub kind: Kind,
    /// Tells types of content apart; 0 for none.
    pub content: u64,
    /// Words of 64 bits.
    pub words: usize,
    /// Words of 32 bits.
    pub halves: usize,
    /// Something else to remember, as a length.
    pub parameter: u64,
}

/// The memory of one object. No word of it is used with two sizes: the words of 64 bits
/// come first, those of 32 bits after them.
#[derive(Debug)]
pub(crate) struct Cell {
    pub segment: Segment,
    pub name: Box<str>,
    pub kind: Kind,
    pub parameter: u64,
    /// In the segment, counted in words of 64 bits.
    pub words: Range<usize>,
    /// In the segment, counted in words of 32 bits.
    pub halves: Range<usize>,
}

impl Cell {
    #[inline]
    pub fn world(&self) -> &Inner {
        self.segment.inner()
    }

    #[inline]
    pub fn word(&self, index: usize) -> &AtomicU64 {
        debug_assert!(index < self.words.len());
        &self.world().mapping().words()[self.words.start + index]
    }

    #[inline]
    pub fn words(&self, range: Range<usize>) -> &[AtomicU64] {
        debug_assert!(range.end <= self.words.len());
        let start = self.words.start;
        &self.world().mapping().words()[start + range.start..start + range.end]
    }

    #[inline]
    pub fn half(&self, index: usize) -> &AtomicU32 {
        debug_assert!(index < self.halves.len());
        &self.world().mapping().halves()[self.halves.start + index]
    }

    /// Checks that an object that was opened is as large as its kind says.
    pub fn expect(self, words: usize, halves: usize) -> Result<Self, Error> {
        if self.words.len() == words && self.halves.len() == halves {
            Ok(self)
        } else {
            Err(self.corrupt("it has not the size of its kind"))
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// As messages call it.
    pub fn object(&self) -> String {
        format!("{} `{}`", self.kind.name(), self.name)
    }

    pub fn corrupt(&self, detail: &str) -> Error {
        Error::Corrupt { object: self.object(), detail: detail.into() }
    }

    pub fn peer(&self, owner: Owner) -> Peer {
        self.world().peer(owner)
    }
}
