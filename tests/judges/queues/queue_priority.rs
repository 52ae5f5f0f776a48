//! Judges `queue_priority`: the order, and that nobody waits for nothing.

use std::time::Duration;

use super::*;

fn smallest_first() {
    let queue = PriorityQueue::new();
    for (urgency, item) in [(2, 'c'), (0, 'a'), (1, 'b')] {
        queue.put(urgency, item);
    }
    let order: String = (0..3).map(|_| queue.take()).collect();
    assert!(order == "abc", "the smallest urgency comes first: abc, not {order}");
}

fn equal_ones_in_order() {
    let queue = PriorityQueue::new();
    // Neither the items' own order nor its reverse is the order in which they came.
    for item in "becadf".chars() {
        queue.put(1, item);
    }
    let order: String = (0..6).map(|_| queue.take()).collect();
    assert!(
        order == "becadf",
        "equally urgent ones came as becadf, and left as {order}"
    );
}

fn takers_wait() {
    let queue = PriorityQueue::new();
    let mut taken: Vec<char> = thread::scope(|scope| {
        let takers = [(); 2].map(|()| scope.spawn(|| queue.take()));
        let putters = [(1, 'a'), (0, 'b')].map(|(urgency, item)| {
            let queue = &queue;
            scope.spawn(move || queue.put(urgency, item))
        });
        putters.into_iter().for_each(|putter| putter.join().unwrap());
        takers.into_iter().map(|taker| taker.join().unwrap()).collect()
    });
    taken.sort_unstable();
    assert!(taken == ['a', 'b'], "a and b were put in, {taken:?} were taken");
}

fn a_late_urgent_one_overtakes() {
    let queue = PriorityQueue::new();
    queue.put(5, 'z');
    thread::scope(|scope| {
        scope.spawn(|| queue.put(0, 'a')).join().unwrap();
    });
    let first = queue.take();
    assert!(first == 'a', "an urgent item had to wait behind {first}");
}

/// The clock goes on only when nobody can run, so who does not sleep is found out.
fn an_item_comes_after_an_hour() {
    let queue = PriorityQueue::new();
    thread::scope(|scope| {
        scope.spawn(|| queue.take());
        thread::sleep(Duration::from_secs(3600));
        queue.put(1, 'a');
    });
}

#[test]
fn who_waits_for_an_item_sleeps() {
    let sleepers = interleavings::Checker::new().allow_busy_waits(false);
    sleepers.check(an_item_comes_after_an_hour);
}

#[test]
fn the_smallest_urgency_comes_first() {
    interleavings::check(smallest_first);
    interleavings::check(a_late_urgent_one_overtakes);
}

#[test]
fn equally_urgent_ones_leave_as_they_came() {
    interleavings::check(equal_ones_in_order);
}

#[test]
fn whoever_waits_for_an_item_is_told() {
    interleavings::check(takers_wait);
    real_threads::run(takers_wait);
}
