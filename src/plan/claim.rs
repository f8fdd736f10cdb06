//! Which stack owns which folder, and which of several services are meant.
//!
//! What is clear is settled here; what is not becomes a note or a question, never the first of a list.

use crate::config::{Settings, keys};
use crate::diag::{Code, Diagnostic};
use crate::plan::question::{Answer, Question};
use crate::repo::path::RelPath;
use crate::stack::{Proposal, Strength};

/// Folders whose projects show or test something; they are services only where nothing else is.
const ASIDE: &[&str] = &[
    "example",
    "examples",
    "sample",
    "samples",
    "demo",
    "demos",
    "test",
    "tests",
    "testing",
    "e2e",
    "fixtures",
    "testdata",
    "__tests__",
    "spec",
    "docs",
    "doc",
    "documentation",
    "website",
    "vendor",
    "third_party",
    "thirdparty",
    "tools",
    "scripts",
    "benchmark",
    "benchmarks",
    "bench",
    "fuzz",
    "hack",
    "contrib",
    "templates",
    "template",
    "playground",
    "storybook",
    ".github",
];

/// Settles who owns one folder.
pub(super) fn settle(
    folder: &RelPath,
    mut found: Vec<Proposal>,
    settings: &Settings,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(RelPath, Proposal)> {
    let wish = settings.for_service(folder).choice(&keys::STACK, diagnostics).decide();
    if let Some(wish) = wish.as_ref().filter(|_| !found.is_empty())
        && let Some(at) = found.iter().position(|proposal| proposal.stack == wish.value)
    {
        return Some((folder.clone(), found.swap_remove(at)));
    }
    let strongest = found.iter().map(|proposal| proposal.strength).max()?;
    let others: Vec<String> = found
        .iter()
        .filter(|p| p.strength < strongest && p.strength > Strength::Assets)
        .map(|p| format!("{} ({})", p.stack, p.because))
        .collect();
    let mut equals: Vec<Proposal> =
        found.into_iter().filter(|proposal| proposal.strength == strongest).collect();
    if equals.len() == 1 {
        let winner = equals.remove(0);
        if !others.is_empty() {
            let message = format!("`{folder}` is taken for {}, not for {}", winner.stack, others.join(", "));
            diagnostics.push(
                Diagnostic::note(Code::NotBuilt, message).help("set project.stack to decide otherwise"),
            );
        }
        return Some((folder.clone(), winner));
    }
    // A package.json beside another language's manifest is more often its tooling than its program.
    let usual = equals.iter().position(|proposal| proposal.stack != "node").unwrap_or_default();
    let options = equals.iter().map(|p| Answer::new(p.stack, format!("{} is here", p.because))).collect();
    let mut winner = equals.swap_remove(usual);
    let mut question =
        Question::choose("project.stack", "Several stacks fit. Which one is the service?", options);
    question.service = Some(folder.clone());
    winner.questions.push(question.or(winner.stack));
    Some((folder.clone(), winner))
}

/// Leaves the services that are meant: the folder a person named; else not examples or tests beside a
/// real one, not loose files, not asset pipelines.
pub(super) fn choose(mut proposals: Vec<(RelPath, Proposal)>, settings: &Settings) -> Vec<Proposal> {
    if let Some(meant) = settings.meant() {
        proposals.retain(|(folder, _)| folder == meant);
    }
    let built_in: Vec<RelPath> = proposals.iter().filter_map(|(_, proposal)| front_end(proposal)).collect();
    keep(&mut proposals, |folder, proposal| {
        proposal.strength > Strength::Assets && (proposal.is_packed || !built_in.contains(folder))
    });
    keep(&mut proposals, |folder, _| !folder.segments().any(|segment| ASIDE.contains(&segment)));
    keep(&mut proposals, |_, proposal| proposal.strength > Strength::LooseFiles);
    proposals.into_iter().map(|(_, proposal)| proposal).collect()
}

/// The folder of the front end that is part of the image of a service.
fn front_end(proposal: &Proposal) -> Option<RelPath> {
    let service = proposal.service.as_ref().ok()?;
    let folder = &service.front_end.as_ref()?.value;
    // One in the program's own folder hides no other service.
    (*folder != service.dir).then(|| folder.clone())
}

/// Why nothing here is a service: what the stacks said of the folder that is meant, or of those that are
/// nearest to the root. A library beside a service is no news, and a hundred of them are one.
pub(super) fn refused(mut refusals: Vec<(RelPath, Vec<Diagnostic>)>, settings: &Settings) -> Vec<Diagnostic> {
    const SHOWN: usize = 5;
    if let Some(meant) = settings.meant() {
        refusals.retain(|(folder, _)| folder == meant);
    }
    refusals.sort_by_key(|(folder, _)| folder.segments().count());
    let notes = refusals.into_iter().flat_map(|(_, notes)| notes);
    notes.filter(|note| note.code == Code::NotBuilt).take(SHOWN).collect()
}

/// Keeps what `wanted` likes, unless that is nothing.
fn keep(proposals: &mut Vec<(RelPath, Proposal)>, wanted: impl Fn(&RelPath, &Proposal) -> bool) {
    if proposals.iter().any(|(folder, proposal)| wanted(folder, proposal)) {
        proposals.retain(|(folder, proposal)| wanted(folder, proposal));
    }
}

/// Does a folder pattern of `project.ignore` (`examples/**`, `legacy`) cover this folder?
pub(super) fn matches(pattern: &str, folder: &RelPath) -> bool {
    let prefix = pattern.trim_end_matches("/**").trim_end_matches('/');
    RelPath::new(prefix).is_ok_and(|prefix| !prefix.is_root() && folder.is_within(&prefix))
}
