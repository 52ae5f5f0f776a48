//! Which tests are meant, for tests that have a `main` of their own.

use libtest_mimic::Arguments;

/// What the command line asks for; `cargo test -- …` goes to all test binaries.
pub struct Wanted(Arguments);

impl Wanted {
    pub fn from_args() -> Self {
        Self(Arguments::from_args())
    }

    pub fn includes(&self, name: &str) -> bool {
        let is = |part: &String| match self.0.exact {
            true => name == part,
            false => name.contains(part.as_str()),
        };
        let Arguments { list, filter, skip, .. } = &self.0;
        !list && filter.as_ref().is_none_or(is) && !skip.iter().any(is)
    }

    /// True if there is one among `names`. If not, says which there are: a filter that
    /// matches nothing would otherwise pass for a test that has passed.
    pub fn exists<'a>(&self, names: impl Iterator<Item = &'a str>) -> bool {
        let (false, Some(part)) = (self.0.list, &self.0.filter) else { return true };
        let names: Vec<&str> = names.collect();
        let found = names.iter().any(|name| self.includes(name));
        if !found {
            eprintln!("nothing is called `{part}`; there is: {}", names.join(", "));
        }
        found
    }
}
