//! What building and running a Rust program takes: stages, image, port, command.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::plan::run::{Mount, Run, Sharing, quote};
use crate::plan::secret_file;
use crate::plan::service::{ExecForm, IgnoreGroup, Runtime, Service, ServiceKind, Toolchain};
use crate::plan::stage::{GraphError, Origin, Role, Stage, StageGraph, SystemPackage};
use crate::repo::dir::{Dir, Doc};
use crate::repo::path::RelPath;
use crate::stack::Survey;
use crate::stack::common::front_end::FrontEnd;
use crate::stack::common::manifests::{self, Copied};
use crate::stack::common::{configuration, port};
use crate::stack::rust::assets::Asset;
use crate::stack::rust::lock::Crates;
use crate::stack::rust::manifest::Manifest;
use crate::stack::rust::web::Address;
use crate::stack::rust::{Cache, Facts};

/// Where the sources stand while building, and the program's working directory: paths that were baked in
/// at compile time stay true.
const HOME: &str = "/app";

/// Up to so many manifests and placeholders are written out; beyond, a stage of its own collects them.
const WRITTEN_OUT: usize = 8;

/// The stages, the image and the command.
pub(super) fn service(facts: &Facts, s: &Survey<'_>) -> Result<Service, GraphError> {
    let image = image(facts, s);
    let known = s.catalog.image_like(&image.value).unwrap_or_else(|| s.catalog.image("distroless-cc"));
    let port = is_server(facts).then(|| port(facts, s));
    let stop = Stop::of(facts);
    let path = if is_bare(&image) && facts.files.is_empty() && facts.served.is_none() {
        format!("/{}", facts.bin.value)
    } else {
        format!("/usr/local/bin/{}", facts.bin.value)
    };
    let command = command(facts, s, &stop, &path);
    let runtime = Runtime {
        labels: BTreeMap::new(),
        user: Fact::by_default(known.user.clone(), "the image's own numeric user"),
        workdir: facts
            .files
            .first()
            .map(|file| &file.because)
            .or(facts.served.as_ref().map(|found| &found.wanted.because))
            .or(facts.settings_file.as_ref().map(|file| &file.because))
            .map(|because| Fact::new(HOME.to_owned(), because.clone())),
        env: environment(facts, port.as_ref()),
        health: port
            .as_ref()
            .and_then(|port| known.health(port.value, "/").map(|health| port.derive(health))),
        port,
        entrypoint: Some(command.entrypoint),
        command: command.arguments,
        stop_signal: match &stop {
            Stop::Interrupt(because) => Some(because.derive("SIGINT".to_owned())),
            _ => None,
        },
        settings_file: facts.settings_file.clone(),
    };
    Ok(Service {
        platforms: Vec::new(),
        front_end: facts.embedded.as_ref().or(facts.served.as_ref()).map(FrontEnd::folder),
        beside: Vec::new(),
        remarks: Vec::new(),
        name: s.service_name(&facts.package.value),
        dir: s.dir.path().clone(),
        context: facts.place.context.clone(),
        stack: Fact::new("rust".to_owned(), facts.package.because.clone()),
        framework: facts.framework.as_ref().map(|framework| framework.derive(framework.value.to_string())),
        toolchains: vec![
            facts.toolchain.version.clone().map(|version| Toolchain { name: "Rust".to_owned(), version }),
        ],
        package_manager: None,
        kind: kind(facts),
        stages: stages(facts, s, image.clone(), &stop)?,
        runtime,
        dockerfile: None,
        ignore_file: Service::usual_ignore_file(s.dir.path()),
        ignore: facts.place.ignore(vec![IgnoreGroup::new("build output", &["**/target", "**/*.rs.bk"])]),
        tool: serde_json::to_value(View::of(facts, s, &image, &stop, path))
            .expect("facts are plain values with text keys"),
    })
}

