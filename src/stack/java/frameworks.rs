//! Frameworks and servers by the libraries that bring them, and plugins that a build in an image does without.

use crate::stack::java::dependency::Dependency;

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

/// Groups whose libraries speak `javax`, which Tomcat 10 and later do not.
/// <https://tomcat.apache.org/migration-10.html>
const JAVAX: &[(&str, &str)] = &[
    ("javax.servlet", "*"),
    ("javax.servlet.jsp", "*"),
    ("javax.faces", "*"),
    ("javax.ws.rs", "*"),
    ("javax", "javaee*"),
    ("org.apache.struts", "struts2-*"),
    ("struts", "*"),
];

/// The line of Tomcat for a web archive, and the library that decides it.
pub(super) fn tomcat<'d>(
    dependencies: &'d [Dependency],
    java: &str,
) -> (&'static str, Option<&'d Dependency>) {
    let is_javax = |used: &&Dependency| JAVAX.iter().any(|(group, artifact)| used.is(group, artifact));
    let is_jakarta = |used: &&Dependency| used.group.starts_with("jakarta.");
    let jakarta = dependencies.iter().find(is_jakarta);
    if let Some(javax) = dependencies.iter().find(is_javax).filter(|_| jakarta.is_none()) {
        return ("9.0", Some(javax));
    }
    // https://tomcat.apache.org/whichversion.html: 11 needs Java 17.
    let is_old = java.parse::<u32>().is_ok_and(|line| line < 17);
    (if is_old { "10.1" } else { "11.0" }, jakarta)
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
