//! A site: where the build puts it, and how a web server sends it.

use serde::Serialize;

use crate::fact::Fact;
use crate::repo::dir::{Dir, Manifest};
use crate::repo::format::Tree;
use crate::stack::Survey;
use crate::stack::node::framework::{self, Framework, Gives, Missing, Role, Site, Stated};
use crate::stack::node::javascript::{self, Value};
use crate::stack::node::manifest::Package;
use crate::stack::node::paths;
use crate::stack::node::start::clean;

/// What is served, and how.
#[derive(Debug, Serialize)]
pub(super) struct Served {
    /// The output folder, from the package's; it may lie beside that.
    pub output: Fact<String>,
    /// Folders of it whose file names change with their content.
    pub hashed: Vec<String>,
    /// The file that is sent for every path without one; none where an error page is.
    pub fallback: Option<String>,
    /// What its addresses begin with, where that is not the root.
    pub base: Option<Fact<String>>,
}

/// The page that routes in the browser.
pub(super) fn index() -> String {
    "index.html".to_owned()
}

/// What a framework's build gives to serve. `served` is a folder that a start script serves itself.
pub(super) fn served(
    s: &Survey<'_>,
    package: &Package<'_>,
    framework: &Fact<&'static Framework>,
    row: &Site,
    served: Option<Fact<String>>,
) -> Served {
    let output = served
        .or_else(|| scripted(package, row))
        .or_else(|| stated(s, package, row.stated))
        .or_else(|| outside(&package.dir, framework.value))
        .unwrap_or_else(|| framework.derive(row.output.to_owned()));
    let fallback = match row.missing {
        Missing::Index => Some(index()),
        Missing::NotFound => None,
        Missing::Stated(files, key) => {
            configured(&package.dir, Stated::Config(files, key)).map(|file| file.value)
        }
    };
    let renamed = paths::assets(&package.dir, framework.value.name).map(|folder| vec![folder.value]);
    Served {
        hashed: renamed.unwrap_or_else(|| row.hashed.iter().map(|&folder| folder.to_owned()).collect()),
        base: paths::base(&package.dir, framework.value.name),
        fallback,
        output: output.map(|path| clean(&path)),
    }
}

/// The output folder where the configuration states it, inside of the project.
pub(super) fn stated(s: &Survey<'_>, package: &Package<'_>, stated: Stated) -> Option<Fact<String>> {
    let found = match stated {
        Stated::Nowhere => None,
        Stated::Config(..) | Stated::Beside(..) => configured(&package.dir, stated),
        Stated::Angular => angular(s, &package.dir),
        Stated::Below(command) => below(package, command),
    };
    found.filter(|found| !is_outside(&found.value)).map(|found| found.map(|path| clean(&path)))
}

/// The folder beside the front end's own that its build fills: `../server/public`.
pub(super) fn outside(dir: &Dir<'_>, framework: &Framework) -> Option<Fact<String>> {
    let Gives::Site(row) = framework.gives else { return None };
    configured(dir, row.stated).filter(|found| is_outside(&found.value))
}

/// Does a configuration that may state such a folder name one above the front end's at all? Few do, and reading a front end
/// takes a while.
pub(in crate::stack) fn may_lead_out(dir: &Dir<'_>) -> bool {
    let stated = framework::META.iter().copied().flatten().filter_map(|row| match row.gives {
        Gives::Site(Site { stated: Stated::Config(files, _) | Stated::Beside(files, _), .. }) => Some(files),
        _ => None,
    });
    stated.flatten().filter_map(|name| dir.doc(name)).any(|doc| doc.text.contains(".."))
}

/// It belongs to a server there, which need not be one that is planned with it.
pub(super) fn is_outside(folder: &str) -> bool {
    folder.starts_with("..")
}

/// `vite build --outDir build` says it where it counts most.
fn scripted(package: &Package<'_>, row: &Site) -> Option<Fact<String>> {
    let own = package.script("build").filter(|line| !row.is_beside(&line.value));
    let script = own.or_else(|| Some(row.script(package)?.1))?;
    let words = shell_words::split(&script.value).ok()?;
    // https://storybook.js.org/docs/api/cli-options#build: the short one is another tool's file.
    let short = if row.role == Role::Aside { "-o" } else { "-d" };
    let long = ["--outDir", "--out-dir", "--dist-dir", "--output-path", "--output-dir"];
    let at = words.iter().position(|word| word == short || long.contains(&word.as_str()))?;
    let folder = words.get(at + 1).filter(|word| !word.starts_with('-'))?;
    Some(script.derive(folder.clone()))
}

