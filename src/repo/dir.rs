//! The inventory seen from one folder, and texts that can quote themselves.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact, Place};
use crate::repo::format::{self, Element, Malformed, Tree};
use crate::repo::inventory::{Entry, Inventory, is_environment};
use crate::repo::path::RelPath;

/// One candidate project: the inventory as seen from its folder.
#[derive(Debug, Clone)]
pub struct Dir<'a> {
    inventory: &'a Inventory,
    at: RelPath,
}

impl<'a> Dir<'a> {
    pub(crate) fn new(inventory: &'a Inventory, at: RelPath) -> Self {
        Self { inventory, at }
    }

    /// Where this folder is.
    pub fn path(&self) -> &RelPath {
        &self.at
    }

    /// The whole repository.
    pub fn inventory(&self) -> &'a Inventory {
        self.inventory
    }

    /// A folder as seen from this one; `None` when the path leaves the repository.
    pub fn dir(&self, below: &str) -> Option<Dir<'a>> {
        Some(Dir { inventory: self.inventory, at: self.at.join(below)? })
    }

    /// This folder and those above it, nearest first.
    pub fn ancestors(&self) -> impl Iterator<Item = Dir<'a>> {
        let inventory = self.inventory;
        self.at.ancestors().collect::<Vec<_>>().into_iter().map(move |at| Dir { inventory, at })
    }

    /// The repository path of something named from here.
    pub fn resolve(&self, below: &str) -> Option<RelPath> {
        self.at.join(below)
    }

    /// Is there a file of that name (or path) here?
    pub fn has(&self, below: &str) -> bool {
        self.resolve(below).is_some_and(|path| self.inventory.has(&path))
    }

    /// Is there a folder of that name here, with at least one file in it?
    pub fn has_dir(&self, below: &str) -> bool {
        self.resolve(below).is_some_and(|path| self.inventory.has_dir(&path))
    }

    /// The first of these files that is here.
    pub fn first_of<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
        names.into_iter().find(|name| self.has(name))
    }

    /// The text of a file here, when it was read.
    pub fn doc(&self, below: &str) -> Option<Doc<'a>> {
        self.inventory.doc(&self.resolve(below)?)
    }

    /// A file here as TOML, when it was read. Every file is parsed once.
    pub fn toml(&self, below: &str) -> Option<Result<Manifest<'a>, Diagnostic>> {
        self.inventory.toml(&self.resolve(below)?)
    }

    /// All files below this folder that a build may see: their paths from here, and what is known of them.
    /// Environment files are not among them.
    pub fn files(&self) -> impl Iterator<Item = (&'a str, &'a Entry)> {
        let cut = if self.at.is_root() { 0 } else { self.at.as_str().len() + 1 };
        self.inventory
            .below(&self.at)
            .iter()
            .filter(|(path, _)| !is_environment(path))
            .map(move |(path, entry)| (&path.as_str()[cut..], entry))
    }

    /// All texts below this folder that were read.
    pub fn docs(&self) -> impl Iterator<Item = Doc<'a>> {
        self.inventory.below(&self.at).iter().filter_map(|(path, entry)| match entry {
            Entry::Read(text) => Some(Doc { path, text }),
            _ => None,
        })
    }

    /// Evidence that consists of a file being here.
    pub fn evidence(&self, below: &str, says: &str) -> Evidence {
        Evidence::read(&self.resolve(below).unwrap_or_default(), None, says)
    }
}

/// A text that can cite its lines.
#[derive(Debug, Clone, Copy)]
pub struct Doc<'a> {
    /// Where it stands in the repository.
    pub path: &'a RelPath,
    /// The text, without a byte order mark.
    pub text: &'a Arc<str>,
}

impl<'a> Doc<'a> {
    /// The lines with their numbers, from 1.
    pub fn lines(&self) -> impl Iterator<Item = (u32, &'a str)> {
        (1..).zip(self.text.lines())
    }

