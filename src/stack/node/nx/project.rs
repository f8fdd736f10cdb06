//! One app of an Nx repository: what its build makes, and where it lies.

use crate::fact::{Evidence, Fact};
use crate::repo::dir::{Dir, Manifest};
use crate::repo::format::Tree;
use crate::repo::path::RelPath;
use crate::stack::Survey;
use crate::stack::node::javascript;
use crate::stack::node::manifest::Package;

use super::executors::{COMMANDS, EXECUTORS, Main, Makes, PLUGINS, Pages, Plugin, TESTS};

/// A project that is built and can be run.
#[derive(Debug)]
pub(super) struct Project<'a> {
    /// The root of the repository, as Nx sees it.
    pub root: Dir<'a>,
    /// The root's manifest: installs and versions are its.
    pub package: Package<'a>,
    /// The project's own folder.
    pub dir: Dir<'a>,
    /// The same, from the root.
    pub path: RelPath,
    /// What Nx calls it.
    pub name: Fact<String>,
    manifest: Manifest<'a>,
    nx: Manifest<'a>,
    /// The plugin whose configuration lies beside it.
    plugin: Option<&'static Plugin>,
    /// What its build makes, with the reason.
    pub makes: Fact<Makes>,
}

/// Has the folder apps that Nx builds, and no other root above?
pub(in crate::stack::node) fn has_apps(root: &Dir<'_>) -> bool {
    root.has("nx.json")
        && root
            .files()
            .filter_map(|(path, _)| path.strip_suffix("/project.json"))
            .any(|path| root.dir(path).is_some_and(|dir| Project::find(&dir).is_some()))
}

