//! Every package that `packaging/` makes, installed in a clean container without a network, and dockgen at work there:
//! it writes the files of a sample, and says afterwards that they are up to date. The image does so as a step of CI.
//!
//! It builds a release, so that it runs only when it is named: `cargo test --test packages`; `DOCKGEN_BINARY` names one that
//! is built already, and the image builds one of its own. A package whose tool is
//! not installed, and everything where no engine answers, is counted as ignored.
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "tests start programs; minutes pass")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use dockgen::verify::{Engine, Network};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use support::{copy_tree, ensure, prepare, with_engine};
use tempfile::TempDir;

fn main() {
    let mut args = Arguments::from_args();
    args.test_threads = args.test_threads.or(Some(1));
    let trials = vec![
        Trial::ignorable_test("archive", || with_engine(|engine| archive(&engine))),
        Trial::ignorable_test("crate", || with_engine(|engine| crate_from_source(&engine))),
        Trial::ignorable_test("deb", || with_engine(|engine| deb(&engine))),
        Trial::ignorable_test("pip", || {
            tool("python3", &["-m", "wheel", "version"], || with_engine(|engine| pip(&engine)))
        }),
        Trial::ignorable_test("image", || with_engine(|engine| image(&engine))),
        Trial::ignorable_test("npm", || tool("npm", &["--version"], || with_engine(|engine| npm(&engine)))),
    ];
    libtest_mimic::run(&args, trials).exit();
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn tool(
    name: &str,
    args: &[&str],
    test: impl FnOnce() -> Result<Completion, Failed>,
) -> Result<Completion, Failed> {
    if Command::new(name).args(args).output().is_ok_and(|output| output.status.success()) {
        return test();
    }
    Ok(Completion::ignored_with(format!("`{name} {}` does not answer", args.join(" "))))
}

/// Runs one of the scripts; the paths that it prints.
fn pack(script: &str, dist: &Path) -> Result<Vec<PathBuf>, Failed> {
    let mut command = Command::new(root().join("packaging").join(script));
    command.current_dir(root()).env("DOCKGEN_DIST", dist);
    command.env("DOCKGEN_BINARY", binary()?);
    Ok(run(&mut command)?.lines().map(PathBuf::from).collect())
}

/// The program that all packages hold, built once.
fn binary() -> Result<&'static Path, Failed> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    if let Some(built) = BUILT.get() {
        return Ok(built);
    }
    if let Some(given) = std::env::var_os("DOCKGEN_BINARY") {
        return Ok(BUILT.get_or_init(|| given.into()));
    }
    let script = Command::new(root().join("packaging/binary")).current_dir(root()).output()?;
    let said = String::from_utf8_lossy(&script.stderr).into_owned();
    ensure(script.status.success(), || format!("packaging/binary: {said}"))?;
    let path = String::from_utf8(script.stdout)?;
    Ok(BUILT.get_or_init(|| root().join(path.trim())))
}

/// Its stdout.
fn run(command: &mut Command) -> Result<String, Failed> {
    let output = command.output()?;
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let err = String::from_utf8_lossy(&output.stderr);
    ensure(output.status.success(), || format!("{command:?}: {out}{err}"))?;
    Ok(out)
}

/// What a person does after installing: the version, a sample, a check. Words of a shell.
const AT_WORK: &str = "dockgen --version && cp -r /sample /tmp/sample && cd /tmp/sample && dockgen init --yes \
    && dockgen check && dockgen lint Dockerfile && cat Dockerfile";

/// Runs a script in a new container of `image` that sees the packages, a sample, and no network.
fn in_container(engine: &Engine, image: &str, dist: &Path, script: &str) -> Result<String, Failed> {
    let work = TempDir::new()?;
    let sample = work.path().join("sample");
    copy_tree(&root().join("tests/fixtures/go-hello"), &sample)?;
    let base = work.path().join("Dockerfile");
    fs::write(&base, format!("FROM {image}\n"))?;
    prepare(&base)?;
    let mut command = Command::new(engine.kind().name());
    command.args(["run", "--rm", "--network", "none"]);
    command.arg("-v").arg(format!("{}:/dist:ro", dist.display()));
    command.arg("-v").arg(format!("{}:/sample:ro", sample.display()));
    command.args([image, "sh", "-euc", script]);
    run(&mut command)
}

