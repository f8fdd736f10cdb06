//! What a person decides about an instruction that a migration cannot judge.

use std::collections::BTreeMap;

use super::account::{Disposition, DropReason, Entry};
use super::harvest::{Harvest, Scene};
use crate::dockerfile::{Instruction, Keyword};

/// One decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing needs it any more.
    Drop,
    /// The runtime gets it as it is.
    Runtime,
    /// The stage that builds gets it as it is.
    Build,
}

/// Decisions by the line of the instruction in the old file.
pub type Decisions = BTreeMap<u32, Decision>;

impl Decision {
    /// What can be decided about an entry of a ledger.
    pub fn of(entry: &Entry) -> &'static [Self] {
        match entry.keyword.to_ascii_uppercase().as_str() {
            "RUN" | "COPY" | "ADD" | "ENV" | "ARG" => &[Self::Drop, Self::Runtime, Self::Build],
            "LABEL" | "EXPOSE" | "VOLUME" => &[Self::Drop, Self::Runtime],
            _ => &[Self::Drop],
        }
    }

    /// In the words of a menu.
    pub fn words(self) -> &'static str {
        match self {
            Self::Drop => "nothing needs it any more",
            Self::Runtime => "the running program needs it: carry it into the runtime",
            Self::Build => "the build needs it: carry it into the build stage",
        }
    }

    fn setting(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Drop => None,
            Self::Runtime => Some(("runtime.instructions", "runtime")),
            Self::Build => Some(("build.instructions", "build")),
        }
    }
}

impl Harvest {
    /// Does what was decided about what is left to a person.
    pub(super) fn decide(&mut self, scene: &Scene<'_>, decisions: &Decisions) {
        for instruction in scene.file.instructions() {
            let is_open = self
                .fates
                .get(&instruction.line)
                .is_some_and(|(fate, _)| matches!(fate, Disposition::Person { .. }));
            let Some(decision) = decisions.get(&instruction.line).filter(|_| is_open) else { continue };
            let fate = self.decided(scene, instruction, *decision);
            if let Some((old, _)) = self.fates.get_mut(&instruction.line) {
                *old = fate;
            }
        }
    }

    fn decided(&mut self, scene: &Scene<'_>, instruction: &Instruction, decision: Decision) -> Disposition {
        let Some((setting, stage)) = decision.setting() else {
            return Disposition::Dropped { why: DropReason::Decided };
        };
        let text = format!("{} {}", instruction.keyword, instruction.args.value);
        if scene.secrets.are_in(&text) {
            return Disposition::Dropped {
                why: DropReason::Secret { name: instruction.keyword.to_string() },
            };
        }
        let is_carried = instruction.heredocs.is_empty() && instruction.flags.is_empty()
            || instruction.keyword == Keyword::Run;
        if !is_carried {
            let why = "its flags or heredocs name what is only in the old file: write it by hand".to_owned();
            return Disposition::Person { why };
        }
        self.wish(setting, vec![text].into(), instruction.line);
        let change = Some("as a person decided".to_owned());
        Disposition::Carried { stage: stage.to_owned(), change }
    }
}
