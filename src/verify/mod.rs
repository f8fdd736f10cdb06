//! Builds, runs and probes an image with the engine that is there.
//!
//! [`verify`] is the way in: a [`Request`] goes in, a [`DockerfileReport`] comes out for
//! each Dockerfile. What is inside a Dockerfile and how files are planned is left to others.

mod boot;
mod context;
mod dialect;
mod engine;
mod log;
mod probe;
mod process;
mod render;
mod report;
mod useful;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use context::{ContextError, Edit};
pub use dialect::{EngineKind, Network};
pub use engine::{Engine, EngineError, Leftovers, NetworkChoice, Silence};
pub use log::{BuildFailure, BuildLog, BuildStep, StepState};
pub use probe::{BadProbe, Expect, Listener, Probe};
pub use process::Interrupt;
pub use render::{measures, size, text};
pub use report::{
    BootFacts, BuildFacts, DockerfileReport, EngineReport, ErrorReport, Failure, HealthFacts, Outcome,
    RebuildFacts, Report, SCHEMA_VERSION, ServiceReport, Step, StopFacts, UserFacts, Verdict,
};

use crate::dockerfile::{self, Stages};
use context::ContextCopy;
use dialect::BuildSpec;
use process::{Ending, Finished};

/// What is to be verified, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// The folder that is sent to the builder.
    pub context: PathBuf,
    /// The Dockerfile, inside the context or not.
    pub dockerfile: PathBuf,
    /// What the report calls the Dockerfile.
    pub title: String,
    /// What is asked of the running program.
    pub probe: Probe,
    /// The port the program listens on, where the image does not say so.
    pub port: Option<u16>,
    /// Who may run it.
    pub user: UserPolicy,
    /// What is edited before the second build.
    pub edit: Edit,
    /// What must be served after the edit.
    pub expect_after_edit: Option<Expect>,
    /// How far to go.
    pub extent: Extent,
    /// `KEY=VALUE`, for the build.
    pub build_args: Vec<String>,
    /// `id=...,src=...`, for the build.
    pub secrets: Vec<String>,
    /// `KEY=VALUE`, for the container.
    pub env: Vec<String>,
    /// Files of `KEY=VALUE`, for the container.
    pub env_files: Vec<PathBuf>,
    /// `linux/arm64` and the like.
    pub platform: Option<String>,
    /// Where logs are kept.
    pub logs: Option<PathBuf>,
    /// The largest image that passes.
    pub max_image_bytes: Option<u64>,
    /// How long things may take.
    pub limits: Limits,
}

impl Request {
    /// All checks with their defaults.
    pub fn new(context: impl Into<PathBuf>, dockerfile: impl Into<PathBuf>) -> Self {
        let dockerfile = dockerfile.into();
        Self {
            context: context.into(),
            title: dockerfile.display().to_string(),
            dockerfile,
            probe: Probe::default(),
            port: None,
            user: UserPolicy::NonRoot,
            edit: Edit::Choose,
            expect_after_edit: None,
            extent: Extent::Everything,
            build_args: Vec::new(),
            secrets: Vec::new(),
            env: Vec::new(),
            env_files: Vec::new(),
            platform: None,
            logs: None,
            max_image_bytes: None,
            limits: Limits::default(),
        }
    }
}

/// Who may run the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserPolicy {
    /// Root is a failure.
    NonRoot,
    /// The user is reported and not judged.
    Any,
}

/// How far a verification goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Builds, runs, tests, builds again.
    Everything,
    /// Only builds; no container is started.
    BuildsOnly,
    /// Only the stage `test`.
    TestOnly,
}

/// How long things may take before they count as failed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One build.
    pub build: Duration,
    /// From the start of the container to a good answer.
    pub boot: Duration,
    /// From the stop signal to a kill.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            build: Duration::from_secs(20 * 60),
            boot: Duration::from_secs(60),
            stop: Duration::from_secs(10),
        }
    }
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The engine is missing, broke down, or was interrupted.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The context cannot be read.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// A Dockerfile cannot be read, or a log not be written.
    #[error("cannot {intention} {path}: {source}")]
    File {
        /// `read` or `write`.
        intention: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Verifies one Dockerfile. `tell` hears what is being done, in a few words each time.
/// An `Err` means that nothing can be said; what the Dockerfile does wrong is in the report.
pub fn verify(
    engine: &Engine,
    request: &Request,
    tell: &mut dyn FnMut(&str),
) -> Result<DockerfileReport, VerifyError> {
    let text = read_dockerfile(&request.dockerfile)?;
    let context = ContextCopy::new(&request.context, &request.dockerfile)?;
    let mut work =
        Work { engine, request, context, tell, report: DockerfileReport::new(request.title.clone()) };
    match request.extent {
        Extent::TestOnly => {
            work.report.build = Step::skipped("only the stage `test` was asked for");
            work.test(&text)?;
        }
        Extent::Everything | Extent::BuildsOnly => work.everything(&text)?,
    }
    let mut report = work.report;
    report.judge();
    Ok(report)
}

/// One verification under way.
struct Work<'a> {
    engine: &'a Engine,
    request: &'a Request,
    context: ContextCopy,
    tell: &'a mut dyn FnMut(&str),
    report: DockerfileReport,
}

/// What is built.
#[derive(Clone, Copy)]
enum Purpose {
    First,
    Test,
    Rebuild,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::First => "build",
            Self::Test => "test",
            Self::Rebuild => "rebuild",
        }
    }
}

struct Built {
    tag: String,
    log: BuildLog,
    facts: BuildFacts,
    failure: Option<Failure>,
}

