//! Downloads handed to a shell: whatever the address answers today is run as root, unread.

use super::{Findings, Rule, Scope, Severity, Subject, runs::runs};
use crate::dockerfile::script::{Command, Then};

pub(super) static RULE: Rule = Rule {
    code: "piped-download",
    why: "Nobody has seen what runs, and a broken download runs in part.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

const FETCHERS: &[&str] = &["curl", "wget", "fetch"];
const SHELLS: &[&str] =
    &["sh", "bash", "zsh", "dash", "ash", "ksh", "python", "python3", "perl", "ruby", "node", "php"];

/// A download on its way into an interpreter.
pub(crate) struct Piped<'c> {
    /// What fetches it.
    pub fetcher: &'c Command,
    /// What runs it.
    shell: &'c Command,
}

impl Piped<'_> {
    /// Is the command a part of it?
    pub fn holds(&self, command: &Command) -> bool {
        self.fetcher.span.start <= command.span.start && command.span.end <= self.shell.span.end
    }
}

/// The downloads that commands pipe into an interpreter.
pub(crate) fn piped(commands: &[Command]) -> Vec<Piped<'_>> {
    let mut found = Vec::new();
    let mut fetcher: Option<&Command> = None;
    for command in commands {
        let program = command.program().unwrap_or_default();
        if let Some(fetcher) = fetcher.filter(|_| SHELLS.contains(&program) && runs_input(command)) {
            found.push(Piped { fetcher, shell: command });
        }
        if FETCHERS.contains(&program) {
            fetcher = Some(command);
        }
        if command.then != Then::Pipe {
            fetcher = None;
        }
    }
    found
}

/// A shell without a script of its own: `sh`, `bash -s -- x`, `python -`.
fn runs_input(command: &Command) -> bool {
    let first = command.args().iter().find(|word| !word.text.starts_with('-') || word.text == "-");
    command.has_option(&["-s", "-"]) || first.is_none() && !command.has_option(&["-c", "-e", "-m", "-ne"])
}

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for run in runs(subject) {
        if let Some(pipe) = piped(&run.commands).first() {
            let place = run.place(&pipe.fetcher.span);
            let line = place.map_or(run.instruction.line, |place| subject.line_of(place.start));
            let help = "Download a file, check its checksum, then run it; or take a package or an image.";
            findings.add(line, "a download is run without being looked at", help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(
            &RULE,
            "FROM a\nRUN curl -sL https://x | bash -\nRUN wget -qO- y | sudo sh -s -- -y\n",
            &[2, 3],
        );
    }

    #[test]
    fn finds_not() {
        check(
            &RULE,
            "FROM a\nRUN curl -o x y && sh x\nRUN curl x | tar xz\nRUN echo a | sh\nRUN curl x | python -c 'y'\n",
            &[],
        );
    }
}
