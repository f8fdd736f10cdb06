//! Manifests in every spelling that their tools accept, each with what must be understood of it.
//!
//! A row is a manifest, the files it needs beside it, and lines of the facts that follow. `!` in front of a line
//! means that it must not be there.

use std::fmt::Write as _;

use dockgen::config::Settings;
use dockgen::plan::plan;
use dockgen::plan::service::Plan;
use dockgen::repo::Inventory;

/// The manifest, other files, the facts.
type Row = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

/// What a plan says, a fact a line.
fn facts(plan: &Plan) -> String {
    let mut lines = String::new();
    let mut say = |line: String| writeln!(lines, "{line}").expect("a text");
    for service in &plan.services {
        say(format!("name {}", service.name));
        say(format!("kind {}", service.kind.value));
        service.framework.iter().for_each(|framework| say(format!("framework {}", framework.value)));
        service.toolchains.iter().for_each(|tool| say(format!("toolchain {}", tool.value)));
        for stage in service.stages.iter() {
            say(format!("{} from {}", stage.name, stage.from.value));
        }
        service.runtime.port.iter().for_each(|port| say(format!("port {}", port.value)));
        service.runtime.entrypoint.iter().for_each(|runs| say(format!("runs {}", runs.value)));
        for name in ["main", "bin", "features", "package", "vendor", "tags"] {
            if let Some(value) = service.tool[name]["value"].as_str() {
                say(format!("{name} {value}"));
            }
        }
        for name in ["is_locked", "is_member", "is_stripping", "is_nested"] {
            if let Some(value) = service.tool[name].as_bool() {
                say(format!("{name} {value}"));
            }
        }
    }
    for finding in &plan.diagnostics {
        say(format!("{} {}", finding.code, finding.message));
    }
    lines
}

