//! `chmod 777`: everybody in the container may change what it runs.

use super::{Findings, Rule, Scope, Severity, Subject, runs::runs};
use crate::dockerfile::Meaning;

pub(super) static RULE: Rule = Rule {
    code: "wide-permissions",
    why: "Whoever breaks in can replace what runs next.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

const HELP: &str = "Give the files to the user that needs them: `COPY --chown=10001:10001`.";

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for run in runs(subject) {
        for command in run.commands.iter().filter(|command| command.program() == Some("chmod")) {
            if command.operands().next().is_some_and(|mode| is_wide(&mode.text)) {
                let place = run.place(&command.span);
                let line = place.map_or(run.instruction.line, |place| subject.line_of(place.start));
                findings.add(line, "everybody may write", HELP);
            }
        }
    }
    for instruction in subject.stages.iter().flat_map(|stage| &stage.instructions) {
        let Ok(Meaning::Copy(copy) | Meaning::Add(copy)) = instruction.meaning() else { continue };
        if copy.chmod.is_some_and(|mode| is_wide(&mode)) {
            findings.add(instruction.line, "everybody may write", HELP);
        }
    }
}

fn is_wide(mode: &str) -> bool {
    matches!(mode.trim_start_matches('0'), "777" | "666" | "a+rwx" | "ugo+rwx" | "a+w" | "o+w" | "a=rwx")
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nRUN x && \\\n  chmod -R 777 /app\nCOPY --chmod=0777 x /\n", &[3, 4]);
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a\nRUN chmod 755 x && chmod +x y && chmod 1777 /tmp\n", &[]);
    }
}
