//! What a program has to do with the network: is it a server, on which port, what answers there.
//!
//! Configuration files say it, then the sources, then the habit of the framework. Commands, stages and images are
//! `plan.rs`'s business.

use crate::fact::Fact;
use crate::plan::service::ServiceKind;
use crate::repo::dir::Doc;
use crate::stack::Survey;
use crate::stack::common::listen::{self, Listening, Tells, Way};
use crate::stack::java::artifact::Artifact;
use crate::stack::java::build::Build;
use crate::stack::java::configuration::Configuration;
use crate::stack::java::dependency::Dependency;
use crate::stack::java::frameworks;
use crate::stack::java::program::Dropwizard;

/// How Java and Kotlin programs name their port. Sources: the documentation of the JDK and of each framework.
const LISTENS: &[Way] = &[
    Way {
        pattern: r#"(?i)getenv(?:\(\)\s*[.\[](?:get\()?|\()\s*"PORT"\s*[)\]](?:\?*\.\w+\(\))*\s*(?:\?:|\)\.orElse\(|,)\s*"?(\d{2,5})"#,
        tells: Tells::PortWithVariable,
    },
    Way { pattern: r#"getOrDefault\(\s*"PORT",\s*"(\d{2,5})""#, tells: Tells::PortWithVariable },
    Way { pattern: r#"getenv\w*\(?\)?\.?\w*\(\s*"PORT"()"#, tells: Tells::PortWithVariable },
    Way { pattern: r#"environment\(\)\.get\(\s*"PORT"()"#, tells: Tells::PortWithVariable },
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
    // A name with the word in it, not one that exports, reports or supports.
    Way {
        pattern: r"(?:\b(?:port|PORT)|_(?:port|PORT)|[a-z\d]Port)(?:[A-Z_]\w*)?\s*=\s*(\d{4,5})\b",
        tells: Tells::Port,
    },
];

/// What is known about listening.
#[derive(Debug)]
pub(super) struct Network {
    /// The port; none for a program that does not listen.
    pub port: Option<Fact<u16>>,
    /// Does nothing but a habit say the port?
    pub is_guess: bool,
    /// The variable that changes it.
    pub variable: Option<Fact<String>>,
    /// The variable that makes it listen on all addresses, where its configuration names a loopback one.
    pub address: Option<Fact<&'static str>>,
    /// The variable that says how long its event loops wait for more work before they end, where they would wait.
    pub quiet: Option<Fact<&'static str>>,
    /// A loopback address in the sources, which no variable changes.
    pub loopback: Option<Fact<String>>,
    /// What the health check asks for.
    pub health: Option<Fact<Probe>>,
    /// The framework.
    pub framework: Option<Fact<String>>,
    /// What makes it a server, or the reason why it is none.
    pub kind: Fact<ServiceKind>,
}

/// What the health check asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Probe {
    /// Another port than the program's own.
    pub port: Option<u16>,
    pub path: String,
    /// Is something known to answer there with success?
    pub is_known: bool,
}

impl Network {
    /// Reads the configuration and the sources.
    pub fn find(
        s: &Survey<'_>,
        build: &Build,
        sources: &[Doc<'_>],
        dropwizard: Option<&Fact<Dropwizard>>,
    ) -> Self {
        let listening = listen::find(sources.iter().copied(), LISTENS, "//");
        let framework = frameworks::find(&build.dependencies);
        let named = framework.map(|(framework, used)| match &build.boot {
            Some(boot) => boot.derive(framework.name.to_owned()),
            None => used.says(framework.name.to_owned()),
        });
        let is_boot = build.boot.is_some() || named.as_ref().is_some_and(|name| name.value == "Spring Boot");
        let config = Configuration::read(&s.dir, &|name| {
            Some(build.properties.iter().find(|(key, _)| key == name)?.1.clone())
        });
        let kind = kind(build, sources, &listening, &config, is_boot, named.as_ref());
        if kind.value != ServiceKind::Server {
            return Self {
                port: None,
                is_guess: false,
                variable: None,
                address: None,
                quiet: None,
                loopback: None,
                health: None,
                framework: named,
                kind,
            };
        }
        if let Some(dropwizard) = dropwizard {
            return Self {
                port: Some(dropwizard.derive(dropwizard.value.port)),
                is_guess: false,
                variable: None,
                address: None,
                quiet: None,
                loopback: None,
                health: Some(dropwizard.derive(dropwizard.value.health())),
                framework: named,
                kind,
            };
        }
        let (configured, moved) = configured(&config).unzip();
        // In a Spring program a number in the sources is rarely the port of the program itself.
        let in_sources = listening.port.clone().filter(|_| !is_boot);
        let habit = framework.and_then(|(framework, used)| Some(used.says(framework.port?)));
        // A web archive has no say in it: https://tomcat.apache.org/tomcat-11.0-doc/config/http.html
        let is_webapp = matches!(build.artifact.value, Artifact::WebArchive { .. });
        let tomcat = is_webapp.then(|| build.artifact.derive(8080));
        let is_guess = !is_webapp && configured.is_none() && in_sources.is_none() && habit.is_none();
        Self {
            port: tomcat.or(configured).or(in_sources).or(habit),
            is_guess,
            variable: moved.flatten().or(listening.variable.filter(|_| !is_boot)),
            address: ADDRESS_KEYS.iter().find_map(|(key, variable)| {
                let said = config.get(key).filter(|said| listen::is_loopback(&said.value))?;
                Some(said.derive(*variable))
            }),
            quiet: quiet(build, &config).filter(|_| is_boot),
            loopback: listening.loopback.filter(|_| !is_boot),
            health: health(build, sources, &config, s),
            framework: named,
            kind,
        }
    }
}

/// Keys of the port in the configuration of Spring Boot and Helidon, Quarkus, Micronaut and Ktor, and the variable
/// that each framework puts above its files.
const PORT_KEYS: &[(&str, Option<&str>)] = &[
    ("server.port", Some("SERVER_PORT")),
    ("quarkus.http.port", Some("QUARKUS_HTTP_PORT")),
    ("micronaut.server.port", Some("MICRONAUT_SERVER_PORT")),
    ("ktor.deployment.port", None),
];

/// Below it only root may listen, wherever a container has the network of its machine.
const FIRST_UNPRIVILEGED: u16 = 1024;

/// The port that the configuration names, and the variable that must say it. One that only root may bind gives
/// way to 8080 where a variable can say so.
fn configured(config: &Configuration) -> Option<(Fact<u16>, Option<Fact<String>>)> {
    PORT_KEYS.iter().find_map(|(key, variable)| {
        let said = config.get(key)?;
        let port = said.value.parse::<u16>().ok().filter(|port| *port > 0)?;
        let moved = variable.filter(|_| port < FIRST_UNPRIVILEGED);
        let variable = moved.map(|name| said.derive(name.to_owned()));
        Some((said.derive(if moved.is_some() { 8080 } else { port }), variable))
    })
}

/// Keys of the address, and the variable that each framework puts above its files:
/// <https://docs.spring.io/spring-boot/reference/features/external-config.html>,
/// <https://helidon.io/docs/v4/se/config/introduction>, <https://quarkus.io/guides/config-reference>,
/// <https://docs.micronaut.io/latest/guide/#propertySource>.
const ADDRESS_KEYS: &[(&str, &str)] = &[
    ("server.address", "SERVER_ADDRESS"),
    ("server.host", "SERVER_HOST"),
    ("quarkus.http.host", "QUARKUS_HTTP_HOST"),
    ("micronaut.server.host", "MICRONAUT_SERVER_HOST"),
];

/// Libraries that start Spring Boot's server on Reactor Netty, and those that put another server in its place.
/// <https://docs.spring.io/spring-boot/how-to/webserver.html>
const REACTIVE: &[(&str, &str)] = &[
    ("org.springframework.boot", "spring-boot-starter-webflux"),
    ("org.springframework.cloud", "spring-cloud-starter-gateway"),
    ("org.springframework.cloud", "spring-cloud-starter-gateway-server-webflux"),
];
const IN_ITS_PLACE: &[(&str, &str)] = &[
    ("org.springframework.boot", "spring-boot-starter-web"),
    ("org.springframework.boot", "spring-boot-starter-webmvc"),
    ("org.springframework.boot", "spring-boot-starter-tomcat"),
    ("org.springframework.boot", "spring-boot-starter-jetty"),
    ("org.springframework.boot", "spring-boot-starter-undertow"),
];

/// Reactor Netty closes its connections and then waits two seconds for more work, at each stop of a container.
/// <https://docs.spring.io/spring-boot/appendix/application-properties/index.html>
fn quiet(build: &Build, config: &Configuration) -> Option<Fact<&'static str>> {
    let uses = |(group, artifact): &(&str, &str)| {
        build.dependencies.iter().find(|used| used.is_shipped() && used.is(group, artifact))
    };
    let used =
        REACTIVE.iter().find_map(uses).filter(|_| !IN_ITS_PLACE.iter().any(|row| uses(row).is_some()))?;
    let is_said = config.get("spring.reactor.netty.shutdown-quiet-period").is_some();
    (!is_said).then(|| used.says("SPRING_REACTOR_NETTY_SHUTDOWNQUIETPERIOD"))
}

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

/// What is known to answer: the endpoint of a health library, a page at the root.
fn health(build: &Build, sources: &[Doc<'_>], config: &Configuration, s: &Survey<'_>) -> Option<Fact<Probe>> {
    let value = |key: &str| config.get(key).map(|fact| fact.value).filter(|path| is_path(path));
    // With a certificate of its own the server speaks HTTPS, which the probe would have to trust.
    if SSL_KEYS.iter().any(|key| config.get(key).is_some()) {
        return None;
    }
    let uses = |library: &(&str, &str)| {
        build.dependencies.iter().find(|used| used.is_shipped() && used.is(library.0, library.1))
    };
    // Whoever guards pages may guard this one, and an answer that asks for a password comes from a program
    // that is well.
    let is_guarded = GUARDS.iter().any(|library| uses(library).is_some());
    let context = CONTEXT_KEYS.iter().find_map(|key| value(key)).unwrap_or_default();
    let context = context.trim_end_matches('/').to_owned();
    let known = |path: String, port: Option<u16>| Probe { port, path, is_known: !is_guarded };
    for endpoint in ENDPOINTS {
        let Some(used) = uses(&endpoint.library) else { continue };
        let port = endpoint.port_key.and_then(|key| config.get(key)?.value.parse().ok());
        let base = endpoint.base_key.and_then(value).unwrap_or_else(|| endpoint.base.to_owned());
        let context = if port.is_some() { "" } else { context.as_str() };
        return Some(
            used.says(known(format!("{context}{}{}", base.trim_end_matches('/'), endpoint.path), port)),
        );
    }
    let page = PAGES.iter().map(|page| format!("src/main/{page}")).find(|page| s.dir.has(page));
    if let Some(page) = page {
        let because = s.dir.evidence(&page, "a page at the root");
        return Some(Fact::new(known(format!("{context}/"), None), because));
    }
    let root = sources.iter().find_map(|doc| {
        doc.find(|line| {
            let is_root = ROOTS.iter().any(|mapping| line.contains(mapping));
            // A handler of the root may stand below another path, which somebody else says.
            let is_sure = SURE_ROOTS.iter().any(|mapping| line.contains(mapping))
                && !doc.text.contains("@RequestMapping(");
            is_root.then(|| Probe {
                port: None,
                path: format!("{context}/"),
                is_known: is_sure && !is_guarded,
            })
        })
    });
    root.or_else(|| {
        Some(build.artifact.derive(Probe { port: None, path: format!("{context}/"), is_known: false }))
    })
}

/// Pages at the root, below `src/main`.
const PAGES: &[&str] = &[
    "resources/static/index.html",
    "resources/public/index.html",
    "resources/templates/index.html",
    "resources/META-INF/resources/index.html",
    "webapp/index.html",
    "webapp/index.jsp",
];

/// The page that a health library serves.
struct Endpoint {
    library: (&'static str, &'static str),
    /// The folder of all such pages, and the key that moves it.
    base: &'static str,
    base_key: Option<&'static str>,
    path: &'static str,
    /// The key that gives such pages a port of their own.
    port_key: Option<&'static str>,
}

const ENDPOINTS: &[Endpoint] = &[
    // https://docs.spring.io/spring-boot/reference/actuator/monitoring.html
    Endpoint {
        library: ("org.springframework.boot", "spring-boot-starter-actuator"),
        base: "/actuator",
        base_key: Some("management.endpoints.web.base-path"),
        path: "/health",
        port_key: Some("management.server.port"),
    },
    // https://quarkus.io/guides/smallrye-health, https://quarkus.io/guides/management-interface-reference
    Endpoint {
        library: ("io.quarkus", "quarkus-smallrye-health"),
        base: "/q",
        base_key: Some("quarkus.http.non-application-root-path"),
        path: "/health/ready",
        port_key: None,
    },
    // https://docs.micronaut.io/latest/guide/#healthEndpoint
    Endpoint {
        library: ("io.micronaut", "micronaut-management"),
        base: "",
        base_key: Some("endpoints.all.path"),
        path: "/health",
        port_key: Some("endpoints.all.port"),
    },
    // https://helidon.io/docs/v4/se/observability
    Endpoint {
        library: ("io.helidon.webserver.observe", "helidon-webserver-observe-health"),
        base: "/observe",
        base_key: None,
        path: "/health",
        port_key: None,
    },
    // https://helidon.io/docs/v4/mp/health
    Endpoint {
        library: ("io.helidon.microprofile.health", "helidon-microprofile-health"),
        base: "",
        base_key: None,
        path: "/health",
        port_key: None,
    },
    Endpoint {
        library: ("io.helidon.microprofile.bundles", "helidon-microprofile"),
        base: "",
        base_key: None,
        path: "/health",
        port_key: None,
    },
];

/// Keys of the folder that all pages lie below.
const CONTEXT_KEYS: &[&str] = &[
    "server.servlet.context-path",
    "server.context-path",
    "spring.webflux.base-path",
    "quarkus.http.root-path",
    "micronaut.server.context-path",
];

/// Libraries that ask for a password before they show a page.
const GUARDS: &[(&str, &str)] = &[
    ("org.springframework.boot", "spring-boot-starter-security*"),
    ("org.springframework.boot", "spring-boot-starter-oauth2*"),
    ("org.springframework.security", "*"),
    ("org.apache.shiro", "*"),
    ("io.micronaut.security", "*"),
];

/// Keys that turn a Spring Boot server to HTTPS.
const SSL_KEYS: &[&str] = &["server.ssl.key-store", "server.ssl.bundle", "server.ssl.certificate"];

/// Spellings that nothing but their own class can put below another path.
const SURE_ROOTS: &[&str] = &["@GetMapping(\"/\")", "createContext(\"/\""];

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
