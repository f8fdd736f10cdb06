//! The name that a misspelled one was meant to be.

use crate::key::AnyKey;
use crate::plan::catalog::Catalog;

/// Says that nobody knows this key, with the nearest name that exists.
pub fn unknown(known: &[&dyn AnyKey], name: &str) -> String {
    let name = &name.escape_debug().to_string();
    let nearest = nearest(name, names_like(known, name));
    match nearest {
        Some(right) => format!("there is no setting `{name}`; did you mean `{right}`?"),
        None => format!("there is no setting `{name}`"),
    }
}

/// The names that `name` may have been meant to be: keys, their tables, and images.
fn names_like(known: &[&dyn AnyKey], name: &str) -> Vec<String> {
    let depth = name.split('.').count();
    let own: Vec<&str> = name.split('.').collect();
    // A `*` is whatever the person has put there.
    let filled = |pattern: &'static str| -> Vec<&str> {
        let parts = pattern.split('.').enumerate();
        parts
            .map(|(at, part)| if part == "*" { own.get(at).copied().unwrap_or("NAME") } else { part })
            .collect()
    };
    let mut names: Vec<String> = Vec::new();
    for key in known {
        if key.name() == "images.*" && name.starts_with("images.") {
            continue;
        }
        let parts = filled(key.name());
        names.push(parts.join("."));
        // A table that is misspelled is seen without what stands in it.
        names.extend((depth < parts.len()).then(|| parts[..depth].join(".")));
        // An entry that stands in no table.
        names.extend((depth == 1 && parts.last() == Some(&name)).then(|| parts.join(".")));
    }
    if name.starts_with("images.") {
        names.extend(
            Catalog::builtin().names().map(|image| format!("images.{}", image.replace("{line}", "24"))),
        );
    }
    names
}

/// The likeliest of these names, unless none is like it.
pub fn nearest(name: &str, among: impl IntoIterator<Item = String>) -> Option<String> {
    let likeness = |right: &String| {
        let is_entry = right.rsplit_once('.').is_some_and(|(_, entry)| entry == name);
        if is_entry { 1.0 } else { strsim::jaro_winkler(right, name) }
    };
    let rated = among.into_iter().map(|right| (likeness(&right), right)).filter(|(like, _)| *like > 0.75);
    rated.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1))).map(|(_, right)| right)
}
