//! Every repository under `tests/fixtures/`: `dockgen init`, a real build, a real container.
//!
//! `DOCKGEN_E2E=all cargo test --test e2e` runs it, with a name behind it only one fixture; `DOCKGEN_E2E=1` leaves out
//! the fixtures that say `only_in_full`.
//! It takes minutes and builds gigabytes, so that without the variable, and without a
//! container engine, each fixture is shown as ignored.
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "tests start programs; minutes pass")]

mod support;

use dockgen::verify::{DockerfileReport, Engine, Extent, Network, Outcome, verify};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use support::fixture::{Expectation, Fixture};
use support::private_module::{NETRC, PrivateModule};
use support::{
    SIGNALS, STOP_SECONDS, check_rebuild, check_stop, engine, ensure, prepare, show_one, with_engine,
};

fn main() {
    let mut args = Arguments::from_args();
    // Containers on the host's network share its ports, and builds share its processors.
    args.test_threads = args.test_threads.or(Some(1));
    let wanted = std::env::var("DOCKGEN_E2E").ok();
    let (is_wanted, is_full) = (wanted.is_some(), wanted.as_deref() == Some("all"));
    let mut trials: Vec<Trial> = Fixture::names()
        .into_iter()
        .map(|name| {
            Trial::ignorable_test(name.clone(), move || {
                if !is_wanted {
                    return Ok(Completion::ignored_with("set DOCKGEN_E2E=1 to build and run it"));
                }
                let expectation = Fixture::copy(&name)?.expectation;
                if let Some(reason) = expectation.not_built {
                    return Ok(Completion::ignored_with(reason));
                }
                if expectation.only_in_full && !is_full {
                    return Ok(Completion::ignored_with("set DOCKGEN_E2E=all to build it too"));
                }
                with_engine(|engine| prove(&name, &engine))
            })
        })
        .collect();
    trials.push(Trial::ignorable_test("settings of single stages", move || {
        if !is_full {
            return Ok(Completion::ignored_with("set DOCKGEN_E2E=all to build and run it"));
        }
        with_engine(|engine| prove_settings(&engine))
    }));
    trials.push(Trial::ignorable_test("sources of earlier times", move || {
        if !is_wanted {
            return Ok(Completion::ignored_with("set DOCKGEN_E2E=1 to build it"));
        }
        with_engine(|engine| prove_times(&engine))
    }));
    trials.push(Trial::ignorable_test("private modules of Go", move || {
        if !is_full {
            return Ok(Completion::ignored_with("set DOCKGEN_E2E=all to build and run it"));
        }
        match engine(&SIGNALS) {
            Ok(engine) if engine.network() == Network::Host => {
                prove_private_module(&engine).map(|()| Completion::Completed)
            }
            Ok(_) => Ok(Completion::ignored_with("containers do not see a server of this machine")),
            Err(reason) => Ok(Completion::ignored_with(reason)),
        }
    }));
    libtest_mimic::run(&args, trials).exit();
}

/// A module that only a password brings, from the server that `go.mod` names: the build gets it as a secret, and without
/// the secret there is no build.
fn prove_private_module(engine: &Engine) -> Result<(), Failed> {
    let fixture = Fixture::copy("go-private")?;
    let root = fixture.root();
    let server = PrivateModule::serve()?;
    let settings = std::fs::read_to_string(root.join("dockgen.toml"))?;
    // The name of the shipyard's host leads to this machine.
    let elsewhere = format!(
        "\n[stages.deps.env]\nGIT_CONFIG_PARAMETERS = \"'url.http://127.0.0.1:{}/.insteadof'='https://git.acme.test/'\"\n",
        server.port
    );
    std::fs::write(root.join("dockgen.toml"), settings + &elsewhere)?;
    let dockerfile = fixture.init()?;
    prepare(&dockerfile)?;
    let kept = tempfile::tempdir()?;
    let secret = kept.path().join("netrc");
    std::fs::write(&secret, NETRC)?;
    let mut request = fixture.request(&dockerfile, "private modules of Go");
    // Without the password first: a cached download would not ask for it.
    request.extent = Extent::BuildsOnly;
    let without = verify(engine, &request, &mut |words| eprintln!("{words}, without the secret"))?;
    ensure(without.build.outcome != Outcome::Passed, || "it builds without the secret".to_owned())?;
    request.extent = Extent::Everything;
    request.secrets = vec![format!("id=netrc,src={}", secret.display())];
    let report = verify(engine, &request, &mut |words| eprintln!("{words}"))?;
    check(&report, &fixture.expectation).map_err(|failed| {
        let words = failed.message().unwrap_or_default().to_owned();
        format!("{words}\n{}", show_one("private modules of Go", report)).into()
    })
}

