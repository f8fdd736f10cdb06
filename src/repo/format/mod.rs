//! Readers shared by the stacks, one file per format.
//!
//! A stack wants to say "port 3000, because package.json:7 says so". The types that
//! serde fills forget where a value stood, so every format is read into one small
//! value that knows its lines: [`Tree`], or [`Element`] for XML. What the values mean
//! is left to the stacks; which files are opened at all, to the scan.
//!
//! The files belong to strangers. Each reader has limits for size and depth, and a
//! file that cannot be read is a [`Malformed`], never an empty table.

mod decode;
mod json;
mod lines;
mod toml;
mod tree;
mod xml;
mod yaml;

pub use decode::{LOCK_FILE_LIMIT, MANIFEST_LIMIT, check_size, decode};
pub use json::{json, jsonc};
pub use toml::toml;
pub use tree::{Kind, Repeated, Tree};
pub use xml::{Element, xml};
pub use yaml::{last_yaml, yaml, yaml_documents};

/// Collections within collections before a file is refused.
///
/// The deepest files in use (lock files, Maven plugin configuration) stay below 20
/// levels. The limit keeps every recursive walk over a [`Tree`] far from the end of a
/// 2 MiB thread stack.
const MAX_DEPTH: usize = 128;

/// Why a file could not be read as its format: place, cause and help.
///
/// Never quotes a value of the file, because the value could be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {line}, column {column})")]
pub struct Malformed {
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
    /// What is wrong, without a full stop.
    pub message: String,
    /// What the person can do about it, where that is known.
    pub help: Option<String>,
}

impl Malformed {
    fn new((line, column): (u32, u32), message: impl Into<String>) -> Self {
        Malformed { line, column, message: message.into(), help: None }
    }

    fn with_help(self, help: impl Into<String>) -> Self {
        Malformed { help: Some(help.into()), ..self }
    }

    fn empty() -> Self {
        Malformed::new((1, 1), "the file is empty")
    }

    fn too_deep(place: (u32, u32), limit: usize) -> Self {
        let message = format!("more than {limit} levels are nested in each other");
        Malformed::new(place, message)
    }
}
