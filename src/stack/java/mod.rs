//! # Java and Kotlin
//!
//! Reads `pom.xml` or Gradle's scripts, version files, Spring's configuration and the sources near them.
//! Decides the JDK and JRE, what is built and how it is started, the port and the health check.
//! Leaves to the user: accounts for private repositories, native images, tuning of the JVM.
//!
//! - <https://hub.docker.com/_/eclipse-temurin>: the images with a JRE.
//! - <https://docs.spring.io/spring-boot/reference/packaging/container-images/efficient-images.html>

mod artifact;
mod build;
mod dependency;
mod frameworks;
mod main_class;
mod maven;
mod plan;
mod spring;
mod version;

use crate::fact::Fact;
use crate::key::{AnyKey, Key, text};
use crate::plan::service::Service;
use crate::plan::stage::GraphError;
use crate::repo::inventory::{Reads, SourceRead};
use crate::stack::common::listen;
use crate::stack::{Claim, Stack, Survey};

use build::Build;

/// The stack.
pub(super) struct Java;

static VERSION: Key<String> =
    Key { name: "java.version", doc: "the Java line that builds and runs, such as 21", parse: text };
static MAIN: Key<String> =
    Key { name: "java.main", doc: "the class that starts the program, with its package", parse: class_name };

/// What a project says about itself.
#[derive(Debug)]
pub(super) struct Facts {
    /// What its build tool says.
    build: Build,
    /// The Java line that builds and runs.
    version: Fact<String>,
    /// What its sources and its configuration say about the network.
    network: plan::Network,
}

impl Stack for Java {
    const ID: &'static str = "java";
    const NAME: &'static str = "Java";
    const LOOKS_FOR: &'static [&'static str] = &["pom.xml"];
    const KEYS: &'static [&'static dyn AnyKey] = &[&MAIN, &VERSION];
    type Facts = Facts;

    fn reads(&self) -> Reads {
        let near: &[&str] = &["pom.xml"];
        let mut names = vec!["pom.xml", "maven-wrapper.properties", "maven.config"];
        names.extend(version::file_names());
        Reads {
            names,
            endings: vec![".pom.xml", "application.properties", "application.yml", "application.yaml"],
            sources: [".java", ".kt", ".properties", ".yml", ".yaml", ".xml", ".conf"]
                .iter()
                .map(|ending| SourceRead { ending, near, most: if *ending == ".java" { 400 } else { 100 } })
                .collect(),
        }
    }

    fn survey(&self, s: &Survey<'_>) -> Option<Claim<Facts>> {
        let build = maven::survey(s)?;
        let evident = version::Evident {
            levels: &build.levels,
            dependencies: &build.dependencies,
            boot: build.boot.as_ref(),
            tool_bears: build.tool_bears.clone(),
        };
        let version = version::decide(s, &evident);
        let sources = build::sources(&s.dir, &["pom.xml"]);
        let listening = listen::find(sources.iter().copied(), plan::LISTENS, "//");
        let network = plan::Network::find(s, &build, &sources, listening);
        Some(Claim {
            strength: build.strength,
            because: build.because.clone(),
            facts: Facts { build, version, network },
        })
    }

    fn plan(&self, facts: &Facts, s: &Survey<'_>) -> Result<Service, GraphError> {
        plan::service(facts, s)
    }
}

fn class_name(value: &toml::Value) -> Result<String, String> {
    let name = text(value)?;
    let legal = |c: char| c.is_alphanumeric() || "._$".contains(c);
    if name.chars().all(legal) { Ok(name) } else { Err("expected a class such as com.example.Main".into()) }
}
