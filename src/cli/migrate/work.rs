//! One repository of a bulk: planned, then delivered as files, a patch or a branch. Whatever is wrong with it is said in
//! what came of it; only what ends the whole run is a failure.
#![expect(clippy::disallowed_methods, reason = "files that a migration replaces are read as they are")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::bake::Baker;
use super::git::{self, Commit, Unsaved};
use super::journal::{self, Done, FileDone, Intent, Journal, Said, Step, Written};
use super::proof::Prover;
use crate::cli::args::Only;
use crate::cli::ask;
use crate::cli::repositories::Repository;
use crate::cli::{Exit, Failure};
use crate::config::Settings;
use crate::dockerfile;
use crate::lint::Secrets;
use crate::migrate::mail::{self, Change};
use crate::migrate::{self, Bases, Decisions, Effort, Judgement, Level, Migration, Outcome};
use crate::out::{self, Consent, OutFile};
use crate::repo::RelPath;
use crate::stack;

/// Where a change goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Delivery {
    /// Nowhere: it is only shown.
    Show,
    /// Into the repository.
    Write,
    /// Into a patch in this folder.
    Patch(PathBuf),
    /// Into a commit on a new branch of this name.
    Branch(String),
}

impl Delivery {
    /// What was done to a file, in a sum.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Show => "would change",
            Self::Write => "written",
            Self::Patch(_) => "in patches",
            Self::Branch(_) => "committed",
        }
    }

    fn not_done(&self) -> &'static str {
        match self {
            Self::Show | Self::Write => "was not written",
            Self::Patch(_) => "has no patch",
            Self::Branch(_) => "was not committed",
        }
    }
}

/// How all repositories of a run are worked on.
pub(super) struct Work {
    pub level: Level,
    pub delivery: Delivery,
    /// Whether files are replaced that git could not bring back.
    pub dirty: Dirty,
    /// Whether files are delivered of which something is left to a person.
    pub open: Open,
    pub only: Option<Only>,
    /// What everybody's own images are built like.
    pub bases: Bases,
    /// Asks about what is left to a person.
    pub asks: Asks,
    /// Puts the new files down for a builder.
    pub baker: Option<Baker>,
    /// Builds and runs what was made.
    pub prover: Option<Prover>,
    pub journal: Option<Journal>,
    /// The names of the patches, by key.
    pub patches: BTreeMap<String, String>,
    /// Who makes the patches.
    pub author: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dirty {
    Refused,
    Allowed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    Kept,
    Accepted,
}

/// Is a person asked about what is left to them?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    Nobody,
    Person,
}

/// A repository on its way.
pub(super) enum Planned {
    /// There is nothing left to do.
    Done(Done),
    /// What will have come of it once these files are changed.
    Ready { done: Done, root: PathBuf, changes: Vec<Change> },
}

/// What came of its files, and what changes.
type Looked = (Vec<FileDone>, Vec<Change>);

/// What is wrong with one repository.
impl From<Failure> for Said {
    fn from(bad: Failure) -> Self {
        Self { message: bad.message, help: bad.help }
    }
}

fn said(message: impl Into<String>, help: Option<&str>) -> Said {
    Said { message: message.into(), help: help.map(str::to_owned) }
}

impl Work {
    /// Looks at a repository, or at what an earlier run did with it. Changes nothing, but finishes what was begun.
    pub fn plan(&self, repository: &Repository) -> Result<Planned, Failure> {
        let key = repository.key();
        if let Some(journal) = &self.journal {
            if let Some(done) = journal.done(&key) {
                return Ok(Planned::Done(done));
            }
            if let Some(intent) = journal.begun(&key)
                && let Some(done) = finish(&repository.root, intent)
            {
                journal.record(&done)?;
                return Ok(Planned::Done(done));
            }
        }
        let mut done = Done { key, repository: repository.shown(), files: Vec::new(), broken: None };
        let mut changes = Vec::new();
        match self.look(repository)? {
            Ok((files, found)) => (done.files, changes) = (files, found),
            Err(bad) => done.broken = Some(bad),
        }
        Ok(Planned::Ready { done, root: repository.root.clone(), changes })
    }

