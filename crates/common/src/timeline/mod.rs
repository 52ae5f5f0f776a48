//! What really happened: spans and marks, recorded by threads and by child processes.
//!
//! Times are nanoseconds of the system's monotonic clock, which all processes of a
//! machine share. A child process finds the place to write to in its environment and
//! writes each event at once, so what it did before it was killed is kept.

mod clock;
mod lanes;
mod picture;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, Write};
use std::process::{self, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

pub(crate) use clock::now;
pub(crate) use picture::{Format, NamedTimeline, write};

/// Names the file to which a child process appends its events.
const FILE_VARIABLE: &str = "COMMON_TIMELINE_FILE";

/// The actors the parent knew, in order, so that both use the same colours.
const ACTORS_VARIABLE: &str = "COMMON_TIMELINE_ACTORS";

/// Separates names in [`ACTORS_VARIABLE`]; "unit separator", in no sensible name.
const SEPARATOR: char = '\u{1f}';

/// An actor: the index of its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ActorId(pub(crate) usize);

/// A span that has begun, unique among the processes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct SpanId {
    process: u32,
    number: u64,
}

/// What an actor does for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activity {
    /// It is blocked until something happens.
    Waits,
    /// It keeps busy.
    Works,
    /// It has something that others may be waiting for.
    Holds,
}

impl Activity {
    const ALL: [Self; 3] = [Self::Waits, Self::Works, Self::Holds];

    fn verb(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Works => "works",
            Self::Holds => "holds",
        }
    }

    /// `waits for a permit`, `holds a permit`, `works on a file`.
    fn phrase(self, label: &str) -> String {
        format!("{} {}{label}", self.verb(), self.preposition())
    }

    /// What is over.
    fn past_phrase(self, label: &str) -> String {
        let verb = match self {
            Self::Waits => "waited",
            Self::Works => "worked",
            Self::Holds => "held",
        };
        format!("{verb} {}{label}", self.preposition())
    }

    fn preposition(self) -> &'static str {
        match self {
            Self::Waits => "for ",
            Self::Works => "on ",
            Self::Holds => "",
        }
    }
}

/// One line of a child's file, one entry of a recording.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Event {
    /// In nanoseconds of the monotonic clock.
    at: u64,
    actor: String,
    what: What,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Begin {
        span: SpanId,
        activity: Activity,
        label: String,
    },
    End {
        span: SpanId,
    },
    Mark {
        label: String,
    },
    /// A mark after which the actor does nothing more.
    Death {
        label: String,
    },
}

/// What one scene recorded, ready to be drawn.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Timeline {
    /// When the first event was, in nanoseconds of the monotonic clock.
    #[serde(skip)]
    start: u64,
    /// From the first to the last event, in nanoseconds.
    pub duration: u64,
    /// One lane an actor, in the order in which the actors appeared.
    pub lanes: Vec<Lane>,
}

/// What one actor did, in the order in which it began.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Lane {
    /// The actor's name.
    pub actor: String,
    /// What took time.
    pub spans: Vec<RecordedSpan>,
    /// What happened at one moment.
    pub marks: Vec<Mark>,
}

/// A span of a [`Lane`]; times in nanoseconds since the first event.
#[derive(Clone, Debug, Serialize)]
pub struct RecordedSpan {
    /// What the actor did.
    pub activity: Activity,
    /// For what it waited, what it held, on what it worked.
    pub label: String,
    /// When it began.
    pub start: u64,
    /// When it ended, or the end of the timeline.
    pub end: u64,
    /// No end was recorded: the actor still does it, or its process was killed.
    pub open: bool,
}

/// A moment of a [`Lane`].
#[derive(Clone, Debug, Serialize)]
pub struct Mark {
    /// In nanoseconds since the first event.
    pub at: u64,
    /// What happened.
    pub label: String,
}

#[derive(Default)]
struct Recording {
    /// Names, by [`ActorId`].
    actors: Vec<String>,
    /// When each actor was last seen, by [`ActorId`]; 0 when never.
    last_seen: Vec<u64>,
    events: Vec<Event>,
    spans_begun: u64,
    shared: Option<Shared>,
    /// Where this process writes, when it is somebody's child.
    parent_file: Option<File>,
}

/// The file to which child processes write.
enum Shared {
    /// Without a name: it is gone with the process, however that ends.
    Unnamed(File),
    Named(NamedTempFile),
}

impl Shared {
    fn new() -> io::Result<Self> {
        if cfg!(target_os = "linux") {
            tempfile::tempfile().map(Self::Unnamed)
        } else {
            NamedTempFile::new().map(Self::Named)
        }
    }

