//! Keeps answers: whatever was said on a terminal is written to `dockgen.toml`, so that the next run
//! and everybody else's run give the same files. Comments and order of what is there are kept.

use toml_edit::{DocumentMut, Item, Table, Value};

use crate::cli::{Exit, Failure};
use crate::config;
use crate::out::OutFile;
use crate::repo::{Inventory, RelPath};
use crate::stack;

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    /// The setting.
    pub key: String,
    /// The service it is for; none when there is only one.
    pub service: Option<RelPath>,
    /// What was answered.
    pub value: String,
}

/// `dockgen.toml` with the answers in it.
pub(super) fn keep(inventory: &Inventory, answers: &[Given]) -> Result<OutFile, Failure> {
    let path = RelPath::new(config::FILE).unwrap_or_default();
    let text = inventory.doc(&path).map_or("", |doc| doc.text);
    let mut document: DocumentMut = text
        .parse()
        .map_err(|bad| Failure::new(Exit::Misuse, format!("cannot add answers to dockgen.toml: {bad}")))?;
    for answer in answers {
        let mut table: &mut Table = document.as_table_mut();
        if let Some(service) = &answer.service {
            table = below(below(table, "services")?, &service.to_string())?;
        }
        let path = config::segments(&stack::keys(), &answer.key);
        let Some((entry, tables)) = path.split_last() else { continue };
        for name in tables {
            table = below(table, name)?;
        }
        set(table, entry, value(&answer.value));
    }
    Ok(OutFile { path, text: document.to_string() })
}

/// Sets an entry; what a person wrote around the old value stays.
fn set(table: &mut Table, entry: &str, mut value: Value) {
    if let Some(old) = table.get(entry).and_then(Item::as_value) {
        *value.decor_mut() = old.decor().clone();
    }
    table.insert(entry, Item::Value(value));
}

fn below<'t>(table: &'t mut Table, name: &str) -> Result<&'t mut Table, Failure> {
    // A table that holds nothing but tables has no line of its own.
    let new = || {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    };
    let entry = table.entry(name).or_insert_with(new);
    let not_a_table = || {
        Failure::new(
            Exit::Misuse,
            format!("`{name}` in dockgen.toml is not a table; the answer cannot be kept"),
        )
    };
    entry.as_table_mut().ok_or_else(not_a_table)
}

/// TOML where it reads as that, text where it does not, as with `--set`.
fn value(text: &str) -> Value {
    text.parse().unwrap_or_else(|_| Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_join_what_a_person_wrote() {
        let inventory = Inventory::from_files([("dockgen.toml", "# ours\n[runtime] # keep\nuser = 7\n")]);
        let given = |key: &str, service: Option<&str>, value: &str| Given {
            key: key.to_owned(),
            service: service.map(|dir| RelPath::new(dir).unwrap()),
            value: value.to_owned(),
        };
        let answers = [given("runtime.port", None, "9000"), given("go.main", Some("apps/api"), "./cmd/api")];
        let text = keep(&inventory, &answers).unwrap().text;
        assert!(text.starts_with("# ours\n[runtime] # keep\nuser = 7\nport = 9000\n"), "{text}");
        assert!(text.contains("[services.\"apps/api\".go]\nmain = \"./cmd/api\"\n"), "{text}");
    }
}
