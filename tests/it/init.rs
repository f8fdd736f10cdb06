//! `dockgen init` and `dockgen check` without a terminal: what is written, what is only shown, and
//! what is left alone.

use std::process::{Command, Stdio};

use crate::repo::{CHOICE, GO, Ran, Repo, TWO};

#[test]
fn both_files_are_written_and_nothing_else() {
    let repo = Repo::new(GO);
    repo.run(&["init"]).ended(0, &["created Dockerfile", "created .dockerignore"]).silent();
    assert_eq!(repo.state().keys().collect::<Vec<_>>(), [".dockerignore", "Dockerfile", "go.mod", "main.go"]);
    let dockerfile = repo.read("Dockerfile");
    assert!(dockerfile.starts_with("# syntax=docker/dockerfile:1\n# dockgen:generated "), "{dockerfile}");
    assert!(dockerfile.contains("\nEXPOSE 8080\n"), "{dockerfile}");
}

#[test]
fn a_path_is_the_repository() {
    let repo = Repo::new(&[("app/go.mod", GO[0].1), ("app/main.go", GO[1].1)]);
    repo.run(&["init", "app"]).ended(0, &["created app/Dockerfile"]);
    assert!(repo.read("app/.dockerignore").contains(".git\n"));
}

#[test]
fn an_example_of_the_environment_is_named_and_not_copied() {
    let repo =
        Repo::new(&[("app/go.mod", GO[0].1), ("app/main.go", GO[1].1), ("app/.env.example", "TOKEN=x\n")]);
    repo.run(&["init", "app"]).ended(0, &["`app/.env.example` shows the variables of hello"]);
    assert!(!repo.read("app/Dockerfile").contains("TOKEN"));
}

#[test]
fn a_second_run_touches_nothing() {
    let repo = Repo::new(GO);
    repo.run(&["init"]).ended(0, &[]);
    repo.run_without_a_trace(&["init"]).ended(0, &["unchanged Dockerfile", "unchanged .dockerignore"]);
    repo.run_without_a_trace(&["check"]).ended(0, &["up to date"]).silent();
}

#[test]
fn what_is_printed_is_what_would_be_written() {
    let repo = Repo::new(GO);
    let dry = repo.run_without_a_trace(&["init", "--dry-run"]);
    dry.ended(0, &["hello server"]);
    let alone = repo.run_without_a_trace(&["init", "--stdout"]);
    alone.ended(0, &[]);
    repo.run(&["init"]).ended(0, &[]);
    let (dockerfile, dockerignore) = (repo.read("Dockerfile"), repo.read(".dockerignore"));
    assert_eq!(dry.out, format!("==> Dockerfile <==\n{dockerfile}\n==> .dockerignore <==\n{dockerignore}\n"));
    assert_eq!(alone.out, dockerfile);
}

#[test]
fn the_diff_applies() {
    for (tool, args) in [("git", &["apply", "-"][..]), ("patch", &["-p1", "--quiet"])] {
        if tool == "patch" && Command::new(tool).arg("--version").output().is_err() {
            eprintln!("skipped: patch is not installed");
            continue;
        }
        let repo = Repo::new(GO);
        apply(&repo, tool, args, &repo.run_without_a_trace(&["init", "--diff"]));
        repo.run(&["check"]).ended(0, &["up to date"]);
        repo.edit("go.mod", "1.26", "1.27");
        apply(&repo, tool, args, &repo.run_without_a_trace(&["init", "--diff"]));
        repo.run(&["check"]).ended(0, &["up to date"]);
        let empty = repo.run_without_a_trace(&["init", "--diff"]);
        empty.ended(0, &[]).silent();
    }
}

fn apply(repo: &Repo, tool: &str, args: &[&str], diff: &Ran) {
    use std::io::Write as _;

    diff.ended(0, &[]);
    assert!(diff.out.contains("+++ b/Dockerfile\n"), "{diff}");
    let mut patch = Command::new(tool);
    let mut patch = patch.args(args).current_dir(repo.path()).stdin(Stdio::piped()).spawn().expect(tool);
    patch.stdin.take().expect("piped").write_all(diff.out.as_bytes()).expect("read to its end");
    assert!(patch.wait().expect("ends").success(), "{tool} refuses:\n{}", diff.out);
}

