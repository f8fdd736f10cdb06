//! The facts of one app of an Nx repository. Installs, versions and settings are the root's, sources and what is built
//! are the project's; the root is what the build sees, and where the program lies.

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::plan::run::Run;
use crate::repo::dir::{Dir, Doc};
use crate::repo::path::RelPath;
use crate::stack::common::front_end;
use crate::stack::common::manifests::Copied;
use crate::stack::node::app::{App, Content, Launch, Packages, Server};
use crate::stack::node::era::Era;
use crate::stack::node::facts::Facts;
use crate::stack::node::framework::{self, Framework, Gives};
use crate::stack::node::lifecycle::Lifecycle;
use crate::stack::node::lock::Lock;
use crate::stack::node::manifest::Package;
use crate::stack::node::native::Natives;
use crate::stack::node::package_manager::{Kind, PackageManager};
use crate::stack::node::site::{self, Served};
use crate::stack::node::start::Engine;
use crate::stack::node::tested::{On, Tests};
use crate::stack::node::workspace::Workspace;
use crate::stack::node::{own_server, paths, plan, prisma, runtime_files, settings, sources, version};
use crate::stack::{Claim, Strength, Survey};

use super::executors::{Makes, Pages, Place};
use super::project::{Project, unknown_executor};
use super::reach::Projects;

/// Variables of the stages that build. A daemon outlives no RUN, and a build asks no cache in somebody's cloud. The cache
/// on disk is not kept: the builder runs the step again only where the sources have changed, and then so has their hash.
/// <https://nx.dev/docs/reference/environment-variables>
const BUILD_ENV: (&str, &[(&str, &str)]) = (
    "no daemon of Nx outlives a RUN, and a build asks no cache elsewhere",
    &[("NX_DAEMON", "false"), ("NX_NO_CLOUD", "true")],
);

/// What builds leave in the repository.
const LEFT: &[&str] = &["dist", "tmp", ".nx/cache", ".nx/workspace-data", ".angular"];

/// The manifest and the lock file that the build writes for the program alone.
/// <https://nx.dev/docs/technologies/node/guides/node-server-docker>
#[derive(Debug)]
pub(in crate::stack::node) struct Written {
    folder: String,
    lock: String,
}

impl Written {
    /// What the production install copies from the build.
    pub fn copied(&self) -> Copied {
        let file = |name: &str| format!("{}/{}/{name}", plan::HOME, self.folder);
        Copied { sources: vec![file("package.json"), file(&self.lock)], to: "./".to_owned() }
    }

    fn find(project: &Project<'_>, manager: &PackageManager) -> Option<Self> {
        let lock = manager.lock.clone().filter(|_| manager.kind != Kind::Bun)?;
        project.is_on("generatePackageJson").then(|| Self { folder: project.output().value, lock })
    }
}

/// The app in the surveyed folder.
pub(in crate::stack::node) fn survey(s: &Survey<'_>) -> Option<Claim<Facts>> {
    let Some(project) = Project::find(&s.dir) else {
        if let Some(executor) = unknown_executor(s) {
            let message = format!("what `{}` builds is not known", executor.value);
            s.note(
                Diagnostic::note(Code::NotBuilt, message).at(executor.because.at).help(
                    "a package.json beside project.json, with scripts that build and start it, says it",
                ),
            );
        }
        return None;
    };
    let (root, top) = (&project.root, Package::of(&project.root)?);
    let locks = Lock::all(s, root);
    let (mut manager, lock) = PackageManager::choose(s, &top, &locks);
    let framework = framework(&project);
    let written = Written::find(&project, &manager);
    let app = app(s, &project, framework.as_ref(), lock, written.as_ref())?;
    let era = Era::read(&top, lock);
    let above: Vec<Dir<'_>> =
        s.dir.ancestors().skip(1).filter(|dir| dir.path().is_within(root.path())).collect();
    let version = version::decide(s, None, &above, &era);
    manager.fit(&version.value);
    let reach = Projects::read(root).of(&project.path);
    let entry = project.text("main").and_then(|main| RelPath::new(main).ok()?.relative_to(&project.path));
    let mut docs = sources::of_server(&s.dir, entry.as_ref().map(RelPath::as_str));
    for library in &reach.needed {
        docs.extend(sources::of_server(library, None));
    }
    let library = framework.is_none().then(|| library(&project, &docs)).flatten();
    let public = framework.as_ref().map(|row| row.value.public).unwrap_or_default();
    let mut facts = Facts {
        name: project.name.value.clone(),
        because: project.name.because.clone(),
        lifecycle: Lifecycle::read(&top, root),
        client: prisma::Client::find(&top, root),
        natives: Natives::find(s, &top, lock),
        era,
        test: tests(&project, &manager),
        dev: dev(&project, &manager, framework.as_ref()),
        reads: runtime_files::read_by(root, &docs, &[]),
        outputs: LEFT.iter().filter(|name| !root.has_dir(name)).map(|&name| name.to_owned()).collect(),
        framework: framework.or(library),
        variables: sources::public_variables(&s.dir, public),
        settings: of_project(s, &project, public),
        hidden: reach.hidden,
        tool_env: Some(BUILD_ENV),
        ..Facts::of_sources(s, &docs, version, app)
    };
    facts.place = front_end::Place::of(root.path(), None);
    facts.builds_in = match project.makes.value {
        Makes::Next(Place::Output) => RelPath::new(&project.output().value).ok(),
        _ => Some(project.path.clone()),
    };
    facts.waits = !facts.lifecycle.after.is_empty() && facts.lifecycle.before.is_empty();
    facts.manager = Some(manager);
    if let Some(workspace) = Workspace::find(root) {
        facts.is_workspace = true;
        facts.manifests = workspace.manifests();
    }
    facts.add_installs(s, &top, &top);
    if let Some(written) = written.filter(|_| matches!(facts.app, App::Server(_))) {
        facts.production = production(&facts, root);
        facts.written = Some(written);
    }
    facts.build = Some(build(s, &project, &facts));
    Some(Claim { strength: Strength::Entry, because: facts.because.clone(), facts })
}

