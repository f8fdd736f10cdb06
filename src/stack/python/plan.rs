//! What building and running a Python program takes: stages, image, port, command.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::keys;
use crate::fact::Fact;
use crate::plan::catalog::PackageManager;
use crate::plan::run::{Run, quote};
use crate::plan::service::{ExecForm, IgnoreGroup, Runtime, Service, ServiceKind, Toolchain};
use crate::plan::stage::{GraphError, Origin, Role, Stage, StageGraph, SystemPackage};
use crate::stack::Survey;
use crate::stack::common::front_end::{FrontEnd, FrontEndView};

use super::Facts;
use super::django::Django;
use super::manager::Installation;
use super::program::Added;
use super::project::Manager;
use super::shipped::{self, Sources};
use super::system;
use super::version::newer;

/// Where the project lies in the image.
const HOME: &str = "/app";

/// The stages, the image and the command.
pub(super) fn service(facts: &Facts, s: &Survey<'_>) -> Result<Service, GraphError> {
    let known = s.catalog.image(image(facts));
    let wish = s.choice(&keys::IMAGE).decide();
    let from = facts.version.clone().map(|line| Origin::Image(known.at(&line)));
    let start = Start::of(facts, s, known.packages);
    let sources = Sources::of(facts, s);
    let view = View::of(facts, s, &sources);
    let base = Stage::new("base", Role::Base, from, "python/base.tera");
    let runtime = match &wish {
        Some(image) => Stage::new("runtime", Role::Runtime, image.clone().map(Origin::Image), RUNTIME),
        None => Stage::on("runtime", Role::Runtime, "base", RUNTIME),
    };
    let stages = stages(facts, Ends { base, runtime }, &start, &sources)?;

    let program = &facts.program;
    let port = program.port.clone();
    let runtime = Runtime {
        labels: BTreeMap::new(),
        user: Fact::by_default(
            known.user.clone(),
            "numeric, so that orchestrators can tell that it is not root",
        ),
        // The base stage has it already, unless the program starts elsewhere.
        workdir: (wish.is_some() || folder(facts) != HOME).then(|| program.command.derive(folder(facts))),
        env: environment(facts, &sources, wish.as_ref()),
        health: port.as_ref().and_then(|port| Some(port.derive(known.health(port.value, &program.health)?))),
        port,
        entrypoint: start.entrypoint,
        command: start.command,
        stop_signal: None,
        settings_file: None,
    };
    let toolchain = Toolchain { name: "Python".to_owned(), version: facts.version.value.clone() };
    Ok(Service {
        platforms: Vec::new(),
        front_end: facts.front_end.as_ref().map(FrontEnd::folder),
        beside: Vec::new(),
        remarks: Vec::new(),
        name: s.service_name(&name(facts)),
        dir: s.dir.path().clone(),
        context: facts.seen.context.clone(),
        dockerfile: None,
        ignore_file: Service::usual_ignore_file(s.dir.path()),
        stack: Fact::new("python".to_owned(), super::because(facts)),
        framework: program.framework.clone(),
        toolchains: vec![facts.version.derive(toolchain)],
        package_manager: (facts.manager.value != Manager::None)
            .then(|| facts.manager.clone().map(|m| m.to_string())),
        kind: program.kind.clone(),
        stages,
        runtime,
        ignore: ignore(facts, s).into_iter().chain(facts.hidden.clone()).collect(),
        tool: serde_json::to_value(view).expect("facts are plain values with text keys"),
    })
}

const RUNTIME: &str = "python/runtime.tera";

/// The stages that images decide: the first and the last.
struct Ends {
    base: Stage,
    runtime: Stage,
}

fn stages(
    facts: &Facts,
    Ends { base, runtime }: Ends,
    start: &Start,
    sources: &Sources,
) -> Result<StageGraph, GraphError> {
    let mut deps = Stage::on("deps", Role::Deps, "base", "python/deps.tera");
    deps.packages = facts.system.build.iter().map(|package| released(facts, package)).collect();
    let build = Stage::on("build", Role::Build, "deps", "python/build.tera");
    let build = if facts.front_end.is_some() { build.taking(&["assets"]) } else { build };
    let mut runtime = match (sources.has_build_stage(), environment_of(facts)) {
        (true, "deps") => runtime.taking(&["deps", "build"]),
        (_, environment) => runtime.taking(&[environment]),
    };
    if front_end_view(facts).is_some_and(|view| view.is_beside) {
        runtime = runtime.taking(&["assets"]);
    }
    let shipped = facts.system.runtime.iter().chain(&start.init);
    runtime.packages = shipped.map(|package| released(facts, package)).collect();
    let mut stages: Vec<Stage> = facts.front_end.iter().map(|found| found.assets.stage.clone()).collect();
    stages.extend([base, deps]);
    stages.extend(sources.has_build_stage().then_some(build));
    stages.extend([
        Stage::on("dev", Role::Dev, "deps", "python/dev.tera"),
        Stage::on("test", Role::Test, "dev", "python/test.tera"),
        runtime,
    ]);
    StageGraph::new(stages)
}

