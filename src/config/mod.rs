//! What people wish: flags, answers and `dockgen.toml`, as evidence that outranks detection.
//!
//! Precedence is decided here and nowhere else. A stack asks [`Settings::choice`] for a key and
//! adds only what it found itself, weaker; no stack can forget an override.

mod company;
mod effective;
mod file;
pub mod keys;
mod nearest;
pub mod outputs;
pub mod own;
mod policy;
pub mod proof;
mod schema;

pub use company::{Company, extends};
pub use effective::{Effective, as_toml, effective};
pub use keys::segments;
pub use schema::schema;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::diag::{Code, Diagnostic};
use crate::fact::{Choice, Evidence, Fact, Layer, Place};
use crate::key::{AnyKey, Key};
use crate::repo::inventory::{Entry, Inventory};
use crate::repo::path::RelPath;

/// The file a project keeps its wishes in.
pub const FILE: &str = "dockgen.toml";

/// Every wish, strongest layer first.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    wishes: Vec<Wish>,
    only: Option<RelPath>,
    digests: BTreeMap<String, String>,
}

/// One wish.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The key's name.
    pub key: String,
    /// The service it is for (its folder or its name); none for all.
    pub service: Option<String>,
    /// What was said.
    pub value: toml::Value,
    /// Who said so.
    pub because: Evidence,
}

impl Settings {
    /// Reads `dockgen.toml` of the inventory's root, if there is one, and those of the folders it extends, where they lie
    /// in the inventory. Unknown keys, wrong types and malformed text are errors with their place.
    pub fn read(inventory: &Inventory, known: &[&dyn AnyKey]) -> Result<Self, Vec<Diagnostic>> {
        let mut company: Option<Company> = None;
        for folder in extends(inventory).map_err(|bad| vec![bad])? {
            let Some(found) = Company::within(inventory, &folder.value) else {
                let message = format!("`extends`: there is no folder `{}`", folder.value);
                return Err(vec![Diagnostic::error(Code::BadSetting, message).at(folder.because.at)]);
            };
            company = Some(found.above(company.take()));
        }
        Self::read_with(inventory, company.as_ref(), known)
    }

    /// The same with a company's folders that were found before.
    pub fn read_with(
        inventory: &Inventory,
        company: Option<&Company>,
        known: &[&dyn AnyKey],
    ) -> Result<Self, Vec<Diagnostic>> {
        let path = RelPath::new(FILE).unwrap_or_default();
        let mut wishes = match inventory.entry(&path) {
            Some(Entry::Read(_)) => {
                let doc = inventory.doc(&path);
                doc.map(|doc| file::read(&doc, Layer::Config, known)).transpose()?.unwrap_or_default()
            }
            // What a person wishes must not be lost because it cannot be read.
            Some(Entry::Unreadable(why)) => {
                let finding = Diagnostic::error(Code::Unreadable, format!("`{path}` cannot be used: {why}"));
                return Err(vec![finding.at(Place { file: path, line: None })]);
            }
            Some(Entry::Seen) | None => Vec::new(),
        };
        for doc in company.into_iter().flat_map(Company::settings) {
            wishes.extend(file::read(&doc, Layer::Company, known)?);
        }
        Ok(Self { wishes, ..Self::default() })
    }

    /// Adds a `KEY=VALUE` of the command line. The value is read as TOML, and as plain text
    /// when it is not TOML.
    pub fn set(
        &mut self,
        assignment: &str,
        layer: Layer,
        known: &[&dyn AnyKey],
    ) -> Result<(), BadAssignment> {
        let refuse = |why: String| BadAssignment { given: assignment.to_owned(), why };
        let Some((key, text)) = assignment.split_once('=') else {
            return Err(refuse("expected KEY=VALUE".to_owned()));
        };
        let key = key.trim();
        let Some(declared) = keys::find(known, key) else {
            return Err(refuse(keys::unknown(known, key)));
        };
        let value = toml_value(text);
        declared.check(&value).map_err(|why| refuse(format!("`{key}`: {why}")))?;
        let flag = match layer {
            Layer::Answer => format!("answered: {key} = {text}"),
            _ => format!("--set {assignment}"),
        };
        let because = Evidence { layer, at: None, says: flag };
        self.wishes.push(Wish { key: key.to_owned(), service: None, value, because });
        self.wishes.sort_by_key(|wish| wish.because.layer);
        Ok(())
    }

    /// Adds an answer for one service.
    pub fn answer(&mut self, key: &str, service: Option<&RelPath>, value: &str) {
        let because = Evidence { layer: Layer::Answer, at: None, says: format!("answered: {key} = {value}") };
        let service = service.map(ToString::to_string);
        self.wishes.push(Wish { key: key.to_owned(), service, value: toml_value(value), because });
        self.wishes.sort_by_key(|wish| wish.because.layer);
    }

    /// The digests of images, by image and tag, as registries have just given them.
    pub fn learn(&mut self, digests: BTreeMap<String, String>) {
        self.digests.extend(digests);
    }

