//! Requirements files as pip reads them: continuation lines, nested files, options.
//!
//! What pip would open while installing has to be there when it runs, so every file that is
//! followed is remembered. <https://pip.pypa.io/en/stable/reference/requirements-file-format/>

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact, Place};
use crate::repo::dir::Doc;
use crate::stack::Survey;

use super::index::{host, is_public};
use super::requirement::{Requirement, Requirements, normalize};

/// What a requirements file and those it names say.
#[derive(Debug, Clone, Default)]
pub(super) struct RequirementsFile {
    /// Every file that pip opens, from the project's folder, in the order in which they are met.
    pub files: Vec<String>,
    /// The packages.
    pub requirements: Requirements,
    /// Constraints are no requirements, but they name versions.
    pub constraints: Requirements,
    /// Local projects (`-e .`, `./libs/x`), from the project's folder.
    pub local: Vec<Fact<String>>,
    /// The first package that comes from a git repository.
    pub git: Option<Fact<String>>,
    /// The first index that is not the public one.
    pub index: Option<Fact<String>>,
    /// Are there hashes?
    pub hashed: Option<Evidence>,
}

impl RequirementsFile {
    /// Reads a requirements file of the project's folder and all that it names.
    pub fn read(s: &Survey<'_>, file: &str) -> Option<Self> {
        let mut read = Self::default();
        let mut open = Vec::new();
        s.doc(file)?;
        read.follow(s, file, Kind::Requirements, &mut open);
        Some(read)
    }

    fn follow(&mut self, s: &Survey<'_>, file: &str, kind: Kind, open: &mut Vec<String>) {
        let Some(doc) = s.doc(file) else { return };
        if !self.files.iter().any(|known| known == file) {
            self.files.push(file.to_owned());
        }
        open.push(file.to_owned());
        let mut seen = BTreeSet::new();
        for (line, words) in logical_lines(doc) {
            if seen.insert(words.clone()) {
                self.take(s, doc, line, &words, kind, open);
            }
        }
        open.pop();
    }

    fn take(
        &mut self,
        s: &Survey<'_>,
        doc: Doc<'_>,
        line: u32,
        words: &str,
        kind: Kind,
        open: &mut Vec<String>,
    ) {
        let cite = || doc.cite(line, words);
        if let Some(nested) = option(words, "-r", "--requirement") {
            self.nested(s, doc, line, nested, kind, open);
        } else if let Some(nested) = option(words, "-c", "--constraint") {
            self.nested(s, doc, line, nested, Kind::Constraints, open);
        } else if let Some(local) = option(words, "-e", "--editable") {
            self.source(s, doc, local, cite());
        } else if let Some(url) = option(words, "--extra-index-url", "--extra-index-url")
            .or_else(|| option(words, "-i", "--index-url"))
        {
            // The address may hold a password: it is not repeated.
            if self.index.is_none() && !is_public(url) {
                self.index = Some(Fact::new(host(url), doc.cite(line, "an index of its own")));
            }
        } else if words.starts_with('-') {
            // --no-binary, --pre, --find-links and the like are for pip alone.
        } else if words.contains("://") && !words.contains(" @ ")
            || words.starts_with('.')
            || words.starts_with('/')
        {
            self.source(s, doc, words, cite());
        } else {
            self.package(words, cite(), kind);
        }
    }

    fn package(&mut self, words: &str, because: Evidence, kind: Kind) {
        if words.contains("--hash=") {
            self.hashed.get_or_insert_with(|| because.clone());
        }
        let plain = words.split(" --").next().unwrap_or_default();
        let Some(found) = Requirement::read(plain, because) else { return };
        if found.url.as_ref().is_some_and(|url| url.starts_with("git+")) {
            self.git.get_or_insert_with(|| Fact::new(found.name.clone(), found.because.clone()));
        }
        match kind {
            Kind::Requirements => self.requirements.add(found),
            Kind::Constraints => self.constraints.add(found),
        }
    }

    /// A package that is not fetched from an index: a folder of the project, or an address.
    fn source(&mut self, s: &Survey<'_>, doc: Doc<'_>, words: &str, because: Evidence) {
        let plain = words.split([';', ' ']).next().unwrap_or_default();
        if plain.starts_with("git+") {
            let named = plain.split_once("#egg=").map(|(_, name)| name.split('&').next().unwrap_or_default());
            let path = plain.split(['#', '?']).next().unwrap_or_default();
            let last = path.rsplit('/').next().unwrap_or_default();
            let name =
                named.unwrap_or_else(|| last.split('@').next().unwrap_or_default().trim_end_matches(".git"));
            self.git.get_or_insert_with(|| Fact::new(normalize(name), because.clone()));
            self.requirements.extend(Requirement::read(name, because));
        } else if !plain.contains("://") {
            let folder = plain.split('[').next().unwrap_or_default();
            let home = doc.path.parent().unwrap_or_default();
            // pip takes paths from where it runs, which is the project's folder.
            let here = s.dir.resolve(folder).or_else(|| home.join(folder));
            if let Some(below) = here.and_then(|path| path.relative_to(s.dir.path())) {
                self.local.push(Fact::new(below.to_string(), because));
            }
        }
    }

