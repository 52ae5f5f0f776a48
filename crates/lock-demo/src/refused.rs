//! Shows what the compiler said to a program that it refused.
//!
//! The programs and the recorded messages are in tests/refused; a test compiles each
//! program and compares the message.

use common::println;

/// Prints the error, the lines of the program it is about, and what is underlined.
pub fn show(message: &str) {
    for line in shortened(message) {
        println!("  | {line}");
    }
}

/// Of the first error: what, where, the lines of the program, the marks with `^`.
///
/// Side remarks (marked with `-`), notes and empty margins are left out.
fn shortened(message: &str) -> impl Iterator<Item = &str> {
    let first_error = message.lines().take_while(|line| !line.is_empty());
    let without_notes = first_error.take_while(|line| !line.starts_with("note"));
    without_notes.filter(|line| {
        let is_heading = line.starts_with("error") || line.contains("-->");
        let is_source = line.starts_with(|first: char| first.is_ascii_digit());
        is_heading || is_source || line.contains('^')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_notes_and_later_errors_are_left_out() {
        let message = "error[E1]: first\n --> a.rs:2:1\n  |\n1 | x\n  | - here\n2 | y\n  \
                       | ^ bad\n  |\nnote: long\n1 | x\n\nerror[E2]: second\n";
        let kept: Vec<_> = shortened(message).collect();
        let expected =
            ["error[E1]: first", " --> a.rs:2:1", "1 | x", "2 | y", "  | ^ bad"];
        assert_eq!(kept, expected);
    }
}
