//! A segment of shared memory: who is attached, what is in it, and who is alive.
//!
//! # Life and death
//!
//! Each attached process holds an exclusive lock on a file of its own, its *token*. The
//! kernel drops the lock when the process ends, in whatever way, and before the process
//! becomes a zombie. So "is it alive?" is answered by trying to lock its token: without
//! process ids, which are used again, and without signals, which zombies take as well.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicU32, AtomicU64, fence};
use std::thread;
use std::time::{Duration, Instant};

use crate::cell::{Cell, Kind, Shape};
use crate::mapping::Mapping;
use crate::raw::mutex::{OnDeath, RawMutex};
use crate::raw::{Deadline, GENERATION_BITS, Owner, Parked, SLOTS, SPINS, World};
use crate::tokens::{
    PATIENCE, base_dir, fresh_id, lock_base, lock_token, os_name, remove_segment,
    reserve, sweep, token_path,
};
use crate::{Error, Peer, park};

/// How a child finds the segment: see [`Segment::from_env`].
pub const SEGMENT_VARIABLE: &str = "CROSSPROCESS_SEGMENT";

/// Each sleep ends after this at the latest, unless [`Options::tick`] says otherwise.
pub const DEFAULT_TICK: Duration = Duration::from_millis(50);

/// Stored last when a segment is made; the low byte is the version of the layout.
const MAGIC: u64 = 0x6372_6f73_7370_7202;

/// Words that a segment has a multiple of. Other systems tell those who attach the size
/// in whole pages; the largest, of 16 KiB, are those of macOS.
const GRAIN: usize = if cfg!(target_os = "linux") { 1 } else { (16 << 10) / 8 };

/// Bytes of a name, at most.
pub(crate) const LONGEST_NAME: usize = 48;

/// Objects of a segment, at most.
const OBJECTS: usize = 256;

/// Where things are, counted in words of 64 bits from the beginning.
mod at {
    use super::{OBJECTS, SLOTS};

    /// `MAGIC`, once everything else is in place.
    pub const MAGIC: usize = 0;
    /// Size in bytes.
    pub const SIZE: usize = 1;
    /// Length of a tick, in microseconds.
    pub const TICK: usize = 2;
    /// The first word that belongs to no object.
    pub const FREE: usize = 3;
    /// How many objects there are; a store here creates one.
    pub const OBJECT_COUNT: usize = 4;
    /// How many slots have ever been used.
    pub const SLOT_COUNT: usize = 5;
    /// Two words of 32 bits: the mutex for creating objects, and nothing.
    pub const HALVES: usize = 8;
    /// For each slot: `generation << 1 | attached`.
    pub const SLOT: usize = 16;
    /// For each slot, its last eight process ids: `generation << 32 | pid`.
    pub const PIDS: usize = SLOT + SLOTS;
    pub const PIDS_EACH: usize = 8;
    /// The directory of objects.
    pub const OBJECTS_BEGIN: usize = PIDS + SLOTS * PIDS_EACH;
    pub const OBJECT_WORDS: usize = 12;
    /// The first word of the first object.
    pub const BEGIN: usize = OBJECTS_BEGIN + OBJECTS * OBJECT_WORDS;

    /// Within an object's entry: six words of name come first.
    pub const NAME_LEN: usize = 6;
    pub const KIND: usize = 7;
    pub const TYPE: usize = 8;
    pub const OFFSET: usize = 9;
    /// `words << 32 | halves`.
    pub const LENGTHS: usize = 10;
    pub const PARAMETER: usize = 11;
}

/// Shared memory that outlives any one process that uses it, with everything in it that
/// processes need to find each other and what they share.
///
/// Cloning gives another handle of the same attachment. When the last handle of a
/// process goes, the process leaves; when the last process leaves, the memory is freed.
/// If the last process is killed, the next [`Segment::create`] of the same user frees it.
///
/// Up to 64 processes can be attached at once, and 256 objects created; objects stay
/// until the segment goes. Do not `fork` without `exec` while attached: the copy keeps
/// the token locked, and the death of the original is seen only when the copy is gone
/// too. `std::process::Command` is safe.
///
/// Python: the part of `multiprocessing` that has no name there, shared semaphores and
/// heap; `resource_tracker` is the counterpart of the clean-up.
#[derive(Clone)]
pub struct Segment {
    inner: Arc<Inner>,
}

