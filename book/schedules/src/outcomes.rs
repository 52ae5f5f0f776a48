//! What a program can print, in every order and with every stale read.

use std::fmt::Display;

use anyhow::ensure;
use interleavings::Checker;

/// Lines of a table, or why there are too many results for one.
pub type Table = anyhow::Result<Vec<String>>;

/// Runs a program in all ways, and puts what comes out into a table.
pub type Results = fn() -> Table;

/// Every result of `body`, in order; nothing is left out.
///
/// # Errors
///
/// When there are too many interleavings to run all of them.
pub fn all<T: Ord + Send>(
    body: impl Fn() -> T + Send + Sync,
) -> anyhow::Result<Vec<T>> {
    let outcomes = Checker::new().preemptions(usize::MAX).outcomes(body);
    let covered = &outcomes.coverage;
    ensure!(covered.exhaustive, "{covered} were run, and there are more");
    Ok(outcomes.into_set())
}

/// A row for each program: its name, and under each of `columns` the result, if the
/// program can have it.
pub fn table<T: Ord + Display>(columns: &[T], rows: &[(String, Vec<T>)]) -> Table {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut lines = Vec::new();
    for (name, results) in rows {
        let unknown = results.iter().find(|result| !columns.contains(result));
        ensure!(unknown.is_none(), "`{name}` has a result that has no column");
        let cell = |column: &T| {
            let text = column.to_string();
            if results.contains(column) { text } else { "-".repeat(text.len()) }
        };
        let cells: Vec<String> = columns.iter().map(cell).collect();
        lines.push(format!("{name:width$}   {}", cells.join("   ")));
    }
    Ok(lines)
}
