//! What building and running it takes: stages, image, port, command.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::keys;
use crate::fact::Fact;
use crate::plan::run::{Run, quote};
use crate::plan::service::{IgnoreGroup, Runtime, Service, ServiceKind, Toolchain, Turn};
use crate::plan::stage::{GraphError, Origin, Role, Stage, StageGraph, SystemPackage};
use crate::stack::Survey;
use crate::stack::common::manifests::{self, Copied};
use crate::stack::node::app::{App, Packages, is_sensitive};
use crate::stack::node::assets::folder_in_image;
use crate::stack::node::build_env::BuildEnv;
use crate::stack::node::front_end::FrontEnd;
use crate::stack::node::package_manager::{InstallScripts, Kind, PackageManager};
use crate::stack::node::registry::Secret;
use crate::stack::node::site::Served;
use crate::stack::node::writes::Made;
use crate::stack::node::{Facts, checked, server, shipped, version};

/// Where the project lies in every stage.
pub(super) const HOME: &str = "/app";

/// What the templates see.
#[derive(Serialize)]
struct View<'f> {
    version: &'f Fact<String>,
    /// `pnpm 9.12.0`, with its reason.
    manager: Option<&'f Fact<String>>,
    /// Variables of the stages that build.
    #[serde(flatten)]
    env: BuildEnv,
    /// Installs the package manager.
    setup: Option<Run>,
    /// Is `deps` the first stage?
    is_deps_first: bool,
    /// Manifests that an install of a workspace needs, by folder.
    manifests: Vec<Copied>,
    /// Those of the production install.
    production_manifests: Vec<Copied>,
    /// The stage that wrote them; none where they are the repository's.
    #[serde(skip_serializing_if = "Option::is_none")]
    production_from: Option<&'static str>,
    /// The sources, in the build context.
    whole: String,
    /// The member's folder in the stages.
    home: Option<String>,
    /// The stage whose files ship, where something has to be taken out of them.
    files: Option<Files>,
    /// Builds the members that this one needs.
    libraries: Option<Run>,
    install: Option<Run>,
    /// What it installs, where that is not more than the program needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    installs: Option<&'static str>,
    /// What there is to say about the install.
    remarks: Vec<String>,
    /// Public variables of the build.
    variables: Vec<&'f str>,
    has_private_variables: bool,
    /// Names of what the program checks when the build loads it, and where.
    #[serde(skip_serializing_if = "Option::is_none")]
    checked: Option<String>,
    prepare: Option<Run>,
    build: Option<Run>,
    build_reason: Option<String>,
    test: Option<Run>,
    /// Does the test stage bring the sources itself?
    test_copies: bool,
    dev: Option<Vec<String>>,
    production: Option<Run>,
    production_remark: Option<String>,
    /// Is there a `tini-static` to copy?
    init: Option<String>,
    /// What the program writes beside itself, where the folder is not its own yet.
    writes: Option<Fact<String>>,
    /// Folders elsewhere that it writes to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    makes: Vec<Made>,
    copies: Vec<shipped::Copy>,
    /// Why the runtime is what it is.
    about: String,
    served: Option<&'f Served>,
    /// The site's files in the last stage that builds.
    site_source: Option<String>,
    site_stage: Option<String>,
}

/// The stage that holds what ships.
#[derive(Serialize)]
struct Files {
    /// The sources, where no build has them already.
    whole: Option<String>,
    /// Takes out what does not ship.
    tidy: Run,
}

impl Files {
    fn of(facts: &Facts) -> Option<Self> {
        let words: Vec<String> = facts.unfit().into_iter().map(quote).collect();
        let whole = (!facts.is_built()).then(|| facts.place.whole());
        (!words.is_empty()).then(|| Self { whole, tidy: Run::new(format!("rm -rf {}", words.join(" "))) })
    }
}

