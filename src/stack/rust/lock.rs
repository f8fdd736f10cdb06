//! `Cargo.lock`: which crates are linked into one package of a workspace.

use std::collections::{BTreeMap, BTreeSet};

use crate::fact::{Evidence, Fact};
use crate::repo::dir;
use crate::repo::format::Tree;
use crate::repo::path::RelPath;
use crate::stack::rust::manifest::Manifest;

/// The locked crates that a package needs, by name.
#[derive(Debug, Default)]
pub(in crate::stack) struct Crates(BTreeMap<String, Crate>);

/// One of them.
#[derive(Debug)]
struct Crate {
    version: String,
    needs: Vec<String>,
    because: Evidence,
}

impl Crates {
    /// The crates below the package of `manifest`. What only its tests need is left out.
    pub fn of(lock: &dir::Manifest<'_>, manifest: &Manifest<'_>) -> Self {
        let locked = by_name(lock);
        let Some(root) = manifest.name() else { return Self::default() };
        let tests = manifest.test_dependencies();
        let mut found = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![root.value.clone()];
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            for package in locked.get(name.as_str()).into_iter().flatten() {
                let needs: Vec<String> = package
                    .get("dependencies")
                    .into_iter()
                    .flat_map(Tree::texts)
                    .filter_map(|text| text.split(' ').next())
                    .filter(|needed| {
                        name != root.value || !tests.contains(needed) || manifest.dependency(needed).is_some()
                    })
                    .map(str::to_owned)
                    .collect();
                open.extend(needs.iter().cloned());
                let version = package.get("version").and_then(Tree::as_text).unwrap_or_default().to_owned();
                let because = Evidence::read(lock.path, package.line, format!("{name} {version}"));
                found.insert(name.clone(), Crate { version, needs, because });
            }
        }
        Self(found)
    }

    /// A crate that is linked, with its version.
    pub fn get(&self, name: &str) -> Option<Fact<String>> {
        let found = self.0.get(name)?;
        Some(Fact::new(found.version.clone(), found.because.clone()))
    }

    /// Does one crate need the other?
    pub fn needs(&self, name: &str, needed: &str) -> bool {
        self.0.get(name).is_some_and(|known| known.needs.iter().any(|one| one == needed))
    }

    /// Adds what a manifest without a lock file is known to bring.
    pub fn add(&mut self, name: &str, because: Evidence) {
        let known = Crate { version: String::new(), needs: Vec::new(), because };
        self.0.entry(name.to_owned()).or_insert(known);
    }

    /// The crates that need `needed`, leaving out those of `except`.
    pub fn users_of(&self, needed: &str, except: &[&str]) -> Option<Fact<String>> {
        self.0
            .iter()
            .find(|(name, known)| {
                known.needs.iter().any(|one| one == needed) && !except.contains(&name.as_str())
            })
            .map(|(name, known)| Fact::new(name.clone(), known.because.clone()))
    }
}

/// Every locked package, by name: one name may be locked in several versions.
pub(super) fn by_name<'l>(lock: &'l dir::Manifest<'_>) -> BTreeMap<&'l str, Vec<&'l Tree>> {
    let mut all: BTreeMap<&str, Vec<&Tree>> = BTreeMap::new();
    for package in lock.tree.get("package").into_iter().flat_map(Tree::items) {
        if let Some(name) = package.get("name").and_then(Tree::as_text) {
            all.entry(name).or_default().push(package);
        }
    }
    all
}

/// Where the lock file is: beside the workspace's root.
pub(super) fn path(root: &RelPath) -> RelPath {
    root.join("Cargo.lock").unwrap_or_default()
}
