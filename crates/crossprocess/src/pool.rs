//! A pool of worker processes.
//!
//! ```
//! use std::process::ExitCode;
//!
//! use crossprocess::pool::{Pool, Work};
//! use crossprocess::process::child_role;
//!
//! const SQUARE: Work<(), u64, u64> = Work::new("square");
//!
//! fn main() -> ExitCode {
//!     if let Some(role) = child_role() {
//!         return role.work(&SQUARE, |()| Ok(()), |(), n| n * n).finish();
//!     }
//!     let mut pool = Pool::new(&SQUARE, 2, &()).unwrap();
//!     let squares: Vec<u64> = pool.map(1..=3).map(Result::unwrap).collect();
//!     assert_eq!(squares, [1, 4, 9]);
//!     ExitCode::SUCCESS
//! }
//! ```
//!
//! A worker that dies costs the one result it was at work on, which says so, and is
//! replaced. What a worker is at work on is noted under a *worker number* that the
//! parent gives out, and gives out again only after it has looked at the note: noted
//! under the worker's slot in the process table, a replacement would erase it first.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::marker::PhantomData;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cell::{Cell, Kind, Shape};
use crate::process::{Child, Entry, Exit, Role};
use crate::queue::{decoded, encoded};
use crate::raw::Deadline;
use crate::{ByteQueue, Error, Segment};

const TASKS: &str = "tasks";
const RESULTS: &str = "results";
const TABLE: &str = "workers";

/// Room for tasks on their way to the workers, and for results on their way back.
const QUEUE_BYTES: usize = 1 << 20;

/// How often the parent looks whether a worker has died.
const SUPERVISION: Duration = Duration::from_millis(10);

/// How long a worker may take from its start until it is ready.
const LONGEST_START: Duration = Duration::from_secs(30);

/// A worker may be killed while it begins; more often in a row than this, it is not by
/// chance.
const MOST_FAILED_STARTS: u32 = 3;

/// Most workers of a pool: with the parent, all can be attached to a segment.
const MOST_WORKERS: usize = 60;

/// Jobs of a chunk, unless it is said how many.
const LARGEST_CHUNK: usize = 256;

/// Chunks that are sent ahead for each worker, so that none waits for the parent.
const AHEAD: usize = 4;

/// Jobs that are sent ahead for each worker while they are short, if the chunks are
/// small: who has more to do before it must wait gives its core away less often.
const SHORT_JOBS_AHEAD: usize = 32;

/// Jobs are short if all that were sent ahead are done in this time.
const SHORT: Duration = Duration::from_millis(1);

/// What the workers of a pool do: from a job `J` to a result `R`, after they have been
/// prepared by an `I`. Parent and workers name it the same; usually a constant.
pub struct Work<I, J, R> {
    entry: Entry<Start>,
    _types: PhantomData<fn(I, J) -> R>,
}

impl<I, J, R> Work<I, J, R> {
    /// Names the work.
    pub const fn new(name: &'static str) -> Self {
        Self { entry: Entry::new(name), _types: PhantomData }
    }
}

impl<I, J, R> fmt::Debug for Work<I, J, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Work").field(&self.entry).finish()
    }
}

/// What a worker is started with.
#[derive(Serialize, Deserialize)]
pub(crate) struct Start {
    worker: usize,
    init: Vec<u8>,
    max_jobs: Option<u32>,
}

/// Jobs that go to a worker together; each has a number of its own.
#[derive(Deserialize)]
struct Chunk<J> {
    jobs: Vec<(u64, J)>,
}

/// The same, as the parent sends it: it keeps the jobs until they have a result.
#[derive(Serialize)]
struct ChunkRef<'a, J> {
    jobs: Vec<(u64, &'a J)>,
}

/// What comes back.
#[derive(Serialize, Deserialize)]
enum Answer<R> {
    Ready { worker: usize },
    Failed { worker: usize, why: String },
    Done { job: u64, result: R },
    Panicked { job: u64, message: String },
    NotSent { job: u64, why: String },
}

