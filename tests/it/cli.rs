//! Conventions that hold for every command: help, exit codes, pipes, colour, `dockgen.toml`, documents.

use std::io::Read as _;
use std::process::Stdio;

use crate::repo::{GO, Ran, Repo};

#[test]
fn help_fits_a_screen() {
    let repo = Repo::new(&[]);
    for command in [
        "",
        "init",
        "check",
        "plan",
        "verify",
        "lint",
        "explain",
        "inventory",
        "migrate",
        "update",
        "templates",
        "templates eject",
        "schema",
        "doctor",
        "man",
        "config",
        "config show",
        "completions",
    ] {
        let args: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let ran = repo.run(&args);
        ran.ended(0, &[]);
        assert_eq!(ran.err, "", "help is data: {ran}");
        assert!(ran.out.lines().count() <= 40, "{ran}");
        assert!(ran.out.lines().all(|line| line.chars().count() <= 80), "{ran}");
    }
    assert!(repo.run(&["--version"]).out.starts_with("dockgen "));
}

#[test]
fn wrong_use_is_two() {
    let repo = Repo::new(GO);
    for args in [
        &["inti"][..],
        &[],
        &["init", "--nope"],
        &["init", "--check", "--diff"],
        &["init", "--all", "--service", "x"],
        &["plan", "--format", "yaml"],
        &["schema", "nothing"],
    ] {
        repo.run_without_a_trace(args).ended(2, &[]).silent();
    }
}

#[test]
fn data_and_talk_are_apart() {
    let repo = Repo::new(GO);
    let plan = repo.run(&["plan", "--format", "json"]);
    plan.ended(0, &[]);
    serde_json::from_str::<serde_json::Value>(&plan.out).expect("stdout is one document");
    let text = repo.run(&["plan"]);
    assert!(text.out.contains("go.mod:3"), "evidence with its place: {text}");
    assert!(text.out.contains("over"), "what it won over: {text}");
    repo.run(&["completions", "bash"]).ended(0, &[]);
}

