//! How the project's own build calls Go: variables that take the version when linking, and build tags.
//!
//! Only plain names are followed, and variables that are given a plain value in the same file: what a
//! Makefile computes stays the Makefile's.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::fact::Fact;
use crate::repo::dir::{Dir, Doc};
use crate::stack::common::pattern::pattern;
use crate::stack::go::constraint;
use crate::stack::go::modules::GoMod;

/// Files that tell how the project builds.
pub(super) const FILES: &[&str] = &[
    "Makefile",
    "makefile",
    "GNUmakefile",
    "Taskfile.yml",
    "justfile",
    ".goreleaser.yml",
    ".goreleaser.yaml",
    "goreleaser.yml",
];

/// A variable of the program that the linker sets.
#[derive(Debug, Serialize)]
pub(in crate::stack) struct Stamp {
    /// `main.version`.
    pub variable: Fact<String>,
    /// The build argument with the value.
    pub argument: &'static str,
    /// What the argument is when nobody says it.
    pub default: &'static str,
}

/// Last words of variables, the argument they take, and its default: those of the image's labels.
const MEANINGS: &[(&str, &str, &str)] = &[
    ("version", "VERSION", "dev"),
    ("commit", "REVISION", "unknown"),
    ("revision", "REVISION", "unknown"),
    ("sha", "REVISION", "unknown"),
    ("githash", "REVISION", "unknown"),
];

/// The first `-X package.Version=` and the first `-X package.Commit=` of the project's own build whose package
/// is `main` or the module's (<https://pkg.go.dev/cmd/link>).
pub(super) fn find(dir: &Dir<'_>, go_mod: &GoMod) -> Vec<Stamp> {
    let flag = pattern(
        r#"-X[ =]+['"]?([A-Za-z0-9_./$(){}-]+)\.(\w+)=|-X[ =]+['"]?\{\{ *\.ModulePath *\}\}([\w/.-]*)\.(\w+)="#,
    );
    let mut stamps: Vec<Stamp> = Vec::new();
    for doc in FILES.iter().filter_map(|name| dir.doc(name)) {
        let known = assigned(&doc, go_mod);
        for (number, line) in doc.lines().filter(|(_, line)| line.contains("-X")) {
            for found in flag.captures_iter(line) {
                let (package, name) = match (found.get(1), found.get(3)) {
                    (Some(package), _) => (resolve(package.as_str(), &known), &found[2]),
                    (_, rest) => {
                        let rest = rest.map_or("", |rest| rest.as_str());
                        (Some(format!("{}{rest}", go_mod.module.value)), &found[4])
                    }
                };
                let Some(package) = package.filter(|package| is_own(package, go_mod)) else { continue };
                let lower = name.to_ascii_lowercase();
                let meaning = MEANINGS.iter().find(|(ending, ..)| lower.ends_with(ending));
                let Some((_, argument, default)) = meaning else { continue };
                if stamps.iter().all(|known| known.argument != *argument) {
                    let variable = Fact::new(format!("{package}.{name}"), doc.cite(number, line));
                    stamps.push(Stamp { variable, argument, default });
                }
            }
        }
    }
    stamps
}