    fn nested(
        &mut self,
        s: &Survey<'_>,
        doc: Doc<'_>,
        line: u32,
        name: &str,
        kind: Kind,
        open: &mut Vec<String>,
    ) {
        let place = Place { file: doc.path.clone(), line: Some(line) };
        let home = doc.path.parent().unwrap_or_default();
        let path = home.join(name).and_then(|path| path.relative_to(s.dir.path()));
        let Some(path) = path.map(|path| path.to_string()).filter(|path| s.dir.has(path)) else {
            if !name.contains("://") {
                let message = format!("`{name}` is not in the project's folder");
                s.note(Diagnostic::warning(Code::MalformedManifest, message).at(place));
            }
            return;
        };
        if open.contains(&path) {
            let message = format!("`{path}` names itself by way of `{}`", doc.path);
            let help = "take the line out: pip does not end on such a cycle";
            s.note(Diagnostic::warning(Code::MalformedManifest, message).at(place).help(help));
            return;
        }
        if open.len() < DEEPEST {
            self.follow(s, &path, kind, open);
        }
    }
}

/// Files within files before they are followed no more.
const DEEPEST: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Requirements,
    Constraints,
}

/// Lines without comments, with continued ones joined, and the number each begins on.
fn logical_lines(doc: Doc<'_>) -> Vec<(u32, String)> {
    let mut all = Vec::new();
    let mut joined: Option<(u32, String)> = None;
    for (number, line) in doc.lines() {
        let (start, before) = joined.take().unwrap_or((number, String::new()));
        let line = without_comment(line).trim();
        match line.strip_suffix('\\') {
            Some(part) => joined = Some((start, before + part)),
            None => all.push((start, (before + line).trim().to_owned())),
        }
    }
    all.extend(joined.map(|(start, line)| (start, line.trim().to_owned())));
    all.retain(|(_, line)| !line.is_empty());
    all
}

/// A `#` begins a comment at the start of a line or after a blank.
fn without_comment(line: &str) -> &str {
    let bytes = line.as_bytes();
    let begins = |at: &usize| bytes[*at] == b'#' && (*at == 0 || bytes[at - 1].is_ascii_whitespace());
    (0..bytes.len()).find(begins).map_or(line, |at| &line[..at])
}

/// The value of an option: `-r x`, `-rx`, `--requirement x`, `--requirement=x`.
fn option<'w>(words: &'w str, short: &str, long: &str) -> Option<&'w str> {
    let rest = if let Some(rest) = words.strip_prefix(long) {
        rest.strip_prefix('=').or_else(|| rest.starts_with(char::is_whitespace).then_some(rest))?
    } else {
        words.strip_prefix(short).filter(|_| !words.starts_with("--"))?
    };
    Some(rest.trim().trim_matches(['"', '\''])).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::plan::catalog::Catalog;
    use crate::repo::inventory::Inventory;
    use crate::repo::path::RelPath;

    fn read(files: &[(&str, &str)]) -> (RequirementsFile, usize) {
        let inventory = Inventory::from_files(files.iter().copied());
        let catalog = Catalog::builtin();
        let survey = Survey::new(inventory.dir(RelPath::root()), catalog, &Settings::default());
        let read = RequirementsFile::read(&survey, "requirements.txt").unwrap();
        let notes = survey.take_notes().len();
        (read, notes)
    }

    #[test]
    fn files_within_files_are_followed() {
        let (read, notes) = read(&[
            ("requirements.txt", "-r requirements/base.txt\n-c constraints.txt\ngunicorn # server\n"),
            (
                "requirements/base.txt",
                "Flask==3.1.0 \\\n  --hash=sha256:aa\n-r ../requirements.txt\n-r gone.txt\n",
            ),
            ("constraints.txt", "werkzeug==3.0.1"),
        ]);
        assert_eq!(read.files, ["requirements.txt", "requirements/base.txt", "constraints.txt"]);
        let names: Vec<&str> = read.requirements.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["flask", "gunicorn"]);
        assert!(read.hashed.is_some() && read.constraints.has("werkzeug"));
        assert_eq!(notes, 2, "the cycle and the missing file");
    }

    #[test]
    fn sources_beside_the_index_are_seen() {
        let (read, _) = read(&[(
            "requirements.txt",
            "-e .\n./libs/core[fast]\ngit+https://example.org/a/tool.git@v1#egg=tool\n\
             --extra-index-url https://me:secret@pkgs.example.org/simple\n--index-url=https://pypi.org/simple\n",
        )]);
        let local: Vec<&str> = read.local.iter().map(|one| one.value.as_str()).collect();
        assert_eq!(local, [".", "libs/core"]);
        assert_eq!(read.git.unwrap().value, "tool");
        let index = read.index.unwrap();
        assert_eq!(index.value, "pkgs.example.org");
        assert!(!index.because.says.contains("secret"));
    }
}
