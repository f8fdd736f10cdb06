//! How the old image starts, and how the new one does: by evaluated value where the program is a script, by the
//! built program where it is compiled.

use super::moved::{self, Moved};
use super::{Disposition, Harvest, Obstacle, ObstacleKind, Scene, Start, bound, entry, java, kept, person};
use crate::dockerfile::script::{Command, commands};
use crate::dockerfile::{ImageConfig, Instruction, Keyword};
use crate::plan::run::quote;
use crate::plan::service::Service;
use crate::stack::Ships;

/// Programs that build a compiled program again with each edit, and start it: the readme of each.
const WATCHERS: &[&str] =
    &["CompileDaemon", "air", "bee", "cargo-watch", "fresh", "gin", "modd", "realize", "reflex", "watchexec"];

/// Programs that are not the built one, whatever they start.
const TOOLS: &[&str] = &[
    "bash", "buffalo", "cargo", "cat", "dlv", "env", "gdb", "go", "godep", "make", "mage", "nginx", "node",
    "python", "python3", "revel", "sh", "sleep", "tail", "task", "trunk",
];

/// Judges `CMD` and `ENTRYPOINT`; both speak of one start.
pub(super) fn judge(
    harvest: &mut Harvest,
    scene: &Scene<'_>,
    instruction: &Instruction,
) -> (Disposition, Vec<String>) {
    let starts = [Keyword::Entrypoint, Keyword::Cmd];
    let first = scene.stage.instructions.iter().find(|other| starts.contains(&other.keyword));
    if let Some(first) = first.filter(|first| first.line != instruction.line) {
        let same = harvest.fates.get(&first.line).map(|(fate, _)| fate.clone());
        return (same.unwrap_or_else(|| kept("run.cmd")), Vec::new());
    }
    let old = unwrapped(moved::without_init(started(&scene.image)));
    let planned = planned(scene.service);
    let note = now(&shown(&old), &shown(&planned));
    let notes = |is_same: bool| if is_same { Vec::new() } else { vec![note.clone()] };
    harvest.start = Some(Start { line: instruction.line, old: shown(&old), planned: shown(&planned) });
    if scene.secrets.are_in(&old.join(" ")) {
        return (person("a secret stands in the command"), Vec::new());
    }
    if scene.ships() == Some(Ships::Built) {
        let words = plain(&old).unwrap_or_else(|| old.clone());
        if let Some(found) = entry::script(harvest, scene, instruction.line, &words, &planned) {
            return found;
        }
    }
    let ships_sources = scene.ships() == Some(Ships::Sources);
    let moved = Moved::of(scene);
    let Some(words) = plain(&old) else {
        return in_shell(harvest, scene, instruction, &in_new_place(&moved, &old, scene.ships()), &planned);
    };
    let spelled = words;
    let words = if ships_sources { moved.words(&spelled) } else { relative(scene, spelled.clone()) };
    if ships_sources
        && words == spelled
        && !ends_like(&planned, &words)
        && let Some(folder) = moved.other_folder()
    {
        return (
            person(&format!("the old image started in `{folder}`, and the new one does not")),
            vec![note],
        );
    }
    let program = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word)).to_owned();
    let rest: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    match (scene.service.stack.value.as_str(), program.as_str(), rest.as_slice()) {
        ("node", "npm" | "yarn" | "pnpm", ["start"] | ["run", "start" | "prod" | "production"]) => {
            (superseded("runtime, which starts what the script starts"), notes(false))
        }
        ("node", "npm" | "yarn" | "pnpm" | "npx" | "serve" | "http-server" | "vite", _)
            if planned.is_empty() =>
        {
            let by = "runtime, whose web server serves what was built";
            (superseded(by), vec![format!("`{}` is not needed for that", shown(&old))])
        }
        ("node", _, _) if planned.is_empty() && program != "nginx" => (
            person("the image starts a program, and dockgen plans a web server for a built site"),
            Vec::new(),
        ),
        ("node", "nginx", _) | ("java", "catalina.sh", _) => (superseded("runtime"), notes(old == planned)),
        ("java", "java", _) => {
            java::plain(harvest, instruction.line, scene, &words, &planned, notes(old == planned))
        }
        ("java", "mvn" | "mvnw" | "gradle" | "gradlew", _)
        | ("go", "go" | "go-wrapper", ["run", ..])
        | ("go", "godep", ["go", "run", ..])
        | ("rust", "cargo", ["run", ..]) => {
            (superseded("runtime, which starts the built program"), notes(false))
        }
        ("go" | "rust", watcher, _) if WATCHERS.contains(&watcher) => {
            let notes = vec![note, "an image does not watch its sources".to_owned()];
            (superseded("runtime, which starts the program as in production"), notes)
        }
        ("go" | "rust", tool, _) if TOOLS.contains(&tool) => unclear(harvest, instruction, &old),
        ("go" | "rust", _, _) if !program.ends_with(".sh") && !program.is_empty() => {
            if rest.is_empty() {
                return (superseded("runtime, which starts the built program"), notes(old == planned));
            }
            with_arguments(harvest, instruction, &planned, &rest)
        }
        _ if ships_sources && program.ends_with(".sh") => {
            script(harvest, scene, instruction, &words, "a script of the repository starts it")
        }
        _ if ships_sources && !words.is_empty() => {
            if ends_like(&planned, &words) {
                return (kept("run.cmd"), notes(old == planned));
            }
            of_sources(harvest, scene, instruction, &words, &planned, note)
        }
        _ => unclear(harvest, instruction, &old),
    }
}

