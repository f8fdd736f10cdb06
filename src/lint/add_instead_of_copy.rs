//! `ADD` for files that are only copied: it also downloads and unpacks, so a reader has to know which.
//!
//! <https://docs.docker.com/build/building/best-practices/#add-or-copy>

use super::{Findings, Fix, Rule, Scope, Severity, Subject};
use crate::dockerfile::{Instruction, Keyword, Meaning, instr::Copy};

pub(super) static RULE: Rule = Rule {
    code: "add-instead-of-copy",
    why: "ADD unpacks archives and downloads addresses; COPY only copies.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

/// Endings of what `ADD` unpacks, and of what somebody may believe it unpacks.
const ARCHIVES: &[&str] = &[
    ".tar", ".tar.gz", ".tgz", ".gz", ".tar.bz2", ".tbz2", ".bz2", ".tar.xz", ".txz", ".xz", ".zst", ".zip",
];

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for instruction in subject.stages.iter().flat_map(|stage| &stage.instructions) {
        let Ok(Meaning::Add(add)) = instruction.meaning() else { continue };
        if !only_copies(&add) {
            continue;
        }
        let sources = add.sources.join("`, `");
        let message = format!("ADD of `{sources}`, which is only copied");
        // Without an ending nobody can tell from the name that it is no archive.
        let is_plain = copies_the_same(instruction, &add);
        let fix = is_plain.then(|| to_copy(subject, instruction)).flatten();
        findings.add_with(instruction.line, message, "Write COPY.", fix);
    }
}

/// Would COPY do the same, as far as names tell?
pub(crate) fn copies_the_same(instruction: &Instruction, add: &Copy) -> bool {
    only_copies(add) && add.sources.iter().all(|source| is_plain(source)) && has_copys_flags(instruction)
}

fn only_copies(add: &Copy) -> bool {
    let fetches =
        |source: &String| source.contains("://") || source.starts_with("git@") || source.contains('$');
    let unpacks = |source: &String| {
        let source = source.to_ascii_lowercase();
        ARCHIVES.iter().any(|ending| source.ends_with(ending))
    };
    !add.sources.is_empty() && !add.sources.iter().any(|source| fetches(source) || unpacks(source))
}

/// A folder, or a file whose ending says that it is no archive.
fn is_plain(source: &str) -> bool {
    let name = source.trim_end_matches('/').rsplit('/').next().unwrap_or(source);
    let has_ending = name.trim_start_matches('.').contains('.');
    !source.contains(['*', '?', '[']) && (source.ends_with('/') || matches!(name, "." | "..") || has_ending)
}

fn has_copys_flags(instruction: &Instruction) -> bool {
    instruction.flags.iter().all(|flag| ["chown", "chmod", "link", "exclude"].contains(&flag.name.as_str()))
}

fn to_copy(subject: &Subject<'_>, instruction: &Instruction) -> Option<Fix> {
    let text = subject.dockerfile.slice(&instruction.span);
    let at = instruction.span.start + text.find(|c: char| c.is_ascii_alphabetic())?;
    let is_add = instruction.keyword == Keyword::Add;
    is_add.then(|| Fix::replace("COPY, which does the same for these sources", at..at + "ADD".len(), "COPY"))
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{check, repairs},
        RULE,
    };

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nADD . /app\nADD app.py conf/ /x/\nADD run /x\n", &[2, 3, 4]);
        repairs(
            &RULE,
            "FROM a\n  add --chown=1 . /app\nADD run /x\n",
            "FROM a\n  COPY --chown=1 . /app\nADD run /x\n",
        );
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a\nADD https://x/y.txt /\nADD rootfs.tar.xz /\nADD $FILE /\nCOPY . .\n", &[]);
    }
}
