//! What the project is when it runs: a server with its start command, or a site. Decided from what the build produces.
//!
//! Order: the command that people set, `web:` of a Procfile, a framework with its own output, the start script, the files
//! that servers usually have.

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact};
use crate::repo::dir::Dir;
use crate::stack::Survey;
use crate::stack::node::entry::{content_of, of_files, resolve};
use crate::stack::node::framework::{self, Framework, Gives, Role, Serves, Site, Tool};
use crate::stack::node::javascript;
use crate::stack::node::lock::Lock;
use crate::stack::node::manifest::Package;
use crate::stack::node::own_server;
use crate::stack::node::platforms;
use crate::stack::node::preload;
use crate::stack::node::shell;
use crate::stack::node::site::{self, Served};
use crate::stack::node::start::{self, Decoded, Engine, Node, Start, clean};

/// What runs.
#[derive(Debug)]
pub(super) enum App {
    /// A program.
    Server(Box<Server>),
    /// Files behind a web server.
    Site(Box<Served>),
}

impl App {
    /// Why it is one.
    pub fn because(&self) -> &Evidence {
        match self {
            Self::Server(server) => &server.launch.because,
            Self::Site(served) => &served.output.because,
        }
    }
}

/// A program and what it needs.
#[derive(Debug)]
pub(super) struct Server {
    /// The command.
    pub launch: Fact<Launch>,
    /// Commands that a shell runs before it.
    pub before: Vec<String>,
    /// Commands of the start script that belong to the build.
    pub builds: Vec<String>,
    /// Its files.
    pub content: Content,
    /// Its packages.
    pub modules: Packages,
    /// Variables that the command or the framework sets.
    pub env: Vec<(String, Fact<String>)>,
    /// The port that the command line names.
    pub port: Option<Fact<u16>>,
    /// Does the framework handle SIGTERM by itself?
    pub stops: Option<Fact<String>>,
    /// Variables of the build alone.
    pub build_env: Vec<(String, String)>,
}

/// How a program is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Launch {
    /// By an engine: options, file, arguments.
    Script(Engine, Vec<String>),
    /// By another program of the image.
    Program(Vec<String>),
    /// By a shell.
    Shell(String),
}

impl std::fmt::Display for Launch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Script(on, words) => write!(f, "{} {}", on.command(), words.join(" ")),
            Self::Program(words) => f.write_str(&words.join(" ")),
            Self::Shell(line) => f.write_str(line),
        }
    }
}

/// The files of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// All of the project.
    Tree,
    /// Output folders of the build, as `from` and `to`, and what the sources read if it is not bundled.
    Output {
        /// Where the build put it, and where it goes.
        folders: Vec<(String, String)>,
        /// Are files outside of it read at run time?
        is_complete: bool,
    },
}

/// The packages beside a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Packages {
    /// None: they are bundled.
    Bundled,
    /// Those of production.
    Production,
    /// All, because the command needs one that is for development.
    All(Fact<String>),
}

/// What speaks about starting: a script, a Procfile line, a file.
struct Said {
    decoded: Decoded,
    because: Evidence,
}

/// Works out what runs. `None` when nothing does: a library.
pub(super) fn find(
    s: &Survey<'_>,
    package: Option<&Package<'_>>,
    lock: Option<&Lock<'_>>,
    meta: Option<&Fact<&'static Framework>>,
    library: Option<&Fact<&'static Framework>>,
) -> Option<App> {
    let said = said(s, package);
    if let Some(meta) = meta
        && let Gives::Elsewhere(help) = meta.value.gives
        && !said.as_ref().is_some_and(|said| matches!(said.decoded.start, Start::Node(_)))
    {
        let message = format!("{} is built for another platform here", meta.value.name);
        s.note(Diagnostic::warning(Code::NotBuilt, message).at(meta.because.at.clone()).help(help));
        return None;
    }
    if let (Some(package), Some(meta)) = (package, meta)
        && let Some(app) = of_framework(s, package, lock, meta, library.is_some(), said.as_ref())
    {
        return Some(app);
    }
    if let Some(said) = said {
        return Some(of_command(s, package, &said));
    }
    let found = of_files(s, package);
    if let Some((command, help)) =
        package.filter(|_| found.is_none()).and_then(|package| platforms::called(package, STARTS, &s.dir))
    {
        let message = format!("`{}` starts nothing that a container could: {help}", command.value);
        s.note(Diagnostic::note(Code::NotBuilt, message).at(command.because.at));
    }
    found.map(|server| App::Server(Box::new(server)))
}

