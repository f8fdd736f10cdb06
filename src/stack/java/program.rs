//! What a program is told when it starts and what it reads from the disk: Dropwizard's configuration, and files
//! that the sources name by their place in the repository.

use std::sync::Arc;

use crate::fact::Fact;
use crate::repo::dir::{Dir, Doc};
use crate::repo::format::Tree;
use crate::stack::Survey;
use crate::stack::common::files;
use crate::stack::java::configuration::default_of;
use crate::stack::java::dependency::Dependency;
use crate::stack::java::network::Probe;

/// A Dropwizard service: it does nothing until it is told `server` and its configuration.
/// <https://www.dropwizard.io/en/stable/manual/core.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dropwizard {
    /// The configuration, from the project's folder.
    pub file: String,
    /// Is it read from the jar?
    pub is_packed: bool,
    /// The port of the service.
    pub port: u16,
    /// The port of the administration, where it has one of its own.
    admin: Option<u16>,
}

impl Dropwizard {
    /// The service, when the project uses Dropwizard and has a configuration.
    pub fn find(s: &Survey<'_>, dependencies: &[Dependency], sources: &[Doc<'_>]) -> Option<Fact<Self>> {
        let uses = |used: &&Dependency| used.is_shipped() && used.is("io.dropwizard", "dropwizard-core");
        dependencies.iter().find(uses)?;
        let from_jar = sources.iter().any(|doc| doc.text.contains("ResourceConfigurationSourceProvider"));
        let mut found: Vec<((bool, usize), Doc<'_>, Arc<Tree>)> = s
            .dir
            .docs()
            .filter_map(|doc| {
                let below = doc.path.relative_to(s.dir.path())?;
                let (is_packed, usual) = rank(below.as_str())?;
                let rank = (is_packed != from_jar, usual);
                let tree = doc.yaml().ok()?.tree;
                let is_it = ["server", "logging", "database"].iter().any(|key| tree.get(key).is_some());
                is_it.then_some((rank, doc, tree))
            })
            .collect();
        found.sort_by_key(|(rank, ..)| *rank);
        let (_, doc, tree) = found.into_iter().next()?;
        let below = doc.path.relative_to(s.dir.path())?;
        let (file, is_packed) = match below.as_str().strip_prefix(RESOURCES) {
            Some(inside) if from_jar => (inside.to_owned(), true),
            _ => (below.to_string(), false),
        };
        let port = |path: &[&str]| first_port(&tree, path);
        let simple = port(&["server", "connector"]);
        let service = Self {
            file,
            is_packed,
            port: simple.or_else(|| port(&["server", "applicationConnectors"])).unwrap_or(8080),
            // The simple server has both at one port: https://www.dropwizard.io/en/stable/manual/configuration.html
            admin: simple.is_none().then(|| port(&["server", "adminConnectors"]).unwrap_or(8081)),
        };
        Some(Fact::new(service, doc.cite(tree.line, "Dropwizard's configuration")))
    }

    /// The words behind the command.
    pub fn arguments(&self) -> [String; 2] {
        ["server".to_owned(), self.file.clone()]
    }

    /// The administration answers with the health of the service, and has a check of its own from the start.
    pub fn health(&self) -> Probe {
        let path = if self.admin.is_some() { "/healthcheck" } else { "/admin/healthcheck" };
        Probe { port: self.admin, path: path.to_owned(), is_known: true }
    }
}

/// What a build packs into the jar.
const RESOURCES: &str = "src/main/resources/";

/// Is a file packed into the jar, and how likely is its name that of a configuration, likeliest first? None for one that
/// is not.
fn rank(below: &str) -> Option<(bool, usize)> {
    let name = below.rsplit('/').next()?;
    let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"))?;
    let is_packed = below.starts_with(RESOURCES);
    let is_near = below.matches('/').count() <= 1;
    let is_other = below.contains("test") || stem.contains("compose") || below.starts_with('.');
    if is_other || !(is_packed || is_near) {
        return None;
    }
    let is_usual = usize::from(!matches!(stem, "config" | "configuration" | "application" | "server"));
    Some((is_packed, is_usual))
}

fn first_port(tree: &Tree, path: &[&str]) -> Option<u16> {
    let connector = tree.at(path)?;
    let port = connector.items().next().unwrap_or(connector).get("port")?.scalar()?;
    default_of(&port)?.parse().ok()
}

/// Files and folders that the sources name by their place, from the project's folder, in byte order.
pub(super) fn files_at_run_time(dir: &Dir<'_>, sources: &[Doc<'_>]) -> Vec<Fact<String>> {
    // What stands below `src` is compiled or packed; a web server in the program reads its pages from there.
    let named = files::read_at_run_time(dir, sources.iter().copied(), &["src".to_owned()]);
    let pages = WEB_ROOT.trim_end_matches('/');
    let web_root = sources
        .iter()
        .filter(|_| dir.has_dir(pages))
        .find_map(|doc| doc.find(|line| line.contains(&format!("\"{pages}")).then(|| pages.to_owned())));
    let is_data = |file: &Fact<String>| {
        !BUILD_FILES.contains(&file.value.as_str())
            && !BUILD_FILES.iter().any(|name| file.value.ends_with(name))
    };
    named.into_iter().filter(is_data).chain(web_root).collect()
}

/// Where a web application keeps its pages.
const WEB_ROOT: &str = "src/main/webapp/";

/// What belongs to the build, whoever names it.
const BUILD_FILES: &[&str] =
    &["pom.xml", ".gradle", ".gradle.kts", "gradle.properties", "target", "build", "Procfile"];
