//! Programs that are started by a file or a command: scripts with a server of their own, bots, workers, tools.

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::plan::service::{ExecForm, ServiceKind};
use crate::stack::Survey;
use crate::stack::common::listen::{self, Tells, Way};

use super::app::App;
use super::framework::{LISTENERS, Listener, OWN_SERVERS, RUNNERS, Runner, Speaks, WORKERS};
use super::lexer::Token;
use super::modules::{Modules, depth};
use super::program::Program;
use super::project::Project;
use super::source::{Source, Statement};

/// Routes that usual monitors ask for.
pub(super) const HEALTH: &[&str] = &[
    "healthz",
    "health",
    "healthcheck",
    "health-check",
    "livez",
    "ping",
    "_health",
    "status",
    "api/health",
    "api/healthz",
];

/// How Python programs name their port.
const LISTENS: &[Way] = &[
    Way {
        pattern: r#"(?:environ\.get|getenv)\(\s*["']PORT["']\s*,\s*["']?(\d{2,5})"#,
        tells: Tells::PortWithVariable,
    },
    Way {
        pattern: r#"(?:run|serve|run_app|run_simple|create_server|TCPSite)\(.*\bhost\s*=\s*["'](?P<host>[^"']*)["'].*\bport\s*=\s*(\d{2,5})"#,
        tells: Tells::Port,
    },
    Way { pattern: r"\bport\s*=\s*(\d{2,5})\b", tells: Tells::Port },
    Way { pattern: r"server_port\s*=\s*(\d{2,5})", tells: Tells::Port },
    Way { pattern: r"\.listen\(\s*(\d{2,5})", tells: Tells::Port },
    Way { pattern: r#"Server\(\s*\(\s*["'](?P<host>[^"']*)["']\s*,\s*(\d{2,5})"#, tells: Tells::Port },
    Way { pattern: r#"add_insecure_port\(\s*f?["'](?P<host>.*?):(\d{2,5})["']"#, tells: Tells::Port },
    Way { pattern: r"(?i)^\s*\w*PORT\w*\s*(?::\s*int\s*)?=\s*(\d{4,5})\b", tells: Tells::Port },
    Way { pattern: r#"environ\[\s*["']PORT["']()"#, tells: Tells::PortWithVariable },
];

/// Scripts, the most usual first.
const SCRIPTS: &[&str] = &[
    "main.py",
    "app.py",
    "bot.py",
    "run.py",
    "server.py",
    "start.py",
    "index.py",
    "worker.py",
    "streamlit_app.py",
    "__main__.py",
    "Home.py",
    "home.py",
    "dashboard.py",
    "demo.py",
    "web.py",
    "cli.py",
];

/// A script of a framework that brings its own command.
pub(super) fn runner(modules: &Modules<'_>) -> Option<Program> {
    RUNNERS.iter().find_map(|runner| {
        let mut users: Vec<&Source<'_>> =
            modules.sources.iter().filter(|source| source.uses(runner.module).is_some()).collect();
        // Pages are run by the script above them.
        users.retain(|source| !source.path.split('/').rev().skip(1).any(|folder| folder == "pages"));
        users.sort_by_key(|source| rank(source));
        let source = users.first()?;
        Some(run_with(runner, source))
    })
}

/// The runner when an application object is only part of its script (Gradio mounted in a file that launches it).
pub(super) fn runner_of_app(modules: &Modules<'_>, app: &App) -> Option<Program> {
    let source = modules.at(&app.path)?;
    let by_module = |module: &str| {
        RUNNERS.iter().find(|runner| runner.module == module && source.uses(runner.module).is_some())
    };
    // Streamlit scripts are never imported by a server; a Dash object without a named server cannot be.
    let dash = || {
        by_module("dash")
            .filter(|_| app.framework.speaks == Speaks::Dash && dash_server(modules, app).is_none())
    };
    Some(run_with(by_module("streamlit").or_else(dash)?, source))
}

fn run_with(runner: &'static Runner, source: &Source<'_>) -> Program {
    let because = source.uses(runner.module).unwrap_or_else(|| source.cite(1));
    let found = listen::find([source.doc], LISTENS, "#").port.filter(|_| runner.env.is_empty());
    let port = found.unwrap_or_else(|| Fact::by_default(runner.port, format!("the port of {}", runner.name)));
    let fill = |word: &&str| word.replace("{file}", &source.path).replace("{port}", &port.value.to_string());
    let form = |words: &[&str]| {
        ExecForm::from_words(words.iter().map(fill).collect())
            .unwrap_or_else(|| ExecForm::new("python", [&source.path]))
    };
    let framework = Fact::new(runner.name.to_owned(), because.clone());
    Program {
        kind: framework.derive(ServiceKind::Server),
        command: framework.derive(form(runner.command)),
        dev: Some(form(runner.dev)),
        env: runner
            .env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), framework.derive(fill(value))))
            .collect(),
        framework: Some(framework),
        port: Some(port),
        root: String::new(),
        imports_from: None,
        adds: Vec::new(),
        health: runner.health.to_owned(),
        stops: runner.stops,
        because,
    }
}

