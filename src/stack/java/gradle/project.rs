//! One project of a Gradle build: its scripts, the settings above it, its neighbours.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex_lite::Regex;

use crate::fact::{Evidence, Fact};
use crate::repo::dir::Dir;
use crate::repo::path::RelPath;
use crate::stack::Survey;
use crate::stack::java::build::{Manifests, WORKDIR};
use crate::stack::java::dependency::{Dependency, Scope};
use crate::stack::java::gradle::catalog::Catalog;
use crate::stack::java::gradle::script::Script;
use crate::stack::java::gradle::{SCRIPTS, SETTINGS, prefixed};

/// One project.
#[derive(Debug)]
pub(super) struct Project<'a> {
    /// The folder of the settings: what the build sees.
    pub root: Dir<'a>,
    /// Its name, which its files are called by.
    pub name: String,
    /// `:web`; empty for the root.
    path: String,
    /// The folder from the root; empty for the root itself.
    home: String,
    /// Its own script.
    pub script: Script,
    /// Scripts that speak for it as well: the root's, and conventions it applies.
    others: Vec<Script>,
    settings: Option<Script>,
    /// Every other project of the build: path, folder and script.
    neighbours: Vec<(String, String, Script)>,
    pub catalog: Catalog,
}

impl<'a> Project<'a> {
    /// The project in the surveyed folder.
    pub fn read(s: &Survey<'a>) -> Option<Self> {
        let script = script_of(&s.dir)?;
        let root = s.dir.ancestors().find(|dir| dir.first_of(SETTINGS.iter().copied()).is_some());
        let root = root.unwrap_or_else(|| s.dir.clone());
        let settings = SETTINGS.iter().find_map(|name| root.doc(name)).map(|doc| Script::read(&doc));
        let home = s.dir.path().relative_to(root.path())?;
        let projects = settings.as_ref().map(projects).unwrap_or_default();
        let listed = projects.iter().find(|(_, folder)| folder == home.as_str());
        let is_root = home.is_root();
        // A script below the settings that they do not include is another build's, or nobody's.
        let path = if is_root { String::new() } else { listed?.0.clone() };
        let name = if is_root {
            let said = settings.as_ref().and_then(|settings| settings.assigned("rootProject.name"));
            // Without a name Gradle takes the folder's.
            said.map_or_else(|| WORKDIR.to_owned(), |name| name.value)
        } else {
            path.rsplit(':').next().unwrap_or_default().to_owned()
        };
        let others = if is_root { Vec::new() } else { script_of(&root).into_iter().collect() };
        let neighbours = projects
            .into_iter()
            .filter(|(other, _)| *other != path)
            .filter_map(|(path, folder)| Some((path, folder.clone(), script_of(&root.dir(&folder)?)?)))
            .collect();
        let catalog = Catalog::read(s, &root);
        let home = home.as_str().to_owned();
        let mut project = Self { root, name, path, home, script, others, settings, neighbours, catalog };
        project.add_conventions();
        Some(project)
    }

    /// Scripts in `buildSrc` and the like are plugins by their names.
    /// <https://docs.gradle.org/current/userguide/implementing_gradle_plugins_precompiled.html>
    fn add_conventions(&mut self) {
        for used in self.script.plugins() {
            let names = [format!("/{}.gradle.kts", used.id), format!("/{}.gradle", used.id)];
            let docs =
                self.root.docs().filter(|doc| names.iter().any(|name| doc.path.as_str().ends_with(name)));
            self.others.extend(docs.map(|doc| Script::read(&doc)));
        }
    }

    /// All scripts that speak for it, its own first.
    pub fn scripts(&self) -> impl Iterator<Item = &Script> {
        std::iter::once(&self.script).chain(&self.others)
    }

    /// A task of this project: `:web:bootJar`.
    pub fn task(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { prefixed(&self.path, name) }
    }

