//! Lock files: which manager and which generation of it wrote one, what it pins, and whether it agrees
//! with `package.json`.
//!
//! Formats: <https://docs.npmjs.com/cli/configuring-npm/package-lock-json>,
//! <https://classic.yarnpkg.com/lang/en/docs/yarn-lock/>, <https://github.com/pnpm/spec/tree/master/lockfile>.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use crate::fact::Fact;
use crate::repo::dir::{Dir, Doc, Manifest};
use crate::repo::format::Tree;
use crate::stack::Survey;
use crate::stack::node::compiled;
use crate::stack::node::manifest::Package;
use crate::stack::node::package_manager::Kind;
use crate::stack::node::semver::Wanted;

/// Lock files by name, in the order in which they are trusted when several lie side by side.
pub(super) const NAMES: &[(&str, Kind)] = &[
    ("pnpm-lock.yaml", Kind::Pnpm),
    ("bun.lock", Kind::Bun),
    ("bun.lockb", Kind::Bun),
    ("yarn.lock", Kind::YarnClassic),
    ("package-lock.json", Kind::Npm),
    ("npm-shrinkwrap.json", Kind::Npm),
];

/// One lock file.
#[derive(Debug)]
pub(super) struct Lock<'a> {
    /// Its name in its folder.
    pub name: &'static str,
    /// Who wrote it.
    pub kind: Kind,
    /// The generation of its format, with the line that says so: `3`, `9.0`, `v1`.
    pub format: Option<Fact<String>>,
    doc: Option<Doc<'a>>,
    tree: OnceCell<Option<Manifest<'a>>>,
}

/// Tells whether a dependency with this range is covered.
type Knows<'l> = Box<dyn Fn(&str, &str) -> bool + 'l>;

/// What is wrong between a lock file and its `package.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OutOfStep {
    /// The dependency.
    pub dependency: String,
    /// Its line in `package.json`.
    pub line: u32,
}

impl<'a> Lock<'a> {
    /// The lock files of a folder, the most trusted first. One that does not parse is reported and left out.
    pub fn all(s: &Survey<'a>, dir: &Dir<'a>) -> Vec<Self> {
        NAMES
            .iter()
            .filter(|(name, _)| dir.has(name))
            .filter_map(|(name, kind)| Self::read(s, dir, name, *kind))
            .collect()
    }

    fn read(s: &Survey<'a>, dir: &Dir<'a>, name: &'static str, kind: Kind) -> Option<Self> {
        let doc = dir.doc(name);
        let mut lock = Self { name, kind, format: None, doc, tree: OnceCell::new() };
        let Some(doc) = doc else { return Some(lock) };
        match kind {
            Kind::Npm => {
                let manifest = s.parsed(doc.json())?;
                lock.format = manifest.text(&["lockfileVersion"]);
                lock.tree = OnceCell::from(Some(manifest));
            }
            Kind::YarnClassic | Kind::YarnBerry => {
                let berry = doc.find(|line| line.starts_with("__metadata:").then(|| "berry".to_owned()));
                lock.kind = if berry.is_some() { Kind::YarnBerry } else { Kind::YarnClassic };
                let inner = berry.is_some().then(|| {
                    doc.find(|line| line.strip_prefix("  version: ").map(|version| version.trim().to_owned()))
                });
                lock.format = inner
                    .flatten()
                    .or_else(|| doc.find(|line| line.contains("yarn lockfile v1").then(|| "v1".to_owned())));
            }
            Kind::Pnpm => {
                lock.format = doc.find(|line| {
                    let value = line.strip_prefix("lockfileVersion:")?;
                    Some(value.trim().trim_matches(['\'', '"']).to_owned())
                });
            }
            Kind::Bun => {}
        }
        Some(lock)
    }

    /// The versions of a package that are pinned, with their lines.
    pub fn versions(&self, package: &str) -> Vec<Fact<String>> {
        let Some(doc) = self.doc else { return Vec::new() };
        match self.kind {
            Kind::Npm => self.npm_versions(package),
            Kind::YarnClassic | Kind::YarnBerry => yarn_versions(doc, package),
            Kind::Pnpm => pnpm_versions(doc, package),
            Kind::Bun => bun_versions(doc, package),
        }
    }

