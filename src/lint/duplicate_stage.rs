//! Two stages of one name: `COPY --from` reaches only the later one.

use super::{Findings, Rule, Scope, Severity, Subject};
use crate::dockerfile::graph::StageProblemKind;

pub(super) static RULE: Rule = Rule {
    code: "duplicate-stage",
    why: "Of two stages with one name only the later can be reached.",
    severity: Severity::Error,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for problem in subject.stages.problems() {
        if matches!(problem.kind, StageProblemKind::DuplicateName { .. }) {
            findings.add(problem.line, problem.kind.to_string(), "Give each stage a name of its own.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a AS x\nFROM b AS x\n", &[2]);
        check(&RULE, "FROM a AS x\nFROM b AS X\nFROM c AS x\n", &[2, 3]);
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a AS x\nFROM b AS y\nFROM c\nFROM d\n", &[]);
        check(&RULE, "FROM golang AS golang\nFROM golang\n", &[]);
    }
}
