//! Locked packages that may compile when they are installed, by what the lock file says they depend on.
//!
//! A package that fetches a binary falls back to a compiler where there is none for this Node.js. Those with a row in
//! `native.rs` are known better; this finds the others, also where another package brings them along.

use std::collections::BTreeMap;

use crate::fact::Fact;
use crate::repo::dir::{Doc, Manifest};
use crate::repo::format::Tree;

/// What only a package with native sources depends on.
/// <https://github.com/nodejs/node-gyp>, <https://github.com/prebuild/prebuild-install>,
/// <https://github.com/mapbox/node-pre-gyp>, <https://github.com/nodejs/nan>
const BUILDERS: &[&str] =
    &["nan", "node-gyp", "prebuild-install", "node-pre-gyp", "@mapbox/node-pre-gyp", "bindings"];

/// What a package depends on that brings its binaries for the usual platforms in its own archive.
/// <https://github.com/prebuild/node-gyp-build>
const CARRIERS: &[&str] = &["node-gyp-build", "node-gyp-build-optional-packages"];

/// Packages with such dependencies that never compile on Linux, or never without being asked to.
const NEVER: &[&str] = &[
    // Only for macOS: https://github.com/fsevents/fsevents
    "fsevents",
    "macos-alias",
    "fs-xattr",
    // Brings platform packages: https://sharp.pixelplumbing.com/install
    "sharp",
    "@parcel/watcher",
    // Tools about natives, not natives.
    "node-gyp",
    "npm",
    "node-pre-gyp",
    "@mapbox/node-pre-gyp",
    "prebuild-install",
    "bindings",
    "electron",
];

fn compiles(name: &str, dependencies: &[&str]) -> bool {
    let has = |names: &[&str]| dependencies.iter().any(|dependency| names.contains(dependency));
    !NEVER.contains(&name) && has(BUILDERS) && !has(CARRIERS)
}

fn names(table: Option<&Tree>) -> Vec<&str> {
    table.into_iter().flat_map(Tree::entries).map(|(name, _)| name).collect()
}

/// Of a `package-lock.json`, with the line of each.
pub(super) fn of_npm(lock: &Manifest<'_>) -> Vec<Fact<String>> {
    let is_optional = |entry: &Tree| entry.get("optional").and_then(Tree::scalar).as_deref() == Some("true");
    let newer = lock.tree.get("packages").into_iter().flat_map(Tree::entries).filter_map(|(path, entry)| {
        let name = path.rsplit_once("node_modules/")?.1;
        // Only what has an install script can compile: https://docs.npmjs.com/cli/configuring-npm/package-lock-json#packages
        entry.get("hasInstallScript")?;
        Some((name, entry, names(entry.get("dependencies"))))
    });
    let has_packages = lock.tree.get("packages").is_some();
    let older = lock.tree.get("dependencies").into_iter().flat_map(Tree::entries);
    let older =
        older.filter(|_| !has_packages).map(|(name, entry)| (name, entry, names(entry.get("requires"))));
    let found = newer
        .chain(older)
        .filter(|(name, entry, dependencies)| !is_optional(entry) && compiles(name, dependencies));
    once(
        found.map(|(name, entry, _)| {
            Fact::new(name.to_owned(), lock.cite(entry, format!("{name} may compile")))
        }),
    )
}

/// Of a `yarn.lock` of either generation.
pub(super) fn of_yarn(doc: Doc<'_>) -> Vec<Fact<String>> {
    let mut blocks: Vec<(u32, &str, Vec<&str>)> = Vec::new();
    let mut inside = false;
    for (number, line) in doc.lines() {
        let text = line.trim_start();
        match line.len() - text.len() {
            0 if line.ends_with(':') => {
                let key = line.trim_matches('"').split(", ").next().unwrap_or_default().trim_matches('"');
                let name = key.get(1..).and_then(|rest| rest.find('@')).map_or(key, |at| &key[..=at]);
                blocks.push((number, name, Vec::new()));
                inside = false;
            }
            2 => inside = text == "dependencies:",
            4 if inside => {
                let name = text.split([' ', ':']).next().unwrap_or_default().trim_matches('"');
                blocks.last_mut().into_iter().for_each(|block| block.2.push(name));
            }
            _ => {}
        }
    }
    let found = blocks.into_iter().filter(|(_, name, dependencies)| compiles(name, dependencies));
    once(
        found
            .map(|(line, name, _)| Fact::new(name.to_owned(), doc.cite(line, format!("{name} may compile")))),
    )
}

