//! `dockgen migrate` over many repositories: one that is broken stops nobody, and a run that is killed at any point and
//! started again ends where an undisturbed one does, with nothing done twice.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::repo::{GO, Ran, Repo};

const ALL: usize = 300;

const EXPRESS: &str =
    "{\"name\":\"x\",\"scripts\":{\"start\":\"node server.js\"},\"dependencies\":{\"express\":\"4.18.2\"}}";
const LOCK: &str = "{\"name\":\"x\",\"lockfileVersion\":3,\"packages\":{\"\":{\"dependencies\":{\"express\":\"4.18.2\"}},\
    \"node_modules/express\":{\"version\":\"4.18.2\",\"integrity\":\"sha512-x\"}}}";
const SERVER: &str = "require('express')().listen(3000)\nprocess.on('SIGTERM', () => process.exit(0))\n";

/// A repository that can be migrated, of one of six kinds.
fn healthy(repo: &Repo, name: &str, number: usize) {
    let port = 8000 + number;
    let files: Vec<(&str, String)> = match number % 6 {
        0 => vec![
            (GO[0].0, GO[0].1.to_owned()),
            (GO[1].0, GO[1].1.replace("8080", &port.to_string())),
            (
                "Dockerfile",
                format!(
                    "FROM golang:1.12\n# team {number}\nLABEL team=t{number}\nEXPOSE {port}\nCOPY . .\nRUN go build -o app\nCMD [\"./app\", \"-v\"]\n"
                ),
            ),
        ],
        1 | 2 => vec![
            ("package.json", EXPRESS.to_owned()),
            ("package-lock.json", LOCK.to_owned()),
            ("server.js", SERVER.to_owned()),
            (
                "Dockerfile",
                format!(
                    "FROM node:20\nENV N {number}\nEXPOSE {port}\nCOPY . .\nRUN npm install\nCMD npm start\n"
                ),
            ),
        ],
        3 => vec![
            ("requirements.txt", "flask==3.1.0\n".to_owned()),
            ("app.py", "from flask import Flask\napp = Flask(__name__)\n".to_owned()),
            (
                "Dockerfile",
                format!(
                    "FROM python:3.6\nENV N {number}\nADD . /app\nWORKDIR /app\nRUN pip install -r requirements.txt\nCMD python app.py\n"
                ),
            ),
        ],
        4 => vec![("Dockerfile", format!("from host:5000/x:{number}\r\nENV a b\r\nCMD x\r\n"))],
        _ => vec![
            ("web/package.json", EXPRESS.to_owned()),
            ("web/server.js", SERVER.to_owned()),
            (
                "web/Dockerfile",
                format!("from node:10\nENV N {number}\nRUN apt-get install supervisor\nCMD x\n"),
            ),
        ],
    };
    for (path, text) in files {
        repo.write(&format!("{name}/{path}"), text);
    }
}

/// How the others are broken, each in its own way.
const BROKEN: usize = 20;

fn broken(repo: &Repo, name: &str, way: usize) {
    let at = |path: &str| format!("{name}/{path}");
    let place = repo.path().join(name);
    if !matches!(way, 16 | 17) {
        healthy(repo, name, 1);
    }
    let file = place.join("Dockerfile");
    match way {
        0 => repo.write(&at("Dockerfile"), [0xff, 0xfe, 0x00]),
        1 => repo.write(&at("Dockerfile"), vec![b'#'; 5 << 20]),
        2 => {
            fs::remove_file(&file).expect("there");
            fs::create_dir(&file).expect("a folder");
        }
        3 => {
            fs::remove_file(&file).expect("there");
            symlink("gone", &file).expect("a link");
        }
        4 => {
            fs::remove_file(&file).expect("there");
            symlink("/etc/hostname", &file).expect("a link");
        }
        5 => {
            fs::remove_file(&file).expect("there");
            assert!(Command::new("mkfifo").arg(&file).status().expect("mkfifo starts").success());
        }
        6 => repo.write(&at("package.json"), "{\"name\": "),
        7 => repo.write(&at("dockgen.toml"), "[runtime\n"),
        8 => repo.write(&at("dockgen.toml"), "[runtime]\nprot = 1\n"),
        9 => fs::create_dir_all(place.join("dockgen.toml/x")).expect("a folder"),
        10 => fs::create_dir_all(place.join(".dockerignore/x")).expect("a folder"),
        11 => repo.write(&at("Dockerfile"), ""),
        12 => repo.write(&at("Dockerfile"), "# nothing\n"),
        13 => repo.write(&at("Dockerfile"), "# syntax=me/mine:1\nfrom a\n"),
        14 => repo.write(&at("Dockerfile"), "FROM a\nFROBNICATE\n"),
        15 => repo.write(&at("Dockerfile"), "FROM a\nRUN <<EOF\nopen\n"),
        16 => {} // The list names what is not there.
        17 => symlink(&place, &place).expect("a link to itself"),
        18 => repo.write(&at("package.json"), "[".repeat(200_000)),
        _ => repo.write(&at("package.json"), [0xff; 64]),
    }
}

