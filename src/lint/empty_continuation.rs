//! An empty line inside an instruction. Builds warn today and promise to refuse it one day.
//!
//! <https://docs.docker.com/reference/build-checks/no-empty-continuation/>

use super::{Findings, Fix, Rule, Scope, Severity, Subject};
use crate::dockerfile::{ProblemKind, parse};

pub(super) static RULE: Rule = Rule {
    code: "empty-continuation",
    why: "An empty line inside an instruction will end it in a coming version of the syntax.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let text = subject.dockerfile.text();
    let (_, problems) = parse(text);
    let mut lines = text.split_inclusive('\n').zip(1..);
    let mut at = 0;
    for problem in problems.iter().filter(|problem| problem.kind == ProblemKind::EmptyContinuation) {
        let mut fix = None;
        for (line, number) in lines.by_ref() {
            let start = at;
            at += line.len();
            if number == problem.line {
                // The last line of a file may have no end, and then its removal would join two lines.
                let span = start..at;
                fix =
                    line.ends_with('\n').then(|| Fix::replace("without the empty line inside it", span, ""));
                break;
            }
        }
        findings.add_with(problem.line, "an empty line inside an instruction", "Remove the line.", fix);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{check, repairs},
        RULE,
    };

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nRUN x && \\\n\n  \n  y\n", &[3, 4]);
        repairs(
            &RULE,
            "FROM a\r\nRUN x && \\\r\n\r\n  y\r\nUSER 1\r\n",
            "FROM a\r\nRUN x && \\\r\n  y\r\nUSER 1\r\n",
        );
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a\n\nRUN x && \\\n  # why\n  y\n", &[]);
    }
}
