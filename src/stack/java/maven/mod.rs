//! Maven: the module, what it needs, how it is built.
//!
//! - The official maven images: one for every JDK line.
//! - <https://maven.apache.org/ref/current/maven-embedder/cli.html>: the options.

mod pom;
mod reactor;
mod runnable;

use std::collections::BTreeSet;

use crate::config::keys;
use crate::fact::{Choice, Evidence, Fact};
use crate::plan::run::{Run, quote};
use crate::plan::secret_file;
use crate::repo::path::RelPath;
use crate::stack::Survey;
use crate::stack::java::build::{Build, Manifests, Tool, note_private, sources};
use crate::stack::java::frameworks::{SKIPPED, is_private};
use crate::stack::java::version::{feature, level_of_boot_parent};

use pom::Project;
use reactor::Reactor;
use runnable::Runnable;

/// The Maven project in the surveyed folder, when it builds something that runs.
pub(super) fn survey(s: &Survey<'_>) -> Option<Build> {
    s.doc("pom.xml")?;
    let inventory = s.dir.inventory();
    let project = s.parsed(Project::read(inventory, &s.dir.resolve("pom.xml")?))??;
    let reactor = s.parsed(Reactor::of(inventory, &project))?;
    let own = sources(&s.dir, &["pom.xml"]);
    let boot = boot_version(&project);
    let runnable = Runnable::find(s, &project, &reactor, &own, boot.as_ref())?;
    let home = s.dir.path().relative_to(&reactor.context).unwrap_or_default();
    let words = Words::new(s, &project, &reactor, &home);
    let private: Vec<Fact<String>> =
        project.repositories().into_iter().filter(|url| is_private(&url.value)).collect();
    note_private(s, &private, &secret_file::MAVEN);
    let dependencies = reactor.dependencies(&project);
    Some(Build {
        tool: words.tool.clone(),
        because: Evidence::read(&project.own().file, project.own().root.line, "a Maven project"),
        strength: runnable.strength,
        levels: levels(&project, boot.as_ref()),
        name: project.artifact(),
        manifests: manifests(s, &project, &reactor, words.program),
        prepare: words.toolchains.clone(),
        fetch: with_cache(Run::new(words.line(&["--fail-never"], "dependency:go-offline")), &private),
        package: with_cache(words.package(s, &runnable), &private),
        test: with_cache(Run::new(words.line(&[], "test")), &private),
        skips: words.skips,
        kotlin: project.plugin_or_managed("kotlin-maven-plugin").and_then(|plugin| plugin.version()),
        properties: project.properties(),
        artifact: runnable.artifact,
        context: reactor.context,
        // https://github.com/eirslett/frontend-maven-plugin
        front_end_plugin: project.plugin("frontend-maven-plugin").map(|plugin| plugin.because()),
        resources: project.resources(),
        tool_bears: None,
        tool_needs: None,
        dependencies,
        boot,
    })
}

/// What is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    /// The image's own Maven.
    Maven,
    /// The project's, which fetches another line.
    Wrapper,
}

impl Program {
    fn words(self) -> &'static str {
        match self {
            Self::Maven => "mvn",
            // The script may lack its execute bit after a checkout on Windows.
            Self::Wrapper => "sh mvnw",
        }
    }
}

/// The command line's parts that all steps share.
struct Words {
    tool: Tool,
    program: Program,
    /// Which module, which profile, what is left out.
    options: Vec<String>,
    /// Writes the file that says where which JDK is, where the build asks for one.
    toolchains: Option<Run>,
    skips: Vec<String>,
}

