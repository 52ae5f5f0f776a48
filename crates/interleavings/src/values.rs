//! Shows the values behind locks in a recorded schedule, where that is cheap.
//!
//! A lock's type is not known to implement `Debug`, and stable Rust cannot ask.
//! The types that small programs guard most often are recognised by name. This is
//! one of the three modules that contain `unsafe`.
#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::fmt::Debug;
use std::ptr;

use crate::kernel::{active, with};

/// Longer texts are cut: a lane is a few columns wide.
const LONGEST: usize = 40;

/// The value as text, in a recorded schedule and for a known type.
pub(crate) fn shown<T: ?Sized>(value: &T) -> Option<String> {
    if !active() || !with(|x| x.recording) {
        return None;
    }
    let name = std::any::type_name::<T>();
    macro_rules! known {
        ($($t:ty),* $(,)?) => {
            $(if name == std::any::type_name::<$t>() {
                return view::<T, $t>(value).map(short);
            })*
        };
    }
    known!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);
    known!(bool, char, f32, f64, String, &'static str);
    known!(Vec<u8>, Vec<u32>, Vec<u64>, Vec<usize>, Vec<i32>, Vec<i64>, Vec<String>);
    known!(VecDeque<u8>, VecDeque<u32>, VecDeque<u64>, VecDeque<usize>, VecDeque<i32>);
    known!(Option<u8>, Option<u32>, Option<u64>, Option<usize>, Option<i32>);
    known!(Option<bool>, Option<String>, (u32, u32), (usize, usize), (i32, i32));
    known!(Vec<bool>, [bool; 2], [u32; 2], [usize; 2], [i32; 2], (bool, u32));
    None
}

/// The value as a `K`, when its size and alignment agree with the name.
fn view<'a, T: ?Sized, K>(value: &'a T) -> Option<&'a K> {
    if size_of_val(value) != size_of::<K>() || align_of_val(value) != align_of::<K>() {
        return None;
    }
    // SAFETY: the caller compared the type names. A type of the reader's has a path
    // in its name, and the types asked for are primitives, or std's containers of
    // primitives, which no path of another crate can spell; so T is K. The
    // lifetime of the result is that of `value`.
    Some(unsafe { &*ptr::from_ref(value).cast::<K>() })
}

fn short(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}
