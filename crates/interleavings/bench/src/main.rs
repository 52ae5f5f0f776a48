//! Measures `interleavings` against `shuttle`, `loom` and real threads.
//!
//! Run:    cargo run --release --manifest-path crates/interleavings/bench/Cargo.toml
//! Writes: crates/interleavings/bench/results.md
//!
//! Every measurement is a process of its own, so that a tool that hangs or aborts
//! ends its own row only. With `quick` real threads hammer for one second, not ten.

#![allow(dead_code)]

mod loomed;
mod ours;
mod real;
mod shuttled;

use std::fmt::Write as _;
use std::panic::{self, AssertUnwindSafe};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{env, fs, hint, process, thread};

use interleavings::Checker;

/// The exit code of a program that a tool cannot run.
pub const NOT_MODELLED: i32 = 77;

/// How long a speed is measured.
const SPEED_TIME: Duration = Duration::from_secs(2);

/// How long a checker may look for a mistake.
const SEARCH_TIME: Duration = Duration::from_secs(10);

/// Runs of the body, in whatever tool.
static RUNS: AtomicU64 = AtomicU64::new(0);

const SPEED_PROGRAMS: [&str; 4] =
    ["two_kinds_of_waiters", "philosophers", "stolen_wake_up", "writer_overtaken"];

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["speed", tool, program] => speed(tool, program),
        ["search", tool, program] => search(tool, program),
        ["memory"] => memory(),
        ["outside"] => outside(),
        _ => all(words.contains(&"quick")),
    }
}

fn body(tool: &str, program: &str) -> fn(bool) {
    macro_rules! from {
        ($module:ident) => {
            $module::programs::CORPUS.iter().find(|p| p.name == program).map(|p| p.run)
        };
    }
    let found = match tool {
        "shuttle-dfs" | "shuttle-random" | "shuttle-pct" => from!(shuttled),
        "loom" => from!(loomed),
        "real" => from!(real),
        _ => from!(ours),
    };
    found.unwrap_or_else(|| {
        eprintln!("no program `{program}` in the corpus");
        process::exit(2)
    })
}

fn shuttle_config(time: Duration) -> shuttle::Config {
    let mut config = shuttle::Config::new();
    config.max_time = Some(time);
    config.silence_warnings = true;
    config.failure_persistence = shuttle::FailurePersistence::None;
    config
}

fn run_shuttle(
    scheduler: impl shuttle::scheduler::Scheduler + 'static,
    time: Duration,
    run: impl Fn() + Send + Sync + 'static,
) {
    shuttle::Runner::new(scheduler, shuttle_config(time)).run(run);
}

/// Runs `run` under the tool until it fails (by a panic) or time is up.
fn under(tool: &str, time: Duration, run: impl Fn() + Send + Sync + 'static) {
    use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler};
    let counted = move || {
        RUNS.fetch_add(1, Ordering::Relaxed);
        run();
    };
    let many = usize::MAX >> 1;
    match tool {
        "shuttle-dfs" => run_shuttle(DfsScheduler::new(None, false), time, counted),
        "shuttle-random" => {
            run_shuttle(RandomScheduler::new_from_seed(1, many), time, counted);
        }
        "shuttle-pct" => {
            run_shuttle(PctScheduler::new_from_seed(1, 3, 1_000_000), time, counted);
        }
        "loom" => {
            let mut builder = loom::model::Builder::new();
            builder.max_duration = Some(time);
            builder.max_branches = 100_000;
            builder.check(counted);
        }
        "real" => {
            let started = Instant::now();
            while started.elapsed() < time {
                counted();
            }
        }
        _ => unreachable!("`main` knows the tools"),
    }
}

// ---- one measurement each -------------------------------------------------------

/// Prints executions a second of the repaired program.
fn speed(tool: &str, program: &str) {
    let run = body(tool, program);
    let started = Instant::now();
    if tool == "ours" {
        let limits = Checker::new().preemptions(usize::MAX).pruning(false);
        let limits = limits.max_interleavings(u64::MAX).max_time(SPEED_TIME);
        let explored = limits.samples(0).explore(move || {
            RUNS.fetch_add(1, Ordering::Relaxed);
            run(false);
        });
        explored.expect("the repaired twin passes");
    } else {
        under(tool, SPEED_TIME, move || run(false));
    }
    let runs = RUNS.load(Ordering::Relaxed);
    println!("{}", runs as f64 / started.elapsed().as_secs_f64());
}

