//! An `Array` changes as a whole: no snapshot shows money that is on its way.
//!
//! A child moves money between accounts, in one `update` each. Who reads the accounts
//! one by one sees some before and some after a move, and the sum comes out wrong;
//! `snapshot` is one step, and its sum is always right. A process that is killed
//! inside of `update` has moved nothing. In Python a slice of an `Array` is consistent
//! only while everybody takes `get_lock()` around all that belongs together.
//!
//! Run:     cargo run -p shared-memory-demo -- array
//! Expect:  a sum without what was on its way, none such by snapshots or after a kill
//! Chapter: book/src/shared-memory.md
//! Source:  the crate crossprocess, Array

use std::ops::Range;

use anyhow::{Context, ensure};
use common::{Actor, println};
use crossprocess::{Array, Segment};

use crate::janitor::Janitor;
use crate::partner::{self, Partner};

const ACCOUNTS: usize = 8;
const BALANCE: i64 = 100;
const SUM: i64 = ACCOUNTS as i64 * BALANCE;

/// How often money is moved.
const MOVES: usize = 20_000;

/// How often the accounts are added up meanwhile.
const LOOKS: usize = 5_000;

pub fn run() -> anyhow::Result<()> {
    let [parent, child] = ["parent", "child"].map(Actor::new);
    let mut janitor = Janitor::start()?;
    let segment = janitor.segment(1 << 12)?;
    let accounts = Array::create(&segment, "accounts", &[BALANCE; ACCOUNTS])?;
    let mut partner = Partner::start("array-child", segment.address())?;
    parent.says(format!("{ACCOUNTS} accounts, {SUM} in all"));

    let (first, last) = (0..ACCOUNTS / 2, ACCOUNTS / 2..ACCOUNTS);
    let first = add_up(&accounts, first)?;
    parent.says(format!("finds {first} in the first half"));
    child.says(partner.ask("move from the last to the first")?);
    let last = add_up(&accounts, last)?;
    parent.says(format!("finds {last} in the second: {} in all", first + last));
    ensure!(
        first + last == SUM - BALANCE,
        "{first} and {last}, but one was on its way"
    );

    partner.tell("move money")?;
    for _ in 0..LOOKS {
        let sum: i64 = accounts.snapshot()?.iter().sum();
        ensure!(sum == SUM, "a snapshot with {sum} in place of {SUM}");
    }
    child.says(partner.hear()?);
    println!("meanwhile {LOOKS} snapshots, each with {SUM}\n");

    let before = accounts.snapshot()?;
    child.says(partner.ask("stop in the middle")?);
    partner.kill()?;
    child.dies("killed");
    let after = accounts.snapshot()?;
    parent.says(format!("killed it, finds {} in all", after.iter().sum::<i64>()));
    ensure!(before == after, "the dead has left {after:?} in place of {before:?}");
    ensure!(accounts.update_at(0, |balance| *balance += 1)?.is_some(), "no account");
    println!("\nok: every snapshot had all the money, also after the kill");
    Ok(())
}

/// Adds up balances that are read one by one.
fn add_up(accounts: &Array<i64>, range: Range<usize>) -> anyhow::Result<i64> {
    let balances = range.map(|index| accounts.get(index)?.context("an account"));
    balances.sum()
}

#[derive(clap::Args)]
pub struct Options {
    address: String,
}

/// Moves money when it is told to.
pub fn child(Options { address }: Options) -> anyhow::Result<()> {
    let segment = Segment::attach(&address)?;
    let accounts = Array::<i64>::open(&segment, "accounts")?;
    partner::answer(|what| {
        if what == "move from the last to the first" {
            accounts.update(|accounts| {
                accounts[ACCOUNTS - 1] -= BALANCE;
                accounts[0] += BALANCE;
            })?;
            return Ok(format!("moved {BALANCE} from the last account to the first"));
        }
        if what == "move money" {
            for number in 0..MOVES {
                let (from, to) = (number % ACCOUNTS, number * 7 / 3 % ACCOUNTS);
                accounts.update(|accounts| {
                    accounts[from] -= 1;
                    accounts[to] += 1;
                })?;
            }
            return Ok(format!("moved money {MOVES} times"));
        }
        accounts.update(|accounts| {
            accounts[0] -= BALANCE;
            println!(
                "is inside of `update`, has taken {BALANCE}, not yet paid them in"
            );
            partner::wait_for_the_end()
        })?
    })
}
