//! dockgen in other programs' hands: documents and answers instead of a terminal, and templates with placeholders.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::repo::{CHOICE, GO, Ran, Repo, TWO};

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|bad| panic!("{bad}: {ran}"))
}

#[test]
fn questions_and_files_are_data() {
    let repo = Repo::new(CHOICE);
    let asked = repo.run_without_a_trace(&["init", "--json", "--dry-run"]);
    asked.ended(0, &[]);
    let asked = document(&asked);
    let question = &asked["questions"][0];
    assert_eq!((&question["key"], &question["default"]), (&json!("go.main"), &json!("./cmd/alpha")));
    assert_eq!(question["options"][1]["value"], "./cmd/beta");
    assert_eq!(asked["files"][0]["action"], "planned");
    let planned = asked["files"][0]["text"].as_str().expect("a text").to_owned();

    repo.write(
        "answers.json",
        r#"{"go.main": "./cmd/beta", "runtime.port": 9000, "stages.deps.packages": ["git"]}"#,
    );
    let other =
        document(&repo.run_without_a_trace(&["init", "--json", "--dry-run", "--answers", "answers.json"]));
    assert!(
        other["files"][0]["text"]
            .as_str()
            .is_some_and(|text| text != planned && text.contains("EXPOSE 9000"))
    );

    let written = repo.run(&["init", "--json", "--answers", "answers.json"]);
    written.ended(0, &[]);
    let written = document(&written);
    assert_eq!(written["questions"], json!([]));
    assert_eq!(written["services"][0]["port"], 9000);
    let actions: Vec<_> =
        written["files"].as_array().into_iter().flatten().map(|file| &file["action"]).collect();
    assert_eq!(actions, ["created", "created", "created"]);
    assert_eq!(
        repo.read("dockgen.toml"),
        "[go]\nmain = \"./cmd/beta\"\n\n[runtime]\nport = 9000\n\n[stages.deps]\npackages = [\"git\"]\n"
    );
    repo.run(&["check"]).ended(0, &["up to date"]);
    let again = document(&repo.run(&["init", "--json"]));
    assert_eq!(again["files"][0]["action"], "unchanged");
    let schema = document(&repo.run(&["schema", "init"]));
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for document in [&asked, &written, &again] {
        assert!(validator.is_valid(document), "{document}");
    }
}

#[test]
fn a_refusal_is_a_document_too() {
    let boot = "<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>a</artifactId><version>1</version><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId><version>3.5.0</version></dependency></dependencies></project>";
    let repo = Repo::new(&[("pom.xml", boot)]);
    let ran = repo.run_without_a_trace(&["init", "--json"]);
    ran.ended(3, &[]);
    let refused = document(&ran);
    assert_eq!(refused["questions"][0]["key"], "java.main");
    assert!(refused["error"]["message"].as_str().is_some_and(|words| words.contains("nothing was written")));

    let repo = Repo::new(GO);
    repo.write("Dockerfile", "# mine\n");
    let ran = repo.run_without_a_trace(&["init", "--json"]);
    ran.ended(1, &[]);
    assert!(document(&ran)["error"]["help"].as_str().is_some_and(|help| help.contains("--force")));
    let nothing = Repo::new(&[("notes.txt", "")]).run(&["init", "--json", "--if-detected"]);
    nothing.ended(0, &[]);
    assert_eq!(document(&nothing)["files"], json!([]));
}

