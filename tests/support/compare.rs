//! What one Dockerfile does, for tables that put two of them side by side.

use std::fs;
use std::path::Path;

use dockgen::verify::{DockerfileReport, Engine, Extent, Outcome, UserPolicy, verify};
use libtest_mimic::Failed;

use super::fixture::Fixture;
use super::prepare;

/// What one Dockerfile does.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Does it answer as the fixture expects?
    pub answers: bool,
    pub bytes: u64,
    pub rebuild: f64,
    pub user: String,
    pub stop: f64,
    pub has_tests: bool,
}

/// Builds, runs, asks, stops and rebuilds; an error where it does not build.
pub fn measure(
    engine: &Engine,
    fixture: &Fixture,
    dockerfile: &Path,
    title: &str,
) -> Result<Measured, Failed> {
    prepare(dockerfile)?;
    let mut request = fixture.request(dockerfile, title);
    request.user = UserPolicy::Any;
    request.expect_after_edit = None;
    let text = fs::read_to_string(dockerfile)?;
    if !text.lines().any(|line| line.trim_start().starts_with("EXPOSE")) {
        request.port = fixture.expectation.run.port;
    }
    let report = verify(engine, &request, &mut |words| eprintln!("{words}"))?;
    measured(&report).ok_or_else(|| format!("{title} does not build: {:?}", report.build.failure).into())
}

/// Seconds of one more build after an edit. The engine has to be another value than the one
/// before, because its mark is a part of the edit: the same edit would build nothing.
pub fn rebuild_again(
    engine: &Engine,
    fixture: &Fixture,
    dockerfile: &Path,
    title: &str,
) -> Result<f64, Failed> {
    let mut request = fixture.request(dockerfile, title);
    request.extent = Extent::BuildsOnly;
    request.expect_after_edit = None;
    let report = verify(engine, &request, &mut |words| eprintln!("{words} again"))?;
    let facts = report.rebuild.facts.as_ref();
    facts.map(|facts| facts.seconds).ok_or_else(|| format!("{title} is not built again").into())
}

fn measured(report: &DockerfileReport) -> Option<Measured> {
    let user = report.user.facts.as_ref()?;
    let process = user.process.clone().filter(|user| user != "0");
    let is_root = user.process.as_deref() == Some("0") || user.image.is_empty();
    Some(Measured {
        answers: report.boot.outcome == Outcome::Passed,
        bytes: report.image_bytes?,
        rebuild: report.rebuild.facts.as_ref()?.seconds,
        user: if is_root { "root".to_owned() } else { process.unwrap_or_else(|| user.image.clone()) },
        stop: report.stop.facts.as_ref().map_or(f64::INFINITY, |facts| facts.seconds),
        has_tests: report.test.outcome == Outcome::Passed,
    })
}

/// A time as a table shows it.
pub fn seconds(value: f64) -> String {
    if value.is_finite() { format!("{value:.1} s") } else { "-".to_owned() }
}
