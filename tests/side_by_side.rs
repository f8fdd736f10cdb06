//! dockgen's Dockerfiles against the hand-written ones of the usual tutorials, measured in
//! one run on one machine: `cargo test --test side_by_side`, with a fixture's name behind
//! `--` only that one. Prints a Markdown table, and fails when dockgen is worse anywhere.
//!
//! Each file of `tests/baselines` is called `<fixture>--<what>.Dockerfile`. Sizes and times
//! are only worth comparing within one table: they depend on the machine and its images.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it prints its result"
)]

mod support;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use dockgen::verify::{Engine, Interrupt, size};
use libtest_mimic::Failed;
use support::compare::{Measured, measure, rebuild_again, seconds};
use support::fixture::{Fixture, tests};

/// Times below this differ by chance.
const NOISE_SECONDS: f64 = 0.3;
/// So do ratios.
const NOISE_RATIO: f64 = 1.05;
/// Rebuilds that are no further apart than this are measured in more rounds, one side after the other.
const CLOSE_SECONDS: f64 = 2.0;
/// So many.
const MORE_ROUNDS: usize = 2;

fn main() -> ExitCode {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let interrupt = Interrupt::on_signals();
    if let Err(reason) = support::engine(&interrupt) {
        println!("side_by_side: 0 passed, 0 failed, 1 skipped");
        eprintln!("skipped: {reason}");
        return ExitCode::SUCCESS;
    }
    let mut table = Table::default();
    let mut own: BTreeMap<String, Side> = BTreeMap::new();
    for (fixture, what) in baselines() {
        if wanted.as_ref().is_some_and(|wanted| !fixture.contains(wanted.as_str())) {
            continue;
        }
        if interrupt.is_set() {
            return ExitCode::from(130);
        }
        match measure_pair(&interrupt, &fixture, &what, &mut own) {
            Ok((ours, theirs)) => table.add(&fixture, &what, &ours, &theirs),
            Err(error) => table.fail(&fixture, &what, error.message().unwrap_or("it failed")),
        }
    }
    println!("{}", table.markdown());
    for line in &table.worse {
        eprintln!("worse: {line}");
    }
    if table.worse.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Fixture and what it is compared with, sorted.
fn baselines() -> Vec<(String, String)> {
    let entries = fs::read_dir(tests().join("baselines")).into_iter().flatten().filter_map(Result::ok);
    let mut pairs: Vec<(String, String)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let (fixture, what) = name.strip_suffix(".Dockerfile")?.split_once("--")?;
            Some((fixture.to_owned(), what.to_owned()))
        })
        .collect();
    pairs.sort();
    pairs
}

/// One Dockerfile in a copy of its fixture, and what it does.
struct Side {
    fixture: Fixture,
    dockerfile: PathBuf,
    title: String,
    measured: Measured,
}

impl Side {
    fn of(engine: &Engine, fixture: Fixture, dockerfile: PathBuf, title: String) -> Result<Self, Failed> {
        let measured = measure(engine, &fixture, &dockerfile, &title)?;
        Ok(Self { fixture, dockerfile, title, measured })
    }

    /// Builds after one more edit; the shorter time counts.
    fn rebuild_again(&mut self, engine: &Engine) -> Result<(), Failed> {
        let again = rebuild_again(engine, &self.fixture, &self.dockerfile, &self.title)?;
        self.measured.rebuild = self.measured.rebuild.min(again);
        Ok(())
    }
}

