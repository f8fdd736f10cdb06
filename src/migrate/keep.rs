//! Writes what an old Dockerfile knew into `dockgen.toml`, each setting with the line that said so. What a person has
//! set there already stays, as does every comment.

use toml_edit::{DocumentMut, Item, Table, Value};

use super::harvest::Wish;
use crate::config;
use crate::out::OutFile;
use crate::repo::{Inventory, RelPath};

/// `dockgen.toml` with the wishes in it; the error says what is in their way.
pub(super) fn keep(
    inventory: &Inventory,
    service: Option<&RelPath>,
    old: &RelPath,
    wishes: &[Wish],
) -> Result<OutFile, String> {
    let path = RelPath::new(config::FILE).unwrap_or_default();
    let text = inventory.doc(&path).map_or("", |doc| doc.text);
    let mut document: DocumentMut =
        text.parse().map_err(|bad| format!("dockgen.toml does not read: {bad}"))?;
    for wish in wishes {
        let mut table: &mut Table = document.as_table_mut();
        if let Some(service) = service {
            table = below(table, "services")?;
            table.set_implicit(true);
            table = below(table, &service.to_string())?;
            table.set_implicit(true);
        }
        let (tables, entry) = match wish.key.strip_prefix("runtime.env.") {
            Some(name) => ("runtime.env", name),
            None => wish.key.rsplit_once('.').unwrap_or(("", &wish.key)),
        };
        for name in tables.split('.').filter(|name| !name.is_empty()) {
            table = below(table, name)?;
        }
        if table.contains_key(entry) {
            continue;
        }
        let mut value = value(&wish.value);
        value.decor_mut().set_suffix(format!(" # {old}:{}", wish.line));
        table.insert(entry, Item::Value(value));
    }
    Ok(OutFile { path, text: document.to_string() })
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
