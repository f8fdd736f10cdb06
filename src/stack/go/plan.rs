//! What building and running a Go program takes: stages, image, port, command.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::config::keys;
use crate::fact::Fact;
use crate::plan::catalog::BaseImage;
use crate::plan::run::{Run, quote};
use crate::plan::service::{ExecForm, IgnoreGroup, Runtime, Service, ServiceKind, Toolchain};
use crate::plan::stage::{GraphError, Origin, Role, Stage, StageGraph};
use crate::stack::Survey;
use crate::stack::common::front_end::FrontEnd;
use crate::stack::common::listen::Listening;
use crate::stack::common::manifests::{self, Copied};
use crate::stack::common::port;
use crate::stack::go::Facts;
use crate::stack::go::cgo::Distribution;
use crate::stack::go::private::Private;

/// Where a program with files of its own is started, unless its user has a folder that may be written to.
const HOME: &str = "/app";

/// The stages, the image and the command.
pub(super) fn service(facts: &Facts, s: &Survey<'_>) -> Result<Service, GraphError> {
    let image = image(facts, s);
    let known = s.catalog.image_like(&image.value).unwrap_or_else(|| s.catalog.image("scratch"));
    let kind = kind(facts);
    let port = (kind.value == ServiceKind::Server).then(|| port(facts, s));
    let builder = builder(facts);
    let from = facts.version.clone().map(|line| Origin::Image(s.catalog.image(builder).at(&line)));
    let front_end = facts.front_end.as_ref().map(|found| FrontEndView::of(found, facts, s, &home(known)));
    let reads_files = !facts.files.is_empty() || front_end.as_ref().is_some_and(|view| !view.is_embedded);
    let path =
        if reads_files { format!("/usr/local/bin/{}", facts.binary) } else { format!("/{}", facts.binary) };
    let is_bare = image.value == "scratch";
    let stages = stages(facts, from, image, front_end.as_ref())?;
    let runtime = runtime(facts, s, known, port, &path);
    let files = facts.files.iter().filter_map(|file| {
        let source = facts.place.source(s.from_context(&facts.place.base(), &file.value)?.as_str());
        Some(FileView { source, target: format!("./{}", file.value), because: file.because.to_string() })
    });
    let view = View {
        facts,
        path,
        is_bare,
        needs_certificates: is_bare || known.reference == s.catalog.image("debian").reference,
        copies: manifests::in_folder(manifests::by_folder(&facts.manifests), &facts.place.folder),
        whole: facts.place.whole(),
        has_siblings: !facts.siblings.is_empty() && facts.vendor.is_none(),
        is_nested: facts.module_dir != ".",
        is_cross_compiling: facts.cgo.is_none(),
        reads: files.collect(),
        setup: facts.private.as_ref().filter(|_| facts.vendor.is_none()).map(Private::setup),
        download: download(facts),
        generate: generate(facts),
        arguments: build_arguments(facts),
        front_end,
        build: build(facts),
        test: test(facts),
    };
    Ok(Service {
        platforms: Vec::new(),
        front_end: facts.front_end.as_ref().map(FrontEnd::folder),
        beside: Vec::new(),
        remarks: Vec::new(),
        name: s.service_name(&facts.binary),
        dockerfile: None,
        ignore_file: Service::usual_ignore_file(s.dir.path()),
        dir: s.dir.path().clone(),
        context: facts.place.context.clone(),
        stack: Fact::new("go".to_owned(), s.dir.evidence("go.mod", "a Go module")),
        framework: facts.framework.clone(),
        toolchains: vec![facts.version.clone().map(|version| Toolchain { name: "Go".to_owned(), version })],
        package_manager: None,
        kind,
        stages,
        runtime,
        ignore: facts.place.ignore(ignored(facts)),
        tool: serde_json::to_value(view).expect("facts are plain values with text keys"),
    })
}

/// The folder that the program starts in, where it reads files.
fn home(image: &BaseImage) -> String {
    image.home.clone().unwrap_or_else(|| HOME.to_owned())
}

