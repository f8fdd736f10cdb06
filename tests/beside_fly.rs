//! dockgen beside another generator, `@flydotio/dockerfile`, on the JavaScript fixtures: `cargo test --test beside_fly`,
//! with a part of a fixture's name behind `--` only those.
//!
//! The other one is installed from the npm registry into a temporary folder. Both files are built on the same base images, one
//! after the other. Prints a Markdown table, and fails when an image of dockgen does not answer or is not the smaller.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it starts programs and prints its result"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use dockgen::verify::{Engine, Interrupt, size};
use libtest_mimic::Failed;
use support::compare::{Measured, measure, seconds};
use support::fixture::Fixture;

const PACKAGE: &str = "@flydotio/dockerfile";
const VERSION: &str = "0.7.10";

fn main() -> ExitCode {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    let interrupt = Interrupt::on_signals();
    let other = match support::engine(&interrupt).and_then(|_| Other::install()) {
        Ok(other) => other,
        Err(reason) => {
            println!("beside_fly: 0 passed, 0 failed, 1 skipped");
            eprintln!("skipped: {reason}");
            return ExitCode::SUCCESS;
        }
    };
    let names =
        Fixture::names().into_iter().filter(|name| name.starts_with("node-") && name.contains(&wanted));
    let mut worse = Vec::new();
    println!("| repository | builds | answers | size | rebuild after an edit | user | stop |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for name in names {
        if interrupt.is_set() {
            return ExitCode::from(130);
        }
        // One for each row: the images of the row before go with it, and the disk stays as it was.
        let engine = match support::engine(&interrupt) {
            Ok(engine) => engine,
            Err(reason) => {
                worse.push(format!("{name}: {reason}"));
                break;
            }
        };
        let ours = own(&engine, &name);
        let theirs = ours.as_ref().ok().and_then(|(_, line)| {
            let measured = other.measure(&engine, &name, line.as_deref());
            measured.inspect_err(|failed| eprintln!("{}", failed.message().unwrap_or_default())).ok()
        });
        let ours = ours.map(|(measured, _)| measured);
        println!("{}", row(&name, ours.as_ref().ok(), theirs.as_ref()));
        match ours {
            Err(failed) => worse.push(format!("{name}: {}", failed.message().unwrap_or("it failed"))),
            Ok(ours) if !ours.answers => worse.push(format!("{name}: dockgen's does not answer")),
            Ok(ours) if theirs.as_ref().is_some_and(|theirs| ours.bytes >= theirs.bytes) => {
                worse.push(format!("{name}: dockgen's is not smaller"));
            }
            Ok(_) => {}
        }
    }
    println!("\nIn each cell dockgen stands first.");
    for line in &worse {
        eprintln!("worse: {line}");
    }
    if worse.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// dockgen's own, and the line of Node.js that it chose, where it chose one.
fn own(engine: &Engine, name: &str) -> Result<(Measured, Option<String>), Failed> {
    let fixture = Fixture::copy(name)?;
    let dockerfile = fixture.init()?;
    let line = node_line(&fs::read_to_string(&dockerfile)?);
    Ok((measure(engine, &fixture, &dockerfile, &format!("{name}: dockgen"))?, line))
}

/// The line of Node.js of the first stage that is made from it: `24` of `node:24-slim` and of `nodejs24-debian13`.
fn node_line(dockerfile: &str) -> Option<String> {
    let images = dockerfile.lines().filter(|line| line.starts_with("FROM "));
    let mut tags = images.filter_map(|line| {
        line.split_once(" node:").or_else(|| line.split_once("/nodejs")).map(|(_, rest)| rest)
    });
    let line = tags.next()?.chars().take_while(|letter| letter.is_ascii_digit() || *letter == '.').collect();
    Some(line)
}

/// The other generator, installed.
struct Other {
    home: tempfile::TempDir,
}

impl Other {
    fn install() -> Result<Self, String> {
        let home = tempfile::tempdir().map_err(|error| error.to_string())?;
        let package = format!("{PACKAGE}@{VERSION}");
        let words = ["install", "--no-audit", "--no-fund", "--prefix"];
        let output = Command::new("npm").args(words).arg(home.path()).arg(package).output();
        let output = output.map_err(|error| format!("npm: {error}"))?;
        if output.status.success() {
            return Ok(Self { home });
        }
        Err(format!("{PACKAGE} cannot be installed: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Lets it write its files into a copy of the fixture, and builds them.
    fn measure(&self, engine: &Engine, name: &str, line: Option<&str>) -> Result<Measured, Failed> {
        let fixture = Fixture::copy(name)?;
        let dockerfile = self.init(fixture.root())?;
        // It takes the version of the Node.js that runs it, where nothing pins another: both get one line.
        let text = fs::read_to_string(&dockerfile)?;
        let lines = text.lines().map(|said| match (said.strip_prefix("ARG NODE_VERSION="), line) {
            (Some(_), Some(line)) => format!("ARG NODE_VERSION={line}"),
            _ => said.to_owned(),
        });
        fs::write(&dockerfile, lines.collect::<Vec<_>>().join("\n"))?;
        measure(engine, &fixture, &dockerfile, &format!("{name}: fly"))
    }

    fn init(&self, root: &Path) -> Result<PathBuf, Failed> {
        let program = self.home.path().join("node_modules").join(PACKAGE).join("index.js");
        let output = Command::new("node").arg(program).current_dir(root).output()?;
        let dockerfile = root.join("Dockerfile");
        if dockerfile.is_file() {
            return Ok(dockerfile);
        }
        Err(format!("it wrote no Dockerfile: {}", String::from_utf8_lossy(&output.stderr)).into())
    }
}

fn row(name: &str, ours: Option<&Measured>, theirs: Option<&Measured>) -> String {
    let both = |show: &dyn Fn(&Measured) -> String| {
        let cell = |one: Option<&Measured>| one.map_or_else(|| "-".to_owned(), show);
        format!("{} / {}", cell(ours), cell(theirs))
    };
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let cells = [
        format!("{} / {}", yes(ours.is_some()), yes(theirs.is_some())),
        both(&|one| yes(one.answers)),
        both(&|one| size(one.bytes)),
        both(&|one| seconds(one.rebuild)),
        both(&|one| one.user.clone()),
        both(&|one| seconds(one.stop)),
    ];
    format!("| {name} | {} |", cells.join(" | "))
}