    /// The first line for which `read` has a value, as a fact that cites it.
    pub fn find<T>(&self, mut read: impl FnMut(&'a str) -> Option<T>) -> Option<Fact<T>> {
        self.lines().find_map(|(number, line)| Some(Fact::new(read(line)?, self.cite(number, line))))
    }

    /// Evidence for something read on a line.
    pub fn cite(&self, line: u32, says: impl Into<String>) -> Evidence {
        Evidence::read(self.path, line, says)
    }

    /// Evidence for something found at a byte offset: its line is cited.
    pub fn cite_offset(&self, offset: usize) -> Evidence {
        let before = &self.text[..offset.min(self.text.len())];
        let number = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let says = self.text.lines().nth(number - 1).unwrap_or_default();
        self.cite(u32::try_from(number).unwrap_or(u32::MAX), says)
    }

    /// Reads the text as JSON, as npm does: no comments, no trailing commas.
    pub fn json(&self) -> Result<Manifest<'a>, Diagnostic> {
        self.parsed(format::json(self.text), "JSON")
    }

    /// Reads the text as JSON with comments (tsconfig.json, deno.json).
    pub fn jsonc(&self) -> Result<Manifest<'a>, Diagnostic> {
        self.parsed(format::jsonc(self.text), "JSON")
    }

    /// Reads the text as TOML.
    pub fn toml(&self) -> Result<Manifest<'a>, Diagnostic> {
        self.parsed(format::toml(self.text), "TOML")
    }

    /// Reads the text as YAML.
    pub fn yaml(&self) -> Result<Manifest<'a>, Diagnostic> {
        self.parsed(format::yaml(self.text), "YAML")
    }

    /// Reads the last document of YAML, where those before it are about something else.
    pub fn last_yaml(&self) -> Result<Manifest<'a>, Diagnostic> {
        self.parsed(format::last_yaml(self.text), "YAML")
    }

    /// Reads the text as XML.
    pub fn xml(&self) -> Result<Element, Diagnostic> {
        format::xml(self.text).map_err(|bad| self.malformed(bad, "XML"))
    }

    fn parsed(&self, tree: Result<Tree, Malformed>, format: &str) -> Result<Manifest<'a>, Diagnostic> {
        match tree {
            Ok(tree) => Ok(Manifest { path: self.path, tree: Arc::new(tree) }),
            Err(bad) => Err(self.malformed(bad, format)),
        }
    }

    fn malformed(&self, bad: Malformed, format: &str) -> Diagnostic {
        let Malformed { line, column, message, help } = bad;
        let place = Place { file: self.path.clone(), line: Some(line) };
        let text = format!("`{}` does not read as {format}: {message}", self.path);
        let mut finding = Diagnostic::error(Code::MalformedManifest, text).at(place);
        finding.column = Some(column);
        finding.help = help;
        finding
    }
}

/// A parsed file whose values can be cited.
#[derive(Debug, Clone)]
pub struct Manifest<'a> {
    /// Where it stands in the repository.
    pub path: &'a RelPath,
    /// Its values, shared by all who ask for the file.
    pub tree: Arc<Tree>,
}

impl Manifest<'_> {
    /// The scalar at `path`, as a fact that cites its line: `["engines", "node"]`.
    pub fn text(&self, path: &[&str]) -> Option<Fact<String>> {
        self.read(path, |text| Some(text.to_owned()))
    }

    /// The scalar at `path` when `read` makes something of it.
    pub fn read<T>(&self, path: &[&str], read: impl FnOnce(&str) -> Option<T>) -> Option<Fact<T>> {
        let value = self.tree.at(path)?;
        let text = value.scalar()?;
        let says = format!("{} = {text}", path.join("."));
        Some(Fact::new(read(&text)?, Evidence::read(self.path, value.line, says)))
    }

    /// Evidence for a value of this file.
    pub fn cite(&self, value: &Tree, says: impl Into<String>) -> Evidence {
        Evidence::read(self.path, value.line, says)
    }
}
