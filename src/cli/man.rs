//! `dockgen man`: manual pages, from the same definitions as the help.

use std::path::Path;

use crate::cli::term::Term;
use crate::cli::{Exit, Failure, args};
use crate::out::{self, Consent, OutFile};
use crate::repo::RelPath;

/// The page of the program on stdout, or every page as a file of a folder.
pub(super) fn run(folder: Option<&Path>, term: &Term) -> Result<Exit, Failure> {
    let mut command = args::command();
    command.build();
    let bad = |why: std::io::Error| Failure::new(Exit::Misuse, format!("cannot make a manual page: {why}"));
    let Some(folder) = folder else {
        term.data(&page(command).map_err(bad)?)?;
        return Ok(Exit::Done);
    };
    let mut files = Vec::new();
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        let name = format!("dockgen-{}", below.get_name());
        let text = page(below.clone()).map_err(bad)?;
        files.push(file(&name, text));
    }
    files.push(file("dockgen", page(command).map_err(bad)?));
    std::fs::create_dir_all(folder).map_err(bad)?;
    let step = files.iter().map(|file| (file, Consent::AnyFile));
    out::write(folder, step).map_err(|bad| Failure::new(Exit::Misuse, bad.to_string()))?;
    term.done("created", &format!("{} pages in {}", files.len(), folder.display()));
    Ok(Exit::Done)
}

fn file(name: &str, text: String) -> OutFile {
    OutFile { path: RelPath::new(&format!("{name}.1")).unwrap_or_default(), text }
}

fn page(command: clap::Command) -> std::io::Result<String> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