impl<'a> Project<'a> {
    /// The app in this folder, where Nx builds one there.
    pub fn find(dir: &Dir<'a>) -> Option<Self> {
        let manifest = dir.doc("project.json")?.jsonc().ok()?;
        let root = dir.ancestors().find(|above| above.has("nx.json") && above.has("package.json"))?;
        let (nx, package) = (root.doc("nx.json")?.jsonc().ok()?, Package::of(&root)?);
        let path = dir.path().relative_to(root.path())?;
        // With packages or a build of its own it is a member of a workspace like any other.
        let is_own = |own: Package<'_>| {
            (own.has_production_dependencies() && !path.is_root())
                || own.script("build").is_some_and(|line| !line.value.contains("nx"))
        };
        if Package::of(dir).is_some_and(is_own) {
            return None;
        }
        let kind = manifest.tree.get("projectType").and_then(Tree::as_text);
        let is_library = kind == Some("library")
            || kind.is_none() && path.segments().any(|part| matches!(part, "libs" | "packages"));
        if is_library || path.name().ends_with("-e2e") {
            return None;
        }
        let plugin = PLUGINS.iter().find(|plugin| dir.first_of(plugin.configs.iter().copied()).is_some());
        let makes = makes(dir, &manifest, &nx, plugin)?;
        let usual = Fact::new(path.name().to_owned(), dir.evidence("project.json", "a project of Nx"));
        let name = manifest.text(&["name"]).unwrap_or(usual);
        Some(Self {
            root,
            package: package.seen_from(dir),
            dir: dir.clone(),
            path,
            name,
            manifest,
            nx,
            plugin,
            makes,
        })
    }

    /// An option of the build: that of production counts.
    pub fn option(&self, key: &str) -> Option<&Tree> {
        let build = self.manifest.tree.at(&["targets", "build"])?;
        build.at(&["configurations", "production", key]).or_else(|| build.at(&["options", key]))
    }

    /// The text of an option.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.option(key).and_then(Tree::as_text)
    }

    /// Is an option switched on?
    pub fn is_on(&self, key: &str) -> bool {
        self.option(key).and_then(Tree::scalar).as_deref() == Some("true")
    }

    /// Evidence for an option, or for the file.
    pub fn cite(&self, key: &str) -> Evidence {
        match self.option(key) {
            Some(value) => self.manifest.cite(value, format!("{key} of the build")),
            None => self.dir.evidence("project.json", "a project of Nx"),
        }
    }

    /// The words that build it, without the program that runs them.
    /// <https://nx.dev/docs/features/run-tasks#run-a-single-task>
    pub fn build(&self) -> String {
        let build = self.manifest.tree.at(&["targets", "build"]);
        let has = |path: &[&str]| build.is_some_and(|build| build.at(path).is_some());
        let is_told = has(&["configurations", "production"]) && !has(&["defaultConfiguration"]);
        let more = if is_told { " --configuration=production" } else { "" };
        format!("nx {} {}{more}", self.target(), crate::plan::run::quote(&self.name.value))
    }

    /// The name of the target that builds: a plugin of `nx.json` may call it otherwise.
    fn target(&self) -> String {
        if self.manifest.tree.at(&["targets", "build"]).is_some() {
            return "build".to_owned();
        }
        self.named("buildTargetName", "build")
    }

    /// An option of the plugin in `nx.json`.
    fn named(&self, key: &str, usual: &str) -> String {
        let listed = self.plugin.and_then(|plugin| listed(&self.nx, plugin));
        let name = listed.and_then(|listed| listed.at(&["options", key])?.as_text());
        name.unwrap_or(usual).to_owned()
    }

    /// The target that watches, where there is one.
    pub fn watch(&self) -> Option<String> {
        let targets = self.manifest.tree.get("targets");
        let stated =
            ["serve", "dev"].into_iter().find(|name| targets.is_some_and(|all| all.get(name).is_some()));
        stated.map(str::to_owned).or_else(|| {
            let plugin = self.plugin.filter(|plugin| listed(&self.nx, plugin).is_some())?;
            Some(self.named(plugin.watch.0, plugin.watch.1))
        })
    }

    /// The executor that tests it, where that wants no browser.
    pub fn test(&self) -> Option<Fact<String>> {
        let test = self.manifest.tree.at(&["targets", "test", "executor"])?;
        let name = test.as_text().filter(|name| TESTS.contains(name))?;
        Some(Fact::new(
            format!("nx test {}", crate::plan::run::quote(&self.name.value)),
            self.manifest.cite(test, name),
        ))
    }

    /// The folder that the build fills, from the root.
    pub fn output(&self) -> Fact<String> {
        let path = self.option("outputPath");
        let text = path.and_then(|path| path.as_text().or_else(|| path.get("base")?.as_text()));
        let stated = text.map(|text| Fact::new(text.to_owned(), self.cite("outputPath")));
        let found = stated
            .and_then(|path| self.resolve(&path))
            .or_else(|| self.configured())
            .or_else(|| self.declared())
            .or_else(|| self.beside());
        found.unwrap_or_else(|| self.name.derive(format!("dist/{}", self.path)))
    }

    /// Below the output folder: Angular's own folder for browsers.
    pub fn pages(&self, pages: Pages) -> Fact<String> {
        let output = self.output();
        let named = self.option("outputPath").and_then(|path| path.get("browser")?.as_text());
        let below = match (pages, named) {
            (Pages::AtTop, _) => "",
            (Pages::Below, Some(name)) => name,
            (Pages::Below, None) => "browser",
        };
        output.map(|folder| if below.is_empty() { folder } else { format!("{folder}/{below}") })
    }

    /// The configuration's own word, from the project's folder.
    fn configured(&self) -> Option<Fact<String>> {
        let plugin = self.plugin?;
        let key = plugin.output?;
        let doc = plugin.configs.iter().find_map(|name| self.dir.doc(name))?;
        let read =
            |value: javascript::Value<'_>| value.literal().or_else(|| value.beside()).map(str::to_owned);
        let found = javascript::find(&doc, key, read)?;
        let path = self.path.join(&found.value).filter(|path| !path.is_root())?;
        Some(found.derive(path.to_string()))
    }

    /// What the target says that it leaves behind: `"outputs": ["{workspaceRoot}/dist/apps/api"]`.
    fn declared(&self) -> Option<Fact<String>> {
        let outputs = self.manifest.tree.at(&["targets", "build", "outputs"])?;
        let first =
            outputs.items().find(|output| output.as_text().is_some_and(|text| !text.contains("{options")))?;
        self.resolve(&Fact::new(
            first.as_text()?.to_owned(),
            self.manifest.cite(first, "an output of the build"),
        ))
    }

    /// The tool's habit: a folder beside its configuration.
    fn beside(&self) -> Option<Fact<String>> {
        let plugin = self.plugin.filter(|_| self.option("outputPath").is_none())?;
        let folder = self.path.join(plugin.usual?)?;
        Some(self.makes.derive(folder.to_string()))
    }

    /// A path with the words that Nx replaces. <https://nx.dev/docs/reference/project-configuration#outputs>
    fn resolve(&self, path: &Fact<String>) -> Option<Fact<String>> {
        let text = path
            .value
            .replace("{workspaceRoot}/", "")
            .replace("{projectRoot}", self.path.as_str())
            .replace("{projectName}", &self.name.value);
        let clean = RelPath::root().join(&text).filter(|path| !path.is_root() && !text.contains('{'))?;
        Some(path.derive(clean.to_string()))
    }

    /// The file that starts the program, from the root.
    pub fn main(&self, main: Main) -> String {
        let output = self.output().value;
        let source = self.text("main").map_or("src/main.ts", |main| main);
        let name = source.rsplit('/').next().unwrap_or("main.ts");
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let file = match main {
            Main::Bundle => self.text("outputFileName").map(str::to_owned).or_else(|| self.configured_name()),
            Main::Esbuild => {
                let stem = self.text("outputFileName").and_then(|name| Some(name.rsplit_once('.')?.0));
                Some(format!("{}{}", stem.unwrap_or("main"), self.esbuild_ending()))
            }
            Main::Compiled => {
                let path = RelPath::new(source).ok();
                let below = path.and_then(|path| path.relative_to(&self.path)?.parent());
                let folder = below.map_or_else(|| "src".to_owned(), |below| below.to_string());
                Some(format!("{folder}/{stem}.js"))
            }
        };
        format!("{output}/{}", file.unwrap_or_else(|| "main.js".to_owned()))
    }

    /// The name that the configuration gives the bundle.
    fn configured_name(&self) -> Option<String> {
        let doc = self.plugin?.configs.iter().find_map(|name| self.dir.doc(name))?;
        let found = javascript::find(&doc, "outputFileName", |value| value.literal().map(str::to_owned))?;
        Some(found.value)
    }

    /// `CommonJS` is told from modules by its ending, unless the options say otherwise:
    /// <https://nx.dev/docs/technologies/build-tools/esbuild/executors>
    fn esbuild_ending(&self) -> &str {
        let is_common = self.option("format").is_some_and(|all| all.texts().next() == Some("cjs"));
        let stated =
            self.option("esbuildOptions").and_then(|options| options.at(&["outExtension", ".js"])?.as_text());
        stated.unwrap_or(if is_common { ".cjs" } else { ".js" })
    }
}

