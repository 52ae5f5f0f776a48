use std::cell::{Cell, RefCell};
use std::fmt;
use std::ptr;
use std::rc::Rc;
use std::thread::AccessError;

use crate::kernel::{active, with};

/// A value of which every thread has its own, as [`std::thread::LocalKey`].
///
/// It is made by [`thread_local!`](crate::thread_local).
pub struct LocalKey<T: 'static> {
    real: std::thread::LocalKey<T>,
    init: fn() -> T,
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    pub const fn __new(real: std::thread::LocalKey<T>, init: fn() -> T) -> Self {
        Self { real, init }
    }

    /// The modelled thread's value, made at its first use.
    fn modelled(&'static self) -> Rc<T> {
        // A key is a static, so its address is its identity.
        let key = ptr::from_ref(self).addr();
        let known = with(|x| {
            let locals = &x.thread().locals;
            locals.iter().find(|(k, _)| *k == key).map(|(_, value)| value.clone())
        });
        if let Some(Ok(value)) = known.map(Rc::downcast::<T>) {
            return value;
        }
        let value = Rc::new((self.init)());
        let kept = value.clone();
        with(|x| x.thread().locals.push((key, kept)));
        value
    }

    /// Runs `f` on this thread's value.
    ///
    /// # Panics
    ///
    /// When the value is being dropped, or was.
    pub fn with<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        if active() { f(&self.modelled()) } else { self.real.with(f) }
    }

    /// Runs `f` on this thread's value.
    ///
    /// # Errors
    ///
    /// When the value is being dropped, or was.
    pub fn try_with<F, R>(&'static self, f: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        if active() { Ok(f(&self.modelled())) } else { self.real.try_with(f) }
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// Replaces this thread's value.
    pub fn set(&'static self, value: T) {
        self.with(|cell| cell.set(value));
    }

    /// A copy of this thread's value.
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// Takes this thread's value and leaves the default.
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// Replaces this thread's value and returns the one before.
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    /// Runs `f` on a shared borrow of this thread's value.
    ///
    /// # Panics
    ///
    /// When the value is mutably borrowed.
    pub fn with_borrow<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        self.with(|cell| f(&cell.borrow()))
    }

    /// Runs `f` on a mutable borrow of this thread's value.
    ///
    /// # Panics
    ///
    /// When the value is borrowed.
    pub fn with_borrow_mut<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&mut T) -> R,
    {
        self.with(|cell| f(&mut cell.borrow_mut()))
    }

    /// Replaces this thread's value.
    ///
    /// # Panics
    ///
    /// When the value is borrowed.
    pub fn set(&'static self, value: T) {
        self.with(|cell| *cell.borrow_mut() = value);
    }

    /// Takes this thread's value and leaves the default.
    ///
    /// # Panics
    ///
    /// When the value is borrowed.
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// Replaces this thread's value and returns the one before.
    ///
    /// # Panics
    ///
    /// When the value is borrowed.
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// Declares values of which every thread has its own, as [`std::thread_local!`].
#[macro_export]
macro_rules! thread_local {
    () => {};
    ($(#[$meta:meta])* $vis:vis static $name:ident: $t:ty = const $init:block;
     $($rest:tt)*) => {
        $crate::thread_local!(@one $(#[$meta])* $vis $name, $t, $init);
        $crate::thread_local!($($rest)*);
    };
    ($(#[$meta:meta])* $vis:vis static $name:ident: $t:ty = const $init:block) => {
        $crate::thread_local!(@one $(#[$meta])* $vis $name, $t, $init);
    };
    ($(#[$meta:meta])* $vis:vis static $name:ident: $t:ty = $init:expr;
     $($rest:tt)*) => {
        $crate::thread_local!(@one $(#[$meta])* $vis $name, $t, $init);
        $crate::thread_local!($($rest)*);
    };
    ($(#[$meta:meta])* $vis:vis static $name:ident: $t:ty = $init:expr) => {
        $crate::thread_local!(@one $(#[$meta])* $vis $name, $t, $init);
    };
    (@one $(#[$meta:meta])* $vis:vis $name:ident, $t:ty, $init:expr) => {
        $(#[$meta])*
        $vis static $name: $crate::thread::LocalKey<$t> = {
            fn __init() -> $t {
                $init
            }
            $crate::__real::thread_local! { static REAL: $t = __init(); }
            $crate::thread::LocalKey::__new(REAL, __init)
        };
    };
}
