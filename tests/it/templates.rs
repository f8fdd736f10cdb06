//! Templates of a project and of its company: one block at a time, checked before anything is printed.

use crate::repo::{GO, Repo};

/// A company's folder that reaches every stack with one file.
const COMPANY: &str = r#"{% extends "builtin/base/stage.tera" %}
{% block settings %}
{{ super() }}
COPY --from=registry.company/ca:1 /ca.pem /etc/ssl/certs/company.pem
ENV SSL_CERT_FILE=/etc/ssl/certs/company.pem
{% endblock settings %}
"#;

#[test]
fn one_file_of_a_company_reaches_every_stage() {
    let repo = Repo::new(GO);
    repo.write("dockgen.toml", "extends = \"ops\"\n");
    repo.write("ops/templates/base/stage.tera", COMPANY);
    let ran = repo.run_without_a_trace(&["init", "--stdout"]);
    ran.ended(0, &[]);
    assert_eq!(
        ran.out.matches("COPY --from=registry.company/ca:1").count(),
        ran.out.matches("\nFROM ").count()
    );
    repo.run(&["templates", "check"]).ended(0, &["right: 1 template, tried on 1 service"]);
    // The company checks its folder on its own, with a small repository of each stack.
    repo.run(&["templates", "check", "ops"]).ended(0, &["tried on 6 services"]);
}

#[test]
fn a_block_is_replaced_and_the_rest_stays() {
    let repo = Repo::new(GO);
    repo.write("dockgen.toml", "extends = \"../ops\"\n");
    let company = repo.path().parent().expect("a parent").join("ops");
    assert!(!company.exists(), "{}", company.display());
    repo.write("dockgen.toml", "extends = \"ops\"\n");
    repo.write(
        "ops/templates/base/runtime.tera",
        "{% extends \"builtin/base/runtime.tera\" %}\n{% block labels %}LABEL vendor=company{% endblock labels %}\n",
    );
    repo.write(
        ".dockgen/templates/base/runtime.tera",
        "{% extends \"company/base/runtime.tera\" %}\n{% block labels %}{{ super() }}\nLABEL project=ours{% endblock labels %}\n",
    );
    let before = repo.run(&["init", "--stdout"]);
    before.ended(0, &[]);
    assert!(before.out.contains("LABEL vendor=company\nLABEL project=ours\nUSER "), "{before}");
    assert!(!before.out.contains("org.opencontainers.image.title"), "{before}");
    repo.run(&["init"]).ended(0, &[]);
    repo.run_without_a_trace(&["check"]).ended(0, &["up to date"]);
    repo.edit("ops/templates/base/runtime.tera", "vendor=company", "vendor=other");
    repo.run_without_a_trace(&["check"]).ended(1, &["Dockerfile is out of date"]);
}

#[test]
fn what_is_wrong_is_said_at_load_with_its_place() {
    for (name, text, says) in [
        (
            "go/build.tera",
            "{% extends \"builtin/go/build.tera\" %}\n{% block bdy %}{% endblock %}\n",
            &["go/build.tera:2", "bdy"][..],
        ),
        (
            "go/build.tera",
            "{% extends \"builtin/go/build.tera\" %}\n\n{% block body %}\n{{ tool.build }\n{% endblock %}\n",
            &["go/build.tera:4"],
        ),
        (
            "go/build.tera",
            "{% extends \"builtin/go/bild.tera\" %}\n",
            &["go/build.tera", "no template `builtin/go/bild.tera`"],
        ),
        (
            "go/build.tera",
            "{% extends \"builtin/go/build.tera\" %}\n{% block about %}{{ servce.name }}{% endblock %}\n",
            &["go/build.tera:2", "`servce`", "did you mean `service`?"],
        ),
        (
            "go/build.tera",
            "{% extends \"builtin/go/build.tera\" %}\n{% block about %}{% if stage.pakages %}x{% endif %}{% endblock %}\n",
            &["go/build.tera:2", "`stage.pakages`", "did you mean `stage.packages`?"],
        ),
        (
            "go/build.tera",
            "{% extends \"builtin/go/build.tera\" %}\n{% block about %}{{ service.name | upperr }}{% endblock %}\n",
            &["go/build.tera:2", "upperr"],
        ),
        ("go/biuld.tera", "x\n", &["go/biuld.tera", "did you mean `go/build.tera`?"]),
        ("go/build.tera", "{% extends \"go/build.tera\" %}\n", &["go/build.tera", "extends itself"]),
    ] {
        let repo = Repo::new(GO);
        repo.write(&format!(".dockgen/templates/{name}"), text);
        for args in [&["init"][..], &["templates", "check"]] {
            repo.run_without_a_trace(args).ended(2, says);
        }
    }
}

