//! The files of the image that runs a program: its packages, its sources or what was built of them, and where each lies.

use serde::Serialize;

use crate::stack::node::Facts;
use crate::stack::node::app::{Content, Packages, Server};
use crate::stack::node::plan::HOME;
use crate::stack::node::prisma::Client;

/// One COPY of the runtime stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Copy {
    /// The stage; none for the build context.
    pub from: Option<String>,
    /// What.
    pub sources: Vec<String>,
    /// Where to.
    pub target: String,
    /// Patterns that stay behind.
    pub exclude: Vec<String>,
    /// Why, where it is not plain.
    pub because: Option<String>,
    /// Does it belong to the running user?
    pub is_writable: bool,
}

/// The files of the image, those that change least first.
pub(super) fn copies(facts: &Facts, program: &Server) -> Vec<Copy> {
    let mut copies = if facts.install.is_some() { packages(facts, program) } else { Vec::new() };
    if program.modules != Packages::Bundled {
        copies.extend(facts.libraries.iter().map(|library| Copy::of_library(facts, library)));
    }
    match &program.content {
        Content::Tree => copies.push(tree(facts)),
        Content::Output { folders, is_complete } => {
            if !is_complete {
                copies.extend(beside_output(facts));
            }
            copies.extend(folders.iter().map(|(from, to)| output(facts, from, to)));
        }
    }
    copies.extend(facts.front_end.as_ref().map(|front_end| front_end.copy(facts)));
    copies
}

impl Copy {
    /// Files that the program may write to when it writes anything.
    fn of(facts: &Facts, from: Option<&str>, source: String, target: impl Into<String>) -> Self {
        Self {
            from: from.map(str::to_owned),
            sources: vec![if from.is_some() { source } else { facts.place.source(&source) }],
            target: target.into(),
            exclude: Vec::new(),
            because: None,
            is_writable: facts.writes.is_some(),
        }
    }

    /// The installed packages of a stage.
    fn of_modules(facts: &Facts, stage: &str) -> Self {
        // A workspace's packages lie in several folders, beside the manifests.
        let (source, target) = if facts.is_workspace {
            (format!("{HOME}/"), format!("{HOME}/"))
        } else {
            (format!("{HOME}/node_modules"), "./node_modules".to_owned())
        };
        Self { is_writable: false, ..Self::of(facts, Some(stage), source, target) }
    }

    /// Another package of the workspace.
    fn of_library(facts: &Facts, library: &str) -> Self {
        let target = format!("{HOME}/{library}");
        let one = if facts.is_built() {
            Self::of(facts, Some("build"), target.clone(), target)
        } else {
            Self::of(facts, None, library.to_owned(), target)
        };
        Self { exclude: vec!["**/node_modules".to_owned()], ..one }
    }
}

fn packages(facts: &Facts, program: &Server) -> Vec<Copy> {
    // pnpm keeps a generated client deep in its store, so all of it is taken.
    let everything = facts.client.as_ref().is_some_and(Client::is_installed)
        && facts.manager.as_ref().is_some_and(|manager| !manager.hoists());
    match &program.modules {
        Packages::Production if everything && facts.is_built() => vec![Copy::of_modules(facts, "build")],
        Packages::Production if facts.production.is_some() => {
            // A mount leaves an empty file behind.
            let exclude = if facts.is_workspace { facts.unshipped.clone() } else { Vec::new() };
            let modules = Copy { exclude, ..Copy::of_modules(facts, "prod-deps") };
            std::iter::once(modules).chain(client(facts)).collect()
        }
        Packages::Production if facts.ships_all => vec![Copy::of_modules(facts, "deps")],
        Packages::Bundled | Packages::Production => Vec::new(),
        Packages::All(tool) => {
            let why =
                format!("the program needs {}, a development dependency ({})", tool.value, tool.because);
            vec![Copy { because: Some(why), ..Copy::of_modules(facts, "deps") }]
        }
    }
}

/// The generated client, beside the production packages.
fn client(facts: &Facts) -> Option<Copy> {
    let schema = &facts.client.as_ref().filter(|client| client.is_installed())?.schema;
    let folder = "node_modules/.prisma";
    Some(Copy {
        from: Some(if facts.is_built() { "build" } else { "deps" }.to_owned()),
        sources: vec![format!("{HOME}/{folder}")],
        target: format!("{HOME}/{folder}"),
        exclude: Vec::new(),
        because: Some(format!("the client generated from {}", schema.because)),
        is_writable: false,
    })
}

/// The folder of the program, where that is what runs.
fn tree(facts: &Facts) -> Copy {
    let mut exclude = facts.tests.clone();
    let unfit = facts.unfit();
    if facts.home.is_root() && unfit.is_empty() {
        exclude.extend(facts.unshipped.iter().cloned());
    }
    exclude.extend(facts.front_end.iter().filter_map(|front_end| front_end.folder.clone()));
    let build = facts.is_built().then_some("build");
    let stage = if unfit.is_empty() { build } else { Some("files") };
    if stage.is_some() {
        if !facts.home.is_root() {
            exclude.insert(0, "node_modules".to_owned());
        }
        return Copy { exclude, ..Copy::of(facts, stage, format!("{}/", facts.workdir()), "./") };
    }
    let (source, target) =
        if facts.home.is_root() { (".".to_owned(), ".") } else { (format!("{}/", facts.home), "./") };
    Copy { exclude, ..Copy::of(facts, None, source, target) }
}

/// What a built program reads besides.
fn beside_output(facts: &Facts) -> Vec<Copy> {
    let front_end =
        facts.front_end.as_ref().and_then(|front_end| front_end.folder.as_ref()?.split('/').next());
    let manifest = Copy::of(facts, None, facts.in_context("package.json"), "./");
    let reads = facts.reads.iter().filter(|read| front_end != Some(read.value.as_str())).map(|read| Copy {
        because: Some(format!("read at run time: {}", read.because)),
        ..Copy::of(facts, None, facts.in_context(&read.value), format!("./{}", read.value))
    });
    std::iter::once(manifest).chain(reads).collect()
}

/// A folder that the build fills.
fn output(facts: &Facts, from: &str, to: &str) -> Copy {
    // A traced server brings the folders above it, up to the workspace's root.
    let target = if to == "." { format!("{HOME}/") } else { format!("./{to}") };
    let mut one = Copy::of(facts, Some("build"), format!("{HOME}/{}", facts.at_home(from)), target);
    one.is_writable |= from.starts_with(".next");
    one
}
