//! What becomes of a `RUN`: each command is judged, packages are explained, and the whole gets one fate.

use super::system::Wishes;
use super::{
    Disposition, DropReason, Harvest, Scene, by_name, dropped, entry, files, person, scripts, strongest,
    supply, system,
};
use crate::dockerfile::packages;
use crate::dockerfile::script::{Command, Then, commands};
use crate::dockerfile::{Form, Instruction, Meaning};
use crate::lint::piped;
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

/// Judges one `RUN`.
pub(super) fn judge(
    harvest: &mut Harvest,
    scene: &Scene<'_>,
    instruction: &Instruction,
) -> (Disposition, Vec<String>) {
    let script = match script_of(scene, instruction) {
        Ok(script) => script,
        Err(why) => return (person(why), Vec::new()),
    };
    let mut told = Told::default();
    let found = commands(&script);
    let piped = piped(&found);
    let mut here = scripts::folder_of(scene, instruction.line);
    for command in &found {
        let words = command.unwrapped(&script);
        let download =
            piped.iter().find(|pipe| pipe.holds(command)).and_then(|pipe| Installer::of(pipe.fetcher));
        let resolved = files::resolved(scene, command, words);
        let (command, words) = match &resolved {
            Some((command, words)) => (command, words.as_str()),
            None => (command, words),
        };
        let below = scripts::project_below(scene, &here).filter(|_| is_of_a_project(command));
        let verdict = match (download, below) {
            (Some(installer), _) => installed_by(scene, installer),
            (None, Some(folder)) => scripts::elsewhere(scene, &folder),
            (None, None) => match files::own(scene, command, words, &here) {
                Some(text) => Verdict::Instead(text),
                None => verdict(harvest, scene, instruction.line, (command, words), &mut told.notes),
            },
        };
        if let (Some("cd"), Some(folder)) = (command.program(), command.args().first()) {
            here = entry::join(&here, &folder.text);
        }
        let fate = told.fate(harvest, scene, command, words, verdict);
        if found.len() > 1 && matches!(fate, Disposition::Person { .. }) {
            told.notes.push(format!("`{}`: {fate}", excerpt(words)));
        }
        told.fates.push(fate);
    }
    told.conclude(harvest, scene, instruction)
}

