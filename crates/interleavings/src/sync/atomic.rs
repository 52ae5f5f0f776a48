//! What [`std::sync::atomic`] offers, modelled inside an exploration.
//!
//! Inside, an atomic keeps the history of its stores, and a load may return an
//! old one where its ordering allows that; see the crate's documentation.
//! Raw access past the model (`as_ptr`, `from_ptr`) is not offered.

use std::fmt;
use std::panic::{Location, RefUnwindSafe};
use std::sync::atomic as real;

pub use std::sync::atomic::{Ordering, compiler_fence};

use crate::kernel::atomics::{self, Target};
use crate::kernel::ids::{Loc, ModelId};
use crate::kernel::{active, threads};

/// A fence between memory accesses, as [`std::sync::atomic::fence`].
#[inline]
#[track_caller]
pub fn fence(order: Ordering) {
    if active() {
        assert!(
            order != Ordering::Relaxed,
            "there is no such thing as a relaxed fence"
        );
        atomics::fence(order, Location::caller());
    } else {
        real::fence(order);
    }
}

/// Tells the processor that this thread waits in a loop.
#[deprecated(note = "use hint::spin_loop instead")]
#[track_caller]
pub fn spin_loop_hint() {
    crate::hint::spin_loop();
}

/// The ordering of a failed update, as std derives it.
fn failure_of(order: Ordering) -> Ordering {
    match order {
        Ordering::Release => Ordering::Relaxed,
        Ordering::AcqRel => Ordering::Acquire,
        order => order,
    }
}

fn refuse_for_load(order: Ordering) {
    match order {
        Ordering::Release => panic!("there is no such thing as a release load"),
        Ordering::AcqRel => panic!("there is no such thing as an acquire-release load"),
        _ => {}
    }
}

fn refuse_for_store(order: Ordering) {
    match order {
        Ordering::Acquire => panic!("there is no such thing as an acquire store"),
        Ordering::AcqRel => {
            panic!("there is no such thing as an acquire-release store")
        }
        _ => {}
    }
}

