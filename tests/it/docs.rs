//! The pages under `docs/`: tables that are made from declarations, links, and settings that can be used as they stand.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use dockgen::config::Settings;
use dockgen::key::Shape;
use dockgen::repo::Inventory;
use dockgen::stack;

use crate::repo::{GO, Ran, Repo};

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
    let mut keys = stack::keys();
    keys.sort_by_key(|key| key.name());
    for key in keys {
        let shape = match key.shape() {
            Shape::Text => "text",
            Shape::Number => "number",
            Shape::Truth => "true or false",
            Shape::Texts | Shape::List | Shape::Copies => "list",
            Shape::OneOf(words) => &words.join(" or "),
        };
        let name = key.name().replace('*', "NAME");
        let _ = writeln!(rows, "| `{name}` | {shape}: {} |", cell(key.doc()));
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

/// A text in a table: what Markdown would take for a border or for emphasis is text, but for what stands in backquotes.
fn cell(text: &str) -> String {
    let pieces = text.replace('|', "\\|");
    let pieces = pieces.split('`').enumerate();
    let plain = |(at, piece): (usize, &str)| {
        if at % 2 == 0 { piece.replace('*', "\\*") } else { piece.to_owned() }
    };
    pieces.map(plain).collect::<Vec<_>>().join("`")
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

/// Codes of findings: of plans, and of the rules for Dockerfiles.
#[test]
fn every_code_has_its_row() {
    let mut rows = String::from(
        "# Codes\n\nEach finding has a code that is never changed. `dockgen explain CODE` prints the same.\n\n## Of repositories and settings\n\n| code | says |\n|---|---|\n",
    );
    for (code, about) in dockgen::diag::manual() {
        let _ = writeln!(rows, "| `{code}` | {} |", cell(&about));
    }
    rows.push_str("\n## Of Dockerfiles\n\nThe rules of `dockgen lint`.\n\n| code | because |\n|---|---|\n");
    for rule in dockgen::lint::ALL {
        let _ = writeln!(rows, "| `{}` | {} |", rule.code, cell(rule.why));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/codes.md");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, &rows).expect("written");
    }
    assert!(
        fs::read_to_string(&path).is_ok_and(|text| text == rows),
        "UPDATE_SNAPSHOTS=1 writes docs/src/codes.md"
    );
}

/// Every stack has a page, and every key of its own is spoken of there.
#[test]
fn every_stack_has_its_page() {
    for stack in stack::ALL {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/src/{}.md", stack.id()));
        let text = fs::read_to_string(&path).unwrap_or_else(|bad| panic!("{}: {bad}", path.display()));
        for key in stack.keys() {
            assert!(text.contains(key.name()), "{} leaves out `{}`", path.display(), key.name());
        }
        let manifest = stack.looks_for().first().expect("a manifest");
        assert!(text.contains(manifest), "{} leaves out `{manifest}`", path.display());
    }
}

/// Command blocks are run as they stand, in order, one repository a page. `sh,engine` needs a container engine and is
/// run by the end-to-end tests' kin; `sh,network` asks registries.
#[test]
fn commands_in_the_pages_run() {
    let mut seen = 0;
    for (path, text) in pages() {
        if !path.parent().is_some_and(|folder| folder.ends_with("docs/src")) {
            continue;
        }
        let repo = Repo::new(&[
            ("app/go.mod", GO[0].1),
            ("app/main.go", GO[1].1),
            ("my-template/go.mod", "module example.com/{{ name }}\n\ngo 1.26\n"),
            ("my-template/main.go", GO[1].1),
        ]);
        repo.run(&["init", "app"]).ended(0, &[]);
        for block in text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            for line in block.lines().filter(|line| !line.trim().is_empty()) {
                let ran = shell(&repo, line);
                // 1 is a finding.
                assert!(matches!(ran.code, Some(0 | 1)), "{}: {line}: {ran}", path.display());
                assert!(!ran.err.contains("panicked") && !ran.err.contains("not found"), "{ran}");
                seen += 1;
            }
        }
    }
    assert!(seen > 15, "{seen} commands were run");
}

/// The commands of the comparison do what the table says of them.
#[test]
fn the_comparison_is_shown_by_its_commands() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/others.md");
    let text = fs::read_to_string(path).expect("text");
    let rows: Vec<&str> =
        text.lines().filter(|line| line.starts_with("| ") && line.contains("dockgen ")).collect();
    assert!(rows.len() > 15, "{rows:?}");
    for row in rows.iter().filter(|row| !row.contains("shows it with")) {
        let cell = row.trim_end_matches(" |").rsplit(" | ").next().expect("a cell");
        for command in cell.split('`').skip(1).step_by(2) {
            // One wants an engine, the other a network.
            if command.contains("verify") || command.contains("--pin") {
                continue;
            }
            let repo = Repo::new(&[("app/go.mod", GO[0].1), ("app/main.go", GO[1].1)]);
            repo.run(&["init", "app"]).ended(0, &[]);
            let ran = shell(&repo, command);
            assert!(matches!(ran.code, Some(0 | 1)), "{command}: {ran}");
            assert!(!ran.out.is_empty() || !ran.err.is_empty(), "{command} shows nothing");
        }
    }
}

/// A line of a shell, with dockgen on the PATH.
fn shell(repo: &Repo, line: &str) -> Ran {
    let folder = Path::new(env!("CARGO_BIN_EXE_dockgen")).parent().expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = std::process::Command::new("sh")
        .args(["-euc", line])
        .current_dir(repo.path().join("app"))
        .env("PATH", format!("{}:{path}", folder.display()))
        .output()
        .expect("a shell");
    Ran::new(&[line], &output)
}
