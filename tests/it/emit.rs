//! What lies beside the Dockerfile: Compose, Bake, CI jobs and the development container, made of the same plan and kept
//! right like it.

use dockgen::repo::format;

use crate::repo::{GO, Repo, TWO};

const SHOP: &[(&str, &str)] = &[
    (
        "package.json",
        "{\n  \"name\": \"shop\",\n  \"scripts\": { \"start\": \"node server.js\", \"dev\": \"node --watch server.js\", \"test\": \"node --test\" },\n  \"dependencies\": {\n    \"pg\": \"8.16.0\",\n    \"ioredis\": \"5.8.0\"\n  },\n  \"devDependencies\": { \"mongodb\": \"6.0.0\" }\n}\n",
    ),
    ("package-lock.json", r#"{"name":"shop","lockfileVersion":3,"packages":{"":{}}}"#),
    ("server.js", "require('http').createServer().listen(3000)\n"),
];

#[test]
fn compose_starts_the_program_with_what_it_talks_to() {
    let repo = Repo::new(SHOP);
    repo.run(&["init", "--compose"]).ended(0, &["created Dockerfile", "created compose.yaml"]);
    let text = repo.read("compose.yaml");
    let tree = format::yaml(&text).unwrap_or_else(|bad| panic!("{bad}: {text}"));
    let at = |path: &[&str]| tree.at(path).and_then(format::Tree::scalar).unwrap_or_default();
    assert_eq!(at(&["services", "shop", "build", "context"]), ".");
    assert_eq!(at(&["services", "shop", "depends_on", "postgres", "condition"]), "service_healthy");
    assert_eq!(at(&["services", "shop", "environment", "REDIS_URL"]), "redis://redis:6379");
    assert!(at(&["services", "shop", "environment", "DATABASE_URL"]).ends_with("@postgres:5432/app"));
    let ports: Vec<&str> = tree.at(&["services", "shop", "ports"]).expect("ports").texts().collect();
    assert_eq!(ports, ["3000:3000"]);
    assert_eq!(at(&["services", "shop-dev", "build", "target"]), "dev");
    let test: Vec<&str> =
        tree.at(&["services", "postgres", "healthcheck", "test"]).expect("a test").texts().collect();
    assert_eq!(test, ["CMD-SHELL", "pg_isready -U app -d app"]);
    assert!(tree.at(&["volumes", "postgres"]).is_some() && tree.at(&["volumes", "redis"]).is_some());
    assert!(tree.at(&["services", "mongodb"]).is_none(), "for developers alone: {text}");

    // It is checked with the rest, by everybody, without a flag.
    repo.run_without_a_trace(&["check"]).ended(0, &["up to date"]);
    repo.edit("package.json", "\"pg\": \"8.16.0\"", "\"mysql2\": \"3.0.0\"");
    repo.run_without_a_trace(&["check"]).ended(1, &["compose.yaml is out of date"]);
    repo.run(&["update"]).ended(0, &["updated compose.yaml"]);
    assert!(repo.read("compose.yaml").contains("image: mysql:8.4\n"));
    let plan = repo.run(&["plan", "--format", "json"]);
    assert!(plan.out.contains("\"what\"") && plan.out.contains("mysql2"), "{plan}");

    repo.write("dockgen.toml", "[policy]\nregistry_mirror = \"registry.company/hub\"\n");
    repo.run(&["update"]).ended(0, &[]);
    assert!(repo.read("compose.yaml").contains("image: registry.company/hub/redis:8-alpine\n"));
}

#[test]
fn a_persons_compose_file_stays() {
    let repo = Repo::new(GO);
    repo.write("compose.yaml", "services: {}\n");
    repo.run_without_a_trace(&["init", "--compose"]).ended(1, &["`compose.yaml` was written by a person"]);
    repo.run(&["init"]).ended(0, &["created Dockerfile"]);
    assert_eq!(repo.read("compose.yaml"), "services: {}\n");
    repo.run(&["check"]).ended(0, &["up to date"]);
}

#[test]
fn clients_are_known_in_every_stack() {
    for (files, what) in [
        (
            &[
                (
                    "go.mod",
                    "module example.com/x\n\ngo 1.27\n\nrequire (\n\tgithub.com/jackc/pgx/v5 v5.7.0\n\tgithub.com/redis/go-redis/v9 v9.0.0 // indirect\n)\n",
                ),
                ("main.go", GO[1].1),
            ][..],
            "postgres",
        ),
        (
            &[
                ("requirements.txt", "fastapi\nuvicorn\npsycopg[binary]>=3\n"),
                ("main.py", "from fastapi import FastAPI\n\napp = FastAPI()\n"),
            ],
            "postgres",
        ),
        (
            &[
                (
                    "pyproject.toml",
                    "[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\"fastapi\", \"uvicorn\", \"aio_pika>=9\"]\n",
                ),
                ("main.py", "from fastapi import FastAPI\n\napp = FastAPI()\n"),
            ],
            "rabbitmq",
        ),
        (
            &[
                (
                    "Cargo.toml",
                    "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nmongodb = \"3\"\n\n[dev-dependencies]\nredis = \"1\"\n",
                ),
                ("Cargo.lock", "version = 4\n\n[[package]]\nname = \"x\"\nversion = \"0.1.0\"\n"),
                ("src/main.rs", "fn main() {}\n"),
            ],
            "mongodb",
        ),
    ] {
        let repo = Repo::new(files);
        let ran = repo.run(&["init", "--compose", "--yes"]);
        ran.ended(0, &["created compose.yaml"]);
        let text = repo.read("compose.yaml");
        let found: Vec<&str> = text.lines().filter(|line| line.starts_with("    image: ")).collect();
        assert_eq!(found.len(), 1, "{text}");
        assert!(text.contains(&format!("\n  {what}:\n    image: ")), "{what}: {text}");
    }
}

#[test]
fn bake_and_ci_name_every_image_and_its_tests() {
    let repo = Repo::new(TWO);
    repo.write("dockgen.toml", "[build]\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n[stages.deps]\nsecrets = [\"netrc\"]\n[stages.runtime]\ntarget = \"app\"\n");
    repo.run(&["init", "--bake", "--ci", "github", "--ci", "gitlab", "--devcontainer"])
        .ended(0, &["created docker-bake.hcl"]);
    let bake = repo.read("docker-bake.hcl");
    for line in [
        "targets = [\"api\", \"web\"]",
        "targets = [\"api-test\", \"web-test\"]",
        "context    = \"api\"",
        "target     = \"app\"",
        "tags       = [\"${REGISTRY}web:${TAG}\"]",
        "platforms  = [\"linux/amd64\", \"linux/arm64\"]",
        "secret     = [\"id=netrc\"]",
        "target   = \"test\"",
    ] {
        assert!(bake.contains(line), "no `{line}` in {bake}");
    }
    let github = repo.read(".github/workflows/image.yml");
    let tree = format::yaml(&github).unwrap_or_else(|bad| panic!("{bad}: {github}"));
    let steps = tree.at(&["jobs", "web", "steps"]).expect("steps");
    let with = steps.items().filter_map(|step| step.get("with"));
    let targets: Vec<Option<&str>> =
        with.map(|with| with.get("target").and_then(format::Tree::as_text)).collect();
    assert_eq!(targets, [Some("test"), None], "{github}");
    assert!(
        github.contains("check --format github") && github.contains("file: \"web/Dockerfile\""),
        "{github}"
    );
    let gitlab = repo.read(".gitlab/image.yml");
    let tree = format::yaml(&gitlab).unwrap_or_else(|bad| panic!("{bad}: {gitlab}"));
    assert_eq!(tree.at(&["image:web", "script"]).map(|script| script.items().count()), Some(4), "{gitlab}");
    let container = repo.read(".devcontainer/devcontainer.json");
    let tree = format::jsonc(&container).unwrap_or_else(|bad| panic!("{bad}: {container}"));
    assert_eq!(tree.at(&["build", "dockerfile"]).and_then(format::Tree::as_text), Some("../api/Dockerfile"));
    repo.run_without_a_trace(&["check"]).ended(0, &["up to date"]);
    repo.edit(".devcontainer/devcontainer.json", "\"name\"", "\"shutdownAction\": \"none\",\n  \"name\"");
    repo.run_without_a_trace(&["check"]).ended(0, &["edited by hand, and up to date"]);
}

#[test]
fn a_folder_with_a_meaning_elsewhere_is_refused() {
    for folder in ["a$(id)", "a${{ github.token }}", "a\"b"] {
        let repo =
            Repo::new(&[(&format!("{folder}/go.mod"), GO[0].1), (&format!("{folder}/main.go"), GO[1].1)]);
        repo.run_without_a_trace(&["init", "--compose", "--yes"])
            .ended(2, &["cannot be named in `compose.yaml`"]);
    }
}
