//! Gradle: the project, what it needs, how it is built.
//!
//! - The official gradle images: one for every minor version and JDK line. They keep Gradle's
//!   home in a volume, where nothing that a build step writes stays: hence `GRADLE_USER_HOME`.
//! - <https://docs.gradle.org/current/userguide/compatibility.html>

mod catalog;
mod project;
mod script;

use std::sync::LazyLock;

use regex_lite::Regex;

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::{Choice, Evidence, Fact};
use crate::plan::run::{Run, quote};
use crate::plan::secret_file;
use crate::stack::java::artifact::{Artifact, LayerMode};
use crate::stack::java::build::{Build, Tool, main_class, note_private, sources};
use crate::stack::java::frameworks::is_private;
use crate::stack::java::version::{feature, numbers};
use crate::stack::{Strength, Survey};

use project::Project;

/// Names of Gradle's scripts.
pub(super) const SCRIPTS: &[&str] = &["build.gradle.kts", "build.gradle"];
/// Names of its settings.
pub(super) const SETTINGS: &[&str] = &["settings.gradle.kts", "settings.gradle"];

/// Newest Java that a version of Gradle runs on, newest version first:
/// <https://docs.gradle.org/current/userguide/compatibility.html#java_runtime>.
const BEARS: &[((u32, u32), u32)] = &[
    ((9, 1), 25),
    ((8, 14), 24),
    ((8, 10), 23),
    ((8, 8), 22),
    ((8, 5), 21),
    ((8, 3), 20),
    ((7, 6), 19),
    ((7, 5), 18),
    ((7, 3), 17),
    ((7, 0), 16),
    ((6, 7), 15),
    ((6, 3), 14),
    ((5, 0), 11),
    ((0, 0), 8),
];

/// Plugins that install Node.js and run the front end's build: <https://github.com/node-gradle/gradle-node-plugin>,
/// <https://github.com/siouan/frontend-gradle-plugin>.
const FRONT_ENDS: &[&str] = &[
    "com.github.node-gradle.node",
    "com.moowork.node",
    "org.siouan.frontend",
    "org.siouan.frontend-jdk8",
    "org.siouan.frontend-jdk11",
    "org.siouan.frontend-jdk17",
    "org.siouan.frontend-jdk21",
];

/// The Gradle project in the surveyed folder, when it builds something that runs.
pub(super) fn survey(s: &Survey<'_>) -> Option<Build> {
    let project = Project::read(s)?;
    let own = sources(&s.dir, SCRIPTS);
    let boot = project.plugin_version("org.springframework.boot");
    let (artifact, task, strength) = artifact(s, &project, &own, boot.as_ref())?;
    let levels = levels(&project);
    let wrapper = wrapper(&project);
    let line = Choice::default().or(wrapper.clone()).or_default("9".to_owned(), "newest released line");
    let line = at_least(line, levels.first());
    // A line that was raised for the project's Java bears that.
    let bears = wrapper.as_ref().filter(|version| version.value == line.value).map(|version| {
        let bears = BEARS.iter().find(|(from, _)| numbers(&version.value) >= *from);
        version.derive(bears.map_or(8, |(_, java)| *java))
    });
    let needs = (numbers(&line.value).0 >= 9).then(|| line.derive(17));
    let tasks = |name: &str| project.task(name);
    let private: Vec<Fact<String>> =
        project.repositories().into_iter().filter(|url| is_private(&url.value)).collect();
    note_private(s, &private, &secret_file::GRADLE);
    let cached = |run: Run| {
        let run = run.cache(HOME);
        if private.is_empty() {
            run
        } else {
            run.secret(secret_file::GRADLE.id, &format!("{HOME}/gradle.properties"))
        }
    };
    let gradle = |tasks: String| cached(Run::new(format!("gradle --no-daemon {tasks}")));
    let command = s.choice(&keys::BUILD_COMMAND).decide().map(|command| cached(Run::new(command.value)));
    let mut package = command.unwrap_or_else(|| gradle(tasks(task)));
    for step in artifact.value.unpack() {
        package = package.then(step);
    }
    Some(Build {
        tool: Tool::gradle(line),
        because: Evidence::read(&project.script.file, None, "a Gradle project"),
        strength,
        context: project.root.path().clone(),
        name: project.name.clone(),
        levels,
        dependencies: project.dependencies(),
        boot,
        front_end_plugin: FRONT_ENDS.iter().find_map(|id| project.applied(id)),
        resources: Vec::new(),
        tool_bears: bears,
        tool_needs: needs,
        kotlin: project.plugin_version("org.jetbrains.kotlin.jvm"),
        properties: Vec::new(),
        artifact,
        manifests: project.manifests(),
        prepare: None,
        // A script may want sources that are not there yet, and then the build fetches what is missing.
        fetch: gradle(format!("{} || true", tasks("dependencies"))),
        package,
        test: gradle(tasks("test")),
        skips: Vec::new(),
    })
}

/// Gradle's home in the build, as `Tool::gradle` sets it.
const HOME: &str = "/var/cache/gradle";

