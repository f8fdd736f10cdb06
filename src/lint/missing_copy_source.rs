//! A source that is not in the repository at all.

use super::{Findings, Rule, Scope, Severity, Subject, copied::copied};

pub(super) static RULE: Rule = Rule {
    code: "missing-copy-source",
    why: "A build stops when a source is not in its context.",
    severity: Severity::Error,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some(context) = subject.context else { return };
    for copied in copied(subject) {
        if !copied.optional && copied.paths(context).is_empty() {
            let message = format!("there is no `{}` in the build context", copied.source);
            findings.add(copied.line, message, "Check the path; it starts at the root of the context.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check_in, RULE};

    const PATHS: &[&str] = &["go.mod", "cmd/app/main.go"];

    #[test]
    fn finds() {
        check_in(&RULE, PATHS, "", "FROM a\nCOPY go.mod go.sum ./\nCOPY pkg /pkg\n", &[2, 3]);
        check_in(&RULE, PATHS, "", "FROM a\nCOPY *.rs ./\n", &[2]);
        check_in(&RULE, PATHS, "", "FROM a\nRUN --mount=source=go.sum,target=go.sum x\n", &[2]);
    }

    #[test]
    fn finds_not() {
        check_in(
            &RULE,
            PATHS,
            "",
            "FROM a\nCOPY go.mod go.sum* ./\nCOPY cmd/ /cmd\nCOPY . .\nCOPY /cmd/app x\n",
            &[],
        );
        check_in(
            &RULE,
            PATHS,
            "",
            "FROM a\nCOPY --from=b gone .\nADD https://x/y .\nCOPY <<EOF /z\nEOF\n",
            &[],
        );
        check_in(&RULE, PATHS, "", "FROM a\nRUN --mount=target=/src --mount=type=secret,source=t x\n", &[]);
    }
}
