//! What Maven and Gradle have in common for whoever plans: where to build, what with, and what comes out.

use serde::Serialize;

use crate::diag::{Code, Diagnostic};
use crate::fact::{Choice, Evidence, Fact};
use crate::plan::question::{Answer, Question};
use crate::plan::run::Run;
use crate::plan::secret_file::SecretFile;
use crate::repo::dir::{Dir, Doc};
use crate::repo::path::RelPath;
use crate::stack::common::front_end::Place;
use crate::stack::java::artifact::Artifact;
use crate::stack::java::dependency::Dependency;
use crate::stack::java::main_class::{self, MainClass};
use crate::stack::{Strength, Survey};

use super::MAIN;

/// A project as its build tool sees it.
#[derive(Debug)]
pub(super) struct Build {
    /// Its tool.
    pub tool: Tool,
    /// The file that speaks for the project.
    pub because: Evidence,
    /// How sure it is that something here is meant to run.
    pub strength: Strength,
    /// The folder the build sees.
    pub context: RelPath,
    /// The artifact's name.
    pub name: String,
    /// Language levels, releases and toolchains, strongest first.
    pub levels: Vec<Fact<u32>>,
    /// Everything it uses, modules of the same build included.
    pub dependencies: Vec<Dependency>,
    /// The version of Spring Boot, when it is used and said.
    pub boot: Option<Fact<String>>,
    /// The version of Kotlin, when it is used and said.
    pub kotlin: Option<Fact<String>>,
    /// The newest Java line that the build tool runs on, where that is a limit.
    pub tool_bears: Option<Fact<u32>>,
    /// The oldest line that the build tool runs on, where that matters.
    pub tool_needs: Option<Fact<u32>>,
    /// Properties that the build fills into files of configuration.
    pub properties: Vec<(String, String)>,
    /// What comes out.
    pub artifact: Fact<Artifact>,
    /// What the dependency stage needs to see.
    pub manifests: Manifests,
    /// Writes what the build tool looks for outside of the repository.
    pub prepare: Option<Run>,
    /// Fetches what the build needs, before the sources are there.
    pub fetch: Run,
    /// Builds.
    pub package: Run,
    /// Runs the tests.
    pub test: Run,
    /// A plugin that brings a Node.js of its own and builds a front end with it.
    pub front_end_plugin: Option<Evidence>,
    /// Folders that the build file has copied into the archive, from the project's own.
    pub resources: Vec<Fact<String>>,
    /// Why the build leaves something out.
    pub skips: Vec<String>,
}

/// The folder that the build stage works in, and so the name that Gradle gives to a build without one.
pub(super) const WORKDIR: &str = "src";

impl Build {
    /// A name for the service in the root.
    pub fn service_name(&self) -> &str {
        if self.name == WORKDIR { "app" } else { &self.name }
    }
}

/// The build tool and the image that has it.
#[derive(Debug, Clone)]
pub(super) struct Tool {
    /// `Maven`, `Gradle`.
    pub name: &'static str,
    /// The line of the image.
    pub line: Fact<String>,
    /// Its image in the catalog.
    pub image: &'static str,
    /// Variables of the build stages.
    pub environment: &'static [(&'static str, &'static str)],
    /// Folders that a build leaves, in the syntax of an ignore file.
    pub output: &'static [&'static str],
}

impl Tool {
    /// Maven in its own image, whose tag is the JDK's line.
    pub fn maven(line: Fact<String>) -> Self {
        Self {
            name: "Maven",
            line,
            image: "maven",
            environment: &[],
            output: &["**/target", "!**/src/**/target"],
        }
    }

    /// Gradle in its own image. It keeps the user's home in a volume, where nothing stays that a step writes.
    pub fn gradle(line: Fact<String>) -> Self {
        Self {
            name: "Gradle",
            line,
            image: "gradle",
            environment: &[("GRADLE_USER_HOME", "/var/cache/gradle")],
            output: &["**/build", "!**/src/**/build", "**/.gradle", "**/.kotlin", "**/out", "!**/src/**/out"],
        }
    }

    /// The part of the image's tag that varies.
    pub fn tag(&self, java: &str) -> String {
        if self.image == "gradle" { format!("{}-jdk{java}", self.line.value) } else { java.to_owned() }
    }
}

/// Files that say what the build needs, without the sources.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Manifests {
    /// Files and folders, by the place they go to.
    pub copies: Vec<Copied>,
    /// Are there so many modules that a pattern must do?
    pub is_pattern: bool,
}

/// What one instruction copies.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Copied {
    pub sources: Vec<String>,
    pub target: String,
}

