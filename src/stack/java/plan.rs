//! What building and running a Java program takes: stages, image, port, health check, command.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::plan::catalog::BaseImage;
use crate::plan::run::Run;
use crate::plan::service::{ExecForm, Health, IgnoreGroup, Runtime, Service, ServiceKind, Toolchain};
use crate::plan::stage::{GraphError, Origin, Role, Stage, StageGraph};
use crate::stack::Survey;
use crate::stack::common::front_end::{FrontEnd, FrontEndView};
use crate::stack::common::port;
use crate::stack::java::Facts;
use crate::stack::java::artifact::{Artifact, Piece};
use crate::stack::java::build::{Build, Manifests};
use crate::stack::java::dependency::{Dependency, Scope};
use crate::stack::java::frameworks;
use crate::stack::java::network::Network;
use crate::stack::java::program::Dropwizard;
use crate::stack::java::runtime::{Base, Train};
use crate::stack::java::writes::Writes;

/// The stages, the image and the command.
pub(super) fn service(facts: &Facts, s: &Survey<'_>) -> Result<Service, GraphError> {
    let Facts { build, version, network, dropwizard, files, writes, front_end, place, .. } = facts;
    let artifact = &build.artifact;
    let port = port(network, s);
    let base = Base::choose(s, build, version);
    let known = s.catalog.image_like(&base.image.value).unwrap_or_else(|| s.catalog.image("java-jre"));
    let is_webapp = matches!(artifact.value, Artifact::WebArchive { .. });
    let runtime = runtime(facts, port, &base, known, s);
    note_tests(build, s);
    if let Some(host) = &network.loopback {
        port::note_loopback(host, "listen on all addresses, `0.0.0.0`", s);
    }
    if is_webapp {
        note_platform(build, s);
    }
    let mut pieces = base.pieces();
    pieces.extend(artifact.value.pieces());
    if !is_webapp {
        pieces.extend(files_beside(dropwizard.as_ref(), files, build, s));
    }
    // Tomcat's folders are its own already.
    let writes = writes.as_ref().filter(|_| !is_webapp);
    let user = s.choice(&keys::USER).decide().map_or_else(|| known.user.clone(), |user| user.value);
    let view = View {
        writes: writes.map(|writes| writes.what.derive(format!("the program writes {}", writes.what.value))),
        own: writes.map(|writes| Run::new(writes.command(&user))),
        version,
        artifact: &artifact.value,
        about: artifact.value.about(),
        because: artifact.derive(network.framework.as_ref().map_or("the program", |name| &name.value)),
        is_webapp,
        train: base.train(&pieces),
        jlink: base.jlink(),
        pieces: base.shipped(pieces),
        manifests: build.manifests.in_place(place),
        whole: place.whole(),
        skips: &build.skips,
        front_end: front_end.as_ref().map(|found| found.view(&build.context, "/src")),
        tool: format!("{} {}", build.tool.name, build.tool.line.value),
        environment: build.tool.environment,
        prepare: build.prepare.as_ref(),
        fetch: &build.fetch,
        package: &build.package,
        test: &build.test,
    };
    Ok(Service {
        platforms: Vec::new(),
        front_end: front_end.as_ref().map(FrontEnd::folder),
        beside: Vec::new(),
        remarks: Vec::new(),
        name: s.service_name(build.service_name()),
        dockerfile: None,
        ignore_file: Service::usual_ignore_file(&build.context),
        dir: s.dir.path().clone(),
        context: place.context.clone(),
        stack: Fact::new("java".to_owned(), build.because.clone()),
        framework: network.framework.clone(),
        toolchains: vec![version.clone().map(|version| Toolchain { name: "Java".to_owned(), version })],
        package_manager: Some(build.tool.line.derive(build.tool.name.to_lowercase())),
        kind: network.kind.clone(),
        stages: stages(facts, &base, s)?,
        runtime,
        // A package may be called like the folder of the build's output.
        ignore: place.ignore(vec![IgnoreGroup::new("build output", build.tool.output)]),
        tool: serde_json::to_value(view).expect("facts are plain values with text keys"),
    })
}

