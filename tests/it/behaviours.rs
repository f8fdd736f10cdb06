//! Fifteen behaviours of a migration that no other tool has together, a test each, named after them.

use std::collections::{BTreeMap, BTreeSet};

use dockgen::dockerfile::{ImageConfig, Stages, parse};
use serde_json::Value;

use crate::repo::{GO, Ran, Repo};

const EXPRESS: &str =
    "{\"name\":\"x\",\"scripts\":{\"start\":\"node server.js\"},\"dependencies\":{\"express\":\"4.18.2\"}}";
const SERVER: &str = "require('express')().listen(3000)\n";

fn node(dockerfile: &str) -> Repo {
    Repo::new(&[("package.json", EXPRESS), ("server.js", SERVER), ("Dockerfile", dockerfile)])
}

fn go(dockerfile: &str) -> Repo {
    let repo = Repo::new(GO);
    repo.write("Dockerfile", dockerfile);
    repo
}

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|bad| panic!("{bad}: {ran}"))
}

fn migration(repo: &Repo, args: &[&str]) -> Value {
    let ran = repo.run(&[&["migrate", "--format", "json"][..], args].concat());
    document(&ran)["migrations"][0]["migration"].clone()
}

fn texts<'v>(list: &'v Value, key: &str) -> Vec<&'v str> {
    list.as_array().into_iter().flatten().filter_map(|item| item[key].as_str()).collect()
}

fn image(text: &str) -> ImageConfig {
    let (file, _) = parse(text);
    let stages = Stages::of(&file);
    stages.last().map(|last| stages.evaluated(last)).unwrap_or_default()
}

const WRITE: [&str; 3] = ["migrate", "--write", "--allow-dirty"];

#[test]
fn b01_inventory_first() {
    let repo = Repo::new(&[
        ("a/package.json", EXPRESS),
        ("a/Dockerfile", "FROM node:8\nCOPY . .\nUSER node\nCMD npm start\n"),
        ("b/Dockerfile", "FROM x:1 AS y\nFROM y\nRUN apt-get install -y supervisor\n"),
    ]);
    let rows = document(&repo.run_without_a_trace(&["inventory", "--format", "json"]));
    let (a, b) = (&rows["dockerfiles"][0], &rows["dockerfiles"][1]);
    let said = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        [said(a, "stack"), said(a, "base"), said(a, "user"), said(a, "effort")],
        ["node", "node:8", "node", "easy"]
    );
    assert!(said(a, "base_ended").contains("no fixes since 2019-12-31"), "{a}");
    assert_eq!(
        (b["stages"].as_u64(), said(b, "base"), said(b, "effort")),
        (Some(2), "x:1".to_owned(), "hard".to_owned())
    );
    assert!(texts(&b["why"], "why").iter().any(|why| why.contains("supervisor")), "{b}");
}

#[test]
fn b02_a_ledger_with_one_fate_for_each_instruction() {
    let text = "# escape=\\\nFROM golang:1.12\nMAINTAINER me\nRUN apt-get update \\\n && apt-get install -y vim\n\
                RUN wget https://x/y\nEXPOSE 80\nCOPY . .\nRUN go build -o app\nCMD [\"./app\"]\n";
    let made = migration(&go(text), &[]);
    let lines: Vec<u64> =
        made["ledger"].as_array().into_iter().flatten().filter_map(|entry| entry["line"].as_u64()).collect();
    assert_eq!(lines, [1, 2, 3, 4, 6, 7, 8, 9, 10]);
    assert_eq!(made["ledger"][3]["last_line"], 5);
    let fates: BTreeSet<&str> = texts(&made["ledger"], "fate").into_iter().collect();
    assert_eq!(fates.into_iter().collect::<Vec<_>>(), ["carried", "dropped", "kept", "person", "superseded"]);
}

