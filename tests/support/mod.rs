//! What the tests with a container engine share. Without an engine they are shown as
//! ignored, with the reason.
#![allow(dead_code, clippy::disallowed_methods, reason = "each test file uses a part; tests may look around")]

pub mod fixture;

use std::env;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use dockgen::verify::{Engine, EngineKind, Interrupt, Leftovers, Network, NetworkChoice, Report};
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

/// Runs `test` with an engine, or says that it could not.
pub fn with_engine(test: impl FnOnce(Engine) -> Result<(), Failed>) -> Result<Completion, Failed> {
    static SIGNALS: LazyLock<Interrupt> = LazyLock::new(Interrupt::on_signals);
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
