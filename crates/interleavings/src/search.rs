//! Which schedule comes next: depth first, with a bound on preemptions.
//!
//! An execution is a sequence of choices. A choice that a program makes by itself
//! (who runs when the running thread blocks, ends or yields) is free; a
//! preemption, a spurious wake-up, an early time-out or a stale read costs one
//! unit of the budget. The search repeats the program with budget 0, 1, 2, … and
//! goes depth first through all choices that the budget allows, so the first
//! failure has the fewest preemptions. Source: Musuvathi and Qadeer, "Iterative
//! context bounding for systematic testing of multithreaded programs", PLDI 2007.
//!
//! States that were explored before are cut by caching happens-before graphs, as
//! described in the same paper. Sleep sets would be unsound together with a
//! bound: Coons, Musuvathi and McKinley, "Bounded partial-order reduction",
//! OOPSLA 2013. The cache has a fixed size; losing an entry costs time only.
//!
//! One exploration runs on one core. To share the tree between two, the branches near
//! the root would need a cache each, or what is counted would depend on who comes first.
//! Two producers and two consumers at a buffer then take 13,716 executions in place of
//! 4,108: half of them is still more than all of these. The tests of a file run on all
//! cores anyhow, each in a process of its own.

/// One decision on the path that is being explored.
#[derive(Clone, Copy)]
struct Node {
    /// The option taken, an index into the menu.
    taken: u32,
    /// How many options cost nothing; they come first.
    free: u32,
    /// How many options there are.
    all: u32,
    /// Budget left before this decision.
    left: u32,
    /// The state's happens-before hash, 0 when it must not be cached.
    key: u64,
}

/// What steers an execution.
enum Mode {
    /// Follow the path, then take first options.
    Systematic,
    /// Choose at random, from a fixed seed.
    Sampling { state: u64, evenly: bool },
    /// Follow a recorded list of options, then take first options.
    Replay(Vec<u32>),
}

/// The choices of one exploration, from execution to execution.
pub(crate) struct Search {
    mode: Mode,
    path: Vec<Node>,
    depth: usize,
    bound: u32,
    left: u32,
    /// Since when this execution follows a known state: nothing new branches off.
    cut: bool,
    /// Whether this bound forbade an option that a larger one allows.
    denied: bool,
    /// The options taken in this execution.
    taken: Vec<u32>,
    /// How many of them were about what a thread sees and cost something.
    surprises: u32,
    /// Every thread sees the newest, and what it does succeeds if it can.
    plain: bool,
    /// Set when the program offered other options than in the run before.
    pub(crate) diverged: bool,
    cache: Option<Cache>,
}

impl Search {
    pub(crate) fn new(pruning: bool) -> Self {
        Self {
            mode: Mode::Systematic,
            path: Vec::new(),
            depth: 0,
            bound: 0,
            left: 0,
            cut: false,
            denied: false,
            taken: Vec::new(),
            surprises: 0,
            plain: false,
            diverged: false,
            cache: pruning.then(Cache::new),
        }
    }

    /// A search that runs one recorded schedule.
    pub(crate) fn replay(choices: Vec<u32>) -> Self {
        let mut search = Self::new(false);
        search.mode = Mode::Replay(choices);
        search
    }

    /// Forgets everything and starts again with budget 0.
    pub(crate) fn restart(&mut self) {
        let pruning = self.cache.is_some();
        *self = Self::new(pruning);
    }

    pub(crate) fn start_bound(&mut self, bound: u32) {
        self.path.clear();
        self.bound = bound;
        self.denied = false;
    }

    /// From now on leaves out the schedules in which a load returns an old value, or an
    /// exchange fails for no reason.
    pub(crate) fn start_plain(&mut self, bound: u32) {
        self.start_bound(bound);
        self.plain = true;
    }

    pub(crate) fn is_plain(&self) -> bool {
        self.plain
    }

    /// From now on chooses at random.
    pub(crate) fn start_sampling(&mut self) {
        self.mode = Mode::Sampling { state: splitmix(0x1d_ea11), evenly: false };
    }

    pub(crate) fn is_sampling(&self) -> bool {
        matches!(self.mode, Mode::Sampling { .. })
    }

    pub(crate) fn start_execution(&mut self) {
        self.depth = 0;
        self.left = self.bound;
        self.cut = false;
        self.taken.clear();
        self.surprises = 0;
        if let Mode::Sampling { evenly, .. } = &mut self.mode {
            *evenly = !*evenly;
        }
    }

    /// Whether the caller should compute a state's hash for [`Search::choose`].
    pub(crate) fn wants_keys(&self) -> bool {
        self.cache.is_some() && !self.cut && matches!(self.mode, Mode::Systematic)
    }

