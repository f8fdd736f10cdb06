//! Restaging: the multi-stage Dockerfile of the repository's stack, with what the old file knew as its settings.
//!
//! The settings go into `dockgen.toml`, and the new file is planned from there, so that the next `dockgen init --check`
//! finds nothing to do.

use super::account::{Disposition, DropReason, Ledger};
use super::assess::{Obstacle, ObstacleKind};
use super::bases::Bases;
use super::decision::Decisions;
use super::harvest::{Harvest, Lists, Scene, Version, Wish, harvest, lists, version};
use super::keep::keep;
use super::known;
use super::{Beside, Level};
use crate::diag::{Diagnostic, Severity};
use crate::dockerfile::{self, Dockerfile, ImageConfig, ItemKind, Stages};
use crate::lint::Secrets;
use crate::out::OutFile;
use crate::plan::catalog::{Catalog, PackageManager};
use crate::plan::service::{Plan, Service};
use crate::render::{ServiceFiles, render_checked};
use crate::repo::{Inventory, RelPath};
use crate::stack::common::unread;

/// A rebuilt file.
#[derive(Debug)]
pub(super) struct Restaged {
    /// The Dockerfile first; then its ignore file and `dockgen.toml`.
    pub files: Vec<OutFile>,
    /// The folder that the image is built from.
    pub context: RelPath,
    /// What became of each instruction.
    pub ledger: Ledger,
    /// What the new image does other than the old one, in words.
    pub differences: Vec<String>,
}

/// Rebuilds one file, or says what stands in the way.
pub(super) fn restage(
    path: &RelPath,
    old: &Dockerfile,
    inventory: &Inventory,
    level: Level,
    beside: Beside<'_>,
    decisions: &Decisions,
) -> Result<Restaged, Vec<Obstacle>> {
    let stages = Stages::of(old);
    let refuse = |line, kind, why: String| vec![Obstacle { line, kind, why }];
    let Some(stage) = stages.last() else {
        return Err(refuse(1, ObstacleKind::Unreadable, "there is no FROM".to_owned()));
    };
    let no_plan = |why: String| refuse(stage.line, ObstacleKind::NoPlan, why);
    let settings = beside.settings(inventory).map_err(&no_plan)?;
    let everybodys = beside.bases.cloned().unwrap_or_default();
    let catalog = Catalog::builtin();
    let service_of = |plan| find(plan, path).map_err(|(kind, why)| refuse(stage.line, kind, why));
    let unasked = beside.plan(inventory, &settings);
    if unasked.services.is_empty() && error(&unasked.diagnostics).is_none() {
        return Err(refuse(stage.line, ObstacleKind::NoApplication, unrecognised(inventory)));
    }
    let service = service_of(&unasked)?;
    let is_alone = unasked.services.len() == 1 && service.dir.is_root();
    let planning =
        Planning { inventory, beside, path, place: Some(service.dir.clone()).filter(|_| !is_alone) };
    let secrets = Secrets::of(old);
    let mut scene = Scene {
        file: old,
        stage,
        image: stages.evaluated(stage),
        secrets: &secrets,
        service,
        inventory,
        catalog,
        level,
        bases: Bases::of(&settings).before(&everybodys).before(&known::alike()),
        lists: Lists::default(),
        version: Version::default(),
    };
    // What the old file says is judged by what is planned for its own lists and its own version.
    scene.lists = lists(&scene);
    let mut wishes = scene.lists.wishes.clone();
    let listed = planning.with(&wishes).map_err(&no_plan)?.0;
    scene.service = service_of(&listed)?;
    scene.version = version(stage, &scene.image, scene.service, &scene.bases, catalog);
    wishes.extend(scene.version.wish.clone());
    let before = planning.with(&wishes).map_err(&no_plan)?.0;
    scene.service = service_of(&before)?;
    let mut taken = harvest(&scene);
    taken.decide(&scene, decisions);
    taken.user_and_image(&scene);
    taken.keep_secrets_out(&secrets);
    if !taken.obstacles.is_empty() {
        return Err(taken.obstacles);
    }

    let mut planned = planning.with(&taken.wishes).map_err(&no_plan)?;
    if let Some(error) = error(&planned.0.diagnostics) {
        return Err(no_plan(error));
    }
    let has_no_port = find(&planned.0, path).is_ok_and(|service| service.runtime.port.is_none());
    if has_no_port && taken.carry_port() {
        planned = planning.with(&taken.wishes).map_err(&no_plan)?;
    }
    let (after, inventory, kept) = planned;
    let service = service_of(&after)?;
    let made = printed(service, &inventory, beside).map_err(&no_plan)?;
    taken.say_start(service);
    taken.name_stages(&service.stages);
    let differences = differences(&scene.image, &image_of(&made.dockerfile.text));
    let differences = differences.iter().map(|text| secrets.mask(text)).collect();
    if scene.image.healthcheck.is_some() && service.runtime.health.is_none() {
        leave_check(&mut taken);
    }
    let files = [Some(made.dockerfile), made.dockerignore, kept].into_iter().flatten().collect();
    Ok(Restaged {
        files,
        context: service.context.clone(),
        ledger: ledger(old, &secrets, taken),
        differences,
    })
}

/// What a plan is made of, besides the wishes of the old file.
struct Planning<'p> {
    inventory: &'p Inventory,
    beside: Beside<'p>,
    /// The old file.
    path: &'p RelPath,
    /// The service that settings are for, where there are several.
    place: Option<RelPath>,
}

