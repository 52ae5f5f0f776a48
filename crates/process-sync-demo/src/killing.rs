//! Kills a child in the middle of something, and looks at what its survivor gets.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use common::measure::duration;
use common::{Actor, Span, println};
use crossprocess::process::{Child, Entry};
use crossprocess::{Error, Event, Segment};

use crate::python::Python;
use crate::{child, die_holding, die_sending, die_waiting};

/// Given the scene, and the name of the case.
pub const VICTIM: Entry<(String, String)> = Entry::new("victim");

/// Nobody waits so long unless something is broken: what is promised is a tick.
pub const LIMIT: Duration = Duration::from_secs(10);

/// A victim that has said that it is about to wait is asleep by then, most likely. The
/// promise is the same wherever it is killed.
const PAUSE: Duration = Duration::from_millis(30);

/// Of a segment, in bytes: enough for a queue of large messages.
const SIZE: usize = 4 << 20;

/// One killing.
pub struct Case {
    pub name: &'static str,
    /// What the child does. It is killed while it stays there.
    pub victim: fn(&Stage) -> Result<(), Error>,
    /// Makes the object, lets the victim come and kills it, and uses the object. Returns
    /// what it gets.
    pub survivor: fn(&Segment, &mut Victim) -> anyhow::Result<&'static str>,
}

/// Runs the cases, ours and Python's, all at the same time, and prints who goes on.
pub fn play(scene: &str, heading: &str, cases: &[Case]) -> anyhow::Result<()> {
    for case in cases {
        let _lanes = ["victim", "survivor", "Python"].map(|who| lane(case.name, who));
    }
    let (ours, python) = thread::scope(|scope| {
        let python = scope.spawn(|| Python::play(scene, cases.len()));
        let start = |case| scope.spawn(move || go_on_after_death(scene, case));
        let ours: Vec<_> = cases.iter().map(start).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().expect("a case does not panic")
        };
        let ours: Vec<_> = ours.into_iter().map(join).collect();
        (ours, python.join().expect("reading does not panic"))
    });

    let python = python?;
    let version = python.as_ref().map_or("", |python| &python.version);
    println!("{heading:<13}  {:<34} | Python {version}", "crossprocess");
    for (case, ours) in cases.iter().zip(ours) {
        let (time, got) = ours.with_context(|| format!("{scene}, {}", case.name))?;
        let ours = format!("{:>6}: {got}", duration(time.as_secs_f64()));
        let python = python.as_ref().map(|python| python.outcome(case.name));
        let python = python.unwrap_or_else(|| "–".to_owned());
        println!("{:<13}  {ours:<34} | {python}", case.name);
    }
    println!("The times are from the death until the survivor goes on.");
    match python.as_ref().map(Python::hangs) {
        Some(hangs) => {
            println!("Of Python's survivors {hangs} of {} hang.", cases.len());
        }
        None => println!("There is no `python3` on the path, so these are ours alone."),
    }
    Ok(())
}

/// How long it took the survivor to go on, and with what.
fn go_on_after_death(
    scene: &str,
    case: &Case,
) -> anyhow::Result<(Duration, &'static str)> {
    let segment = Segment::create(SIZE)?;
    let ready = Event::create(&segment, "ready")?;
    let mut victim =
        Victim { scene, name: case.name, segment: &segment, ready, going_on: None };
    let got = (case.survivor)(&segment, &mut victim)?;
    let (killed, span) = victim.going_on.context("nobody was killed")?;
    drop(span);
    Ok((killed.elapsed(), got))
}

pub fn lane(case: &str, who: &str) -> Actor {
    Actor::new(format!("{case}: {who}"))
}

/// A child that is going to be killed, as its killer sees it.
pub struct Victim<'a> {
    scene: &'a str,
    name: &'a str,
    segment: &'a Segment,
    /// Set when the victim is where it is to be killed.
    ready: Event,
    /// Since when it is dead, and the survivor's way on.
    going_on: Option<(Instant, Span)>,
}

impl Victim<'_> {
    /// Lets the victim come, and kills it where it stays.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        let child = self.start()?;
        thread::sleep(PAUSE);
        self.kill_now(child)
    }

    /// Waits until the victim is where it is to be killed.
    pub fn start(&self) -> anyhow::Result<Child> {
        let role = (self.scene.to_owned(), self.name.to_owned());
        let child = child::start(&VICTIM, &role, self.segment)?;
        ensure!(self.ready.wait_timeout(LIMIT), "the victim does not come");
        Ok(child)
    }

    pub fn kill_now(&mut self, mut child: Child) -> anyhow::Result<()> {
        child.kill()?;
        child.wait()?;
        lane(self.name, "victim").dies("killed");
        let span = lane(self.name, "survivor").waits("what is left");
        self.going_on = Some((Instant::now(), span));
        Ok(())
    }
}

/// Where the victim is, as it sees it itself.
pub struct Stage {
    pub segment: Segment,
    me: Actor,
    ready: Event,
}

impl Stage {
    /// Keeps `what` it has until it is killed.
    pub fn hold(&self, what: &str) -> ! {
        let _holding = self.me.holds(what);
        self.ready.set();
        loop {
            thread::park();
        }
    }

    /// Says that it is about to wait for `what`.
    pub fn wait(&self, what: &str) -> Span {
        let waiting = self.me.waits(what);
        self.ready.set();
        waiting
    }
}

/// What the child does.
pub fn victim((scene, name): (String, String)) -> Result<(), Error> {
    let scenes =
        [("die-holding", &die_holding::CASES), ("die-waiting", &die_waiting::CASES)];
    let scenes = scenes.into_iter().chain([("die-sending", &die_sending::CASES)]);
    let cases =
        scenes.filter(|(known, _)| *known == scene).flat_map(|(_, cases)| cases);
    let case = cases.into_iter().find(|case| case.name == name);
    let unknown = || Error::Invalid(format!("scene `{scene}` has no case `{name}`"));
    let case = case.ok_or_else(unknown)?;
    let segment = Segment::from_env()?;
    let ready = Event::open(&segment, "ready")?;
    (case.victim)(&Stage { segment, me: lane(&name, "victim"), ready })
}
