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
        (&[("cmd/tool/main.go", TOOL), ("cmd/toold/main.go", TOOL)], "./cmd/toold", &[]),
        (&[("main.go", MAIN), ("win.go", "//go:build windows\npackage main\nfunc main() {}\n")], ".", &[]),
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

/// What the Dockerfile's commands must say and must not say.
fn check_text(files: &[(&str, &str)], set: &[&str], says: &[&str], not: &[&str]) {
    let inventory = Inventory::from_files(files.iter().copied());
    let plan = planned(files, set);
    let templates = crate::render::Templates::builtin().unwrap();
    let (files, _) = crate::render::render_checked(&plan.services[0], &templates, &inventory).unwrap();
    for word in says {
        assert!(files.dockerfile.text.contains(word), "no `{word}` in\n{}", files.dockerfile.text);
    }
    for word in not {
        assert!(!files.dockerfile.text.contains(word), "`{word}` in\n{}", files.dockerfile.text);
    }
}

const SITE: &str = r#"{"name":"ui","scripts":{"build":"vite build"},"devDependencies":{"vite":"7"}}"#;

#[test]
fn a_front_end_is_built_where_the_program_takes_it_from() {
    let embeds = "package main\n\n//go:embed all:web/dist\nvar ui embed.FS\n\nfunc main() {}\n";
    let go = [("go.mod", MOD), ("main.go", embeds)];
    let copied = "COPY --link --from=assets /app/dist /src/web/dist\n";
    for (others, says, not) in [
        (&[("web/package.json", SITE)][..], &[copied, "COPY web/ ./"][..], &[][..]),
        // A placeholder that keeps the folder in git is no front end.
        (&[("web/package.json", SITE), ("web/dist/.gitkeep", "")], &[copied], &[]),
        // What is committed is taken as it is.
        (&[("web/package.json", SITE), ("web/dist/index.html", "")], &[], &["assets"]),
        // The build leaves its files in another folder.
        (
            &[
                ("ui/package.json", SITE),
                ("ui/vite.config.ts", "export default { build: {\n outDir: '../web/dist' } }"),
            ],
            &["COPY --link --from=assets /web/dist /src/web/dist\n"],
            &[],
        ),
    ] {
        let files: Vec<_> = go.iter().chain(others).copied().collect();
        check_text(&files, &[], says, not);
    }
    let reads = "package main\n\nfunc main() {\n\thttp.ListenAndServe(\":8080\", http.FileServer(http.Dir(\"./web/dist\")))\n}\n";
    let files = [("go.mod", MOD), ("main.go", reads), ("web/package.json", SITE)];
    check_text(
        &files,
        &[],
        &["COPY --link --from=assets /app/dist ./web/dist\n", "WORKDIR /app\n"],
        &["/src/web/dist"],
    );
}

#[test]
fn private_modules_come_with_a_secret_or_over_ssh() {
    let makefile = ("Makefile", "export GOPRIVATE=github.com/acme/*\n");
    let go = [("go.mod", MOD), ("main.go", MAIN), ("go.sum", "")];
    let netrc = "RUN --mount=type=secret,id=netrc,target=/root/.netrc \\\n    go mod download\n";
    let with = |other| go.iter().copied().chain([other]).collect::<Vec<_>>();
    check_text(
        &with(makefile),
        &[],
        &["RUN go env -w GOPRIVATE='github.com/acme/*'\n", netrc, "apk add --no-cache git"],
        &["type=ssh"],
    );
    check_text(&go, &["go.private=git.acme.dev"], &["RUN go env -w GOPRIVATE=git.acme.dev\n", netrc], &[]);
    let ssh = &["go.private=git.acme.dev/*", "go.private_access=ssh"];
    let rewrites = "git config --global url.ssh://git@git.acme.dev/.insteadOf https://git.acme.dev/";
    check_text(&go, ssh, &["RUN --mount=type=ssh \\\n    go mod download\n", rewrites], &["netrc"]);
    check_text(&go, &[], &[], &["GOPRIVATE", "apk add --no-cache git"]);
}

#[test]
fn sources_that_are_not_committed_are_generated() {
    let templ = "module example.com/shop\n\ngo 1.27\n\nrequire github.com/a-h/templ v0.3.960\n";
    let files = [("go.mod", templ), ("go.sum", ""), ("main.go", MAIN), ("view/home.templ", "")];
    check_text(&files, &[], &["go run github.com/a-h/templ/cmd/templ@v0.3.960 generate\n"], &[]);
    let tool = format!("{templ}\ntool github.com/a-h/templ/cmd/templ\n");
    let files = [("go.mod", tool.as_str()), ("go.sum", ""), ("main.go", MAIN), ("view/home.templ", "")];
    check_text(&files, &[], &["go tool github.com/a-h/templ/cmd/templ generate\n"], &[]);
    let made = [
        ("go.mod", templ),
        ("go.sum", ""),
        ("main.go", MAIN),
        ("a.templ", ""),
        ("a_templ.go", "package main\n"),
    ];
    check_text(&made, &[], &[], &["templ"]);
    let swag = "module example.com/shop\n\ngo 1.27\n\nrequire github.com/swaggo/swag v1.16.4\n";
    let main = format!("package main\n\nimport _ \"example.com/shop/docs\"\n\n{}", &MAIN[14..]);
    let files = [("go.mod", swag), ("go.sum", ""), ("main.go", main.as_str())];
    check_text(
        &files,
        &[],
        &["go run github.com/swaggo/swag/cmd/swag@v1.16.4 init -g main.go -o docs\n"],
        &[],
    );
}

#[test]
fn a_server_is_told_to_serve_where_others_reach_it() {
    let cobra = format!("{MOD}\nrequire github.com/spf13/cobra v1.9.1\n");
    let pocketbase = format!("{MOD}\nrequire github.com/pocketbase/pocketbase v0.28.4\n");
    for (go_mod, name, main, says, not) in [
        (
            MOD,
            "main.go",
            "func main() {\n\taddr := flag.String(\"addr\", \"localhost:4000\", \"x\")\n\thttp.ListenAndServe(*addr, nil)\n}\n",
            "CMD [\"--addr=0.0.0.0:4000\"]",
            "listens on",
        ),
        (
            MOD,
            "main.go",
            "func main() {\n\tswitch os.Args[1] {\n\tcase \"server\":\n\t\thttp.ListenAndServe(\":4000\", nil)\n\t}\n}\n",
            "CMD [\"server\"]",
            "--addr",
        ),
        (
            &pocketbase,
            "main.go",
            "func main() { pocketbase.New().Start() }\n",
            "CMD [\"serve\", \"--http=0.0.0.0:8090\", \"--dir=pb_data\"]",
            "8080",
        ),
        (
            &cobra,
            "main.go",
            "var c = &cobra.Command{\n\tUse:   \"serve\",\n}\nfunc init() { c.Flags().String(\"listen\", \"127.0.0.1:4000\", \"x\") }\nfunc main() {}\n",
            "CMD [\"serve\", \"--listen=0.0.0.0:4000\"]",
            "0.0.0.0:4000 ",
        ),
    ] {
        let source = format!("package main\n\n{main}");
        check_text(&[("go.mod", go_mod), ("go.sum", ""), (name, &source)], &[], &[says], &[not]);
    }
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
