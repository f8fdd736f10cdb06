//! What building and running a Java program takes: stages, image, port, health check, command.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::plan::question::Question;
use crate::plan::run::Run;
use crate::plan::service::{ExecForm, IgnoreGroup, Runtime, Service, ServiceKind, Toolchain};
use crate::plan::stage::{GraphError, Origin, Role, Stage, StageGraph};
use crate::repo::dir::Doc;
use crate::stack::Survey;
use crate::stack::common::listen::{Listening, Tells, Way};
use crate::stack::java::Facts;
use crate::stack::java::artifact::{Artifact, Piece};
use crate::stack::java::build::{Build, Manifests};
use crate::stack::java::dependency::Dependency;
use crate::stack::java::frameworks;
use crate::stack::java::spring::Configuration;

/// How Java and Kotlin programs name their port. Sources: the documentation of the JDK and of each framework.
pub(super) const LISTENS: &[Way] = &[
    Way {
        pattern: r#"(?i)getenv\(\s*"PORT"\s*\)\s*(?:\?:|\)\.orElse\(|,)\s*"?(\d{2,5})"#,
        tells: Tells::PortWithVariable,
    },
    Way { pattern: r#"getOrDefault\(\s*"PORT",\s*"(\d{2,5})""#, tells: Tells::PortWithVariable },
    Way { pattern: r#"getenv\w*\(?\)?\.?\w*\(\s*"PORT"()"#, tells: Tells::PortWithVariable },
    Way {
        pattern: r#"new\s+InetSocketAddress\(\s*(?:"(?P<host>[^"]*)"\s*,\s*)?(\d{2,5})\s*\)"#,
        tells: Tells::Port,
    },
    Way { pattern: r"new\s+ServerSocket\(\s*(\d{2,5})", tells: Tells::Port },
    Way { pattern: r"new\s+Server\(\s*(\d{2,5})\s*\)", tells: Tells::Port },
    Way {
        pattern: r"\.(?:start|listen|bind|setPort|port|withPort|usePort|forPort)\(\s*(\d{4,5})\b",
        tells: Tells::Port,
    },
    Way { pattern: r"^\s*port\(\s*(\d{2,5})\s*\)", tells: Tells::Port },
    Way { pattern: r"embeddedServer\(\s*\w+,\s*(?:port\s*=\s*)?(\d{2,5})", tells: Tells::Port },
    Way { pattern: r"asServer\(\s*\w+\(\s*(\d{2,5})", tells: Tells::Port },
    Way { pattern: r#"addHttpListener\(\s*(\d{2,5})\s*,\s*"(?P<host>[^"]*)""#, tells: Tells::Port },
    Way { pattern: r"(?i)\b\w*port\w*\s*=\s*(\d{4,5})\b", tells: Tells::Port },
];

/// What is known about listening.
#[derive(Debug)]
pub(super) struct Network {
    /// The port; none for a program that does not listen.
    port: Option<Fact<u16>>,
    /// Does nothing but a habit say the port?
    is_guess: bool,
    /// The variable that changes it.
    variable: Option<Fact<String>>,
    /// What the health check asks for.
    health: Option<Fact<Probe>>,
    /// The framework.
    framework: Option<Fact<String>>,
    /// What makes it a server, or the reason why it is none.
    kind: Fact<ServiceKind>,
}

/// What the health check asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Probe {
    /// Another port than the program's own.
    port: Option<u16>,
    path: String,
    /// Is something known to answer there?
    is_known: bool,
}

impl Network {
    /// Reads the configuration and the sources.
    pub fn find(s: &Survey<'_>, build: &Build, sources: &[Doc<'_>], listening: Listening) -> Self {
        let framework = frameworks::find(&build.dependencies);
        let named = framework.map(|(framework, used)| match &build.boot {
            Some(boot) => boot.derive(framework.name.to_owned()),
            None => used.says(framework.name.to_owned()),
        });
        let is_boot = build.boot.is_some() || named.as_ref().is_some_and(|name| name.value == "Spring Boot");
        let config = Configuration::read(&s.dir);
        let kind = kind(build, sources, &listening, &config, is_boot, named.as_ref());
        if kind.value != ServiceKind::Server {
            return Self {
                port: None,
                is_guess: false,
                variable: None,
                health: None,
                framework: named,
                kind,
            };
        }
        let configured = PORT_KEYS.iter().find_map(|key| {
            let fact = config.get(key)?;
            let port = fact.value.parse::<u16>().ok().filter(|port| *port > 0)?;
            Some(fact.derive(port))
        });
        // In a Spring program a number in the sources is rarely the port of the program itself.
        let in_sources = listening.port.clone().filter(|_| !is_boot);
        let habit = framework.and_then(|(framework, used)| Some(used.says(framework.port?)));
        let is_guess = configured.is_none() && in_sources.is_none() && habit.is_none();
        Self {
            port: configured.or(in_sources).or(habit),
            is_guess,
            variable: listening.variable.filter(|_| !is_boot),
            health: health(build, sources, &config, s),
            framework: named,
            kind,
        }
    }
}

/// Keys of the port in the configuration of Spring Boot, Quarkus, Micronaut and Helidon.
const PORT_KEYS: &[&str] = &["server.port", "quarkus.http.port", "micronaut.server.port"];

fn kind(
    build: &Build,
    sources: &[Doc<'_>],
    listening: &Listening,
    config: &Configuration,
    is_boot: bool,
    framework: Option<&Fact<String>>,
) -> Fact<ServiceKind> {
    if matches!(build.artifact.value, Artifact::WebArchive { .. }) {
        return build.artifact.derive(ServiceKind::Server);
    }
    if let Some(none) = config.get("spring.main.web-application-type").filter(|kind| kind.value == "none") {
        return none.derive(ServiceKind::Worker);
    }
    if is_boot {
        if let Some(server) = frameworks::boot_server(&build.dependencies) {
            return server.says(ServiceKind::Server);
        }
        let controller = sources.iter().find_map(|doc| {
            doc.find(|line| {
                let line = line.trim_start();
                (line.starts_with("@RestController") || line.starts_with("@Controller"))
                    .then_some(ServiceKind::Server)
            })
        });
        // Where nothing is known of the libraries, a server is likelier than a worker.
        let is_unknown = !build.dependencies.iter().any(Dependency::is_shipped);
        let otherwise = if is_unknown { ServiceKind::Server } else { ServiceKind::Worker };
        return controller.unwrap_or_else(|| build.artifact.derive(otherwise));
    }
    if let Some(port) = &listening.port {
        return port.derive(ServiceKind::Server);
    }
    match framework.or(listening.variable.as_ref()) {
        Some(says) => says.derive(ServiceKind::Server),
        None => build.artifact.derive(ServiceKind::Program),
    }
}

/// What is known to answer: Spring's actuator, Quarkus' and Micronaut's health, a page at the root.
fn health(build: &Build, sources: &[Doc<'_>], config: &Configuration, s: &Survey<'_>) -> Option<Fact<Probe>> {
    let uses = |group: &str, artifact: &str| {
        build.dependencies.iter().find(|used| used.is_shipped() && used.is(group, artifact))
    };
    let value = |key: &str| config.get(key).map(|fact| fact.value).filter(|path| is_path(path));
    let context = value("server.servlet.context-path").unwrap_or_default();
    let context = context.trim_end_matches('/');
    let known = |path: String, port: Option<u16>| Probe { port, path, is_known: true };
    // With a certificate of its own the server speaks HTTPS, which the probe would have to trust.
    if SSL_KEYS.iter().any(|key| config.get(key).is_some()) {
        return None;
    }
    if let Some(actuator) = uses("org.springframework.boot", "spring-boot-starter-actuator") {
        let port = config.get("management.server.port").and_then(|fact| fact.value.parse().ok());
        let base = value("management.endpoints.web.base-path").unwrap_or_else(|| "/actuator".to_owned());
        let context = if port.is_some() { "" } else { context };
        let path = format!("{context}{}/health", base.trim_end_matches('/'));
        return Some(actuator.says(known(path, port)));
    }
    if let Some(quarkus) = uses("io.quarkus", "quarkus-smallrye-health") {
        return Some(quarkus.says(known("/q/health/ready".to_owned(), None)));
    }
    if let Some(micronaut) = uses("io.micronaut", "micronaut-management") {
        return Some(micronaut.says(known("/health".to_owned(), None)));
    }
    let page =
        ["static/index.html", "public/index.html", "templates/index.html", "META-INF/resources/index.html"]
            .iter()
            .map(|page| format!("src/main/resources/{page}"))
            .find(|page| s.dir.has(page));
    if let Some(page) = page {
        let because = s.dir.evidence(&page, "a page at the root");
        return Some(Fact::new(known(format!("{context}/"), None), because));
    }
    let root = sources.iter().find_map(|doc| {
        doc.find(|line| {
            ROOTS.iter().any(|mapping| line.contains(mapping)).then(|| known(format!("{context}/"), None))
        })
    });
    root.or_else(|| {
        Some(build.artifact.derive(Probe { port: None, path: format!("{context}/"), is_known: false }))
    })
}

/// Keys that turn a Spring Boot server to HTTPS.
const SSL_KEYS: &[&str] = &["server.ssl.key-store", "server.ssl.bundle", "server.ssl.certificate"];

/// Spellings of a handler for the root. A mapping without a path may stand below a class with one.
const ROOTS: &[&str] = &[
    "@GetMapping(\"/\")",
    "get(\"/\"",
    "createContext(\"/\"",
    "route(GET, \"/\")",
    "GET(\"/\"",
    "@Path(\"/\")",
    "Get(\"/\")",
    "RequestMapping({\"/\"",
    "@GetMapping({\"/\"",
];

fn is_path(path: &str) -> bool {
    path.starts_with('/') && path.chars().all(|c| c.is_ascii_alphanumeric() || "-_./~".contains(c))
}

/// The stages, the image and the command.
pub(super) fn service(facts: &Facts, s: &Survey<'_>) -> Result<Service, GraphError> {
    let Facts { build, version, network } = facts;
    let artifact = &build.artifact;
    let port = port(network, s);
    let image = image(build, version, s);
    let known = s.catalog.image_like(&image.value).unwrap_or_else(|| s.catalog.image("java-jre"));
    let command = s.choice(&keys::COMMAND).decide();
    let entrypoint = command.or_else(|| artifact.value.entrypoint().map(|words| artifact.derive(words)));
    let health = port.as_ref().zip(network.health.as_ref()).and_then(|(port, probe)| {
        let probe_port = probe.value.port.unwrap_or(port.value);
        let mut check = known.health(probe_port, &probe.value.path)?;
        check.start_seconds = 60;
        if !probe.value.is_known {
            check.command = any_answer(probe_port, &probe.value.path);
        }
        Some(probe.derive(check))
    });
    let is_webapp = matches!(artifact.value, Artifact::WebArchive { .. });
    let workdir = (!is_webapp).then(|| Fact::by_default("/app".to_owned(), "where the program lies"));
    let runtime = Runtime {
        user: Fact::by_default(known.user.clone(), "a number that no base image uses"),
        workdir,
        env: env(port.as_ref(), network),
        health,
        port,
        entrypoint,
        command: None,
        stop_signal: None,
    };
    note_tests(build, s);
    let view = View {
        version,
        artifact: &artifact.value,
        about: artifact.value.about(),
        because: artifact.derive(network.framework.as_ref().map_or("the program", |name| &name.value)),
        is_webapp,
        pieces: artifact.value.pieces(),
        manifests: &build.manifests,
        skips: &build.skips,
        tool: format!("{} {}", build.tool.name, build.tool.line.value),
        environment: build.tool.environment,
        fetch: &build.fetch,
        package: &build.package,
        test: &build.test,
    };
    Ok(Service {
        name: s.service_name(build.service_name()),
        ignore_file: Service::usual_ignore_file(&build.context),
        dir: s.dir.path().clone(),
        context: build.context.clone(),
        stack: Fact::new("java".to_owned(), build.because.clone()),
        framework: network.framework.clone(),
        toolchains: vec![version.clone().map(|version| Toolchain { name: "Java".to_owned(), version })],
        package_manager: Some(build.tool.line.derive(build.tool.name.to_lowercase())),
        kind: network.kind.clone(),
        stages: stages(build, version, image, s)?,
        runtime,
        // A package may be called like the folder of the build's output.
        ignore: vec![IgnoreGroup::new("build output", build.tool.output)],
        tool: serde_json::to_value(view).expect("facts are plain values with text keys"),
    })
}

fn stages(
    build: &Build,
    version: &Fact<String>,
    image: Fact<String>,
    s: &Survey<'_>,
) -> Result<StageGraph, GraphError> {
    let tag = build.tool.tag(&version.value);
    let builder = version.derive(Origin::Image(s.catalog.image(build.tool.image).at(&tag)));
    StageGraph::new(vec![
        // A jar is the same on every platform.
        Stage::new("deps", Role::Deps, builder, "java/deps.tera").on_build_platform(),
        Stage::on("build", Role::Build, "deps", "java/build.tera"),
        Stage::on("test", Role::Test, "build", "java/test.tera"),
        Stage::new("runtime", Role::Runtime, image.map(Origin::Image), "java/runtime.tera")
            .taking(&["build"]),
    ])
}

fn image(build: &Build, version: &Fact<String>, s: &Survey<'_>) -> Fact<String> {
    let wish = s.choice(&keys::IMAGE);
    if matches!(build.artifact.value, Artifact::WebArchive { .. }) {
        let (line, because) = frameworks::tomcat(&build.dependencies, &version.value);
        let image = s.catalog.image("tomcat").at(&format!("{line}-jre{}", version.value));
        let said = because.map(|used| used.says(image.clone()));
        return wish.or(said).or_default(image, "newest Tomcat");
    }
    let jre = version.clone().map(|line| s.catalog.image("java-jre").at(&line));
    wish.decide().unwrap_or(jre)
}

fn port(network: &Network, s: &Survey<'_>) -> Option<Fact<u16>> {
    let choice = s.choice(&keys::PORT);
    if network.kind.value != ServiceKind::Server {
        return choice.decide();
    }
    if choice.so_far().is_none() && network.is_guess && network.variable.is_none() {
        s.ask(Question::choose("runtime.port", "Which port does it listen on?", Vec::new()).or("8080"));
    }
    Some(choice.or(network.port.clone()).or_default(8080, "usual for Java servers"))
}

/// <https://docs.oracle.com/en/java/javase/25/docs/specs/man/java.html>: by default the heap is a quarter of
/// the container's memory, and a program that has run out of it lives on.
fn env(port: Option<&Fact<u16>>, network: &Network) -> BTreeMap<String, Fact<String>> {
    let options = "-XX:MaxRAMPercentage=75 -XX:+ExitOnOutOfMemoryError".to_owned();
    let why = "uses the container's memory; ends when there is none left";
    let mut env = BTreeMap::from([("JAVA_TOOL_OPTIONS".to_owned(), Fact::by_default(options, why))]);
    if let (Some(port), Some(variable)) = (port, &network.variable) {
        env.insert(variable.value.clone(), variable.derive(port.value.to_string()));
    }
    env
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
    /// What the runtime takes from the build.
    pieces: Vec<Piece>,
    manifests: &'f Manifests,
    skips: &'f [String],
    /// `Maven 3.9`.
    tool: String,
    /// Variables of the build stages.
    environment: &'static [(&'static str, &'static str)],
    fetch: &'f Run,
    package: &'f Run,
    test: &'f Run,
}