/// The image that has the Python line. Older lines stand on the Debian of their time: its libraries are those
/// that their packages were built against.
fn image(facts: &Facts) -> &'static str {
    let line = facts.version.value.as_str();
    let newest_on_older = [
        ("2.7", "python-slim-buster"),
        ("3.4", "python-slim-unsigned"),
        ("3.5", "python-slim-buster"),
        ("3.6", "python-slim-bullseye"),
        ("3.11", "python-slim-bookworm"),
    ];
    newest_on_older.iter().find(|(newest, _)| !newer(line, newest)).map_or("python-slim", |(_, image)| image)
}

/// A package by its name in the release of the image; the rows are those of Debian 13.
fn released(facts: &Facts, package: &Fact<SystemPackage>) -> Fact<SystemPackage> {
    match image(facts) {
        "python-slim" => package.clone(),
        "python-slim-bookworm" => package.clone().map(system::in_debian_12),
        _ => package.clone().map(|package| system::in_older_debian(&package)),
    }
}

/// ENTRYPOINT and CMD, and the init process where the program does not stop by itself.
struct Start {
    entrypoint: Option<Fact<ExecForm>>,
    command: Option<Fact<ExecForm>>,
    init: Option<Fact<SystemPackage>>,
}

impl Start {
    fn of(facts: &Facts, s: &Survey<'_>, packages: PackageManager) -> Self {
        let program = &facts.program;
        let command = s.choice(&keys::COMMAND).or(Some(program.command.clone())).decide();
        let command = command.unwrap_or_else(|| program.command.clone());
        let stops = program.stops && command.value == program.command.value;
        let runs_and_ends = program.kind.value == ServiceKind::Program;
        let init = (!stops && packages.is_debian()).then(|| {
            // https://docs.python.org/3/library/signal.html: no handler for SIGTERM, so process 1 ignores it.
            let why = "as process 1, Python would not end on SIGTERM";
            Fact::by_default(SystemPackage { name: "tini".to_owned(), version: packages.tini() }, why)
        });
        let (entrypoint, command) = match (init.is_some(), runs_and_ends) {
            (true, true) => {
                let words = ["--".to_owned()].into_iter().chain(command.value.words().iter().cloned());
                (Some(command.derive(ExecForm::new("tini", words))), None)
            }
            (true, false) => {
                (Some(Fact::by_default(ExecForm::new("tini", ["--"]), "an init process")), Some(command))
            }
            (false, true) => (Some(command), None),
            (false, false) => (None, Some(command)),
        };
        Self { entrypoint, command, init }
    }
}

/// The command that installs the project itself.
fn installed(facts: &Facts) -> Option<&Run> {
    facts.install.project.as_ref().filter(|_| facts.is_installed)
}

/// The stage whose environment is shipped: the one that installs the project into it, where one does.
fn environment_of(facts: &Facts) -> &'static str {
    if installed(facts).is_some() || !facts.ships_sources { "build" } else { "deps" }
}

/// The project's folder in the image.
fn home(facts: &Facts) -> String {
    if facts.place.is_empty() { HOME.to_owned() } else { format!("{HOME}/{}", facts.place) }
}

/// The folder that the program starts in.
fn folder(facts: &Facts) -> String {
    let root = &facts.program.root;
    if root.is_empty() { home(facts) } else { format!("{}/{root}", home(facts)) }
}

