//! `apt` is for people: its options may change with any release, and it says so when it runs.
//!
//! <https://manpages.debian.org/apt.8>, "script usage"

use super::{Findings, Fix, Rule, Scope, Severity, Subject, runs::runs};

pub(super) static RULE: Rule = Rule {
    code: "apt-program",
    why: "apt's own manual keeps its command line for people and sends scripts to apt-get.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

/// What the two have in common.
const SHARED: &[&str] =
    &["update", "install", "remove", "purge", "autoremove", "upgrade", "clean", "autoclean"];

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for run in runs(subject) {
        for command in run.commands.iter().filter(|command| command.program() == Some("apt")) {
            let verb = command.operands().next().map(|word| word.text.as_str()).unwrap_or_default();
            let program = command.words.iter().find(|word| word.text == "apt");
            let place = program.and_then(|word| run.place(&word.span));
            let line = place.as_ref().map_or(run.instruction.line, |place| subject.line_of(place.start));
            let fix = place.filter(|_| SHARED.contains(&verb));
            let fix =
                fix.map(|place| Fix::replace("apt-get, which knows the same command", place, "apt-get"));
            findings.add_with(line, format!("`apt {verb}` in a script"), "Write apt-get, or apt-cache.", fix);
        }
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
        check(&RULE, "FROM a\nRUN x && \\\n  apt install -y y\nRUN <<EOF\napt update\nEOF\n", &[3, 5]);
        repairs(
            &RULE,
            "FROM a\nRUN apt update \\\n # why\n && apt  install -y y\n",
            "FROM a\nRUN apt-get update \\\n # why\n && apt-get  install -y y\n",
        );
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a\nRUN apt-get update && ls /etc/apt\nRUN echo 'apt install'\n", &[]);
    }
}
