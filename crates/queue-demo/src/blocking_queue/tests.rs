use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use super::*;

const MOMENT: Duration = Duration::from_millis(20);

fn bounded(capacity: usize) -> FifoQueue<u32> {
    FifoQueue::bounded(NonZeroUsize::new(capacity).unwrap())
}

#[test]
fn every_item_comes_out_once() {
    let queue = bounded(3);
    let mut taken = thread::scope(|scope| {
        let takers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    std::iter::from_fn(|| queue.take().ok()).collect::<Vec<_>>()
                })
            })
            .collect();
        let putters: Vec<_> = (0..4)
            .map(|putter| {
                let queue = &queue;
                scope.spawn(move || {
                    for number in 0..250 {
                        queue.put(putter * 250 + number).unwrap();
                        assert!(queue.len() <= 3);
                    }
                })
            })
            .collect();
        putters.into_iter().for_each(|putter| putter.join().unwrap());
        queue.close();
        takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect::<Vec<_>>()
    });
    taken.sort_unstable();
    assert_eq!(taken, (0..1000).collect::<Vec<_>>());
}

#[test]
fn put_waits_until_somebody_takes() {
    let queue = bounded(1);
    queue.put(1).unwrap();
    thread::scope(|scope| {
        let (done, when_done) = mpsc::channel();
        let queue = &queue;
        scope.spawn(move || {
            queue.put(2).unwrap();
            done.send(()).unwrap();
        });
        assert!(when_done.try_recv().is_err(), "put went past the capacity");
        assert_eq!(queue.take(), Ok(1));
        when_done.recv().unwrap();
        assert_eq!(queue.take(), Ok(2));
    });
}

#[test]
fn without_waiting_full_and_empty_are_errors() {
    let queue = bounded(1);
    assert_eq!(queue.try_take(), Err(TakeError::Empty));
    assert_eq!(queue.try_put(1), Ok(()));
    assert_eq!(queue.try_put(2), Err(PutError::Full(2)));
    assert_eq!(queue.try_take(), Ok(1));
}

#[test]
fn a_limited_wait_lasts_at_least_the_limit() {
    let queue = bounded(1);
    let start = Instant::now();
    assert_eq!(queue.take_timeout(MOMENT), Err(TakeError::Empty));
    assert!(start.elapsed() >= MOMENT);

    queue.put(1).unwrap();
    let start = Instant::now();
    assert_eq!(queue.put_timeout(2, MOMENT), Err(PutError::Full(2)));
    assert!(start.elapsed() >= MOMENT);
}

#[test]
fn a_limited_wait_ends_as_soon_as_it_can() {
    let queue = bounded(1);
    let ages = Duration::from_secs(3600);
    thread::scope(|scope| {
        let taker = scope.spawn(|| queue.take_timeout(ages));
        queue.put_timeout(1, ages).unwrap();
        assert_eq!(taker.join().unwrap(), Ok(1));
    });
}

#[test]
fn close_lets_out_what_is_in_and_nothing_more_in() {
    let queue = bounded(2);
    queue.put(1).unwrap();
    queue.close();
    assert_eq!(queue.put(2), Err(PutError::Closed(2)));
    assert_eq!(queue.try_put(2), Err(PutError::Closed(2)));
    assert_eq!(queue.take(), Ok(1));
    assert_eq!(queue.take(), Err(TakeError::Closed));
    assert_eq!(queue.try_take(), Err(TakeError::Closed));
    assert_eq!(queue.take_timeout(MOMENT), Err(TakeError::Closed));
}

#[test]
fn close_wakes_everybody_who_waits() {
    let (empty, full) = (bounded(1), bounded(1));
    full.put(1).unwrap();
    thread::scope(|scope| {
        let takers = [(); 2].map(|()| scope.spawn(|| empty.take()));
        let putters = [(); 2].map(|()| scope.spawn(|| full.put(2)));
        empty.close();
        full.close();
        for taker in takers {
            assert_eq!(taker.join().unwrap(), Err(TakeError::Closed));
        }
        for putter in putters {
            assert_eq!(putter.join().unwrap(), Err(PutError::Closed(2)));
        }
    });
    assert_eq!(full.len(), 1);
}

#[test]
fn close_now_returns_what_nobody_took() {
    let queue = PriorityQueue::unbounded();
    for (key, item) in [(3, 'c'), (1, 'a'), (2, 'b')] {
        queue.put((key, item)).unwrap();
    }
    assert_eq!(queue.close_now(), [(1, 'a'), (2, 'b'), (3, 'c')]);
    assert_eq!(queue.take(), Err(TakeError::Closed));
    assert_eq!(queue.put((4, 'd')), Err(PutError::Closed((4, 'd'))));
}
