//! `dockgen init` in front of a person: real questions on a real pseudo terminal, answered by keys.

use std::time::Duration;

use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};

use crate::repo::{CHOICE, GO, Repo, TWO};

const ENTER: &str = "\r";
const DOWN: &str = "\u{1b}[B";
const PATIENCE: u64 = 20_000;

fn start(repo: &Repo, args: &[&str]) -> PtySession {
    let mut command = repo.command(args);
    command.env("TERM", "xterm-256color");
    spawn_command(command, Some(PATIENCE)).expect("a pseudo terminal")
}

/// Waits for words, then presses keys.
fn answer(session: &mut PtySession, words: &str, keys: &str) {
    session.exp_string(words).unwrap_or_else(|bad| panic!("`{words}` is not shown: {bad}"));
    // The question is drawn before keys are read.
    std::thread::sleep(Duration::from_millis(50));
    session.send(keys).expect("keys are taken");
    session.flush().expect("keys are taken");
}

/// Reads to the end; the exit code and what was shown.
fn end(mut session: PtySession) -> (i32, String) {
    let shown = session.exp_eof().expect("the program ends");
    match session.process().wait().expect("the program ends") {
        WaitStatus::Exited(_, code) => (code, shown),
        other => panic!("{other:?}\n{shown}"),
    }
}

#[test]
fn what_is_clear_is_not_asked() {
    let repo = Repo::new(GO);
    let (code, shown) = end(start(&repo, &["init"]));
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("created") && shown.contains('\u{1b}'), "in colour: {shown}");
    assert!(!repo.state().contains_key("dockgen.toml"), "no answer, nothing to keep");
}

#[test]
fn an_answer_is_used_and_kept() {
    let repo = Repo::new(CHOICE);
    let mut session = start(&repo, &["init"]);
    answer(&mut session, "Which one is the service?", &format!("{DOWN}{ENTER}"));
    let (code, shown) = end(session);
    assert_eq!(code, 0, "{shown}");
    assert!(repo.read("Dockerfile").contains("ENTRYPOINT [\"/beta\"]"), "{}", repo.read("Dockerfile"));
    assert_eq!(repo.read("dockgen.toml"), "[go]\nmain = \"./cmd/beta\"\n");
    // Nobody is asked again, on a terminal or off it, and the files are the same.
    repo.run(&["check"]).ended(0, &["up to date"]);
    let (code, shown) = end(start(&repo, &["init"]));
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("Which one"), "{shown}");
}

#[test]
fn yes_asks_nothing() {
    let repo = Repo::new(TWO);
    let (code, shown) = end(start(&repo, &["init", "--yes"]));
    assert_eq!(code, 0, "{shown}");
    assert!(repo.state().contains_key("api/Dockerfile") && repo.state().contains_key("web/Dockerfile"));
    let mut command = repo.command(&["init"]);
    command.env("DOCKGEN_YES", "1");
    let (code, shown) = end(spawn_command(command, Some(PATIENCE)).expect("a pseudo terminal"));
    assert_eq!(code, 0, "nothing was asked: {shown}");
}

#[test]
fn services_are_ticked() {
    let repo = Repo::new(TWO);
    let mut session = start(&repo, &["init"]);
    answer(&mut session, "Which ones?", &format!(" {ENTER}"));
    let (code, shown) = end(session);
    assert_eq!(code, 0, "{shown}");
    assert!(repo.state().contains_key("web/Dockerfile") && !repo.state().contains_key("api/Dockerfile"));
}

#[test]
fn consent_is_asked_for_a_persons_file() {
    for (keys, code) in [(ENTER, 1), ("n\r", 1), ("\u{3}", 130), ("\u{1b}", 130), ("y\r", 0)] {
        let repo = Repo::new(GO);
        repo.write("Dockerfile", "FROM mine\n");
        let before = repo.state();
        let mut session = start(&repo, &["init"]);
        answer(&mut session, "Replace", keys);
        let (ended, shown) = end(session);
        assert_eq!(ended, code, "{keys:?}: {shown}");
        if code == 0 {
            repo.run(&["check"]).ended(0, &["up to date"]);
        } else {
            assert!(repo.state() == before, "{keys:?} wrote something");
        }
    }
}

