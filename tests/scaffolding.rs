//! The templates of `examples/scaffolding` in the hands of their own tools: the new project has a Dockerfile that
//! dockgen keeps, and a Dockerfile within a template is valid once it is filled. A tool that is not installed is
//! counted as ignored. So are the files beside a Dockerfile: Bake and Compose read them.
#![allow(clippy::disallowed_methods, reason = "a test may look at files and start programs")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tempfile::TempDir;

fn main() {
    let trials = vec![
        Trial::ignorable_test("copier", copier),
        Trial::ignorable_test("cookiecutter", cookiecutter),
        Trial::ignorable_test("cookiecutter fills a Dockerfile", cookiecutter_fills),
        Trial::ignorable_test("cargo-generate", cargo_generate),
        Trial::ignorable_test("npm create", npm_create),
        Trial::ignorable_test("pre-commit", pre_commit),
        Trial::ignorable_test("docker buildx bake", bake),
        Trial::ignorable_test("action-validator", jobs_of_github),
        Trial::ignorable_test("docker compose", compose),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/scaffolding").join(name)
}

/// A program that finds dockgen on its PATH, with a home of its own.
fn command(program: &str, home: &Path) -> Command {
    let dockgen = Path::new(env!("CARGO_BIN_EXE_dockgen")).parent().expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(program);
    command.env("PATH", format!("{}:{path}", dockgen.display())).env("DOCKGEN_YES", "1");
    let own = home.display();
    let settings = format!("cookiecutters_dir: {own}/cookiecutters\nreplay_dir: {own}/replay\n");
    fs::write(home.join("cookiecutter.yaml"), settings).expect("a temporary folder");
    command
        .env("COOKIECUTTER_CONFIG", home.join("cookiecutter.yaml"))
        .env("npm_config_cache", home.join("npm"));
    command
}

/// Is it there? Where it is not, the reason for passing over its test.
fn missing(program: &str, args: &[&str]) -> Option<Completion> {
    let there = Command::new(program).args(args).output().is_ok_and(|output| output.status.success());
    (!there).then(|| Completion::ignored_with(format!("{program} is not installed")))
}

fn run(command: &mut Command) -> Result<String, Failed> {
    let output = command.output()?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if output.status.success() { Ok(said) } else { Err(format!("{command:?}: {said}").into()) }
}

fn dockgen(folder: &Path, args: &[&str]) -> Result<String, Failed> {
    run(Command::new(env!("CARGO_BIN_EXE_dockgen")).args(args).current_dir(folder))
}

/// The Dockerfile of a new project, once it is known that dockgen keeps it.
fn kept(project: &Path, lines: &[&str]) -> Result<Completion, Failed> {
    let text = fs::read_to_string(project.join("Dockerfile"))?;
    for line in lines {
        if !text.contains(line) {
            return Err(format!("no `{line}` in {text}").into());
        }
    }
    let said = dockgen(project, &["check"])?;
    if said.contains("up to date") { Ok(Completion::Completed) } else { Err(said.into()) }
}

/// The schema of GitHub's workflows, for every stack.
fn jobs_of_github() -> Result<Completion, Failed> {
    if let Some(missing) = missing("action-validator", &["--help"]) {
        return Ok(missing);
    }
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for name in ["go-cmd", "java-spring", "node-pnpm-workspace", "python-fastapi", "rust-default-run"] {
        let home = TempDir::new()?;
        run(Command::new("cp").arg("-r").arg(fixtures.join(name)).arg(home.path().join("project")))?;
        let project = home.path().join("project");
        dockgen(&project, &["init", "--yes", "--all", "--ci", "github"])?;
        let jobs = project.join(".github/workflows/image.yml");
        run(Command::new("action-validator").arg(&jobs))?;
        // It would say so.
        fs::write(&jobs, fs::read_to_string(&jobs)?.replace("runs-on", "run-on"))?;
        if run(Command::new("action-validator").arg(&jobs)).is_ok() {
            return Err("a job without a machine is taken".into());
        }
    }
    Ok(Completion::Completed)
}

fn copier() -> Result<Completion, Failed> {
    if let Some(missing) = missing("copier", &["--version"]) {
        return Ok(missing);
    }
    let home = TempDir::new()?;
    let project = home.path().join("parcel");
    let mut copy = command("copier", home.path());
    copy.args(["copy", "--trust", "--defaults", "--data", "name=parcel", "--data", "port=8181"]);
    run(copy.arg(example("copier")).arg(&project))?;
    kept(&project, &["EXPOSE 8181\n", "/parcel"])
}

fn cookiecutter() -> Result<Completion, Failed> {
    if let Some(missing) = missing("cookiecutter", &["--version"]) {
        return Ok(missing);
    }
    let home = TempDir::new()?;
    let mut make = command("cookiecutter", home.path());
    make.args(["--no-input", "--output-dir"]).arg(home.path()).arg(example("cookiecutter"));
    run(make.arg("name=Small Shop"))?;
    kept(&home.path().join("small-shop"), &["FROM python:3.", "EXPOSE 8000\n", "uvicorn"])
}

/// No hook: the Dockerfile is part of the template.
fn cookiecutter_fills() -> Result<Completion, Failed> {
    if let Some(missing) = missing("cookiecutter", &["--version"]) {
        return Ok(missing);
    }
    let home = TempDir::new()?;
    let template = home.path().join("template");
    copy_tree(&example("cookiecutter"), &template)?;
    fs::remove_dir_all(template.join("hooks"))?;
    let inner = template.join("{{cookiecutter.slug}}");
    dockgen(&inner, &["init", "--template"])?;
    let before = fs::read_to_string(inner.join("Dockerfile"))?;
    if !before.contains("{{ cookiecutter.slug }}") {
        return Err(format!("no placeholder in {before}").into());
    }
    let mut make = command("cookiecutter", home.path());
    make.args(["--no-input", "--output-dir"]).arg(home.path()).arg(&template);
    run(make.arg("name=Small Shop"))?;
    let project = home.path().join("small-shop");
    let text = fs::read_to_string(project.join("Dockerfile"))?;
    let is_filled = !text.contains("{{") && text.contains("image.title=\"small-shop\"");
    if !is_filled {
        return Err(text.into());
    }
    dockgen(&project, &["lint", "Dockerfile"])?;
    // What dockgen would write there is the same, but for comments and the stamp.
    let now = dockgen(&project, &["init", "--stdout"])?;
    let instructions = |text: &str| {
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.replace('"', ""))
            .collect::<Vec<_>>()
    };
    let (was, is) = (instructions(&text), instructions(&now));
    let is_same = was.iter().all(|line| is.contains(line));
    if is_same { Ok(Completion::Completed) } else { Err(format!("{text}\n---\n{now}").into()) }
}