    /// What is wrong with the repository is inside; what ends the run is outside.
    fn look(&self, repository: &Repository) -> Result<Result<Looked, Said>, Failure> {
        let read = match repository.read() {
            Ok(read) => read,
            Err(bad) => return Ok(Err(bad.into())),
        };
        let mut inventory = read.inventory.clone();
        let beside = read.beside(Some(&self.bases));
        let planned = self.only.filter(|_| !read.dockerfiles.is_empty()).map(|Only::Easy| {
            let settings =
                Settings::read_with(&inventory, beside.company, &stack::keys()).unwrap_or_default();
            (beside.plan(&inventory, &settings), Bases::of(&settings).before(&self.bases))
        });
        let mut files = Vec::new();
        let mut changes: Vec<Change> = Vec::new();
        for (path, text) in read.dockerfiles.iter().cloned() {
            if let Some((plan, bases)) = &planned {
                let planned = migrate::Planned { inventory: &read.inventory, plan, bases };
                let effort = migrate::survey("", &path, &text, planned).effort;
                if effort != Effort::Easy {
                    files.push(FileDone::LeftOut { path, effort });
                    continue;
                }
            }
            let made = |decisions: &Decisions| {
                migrate::migrate_as_decided(&path, &text, &inventory, self.level, beside, decisions)
            };
            let mut migration = Box::new(made(&Decisions::default()));
            if self.asks == Asks::Person {
                let decisions = decide(&repository.root, &migration)?;
                if !decisions.is_empty() {
                    *migration = made(&decisions);
                }
            }
            if let Some(baker) = self.baker.as_ref().filter(|_| migration.outcome == Outcome::Changed) {
                baker.put(&repository.key(), &migration)?;
            }
            if let Some(prover) = self.prover.as_ref().filter(|_| migration.outcome == Outcome::Changed) {
                match prover.prove(&repository.root, &migration) {
                    Ok(measured) => migration.measured = Some(measured),
                    // Without an engine nothing more can be said of any repository.
                    Err(bad) if bad.exit != Exit::Misuse => return Err(bad),
                    Err(bad) => return Ok(Err(bad.into())),
                }
            }
            if migration.outcome != Outcome::Changed {
                files.push(FileDone::Shown { migration });
                continue;
            }
            if let Some(said) = self.kept(&repository.root, &migration) {
                files.push(FileDone::Kept { migration, said });
                continue;
            }
            for file in &migration.files {
                if let Err(bad) = take(&mut changes, &repository.root, file) {
                    return Ok(Err(bad));
                }
                // What the next file is planned from; two of them may add to one `dockgen.toml`.
                inventory.put(file.path.clone(), &file.text);
            }
            files.push(match self.goes_to(repository) {
                None => FileDone::Shown { migration },
                Some(to) => FileDone::Delivered { migration, to },
            });
        }
        changes.retain(|change| change.old.as_deref() != Some(change.new.as_str()));
        Ok(Ok((files, changes)))
    }

    fn goes_to(&self, repository: &Repository) -> Option<String> {
        match &self.delivery {
            Delivery::Show => None,
            Delivery::Write => Some(repository.shown()),
            Delivery::Patch(_) => Some(self.patch_of(&repository.key())?.display().to_string()),
            Delivery::Branch(name) => Some(name.clone()),
        }
    }

    fn patch_of(&self, key: &str) -> Option<PathBuf> {
        match &self.delivery {
            Delivery::Patch(folder) => Some(folder.join(self.patches.get(key)?)),
            _ => None,
        }
    }

    /// Why a change must not be delivered.
    fn kept(&self, root: &Path, made: &Migration) -> Option<Said> {
        let not_done = self.delivery.not_done();
        if let Some(measured) = made.measured.as_ref().filter(|made| made.judgement == Judgement::Worse) {
            let path = root.join(made.path.as_str());
            let message = format!("`{}` {not_done}: {}", path.display(), measured.said.join("; "));
            return Some(said(
                message,
                Some("`dockgen verify --logs DIR` on the new file keeps the whole logs"),
            ));
        }
        if self.delivery == Delivery::Show {
            return None;
        }
        let shown = |path: &RelPath| root.join(path.as_str()).display().to_string();
        let open = made.ledger.for_a_person().count();
        if open > 0 && self.open == Open::Kept {
            let message = format!(
                "`{}` {not_done}: {open} of its instructions are left to a person",
                shown(&made.path)
            );
            let help = "see the ledger; --accept-open takes what there is, --level safe asks for nothing";
            return Some(said(message, Some(help)));
        }
        if self.dirty == Dirty::Allowed {
            return None;
        }
        let unsaved = git::unsaved(root, made.files.iter().map(|file| &file.path))?;
        let path = match &unsaved {
            // A patch for a folder without git is still a patch.
            Unsaved::NoGit | Unsaved::NoRepository if matches!(self.delivery, Delivery::Patch(_)) => {
                return None;
            }
            Unsaved::NoGit | Unsaved::NoRepository => &made.path,
            Unsaved::Untracked(path) | Unsaved::Changed(path) => path,
        };
        let help = match (&self.delivery, &unsaved) {
            (Delivery::Write, _) => "commit it first, or pass --allow-dirty",
            (_, Unsaved::NoGit | Unsaved::NoRepository) => {
                "--write and --patch-dir need no repository of git"
            }
            _ => "commit it first: what is made here goes on top of the last commit",
        };
        Some(said(format!("`{}` {not_done}: {}", shown(path), unsaved.why()), Some(help)))
    }

