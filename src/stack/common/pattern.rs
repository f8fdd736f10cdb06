//! Regular expressions over source code: each compiled once in a run, and only where its word is seen.
//!
//! What they look for is ASCII, so `\w`, `\d`, `\s` and `\b` mean ASCII here: compiling their Unicode
//! tables takes longer than reading a small repository. Compiling at all takes longer than looking for a
//! word, so an expression that cannot match without `Listen` is left alone until a text has `Listen` in it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use regex::{Captures, Regex, Replacer};

/// A regular expression that is compiled when it may match.
#[derive(Debug)]
pub struct Pattern {
    text: &'static str,
    /// Every match contains it; empty where nothing is certain.
    word: &'static str,
    compiled: OnceLock<Regex>,
}

/// The expression, the same one for the same text.
pub fn pattern(text: &'static str) -> &'static Pattern {
    static KNOWN: LazyLock<Mutex<BTreeMap<&'static str, &'static Pattern>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(text).or_insert_with(|| {
        Box::leak(Box::new(Pattern { text, word: certain_word(text), compiled: OnceLock::new() }))
    })
}

impl Pattern {
    /// The groups of the first match.
    pub fn captures<'h>(&self, haystack: &'h str) -> Option<Captures<'h>> {
        self.regex_for(haystack)?.captures(haystack)
    }

    /// The groups of every match.
    pub fn captures_iter<'h>(&self, haystack: &'h str) -> impl Iterator<Item = Captures<'h>> {
        self.regex_for(haystack).into_iter().flat_map(move |regex| regex.captures_iter(haystack))
    }

    /// The text with every match replaced.
    pub fn replace_all<'h>(&self, haystack: &'h str, with: impl Replacer) -> Cow<'h, str> {
        self.regex_for(haystack).map_or(Cow::Borrowed(haystack), |regex| regex.replace_all(haystack, with))
    }

    /// Does it match anywhere?
    pub fn is_match(&self, haystack: &str) -> bool {
        self.regex_for(haystack).is_some_and(|regex| regex.is_match(haystack))
    }

    /// The compiled expression where it may match.
    ///
    /// # Panics
    /// When it does not compile: expressions are literals of this program, and a test reads each.
    fn regex_for(&self, haystack: &str) -> Option<&Regex> {
        let compile = || Regex::new(&in_ascii(self.text)).expect("the expressions are read by a test");
        haystack.contains(self.word).then(|| self.compiled.get_or_init(compile))
    }
}

/// The longest run of plain characters that no alternative, group or repetition makes optional.
fn certain_word(text: &'static str) -> &'static str {
    if text.starts_with("(?i") {
        return "";
    }
    let mut best = "";
    let (mut depth, mut in_class, mut from) = (0_usize, false, 0);
    let bytes = text.as_bytes();
    let mut at = 0;
    while at <= bytes.len() {
        let byte = bytes.get(at).copied().unwrap_or_default();
        let is_plain =
            depth == 0 && !in_class && (byte.is_ascii_alphanumeric() || b"_-/ :=,<>@%&!'\"`".contains(&byte));
        if is_plain {
            at += 1;
            continue;
        }
        // What is repeated may be missing, and is the last character of the run.
        let to = if matches!(byte, b'?' | b'*' | b'{') { at.saturating_sub(1).max(from) } else { at };
        if to - from > best.len() {
            best = &text[from..to];
        }
        match byte {
            b'|' if depth == 0 && !in_class => return "",
            b'\\' => at += 1,
            b'[' if !in_class => {
                in_class = true;
                // A bracket that comes first is a member of its class.
                at += usize::from(bytes.get(at + 1) == Some(&b'^'));
                at += usize::from(bytes.get(at + 1) == Some(&b']'));
            }
            b']' => in_class = false,
            b'(' if !in_class => depth += 1,
            b')' if !in_class => depth = depth.saturating_sub(1),
            b'{' if !in_class => at += text[at..].find('}').unwrap_or_default(),
            _ => {}
        }
        at += 1;
        from = at;
    }
    best
}

fn in_ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len() * 2);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            ascii.push(c);
            continue;
        }
        match chars.next() {
            Some('w') => ascii.push_str("[0-9A-Za-z_]"),
            Some('d') => ascii.push_str("[0-9]"),
            Some('s') => ascii.push_str(r"[\t\n\v\f\r ]"),
            Some('b') => ascii.push_str(r"(?-u:\b)"),
            other => {
                ascii.push('\\');
                ascii.extend(other);
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_ascii() {
        for (text, ascii) in [
            (r"\bport\w*\s*=\s*(\d+)", r"(?-u:\b)port[0-9A-Za-z_]*[\t\n\v\f\r ]*=[\t\n\v\f\r ]*([0-9]+)"),
            (r"[\w.-]+\.\\w", r"[[0-9A-Za-z_].-]+\.\\w"),
        ] {
            assert_eq!(in_ascii(text), ascii);
            assert!(Regex::new(ascii).is_ok());
        }
        let found = pattern(r"([^\s\w]\d)").captures("a é7 .8").map(|found| found[1].to_owned());
        assert_eq!(found.as_deref(), Some("é7"));
    }

    #[test]
    fn the_certain_word_is_in_every_match() {
        for (text, word) in [
            (r"listen\(([\d_]+)\)", "listen"),
            (r"\bhttp\.ListenAndServe(?:TLS)?\(", "ListenAndServe"),
            (r"ports?\s*=", "port"),
            (r"ab{0,2}c", "a"),
            (r"one|other", ""),
            (r"(?:one|other)\.run", "run"),
            (r"[]x]+yes[^]abcdef]", "yes"),
            (r"(?i)listen", ""),
            (r"^\d+$", ""),
            (r"never\\end", "never"),
        ] {
            assert_eq!(certain_word(text), word, "{text}");
        }
    }

    #[test]
    fn a_text_without_the_word_compiles_nothing() {
        let lazy = pattern(r"neverseen\((\d+)\)");
        assert!(!lazy.is_match("listen(80)") && lazy.compiled.get().is_none());
        assert!(lazy.is_match("neverseen(80)") && lazy.compiled.get().is_some());
    }
}
