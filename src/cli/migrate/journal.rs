//! The run directory: what was done, so that a run that was stopped at any point goes on where it was and does nothing
//! twice.
//!
//! `run.jsonl` is only ever appended to. Its first line holds what the run was asked for. A repository's line is written
//! when everything for it is done; where a change is more than one step, a line that says what is about to happen
//! comes before. A line that was cut off by the end of the program never happened.
#![expect(clippy::disallowed_methods, reason = "the run directory is written and read here")]

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::cli::{Exit, Failure};
use crate::migrate::{Effort, Migration};
use crate::repo::RelPath;

/// Everything that came of one repository.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Done {
    /// What tells it from the others.
    pub key: String,
    /// The repository, as it was named.
    pub repository: String,
    /// Its Dockerfiles, by path.
    pub files: Vec<FileDone>,
    /// Why nothing, or not all, could be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<Said>,
}

/// What came of one Dockerfile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "delivery")]
pub(super) enum FileDone {
    /// Looked at, and shown.
    Shown { migration: Box<Migration> },
    /// Written, a patch, or a commit on a branch.
    Delivered { migration: Box<Migration>, to: String },
    /// It would change, and was left alone.
    Kept { migration: Box<Migration>, said: Said },
    /// Not asked for.
    LeftOut { path: RelPath, effort: Effort },
}

impl FileDone {
    pub fn migration(&self) -> Option<&Migration> {
        match self {
            Self::Shown { migration } | Self::Delivered { migration, .. } | Self::Kept { migration, .. } => {
                Some(migration)
            }
            Self::LeftOut { .. } => None,
        }
    }
}

/// A message and what may help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    pub message: String,
    pub help: Option<String>,
}

/// What is about to happen to a repository.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Intent {
    /// What will have come of it.
    pub done: Done,
    pub step: Step,
}

/// A change that can be finished by somebody who finds it half done.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Step {
    /// These files get these texts.
    Write(Vec<Written>),
    /// The branch gets this commit.
    Branch(String),
}

/// One file of a step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Written {
    pub path: RelPath,
    /// The fingerprint of what was there; none if nothing was.
    pub before: Option<String>,
    /// The fingerprint of what will be.
    pub after: String,
    /// The new text, where one that is half written needs it.
    pub text: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    Run { dockgen: String, options: String },
    Intent(Box<Intent>),
    Done(Box<Done>),
}

/// An open run directory. Nobody else can open it meanwhile.
pub(super) struct Journal {
    file: Mutex<File>,
    /// By key, where the last line about a repository stands.
    places: Mutex<BTreeMap<String, (u64, usize)>>,
    /// By key, what was begun and not finished when the last run ended.
    intents: Mutex<BTreeMap<String, Intent>>,
    /// A folder that is gone when the run is.
    _scratch: Option<tempfile::TempDir>,
}

const NAME: &str = "run.jsonl";

