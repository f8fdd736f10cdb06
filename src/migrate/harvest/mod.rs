//! What an old Dockerfile knows, as settings: its testimony, and what became of each instruction on the way.
//!
//! Ports, user, environment, health check, packages and start outrank what dockgen found itself; the version of the
//! toolchain only outranks a default. What no setting can say is carried as an instruction, or left to a person.

mod base;
mod by_name;
mod carry;
mod command;
mod copied;
mod copy;
mod env;
mod fate;
mod files;
mod front_end;
mod health;
mod moved;
mod place;
mod ports;
mod run;
mod scripts;
mod start;
mod supply;
mod system;
mod text;
mod toolchain;
mod user;

pub(super) use base::fetched;
pub(super) use health::rhythm;
pub(super) use supply::{Lists, lists};
pub(super) use text::{quoted, quoted_open};
pub(super) use toolchain::{Version, version};

use std::collections::BTreeMap;

use super::Level;
use super::account::{Disposition, DropReason};
use super::assess::{Obstacle, ObstacleKind};
use super::bases::Bases;
use crate::dockerfile::{Dockerfile, ImageConfig, Instruction, Meaning, Stage};
use crate::lint::Secrets;
use crate::plan::catalog::Catalog;
use crate::plan::service::Service;
use crate::plan::stage::StageGraph;
use crate::repo::Inventory;

use fate::{Judged, dropped, kept, person, superseded};

/// A setting that the old file asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wish {
    /// `runtime.port`.
    pub key: String,
    /// What it is set to.
    pub value: toml::Value,
    /// The line that says so.
    pub line: u32,
}

/// Everything that was taken from a file.
#[derive(Debug, Default)]
pub(super) struct Harvest {
    /// In file order, one for each key.
    pub wishes: Vec<Wish>,
    /// By the line of the instruction.
    pub fates: BTreeMap<u32, Judged>,
    /// What was said of the start so far.
    start: Option<start::Said>,
    /// What forbids a rebuild after all.
    pub obstacles: Vec<Obstacle>,
    /// The scripts that the old build ran.
    ran: Vec<scripts::Ran>,
    /// Places that commands name which are left to a person: whether anything is there is not known.
    unmade: Vec<String>,
    /// How many commands are left to a person so far.
    left: usize,
}

/// What is known when an instruction is judged.
pub(super) struct Scene<'a> {
    pub file: &'a Dockerfile,
    /// The only stage of the old file.
    pub stage: &'a Stage<'a>,
    /// The image that comes out of it.
    pub image: ImageConfig,
    pub secrets: &'a Secrets,
    /// What dockgen plans without the old file.
    pub service: &'a Service,
    pub inventory: &'a Inventory,
    pub catalog: &'a Catalog,
    pub level: Level,
    /// What images of one's own are built like.
    pub bases: Bases,
    /// What it was installed from, which is planned for already.
    pub lists: Lists,
    /// What the old file says about the toolchain's version, which is planned for already.
    pub version: Version,
}

impl Scene<'_> {
    /// What is planned for already, as settings.
    pub(super) fn wishes(&self) -> Vec<Wish> {
        self.lists.wishes.iter().chain(&self.version.wish).cloned().collect()
    }
}

/// Takes everything out of the only stage of a file.
pub(super) fn harvest(scene: &Scene<'_>) -> Harvest {
    let mut harvest = Harvest { wishes: scene.wishes(), ..Harvest::default() };
    harvest.obstacles.extend(scene.version.obstacle.clone());
    harvest.obstacles.extend(fetched(scene.stage));
    for instruction in scene.file.instructions() {
        let judged = harvest.judge(scene, instruction);
        harvest.fates.insert(instruction.line, judged);
    }
    for (line, list) in &scene.lists.others {
        let why = format!(
            "`{list}` is installed besides: name it with `-r` in the list that python.requirements names"
        );
        harvest.fates.entry(*line).and_modify(|(fate, _)| *fate = person(&why));
    }
    front_end::keep(&mut harvest, scene);
    scripts::keep(&mut harvest, scene);
    system::of_compose(&mut harvest, scene);
    harvest
}

