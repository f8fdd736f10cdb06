//! What cargo has to see besides the package: the workspace around it, and the folders it depends on.

use std::collections::{BTreeMap, BTreeSet};

use regex_lite::Regex;

use crate::diag::{Code, Diagnostic};
use crate::repo::dir::{Dir, Doc};
use crate::repo::path::RelPath;
use crate::stack::Survey;
use crate::stack::rust::manifest::Manifest;

/// A package and everything cargo reads to build it.
pub(super) struct Workspace<'a> {
    /// The folder of the root manifest, which holds `Cargo.lock`, `target` and the profiles.
    pub root: RelPath,
    /// The root manifest, where it is not the package's own.
    pub shared: Option<Manifest<'a>>,
    /// The lowest folder that holds everything: the build context.
    pub context: RelPath,
    /// Every manifest cargo loads, by folder.
    members: BTreeMap<RelPath, Manifest<'a>>,
    /// The folders of the package and of what it depends on, its own first.
    used: Vec<RelPath>,
}

impl<'a> Workspace<'a> {
    /// Works out the workspace of the package in the surveyed folder.
    pub fn of(s: &Survey<'a>, package: &Manifest<'a>) -> Option<Self> {
        let home = s.dir.path().clone();
        let shared = s.parsed(around(s, package))?;
        let root = shared.as_ref().map_or_else(|| home.clone(), |manifest| manifest.dir.path().clone());
        let mut members = BTreeMap::new();
        let mut open: Vec<RelPath> = vec![home.clone(), root.clone()];
        open.extend(listed(s, shared.as_ref().unwrap_or(package)));
        while let Some(folder) = open.pop() {
            if members.contains_key(&folder) {
                continue;
            }
            let Some(manifest) = Manifest::read(Dir::new(s.dir.inventory(), folder.clone())) else {
                continue;
            };
            let manifest = s.parsed(manifest)?;
            open.extend(neighbours(s, &manifest));
            members.insert(folder, manifest);
        }
        let folders: BTreeSet<&RelPath> = members.keys().chain([&home, &root]).collect();
        let context = folders.iter().fold(root.clone(), |shared, folder| {
            shared.ancestors().find(|candidate| folder.is_within(candidate)).unwrap_or_default()
        });
        let used = used(&home, &members, shared.as_ref());
        Some(Self { root, shared, context, members, used })
    }

    /// The root manifest: profiles and shared settings stand there.
    pub fn root_manifest<'w>(&'w self, package: &'w Manifest<'a>) -> &'w Manifest<'a> {
        self.shared.as_ref().unwrap_or(package)
    }

    /// Does the package share its `target` folder and its lock file with others?
    pub fn has_several_packages(&self) -> bool {
        self.members.values().filter(|member| member.name().is_some()).count() > 1
    }

    /// The packages that the lock file is made for, those of other programs as well: what the workspace excludes, and what
    /// lies outside of it, has one of its own.
    pub fn locked<'w>(&'w self, package: &'w Manifest<'a>) -> impl Iterator<Item = &'w Manifest<'a>> {
        let excluded = self.root_manifest(package).list(&["workspace", "exclude"]);
        self.members.iter().filter_map(move |(folder, member)| {
            let inside = folder.relative_to(&self.root)?;
            let is_out =
                excluded.iter().any(|path| RelPath::new(path).is_ok_and(|path| inside.is_within(&path)));
            (!is_out && member.name().is_some()).then_some(member)
        })
    }

    /// The packages of the program's own code, by name: its own first. None when that is all there are.
    pub fn tested(&self, package: &Manifest<'a>) -> Option<Vec<String>> {
        let used: Vec<String> =
            self.used_manifests(package).filter_map(|manifest| Some(manifest.name()?.value)).collect();
        let all = self.members.values().filter(|member| member.name().is_some()).count();
        (used.len() < all).then_some(used)
    }

    /// The manifests cargo loads, from the context, root first.
    pub fn manifests(&self) -> Vec<String> {
        let paths = self.members.values().filter_map(|member| member.path().relative_to(&self.context));
        let mut paths: Vec<String> = paths.map(|path| path.to_string()).collect();
        paths.sort_by_key(|path| (path.matches('/').count(), path.clone()));
        paths
    }

    /// Files that must be there before cargo accepts the manifests, from the context.
    pub fn expected_files(&self) -> Vec<RelPath> {
        self.members
            .values()
            .flat_map(Manifest::expected_files)
            .filter_map(|path| path.relative_to(&self.context))
            .collect()
    }

    /// The sources of the package and of the folders it depends on: its own first, tests and examples left out.
    pub fn sources(&self, s: &Survey<'a>) -> Vec<Doc<'a>> {
        let mut found: Vec<Doc<'a>> = Vec::new();
        for folder in &self.used {
            let dir = Dir::new(s.dir.inventory(), folder.clone());
            found.extend(dir.docs().filter(|doc| self.is_source(doc.path, folder)));
        }
        found
    }

    /// A Rust file of the package in `folder`, not of one that lies below it. Build scripts run elsewhere.
    fn is_source(&self, path: &RelPath, folder: &RelPath) -> bool {
        const ASIDE: &[&str] = &["tests", "benches", "examples", "target"];
        let below = path.relative_to(folder).unwrap_or_default();
        let is_other = self
            .members
            .keys()
            .any(|other| other != folder && other.is_within(folder) && path.is_within(other));
        path.extension() == Some("rs")
            && path.name() != "tests.rs"
            && !is_other
            && below.as_str() != "build.rs"
            && !below.segments().next().is_some_and(|first| ASIDE.contains(&first))
            && !below.parent().is_some_and(|folder| folder.segments().any(|name| name == "tests"))
    }

    /// The package's manifest and those of the folders it depends on.
    pub fn used_manifests<'w>(&'w self, package: &'w Manifest<'a>) -> impl Iterator<Item = &'w Manifest<'a>> {
        let others = self.used.iter().skip(1).filter_map(|folder| self.members.get(folder));
        std::iter::once(package).chain(others)
    }
}

