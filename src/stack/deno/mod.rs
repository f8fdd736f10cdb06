//! # Deno
//!
//! Reads `deno.json`, `deno.lock` and the sources beside them. Decides the release, the module that is started with its
//! permissions, whether something is built first, the port. Leaves to the user: permissions that only a run shows.
//! A folder with a `package.json` is Node.js's unless a `deno.lock` says that Deno installs.
//!
//! - <https://docs.deno.com/runtime/fundamentals/configuration/>
//! - <https://github.com/denoland/deno_docker>: an image for each release, `distroless-` with an init of its own.

mod plan;
mod start;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::key::{AnyKey, Key, Shape, text};
use crate::plan::service::Service;
use crate::plan::stage::GraphError;
use crate::repo::dir::{Dir, Doc, Manifest};
use crate::repo::inventory::{Reads, SourceRead};
use crate::stack::common::listen::{self, Listening, Tells, Way};
use crate::stack::common::port::port_variable;
use crate::stack::common::tools;
use crate::stack::{Claim, Ships, Stack, Strength, Survey};

use start::Start;

/// The stack.
pub(super) struct Deno;

static MAIN: Key<String> = Key {
    name: "deno.main",
    shape: Shape::Text,
    doc: "the module that is started, from the service's folder",
    parse: text,
};
static VERSION: Key<String> =
    Key { name: "deno.version", shape: Shape::Text, doc: "the release of Deno, such as 2.9.3", parse: text };

const CONFIGS: &[&str] = &["deno.json", "deno.jsonc"];

/// How the names of sources end.
const ENDINGS: [&str; 4] = [".ts", ".tsx", ".js", ".mjs"];

/// What a project says about itself.
#[derive(Debug, Serialize)]
pub(super) struct Facts {
    /// Its name, without the scope.
    pub name: String,
    /// The release.
    pub version: Fact<String>,
    /// What is started, and how.
    pub start: Fact<Start>,
    /// What is read before the sources: configurations and the lock, also of workspace members.
    pub manifests: Vec<String>,
    /// Is there a lock file?
    pub is_locked: bool,
    /// The task that makes what is started.
    pub build: Option<Fact<String>>,
    /// How the tests are run, where there are some.
    pub test: Option<Fact<String>>,
    /// The task that watches.
    #[serde(skip)]
    pub dev: Option<Fact<String>>,
    /// How it listens.
    #[serde(skip)]
    pub listening: Listening,
    /// A line that serves.
    #[serde(skip)]
    pub serves: Option<Fact<String>>,
}

/// Ways to listen, most certain first. Sources: the documentation of `Deno.serve` and of oak.
const LISTENS: &[Way] = &[
    Way {
        pattern: concat!(
            r#"Deno\.env\.get\(\s*["'](?P<variable>"#,
            port_variable!(),
            r#")["']\s*\)[^;\n]*?(?:\|\||\?\?)\s*["'`]?(\d{2,5})\b"#
        ),
        tells: Tells::PortWithVariable,
    },
    Way { pattern: r"\bserve\([^;]*?\bport\s*:\s*(\d{2,5})\b", tells: Tells::Port },
    Way { pattern: r"\.listen\([^;]*?\bport\s*:\s*(\d{2,5})\b", tells: Tells::Port },
    Way { pattern: r"\.listen\(\s*(\d{2,5})\b", tells: Tells::Port },
    Way {
        pattern: concat!(r#"Deno\.env\.get\(\s*["'](?P<variable>"#, port_variable!(), r#")["']()"#),
        tells: Tells::PortWithVariable,
    },
    Way { pattern: r#"hostname\s*:\s*["'](?P<host>localhost|127\.0\.0\.1)["']()"#, tells: Tells::Port },
    Way { pattern: r"\b(?:const|let)\s+\w*(?i:port)(?:\s*:\s*\w+)?\s*=\s*(\d{4,5})\b", tells: Tells::Port },
];

/// Calls that only a server makes, and imports of Fresh, whose program makes none of its own.
const SERVES: &[&str] = &["Deno.serve(", ".listen(", " serve(", "\"$fresh/server.ts\"", "from \"fresh\""];

impl Stack for Deno {
    const ID: &'static str = "deno";
    const NAME: &'static str = "Deno";
    const LOOKS_FOR: &'static [&'static str] = CONFIGS;
    const SHIPS: Ships = Ships::Sources;
    const KEYS: &'static [&'static dyn AnyKey] = &[&MAIN, &VERSION];
    type Facts = Facts;

    fn reads(&self) -> Reads {
        let source = |ending| SourceRead { ending, near: CONFIGS, most: 200 };
        Reads {
            names: tools::NAMES.into_iter().chain([".dvmrc"]).collect(),
            endings: Vec::new(),
            sources: ENDINGS.map(source).to_vec(),
        }
    }

    fn survey(&self, s: &Survey<'_>) -> Option<Claim<Facts>> {
        let name = s.dir.first_of(CONFIGS.iter().copied())?;
        let config = s.parsed(s.doc(name)?.jsonc())?;
        let build = task(&config, "build").map(|line| line.derive("build".to_owned()));
        let start = Start::decide(s, &config)?;
        let docs = sources(&s.dir);
        let listening = listen::find(docs.iter().copied(), LISTENS, "//");
        let because = start.because.clone();
        if !s.dir.has("deno.lock") {
            let message = "no deno.lock: two builds of one commit can differ";
            let finding =
                Diagnostic::warning(Code::MissingLock, message).at(config.cite(&config.tree, name).at);
            s.note(finding.help("`deno install` writes one; commit it"));
        }
        let is_node = s.dir.has("package.json") && !s.dir.has("deno.lock");
        let name = config.text(&["name"]).and_then(|name| Some(name.value.rsplit('/').next()?.to_owned()));
        let facts = Facts {
            name: name.unwrap_or_else(|| "app".to_owned()),
            version: version(s),
            manifests: manifests(&s.dir, &config),
            is_locked: s.dir.has("deno.lock"),
            build,
            test: test(&s.dir, &config),
            dev: task(&config, "dev").map(|line| line.derive("dev".to_owned())),
            serves: listen::serves(&docs, SERVES, "//"),
            listening,
            start,
        };
        Some(Claim { strength: if is_node { Strength::LooseFiles } else { Strength::Entry }, because, facts })
    }

    fn plan(&self, facts: &Facts, s: &Survey<'_>) -> Result<Service, GraphError> {
        plan::service(facts, s)
    }
}

