//! # Rust
//!
//! Reads `Cargo.toml` of the package and its workspace, `Cargo.lock`, toolchain files and the Rust sources
//! near them. Decides the compiler, the program to build, C libraries for build and run, what is read at run
//! time, how the program stops. Leaves to the user: private registries' credentials, databases for tests.
//!
//! - <https://doc.rust-lang.org/cargo/reference/manifest.html>
//! - <https://doc.rust-lang.org/cargo/guide/cargo-home.html#caching-the-cargo-home-in-ci>: what a cache needs.

mod assets;
mod binary;
mod browser;
mod features;
mod lock;
mod manifest;
mod native;
mod plan;
mod stale;
#[cfg(test)]
mod tests;
mod toolchain;
mod web;
mod workspace;

use serde::Serialize;

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact};
use crate::key::{AnyKey, Key, Shape, text, texts};
use crate::plan::service::Service;
use crate::plan::stage::{GraphError, SystemPackage};
use crate::repo::dir::Doc;
use crate::repo::format::Tree;
use crate::repo::inventory::{Reads, SourceRead};
use crate::repo::path::RelPath;
use crate::stack::common::configuration;
use crate::stack::common::dotenv;
use crate::stack::common::front_end::{self, FrontEnd, Place};
use crate::stack::{Claim, Ships, Stack, Strength, Survey};

use lock::Crates;
use manifest::Manifest;
use native::{Native, Target};
use web::{Framework, Web};
use workspace::Workspace;

/// The stack.
pub(super) struct Rust;

static BIN: Key<String> =
    Key { name: "rust.bin", shape: Shape::Text, doc: "the program to build, by its name", parse: name };
static CACHE: Key<String> = Key {
    name: "rust.cache",
    shape: Shape::OneOf(&["mounts", "layers"]),
    doc: "mounts (the builder keeps what is compiled) or layers (the image cache does, by cargo-chef)",
    parse: cache,
};
static FEATURES: Key<keys::Globs> = Key {
    name: "rust.features",
    shape: Shape::Texts,
    doc: "features to turn on",
    parse: |value| texts(value).map(keys::Globs),
};
static TARGET: Key<String> = Key {
    name: "rust.target",
    shape: Shape::OneOf(&["gnu", "musl"]),
    doc: "gnu (dynamic, on distroless) or musl (static, on an empty image)",
    parse: target,
};
static VERSION: Key<String> = Key {
    name: "rust.version",
    shape: Shape::Text,
    doc: "the Rust line of the build stage, such as 1.90",
    parse: name,
};

/// What a package says about itself.
#[derive(Debug, Serialize)]
pub(super) struct Facts {
    /// The compiler.
    pub toolchain: toolchain::Toolchain,
    /// The workspace's folder from the context; `.` where they are the same.
    pub root_dir: String,
    /// A file of settings that it ends without.
    #[serde(skip)]
    pub settings_file: Option<Fact<String>>,
    /// The package's name.
    pub package: Fact<String>,
    /// Is the package one of several, so that it must be named?
    pub is_member: bool,
    /// The packages to test, where those are not all.
    #[serde(skip)]
    pub tested: Option<Vec<String>>,
    /// The program.
    pub bin: Fact<String>,
    /// Features, joined with commas.
    pub features: Option<Fact<String>>,
    /// The manifests and what else cargo reads first, from the context.
    pub manifests: Vec<String>,
    /// Files that must exist before cargo accepts the manifests, from the context.
    pub expected: Vec<String>,
    /// Is there a lock file?
    pub is_locked: bool,
    /// The folder of vendored crates, which makes a download unnecessary.
    pub vendor: Option<Fact<String>>,
    /// A setting that makes cargo build below `target/TRIPLE`.
    pub triple: Option<Fact<String>>,
    /// Does the profile strip symbols itself?
    pub is_stripping: bool,
    /// Variables of the build, with reasons.
    pub build_env: Vec<(String, Fact<String>)>,
    /// Does cargo fetch over SSH?
    pub uses_ssh: Option<Fact<String>>,
    /// A registry that asks for credentials.
    pub registry: Option<Fact<String>>,
    /// `gnu` or `musl`.
    pub target: Fact<String>,
    /// Where compiled crates are kept between builds.
    pub cache: Fact<Cache>,
    /// C code that is linked.
    #[serde(skip)]
    pub native: Native,
    /// The build context.
    #[serde(skip)]
    pub place: Place,
    /// The front end that is compiled into it.
    #[serde(skip)]
    pub embedded: Option<FrontEnd>,
    /// The front end that it serves from beside itself.
    #[serde(skip)]
    pub served: Option<FrontEnd>,
    /// Files and folders read at run time.
    pub files: Vec<assets::Asset>,
    /// The web framework.
    #[serde(skip)]
    pub framework: Option<Fact<&'static Framework>>,
    /// How it listens and stops.
    #[serde(skip)]
    pub web: Web,
}

