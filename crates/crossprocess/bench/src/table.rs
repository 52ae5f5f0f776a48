//! Measures contenders in turn, and prints how they compare with the first.

use common::measure::duration;
use common::println;

/// How often each contender is measured.
pub const ROUNDS: usize = 9;

/// A way to do something; measures itself once, in seconds for one operation.
pub struct Contender<'a> {
    pub name: String,
    pub run: Box<dyn FnMut() -> anyhow::Result<f64> + 'a>,
}

impl<'a> Contender<'a> {
    pub fn new(name: &str, run: impl FnMut() -> anyhow::Result<f64> + 'a) -> Self {
        Self { name: name.to_owned(), run: Box::new(run) }
    }
}

/// Prints a table; the first contender is what the others are compared with. All take
/// turns, so that a busy moment of the machine meets all of them. `elsewhere` was
/// measured by another program right before.
pub fn compare(
    title: &str,
    contenders: Vec<Contender<'_>>,
    elsewhere: Vec<(String, Vec<f64>)>,
) -> anyhow::Result<()> {
    let mut measured: Vec<(Contender<'_>, Vec<f64>)> =
        contenders.into_iter().map(|contender| (contender, Vec::new())).collect();
    for _ in 0..ROUNDS {
        for (contender, times) in &mut measured {
            times.push((contender.run)()?);
        }
    }
    let measured =
        measured.into_iter().map(|(contender, times)| (contender.name, times));
    println!("\n## {title}\n\n| | median | shortest | longest | ratio |");
    println!("|---|---:|---:|---:|---:|");
    let mut first = None;
    for (name, mut times) in measured.chain(elsewhere) {
        times.sort_by(f64::total_cmp);
        let (Some(shortest), Some(longest)) = (times.first(), times.last()) else {
            println!("| {name} | – | | | |");
            continue;
        };
        let median = times[times.len() / 2];
        let ratio = median / *first.get_or_insert(median);
        let [median, shortest, longest] = [median, *shortest, *longest].map(duration);
        println!("| {name} | {median} | {shortest} | {longest} | {ratio:.2} |");
    }
    Ok(())
}