/// How to make a segment.
#[derive(Debug, Clone)]
pub struct Options {
    tick: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { tick: DEFAULT_TICK }
    }
}

impl Options {
    /// Those of [`Segment::create`].
    pub fn new() -> Self {
        Self::default()
    }

    /// How long a waiter sleeps before it asks whether those it waits for are alive: so
    /// much time a death costs it at most. Each tick costs it about 0.1 ms of work.
    pub fn tick(mut self, tick: Duration) -> Self {
        self.tick = tick;
        self
    }

    /// Creates a segment with room for `size` bytes of objects, and attaches to it.
    ///
    /// # Errors
    ///
    /// [`Error::NoMemory`] if the system has not so much shared memory: it is reserved
    /// here, as a page that is missing later would end the process with SIGBUS.
    /// [`Error::Io`] if the directory for tokens cannot be used.
    pub fn create(&self, size: usize) -> Result<Segment, Error> {
        Inner::create(size, self.tick).map(Segment::from)
    }
}

impl Segment {
    /// Creates a segment with room for `size` bytes of objects, and attaches to it.
    ///
    /// # Errors
    ///
    /// See [`Options::create`].
    pub fn create(size: usize) -> Result<Self, Error> {
        Options::new().create(size)
    }

    /// Attaches to the segment of this address.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`] if there is none, [`Error::Full`] if 64 processes are attached,
    /// [`Error::Corrupt`] if it is not a segment of this crate.
    pub fn attach(address: &str) -> Result<Self, Error> {
        Inner::attach(Path::new(address)).map(Self::from)
    }

    /// Attaches to the segment that the parent has put into the environment.
    ///
    /// # Errors
    ///
    /// [`Error::NoSegment`] if there is none; otherwise as [`Segment::attach`].
    pub fn from_env() -> Result<Self, Error> {
        match std::env::var(SEGMENT_VARIABLE) {
            Ok(address) => Self::attach(&address),
            Err(_) => Err(Error::NoSegment { variable: SEGMENT_VARIABLE }),
        }
    }

    /// What another process needs to attach.
    pub fn address(&self) -> &str {
        self.inner.dir.to_str().expect("checked when the segment was attached")
    }

