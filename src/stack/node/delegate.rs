//! A package whose start script only starts another one: `npm run start --prefix backend`, `cd server && npm start`.
//!
//! Such a root is for people and hosts that start repositories from there. What it starts has a package of its own, which is
//! planned with its port, its files and its front end; an image of the root would be the same program with more around it.

use crate::diag::{Code, Diagnostic};
use crate::stack::Survey;

use super::manifest::Package;
use super::start::clean;

/// Says which package is started, and is true, where the start script of this one does nothing else.
pub(super) fn refuse(s: &Survey<'_>) -> bool {
    let Some(package) = Package::of(&s.dir) else { return false };
    let Some(start) = package.script("start") else { return false };
    let Some(folder) = folder_of(&start.value) else { return false };
    if !s.dir.has(&format!("{folder}/package.json")) {
        return false;
    }
    let message = format!("the start script only starts `{folder}`, which is a package of its own");
    s.note(Diagnostic::note(Code::NotBuilt, message).at(start.because.at));
    true
}

/// The options by which package managers are sent into a folder.
const FOLDERS: &[&str] = &["--prefix", "--cwd", "-C", "--dir"];

/// The one folder in which every command of a line runs a script, if it is the same for all.
fn folder_of(line: &str) -> Option<String> {
    let mut entered: Option<String> = None;
    let mut starts = false;
    for command in line.split("&&") {
        let words = shell_words::split(command).ok()?;
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["cd", folder] if entered.is_none() => entered = Some(clean(folder)),
            ["npm" | "yarn" | "pnpm" | "bun", rest @ ..] => {
                let folder = sent_into(rest).or_else(|| entered.clone())?;
                if *entered.get_or_insert_with(|| folder.clone()) != folder {
                    return None;
                }
                starts |= rest.contains(&"start");
            }
            _ => return None,
        }
    }
    entered.filter(|folder| starts && !folder.starts_with('.'))
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
    fn a_start_script_may_only_lead_to_another_package() {
        for (line, expected) in [
            ("npm run start --prefix backend", Some("backend")),
            ("npm --prefix ./backend start", Some("backend")),
            ("npm start --prefix=server", Some("server")),
            ("yarn --cwd apps/api start", Some("apps/api")),
            ("pnpm -C api start", Some("api")),
            ("cd server && npm start", Some("server")),
            ("cd server && npm install && npm run start", Some("server")),
            ("npm install --prefix server && npm start --prefix server", Some("server")),
            ("npm run build --prefix client && npm start --prefix server", None),
            ("cd server && node index.js", None),
            ("npm start", None),
            ("node server.js", None),
            ("concurrently \"npm start --prefix a\" \"npm start --prefix b\"", None),
        ] {
            assert_eq!(folder_of(line).as_deref(), expected, "{line}");
        }
    }
}
