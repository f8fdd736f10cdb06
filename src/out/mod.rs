//! What lies in the repository now, what may be done to it, and the one way to write.
//!
//! A generated file carries a [`stamp`]; from it follows its [`Standing`]; from that and a
//! person's [`Consent`] follows whether [`write`] may replace it. What the files say is
//! left to the emitters, and asking a person to the command line.

mod diff;
mod stamp;
mod write;

pub use diff::{diff, patch};
pub use stamp::{fingerprint, stamp, stamp_json, stamped, standing, unstamped};
pub use write::{Consent, Outcome, WriteError, is_temporary, with_ends_of, write};

use crate::repo::path::RelPath;

/// A file that is to lie in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutFile {
    /// Where, from the repository's root.
    pub path: RelPath,
    /// The whole text. With `\n` line endings it gets those of the file that is there.
    pub text: String,
}

/// What lies at the path now. Decides what may be done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: write.
    Absent,
    /// As dockgen wrote it, in whatever version: may be replaced.
    Untouched,
    /// Written by dockgen, changed by a person: testimony, like a foreign file.
    Edited,
    /// Not written by dockgen: migrate.
    Foreign,
}
