//! `--bake DIR`: the new files beside a `docker-bake.hcl` that builds them and the old ones. The repositories stay as they
//! are: contexts and old Dockerfiles are read where they lie.
#![expect(clippy::disallowed_methods, reason = "the folder that a person named is written")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::journal::{Done, FileDone};
use crate::cli::{Exit, Failure};
use crate::migrate::bake::{Pair, Target, name, text};
use crate::migrate::{Migration, Outcome};
use crate::repo::RelPath;

/// Where everything for the builder is put.
pub(super) struct Baker {
    folder: PathBuf,
    /// A folder for each repository, by key.
    names: BTreeMap<String, String>,
}

impl Baker {
    /// Makes the folder; the names are those of the patches.
    pub fn new(folder: &Path, patches: &BTreeMap<String, String>) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder).map_err(|bad| refuse(folder, &bad))?;
        let folder = std::path::absolute(folder).map_err(|bad| refuse(folder, &bad))?;
        let short = |name: &String| name.trim_end_matches(".patch").to_owned();
        let names = patches.iter().map(|(key, name)| (key.clone(), short(name))).collect();
        Ok(Self { folder, names })
    }

    /// Puts the new files of a migration down, before anything else is done with it.
    pub fn put(&self, key: &str, made: &Migration) -> Result<(), Failure> {
        let dockerfile = self.place(key, &made.path);
        for file in &made.files {
            let place = if file.path == made.path {
                dockerfile.clone()
            } else if file.path.name().ends_with("dockerignore") {
                ignore_file(&dockerfile)
            } else {
                continue;
            };
            let folder = place.parent().unwrap_or(&self.folder);
            std::fs::create_dir_all(folder).map_err(|bad| refuse(folder, &bad))?;
            std::fs::write(&place, &file.text).map_err(|bad| refuse(&place, &bad))?;
        }
        Ok(())
    }

    /// Writes the file for all that changes; the answer is its path and how many images it has.
    pub fn write(&self, all: &[Baked]) -> Result<(PathBuf, usize), Failure> {
        let mut taken = BTreeSet::new();
        let pairs: Vec<Pair> = all.iter().map(|one| self.pair(one, &mut taken)).collect();
        let path = self.folder.join("docker-bake.hcl");
        std::fs::write(&path, text(&pairs)).map_err(|bad| refuse(&path, &bad))?;
        Ok((path, pairs.len() * 2))
    }

    fn place(&self, key: &str, path: &RelPath) -> PathBuf {
        let name = self.names.get(key).map_or("repository", String::as_str);
        self.folder.join(name).join(path.as_str())
    }

    fn pair(&self, one: &Baked, taken: &mut BTreeSet<String>) -> Pair {
        let repository = self.names.get(&one.key).map_or("repository", String::as_str);
        let below = one.path.as_str().trim_end_matches("Dockerfile").trim_matches('/');
        let plain = name(&format!("{repository}-{below}"));
        let mut unique = plain.clone();
        let mut number = 1;
        while !taken.insert(unique.clone()) {
            number += 1;
            unique = format!("{plain}-{number}");
        }
        let root = std::path::absolute(&one.root).unwrap_or_else(|_| one.root.clone());
        let old = root.join(one.path.as_str());
        let folder = old.parent().unwrap_or(&root).to_owned();
        let target = |which: &str, context: &Path, dockerfile: &Path| Target {
            name: format!("{unique}-{which}"),
            context: context.display().to_string(),
            dockerfile: dockerfile.display().to_string(),
        };
        let new = self.place(&one.key, &one.path);
        let context = if one.context.is_root() { root.clone() } else { root.join(one.context.as_str()) };
        Pair { old: target("old", &folder, &old), new: target("new", &context, &new) }
    }
}

/// A migrated file, as far as a builder needs to know it.
pub(super) struct Baked {
    key: String,
    root: PathBuf,
    path: RelPath,
    /// The folder that the new image is built from.
    context: RelPath,
}

/// What of a repository is built.
pub(super) fn of(done: &Done, root: &Path) -> Vec<Baked> {
    let changed = done.files.iter().filter_map(FileDone::migration);
    let changed = changed.filter(|made| made.outcome == Outcome::Changed);
    changed
        .map(|made| Baked {
            key: done.key.clone(),
            root: root.to_owned(),
            path: made.path.clone(),
            context: made.context.clone(),
        })
        .collect()
}

fn ignore_file(dockerfile: &Path) -> PathBuf {
    let mut name = dockerfile.file_name().unwrap_or_default().to_owned();
    name.push(".dockerignore");
    dockerfile.with_file_name(name)
}

fn refuse(path: &Path, bad: &std::io::Error) -> Failure {
    Failure::new(Exit::Misuse, format!("cannot write `{}`: {bad}", path.display()))
}
