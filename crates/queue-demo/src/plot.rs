//! The length of a queue over time, drawn with characters.

use std::time::Duration;

use common::println;

/// The plot's width in columns, which leaves room for the scale in 80.
const COLUMNS: usize = 72;

/// The length of a queue at some moment of a run.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub at: Duration,
    pub length: usize,
}

/// Draws `front` over `back`, both sorted by time; each row stands for `step` items.
///
/// The scale reaches up to `most`, however long the queues became.
pub fn plot(back: &[Sample], front: &[Sample], step: usize, most: usize) {
    let end =
        [back, front].iter().filter_map(|run| run.last()).map(|last| last.at).max();
    let end = end.unwrap_or_default();
    let (back, front) = (columns(back, end, COLUMNS), columns(front, end, COLUMNS));
    for row in (0..most.div_ceil(step)).rev() {
        let line: String = back
            .iter()
            .zip(&front)
            .map(|(&back, &front)| match row * step {
                floor if front > floor => '█',
                floor if back > floor => '░',
                _ => ' ',
            })
            .collect();
        println!("{:4} ┤{}", (row + 1) * step, line.trim_end());
    }
    let end = format!("{} ms", end.as_millis());
    println!("jobs └{}", "─".repeat(COLUMNS));
    println!("      0{end:>0$}", COLUMNS - 1);
}

/// The greatest length within each of `count` equal parts of the time until `end`.
fn columns(run: &[Sample], end: Duration, count: usize) -> Vec<usize> {
    let mut samples = run.iter().peekable();
    let mut length = 0;
    (1..=count)
        .map(|column| {
            let until = end.mul_f64(column as f64 / count as f64);
            // The length holds until the next sample, so a column begins with it.
            let mut greatest = length;
            while let Some(sample) = samples.next_if(|sample| sample.at <= until) {
                length = sample.length;
                greatest = greatest.max(length);
            }
            greatest
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_shows_its_greatest_length_and_carries_the_last_one_on() {
        let run = [(5, 1), (6, 3), (7, 2), (35, 0)]
            .map(|(ms, length)| Sample { at: Duration::from_millis(ms), length });
        assert_eq!(columns(&run, Duration::from_millis(40), 4), [3, 2, 2, 2]);
        assert_eq!(columns(&[], Duration::from_millis(40), 2), [0, 0]);
    }
}
