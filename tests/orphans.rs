//! Whatever ends a demo, and whenever: none of its children outlives it for long, and
//! no shared memory with its name outlives the next sweep.

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    unix::main()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("skipped: only Unix has the signals that this is about");
    ExitCode::SUCCESS
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::io::{self, BufRead, BufReader, PipeReader, Read};
    use std::process::{Child, Command, ExitCode, Stdio};
    use std::sync::mpsc;
    use std::thread;
    use std::time::{Duration, Instant};

    use anyhow::{Context, ensure};
    use course_tests::{Demo, arguments, demos, trial, workspace};
    use crossprocess::Segment;
    use rustix::io::{FdFlags, fcntl_setfd};
    use rustix::process::{Pid, Signal, kill_process};
    use tempfile::TempDir;

    /// No child needs so long to notice, however busy the machine; the watchdog of a
    /// child without a leash would need longer.
    const LIMIT: Duration = Duration::from_secs(10);

    /// Between two sweeps.
    const PAUSE: Duration = Duration::from_millis(10);

    /// After how many more lines the next demo is killed.
    const STEP: usize = 5;

    pub fn main() -> ExitCode {
        let arguments = arguments();
        let mut trials = Vec::new();
        for demo in demos().iter().filter(|demo| starts_processes(demo)) {
            for scene in &demo.scenes {
                let name = format!("{} {scene} leaves nothing when killed", demo.name);
                trials.push(trial(name, move || leaves_nothing(demo, scene)));
            }
        }
        libtest_mimic::run(&arguments, trials).exit_code()
    }

    /// Those that start processes of their own have roles for them.
    fn starts_processes(demo: &Demo) -> bool {
        let main = workspace().join("crates").join(&demo.name).join("src/main.rs");
        fs::read_to_string(main).is_ok_and(|text| text.contains("role"))
    }

    fn leaves_nothing(demo: &Demo, scene: &str) -> anyhow::Result<()> {
        let mut lines = 0;
        while dies_after(demo, scene, lines, Signal::KILL)
            .with_context(|| format!("killed after {lines} lines"))?
        {
            lines += STEP;
        }
        ensure!(lines > 0, "it was never killed");
        dies_after(demo, scene, 1, Signal::INT).context("interrupted")?;
        Ok(())
    }

    /// Kills the demo after so many lines; false when it has ended before.
    fn dies_after(
        demo: &Demo,
        scene: &str,
        lines: usize,
        signal: Signal,
    ) -> anyhow::Result<bool> {
        // What a demo that is killed leaves in there goes with it.
        let temporary = tempfile::tempdir()?;
        let (mut demo, sentinel) = start(demo, scene, &temporary)?;
        let stdout = BufReader::new(demo.stdout.take().context("it is piped")?);
        let seen = stdout.lines().take(lines).map_while(Result::ok).count();
        // Not waited for, so the number is still the demo's.
        kill_process(Pid::from_child(&demo), signal)?;
        demo.wait()?;
        wait_until_closed(sentinel).context("a child lives on")?;
        // What `crossprocess` leaves the next sweep takes away; another one may be at it.
        let deadline = Instant::now() + LIMIT;
        let mut left = shared_memory_of(demo.id())?;
        while !left.is_empty() && Instant::now() < deadline {
            Segment::sweep()?;
            thread::sleep(PAUSE);
            left = shared_memory_of(demo.id())?;
        }
        ensure!(left.is_empty(), "left in shared memory: {left:?}");
        Ok(seen == lines)
    }

    /// Starts a scene, and a pipe that is open as long as it or a descendant lives.
    fn start(
        demo: &Demo,
        scene: &str,
        temporary: &TempDir,
    ) -> anyhow::Result<(Child, PipeReader)> {
        let (sentinel, inherited) = io::pipe()?;
        // Rust closes a file in every new program unless told otherwise.
        fcntl_setfd(&inherited, FdFlags::empty())?;
        let demo = Command::new(&demo.program)
            .arg(scene)
            .env("TMPDIR", temporary.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        Ok((demo, sentinel))
    }

    fn wait_until_closed(mut sentinel: PipeReader) -> anyhow::Result<()> {
        let (closed, is_closed) = mpsc::channel();
        thread::spawn(move || {
            // Nobody writes: this returns when the last process has closed it. Too late
            // for the one who waits is as good as never.
            let _ = closed.send(sentinel.read(&mut [0]));
        });
        ensure!(is_closed.recv_timeout(LIMIT)?? == 0, "somebody has written");
        Ok(())
    }

    /// Names with the number of a process in them; empty where there is no such folder.
    fn shared_memory_of(pid: u32) -> anyhow::Result<Vec<String>> {
        let Ok(names) = fs::read_dir("/dev/shm") else { return Ok(Vec::new()) };
        let names = names.map(|entry| Ok(entry?.file_name().to_string_lossy().into()));
        let mut names = names.collect::<anyhow::Result<Vec<String>>>()?;
        let segment = format!("cp-{pid:x}-");
        let number = format!("-{pid}-");
        names.retain(|name| match name.starts_with("cp-") {
            // Those of `crossprocess` have it in hexadecimal.
            true => name.starts_with(&segment),
            false => name.contains(&number),
        });
        Ok(names)
    }
}
