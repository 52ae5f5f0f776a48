//! Directives: `{{#name word key="value"}}`, alone on a line of a page.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};

/// A directive, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// What stands after the `#`.
    pub name: String,
    /// What has no `key=`, in order.
    pub words: Vec<String>,
    options: BTreeMap<String, String>,
}

impl Directive {
    /// Parses what stands between `{{#` and `}}`.
    ///
    /// # Errors
    ///
    /// When there is no name, or a quotation mark has no partner.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let (name, rest) =
            text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
        ensure!(!name.is_empty(), "a directive without a name");
        let (words, options) = arguments(rest)?;
        Ok(Self { name: name.to_owned(), words, options })
    }

    /// The only word.
    ///
    /// # Errors
    ///
    /// When there is none, or more than one.
    pub fn word(&self) -> anyhow::Result<&str> {
        match self.words.as_slice() {
            [only] => Ok(only),
            _ => bail!("`{}` takes one path, not {}", self.name, self.words.len()),
        }
    }

    /// The value of an option that may be left out.
    #[must_use]
    pub fn option(&self, key: &str) -> Option<&str> {
        self.options.get(key).map(String::as_str)
    }

    /// The value of an option that must be there.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn required(&self, key: &str) -> anyhow::Result<&str> {
        self.option(key).with_context(|| format!("`{}` needs `{key}=`", self.name))
    }

    /// Refuses options that nobody reads, such as misspelt ones.
    ///
    /// # Errors
    ///
    /// Names the first option that is not in `known`.
    pub fn only(&self, known: &[&str]) -> anyhow::Result<()> {
        match self.options.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => bail!("`{}` has no option `{key}`", self.name),
            None => Ok(()),
        }
    }
}

/// What [`arguments`] returns: words in order, options by key.
type Arguments = (Vec<String>, BTreeMap<String, String>);

/// Splits `one two key=three other="four five"`.
///
/// # Errors
///
/// When a quotation mark has no partner, or a key appears twice.
pub fn arguments(text: &str) -> anyhow::Result<Arguments> {
    let (mut words, mut options) = (Vec::new(), BTreeMap::new());
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace());
        let (head, tail) = rest.split_at(end.unwrap_or(rest.len()));
        let Some(value) = tail.strip_prefix('=') else {
            words.push(head.to_owned());
            rest = tail.trim_start();
            continue;
        };
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted
                .split_once('"')
                .with_context(|| format!("`{head}=` has no closing quotation mark"))?,
            None => {
                value.split_at(value.find(char::is_whitespace).unwrap_or(value.len()))
            }
        };
        let earlier = options.insert(head.to_owned(), value.to_owned());
        ensure!(earlier.is_none(), "`{head}=` appears twice");
        rest = after.trim_start();
    }
    Ok((words, options))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_options() {
        let text = r#"listing a/b.rs:x run="cargo run -p a -- b" note=c"#;
        let directive = Directive::parse(text).unwrap();
        assert_eq!(directive.name, "listing");
        assert_eq!(directive.word().unwrap(), "a/b.rs:x");
        assert_eq!(directive.option("run"), Some("cargo run -p a -- b"));
        assert_eq!(directive.option("note"), Some("c"));
        assert!(directive.only(&["run"]).is_err(), "`note` is not known");
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert!(Directive::parse(r#"listing a run="b"#).is_err());
        assert!(Directive::parse(r#"listing a run=b run=c"#).is_err());
        assert!(Directive::parse("").is_err());
    }
}
