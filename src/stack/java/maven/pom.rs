//! `pom.xml` as Maven understands it: parents by their relative path, properties, inherited plugins.
//!
//! Only what stands in the repository is read. A parent from a repository of artifacts is known by its
//! coordinates alone; what a well-known one brings along is data of `frameworks.rs`.
//! <https://maven.apache.org/pom.html>

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact, Place};
use crate::repo::dir::Dir;
use crate::repo::format::Element;
use crate::repo::inventory::Inventory;
use crate::repo::path::RelPath;
use crate::stack::java::dependency::{Dependency, Scope};

/// References to references before a property is given up.
const DEEPEST: usize = 16;

/// One `pom.xml`.
#[derive(Debug)]
pub(super) struct Pom {
    /// The file.
    pub file: RelPath,
    /// Its `<project>`.
    pub root: Arc<Element>,
    /// Which of its profiles are active for the project that is being read, by position.
    active: Vec<usize>,
}

/// A project: its `pom.xml` and the parents that stand in the repository, nearest first.
#[derive(Debug)]
pub(super) struct Project {
    /// Never empty.
    pub chain: Vec<Pom>,
}

/// The coordinates of something in a repository of artifacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Coordinates {
    pub group: String,
    pub artifact: String,
    pub version: Fact<String>,
}

/// A plugin as the project uses it: its own words first, then those of the parents and of `pluginManagement`.
#[derive(Debug)]
pub(super) struct Plugin<'p> {
    project: &'p Project,
    /// The file and the `<plugin>`, strongest first.
    said: Vec<(&'p Pom, &'p Element)>,
}

impl Project {
    /// Reads the project whose `pom.xml` is `file`; none when there is no such file.
    pub fn read(inventory: &Inventory, file: &RelPath) -> Result<Option<Self>, Diagnostic> {
        let mut chain: Vec<Pom> = Vec::new();
        let mut next = Some(file.clone());
        while let Some(file) = next {
            if chain.iter().any(|pom| pom.file == file) {
                let message = format!("the parents of `{}` lead back to `{file}`", chain[0].file);
                return Err(Diagnostic::error(Code::MalformedManifest, message)
                    .at(Place { file, line: None })
                    .help("give one of them another <relativePath>, or none: <relativePath/>"));
            }
            let home = chain.first().map_or_else(|| file.parent(), |own| Some(own.folder()));
            let Some(pom) = Pom::read(inventory, &file, &home.unwrap_or_default())? else { break };
            if pom.root.name != "project" {
                let message = format!("`{}` holds <{}>, not <project>", pom.file, pom.root.name);
                let place = Place { file: pom.file.clone(), line: Some(pom.root.line) };
                return Err(Diagnostic::error(Code::MalformedManifest, message).at(place));
            }
            let is_parent = chain.last().is_none_or(|child| child.is_child_of(&pom));
            if !is_parent {
                break;
            }
            next = pom.parent_file(inventory);
            chain.push(pom);
        }
        Ok((!chain.is_empty()).then_some(Self { chain }))
    }

    /// The project's own `pom.xml`.
    pub fn own(&self) -> &Pom {
        &self.chain[0]
    }

    /// The nearest parent that is not in the repository.
    pub fn foreign_parent(&self) -> Option<Coordinates> {
        let last = self.chain.last()?;
        let parent = last.root.child("parent")?;
        let text = |name| parent.text_at(&[name]).map(|(text, _)| self.expand(text)).unwrap_or_default();
        let (version, line) = parent.text_at(&["version"])?;
        let says = format!("{} {version}", text("artifactId"));
        let version = Fact::new(self.expand(version), Evidence::read(&last.file, line, says));
        Some(Coordinates { group: text("groupId"), artifact: text("artifactId"), version })
    }

    /// The artifact's id.
    pub fn artifact(&self) -> String {
        self.own().text(&["artifactId"]).map(|(text, _)| self.expand(text)).unwrap_or_default()
    }

    /// The artifact's group, its own or the parent's.
    pub fn group(&self) -> String {
        self.coordinate("groupId")
    }

    /// The artifact's version, its own or the parent's.
    pub fn version(&self) -> String {
        self.coordinate("version")
    }

    fn coordinate(&self, name: &str) -> String {
        let own = self.own();
        let said = own.text(&[name]).or_else(|| own.text(&["parent", name]));
        said.map(|(text, _)| self.expand(text)).unwrap_or_default()
    }