/// Does a command or a script start this package, be it for development?
pub(super) fn is_started(s: &Survey<'_>, package: &Package<'_>) -> bool {
    let mut watches = ["dev", "develop", "start:dev", "watch"].iter().filter_map(|name| package.script(name));
    let runs = |line: Fact<String>| {
        start::decode(&line.value, Some(package), &s.dir).is_some_and(|decoded| match decoded.start {
            Start::Tool { name, .. } => !COMPILERS.contains(&name.as_str()) && platforms::of(&name).is_none(),
            Start::Node(_) | Start::Files { .. } | Start::Shell(_) => true,
        })
    };
    wished(s).is_some() || said(s, Some(package)).is_some() || watches.any(runs)
}

/// Packages of programs that are written for Bun: its types, and a framework of its own.
const BUN: &[&str] = &["@types/bun", "bun-types", "elysia"];

/// Tools that a start script may watch the sources with: they compile, and nothing of theirs answers anybody.
const COMPILERS: &[&str] =
    &["babel", "esbuild", "rollup", "swc", "tsc", "tsdown", "tsup", "unbuild", "webpack", "webpack-cli"];

/// Scripts that start the program as it runs in production, in the order of trust.
const PRODUCTION: &[&str] =
    &["start:prod", "start:production", "start-prod", "start-production", "prod:start", "prod", "production"];

/// Scripts that start the program, in the order of trust: `start` is what an operator types.
const STARTS: &[&str] = &["start", "serve", "server", "start:server", "server:start"];

/// The script that starts the program. One for production says what runs there, as long as it names a program itself:
/// others build an image or keep the program alive elsewhere.
pub(super) fn starting(package: &Package<'_>, dir: &Dir<'_>) -> Option<Fact<String>> {
    let names_program = |line: &Fact<String>| {
        start::decode(&line.value, Some(package), dir).is_some_and(|decoded| match decoded.start {
            Start::Node(_) => true,
            Start::Tool { name, .. } => tool(&name).is_some_and(|row| row.serves == Serves::Program),
            Start::Files { .. } | Start::Shell(_) => false,
        })
    };
    let production = PRODUCTION.iter().filter_map(|name| package.script(name));
    let of_production = production.clone().find(names_program);
    let mut starts = STARTS.iter().filter_map(|name| package.script(name));
    let first = starts.clone().next();
    // A desktop program may have a script for a server as well.
    let is_elsewhere = first.as_ref().is_some_and(|line| platforms::starts(line, package, dir));
    of_production
        .or_else(|| starts.find(names_program).filter(|_| is_elsewhere))
        .or(first)
        .or_else(|| production.into_iter().next())
}

/// The command that people set, a Procfile's, the start script.
fn said(s: &Survey<'_>, package: Option<&Package<'_>>) -> Option<Said> {
    let procfile = s
        .dir
        .doc("Procfile")
        .and_then(|doc| doc.find(|line| Some(line.strip_prefix("web:")?.trim().to_owned())));
    let script = package.and_then(|package| starting(package, &s.dir));
    let watched = package.and_then(|package| watched(package, &s.dir));
    // A script of a shell hides what it starts; a script of the package that says it counts more.
    let hides = |line: &Fact<String>| line.value.split_whitespace().any(|word| word.ends_with(".sh"));
    let procfile = procfile.filter(|line| script.is_none() || !hides(line));
    [procfile, script, watched].into_iter().flatten().find_map(|line| {
        let mut decoded = start::decode(&line.value, package, &s.dir)?;
        let built = match &decoded.start {
            Start::Tool { name, .. } if COMPILERS.contains(&name.as_str()) => return None,
            Start::Tool { name, .. } if platforms::of(name).is_some() => return None,
            Start::Tool { name, .. } if name == "nest" => Some(nest_output(&s.dir)),
            _ => None,
        };
        if let Some(file) = built {
            decoded.start = Start::Node(Node { file, ..Node::default() });
        }
        Some(Said { decoded, because: line.because })
    })
}