#[test]
fn an_interrupt_leaves_nothing_behind() {
    for (files, question) in [(CHOICE, "Which one is the service?"), (TWO, "Which ones?")] {
        let repo = Repo::new(files);
        let before = repo.state();
        let mut session = start(&repo, &["init"]);
        session.exp_string(question).expect("a question");
        std::thread::sleep(Duration::from_millis(50));
        session.send_control('c').expect("a key");
        let (code, shown) = end(session);
        assert_eq!(code, 130, "{shown}");
        assert!(shown.contains("nothing was written"), "{shown}");
        assert!(shown.contains("\u{1b}[?25h"), "the cursor is back: {shown:?}");
        assert!(repo.state() == before, "something was written");
    }
}

/// What is said on a screen is no wider than it, and in words: errors, notes, causes, with wide characters as well.
#[test]
fn what_is_said_fits_the_screen() {
    let stale = Repo::new(GO);
    stale.run(&["init"]).ended(0, &[]);
    stale.edit("go.mod", "go 1.26", "go 1.27");
    let broken = Repo::new(GO);
    broken.write("dockgen.toml", "[runtime]\nprot = 1 # \u{6e2f}\u{53e3}\u{6e2f}\u{53e3}\n");
    let nothing = Repo::new(&[("\u{30c9}\u{30c3}\u{30af}.txt", ""), ("notes.txt", "")]);
    for (repo, args) in [
        (&stale, &["check"][..]),
        (&broken, &["init"]),
        (&nothing, &["init"]),
        (&nothing, &["init", "nowhere/at/all"]),
        (&stale, &["init", "--set", "runtime.prot=1"]),
        (&stale, &["explain", "no-such-rule"]),
        (&stale, &["--help"]),
    ] {
        let (_, shown) = end(start(repo, args));
        let lines = without_sequences(&shown);
        for line in lines.lines().filter(|line| !line.starts_with(['-', '+', ' ', '@'])) {
            let width = textwrap::core::display_width(line);
            // A command that is to be copied stays in one piece.
            assert!(width <= 80 || line.starts_with("next: "), "{args:?}: {width} columns: {line}");
        }
    }
}

/// Without colours and other sequences of a terminal.
fn without_sequences(shown: &str) -> String {
    let sequence = regex_lite::Regex::new("\u{1b}\\[[0-9;?]*[A-Za-z]").expect("a literal");
    sequence.replace_all(shown, "").replace('\r', "")
}

#[test]
fn what_a_migration_leaves_to_a_person_is_asked() {
    let repo = Repo::new(GO);
    repo.write(
        "Dockerfile",
        "FROM golang:1.26\nRUN wget https://example.com/x.tgz\nRUN frobnicate /etc/x\nCOPY . .\nRUN go build -o app\nCMD [\"./app\"]\n",
    );
    let args = ["migrate", "--interactive", "--write", "--allow-dirty"];
    let mut session = start(&repo, &args);
    answer(&mut session, "Dockerfile:2: `RUN wget", &format!("{DOWN}{ENTER}"));
    answer(&mut session, "Dockerfile:3: `RUN frobnicate", &format!("{DOWN}{DOWN}{ENTER}"));
    let (code, shown) = end(session);
    assert_eq!(code, 0, "{shown}");
    let text = repo.read("Dockerfile");
    assert!(text.contains("RUN frobnicate /etc/x") && !text.contains("wget"), "{text}");
    assert!(shown.contains("a person decided that nothing needs it"), "{shown}");
    // The answers are settings, so the next run keeps them.
    assert!(repo.read("dockgen.toml").contains("RUN frobnicate /etc/x"));
    repo.run(&["check"]).ended(0, &["up to date"]);
}

#[test]
fn what_stays_open_in_a_migration_is_not_written() {
    let repo = Repo::new(GO);
    repo.write(
        "Dockerfile",
        "FROM golang:1.26\nRUN frobnicate\nCOPY . .\nRUN go build -o app\nCMD [\"./app\"]\n",
    );
    let mut session = start(&repo, &["migrate", "--interactive", "--write", "--allow-dirty"]);
    answer(&mut session, "Dockerfile:2: `RUN frobnicate", ENTER);
    let (code, shown) = end(session);
    assert_eq!(code, 1, "{shown}");
    assert!(repo.read("Dockerfile").starts_with("FROM golang:1.26\n"), "{shown}");
}