/// Why there is no result of a job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The worker died while it was at work on this job.
    #[error("worker {worker} (process {pid}) died at work: {exit}")]
    WorkerDied {
        /// Number of the worker, 0 to `workers - 1`.
        worker: usize,
        /// Its process id.
        pid: u32,
        /// How it died.
        exit: Exit,
    },
    /// The job panicked; its worker lives on.
    #[error("the job panicked: {message}")]
    Panicked {
        /// What it said.
        message: String,
    },
    /// The job, or its result, cannot be passed between processes.
    #[error("the job or its result cannot be sent: {why}")]
    NotSent {
        /// What is wrong with it.
        why: String,
    },
    /// The pool itself cannot go on; this is the last result.
    #[error("the pool failed: {why}")]
    Pool {
        /// What is wrong with it.
        why: String,
    },
}

/// The result of one job.
pub type JobResult<R> = Result<R, JobError>;

impl Role {
    /// Becomes a worker, if this is the work meant: `init` prepares a state from what
    /// [`Pool::new`] was given, `job` turns jobs into results.
    ///
    /// An `init` that fails or panics is an error of [`Pool::new`]: it is not tried
    /// again and again. A panic in `job` is the result of that job.
    pub fn work<I, S, J, R>(
        self,
        work: &Work<I, J, R>,
        init: impl FnOnce(I) -> Result<S, String>,
        job: impl FnMut(&mut S, J) -> R,
    ) -> Self
    where
        I: DeserializeOwned,
        J: DeserializeOwned,
        R: Serialize,
    {
        self.on(&work.entry, |start| match run_worker(&start, init, job) {
            // The queue was closed: the pool has no more jobs, or has gone.
            Ok(()) | Err(Error::Closed { .. }) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        })
    }
}

fn run_worker<I, S, J, R>(
    start: &Start,
    init: impl FnOnce(I) -> Result<S, String>,
    mut job: impl FnMut(&mut S, J) -> R,
) -> Result<(), Error>
where
    I: DeserializeOwned,
    J: DeserializeOwned,
    R: Serialize,
{
    let segment = Segment::from_env()?;
    let tasks = ByteQueue::open(&segment, TASKS)?;
    let results = ByteQueue::open(&segment, RESULTS)?;
    let table = Table::open(&segment)?;
    let worker = start.worker;
    if worker >= table.workers() {
        return Err(Error::Invalid(format!("there is no worker {worker}")));
    }
    let answer = |answer: &Answer<R>| encoded(answer, |bytes| results.send(bytes));

    let input: I =
        decoded(&start.init, || format!("what worker {worker} begins with"))?;
    let prepared = panic::catch_unwind(AssertUnwindSafe(|| init(input)))
        .unwrap_or_else(|panic| Err(format!("it panicked: {}", text_of(&*panic))));
    let mut state = match prepared {
        Ok(state) => state,
        Err(why) => return answer(&Answer::Failed { worker, why }),
    };
    answer(&Answer::Ready { worker })?;

    let mut done = 0;
    let mut message = Vec::new();
    while start.max_jobs.is_none_or(|most| done < most) {
        // Noted before it is taken: killed in between, the note is of a chunk that is
        // still in the queue, which the parent can tell.
        let mut number = 0;
        tasks.recv_numbered(None, &mut message, |chunk| {
            number = chunk;
            table.note(worker, Note::Taking { chunk });
        })?;
        let chunk: Chunk<J> = decoded(&message, || format!("a chunk of {TASKS}"))?;
        for (index, (id, input)) in chunk.jobs.into_iter().enumerate() {
            table.note(worker, Note::At { chunk: number, index: index as u32 });
            let result =
                panic::catch_unwind(AssertUnwindSafe(|| job(&mut state, input)));
            let sent = answer(&match result {
                Ok(result) => Answer::Done { job: id, result },
                Err(panic) => {
                    Answer::Panicked { job: id, message: text_of(&*panic).into() }
                }
            });
            match sent {
                Err(error @ (Error::TooLong { .. } | Error::Codec { .. })) => {
                    answer(&Answer::NotSent { job: id, why: error.to_string() })?;
                }
                sent => sent?,
            }
            done += 1;
        }
        table.note(worker, Note::Idle);
    }
    Ok(())
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

/// What a worker is at work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Note {
    Idle,
    /// About to take the chunk that is the message of this number, or has just done so.
    Taking {
        chunk: u32,
    },
    /// The job of this index in that chunk.
    At {
        chunk: u32,
        index: u32,
    },
}

