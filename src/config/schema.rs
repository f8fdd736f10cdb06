//! The JSON schema of `dockgen.toml`, from the declarations of the settings: editors check and complete with it.

use serde_json::{Map, Value, json};

use crate::key::{AnyKey, Shape};

/// The schema of a `dockgen.toml` with these settings.
pub fn schema(known: &[&dyn AnyKey]) -> Value {
    let mut root = Table::default();
    for key in known {
        root.add(&key.name().split('.').collect::<Vec<_>>(), *key);
    }
    let own = root.properties();
    let mut properties = own.clone();
    properties.insert(
        "services".to_owned(),
        json!({
            "type": "object",
            "description": "the same tables for one service of a monorepo, by its folder",
            "additionalProperties": {"type": "object", "properties": own, "additionalProperties": false},
        }),
    );
    let extends = "a folder of defaults, relative to this file: its dockgen.toml, templates and detectors; of several, the last has the last word";
    let folders = json!({"type": ["string", "array"], "items": {"type": "string"}, "description": extends});
    properties.insert("extends".to_owned(), folders);
    properties
        .insert("schema".to_owned(), json!({"type": "integer", "description": "the format of this file: 1"}));
    properties.insert("tool".to_owned(), json!({"type": "object", "description": "for other programs"}));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "dockgen.toml",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

/// A table of the file: entries with names of dockgen's, and one for all names of the person's own.
#[derive(Default)]
struct Table {
    named: Vec<(String, Entry)>,
    own: Option<Box<Entry>>,
}

enum Entry {
    Value(Value),
    Table(Table),
}

impl Table {
    fn add(&mut self, path: &[&str], key: &dyn AnyKey) {
        let Some((first, rest)) = path.split_first() else { return };
        let entry = match *first {
            "*" => &mut **self.own.get_or_insert_with(|| Box::new(Entry::Table(Self::default()))),
            name => {
                let at = self.named.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
                    self.named.push((name.to_owned(), Entry::Table(Self::default())));
                    self.named.len() - 1
                });
                &mut self.named[at].1
            }
        };
        match entry {
            _ if rest.is_empty() => *entry = Entry::Value(value(key)),
            Entry::Table(table) => table.add(rest, key),
            // No key stands below another: a test of the declarations holds it.
            Entry::Value(_) => {}
        }
    }

    fn properties(&self) -> Map<String, Value> {
        let mut named: Vec<_> =
            self.named.iter().map(|(name, entry)| (name.clone(), entry.schema())).collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        named.into_iter().collect()
    }
}

impl Entry {
    fn schema(&self) -> Value {
        match self {
            Self::Value(value) => value.clone(),
            Self::Table(table) => {
                let own = table.own.as_ref().map_or(json!(false), |entry| entry.schema());
                json!({
                    "type": "object",
                    "properties": table.properties(),
                    "additionalProperties": own,
                })
            }
        }
    }
}

fn value(key: &dyn AnyKey) -> Value {
    let one = json!(["string", "number"]);
    let mut schema = match key.shape() {
        Shape::Text => json!({"type": one}),
        Shape::Number => json!({"type": ["integer", "string"]}),
        Shape::Truth => json!({"type": "boolean"}),
        Shape::Texts => json!({"type": ["array", "string", "number"], "items": {"type": one}}),
        Shape::List => json!({"type": "array", "items": {"type": "string"}}),
        Shape::Copies => json!({"type": "array", "items": {
            "type": "object",
            "properties": {"from": {"type": "string"}, "to": {"type": "string"}},
            "required": ["from", "to"],
            "additionalProperties": false,
        }}),
        Shape::OneOf(words) => json!({"enum": words}),
    };
    schema["description"] = json!(key.doc());
    schema
}