/// What runs the program, and how that is asked whether it is well.
fn runtime(
    facts: &Facts,
    port: Option<Fact<u16>>,
    base: &Base,
    known: &BaseImage,
    s: &Survey<'_>,
) -> Runtime {
    let Facts { build, network, settings_file, writes, .. } = facts;
    let (entrypoint, command) = start(facts, base, s);
    let is_webapp = matches!(build.artifact.value, Artifact::WebArchive { .. });
    Runtime {
        labels: BTreeMap::new(),
        user: Fact::by_default(known.user.clone(), "a number that no base image uses"),
        workdir: (!is_webapp).then(|| Fact::by_default("/app".to_owned(), "where the program lies")),
        env: env(port.as_ref(), network, base, writes.as_ref()),
        health: health(port.as_ref(), network, known),
        port,
        entrypoint,
        command,
        stop_signal: None,
        settings_file: settings_file.clone(),
    }
}

/// The words that start the program, and its arguments.
fn start(facts: &Facts, base: &Base, s: &Survey<'_>) -> (Option<Fact<ExecForm>>, Option<Fact<ExecForm>>) {
    let artifact = &facts.build.artifact;
    let started = artifact.value.entrypoint().map(|words| artifact.derive(base.aot_words(words)));
    let arguments = facts
        .dropwizard
        .as_ref()
        .and_then(|service| Some(service.derive(ExecForm::from_words(service.value.arguments().to_vec())?)));
    match s.choice(&keys::COMMAND).decide() {
        None => (started, arguments),
        // The same words as detection's stay divided as they are, so that arguments can be replaced.
        Some(wish) if is_said_by(&wish, started.as_ref(), arguments.as_ref()) => {
            (started.map(|words| wish.derive(words.value)), arguments.map(|words| wish.derive(words.value)))
        }
        Some(wish) => (Some(wish), None),
    }
}

fn health(port: Option<&Fact<u16>>, network: &Network, known: &BaseImage) -> Option<Fact<Health>> {
    let probe = network.health.as_ref()?;
    let probe_port = probe.value.port.unwrap_or(port?.value);
    let mut check = known.health(probe_port, &probe.value.path)?;
    check.start_seconds = 60;
    if !probe.value.is_known {
        check.command = any_answer(probe_port, &probe.value.path);
    }
    Some(probe.derive(check))
}

/// Does a command consist of the words that are started anyway?
fn is_said_by(
    wish: &Fact<ExecForm>,
    started: Option<&Fact<ExecForm>>,
    more: Option<&Fact<ExecForm>>,
) -> bool {
    let words = [started, more].into_iter().flatten().flat_map(|form| form.value.words());
    words.eq(wish.value.words())
}

fn stages(facts: &Facts, base: &Base, s: &Survey<'_>) -> Result<StageGraph, GraphError> {
    let Facts { build, version, front_end, .. } = facts;
    let tag = build.tool.tag(&version.value);
    let builder = version.derive(Origin::Image(s.catalog.image(build.tool.image).at(&tag)));
    let assets = front_end.as_ref().map(|found| found.assets.stage.clone());
    let packed: &[&str] = if assets.is_some() { &["assets"] } else { &[] };
    let mut stages: Vec<Stage> = assets.into_iter().collect();
    stages.extend([
        // A jar is the same on every platform.
        Stage::new("deps", Role::Deps, builder, "java/deps.tera").on_build_platform(),
        Stage::on("build", Role::Build, "deps", "java/build.tera").taking(packed),
        Stage::on("test", Role::Test, "build", "java/test.tera"),
    ]);
    stages.extend(base.stages());
    let origin = base.image.clone().map(Origin::Image);
    let takes: Vec<&str> = ["build"].into_iter().chain(base.stage_names()).collect();
    stages.push(Stage::new("runtime", Role::Runtime, origin, "java/runtime.tera").taking(&takes));
    StageGraph::new(stages)
}

/// What the program reads beside its jar, at the same place below its working folder.
fn files_beside(
    dropwizard: Option<&Fact<Dropwizard>>,
    files: &[Fact<String>],
    build: &Build,
    s: &Survey<'_>,
) -> Vec<Piece> {
    let configuration = dropwizard.filter(|service| !service.value.is_packed);
    let mut names: Vec<&str> = files.iter().map(|file| file.value.as_str()).collect();
    if let Some(service) = configuration
        && !names.iter().any(|name| service.value.file.split('/').next() == Some(name))
    {
        names.push(&service.value.file);
    }
    let piece = |name: &str| {
        let place = s.from_context(&build.context, name)?;
        let is_folder = s.dir.has_dir(name);
        let (source, target) = if is_folder {
            (format!("/src/{place}/"), format!("{name}/"))
        } else {
            (format!("/src/{place}"), name.to_owned())
        };
        Some(Piece { from: "build", source, target })
    };
    names.into_iter().filter_map(piece).collect()
}