    /// A file or folder of the build, from the root.
    pub fn built(&self, below: &str) -> String {
        if self.home.is_empty() { format!("build/{below}") } else { format!("{}/build/{below}", self.home) }
    }

    /// Evidence that a plugin is applied. The root's plugins are the root's alone, except for those that
    /// it applies to all below it.
    pub fn applied(&self, id: &str) -> Option<Evidence> {
        let is_it = |used: &super::script::Used| {
            used.is_applied
                && (used.id == id || self.catalog.plugin(&used.id).is_some_and(|(known, _)| known == id))
        };
        let own = self.script.plugins().into_iter().find(|used| used.is_own && is_it(used));
        let conventions = self.others.iter().filter(|other| {
            other.file.parent() != Some(self.root.path().clone())
                || other.says("subprojects")
                || other.says("allprojects")
        });
        let inherited =
            || conventions.flat_map(Script::plugins).find(|used| used.version.is_none() && is_it(used));
        own.or_else(inherited).map(|used| used.because)
    }

    /// The version of a plugin, wherever it is said.
    pub fn plugin_version(&self, id: &str) -> Option<Fact<String>> {
        let scripts = || self.scripts().chain(&self.settings);
        let said = scripts().flat_map(Script::plugins).find_map(|used| {
            let of_catalog = self.catalog.plugin(&used.id);
            let is_it = used.id == id || of_catalog.as_ref().is_some_and(|(known, _)| known == id);
            let version = used.version.or(of_catalog.and_then(|(_, version)| version)).filter(|_| is_it)?;
            Some(Fact::new(version, used.because))
        });
        // The older way: the plugin's library on the class path of the build script.
        let classpath = || {
            let all = scripts().flat_map(Script::dependencies);
            let mut found = all.filter(|used| used.notation.starts_with(&format!("{id}:")));
            let used = found.find(|used| used.notation.contains("gradle-plugin"))?;
            Some(Fact::new(used.notation.split(':').nth(2)?.to_owned(), used.because))
        };
        let fact = said.or_else(classpath)?;
        let value = self.expand(&fact.value);
        value.starts_with(|c: char| c.is_ascii_digit()).then(|| fact.derive(value))
    }

    /// `$name` and `${name}` replaced by what the scripts or `gradle.properties` give the name.
    fn expand(&self, text: &str) -> String {
        let Some(name) = text.strip_prefix('$') else { return text.to_owned() };
        let name = name.trim_start_matches('{').trim_end_matches('}');
        self.variable(name).unwrap_or_else(|| text.to_owned())
    }

    /// A variable of the scripts, or a property.
    pub fn variable(&self, name: &str) -> Option<String> {
        let name = name.rsplit('.').next().unwrap_or(name);
        let properties = self.root.doc("gradle.properties").and_then(|doc| {
            doc.find(|line| {
                let (key, value) = line.split_once('=')?;
                (key.trim() == name).then(|| value.trim().to_owned())
            })
        });
        let said = self.scripts().chain(&self.settings).find_map(|script| script.assigned(name));
        said.or(properties).map(|fact| fact.value).filter(|value| !value.contains('$'))
    }

