//! `dockgen verify` with a real engine: each test makes a tiny image that does one thing
//! well or badly. The program inside is built by the Go compiler of this machine, so that
//! no base image is needed.
#![allow(clippy::disallowed_methods, reason = "tests make files and start programs")]

mod support;

use std::fs;
use std::io::Cursor;
use std::net::{Ipv4Addr, TcpListener};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use dockgen::cli::verify::{self as command, VerifyArgs};
use dockgen::config::Settings;
use dockgen::verify::{
    DockerfileReport, Edit, Expect, Interrupt, Network, Outcome, Probe, Request, Verdict, VerifyError, verify,
};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use support::{ensure, with_engine};
use tempfile::TempDir;

/// Serves the file `/note.py`, and misbehaves as told by its arguments.
const SERVER: &str = r#"
package main

import (
    "fmt"
    "net/http"
    "os"
    "os/signal"
    "syscall"
)

func main() {
    terminated := make(chan os.Signal, 1)
    signal.Notify(terminated, syscall.SIGTERM)
    what, address := os.Args[1], os.Args[2]
    switch what {
    case "end":
        return
    case "fail":
        fmt.Println("starting")
        fmt.Println("Error: no such table: notes")
        os.Exit(3)
    case "serve":
        go func() { <-terminated; os.Exit(0) }()
    case "deaf":
    }
    http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
        note, _ := os.ReadFile("/note.py")
        w.Write(note)
    })
    if err := http.ListenAndServe(address, nil); err != nil {
        fmt.Println("Error:", err)
        os.Exit(1)
    }
}
"#;

/// The server's program, built once; `Err` says why it cannot be.
fn server() -> Result<&'static Path, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let build = || {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let source = home.join("server.go");
        fs::write(&source, SERVER).map_err(|error| error.to_string())?;
        let program = home.join("server");
        let output = Command::new("go")
            .args(["build", "-trimpath", "-o"])
            .args([&program, &source])
            .env("CGO_ENABLED", "0")
            .output()
            .map_err(|error| format!("the Go compiler builds the test's server: {error}"))?;
        if output.status.success() {
            Ok(program)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    };
    BUILT.get_or_init(build).as_deref().map_err(Clone::clone)
}

/// A repository with one Dockerfile: the server, what it serves, and these lines.
struct Sample {
    home: TempDir,
    port: u16,
}

impl Sample {
    /// `PORT` in the lines stands for a port of this machine that is free.
    fn new(lines: &str) -> Result<Self, String> {
        let home = tempfile::tempdir().map_err(|error| error.to_string())?;
        fs::copy(server()?, home.path().join("server")).map_err(|error| error.to_string())?;
        fs::write(home.path().join("note.py"), "# a note\n").map_err(|error| error.to_string())?;
        let free = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).map_err(|error| error.to_string())?;
        let port = free.local_addr().map_err(|error| error.to_string())?.port();
        let sample = Self { home, port };
        sample.write("Dockerfile", lines);
        Ok(sample)
    }

    fn write(&self, name: &str, lines: &str) {
        let text = format!(
            "FROM scratch AS build\nCOPY server /server\nFROM scratch AS runtime\nCOPY --from=build /server /server\nCOPY note.py /note.py\n{lines}\n"
        );
        fs::write(self.home.path().join(name), text.replace("PORT", &self.port.to_string()))
            .expect("the sample's folder has just been made");
    }

    fn request(&self) -> Request {
        let mut request = Request::new(self.home.path(), self.home.path().join("Dockerfile"));
        "Dockerfile".clone_into(&mut request.title);
        request.limits.boot = Duration::from_secs(4);
        request.limits.stop = Duration::from_secs(2);
        request
    }
}

const GOOD: &str = "USER 65532:65532\nEXPOSE PORT\nENTRYPOINT [\"/server\", \"serve\", \":PORT\"]";

/// One row: what the image is, how the request differs, and what the report must say.
struct Case {
    name: &'static str,
    lines: &'static str,
    change: fn(&mut Request),
    check: fn(&DockerfileReport, u16) -> Result<(), Failed>,
}

fn failure_of(report: &DockerfileReport, step: &str) -> Result<String, Failed> {
    let (_, _, failure) =
        report.outcomes().into_iter().find(|(name, ..)| *name == step).ok_or("no such step")?;
    let others: Vec<_> = report
        .outcomes()
        .into_iter()
        .filter(|(name, outcome, _)| *name != step && *outcome == Outcome::Failed)
        .collect();
    ensure(others.is_empty(), || format!("only {step} should fail: {others:?}"))?;
    Ok(failure.ok_or_else(|| format!("{step} did not fail: {report:#?}"))?.line.clone())
}

