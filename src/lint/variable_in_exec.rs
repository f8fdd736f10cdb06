//! A variable in an exec form: no shell is there to put its value in.
//!
//! <https://docs.docker.com/reference/dockerfile/#exec-form>

use super::{Findings, Rule, Scope, Severity, Subject};
use crate::dockerfile::{Form, Meaning};

pub(super) static RULE: Rule = Rule {
    code: "variable-in-exec",
    why: "The program gets the dollar sign and the name, not the value.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for instruction in subject.stages.iter().flat_map(|stage| &stage.instructions) {
        let Ok(Meaning::Cmd(Form::Exec(words)) | Meaning::Entrypoint(Form::Exec(words))) =
            instruction.meaning()
        else {
            continue;
        };
        let has_shell =
            words.iter().any(|word| matches!(word.as_str(), "-c" | "-lc" | "-ec" | "-e" | "eval"));
        if let Some(word) = words.iter().find(|word| !has_shell && is_variable(word)) {
            let message = format!("`{word}` stays as it is in an exec form");
            let help = "Write the value, or run the command in a shell: [\"sh\", \"-c\", \"exec ...\"].";
            findings.add(instruction.line, message, help);
        }
    }
}

/// `$NAME` or `${NAME..}` with nothing that a program itself would expand.
fn is_variable(word: &str) -> bool {
    let name = |rest: &str| rest.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
    word.match_indices('$').any(|(at, _)| name(word[at + 1..].trim_start_matches('{')))
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nCMD [\"node\", \"$MAIN\"]\nENTRYPOINT [\"x\", \"--port=${PORT}\"]\n", &[2, 3]);
    }

    #[test]
    fn finds_not() {
        check(
            &RULE,
            "FROM a\nCMD [\"sh\", \"-c\", \"exec x $PORT\"]\nENTRYPOINT [\"x\", \"a$\", \"$1\"]\n",
            &[],
        );
    }
}
