//! What options of Node.js load before the program: files of the project and packages, `node -r ./paths.js build/index.js`.
//! The program does not start without them, whatever its build has put elsewhere.

use std::collections::BTreeSet;

use crate::fact::Fact;
use crate::repo::RelPath;
use crate::repo::dir::Dir;
use crate::stack::node::app::{Launch, development_only, loaded_for_development};
use crate::stack::node::javascript;
use crate::stack::node::manifest::Package;

/// Options whose value is loaded. <https://nodejs.org/api/cli.html#-r---require-module>
const OPTIONS: &[&str] = &["-r", "--require", "--import", "--loader", "--experimental-loader"];

/// Packages that read a file of the project as they are loaded by such an option.
const READERS: &[(&str, &str)] = &[
    // https://github.com/dividab/tsconfig-paths#bootstrapping-with-explicit-params
    ("tsconfig-paths", "tsconfig.json"),
];

/// What those options among the words of a command load, in their order.
fn loaded(words: &[String]) -> Vec<&str> {
    let mut words = words.iter().map(String::as_str).peekable();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        if OPTIONS.contains(&word) {
            found.extend(words.next());
        } else if let Some((option, value)) = word.split_once('=')
            && OPTIONS.contains(&option)
        {
            found.push(value);
        } else if !word.starts_with('-') {
            break;
        }
    }
    found
}

/// The files that a command loads that way, with those of the project that they load themselves.
pub(super) fn files(launch: &Fact<Launch>, dir: &Dir<'_>) -> Vec<Fact<String>> {
    let Launch::Script(_, words) = &launch.value else { return Vec::new() };
    let mut found = BTreeSet::new();
    for word in loaded(words) {
        found.extend(
            READERS
                .iter()
                .filter(|(name, _)| javascript::package_of(word) == *name)
                .map(|(_, file)| (*file).to_owned()),
        );
        if let Some(path) = own(word, &RelPath::root(), dir) {
            follow(&path, dir, &mut found);
        }
    }
    let found = found.into_iter().filter(|file| dir.has(file));
    found.map(|file| Fact::new(file, launch.because.clone())).collect()
}

/// A package for development that a command loads that way.
pub(super) fn for_development(
    words: &[String],
    dir: &Dir<'_>,
    package: Option<&Package<'_>>,
) -> Option<Fact<String>> {
    loaded(words).into_iter().find_map(|word| match own(word, &RelPath::root(), dir) {
        Some(path) => loaded_for_development(dir, package, path.as_str()),
        None => development_only(package, javascript::package_of(word)),
    })
}

/// Adds a file, and the files that it loads by their paths.
fn follow(path: &RelPath, dir: &Dir<'_>, found: &mut BTreeSet<String>) {
    if !found.insert(path.to_string()) {
        return;
    }
    let Some(doc) = dir.doc(path.as_str()) else { return };
    let code = javascript::without_comments(doc.text);
    let folder = path.parent().unwrap_or_default();
    for word in javascript::files_at_once(&code) {
        if let Some(next) = own(word, &folder, dir) {
            follow(&next, dir, found);
        }
    }
}

/// The file of the project that a word names from a folder; none for a package.
fn own(word: &str, folder: &RelPath, dir: &Dir<'_>) -> Option<RelPath> {
    if !word.starts_with('.') {
        return None;
    }
    let endings = ["", ".js", ".cjs", ".mjs", ".ts", ".json", "/index.js"];
    let paths = endings.iter().filter_map(|ending| folder.join(&format!("{word}{ending}")));
    paths.into_iter().find(|path| dir.has(path.as_str()))
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    #[test]
    fn what_is_loaded_before_the_program_is_there() {
        const PATHS: &str =
            "const paths = require('tsconfig-paths');\nconst own = require('./own');\npaths.register(own);\n";
        for (start, files, stage) in [
            ("node -r ./paths.js build/main.js", &["own.json", "paths.js"][..], "deps"),
            ("node --require=./paths build/main.js", &["own.json", "paths.js"], "deps"),
            ("node -r tsconfig-paths/register build/main.js", &["tsconfig.json"], "deps"),
            ("node --import ./trace.mjs build/main.js", &["trace.mjs"], "prod-deps"),
            ("node -r dotenv/config build/main.js", &[], "prod-deps"),
            ("node build/main.js -r ./paths.js", &[], "prod-deps"),
        ] {
            let manifest = format!(
                r#"{{"scripts":{{"start":"{start}","build":"tsc"}},"dependencies":{{"express":"5","dotenv":"1"}},"devDependencies":{{"tsconfig-paths":"4","typescript":"5"}}}}"#
            );
            let plan = plan(
                &Inventory::from_files([
                    ("package.json", manifest.as_str()),
                    ("package-lock.json", "{}"),
                    ("tsconfig.json", "{}"),
                    ("paths.js", PATHS),
                    ("own.json", "{}"),
                    ("trace.mjs", "import 'node:process';"),
                    ("src/main.ts", "app.listen(1)"),
                ]),
                &Settings::default(),
            );
            let copies = plan.services[0].tool["copies"].as_array().cloned().unwrap_or_default();
            let from = |copy: &serde_json::Value| copy["sources"][0].as_str().unwrap_or_default().to_owned();
            let own: Vec<String> = copies.iter().map(from).filter(|file| !file.starts_with('/')).collect();
            let own: Vec<&str> =
                own.iter().map(String::as_str).filter(|file| *file != "package.json").collect();
            assert_eq!(own, files, "{start}");
            assert_eq!(copies[0]["from"], stage, "{start}");
        }
    }
}
