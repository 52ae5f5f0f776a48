//! The command line of a demo: its scenes, by name.

use std::fmt;
use std::panic::{self, PanicHookInfo};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, value_parser};

use crate::output::{self, complain};
use crate::timeline::{self, Format, NamedTimeline};
use crate::watchdog::Watchdog;

/// A scene in which nobody does anything for so long has hung.
const SCENE_LIMIT: Duration = Duration::from_secs(20);

/// The same for a scene that hangs on purpose.
const TRIAL_LIMIT: Duration = Duration::from_secs(1);

/// An error of the person at the keyboard, told in one line; the exit code is 2.
#[derive(Debug)]
pub struct WrongUsage(String);

impl WrongUsage {
    /// `what` names the object: "`/no/such/dir` is not a directory".
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

/// A demo: scenes that can be run by name, or all in order.
///
/// ```no_run
/// # fn counting() -> anyhow::Result<()> { Ok(()) }
/// fn main() -> std::process::ExitCode {
///     common::Demo::new("semaphore-demo", "At most so many at once.")
///         .scene("counting", "eight workers, three permits", counting)
///         .run()
/// }
/// ```
#[must_use = "a demo does nothing until it is run"]
pub struct Demo {
    name: &'static str,
    about: &'static str,
    scenes: Vec<Scene>,
}

struct Scene {
    name: &'static str,
    about: &'static str,
    kind: Kind,
    command: Command,
    run: Run,
}

/// When a scene runs, and who may see it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// By name, and when all scenes run.
    Regular,
    /// Hangs or fails, to show how: by name only.
    GoesWrong,
    /// What a child process does: started by other scenes, listed nowhere.
    Role,
}

/// Runs a scene with the options that were given on the command line.
type Run = Box<dyn Fn(&ArgMatches) -> anyhow::Result<()>>;

impl Demo {
    /// A demo without scenes; `name` is the name of its package.
    pub fn new(name: &'static str, about: &'static str) -> Self {
        Self { name, about, scenes: Vec::new() }
    }

    /// Adds a scene.
    pub fn scene(
        self,
        name: &'static str,
        about: &'static str,
        run: fn() -> anyhow::Result<()>,
    ) -> Self {
        self.add(
            name,
            about,
            Kind::Regular,
            Command::new(name),
            Box::new(move |_| run()),
        )
    }

