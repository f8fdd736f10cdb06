//! Which `package main` is the service.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact};
use crate::plan::question::{Answer, Question};
use crate::repo::dir::{Dir, Doc};
use crate::repo::path::RelPath;
use crate::stack::Survey;
use crate::stack::go::listen;
use crate::stack::go::modules::GoMod;

/// The package that is built.
pub(super) struct MainPackage {
    /// `.` or `./cmd/api`.
    pub package: Fact<String>,
    /// The other programs of the module, likeliest first.
    pub others: Vec<String>,
    folder: RelPath,
    root: RelPath,
}

/// Folders of programs that help developers.
const HELPERS: &[&str] = &[
    "example",
    "examples",
    "_examples",
    "tool",
    "tools",
    "script",
    "scripts",
    "hack",
    "test",
    "tests",
    "testdata",
    "e2e",
    "vendor",
    "third_party",
    "internal",
    "gen",
    "docs",
    "build",
    "ci",
    "magefiles",
    "benchmark",
    "benchmarks",
];

/// Folders whose name is that of a place, not of a program.
const PLAIN: &[&str] = &["app", "cmd", "main", "src"];

/// Programs whose likeliness differs by less are for a person to choose from.
const NEAR: u32 = 25;

/// Names that are usually the server among several programs.
const SERVERS: &[&str] =
    &["server", "api", "app", "web", "main", "http", "service", "backend", "apiserver", "serve"];

impl MainPackage {
    /// Chooses among the main packages; asks where several are near each other. None: a library.
    pub fn choose(s: &Survey<'_>, go_mod: &GoMod, sources: &[Doc<'_>]) -> Option<Self> {
        let root = s.dir.path().clone();
        let found = candidates(&root, sources);
        // The only one needs no comparison, which would read its sources once more.
        let rank = |package: &str| match found.len() {
            1 => 0,
            _ => likeliness(package, &found, go_mod, &s.dir, sources),
        };
        let mut ranked: Vec<(u32, &String, &Evidence)> =
            found.iter().map(|(package, because)| (rank(package), package, because)).collect();
        ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        let build = |package: Fact<String>| {
            let folder = root.join(&package.value).unwrap_or_default();
            let others = ranked.iter().map(|(_, other, _)| *other).filter(|other| **other != package.value);
            Self { others: others.cloned().collect(), package, folder, root: root.clone() }
        };
        if let Some(wish) = s.choice(&super::MAIN).decide() {
            return Some(build(wish));
        }
        let Some((best, package, because)) = ranked.first().copied() else {
            s.note(library(go_mod, &root, sources));
            return None;
        };
        let close: Vec<_> =
            ranked.iter().filter(|(rank, ..)| *rank >= best.min(50) || rank + NEAR > best).collect();
        if close.len() > 1 {
            let options = close
                .iter()
                .map(|(_, package, because)| Answer::new(*package, because.to_string()))
                .collect();
            let question =
                Question::choose("go.main", "Several programs are here. Which one is the service?", options);
            s.ask(question.or(package));
        }
        Some(build(Fact::new(package.clone(), because.clone())))
    }

    /// The name of the program: the folder's, or the module's where the folder's says nothing.
    pub fn binary(&self, go_mod: &GoMod) -> String {
        let says_nothing = self.folder == self.root || PLAIN.contains(&self.folder.name());
        let name = if says_nothing { go_mod.name() } else { self.folder.name() };
        let clean: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' })
            .collect();
        if clean.trim_matches('.').is_empty() { "app".to_owned() } else { clean }
    }

    /// The sources of this program: its own package first, then those it imports, nearest first.
    /// What tools generated or tests mock says nothing about the program.
    pub fn sources<'a>(&self, go_mod: &GoMod, all: &[Doc<'a>]) -> Vec<Doc<'a>> {
        let mut folders = vec![self.folder.clone()];
        let mut found: Vec<Doc<'a>> = Vec::new();
        let mut next = 0;
        while let Some(folder) = folders.get(next).cloned() {
            next += 1;
            for doc in all.iter().filter(|doc| doc.path.parent().as_ref() == Some(&folder)) {
                for imported in imports(doc, &go_mod.module.value) {
                    let Some(imported) = self.root.join(imported) else { continue };
                    if !folders.contains(&imported) {
                        folders.push(imported);
                    }
                }
                if !is_made_up(doc.path.name()) {
                    found.push(*doc);
                }
            }
        }
        found
    }
}

