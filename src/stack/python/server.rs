//! The commands of production servers: gunicorn for WSGI, uvicorn for ASGI, or the one the project has.

use crate::config::keys;
use crate::fact::Fact;
use crate::plan::service::{ExecForm, ServiceKind};
use crate::stack::Survey;

use super::app::{App, Made};
use super::django::Django;
use super::framework::Speaks;
use super::modules::Modules;
use super::program::{Added, Program};
use super::project::Project;

/// What is asked for when nothing says a port: <https://www.gunicorn.org/>, <https://www.uvicorn.org/>.
const PORT: u16 = 8000;

/// Versions that are added where a project has no server of its own. A range, because old Pythons need old ones.
const GUNICORN: &str = "gunicorn>=20.1,<28";
const UVICORN: &str = "uvicorn>=0.20,<1";

/// Servers of WSGI applications, the usual one first.
const WSGI: &[&str] = &["gunicorn", "waitress", "uwsgi"];
/// Servers of ASGI applications, the usual one first.
const ASGI: &[&str] = &["uvicorn", "hypercorn", "granian", "daphne"];

/// Serves an application object.
pub(super) fn app(s: &Survey<'_>, project: &Project<'_>, modules: &Modules<'_>, app: &App) -> Program {
    let port = port(s);
    let target = app.target();
    let (command, adds) = match app.framework.speaks {
        Speaks::Asgi => asgi(project, &target, app.made, port.value),
        Speaks::Sanic => (sanic(app, port.value), Vec::new()),
        Speaks::Wsgi => wsgi(project, &called(app), port.value, &[]),
        Speaks::Dash => {
            let target = super::script::dash_server(modules, app).unwrap_or_else(|| called(app));
            wsgi(project, &target, port.value, &[])
        }
        Speaks::Aiohttp => {
            wsgi(project, &called(app), port.value, &["--worker-class", "aiohttp.GunicornWebWorker"])
        }
    };
    let framework = Fact::new(app.framework.name.to_owned(), app.because.clone());
    Program {
        kind: framework.derive(ServiceKind::Server),
        dev: Some(dev(app, &target, port.value)),
        env: home(project, &command),
        command: framework.derive(command),
        framework: Some(framework),
        port: Some(port),
        root: app.root.clone(),
        imports_from: None,
        adds,
        health: super::script::health(modules, &app.path),
        stops: true,
        because: app.because.clone(),
    }
}

/// Serves a Django project.
pub(super) fn django(s: &Survey<'_>, project: &Project<'_>, django: &Django) -> Program {
    let port = port(s);
    let (command, adds) = if django.is_asgi {
        asgi(project, &django.target.value, Made::ByImport, port.value)
    } else {
        wsgi(project, &django.target.value, port.value, &[])
    };
    let address = format!("0.0.0.0:{}", port.value);
    Program {
        kind: django.target.derive(ServiceKind::Server),
        framework: Some(django.manage.derive("Django".to_owned())),
        env: home(project, &command),
        command: django.target.derive(command),
        dev: Some(ExecForm::new("python", ["manage.py", "runserver", &address])),
        port: Some(port),
        root: django.root.clone(),
        imports_from: None,
        adds,
        health: django.health.clone(),
        stops: true,
        because: django.manage.because.clone(),
    }
}

/// The port that people want, or the usual one.
pub(super) fn port(s: &Survey<'_>) -> Fact<u16> {
    s.choice(&keys::PORT).or_default(PORT, "the port of gunicorn and uvicorn")
}

/// A factory as gunicorn calls it. <https://docs.gunicorn.org/en/stable/run.html#gunicorn>
fn called(app: &App) -> String {
    if app.is_factory() { format!("{}()", app.target()) } else { app.target() }
}

fn wsgi(project: &Project<'_>, target: &str, port: u16, more: &[&str]) -> (ExecForm, Vec<Added>) {
    let address = format!("0.0.0.0:{port}");
    let found = WSGI.iter().copied().find(|server| project.has(server));
    match found {
        Some("waitress") => {
            let listen = format!("--listen={address}");
            let words = match target.strip_suffix("()") {
                Some(factory) => vec![listen, "--call".to_owned(), factory.to_owned()],
                None => vec![listen, target.to_owned()],
            };
            (ExecForm::new("waitress-serve", words), Vec::new())
        }
        Some("uwsgi") => {
            let (module, callable) = target.split_once(':').unwrap_or((target, "application"));
            let words = [
                "--http",
                &address,
                "--master",
                "--die-on-term",
                "--need-app",
                "--module",
                module,
                "--callable",
                callable,
            ];
            (ExecForm::new("uwsgi", words), Vec::new())
        }
        found => {
            let socket = socket_worker(project);
            // The heartbeat of the workers must not wait for a disk:
            // https://docs.gunicorn.org/en/stable/faq.html#how-do-i-avoid-gunicorn-excessively-blocking-in-os-fchmod
            let mut words = vec!["--bind", &address, "--worker-tmp-dir", "/dev/shm", "--access-logfile", "-"];
            words.extend(socket.iter().flat_map(|worker| worker.iter()));
            words.extend(more);
            words.push(target);
            let adds = missing(found, GUNICORN, "the framework's own server is for development");
            (ExecForm::new("gunicorn", words), adds)
        }
    }
}