/// The script that watches a program for Bun: it needs no build, and its starters have no other.
fn watched(package: &Package<'_>, dir: &Dir<'_>) -> Option<Fact<String>> {
    BUN.iter().find(|name| package.uses(name).is_some())?;
    let line = package.script("dev")?;
    let start = start::decode(&line.value, Some(package), dir)?.start;
    matches!(start, Start::Node(node) if node.on == Engine::Bun).then_some(line)
}

/// <https://docs.nestjs.com/cli/monorepo#cli-properties>: the compiler's `outDir`, then `main`.
fn nest_output(dir: &Dir<'_>) -> String {
    let out = tsconfig_out(dir).map_or_else(|| "dist".to_owned(), |out| out.value);
    format!("{out}/main.js")
}

/// `outDir` of the compiler's configuration.
pub(super) fn tsconfig_out(dir: &Dir<'_>) -> Option<Fact<String>> {
    ["tsconfig.build.json", "tsconfig.json"].into_iter().find_map(|name| {
        let config = dir.doc(name)?.jsonc().ok()?;
        config.text(&["compilerOptions", "outDir"]).map(|out| out.map(|out| clean(&out)))
    })
}

fn of_framework(
    s: &Survey<'_>,
    package: &Package<'_>,
    lock: Option<&Lock<'_>>,
    meta: &Fact<&'static Framework>,
    has_library: bool,
    said: Option<&Said>,
) -> Option<App> {
    let custom = said.is_some_and(|said| matches!(said.decoded.start, Start::Node(_)));
    match meta.value.gives {
        Gives::Next => {
            if let Some(said) = said.filter(
                |said| matches!(&said.decoded.start, Start::Node(node) if !node.file.contains(".next/")),
            ) {
                return Some(of_command(s, Some(package), said));
            }
            Some(own_server::of_next(
                s,
                package,
                lock,
                meta,
                said.map(|said| (&said.decoded.start, &said.because)),
            ))
        }
        Gives::Server(output) => {
            let renamed = site::stated(s, package, output.stated).map(|folder| folder.value);
            let folders: Vec<&str> = output.folders.iter().copied().chain(renamed.as_deref()).collect();
            let own_entry = said.is_some_and(|said| match &said.decoded.start {
                Start::Node(node) => !folders.iter().any(|folder| node.file.starts_with(folder)),
                _ => false,
            });
            if own_entry {
                return Some(of_command(s, Some(package), said?));
            }
            if meta.value.name == "Nuxt"
                && package.uses("nuxt").is_some_and(|range| super::semver::major(&range.value) == Some(2))
            {
                return Some(own_server::of_nuxt2(s, meta));
            }
            Some(own_server::of_output(s, package, meta, &output, said.map(|said| &said.decoded)))
        }
        Gives::Site(row) => {
            if custom
                || (has_library && said.is_some_and(|said| matches!(said.decoded.start, Start::Shell(_))))
            {
                return None;
            }
            of_site(s, package, meta, &row, said)
        }
        Gives::Library | Gives::Elsewhere(_) => None,
    }
}