fn environment(
    facts: &Facts,
    sources: &Sources,
    own_image: Option<&Fact<String>>,
) -> BTreeMap<String, Fact<String>> {
    let mut env: BTreeMap<String, Fact<String>> = facts.program.env.iter().cloned().collect();
    let mut set = |name: &str, value: &str, why: &str| {
        env.entry(name.to_owned()).or_insert_with(|| Fact::by_default(value.to_owned(), why));
    };
    set("PYTHONUNBUFFERED", "1", "log lines appear at once");
    let is_compiled = if sources.has_build_stage() {
        "everything is compiled already, and code is not writable"
    } else {
        "packages are compiled already, and code is not writable"
    };
    set("PYTHONDONTWRITEBYTECODE", "1", is_compiled);
    if let Some(sources) = &facts.program.imports_from {
        set("PYTHONPATH", &format!("{}/{sources}", home(facts)), "the package is imported from here");
    }
    if own_image.is_some() {
        set("PATH", "/opt/venv/bin:/usr/local/bin:/usr/bin:/bin", "the environment's programs come first");
    }
    if let Some(home) = &facts.home {
        env.entry("HOME".to_owned()).or_insert_with(|| home.derive("/tmp".to_owned()));
    }
    if let Some(settings) = facts.django.as_ref().and_then(|django| django.settings.as_ref()) {
        env.insert("DJANGO_SETTINGS_MODULE".to_owned(), settings.clone());
    }
    env
}

fn name(facts: &Facts) -> String {
    let framework = || facts.program.framework.as_ref().map(|framework| framework.value.to_lowercase());
    let django = || facts.django.as_ref()?.target.value.split('.').next().map(str::to_owned);
    facts.name.clone().or_else(django).or_else(framework).unwrap_or_else(|| "app".to_owned())
}

fn ignore(facts: &Facts, s: &Survey<'_>) -> Vec<IgnoreGroup> {
    let mut groups = vec![
        IgnoreGroup::new(
            "environments and bytecode",
            &["**/.venv", "**/venv", "**/__pycache__", "**/*.py[cod]", "**/*.egg-info"],
        ),
        IgnoreGroup::new(
            "caches and reports of tools",
            &[
                "**/.pytest_cache",
                "**/.mypy_cache",
                "**/.ruff_cache",
                "**/.tox",
                "**/.nox",
                "**/.coverage",
                "**/htmlcov",
            ],
        ),
    ];
    let is_database = |path: &str| [".sqlite3", ".sqlite", ".db"].iter().any(|ending| path.ends_with(ending));
    if !s.dir.files().any(|(path, _)| is_database(path)) {
        groups.push(IgnoreGroup::new("local databases", &["**/*.sqlite3", "**/*.sqlite", "**/*.db"]));
    }
    if !facts.around.is_empty() {
        let mut group = IgnoreGroup::new("what neither the build nor the program reads", &[]);
        group.patterns.clone_from(&facts.around);
        groups.push(group);
    }
    if s.dir.has("package.json") {
        groups.push(IgnoreGroup::new("JavaScript", &["**/node_modules"]));
    }
    facts.seen.ignore(groups)
}

/// What the templates see.
#[derive(Serialize)]
struct View<'f> {
    version: &'f Fact<String>,
    install: &'f Installation,
    /// The sources, in the build context.
    whole: String,
    /// Packages that nothing asks for, as a comment.
    added: Vec<String>,
    /// The folder the program starts in, when it is not the project's own.
    folder: Option<String>,
    /// The project's folder.
    home: String,
    /// The folder the program starts in.
    start: String,
    /// Installs the project itself.
    project: Option<&'f Run>,
    dev_project: Option<&'f Run>,
    /// Are static files gathered?
    collects: bool,
    /// What a database file is made for.
    database: Option<&'f Fact<String>>,
    /// Gathers static files, makes the database file, compiles the project's own modules.
    prepare: Run,
    test: Run,
    /// The folder that tests are run in, when the program starts elsewhere.
    test_folder: Option<String>,
    /// Are there tests?
    has_tests: bool,
    dev: Option<&'f ExecForm>,
    /// Brings the sources, where the environment does not hold them.
    sources: Option<shipped::Copy<'f>>,
    /// The stage whose environment is shipped.
    environment_of: &'static str,
    /// Who owns the project's files, when that is not root.
    owner: Option<String>,
    writes: Option<&'f Fact<String>>,
    /// What writes to the home folder.
    home_for: Option<String>,
    /// Variables that must be given to the container.
    needs: Vec<String>,
    /// What a front end beside the program is built to.
    front_end: Option<FrontEndView>,
}

