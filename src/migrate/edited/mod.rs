//! A person's edits of a Dockerfile that dockgen made, as testimony: what settings can say goes into `dockgen.toml`, the
//! comments above it included, and survives the next time the file is printed. Where anything cannot be kept the file
//! stays as it is, and the lines that are the reason are named: nothing is dropped, and nothing is done by halves.
//!
//! What was printed is not kept anywhere, so the edits are what differs from what would be printed today. That is only so
//! where today's text has the stamp of the file. [`asked`] reads settings out of the edits; whether they say all of it is
//! not believed but seen: the file is printed again, and [`compare`] finds every edit in it.

mod asked;
mod compare;
mod lines;
mod steps;

use std::collections::BTreeSet;

use super::Beside;
use super::account::{Disposition, Ledger};
use super::assess::{Obstacle, ObstacleKind};
use super::keep::{Edit, take_over};
use super::planning::{error, find};
use super::restage::Restaged;
use crate::dockerfile::{self, Dockerfile, ItemKind};
use crate::lint::Secrets;
use crate::out::{self, OutFile, Standing};
use crate::plan::service::Service;
use crate::plan::stage::{Role, Stage};
use crate::render::render_checked;
use crate::repo::{Inventory, RelPath};

use asked::{Asked, Wish, asked};
use compare::{Comparison, Own, Texts, compare};

/// Takes the edits of a file into the settings and prints it anew, or says which lines are in the way.
pub(super) fn take(
    path: &RelPath,
    edited: &Dockerfile,
    inventory: &Inventory,
    beside: Beside<'_>,
) -> Result<Restaged, Vec<Obstacle>> {
    let stamp = out::stamped(edited.text());
    let stamp_line = stamp.map_or(1, |(line, _)| line);
    let refuse = |reasons: Vec<Reason>| -> Vec<Obstacle> {
        let mut reasons = reasons;
        reasons.sort();
        reasons.dedup();
        let obstacle = |Reason { line, why }| Obstacle { line, kind: ObstacleKind::EditedByHand, why };
        reasons.into_iter().map(obstacle).collect()
    };
    let whole = |why: String| refuse(vec![Reason { line: stamp_line, why }]);
    let printed = Printed::of(path, inventory, beside).map_err(&whole)?;
    let hash_today = out::stamped(&printed.text).map(|(_, hash)| hash);
    if hash_today != stamp.map(|(_, hash)| hash) {
        return Err(whole(
            "what would be printed today is not what was edited: the repository, its settings or dockgen have changed \
             since; `dockgen update --diff` shows both changes together"
                .to_owned(),
        ));
    }
    let (before, _) = dockerfile::parse(&printed.text);
    let secrets = Secrets::of(edited);
    let asked = asked(&printed, &before, edited, &secrets);
    let trial = Trial {
        path,
        repository: (inventory, beside),
        printed: &printed,
        before: &before,
        edited,
        secrets: &secrets,
    };
    let (best, failed) = trial.best(&asked);
    let mut left = asked.left.clone();
    let Some((again, found)) = best else {
        let line = asked.wishes.first().map_or(stamp_line, |wish| wish.line);
        left.extend(failed.map(|why| Reason { line, why }));
        return Err(refuse(left));
    };
    // What has a reason already needs no second one.
    let told: BTreeSet<u32> = left.iter().map(|reason| reason.line).collect();
    left.extend(found.left.into_iter().filter(|reason| !told.contains(&reason.line)));
    if left.is_empty() && again.kept.is_none() {
        left.push(Reason {
            line: stamp_line,
            why: "only the layout differs from what dockgen prints; the file says the same".to_owned(),
        });
    }
    if !left.is_empty() {
        return Err(refuse(left));
    }
    let ledger = ledger(edited, &secrets, asked);
    let context = again.printed.context;
    let mut files = again.printed.files;
    files.retain(|file| file.path == *path || !is_a_persons(inventory, file));
    files.extend(again.kept);
    let differences = found.differs.iter().map(|text| secrets.mask(text)).collect();
    Ok(Restaged { files, context, ledger, differences })
}

/// What settings are tried on.
struct Trial<'t> {
    path: &'t RelPath,
    repository: (&'t Inventory, Beside<'t>),
    /// What would be printed without them, and how it reads.
    printed: &'t Printed,
    before: &'t Dockerfile,
    edited: &'t Dockerfile,
    secrets: &'t Secrets,
}

impl Trial<'_> {
    /// A command can be said in several ways, and which one prints what the person wrote is seen by printing it: the way that
    /// leaves least, and why the last one failed that did.
    fn best(&self, asked: &Asked) -> (Option<(Again, Comparison)>, Option<String>) {
        let mut best: Option<(Again, Comparison)> = None;
        let mut failed = None;
        for start in asked.starts() {
            let wishes: Vec<&Wish> = asked.wishes.iter().chain(start).collect();
            match self.print(asked, &wishes) {
                Ok(found) => {
                    if best.as_ref().is_none_or(|(_, known)| found.1.left.len() < known.left.len()) {
                        best = Some(found);
                    }
                }
                Err(why) => failed = Some(why),
            }
        }
        (best, failed)
    }

    /// The file with these settings, and what of the edits is in it.
    fn print(&self, asked: &Asked, wishes: &[&Wish]) -> Result<(Again, Comparison), String> {
        let again = Again::of(self.path, self.repository, self.printed, wishes)?;
        let (after, _) = dockerfile::parse(&again.printed.text);
        let texts =
            Texts { printed: self.before, edited: self.edited, again: &after, own: &self.printed.own };
        let found = compare(&texts, &asked.added, &carried_comments(wishes), self.secrets);
        Ok((again, found))
    }
}

