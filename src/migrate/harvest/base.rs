//! The base of the old image: what the new stages start from instead, and whether the old one held the repository at all.

use super::fate::{Judged, superseded};
use super::{Harvest, Obstacle, ObstacleKind, Scene};
use crate::dockerfile::{Meaning, Origin, Stage};
use crate::migrate::known;

impl Harvest {
    pub(super) fn from(&mut self, scene: &Scene<'_>, line: u32) -> Judged {
        let mut notes = Vec::new();
        let stack = scene.service.stack.value.as_str();
        if let Some((kind, why)) = known::strange(&scene.stage.origin, &scene.bases, stack) {
            self.obstacles.push(Obstacle { line, kind, why });
        }
        if let Origin::Image(written) = &scene.stage.origin {
            let public = scene.bases.public(written);
            notes.extend(public.as_ref().map(|public| format!("`{written}` is built like `{public}`")));
            let ended =
                scene.catalog.ended(public.as_ref().unwrap_or(written)).map(|ended| ended.to_string());
            // What stays says so itself.
            notes.extend(
                ended.filter(|ended| !scene.version.notes.iter().any(|note| note.starts_with(ended))),
            );
            notes.extend(scene.version.notes.iter().cloned());
        }
        (superseded("every stage, from images of its own"), notes)
    }
}

/// A stage that copies and mounts nothing of the build context holds no program of the repository.
pub(in crate::migrate) fn fetched(stage: &Stage<'_>) -> Option<Obstacle> {
    let takes_the_repository = stage.instructions.iter().any(|instruction| match instruction.meaning() {
        Ok(Meaning::Copy(copy) | Meaning::Add(copy)) => {
            copy.from.is_none() && copy.sources.iter().any(|source| !source.contains("://"))
        }
        Ok(Meaning::Run(_)) => instruction.flags.iter().any(|flag| {
            flag.name == "mount" && !flag.value.as_deref().unwrap_or_default().contains("type=cache")
        }),
        _ => false,
    });
    let why = "nothing of the repository is copied into the image: it is an environment to work in, or the \
               program comes from elsewhere";
    let kind = ObstacleKind::FetchedProgram;
    (!takes_the_repository).then(|| Obstacle { line: stage.line, kind, why: why.to_owned() })
}