    /// `jar`, `war`, `pom` …
    pub fn packaging(&self) -> String {
        self.own().text(&["packaging"]).map_or_else(|| "jar".to_owned(), |(text, _)| self.expand(text))
    }

    /// A property, from the nearest `<properties>` that has it.
    pub fn property(&self, name: &str) -> Option<Fact<String>> {
        self.chain.iter().find_map(|pom| {
            let found = pom.sections(&["properties"]).find_map(|section| section.child(name));
            let element = found.filter(|element| !element.text.is_empty())?;
            Some(self.fact(pom, element))
        })
    }

    /// All properties, those of the nearest file first.
    pub fn properties(&self) -> Vec<(String, String)> {
        let own = [("project.version", self.version()), ("project.artifactId", self.artifact())];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        let sections = self.chain.iter().flat_map(|pom| pom.sections(&["properties"]));
        let said = sections.flat_map(|section| &section.children);
        own.chain(said.map(|element| (element.name.clone(), self.expand(&element.text)))).collect()
    }

    /// The first element at `path` in the project or its parents, expanded.
    pub fn inherited(&self, path: &[&str]) -> Option<Fact<String>> {
        self.chain.iter().find_map(|pom| {
            let element = pom.root.at(path).filter(|element| !element.text.is_empty())?;
            Some(self.fact(pom, element))
        })
    }

    fn fact(&self, pom: &Pom, element: &Element) -> Fact<String> {
        let says = format!("<{}>{}", element.name, element.text);
        Fact::new(self.expand(&element.text), Evidence::read(&pom.file, element.line, says))
    }

    /// `${…}` replaced by what it stands for; what nobody knows stays as it is written.
    pub fn expand(&self, text: &str) -> String {
        self.expand_to(text, DEEPEST)
    }