    /// Delivers what was planned, and keeps that it was done.
    pub fn deliver(&self, planned: Planned) -> Result<Done, Failure> {
        let (mut done, root, changes) = match planned {
            Planned::Done(done) => return Ok(done),
            Planned::Ready { done, root, changes } => (done, root, changes),
        };
        if !changes.is_empty() && done.broken.is_none() {
            let delivered = match &self.delivery {
                Delivery::Show => Ok(()),
                Delivery::Write => self.write(&root, &changes, &done)?,
                Delivery::Patch(_) => self.patch(&root, &changes, &done),
                Delivery::Branch(name) => self.branch(&root, name, &changes, &done)?,
            };
            if let Err(bad) = delivered {
                done.broken = Some(bad);
                done.files = done.files.into_iter().map(undelivered).collect();
            }
        }
        if let Some(journal) = &self.journal {
            journal.record(&done)?;
        }
        Ok(done)
    }

    fn intend(&self, done: &Done, step: Step) -> Result<(), Failure> {
        match &self.journal {
            Some(journal) => journal.intend(Intent { done: done.clone(), step }),
            None => Ok(()),
        }
    }

    fn write(&self, root: &Path, changes: &[Change], done: &Done) -> Result<Result<(), Said>, Failure> {
        if self.journal.is_some() {
            self.intend(done, Step::Write(changes.iter().map(|change| written(change, changes)).collect()))?;
        }
        let files: Vec<OutFile> = changes.iter().map(as_file).collect();
        let outcome = out::write(root, files.iter().map(|file| (file, Consent::AnyFile)));
        Ok(outcome.map(drop).map_err(|bad| said(format!("`{}`: {bad}", root.display()), bad.help())))
    }

    fn patch(&self, root: &Path, changes: &[Change], done: &Done) -> Result<(), Said> {
        let folder = git::folder(root).unwrap_or_default();
        let message = mail::message(&delivered(done));
        let text = mail::patch(changes, &message, &folder, &self.author).map_err(|bad| {
            said(format!("`{}`: {bad}", root.display()), Some("--branch and --write show no secret"))
        })?;
        let path = self.patch_of(&done.key).unwrap_or_default();
        journal::put(&path, &text)
            .map_err(|bad| said(format!("cannot write `{}`: {bad}", path.display()), None))
    }

    fn branch(
        &self,
        root: &Path,
        name: &str,
        changes: &[Change],
        done: &Done,
    ) -> Result<Result<(), Said>, Failure> {
        let refuse = |why: String| said(format!("`{}` was not committed: {why}", root.display()), None);
        if !git::folder(root).is_some_and(|folder| folder.is_root()) {
            return Ok(Err(refuse("it is only a folder of a repository; name the repository".to_owned())));
        }
        let commit = match git::commit(root, changes, &mail::message(&delivered(done))) {
            Ok(commit) => commit,
            Err(bad) => return Ok(Err(refuse(bad))),
        };
        self.intend(done, Step::Branch(commit.0.clone()))?;
        Ok(git::branch(root, name, &commit).map_err(refuse))
    }
}

/// Asks about each instruction that is left to a person.
fn decide(root: &Path, made: &Migration) -> Result<Decisions, Failure> {
    let mut decisions = Decisions::new();
    if made.outcome != Outcome::Changed {
        return Ok(decisions);
    }
    let place = root.join(made.path.as_str());
    for entry in made.ledger.for_a_person() {
        if let Some(decision) = ask::decide(&place.display().to_string(), entry)? {
            decisions.insert(entry.line, decision);
        }
    }
    Ok(decisions)
}

fn undelivered(file: FileDone) -> FileDone {
    match file {
        FileDone::Delivered { migration, .. } => FileDone::Shown { migration },
        other => other,
    }
}

fn delivered(done: &Done) -> Vec<&Migration> {
    let files = done.files.iter().filter(|file| matches!(file, FileDone::Delivered { .. }));
    files.filter_map(FileDone::migration).collect()
}

fn as_file(change: &Change) -> OutFile {
    OutFile { path: change.path.clone(), text: change.new.clone() }
}

