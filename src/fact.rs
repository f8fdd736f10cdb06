//! A value, the reason for it, and the values it beat.
//!
//! Everything dockgen decides travels as a [`Fact`]. There is no way to make one without
//! saying where it came from, so `dockgen plan` can always answer "why?" and "why not the other?".

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::repo::path::RelPath;
use crate::text::brief;

/// How much of a line is quoted as a reason.
const LONGEST: usize = 120;

/// Who said so, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// `--set`, or a flag of its own.
    Flag,
    /// A question answered on a terminal.
    Answer,
    /// The project's `dockgen.toml`.
    Config,
    /// The folder that `dockgen.toml` extends: a company's defaults.
    Company,
    /// Read from the repository.
    Detected,
    /// Nobody said anything: dockgen's own choice.
    Default,
}

/// A file of the repository, and the line when there is one to point at (1-based).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// The file.
    pub file: RelPath,
    /// Its line; none when the file's mere presence is the reason.
    pub line: Option<u32>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => write!(f, "{}", self.file),
        }
    }
}

/// Why a value is what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Who said so.
    pub layer: Layer,
    /// Where; none for flags and defaults.
    pub at: Option<Place>,
    /// The words themselves (`go 1.22`), or the reason for a default. Never a secret.
    pub says: String,
}

impl Evidence {
    /// Something the repository says at `file`, `line`.
    pub fn read(file: &RelPath, line: impl Into<Option<u32>>, says: impl Into<String>) -> Self {
        let at = Some(Place { file: file.clone(), line: line.into() });
        Self { layer: Layer::Detected, at, says: brief(&says.into(), LONGEST) }
    }

    /// Dockgen's own choice, and the reason for it.
    pub fn default(why: impl Into<String>) -> Self {
        Self { layer: Layer::Default, at: None, says: why.into() }
    }

    /// The same place, where it only limits dockgen's own choice; what about it does.
    #[must_use]
    pub fn as_limit(self, why: impl Into<String>) -> Self {
        Self { layer: Layer::Default, says: why.into(), ..self }
    }
}

impl fmt::Display for Evidence {
    /// `go.mod:3`, or the reason where there is no place; both for what limits a choice of dockgen's own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.at, self.layer) {
            (Some(place), Layer::Default) => write!(f, "{}, {place}", self.says),
            (Some(place), _) => place.fmt(f),
            (None, _) => f.write_str(&self.says),
        }
    }
}

/// A decided value, its reason, and what it won over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fact<T> {
    /// The value.
    pub value: T,
    /// Why it was chosen.
    pub because: Evidence,
    /// What it beat, first loser first.
    pub over: Vec<Lost>,
}

/// A value that was said but did not win. Losers are only ever shown, so they are kept as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Lost {
    /// The value as it would be printed.
    pub value: String,
    /// Why it was a candidate.
    pub because: Evidence,
}

impl<T> Fact<T> {
    /// A value with its evidence, so far unopposed.
    pub fn new(value: T, because: Evidence) -> Self {
        Self { value, because, over: Vec::new() }
    }

    /// Dockgen's own choice.
    pub fn by_default(value: T, why: impl Into<String>) -> Self {
        Self::new(value, Evidence::default(why))
    }

    /// The same reason for a value derived from this one (`go 1.22` gives `golang:1.22-alpine`).
    pub fn map<U>(self, derive: impl FnOnce(T) -> U) -> Fact<U> {
        Fact { value: derive(self.value), because: self.because, over: self.over }
    }

    /// The same reason for something that follows from this fact, which stays usable.
    pub fn derive<U>(&self, value: U) -> Fact<U> {
        Fact { value, because: self.because.clone(), over: self.over.clone() }
    }
}

impl<T: fmt::Display> fmt::Display for Fact<T> {
    /// The value with its reason: `1.22 (go.mod:3)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.value, self.because)
    }
}

/// A value being decided: candidates are offered strongest first, the first one wins,
/// the others are remembered as losers.
#[derive(Debug, Clone)]
pub struct Choice<T> {
    won: Option<(T, Evidence)>,
    lost: Vec<Lost>,
}

impl<T> Default for Choice<T> {
    fn default() -> Self {
        Self { won: None, lost: Vec::new() }
    }
}

impl<T: fmt::Display> Choice<T> {
    /// Offers a candidate. Later offers are weaker.
    #[must_use]
    pub fn or(mut self, candidate: Option<Fact<T>>) -> Self {
        let Some(Fact { value, because, over }) = candidate else { return self };
        if self.won.is_none() {
            self.won = Some((value, because));
        } else {
            self.lost.push(Lost { value: value.to_string(), because });
        }
        self.lost.extend(over);
        self
    }

    /// Offers a candidate that is worked out only when nobody stronger has spoken.
    #[must_use]
    pub fn or_else(self, candidate: impl FnOnce() -> Option<Fact<T>>) -> Self {
        if self.won.is_some() { self } else { self.or(candidate()) }
    }

    /// Ends with dockgen's own choice as the weakest candidate.
    pub fn or_default(self, value: T, why: impl Into<String>) -> Fact<T> {
        match self.or(Some(Fact::by_default(value, why))).decide() {
            Some(fact) => fact,
            None => unreachable!("a default was offered on the line above"),
        }
    }

    /// The winner, if anybody spoke.
    pub fn decide(self) -> Option<Fact<T>> {
        let over = self.lost;
        self.won.map(|(value, because)| Fact { value, because, over })
    }

    /// The winner so far.
    pub fn so_far(&self) -> Option<&T> {
        self.won.as_ref().map(|(value, _)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wins_and_the_rest_is_remembered() {
        let go_mod = RelPath::new("go.mod").unwrap();
        let fact = Choice::default()
            .or(None)
            .or(Some(Fact::new("1.22", Evidence::read(&go_mod, 3, "go 1.22"))))
            .or_default("1.27", "newest in the catalog");
        assert_eq!(fact.to_string(), "1.22 (go.mod:3)");
        assert_eq!(fact.over[0].value, "1.27");
        assert_eq!(fact.over[0].because.layer, Layer::Default);
    }

    #[test]
    fn evidence_is_one_short_line() {
        let long = format!("a\nb{}", "x".repeat(500));
        let evidence = Evidence::read(&RelPath::root(), 1, long);
        assert!(!evidence.says.contains('\n') && evidence.says.chars().count() == 120);
    }
}
