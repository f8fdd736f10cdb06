//! A source that is in the repository and that the ignore file keeps from the build.

use super::{Findings, Rule, Scope, Severity, Subject, copied::copied};

pub(super) static RULE: Rule = Rule {
    code: "ignored-copy",
    why: "A build cannot copy what the ignore file hides from it.",
    severity: Severity::Error,
    scope: Scope::Every,
    check,
};

/// The sources that a Dockerfile copies and the ignore file hides whole, as written.
pub(super) fn hidden(subject: &Subject<'_>) -> Vec<String> {
    let Some(context) = subject.context else { return Vec::new() };
    let Some(ignore) = context.ignore else { return Vec::new() };
    let is_hidden = |paths: &[&str]| !paths.is_empty() && paths.iter().all(|path| ignore.excludes(path));
    copied(subject)
        .into_iter()
        .filter(|copied| is_hidden(&copied.paths(context)))
        .map(|copied| copied.source)
        .collect()
}

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some(context) = subject.context else { return };
    let Some(ignore) = context.ignore else { return };
    for copied in copied(subject) {
        let paths = copied.paths(context);
        let Some(first) = paths.first() else { continue };
        if !paths.iter().all(|path| ignore.excludes(path)) {
            continue;
        }
        let message = format!("the ignore file hides `{}` from the build", copied.source);
        let help = match ignore.decided_by(first) {
            Some(pattern) => format!(
                "Line {} of the ignore file, `{}`, does it: remove it or add `!{first}` below.",
                pattern.line, pattern.text
            ),
            None => continue,
        };
        findings.add(copied.line, message, help);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check_in, RULE};

    const PATHS: &[&str] = &[".env", "a.txt", "b.txt", "dist/app.js", "src/main.rs", "src/x.md"];

    #[test]
    fn finds() {
        check_in(&RULE, PATHS, ".env\ndist\n", "FROM a\nCOPY .env /\nADD ./dist/ /dist\n", &[2, 3]);
        check_in(&RULE, PATHS, "*.txt\n", "FROM a\nCOPY *.txt /\n", &[2]);
        check_in(&RULE, PATHS, "src\n", "FROM a\nRUN --mount=type=bind,source=src,target=/s x\n", &[2]);
        check_in(&RULE, PATHS, "*\n", "FROM a\nCOPY . .\n", &[2]);
    }

    #[test]
    fn finds_not() {
        check_in(&RULE, PATHS, ".env\ndist\n", "FROM a\nCOPY . .\nCOPY src /src\n", &[]);
        check_in(&RULE, PATHS, "**/*.md\n", "FROM a\nCOPY src /src\n", &[]);
        check_in(&RULE, PATHS, "*\n!a.txt\n", "FROM a\nCOPY a.txt /\nCOPY --from=b dist /\n", &[]);
        check_in(&RULE, PATHS, "dist\n", "FROM a\nADD https://x/dist /\nCOPY $dist /\nCOPY gone /\n", &[]);
    }
}
