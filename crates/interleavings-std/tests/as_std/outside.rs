//! Outside of an exploration the types do what std documents.
//!
//! The programs follow the examples in std's documentation. Here `std` is this
//! package, as in a learner's tests.
//!
//! Source: the pages of std::sync, std::sync::atomic, std::sync::mpsc, std::thread.

use interleavings_std as std;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::atomic::{
    AtomicBool, AtomicI32, AtomicPtr, AtomicU8, AtomicUsize, Ordering, fence,
};
use std::sync::mpsc::{
    RecvTimeoutError, TryRecvError, TrySendError, channel, sync_channel,
};
use std::sync::{
    Arc, Barrier, Condvar, LazyLock, Mutex, MutexGuard, Once, OnceLock, PoisonError,
    RwLock, RwLockWriteGuard, TryLockError,
};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn mutex_counts_up_to_n() {
    const N: usize = 10;
    let data = Arc::new(Mutex::new(0));
    let (tx, rx) = channel();
    for _ in 0..N {
        let (data, tx) = (Arc::clone(&data), tx.clone());
        thread::spawn(move || {
            let mut data = data.lock().unwrap();
            *data += 1;
            if *data == N {
                tx.send(()).unwrap();
            }
        });
    }
    rx.recv().unwrap();
    assert_eq!(*data.lock().unwrap(), N);
}

