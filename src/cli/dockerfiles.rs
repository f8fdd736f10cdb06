//! Finds and reads the Dockerfiles that a person names: files, folders, or standard input. The bytes are kept
//! as they are, because these files are edited in place.
#![expect(clippy::disallowed_methods, reason = "a file that a person names is read by its name")]

use std::path::{Path, PathBuf};

use crate::cli::{Exit, Failure, read_named};
use crate::dockerfile::{self, IgnoreFile};
use crate::lint::Context;
use crate::repo::inventory::Reads;
use crate::repo::{Inventory, RelPath};

/// Longer files are no Dockerfiles.
const LONGEST: u64 = 4 * 1024 * 1024;

/// A Dockerfile with what is known of its surroundings.
pub(super) struct Found {
    /// As a person would type it.
    pub shown: String,
    /// The folder it was found from and its path there; none for standard input.
    pub at: Option<(PathBuf, RelPath)>,
    /// Every byte.
    pub text: String,
    paths: Vec<String>,
    ignore: Option<IgnoreFile>,
}

impl Found {
    /// The build context, where it is known: the Dockerfile lies in the root of a folder that was named.
    pub fn with_context<T>(&self, ask: impl FnOnce(Option<Context<'_>>) -> T) -> T {
        if self.paths.is_empty() {
            return ask(None);
        }
        let paths: Vec<&str> = self.paths.iter().map(String::as_str).collect();
        ask(Some(Context { paths: &paths, ignore: self.ignore.as_ref() }))
    }
}

/// Every Dockerfile that is meant, in the order of the names.
pub(super) fn find(names: &[PathBuf]) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    for name in names {
        if name == Path::new("-") {
            let text = read_named(name)
                .map_err(|bad| Failure::new(Exit::Misuse, format!("cannot read standard input: {bad}")))?;
            found.push(Found { shown: "-".to_owned(), at: None, text, paths: Vec::new(), ignore: None });
        } else if name.is_dir() {
            found.extend(below(name)?);
        } else {
            let folder = name.parent().filter(|parent| !parent.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new(".")).to_owned();
            let file = name.file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
            let text = read(name)?;
            let path = RelPath::new(&file).map_err(|bad| Failure::new(Exit::Misuse, bad.to_string()))?;
            let shown = name.display().to_string();
            found.push(Found { shown, at: Some((folder, path)), text, paths: Vec::new(), ignore: None });
        }
    }
    Ok(found)
}

/// The Dockerfiles of a folder.
fn below(folder: &Path) -> Result<Vec<Found>, Failure> {
    let reads = Reads { names: vec![".dockerignore"], ..Reads::default() };
    let reads = Reads { endings: vec![".dockerignore"], ..reads };
    let inventory =
        Inventory::scan(folder, &reads).map_err(|bad| Failure::new(Exit::Misuse, bad.to_string()))?;
    let is_dockerfile = |path: &&RelPath| dockerfile::is_file_name(path.name());
    let mut all = Vec::new();
    for path in inventory.files().map(|(path, _)| path).filter(is_dockerfile) {
        let on_disk =
            if folder == Path::new(".") { PathBuf::from(path.as_str()) } else { folder.join(path.as_str()) };
        let is_root = path.parent().is_some_and(|parent| parent.is_root());
        let paths = inventory.files().map(|(path, _)| path.to_string()).filter(|_| is_root).collect();
        let beside = RelPath::new(&format!("{path}.dockerignore")).ok();
        let usual = RelPath::new(".dockerignore").ok();
        let ignore = [beside, usual].into_iter().flatten().find_map(|path| inventory.doc(&path));
        let ignore = ignore.and_then(|doc| IgnoreFile::parse(doc.text).ok());
        let text = read(&on_disk)?;
        let shown = on_disk.display().to_string();
        all.push(Found { shown, at: Some((folder.to_owned(), path.clone())), text, paths, ignore });
    }
    Ok(all)
}

/// The text of a file, its byte order mark included.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let refuse = |why: String| Failure::new(Exit::Misuse, format!("cannot read `{}`: {why}", path.display()));
    let size = std::fs::metadata(path).map_err(|bad| refuse(bad.to_string()))?.len();
    if size > LONGEST {
        return Err(refuse(format!("it is {size} bytes long, more than any Dockerfile")));
    }
    let bytes = std::fs::read(path).map_err(|bad| refuse(bad.to_string()))?;
    String::from_utf8(bytes)
        .map_err(|_| refuse("it is not UTF-8 text".to_owned()).help("builds read UTF-8 only"))
}
