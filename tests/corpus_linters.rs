//! Real old Dockerfiles in the eyes of hadolint and of BuildKit's own checks, before and after a migration:
//! `DOCKGEN_CORPUS=DIR cargo test --test corpus_linters -- --nocapture` prints both sums side by side.
//!
//! Each file that looks like an application and gets stages is counted, in the order of names; the codes that remain stand
//! below. A tool that is not installed is left out. BuildKit takes seconds for each file, so it is asked about every
//! `DOCKGEN_CHECK_EACH`th (1 is all of them).
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test starts programs")]
#![allow(clippy::print_stdout, reason = "figures are printed for whoever asks for them")]
#![allow(missing_docs, reason = "a test")]

#[path = "support/app_like.rs"]
mod app_like;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dockgen::dockerfile::{Origin, Source, Stages, parse};
use dockgen::migrate::{Level, migrate};
use dockgen::repo::RelPath;

#[test]
fn findings_before_and_after() {
    let folder = std::env::var_os("DOCKGEN_CORPUS").expect("DOCKGEN_CORPUS names a folder");
    let each: usize =
        std::env::var("DOCKGEN_CHECK_EACH").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let place = tempfile::tempdir().unwrap();
    let mut pairs = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.unwrap();
        let Ok(text) = fs::read(entry.path()).map_or(Ok(String::new()), String::from_utf8) else { continue };
        let (old, problems) = parse(&text);
        let Some(language) = app_like::language(&text, &old) else { continue };
        if problems.iter().any(|problem| problem.kind.stops_build()) {
            continue;
        }
        let repository = app_like::repository(language, &old);
        let made = migrate(&RelPath::new("Dockerfile").unwrap(), &text, &repository, Level::Restage);
        if made.level == Level::Restage {
            let name = pairs.len();
            let path = |which: &str| place.path().join(format!("{name}.{which}"));
            fs::write(path("old"), &text).unwrap();
            fs::write(path("new"), &made.text).unwrap();
            pairs.push((path("old"), path("new")));
        }
    }
    assert!(!pairs.is_empty(), "DOCKGEN_CORPUS has no application in it");
    println!("{} files with stages         before  after", pairs.len());
    let files: Vec<&Path> = pairs.iter().flat_map(|(old, new)| [old.as_path(), new.as_path()]).collect();
    match hadolint(&files) {
        Some(found) => {
            let count = |path: &Path| Some(found.get(path).map_or(0, Vec::len));
            report("hadolint", pairs.iter(), count);
            let mut codes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
            for (path, found) in &found {
                for code in found {
                    let row = codes.entry(code).or_default();
                    if path.extension().is_some_and(|which| which == "old") { row.0 += 1 } else { row.1 += 1 }
                }
            }
            let mut codes: Vec<_> = codes.into_iter().collect();
            codes.sort_by_key(|(_, (_, after))| std::cmp::Reverse(*after));
            for (code, (before, after)) in codes.iter().take(12) {
                println!("  {code:<26} {before:>6} {after:>6}");
            }
        }
        None => println!("hadolint is not installed"),
    }
    report("docker build --check", pairs.iter().step_by(each), |path| check(path, place.path()));
}

fn report<'p>(
    name: &str,
    pairs: impl Iterator<Item = &'p (PathBuf, PathBuf)>,
    findings: impl Fn(&Path) -> Option<usize>,
) {
    let (mut files, mut before, mut after, mut clean, mut refused) = (0, 0, 0, 0, 0);
    for (old, new) in pairs {
        let Some((first, second)) = findings(old).zip(findings(new)) else {
            refused += 1;
            continue;
        };
        files += 1;
        before += first;
        after += second;
        clean += usize::from(second == 0);
    }
    println!(
        "{name:<28} {before:>6} {after:>6}   in {files} files, {clean} without any after, {refused} not judged"
    );
    assert!(after <= before, "{name}: more findings after than before");
}

/// The codes that are found in each file; none where hadolint does not start. Many are asked about at once: to start it takes
/// longer than to read a file.
fn hadolint(files: &[&Path]) -> Option<BTreeMap<PathBuf, Vec<String>>> {
    let mut codes: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for files in files.chunks(100) {
        let output = Command::new("hadolint").args(["--format", "json"]).args(files).output().ok()?;
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
        for finding in found.as_array()? {
            let word = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
            codes.entry(PathBuf::from(word("file"))).or_default().push(word("code"));
        }
    }
    Some(codes)
}

/// BuildKit asks for the images even to check, so a folder stands for each.
fn check(dockerfile: &Path, nothing: &Path) -> Option<usize> {
    let mut command = Command::new("docker");
    command.args(["buildx", "build", "--call", "check,format=json"]);
    // What variables an image brings is not known, and a frontend that the file does not name is an old one.
    command.args(["--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=UndefinedVar"]);
    command.args(["--build-arg", "BUILDKIT_SYNTAX=docker/dockerfile:1"]);
    for image in images(&fs::read_to_string(dockerfile).ok()?) {
        command.arg("--build-context").arg(format!("{image}={}", nothing.display()));
    }
    let empty = tempfile::tempdir().ok()?;
    let output = command.arg("-f").arg(dockerfile).arg(empty.path()).output().ok()?;
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    if found.get("buildError").is_some() {
        return None;
    }
    Some(found["warnings"].as_array().map_or(0, Vec::len))
}

fn images(text: &str) -> BTreeSet<String> {
    let (dockerfile, _) = parse(text);
    let mut images = BTreeSet::new();
    for stage in &Stages::of(&dockerfile) {
        if let Origin::Image(image) = &stage.origin {
            images.insert(image.to_string());
        }
        images.extend(stage.edges.iter().filter_map(|edge| match &edge.source {
            Source::Image(image) => Some(image.clone()),
            Source::Stage(_) | Source::Unknown(_) => None,
        }));
    }
    images
}
