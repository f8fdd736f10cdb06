//! All sources are copied before the dependencies are installed: every edit installs them again.
//!
//! <https://docs.docker.com/build/cache/optimize/#order-your-layers>

use super::{Findings, Rule, Scope, Severity, Subject, runs::runs};
use crate::dockerfile::{Keyword, Meaning, script::Command};

pub(super) static RULE: Rule = Rule {
    code: "sources-first",
    why: "An edit of any file makes the build install every dependency again.",
    severity: Severity::Warning,
    scope: Scope::People,
    check,
};

/// Programs and the words that make them install what a manifest lists.
const INSTALLS: &[(&str, &[&str])] = &[
    ("npm", &["install", "i", "ci"]),
    ("yarn", &["install"]),
    ("pnpm", &["install", "i"]),
    ("pip", &["install"]),
    ("pip3", &["install"]),
    ("pipenv", &["install", "sync"]),
    ("poetry", &["install"]),
    ("uv", &["sync"]),
    ("bundle", &["install"]),
    ("composer", &["install"]),
    ("go", &["mod", "get"]),
];

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let runs = runs(subject);
    for stage in &subject.stages {
        let copies_all = |meaning| match meaning {
            Meaning::Copy(copy) | Meaning::Add(copy) => {
                copy.from.is_none()
                    && copy.sources.iter().any(|source| matches!(source.as_str(), "." | "./" | "*"))
            }
            _ => false,
        };
        let copy = stage.instructions.iter().find(|instruction| {
            matches!(instruction.keyword, Keyword::Copy | Keyword::Add)
                && instruction.meaning().is_ok_and(copies_all)
        });
        let Some(copy) = copy else { continue };
        let mut later = runs.iter().filter(|run| run.stage == stage.index);
        let before =
            later.clone().any(|run| run.instruction.line < copy.line && run.commands.iter().any(installs));
        let install = later.find(|run| run.instruction.line > copy.line && run.commands.iter().any(installs));
        if let Some(install) = install.filter(|_| !before) {
            let message = format!(
                "all sources are copied before line {} installs dependencies",
                install.instruction.line
            );
            findings.add(
                copy.line,
                message,
                "Copy the manifest and the lock file, install, and copy the rest below.",
            );
        }
    }
}

fn installs(command: &Command) -> bool {
    let Some(program) = command.program() else { return false };
    let verb = command.operands().next().map(|word| word.text.as_str());
    INSTALLS.iter().any(|(name, verbs)| {
        *name == program
            && verb.map_or(*name == "yarn" && command.args().is_empty(), |verb| verbs.contains(&verb))
    })
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nCOPY . .\nRUN npm install\n", &[2]);
        check(&RULE, "FROM a\nADD . /x\nRUN cd /x && pip install -r requirements.txt\n", &[2]);
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a\nCOPY package.json .\nRUN npm ci\nCOPY . .\nRUN npm run build\n", &[]);
        check(&RULE, "FROM a\nCOPY . .\nFROM b\nRUN npm ci\n", &[]);
    }
}
