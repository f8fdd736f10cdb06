//! Strangers' starters: projects that the frameworks' own scaffolders make, each taken to an answering container.
//!
//! `cargo test --test starters` makes, builds and runs all of them and prints a table; with a name behind `--` only
//! those that contain it: `cargo test --test starters -- node-vite`. Rows are data in `tests/starters/<language>.toml`.
//! Nothing of what is made is kept, unless `DOCKGEN_STARTERS_DIR` names a folder: projects stay there and are taken
//! from there the next time.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests start programs and look at files; the table is the result"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use dockgen::dockerfile::{self, Origin, Stages};
use dockgen::verify::{DockerfileReport, Edit, Engine, Expect, Probe, Request, Verdict, size, verify};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde::Deserialize;
use support::fixture::tests;
use support::{check_manners, check_rebuild, ensure, init, prepare, request, show_one, with_engine};

/// The rows of one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    /// Words in front of the shell that makes the projects: they bring the language's tools.
    #[serde(default)]
    run_with: Vec<String>,
    starter: Vec<Starter>,
}

/// One project that a scaffolder makes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Starter {
    name: String,
    /// Lines for a shell in an empty folder.
    #[serde(default)]
    make: Vec<String>,
    /// Where the project is then.
    #[serde(default = "app")]
    folder: PathBuf,
    /// What `dockgen init` is given beside `--yes`.
    #[serde(default)]
    args: Vec<String>,
    /// Variables of the container.
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default = "root")]
    path: String,
    /// The status that must come back; any below 500 without.
    status: Option<u16>,
    /// Words of the answer.
    body: Option<String>,
    /// The port that the image must expose.
    port: Option<u16>,
    /// The file that is edited before the second build, where a project has no source to choose.
    edit: Option<PathBuf>,
    /// Why it is not tried.
    skip: Option<String>,
}

fn app() -> PathBuf {
    PathBuf::from("app")
}

fn root() -> String {
    "/".to_owned()
}

/// A line of the table for each starter that was tried.
type Table = Arc<Mutex<BTreeMap<String, String>>>;

fn main() {
    let mut args = Arguments::from_args();
    // Containers on the host's network share its ports, and builds share its processors.
    args.test_threads = args.test_threads.or(Some(1));
    let table = Table::default();
    let mut trials = Vec::new();
    for (language, sheet) in sheets() {
        for starter in sheet.starter {
            let name = format!("{language}-{}", starter.name);
            let (table, run_with, title) = (Arc::clone(&table), sheet.run_with.clone(), name.clone());
            trials.push(Trial::ignorable_test(name, move || {
                if let Some(reason) = &starter.skip {
                    return Ok(Completion::ignored_with(reason));
                }
                with_engine(|engine| {
                    let result = prove(&title, &starter, &run_with, &engine);
                    let row = result.as_ref().map_or_else(|bad| failure_row(&title, bad), Clone::clone);
                    table.lock().map_err(|_| "another starter panicked")?.insert(title, row);
                    result.map(|_| ())
                })
            }));
        }
    }
    let conclusion = libtest_mimic::run(&args, trials);
    if let Ok(rows) = table.lock()
        && !rows.is_empty()
    {
        println!("| starter | image | size | boot | user | stop | rebuild |");
        println!("| --- | --- | --- | --- | --- | --- | --- |");
        rows.values().for_each(|row| println!("{row}"));
    }
    conclusion.exit();
}

/// Every file of rows, by language.
fn sheets() -> BTreeMap<String, Sheet> {
    let folder = tests().join("starters");
    let entries = fs::read_dir(&folder).unwrap_or_else(|bad| panic!("{}: {bad}", folder.display()));
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let sheet = toml::from_str(&text).unwrap_or_else(|bad| panic!("{}: {bad}", path.display()));
            (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), sheet)
        })
        .collect()
}

