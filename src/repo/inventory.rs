//! Everything one walk saw. Reading stops here: whoever plans asks the inventory.
//!
//! The walk itself is `scan.rs`; files that only exist in memory (project scaffolding,
//! tests) come through [`Inventory::from_files`], the same door for both.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use crate::diag::Diagnostic;
use crate::repo::dir::{Dir, Doc, Manifest};
use crate::repo::format::{Element, Tree};
use crate::repo::path::RelPath;
use crate::threads;

/// Everything one walk saw, in byte order of the paths.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    entries: Vec<(RelPath, Entry)>,
    /// What was odd on the way: unreadable folders, links that leave the repository.
    pub notes: Vec<Diagnostic>,
    /// Files that many projects of one build refer to are parsed once.
    xml: Parsed<Element>,
    toml: Parsed<Tree>,
}

/// Files that were parsed, or why they do not read.
type Parsed<T> = Arc<Mutex<BTreeMap<RelPath, Result<Arc<T>, Diagnostic>>>>;

/// One file of the repository. Folders are known by what lies in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// It is there; nobody asked for its text.
    Seen,
    /// Its text.
    Read(Arc<str>),
    /// Its text was wanted and could not be had.
    Unreadable(Unreadable),
}

/// Why a text could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The system refused.
    #[error("it cannot be opened: {0}")]
    Refused(String),
    /// Larger than dockgen reads.
    #[error("it is {size} bytes long, more than the {limit} dockgen reads of such a file")]
    TooLarge {
        /// The file's size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Not text in any encoding dockgen knows.
    #[error("it is not UTF-8 text")]
    NotText,
}

/// Which files are read while walking.
#[derive(Debug, Clone, Default)]
pub struct Reads {
    /// Names of manifests, configurations and lock files, or beginnings with a `*` behind them: read wherever
    /// they stand.
    pub names: Vec<&'static str>,
    /// Name endings (`.csproj`, `.config.ts`) read wherever they stand.
    pub endings: Vec<&'static str>,
    /// Sources read only near a manifest, because a repository may hold a hundred thousand.
    pub sources: Vec<SourceRead>,
}

/// Source files worth reading below a folder that holds one of `near`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceRead {
    /// The name from its last dot on, `.go`.
    pub ending: &'static str,
    /// The manifests whose folders count.
    pub near: &'static [&'static str],
    /// How many files at most below one such folder, nearest first.
    pub most: usize,
}

