//! What becomes of a `RUN`: each command is judged, packages are explained, and the whole gets one fate.

use super::command::{Verdict, installed_by, verdict};
use super::fate::{Judged, dropped, kept, person, strongest, superseded};
use super::text::{is_plain, join};
use super::{Disposition, DropReason, Harvest, Scene, files, scripts};
use crate::dockerfile::script::{Command, Then, commands};
use crate::dockerfile::{Form, Instruction, Meaning};
use crate::lint::piped;
use crate::migrate::account::excerpt;
use crate::migrate::known::Installer;

/// Judges one `RUN`.
pub(super) fn judge(harvest: &mut Harvest, scene: &Scene<'_>, instruction: &Instruction) -> Judged {
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
            here = join(&here, &folder.text);
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
            Verdict::Stage(by) => superseded(by),
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
            Verdict::Setting(key) => kept(key),
            Verdict::Packages => kept("the packages of the stages"),
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
                    if paths.iter().all(|path| is_plain(path)) {
                        self.carried.push(format!("chown {user} {}", paths.join(" ")));
                    }
                }
                runtime()
            }
        }
    }

    /// One fate for the instruction; what the runtime runs of it is carried.
    fn conclude(self, harvest: &mut Harvest, scene: &Scene<'_>, instruction: &Instruction) -> Judged {
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
