//! # Node.js
//!
//! Reads `package.json`, lock files, version files, framework configuration as text, and the JavaScript and TypeScript near
//! them. Decides the Node.js line, the package manager, what is built, what runs, and the smallest image that carries it.
//! Never runs a configuration file.
//!
//! - <https://github.com/nodejs/docker-node/blob/main/docs/BestPractices.md>
//! - <https://github.com/GoogleContainerTools/distroless/tree/main/nodejs>

mod app;
pub mod assets;
mod build_env;
mod checked;
mod compiled;
mod delegate;
mod entry;
mod era;
mod facts;
mod foreign;
mod framework;
mod front_end;
mod javascript;
mod layout;
mod lerna;
mod lifecycle;
mod lock;
mod managers;
mod manifest;
mod migrations;
mod named;
mod native;
mod next;
mod node_config;
mod nx;
mod own_server;
mod package_manager;
mod paths;
mod plan;
mod platforms;
mod pnp;
mod preload;
mod presets;
mod prisma;
mod process_manager;
mod registry;
mod runtime_files;
mod rush;
mod semver;
mod server;
mod settings;
mod shell;
mod shipped;
pub mod site;
mod sources;
mod start;
mod steps;
mod surroundings;
mod task_runner;
mod tested;
mod together;
mod version;
mod workspace;
mod workspace_checks;
mod writes;

use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact};
use crate::key::{AnyKey, Key};
use crate::plan::service::Service;
use crate::plan::stage::GraphError;
use crate::repo::dir::Dir;
use crate::repo::inventory::{Reads, SourceRead};
use crate::repo::path::RelPath;
use crate::stack::common::{around, configuration, tools};
use crate::stack::{Claim, Ships, Stack, Strength, Survey};

use app::{App, Launch};
use era::Era;
use facts::Facts;
use framework::{Framework, Gives, Role};
use front_end::FrontEnd;
use lifecycle::Lifecycle;
use lock::Lock;
use manifest::Package;
use native::Natives;
use package_manager::PackageManager;
use tested::Tests;
use workspace::Workspace;

/// The stack.
pub(super) struct Node;

static KEYS: &[&dyn AnyKey] = &[&version::VERSION as &Key<String>];

impl Stack for Node {
    const ID: &'static str = "node";
    const NAME: &'static str = "Node.js";
    const LOOKS_FOR: &'static [&'static str] = &["package.json", "server.js", "server.mjs", "project.json"];
    const SHIPS: Ships = Ships::Sources;
    const KEYS: &'static [&'static dyn AnyKey] = KEYS;
    type Facts = Facts;

    fn reads(&self) -> Reads {
        const NEAR: &[&str] = &["package.json", "server.js", "server.mjs", "project.json"];
        const PROJECT: &[&str] = &["project.json"];
        let source = |ending| SourceRead { ending, near: NEAR, most: 400 };
        // Styles of a project of Nx name other projects.
        let style = |ending| SourceRead { ending, near: PROJECT, most: 200 };
        Reads {
            names: vec![
                "package.json",
                "package-lock.json",
                "npm-shrinkwrap.json",
                "yarn.lock",
                "pnpm-lock.yaml",
                "pnpm-workspace.yaml",
                "bun.lock",
                "bunfig.toml",
                ".npmrc",
                ".yarnrc",
                ".yarnrc.yml",
                ".nvmrc",
                ".node-version",
                "tsconfig.json",
                "tsconfig.build.json",
                "tsconfig.base.json",
                "angular.json",
                "turbo.json",
                "nx.json",
                "lerna.json",
                "rush.json",
                "nest-cli.json",
                "nodemon.json",
                "app.json",
                "project.json",
                "ecosystem.config.json",
                "ecosystem.json",
                "pm2.json",
                "process.json",
                ".env",
                ".env.production",
                "www",
                "index.html",
                ".eleventy.js",
                "schema.prisma",
            ]
            .into_iter()
            .chain(node_config::READS.iter().copied())
            .chain(tools::NAMES)
            .chain(configuration::EXAMPLES.iter().copied())
            .collect(),
            endings: vec![".config.js", ".config.mjs", ".config.cjs", ".config.ts", ".config.mts"],
            sources: [
                ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx", ".vue", ".svelte", ".astro",
            ]
            .into_iter()
            .map(source)
            .chain([".scss", ".sass", ".less", ".css"].into_iter().map(style))
            .collect(),
        }
    }

    fn survey(&self, s: &Survey<'_>) -> Option<Claim<Facts>> {
        if let Some(claim) = nx::survey(s) {
            return Some(claim);
        }
        if !s.dir.has("package.json") {
            return survey_loose(s);
        }
        if rush::refuse(s) || delegate::refuse(s) || foreign::refuse(s) {
            return None;
        }
        let claim = survey_package(s, Whose::Own);
        if claim.is_some() && lerna::refuse(s) {
            return None;
        }
        if claim.is_none() {
            let message = "nothing in this package starts: it is a library, or a set of tools";
            s.note(
                Diagnostic::note(Code::NotBuilt, message)
                    .at(s.dir.evidence("package.json", "a package").at)
                    .help("a `start` script in package.json says what to start, and so does run.cmd"),
            );
        }
        claim
    }

    fn plan(&self, facts: &Facts, s: &Survey<'_>) -> Result<Service, GraphError> {
        plan::service(facts, s)
    }
}

