//! A child reads one stream and writes two; what they are is for the parent to say.
//!
//! First they are three pipes: the parent asks line by line, hears the answers, and
//! keeps the complaints apart. Closing its end is how it says that it has no more
//! questions. Then the same child gets a file to read and a file to write, and does not
//! notice. A line is sent when it is complete: Rust's `println!` flushes at each end of
//! line, into a pipe too. Python and C fill a buffer first when no terminal is there,
//! so a dialogue with such a child hangs until it flushes (`print(..., flush=True)`).
//!
//! Run:     cargo run -p pipe-demo -- stdio
//! Expect:  three questions and their answers, one complaint, and the same from a file
//! Chapter: book/src/pipes.md
//! Source:  std::process::Stdio, stdio(3), section "Notes"

use std::io::{BufRead, BufReader, Read, Seek, Write, stdin};
use std::process::Stdio;

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::{Actor, println, timeline};

const QUESTIONS: [&str; 3] = ["91", "a dozen", "65537"];
const ANSWERS: &str = "91 = 7 * 13\n?\n65537 = 65537\n";

pub fn run() -> anyhow::Result<()> {
    let (parent, me) = (Actor::new("parent"), Actor::new("child"));
    // ANCHOR: dialogue
    let mut command = child::role("stdio-child").context("find this program")?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = ChildGuard::spawn(&mut command).context("start the child")?;
    let mut questions = child.take_stdin().context("standard input is piped")?;
    let mut answers = BufReader::new(child.take_stdout().context("a pipe")?);

    let mut heard = String::new();
    for question in QUESTIONS {
        parent.says(format!("{question}?"));
        writeln!(questions, "{question}").context("ask the child")?;
        let waiting = parent.waits("the answer");
        let mut answer = String::new();
        answers.read_line(&mut answer).context("hear the child")?;
        drop(waiting);
        me.says(answer.trim_end());
        heard += &answer;
    }
    // End of file is the last message: without it the child would wait for more.
    drop(questions);
    // ANCHOR_END: dialogue
    let mut complaints = String::new();
    let mut stderr = child.take_stderr().context("standard error is piped")?;
    stderr.read_to_string(&mut complaints).context("read its complaints")?;
    let status = child.wait()?;
    println!("on its standard error: {}\n", complaints.trim_end());
    timeline::so_far().print();
    ensure!(heard == ANSWERS, "the child answered {heard:?}");
    ensure!(complaints.lines().count() == 1, "it complained: {complaints:?}");
    ensure!(status.success(), "the child ended with {status}");

    let written = from_file_to_file().context("files in place of pipes")?;
    println!("\nfrom a file into a file: {} lines, the same", written.lines().count());
    ensure!(written == ANSWERS, "the child wrote {written:?}");
    println!("\nok: the same child answered through pipes and through files");
    Ok(())
}

/// What the child writes into a file when its questions are in another.
fn from_file_to_file() -> anyhow::Result<String> {
    let (mut questions, mut answers) = (tempfile::tempfile()?, tempfile::tempfile()?);
    writeln!(questions, "{}", QUESTIONS.join("\n"))?;
    // The child inherits the position too, and that is behind the last line.
    questions.rewind()?;
    let mut command = child::role("stdio-child").context("find this program")?;
    command.stdin(questions).stdout(answers.try_clone()?).stderr(Stdio::null());
    let status = ChildGuard::spawn(&mut command)?.wait()?;
    ensure!(status.success(), "the child ended with {status}");

    let mut text = String::new();
    answers.rewind()?;
    answers.read_to_string(&mut text)?;
    Ok(text)
}

#[derive(clap::Args)]
pub struct Nothing {}

/// Answers each line of its input, until it ends.
pub fn child(_: Nothing) -> anyhow::Result<()> {
    let me = Actor::new("child");
    for line in stdin().lines() {
        let line = line.context("read a question")?;
        let _working = me.works(&line);
        match line.parse() {
            Ok(number) => println!("{number} = {}", factors(number)),
            Err(error) => {
                eprintln!("`{line}` is no number: {error}");
                // The parent counts on an answer to every line.
                println!("?");
            }
        }
    }
    Ok(())
}

/// Such as `2 * 2 * 3` for 12.
fn factors(mut number: u64) -> String {
    let mut found = Vec::new();
    let mut candidate = 2;
    while candidate * candidate <= number {
        while number.is_multiple_of(candidate) {
            found.push(candidate);
            number /= candidate;
        }
        candidate += 1;
    }
    if number > 1 || found.is_empty() {
        found.push(number);
    }
    found.iter().map(u64::to_string).collect::<Vec<_>>().join(" * ")
}

#[cfg(test)]
mod tests {
    use super::factors;

    #[test]
    fn factors_multiply_to_the_number() {
        for number in 0..1000 {
            let product: u64 = factors(number)
                .split(" * ")
                .map(|f| f.parse::<u64>().unwrap())
                .product();
            assert_eq!(product, number, "{}", factors(number));
        }
    }
}
