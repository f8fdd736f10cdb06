//! What a person means by a path: a repository, a folder of repositories, or one Dockerfile; and what git says of it.
#![expect(clippy::disallowed_methods, reason = "paths that a person names are looked at by their names")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cli::dockerfiles;
use crate::cli::{Exit, Failure};
use crate::dockerfile;
use crate::repo::{Inventory, RelPath};
use crate::stack;

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
    /// Path and text of each Dockerfile, every byte of it.
    pub dockerfiles: Vec<(RelPath, String)>,
}

/// Every repository that is meant, in the order of the names, each once.
pub(super) fn find(names: &[PathBuf]) -> Result<Vec<Repository>, Failure> {
    let mut all: Vec<Repository> = Vec::new();
    for name in names {
        let found = if name.is_dir() {
            folder(name)?
        } else if name.is_file() {
            vec![of_file(name)?]
        } else {
            return Err(Failure::new(Exit::Misuse, format!("there is no `{}`", name.display())));
        };
        for repository in found {
            if !all.iter().any(|known| known.root == repository.root && known.only == repository.only) {
                all.push(repository);
            }
        }
    }
    Ok(all)
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

impl Repository {
    /// Its path for people.
    pub fn shown(&self) -> String {
        self.root.display().to_string()
    }

    /// Reads it: one walk, and every byte of its Dockerfiles.
    pub fn read(&self) -> Result<Read, Failure> {
        let inventory = Inventory::scan(&self.root, &stack::reads())
            .map_err(|bad| Failure::new(Exit::Misuse, bad.to_string()))?;
        let is_meant = |path: &RelPath| match &self.only {
            Some(only) => path == only,
            None => dockerfile::is_file_name(path.name()),
        };
        let paths: Vec<RelPath> =
            inventory.files().map(|(path, _)| path).filter(|path| is_meant(path)).cloned().collect();
        let read = |path: RelPath| Ok((path.clone(), dockerfiles::read(&self.root.join(path.as_str()))?));
        let dockerfiles = paths.into_iter().map(read).collect::<Result<_, Failure>>()?;
        Ok(Read { inventory, dockerfiles })
    }

    /// Why a change of this file could not be taken back with git; nothing if it could.
    pub fn unsaved(&self, path: &RelPath) -> Option<String> {
        // Nothing that the repository configures may run.
        let git = Command::new("git")
            .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-optional-locks"])
            .args(["status", "--porcelain", "--ignored", "--", path.as_str()])
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .output();
        match git {
            Err(_) => Some("git cannot be asked whether it is committed".to_owned()),
            Ok(output) if !output.status.success() => Some("it is not under version control".to_owned()),
            Ok(output) if output.stdout.is_empty() => None,
            Ok(output) if output.stdout.starts_with(b"?? ") || output.stdout.starts_with(b"!! ") => {
                Some("git does not track it".to_owned())
            }
            Ok(_) => Some("it has changes that are not committed".to_owned()),
        }
    }
}