#[test]
fn mutex_recovers_from_poison() {
    let lock = Arc::new(Mutex::new(0_u32));
    let lock2 = Arc::clone(&lock);
    let _ = thread::spawn(move || -> () {
        let _guard = lock2.lock().unwrap();
        panic!();
    })
    .join();
    assert!(lock.is_poisoned());
    let mut guard = match lock.lock() {
        Ok(guard) => guard,
        Err(poisoned) => poisoned.into_inner(),
    };
    *guard += 1;
    assert!(matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
    drop(guard);
    lock.clear_poison();
    assert!(!lock.is_poisoned());
    let lock = Arc::into_inner(lock).unwrap();
    assert_eq!(lock.into_inner().unwrap(), 1);
}

#[test]
fn mutex_formats_and_converts_as_std_does() {
    let mutex = Mutex::from(5);
    assert_eq!(format!("{mutex:?}"), "Mutex { data: 5, poisoned: false, .. }");
    let guard = mutex.lock().unwrap();
    assert_eq!(format!("{guard:?} {guard}"), "5 5");
    let real = ::std::sync::Mutex::new(5);
    let _locked = real.lock().unwrap();
    assert_eq!(format!("{mutex:?}"), format!("{real:?}"));
    let unsized_one: &Mutex<[i32]> = &Mutex::new([1, 2, 3]);
    assert_eq!(unsized_one.lock().unwrap().len(), 3);
    let mut own = Mutex::<String>::default();
    own.get_mut().unwrap().push('x');
    assert_eq!(own.into_inner().unwrap(), "x");
}

#[test]
fn traits_are_those_of_std() {
    fn sends<T: Send>() {}
    fn shares<T: Sync>() {}
    sends::<Mutex<Cell<u8>>>();
    shares::<Mutex<Cell<u8>>>();
    shares::<MutexGuard<'_, u8>>();
    shares::<RwLock<u8>>();
    sends::<std::sync::mpsc::Sender<Cell<u8>>>();
    shares::<std::sync::mpsc::Sender<Cell<u8>>>();
    sends::<std::sync::mpsc::Receiver<Cell<u8>>>();
    shares::<OnceLock<u8>>();
    shares::<LazyLock<u8>>();
    sends::<thread::JoinHandle<u8>>();
    shares::<thread::Thread>();
    shares::<AtomicPtr<Cell<u8>>>();
}

#[test]
fn rwlock_has_many_readers_or_one_writer() {
    let lock = RwLock::new(5);
    {
        let r1 = lock.read().unwrap();
        let r2 = lock.read().unwrap();
        assert_eq!((*r1, *r2), (5, 5));
        assert!(lock.try_write().is_err());
    }
    let mut w = lock.write().unwrap();
    *w += 1;
    assert!(lock.try_read().is_err());
    let r = RwLockWriteGuard::downgrade(w);
    assert_eq!((*r, *lock.try_read().unwrap()), (6, 6));
}

#[test]
fn condvar_waits_for_a_flag() {
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let pair2 = Arc::clone(&pair);
    let setter = thread::spawn(move || {
        let (lock, cvar) = &*pair2;
        *lock.lock().unwrap() = true;
        cvar.notify_one();
    });
    let (lock, cvar) = &*pair;
    let started = cvar.wait_while(lock.lock().unwrap(), |started| !*started).unwrap();
    assert!(*started);
    drop(started);
    setter.join().unwrap();
    let (_guard, end) = cvar
        .wait_timeout_while(lock.lock().unwrap(), Duration::from_millis(5), |started| {
            *started
        })
        .unwrap();
    assert!(end.timed_out());
}

#[test]
fn barrier_names_one_leader() {
    let barrier = Arc::new(Barrier::new(4));
    let handles: Vec<_> = (0..4)
        .map(|_| {
            let barrier = barrier.clone();
            thread::spawn(move || barrier.wait().is_leader())
        })
        .collect();
    let leaders = handles.into_iter().filter(|_| true).map(|h| h.join().unwrap());
    assert_eq!(leaders.filter(|leader| *leader).count(), 1);
}

#[test]
fn once_and_its_relatives_run_once() {
    static START: Once = Once::new();
    static CELL: OnceLock<String> = OnceLock::new();
    static MAP: LazyLock<HashMap<i32, &str>> =
        LazyLock::new(|| HashMap::from([(13, "Spica"), (74, "Hoyten")]));
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| {
                START.call_once(|| {
                    RUNS.fetch_add(1, Ordering::Relaxed);
                });
                assert_eq!(CELL.get_or_init(|| "made".to_owned()), "made");
                assert_eq!(MAP.get(&13), Some(&"Spica"));
            });
        }
    });
    assert!(START.is_completed());
    START.wait();
    assert_eq!(CELL.wait(), "made");
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
    assert_eq!(CELL.set("other".to_owned()), Err("other".to_owned()));
    let mut cell = OnceLock::from(3);
    assert_eq!(cell.clone(), cell);
    assert_eq!(
        format!("{cell:?} {:?}", OnceLock::<u8>::new()),
        "OnceLock(3) OnceLock(<uninit>)"
    );
    assert_eq!(cell.take(), Some(3));
    assert_eq!(cell.into_inner(), None);
}

#[test]
fn channels_pass_messages_and_ends() {
    let (tx, rx) = channel();
    for id in 0..3 {
        let tx = tx.clone();
        thread::spawn(move || tx.send(id).unwrap());
    }
    drop(tx);
    let mut got: Vec<_> = rx.iter().collect();
    got.sort_unstable();
    assert_eq!(got, [0, 1, 2]);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));

    let (tx, rx) = sync_channel(1);
    tx.send(1).unwrap();
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    assert_eq!(rx.recv(), Ok(1));
    assert_eq!(rx.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
    drop(rx);
    assert!(tx.send(3).is_err());

    let (tx, rx) = sync_channel::<i32>(0);
    let sender = thread::spawn(move || tx.send(53).unwrap());
    assert_eq!(rx.into_iter().collect::<Vec<_>>(), [53]);
    sender.join().unwrap();
}

