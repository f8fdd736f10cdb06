//! What the program imports when it starts and no requirement names.
//!
//! A framework is installed all the same, in the open: without it nothing starts, and its distribution is known. Anything
//! else is only told of, and only where it is sure: a lock file lists all that is there, and so does no list at all.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact};
use crate::stack::Survey;

use super::distributions::{FRAMEWORKS, Framework, OTHERS, is_standard};
use super::django::Django;
use super::manager::says_all;
use super::modules::{Modules, below};
use super::program::{Added, Program};
use super::project::{Manager, Project};
use super::requirement::{Requirement, normalize};
use super::source::Source;

/// The frameworks that have to be added, with a warning for other modules that nothing brings.
pub(super) fn imports(
    s: &Survey<'_>,
    project: &Project<'_>,
    modules: &Modules<'_>,
    django: Option<&Django>,
    program: &Program,
) -> Vec<Added> {
    let Some(named) = Named::of(project) else { return Vec::new() };
    let imported = imported(project, modules, django, program);
    let missing = |row: &&Framework| !row.all().any(|name| project.has(&normalize(name)));
    let mut rows: Vec<(&Framework, &Evidence)> = Vec::new();
    for row in FRAMEWORKS.iter().filter(missing) {
        let brought = || rows.iter().any(|(added, _)| added.brings.contains(&row.module));
        if let Some(because) = imported.get(row.module)
            && !brought()
        {
            rows.push((row, because));
        }
    }
    let added: Vec<Added> = rows
        .iter()
        .map(|(row, because)| Added {
            requirement: format!("{}{}", row.distribution, versions(project, modules, row)),
            why: format!("{because} imports it"),
        })
        .collect();
    let here =
        |module: &str| rows.iter().any(|(row, _)| row.module == module || row.brings.contains(&module));
    warn(s, project, named, imported.iter().filter(|(module, _)| !here(module)));
    added
}

/// How much is known of what is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    /// Nothing at all.
    Nothing,
    /// A list of what is asked for, without what that brings along.
    Some,
    /// Everything that is installed.
    All,
}

impl Named {
    /// None where something else than a list says what is installed.
    fn of(project: &Project<'_>) -> Option<Self> {
        let is_told = match project.manager.value {
            Manager::Build => project.pyproject.as_ref().is_some_and(says_all) || project.written.is_some(),
            Manager::Pip => project.list.as_ref().is_some_and(|(_, list)| list.local.is_empty()),
            _ => true,
        };
        is_told.then(|| match (project.locked.is_empty(), project.requirements.iter().next()) {
            (false, _) => Self::All,
            (true, Some(_)) => Self::Some,
            (true, None) => Self::Nothing,
        })
    }
}

impl Framework {
    /// Everything that has its module.
    fn all(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.distribution).chain(self.also.iter().copied())
    }
}

/// The modules of others that are imported, whatever happens, from where the program starts on.
fn imported(
    project: &Project<'_>,
    modules: &Modules<'_>,
    django: Option<&Django>,
    program: &Program,
) -> BTreeMap<String, Evidence> {
    let mut all = BTreeMap::new();
    if let Some(django) = django {
        // Django's own files import it inside of functions.
        all.insert("django".to_owned(), django.manage.because.clone());
    }
    let mut open: Vec<&Source<'_>> = starts(project, modules, program).into_iter().collect();
    let mut seen: BTreeSet<&str> = open.iter().map(|source| source.path.as_str()).collect();
    let home = open.first().map_or("", |source| folder(&source.path)).to_owned();
    while let Some(source) = open.pop() {
        let (root, _) = modules.name(source);
        let roots = [root.as_str(), "", "src", home.as_str()];
        for (line, module) in source.imports_at_once() {
            let first = module.split('.').next().unwrap_or_default();
            if roots.iter().any(|root| modules.has(&below(root, first))) {
                continue;
            }
            if !first.is_empty() && !is_standard(first) {
                all.entry(first.to_owned()).or_insert_with(|| source.cite(line));
            }
        }
        let own = source.meant().flat_map(|name| {
            let parent = name.rsplit_once('.').map_or("", |(parent, _)| parent);
            roots
                .iter()
                .filter_map(|root| modules.find(root, name).or_else(|| modules.find(root, parent)))
                .collect::<Vec<_>>()
        });
        open.extend(own.filter(|source| seen.insert(&source.path)));
    }
    all
}

