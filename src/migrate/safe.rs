//! The safe level: the same image configuration from a cleaner text. The repairs of the rules are made one by one,
//! and one after which the file would say anything else is left out.

use super::account::{Disposition, DropReason, Ledger};
use crate::dockerfile::{self, Dockerfile, ImageConfig, Instruction, ItemKind, Stages};
use crate::lint::{self, Edit, Fix, Secrets, fix};

/// What the safe level makes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Safe {
    /// The whole text. What no repair touches is there byte for byte.
    pub text: String,
    /// What became of each instruction.
    pub ledger: Ledger,
}

/// Cleans a text. A second time changes nothing.
pub fn safe(text: &str) -> Safe {
    let (old, _) = dockerfile::parse(text);
    let meaning = Sense::of(&old);
    let says_the_same = |fixes: &[Fix]| Sense::of(&dockerfile::parse(&fix::apply(text, fixes)).0) == meaning;
    let mut made: Vec<Fix> = lint::lint(&old, None).into_iter().filter_map(|finding| finding.fix).collect();
    if !says_the_same(&made) {
        // One by one, without those that would change what the file says.
        for repair in std::mem::take(&mut made) {
            made.push(repair);
            if !says_the_same(&made) {
                made.pop();
            }
        }
    }
    Safe { text: fix::apply(text, &made), ledger: account(&old, &made) }
}

/// A file that stays as it is.
pub(super) fn untouched(old: &Dockerfile) -> Safe {
    Safe { text: old.text().to_owned(), ledger: account(old, &[]) }
}

fn account(old: &Dockerfile, made: &[Fix]) -> Ledger {
    let stages = Stages::of(old);
    Ledger::of(old, &Secrets::of(old), |unit| match unit.kind {
        ItemKind::Instruction(instruction) => (fate(instruction, &stages, made), Vec::new()),
        _ => (Disposition::Carried { stage: "the top of the file".to_owned(), change: None }, Vec::new()),
    })
}

fn fate(instruction: &Instruction, stages: &Stages<'_>, made: &[Fix]) -> Disposition {
    let span = &instruction.span;
    let is_within = |edit: &Edit| span.start <= edit.span.start && edit.span.end <= span.end;
    let repairs: Vec<&Fix> = made.iter().filter(|repair| repair.edits.iter().all(is_within)).collect();
    let removes = |edit: &Edit| edit.span == *span && edit.text.is_empty();
    if repairs.iter().any(|repair| repair.edits.iter().any(removes)) {
        let by_line = replacing(stages, instruction).unwrap_or(instruction.line);
        return Disposition::Dropped { why: DropReason::Replaced { by_line } };
    }
    let stage = stages.iter().rev().find(|stage| stage.line <= instruction.line);
    let stage = stage.map_or_else(
        || "the arguments before the first stage".to_owned(),
        |stage| stage.name.clone().unwrap_or_else(|| format!("stage {}", stage.index)),
    );
    let mut about: Vec<&str> = repairs.iter().map(|repair| repair.about.as_str()).collect();
    about.dedup();
    let change = about.join("; ");
    Disposition::Carried { stage, change: Some(change).filter(|change| !change.is_empty()) }
}

/// The line of the last instruction of the same kind in its stage.
fn replacing(stages: &Stages<'_>, dead: &Instruction) -> Option<u32> {
    let stage = stages.iter().rev().find(|stage| stage.line <= dead.line)?;
    let mut alike = stage.instructions.iter().filter(|instruction| instruction.keyword == dead.keyword);
    alike.next_back().map(|last| last.line)
}

/// What a file says to a build: its stages, and the image that comes out of each.
#[derive(Debug, PartialEq, Eq)]
pub struct Sense {
    stages: Vec<(Option<String>, dockerfile::Origin, ImageConfig)>,
    globals: dockerfile::BuildArgs,
    is_buildable: bool,
}

impl Sense {
    /// What this file says.
    pub fn of(file: &Dockerfile) -> Self {
        let stages = Stages::of(file);
        let (_, problems) = dockerfile::parse(file.text());
        let is_buildable = !problems.iter().any(|problem| problem.kind.stops_build());
        let all =
            stages.iter().map(|stage| (stage.name.clone(), stage.origin.clone(), stages.evaluated(stage)));
        Self { stages: all.collect(), globals: stages.globals().clone(), is_buildable }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, fates: &[&str]) {
        let made = safe(old);
        assert_eq!(made.text, new);
        let words: Vec<_> = made.ledger.entries().iter().map(|entry| entry.fate.word()).collect();
        assert_eq!(words, fates);
        assert_eq!(safe(new).text, new, "a second time changes something");
    }

    #[test]
    fn only_what_is_repaired_moves() {
        check(
            "# escape=\\\r\nfrom a\r\n\r\n#  why \r\nENV k v  w\r\nCMD x\r\nCMD y",
            "# escape=\\\r\nFROM a\r\n\r\n#  why \r\nENV k=\"v  w\"\r\nCMD y",
            &["carried", "carried", "carried", "dropped", "carried"],
        );
    }

    #[test]
    fn a_file_that_does_not_read_stays() {
        check("FROM a\nFOO x\nRUN <<EOF\nopen\n", "FROM a\nFOO x\nRUN <<EOF\nopen\n", &["carried"; 3]);
    }
}
