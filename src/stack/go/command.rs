//! What a program has to be told to serve: a subcommand, a flag that opens it to others.

use crate::fact::Fact;
use crate::repo::dir::Doc;
use crate::stack::common::listen::Listening;
use crate::stack::go::modules::GoMod;

/// Subcommands that usually start a server.
const SERVES: &[&str] = &["serve", "server", "start", "web", "http", "api", "run"];

/// Of those, the words that a program without a library for commands compares its first argument with.
const COMPARED: &[&str] = &["serve", "server"];

/// Libraries with which programs print their help unless told what to do.
const LIBRARIES: &[&str] = &["github.com/spf13/cobra", "github.com/urfave/cli"];

/// Serves on loopback unless told otherwise (<https://pocketbase.io/docs/going-to-production/>).
const POCKETBASE: &str = "github.com/pocketbase/pocketbase";
const POCKETBASE_PORT: u16 = 8090;

/// The port of a library that is the whole program.
pub(super) fn port(go_mod: &GoMod) -> Option<Fact<u16>> {
    go_mod.requires(POCKETBASE).map(|required| required.derive(POCKETBASE_PORT))
}

/// The subcommand that serves.
pub(super) fn subcommand(go_mod: &GoMod, sources: &[Doc<'_>], listening: &Listening) -> Option<Fact<String>> {
    if let Some(required) = go_mod.requires(POCKETBASE) {
        return Some(required.derive("serve".to_owned()));
    }
    if listening.port.is_none() && listening.variable.is_none() && super::listen::serves(sources).is_none() {
        return None;
    }
    if has_library(go_mod) { declared(sources) } else { compared(sources) }
}

/// The flag that moves a server from loopback to all addresses. One of a subcommand does not stand alone.
pub(super) fn argument(
    go_mod: &GoMod,
    subcommand: Option<&Fact<String>>,
    listening: &Listening,
) -> Option<Fact<String>> {
    if let Some(port) = port(go_mod).filter(|port| listening.port.as_ref() == Some(port)) {
        return Some(port.derive(format!("--http=0.0.0.0:{}", port.value)));
    }
    let argument = listening.argument.as_ref().filter(|_| listening.address.is_none())?;
    let file = argument.because.at.as_ref().map_or("", |place| place.file.name());
    let is_of_root = file == "main.go" || file == "root.go";
    (subcommand.is_some() || is_of_root || !has_library(go_mod)).then(|| argument.clone())
}

/// The flag that moves the data of a program from beside its file, where only root may write, to the folder it is
/// started in (<https://pocketbase.io/docs/going-to-production/>).
pub(super) fn data(go_mod: &GoMod) -> Option<Fact<String>> {
    go_mod.requires(POCKETBASE).map(|required| required.derive("--dir=pb_data".to_owned()))
}

fn has_library(go_mod: &GoMod) -> bool {
    LIBRARIES.iter().any(|module| go_mod.requires(module).is_some())
}

/// A command of cobra or urfave/cli.
fn declared(sources: &[Doc<'_>]) -> Option<Fact<String>> {
    SERVES.iter().find_map(|word| {
        sources.iter().find_map(|doc| {
            doc.find(|line| {
                let line = line.trim();
                let named = line.strip_prefix("Use:").or(line.strip_prefix("Name:"))?;
                let named = named.trim().trim_start_matches('"');
                (named.split(['"', ' ']).next() == Some(*word)).then(|| (*word).to_owned())
            })
        })
    })
}

/// A word that a file with the program's arguments compares them with.
fn compared(sources: &[Doc<'_>]) -> Option<Fact<String>> {
    let mut readers =
        sources.iter().filter(|doc| ["os.Args", "flag.Arg"].iter().any(|word| doc.text.contains(word)));
    readers.find_map(|doc| {
        doc.find(|line| {
            let word = line.trim().strip_prefix("case \"")?.split('"').next()?;
            COMPARED.contains(&word).then(|| word.to_owned())
        })
    })
}