fn stages(facts: &Facts, s: &Survey<'_>, image: Fact<String>, stop: &Stop) -> Result<StageGraph, GraphError> {
    let from = |builder: &str| {
        facts.toolchain.version.clone().map(|line| Origin::Image(s.catalog.image(builder).at(&line)))
    };
    let builder = if facts.is_musl() { "rust-alpine" } else { facts.toolchain.image() };
    let mut stages = Vec::new();
    let mut deps = Stage::new("deps", Role::Deps, from(builder), "rust/deps.tera");
    if facts.is_layered() {
        let mut chef =
            Stage::new("chef", Role::Base, from(&builder.replace("rust-", "chef-")), "rust/chef.tera");
        chef.packages = build_packages(facts, stop);
        stages.extend([chef, Stage::on("planner", Role::Base, "chef", "rust/planner.tera")]);
        deps = Stage::on("deps", Role::Deps, "chef", "rust/cook.tera").taking(&["planner"]);
    } else {
        deps.packages = build_packages(facts, stop);
        if facts.is_large() {
            stages.push(Stage::new("manifests", Role::Base, from(builder), "rust/manifests.tera"));
            deps = deps.taking(&["manifests"]);
        }
    }
    let compiling: &[&str] = if facts.embedded.is_some() { &["assets"] } else { &[] };
    let running: &[&str] = if facts.served.is_some() { &["build", "assets"] } else { &["build"] };
    let mut runtime =
        Stage::new("runtime", Role::Runtime, image.map(Origin::Image), "rust/runtime.tera").taking(running);
    runtime.packages.clone_from(&facts.native.runtime);
    let front_end = facts.embedded.as_ref().or(facts.served.as_ref());
    stages.extend(front_end.map(|found| found.assets.stage.clone()));
    stages.extend([
        deps,
        Stage::on("build", Role::Build, "deps", "rust/build.tera").taking(compiling),
        Stage::on("test", Role::Test, "deps", "rust/test.tera").taking(compiling),
        runtime,
    ]);
    StageGraph::new(stages)
}

impl Facts {
    /// Linked statically against musl?
    pub(super) fn is_musl(&self) -> bool {
        self.target.value == "musl"
    }

    /// Are compiled crates kept in a layer?
    fn is_layered(&self) -> bool {
        self.cache.value == Cache::Layers
    }

    fn is_large(&self) -> bool {
        self.vendor.is_none() && (self.expected.len() > WRITTEN_OUT || self.manifests.len() > WRITTEN_OUT + 2)
    }

    /// The workspace's folder while building.
    fn home(&self) -> String {
        if self.root_dir == "." { HOME.to_owned() } else { format!("{HOME}/{}", self.root_dir) }
    }

    /// A path from the context as seen from the workspace's folder.
    fn seen_from_home(&self, path: &str) -> String {
        match path.strip_prefix(&format!("{}/", self.root_dir)) {
            Some(below) => below.to_owned(),
            None if self.root_dir == "." => path.to_owned(),
            None => format!("{HOME}/{path}"),
        }
    }
}

/// How the program comes to stop on SIGTERM. The kernel gives process 1 no default action for it.
enum Stop {
    /// It does so itself.
    Handled,
    /// It handles the signal of a terminal, so that one is sent.
    Interrupt(Fact<String>),
    /// An init passes the signal on to a child, for which the default action counts.
    Init,
}

impl Stop {
    fn of(facts: &Facts) -> Self {
        let stops = facts.framework.as_ref().is_some_and(|framework| framework.value.stops);
        if stops || facts.web.terminates.is_some() {
            return Self::Handled;
        }
        facts.web.interrupts.clone().map_or(Self::Init, Self::Interrupt)
    }

    /// The program of the build stage that is copied as an init.
    fn init(&self, facts: &Facts) -> Option<&'static str> {
        let path = if facts.is_musl() { "/sbin/tini-static" } else { "/usr/bin/tini-static" };
        matches!(self, Self::Init).then_some(path)
    }
}

