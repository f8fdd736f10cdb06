//! Drift: what `dockgen check` says of it to people and machines, and what `dockgen update` does about it.

use crate::repo::{GO, Repo, TWO};

#[test]
fn the_cause_is_said_in_words() {
    let node: &[(&str, &str)] = &[
        (
            "package.json",
            "{\n  \"name\": \"shop\",\n  \"scripts\": { \"start\": \"node server.js\" },\n  \"engines\": { \"node\": \"22\" }\n}\n",
        ),
        ("package-lock.json", r#"{"name":"shop","lockfileVersion":3,"packages":{"":{}}}"#),
        ("server.js", "require('http').createServer().listen(3000)\n"),
    ];
    let repo = Repo::new(node);
    repo.run(&["init"]).ended(0, &[]);
    repo.edit("package.json", "\"22\"", "\"24\"");
    let ran = repo.run_without_a_trace(&["check"]);
    ran.ended(1, &["Dockerfile is out of date: package.json:4 says", "24", "the file has `FROM node:22"]);
    ran.ended(1, &["next: dockgen update"]);
}

/// A renamed image holds a version that the repository names: what moved is the cause, not what was said about images.
#[test]
fn the_cause_is_what_moved() {
    let repo = Repo::new(GO);
    repo.write("dockgen.toml", "[images]\ngolang = \"registry.company/golang\"\n");
    repo.run(&["init"]).ended(0, &[]);
    repo.edit("go.mod", "1.26", "1.27");
    let ran = repo.run_without_a_trace(&["check"]);
    ran.ended(1, &["out of date: go.mod:3 says `go 1.27`", "gives `registry.company/golang:1.27-alpine`"]);
    repo.run(&["init"]).ended(0, &[]);
    repo.edit("dockgen.toml", "registry.company", "registry2.company");
    let ran = repo.run_without_a_trace(&["check"]);
    ran.ended(1, &["out of date: dockgen.toml:2 says", "gives `registry2.company/golang:1.27-alpine`"]);
}

#[test]
fn annotations_name_the_file_the_line_and_the_cause() {
    let repo = Repo::new(GO);
    repo.run(&["init"]).ended(0, &[]);
    repo.run_without_a_trace(&["check", "--format", "github"]).ended(0, &["up to date"]).silent();
    repo.edit("main.go", ":8080", ":9090");
    let ran = repo.run_without_a_trace(&["check", "--format", "github"]);
    ran.ended(1, &[]);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 1, "one annotation a file: {ran}");
    assert!(lines[0].starts_with("::error file=Dockerfile,line="), "{ran}");
    assert!(lines[0].contains("main.go:6 says") && lines[0].contains("%0A"), "{ran}");
    let number: usize = lines[0]
        .split("line=")
        .nth(1)
        .and_then(|rest| rest.split(',').next())
        .expect("a line")
        .parse()
        .expect("a number");
    assert_eq!(repo.read("Dockerfile").lines().nth(number - 1), Some("EXPOSE 8080"), "{ran}");

    let json = repo.run_without_a_trace(&["check", "--format", "json"]);
    json.ended(1, &[]);
    let json: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(json["stale"][0]["file"], "Dockerfile");
    assert!(json["stale"][0]["cause"].as_str().is_some_and(|cause| cause.contains("main.go:6")));
}

#[test]
fn an_update_writes_what_is_unedited_and_shows_the_rest() {
    let repo = Repo::new(TWO);
    repo.run_without_a_trace(&["update"]).ended(3, &["nothing here was written by dockgen", "dockgen init"]);
    repo.run(&["init"]).ended(0, &[]);
    repo.run_without_a_trace(&["update"]).ended(0, &["unchanged api/Dockerfile"]).silent();
    repo.edit("api/Dockerfile", "EXPOSE 8080\n", "EXPOSE 8080\nENV THEIRS=1\n");
    repo.run_without_a_trace(&["update"]).ended(0, &["kept api/Dockerfile"]);
    repo.edit("api/go.mod", "1.26", "1.27");
    repo.edit("web/go.mod", "1.26", "1.27");
    let edited = repo.read("api/Dockerfile");
    let ran = repo.run(&["update"]);
    ran.ended(1, &["updated web/Dockerfile", "left as it is: api/Dockerfile"]);
    assert!(ran.out.contains("+++ b/api/Dockerfile") && !ran.out.contains("web/Dockerfile"), "{ran}");
    assert_eq!(repo.read("api/Dockerfile"), edited);
    assert!(repo.read("web/Dockerfile").contains("golang:1.27-"));
    repo.run(&["check", "--service", "web"]).ended(0, &["up to date"]);
}

/// A hook that is not started by a change of a manifest would miss its drift.
#[test]
fn the_hook_is_started_by_every_manifest() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.pre-commit-hooks.yaml"))
        .expect("text");
    let pattern = text.split("&files '").nth(1).and_then(|rest| rest.split('\'').next()).expect("a pattern");
    let pattern = regex_lite::Regex::new(pattern).expect("a pattern");
    let mut missed = Vec::new();
    for name in
        dockgen::stack::ALL.iter().flat_map(|stack| stack.looks_for()).chain(&["dockgen.toml", "Dockerfile"])
    {
        let name = name.replace('*', "a");
        if !pattern.is_match(&name) || !pattern.is_match(&format!("apps/web/{name}")) {
            missed.push(name);
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
    assert!(!pattern.is_match("README.md") && !pattern.is_match("src/app.css"));
}
