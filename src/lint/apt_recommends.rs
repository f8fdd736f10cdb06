//! `apt-get install` without `--no-install-recommends` brings packages nobody asked for.
//! There is no repair: a recommended package may be what makes the program work.
//!
//! <https://docs.docker.com/build/building/best-practices/#apt-get>

use super::{Findings, Rule, Scope, Severity, Subject, runs::runs};
use crate::dockerfile::packages::{Manager, installed};

pub(super) static RULE: Rule = Rule {
    code: "apt-recommends",
    why: "Recommended packages are installed although nobody named them.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for run in runs(subject) {
        for command in &run.commands {
            let is_apt = installed(command).is_some_and(|install| install.manager == Manager::Apt);
            let says = |word: &str| {
                word == "--no-install-recommends" || word.starts_with("APT::Install-Recommends=")
            };
            if is_apt && !command.args().iter().any(|word| says(&word.text)) {
                let place = run.place(&command.span);
                let line = place.map_or(run.instruction.line, |place| subject.line_of(place.start));
                let help = "Add --no-install-recommends, and name what then is missing.";
                findings.add(line, "recommended packages are installed as well", help);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nRUN apt-get update && \\\n    apt-get install -y curl\n", &[3]);
        check(&RULE, "FROM a\nRUN [\"apt-get\", \"install\", \"-y\", \"x\"]\n", &[2]);
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a\nRUN apt-get install -y --no-install-recommends curl && apk add x\n", &[]);
        check(&RULE, "FROM a\nRUN apt-get -o APT::Install-Recommends=false install -y curl\n", &[]);
    }
}
