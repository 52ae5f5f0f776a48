//! The same, measured by `measure.py`.

use std::process::Command;

use anyhow::{Context, ensure};

use crate::table::ROUNDS;

const SCRIPT: &str = include_str!("measure.py");

/// What Python measures for a part: names, and seconds for one operation, each several
/// times. Nothing where there is no Python.
pub fn measure(part: &str) -> anyhow::Result<Vec<(String, Vec<f64>)>> {
    let mut command = Command::new("python3");
    command.args(["-I", "-B", "-W", "ignore", "-c", SCRIPT, part, &ROUNDS.to_string()]);
    let output = match command.output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(vec![("Python: there is none here".to_owned(), Vec::new())]);
        }
        output => output.context("start python3")?,
    };
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "python3, {part}: {complaint}");
    let text = String::from_utf8(output.stdout)?;
    let measured = text.lines().map(|line| {
        let (name, times) = line.split_once('|').context("a name and times")?;
        let times = times.split_whitespace().map(str::parse).collect::<Result<_, _>>();
        Ok((format!("Python's {name}"), times?))
    });
    measured.collect()
}