    fn expand_to(&self, text: &str, depth: usize) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let Some(end) = rest[start..].find('}').map(|at| start + at) else { break };
            out.push_str(&rest[..start]);
            let name = &rest[start + 2..end];
            match self.lookup(name, depth) {
                Some(value) => out.push_str(&value),
                None => out.push_str(&rest[start..=end]),
            }
            rest = &rest[end + 1..];
        }
        out + rest
    }

    fn lookup(&self, name: &str, depth: usize) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        let raw = |path: &[&str]| {
            let own = self.own();
            own.text(path).or_else(|| own.text(&["parent", path[0]])).map(|(text, _)| text.to_owned())
        };
        let bare = name.strip_prefix("project.").or_else(|| name.strip_prefix("pom.")).unwrap_or(name);
        let said = match bare {
            "version" | "groupId" | "artifactId" if bare != name || self.raw_property(name).is_none() => {
                raw(&[bare])
            }
            "parent.version" => self.own().text(&["parent", "version"]).map(|(text, _)| text.to_owned()),
            "parent.groupId" => self.own().text(&["parent", "groupId"]).map(|(text, _)| text.to_owned()),
            "parent.artifactId" => {
                self.own().text(&["parent", "artifactId"]).map(|(text, _)| text.to_owned())
            }
            "name" if bare != name => self.own().text(&["name"]).map(|(text, _)| text.to_owned()),
            "build.finalName" if bare != name => return Some(self.final_name(depth)),
            _ => self.raw_property(name),
        };
        said.map(|text| self.expand_to(&text, depth))
    }

    fn raw_property(&self, name: &str) -> Option<String> {
        self.chain.iter().find_map(|pom| {
            let element = pom.sections(&["properties"]).find_map(|section| section.child(name))?;
            Some(element.text.clone())
        })
    }

    /// The name of the built file without its ending.
    pub fn artifact_file(&self) -> String {
        self.final_name(DEEPEST)
    }

    fn final_name(&self, depth: usize) -> String {
        let said = self.chain.iter().find_map(|pom| {
            pom.sections(&["build"]).find_map(|build| build.text_at(&["finalName"])).map(|(text, _)| text)
        });
        match said {
            Some(text) => self.expand_to(text, depth),
            None => format!("{}-{}", self.artifact(), self.version()),
        }
    }

    /// The folder the build writes to, from the project's folder.
    pub fn output(&self) -> String {
        let said = self.inherited(&["build", "directory"]).and_then(|fact| from_project(&fact.value));
        said.unwrap_or_else(|| "target".to_owned())
    }

    /// The folders whose files it copies into the archive, from the project's own: those of the build, and of the plugin that
    /// copies. <https://maven.apache.org/pom.html#Resources>
    pub fn resources(&self) -> Vec<Fact<String>> {
        let own = self.own();
        let lists = own.sections(&["build", "resources"]).map(|list| (own, list));
        let plugins = self.plugins("maven-resources-plugin", &["build", "plugins"]);
        let plugins = plugins.into_iter().flat_map(|(pom, plugin)| {
            configurations(plugin).filter_map(move |config| Some((pom, config.child("resources")?)))
        });
        let folders = lists.chain(plugins).flat_map(|(pom, list)| {
            list.children_named("resource").filter_map(move |one| Some((pom, one.child("directory")?)))
        });
        folders
            .filter_map(|(pom, folder)| {
                let fact = self.fact(pom, folder);
                Some(fact.derive(from_project(&fact.value)?))
            })
            .collect()
    }

    /// A plugin that the build uses, by its artifact; none when it is only managed.
    pub fn plugin(&self, artifact: &str) -> Option<Plugin<'_>> {
        let used = self.plugins(artifact, &["build", "plugins"]);
        if used.is_empty() {
            return None;
        }
        let managed = self.plugins(artifact, &["build", "pluginManagement", "plugins"]);
        Some(Plugin { project: self, said: used.into_iter().chain(managed).collect() })
    }

    /// A plugin with what `pluginManagement` says of it, used or not.
    pub fn plugin_or_managed(&self, artifact: &str) -> Option<Plugin<'_>> {
        let mut said = self.plugins(artifact, &["build", "plugins"]);
        said.extend(self.plugins(artifact, &["build", "pluginManagement", "plugins"]));
        (!said.is_empty()).then_some(Plugin { project: self, said })
    }

    fn plugins(&self, artifact: &str, path: &[&str]) -> Vec<(&Pom, &Element)> {
        let mut found = Vec::new();
        for (generation, pom) in self.chain.iter().enumerate() {
            for plugin in pom.sections(path).flat_map(|section| section.children_named("plugin")) {
                let inherits = plugin.text_at(&["inherited"]).is_none_or(|(text, _)| text != "false");
                let id = plugin.text_at(&["artifactId"]).map(|(text, _)| self.expand(text));
                if id.as_deref() == Some(artifact) && (generation == 0 || inherits) {
                    found.push((pom, plugin));
                }
            }
        }
        found
    }

    /// All dependencies, inherited ones included, with what `dependencyManagement` says of them.
    pub fn dependencies(&self) -> Vec<Dependency> {
        let mut all: Vec<Dependency> = Vec::new();
        for pom in &self.chain {
            for element in pom.sections(&["dependencies"]).flat_map(|list| list.children_named("dependency"))
            {
                let found = self.dependency(pom, element);
                let is_known = all.iter().any(|known| {
                    known.group == found.group && known.artifact == found.artifact && known.kind == found.kind
                });
                if !is_known {
                    all.push(found);
                }
            }
        }
        all
    }

    /// Does its own `pom.xml` depend on an artifact of this name? A cheap question before a dear one.
    pub fn mentions(&self, artifact: &str) -> bool {
        let lists = self.own().sections(&["dependencies"]);
        let mut used = lists.flat_map(|list| list.children_named("dependency"));
        used.any(|used| {
            used.text_at(&["artifactId"]).is_some_and(|(text, _)| text == artifact || text.contains("${"))
        })
    }

    fn dependency(&self, pom: &Pom, element: &Element) -> Dependency {
        let text = |name: &str| element.text_at(&[name]).map(|(text, _)| self.expand(text));
        let group = text("groupId").unwrap_or_default();
        let artifact = text("artifactId").unwrap_or_default();
        let managed = self.managed(&group, &artifact);
        let managed_text = |name: &str| {
            managed.and_then(|element| element.text_at(&[name])).map(|(text, _)| self.expand(text))
        };
        let scope = text("scope").or_else(|| managed_text("scope"));
        Dependency {
            scope: scope.map_or(Scope::Compile, |scope| Scope::named(&scope)),
            version: text("version").or_else(|| managed_text("version")),
            kind: text("type").unwrap_or_else(|| "jar".to_owned()),
            because: Evidence::read(&pom.file, element.line, format!("{group}:{artifact}")),
            group,
            artifact,
        }
    }

    fn managed(&self, group: &str, artifact: &str) -> Option<&Element> {
        self.managements().map(|(_, element)| element).find(|element| {
            let is = |name, wanted: &str| {
                let said = element.text_at(&[name]).map(|(text, _)| text);
                said.is_some_and(|text| text == wanted || text.contains("${") && self.expand(text) == wanted)
            };
            is("artifactId", artifact) && is("groupId", group)
        })
    }

    fn managements(&self) -> impl Iterator<Item = (&Pom, &Element)> {
        self.chain.iter().flat_map(|pom| {
            pom.sections(&["dependencyManagement", "dependencies"])
                .flat_map(|list| list.children_named("dependency"))
                .map(move |element| (pom, element))
        })
    }

    /// The version of a bill of materials that is imported.
    pub fn imported(&self, group: &str, artifact: &str) -> Option<Fact<String>> {
        self.managements().find_map(|(pom, element)| {
            let text = |name: &str| element.text_at(&[name]).map(|(text, _)| self.expand(text));
            let is_it =
                text("groupId").as_deref() == Some(group) && text("artifactId").as_deref() == Some(artifact);
            let version = element.child("version").filter(|_| is_it)?;
            let because = Evidence::read(&pom.file, version.line, format!("{artifact} {}", version.text));
            Some(Fact::new(self.expand(&version.text), because))
        })
    }

    /// Addresses of repositories of artifacts that the build asks, with their ids.
    pub fn repositories(&self) -> Vec<Fact<String>> {
        let mut all = Vec::new();
        for pom in &self.chain {
            for (list, one) in [("repositories", "repository"), ("pluginRepositories", "pluginRepository")] {
                for element in pom.sections(&[list]).flat_map(|section| section.children_named(one)) {
                    if let Some(url) = element.child("url") {
                        all.push(self.fact(pom, url));
                    }
                }
            }
        }
        all
    }
}