fn expect_failure(report: &DockerfileReport, step: &str, words: &str) -> Result<(), Failed> {
    let line = failure_of(report, step)?;
    ensure(line.contains(words), || format!("{line:?} does not contain {words:?}"))?;
    ensure(report.verdict == Verdict::Failed, || "a failed step is a failed verdict".to_owned())
}

const CASES: &[Case] = &[
    Case {
        name: "a good image passes every step",
        lines: GOOD,
        change: |request| {
            request.probe = Probe::Http {
                port: None,
                path: "/".to_owned(),
                expect: Expect { status: Some(200), body: Some("a note".to_owned()) },
            };
            request.edit =
                Edit::Replace { file: "note.py".into(), from: "a note".to_owned(), to: "news".to_owned() };
            request.expect_after_edit = Some(Expect { status: Some(200), body: Some("news".to_owned()) });
        },
        check: |report, _| {
            ensure(report.verdict == Verdict::Verified, || format!("{report:#?}"))?;
            let stop = report.stop.facts.as_ref().ok_or("no stop")?;
            ensure(stop.seconds < 2.0 && stop.exit_code == 0, || format!("{stop:?}"))?;
            let user = report.user.facts.as_ref().ok_or("no user")?;
            ensure(user.image == "65532:65532" && user.process.as_deref() == Some("65532"), || {
                format!("{user:?}")
            })?;
            let rebuild = report.rebuild.facts.as_ref().ok_or("no rebuild")?;
            ensure((rebuild.cached, rebuild.steps) == (2, 3), || format!("{rebuild:?}"))?;
            ensure(report.image_bytes.is_some_and(|bytes| bytes > 1_000_000), || {
                format!("{:?}", report.image_bytes)
            })
        },
    },
    Case {
        name: "a program that ignores SIGTERM is killed and told",
        lines: "USER 65532\nEXPOSE PORT\nENTRYPOINT [\"/server\", \"deaf\", \":PORT\"]",
        change: |_| {},
        check: |report, _| expect_failure(report, "stop", "did not end within 2 s"),
    },
    Case {
        name: "an image without USER runs as root",
        lines: "EXPOSE PORT\nENTRYPOINT [\"/server\", \"serve\", \":PORT\"]",
        change: |_| {},
        check: |report, _| {
            expect_failure(report, "user", "runs as root")?;
            let user = report.user.facts.as_ref().ok_or("no user")?;
            ensure(matches!(user.process.as_deref(), Some("0" | "root")), || format!("{user:?}"))
        },
    },
    Case {
        name: "a failing build says its line, stage and instruction",
        lines: "RUN [\"/server\", \"fail\", \"\"]\nUSER 65532",
        change: |_| {},
        check: |report, _| {
            expect_failure(report, "build", "Error: no such table: notes")?;
            let failure = report.build.failure.as_ref().ok_or("no failure")?;
            ensure(failure.stage.as_deref() == Some("runtime"), || format!("{failure:?}"))?;
            let instruction = failure.instruction.as_deref().unwrap_or_default();
            ensure(instruction.starts_with("RUN") && instruction.contains("/server"), || {
                format!("{failure:?}")
            })
        },
    },
    Case {
        name: "a build that takes too long is ended",
        lines: "RUN [\"/server\", \"deaf\", \":0\"]\nUSER 65532",
        change: |request| request.limits.build = Duration::from_secs(3),
        check: |report, _| expect_failure(report, "build", "not ready after 3 s"),
    },
    Case {
        name: "a port that is not the exposed one is found",
        lines: "USER 65532\nEXPOSE 1\nENTRYPOINT [\"/server\", \"serve\", \":PORT\"]",
        change: |_| {},
        check: |report, port| expect_failure(report, "boot", &format!("listens on port {port} instead")),
    },
    Case {
        name: "a program on the loopback interface is not reachable",
        lines: "USER 65532\nEXPOSE PORT\nENTRYPOINT [\"/server\", \"serve\", \"127.0.0.1:PORT\"]",
        change: |_| {},
        check: |report, _| expect_failure(report, "boot", "127.0.0.1"),
    },
    Case {
        name: "a program that crashes says why",
        lines: "USER 65532\nEXPOSE PORT\nENTRYPOINT [\"/server\", \"fail\", \"\"]",
        change: |_| {},
        check: |report, _| {
            expect_failure(report, "boot", "Error: no such table: notes")?;
            let boot = report.boot.facts.as_ref().ok_or("no facts")?;
            ensure(boot.exit_code == Some(3), || format!("{boot:?}"))
        },
    },
    Case {
        name: "a program that cannot be started says why",
        lines: "USER 65532\nEXPOSE PORT\nENTRYPOINT [\"/nothing\"]",
        change: |_| {},
        check: |report, _| expect_failure(report, "boot", "/nothing"),
    },
    Case {
        name: "another body than expected is a failure",
        lines: GOOD,
        change: |request| {
            let expect = Expect { status: None, body: Some("poem".to_owned()) };
            request.probe = Probe::Http { port: None, path: "/".to_owned(), expect };
        },
        check: |report, _| expect_failure(report, "boot", "does not contain \"poem\""),
    },
    Case {
        name: "a command without a port passes when it ends with 0",
        lines: "USER 65532\nENTRYPOINT [\"/server\", \"end\", \"\"]",
        change: |_| {},
        check: |report, _| {
            ensure(report.verdict == Verdict::Verified, || format!("{report:#?}"))?;
            ensure(report.boot.notes.iter().any(|note| note.contains("no port")), || {
                format!("{:?}", report.boot)
            })
        },
    },
    Case {
        name: "a failing stage `test` is a failure with its line",
        lines: "USER 65532\nEXPOSE PORT\nENTRYPOINT [\"/server\", \"serve\", \":PORT\"]\nFROM build AS test\nRUN [\"/server\", \"fail\", \"\"]\nFROM runtime",
        change: |_| {},
        check: |report, _| expect_failure(report, "test", "no such table"),
    },
    Case {
        name: "a passing stage `test` is told",
        lines: "USER 65532\nEXPOSE PORT\nENTRYPOINT [\"/server\", \"serve\", \":PORT\"]\nFROM build AS test\nRUN [\"/server\", \"end\", \"\"]\nFROM runtime",
        change: |_| {},
        check: |report, _| {
            ensure(report.verdict == Verdict::Verified, || format!("{report:#?}"))?;
            ensure(report.test.outcome == Outcome::Passed, || format!("{:?}", report.test))
        },
    },
    Case {
        name: "a dependency step after the sources runs again",
        lines: "USER 65532\nEXPOSE PORT\nENTRYPOINT [\"/server\", \"serve\", \":PORT\"]\nFROM build AS deps\nCOPY note.py /note.py\nRUN [\"/server\", \"end\", \"npm ci\"]\nFROM runtime\nCOPY --from=deps /note.py /other.py",
        change: |_| {},
        check: |report, _| {
            let rebuild = report.rebuild.facts.as_ref().ok_or("no rebuild")?;
            ensure(rebuild.dependency_steps_rerun.len() == 1, || format!("{rebuild:?}"))
        },
    },
];

