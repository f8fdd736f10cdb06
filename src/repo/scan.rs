//! The one walk over a repository, and the only code that reads it.
//!
//! Folders nobody plans from (`.git`, `node_modules`, `target` …) and what `.gitignore` hides
//! are not entered, so that a laptop full of build output gives the same plan as a fresh
//! checkout. Nothing is followed out of the repository. Everything is read here or never.

#![expect(clippy::disallowed_methods, reason = "this is the one place that reads a repository")]

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::diag::{Code, Diagnostic};
use crate::repo::format;
use crate::repo::inventory::{Entry, Inventory, Reads, SourceRead, Unreadable};
use crate::repo::path::RelPath;
use crate::threads;

/// Never entered: version control, installed dependencies, build output, caches.
const PRUNED: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".jj",
    "node_modules",
    "bower_components",
    ".venv",
    "venv",
    "__pycache__",
    ".tox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".gradle",
    ".idea",
    ".vscode",
    ".next",
    ".nuxt",
    ".svelte-kit",
    ".turbo",
    ".parcel-cache",
    ".terraform",
    ".direnv",
    ".eggs",
];

/// `target` is build output beside one of these, and a folder like any other elsewhere.
const TARGET_OWNERS: &[&str] = &["Cargo.toml", "pom.xml"];

/// Files seen at most; a tree with more is not one project.
const MOST_FILES: usize = 2_000_000;
/// Folders deeper than this are not entered: no manifest stands there, and links may loop.
const DEEPEST: usize = 40;
/// Sources longer than this are generated or bundled.
const LONGEST_SOURCE: u64 = 512 * 1024;
/// Source files read in all.
const MOST_SOURCES: usize = 2_500;

/// Why a repository could not be scanned.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The path is not there, or may not be read.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// As given.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// A file was given where a folder is meant.
    #[error("`{0}` is a file; dockgen wants the folder of a project")]
    NotAFolder(PathBuf),
    /// More files than any project has.
    #[error("`{0}` holds more than {MOST_FILES} files; give the folder of one project")]
    TooMany(PathBuf),
}

impl Inventory {
    /// Walks `root` once and reads what `reads` names.
    pub fn scan(root: &Path, reads: &Reads) -> Result<Self, ScanError> {
        let unreadable = |source| ScanError::Unreadable { path: root.to_owned(), source };
        if !fs::metadata(root).map_err(unreadable)?.is_dir() {
            return Err(ScanError::NotAFolder(root.to_owned()));
        }
        fs::read_dir(root).map_err(unreadable)?;
        let Walked { entries, notes, overflow } = walk(root, reads);
        if overflow {
            return Err(ScanError::TooMany(root.to_owned()));
        }
        let mut inventory = Self::new(entries, notes);
        let wanted = sources(&inventory, &reads.sources);
        let texts = threads::for_each(&wanted, 32, |source| {
            read(&root.join(inventory.path(source.at).as_str()), LONGEST_SOURCE)
        });
        for (source, text) in wanted.into_iter().zip(texts) {
            inventory.set(source.at, text);
        }
        Ok(inventory)
    }
}

#[derive(Default)]
struct Walked {
    entries: Vec<(RelPath, Entry)>,
    notes: Vec<Diagnostic>,
    overflow: bool,
}

/// The files whose names say that they are read, for a quick look at a hundred thousand names.
struct Wanted<'r> {
    names: HashSet<&'r str>,
    /// Beginnings of names: those with a `*` behind them.
    beginnings: Vec<&'r str>,
    endings: &'r [&'static str],
}

impl Wanted<'_> {
    fn has(&self, name: &str) -> bool {
        // One byte tells most names apart, and comparing it is no call.
        let (first, last) = (name.as_bytes().first(), name.as_bytes().last());
        let ends = |ending: &&str| ending.as_bytes().last() == last && name.ends_with(*ending);
        let begins = |beginning: &&str| beginning.as_bytes().first() == first && name.starts_with(*beginning);
        self.names.contains(name) || self.endings.iter().any(ends) || self.beginnings.iter().any(begins)
    }
}

