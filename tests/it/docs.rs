//! The pages under `docs/`: tables that are made from declarations, links, and settings that can be used as they stand.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use dockgen::config::Settings;
use dockgen::key::Shape;
use dockgen::repo::Inventory;
use dockgen::stack;

fn pages() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found: Vec<PathBuf> = walkdir::WalkDir::new(root.join("docs/src"))
        .into_iter()
        .map(|entry| entry.expect("readable").into_path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    found.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(|name| root.join(name)));
    found.sort();
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).expect("text"))).collect()
}

#[test]
fn every_setting_has_its_row() {
    let mut rows = String::new();
    for key in stack::keys() {
        let shape = match key.shape() {
            Shape::Text => "text",
            Shape::Number => "number",
            Shape::Truth => "true or false",
            Shape::Texts | Shape::List => "list",
            Shape::OneOf(words) => &words.join(" or "),
        };
        let name = key.name().replace('*', "NAME");
        let _ = writeln!(rows, "| `{name}` | {shape}: {} |", key.doc().replace('|', "\\|"));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/settings.md");
    let text = fs::read_to_string(&path).expect("text");
    let (before, rest) = text.split_once("|---|---|\n").expect("the table");
    let (_, after) = rest.split_once("\n\n").expect("the end of the table");
    let now = format!("{before}|---|---|\n{rows}\n{after}");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, &now).expect("written");
    } else {
        assert!(now == text, "docs/src/settings.md is old; UPDATE_SNAPSHOTS=1 writes it:\n{rows}");
    }
}

#[test]
fn links_lead_somewhere() {
    let link = regex_lite::Regex::new(r"\]\(([^)#\s]+)(?:#[^)]*)?\)").expect("a literal");
    let mut seen = 0;
    for (path, text) in pages() {
        for found in link.captures_iter(&text).filter(|found| !found[1].contains("://")) {
            let target = path.parent().expect("a folder").join(&found[1]);
            assert!(target.exists(), "{}: {} is not there", path.display(), &found[1]);
            seen += 1;
        }
    }
    assert!(seen > 3, "links were looked for");
}

#[test]
fn every_page_is_in_the_summary() {
    let pages = pages();
    let (_, summary) = pages.iter().find(|(path, _)| path.ends_with("SUMMARY.md")).expect("a summary");
    for (path, _) in
        pages.iter().filter(|(path, _)| path.parent().is_some_and(|dir| dir.ends_with("docs/src")))
    {
        let name = path.file_name().expect("a name").to_string_lossy();
        assert!(
            name == "SUMMARY.md" || summary.contains(&format!("({name})")),
            "SUMMARY.md leaves out {name}"
        );
    }
}

/// Blocks that show a `dockgen.toml` are taken by dockgen.
#[test]
fn settings_in_the_pages_are_taken() {
    let mut seen = 0;
    for (path, text) in pages() {
        for block in text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            // A file that is named otherwise is another file.
            if block.contains("[[stages]]") || block.contains("#:schema") || block.contains("extends =") {
                continue;
            }
            let inventory = Inventory::from_files([("dockgen.toml", block)]);
            let read = Settings::read(&inventory, &stack::keys());
            assert!(read.is_ok(), "{}: {block}\n{read:#?}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 2, "{seen} blocks were tried");
}