/// The notes of the workers, in the segment.
struct Table {
    /// Words: for each worker 0; `chunk << 32 | 1` while taking; `chunk << 32 | index + 2`
    /// at work. Each is one store.
    cell: Cell,
}

impl Table {
    fn create(segment: &Segment, workers: usize) -> Result<Self, Error> {
        let shape = Shape {
            kind: Kind::PoolTable,
            content: 0,
            words: workers,
            halves: 0,
            parameter: workers as u64,
        };
        Ok(Self { cell: segment.create_cell(TABLE, &shape, |_| Ok(()))? })
    }

    fn open(segment: &Segment) -> Result<Self, Error> {
        let cell = segment.open_cell(TABLE, Kind::PoolTable, 0)?;
        let workers = cell.parameter as usize;
        Ok(Self { cell: cell.expect(workers, 0)? })
    }

    fn workers(&self) -> usize {
        self.cell.parameter as usize
    }

    fn note(&self, worker: usize, note: Note) {
        let word = match note {
            Note::Idle => 0,
            Note::Taking { chunk } => u64::from(chunk) << 32 | 1,
            Note::At { chunk, index } => {
                u64::from(chunk) << 32 | u64::from(index.saturating_add(2))
            }
        };
        // Release: pairs with the Acquire in `read`.
        self.cell.word(worker).store(word, Release);
    }

    fn read(&self, worker: usize) -> Note {
        let word = self.cell.word(worker).load(Acquire);
        let chunk = (word >> 32) as u32;
        match word as u32 {
            0 => Note::Idle,
            1 => Note::Taking { chunk },
            index => Note::At { chunk, index: index - 2 },
        }
    }
}

/// How to make a pool.
#[derive(Debug, Clone, Default)]
pub struct PoolOptions {
    chunk: Option<usize>,
    retries: u32,
    max_jobs: Option<u32>,
}

impl PoolOptions {
    /// Those of [`Pool::new`].
    pub fn new() -> Self {
        Self::default()
    }

    /// How many jobs go to a worker together; 1 unless said otherwise, or what `map`
    /// finds out for itself from the number of jobs. Larger is faster for short jobs.
    pub fn chunk(mut self, jobs: usize) -> Self {
        self.chunk = Some(jobs.max(1));
        self
    }

    /// How often a job is given to another worker after its worker has died. A job that
    /// kills its worker does so each time.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Replaces a worker after so many jobs, or the end of the chunk they end in.
    /// Python: `maxtasksperchild`.
    pub fn max_jobs_per_worker(mut self, jobs: u32) -> Self {
        self.max_jobs = Some(jobs.max(1));
        self
    }

    /// Starts the workers and waits until all are ready.
    ///
    /// # Errors
    ///
    /// As [`Pool::new`].
    pub fn start<I, J, R>(
        self,
        work: &'static Work<I, J, R>,
        workers: usize,
        init: &I,
    ) -> Result<Pool<J, R>, Error>
    where
        I: Serialize + DeserializeOwned,
        J: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        Pool::start(self, &work.entry, workers, init)
    }
}

