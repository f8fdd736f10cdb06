//! What one command of the old build means for the new file: packages, settings, what a stage does anyway, what the running
//! program needs, and what nobody can tell.

use super::system::Wishes;
use super::{Disposition, Harvest, Scene, by_name, files, scripts, supply, system, text};
use crate::dockerfile::packages;
use crate::dockerfile::script::Command;
use crate::migrate::account::excerpt;
use crate::migrate::known::Installer;

/// What one command means for the new file.
pub(super) enum Verdict {
    /// A stage does it.
    Stage(&'static str),
    /// It leaves nothing behind that anybody needs.
    Nothing,
    /// The running program may need it, and it works on any image of the same kind.
    Runtime,
    /// The same in other words.
    Instead(String),
    /// Packages, explained beside.
    Packages,
    /// A setting says it.
    Setting(&'static str),
    /// It has its fate already.
    Fate(Disposition),
    /// Nobody can tell.
    Person(String),
}

/// Judges a command by what it is, whoever it works for: its words, and the text that they come from.
pub(super) fn verdict(
    harvest: &mut Harvest,
    scene: &Scene<'_>,
    line: u32,
    (command, text): (&Command, &str),
    notes: &mut Vec<String>,
) -> Verdict {
    let Some(program) = command.program() else { return Verdict::Nothing };
    of_packages(harvest, scene, line, command, notes)
        .or_else(|| of_time_zone(harvest, scene, line, (command, text), notes))
        .or_else(|| of_any_program(command))
        .or_else(|| scripts::verdict(harvest, scene, line, (command, text)))
        .or_else(|| registry(harvest, scene, line, command))
        .or_else(|| of_program(harvest, scene, line, command, program))
        .unwrap_or_else(|| by_tables(command, program))
}

/// A package manager of a distribution.
fn of_packages(
    harvest: &mut Harvest,
    scene: &Scene<'_>,
    line: u32,
    command: &Command,
    notes: &mut Vec<String>,
) -> Option<Verdict> {
    if let Some(install) = packages::installed(command) {
        let wishes = if command.is_conditional { Wishes::None } else { Wishes::Settings };
        return Some(system::packages(harvest, scene, line, &install, wishes, notes));
    }
    packages::manager(command).map(|_| Verdict::Nothing)
}

/// What sets the time zone of the image.
fn of_time_zone(
    harvest: &mut Harvest,
    scene: &Scene<'_>,
    line: u32,
    (command, text): (&Command, &str),
    notes: &mut Vec<String>,
) -> Option<Verdict> {
    let zone = files::time_zone(scene, command, text)?;
    harvest.wish("runtime.env.TZ", zone.clone().into(), line);
    harvest.wish("runtime.system_packages", vec!["tzdata".to_owned()].into(), line);
    notes.push(format!("the time zone is {zone}, which programs read from TZ"));
    Some(Verdict::Setting("runtime.env.TZ"))
}

/// What is known of a command whatever program it calls.
fn of_any_program(command: &Command) -> Option<Verdict> {
    if command.writes {
        return Some(Verdict::Person("what it writes into a file".to_owned()));
    }
    shows_its_version(command).then_some(Verdict::Nothing)
}

/// What is known of single programs, by their arguments and by the repository.
fn of_program(
    harvest: &mut Harvest,
    scene: &Scene<'_>,
    line: u32,
    command: &Command,
    program: &str,
) -> Option<Verdict> {
    let verb = verb(command);
    Some(match program {
        "pip" | "pip2" | "pip3" => by_name::pip(scene, command),
        "python" | "python2" | "python3" => {
            link_environment(harvest, scene, line, command);
            python(command)
        }
        "virtualenv" => {
            link_environment(harvest, scene, line, command);
            Verdict::Stage("deps")
        }
        "cargo" if verb == "install" => by_name::cargo_install(command),
        "npm" | "yarn" | "pnpm" if by_name::adds(command) => by_name::added(scene, command),
        "git" if verb == "config" => Verdict::Nothing,
        "npm" if command.has_option(&["-g", "--global"]) => by_name::global(scene, command),
        "yarn" if verb == "global" => by_name::global(scene, command),
        "npm" | "yarn" if matches!(verb, "cache" | "config" | "set") => Verdict::Nothing,
        "manage.py" => by_django(verb),
        "source" | "." if verb.ends_with("/activate") => Verdict::Nothing,
        "rm" | "find" => files::removal(scene, command),
        "mkdir" | "chown" | "chmod" | "touch" | "ln" => files::folders(scene, command, program),
        "django-admin" if verb == "compilemessages" => Verdict::Runtime,
        "locale-gen" | "update-ca-certificates" | "localedef" => Verdict::Runtime,
        _ => return None,
    })
}

/// What a stage does anyway, or nobody needs.
fn by_tables(command: &Command, program: &str) -> Verdict {
    if SILENT.contains(&program) {
        return Verdict::Nothing;
    }
    let verb = verb(command);
    let row = STAGES
        .iter()
        .find(|(name, verbs, _)| *name == program && (verbs.is_empty() || verbs.contains(&verb)));
    match row {
        Some((_, _, stage)) => Verdict::Stage(stage),
        None => Verdict::Person(format!("whether the program needs `{program}` to have run")),
    }
}

/// The first word behind the program that is no option.
fn verb(command: &Command) -> &str {
    command.operands().next().map_or("", |word| word.text.as_str())
}

/// Programs, the words behind them (any, where there are none), and what does their work in the new file.
/// Sources: the manuals of the programs.
const STAGES: &[(&str, &[&str], &str)] = &[
    ("npm", &["build", "ci", "i", "install", "rebuild", "prune", "test", "dedupe"], "deps"),
    ("yarn", &["install", "", "test"], "deps"),
    ("pnpm", &["i", "install", "test"], "deps"),
    ("pipenv", &["install", "sync"], "deps"),
    ("poetry", &["install", "config", "export"], "deps"),
    ("uv", &["sync", "pip", "venv"], "deps"),
    ("go", &["get", "mod", "build", "install", "test", "vet", "generate", "fmt"], "build"),
    ("go-wrapper", &[], "build"),
    ("dep", &["ensure"], "deps"),
    ("glide", &["install", "i", "up"], "deps"),
    ("govendor", &["sync", "fetch"], "deps"),
    ("godep", &[], "deps"),
    ("cargo", &["build", "fetch", "test", "update"], "build"),
    ("mvn", &[], "build"),
    ("mvnw", &[], "build"),
    ("gradle", &[], "build"),
    ("gradlew", &[], "build"),
    ("useradd", &[], "runtime, which runs as a number"),
    ("adduser", &[], "runtime, which runs as a number"),
    ("groupadd", &[], "runtime, which runs as a number"),
    ("addgroup", &[], "runtime, which runs as a number"),
    ("usermod", &[], "runtime, which runs as a number"),
    ("groupmod", &[], "runtime, which runs as a number"),
    ("nvm", &[], "the base image, which has Node.js"),
    ("n", &[], "the base image, which has Node.js"),
    ("rustup", &[], "the base image, which has Rust"),
    ("update-alternatives", &[], "the base image, which has its own toolchain"),
];

/// Commands that change nothing outside of themselves.
const SILENT: &[&str] = &[
    "cd",
    "export",
    "set",
    "echo",
    "true",
    ":",
    "test",
    "[",
    "ls",
    "pwd",
    "which",
    "env",
    "uname",
    "sleep",
    "date",
    "printf",
    "cat",
    "whoami",
    "id",
    "hash",
    "type",
    "unset",
    "exit",
    "node",
    "java",
    "sync",
    "umask",
    "ldconfig",
    "apt-key",
    "add-apt-repository",
    "awk",
    "cut",
    "dpkg-query",
    "grep",
    "head",
    "sort",
    "tail",
    "tr",
    "wc",
];

/// `git --version`: nothing is made by that.
fn shows_its_version(command: &Command) -> bool {
    let [only] = command.args() else { return false };
    matches!(only.text.as_str(), "--version" | "-V" | "-version" | "-v") && !command.writes
}

/// `npm config set registry URL`: packages come from there.
fn registry(harvest: &mut Harvest, scene: &Scene<'_>, line: u32, command: &Command) -> Option<Verdict> {
    let variable = match command.program()? {
        "npm" | "pnpm" => "NPM_CONFIG_REGISTRY",
        "yarn" => "YARN_REGISTRY",
        _ => return None,
    };
    let words: Vec<&str> = command.operands().map(|word| word.text.as_str()).collect();
    let ["config", "set", "registry", address] = words.as_slice() else { return None };
    supply::source(harvest, scene, line, (variable, address)).map(Verdict::Fate)
}

/// A script that brings a toolchain: the base image has that of its own stack.
pub(super) fn installed_by(scene: &Scene<'_>, installer: &Installer) -> Verdict {
    if installer.brings == scene.service.stack.value {
        return Verdict::Stage("the base image, which has what the script installs");
    }
    Verdict::Person(format!("whether the program needs {} beside its own toolchain", installer.brings))
}

/// The environment lies elsewhere now; where the start of the image looks for it by its old path, a link leads there.
fn link_environment(harvest: &mut Harvest, scene: &Scene<'_>, line: u32, command: &Command) {
    let makes =
        command.program() == Some("virtualenv") || command.args().iter().any(|word| word.text == "venv");
    let Some(folder) = command.operands().last().filter(|word| makes && word.is_literal) else { return };
    let folder = folder.text.trim_end_matches('/');
    if scene.service.stack.value != "python" || !text::is_plain(folder) || folder == "/opt/venv" {
        return;
    }
    let words = scene.image.entrypoint.iter().chain(&scene.image.cmd).flatten();
    let below = scene.below_home(folder);
    let spelled = [Some(format!("{folder}/bin/")), below.as_ref().map(|below| format!("{below}/bin/"))];
    let is_named = |text: &str| spelled.iter().flatten().any(|path| text.contains(path.as_str()));
    let scripts = words.clone().filter_map(|word| {
        let path = scene.service.dir.join(&scene.below_home(word)?)?;
        scene.inventory.doc(&path)
    });
    let is_needed =
        words.clone().any(|word| is_named(word)) || scripts.into_iter().any(|doc| is_named(doc.text));
    if !is_needed {
        return;
    }
    let place = below.unwrap_or_else(|| folder.to_owned());
    let above = place.rsplit_once('/').map_or("", |(above, _)| above);
    let make = if above.is_empty() { String::new() } else { format!("mkdir -p {above} && ") };
    harvest.wish("runtime.instructions", vec![format!("RUN {make}ln -s /opt/venv {place}")].into(), line);
}

fn by_django(verb: &str) -> Verdict {
    match verb {
        "collectstatic" => Verdict::Stage("build"),
        // Compiled texts are files of the program that nothing else makes.
        "compilemessages" => Verdict::Runtime,
        _ => Verdict::Person(format!("whether the program needs `manage.py {verb}` to have run")),
    }
}

fn python(command: &Command) -> Verdict {
    let words: Vec<&str> = command.args().iter().map(|word| word.text.as_str()).collect();
    match words.as_slice() {
        ["setup.py", "install" | "develop" | "build_ext" | "build", ..]
        | ["-m", "pip" | "compileall" | "venv", ..] => Verdict::Stage("deps"),
        ["manage.py" | "./manage.py", verb @ ("collectstatic" | "compilemessages"), ..]
        | ["-m", "django", verb @ "compilemessages", ..] => by_django(verb),
        ["-V" | "--version"] => Verdict::Nothing,
        _ => Verdict::Person(format!(
            "whether the program needs `python {}` to have run",
            excerpt(&words.join(" "))
        )),
    }
}