    /// Adds a scene with options of its own; without arguments their defaults hold.
    pub fn scene_with<A: Args + 'static>(
        self,
        name: &'static str,
        about: &'static str,
        run: fn(A) -> anyhow::Result<()>,
    ) -> Self {
        let command = A::augment_args(Command::new(name));
        let run = move |matches: &ArgMatches| run(A::from_arg_matches(matches)?);
        self.add(name, about, Kind::Regular, command, Box::new(run))
    }

    /// Adds a scene that goes wrong, for [`trial()`](crate::trial()) and for the curious.
    ///
    /// It is left out when all scenes run. A short silence counts as a hang.
    pub fn goes_wrong(
        self,
        name: &'static str,
        about: &'static str,
        run: fn() -> anyhow::Result<()>,
    ) -> Self {
        let command = Command::new(name);
        self.add(name, about, Kind::GoesWrong, command, Box::new(move |_| run()))
    }

    /// Adds what a child process of this demo does; [`role`](crate::child::role) starts it.
    ///
    /// Its options come from the scene that starts it; a reader does not see it.
    pub fn role<A: Args + 'static>(
        self,
        name: &'static str,
        run: fn(A) -> anyhow::Result<()>,
    ) -> Self {
        let command = A::augment_args(Command::new(name));
        let run = move |matches: &ArgMatches| run(A::from_arg_matches(matches)?);
        self.add(name, "", Kind::Role, command, Box::new(run))
    }

    fn add(
        mut self,
        name: &'static str,
        about: &'static str,
        kind: Kind,
        command: Command,
        run: Run,
    ) -> Self {
        let command = command.about(about);
        self.scenes.push(Scene { name, about, kind, command, run });
        self
    }

    /// Does what the command line asks for.
    ///
    /// The exit code is 0, 1 when a scene failed, or 2 for wrong usage.
    pub fn run(self) -> ExitCode {
        panic::set_hook(Box::new(tell_of_panic));
        let matches = match self.command().try_get_matches() {
            Ok(matches) => matches,
            Err(error) => return self.refuse(&error),
        };
        if matches.get_flag("list") {
            self.list();
            return ExitCode::SUCCESS;
        }
        let result = match matches.subcommand() {
            Some((name, options)) => {
                let file = options.get_one::<PathBuf>("timeline");
                let scene = self.scenes.iter().find(|scene| scene.name == name);
                let chosen = scene.expect("clap accepts known scenes only");
                self.play(&[(chosen, options)], file)
            }
            None => self.play_all(matches.get_one::<PathBuf>("timeline")),
        };
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                complain(format_args!("error: {error:#}"));
                let wrong_usage = error.is::<WrongUsage>() || error.is::<clap::Error>();
                ExitCode::from(if wrong_usage { 2 } else { 1 })
            }
        }
    }

    fn command(&self) -> Command {
        let list = Arg::new("list").long("list").action(ArgAction::SetTrue);
        let timeline = Arg::new("timeline")
            .long("timeline")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .global(true);
        Command::new(self.name)
            .about(self.about)
            .after_help("Without a scene, all scenes run in this order.")
            .arg(list.help("Name the scenes, one a line"))
            .arg(timeline.help("Write what really happened to FILE.svg or FILE.json"))
            .subcommand_value_name("SCENE")
            .subcommand_help_heading("Scenes")
            .disable_help_subcommand(true)
            .subcommands(
                self.scenes.iter().map(|scene| {
                    scene.command.clone().hide(scene.kind != Kind::Regular)
                }),
            )
    }

    /// Answers a command line that clap did not accept.
    fn refuse(&self, error: &clap::Error) -> ExitCode {
        if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
            // A reader who closes the pipe has seen enough of the help.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        let text = error.render().to_string();
        let line = match (error.kind(), error.get(ContextKind::InvalidSubcommand)) {
            (ErrorKind::InvalidSubcommand, Some(ContextValue::String(name))) => {
                format!("error: unknown scene `{name}`; known: {}", self.names())
            }
            _ => text.lines().next().unwrap_or("error: wrong usage").to_owned(),
        };
        complain(format_args!("{line}"));
        ExitCode::from(2)
    }

    fn scenes_of(&self, kind: Kind) -> impl Iterator<Item = &Scene> {
        self.scenes.iter().filter(move |scene| scene.kind == kind)
    }

    fn names(&self) -> String {
        let names: Vec<_> =
            self.scenes_of(Kind::Regular).map(|scene| scene.name).collect();
        names.join(", ")
    }

    fn list(&self) {
        let width = self.scenes.iter().map(|scene| scene.name.len()).max().unwrap_or(0);
        let tell =
            |scene: &Scene| crate::println!("{:width$}  {}", scene.name, scene.about);
        self.scenes_of(Kind::Regular).for_each(tell);
        if self.scenes_of(Kind::GoesWrong).next().is_some() {
            crate::println!("\nThese go wrong, to show how, and run only by name:");
        }
        self.scenes_of(Kind::GoesWrong).for_each(tell);
    }

    /// All scenes but those that go wrong, with the defaults of their options.
    fn play_all(&self, file: Option<&PathBuf>) -> anyhow::Result<()> {
        let mut chosen = Vec::new();
        for scene in self.scenes_of(Kind::Regular) {
            chosen.push((
                scene,
                scene.command.clone().try_get_matches_from([scene.name])?,
            ));
        }
        let chosen: Vec<_> =
            chosen.iter().map(|(scene, options)| (*scene, options)).collect();
        self.play(&chosen, file)
    }

    fn play(
        &self,
        chosen: &[(&Scene, &ArgMatches)],
        file: Option<&PathBuf>,
    ) -> anyhow::Result<()> {
        let file = file
            .map(|file| Ok::<_, WrongUsage>((file, format_of(file)?)))
            .transpose()?;
        let mut timelines = Vec::new();
        let mut result = Ok(());
        for (index, (scene, options)) in chosen.iter().enumerate() {
            if chosen.len() > 1 {
                let gap = if index > 0 { "\n" } else { "" };
                crate::println!("{gap}── {}: {} ──", scene.name, scene.about);
            }
            result = scene.play(options);
            timelines.push(NamedTimeline {
                scene: scene.name.to_owned(),
                timeline: timeline::take(),
            });
            if result.is_err() {
                break;
            }
        }
        // Also after a failure: a picture of it is what one wants to see then.
        if let Some((file, format)) = file {
            timeline::write(file, format, self.name, &timelines)?;
        }
        result
    }
}

fn format_of(file: &Path) -> Result<Format, WrongUsage> {
    Format::of(file).ok_or_else(|| {
        let file = file.display();
        WrongUsage::new(format!(
            "timeline file `{file}` ends neither in .svg nor in .json"
        ))
    })
}

impl Scene {
    fn play(&self, options: &ArgMatches) -> anyhow::Result<()> {
        let limit = match self.kind {
            Kind::GoesWrong => TRIAL_LIMIT,
            Kind::Regular | Kind::Role => SCENE_LIMIT,
        };
        let _watchdog = Watchdog::start(format!("scene `{}`", self.name), limit)?;
        // The hook has told of the panic; here it only decides the exit code.
        let outcome =
            panic::catch_unwind(panic::AssertUnwindSafe(|| (self.run)(options)));
        output::leave_it_to_who_leaves();
        outcome
            .unwrap_or_else(|_| Err(anyhow::anyhow!("scene `{}` panicked", self.name)))
    }
}

/// Tells of a panic in one line, whatever `RUST_BACKTRACE` says.
fn tell_of_panic(info: &PanicHookInfo<'_>) {
    let current = thread::current();
    let name = current.name().unwrap_or("without a name").to_owned();
    let what = info.payload_as_str().unwrap_or("not a text");
    // A line of std, as rustc was built with it, is of no use to the reader.
    let ours = info.location().filter(|place| !place.file().starts_with("/rustc/"));
    let place = ours.map(|place| format!(" at {}:{}", place.file(), place.line()));
    let place = place.unwrap_or_default();
    complain(format_args!("thread '{name}' panicked{place}: {what}"));
}