/// Who breaks a test, mends it and breaks it again sees it fail again. The engine takes the layer of the first broken
/// sources, with their times, which are earlier than what was compiled from the mended ones.
fn prove_times(engine: &Engine) -> Result<(), Failed> {
    let fixture = Fixture::copy("rust-axum")?;
    let dockerfile = fixture.init()?;
    prepare(&dockerfile)?;
    let change = fixture.expectation.breakage.as_ref().ok_or("the fixture has no test to break")?;
    let source = fixture.root().join(&change.file);
    // Sources that no other run has seen.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();
    let good = format!("{}\n// {now}\n", std::fs::read_to_string(&source)?);
    let bad = good.replacen(&change.from, &change.to, 1);
    let mended = format!("{good}// Mended.\n");
    let mut request = fixture.request(&dockerfile, "sources of earlier times");
    request.extent = Extent::TestOnly;
    for (text, words) in [(&bad, "broken"), (&mended, "mended"), (&bad, "broken again")] {
        std::fs::write(&source, text)?;
        let report = verify(engine, &request, &mut |step| eprintln!("{step}, {words}"))?;
        let is_as_expected = (report.test.outcome == Outcome::Passed) == (words == "mended");
        ensure(is_as_expected, || format!("{words}: {:?}", report.test.outcome))?;
    }
    Ok(())
}

/// What `[stages]` adds is there while it builds and runs: the build of this one fails where something is missing.
const SETTINGS: &str = r#"
[stages.deps]
packages = ["git"]
env.GREETING = "hi there"
args.FLAVOUR = "plain"
secrets = ["token"]
instructions = ["RUN test \"$GREETING\" = 'hi there' && test \"$FLAVOUR\" = plain && git --version"]
target = "packages"

[stages.prod-deps]
secrets = ["token"]

[stages.runtime]
env.MODE = "fast"
instructions = ["COPY package.json /proof/package.json"]
target = "app"

[runtime]
env.GREETING = "bonjour"
user = "7007:7007"

[labels]
"org.example.team" = "shop floor"
"#;

fn prove_settings(engine: &Engine) -> Result<(), Failed> {
    let fixture = Fixture::copy("node-express")?;
    let root = fixture.root();
    std::fs::write(root.join("dockgen.toml"), SETTINGS)?;
    // Only a command that sees the secret gets through an install.
    let manifest = std::fs::read_to_string(root.join("package.json"))?;
    let guarded = "\"scripts\": {\n    \"preinstall\": \"test $(cat /run/secrets/token) = sesame\",";
    std::fs::write(root.join("package.json"), manifest.replace("\"scripts\": {", guarded))?;
    let dockerfile = fixture.init()?;
    let text = std::fs::read_to_string(&dockerfile)?;
    for line in
        [" AS packages\n", " AS app\n", "org.example.team=\"shop floor\"", "MODE=fast", "USER 7007:7007"]
    {
        ensure(text.contains(line), || format!("no `{line}` in {text}"))?;
    }
    prepare(&dockerfile)?;
    let kept = tempfile::tempdir()?;
    let secret = kept.path().join("token");
    std::fs::write(&secret, "sesame")?;
    let mut request = fixture.request(&dockerfile, "settings of single stages");
    request.secrets = vec![format!("id=token,src={}", secret.display())];
    let report = verify(engine, &request, &mut |words| eprintln!("{words}"));
    // Without it the build has to fail, or the secret proves nothing. A cached install would not notice.
    let other = std::fs::read_to_string(root.join("package.json"))?.replace("\"1.4.0\"", "\"1.4.1\"");
    std::fs::write(root.join("package.json"), other)?;
    request.secrets.clear();
    request.extent = Extent::BuildsOnly;
    let without = verify(engine, &request, &mut |words| eprintln!("{words}, without the secret"));
    let report = report?;
    let process = report.user.facts.as_ref().and_then(|user| user.process.clone());
    let failed: Vec<&str> = report
        .outcomes()
        .into_iter()
        .filter(|(_, outcome, _)| !matches!(outcome, Outcome::Passed | Outcome::Skipped))
        .map(|(step, ..)| step)
        .collect();
    if !failed.is_empty() {
        return Err(format!("{failed:?}\n{}", show_one("settings", report)).into());
    }
    ensure(process.as_deref() == Some("7007"), || format!("the process runs as {process:?}"))?;
    ensure(without?.build.outcome != Outcome::Passed, || "it builds without the secret".to_owned())
}

