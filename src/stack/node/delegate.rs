//! A package whose start script only starts others: `npm run start --prefix backend`, `cd server && npm start`, and
//! `concurrently` with a script for each of two.
//!
//! Such a root is for people and hosts that start repositories from there. What it starts has packages of its own, which are
//! planned with their ports, their files and their front ends; an image of the root would be the same programs with more
//! around them.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic};
use crate::repo::RelPath;
use crate::stack::Survey;

use super::app;
use super::manifest::Package;
use super::start::clean;

/// Says which packages are started, and is true, where the start script of this one does nothing else.
pub(super) fn refuse(s: &Survey<'_>) -> bool {
    let Some(package) = Package::of(&s.dir) else { return false };
    let Some(start) = app::starting(&package, &s.dir) else { return false };
    let script = |name: &str| package.script(name).map(|script| script.value);
    let Some(started) = started(&start.value, &script, DEEPEST) else { return false };
    if started.is_empty() || !started.iter().all(|folder| s.dir.has(&format!("{folder}/package.json"))) {
        return false;
    }
    let names: Vec<String> = started.iter().map(|folder| format!("`{folder}`")).collect();
    let message =
        format!("the start script only starts {}, with a package.json of its own", names.join(" and "));
    s.note(Diagnostic::note(Code::NotBuilt, message).at(start.because.at));
    true
}

/// So many scripts may call one another.
const DEEPEST: usize = 4;

/// The options by which package managers are sent into a folder.
const FOLDERS: &[&str] = &["--prefix", "--cwd", "-C", "--dir"];

/// Scripts and commands that start nothing.
const PREPARES: &[&str] = &["build", "ci", "i", "install"];

/// Programs that run several scripts or commands at once, with the options whose value is the next word.
const RUNNERS: &[(&str, &[&str])] = &[
    // https://github.com/open-cli-tools/concurrently/blob/main/docs/cli/README.md
    (
        "concurrently",
        &["-c", "-l", "-m", "-n", "-p", "-s", "-t", "--names", "--prefix", "--prefix-colors", "--success"],
    ),
    // https://github.com/mysticatea/npm-run-all/tree/master/docs
    ("npm-run-all", &[]),
    ("run-p", &[]),
];

/// The options with a value of a program that runs several commands; none for any other program.
fn options_of(program: &str) -> Option<&'static [&'static str]> {
    RUNNERS.iter().find(|(name, _)| *name == program).map(|(_, options)| *options)
}

/// The folders in which a line starts something; none where it does anything besides.
fn started(line: &str, script: &dyn Fn(&str) -> Option<String>, depth: usize) -> Option<BTreeSet<String>> {
    let mut entered: Option<String> = None;
    let mut all = BTreeSet::new();
    for words in commands(line)? {
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["cd", folder] => {
                let from =
                    entered.as_deref().map_or(Some(RelPath::root()), |path| RelPath::new(path).ok())?;
                entered =
                    Some(from.join(folder)?).filter(|path| !path.is_root()).map(|path| path.to_string());
            }
            [program, rest @ ..] if options_of(program).is_some() && depth > 0 => {
                for part in parts(rest, options_of(program).unwrap_or_default()) {
                    let line = script(part.trim_start_matches("npm:")).unwrap_or_else(|| (*part).to_owned());
                    all.extend(started(&line, script, depth - 1)?);
                }
            }
            ["npm" | "yarn" | "pnpm" | "bun", rest @ ..] => match sent_into(rest).or_else(|| entered.clone())
            {
                Some(_) if rest.iter().any(|word| PREPARES.contains(word)) => {}
                Some(folder) => all.extend([folder]),
                None if depth > 0 => {
                    let name = rest.iter().find(|word| **word != "run" && !word.starts_with('-'))?;
                    all.extend(started(&script(name)?, script, depth - 1)?);
                }
                None => return None,
            },
            _ => return None,
        }
    }
    all.iter().all(|folder| !folder.starts_with('.')).then_some(all)
}

/// The commands of a line, as words. What stands in quotes is a word, whatever is in it.
fn commands(line: &str) -> Option<Vec<Vec<String>>> {
    let words = shell_words::split(line).ok()?;
    Some(words.split(|word| word == "&&").map(<[String]>::to_vec).collect())
}

/// What such a program is to run: its words without options and their values.
fn parts<'w>(words: &[&'w str], with_value: &[&str]) -> Vec<&'w str> {
    let mut words = words.iter().copied();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        if with_value.contains(&word) {
            words.next();
        } else if !word.starts_with('-') {
            found.push(word);
        }
    }
    found
}

fn sent_into(words: &[&str]) -> Option<String> {
    let separate =
        words.iter().position(|word| FOLDERS.contains(word)).and_then(|at| words.get(at + 1).copied());
    let joined =
        || words.iter().find_map(|word| word.split_once('=').filter(|(name, _)| FOLDERS.contains(name)));
    separate.or_else(|| joined().map(|(_, folder)| folder)).map(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_script_may_only_lead_to_other_packages() {
        let script = |name: &str| match name {
            "server" => Some("cd server && npm start".to_owned()),
            "client" => Some("npm start --prefix client".to_owned()),
            "serve" => Some("node index.js".to_owned()),
            "again" => Some("npm run again".to_owned()),
            _ => None,
        };
        for (line, expected) in [
            ("npm run start --prefix backend", Some("backend")),
            ("npm --prefix ./backend start", Some("backend")),
            ("npm start --prefix=server", Some("server")),
            ("yarn --cwd apps/api start", Some("apps/api")),
            ("pnpm -C api start", Some("api")),
            ("cd server && npm start", Some("server")),
            ("cd server && npm install && npm run start", Some("server")),
            ("npm install --prefix server && npm start --prefix server", Some("server")),
            ("npm run build --prefix client && npm start --prefix server", Some("server")),
            ("npm run server", Some("server")),
            ("concurrently \"npm run server\" \"npm run client\"", Some("client server")),
            ("concurrently -k npm:server npm:client", Some("client server")),
            ("run-p server client", Some("client server")),
            (
                "concurrently -c \"#fff,#000\" \"cd web && bun run start\" \"cd api && bun run start\" --names=a,b",
                Some("api web"),
            ),
            ("cd api && npm run keep && cd ../web && npm run keep", Some("api web")),
            ("cd api && npm run build && cd .. && npm run serve", None),
            ("concurrently \"npm run serve\" \"npm run client\"", None),
            ("npm run again", None),
            ("cd server && node index.js", None),
            ("cd .. && npm start", None),
            ("npm start", None),
            ("node server.js", None),
        ] {
            let found =
                started(line, &script, DEEPEST).map(|all| all.into_iter().collect::<Vec<_>>().join(" "));
            assert_eq!(found.as_deref(), expected, "{line}");
        }
    }
}
