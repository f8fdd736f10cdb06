//! pip with requirements files. <https://pip.pypa.io/en/stable/user_guide/#requirements-files>

use crate::plan::run::{Run, quote};

use super::super::requirements_txt::RequirementsFile;
use super::{Installation, PIP_CACHE, Wanted};

/// Every file that pip opens is there while it runs, and in no layer.
pub(super) fn installation(wanted: &Wanted<'_>) -> Installation {
    let Some((file, list)) = &wanted.project.list else { return nothing_but_added(wanted) };
    let needs_sources = !list.local.is_empty();
    let install = format!("{} -r {}", wanted.install(), quote(file));
    let run = Run::new(wanted.pip.venv());
    let run = if list.hashed.is_some() && !wanted.adds.is_empty() {
        // A file with hashes cannot share its command with packages that have none.
        run.then(install).then(format!("{}{}", wanted.install(), wanted.added()))
    } else {
        run.then(format!("{install}{}", wanted.added()))
    };
    Installation {
        from: file.clone(),
        needs_sources,
        deps: Some(wanted.with_index(mounted(run, list))),
        dev: dev(wanted),
        ..Installation::default()
    }
}

fn dev(wanted: &Wanted<'_>) -> Option<Run> {
    let added = wanted.dev_added();
    match &wanted.project.dev_list {
        Some((file, list)) => {
            let run = Run::new(format!("{} -r {}{added}", wanted.install(), quote(file)));
            Some(wanted.with_index(mounted(run, list)))
        }
        None if added.is_empty() => None,
        None => Some(Run::new(format!("{}{added}", wanted.install())).cache(PIP_CACHE)),
    }
}

/// What the file of conda names.
pub(super) fn of_conda(wanted: &Wanted<'_>) -> Installation {
    let Some(environment) = &wanted.project.environment else { return nothing_but_added(wanted) };
    let words = environment.words.iter().fold(String::new(), |words, one| format!("{words} {}", quote(one)));
    let (pip, added) = (wanted.install(), wanted.added());
    let run = Run::new(wanted.pip.venv());
    let is_empty = words.is_empty() && added.is_empty();
    let run = if is_empty { run } else { run.then(format!("{pip}{words}{added}")).cache(PIP_CACHE) };
    Installation { from: "environment.yml".to_owned(), deps: Some(run), ..nothing_but_added(wanted) }
}

/// A project without requirements needs no more than what was added.
pub(super) fn nothing_but_added(wanted: &Wanted<'_>) -> Installation {
    let run = Run::new(wanted.pip.venv());
    let run = if wanted.adds.is_empty() {
        run
    } else {
        run.then(format!("{}{}", wanted.install(), wanted.added())).cache(PIP_CACHE)
    };
    let dev = wanted.dev_added();
    let dev = (!dev.is_empty()).then(|| Run::new(format!("{}{dev}", wanted.install())).cache(PIP_CACHE));
    Installation {
        from: if wanted.adds.is_empty() { "nothing but Python" } else { "what the program imports" }
            .to_owned(),
        deps: Some(run),
        dev,
        ..Installation::default()
    }
}

/// With the files of the list, unless the sources it asks for are there anyway.
fn mounted(run: Run, list: &RequirementsFile) -> Run {
    let files = if list.local.is_empty() { &list.files[..] } else { &[] };
    files.iter().fold(run, |run, file| run.bind(file)).cache(PIP_CACHE)
}
