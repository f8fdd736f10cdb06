//! What the tests with a container engine share. Without an engine they are shown as
//! ignored, with the reason.
#![allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "each test file uses a part; tests may look around, and say what takes minutes"
)]

pub mod compare;
pub mod fixture;
pub mod private_module;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use dockgen::verify::{
    DockerfileReport, Engine, EngineKind, Interrupt, Leftovers, Network, NetworkChoice, Report, Request,
    SCHEMA_VERSION, ServiceReport,
};
use libtest_mimic::{Completion, Failed};

/// An engine for one test, or why there is none. `DOCKGEN_E2E_ENGINE` names one,
/// `DOCKGEN_E2E_ENGINE_NETWORK` says `host` or `bridge` where the automatic choice is wrong.
pub fn engine(interrupt: &Interrupt) -> Result<Engine, String> {
    let kind = match env::var("DOCKGEN_E2E_ENGINE") {
        Ok(name) => {
            Some(EngineKind::named(&name).ok_or(format!("DOCKGEN_E2E_ENGINE: no engine is called {name}"))?)
        }
        Err(_) => None,
    };
    let network = match env::var("DOCKGEN_E2E_ENGINE_NETWORK").as_deref() {
        Ok("host") => NetworkChoice::Fixed(Network::Host),
        Ok("bridge") => NetworkChoice::Fixed(Network::Bridge),
        _ => NetworkChoice::Auto,
    };
    Engine::find(kind, network, Leftovers::Remove, interrupt).map_err(|error| error.to_string())
}

/// Interrupts of the whole run.
pub static SIGNALS: LazyLock<Interrupt> = LazyLock::new(Interrupt::on_signals);

/// Runs `test` with an engine, or says that it could not.
pub fn with_engine(test: impl FnOnce(Engine) -> Result<(), Failed>) -> Result<Completion, Failed> {
    match engine(&SIGNALS) {
        Ok(engine) => test(engine).map(|()| Completion::Completed),
        Err(reason) => Ok(Completion::ignored_with(reason)),
    }
}

/// Runs the command of `DOCKGEN_E2E_PREPARE`, where there is one, with a Dockerfile that is
/// about to be built: a place without a registry makes its base images there.
pub fn prepare(dockerfile: &Path) -> Result<(), Failed> {
    let Ok(line) = env::var("DOCKGEN_E2E_PREPARE") else { return Ok(()) };
    let words = shell_words::split(&line)?;
    let (program, words) = words.split_first().ok_or("DOCKGEN_E2E_PREPARE is empty")?;
    let output = Command::new(program).args(words).arg(dockerfile).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{line} {}: {}", dockerfile.display(), String::from_utf8_lossy(&output.stderr)).into())
}

/// Runs `dockgen init --yes` on a copy; the answer is the Dockerfile it wrote.
pub fn init(root: &Path, args: &[String]) -> Result<PathBuf, Failed> {
    let output =
        Command::new(env!("CARGO_BIN_EXE_dockgen")).args(["init", "--yes"]).args(args).arg(root).output()?;
    ensure(output.status.success(), || format!("dockgen init: {}", String::from_utf8_lossy(&output.stderr)))?;
    // What is installed beside the sources may bring container files of its own.
    let walk = walkdir::WalkDir::new(root).sort_by_file_name().into_iter();
    let walk = walk.filter_entry(|entry| entry.file_name() != "node_modules");
    let mut written = walk.filter_map(Result::ok).filter(|entry| entry.file_name() == "Dockerfile");
    Ok(written.next().ok_or("dockgen init wrote no Dockerfile")?.into_path())
}

/// A verification of that Dockerfile, with everything else as it is by default.
pub fn request(root: &Path, dockerfile: &Path, title: &str) -> Request {
    let folder = dockerfile.parent().unwrap_or(root);
    // A service that is built from the whole repository has its own ignore file.
    let is_whole = folder.join("Dockerfile.dockerignore").is_file();
    let mut request = Request::new(if is_whole { root } else { folder }, dockerfile);
    title.clone_into(&mut request.title);
    request
}

/// The longest a program may take to end.
pub const STOP_SECONDS: f64 = 2.0;

/// What is expected of every image: it ends when told, and an edit costs what was edited.
pub fn check_manners(report: &DockerfileReport) -> Result<(), Failed> {
    check_stop(report, STOP_SECONDS)?;
    check_rebuild(report)
}

/// It ends within so many seconds of the signal, by itself.
pub fn check_stop(report: &DockerfileReport, limit: f64) -> Result<(), Failed> {
    let stop = report.stop.facts.as_ref().ok_or("the step stop has no facts")?;
    ensure(stop.seconds < limit, || format!("it took {} s to stop", stop.seconds))
}

/// An edit costs what was edited.
pub fn check_rebuild(report: &DockerfileReport) -> Result<(), Failed> {
    let rebuild = report.rebuild.facts.as_ref().ok_or("the step rebuild has no facts")?;
    ensure(rebuild.dependency_steps_rerun.is_empty(), || {
        format!("dependencies were fetched again for an edit: {:?}", rebuild.dependency_steps_rerun)
    })?;
    ensure(rebuild.cached > 0 && rebuild.cached < rebuild.steps, || {
        format!("the edit changed nothing: {rebuild:?}")
    })
}

/// Fails with what did not hold, in words.
pub fn ensure(holds: bool, words: impl FnOnce() -> String) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(words().into()) }
}

/// Copies a fixture to where it may be changed.
pub fn copy_tree(from: &Path, to: &Path) -> Result<(), Failed> {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(&target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// What an engine still has of a run.
pub fn leftovers(program: &str, run_id: &str) -> String {
    let list = |words: &[&str]| {
        let output = Command::new(program).args(words).output().expect("the engine has just answered");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let label = format!("label=dockgen.verify={run_id}");
    let containers = list(&["ps", "--all", "--quiet", "--filter", &label]);
    let images = list(&["images", "--format", "{{.Repository}}:{{.Tag}}"]);
    let images: String = images.lines().filter(|name| name.contains(run_id)).collect();
    containers + &images
}

/// The report as a person sees it.
pub fn show(report: &Report) -> String {
    dockgen::verify::text(report)
}

/// The same, of one Dockerfile.
pub fn show_one(name: &str, report: DockerfileReport) -> String {
    show(&Report {
        schema_version: SCHEMA_VERSION,
        verdict: report.verdict,
        engine: None,
        services: vec![ServiceReport { service: name.to_owned(), dockerfiles: vec![report] }],
        error: None,
    })
}