    /// Packages that may compile when they are installed.
    pub fn compiled(&self) -> Vec<Fact<String>> {
        let Some(doc) = self.doc else { return Vec::new() };
        match self.kind {
            Kind::Npm => self.tree.get().and_then(Option::as_ref).map(compiled::of_npm).unwrap_or_default(),
            Kind::YarnClassic | Kind::YarnBerry => compiled::of_yarn(doc),
            Kind::Pnpm => self
                .tree
                .get_or_init(|| doc.last_yaml().ok())
                .as_ref()
                .map(compiled::of_pnpm)
                .unwrap_or_default(),
            Kind::Bun => Vec::new(),
        }
    }

    /// Dependencies of `package.json` that an install from this lock file would refuse.
    pub fn out_of_step(&self, package: &Package<'_>) -> Option<OutOfStep> {
        let known = self.known(package)?;
        package
            .dependencies()
            .filter_map(|(name, range)| Some((name, range.as_text()?, range.line)))
            .filter(|(_, range, _)| !is_local(range))
            .find(|(name, range, _)| !known(name, range))
            .map(|(name, _, line)| OutOfStep { dependency: name.to_owned(), line })
    }

    /// A package that another one asks for as its peer and that is not there. npm 7 and newer put every peer into the lock file
    /// unless they are told not to look at any, and refuse such a lock file unless they are told the same again.
    /// <https://docs.npmjs.com/cli/using-npm/config#legacy-peer-deps>
    pub fn missing_peer(&self) -> Option<Fact<String>> {
        let manifest = self.tree.get().and_then(Option::as_ref).filter(|_| self.kind == Kind::Npm)?;
        let packages = manifest.tree.get("packages")?;
        let paths: BTreeSet<&str> = packages.entries().map(|(path, _)| path).collect();
        packages.entries().filter(|(_, entry)| !is_true(entry, "optional")).find_map(|(path, entry)| {
            let optional = entry.get("peerDependenciesMeta");
            let is_wanted = |name: &str| {
                !optional.and_then(|all| all.get(name)).is_some_and(|meta| is_true(meta, "optional"))
            };
            let mut peers = entry.get("peerDependencies").into_iter().flat_map(Tree::entries);
            let (name, range) = peers.find(|(name, _)| is_wanted(name) && !is_reached(&paths, path, name))?;
            Some(Fact::new(name.to_owned(), manifest.cite(range, format!("no {name} for {path}"))))
        })
    }

    /// Tells whether the lock file covers a dependency of the package; none where that cannot be told.
    fn known<'l>(&'l self, package: &Package<'_>) -> Option<Knows<'l>> {
        let doc = self.doc?;
        match self.kind {
            Kind::Npm => {
                let tree = &self.tree.get()?.as_ref()?.tree;
                Some(Box::new(move |name, range| npm_knows(tree, name, range)))
            }
            Kind::YarnClassic => {
                let keys = yarn_keys(doc);
                Some(Box::new(move |name, range| keys.contains(&format!("{name}@{range}"))))
            }
            Kind::YarnBerry => {
                let keys = yarn_keys(doc);
                let has_name = |name: &str, keys: &BTreeSet<String>| {
                    let start = format!("{name}@");
                    keys.range(start.clone()..).next().is_some_and(|key| key.starts_with(&start))
                };
                // Resolutions and protocols rewrite ranges, so only a missing name is certain.
                Some(Box::new(move |name, _| has_name(name, &keys)))
            }
            Kind::Pnpm => {
                // Since release 11 a document about pnpm itself may come first: <https://pnpm.io/settings#pmonfail>
                let tree = self.tree.get_or_init(|| doc.last_yaml().ok()).as_ref().map(|yaml| &yaml.tree)?;
                let home = self.doc?.path.parent()?;
                let below = package.dir.path().relative_to(&home)?.to_string();
                let importer = tree.at(&["importers", &below]).or((below == ".").then_some(tree))?;
                Some(Box::new(move |name, range| pnpm_knows(importer, name, range)))
            }
            Kind::Bun => None,
        }
    }