/// A number of processes that turn jobs into results.
///
/// Jobs run at least once: those that went to a worker in one chunk with the job it
/// died of are given out again, and one of them may have been done. Each job has one
/// result, always.
///
/// Dropping the pool ends the workers, whatever they are at: a stream holds the pool, so
/// no result can be waited for by then.
///
/// Against rayon: a crash takes one worker along and not the program, at the price of
/// about a microsecond a job. Python: `multiprocessing.Pool` never gives a result for
/// the job of a killed worker and hangs; `ProcessPoolExecutor` fails all jobs at once.
pub struct Pool<J, R> {
    // Before the segment: the workers are gone when it goes.
    workers: Vec<Worker>,
    tasks: ByteQueue,
    results: ByteQueue,
    table: Table,
    segment: Segment,
    entry: &'static Entry<Start>,
    init: Vec<u8>,
    options: PoolOptions,
    /// Number of the next job, over all maps.
    next_job: u64,
    /// Number of the next chunk: that of its message in the queue.
    next_chunk: u32,
    _types: PhantomData<fn(J) -> R>,
}

struct Worker {
    child: Child,
    /// It has said that it is prepared.
    ready: bool,
    /// How many before it with the same number ended without having said so.
    failed_starts: u32,
}

impl<J, R> Pool<J, R>
where
    J: Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    /// Starts `workers` processes, prepares each with `init`, and waits until all are
    /// ready.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for no worker, more than 60, or an `init` that fails;
    /// otherwise as [`Segment::create`] and [`Spawn::spawn`](crate::process::Spawn::spawn).
    pub fn new<I>(
        work: &'static Work<I, J, R>,
        workers: usize,
        init: &I,
    ) -> Result<Self, Error>
    where
        I: Serialize + DeserializeOwned,
    {
        PoolOptions::new().start(work, workers, init)
    }

    fn start<I: Serialize>(
        options: PoolOptions,
        entry: &'static Entry<Start>,
        workers: usize,
        init: &I,
    ) -> Result<Self, Error> {
        if workers == 0 || workers > MOST_WORKERS {
            let why = format!("a pool has 1 to {MOST_WORKERS} workers, not {workers}");
            return Err(Error::Invalid(why));
        }
        let segment = Segment::create(2 * QUEUE_BYTES + (64 << 10))?;
        let mut pool = Self {
            workers: Vec::with_capacity(workers),
            tasks: ByteQueue::create(&segment, TASKS, QUEUE_BYTES)?,
            results: ByteQueue::create(&segment, RESULTS, QUEUE_BYTES)?,
            table: Table::create(&segment, workers)?,
            segment,
            entry,
            init: encoded(init, |bytes| Ok(bytes.to_vec()))?,
            options,
            next_job: 0,
            next_chunk: 0,
            _types: PhantomData,
        };
        for worker in 0..workers {
            let child = pool.spawn(worker)?;
            pool.workers.push(Worker { child, ready: false, failed_starts: 0 });
        }
        let deadline = Instant::now() + LONGEST_START;
        while pool.workers.iter().any(|worker| !worker.ready) {
            // Nothing has been asked yet, so nothing but readiness can come.
            if let Some(answer) = pool.receive(SUPERVISION)? {
                match answer {
                    Answer::Ready { worker } => pool.note_start(worker, None)?,
                    Answer::Failed { worker, why } => {
                        pool.note_start(worker, Some(why))?;
                    }
                    _ => return Err(pool.results_corrupt()),
                }
            } else {
                for worker in 0..workers {
                    let child = &mut pool.workers[worker].child;
                    if let Some(exit) = child.try_wait()? {
                        let why = format!("worker {worker} never began: {exit}");
                        return Err(Error::Invalid(why));
                    }
                }
            }
            if Instant::now() > deadline {
                return Err(Error::TimedOut { object: "the workers to begin".into() });
            }
        }
        Ok(pool)
    }

    fn spawn(&self, worker: usize) -> Result<Child, Error> {
        let start =
            Start { worker, init: self.init.clone(), max_jobs: self.options.max_jobs };
        let spawn = self.entry.with(&start)?;
        spawn.segment(&self.segment).spawn()
    }

    /// Turns jobs into results, in the order of the jobs, as they become ready. Jobs are
    /// asked for as workers need them, and only so many ahead: they may come without
    /// end. That is four chunks for each worker, or 32 jobs if these are short and the
    /// chunks smaller. Dropping the iterator gives up what is left. Python: `imap`.
    pub fn map<I>(&mut self, jobs: I) -> Map<'_, I::IntoIter, J, R>
    where
        I: IntoIterator<Item = J>,
    {
        Map(Run::new(self, jobs.into_iter()))
    }

    /// As [`Pool::map`], in the order in which they become ready, each with the number
    /// of its job: 0 for the first. Python: `imap_unordered`.
    pub fn map_unordered<I>(&mut self, jobs: I) -> MapUnordered<'_, I::IntoIter, J, R>
    where
        I: IntoIterator<Item = J>,
    {
        MapUnordered(Run::new(self, jobs.into_iter()))
    }

    /// Turns one job into its result.
    ///
    /// # Errors
    ///
    /// [`JobError`]; the pool can be used again, unless it is [`JobError::Pool`].
    pub fn apply(&mut self, job: J) -> JobResult<R> {
        self.map([job]).next().expect("one job has one result")
    }

    /// Process ids of the workers, by their numbers.
    pub fn pids(&self) -> Vec<u32> {
        self.workers.iter().map(|worker| worker.child.pid()).collect()
    }

    /// Lets the workers end by themselves, when they have done what they were given.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] if one has not ended by then: it is killed.
    pub fn shut_down(mut self, limit: Duration) -> Result<(), Error> {
        self.tasks.close()?;
        let deadline = Instant::now().checked_add(limit);
        for (number, worker) in self.workers.iter_mut().enumerate() {
            let left = deadline
                .map_or(limit, |at| at.saturating_duration_since(Instant::now()));
            // A worker may be blocked by results that nobody wants any more.
            while worker.child.is_alive()? {
                while self.results.try_recv().is_ok() {}
                if worker.child.wait_timeout(SUPERVISION.min(left))?.is_none()
                    && deadline.is_some_and(|at| Instant::now() >= at)
                {
                    return Err(Error::TimedOut { object: format!("worker {number}") });
                }
            }
        }
        Ok(())
    }

    /// The next thing a worker says, within `limit`.
    fn receive(&self, limit: Duration) -> Result<Option<Answer<R>>, Error> {
        let mut message = Vec::new();
        match self.results.recv_numbered(Some(limit), &mut message, |_| {}) {
            Ok(()) => {
                let what = || "what a worker has answered".into();
                decoded(&message, what).map(Some)
            }
            Err(Error::TimedOut { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Notes that a worker is prepared, or cannot be.
    fn note_start(
        &mut self,
        worker: usize,
        failed: Option<String>,
    ) -> Result<(), Error> {
        let Some(place) = self.workers.get_mut(worker) else {
            return Err(self.results_corrupt());
        };
        match failed {
            None => place.ready = true,
            Some(why) => {
                let why = format!("worker {worker} cannot begin: {why}");
                return Err(Error::Invalid(why));
            }
        }
        Ok(())
    }

    fn results_corrupt(&self) -> Error {
        let detail = "an answer to nothing that was asked".into();
        Error::Corrupt { object: format!("queue `{RESULTS}`"), detail }
    }
}

impl<J, R> fmt::Debug for Pool<J, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("workers", &self.workers.len())
            .finish_non_exhaustive()
    }
}

/// A job that has no result yet.
struct OpenJob<J> {
    job: J,
    /// How many workers have died of it.
    deaths: u32,
    /// The chunk it was last sent in.
    chunk: Option<u32>,
}

/// Jobs on their way through a pool.
struct Run<'p, I, J, R> {
    pool: &'p mut Pool<J, R>,
    /// `None` once it has ended.
    jobs: Option<I>,
    chunk_size: usize,
    /// How many jobs may be without a result that was returned.
    ahead: usize,
    /// How many more have to be done until `ahead` is set anew.
    until_set: usize,
    /// When it was set.
    ahead_since: Instant,
    /// Number of the first job of this run.
    first: u64,
    /// Number of the next job whose result is due, when they come in order.
    due: u64,
    open: BTreeMap<u64, OpenJob<J>>,
    /// Jobs of `open` that must be sent: anew, or for the first time.
    to_send: VecDeque<u64>,
    /// The jobs of each chunk that was sent and is not finished.
    chunks: BTreeMap<u32, Vec<u64>>,
    results: BTreeMap<u64, JobResult<R>>,
    last_look: Instant,
    failed: bool,
}

