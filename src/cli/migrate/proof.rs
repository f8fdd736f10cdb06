//! Builds and runs the old and the new image of a migration, one after the other, and puts what they did side by side.
//!
//! The new files only ever stand in a copy of the repository.
#![expect(clippy::disallowed_methods, reason = "the repository is copied to build what it would become")]

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use walkdir::WalkDir;

use crate::cli::{Exit, Failure};
use crate::dockerfile::{self, Dockerfile, Stages};
use crate::lint::Secrets;
use crate::migrate::measured::{Answer, Measured, Run};
use crate::migrate::{Level, Migration};
use crate::out;
use crate::verify::{
    self, DockerfileReport, Edit, Engine, EngineError, Interrupt, Leftovers, NetworkChoice, Outcome, Request,
    UserPolicy, VerifyError,
};

/// The one engine. Images are built one at a time: two at once would spoil each other's times and ports.
pub(super) struct Prover(Mutex<Engine>);

impl Prover {
    /// Finds an engine.
    pub fn new() -> Result<Self, Failure> {
        let engine = Engine::find(None, NetworkChoice::Auto, Leftovers::Remove, &Interrupt::on_signals());
        engine.map(|engine| Self(Mutex::new(engine))).map_err(|bad| failure(&bad.into()))
    }

    /// Builds and runs both; fails only where nothing can be said.
    pub fn prove(&self, root: &Path, made: &Migration) -> Result<Measured, Failure> {
        let engine = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let copy = tempfile::tempdir().and_then(|folder| copy(root, folder.path()).map(|()| folder));
        let copy = copy.map_err(|bad| {
            Failure::new(Exit::Misuse, format!("cannot copy `{}` to build it: {bad}", root.display()))
        })?;
        let port = port(&made.text);
        let old_text = fs::read_to_string(copy.path().join(made.path.as_str())).unwrap_or_default();
        let (parsed, _) = dockerfile::parse(&old_text);
        let secrets = Secrets::of(&parsed);
        let old = run(&engine, copy.path(), made, port, "old")?;
        out::write(copy.path(), made.files.iter().map(|file| (file, out::Consent::AnyFile)))
            .map_err(|bad| Failure::new(Exit::Misuse, bad.to_string()))?;
        let new = run(&engine, copy.path(), made, port, "new")?;
        let mut old = old;
        old.configuration.retain(|name, _| is_of_file(&parsed, name));
        Ok(Measured::of(&old, &new, verify::size).without(&secrets))
    }
}

/// Does the file itself say this of its image? What a base image brings along for its toolchain says nothing of the program;
/// its ports, volumes and signal are the program's.
fn is_of_file(file: &Dockerfile, said: &str) -> bool {
    let stages = Stages::of(file);
    let image = stages.last().map(|last| stages.evaluated(last)).unwrap_or_default();
    match said.split_once(' ') {
        Some(("ENV", name)) => image.env.contains_key(name),
        Some(("LABEL", name)) => image.labels.contains_key(name),
        _ => true,
    }
}

fn failure(bad: &VerifyError) -> Failure {
    let exit = match bad {
        VerifyError::Engine(EngineError::Interrupted) => Exit::Interrupted,
        VerifyError::Engine(_) => Exit::ToolMissing,
        _ => Exit::Misuse,
    };
    let failure = Failure::new(exit, bad.to_string());
    match bad {
        VerifyError::Engine(bad) => match bad.help() {
            Some(help) => failure.help(help),
            None => failure,
        },
        _ => failure,
    }
}

/// The port that the new file exposes, lowest first: both images are asked there.
fn port(text: &str) -> Option<u16> {
    let (file, _) = dockerfile::parse(text);
    let stages = Stages::of(&file);
    let image = stages.evaluated(stages.last()?);
    image.ports().filter(|(_, protocol)| *protocol == "tcp").map(|(port, _)| port).min()
}

fn run(
    engine: &Engine,
    root: &Path,
    made: &Migration,
    port: Option<u16>,
    which: &str,
) -> Result<Run, Failure> {
    let dockerfile = root.join(made.path.as_str());
    let folder = dockerfile.parent().unwrap_or(root);
    // An ignore file of its own is how a service says that it is built from the whole repository.
    let is_whole = folder.join("Dockerfile.dockerignore").is_file();
    let mut request = Request::new(if is_whole { root } else { folder }, &dockerfile);
    request.title = format!("{} ({which})", made.path);
    request.port = port;
    request.edit = Edit::Never;
    request.user =
        if made.level == Level::Harden && which == "new" { UserPolicy::NonRoot } else { UserPolicy::Any };
    let report = verify::verify(engine, &request, &mut |_| ()).map_err(|bad| failure(&bad))?;
    Ok(seen(&report))
}

fn seen(report: &DockerfileReport) -> Run {
    let line = |outcome, failure: &Option<verify::Failure>| {
        let line = failure.as_ref().map_or_else(|| "it does not say why".to_owned(), |bad| bad.line.clone());
        (outcome == Outcome::Failed).then_some(line)
    };
    let user = report.user.facts.as_ref().map(|facts| facts.process.clone().unwrap_or(facts.image.clone()));
    let user = user.map(|user| if user.is_empty() { "root".to_owned() } else { user });
    let answer = report.boot.facts.as_ref().map(|facts| match (facts.status, facts.exit_code) {
        (Some(status), _) => Answer::Status(status),
        (None, Some(code)) => Answer::Exit(code),
        (None, None) => Answer::Runs,
    });
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds since a moment ago")]
    let tenths = |seconds: f64| (seconds * 10.0).round() as u64;
    Run {
        build_failure: line(report.build.outcome, &report.build.failure),
        boot_failure: line(report.boot.outcome, &report.boot.failure),
        answer,
        size: report.image_bytes,
        configuration: report.configuration.clone(),
        user: user.unwrap_or_default(),
        stop: report.stop.facts.as_ref().map(|facts| (tenths(facts.seconds), facts.exit_code)),
    }
}

/// Everything but the history, with its modes and links.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let walk = WalkDir::new(from).min_depth(1).into_iter();
    for entry in walk.filter_entry(|entry| entry.file_name() != ".git") {
        let entry = entry?;
        let place = to.join(entry.path().strip_prefix(from).map_err(io::Error::other)?);
        let kind = entry.file_type();
        if kind.is_dir() {
            fs::create_dir(&place)?;
        } else if kind.is_symlink() {
            link(&fs::read_link(entry.path())?, &place)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &place)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(to: &Path, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, place)
}

#[cfg(not(unix))]
fn link(to: &Path, place: &Path) -> io::Result<()> {
    fs::copy(to, place).map(drop)
}