/// The module that the program starts with.
fn starts<'m, 'a>(
    project: &Project<'_>,
    modules: &'m Modules<'a>,
    program: &Program,
) -> Option<&'m Source<'a>> {
    let file = program.because.at.as_ref().map(|at| &at.file);
    let by_file = modules.sources.iter().find(|source| Some(source.doc.path) == file);
    by_file.or_else(|| {
        let command = program.command.value.words().first();
        let (_, target) = project.scripts.iter().find(|(name, _)| Some(name) == command)?;
        let module = target.value.split(':').next().unwrap_or_default();
        modules.find("", module).or_else(|| modules.find("src", module))
    })
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The versions that something else of the project gives, as a requirement has them.
fn versions(project: &Project<'_>, modules: &Modules<'_>, row: &Framework) -> String {
    let name = normalize(row.distribution);
    if let Some(version) = project.version_of(&name) {
        return format!("=={}", version.value);
    }
    if let Some(versions) = project.dev.get(&name).and_then(|one| one.versions.as_ref()) {
        return versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    }
    let generated = || modules.sources.iter().find_map(|source| made_by_django(source.doc.text));
    match row.module {
        "django" => generated().map(|line| format!("=={line}.*")).unwrap_or_default(),
        _ => String::new(),
    }
}

/// The line of Django that wrote a settings module, which says so at its beginning.
/// <https://github.com/django/django/blob/main/django/conf/project_template/project_name/settings.py-tpl>
fn made_by_django(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("Generated by 'django-admin startproject' using Django ")?;
    let mut numbers = rest.split(|c: char| !c.is_ascii_digit());
    let (major, minor) = (numbers.next()?, numbers.next()?);
    (!major.is_empty() && !minor.is_empty()).then(|| format!("{major}.{minor}"))
}

/// Tells of the other modules that are missing for sure.
fn warn<'i>(
    s: &Survey<'_>,
    project: &Project<'_>,
    named: Named,
    imported: impl Iterator<Item = (&'i String, &'i Evidence)>,
) {
    let distribution =
        |module: &str| OTHERS.iter().find(|(known, _)| *known == module).map(|(_, name)| *name);
    let is_missing = |module: &str| match (named, distribution(module)) {
        (Named::Nothing, _) => true,
        (Named::All, Some(name)) => !project.locked.iter().any(|one| has_module(&one.name, module, name)),
        _ => false,
    };
    let missing: Vec<Fact<String>> = imported
        .filter(|(module, _)| is_missing(module))
        .map(|(module, because)| Fact::new(module.clone(), because.clone()))
        .collect();
    let Some(first) = missing.first() else { return };
    let list: Vec<String> = missing.iter().map(|one| format!("`{}` ({})", one.value, one.because)).collect();
    let message = format!("no requirement names what the program imports: {}", list.join(", "));
    let names: Vec<&str> = missing.iter().map(|one| distribution(&one.value).unwrap_or(&one.value)).collect();
    let help = format!("the program may not start: add what they come from, such as {}", names.join(", "));
    s.note(Diagnostic::warning(Code::StartCommand, message).at(first.because.at.clone()).help(help));
}

/// Could a distribution of this name have the module?
fn has_module(distribution: &str, module: &str, usual: &str) -> bool {
    let module = normalize(module);
    let is_word = |name: &str| distribution.split('-').any(|word| word == name);
    distribution == usual
        || is_word(&module)
        || distribution.starts_with(usual)
        || usual.starts_with(distribution)
}

impl Added {
    /// As a requirement of the project, for whoever asks what is there.
    pub(super) fn requirement(&self) -> Option<Requirement> {
        Requirement::read(&self.requirement, Evidence::default(self.why.clone()))
    }
}
