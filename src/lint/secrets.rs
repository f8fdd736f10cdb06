//! What in a Dockerfile looks like a secret, and how it is kept out of everything that is said.
//!
//! A secret is named, with its line, and never shown: not in a ledger, a diff, a report or a new file.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::is_secret;
use crate::dockerfile::{Dockerfile, Meaning};

/// One secret: where it is and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// The line of its instruction.
    pub line: u32,
    /// The variable's name, or what kind of thing it is.
    pub name: String,
    value: String,
}

/// All secrets of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    found: Vec<Secret>,
}

/// What stands in the place of a secret.
const MASK: &str = "***";

/// `scheme://user:password@` and the tokens that can be told by their form, as in the rule `secret-in-url`; and
/// assignments and options in commands whose name says it.
static WRITTEN_OUT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)[a-z][a-z0-9+.-]*://[^\s/:@'\x22]*:([^\s/@$'\x22{}<>]+)@",
        r"|(\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{60,}|\bglpat-[A-Za-z0-9_-]{20}|\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-[A-Za-z0-9-]{10,}|\bnpm_[A-Za-z0-9]{36})",
        r"|\b[a-z0-9_-]*(?:password|passwd|token|secret|api_?key|access_?key)[a-z0-9_]*\s*[=:]\s*['\x22]?([^\s'\x22$;&|]{3,})",
        r"|authorization:\s*(?:token|bearer|basic)\s+([^\s'\x22$]{3,})",
    ))
    .expect("the pattern is a constant")
});

impl Secrets {
    /// Everything in a file that looks like one.
    pub fn of(dockerfile: &Dockerfile) -> Self {
        let mut found: Vec<Secret> = Vec::new();
        for instruction in dockerfile.instructions() {
            let pairs: Vec<(String, Option<String>)> = match instruction.meaning() {
                Ok(Meaning::Env(env)) => {
                    env.pairs.into_iter().map(|(name, value)| (name, Some(value))).collect()
                }
                Ok(Meaning::Label(labels)) => {
                    labels.pairs.into_iter().map(|(name, value)| (name, Some(value))).collect()
                }
                Ok(Meaning::Arg(args)) => args.into_iter().map(|arg| (arg.name, arg.default)).collect(),
                _ => Vec::new(),
            };
            for (name, value) in pairs.into_iter().filter(|(name, _)| is_secret(name)) {
                let value = value.unwrap_or_default();
                let plain =
                    instruction.lexer().keeping_unset().expand(&value, &|_| None).unwrap_or(value.clone());
                for value in [value, plain] {
                    if !found.iter().any(|known| known.value == value && known.name == name) {
                        found.push(Secret { line: instruction.line, name: name.clone(), value });
                    }
                }
            }
            let text = dockerfile.slice(&instruction.span);
            for captures in WRITTEN_OUT.captures_iter(text) {
                let Some(value) = captures.iter().skip(1).flatten().next() else { continue };
                if found.iter().any(|known| known.value == value.as_str()) {
                    continue;
                }
                let name = format!("{} on line {}", instruction.keyword, instruction.line);
                found.push(Secret { line: instruction.line, name, value: value.as_str().to_owned() });
            }
        }
        Self { found }
    }

    /// Each secret once: its line and its name.
    pub fn names(&self) -> Vec<(u32, &str)> {
        let mut names: Vec<(u32, &str)> =
            self.found.iter().map(|secret| (secret.line, secret.name.as_str())).collect();
        names.dedup();
        names
    }

    /// Is the value of this variable one?
    pub fn has(&self, name: &str) -> bool {
        self.found.iter().any(|secret| secret.name == name)
    }

    /// Does the text hold one?
    pub fn are_in(&self, text: &str) -> bool {
        self.mask(text) != text
    }

    /// The text without them.
    pub fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        let mut values: Vec<&Secret> = self.found.iter().filter(|secret| !secret.value.is_empty()).collect();
        values.sort_by_key(|secret| std::cmp::Reverse(secret.value.len()));
        for secret in values {
            let value = &secret.value;
            if value.len() >= 4 && !value.starts_with('$') {
                masked = masked.replace(value.as_str(), MASK);
            } else if !value.starts_with('$') {
                for sign in ["=", " ", "=\"", "='", ": "] {
                    let written = format!("{}{sign}{value}", secret.name);
                    masked = masked.replace(&written, &format!("{}{sign}{MASK}", secret.name));
                }
            }
        }
        masked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    #[test]
    fn values_are_never_shown() {
        let text = "FROM a\nARG NPM_TOKEN=abcdef\nENV DB_PASSWORD=\"hunter2\" A=b PIN_KEY=1\n\
                    RUN git clone https://me:topsecret@x/y && curl -H 'Authorization: Bearer zzzzz' --password=qqqqq\n\
                    ENV TOKEN $GIVEN\nENV LEGACY_SECRET two words\n";
        let (dockerfile, _) = parse(text);
        let secrets = Secrets::of(&dockerfile);
        let masked = secrets.mask(text);
        for value in ["abcdef", "hunter2", "topsecret", "zzzzz", "qqqqq", "KEY=1", "two words"] {
            assert!(!masked.contains(value), "{value}: {masked}");
        }
        assert!(
            masked.contains("A=b") && masked.contains("$GIVEN") && masked.contains("NPM_TOKEN=***"),
            "{masked}"
        );
        assert_eq!(secrets.names()[0], (2, "NPM_TOKEN"));
    }
}
