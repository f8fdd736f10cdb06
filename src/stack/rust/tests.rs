//! What a package's files lead to: one row a rule.

use crate::config::Settings;
use crate::fact::Layer;
use crate::plan::plan;
use crate::plan::service::{Plan, Service};
use crate::repo::Inventory;

const LOCK: (&str, &str) = ("Cargo.lock", "version = 4\n");
const AXUM: &str =
    "#[tokio::main] async fn main() {\n    let l = TcpListener::bind(\"0.0.0.0:3000\").await;\n}\n";

fn planned(files: &[(&str, &str)], set: &[&str]) -> Plan {
    let inventory = Inventory::from_files(files.iter().copied());
    let keys = crate::stack::keys();
    let mut settings = Settings::default();
    for assignment in set {
        settings.set(assignment, Layer::Flag, &keys).unwrap();
    }
    plan(&inventory, &settings)
}

fn service(plan: &Plan) -> &Service {
    assert_eq!(plan.services.len(), 1, "{:#?}", plan.diagnostics);
    &plan.services[0]
}

/// Images of the first and the last stage, and the packages of both.
fn check_images(
    manifest: &str,
    others: &[(&str, &str)],
    set: &[&str],
    builder: &str,
    runtime: &str,
    packages: &str,
) {
    let text = format!("[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{manifest}");
    let mut files = vec![("Cargo.toml", text.as_str()), ("src/main.rs", "fn main() { signal(SIGTERM); }\n")];
    files.extend(others);
    let plan = planned(&files, set);
    let service = service(&plan);
    let stages: Vec<_> = service.stages.iter().collect();
    let named: Vec<String> =
        stages.iter().flat_map(|stage| &stage.packages).map(|package| package.value.name.clone()).collect();
    assert_eq!(stages[0].from.value.to_string(), builder, "{manifest}");
    assert_eq!(service.stages.runtime().from.value.to_string(), runtime, "{manifest}");
    assert_eq!(named.join(" "), packages, "{manifest}");
}

#[test]
fn toolchains_libraries_and_targets_decide_the_images() {
    const CC: &str = "gcr.io/distroless/cc-debian13:nonroot";
    const STABLE: &str = "rust:1-slim-trixie";
    const DIESEL: &str = "version = 4\n[[package]]\nname = \"x\"\nversion = \"0.1.0\"\ndependencies = [\"diesel\", \"t\"]\n\
        [[package]]\nname = \"diesel\"\nversion = \"2.2.0\"\ndependencies = [\"pq-sys\"]\n\
        [[package]]\nname = \"pq-sys\"\nversion = \"0.7.0\"\n[[package]]\nname = \"t\"\nversion = \"1.0.0\"\n\
        dependencies = [\"openssl-sys\"]\n[[package]]\nname = \"openssl-sys\"\nversion = \"0.9.0\"\n";
    const BUNDLED: &str = "version = 4\n[[package]]\nname = \"x\"\nversion = \"0.1.0\"\ndependencies = [\"libsqlite3-sys\"]\n\
        [[package]]\nname = \"libsqlite3-sys\"\nversion = \"0.30.0\"\ndependencies = [\"cc\", \"pkg-config\"]\n";
    const OLD_TIME: &str = "version = 3\n[[package]]\nname = \"x\"\nversion = \"0.1.0\"\ndependencies = [\"time\"]\n\
        [[package]]\nname = \"time\"\nversion = \"0.3.20\"\n";
    const OTHERS: &str = "version = 4\n[[package]]\nname = \"x\"\nversion = \"0.1.0\"\n\
        [[package]]\nname = \"other\"\nversion = \"0.1.0\"\ndependencies = [\"openssl-sys\"]\n\
        [[package]]\nname = \"openssl-sys\"\nversion = \"0.9.0\"\n";
    for (manifest, others, set, builder, runtime, packages) in [
        ("", &[LOCK][..], &[][..], STABLE, CC, ""),
        (
            "",
            &[LOCK, ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.80.1\"\n")],
            &[],
            "rust:1.80.1-slim-bookworm",
            CC,
            "",
        ),
        ("", &[LOCK, ("rust-toolchain", "1.90\n")], &[], "rust:1.90-slim-trixie", CC, ""),
        ("", &[LOCK, ("rust-toolchain", "stable\n")], &[], STABLE, CC, ""),
        ("rust-version = \"1.70\"\n", &[LOCK], &[], STABLE, CC, ""),
        ("", &[("Cargo.lock", OLD_TIME)], &[], "rust:1.79-slim-bookworm", CC, ""),
        ("", &[LOCK], &["rust.version=1.91"], "rust:1.91-slim-trixie", CC, ""),
        ("", &[LOCK], &["rust.target=musl"], "rust:1-alpine", "scratch", "musl-dev"),
        ("", &[LOCK], &["runtime.image=debian:trixie-slim"], STABLE, "debian:trixie-slim", ""),
        (
            "",
            &[("Cargo.lock", DIESEL)],
            &[],
            STABLE,
            "debian:trixie-slim",
            "pkg-config libssl-dev libpq-dev libpq5",
        ),
        ("", &[("Cargo.lock", BUNDLED)], &[], STABLE, CC, ""),
        ("", &[("Cargo.lock", OTHERS)], &[], STABLE, CC, ""),
        ("[dependencies]\nopenssl = \"0.10\"\n", &[], &[], STABLE, CC, "pkg-config libssl-dev"),
        (
            "[dependencies]\nopenssl = { version = \"0.10\", features = [\"vendored\"] }\n",
            &[],
            &[],
            STABLE,
            CC,
            "",
        ),
        (
            "",
            &[
                LOCK,
                (
                    ".cargo/config.toml",
                    "[target.x86_64-unknown-linux-gnu]\nrustflags = [\"-Clink-arg=-fuse-ld=mold\"]\n",
                ),
            ],
            &[],
            STABLE,
            CC,
            "mold",
        ),
    ] {
        check_images(manifest, others, set, builder, runtime, packages);
    }
}

