//! Old Dockerfiles: what they are like, what can be made of them, and an account of every instruction.
//!
//! [`assess`] says what stands in the way, [`safe`] cleans a text without a change of the image's configuration,
//! `restage` rebuilds a file in stages from what the repository is and what `harvest` takes from the old file,
//! `edited` takes what a person has changed in a file of dockgen's own into its settings,
//! [`account`] is the ledger, [`inventory`] the table of many files, [`mail`] the change as a patch, [`report`]
//! the page about a run. Secrets are kept out of all that is said.
//! Reading and writing files is left to the callers.

pub mod account;
pub mod assess;
pub mod bake;
mod bases;
mod decision;
mod differences;
mod edited;
mod harvest;
pub mod inventory;
mod keep;
mod known;
pub mod mail;
pub mod measured;
mod packages;
mod planning;
pub mod report;
mod restage;
pub mod safe;
mod shape;

use serde::{Deserialize, Serialize};

pub use account::{Disposition, DropReason, Entry, Ledger};
pub use assess::{Obstacle, ObstacleKind, assess};
pub use bases::Bases;
pub use decision::{Decision, Decisions};
pub use inventory::{Effort, Planned, Row, survey};
pub use measured::{Judgement, Measured};
pub use safe::{Safe, Sense, safe};
pub use shape::Shape;

use crate::config::{Company, Settings};
use crate::dockerfile::{self, Dockerfile, Stages};
use crate::lint::{self, Secrets};
use crate::out::{self, OutFile, Standing};
use crate::plan::plan_with;
use crate::plan::service::Plan;
use crate::render::{Templates, overrides};
use crate::repo::{Inventory, Reads, RelPath};
use crate::stack::{self, Declared};

/// How far a migration goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The same image configuration from a cleaner text.
    Safe,
    /// Stages from the detected stack; user and a roomy base stay.
    Restage,
    /// A user that is not root, and the smallest base.
    Harden,
}

/// What a migration makes of one Dockerfile.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Migration {
    /// Its path in the repository.
    pub path: RelPath,
    /// The folder that its new image is built from.
    #[serde(default)]
    pub context: RelPath,
    /// What came of it.
    pub outcome: Outcome,
    /// How far it went: the safe level where obstacles stand in the way of more.
    pub level: Level,
    /// What became of each instruction.
    pub ledger: Ledger,
    /// What stands in the way of a rebuild in stages.
    pub obstacles: Vec<Obstacle>,
    /// What in it looks like a secret, by line and name.
    pub secrets: Vec<(u32, String)>,
    /// What the old image was built from.
    pub before: Shape,
    /// What the new one is built from.
    pub after: Shape,
    /// Findings of the rules before.
    pub findings_before: usize,
    /// Findings of the rules after.
    pub findings_after: usize,
    /// The change as a unified diff, secrets taken out.
    pub diff: String,
    /// What the new image does other than the old one.
    pub differences: Vec<String>,
    /// What both images did, where they were built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// The paths of all files that change with it, the Dockerfile first.
    pub written: Vec<RelPath>,
    /// The new text of the Dockerfile.
    #[serde(skip)]
    pub text: String,
    /// Every file to write, the Dockerfile first.
    #[serde(skip)]
    pub files: Vec<OutFile>,
}

/// What came of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The text changes.
    Changed,
    /// There is nothing to improve without a change of the image.
    Nothing,
    /// The text may not be touched; the obstacles say why.
    Refused,
}

/// What is known beside a repository: what everybody's bases are built like, and its company's folder.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// What stands behind `[migrate.bases]` of the repository's own.
    pub bases: Option<&'a Bases>,
    /// The folders that `dockgen.toml` extends.
    pub company: Option<&'a Company>,
    /// The stacks that are declared in them.
    pub declared: &'a [Declared],
}