/// Whose image a package is surveyed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// Its own, which may hold a front end as well.
    Own,
    /// That of a program which serves its files.
    Programs,
}

/// A folder with a `package.json`.
fn survey_package(s: &Survey<'_>, whose: Whose) -> Option<Claim<Facts>> {
    let package = Package::read(s)?;
    let workspace = Workspace::find(&s.dir);
    let is_root = workspace.as_ref().is_some_and(Workspace::is_root) && !is_program(&package);
    if is_root || nx::has_apps(&s.dir) {
        s.note(
            Diagnostic::note(Code::NotBuilt, "the root of the workspace runs nothing itself")
                .at(package.evidence().at),
        );
        return None;
    }
    let top = workspace.as_ref().map_or(&package, |workspace| &workspace.package);
    let locks = Lock::all(s, &top.dir);
    let meta = framework::find(framework::META, &package)
        .or_else(|| framework::find_above(framework::META, &package, top))
        .filter(|meta| workspace.as_ref().is_none_or(Workspace::is_root) || is_used(&package, meta.value));
    let library = framework::find(framework::LIBRARIES, &package);
    // A file of a usual name makes a program of what nothing else uses; beside that it is a part of the one that does.
    let is_part = workspace.as_ref().is_some_and(Workspace::is_required);
    if is_part && meta.is_none() && !app::is_started(s, &package) {
        return None;
    }
    let (mut manager, lock) = PackageManager::choose(s, top, &locks);
    let find =
        |meta: Option<&Fact<&'static Framework>>| app::find(s, Some(&package), lock, meta, library.as_ref());
    let (meta, app) = or_beside(&package, meta, workspace.as_ref(), &find);
    let Some(mut app) = app else {
        refuse_empty_workspace(s, &package);
        return None;
    };
    match &workspace {
        Some(workspace) => workspace_checks::check(s, workspace, &package),
        None => workspace_checks::unmatched(s, &s.dir, &package),
    }
    let era = Era::read(&package, lock);
    let version = version::decide(s, Some(&package), &above(s, workspace.as_ref()), &era);
    manager.fit(&version.value);
    let reasons = std::iter::once(&version.because).chain(version.over.iter().map(|lost| &lost.because));
    let is_open = |because| [&package, top].into_iter().any(|package| version::is_open(package, because));
    let is_pinned =
        reasons.into_iter().any(|because| because.layer == crate::fact::Layer::Detected && !is_open(because));
    if manager.kind == package_manager::Kind::YarnClassic && !is_pinned {
        // The project pins no line, so what dependencies think of this one must not stop the install.
        manager.add_flag("--ignore-engines");
    }
    if workspace.as_ref().is_some_and(|workspace| !workspace.is_root()) && manager.hoists() {
        climb(&mut app, s.dir.path(), top.dir.path());
    }
    let framework = chosen_framework(&app, meta, library);
    let natives = natives(s, &package, lock, workspace.as_ref(), &version);
    let mut lifecycle = Lifecycle::read(&package, &s.dir);
    let entry = entry(&app);
    let docs = sources::of_server(&s.dir, entry.as_deref());
    let context = workspace.as_ref().map_or(s.dir.path(), |workspace| workspace.root.path());
    let serves = whose == Whose::Own && matches!(app, App::Server(_));
    let front_end = if serves { FrontEnd::find(s, context, &docs) } else { None };
    let waits = front_end.as_ref().is_some_and(|front_end| lifecycle.leave_out(front_end, &package))
        || lifecycle.repeated.is_some();
    let build = steps::build(s, &package, &manager, framework.as_ref(), &app, front_end.as_ref());
    let outputs = surroundings::outputs(s, &app);
    let name = package.name().and_then(|name| Some(name.rsplit('/').next()?.to_owned()));
    let mut facts = Facts {
        name: name.unwrap_or_else(|| "app".to_owned()),
        because: app_evidence(&app, &package),
        lifecycle,
        client: prisma::Client::find(&package, &s.dir),
        natives,
        era,
        test: Tests::find(s, &package, &manager),
        dev: steps::dev(s, &package, &manager, framework.as_ref()),
        reads: runtime_files::read_by(&s.dir, &docs, &outputs),
        outputs,
        prose: around::documents(&s.dir, &docs),
        waits,
        front_end,
        framework,
        ..Facts::of_sources(s, &docs, version, app)
    };
    if let App::Server(server) = &facts.app {
        let loaded = preload::files(&server.launch, &s.dir).into_iter();
        let is_new = |file: &Fact<String>| facts.reads.iter().all(|read| read.value != file.value);
        let loaded: Vec<Fact<String>> = loaded.filter(is_new).collect();
        facts.reads.extend(loaded);
    }
    facts.writes = facts.writes.or_else(|| writes::by_package(&package));
    node_config::complete(&mut facts.listening, &package);
    let public = facts.framework.as_ref().map(|row| row.value.public).unwrap_or_default();
    facts.variables = sources::public_variables(&s.dir, public);
    facts.settings = settings::of_build(s, public);
    facts.checked = checked::of_build(s, &package, workspace.as_ref(), facts.framework.as_ref());
    facts.manager = Some(manager);
    if let Some(workspace) = &workspace {
        facts.join(workspace, &package);
    }
    facts.add_installs(s, &package, top);
    facts.make_room();
    let build = with_client(build, &facts);
    facts.build = build.map(|commands| commands.map(|commands| facts.build_run(commands)));
    Some(Claim { strength: strength(&facts, &package), because: facts.because.clone(), facts })
}