/// The install of what the build wrote, with the settings of the root's.
fn production(facts: &Facts, root: &Dir<'_>) -> Option<Run> {
    let manager = facts.manager.as_ref()?;
    let settings = manager.settings().iter().map(|name| name.trim_end_matches('/'));
    let files: Vec<String> =
        settings.filter(|name| root.has(name) || root.has_dir(name)).map(str::to_owned).collect();
    let reads = plan::InstallFiles { files: &files, manager, secrets: &facts.secrets };
    Some(plan::install_run(&reads, vec![manager.install_written()]))
}

/// The command that builds it, behind the client that it wants.
fn build(s: &Survey<'_>, project: &Project<'_>, facts: &Facts) -> Fact<Run> {
    let wished = s.choice(&keys::BUILD_COMMAND).decide().map(|wish| wish.map(|command| vec![command]));
    let commands = wished.unwrap_or_else(|| {
        let exec = |line: &str| {
            facts.manager.as_ref().map_or_else(|| format!("npx {line}"), |manager| manager.exec(line))
        };
        let generate =
            facts.client.as_ref().filter(|client| !client.is_scripted).map(|_| exec("prisma generate"));
        project.makes.derive(generate.into_iter().chain([exec(&project.build())]).collect())
    });
    commands.map(|commands| facts.build_run(commands))
}

/// What runs.
fn app(
    s: &Survey<'_>,
    project: &Project<'_>,
    framework: Option<&Fact<&'static Framework>>,
    lock: Option<&Lock<'_>>,
    written: Option<&Written>,
) -> Option<App> {
    match project.makes.value {
        Makes::Program(main) => {
            let words = vec![project.main(main)];
            Some(App::Server(Box::new(program(project, words, project.output(), written))))
        }
        Makes::Next(Place::Output) => {
            let output = project.output();
            let next =
                ["node_modules/next/dist/bin/next", "start", &output.value].map(str::to_owned).to_vec();
            Some(App::Server(Box::new(program(project, next, output, written))))
        }
        Makes::Next(Place::Project) => {
            let mut app = own_server::of_next(s, &project.package, lock, framework?, None);
            move_below(&mut app, &project.path);
            Some(app)
        }
        Makes::Nitro(_) => {
            let output = project.output();
            let mut server =
                program(project, vec![format!("{}/server/index.mjs", output.value)], output, None);
            server.modules = Packages::Bundled;
            server.env.push(("HOST".to_owned(), project.makes.derive("0.0.0.0".to_owned())));
            Some(App::Server(Box::new(server)))
        }
        Makes::Angular(pages) => Some(angular(s, project, pages, framework?)),
        Makes::Site(_) | Makes::ByTarget(_) => Some(site(project, project.output(), framework?)),
    }
}

/// A program in the output folder.
fn program(
    project: &Project<'_>,
    words: Vec<String>,
    output: Fact<String>,
    written: Option<&Written>,
) -> Server {
    Server {
        launch: project.makes.derive(Launch::Script(Engine::Node, words)),
        before: Vec::new(),
        builds: Vec::new(),
        content: Content::Output {
            folders: vec![(output.value.clone(), output.value)],
            is_complete: written.is_some(),
        },
        modules: Packages::Production,
        env: Vec::new(),
        port: None,
        stops: None,
        build_env: Vec::new(),
    }
}

