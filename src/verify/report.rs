//! What a verification found, as values with stable names. `render` turns them into text.

use std::collections::BTreeMap;

use serde::Serialize;

use super::dialect::{EngineKind, Network};

/// Grows when a key changes its meaning or goes away; new keys do not count.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything about one run of `dockgen verify`.
#[derive(Debug, Serialize)]
pub struct Report {
    /// See [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Whether every Dockerfile that is the repository's own passed.
    pub verdict: Verdict,
    /// Who built and ran. `None` when no engine answers.
    pub engine: Option<EngineReport>,
    /// One per image of the repository.
    pub services: Vec<ServiceReport>,
    /// What kept the run from being made or finished.
    pub error: Option<ErrorReport>,
}

/// The one word that scripts ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything asked for was seen to work.
    Verified,
    /// Something did not.
    Failed,
    /// Nothing can be said, see `error`.
    Unknown,
}

/// Who built and ran.
#[derive(Clone, Debug, Serialize)]
pub struct EngineReport {
    /// Which engine.
    pub name: EngineKind,
    /// Its version.
    pub version: String,
    /// How containers are reached.
    pub network: Network,
}

/// An error in words.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorReport {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// One image of the repository, and what it is compared with.
#[derive(Debug, Serialize)]
pub struct ServiceReport {
    /// The folder of the service, relative to the repository; `.` for its root.
    pub service: String,
    /// The Dockerfile and, with a comparison, the other one after it.
    pub dockerfiles: Vec<DockerfileReport>,
}

/// What one Dockerfile did.
#[derive(Debug, Serialize)]
pub struct DockerfileReport {
    /// Relative to the repository where it is inside.
    pub dockerfile: String,
    /// Whether no step failed.
    pub verdict: Verdict,
    /// The image is built.
    pub build: Step<BuildFacts>,
    /// The container starts and answers.
    pub boot: Step<BootFacts>,
    /// It is not run by root.
    pub user: Step<UserFacts>,
    /// The image's own health check passes.
    pub health: Step<HealthFacts>,
    /// It ends when told.
    pub stop: Step<StopFacts>,
    /// The stage `test` is built.
    pub test: Step<BuildFacts>,
    /// The image is built again after an edit, and still answers.
    pub rebuild: Step<RebuildFacts>,
    /// Bytes of the image as the engine counts them.
    pub image_bytes: Option<u64>,
    /// What the image says of itself, in the words of a Dockerfile. Values may be secrets, so it is not printed.
    #[serde(skip)]
    pub configuration: BTreeMap<String, String>,
    /// Where the logs were kept.
    pub logs: Vec<String>,
}

impl DockerfileReport {
    pub(super) fn new(dockerfile: String) -> Self {
        const WAITS: &str = "a step before it failed";
        Self {
            dockerfile,
            verdict: Verdict::Unknown,
            build: Step::skipped(WAITS),
            boot: Step::skipped(WAITS),
            user: Step::skipped(WAITS),
            health: Step::skipped(WAITS),
            stop: Step::skipped(WAITS),
            test: Step::skipped(WAITS),
            rebuild: Step::skipped(WAITS),
            image_bytes: None,
            configuration: BTreeMap::new(),
            logs: Vec::new(),
        }
    }

    /// Name, outcome and failure of each step, in the order in which they are made.
    pub fn outcomes(&self) -> [(&'static str, Outcome, Option<&Failure>); 7] {
        fn row<'a, T>(name: &'static str, step: &'a Step<T>) -> (&'static str, Outcome, Option<&'a Failure>) {
            (name, step.outcome, step.failure.as_ref())
        }
        [
            row("build", &self.build),
            row("boot", &self.boot),
            row("user", &self.user),
            row("health", &self.health),
            row("stop", &self.stop),
            row("test", &self.test),
            row("rebuild", &self.rebuild),
        ]
    }

    pub(super) fn judge(&mut self) {
        let has_failed = self.outcomes().iter().any(|(_, outcome, _)| *outcome == Outcome::Failed);
        self.verdict = if has_failed { Verdict::Failed } else { Verdict::Verified };
    }
}

