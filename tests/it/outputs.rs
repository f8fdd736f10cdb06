//! `[files]` and `[verify]` of `dockgen.toml`: which files are written and where, what is copied besides, and what
//! proves them.

use crate::repo::{GO, Repo, TWO};

fn with(files: &[(&str, &str)], settings: &str) -> Repo {
    let repo = Repo::new(files);
    repo.write("dockgen.toml", settings);
    repo
}

#[test]
fn the_dockerfile_lies_where_it_is_wanted() {
    let repo = with(GO, "[files]\ndockerfile = \"deploy/app.Dockerfile\"\ncompose = true\n");
    repo.run(&["init"]).ended(
        0,
        &[
            "created deploy/app.Dockerfile",
            "created .dockerignore",
            "docker build -t hello -f deploy/app.Dockerfile .",
        ],
    );
    assert!(!repo.state().contains_key("Dockerfile"));
    let text = repo.read("deploy/app.Dockerfile");
    assert!(text.contains("docker build -f deploy/app.Dockerfile -t hello ."), "{text}");
    assert!(repo.read("compose.yaml").contains("dockerfile: \"deploy/app.Dockerfile\""));
    repo.run_without_a_trace(&["check"]).ended(0, &["up to date"]);
    repo.run(&["init"]).ended(0, &["unchanged deploy/app.Dockerfile"]);
    repo.edit("deploy/app.Dockerfile", "EXPOSE 8080\n", "EXPOSE 8080\nENV THEIRS=1\n");
    repo.run_without_a_trace(&["check"]).ended(0, &["kept deploy/app.Dockerfile"]);

    let services = with(TWO, "[files]\ndockerfile = \"Containerfile\"\n");
    services.run(&["init"]).ended(0, &["created api/Containerfile", "created web/Containerfile"]);
    assert!(services.read("api/.dockerignore").contains("Containerfile"));
    services.run_without_a_trace(&["check"]).ended(0, &["up to date"]);

    // A person's ignore file stays, and dockgen's is named after the Dockerfile that it goes with.
    let kept = with(GO, "[files]\ndockerfile = \"Containerfile\"\n");
    kept.write(".dockerignore", "secret\n");
    kept.run(&["init"]).ended(0, &["created Containerfile.dockerignore"]);
    kept.run_without_a_trace(&["check"]).ended(0, &["up to date"]);
}

#[test]
fn an_ignore_file_is_left_out_where_people_keep_their_own() {
    let repo = with(GO, "[files]\ndockerignore = false\n");
    repo.run(&["init"]).ended(0, &["created Dockerfile"]);
    assert!(!repo.state().contains_key(".dockerignore"));
    repo.run_without_a_trace(&["check"]).ended(0, &["up to date"]);
    // What it hides is missed, because nothing of dockgen's brings it back.
    repo.write(".dockerignore", "go.mod\n");
    repo.run_without_a_trace(&["check"]).ended(2, &["go.mod", ".dockerignore"]);
}

#[test]
fn files_beside_the_dockerfile_are_asked_for_in_settings() {
    let repo = with(GO, "[files]\ncompose = true\nci = [\"github\"]\n");
    repo.run(&["init"]).ended(0, &["created compose.yaml", "created .github/workflows/image.yml"]);
    std::fs::remove_file(repo.path().join("compose.yaml")).expect("it is there");
    repo.run_without_a_trace(&["check"]).ended(1, &["compose.yaml does not exist"]);
    repo.run(&["init"]).ended(0, &["created compose.yaml"]);
    // What is not dockgen's to keep may be old.
    repo.write("dockgen.toml", "[files]\ncompose = false\nci = []\n[runtime]\nport = 9000\n");
    let ran = repo.run_without_a_trace(&["check"]);
    ran.ended(1, &["Dockerfile is out of date"]);
    assert!(!ran.err.contains("compose.yaml") && !ran.err.contains("image.yml"), "{ran}");
    for wrong in [
        "ci = [\"jenkins\"]",
        "compose = \"yes\"",
        "dockerfile = \"../Dockerfile\"",
        "dockerfile = \"build.sh\"",
    ] {
        repo.write("dockgen.toml", format!("[files]\n{wrong}\n"));
        repo.run_without_a_trace(&["init"]).ended(2, &["dockgen.toml:2", "expected"]);
    }
}

#[test]
fn what_is_copied_besides_has_to_be_there() {
    let repo = with(
        GO,
        "[files]\nextra_copy = [{ from = \"data\", to = \"/srv/data\" }, { from = \"a b.txt\", to = \"/c.txt\" }]\n",
    );
    repo.run_without_a_trace(&["init"])
        .ended(2, &["dockgen.toml:2", "`files.extra_copy`: there is no `data`"]);
    repo.write("data/seed.json", "{}");
    repo.write("a b.txt", "x");
    let ran = repo.run_without_a_trace(&["init", "--stdout"]);
    ran.ended(0, &[]);
    let (_, runtime) = ran.out.split_once(" AS runtime\n").expect("a runtime");
    assert!(runtime.contains("\nCOPY data /srv/data\nCOPY [\"a b.txt\",\"/c.txt\"]\n"), "{ran}");
    // As a flag, and kept as a table.
    let flag = Repo::new(GO);
    flag.write("data/seed.json", "{}");
    flag.run(&["init", "--set", "files.extra_copy=[{from=\"data\",to=\"/data\"}]"]).ended(0, &[]);
    assert!(flag.read("Dockerfile").contains("\nCOPY data /data\n"));
    flag.run_without_a_trace(&["check"]).ended(0, &["up to date"]);
    for wrong in [
        "\"data\"",
        "[{ from = \"data\" }]",
        "[{ from = \"../x\", to = \"x\" }]",
        "[{ from = \"data\", to = \"$HOME\" }]",
    ] {
        repo.write("dockgen.toml", format!("[files]\nextra_copy = {wrong}\n"));
        repo.run_without_a_trace(&["init"]).ended(2, &["dockgen.toml:2", "expected"]);
    }
}

