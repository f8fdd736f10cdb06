//! Restaging: the multi-stage Dockerfile of the repository's stack, with what the old file knew as its settings.
//!
//! The settings go into `dockgen.toml`, and the new file is planned from there, so that the next `dockgen init --check`
//! finds nothing to do.

use super::account::{Disposition, DropReason, Ledger};
use super::assess::{Obstacle, ObstacleKind};
use super::bases::Bases;
use super::decision::Decisions;
use super::harvest::{Harvest, Scene, harvest, version};
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
    let bases = Bases::of(&settings).before(&everybodys).before(&known::alike());
    let catalog = Catalog::builtin();
    let image = stages.evaluated(stage);
    let mut before = beside.plan(inventory, &settings);
    let service = find(&before, path).map_err(|(kind, why)| refuse(stage.line, kind, why))?;
    let is_alone = before.services.len() == 1 && service.dir.is_root();
    let place = Some(service.dir.clone()).filter(|_| !is_alone);
    let version = version(stage, &image, service, &bases, catalog);
    if let Some(wish) = &version.wish {
        // What the old file says is judged by what is planned for its own version.
        let mut inventory = inventory.clone();
        let kept = keep(&inventory, place.as_ref(), path, std::slice::from_ref(wish)).map_err(&no_plan)?;
        inventory.put(kept.path, &kept.text);
        before = beside.plan(&inventory, &beside.settings(&inventory).map_err(&no_plan)?);
    }
    let service = find(&before, path).map_err(|(kind, why)| refuse(stage.line, kind, why))?;
    let secrets = Secrets::of(old);
    let scene = Scene {
        file: old,
        stage,
        image: image.clone(),
        secrets: &secrets,
        service,
        inventory,
        catalog,
        level,
        bases,
        version,
    };
    let mut taken = harvest(&scene);
    taken.decide(&scene, decisions);
    taken.user_and_image(&scene);
    taken.keep_secrets_out(&secrets);
    if !taken.obstacles.is_empty() {
        return Err(taken.obstacles);
    }

    let mut inventory = inventory.clone();
    let mut files = Vec::new();
    if !taken.wishes.is_empty() {
        let kept = keep(&inventory, place.as_ref(), path, &taken.wishes).map_err(&no_plan)?;
        inventory.put(kept.path.clone(), &kept.text);
        files.push(kept);
    }
    let settings = beside.settings(&inventory).map_err(&no_plan)?;
    let after = beside.plan(&inventory, &settings);
    if let Some(error) = error(&after.diagnostics) {
        return Err(no_plan(error));
    }
    let service = find(&after, path).map_err(|(kind, why)| refuse(stage.line, kind, why))?;
    let made = printed(service, &inventory, beside).map_err(&no_plan)?;
    taken.say_start(service);
    let (new, _) = dockerfile::parse(&made.dockerfile.text);
    let new_stages = Stages::of(&new);
    let new_image = new_stages.last().map(|last| new_stages.evaluated(last)).unwrap_or_default();
    let differences = differences(&image, &new_image).iter().map(|text| secrets.mask(text)).collect();
    if image.healthcheck.is_some() && service.runtime.health.is_none() {
        leave_check(&mut taken);
    }
    let made: Vec<OutFile> = [Some(made.dockerfile), made.dockerignore].into_iter().flatten().collect();
    let files = [made, files].concat();
    let ledger = ledger(old, &secrets, taken);
    Ok(Restaged { files, context: service.context.clone(), ledger, differences })
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

/// The service whose Dockerfile stands at this path.
pub(super) fn find<'p>(plan: &'p Plan, path: &RelPath) -> Result<&'p Service, (ObstacleKind, String)> {
    if let Some(error) = error(&plan.diagnostics) {
        return Err((ObstacleKind::NoPlan, error));
    }
    let Some(service) = plan.services.iter().find(|service| service.dockerfile_path() == *path) else {
        let Some(other) = plan.services.first() else {
            return Err((
                ObstacleKind::NoApplication,
                "dockgen recognises no project in the repository".to_owned(),
            ));
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
    differ("folder", old.workdir.clone().unwrap_or_default(), new.workdir.clone().unwrap_or_default());
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
