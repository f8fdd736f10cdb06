//! Addresses with a user and a password in them, and tokens written out in a command.

use super::tokens::{ADDRESS, TOKEN};
use super::{Findings, Rule, Scope, Severity, Subject};
use crate::dockerfile::ItemKind;

pub(super) static RULE: Rule = Rule {
    code: "secret-in-url",
    why: "The history of an image shows every command and address as it was written.",
    severity: Severity::Error,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for item in subject.dockerfile.items() {
        let ItemKind::Instruction(instruction) = &item.kind else { continue };
        let text = subject.dockerfile.slice(&item.span);
        let found = [(&*ADDRESS, "an address holds a password"), (&*TOKEN, "a token is written out")];
        for (pattern, message) in found {
            if let Some(found) = pattern.find(text) {
                let line = subject.line_of(item.span.start + found.start());
                let help = "Revoke it, and use a secret mount: `RUN --mount=type=secret,id=name ...`.";
                findings.add(line.max(instruction.line), message, help);
            }
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
            "FROM a\nRUN x && \\\n git clone https://me:hunter2@example.com/x\nENV DB=postgres://u:p@db/x\n",
            &[3, 4],
        );
        check(&RULE, &format!("FROM a\nRUN curl -H 'Authorization: token ghp_{}' x\n", "a".repeat(36)), &[2]);
    }

    #[test]
    fn finds_not() {
        check(
            &RULE,
            "FROM a\nRUN git clone https://$USER:$TOKEN@x/y && curl https://x:8080/y@z\nENV A=ghp_short\n",
            &[],
        );
    }
}
