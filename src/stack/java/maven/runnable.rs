//! What a Maven module leaves behind, and whether it is meant to run.
//!
//! Plugins say it in the open (Spring Boot, Quarkus, shade, assembly, a manifest's main class); a main
//! method in the sources says it too, unless the module is another one's library.

use std::sync::LazyLock;

use regex_lite::Regex;

use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact};
use crate::plan::question::Question;
use crate::repo::dir::Doc;
use crate::stack::java::artifact::{Artifact, LayerMode};
use crate::stack::java::build::main_class;
use crate::stack::java::dependency::Dependency;
use crate::stack::java::maven::pom::Project;
use crate::stack::java::maven::reactor::Reactor;
use crate::stack::java::version::numbers;
use crate::stack::{Strength, Survey};

/// What runs, and what it takes beside `package`.
pub(super) struct Runnable {
    pub artifact: Fact<Artifact>,
    pub strength: Strength,
    /// Goals and options after `package`, with a leading space.
    pub goals: String,
}

/// Copies the libraries beside the jar: <https://maven.apache.org/plugins/maven-dependency-plugin/>.
const COPY_LIBRARIES: &str =
    " dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=target/lib";

/// Properties by which projects name their main class.
const MAIN_PROPERTIES: &[&str] =
    &["start-class", "exec.mainClass", "mainClass", "main.class", "main-class", "app.main.class"];

/// A module while it is being looked at.
struct Module<'m> {
    s: &'m Survey<'m>,
    project: &'m Project,
    reactor: &'m Reactor,
    sources: &'m [Doc<'m>],
    boot: Option<&'m Fact<String>>,
}