/// Makes the project, containerises it, and answers its line of the table.
fn prove(title: &str, starter: &Starter, run_with: &[String], engine: &Engine) -> Result<String, Failed> {
    let temporary = tempfile::Builder::new().prefix("dockgen-starter-").tempdir()?;
    let kept = std::env::var_os("DOCKGEN_STARTERS_DIR").map(|folder| PathBuf::from(folder).join(title));
    let home = kept.as_deref().unwrap_or(temporary.path());
    let project = home.join(&starter.folder);
    if !project.is_dir() {
        fs::create_dir_all(home)?;
        eprintln!("{title}: make");
        make(starter, run_with, home)?;
    }
    ensure(project.is_dir(), || format!("the scaffolder made no {}", starter.folder.display()))?;
    for path in container_files(&project) {
        // Somebody else's files would be somebody else's testimony.
        fs::remove_file(path)?;
    }

    let dockerfile = init(&project, &starter.args)?;
    prepare(&dockerfile)?;
    let mut request: Request = request(&project, &dockerfile, title);
    request.probe = Probe::Http {
        port: None,
        path: starter.path.clone(),
        expect: Expect { status: starter.status, body: starter.body.clone() },
    };
    request.env = starter.env.iter().map(|(key, value)| format!("{key}={value}")).collect();
    request.edit = starter.edit.clone().map_or(Edit::Choose, Edit::Append);
    let report = verify(engine, &request, &mut |words| eprintln!("{words}"))?;
    match check(starter, &report) {
        Ok(()) => Ok(row(title, &dockerfile, &report)),
        Err(failed) => {
            Err(format!("{}\n{}", failed.message().unwrap_or_default(), show_one(title, report)).into())
        }
    }
}

fn make(starter: &Starter, run_with: &[String], home: &Path) -> Result<(), Failed> {
    let words: Vec<String> = run_with
        .iter()
        .cloned()
        .chain(["sh", "-exc"].map(str::to_owned))
        .chain([starter.make.join("\n")])
        .collect();
    let output = Command::new(&words[0])
        .args(&words[1..])
        .current_dir(home)
        // Scaffolders ask nothing where they think that a machine uses them.
        .env("CI", "1")
        .stdin(Stdio::null())
        .output()?;
    ensure(output.status.success(), || {
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let lines: Vec<String> = text.concat().lines().map(str::to_owned).collect();
        format!("the scaffolder failed:\n{}", lines[lines.len().saturating_sub(40)..].join("\n"))
    })
}

/// Container files that the scaffolder, or an earlier run, left in the project.
fn container_files(project: &Path) -> Vec<PathBuf> {
    const NAMES: &[&str] = &["Dockerfile", ".dockerignore", "Dockerfile.dockerignore", "dockgen.toml"];
    let walk = walkdir::WalkDir::new(project).into_iter().filter_entry(|entry| {
        !matches!(entry.file_name().to_str(), Some("node_modules" | ".git" | ".venv" | "target"))
    });
    walk.filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| NAMES.contains(&name)))
        .map(walkdir::DirEntry::into_path)
        .collect()
}

fn check(starter: &Starter, report: &DockerfileReport) -> Result<(), Failed> {
    ensure(report.verdict == Verdict::Verified, || "it is not verified".to_owned())?;
    let exposed = report.boot.facts.as_ref().and_then(|boot| boot.port);
    // A program without a port runs, prints and ends: nobody stops it.
    if exposed.is_some() {
        check_manners(report)?
    } else {
        check_rebuild(report)?
    }
    ensure(starter.port.is_none() || starter.port == exposed, || format!("the image exposes {exposed:?}"))
}

fn row(title: &str, dockerfile: &Path, report: &DockerfileReport) -> String {
    let text = fs::read_to_string(dockerfile).unwrap_or_default();
    let (file, _) = dockerfile::parse(&text);
    let stages = Stages::of(&file);
    let lineage = stages.last().map(|last| stages.lineage(last)).unwrap_or_default();
    let base = lineage.first().map_or_else(
        || "-".to_owned(),
        |first| match &first.origin {
            Origin::Image(image) => image.to_string(),
            _ => "scratch".to_owned(),
        },
    );
    let seconds = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1} s"));
    format!(
        "| {title} | {} | {} | {} | {} | {} | {} |",
        base,
        report.image_bytes.map_or_else(|| "-".to_owned(), size),
        seconds(report.boot.facts.as_ref().map(|facts| facts.seconds)),
        report.user.facts.as_ref().map_or("-", |facts| facts.image.as_str()),
        seconds(report.stop.facts.as_ref().map(|facts| facts.seconds)),
        seconds(report.rebuild.facts.as_ref().map(|facts| facts.seconds)),
    )
}

fn failure_row(title: &str, failed: &Failed) -> String {
    let reason = failed.message().unwrap_or_default().lines().next().unwrap_or_default().to_owned();
    format!("| {title} | failed: {} | - | - | - | - | - |", reason.replace('|', "\\|"))
}
