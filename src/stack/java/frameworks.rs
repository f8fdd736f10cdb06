//! Frameworks and servers by the libraries that bring them, and plugins that a build in an image does without.

use crate::fact::Fact;
use crate::stack::java::dependency::Dependency;
use crate::stack::java::version::numbers;

/// A library that makes a program a server.
pub(super) struct Framework {
    pub group: &'static str,
    /// One that ends in `*` stands for all that start so.
    pub artifact: &'static str,
    pub name: &'static str,
    /// The port when nothing else is said; none where the framework has no habit.
    pub port: Option<u16>,
}

/// Servers, the more telling first. Sources: each project's documentation of its default port.
const FRAMEWORKS: &[Framework] = &[
    row("org.springframework.boot", "*", "Spring Boot", Some(8080)),
    row("io.quarkus", "*", "Quarkus", Some(8080)),
    row("io.micronaut", "*", "Micronaut", Some(8080)),
    row("io.helidon.webserver", "*", "Helidon", Some(8080)),
    row("io.helidon.microprofile.bundles", "*", "Helidon MP", Some(8080)),
    row("io.dropwizard", "dropwizard-core", "Dropwizard", Some(8080)),
    row("io.ktor", "ktor-server*", "Ktor", Some(8080)),
    row("io.javalin", "javalin*", "Javalin", Some(8080)),
    row("com.sparkjava", "spark-core", "Spark", Some(4567)),
    row("io.vertx", "vertx-web*", "Vert.x", Some(8080)),
    row("org.http4k", "*", "http4k", Some(8000)),
    row("io.jooby", "*", "Jooby", Some(8080)),
    row("com.linecorp.armeria", "*", "Armeria", None),
    row("io.undertow", "undertow-core", "Undertow", Some(8080)),
    row("org.eclipse.jetty", "jetty-server", "Jetty", Some(8080)),
    row("org.apache.tomcat.embed", "tomcat-embed-core", "Tomcat", Some(8080)),
    row("org.glassfish.jersey.containers", "*", "Jersey", Some(8080)),
    row("io.grpc", "grpc-netty*", "gRPC", None),
];

const fn row(
    group: &'static str,
    artifact: &'static str,
    name: &'static str,
    port: Option<u16>,
) -> Framework {
    Framework { group, artifact, name, port }
}

/// The framework that a program uses, and the dependency that says so.
pub(super) fn find(dependencies: &[Dependency]) -> Option<(&'static Framework, &Dependency)> {
    FRAMEWORKS.iter().find_map(|framework| {
        let used = dependencies
            .iter()
            .find(|used| used.is_shipped() && used.is(framework.group, framework.artifact))?;
        Some((framework, used))
    })
}

/// Libraries that start a web server inside a Spring Boot program.
/// <https://docs.spring.io/spring-boot/reference/using/build-systems.html#using.build-systems.starters>
const BOOT_SERVERS: &[(&str, &str)] = &[
    ("org.springframework.boot", "spring-boot-starter-web*"),
    ("org.springframework.boot", "spring-boot-starter-jersey*"),
    ("org.springframework.boot", "spring-boot-starter-data-rest*"),
    ("org.springframework.boot", "spring-boot-starter-hateoas*"),
    ("org.springframework.boot", "spring-boot-starter-graphql*"),
    ("org.springframework.boot", "spring-boot-starter-tomcat*"),
    ("org.springframework.boot", "spring-boot-starter-jetty*"),
    ("org.springframework.boot", "spring-boot-starter-undertow*"),
    ("org.springframework.boot", "spring-boot-starter-thymeleaf*"),
    ("org.springframework.boot", "spring-boot-starter-grpc-server*"),
    ("org.springframework.cloud", "spring-cloud-starter-gateway*"),
    ("org.springframework.cloud", "spring-cloud-starter-netflix-eureka-server"),
    ("org.springframework.cloud", "spring-cloud-config-server"),
    ("org.springframework.cloud", "spring-cloud-starter-netflix-zuul"),
    ("org.springframework.cloud", "spring-cloud-starter-netflix-hystrix-dashboard"),
    ("org.springframework.cloud", "spring-cloud-starter-netflix-turbine*"),
    ("org.springframework.cloud", "spring-cloud-starter-function-web*"),
    ("com.github.xiaoymin", "knife4j-*"),
    ("com.vaadin", "vaadin-spring-boot-starter*"),
    ("de.codecentric", "spring-boot-admin-starter-server"),
    ("org.springdoc", "*"),
];

/// The dependency that makes a Spring Boot program a server.
pub(super) fn boot_server(dependencies: &[Dependency]) -> Option<&Dependency> {
    dependencies.iter().find(|used| {
        used.scope != crate::stack::java::dependency::Scope::Test
            && BOOT_SERVERS.iter().any(|(group, artifact)| used.is(group, artifact))
    })
}

/// Group, artifact, and from which version on which line of Tomcat has its servlets.
type Servlets = (&'static str, &'static str, &'static [(u32, &'static str)]);

