//! `dockgen.toml`: what can be set in it, how it is shown and described, and a company's folder below it.

use std::fs;
use std::path::{Path, PathBuf};

use dockgen::{config, stack};

use crate::repo::{CHOICE, GO, Repo, TWO};

fn with(files: &[(&str, &str)], settings: &str) -> Repo {
    let repo = Repo::new(files);
    repo.write("dockgen.toml", settings);
    repo
}

#[track_caller]
fn printed(files: &[(&str, &str)], settings: &str) -> String {
    let ran = with(files, settings).run_without_a_trace(&["init", "--stdout"]);
    ran.ended(0, &[]);
    ran.out
}

const NODE: &[(&str, &str)] = &[
    (
        "package.json",
        r#"{"name":"shop","scripts":{"start":"node server.js","build":"node build.js"},"dependencies":{"express":"5.1.0"}}"#,
    ),
    ("package-lock.json", r#"{"name":"shop","lockfileVersion":3,"packages":{"":{}}}"#),
    ("build.js", ""),
    ("server.js", "require('express')().listen(3000)\n"),
];

#[test]
fn base_images_come_from_where_people_keep_them() {
    let text = printed(GO, "[images]\ngolang = \"registry.company/golang\"\n");
    assert!(
        text.contains("FROM --platform=$BUILDPLATFORM registry.company/golang:1.26-alpine AS deps\n"),
        "{text}"
    );
    assert!(text.contains("FROM scratch AS runtime\n"), "{text}");

    let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let pinned = format!("images.\"golang:1.26-alpine\" = \"golang:1.26-alpine@{digest}\"\n");
    assert!(printed(GO, &pinned).contains(&format!(" golang:1.26-alpine@{digest} AS deps\n")));

    let text = printed(
        NODE,
        "policy.registry_mirror = \"registry.company/hub/\"\nimages.\"gcr.io/distroless/nodejs24-debian13\" = \"registry.company/nodejs\"\n",
    );
    assert!(text.contains("FROM registry.company/hub/node:24-"), "{text}");
    // What is known of the public image holds for the other: its user, and how it is asked for health.
    assert!(text.contains("USER 65532:65532") && text.contains("/nodejs/bin/node"), "{text}");

    let own = "[images]\nnode = \"registry.company/node\"\n[runtime]\nimage = \"node:24-trixie-slim\"\n";
    let text = printed(NODE, own);
    assert!(text.contains("FROM node:24-trixie-slim AS runtime"), "named by a person: {text}");

    let plan = with(GO, "[images]\ngolang = \"registry.company/golang\"\n").run(&["plan"]);
    assert!(plan.out.contains("dockgen.toml:2") && plan.out.contains("over golang:1.26-alpine"), "{plan}");
}

#[test]
fn an_empty_file_sets_nothing() {
    let plain = printed(GO, "");
    assert_eq!(printed(GO, "\n\n"), plain);
    assert!(plain.contains(" golang:1.26-alpine AS deps"), "{plain}");
}

#[test]
fn a_check_asks_where_the_program_listens() {
    for (server, config, expected) in [
        (".listen(process.env.PORT || 4000)", "", "'http://127.0.0.1:'+(process.env.PORT||4000)+'/'"),
        (".listen(process.env.API_PORT || 4000)", "", "'http://127.0.0.1:'+(process.env.API_PORT||4000)+'/'"),
        // A number moves with nothing, whatever a container is given.
        (".listen(4000)", "", "fetch('http://127.0.0.1:4000/')"),
        // Where the sources say nothing, a package listens.
        ("", "", "'http://127.0.0.1:'+(process.env.PORT||3000)+'/'"),
        (
            ".listen(process.env.API_PORT || 4000)",
            "[runtime]\nport = 4001\nhealthcheck.path = \"/up\"\n",
            "'http://127.0.0.1:'+(process.env.API_PORT||4001)+'/up'",
        ),
        (".listen(4000)", "[runtime]\nhealthcheck.path = \"/up\"\n", "fetch('http://127.0.0.1:4000/up')"),
        // An old line has no `fetch`.
        (
            ".listen(process.env.API_PORT || 4000)",
            "node.version = \"16\"\n",
            "port:process.env.API_PORT||4000,",
        ),
    ] {
        let server = format!("require('express')(){server}\n");
        let mut files = NODE.to_vec();
        files.retain(|(name, _)| *name != "server.js");
        files.push(("server.js", &server));
        let text = printed(&files, &format!("# settings\n{config}"));
        assert!(text.contains(expected), "{server}{config}: {text}");
    }
}

#[test]
fn single_stages_get_what_they_need() {
    let text = printed(
        NODE,
        r#"
[stages.deps]
packages = ["ca-certificates"]
env.NODE_EXTRA_CA_CERTS = "/etc/ssl/certs/company.pem"
args.HTTP_PROXY = "http://proxy:3128"
secrets = ["npmrc=/root/.npmrc", "extra"]
instructions = ["RUN echo ready"]
target = "packages"

[stages.runtime]
env.MODE = "fast"
target = "app"

[labels]
"org.opencontainers.image.source" = "https://git.company/shop"
team = "shop floor"

[build]
platforms = ["linux/amd64", "linux/arm64"]
"#,
    );
    let stages: Vec<&str> = text.split("\nFROM ").collect();
    let deps =
        stages.iter().find(|stage| stage.contains(" AS packages\n")).unwrap_or_else(|| panic!("{text}"));
    for line in [
        "ARG HTTP_PROXY=http://proxy:3128\n",
        "ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/company.pem\n",
        "ca-certificates",
        "--mount=type=secret,id=npmrc,target=/root/.npmrc",
        "--mount=type=secret,id=extra,target=/run/secrets/extra",
        "\nRUN echo ready\n",
    ] {
        assert!(deps.contains(line), "no `{line}` in {deps}");
    }
    let runtime = stages.last().expect("a runtime");
    assert!(runtime.contains(" AS app\n") && runtime.contains("MODE=fast"), "{runtime}");
    assert!(runtime.contains("org.opencontainers.image.source=https://git.company/shop"), "{runtime}");
    assert!(runtime.contains("team=\"shop floor\""), "{runtime}");
    assert!(!text.contains("=deps"), "every reference has the new name: {text}");
    assert!(text.contains("docker build --platform linux/amd64,linux/arm64 -t shop ."), "{text}");
    assert!(!runtime.contains("npmrc"), "secrets are for their stage: {runtime}");
}

#[test]
fn mistakes_are_refused_with_their_place() {
    for (text, says) in [
        (
            "[stages.dep]\npackages = [\"git\"]\n",
            &["dockgen.toml:2", "no stage `dep`; did you mean `deps`?"][..],
        ),
        ("[stages.deps]\npackges = [\"git\"]\n", &["dockgen.toml:2", "did you mean `stages.deps.packages`?"]),
        ("[stages.deps]\ntarget = \"build\"\n", &["dockgen.toml:2", "would be called `build`"]),
        ("[stages.deps]\nsecrets = [\"a b\"]\n", &["dockgen.toml:2", "expected ids such as npmrc"]),
        ("[stages.build]\nenv.NPM_TOKEN = \"abc123\"\n", &["NPM_TOKEN"]),
        ("[images]\ngolan = \"x/golang\"\n", &["dockgen.toml:2", "did you mean `images.golang`?"]),
        ("[images]\ngolang = \"x y\"\n", &["dockgen.toml:2", "expected an image reference"]),
        ("[build]\nplatforms = [\"amd64\"]\n", &["dockgen.toml:2", "expected platforms such as linux/amd64"]),
        ("[runtme]\nport = 1\n", &["dockgen.toml:1", "did you mean `runtime`?"]),
        ("port = 1\n", &["dockgen.toml:1", "did you mean `runtime.port`?"]),
        ("[labels]\nteam = 7.5\nother = []\n", &["dockgen.toml:3", "expected a text"]),
        ("schema = 2\n", &["dockgen.toml:1", "`schema = 1`"]),
    ] {
        let repo = with(GO, text);
        for args in [&["init"][..], &["check"]] {
            repo.run_without_a_trace(args).ended(2, says);
        }
    }
}

#[test]
fn shown_settings_say_where_they_come_from() {
    let repo = with(GO, "[runtime]\nuser = 7\n\n[labels]\n\"a.b\" = \"c\"\n");
    let shown = repo.run_without_a_trace(&["config", "show", "--origin", "--set", "runtime.port=9000"]);
    shown.ended(0, &[]);
    for (line, origin) in [
        ("stack = \"go\"", "go.mod"),
        ("version = \"1.26\"", "go.mod:3"),
        ("port = 9000", "--set runtime.port=9000"),
        ("user = 7", "dockgen.toml:2"),
        ("\"a.b\" = \"c\"", "dockgen.toml:5"),
        ("image = \"scratch\"", "default: "),
    ] {
        let is_there = |shown: &str| shown.starts_with(line) && shown.contains(&format!("# {origin}"));
        assert!(shown.out.lines().any(is_there), "{line} # {origin}: {shown}");
    }
    let plain = repo.run(&["config", "show"]);
    assert!(!plain.out.contains('#'), "{plain}");
    let json = repo.run(&["config", "show", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(json["services"][0]["settings"][0]["key"], "go.version");
    // One of several is named, so that its settings can be kept without being everybody's.
    let one = Repo::new(TWO).run(&["config", "show", "--service", "api"]);
    assert!(one.out.contains("[services.api.runtime]\n") && !one.out.contains("web"), "{one}");
    let two = Repo::new(TWO).run(&["config", "show"]);
    assert!(
        two.out.contains("[services.api.runtime]\n") && two.out.contains("[services.web.run]\n"),
        "{two}"
    );
}

/// What `dockgen config show` prints, kept as `dockgen.toml`, gives the plan that was shown: every value, every service.
#[test]
fn shown_settings_are_a_dockgen_toml() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let entries = fs::read_dir(&fixtures).expect("fixtures").map(|entry| entry.expect("readable").path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() > 70, "only {} fixtures", folders.len());
    let (first, second) = folders.split_at(folders.len() / 2);
    let others: Vec<String> = std::thread::scope(|threads| {
        let half = |folders| move || -> Vec<String> { folders_that_differ(folders) };
        let (first, second) = (threads.spawn(half(first)), threads.spawn(half(second)));
        [first, second].into_iter().flat_map(|half| half.join().expect("no panic")).collect()
    });
    assert!(others.is_empty(), "{}", others.join("\n"));
}

fn folders_that_differ(folders: &[PathBuf]) -> Vec<String> {
    folders
        .iter()
        .filter_map(|folder| difference(folder).map(|said| format!("{}: {said}", folder.display())))
        .collect()
}

/// What the plan of a fixture has otherwise once its settings are written down.
fn difference(fixture: &Path) -> Option<String> {
    let repo = Repo::new(&[]);
    for entry in walkdir::WalkDir::new(fixture).into_iter().map(|entry| entry.expect("readable")) {
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(fixture).expect("below it").to_str().expect("UTF-8");
            repo.write(name, fs::read(entry.path()).expect("readable"));
        }
    }
    let expectation: toml::Table =
        fs::read_to_string(fixture.with_extension("toml")).expect("text").parse().expect("TOML");
    let args = expectation.get("args").and_then(toml::Value::as_array);
    let args: Vec<&str> = args.into_iter().flatten().filter_map(toml::Value::as_str).collect();
    let given: Vec<&str> = args.chunks(2).filter(|pair| pair[0] == "--set").flatten().copied().collect();
    let run = |words: &[&str], given: &[&str]| {
        let ran = repo.run(&[words, given].concat());
        assert_eq!(ran.code, Some(0), "{}: {ran}", fixture.display());
        ran.out
    };
    let plan = |given: &[&str]| {
        let plan: serde_json::Value =
            serde_json::from_str(&run(&["plan", "--format", "json"], given)).expect("JSON");
        format!("{:#}\n", values(&plan["services"]))
    };
    let before = plan(&given);
    let shown = run(&["config", "show"], &given);
    repo.write("dockgen.toml", &shown);
    let after = plan(&[]);
    let diff = similar::TextDiff::from_lines(&before, &after).unified_diff().to_string();
    (before != after).then(|| format!("{shown}\n{diff}"))
}

/// A document without reasons, and without the comments that cite them: each fact is its value.
fn values(tree: &serde_json::Value) -> serde_json::Value {
    let is_reason = |name: &str| ["about", "because", "over"].contains(&name);
    match tree {
        serde_json::Value::Object(entries)
            if entries.contains_key("because") && entries.contains_key("value") =>
        {
            values(&entries["value"])
        }
        serde_json::Value::Object(entries) => {
            let told = entries.iter().filter(|(name, _)| !is_reason(name));
            told.map(|(name, entry)| (name.clone(), values(entry))).collect()
        }
        serde_json::Value::Array(items) => items.iter().map(values).collect(),
        plain => plain.clone(),
    }
}

#[test]
fn the_schema_takes_what_dockgen_takes() {
    let ran = Repo::new(&[]).run(&["schema", "config"]);
    ran.ended(0, &[]);
    let schema: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let is_valid = |text: &str| {
        let value: toml::Value = toml::from_str(text).unwrap_or_else(|bad| panic!("{text}: {bad}"));
        validator.is_valid(&serde_json::to_value(value).expect("JSON"))
    };
    for text in [
        "schema = 1\nextends = \"../platform\"\n[tool.other]\nx = 1\n",
        "[runtime]\nport = 9000\nuser = \"1:1\"\nenv.A = \"b\"\nhealthcheck = { path = \"/\", enabled = true }\n",
        "[run]\ncmd = [\"/x\"]\n[go]\nprivate_access = \"ssh\"\n[stages.deps]\nsecrets = [\"npmrc\"]\nenv.A = 1\n",
        "[services.api.runtime]\nport = \"1\"\n[images]\n\"node\" = \"x/node\"\n[labels]\n\"a.b\" = \"c\"\n",
    ] {
        assert!(is_valid(text), "{text}");
    }
    for text in [
        "[runtme]\nport = 1\n",
        "[runtime]\nprot = 1\n",
        "[runtime]\nport = true\n",
        "[runtime]\nport = [1]\n",
        "[go]\nprivate_access = \"ftp\"\n",
        "[services.api]\nport = 1\n",
        "[stages.deps]\npackges = []\n",
        "[build]\ninstructions = \"RUN x\"\n",
    ] {
        assert!(!is_valid(text), "{text}");
        let repo = with(GO, text);
        assert_eq!(repo.run(&["init", "--stdout"]).code, Some(2), "{text}");
    }
    // No value that dockgen takes is underlined in an editor.
    let copied = [("from", "a"), ("to", "b")].map(|(name, path)| (name.to_owned(), toml::Value::from(path)));
    let copied: toml::Table = copied.into_iter().collect();
    let samples = [
        toml::Value::from("x"),
        toml::Value::from("/x"),
        toml::Value::from("SIGTERM"),
        toml::Value::from("non-root"),
        toml::Value::from("a:b"),
        toml::Value::from(7),
        toml::Value::from(1.5),
        toml::Value::from(true),
        toml::Value::from(vec!["x"]),
        toml::Value::from(vec!["RUN x"]),
        toml::Value::from(vec!["# x"]),
        toml::Value::from("FROM x AS y"),
        toml::Value::from(vec!["linux/amd64"]),
        toml::Value::from(vec![toml::Value::from(7)]),
        toml::Value::from(vec!["github"]),
        toml::Value::from("Containerfile"),
        toml::Value::from("auto"),
        toml::Value::from("300MB"),
        toml::Value::from(vec![toml::Value::Table(copied)]),
    ];
    for key in stack::keys() {
        let name = key.name().replace("images.*", "images.node").replace('*', "a");
        let mut taken = 0;
        for sample in &samples {
            let path = config::segments(&stack::keys(), &name);
            let nested = path.iter().rev().fold(sample.clone(), |value, part| {
                toml::Value::Table([(part.clone(), value)].into_iter().collect())
            });
            if key.check(sample).is_ok() {
                taken += 1;
                assert!(validator.is_valid(&serde_json::to_value(&nested).expect("JSON")), "{nested}");
            }
        }
        let is_word = matches!(key.shape(), dockgen::key::Shape::OneOf(_));
        assert!(taken > 0 || is_word, "no sample for `{}`", key.name());
    }
}

const COMPANY: &str = "[policy]\nregistry_mirror = \"registry.company/hub\"\n\n[labels]\nvendor = \"Company\"\n\n[runtime]\nport = 7000\n\n[stages.deps]\nenv.CA = \"/ca.pem\"\n\n[stages.planner]\nenv.ONLY = \"rust\"\n";

#[test]
fn a_companys_folder_gives_defaults() {
    let root =
        Repo::new(&[("app/go.mod", GO[0].1), ("app/main.go", GO[1].1), ("platform/dockgen.toml", COMPANY)]);
    for (extends, cited) in [("../platform", "platform/dockgen.toml"), ("defaults", "defaults/dockgen.toml")]
    {
        root.write("app/dockgen.toml", format!("extends = \"{extends}\"\n"));
        if extends == "defaults" {
            root.write("app/defaults/dockgen.toml", COMPANY);
        }
        let ran = root.run_without_a_trace(&["init", "app", "--stdout"]);
        ran.ended(0, &[]);
        for line in
            ["registry.company/hub/golang:1.26-alpine", "vendor=Company", "EXPOSE 7000", "ENV CA=/ca.pem"]
        {
            assert!(ran.out.contains(line), "no `{line}` in {ran}");
        }
        let shown = root.run(&["config", "show", "app", "--origin"]);
        assert!(shown.out.starts_with("extends = "), "{shown}");
        let port = shown.out.lines().find(|line| line.starts_with("port = 7000")).unwrap_or_default();
        assert!(port.ends_with(&format!("# {cited}:8")), "{shown}");
    }
    // The project's own word is stronger.
    root.write("app/dockgen.toml", "extends = \"defaults\"\n[runtime]\nport = 7001\n");
    let ran = root.run(&["init", "app", "--stdout"]);
    assert!(ran.out.contains("EXPOSE 7001"), "{ran}");
    root.run(&["init", "app"]).ended(0, &[]);
    root.run_without_a_trace(&["check", "app"]).ended(0, &["up to date"]);
    // A change of the company's is drift of the project's.
    root.edit("app/defaults/dockgen.toml", "registry.company", "registry2.company");
    root.run_without_a_trace(&["check", "app"]).ended(1, &["defaults/dockgen.toml:2"]);
}

#[test]
fn a_folder_that_cannot_be_extended_is_refused() {
    for (text, company, says) in [
        ("extends = \"../nowhere\"\n", "", &["dockgen.toml:1", "`extends`", "nowhere"][..]),
        ("extends = 7\n", "", &["dockgen.toml:1", "expected the path of a folder"]),
        ("extends = \"/etc/dockgen\"\n", "", &["dockgen.toml:1", "another folder on every machine"]),
        ("extends = \"https://git.company/x\"\n", "", &["dockgen.toml:1", "reads no network"]),
        ("extends = \"co\"\n", "[runtime]\nprot = 1\n", &["co/dockgen.toml:2", "runtime.port", "prot = 1"]),
        ("extends = \"co\"\n", "extends = \"..\"\n", &["co/dockgen.toml:1", "`extends` is for projects"]),
        (
            "extends = \"co\"\n",
            "[services.x]\nrun.cmd = \"x\"\n",
            &["co/dockgen.toml:1", "`services` is for projects"],
        ),
    ] {
        let repo = with(GO, text);
        if !company.is_empty() {
            repo.write("co/dockgen.toml", company);
        }
        repo.run_without_a_trace(&["init"]).ended(2, says);
    }
}

#[test]
fn only_news_is_kept() {
    let repo = Repo::new(GO);
    repo.run(&["init", "--set", "runtime.port=8080", "--set", "go.version=1.26"]).ended(0, &[]);
    assert!(!repo.state().contains_key("dockgen.toml"), "detection says the same");
    repo.run(&["check"]).ended(0, &["up to date"]);
    let choice = Repo::new(CHOICE);
    choice.run(&["init", "--set", "go.main=./cmd/alpha"]).ended(0, &[]);
    assert!(!choice.state().contains_key("dockgen.toml"), "it is the default");

    repo.write("dockgen.toml", "# ours\n[runtime]\nport = 9000 # because\n");
    repo.run(&["init", "--set", "runtime.port=9001", "--set", "labels.\"a.b\"=c"]).ended(2, &["labels"]);
    repo.run(&["init", "--set", "runtime.port=9001", "--set", "labels.a.b=c"]).ended(0, &[]);
    assert_eq!(
        repo.read("dockgen.toml"),
        "# ours\n[runtime]\nport = 9001 # because\n\n[labels]\n\"a.b\" = \"c\"\n"
    );
    repo.run(&["check"]).ended(0, &["up to date"]);
}

#[test]
fn a_companys_policy_holds() {
    let app = |settings: &str, company: &str| {
        let repo = Repo::new(GO);
        repo.write("dockgen.toml", format!("extends = \"co\"\n{settings}"));
        repo.write("co/dockgen.toml", company);
        repo
    };
    for (settings, company, says) in [
        (
            "[runtime]\nuser = 7\n",
            "[policy]\nlocked = [\"runtime.user\"]\n",
            &["dockgen.toml:3", "`runtime.user` is locked", "co/dockgen.toml:2"][..],
        ),
        // A whole table, and no way around it.
        (
            "[policy]\nlocked = []\n[images]\ngolang = \"x/golang\"\n",
            "[policy]\nlocked = [\"images\", \"policy\"]\n",
            &["dockgen.toml:5", "`images.golang` is locked", "`policy.locked` is locked"],
        ),
        (
            "[runtime]\nuser = 0\n",
            "[policy]\nrequire = [\"non-root\"]\n",
            &["runs as root", "co/dockgen.toml:2 requires non-root"],
        ),
        (
            "[policy]\nrequire = []\n",
            "[policy]\nrequire = [\"healthcheck\", \"tests\"]\n",
            &["has no health check", "requires healthcheck"],
        ),
        ("", "[policy]\nrequire = [\"digest\"]\n", &["golang:1.26-alpine`, which has no digest", "--pin"]),
        (
            "[policy]\nallowed_bases = [\"*\"]\n",
            "[policy]\nallowed_bases = [\"registry.acme.example/*\"]\n",
            &["uses `golang:1.26-alpine`, which co/dockgen.toml:2 does not allow", "[images]"],
        ),
        ("[policy]\nrequire = [\"nonroot\"]\n", "", &["dockgen.toml:3", "expected non-root, healthcheck"]),
    ] {
        app(settings, company).run_without_a_trace(&["init"]).ended(2, says);
    }
    let good = app(
        "",
        "[images]\ngolang = \"registry.acme.example/golang\"\n[policy]\nlocked = [\"runtime.user\"]\nrequire = [\"non-root\"]\nallowed_bases = [\"registry.acme.example/*\"]\n",
    );
    good.run(&["init"]).ended(0, &[]);
    good.run_without_a_trace(&["init", "--stdout", "--set", "runtime.user=7"])
        .ended(2, &["`runtime.user` is locked"]);
}

#[test]
fn a_program_that_looks_like_a_server_is_called_what_it_is() {
    let text = printed(GO, "[project]\nkind = \"program\"\n");
    assert!(!text.contains("EXPOSE") && !text.contains("HEALTHCHECK"), "{text}");
    assert!(!text.contains(" -p "), "{text}");
    let plan = with(GO, "[project]\nkind = \"program\"\n").run(&["plan"]);
    assert!(plan.out.contains("dockgen.toml:2") && plan.out.contains("over server"), "{plan}");
}