#[test]
fn a_template_cannot_leave_the_plan() {
    for (text, says) in [
        ("{% extends \"builtin/base/runtime.tera\" %}\n{% block user %}USER root{% endblock %}\n", "USER"),
        ("{% extends \"builtin/base/runtime.tera\" %}\n{% block start %}{% endblock %}\n", "ENTRYPOINT"),
        (
            "{% extends \"builtin/base/runtime.tera\" %}\n{% block user %}USER {{ runtime.user }}\nFROM evil AS more{% endblock %}\n",
            "planned",
        ),
    ] {
        let repo = Repo::new(GO);
        repo.write(".dockgen/templates/base/runtime.tera", text);
        let ran = repo.run_without_a_trace(&["init"]);
        ran.ended(2, &[says, ".dockgen/templates/base/runtime.tera", "nothing was written"]);
    }
}

#[test]
fn templates_are_listed_shown_and_copied() {
    let repo = Repo::new(GO);
    let list = repo.run_without_a_trace(&["templates", "list"]);
    assert!(
        list.out.lines().any(|line| line.starts_with("go/build.tera ") && line.ends_with("built in")),
        "{list}"
    );
    let shown = repo.run(&["templates", "show", "go/build.tera"]);
    assert!(shown.out.contains("{% block body %}"), "{shown}");
    repo.run(&["templates", "show", "go/biuld.tera"])
        .ended(2, &["no template `go/biuld.tera`", "did you mean `go/build.tera`?"]);

    repo.run(&["templates", "eject", "base/runtime.tera", "--block", "labels"]).ended(0, &["created"]);
    let text = repo.read(".dockgen/templates/base/runtime.tera");
    assert!(text.starts_with("{% extends \"builtin/base/runtime.tera\" %}\n{% block labels %}"), "{text}");
    let list = repo.run(&["templates", "list"]);
    assert!(list.out.contains(".dockgen/templates/base/runtime.tera"), "{list}");
    // A copy changes nothing.
    let before = Repo::new(GO).run(&["init", "--stdout"]);
    assert_eq!(repo.run(&["init", "--stdout"]).out, before.out);
    repo.run_without_a_trace(&["templates", "eject", "base/runtime.tera"]).ended(1, &["base/runtime.tera"]);
    repo.run(&["templates", "eject", "go/build.tera"]).ended(0, &[]);
    assert_eq!(repo.run(&["init", "--stdout"]).out, before.out);
    repo.run(&["templates", "eject", "go/deps.tera", "--block", "nothing"])
        .ended(2, &["no block `nothing`", "body"]);
}

/// What templates may print is a contract: a change of it is seen here, and has to raise its version where a template
/// of somebody else would break.
#[test]
fn the_values_of_templates_are_a_contract() {
    let now = Repo::new(&[]).run(&["schema", "templates"]);
    now.ended(0, &[]);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract/templates.json");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract")).expect("a folder");
        std::fs::write(file, &now.out).expect("written");
    }
    let recorded = std::fs::read_to_string(file).unwrap_or_default();
    assert!(recorded == now.out, "the contract changed; UPDATE_SNAPSHOTS=1 records it:\n{}", now.out);
}

const PHP: &str = r#"
name = "PHP"
files = ["composer.json"]

[values.version]
file = "composer.json"
key = "require.php"
pattern = '(\d+\.\d+)'
default = "8.4"

[values.front]
file = "composer.json"
key = ["extra", "front"]
default = "public"

