//! What edits ask for, in settings: the instructions that a person added or changed, each as what would print it.
//!
//! Nothing here decides whether a setting really says the edit. It is set, printed and looked for afterwards, so a guess
//! that is wrong costs a reason and never an edit.

use std::collections::{BTreeMap, BTreeSet};

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::compare::{called, named};
use super::steps::{Step, Steps, only_packages, text};
use super::{Printed, Reason};
use crate::config::keys;
use crate::dockerfile::{Dockerfile, ImageConfig, Instruction, Keyword, Meaning, Origin, Stage, Stages};
use crate::key::AnyKey;
use crate::lint::{Secrets, is_secret};
use crate::migrate::account::Disposition;
use crate::migrate::harvest::{quoted, quoted_open, rhythm};
use crate::plan::stage::Role;
use crate::stack;

/// A setting that an edit asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wish {
    pub key: String,
    pub value: toml::Value,
    /// The person's comments about it, as they are written.
    pub comments: Vec<String>,
    pub line: u32,
}

/// Everything that was read out of the edits.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub wishes: Vec<Wish>,
    /// The ways in which a changed start may be said.
    start: Vec<Wish>,
    /// By the line of the instruction.
    pub fates: BTreeMap<u32, Disposition>,
    /// The lines of steps that are the person's own, and stand where a stage carries such.
    pub added: BTreeSet<u32>,
    /// What no setting takes.
    pub left: Vec<Reason>,
}

impl Asked {
    /// Each way to say how the program starts; one way where the start was not touched.
    pub fn starts(&self) -> Vec<Option<&Wish>> {
        if self.start.is_empty() { vec![None] } else { self.start.iter().map(Some).collect() }
    }
}

/// Reads the edits.
pub(super) fn asked(printed: &Printed, before: &Dockerfile, edited: &Dockerfile, secrets: &Secrets) -> Asked {
    let (old, new) = (Stages::of(before), Stages::of(edited));
    let known = before.text().lines().map(|line| line.trim().to_owned()).collect();
    let mut reader = Reader {
        printed,
        before,
        edited,
        secrets,
        known,
        placed: BTreeSet::new(),
        keys: stack::keys(),
        carried: BTreeMap::new(),
        asked: Asked::default(),
    };
    reader.header();
    for stage in &new {
        if !printed.has_template(stage) {
            reader.own_stage(stage, &new);
            continue;
        }
        let Some(was) = named(&old, &called(stage)) else { continue };
        let is_last = new.last().is_some_and(|last| last.index == stage.index);
        let place = Place {
            stage,
            was,
            is_last,
            name: printed.name_of(stage),
            old: old.evaluated(was),
            new: new.evaluated(stage),
        };
        reader.base(&place);
        reader.steps(&place);
        reader.instructions(&place);
        reader.image(&place);
        reader.remarks(&place);
    }
    reader.end()
}

impl Printed {
    /// The stage as settings call it.
    pub(super) fn name_of(&self, stage: &Stage<'_>) -> String {
        let called = called(stage);
        let known = self.stages.iter().find(|known| known.printed == called);
        known.map_or(called, |known| known.name.clone())
    }

    /// Is it one of dockgen's, and not a person's own?
    pub(super) fn has_template(&self, stage: &Stage<'_>) -> bool {
        let called = called(stage);
        self.stages.iter().any(|known| known.printed == called && known.text.is_none())
    }

    fn is_build(&self, name: &str) -> bool {
        self.stages.iter().any(|known| known.name == name && known.role == Role::Build)
    }
}

/// One stage that both files have.
pub(super) struct Place<'s, 'a> {
    pub stage: &'s Stage<'a>,
    pub was: &'s Stage<'a>,
    /// Is it what is shipped?
    pub is_last: bool,
    /// As settings call it.
    pub name: String,
    old: ImageConfig,
    new: ImageConfig,
}

impl Place<'_, '_> {
    fn instructions_key(&self) -> String {
        if self.is_last {
            "runtime.instructions".to_owned()
        } else {
            format!("stages.{}.instructions", self.name)
        }
    }

    fn env_key(&self, name: &str) -> String {
        if self.is_last { format!("runtime.env.{name}") } else { format!("stages.{}.env.{name}", self.name) }
    }