impl<'f> View<'f> {
    fn of(facts: &'f Facts, s: &Survey<'_>, sources: &'f Sources) -> Self {
        let django = facts.django.as_ref();
        let committed = s.dir.files().any(|(path, _)| path.ends_with(".sqlite3"));
        let sqlite = django.and_then(|django| django.sqlite.as_ref()).filter(|_| !committed);
        let collects = django.and_then(|django| django.collects.as_ref());
        let is_prepared = *sources == Sources::Prepared;
        let commands = [
            collects.map(|_| with_settings("python manage.py collectstatic --noinput", django)),
            sqlite.map(|_| with_settings("python manage.py migrate --noinput", django)),
            is_prepared.then(|| "python -m compileall -q .".to_owned()),
            aside(s, facts).filter(|_| is_prepared),
        ];
        let user =
            s.choice(&keys::USER).or_default(s.catalog.image("python-slim").user.clone(), "the image's user");
        Self {
            version: &facts.version,
            install: &facts.install,
            whole: facts.seen.whole(),
            added: facts
                .program
                .adds
                .iter()
                .map(|Added { requirement, why }| format!("{requirement}: {why}"))
                .collect(),
            folder: (folder(facts) != HOME).then(|| folder(facts)),
            home: home(facts),
            start: folder(facts),
            project: installed(facts),
            dev_project: facts.install.dev_project.as_ref(),
            collects: collects.is_some(),
            database: sqlite,
            prepare: prepare(commands),
            test_folder: (folder(facts) != home(facts) && django.is_none()).then(|| home(facts)),
            test: Run { commands: tested(facts), ..Run::default() },
            has_tests: facts.test.any || facts.test.command.contains("manage.py"),
            dev: facts.program.dev.as_ref(),
            sources: sources.copy(),
            environment_of: environment_of(facts),
            owner: facts.writes.as_ref().map(|_| user.value.clone()),
            writes: facts.writes.as_ref(),
            front_end: front_end_view(facts),
            home_for: home_for(facts),
            needs: django
                .map(|django| django.needs.iter().map(|need| need.value.0.clone()).collect())
                .unwrap_or_default(),
        }
    }
}

/// The front end as the project's stages see it.
fn front_end_view(facts: &Facts) -> Option<FrontEndView> {
    facts.front_end.as_ref().map(|found| found.view(&facts.seen.base(), HOME))
}

/// What writes to the home folder, for a comment.
fn home_for(facts: &Facts) -> Option<String> {
    let own = facts.program.env.iter().find(|(name, _)| name == "HOME");
    let found = || facts.home.as_ref().map(|home| format!("{} ({})", home.value, home.because));
    own.map(|(_, home)| home.because.says.clone()).or_else(found)
}

/// One RUN, so that what follows from the sources is one layer.
fn prepare(commands: [Option<String>; 4]) -> Run {
    Run { commands: commands.into_iter().flatten().collect(), ..Run::default() }
}

/// A command with the variables without which the settings do not load. They stand in this one command
/// and in no layer.
fn with_settings(command: &str, django: Option<&Django>) -> String {
    let Some(django) = django else { return command.to_owned() };
    let settings = django.settings.iter().map(|fact| ("DJANGO_SETTINGS_MODULE", fact.value.as_str()));
    let needs = django.needs.iter().map(|need| (need.value.0.as_str(), need.value.1.as_str()));
    let words = settings.chain(needs).map(|(name, value)| format!("{name}={} ", quote(value)));
    words.collect::<String>() + command
}

/// The command of the tests: with the settings of `manage.py`, unless something nearer names some. Pages whose static
/// files have to be in a manifest are tested with one.
fn tested(facts: &Facts) -> Vec<String> {
    let Some(django) = &facts.django else { return vec![facts.test.command.clone()] };
    let names_settings = facts.test.names_settings || facts.test.command.contains("manage.py");
    let settings = django.manage_settings.clone().filter(|_| !names_settings);
    let django = Django { settings, ..django.clone() };
    let gathers = django.has_manifest.then_some("python manage.py collectstatic --noinput");
    let commands = gathers.into_iter().chain([facts.test.command.as_str()]);
    commands.map(|command| with_settings(command, Some(&django))).collect()
}

/// Takes out the folders that nothing needs at run time.
fn aside(s: &Survey<'_>, facts: &Facts) -> Option<String> {
    let path = |folder: String| {
        if facts.program.root.is_empty() { folder } else { format!("{}/{folder}", home(facts)) }
    };
    let there: Vec<String> = shipped::aside(facts, s).into_iter().map(path).collect();
    (!there.is_empty()).then(|| format!("rm -r {}", there.join(" ")))
}