    /// Digests that are newer than those in the Dockerfile.
    pub(crate) fn digests(&self) -> &BTreeMap<String, String> {
        &self.digests
    }

    /// Only the service in this folder is meant, wherever it stands.
    pub fn only(&mut self, dir: &RelPath) {
        self.only = Some(dir.clone());
    }

    /// No folder is meant more than another.
    pub fn anywhere(&mut self) {
        self.only = None;
    }

    /// The one folder that is meant, if a person named one.
    pub fn meant(&self) -> Option<&RelPath> {
        self.only.as_ref()
    }

    /// The wishes that concern one service, by its folder: its own first within each layer.
    #[must_use]
    pub fn for_service(&self, dir: &RelPath) -> Self {
        let mine = |wish: &&Wish| wish.service.as_deref().is_none_or(|service| names(service, dir));
        let mut wishes: Vec<Wish> = self.wishes.iter().filter(mine).cloned().collect();
        wishes.sort_by_key(|wish| (wish.because.layer, wish.service.is_none()));
        Self { wishes, ..self.clone() }
    }

    /// All but these settings.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        let mut rest = self.clone();
        rest.wishes.retain(|wish| !names.contains(&wish.key.as_str()));
        rest
    }

    /// A finding for every wish whose service is in none of these folders.
    pub fn strangers(&self, dirs: &[&RelPath]) -> Vec<Diagnostic> {
        let lost = |wish: &Wish| {
            let service = wish.service.as_ref().filter(|name| !dirs.iter().any(|dir| names(name, dir)))?;
            let folders: Vec<String> = dirs.iter().map(ToString::to_string).collect();
            let message = format!("there is no service `{service}`");
            let finding = Diagnostic::error(Code::UnknownSetting, message).at(wish.because.at.clone());
            Some(finding.help(format!("services are in {}", folders.join(", "))))
        };
        self.wishes.iter().filter_map(lost).collect()
    }

    /// A choice that starts with what people said about `key`. A wish that does not read is a
    /// diagnostic, and the next candidate takes over.
    pub fn choice<T: fmt::Display>(&self, key: &Key<T>, notes: &mut Vec<Diagnostic>) -> Choice<T> {
        self.choice_of(key.name, key, notes)
    }

    /// The strongest wish for a setting. What does not read is left out: it has been refused with its file.
    pub fn wish<T: fmt::Display>(&self, key: &Key<T>) -> Option<T> {
        self.choice(key, &mut Vec::new()).decide().map(|wish| wish.value)
    }

    /// The same as [`Settings::choice`] for a key with a name of the person's own in it: `stages.build.packages`.
    pub fn choice_of<T: fmt::Display>(
        &self,
        name: &str,
        key: &Key<T>,
        notes: &mut Vec<Diagnostic>,
    ) -> Choice<T> {
        let mut choice = Choice::default();
        for wish in self.wishes.iter().filter(|wish| wish.key == name) {
            match (key.parse)(&wish.value) {
                Ok(value) => choice = choice.or(Some(Fact::new(value, wish.because.clone()))),
                Err(why) => notes.push(
                    Diagnostic::error(Code::BadSetting, format!("`{name}`: {why}"))
                        .at(wish.because.at.clone()),
                ),
            }
        }
        choice
    }

    /// What people said in a table whose names are their own, by name: `labels.`, `stages.build.env.`.
    pub fn entries<T: fmt::Display>(
        &self,
        table: &str,
        key: &Key<T>,
        notes: &mut Vec<Diagnostic>,
    ) -> BTreeMap<String, Fact<T>> {
        let names: BTreeSet<&str> = self.table(table).map(|(name, _)| name).collect();
        let mut said = |name: &str| self.choice_of(&format!("{table}{name}"), key, notes).decide();
        names.into_iter().filter_map(|name| Some((name.to_owned(), said(name)?))).collect()
    }

    /// All wishes whose key starts with `prefix`: the entries of a table such as `runtime.env.`.
    pub fn table(&self, prefix: &str) -> impl Iterator<Item = (&str, &Wish)> {
        self.wishes.iter().filter_map(move |wish| Some((wish.key.strip_prefix(prefix)?, wish)))
    }
}

impl Settings {
    /// All wishes, strongest first.
    pub fn wishes(&self) -> &[Wish] {
        &self.wishes
    }
}

/// Does `[services.NAME]` mean the service in this folder?
pub(crate) fn names(service: &str, dir: &RelPath) -> bool {
    service == dir.to_string() || (!dir.is_root() && service == dir.name())
}

/// A `KEY=VALUE` that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot use `--set {}`: {why}", given.escape_debug())]
pub struct BadAssignment {
    given: String,
    why: String,
}

/// A value as it is typed: TOML where it reads as that, plain text where it does not.
pub fn toml_value(text: &str) -> toml::Value {
    let document: Result<toml::Table, _> = toml::from_str(&format!("value = {text}"));
    document
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| toml::Value::String(text.to_owned()))
}
