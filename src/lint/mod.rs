//! What is wrong with a Dockerfile, one rule a file.
//!
//! The rules are asked three times: about what dockgen has printed, about an old file before
//! a migration, and about the new one after it. They judge what the reader understood; what
//! the reader could not read is in its own [`crate::dockerfile::Problem`]s.

use std::cell::OnceCell;

use crate::diag::Severity;
use crate::dockerfile::{Dockerfile, IgnoreFile, Stages};

mod copied;
pub mod fix;
pub mod report;
mod runs;
pub mod secrets;

mod add_instead_of_copy;
mod apt_program;
mod apt_recommends;
mod apt_update_alone;
mod apt_without_yes;
mod cd_in_run;
mod dead_command;
mod duplicate_stage;
mod empty_continuation;
mod end_of_life;
mod ignored_copy;
mod install_without_lock;
mod kept_cache;
mod keyword_case;
mod legacy_pairs;
mod maintainer;
mod malformed;
mod missing_copy_source;
mod missing_health;
mod piped_download;
mod relative_workdir;
mod root_user;
mod secret_in_copy;
mod secret_in_env;
mod secret_in_url;
mod shell_form;
mod sources_first;
mod sudo;
mod tokens;
mod unknown_stage;
mod untagged_base;
mod variable_in_exec;
mod wide_permissions;

pub(crate) use add_instead_of_copy::copies_the_same;
pub use fix::{Edit, Fix};
pub(crate) use piped_download::piped;
pub(crate) use secret_in_copy::is_secret_file;
pub(crate) use secret_in_env::{is_file, is_secret};
pub use secrets::Secrets;

/// Every rule, sorted by code.
pub static ALL: &[&Rule] = &[
    &add_instead_of_copy::RULE,
    &apt_program::RULE,
    &apt_recommends::RULE,
    &apt_update_alone::RULE,
    &apt_without_yes::RULE,
    &cd_in_run::RULE,
    &dead_command::RULE,
    &duplicate_stage::RULE,
    &empty_continuation::RULE,
    &end_of_life::RULE,
    &ignored_copy::RULE,
    &install_without_lock::RULE,
    &kept_cache::RULE,
    &keyword_case::RULE,
    &legacy_pairs::RULE,
    &maintainer::RULE,
    &malformed::RULE,
    &missing_copy_source::RULE,
    &missing_health::RULE,
    &piped_download::RULE,
    &relative_workdir::RULE,
    &root_user::RULE,
    &secret_in_copy::RULE,
    &secret_in_env::RULE,
    &secret_in_url::RULE,
    &shell_form::RULE,
    &sources_first::RULE,
    &sudo::RULE,
    &unknown_stage::RULE,
    &untagged_base::RULE,
    &variable_in_exec::RULE,
    &wide_permissions::RULE,
];

/// Something no Dockerfile should have.
pub struct Rule {
    /// Its name in reports, in kebab case, never changed once released.
    pub code: &'static str,
    /// Why it matters, in a sentence.
    pub why: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Whether it also holds for what dockgen prints.
    pub scope: Scope,
    /// Looks at one file.
    check: fn(&Subject<'_>, &mut Findings<'_>),
}

/// Whose files a rule judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everybody's; in dockgen's own files a finding is a defect.
    Every,
    /// Those of people. In dockgen's own it is a decision of the plan, which says so itself: a version
    /// that the project pins, a program without a health check.
    People,
}

/// One place where a rule does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The line, counted from 1.
    pub line: u32,
    /// The rule's code.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What is there. Never a secret.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// The repair, where one is safe.
    pub fix: Option<Fix>,
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
/// copied files are silent. `# dockgen: ignore=code` above an instruction silences a rule there.
pub fn lint(dockerfile: &Dockerfile, context: Option<Context<'_>>) -> Vec<Finding> {
    let subject = Subject::new(dockerfile, context);
    let found = ALL.iter().flat_map(|rule| rule.judge(&subject));
    found.filter(|finding| !is_silenced(dockerfile, finding)).collect::<Sorted>().0
}

/// Asks the rules that dockgen's own files have to keep.
pub fn lint_own(dockerfile: &Dockerfile, context: Option<Context<'_>>) -> Vec<Finding> {
    let subject = Subject::new(dockerfile, context);
    let own = ALL.iter().filter(|rule| rule.scope == Scope::Every);
    own.flat_map(|rule| rule.judge(&subject)).collect::<Sorted>().0
}

/// The rule of that code.
pub fn rule(code: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.code == code)
}

