//! A panic ends one thread; whoever joins it gets the reason, and the rest goes on.
//!
//! The reason is a `Box<dyn Any>`: a `&str` when the text was written in the program, a
//! `String` when it was formatted, and any type at all from `panic_any`. A plain
//! `join().unwrap()` would say `Any { .. }` and lose it. In Python an exception is
//! printed and `join` returns `None`; here nobody can mistake a failure for a value.
//! With `panic = "abort"` in the profile the whole process ends instead.
//!
//! Run:     cargo run -p thread-demo -- panic
//! Expect:  three lines about panics on standard error, then five results: two values
//!          and three reasons
//! Chapter: book/src/panics.md
//! Source:  std::thread::Result, std::panic::panic_any

use std::any::Any;
use std::panic;
use std::thread;

use anyhow::{Context, ensure};
use common::{Actor, println};

/// A reason that a program can act on, not merely print.
#[derive(Debug, PartialEq)]
struct OutOfPaper {
    sheets_missing: u32,
}

pub fn run() -> anyhow::Result<()> {
    let orders = ["12", "ten", "0", "900", "30"];
    let threads = orders
        .into_iter()
        .enumerate()
        .map(|(index, order)| {
            let name = format!("printer {}", index + 1);
            let me = Actor::new(&name);
            thread::Builder::new().name(name).spawn(move || {
                let _printing = me.works(format!("the order {order:?}"));
                print(order)
            })
        })
        .collect::<Result<Vec<_>, _>>()
        .context("start a printer")?;

    // ANCHOR: join
    // All are joined before the first line: the panics are reported by then.
    let results: Vec<_> = threads.into_iter().map(thread::JoinHandle::join).collect();
    for (order, result) in orders.iter().zip(&results) {
        match result {
            Ok(sheets) => println!("{order:>9}: printed {sheets} sheets"),
            Err(payload) => {
                println!("{order:>9}: failed, {}", reason(payload.as_ref()));
            }
        }
    }
    // ANCHOR_END: join

    let printed: u32 = results.iter().flatten().sum();
    let failed: Vec<_> = results.iter().filter_map(|r| r.as_ref().err()).collect();
    let missing = failed.iter().find_map(|payload| payload.downcast_ref());
    ensure!(printed == 42, "{printed} sheets were printed, not 12 + 30");
    ensure!(failed.len() == 3, "{} orders failed, not 3", failed.len());
    ensure!(missing == Some(&OutOfPaper { sheets_missing: 400 }), "the reason is lost");
    println!(
        "\nok: {} threads panicked, and {printed} sheets were saved",
        failed.len()
    );
    Ok(())
}

/// Prints `order` sheets, or panics in one of three ways.
fn print(order: &str) -> u32 {
    let Ok(sheets) = order.parse() else { panic!("{order:?} is no number") };
    if sheets == 0 {
        panic!("nothing to print");
    }
    if sheets > 500 {
        panic::panic_any(OutOfPaper { sheets_missing: sheets - 500 });
    }
    sheets
}

/// What the payload of a panic says, by trying the types it can have.
fn reason(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        format!("&str: {text}")
    } else if let Some(text) = payload.downcast_ref::<String>() {
        format!("String: {text}")
    } else if let Some(OutOfPaper { sheets_missing }) = payload.downcast_ref() {
        format!("OutOfPaper: {sheets_missing} sheets are missing")
    } else {
        "for a reason of unknown type".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_payload_gives_its_reason() {
        let reason_of = |order: &'static str| {
            reason(thread::spawn(move || print(order)).join().unwrap_err().as_ref())
        };
        assert_eq!(reason_of("0"), "&str: nothing to print");
        assert!(reason_of("x").starts_with("String: "), "{}", reason_of("x"));
        assert_eq!(reason_of("501"), "OutOfPaper: 1 sheets are missing");
        assert_eq!(reason(&7_u8), "for a reason of unknown type");
    }
}
