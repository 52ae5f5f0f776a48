//! A cell that is written once in every execution, also when it is a static.
//!
//! This is one of the five modules that contain `unsafe`.
#![allow(unsafe_code)]

use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::kernel::with;

/// Holds the value made outside explorations, and one for each execution.
///
/// A static lives through all executions of an exploration, and references to
/// the values of earlier ones may be kept anywhere for `'static`. So those
/// values stay until the cell itself is dropped.
pub(super) struct Fresh<T> {
    pub(super) real: OnceLock<T>,
    /// The execution that wrote `real`, or 0 for code outside explorations.
    writer: AtomicU32,
    /// Values of later executions. Invariant: entries are only ever appended
    /// through `&self`, so a box stays where it is as long as the cell is shared.
    later: Mutex<Vec<(u32, Box<T>)>>,
}

impl<T> Fresh<T> {
    pub(super) const fn new() -> Self {
        Self {
            real: OnceLock::new(),
            writer: AtomicU32::new(0),
            later: Mutex::new(Vec::new()),
        }
    }

    fn real_is_current(&self, epoch: u32) -> bool {
        // Relaxed: the threads of one exploration share one OS thread.
        let writer = self.writer.load(Ordering::Relaxed);
        writer == 0 || writer == epoch
    }

    /// The value of the running execution.
    pub(super) fn get(&self) -> Option<&T> {
        let epoch = with(|x| x.epoch);
        if self.real_is_current(epoch) {
            return self.real.get();
        }
        let later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, value) = later.iter().rev().find(|(e, _)| *e == epoch)?;
        let value = ptr::from_ref::<T>(value);
        // SAFETY: the box is owned by `later`, from which nothing is removed while
        // the cell is borrowed: that needs `&mut self`. Moving the box when the
        // vector grows leaves the value in place.
        Some(unsafe { &*value })
    }

    /// Sets the value of the running execution, which has none yet.
    pub(super) fn set(&self, value: T) -> Result<(), T> {
        let epoch = with(|x| x.epoch);
        if self.real.get().is_none() {
            self.writer.store(epoch, Ordering::Relaxed);
            return self.real.set(value);
        }
        if self.get().is_some() {
            return Err(value);
        }
        let mut later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        later.push((epoch, Box::new(value)));
        Ok(())
    }

    /// Takes the value of the running execution out.
    pub(super) fn take(&mut self) -> Option<T> {
        let epoch = with(|x| x.epoch);
        if self.real_is_current(epoch) {
            self.writer.store(0, Ordering::Relaxed);
            return self.real.take();
        }
        let later = self.later.get_mut().unwrap_or_else(PoisonError::into_inner);
        let index = later.iter().rposition(|(e, _)| *e == epoch)?;
        Some(*later.remove(index).1)
    }

    pub(super) fn get_mut(&mut self) -> Option<&mut T> {
        let epoch = with(|x| x.epoch);
        if self.real_is_current(epoch) {
            return self.real.get_mut();
        }
        let later = self.later.get_mut().unwrap_or_else(PoisonError::into_inner);
        let (_, value) = later.iter_mut().rev().find(|(e, _)| *e == epoch)?;
        Some(value)
    }
}

/// Copies an initialiser that a later execution needs again.
///
/// The closure of a static is always a function pointer, as its type must be named.
pub(super) fn copied<F>(init: &F) -> Option<F> {
    if !std::any::type_name::<F>().starts_with("fn(") {
        return None;
    }
    // SAFETY: a type whose name begins like this is a function pointer (the name
    // of any other type begins with a path, a bracket or a keyword), and function
    // pointers are `Copy`, so both copies may be used.
    Some(unsafe { ptr::read(init) })
}
