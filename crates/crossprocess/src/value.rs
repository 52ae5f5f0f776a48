//! Values and arrays that processes share, without a lock to think of.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Duration;

use crate::cell::{Cell, Kind, Shape};
use crate::plain::{self, Plain, content_of};
use crate::raw::Deadline;
use crate::raw::mutex::{OnDeath, RawMutex};
use crate::segment::Inner;
use crate::{Error, Segment};

/// A value that processes read and replace as a whole.
///
/// Each operation happens at once for everybody: nobody sees half a value, no update is
/// lost. A process killed inside leaves the old value or the new one, and delays the
/// others by a tick at most.
///
/// Against [`Lock`](crate::Lock): nothing to hold, and so nobody who could die holding
/// it; for one value, this is enough. Against the atomics of std: any [`Plain`] type.
/// Python: `multiprocessing.Value`, where `v.value += 1` loses updates in spite of the
/// lock inside, numbers overflow silently, and a killed process can leave it locked.
pub struct Value<T> {
    /// Words: the value, twice. Halves: the mutex.
    cell: Cell,
    _value: PhantomData<fn() -> T>,
}

impl<T: Plain> Value<T> {
    const VALUE: usize = plain::words_of_twice::<T>();

    /// Creates a value in a segment, under a name that nothing there has yet.
    ///
    /// # Errors
    ///
    /// As [`Lock::create`](crate::Lock::create).
    pub fn create(segment: &Segment, name: &str, value: T) -> Result<Self, Error> {
        let shape = Shape {
            kind: Kind::Value,
            content: content_of::<T>(),
            words: Self::VALUE,
            halves: 1,
            parameter: 0,
        };
        let cell = segment.create_cell(name, &shape, |cell| {
            plain::store(cell.words(0..Self::VALUE), &value);
            Ok(())
        })?;
        Ok(Self { cell, _value: PhantomData })
    }

    /// Opens a value that another process has created.
    ///
    /// # Errors
    ///
    /// As [`Lock::open`](crate::Lock::open).
    pub fn open(segment: &Segment, name: &str) -> Result<Self, Error> {
        let cell = segment.open_cell(name, Kind::Value, content_of::<T>())?;
        let cell = cell.expect(Self::VALUE, 1)?;
        Ok(Self { cell, _value: PhantomData })
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] if a process wrote what is no value of this type.
    pub fn get(&self) -> Result<T, Error> {
        let _held = Held::take(&self.cell)?;
        self.load()
    }

    /// Replaces the value.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system does not say who is alive.
    pub fn set(&self, value: T) -> Result<(), Error> {
        let _held = Held::take(&self.cell)?;
        plain::store(self.cell.words(0..Self::VALUE), &value);
        Ok(())
    }

    /// Changes the value by `change`, which nobody can come in between of. Others wait
    /// meanwhile. A panic in there changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Value::get`].
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R, Error> {
        self.update_until(Deadline::Never, change)
    }

    /// As [`Value::update`]; blocks for `limit` at most until nobody else is at it. With
    /// `|value| *value` it reads, with `|value| *value = new` it writes.
    ///
    /// The other operations have no limit, as there is little to wait for: nobody holds
    /// a value longer than a `change` takes.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`]; otherwise as [`Value::get`].
    pub fn update_timeout<R>(
        &self,
        limit: Duration,
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<R, Error> {
        self.update_until(Deadline::after(limit), change)
    }

    fn update_until<R>(
        &self,
        until: Deadline,
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<R, Error> {
        let _held = Held::take_until(&self.cell, until)?;
        let mut value = self.load()?;
        let result = change(&mut value);
        plain::store(self.cell.words(0..Self::VALUE), &value);
        Ok(result)
    }

    /// Replaces the value. Returns the one before.
    ///
    /// # Errors
    ///
    /// As [`Value::get`].
    pub fn replace(&self, value: T) -> Result<T, Error> {
        self.update(|place| std::mem::replace(place, value))
    }

    fn load(&self) -> Result<T, Error> {
        plain::load(self.cell.words(0..Self::VALUE))
            .ok_or_else(|| self.cell.corrupt("not a value of its type"))
    }
}

impl<T> fmt::Debug for Value<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Value").field("name", &self.cell.name()).finish_non_exhaustive()
    }
}

