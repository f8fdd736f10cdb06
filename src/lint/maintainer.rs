//! `MAINTAINER`, deprecated since 2017. A label takes its place, which changes the image's configuration, so there
//! is no repair that may be made without a word.
//!
//! <https://docs.docker.com/reference/build-checks/maintainer-deprecated/>

use super::{Findings, Rule, Scope, Severity, Subject};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    code: "maintainer",
    why: "MAINTAINER is deprecated; a label is read by every tool.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for instruction in subject.stages.iter().flat_map(|stage| &stage.instructions) {
        if instruction.keyword == Keyword::Maintainer {
            let help = "Write LABEL org.opencontainers.image.authors=\"...\".";
            findings.add(instruction.line, "MAINTAINER is deprecated", help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nMAINTAINER \"Joe B\" <j@x>\n", &[2]);
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a\nLABEL maintainer=\"Joe B <j@x>\"\n# MAINTAINER\n", &[]);
    }
}
