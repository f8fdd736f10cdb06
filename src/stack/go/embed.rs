//! What a program takes in when it is compiled (`//go:embed`), and what of that the repository does not hold.
//!
//! <https://pkg.go.dev/embed>

use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact};
use crate::repo::dir::Doc;
use crate::repo::path::RelPath;
use crate::stack::Survey;

/// One pattern of a `//go:embed` line.
pub(super) struct Embed {
    /// As written.
    pub pattern: String,
    /// The file or folder it names, up to the first wildcard.
    path: RelPath,
    has_wildcard: bool,
    because: Evidence,
}

/// Everything that the sources embed.
pub(super) fn all(sources: &[Doc<'_>]) -> Vec<Embed> {
    let mut found = Vec::new();
    for doc in sources {
        let folder = doc.path.parent().unwrap_or_default();
        for (number, line) in doc.lines() {
            let Some(patterns) = line.trim_start().strip_prefix("//go:embed ") else { continue };
            for word in patterns.split_whitespace().map(|word| word.trim_matches(['"', '`'])) {
                let clean = word.trim_start_matches("all:");
                let fixed = clean.split(['*', '?', '[']).next().unwrap_or_default();
                let has_wildcard = fixed.len() < clean.len();
                // `dist/a*` names the folder `dist`.
                let end = if has_wildcard { fixed.rfind('/').unwrap_or_default() } else { fixed.len() };
                let Some(path) = folder.join(&fixed[..end]) else { continue };
                let because = doc.cite(number, line);
                found.push(Embed { pattern: word.to_owned(), path, has_wildcard, because });
            }
        }
    }
    found
}

impl Embed {
    /// The place in the repository, with the line that names it.
    pub fn place(&self) -> Fact<RelPath> {
        Fact::new(self.path.clone(), self.because.clone())
    }
}

/// Says which embedded files are neither in the repository nor built by the front end: something has to
/// make them before Go compiles.
pub(super) fn check(s: &Survey<'_>, embeds: &[Embed], built: Option<&RelPath>) {
    let inventory = s.dir.inventory();
    for embed in embeds {
        let is_there = inventory.has(&embed.path) || inventory.has_dir(&embed.path);
        let is_made = built.is_some_and(|built| embed.path.is_within(built));
        if is_there || is_made || (embed.has_wildcard && embed.path.is_root()) {
            continue;
        }
        let message =
            format!("`{}` is embedded but not in the repository: the build fails without it", embed.path);
        s.note(
            Diagnostic::warning(Code::IgnoredSource, message)
                .at(embed.because.at.clone())
                .help("build it first and commit it, or add the step that makes it to the build stage"),
        );
    }
}