fn walk(root: &Path, reads: &Reads) -> Walked {
    let wanted = Wanted {
        names: reads.names.iter().copied().collect(),
        beginnings: reads.names.iter().filter_map(|name| name.strip_suffix('*')).collect(),
        endings: &reads.endings,
    };
    let wanted = &wanted;
    let mut walker = WalkBuilder::new(root);
    walker
        .require_git(false)
        .hidden(false)
        .git_global(false)
        .git_exclude(false)
        .ignore(false)
        .parents(false)
        .follow_links(false)
        .max_depth(Some(DEEPEST))
        .filter_entry(worth_entering);
    let gathered = Mutex::new(Walked::default());
    if !walk_alone(&walker, Local::new(&gathered), |local, found| local.see(root, wanted, found)) {
        walker.build_parallel().run(|| {
            let mut local = Local::new(&gathered);
            Box::new(move |found| local.see(root, wanted, found))
        });
    }
    let mut all = gathered.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    all.notes.sort();
    all
}

/// Walks without threads, because starting them takes longer than reading a small repository; false where it
/// turned out to be a large one, and nothing is handed over.
fn walk_alone<'g>(
    walker: &WalkBuilder,
    mut local: Local<'g>,
    mut see: impl FnMut(&mut Local<'g>, Result<DirEntry, ignore::Error>) -> WalkState,
) -> bool {
    const WORTH_THREADS: usize = 500;
    for found in walker.build() {
        see(&mut local, found);
        if local.batch.entries.len() > WORTH_THREADS {
            local.batch = Walked::default();
            return false;
        }
    }
    true
}

fn worth_entering(entry: &DirEntry) -> bool {
    let Some(kind) = entry.file_type() else { return true };
    if !kind.is_dir() || entry.depth() == 0 {
        return true;
    }
    let Some(name) = entry.file_name().to_str() else { return true };
    if name == "target" {
        let parent = entry.path().parent().unwrap_or(entry.path());
        return !TARGET_OWNERS.iter().any(|owner| parent.join(owner).is_file());
    }
    !PRUNED.contains(&name)
}

/// What one walking thread has seen; handed over when the thread ends.
struct Local<'g> {
    gathered: &'g Mutex<Walked>,
    batch: Walked,
}

impl<'g> Local<'g> {
    fn new(gathered: &'g Mutex<Walked>) -> Self {
        Self { gathered, batch: Walked::default() }
    }

    fn see(&mut self, root: &Path, wanted: &Wanted<'_>, found: Result<DirEntry, ignore::Error>) -> WalkState {
        match found {
            Ok(entry) => self.see_entry(root, wanted, &entry),
            Err(error) => {
                // The path in the message is absolute; what is printed must not depend on the machine.
                let said = error.to_string().replace(&format!("{}/", root.display()), "");
                self.batch.notes.push(Diagnostic::warning(Code::Unreadable, format!("skipped: {said}")));
            }
        }
        if self.batch.entries.len() > MOST_FILES {
            self.batch.overflow = true;
            return WalkState::Quit;
        }
        WalkState::Continue
    }

    fn see_entry(&mut self, root: &Path, wanted: &Wanted<'_>, entry: &DirEntry) {
        let Some(kind) = entry.file_type() else { return };
        if kind.is_dir() {
            return;
        }
        let Some(path) = below(root, entry.path()) else {
            let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
            let shown = below.to_string_lossy().escape_debug().to_string();
            let message = format!("`{shown}` is left out: its name is not plain UTF-8 text");
            self.batch.notes.push(Diagnostic::note(Code::OddName, message));
            return;
        };
        if kind.is_symlink() {
            self.see_link(root, &path, entry.path(), wanted);
        } else if kind.is_file() {
            let seen = read_if_wanted(&path, entry.path(), wanted);
            self.batch.entries.push((path, seen));
        }
    }

    /// A link inside the repository is the file it points to; folders and what lies outside are noted.
    fn see_link(&mut self, root: &Path, path: &RelPath, on_disk: &Path, wanted: &Wanted<'_>) {
        let inside = fs::canonicalize(root).ok().zip(fs::canonicalize(on_disk).ok());
        let note = match inside {
            None => "its target does not exist or it goes in circles",
            Some((root, target)) if !target.starts_with(&root) => "it leaves the repository",
            Some((_, target)) if target.is_file() => {
                let seen = read_if_wanted(path, on_disk, wanted);
                self.batch.entries.push((path.clone(), seen));
                return;
            }
            Some(_) => return,
        };
        let message = format!("the link `{path}` is not followed: {note}");
        self.batch.notes.push(Diagnostic::note(Code::LinkSkipped, message));
    }
}

impl Drop for Local<'_> {
    fn drop(&mut self) {
        self.batch.entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut all = self.gathered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.entries.append(&mut self.batch.entries);
        all.notes.append(&mut self.batch.notes);
        all.overflow |= self.batch.overflow;
    }
}