#[test]
fn check_says_what_is_stale_and_why() {
    let repo = Repo::new(GO);
    for check in [&["check"][..], &["init", "--check"]] {
        let absent = repo.run_without_a_trace(check);
        absent.ended(1, &["Dockerfile does not exist", ".dockerignore does not exist", "next: dockgen init"]);
        assert!(absent.out.contains("--- /dev/null\n+++ b/Dockerfile\n"), "{absent}");
    }
    repo.run(&["init"]).ended(0, &[]);
    repo.edit("go.mod", "1.26", "1.27");
    let stale = repo.run_without_a_trace(&["check"]);
    stale.ended(1, &["Dockerfile is out of date: go.mod:3 says `go 1.27`", "golang:1.26-alpine"]);
    assert!(stale.out.contains("+FROM --platform=$BUILDPLATFORM golang:1.27-alpine AS deps\n"), "{stale}");
    assert!(!stale.out.contains(".dockerignore"), "the ignore file did not move: {stale}");

    // The cause is a line of a source file.
    repo.run(&["init"]).ended(0, &[]);
    repo.edit("main.go", ":8080", ":9090");
    repo.run(&["check"]).ended(1, &["main.go:6 says", "9090"]);
}

#[test]
fn check_lets_people_edit() {
    let repo = Repo::new(GO);
    repo.run(&["init"]).ended(0, &[]);
    repo.edit("Dockerfile", "EXPOSE 8080\n", "EXPOSE 8080\nENV THEIRS=1\n");
    repo.run_without_a_trace(&["check"]).ended(0, &["edited by hand, and up to date"]).silent();
    repo.run_without_a_trace(&["init"]).ended(0, &["kept Dockerfile (edited by hand, and up to date)"]);

    repo.edit("go.mod", "1.26", "1.27");
    let moved = repo.run_without_a_trace(&["check"]);
    moved.ended(1, &["Dockerfile was edited by hand, and the repository has changed since: go.mod:3"]);
    repo.run_without_a_trace(&["init"]).ended(1, &["`Dockerfile` was edited by a person", "--force"]);

    repo.write("Dockerfile", "FROM alpine\n");
    repo.run_without_a_trace(&["check"]).ended(1, &["Dockerfile was not written by dockgen"]);
}

#[test]
fn a_persons_file_is_replaced_only_by_force() {
    let repo = Repo::new(GO);
    repo.write("Dockerfile", "# mine\n");
    for quiet in [&["init"][..], &["init", "--yes"]] {
        let ran = repo.run_without_a_trace(quiet);
        ran.ended(1, &["`Dockerfile` was written by a person", "nothing was written", "--force"]);
    }
    repo.run(&["init", "--force"]).ended(0, &["updated Dockerfile"]);
    repo.run(&["check"]).ended(0, &["up to date"]);
}

#[test]
fn a_persons_ignore_file_stays() {
    let repo = Repo::new(GO);
    repo.write(".dockerignore", "# mine\n/docs\n");
    repo.run(&["init"]).ended(0, &["created Dockerfile", "created Dockerfile.dockerignore"]);
    assert_eq!(repo.read(".dockerignore"), "# mine\n/docs\n");
    assert!(repo.read("Dockerfile.dockerignore").contains("\n/docs\n"), "what it hides stays hidden");
    repo.run_without_a_trace(&["check"]).ended(0, &["up to date"]);
}

#[test]
fn a_file_that_is_no_text_is_somebodys() {
    let repo = Repo::new(GO);
    repo.write("Dockerfile", b"\xff\xfe\x00FROM scratch\n\xff");
    repo.run_without_a_trace(&["init", "--yes"]).ended(1, &["`Dockerfile` was written by a person"]);
}

#[test]
fn nothing_recognised_is_a_success_when_a_hook_says_so() {
    let repo = Repo::new(&[("notes.txt", "buy milk\n"), (".env", "SECRET=1\n")]);
    for ran in [&["init"][..], &["check"], &["init", "--dry-run"], &["plan"]] {
        let ran = repo.run_without_a_trace(ran);
        ran.ended(3, &["no project recognised in `.`", "looked for Go: go.mod", "there is .env, notes.txt"]);
    }
    for ran in [&["init", "--if-detected"][..], &["check", "--if-detected"]] {
        repo.run_without_a_trace(ran).ended(0, &["nothing recognised; nothing was written"]).silent();
    }
}

#[test]
fn a_service_is_chosen_by_its_folder() {
    let repo = Repo::new(TWO);
    repo.run(&["init", "--service", "web"]).ended(0, &["created web/Dockerfile"]);
    assert!(!repo.state().contains_key("api/Dockerfile"));
    repo.run(&["check", "--service", "web/"]).ended(0, &["up to date"]);
    repo.run_without_a_trace(&["check"]).ended(1, &["api/Dockerfile does not exist"]);
    repo.run_without_a_trace(&["init", "--service", "../web"]).ended(2, &["`../web`"]);
    repo.run_without_a_trace(&["init", "--service", "nowhere"])
        .ended(3, &["no project recognised in `nowhere`", "services are in api, web"]);
    repo.run(&["init", "--all"]).ended(0, &["created api/Dockerfile", "unchanged web/Dockerfile"]);
}

#[test]
fn several_services_have_several_dockerfiles() {
    let repo = Repo::new(TWO);
    repo.run_without_a_trace(&["init", "--stdout"])
        .ended(3, &["several services", "--service api", "--service web"])
        .silent();
}

