//! Private registries: which secrets an install is given.
//!
//! A token is never an ARG or an ENV. What a settings file names as `${VARIABLE}` is a secret of that name for the RUN
//! alone; a registry without one gets the settings of the person who builds. The file itself is only mounted, so
//! that no later stage holds it.
//!
//! <https://docs.npmjs.com/cli/configuring-npm/npmrc#auth-related-configuration>,
//! <https://yarnpkg.com/configuration/yarnrc#npmAuthToken>, <https://bun.com/docs/install/npmrc>

use regex_lite::Regex;

use crate::diag::{Code, Diagnostic};
use crate::fact::Place;
use crate::plan::run::Run;
use crate::plan::secret_file::{self, SecretFile};
use crate::repo::dir::{Dir, Doc};
use crate::stack::Survey;

/// A settings file that can name a registry.
struct Row {
    name: &'static str,
    /// The person's own one, and where the manager looks for it.
    own: (&'static SecretFile, &'static str),
    /// What stands before the address of a registry.
    registry: &'static [&'static str],
    /// What stands before a token.
    token: &'static [&'static str],
}

const ROWS: &[Row] = &[
    Row {
        name: ".npmrc",
        own: (&secret_file::NPM, "/root/.npmrc"),
        registry: &["registry="],
        token: &["_authToken=", "_auth=", "_password="],
    },
    Row {
        name: ".yarnrc",
        own: (&secret_file::NPM, "/root/.npmrc"),
        registry: &["registry "],
        token: &["_authToken"],
    },
    Row {
        name: ".yarnrc.yml",
        own: (&secret_file::YARN, "/root/.yarnrc.yml"),
        registry: &["npmRegistryServer:"],
        token: &["npmAuthToken:", "npmAuthIdent:"],
    },
    Row {
        name: "bunfig.toml",
        own: (&secret_file::NPM, "/root/.npmrc"),
        registry: &["registry =", "registry=", "url ="],
        token: &["token =", "token="],
    },
];

/// Registries that ask nobody for a name.
const PUBLIC: &[&str] = &["registry.npmjs.org", "registry.yarnpkg.com", "registry.npmmirror.com"];
/// Variables that every shell has.
const EVERYWHERE: &[&str] = &["HOME", "PWD", "USER", "PATH"];

/// A secret of an install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Secret {
    /// A file, by its id, and where it appears.
    File(&'static str, &'static str),
    /// A variable.
    Variable(String),
}

impl Secret {
    /// The RUN with it.
    pub fn mount(&self, run: Run) -> Run {
        match self {
            Self::File(id, target) => run.secret(id, target),
            Self::Variable(name) => run.secret_variable(name),
        }
    }
}

/// What the settings of this folder ask for, of those files that the manager reads.
pub(super) fn secrets(s: &Survey<'_>, dir: &Dir<'_>, settings: &[&str]) -> Vec<Secret> {
    let rows = ROWS.iter().filter(|row| settings.contains(&row.name));
    let mut found: Vec<Secret> = Vec::new();
    for (row, doc) in rows.filter_map(|row| Some((row, dir.doc(row.name)?))) {
        for secret in of_file(s, row, doc) {
            if !found.contains(&secret) {
                found.push(secret);
            }
        }
    }
    found
}

fn of_file(s: &Survey<'_>, row: &Row, doc: Doc<'_>) -> Vec<Secret> {
    let Ok(variable) = Regex::new(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)") else { return Vec::new() };
    let (mut variables, mut own) = (Vec::new(), None);
    for (number, line) in doc.lines() {
        let line = line.trim();
        if line.starts_with(['#', ';']) {
            continue;
        }
        let place = Place { file: doc.path.clone(), line: Some(number) };
        let value =
            |marks: &[&str]| marks.iter().find_map(|mark| line.split_once(mark)).map(|(_, value)| value);
        let token = value(row.token).filter(|value| !value.trim_matches(['"', ' ', '\'']).is_empty());
        let mut names = variable.captures_iter(line).map(|found| found[1].to_owned()).peekable();
        if token.is_some() && names.peek().is_none() {
            s.note(
                Diagnostic::warning(Code::PrivateRegistry, format!("a token stands in `{}`", doc.path))
                    .at(place.clone())
                    .help("revoke it, and name a variable in its place: ${NPM_TOKEN}"),
            );
        }
        variables.extend(
            names.filter(|name| !EVERYWHERE.contains(&name.as_str())).map(|name| (name, place.clone())),
        );
        let is_private =
            value(row.registry).is_some_and(|value| !PUBLIC.iter().any(|known| value.contains(known)));
        if is_private && own.is_none() {
            own = Some(place);
        }
    }
    let say = |place: Place, help: String| {
        let words = "packages come from a registry that may want a login";
        s.note(Diagnostic::note(Code::PrivateRegistry, words).at(place).help(help));
    };
    if variables.is_empty() {
        let (file, target) = row.own;
        return own
            .map(|place| {
                say(place, format!("docker build {}", file.option()));
                Secret::File(file.id, target)
            })
            .into_iter()
            .collect();
    }
    variables
        .into_iter()
        .map(|(name, place)| {
            say(place, format!("docker build --secret id={name}"));
            Secret::Variable(name)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::plan::catalog::Catalog;
    use crate::repo::{Inventory, RelPath};

    #[test]
    fn settings_ask_for_secrets() {
        let variable = |name: &str| vec![Secret::Variable(name.to_owned())];
        for (name, text, secrets, notes) in [
            (".npmrc", "save-exact=true\nregistry=https://registry.npmjs.org/\n", vec![], 0),
            (
                ".npmrc",
                "@acme:registry=https://npm.acme.test/\n",
                vec![Secret::File("npmrc", "/root/.npmrc")],
                1,
            ),
            (
                ".npmrc",
                "@acme:registry=https://npm.acme.test/\n//npm.acme.test/:_authToken=${ACME_TOKEN}\n",
                variable("ACME_TOKEN"),
                1,
            ),
            (".npmrc", "; //x/:_authToken=${OLD}\ncache=${HOME}/x\n", vec![], 0),
            (".npmrc", "//registry.npmjs.org/:_authToken=npm_abc\n", vec![], 1),
            (
                ".yarnrc.yml",
                "npmScopes:\n  acme:\n    npmRegistryServer: \"https://npm.acme.test\"\n    npmAuthToken: \"${NPM_TOKEN:-}\"\n",
                variable("NPM_TOKEN"),
                1,
            ),
            (
                ".yarnrc.yml",
                "npmRegistryServer: https://npm.acme.test\n",
                vec![Secret::File("yarnrc", "/root/.yarnrc.yml")],
                1,
            ),
            (
                "bunfig.toml",
                "[install.scopes]\nacme = { token = \"$ACME\", url = \"https://npm.acme.test\" }\n",
                variable("ACME"),
                1,
            ),
        ] {
            let inventory = Inventory::from_files([("package.json", "{}"), (name, text)]);
            let catalog = Catalog::builtin();
            let s = Survey::new(inventory.dir(RelPath::root()), catalog, &Settings::default());
            assert_eq!(super::secrets(&s, &s.dir, &[name]), secrets, "{text}");
            let said = s.take_notes();
            assert_eq!(said.len(), notes, "{text}: {said:?}");
            assert!(!format!("{said:?}").contains("npm_abc"), "{text}");
        }
    }
}
