//! How an old image started a program whose sources it ships: the words stay what they are, with the places that they name
//! now.

use super::words::ends_like;
use super::{Harvest, Judged, Scene, Starts, bound, called, kept, list, person, shown, superseded, unclear};
use crate::dockerfile::script::{Command, commands};
use crate::migrate::harvest::moved::Moved;
use crate::plan::run::quote;

/// What becomes of a start that needs no shell.
pub(super) fn judge(harvest: &mut Harvest, starts: &Starts<'_>, words: &[String]) -> Judged {
    if called(words).0.ends_with(".sh") {
        let note = "a script of the repository starts it; it is kept word for word".to_owned();
        return keep(harvest, starts, words, note);
    }
    if words.is_empty() {
        return unclear(harvest, starts.line, &starts.old);
    }
    if ends_like(&starts.planned, words) {
        return (kept("run.cmd"), starts.change());
    }
    otherwise(harvest, starts, words)
}

/// A start that a shell puts together.
pub(super) fn in_shell(harvest: &mut Harvest, starts: &Starts<'_>) -> Judged {
    let words = in_new_place(&Moved::of(starts.scene), &starts.old);
    let note = "a shell puts the command together; it is kept word for word".to_owned();
    keep(harvest, starts, &words, note)
}

/// A command that starts the sources otherwise than it is planned.
fn otherwise(harvest: &mut Harvest, starts: &Starts<'_>, words: &[String]) -> Judged {
    if let Some(from) = words.get(1).and_then(|file| starts.scene.moved_folder(file)) {
        if starts.planned.is_empty() {
            return (person(&format!("`{from}` lay elsewhere in the old image")), Vec::new());
        }
        let notes = vec![starts.note(), format!("`{from}` lies where it lies in the repository")];
        return (superseded("runtime, which starts the program where it lies now"), notes);
    }
    if is_for_development(words) && !starts.planned.is_empty() {
        let notes = vec![starts.note(), "the stage `dev` is there for development".to_owned()];
        return (superseded("runtime, which starts the program as in production"), notes);
    }
    let words = from_the_root(harvest, starts.scene, starts.line, words);
    keep(harvest, starts, &words, format!("outranks `{}`", shown(&starts.planned)))
}

/// Keeps the words as the new start, unless they call what no runtime has.
fn keep(harvest: &mut Harvest, starts: &Starts<'_>, words: &[String], note: String) -> Judged {
    let started = commands_of(starts.scene, words);
    bound::port(harvest, starts.scene, starts.line, &started);
    harvest.wish("run.cmd", list(words), starts.line);
    match missing(starts.scene, &started) {
        Some(program) => {
            let why = format!("the start calls `{program}`, which the runtime does not have");
            (person(&why), Vec::new())
        }
        None => (kept("run.cmd"), vec![note]),
    }
}

/// A shell's words with the places that its text names.
fn in_new_place(moved: &Moved<'_>, old: &[String]) -> Vec<String> {
    match old {
        [shell, flag, text, rest @ ..] => [&[shell.clone(), flag.clone(), moved.text(text)], rest].concat(),
        _ => old.to_vec(),
    }
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