fn runtime(facts: &Facts, s: &Survey<'_>, known: &BaseImage, port: Option<Fact<u16>>, path: &str) -> Runtime {
    let command = s.choice(&keys::COMMAND).decide();
    let arguments = arguments(facts).filter(|_| command.is_none());
    let started = || facts.main.derive(ExecForm::new(path, [] as [&str; 0]));
    // Files are read from where the program starts.
    let reads_front_end = facts.front_end.as_ref().filter(|_| !facts.is_front_end_embedded);
    let file = facts.files.first().map(|file| &file.because);
    let settings = facts.settings_file.as_ref().map(|file| &file.because);
    let reads = file.or(reads_front_end.map(|found| &found.wanted.because)).or(settings);
    Runtime {
        labels: BTreeMap::new(),
        user: Fact::by_default(known.user.clone(), "the image's own numeric user"),
        workdir: reads.map(|because| Fact::new(home(known), because.clone())),
        env: port.as_ref().map(|port| environment(&facts.listening, port)).unwrap_or_default(),
        health: port.as_ref().and_then(|port| Some(port.derive(known.health(port.value, "/")?))),
        port,
        entrypoint: Some(command.unwrap_or_else(started)),
        command: arguments,
        stop_signal: None,
        settings_file: facts.settings_file.clone(),
    }
}

/// The variables that say where to listen.
fn environment(listening: &Listening, port: &Fact<u16>) -> BTreeMap<String, Fact<String>> {
    let port =
        listening.variable.as_ref().map(|name| (name.value.clone(), name.derive(port.value.to_string())));
    let address = listening.address.as_ref();
    let address = address.map(|one| (one.value.variable.clone(), one.derive(one.value.everywhere.clone())));
    port.into_iter().chain(address).collect()
}

fn stages(
    facts: &Facts,
    from: Fact<Origin>,
    image: Fact<String>,
    front_end: Option<&FrontEndView>,
) -> Result<StageGraph, GraphError> {
    let mut deps = Stage::new("deps", Role::Deps, from, "go/deps.tera");
    if facts.cgo.is_none() {
        deps = deps.on_build_platform();
    }
    deps.packages = facts.cgo.as_ref().map(|cgo| cgo.build.clone()).unwrap_or_default();
    if let Some(private) = facts.private.as_ref().filter(|_| facts.vendor.is_none()) {
        let is_alpine = builder(facts) == "go-alpine";
        let distribution = if is_alpine { Distribution::Alpine } else { Distribution::Debian };
        deps.packages.extend(private.packages(distribution));
    }
    let mut build = Stage::on("build", Role::Build, "deps", "go/build.tera");
    let mut runtime =
        Stage::new("runtime", Role::Runtime, image.map(Origin::Image), "go/runtime.tera").taking(&["build"]);
    runtime.packages = facts.cgo.as_ref().map(|cgo| cgo.runtime.clone()).unwrap_or_default();
    match front_end {
        Some(view) if view.is_embedded => build = build.taking(&["assets"]),
        Some(_) => runtime = runtime.taking(&["assets"]),
        None => {}
    }
    let assets =
        facts.front_end.iter().filter(|_| front_end.is_some()).map(|found| found.assets.stage.clone());
    let test = Stage::on("test", Role::Test, "build", "go/test.tera");
    StageGraph::new(assets.chain([deps, build, test, runtime]).collect())
}

/// What the build must not see: output, and what a front end installs.
fn ignored(facts: &Facts) -> Vec<IgnoreGroup> {
    let mut groups = vec![IgnoreGroup::new("build output", &["bin", "*.test", "*.out", "coverage.*"])];
    if facts.front_end.is_some() {
        groups.push(IgnoreGroup::new("the front end's packages", &["**/node_modules"]));
    }
    groups
}

/// What the program is told: the subcommand that serves, the flag that opens it to others.
fn arguments(facts: &Facts) -> Option<Fact<ExecForm>> {
    let flag = facts.argument.as_ref();
    let because = facts.subcommand.as_ref().or(flag)?.because.clone();
    let words = facts.subcommand.iter().chain(flag).chain(&facts.data);
    let words: Vec<String> = words.map(|word| word.value.clone()).collect();
    Some(Fact::new(ExecForm::from_words(words)?, because))
}

