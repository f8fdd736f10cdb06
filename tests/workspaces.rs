//! Monorepos in real containers: an edit in one app neither reinstalls nor rebuilds another.
//!
//! Each fixture is one tool's workspace with two apps and a library that both use. Both are built; then one app is
//! edited, and of the other nothing may run again. `DOCKGEN_E2E=1 cargo test --test workspaces` runs it, with a
//! name behind it only one tool.
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "tests start programs; minutes pass")]

mod support;

use std::fs;
use std::path::Path;

use dockgen::verify::{Edit, Engine, Extent, Outcome, RebuildFacts, Request, verify};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use support::fixture::Fixture;
use support::{ensure, prepare, with_engine};

/// Fixtures, each with edits that show what its build depends on.
const WORKSPACES: &[(&str, &[Case])] = &[
    ("node-npm-workspaces", MEMBERS),
    ("node-pnpm-workspace", MEMBERS),
    ("node-yarn-workspaces", MEMBERS),
    ("node-berry-workspaces", MEMBERS),
    ("node-bun-workspaces", MEMBERS),
    ("node-nx", PROJECTS),
];

/// One edit, and what it may do to the build of the app that the fixture names.
struct Case {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    /// Does anything of the build run again?
    is_ours: bool,
}

/// `apps/board` is built; `apps/desk` is another app, and `packages/clock` what both use.
const MEMBERS: &[Case] = &[
    Case { file: "apps/desk/server.js", from: "Ask again", to: "Come back", is_ours: false },
    Case { file: "apps/board/server.js", from: "Coastal line", to: "Valley line", is_ours: true },
    Case { file: "packages/clock/index.js", from: "long: true", to: "long: false", is_ours: true },
];

/// `apps/kiln` is built; `apps/gallery` is another app, and `libs/clay` what both use through `libs/glaze`.
const PROJECTS: &[Case] = &[
    Case { file: "apps/gallery/src/main.ts", from: "majolica", to: "celadon", is_ours: false },
    Case { file: "apps/kiln/src/main.ts", from: "celadon", to: "majolica", is_ours: true },
    Case { file: "libs/clay/src/index.ts", from: "earthenware", to: "redware", is_ours: true },
];

fn main() {
    let mut args = Arguments::from_args();
    args.test_threads = args.test_threads.or(Some(1));
    let is_wanted = std::env::var_os("DOCKGEN_E2E").is_some();
    let trials = WORKSPACES
        .iter()
        .map(|&(name, cases)| {
            Trial::ignorable_test(name, move || {
                if !is_wanted {
                    return Ok(Completion::ignored_with("set DOCKGEN_E2E=1 to build it"));
                }
                with_engine(|engine| prove(name, cases, &engine))
            })
        })
        .collect();
    libtest_mimic::run(&args, trials).exit();
}

fn prove(name: &str, cases: &[Case], engine: &Engine) -> Result<(), Failed> {
    for case in cases {
        let fixture = Fixture::copy(name)?;
        let dockerfile = fixture.init()?;
        prepare(&dockerfile)?;
        let (cached, steps) = if case.is_ours {
            let rebuilt = rebuild(engine, &fixture, &dockerfile, case)?;
            ensure(rebuilt.dependency_steps_rerun.is_empty(), || {
                format!(
                    "{}: dependencies were fetched again: {:?}",
                    case.file, rebuilt.dependency_steps_rerun
                )
            })?;
            (rebuilt.cached, rebuilt.steps)
        } else {
            build_again(engine, &fixture, &dockerfile, case)?
        };
        ensure((cached == steps) != case.is_ours, || {
            format!("{}: {cached} of {steps} steps were cached", case.file)
        })?;
        eprintln!("{name}: after an edit of {} {cached} of {steps} steps are cached", case.file);
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
    let report = verify(engine, &request, &mut |_| {})?;
    ensure(report.build.outcome == Outcome::Passed, || {
        format!("it does not build: {:?}", report.build.failure)
    })?;
    report.rebuild.facts.ok_or_else(|| "it was not built again".into())
}

/// Builds, edits a file that the build is not given, and builds again.
fn build_again(
    engine: &Engine,
    fixture: &Fixture,
    dockerfile: &Path,
    case: &Case,
) -> Result<(usize, usize), Failed> {
    let mut request = Request::new(fixture.root(), dockerfile);
    request.extent = Extent::BuildsOnly;
    let mut last = (0, 0);
    let path = fixture.root().join(case.file);
    for text in [fs::read_to_string(&path)?, fs::read_to_string(&path)?.replace(case.from, case.to)] {
        fs::write(&path, text)?;
        let report = verify(engine, &request, &mut |_| {})?;
        let facts = report.build.facts.filter(|_| report.build.outcome == Outcome::Passed);
        let facts = facts.ok_or_else(|| format!("it does not build: {:?}", report.build.failure))?;
        last = (facts.cached, facts.steps);
    }
    Ok(last)
}
