//! What building and running a Deno program takes: stages, image, port, command.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::keys;
use crate::fact::Fact;
use crate::plan::run::{Run, quote};
use crate::plan::service::{ExecForm, IgnoreGroup, Runtime, Service, ServiceKind, Toolchain};
use crate::plan::stage::{GraphError, Origin, Role, Stage, StageGraph};
use crate::stack::Survey;
use crate::stack::common::manifests::{self, Copied};
use crate::stack::common::port;
use crate::stack::deno::Facts;

/// Where `Deno.serve` listens when it is told nothing:
/// <https://docs.deno.com/api/deno/~/Deno.ServeTcpOptions.port>
const USUAL_PORT: u16 = 8000;

/// Deno's folder of downloaded modules, as its images set it.
const MODULES: &str = "/deno-dir";

/// The stages, the image and the command.
pub(super) fn service(facts: &Facts, s: &Survey<'_>) -> Result<Service, GraphError> {
    let line = &facts.version.value;
    let image = s.choice(&keys::IMAGE).or_default(
        s.catalog.image("deno-distroless").at(line),
        "Deno, the C library and an init, nothing else",
    );
    let known = s.catalog.image_like(&image.value).unwrap_or_else(|| s.catalog.image("deno-distroless"));
    let kind = kind(facts);
    let port = (kind.value == ServiceKind::Server).then(|| port(facts, s));
    let view = View::of(facts);
    let stages = stages(facts, image, s)?;

    let mut env: BTreeMap<String, Fact<String>> = facts
        .start
        .value
        .env
        .iter()
        .map(|(name, value)| (name.clone(), facts.start.derive(value.clone())))
        .collect();
    if let (Some(port), Some(variable)) = (&port, &facts.listening.variable) {
        env.insert(variable.value.clone(), variable.derive(port.value.to_string()));
    }
    let command = ExecForm::from_words(facts.start.value.words()).map(|words| facts.start.derive(words));
    let (entrypoint, command) = match s.choice(&keys::COMMAND).decide() {
        None => (None, command),
        // The words that are started anyway are for the image's own program.
        Some(wish) if command.as_ref().is_some_and(|planned| planned.value == wish.value) => {
            (None, Some(wish))
        }
        Some(wish) => (Some(wish), None),
    };
    let runtime = Runtime {
        labels: BTreeMap::new(),
        user: Fact::by_default(known.user.clone(), "the image's own numeric user"),
        workdir: Some(facts.start.derive("/app".to_owned())),
        env,
        health: port
            .as_ref()
            .and_then(|port| known.health(port.value, "/").map(|health| port.derive(health))),
        port,
        command,
        entrypoint,
        stop_signal: None,
        settings_file: None,
    };
    Ok(Service {
        platforms: Vec::new(),
        front_end: None,
        beside: Vec::new(),
        remarks: Vec::new(),
        name: s.service_name(&facts.name),
        dockerfile: None,
        ignore_file: Service::usual_ignore_file(s.dir.path()),
        dir: s.dir.path().clone(),
        context: s.dir.path().clone(),
        stack: facts.start.derive("deno".to_owned()),
        framework: None,
        toolchains: vec![facts.version.clone().map(|version| Toolchain { name: "Deno".to_owned(), version })],
        package_manager: None,
        kind,
        stages,
        runtime,
        ignore: vec![IgnoreGroup::new(
            "what is installed and built",
            &["**/node_modules", "_fresh", "dist", "coverage", ".deno"],
        )],
        tool: serde_json::to_value(view).expect("facts are plain values with text keys"),
    })
}

fn stages(facts: &Facts, image: Fact<String>, s: &Survey<'_>) -> Result<StageGraph, GraphError> {
    let from = facts.version.clone().map(|line| Origin::Image(s.catalog.image("deno-full").at(&line)));
    let deps = Stage::new("deps", Role::Deps, from, "deno/deps.tera");
    let build = Stage::on("build", Role::Build, "deps", "deno/build.tera");
    let test = facts.test.is_some().then(|| Stage::on("test", Role::Test, "build", "deno/test.tera"));
    let dev = facts.dev.is_some().then(|| Stage::on("dev", Role::Dev, "deps", "deno/dev.tera"));
    let runtime = Stage::new("runtime", Role::Runtime, image.map(Origin::Image), "deno/runtime.tera")
        .taking(&["build"]);
    StageGraph::new([deps, build].into_iter().chain(test).chain(dev).chain([runtime]).collect())
}

/// What the templates see: the facts, and the commands that follow from them.
#[derive(Serialize)]
struct View<'f> {
    #[serde(flatten)]
    facts: &'f Facts,
    /// What is started, for people.
    started: Fact<String>,
    /// The manifests by folder.
    copies: Vec<Copied>,
    install: Run,
    /// The task that makes what is started, and the modules that it imports.
    build: Run,
    test: Option<Run>,
    /// The words of the watching task.
    dev: Option<ExecForm>,
    /// Where modules are kept.
    modules: &'static str,
}

impl<'f> View<'f> {
    fn of(facts: &'f Facts) -> Self {
        let install = if facts.is_locked { "deno install --frozen" } else { "deno install" };
        let cache = format!("deno cache {}", quote(&facts.start.value.module));
        let build = match &facts.build {
            Some(task) => Run::new(format!("deno task {}", quote(&task.value))).then(cache),
            None => Run::new(cache),
        };
        let dev = facts.dev.as_ref().map(|task| ExecForm::new("deno", ["task", task.value.as_str()]));
        Self {
            started: facts.start.derive(facts.start.value.module.clone()),
            copies: manifests::by_folder(&facts.manifests),
            install: Run::new(install),
            build,
            test: facts.test.as_ref().map(|test| Run::new(test.value.clone())),
            dev,
            modules: MODULES,
            facts,
        }
    }
}

fn kind(facts: &Facts) -> Fact<ServiceKind> {
    let listening = &facts.listening;
    if let Some(port) = &listening.port {
        return port.derive(ServiceKind::Server);
    }
    let is_served = (facts.start.value.verb == "serve").then_some(&facts.start.because);
    let says = is_served.or(listening.variable.as_ref().or(facts.serves.as_ref()).map(|says| &says.because));
    match says {
        Some(because) => Fact::new(ServiceKind::Server, because.clone()),
        None => facts.start.derive(ServiceKind::Program),
    }
}

fn port(facts: &Facts, s: &Survey<'_>) -> Fact<u16> {
    if let Some(host) = &facts.listening.loopback {
        port::note_loopback(host, "leave `hostname` out", s);
    }
    s.choice(&keys::PORT)
        .or(facts.start.value.port().map(|port| facts.start.derive(port)))
        .or(facts.listening.port.clone())
        .or_default(USUAL_PORT, "the default of Deno.serve")
}
