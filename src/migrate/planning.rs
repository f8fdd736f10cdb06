//! Plans for the place of an old Dockerfile: the one that the repository has by itself, and those with what the old file
//! says as settings beside it. What keeps such a plan from being one comes with its kind, and the caller knows the line.

use super::assess::ObstacleKind;
use super::bases::Bases;
use super::harvest::{Harvest, Wish};
use super::keep::keep;
use super::{Beside, known};
use crate::config::Settings;
use crate::diag::{Diagnostic, Severity};
use crate::out::OutFile;
use crate::plan::service::{Plan, Service};
use crate::repo::{Inventory, RelPath};
use crate::stack::common::unread;

/// What stands in the way of a plan, and why.
pub(super) type InTheWay = (ObstacleKind, String);

/// What every plan for an old file is made of.
pub(super) struct Planning<'p> {
    inventory: &'p Inventory,
    beside: Beside<'p>,
    /// The old file.
    path: &'p RelPath,
    settings: Settings,
    /// What is planned before the old file is asked.
    unasked: Plan,
    /// The service that settings are for, where there are several.
    place: Option<RelPath>,
}

/// A plan with wishes of the old file as settings.
pub(super) struct Replanned {
    pub plan: Plan,
    /// The repository with the wishes in it.
    pub inventory: Inventory,
    /// The file that holds them; none where nothing is wished.
    pub kept: Option<OutFile>,
}

impl<'p> Planning<'p> {
    /// Plans what the repository asks for by itself.
    pub(super) fn start(
        inventory: &'p Inventory,
        beside: Beside<'p>,
        path: &'p RelPath,
    ) -> Result<Self, InTheWay> {
        let settings = beside.settings(inventory).map_err(no_plan)?;
        let unasked = beside.plan(inventory, &settings);
        if unasked.services.is_empty() && error(&unasked.diagnostics).is_none() {
            return Err((ObstacleKind::NoApplication, unrecognised(inventory)));
        }
        let service = find(&unasked, path)?;
        let is_alone = unasked.services.len() == 1 && service.dir.is_root();
        let place = (!is_alone).then(|| service.dir.clone());
        Ok(Self { inventory, beside, path, settings, unasked, place })
    }

    /// The service as it is planned before the old file is asked.
    pub(super) fn service(&self) -> Result<&Service, InTheWay> {
        find(&self.unasked, self.path)
    }

    /// What images of one's own are built like: the repository's word before everybody's, and what is known last.
    pub(super) fn bases(&self) -> Bases {
        let everybodys = self.beside.bases.cloned().unwrap_or_default();
        Bases::of(&self.settings).before(&everybodys).before(&known::alike())
    }

    /// Plans with these wishes as settings.
    pub(super) fn with(&self, wishes: &[Wish]) -> Result<Replanned, InTheWay> {
        let mut inventory = self.inventory.clone();
        let kept = match wishes {
            [] => None,
            _ => Some(keep(&inventory, self.place.as_ref(), self.path, wishes).map_err(no_plan)?),
        };
        if let Some(kept) = &kept {
            inventory.put(kept.path.clone(), &kept.text);
        }
        let settings = self.beside.settings(&inventory).map_err(no_plan)?;
        Ok(Replanned { plan: self.beside.plan(&inventory, &settings), inventory, kept })
    }

    /// Plans with all that was taken. A port that no program listens on is no setting: that stays an instruction.
    pub(super) fn with_all(&self, taken: &mut Harvest) -> Result<Replanned, InTheWay> {
        let planned = self.with(&taken.wishes)?;
        let has_no_port = find(&planned.plan, self.path)?.runtime.port.is_none();
        if has_no_port && taken.carry_port() {
            return self.with(&taken.wishes);
        }
        Ok(planned)
    }
}

/// The service whose Dockerfile stands at this path.
pub(super) fn find<'p>(plan: &'p Plan, path: &RelPath) -> Result<&'p Service, InTheWay> {
    if let Some(error) = error(&plan.diagnostics) {
        return Err(no_plan(error));
    }
    let Some(service) = plan.services.iter().find(|service| service.dockerfile_path() == *path) else {
        let Some(other) = plan.services.first() else {
            return Err((ObstacleKind::NoApplication, UNRECOGNISED.to_owned()));
        };
        let why = format!("dockgen writes `{}`, and this file is `{path}`", other.dockerfile_path());
        return Err((ObstacleKind::OtherPlace, why));
    };
    let open = plan.questions.iter().find(|question| {
        question.default.is_none() && question.service.as_ref().is_none_or(|dir| *dir == service.dir)
    });
    match open {
        Some(open) => Err(no_plan(format!("{} Set {} in dockgen.toml", open.ask, open.key))),
        None => Ok(service),
    }
}

pub(super) fn no_plan(why: String) -> InTheWay {
    (ObstacleKind::NoPlan, why)
}

/// The first error among findings.
pub(super) fn error(findings: &[Diagnostic]) -> Option<String> {
    findings.iter().find(|finding| finding.severity == Severity::Error).map(|finding| finding.message.clone())
}

const UNRECOGNISED: &str = "dockgen recognises no project in the repository";

/// That nothing is recognised, with the manifest that would be one for another tool, where the repository holds that.
pub(super) fn unrecognised(inventory: &Inventory) -> String {
    match unread::first(inventory) {
        Some(first) => format!("{UNRECOGNISED}: {first}"),
        None => UNRECOGNISED.to_owned(),
    }
}
