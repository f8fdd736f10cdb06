//! What a plan consists of. This is the contract of `dockgen plan --format json`:
//! serialized on purpose, changed with care.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::diag::Diagnostic;
use crate::fact::Fact;
use crate::plan::backing::Beside;
use crate::plan::question::Question;
use crate::plan::stage::StageGraph;
use crate::repo::path::RelPath;

/// The shape of the plan document. It goes up when a program that reads it would break.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything dockgen sees in a repository, and why.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Plan {
    /// The shape of this document.
    pub schema_version: u32,
    /// The images to build, by folder.
    pub services: Vec<Service>,
    /// What is unclear, with the answer that is taken when nobody is asked.
    pub questions: Vec<Question>,
    /// What else there is to say.
    pub diagnostics: Vec<Diagnostic>,
}

/// One image to build.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Service {
    /// Its name: the folder's, or the project's where the folder is the root.
    pub name: String,
    /// Where the project is.
    pub dir: RelPath,
    /// The folder that the build sees; the workspace's root where the project needs it.
    pub context: RelPath,
    /// The stack: `go`, `node` …
    pub stack: Fact<String>,
    /// The framework, where one is known.
    pub framework: Option<Fact<String>>,
    /// Toolchains and their versions, most important first.
    pub toolchains: Vec<Fact<Toolchain>>,
    /// What installs dependencies.
    pub package_manager: Option<Fact<String>>,
    /// What it does when it runs.
    pub kind: Fact<ServiceKind>,
    /// The stages in file order.
    pub stages: StageGraph,
    /// How the image runs.
    pub runtime: Runtime,
    /// The platforms it is built for; none for that of whoever builds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<Fact<String>>,
    /// The folder of the front end that is built into its image, which is no service of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub front_end: Option<Fact<RelPath>>,
    /// What it talks to: databases, caches, queues.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<Beside>,
    /// Where the Dockerfile is written; none for the usual place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dockerfile: Option<Fact<RelPath>>,
    /// Comments that people want at the top of the Dockerfile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Fact<String>>,
    /// What the build does not see, in groups.
    pub ignore: Vec<IgnoreGroup>,
    /// Where that is written; none where people keep to a file of their own.
    pub ignore_file: Option<Fact<RelPath>>,
    /// The stack's own facts. Templates see them; they are not part of the stable contract.
    pub tool: serde_json::Value,
}

impl Service {
    /// Where the Dockerfile is written: beside the project's manifest, or where people want it.
    pub fn dockerfile_path(&self) -> RelPath {
        let usual = || self.dir.join("Dockerfile").unwrap_or_default();
        self.dockerfile.as_ref().map_or_else(usual, |path| path.value.clone())
    }

    /// `.dockerignore` in the service's own folder, where nothing speaks against it.
    pub fn usual_ignore_file(dir: &RelPath) -> Option<Fact<RelPath>> {
        let path = dir.join(".dockerignore").unwrap_or_default();
        Some(Fact::by_default(path, "in the build context's root"))
    }
}

/// A toolchain and its version line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Toolchain {
    /// `Go`, `Node.js` …
    pub name: String,
    /// The line the image has: `1.24`, `22`.
    pub version: String,
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// What a service does when it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceKind {
    /// Listens on a port.
    Server,
    /// Files behind a web server.
    Site,
    /// Works without a port: a worker, a bot.
    Worker,
    /// Runs, prints and ends.
    Program,
}

impl fmt::Display for ServiceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Site => "site",
            Self::Worker => "worker",
            Self::Program => "program",
        })
    }
}

/// How the image runs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Runtime {
    /// Numeric `uid:gid`.
    pub user: Fact<String>,
    /// The working directory; none leaves the base image's.
    pub workdir: Option<Fact<String>>,
    /// Environment, by name.
    pub env: BTreeMap<String, Fact<String>>,
    /// The port it listens on, when it does.
    pub port: Option<Fact<u16>>,
    /// ENTRYPOINT.
    pub entrypoint: Option<Fact<ExecForm>>,
    /// CMD.
    pub command: Option<Fact<ExecForm>>,
    /// HEALTHCHECK.
    pub health: Option<Fact<Health>>,
    /// STOPSIGNAL, where the base image's is not right.
    pub stop_signal: Option<Fact<String>>,
    /// A file of settings without which the program ends at once, from where it starts. An empty one is put there: the
    /// project's own is never copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings_file: Option<Fact<String>>,
    /// Labels that people want, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, Fact<String>>,
}

