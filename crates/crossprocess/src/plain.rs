//! Values that can live in shared memory, and how they get there unharmed.

use std::any;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use bytemuck::{CheckedBitPattern, NoUninit};

/// A type whose values mean the same in every process: numbers, `bool`, `char`, arrays,
/// and structs and enums of these, without padding, pointers, `String` or `Vec`.
///
/// It is implemented for every type that is [`NoUninit`] and [`CheckedBitPattern`];
/// both can be derived, with the feature `derive` of the crate `bytemuck`. The compiler
/// refuses a struct with gaps between its fields: what is in them would leak into
/// memory that others read. What another process wrote is checked when it is read, so
/// that a `bool` of 7 is an error and not undefined.
pub trait Plain: NoUninit + CheckedBitPattern + Send + Sync {}

impl<T: NoUninit + CheckedBitPattern + Send + Sync> Plain for T {}

/// Tells types apart: by name and size, so by the sources both programs are built from.
pub(crate) fn content_of<T>() -> u64 {
    // FNV-1a; the name of a type is the same in all processes of one program.
    let name = any::type_name::<T>().bytes();
    let bytes = name.chain((size_of::<T>() as u64).to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Words for one value.
pub(crate) const fn words_of<T>() -> usize {
    size_of::<T>().div_ceil(8)
}

/// Words for a value that is replaced as a whole: see [`store`].
pub(crate) const fn words_of_twice<T>() -> usize {
    1 + 2 * words_of::<T>()
}

/// Reads a value from as many words as it needs; `None` if these are not its bits.
#[inline]
pub(crate) fn read<T: Plain>(places: &[AtomicU64]) -> Option<T> {
    fn read_from<T: Plain>(places: &[AtomicU64], buffer: &mut [u64]) -> Option<T> {
        for (word, place) in buffer.iter_mut().zip(places) {
            // Relaxed: a lock orders the accesses to what it protects.
            *word = place.load(Relaxed);
        }
        let bytes = &bytemuck::cast_slice::<u64, u8>(buffer)[..size_of::<T>()];
        bytemuck::checked::try_pod_read_unaligned(bytes).ok()
    }
    match words_of::<T>() {
        0 => read_from(places, &mut []),
        1 => read_from(places, &mut [0; 1]),
        2..=4 => read_from(places, &mut [0; 4][..words_of::<T>()]),
        5..=32 => read_from(places, &mut [0; 32][..words_of::<T>()]),
        words => read_from(places, &mut vec![0; words]),
    }
}

#[inline]
pub(crate) fn write<T: Plain>(places: &[AtomicU64], value: &T) {
    let (whole, rest) = bytemuck::bytes_of(value).as_chunks::<8>();
    for (place, bytes) in places.iter().zip(whole) {
        place.store(u64::from_ne_bytes(*bytes), Relaxed);
    }
    if !rest.is_empty() {
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        places[whole.len()].store(u64::from_ne_bytes(last), Relaxed);
    }
}

/// Reads the value that was stored last. The caller holds a lock on it.
///
/// The words are a switch, 0 or 1, and two copies; the switch says which one counts.
#[inline]
pub(crate) fn load<T: Plain>(words: &[AtomicU64]) -> Option<T> {
    let size = words_of::<T>();
    // Acquire: pairs with the Release in `store`, of an owner that died before it could
    // unlock.
    match words[0].load(Acquire) {
        which @ (0 | 1) => {
            let begin = 1 + which as usize * size;
            read(&words[begin..begin + size])
        }
        _ => None,
    }
}

/// Replaces the value, as a whole: killed at any instruction of this, the old value is
/// there, or the new one. The caller holds a lock on it.
#[inline]
pub(crate) fn store<T: Plain>(words: &[AtomicU64], value: &T) {
    let size = words_of::<T>();
    let other = 1 - (words[0].load(Relaxed) & 1);
    let begin = 1 + other as usize * size;
    write(&words[begin..begin + size], value);
    // Release: pairs with the Acquire in `load`. The commit.
    words[0].store(other, Release);
}