/// What all atomic types have: everything but arithmetic.
macro_rules! common {
    ($name:ident $(<$p:ident>)?, $value:ty, $to:expr, $from:expr, $show:expr) => {
        impl $(<$p>)? RefUnwindSafe for $name $(<$p>)? {}

        impl $(<$p>)? $name $(<$p>)? {
            /// Makes an atomic with this value.
            #[must_use]
            #[inline]
            #[track_caller]
            pub const fn new(value: $value) -> Self {
                Self { id: ModelId::new(), real: real::$name::new(value) }
            }

            fn bits_of(value: $value) -> u64 {
                let to: fn($value) -> u64 = $to;
                to(value)
            }

            fn value_of(bits: u64) -> $value {
                let from: fn(u64) -> $value = $from;
                from(bits)
            }

            fn target(&self) -> Target<'_> {
                Target {
                    id: &self.id,
                    type_name: stringify!($name),
                    // Relaxed: in an exploration nobody changes the real value.
                    initial: Self::bits_of(self.real.load(Ordering::Relaxed)),
                    show: $show,
                }
            }

            fn change(
                &self,
                order: (Ordering, Ordering),
                weak: bool,
                at: Loc,
                mut f: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                let mut f = |old| f(Self::value_of(old)).map(Self::bits_of);
                atomics::update(&self.target(), order.0, order.1, weak, at, &mut f)
                    .map(Self::value_of)
                    .map_err(Self::value_of)
            }

            fn always(
                &self,
                order: Ordering,
                at: Loc,
                mut f: impl FnMut($value) -> $value,
            ) -> $value {
                match self.change((order, order), false, at, |old| Some(f(old))) {
                    Ok(old) | Err(old) => old,
                }
            }

            /// The value, as `&mut self` proves that nobody else is at it.
            #[inline]
            pub fn get_mut(&mut self) -> &mut $value {
                if active() && let Some(value) = atomics::newest(&self.id) {
                    *self.real.get_mut() = Self::value_of(value);
                    self.id.forget();
                }
                self.real.get_mut()
            }

            /// The value.
            #[inline]
            pub fn into_inner(mut self) -> $value {
                *self.get_mut()
            }

            /// Reads the value.
            ///
            /// # Panics
            ///
            /// When `order` is `Release` or `AcqRel`.
            #[inline]
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                if active() {
                    refuse_for_load(order);
                    let at = Location::caller();
                    Self::value_of(atomics::load(&self.target(), order, at))
                } else {
                    self.real.load(order)
                }
            }

            /// Writes a value.
            ///
            /// # Panics
            ///
            /// When `order` is `Acquire` or `AcqRel`.
            #[inline]
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                if active() {
                    refuse_for_store(order);
                    let at = Location::caller();
                    atomics::store(&self.target(), Self::bits_of(value), order, at);
                } else {
                    self.real.store(value, order);
                }
            }

            /// Writes a value and returns the one before.
            #[inline]
            #[track_caller]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                if active() {
                    self.always(order, Location::caller(), |_| value)
                } else {
                    self.real.swap(value, order)
                }
            }

            /// Writes `new` if the value is `current`; returns the one before.
            #[inline]
            #[track_caller]
            #[deprecated(note = "Use `compare_exchange` or `compare_exchange_weak` instead")]
            pub fn compare_and_swap(
                &self,
                current: $value,
                new: $value,
                order: Ordering,
            ) -> $value {
                match self.compare_exchange(current, new, order, failure_of(order)) {
                    Ok(old) | Err(old) => old,
                }
            }

            /// Writes `new` if the value is `current`.
            ///
            /// # Errors
            ///
            /// The value, when it is another one.
            #[inline]
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                if active() {
                    refuse_for_load(failure);
                    self.change((success, failure), false, Location::caller(), |old| {
                        (old == current).then_some(new)
                    })
                } else {
                    self.real.compare_exchange(current, new, success, failure)
                }
            }

            /// As [`Self::compare_exchange`], but may fail for no reason.
            ///
            /// # Errors
            ///
            /// The value, also when it is `current`.
            #[inline]
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                if active() {
                    refuse_for_load(failure);
                    self.change((success, failure), true, Location::caller(), |old| {
                        (old == current).then_some(new)
                    })
                } else {
                    self.real.compare_exchange_weak(current, new, success, failure)
                }
            }

            /// Replaces the value by what `f` makes of it, again if it has
            /// changed in the meantime.
            ///
            /// # Errors
            ///
            /// The value, when `f` returns `None`.
            #[inline]
            #[track_caller]
            pub fn fetch_update<F>(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut f: F,
            ) -> Result<$value, $value>
            where
                F: FnMut($value) -> Option<$value>,
            {
                let mut old = self.load(fetch_order);
                while let Some(new) = f(old) {
                    match self.compare_exchange_weak(old, new, set_order, fetch_order) {
                        done @ Ok(_) => return done,
                        Err(newer) => old = newer,
                    }
                }
                Err(old)
            }

            /// As [`Self::fetch_update`], under its newer name.
            ///
            /// # Errors
            ///
            /// The value, when `f` returns `None`.
            #[inline]
            #[track_caller]
            pub fn try_update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                f: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                self.fetch_update(set_order, fetch_order, f)
            }

            /// Replaces the value by what `f` makes of it; returns the one before.
            #[inline]
            #[track_caller]
            pub fn update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut f: impl FnMut($value) -> $value,
            ) -> $value {
                let always = |old| Some(f(old));
                match self.fetch_update(set_order, fetch_order, always) {
                    Ok(old) | Err(old) => old,
                }
            }
        }

        impl $(<$p>)? From<$value> for $name $(<$p>)? {
            #[track_caller]
            fn from(value: $value) -> Self {
                Self::new(value)
            }
        }

        impl $(<$p>)? fmt::Debug for $name $(<$p>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if !active() {
                    return self.real.fmt(f);
                }
                let bits =
                    atomics::load(&self.target(), Ordering::Relaxed, threads::here());
                Self::value_of(bits).fmt(f)
            }
        }
    };
}