/// Prints the executions and seconds until the mistake is found.
fn search(tool: &str, program: &str) {
    let run = body(tool, program);
    let started = Instant::now();
    if tool == "ours" {
        let found = Checker::new().explore(move || run(true));
        if let Err(failure) = found {
            let count = failure.coverage().interleavings;
            println!("{count} {}", started.elapsed().as_secs_f64());
        }
        return;
    }
    if tool == "loom" {
        report_first_panic(started);
    }
    let time = if tool == "real" { hammer_time() } else { SEARCH_TIME };
    let tool = tool.to_owned();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let caught = panic::catch_unwind(AssertUnwindSafe(|| {
            under(&tool, time, move || run(true));
        }));
        let _ = sender.send(caught.is_err());
    });
    // A deadlock of real threads shows as a run that takes for ever.
    let mut runs = 0;
    loop {
        match receiver.recv_timeout(Duration::from_secs(2)) {
            Ok(found) => {
                if found {
                    let runs = RUNS.load(Ordering::Relaxed);
                    println!("{runs} {}", started.elapsed().as_secs_f64());
                }
                process::exit(0);
            }
            Err(_) => {
                let now = RUNS.load(Ordering::Relaxed);
                if now == runs {
                    println!("{now} {}", started.elapsed().as_secs_f64() - 2.0);
                    process::exit(0);
                }
                runs = now;
                if started.elapsed() > time + Duration::from_secs(5) {
                    process::exit(0);
                }
            }
        }
    }
}

/// loom aborts after some failures, so it is the panic that counts.
fn report_first_panic(started: Instant) {
    panic::set_hook(Box::new(move |info| {
        let payload = info.payload();
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        // A limit of the tool is no mistake of the program.
        if !text.is_some_and(|text| text.contains("exceeded")) {
            let runs = RUNS.load(Ordering::Relaxed);
            println!("{runs} {}", started.elapsed().as_secs_f64());
        }
        process::exit(0);
    }));
}

fn hammer_time() -> Duration {
    let quick = env::var_os("INTERLEAVINGS_BENCH_QUICK").is_some();
    Duration::from_secs(if quick { 1 } else { 10 })
}