fn build_packages(facts: &Facts, stop: &Stop) -> Vec<Fact<SystemPackage>> {
    let package = |name: &str, version: &str, why: &str| {
        let value = SystemPackage { name: name.to_owned(), version: Some(version.to_owned()) };
        Fact::by_default(value, why)
    };
    let mut packages = facts.native.build.clone();
    if facts.is_musl() {
        packages.insert(0, package("musl-dev", "1", "the C library to link with"));
    }
    if stop.init(facts).is_some() {
        let name = if facts.is_musl() { "tini-static" } else { "tini" };
        let version = if facts.is_musl() { "0.19" } else { "0.19.*" };
        packages.push(package(name, version, "nothing in the program handles SIGTERM"));
    }
    packages
}

/// What the templates see: the facts, and the commands that follow from them.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "templates compare nothing, so each condition is a name")]
struct View<'f> {
    #[serde(flatten)]
    facts: &'f Facts,
    /// Where the program lies in the image.
    path: String,
    /// Has the image no CA bundle of its own?
    needs_certificates: bool,
    /// Is the image empty but for what is copied?
    is_bare: bool,
    /// The workspace's folder, where it is not the context's root.
    nested: Option<String>,
    /// The init's path in the build stage.
    init: Option<&'static str>,
    /// Are the manifests many?
    is_large: bool,
    /// The sources, in the build context.
    whole: String,
    /// The manifests by folder.
    copies: Vec<Copied>,
    /// Files read at run time.
    reads: Vec<FileView>,
    /// A front end that is compiled in, or lies beside the program.
    embedded: Option<FileView>,
    served: Option<FileView>,
    fetch: Option<Run>,
    cook: Run,
    is_layered: bool,
    build: Run,
    test: Run,
}

impl<'f> View<'f> {
    fn of(facts: &'f Facts, s: &Survey<'_>, image: &Fact<String>, stop: &Stop, path: String) -> Self {
        Self {
            path,
            is_bare: is_bare(image),
            needs_certificates: is_bare(image) || image.value == s.catalog.image("debian").at(""),
            nested: (facts.root_dir != ".").then(|| facts.home()),
            init: stop.init(facts),
            is_large: facts.is_large(),
            copies: manifests::in_folder(manifests::by_folder(&facts.manifests), &facts.place.folder),
            whole: facts.place.whole(),
            reads: facts.files.iter().map(|file| FileView::of(file, facts)).collect(),
            embedded: facts.embedded.as_ref().map(|found| FileView::of_front_end(found, &facts.place.base())),
            served: facts.served.as_ref().map(|found| FileView::of_front_end(found, s.dir.path())),
            fetch: facts.vendor.is_none().then(|| fetch(facts)),
            cook: cook(facts),
            is_layered: facts.is_layered(),
            build: build(facts, s),
            test: test(facts),
            facts,
        }
    }
}

/// Something the program reads at run time.
#[derive(Serialize)]
struct FileView {
    source: String,
    target: String,
    because: String,
}

impl FileView {
    /// The files of a front end, from their stage; the folder `base` of the repository is `/app`.
    fn of_front_end(found: &FrontEnd, base: &RelPath) -> Self {
        Self {
            source: found.assets.path.clone(),
            target: found.place(base, HOME),
            because: found.wanted.because.to_string(),
        }
    }

    fn of(asset: &Asset, facts: &Facts) -> Self {
        let Asset { source, target, because } = asset;
        Self {
            source: facts.place.source(source),
            target: format!("./{target}"),
            because: because.to_string(),
        }
    }
}

/// What every run of cargo shares: downloaded crates, and credentials where a registry asks for them.
fn with_crates(facts: &Facts, mut run: Run) -> Run {
    if facts.vendor.is_none() && !facts.is_layered() {
        run = run.cache("/usr/local/cargo/registry").cache("/usr/local/cargo/git/db");
    }
    if facts.registry.is_some() {
        run = run.secret(secret_file::CARGO.id, "/usr/local/cargo/credentials.toml");
    }
    if facts.uses_ssh.is_some() {
        run.mounts.push(Mount::Ssh);
    }
    run
}