fn prove(name: &str, engine: &Engine) -> Result<(), Failed> {
    let fixture = Fixture::copy(name)?;
    let dockerfile = fixture.init()?;
    prepare(&dockerfile)?;
    let mut request = fixture.request(&dockerfile, name);
    let report = verify(engine, &request, &mut |words| eprintln!("{words}"))?;
    check(&report, &fixture.expectation).map_err(|failed| {
        let words = failed.message().unwrap_or_default().to_owned();
        format!("{words}\n{}", show_one(name, report))
    })?;

    if fixture.expectation.breakage.is_none() {
        return Ok(());
    }
    fixture.break_test()?;
    request.extent = Extent::TestOnly;
    let broken = verify(engine, &request, &mut |words| eprintln!("{words}, with a broken test"))?;
    let failure = broken.test.failure.ok_or("`--target test` passes with a broken test")?;
    ensure(failure.stage.as_deref() == Some("test"), || format!("not the test failed but {failure:?}"))
}

fn check(report: &DockerfileReport, expected: &Expectation) -> Result<(), Failed> {
    for (step, outcome, _) in report.outcomes() {
        // A health check may be missing: some runtimes have nothing to ask with. A program that ends by itself
        // has nothing to stop.
        let may_be_skipped = match step {
            "health" => true,
            "stop" => expected.run.port.is_none(),
            "test" => expected.breakage.is_none(),
            _ => false,
        };
        let is_good = outcome == Outcome::Passed || (may_be_skipped && outcome == Outcome::Skipped);
        ensure(is_good, || format!("{step}: {outcome:?}"))?;
    }
    let boot = report.boot.facts.as_ref().ok_or("the step boot has no facts")?;
    ensure(boot.port == expected.run.port, || format!("the image exposes {:?}", boot.port))?;
    let user = report.user.facts.as_ref().ok_or("the step user has no facts")?;
    ensure(user.image == expected.run.user, || format!("the image runs as {:?}", user.image))?;
    if expected.run.port.is_none() {
        said(&report.logs, &expected.run.body)?;
        // What has ended by itself has nothing to stop.
        if report.stop.facts.is_some() {
            check_stop(report, expected.run.stop_seconds.unwrap_or(STOP_SECONDS))?;
        }
        return check_rebuild(report);
    }
    let uid = expected.run.user.split(':').next();
    ensure(user.process.as_deref() == uid, || format!("the process runs as {:?}", user.process))?;
    check_stop(report, expected.run.stop_seconds.unwrap_or(STOP_SECONDS))?;
    check_rebuild(report)
}

/// Did the program print these words?
fn said(logs: &[String], words: &str) -> Result<(), Failed> {
    let log = logs.iter().find(|path| path.contains("run")).ok_or("no log of the run was kept")?;
    let text = std::fs::read_to_string(log)?;
    ensure(text.contains(words), || format!("it printed {text:?}, not {words:?}"))
}
