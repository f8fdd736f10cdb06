//! Programs for the browser: their tools compile them to WebAssembly and need more than cargo.

use crate::diag::{Code, Diagnostic};
use crate::repo::dir::Dir;

/// Files by which a tool knows its projects, the words that must stand in one, and the tool.
const ROWS: &[(&str, &str, &str)] = &[
    // https://trunkrs.dev/configuration/
    ("Trunk.toml", "", "trunk build --release"),
    ("index.html", "data-trunk", "trunk build --release"),
    // https://dioxuslabs.com/learn/0.6/CLI/configure/
    ("Dioxus.toml", "", "dx bundle --platform web"),
];

/// What to say of a program that only a browser runs.
pub(super) fn tool(dir: &Dir<'_>) -> Option<Diagnostic> {
    let (file, _, command) = ROWS.iter().find(|(file, words, _)| {
        dir.has(file) && (words.is_empty() || dir.doc(file).is_some_and(|doc| doc.text.contains(words)))
    })?;
    let message =
        "this program is compiled for the browser: cargo alone makes nothing that runs in a container";
    Some(Diagnostic::note(Code::NotBuilt, message).at(dir.evidence(file, "a browser's program").at).help(
        format!(
            "`{command}` makes files for a web server; the service that serves them is what to containerise"
        ),
    ))
}
