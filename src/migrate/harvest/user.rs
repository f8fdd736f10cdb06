//! Who the new image runs as, and the base image that what is carried into it needs.

use super::fate::{kept, superseded};
use super::{Disposition, Harvest, Level, Obstacle, ObstacleKind, Scene};
use crate::dockerfile::{ImageRef, Keyword};
use crate::migrate::packages::{Release, Target};
use crate::plan::stage::{Role, Stage};

impl Harvest {
    /// The user of the old image, and a base that has what the carried instructions need.
    pub(in crate::migrate) fn user_and_image(&mut self, scene: &Scene<'_>) {
        let line = scene.stage.instructions.iter().rfind(|i| i.keyword == Keyword::User).map(|i| i.line);
        let user = scene.image.user.clone().unwrap_or_else(|| "root".to_owned());
        let name = user.split(':').next().unwrap_or_default();
        let note = |harvest: &mut Self, text: String| {
            let at = line.unwrap_or(scene.stage.line);
            if let Some((_, notes)) = harvest.fates.get_mut(&at) {
                notes.push(text);
            }
        };
        let planned = &scene.service.runtime.user.value;
        let is_root = name == "root" || name == "0";
        if is_root && scene.level == Level::Restage {
            self.wish("runtime.user", "0:0".into(), line.unwrap_or(scene.stage.line));
            note(self, "the image still runs as root; `--level harden` changes that".to_owned());
        } else if is_root {
            self.keep_owner(planned, line.unwrap_or(scene.stage.line));
            note(self, format!("the image ran as root and now runs as {planned}"));
        } else if name.parse::<u32>().is_ok() {
            let whole = if user.contains(':') { user.clone() } else { format!("{user}:{user}") };
            if whole != *planned && whole.split(':').all(|part| part.parse::<u32>().is_ok()) {
                self.wish("runtime.user", whole.into(), line.unwrap_or_default());
            }
        } else {
            self.keep_owner(planned, line.unwrap_or(scene.stage.line));
            note(self, format!("`{name}` is a name; the image now runs as the number {planned}"));
        }
        let Some(known) =
            scene.catalog.image_like(scene.service.stages.image(scene.service.stages.runtime()))
        else {
            return;
        };
        let needs_apt = self.wishes.iter().any(|wish| wish.key == "runtime.system_packages");
        let needs_shell = needs_apt
            || scene.level == Level::Restage
            || self.wishes.iter().any(|wish| {
                wish.key == "run.cmd"
                    || wish.key == "runtime.instructions" && wish.value.to_string().contains("RUN ")
            });
        if (needs_shell && !known.shell) || (needs_apt && !known.packages.is_debian()) {
            let Some(image) = roomy(scene) else {
                let why = "no base image with a shell and apt is known for this stack".to_owned();
                self.obstacles.push(Obstacle { line: scene.stage.line, kind: ObstacleKind::NoPlan, why });
                return;
            };
            self.wish("runtime.image", image.into(), scene.stage.line);
        }
    }

    /// Another base image would have another user planned, but folders have been given to this one.
    fn keep_owner(&mut self, user: &str, line: u32) {
        let gives = format!("chown {user} ");
        let has_given = self
            .wishes
            .iter()
            .any(|wish| wish.key == "runtime.instructions" && wish.value.to_string().contains(&gives));
        if has_given {
            self.wish("runtime.user", user.into(), line);
        }
    }
}

/// Who starts the program is said by the last of several.
pub(super) fn last(scene: &Scene<'_>, line: u32) -> Disposition {
    let last = scene.stage.instructions.iter().rfind(|one| one.keyword == Keyword::User);
    match last {
        Some(last) if last.line != line => superseded(&format!("the USER of line {}", last.line)),
        _ => kept("runtime.user"),
    }
}

/// The image of the stack that has a shell and Debian's packages.
fn roomy(scene: &Scene<'_>) -> Option<String> {
    let service = scene.service;
    let line = |image: &str| {
        let version = service.toolchains.first()?.value.version.clone();
        Some(scene.catalog.image(image).at(&version))
    };
    match service.stack.value.as_str() {
        "go" | "rust" => Some(scene.catalog.image("debian").at("")),
        // The image that installs is of the line's own release.
        "node" | "python" => match service.stages.get("base").or_else(|| service.stages.get("deps")) {
            Some(installs) => Some(service.stages.image(installs).to_owned()),
            None => line("node-slim"),
        },
        "java" => {
            let version = service.toolchains.first()?.value.version.clone();
            Some(format!("eclipse-temurin:{version}-jre"))
        }
        _ => None,
    }
}

impl Scene<'_> {
    /// What the packages of the old file are judged for at run time.
    pub(super) fn target(&self) -> Target<'_> {
        self.target_in(self.service.stages.runtime())
    }

    /// The same for the stages that build: a compiled program may run on another release than it is built on.
    pub(super) fn build_target(&self) -> Target<'_> {
        self.target_in(self.building())
    }

    /// Are the stages that build Alpine's?
    pub(super) fn builds_on_alpine(&self) -> bool {
        let image = self.service.stages.image(self.building()).parse::<ImageRef>();
        image.is_ok_and(|image| image.is_alpine())
    }

    fn building(&self) -> &Stage {
        let stages = &self.service.stages;
        let builds = stages.iter().find(|stage| matches!(stage.role, Role::Deps | Role::Build));
        builds.unwrap_or_else(|| stages.runtime())
    }

    fn target_in(&self, stage: &Stage) -> Target<'_> {
        const OLDER: &[&str] = &["bookworm", "bullseye", "buster", "stretch"];
        let image = self.service.stages.image(stage);
        let is_older = image.split([':', '-']).skip(1).any(|part| OLDER.contains(&part));
        let release = if is_older { Release::Older } else { Release::Today };
        Target { stack: &self.service.stack.value, release }
    }

    /// The number the new image runs as; none where it still runs as root.
    pub(super) fn ordinary_user(&self) -> Option<String> {
        let user = self.image.user.clone().unwrap_or_else(|| "root".to_owned());
        let name = user.split(':').next().unwrap_or_default();
        if name == "root" || name == "0" {
            let planned = &self.service.runtime.user.value;
            return (self.level == Level::Harden).then(|| planned.clone());
        }
        if name.parse::<u32>().is_err() {
            return Some(self.service.runtime.user.value.clone());
        }
        Some(if user.contains(':') { user } else { format!("{user}:{user}") })
    }
}
