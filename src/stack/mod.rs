//! The stacks dockgen knows, and what a stack is.
//!
//! A stack is one name in four trees: `src/stack/`, `templates/`, `tests/fixtures/`, `snapshots/`;
//! and two lines here. It surveys one folder and says what it found; if it is chosen, it plans
//! a service from that. It never touches the disk and never decides about precedence.

pub mod common;
mod declared;
mod deno;
mod go;
mod java;
pub mod node;
pub(crate) mod python;
mod rust;

use std::cell::RefCell;
use std::sync::LazyLock;

use crate::config::{Settings, keys};
use crate::diag::{Code, Diagnostic};
use crate::fact::{Choice, Evidence, Fact, Place};
use crate::key::{AnyKey, Key};
use crate::plan::catalog::{Catalog, ToolchainLines};
use crate::plan::question::Question;
use crate::plan::service::Service;
use crate::plan::stage::GraphError;
use crate::repo::Placeholders;
use crate::repo::dir::{Dir, Doc};
use crate::repo::inventory::{Reads, SourceRead};
use crate::repo::path::RelPath;

pub use declared::Declared;

/// Every stack, in alphabetical order. The order means nothing.
pub static ALL: &[&dyn AnyStack] =
    &[&deno::Deno, &go::Go, &java::Java, &node::Node, &python::Python, &rust::Rust];

/// A language with its build tools.
pub trait Stack: Sync {
    /// Its name in `templates/`, `tests/fixtures/`, `snapshots/` and `project.stack`.
    const ID: &'static str;
    /// Its name for people.
    const NAME: &'static str;
    /// The files that make a folder worth surveying: names, or endings with a leading `*`.
    const LOOKS_FOR: &'static [&'static str];
    /// What its images hold of a program.
    const SHIPS: Ships;
    /// What a person may decide about this stack, besides the shared settings.
    const KEYS: &'static [&'static dyn AnyKey];
    /// What the files say.
    type Facts;

    /// Which files it wants to have read.
    fn reads(&self) -> Reads;

    /// Is there such a project in this folder, and what does it say about itself?
    fn survey(&self, s: &Survey<'_>) -> Option<Claim<Self::Facts>>;

    /// What do building and running it take?
    fn plan(&self, facts: &Self::Facts, s: &Survey<'_>) -> Result<Service, GraphError>;
}

/// A stack's bid for a folder.
#[derive(Debug, Clone)]
pub struct Claim<F> {
    /// How sure it is.
    pub strength: Strength,
    /// The file that speaks for it.
    pub because: Evidence,
    /// What the files say.
    pub facts: F,
}

/// What an image holds of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ships {
    /// Its sources, in the folder that it starts in.
    Sources,
    /// What was built of them.
    Built,
}

/// How sure a stack is that a folder is its own, strongest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Only builds files that another stack serves.
    Assets,
    /// Sources without a manifest.
    LooseFiles,
    /// A manifest, but nothing in it that is clearly a service.
    Manifest,
    /// A manifest and a program that is clearly meant to run.
    Entry,
}

/// What a stack would do with a folder.
#[derive(Debug)]
pub struct Proposal {
    /// The stack's id.
    pub stack: &'static str,
    /// How sure it is.
    pub strength: Strength,
    /// The file that speaks for it.
    pub because: Evidence,
    /// Is there a Dockerfile in its folder, so that it has an image of its own whoever else builds it?
    pub is_packed: bool,
    /// The service.
    pub service: Result<Service, GraphError>,
    /// What the stack leaves open.
    pub questions: Vec<Question>,
    /// What the stack has to say.
    pub notes: Vec<Diagnostic>,
}

/// A [`Stack`] whose facts type is erased, so that stacks can stand in one list.
pub trait AnyStack: Sync {
    /// Its name in the four trees.
    fn id(&self) -> &'static str;
    /// Its name for people.
    fn name(&self) -> &'static str;
    /// The files that make a folder worth surveying.
    fn looks_for(&self) -> &'static [&'static str];
    /// What its images hold of a program.
    fn ships(&self) -> Ships;
    /// What a person may decide about it.
    fn keys(&self) -> &'static [&'static dyn AnyKey];
    /// Which files it wants to have read.
    fn reads(&self) -> Reads;
    /// Surveys a folder and, if it is this stack's, plans the service.
    fn propose(&self, survey: &Survey<'_>) -> Option<Proposal>;
}

