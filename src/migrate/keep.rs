//! Writes what an old Dockerfile knew into `dockgen.toml`, each setting with the line that said so. What a person has
//! set there already stays, as does every comment.

use toml_edit::{DocumentMut, Item, Table, Value};

use super::harvest::Wish;
use crate::config;
use crate::out::OutFile;
use crate::repo::{Inventory, RelPath};
use crate::stack;

/// `dockgen.toml` with the wishes in it; the error says what is in their way.
pub(super) fn keep(
    inventory: &Inventory,
    service: Option<&RelPath>,
    old: &RelPath,
    wishes: &[Wish],
) -> Result<OutFile, String> {
    let (path, mut document) = document(inventory)?;
    let keys = stack::keys();
    for wish in wishes {
        let mut table: &mut Table = document.as_table_mut();
        if let Some(service) = service {
            table = below(table, "services")?;
            table.set_implicit(true);
            table = below(table, &service.to_string())?;
            table.set_implicit(true);
        }
        let mut tables = config::segments(&keys, &wish.key);
        let Some(entry) = tables.pop() else { continue };
        for name in &tables {
            table = below(table, name)?;
        }
        if table.contains_key(&entry) {
            continue;
        }
        let mut value = value(&wish.value);
        value.decor_mut().set_suffix(format!(" # {old}:{}", wish.line));
        table.insert(&entry, Item::Value(value));
    }
    Ok(OutFile { path, text: document.to_string() })
}

/// A setting that an edit of a printed file asks for.
#[derive(Debug)]
pub(super) struct Edit<'e> {
    pub key: &'e str,
    pub value: &'e toml::Value,
    /// The person's comments, which stand above the setting from now on.
    pub comments: &'e [String],
}

/// `dockgen.toml` with what a person said in the Dockerfile since: that is the later word, so it replaces what is there,
/// and lists grow. Comments and order of the file stay.
pub(super) fn take_over(
    inventory: &Inventory,
    service: Option<&RelPath>,
    edited: &RelPath,
    edits: &[Edit<'_>],
) -> Result<OutFile, String> {
    let (path, mut document) = document(inventory)?;
    let keys = stack::keys();
    for edit in edits {
        let mut tables: Vec<String> = Vec::new();
        if let Some(service) = service {
            tables.extend(["services".to_owned(), service.to_string()]);
        }
        tables.extend(config::segments(&keys, edit.key));
        let Some(entry) = tables.pop() else { continue };
        let mut table: &mut Table = document.as_table_mut();
        for name in &tables {
            let is_new = !table.contains_key(name);
            table = below(table, name)?;
            if is_new {
                // A table that holds nothing but tables has no line of its own.
                table.set_implicit(true);
            }
        }
        set(table, &entry, value(edit.value), &format!(" # by hand in {edited}"));
        comment(table, &entry, edit.comments);
    }
    Ok(OutFile { path, text: document.to_string() })
}

/// What is in `dockgen.toml`, with its comments and order.
fn document(inventory: &Inventory) -> Result<(RelPath, DocumentMut), String> {
    let path = RelPath::new(config::FILE).unwrap_or_default();
    let text = inventory.doc(&path).map_or("", |doc| doc.text);
    let document = text.parse().map_err(|bad| format!("dockgen.toml does not read: {bad}"))?;
    Ok((path, document))
}

fn set(table: &mut Table, entry: &str, mut value: Value, origin: &str) {
    match table.get_mut(entry).and_then(Item::as_value_mut) {
        None => {
            value.decor_mut().set_suffix(origin);
            table.insert(entry, Item::Value(value));
        }
        Some(old) => {
            let decor = old.decor().clone();
            if let Value::Array(new) = &value {
                let mut all = match &*old {
                    Value::Array(all) => all.clone(),
                    one => std::iter::once(one.clone().decorated("", "")).collect(),
                };
                let known: Vec<String> = all.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                for item in new
                    .iter()
                    .filter(|item| item.as_str().is_none_or(|text| !known.iter().any(|one| one == text)))
                {
                    all.push(item.clone());
                }
                value = Value::Array(all);
            }
            *old = value;
            *old.decor_mut() = decor;
        }
    }
}

/// Puts comments above a setting, below those that are there.
fn comment(table: &mut Table, entry: &str, comments: &[String]) {
    let Some(mut key) = table.key_mut(entry) else { return };
    let decor = key.leaf_decor_mut();
    let there = decor.prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
    let plain = |comment: &String| -> String {
        comment.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    };
    let new = comments.iter().map(plain).filter(|comment| !there.contains(comment.as_str()));
    let lines: Vec<String> = new.map(|comment| format!("{comment}\n")).collect();
    if !lines.is_empty() {
        decor.set_prefix(there.clone() + &lines.concat());
    }
}

fn below<'t>(table: &'t mut Table, name: &str) -> Result<&'t mut Table, String> {
    let entry = table.entry(name).or_insert_with(|| Item::Table(Table::new()));
    entry.as_table_mut().ok_or_else(|| format!("`{name}` in dockgen.toml is not a table of its own"))
}

fn value(value: &toml::Value) -> Value {
    match value {
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Boolean(truth) => Value::from(*truth),
        toml::Value::Array(items) => Value::Array(items.iter().map(self::value).collect()),
        toml::Value::String(text) => Value::from(text.as_str()),
        other => Value::from(other.to_string()),
    }
}