/// A site, unless its start command is a server's that the row does not know.
fn of_site(
    s: &Survey<'_>,
    package: &Package<'_>,
    meta: &Fact<&'static Framework>,
    row: &Site,
    said: Option<&Said>,
) -> Option<App> {
    let folder = match said.map(|said| &said.decoded.start) {
        Some(Start::Files { folder }) if folder != "." && folder != "public" => {
            Some(Fact::new(folder.clone(), said?.because.clone()))
        }
        Some(Start::Tool { name, .. }) if tool(name).is_some_and(|row| row.serves == Serves::Program) => {
            return None;
        }
        _ => None,
    };
    // A tool of tests or of a library brings Vite or webpack along; a site has a page or builds one.
    let has_page = ["index.html", "src/index.html", "public/index.html", "app/index.html"]
        .iter()
        .any(|page| s.dir.has(page));
    let builds = package
        .script("build")
        .is_some_and(|script| row.tools.iter().any(|tool| script.value.contains(tool)));
    let is_library = package.tree(&["exports"]).is_some() || package.tree(&["module"]).is_some();
    if row.role == Role::Bundler && (!has_page && (is_library || !builds)) {
        return None;
    }
    Some(App::Site(Box::new(site::served(s, package, meta, row, folder))))
}

/// The row of a tool that serves.
pub(super) fn tool(command: &str) -> Option<&'static Tool> {
    framework::TOOLS.iter().find(|row| row.command == command)
}

/// The app that a decoded command starts.
fn of_command(s: &Survey<'_>, package: Option<&Package<'_>>, said: &Said) -> App {
    let because = &said.because;
    let env = said
        .decoded
        .env
        .iter()
        .filter(|(name, _)| name != "NODE_ENV" && !is_sensitive(name))
        .map(|(name, value)| (name.clone(), Fact::new(value.clone(), because.clone())))
        .collect();
    let (launch, content, modules, port) = match &said.decoded.start {
        Start::Files { folder } => {
            let built = Fact::new(folder.clone(), because.clone());
            let (hashed, fallback) = (Vec::new(), Some(site::index()));
            return App::Site(Box::new(Served { output: built, hashed, fallback, base: None }));
        }
        Start::Node(node) => {
            let file = resolve(&s.dir, package, &node.file);
            let with = node.with.as_ref().and_then(|name| development_only(package, name));
            let with = with
                .or_else(|| loaded_for_development(&s.dir, package, &file))
                .or_else(|| preload::for_development(&node.options, &s.dir, package));
            let modules = with.map_or(Packages::Production, Packages::All);
            let words = node.options.iter().chain([&file]).chain(&node.args).cloned().collect();
            let launch = Launch::Script(node.on, words);
            (launch, content_of(&s.dir, &file), modules, port_argument(&node.args))
        }
        Start::Tool { name, args } => {
            let row = tool(name);
            let file = row.map_or_else(|| format!("node_modules/.bin/{name}"), |row| row.file.to_owned());
            let owner = row.map_or(name.as_str(), |row| {
                javascript::package_of(row.file.trim_start_matches("node_modules/"))
            });
            let mut words = vec![file];
            words.extend(args.iter().cloned());
            let is_told = |row: &&Tool| {
                !row.unless.iter().any(|option| args.iter().any(|word| word.starts_with(option)))
            };
            let reachable = row.filter(is_told).map(|row| row.reachable).unwrap_or_default();
            words.extend(reachable.iter().map(|&word| word.to_owned()));
            let modules = development_only(package, owner).map_or(Packages::Production, Packages::All);
            (Launch::Script(Engine::Node, words), Content::Tree, modules, port_argument(args))
        }
        Start::Shell(line) => {
            s.note(
                Diagnostic::note(Code::StartCommand, "the start command needs a shell, so the image has one")
                    .at(because.at.clone())
                    .help("set run.cmd to a list of words for a smaller image"),
            );
            (Launch::Shell(shell::line(line)), Content::Tree, Packages::Production, None)
        }
    };
    if let (Launch::Script(Engine::Node, words), Content::Tree) = (&launch, &content)
        && let Some(file) = start::file_of(words)
        && file.ends_with("js")
        && !file.contains("node_modules")
        && !s.dir.has(file)
        && package.is_none_or(|package| package.script("build").is_none())
    {
        s.note(
            Diagnostic::warning(
                Code::StartCommand,
                format!("the start command wants `{file}`, which is not there and nothing builds it"),
            )
            .at(because.at.clone())
            .help("set run.cmd, or build.cmd to the command that makes it"),
        );
    }
    App::Server(Box::new(Server {
        launch: Fact::new(launch, because.clone()),
        before: said.decoded.before.clone(),
        builds: said.decoded.builds.clone(),
        content,
        modules,
        env,
        port: port.map(|port| Fact::new(port, because.clone())),
        stops: None,
        build_env: Vec::new(),
    }))
}