#[test]
fn a_choice_without_a_safe_default_is_refused() {
    let repo = Repo::new(&[("pom.xml", BOOT)]);
    repo.run_without_a_trace(&["init", "--yes"]).ended(3, &["java.main", "nothing was written"]);
    repo.run(&["init", "--set", "java.main=com.example.App"]).ended(0, &[]);
}

/// Spring Boot's server, and nothing that says which class starts.
const BOOT: &str = "<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>a</artifactId>\
    <version>1</version><dependencies><dependency><groupId>org.springframework.boot</groupId>\
    <artifactId>spring-boot-starter-web</artifactId><version>3.5.0</version></dependency></dependencies></project>";

#[test]
fn one_of_several_programs_is_taken_and_the_file_builds_the_others() {
    let repo = Repo::new(CHOICE);
    repo.run(&["init", "--yes"]).ended(0, &["took go.main = ./cmd/alpha, not ./cmd/beta"]);
    let text = repo.read("Dockerfile");
    assert!(
        text.contains("ARG MAIN=./cmd/alpha\n") && text.contains("--build-arg MAIN=./cmd/beta"),
        "{text}"
    );
    repo.run(&["init", "--set", "go.main=./cmd/beta"]).ended(0, &[]);
    assert!(repo.read("Dockerfile").contains("/beta\"]"), "{}", repo.read("Dockerfile"));
}

/// A library is recognised, and refused with what would make it run. Beside a service it is no news.
#[test]
fn a_library_is_no_empty_folder() {
    /// The stack, its files, and words of what is said.
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let rows: &[Row<'_>] = &[
        ("go", &[GO[0], ("hello.go", "package hello\n")], "`package main`"),
        (
            "rust",
            &[("Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\n"), ("src/lib.rs", "")],
            "src/main.rs",
        ),
        (
            "python",
            &[("pyproject.toml", "[project]\nname = \"x\"\nversion = \"1\"\n"), ("x/__init__.py", "")],
            "run.cmd",
        ),
        (
            "java",
            &[(
                "pom.xml",
                "<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>a</artifactId><version>1</version></project>",
            )],
            "java.main",
        ),
        (
            "node",
            &[("package.json", r#"{"name":"x","main":"lib.js"}"#), ("lib.js", "module.exports = 1\n")],
            "start",
        ),
    ];
    for (stack, files, help) in rows {
        let repo = Repo::new(files);
        for args in [&["init", "--yes"][..], &["check"], &["plan"]] {
            let ran = repo.run_without_a_trace(args);
            ran.ended(3, &["not-built", help, "runs; nothing was written"]);
            assert!(!ran.err.contains("looked for"), "{stack}: {ran}");
        }
    }
    let beside = rows.iter().flat_map(|(stack, files, _)| {
        files.iter().map(move |(path, text)| (format!("{stack}/{path}"), *text))
    });
    let beside: Vec<(String, &str)> =
        beside.chain([("api/go.mod".to_owned(), GO[0].1), ("api/main.go".to_owned(), GO[1].1)]).collect();
    let files: Vec<(&str, &str)> = beside.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let ran = Repo::new(&files).run(&["init", "--yes"]);
    ran.ended(0, &["created api/Dockerfile"]);
    assert!(!ran.err.contains("not-built"), "{ran}");
}

#[test]
fn settings_of_the_command_line_count() {
    let repo = Repo::new(GO);
    let ran = repo.run(&["init", "--stdout", "--set", "runtime.port=9000", "--set", "runtime.env.TZ=UTC"]);
    ran.ended(0, &[]);
    assert!(ran.out.contains("\nEXPOSE 9000\n") && ran.out.contains("TZ=UTC"), "{ran}");
    let listed = repo.run(&["init", "--stdout", "--set", r#"run.cmd=["/hello", "-v"]"#]);
    assert!(listed.out.contains(r#"["/hello", "-v"]"#), "{listed}");
    for (assignment, says) in [
        ("runtime.prot=9000", "there is no setting `runtime.prot`; did you mean `runtime.port`?"),
        ("zzz=1", "there is no setting `zzz`"),
        ("runtime.port=web", "expected a port between 1 and 65535"),
        ("runtime.port=70000", "expected a port between 1 and 65535"),
        ("runtime.port", "expected KEY=VALUE"),
        ("runtime.user=root", "expected a numeric user"),
        ("runtime.image=x\nRUN y", "expected one line of text"),
        ("runtime.image=x RUN", "expected an image reference"),
        ("runtime.env.A\nB=1", "`runtime.env.A\\nB`"),
    ] {
        let ran = repo.run_without_a_trace(&["init", "--set", assignment]);
        ran.ended(2, &[says]).silent();
    }
}