    /// Puts the address into the environment of a child to come.
    pub fn pass_to<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env(SEGMENT_VARIABLE, self.address())
    }

    /// Frees the segments of this user whose processes are all dead. Returns how many.
    ///
    /// A segment with one live process is left alone. `create` does this as well.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the directory for tokens cannot be used.
    pub fn sweep() -> Result<usize, Error> {
        let base = base_dir()?;
        let _lock = lock_base(&base)?;
        Ok(sweep(&base))
    }

    /// This process, as others see it.
    pub fn me(&self) -> Peer {
        self.inner.peer(self.inner.me)
    }

    /// The processes that are attached; who has died unnoticed is among them.
    pub fn peers(&self) -> Vec<Peer> {
        let members =
            (0..self.inner.slots()).filter_map(|slot| self.inner.member(slot));
        members.map(|owner| self.inner.peer(owner)).collect()
    }

    /// Asks of every attached process whether it is alive, and gives back what the dead
    /// held, at once and not at the next tick. Returns the dead.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system does not answer.
    pub fn reap(&self) -> Result<Vec<Peer>, Error> {
        let mut dead = Vec::new();
        for slot in 0..self.inner.slots() {
            if let Some(owner) = self.inner.member(slot)
                && !self.inner.probe(owner)?
            {
                dead.push(self.inner.peer(owner));
            }
        }
        Ok(dead)
    }

    /// How long a waiter sleeps before it asks who is alive.
    pub fn tick(&self) -> Duration {
        self.inner.tick
    }

    /// Overwrites a word, for tests of what hostile content does.
    #[doc(hidden)]
    pub fn scribble(&self, word: usize, value: u64) {
        self.inner.mapping.words()[word].store(value, Relaxed);
    }

    #[inline]
    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// Creates an object, if there is none of this name. `init` writes its first state
    /// into memory that is all zero; before it returns, nobody can open the object.
    pub(crate) fn create_cell(
        &self,
        name: &str,
        shape: &Shape,
        init: impl FnOnce(&Cell) -> Result<(), Error>,
    ) -> Result<Cell, Error> {
        if name.is_empty() || name.len() > LONGEST_NAME {
            let why = format!("a name has 1 to {LONGEST_NAME} bytes: `{name}` has not");
            return Err(Error::Invalid(why));
        }
        let inner = &*self.inner;
        let halves = &inner.mapping.halves()[at::HALVES * 2..];
        let mutex = RawMutex::<Inner> { word: &halves[0] };
        mutex
            .lock(inner, Deadline::At(Instant::now() + PATIENCE), OnDeath::Inherit)
            .map_err(|missed| {
                Error::missed(missed, || format!("the directory of `{}`", inner.id()))
            })?;
        let result = self.create_locked(name, shape, init);
        mutex.unlock(inner);
        result
    }

    fn create_locked(
        &self,
        name: &str,
        shape: &Shape,
        init: impl FnOnce(&Cell) -> Result<(), Error>,
    ) -> Result<Cell, Error> {
        let inner = &*self.inner;
        let words = inner.mapping.words();
        let count = inner.object_count()?;
        let full = |what: String| Error::Full { segment: inner.id().into(), what };
        if (0..count).any(|index| inner.name_is(index, name)) {
            return Err(Error::Exists {
                segment: inner.id().into(),
                name: name.into(),
            });
        }
        if count == OBJECTS {
            return Err(full(format!("another object, `{name}`")));
        }
        // A cache line for each object, so that unrelated ones do not slow each other.
        let begin = (words[at::FREE].load(Relaxed) as usize).next_multiple_of(8);
        let end = begin
            .checked_add(shape.words)
            .and_then(|end| end.checked_add(shape.halves.div_ceil(2)))
            .filter(|&end| end <= words.len() && begin >= at::BEGIN)
            .ok_or_else(|| full(format!("{} `{name}`", shape.kind.name())))?;
        // Killed from here on, the words are lost, and nothing else.
        words[at::FREE].store(end as u64, Relaxed);
        // Room taken and never used holds zeros: nothing but `init` writes there.
        let cell = self.cell(name, shape, begin);
        init(&cell)?;

        let entry = &words[at::OBJECTS_BEGIN + count * at::OBJECT_WORDS..];
        for (place, bytes) in entry.iter().zip(name.as_bytes().chunks(8)) {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            place.store(u64::from_le_bytes(word), Relaxed);
        }
        entry[at::NAME_LEN].store(name.len() as u64, Relaxed);
        entry[at::KIND].store(shape.kind as u64, Relaxed);
        entry[at::TYPE].store(shape.content, Relaxed);
        entry[at::OFFSET].store(begin as u64, Relaxed);
        let lengths = (shape.words as u64) << 32 | shape.halves as u64;
        entry[at::LENGTHS].store(lengths, Relaxed);
        entry[at::PARAMETER].store(shape.parameter, Relaxed);
        // Release: pairs with the Acquire in `object_count`.
        words[at::OBJECT_COUNT].store(count as u64 + 1, Release);
        Ok(cell)
    }

    /// Opens the object of this name, if it is of this kind and content.
    pub(crate) fn open_cell(
        &self,
        name: &str,
        kind: Kind,
        content: u64,
    ) -> Result<Cell, Error> {
        let inner = &*self.inner;
        let count = inner.object_count()?;
        let index =
            (0..count).find(|&index| inner.name_is(index, name)).ok_or_else(|| {
                Error::NotFound {
                    segment: inner.id().into(),
                    object: format!("{} `{name}`", kind.name()),
                }
            })?;
        let words = inner.mapping.words();
        let entry = &words[at::OBJECTS_BEGIN + index * at::OBJECT_WORDS..];
        let field = |at: usize| entry[at].load(Relaxed);
        let found = Kind::from_word(field(at::KIND));
        if found != Some(kind) || field(at::TYPE) != content {
            let other = match found {
                Some(found) if found == kind => {
                    format!("{} of another type", kind.name())
                }
                Some(found) => found.name().into(),
                None => "thing unknown".into(),
            };
            return Err(Error::WrongKind {
                name: name.into(),
                expected: kind.name().into(),
                found: other,
            });
        }
        let shape = Shape {
            kind,
            content,
            words: (field(at::LENGTHS) >> 32) as usize,
            halves: field(at::LENGTHS) as u32 as usize,
            parameter: field(at::PARAMETER),
        };
        let begin = field(at::OFFSET) as usize;
        let end = begin.checked_add(shape.words + shape.halves.div_ceil(2));
        if begin < at::BEGIN || end.is_none_or(|end| end > words.len()) {
            return Err(Error::Corrupt {
                object: format!("{} `{name}`", kind.name()),
                detail: "it reaches beyond the segment".into(),
            });
        }
        Ok(self.cell(name, &shape, begin))
    }

    fn cell(&self, name: &str, shape: &Shape, begin: usize) -> Cell {
        Cell {
            segment: self.clone(),
            name: name.into(),
            kind: shape.kind,
            parameter: shape.parameter,
            words: begin..begin + shape.words,
            halves: (begin + shape.words) * 2..(begin + shape.words) * 2 + shape.halves,
        }
    }
}