#[test]
fn b03_the_same_configuration_by_value_and_every_difference_said() {
    let old = "FROM node:20\nENV A=1 B=\"two words\" C=$A\nLABEL k=\"v w\"\nEXPOSE 3000 9229\nVOLUME [\"/data\"]\nSTOPSIGNAL SIGINT\n\
               WORKDIR /srv\nCOPY . .\nRUN npm install\nUSER 1000\nHEALTHCHECK CMD curl -f http://localhost:3000/up\nCMD [\"node\", \"server.js\"]\n";
    let repo = node(old);
    let made = migration(&repo, &[]);
    repo.run(&WRITE).ended(0, &["written"]);
    let (old, new) = (image(old), image(&repo.read("Dockerfile")));
    let said: Vec<&str> =
        made["differences"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let is_said = |what: &str| said.iter().any(|difference| difference.starts_with(what));
    for (name, value) in &old.env {
        assert!(new.env.get(name) == Some(value) || is_said(&format!("ENV {name}")), "{name}: {said:?}");
    }
    assert_eq!(
        (&new.labels["k"], &new.env["B"], &new.env["C"]),
        (&"v w".to_owned(), &"two words".to_owned(), &"1".to_owned())
    );
    assert!(old.exposed.is_subset(&new.exposed) && old.volumes.is_subset(&new.volumes), "{new:?}");
    assert_eq!(new.stop_signal.as_deref(), Some("SIGINT"));
    assert!(new.user.as_deref() == Some("1000:1000") && is_said("user"), "{said:?}");
    assert!(new.workdir == old.workdir || is_said("folder"), "{said:?}");
    assert!(new.healthcheck.is_some() && repo.read("Dockerfile").contains("/up"), "{:?}", new.healthcheck);
}

#[test]
fn b04_packages_with_a_class_a_reason_and_their_library() {
    let repo = go(
        "FROM golang:1.26\nRUN apt-get update && apt-get install -y build-essential libpq-dev=15.* imagemagick vim golang odd-thing\n\
                   COPY . .\nRUN go build -o app\nCMD [\"./app\"]\n",
    );
    let made = migration(&repo, &[]);
    let notes = made["ledger"][1]["notes"].to_string();
    for (package, class) in [
        ("build-essential", "build"),
        ("libpq-dev", "libpq5"),
        ("imagemagick", "run"),
        ("vim", "tool"),
        ("odd-thing", "unexplained"),
    ] {
        let note = texts_of(&made["ledger"][1]["notes"]).into_iter().find(|note| note.contains(package));
        assert!(note.is_some_and(|note| note.contains(class)), "{package} is {class}: {notes}");
    }
    repo.run(&WRITE).ended(0, &["written"]);
    let kept = repo.read("dockgen.toml");
    assert!(kept.contains("libpq5") && kept.contains("imagemagick") && kept.contains("odd-thing"), "{kept}");
    assert!(!repo.read("Dockerfile").contains("vim"));
}

fn texts_of(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn b05_arguments_and_mounts_survive_and_a_token_becomes_a_secret_mount() {
    let old = "ARG V=20\nfrom node:$V\nARG NPM_TOKEN=0therSecretValue\nARG MODE=x\nRUN --mount=type=cache,target=/root/.npm npm ci\nCOPY . .\nCMD npm start\n";
    let repo = node(old);
    repo.write(".npmrc", "@acme:registry=https://npm.acme.test/\n//npm.acme.test/:_authToken=${NPM_TOKEN}\n");
    repo.write("package-lock.json", "{\"name\":\"x\",\"lockfileVersion\":3,\"packages\":{\"\":{\"dependencies\":{\"express\":\"4.18.2\"}}}}");
    let safe = repo.run_without_a_trace(&["migrate", "--level", "safe"]);
    safe.ended(1, &["Dockerfile:3: `NPM_TOKEN` looks like a secret"]);
    assert!(safe.out.contains("+FROM node:$V") && !safe.out.contains("-RUN --mount"), "{safe}");
    let ran = repo.run(&WRITE);
    ran.ended(1, &["Dockerfile:3: `NPM_TOKEN` looks like a secret", "written"]);
    let new = repo.read("Dockerfile");
    assert!(new.contains("--mount=type=secret,id=NPM_TOKEN") && !new.contains("0therSecretValue"), "{new}");
    assert!(!ran.out.contains("0therSecretValue") && !ran.err.contains("0therSecretValue"), "{ran}");
}

#[test]
fn b06_a_companys_bases_and_what_is_unknown_stays() {
    let old = "ARG V=20\nFROM registry.acme.test/base/node:${V}\nCOPY . .\nRUN npm install\nCMD [\"node\", \"server.js\"]\n";
    let repo = node(old);
    let ran = repo.run_without_a_trace(&["migrate"]);
    assert!(
        ran.out.contains("an unknown or private base image")
            && ran.out.contains("registry.acme.test/base/node:20"),
        "{ran}"
    );
    // A file for everybody, or the repository's own.
    repo.write("acme.toml", "[migrate.bases]\n\"registry.acme.test/base/*\" = \"*\"\n");
    let made = migration(&repo, &["--bases", "acme.toml"]);
    assert_eq!(made["level"], "restage", "{made:#}");
    let notes = made["ledger"][1]["notes"].to_string();
    assert!(notes.contains("is built like `node:20`"), "{notes}");
    repo.write("dockgen.toml", "[migrate.bases]\n\"registry.acme.test/base/node\" = \"node\"\n");
    repo.run(&WRITE).ended(0, &["written"]);
    repo.run_without_a_trace(&["check"]).ended(0, &["up to date"]);
    repo.write("acme.toml", "[migrate.bases]\n\"a b\" = \"node\"\n");
    repo.run(&["migrate", "--bases", "acme.toml"]).ended(2, &["cannot use `acme.toml`: line 2"]);
}

#[test]
fn b07_refusals_have_reasons_and_leave_the_safe_level() {
    for (line, kind) in [
        ("RUN apt-get install -y mysql-server", "several-services"),
        ("RUN apt-get install -y supervisor", "supervisor"),
        ("RUN curl https://x/y | sh", "piped-download"),
        ("ONBUILD RUN x", "onbuild"),
        ("SHELL [\"powershell\", \"-Command\"]", "windows"),
    ] {
        let repo = node(&format!("from node:20\nCOPY . .\n{line}\nCMD [\"node\", \"server.js\"]\n"));
        let made = migration(&repo, &[]);
        assert!(texts(&made["obstacles"], "kind").contains(&kind), "{kind}: {made:#}");
        assert_eq!((&made["level"], &made["outcome"]), (&"safe".into(), &"changed".into()), "{kind}");
        assert!(
            made["obstacles"][0]["line"] == 3
                && !made["obstacles"][0]["why"].as_str().unwrap_or_default().is_empty()
        );
    }
}

#[test]
fn b08_levels_are_steps_of_their_own() {
    let old = "from node:20\nCOPY . .\nRUN npm install\nCMD [\"node\", \"server.js\"]\n";
    let mut made = BTreeMap::new();
    for level in ["safe", "restage", "harden"] {
        let repo = node(old);
        repo.run(&[&WRITE[..], &["--level", level]].concat()).ended(0, &["written"]);
        let (file, _) = parse(&repo.read("Dockerfile"));
        let image = image(&repo.read("Dockerfile"));
        made.insert(level, (Stages::of(&file).iter().count(), image.user));
    }
    assert_eq!(made["safe"], (1, None));
    assert!(made["restage"].0 > 1 && made["restage"].1.as_deref() == Some("0:0"), "{made:?}");
    assert!(
        made["harden"].0 > 1 && made["harden"].1.as_deref().is_some_and(|user| !user.starts_with('0')),
        "{made:?}"
    );
}

#[test]
fn b09_an_ordinary_user_who_can_start() {
    let repo = go(
        "FROM golang:1.26\nVOLUME /data\nRUN mkdir -p /var/lib/app\nEXPOSE 80\nCOPY . .\nRUN go build -o app\nCMD [\"./app\"]\n",
    );
    let made = migration(&repo, &["--level", "harden"]);
    let said = made.to_string();
    assert!(said.contains("1024"), "a port that only root may take is said: {made:#}");
    repo.run(&[&WRITE[..], &["--level", "harden", "--accept-open"]].concat()).ended(0, &["written"]);
    let new = repo.read("Dockerfile");
    let user = image(&new).user.unwrap_or_default();
    assert!(user.split(':').all(|part| part.parse::<u32>().is_ok_and(|number| number > 0)), "{user}");
    for folder in ["/data", "/var/lib/app"] {
        assert!(new.contains(&format!("chown {user} {folder}")), "{folder}: {new}");
    }
    assert!(image(&new).volumes.contains("/data"), "{new}");
    repo.run_without_a_trace(&["check"]).ended(0, &["up to date"]);
}

#[test]
fn b10_an_ignore_file_from_evidence_that_hides_nothing_copied() {
    let repo = node("FROM node:20\nCOPY . .\nRUN npm install\nCMD [\"node\", \"server.js\"]\n");
    repo.write(".dockerignore", "# ours\nnode_modules\n*.secret\n!keep.secret\n");
    repo.run(&WRITE).ended(0, &["written"]);
    let ignore = repo.read("Dockerfile.dockerignore");
    for pattern in ["*.secret", "!keep.secret", "node_modules"] {
        assert!(ignore.lines().any(|line| line == pattern), "{pattern}: {ignore}");
    }
    assert_eq!(repo.read(".dockerignore"), "# ours\nnode_modules\n*.secret\n!keep.secret\n");
    let found = document(&repo.run(&["lint", "--format", "json", "."])).to_string();
    assert!(!found.contains("ignored-copy") && !found.contains("missing-copy-source"), "{found}");
}

#[test]
fn b11_a_second_run_changes_nothing_and_every_other_byte_stays() {
    let old = "\u{feff}# escape=\\\r\nfrom a:1\r\n\r\n#  why \r\nENV k v  w\r\nCMD x";
    let repo = Repo::new(&[("Dockerfile", old)]);
    repo.run(&WRITE).ended(0, &["written"]);
    assert_eq!(
        repo.read("Dockerfile"),
        "\u{feff}# escape=\\\r\nFROM a:1\r\n\r\n#  why \r\nENV k=\"v  w\"\r\nCMD x"
    );
    repo.run_without_a_trace(&WRITE).ended(0, &["1 with nothing to do"]);
    let rebuilt = node("FROM node:20\nCOPY . .\nRUN npm install\nCMD [\"node\", \"server.js\"]\n");
    rebuilt.run(&WRITE).ended(0, &["written"]);
    rebuilt.run_without_a_trace(&WRITE).ended(0, &["1 with nothing to do"]);
}

/// What is built and compared stands in `tests/migrations.rs`; without an engine nothing is claimed.
#[test]
fn b12_proof_is_built_or_not_claimed() {
    let repo = node("FROM node:20\nCOPY . .\nRUN npm install\nCMD [\"node\", \"server.js\"]\n");
    let mut command = repo.command(&["migrate", "--verify", "--write", "--allow-dirty"]);
    let before = repo.state();
    let output = command.env("PATH", "/nowhere").output().expect("the program starts");
    Ran::new(&["migrate", "--verify"], &output).ended(4, &["error"]).silent();
    assert!(repo.state() == before, "something was written without proof");
}

#[test]
fn b13_delivery_over_many_repositories_is_dry_until_asked() {
    let repo = Repo::new(&[]);
    for name in ["a", "b"] {
        repo.write(&format!("{name}/package.json"), EXPRESS);
        repo.write(&format!("{name}/server.js"), SERVER);
        repo.write(
            &format!("{name}/Dockerfile"),
            "FROM node:20\nCOPY . .\nRUN npm install\nCMD [\"node\", \"server.js\"]\n",
        );
    }
    repo.write("c/Dockerfile", [0xff_u8]);
    repo.run_without_a_trace(&["migrate"]).ended(1, &["2 files: 2 would change", "is not UTF-8"]);
    repo.run(&["migrate", "--patch-dir", "p", "--run-dir", "run"]).ended(1, &["2 in patches"]);
    let patch = repo.read("p/a.patch");
    for said in ["Subject: [PATCH] Build the image in stages", "node:20", "before", "superseded by", "+FROM "]
    {
        assert!(patch.contains(said), "{said}: {patch}");
    }
    assert!(repo.read("a/Dockerfile").starts_with("FROM node:20"));
}

#[test]
fn b14_drift_is_found_with_its_cause() {
    let repo = node("FROM node:20\nCOPY . .\nRUN npm install\nCMD npm start\n");
    repo.run(&WRITE).ended(0, &["written"]);
    repo.run(&["check"]).ended(0, &["up to date"]);
    repo.write("worker.js", SERVER);
    repo.edit("package.json", "node server.js", "node worker.js");
    let ran = repo.run_without_a_trace(&["check"]);
    ran.ended(1, &["package.json"]);
    assert!(ran.out.contains("worker.js"), "{ran}");
}

#[test]
fn b15_facts_of_the_old_file_are_settings_of_the_new_one() {
    let repo = go(
        "FROM golang:1.26\nENV LOG_LEVEL=debug\nEXPOSE 9000\nCOPY . .\nRUN go build -o app\nCMD [\"./app\", \"-v\"]\n",
    );
    repo.run(&WRITE).ended(0, &["written"]);
    let kept = repo.read("dockgen.toml");
    for said in ["port = 9000 # Dockerfile:3", "LOG_LEVEL = \"debug\" # Dockerfile:2", "\"-v\""] {
        assert!(kept.contains(said), "{said}: {kept}");
    }
    let text = repo.read("Dockerfile");
    repo.run_without_a_trace(&["check"]).ended(0, &["up to date"]);
    std::fs::remove_file(repo.path().join("Dockerfile")).expect("it is there");
    repo.run(&["init", "--yes"]).ended(0, &["created"]);
    assert_eq!(repo.read("Dockerfile"), text);
}