/// A shell's words with the places that its text names.
fn in_new_place(moved: &Moved<'_>, old: &[String], ships: Option<Ships>) -> Vec<String> {
    match old {
        [shell, flag, text, rest @ ..] if ships == Some(Ships::Sources) => {
            [&[shell.clone(), flag.clone(), moved.text(text)], rest].concat()
        }
        _ => old.to_vec(),
    }
}

/// A start that a shell puts together.
fn in_shell(
    harvest: &mut Harvest,
    scene: &Scene<'_>,
    instruction: &Instruction,
    old: &[String],
    planned: &[String],
) -> (Disposition, Vec<String>) {
    if let Some(found) = java::in_shell(harvest, scene, instruction.line, old, planned) {
        return found;
    }
    if let Some(text) = built_in_shell(scene, old, planned) {
        harvest.wish("run.cmd", list(&["sh".to_owned(), "-c".to_owned(), text]), instruction.line);
        let note = "a shell puts the arguments of the built program together".to_owned();
        return (kept("run.cmd"), vec![note]);
    }
    script(harvest, scene, instruction, old, "a shell puts the command together")
}

/// A compiled program with what it was told.
fn with_arguments(
    harvest: &mut Harvest,
    instruction: &Instruction,
    planned: &[String],
    arguments: &[&str],
) -> (Disposition, Vec<String>) {
    let Some(built) = built(planned, arguments) else {
        return (person("where the arguments of the program belong"), Vec::new());
    };
    let words = std::iter::once(built.clone()).chain(arguments.iter().map(|&word| word.to_owned()));
    harvest.wish("run.cmd", list(&words.collect::<Vec<_>>()), instruction.line);
    (kept("run.cmd"), vec![format!("the built program is `{built}`; its arguments stay")])
}