    /// The main class, where a script says it.
    pub fn main_class(&self) -> Option<Fact<String>> {
        static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r#"["']Main-Class["']\s*(?:\]\s*=|:|to|,|=)\s*["']([\w.$]+)["']"#)
                .expect("a constant pattern")
        });
        let said = ["mainClass", "mainClassName", "main"].iter().find_map(|name| self.script.assigned(name));
        said.or_else(|| self.script.find(&ATTRIBUTE)).filter(|class| !class.value.contains(['$', '/', ' ']))
    }

    /// The jar or war that a task leaves in `build/libs`, by the name that the scripts give it. The task
    /// makes that one file, so that where a script computes the name a pattern finds the same.
    pub fn library(&self, task: &str, suffix: &str, ending: &str) -> String {
        let of_task = |name: &str| self.script.assigned_in(task, name).map(|fact| fact.value);
        if let Some(name) = of_task("archiveFileName").filter(|name| !name.contains('$') && !name.is_empty())
        {
            return self.built(&format!("libs/{name}"));
        }
        let base = of_task("archiveBaseName").filter(|name| !name.is_empty()).unwrap_or_else(|| {
            let said =
                ["archivesBaseName", "archivesName"].iter().find_map(|name| self.script.assigned(name));
            said.map_or_else(|| self.name.clone(), |name| name.value)
        });
        let classifier = of_task("archiveClassifier")
            .or_else(|| of_task("classifier"))
            .map(|name| if name.is_empty() { name } else { format!("-{name}") });
        let suffix = classifier.unwrap_or_else(|| suffix.to_owned());
        let version = match of_task("archiveVersion") {
            Some(version) if version.is_empty() => Version::Silent,
            Some(version) if !version.contains('$') => Version::Said(version),
            Some(_) => Version::Computed,
            None => self.version(),
        };
        match version {
            Version::Said(version) if !base.contains('$') => {
                self.built(&format!("libs/{base}-{version}{suffix}.{ending}"))
            }
            Version::Silent if !base.contains('$') => self.built(&format!("libs/{base}{suffix}.{ending}")),
            _ => self.built(&format!("libs/*{suffix}.{ending}")),
        }
    }

    /// Repositories of artifacts that the scripts name, where they bring accounts with them.
    pub fn repositories(&self) -> Vec<Fact<String>> {
        static URL: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r#"(?:\burl\s*[=(]?\s*|\bmaven\s*\(\s*(?:url\s*=\s*)?)(?:uri\s*\(\s*)?["'](https?://[^"'$]+)["']"#)
                .expect("a constant pattern")
        });
        let asks = |script: &&Script| script.says("credentials") && !script.says("publishing");
        let scripts = self.scripts().chain(&self.settings).filter(asks);
        scripts.flat_map(|script| script.find_all(&URL)).collect()
    }

    fn version(&self) -> Version {
        static GIVEN: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"^\s*(?:project\.)?version\s*(=|\s)").expect("a constant pattern"));
        static PLAIN: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r#"^\s*(?:project\.)?version\s*(?:=|\s)\s*["']([^"'$]+)["']\s*$"#)
                .expect("a constant pattern")
        });
        let is_for_all = |script: &&Script| script.says("allprojects") || script.says("subprojects");
        let scripts = std::iter::once(&self.script).chain(self.others.iter().filter(is_for_all));
        for script in scripts {
            if let Some(version) = script.find(&PLAIN) {
                return Version::Said(version.value);
            }
            if script.find(&GIVEN).is_some() {
                return Version::Computed;
            }
        }
        let property = self.root.doc("gradle.properties").and_then(|doc| {
            doc.find(|line| {
                let (key, value) = line.split_once('=')?;
                (key.trim() == "version").then(|| value.trim().to_owned())
            })
        });
        property.map_or(Version::Silent, |version| Version::Said(version.value))
    }

    /// The folder that `installDist` makes.
    pub fn application_name(&self) -> String {
        self.script.assigned("applicationName").map_or_else(|| self.name.clone(), |name| name.value)
    }

    /// Does it use any library while running?
    pub fn has_libraries(&self) -> bool {
        self.dependencies().iter().any(Dependency::is_shipped)
    }

    /// Does another project of the build use this one?
    pub fn is_used(&self) -> bool {
        let all = self.neighbours.iter().flat_map(|(_, _, script)| script.dependencies());
        !self.path.is_empty() && all.into_iter().any(|used| used.notation == self.path)
    }

    /// What it uses, projects of the same build included.
    pub fn dependencies(&self) -> Vec<Dependency> {
        let mut all = Vec::new();
        let mut seen = BTreeSet::from([self.path.clone()]);
        let mut open: Vec<&Script> = self.scripts().collect();
        while let Some(script) = open.pop() {
            for used in script.dependencies() {
                let neighbour = self.neighbours.iter().find(|(path, _, _)| *path == used.notation);
                if let Some((path, _, script)) = neighbour {
                    if seen.insert(path.clone()) {
                        open.push(script);
                    }
                    continue;
                }
                let notations = if used.notation.starts_with("libs.") {
                    self.catalog.libraries(&used.notation)
                } else {
                    vec![used.notation.clone()]
                };
                all.extend(notations.iter().filter_map(|notation| {
                    let mut parts = notation.split(':');
                    let (group, artifact) = (parts.next()?.to_owned(), parts.next()?.to_owned());
                    let version = parts.next().map(|version| self.expand(version));
                    let (scope, kind) = (scope(&used.configuration), "jar".to_owned());
                    Some(Dependency { group, artifact, version, scope, kind, because: used.because.clone() })
                }));
            }
        }
        all
    }

    /// What Gradle reads before it does anything.
    pub fn manifests(&self) -> Manifests {
        const FILES: &[&str] = &[
            "settings.gradle.kts",
            "settings.gradle",
            "build.gradle.kts",
            "build.gradle",
            "gradle.properties",
        ];
        let mut manifests = Manifests::default();
        let path = |name: &str| RelPath::new(name).unwrap_or_default();
        for name in FILES.iter().filter(|name| self.root.has(name)) {
            manifests.add_file(&path(name));
        }
        for name in ["gradle", "buildSrc", "build-logic"].iter().filter(|name| self.root.has_dir(name)) {
            manifests.add_folder(&path(name));
        }
        let own = (!self.home.is_empty()).then_some(&self.home);
        for home in own.into_iter().chain(self.neighbours.iter().map(|(_, folder, _)| folder)) {
            for file in SCRIPTS.iter().map(|name| format!("{home}/{name}")).filter(|file| self.root.has(file))
            {
                manifests.add_file(&path(&file));
            }
        }
        manifests
    }
}