/// In the word of changes under way: there is one.
const UNDER_WAY: u64 = 1 << 63;

/// Elements that processes read and replace, one by one or all at once.
///
/// Each operation happens at once for everybody, [`Array::update`] of all elements too.
/// A change is written down first, and then made: if its process is killed in between,
/// the next to come completes it.
///
/// Python: `multiprocessing.Array`; its slices copy, and only while its lock is held
/// are several elements consistent.
pub struct Array<T> {
    /// Words: the change under way, `UNDER_WAY | first element << 31 | elements`, or 0;
    /// the elements; the new elements of the change. Halves: the mutex.
    cell: Cell,
    _value: PhantomData<fn() -> T>,
}

impl<T: Plain> Array<T> {
    const EACH: usize = plain::words_of::<T>();

    /// Creates an array in a segment, under a name that nothing there has yet. It takes
    /// twice the memory of its elements.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for 2^31 elements or more; otherwise as
    /// [`Lock::create`](crate::Lock::create).
    pub fn create(
        segment: &Segment,
        name: &str,
        elements: &[T],
    ) -> Result<Self, Error> {
        if elements.len() >= 1 << 31 {
            let why = format!("array `{name}` cannot have {} elements", elements.len());
            return Err(Error::Invalid(why));
        }
        let shape = Shape {
            kind: Kind::Array,
            content: content_of::<T>(),
            words: 1 + 2 * Self::EACH * elements.len(),
            halves: 1,
            parameter: elements.len() as u64,
        };
        let cell = segment.create_cell(name, &shape, |cell| {
            for (index, element) in elements.iter().enumerate() {
                plain::write(cell.words(Self::place(index..index + 1)), element);
            }
            Ok(())
        })?;
        Ok(Self { cell, _value: PhantomData })
    }

    /// Opens an array that another process has created.
    ///
    /// # Errors
    ///
    /// As [`Lock::open`](crate::Lock::open).
    pub fn open(segment: &Segment, name: &str) -> Result<Self, Error> {
        let cell = segment.open_cell(name, Kind::Array, content_of::<T>())?;
        let words = usize::try_from(cell.parameter)
            .ok()
            .filter(|&len| len < 1 << 31)
            .map_or(usize::MAX, |len| 1 + 2 * Self::EACH * len);
        let cell = cell.expect(words, 1)?;
        Ok(Self { cell, _value: PhantomData })
    }

    /// How many elements it has, always.
    pub fn len(&self) -> usize {
        self.cell.parameter as usize
    }

    /// True if it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at `index`; `None` beyond the end.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] if a process wrote what is no value of this type.
    pub fn get(&self, index: usize) -> Result<Option<T>, Error> {
        if index >= self.len() {
            return Ok(None);
        }
        let _held = self.take()?;
        self.load(index).map(Some)
    }

    /// Replaces the element at `index`; false beyond the end.
    ///
    /// # Errors
    ///
    /// As [`Array::get`].
    pub fn set(&self, index: usize, value: T) -> Result<bool, Error> {
        Ok(self.update_at(index, |place| *place = value)?.is_some())
    }