impl From<Inner> for Segment {
    fn from(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment")
            .field("id", &self.inner.id())
            .field("me", &self.me())
            .finish_non_exhaustive()
    }
}

/// One attachment of this process.
pub(crate) struct Inner {
    mapping: Mapping,
    me: Owner,
    /// Where the tokens are; its name is the name of the shared memory too.
    dir: PathBuf,
    /// Held, locked, for as long as this process is attached.
    token: Option<File>,
    tick: Duration,
}

impl Inner {
    fn create(size: usize, tick: Duration) -> Result<Self, Error> {
        let words = size
            .div_ceil(8)
            .checked_add(at::BEGIN)
            .and_then(|words| words.checked_next_multiple_of(GRAIN))
            .filter(|&words| words < isize::MAX as usize / 8)
            .ok_or_else(|| Error::Invalid(format!("{size} bytes are too many")))?;
        let micros = u64::try_from(tick.as_micros()).unwrap_or(u64::MAX).max(1);
        let base = base_dir()?;
        let _lock = lock_base(&base)?;
        sweep(&base);

        let id = fresh_id();
        let dir = base.join(&id);
        fs::create_dir(&dir)
            .map_err(Error::io(format!("create directory {}", dir.display())))?;
        let made = Self::make(&dir, &id, words, micros);
        if made.is_err() {
            remove_segment(&dir);
        }
        let (mapping, me, token) = made?;
        Ok(Self { mapping, me, dir, token: Some(token), tick })
    }

    fn make(
        dir: &Path,
        id: &str,
        words: usize,
        tick_micros: u64,
    ) -> Result<(Mapping, Owner, File), Error> {
        let me = Owner::new(0, 1);
        let token = lock_token(dir, me)?;
        let size = words * 8;
        let no_memory = |source: io::Error| Error::NoMemory { size, source };
        let mapping = Mapping::create(&os_name(id), size)
            .map_err(|error| no_memory(io::Error::other(error)))?;
        reserve(id, size).map_err(no_memory)?;

        let header = mapping.words();
        header[at::SIZE].store(size as u64, Relaxed);
        header[at::TICK].store(tick_micros, Relaxed);
        header[at::FREE].store(at::BEGIN as u64, Relaxed);
        enter(header, me);
        // Release: pairs with the Acquire in `attach`.
        header[at::MAGIC].store(MAGIC, Release);
        Ok((mapping, me, token))
    }

