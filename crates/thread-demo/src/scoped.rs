//! A scope joins its threads before it ends, so they may borrow from around it.
//!
//! Several threads may read the same value; a slice that is cut into parts may be
//! written by several, each its own part. No lock and no `Arc` is needed, and the
//! owner goes on with the result. Python has no such bond: there nothing makes a
//! thread end before the data it uses changes under it.
//! A scope whose thread panicked panics in turn, after it has joined all.
//!
//! Run:     cargo run -p thread-demo -- scoped
//! Expect:  two facts about one text, then a picture of which each thread drew two rows
//! Chapter: book/src/scoped.md
//! Source:  std::thread::scope, slice::chunks_mut

use std::thread;

use anyhow::ensure;
use common::{Actor, println};

const WORKERS: usize = 4;
const ROWS: usize = 8;
const COLUMNS: usize = 64;
/// A point that has not escaped after so many steps counts as one of the set.
const PATIENCE: u32 = 20_000;

pub fn run() -> anyhow::Result<()> {
    let text = String::from("a scope ends when the last of its threads has ended");
    let (words, longest) = read_in_parallel(&text);
    println!("\"{text}\":");
    println!(
        "  {words} words, counted by one thread; the longest has {longest} letters, by another\n"
    );

    let mut picture = vec![b' '; ROWS * COLUMNS];
    draw_in_parallel(&mut picture);
    for (row, pixels) in picture.chunks(COLUMNS).enumerate() {
        let worker = row / (ROWS / WORKERS) + 1;
        println!(
            "worker {worker} │{}",
            String::from_utf8_lossy(pixels.trim_ascii_end())
        );
    }

    let mut alone = vec![b' '; ROWS * COLUMNS];
    draw(&mut alone, 0);
    ensure!(picture == alone, "the parts do not make up the picture");
    ensure!(words == 11 && longest == 7, "a reader got the text wrong");
    println!("\nok: {WORKERS} threads wrote one slice, each its part, without a lock");
    Ok(())
}

/// How many words there are, and how many letters the longest has.
fn read_in_parallel(text: &str) -> (usize, usize) {
    thread::scope(|scope| {
        // Both borrow `text`; neither owns it.
        let words = scope.spawn(|| text.split(' ').count());
        let longest = scope.spawn(|| text.split(' ').map(str::len).max().unwrap_or(0));
        (words.join().unwrap(), longest.join().unwrap())
    })
}

fn draw_in_parallel(picture: &mut [u8]) {
    let rows_each = ROWS / WORKERS;
    let main = Actor::new("main");
    let waiting = thread::scope(|scope| {
        for (index, part) in picture.chunks_mut(rows_each * COLUMNS).enumerate() {
            let me = Actor::new(format!("worker {}", index + 1));
            scope.spawn(move || {
                let _drawing = me.works(format!("{rows_each} rows"));
                draw(part, index * rows_each);
            });
        }
        main.waits("the end of the scope")
    });
    // Here every thread has ended, and `picture` is whole again.
    drop(waiting);
}

/// Draws the Mandelbrot set from `first_row` on into `pixels`.
fn draw(pixels: &mut [u8], first_row: usize) {
    for (index, pixel) in pixels.iter_mut().enumerate() {
        let (row, column) = (first_row + index / COLUMNS, index % COLUMNS);
        let (re, im) = (column as f64 / 22.0 - 2.2, (row as f64 - 3.5) / 3.2);
        let (mut x, mut y, mut steps) = (0.0, 0.0, 0);
        while x * x + y * y < 4.0 && steps < PATIENCE {
            (x, y) = (x * x - y * y + re, 2.0 * x * y + im);
            steps += 1;
        }
        *pixel = match steps {
            0..3 => b' ',
            3..5 => b'.',
            5..10 => b':',
            10..PATIENCE => b'+',
            _ => b'#',
        };
    }
}
