//! A library that a project uses, in the terms that Maven and Gradle share.

use crate::fact::{Evidence, Fact};

/// One library.
#[derive(Debug, Clone)]
pub(super) struct Dependency {
    pub group: String,
    pub artifact: String,
    /// As far as the repository says it; a foreign parent or bill of materials may decide it.
    pub version: Option<String>,
    pub scope: Scope,
    /// `jar`, `pom`, `test-jar` …
    pub kind: String,
    pub because: Evidence,
}

/// When it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// While compiling and running.
    Compile,
    /// While running.
    Runtime,
    /// While compiling; the server has it.
    Provided,
    /// In tests.
    Test,
}

impl Scope {
    /// Maven's names.
    pub fn named(name: &str) -> Self {
        match name {
            "runtime" => Self::Runtime,
            "provided" | "system" => Self::Provided,
            "test" | "import" => Self::Test,
            _ => Self::Compile,
        }
    }
}

impl Dependency {
    /// Is it `group:artifact`? An artifact that ends in `*` stands for all that start so.
    pub fn is(&self, group: &str, artifact: &str) -> bool {
        let artifact_fits = match artifact.strip_suffix('*') {
            Some(start) => self.artifact.starts_with(start),
            None => self.artifact == artifact,
        };
        self.group == group && artifact_fits
    }

    /// Is it in the running program?
    pub fn is_shipped(&self) -> bool {
        matches!(self.scope, Scope::Compile | Scope::Runtime) && self.kind != "pom"
    }

    /// A fact that this dependency is the reason for.
    pub fn says<T>(&self, value: T) -> Fact<T> {
        Fact::new(value, self.because.clone())
    }
}