impl<S: Stack> AnyStack for S {
    fn id(&self) -> &'static str {
        S::ID
    }
    fn name(&self) -> &'static str {
        S::NAME
    }
    fn looks_for(&self) -> &'static [&'static str] {
        S::LOOKS_FOR
    }
    fn ships(&self) -> Ships {
        S::SHIPS
    }
    fn keys(&self) -> &'static [&'static dyn AnyKey] {
        S::KEYS
    }
    fn reads(&self) -> Reads {
        Stack::reads(self)
    }
    fn propose(&self, survey: &Survey<'_>) -> Option<Proposal> {
        let Claim { strength, because, facts } = self.survey(survey)?;
        let service = self.plan(&facts, survey);
        let questions = survey.questions.take();
        let notes = survey.notes.take();
        let is_packed = survey.dir.has("Dockerfile");
        Some(Proposal { stack: S::ID, strength, because, is_packed, service, questions, notes })
    }
}

/// The stack of this name.
pub fn named(id: &str) -> Option<&'static dyn AnyStack> {
    ALL.iter().copied().find(|stack| stack.id() == id)
}

/// Every setting there is, the shared ones first.
pub fn keys() -> Vec<&'static dyn AnyKey> {
    let mut all = keys::SHARED.to_vec();
    all.extend(ALL.iter().flat_map(|stack| stack.keys()));
    all
}

/// Everything the stacks want to have read, together with dockgen's own files.
pub fn reads() -> Reads {
    reads_with(&[])
}

/// The same for these stacks as well.
pub fn reads_with(declared: &[Declared]) -> Reads {
    let mut all = Reads {
        names: vec![
            crate::config::FILE,
            "Containerfile",
            "Containerfile.dockerignore",
            "Dockerfile",
            "Dockerfile.dockerignore",
            ".dockerignore",
            "Procfile",
            "compose.yml",
            "docker-compose.yaml",
            "docker-compose.yml",
            // Files that dockgen may have written beside the Dockerfile.
            "compose.yaml",
            "docker-bake.hcl",
            "image.yml",
            "devcontainer.json",
        ],
        // Templates of the project's own, or of a company's folder within the repository.
        endings: vec![".Dockerfile", ".Dockerfile.dockerignore", ".tera"],
        ..Reads::default()
    };
    let declared = declared.iter().map(|stack| stack as &dyn AnyStack);
    for stack in ALL.iter().copied().chain(declared) {
        let Reads { names, endings, sources } = stack.reads();
        for wanted in stack.looks_for() {
            match wanted.strip_prefix('*') {
                Some(ending) => all.endings.push(ending),
                None => all.names.push(wanted),
            }
        }
        all.names.extend(names);
        all.endings.extend(endings);
        all.sources.extend(sources);
    }
    all.names.sort_unstable();
    all.names.dedup();
    all.endings.sort_unstable();
    all.endings.dedup();
    all
}

/// What is read of a template of projects: the same, also under the names that its files have until it is filled.
pub fn reads_of_template(declared: &[Declared]) -> Reads {
    // The manifests that sources lie near have other names as well.
    static SOURCES: LazyLock<Vec<SourceRead>> = LazyLock::new(|| {
        let rules = ALL.iter().flat_map(|stack| stack.reads().sources);
        let near = |rule: SourceRead| {
            let names = Placeholders::names(rule.near);
            let names = names.iter().map(|name| declared::intern(name)).chain(rule.near.iter().copied());
            SourceRead { near: names.collect::<Vec<_>>().leak(), ..rule }
        };
        rules.map(near).collect()
    });
    let mut all = reads_with(declared);
    let names: Vec<&'static str> =
        Placeholders::names(&all.names).iter().map(|name| declared::intern(name)).collect();
    all.names.extend(names);
    all.sources.clone_from(&SOURCES);
    all
}

/// One look at one folder: what is there, what people wish, and where to put what must be said.
#[derive(Debug)]
pub struct Survey<'a> {
    /// The folder.
    pub dir: Dir<'a>,
    /// Base images and toolchain lines.
    pub catalog: &'a Catalog,
    settings: Settings,
    notes: RefCell<Vec<Diagnostic>>,
    questions: RefCell<Vec<Question>>,
}

impl<'a> Survey<'a> {
    /// A look at `dir` with the settings that concern it.
    pub fn new(dir: Dir<'a>, catalog: &'a Catalog, settings: &Settings) -> Self {
        let settings = settings.for_service(dir.path());
        Self { dir, catalog, settings, notes: RefCell::default(), questions: RefCell::default() }
    }