impl Runnable {
    /// What the module runs; none for a library or a mere parent.
    pub fn find(
        s: &Survey<'_>,
        project: &Project,
        reactor: &Reactor,
        sources: &[Doc<'_>],
        boot: Option<&Fact<String>>,
    ) -> Option<Self> {
        let module = Module { s, project, reactor, sources, boot };
        match project.packaging().as_str() {
            "pom" => return None,
            "jar" | "war" | "bundle" | "quarkus" | "takari-jar" | "nar" => {}
            other if other.contains("${") => {}
            other => {
                let message = format!("a Maven project that is packaged as `{other}` is not built");
                s.note(Diagnostic::note(Code::NotBuilt, message));
                return None;
            }
        }
        module
            .spring_boot()
            .or_else(|| module.quarkus())
            .or_else(|| module.web_archive())
            .or_else(|| module.shaded())
            .or_else(|| module.assembled())
            .or_else(|| module.class_path())
            .or_else(|| module.boot_without_a_class())
            .or_else(|| module.library())
    }
}

impl Module<'_> {
    /// A file that the build leaves, from the context. `*` stands for properties that nothing here says.
    fn built(&self, name: &str) -> String {
        static UNKNOWN: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"\$\{[^}]*\}").expect("a constant pattern"));
        let home = self.project.own().folder().relative_to(&self.reactor.context).unwrap_or_default();
        let output = self.project.output();
        let file =
            if home.is_root() { format!("{output}/{name}") } else { format!("{home}/{output}/{name}") };
        let pattern = UNKNOWN.replace_all(&file, "*").into_owned();
        if pattern != file {
            let message = format!("`{name}` holds a property that nothing in the repository says");
            self.s.note(Diagnostic::warning(Code::Guessed, message).help("the file is found by its pattern"));
        }
        pattern
    }

    fn entry(artifact: Artifact, because: Evidence, goals: &str) -> Runnable {
        Runnable {
            artifact: Fact::new(artifact, because),
            strength: Strength::Entry,
            goals: goals.to_owned(),
        }
    }

    fn main(&self, said: Vec<Fact<String>>) -> Option<Fact<String>> {
        main_class(self.s, said, self.sources)
    }

    fn spring_boot(&self) -> Option<Runnable> {
        let plugin = self.project.plugin("spring-boot-maven-plugin")?;
        let says = |path: &[&str]| plugin.setting(path).map(|fact| fact.value);
        if says(&["skip"]).as_deref() == Some("true") {
            return None;
        }
        let said = plugin.setting(&["mainClass"]).into_iter().chain(self.project.property("start-class"));
        let main = self.main(said.collect());
        let is_own = plugin.because().at.is_some_and(|place| place.file == self.project.own().file);
        // The plugin finds the class or fails, so that a module without one cannot be meant to run.
        if main.is_none() && (!is_own || !self.sources.is_empty()) {
            return None;
        }
        let parent = self.project.foreign_parent();
        // A foreign parent binds the goal; without one an execution must.
        let repackages = plugin.runs("repackage") || parent.is_some();
        let goals = match (repackages, self.reactor.is_alone(self.project)) {
            (true, _) => "",
            (false, true) => " spring-boot:repackage",
            (false, false) => return None,
        };
        let ending = if self.project.packaging() == "war" { "war" } else { "jar" };
        let classifier = says(&["classifier"]).map(|name| format!("-{name}")).unwrap_or_default();
        let file = self.built(&format!("{}{classifier}.{ending}", self.project.artifact_file()));
        let is_layered = ending == "jar"
            && says(&["layers", "enabled"]).as_deref() != Some("false")
            && !plugin.configures(&["layers", "configuration"])
            && !plugin.configures(&["layout"]);
        let mode = self.boot.and_then(|version| LayerMode::of(numbers(&version.value)));
        let artifact = match mode.filter(|_| is_layered) {
            Some(mode) => Artifact::Layers { file, mode },
            None => Artifact::Single { file },
        };
        Some(Self::entry(artifact, plugin.because(), goals))
    }

    fn quarkus(&self) -> Option<Runnable> {
        let plugin = self.project.plugin("quarkus-maven-plugin")?;
        let kind = ["quarkus.package.jar.type", "quarkus.package.type"]
            .iter()
            .find_map(|name| self.project.property(name).or_else(|| self.setting(name)));
        let artifact = match kind.as_ref().map(|kind| kind.value.as_str()) {
            Some("uber-jar") => {
                Artifact::Single { file: self.built(&format!("{}-runner.jar", self.project.artifact_file())) }
            }
            _ => Artifact::Quarkus { folder: self.built("quarkus-app") },
        };
        Some(Self::entry(artifact, plugin.because(), ""))
    }

    /// A line of `application.properties`, which Quarkus reads while it builds.
    fn setting(&self, name: &str) -> Option<Fact<String>> {
        let doc = self.s.dir.doc("src/main/resources/application.properties")?;
        doc.find(|line| {
            Some(line.trim().strip_prefix(name)?.trim_start().strip_prefix('=')?.trim().to_owned())
        })
    }

    fn web_archive(&self) -> Option<Runnable> {
        if self.project.packaging() != "war" {
            return None;
        }
        let file = self.built(&format!("{}.war", self.project.artifact_file()));
        let own = self.project.own();
        let line = own.text(&["packaging"]).map(|(_, line)| line);
        let because = Evidence::read(&own.file, line, "<packaging>war");
        Some(Self::entry(Artifact::WebArchive { file }, because, ""))
    }

    /// <https://maven.apache.org/plugins/maven-shade-plugin/shade-mojo.html>
    fn shaded(&self) -> Option<Runnable> {
        let plugin = self.project.plugin("maven-shade-plugin").filter(|plugin| plugin.runs("shade"))?;
        let said = plugin.anywhere("mainClass").or_else(|| plugin.anywhere("Main-Class"));
        let starts_by = StartsBy::of(said.as_ref());
        let said = said.into_iter().chain(self.main_properties());
        let main = self.main(said.collect())?;
        let says = |name: &str| plugin.setting(&[name]).map(|fact| fact.value);
        // A file of its own is named with its folder, that of the build's output.
        let output = says("outputFile").and_then(|file| {
            let below = file.replace("${project.build.directory}/", "target/");
            Some(below.rsplit_once("target/")?.1.to_owned())
        });
        if let Some(file) = output {
            let file = self.built(&file);
            return Some(Self::entry(starts_by.artifact(file, main), plugin.because(), ""));
        }
        let name = match (says("finalName"), says("shadedArtifactAttached").as_deref()) {
            (Some(name), _) => name,
            (None, Some("true")) => {
                let classifier = says("shadedClassifierName").unwrap_or_else(|| "shaded".to_owned());
                format!("{}-{classifier}", self.project.artifact_file())
            }
            _ => self.project.artifact_file(),
        };
        let file = self.built(&format!("{name}.jar"));
        Some(Self::entry(starts_by.artifact(file, main), plugin.because(), ""))
    }

    /// <https://maven.apache.org/plugins/maven-assembly-plugin/single-mojo.html>
    fn assembled(&self) -> Option<Runnable> {
        let plugin = self.project.plugin("maven-assembly-plugin")?;
        let kind = plugin.setting(&["descriptorRefs", "descriptorRef"])?;
        if kind.value != "jar-with-dependencies" {
            return None;
        }
        let said = plugin.setting(&["archive", "manifest", "mainClass"]);
        let starts_by = StartsBy::of(said.as_ref());
        let main = self.main(said.into_iter().chain(self.main_properties()).collect())?;
        let says = |name: &str| plugin.setting(&[name]).map(|fact| fact.value);
        let name = says("finalName").unwrap_or_else(|| self.project.artifact_file());
        let suffix =
            if says("appendAssemblyId").as_deref() == Some("false") { "" } else { "-jar-with-dependencies" };
        let goals = if plugin.runs("single") { "" } else { " assembly:single" };
        let file = self.built(&format!("{name}{suffix}.jar"));
        Some(Self::entry(starts_by.artifact(file, main), plugin.because(), goals))
    }

    /// A jar with its libraries beside it, started by its main class.
    fn class_path(&self) -> Option<Runnable> {
        let jar = self.project.plugin("maven-jar-plugin");
        let manifest = jar.as_ref().and_then(|plugin| {
            let entry = || plugin.setting(&["archive", "manifestEntries", "Main-Class"]);
            plugin.setting(&["archive", "manifest", "mainClass"]).or_else(entry)
        });
        let exec = self.project.plugin("exec-maven-plugin").and_then(|plugin| plugin.setting(&["mainClass"]));
        let assembler =
            self.project.plugin("appassembler-maven-plugin").and_then(|p| p.anywhere("mainClass"));
        let said: Vec<Fact<String>> =
            [manifest, assembler, exec].into_iter().flatten().chain(self.main_properties()).collect();
        let is_said = !said.is_empty();
        if !is_said && self.reactor.uses(self.project) {
            return None;
        }
        let main = self.main(said)?;
        let mut found = self.beside(main);
        found.strength =
            if is_said || self.starts_something() { Strength::Entry } else { Strength::Manifest };
        Some(found)
    }

    fn starts_something(&self) -> bool {
        crate::stack::java::main_class::find(self.sources.iter().copied()).iter().any(|main| main.starts)
    }

    fn beside(&self, main: Fact<String>) -> Runnable {
        let own = self.copied_libraries();
        let has_libraries = self.project.dependencies().iter().any(Dependency::is_shipped);
        let goals = if has_libraries && own.is_none() { COPY_LIBRARIES } else { "" };
        let libraries = has_libraries.then(|| {
            let home = self.project.own().folder().relative_to(&self.reactor.context).unwrap_or_default();
            let folder = own.unwrap_or_else(|| "target/lib".to_owned());
            if home.is_root() { folder } else { format!("{home}/{folder}") }
        });
        let file = self.built(&format!("{}.jar", self.project.artifact_file()));
        let because = main.because.clone();
        Self::entry(Artifact::ClassPath { file, libraries, main }, because, goals)
    }

    /// Where the build itself copies its libraries.
    /// <https://maven.apache.org/plugins/maven-dependency-plugin/copy-dependencies-mojo.html#outputDirectory>
    fn copied_libraries(&self) -> Option<String> {
        let plugin = self.project.plugin("maven-dependency-plugin")?;
        if !plugin.runs("copy-dependencies") {
            return None;
        }
        let said = plugin.setting(&["outputDirectory"]).map(|fact| fact.value);
        let folder = said.unwrap_or_else(|| "${project.build.directory}/dependency".to_owned());
        let folder = folder.replace("${project.build.directory}", &self.project.output());
        let below = folder.trim_start_matches("${project.basedir}/").trim_start_matches("${basedir}/");
        let is_known = !below.contains("${") && !below.starts_with('/');
        is_known.then(|| below.trim_end_matches('/').to_owned())
    }

    /// Spring Boot's libraries, and nothing that says which class starts.
    fn boot_without_a_class(&self) -> Option<Runnable> {
        let dependencies = self.reactor.dependencies(self.project);
        let server = crate::stack::java::frameworks::boot_server(&dependencies)?;
        if self.reactor.uses(self.project) || !self.sources.is_empty() {
            return None;
        }
        self.s.ask(Question::choose("java.main", "Which class starts the program?", Vec::new()));
        let mut found = self.beside(server.says("Main".to_owned()));
        found.strength = Strength::Manifest;
        Some(found)
    }

    fn library(&self) -> Option<Runnable> {
        self.s.note(
            Diagnostic::note(
                Code::NotBuilt,
                "a Maven project without a main class is a library and is not built",
            )
            .help("set java.main when it does have one"),
        );
        None
    }

    fn main_properties(&self) -> impl Iterator<Item = Fact<String>> {
        MAIN_PROPERTIES.iter().filter_map(|name| self.project.property(name))
    }
}

/// How a jar that holds everything is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StartsBy {
    /// Its manifest names the class.
    Manifest,
    ClassName,
}

impl StartsBy {
    fn of(named: Option<&Fact<String>>) -> Self {
        if named.is_some() { Self::Manifest } else { Self::ClassName }
    }

    fn artifact(self, file: String, main: Fact<String>) -> Artifact {
        match self {
            Self::Manifest => Artifact::Single { file },
            Self::ClassName => Artifact::ClassPath { file, libraries: None, main },
        }
    }
}