/// The path of a file from the root. Texts are compared where they are texts: paths compare part by part.
fn below(root: &Path, on_disk: &Path) -> Option<RelPath> {
    let text = match (root.to_str(), on_disk.to_str()) {
        (Some(root), Some(on_disk)) => on_disk.strip_prefix(root)?.trim_start_matches('/'),
        _ => on_disk.strip_prefix(root).ok()?.to_str()?,
    };
    RelPath::new(text).ok()
}

fn read_if_wanted(path: &RelPath, on_disk: &Path, wanted: &Wanted<'_>) -> Entry {
    let name = path.name();
    if wanted.has(name) {
        return read(on_disk, size_limit(name));
    }
    Entry::Seen
}

/// Lock files are written by programs and may be long; what a person writes is not.
fn size_limit(name: &str) -> u64 {
    let is_lock = name.contains("lock") || name.ends_with(".sum") || name == "npm-shrinkwrap.json";
    if is_lock { format::LOCK_FILE_LIMIT } else { format::MANIFEST_LIMIT }
}

fn read(on_disk: &Path, limit: u64) -> Entry {
    let refused = |error: std::io::Error| Entry::Unreadable(Unreadable::Refused(error.to_string()));
    let file = match fs::File::open(on_disk) {
        Ok(file) => file,
        Err(error) => return refused(error),
    };
    let size = match file.metadata() {
        // A pipe or device named like a manifest would block or never end.
        Ok(meta) if !meta.is_file() => return Entry::Seen,
        Ok(meta) => meta.len(),
        Err(error) => return refused(error),
    };
    if size > limit {
        return Entry::Unreadable(Unreadable::TooLarge { size, limit });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    // Its size says where it ends; asking the system once more would be one call of each four.
    if let Err(error) = file.take(size).read_to_end(&mut bytes) {
        return refused(error);
    }
    match format::decode(&bytes) {
        Ok(text) => Entry::Read(Arc::from(text)),
        Err(_) => Entry::Unreadable(Unreadable::NotText),
    }
}

/// A file in the inventory that may be worth reading, and how deep it lies. Paths are looked at once, by the threads:
/// most of the time goes into waiting for their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Source {
    at: usize,
    depth: usize,
}

/// The source files worth reading: below folders that hold a manifest, nearest first.
fn sources(inventory: &Inventory, rules: &[SourceRead]) -> Vec<Source> {
    let near: HashSet<&str> = rules.iter().flat_map(|rule| rule.near).copied().collect();
    let mut homes: BTreeMap<RelPath, Vec<&str>> = BTreeMap::new();
    // Manifests are read by their names, so what is only seen is none.
    for (path, _) in inventory.files().filter(|(_, entry)| **entry != Entry::Seen) {
        if near.contains(path.name()) {
            homes.entry(path.parent().unwrap_or_default()).or_default().push(path.name());
        }
    }
    let homes: Vec<(RelPath, Vec<&str>)> = homes.into_iter().collect();
    let found = threads::for_each(&homes, 20, |(home, manifests)| {
        let applies = |rule: &&SourceRead| rule.near.iter().any(|name| manifests.contains(name));
        nearest(inventory, home, &rules.iter().filter(applies).collect::<Vec<_>>())
    });
    let mut wanted = found.concat();
    wanted.sort_unstable();
    wanted.dedup();
    // Files near the root come first when there are too many.
    keep_nearest(&mut wanted, MOST_SOURCES);
    wanted
}

/// What the rules take from below one folder: as many of each ending as its rule says.
fn nearest(inventory: &Inventory, home: &RelPath, rules: &[&SourceRead]) -> Vec<Source> {
    let mut found = vec![Vec::new(); rules.len()];
    let below = inventory.range(home).zip(inventory.below(home));
    for (at, (path, _)) in below.filter(|(_, (_, entry))| *entry == Entry::Seen) {
        let Some(dot) = memchr::memrchr(b'.', path.as_str().as_bytes()) else { continue };
        let ending = &path.as_str()[dot..];
        for (rule, found) in rules.iter().zip(&mut found) {
            if rule.ending == ending {
                found.push(Source { at, depth: path.depth() });
            }
        }
    }
    for (rule, found) in rules.iter().zip(&mut found) {
        keep_nearest(found, rule.most);
    }
    found.concat()
}

/// Drops the deepest where there are more than `most`; of those of one depth the first stay.
fn keep_nearest(files: &mut Vec<Source>, most: usize) {
    if files.len() > most {
        files.sort_unstable_by_key(|file| (file.depth, file.at));
        files.truncate(most);
    }
}
