//! `sudo` in a build, which is root already or has said `USER` on purpose.

use super::{Findings, Rule, Scope, Severity, Subject, runs::runs};

pub(super) static RULE: Rule = Rule {
    code: "sudo",
    why: "A build changes users with USER; sudo in the image is one more way to become root.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for run in runs(subject) {
        for command in run.commands.iter().filter(|command| command.has_sudo()) {
            let place = run.place(&command.span);
            let line = place.map_or(run.instruction.line, |place| subject.line_of(place.start));
            findings.add(line, "a command is run through sudo", "Change the user with USER above it.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nRUN x && \\\n sudo -E make\n", &[3]);
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a\nRUN apt-get install -y sudo && echo sudo\n", &[]);
    }
}
