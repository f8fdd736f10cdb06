//! The port that a start which is kept binds: what its server is told, its own configuration, or what that server takes where
//! nobody says. A check that asks another port would call a healthy program ill.

use crate::dockerfile::Keyword;
use crate::dockerfile::script::Command;
use crate::migrate::harvest::{Harvest, Scene};

/// A server, how it is told its port, and what it takes otherwise.
struct Server {
    program: &'static str,
    /// The word behind the program that makes it a server; any where there is none.
    verb: Option<&'static str>,
    options: &'static [&'static str],
    usual: u16,
}

/// <https://docs.gunicorn.org/en/stable/settings.html#bind>, <https://www.uvicorn.org/settings/>,
/// <https://hypercorn.readthedocs.io/en/latest/how_to_guides/configuring.html>, <https://github.com/django/daphne>,
/// <https://docs.pylonsproject.org/projects/waitress/en/stable/runner.html>,
/// <https://flask.palletsprojects.com/en/stable/cli/>,
/// <https://docs.djangoproject.com/en/stable/ref/django-admin/#runserver>,
/// <https://docs.streamlit.io/develop/api-reference/configuration/config.toml>
const SERVERS: &[Server] = &[
    Server { program: "gunicorn", verb: None, options: &["-b", "--bind"], usual: 8000 },
    Server { program: "uvicorn", verb: None, options: &["--port"], usual: 8000 },
    Server { program: "hypercorn", verb: None, options: &["-b", "--bind"], usual: 8000 },
    Server { program: "daphne", verb: None, options: &["-p", "--port"], usual: 8000 },
    Server { program: "waitress-serve", verb: None, options: &["--port", "--listen"], usual: 8080 },
    Server { program: "flask", verb: Some("run"), options: &["-p", "--port"], usual: 5000 },
    Server { program: "python", verb: Some("runserver"), options: &[], usual: 8000 },
    Server { program: "streamlit", verb: Some("run"), options: &["--server.port"], usual: 8501 },
];

/// Takes the port of the last server among the commands of a start, unless the old file exposes one.
pub(super) fn port(harvest: &mut Harvest, scene: &Scene<'_>, line: u32, started: &[Command]) {
    if scene.stage.instructions.iter().any(|one| one.keyword == Keyword::Expose) {
        return;
    }
    let Some(port) = started.iter().rev().find_map(|command| bound(scene, command)) else { return };
    if scene.service.runtime.port.as_ref().is_none_or(|planned| planned.value != port) {
        harvest.wish("runtime.port", i64::from(port).into(), line);
    }
}

fn bound(scene: &Scene<'_>, command: &Command) -> Option<u16> {
    let program = command.program()?;
    let program = if program.starts_with("python") || program == "manage.py" { "python" } else { program };
    let words: Vec<&str> = command.args().iter().map(|word| word.text.as_str()).collect();
    let server = SERVERS
        .iter()
        .find(|row| row.program == program && row.verb.is_none_or(|verb| words.contains(&verb)))?;
    let mut told = words.iter().enumerate().filter_map(|(at, word)| {
        let is_option = |name: &&&str| *word == **name;
        let joined = server.options.iter().find_map(|name| word.strip_prefix(*name)?.strip_prefix('='));
        joined.or_else(|| server.options.iter().find(is_option).and_then(|_| words.get(at + 1).copied()))
    });
    if let Some(address) = told.next_back() {
        return port_of(&resolved(scene, address)?);
    }
    match program {
        "gunicorn" => configured(scene, &words).or(Some(server.usual)),
        "flask" => match scene.image.env.get("FLASK_RUN_PORT") {
            Some(port) => port.parse().ok(),
            None => Some(server.usual),
        },
        "python" => {
            let behind = words.iter().skip_while(|word| **word != "runserver").skip(1);
            match behind.filter(|word| !word.starts_with('-')).last() {
                Some(address) => port_of(&resolved(scene, address)?),
                None => Some(server.usual),
            }
        }
        _ => Some(server.usual),
    }
}

/// An address with the one variable in it replaced by what the image says, or by its default.
fn resolved(scene: &Scene<'_>, address: &str) -> Option<String> {
    let Some((before, name)) = address.split_once('$') else { return Some(address.to_owned()) };
    let (name, default) = match name.strip_prefix('{') {
        Some(inner) => {
            let inner = inner.strip_suffix('}')?;
            inner.split_once(":-").map_or((inner, None), |(name, default)| (name, Some(default)))
        }
        None => (name, None),
    };
    let value = scene.image.env.get(name).map(String::as_str).or(default)?;
    Some(format!("{before}{value}"))
}

/// 8000 of `0.0.0.0:8000`, `:8000` and `8000`.
fn port_of(address: &str) -> Option<u16> {
    let port = address.rsplit_once(':').map_or(address, |(_, port)| port);
    port.trim_matches(['"', '\'']).parse().ok()
}

/// The port that the file of `gunicorn --config FILE` binds.
fn configured(scene: &Scene<'_>, words: &[&str]) -> Option<u16> {
    let behind = words.iter().skip_while(|word| !matches!(**word, "-c" | "--config")).nth(1);
    let file = behind.copied().or_else(|| words.iter().find_map(|word| word.strip_prefix("--config=")))?;
    let path = scene.service.dir.join(file.trim_start_matches("python:").trim_start_matches("./"))?;
    scene.inventory.doc(&path)?.text.lines().find_map(binding)
}

/// 5005 of `bind = '0.0.0.0:5005'`.
fn binding(line: &str) -> Option<u16> {
    let value = line.strip_prefix("bind")?.trim_start().strip_prefix('=')?.trim();
    let address = value.trim_start_matches('[').trim_start_matches(['"', '\'']);
    port_of(&address[..address.find(['"', '\''])?])
}