    fn npm_versions(&self, package: &str) -> Vec<Fact<String>> {
        let Some(Some(manifest)) = self.tree.get() else { return Vec::new() };
        let hoisted = format!("node_modules/{package}");
        let nested = format!("/{hoisted}");
        let newer = manifest.tree.get("packages").into_iter().flat_map(Tree::entries);
        let older = manifest.tree.get("dependencies").into_iter().flat_map(Tree::entries);
        newer
            .filter(|(path, _)| *path == hoisted || path.ends_with(&nested))
            .chain(older.filter(|(name, _)| *name == package))
            .filter_map(|(_, entry)| {
                let version = entry.get("version")?;
                let text = version.as_text()?;
                Some(Fact::new(text.to_owned(), manifest.cite(version, format!("{package} {text}"))))
            })
            .collect()
    }
}

fn is_true(entry: &Tree, key: &str) -> bool {
    entry.get(key).and_then(Tree::scalar).as_deref() == Some("true")
}

/// Does a package at this path find another one as Node.js looks for it?
fn is_reached(paths: &BTreeSet<&str>, from: &str, name: &str) -> bool {
    let mut folder = from;
    loop {
        let path = if folder.is_empty() {
            format!("node_modules/{name}")
        } else {
            format!("{folder}/node_modules/{name}")
        };
        if paths.contains(path.as_str()) {
            return true;
        }
        if folder.is_empty() {
            return false;
        }
        folder = folder.rfind("node_modules/").map_or("", |at| folder[..at].trim_end_matches('/'));
    }
}

/// Ranges that no registry answers: neighbours, folders, archives.
fn is_local(range: &str) -> bool {
    ["workspace:", "file:", "link:", "portal:", "git", "http", "catalog:", "npm:", "patch:"]
        .iter()
        .any(|start| range.starts_with(start))
        || range.contains('/')
}

/// `npm ci` refuses a dependency that is missing, or whose pinned version does not satisfy the range.
fn npm_knows(lock: &Tree, name: &str, range: &str) -> bool {
    let entry =
        lock.at(&["packages", &format!("node_modules/{name}")]).or_else(|| lock.at(&["dependencies", name]));
    let Some(entry) = entry else { return false };
    let version = entry.get("version").and_then(Tree::as_text);
    match (Wanted::parse(range), version) {
        (Some(wanted), Some(version)) => wanted.takes(version) || version.contains(['-', ':']),
        _ => true,
    }
}

fn pnpm_knows(importer: &Tree, name: &str, range: &str) -> bool {
    let tables = ["dependencies", "devDependencies", "optionalDependencies"];
    if let Some(specifiers) = importer.get("specifiers") {
        return specifiers.get(name).and_then(Tree::scalar).is_some_and(|said| said == range);
    }
    let entry = tables.iter().find_map(|table| importer.at(&[table, name]));
    let Some(entry) = entry else { return false };
    // Overrides and catalogs rewrite specifiers: only a plain one can disagree.
    entry
        .get("specifier")
        .and_then(Tree::scalar)
        .is_none_or(|said| said == range || Wanted::parse(&said).is_none())
        || entry.get("specifier").is_some()
}

/// Every `name@range` that heads an entry.
fn yarn_keys(doc: Doc<'_>) -> BTreeSet<String> {
    doc.lines()
        .filter(|(_, line)| !line.starts_with([' ', '#']) && line.ends_with(':'))
        .flat_map(|(_, line)| line.trim_end_matches(':').trim_matches('"').split(", "))
        .map(|key| key.trim_matches('"').to_owned())
        .collect()
}

fn yarn_versions(doc: Doc<'_>, package: &str) -> Vec<Fact<String>> {
    let start = format!("{package}@");
    let mut inside = false;
    let mut found = Vec::new();
    for (number, line) in doc.lines() {
        if !line.starts_with(' ') {
            inside = line.split(", ").any(|key| key.trim_matches('"').starts_with(&start));
        } else if let Some(version) = line.strip_prefix("  version").filter(|_| inside) {
            let version = version.trim_start_matches(':').trim().trim_matches('"');
            found.push(Fact::new(version.to_owned(), doc.cite(number, format!("{package} {version}"))));
        }
    }
    found
}

