//! Judges `lock_transfer`: no deadlock, and the sum is right at every moment.

use std::thread;

use interleavings::Checker;

use super::*;

fn balances(one: &Account, other: &Account) -> (u64, u64) {
    (*one.balance.lock().unwrap(), *other.balance.lock().unwrap())
}

/// Money moves there and back while somebody counts it. The accounts lie side by side
/// in memory, which says nothing of their numbers.
fn transfers_and_an_audit(numbers: [u32; 2]) {
    let [savings, wages] = numbers.map(|number| Account::new(number, 10));
    let accounts = [savings, wages];
    let [savings, wages] = &accounts;
    thread::scope(|scope| {
        scope.spawn(|| [transfer(wages, savings, 1), transfer(savings, wages, 3)]);
        let auditor = scope.spawn(|| audit(savings, wages));
        let sum = auditor.join().unwrap();
        assert!(sum >= 20, "money was in neither account: 10 and 10 made {sum}");
        assert!(sum == 20, "money was in both accounts: 10 and 10 made {sum}");
    });
}

/// Money moves both ways at the same time.
fn two_opposite_transfers() {
    let (savings, wages) = (Account::new(1, 10), Account::new(2, 10));
    let moved = thread::scope(|scope| {
        let saver = scope.spawn(|| transfer(&wages, &savings, 1));
        let spender = scope.spawn(|| transfer(&savings, &wages, 3));
        [saver.join().unwrap(), spender.join().unwrap()]
    });
    assert!(
        moved == [true, true],
        "a transfer was refused although there was enough money",
    );
    let (left, right) = balances(&savings, &wages);
    assert!(
        (left, right) == (8, 12),
        "a transfer was lost: {left} and {right} are left"
    );
}

/// Two threads want what only one of them can have.
fn two_transfers_of_the_same_money() {
    let (savings, wages) = (Account::new(1, 5), Account::new(2, 0));
    let moved = thread::scope(|scope| {
        let one = scope.spawn(|| transfer(&savings, &wages, 4));
        let other = scope.spawn(|| transfer(&savings, &wages, 4));
        [one.join().unwrap(), other.join().unwrap()]
    });
    let (left, right) = balances(&savings, &wages);
    assert!(moved != [true, true], "more was moved than there was: 4 and 4 of 5");
    assert!(moved != [false, false], "nothing was moved although there was enough");
    assert!((left, right) == (1, 4), "1 and 4 should be left, not {left} and {right}");
}

fn a_transfer_to_the_same_account() {
    let savings = Account::new(1, 5);
    assert!(
        transfer(&savings, &savings, 4),
        "a transfer to the same account was refused"
    );
    assert!(
        !transfer(&savings, &savings, 6),
        "an account gave more than it had to itself"
    );
    let left = *savings.balance.lock().unwrap();
    assert!(left == 5, "a transfer to the same account made {left} of 5");
}

#[test]
fn the_sum_is_right_at_every_moment() {
    for numbers in [[1, 2], [2, 1]] {
        interleavings::check(|| transfers_and_an_audit(numbers));
        real_threads::run(move || transfers_and_an_audit(numbers));
    }
}

#[test]
fn a_transfer_waits_for_its_locks() {
    Checker::new().allow_busy_waits(false).check(two_opposite_transfers);
    real_threads::run(two_opposite_transfers);
}

#[test]
fn no_money_is_moved_twice() {
    interleavings::check(two_transfers_of_the_same_money);
    real_threads::run(two_transfers_of_the_same_money);
}

#[test]
fn an_account_can_pay_itself() {
    interleavings::check(a_transfer_to_the_same_account);
    real_threads::run(a_transfer_to_the_same_account);
}
