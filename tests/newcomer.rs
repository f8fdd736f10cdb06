//! The README's first page, word by word, in a clean container: `tests/newcomer.sh` with the program of this build.
//!
//! It is ignored where no container engine answers, and where `DOCKGEN_E2E` does not ask for images to be built.
#![allow(clippy::disallowed_methods, reason = "tests start programs")]

mod support;

use std::path::Path;
use std::process::Command;

use dockgen::verify::Network;
use libtest_mimic::{Arguments, Completion, Trial};
use support::{ensure, with_engine};

fn main() {
    let args = Arguments::from_args();
    let page = Trial::ignorable_test("the README's first page", || {
        if std::env::var_os("DOCKGEN_E2E").is_none() {
            return Ok(Completion::ignored_with("set DOCKGEN_E2E=1 to install, build and run what it says"));
        }
        with_engine(|engine| {
            let mut script = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/newcomer.sh"));
            script.env("DOCKGEN_BINARY", env!("CARGO_BIN_EXE_dockgen"));
            script.env("DOCKGEN_E2E_ENGINE", engine.kind().name());
            if engine.network() == Network::Host {
                script.env("DOCKGEN_E2E_ENGINE_NETWORK", "host");
            }
            let output = script.output()?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            ensure(output.status.success(), || text(&output.stdout) + &text(&output.stderr))
        })
    });
    libtest_mimic::run(&args, vec![page]).exit();
}
