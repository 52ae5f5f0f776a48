//! Which tests are meant, for tests that have a `main` of their own.

/// What the command line asks for.
pub enum Wanted {
    All,
    /// Those whose name contains this.
    Containing(String),
    /// None: `cargo test -- --list` goes to all test binaries.
    Nothing,
}

impl Wanted {
    pub fn from_args() -> Self {
        // libtest's flags may be passed to all test binaries at once, and some have a
        // value, which is no filter.
        const WITH_VALUE: [&str; 7] = [
            "--test-threads",
            "--skip",
            "--color",
            "--format",
            "--logfile",
            "--shuffle-seed",
            "-Z",
        ];
        let mut args = std::env::args().skip(1);
        let mut wanted = Self::All;
        while let Some(arg) = args.next() {
            if arg == "--list" {
                return Self::Nothing;
            } else if WITH_VALUE.contains(&arg.as_str()) {
                args.next();
            } else if !arg.starts_with('-') {
                wanted = Self::Containing(arg);
            }
        }
        wanted
    }

    pub fn includes(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Containing(part) => name.contains(part.as_str()),
            Self::Nothing => false,
        }
    }

    /// True if there is one among `names`. If not, says which there are: a filter that
    /// matches nothing would otherwise pass for a test that has passed.
    pub fn exists<'a>(&self, names: impl Iterator<Item = &'a str>) -> bool {
        let Self::Containing(part) = self else { return true };
        let names: Vec<&str> = names.collect();
        let found = names.iter().any(|name| self.includes(name));
        if !found {
            eprintln!("nothing is called `{part}`; there is: {}", names.join(", "));
        }
        found
    }
}