/// The root manifest of the workspace that holds the package; none when the package is on its own.
fn around<'a>(s: &Survey<'a>, package: &Manifest<'a>) -> Result<Option<Manifest<'a>>, Diagnostic> {
    if package.is_workspace() {
        return Ok(None);
    }
    if let Some(named) = package.text(&["package", "workspace"]) {
        return s.dir.dir(&named.value).and_then(Manifest::read).transpose();
    }
    for dir in s.dir.ancestors().skip(1) {
        let Some(manifest) = Manifest::read(dir) else { continue };
        let manifest = manifest?;
        if !manifest.is_workspace() {
            continue;
        }
        let home = s.dir.path().relative_to(manifest.dir.path()).unwrap_or_default();
        let excluded = manifest.list(&["workspace", "exclude"]);
        let is_excluded =
            excluded.iter().any(|path| RelPath::new(path).is_ok_and(|path| home.is_within(&path)));
        return Ok((!is_excluded).then_some(manifest));
    }
    Ok(None)
}

/// The members that a root manifest lists, patterns resolved.
fn listed(s: &Survey<'_>, root: &Manifest<'_>) -> Vec<RelPath> {
    let patterns: Vec<Regex> =
        root.list(&["workspace", "members"]).into_iter().filter_map(folder_pattern).collect();
    if patterns.is_empty() {
        return Vec::new();
    }
    let base = root.dir.path();
    let folders = s.dir.inventory().dir(base.clone());
    let found = folders.files().filter_map(|(path, _)| {
        let folder = path.strip_suffix("Cargo.toml")?.trim_end_matches('/');
        patterns.iter().any(|pattern| pattern.is_match(folder)).then(|| base.join(folder))?
    });
    found.collect()
}

/// cargo's patterns are those of a shell: <https://doc.rust-lang.org/cargo/reference/workspaces.html#the-members-and-exclude-fields>
fn folder_pattern(pattern: &str) -> Option<Regex> {
    let clean = pattern.trim_start_matches("./").trim_end_matches('/');
    let text =
        regex_lite::escape(clean).replace(r"\*\*", ".*").replace(r"\*", "[^/]*").replace(r"\?", "[^/]");
    Regex::new(&format!("^{text}$")).ok()
}

/// The folders a manifest depends on. One that is not in the repository is said.
fn neighbours(s: &Survey<'_>, manifest: &Manifest<'_>) -> Vec<RelPath> {
    let mut found = Vec::new();
    for named in manifest.neighbours() {
        match manifest.dir.resolve(&named.value) {
            Some(folder) if s.dir.inventory().has(&folder.join("Cargo.toml").unwrap_or_default()) => {
                found.push(folder);
            }
            _ => s.note(
                Diagnostic::error(
                    Code::IgnoredSource,
                    format!("the crate in `{}` is not in this repository", named.value),
                )
                .at(named.because.at.clone())
                .help("run dockgen on the folder that holds both, or depend on a published version"),
            ),
        }
    }
    found
}

/// The package's folder and those of its path dependencies, nearest first. A dependency that is inherited
/// from the workspace has its path there.
fn used(
    home: &RelPath,
    members: &BTreeMap<RelPath, Manifest<'_>>,
    shared: Option<&Manifest<'_>>,
) -> Vec<RelPath> {
    let by_name: BTreeMap<String, &RelPath> =
        members.iter().filter_map(|(folder, member)| Some((member.name()?.value, folder))).collect();
    let mut found = vec![home.clone()];
    let mut next = 0;
    while let Some(manifest) = found.get(next).and_then(|folder| members.get(folder)) {
        next += 1;
        for (name, folder) in &by_name {
            let is_needed = manifest.dependency(name).is_some_and(|(value, _)| {
                value.get("path").is_some()
                    || shared
                        .is_some_and(|root| root.at(&["workspace", "dependencies", name, "path"]).is_some())
            });
            if is_needed && !found.contains(folder) {
                found.push((*folder).clone());
            }
        }
    }
    found
}