/// A script that listens by itself.
pub(super) fn listener(s: &Survey<'_>, modules: &Modules<'_>) -> Option<Program> {
    let starters = starters(modules);
    let by = |is_meant: fn(&Listener, &Source<'_>) -> bool| {
        starters.iter().find_map(|source| {
            let row = LISTENERS.iter().find(|row| is_meant(row, source))?;
            Some((*source, row, source.reaches(row.module)?))
        })
    };
    // The server may be made in a module beside the one that is started.
    let (source, row, because) =
        by(serves).or_else(|| by(|row, source| source.uses(row.module).is_some()))?;
    let listening = listen::find(
        modules.sources.iter().map(|one| one.doc).filter(|doc| doc.path == source.doc.path),
        LISTENS,
        "#",
    );
    let framework = Fact::new(row.name.to_owned(), because.clone());
    let own = listening.port.clone();
    let port = s.choice(&keys::PORT).or(own).or_default(row.port, format!("the port of {}", row.name));
    if let Some(loopback) = &listening.loopback {
        let message =
            format!("the program listens on {}, where only its own container can reach it", loopback.value);
        s.note(
            Diagnostic::warning(Code::Port, message)
                .at(loopback.because.at.clone())
                .help("listen on 0.0.0.0"),
        );
    }
    let command = python(modules, source);
    let env = listening
        .variable
        .iter()
        .map(|variable| ("PORT".to_owned(), variable.derive(port.value.to_string())));
    Some(Program {
        kind: framework.derive(ServiceKind::Server),
        dev: Some(command.clone()),
        command: Fact::new(command, because.clone()),
        env: env.collect(),
        framework: Some(framework),
        port: Some(port),
        root: String::new(),
        imports_from: None,
        adds: Vec::new(),
        health: health(modules, &source.path),
        stops: matches!(row.module, "aiohttp.web" | "uvicorn" | "hypercorn") || handles_signals(modules),
        because,
    })
}

/// A script that sets its program up and then makes the server itself, in another module than the application:
/// imported by another server, that application would be served without what the script does first.
pub(super) fn own_server(s: &Survey<'_>, modules: &Modules<'_>, app: &App) -> Option<Program> {
    let package = app.path.split_once('/')?.0;
    // https://flask-socketio.readthedocs.io/en/latest/api.html: the object has this name wherever it is passed.
    let is_server = |source: &Source<'_>, callee: &str| {
        callee == "socketio.run"
            || source.meanings(callee).iter().any(|full| OWN_SERVERS.contains(&full.as_str()))
    };
    let makes = modules.sources.iter().filter(|source| source.path != app.path).find_map(|source| {
        let calls = |statement: &&Statement| statement.calls().any(|call| is_server(source, &call.callee));
        (depth(&source.path) > 0).then_some(())?;
        Some(source.cite(source.statements.iter().find(calls)?.line))
    })?;
    let source = starters(modules).into_iter().find(|source| {
        let imports = |(_, module): &(u32, String)| module.split('.').next() == Some(package);
        depth(&source.path) == 0 && source.main_guard().is_some() && source.imported.iter().any(imports)
    })?;
    let listening = listen::find(modules.sources.iter().map(|one| one.doc), LISTENS, "#");
    let framework = Fact::new(app.framework.name.to_owned(), app.because.clone());
    let port = s.choice(&keys::PORT).or(listening.port).or_default(5000, "the port of Flask");
    let command = python(modules, source);
    Some(Program {
        kind: framework.derive(ServiceKind::Server),
        dev: Some(command.clone()),
        command: Fact::new(command, makes.clone()),
        env: Vec::new(),
        framework: Some(framework),
        port: Some(port),
        root: String::new(),
        imports_from: None,
        adds: Vec::new(),
        health: health(modules, &app.path),
        stops: handles_signals(modules),
        because: makes,
    })
}