/// Only Docker's image format has health checks.
const HEALTH_CASES: &[Case] = &[
    Case {
        name: "a health check that fails is told",
        lines: "USER 65532\nEXPOSE PORT\nENTRYPOINT [\"/server\", \"serve\", \":PORT\"]\nHEALTHCHECK CMD [\"/server\", \"fail\", \"\"]",
        change: |_| {},
        check: |report, _| expect_failure(report, "health", "no such table"),
    },
    Case {
        name: "a health check that passes is told",
        lines: "USER 65532\nEXPOSE PORT\nENTRYPOINT [\"/server\", \"serve\", \":PORT\"]\nHEALTHCHECK CMD [\"/server\", \"end\", \"\"]",
        change: |_| {},
        check: |report, _| {
            ensure(report.health.outcome == Outcome::Passed, || format!("{:?}", report.health))
        },
    },
];

fn run_case(case: &'static Case) -> Result<Completion, Failed> {
    let sample = match Sample::new(case.lines) {
        Ok(sample) => sample,
        Err(reason) => return Ok(Completion::ignored_with(reason)),
    };
    with_engine(|engine| {
        let mut request = sample.request();
        (case.change)(&mut request);
        let report = verify(&engine, &request, &mut |_| {})?;
        (case.check)(&report, sample.port)?;
        let (program, run_id) = (runner(engine.kind().name()), engine.run_id().to_owned());
        drop(engine);
        let left = support::leftovers(program, &run_id);
        ensure(left.is_empty(), || format!("left behind: {left}"))?;
        let note = fs::read_to_string(sample.home.path().join("note.py"))?;
        ensure(note == "# a note\n", || format!("the user's file was edited: {note}"))
    })
}

