//! What a measuring scene prints beside its figures.

use std::thread;

/// Which build and which machine the figures come from, and when they were taken.
///
/// For instance `release build; 2 cores, AMD EPYC 9R14, linux x86_64, 2026-11-20`.
#[must_use]
pub fn machine() -> String {
    let build = if cfg!(debug_assertions) { "dev build" } else { "release build" };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let cores = if cores == 1 { "1 core".to_owned() } else { format!("{cores} cores") };
    let processor = processor().map_or_else(String::new, |name| format!("{name}, "));
    let (system, architecture) = (std::env::consts::OS, std::env::consts::ARCH);
    let date = jiff::Timestamp::now().strftime("%F");
    format!("{build}; {cores}, {processor}{system} {architecture}, {date}")
}

/// The processor's name, where the system tells it in a file.
fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// A bar of `value / full` of `width` columns, to an eighth of a column.
///
/// A value beyond `full` gives a full bar, one that is not a number none.
#[must_use]
pub fn bar(value: f64, full: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let share = (value / full).clamp(0.0, 1.0);
    // The cast takes NaN to 0, which is what an unknown value should look like.
    let eighths = (share * width as f64 * 8.0).round() as usize;
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

/// A time as people say it: `3.1 ms`, `250 µs`, `12 s`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s >= 1.0 => (s, "s"),
        s if s >= 1e-3 => (s * 1e3, "ms"),
        s if s >= 1e-6 => (s * 1e6, "µs"),
        s if s > 0.0 => (s * 1e9, "ns"),
        _ => return "0 s".to_owned(),
    };
    let decimals = if value >= 10.0 || unit == "ns" { 0 } else { 1 };
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_grow_by_eighths() {
        assert_eq!(bar(0.0, 8.0, 8), "");
        assert_eq!(bar(1.0, 8.0, 1), "▏");
        assert_eq!(bar(5.5, 8.0, 8), "█████▌");
        assert_eq!(bar(9.0, 8.0, 2), "██");
        assert_eq!(bar(0.0, 0.0, 8), "");
    }

    #[test]
    fn durations_have_two_figures_and_a_unit() {
        let said: Vec<String> = [0.0, 4e-9, 2.5e-6, 3.14e-3, 0.25, 1.0, 61.0]
            .into_iter()
            .map(duration)
            .collect();
        assert_eq!(
            said,
            ["0 s", "4 ns", "2.5 µs", "3.1 ms", "250 ms", "1.0 s", "61 s"]
        );
    }
}