fn check(name: &str, rows: &[Row], others: &[(&'static str, &'static str)]) {
    let mut wrong = String::new();
    for (manifest, beside, expected) in rows {
        let mut files = vec![(name, *manifest)];
        // What a row brings replaces what every row has.
        files.extend(others.iter().filter(|(other, _)| beside.iter().all(|(own, _)| own != other)));
        files.extend(beside.iter());
        let plan = plan(&Inventory::from_files(files), &Settings::default());
        let found = facts(&plan);
        for line in *expected {
            let (line, is_wanted) = line.strip_prefix('!').map_or((*line, true), |line| (line, false));
            let is_there = found.lines().any(|known| known == line || known.starts_with(&format!("{line} ")));
            if is_there != is_wanted {
                let _ = write!(wrong, "\n`{line}` is {is_there} of\n{manifest}{beside:?}\nin\n{found}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

const SERVER: &str = "package main\n\nfunc main() {\n\thttp.ListenAndServe(\":8080\", nil)\n}\n";
const TOOL: &str = "package main\n\nfunc main() {}\n";
const SUM: (&str, &str) = ("go.sum", "");

#[test]
fn go_mod() {
    const GIN: &str = "module x\ngo 1.27\nrequire github.com/gin-gonic/gin v1.10.0\n";
    let rows: &[Row] = &[
        // <https://go.dev/ref/mod#go-mod-file-go>
        ("module x\ngo 1.27\n", &[], &["toolchain Go 1.27", "deps from golang:1.27-alpine"]),
        ("module x\n\ngo 1.26.4\n", &[], &["toolchain Go 1.26"]),
        ("module x\ngo 1.27rc1\n", &[], &["toolchain Go 1.27", "!unknown-version"]),
        ("module x\ngo   1.27   // the newest\n", &[], &["toolchain Go 1.27"]),
        ("module x\n\tgo 1.26\n", &[], &["toolchain Go 1.26"]),
        ("module x\n", &[], &["toolchain Go 1.27"]),
        ("module x\ngo 1.12\n", &[], &["toolchain Go 1.22"]),
        ("module x\ngo 1.21\n", &[], &["toolchain Go 1.21", "end-of-life"]),
        ("module x\ngo 1.99\n", &[], &["toolchain Go 1.99", "unknown-version"]),
        // <https://go.dev/ref/mod#go-mod-file-toolchain>
        ("module x\ngo 1.26\ntoolchain go1.27.1\n", &[], &["toolchain Go 1.27"]),
        ("module x\ngo 1.27.0\ntoolchain go1.26.3\n", &[], &["toolchain Go 1.27"]),
        ("module x\ngo 1.26\ntoolchain go1.27.0-custom\n", &[], &["toolchain Go 1.27"]),
        ("module x\ngo 1.26\ntoolchain default\n", &[], &["toolchain Go 1.26"]),
        // Names.
        ("module example.com/team/shop\ngo 1.27\n", &[], &["name shop", "runs /shop"]),
        ("module example.com/team/shop/v3\ngo 1.27\n", &[], &["name shop"]),
        ("module gopkg.in/shop.v2\ngo 1.27\n", &[], &["name shop.v2"]),
        ("module \"example.com/quoted\"\ngo 1.27\n", &[], &["name quoted"]),
        ("// Deprecated: gone\nmodule example.com/old\ngo 1.27\n", &[], &["name old"]),
        ("module (\n\texample.com/block\n)\ngo 1.27\n", &[], &["name block"]),
        // Requirements.
        (GIN, &[SUM], &["framework Gin", "is_locked true"]),
        (GIN, &[], &["framework Gin", "is_locked false", "missing-lock"]),
        (
            "module x\ngo 1.27\nrequire(\n\tgithub.com/labstack/echo/v4 v4.12.0\n)\n",
            &[SUM],
            &["framework Echo"],
        ),
        ("module x\ngo 1.27\nrequire ()\n", &[], &["is_locked true"]),
        ("module x\ngo 1.27\nrequire (\n)\n", &[], &["is_locked true"]),
        (
            "module x\ngo 1.27\nrequire \"github.com/gofiber/fiber/v2\" v2.52.0\n",
            &[SUM],
            &["framework Fiber"],
        ),
        (
            "module x\ngo 1.27\nrequire github.com/go-chi/chi/v5 v5.1.0 // indirect\n",
            &[SUM],
            &["framework chi"],
        ),
        ("module x\ngo 1.27\nexclude a.b/c v1.0.0\nretract v0.1.0 // mistake\n", &[], &["is_locked true"]),
        ("module x\ngo 1.27\nretract [v0.1.0, v0.2.0]\n", &[], &["toolchain Go 1.27"]),
        ("module x\ngo 1.27\ngodebug default=go1.21\n", &[], &["toolchain Go 1.27"]),
        ("module x\ngo 1.27\ngodebug (\n\tpanicnil=1\n)\n", &[], &["toolchain Go 1.27"]),
        ("module x\ngo 1.27\ntool example.com/gen\n", &[], &["toolchain Go 1.27"]),
        ("module x\ngo 1.27\ntool (\n\texample.com/gen\n)\n", &[], &["toolchain Go 1.27"]),
        ("module x\ngo 1.27\nignore ./node_modules\n", &[], &["toolchain Go 1.27"]),
        ("module x\r\ngo 1.27\r\n", &[], &["toolchain Go 1.27"]),
        // Folders that replace modules.
        (
            "module x\ngo 1.27\nrequire y v0.0.0\nreplace y => ./y\n",
            &[("y/go.mod", "module y\n"), SUM],
            &["!ignored-source", "toolchain Go 1.27"],
        ),
        ("module x\ngo 1.27\nreplace y => ../y\n", &[SUM], &["ignored-source the module in `../y`"]),
        ("module x\ngo 1.27\nreplace (\n\ty v1.0.0 => z v1.1.0\n)\n", &[SUM], &["!ignored-source"]),
        (
            "module x\ngo 1.27\nrequire y v0.0.0\nreplace y => ./y\n",
            &[("y/go.mod", "module y\n"), ("vendor/modules.txt", "# y\n")],
            &["vendor vendor", "is_locked true"],
        ),
        // What is built.
        ("module x\ngo 1.27\n", &[("main.go", "package x\n")], &["not-built the module `x`", "!name"]),
        (
            "module x\ngo 1.27\n",
            &[("main.go", "package x\n"), ("cmd/api/main.go", SERVER)],
            &["main ./cmd/api", "runs /api"],
        ),
        (
            "module x\ngo 1.27\n",
            &[("main.go", "package x\n"), ("cmd/main.go", SERVER)],
            &["main ./cmd", "runs /x"],
        ),
        ("module x\ngo 1.27\n", &[("main.go", TOOL)], &["kind program", "!port"]),
        ("module x\ngo 1.27\n", &[("cmd/a/main.go", TOOL)], &["main .", "kind server", "port 8080"]),
    ];
    check("go.mod", rows, &[("main.go", SERVER)]);
}

const MAIN: (&str, &str) = ("src/main.rs", "fn main() { TcpListener::bind(\"0.0.0.0:8080\"); }\n");
const LOCK: (&str, &str) = ("Cargo.lock", "version = 4\n");

#[test]
fn cargo_toml() {
    const PLAIN: &str = "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    const STABLE: &str = "deps from rust:1-slim-trixie";
    let rows: &[Row] = &[
        // <https://doc.rust-lang.org/cargo/reference/manifest.html>
        (PLAIN, &[], &["bin x", "runs /tini -- /usr/local/bin/x", "port 8080"]),
        ("package = { name = \"x\", version = \"0.1.0\" }\n", &[], &["bin x"]),
        ("package.name = \"x\"\npackage.version = \"0.1.0\"\n", &[], &["bin x"]),
        ("[package]\nname = 'x'\n", &[], &["bin x"]),
        ("[package]\n\"name\" = \"\"\"x\"\"\"\n", &[], &["bin x"]),
        ("[project]\nname = \"x\"\n", &[], &["!bin"]),
        ("[package]\nname = \"x\"\nedition = \"2015\"\n", &[], &["bin x"]),
        (
            "[package]\nname = \"x\"\nedition = \"2024\"\nrust-version = \"1.85\"\n",
            &[],
            &["toolchain Rust 1"],
        ),
        ("[package]\nname = \"x\"\nrust-version = \"1.60\"\n", &[], &["toolchain Rust 1"]),
        ("[package]\nname = \"x-server\"\n", &[], &["bin x-server", "name x-server"]),
        (
            "[package]\nname = \"x_y\"\n[[bin]]\nname = \"serve\"\npath = \"src/main.rs\"\n",
            &[],
            &["bin serve"],
        ),
        ("bin = [{ name = \"b\", path = \"src/main.rs\" }]\npackage.name = \"x\"\n", &[], &["bin b"]),
        (
            "[package]\nname = \"x\"\nedition = \"2021\"\ndefault-run = \"b\"\n",
            &[("src/bin/a.rs", "fn main() {}\n"), ("src/bin/b.rs", "fn main() {}\n")],
            &["bin b"],
        ),
        (
            "[package]\nname = \"x\"\nautobins = false\nedition = \"2021\"\n[[bin]]\nname = \"a\"\n",
            &[("src/bin/a.rs", "fn main() {}\n")],
            &["bin a"],
        ),
        (
            "[package]\nname = \"x\"\n[[bin]]\nname = \"x\"\npath = \"src/main.rs\"\nrequired-features = [\"web\", \"cli\"]\n[features]\nweb = []\ncli = []\n",
            &[],
            &["features web,cli"],
        ),
        ("[package]\nname = \"x\"\n[lib]\npath = \"src/lib.rs\"\n", &[("src/lib.rs", "")], &["bin x"]),
        ("[package]\nname = \"x\"\n", &[("src/main.rs", "#[test]\nfn t() {}\n")], &["bin x"]),
        ("[package]\nname = \"x\"\n[dependencies]\naxum = \"0.8\"\n", &[], &["framework axum"]),
        ("[package]\nname = \"x\"\n[dependencies.rocket]\nversion = \"0.5\"\n", &[], &["framework Rocket"]),
        ("dependencies = { actix-web = \"4\" }\n[package]\nname = \"x\"\n", &[], &["framework Actix Web"]),
        (
            "[package]\nname = \"x\"\n[dependencies]\nweb = { package = \"warp\", version = \"0.3\" }\n",
            &[],
            &["framework warp"],
        ),
        ("[package]\nname = \"x\"\n[dev-dependencies]\naxum = \"0.8\"\n", &[], &["!framework"]),
        (
            "[package]\nname = \"x\"\n[target.'cfg(unix)'.dependencies]\ntide = \"0.16\"\n",
            &[],
            &["framework Tide"],
        ),
        ("[package]\nname = \"x\"\n[profile.release]\nstrip = true\n", &[], &["is_stripping true"]),
        (
            "[package]\nname = \"x\"\n[profile]\nrelease = { strip = \"symbols\" }\n",
            &[],
            &["is_stripping true"],
        ),
        ("[package]\nname = \"x\"\n[profile.release]\nlto = true\n", &[], &["is_stripping false"]),
        ("[package]\nname = \"x\"\n[dependencies]\ny = { path = \"../y\" }\n", &[], &["ignored-source"]),
        (
            "[package]\nname = \"x\"\n[dependencies]\ny = { path = \"y\" }\n",
            &[("y/Cargo.toml", "[package]\nname = \"y\"\n"), ("y/src/lib.rs", "")],
            &["is_member true", "package x"],
        ),
        (PLAIN, &[("Cargo.lock", "# none\n")], &["is_locked true"]),
        // A library, and an own tool.
        (PLAIN, &[("src/main.rs", "fn main() {}\n"), ("src/lib.rs", "")], &["bin x", "kind program"]),
        ("[package]\nname = \"xtask\"\n", &[], &["!bin"]),
        // <https://rust-lang.github.io/rustup/overrides.html#the-toolchain-file>
        (PLAIN, &[("rust-toolchain.toml", "[toolchain]\nchannel = \"1.90\"\n")], &["toolchain Rust 1.90"]),
        (
            PLAIN,
            &[("rust-toolchain.toml", "toolchain.channel = \"1.80.1\"\n")],
            &["deps from rust:1.80.1-slim-bookworm"],
        ),
        (PLAIN, &[("rust-toolchain.toml", "[toolchain]\nchannel = \"stable\"\n")], &[STABLE]),
        (PLAIN, &[("rust-toolchain.toml", "[toolchain]\nprofile = \"minimal\"\n")], &[STABLE]),
        (PLAIN, &[("rust-toolchain", "1.91.0\n")], &["toolchain Rust 1.91.0"]),
        (
            PLAIN,
            &[("rust-toolchain", "[toolchain]\nchannel = \"1.89\"\n")],
            &["deps from rust:1.89-slim-trixie"],
        ),
        (PLAIN, &[("rust-toolchain", "nightly-2026-01-01\n")], &[STABLE, "unknown-version"]),
        (PLAIN, &[("rust-toolchain.toml", "[toolchain]\nchannel = \"beta\"\n")], &["unknown-version"]),
        (PLAIN, &[("rust-toolchain.toml", "[toolchain]\npath = \"/opt/rust\"\n")], &[STABLE]),
    ];
    check("Cargo.toml", rows, &[MAIN, LOCK]);
}

#[test]
fn cargo_workspaces() {
    const MEMBER: &str = "[package]\nname = \"api\"\nversion.workspace = true\nedition.workspace = true\n";
    const SOURCE: &str = "fn main() { TcpListener::bind(\"0.0.0.0:8080\"); }\n";
    let rows: &[Row] = &[
        ("[workspace]\nmembers = [\"api\"]\n", &[], &["bin api", "package api"]),
        ("[workspace]\nmembers = [\"*\"]\n", &[], &["bin api"]),
        ("[workspace]\nmembers = [\"./api/\"]\n", &[], &["bin api"]),
        ("workspace = { members = [\"ap?\"] }\n", &[], &["bin api"]),
        (
            "[workspace]\nmembers = [\"api\", \"core\"]\n[workspace.dependencies]\ncore = { path = \"core\" }\naxum = \"0.8\"\n",
            &[
                (
                    "api/Cargo.toml",
                    "[package]\nname = \"api\"\n[dependencies]\ncore.workspace = true\naxum = { workspace = true }\n",
                ),
                ("core/Cargo.toml", "[package]\nname = \"core\"\n"),
                ("core/src/lib.rs", ""),
            ],
            &["bin api", "framework axum", "!not-built"],
        ),
        (
            "[workspace]\nmembers = [\"api\"]\nexclude = [\"old\"]\n[profile.release]\nstrip = true\n",
            &[],
            &["is_stripping true"],
        ),
        (
            "[workspace]\nmembers = [\"api\"]\n",
            &[("rust-toolchain.toml", "[toolchain]\nchannel = \"1.92\"\n")],
            &["toolchain Rust 1.92"],
        ),
        (
            "[workspace]\n[package]\nname = \"top\"\n",
            &[
                ("src/main.rs", SOURCE),
                ("api/Cargo.toml", "[package]\nname = \"api\"\n[lib]\n"),
                ("api/src/main.rs", ""),
                ("api/src/lib.rs", ""),
            ],
            &["bin top"],
        ),
    ];
    check("Cargo.toml", rows, &[("api/Cargo.toml", MEMBER), ("api/src/main.rs", SOURCE), LOCK]);
}