/// A project's version.
enum Version {
    Said(String),
    /// Nothing says it: file names go without.
    Silent,
    /// A script works it out.
    Computed,
}

fn script_of(dir: &Dir<'_>) -> Option<Script> {
    SCRIPTS.iter().find_map(|name| dir.doc(name)).map(|doc| Script::read(&doc))
}

/// The projects that the settings include: path and folder.
fn projects(settings: &Script) -> Vec<(String, String)> {
    static INCLUDE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?:^\s*include\b\s*\(?|^\s*|,)\s*["'](:?[\w./-]+(?::[\w.-]+)*)["']"#)
            .expect("a constant pattern")
    });
    static MOVED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"project\(\s*["'](:[\w:.-]+)["']\s*\)\.projectDir\s*=\s*(?:new\s+)?[Ff]ile\((?:\s*(?:settingsDir|rootDir)\s*,)?\s*["']([^"']+)["']"#)
            .expect("a constant pattern")
    });
    let moved = settings.pairs(&MOVED);
    settings
        .find_all(&INCLUDE)
        .into_iter()
        .map(|included| {
            let path = format!(":{}", included.value.trim_start_matches(':'));
            let folder = moved.iter().find(|(project, _)| *project == path).map(|(_, folder)| folder.clone());
            let folder = folder.unwrap_or_else(|| path.trim_start_matches(':').replace(':', "/"));
            (path, folder.trim_start_matches("./").to_owned())
        })
        .collect()
}

/// When a configuration's libraries are needed:
/// <https://docs.gradle.org/current/userguide/java_library_plugin.html#sec:java_library_configurations_graph>.
fn scope(configuration: &str) -> Scope {
    match configuration {
        "implementation" | "api" | "compile" => Scope::Compile,
        "runtimeOnly" | "runtime" => Scope::Runtime,
        name if name.to_ascii_lowercase().contains("test") || name == "classpath" => Scope::Test,
        _ => Scope::Provided,
    }
}