impl Words {
    fn new(s: &Survey<'_>, project: &Project, reactor: &Reactor, home: &RelPath) -> Self {
        let mut options = Vec::new();
        if let Some(profile) = &reactor.profile {
            options.push(format!("-P {}", quote(profile)));
        }
        if !home.is_root() && reactor.root == reactor.context {
            options.push(format!("-pl {} -am", quote(home.as_str())));
        } else if !home.is_root() {
            options.push(format!("-f {}", quote(&format!("{home}/pom.xml"))));
        }
        let mut skips = Vec::new();
        for (plugin, property, why) in SKIPPED {
            if let Some(used) = project.plugin(plugin) {
                options.push(format!("-D{property}"));
                skips.push(format!("{plugin} is left out: {why} ({})", used.because()));
            }
        }
        let toolchains = toolchains(project);
        if toolchains.is_some() {
            options.push(format!("-t {TOOLCHAINS}"));
        }
        let (line, program) = maven_line(s, reactor);
        Self { tool: Tool::maven(line), program, options, toolchains, skips }
    }

    fn line(&self, flags: &[&str], goals: &str) -> String {
        let mut words = vec![self.program.words(), "-B -ntp"];
        words.extend_from_slice(flags);
        words.extend(self.options.iter().map(String::as_str));
        words.push(goals);
        words.join(" ")
    }

    fn package(&self, s: &Survey<'_>, runnable: &Runnable) -> Run {
        let goals = format!("package{}", runnable.goals);
        let command = s.choice(&keys::BUILD_COMMAND).decide().map(|command| command.value);
        let mut run = Run::new(command.unwrap_or_else(|| self.line(&["-DskipTests"], &goals)));
        for command in runnable.artifact.value.unpack() {
            run = run.then(command);
        }
        run
    }
}

/// Where Maven finds out which JDKs there are. <https://maven.apache.org/guides/mini/guide-using-toolchains.html>
const TOOLCHAINS: &str = "/opt/toolchains.xml";

/// Names the image's JDK as the one that the build asks for: without such a file a build that asks for any fails.
fn toolchains(project: &Project) -> Option<Run> {
    let plugin = project.plugin("maven-toolchains-plugin").filter(|plugin| plugin.runs("toolchain"))?;
    let asked = |name: &str| plugin.setting(&["toolchains", "jdk", name]).map(|fact| fact.value);
    let version = asked("version").and_then(|version| feature(version.trim_start_matches(['[', '('])));
    let provides = [("version", version.map(|line| line.to_string())), ("vendor", asked("vendor"))];
    let is_plain = |text: &String| text.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    let provides: Vec<String> = provides
        .into_iter()
        .filter_map(|(name, value)| Some(format!("<{name}>{}</{name}>", value.filter(is_plain)?)))
        .collect();
    let provides = provides.concat();
    let home = "<configuration><jdkHome>/opt/java/openjdk</jdkHome></configuration>";
    let text = format!(
        "<toolchains><toolchain><type>jdk</type><provides>{provides}</provides>{home}</toolchain></toolchains>"
    );
    Some(Run::new(format!("echo {} > {TOOLCHAINS}", quote(&text))))
}

/// The line of Maven, and who has it: images of a major version that is not
/// released yet have no tag of their own.
fn maven_line(s: &Survey<'_>, reactor: &Reactor) -> (Fact<String>, Program) {
    let file = reactor.context.join(".mvn/wrapper/maven-wrapper.properties").unwrap_or_default();
    let pinned = s.dir.inventory().doc(&file).and_then(|doc| {
        doc.find(|line| {
            let url = line.trim().strip_prefix("distributionUrl")?.trim_start().strip_prefix('=')?;
            let version = url.split("apache-maven-").last()?.split("-bin").next()?;
            version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
        })
    });
    let is_other = pinned.as_ref().is_some_and(|version| !version.value.starts_with('3'));
    let is_runnable =
        is_other && reactor.context.join("mvnw").is_some_and(|file| s.dir.inventory().has(&file));
    let program = if is_runnable { Program::Wrapper } else { Program::Maven };
    let line = Choice::default().or(pinned.filter(|_| is_runnable));
    (line.or_default("3.9".to_owned(), "newest released line"), program)
}

