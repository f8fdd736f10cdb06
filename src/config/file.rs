//! `dockgen.toml` as typed wishes: every entry must be a known key with an acceptable value.

use crate::config::{Wish, keys};
use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Layer, Place};
use crate::key::AnyKey;
use crate::repo::dir::{Doc, Manifest};
use crate::repo::format::{Kind, Tree};

/// Reads every entry, or says everything that is wrong.
pub(super) fn read(doc: &Doc<'_>, layer: Layer, known: &[&dyn AnyKey]) -> Result<Vec<Wish>, Vec<Diagnostic>> {
    let Some(manifest) = manifest(doc).map_err(|bad| vec![bad])? else { return Ok(Vec::new()) };
    let mut reading = Reading { doc, layer, known, wishes: Vec::new(), problems: Vec::new() };
    for (name, tree) in manifest.tree.entries() {
        match (name, layer) {
            ("services" | "extends", Layer::Company) => {
                let message = format!("`{name}` is for projects, not for the folder that they extend");
                reading.problems.push(Diagnostic::error(Code::BadSetting, message).at(reading.place(tree)));
            }
            ("services", _) => reading.services(tree),
            ("schema", _) => reading.format(tree),
            // Read before, because it says what else is read.
            ("extends" | "tool", _) => {}
            _ => reading.entry(name, tree, None),
        }
    }
    if reading.problems.is_empty() { Ok(reading.wishes) } else { Err(reading.problems) }
}

/// The file as TOML; none where nothing is in it. An empty manifest is a mistake, but a file of settings from which the
/// last one was taken is not.
pub(super) fn manifest<'a>(doc: &Doc<'a>) -> Result<Option<Manifest<'a>>, Diagnostic> {
    if doc.text.trim().is_empty() { Ok(None) } else { doc.toml().map(Some) }
}

struct Reading<'r> {
    doc: &'r Doc<'r>,
    layer: Layer,
    known: &'r [&'r dyn AnyKey],
    wishes: Vec<Wish>,
    problems: Vec<Diagnostic>,
}

impl Reading<'_> {
    /// `schema = 1`: the format of the file.
    fn format(&mut self, tree: &Tree) {
        if tree.scalar().as_deref() != Some("1") {
            let message = "this dockgen reads `schema = 1`".to_owned();
            let finding = Diagnostic::error(Code::BadSetting, message).at(self.place(tree));
            self.problems.push(finding.help("a newer dockgen may know another format"));
        }
    }

    /// `[services.NAME]`: the same tables, for one service.
    fn services(&mut self, services: &Tree) {
        if !matches!(services.kind, Kind::Table(_)) {
            self.no_table("services", services);
        }
        for (service, tree) in services.entries() {
            if matches!(tree.kind, Kind::Table(_)) {
                self.table("", tree, Some(service));
            } else {
                self.no_table(&format!("services.{service}"), tree);
            }
        }
    }

    fn no_table(&mut self, name: &str, tree: &Tree) {
        let message = format!("`{name}` must be a table");
        self.problems.push(Diagnostic::error(Code::BadSetting, message).at(self.place(tree)));
    }

    fn table(&mut self, prefix: &str, table: &Tree, service: Option<&str>) {
        for (name, tree) in table.entries() {
            let key = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
            self.entry(&key, tree, service);
        }
    }

    fn entry(&mut self, key: &str, tree: &Tree, service: Option<&str>) {
        let Some(declared) = keys::find(self.known, key) else {
            if matches!(tree.kind, Kind::Table(_)) && keys::is_table(self.known, key) {
                self.table(key, tree, service);
            } else {
                let place = self.place(tree);
                let message = keys::unknown(self.known, key);
                self.problems.push(Diagnostic::error(Code::UnknownSetting, message).at(place));
            }
            return;
        };
        let value = value(tree);
        if let Err(why) = declared.check(&value) {
            let place = self.place(tree);
            let finding = Diagnostic::error(Code::BadSetting, format!("`{key}`: {why}"));
            self.problems.push(finding.at(place).help(declared.doc()));
            return;
        }
        let says = format!("{key} = {value}");
        let because = Evidence { layer: self.layer, ..self.doc.cite(tree.line, says) };
        self.wishes.push(Wish { key: key.to_owned(), service: service.map(str::to_owned), value, because });
    }

    fn place(&self, tree: &Tree) -> Place {
        Place { file: self.doc.path.clone(), line: Some(tree.line) }
    }
}

fn value(tree: &Tree) -> toml::Value {
    match &tree.kind {
        Kind::Null => toml::Value::String(String::new()),
        Kind::Bool(truth) => toml::Value::Boolean(*truth),
        Kind::Number(text) => text
            .parse()
            .map(toml::Value::Integer)
            .or_else(|_| text.parse().map(toml::Value::Float))
            .unwrap_or_else(|_| toml::Value::String(text.clone())),
        Kind::Text(text) => toml::Value::String(text.clone()),
        Kind::List(items) => toml::Value::Array(items.iter().map(value).collect()),
        Kind::Table(entries) => {
            toml::Value::Table(entries.iter().map(|(k, v)| (k.clone(), value(v))).collect())
        }
    }
}