/// Angular renders in the browser, or on a server where the build is told so.
/// <https://angular.dev/guide/ssr>
fn angular(s: &Survey<'_>, project: &Project<'_>, pages: Pages, framework: &Fact<&'static Framework>) -> App {
    let renders = project.option("ssr").is_some() && project.text("outputMode") != Some("static");
    if project.is_on("localize") {
        let message = "the build makes a folder for each language, and none of them is sent for `/`";
        s.note(Diagnostic::warning(Code::NotBuilt, message).at(project.cite("localize").at).help(
            "a page that redirects to one of them, or a web server of your own (stages.runtime), decides",
        ));
    }
    if !renders || pages == Pages::AtTop {
        return site(project, project.pages(pages), framework);
    }
    let output = project.output();
    let mut server = program(project, vec![format!("{}/server/server.mjs", output.value)], output, None);
    server.modules = Packages::Bundled;
    App::Server(Box::new(server))
}

fn site(project: &Project<'_>, output: Fact<String>, framework: &Fact<&'static Framework>) -> App {
    let hashed = match framework.value.gives {
        Gives::Site(row) => row.hashed.iter().map(|&folder| folder.to_owned()).collect(),
        _ => Vec::new(),
    };
    let renamed = paths::assets(&project.dir, framework.value.name).map(|folder| vec![folder.value]);
    App::Site(Box::new(Served {
        output,
        hashed: renamed.unwrap_or(hashed),
        fallback: Some(site::index()),
        base: paths::base(&project.dir, framework.value.name),
    }))
}

/// What was planned in the project's folder, as the root sees it.
fn move_below(app: &mut App, home: &RelPath) {
    let below = |path: &str| home.join(path).map_or_else(|| path.to_owned(), |path| path.to_string());
    match app {
        App::Site(served) => served.output.value = below(&served.output.value),
        App::Server(server) => {
            if let Launch::Script(_, words) = &mut server.launch.value {
                if words.first().is_some_and(|word| word.starts_with("node_modules/")) {
                    words.push(home.to_string());
                } else if let Some(first) = words.first_mut() {
                    *first = below(first);
                }
            }
            match &mut server.content {
                Content::Tree => {
                    let folder = home.to_string();
                    server.content =
                        Content::Output { folders: vec![(folder.clone(), folder)], is_complete: false };
                }
                Content::Output { folders, .. } => {
                    for (from, to) in folders {
                        *from = below(from);
                        // A traced server brings the folders above it.
                        if to != "." {
                            *to = below(to);
                        }
                    }
                }
            }
        }
    }
}

/// The row of the framework that the build is of.
fn framework(project: &Project<'_>) -> Option<Fact<&'static Framework>> {
    let name = match project.makes.value {
        Makes::Program(_) => return None,
        Makes::Site(name) | Makes::ByTarget(name) | Makes::Nitro(name) => name,
        Makes::Angular(_) => "Angular",
        Makes::Next(_) => "Next.js",
    };
    let renders = project.option("ssr").is_some();
    let mut rows = framework::META.iter().copied().flatten().filter(|row| row.name == name);
    // The rows of servers come first; a site is of the row of sites.
    let row = rows.find(|row| renders || name != "Angular" || matches!(row.gives, Gives::Site(_)))?;
    Some(project.makes.derive(row))
}

/// The server's library that a source of the app or of its libraries imports.
fn library(project: &Project<'_>, docs: &[Doc<'_>]) -> Option<Fact<&'static Framework>> {
    let imports = |name: &str| {
        docs.iter().any(|doc| ['\'', '"'].iter().any(|q| doc.text.contains(&format!("{q}{name}{q}"))))
    };
    framework::LIBRARIES.iter().copied().flatten().find_map(|row| {
        let name = row.packages.iter().find(|name| imports(name))?;
        Some(project.package.uses(name)?.derive(row))
    })
}

fn tests(project: &Project<'_>, manager: &PackageManager) -> Option<Tests> {
    let test = project.test()?;
    let run = Run::new(manager.exec(&test.value)).env("CI", "1");
    Some(Tests { run: test.derive(run), on: On::Sources })
}

/// The words that start the watch mode.
fn dev(
    project: &Project<'_>,
    manager: &PackageManager,
    framework: Option<&Fact<&'static Framework>>,
) -> Option<Fact<Vec<String>>> {
    let target = project.watch()?;
    let mut words: Vec<String> = manager.exec("nx").split(' ').map(str::to_owned).collect();
    words.extend([target, project.name.value.clone()]);
    let is_site = matches!(project.makes.value, Makes::Site(_) | Makes::Angular(_));
    words.extend(framework.filter(|_| is_site).map(|_| "--host=0.0.0.0".to_owned()));
    Some(project.name.derive(words))
}

/// Committed settings of the build, from the root.
fn of_project(s: &Survey<'_>, project: &Project<'_>, public: &[&str]) -> Vec<Fact<String>> {
    let from_root = |file: Fact<String>| {
        let path = project.path.join(&file.value)?;
        Some(file.derive(path.to_string()))
    };
    settings::of_build(s, public).into_iter().filter_map(from_root).collect()
}