/// Port, entrypoint, arguments, environment and stop signal of a program.
fn check_run(
    dependencies: &str,
    main: &str,
    port: Option<u16>,
    start: &str,
    env: &str,
    signal: Option<&str>,
) {
    let text = format!(
        "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\n{dependencies}"
    );
    let plan = planned(&[("Cargo.toml", &text), LOCK, ("src/main.rs", main)], &[]);
    let runtime = &service(&plan).runtime;
    let words =
        [&runtime.entrypoint, &runtime.command].map(|form| form.as_ref().map(|form| form.value.to_string()));
    let variables: Vec<String> =
        runtime.env.iter().map(|(name, value)| format!("{name}={}", value.value)).collect();
    assert_eq!(runtime.port.as_ref().map(|port| port.value), port, "{main}");
    assert_eq!(words.into_iter().flatten().collect::<Vec<_>>().join(" | "), start, "{main}");
    assert_eq!(variables.join(" "), env, "{main}");
    assert_eq!(runtime.stop_signal.as_ref().map(|signal| signal.value.as_str()), signal, "{main}");
}

#[test]
fn frameworks_and_sources_decide_how_it_runs() {
    const X: &str = "/usr/local/bin/x";
    const INIT: &str = "/tini -- /usr/local/bin/x";
    let stopping = format!("{AXUM}signal(SignalKind::terminate());\n");
    let interrupted = format!("{AXUM}tokio::signal::ctrl_c().await;\n");
    let flagged = "#[arg(long, default_value = \"127.0.0.1\")]\nhost: String,\n#[arg(long, default_value_t = 3002)]\nport: u16,\n";
    for (dependencies, main, port, start, env, signal) in [
        ("", "fn main() {}", None, INIT.to_owned(), "", None),
        ("axum = \"0.8\"", AXUM, Some(3000), INIT.to_owned(), "", None),
        ("axum = \"0.8\"", &stopping, Some(3000), X.to_owned(), "", None),
        ("axum = \"0.8\"", &interrupted, Some(3000), X.to_owned(), "", Some("SIGINT")),
        ("actix-web = \"4\"", ".bind((\"0.0.0.0\", 8081))", Some(8081), X.to_owned(), "", None),
        (
            "rocket = \"0.5\"",
            "#[launch] fn rocket() {}",
            Some(8000),
            X.to_owned(),
            "ROCKET_ADDRESS=0.0.0.0",
            None,
        ),
        ("actix-web = \"4\"", flagged, Some(3002), format!("{X} | --host 0.0.0.0"), "", None),
        ("loco-rs = \"0.16\"", "fn main() {}", Some(5150), format!("{X} | start"), "", None),
        (
            "actix-web = \"4\"",
            "let port = env::var(\"PORT\")\n    .unwrap_or(\"3001\".into());",
            Some(3001),
            X.to_owned(),
            "PORT=3001",
            None,
        ),
    ] {
        check_run(dependencies, main, port, &start, env, signal);
    }
}

