//! Goal:   all lines are parsed in parallel, and of several errors the first is told.
//! Given:  the lines, and a parser that may fail.
//! Change: the body of `parse_all`.
//! Check:  cargo test --bin pool_rayon_map
//! Read:   book/src/pools.md and rayon::iter::ParallelIterator

use rayon::prelude::*;

/// Parses the lines on rayon's threads, each line once.
///
/// Returns the values in the order of the lines.
///
/// # Errors
///
/// When lines are wrong, the error of the first of them, as they stand in the text: it
/// does not matter which one was found first.
fn parse_all(
    lines: &[&str],
    parse: impl Fn(&str) -> Result<u64, String> + Sync,
) -> Result<Vec<u64>, String> {
    // TODO: parse in parallel; return all values, or the error of the first wrong line.
    todo!("parse the lines in parallel")
}

fn parse_number(line: &str) -> Result<u64, String> {
    line.trim().parse().map_err(|error| format!("`{line}`: {error}"))
}

fn main() {
    real_threads::end_if_stuck();
    let good: Vec<String> = (0..1000).into_par_iter().map(|n| n.to_string()).collect();
    let good: Vec<&str> = good.iter().map(String::as_str).collect();
    let sum = parse_all(&good, parse_number).map(|values| values.iter().sum::<u64>());
    println!("the sum of all values: {sum:?}");
    println!("{:?}", parse_all(&["1", "two", "3", "four"], parse_number));
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn three_lines_are_parsed() {
        real_threads::run(|| {
            assert_eq!(parse_all(&["1", "2", "3"], parse_number), Ok(vec![1, 2, 3]));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/pools/pool_rayon_map.rs"]
mod judge;