/// The image that compiles. Debian 13 variants exist from Go 1.24 on (tags of the official image).
fn builder(facts: &Facts) -> &'static str {
    const FIRST_ON_TRIXIE: u32 = 24;
    let is_dynamic = facts.cgo.as_ref().is_some_and(|cgo| !cgo.is_static);
    let minor = facts.version.value.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
    match (is_dynamic, minor) {
        (true, Some(..FIRST_ON_TRIXIE)) => "go-bookworm",
        (true, _) => "go-debian",
        (false, _) => "go-alpine",
    }
}

/// What the templates see: the facts, and the commands that follow from them.
#[expect(clippy::struct_excessive_bools, reason = "a template may only ask yes or no")]
#[derive(Serialize)]
struct View<'f> {
    #[serde(flatten)]
    facts: &'f Facts,
    /// Where the program lies in the image.
    path: String,
    /// Is the image empty but for what is copied?
    is_bare: bool,
    /// The sources, in the build context.
    whole: String,
    /// The manifests by folder.
    copies: Vec<Copied>,
    /// Has the image no CA bundle of its own?
    needs_certificates: bool,
    /// Does the module stand below the build context's root?
    is_nested: bool,
    /// Compiled on the builder's machine for the image's?
    is_cross_compiling: bool,
    /// Do modules of a workspace require each other?
    has_siblings: bool,
    /// Files read at run time.
    reads: Vec<FileView>,
    /// What lets Git into private modules.
    setup: Option<Run>,
    download: Option<Run>,
    /// What makes sources first.
    generate: Option<Run>,
    /// Build arguments of the last step.
    arguments: Vec<ArgumentView>,
    front_end: Option<FrontEndView>,
    build: Run,
    test: Run,
}

/// Something the program reads at run time.
#[derive(Serialize)]
struct FileView {
    source: String,
    target: String,
    because: String,
}

/// A build argument with its default.
#[derive(Serialize)]
struct ArgumentView {
    remark: String,
    name: &'static str,
    default: String,
}

/// The files of a front end, and where the program takes them from.
#[derive(Serialize)]
struct FrontEndView {
    path: String,
    target: String,
    is_embedded: bool,
    because: String,
}

impl FrontEndView {
    /// `home` is the folder that the program starts in.
    fn of(found: &FrontEnd, facts: &Facts, s: &Survey<'_>, home: &str) -> Self {
        let is_embedded = facts.is_front_end_embedded;
        let target = if is_embedded {
            found.place(&facts.place.base(), "/src")
        } else {
            found.target(s.dir.path(), home)
        };
        let because = found.wanted.because.to_string();
        Self { path: found.assets.path.clone(), target, is_embedded, because }
    }
}

fn download(facts: &Facts) -> Option<Run> {
    let drop = |(module, file): &(String, String)| {
        format!("go mod edit -droprequire={} {}", quote(module), quote(file))
    };
    let commands: Vec<String> =
        facts.siblings.iter().map(drop).chain(["go mod download".to_owned()]).collect();
    let run = Run { commands, ..Run::default() };
    facts.vendor.is_none().then(|| facts.private.as_ref().map_or(run.clone(), |private| private.admit(run)))
}

fn generate(facts: &Facts) -> Option<Run> {
    let mut commands = facts.generates.iter().map(|generate| generate.command.clone());
    let first = Run::new(commands.next()?).cache("/root/.cache/go-build");
    Some(commands.fold(first, Run::then))
}

/// The program where there are several, and what the linker writes into it.
fn build_arguments(facts: &Facts) -> Vec<ArgumentView> {
    let program = facts.others.first().map(|other| ArgumentView {
        remark: format!("another program: docker build --build-arg MAIN={other} ."),
        name: "MAIN",
        default: facts.main.value.clone(),
    });
    let stamps = facts.stamps.iter().map(|stamp| ArgumentView {
        remark: format!("goes into {} ({})", stamp.variable.value, stamp.variable.because),
        name: stamp.argument,
        default: stamp.default.to_owned(),
    });
    program.into_iter().chain(stamps).collect()
}