/// The build tags of the project's own build that its sources ask for.
pub(super) fn tags(dir: &Dir<'_>, sources: &[Doc<'_>]) -> Option<Fact<String>> {
    let flag = pattern(r#"\bgo build\b.*?-tags[ =]['"]?([A-Za-z0-9_.,-]+)"#);
    let wanted = |names: &str| {
        let asked = |tag: &&str| sources.iter().any(|doc| constraint::names(doc, tag));
        let names: Vec<&str> = names.split(',').filter(asked).collect();
        (!names.is_empty()).then(|| names.join(","))
    };
    FILES
        .iter()
        .filter_map(|name| dir.doc(name))
        .find_map(|doc| doc.find(|line| wanted(flag.captures(line)?.get(1)?.as_str())))
}

fn is_own(package: &str, go_mod: &GoMod) -> bool {
    let module = &go_mod.module.value;
    package == "main"
        || package.strip_prefix(module.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Variables of the file with plain values.
fn assigned<'d>(doc: &Doc<'d>, go_mod: &GoMod) -> BTreeMap<&'d str, String> {
    let assignment = pattern(
        r#"^\s*(?:export |- )?(\w+)\s*(?:\?|:{1,3})?[=:]\s*["']?([A-Za-z0-9_./-]+|\$\(shell go list -m\))["']?\s*$"#,
    );
    let assigned = doc.lines().filter_map(|(_, line)| {
        let found = assignment.captures(line)?;
        let value = match found.get(2)?.as_str() {
            "$(shell go list -m)" => go_mod.module.value.clone(),
            plain => plain.to_owned(),
        };
        Some((found.get(1)?.as_str(), value))
    });
    assigned.collect()
}

/// A name in which variables stand for plain values; none where one is not known.
fn resolve(text: &str, known: &BTreeMap<&str, String>) -> Option<String> {
    let variable = pattern(r"\$[({](\w+)[)}]");
    let mut is_known = true;
    let resolved = variable.replace_all(text, |found: &regex_lite::Captures<'_>| {
        known.get(&found[1]).cloned().unwrap_or_else(|| {
            is_known = false;
            String::new()
        })
    });
    let resolved = resolved.into_owned();
    (is_known && !resolved.contains(['$', '(', '{'])).then_some(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::plan::catalog::Catalog;
    use crate::repo::Inventory;
    use crate::repo::path::RelPath;
    use crate::stack::Survey;

    fn check(name: &str, text: &str, expected: &[&str], tags_expected: Option<&str>) {
        let inventory = Inventory::from_files([
            ("go.mod", "module example.com/x\n\ngo 1.26\n"),
            ("embed.go", "//go:build embed && !dev\n\npackage x\n"),
            (name, text),
        ]);
        let catalog = Catalog::builtin();
        let survey = Survey::new(inventory.dir(RelPath::root()), catalog, &Settings::default());
        let go_mod = GoMod::read(&survey).expect("a module");
        let stamps = find(&survey.dir, &go_mod);
        let found: Vec<String> =
            stamps.iter().map(|stamp| format!("{}={}", stamp.variable.value, stamp.argument)).collect();
        assert_eq!(found, expected, "{text}");
        let docs: Vec<Doc<'_>> = survey.dir.docs().collect();
        assert_eq!(tags(&survey.dir, &docs).map(|tags| tags.value).as_deref(), tags_expected, "{text}");
    }

    #[test]
    fn plain_names_are_followed() {
        for (name, text, stamps, tags) in [
            ("Makefile", "\tgo build -ldflags \"-X main.version=$(V)\"", &["main.version=VERSION"][..], None),
            (
                "Makefile",
                "LDFLAGS = -s -w -X 'example.com/x/pkg.Version=$(V)'",
                &["example.com/x/pkg.Version=VERSION"],
                None,
            ),
            ("Makefile", "\tgo build -ldflags \"-X $(PKG).Version=$(V)\"", &[], None),
            (
                "Makefile",
                "PKG := example.com/x/version\nL=-X $(PKG).Version=$(V) -X ${PKG}.GitCommit=$(C)",
                &["example.com/x/version.Version=VERSION", "example.com/x/version.GitCommit=REVISION"],
                None,
            ),
            (
                "Makefile",
                "M = $(shell go list -m)\nL=-X \"$(M)/cmd.version=$(V)\"",
                &["example.com/x/cmd.version=VERSION"],
                None,
            ),
            (
                "Makefile",
                "\tgo build -ldflags \"-X github.com/prometheus/common/version.Version=1\"",
                &[],
                None,
            ),
            ("Makefile", "\tgo build -ldflags=\"-X example.com/xy.Version=1\"", &[], None),
            (
                ".goreleaser.yaml",
                "    ldflags:\n      - -s -w -X main.version={{.Version}} -X main.commit={{.Commit}} -X main.date={{.Date}}",
                &["main.version=VERSION", "main.commit=REVISION"],
                None,
            ),
            (
                ".goreleaser.yml",
                "      - -X {{ .ModulePath }}/cmd.Version={{ .Version }}",
                &["example.com/x/cmd.Version=VERSION"],
                None,
            ),
            ("Makefile", "\tgo build -tags embed,osusergo -o x .", &[], Some("embed")),
            ("Makefile", "\tgo test -tags embed ./...", &[], None),
            ("Makefile", "\tgo build", &[], None),
        ] {
            check(name, text, stamps, tags);
        }
    }
}
