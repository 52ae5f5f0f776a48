//! Judges `condition_buffer`: what goes in comes out, and the close ends every wait.

use interleavings::Checker;

use super::*;

/// Looks at every interleaving. Who waits is to sleep.
fn check(body: impl Fn() + Send + Sync) {
    Checker::new().allow_busy_waits(false).check(body);
}

/// Two producers, two consumers and a thread that looks in, on one place.
fn two_put_and_two_take() {
    let buffer = Buffer::new(1);
    let mut taken = thread::scope(|scope| {
        let buffer = &buffer;
        for item in [1, 2] {
            scope.spawn(move || {
                let answer = buffer.put(item);
                assert!(answer.is_ok(), "an item was refused, and nobody had closed");
                let held = buffer.state.lock().unwrap().items.len();
                assert!(held <= 1, "{held} items are in a buffer with room for 1");
            });
        }
        let consumers = [(); 2].map(|()| scope.spawn(|| buffer.take()));
        consumers.map(|consumer| consumer.join().unwrap())
    });
    taken.sort_unstable();
    assert!(
        taken == [Some(1), Some(2)],
        "what came out is not what went in: 1 and 2 went in, {taken:?} came out",
    );
}

#[test]
fn nothing_is_lost() {
    check(two_put_and_two_take);
    real_threads::run(two_put_and_two_take);
}

#[test]
fn items_come_out_in_order() {
    let body = || {
        let buffer = Buffer::new(3);
        let accepted = [1, 2, 3].map(|item| buffer.put(item));
        assert!(accepted == [Ok(()); 3], "3 items did not go into a buffer for 3");
        let taken = [buffer.take(), buffer.take(), buffer.take()];
        assert!(
            taken == [Some(1), Some(2), Some(3)],
            "the items came out in another order: {taken:?}",
        );
    };
    check(body);
    real_threads::run(body);
}

/// The close comes while two consumers may be waiting.
fn closed_under_consumers() {
    let buffer = Buffer::<i32>::new(1);
    thread::scope(|scope| {
        let consumers = [(); 2].map(|()| scope.spawn(|| buffer.take()));
        buffer.close();
        for consumer in consumers {
            let taken = consumer.join().unwrap();
            assert!(taken.is_none(), "{taken:?} came out of an empty buffer");
        }
    });
}

#[test]
fn the_close_ends_the_waits_of_consumers() {
    check(closed_under_consumers);
    real_threads::run(closed_under_consumers);
}

/// The close comes while two producers may be waiting for room.
fn closed_under_producers() {
    let buffer = Buffer::new(1);
    buffer.put(1).unwrap();
    thread::scope(|scope| {
        let buffer = &buffer;
        let producers = [2, 3].map(|item| scope.spawn(move || buffer.put(item)));
        buffer.close();
        let answers = producers.map(|producer| producer.join().unwrap());
        assert!(
            answers == [Err(2), Err(3)],
            "the buffer was full until it was closed, and `put` returned {answers:?}",
        );
    });
    let left: Vec<_> = std::iter::from_fn(|| buffer.take()).collect();
    assert!(
        left == [1],
        "items were lost: 1 went in before the close, {left:?} came out"
    );
}

#[test]
fn the_close_ends_the_waits_of_producers() {
    check(closed_under_producers);
    real_threads::run(closed_under_producers);
}

/// There is room when the close comes, and somebody still puts.
fn closed_under_a_producer_with_room() {
    let buffer = Buffer::new(2);
    let (answer, taken) = thread::scope(|scope| {
        let producer = scope.spawn(|| buffer.put(1));
        let consumer =
            scope.spawn(|| std::iter::from_fn(|| buffer.take()).collect::<Vec<_>>());
        buffer.close();
        (producer.join().unwrap(), consumer.join().unwrap())
    });
    let held = buffer.state.lock().unwrap().items.len();
    let right = match answer {
        Ok(()) => taken == [1],
        Err(item) => item == 1 && taken.is_empty() && held == 0,
    };
    assert!(
        right,
        "items were lost: `put(1)` returned {answer:?}, and {taken:?} came out before \
         `take` returned `None`",
    );
}

#[test]
fn what_was_accepted_comes_out() {
    check(closed_under_a_producer_with_room);
    real_threads::run(closed_under_a_producer_with_room);
}

#[test]
fn nothing_goes_in_after_the_close() {
    let body = || {
        let buffer = Buffer::new(3);
        buffer.put(1).unwrap();
        buffer.put(2).unwrap();
        buffer.close();
        let answer = buffer.put(3);
        assert!(
            answer == Err(3),
            "accepted after the close: `put` returned {answer:?}"
        );
        let taken = [buffer.take(), buffer.take(), buffer.take()];
        assert!(
            taken == [Some(1), Some(2), None],
            "items were lost: 1 and 2 went in before the close, {taken:?} came out",
        );
    };
    check(body);
    real_threads::run(body);
}

/// Two consumers wait for two items, and then two producers for two places.
fn two_wait_for_two() {
    let buffer = Buffer::new(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| buffer.take());
        }
        let accepted = [buffer.put(1), buffer.put(2)];
        assert!(accepted == [Ok(()); 2], "an item was refused, and nobody had closed");
    });
    let accepted = [buffer.put(3), buffer.put(4)];
    assert!(accepted == [Ok(()); 2], "an item was refused, and nobody had closed");
    thread::scope(|scope| {
        let buffer = &buffer;
        for item in [5, 6] {
            scope.spawn(move || buffer.put(item));
        }
        let taken = [buffer.take(), buffer.take()];
        assert!(taken == [Some(3), Some(4)], "the items came out in another order");
    });
}

#[test]
fn each_item_and_each_place_lets_one_go_on() {
    check(two_wait_for_two);
    real_threads::run(two_wait_for_two);
}