impl Beside<'_> {
    fn settings(&self, inventory: &Inventory) -> Result<Settings, String> {
        Settings::read_with(inventory, self.company, &stack::keys()).map_err(|problems| {
            let first = problems.first().map(|problem| problem.message.clone());
            format!("dockgen.toml cannot be used: {}", first.unwrap_or_default())
        })
    }

    /// The plan that `dockgen init` makes.
    pub fn plan(&self, inventory: &Inventory, settings: &Settings) -> Plan {
        plan_with(inventory, settings, self.declared)
    }

    fn templates(&self, inventory: &Inventory) -> Result<Templates, String> {
        let named = Declared::templates_of(self.declared);
        Templates::layered(&overrides(inventory, self.company), &named).map_err(|problems| {
            let first = problems.into_iter().next().map(|bad| bad.message);
            format!("the templates cannot be used: {}", first.unwrap_or_default())
        })
    }
}

/// What a migration reads of a repository: what planning reads, and the scripts that an old image starts with.
pub fn reads() -> Reads {
    reads_with(&[])
}

/// The same with what a company's stacks read.
pub fn reads_with(declared: &[Declared]) -> Reads {
    let mut reads = stack::reads_with(declared);
    reads.endings.push(".sh");
    reads.names.extend(["entrypoint", "docker-entrypoint"]);
    reads
}

/// Migrates one Dockerfile of a repository. Never fails: where obstacles stand in the way of stages the text is only
/// cleaned, and what cannot be touched at all is refused with its reasons.
pub fn migrate(path: &RelPath, text: &str, inventory: &Inventory, level: Level) -> Migration {
    migrate_with(path, text, inventory, level, &Bases::default())
}

/// The same, with what everybody's `[migrate.bases]` says behind the repository's own.
pub fn migrate_with(
    path: &RelPath,
    text: &str,
    inventory: &Inventory,
    level: Level,
    bases: &Bases,
) -> Migration {
    let beside = Beside { bases: Some(bases), ..Beside::default() };
    migrate_as_decided(path, text, inventory, level, beside, &Decisions::default())
}

/// The same, with all that is known beside the repository, and with what a person has decided about what was left to them.
pub fn migrate_as_decided(
    path: &RelPath,
    text: &str,
    inventory: &Inventory,
    level: Level,
    beside: Beside<'_>,
    decisions: &Decisions,
) -> Migration {
    let (old, problems) = dockerfile::parse(text);
    let stages = Stages::of(&old);
    let mut obstacles = assess(&old, &problems, &stages);
    let standing = out::standing(Some(text));
    let is_own = matches!(standing, Standing::Untouched | Standing::Edited);
    let is_forbidden = obstacles.iter().any(|obstacle| obstacle.kind.forbids_everything());
    if standing == Standing::Edited && level != Level::Safe && !is_forbidden {
        return match edited::take(path, &old, inventory, beside) {
            Ok(made) => finish(path, &old, Outcome::Changed, level, made.into(), Vec::new(), inventory),
            Err(left) => {
                let same = safe::untouched(&old).into();
                finish(path, &old, Outcome::Nothing, Level::Safe, same, left, inventory)
            }
        };
    }
    if is_forbidden || is_own {
        let outcome = if is_own { Outcome::Nothing } else { Outcome::Refused };
        return finish(path, &old, outcome, Level::Safe, safe::untouched(&old).into(), obstacles, inventory);
    }
    let mut reached = Level::Safe;
    let mut made: Option<Made> = None;
    if level != Level::Safe && obstacles.is_empty() {
        match restage::restage(path, &old, inventory, level, beside, decisions) {
            Ok(restaged) => {
                made = Some(restaged.into());
                reached = level;
            }
            Err(found) => obstacles.extend(found),
        }
    }
    let made = made.unwrap_or_else(|| Made::from(safe(text)).at(path));
    let is_same = made
        .files
        .iter()
        .all(|file| if file.path == *path { file.text == text } else { is_there(inventory, file) });
    let outcome = if is_same { Outcome::Nothing } else { Outcome::Changed };
    finish(path, &old, outcome, reached, made, obstacles, inventory)
}

