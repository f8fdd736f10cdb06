//! `COPY --from` or a mount that names a stage which is not there (yet).

use super::{Findings, Rule, Scope, Severity, Subject};
use crate::dockerfile::{Source, graph::StageProblemKind};

pub(super) static RULE: Rule = Rule {
    code: "unknown-stage",
    why: "A stage can only take from stages above it.",
    severity: Severity::Error,
    scope: Scope::Every,
    check,
};

/// Above this two names are taken for the same one misspelt.
const ALIKE: f64 = 0.85;

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for problem in subject.stages.problems() {
        if matches!(problem.kind, StageProblemKind::UnknownStage(_)) {
            let help = "Name a stage that stands above, or move that stage up.";
            findings.add(problem.line, problem.kind.to_string(), help);
        }
    }
    for stage in &subject.stages {
        for edge in &stage.edges {
            let Source::Image(name) = &edge.source else { continue };
            let names = subject.stages.iter().filter_map(|stage| stage.name.as_deref());
            let alike = names.map(|other| (strsim::jaro_winkler(name, other), other));
            let Some((_, other)) =
                alike.filter(|(score, _)| *score > ALIKE).max_by(|a, b| a.0.total_cmp(&b.0))
            else {
                continue;
            };
            let message = format!("there is no stage `{name}`, so a build looks for an image of that name");
            findings.add(edge.line, message, format!("Did you mean the stage `{other}`?"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a AS build\nFROM b\nCOPY --from=biuld /x /y\n", &[3]);
        check(&RULE, "FROM a\nCOPY --from=0 /x /y\nCOPY --from=5 /x /y\n", &[2, 3]);
        check(&RULE, "FROM a\nRUN --mount=from=late,target=/x y\nFROM b AS late\n", &[2]);
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a AS build\nFROM b\nCOPY --from=BUILD /x /y\nCOPY --from=0 /x /y\n", &[]);
        check(&RULE, "FROM a AS build\nCOPY --from=nginx:1.27 /x /y\n", &[]);
        check(&RULE, "FROM a\nRUN --mount=type=cache,target=/x y\nCOPY x y\n", &[]);
    }
}