/// Libraries that say which servlets a web archive is written for.
/// <https://tomcat.apache.org/whichversion.html>, <https://tomcat.apache.org/migration-10.html>
const SERVLETS: &[Servlets] = &[
    ("jakarta.servlet", "jakarta.servlet-api", &[(0, "9.0"), (5, "10.1"), (6, "11.0")]),
    ("jakarta.platform", "*", &[(0, "9.0"), (9, "10.1"), (10, "11.0")]),
    ("javax.servlet", "*", &[(0, "9.0")]),
    ("javax.servlet.jsp", "*", &[(0, "9.0")]),
    ("javax", "javaee*", &[(0, "9.0")]),
    ("javax.faces", "*", &[(0, "9.0")]),
    ("javax.ws.rs", "*", &[(0, "9.0")]),
    // https://github.com/spring-projects/spring-framework/wiki/Spring-Framework-Versions
    ("org.springframework", "spring-web*", &[(0, "9.0"), (6, "10.1"), (7, "11.0")]),
    // https://struts.apache.org/releases.html
    ("org.apache.struts", "struts2-*", &[(0, "9.0"), (7, "10.1")]),
    ("struts", "*", &[(0, "9.0")]),
];

/// The line of Tomcat for a web archive, and what decides it.
pub(super) fn tomcat(
    dependencies: &[Dependency],
    boot: Option<&Fact<String>>,
    java: u32,
) -> (&'static str, Option<Fact<()>>) {
    // https://docs.spring.io/spring-boot/system-requirements.html#getting-started.system-requirements.servlet-containers
    let of_boot = boot.map(|version| match numbers(&version.value).0 {
        0..=2 => version.derive("9.0"),
        3 => version.derive("10.1"),
        _ => version.derive("11.0"),
    });
    let of_library = || {
        SERVLETS.iter().find_map(|(group, artifact, steps)| {
            let used = dependencies.iter().find(|used| used.is(group, artifact))?;
            // A version that nothing here says is the newest of its kind.
            let major = used.version.as_deref().map_or(u32::MAX, |version| numbers(version).0);
            Some(used.says(steps.iter().rev().find(|(from, _)| major >= *from)?.1))
        })
    };
    let found = of_boot.or_else(of_library);
    let line = found.as_ref().map_or("11.0", |found| found.value);
    // https://tomcat.apache.org/whichversion.html: 11 needs Java 17, 10.1 needs 11.
    let line = match line {
        "11.0" if java < 11 => "9.0",
        "11.0" if java < 17 => "10.1",
        line => line,
    };
    (line, found.map(|found| found.map(|_| ())))
}

/// The whole of Jakarta EE or Java EE, of which a servlet container has a part.
pub(super) const PLATFORMS: &[(&str, &str)] = &[
    ("jakarta.platform", "*"),
    ("javax", "javaee*"),
    ("org.eclipse.microprofile", "microprofile"),
    ("org.jboss.spec", "jboss-javaee*"),
];

/// Libraries whose native parts are made for the GNU C library alone. Sources: the issue trackers of each.
const GLIBC: &[(&str, &str)] = &[
    ("com.microsoft.onnxruntime", "*"),
    ("org.tensorflow", "*"),
    ("ai.djl.pytorch", "*"),
    ("org.bytedeco", "*"),
    ("org.openpnp", "opencv"),
    ("com.microsoft.playwright", "*"),
    ("io.zonky.test", "embedded-postgres"),
    ("org.apache.kafka", "kafka-streams"),
    ("org.rocksdb", "rocksdbjni"),
];

/// Does a library only run on the GNU C library?
pub(super) fn needs_glibc(used: &Dependency) -> bool {
    GLIBC.iter().any(|(group, artifact)| used.is(group, artifact))
}

/// A Maven plugin that a build inside an image does without, and the property that switches it off.
pub(super) const SKIPPED: &[(&str, &str, &str)] = &[
    // https://github.com/git-commit-id/git-commit-id-maven-plugin: there is no .git in the build context
    ("git-commit-id-maven-plugin", "maven.gitcommitid.skip", "no .git in the build"),
    ("git-commit-id-plugin", "maven.gitcommitid.skip", "no .git in the build"),
    // https://www.mojohaus.org/buildnumber-maven-plugin/create-mojo.html#skip
    ("buildnumber-maven-plugin", "maven.buildNumber.skip", "no .git in the build"),
    // https://dmp.fabric8.io/#docker:build, https://github.com/spotify/dockerfile-maven,
    // https://github.com/GoogleContainerTools/jib: they would build an image inside the image
    ("docker-maven-plugin", "docker.skip", "no engine in the build"),
    ("dockerfile-maven-plugin", "dockerfile.skip", "no engine in the build"),
    ("jib-maven-plugin", "jib.skip", "no engine in the build"),
];

/// Public repositories of artifacts: reading them takes no account.
const PUBLIC: &[&str] = &[
    "repo.maven.apache.org",
    "repo1.maven.org",
    "repo.spring.io",
    "oss.sonatype.org",
    "s01.oss.sonatype.org",
    "central.sonatype.com",
    "repository.apache.org",
    "jitpack.io",
    "jcenter.bintray.com",
    "maven.google.com",
    "dl.google.com",
    "plugins.gradle.org",
    "packages.confluent.io",
    "repository.jboss.org",
    "repo.jenkins-ci.org",
    "repo.clojars.org",
    "clojars.org",
    "maven.aliyun.com",
    "download.java.net",
    "maven.java.net",
    "maven.vaadin.com",
    "repo.eclipse.org",
    "download.osgeo.org",
    "maven.pkg.jetbrains.space",
    "packages.jetbrains.team",
    "dl.bintray.com",
    "repo.grails.org",
    "maven.restlet.com",
    "raw.githubusercontent.com",
];

/// Does reading this repository of artifacts take an account, as far as its address says?
pub(super) fn is_private(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    !rest.starts_with('/') && !host.is_empty() && !host.contains("${") && !PUBLIC.contains(&host)
}