/// Prints the resident memory in KiB after 10^5 and after 10^6 interleavings.
fn memory() {
    let run = body("ours", "two_kinds_of_waiters");
    let limits = Checker::new().preemptions(usize::MAX).pruning(false).samples(0);
    let limits = limits.max_time(Duration::from_secs(3_600));
    for count in [100_000, 1_000_000] {
        limits
            .clone()
            .max_interleavings(count)
            .explore(|| run(false))
            .expect("the repaired twin passes");
        println!("{}", resident_kib());
    }
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let digits = line.and_then(|line| line.split_whitespace().nth(1));
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Prints nanoseconds for an uncontended operation, the stand-in's and std's.
fn outside() {
    macro_rules! both {
        ($name:literal, $make:expr, $use:expr, $make_std:expr, $use_std:expr) => {
            let (ours, std) = ($make, $make_std);
            let (ours, std) = nanos(|| $use(&ours), || $use_std(&std));
            println!("{}|{ours:.2}|{std:.2}", $name);
        };
    }
    use interleavings::sync as model;
    use std::sync as plain;
    both!(
        "Mutex::lock",
        model::Mutex::new(0_u64),
        |m: &model::Mutex<u64>| {
            *m.lock().unwrap() += 1;
            true
        },
        plain::Mutex::new(0_u64),
        |m: &plain::Mutex<u64>| {
            *m.lock().unwrap() += 1;
            true
        }
    );
    both!(
        "RwLock::read",
        model::RwLock::new(0_u64),
        |m: &model::RwLock<u64>| *hint::black_box(m.read().unwrap()) == 1,
        plain::RwLock::new(0_u64),
        |m: &plain::RwLock<u64>| *hint::black_box(m.read().unwrap()) == 1
    );
    both!(
        "AtomicUsize::fetch_add",
        model::atomic::AtomicUsize::new(0),
        |a: &model::atomic::AtomicUsize| a.fetch_add(1, Ordering::SeqCst) == 1,
        plain::atomic::AtomicUsize::new(0),
        |a: &plain::atomic::AtomicUsize| a.fetch_add(1, Ordering::SeqCst) == 1
    );
    both!(
        "mpsc send and recv",
        model::mpsc::channel(),
        |c: &(model::mpsc::Sender<u8>, model::mpsc::Receiver<u8>)| {
            c.0.send(1).unwrap();
            c.1.recv().unwrap() == 1
        },
        plain::mpsc::channel(),
        |c: &(plain::mpsc::Sender<u8>, plain::mpsc::Receiver<u8>)| {
            c.0.send(1).unwrap();
            c.1.recv().unwrap() == 1
        }
    );
}

/// The best of several rounds of each, per call; rounds alternate, so that what else
/// the machine does meets both.
fn nanos(a: impl Fn() -> bool, b: impl Fn() -> bool) -> (f64, f64) {
    let mut best = (f64::INFINITY, f64::INFINITY);
    for _ in 0..40 {
        best = (best.0.min(round(&a)), best.1.min(round(&b)));
    }
    best
}

fn round(f: &impl Fn() -> bool) -> f64 {
    const CALLS: u32 = 20_000;
    let started = Instant::now();
    for _ in 0..CALLS {
        hint::black_box(f());
    }
    started.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
}

// ---- all of them ----------------------------------------------------------------

/// Runs one measurement in a process of its own; `None` when it cannot be made.
fn measured(args: &[&str], quick: bool) -> Option<String> {
    let mut command = Command::new(env::current_exe().ok()?);
    command.args(args).stderr(Stdio::null()).env("RUST_BACKTRACE", "0");
    if quick {
        command.env("INTERLEAVINGS_BENCH_QUICK", "1");
    }
    let output = command.output().ok()?;
    if output.status.code() == Some(NOT_MODELLED) {
        return None;
    }
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn all(quick: bool) {
    let mut out = String::new();
    let _ = writeln!(out, "# interleavings against other checkers\n");
    let _ = writeln!(out, "Machine: {}. Date: {}.", machine(), date());
    let _ = writeln!(
        out,
        "As in a learner's test build: checkers with opt-level 2, programs without.\n"
    );
    speed_table(&mut out, quick);
    memory_table(&mut out, quick);
    outside_table(&mut out, quick);
    search_table(&mut out, quick);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/results.md");
    match fs::write(path, &out) {
        Ok(()) => println!("written to {path}"),
        Err(e) => eprintln!("cannot write {path}: {e}"),
    }
    print!("{out}");
}

fn speed_table(out: &mut String, quick: bool) {
    let tools = ["ours", "shuttle-dfs", "shuttle-random", "loom"];
    let _ = writeln!(out, "## Interleavings a second, without pruning\n");
    let _ = writeln!(
        out,
        "| program | interleavings | shuttle DFS | shuttle random | loom | time an \
         interleaving, of shuttle DFS's |\n|---|---:|---:|---:|---:|---:|"
    );
    for program in SPEED_PROGRAMS {
        eprintln!("speed: {program}");
        let rates: Vec<Option<f64>> = tools
            .iter()
            .map(|tool| measured(&["speed", tool, program], quick)?.parse().ok())
            .collect();
        let shown = rates.iter().map(|rate| match rate {
            Some(rate) => format!("{rate:.0}"),
            None => "–".to_owned(),
        });
        let shown: Vec<String> = shown.collect();
        let ratio = match (rates[0], rates[1]) {
            (Some(ours), Some(dfs)) => format!("{:.2}", dfs / ours),
            _ => "–".to_owned(),
        };
        let _ = writeln!(out, "| {program} | {} | {ratio} |", shown.join(" | "));
    }
}

fn memory_table(out: &mut String, quick: bool) {
    eprintln!("memory");
    let text = measured(&["memory"], quick).unwrap_or_default();
    let sizes: Vec<&str> = text.lines().collect();
    if let [small, large] = sizes.as_slice() {
        let _ = writeln!(
            out,
            "\n## Memory\n\nResident: {small} KiB after 100,000 interleavings, {large} \
             KiB after 1,000,000."
        );
    }
}

fn outside_table(out: &mut String, quick: bool) {
    eprintln!("outside");
    let _ = writeln!(
        out,
        "\n## Outside of an exploration, in nanoseconds\n\n| operation | stand-in | \
         std | ratio |\n|---|---:|---:|---:|"
    );
    let text = measured(&["outside"], quick).unwrap_or_default();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').collect();
        if let [name, ours, std] = cells.as_slice()
            && let (Ok(a), Ok(b)) = (ours.parse::<f64>(), std.parse::<f64>())
        {
            let _ = writeln!(out, "| {name} | {ours} | {std} | {:.2} |", a / b);
        }
    }
}

fn search_table(out: &mut String, quick: bool) {
    let tools = ["ours", "shuttle-random", "shuttle-pct", "loom", "real"];
    let seconds = if quick { 1 } else { 10 };
    let _ = writeln!(
        out,
        "\n## Until a mistake is found\n\nExecutions and seconds, at most {} s for a \
         checker and {seconds} s for real threads. “–”: not found; “n/a”: the tool does \
         not model what the program uses.\n\n| program | interleavings | shuttle random \
         | shuttle PCT | loom | real threads |\n|---|---:|---:|---:|---:|---:|",
        SEARCH_TIME.as_secs()
    );
    let mut found = [0; 5];
    for program in ours::programs::CORPUS {
        eprintln!("search: {}", program.name);
        let mut row = format!("| {}", program.name);
        for (i, tool) in tools.iter().enumerate() {
            let cell = match measured(&["search", tool, program.name], quick) {
                None => "n/a".to_owned(),
                Some(text) => match text.split_once(' ') {
                    Some((runs, time)) => {
                        found[i] += 1;
                        let time: f64 = time.parse().unwrap_or(0.0);
                        format!("{runs}, {time:.3} s")
                    }
                    None => "–".to_owned(),
                },
            };
            let _ = write!(row, " | {cell}");
        }
        let _ = writeln!(out, "{row} |");
    }
    let counts = found.map(|n| n.to_string()).join(" | ");
    let all = ours::programs::CORPUS.len();
    let _ = writeln!(out, "| **found, of {all}** | {counts} |");
}

fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name"));
    let model =
        model.map_or("unknown processor", |m| m.trim_start_matches([' ', '\t', ':']));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores, {}", env::consts::OS)
}

/// Today, from the system's clock (Howard Hinnant, "chrono-compatible low-level date
/// algorithms").
fn date() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let days = now.map_or(0, |now| (now.as_secs() / 86_400) as i64) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}
