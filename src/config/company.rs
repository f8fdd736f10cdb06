//! A company's defaults: the folder that `extends = "ops/dockgen"` names, with a `dockgen.toml`, templates and
//! detectors of its own.
//!
//! The folder may lie outside of the repository, beside other checkouts. It is looked at once, like the repository,
//! and its files are cited under the folder's name, because a path out of the repository is another one on every machine.

use crate::config::FILE;
use crate::diag::{Code, Diagnostic};
use crate::fact::{Fact, Place};
use crate::repo::dir::Doc;
use crate::repo::format::Kind;
use crate::repo::inventory::{Inventory, Reads};
use crate::repo::path::RelPath;

/// A folder of defaults.
#[derive(Debug, Clone)]
pub struct Company {
    /// The name its files are cited under.
    folder: RelPath,
    files: Inventory,
}

impl Company {
    /// The files of a folder, as they are seen from it, cited under `folder`.
    pub fn new(folder: RelPath, files: &Inventory) -> Self {
        let placed =
            files.files().filter_map(|(path, entry)| Some((folder.join(path.as_str())?, entry.clone())));
        Self { files: Inventory::new(placed.collect(), Vec::new()), folder }
    }

    /// The folder where it lies in the repository itself.
    pub fn within(repository: &Inventory, folder: &str) -> Option<Self> {
        let folder = RelPath::root().join(folder).filter(|folder| !folder.is_root())?;
        let below = repository.below(&folder);
        let files = Inventory::new(below.to_vec(), Vec::new());
        (!below.is_empty()).then_some(Self { folder, files })
    }

    /// The name for a folder outside of the repository: its last, which is the same wherever it is checked out.
    pub fn name_of(folder: &str) -> RelPath {
        let last = folder.rsplit(['/', '\\']).find(|part| !part.is_empty() && !part.starts_with('.'));
        last.and_then(|name| RelPath::new(name).ok())
            .unwrap_or_else(|| RelPath::new("company").unwrap_or_default())
    }

    /// Its settings.
    pub(super) fn settings(&self) -> Option<Doc<'_>> {
        self.files.doc(&self.folder.join(FILE)?)
    }

    /// The folder as it is cited.
    pub fn folder(&self) -> &RelPath {
        &self.folder
    }

    /// Its files under the names they are cited by.
    pub fn files(&self) -> &Inventory {
        &self.files
    }

    /// What is read of such a folder.
    pub fn reads() -> Reads {
        Reads { names: vec![FILE], endings: vec![".tera", ".toml"], sources: Vec::new() }
    }
}

/// The folder that the repository's `dockgen.toml` extends.
pub fn extends(repository: &Inventory) -> Result<Option<Fact<String>>, Diagnostic> {
    let path = RelPath::new(FILE).unwrap_or_default();
    let Some(manifest) = repository.doc(&path).map(|doc| doc.toml()).transpose()? else { return Ok(None) };
    let Some(value) = manifest.tree.get("extends") else { return Ok(None) };
    let place = Place { file: path.clone(), line: Some(value.line) };
    let refuse = |message: String, help: &str| {
        Err(Diagnostic::error(Code::BadSetting, message).at(place.clone()).help(help))
    };
    let Kind::Text(folder) = &value.kind else {
        return refuse("`extends`: expected the path of a folder".to_owned(), RELATIVE);
    };
    if folder.contains("://") || folder.starts_with("git@") {
        let help = "dockgen reads no network: check the folder out first, or keep it as a submodule";
        return refuse(format!("`extends`: `{}` is an address, not a folder", folder.escape_debug()), help);
    }
    if folder.is_empty() || folder.starts_with(['/', '~']) || folder.chars().any(char::is_control) {
        let message = format!("`extends`: `{}` is another folder on every machine", folder.escape_debug());
        return refuse(message, RELATIVE);
    }
    Ok(Some(Fact::new(folder.clone(), manifest.cite(value, format!("extends = {folder:?}")))))
}

const RELATIVE: &str = "the path is relative to dockgen.toml, such as \"../platform/dockgen\"";