/// A path in a configuration's text.
fn configured(dir: &Dir<'_>, stated: Stated) -> Option<Fact<String>> {
    let (Stated::Config(files, key) | Stated::Beside(files, key)) = stated else { return None };
    let read = |value: Value<'_>| match stated {
        Stated::Beside(..) => value.beside().map(str::to_owned),
        _ => value.literal().map(str::to_owned),
    };
    let mut docs = files.iter().filter_map(|name| dir.doc(name));
    let found = docs.find_map(|doc| javascript::find(&doc, key, read))?;
    (!found.value.is_empty() && !found.value.starts_with('/')).then_some(found)
}

/// The project of `angular.json` that is built.
/// <https://angular.dev/reference/configs/workspace-config#project-configuration-options>
pub(super) struct Angular<'t> {
    name: &'t str,
    project: &'t Tree,
    /// What builds it, with its options.
    pub build: &'t Tree,
}

impl<'t> Angular<'t> {
    /// The one that is the default, else the first that is no library.
    pub fn of(config: &'t Manifest<'_>) -> Option<Self> {
        let chosen = config.text(&["defaultProject"]).map(|name| name.value);
        let is_app = |project: &Tree| project.get("projectType").and_then(Tree::as_text) != Some("library");
        let (name, project) =
            config.tree.get("projects")?.entries().find(|(name, project)| {
                chosen.as_deref().map_or(is_app(project), |wanted| wanted == *name)
            })?;
        let build = project.at(&["architect", "build"]).or_else(|| project.at(&["targets", "build"]))?;
        Some(Self { name, project, build })
    }
}

/// <https://angular.dev/reference/configs/workspace-config#output-path-configuration>
pub(super) fn angular(s: &Survey<'_>, dir: &Dir<'_>) -> Option<Fact<String>> {
    let config = s.parsed(dir.doc("angular.json")?.jsonc())?;
    let Angular { name, project, build } = Angular::of(&config)?;
    let builder = build.get("builder").and_then(Tree::as_text).unwrap_or_default();
    // The application builder puts the browser's files into a folder of their own.
    let below = if builder.ends_with(":application") { "/browser" } else { "" };
    let path = build.at(&["options", "outputPath"]);
    let evidence = path.map_or_else(|| config.cite(project, name), |path| config.cite(path, "outputPath"));
    let base = match path {
        Some(path) if path.as_text().is_some() => path.as_text().unwrap_or_default().to_owned(),
        Some(path) => {
            let base = path.get("base").and_then(Tree::as_text).unwrap_or("dist");
            let browser = path.get("browser").and_then(Tree::as_text).unwrap_or("browser");
            let folder = if browser.is_empty() { base.to_owned() } else { format!("{base}/{browser}") };
            return Some(Fact::new(folder, evidence));
        }
        None => format!("dist/{name}"),
    };
    Some(Fact::new(format!("{base}{below}"), evidence))
}

/// `vitepress build docs` puts its output below the folder it is given.
fn below(package: &Package<'_>, command: &str) -> Option<Fact<String>> {
    let names = ["build", "docs:build", "build:docs"];
    let script =
        names.iter().find_map(|name| package.script(name).filter(|line| line.value.contains(command)))?;
    let words: Vec<&str> = script.value.split_whitespace().collect();
    let at = words.windows(2).position(|pair| pair[0] == command && pair[1] == "build")?;
    let folder = words.get(at + 2).filter(|word| !word.starts_with('-') && !word.starts_with('&')).copied();
    let folder = folder.map(|folder| format!("{}/", clean(folder))).unwrap_or_default();
    Some(script.derive(format!("{folder}.{command}/dist")))
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    #[test]
    fn a_build_may_put_its_files_beside_the_project() {
        for (at, folder, expected) in [
            ("", "dist/client", "/app/dist/client"),
            ("", "../server/public", "/server/public"),
            ("web/", "../server/public", "/server/public"),
        ] {
            let config = format!("export default {{ build: {{ outDir: '{folder}' }} }}");
            let inventory = Inventory::from_files([
                (
                    format!("{at}package.json").as_str(),
                    r#"{"scripts":{"build":"vite build"},"devDependencies":{"vite":"7"}}"#,
                ),
                (format!("{at}index.html").as_str(), ""),
                (format!("{at}vite.config.js").as_str(), &config),
            ]);
            let plan = plan(&inventory, &Settings::default());
            let tool = &plan.services[0].tool;
            assert_eq!(tool["site_source"], expected, "{at} {folder}");
        }
    }
}