#[test]
fn a_configuration_file_is_copied_and_gives_the_port() {
    let main = "#[tokio::main] async fn main() {\n    let c = File::with_name(\"config\");\n    TcpListener::bind(address).await;\n}\n";
    let joined = main.replace("File::with_name(\"config\")", "File::from(here.join(\"setup\"))");
    for (main, file) in [(main, "config.toml"), (joined.as_str(), "setup/base.toml")] {
        let manifest = "[package]\nname = \"x\"\nversion = \"0.1.0\"\n[dependencies]\naxum = \"0.8\"\n";
        let text = "[server]\nhttp_port = 8085\n[database]\nport = 5432\n";
        let files = [("Cargo.toml", manifest), LOCK, ("src/main.rs", main), (file, text)];
        let plan = planned(&files, &[]);
        assert_eq!(service(&plan).runtime.port.as_ref().map(|port| port.value), Some(8085), "{file}");
        let copied = file.split('/').next().unwrap();
        assert!(dockerfile(&files, &[]).contains(&format!("COPY --link {copied} ./{copied}")), "{file}");
    }
}

/// The program and what is asked.
fn check_program(manifest: &str, sources: &[(&str, &str)], bin: &str, asked: &[&str]) {
    let text = format!("[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{manifest}");
    let files: Vec<_> =
        [("Cargo.toml", text.as_str()), LOCK].into_iter().chain(sources.iter().copied()).collect();
    let plan = planned(&files, &[]);
    assert_eq!(service(&plan).tool["bin"]["value"], bin, "{manifest}");
    let options: Vec<&str> = plan
        .questions
        .iter()
        .filter(|question| question.key == "rust.bin")
        .flat_map(|question| question.options.iter().map(|option| option.value.as_str()))
        .collect();
    assert_eq!(options, asked, "{manifest}");
}

#[test]
fn the_service_is_found_among_programs() {
    const NOTHING: &str = "fn main() {}";
    for (manifest, sources, bin, asked) in [
        ("", &[("src/main.rs", NOTHING)][..], "x", &[][..]),
        ("[[bin]]\nname = \"q\"\npath = \"src/main.rs\"\n", &[("src/main.rs", NOTHING)], "q", &[]),
        ("", &[("src/bin/one.rs", NOTHING), ("src/bin/two.rs", AXUM)], "two", &["two", "one"]),
        ("", &[("src/main.rs", NOTHING), ("src/bin/tool.rs", NOTHING)], "x", &["x", "tool"]),
        ("default-run = \"one\"\n", &[("src/bin/one.rs", NOTHING), ("src/bin/two.rs", AXUM)], "one", &[]),
    ] {
        check_program(manifest, sources, bin, asked);
    }
}