pub(super) fn development_only(package: Option<&Package<'_>>, name: &str) -> Option<Fact<String>> {
    let package = package?;
    if package.requires(name).is_some() {
        return None;
    }
    package.uses(name).map(|range| range.derive(name.to_owned()))
}

/// A package that the program's own file loads at once although it is only there for development: a production install would
/// not start.
pub(super) fn loaded_for_development(
    dir: &Dir<'_>,
    package: Option<&Package<'_>>,
    file: &str,
) -> Option<Fact<String>> {
    if !file.ends_with("js") {
        return None;
    }
    let doc = dir.doc(file)?;
    let code = javascript::without_comments(doc.text);
    javascript::loaded_at_once(&code).into_iter().find_map(|(at, name)| {
        development_only(package, name)?;
        Some(Fact::new(name.to_owned(), doc.cite_offset(at)))
    })
}

/// Names that should not stand in an image: hadolint DL3064, BuildKit `SecretsUsedInArgOrEnv`.
pub(super) fn is_sensitive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["key", "password", "passwd", "pword", "private", "secret", "token", "username", "credential", "auth"]
        .iter()
        .any(|mark| name.contains(mark))
}

pub(super) fn port_argument(args: &[String]) -> Option<u16> {
    args.windows(2)
        .find(|pair| matches!(pair[0].as_str(), "-p" | "--port" | "-P"))
        .map(|pair| pair[1].as_str())
        .or_else(|| args.iter().find_map(|word| word.strip_prefix("--port=")))
        .and_then(|port| port.parse().ok())
}