/// What comes out, the task that makes it, and how sure it is that it is meant to run.
fn artifact(
    s: &Survey<'_>,
    project: &Project,
    sources: &[crate::repo::dir::Doc<'_>],
    boot: Option<&Fact<String>>,
) -> Option<(Fact<Artifact>, &'static str, Strength)> {
    let said = project.main_class();
    let entry = |artifact, because, task| Some((Fact::new(artifact, because), task, Strength::Entry));
    if let Some(plugin) = project.applied("org.springframework.boot") {
        // A module without a main class has the plugin for its versions alone.
        let main = main_class(s, said.into_iter().collect(), sources);
        if main.is_none() && !sources.is_empty() {
            return None;
        }
        let is_war = project.applied("war").is_some();
        let (task, ending) = if is_war { ("bootWar", "war") } else { ("bootJar", "jar") };
        let file = project.library(task, "", ending);
        let is_whole = project.script.assigned_in("layered", "enabled").is_some_and(|is| is.value == "false");
        let mode =
            boot.and_then(|version| LayerMode::of(numbers(&version.value))).filter(|_| !is_war && !is_whole);
        let artifact =
            mode.map_or(Artifact::Single { file: file.clone() }, |mode| Artifact::Layers { file, mode });
        return entry(artifact, plugin, task);
    }
    if let Some(plugin) = project.applied("io.quarkus") {
        return entry(Artifact::Quarkus { folder: project.built("quarkus-app") }, plugin, "quarkusBuild");
    }
    let application =
        ["application", "io.ktor.plugin", "io.micronaut.application", "io.micronaut.minimal.application"];
    if let Some(plugin) = application.iter().find_map(|id| project.applied(id)) {
        let main = main_class(s, said.into_iter().collect(), sources)?;
        let folder = project.built(&format!("install/{}", project.application_name()));
        return entry(Artifact::Distribution { folder, main }, plugin, "installDist");
    }
    let shadow = ["com.gradleup.shadow", "com.github.johnrengelman.shadow"];
    if let Some(plugin) = shadow.iter().find_map(|id| project.applied(id)) {
        let main = main_class(s, said.into_iter().collect(), sources)?;
        let file = project.library("shadowJar", "-all", "jar");
        return entry(Artifact::ClassPath { file, libraries: None, main }, plugin, "shadowJar");
    }
    if let Some(plugin) = project.applied("war") {
        return entry(Artifact::WebArchive { file: project.library("war", "", "war") }, plugin, "war");
    }
    let main = said.or_else(|| main_class(s, Vec::new(), sources).filter(|_| !project.is_used()));
    let Some(main) = main else {
        s.note(
            Diagnostic::note(
                Code::NotBuilt,
                "a Gradle project without a main class is a library and is not built",
            )
            .help("set java.main when it does have one"),
        );
        return None;
    };
    if project.has_libraries() && !project.script.says("runtimeClasspath") {
        s.note(
            Diagnostic::warning(
                Code::StartCommand,
                "nothing gathers the libraries: the jar alone is shipped",
            )
            .at(main.because.at.clone())
            .help("use Gradle's `application` plugin"),
        );
    }
    let file = project.library("jar", "", "jar");
    let because = main.because.clone();
    Some((Fact::new(Artifact::ClassPath { file, libraries: None, main }, because), "jar", Strength::Manifest))
}

/// Language levels and toolchains, strongest first.
fn levels(project: &Project) -> Vec<Fact<u32>> {
    static LEVELS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        [
            r"JavaLanguageVersion\.of\(\s*(?:\w+\.versions\.)?([\w.]+)",
            r"jvmToolchain\(\s*([\w.]+)\s*\)",
            r"options\.release(?:\.set\(|\s*=)\s*([\w.]+)",
            r#"(?:source|target)Compatibility\s*(?:\.set\(|=|\s)\s*(?:JavaVersion\.(?:VERSION_|toVersion\(["']?))?["']?([\w.]+)"#,
            r#"jvmTarget\s*(?:\.set\(|=)\s*(?:JvmTarget\.JVM_)?["']?([\w.]+)"#,
        ]
        .iter()
        .map(|pattern| Regex::new(pattern).expect("a constant pattern"))
        .collect()
    });
    LEVELS
        .iter()
        .flat_map(|pattern| project.scripts().filter_map(move |script| script.find(pattern)))
        .filter_map(|fact| {
            let name = fact.value.split(".get").next().unwrap_or_default().to_owned();
            let value = project.catalog.number(&name).or_else(|| project.variable(&name)).unwrap_or(name);
            let number = feature(&value.replace('_', ".").replace("VERSION.", ""))?;
            Some(fact.derive(number))
        })
        .collect()
}

/// The version that the wrapper pins, without its patch: the images of a minor version get its patches.
fn wrapper(project: &Project) -> Option<Fact<String>> {
    let doc = project.root.doc("gradle/wrapper/gradle-wrapper.properties")?;
    doc.find(|line| {
        let url = line.trim().strip_prefix("distributionUrl")?;
        let version = url.rsplit("gradle-").next()?.split("-bin").next()?.split("-all").next()?;
        let (major, minor) = numbers(version);
        (major > 0).then(|| format!("{major}.{minor}"))
    })
}

/// A Gradle that runs on the JDK the project asks for: its own, or the first later one that does.
fn at_least(line: Fact<String>, level: Option<&Fact<u32>>) -> Fact<String> {
    let Some(level) = level else { return line };
    let wanted = numbers(&line.value);
    let runs = BEARS.iter().find(|(from, _)| wanted >= *from).is_none_or(|(_, java)| *java >= level.value);
    let later = BEARS.iter().rev().find(|(_, java)| *java >= level.value);
    match later {
        Some(((major, minor), _)) if !runs && line.value.contains('.') => Choice::default()
            .or(Some(level.derive(format!("{major}.{minor}"))))
            .or(Some(line.clone()))
            .decide()
            .unwrap_or(line),
        _ => line,
    }
}

/// A project's path as a task's prefix.
pub(super) fn prefixed(path: &str, task: &str) -> String {
    quote(&format!("{path}:{task}"))
}