fn is_there(inventory: &Inventory, file: &OutFile) -> bool {
    inventory.doc(&file.path).is_some_and(|doc| **doc.text == *file.text)
}

/// What a level makes of a file.
struct Made {
    files: Vec<OutFile>,
    /// The build context; the Dockerfile's folder where nothing was planned.
    context: Option<RelPath>,
    ledger: Ledger,
    differences: Vec<String>,
}

impl From<Safe> for Made {
    fn from(safe: Safe) -> Self {
        let file = OutFile { path: RelPath::root(), text: safe.text };
        Self { files: vec![file], context: None, ledger: safe.ledger, differences: Vec::new() }
    }
}

impl From<restage::Restaged> for Made {
    fn from(made: restage::Restaged) -> Self {
        let restage::Restaged { files, context, ledger, differences } = made;
        Self { files, context: Some(context), ledger, differences }
    }
}

impl Made {
    fn at(mut self, path: &RelPath) -> Self {
        if let Some(first) = self.files.first_mut() {
            first.path = path.clone();
        }
        self
    }
}

fn finish(
    path: &RelPath,
    old: &Dockerfile,
    outcome: Outcome,
    level: Level,
    made: Made,
    obstacles: Vec<Obstacle>,
    inventory: &Inventory,
) -> Migration {
    let secrets = Secrets::of(old);
    let mask = |obstacle: Obstacle| Obstacle { why: secrets.mask(&obstacle.why), ..obstacle };
    let made = made.at(path);
    let text = made.files.first().map(|file| file.text.clone()).unwrap_or_default();
    let (new, _) = dockerfile::parse(&text);
    let diff: String = made
        .files
        .iter()
        .map(|file| {
            let there = inventory.doc(&file.path).map(|doc| &**doc.text);
            out::diff(&file.path, if file.path == *path { Some(old.text()) } else { there }, &file.text)
        })
        .collect();
    Migration {
        path: path.clone(),
        context: made.context.unwrap_or_else(|| path.parent().unwrap_or_default()),
        outcome,
        level,
        ledger: made.ledger,
        obstacles: obstacles.into_iter().map(mask).collect(),
        secrets: secrets.names().into_iter().map(|(line, name)| (line, name.to_owned())).collect(),
        before: Shape::of(old, &secrets),
        after: Shape::of(&new, &secrets),
        findings_before: lint::lint(old, None).len(),
        findings_after: lint::lint(&new, None).len(),
        diff: secrets.mask(&diff),
        differences: made.differences,
        measured: None,
        written: made.files.iter().map(|file| file.path.clone()).collect(),
        text,
        files: made.files,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Migration {
        migrate(&RelPath::new("Dockerfile").unwrap(), text, &Inventory::default(), Level::Restage)
    }

    #[test]
    fn an_outcome_for_every_file() {
        for (text, outcome) in [
            ("FROM a\nENV k v\n", Outcome::Changed),
            ("FROM a:1\nUSER 1\n", Outcome::Nothing),
            ("# syntax=me/mine\nfrom a\n", Outcome::Refused),
            ("# nothing\n", Outcome::Refused),
            ("FROM a\nFROBNICATE\n", Outcome::Refused),
        ] {
            let made = of(text);
            assert_eq!(made.outcome, outcome, "{text}");
            assert_eq!(made.text == text, outcome != Outcome::Changed);
            assert_eq!(made.diff.is_empty(), outcome != Outcome::Changed);
            assert_eq!(
                outcome == Outcome::Refused,
                made.obstacles.iter().any(|o| o.kind.forbids_everything())
            );
        }
    }

    #[test]
    fn secrets_are_named_and_never_shown() {
        let made = of("FROM a\nENV DB_PASSWORD hunter2\nRUN curl https://me:hunter3@x\n");
        assert_eq!(made.secrets.len(), 2, "{:?}", made.secrets);
        let said = serde_json::to_string(&made).unwrap();
        assert!(!said.contains("hunter"), "{said}");
    }
}