fn measure_pair(
    interrupt: &Interrupt,
    name: &str,
    what: &str,
    own: &mut BTreeMap<String, Side>,
) -> Result<(Measured, Measured), Failed> {
    let engine = support::engine(interrupt)?;
    let ours = match own.entry(name.to_owned()) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(new) => {
            let fixture = Fixture::copy(name)?;
            let dockerfile = fixture.init()?;
            new.insert(Side::of(&engine, fixture, dockerfile, format!("{name}: dockgen"))?)
        }
    };
    // A copy of its own: what dockgen ignores is not ignored for others.
    let fixture = Fixture::copy(name)?;
    let dockerfile = fixture.root().join("Dockerfile");
    let baseline = tests().join("baselines").join(format!("{name}--{what}.Dockerfile"));
    fs::copy(&baseline, &dockerfile)?;
    let ignore = baseline.with_extension("Dockerfile.dockerignore");
    if ignore.is_file() {
        fs::copy(ignore, fixture.root().join(".dockerignore"))?;
    }
    let mut theirs = Side::of(&engine, fixture, dockerfile, format!("{name}: {what}"))?;
    for _ in 0..MORE_ROUNDS {
        if (ours.measured.rebuild - theirs.measured.rebuild).abs() < CLOSE_SECONDS {
            let engine = support::engine(interrupt)?;
            ours.rebuild_again(&engine)?;
            theirs.rebuild_again(&engine)?;
        }
    }
    Ok((ours.measured.clone(), theirs.measured))
}

#[derive(Default)]
struct Table {
    rows: Vec<String>,
    worse: Vec<String>,
    better: usize,
    cells: usize,
}

impl Table {
    fn add(&mut self, fixture: &str, what: &str, ours: &Measured, theirs: &Measured) {
        #[expect(clippy::cast_precision_loss, reason = "a ratio with two digits")]
        let size_ratio = ours.bytes as f64 / theirs.bytes as f64;
        let rebuild_ratio = ours.rebuild / theirs.rebuild;
        let is_late = ours.rebuild > theirs.rebuild + NOISE_SECONDS && rebuild_ratio > NOISE_RATIO;
        let is_slow = ours.stop > theirs.stop + NOISE_SECONDS;
        let words = [
            ("answers", ours.answers && !theirs.answers, !ours.answers),
            ("size", size_ratio < 1.0, size_ratio > NOISE_RATIO),
            ("rebuild", ours.rebuild + NOISE_SECONDS < theirs.rebuild, is_late),
            ("user", ours.user != "root" && theirs.user == "root", ours.user == "root"),
            ("stop", ours.stop + NOISE_SECONDS < theirs.stop, is_slow),
            ("test", ours.has_tests && !theirs.has_tests, !ours.has_tests && theirs.has_tests),
        ];
        for (column, is_better, is_worse) in words {
            self.cells += 1;
            self.better += usize::from(is_better);
            if is_worse {
                self.worse.push(format!("{fixture} against {what}: {column}: {ours:?} {theirs:?}"));
            }
        }
        self.rows.push(format!(
            "| {fixture} | {what} | {} / {} = {size_ratio:.2} | {} / {} = {rebuild_ratio:.2} | {} / {} | {} / {} | {} / {} |",
            size(ours.bytes),
            size(theirs.bytes),
            seconds(ours.rebuild),
            seconds(theirs.rebuild),
            ours.user,
            theirs.user,
            seconds(ours.stop),
            seconds(theirs.stop),
            yes_or_no(ours.has_tests),
            yes_or_no(theirs.has_tests),
        ));
    }

    fn fail(&mut self, fixture: &str, what: &str, reason: &str) {
        let reason: Vec<&str> = reason.split_whitespace().collect();
        self.rows.push(format!("| {fixture} | {what} | - | - | - | - | - |"));
        self.worse.push(format!("{fixture} against {what}: {}", reason.join(" ")));
    }

    fn markdown(&self) -> String {
        let head = "| repository | against | size | rebuild after an edit | user | stop | tests in the build |\n\
                    | --- | --- | --- | --- | --- | --- | --- |";
        format!(
            "{head}\n{}\n\nIn each cell dockgen stands first. Better in {} of {} cells, worse in {}.",
            self.rows.join("\n"),
            self.better,
            self.cells,
            self.worse.len()
        )
    }
}

fn yes_or_no(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}