impl Manifests {
    /// The same in a larger build context.
    pub fn in_place(&self, place: &Place) -> Self {
        let move_one = |copied: &Copied| Copied {
            sources: copied.sources.iter().map(|source| place.source(source)).collect(),
            target: copied.target.clone(),
        };
        Self { copies: self.copies.iter().map(move_one).collect(), is_pattern: self.is_pattern }
    }

    /// Adds a file; files that go to one place share an instruction.
    pub fn add_file(&mut self, path: &RelPath) {
        let folder = path.parent().unwrap_or_default();
        let target = if folder.is_root() { "./".to_owned() } else { format!("{folder}/") };
        match self.copies.iter_mut().find(|copy| copy.target == target) {
            Some(copy) => copy.sources.push(path.to_string()),
            None => self.copies.push(Copied { sources: vec![path.to_string()], target }),
        }
    }

    /// Adds a folder with all that is in it.
    pub fn add_folder(&mut self, path: &RelPath) {
        self.copies.push(Copied { sources: vec![path.to_string()], target: format!("{path}/") });
    }
}

/// Folders whose sources are not in the program, above those of packages: `it` is Italy's, too.
const NOT_SHIPPED: &[&str] = &["test", "tests", "it", "testFixtures", "archetype-resources", "buildSrc"];

/// Sources of a project, tests and projects below it left out.
pub(super) fn sources<'a>(dir: &Dir<'a>, manifests: &[&str]) -> Vec<Doc<'a>> {
    let home = dir.path().clone();
    let inventory = dir.inventory();
    let is_other = |folder: &RelPath| {
        manifests.iter().any(|name| folder.join(name).is_some_and(|manifest| inventory.has(&manifest)))
    };
    dir.docs()
        .filter(|doc| matches!(doc.path.extension(), Some("java" | "kt")))
        .filter(|doc| {
            let below = doc.path.relative_to(&home).unwrap_or_default();
            let mut above_packages = below.segments().take_while(|part| !matches!(*part, "java" | "kotlin"));
            !above_packages.any(|part| part.starts_with('.') || NOT_SHIPPED.contains(&part))
        })
        .filter(|doc| {
            let above = doc.path.ancestors().skip(1);
            !above.take_while(|folder| *folder != home).any(|folder| is_other(&folder))
        })
        .collect()
}

/// Says how a build is given an account for a repository of artifacts.
pub(super) fn note_private(s: &Survey<'_>, private: &[Fact<String>], file: &SecretFile) {
    if let Some(first) = private.first() {
        s.note(
            Diagnostic::note(Code::PrivateRegistry, "a repository of artifacts may ask for an account")
                .at(first.because.at.clone())
                .help(format!("docker build {}", file.option())),
        );
    }
}

/// The class to start: what people say, what the build file says, then the sources.
pub(super) fn main_class(
    s: &Survey<'_>,
    said: Vec<Fact<String>>,
    sources: &[Doc<'_>],
) -> Option<Fact<String>> {
    let is_class = |name: &str| name.chars().all(|c| c.is_alphanumeric() || "._$".contains(c));
    let found = main_class::find(sources.iter().copied());
    let mut choice: Choice<String> = s.choice(&MAIN);
    for class in said.into_iter().filter(|class| is_class(&class.value)) {
        choice = choice.or(Some(class));
    }
    if choice.so_far().is_none() && found.len() > 1 {
        ask(s, &found);
    }
    choice.or(likeliest(&found).map(|main| main.class.clone())).decide()
}

/// The class that starts a server, else the one that stands highest, first by name.
fn likeliest(found: &[MainClass]) -> Option<&MainClass> {
    found.iter().min_by_key(|main| (!main.starts, main.class.value.matches('.').count()))
}

fn ask(s: &Survey<'_>, found: &[MainClass]) {
    let Some(best) = likeliest(found) else { return };
    if best.starts && found.iter().filter(|main| main.starts).count() == 1 {
        let others: Vec<&str> =
            found.iter().filter(|main| !main.starts).map(|main| main.class.value.as_str()).collect();
        s.note(
            Diagnostic::note(Code::NotBuilt, format!("{} have a main method as well", others.join(", ")))
                .help("set java.main to start another class"),
        );
        return;
    }
    let options = found
        .iter()
        .map(|main| Answer::new(main.class.value.clone(), format!("a main method in {}", main.class.because)))
        .collect();
    s.ask(
        Question::choose(
            "java.main",
            "Several classes have a main method. Which one starts the program?",
            options,
        )
        .or(best.class.value.clone()),
    );
}