/// One arithmetic operation: fetch it, compute, store.
macro_rules! fetch {
    ($value:ty, $($method:ident $says:literal $f:expr;)*) => {
        $(
            #[doc = concat!($says, "; returns the value before.")]
            #[inline]
            #[track_caller]
            pub fn $method(&self, value: $value, order: Ordering) -> $value {
                if active() {
                    let f: fn($value, $value) -> $value = $f;
                    self.always(order, Location::caller(), |old| f(old, value))
                } else {
                    self.real.$method(value, order)
                }
            }
        )*
    };
}

/// An integer in the report. The largest one of its type mostly stands for something
/// else, and beyond 32 bits two numbers are mostly packed into one.
fn number(value: i128, max: i128, type_name: &str) -> String {
    if value == max && max > i128::from(u16::MAX) {
        return format!("{type_name}::MAX");
    }
    if value <= i128::from(u32::MAX) {
        return value.to_string();
    }
    let digits = format!("{value:x}");
    let mut text = String::from("0x");
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(4) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

macro_rules! integers {
    ($($name:ident $value:ident,)*) => {
        $(
            #[doc = concat!("An integer that threads share, as [`std::sync::atomic::", stringify!($name), "`].")]
            pub struct $name {
                id: ModelId,
                real: real::$name,
            }

            common!(
                $name,
                $value,
                |value| value as u64,
                |bits| bits as $value,
                |bits| number(
                    (bits as $value) as i128,
                    $value::MAX as i128,
                    stringify!($value)
                )
            );

            impl Default for $name {
                #[track_caller]
                fn default() -> Self {
                    Self::new($value::default())
                }
            }

            impl $name {
                fetch! {
                    $value,
                    fetch_add "Adds, wrapping around" |old, n| old.wrapping_add(n);
                    fetch_sub "Subtracts, wrapping around" |old, n| old.wrapping_sub(n);
                    fetch_and "Bitwise and" |old, n| old & n;
                    fetch_nand "Bitwise not-and" |old, n| !(old & n);
                    fetch_or "Bitwise or" |old, n| old | n;
                    fetch_xor "Bitwise exclusive or" |old, n| old ^ n;
                    fetch_max "Keeps the larger value" |old, n| old.max(n);
                    fetch_min "Keeps the smaller value" |old, n| old.min(n);
                }
            }
        )*
    };
}

integers! {
    AtomicI8 i8, AtomicI16 i16, AtomicI32 i32, AtomicI64 i64, AtomicIsize isize,
    AtomicU8 u8, AtomicU16 u16, AtomicU32 u32, AtomicU64 u64, AtomicUsize usize,
}

/// A Boolean that threads share, as [`std::sync::atomic::AtomicBool`].
pub struct AtomicBool {
    id: ModelId,
    real: real::AtomicBool,
}

common!(AtomicBool, bool, |value| u64::from(value), |bits| bits != 0, |bits| (bits
    != 0)
    .to_string());

impl Default for AtomicBool {
    #[track_caller]
    fn default() -> Self {
        Self::new(false)
    }
}

impl AtomicBool {
    fetch! {
        bool,
        fetch_and "Logical and" |old, value| old & value;
        fetch_nand "Logical not-and" |old, value| !(old & value);
        fetch_or "Logical or" |old, value| old | value;
        fetch_xor "Logical exclusive or" |old, value| old ^ value;
    }

    /// Turns the value around; returns the one before.
    #[inline]
    #[track_caller]
    pub fn fetch_not(&self, order: Ordering) -> bool {
        self.fetch_xor(true, order)
    }
}

/// A raw pointer that threads share, as [`std::sync::atomic::AtomicPtr`].
pub struct AtomicPtr<T> {
    id: ModelId,
    real: real::AtomicPtr<T>,
}

common!(
    AtomicPtr<T>,
    *mut T,
    |value| value.expose_provenance() as u64,
    |bits| std::ptr::with_exposed_provenance_mut(bits as usize),
    |bits| if bits == 0 { "null".to_owned() } else { format!("{bits:#x}") }
);

impl<T> Default for AtomicPtr<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(std::ptr::null_mut())
    }
}

impl<T> fmt::Pointer for AtomicPtr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Pointer::fmt(&self.load(Ordering::Relaxed), f)
    }
}
