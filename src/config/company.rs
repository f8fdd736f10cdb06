//! A company's defaults: the folder that `extends = "ops/dockgen"` names, with a `dockgen.toml`, templates and
//! detectors of its own. Of several folders, a company's and a team's, the last one that is named has the last word.
//!
//! A folder may lie outside of the repository, beside other checkouts. It is looked at once, like the repository,
//! and its files are cited under the folder's name, because a path out of the repository is another one on every machine.

use std::collections::BTreeMap;

use crate::config::{FILE, file};
use crate::diag::{Code, Diagnostic};
use crate::fact::{Fact, Place};
use crate::repo::dir::{Doc, Manifest};
use crate::repo::format::{Kind, Tree};
use crate::repo::inventory::{Entry, Inventory, Reads};
use crate::repo::path::RelPath;

/// Folders of defaults.
#[derive(Debug, Clone)]
pub struct Company {
    /// The names that their files are cited under, strongest first.
    folders: Vec<RelPath>,
    files: Inventory,
}

impl Company {
    /// The files of a folder, as they are seen from it, cited under `folder`.
    pub fn new(folder: RelPath, files: &Inventory) -> Self {
        let placed =
            files.files().filter_map(|(path, entry)| Some((folder.join(path.as_str())?, entry.clone())));
        Self { files: Inventory::new(placed.collect(), Vec::new()), folders: vec![folder] }
    }

    /// These folders above weaker ones, where there are some.
    #[must_use]
    pub fn above(mut self, weaker: Option<Self>) -> Self {
        let Some(weaker) = weaker else { return self };
        let files = [&self.files, &weaker.files].into_iter().flat_map(Inventory::files);
        let files: BTreeMap<RelPath, Entry> =
            files.map(|(path, entry)| (path.clone(), entry.clone())).collect();
        self.files = Inventory::new(files.into_iter().collect(), Vec::new());
        self.folders.extend(weaker.folders);
        self
    }

    /// The folder where it lies in the repository itself.
    pub fn within(repository: &Inventory, folder: &str) -> Option<Self> {
        let folder = RelPath::root().join(folder).filter(|folder| !folder.is_root())?;
        let below = repository.below(&folder);
        let files = Inventory::new(below.to_vec(), Vec::new());
        (!below.is_empty()).then_some(Self { folders: vec![folder], files })
    }

    /// The name for a folder outside of the repository: its last, which is the same wherever it is checked out.
    pub fn name_of(folder: &str) -> RelPath {
        let last = folder.rsplit(['/', '\\']).find(|part| !part.is_empty() && !part.starts_with('.'));
        last.and_then(|name| RelPath::new(name).ok())
            .unwrap_or_else(|| RelPath::new("company").unwrap_or_default())
    }

    /// The settings of each folder, strongest first.
    pub(super) fn settings(&self) -> impl Iterator<Item = Doc<'_>> {
        self.folders.iter().filter_map(|folder| self.files.doc(&folder.join(FILE)?))
    }

    /// The folders as they are cited, strongest first.
    pub fn folders(&self) -> &[RelPath] {
        &self.folders
    }

    /// Is this a company's folder that is looked at on its own?
    pub fn is_alone(&self) -> bool {
        self.folders.iter().any(RelPath::is_root)
    }

    /// All files under the names they are cited by.
    pub fn files(&self) -> &Inventory {
        &self.files
    }

    /// What is read of such a folder.
    pub fn reads() -> Reads {
        Reads { names: vec![FILE], endings: vec![".tera", ".toml"], sources: Vec::new() }
    }
}

/// The folders that the repository's `dockgen.toml` extends, weakest first, as they are written.
pub fn extends(repository: &Inventory) -> Result<Vec<Fact<String>>, Diagnostic> {
    let path = RelPath::new(FILE).unwrap_or_default();
    let manifest = repository.doc(&path).map(|doc| file::manifest(&doc)).transpose()?;
    let Some(manifest) = manifest.flatten() else { return Ok(Vec::new()) };
    match manifest.tree.get("extends") {
        None => Ok(Vec::new()),
        Some(Tree { kind: Kind::List(folders), .. }) => {
            folders.iter().map(|value| folder(&manifest, value)).collect()
        }
        Some(value) => folder(&manifest, value).map(|folder| vec![folder]),
    }
}

/// One of them.
fn folder(manifest: &Manifest<'_>, value: &Tree) -> Result<Fact<String>, Diagnostic> {
    let path = RelPath::new(FILE).unwrap_or_default();
    let place = Place { file: path.clone(), line: Some(value.line) };
    let refuse = |message: String, help: &str| {
        Err(Diagnostic::error(Code::BadSetting, message).at(place.clone()).help(help))
    };
    let Kind::Text(folder) = &value.kind else {
        return refuse("`extends`: expected the path of a folder, or a list of them".to_owned(), RELATIVE);
    };
    if folder.contains("://") || folder.starts_with("git@") {
        let help = "dockgen reads no network: check the folder out first, or keep it as a submodule";
        return refuse(format!("`extends`: `{}` is an address, not a folder", folder.escape_debug()), help);
    }
    if folder.is_empty() || folder.starts_with(['/', '~']) || folder.chars().any(char::is_control) {
        let message = format!("`extends`: `{}` is another folder on every machine", folder.escape_debug());
        return refuse(message, RELATIVE);
    }
    Ok(Fact::new(folder.clone(), manifest.cite(value, format!("extends = {folder:?}"))))
}

const RELATIVE: &str = "the path is relative to dockgen.toml, such as \"../platform/dockgen\"";