/// A command in exec form: never empty, never a shell string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct ExecForm(Vec<String>);

impl ExecForm {
    /// A program and its arguments.
    pub fn new<S: Into<String>>(program: impl Into<String>, args: impl IntoIterator<Item = S>) -> Self {
        let mut words = vec![program.into()];
        words.extend(args.into_iter().map(Into::into));
        Self(words)
    }

    /// From words; none when there are none.
    pub fn from_words(words: Vec<String>) -> Option<Self> {
        (!words.is_empty()).then_some(Self(words))
    }

    /// A command line run by a shell that hands its place to the command.
    pub fn shell(line: &str) -> Self {
        Self::new("sh", ["-c".to_owned(), format!("exec {line}")])
    }

    /// The words.
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for ExecForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(|word| crate::plan::run::quote(word)).collect::<Vec<_>>().join(" "))
    }
}

/// How the engine asks whether the program is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Health {
    /// The probe, run inside the container.
    pub command: ExecForm,
    /// The HTTP path it asks for.
    pub path: String,
    /// The variable that it takes the port from, where the program does.
    #[serde(skip)]
    pub variable: Option<String>,
    /// Seconds after the start during which failures do not count.
    pub start_seconds: u32,
    /// Seconds from one question to the next.
    pub interval_seconds: u32,
    /// Seconds until a question counts as failed.
    pub timeout_seconds: u32,
    /// Failures in a row that are one too many; the engine's number where nobody says.
    pub retries: Option<u32>,
}

impl Health {
    /// A check in the usual rhythm.
    pub fn new(command: ExecForm, path: &str) -> Self {
        let path = path.to_owned();
        Self {
            command,
            path,
            variable: None,
            start_seconds: 10,
            interval_seconds: 30,
            timeout_seconds: 3,
            retries: None,
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GET {}", self.path)
    }
}

/// Patterns of an ignore file that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IgnoreGroup {
    /// Why, as a comment.
    pub about: String,
    /// Patterns in `.dockerignore` syntax.
    pub patterns: Vec<String>,
    /// Does it speak before the secrets, or after them?
    #[serde(skip)]
    pub turn: Turn,
}

/// What no build sees, in `.dockerignore` syntax: keys, accounts and a person's own environment.
pub const SECRETS: &[&str] = &[
    "**/*.pem",
    "**/*.key",
    // Test data and a program's own resources are meant to be there.
    "!**/testdata/**",
    "!**/src/*/resources/**",
    "**/.env",
    "**/.env.*",
    "!**/.env.example",
    "!**/.env.sample",
    "**/id_rsa*",
    "**/id_ed25519*",
    "**/.netrc",
];

/// When a group of patterns speaks; the last word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Turn {
    /// What it brings back stays out where it looks like a secret.
    #[default]
    BeforeSecrets,
    /// It brings back what looks like a secret and is known to be none.
    AfterSecrets,
}

impl IgnoreGroup {
    /// A group of patterns that were worked out.
    pub fn of(about: String, patterns: Vec<String>) -> Self {
        Self { about, patterns, turn: Turn::default() }
    }

    /// A group with its reason.
    pub fn new(about: &str, patterns: &[&str]) -> Self {
        Self::of(about.to_owned(), patterns.iter().map(|&p| p.to_owned()).collect())
    }

    /// The same for a project that lies in this folder of the build context.
    #[must_use]
    pub fn in_folder(mut self, folder: &RelPath) -> Self {
        for pattern in &mut self.patterns {
            let (again, below) =
                pattern.strip_prefix('!').map_or(("", pattern.as_str()), |below| ("!", below));
            if !below.starts_with("**/") {
                *pattern = format!("{again}{folder}/{below}");
            }
        }
        self
    }
}
