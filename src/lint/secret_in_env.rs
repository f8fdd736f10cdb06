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

/// What Docker's check does not know: `SMTP_PASS`, `MYSQL_PWD`, `GH_PAT`.
const MORE: &[&str] = &["pass", "passphrase", "pat", "pwd"];

/// Words that also end longer ones: `PGPASSWORD`, `clientSecret`.
const ENDS: &[&str] = &["password", "passwd", "secret", "token", "apikey"];

/// Words that take the secret out of a name: a public key, the path of a file, `NOPASSWD`.
const HARMLESS: &[&str] =
    &["disabled", "endpoint", "file", "no", "nopasswd", "nopassword", "path", "public", "size"];

const HELP: &str = "Use a secret mount: `RUN --mount=type=secret,id=name ...`.";

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for instruction in subject.stages.iter().flat_map(|stage| &stage.instructions) {
        let names: Vec<String> = match instruction.meaning() {
            Ok(Meaning::Arg(args)) => args.into_iter().map(|arg| arg.name).collect(),
            Ok(Meaning::Env(env)) => {
                let filled =
                    env.pairs.into_iter().filter(|(name, value)| !is_empty(value) && !is_file(name, value));
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

/// Does the name of a variable, an argument or a label say that its value is a secret?
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if matches!(name.as_str(), "pwd" | "oldpwd") {
        // Every shell has these: the folder that it is in.
        return false;
    }
    let words = || name.split(['_', '-', '.']).filter(|word| !word.is_empty());
    let has = |known: &[&str]| words().any(|word| known.contains(&word));
    let ends = words().any(|word| ENDS.iter().any(|end| word.ends_with(end)));
    (has(SECRETS) || has(MORE) || ends) && !has(HARMLESS)
}

/// Is it the place of a key or of credentials? A password may begin with a slash, so its name has to be one of files.
pub(crate) fn is_file(name: &str, value: &str) -> bool {
    const FILES: &[&str] = &["auth", "credential", "credentials", "key"];
    let name = name.to_ascii_lowercase();
    let others = name.split(['_', '-', '.']).filter(|word| !FILES.contains(word));
    let path = value.trim_matches(['"', '\'']);
    path.starts_with('/') && !is_secret(&others.collect::<Vec<_>>().join("_"))
}

/// The same in commands, files and prose, where a key alone may be anything, and so may somebody's `auth`.
pub(super) fn is_secret_in_text(name: &str) -> bool {
    const OPEN: &[&str] = &["key", "auth"];
    const CLOSE: &[&str] = &["api", "access", "private", "secret", "encryption", "master"];
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(['_', '-', '.']).filter(|word| !word.is_empty()).collect();
    let rest = words.iter().filter(|word| !OPEN.contains(word)).copied().collect::<Vec<_>>().join("_");
    let is_key = words.last() == Some(&"key") && words.iter().any(|word| CLOSE.contains(word));
    is_secret(&rest) || is_key && is_secret(&lower) || lower == "pwd" || lower == "_auth"
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nARG NPM_TOKEN\nENV DB_PASSWORD=x\nENV aws_secret_access_key x y\n", &[2, 3, 4]);
        check(&RULE, "FROM a\nENV A=1 API_KEY=2\nARG APIKEY=3\n", &[2, 3]);
        check(
            &RULE,
            "FROM a\nENV PGPASSWORD=x\nENV SMTP_PASS=x\nENV MYSQL_PWD=x\nARG GH_PAT\n",
            &[2, 3, 4, 5],
        );
    }

    #[test]
    fn finds_not() {
        check(
            &RULE,
            "FROM a\nENV PUBLIC_KEY=x TOKEN_FILE=/run/secrets/t TOKENIZER=y MONKEY=z PWD=/x PASSENGER=1 PATH=/x\n",
            &[],
        );
        check(&RULE, "FROM a\nENV DB_PASSWORD=\"\"\nRUN --mount=type=secret,id=token,env=TOKEN x\n", &[]);
    }
}