    /// The line of the last instruction of one of these kinds.
    fn line(&self, keywords: &[Keyword]) -> u32 {
        let last = self.stage.instructions.iter().rev().find(|one| keywords.contains(&one.keyword));
        last.map_or(self.stage.line, |one| one.line)
    }

    /// Does a command of the stage run before this line without seeing what is set on it?
    fn has_run_before(&self, line: u32) -> bool {
        let runs = |one: &&&Instruction| one.keyword == Keyword::Run && only_packages(one).is_none();
        self.stage.instructions.iter().filter(runs).any(|one| one.line < line)
    }
}

pub(super) struct Reader<'r> {
    pub printed: &'r Printed,
    pub before: &'r Dockerfile,
    pub edited: &'r Dockerfile,
    pub secrets: &'r Secrets,
    /// The lines that dockgen printed.
    pub known: BTreeSet<String>,
    /// The lines of comments that have found their place.
    pub placed: BTreeSet<u32>,
    keys: Vec<&'static dyn AnyKey>,
    /// Instructions by the setting that carries them and by their lines, so that they keep their order.
    carried: BTreeMap<String, BTreeMap<u32, Vec<String>>>,
    pub asked: Asked,
}

impl Reader<'_> {
    fn base(&mut self, at: &Place<'_, '_>) {
        let (Origin::Image(was), Origin::Image(is)) = (&at.was.origin, &at.stage.origin) else { return };
        if was == is {
            return;
        }
        let line = at.stage.line;
        let comments = self.comments_above(line);
        let key = if at.is_last { "runtime.image".to_owned() } else { format!("images.{was}") };
        if is.digest.is_some() && was.digest.is_none() && is.to_string().starts_with(&was.to_string()) {
            self.wish("policy.pin", "digest".into(), line, comments);
        } else {
            self.wish(&key, is.to_string().into(), line, comments);
        }
    }

    /// Commands and files of the person's own, and packages.
    fn steps(&mut self, at: &Place<'_, '_>) {
        let (old, new) = (Steps::of(self.before, at.was), Steps::of(self.edited, at.stage));
        let packages = old.package_names();
        let key = if at.is_last {
            "runtime.system_packages".to_owned()
        } else {
            format!("stages.{}.packages", at.name)
        };
        for (name, line) in new.packages.iter().filter(|(name, _)| !packages.contains(name.as_str())) {
            let comments = self.comments_of(*line);
            self.wish(&key, vec![name.clone()].into(), *line, comments);
        }
        let texts = |steps: &[Step]| steps.iter().map(|step| step.text.clone()).collect::<Vec<_>>();
        let mut inserted: Vec<Step> = Vec::new();
        for op in capture_diff_slices(Algorithm::Myers, &texts(&old.all), &texts(&new.all)) {
            match op {
                DiffOp::Insert { new_index, new_len, .. } => {
                    inserted.extend(new.all[new_index..new_index + new_len].iter().cloned());
                }
                DiffOp::Replace { old_index, old_len: 1, new_index, new_len: 1 } => {
                    self.build_command(at, old.all[old_index].line, new.all[new_index].line);
                }
                _ => {}
            }
        }
        for step in &inserted {
            if let Some(beginning) = self.anchor(at, &new, &inserted, step) {
                self.carry_above(at, step.line, &beginning);
            } else {
                self.asked.added.insert(step.line);
                self.carry(at, step.line);
            }
        }
    }

    /// Another command of the same kind in the stage that builds.
    fn build_command(&mut self, at: &Place<'_, '_>, was: u32, is: u32) {
        let find = |stage: &Stage<'_>, line: u32| {
            stage.instructions.iter().find(|one| one.line == line).map(|one| (*one).clone())
        };
        let (Some(was), Some(is)) = (find(at.was, was), find(at.stage, is)) else { return };
        let is_command = self.printed.is_build(&at.name)
            && was.keyword == Keyword::Run
            && is.keyword == Keyword::Run
            && was.flags == is.flags
            && is.heredocs.is_empty();
        if is_command {
            let comments = self.comments_of(is.line);
            self.wish("build.cmd", is.args.value.trim().into(), is.line, comments);
        }
    }

    /// Instructions whose place does not matter.
    fn instructions(&mut self, at: &Place<'_, '_>) {
        let known: BTreeSet<String> = at.was.instructions.iter().map(|one| text(self.before, one)).collect();
        let new: Vec<&Instruction> = at
            .stage
            .instructions
            .iter()
            .copied()
            .filter(|one| !known.contains(&text(self.edited, one)))
            .collect();
        for instruction in new {
            match instruction.meaning() {
                Ok(Meaning::Env(env)) => self.env(at, instruction, &env.pairs),
                Ok(Meaning::Label(labels)) => self.labels(at, instruction, &labels.pairs),
                Ok(Meaning::Arg(args)) => {
                    for arg in args {
                        let Some(default) = arg.default else { continue };
                        let plain = instruction.lexer().expand(&default, &|_| None).unwrap_or(default);
                        let key = format!("stages.{}.args.{}", at.name, arg.name);
                        let comments = self.comments_of(instruction.line);
                        self.wish(&key, plain.into(), instruction.line, comments);
                    }
                }
                Ok(Meaning::Volume(_)) => self.carry(at, instruction.line),
                Ok(Meaning::Expose(_)) if !at.is_last => self.carry(at, instruction.line),
                _ => {}
            }
        }
    }

    fn env(&mut self, at: &Place<'_, '_>, instruction: &Instruction, pairs: &[(String, String)]) {
        for (name, _) in pairs {
            let Some(value) = at.new.env.get(name).filter(|value| at.old.env.get(name) != Some(value)) else {
                continue;
            };
            let line = instruction.line;
            if is_secret(name) && !value.is_empty() {
                self.leave(line, format!("`{name}` looks like a secret, and no setting takes one"));
                continue;
            }
            let comments = self.comments_of(line);
            let key = at.env_key(name);
            let is_plain = !value.contains('$') && self.takes(&key, &value.as_str().into());
            if is_plain && !at.has_run_before(line) {
                self.wish(&key, value.clone().into(), line, comments);
            } else if let Some(value) = quoted_open(value) {
                self.carry_text(at, line, &format!("ENV {name}={value}"), &comments);
            }
        }
    }

    fn labels(&mut self, at: &Place<'_, '_>, instruction: &Instruction, pairs: &[(String, String)]) {
        for (name, _) in pairs {
            let Some(value) = at.new.labels.get(name).filter(|value| at.old.labels.get(name) != Some(value))
            else {
                continue;
            };
            let line = instruction.line;
            let comments = self.comments_of(line);
            let key = format!("labels.{name}");
            if at.is_last && !value.contains('$') && self.takes(&key, &value.as_str().into()) {
                self.wish(&key, value.clone().into(), line, comments);
            } else if let Some(value) = if value.contains('$') { quoted_open(value) } else { quoted(value) } {
                self.carry_text(at, line, &format!("LABEL {name}={value}"), &comments);
            }
        }
    }

    /// What the configuration of the shipped image says now.
    fn image(&mut self, at: &Place<'_, '_>) {
        if !at.is_last {
            return;
        }
        let (was, is) = (&at.old, &at.new);
        if let Some(user) = is.user.as_ref().filter(|user| was.user.as_ref() != Some(user)) {
            let line = at.line(&[Keyword::User]);
            let comments = self.comments_of(line);
            self.wish("runtime.user", user.clone().into(), line, comments);
        }
        if let Some(signal) =
            is.stop_signal.as_ref().filter(|signal| was.stop_signal.as_ref() != Some(signal))
        {
            let line = at.line(&[Keyword::Stopsignal]);
            let comments = self.comments_of(line);
            self.wish("runtime.stop_signal", signal.clone().into(), line, comments);
        }
        self.ports(at);
        if was.healthcheck != is.healthcheck {
            self.health(at);
        }
        if (&was.entrypoint, &was.cmd) != (&is.entrypoint, &is.cmd) {
            self.start(at);
        }
    }

    fn ports(&mut self, at: &Place<'_, '_>) {
        let (was, is) = (&at.old.exposed, &at.new.exposed);
        let mut come: Vec<&String> = is.difference(was).collect();
        if come.is_empty() {
            return;
        }
        let line = at.line(&[Keyword::Expose]);
        let mut comments = self.comments_of(line);
        if was.is_subset(is) && !was.is_empty() {
            // The program's own port is still there.
        } else if let Some(first) = come.iter().position(|port| port.ends_with("/tcp")) {
            let port = come.remove(first).trim_end_matches("/tcp");
            if let Ok(port) = port.parse::<u16>() {
                self.wish("runtime.port", i64::from(port).into(), line, std::mem::take(&mut comments));
            }
        }
        if !come.is_empty() {
            let words: Vec<&str> = come.iter().map(|port| port.trim_end_matches("/tcp")).collect();
            self.carry_text(at, line, &format!("EXPOSE {}", words.join(" ")), &comments);
        }
    }

    fn health(&mut self, at: &Place<'_, '_>) {
        let test = |image: &ImageConfig| image.healthcheck.as_ref().map(|check| check.test.join(" "));
        let line = at.line(&[Keyword::Healthcheck]);
        let comments = self.comments_of(line);
        match (test(&at.old), test(&at.new)) {
            (Some(_), None) => self.wish("runtime.healthcheck.enabled", false.into(), line, comments),
            (Some(_), Some(new)) if new == "NONE" => {
                self.wish("runtime.healthcheck.enabled", false.into(), line, comments);
            }
            (old, Some(new)) => {
                // dockgen's own command with another path in it, or somebody's.
                let own = old.as_deref().zip(self.printed.health.as_deref()).and_then(|(old, path)| {
                    let (head, tail) = old.split_once(path)?;
                    new.strip_prefix(head)?.strip_suffix(tail).map(str::to_owned)
                });
                let is_own = old.as_deref() == Some(new.as_str()) || own.is_some();
                if !is_own {
                    // A command of the person's own stands in the new file as it is written.
                    return self.carry(at, line);
                }
                let mut comments = comments;
                if let Some(path) = own.filter(|path| path.starts_with('/') && old.as_deref() != Some(&new)) {
                    self.wish("runtime.healthcheck.path", path.into(), line, std::mem::take(&mut comments));
                }
                let flags = |image: &ImageConfig| {
                    image.healthcheck.as_ref().map(|check| check.flags.clone()).unwrap_or_default()
                };
                let was = flags(&at.old);
                for (name, value) in
                    flags(&at.new).iter().filter(|(name, value)| was.get(*name) != Some(value))
                {
                    if let Some((key, value)) = rhythm(name, value) {
                        self.wish(key, value, line, std::mem::take(&mut comments));
                    }
                }
            }
            (None, None) => {}
        }
    }

    /// The start in all ways that a setting may say it.
    fn start(&mut self, at: &Place<'_, '_>) {
        let line = at.line(&[Keyword::Cmd, Keyword::Entrypoint]);
        let mut comments = self.comments_of(line);
        let others = at
            .stage
            .instructions
            .iter()
            .filter(|one| matches!(one.keyword, Keyword::Cmd | Keyword::Entrypoint) && one.line != line);
        for other in others.map(|one| one.line).collect::<Vec<_>>() {
            comments.extend(self.comments_of(other));
        }
        let (entry, cmd) =
            (at.new.entrypoint.clone().unwrap_or_default(), at.new.cmd.clone().unwrap_or_default());
        let whole = [entry.clone(), cmd.clone()].concat();
        if whole.is_empty() || self.secrets.are_in(&whole.join(" ")) {
            return;
        }
        let bare: Vec<String> = match whole.as_slice() {
            [init, dashes, rest @ ..] if init.ends_with("tini") && dashes == "--" => rest.to_vec(),
            all => all.to_vec(),
        };
        let mut named = bare.clone();
        if let Some(first) = named.first_mut() {
            *first = first.rsplit('/').next().unwrap_or_default().to_owned();
        }
        let mut ways: Vec<toml::Value> = Vec::new();
        for form in [&entry, &cmd] {
            if let [shell, flag, text] = form.as_slice()
                && shell.ends_with("/sh")
                && flag == "-c"
            {
                ways.push(text.as_str().into());
            }
        }
        for words in [bare, named, cmd, whole] {
            let words = toml::Value::from(words);
            if words.as_array().is_some_and(|words| !words.is_empty()) && !ways.contains(&words) {
                ways.push(words);
            }
        }
        let ways = ways.into_iter().filter(|way| self.takes("run.cmd", way)).collect::<Vec<_>>();
        for value in ways {
            let comments = comments.clone();
            self.asked.start.push(Wish { key: "run.cmd".to_owned(), value, comments, line });
        }
        for one in &at.stage.instructions {
            if matches!(one.keyword, Keyword::Cmd | Keyword::Entrypoint) {
                self.asked.fates.insert(one.line, kept("run.cmd"));
            }
        }
    }

    /// Carries an instruction as it is written, under its comments.
    fn carry(&mut self, at: &Place<'_, '_>, line: u32) {
        let Some(instruction) = at.stage.instructions.iter().find(|one| one.line == line) else { return };
        let text = self.written(instruction);
        let comments = self.comments_above(line);
        self.carry_text(at, line, &text, &comments);
    }

    fn carry_text(&mut self, at: &Place<'_, '_>, line: u32, text: &str, comments: &[String]) {
        self.carry_under(&at.instructions_key(), &at.name, line, &lines_of(comments, text));
    }

    /// Puts a text into a list of the settings, which keeps the order of the file.
    pub(super) fn carry_under(&mut self, key: &str, stage: &str, line: u32, text: &str) {
        if self.secrets.are_in(text) {
            self.leave(line, SECRET.to_owned());
            return;
        }
        if let Some(why) = self.refused(key, &vec![text].into()) {
            self.leave(line, why);
            return;
        }
        self.carried.entry(key.to_owned()).or_default().entry(line).or_default().push(text.to_owned());
        let carried = Disposition::Carried { stage: stage.to_owned(), change: None };
        self.asked.fates.insert(line, carried);
    }

    pub(super) fn wish(&mut self, key: &str, value: toml::Value, line: u32, comments: Vec<String>) {
        if self.secrets.are_in(&value.to_string()) {
            self.leave(line, SECRET.to_owned());
            return;
        }
        if let Some(why) = self.refused(key, &value) {
            self.leave(line, format!("{key}: {why}"));
            return;
        }
        self.put(key, value, line, comments);
        self.asked.fates.insert(line, kept(key));
    }

    /// Lists grow, and of two values the later holds.
    fn put(&mut self, key: &str, value: toml::Value, line: u32, comments: Vec<String>) {
        let Some(known) = self.asked.wishes.iter_mut().find(|wish| wish.key == key) else {
            self.asked.wishes.push(Wish { key: key.to_owned(), value, comments, line });
            return;
        };
        known
            .comments
            .extend(comments.into_iter().filter(|one| !known.comments.contains(one)).collect::<Vec<_>>());
        match (&mut known.value, value) {
            (toml::Value::Array(all), toml::Value::Array(new)) => {
                all.extend(new.into_iter().filter(|item| !all.contains(item)).collect::<Vec<_>>());
            }
            (known, value) => *known = value,
        }
    }

    fn end(mut self) -> Asked {
        for (key, lines) in std::mem::take(&mut self.carried) {
            let line = lines.keys().next().copied().unwrap_or(1);
            let texts: Vec<String> = lines.into_values().flatten().collect();
            self.put(&key, texts.into(), line, Vec::new());
        }
        self.asked
    }

    pub(super) fn leave(&mut self, line: u32, why: String) {
        self.asked.left.push(Reason { line, why });
    }

    /// Why a setting does not take a value.
    fn refused(&self, key: &str, value: &toml::Value) -> Option<String> {
        match keys::find(&self.keys, key) {
            Some(known) => known.check(value).err(),
            None => Some(keys::unknown(&self.keys, key)),
        }
    }

    fn takes(&self, key: &str, value: &toml::Value) -> bool {
        self.refused(key, value).is_none()
    }
}

const SECRET: &str = "it holds what looks like a secret, and no setting takes one";

/// Comments and what stands below them.
pub(super) fn lines_of(comments: &[String], text: &str) -> String {
    let above: Vec<String> = comments.iter().map(|comment| format!("{comment}\n")).collect();
    above.concat() + text
}

fn kept(setting: &str) -> Disposition {
    Disposition::Kept { setting: setting.to_owned() }
}
