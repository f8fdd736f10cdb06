//! How an old image started a program of Go or Rust: the new one has the built program at a place of its own, and takes
//! over what it was told.

use super::{Harvest, Judged, Scene, Starts, called, kept, list, person, superseded, unclear};
use crate::dockerfile::script::{Command, commands};
use crate::plan::run::quote;

/// Programs that build a compiled program again with each edit, and start it: the readme of each.
const WATCHERS: &[&str] =
    &["CompileDaemon", "air", "bee", "cargo-watch", "fresh", "gin", "modd", "realize", "reflex", "watchexec"];

/// Programs that are not the built one, whatever they start.
const TOOLS: &[&str] = &[
    "bash", "buffalo", "cargo", "cat", "dlv", "env", "gdb", "go", "godep", "make", "mage", "nginx", "node",
    "python", "python3", "revel", "sh", "sleep", "tail", "task", "trunk",
];

/// What becomes of a start that needs no shell; none where that is a script.
pub(super) fn judge(harvest: &mut Harvest, starts: &Starts<'_>, words: &[String]) -> Option<Judged> {
    let (program, rest) = called(words);
    Some(match (starts.stack(), program, rest.as_slice()) {
        ("go", "go" | "go-wrapper", ["run", ..])
        | ("go", "godep", ["go", "run", ..])
        | ("rust", "cargo", ["run", ..]) => starts.is_built(),
        (_, watcher, _) if WATCHERS.contains(&watcher) => {
            let notes = vec![starts.note(), "an image does not watch its sources".to_owned()];
            (superseded("runtime, which starts the program as in production"), notes)
        }
        (_, tool, _) if TOOLS.contains(&tool) => unclear(harvest, starts.line, &starts.old),
        (_, program, _) if program.ends_with(".sh") || program.is_empty() => return None,
        (.., []) => (superseded("runtime, which starts the built program"), starts.change()),
        (.., arguments) => with_arguments(harvest, starts, arguments),
    })
}

/// A compiled program with what it was told.
fn with_arguments(harvest: &mut Harvest, starts: &Starts<'_>, arguments: &[&str]) -> Judged {
    let Some(built) = built(&starts.planned, arguments) else {
        return (person("where the arguments of the program belong"), Vec::new());
    };
    let words = std::iter::once(built.clone()).chain(arguments.iter().map(|&word| word.to_owned()));
    harvest.wish("run.cmd", list(&words.collect::<Vec<_>>()), starts.line);
    (kept("run.cmd"), vec![format!("the built program is `{built}`; its arguments stay")])
}

/// A start that a shell puts together; none where it does more than to start the program.
pub(super) fn in_shell(harvest: &mut Harvest, starts: &Starts<'_>) -> Option<Judged> {
    let text = built_in_shell(starts.scene, &starts.old, &starts.planned)?;
    harvest.wish("run.cmd", list(&["sh".to_owned(), "-c".to_owned(), text]), starts.line);
    let note = "a shell puts the arguments of the built program together".to_owned();
    Some((kept("run.cmd"), vec![note]))
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

/// The path of the built program in the planned start.
fn built<'p>(planned: &'p [String], arguments: &[&str]) -> Option<&'p String> {
    let own = planned.iter().take_while(|word| !arguments.contains(&word.as_str()));
    own.into_iter().find(|word| word.starts_with('/') && *word != "/tini")
}
