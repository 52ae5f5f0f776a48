//! Shows the values behind locks in a recorded schedule, where that is cheap.
//!
//! A lock's type is not known to implement `Debug`, and stable Rust cannot ask.
//! The types that small programs guard most often are recognised by name; the same
//! ones are put back to their first value when a lock, as one in a static does,
//! outlives an execution. This is one of the five modules that contain `unsafe`.
#![allow(unsafe_code)]

use std::any::Any;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ptr;

use crate::kernel::ids::ModelId;
use crate::kernel::locks::first_use;
use crate::kernel::{active, with};

/// Longer texts are cut: a lane is a few columns wide.
const LONGEST: usize = 40;

/// Locks that are remembered; a body that makes more is none of an exercise's size.
const MOST_FIRST_VALUES: usize = 4_096;

/// Does something for each type that is recognised.
macro_rules! known {
    ($do:ident) => {
        known!($do: u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);
        known!($do: bool, char, f32, f64, String);
        known!($do: Vec<u8>, Vec<u32>, Vec<u64>, Vec<usize>, Vec<i32>, Vec<String>);
        known!($do: VecDeque<u8>, VecDeque<u32>, VecDeque<u64>, VecDeque<usize>);
        known!($do: VecDeque<i32>, VecDeque<String>, Vec<i64>, Vec<bool>);
        known!($do: Option<u8>, Option<u32>, Option<u64>, Option<usize>, Option<i32>);
        known!($do: Option<bool>, Option<char>, Option<String>);
        known!($do: (u32, u32), (usize, usize), (i32, i32), (bool, u32));
        known!($do: [bool; 2], [u32; 2], [usize; 2], [i32; 2]);
    };
    ($do:ident: $($t:ty),*) => {
        $($do!($t);)*
    };
}

/// The value as text, in a recorded schedule and for a known type.
pub(crate) fn shown<T: ?Sized>(value: &T) -> Option<String> {
    if !active() || !with(|x| x.recording) {
        return None;
    }
    macro_rules! show {
        ($t:ty) => {
            if let Some(value) = view::<T, $t>(value) {
                return Some(short(value));
            }
        };
    }
    known!(show);
    None
}

/// A number that stands for the value, for a known type: equal values have the same.
pub(crate) fn fingerprint<T: ?Sized>(value: &T) -> Option<u64> {
    macro_rules! print {
        ($t:ty) => {
            if let Some(value) = view::<T, $t>(value) {
                let mut hasher = DefaultHasher::new();
                // As text, since `f64` is not `Hash`; this is asked of few values.
                format!("{value:?}").hash(&mut hasher);
                return Some(hasher.finish());
            }
        };
    }
    known!(print);
    None
}

/// Puts a value that outlives the execution back to what it was at first.
///
/// To be called for every use of a lock; only the first in an execution matters.
pub(crate) fn refresh<T: ?Sized>(id: &ModelId, value: &mut T) {
    let Some(outlived) = first_use(id) else { return };
    let key = ptr::from_ref(id).addr();
    if !outlived {
        if let Some(first) = copied(value) {
            with(|x| {
                if x.first_values.len() < MOST_FIRST_VALUES {
                    x.first_values.insert(key, first);
                }
            });
        }
        return;
    }
    let first = with(|x| x.first_values.remove(&key));
    match first {
        Some(first) => {
            put_back(value, &*first);
            with(|x| x.first_values.insert(key, first));
        }
        None => with(|x| {
            if !x.stats.carried_over.contains(&id.made_at) {
                x.stats.carried_over.push(id.made_at);
            }
        }),
    }
}

fn copied<T: ?Sized>(value: &T) -> Option<Box<dyn Any>> {
    macro_rules! copy {
        ($t:ty) => {
            if let Some(value) = view::<T, $t>(value) {
                return Some(Box::new(value.clone()));
            }
        };
    }
    known!(copy);
    None
}

fn put_back<T: ?Sized>(value: &mut T, first: &dyn Any) {
    macro_rules! put {
        ($t:ty) => {
            if let Some(first) = first.downcast_ref::<$t>()
                && let Some(value) = view_mut::<T, $t>(value)
            {
                value.clone_from(first);
            }
        };
    }
    known!(put);
}

/// Whether `T` is `K`, by name, size and alignment.
///
/// A type of the reader's has a path in its name, and the types asked for are
/// primitives, or std's containers of primitives, which no path of another crate
/// can spell. None of them holds a reference, whose lifetime a name does not tell.
fn is<T: ?Sized, K>(value: &T) -> bool {
    size_of_val(value) == size_of::<K>()
        && align_of_val(value) == align_of::<K>()
        && std::any::type_name::<T>() == std::any::type_name::<K>()
}

fn view<T: ?Sized, K>(value: &T) -> Option<&K> {
    // SAFETY: `is` has found that T is K, so a reference to the one is a reference
    // to the other; the result lives as long as `value`.
    is::<T, K>(value).then(|| unsafe { &*ptr::from_ref(value).cast::<K>() })
}

fn view_mut<T: ?Sized, K>(value: &mut T) -> Option<&mut K> {
    // SAFETY: as in `view`; `value` is borrowed mutably for as long as the result.
    is::<T, K>(value).then(|| unsafe { &mut *ptr::from_mut(value).cast::<K>() })
}

fn short(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}