/// Three hundred repositories and a list of them.
fn fleet(all: usize) -> Repo {
    let repo = Repo::new(&[]);
    let mut list = String::from("# the fleet\n\n");
    let mut ways = 0..BROKEN;
    for number in 0..all {
        let name = format!("fleet/r{number:03}");
        match (number % (all / BROKEN) == 7).then(|| ways.next()).flatten() {
            Some(way) => broken(&repo, &name, way),
            None => healthy(&repo, &name, number),
        }
        list = format!("{list}{name}\n");
    }
    repo.write("repos.txt", list);
    repo
}

/// What stands in the folder and in the journal, without the times.
fn result(repo: &Repo) -> (BTreeMap<String, Vec<u8>>, BTreeSet<String>) {
    let mut files: BTreeMap<String, Vec<u8>> = repo
        .state()
        .into_iter()
        .filter(|(path, _)| !path.starts_with("run/"))
        .map(|(path, (bytes, _))| (path, bytes))
        .collect();
    files.retain(|path, _| !path.contains(".git/"));
    let journal = repo.read("run/run.jsonl");
    let done = journal.lines().filter(|line| line.starts_with("{\"done\"")).map(str::to_owned).collect();
    (files, done)
}

/// Starts, kills when so many repositories are done, and says whether it still ran.
fn killed(repo: &Repo, args: &[&str], when: usize) {
    let mut child =
        repo.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let journal = repo.path().join("run/run.jsonl");
    let begun = Instant::now();
    loop {
        let text = fs::read(&journal).unwrap_or_default();
        if text.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{\"done\"")).count() >= when {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "it does not go on");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("it runs");
    assert_eq!(child.wait().expect("it ends").signal(), Some(9), "it was done before it was killed");
}

fn survives(args: &[&str]) -> (Ran, Repo) {
    let args = [&["migrate", "--repos", "repos.txt", "--run-dir", "run"][..], args].concat();
    let undisturbed = fleet(ALL);
    let whole = undisturbed.run(&args);
    whole.ended(1, &[]);

    let disturbed = fleet(ALL);
    killed(&disturbed, &args, 70);
    killed(&disturbed, &args, 180);
    let ran = disturbed.run(&args);
    ran.ended(1, &[]);
    assert_eq!(ran.out, whole.out);
    assert_eq!(ran.err, whole.err);
    let (files, done) = result(&disturbed);
    let (wanted, wanted_done) = result(&undisturbed);
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&files), names(&wanted));
    for (path, bytes) in &wanted {
        assert!(files[path] == *bytes, "{path} is {}", String::from_utf8_lossy(&files[path]));
    }
    assert!(done == wanted_done, "the records differ");

    // Once more there is nothing to do, and nothing is done: only what could not be helped is looked at again.
    let before = disturbed.state();
    disturbed.run(&args).ended(1, &[]);
    let after = disturbed.state();
    let moved: Vec<&String> =
        before.keys().filter(|path| before[*path] != after[*path] && *path != "run/run.jsonl").collect();
    assert!(moved.is_empty() && before.len() == after.len(), "{moved:?}");
    (whole, undisturbed)
}

#[test]
fn a_fleet_that_is_killed_twice_ends_as_if_nothing_had_been() {
    let (ran, repo) = survives(&["--write", "--allow-dirty", "--accept-open"]);
    // What is broken is said, and stopped none of the others.
    for said in ["not UTF-8", "more than any Dockerfile", "cannot read `fleet/", "repositories broken"] {
        assert!(ran.err.contains(said), "{said}: {ran}");
    }
    let written = ran.err.lines().filter(|line| line.contains("written fleet/")).count();
    let files =
        ran.err.lines().filter(|line| line.contains("written") && line.ends_with("/Dockerfile")).count();
    assert!(files >= ALL - BROKEN && written > files, "{files} Dockerfiles of {written} files: {ran}");
    assert!(repo.read("fleet/r000/Dockerfile").contains("LABEL team"));
    let cleaned = repo.read("fleet/r004/Dockerfile");
    assert!(cleaned.starts_with("FROM host:5000/x:4\r\nENV a=b\r\n"), "{cleaned:?}");
}