impl<'p, I, J, R> Run<'p, I, J, R>
where
    I: Iterator<Item = J>,
    J: Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    fn new(pool: &'p mut Pool<J, R>, jobs: I) -> Self {
        let workers = pool.workers.len();
        let chunk_size = pool.options.chunk.unwrap_or_else(|| match jobs.size_hint() {
            // As Python: so that each worker gets four chunks, but not too large ones.
            (len, Some(most)) if len == most => {
                len.div_ceil(4 * workers).clamp(1, LARGEST_CHUNK)
            }
            _ => 1,
        });
        let first = pool.next_job;
        let ahead = workers * AHEAD * chunk_size;
        Self {
            pool,
            jobs: Some(jobs),
            chunk_size,
            ahead,
            until_set: ahead,
            ahead_since: Instant::now(),
            first,
            due: first,
            open: BTreeMap::new(),
            to_send: VecDeque::new(),
            chunks: BTreeMap::new(),
            results: BTreeMap::new(),
            last_look: Instant::now(),
            failed: false,
        }
    }

    /// The next result: of the job that is due, or of any.
    fn next(&mut self, in_order: bool) -> Option<(u64, JobResult<R>)> {
        self.next_until(Deadline::Never, in_order).ok().flatten()
    }

    fn next_timeout(
        &mut self,
        limit: Duration,
        in_order: bool,
    ) -> Result<Option<(u64, JobResult<R>)>, Error> {
        self.next_until(Deadline::after(limit), in_order)
    }

    /// An error is that `until` has passed; all others are results.
    fn next_until(
        &mut self,
        until: Deadline,
        in_order: bool,
    ) -> Result<Option<(u64, JobResult<R>)>, Error> {
        loop {
            let ready = match self.results.first_key_value() {
                Some((&number, _)) => !in_order || number == self.due,
                None => false,
            };
            if ready {
                self.due += 1;
                let first = self.first;
                let next = self.results.pop_first();
                return Ok(next.map(|(number, result)| (number - first, result)));
            }
            if self.failed {
                return Ok(None);
            }
            let patience = match until {
                Deadline::At(at) => at.saturating_duration_since(Instant::now()),
                _ => SUPERVISION,
            };
            if patience.is_zero() {
                let object = "a result of the pool".into();
                return Err(Error::TimedOut { object });
            }
            if let Err(error) = self.go_on(patience.min(SUPERVISION)) {
                self.failed = true;
                let why = match std::error::Error::source(&error) {
                    Some(source) => format!("{error}: {source}"),
                    None => error.to_string(),
                };
                return Ok(Some((self.due - self.first, Err(JobError::Pool { why }))));
            }
            if self.jobs.is_none() && self.open.is_empty() && self.results.is_empty() {
                return Ok(None);
            }
        }
    }

    /// Sends what can be sent, takes what has come, looks after the workers.
    fn go_on(&mut self, patience: Duration) -> Result<(), Error> {
        self.send_ahead()?;
        if self.open.is_empty() {
            return Ok(());
        }
        if let Some(answer) = self.pool.receive(patience)? {
            self.note(answer)?;
        }
        if self.last_look.elapsed() >= SUPERVISION {
            self.look_after_workers()?;
            self.last_look = Instant::now();
        }
        Ok(())
    }

    fn send_ahead(&mut self) -> Result<(), Error> {
        let ahead = self.ahead;
        loop {
            // Results that wait for one before them count: the buffer has an end too.
            while self.to_send.len() < self.chunk_size
                && self.open.len() + self.results.len() < ahead
                && let Some(jobs) = &mut self.jobs
            {
                let Some(job) = jobs.next() else {
                    self.jobs = None;
                    break;
                };
                let number = self.pool.next_job;
                self.pool.next_job += 1;
                self.open.insert(number, OpenJob { job, deaths: 0, chunk: None });
                self.to_send.push_back(number);
            }
            let size = self.chunk_size.min(self.to_send.len());
            // A chunk that is not full waits for more jobs, if there are any to come.
            let filling = size < self.chunk_size && self.jobs.is_some();
            let room = self.open.len() + self.results.len() < ahead;
            if size == 0 || filling && room || !self.send_chunk(size)? {
                return Ok(());
            }
        }
    }

    /// Sends the first `size` jobs; false if there is no room for them now.
    fn send_chunk(&mut self, size: usize) -> Result<bool, Error> {
        let numbers: Vec<u64> = self.to_send.iter().take(size).copied().collect();
        let jobs = numbers.iter().map(|number| (*number, &self.open[number].job));
        let chunk = ChunkRef { jobs: jobs.collect() };
        match encoded(&chunk, |bytes| self.pool.tasks.try_send(bytes)) {
            Ok(()) => {}
            Err(Error::WouldBlock { .. }) => return Ok(false),
            Err(Error::TooLong { .. }) if size > 1 => return self.send_chunk(size / 2),
            Err(error @ (Error::TooLong { .. } | Error::Codec { .. })) => {
                // All that is wrong is this job.
                self.to_send.pop_front();
                let why = error.to_string();
                self.finish(numbers[0], Err(JobError::NotSent { why }));
                return Ok(true);
            }
            Err(error) => return Err(error),
        }
        let number = self.pool.next_chunk;
        self.pool.next_chunk = number.wrapping_add(1);
        self.to_send.drain(..size);
        for job in &numbers {
            if let Some(job) = self.open.get_mut(job) {
                job.chunk = Some(number);
            }
        }
        self.chunks.insert(number, numbers);
        Ok(true)
    }

    /// Takes what a worker has said.
    fn note(&mut self, answer: Answer<R>) -> Result<(), Error> {
        match answer {
            Answer::Ready { worker } => self.pool.note_start(worker, None)?,
            Answer::Failed { worker, why } => {
                self.pool.note_start(worker, Some(why))?;
            }
            Answer::Done { job, result } => self.finish(job, Ok(result)),
            Answer::Panicked { job, message } => {
                self.finish(job, Err(JobError::Panicked { message }));
            }
            Answer::NotSent { job, why } => {
                self.finish(job, Err(JobError::NotSent { why }));
            }
        }
        Ok(())
    }

    /// Notes the result of a job. One that was done twice has one already, and one of
    /// an earlier run is nobody's.
    fn finish(&mut self, number: u64, result: JobResult<R>) {
        let Some(job) = self.open.remove(&number) else { return };
        self.results.insert(number, result);
        self.until_set -= 1;
        if self.until_set == 0 {
            self.set_ahead();
        }
        // From the back: a worker does the last one last, so that one look is enough
        // until then.
        if let Some(chunk) = job.chunk
            && let Some(jobs) = self.chunks.get(&chunk)
            && jobs.iter().rev().all(|job| !self.open.contains_key(job))
        {
            self.chunks.remove(&chunk);
        }
    }

    /// Sends more jobs ahead if they are short, and as few as possible if they are not:
    /// those that are in the queue when the run is given up are done in vain.
    fn set_ahead(&mut self) {
        let workers = self.pool.workers.len();
        let fewest = workers * AHEAD * self.chunk_size;
        let most = fewest.max(workers * SHORT_JOBS_AHEAD);
        let short = self.ahead_since.elapsed() < SHORT;
        self.ahead = if short { (2 * self.ahead).min(most) } else { fewest };
        self.until_set = self.ahead;
        self.ahead_since = Instant::now();
    }

    fn look_after_workers(&mut self) -> Result<(), Error> {
        for worker in 0..self.pool.workers.len() {
            if let Some(exit) = self.pool.workers[worker].child.try_wait()? {
                self.bury(worker, exit)?;
            }
        }
        Ok(())
    }

    /// Finds out what a dead worker was at work on, and puts another in its place.
    fn bury(&mut self, worker: usize, exit: Exit) -> Result<(), Error> {
        // Everything it has sent is in the queue: take it before judging.
        for _ in 0..self.pool.results.len() {
            match self.pool.receive(Duration::ZERO)? {
                Some(answer) => self.note(answer)?,
                None => break,
            }
        }
        let Worker { ready, failed_starts, .. } = self.pool.workers[worker];
        let failed_starts = if ready { 0 } else { failed_starts + 1 };
        if failed_starts > MOST_FAILED_STARTS {
            let why = format!("worker {worker} ends before it is ready: {exit}");
            return Err(Error::Invalid(why));
        }
        let pid = self.pool.workers[worker].child.pid();
        let (chunk, at_work_on) = match self.pool.table.read(worker) {
            Note::Idle => (None, None),
            Note::Taking { chunk } => (Some(chunk), None),
            Note::At { chunk, index } => (Some(chunk), Some(index as usize)),
        };
        // Sent and not taken: it is in the queue, and somebody will take it.
        let taken = self.pool.tasks.taken();
        let chunk = chunk.filter(|chunk| (taken.wrapping_sub(*chunk) as i32) > 0);
        if let Some(jobs) = chunk.and_then(|chunk| self.chunks.remove(&chunk)) {
            for (index, number) in jobs.into_iter().enumerate() {
                let Some(job) = self.open.get_mut(&number) else { continue };
                if at_work_on == Some(index) {
                    job.deaths += 1;
                    if job.deaths > self.pool.options.retries {
                        let died = JobError::WorkerDied { worker, pid, exit };
                        self.finish(number, Err(died));
                        continue;
                    }
                }
                self.to_send.push_back(number);
            }
        }
        // The number is free again: its note has been read.
        self.pool.table.note(worker, Note::Idle);
        let child = self.pool.spawn(worker)?;
        self.pool.workers[worker] = Worker { child, ready: false, failed_starts };
        Ok(())
    }
}