/// The compiler's output. Its id has the package's name, because cargo compares names, paths and times: two
/// projects in one folder of one builder would take each other's programs for their own.
fn with_target(facts: &Facts, mut run: Run) -> Run {
    if facts.is_layered() {
        return run;
    }
    run.mounts.push(Mount::Cache {
        id: Some(format!("{}-target", facts.package.value)),
        target: format!("{}/target", facts.home()),
        sharing: Sharing::Locked,
    });
    run
}

fn fetch(facts: &Facts) -> Run {
    let expected: Vec<String> = facts.expected.iter().map(|path| facts.seen_from_home(path)).collect();
    let command = format!("cargo fetch{}", locked(facts));
    if facts.is_large() || expected.is_empty() {
        return with_crates(facts, Run::new(command));
    }
    let mut folders: Vec<String> =
        expected.iter().filter_map(|path| path.rsplit_once('/').map(|(folder, _)| quote(folder))).collect();
    folders.sort();
    folders.dedup();
    let files: Vec<String> = expected.iter().map(|path| quote(path)).collect();
    let touch = Run::new(format!("touch {}", files.join(" ")));
    let mut run = if folders.is_empty() {
        touch
    } else {
        Run::new(format!("mkdir -p {}", folders.join(" "))).then(touch.commands[0].clone())
    };
    run = run.then(command);
    with_crates(facts, run)
}

/// Compiles the crates from the recipe, as the program will be compiled: other flags would compile them again.
/// <https://github.com/LukeMathWalker/cargo-chef#how-to-use>
fn cook(facts: &Facts) -> Run {
    let variables = release_variables(facts);
    let command = format!(
        "{variables}cargo chef cook --release{}{}{} --bin {} --recipe-path recipe.json",
        locked(facts),
        member(facts),
        features(facts),
        quote(&facts.bin.value)
    );
    with_crates(facts, Run::new(command))
}

fn build(facts: &Facts, s: &Survey<'_>) -> Run {
    let triple = facts.triple.as_ref().map(|triple| format!("{}/", triple.value)).unwrap_or_default();
    let made = format!("target/{triple}release/{}", facts.bin.value);
    let variables = release_variables(facts);
    let command = match s.choice(&keys::BUILD_COMMAND).decide() {
        Some(wish) => wish.value,
        None => format!(
            "{variables}cargo build --release{}{}{} --bin {}",
            locked(facts),
            member(facts),
            features(facts),
            quote(&facts.bin.value)
        ),
    };
    let run = compiling(facts, command).then(format!(
        "install -D {} {}",
        quote(&made),
        quote(&format!("/out/{}", facts.bin.value))
    ));
    with_target(facts, with_crates(facts, run))
}

fn test(facts: &Facts) -> Run {
    let variables = variables(facts);
    let packages = match &facts.tested {
        Some(names) => {
            format!(" -p {}", names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(" -p "))
        }
        None if facts.is_member => " --workspace".to_owned(),
        None => String::new(),
    };
    let command = format!("{variables}cargo test{}{packages}{}", locked(facts), features(facts));
    with_target(facts, with_crates(facts, compiling(facts, command)))
}

/// A command of cargo on sources that are newer than what the cache holds. cargo compares times, and the engine may
/// take a layer of sources that it made earlier, with their times of then: what was compiled from other sources in
/// between would be taken for theirs. The crates of others are compared by their versions.
fn compiling(facts: &Facts, command: String) -> Run {
    if facts.is_layered() {
        return Run::new(command);
    }
    let (from, home) = if facts.root_dir == "." { (".", ".".to_owned()) } else { (HOME, facts.home()) };
    let vendor =
        facts.vendor.as_ref().map(|folder| folder.value.trim_start_matches("./").trim_end_matches('/'));
    let others: Vec<String> = std::iter::once("target")
        .chain(vendor)
        .map(|folder| format!(" ! -path {}", quote(&format!("{home}/{folder}/*"))))
        .collect();
    Run::new(format!("find {from} -name '*.rs'{} -exec touch {{}} +", others.concat())).then(command)
}