fn cargo_generate() -> Result<Completion, Failed> {
    if let Some(missing) = missing("cargo-generate", &["--version"]) {
        return Ok(missing);
    }
    let home = TempDir::new()?;
    let mut make = command("cargo", home.path());
    make.args(["generate", "--allow-commands", "--vcs", "none", "--name", "parcel", "--path"]);
    run(make.arg(example("cargo-generate")).arg("--destination").arg(home.path()))?;
    kept(&home.path().join("parcel"), &["EXPOSE 8080\n", "/parcel"])
}

fn npm_create() -> Result<Completion, Failed> {
    if let Some(missing) = missing("npm", &["--version"]) {
        return Ok(missing);
    }
    let home = TempDir::new()?;
    let mut make = command("npm", home.path());
    make.args(["exec", "--offline", "--yes", "--package"]).arg(example("create-app"));
    run(make.args(["--", "create-app", "parcel"]).current_dir(home.path()))?;
    kept(&home.path().join("parcel"), &["EXPOSE 3000\n", "nodejs24"])
}

/// The hook in a repository that drifts.
fn pre_commit() -> Result<Completion, Failed> {
    if let Some(missing) = missing("pre-commit", &["--version"]) {
        return Ok(missing);
    }
    let home = TempDir::new()?;
    let hooks = home.path().join("hooks");
    let project = home.path().join("project");
    fs::create_dir_all(&hooks)?;
    fs::create_dir_all(&project)?;
    fs::copy(example("../../.pre-commit-hooks.yaml"), hooks.join(".pre-commit-hooks.yaml"))?;
    fs::write(project.join("go.mod"), "module example.com/hello\n\ngo 1.26\n")?;
    fs::write(project.join("main.go"), "package main\n\nfunc main() {}\n")?;
    dockgen(&project, &["init"])?;
    for folder in [&hooks, &project] {
        for args in [&["init", "-q"][..], &["add", "."], &["commit", "-q", "-m", "all"]] {
            let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
            run(command("git", home.path()).args(identity).args(args).current_dir(folder))?;
        }
    }
    let check = |home: &Path| {
        let mut hook = command("pre-commit", home);
        hook.env("PRE_COMMIT_HOME", home.join("cache")).current_dir(home.join("project"));
        hook.arg("try-repo").arg(home.join("hooks")).args(["dockgen-check-system", "--all-files"]);
        run(&mut hook)
    };
    check(home.path())?;
    fs::write(project.join("go.mod"), "module example.com/hello\n\ngo 1.27\n")?;
    match check(home.path()) {
        Err(failed) if failed.message().is_some_and(|said| said.contains("go.mod:3 says")) => {
            Ok(Completion::Completed)
        }
        Err(failed) => Err(failed),
        Ok(said) => Err(format!("no drift was seen: {said}").into()),
    }
}

/// A copy of a fixture with the files beside the Dockerfile.
fn surrounded(fixture: &str) -> Result<TempDir, Failed> {
    let home = TempDir::new()?;
    copy_tree(&example("../../tests/fixtures").join(fixture), home.path())?;
    dockgen(home.path(), &["init", "--yes", "--compose", "--bake"])?;
    Ok(home)
}

/// Bake reads its file, and finds the stages that it names.
fn bake() -> Result<Completion, Failed> {
    if let Some(missing) = missing("docker", &["buildx", "version"]) {
        return Ok(missing);
    }
    let home = surrounded("node-express")?;
    let output = Command::new("docker")
        .args(["buildx", "bake", "--print", "default", "test"])
        .env("REGISTRY", "registry.example.com/team/")
        .current_dir(home.path())
        .output()?;
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|bad| format!("{bad}: {}", String::from_utf8_lossy(&output.stderr)))?;
    let (image, test) = (&plan["target"]["notes-api"], &plan["target"]["notes-api-test"]);
    let is_right = image["tags"][0] == "registry.example.com/team/notes-api:latest"
        && image["target"] == "runtime"
        && test["target"] == "test"
        && test["args"]["VERSION"] == "dev";
    if is_right { Ok(Completion::Completed) } else { Err(plan.to_string().into()) }
}

/// Compose reads its file.
fn compose() -> Result<Completion, Failed> {
    if let Some(missing) = missing("docker", &["compose", "version"]) {
        return Ok(missing);
    }
    let home = surrounded("python-psycopg2")?;
    let said = run(Command::new("docker").args(["compose", "config"]).current_dir(home.path()))?;
    if said.contains("condition: service_healthy") { Ok(Completion::Completed) } else { Err(said.into()) }
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), Failed> {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