/// Does a source import the module and, where that has clients too, make a server?
fn serves(row: &Listener, source: &Source<'_>) -> bool {
    let makes = |callee: &str| source.meanings(callee).iter().any(|full| row.serves.contains(&full.as_str()));
    source.reaches(row.module).is_some()
        && (row.serves.is_empty()
            || source
                .statements
                .iter()
                .any(|statement| statement.calls().any(|call| makes(call.callee.as_ref()))))
}

/// A bot, a queue's worker, a scheduler.
pub(super) fn worker(project: &Project<'_>, modules: &Modules<'_>) -> Option<Program> {
    if let Some(worker) = celery(project, modules) {
        return Some(worker);
    }
    let starters = starters(modules);
    let uses_worker =
        |source: &Source<'_>| WORKERS.iter().find_map(|module| Some((*module, source.uses(module)?)));
    let any = modules.sources.iter().find_map(uses_worker)?;
    let source = starters.iter().find(|source| uses_worker(source).is_some()).or_else(|| starters.first())?;
    let (module, because) = uses_worker(source).unwrap_or(any);
    let command = python(modules, source);
    let framework = Fact::new(module.to_owned(), because.clone());
    Some(Program {
        kind: framework.derive(ServiceKind::Worker),
        dev: Some(command.clone()),
        command: Fact::new(command, source.cite(source.main_guard().map_or(1, |s| s.line))),
        env: Vec::new(),
        framework: Some(framework),
        port: None,
        root: String::new(),
        imports_from: None,
        adds: Vec::new(),
        health: "/".to_owned(),
        stops: module == "aiogram" || handles_signals(modules),
        because,
    })
}

/// A Celery application that nothing else serves.
fn celery(project: &Project<'_>, modules: &Modules<'_>) -> Option<Program> {
    project.has("celery").then_some(())?;
    modules.sources.iter().find_map(|source| {
        let made = source.statements.iter().filter(|s| s.is_top_level()).find(|s| {
            s.assigned_call()
                .is_some_and(|(_, call)| source.meanings(&call.callee).iter().any(|m| m == "celery.Celery"))
        })?;
        let (root, module) = modules.name(source);
        let because = source.cite(made.line);
        let framework = Fact::new("Celery".to_owned(), because.clone());
        let words = ["--app", &module, "worker", "--loglevel", "INFO"];
        Some(Program {
            kind: framework.derive(ServiceKind::Worker),
            dev: None,
            command: framework.derive(ExecForm::new("celery", words)),
            env: Vec::new(),
            framework: Some(framework),
            port: None,
            root,
            imports_from: None,
            adds: Vec::new(),
            health: "/".to_owned(),
            stops: true,
            because,
        })
    })
}

/// Does a source give Celery tasks that are due at a time? By a setting, which a namespace may stand in front of, or by a call.
/// <https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html>
fn schedules(source: &Source<'_>) -> bool {
    let is_setting = |token: &Token| {
        let (Token::Name(name) | Token::Text(name)) = token else { return false };
        let name = name.to_ascii_lowercase();
        let mut parts = name.rsplit('_');
        parts.next() == Some("schedule") && matches!(parts.next(), Some("beat" | "celerybeat"))
    };
    let is_call = |callee: &str| callee.rsplit('.').next() == Some("add_periodic_task");
    source.statements.iter().any(|statement| {
        statement.tokens.iter().any(is_setting) || statement.calls().any(|call| is_call(&call.callee))
    })
}

/// Says how Celery's processes are started beside a server.
pub(super) fn tell_of_celery(
    s: &Survey<'_>,
    project: &Project<'_>,
    modules: &Modules<'_>,
    program: &Program,
) {
    let Some(worker) = celery(project, modules) else { return };
    let started = program.command.value.words().first();
    if program.kind.value != ServiceKind::Server || started.is_some_and(|word| word == "celery") {
        return;
    }
    let command = worker.command.value.words().join(" ");
    let is_scheduled = modules.sources.iter().any(schedules) || project.has("django-celery-beat");
    let beat = if is_scheduled { "; the schedule once more, with `beat` for `worker`" } else { "" };
    let message = "Celery's worker is a process of its own, from the same image";
    let finding = Diagnostic::note(Code::NotBuilt, message).at(worker.because.at);
    s.note(finding.help(format!("docker run IMAGE {command}{beat}")));
}