/// A command that starts sources otherwise than it is planned.
fn of_sources(
    harvest: &mut Harvest,
    scene: &Scene<'_>,
    instruction: &Instruction,
    words: &[String],
    planned: &[String],
    note: String,
) -> (Disposition, Vec<String>) {
    if let Some(from) = words.get(1).and_then(|file| scene.moved_folder(file)) {
        if planned.is_empty() {
            return (person(&format!("`{from}` lay elsewhere in the old image")), Vec::new());
        }
        let notes = vec![note, format!("`{from}` lies where it lies in the repository")];
        return (superseded("runtime, which starts the program where it lies now"), notes);
    }
    if is_for_development(words) && !planned.is_empty() {
        let notes = vec![note, "the stage `dev` is there for development".to_owned()];
        return (superseded("runtime, which starts the program as in production"), notes);
    }
    let words = &from_the_root(harvest, scene, instruction.line, words);
    let started = commands_of(scene, words);
    bound::port(harvest, scene, instruction.line, &started);
    harvest.wish("run.cmd", list(words), instruction.line);
    if let Some(program) = missing(scene, &started) {
        return (
            person(&format!("the start calls `{program}`, which the runtime does not have")),
            Vec::new(),
        );
    }
    (kept("run.cmd"), vec![format!("outranks `{}`", shown(planned))])
}

/// Words that were written for the root of the repository, where the program starts in a folder below it now: modules are
/// found from the root all the same, and files from the folder.
fn from_the_root(harvest: &mut Harvest, scene: &Scene<'_>, line: u32, words: &[String]) -> Vec<String> {
    const ROOT: &str = "/app";
    let folder = scene.service.runtime.workdir.as_ref().filter(|_| scene.service.stack.value == "python");
    let below = folder.and_then(|folder| folder.value.strip_prefix(ROOT)?.strip_prefix('/'));
    let Some(below) = below.filter(|below| !below.is_empty()) else { return words.to_vec() };
    let (module, file) = (format!("{}.", below.replace('/', ".")), format!("{below}/"));
    if words.iter().any(|word| word.starts_with(&module)) && !scene.image.env.contains_key("PYTHONPATH") {
        harvest.wish("runtime.env.PYTHONPATH", ROOT.into(), line);
    }
    words.iter().map(|word| word.strip_prefix(&file).unwrap_or(word).to_owned()).collect()
}

pub(super) fn superseded(by: &str) -> Disposition {
    Disposition::Superseded { by: by.to_owned() }
}

impl Harvest {
    /// Says what the program is started with in the end.
    pub(in crate::migrate) fn say_start(&mut self, service: &Service) {
        let Some(start) = self.start.take() else { return };
        let (was, is) = (now(&start.old, &start.planned), now(&start.old, &shown(&planned(service))));
        if let Some((_, notes)) = self.fates.get_mut(&start.line) {
            notes.iter_mut().filter(|note| **note == was).for_each(|note| note.clone_from(&is));
        }
    }
}

pub(super) fn now(old: &str, planned: &str) -> String {
    if planned.is_empty() {
        return format!("`{old}` is now what the base image starts");
    }
    format!("`{old}` is now `{planned}`")
}

/// What dockgen starts.
fn planned(service: &Service) -> Vec<String> {
    let runtime = &service.runtime;
    let forms = runtime.entrypoint.iter().chain(&runtime.command);
    forms.flat_map(|form| form.value.words().to_vec()).collect()
}

/// All words of the start; a shell of the entry point takes no more words from the command.
/// <https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact>
fn started(image: &ImageConfig) -> Vec<String> {
    let words = |form: &Option<Vec<String>>| form.clone().unwrap_or_default();
    let entry = words(&image.entrypoint);
    let is_shell = matches!(entry.as_slice(), [shell, flag, _] if shell.ends_with("/sh") && flag == "-c");
    if is_shell { entry } else { [entry, words(&image.cmd)].concat() }
}

/// Programs that only put the environment in front of a command; the new image has it on its PATH.
const WRAPPERS: &[&str] = &["poetry", "pipenv", "uv", "pdm"];

