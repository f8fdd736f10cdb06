//! `apt-get install` that asks a question nobody answers: the build ends there.

use super::{Findings, Rule, Scope, Severity, Subject, runs::runs};
use crate::dockerfile::packages::{Manager, installed};
use crate::dockerfile::script::{Command, Then};

pub(super) static RULE: Rule = Rule {
    code: "apt-without-yes",
    why: "Without -y the command asks, and in a build nobody answers.",
    severity: Severity::Error,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for run in runs(subject) {
        let mut is_fed = false;
        for command in &run.commands {
            let was_fed = std::mem::replace(&mut is_fed, command.then == Then::Pipe);
            let install = installed(command).filter(|install| !install.packages.is_empty());
            if install.is_some_and(|install| install.manager == Manager::Apt)
                && !was_fed
                && !says_yes(command)
            {
                let place = run.place(&command.span);
                let line = place.map_or(run.instruction.line, |place| subject.line_of(place.start));
                findings.add(line, "the install waits for an answer", "Add -y.");
            }
        }
    }
}

/// `-y`, `-qy`, `-qq` (which means yes), or one of the long names.
fn says_yes(command: &Command) -> bool {
    command.args().iter().map(|word| word.text.as_str()).any(|word| {
        let is_short = word.starts_with('-') && !word.starts_with("--");
        (is_short && (word.contains('y') || word.matches('q').count() > 1))
            || ["--yes", "--assume-yes", "--force-yes", "--quiet=2", "-q=2"].contains(&word)
            || word.starts_with("APT::Get::Assume-Yes=")
            || word.contains('$')
    })
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nRUN apt-get update -y && apt-get install curl\n", &[2]);
    }

    #[test]
    fn finds_not() {
        for text in ["install -y x", "-qq install x", "install x --yes", "install -qy x", "install $OPTS x"] {
            check(&RULE, &format!("FROM a\nRUN apt-get {text}\n"), &[]);
        }
        check(&RULE, "FROM a\nRUN yes | apt-get install x\n", &[]);
    }
}
