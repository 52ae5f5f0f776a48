//! Judges `queue_shutdown`: all consumers end, and no accepted order is forgotten.

use std::time::Duration;

use super::*;

/// Three orders for two consumers; all must be handled when `shut_down` returns.
fn three_orders() {
    let (handled, orders) = mpsc::channel();
    let consumers = Consumers::start(2, move |order| handled.send(order).unwrap());
    (1..=3).for_each(|order| consumers.accept(order));
    consumers.shut_down();
    let mut orders: Vec<u32> = orders.try_iter().collect();
    orders.sort_unstable();
    assert!(
        orders == [1, 2, 3],
        "orders 1, 2 and 3 were accepted; handled when `shut_down` returned: {orders:?}"
    );
}

/// Numbers that somebody might take for a signal.
fn every_number_is_an_order() {
    let (handled, orders) = mpsc::channel();
    let consumers = Consumers::start(1, move |order| handled.send(order).unwrap());
    let accepted = [0, u32::MAX - 1, u32::MAX, 7];
    accepted.into_iter().for_each(|order| consumers.accept(order));
    consumers.shut_down();
    let orders: Vec<u32> = orders.try_iter().collect();
    assert!(
        orders == accepted,
        "an order was taken for a signal: {accepted:?} were accepted, {orders:?} handled"
    );
}

/// The clock goes on only when nobody can run, so who does not sleep is found out.
fn nothing_to_do_for_an_hour() {
    let consumers = Consumers::start(2, |_| ());
    thread::sleep(Duration::from_secs(3600));
    consumers.shut_down();
}

fn nothing_to_do() {
    Consumers::start(2, |order| panic!("order {order} came from nowhere")).shut_down();
}

fn both_handle_at_once() {
    let consumers = Consumers::start(2, |_| interleavings::rendezvous(2));
    consumers.accept(1);
    consumers.accept(2);
    consumers.shut_down();
}

#[test]
fn every_accepted_order_is_handled_before_the_end() {
    interleavings::check(three_orders);
    real_threads::run(three_orders);
}

#[test]
fn no_order_is_a_signal() {
    interleavings::check(every_number_is_an_order);
    real_threads::run(every_number_is_an_order);
}

#[test]
fn consumers_without_work_sleep() {
    let sleepers = interleavings::Checker::new().allow_busy_waits(false);
    sleepers.check(nothing_to_do_for_an_hour);
}

#[test]
fn consumers_without_work_stop_too() {
    interleavings::check(nothing_to_do);
    real_threads::run(nothing_to_do);
}

#[test]
fn consumers_handle_orders_at_the_same_time() {
    interleavings::check(both_handle_at_once);
    real_threads::run(both_handle_at_once);
}
