//! What travels beside every result: findings about somebody's repository or settings.
//!
//! A diagnostic never stops planning. What stops dockgen itself is an error, and each
//! module has its own.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::fact::Place;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// A file that was written would not do what was meant: nothing is written.
    Error,
    /// The result works, but something is lost or was guessed.
    Warning,
    /// Worth knowing.
    Note,
}

/// The kind of a finding. Its kebab-case name is stable and may be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A manifest does not parse.
    MalformedManifest,
    /// A file is larger than dockgen reads.
    FileTooLarge,
    /// A file or folder could not be read.
    Unreadable,
    /// A name is not UTF-8 or holds control characters.
    OddName,
    /// A symbolic link leaves the repository or goes in circles.
    LinkSkipped,
    /// No lock file: builds are not repeatable.
    MissingLock,
    /// Two lock files of different package managers.
    SeveralLocks,
    /// A lock file does not agree with its manifest.
    LockOutOfStep,
    /// A toolchain line that is no longer supported.
    EndOfLife,
    /// A requested version that no base image has.
    UnknownVersion,
    /// A setting could not be used.
    BadSetting,
    /// A setting nobody knows.
    UnknownSetting,
    /// A template of the project or its company does not load, or names what is not there.
    BadTemplate,
    /// A value was guessed because nothing says it.
    Guessed,
    /// Something the start command needs was added or is missing.
    StartCommand,
    /// The port is not the one that is written, or nothing says it.
    Port,
    /// The program does not handle SIGTERM.
    StopSignal,
    /// A native dependency, and what it takes.
    SystemPackage,
    /// A workspace and its folders do not agree.
    Workspace,
    /// Something in the repository that dockgen does not build.
    NotBuilt,
    /// A private registry or module that needs a secret.
    PrivateRegistry,
    /// A base image without the digest that the settings ask for.
    Unpinned,
    /// What people want above an instruction that is no longer there.
    Homeless,
    /// Something is not as the company's policy wants it.
    Policy,
    /// Existing file kept as it is.
    KeptFile,
    /// A file the image needs is hidden from the build context.
    IgnoredSource,
    /// A rendered file breaks one of dockgen's own rules.
    ReadBack,
}

/// Every code with what it says, in the order of their declarations: for the manual.
pub fn manual() -> Vec<(String, String)> {
    let schema = serde_json::to_value(schemars::schema_for!(Code)).unwrap_or_default();
    let rows = schema["oneOf"].as_array().into_iter().flatten();
    let text = |row: &serde_json::Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    rows.map(|row| (text(row, "const"), text(row, "description").replace('\n', " "))).collect()
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = serde_json::to_value(self).ok();
        f.write_str(name.as_ref().and_then(serde_json::Value::as_str).unwrap_or("finding"))
    }
}

/// A finding about the repository or the settings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// Where it is.
    pub at: Option<Place>,
    /// The column in that line, when known (1-based).
    pub column: Option<u32>,
    /// The kind.
    pub code: Code,
    /// One sentence without a final period.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding of `severity`.
    pub fn new(severity: Severity, code: Code, message: impl Into<String>) -> Self {
        Self { severity, code, at: None, column: None, message: message.into(), help: None }
    }

    /// Something lost or guessed.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// Something that keeps files from being written.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// Something worth knowing.
    pub fn note(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message)
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, place: impl Into<Option<Place>>) -> Self {
        self.at = place.into();
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