/// Where compiled crates are kept between builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Cache {
    /// In mounts of the builder: the fastest edit, lost where builders are.
    Mounts,
    /// In a layer of their own, which a registry can keep.
    Layers,
}

impl std::fmt::Display for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Self::Mounts { "mounts" } else { "layers" })
    }
}

impl Stack for Rust {
    const ID: &'static str = "rust";
    const NAME: &'static str = "Rust";
    const LOOKS_FOR: &'static [&'static str] = &["Cargo.toml"];
    const SHIPS: Ships = Ships::Built;
    const KEYS: &'static [&'static dyn AnyKey] = &[&BIN, &CACHE, &FEATURES, &TARGET, &VERSION];
    type Facts = Facts;

    fn reads(&self) -> Reads {
        Reads {
            names: [
                &[
                    "Cargo.toml",
                    "Cargo.lock",
                    "rust-toolchain",
                    "rust-toolchain.toml",
                    "Rocket.toml",
                    "index.html",
                ],
                configuration::NAMES,
                configuration::EXAMPLES,
            ]
            .concat(),
            endings: Vec::new(),
            sources: vec![SourceRead { ending: ".rs", near: &["Cargo.toml"], most: 400 }],
        }
    }

    fn survey(&self, s: &Survey<'_>) -> Option<Claim<Facts>> {
        let package = s.parsed(Manifest::read(s.dir.clone())?.map_err(|bad| template(&s.dir, bad)))?;
        if let Some(tool) = browser::tool(&s.dir) {
            s.note(tool);
            return None;
        }
        if let Some((name, because)) = binary::is_library(&package) {
            note_library(s, &name.value, because);
            return None;
        }
        let workspace = Workspace::of(s, &package)?;
        let all = workspace.sources(s);
        let (chosen, bin) = binary::choose(s, &package, &all)?;
        let sources = binary::sources(&chosen, &package, &all);
        let crates = linked(s, &workspace, &package)?;
        let framework = web::framework(workspace.used_manifests(&package));
        let mut web = Web::of(&s.dir, &sources, framework.as_ref());
        let root = s.dir.inventory().dir(workspace.root.clone());
        let config = Config::read(s, &root)?;
        let static_triple = config.triple.clone().filter(|triple| triple.value.ends_with("-musl"));
        let target = s
            .choice(&TARGET)
            .or(static_triple.map(|triple| triple.map(|_| "musl".to_owned())))
            .or_default("gnu".to_owned(), "links like every other program");
        let mut native = native(s, &crates, &target);
        native.build.extend(config.packages);
        let files = assets::read_at_run_time(s, &workspace, framework.as_ref(), &sources, |name| {
            package.dependency(name).is_some()
        });
        if web.listening.port.is_none() {
            web.configured = web.configured.or_else(|| configured(s, &workspace.context, &files));
        }
        let from_context =
            |path: &RelPath| path.relative_to(&workspace.context).unwrap_or_default().to_string();
        let toolchain = toolchain::Toolchain::of(s, &root, &crates)?;
        let cache = cache_of(s, &workspace);
        let wanted = front_end::read_but_missing(s, sources.iter().copied());
        let front_end = front_end::find_near(s, &workspace.context, &wanted);
        let place = Place::of(&workspace.context, front_end.as_ref());
        let (embedded, served) = match front_end {
            Some(found) if assets::is_embedded(&found, s, &sources) => (Some(found), None),
            found => (None, found),
        };
        let facts = Facts {
            settings_file: settings_file(&workspace, &package, &sources),
            is_locked: stale::is_in_step(s, &workspace, &package),
            manifests: manifests(s, &workspace),
            expected: workspace.expected_files().iter().map(RelPath::to_string).collect(),
            root_dir: from_context(&workspace.root),
            is_member: workspace.has_several_packages(),
            features: features::choose(s, &package, &chosen, &sources),
            is_stripping: workspace.root_manifest(&package).at(&["profile", "release", "strip"]).is_some(),
            build_env: plan::build_env(s, &package, &crates, &sources, &root),
            uses_ssh: ssh(&package).or_else(|| workspace.shared.as_ref().and_then(ssh)),
            place,
            embedded,
            served,
            vendor: config.vendor,
            registry: config.registry,
            triple: config.triple,
            tested: workspace.tested(&package),
            package: package.name()?,
            toolchain,
            bin,
            target,
            cache,
            native,
            files,
            framework,
            web,
        };
        let because = facts.package.because.clone();
        let strength = if plan::is_server(&facts) { Strength::Entry } else { Strength::Manifest };
        Some(Claim { strength, because, facts })
    }

    fn plan(&self, facts: &Facts, s: &Survey<'_>) -> Result<Service, GraphError> {
        plan::service(facts, s)
    }
}