/// Variables before a command.
fn variables(facts: &Facts) -> String {
    let own = facts.build_env.iter().map(|(name, value)| format!("{name}={} ", quote(&value.value)));
    own.collect()
}

/// The same for a release, which keeps no symbols unless the manifest says what it keeps.
fn release_variables(facts: &Facts) -> String {
    let strip = if facts.is_stripping { "" } else { "CARGO_PROFILE_RELEASE_STRIP=symbols " };
    variables(facts) + strip
}

fn locked(facts: &Facts) -> &'static str {
    if facts.is_locked { " --locked" } else { "" }
}

fn member(facts: &Facts) -> String {
    if facts.is_member { format!(" -p {}", quote(&facts.package.value)) } else { String::new() }
}

fn features(facts: &Facts) -> String {
    facts.features.as_ref().map(|names| format!(" --features {}", quote(&names.value))).unwrap_or_default()
}

/// The smallest image that carries the program.
fn image(facts: &Facts, s: &Survey<'_>) -> Fact<String> {
    let image = |id: &str| s.catalog.image(id).at("");
    let linked = facts.native.runtime.first().map(|package| {
        let because = package.because.clone();
        Fact::new(image("debian"), because)
    });
    let empty = facts.is_musl().then(|| facts.target.derive(image("scratch")));
    s.choice(&keys::IMAGE)
        .or(empty)
        .or(linked)
        .or_default(image("distroless-cc"), "a program needs the C library and nothing else")
}

fn is_bare(image: &Fact<String>) -> bool {
    image.value == "scratch"
}

/// Does the program serve?
pub(super) fn is_server(facts: &Facts) -> bool {
    let listening = &facts.web.listening;
    let names_port = listening.port.is_some() || listening.variable.is_some();
    facts.framework.is_some() || (facts.web.listens && names_port)
}

fn kind(facts: &Facts) -> Fact<ServiceKind> {
    if !is_server(facts) {
        return facts.bin.derive(ServiceKind::Program);
    }
    let listening = &facts.web.listening;
    let says = facts.framework.as_ref().map(|framework| framework.because.clone());
    let says = says.or_else(|| listening.port.as_ref().map(|port| port.because.clone()));
    Fact::new(ServiceKind::Server, says.unwrap_or_else(|| facts.bin.because.clone()))
}

fn port(facts: &Facts, s: &Survey<'_>) -> Fact<u16> {
    let listening = &facts.web.listening;
    let framework = facts.framework.as_ref();
    let usual =
        framework.and_then(|framework| Some(Fact::new(framework.value.port?, framework.because.clone())));
    let example = listening.variable.as_ref().filter(|_| listening.port.is_none());
    let example = example.and_then(|variable| configuration::shown(&s.dir, &variable.value));
    let choice = s
        .choice(&keys::PORT)
        .or(facts.web.configured.clone())
        .or(listening.port.clone())
        .or(example.map(|shown| shown.map(|shown| shown.port)))
        .or(usual.filter(|_| listening.port.is_none()));
    let choice = if listening.variable.is_some() { choice } else { port::or_ask(choice, 8080, s) };
    let is_moved = facts.web.address.is_some() || framework.is_some_and(|known| !known.value.env.is_empty());
    if let Some(host) = listening.loopback.as_ref().filter(|_| !is_moved) {
        port::note_loopback(host, "listen on 0.0.0.0, or take the address from the environment", s);
    }
    choice.or_default(8080, "usual for Rust servers")
}

