//! Secrets in `ARG` and `ENV`: both end up in the image's history or configuration.
//!
//! The words are those of Docker's own check:
//! <https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/>

use super::{Findings, Rule, Scope, Severity, Subject};
use crate::dockerfile::Meaning;

pub(super) static RULE: Rule = Rule {
    code: "secret-in-env",
    why: "Everybody who has the image can read its arguments and variables.",
    severity: Severity::Error,
    scope: Scope::Every,
    check,
};

const SECRETS: &[&str] =
    &["apikey", "auth", "credential", "credentials", "key", "passwd", "password", "pword", "secret", "token"];

/// Words that take the secret out of a name: a public key, the path of a file.
const HARMLESS: &[&str] = &["file", "path", "public"];

const HELP: &str = "Use a secret mount: `RUN --mount=type=secret,id=name ...`.";

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for instruction in subject.stages.iter().flat_map(|stage| &stage.instructions) {
        let names: Vec<String> = match instruction.meaning() {
            Ok(Meaning::Arg(args)) => args.into_iter().map(|arg| arg.name).collect(),
            Ok(Meaning::Env(env)) => {
                let filled = env.pairs.into_iter().filter(|(_, value)| !is_empty(value));
                filled.map(|(name, _)| name).collect()
            }
            _ => continue,
        };
        for name in names.iter().filter(|name| is_secret(name)) {
            // The value stays unsaid: reports are pasted into tickets.
            let message = format!("{} `{name}` looks like a secret", instruction.keyword);
            findings.add(instruction.line, message, HELP);
        }
    }
}

fn is_empty(value: &str) -> bool {
    matches!(value, "" | "\"\"" | "''")
}

pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let has = |words: &[&str]| name.split(['_', '-']).any(|word| words.contains(&word));
    has(SECRETS) && !has(HARMLESS)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nARG NPM_TOKEN\nENV DB_PASSWORD=x\nENV aws_secret_access_key x y\n", &[2, 3, 4]);
        check(&RULE, "FROM a\nENV A=1 API_KEY=2\nARG APIKEY=3\n", &[2, 3]);
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a\nENV PUBLIC_KEY=x TOKEN_FILE=/run/secrets/t TOKENIZER=y MONKEY=z\n", &[]);
        check(&RULE, "FROM a\nENV DB_PASSWORD=\"\"\nRUN --mount=type=secret,id=token,env=TOKEN x\n", &[]);
    }
}