impl Pom {
    /// Reads `file` for the project in `home`; none when there is no such file.
    pub fn read(inventory: &Inventory, file: &RelPath, home: &RelPath) -> Result<Option<Self>, Diagnostic> {
        let Some(root) = inventory.xml(file) else { return Ok(None) };
        let mut pom = Self { file: file.clone(), root: root?, active: Vec::new() };
        let dir = inventory.dir(home.clone());
        let profiles = pom.profiles().enumerate();
        pom.active = profiles.filter(|(_, profile)| is_active(profile, &dir)).map(|(at, _)| at).collect();
        Ok(Some(pom))
    }

    /// The folder it stands in.
    pub fn folder(&self) -> RelPath {
        self.file.parent().unwrap_or_default()
    }

    /// The element's text and line.
    pub fn text(&self, path: &[&str]) -> Option<(&str, u32)> {
        self.root.text_at(path)
    }

    /// The element at `path` in the project and in the profiles that are active.
    pub fn sections(&self, path: &[&str]) -> std::vec::IntoIter<&Element> {
        let active = self.profiles().enumerate().filter(|(at, _)| self.active.contains(at));
        let sections = [&*self.root].into_iter().chain(active.map(|(_, profile)| profile));
        sections.filter_map(|section| section.at(path)).collect::<Vec<_>>().into_iter()
    }

    /// All profiles.
    pub fn profiles(&self) -> impl Iterator<Item = &Element> {
        self.root.child("profiles").into_iter().flat_map(|list| list.children_named("profile"))
    }

    /// Folders or files of modules, each with the profile that brings it when that is not always active.
    pub fn modules(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        const LISTS: [(&str, &str); 2] = [("modules", "module"), ("subprojects", "subproject")];
        let always = [(&*self.root, None)];
        let by_profile = self.profiles().enumerate().map(|(at, profile)| {
            let id = profile.text_at(&["id"]).map(|(id, _)| id);
            (profile, id.filter(|_| !self.active.contains(&at)))
        });
        always.into_iter().chain(by_profile).flat_map(|(section, profile)| {
            LISTS.iter().filter_map(move |(list, one)| Some((section.child(list)?, *one))).flat_map(
                move |(list, one)| {
                    list.children_named(one).map(move |module| (module.text.as_str(), profile))
                },
            )
        })
    }

