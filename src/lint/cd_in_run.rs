//! `cd` at the start of a `RUN`: the next instruction is back where it was.
//!
//! <https://docs.docker.com/build/building/best-practices/#workdir>

use super::{Findings, Rule, Scope, Severity, Subject, runs::runs};

pub(super) static RULE: Rule = Rule {
    code: "cd-in-run",
    why: "A change of folder ends with its RUN; WORKDIR holds and shows.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for run in runs(subject) {
        let Some(first) = run.commands.first().filter(|command| command.program() == Some("cd")) else {
            continue;
        };
        let folder = first.operands().next().map_or("", |word| word.text.as_str());
        let place = run.place(&first.span);
        let line = place.map_or(run.instruction.line, |place| subject.line_of(place.start));
        if run.commands.len() == 1 {
            findings.add(
                line,
                format!("`cd {folder}` alone does nothing"),
                format!("Write WORKDIR {folder}."),
            );
        } else {
            let help = format!("Write WORKDIR {folder} above it.");
            findings.add(line, format!("the RUN works in `{folder}`, and only it does"), help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nRUN cd /x\nRUN cd /y && make\n", &[2, 3]);
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a\nWORKDIR /x\nRUN git clone y && cd y && make\nRUN echo cd\n", &[]);
    }
}