impl Inventory {
    /// An inventory of files in memory: paths relative to the root, and their texts.
    /// Paths that cannot be repository paths are left out and noted.
    pub fn from_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut notes = Vec::new();
        let mut entries = Vec::new();
        for (path, text) in files {
            match RelPath::new(path) {
                Ok(path) => {
                    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
                    entries.push((path, Entry::Read(Arc::from(text))));
                }
                Err(bad) => notes.push(Diagnostic::warning(crate::diag::Code::OddName, bad.to_string())),
            }
        }
        Self::new(entries, notes)
    }

    /// Sorts what a walk found.
    pub(crate) fn new(mut entries: Vec<(RelPath, Entry)>, notes: Vec<Diagnostic>) -> Self {
        threads::merge(&mut entries, |a, b| a.0.cmp(&b.0));
        entries.dedup_by(|a, b| a.0 == b.0);
        Self { entries, notes, xml: Arc::default(), toml: Arc::default() }
    }

    /// Puts a text at a path, as if the walk had read it there: what is about to be written.
    pub fn put(&mut self, path: RelPath, text: &str) {
        let entry = Entry::Read(Arc::from(text));
        match self.entries.binary_search_by(|(seen, _)| seen.cmp(&path)) {
            Ok(at) => self.entries[at].1 = entry,
            Err(at) => self.entries.insert(at, (path, entry)),
        }
    }

    /// Puts what was read in the place of a file that was only seen; `at` counts as [`Self::range`] does.
    pub(super) fn set(&mut self, at: usize, entry: Entry) {
        self.entries[at].1 = entry;
    }

    /// The path of a file that was seen; `at` counts as [`Self::range`] does.
    pub(super) fn path(&self, at: usize) -> &RelPath {
        &self.entries[at].0
    }

    /// All files, in byte order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&RelPath, &Entry)> {
        self.entries.iter().map(|(path, entry)| (path, entry))
    }

    /// What is known of one file.
    pub fn entry(&self, path: &RelPath) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|(seen, _)| seen.cmp(path)).ok()?;
        Some(&self.entries[at].1)
    }

    /// Is there a file at this path?
    pub fn has(&self, path: &RelPath) -> bool {
        self.entry(path).is_some()
    }

    /// Is there a folder at this path, with at least one file that a build may see?
    pub fn has_dir(&self, path: &RelPath) -> bool {
        path.is_root() || self.below(path).iter().any(|(file, _)| !is_environment(file))
    }

    /// A text that was read.
    pub fn doc(&self, path: &RelPath) -> Option<Doc<'_>> {
        let at = self.entries.binary_search_by(|(seen, _)| seen.cmp(path)).ok()?;
        match &self.entries[at] {
            (path, Entry::Read(text)) => Some(Doc { path, text }),
            _ => None,
        }
    }

    /// A text that was read, as XML. Every file is parsed once, however many projects ask.
    pub fn xml(&self, path: &RelPath) -> Option<Result<Arc<Element>, Diagnostic>> {
        let doc = self.doc(path)?;
        Some(once(&self.xml, path, || doc.xml().map(Arc::new)))
    }

    /// A text that was read, as TOML. Every file is parsed once, however many projects ask.
    pub fn toml(&self, path: &RelPath) -> Option<Result<Manifest<'_>, Diagnostic>> {
        let doc = self.doc(path)?;
        let tree = once(&self.toml, path, || doc.toml().map(|manifest| manifest.tree));
        Some(tree.map(|tree| Manifest { path: doc.path, tree }))
    }

    /// The files below a folder, in byte order.
    pub(crate) fn below(&self, folder: &RelPath) -> &[(RelPath, Entry)] {
        &self.entries[self.range(folder)]
    }

    /// Which of all files, in byte order, lie below a folder.
    pub(super) fn range(&self, folder: &RelPath) -> Range<usize> {
        if folder.is_root() {
            return 0..self.entries.len();
        }
        // All children of `a` start with `a/`, and `0` is the byte after `/`.
        let from = format!("{folder}/");
        let to = format!("{folder}0");
        let start = self.entries.partition_point(|(path, _)| path.as_str() < from.as_str());
        let end = self.entries.partition_point(|(path, _)| path.as_str() < to.as_str());
        start..end
    }

    /// The repository seen from one folder.
    pub fn dir(&self, at: RelPath) -> Dir<'_> {
        Dir::new(self, at)
    }

    /// How many files were seen.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Was nothing seen at all?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn once<T>(
    parsed: &Parsed<T>,
    path: &RelPath,
    parse: impl FnOnce() -> Result<Arc<T>, Diagnostic>,
) -> Result<Arc<T>, Diagnostic> {
    let mut known = parsed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    known.entry(path.clone()).or_insert_with(parse).clone()
}

/// Environment files hold secrets: they are never counted as content. Their examples are. A stack that reads one cites
/// names, never values.
pub(super) fn is_environment(path: &RelPath) -> bool {
    let name = path.name();
    let is_example =
        || [".example", ".sample", ".template", ".dist"].iter().any(|ending| name.ends_with(ending));
    name.strip_prefix(".env").is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) && !is_example()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_ranges() {
        let inventory =
            Inventory::from_files([("a-b/x", ""), ("a/b/c", ""), ("a/d", ""), ("a0", ""), ("b", "text")]);
        let a = RelPath::new("a").unwrap();
        let below: Vec<&str> = inventory.below(&a).iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(below, ["a/b/c", "a/d"]);
        assert!(inventory.has_dir(&a) && !inventory.has(&a));
        assert_eq!(&**inventory.doc(&RelPath::new("b").unwrap()).unwrap().text, "text");
    }

    #[test]
    fn an_odd_name_is_noted_not_planned() {
        let inventory = Inventory::from_files([("a\nFROM evil", ""), ("../x", "")]);
        assert!(inventory.is_empty());
        assert_eq!(inventory.notes.len(), 2);
    }
}
