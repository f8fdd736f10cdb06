//! An image that listens and does not say how it is. Kubernetes ignores `HEALTHCHECK`, so this is only a note.

use super::{Findings, Rule, Scope, Severity, Subject};

pub(super) static RULE: Rule = Rule {
    code: "missing-health",
    why: "Without HEALTHCHECK an engine takes a hanging program for a running one.",
    severity: Severity::Note,
    scope: Scope::People,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some(last) = subject.stages.last() else { return };
    let image = subject.stages.evaluated(last);
    if image.healthcheck.is_none() && (image.cmd.is_some() || image.entrypoint.is_some()) {
        findings.add(
            last.line,
            "there is no HEALTHCHECK",
            "Add one that asks the program itself, or HEALTHCHECK NONE.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nCMD [\"x\"]\n", &[1]);
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a\nHEALTHCHECK CMD x\nCMD [\"x\"]\n", &[]);
        check(&RULE, "FROM a\nRUN x\n", &[]);
    }
}
