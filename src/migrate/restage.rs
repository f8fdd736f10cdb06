//! Restaging: the multi-stage Dockerfile of the repository's stack, with what the old file knew as its settings.
//!
//! The settings go into `dockgen.toml`, and the new file is planned from there, so that the next `dockgen init --check`
//! finds nothing to do.

use super::account::{Disposition, DropReason, Ledger};
use super::assess::{Obstacle, ObstacleKind};
use super::decision::Decisions;
use super::differences::differences;
use super::harvest::{Harvest, Lists, Scene, Version, harvest, lists, version};
use super::planning::{InTheWay, Planning, Replanned, error, find, no_plan};
use super::{Beside, Level};
use crate::dockerfile::{Dockerfile, ItemKind, Stages};
use crate::lint::Secrets;
use crate::out::OutFile;
use crate::plan::catalog::{Catalog, PackageManager};
use crate::plan::service::Service;
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
    let Some(stage) = stages.last() else {
        let why = "there is no FROM".to_owned();
        return Err(vec![Obstacle { line: 1, kind: ObstacleKind::Unreadable, why }]);
    };
    let refuse = |(kind, why): InTheWay| vec![Obstacle { line: stage.line, kind, why }];
    let planning = Planning::start(inventory, beside, path).map_err(refuse)?;
    let secrets = Secrets::of(old);
    let mut scene = Scene {
        file: old,
        stage,
        image: stages.evaluated(stage),
        secrets: &secrets,
        service: planning.service().map_err(refuse)?,
        inventory,
        catalog: Catalog::builtin(),
        level,
        bases: planning.bases(),
        lists: Lists::default(),
        version: Version::default(),
    };
    // What the old file says is judged by what is planned for its own lists and its own version.
    scene.lists = lists(&scene);
    let listed = planning.with(&scene.wishes()).map_err(refuse)?;
    scene.service = find(&listed.plan, path).map_err(refuse)?;
    scene.version = version(&scene);
    let versioned = planning.with(&scene.wishes()).map_err(refuse)?;
    scene.service = find(&versioned.plan, path).map_err(refuse)?;

    let mut taken = take(&scene, decisions)?;
    let planned = planning.with_all(&mut taken).map_err(refuse)?;
    write(path, planned, &scene, taken, beside).map_err(refuse)
}

/// Takes out of the old file what it knows, as a person has decided about it; what forbids a rebuild is the error.
fn take(scene: &Scene<'_>, decisions: &Decisions) -> Result<Harvest, Vec<Obstacle>> {
    let mut taken = harvest(scene);
    taken.decide(scene, decisions);
    taken.user_and_image(scene);
    taken.keep_secrets_out(scene.secrets);
    if taken.obstacles.is_empty() { Ok(taken) } else { Err(taken.obstacles) }
}

/// Prints what is planned with all that was taken, and accounts for it.
fn write(
    path: &RelPath,
    planned: Replanned,
    scene: &Scene<'_>,
    mut taken: Harvest,
    beside: Beside<'_>,
) -> Result<Restaged, InTheWay> {
    let service = find(&planned.plan, path)?;
    let made = printed(service, &planned.inventory, beside).map_err(no_plan)?;
    taken.say_start(service);
    taken.name_stages(&service.stages);
    if scene.image.healthcheck.is_some() && service.runtime.health.is_none() {
        leave_check(&mut taken);
    }
    let differences = differences(&scene.image, &made.dockerfile.text);
    Ok(Restaged {
        context: service.context.clone(),
        differences: differences.iter().map(|text| scene.secrets.mask(text)).collect(),
        ledger: ledger(scene.file, scene.secrets, taken),
        files: [Some(made.dockerfile), made.dockerignore, planned.kept].into_iter().flatten().collect(),
    })
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