    fn attach(dir: &Path) -> Result<Self, Error> {
        let id = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let gone = || Error::Gone { segment: dir.display().to_string() };
        let base = dir.parent().filter(|_| dir.is_dir()).ok_or_else(gone)?;
        let _lock = lock_base(base)?;
        // Once more under the lock: a sweep may have come first.
        if !dir.is_dir() || dir.to_str().is_none() {
            return Err(gone());
        }
        let mapping = Mapping::open(&os_name(id)).map_err(|_| gone())?;
        let header = mapping.words();
        let corrupt = |detail: &str| Error::Corrupt {
            object: format!("segment `{id}`"),
            detail: detail.into(),
        };
        if mapping.len() < at::BEGIN || header[at::MAGIC].load(Acquire) != MAGIC {
            return Err(corrupt("it was not made by this version of the crate"));
        }
        if header[at::SIZE].load(Relaxed) != mapping.len() as u64 * 8 {
            return Err(corrupt("it has not the size it was made with"));
        }
        let tick = Duration::from_micros(header[at::TICK].load(Relaxed).max(1));

        let mut this =
            Self { mapping, me: Owner(0), dir: dir.to_path_buf(), token: None, tick };
        this.me = this.free_slot()?;
        this.token = Some(lock_token(dir, this.me)?);
        enter(this.mapping.words(), this.me);
        Ok(this)
    }

    /// A slot nobody is in, with the generation to come.
    fn free_slot(&self) -> Result<Owner, Error> {
        for slot in 0..SLOTS {
            if let Some(owner) = self.member(slot)
                && self.probe(owner)?
            {
                continue;
            }
            let word = self.mapping.words()[at::SLOT + slot].load(Acquire);
            let generation = (word >> 1) + 1;
            if generation < 1 << GENERATION_BITS {
                return Ok(Owner::new(slot, generation as u32));
            }
        }
        let what = "another process".into();
        Err(Error::Full { segment: self.id().into(), what })
    }

    #[inline]
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    pub fn id(&self) -> &str {
        self.dir.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    pub fn peer(&self, owner: Owner) -> Peer {
        let pid = owner.slot().and_then(|slot| {
            let index = at::PIDS
                + slot * at::PIDS_EACH
                + owner.generation() as usize % at::PIDS_EACH;
            let word = self.mapping.words()[index].load(Relaxed);
            (word >> 32 == u64::from(owner.generation())).then_some(word as u32)
        });
        Peer::new(owner, pid)
    }

    fn object_count(&self) -> Result<usize, Error> {
        let count = self.mapping.words()[at::OBJECT_COUNT].load(Acquire) as usize;
        if count > OBJECTS {
            return Err(Error::Corrupt {
                object: format!("segment `{}`", self.id()),
                detail: format!("it says it has {count} objects"),
            });
        }
        Ok(count)
    }

    fn name_is(&self, index: usize, name: &str) -> bool {
        let words = self.mapping.words();
        let entry = &words[at::OBJECTS_BEGIN + index * at::OBJECT_WORDS..];
        let same_len = entry[at::NAME_LEN].load(Relaxed) == name.len() as u64;
        same_len
            && entry.iter().zip(name.as_bytes().chunks(8)).all(|(word, bytes)| {
                word.load(Relaxed).to_le_bytes().starts_with(bytes)
            })
    }

    fn slot_word(&self, slot: usize) -> &AtomicU64 {
        &self.mapping.words()[at::SLOT + slot]
    }

    /// Takes `who` out of the table. The exchange is the one commit of a death.
    fn remove(&self, who: Owner) {
        let Some(slot) = who.slot() else { return };
        let attached = u64::from(who.generation()) << 1 | 1;
        let _ = self.slot_word(slot).compare_exchange(
            attached,
            attached & !1,
            SeqCst,
            Relaxed,
        );
        // Whoever dies before this leaves a file that goes with the directory.
        let _ = fs::remove_file(token_path(&self.dir, who));
    }
}

impl World for Inner {
    type A32 = AtomicU32;
    type A64 = AtomicU64;