fn environment(facts: &Facts, port: Option<&Fact<u16>>) -> BTreeMap<String, Fact<String>> {
    let mut env = BTreeMap::new();
    if let (Some(port), Some(variable)) = (port, &facts.web.listening.variable) {
        env.insert(variable.value.clone(), variable.derive(port.value.to_string()));
    }
    if let Some(framework) = &facts.framework {
        for (name, value) in framework.value.env {
            env.insert((*name).to_owned(), framework.derive((*value).to_owned()));
        }
    }
    if let Some(address) = &facts.web.address
        && let Address::Variable(name, value) = &address.value
    {
        env.insert(name.clone(), address.derive(value.clone()));
    }
    env
}

struct Command {
    entrypoint: Fact<ExecForm>,
    arguments: Option<Fact<ExecForm>>,
}

fn command(facts: &Facts, s: &Survey<'_>, stop: &Stop, path: &str) -> Command {
    let wish = s.choice(&keys::COMMAND).decide();
    let program = wish.clone().unwrap_or_else(|| facts.bin.derive(ExecForm::new(path, [] as [&str; 0])));
    let entrypoint = match stop {
        Stop::Init => {
            let words = ["--".to_owned()].into_iter().chain(program.value.words().iter().cloned());
            program.derive(ExecForm::new("/tini", words))
        }
        _ => program,
    };
    let subcommand = facts.framework.as_ref().and_then(|framework| {
        Some(framework.derive(ExecForm::new(framework.value.subcommand?, [] as [&str; 0])))
    });
    let flag = facts.web.address.as_ref().and_then(|address| match &address.value {
        Address::Flag(name, value) => Some(address.derive(ExecForm::new(name, [value.as_str()]))),
        Address::Variable(..) => None,
    });
    Command { entrypoint, arguments: subcommand.or(flag).filter(|_| wish.is_none() && is_server(facts)) }
}

/// Variables without which the build fails in a container, with their reasons.
pub(super) fn build_env(
    s: &Survey<'_>,
    package: &Manifest<'_>,
    crates: &Crates,
    sources: &[Doc<'_>],
    root: &Dir<'_>,
) -> Vec<(String, Fact<String>)> {
    const QUERIES: &[&str] = &["query!(", "query_as!(", "query_scalar!("];
    let mut env = Vec::new();
    // https://docs.rs/sqlx/latest/sqlx/macro.query.html#offline-mode
    let prepared = [&s.dir, root].into_iter().find_map(|dir| {
        let is_there = dir.has_dir(".sqlx") || dir.has("sqlx-data.json");
        is_there.then(|| dir.evidence(".sqlx", "prepared queries"))
    });
    let queries = sources.iter().find_map(|doc| {
        doc.find(|line| {
            QUERIES.iter().any(|query| line.contains(query)).then(|| "checked queries".to_owned())
        })
    });
    match (prepared, queries.filter(|_| super::depends(package, "sqlx").is_some())) {
        (Some(because), _) => env.push(("SQLX_OFFLINE".to_owned(), Fact::new("true".to_owned(), because))),
        (None, Some(query)) => s.note(
            Diagnostic::warning(
                Code::IgnoredSource,
                "sqlx checks its queries against a database while compiling",
            )
            .at(query.because.at)
            .help("run `cargo sqlx prepare` and commit `.sqlx`"),
        ),
        (None, None) => {}
    }
    // https://docs.rs/vergen/latest/vergen/#environment-variables: there is no .git in the build.
    for name in ["vergen", "vergen-git2", "vergen-gitcl", "vergen-gix"] {
        if let Some(known) =
            crates.get(name).filter(|_| env.iter().all(|(known, _)| known != "VERGEN_IDEMPOTENT"))
        {
            env.push(("VERGEN_IDEMPOTENT".to_owned(), known.derive("true".to_owned())));
        }
    }
    env
}