impl Journal {
    /// Opens the run directory, or begins one.
    pub fn open(folder: &Path, options: &str) -> Result<Self, Failure> {
        let path = folder.join(NAME);
        let refuse = |bad: io::Error| {
            Failure::new(Exit::Misuse, format!("cannot use the run directory `{}`: {bad}", folder.display()))
        };
        fs::create_dir_all(folder).map_err(refuse)?;
        let file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(refuse)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("another dockgen works in `{}`", folder.display());
                return Err(
                    Failure::new(Exit::Misuse, message).help("wait for it, or name another --run-dir")
                );
            }
            Err(TryLockError::Error(bad)) => return Err(refuse(bad)),
        }
        let journal = Self::read(file, &path, options)?;
        Ok(journal)
    }

    /// A journal that nobody keeps.
    pub fn scratch(options: &str) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()
            .map_err(|bad| Failure::new(Exit::Misuse, format!("cannot make a temporary folder: {bad}")))?;
        let journal = Self::open(folder.path(), options)?;
        Ok(Self { _scratch: Some(folder), ..journal })
    }

    fn read(file: File, path: &Path, options: &str) -> Result<Self, Failure> {
        let refuse =
            |why: String| Failure::new(Exit::Misuse, format!("cannot use `{}`: {why}", path.display()));
        let mut places = BTreeMap::new();
        let mut intents = BTreeMap::new();
        let mut reader = BufReader::new(&file);
        let (mut at, mut number) = (0_u64, 0_u32);
        loop {
            let mut line = Vec::new();
            let size = reader.read_until(b'\n', &mut line).map_err(|bad| refuse(bad.to_string()))?;
            if !line.ends_with(b"\n") {
                // Nothing, or the part of a line that was being written when the program ended.
                file.set_len(at).map_err(|bad| refuse(bad.to_string()))?;
                break;
            }
            number += 1;
            let found = serde_json::from_slice(&line).map_err(|bad| {
                refuse(format!("line {number} does not read: {bad}"))
                    .help("it was changed, or is another dockgen's: name another --run-dir")
            })?;
            match (found, number) {
                (Line::Run { options: known, .. }, 1) if known == options => {}
                (Line::Run { options: known, .. }, 1) => {
                    return Err(refuse(format!("the run was begun with other options: {known}"))
                        .help("give the same ones to go on, or name another --run-dir"));
                }
                (Line::Intent(intent), 2..) => {
                    places.remove(&intent.done.key);
                    intents.insert(intent.done.key.clone(), *intent);
                }
                (Line::Done(done), 2..) => {
                    intents.remove(&done.key);
                    places.insert(done.key, (at, size));
                }
                _ => return Err(refuse(format!("line {number} is out of its place"))),
            }
            at += size as u64;
        }
        drop(reader);
        let journal = Self {
            file: Mutex::new(file),
            places: Mutex::new(places),
            intents: Mutex::new(intents),
            _scratch: None,
        };
        if number == 0 {
            let dockgen = env!("CARGO_PKG_VERSION").to_owned();
            journal.append(&Line::Run { dockgen, options: options.to_owned() }, Safety::Usual)?;
        }
        Ok(journal)
    }

    /// What came of a repository, if everything for it was done. Those that could not be helped are tried again.
    pub fn done(&self, key: &str) -> Option<Done> {
        let done = self.found(key)?;
        let is_open =
            done.broken.is_some() || done.files.iter().any(|file| matches!(file, FileDone::Kept { .. }));
        (!is_open).then_some(done)
    }

    /// The last that was recorded of a repository.
    pub fn found(&self, key: &str) -> Option<Done> {
        let (at, size) = *self.places.lock().unwrap_or_else(PoisonError::into_inner).get(key)?;
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at)).ok()?;
        let mut line = vec![0; size];
        file.read_exact(&mut line).ok()?;
        match serde_json::from_slice(&line).ok()? {
            Line::Done(done) => Some(*done),
            _ => None,
        }
    }

    /// What was begun with a repository and not finished.
    pub fn begun(&self, key: &str) -> Option<Intent> {
        self.intents.lock().unwrap_or_else(PoisonError::into_inner).remove(key)
    }

    /// Says what is about to happen, before it does, whatever happens to the machine.
    pub fn intend(&self, intent: Intent) -> Result<(), Failure> {
        self.append(&Line::Intent(Box::new(intent)), Safety::OnDisk).map(drop)
    }

    /// Says that everything for a repository is done.
    pub fn record(&self, done: &Done) -> Result<(), Failure> {
        let place = self.append(&Line::Done(Box::new(done.clone())), Safety::Usual)?;
        self.places.lock().unwrap_or_else(PoisonError::into_inner).insert(done.key.clone(), place);
        Ok(())
    }

    fn append(&self, line: &Line, safety: Safety) -> Result<(u64, usize), Failure> {
        let refuse = |bad: &dyn std::fmt::Display| {
            Failure::new(Exit::Misuse, format!("cannot keep what was done: {bad}"))
        };
        let mut text = serde_json::to_vec(line).map_err(|bad| refuse(&bad))?;
        text.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let at = file.seek(SeekFrom::End(0)).map_err(|bad| refuse(&bad))?;
        file.write_all(&text).map_err(|bad| refuse(&bad))?;
        if matches!(safety, Safety::OnDisk) {
            file.sync_data().map_err(|bad| refuse(&bad))?;
        }
        Ok((at, text.len()))
    }
}

#[derive(Clone, Copy)]
enum Safety {
    Usual,
    OnDisk,
}

/// A file that either has its whole text or is as it was.
pub(super) fn put(path: &Path, text: &str) -> io::Result<()> {
    // The name says whose it is, so that a run that goes on replaces what a stopped one left.
    let mut part: PathBuf = path.to_owned();
    part.as_mut_os_string().push(".part");
    fs::write(&part, text)?;
    fs::rename(&part, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(key: &str, broken: Option<&str>) -> Done {
        let said = |text: &str| Said { message: text.to_owned(), help: None };
        Done { key: key.to_owned(), repository: key.to_owned(), files: Vec::new(), broken: broken.map(said) }
    }

    #[test]
    fn what_was_done_is_known_and_what_was_cut_off_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), "a").unwrap();
        let taken = Journal::open(folder.path(), "a").err().unwrap();
        assert!(taken.message.contains("another dockgen"), "{}", taken.message);
        journal.record(&done("x", None)).unwrap();
        journal.record(&done("y", Some("bad"))).unwrap();
        journal.intend(Intent { done: done("z", None), step: Step::Branch("c".to_owned()) }).unwrap();
        drop(journal);
        let path = folder.path().join(NAME);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], b"{\"done\":{\"key\":\"w\""].concat()).unwrap();
        let journal = Journal::open(folder.path(), "a").unwrap();
        assert!(journal.done("x").is_some() && journal.done("w").is_none() && journal.done("z").is_none());
        assert!(journal.done("y").is_none() && journal.found("y").is_some(), "the broken are tried again");
        assert!(journal.begun("z").is_some() && journal.begun("z").is_none());
        drop(journal);
        assert_eq!(fs::read(&path).unwrap(), whole);
        let other = Journal::open(folder.path(), "b").err().unwrap();
        assert!(other.message.contains("other options: a"), "{}", other.message);
        fs::write(&path, "x\n").unwrap();
        assert!(Journal::open(folder.path(), "a").err().unwrap().message.contains("line 1 does not read"));
    }
}