/// The command that people set instead of what was found.
pub(super) fn wished(s: &Survey<'_>) -> Option<Fact<crate::plan::service::ExecForm>> {
    s.choice(&keys::COMMAND).decide()
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    /// What kind of service a package with these scripts and files is; none where it is none.
    fn kind(manifest: &str, files: &[(&str, &str)]) -> Option<String> {
        let files = [("package.json", manifest), ("package-lock.json", "{}")]
            .into_iter()
            .chain(files.iter().copied());
        let plan = plan(&Inventory::from_files(files), &Settings::default());
        let service = plan.services.first()?;
        let served = service.tool["site_source"].as_str().map(str::to_owned);
        served.or_else(|| Some(service.runtime.command.as_ref()?.value.words().join(" ")))
    }

    #[test]
    fn a_compiler_that_watches_runs_nothing() {
        const PAGE: (&str, &str) = ("index.html", "");
        const SERVER: (&str, &str) = ("server.js", "require('http').createServer().listen(1)");
        let webpack = r#"{"scripts":{"start":"webpack --watch","build":"webpack"},"devDependencies":{"html-webpack-plugin":"5"}}"#;
        let tsc = r#"{"scripts":{"start":"tsc -w"},"devDependencies":{"typescript":"5"}}"#;
        assert_eq!(kind(webpack, &[PAGE]).as_deref(), Some("/app/dist"));
        assert_eq!(kind(tsc, &[SERVER]).as_deref(), Some("server.js"));
        assert_eq!(kind(tsc, &[]), None);
    }

    #[test]
    fn a_static_preset_writes_files() {
        let solid = r#"{"scripts":{"build":"vinxi build","start":"vinxi start"},"dependencies":{"@solidjs/start":"1","vinxi":"0.5"}}"#;
        let config =
            |preset: &str| format!("export default defineConfig({{ server: {{ preset: \"{preset}\" }} }});");
        for (preset, expected) in
            [("static", "/app/.output/public"), ("node-server", ".output/server/index.mjs")]
        {
            assert_eq!(
                kind(solid, &[("app.config.ts", &config(preset))]).as_deref(),
                Some(expected),
                "{preset}"
            );
        }
    }
    #[test]
    fn a_script_for_production_is_what_runs() {
        const SOURCES: &[(&str, &str)] =
            &[("src/server.ts", "app.listen(1)"), ("src/index.ts", "app.listen(1)")];
        for (scripts, expected) in [
            (r#""start:dev":"tsx src/index.ts","start:prod":"node dist/index.js""#, "dist/index.js"),
            (r#""start":"nodemon src/index.ts","start:prod":"node dist/index.js""#, "dist/index.js"),
            (r#""start":"node dist/a.js","start:prod":"docker compose up""#, "dist/a.js"),
            (r#""start":"node dist/a.js","production":"mix --production""#, "dist/a.js"),
            (r#""start:server":"node dist/b.js""#, "dist/b.js"),
        ] {
            let manifest = format!(
                r#"{{"scripts":{{{scripts}}},"dependencies":{{"express":"5"}},"devDependencies":{{"typescript":"5"}}}}"#
            );
            assert_eq!(kind(&manifest, SOURCES).as_deref(), Some(expected), "{scripts}");
        }
    }

    #[test]
    fn a_server_that_the_build_writes_may_start_itself() {
        for (start, expected) in [
            ("NODE_ENV=production node ./build/server/index.js", "build/server/index.js"),
            (
                "react-router-serve ./build/server/index.js",
                "node_modules/@react-router/serve/bin.js ./build/server/index.js",
            ),
        ] {
            let manifest = format!(
                r#"{{"scripts":{{"build":"react-router build","start":"{start}"}},"devDependencies":{{"@react-router/dev":"7"}}}}"#
            );
            assert_eq!(kind(&manifest, &[]).as_deref(), Some(expected), "{start}");
        }
    }

    #[test]
    fn a_built_server_gets_what_it_imports() {
        const QWIK: &str = r#""scripts":{"build":"qwik build"},"devDependencies":{"@builder.io/qwik-city":"1","undici":"7"}"#;
        const BESIDE: &str =
            r#""scripts":{"build":"qwik build"},"devDependencies":{"@builder.io/qwik-city":"1"}"#;
        for (package, dependency, stage) in [(QWIK, "pg", "deps"), (BESIDE, "undici", "prod-deps")] {
            let manifest = format!(r#"{{{package},"dependencies":{{"{dependency}":"7"}}}}"#);
            let files = [("package.json", manifest.as_str()), ("package-lock.json", "{}")];
            let plan = plan(&Inventory::from_files(files), &Settings::default());
            let modules = &plan.services[0].tool["copies"][0];
            assert_eq!(modules["sources"][0], "/app/node_modules", "{manifest}");
            assert_eq!(modules["from"], stage, "{manifest}");
        }
    }

    #[test]
    fn mails_that_a_framework_lays_out_are_no_program() {
        let names = |with: Option<(&'static str, &'static str)>| {
            let files = [
                ("package.json", r#"{"workspaces":["packages/*"]}"#),
                ("package-lock.json", "{}"),
                ("packages/mails/package.json", r#"{"name":"mails","dependencies":{"next":"15"}}"#),
                ("packages/mails/next.config.mjs", "export default {}"),
            ];
            let plan = plan(&Inventory::from_files(files.into_iter().chain(with)), &Settings::default());
            plan.services.into_iter().map(|service| service.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(None), [] as [&str; 0]);
        assert_eq!(names(Some(("packages/mails/src/app/page.tsx", ""))), ["mails"]);
    }
}