fn port(network: &Network, s: &Survey<'_>) -> Option<Fact<u16>> {
    let choice = s.choice(&keys::PORT);
    if network.kind.value != ServiceKind::Server {
        return choice.decide();
    }
    let is_open = network.is_guess && network.variable.is_none();
    let choice = if is_open { port::or_ask(choice, 8080, s) } else { choice };
    Some(choice.or(network.port.clone()).or_default(8080, "usual for Java servers"))
}

/// <https://docs.oracle.com/en/java/javase/25/docs/specs/man/java.html>: by default the heap is a quarter of
/// the container's memory, and a program that has run out of it lives on.
fn env(
    port: Option<&Fact<u16>>,
    network: &Network,
    base: &Base,
    writes: Option<&Writes>,
) -> BTreeMap<String, Fact<String>> {
    let mut options = "-XX:MaxRAMPercentage=75 -XX:+ExitOnOutOfMemoryError".to_owned();
    if writes.is_some_and(|writes| writes.is_home) {
        // A user without a name has no home: Java calls it `?`.
        options.push_str(" -Duser.home=/app");
    }
    let why = "uses the container's memory; ends when there is none left";
    let mut env = BTreeMap::from([("JAVA_TOOL_OPTIONS".to_owned(), Fact::by_default(options, why))]);
    env.extend(base.env());
    if let (Some(port), Some(variable)) = (port, &network.variable) {
        env.insert(variable.value.clone(), variable.derive(port.value.to_string()));
    }
    if let Some(variable) = &network.address {
        env.insert(variable.value.to_owned(), variable.derive("0.0.0.0".to_owned()));
    }
    if let Some(variable) = &network.quiet {
        env.insert(variable.value.to_owned(), variable.derive("0s".to_owned()));
    }
    env
}

/// A web archive that is written for more than Tomcat has.
fn note_platform(build: &Build, s: &Survey<'_>) {
    let is_platform = |used: &&Dependency| {
        used.scope == Scope::Provided
            && frameworks::PLATFORMS.iter().any(|(group, name)| used.is(group, name))
    };
    if let Some(used) = build.dependencies.iter().find(is_platform) {
        let message = format!("Tomcat has servlets and pages, {} promises more", used.artifact);
        s.note(Diagnostic::warning(Code::Guessed, message).at(used.because.at.clone()).help(
            "bring the rest as libraries of the archive, or set run.cmd and runtime.image to another server",
        ));
    }
}

/// Any answer below 500 will do where nothing is known to answer with success: `wget` fails on 404.
fn any_answer(port: u16, path: &str) -> ExecForm {
    let ask =
        format!("wget -q -S -O /dev/null http://127.0.0.1:{port}{path} 2>&1 | grep -q 'HTTP/[0-9.]* [1-4]'");
    ExecForm::new("sh", ["-c", &ask])
}

fn note_tests(build: &Build, s: &Survey<'_>) {
    if let Some(containers) = build.dependencies.iter().find(|used| used.group == "org.testcontainers") {
        s.note(
            Diagnostic::note(Code::NotBuilt, "tests that start containers cannot run in the test stage")
                .at(containers.because.at.clone())
                .help("run them outside, or exclude them from the test stage's command"),
        );
    }
}

/// What the templates see.
#[derive(Serialize)]
struct View<'f> {
    version: &'f Fact<String>,
    artifact: &'f Artifact,
    /// What the runtime is, in a few words.
    about: &'static str,
    /// The framework, and the file that says what is built.
    because: Fact<&'f str>,
    /// Is it run by Tomcat, which writes to folders of its own?
    is_webapp: bool,
    /// What the runtime takes from other stages.
    pieces: Vec<Piece>,
    /// What the stage that fills the cache takes and runs.
    train: Option<Train>,
    /// What it writes beside itself, and the command that gives it the folder.
    writes: Option<Fact<String>>,
    own: Option<Run>,
    /// The front end that is packed.
    front_end: Option<FrontEndView>,
    /// What cuts a runtime out of the JDK.
    jlink: Option<Run>,
    manifests: Manifests,
    /// The sources, in the build context.
    whole: String,
    skips: &'f [String],
    /// `Maven 3.9`.
    tool: String,
    /// Variables of the build stages.
    environment: &'static [(&'static str, &'static str)],
    prepare: Option<&'f Run>,
    fetch: &'f Run,
    package: &'f Run,
    test: &'f Run,
}