/// Is it the program of this checkout, and did it write what it writes here?
fn at_work(said: &str) -> Result<(), Failed> {
    let version = format!("dockgen {}\n", env!("CARGO_PKG_VERSION"));
    ensure(said.contains(&version), || format!("no version in {said}"))?;
    let wanted = fs::read_to_string(root().join("snapshots/go-hello/Dockerfile"))?;
    let (_, wanted) = wanted.split_once("\n\n").ok_or("a head")?;
    ensure(said.contains(wanted), || format!("not the sample's Dockerfile: {said}"))
}

fn archive(engine: &Engine) -> Result<(), Failed> {
    let dist = TempDir::new()?;
    let made = pack("archive", dist.path())?;
    let name = made[0].file_name().ok_or("a file")?.to_string_lossy().into_owned();
    let bytes = fs::read(&made[0])?;
    pack("archive", dist.path())?;
    ensure(bytes == fs::read(&made[0])?, || "the same files gave other bytes".to_owned())?;
    let folder = name.trim_end_matches(".tar.gz").to_owned();
    let script = format!(
        "cd /dist && sha256sum -c {name}.sha256 && cd /tmp && tar -xzf /dist/{name} && ls {folder}/share/man/man1/dockgen-init.1.gz \
         && PATH=/tmp/{folder}/bin:$PATH && {AT_WORK}"
    );
    // Two systems that have nothing in common but the kernel.
    for image in ["debian:trixie-slim", "alpine:3.22"] {
        at_work(&in_container(engine, image, dist.path(), &script)?)?;
    }
    Ok(())
}

/// Cargo compiles it from the crate and its lock file alone. The crates it depends on are brought along, as the container
/// has no network.
fn crate_from_source(engine: &Engine) -> Result<(), Failed> {
    let dist = TempDir::new()?;
    let made = pack("crate", dist.path())?;
    let name = made[0].file_stem().ok_or("a file")?.to_string_lossy().into_owned();
    let mut vendor = Command::new("cargo");
    vendor.current_dir(root()).args(["vendor", "--locked", "--quiet"]).arg(dist.path().join("vendor"));
    run(&mut vendor)?;
    let sources =
        "[source.crates-io]\nreplace-with = \"brought\"\n[source.brought]\ndirectory = \"/dist/vendor\"\n";
    fs::write(dist.path().join("config.toml"), sources)?;
    // What the program does is the same without the optimizer, and is known minutes sooner.
    let script = format!(
        "cd /tmp && tar -xzf /dist/{name}.crate && export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
         CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
         && cargo install --quiet --locked --offline --config /dist/config.toml --path {name} >&2 && {AT_WORK}"
    );
    at_work(&in_container(engine, "rust:1-slim-trixie", dist.path(), &script)?)
}

fn deb(engine: &Engine) -> Result<(), Failed> {
    let dist = TempDir::new()?;
    pack("deb", dist.path())?;
    let script = format!(
        "dpkg -i /dist/*.deb >&2 && test -s /usr/share/bash-completion/completions/dockgen && {AT_WORK} \
         && dpkg -r dockgen >&2 && ! test -e /usr/bin/dockgen"
    );
    at_work(&in_container(engine, "debian:trixie-slim", dist.path(), &script)?)
}

fn pip(engine: &Engine) -> Result<(), Failed> {
    let dist = TempDir::new()?;
    let made = pack("pip", dist.path())?;
    let name = made[0].display().to_string();
    ensure(name.contains("manylinux") && name.contains("musllinux"), || name.clone())?;
    let script = format!(
        "python -m venv /tmp/venv && /tmp/venv/bin/pip install --no-index --find-links /dist dockgen >&2 \
         && PATH=/tmp/venv/bin:$PATH && {AT_WORK}"
    );
    at_work(&in_container(engine, "python:3.13-slim", dist.path(), &script)?)
}

