//! What a build would refuse to read.

use super::{Findings, Rule, Scope, Severity, Subject};
use crate::dockerfile::{graph::StageProblemKind, parse};

pub(super) static RULE: Rule = Rule {
    code: "malformed",
    why: "A build stops here before it begins.",
    severity: Severity::Error,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let (_, problems) = parse(subject.dockerfile.text());
    for problem in problems.iter().filter(|problem| problem.kind.stops_build()) {
        let help = "See https://docs.docker.com/reference/dockerfile/ for the form.";
        findings.add(problem.line, problem.kind.to_string(), help);
    }
    for problem in subject.stages.problems() {
        if matches!(problem.kind, StageProblemKind::NoStage(_)) {
            findings.add(problem.line, problem.kind.to_string(), "Put it below a FROM.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nRUNN x\nCOPY y\nENV k\n", &[2, 3, 4]);
        check(&RULE, "RUN x\nFROM a\n", &[1]);
        check(&RULE, "", &[1]);
    }

    #[test]
    fn finds_not() {
        check(&RULE, "ARG V=1\nFROM a:$V\nRUN x \\\n\n y\n", &[]);
    }
}