#[test]
fn each_member_with_a_program_is_built_from_the_root() {
    let plan = planned(
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n"),
            LOCK,
            (
                "crates/cli/Cargo.toml",
                "[package]\nname = \"cli\"\n[dependencies]\ncore = { path = \"../core\" }\n",
            ),
            ("crates/cli/src/main.rs", "fn main() {}"),
            ("crates/core/Cargo.toml", "[package]\nname = \"core\"\n"),
            ("crates/core/src/lib.rs", ""),
            (
                "crates/server/Cargo.toml",
                "[package]\nname = \"server\"\n[[bin]]\nname = \"serverd\"\npath = \"src/main.rs\"\n",
            ),
            ("crates/server/src/main.rs", AXUM),
        ],
        &[],
    );
    let found: Vec<_> = plan
        .services
        .iter()
        .map(|service| {
            (
                service.dir.as_str(),
                service.context.to_string(),
                service.tool["bin"]["value"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [("crates/cli", ".".to_owned(), "cli"), ("crates/server", ".".to_owned(), "serverd")],
        "{:#?}",
        plan.diagnostics
    );
}

/// The Dockerfile of the only service.
fn dockerfile(files: &[(&str, &str)], set: &[&str]) -> String {
    let inventory = Inventory::from_files(files.iter().copied());
    let plan = planned(files, set);
    let templates = crate::render::Templates::builtin().unwrap();
    let (files, _) = crate::render::render_checked(service(&plan), &templates, &inventory).unwrap();
    files.dockerfile.text
}

#[test]
fn layers_are_cooked_and_mounts_left_out() {
    let manifest = ("Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    let files = [manifest, LOCK, ("src/main.rs", AXUM)];
    let text = dockerfile(&files, &["rust.cache=layers"]);
    for line in [
        "FROM lukemathwalker/cargo-chef:latest-rust-1-slim-trixie AS chef\n",
        "FROM chef AS planner\n",
        "RUN cargo chef prepare --recipe-path recipe.json\n",
        "COPY --from=planner /app/recipe.json ./\n",
        "cargo chef cook --release --locked --bin x --recipe-path recipe.json\n",
    ] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
    assert!(!text.contains("type=cache,id=") && !text.contains("touch"), "{text}");
    let musl = dockerfile(&files, &["rust.cache=layers", "rust.target=musl"]);
    assert!(musl.contains("FROM lukemathwalker/cargo-chef:latest-rust-1-alpine AS chef\n"), "{musl}");
    assert!(dockerfile(&files, &[]).contains("--mount=type=cache,id=x-target"));
}

#[test]
fn a_feature_without_which_nothing_compiles_is_turned_on() {
    const SCRIPT: &str = "fn main() {\n    #[cfg(not(any(feature = \"linked\", feature = \"postgres\")))]\n    \
        compile_error!(\n        \"choose a database: cargo build --features bundled\"\n    );\n}\n";
    for (default, script, set, expected) in [
        ("", SCRIPT, &[][..], "# features: bundled (build.rs:2)\n"),
        // Where the message names none, the first.
        ("", &SCRIPT.replace("bundled", "everything"), &[], "# features: linked (build.rs:2)\n"),
        (
            "",
            SCRIPT,
            &["rust.features=[\"postgres\"]"],
            "# features: postgres (--set rust.features=[\"postgres\"])\n",
        ),
        ("\"bundled\"", SCRIPT, &[], ""),
        (
            "",
            "fn main() {\n    #[cfg(feature = \"odd\")]\n    compile_error!(\"odd is gone\");\n}\n",
            &[],
            "",
        ),
    ] {
        let manifest = format!(
            "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[features]\ndefault = [{default}]\n\
             linked = []\nbundled = [\"linked\"]\npostgres = []\n"
        );
        let text =
            dockerfile(&[("Cargo.toml", &manifest), LOCK, ("build.rs", script), ("src/main.rs", AXUM)], set);
        let (_, found) = text.split_once("COPY . /app/\n").unwrap();
        let found = found.split_once("RUN ").map_or("", |(found, _)| found);
        assert_eq!(found, expected, "{text}");
        let on = expected.split([' ', '(']).nth(2).map(|name| format!(" --features {name}"));
        assert!(on.is_none_or(|on| text.contains(&on)), "{text}");
        assert!(!expected.is_empty() || !text.contains("--features"), "{text}");
    }
}

#[test]
fn programs_for_the_browser_are_not_taken_for_servers() {
    let manifest = ("Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    for (name, text) in
        [("Trunk.toml", ""), ("index.html", "<link data-trunk rel=\"rust\" />"), ("Dioxus.toml", "")]
    {
        let plan = planned(&[manifest, LOCK, ("src/main.rs", "fn main() {}\n"), (name, text)], &[]);
        assert!(plan.services.is_empty(), "{name}");
        assert!(plan.diagnostics.iter().any(|found| found.message.contains("browser")), "{name}");
    }
}