fn npm(engine: &Engine) -> Result<(), Failed> {
    let dist = TempDir::new()?;
    let made = pack("npm", dist.path())?;
    let packages: Vec<String> = made
        .iter()
        .filter_map(|path| path.file_name())
        .map(|name| format!("/dist/{}", name.display()))
        .collect();
    let script = format!(
        "mkdir /tmp/project && cd /tmp/project && npm init -y >/dev/null \
         && npm install -D --offline --ignore-scripts --no-audit {} >&2 \
         && npx --no-install dockgen --version && PATH=/tmp/project/node_modules/.bin:$PATH && {AT_WORK}",
        packages.join(" ")
    );
    at_work(&in_container(engine, "node:24-trixie-slim", dist.path(), &script)?)
}

/// The image as a step of somebody's CI: the checkout is mounted, and what is checked is not changed.
fn image(engine: &Engine) -> Result<(), Failed> {
    let program = engine.kind().name();
    ensure(program == "docker", || format!("packaging/image builds with docker, not with {program}"))?;
    let name = format!("dockgen-packages-test:{}", std::process::id());
    let mut build = Command::new(root().join("packaging/image"));
    build
        .current_dir(root())
        .env("DOCKGEN_IMAGE", &name)
        .env("DOCKGEN_BINARY", env!("CARGO_BIN_EXE_dockgen"));
    if engine.network() == Network::Host {
        build.args(["--network", "host"]);
    }
    // Without the optimizer, as the crate is.
    for argument in ["LTO=off", "OPT_LEVEL=0", "CODEGEN_UNITS=16"] {
        build.args(["--build-arg", &format!("CARGO_PROFILE_RELEASE_{argument}")]);
    }
    run(&mut build)?;
    let used = as_a_step(program, &name);
    Command::new(program).args(["rmi", "--force", &name]).output()?;
    used
}

fn as_a_step(program: &str, image: &str) -> Result<(), Failed> {
    let work = TempDir::new()?;
    let sample = work.path().join("sample");
    copy_tree(&root().join("tests/fixtures/go-hello"), &sample)?;
    let step = |options: &[&str], mode: &str, words: &[&str]| {
        let mut command = Command::new(program);
        command.args(["run", "--rm", "--network", "none"]).args(options);
        command.arg("-v").arg(format!("{}:/repo:{mode}", sample.display()));
        command.arg(image).args(words).output()
    };
    let version = step(&[], "ro", &["--version"])?;
    let said = String::from_utf8_lossy(&version.stdout).into_owned();
    ensure(said.trim() == format!("dockgen {}", env!("CARGO_PKG_VERSION")), || format!("{version:?}"))?;
    let missing = step(&[], "ro", &["check"])?;
    ensure(missing.status.code() == Some(1), || format!("there is no Dockerfile yet: {missing:?}"))?;
    let written = step(&["--user", "0:0"], "rw", &["init", "--yes"])?;
    ensure(written.status.success(), || format!("{written:?}"))?;
    let wanted = fs::read_to_string(root().join("snapshots/go-hello/Dockerfile"))?;
    ensure(fs::read_to_string(sample.join("Dockerfile"))? == wanted, || "another Dockerfile".to_owned())?;
    let fresh = step(&[], "ro", &["check"])?;
    ensure(fresh.status.success(), || format!("{fresh:?}"))?;
    let source = fs::read_to_string(sample.join("main.go"))?;
    fs::write(sample.join("main.go"), source.replace("8080", "9090"))?;
    let stale = step(&[], "ro", &["check", "--format", "github"])?;
    let said = String::from_utf8_lossy(&stale.stdout).into_owned();
    ensure(stale.status.code() == Some(1) && said.starts_with("::error file=Dockerfile,"), || {
        format!("{stale:?}")
    })
}