/// The stages, the image and the command.
pub(super) fn service(facts: &Facts, s: &Survey<'_>) -> Result<Service, GraphError> {
    let runtime = match &facts.app {
        App::Server(program) => server::runtime(facts, program, s),
        App::Site(served) => site_runtime(served, s),
    };
    let stages = stages(facts, s, &runtime)?;
    let view = view(facts, &runtime, &stages);
    let mut toolchains =
        vec![facts.version.clone().map(|version| Toolchain { name: "Node.js".to_owned(), version })];
    if let Some(manager) = facts.manager.as_ref().filter(|manager| manager.kind.name() != "npm") {
        toolchains.push(manager.fact.clone().map(|_| Toolchain {
            name: manager.kind.name().to_owned(),
            version: manager.version.clone().unwrap_or_default(),
        }));
    }
    Ok(Service {
        platforms: Vec::new(),
        front_end: facts.front_end.as_ref().map(|front_end| front_end.found.folder()),
        beside: Vec::new(),
        remarks: Vec::new(),
        name: s.service_name(&facts.name),
        dir: s.dir.path().clone(),
        context: facts.place.context.clone(),
        stack: Fact::new("node".to_owned(), facts.because.clone()),
        framework: facts.framework.as_ref().map(|row| row.derive(row.value.name.to_owned())),
        toolchains,
        package_manager: facts.manager.as_ref().map(|manager| manager.fact.clone()),
        kind: runtime.kind.clone(),
        stages,
        ignore: ignore(facts),
        dockerfile: None,
        ignore_file: Service::usual_ignore_file(s.dir.path()),
        tool: serde_json::to_value(view).expect("facts are plain values with text keys"),
        runtime: runtime.runtime,
    })
}

/// A runtime and what its template needs.
pub(super) struct Planned {
    pub runtime: Runtime,
    pub kind: Fact<ServiceKind>,
    /// The base image.
    pub image: Fact<String>,
    pub packages: Vec<Fact<SystemPackage>>,
    pub copies: Vec<shipped::Copy>,
    /// Needs a `tini-static`; the reason.
    pub init: Option<String>,
    /// What it writes, where the image makes its folder root's.
    pub writes: Option<Fact<String>>,
    /// Folders elsewhere that it writes to, and what makes them its user's.
    pub makes: Vec<Made>,
    pub about: String,
    /// Whose packages are copied.
    pub modules: Packages,
}

fn site_runtime(served: &Served, s: &Survey<'_>) -> Planned {
    let nginx = s.catalog.image("nginx");
    let image = s.choice(&keys::IMAGE).or_default(nginx.at(""), "a site needs a web server and nothing else");
    let known = s.catalog.image_like(&image.value).unwrap_or(nginx);
    let port = s.choice(&keys::PORT).or_default(8080, "nginx without root listens on 8080");
    let runtime = Runtime {
        labels: BTreeMap::new(),
        user: Fact::by_default(known.user.clone(), "the image's own numeric user"),
        workdir: None,
        env: BTreeMap::new(),
        health: known.health(port.value, "/").map(|health| port.derive(health)),
        port: Some(port),
        entrypoint: None,
        command: None,
        stop_signal: None,
        settings_file: None,
    };
    Planned {
        runtime,
        kind: served.output.derive(ServiceKind::Site),
        image,
        packages: Vec::new(),
        copies: Vec::new(),
        init: None,
        writes: None,
        makes: Vec::new(),
        about: format!("serves {} ({})", served.output.value, served.output.because),
        modules: Packages::Bundled,
    }
}

fn needs_production(facts: &Facts, planned: &Planned) -> bool {
    facts.install.is_some() && facts.production.is_some() && planned.modules == Packages::Production
}

fn stages(facts: &Facts, s: &Survey<'_>, planned: &Planned) -> Result<StageGraph, GraphError> {
    let is_site = matches!(facts.app, App::Site(_));
    let from = version::build_image(s.catalog, &facts.version).map(Origin::Image);
    let production = needs_production(facts, planned);
    let mut stages = Vec::new();
    let has_base = production || facts.install.is_none();
    let uses_base = production
        || facts.build.is_some()
        || facts.test.is_some()
        || facts.dev.is_some()
        || facts.install.is_some();
    let mut below = "base";
    if has_base && uses_base {
        stages.push(Stage::new("base", Role::Base, from.clone(), "node/base.tera"));
    }
    if facts.install.is_some() {
        let deps = if has_base {
            Stage::on("deps", Role::Deps, "base", "node/deps.tera")
        } else {
            Stage::new("deps", Role::Deps, from.clone(), "node/deps.tera")
        };
        stages.push(deps);
        below = "deps";
    }
    if let Some(first) = stages.first_mut() {
        first.packages.clone_from(&facts.natives.build);
        if is_site {
            *first = first.clone().on_build_platform();
        }
    }
    if facts.is_built() {
        stages.push(Stage::on("build", Role::Build, below, "node/build.tera"));
    }
    if facts.test.is_some() {
        let under = if facts.is_built() && !facts.tests_sources() { "build" } else { below };
        stages.push(Stage::on("test", Role::Test, under, "node/test.tera"));
    }
    if facts.dev.is_some() {
        let under = if facts.install.is_some() { "deps" } else { "base" };
        stages.push(Stage::on("dev", Role::Dev, under, "node/dev.tera"));
    }
    if production {
        let written: &[&str] = if facts.written.is_some() { &["build"] } else { &[] };
        stages.push(Stage::on("prod-deps", Role::Deps, "base", "node/prod-deps.tera").taking(written));
    }
    if !facts.unfit().is_empty() {
        let unbuilt = if has_base { "base" } else { "deps" };
        let under = if facts.is_built() { "build" } else { unbuilt };
        stages.push(Stage::on("files", Role::Build, under, "node/files.tera"));
    }
    if let Some(reason) = &planned.init {
        let tini = SystemPackage { name: "tini".to_owned(), version: Some("0.19.*".to_owned()) };
        let init = if stages.iter().any(|stage| stage.name.as_str() == "base") {
            Stage::on("init", Role::Base, "base", "node/init.tera")
        } else {
            Stage::new("init", Role::Base, from, "node/init.tera")
        };
        stages.push(init.with_packages(vec![Fact::by_default(tini, reason.clone())]));
    }
    stages.extend(facts.front_end.as_ref().map(FrontEnd::stage));
    let template = if is_site { "node/site.tera" } else { "node/runtime.tera" };
    let mut runtime =
        Stage::new("runtime", Role::Runtime, planned.image.clone().map(Origin::Image), template);
    runtime.packages.clone_from(&planned.packages);
    let mut takes: Vec<&str> = planned.copies.iter().filter_map(|copy| copy.from.as_deref()).collect();
    if planned.init.is_some() {
        takes.push("init");
    }
    if is_site && facts.is_built() {
        takes.push("build");
    }
    takes.sort_unstable();
    takes.dedup();
    // A stage that only tests or watches would use is not worth its lines when nothing is installed or built.
    let runtime = runtime.taking(&takes);
    stages.push(runtime);
    StageGraph::new(prune(stages))
}