impl Planning<'_> {
    /// Plans with these wishes as settings: the plan, the repository with them in it, and the file that holds them.
    fn with(&self, wishes: &[Wish]) -> Result<(Plan, Inventory, Option<OutFile>), String> {
        let mut inventory = self.inventory.clone();
        let kept = match wishes {
            [] => None,
            _ => Some(keep(&inventory, self.place.as_ref(), self.path, wishes)?),
        };
        if let Some(kept) = &kept {
            inventory.put(kept.path.clone(), &kept.text);
        }
        let settings = self.beside.settings(&inventory)?;
        Ok((self.beside.plan(&inventory, &settings), inventory, kept))
    }
}

/// The image that comes out of the last stage of a text.
fn image_of(text: &str) -> ImageConfig {
    let (file, _) = dockerfile::parse(text);
    let stages = Stages::of(&file);
    stages.last().map(|last| stages.evaluated(last)).unwrap_or_default()
}

/// The files of the service, read back and without an error.
fn printed(service: &Service, inventory: &Inventory, beside: Beside<'_>) -> Result<ServiceFiles, String> {
    if let Some(image) = unsigned(service, Catalog::builtin()) {
        return Err(format!("packages are needed, and the keys that signed those of `{image}` have expired"));
    }
    let templates = beside.templates(inventory)?;
    let (made, findings) = render_checked(service, &templates, inventory).map_err(|bad| bad.to_string())?;
    error(&findings).map_or(Ok(made), Err)
}

/// The old check is wished for, and the new image cannot make it.
fn leave_check(taken: &mut Harvest) {
    for (fate, _) in taken.fates.values_mut() {
        if matches!(fate, Disposition::Kept { setting } if setting == "runtime.healthcheck.path") {
            let why = "nothing in the new base image can ask over HTTP, so there is no check".to_owned();
            *fate = Disposition::Person { why };
        }
    }
}

fn ledger(old: &Dockerfile, secrets: &Secrets, mut taken: Harvest) -> Ledger {
    Ledger::of(old, secrets, |unit| match unit.kind {
        ItemKind::Directive(directive) if directive.name == "syntax" => {
            let change = Some("the new file names its own frontend".to_owned());
            (Disposition::Carried { stage: "the top of the file".to_owned(), change }, Vec::new())
        }
        ItemKind::Instruction(_) => taken.fates.remove(&unit.line).unwrap_or_else(|| {
            let why = "it stands before the first stage".to_owned();
            (Disposition::Person { why }, Vec::new())
        }),
        _ => (Disposition::Dropped { why: DropReason::OnlyForTheOldBuild }, Vec::new()),
    })
}

/// An image of the plan that packages are needed in, and whose release has none that can be trusted.
fn unsigned<'s>(service: &'s Service, catalog: &Catalog) -> Option<&'s str> {
    let stages = service.stages.iter().filter(|stage| !stage.packages.is_empty());
    let mut images = stages.map(|stage| service.stages.known_image(stage));
    images.find(|image| {
        catalog.image_like(image).is_some_and(|known| known.shell && known.packages == PackageManager::None)
    })
}

pub(super) fn error(findings: &[Diagnostic]) -> Option<String> {
    findings.iter().find(|finding| finding.severity == Severity::Error).map(|finding| finding.message.clone())
}

const UNRECOGNISED: &str = "dockgen recognises no project in the repository";

/// The same with the manifest that would be one for another tool, where the repository holds that.
pub(super) fn unrecognised(inventory: &Inventory) -> String {
    match unread::first(inventory) {
        Some(first) => format!("{UNRECOGNISED}: {first}"),
        None => UNRECOGNISED.to_owned(),
    }
}

/// The service whose Dockerfile stands at this path.
pub(super) fn find<'p>(plan: &'p Plan, path: &RelPath) -> Result<&'p Service, (ObstacleKind, String)> {
    if let Some(error) = error(&plan.diagnostics) {
        return Err((ObstacleKind::NoPlan, error));
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
        Some(open) => Err((ObstacleKind::NoPlan, format!("{} Set {} in dockgen.toml", open.ask, open.key))),
        None => Ok(service),
    }
}

/// What the new image does other than the old one.
fn differences(old: &ImageConfig, new: &ImageConfig) -> Vec<String> {
    let mut found = Vec::new();
    let mut differ = |what: &str, old: String, new: String| {
        if old != new {
            let said = |text: String| if text.is_empty() { "nothing".to_owned() } else { text };
            found.push(format!("{what}: {} -> {}", said(old), said(new)));
        }
    };
    let start = |image: &ImageConfig| {
        image.entrypoint.iter().chain(&image.cmd).flatten().cloned().collect::<Vec<_>>().join(" ")
    };
    let base = |words: String| if words.is_empty() { "what the base image starts".to_owned() } else { words };
    differ("start", base(start(old)), base(start(new)));
    let user = |image: &ImageConfig| image.user.clone().unwrap_or_else(|| "root".to_owned());
    let is_same_root = user(old) == "root" && user(new) == "0:0";
    if !is_same_root {
        differ("user", user(old), user(new));
    }
    let folder = |image: &ImageConfig| image.workdir.clone().unwrap_or_else(|| "/".to_owned());
    differ("folder", folder(old), folder(new));
    for port in &old.exposed {
        differ("port", port.clone(), new.exposed.get(port).cloned().unwrap_or_default());
    }
    for (name, value) in &old.env {
        differ(&format!("ENV {name}"), value.clone(), new.env.get(name).cloned().unwrap_or_default());
    }
    for (name, value) in &old.labels {
        differ(&format!("LABEL {name}"), value.clone(), new.labels.get(name).cloned().unwrap_or_default());
    }
    for path in &old.volumes {
        differ("volume", path.clone(), new.volumes.get(path).cloned().unwrap_or_default());
    }
    let signal = |image: &ImageConfig| image.stop_signal.clone().unwrap_or_default();
    differ("stop signal", signal(old), signal(new));
    found
}