/// The app, or the site of the tool that stands beside a library outside of a workspace, where nothing else of it runs.
fn or_beside(
    package: &Package<'_>,
    meta: Option<Fact<&'static Framework>>,
    workspace: Option<&Workspace<'_>>,
    find: &dyn Fn(Option<&Fact<&'static Framework>>) -> Option<App>,
) -> (Option<Fact<&'static Framework>>, Option<App>) {
    let app = find(meta.as_ref());
    if app.is_some() || meta.is_some() || workspace.is_some() {
        return (meta, app);
    }
    let beside = framework::find_beside(framework::META, package);
    let app = beside.as_ref().and_then(|row| find(Some(row)));
    (beside, app)
}

/// What the native packages of a program and of its libraries take, as the image of its line has it.
fn natives(
    s: &Survey<'_>,
    package: &Package<'_>,
    lock: Option<&Lock<'_>>,
    workspace: Option<&Workspace<'_>>,
    line: &Fact<String>,
) -> Natives {
    let mut natives = Natives::find(s, package, lock);
    for library in workspace.into_iter().flat_map(|workspace| workspace.libraries(package)) {
        natives.merge(Natives::find(s, &library.package, lock));
    }
    natives.fit(version::images(&line.value).build);
    natives
}

/// Programs without a `package.json`: a lone `server.js` that listens.
fn survey_loose(s: &Survey<'_>) -> Option<Claim<Facts>> {
    let is_alone = s.dir.has("server.js") || s.dir.has("server.mjs");
    if !is_alone || s.dir.ancestors().skip(1).any(|dir| dir.has("package.json")) {
        return None;
    }
    let App::Server(server) = app::find(s, None, None, None, None)? else { return None };
    let app = App::Server(server);
    let docs = sources::of_server(&s.dir, entry(&app).as_deref());
    let facts = Facts::of_sources(s, &docs, version::decide(s, None, &[], &Era::default()), app);
    Some(Claim { strength: Strength::LooseFiles, because: facts.because.clone(), facts })
}

/// Generates the client before the build, where no script does.
fn with_client(build: Option<Fact<Vec<String>>>, facts: &Facts) -> Option<Fact<Vec<String>>> {
    let Some((client, manager)) =
        facts.client.as_ref().filter(|client| !client.is_scripted).zip(facts.manager.as_ref())
    else {
        return build;
    };
    let mut build = build.unwrap_or_else(|| client.schema.derive(Vec::new()));
    build.value.insert(0, manager.exec("prisma generate"));
    Some(build)
}

/// A root whose patterns match nothing and that runs nothing itself: there is no project, and this is why.
fn refuse_empty_workspace(s: &Survey<'_>, package: &Package<'_>) {
    if let Some(glob) = Workspace::unmatched(&s.dir, package).into_iter().next() {
        let message =
            format!("the workspace's pattern `{}` matches no folder with a package.json", glob.value);
        s.note(
            Diagnostic::error(Code::Workspace, message)
                .at(glob.because.at)
                .help("run dockgen in the root of the repository, with all of its folders there"),
        );
    }
}

/// Does a member of a workspace use the framework it names, or only build for it? A library of components has the
/// framework among its development dependencies and no script that serves or builds anything with it, and one of mails may
/// have its configuration.
fn is_used(package: &Package<'_>, framework: &Framework) -> bool {
    const RUNS: &[&str] = &["build", "dev", "start", "serve", "develop", "generate", "preview"];
    if framework.name != "Next.js" {
        let builds = matches!(framework.gives, Gives::Site(site) if site.script(package).is_some());
        return builds || RUNS.iter().any(|name| package.script(name).is_some());
    }
    let is_called = |line: Fact<String>| line.value.split_whitespace().any(|word| word == "next");
    // https://nextjs.org/docs/app/getting-started/project-structure
    let has_pages = ["app", "pages", "src/app", "src/pages"].iter().any(|folder| package.dir.has_dir(folder));
    RUNS.iter().filter_map(|name| package.script(name)).any(is_called)
        || has_pages && package.dir.files().any(|(path, _)| path.starts_with("next.config."))
}

/// Does the root of a workspace run something of its own?
fn is_program(package: &Package<'_>) -> bool {
    // A site in the root, with libraries beside it.
    let builds = package.script("build").is_some_and(|line| !orchestrates(&line.value));
    if builds && package.dir.has("index.html") && framework::find(framework::META, package).is_some() {
        return true;
    }
    let rows = [framework::META, framework::LIBRARIES];
    let own =
        rows.into_iter().filter_map(|rows| framework::find(rows, package)).any(|row| !is_bundler(row.value));
    own && package.script("start").is_some_and(|line| !orchestrates(&line.value))
}

/// Does a script run those of other members?
fn orchestrates(line: &str) -> bool {
    ORCHESTRA.iter().any(|mark| line.contains(mark))
}

/// Words of a script that runs other members' scripts.
const ORCHESTRA: &[&str] =
    &["turbo", "lerna", "nx ", "--workspace", "--filter", " -w ", "workspaces", "concurrently", "-r "];

/// The folders above a member, up to the workspace's root, whose version files count as well.
fn above<'a>(s: &Survey<'a>, workspace: Option<&Workspace<'a>>) -> Vec<Dir<'a>> {
    let top = workspace.map_or_else(|| s.dir.path().clone(), |workspace| workspace.root.path().clone());
    s.dir.ancestors().skip(1).filter(|dir| dir.path().is_within(&top)).collect()
}

/// Installed programs lie in the root where packages are hoisted.
fn climb(app: &mut App, from: &RelPath, to: &RelPath) {
    let App::Server(server) = app else { return };
    let Launch::Script(_, words) = &mut server.launch.value else { return };
    let depth = from.relative_to(to).map_or(0, |below| below.segments().count());
    for word in words.iter_mut().filter(|word| word.starts_with("node_modules/")) {
        *word = format!("{}{word}", "../".repeat(depth));
    }
}

/// The framework to name: the one that decided, or the server's library.
fn chosen_framework(
    app: &App,
    meta: Option<Fact<&'static Framework>>,
    library: Option<Fact<&'static Framework>>,
) -> Option<Fact<&'static Framework>> {
    match app {
        App::Site(_) => meta,
        App::Server(server) => {
            let own = meta.filter(|row| match row.value.gives {
                Gives::Site(_) => false,
                Gives::Next => !matches!(&server.launch.value, Launch::Script(start::Engine::Node, words) if library.is_some() && !words.iter().any(|word| word == "server.js" || word.contains("next"))),
                _ => true,
            });
            own.or(library)
        }
    }
}

/// The source file that starts the program, as far as it is in the repository.
fn entry(app: &App) -> Option<String> {
    let App::Server(server) = app else { return None };
    match &server.launch.value {
        Launch::Script(_, words) => start::file_of(words).cloned(),
        Launch::Program(_) | Launch::Shell(_) => None,
    }
}

fn app_evidence(app: &App, package: &Package<'_>) -> Evidence {
    let evidence = app.because();
    if evidence.at.is_some() { evidence.clone() } else { package.evidence() }
}

fn is_bundler(framework: &Framework) -> bool {
    matches!(framework.gives, Gives::Site(site) if site.role == Role::Bundler)
}

/// A bundler's package beside another language's program is that program's asset pipeline.
fn strength(facts: &Facts, package: &Package<'_>) -> Strength {
    let is_bundler = facts.framework.as_ref().is_some_and(|row| is_bundler(row.value));
    let has_page = facts.tracked.iter().any(|name| name == "index.html")
        || package.dir.has("public/index.html")
        || package.dir.has("src/index.html");
    match &facts.app {
        App::Site(_) if is_bundler && !has_page => Strength::Assets,
        _ => Strength::Entry,
    }
}
