//! What is wrong with a Dockerfile, one rule a file.
//!
//! The rules are asked three times: about what dockgen has printed, about an old file before
//! a migration, and about the new one after it. They judge what the reader understood; what
//! the reader could not read is in its own [`crate::dockerfile::Problem`]s.

use crate::dockerfile::{Dockerfile, IgnoreFile, Stages};

mod copied;
mod duplicate_stage;
mod ignored_copy;
mod missing_copy_source;
mod relative_workdir;
mod root_user;
mod secret_in_env;
mod shell_form;
mod unknown_stage;
mod untagged_base;

/// Every rule, sorted by code.
pub static ALL: &[&Rule] = &[
    &duplicate_stage::RULE,
    &ignored_copy::RULE,
    &missing_copy_source::RULE,
    &relative_workdir::RULE,
    &root_user::RULE,
    &secret_in_env::RULE,
    &shell_form::RULE,
    &unknown_stage::RULE,
    &untagged_base::RULE,
];

/// Something no Dockerfile should have.
pub struct Rule {
    /// Its name in reports, in kebab case, never changed once released.
    pub code: &'static str,
    /// Why it matters, in a sentence.
    pub why: &'static str,
    /// Looks at one file.
    check: fn(&Subject<'_>, &mut Findings),
}

/// One place where a rule does not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The line, counted from 1.
    pub line: u32,
    /// The rule's code.
    pub code: &'static str,
    /// What is there.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// What is known of the build context.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Every file, `/`-separated, from the root of the context.
    pub paths: &'a [&'a str],
    /// The ignore file that belongs to the Dockerfile, if there is one.
    pub ignore: Option<&'a IgnoreFile>,
}

/// Asks every rule. The findings are sorted by line. Without a context, the rules about
/// copied files are silent.
pub fn lint(dockerfile: &Dockerfile, context: Option<Context<'_>>) -> Vec<Finding> {
    ALL.iter().flat_map(|rule| rule.findings(dockerfile, context)).collect::<Sorted>().0
}

/// The sources that a Dockerfile copies and the ignore file hides whole, as written.
pub fn hidden_sources(dockerfile: &Dockerfile, context: Context<'_>) -> Vec<String> {
    ignored_copy::hidden(&Subject { stages: Stages::of(dockerfile), context: Some(context) })
}

impl Rule {
    /// What this rule alone finds, sorted by line.
    pub fn findings(&self, dockerfile: &Dockerfile, context: Option<Context<'_>>) -> Vec<Finding> {
        let subject = Subject { stages: Stages::of(dockerfile), context };
        let mut findings = Findings { code: self.code, found: Vec::new() };
        (self.check)(&subject, &mut findings);
        findings.found.into_iter().collect::<Sorted>().0
    }
}

/// What a rule looks at.
struct Subject<'a> {
    stages: Stages<'a>,
    context: Option<Context<'a>>,
}

/// Where a rule puts what it finds.
struct Findings {
    code: &'static str,
    found: Vec<Finding>,
}

impl Findings {
    fn add(&mut self, line: u32, message: impl Into<String>, help: impl Into<String>) {
        let (message, help) = (message.into(), help.into());
        self.found.push(Finding { line, code: self.code, message, help });
    }
}

struct Sorted(Vec<Finding>);

impl FromIterator<Finding> for Sorted {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Sorted {
        let mut findings: Vec<_> = findings.into_iter().collect();
        findings.sort();
        Sorted(findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    /// The lines a rule finds something on.
    #[track_caller]
    pub(super) fn check(rule: &Rule, text: &str, lines: &[u32]) {
        let (dockerfile, _) = parse(text);
        let found = rule.findings(&dockerfile, None);
        let found: Vec<_> = found.iter().map(|finding| finding.line).collect();
        assert_eq!(found, lines, "{text}");
    }

    /// The same with files in the context and an ignore file.
    #[track_caller]
    pub(super) fn check_in(rule: &Rule, paths: &[&str], ignore: &str, text: &str, lines: &[u32]) {
        let (dockerfile, _) = parse(text);
        let ignore = IgnoreFile::parse(ignore).unwrap();
        let context = Context { paths, ignore: Some(&ignore) };
        let found = rule.findings(&dockerfile, Some(context));
        let found: Vec<_> = found.iter().map(|finding| finding.line).collect();
        assert_eq!(found, lines, "{text}");
        assert!(rule.findings(&dockerfile, None).is_empty(), "speaks without a context");
    }

    #[test]
    fn codes_are_sorted_unique_and_kebab() {
        let codes: Vec<_> = ALL.iter().map(|rule| rule.code).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
        let kebab = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(codes.iter().all(|code| code.chars().all(kebab)), "{codes:?}");
    }

    #[test]
    fn a_good_file_is_quiet() {
        let (dockerfile, problems) = parse(
            "# syntax=docker/dockerfile:1\nFROM golang:1.22-bookworm AS build\nWORKDIR /src\n\
             COPY go.mod ./\nRUN --mount=type=cache,target=/go/pkg/mod go mod download\nCOPY . .\n\
             RUN go build -o /out/app .\n\nFROM gcr.io/distroless/static:nonroot AS runtime\n\
             COPY --from=build /out/app /app\nUSER 65532:65532\nEXPOSE 8080\nENTRYPOINT [\"/app\"]\n",
        );
        assert!(problems.is_empty());
        let ignore = IgnoreFile::parse(".git\n").unwrap();
        let paths = ["go.mod", "main.go", ".git/HEAD"];
        let context = Context { paths: &paths, ignore: Some(&ignore) };
        assert_eq!(lint(&dockerfile, Some(context)), []);
    }

    #[test]
    fn all_findings_come_by_line() {
        let (dockerfile, _) = parse("FROM a\nWORKDIR x\nENV TOKEN=y\nCMD z\n");
        let found: Vec<_> = lint(&dockerfile, None).iter().map(|found| (found.line, found.code)).collect();
        assert_eq!(
            found,
            [
                (1, "root-user"),
                (1, "untagged-base"),
                (2, "relative-workdir"),
                (3, "secret-in-env"),
                (4, "shell-form")
            ]
        );
    }
}
