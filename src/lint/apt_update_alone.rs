//! A `RUN` that only fetches package lists is kept in the build cache, and the installs after it use lists of long ago.
//!
//! <https://docs.docker.com/build/building/best-practices/#apt-get>

use super::{Findings, Rule, Scope, Severity, Subject, runs::runs};
use crate::dockerfile::packages::{Manager, installed};

pub(super) static RULE: Rule = Rule {
    code: "apt-update-alone",
    why: "The cached lists grow old while the install below them changes.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for run in runs(subject) {
        let installs = |command| installed(command).is_some_and(|install| install.manager == Manager::Apt);
        let upgrades = ["upgrade", "dist-upgrade", "build-dep"];
        let uses = run.commands.iter().any(|command| {
            installs(command)
                || upgrades.iter().any(|verb| command.is("apt-get", verb) || command.is("apt", verb))
        });
        let update = run
            .commands
            .iter()
            .find(|command| command.is("apt-get", "update") || command.is("apt", "update"));
        if let Some(update) = update.filter(|_| !uses) {
            let place = run.place(&update.span);
            let line = place.map_or(run.instruction.line, |place| subject.line_of(place.start));
            findings.add(
                line,
                "package lists are fetched in a RUN of their own",
                "Join it with the RUN that installs.",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nRUN apt-get update\nRUN apt-get install -y x\n", &[2]);
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a\nRUN apt-get -qq update && apt-get install -y x\nRUN apk update\n", &[]);
        check(&RULE, "FROM a\nRUN apt-get update && apt-get -y upgrade\n", &[]);
    }
}