    fn path(&self) -> OsString {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => {
                use std::os::fd::AsRawFd;
                format!("/proc/{}/fd/{}", process::id(), file.as_raw_fd()).into()
            }
            #[cfg(not(target_os = "linux"))]
            Self::Unnamed(_) => {
                unreachable!("only Linux can reopen a file without name")
            }
            Self::Named(file) => file.path().into(),
        }
    }

    fn file(&self) -> &File {
        match self {
            Self::Unnamed(file) => file,
            Self::Named(file) => file.as_file(),
        }
    }
}

static RECORDING: Mutex<Option<Recording>> = Mutex::new(None);

/// The recording of this process, begun at the first call.
fn with_recording<R>(action: impl FnOnce(&mut Recording) -> R) -> R {
    // A panic elsewhere leaves the recording whole: it only ever grows.
    let mut recording: MutexGuard<'_, Option<Recording>> =
        RECORDING.lock().unwrap_or_else(PoisonError::into_inner);
    action(recording.get_or_insert_with(Recording::begin))
}

impl Recording {
    fn begin() -> Self {
        let mut recording = Self::default();
        if let Some(path) = std::env::var_os(FILE_VARIABLE) {
            // Without the file the child does its work all the same, unrecorded.
            recording.parent_file = OpenOptions::new().append(true).open(path).ok();
            let actors = std::env::var(ACTORS_VARIABLE).unwrap_or_default();
            for name in actors.split(SEPARATOR).filter(|name| !name.is_empty()) {
                recording.actor(name);
            }
        }
        recording
    }

    fn actor(&mut self, name: &str) -> ActorId {
        let known = self.actors.iter().position(|known| known == name);
        ActorId(known.unwrap_or_else(|| {
            self.actors.push(name.to_owned());
            self.last_seen.push(0);
            self.actors.len() - 1
        }))
    }

    fn record(&mut self, actor: ActorId, what: What) {
        // An actor that was made before the last scene ended has no lane any more.
        let Some(name) = self.actors.get(actor.0) else { return };
        let event = Event { at: now(), actor: name.clone(), what };
        self.last_seen[actor.0] = event.at;
        if let Some(file) = &mut self.parent_file {
            let mut line = serde_json::to_vec(&event).expect("an event is plain data");
            line.push(b'\n');
            // Appended in one write, so that the lines of several children do not mix.
            // A parent that has gone needs no record.
            let _ = file.write_all(&line);
        }
        self.events.push(event);
    }
}

pub(crate) fn actor(name: &str) -> ActorId {
    with_recording(|recording| recording.actor(name))
}

pub(crate) fn name(actor: ActorId) -> String {
    with_recording(|recording| recording.actors.get(actor.0).cloned())
        .unwrap_or_default()
}

/// Notes that the actor is alive, without leaving anything in its lane.
pub(crate) fn seen(actor: ActorId) {
    with_recording(|recording| {
        if let Some(last_seen) = recording.last_seen.get_mut(actor.0) {
            *last_seen = now();
        }
    });
}

pub(crate) fn begin(actor: ActorId, activity: Activity, label: &str) -> SpanId {
    with_recording(|recording| {
        recording.spans_begun += 1;
        let span = SpanId { process: process::id(), number: recording.spans_begun };
        let label = label.to_owned();
        recording.record(actor, What::Begin { span, activity, label });
        span
    })
}

pub(crate) fn end(actor: ActorId, span: SpanId) {
    with_recording(|recording| recording.record(actor, What::End { span }));
}

pub(crate) fn mark(actor: ActorId, label: &str) {
    let label = label.to_owned();
    with_recording(|recording| recording.record(actor, What::Mark { label }));
}

pub(crate) fn death(actor: ActorId, label: &str) {
    let label = label.to_owned();
    with_recording(|recording| recording.record(actor, What::Death { label }));
}

/// Lets `command`, once started, record into the timeline of this process.
///
/// # Errors
///
/// When no temporary file can be made.
pub fn share_with(command: &mut Command) -> io::Result<()> {
    with_recording(|recording| {
        let shared = match recording.shared.take() {
            Some(shared) => shared,
            None => Shared::new()?,
        };
        command.env(FILE_VARIABLE, shared.path());
        command.env(ACTORS_VARIABLE, recording.actors.join(&SEPARATOR.to_string()));
        recording.shared = Some(shared);
        Ok(())
    })
}

/// What each actor was last seen doing, and when anybody was seen at all.
pub(crate) struct LastSeen {
    /// In nanoseconds of the monotonic clock; 0 when nobody was ever seen.
    pub(crate) at: u64,
    /// A sentence an actor, for a diagnosis.
    pub(crate) actors: Vec<String>,
}