#[test]
fn what_is_wrong_with_a_proof_is_said_before_it_starts() {
    for (line, says) in [
        ("engine = \"rkt\"", "expected auto, docker"),
        ("timeout = \"soon\"", "expected a time such as 90s"),
        ("probe = \"ftp://x\"", "expected http://:PORT/PATH"),
        ("max_size = \"300 apples\"", "expected a size such as 300MB"),
        ("max_sise = \"300MB\"", "did you mean `verify.max_size`?"),
    ] {
        let repo = with(GO, &format!("[verify]\n{line}\n"));
        repo.run(&["init"]).ended(2, &["dockgen.toml:2", says]);
        repo.run(&["verify"]).ended(2, &["dockgen.toml:2", says]);
    }
    // They decide nothing about the files.
    let repo =
        with(GO, "[verify]\nengine = \"docker\"\ntimeout = \"5m\"\nmax_size = \"30MB\"\nprobe = \"none\"\n");
    let plain = Repo::new(GO).run(&["init", "--stdout"]).out;
    assert_eq!(repo.run(&["init", "--stdout"]).out, plain);
    let shown = repo.run(&["config", "show", "--origin"]);
    assert!(shown.out.contains("max_size = \"30MB\"") && shown.out.contains("# dockgen.toml:4"), "{shown}");
}

#[test]
fn a_program_without_a_folder_starts_where_it_is_wanted() {
    let repo = with(GO, "[runtime]\nworkdir = \"/data\"\n");
    let ran = repo.run(&["init", "--stdout"]);
    assert!(ran.out.contains(" AS runtime\nWORKDIR /data\n"), "{ran}");
    let node: &[(&str, &str)] = &[
        ("package.json", r#"{"name":"shop","scripts":{"start":"node server.js"}}"#),
        ("package-lock.json", r#"{"name":"shop","lockfileVersion":3,"packages":{"":{}}}"#),
        ("server.js", "require('http').createServer().listen(3000)\n"),
        ("dockgen.toml", "[runtime]\nworkdir = \"/data\"\n"),
    ];
    Repo::new(node)
        .run_without_a_trace(&["init"])
        .ended(2, &["dockgen.toml:2", "this program starts where its files lie"]);
}

#[test]
fn of_several_folders_the_last_has_the_last_word() {
    let repo = Repo::new(&[("app/go.mod", GO[0].1), ("app/main.go", GO[1].1)]);
    let extends = "extends = [\"../company/dockgen\", \"../team/dockgen\", \"own\"]\n";
    repo.write("app/dockgen.toml", format!("{extends}[runtime]\nenv.D = \"project\"\n"));
    let env = |names: &[(&str, &str)]| {
        let lines: Vec<String> =
            names.iter().map(|(name, value)| format!("env.{name} = \"{value}\"\n")).collect();
        format!("[runtime]\n{}", lines.concat())
    };
    for (folder, text) in [
        ("company/dockgen", env(&[("A", "company"), ("B", "company"), ("C", "company"), ("D", "company")])),
        ("team/dockgen", env(&[("B", "team"), ("C", "team")])),
        ("app/own", env(&[("C", "own")])),
    ] {
        repo.write(&format!("{folder}/dockgen.toml"), text);
    }
    let block = |word: &str| {
        format!(
            "{{% extends \"builtin/base/runtime.tera\" %}}\n{{% block labels %}}\nLABEL from={word}\n{{% endblock labels %}}\n"
        )
    };
    for folder in ["company", "team"] {
        repo.write(&format!("{folder}/dockgen/templates/base/runtime.tera"), block(folder));
    }
    let printed = repo.run(&["init", "app", "--stdout"]);
    printed.ended(0, &[]);
    for word in ["A=company", "B=team", "C=own", "D=project", "LABEL from=team"] {
        assert!(printed.out.contains(word), "no {word} in {printed}");
    }
    let shown = repo.run(&["config", "show", "app", "--origin"]);
    for origin in [
        "extends = [\"../company/dockgen\"",
        "# dockgen/dockgen.toml:2",
        "# dockgen-2/dockgen.toml:2",
        "# own/dockgen.toml:2",
    ] {
        assert!(shown.out.contains(origin), "no {origin} in {shown}");
    }
    repo.write("team/dockgen/dockgen.toml", "[runtime]\nprot = 1\n");
    repo.run(&["init", "app"]).ended(2, &["dockgen-2/dockgen.toml:2", "prot = 1", "runtime.port"]);
    repo.write("app/dockgen.toml", "extends = [\"own\", 7]\n");
    repo.run(&["init", "app"]).ended(2, &["dockgen.toml:1", "or a list of them"]);
}