#[test]
fn atomics_compute_as_std_documents() {
    let n = AtomicI32::new(0);
    assert_eq!(n.fetch_add(10, Ordering::SeqCst), 0);
    assert_eq!(n.fetch_sub(3, Ordering::SeqCst), 10);
    assert_eq!(n.fetch_max(42, Ordering::SeqCst), 7);
    assert_eq!(n.swap(5, Ordering::AcqRel), 42);
    let swapped = n.compare_exchange(5, 6, Ordering::Acquire, Ordering::Relaxed);
    assert_eq!(swapped, Ok(5));
    let failed = n.compare_exchange(5, 7, Ordering::Acquire, Ordering::Relaxed);
    assert_eq!(failed, Err(6));
    let doubled = n.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |x| Some(2 * x));
    assert_eq!((doubled, n.into_inner()), (Ok(6), 12));
    let counter = AtomicI32::new(1);
    let tripled = counter.update(Ordering::SeqCst, Ordering::SeqCst, |x| 3 * x);
    let none = counter.try_update(Ordering::SeqCst, Ordering::SeqCst, |_| None);
    assert_eq!((tripled, none), (1, Err(3)));
    let mut lazy = LazyLock::new(|| 92);
    assert_eq!(LazyLock::get(&lazy), None);
    *LazyLock::force_mut(&mut lazy) += 1;
    assert_eq!((*lazy, LazyLock::get_mut(&mut lazy)), (93, Some(&mut 93)));
    let flag = AtomicBool::new(true);
    assert!(flag.fetch_and(false, Ordering::SeqCst));
    assert!(!flag.fetch_not(Ordering::SeqCst));
    fence(Ordering::SeqCst);
    assert_eq!(format!("{flag:?}"), "true");
    assert_eq!(AtomicU8::new(0b11).fetch_nand(0b01, Ordering::Relaxed), 0b11);
    let mut value = 5;
    let pointer = AtomicPtr::new(&raw mut value);
    assert_eq!(pointer.load(Ordering::Relaxed), &raw mut value);
}

std::thread_local! {
    static FOO: RefCell<u32> = const { RefCell::new(1) };
    static BAR: Cell<u32> = const { Cell::new(2) };
}

#[test]
fn thread_locals_belong_to_one_thread() {
    FOO.set(2);
    BAR.replace(7);
    thread::spawn(|| {
        assert_eq!(FOO.with_borrow(|v| *v), 1);
        FOO.with_borrow_mut(|v| *v = 3);
        assert_eq!(BAR.get(), 2);
    })
    .join()
    .unwrap();
    assert_eq!((FOO.take(), BAR.take()), (2, 7));
}

#[test]
fn threads_spawn_park_and_scope() {
    let parked = thread::Builder::new()
        .name("parked".to_owned())
        .stack_size(64 * 1024)
        .spawn(|| {
            thread::park();
            thread::park_timeout(Duration::from_millis(1));
            thread::current().name().map(str::to_owned)
        })
        .unwrap();
    parked.thread().unpark();
    assert_eq!(parked.join().unwrap().as_deref(), Some("parked"));

    let mut a = vec![1, 2, 3];
    let mut x = 0;
    thread::scope(|s| {
        let sum = s.spawn(|| a.iter().sum::<i32>());
        s.spawn(|| x += 1);
        assert_eq!(sum.join().unwrap(), 6);
    });
    a.push(4 + x);
    assert_eq!(a.len(), 4);
    assert!(thread::available_parallelism().unwrap().get() >= 1);
    assert!(!thread::panicking());
    thread::yield_now();
}

#[test]
fn instants_measure_real_time() {
    let now = Instant::now();
    thread::sleep(Duration::from_millis(2));
    assert!(now.elapsed() >= Duration::from_millis(2));
    let later = now + Duration::from_secs(1);
    assert_eq!(later - now, Duration::from_secs(1));
    assert_eq!(now.checked_duration_since(later), None);
}

#[test]
fn a_poisoned_guard_can_be_mapped_away() {
    let lock = Mutex::new(1);
    let guard: Result<MutexGuard<'_, i32>, PoisonError<MutexGuard<'_, i32>>> =
        lock.lock();
    assert_eq!(guard.map(|g| *g).unwrap_or(0), 1);
}
