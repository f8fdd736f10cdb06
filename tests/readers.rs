//! The files beside the Dockerfile in the eyes of those who read them: the published schemas of GitLab CI, GitHub Actions and
//! Compose, which check-jsonschema brings, and the reader of development containers.
//!
//! Each is asked where it is installed, and shown as ignored where it is not. Nothing is fetched.
#![allow(clippy::disallowed_methods, reason = "tests start programs")]

mod support;

use std::path::Path;
use std::process::{Command, Output};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use support::ensure;
use support::fixture::Fixture;

/// One service and several, with a database beside them and without, with a stage of tools and without.
const FIXTURES: &[&str] = &["go-hello", "java-spring", "node-npm-workspaces", "python-django", "rust-axum"];

/// A schema that check-jsonschema knows, and the file that is held to it.
const SCHEMAS: &[(&str, &str)] = &[
    ("vendor.gitlab-ci", ".gitlab/image.yml"),
    ("vendor.github-workflows", ".github/workflows/image.yml"),
    ("vendor.compose-spec", "compose.yaml"),
];

fn main() {
    let mut trials = Vec::new();
    for (schema, file) in SCHEMAS {
        trials.push(Trial::ignorable_test(*schema, move || {
            with("check-jsonschema", || schema_holds(schema, file))
        }));
    }
    trials.push(Trial::ignorable_test("devcontainer", || with("devcontainer", devcontainer_reads)));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn with(tool: &str, test: impl FnOnce() -> Result<(), Failed>) -> Result<Completion, Failed> {
    match Command::new(tool).arg("--version").output() {
        Ok(answer) if answer.status.success() => test().map(|()| Completion::Completed),
        _ => Ok(Completion::ignored_with(format!("{tool} is not installed"))),
    }
}

/// A fixture with everything that is written beside a Dockerfile.
fn written(name: &str) -> Result<Fixture, Failed> {
    let fixture = Fixture::copy(name)?;
    let flags = ["init", "--yes", "--all", "--compose", "--ci", "github", "--ci", "gitlab", "--devcontainer"];
    let output = Command::new(env!("CARGO_BIN_EXE_dockgen")).args(flags).arg(fixture.root()).output()?;
    passed(&output)?;
    Ok(fixture)
}

fn schema_holds(schema: &str, file: &str) -> Result<(), Failed> {
    // GitLab's own words, such as !reference, are no part of YAML.
    let transform: &[&str] =
        if schema == "vendor.gitlab-ci" { &["--data-transform", "gitlab-ci"] } else { &[] };
    let check = |path: &Path| {
        let mut command = Command::new("check-jsonschema");
        command.args(["--builtin-schema", schema]).args(transform).arg(path).output()
    };
    for name in FIXTURES {
        let fixture = written(name)?;
        passed(&check(&fixture.root().join(file))?)?;
    }
    // A schema that takes anything would prove nothing.
    let wrong = tempfile::tempdir()?;
    let path = wrong.path().join("wrong.yml");
    std::fs::write(&path, "services: [1]\nimage: {script: 7}\njobs: 3\n")?;
    ensure(!check(&path)?.status.success(), || format!("{schema} takes anything"))
}

fn devcontainer_reads() -> Result<(), Failed> {
    for name in FIXTURES {
        let fixture = written(name)?;
        let mut command = Command::new("devcontainer");
        // It looks for a container that runs already; there is none.
        command.args(["read-configuration", "--docker-path", "true", "--workspace-folder"]);
        let output = command.arg(fixture.root()).output()?;
        passed(&output)?;
        let read: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let build = &read["configuration"]["build"];
        let file = build["dockerfile"].as_str().ok_or_else(|| format!("no Dockerfile in {read}"))?;
        ensure(fixture.root().join(".devcontainer").join(file).is_file(), || format!("{file} is not there"))?;
        ensure(build["target"].is_string(), || format!("no stage in {read}"))?;
    }
    Ok(())
}

fn passed(output: &Output) -> Result<(), Failed> {
    let said = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    ensure(output.status.success(), || said.join("\n"))
}
