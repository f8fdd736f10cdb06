//! Old Dockerfiles and what `dockgen migrate` makes of them, both built and run: the cases of `tests/legacy/` that name a
//! repository, through `dockgen migrate --verify`.
//!
//! `DOCKGEN_E2E=all cargo test --test migrations` runs all of them, with a name behind it only one, and prints what was
//! measured; `DOCKGEN_E2E=1` takes one of each stack that is built soon. Without the variable, and without a container
//! engine, each is shown as ignored.
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "tests start programs; minutes pass")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use support::{copy_tree, ensure, prepare, with_engine};

/// Built with every change.
const SOON: &[&str] = &["go-zones-user", "python-flask-dev-server"];

fn main() {
    let mut args = Arguments::from_args();
    // Containers on the host's network share its ports, and builds share its processors.
    args.test_threads = args.test_threads.or(Some(1));
    let wanted = std::env::var("DOCKGEN_E2E").ok();
    let trials = cases().into_iter().map(|(name, fixture)| {
        let wanted = wanted.clone();
        Trial::ignorable_test(name.clone(), move || match wanted.as_deref() {
            None => Ok(Completion::ignored_with("set DOCKGEN_E2E=1 to build and run it")),
            Some("all") => with_engine(|_| prove(&name, &fixture)),
            Some(_) if SOON.contains(&name.as_str()) => with_engine(|_| prove(&name, &fixture)),
            Some(_) => Ok(Completion::ignored_with("set DOCKGEN_E2E=all to build it too")),
        })
    });
    let trials = trials.collect();
    libtest_mimic::run(&args, trials).exit();
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The cases and the fixtures that are their repositories, sorted.
fn cases() -> Vec<(String, String)> {
    let entries = fs::read_dir(tests().join("legacy")).into_iter().flatten().filter_map(Result::ok);
    let mut cases: Vec<(String, String)> = entries
        .filter_map(|entry| {
            let fixture = fs::read_to_string(entry.path().join("repository")).ok()?;
            Some((entry.file_name().into_string().ok()?, fixture.trim().to_owned()))
        })
        .collect();
    cases.sort();
    cases
}

fn prove(name: &str, fixture: &str) -> Result<(), Failed> {
    let home = tempfile::tempdir()?;
    let root = home.path().join(name);
    copy_tree(&tests().join("fixtures").join(fixture), &root)?;
    let case = tests().join("legacy").join(name);
    let dockerfile = root.join("Dockerfile");
    copy_tree(&case.join("before"), &root)?;
    prepare(&dockerfile)?;
    prepare(&case.join("after/Dockerfile"))?;
    let output = Command::new(env!("CARGO_BIN_EXE_dockgen"))
        .args(["migrate", "--verify", "--format", "json", "--write", "--allow-dirty", "--accept-open"])
        .arg(&root)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|bad| format!("{bad}: {}\n{said}", String::from_utf8_lossy(&output.stdout)))?;
    let measured = &document["migrations"][0]["migration"]["measured"];
    eprintln!("{name}: {}", measured["judgement"].as_str().unwrap_or("nothing"));
    for row in measured["rows"].as_array().into_iter().flatten() {
        let cell = |what: &str| row[what].as_str().unwrap_or_default().to_owned();
        eprintln!("  {:<9} {:<32} {}", cell("what"), cell("before"), cell("after"));
    }
    let judgement = measured["judgement"].as_str().unwrap_or_default();
    let words = || format!("{judgement}: {}\n{said}", measured["said"]);
    // Each of these old files builds and runs, so that there is something to compare with.
    ensure(judgement == "as-before", words)?;
    let answers = |side: &str| {
        measured["rows"].as_array().into_iter().flatten().any(|row| {
            row["what"] == "answers"
                && row[side].as_str().is_some_and(|answer| !["no", "-"].contains(&answer))
        })
    };
    ensure(answers("before") && answers("after"), || format!("neither answers: {measured:#}"))?;
    ensure(fs::read_to_string(&dockerfile)? == fs::read_to_string(case.join("after/Dockerfile"))?, || {
        "what was built is not what the case expects".to_owned()
    })
}