fn git(repo: &Repo, folder: &str, args: &[&str]) -> String {
    let run = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main"])
        .args(args)
        .current_dir(repo.path().join(folder))
        .output()
        .expect("git starts");
    assert!(run.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8_lossy(&run.stdout).into_owned()
}

/// Twelve healthy repositories under version control.
fn committed() -> Repo {
    let repo = Repo::new(&[]);
    for number in 0..12 {
        let name = format!("fleet/r{number:02}");
        healthy(&repo, &name, number);
        for args in [&["init", "-q"][..], &["add", "."], &["commit", "-q", "-m", "old"]] {
            git(&repo, &name, args);
        }
    }
    repo
}

#[test]
fn patches_are_taken_by_git_am() {
    let repo = committed();
    repo.run(&["migrate", "fleet", "--patch-dir", "patches", "--accept-open"]).ended(0, &["12 in patches"]);
    let mut command = repo.command(&["migrate", "fleet", "--write", "--accept-open"]);
    let before = git(&repo, "fleet/r00", &["status", "--porcelain"]);
    assert_eq!(before, "", "patches leave the repository alone");
    for number in 0..12 {
        let name = format!("r{number:02}");
        let patch = repo.read(&format!("patches/{name}.patch"));
        assert!(patch.contains("What became of each instruction:") && patch.contains("    base "), "{patch}");
        git(&repo, &format!("fleet/{name}"), &["am", "-q", &format!("../../patches/{name}.patch")]);
        let log = git(&repo, &format!("fleet/{name}"), &["log", "-1", "--format=%s%n%b"]);
        assert!(log.contains("What became of each instruction:"), "{log}");
        assert_eq!(git(&repo, &format!("fleet/{name}"), &["status", "--porcelain"]), "");
    }
    // The patches hold all that there was to do.
    let after = command.output().expect("the program starts");
    let said = String::from_utf8_lossy(&after.stderr).into_owned();
    assert!(said.contains("12 files: 0 written, 12 with nothing to do"), "{said}");
}

#[test]
fn a_branch_holds_the_change_and_nothing_moves() {
    let repo = committed();
    let args = ["migrate", "fleet", "--branch", "stages", "--accept-open", "--run-dir", "run"];
    let as_somebody = |name: &str, email: &str, args: &[&str]| {
        let mut command = repo.command(args);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("GIT_AUTHOR_NAME", name).env("GIT_AUTHOR_EMAIL", email);
        command.env("GIT_COMMITTER_NAME", name).env("GIT_COMMITTER_EMAIL", email);
        Ran::new(args, &command.output().expect("the program starts"))
    };
    let ran = as_somebody("", "", &args);
    ran.ended(1, &["`fleet/r00` was not committed", "git config --global user.name"]);
    let run = |args: &[&str]| as_somebody("t", "t@example.invalid", args);
    let ran = run(&args);
    ran.ended(0, &["12 committed", "on branch stages"]);
    let once: Vec<String> =
        (0..12).map(|number| git(&repo, &format!("fleet/r{number:02}"), &["rev-parse", "stages"])).collect();
    assert_eq!(git(&repo, "fleet/r04", &["status", "--porcelain"]), "");
    assert_eq!(git(&repo, "fleet/r04", &["rev-parse", "--abbrev-ref", "HEAD"]).trim(), "main");
    let names = git(&repo, "fleet/r00", &["diff", "--name-only", "main", "stages"]);
    assert!(names.contains("Dockerfile") && names.contains("dockgen.toml"), "{names}");
    let crlf = git(&repo, "fleet/r04", &["show", "stages:Dockerfile"]);
    assert!(crlf.starts_with("FROM host:5000/x:4\r\n"), "{crlf:?}");
    // Again there is nothing to do; another run finds the branch and leaves it.
    run(&args).ended(0, &["12 committed"]);
    let other = run(&["migrate", "fleet", "--branch", "stages", "--accept-open"]);
    other.ended(1, &["`fleet/r00` was not committed: it has a branch `stages` already"]);
    let twice: Vec<String> =
        (0..12).map(|number| git(&repo, &format!("fleet/r{number:02}"), &["rev-parse", "stages"])).collect();
    assert_eq!(once, twice);
}

#[test]
fn a_step_that_was_cut_in_the_middle_is_finished() {
    let args = ["migrate", "r", "--write", "--allow-dirty", "--run-dir", "run"];
    let whole = Repo::new(&[]);
    healthy(&whole, "r", 0);
    whole.run(&args).ended(0, &["written"]);
    let (wanted, _) = result(&whole);
    let journal = whole.read("run/run.jsonl");
    let before_done = journal.find("\n{\"done\"").expect("it was done") + 1;
    // Only the Dockerfile was in its place when the program was killed.
    for torn in ["Dockerfile", "dockgen.toml", ".dockerignore"] {
        let repo = Repo::new(&[]);
        healthy(&repo, "r", 0);
        repo.write(&format!("r/{torn}"), &wanted[&format!("r/{torn}")]);
        repo.write("r/.dockgen-abc.tmp", "half");
        repo.write("run/run.jsonl", &journal[..before_done]);
        repo.run(&args).ended(0, &["written r/Dockerfile", "1 files: 1 written"]);
        assert_eq!(result(&repo).0, wanted, "{torn}");
    }
}

#[test]
fn a_limit_is_raised_and_the_run_goes_on() {
    let repo = Repo::new(&[]);
    for number in 0..5 {
        healthy(&repo, &format!("r{number}"), number);
    }
    let args = ["migrate", "--write", "--allow-dirty", "--accept-open", "--run-dir", "run", "--limit"];
    let ran = repo.run(&[&args[..], &["2"]].concat());
    ran.ended(0, &["2 files: 2 written", "3 repositories not looked at"]);
    assert!(
        repo.read("r1/Dockerfile").contains("AS runtime") && !repo.state().contains_key("r2/dockgen.toml")
    );
    repo.run(&[&args[..], &["6"]].concat()).ended(0, &["5 files: 5 written"]);
    let other = ["migrate", "--write", "--run-dir", "run"];
    repo.run_without_a_trace(&other)
        .ended(2, &["was begun with other options: --level restage --write", "name another --run-dir"]);
}

#[test]
fn only_the_easy_ones_are_taken() {
    let repo = Repo::new(&[]);
    for number in 0..5 {
        healthy(&repo, &format!("r{number}"), number);
    }
    let ran = repo.run_without_a_trace(&["migrate", "--only", "easy"]);
    ran.ended(0, &["4 files: 4 would change", "1 left out"]);
    assert!(!ran.out.contains("r4/Dockerfile") && ran.out.contains("r3/Dockerfile"), "{ran}");
}

#[test]
fn no_patch_shows_a_secret() {
    let repo = Repo::new(&[("a/Dockerfile", "from a\nENV API_TOKEN s3cr3tvalue\n")]);
    healthy(&repo, "b", 0);
    let ran = repo.run(&["migrate", "--patch-dir", "p", "--run-dir", "run", "a", "b"]);
    ran.ended(1, &["the patch of `Dockerfile` would show a secret", "`API_TOKEN` looks like a secret"]);
    assert!(repo.state().contains_key("p/b.patch") && !repo.state().contains_key("p/a.patch"));
    let state = repo.state();
    let leaks = |path: &&String| {
        !path.starts_with("a/") && String::from_utf8_lossy(&state[*path].0).contains("s3cr3tvalue")
    };
    assert_eq!(state.keys().find(leaks), None);
    repo.run(&["migrate", "--write", "--allow-dirty", "--run-dir", "other", "a"]).ended(1, &["written"]);
    assert!(!repo.read("other/run.jsonl").contains("s3cr3tvalue"));
}

#[test]
fn a_list_may_name_files_folders_and_what_is_gone() {
    let repo = Repo::new(&[]);
    healthy(&repo, "many/a", 0);
    healthy(&repo, "many/b", 1);
    healthy(&repo, "c", 2);
    repo.write("lists/all.txt", "# two in a folder\n../many\n../c/Dockerfile\n\n../gone\n../many/a\n");
    let ran = repo.run_without_a_trace(&["migrate", "--repos", "lists/all.txt"]);
    ran.ended(1, &["3 files: 3 would change", "1 repositories broken", "cannot read `lists/../gone`"]);
    repo.run_without_a_trace(&["migrate", "--repos", "no.txt"]).ended(2, &["cannot read `no.txt`"]);
    repo.run_without_a_trace(&["migrate", "--branch", "a..b", "c"]).ended(2, &["no name for a branch"]);
}