/// `/webpack/4.46.0:` (5.4), `/webpack@4.46.0:` (6.0), `webpack@4.46.0:` (9.0).
fn pnpm_versions(doc: Doc<'_>, package: &str) -> Vec<Fact<String>> {
    let mut seen = BTreeSet::new();
    doc.lines()
        .filter_map(|(number, line)| {
            let key = line.strip_prefix("  ").filter(|key| !key.starts_with(' '))?;
            let key = key.trim_end_matches(':').trim_matches(['\'', '"']).trim_start_matches('/');
            let version = key.strip_prefix(package)?.strip_prefix(['@', '/'])?;
            let version = version.split(['(', '_', ':']).next()?.to_owned();
            (version.starts_with(|c: char| c.is_ascii_digit()) && seen.insert(version.clone()))
                .then(|| Fact::new(version.clone(), doc.cite(number, format!("{package} {version}"))))
        })
        .collect()
}

/// `"webpack": ["webpack@4.46.0", …`
fn bun_versions(doc: Doc<'_>, package: &str) -> Vec<Fact<String>> {
    let key = format!("[\"{package}@");
    doc.lines()
        .filter_map(|(number, line)| {
            let version = line.split_once(&key)?.1.split('"').next()?.to_owned();
            Some(Fact::new(version.clone(), doc.cite(number, format!("{package} {version}"))))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    /// The command that installs with a lock file of these packages.
    fn install(packages: &str) -> String {
        let lock = format!(
            r#"{{"lockfileVersion":3,"packages":{{"":{{}},"node_modules/a":{{"version":"1.0.0"}},{packages}}}}}"#
        );
        let files = [
            ("package.json", r#"{"dependencies":{"a":"1.0.0"}}"#),
            ("package-lock.json", lock.as_str()),
            ("server.js", "require('http').createServer().listen(1234)"),
        ];
        let plan = plan(&Inventory::from_files(files), &Settings::default());
        plan.services[0].tool["install"]["commands"][0].as_str().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_lock_file_without_peers_is_installed_without() {
        for (packages, expected) in [
            (r#""node_modules/b":{"peerDependencies":{"a":"1"}}"#, "npm ci"),
            (r#""node_modules/b":{"peerDependencies":{"c":"1"}}"#, "npm ci --legacy-peer-deps"),
            (
                r#""node_modules/b":{"peerDependencies":{"c":"1"},"peerDependenciesMeta":{"c":{"optional":true}}}"#,
                "npm ci",
            ),
            (r#""node_modules/b":{"optional":true,"peerDependencies":{"c":"1"}}"#, "npm ci"),
            // A neighbour below the same package, and one that only another package has.
            (
                r#""node_modules/b/node_modules/c":{},"node_modules/b/node_modules/d":{"peerDependencies":{"c":"1"}}"#,
                "npm ci",
            ),
            (
                r#""node_modules/b/node_modules/c":{},"node_modules/d":{"peerDependencies":{"c":"1"}}"#,
                "npm ci --legacy-peer-deps",
            ),
        ] {
            assert_eq!(install(packages), expected, "{packages}");
        }
    }

    #[test]
    fn the_last_document_is_about_the_project() {
        const OWN: &str = "---\nlockfileVersion: '9.0'\nimporters:\n  .:\n    packageManagerDependencies:\n      pnpm:\n        specifier: 12.0.0\n        version: 12.0.0\n";
        const PROJECT: &str = "---\nlockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        specifier: 1.0.0\n        version: 1.0.0\n";
        for lock in [PROJECT.to_owned(), format!("{OWN}\n{PROJECT}")] {
            let files = [
                ("package.json", r#"{"packageManager":"pnpm@12.0.0","dependencies":{"a":"1.0.0"}}"#),
                ("pnpm-lock.yaml", lock.as_str()),
                ("server.js", "require('http').createServer().listen(1234)"),
            ];
            let plan = plan(&Inventory::from_files(files), &Settings::default());
            let install = plan.services[0].tool["install"]["commands"][0].as_str();
            assert!(install.is_some_and(|line| line.contains("--frozen-lockfile")), "{install:?} {lock}");
        }
    }
}