/// How one step went. The facts stand beside `outcome` in the JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Step<T> {
    /// In one word.
    pub outcome: Outcome,
    /// What was measured, also of a step that failed where there is something.
    #[serde(flatten)]
    pub facts: Option<T>,
    /// Set when the outcome is `failed`.
    pub failure: Option<Failure>,
    /// What a reader should know that is no failure.
    pub notes: Vec<String>,
}

impl<T> Step<T> {
    pub(super) fn passed(facts: T) -> Self {
        Self { outcome: Outcome::Passed, facts: Some(facts), failure: None, notes: Vec::new() }
    }

    pub(super) fn failed(facts: Option<T>, failure: Failure) -> Self {
        Self { outcome: Outcome::Failed, facts, failure: Some(failure), notes: Vec::new() }
    }

    pub(super) fn skipped(why: impl Into<String>) -> Self {
        Self { outcome: Outcome::Skipped, facts: None, failure: None, notes: vec![why.into()] }
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// How a step went, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should.
    Passed,
    /// Not as it should.
    Failed,
    /// Not made; the notes say why.
    Skipped,
}

/// Why a step failed, in one line and with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The first useful line.
    pub line: String,
    /// The stage of the Dockerfile it belongs to.
    pub stage: Option<String>,
    /// The instruction it belongs to.
    pub instruction: Option<String>,
}

impl Failure {
    pub(super) fn of(line: impl Into<String>) -> Self {
        Self { line: line.into(), stage: None, instruction: None }
    }
}

/// A build.
#[derive(Clone, Debug, Serialize)]
pub struct BuildFacts {
    /// From the command to its end.
    pub seconds: f64,
    /// Instructions that make layers.
    pub steps: usize,
    /// Those that came from the cache.
    pub cached: usize,
}

/// A container that was started.
#[derive(Clone, Debug, Serialize)]
pub struct BootFacts {
    /// From the start of the container to the first good answer.
    pub seconds: f64,
    /// What was asked: `GET http://:8080/`.
    pub probe: String,
    /// Where the program listens, as the image or the user says.
    pub port: Option<u16>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// Set when the program ended by itself.
    pub exit_code: Option<i32>,
}

/// Who runs it.
#[derive(Clone, Debug, Serialize)]
pub struct UserFacts {
    /// `USER` of the image; empty is root.
    pub image: String,
    /// The user of the main process, as the engine sees it.
    pub process: Option<String>,
}

/// The health check.
#[derive(Clone, Debug, Serialize)]
pub struct HealthFacts {
    /// What it runs.
    pub command: String,
}

/// The end.
#[derive(Clone, Debug, Serialize)]
pub struct StopFacts {
    /// From the signal to the end of the container.
    pub seconds: f64,
    /// 137 is a kill.
    pub exit_code: i32,
}

/// The build after an edit.
#[derive(Clone, Debug, Serialize)]
pub struct RebuildFacts {
    /// From the command to its end.
    pub seconds: f64,
    /// Instructions that make layers.
    pub steps: usize,
    /// Those that came from the cache.
    pub cached: usize,
    /// The file that was edited.
    pub edited: String,
    /// The steps that fetch dependencies and ran again all the same.
    pub dependency_steps_rerun: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_stable_also_when_a_step_failed() {
        let mut report = DockerfileReport::new("Dockerfile".to_owned());
        report.build = Step::passed(BuildFacts { seconds: 1.0, steps: 2, cached: 1 });
        report.stop = Step::failed(Some(StopFacts { seconds: 10.0, exit_code: 137 }), Failure::of("killed"));
        report.judge();
        assert_eq!(report.verdict, Verdict::Failed);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(
            json["build"],
            serde_json::json!({"outcome": "passed", "seconds": 1.0, "steps": 2, "cached": 1, "failure": null, "notes": []})
        );
        assert_eq!(
            json["stop"]["failure"],
            serde_json::json!({"line": "killed", "stage": null, "instruction": null})
        );
        assert_eq!(json["boot"]["outcome"], "skipped");
    }
}
