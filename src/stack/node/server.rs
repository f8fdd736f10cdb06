//! The runtime of a program: image, command, port, health, and who is process 1. Its files are `shipped`'s.

use std::collections::BTreeMap;

use crate::config::keys;
use crate::fact::Fact;
use crate::plan::service::{ExecForm, Runtime, ServiceKind};
use crate::plan::stage::SystemPackage;
use crate::stack::Survey;
use crate::stack::common::port;
use crate::stack::node::app::{Content, Launch, Server, wished};
use crate::stack::node::framework::Gives;
use crate::stack::node::package_manager::Kind;
use crate::stack::node::plan::{HOME, Planned};
use crate::stack::node::start::Engine;
use crate::stack::node::writes::Made;
use crate::stack::node::{Facts, managers, shipped, version};

/// The runtime of a program.
pub(super) fn runtime(facts: &Facts, program: &Server, s: &Survey<'_>) -> Planned {
    let (launch, wish) = launch(program, s);
    let (image, reason) = image(facts, program, &launch, s);
    let known = s.catalog.image_like(&image.value).unwrap_or_else(|| s.catalog.image("node-slim"));
    let bare = known.bare_program();
    let kind = kind(facts, program);
    let port = (kind.value == ServiceKind::Server).then(|| port(facts, program, s));

    let stops = facts.handler.as_ref().or(program.stops.as_ref());
    let needs_init = stops.is_none();
    let mut packages: Vec<Fact<SystemPackage>> = facts.natives.runtime.clone();
    let (mut entrypoint, mut command) = command(&launch, program, bare, wish.as_ref());
    let mut init = None;
    if needs_init {
        let why = "nothing in the sources handles SIGTERM, and process 1 has no default action";
        if let Some(bare) = bare {
            init = Some(why.to_owned());
            entrypoint = Some(launch.derive(ExecForm::new("/tini", ["--", bare])));
        } else if known.packages.is_debian() {
            let tini = SystemPackage { name: "tini".to_owned(), version: known.packages.tini() };
            packages.push(Fact::by_default(tini, why));
            if entrypoint.is_none() {
                entrypoint = Some(launch.derive(ExecForm::new("tini", ["--"])));
            } else if let Some(words) = entrypoint.take() {
                let all: Vec<String> = ["tini", "--"]
                    .iter()
                    .map(|&w| w.to_owned())
                    .chain(words.value.words().iter().cloned())
                    .collect();
                command = ExecForm::from_words(all).map(|form| words.derive(form));
            }
        }
    }
    let health = port.as_ref().and_then(|port| {
        let path = facts.health.as_ref().map_or("/", |path| path.value.as_str());
        let health = known.health_at(port.value, asked(facts, program), path)?;
        Some(port.derive(health))
    });
    let user = Fact::by_default(known.user.clone(), "the image's own numeric user");
    // Who writes nothing only reads where its sources point to.
    let keeps = if facts.writes.is_some() { facts.keeps.as_slice() } else { &[] };
    // Where a build's output runs, nothing lies among its sources.
    let is_source = |folder: &str| program.content != Content::Tree && folder.starts_with("src/");
    let makes = keeps.iter().filter(|folder| !is_source(&folder.value)).map(|folder| {
        let own = format!("{}/{}", facts.workdir(), folder.value);
        let folder = if folder.value.starts_with('/') { folder.clone() } else { folder.derive(own) };
        match bare {
            Some(_) => Made::by_workdir(&folder),
            None => Made::by_command(&folder, &user.value),
        }
    });
    let makes = makes.collect();
    let runtime = Runtime {
        labels: BTreeMap::new(),
        user,
        workdir: Some(Fact::by_default(facts.workdir(), "where the program lies")),
        env: env(facts, program, port.as_ref()),
        port,
        entrypoint,
        command,
        health,
        stop_signal: None,
        settings_file: None,
    };
    Planned {
        runtime,
        kind,
        packages,
        copies: shipped::copies(facts, program),
        init,
        // An image without a shell starts as its user, whose folder it is then.
        writes: facts
            .writes
            .as_ref()
            .filter(|_| bare.is_none())
            .map(|writes| writes.derive(format!("the program {}", writes.value))),
        makes,
        about: reason,
        modules: program.modules.clone(),
        image,
    }
}

/// The command that people set, else the one that was found.
fn launch(program: &Server, s: &Survey<'_>) -> (Fact<Launch>, Option<Fact<ExecForm>>) {
    let Some(wish) = wished(s) else { return (program.launch.clone(), None) };
    let words = wish.value.words();
    let script =
        |(first, rest): (&String, &[String])| Some(Launch::Script(Engine::of(first)?, rest.to_vec()));
    let launch = words.split_first().and_then(script).unwrap_or_else(|| Launch::Program(words.to_vec()));
    let fact = Fact { value: launch, because: wish.because.clone(), over: Vec::new() };
    (fact, Some(wish))
}