/// Results in the order of their jobs: see [`Pool::map`].
pub struct Map<'p, I, J, R>(Run<'p, I, J, R>);

impl<I, J, R> Map<'_, I, J, R>
where
    I: Iterator<Item = J>,
    J: Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    /// As `next`; blocks for `limit` at most. The job goes on: its result can still be
    /// waited for. Dropping the pool ends a worker whose job never does.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`].
    pub fn next_timeout(
        &mut self,
        limit: Duration,
    ) -> Result<Option<JobResult<R>>, Error> {
        let next = self.0.next_timeout(limit, true)?;
        Ok(next.map(|(_, result)| result))
    }
}

impl<I, J, R> MapUnordered<'_, I, J, R>
where
    I: Iterator<Item = J>,
    J: Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    /// As [`Map::next_timeout`].
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`].
    pub fn next_timeout(
        &mut self,
        limit: Duration,
    ) -> Result<Option<(u64, JobResult<R>)>, Error> {
        self.0.next_timeout(limit, false)
    }
}

impl<I, J, R> Iterator for Map<'_, I, J, R>
where
    I: Iterator<Item = J>,
    J: Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    type Item = JobResult<R>;

    fn next(&mut self) -> Option<JobResult<R>> {
        self.0.next(true).map(|(_, result)| result)
    }
}

/// Results as they become ready: see [`Pool::map_unordered`].
pub struct MapUnordered<'p, I, J, R>(Run<'p, I, J, R>);

impl<I, J, R> Iterator for MapUnordered<'_, I, J, R>
where
    I: Iterator<Item = J>,
    J: Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    type Item = (u64, JobResult<R>);

    fn next(&mut self) -> Option<(u64, JobResult<R>)> {
        self.0.next(false)
    }
}

impl<I, J, R> fmt::Debug for Map<'_, I, J, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map").field("open", &self.0.open.len()).finish_non_exhaustive()
    }
}

impl<I, J, R> fmt::Debug for MapUnordered<'_, I, J, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapUnordered")
            .field("open", &self.0.open.len())
            .finish_non_exhaustive()
    }
}