/// A start without `poetry run` and its like in front of its commands.
fn unwrapped(words: Vec<String>) -> Vec<String> {
    let is_wrapper = |program: &str, verb: &str| WRAPPERS.contains(&program) && verb == "run";
    match words.as_slice() {
        [program, verb, next, ..] if is_wrapper(program, verb) && !next.starts_with('-') => {
            words[2..].to_vec()
        }
        [shell, flag, text] if shell.ends_with("sh") && flag == "-c" => {
            let mut plain = String::new();
            let mut at = 0;
            for command in commands(text) {
                let words = match command.words.first() {
                    Some(first) if first.text == "exec" => &command.words[1..],
                    _ => &command.words[..],
                };
                if let [program, verb, next, ..] = words
                    && is_wrapper(&program.text, &verb.text)
                    && !next.text.starts_with('-')
                    && program.span.start >= at
                {
                    plain.push_str(&text[at..program.span.start]);
                    at = next.span.start;
                }
            }
            plain.push_str(&text[at..]);
            // A command over several lines comes as one.
            if !plain.contains(['"', '\'', '\\']) {
                plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            vec![shell.clone(), flag.clone(), plain]
        }
        _ => words,
    }
}

/// The commands of a kept start: its own, those of a shell's text, and those of the scripts of the repository in it.
fn commands_of(scene: &Scene<'_>, words: &[String]) -> Vec<Command> {
    let scripts = words.iter().filter_map(|word| {
        let path = scene.service.dir.join(&scene.below_home(word)?)?;
        scene
            .inventory
            .doc(&path)
            .filter(|doc| doc.path.name().ends_with(".sh") || doc.text.starts_with("#!"))
    });
    let direct = words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
    let inner = words.last().filter(|_| words.len() == 3 && words[1] == "-c").cloned().unwrap_or_default();
    let texts = [direct, inner].into_iter().chain(scripts.map(|doc| doc.text.to_string()));
    texts.flat_map(|text| commands(&text)).collect()
}

/// A program that the commands of a kept start call and no runtime has.
fn missing(scene: &Scene<'_>, started: &[Command]) -> Option<String> {
    const NOT_SHIPPED: &[&str] =
        &["poetry", "pipenv", "uv", "pdm", "hatch", "pnpm", "bun", "nodemon", "ts-node-dev"];
    let is_own = |program: &str| scene.service.stack.value == "node" && program == "bun";
    let called = started.iter().filter_map(Command::program);
    called.into_iter().find(|program| NOT_SHIPPED.contains(program) && !is_own(program)).map(str::to_owned)
}

/// The path of the built program in the planned start.
fn built<'p>(planned: &'p [String], arguments: &[&str]) -> Option<&'p String> {
    let own = planned.iter().take_while(|word| !arguments.contains(&word.as_str()));
    own.into_iter().find(|word| word.starts_with('/') && *word != "/tini")
}

/// A shell line that starts the only compiled program, with the program's new path in it: `cd /data && api --name $NAME`.
fn built_in_shell(scene: &Scene<'_>, old: &[String], planned: &[String]) -> Option<String> {
    let [_, flag, text] = old else { return None };
    if !matches!(scene.service.stack.value.as_str(), "go" | "rust") || flag != "-c" {
        return None;
    }
    let found = commands(text);
    let is_own =
        |command: &&Command| !matches!(command.program(), Some("cd" | "export" | "exec" | "set") | None);
    let mut own = found.iter().filter(is_own);
    let (only, None) = (own.next()?, own.next()) else { return None };
    let program = only.words.iter().find(|word| word.text != "exec")?;
    let is_script = program.text.ends_with(".sh") || program.text.starts_with('[');
    if !program.is_literal || is_script || matches!(only.program(), Some("go" | "cargo")) {
        return None;
    }
    let built = quote(built(planned, &[])?);
    // The shell makes room for the program, so that it gets the signal to stop.
    let exec = if only.is_conditional || only.words.first().is_some_and(|first| first.text == "exec") {
        ""
    } else {
        "exec "
    };
    Some(format!("{}{exec}{built}{}", &text[..program.span.start], &text[program.span.end..]))
}