/// Distroless where nothing needs more; the reason where something does.
fn image(facts: &Facts, program: &Server, launch: &Fact<Launch>, s: &Survey<'_>) -> (Fact<String>, String) {
    let (title, line, images) = match launch.value {
        Launch::Script(Engine::Bun, _) => ("Bun", bun(facts), version::BUN),
        _ => ("Node.js", facts.version.clone(), version::images(&facts.version.value)),
    };
    let slim = s.catalog.image(images.build).at(&line.value);
    // https://github.com/oven-sh/bun/blob/main/dockerhub/distroless/Dockerfile: no USER, so WORKDIR is root's there.
    let starts_as_root = matches!(launch.value, Launch::Script(Engine::Bun, _));
    let own_folder = |writes: &Fact<String>| writes.derive("a shell, to give it its folder".to_owned());
    let needs = match &launch.value {
        Launch::Shell(_) => Some(launch.derive("a shell for the start command".to_owned())),
        Launch::Program(words) => {
            Some(launch.derive(format!("`{}`", words.first().cloned().unwrap_or_default())))
        }
        Launch::Script(..) if !program.before.is_empty() => {
            Some(launch.derive("a shell for what runs before the start".to_owned()))
        }
        Launch::Script(..) => facts
            .natives
            .runtime
            .first()
            .map(|package| package.derive(format!("the package {}", package.value.name)))
            .or_else(|| facts.spawns.clone())
            .or_else(|| facts.writes.as_ref().filter(|_| starts_as_root).map(own_folder)),
    };
    let cited = format!("{title} {} ({})", line.value, line.because);
    let (found, about) = match (needs, images.bare) {
        (Some(need), _) => {
            let about = format!("is {cited} with {} ({})", need.value, need.because);
            (need.derive(slim), about)
        }
        (None, Some(bare)) => {
            let image = s.catalog.image(bare).at(&line.value);
            (line.derive(image), format!("is {cited} without a shell or a package manager"))
        }
        (None, None) => (line.derive(slim), format!("is {cited}; this line has no smaller supported image")),
    };
    let image = s.choice(&keys::IMAGE).or(Some(found.clone())).decide().unwrap_or(found);
    let about = if image.because.layer < crate::fact::Layer::Detected {
        "is the image that was asked for".to_owned()
    } else {
        about
    };
    (image, about)
}

/// ENTRYPOINT and CMD.
fn command(
    launch: &Fact<Launch>,
    program: &Server,
    bare: Option<&'static str>,
    wish: Option<&Fact<ExecForm>>,
) -> (Option<Fact<ExecForm>>, Option<Fact<ExecForm>>) {
    let words = match &launch.value {
        Launch::Script(on, words) if program.before.is_empty() || wish.is_some() => {
            let named = bare.is_none().then(|| on.command().to_owned());
            named.into_iter().chain(words.iter().cloned()).collect()
        }
        Launch::Script(on, words) => {
            let line = ExecForm::new(on.command(), words.clone()).to_string();
            let before: String =
                program.before.iter().fold(String::new(), |text, step| format!("{text}{step} && "));
            vec![
                "sh".to_owned(),
                "-c".to_owned(),
                format!("PATH={HOME}/node_modules/.bin:$PATH; {before}exec {line}"),
            ]
        }
        Launch::Program(words) => words.clone(),
        Launch::Shell(line) => vec!["sh".to_owned(), "-c".to_owned(), line.clone()],
    };
    // Distroless images of Node.js start it themselves; Bun's is named, so that nothing depends on it.
    let is_bun = matches!(launch.value, Launch::Script(Engine::Bun, _));
    let entrypoint = bare.filter(|_| is_bun).map(|bun| launch.derive(ExecForm::new(bun, [] as [&str; 0])));
    (entrypoint, ExecForm::from_words(words).map(|form| launch.derive(form)))
}

/// The version of Bun that runs the program: the one that installs, or the newest that is known.
fn bun(facts: &Facts) -> Fact<String> {
    let installing = facts.manager.as_ref().filter(|manager| manager.kind == Kind::Bun);
    let version = installing.and_then(|manager| Some(manager.fact.derive(manager.version.clone()?)));
    let newest = managers::NEWEST.iter().find(|(kind, _)| *kind == Kind::Bun);
    version.unwrap_or_else(|| {
        Fact::by_default(newest.map_or("1", |(_, version)| *version).to_owned(), "default for Bun")
    })
}

fn kind(facts: &Facts, program: &Server) -> Fact<ServiceKind> {
    let listening = facts.listening.port.as_ref().map(|port| port.derive(ServiceKind::Server));
    listening
        .or_else(|| facts.listening.variable.as_ref().map(|says| says.derive(ServiceKind::Server)))
        .or_else(|| program.port.as_ref().map(|says| says.derive(ServiceKind::Server)))
        .or_else(|| facts.framework.as_ref().map(|says| says.derive(ServiceKind::Server)))
        .or_else(|| facts.listens.as_ref().map(|says| says.derive(ServiceKind::Server)))
        .unwrap_or_else(|| program.launch.derive(ServiceKind::Worker))
}

