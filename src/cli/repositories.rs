//! What a person means by a path: a repository, a folder of repositories, or one Dockerfile.
#![expect(clippy::disallowed_methods, reason = "paths that a person names are looked at by their names")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cli::dockerfiles;
use crate::cli::looked::Looked;
use crate::cli::{Exit, Failure, read_named};
use crate::config::Company;
use crate::dockerfile;
use crate::migrate::{self, Bases, Beside};
use crate::repo::{Inventory, RelPath};
use crate::stack::{self, Declared};

/// A repository and the Dockerfiles of it that are meant.
pub(super) struct Repository {
    /// Where it is, as a person would type it.
    pub root: PathBuf,
    /// The one file that was named; none means all.
    only: Option<RelPath>,
}

/// A repository that was read.
pub(super) struct Read {
    pub inventory: Inventory,
    /// What the folders say that its `dockgen.toml` extends.
    pub company: Option<Company>,
    /// The stacks that are declared in them.
    pub declared: Vec<Declared>,
    /// Path and text of each Dockerfile, every byte of it.
    pub dockerfiles: Vec<(RelPath, String)>,
}

/// Every repository that is meant, in the order of the names, each once.
pub(super) fn find(names: &[PathBuf]) -> Result<Vec<Repository>, Failure> {
    let mut all = Several::default();
    for name in names {
        all.extend(named(name)?);
    }
    Ok(all.repositories)
}

/// The repositories of a list: a path on each line, from the folder of the list; `#` begins a comment. A path that leads
/// nowhere is a repository that cannot be read, because one broken line stops nobody.
pub(super) fn listed(list: &Path) -> Result<Vec<Repository>, Failure> {
    let refuse = |bad| Failure::new(Exit::Misuse, format!("cannot read `{}`: {bad}", list.display()));
    let text = read_named(list).map_err(refuse)?;
    // What comes from stdin is seen from here, which is also the parent of `-`.
    let folder = list.parent().unwrap_or(Path::new(""));
    let mut all = Several::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let path = folder.join(line);
        let gone = || vec![Repository { root: path.clone(), only: None }];
        all.extend(named(&path).unwrap_or_else(|_| gone()));
    }
    Ok(all.repositories)
}

/// Each repository once, in the order they were named.
#[derive(Default)]
struct Several {
    repositories: Vec<Repository>,
    known: BTreeSet<(PathBuf, Option<RelPath>)>,
}

impl Several {
    fn extend(&mut self, found: Vec<Repository>) {
        for repository in found {
            if self.known.insert((repository.root.clone(), repository.only.clone())) {
                self.repositories.push(repository);
            }
        }
    }
}

fn named(name: &Path) -> Result<Vec<Repository>, Failure> {
    if name.is_dir() {
        folder(name)
    } else if name.is_file() {
        Ok(vec![of_file(name)?])
    } else {
        Err(Failure::new(Exit::Misuse, format!("there is no `{}`", name.display())))
    }
}

fn of_file(file: &Path) -> Result<Repository, Failure> {
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let only = RelPath::new(&name).map_err(|bad| Failure::new(Exit::Misuse, bad.to_string()))?;
    Ok(Repository { root: folder.to_owned(), only: Some(only) })
}

/// A folder is a repository when it looks like one; otherwise those of its folders that do are meant.
fn folder(folder: &Path) -> Result<Vec<Repository>, Failure> {
    let whole = || vec![Repository { root: folder.to_owned(), only: None }];
    if is_repository(folder) {
        return Ok(whole());
    }
    let entries = std::fs::read_dir(folder)
        .map_err(|bad| Failure::new(Exit::Misuse, format!("cannot read `{}`: {bad}", folder.display())))?;
    let mut inner: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir() && !path.is_symlink() && is_repository(path))
        .collect();
    inner.sort();
    if inner.is_empty() {
        return Ok(whole());
    }
    Ok(inner.into_iter().map(|root| Repository { root, only: None }).collect())
}

/// Version control, a Dockerfile, or a manifest in its root.
fn is_repository(folder: &Path) -> bool {
    if folder.join(".git").exists() {
        return true;
    }
    let Ok(mut entries) = std::fs::read_dir(folder) else { return false };
    entries.any(|entry| {
        let name = entry.map(|entry| entry.file_name().to_string_lossy().into_owned()).unwrap_or_default();
        let is_manifest = stack::ALL.iter().flat_map(|stack| stack.looks_for()).any(|known| *known == name);
        is_manifest || dockerfile::is_file_name(&name)
    })
}

impl Read {
    /// What is known beside it.
    pub fn beside<'a>(&'a self, bases: Option<&'a Bases>) -> Beside<'a> {
        Beside { bases, company: self.company.as_ref(), declared: &self.declared }
    }
}

impl Repository {
    /// Its path for people.
    pub fn shown(&self) -> String {
        self.root.display().to_string()
    }

    /// What tells it from every other one: its path, and the file that is meant.
    pub fn key(&self) -> String {
        match &self.only {
            Some(only) => self.root.join(only.as_str()).display().to_string(),
            None => self.shown(),
        }
    }

    /// Reads it: one look, and every byte of its Dockerfiles.
    pub fn read(&self) -> Result<Read, Failure> {
        let Looked { inventory, company, declared, .. } =
            Looked::at(&self.root, migrate::reads_with).map_err(|bad| bad.in_one_message(&self.root))?;
        let is_meant = |path: &RelPath| match &self.only {
            Some(only) => path == only,
            None => dockerfile::is_file_name(path.name()),
        };
        let paths: Vec<RelPath> =
            inventory.files().map(|(path, _)| path).filter(|path| is_meant(path)).cloned().collect();
        let read = |path: RelPath| Ok((path.clone(), dockerfiles::read(&self.root.join(path.as_str()))?));
        let dockerfiles = paths.into_iter().map(read).collect::<Result<_, Failure>>()?;
        Ok(Read { inventory, company, declared, dockerfiles })
    }
}
