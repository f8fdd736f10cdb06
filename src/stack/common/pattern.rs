//! Regular expressions over source code, each compiled once in a run.
//!
//! What they look for is ASCII, so `\w`, `\d`, `\s` and `\b` mean ASCII here: compiling their Unicode
//! tables takes longer than reading a small repository.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;

/// The compiled expression. A copy of it is cheap.
///
/// # Panics
/// When it does not compile: expressions are literals of this program, and a test reads each.
pub fn pattern(text: &'static str) -> Regex {
    static COMPILED: LazyLock<Mutex<BTreeMap<&'static str, Regex>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let compile = || Regex::new(&in_ascii(text)).expect("the expressions are read by a test");
    compiled.entry(text).or_insert_with(compile).clone()
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
            assert!(pattern(text).as_str() == ascii);
        }
        assert_eq!(pattern(r"[^\s\w]\d").find("a é7 .8").map(|found| found.as_str()), Some("é7"));
    }
}