/// Of a `pnpm-lock.yaml`: `snapshots` since format 9, `packages` before.
pub(super) fn of_pnpm(lock: &Manifest<'_>) -> Vec<Fact<String>> {
    let table = lock.tree.get("snapshots").or_else(|| lock.tree.get("packages"));
    let found = table.into_iter().flat_map(Tree::entries).filter_map(|(key, entry)| {
        let key = key.trim_start_matches('/');
        let end = key.get(1..)?.find(['@', '/'].as_slice())? + 1;
        // `@scope/name@1`, and `/@scope/name/1` before format 6.
        let end = match key.strip_prefix('@') {
            Some(_) => key.get(end + 1..)?.find(['@', '/'].as_slice())? + end + 1,
            None => end,
        };
        let name = &key[..end];
        let is_optional = entry.get("optional").and_then(Tree::scalar).as_deref() == Some("true");
        (!is_optional && compiles(name, &names(entry.get("dependencies")))).then_some((name, entry))
    });
    once(
        found
            .map(|(name, entry)| Fact::new(name.to_owned(), lock.cite(entry, format!("{name} may compile")))),
    )
}

/// Each name once, by name.
fn once(found: impl Iterator<Item = Fact<String>>) -> Vec<Fact<String>> {
    let mut by_name = BTreeMap::new();
    for fact in found {
        by_name.entry(fact.value.clone()).or_insert(fact);
    }
    by_name.into_values().collect()
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::catalog::Catalog;
    use crate::repo::{Inventory, RelPath};
    use crate::stack::Survey;
    use crate::stack::node::lock::Lock;

    #[test]
    fn every_lock_file_tells_what_compiles() {
        for (name, text) in [
            (
                "package-lock.json",
                r#"{"lockfileVersion":3,"packages":{
                "node_modules/a/node_modules/old-native":{"hasInstallScript":true,"dependencies":{"nan":"2"}},
                "node_modules/cpu":{"hasInstallScript":true,"optional":true,"dependencies":{"nan":"2"}},
                "node_modules/carried":{"hasInstallScript":true,"dependencies":{"bindings":"1","node-gyp-build":"4"}},
                "node_modules/fsevents":{"hasInstallScript":true,"dependencies":{"nan":"2"}},
                "node_modules/reader":{"dependencies":{"bindings":"1"}}}}"#,
            ),
            (
                "package-lock.json",
                r#"{"lockfileVersion":1,"dependencies":{"old-native":{"version":"1","requires":{"nan":"2"}},"b":{}}}"#,
            ),
            (
                "yarn.lock",
                "# yarn lockfile v1\n\nold-native@^1, old-native@^1.1:\n  version \"1.2\"\n  dependencies:\n    nan \"^2\"\n\n\"@x/y@1\":\n  version \"1\"\n  optionalDependencies:\n    nan \"2\"\n",
            ),
            (
                "yarn.lock",
                "__metadata:\n  version: 8\n\n\"old-native@npm:^1\":\n  version: 1.2.0\n  dependencies:\n    nan: \"npm:^2\"\n",
            ),
            (
                "pnpm-lock.yaml",
                "lockfileVersion: '9.0'\nsnapshots:\n  '@x/y@1.0.0':\n    dependencies:\n      ms: 2.0.0\n  old-native@1.0.0(z@1):\n    dependencies:\n      nan: 2.0.0\n",
            ),
            (
                "pnpm-lock.yaml",
                "lockfileVersion: 5.4\npackages:\n  /old-native/1.0.0:\n    dependencies:\n      nan: 2.0.0\n",
            ),
        ] {
            let inventory = Inventory::from_files([("package.json", "{}"), (name, text)]);
            let catalog = Catalog::builtin();
            let s = Survey::new(inventory.dir(RelPath::root()), catalog, &Settings::default());
            let locks = Lock::all(&s, &s.dir);
            let found: Vec<String> = locks.iter().flat_map(Lock::compiled).map(|fact| fact.value).collect();
            assert_eq!(found, ["old-native"], "{name}: {text}");
        }
    }
}
