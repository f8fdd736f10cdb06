//! What a module's files lead to: one row a rule.

use crate::config::Settings;
use crate::fact::Layer;
use crate::plan::plan;
use crate::plan::service::Plan;
use crate::repo::Inventory;

const MOD: &str = "module example.com/shop\n\ngo 1.27\n";
const MAIN: &str = "package main\n\nfunc main() {\n\thttp.ListenAndServe(\":8080\", nil)\n}\n";
const TOOL: &str = "package main\n\nfunc main() {}\n";

fn planned(files: &[(&str, &str)], set: &[&str]) -> Plan {
    let inventory = Inventory::from_files(files.iter().copied());
    let keys = crate::stack::keys();
    let mut settings = Settings::default();
    for assignment in set {
        settings.set(assignment, Layer::Flag, &keys).unwrap();
    }
    plan(&inventory, &settings)
}

/// The package that is built, and the packages that are asked about.
fn check_main(files: &[(&str, &str)], main: &str, asked: &[&str]) {
    let all: Vec<_> = [("go.mod", MOD)].into_iter().chain(files.iter().copied()).collect();
    let plan = planned(&all, &[]);
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    assert_eq!(plan.services[0].tool["main"]["value"], main, "{names:?}");
    let options: Vec<&str> = plan
        .questions
        .iter()
        .flat_map(|question| &question.options)
        .map(|option| option.value.as_str())
        .collect();
    assert_eq!(options, asked, "{names:?}");
}

#[test]
fn the_service_is_found_among_programs() {
    for (files, main, asked) in [
        (&[("main.go", MAIN)][..], ".", &[][..]),
        (&[("cmd/shop/main.go", MAIN)], "./cmd/shop", &[]),
        (&[("main.go", MAIN), ("tools/gen/main.go", TOOL)], ".", &[]),
        (
            &[("cmd/api/main.go", MAIN), ("cmd/worker/main.go", MAIN)],
            "./cmd/api",
            &["./cmd/api", "./cmd/worker"],
        ),
        (&[("main.go", MAIN), ("gen.go", "//go:build ignore\npackage main\nfunc main() {}\n")], ".", &[]),
    ] {
        check_main(files, main, asked);
    }
}

/// The first and the last image, the build command's tail, and whether warnings name a code.
fn check_images(go_mod: &str, main: &str, others: &[(&str, &str)], builder: &str, runtime: &str) {
    let text = format!("{MOD}{go_mod}");
    let source =
        format!("package main\n\n{main}\nfunc main() {{\n\thttp.ListenAndServe(\":8080\", nil)\n}}\n");
    let all: Vec<_> =
        [("go.mod", text.as_str()), ("main.go", &source)].into_iter().chain(others.iter().copied()).collect();
    let plan = planned(&all, &[]);
    let stages = &plan.services[0].stages;
    let first = stages.iter().next().map(|stage| stage.from.value.to_string());
    assert_eq!(first.as_deref(), Some(builder), "{main}");
    assert_eq!(stages.runtime().from.value.to_string(), runtime, "{main}");
}

#[test]
fn libraries_and_calls_decide_the_images() {
    const ALPINE: &str = "golang:1.27-alpine";
    const STATIC: &str = "gcr.io/distroless/static-debian13:nonroot";
    const SQLITE: &str = "require github.com/mattn/go-sqlite3 v1.14.0\n";
    for (go_mod, main, others, builder, runtime) in [
        ("", "", &[][..], ALPINE, "scratch"),
        ("", "var z = time.LoadLocation(\"UTC\")", &[], ALPINE, STATIC),
        ("", "import _ \"time/tzdata\"\nvar z = time.LoadLocation(\"UTC\")", &[], ALPINE, "scratch"),
        ("", "var f = os.MkdirTemp(\"\", \"x\")", &[], ALPINE, STATIC),
        ("", "var db = os.MkdirAll(\"data\", 0o755)", &[], ALPINE, STATIC),
        (SQLITE, "import _ \"github.com/mattn/go-sqlite3\"", &[], ALPINE, STATIC),
        (SQLITE, "import _ \"github.com/jinzhu/gorm/dialects/sqlite\"", &[], ALPINE, STATIC),
        (SQLITE, "", &[], ALPINE, "scratch"),
        ("", "import \"C\"", &[], "golang:1.27-trixie", "gcr.io/distroless/base-debian13:nonroot"),
        (
            "require github.com/h2non/bimg v1.1.9\n",
            "import \"github.com/h2non/bimg\"",
            &[],
            "golang:1.27-trixie",
            "debian:trixie-slim",
        ),
        // A package that the program does not import says nothing about it.
        (
            "",
            "",
            &[("cmd/x/main.go", TOOL), ("lib/a.go", "package lib\nvar f = os.MkdirTemp(\"\", \"\")\n")],
            ALPINE,
            "scratch",
        ),
        (
            "",
            "import \"example.com/shop/lib\"",
            &[("lib/a.go", "package lib\nvar f = os.MkdirTemp(\"\", \"\")\n")],
            ALPINE,
            STATIC,
        ),
    ] {
        check_images(go_mod, main, others, builder, runtime);
    }
}

#[test]
fn a_privileged_port_moves_where_a_variable_can_say_so() {
    let source = "package main\n\nfunc main() {\n\tport := getEnv(\"APP_PORT\", \"80\")\n\thttp.ListenAndServe(\":\"+port, nil)\n}\n";
    let plan = planned(&[("go.mod", MOD), ("main.go", source)], &[]);
    let runtime = &plan.services[0].runtime;
    assert_eq!(runtime.port.as_ref().map(|port| port.value), Some(8080));
    assert_eq!(runtime.env["APP_PORT"].value, "8080");
}

#[test]
fn a_loopback_address_moves_where_a_variable_can_say_so() {
    let source = "package main\n\nfunc main() {\n\thttp.ListenAndServe(getenv(\"LISTEN_ADDR\", \"localhost:7000\"), nil)\n}\n";
    let plan = planned(&[("go.mod", MOD), ("main.go", source)], &[]);
    assert_eq!(plan.services[0].runtime.env["LISTEN_ADDR"].value, "0.0.0.0:7000");
}

#[test]
fn what_is_embedded_must_be_there() {
    for (others, is_missing) in [(&[][..], true), (&[("web/dist/index.html", "")], false)] {
        let source = "package main\n\n//go:embed web/dist\nvar ui embed.FS\n\nfunc main() {}\n";
        let all: Vec<_> =
            [("go.mod", MOD), ("main.go", source)].into_iter().chain(others.iter().copied()).collect();
        let plan = planned(&all, &[]);
        assert_eq!(plan.diagnostics.iter().any(|found| found.message.contains("embedded")), is_missing);
    }
}
