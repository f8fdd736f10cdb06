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
            Kind::Pnpm => {
                self.tree.get_or_init(|| doc.yaml().ok()).as_ref().map(compiled::of_pnpm).unwrap_or_default()
            }
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
                let tree = self.tree.get_or_init(|| doc.yaml().ok()).as_ref().map(|yaml| &yaml.tree)?;
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