    /// Where its parent stands, if that is in the repository. An empty `<relativePath/>` says it is not.
    fn parent_file(&self, inventory: &Inventory) -> Option<RelPath> {
        let parent = self.root.child("parent")?;
        let below = match parent.child("relativePath") {
            Some(path) if path.text.is_empty() => return None,
            Some(path) => path.text.as_str(),
            None => "../pom.xml",
        };
        let path = self.folder().join(below)?;
        if inventory.has(&path) {
            return Some(path);
        }
        path.join("pom.xml").filter(|file| inventory.has(file))
    }

    /// Maven ignores a file at the relative path that is another project than the one that is named.
    fn is_child_of(&self, parent: &Pom) -> bool {
        let named = self.text(&["parent", "artifactId"]).map(|(text, _)| text);
        named.is_none_or(|named| {
            named.contains("${") || parent.text(&["artifactId"]).is_some_and(|(text, _)| text == named)
        })
    }
}

impl Plugin<'_> {
    /// A value of its configuration, also that of an execution.
    pub fn setting(&self, path: &[&str]) -> Option<Fact<String>> {
        self.said.iter().find_map(|(pom, plugin)| {
            let found = configurations(plugin).find_map(|config| config.at(path))?;
            (!found.text.is_empty()).then(|| self.project.fact(pom, found))
        })
    }

    /// Is there such an element in its configuration, whatever it holds?
    pub fn configures(&self, path: &[&str]) -> bool {
        self.said.iter().any(|(_, plugin)| configurations(plugin).any(|config| config.at(path).is_some()))
    }

    /// The first value below its configuration in an element of this name, at any depth.
    pub fn anywhere(&self, name: &str) -> Option<Fact<String>> {
        self.said.iter().find_map(|(pom, plugin)| {
            let found = configurations(plugin).find_map(|config| deep(config, name))?;
            Some(self.project.fact(pom, found))
        })
    }

    /// Does one of its executions run this goal?
    pub fn runs(&self, goal: &str) -> bool {
        self.said.iter().any(|(_, plugin)| {
            let executions =
                plugin.child("executions").into_iter().flat_map(|e| e.children_named("execution"));
            let mut goals = executions.filter_map(|execution| execution.child("goals"));
            goals.any(|goals| goals.children_named("goal").any(|named| named.text == goal))
        })
    }

    /// Its version, when one is written.
    pub fn version(&self) -> Option<Fact<String>> {
        self.said.iter().find_map(|(pom, plugin)| {
            let version = plugin.child("version").filter(|version| !version.text.is_empty())?;
            Some(self.project.fact(pom, version))
        })
    }

    /// Evidence that it is used.
    pub fn because(&self) -> Evidence {
        let (pom, plugin) = self.said[0];
        let id = plugin.text_at(&["artifactId"]).map_or("plugin", |(text, _)| text);
        Evidence::read(&pom.file, plugin.line, id)
    }
}

/// A folder as seen from the project's; none where it lies elsewhere or nobody knows.
fn from_project(folder: &str) -> Option<String> {
    let folder = folder.replace("${project.basedir}/", "").replace("${basedir}/", "");
    (!folder.contains("${") && !folder.starts_with('/')).then_some(folder)
}

/// Is a profile active where nobody names one? <https://maven.apache.org/guides/introduction/introduction-to-profiles.html>
fn is_active(profile: &Element, dir: &Dir<'_>) -> bool {
    let says = |path: &[&str]| profile.at(&["activation"])?.text_at(path).map(|(text, _)| text);
    let is_there = |path: &str| {
        let path = path.replace("${basedir}/", "").replace("${project.basedir}/", "");
        dir.has(&path) || dir.has_dir(path.trim_end_matches('/'))
    };
    says(&["activeByDefault"]) == Some("true")
        || says(&["file", "exists"]).is_some_and(is_there)
        || says(&["file", "missing"]).is_some_and(|path| !is_there(path))
        || says(&["property", "name"]).is_some_and(|name| name.starts_with('!'))
        // `[11,)`: true for every line that is built with.
        || says(&["jdk"]).is_some_and(|range| range.starts_with(['[', '(']) && range.ends_with(",)"))
}

fn configurations(plugin: &Element) -> impl Iterator<Item = &Element> {
    let executions = plugin.child("executions").into_iter().flat_map(|e| e.children_named("execution"));
    [plugin].into_iter().chain(executions).filter_map(|section| section.child("configuration"))
}

fn deep<'e>(element: &'e Element, name: &str) -> Option<&'e Element> {
    element.children.iter().find_map(|child| {
        if child.name == name && !child.text.is_empty() { Some(child) } else { deep(child, name) }
    })
}
