//! `plan()`: inventory and settings in, plan out. No clock, network, environment or installed tool.
//!
//! The frame around the stacks: which folders are worth a look, whose they are, and what
//! people said about the result. What a stack knows stays in the stack.

pub mod backing;
pub mod catalog;
mod claim;
mod ignore;
pub(crate) mod own;
mod policy;
pub mod question;
pub mod registry;
pub mod run;
pub mod secret_file;
pub mod service;
pub mod stage;
mod wish;

use std::collections::{BTreeSet, HashSet};

use crate::config::{Settings, keys};
use crate::diag::{Code, Diagnostic, Severity};
use crate::fact::Place;
use crate::repo::dir::Dir;
use crate::repo::inventory::{Entry, Inventory};
use crate::repo::path::RelPath;
use crate::stack::{self, AnyStack, Declared, Survey};
use crate::threads;

use catalog::Catalog;
pub(crate) use ignore::beside as ignore_file_beside;
use service::{Plan, SCHEMA_VERSION};

/// Works out everything there is to build in a repository. Never fails: what is wrong with the
/// repository is in the plan's diagnostics, and a plan without services says that nothing was recognised.
pub fn plan(inventory: &Inventory, settings: &Settings) -> Plan {
    plan_with(inventory, settings, &[])
}

/// The same with the stacks that a company declares.
pub fn plan_with(inventory: &Inventory, settings: &Settings, declared: &[Declared]) -> Plan {
    let stacks: Vec<&dyn AnyStack> =
        stack::ALL.iter().copied().chain(declared.iter().map(|stack| stack as &dyn AnyStack)).collect();
    let catalog = Catalog::builtin();
    let mut diagnostics = inventory.notes.clone();
    let mut ignored = Vec::new();
    let skip =
        settings.choice(&keys::IGNORE, &mut ignored).decide().map(|fact| fact.value.0).unwrap_or_default();
    diagnostics.extend(ignored);

    let mut proposals = Vec::new();
    let mut refusals = Vec::new();
    let mut folders = candidates(inventory, &stacks);
    folders.retain(|folder| !skip.iter().any(|pattern| claim::matches(pattern, folder)));
    let surveyed = threads::for_each(&folders, 8, |folder| {
        let propose = |stack: &&dyn AnyStack| propose(*stack, inventory, folder, catalog, settings);
        stacks.iter().map(propose).collect::<Vec<_>>()
    });
    for (folder, said) in folders.iter().zip(surveyed) {
        let mut found = Vec::new();
        for said in said {
            match said {
                Ok(proposal) => found.extend(proposal),
                Err(said) => {
                    let (errors, notes) = said.into_iter().partition(|n| n.severity == Severity::Error);
                    diagnostics.extend::<Vec<_>>(errors);
                    refusals.push((folder.clone(), notes));
                }
            }
        }
        proposals.extend(claim::settle(folder, found, settings, &mut diagnostics));
    }
    let folders: Vec<&RelPath> = proposals.iter().map(|(folder, _)| folder).collect();
    diagnostics.extend(settings.strangers(&folders));
    let proposals = claim::choose(proposals, settings);
    if proposals.is_empty() {
        diagnostics.extend(claim::refused(refusals, settings));
    }

    let mut plan =
        Plan { schema_version: SCHEMA_VERSION, services: Vec::new(), questions: Vec::new(), diagnostics };
    for proposal in proposals {
        plan.questions.extend(proposal.questions);
        plan.diagnostics.extend(proposal.notes);
        match proposal.service {
            Ok(mut service) => {
                wish::grant(&mut service, settings, catalog, &mut plan.diagnostics);
                wish::missing_copies(&service, settings, inventory, &mut plan.diagnostics);
                service.beside = backing::found(&service, inventory);
                registry::settle(&mut service, settings, inventory, &mut plan.diagnostics);
                ignore::settle(&mut service, inventory, &mut plan.diagnostics);
                plan.services.push(service);
            }
            Err(bad) => plan.diagnostics.push(Diagnostic::error(
                Code::ReadBack,
                format!("the {} stack planned stages that do not fit together: {bad}", proposal.stack),
            )),
        }
    }
    unique_names(&mut plan);
    plan.diagnostics.extend(wish::strange_stages(&plan.services, settings));
    plan.diagnostics.extend(policy::broken(&plan.services, settings));
    plan.diagnostics.sort();
    plan.diagnostics.dedup();
    plan
}

/// A survey of one folder by one stack: its proposal, none where it has nothing to look at, or what it says
/// when it claims nothing. A `package.json` that does not parse must not look like no `package.json`, and a
/// library not like an empty folder.
fn propose(
    stack: &dyn AnyStack,
    inventory: &Inventory,
    folder: &RelPath,
    catalog: &Catalog,
    settings: &Settings,
) -> Result<Option<stack::Proposal>, Vec<Diagnostic>> {
    let dir = inventory.dir(folder.clone());
    if !stack.looks_for().iter().any(|wanted| holds(&dir, wanted)) {
        return Ok(None);
    }
    let survey = Survey::new(dir, catalog, settings);
    stack.propose(&survey).map(Some).ok_or_else(|| {
        let mut said = survey.take_notes();
        said.extend(unreadable(&survey.dir, stack.looks_for()));
        said
    })
}

/// What would have been read to recognise a project, and could not be.
fn unreadable(dir: &Dir<'_>, names: &[&str]) -> Vec<Diagnostic> {
    let paths = names.iter().filter_map(|name| dir.resolve(name));
    let refused = paths.filter_map(|path| match dir.inventory().entry(&path)? {
        Entry::Unreadable(why) => {
            let finding = Diagnostic::error(Code::Unreadable, format!("`{path}` cannot be used: {why}"));
            Some(finding.at(Place { file: path, line: None }))
        }
        _ => None,
    });
    refused.collect()
}

/// The folders that hold a file some stack looks for, in byte order; the root is one of them.
fn candidates(inventory: &Inventory, stacks: &[&dyn AnyStack]) -> Vec<RelPath> {
    let looked_for = || stacks.iter().flat_map(|stack| stack.looks_for()).copied();
    let wanted: HashSet<&str> = looked_for().collect();
    let endings: Vec<&str> = looked_for().filter_map(|name| name.strip_prefix('*')).collect();
    inventory
        .files()
        // A stack reads what it looks for, so a file that was only seen is none of them.
        .filter(|(_, entry)| **entry != Entry::Seen)
        .filter(|(path, _)| {
            wanted.contains(path.name()) || endings.iter().any(|end| path.name().ends_with(end))
        })
        .filter_map(|(path, _)| path.parent())
        .chain([RelPath::root()])
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

fn holds(dir: &Dir<'_>, wanted: &str) -> bool {
    match wanted.strip_prefix('*') {
        Some(ending) => dir.files().any(|(path, _)| !path.contains('/') && path.ends_with(ending)),
        None => dir.has(wanted),
    }
}

/// Two services may stand in folders of one name; images and targets need different ones.
fn unique_names(plan: &mut Plan) {
    let mut seen = BTreeSet::new();
    for service in &mut plan.services {
        if !seen.insert(service.name.clone()) {
            service.name = service.dir.as_str().replace('/', "-");
            seen.insert(service.name.clone());
        }
    }
}
