//! One named test per repository under `tests/fixtures/`: it is planned and printed, and the result is
//! compared with the plain files under `snapshots/`.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test --test fixtures` records them anew; CI never sets it.
#![allow(clippy::disallowed_methods, reason = "a test may look at files")]

use std::fs;
use std::path::{Path, PathBuf};

use dockgen::config::Settings;
use dockgen::fact::Layer;
use dockgen::plan::plan;
use dockgen::render::{Templates, render_checked};
use dockgen::repo::Inventory;
use dockgen::stack;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut trials: Vec<Trial> = directories(&root.join("tests/fixtures"))
        .into_iter()
        .map(|fixture| {
            let name = fixture.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let snapshot = root.join("snapshots").join(&name);
            Trial::test(name, move || compare(&fixture, &snapshot))
        })
        .collect();
    trials.sort_by(|a, b| a.name().cmp(b.name()));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// Plans and prints one repository and compares every file.
fn compare(fixture: &Path, snapshot: &Path) -> Result<(), Failed> {
    let inventory = Inventory::scan(fixture, &stack::reads())?;
    let mut settings = Settings::read(&inventory, &stack::keys()).map_err(|bad| format!("{bad:#?}"))?;
    for assignment in assignments(&fixture.with_extension("toml")) {
        settings.set(&assignment, Layer::Flag, &stack::keys())?;
    }
    let mut plan = plan(&inventory, &settings);
    let templates = Templates::builtin()?;
    let mut expected = Vec::new();
    for service in plan.services.clone() {
        let (files, findings) = render_checked(&service, &templates, &inventory)?;
        plan.diagnostics.extend(findings);
        let name = |file: &str| files.dir.join(file).unwrap_or_default().to_string();
        expected.push((name("Dockerfile"), files.dockerfile.text.clone()));
        // Under this name it belongs to the Dockerfile beside it, so that a snapshot can be built where it lies.
        let ignore = files.dockerignore.ok_or("every fixture has an ignore file")?;
        expected.push((name("Dockerfile.dockerignore"), ignore.text));
    }
    expected.push(("plan.json".to_owned(), serde_json::to_string_pretty(&plan)? + "\n"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        return record(snapshot, &expected);
    }
    for (name, text) in &expected {
        let recorded = fs::read_to_string(snapshot.join(name)).unwrap_or_default();
        if recorded != *text {
            let diff = similar::TextDiff::from_lines(&recorded, text);
            let diff = diff.unified_diff().header("snapshot", "now").to_string();
            return Err(format!("{name} of {} changed:\n{diff}", snapshot.display()).into());
        }
    }
    Ok(())
}

fn record(snapshot: &Path, files: &[(String, String)]) -> Result<(), Failed> {
    if snapshot.exists() {
        fs::remove_dir_all(snapshot)?;
    }
    for (name, text) in files {
        let path = snapshot.join(name);
        fs::create_dir_all(path.parent().unwrap_or(snapshot))?;
        fs::write(path, text)?;
    }
    Ok(())
}

/// The `--set` assignments among the fixture's arguments.
fn assignments(expectations: &Path) -> Vec<String> {
    let text = fs::read_to_string(expectations).unwrap_or_default();
    let table: toml::Table = toml::from_str(&text).unwrap_or_default();
    let words: Vec<String> = table
        .get("args")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|word| word.as_str().map(str::to_owned))
        .collect();
    words.windows(2).filter(|pair| pair[0] == "--set").map(|pair| pair[1].clone()).collect()
}

fn directories(below: &Path) -> Vec<PathBuf> {
    fs::read_dir(below)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_dir())
        .collect()
}
