//! Builds, shows and checks the book.
//!
//! Run: cargo run -p book -- serve

use std::io;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use book::build::Builder;
use book::catalogue::Catalogue;
use book::output::{self, Recording};
use book::preprocess::Course;
use book::serve::Server;
use book::{build, links, paths};
use clap::{Parser, Subcommand};
use common::println;
use mdbook_preprocessor::Preprocessor;

#[derive(Parser)]
#[command(name = "book", about = "Builds, shows and checks the book")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the book, show it in a browser, and build it again after each edit
    Serve {
        /// Where to listen on this machine
        #[arg(long, default_value_t = 3000)]
        port: u16,
    },
    /// Build the book; fails where mdBook would only warn
    Build,
    /// Check the links of the book that was built last
    Links,
    /// Run commands whose output the book shows, and keep what they print
    Record {
        /// Recordings whose path contains this; all of them without
        name: Option<String>,
    },
    /// Act as mdBook's preprocessor `course`
    #[command(hide = true)]
    Preprocess {
        /// mdBook asks `supports html`
        question: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve { port } => serve(port),
        Command::Build => {
            let folder = build::build(None)?;
            println!("built {}", folder.join("index.html").display());
            Ok(())
        }
        Command::Links => {
            let folder = paths::workspace().join("target/book");
            ensure!(folder.is_dir(), "nothing is built: `cargo run -p book -- build`");
            let broken = links::check(&folder)?;
            ensure!(broken.is_empty(), "{}", broken.join("\n"));
            println!("all links lead somewhere");
            Ok(())
        }
        Command::Record { name } => record(name.as_deref().unwrap_or("")),
        Command::Preprocess { question } => preprocess(&question),
    }
}

fn serve(port: u16) -> anyhow::Result<()> {
    let mut builder = Builder::default();
    let folder = match builder.build() {
        Ok(folder) => folder,
        Err(error) => {
            // Somebody who is writing wants to see the page, faults and all.
            eprintln!("{error:#}");
            paths::workspace().join("target/book")
        }
    };
    let server = Server::bind(&folder, port, true)?;
    server.start()?;
    println!("{} (end with Ctrl-C)", server.address()?);
    server.watch(paths::workspace(), || builder.build().map(|_| ()))
}

fn record(name: &str) -> anyhow::Result<()> {
    let root = paths::workspace();
    let chosen: Vec<String> =
        output::all(root)?.into_iter().filter(|path| path.contains(name)).collect();
    ensure!(!chosen.is_empty(), "no recording has `{name}` in its path");
    for path in chosen {
        Recording::read(root, &path)?.refresh(root)?;
        println!("recorded {path}");
    }
    Ok(())
}

/// Speaks the protocol of mdBook's preprocessors on standard input and output.
fn preprocess(question: &[String]) -> anyhow::Result<()> {
    if let [supports, renderer] = question
        && supports == "supports"
    {
        ensure!(Course::default().supports_renderer(renderer)?, "only for html");
        return Ok(());
    }
    let (context, book) = mdbook_preprocessor::parse_input(io::stdin())?;
    let catalogue = Catalogue::read(paths::workspace())?;
    let book = Course::new(catalogue.into()).run(&context, book)?;
    serde_json::to_writer(io::stdout(), &book).context("write the book")
}