#[test]
fn wrong_answers_are_refused() {
    for (text, says) in [
        ("[]", "expected an object"),
        ("{", "cannot be used"),
        (r#"{"runtime.prot": 1}"#, "did you mean `runtime.port`?"),
        (r#"{"runtime.port": "web"}"#, "expected a port"),
        (r#"{"runtime.port": null}"#, "`runtime.port` is neither"),
        (r#"{"runtime": {"port": 1}}"#, "keys are written with dots"),
        (r#"{"services": {"../x": {"runtime.port": 1}}}"#, "../x"),
    ] {
        let repo = Repo::new(GO);
        repo.write("answers.json", text);
        let ran = repo.run_without_a_trace(&["init", "--answers", "answers.json", "--json"]);
        ran.ended(2, &[says]);
        assert!(
            document(&ran)["error"]["message"].as_str().is_some_and(|words| words.contains(says)),
            "{ran}"
        );
    }
    Repo::new(GO).run_without_a_trace(&["init", "--answers", "nowhere.json"]).ended(2, &["nowhere.json"]);
}

#[test]
fn answers_come_from_a_pipe_and_for_one_service() {
    let repo = Repo::new(TWO);
    let mut command = repo.command(&["init", "--answers", "-"]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
    let answers = br#"{"services": {"web": {"runtime.port": 3001}}}"#;
    child.stdin.take().expect("piped").write_all(answers).expect("read");
    assert!(child.wait().expect("ends").success());
    assert!(repo.read("web/Dockerfile").contains("EXPOSE 3001\n"));
    assert!(repo.read("api/Dockerfile").contains("EXPOSE 8080\n"));
    repo.run(&["check"]).ended(0, &["up to date"]);
}

/// Each row: the files of a template, the placeholders with what will stand there, and lines of the Dockerfile then.
#[test]
fn a_template_has_a_dockerfile_that_is_valid_once_it_is_filled() {
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a [(&'a str, &'a str)], &'a [&'a str]);
    let rows: &[Row<'_>] = &[
        (
            &[("go.mod", "module example.com/{{ name }}\n\ngo 1.27\n"), GO[1]],
            &[("{{ name }}", "parcel")],
            &["/parcel\"]", "org.opencontainers.image.title=\"parcel\""],
        ),
        (
            &[
                (
                    "package.json",
                    "{\"name\": \"{{cookiecutter.slug}}\", \"private\": {{ cookiecutter.private }}, \"scripts\": {\"start\": \"node server.js\"}, \"engines\": {\"node\": \"24\"}}",
                ),
                (
                    "package-lock.json",
                    "{\"name\": \"{{cookiecutter.slug}}\", \"lockfileVersion\": 3, \"packages\": {\"\": {}}}",
                ),
                ("server.js", "require('http').createServer().listen(3000)\n"),
            ],
            &[("{{cookiecutter.slug}}", "small shop"), ("{{ cookiecutter.private }}", "true")],
            &["image.title=\"small shop\"", "EXPOSE 3000"],
        ),
        (
            &[
                (
                    "Cargo.toml",
                    "[package]\nname = \"{{project-name}}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
                ),
                ("src/main.rs", "fn main() { println!(\"hello\"); }\n"),
            ],
            &[("{{project-name}}", "parcel")],
            &["/parcel\"]", "--bin parcel"],
        ),
        (
            &[
                (
                    "pyproject.toml",
                    "[project]\nname = \"<%= name %>\"\nversion = \"1\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n",
                ),
                ("main.py", "from fastapi import FastAPI\n\n{% if docs %}\n{% endif %}\napp = FastAPI()\n"),
            ],
            &[("<%= name %>", "parcel")],
            &["image.title=\"parcel\"", "uvicorn"],
        ),
    ];
    for (files, values, lines) in rows {
        let repo = Repo::new(files);
        let ran = repo.run(&["init", "--template"]);
        ran.ended(0, &["created Dockerfile"]);
        let template = repo.read("Dockerfile");
        assert!(!template.contains("zqhole") && !template.contains("dockgen:generated"), "{template}");
        repo.run_without_a_trace(&["init", "--template"]).ended(0, &["unchanged Dockerfile"]);
        let mut text = template.clone();
        for (hole, value) in *values {
            text = text.replace(hole, value);
        }
        assert!(!text.contains("{{") && !text.contains("<%"), "{text}");
        for line in *lines {
            assert!(text.contains(line), "no `{line}` in {text}");
        }
        repo.write("Dockerfile", &text);
        repo.run(&["lint", "Dockerfile"]).ended(0, &[]);
    }
}

#[test]
fn templates_of_copier_have_an_ending() {
    let repo = Repo::new(&[
        ("{{ slug }}/go.mod.jinja", "module example.com/{{ slug }}\n\ngo 1.27\n"),
        ("{{ slug }}/main.go", GO[1].1),
    ]);
    repo.run(&["init", "--template"]).ended(0, &["Dockerfile.jinja", ".dockerignore"]);
    let text = repo.read("{{ slug }}/Dockerfile.jinja");
    assert!(text.contains("{{ slug }}"), "{text}");
    assert!(repo.state().contains_key("{{ slug }}/.dockerignore"), "{:?}", repo.state().keys());
    // Without the flag, files with holes are no project.
    let plain = Repo::new(&[("go.mod.jinja", "module {{ slug }}\n")]);
    plain.run(&["init"]).ended(3, &[]);
}