/// Drops stages that nothing continues, copies or asks for by name.
fn prune(mut stages: Vec<Stage>) -> Vec<Stage> {
    loop {
        let used: Vec<String> = stages
            .iter()
            .flat_map(|stage| {
                let origin = match &stage.from.value {
                    Origin::Stage(name) => Some(name.to_string()),
                    Origin::Image(_) => None,
                };
                origin.into_iter().chain(stage.takes.iter().map(ToString::to_string)).collect::<Vec<_>>()
            })
            .collect();
        let by_name = [Role::Test, Role::Dev, Role::Runtime];
        let before = stages.len();
        stages.retain(|stage| {
            by_name.contains(&stage.role) || used.iter().any(|name| name == stage.name.as_str())
        });
        if stages.len() == before {
            return stages;
        }
    }
}

fn view<'f>(facts: &'f Facts, planned: &Planned, stages: &StageGraph) -> View<'f> {
    let is_private = |variable: &&Fact<String>| is_sensitive(&variable.value);
    let served = match &facts.app {
        App::Site(served) => Some(&**served),
        App::Server(_) => None,
    };
    View {
        version: &facts.version,
        manager: facts.manager.as_ref().map(|manager| &manager.fact),
        env: BuildEnv::of(facts),
        setup: facts.manager.as_ref().and_then(|manager| manager.setup(&facts.version.value)),
        is_deps_first: stages.get("base").is_none(),
        manifests: manifests::in_folder(manifests::by_folder(&facts.manifests), &facts.place.folder),
        production_manifests: production_manifests(facts),
        production_from: facts.written.as_ref().map(|_| "build"),
        whole: facts.place.whole(),
        home: (!facts.home.is_root()).then(|| facts.workdir()),
        libraries: libraries(facts),
        files: Files::of(facts),
        install: facts.install.clone(),
        installs: (facts.ships_all && planned.modules == Packages::Production)
            .then_some("the dependencies, none of which is for development alone"),
        remarks: facts.remarks.clone(),
        variables: facts.variables.iter().filter(|v| !is_private(v)).map(|v| v.value.as_str()).collect(),
        checked: facts
            .checked
            .first()
            .map(|first| format!("{} ({})", checked::names(&facts.checked), first.because)),
        has_private_variables: facts.variables.iter().any(|v| is_private(&v)),
        prepare: facts.prepare.clone(),
        build: facts.build.as_ref().map(|build| build.value.clone()),
        build_reason: facts.build.as_ref().map(|build| build.because.to_string()),
        test: facts.test.as_ref().map(|test| facts.with_settings(test.run.value.clone())),
        test_copies: !facts.is_built() || facts.tests_sources(),
        dev: facts.dev.as_ref().map(|dev| dev.value.clone()),
        production: facts.production.clone(),
        production_remark: facts.lifecycle.skipped_in_production.as_ref().map(|script| {
            format!(
                "install scripts are left out: `{}` needs what production does not have ({})",
                script.value, script.because
            )
        }),
        init: planned.init.clone(),
        writes: planned.writes.clone(),
        makes: planned.makes.clone(),
        copies: planned.copies.clone(),
        about: planned.about.clone(),
        served,
        site_source: served.map(|served| {
            if served.output.value == "." {
                HOME.to_owned()
            } else {
                folder_in_image(&facts.at_home(&served.output.value))
            }
        }),
        site_stage: stages.get("build").map(|_| "build".to_owned()),
    }
}