/// Why the file stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Reason {
    line: u32,
    why: String,
}

/// What would be printed today.
struct Printed {
    text: String,
    files: Vec<OutFile>,
    /// The folder that the image is built from.
    context: RelPath,
    /// The service in `dockgen.toml`; none where it is the only one.
    place: Option<RelPath>,
    stages: Vec<PrintedStage>,
    /// What the health check asks for.
    health: Option<String>,
    /// What the settings have of the person's own.
    own: Own,
}

/// A stage by the name that it is printed under.
struct PrintedStage {
    printed: String,
    name: String,
    role: Role,
    /// A person's own, as it is set.
    text: Option<String>,
}

impl Printed {
    fn of(path: &RelPath, inventory: &Inventory, beside: Beside<'_>) -> Result<Self, String> {
        let plan = beside.plan(inventory, &beside.settings(inventory)?);
        let service = find(&plan, path).map_err(|(_, why)| why)?;
        let templates = beside.templates(inventory)?;
        let (made, findings) =
            render_checked(service, &templates, inventory).map_err(|bad| bad.to_string())?;
        if let Some(error) = error(&findings) {
            return Err(error);
        }
        let is_alone = plan.services.len() == 1 && service.dir.is_root();
        let stage = |stage: &Stage| PrintedStage {
            printed: stage.printed_name().to_lowercase(),
            name: stage.name.to_string(),
            role: stage.role,
            text: stage.text.as_ref().map(|text| text.value.clone()),
        };
        Ok(Self {
            text: made.dockerfile.text.clone(),
            files: [Some(made.dockerfile), made.dockerignore].into_iter().flatten().collect(),
            context: service.context.clone(),
            place: (!is_alone).then(|| service.dir.clone()),
            stages: service.stages.iter().map(stage).collect(),
            own: own(service),
            health: service.runtime.health.as_ref().map(|health| health.value.path.clone()),
        })
    }
}

/// What a person's settings print word for word.
fn own(service: &Service) -> Own {
    let stages = service.stages.iter();
    let written = stages.filter(|stage| stage.text.is_some()).map(|stage| stage.name.to_string());
    let lines = service.stages.iter().flat_map(|stage| {
        let above = stage.above.values().flat_map(|lines| &lines.value);
        above.chain(stage.carried.iter().map(|text| &text.value)).flat_map(|text| text.lines())
    });
    let lines = lines.chain(service.remarks.iter().flat_map(|text| text.value.lines())).map(str::trim);
    Own {
        stages: written.collect(),
        comments: lines.filter(|line| line.starts_with('#')).map(str::to_owned).collect(),
    }
}

/// The file as it is printed with the settings that were read out of the edits.
struct Again {
    printed: Printed,
    /// `dockgen.toml`, where it changes.
    kept: Option<OutFile>,
}

impl Again {
    fn of(
        path: &RelPath,
        (inventory, beside): (&Inventory, Beside<'_>),
        before: &Printed,
        wishes: &[&Wish],
    ) -> Result<Self, String> {
        if wishes.is_empty() {
            return Ok(Self { printed: Printed::of(path, inventory, beside)?, kept: None });
        }
        let edits: Vec<Edit<'_>> = wishes
            .iter()
            .map(|wish| Edit { key: &wish.key, value: &wish.value, comments: &wish.comments })
            .collect();
        let kept = take_over(inventory, before.place.as_ref(), path, &edits)?;
        let mut inventory = inventory.clone();
        inventory.put(kept.path.clone(), &kept.text);
        Ok(Self { printed: Printed::of(path, &inventory, beside)?, kept: Some(kept) })
    }
}

fn carried_comments<'w>(wishes: &[&'w Wish]) -> BTreeSet<&'w str> {
    wishes.iter().flat_map(|wish| &wish.comments).map(String::as_str).collect()
}

/// A file beside the Dockerfile that somebody has written or changed stays.
fn is_a_persons(inventory: &Inventory, file: &OutFile) -> bool {
    let there = inventory.doc(&file.path).map(|doc| out::standing(Some(doc.text)));
    matches!(there, Some(Standing::Edited | Standing::Foreign))
}

fn ledger(edited: &Dockerfile, secrets: &Secrets, asked: Asked) -> Ledger {
    let mut fates = asked.fates;
    let same = || Disposition::Superseded { by: "the same in the new file".to_owned() };
    Ledger::of(edited, secrets, |unit| match unit.kind {
        ItemKind::Instruction(_) => (fates.remove(&unit.line).unwrap_or_else(same), Vec::new()),
        _ => (same(), Vec::new()),
    })
}