/// Is the finding's code in a comment directly above its instruction?
fn is_silenced(dockerfile: &Dockerfile, finding: &Finding) -> bool {
    let line = dockerfile.instructions().find(|at| at.line <= finding.line && finding.line <= at.last_line);
    let above = dockerfile.comment_above(line.map_or(finding.line, |instruction| instruction.line));
    above
        .iter()
        .filter_map(|comment| comment.strip_prefix("dockgen: ignore="))
        .any(|codes| codes.split([',', ' ']).any(|code| code == finding.code))
}

/// The sources that a Dockerfile copies and the ignore file hides whole, as written.
pub fn hidden_sources(dockerfile: &Dockerfile, context: Context<'_>) -> Vec<String> {
    ignored_copy::hidden(&Subject::new(dockerfile, Some(context)))
}

impl Rule {
    /// What this rule alone finds, sorted by line.
    pub fn findings(&self, dockerfile: &Dockerfile, context: Option<Context<'_>>) -> Vec<Finding> {
        self.judge(&Subject::new(dockerfile, context)).into_iter().collect::<Sorted>().0
    }

    fn judge(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let mut findings = Findings { rule: self, found: Vec::new() };
        (self.check)(subject, &mut findings);
        findings.found
    }
}

/// What a rule looks at.
struct Subject<'a> {
    dockerfile: &'a Dockerfile,
    stages: Stages<'a>,
    context: Option<Context<'a>>,
    /// Read once, when the first rule asks.
    runs: OnceCell<Vec<runs::Ran<'a>>>,
}

impl<'a> Subject<'a> {
    fn new(dockerfile: &'a Dockerfile, context: Option<Context<'a>>) -> Self {
        Self { dockerfile, stages: Stages::of(dockerfile), context, runs: OnceCell::new() }
    }
    /// The line that a byte of the file stands on.
    fn line_of(&self, at: usize) -> u32 {
        let items = self.dockerfile.items();
        let item = &items[items.partition_point(|item| item.span.start <= at).saturating_sub(1)];
        let within = self.dockerfile.text()[item.span.start..at].matches('\n').count();
        item.line + u32::try_from(within).unwrap_or_default()
    }
}

/// Where a rule puts what it finds.
struct Findings<'r> {
    rule: &'r Rule,
    found: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, line: u32, message: impl Into<String>, help: impl Into<String>) {
        self.add_with(line, message, help, None);
    }

    fn add_with(
        &mut self,
        line: u32,
        message: impl Into<String>,
        help: impl Into<String>,
        fix: impl Into<Option<Fix>>,
    ) {
        self.found.push(Finding {
            line,
            code: self.rule.code,
            severity: self.rule.severity,
            message: message.into(),
            help: help.into(),
            fix: fix.into(),
        });
    }
}

struct Sorted(Vec<Finding>);

impl FromIterator<Finding> for Sorted {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Sorted {
        let mut findings: Vec<_> = findings.into_iter().collect();
        findings.sort_by(|a, b| (a.line, a.code, &a.message).cmp(&(b.line, b.code, &b.message)));
        Sorted(findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    /// What a rule's repairs make of a text. It must still read, and run the same.
    #[track_caller]
    pub(super) fn repairs(rule: &Rule, text: &str, want: &str) {
        let (dockerfile, _) = parse(text);
        let found = rule.findings(&dockerfile, None);
        let fixed = fix::apply(text, found.iter().filter_map(|finding| finding.fix.as_ref()));
        assert_eq!(fixed, want, "{text}");
        let (again, _) = parse(&fixed);
        let evaluated = |dockerfile: &Dockerfile| {
            let stages = Stages::of(dockerfile);
            stages.last().map(|last| stages.evaluated(last))
        };
        assert_eq!(evaluated(&dockerfile), evaluated(&again), "{fixed}");
        let left = rule.findings(&again, None);
        assert!(left.iter().all(|finding| finding.fix.is_none()), "a second time: {left:?}");
    }

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
            "# syntax=docker/dockerfile:1\nFROM golang:1.27-trixie AS build\nWORKDIR /src\n\
             COPY go.mod ./\nRUN --mount=type=cache,target=/go/pkg/mod go mod download\nCOPY . .\n\
             RUN go build -o /out/app .\n\nFROM gcr.io/distroless/static:nonroot AS runtime\n\
             COPY --from=build /out/app /app\nUSER 65532:65532\nEXPOSE 8080\nHEALTHCHECK NONE\nENTRYPOINT [\"/app\"]\n",
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
                (1, "missing-health"),
                (1, "root-user"),
                (1, "untagged-base"),
                (2, "relative-workdir"),
                (3, "secret-in-env"),
                (4, "shell-form")
            ]
        );
    }
}
