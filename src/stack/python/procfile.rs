//! The `Procfile`: what its authors start, in exec form.
//!
//! <https://devcenter.heroku.com/articles/procfile>

use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::plan::service::{ExecForm, ServiceKind};
use crate::repo::dir::Dir;
use crate::stack::Survey;

use super::program::Program;
use super::project::Project;
use super::server;

/// Servers that bind what they are told to, and how each is told.
const BINDS: &[(&str, &[&str])] = &[
    ("gunicorn", &["--bind", "-b"]),
    ("uvicorn", &["--host", "--port"]),
    ("hypercorn", &["--bind", "-b"]),
    ("daphne", &["--bind", "-b", "--port", "-p"]),
    ("waitress-serve", &["--listen", "--port", "--host"]),
];

/// Replaces what was detected with the `web` process, where it starts a known server with an application.
pub(super) fn web(s: &Survey<'_>, project: &Project<'_>, detected: Option<Program>) -> Option<Program> {
    let line = s.doc("Procfile").and_then(|doc| {
        doc.find(|line| Some(line.strip_prefix("web:")?.trim().to_owned()).filter(|line| !line.is_empty()))
    });
    let Some(line) = line else { return detected };
    let mut detected = detected?;
    // Migrations and the like before it are a step of the release, not of every start.
    let last = line.value.rsplit("&&").next().unwrap_or_default().trim();
    if last != line.value {
        let message = "the Procfile runs something before its server; the image runs the server alone";
        let help = "run migrations as a step of the release";
        s.note(Diagnostic::note(Code::StartCommand, message).at(line.because.at.clone()).help(help));
    }
    let Ok(words) = shell_words::split(last) else { return Some(detected) };
    let words: Vec<String> =
        words.into_iter().skip_while(|word| word.contains('=') || word == "exec").collect();
    let Some((program, args)) = words.split_first() else { return Some(detected) };
    let Some((_, flags)) = BINDS.iter().find(|(name, _)| name == program && project.has(package(name)))
    else {
        return Some(detected);
    };
    let Some(args) = without(args, flags) else { return Some(detected) };
    let port = server::port(s);
    let mut new = bind(program, port.value);
    new.extend(args);
    detected.adds.retain(|added| !added.requirement.starts_with(package(program)));
    detected.command = Fact {
        over: vec![crate::fact::Lost {
            value: detected.command.value.to_string(),
            because: detected.command.because.clone(),
        }],
        ..line.map(|_| ExecForm::new(program.clone(), new))
    };
    detected.kind = detected.command.derive(ServiceKind::Server);
    detected.port = Some(port);
    detected.stops = true;
    Some(detected)
}

/// Says which other processes there are: each is a container of its own, from the same image.
pub(super) fn others(s: &Survey<'_>) -> bool {
    let Some(doc) = s.doc("Procfile") else { return false };
    let processes: Vec<(u32, &str, &str)> = doc
        .lines()
        .filter_map(|(number, line)| {
            let (name, command) = line.split_once(':')?;
            let is_name =
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
            (is_name && !command.trim().is_empty()).then(|| (number, name, command.trim()))
        })
        .collect();
    let serves = processes.iter().any(|(_, name, _)| *name == "web");
    let others: Vec<_> =
        processes.iter().filter(|(_, name, _)| !matches!(*name, "web" | "release")).collect();
    let Some((number, ..)) = others.first().filter(|_| serves) else { return false };
    let names: Vec<String> = others.iter().map(|(_, name, _)| format!("`{name}`")).collect();
    let commands: Vec<&str> = others.iter().map(|(.., command)| *command).collect();
    let message = format!("the Procfile starts {} besides, from the same image", names.join(", "));
    let finding = Diagnostic::note(Code::NotBuilt, message).at(doc.cite(*number, "").at);
    s.note(finding.help(format!("docker run IMAGE, with each command: {}", commands.join("; "))));
    true
}

/// The script that the first process of these kinds starts with Python, as a path.
pub(super) fn script(dir: &Dir<'_>) -> Option<String> {
    const KINDS: &[&str] = &["web", "worker", "bot", "app"];
    let doc = dir.doc("Procfile")?;
    KINDS.iter().find_map(|kind| {
        let line = doc.text.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(':'))?;
        let words = shell_words::split(line.rsplit("&&").next()?).ok()?;
        let at = words.iter().position(|word| matches!(word.as_str(), "python" | "python3"))?;
        let mut args = words[at + 1..].iter().skip_while(|word| matches!(word.as_str(), "-u" | "-O" | "-B"));
        let first = args.next()?;
        if first != "-m" {
            return Some(first.trim_start_matches("./").to_owned());
        }
        let module = args.next()?.replace('.', "/");
        [format!("{module}.py"), format!("{module}/__main__.py")].into_iter().find(|path| dir.has(path))
    })
}

fn package(program: &str) -> &str {
    program.strip_suffix("-serve").unwrap_or(program)
}

/// How a server is told to listen for others.
fn bind(program: &str, port: u16) -> Vec<String> {
    let address = format!("0.0.0.0:{port}");
    match program {
        "uvicorn" => vec!["--host".into(), "0.0.0.0".into(), "--port".into(), port.to_string()],
        "daphne" => vec!["--bind".into(), "0.0.0.0".into(), "--port".into(), port.to_string()],
        "waitress-serve" => vec![format!("--listen={address}")],
        "gunicorn" => vec!["--bind".into(), address, "--worker-tmp-dir".into(), "/dev/shm".into()],
        _ => vec!["--bind".into(), address],
    }
}

/// The arguments without those that say where to listen; none when one needs a shell.
fn without(args: &[String], flags: &[&str]) -> Option<Vec<String>> {
    let mut kept = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let name = arg.split('=').next().unwrap_or_default();
        if flags.contains(&name) {
            if !arg.contains('=') {
                args.next();
            }
        } else if name == "--log-file" || name == "--worker-tmp-dir" {
            // gunicorn writes to stderr already.
            if !arg.contains('=') {
                args.next();
            }
        } else if arg.contains('$') || arg.contains('`') || matches!(arg.as_str(), "|" | ";" | "&" | "||") {
            return None;
        } else {
            kept.push(arg.clone());
        }
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_out() {
        for (line, flags, kept) in [
            ("--bind 0.0.0.0:$PORT app:app", "gunicorn", Some("app:app")),
            ("-b=:80 --workers 3 app:app --log-file -", "gunicorn", Some("--workers 3 app:app")),
            ("app.main:app --host=0.0.0.0 --port=${PORT:-5000}", "uvicorn", Some("app.main:app")),
            ("--workers $WEB app:app", "gunicorn", None),
        ] {
            let words = shell_words::split(line).unwrap();
            let (_, flags) = BINDS.iter().find(|(name, _)| *name == flags).unwrap();
            assert_eq!(without(&words, flags).map(|words| words.join(" ")).as_deref(), kept, "{line}");
        }
    }
}