/// The script that an instruction runs, or why it cannot be told.
fn script_of(scene: &Scene<'_>, instruction: &Instruction) -> Result<String, &'static str> {
    let Ok(Meaning::Run(run)) = instruction.meaning() else { return Err("a build refuses it") };
    Ok(match &run.form {
        Form::Exec(words) if words.len() == 3 && words[1] == "-c" => words[2].clone(),
        Form::Exec(words) => {
            words.iter().map(|word| crate::plan::run::quote(word)).collect::<Vec<_>>().join(" ")
        }
        Form::Shell(text) => match instruction.heredocs.as_slice() {
            [body] if text.trim() == format!("<<{}", body.name) => scene.file.slice(&body.body).to_owned(),
            [] => text.clone(),
            _ => return Err("what its heredocs do"),
        },
    })
}

/// Does a command work on the project in whose folder it runs?
fn is_of_a_project(command: &Command) -> bool {
    let program = command.program().unwrap_or_default();
    let installs_by_name =
        program.starts_with("pip") && !command.has_option(&["-r", "--requirement", "-e", "--editable"]);
    let is_global = command.has_option(&["-g", "--global"]);
    !installs_by_name
        && !is_global
        && (program.starts_with("pip")
            || matches!(
                program,
                "npm" | "yarn" | "pnpm" | "bun" | "pipenv" | "poetry" | "go" | "cargo" | "mvn" | "mvnw"
            ))
}

/// What is known of the commands of one instruction so far.
#[derive(Default)]
struct Told {
    fates: Vec<Disposition>,
    notes: Vec<String>,
    /// What the runtime runs of it.
    carried: Vec<String>,
}

impl Told {
    fn fate(
        &mut self,
        harvest: &mut Harvest,
        scene: &Scene<'_>,
        command: &Command,
        words: &str,
        verdict: Verdict,
    ) -> Disposition {
        let runtime = || Disposition::Carried { stage: "runtime".to_owned(), change: None };
        match verdict {
            Verdict::Person(why) => {
                harvest.left += 1;
                harvest.unmade.extend(paths(command).map(str::to_owned));
                person(&why)
            }
            Verdict::Setting(_) if command.then == Then::Pipe => person("what it writes"),
            _ if command.then == Then::Pipe && command.writes => person("what it writes"),
            Verdict::Stage(by) => Disposition::Superseded { by: by.to_owned() },
            Verdict::Nothing => dropped(DropReason::OnlyForTheOldBuild),
            Verdict::Packages if command.is_conditional => {
                person("whether these packages are installed depends on a condition")
            }
            Verdict::Setting(_) | Verdict::Fate(_) | Verdict::Runtime | Verdict::Instead(_)
                if command.is_conditional =>
            {
                person("whether it runs depends on a condition")
            }
            Verdict::Fate(fate) => fate,
            Verdict::Setting(key) => super::kept(key),
            Verdict::Packages => Disposition::Kept { setting: "the packages of the stages".to_owned() },
            Verdict::Instead(text) => {
                self.carried.push(text);
                runtime()
            }
            Verdict::Runtime => {
                if let Some(path) = paths(command).find(|path| harvest.is_unmade(path)) {
                    return person(&format!("what makes `{path}` is left to a person as well"));
                }
                self.carried.push(words.to_owned());
                if let Some(user) = scene.ordinary_user().filter(|_| command.program() == Some("mkdir")) {
                    let paths: Vec<&str> = command.operands().map(|word| word.text.as_str()).collect();
                    if paths.iter().all(|path| super::is_plain(path)) {
                        self.carried.push(format!("chown {user} {}", paths.join(" ")));
                    }
                }
                runtime()
            }
        }
    }

    /// One fate for the instruction; what the runtime runs of it is carried.
    fn conclude(
        self,
        harvest: &mut Harvest,
        scene: &Scene<'_>,
        instruction: &Instruction,
    ) -> (Disposition, Vec<String>) {
        let commands = self.fates.len();
        let mut fate = strongest(self.fates);
        if let Disposition::Carried { change, .. } = &mut fate {
            let text = self.carried.join(" \\\n && ");
            if self.carried.len() < commands {
                *change = Some(format!("only `{}`; stages do the rest", excerpt(&text.replace("\\\n", ""))));
            }
            fate = match (harvest.carry(scene, instruction, &format!("RUN {text}")), change.take()) {
                (Disposition::Carried { stage, .. }, change) => Disposition::Carried { stage, change },
                (other, _) => other,
            };
        }
        (fate, self.notes)
    }
}

/// The places in the image that a command names.
fn paths(command: &Command) -> impl Iterator<Item = &str> {
    command
        .args()
        .iter()
        .map(|word| word.text.as_str())
        .filter(|text| text.len() > 1 && text.starts_with('/'))
}

fn verdict(
    harvest: &mut Harvest,
    scene: &Scene<'_>,
    line: u32,
    (command, text): (&Command, &str),
    notes: &mut Vec<String>,
) -> Verdict {
    let Some(program) = command.program() else { return Verdict::Nothing };
    let verb = command.operands().next().map_or("", |word| word.text.as_str());
    if let Some(install) = packages::installed(command) {
        let wishes = if command.is_conditional { Wishes::None } else { Wishes::Settings };
        return system::packages(harvest, scene, line, &install, wishes, notes);
    }
    if packages::manager(command).is_some() {
        return Verdict::Nothing;
    }
    if let Some(zone) = files::time_zone(scene, command, text) {
        harvest.wish("runtime.env.TZ", zone.clone().into(), line);
        harvest.wish("runtime.system_packages", vec!["tzdata".to_owned()].into(), line);
        notes.push(format!("the time zone is {zone}, which programs read from TZ"));
        return Verdict::Setting("runtime.env.TZ");
    }
    if command.writes {
        return Verdict::Person("what it writes into a file".to_owned());
    }
    if shows_its_version(command) {
        return Verdict::Nothing;
    }
    if let Some(verdict) = scripts::verdict(harvest, scene, line, (command, text)) {
        return verdict;
    }
    if let Some(verdict) = registry(harvest, scene, line, command) {
        return verdict;
    }
    match program {
        "pip" | "pip2" | "pip3" => return by_name::pip(scene, command),
        "python" | "python2" | "python3" => {
            link_environment(harvest, scene, line, command);
            return python(command);
        }
        "virtualenv" => {
            link_environment(harvest, scene, line, command);
            return Verdict::Stage("deps");
        }
        "cargo" if verb == "install" => return by_name::cargo_install(command),
        "npm" | "yarn" | "pnpm" if by_name::adds(command) => {
            return by_name::by_name(scene, command, "package.json");
        }
        "git" if verb == "config" => return Verdict::Nothing,
        "npm" if command.has_option(&["-g", "--global"]) => return by_name::global(scene, command),
        "yarn" if verb == "global" => return by_name::global(scene, command),
        "npm" | "yarn" if matches!(verb, "cache" | "config" | "set") => return Verdict::Nothing,
        "manage.py" => return by_django(verb),
        "source" | "." if verb.ends_with("/activate") => return Verdict::Nothing,
        "rm" | "find" => return files::removal(scene, command),
        "mkdir" | "chown" | "chmod" | "touch" | "ln" => return files::folders(scene, command, program),
        "django-admin" if verb == "compilemessages" => return Verdict::Runtime,
        "locale-gen" | "update-ca-certificates" | "localedef" => return Verdict::Runtime,
        _ => {}
    }
    if SILENT.contains(&program) {
        return Verdict::Nothing;
    }
    let row = STAGES
        .iter()
        .find(|(name, verbs, _)| *name == program && (verbs.is_empty() || verbs.contains(&verb)));
    match row {
        Some((_, _, stage)) => Verdict::Stage(stage),
        None => Verdict::Person(format!("whether the program needs `{program}` to have run")),
    }
}

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
fn installed_by(scene: &Scene<'_>, installer: &Installer) -> Verdict {
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
    if scene.service.stack.value != "python" || !super::is_plain(folder) || folder == "/opt/venv" {
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