impl Harvest {
    /// What becomes of one instruction.
    fn judge(&mut self, scene: &Scene<'_>, instruction: &Instruction) -> Judged {
        let line = instruction.line;
        let alone = |fate| (fate, Vec::new());
        let Ok(meaning) = instruction.meaning() else {
            return alone(person("a build refuses it"));
        };
        match meaning {
            Meaning::From(_) => self.from(scene, line),
            Meaning::Run(_) => run::judge(self, scene, instruction),
            Meaning::Copy(copy) | Meaning::Add(copy) => alone(self.copy(scene, instruction, &copy)),
            Meaning::Env(env) => self.env(scene, instruction, &env.pairs),
            Meaning::Arg(args) => alone(self.arg(scene, instruction, &args)),
            Meaning::Expose(_) => self.expose(scene, instruction),
            Meaning::Label(labels) => alone(self.labels(scene, instruction, &labels.pairs)),
            Meaning::Maintainer(name) => self.maintainer(scene, instruction, &name),
            Meaning::Volume(_) => self.volumes(scene, instruction),
            // The differences say where the program starts now.
            Meaning::Workdir(_) => alone(superseded("runtime")),
            Meaning::User(_) => alone(user::last(scene, line)),
            Meaning::Stopsignal(signal) => alone(self.stop_signal(line, &signal)),
            Meaning::Healthcheck(check) => self.health(scene, line, &check),
            Meaning::Cmd(_) | Meaning::Entrypoint(_) => start::judge(self, scene, instruction),
            Meaning::Shell(_) => alone(superseded("stages whose commands need no other shell")),
            Meaning::Onbuild(_) => alone(person("images that start from this one run it")),
        }
    }

    /// Asks for a setting; the values of a list come together, and of others the last one counts.
    pub(super) fn wish(&mut self, key: &str, value: toml::Value, line: u32) {
        if let Some(known) = self.wishes.iter_mut().find(|wish| wish.key == key) {
            if let (toml::Value::Array(all), toml::Value::Array(new)) = (&mut known.value, &value) {
                all.extend(new.iter().filter(|item| !all.contains(item)).cloned().collect::<Vec<_>>());
            } else {
                known.value = value;
                known.line = line;
            }
        } else {
            self.wishes.push(Wish { key: key.to_owned(), value, line });
        }
    }

    fn stop_signal(&mut self, line: u32, signal: &str) -> Disposition {
        let name = format!("SIG{}", signal.trim_start_matches("SIG"));
        if name.chars().any(|c| c.is_ascii_digit()) {
            return person(&format!("the signal {signal} needs its name in runtime.stop_signal"));
        }
        self.wish("runtime.stop_signal", name.into(), line);
        kept("runtime.stop_signal")
    }

    /// Lets no secret of the old file into a setting: whoever finds one there finds it in the new files as well.
    pub(super) fn keep_secrets_out(&mut self, secrets: &Secrets) {
        let (bad, good): (Vec<Wish>, Vec<Wish>) = std::mem::take(&mut self.wishes)
            .into_iter()
            .partition(|wish| holds_a_secret(&wish.value, secrets));
        self.wishes = good;
        for wish in bad {
            if let Some((fate, _)) = self.fates.get_mut(&wish.line) {
                *fate = dropped(DropReason::Secret { name: wish.key });
            }
        }
    }

    /// Names the stages as the new file has them: a plan without work for one has no such stage.
    pub(super) fn name_stages(&mut self, stages: &StageGraph) {
        const TAKE_OVER: &[(&str, &[&str])] =
            &[("deps", &["deps", "prod-deps", "build", "runtime"]), ("build", &["build", "runtime"])];
        for (fate, _) in self.fates.values_mut() {
            let Disposition::Superseded { by } = fate else { continue };
            let end = by.find([',', ' ']).unwrap_or(by.len());
            let Some((_, names)) = TAKE_OVER.iter().find(|(name, _)| *name == &by[..end]) else { continue };
            if let Some(stage) = names.iter().find_map(|name| stages.get(name)) {
                by.replace_range(..end, stage.printed_name());
            }
        }
    }

    /// Is it unknown whether anything lies there, because a command is left to a person? What the distribution has, and what
    /// is carried, is there.
    fn is_unmade(&self, path: &str) -> bool {
        const THERE: &[&str] = &["/etc", "/home", "/mnt", "/run", "/srv", "/tmp", "/var"];
        let is_carried = || {
            let wishes = self.wishes.iter().filter(|wish| wish.key == "runtime.instructions");
            wishes.into_iter().any(|wish| wish.value.to_string().contains(path.trim_end_matches('/')))
        };
        let is_below = |folder: &str| text::below(path, folder).is_some();
        let is_named = self.unmade.iter().any(|place| is_below(place));
        let is_new = self.left > 0 && !THERE.iter().any(|folder| is_below(folder));
        (is_named || is_new) && !is_carried()
    }
}

/// Whether a secret of the old file stands in a value, however deep.
fn holds_a_secret(value: &toml::Value, secrets: &Secrets) -> bool {
    match value {
        toml::Value::String(text) => secrets.are_in(text),
        toml::Value::Array(items) => items.iter().any(|item| holds_a_secret(item, secrets)),
        toml::Value::Table(table) => table.iter().any(|(_, item)| holds_a_secret(item, secrets)),
        _ => false,
    }
}