fn build(facts: &Facts) -> Run {
    let mut words = vec!["go build -trimpath".to_owned()];
    let mut ldflags = "-s -w".to_owned();
    let mut tags: Vec<String> = facts.tags.iter().map(|tags| tags.value.clone()).collect();
    for stamp in &facts.stamps {
        let _ = write!(ldflags, " -X {}=${}", stamp.variable.value, stamp.argument);
    }
    if let Some(cgo) = facts.cgo.as_ref().filter(|cgo| cgo.is_static) {
        ldflags.push_str(" -linkmode external -extldflags '-static'");
        tags.extend(cgo.tags.clone());
    }
    words.push(format!("-ldflags=\"{ldflags}\""));
    if !tags.is_empty() {
        words.push(format!("-tags={}", quote(&tags.join(","))));
    }
    if !facts.is_locked {
        // Without a go.sum the checksums are worked out while building.
        words.push("-mod=mod".to_owned());
    }
    let package = if facts.others.is_empty() { quote(&facts.main.value) } else { "\"$MAIN\"".to_owned() };
    words.push(format!("-o {} {package}", quote(&format!("/out/{}", facts.binary))));
    let mut run = Run::new(words.join(" ")).cache("/root/.cache/go-build");
    if let Some(private) = facts.private.as_ref().filter(|_| !facts.is_locked) {
        run = private.admit(run);
    }
    match facts.cgo {
        Some(_) => run.env("CGO_ENABLED", "1"),
        None => run.env("CGO_ENABLED", "0").env("GOOS", "$TARGETOS").env("GOARCH", "$TARGETARCH"),
    }
}

fn test(facts: &Facts) -> Run {
    let tags = facts.tags.as_ref().map(|tags| format!(" -tags={}", quote(&tags.value))).unwrap_or_default();
    Run::new(format!("go test{tags} ./...")).cache("/root/.cache/go-build")
}

/// The smallest image that carries the program.
fn image(facts: &Facts, s: &Survey<'_>) -> Fact<String> {
    let image = |id: &str| s.catalog.image(id).at("");
    let dynamic = facts.cgo.as_ref().filter(|cgo| !cgo.is_static);
    let linked = dynamic.map(|cgo| {
        let id = if cgo.runtime.is_empty() { "distroless-base" } else { "debian" };
        cgo.because.derive(image(id))
    });
    let comfort = facts.comfort.as_ref().map(|need| need.derive(image("distroless-static")));
    let database = facts.cgo.as_ref().map(|cgo| cgo.because.derive(image("distroless-static")));
    s.choice(&keys::IMAGE)
        .or(linked)
        .or(comfort)
        .or(database)
        .or_default(image("scratch"), "a static program needs nothing else")
}

fn kind(facts: &Facts) -> Fact<ServiceKind> {
    let listening = &facts.listening;
    if let Some(port) = &listening.port {
        return port.derive(ServiceKind::Server);
    }
    match listening.variable.as_ref().or(facts.framework.as_ref()).or(facts.serves.as_ref()) {
        Some(says) => says.derive(ServiceKind::Server),
        None => facts.main.derive(ServiceKind::Program),
    }
}

fn port(facts: &Facts, s: &Survey<'_>) -> Fact<u16> {
    const FIRST_UNPRIVILEGED: u16 = 1024;
    // A port that only root may bind is left when a variable can say another one.
    let can_move = facts.listening.variable.is_some();
    let found = facts.listening.port.clone().filter(|port| !can_move || port.value >= FIRST_UNPRIVILEGED);
    let choice = s.choice(&keys::PORT).or(found);
    let choice = if can_move { choice } else { port::or_ask(choice, 8080, s) };
    let moves = facts.listening.address.is_some() || facts.argument.is_some();
    if let Some(host) = facts.listening.loopback.as_ref().filter(|_| !moves) {
        port::note_loopback(host, "listen on all addresses, `:8080`", s);
    }
    choice.or_default(8080, "usual for Go servers")
}
