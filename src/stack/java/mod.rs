//! # Java and Kotlin
//!
//! Reads `pom.xml` or Gradle's scripts, version files, Spring's configuration and the sources near them.
//! Decides the JDK and JRE, what is built and how it is started, the port and the health check.
//! Leaves to the user: accounts for private repositories, native images, tuning of the JVM.
//!
//! - The official eclipse-temurin images: those with a JRE.
//! - <https://docs.spring.io/spring-boot/reference/packaging/container-images/efficient-images.html>

mod artifact;
mod build;
mod configuration;
mod dependency;
mod frameworks;
mod front_end;
mod gradle;
mod main_class;
mod maven;
mod network;
mod plan;
mod program;
mod runtime;
#[cfg(test)]
mod spellings;
#[cfg(test)]
mod tests;
mod version;
mod writes;

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::key::{AnyKey, Key, Shape, text};
use crate::plan::service::Service;
use crate::plan::stage::GraphError;
use crate::repo::inventory::{Reads, SourceRead};
use crate::stack::common::dotenv;
use crate::stack::common::front_end::{FrontEnd, Place};
use crate::stack::{Claim, Ships, Stack, Survey};

use build::Build;

/// The stack.
pub(super) struct Java;

static VERSION: Key<String> = Key {
    name: "java.version",
    shape: Shape::Text,
    doc: "the Java line that builds and runs, such as 21",
    parse: text,
};
static MAIN: Key<String> = Key {
    name: "java.main",
    shape: Shape::Text,
    doc: "the class that starts the program, with its package",
    parse: class_name,
};

/// What a project says about itself.
#[derive(Debug)]
pub(super) struct Facts {
    /// What its build tool says.
    build: Build,
    /// The Java line that builds and runs.
    version: Fact<String>,
    /// What its sources and its configuration say about the network.
    network: network::Network,
    /// Its configuration file, when it is a Dropwizard service.
    dropwizard: Option<Fact<program::Dropwizard>>,
    /// Files that it reads beside its jar.
    files: Vec<Fact<String>>,
    /// A file of settings that it ends without.
    settings_file: Option<Fact<String>>,
    /// What it writes.
    writes: Option<writes::Writes>,
    /// The build context.
    place: Place,
    /// The front end that is packed into it.
    front_end: Option<FrontEnd>,
}

impl Stack for Java {
    const ID: &'static str = "java";
    const NAME: &'static str = "Java";
    const LOOKS_FOR: &'static [&'static str] = &["pom.xml", "build.gradle", "build.gradle.kts"];
    const SHIPS: Ships = Ships::Built;
    const KEYS: &'static [&'static dyn AnyKey] = &[&runtime::AOT, &MAIN, &runtime::RUNTIME, &VERSION];
    type Facts = Facts;

    fn reads(&self) -> Reads {
        let near: &[&str] = Self::LOOKS_FOR;
        let mut names = vec!["pom.xml", "maven-wrapper.properties", "libs.versions.toml"];
        names.extend(version::file_names());
        Reads {
            names,
            endings: vec![
                ".gradle",
                ".gradle.kts",
                "gradle.properties",
                "gradle-wrapper.properties",
                "application.properties",
                "application.yml",
                "application.yaml",
            ],
            sources: [".java", ".kt", ".properties", ".yml", ".yaml", ".xml", ".conf"]
                .iter()
                .map(|ending| SourceRead { ending, near, most: if *ending == ".java" { 400 } else { 100 } })
                .collect(),
        }
    }

    fn survey(&self, s: &Survey<'_>) -> Option<Claim<Facts>> {
        let build = build(s)?;
        let evident = version::Evident {
            levels: &build.levels,
            dependencies: &build.dependencies,
            boot: build.boot.as_ref(),
            kotlin: build.kotlin.as_ref(),
            tool_bears: build.tool_bears.clone(),
            tool_needs: build.tool_needs.clone(),
        };
        let version = version::decide(s, &evident);
        let sources = build::sources(&s.dir, Self::LOOKS_FOR);
        let dropwizard = program::Dropwizard::find(s, &build.dependencies, &sources);
        let network = network::Network::find(s, &build, &sources, dropwizard.as_ref());
        let files = program::files_at_run_time(&s.dir, &sources);
        let front_end = front_end::find(s, &build, Self::LOOKS_FOR);
        Some(Claim {
            strength: build.strength,
            because: build.because.clone(),
            facts: Facts {
                settings_file: dotenv::insists_on(sources.iter().copied(), dotenv::JAVA),
                writes: writes::Writes::find(&s.dir, &sources),
                place: Place::of(&build.context, front_end.as_ref()),
                front_end,
                build,
                version,
                network,
                dropwizard,
                files,
            },
        })
    }

    fn plan(&self, facts: &Facts, s: &Survey<'_>) -> Result<Service, GraphError> {
        plan::service(facts, s)
    }
}

/// What the build tool says. Where both have their files, people say which; else Maven, whose build
/// file says all there is to know.
fn build(s: &Survey<'_>) -> Option<Build> {
    let tool = s.choice(&keys::PACKAGE_MANAGER).decide().map(|tool| tool.value);
    let has_script = gradle::SCRIPTS.iter().any(|name| s.dir.has(name));
    match tool.as_deref() {
        Some("gradle") => gradle::survey(s),
        Some(_) => maven::survey(s),
        None if s.dir.has("pom.xml") => {
            if has_script {
                s.note(
                    Diagnostic::note(
                        Code::SeveralLocks,
                        "built with Maven, though Gradle's scripts are here too",
                    )
                    .help("set build.package_manager to gradle to decide otherwise"),
                );
            }
            maven::survey(s)
        }
        None => gradle::survey(s),
    }
}

fn class_name(value: &toml::Value) -> Result<String, String> {
    let name = text(value)?;
    let legal = |c: char| c.is_alphanumeric() || "._$".contains(c);
    if name.chars().all(legal) { Ok(name) } else { Err("expected a class such as com.example.Main".into()) }
}