/// buildah has no containers to list; podman runs what it builds.
fn runner(engine: &str) -> &str {
    if engine == "buildah" { "podman" } else { engine }
}

fn sample_or_reason(
    lines: &str,
    test: impl FnOnce(Sample) -> Result<Completion, Failed>,
) -> Result<Completion, Failed> {
    match Sample::new(lines) {
        Ok(sample) => test(sample),
        Err(reason) => Ok(Completion::ignored_with(reason)),
    }
}

fn interrupt_removes_everything() -> Result<Completion, Failed> {
    // Never answers, so that the interrupt comes while it is waited for.
    let silent = "USER 65532\nEXPOSE 1\nENTRYPOINT [\"/server\", \"serve\", \":PORT\"]";
    sample_or_reason(silent, |sample| {
        let interrupt = Interrupt::default();
        let engine = match support::engine(&interrupt) {
            Ok(engine) => engine,
            Err(reason) => return Ok(Completion::ignored_with(reason)),
        };
        let mut request = sample.request();
        request.limits.boot = Duration::from_secs(120);
        let (program, run_id) = (runner(engine.kind().name()), engine.run_id().to_owned());
        let flag = Arc::clone(&interrupt.0);
        let watched = run_id.clone();
        let program_name = program.to_owned();
        let waiter = thread::spawn(move || {
            let deadline = Instant::now() + Duration::from_secs(60);
            while support::leftovers(&program_name, &watched).lines().count() < 2 && Instant::now() < deadline
            {
                thread::sleep(Duration::from_millis(100));
            }
            flag.store(true, Ordering::SeqCst);
        });
        let error = verify(&engine, &request, &mut |_| {}).err().ok_or("it was not interrupted")?;
        ensure(matches!(&error, VerifyError::Engine(error) if error.to_string() == "interrupted"), || {
            error.to_string()
        })?;
        waiter.join().map_err(|_| "the waiting thread failed")?;
        drop(engine);
        let left = support::leftovers(program, &run_id);
        ensure(left.is_empty(), || format!("left behind: {left}"))?;
        Ok(Completion::Completed)
    })
}

fn panic_removes_everything() -> Result<Completion, Failed> {
    sample_or_reason(GOOD, |sample| {
        with_engine(|engine| {
            let (program, run_id) = (runner(engine.kind().name()), engine.run_id().to_owned());
            let request = sample.request();
            let caught = catch_unwind(AssertUnwindSafe(move || {
                // Panics when the second build is announced, with images made already.
                verify(&engine, &request, &mut |words| {
                    assert!(!words.contains("rebuild"), "a panic on purpose");
                })
            }));
            ensure(caught.is_err(), || "nothing panicked".to_owned())?;
            let left = support::leftovers(program, &run_id);
            ensure(left.is_empty(), || format!("left behind: {left}"))
        })
    })
}

fn taken_port_is_told() -> Result<Completion, Failed> {
    sample_or_reason(GOOD, |sample| {
        let engine = match support::engine(&Interrupt::default()) {
            Ok(engine) if engine.network() == Network::Host => engine,
            Ok(_) => {
                return Ok(Completion::ignored_with("only programs on the host's network share its ports"));
            }
            Err(reason) => return Ok(Completion::ignored_with(reason)),
        };
        let _holder = TcpListener::bind((Ipv4Addr::UNSPECIFIED, sample.port))?;
        let report = verify(&engine, &sample.request(), &mut |_| {})?;
        let line = report.boot.failure.as_ref().ok_or("it did not fail")?.line.clone();
        ensure(line.contains(&format!("port {} of this machine is taken by", sample.port)), || line.clone())?;
        ensure(line.contains(&std::process::id().to_string()), || line.clone())?;
        Ok(Completion::Completed)
    })
}

#[derive(Parser)]
struct Typed {
    #[command(flatten)]
    args: VerifyArgs,
}