fn production_manifests(facts: &Facts) -> Vec<Copied> {
    if let Some(written) = &facts.written {
        return vec![written.copied()];
    }
    let own = if facts.own_manifests.is_empty() { &facts.manifests } else { &facts.own_manifests };
    manifests::in_folder(manifests::by_folder(own), &facts.place.folder)
}

/// Builds the members of a workspace that this one needs.
pub(super) fn libraries(facts: &Facts) -> Option<Run> {
    (!facts.build_libraries.is_empty())
        .then(|| facts.with_settings(Run { commands: facts.build_libraries.clone(), ..Run::default() }))
}

/// A RUN that installs: the files it reads, its download cache, and the secret of a private registry.
pub(super) fn install_run(facts: &InstallFiles<'_>, commands: Vec<String>) -> Run {
    let mut run = Run { commands, ..Run::default() };
    for file in facts.files {
        run = run.bind(file);
    }
    for secret in facts.secrets {
        run = secret.mount(run);
    }
    facts.manager.with_cache(run)
}

/// What an install reads.
pub(super) struct InstallFiles<'f> {
    pub files: &'f [String],
    pub manager: &'f PackageManager,
    pub secrets: &'f [Secret],
}

/// The production tree: its install, and the natives that a skipped script would have built.
pub(super) fn production_commands(facts: &Facts) -> Vec<String> {
    let Some(manager) = &facts.manager else { return Vec::new() };
    let scripts = match &facts.lifecycle.skipped_in_production {
        Some(_) => InstallScripts::Skipped,
        None => InstallScripts::Run,
    };
    let mut commands = vec![manager.install_production(scripts, facts.focus.as_ref())];
    commands.extend(manager.rebuild(&facts.natives.scripts, scripts));
    if scripts == InstallScripts::Skipped && facts.lifecycle.patches.is_some() {
        commands.push("npx --yes patch-package".to_owned());
    }
    commands
}

fn ignore(facts: &Facts) -> Vec<IgnoreGroup> {
    let mut output: Vec<&str> = vec![
        "**/node_modules",
        "**/.pnpm-store",
        "**/npm-debug.log*",
        "**/yarn-error.log*",
        "**/*.tsbuildinfo",
    ];
    output.extend(
        [
            ".next",
            ".nuxt",
            ".output",
            ".svelte-kit",
            ".turbo",
            ".parcel-cache",
            ".cache",
            "coverage",
            ".nyc_output",
        ]
        .iter()
        .filter(|name| !facts.tracked.iter().any(|t| t == *name)),
    );
    let mut group = IgnoreGroup::new("installed packages and build output", &[]);
    let anywhere = |pattern: &str| {
        if facts.home.is_root() || pattern.starts_with("**/") {
            pattern.to_owned()
        } else {
            format!("**/{pattern}")
        }
    };
    group.patterns = output.iter().map(|pattern| anywhere(pattern)).collect();
    group.patterns.extend(facts.outputs.iter().map(|name| facts.at_home(name)));
    if facts.manager.as_ref().is_some_and(|manager| manager.kind == Kind::YarnBerry) {
        // What a Plug'n'Play install left in the repository would win over node_modules:
        // https://yarnpkg.com/getting-started/qa#which-files-should-be-gitignored
        let left = [".pnp.*", ".yarn/cache", ".yarn/unplugged", ".yarn/*-state.*"];
        group.patterns.extend(left.map(str::to_owned));
    }
    let mut groups = vec![
        group,
        IgnoreGroup::new("what neither the build nor the program reads", &[".husky", ".changeset"]),
    ];
    groups[1].patterns.extend(facts.prose.iter().map(|name| facts.at_home(name)));
    groups.extend(facts.hidden.clone());
    if !facts.settings.is_empty() {
        let mut settings = IgnoreGroup::new("settings of the build, public by the names in them", &[]);
        settings
            .patterns
            .extend(facts.settings.iter().map(|file| format!("!{}", facts.in_context(&file.value))));
        settings.turn = Turn::AfterSecrets;
        groups.push(settings);
    }
    facts.place.ignore(groups)
}