    /// Takes one of `all` things that the running thread may see, of which the first
    /// `free` cost nothing.
    pub(crate) fn choose(&mut self, free: u32, all: u32, key: u64) -> u32 {
        let taken = self.choose_turn(free, if self.plain { free } else { all }, key);
        self.surprises += u32::from(taken >= free);
        taken
    }

    /// Takes one of `all` ways to go on, of which the first `free` cost nothing.
    pub(crate) fn choose_turn(&mut self, free: u32, all: u32, key: u64) -> u32 {
        let taken = match &mut self.mode {
            Mode::Replay(choices) => match choices.get(self.depth) {
                Some(&choice) if choice < all => choice,
                Some(_) => {
                    self.diverged = true;
                    0
                }
                None => 0,
            },
            Mode::Sampling { state, evenly } => {
                *state = splitmix(*state);
                let random = *state >> 33;
                // Three of four choices go on for free: real schedulers preempt
                // rarely, and a walk that always switches misses long runs. Every
                // other walk does all the same, as some mistakes need that.
                if free > 0 && !*evenly && *state & 3 != 0 {
                    (random % u64::from(free)) as u32
                } else {
                    (random % u64::from(all)) as u32
                }
            }
            Mode::Systematic => self.next_on_path(free, all, key),
        };
        self.depth += 1;
        if taken >= free && free > 0 {
            self.left = self.left.saturating_sub(1);
        }
        self.taken.push(taken);
        taken
    }

    fn next_on_path(&mut self, free: u32, all: u32, key: u64) -> u32 {
        if let Some(node) = self.path.get(self.depth) {
            // Without pruning there are no keys, and the menus alone can tell.
            if (node.free, node.all, node.key) != (free, all, key) {
                self.diverged = true;
                return 0;
            }
            return node.taken;
        }
        if self.cut {
            return 0;
        }
        if let Some(cache) = self.cache.as_ref().filter(|_| key != 0)
            && cache.explored(key, self.left)
        {
            self.cut = true;
            return 0;
        }
        self.path.push(Node { taken: 0, free, all, left: self.left, key });
        0
    }

    /// Moves on to the next schedule within the bound; false when there is none.
    pub(crate) fn advance(&mut self) -> bool {
        while let Some(node) = self.path.last_mut() {
            let affordable = if node.left > 0 { node.all } else { node.free };
            if node.taken + 1 < affordable {
                node.taken += 1;
                return true;
            }
            self.denied |= affordable < node.all;
            if let Some(cache) = self.cache.as_mut().filter(|_| node.key != 0) {
                cache.insert(node.key, node.left);
            }
            self.path.pop();
        }
        false
    }

    /// Whether the execution that has run spent the whole budget: with less it
    /// was counted before, under a smaller bound.
    pub(crate) fn is_new(&self) -> bool {
        !self.cut && (self.left == 0 || !matches!(self.mode, Mode::Systematic))
    }

    /// How often a thread has seen something else than the newest value.
    pub(crate) fn surprises(&self) -> u32 {
        self.surprises
    }

    /// Whether the last execution followed a state known from before.
    pub(crate) fn was_cut(&self) -> bool {
        self.cut
    }

    /// Whether a larger budget would allow more schedules.
    pub(crate) fn has_more(&self) -> bool {
        self.denied
    }

    /// The options taken in this execution, without the first options at its end.
    pub(crate) fn schedule(&self) -> Vec<u32> {
        let mut choices = self.taken.clone();
        while choices.last() == Some(&0) {
            choices.pop();
        }
        choices
    }
}

/// A fixed-size table of states whose continuations are all explored.
struct Cache {
    /// Key and budget plus one; a budget of 0 marks an empty place.
    slots: Vec<(u64, u32)>,
}

/// Places in the table, a power of two: 4 MiB.
const CACHE_SLOTS: usize = 1 << 18;

impl Cache {
    fn new() -> Self {
        Self { slots: Vec::new() }
    }

    fn explored(&self, key: u64, left: u32) -> bool {
        !self.slots.is_empty() && {
            let (known, budget) = self.slots[key as usize & (CACHE_SLOTS - 1)];
            known == key && budget > left
        }
    }

    fn insert(&mut self, key: u64, left: u32) {
        if self.slots.is_empty() {
            self.slots = vec![(0, 0); CACHE_SLOTS];
        }
        self.slots[key as usize & (CACHE_SLOTS - 1)] = (key, left.saturating_add(1));
    }
}

/// A well-mixed successor of `state` (Steele, Lea and Flood, OOPSLA 2014).
pub(crate) fn splitmix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