/// The executor that builds the surveyed folder, where no row knows it. Files of Nx that do not read are findings.
pub(super) fn unknown_executor(s: &Survey<'_>) -> Option<Fact<String>> {
    let root = s.dir.ancestors().find(|above| above.has("nx.json"))?;
    let manifest = s.parsed(s.dir.doc("project.json")?.jsonc())?;
    s.parsed(root.doc("nx.json")?.jsonc())?;
    let is_app = manifest.tree.get("projectType").and_then(Tree::as_text) == Some("application");
    let executor = manifest.tree.at(&["targets", "build", "executor"]).filter(|_| is_app)?;
    let name = executor.as_text().filter(|name| !COMMANDS.contains(name))?;
    let is_known = EXECUTORS.iter().any(|row| row.names.contains(&name));
    (!is_known).then(|| Fact::new(name.to_owned(), manifest.cite(executor, name)))
}

/// What a project's build makes.
fn makes(
    dir: &Dir<'_>,
    manifest: &Manifest<'_>,
    nx: &Manifest<'_>,
    plugin: Option<&'static Plugin>,
) -> Option<Fact<Makes>> {
    let build = manifest.tree.at(&["targets", "build"]);
    let executor = build.and_then(|build| build.get("executor").or_else(|| build.get("builder")));
    let named = executor.and_then(|executor| Some((executor, executor.as_text()?)));
    if let Some((value, name)) = named.filter(|(_, name)| !COMMANDS.contains(name)) {
        let row = EXECUTORS.iter().find(|row| row.names.contains(&name))?;
        let target = build.and_then(|build| build.at(&["options", "target"])?.as_text());
        let is_program = target.is_some_and(is_node) || says_node(dir, plugin);
        return Some(Fact::new(settled(row.makes, is_program), manifest.cite(value, name)));
    }
    let plugin = plugin.filter(|plugin| build.is_some() || listed(nx, plugin).is_some())?;
    let config = dir.first_of(plugin.configs.iter().copied())?;
    // A configuration of Vite may be there for tests only; a site has a page.
    if plugin.makes == Makes::Site("Vite") && !dir.has("index.html") {
        return None;
    }
    let makes = settled(plugin.makes, says_node(dir, Some(plugin)));
    Some(Fact::new(makes, dir.evidence(config, "the configuration of its build")))
}

/// Program or site, where the target decides.
fn settled(makes: Makes, is_program: bool) -> Makes {
    match makes {
        Makes::ByTarget(_) if is_program => Makes::Program(Main::Bundle),
        Makes::ByTarget(framework) => Makes::Site(framework),
        other => other,
    }
}

/// Does the configuration build for Node.js?
fn says_node(dir: &Dir<'_>, plugin: Option<&Plugin>) -> bool {
    let doc = plugin.and_then(|plugin| plugin.configs.iter().find_map(|name| dir.doc(name)));
    let names_node = |value: javascript::Value<'_>| value.literals().any(is_node).then_some(());
    doc.is_some_and(|doc| javascript::find(&doc, "target", names_node).is_some())
}

/// Is this target Node.js, of whatever version: `node`, `node18`, `async-node22.12`? Others are browsers and shells of theirs.
/// <https://webpack.js.org/configuration/target/>, <https://esbuild.github.io/api/#target>
fn is_node(target: &str) -> bool {
    let version = target.strip_prefix("async-").unwrap_or(target).strip_prefix("node");
    version.is_some_and(|version| version.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// The plugin in `nx.json`, by its name or with options.
fn listed<'t>(nx: &'t Manifest<'_>, plugin: &Plugin) -> Option<&'t Tree> {
    nx.tree.get("plugins")?.items().find(|entry| {
        let name = entry.as_text().or_else(|| entry.get("plugin")?.as_text());
        name.is_some_and(|name| plugin.names.contains(&name))
    })
}

#[cfg(test)]
mod tests {
    use super::is_node;

    #[test]
    fn a_target_is_node_or_something_with_its_name() {
        for target in ["node", "node18", "node22.12", "async-node", "async-node18"] {
            assert!(is_node(target), "{target}");
        }
        for target in ["web", "webworker", "node-webkit", "nodejs-browser", "electron-main", "es2022", ""] {
            assert!(!is_node(target), "{target}");
        }
    }
}