#[test]
fn the_plan_fits_its_schema() {
    let repo = Repo::new(GO);
    let schema = repo.run(&["schema", "plan"]);
    let schema: serde_json::Value = serde_json::from_str(&schema.out).expect("a schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    let recognised = repo.run(&["plan", "--format", "json"]);
    let nothing = Repo::new(&[("notes.txt", "")]).run(&["plan", "--format", "json"]);
    nothing.ended(3, &["no project recognised"]);
    let broken = Repo::new(&[("go.mod", "modul x\n"), GO[1]]).run(&["plan", "--format", "json"]);
    broken.ended(2, &[]);
    for ran in [recognised, nothing, broken] {
        let plan: serde_json::Value = serde_json::from_str(&ran.out).expect("one document, also on failure");
        let problems: Vec<String> = validator.iter_errors(&plan).map(|bad| bad.to_string()).collect();
        assert!(problems.is_empty(), "{problems:?}\n{ran}");
        assert_eq!(plan["schema_version"], 1);
    }
    // The schema says something: a plan with a broken part does not fit.
    let mut plan: serde_json::Value =
        serde_json::from_str(&repo.run(&["plan", "--format", "json"]).out).expect("a plan");
    plan["services"][0]["runtime"]["user"] = 7.into();
    assert!(!validator.is_valid(&plan));
}

#[test]
fn every_value_of_a_plan_has_a_reason() {
    fn values(tree: &serde_json::Value, facts: &mut Vec<serde_json::Value>) {
        if tree.get("because").is_some() {
            facts.push(tree.clone());
        }
        match tree {
            serde_json::Value::Array(items) => items.iter().for_each(|item| values(item, facts)),
            serde_json::Value::Object(entries) => entries.values().for_each(|item| values(item, facts)),
            _ => {}
        }
    }
    let plan = Repo::new(GO).run(&["plan", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.out).expect("a plan");
    let mut facts = Vec::new();
    values(&plan, &mut facts);
    assert!(facts.len() > 8, "{facts:?}");
    for fact in facts {
        let because = &fact["because"];
        assert!(because["says"].as_str().is_some_and(|says| !says.is_empty()), "{fact}");
        let is_read = because["layer"] == "detected" || because["layer"] == "config";
        assert_eq!(is_read, because["at"].is_object(), "what was read has a place: {fact}");
    }
}

#[test]
fn colour_is_for_terminals_unless_somebody_insists() {
    let repo = Repo::new(&[("go.mod", "module example.com/x\n\ngo 1.19\n"), GO[1]]);
    let coloured = |args: &[&str], env: &[(&str, &str)]| {
        let output = repo.command(args).envs(env.iter().copied()).output().expect("starts");
        let ran = Ran::new(args, &output);
        assert!(ran.err.contains("has had no fixes"), "something to colour: {ran}");
        ran.out.contains('\u{1b}') || ran.err.contains('\u{1b}')
    };
    assert!(!coloured(&["init", "--diff"], &[]));
    assert!(coloured(&["init", "--diff"], &[("FORCE_COLOR", "1")]));
    assert!(coloured(&["init", "--diff"], &[("CLICOLOR_FORCE", "1")]));
    assert!(coloured(&["init", "--diff", "--color", "always"], &[]));
    assert!(coloured(&["init", "--diff", "--color", "always"], &[("NO_COLOR", "1")]));
    assert!(!coloured(&["init", "--diff"], &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")]));
    assert!(!coloured(&["init", "--diff", "--color", "never"], &[("FORCE_COLOR", "1")]));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let repo = Repo::new(GO);
    for args in [
        &["init", "--dry-run"][..],
        &["init", "--diff"],
        &["plan"],
        &["schema", "plan"],
        &["completions", "zsh"],
        &["--help"],
    ] {
        let mut child =
            repo.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut err).expect("text");
        child.wait().expect("ends");
        assert!(!err.contains("panicked") && !err.contains("Broken pipe"), "{args:?}: {err}");
    }
}

#[test]
fn a_full_stdout_is_an_error() {
    let repo = Repo::new(GO);
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else { return };
    let output = repo.command(&["init", "--stdout"]).stdout(full).output().expect("starts");
    let ran = Ran::new(&["init", "--stdout"], &output);
    ran.ended(2, &["cannot write to stdout"]);
}

#[test]
fn dockgen_toml_counts_and_is_cited() {
    let repo = Repo::new(GO);
    repo.write(
        "dockgen.toml",
        "[runtime]\n# ours\nport = 9000\nenv = { MODE = \"fast\" }\n\n[tool.other]\nx = 1\n",
    );
    let plan = repo.run(&["plan"]);
    plan.ended(0, &[]);
    assert!(plan.out.contains("dockgen.toml:3  runtime.port = 9000"), "{plan}");
    let loser = plan.out.lines().find(|line| line.contains("over 8080")).unwrap_or_default();
    assert!(loser.contains("main.go:6"), "{plan}");
    assert!(plan.out.contains("dockgen.toml:4"), "{plan}");
    repo.run(&["init"]).ended(0, &[]);
    assert!(repo.read("Dockerfile").contains("\nEXPOSE 9000\n"));
    // A flag is stronger.
    let flagged = repo.run(&["init", "--stdout", "--set", "runtime.port=9001"]);
    assert!(flagged.out.contains("\nEXPOSE 9001\n"), "{flagged}");
    // The file is a cause, like any other.
    repo.edit("dockgen.toml", "9000", "9002");
    repo.run(&["check"]).ended(1, &["dockgen.toml:3 says `runtime.port = 9002`"]);
}

#[test]
fn a_services_table_is_for_that_service() {
    let repo = Repo::new(crate::repo::TWO);
    repo.write("dockgen.toml", "[services.web]\nruntime.port = 9000\n");
    repo.run(&["init"]).ended(0, &[]);
    assert!(repo.read("web/Dockerfile").contains("\nEXPOSE 9000\n"));
    assert!(repo.read("api/Dockerfile").contains("\nEXPOSE 8080\n"));
}

#[test]
fn a_wrong_dockgen_toml_is_refused_with_its_place() {
    for (text, says) in [
        ("[runtime]\nprot = 1\n", &["dockgen.toml:2", "did you mean `runtime.port`?"][..]),
        ("[runtme]\nport = 1\n", &["dockgen.toml:1", "no setting `runtme`"]),
        ("[runtime]\n\nport = \"web\"\n", &["dockgen.toml:3", "expected a port between 1 and 65535"]),
        ("[runtime]\nuser = \"root\"\n", &["dockgen.toml:2", "expected a numeric user"]),
        ("[runtime\nport = 1\n", &["dockgen.toml:1", "does not read as TOML"]),
        ("runtime = 7\n", &["dockgen.toml:1", "`runtime`"]),
        ("port = 1\n", &["dockgen.toml:1", "no setting `port`"]),
        ("[services.api.runtime]\nprot = 1\n", &["dockgen.toml:2", "did you mean `runtime.port`?"]),
        ("[services]\napi = 7\n", &["dockgen.toml:2", "`services.api` must be a table"]),
        ("services = 7\n", &["dockgen.toml:1", "`services` must be a table"]),
        ("[services.nowhere]\nruntime.port = 1\n", &["dockgen.toml:2", "no service `nowhere`"]),
    ] {
        let repo = Repo::new(GO);
        repo.write("dockgen.toml", text);
        for args in [&["init"][..], &["check"], &["plan"]] {
            let ran = repo.run_without_a_trace(args);
            ran.ended(2, says);
        }
    }
}

/// Examples of the help are run as they stand, in a repository with all that they name.
#[test]
fn the_examples_of_the_help_run() {
    let repo = Repo::new(GO);
    let page = repo.run(&["--help"]).out;
    // The second column: after the group, before what the command does.
    let names = page.lines().filter_map(|line| line.get(8..20)).map(str::trim_end);
    let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase());
    let names: Vec<&str> = names.filter(is_name).collect();
    assert!(names.len() > 10, "{names:?}");
    repo.run(&["init"]).ended(0, &[]);
    let mut seen = 0;
    for name in names.into_iter().filter(|name| *name != "verify") {
        let help = repo.run(&[name, "--help"]);
        let (_, examples) =
            help.out.split_once("Examples:\n").unwrap_or_else(|| panic!("no examples: {help}"));
        for example in examples.lines() {
            let words = shell_words::split(example).expect("words");
            assert_eq!(words.first().map(String::as_str), Some("dockgen"), "{example}");
            let args: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
            let ran = repo.run(&args);
            // 1 is a finding, and 4 an engine that a machine need not have.
            let is_fine = matches!(ran.code, Some(0 | 1)) || (name == "doctor" && ran.code == Some(4));
            assert!(is_fine && !ran.err.contains("panicked"), "{ran}");
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen} examples were run");
}

#[test]
fn manual_pages_are_made_of_the_same_definitions() {
    let repo = Repo::new(&[]);
    let page = repo.run(&["man"]);
    page.ended(0, &[]);
    assert!(page.out.contains(".TH dockgen 1"), "{page}");
    repo.run(&["man", "."]).ended(0, &["pages in ."]);
    let page = repo.read("dockgen-init.1");
    assert!(page.contains("compose") && page.contains("Examples"), "{page}");
    assert!(repo.state().len() > 12, "{:?}", repo.state().keys());
}

#[test]
fn the_doctor_says_what_is_there_and_what_is_missing() {
    let repo =
        Repo::new(&[("go.mod", GO[0].1), ("main.go", GO[1].1), ("dockgen.toml", "[runtime]\nport = 1\n")]);
    let nowhere = tempfile::tempdir().expect("a folder");
    let doctor = |repo: &Repo| {
        let output = repo.command(&["doctor"]).env("PATH", nowhere.path()).output().expect("starts");
        Ran::new(&["doctor"], &output)
    };
    let ran = doctor(&repo);
    ran.ended(4, &[]);
    for line in [
        "missing  engine",
        "ok       folder",
        "ok       templates  built in",
        "ok       settings   1 in dockgen.toml",
        "ok       project    hello",
    ] {
        assert!(ran.out.contains(line), "no `{line}` in {ran}");
    }
    assert!(ran.out.contains("help: install one of them"), "{ran}");
    repo.write(".dockgen/templates/go/biuld.tera", "x");
    let ran = doctor(&repo);
    assert!(ran.out.contains("missing  templates") && ran.out.contains("dockgen templates check"), "{ran}");
}
