//! A process fails alone; a thread takes all others of its process with it.
//!
//! Three neighbours stand beside somebody who comes to a bad end. As processes they
//! never notice. As threads they survive a panic and nothing else: a stack overflow, an
//! abort, memory that is refused, and even an `exit(0)` that somebody calls deep in a
//! library end the whole process. In Python running out of memory is an exception.
//!
//! Run:     cargo run -p process-demo -- isolation
//! Expect:  five failures, each as a process and as a thread, and who still answers
//! Chapter: book/src/thread-or-process.md
//! Source:  std::alloc::handle_alloc_error, std::process::exit, setrlimit(2)

use std::io::{BufRead, BufReader, Write, stdin};
use std::process::{ChildStdin, ChildStdout, Stdio};

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::println;

use crate::bare;
use crate::ending::Ending::{self, Code, Signal};

pub const NEIGHBOURS: usize = 3;

/// The failure, what it is called, how it ends a process, and how many threads survive.
const FAILURES: [(&str, &str, Ending, usize); 5] = [
    ("panic", "panic", Code(101), NEIGHBOURS),
    ("overflow", "stack overflow", Signal(6), 0),
    ("abort", "abort", Signal(6), 0),
    ("memory", "out of memory", Signal(6), 0),
    ("exit", "exit(0)", Code(0), 0),
];

pub fn run() -> anyhow::Result<()> {
    let mut neighbours = Vec::new();
    for _ in 0..NEIGHBOURS {
        neighbours.push(Neighbour::start().context("start a neighbour")?);
    }

    println!("                 as a process                     as a thread");
    println!("                 ended by            neighbours   neighbours");
    for (how, what, expected, surviving) in FAILURES {
        let ending = fail_in_a_process(how).with_context(|| what.to_owned())?;
        let mut answers = 0;
        for neighbour in &mut neighbours {
            answers += usize::from(neighbour.answers()?);
        }
        let in_threads = fail_in_a_thread(how).with_context(|| what.to_owned())?;
        println!("{what:<16} {ending:<19} {answers} live       {in_threads} live");
        ensure!(answers == NEIGHBOURS, "a process ended its neighbours");
        ensure!(in_threads == surviving, "{in_threads} threads, not {surviving}");
        ensure!(!cfg!(unix) || ending == expected, "{ending}, not {expected}");
    }
    println!(
        "\nok: the processes outlived all five failures, the threads only a panic"
    );
    Ok(())
}

/// A process that answers as long as it lives.
pub struct Neighbour {
    question: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Kills and reaps it at the end.
    child: ChildGuard,
}

impl Neighbour {
    pub fn start() -> anyhow::Result<Self> {
        let mut command = child::role("isolation-neighbour")?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = ChildGuard::spawn(&mut command)?;
        let question = child.take_stdin().context("a pipe")?;
        let answers = BufReader::new(child.take_stdout().context("a pipe")?);
        Ok(Self { question, answers, child })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn answers(&mut self) -> anyhow::Result<bool> {
        // To write to a dead process is an error, to read from it the end of file.
        let asked = self.question.write_all(b"are you there?\n").is_ok();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).context("read from a neighbour")?;
        Ok(asked && answer == "here\n")
    }
}

fn fail_in_a_process(how: &str) -> anyhow::Result<Ending> {
    let mut command = bare::command("fail", how)?;
    Ok(command.stdin(Stdio::null()).stderr(Stdio::null()).status()?.into())
}

/// How many neighbours answer when a thread of their process has failed.
fn fail_in_a_thread(how: &str) -> anyhow::Result<usize> {
    let mut command = bare::command("fail-in-a-thread", how)?;
    let output = command.stderr(Stdio::null()).output()?;
    Ok(output
        .stdout
        .split(|&byte| byte == b'\n')
        .filter(|&line| line == b"here")
        .count())
}

/// Answers each line, until there are no more.
pub fn neighbour((): ()) -> anyhow::Result<()> {
    for _ in stdin().lines() {
        println!("here");
    }
    Ok(())
}