    /// Changes the element at `index`; `None` beyond the end.
    ///
    /// # Errors
    ///
    /// As [`Array::get`].
    pub fn update_at<R>(
        &self,
        index: usize,
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<Option<R>, Error> {
        if index >= self.len() {
            return Ok(None);
        }
        let _held = self.take()?;
        let mut element = self.load(index)?;
        let result = change(&mut element);
        self.store(index, &[element])?;
        Ok(Some(result))
    }

    /// All elements, as they are at one moment.
    ///
    /// # Errors
    ///
    /// As [`Array::get`].
    pub fn snapshot(&self) -> Result<Vec<T>, Error> {
        let _held = self.take()?;
        self.load_all()
    }

    /// Changes all elements at once. A panic in there changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Array::get`].
    pub fn update<R>(&self, change: impl FnOnce(&mut [T]) -> R) -> Result<R, Error> {
        self.update_until(Deadline::Never, change)
    }

    /// As [`Array::update`]; blocks for `limit` at most until nobody else is at it. With
    /// `|all| all.to_vec()` it reads.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`]; otherwise as [`Array::get`].
    pub fn update_timeout<R>(
        &self,
        limit: Duration,
        change: impl FnOnce(&mut [T]) -> R,
    ) -> Result<R, Error> {
        self.update_until(Deadline::after(limit), change)
    }

    fn update_until<R>(
        &self,
        until: Deadline,
        change: impl FnOnce(&mut [T]) -> R,
    ) -> Result<R, Error> {
        let _held = self.take_until(until)?;
        let mut elements = self.load_all()?;
        let result = change(&mut elements);
        self.store(0, &elements)?;
        Ok(result)
    }

    /// Takes the mutex, and completes what its last owner may have left under way.
    fn take(&self) -> Result<Held<'_>, Error> {
        self.take_until(Deadline::Never)
    }

    fn take_until(&self, until: Deadline) -> Result<Held<'_>, Error> {
        let held = Held::take_until(&self.cell, until)?;
        // Acquire: pairs with the Release in `store`.
        let change = self.cell.word(0).load(Acquire);
        if change != 0 {
            self.complete(change)?;
        }
        Ok(held)
    }

    fn load(&self, index: usize) -> Result<T, Error> {
        plain::read(self.cell.words(Self::place(index..index + 1)))
            .ok_or_else(|| self.cell.corrupt("not a value of its type"))
    }

    fn load_all(&self) -> Result<Vec<T>, Error> {
        (0..self.len()).map(|index| self.load(index)).collect()
    }

    fn store(&self, first: usize, elements: &[T]) -> Result<(), Error> {
        let places = self.cell.words(self.new_elements(0..elements.len()));
        for (place, element) in places.chunks(Self::EACH.max(1)).zip(elements) {
            plain::write(place, element);
        }
        let change = UNDER_WAY | (first as u64) << 31 | elements.len() as u64;
        // Release: pairs with the Acquire in `take`. The commit.
        self.cell.word(0).store(change, Release);
        self.complete(change)
    }

    /// Makes a change that was written down; doing so twice does no harm.
    fn complete(&self, change: u64) -> Result<(), Error> {
        let first = (change & !UNDER_WAY) as usize >> 31;
        let count = change as usize & ((1 << 31) - 1);
        if change & UNDER_WAY == 0 || first + count > self.len() {
            return Err(self.cell.corrupt("a change under way is none"));
        }
        let from = self.cell.words(self.new_elements(0..count));
        let to = self.cell.words(Self::place(first..first + count));
        for (from, to) in from.iter().zip(to) {
            to.store(from.load(Relaxed), Relaxed);
        }
        // Release: who sees that the change is over sees what it made.
        self.cell.word(0).store(0, Release);
        Ok(())
    }

    fn place(elements: Range<usize>) -> Range<usize> {
        1 + elements.start * Self::EACH..1 + elements.end * Self::EACH
    }

    fn new_elements(&self, elements: Range<usize>) -> Range<usize> {
        let begin = 1 + self.len() * Self::EACH;
        begin + elements.start * Self::EACH..begin + elements.end * Self::EACH
    }
}

impl<T> fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Array")
            .field("name", &self.cell.name())
            .field("len", &self.cell.parameter)
            .finish_non_exhaustive()
    }
}

/// The mutex of a value or an array, which is the first of its halves, for a moment.
struct Held<'a>(&'a Cell);

impl<'a> Held<'a> {
    fn take(cell: &'a Cell) -> Result<Self, Error> {
        Self::take_until(cell, Deadline::Never)
    }

    fn take_until(cell: &'a Cell, until: Deadline) -> Result<Self, Error> {
        let mutex = RawMutex::<Inner> { word: cell.half(0) };
        mutex
            .lock(cell.world(), until, OnDeath::Inherit)
            .map_err(|missed| Error::missed(missed, || cell.object()))?;
        Ok(Self(cell))
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        RawMutex::<Inner> { word: self.0.half(0) }.unlock(self.0.world());
    }
}
