//! An undecided setting, phrased for a person.
//!
//! A question is a setting asked aloud: whatever can be answered can also be written in
//! `dockgen.toml` or given with `--set`, under the same key.

use schemars::JsonSchema;
use serde::Serialize;

use crate::repo::path::RelPath;

/// Something the repository leaves open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Question {
    /// The setting that answers it: `go.main`. `service` chooses among services.
    pub key: String,
    /// The service it belongs to, by folder; none for the whole repository.
    pub service: Option<RelPath>,
    /// The question.
    pub ask: String,
    /// The answers to choose from; empty for free text.
    pub options: Vec<Answer>,
    /// What is taken when nobody is asked; none when nothing is safe to assume.
    pub default: Option<String>,
}

/// One possible answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Answer {
    /// The setting's value.
    pub value: String,
    /// What speaks for it.
    pub why: String,
}

impl Question {
    /// A question with its options.
    pub fn choose(key: &str, ask: impl Into<String>, options: Vec<Answer>) -> Self {
        Self { key: key.to_owned(), service: None, ask: ask.into(), options, default: None }
    }

    /// What is taken when nobody is asked.
    #[must_use]
    pub fn or(mut self, default: impl Into<String>) -> Self {
        self.default = Some(default.into());
        self
    }
}

impl Answer {
    /// An answer and what speaks for it.
    pub fn new(value: impl Into<String>, why: impl Into<String>) -> Self {
        Self { value: value.into(), why: why.into() }
    }
}
