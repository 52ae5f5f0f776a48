//! The objects of pthread, in memory that forked children share.

use std::io;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

/// A value in memory that a process and its forked children share.
pub struct Shared<T> {
    /// Points to a mapping of `size_of::<T>()` bytes that is never unmapped.
    place: NonNull<T>,
}

impl<T> Shared<T> {
    /// Zeroed memory, which `init` makes a value of.
    pub fn new(init: impl FnOnce(*mut T)) -> Self {
        let (protection, flags) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
        );
        // SAFETY: with a null hint the system picks a range that nobody uses.
        let place = unsafe {
            libc::mmap(ptr::null_mut(), size_of::<T>(), protection, flags, -1, 0)
        };
        assert_ne!(place, libc::MAP_FAILED, "{}", io::Error::last_os_error());
        let place = NonNull::new(place.cast()).expect("a mapping is not at 0");
        init(place.as_ptr());
        Self { place }
    }

    pub fn get(&self) -> *mut T {
        self.place.as_ptr()
    }
}

fn check(result: i32) -> i32 {
    assert!(
        matches!(result, 0 | libc::EOWNERDEAD),
        "{}",
        io::Error::from_raw_os_error(result)
    );
    result
}

/// A robust mutex that protects a number, as a program in C would have it.
pub struct Robust {
    pub mutex: Shared<libc::pthread_mutex_t>,
    number: Shared<u64>,
}

impl Robust {
    pub fn new() -> Self {
        let mutex = Shared::new(|place| {
            let mut attributes = MaybeUninit::uninit();
            // SAFETY: the attributes are initialised first, and `place` is ours alone.
            unsafe {
                check(libc::pthread_mutexattr_init(attributes.as_mut_ptr()));
                let attributes = attributes.as_mut_ptr();
                check(libc::pthread_mutexattr_setpshared(attributes, 1));
                check(libc::pthread_mutexattr_setrobust(attributes, 1));
                check(libc::pthread_mutex_init(place, attributes));
            }
        });
        Self { mutex, number: Shared::new(|_| {}) }
    }

    /// True if its last holder died with it.
    pub fn lock(&self) -> bool {
        // SAFETY: initialised in `new`.
        let died = check(unsafe { libc::pthread_mutex_lock(self.mutex.get()) }) != 0;
        if died {
            // SAFETY: held, as the call before says.
            check(unsafe { libc::pthread_mutex_consistent(self.mutex.get()) });
        }
        died
    }

    pub fn unlock(&self) {
        // SAFETY: only called by who holds it.
        check(unsafe { libc::pthread_mutex_unlock(self.mutex.get()) });
    }

    pub fn add_one(&self) {
        self.lock();
        // SAFETY: the mutex is held, so nobody else uses the number.
        unsafe { *self.number.get() += 1 };
        self.unlock();
    }
}

/// A condition variable between processes.
pub struct Condition(Shared<libc::pthread_cond_t>);

impl Condition {
    pub fn new() -> Self {
        Self(Shared::new(|place| {
            let mut attributes = MaybeUninit::uninit();
            // SAFETY: the attributes are initialised first, and `place` is ours alone.
            unsafe {
                check(libc::pthread_condattr_init(attributes.as_mut_ptr()));
                check(libc::pthread_condattr_setpshared(attributes.as_mut_ptr(), 1));
                check(libc::pthread_cond_init(place, attributes.as_ptr()));
            }
        }))
    }

    pub fn wait(&self, held: &Robust) {
        // SAFETY: both are initialised, and the mutex is held.
        check(unsafe { libc::pthread_cond_wait(self.0.get(), held.mutex.get()) });
    }

    pub fn notify_all(&self) {
        // SAFETY: initialised in `new`.
        check(unsafe { libc::pthread_cond_broadcast(self.0.get()) });
    }
}

/// A semaphore of POSIX between processes.
pub struct Semaphore(Shared<libc::sem_t>);

impl Semaphore {
    pub fn new(permits: u32) -> Self {
        Self(Shared::new(|place| {
            // SAFETY: `place` is ours alone.
            assert_eq!(unsafe { libc::sem_init(place, 1, permits) }, 0);
        }))
    }

    pub fn acquire(&self) {
        // SAFETY: initialised in `new`. No signal is handled here, so it does not fail.
        assert_eq!(unsafe { libc::sem_wait(self.0.get()) }, 0);
    }

    pub fn release(&self) {
        // SAFETY: initialised in `new`.
        assert_eq!(unsafe { libc::sem_post(self.0.get()) }, 0);
    }
}

/// A barrier of pthread between processes.
pub struct Barrier(Shared<libc::pthread_barrier_t>);

impl Barrier {
    pub fn new(parties: u32) -> Self {
        Self(Shared::new(|place| {
            let mut attributes = MaybeUninit::uninit();
            // SAFETY: the attributes are initialised first, and `place` is ours alone.
            unsafe {
                check(libc::pthread_barrierattr_init(attributes.as_mut_ptr()));
                check(libc::pthread_barrierattr_setpshared(attributes.as_mut_ptr(), 1));
                check(libc::pthread_barrier_init(place, attributes.as_ptr(), parties));
            }
        }))
    }

    pub fn wait(&self) {
        // SAFETY: initialised in `new`. One of the waiters gets another number than 0.
        unsafe { libc::pthread_barrier_wait(self.0.get()) };
    }
}
