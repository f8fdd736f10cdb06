//! Commands that run below a shell: `docker stop` reaches the shell and not the program.

use super::{Findings, Rule, Scope, Severity, Subject};
use crate::dockerfile::{Form, Keyword, Meaning, instr::Healthcheck};

pub(super) static RULE: Rule = Rule {
    code: "shell-form",
    why: "A shell in front of the program keeps signals from it, and needs a shell in the image.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for instruction in subject.stages.iter().flat_map(|stage| &stage.instructions) {
        let Ok(
            Meaning::Cmd(form)
            | Meaning::Entrypoint(form)
            | Meaning::Healthcheck(Healthcheck::Check { form, .. }),
        ) = instruction.meaning()
        else {
            continue;
        };
        if let Form::Shell(_) = form {
            let keyword = &instruction.keyword;
            let example = match keyword {
                Keyword::Healthcheck => "HEALTHCHECK CMD [\"program\", \"argument\"]".to_owned(),
                _ => format!("{keyword} [\"program\", \"argument\"]"),
            };
            findings.add(
                instruction.line,
                format!("{keyword} is in shell form"),
                format!("Write the exec form: `{example}`."),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nCMD npm start\n", &[2]);
        check(&RULE, "FROM a\nENTRYPOINT ['x']\n", &[2]);
        check(&RULE, "FROM a\nHEALTHCHECK --retries=3 CMD curl x || exit 1\n", &[2]);
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a\nCMD [\"npm\", \"start\"]\nENTRYPOINT [\"x\"]\n", &[]);
        check(&RULE, "FROM a\nHEALTHCHECK CMD [\"x\"]\nHEALTHCHECK NONE\nRUN make && y\n", &[]);
    }
}
