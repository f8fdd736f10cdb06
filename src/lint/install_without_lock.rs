//! Dependencies resolved anew with each build: two builds of one commit differ.

use super::{Findings, Rule, Scope, Severity, Subject, runs::runs};
use crate::dockerfile::script::Command;

pub(super) static RULE: Rule = Rule {
    code: "install-without-lock",
    why: "The same commit gives another image tomorrow.",
    severity: Severity::Warning,
    scope: Scope::People,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for run in runs(subject) {
        for command in &run.commands {
            if let Some((message, help)) = judge(command) {
                let place = run.place(&command.span);
                let line = place.map_or(run.instruction.line, |place| subject.line_of(place.start));
                findings.add(line, message, help);
            }
        }
    }
}

/// npm-install(1), yarn's and pnpm's manuals, pip-install(1).
fn judge(command: &Command) -> Option<(&'static str, &'static str)> {
    let names: Vec<&str> = command.operands().map(|word| word.text.as_str()).collect();
    match (command.program()?, names.as_slice()) {
        ("npm", ["install" | "i"]) if !command.has_option(&["-g", "--global"]) => {
            Some(("`npm install` may change the lock file and does not need it", "Write npm ci."))
        }
        ("yarn", [] | ["install"])
            if !command.has_option(&["--frozen-lockfile", "--immutable", "--version", "-v"]) =>
        {
            Some((
                "`yarn install` may change the lock file",
                "Add --frozen-lockfile, or --immutable for Yarn 2 and later.",
            ))
        }
        ("pnpm", ["install" | "i"]) if !command.has_option(&["--frozen-lockfile"]) => {
            Some(("`pnpm install` may change the lock file", "Add --frozen-lockfile."))
        }
        ("pip" | "pip3", ["install", packages @ ..])
            if !packages.is_empty()
                && is_by_name(command)
                && packages.iter().all(|name| is_unpinned(name)) =>
        {
            Some((
                "packages are installed in whatever version is newest",
                "Pin them, or keep them in a requirements file.",
            ))
        }
        _ => None,
    }
}

fn is_by_name(command: &Command) -> bool {
    !command.has_option(&["-r", "--requirement", "-e", "--editable", "-c", "--constraint"])
}

/// A plain name; not a path, an address, a file or a name with a version.
fn is_unpinned(name: &str) -> bool {
    let tools = ["pip", "setuptools", "wheel", "pipenv", "poetry", "uv"];
    !name.contains(['=', '<', '>', '~', '/', '.', '$', '@']) && !tools.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(
            &RULE,
            "FROM a\nRUN npm install\nRUN x && npm i --production\nRUN yarn\nRUN pnpm install\n",
            &[2, 3, 4, 5],
        );
        check(&RULE, "FROM a\nRUN pip install flask gunicorn\n", &[2]);
    }

    #[test]
    fn finds_not() {
        check(
            &RULE,
            "FROM a\nRUN npm ci && npm install -g pm2 && npm run build\nRUN yarn --frozen-lockfile\n",
            &[],
        );
        check(
            &RULE,
            "FROM a\nRUN pip install -r requirements.txt && pip install -U pip && pip install . flask==1\n",
            &[],
        );
    }
}
