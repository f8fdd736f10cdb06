//! `dockgen lint` and `explain`: any Dockerfile, four formats, repairs that change nothing else.

use std::io::Write as _;
use std::process::Stdio;

use crate::repo::{Ran, Repo};

const OLD: &str = "\u{feff}from node:8\r\nMAINTAINER me\r\n\r\n# the app\r\nENV KEEP a  b\r\nADD . /app\r\nRUN cd /app && npm install\r\nCMD npm start";

#[test]
fn every_finding_has_a_place_and_a_code() {
    let repo = Repo::new(&[("Dockerfile", OLD), ("package.json", "{}")]);
    let ran = repo.run_without_a_trace(&["lint"]);
    ran.ended(1, &["errors", "dockgen lint --fix"]);
    for said in [
        "[end-of-life]",
        "Dockerfile:1",
        "Node.js 8 has had no fixes since 2019-12-31",
        "[sources-first]",
        "Dockerfile:6",
    ] {
        assert!(ran.out.contains(said), "{said}: {ran}");
    }
    repo.run(&["lint", "--exit-zero"]).ended(0, &[]);
}

#[test]
fn repairs_leave_every_other_byte() {
    let repo = Repo::new(&[("Dockerfile", OLD)]);
    repo.run(&["lint", "--fix", "Dockerfile"]).ended(1, &["repaired"]);
    let expected = OLD
        .replace("from node", "FROM node")
        .replace("KEEP a  b", "KEEP=\"a  b\"")
        .replace("ADD .", "COPY .");
    assert_eq!(repo.read("Dockerfile"), expected);
    repo.run_without_a_trace(&["lint", "--fix"]).ended(1, &[]);
}

#[test]
fn formats_are_documents() {
    let repo =
        Repo::new(&[("a/Dockerfile.dev", "FROM a\nCOPY .env /\n"), ("b/x.Dockerfile", "FROM b:1\nUSER 1\n")]);
    let json = repo.run(&["lint", "--format", "json"]);
    json.ended(1, &[]);
    let document: serde_json::Value = serde_json::from_str(&json.out).expect("one document");
    let files: Vec<&str> =
        document["files"].as_array().expect("files").iter().filter_map(|f| f["file"].as_str()).collect();
    assert_eq!(files, ["a/Dockerfile.dev", "b/x.Dockerfile"]);
    let sarif = repo.run(&["lint", "--format", "sarif"]);
    let document: serde_json::Value = serde_json::from_str(&sarif.out).expect("one document");
    assert_eq!(document["version"], "2.1.0");
    let github = repo.run(&["lint", "--format", "github", "a/Dockerfile.dev"]);
    assert!(github.out.contains("::error file=a/Dockerfile.dev,line=2,title=secret-in-copy::"), "{github}");
}

#[test]
fn a_comment_silences_a_rule_in_one_place() {
    let repo =
        Repo::new(&[("Dockerfile", "# dockgen: ignore=untagged-base\nFROM a\nUSER 1\nHEALTHCHECK NONE\n")]);
    repo.run(&["lint"]).ended(0, &["1 file: 0 errors, 0 warnings"]);
}

#[test]
fn standard_input_and_what_cannot_be_read() {
    let repo = Repo::new(&[("x", [0xff, 0xfe].as_slice())].map(|_| ("x", "")));
    repo.write("latin", [0xe4_u8, b'\n']);
    repo.run_without_a_trace(&["lint", "latin"]).ended(2, &["is not UTF-8"]).silent();
    repo.run_without_a_trace(&["lint", "gone"]).ended(2, &["cannot read `gone`"]).silent();
    repo.run_without_a_trace(&["lint"]).ended(3, &["there is no Dockerfile"]).silent();
    let mut child = repo
        .command(&["lint", "-", "--format", "github"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    child.stdin.take().expect("piped").write_all(b"FROM a:1\nUSER root\n").expect("read");
    let ran = Ran::new(&["lint", "-"], &child.wait_with_output().expect("ends"));
    ran.ended(1, &[]);
    assert!(ran.out.contains("::warning file=-,line=2,title=root-user::"), "{ran}");
}

#[test]
fn every_rule_explains_itself() {
    let repo = Repo::new(&[]);
    let all = repo.run(&["explain"]);
    all.ended(0, &[]);
    assert_eq!(all.out.lines().count(), dockgen::lint::ALL.len());
    for rule in dockgen::lint::ALL {
        let page = repo.run(&["explain", rule.code]);
        page.ended(0, &[]);
        assert!(page.out.contains(rule.why), "{page}");
    }
    repo.run(&["explain", "root-usr"]).ended(2, &["did you mean `dockgen explain root-user`?"]).silent();
}