/// The command that the project's package brings.
pub(super) fn command(s: &Survey<'_>, project: &Project<'_>, modules: &Modules<'_>) -> Option<Program> {
    project.package.as_ref()?;
    let named = |(name, _): &&(String, Fact<String>)| {
        let package = project.package.as_ref().map(|package| super::requirement::normalize(&package.value));
        package == Some(super::requirement::normalize(name))
    };
    let usual = |(name, _): &&(String, Fact<String>)| {
        matches!(name.as_str(), "serve" | "start" | "server" | "app" | "main" | "run" | "web")
    };
    let scripts = &project.scripts;
    let (name, target) =
        scripts.iter().find(named).or_else(|| scripts.iter().find(usual)).or_else(|| scripts.first())?;
    let module = target.value.split(':').next().unwrap_or_default();
    let source = modules.find("", module).or_else(|| modules.find("src", module));
    let listens = source.and_then(|source| {
        let Listener { name, port, .. } = LISTENERS.iter().find(|row| serves(row, source))?;
        let found = listen::find([source.doc], LISTENS, "#").port;
        Some((*name, s.choice(&keys::PORT).or(found).or_default(*port, format!("the port of {name}"))))
    });
    let kind = if listens.is_some() { ServiceKind::Server } else { ServiceKind::Program };
    Some(Program {
        kind: target.derive(kind),
        framework: listens.as_ref().map(|(framework, _)| target.derive((*framework).to_owned())),
        command: target.derive(ExecForm::new(name.clone(), [] as [&str; 0])),
        dev: None,
        port: listens.map(|(_, port)| port),
        root: String::new(),
        imports_from: None,
        adds: Vec::new(),
        env: Vec::new(),
        health: "/".to_owned(),
        stops: false,
        because: target.because.clone(),
    })
}

/// Servers of notebooks: package, module whose page it is, and how it is told where to listen.
/// <https://jupyter-server.readthedocs.io/en/stable/operators/public-server.html>,
/// <https://voila.readthedocs.io/en/stable/deploy.html>
const NOTEBOOKS: &[(&str, &str, u16, &[&str])] = &[
    ("voila", "Voilà", 8866, &["voila", "--no-browser", "--Voila.ip=0.0.0.0", "--port={port}"]),
    ("jupyterlab", "JupyterLab", 8888, &["jupyter", "lab", "--no-browser", "--ip=0.0.0.0", "--port={port}"]),
    ("notebook", "Jupyter", 8888, &["jupyter", "notebook", "--no-browser", "--ip=0.0.0.0", "--port={port}"]),
    ("jupyter", "JupyterLab", 8888, &["jupyter", "lab", "--no-browser", "--ip=0.0.0.0", "--port={port}"]),
];

/// Notebooks, and nothing else that runs. Jupyter asks for the token that it prints, or that `JUPYTER_TOKEN` gives it.
pub(super) fn notebooks(s: &Survey<'_>, project: &Project<'_>) -> Option<Program> {
    let (notebook, _) = s.dir.files().find(|(path, _)| path.ends_with(".ipynb"))?;
    let (_, name, port, words) = NOTEBOOKS.iter().find(|(package, ..)| project.has(package))?;
    let because = s.dir.evidence(notebook, "a notebook");
    let framework = Fact::new((*name).to_owned(), because.clone());
    let port = s.choice(&keys::PORT).or_default(*port, format!("the port of {name}"));
    let words = words.iter().map(|word| word.replace("{port}", &port.value.to_string())).collect();
    let home = framework.derive("/tmp".to_owned());
    Some(Program {
        kind: framework.derive(ServiceKind::Server),
        command: framework.derive(ExecForm::from_words(words)?),
        dev: None,
        port: Some(port),
        root: String::new(),
        imports_from: None,
        adds: Vec::new(),
        env: vec![("HOME".to_owned(), home)],
        health: "/".to_owned(),
        stops: true,
        framework: Some(framework),
        because,
    })
}

/// Jupyter saves what is edited where it lies; Voilà only shows it.
pub(super) fn saved(program: &Program) -> Option<Fact<String>> {
    let is_jupyter = program.command.value.words().first().is_some_and(|word| word == "jupyter");
    is_jupyter.then(|| program.command.derive("notebooks".to_owned()))
}

