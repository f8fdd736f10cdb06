//! Writes the report of a run from what the run directory holds.
#![expect(clippy::disallowed_methods, reason = "the report is written where a person wants it")]

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use super::journal::{Done, FileDone, Journal};
use crate::cli::repositories::Repository;
use crate::cli::{Exit, Failure};
use crate::migrate::report::{Format, Item, Report, State, Totals};

/// The rows of one repository.
pub(super) fn items(done: &Done) -> Vec<Item<'_>> {
    let broken = done.broken.as_ref().map(|said| said.message.as_str());
    let mut all: Vec<Item<'_>> = done.files.iter().map(|file| row(done, file)).collect();
    if broken.is_some() && !all.iter().any(|item| item.state == State::Broken) {
        all.push(Item {
            repository: &done.repository,
            path: None,
            state: State::Broken,
            to: None,
            why: broken,
            migration: None,
        });
    }
    all
}

fn row<'d>(done: &'d Done, file: &'d FileDone) -> Item<'d> {
    let broken = done.broken.as_ref().map(|said| said.message.as_str());
    let (state, path) = match file {
        FileDone::LeftOut { path, .. } => (State::LeftOut, path),
        FileDone::Kept { migration, .. } => (State::Kept, &migration.path),
        FileDone::Delivered { migration, .. } => (State::of(migration), &migration.path),
        FileDone::Shown { migration } => match State::of(migration) {
            State::Restaged | State::Cleaned if broken.is_some() => (State::Broken, &migration.path),
            state => (state, &migration.path),
        },
    };
    let (to, why) = match file {
        FileDone::LeftOut { effort, .. } => (None, Some(effort.word())),
        FileDone::Kept { said, .. } => (None, Some(said.message.as_str())),
        FileDone::Delivered { to, .. } => (Some(to.as_str()), None),
        FileDone::Shown { .. } => (None, broken.filter(|_| state == State::Broken)),
    };
    Item {
        repository: &done.repository,
        path: Some(path.as_str()),
        state,
        to,
        why,
        migration: file.migration(),
    }
}

/// The kind of report that a name asks for.
pub(super) fn format(path: &Path) -> Result<Format, Failure> {
    Format::of(path).ok_or_else(|| {
        Failure::new(Exit::Misuse, format!("`{}` does not say what kind of report it is", path.display()))
            .help("end the name in .html, .json or .md")
    })
}

/// Writes the whole report, or leaves what was there.
pub(super) fn write(
    path: &Path,
    totals: &Totals,
    repositories: &[Repository],
    journal: &Journal,
) -> Result<(), Failure> {
    let format = format(path)?;
    let refuse =
        |bad| Failure::new(Exit::Misuse, format!("cannot write the report `{}`: {bad}", path.display()));
    let mut part: PathBuf = path.to_owned();
    part.as_mut_os_string().push(".part");
    let written = File::create(&part).and_then(|file| {
        let mut report = Report::begin(format, BufWriter::new(file), totals)?;
        for done in repositories.iter().filter_map(|repository| journal.found(&repository.key())) {
            for item in items(&done) {
                report.add(&item)?;
            }
        }
        report.end()?;
        fs::rename(&part, path)
    });
    written.map_err(|bad| {
        let _ = fs::remove_file(&part);
        refuse(bad)
    })
}