/// Adds the change of a file to those of its repository.
fn take(changes: &mut Vec<Change>, root: &Path, file: &OutFile) -> Result<(), Said> {
    if let Some(known) = changes.iter_mut().find(|change| change.path == file.path) {
        known.new = out::with_ends_of(known.old.as_deref().map(str::as_bytes), &file.text);
        return Ok(());
    }
    let old = current(root, &file.path)?;
    let new = out::with_ends_of(old.as_deref().map(str::as_bytes), &file.text);
    changes.push(Change { path: file.path.clone(), old, new });
    Ok(())
}

fn current(root: &Path, path: &RelPath) -> Result<Option<String>, Said> {
    let place = root.join(path.as_str());
    match std::fs::read_to_string(&place) {
        Ok(text) => Ok(Some(text)),
        Err(bad) if bad.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(bad) => Err(said(format!("cannot read `{}`: {bad}", place.display()), None)),
    }
}

fn written(change: &Change, all: &[Change]) -> Written {
    let old = change.old.as_deref();
    let (file, _) = dockerfile::parse(old.unwrap_or_default());
    // One file is replaced in one step, and so can never be found half written.
    let is_needed = all.len() > 1 && !Secrets::of(&file).are_in(&change.new);
    Written {
        path: change.path.clone(),
        before: old.map(out::fingerprint),
        after: out::fingerprint(&change.new),
        text: is_needed.then(|| change.new.clone()),
    }
}

/// Finishes what a stopped run had begun; nothing if it has to be planned again.
fn finish(root: &Path, intent: Intent) -> Option<Done> {
    let Intent { done, step } = intent;
    match step {
        Step::Branch(commit) => {
            let Some(FileDone::Delivered { to, .. }) =
                done.files.iter().find(|file| matches!(file, FileDone::Delivered { .. }))
            else {
                return None;
            };
            git::branch(root, to, &Commit(commit)).ok()?;
        }
        Step::Write(files) => {
            // Before anything else: a step that has to be planned again would leave them there.
            sweep(root, files.iter().map(|file| &file.path));
            let mut left = Vec::new();
            for file in files {
                let there = current(root, &file.path).ok()?.as_deref().map(out::fingerprint);
                if there.as_ref() == Some(&file.after) {
                    continue;
                }
                if there != file.before {
                    return None;
                }
                left.push(OutFile { path: file.path, text: file.text? });
            }
            out::write(root, left.iter().map(|file| (file, Consent::AnyFile))).ok()?;
        }
    }
    Some(done)
}

/// Takes away what [`out::write`] had put beside its places when it was stopped.
fn sweep<'p>(root: &Path, files: impl Iterator<Item = &'p RelPath>) {
    let folders: BTreeSet<PathBuf> =
        files.filter_map(|file| Some(root.join(file.as_str()).parent()?.to_owned())).collect();
    for entry in folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten() {
        let name = entry.file_name();
        if out::is_temporary(&name.to_string_lossy()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// A name for each repository's patch: that of its folder, or all of its path where two folders have one name.
pub(super) fn patch_names(repositories: &[Repository]) -> BTreeMap<String, String> {
    let plain = |text: &str| {
        let text = text.replace(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c), "-");
        text.trim_matches(['-', '.']).to_owned()
    };
    let short = |repository: &Repository| {
        let root = &repository.root;
        let name = root.file_name().map(|name| name.to_string_lossy().into_owned());
        let name =
            name.or_else(|| Some(root.canonicalize().ok()?.file_name()?.to_string_lossy().into_owned()));
        Some(plain(&name.unwrap_or_default())).filter(|name| !name.is_empty())
    };
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for repository in repositories {
        *count.entry(short(repository).unwrap_or_default()).or_default() += 1;
    }
    let mut taken = BTreeSet::new();
    let mut names = BTreeMap::new();
    for repository in repositories {
        let name = short(repository).filter(|name| count.get(name) == Some(&1));
        let name = name.unwrap_or_else(|| plain(&repository.key()));
        let name = if name.is_empty() { "repository".to_owned() } else { name };
        let mut unique = name.clone();
        let mut number = 1;
        while !taken.insert(unique.clone()) {
            number += 1;
            unique = format!("{name}-{number}");
        }
        names.insert(repository.key(), format!("{unique}.patch"));
    }
    names
}

/// What is said when dockgen itself fails over a repository.
pub(super) fn defect(repository: &Repository) -> Done {
    let message = format!("dockgen failed over `{}`; this is a defect of dockgen", repository.shown());
    let broken = Some(Said::from(
        Failure::new(Exit::Misuse, message).help("the others go on; please report what stands above"),
    ));
    Done { key: repository.key(), repository: repository.shown(), files: Vec::new(), broken }
}