/// A task's command line. Newer configurations give it a description beside it.
fn task(config: &Manifest<'_>, name: &str) -> Option<Fact<String>> {
    config.text(&["tasks", name]).or_else(|| config.text(&["tasks", name, "command"]))
}

/// What a person said, a version file, or the newest release that is known.
fn version(s: &Survey<'_>) -> Fact<String> {
    let is_release = |text: &str| text.split('.').filter(|part| part.parse::<u32>().is_ok()).count() == 3;
    let clean = |text: &str| text.trim().trim_start_matches('v').to_owned();
    let of_dvm = || s.dir.doc(".dvmrc")?.find(|line| Some(clean(line)).filter(|text| is_release(text)));
    let managed = || {
        let said = tools::pinned(s, &s.dir, &["deno"])?;
        Some(said.derive(clean(&said.value))).filter(|release| is_release(&release.value))
    };
    let newest = s.catalog.toolchain("deno").default.clone();
    s.choice(&VERSION).or_else(of_dvm).or_else(managed).or_default(newest, "default for Deno")
}

/// The sources that may run, the nearest first.
fn sources<'a>(dir: &Dir<'a>) -> Vec<Doc<'a>> {
    let is_source = |name: &str| ENDINGS.iter().any(|ending| name.ends_with(ending)) && !is_test(name);
    let mut docs: Vec<Doc<'_>> = dir.docs().filter(|doc| is_source(doc.path.name())).collect();
    docs.sort_by_key(|doc| doc.path.depth());
    docs
}

/// <https://docs.deno.com/runtime/reference/cli/test/>: which files are tests.
fn is_test(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem == "test" || stem.ends_with("_test") || stem.ends_with(".test")
}

fn test(dir: &Dir<'_>, config: &Manifest<'_>) -> Option<Fact<String>> {
    task(config, "test").map(|line| line.derive("deno task test".to_owned())).or_else(|| {
        let (path, _) = dir.files().find(|(path, _)| is_test(path.rsplit('/').next().unwrap_or(path)))?;
        Some(Fact::new("deno test --allow-all".to_owned(), dir.evidence(path, "a test")))
    })
}

/// Everything that `deno install` reads, the lock last.
fn manifests(dir: &Dir<'_>, config: &Manifest<'_>) -> Vec<String> {
    let is_manifest = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        CONFIGS.contains(&name) || matches!(name, "package.json" | ".npmrc")
    };
    let names = dir.files().map(|(path, _)| path).filter(|path| is_manifest(path)).map(str::to_owned);
    let map = config.text(&["importMap"]).map(|path| path.value.trim_start_matches("./").to_owned());
    names
        .chain(map.filter(|path| dir.has(path)))
        .chain(dir.has("deno.lock").then(|| "deno.lock".to_owned()))
        .collect()
}
