//! What no setting says is carried into the runtime as an instruction, with the comments that stand above it: labels,
//! volumes, and what another part of the harvest finds no setting for.

use super::fate::{Judged, dropped, person};
use super::text::{is_plain, quoted};
use super::{Harvest, Scene};
use crate::dockerfile::Instruction;
use crate::lint::is_secret;
use crate::migrate::account::{Disposition, DropReason};

impl Harvest {
    /// Carries an instruction into the runtime under the comments that stand above it.
    pub(super) fn carry(&mut self, scene: &Scene<'_>, instruction: &Instruction, text: &str) -> Disposition {
        if scene.secrets.are_in(text) {
            return dropped(DropReason::Secret { name: instruction.keyword.to_string() });
        }
        let comments = scene.file.comment_above(instruction.line);
        let comments = comments.iter().filter(|comment| !scene.secrets.are_in(comment));
        let above: Vec<String> = comments.map(|comment| format!("# {comment}\n")).collect();
        let text = format!("{}{text}", above.concat());
        self.wish("runtime.instructions", vec![text].into(), instruction.line);
        Disposition::Carried { stage: "runtime".to_owned(), change: None }
    }

    pub(super) fn carry_as_written(&mut self, scene: &Scene<'_>, instruction: &Instruction) -> Disposition {
        let text = format!("{} {}", instruction.keyword, instruction.args.value);
        self.carry(scene, instruction, &text)
    }

    pub(super) fn labels(
        &mut self,
        scene: &Scene<'_>,
        instruction: &Instruction,
        labels: &[(String, String)],
    ) -> Disposition {
        if labels.iter().any(|(name, _)| is_secret(name)) {
            return dropped(DropReason::Secret { name: "the label".to_owned() });
        }
        let is_named = |name: &String| labels.iter().any(|(label, _)| label == name);
        let pairs = scene.image.labels.iter().filter(|(name, _)| is_named(name));
        if pairs.clone().any(|(_, value)| value.contains('$')) {
            return person("its value depends on a variable that only the build knows");
        }
        let words: Option<Vec<String>> =
            pairs.map(|(name, value)| Some(format!("{name}={}", quoted(value)?))).collect();
        match words {
            Some(words) => self.carry(scene, instruction, &format!("LABEL {}", words.join(" "))),
            None => self.carry_as_written(scene, instruction),
        }
    }

    pub(super) fn maintainer(&mut self, scene: &Scene<'_>, instruction: &Instruction, name: &str) -> Judged {
        let plain = name.replace('"', "");
        let Some(value) = quoted(plain.trim()) else {
            return (person("the name cannot be quoted"), Vec::new());
        };
        let label = format!("LABEL org.opencontainers.image.authors={value}");
        let note = "MAINTAINER is deprecated; the label says the same".to_owned();
        (self.carry(scene, instruction, &label), vec![note])
    }

    /// The same folders, where the program's files lie now, and given to the user that writes to them.
    pub(super) fn volumes(&mut self, scene: &Scene<'_>, instruction: &Instruction) -> Judged {
        let mut notes = Vec::new();
        let mut volumes: Vec<String> = Vec::new();
        for path in &scene.image.volumes {
            let new = scene.rehomed(path).inspect(|new| {
                notes.push(format!(
                    "the program's files lie in `{new}` now: mount there what was mounted at `{path}`"
                ));
            });
            volumes.push(new.unwrap_or_else(|| path.clone()));
        }
        if let Some(user) = scene.ordinary_user()
            && volumes.iter().all(|path| is_plain(path))
        {
            let paths = volumes.join(" ");
            let text = format!("RUN mkdir -p {paths} && chown {user} {paths}");
            self.wish("runtime.instructions", vec![text].into(), instruction.line);
        }
        let words: Vec<String> = volumes.iter().map(|path| format!("{path:?}")).collect();
        (self.carry(scene, instruction, &format!("VOLUME [{}]", words.join(", "))), notes)
    }
}
