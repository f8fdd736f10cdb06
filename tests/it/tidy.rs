//! Promises that hold for every stack and every fixture, and the list of what a new stack needs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use dockgen::dockerfile::IgnoreFile;
use dockgen::stack;

use crate::pure::{fixtures, made};

const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");
/// Longest file: one that is longer has two things to say.
const LONGEST: usize = 600;

fn root() -> &'static Path {
    Path::new(PACKAGE)
}

/// The names of what lies in a folder, sorted.
fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|bad| panic!("{folder}: {bad}"));
    entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect()
}

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let walk = walkdir::WalkDir::new(root().join(folder)).sort_by_file_name();
    walk.into_iter()
        .map(|entry| entry.expect("readable").into_path())
        .filter(|path| path.is_file() && path.to_string_lossy().ends_with(ending))
        .collect()
}

/// The stack of `go-hello` is `go`.
fn stack_of(name: &str) -> &str {
    name.split('-').next().unwrap_or(name)
}

#[test]
fn a_stack_is_one_name_in_four_places() {
    let ids: Vec<&str> = stack::ALL.iter().map(|stack| stack.id()).collect();
    assert!(ids.is_sorted(), "ALL in src/stack/mod.rs is not in alphabetical order: {ids:?}");
    let mut missing = Vec::new();
    for id in &ids {
        if !root().join("src/stack").join(id).exists() && !root().join(format!("src/stack/{id}.rs")).exists()
        {
            missing.push(format!("stack `{id}` has no code; add src/stack/{id}/"));
        }
        if files(&format!("templates/{id}"), ".tera").is_empty() {
            missing.push(format!("stack `{id}` has no templates; add templates/{id}/"));
        }
        for tree in ["tests/fixtures", "snapshots"] {
            if !names(tree).iter().any(|name| stack_of(name) == *id && root().join(tree).join(name).is_dir())
            {
                missing.push(format!("stack `{id}` has nothing in {tree}; add {tree}/{id}-<something>/"));
            }
        }
    }
    let is_stack = |name: &str| ids.contains(&name);
    for name in
        names("src/stack").iter().filter(|name| !["mod.rs", "common", "declared.rs"].contains(&name.as_str()))
    {
        if !is_stack(name.trim_end_matches(".rs")) {
            missing.push(format!("src/stack/{name} is not in ALL"));
        }
    }
    for name in names("templates").iter().filter(|name| root().join("templates").join(name).is_dir()) {
        if !is_stack(name) && !["base", "declared", "parts"].contains(&name.as_str()) {
            missing.push(format!("templates/{name} belongs to no stack in ALL"));
        }
    }
    for name in names("snapshots") {
        if !root().join("tests/fixtures").join(&name).is_dir() {
            missing.push(format!("snapshots/{name} has no fixture"));
        }
    }
    for fixture in fixtures() {
        let name = fixture.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if is_stack(stack_of(&name)) && !root().join("snapshots").join(&name).is_dir() {
            missing.push(format!("fixture `{name}` has no snapshot; run UPDATE_SNAPSHOTS=1 cargo test"));
        }
        if !fixture.with_extension("toml").is_file() {
            missing.push(format!("fixture `{name}` has no expectations; add tests/fixtures/{name}.toml"));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_readme_lists_every_stack() {
    let Ok(readme) = fs::read_to_string(root().join("README.md")) else { return };
    let cells: BTreeSet<&str> = readme
        .lines()
        .filter(|line| line.starts_with('|'))
        .flat_map(|line| line.split('|'))
        .map(str::trim)
        .collect();
    for stack in stack::ALL {
        assert!(cells.contains(stack.id()), "README.md has no row for {}", stack.id());
    }
}

#[test]
fn files_say_why_they_exist_and_stay_short() {
    let mut findings = Vec::new();
    for path in files("src", ".rs").into_iter().chain(files("tests", ".rs")) {
        let name = path.strip_prefix(root()).expect("below the root").display().to_string();
        if name.starts_with("tests/fixtures/") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("text");
        if !text.starts_with("//!") {
            findings.push(format!("{name} does not open with `//!`"));
        }
        let lines = text.lines().count();
        if lines > LONGEST {
            findings.push(format!("{name} has {lines} lines, more than {LONGEST}"));
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn settings_have_one_owner_and_say_what_they_are() {
    let mut seen = BTreeSet::new();
    for key in stack::keys() {
        assert!(seen.insert(key.name()), "`{}` is declared twice", key.name());
        assert!(key.name().contains('.'), "`{}` stands in no table", key.name());
        assert!(!key.doc().is_empty() && !key.doc().ends_with('.'), "`{}`: {}", key.name(), key.doc());
    }
    for stack in stack::ALL {
        for key in stack.keys() {
            let own = format!("{}.", stack.id());
            assert!(key.name().starts_with(&own), "`{}` belongs to {}", key.name(), stack.id());
        }
    }
}

#[test]
fn every_fixture_is_read_back_and_hides_nothing_it_needs() {
    let mut seen = 0;
    for fixture in fixtures() {
        let name = fixture.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (plan, made) = made(&fixture);
        if stack::named(stack_of(&name)).is_none() {
            continue;
        }
        assert!(!plan.services.is_empty(), "{name} is not recognised: {:#?}", plan.diagnostics);
        for stage in plan.services.iter().flat_map(|service| service.stages.iter()) {
            let template = root().join("templates").join(&stage.template);
            assert!(template.is_file(), "{name} names {} and it is not there", stage.template);
        }
        for (path, text) in made.iter().filter(|(path, _)| path.ends_with("ignore")) {
            let ignore = IgnoreFile::parse(text).unwrap_or_else(|bad| panic!("{name} {path}: {bad}"));
            for secret in [".env", "deep/.env", ".env.production", "tls.key", ".git/config", "id_rsa"] {
                let is_public = fixture.join(secret).is_file();
                assert!(ignore.excludes(secret) || is_public, "{name}: {path} lets {secret} through");
            }
        }
        seen += made.len();
    }
    assert!(seen > 0, "no fixture was read");
}
