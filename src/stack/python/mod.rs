//! # Python
//!
//! Reads manifests, requirements and lock files, and the sources near them. Decides the manager, the Python
//! line, what runs and which server runs it, and the packages of the distribution that are needed.
//! `setup.py` is read, never run.
//!
//! - <https://packaging.python.org/en/latest/specifications/>: the formats.
//! - The official python images: `slim` has no compiler.

mod app;
mod conda;
mod distributions;
mod django;
mod era;
mod framework;
mod index;
mod lexer;
mod manager;
mod modules;
pub(crate) mod named;
mod needs;
mod plan;
mod procfile;
mod program;
mod project;
mod requirement;
mod requirements_txt;
mod script;
mod server;
mod setup;
mod shipped;
mod source;
mod system;
mod testing;
mod torch;
mod unnamed;
mod version;
mod workspace;
mod writes;

use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::key::{AnyKey, Key, Shape, text};
use crate::plan::secret_file;
use crate::plan::service::{IgnoreGroup, Service};
use crate::plan::stage::GraphError;
use crate::repo::dir::Doc;
use crate::repo::inventory::{Reads, SourceRead};
use crate::repo::path::RelPath;
use crate::stack::common::front_end::{self, FrontEnd, Place};
use crate::stack::common::{around, tools};
use crate::stack::{Claim, Ships, Stack, Strength, Survey};

use django::Django;
use manager::Installation;
use modules::Modules;
use program::Program;
use project::{Manager, Project};
use workspace::Workspace;

/// The stack.
pub(super) struct Python;

static VERSION: Key<String> = Key {
    name: "python.version",
    shape: Shape::Text,
    doc: "the Python line of the image, such as 3.14",
    parse: text,
};
static APP: Key<String> = Key {
    name: "python.app",
    shape: Shape::Text,
    doc: "the application that is served, such as app.main:app",
    parse: target,
};

/// What a Python project says about itself.
#[derive(Debug)]
pub(super) struct Facts {
    /// The project's name, where a manifest gives one.
    name: Option<String>,
    /// The Python line.
    version: Fact<String>,
    /// Who installs.
    manager: Fact<Manager>,
    /// The commands that install.
    install: Installation,
    /// What runs.
    program: Program,
    /// The Django project.
    django: Option<Django>,
    /// Packages of the distribution.
    system: system::System,
    /// How the tests are run.
    test: testing::Tests,
    /// Something that the program writes beside itself.
    writes: Option<Fact<String>>,
    /// Something that wants a home folder.
    home: Option<Fact<String>>,
    /// Does what runs use the folder of tests?
    imports_tests: bool,
    /// How much the project's own modules hold.
    module_bytes: usize,
    /// Is the sources' folder needed beside the installed package?
    ships_sources: bool,
    /// Is the program a command that the installed package brings?
    is_installed: bool,
    /// Where the project lies in the build context; empty for all of it.
    place: String,
    /// The build context.
    seen: Place,
    /// The front end that is served.
    front_end: Option<FrontEnd>,
    /// What of the build context nothing needs.
    hidden: Option<IgnoreGroup>,
    /// Documents and the like in the project's folder.
    around: Vec<String>,
}

/// The files that make a folder worth a look.
const MANIFESTS: &[&str] = &[
    "requirements.txt",
    "pyproject.toml",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile",
    "setup.py",
    "setup.cfg",
    "manage.py",
    "requirements.in",
    "Requirements.txt",
    "requirement.txt",
    "app.py",
    "main.py",
    "environment.yml",
    "environment.yaml",
];

/// Folders that a program reads from where it starts.
const DATA: &[&str] =
    &["alembic", "assets", "conf", "config", "data", "locale", "migrations", "public", "static", "templates"];