fn note_library(s: &Survey<'_>, name: &str, because: Evidence) {
    let message = format!("the crate `{name}` is a library: there is nothing to run");
    let help = "a program needs src/main.rs, a file in src/bin, or a [[bin]] table";
    s.note(Diagnostic::note(Code::NotBuilt, message).at(because.at).help(help));
}

/// The port in a configuration file that is copied beside the program.
fn configured(s: &Survey<'_>, context: &RelPath, files: &[assets::Asset]) -> Option<Fact<u16>> {
    configuration::port(&s.dir.inventory().dir(context.clone()), |below| {
        files.iter().any(|file| RelPath::new(&file.source).is_ok_and(|file| below.is_within(&file)))
    })
}

/// A file of settings that the program ends without.
fn settings_file(
    workspace: &Workspace<'_>,
    package: &Manifest<'_>,
    sources: &[Doc<'_>],
) -> Option<Fact<String>> {
    let mut manifests = workspace.used_manifests(package);
    let loads = |manifest: &Manifest<'_>| {
        ["dotenvy", "dotenv"].iter().any(|name| manifest.dependency(name).is_some())
    };
    if !manifests.any(loads) {
        return None;
    }
    dotenv::insists_on(sources.iter().copied(), dotenv::RUST)
}

/// The crates that are linked. Nothing at all when the lock file does not parse.
fn linked(s: &Survey<'_>, workspace: &Workspace<'_>, package: &Manifest<'_>) -> Option<Crates> {
    let path = lock::path(&workspace.root);
    if let Some(lock) = s.dir.inventory().toml(&path) {
        return Some(Crates::of(&s.parsed(lock)?, package));
    }
    s.note(
        Diagnostic::warning(Code::MissingLock, "there is no Cargo.lock: each build may take other versions")
            .at(package.name()?.because.at)
            .help("`cargo generate-lockfile` makes one; commit it"),
    );
    let mut crates = Crates::default();
    for manifest in workspace.used_manifests(package) {
        native::without_lock(manifest, &mut crates);
    }
    Some(crates)
}

/// What people say. cargo-chef knows nothing of folders outside the workspace.
fn cache_of(s: &Survey<'_>, workspace: &Workspace<'_>) -> Fact<Cache> {
    let wish = s.choice(&CACHE).decide().filter(|wish| wish.value == "layers");
    let is_whole = workspace.root == workspace.context;
    if let Some(wish) = wish.as_ref().filter(|_| !is_whole) {
        s.note(
            Diagnostic::warning(
                Code::BadSetting,
                "cargo-chef cannot cook a workspace that depends on folders outside of it: mounts are used",
            )
            .at(wish.because.at.clone()),
        );
    }
    match wish.filter(|_| is_whole) {
        Some(wish) => wish.map(|_| Cache::Layers),
        None => Fact::by_default(Cache::Mounts, "the fastest edit"),
    }
}

/// A manifest that does not parse because a template's placeholders were never filled in.
fn template(dir: &crate::repo::Dir<'_>, bad: Diagnostic) -> Diagnostic {
    let has_placeholders = dir.doc("Cargo.toml").is_some_and(|doc| doc.text.contains("{{"));
    if has_placeholders {
        bad.help("this is a template: generate a project from it with cargo generate")
    } else {
        bad
    }
}

/// C code for the wanted target. Where a library cannot be linked statically, that is said.
fn native(s: &Survey<'_>, crates: &Crates, target: &Fact<String>) -> Native {
    let target = if target.value == "musl" { Target::Musl } else { Target::Gnu };
    let native = Native::of(crates, target);
    if let Some(dynamic) = &native.only_dynamic {
        let message = format!("`{}` has no static library on Alpine", dynamic.value);
        s.note(
            Diagnostic::error(Code::SystemPackage, message)
                .at(dynamic.because.at.clone())
                .help("leave rust.target at gnu"),
        );
    }
    native
}

