//! Monorepos in real containers: an edit in one app neither reinstalls nor rebuilds another.
//!
//! Each fixture is one tool's workspace with two apps and a library that both use. Both are built; then one app is
//! edited, and of the other nothing may run again. `DOCKGEN_E2E=1 cargo test --test workspaces` runs it, with a
//! name behind it only one tool.
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "tests start programs; minutes pass")]

mod support;

use std::path::Path;

use dockgen::verify::{Edit, Engine, Extent, Outcome, RebuildFacts, Request, verify};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use support::fixture::Fixture;
use support::{ensure, prepare, with_engine};

/// Fixtures with `apps/board`, `apps/desk` and `packages/clock`.
const WORKSPACES: &[&str] = &[
    "node-npm-workspaces",
    "node-pnpm-workspace",
    "node-yarn-workspaces",
    "node-berry-workspaces",
    "node-bun-workspaces",
];

/// One edit, and what it may do to the build of `apps/board`.
struct Case {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    /// Does anything of the build run again?
    is_ours: bool,
}

const CASES: &[Case] = &[
    Case { file: "apps/desk/server.js", from: "Ask again", to: "Come back", is_ours: false },
    Case { file: "apps/board/server.js", from: "Coastal line", to: "Valley line", is_ours: true },
    Case { file: "packages/clock/index.js", from: "long: true", to: "long: false", is_ours: true },
];

fn main() {
    let mut args = Arguments::from_args();
    args.test_threads = args.test_threads.or(Some(1));
    let is_wanted = std::env::var_os("DOCKGEN_E2E").is_some();
    let trials = WORKSPACES
        .iter()
        .map(|name| {
            Trial::ignorable_test(*name, move || {
                if !is_wanted {
                    return Ok(Completion::ignored_with("set DOCKGEN_E2E=1 to build it"));
                }
                with_engine(|engine| prove(name, &engine))
            })
        })
        .collect();
    libtest_mimic::run(&args, trials).exit();
}

fn prove(name: &str, engine: &Engine) -> Result<(), Failed> {
    for case in CASES {
        let fixture = Fixture::copy(name)?;
        let dockerfile = fixture.init()?;
        prepare(&dockerfile)?;
        let rebuilt = rebuild(engine, &fixture, &dockerfile, case)?;
        let Case { file, .. } = case;
        ensure(rebuilt.dependency_steps_rerun.is_empty(), || {
            format!("{file}: dependencies were fetched again: {:?}", rebuilt.dependency_steps_rerun)
        })?;
        let is_cached = rebuilt.cached == rebuilt.steps;
        ensure(is_cached != case.is_ours, || {
            format!("{file}: {} of {} steps were cached", rebuilt.cached, rebuilt.steps)
        })?;
        eprintln!("{name}: after an edit of {file} {} of {} steps are cached", rebuilt.cached, rebuilt.steps);
    }
    Ok(())
}

fn rebuild(
    engine: &Engine,
    fixture: &Fixture,
    dockerfile: &Path,
    case: &Case,
) -> Result<RebuildFacts, Failed> {
    let mut request = Request::new(fixture.root(), dockerfile);
    request.extent = Extent::BuildsOnly;
    request.edit =
        Edit::Replace { file: case.file.into(), from: case.from.to_owned(), to: case.to.to_owned() };
    let report = verify(engine, &request, &mut |words| eprintln!("{words}"))?;
    ensure(report.build.outcome == Outcome::Passed, || {
        format!("it does not build: {:?}", report.build.failure)
    })?;
    report.rebuild.facts.ok_or_else(|| "it was not built again".into())
}