/// From version 25 on, gunicorn keeps a control socket in the home folder.
/// <https://gunicorn.org/guides/gunicornc/>
fn home(project: &Project<'_>, command: &ExecForm) -> Vec<(String, Fact<String>)> {
    let is_older =
        project.version_of("gunicorn").is_some_and(|version| version.value.release().first() < Some(&25));
    if command.words().first().is_none_or(|program| program != "gunicorn") || is_older {
        return Vec::new();
    }
    let home = Fact::by_default("/tmp".to_owned(), "gunicorn keeps a control socket in the home folder");
    vec![("HOME".to_owned(), home)]
}

/// Flask-SocketIO needs one worker that holds many connections.
/// <https://flask-socketio.readthedocs.io/en/latest/deployment.html#gunicorn-web-server>
fn socket_worker(project: &Project<'_>) -> Option<&'static [&'static str]> {
    if !project.has("flask-socketio") {
        return None;
    }
    Some(if project.has("gevent") {
        &["--worker-class", "gevent"]
    } else if project.has("eventlet") {
        &["--worker-class", "eventlet"]
    } else {
        &["--threads", "100"]
    })
}

fn asgi(project: &Project<'_>, target: &str, made: Made, port: u16) -> (ExecForm, Vec<Added>) {
    let (address, number) = (format!("0.0.0.0:{port}"), port.to_string());
    let brings_uvicorn = |name: &str| {
        let extras = project.requirements.get(name).map(|one| one.extras.as_slice()).unwrap_or_default();
        extras.iter().any(|extra| matches!(extra.as_str(), "standard" | "all" | "uvicorn"))
    };
    let by_framework =
        ["fastapi", "litestar", "connexion", "fastapi-cli", "python-fasthtml"].iter().any(|name| {
            brings_uvicorn(name) || (project.has(name) && matches!(*name, "fastapi-cli" | "python-fasthtml"))
        });
    let found = ASGI.iter().copied().find(|server| project.has(server)).or(by_framework.then_some("uvicorn"));
    match found {
        Some("hypercorn") => {
            let target = if made.is_factory() { format!("{target}()") } else { target.to_owned() };
            (ExecForm::new("hypercorn", ["--bind", &address, &target]), Vec::new())
        }
        Some("granian") => {
            let mut words = vec!["--interface", "asgi", "--host", "0.0.0.0", "--port", &number];
            words.extend(made.is_factory().then_some("--factory"));
            words.push(target);
            (ExecForm::new("granian", words), Vec::new())
        }
        Some("daphne") if !made.is_factory() => {
            (ExecForm::new("daphne", ["--bind", "0.0.0.0", "--port", &number, target]), Vec::new())
        }
        found => {
            let mut words = vec!["--host", "0.0.0.0", "--port", &number];
            words.extend(made.is_factory().then_some("--factory"));
            words.insert(0, target);
            let found = found.filter(|server| *server == "uvicorn");
            (ExecForm::new("uvicorn", words), missing(found, UVICORN, "an ASGI application needs a server"))
        }
    }
}

/// <https://sanic.dev/en/guide/running/running.html#running-via-command>
fn sanic(app: &App, port: u16) -> ExecForm {
    let mut words = vec![app.target(), "--host=0.0.0.0".to_owned(), format!("--port={port}")];
    words.extend(app.is_factory().then(|| "--factory".to_owned()));
    ExecForm::new("sanic", words)
}

fn dev(app: &App, target: &str, port: u16) -> ExecForm {
    let number = port.to_string();
    match app.framework.speaks {
        Speaks::Wsgi if app.framework.name == "Flask" => ExecForm::new(
            "flask",
            ["--app", target, "--debug", "run", "--host", "0.0.0.0", "--port", &number],
        ),
        Speaks::Asgi => {
            let mut words = vec![target, "--host", "0.0.0.0", "--port", &number, "--reload"];
            words.extend(app.is_factory().then_some("--factory"));
            ExecForm::new("uvicorn", words)
        }
        Speaks::Sanic => {
            ExecForm::new("sanic", [target, "--host=0.0.0.0", &format!("--port={number}"), "--dev"])
        }
        Speaks::Wsgi | Speaks::Dash | Speaks::Aiohttp => {
            let address = format!("0.0.0.0:{number}");
            ExecForm::new("gunicorn", ["--bind", &address, "--reload", &called(app)])
        }
    }
}

fn missing(found: Option<&str>, requirement: &str, why: &str) -> Vec<Added> {
    match found {
        Some(_) => Vec::new(),
        None => vec![Added { requirement: requirement.to_owned(), why: why.to_owned() }],
    }
}
