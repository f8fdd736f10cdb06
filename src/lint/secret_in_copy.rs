//! Files that hold secrets, copied into the image: every layer can be read by everybody who has it.

use super::{Findings, Rule, Scope, Severity, Subject};
use crate::dockerfile::Meaning;

pub(super) static RULE: Rule = Rule {
    code: "secret-in-copy",
    why: "A file in a layer can be read by everybody who has the image, also when a later layer removes it.",
    severity: Severity::Error,
    scope: Scope::Every,
    check,
};

const NAMES: &[&str] = &[
    ".env",
    ".npmrc",
    ".pypirc",
    ".netrc",
    ".git-credentials",
    ".htpasswd",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "credentials.json",
    "kubeconfig",
];
const ENDINGS: &[&str] = &[".pem", ".key", ".p12", ".pfx", ".jks", ".keystore"];
const FOLDERS: &[&str] = &[".ssh", ".aws", ".gnupg", ".docker", ".kube"];

/// Does a file or folder of that name usually hold secrets?
pub(crate) fn is_secret_file(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_example =
        [".example", ".sample", ".template", ".dist", ".pub"].iter().any(|end| name.ends_with(end));
    !is_example
        && (NAMES.contains(&name)
            || name.starts_with(".env.")
            || ENDINGS.iter().any(|ending| name.ends_with(ending))
            || path.split('/').any(|folder| FOLDERS.contains(&folder)))
}

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for instruction in subject.stages.iter().flat_map(|stage| &stage.instructions) {
        let Ok(Meaning::Copy(copy) | Meaning::Add(copy)) = instruction.meaning() else { continue };
        if copy.from.is_some() {
            continue;
        }
        for source in copy.sources.iter().filter(|source| is_secret_file(source)) {
            let help =
                "Give it to the build with `RUN --mount=type=secret`, or to the container when it starts.";
            findings.add(instruction.line, format!("`{source}` usually holds secrets"), help);
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
            "FROM a\nCOPY .env app.js /x/\nADD ./ssh/id_rsa /root/.ssh/\nCOPY tls/server.key /\n",
            &[2, 3, 4],
        );
        check(&RULE, "FROM a\nCOPY .aws /root/.aws\nCOPY .npmrc .\nCOPY .env.production .env\n", &[2, 3, 4]);
    }

    #[test]
    fn finds_not() {
        check(
            &RULE,
            "FROM a\nCOPY .env.example id_rsa.pub /x/\nCOPY --from=b /x/.npmrc /\nCOPY keys/ /k\n",
            &[],
        );
    }
}