/// What cargo reads before anything else, from the context: manifests, lock file, configuration, toolchain.
fn manifests(s: &Survey<'_>, workspace: &Workspace<'_>) -> Vec<String> {
    let mut found = workspace.manifests();
    let beside =
        ["Cargo.lock", ".cargo/config.toml", ".cargo/config", "rust-toolchain.toml", "rust-toolchain"];
    for name in beside {
        let path = workspace.root.join(name).unwrap_or_default();
        if s.dir.inventory().has(&path) {
            found.extend(path.relative_to(&workspace.context).map(|path| path.to_string()));
        }
    }
    found
}

/// A dependency that cargo fetches over SSH.
fn ssh(manifest: &Manifest<'_>) -> Option<Fact<String>> {
    manifest.git_sources().into_iter().find(|git| git.value.starts_with("ssh:") || git.value.contains('@'))
}

/// What `.cargo/config.toml` changes about a build.
#[derive(Default)]
struct Config {
    vendor: Option<Fact<String>>,
    registry: Option<Fact<String>>,
    triple: Option<Fact<String>>,
    packages: Vec<Fact<SystemPackage>>,
}

impl Config {
    /// Reads the workspace's configuration. Nothing at all when it does not parse.
    fn read(s: &Survey<'_>, root: &crate::repo::Dir<'_>) -> Option<Self> {
        let Some(doc) = root.doc(".cargo/config.toml") else { return Some(Self::default()) };
        let toml = s.parsed(doc.toml())?;
        let first = |path: &[&str]| {
            let (name, value) = toml.tree.at(path)?.entries().next()?;
            Some(Fact::new(name.to_owned(), toml.cite(value, format!("{} {name}", path.join(".")))))
        };
        let sources = toml.tree.get("source").into_iter().flat_map(Tree::entries);
        let vendor = sources.into_iter().find_map(|(_, source)| {
            let folder = source.get("directory")?;
            Some(Fact::new(folder.as_text()?.to_owned(), toml.cite(folder, "vendored crates")))
        });
        let of_linux = toml
            .tree
            .get("target")
            .into_iter()
            .flat_map(Tree::entries)
            .filter(|(target, _)| target.contains("linux"))
            .flat_map(|(_, table)| ["linker", "rustflags"].into_iter().filter_map(|word| table.get(word)));
        let packages = of_linux
            .chain(toml.tree.at(&["build", "rustflags"]))
            .flat_map(|value| linkers(&toml, value))
            .collect();
        let triple = toml.text(&["build", "target"]);
        Some(Self { vendor, registry: first(&["registries"]), triple, packages })
    }
}

/// Linkers and what they come in. A build that names one fails without it.
const LINKERS: &[(&str, &str, &str)] =
    &[("clang", "clang", "1:1*"), ("lld", "lld", "1:1*"), ("mold", "mold", "2.*")];

/// The linkers that a setting names, as packages.
fn linkers(toml: &crate::repo::dir::Manifest<'_>, value: &Tree) -> Vec<Fact<SystemPackage>> {
    let words: Vec<&str> = value.as_text().into_iter().chain(value.texts()).collect();
    let is_named = |name: &str| words.iter().any(|word| word.contains(name));
    LINKERS
        .iter()
        .filter(|(name, ..)| is_named(name))
        .map(|(name, package, version)| {
            let value_of =
                SystemPackage { name: (*package).to_owned(), version: Some((*version).to_owned()) };
            Fact::new(value_of, toml.cite(value, format!("the build links with {name}")))
        })
        .collect()
}

fn name(value: &toml::Value) -> Result<String, String> {
    let name = text(value)?;
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.chars().all(legal) { Ok(name) } else { Err("expected a name".to_owned()) }
}

fn cache(value: &toml::Value) -> Result<String, String> {
    one_of(value, &["mounts", "layers"])
}

fn target(value: &toml::Value) -> Result<String, String> {
    one_of(value, &["gnu", "musl"])
}

fn one_of(value: &toml::Value, known: &[&str]) -> Result<String, String> {
    let word = text(value)?;
    if known.contains(&word.as_str()) { Ok(word) } else { Err(format!("expected {}", known.join(" or "))) }
}

/// Evidence that a crate is a dependency.
fn depends(package: &Manifest<'_>, name: &str) -> Option<Evidence> {
    package.dependency(name).map(|(_, because)| because)
}