/// Runs the command as typed: exit code, what went to stdout, what went to stderr.
fn type_in(words: &[&str]) -> Result<(ExitCode, String, String), Failed> {
    let mut line: Vec<String> = std::iter::once(&"verify").chain(words).map(ToString::to_string).collect();
    for (flag, variable) in [("--engine", "DOCKGEN_E2E_ENGINE"), ("--network", "DOCKGEN_E2E_ENGINE_NETWORK")]
    {
        line.extend(std::env::var(variable).into_iter().flat_map(|value| [flag.to_owned(), value]));
    }
    let typed = Typed::try_parse_from(line)?;
    let (mut data, mut talk) = (Cursor::new(Vec::new()), Cursor::new(Vec::new()));
    let code = command::run(&typed.args, &Settings::default(), &mut data, &mut talk)?;
    Ok((code, String::from_utf8(data.into_inner())?, String::from_utf8(talk.into_inner())?))
}

fn comparison_stands_side_by_side() -> Result<Completion, Failed> {
    sample_or_reason(GOOD, |sample| {
        with_engine(|_| {
            sample.write("Dockerfile.old", "EXPOSE PORT\nENTRYPOINT [\"/server\", \"serve\", \":PORT\"]");
            let root = sample.home.path().to_str().ok_or("a strange temporary folder")?;
            let (code, text, talk) = type_in(&[root, "--compare", "Dockerfile.old"])?;
            // The other file runs as root, which is told and not held against this one.
            ensure(code == ExitCode::SUCCESS, || format!("{text}{talk}"))?;
            let user = text
                .lines()
                .find(|line| line.trim_start().starts_with("user   ") && line.contains("65532   "));
            ensure(user.is_some_and(|line| line.trim_end().ends_with(['0', 't'])), || text.clone())?;
            ensure(text.lines().all(|line| line.chars().count() <= 80), || format!("too wide:\n{text}"))?;

            let (code, json, _) =
                type_in(&[root, "--compare", "Dockerfile.old", "--format", "json", "--no-rebuild"])?;
            ensure(code == ExitCode::SUCCESS, || json.clone())?;
            let json: serde_json::Value = serde_json::from_str(&json)?;
            ensure(json["services"][0]["dockerfiles"][1]["user"]["outcome"] == "failed", || {
                json.to_string()
            })?;
            ensure(json["schema_version"] == 1 && json["verdict"] == "verified", || json.to_string())
        })
    })
}

fn failure_is_json_too() -> Result<Completion, Failed> {
    sample_or_reason("FORM x", |sample| {
        with_engine(|_| {
            let root = sample.home.path().to_str().ok_or("a strange temporary folder")?;
            let logs = sample.home.path().join("logs");
            let logs = logs.to_str().ok_or("a strange temporary folder")?;
            let (code, json, _) = type_in(&[root, "--format", "json", "--logs", logs])?;
            ensure(code == ExitCode::from(1), || json.clone())?;
            let json: serde_json::Value = serde_json::from_str(&json)?;
            let report = &json["services"][0]["dockerfiles"][0];
            let line = report["build"]["failure"]["line"].as_str().unwrap_or_default();
            ensure(line.to_lowercase().contains("unknown instruction"), || json.to_string())?;
            let log = report["logs"][0].as_str().ok_or("no log is named")?;
            ensure(fs::read_to_string(log)?.contains("FORM"), || format!("{log} is not the log"))
        })
    })
}

fn main() {
    let mut args = Arguments::from_args();
    let is_docker = std::env::var("DOCKGEN_E2E_ENGINE")
        .is_ok_and(|name| name == "docker" || name == "nerdctl")
        || std::env::var("DOCKGEN_E2E_ENGINE").is_err();
    if !is_docker {
        // podman's cache is made of images: one run that tidies up takes layers from another.
        args.test_threads = Some(1);
    }
    let mut trials: Vec<Trial> = CASES
        .iter()
        .chain(HEALTH_CASES.iter().filter(|_| is_docker))
        .map(|case| Trial::ignorable_test(case.name, || run_case(case)))
        .collect();
    trials.extend([
        Trial::ignorable_test("an interrupt removes everything", interrupt_removes_everything),
        Trial::ignorable_test("a panic removes everything", panic_removes_everything),
        Trial::ignorable_test("a port that is taken is told with its holder", taken_port_is_told),
        Trial::ignorable_test("a comparison stands side by side", comparison_stands_side_by_side),
        Trial::ignorable_test("a failure is JSON too, and its log is kept", failure_is_json_too),
    ]);
    libtest_mimic::run(&args, trials).exit();
}
