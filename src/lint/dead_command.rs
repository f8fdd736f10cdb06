//! A `CMD`, `ENTRYPOINT` or `HEALTHCHECK` that a later one in its stage replaces.
//!
//! <https://docs.docker.com/reference/build-checks/multiple-instructions-disallowed/>

use super::{Findings, Fix, Rule, Scope, Severity, Subject};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    code: "dead-command",
    why: "Only the last one of a stage counts.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for stage in &subject.stages {
        for keyword in [Keyword::Cmd, Keyword::Entrypoint, Keyword::Healthcheck] {
            let mut all: Vec<_> =
                stage.instructions.iter().filter(|instruction| instruction.keyword == keyword).collect();
            let Some(last) = all.pop() else { continue };
            if last.meaning().is_err() {
                continue;
            }
            for dead in all {
                let message = format!("{keyword} on line {} replaces this one", last.line);
                let fix =
                    Fix::remove(format!("{keyword} on line {} is the one that counts", last.line), dead);
                findings.add_with(dead.line, message, "Remove it.", fix);
            }
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
        check(&RULE, "FROM a\nCMD x\nENTRYPOINT [\"a\"]\nCMD y\nENTRYPOINT [\"b\"]\n", &[2, 3]);
        repairs(&RULE, "FROM a\n# first\nCMD [\"x\"]\n\nCMD [\"y\"]", "FROM a\n# first\n\nCMD [\"y\"]");
        repairs(&RULE, "FROM a\nCMD x\nENTRYPOINT [\"a\"]\nCMD y\n", "FROM a\nENTRYPOINT [\"a\"]\nCMD y\n");
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a AS x\nCMD x\nFROM b\nCMD y\nENTRYPOINT [\"z\"]\n", &[]);
    }
}