/// Folders of the own module that a file imports, from the module's root.
fn imports<'d>(doc: &Doc<'d>, module: &str) -> Vec<&'d str> {
    let mut found = Vec::new();
    for (_, line) in doc.lines() {
        if line.starts_with("func ") || line.starts_with("type ") {
            break;
        }
        let Some(path) = line.split('"').nth(1).and_then(|path| path.strip_prefix(module)) else { continue };
        if path.is_empty() || path.starts_with('/') {
            found.push(path.trim_start_matches('/'));
        }
    }
    found
}

/// Generated code and mocks.
fn is_made_up(name: &str) -> bool {
    name.ends_with(".pb.go") || name.starts_with("mock") || name.ends_with("_mock.go")
}

/// Says what a library is, and what would make it runnable.
fn library(go_mod: &GoMod, root: &RelPath, sources: &[Doc<'_>]) -> Diagnostic {
    let module = &go_mod.module;
    let helper = programs(root, sources, |_| true).into_keys().next();
    let message = format!("the module `{}` is a library: there is nothing to run", module.value);
    Diagnostic::note(Code::NotBuilt, message).at(module.because.at.clone()).help(match helper {
        Some(helper) => format!("go.main = \"{helper}\" builds the program that helps with it"),
        None => {
            "a program needs `package main` with `func main()`, in the root or in a folder of cmd/".to_owned()
        }
    })
}

fn candidates(root: &RelPath, sources: &[Doc<'_>]) -> BTreeMap<String, Evidence> {
    programs(root, sources, |path| !is_helper(root, path))
}

/// The packages in wanted files that have a `main` function, with its line.
fn programs(
    root: &RelPath,
    sources: &[Doc<'_>],
    is_wanted: impl Fn(&RelPath) -> bool,
) -> BTreeMap<String, Evidence> {
    let mut found = BTreeMap::new();
    for doc in sources.iter().filter(|doc| is_program(doc) && is_wanted(doc.path)) {
        let Some(line) = doc.lines().find(|(_, line)| line.starts_with("func main()")) else { continue };
        let folder = doc.path.parent().and_then(|folder| folder.relative_to(root)).unwrap_or_default();
        let package = if folder.is_root() { ".".to_owned() } else { format!("./{}", folder.as_str()) };
        found.entry(package).or_insert_with(|| doc.cite(line.0, line.1));
    }
    found
}

/// Is it a file of a `package main`?
fn is_program(doc: &Doc<'_>) -> bool {
    let package = doc.lines().find_map(|(_, line)| line.strip_prefix("package "));
    package.is_some_and(|name| name.split_whitespace().next() == Some("main"))
}

fn is_helper(root: &RelPath, path: &RelPath) -> bool {
    let below = path.relative_to(root).unwrap_or_default();
    below.parent().unwrap_or_default().segments().any(|segment| HELPERS.contains(&segment))
}

/// How likely a program is the service: in the root, named like the module or like a server, listening itself.
fn likeliness(
    package: &str,
    all: &BTreeMap<String, Evidence>,
    go_mod: &GoMod,
    dir: &Dir<'_>,
    sources: &[Doc<'_>],
) -> u32 {
    let root = dir.path();
    let folder = root.join(package).unwrap_or_default();
    let own = sources.iter().copied().filter(|doc| doc.path.parent().as_ref() == Some(&folder));
    let own: Vec<Doc<'_>> = own.collect();
    let listening = listen::find(dir, &own, &[]);
    let listens = listening.port.is_some() || listening.variable.is_some() || listen::serves(&own).is_some();
    let name = folder.name();
    let mut rank = 0;
    if package == "." {
        rank += 100;
    }
    if package.starts_with("./cmd/") {
        rank += 5;
    }
    if name == go_mod.name() {
        rank += 30;
    }
    if SERVERS.contains(&name)
        || name.ends_with("-server")
        || name.ends_with("-api")
        || name.ends_with("server")
    {
        rank += 20;
    }
    // A daemon beside its client: `dockerd` and `docker`.
    let client = package.strip_suffix('d').filter(|client| all.contains_key(*client));
    if client.is_some() {
        rank += 60;
    }
    if listens {
        rank += 25;
    }
    rank
}
