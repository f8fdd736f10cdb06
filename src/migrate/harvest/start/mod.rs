//! How the old image starts, and how the new one does: by evaluated value where the program is a script, by the
//! built program where it is compiled.

mod bound;
mod compiled;
mod entry;
mod java;
mod node;
mod sources;
mod words;

use super::fate::{Judged, kept, person, superseded};
use super::moved::Moved;
use super::text::name_of;
use super::{Harvest, Obstacle, ObstacleKind, Scene};
use crate::dockerfile::{Instruction, Keyword};
use crate::plan::run::quote;
use crate::plan::service::Service;
use crate::stack::Ships;

/// Judges `CMD` and `ENTRYPOINT`; both speak of one start.
pub(super) fn judge(harvest: &mut Harvest, scene: &Scene<'_>, instruction: &Instruction) -> Judged {
    if let Some(first) = first_of_start(scene).filter(|first| first.line != instruction.line) {
        let same = harvest.fates.get(&first.line).map(|(fate, _)| fate.clone());
        return (same.unwrap_or_else(|| kept("run.cmd")), Vec::new());
    }
    let starts = Starts::of(scene, instruction.line);
    harvest.start = Some(starts.said());
    if scene.secrets.are_in(&starts.old.join(" ")) {
        return (person("a secret stands in the command"), Vec::new());
    }
    let words = words::plain(&starts.old);
    if let Some(found) = entry::script(harvest, &starts, words.as_deref().unwrap_or(&starts.old)) {
        return found;
    }
    match words {
        Some(words) => of_words(harvest, &starts, words),
        None => in_shell(harvest, &starts),
    }
}

fn first_of_start<'s>(scene: &Scene<'s>) -> Option<&'s Instruction> {
    let is_start = |one: &&&Instruction| matches!(one.keyword, Keyword::Entrypoint | Keyword::Cmd);
    scene.stage.instructions.iter().find(is_start).copied()
}

/// The start of the old image beside the one that is planned.
struct Starts<'s> {
    scene: &'s Scene<'s>,
    /// The line of the instruction that is judged.
    line: u32,
    /// How the old image starts, without what only puts an init or an environment in front.
    old: Vec<String>,
    planned: Vec<String>,
}

impl<'s> Starts<'s> {
    fn of(scene: &'s Scene<'s>, line: u32) -> Self {
        Self { scene, line, old: words::of_image(&scene.image), planned: planned(scene.service) }
    }

    fn stack(&self) -> &'s str {
        &self.scene.service.stack.value
    }

    fn ships_sources(&self) -> bool {
        self.scene.ships() == Some(Ships::Sources)
    }

    fn said(&self) -> Said {
        Said { line: self.line, old: shown(&self.old), planned: shown(&self.planned) }
    }

    /// What the start is now.
    fn note(&self) -> String {
        now(&shown(&self.old), &shown(&self.planned))
    }

    /// The same, where that is another one.
    fn change(&self) -> Vec<String> {
        if self.old == self.planned { Vec::new() } else { vec![self.note()] }
    }

    /// The build makes what the old image started, and the runtime starts that.
    fn is_built(&self) -> Judged {
        (superseded("runtime, which starts the built program"), vec![self.note()])
    }
}

/// A start that needs no shell, judged by the program that it calls.
fn of_words(harvest: &mut Harvest, starts: &Starts<'_>, spelled: Vec<String>) -> Judged {
    let words = if starts.ships_sources() {
        let moved = Moved::of(starts.scene);
        let words = moved.words(&spelled);
        if words == spelled
            && !words::ends_like(&starts.planned, &words)
            && let Some(folder) = moved.other_folder()
        {
            let why = format!("the old image started in `{folder}`, and the new one does not");
            return (person(&why), vec![starts.note()]);
        }
        words
    } else {
        words::relative(starts.scene, spelled)
    };
    let found = match starts.stack() {
        "node" => node::judge(starts, &words),
        "java" => java::judge(harvest, starts, &words),
        "go" | "rust" => compiled::judge(harvest, starts, &words),
        _ => None,
    };
    match found {
        Some(found) => found,
        None if starts.ships_sources() => sources::judge(harvest, starts, &words),
        None => unclear(harvest, starts.line, &starts.old),
    }
}

/// A start that a shell puts together.
fn in_shell(harvest: &mut Harvest, starts: &Starts<'_>) -> Judged {
    if let Some(found) = java::in_shell(harvest, starts) {
        return found;
    }
    if let Some(found) = compiled::in_shell(harvest, starts) {
        return found;
    }
    if starts.ships_sources() {
        return sources::in_shell(harvest, starts);
    }
    unclear(harvest, starts.line, &starts.old)
}

/// The name of the program that is called, and the words behind it.
fn called(words: &[String]) -> (&str, Vec<&str>) {
    let program = words.first().map_or("", |word| name_of(word));
    (program, words.iter().skip(1).map(String::as_str).collect())
}

fn unclear(harvest: &mut Harvest, line: u32, words: &[String]) -> Judged {
    let why =
        format!("the image starts with `{}`, and dockgen would have to guess what that does", shown(words));
    harvest.obstacles.push(Obstacle { line, kind: ObstacleKind::UnclearStart, why });
    (person("how the program starts"), Vec::new())
}

/// What was said of the start before the last plan was made: other settings may start the program otherwise.
#[derive(Debug)]
pub(super) struct Said {
    line: u32,
    /// How the old image started.
    old: String,
    /// How it starts with the old file's settings not yet taken.
    planned: String,
}

impl Harvest {
    /// Says what the program is started with in the end.
    pub(in crate::migrate) fn say_start(&mut self, service: &Service) {
        let Some(said) = self.start.take() else { return };
        let (was, is) = (now(&said.old, &said.planned), now(&said.old, &shown(&planned(service))));
        if let Some((_, notes)) = self.fates.get_mut(&said.line) {
            notes.iter_mut().filter(|note| **note == was).for_each(|note| note.clone_from(&is));
        }
    }
}

fn now(old: &str, planned: &str) -> String {
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

fn list(words: &[String]) -> toml::Value {
    toml::Value::Array(words.iter().map(|word| word.as_str().into()).collect())
}

fn shown(words: &[String]) -> String {
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}
