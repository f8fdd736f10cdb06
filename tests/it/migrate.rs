//! `dockgen inventory` and `dockgen migrate`: nothing is written unasked, nothing is lost, nothing secret is said.

use std::process::Command;

use crate::repo::Repo;

pub const NODE: &[(&str, &str)] = &[
    (
        "package.json",
        "{\"name\":\"x\",\"scripts\":{\"start\":\"node server.js\"},\"dependencies\":{\"express\":\"4\"}}",
    ),
    ("server.js", "require('http').createServer((q, r) => r.end('x')).listen(3000)\n"),
    ("Dockerfile", "from node:8\nENV K a b\nCOPY . .\nRUN npm install\nCMD npm start\n"),
];

fn git(repo: &Repo, args: &[&str]) {
    let run = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main"])
        .args(args)
        .current_dir(repo.path())
        .output()
        .expect("git starts");
    assert!(run.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn inventory_first() {
    let repo = Repo::new(NODE);
    let text = repo.run_without_a_trace(&["inventory"]);
    text.ended(0, &[]);
    for said in ["easy", "node:8", "Node.js 8 has had no fixes since 2019-12-31", "1 files: 1 easy, 0 hard"] {
        assert!(text.out.contains(said), "{said}: {text}");
    }
    let json = repo.run(&["inventory", "--format", "json"]);
    let rows: serde_json::Value = serde_json::from_str(&json.out).expect("one document");
    let row = &rows["dockerfiles"][0];
    assert_eq!(
        (row["stack"].as_str(), row["effort"].as_str(), row["path"].as_str()),
        (Some("node"), Some("easy"), Some("Dockerfile"))
    );
    let csv = repo.run(&["inventory", "--format", "csv"]);
    assert_eq!(
        csv.out.lines().nth(1),
        Some(
            ".,Dockerfile,node,1,node:8,Node.js 8 has had no fixes since 2019-12-31,the base image's,easy,,8,0"
        )
    );
}

#[test]
fn a_folder_of_repositories_is_all_of_them() {
    let repo = Repo::new(&[
        ("a/package.json", NODE[0].1),
        ("a/Dockerfile", NODE[2].1),
        ("b/Dockerfile", "FROM x\nONBUILD RUN y\n"),
        ("c/notes.txt", ""),
        ("d/deploy/Dockerfile.prod", "FROM a:1\n"),
        ("d/go.mod", "module x\n"),
    ]);
    let text = repo.run_without_a_trace(&["inventory"]);
    text.ended(0, &[]);
    for said in [
        "./a/Dockerfile",
        "./b/Dockerfile",
        "./d/deploy/Dockerfile.prod",
        "line 2: images that start from this one run it",
        "3 files",
    ] {
        assert!(text.out.contains(said), "{said}: {text}");
    }
    repo.run_without_a_trace(&["inventory", "c"]).ended(3, &["there is no Dockerfile"]);
    repo.run_without_a_trace(&["inventory", "gone"]).ended(2, &["there is no `gone`"]);
    // One that cannot be read stops nobody.
    repo.write("b/Dockerfile", [0xff_u8]);
    let text = repo.run(&["inventory"]);
    text.ended(1, &["b/Dockerfile", "is not UTF-8"]);
    assert!(text.out.contains("./a/Dockerfile"), "{text}");
}

#[test]
fn a_dry_run_shows_the_diff_and_the_ledger() {
    let repo = Repo::new(NODE);
    let ran = repo.run_without_a_trace(&["migrate", "--level", "safe"]);
    ran.ended(0, &["1 files: 1 would change", "next: dockgen migrate --write"]);
    for said in [
        "-from node:8\n",
        "+FROM node:8\n",
        "+ENV K=\"a b\"\n",
        "carried into stage 0: the same value in today's form",
    ] {
        assert!(ran.out.contains(said), "{said}: {ran}");
    }
}

#[test]
fn what_git_could_not_bring_back_is_not_written() {
    let repo = Repo::new(NODE);
    let write = ["migrate", "--level", "safe", "--write"];
    repo.run_without_a_trace(&write).ended(1, &["it is not under version control", "--allow-dirty"]);
    git(&repo, &["init"]);
    repo.run_without_a_trace(&write).ended(1, &["git does not track it"]);
    git(&repo, &["add", "."]);
    git(&repo, &["commit", "-m", "x"]);
    repo.edit("Dockerfile", "npm install", "npm ci");
    repo.run_without_a_trace(&write).ended(1, &["it has changes that are not committed"]);
    git(&repo, &["commit", "-am", "y"]);
    repo.run(&write).ended(0, &["written"]);
    let once = repo.read("Dockerfile");
    assert_eq!(once, "FROM node:8\nENV K=\"a b\"\nCOPY . .\nRUN npm ci\nCMD npm start\n");
    // A second run changes nothing.
    git(&repo, &["commit", "-am", "z"]);
    repo.run_without_a_trace(&write).ended(0, &["1 with nothing to do"]);
}

#[test]
fn told_so_it_writes_anyway() {
    let repo = Repo::new(NODE);
    repo.run(&["migrate", "--write", "--allow-dirty", "Dockerfile"])
        .ended(0, &["written", "1 files: 1 written"]);
    repo.run(&["migrate", "--allow-dirty"]).ended(2, &[]);
}

#[test]
fn secrets_are_loud_and_never_shown() {
    let repo = Repo::new(&[(
        "Dockerfile",
        "FROM a:1\nENV API_TOKEN s3cr3tvalue\nARG NPM_TOKEN=0therSecret\nRUN curl https://u:passw0rd@x\n",
    )]);
    for args in [
        &["migrate"][..],
        &["migrate", "--format", "json"],
        &["inventory"],
        &["lint"],
        &["migrate", "--write", "--allow-dirty"],
    ] {
        let ran = repo.run(args);
        assert!(ran.code != Some(2), "{ran}");
        for value in ["s3cr3tvalue", "0therSecret", "passw0rd"] {
            assert!(!ran.out.contains(value) && !ran.err.contains(value), "{value} in {ran}");
        }
    }
    repo.run(&["migrate"])
        .ended(1, &["Dockerfile:2: `API_TOKEN` looks like a secret", "Dockerfile:3: `NPM_TOKEN`"]);
}

/// A new file, a diff, a ledger, a report, a patch or a file for builders: nothing of it holds what begins with `S3KRET`.
#[test]
fn secrets_of_every_spelling_get_nowhere() {
    let old = "FROM node:20\n\
        # ENV OLD_PASSWORD S3KRETcomment\n\
        ARG DB_PASSWORD=S3KRETarg TOKEN=\"S3KRET of two\"\n\
        ENV A=1 API_KEY=S3KRETseveral B=2\n\
        ENV LEGACY_SECRET S3KRET legacy form\n\
        ENV MYSQL_PWD=S3KRETo\\\nS3KRETver URL=postgres://me:S3KRETurl@db/x\n\
        ENV CONNECTION=\"Server=db;Pwd=S3KRETconnection;\"\n\
        LABEL db.password=S3KRETlabel\n\
        WORKDIR /app\n\
        COPY .npmrc id_rsa /root/\n\
        RUN curl -u me:S3KRETbasic https://x && echo 'root:S3KRETroot' | chpasswd\n\
        RUN curl -H \"X-Auth-Token: S3KRETheader\" \"https://x?api_key=S3KRETquery\"\n\
        RUN <<EOF\nexport GH_TOKEN=S3KRETheredoc\nEOF\n\
        COPY . .\n\
        RUN echo //r/:_authToken=S3KRETnpm > ~/.npmrc && npm ci\n\
        EXPOSE 3000\n\
        HEALTHCHECK CMD curl -f http://localhost:3000/health?token=S3KREThealth\n\
        CMD [\"node\", \"server.js\", \"--api-key\", \"S3KRETcommand\"]\n";
    let lock = "{\"name\":\"x\",\"lockfileVersion\":3,\"packages\":{}}\n";
    let files =
        [NODE[0], NODE[1], ("package-lock.json", lock), ("Dockerfile", old), (".npmrc", "S3KRETfile\n")];
    for level in ["safe", "restage", "harden"] {
        let repo = Repo::new(&files);
        let dry = ["migrate", "--level", level];
        for more in [
            &["--format", "json"][..],
            &["--report", "r.html"],
            &["--report", "r.json"],
            &["--report", "r.md", "--run-dir", "run"],
            &["--accept-open", "--allow-dirty", "--patch-dir", "patches", "--bake", "bake"],
            &[],
        ] {
            let ran = repo.run(&[&dry[..], more].concat());
            ran.ended(1, &["Dockerfile:3: `DB_PASSWORD` looks like a secret"]);
            assert!(!ran.out.contains("S3KRET") && !ran.err.contains("S3KRET"), "{level} {more:?}: {ran}");
        }
        for file in ["r.html", "r.json", "r.md", "run/run.jsonl"] {
            assert!(!repo.read(file).contains("S3KRET"), "{level} {file}: {}", repo.read(file));
        }
        // The safe level keeps the text and what stands in it; every other file is new.
        if level != "safe" {
            repo.run(&["migrate", "--level", level, "--write", "--allow-dirty", "--accept-open"]);
            for file in ["Dockerfile", "dockgen.toml", "bake/docker-bake.hcl"] {
                assert!(!repo.read(file).contains("S3KRET"), "{level} {file}: {}", repo.read(file));
            }
        }
    }
    let repo = Repo::new(&files);
    for args in
        [&["inventory"][..], &["inventory", "--format", "json"], &["lint"], &["lint", "--format", "sarif"]]
    {
        let ran = repo.run(args);
        assert!(!ran.out.contains("S3KRET") && !ran.err.contains("S3KRET"), "{ran}");
    }
}

#[test]
fn refusals_have_reasons() {
    let repo = Repo::new(&[
        ("Dockerfile", "# syntax=me/mine:1\nfrom a\n"),
        ("x.Dockerfile", "FROM a\nFROBNICATE\n"),
    ]);
    let ran = repo.run_without_a_trace(&["migrate", "--format", "json"]);
    ran.ended(1, &["2 files: 0 would change, 0 with nothing to do, 2 refused"]);
    let document: serde_json::Value = serde_json::from_str(&ran.out).expect("one document");
    let kinds: Vec<&str> = document["migrations"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|made| made["migration"]["obstacles"][0]["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["foreign-frontend", "unreadable"]);
}

const OLD_GO: &str = "FROM golang:1.12\nMAINTAINER \"Joe B\" <j@x>\n# who\nLABEL team=\"a b\" x=y\nENV LOG_LEVEL=debug\n\
    EXPOSE 8080 9000\nVOLUME /data\nRUN mkdir -p /data && apt-get update && apt-get install -y imagemagick vim libfoo-dev\n\
    COPY . .\nRUN go build -o app\nCMD [\"./app\", \"--verbose\"]\n";

#[test]
fn restaged_files_are_what_init_would_write() {
    for level in ["restage", "harden"] {
        let repo = Repo::new(crate::repo::GO);
        repo.write("Dockerfile", OLD_GO);
        let ran = repo.run(&["migrate", "--write", "--allow-dirty", "--level", level]);
        ran.ended(0, &["written"]);
        assert!(ran.out.contains("libfoo-dev: unexplained, headers whose library is not known"), "{ran}");
        repo.run_without_a_trace(&["check"]).ended(0, &["up to date"]);
        repo.run_without_a_trace(&["migrate"]).ended(0, &["1 with nothing to do"]);
        let (new, _) = dockgen::dockerfile::parse(&repo.read("Dockerfile"));
        let stages = dockgen::dockerfile::Stages::of(&new);
        let image = stages.evaluated(stages.last().expect("stages"));
        assert_eq!(image.labels["team"], "a b");
        assert_eq!(image.labels["org.opencontainers.image.authors"], "Joe B <j@x>");
        assert_eq!(image.env["LOG_LEVEL"], "debug");
        assert!(
            image.exposed.contains("8080/tcp")
                && image.exposed.contains("9000/tcp")
                && image.volumes.contains("/data")
        );
        assert_eq!(image.entrypoint.expect("a start").last().map(String::as_str), Some("--verbose"));
        // The user that /data was given to stays, though the base image is another one now.
        let user = if level == "restage" { "0:0" } else { "65532:65532" };
        assert_eq!(image.user.as_deref(), Some(user), "{level}");
        let text = repo.read("Dockerfile");
        assert!(text.contains("# who\nLABEL team") && text.contains("RUN mkdir -p /data"), "{text}");
        assert!(text.contains("imagemagick") && !text.contains("vim"), "{text}");
    }
}

#[test]
fn what_is_left_to_a_person_is_written_only_on_request() {
    let repo = Repo::new(crate::repo::GO);
    repo.write("Dockerfile", "FROM golang:1.26\nRUN wget https://example.com/x.tgz\nCOPY . .\nRUN go build -o app\nCMD [\"./app\"]\n");
    let ran = repo.run_without_a_trace(&["migrate", "--write", "--allow-dirty"]);
    ran.ended(1, &["1 of its instructions are left to a person", "--accept-open"]);
    assert!(ran.out.contains("for a person: whether the program needs `wget` to have run"), "{ran}");
    repo.run(&["migrate", "--write", "--allow-dirty", "--accept-open"]).ended(0, &["written"]);
}

#[test]
fn what_stands_in_the_way_of_stages_leaves_the_safe_level() {
    let repo = Repo::new(crate::repo::GO);
    repo.write("Dockerfile", "from registry.example.com/base:1\nCOPY . .\nCMD [\"./app\"]\n");
    let ran = repo.run(&["migrate", "--write", "--allow-dirty"]);
    ran.ended(0, &["written"]);
    assert!(ran.out.contains("line 1: an unknown or private base image"), "{ran}");
    assert!(repo.read("Dockerfile").starts_with("FROM registry.example.com/base:1\nCOPY . .\n"));
}

/// What a repository and its old file come to.
pub fn restaged(files: &[(&str, &str)], dockerfile: &str) -> (crate::repo::Ran, String) {
    let repo = Repo::new(files);
    repo.write("Dockerfile", dockerfile);
    let ran = repo.run(&["migrate", "--write", "--allow-dirty", "--accept-open"]);
    ran.ended(0, &["written"]);
    repo.run_without_a_trace(&["check"]).ended(0, &["up to date"]);
    let text = repo.read("Dockerfile");
    (ran, text)
}

#[test]
fn an_old_node_stays_and_gets_the_words_that_it_knows() {
    let manifest = NODE[0].1.replace("}}", "},\"devDependencies\":{\"mocha\":\"5\"}}");
    let files = [("package.json", manifest.as_str()), NODE[1]];
    let (ran, text) =
        restaged(&files, "FROM node:8.9-alpine\nCOPY . .\nRUN npm install\nEXPOSE 3000\nCMD npm start\n");
    assert!(ran.out.contains("Node.js 8 has had no fixes since 2019-12-31"), "{ran}");
    assert!(text.contains("FROM node:8-buster-slim"), "{text}");
    assert!(text.contains("--only=production") && !text.contains("--omit"), "npm 6 knows no --omit: {text}");
    assert!(
        text.contains("require('http').get(") && !text.contains("fetch("),
        "no fetch before Node.js 18: {text}"
    );
    assert!(
        text.contains("archive.debian.org") && text.contains("install -y --no-install-recommends tini"),
        "{text}"
    );
}

#[test]
fn an_old_python_stays_and_gets_the_words_that_it_knows() {
    const FLASK: &[(&str, &str)] = &[
        ("requirements.txt", "flask==1.1.4\n"),
        (
            "app.py",
            "from flask import Flask\napp = Flask(__name__)\nif __name__ == '__main__':\n    app.run(host='0.0.0.0', port=5000)\n",
        ),
    ];
    let (ran, text) = restaged(
        FLASK,
        "FROM ubuntu:14.04\nRUN apt-get update && apt-get install -y python python-pip libmagic1\nCOPY . /app\nRUN pip install -r /app/requirements.txt\nEXPOSE 5000\nCMD [\"python\", \"/app/app.py\"]\n",
    );
    assert!(ran.out.contains("Python 2.7 has had no fixes since 2020-01-01"), "{ran}");
    assert!(text.contains("FROM python:2.7-slim-buster"), "{text}");
    assert!(
        text.contains("virtualenv /opt/venv") && !text.contains("python -m venv"),
        "Python 2 has no venv: {text}"
    );
    assert!(!text.contains("http.client") && text.contains("socket.create_connection"), "{text}");
    assert!(text.contains("libmagic1") && !text.contains("libmagic1t64"), "a name of that release: {text}");
    let (_, text) = restaged(
        FLASK,
        "FROM python:3.6\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"python\", \"app.py\"]\n",
    );
    assert!(
        text.contains("/opt/venv/bin/pip install") && !text.contains("pip --python"),
        "pip 21 has no --python: {text}"
    );
}

#[test]
fn packages_that_nobody_signs_any_more_are_a_reason_to_refuse() {
    let repo = Repo::new(NODE);
    repo.write("Dockerfile", "FROM node:4\nRUN apt-get update && apt-get install -y imagemagick\nCOPY . .\nRUN npm install\nCMD npm start\n");
    let ran = repo.run_without_a_trace(&["migrate"]);
    assert!(
        ran.out.contains("no plan: packages are needed, and the keys that signed those of `node:4-slim`"),
        "{ran}"
    );
    let (_, text) = restaged(NODE, "FROM node:4\nCOPY . .\nRUN npm install\nCMD npm start\n");
    assert!(text.contains("FROM node:4-slim") && !text.contains("apt-get"), "{text}");
}

#[test]
fn a_known_installer_is_what_the_base_has_and_others_stay_refused() {
    let old = |address: &str| {
        format!(
            "FROM ubuntu:16.04\nRUN apt-get update && apt-get install -y curl && curl -sL {address} | bash - && apt-get install -y nodejs\nCOPY . .\nRUN npm install\nCMD npm start\n"
        )
    };
    let (ran, text) = restaged(NODE, &old("https://deb.nodesource.com/setup_10.x"));
    assert!(
        ran.out.contains("build.version stays 10") && text.contains("FROM node:10-buster-slim"),
        "{ran}{text}"
    );
    let repo = Repo::new(NODE);
    repo.write("Dockerfile", old("https://get.example.com/setup_10.x"));
    repo.run_without_a_trace(&["migrate"]).ended(0, &[]);
    assert!(repo.run(&["migrate"]).out.contains("a download is run unread"));
}

#[test]
fn a_builder_gets_both_images_and_the_repository_stays() {
    let repo = Repo::new(crate::repo::TWO);
    repo.write("api/Dockerfile", "FROM golang:1.26\nCOPY . .\nRUN go build -o app\nCMD [\"./app\"]\n");
    repo.write("web/Dockerfile", "FROM golang:1.26\nCOPY . .\nRUN go build -o app\nCMD [\"./app\"]\n");
    let bake = tempfile::tempdir().expect("a folder");
    let folder = bake.path().join("out");
    let words = folder.to_str().expect("a path");
    repo.run_without_a_trace(&["migrate", "--bake", words]).ended(0, &["docker-bake.hcl with 4 images"]);
    let text = std::fs::read_to_string(folder.join("docker-bake.hcl")).expect("the file");
    let targets: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("target \"")).collect();
    assert_eq!(targets.len(), 4, "{text}");
    assert!(text.contains("targets = [\"old\", \"new\"]"), "{text}");
    // Every file that it names is there, and the new ones are what a migration would write.
    for (word, at) in [("dockerfile", true), ("context", false)] {
        for line in text.lines().filter(|line| line.trim_start().starts_with(word)) {
            let path = std::path::Path::new(line.split('"').nth(1).expect("a path"));
            assert!(path.is_absolute() && if at { path.is_file() } else { path.is_dir() }, "{line}");
        }
    }
    let new = walkdir::WalkDir::new(&folder).into_iter().filter_map(Result::ok);
    let new: Vec<_> = new.filter(|entry| entry.file_name() == "Dockerfile").collect();
    assert_eq!(new.len(), 2);
    let made = std::fs::read_to_string(new[0].path()).expect("a Dockerfile");
    assert!(made.contains("# dockgen:generated"), "{made}");
    assert!(new[0].path().with_file_name("Dockerfile.dockerignore").is_file());
    repo.run(&["migrate", "--bake", words, "--write"]).ended(2, &["cannot be used with"]);
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    let repo = Repo::new(NODE);
    repo.run_without_a_trace(&["migrate", "--interactive"]).ended(2, &["there is no terminal to ask on"]);
}

#[test]
fn an_entry_script_keeps_its_mode_and_the_tools_that_it_calls() {
    let script = ("start.sh", "#!/bin/sh\nuntil nc -z db 5432; do sleep 1; done\nexec node server.js\n");
    let (ran, text) = restaged(
        &[NODE[0], NODE[1], script],
        "FROM node:24\nRUN apt-get update && apt-get install -y netcat vim\nWORKDIR /usr/src/app\nCOPY . .\nRUN npm install && chmod +x /usr/src/app/start.sh\nEXPOSE 3000\nCMD [\"/usr/src/app/start.sh\"]\n",
    );
    assert!(text.contains("RUN chmod +x start.sh"), "{ran}{text}");
    assert!(text.contains("netcat-openbsd") && !text.contains("vim"), "the script calls nc: {text}");
    assert!(text.contains("\"start.sh\"") || text.contains("\"./start.sh\""), "{text}");
}

#[test]
fn a_front_end_that_the_old_file_did_not_build_stays_as_it_lies() {
    const VITE: &str = "{\"scripts\":{\"build\":\"vite build\"},\"devDependencies\":{\"vite\":\"6\"}}";
    let files = [
        ("requirements.txt", "flask==3.1.0\ngunicorn==23.0.0\n"),
        ("run.py", "from flask import Flask\napp = Flask(__name__)\n"),
        ("package.json", VITE),
        ("vite.config.js", "export default { build: { outDir: 'static' } }\n"),
    ];
    let old = "FROM python:3.13\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\nCMD [\"gunicorn\", \"-b\", \":8000\", \"run:app\"]\n";
    let committed: Vec<_> = files.iter().copied().chain([("static/app.css", "p {}\n")]).collect();
    let (ran, text) = restaged(&committed, old);
    assert!(!text.contains("AS assets"), "{ran}{text}");
    // Nothing lies there, or the old file has built it.
    let (ran, text) = restaged(&files, old);
    assert!(text.contains("AS assets"), "{ran}{text}");
    let (ran, text) = restaged(&committed, &old.replace("COPY . .", "COPY . .\nRUN npm ci && npm run build"));
    assert!(text.contains("AS assets"), "{ran}{text}");
}

#[test]
fn packages_for_development_that_a_program_loads_at_once_are_shipped() {
    let manifest = "{\"scripts\":{\"start\":\"node server.js\"},\"dependencies\":{\"express\":\"4\"},\"devDependencies\":{\"morgan\":\"1\"}}";
    for (loads, stage) in [
        ("const e = require('express'),\n  log = require('morgan')\n", "--from=deps "),
        ("const e = require('express')\nif (!process.env.NODE_ENV) require('morgan')\n", "--from=prod-deps "),
    ] {
        let server = format!("{loads}e().listen(3000)\n");
        let (ran, text) = restaged(
            &[("package.json", manifest), ("server.js", &server)],
            "FROM node:24\nWORKDIR /app\nCOPY . .\nRUN npm install\nEXPOSE 3000\nCMD [\"npm\", \"start\"]\n",
        );
        assert!(text.contains(stage), "{ran}{text}");
    }
}