fn port(facts: &Facts, program: &Server, s: &Survey<'_>) -> Fact<u16> {
    let said = program
        .env
        .iter()
        .find(|(name, _)| name == "PORT")
        .and_then(|(_, value)| Some(value.derive(value.value.parse::<u16>().ok()?)));
    let listened = facts.listening.port.clone().filter(|_| is_its_own(facts));
    let example = facts.example_port.clone().filter(|_| listened.is_none());
    let choice = s.choice(&keys::PORT).or(program.port.clone()).or(said).or(listened).or(example);
    let usual = facts.framework.as_ref().map_or(3000, |row| row.value.port);
    let has_own = facts.framework.as_ref().is_some_and(|row| !matches!(row.value.gives, Gives::Library));
    let choice = if has_own { choice } else { port::or_ask(choice, usual, s) };
    if let Some(host) = facts.listening.loopback.as_ref().filter(|_| facts.listening.address.is_none()) {
        port::note_loopback(host, "listen on 0.0.0.0", s);
    }
    choice.or_default(
        usual,
        facts
            .framework
            .as_ref()
            .map_or("usual for Node.js".to_owned(), |row| format!("the default of {}", row.value.name)),
    )
}

/// Does what the sources say of listening concern the server that runs? A framework's own listens where `PORT` says;
/// variables of other names are those of servers beside it: `APP_MOCK_API_PORT`.
fn is_its_own(facts: &Facts) -> bool {
    let is_told = facts.framework.as_ref().is_some_and(|row| !matches!(row.value.gives, Gives::Library));
    !is_told || facts.listening.variable.as_ref().is_none_or(|variable| variable.value == "PORT")
}

fn env(facts: &Facts, program: &Server, port: Option<&Fact<u16>>) -> BTreeMap<String, Fact<String>> {
    let mut env = BTreeMap::new();
    env.insert("NODE_ENV".to_owned(), Fact::by_default("production".to_owned(), "what packages look at"));
    for (name, value) in program.env.iter().chain(&facts.natives.env) {
        env.insert(name.clone(), value.clone());
    }
    if let Some((name, port)) = told(facts).zip(port) {
        env.insert(name.to_owned(), port.derive(port.value.to_string()));
    }
    if let Some(address) = &facts.listening.address {
        env.insert(address.value.variable.clone(), address.derive(address.value.everywhere.clone()));
    }
    env
}

/// The variable that tells the program its port.
fn told(facts: &Facts) -> Option<&str> {
    let is_told = facts.framework.as_ref().is_some_and(|row| !matches!(row.value.gives, Gives::Library));
    let variable = facts.listening.variable.as_ref().filter(|_| is_its_own(facts));
    variable.map(|variable| variable.value.as_str()).or(is_told.then_some("PORT"))
}

/// The variable that the health check takes the port from. A port on the command line wins over every variable, and a
/// number in the sources is all there is; where neither is found, a package listens, and those look at `PORT`.
fn asked<'f>(facts: &'f Facts, program: &Server) -> Option<&'f str> {
    if program.port.is_some() {
        return None;
    }
    let is_set = program.env.iter().any(|(name, _)| name == "PORT");
    told(facts).or((is_set || facts.listening.port.is_none()).then_some("PORT"))
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    #[test]
    fn a_program_of_bun_that_writes_is_given_its_folder_by_a_shell() {
        const MANIFEST: &str = r#"{"scripts":{"start":"bun server.ts"},"dependencies":{"hono":"4"},"devDependencies":{"@types/bun":"1"}}"#;
        for (source, is_given) in [
            ("import { Database } from 'bun:sqlite'\nnew Database('data/app.db')\n", true),
            ("export default { port: 3000 }\n", false),
        ] {
            let files = [("package.json", MANIFEST), ("bun.lock", "{}"), ("server.ts", source)];
            let plan = plan(&Inventory::from_files(files), &Settings::default());
            let tool = &plan.services[0].tool;
            assert_eq!(!tool["writes"].is_null(), is_given, "{source}");
            assert_eq!(!tool["makes"][0]["command"].is_null(), is_given, "{source}");
        }
    }

    #[test]
    fn a_program_that_writes_is_given_its_folder() {
        const MANIFEST: &str = r#"{"scripts":{"start":"node server.js"},"dependencies":{"express":"5"}}"#;
        const SPAWNS: &str = "require('child_process').execSync('date')\n";
        const WRITES: &str = "fs.mkdirSync('./data')\n";
        for (source, is_told) in [
            ([SPAWNS, WRITES].concat(), true),
            ([SPAWNS, "pino({ transport: { target: 'pino/file' } })\n"].concat(), true),
            // There the folder is the user's, who the image starts as.
            (WRITES.to_owned(), false),
            (SPAWNS.to_owned(), false),
        ] {
            let files =
                [("package.json", MANIFEST), ("package-lock.json", "{}"), ("server.js", source.as_str())];
            let plan = plan(&Inventory::from_files(files), &Settings::default());
            assert_eq!(!plan.services[0].tool["writes"].is_null(), is_told, "{source}");
        }
    }
}
