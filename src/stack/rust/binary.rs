//! Which of a package's programs is the service.

use crate::fact::{Evidence, Fact};
use crate::plan::question::{Answer, Question};
use crate::repo::dir::Doc;
use crate::stack::Survey;
use crate::stack::rust::manifest::{Binary, Manifest};
use crate::stack::rust::web;

/// Programs that help developers. They are no service even where nothing else is.
const HELPERS: &[&str] = &["xtask", "xtasks"];

/// Names that are usually the server among several programs.
const SERVERS: &[&str] = &["server", "api", "app", "web", "main", "http", "service", "backend", "serve"];

/// Chooses among the programs of a package; asks where nothing decides. None: a library.
pub(super) fn choose(
    s: &Survey<'_>,
    package: &Manifest<'_>,
    sources: &[Doc<'_>],
) -> Option<(Binary, Fact<String>)> {
    let name = package.name()?;
    if HELPERS.contains(&name.value.as_str()) {
        return None;
    }
    let all = package.binaries();
    if let Some(wish) = s.choice(&super::BIN).decide() {
        let known = all.into_iter().find(|binary| binary.name == wish.value)?;
        return Some((known, wish));
    }
    let run = package.text(&["package", "default-run"]);
    let mut ranked: Vec<(u32, Binary)> = all
        .into_iter()
        .map(|binary| (likeliness(&binary, &name.value, run.as_ref(), sources), binary))
        .collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.name.cmp(&b.1.name)));
    let (_, binary) = ranked.first().cloned()?;
    let is_decided = run.as_ref().is_some_and(|run| run.value == binary.name);
    if ranked.len() > 1 && !is_decided {
        let answer = |(_, binary): &(u32, Binary)| Answer::new(&binary.name, binary.because.to_string());
        let options = ranked.iter().map(answer).collect();
        let question =
            Question::choose("rust.bin", "Several programs are here. Which one is the service?", options);
        s.ask(question.or(&binary.name));
    }
    let because = run.filter(|_| is_decided).map_or_else(|| binary.because.clone(), |run| run.because);
    let fact = Fact::new(binary.name.clone(), because);
    Some((binary, fact))
}

/// The sources of one program: its own file first, then what is not another program.
pub(super) fn sources<'a>(binary: &Binary, package: &Manifest<'_>, all: &[Doc<'a>]) -> Vec<Doc<'a>> {
    let others: Vec<_> =
        package.binaries().into_iter().filter(|other| other.source != binary.source).collect();
    let (own, rest): (Vec<Doc<'a>>, Vec<Doc<'a>>) =
        all.iter().copied().partition(|doc| *doc.path == binary.source);
    let shared = rest.into_iter().filter(|doc| !others.iter().any(|other| other.source == *doc.path));
    own.into_iter().chain(shared).collect()
}

/// How likely a program is the service: chosen by the manifest, in `src/main.rs`, named like a server, listening.
fn likeliness(binary: &Binary, package: &str, run: Option<&Fact<String>>, sources: &[Doc<'_>]) -> u32 {
    let own = sources.iter().copied().filter(|doc| *doc.path == binary.source);
    let mut rank: u32 = 0;
    if run.is_some_and(|run| run.value == binary.name) {
        rank += 200;
    }
    if binary.source.as_str().ends_with("src/main.rs") {
        rank += 30;
    }
    if binary.name == package {
        rank += 10;
    }
    if web::listens(own) {
        rank += 40;
    }
    if SERVERS.contains(&binary.name.as_str())
        || ["-server", "_server", "-api", "_api"].iter().any(|ending| binary.name.ends_with(ending))
    {
        rank += 20;
    }
    if !binary.features.is_empty() {
        rank = rank.saturating_sub(15);
    }
    rank
}

/// Says what a library is, and what would make it runnable.
pub(super) fn is_library(package: &Manifest<'_>) -> Option<(Fact<String>, Evidence)> {
    let name = package.name()?;
    let because = name.because.clone();
    package.binaries().is_empty().then_some((name, because))
}