/// The words of a command that needs no shell; none where one has to put it together.
fn plain(old: &[String]) -> Option<Vec<String>> {
    let [shell, flag, text] = old else { return Some(old.to_vec()) };
    if !shell.ends_with("sh") || !flag.starts_with('-') {
        return Some(old.to_vec());
    }
    let found = commands(text);
    let [only] = found.as_slice() else { return None };
    let is_plain = only.words.iter().all(|word| word.is_literal) && !only.writes && !only.is_conditional;
    let words: Vec<String> = only.words.iter().map(|word| word.text.clone()).collect();
    let starts_late = only.words.first().is_none_or(|first| first.span.start != 0);
    if !is_plain || starts_late {
        return None;
    }
    Some(if words.first().is_some_and(|word| word == "exec") { words[1..].to_vec() } else { words })
}

/// Paths below the old working directory as seen from it: the new one has another name.
fn relative(scene: &Scene<'_>, words: Vec<String>) -> Vec<String> {
    let Some(home) = scene.image.workdir.as_deref().filter(|home| home.starts_with('/') && *home != "/")
    else {
        return words;
    };
    let short = |word: String| word.strip_prefix(&format!("{home}/")).map_or(word.clone(), str::to_owned);
    words.into_iter().map(short).collect()
}

/// Does the planned command end with the old one, whatever stands in front of it?
fn ends_like(planned: &[String], old: &[String]) -> bool {
    // Node.js finds `index.js` by `index`.
    let plain = |word: &String| word.trim_start_matches("./").trim_end_matches(".js").to_owned();
    let old: Vec<String> = old.iter().map(plain).collect();
    let bare = match old.as_slice() {
        [first, rest @ ..] if matches!(first.as_str(), "node" | "python" | "python3") => rest,
        all => all,
    };
    let end: Vec<String> = planned.iter().map(plain).collect();
    !bare.is_empty() && end.ends_with(bare)
}

/// A script of the package that is called like those for development.
fn is_for_development(words: &[String]) -> bool {
    let script = match words {
        [manager, run, script] if run == "run" && matches!(manager.as_str(), "npm" | "yarn" | "pnpm") => {
            script
        }
        [manager, script] if matches!(manager.as_str(), "yarn" | "pnpm") => script,
        _ => return false,
    };
    matches!(script.as_str(), "dev" | "develop" | "development" | "watch") || script.ends_with(":dev")
}

/// A start that needs a shell or a script: kept word for word where the sources are in the image.
fn script(
    harvest: &mut Harvest,
    scene: &Scene<'_>,
    instruction: &Instruction,
    words: &[String],
    why: &str,
) -> (Disposition, Vec<String>) {
    if scene.ships() != Some(Ships::Sources) {
        return unclear(harvest, instruction, words);
    }
    let started = commands_of(scene, words);
    bound::port(harvest, scene, instruction.line, &started);
    harvest.wish("run.cmd", list(words), instruction.line);
    if let Some(program) = missing(scene, &started) {
        return (
            person(&format!("the start calls `{program}`, which the runtime does not have")),
            Vec::new(),
        );
    }
    (kept("run.cmd"), vec![format!("{why}; it is kept word for word")])
}

fn unclear(harvest: &mut Harvest, instruction: &Instruction, words: &[String]) -> (Disposition, Vec<String>) {
    let why =
        format!("the image starts with `{}`, and dockgen would have to guess what that does", shown(words));
    harvest.obstacles.push(Obstacle { line: instruction.line, kind: ObstacleKind::UnclearStart, why });
    (person("how the program starts"), Vec::new())
}

pub(super) fn list(words: &[String]) -> toml::Value {
    toml::Value::Array(words.iter().map(|word| word.as_str().into()).collect())
}

pub(super) fn shown(words: &[String]) -> String {
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}