    /// A look for the front end of another language: the program's own version, package manager and commands are not its.
    pub(crate) fn of_front_end(&self, dir: Dir<'a>) -> Self {
        let own =
            [keys::VERSION.name, keys::PACKAGE_MANAGER.name, keys::BUILD_COMMAND.name, keys::COMMAND.name];
        Self::new(dir, self.catalog, &self.settings.without(&own))
    }

    /// A decision that starts with what people said. The stack adds what it found, strongest first.
    pub fn choice<T: std::fmt::Display>(&self, key: &Key<T>) -> Choice<T> {
        self.settings.choice(key, &mut self.notes.borrow_mut())
    }

    /// The settings that concern this folder.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Says something about the repository.
    pub fn note(&self, finding: Diagnostic) {
        let mut notes = self.notes.borrow_mut();
        if !notes.contains(&finding) {
            notes.push(finding);
        }
    }

    /// What has been said so far, taken out.
    pub(crate) fn take_notes(&self) -> Vec<Diagnostic> {
        self.notes.take()
    }

    /// Leaves something open.
    pub fn ask(&self, mut question: Question) {
        question.service = Some(self.dir.path().clone());
        let mut questions = self.questions.borrow_mut();
        if !questions.iter().any(|asked| asked.key == question.key) {
            questions.push(question);
        }
    }

    /// A parsed file, or nothing and a finding: malformed is never the same as absent.
    pub fn parsed<T>(&self, parsed: Result<T, Diagnostic>) -> Option<T> {
        parsed.map_err(|bad| self.note(bad)).ok()
    }

    /// A text of this folder. One that is there and could not be read is a finding.
    pub fn doc(&self, below: &str) -> Option<Doc<'a>> {
        let path = self.dir.resolve(below)?;
        if let Some(crate::repo::Entry::Unreadable(why)) = self.dir.inventory().entry(&path) {
            let place = Place { file: path.clone(), line: None };
            let message = format!("`{path}` cannot be used: {why}");
            self.note(Diagnostic::error(Code::Unreadable, message).at(place));
        }
        self.dir.doc(below)
    }

    /// The name of a service in this folder: the folder's, or `fallback` in the root.
    pub fn service_name(&self, fallback: &str) -> String {
        let name = if self.dir.path().is_root() { fallback } else { self.dir.path().name() };
        let clean: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.' { c } else { '-' })
            .collect();
        let clean = clean.trim_matches(['-', '.']).to_ascii_lowercase();
        if clean.is_empty() { "app".to_owned() } else { clean }
    }

    /// Warns about a toolchain line that has ended or that no image is known for.
    pub fn check_line(&self, toolchain: &ToolchainLines, line: &Fact<String>) {
        let Some(known) = toolchain.line(&line.value) else {
            let message = format!("no base image is known for {} {}", toolchain.name, line.value);
            let finding = Diagnostic::warning(Code::UnknownVersion, message).at(line.because.at.clone());
            self.note(finding.help(format!("known lines: {}", known_lines(toolchain))));
            return;
        };
        if let Some(day) = &known.ended {
            let message = format!("{} {} has had no fixes since {day}", toolchain.name, line.value);
            let finding = Diagnostic::warning(Code::EndOfLife, message).at(line.because.at.clone());
            self.note(finding.help(format!("move to {} {}", toolchain.name, toolchain.default)));
        }
    }

    /// A path for the templates, relative to the build context.
    pub fn from_context(&self, context: &RelPath, below: &str) -> Option<RelPath> {
        self.dir.resolve(below)?.relative_to(context)
    }
}

fn known_lines(toolchain: &ToolchainLines) -> String {
    toolchain.lines.iter().map(|line| line.line.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A walk and a plan pass over files that were only seen when they look for manifests.
    #[test]
    fn what_is_looked_for_is_read() {
        let reads = reads();
        let looked_for = ALL.iter().flat_map(|stack| stack.looks_for());
        for name in looked_for.chain(reads.sources.iter().flat_map(|rule| rule.near)) {
            let is_read = match name.strip_prefix('*') {
                Some(ending) => reads.endings.iter().any(|read| ending.ends_with(read)),
                None => {
                    reads.names.contains(name) || reads.endings.iter().any(|ending| name.ends_with(ending))
                }
            };
            assert!(is_read, "{name}");
        }
    }

    #[test]
    fn sources_are_told_by_the_name_from_its_last_dot() {
        for rule in reads().sources {
            assert_eq!(rule.ending.rfind('.'), Some(0), "{}", rule.ending);
        }
    }
}