/// What the actors of this process and of its children were last seen doing.
pub(crate) fn last_seen() -> LastSeen {
    with_recording(|recording| {
        let timeline = recording.timeline();
        let now = now();
        let mut at = recording.last_seen.iter().copied().max().unwrap_or(0);
        at = at.max(recording.all_events().last().map_or(0, |event| event.at));
        let width = timeline.lanes.iter().map(|lane| lane.actor.chars().count()).max();
        let width = width.unwrap_or(0) + 2;
        let actors = timeline
            .lanes
            .iter()
            .map(|lane| {
                let name = format!("[{}]", lane.actor);
                format!(
                    "{name:width$} {}",
                    lane.doing(now.saturating_sub(timeline.start))
                )
            })
            .collect();
        LastSeen { at, actors }
    })
}

/// The timeline so far, without forgetting it.
#[must_use]
pub fn so_far() -> Timeline {
    with_recording(|recording| recording.timeline())
}

/// The timeline of the scene that ends here; the next scene starts with an empty one.
pub(crate) fn take() -> Timeline {
    with_recording(|recording| {
        let timeline = recording.timeline();
        let parent_file = recording.parent_file.take();
        // Numbers go on: a span of a thread that was left behind must not end another.
        let spans_begun = recording.spans_begun;
        *recording = Recording { parent_file, spans_begun, ..Recording::default() };
        timeline
    })
}

impl Recording {
    /// The events of this process and of its children, by time.
    fn all_events(&self) -> Vec<Event> {
        let mut events = self.events.clone();
        if let Some(shared) = &self.shared {
            let mut file = shared.file();
            if file.rewind().is_ok() {
                let lines = BufReader::new(file).lines().map_while(Result::ok);
                // A child that was killed while writing leaves half a line.
                events
                    .extend(lines.filter_map(|line| serde_json::from_str(&line).ok()));
            }
        }
        events.sort_by_key(|event: &Event| event.at);
        events
    }

    fn timeline(&self) -> Timeline {
        let events = self.all_events();
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Timeline::default();
        };
        let start = first.at;
        let duration = last.at - start;

        let mut lanes: Vec<Lane> = Vec::new();
        let mut place: HashMap<String, usize> = HashMap::new();
        let names = self.actors.iter().chain(events.iter().map(|event| &event.actor));
        for name in names {
            place.entry(name.clone()).or_insert_with(|| {
                lanes.push(Lane { actor: name.clone(), ..Lane::default() });
                lanes.len() - 1
            });
        }

        let mut begun: HashMap<SpanId, (usize, usize)> = HashMap::new();
        for event in events {
            let index = place[&event.actor];
            let lane = &mut lanes[index];
            let at = event.at - start;
            match event.what {
                What::Begin { span, activity, label } => {
                    begun.insert(span, (index, lane.spans.len()));
                    lane.spans.push(RecordedSpan {
                        activity,
                        label,
                        start: at,
                        end: duration,
                        open: true,
                    });
                }
                What::End { span } => {
                    // A span of an earlier scene has no beginning here.
                    if let Some((lane, span)) = begun.remove(&span) {
                        let span = &mut lanes[lane].spans[span];
                        (span.end, span.open) = (at, false);
                    }
                }
                What::Mark { label } => lane.marks.push(Mark { at, label }),
                What::Death { label } => {
                    lane.marks.push(Mark { at, label });
                    for span in lane.spans.iter_mut().filter(|span| span.open) {
                        (span.end, span.open) = (at, false);
                    }
                }
            }
        }
        lanes.retain(|lane| !(lane.spans.is_empty() && lane.marks.is_empty()));
        Timeline { start, duration, lanes }
    }
}

impl Lane {
    /// What the actor is doing, or did last, for a diagnosis.
    ///
    /// `now` is in nanoseconds since the first event of the timeline.
    fn doing(&self, now: u64) -> String {
        let for_so_long = |since: u64| seconds(now.saturating_sub(since));
        let open: Vec<_> = self.spans.iter().filter(|span| span.open).collect();
        if let Some(innermost) = open.last() {
            let phrases: Vec<_> = open
                .iter()
                .rev()
                .map(|span| span.activity.phrase(&span.label))
                .collect();
            return format!(
                "{}, for {}",
                phrases.join(", "),
                for_so_long(innermost.start)
            );
        }
        let last_span = self.spans.iter().max_by_key(|span| span.end);
        let last_mark = self.marks.last();
        match (last_span, last_mark) {
            (span, Some(mark)) if span.is_none_or(|span| span.end <= mark.at) => {
                format!("{}, {} ago", mark.label, for_so_long(mark.at))
            }
            (Some(span), _) => {
                let past = span.activity.past_phrase(&span.label);
                format!("{past} until {} ago", for_so_long(span.end))
            }
            (None, _) => "did nothing".to_owned(),
        }
    }
}

fn seconds(nanoseconds: u64) -> String {
    crate::measure::duration(nanoseconds as f64 / 1e9)
}

#[cfg(test)]
mod tests;