[[stages]]
name = "deps"
role = "deps"
about = "installs the packages"
image = "composer:2"
workdir = "/app"
copy = ["composer.json", "composer.lock"]
run = ["composer install --no-dev --no-scripts"]
cache = ["/tmp/cache"]

[[stages]]
name = "build"
role = "build"
from = "deps"
copy = ["."]
run = ["composer dump-autoload --optimize", "test -d {front}"]

[[stages]]
name = "runtime"
role = "runtime"
image = "php:{version}-apache"
take = [{ from = "build", source = "/app", target = "/var/www/html" }]

[run]
cmd = ["apache2-foreground"]
user = "33:33"
port = 8080
workdir = "/var/www/html"
"#;

const COMPOSER: &str = r#"{"require": {"php": "^8.3"}, "extra": {"front": "it's; rm -rf /"}}"#;

#[test]
fn a_company_declares_a_stack_of_its_own() {
    let root = Repo::new(&[
        ("app/composer.json", COMPOSER),
        ("app/dockgen.toml", "extends = \"../ops\"\n"),
        ("ops/detectors/php.toml", PHP),
    ]);
    let ran = root.run_without_a_trace(&["init", "app", "--stdout"]);
    ran.ended(0, &[]);
    for line in [
        "# PHP 8.3. Build and run:",
        "FROM composer:2 AS deps\n",
        "COPY composer.json ./\n",
        "RUN --mount=type=cache,target=/tmp/cache \\\n    composer install",
        // What a repository says stays a word.
        " && test -d 'it'\\''s; rm -rf /'\n",
        "FROM php:8.3-apache AS runtime\n",
        "COPY --link --from=build /app /var/www/html\n",
        "USER 33:33\n",
        "EXPOSE 8080\n",
        "CMD [\"apache2-foreground\"]\n",
    ] {
        assert!(ran.out.contains(line), "no `{line}` in {ran}");
    }
    let plan = root.run(&["plan", "app"]);
    assert!(plan.out.contains("composer.json:1"), "the version has its place: {plan}");
    root.run(&["init", "app", "--set", "build.version=8.4", "--set", "runtime.port=9000"]).ended(0, &[]);
    let text = root.read("app/Dockerfile");
    assert!(text.contains("php:8.4-apache") && text.contains("EXPOSE 9000"), "{text}");
    root.run_without_a_trace(&["check", "app"]).ended(0, &["up to date"]);
    root.run(&["templates", "check", "ops"]).ended(0, &["the stack php reads"]);

    // A template of the company's own, for one stage.
    root.edit("ops/detectors/php.toml", "from = \"deps\"", "from = \"deps\"\ntemplate = \"php/build.tera\"");
    root.write(
        "ops/templates/php/build.tera",
        "{% extends \"declared/stage.tera\" %}\n{% block body %}{{ super() }}\nRUN echo {{ tool.values.version.value | sh }}{% endblock body %}\n",
    );
    let ran = root.run(&["init", "app", "--stdout"]);
    ran.ended(0, &[]);
    assert!(ran.out.contains("RUN echo 8.4\n"), "{ran}");
}

#[test]
fn a_wrong_detector_is_refused_with_its_place() {
    for (from, to, says) in [
        ("files = ", "fils = ", &["ops/detectors/php.toml:3", "fils"][..]),
        ("role = \"deps\"", "role = \"dep\"", &["ops/detectors/php.toml:", "dep"]),
        ("image = \"composer:2\"\n", "", &["stage `deps` needs", "either `image` or `from`"]),
        ("'(\\d+\\.\\d+)'", "'('", &["`values.version.pattern`"]),
        ("user = \"33:33\"", "user = \"www\"", &["`run.user` must be numeric"]),
        ("from = \"deps\"", "from = \"dps\"", &["cannot be planned", "`dps`"]),
    ] {
        let root = Repo::new(&[("composer.json", COMPOSER), ("dockgen.toml", "extends = \"ops\"\n")]);
        assert!(PHP.contains(from), "{from}");
        root.write("ops/detectors/php.toml", PHP.replacen(from, to, 1));
        root.run_without_a_trace(&["init"]).ended(2, says);
    }
}
