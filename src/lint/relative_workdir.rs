//! A relative `WORKDIR` before any absolute one lies wherever the base image happens to be.
//!
//! <https://docs.docker.com/reference/build-checks/workdir-relative-path/>

use super::{Findings, Rule, Scope, Severity, Subject};
use crate::dockerfile::Meaning;

pub(super) static RULE: Rule = Rule {
    code: "relative-workdir",
    why: "Where a relative directory lies depends on the base image.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for stage in &subject.stages {
        let lineage = subject.stages.lineage(stage);
        let parent = lineage.iter().rev().nth(1).map(|parent| subject.stages.evaluated(parent));
        let mut known = parent.and_then(|parent| parent.workdir).is_some_and(|path| is_absolute(&path));
        for instruction in &stage.instructions {
            let Ok(Meaning::Workdir(path)) = instruction.meaning() else { continue };
            if is_absolute(&path) {
                known = true;
            } else if !known {
                let message = format!("the directory `{path}` is relative to one only the base image knows");
                findings.add(instruction.line, message, format!("Write it from the root: `/{path}`."));
            }
        }
    }
}

/// On Linux or Windows; a variable gets the benefit of the doubt.
fn is_absolute(path: &str) -> bool {
    let path = path.trim_start_matches(['"', '\'']);
    path.starts_with(['/', '\\', '$']) || path.as_bytes().get(1) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nWORKDIR app\n", &[2]);
        check(&RULE, "FROM a AS b\nWORKDIR /x\nFROM c\nWORKDIR y\nWORKDIR /z\nWORKDIR w\n", &[4]);
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a\nWORKDIR /app\nWORKDIR src\nWORKDIR \"/x\"\n", &[]);
        check(&RULE, "FROM a AS b\nWORKDIR /x\nFROM b\nWORKDIR y\n", &[]);
        check(&RULE, "FROM a\nWORKDIR $HOME/app\nWORKDIR C:\\app\n", &[]);
    }
}