/// A script that is clearly meant to be started.
pub(super) fn main(modules: &Modules<'_>) -> Option<Program> {
    let starters = starters(modules);
    let source = starters.first()?;
    let because = source.cite(source.main_guard().map_or(1, |statement| statement.line));
    let command = python(modules, source);
    Some(Program {
        kind: Fact::new(ServiceKind::Program, because.clone()),
        framework: None,
        command: Fact::new(command, because.clone()),
        dev: None,
        port: None,
        root: String::new(),
        imports_from: None,
        adds: Vec::new(),
        env: Vec::new(),
        health: "/".to_owned(),
        stops: handles_signals(modules),
        because,
    })
}

/// `python -m package` for a `__main__.py`, else `python file`.
fn python(modules: &Modules<'_>, source: &Source<'_>) -> ExecForm {
    let (root, module) = modules.name(source);
    if let Some(package) = module.strip_suffix(".__main__").filter(|_| root.is_empty() || root == "src") {
        return ExecForm::new("python", ["-m", package]);
    }
    if (source.is_relative || root.is_empty() && module.contains('.') && imports_own(modules, source))
        && root.is_empty()
    {
        return ExecForm::new("python", ["-m", &module]);
    }
    ExecForm::new("python", [source.path.as_str()])
}

/// Does it import modules of the project that only the project's folder has?
fn imports_own(modules: &Modules<'_>, source: &Source<'_>) -> bool {
    source
        .imported
        .iter()
        .any(|(_, module)| modules.find("", module).is_some_and(|found| found.path.contains('/')))
}

/// The sources that are meant to be started, the likeliest first.
fn starters<'m, 'a>(modules: &'m Modules<'a>) -> Vec<&'m Source<'a>> {
    let is_named = |source: &Source<'_>| modules.started.as_ref() == Some(&source.path);
    let mut starters: Vec<_> =
        modules.sources.iter().filter(|source| is_named(source) || is_started(source)).collect();
    starters.sort_by_key(|source| (!is_named(source), rank(source)));
    starters
}

/// Has it a part that runs when it is the program, or a name that is always started?
fn is_started(source: &Source<'_>) -> bool {
    let name = source.path.rsplit('/').next().unwrap_or_default();
    name == "__main__.py"
        || source.main_guard().is_some()
        || (SCRIPTS.contains(&name) && depth(&source.path) <= 1 && acts(source))
}

/// Does it call something at its top level, or only define?
fn acts(source: &Source<'_>) -> bool {
    source.statements.iter().any(|statement| {
        statement.is_top_level()
            && statement.calls().any(|call| !call.callee.is_empty())
            && statement.defines().is_none()
    })
}

fn rank(source: &Source<'_>) -> (usize, usize, String) {
    let name = source.path.rsplit('/').next().unwrap_or_default();
    let known = SCRIPTS.iter().position(|script| *script == name).unwrap_or(SCRIPTS.len());
    let deep = depth(&source.path) - usize::from(name == "__main__.py" && source.path.contains('/'));
    (deep, known, source.path.clone())
}

fn handles_signals(modules: &Modules<'_>) -> bool {
    let docs = modules.sources.iter().map(|source| source.doc);
    crate::stack::common::signal::handler(docs, &["signal.SIGTERM", "signal.signal(SIGTERM"], "#").is_some()
}

/// Dash keeps its WSGI application in an attribute that is usually given a name.
/// <https://dash.plotly.com/deployment>
pub(super) fn dash_server(modules: &Modules<'_>, app: &App) -> Option<String> {
    let named = modules.at(&app.path).and_then(|source| {
        source.statements.iter().filter(|s| s.is_top_level()).find_map(|statement| {
            match statement.tokens.as_slice() {
                [Token::Name(name), equals, Token::Name(of), dot, Token::Name(server)]
                    if equals.is("=") && *of == app.variable && dot.is(".") && server == "server" =>
                {
                    Some(name.clone())
                }
                _ => None,
            }
        })
    });
    named.map(|name| format!("{}:{name}", app.module))
}

/// A route that usual monitors ask for, when the file or its neighbours have one on the application itself.
pub(super) fn health(modules: &Modules<'_>, path: &str) -> String {
    let Some(source) = modules.at(path) else { return "/".to_owned() };
    let decorated =
        source.statements.iter().filter(|statement| statement.tokens.first().is_some_and(|t| t.is("@")));
    let routes = decorated.flat_map(|statement| {
        statement.calls().filter_map(|call| call.first_text().map(str::to_owned)).collect::<Vec<_>>()
    });
    let found = routes
        .filter(|route| HEALTH.contains(&route.trim_matches('/')))
        .min_by_key(|route| HEALTH.iter().position(|known| *known == route.trim_matches('/')));
    found.unwrap_or_else(|| "/".to_owned())
}