    #[inline]
    fn me(&self) -> Owner {
        self.me
    }

    #[inline]
    fn slots(&self) -> usize {
        (self.mapping.words()[at::SLOT_COUNT].load(Acquire) as usize).min(SLOTS)
    }

    #[inline]
    fn member(&self, slot: usize) -> Option<Owner> {
        let word = self.slot_word(slot).load(Acquire);
        let generation = word >> 1;
        let attached = word & 1 == 1 && generation < 1 << GENERATION_BITS;
        attached.then(|| Owner::new(slot, generation as u32))
    }

    fn probe(&self, who: Owner) -> Result<bool, Error> {
        if who == self.me {
            return Ok(true);
        }
        let Some(slot) = who.slot() else { return Ok(false) };
        if self.member(slot) != Some(who) {
            return Ok(false);
        }
        let path = token_path(&self.dir, who);
        let asked = || format!("ask whether {} is alive", self.peer(who));
        let token = match File::open(&path) {
            Ok(token) => token,
            // Whoever removes a token has taken its owner out of the table before.
            Err(_) if self.member(slot) != Some(who) => return Ok(false),
            Err(error) => {
                return Err(Error::io(format!("{}: {}", asked(), path.display()))(
                    error,
                ));
            }
        };
        // Shared: those who ask at the same time do not take each other for the owner.
        match token.try_lock_shared() {
            Ok(()) => {
                self.remove(who);
                Ok(false)
            }
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(Error::io(asked())(error)),
        }
    }

    #[inline]
    fn park(&self, word: &AtomicU32, expected: u32, until: Deadline) -> Parked {
        park::park(word, expected, self.tick, until)
    }

    #[inline]
    fn wake(&self, word: &AtomicU32, count: u32) {
        park::wake(word, count);
    }

    fn spin(&self, round: &mut u32) -> bool {
        // Measured: without the yields, a queue of small messages on two cores passes
        // 1.7 million messages a second, with them 7 to 12 million.
        const YIELDS: u32 = 10;
        // A yield that takes longer has lost the core to somebody with work for it: ten of
        // these are longer than a tick, which is what a death may cost.
        const TURN: Duration = Duration::from_millis(1);
        *round += 1;
        if *round <= SPINS {
            std::hint::spin_loop();
        } else if *round <= SPINS + YIELDS {
            let begun = Instant::now();
            thread::yield_now();
            if begun.elapsed() > TURN {
                *round = SPINS + YIELDS;
            }
        } else {
            return false;
        }
        true
    }

    #[inline]
    fn fence(&self) {
        fence(SeqCst);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // An attachment that never entered has nothing to leave.
        if self.token.is_none() {
            return;
        }
        // Without the lock of the base directory the memory may stay behind, for the
        // next sweep to find; leaving must not fail, and must not take long.
        let base = self.dir.parent().map(lock_base);
        self.remove(self.me);
        self.token = None;
        let somebody = (0..self.slots()).any(|slot| {
            self.member(slot).is_some_and(|owner| self.probe(owner).unwrap_or(true))
        });
        if !somebody && matches!(base, Some(Ok(_))) {
            remove_segment(&self.dir);
        }
    }
}

/// Writes `me` into the table. The last store is the commit.
fn enter(header: &[AtomicU64], me: Owner) {
    let slot = me.slot().expect("made from a slot");
    let generation = u64::from(me.generation());
    let index = at::PIDS + slot * at::PIDS_EACH + generation as usize % at::PIDS_EACH;
    let pid = u64::from(std::process::id());
    header[index].store(generation << 32 | pid, Relaxed);
    header[at::SLOT_COUNT].fetch_max(slot as u64 + 1, Release);
    header[at::SLOT + slot].store(generation << 1 | 1, SeqCst);
}