impl Stack for Python {
    const ID: &'static str = "python";
    const NAME: &'static str = "Python";
    const LOOKS_FOR: &'static [&'static str] = MANIFESTS;
    const SHIPS: Ships = Ships::Sources;
    const KEYS: &'static [&'static dyn AnyKey] = &[&APP, &project::REQUIREMENTS, &torch::TORCH, &VERSION];
    type Facts = Facts;

    fn reads(&self) -> Reads {
        let read = |ending, most| SourceRead { ending, near: MANIFESTS, most };
        Reads {
            names: vec![
                "pyproject.toml",
                "uv.lock",
                "poetry.lock",
                "pdm.lock",
                "Pipfile",
                "Pipfile.lock",
                "setup.py",
                "setup.cfg",
                "requirements.txt",
                "requirements.in",
                "Requirements.txt",
                "requirement.txt",
                "manage.py",
                "runtime.txt",
                ".python-version",
                "environment.yml",
                "environment.yaml",
                "pytest.ini",
                "tox.ini",
            ]
            .into_iter()
            .chain(tools::NAMES)
            .collect(),
            endings: vec!["requirements.txt"],
            sources: vec![read(".py", 400), read(".txt", 40)],
        }
    }

    fn survey(&self, s: &Survey<'_>) -> Option<Claim<Facts>> {
        let mut project = Project::read(s)?;
        let modules = Modules::read(&s.dir, &project.members(s));
        if is_part_of_a_project(s, &project) {
            return None;
        }
        let django = Django::find(s, &project, &modules);
        let Some(program) = Program::choose(s, &project, &modules, django.as_ref()) else {
            note_library(s, &project);
            return None;
        };
        project.requirements.extend(program.adds.iter().filter_map(program::Added::requirement));
        let version = version::choose(s, &project);
        let test = testing::Tests::find(s, &project, &modules, django.as_ref());
        let index = project.index();
        if let Some(index) = &index {
            note_index(s, index);
        }
        let wanted = manager::Wanted {
            project: &project,
            pip: manager::Pip::of(&version.value),
            adds: &program.adds,
            dev_adds: &test.adds,
            uv: s.catalog.image("uv").reference.clone(),
            index,
            torch: torch::Torch::choose(s, &project),
        };
        let install = manager::installation(s, &wanted);
        if let Some(environment) = &project.environment {
            environment.tell(s, &project.manager.because);
        }
        let is_script = program.command.value.words().first();
        let is_installed = project.scripts.iter().any(|(name, _)| Some(name) == is_script);
        let workspace = project.workspace.as_ref();
        let needs_members = workspace.is_some_and(|all| !all.libraries().is_empty());
        let own = workspace.map_or_else(|| s.dir.path().clone(), |all| all.root.path().clone());
        let front_end = served(s, &own, &modules);
        let seen = Place::of(&own, front_end.as_ref());
        let install = install.in_folder(&seen.folder);
        let facts = Facts {
            around: if install.project.is_none() { around(s, &modules) } else { Vec::new() },
            ships_sources: !is_installed || DATA.iter().any(|folder| s.dir.has_dir(folder)),
            module_bytes: modules.sources.iter().map(|source| source.doc.text.len()).sum(),
            is_installed: is_installed || writes::asks_for_metadata(&modules) || needs_members,
            place: workspace.map_or_else(String::new, |all| all.home.to_string()),
            seen,
            front_end,
            hidden: workspace.and_then(Workspace::hidden),
            system: system::find(s, &project, &version.value),
            name: project.name(),
            imports_tests: ["tests", "test"]
                .iter()
                .any(|module| modules.sources.iter().any(|one| one.uses(module).is_some())),
            writes: writes::beside(&modules, django.as_ref()).or_else(|| script::saved(&program)),
            home: writes::home(&project, &modules),
            manager: project.manager.clone(),
            version,
            install,
            test,
            django,
            program,
        };
        let strength = match (facts.manager.value, facts.program.framework.is_some()) {
            (Manager::None, _) if facts.django.is_none() => Strength::LooseFiles,
            (_, true) => Strength::Entry,
            (_, false) if facts.is_installed => Strength::Entry,
            _ => Strength::Manifest,
        };
        Some(Claim { strength, because: because(&facts), facts })
    }

    fn plan(&self, facts: &Facts, s: &Survey<'_>) -> Result<Service, GraphError> {
        plan::service(facts, s)
    }
}

/// The front end that the program serves: in the project's own folder, where its files are looked for, or where a build fills
/// a folder of the project; within the build context, or else beside the project.
fn served(s: &Survey<'_>, context: &RelPath, modules: &Modules<'_>) -> Option<FrontEnd> {
    let wanted = front_end::read_but_missing(s, modules.sources.iter().map(|source| source.doc));
    front_end::own(s, context).or_else(|| front_end::find_near(s, context, &wanted))
}

/// What is there for people, forges and hosts. Whoever installs the project reads some of it: its metadata cites the
/// description and the licence, and build back ends go by `.gitignore`.
fn around(s: &Survey<'_>, modules: &Modules<'_>) -> Vec<String> {
    let sources: Vec<Doc<'_>> = modules.sources.iter().map(|source| source.doc).collect();
    around::all(&s.dir, &sources)
}

/// A project that names dependencies, and that nothing starts. The root of a workspace leaves that to its members.
fn note_library(s: &Survey<'_>, project: &Project<'_>) {
    if project.manager.value == Manager::None || !project.members(s).is_empty() {
        return;
    }
    let message = "nothing in this Python project runs: no application, no script, no command";
    let help = "a library is published, not run; `run.cmd` says what to start";
    let place = project.manager.because.at.clone();
    s.note(Diagnostic::note(Code::NotBuilt, message).at(place).help(help));
}

fn note_index(s: &Survey<'_>, index: &Fact<String>) {
    let message = format!("packages come from {}, which may want a password", index.value);
    let help = format!("docker build {}, or {}", secret_file::PIP.option(), secret_file::NETRC.option());
    s.note(Diagnostic::note(Code::PrivateRegistry, message).at(index.because.at.clone()).help(help));
}

/// A folder without a manifest of its own belongs to the project above it.
fn is_part_of_a_project(s: &Survey<'_>, project: &Project<'_>) -> bool {
    project.manager.value == Manager::None
        && s.dir.ancestors().skip(1).any(|above| above.first_of(MANIFESTS.iter().copied()).is_some())
}

/// The file that speaks for the stack.
fn because(facts: &Facts) -> crate::fact::Evidence {
    if facts.manager.because.at.is_some() {
        facts.manager.because.clone()
    } else {
        facts.program.because.clone()
    }
}

fn target(value: &toml::Value) -> Result<String, String> {
    let name = text(value)?;
    let legal = |c: char| c.is_alphanumeric() || "._:".contains(c);
    if name.contains(':') && name.chars().all(legal) {
        Ok(name)
    } else {
        Err("expected `module:variable`".to_owned())
    }
}
