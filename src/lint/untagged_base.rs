//! Images without a tag, or with `latest`: the same file builds something else tomorrow.

use super::{Findings, Rule, Scope, Severity, Subject};
use crate::dockerfile::{ImageRef, Origin, Source};

pub(super) static RULE: Rule = Rule {
    code: "untagged-base",
    why: "What `latest` means changes without a change in the repository.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for stage in &subject.stages {
        if let Origin::Image(image) = &stage.origin {
            judge(image, stage.line, findings);
        }
        for edge in &stage.edges {
            if let Source::Image(name) = &edge.source
                && let Ok(image) = name.parse()
            {
                judge(&image, edge.line, findings);
            }
        }
    }
}

fn judge(image: &ImageRef, line: u32, findings: &mut Findings<'_>) {
    let said = match (&image.digest, image.tag.as_deref()) {
        (None, None) => "has no tag",
        (None, Some("latest")) => "is whatever is latest",
        _ => return,
    };
    findings.add(line, format!("the image `{image}` {said}"), "Name a version, as in `alpine:3.22`.");
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM alpine\nFROM alpine:latest\nFROM host:5000/x\n", &[1, 2, 3]);
        check(&RULE, "FROM a:1\nCOPY --from=nginx /x /y\nRUN --mount=from=b:latest,target=/z w\n", &[2, 3]);
        check(&RULE, "ARG TAG\nFROM alpine:${TAG:-latest}\n", &[2]);
    }

    #[test]
    fn finds_not() {
        let digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        check(&RULE, &format!("FROM a:1\nFROM b@sha256:{digest}\nFROM b:latest@sha256:{digest}\n"), &[]);
        check(&RULE, "FROM scratch\nFROM a:1 AS b\nFROM b\nCOPY --from=b /x /y\nFROM $UNSET\n", &[]);
    }
}