/// Language levels, strongest first.
fn levels(project: &Project, boot: Option<&Fact<String>>) -> Vec<Fact<u32>> {
    let compiler = project.plugin_or_managed("maven-compiler-plugin");
    let configured = |name: &str| compiler.as_ref()?.setting(&[name]);
    let toolchain = project.plugin("maven-toolchains-plugin");
    let said = [
        configured("release"),
        project.property("maven.compiler.release"),
        toolchain.and_then(|plugin| plugin.setting(&["toolchains", "jdk", "version"])),
        configured("target"),
        project.property("maven.compiler.target"),
        project.property("java.version"),
        configured("source"),
        project.property("maven.compiler.source"),
        project.property("kotlin.compiler.jvmTarget"),
    ];
    let enforced = project.plugin("maven-enforcer-plugin").and_then(|plugin| {
        // A range such as `[17,)`: its start is what must be there.
        let least = plugin.setting(&["rules", "requireJavaVersion", "version"])?;
        Some(least.map(|range| range.trim_start_matches(['[', '(']).to_owned()))
    });
    let mut levels: Vec<Fact<u32>> = said
        .into_iter()
        .chain([enforced])
        .flatten()
        .filter_map(|fact| Some(fact.derive(feature(&fact.value)?)))
        .collect();
    if levels.is_empty() {
        levels.extend(boot.and_then(level_of_boot_parent));
    }
    levels
}

/// The version of Spring Boot: the parent's, that of the imported versions, or the plugin's.
fn boot_version(project: &Project) -> Option<Fact<String>> {
    const GROUP: &str = "org.springframework.boot";
    let parent = project.foreign_parent().filter(|parent| parent.group == GROUP).map(|parent| parent.version);
    let known = |fact: &Fact<String>| fact.value.starts_with(|c: char| c.is_ascii_digit());
    parent
        .filter(known)
        .or_else(|| project.imported(GROUP, "spring-boot-dependencies").filter(known))
        .or_else(|| project.imported(GROUP, "spring-boot-starter-parent").filter(known))
        .or_else(|| project.plugin_or_managed("spring-boot-maven-plugin")?.version().filter(known))
        .or_else(|| {
            let used = project.dependencies().into_iter().find(|used| used.group == GROUP)?;
            Some(used.says(used.version.clone()?)).filter(known)
        })
}

/// More files than this are copied by a pattern: one instruction each would fill the Dockerfile. Up to then
/// each is named, because builders before `BuildKit` 0.9 take any changed file for a change of a pattern.
const MOST_NAMED: usize = 16;

/// What the dependency stage needs to see: Maven reads every module before it does anything.
fn manifests(s: &Survey<'_>, project: &Project, reactor: &Reactor, program: Program) -> Manifests {
    let inventory = s.dir.inventory();
    let in_context = |path: &RelPath| path.relative_to(&reactor.context);
    let poms: BTreeSet<(usize, RelPath)> = project
        .chain
        .iter()
        .map(|pom| pom.file.clone())
        .chain(reactor.files())
        .map(|file| (file.depth(), file))
        .collect();
    let is_pattern = poms.len() > MOST_NAMED;
    let mut manifests = Manifests { is_pattern, ..Manifests::default() };
    let folder = RelPath::new(".mvn").unwrap_or_default();
    if inventory.has_dir(&reactor.context.join(".mvn").unwrap_or_default()) {
        manifests.add_folder(&folder);
    }
    if program == Program::Wrapper {
        manifests.add_file(&RelPath::new("mvnw").unwrap_or_default());
    }
    let poms = poms.into_iter().map(|(_, file)| file);
    for file in
        poms.filter(|file| !is_pattern || file.name() != "pom.xml").filter_map(|file| in_context(&file))
    {
        manifests.add_file(&file);
    }
    manifests
}

/// The local repository is kept between builds. Where a private one wants a secret in the
/// folder above, the cache is the repository alone, so that no trace of the secret stays in it.
fn with_cache(run: Run, private: &[Fact<String>]) -> Run {
    if private.is_empty() {
        run.cache("/root/.m2")
    } else {
        run.cache("/root/.m2/repository").secret(secret_file::MAVEN.id, "/root/.m2/settings.xml")
    }
}