impl Work<'_> {
    fn everything(&mut self, dockerfile: &str) -> Result<(), VerifyError> {
        let first = self.build(Purpose::First)?;
        self.report.build = step_of(first.facts, first.failure.clone());
        if first.failure.is_some() {
            return Ok(());
        }
        let image = self.engine.inspect_image(&first.tag)?;
        self.report.image_bytes = Some(image.size);
        self.report.configuration = image.config.said();
        if let Some(most) = self.request.max_image_bytes.filter(|most| *most < image.size) {
            let line =
                format!("the image has {}, and {} is the most that passes", size(image.size), size(most));
            self.report.build = Step::failed(self.report.build.facts.take(), Failure::of(line));
        }
        self.run(&first.tag, &image.config)?;
        self.test(dockerfile)?;
        self.rebuild(&image.config)
    }

    fn test(&mut self, dockerfile: &str) -> Result<(), VerifyError> {
        self.report.test = if has_test_stage(dockerfile) {
            let built = self.build(Purpose::Test)?;
            step_of(built.facts, built.failure)
        } else {
            Step::skipped("the Dockerfile has no stage `test`")
        };
        Ok(())
    }

    fn rebuild(&mut self, config: &engine::ImageConfig) -> Result<(), VerifyError> {
        let edited = match self.context.edit(&self.request.edit, self.engine.run_id()) {
            Ok(Some(file)) => file,
            Ok(None) => {
                self.report.rebuild = Step::skipped("no second build was asked for");
                return Ok(());
            }
            Err(error @ ContextError::NoSource) => {
                self.report.rebuild = Step::skipped(error.to_string());
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let built = self.build(Purpose::Rebuild)?;
        let rerun: Vec<String> =
            built.log.ran().filter(|step| step.is_dependency_step()).map(BuildStep::title).collect();
        let facts = RebuildFacts {
            seconds: built.facts.seconds,
            steps: built.facts.steps,
            cached: built.facts.cached,
            edited: edited.to_string_lossy().replace('\\', "/"),
            dependency_steps_rerun: rerun,
        };
        let notes: Vec<String> =
            facts.dependency_steps_rerun.iter().map(|step| format!("ran again: {step}")).collect();
        let mut failure = built.failure;
        if let (None, Some(expect), Extent::Everything) =
            (&failure, &self.request.expect_after_edit, self.request.extent)
        {
            failure = self.served_after_edit(&built.tag, config, expect)?;
        }
        self.report.rebuild = match failure {
            None => Step::passed(facts),
            Some(failure) => Step::failed(Some(facts), failure),
        };
        self.report.rebuild.notes = notes;
        Ok(())
    }

    fn build(&mut self, purpose: Purpose) -> Result<Built, VerifyError> {
        let request = self.request;
        (self.tell)(&format!("{}: {}", request.title, purpose.name()));
        let spec = BuildSpec {
            context: self.context.root(),
            dockerfile: self.context.dockerfile().to_owned(),
            tag: self.engine.new_name(),
            target: matches!(purpose, Purpose::Test).then(|| "test".to_owned()),
            build_args: request.build_args.clone(),
            secrets: request.secrets.clone(),
            platform: request.platform.clone(),
        };
        let finished = self.engine.build(&spec, request.limits.build)?;
        self.keep_log(purpose.name(), &finished.output)?;
        let log = BuildLog::parse(self.engine.log_style(), &finished.output);
        let facts = BuildFacts { seconds: finished.seconds, steps: log.steps.len(), cached: log.cached() };
        let failure = failure_of(&finished, &log, request.limits.build);
        Ok(Built { tag: spec.tag, log, facts, failure })
    }

    fn keep_log(&mut self, name: &str, text: &str) -> Result<(), VerifyError> {
        let Some(folder) = &self.request.logs else {
            return Ok(());
        };
        let title: String = self
            .request
            .title
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
            .collect();
        let path = folder.join(format!("{title}.{name}.log"));
        let written = fs::create_dir_all(folder).and_then(|()| write_log(&path, text));
        written.map_err(|source| VerifyError::File { intention: "write", path: path.clone(), source })?;
        self.report.logs.push(path.display().to_string());
        Ok(())
    }
}

fn step_of(facts: BuildFacts, failure: Option<Failure>) -> Step<BuildFacts> {
    match failure {
        None => Step::passed(facts),
        Some(failure) => Step::failed(Some(facts), failure),
    }
}

fn failure_of(finished: &Finished, log: &BuildLog, limit: Duration) -> Option<Failure> {
    match finished.ending {
        Ending::Exit(0) => None,
        Ending::TimeOut => {
            let running = log.steps.iter().rev().find(|step| step.state == StepState::Begun);
            Some(Failure {
                line: format!("the build was not ready after {} s", limit.as_secs()),
                stage: running.and_then(|step| step.stage.clone()),
                instruction: running.map(|step| step.instruction.clone()),
            })
        }
        Ending::Exit(_) | Ending::Signal => {
            let failure = log.failure();
            Some(Failure { line: failure.line, stage: failure.stage, instruction: failure.instruction })
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the Dockerfile to verify may lie outside of any inventory")]
fn read_dockerfile(path: &Path) -> Result<String, VerifyError> {
    fs::read_to_string(path).map_err(|source| VerifyError::File {
        intention: "read",
        path: path.to_owned(),
        source,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "logs are written where the user wants them, not into a repository"
)]
fn write_log(path: &Path, text: &str) -> std::io::Result<()> {
    fs::write(path, text)
}

fn has_test_stage(dockerfile: &str) -> bool {
    // A file that does not parse fails in the first build, in the builder's words.
    let (dockerfile, _) = dockerfile::parse(dockerfile);
    Stages::of(&dockerfile).get("test").is_some()
}
