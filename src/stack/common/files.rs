//! Finds the files a compiled program reads at run time: templates, static folders, migrations.
//!
//! A text literal that names something that is really there, beside a call that opens things or
//! with a path's shape, is evidence. What is embedded at compile time needs no copy.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::dockerfile::ignore::IgnoreFile;
use crate::fact::Fact;
use crate::plan::service::SECRETS;
use crate::repo::dir::{Dir, Doc};
use crate::repo::path::RelPath;

/// Folders that hold what a server reads, in any language. A literal that is exactly such a name counts.
const USUAL: &[&str] = &[
    "assets",
    "config",
    "configs",
    "conf",
    "configuration",
    "content",
    "data",
    "dist",
    "html",
    "i18n",
    "lang",
    "locales",
    "migrations",
    "public",
    "resources",
    "settings",
    "sql",
    "static",
    "templates",
    "tmpl",
    "translations",
    "ui",
    "views",
    "web",
    "www",
];

/// Calls that take a path: a name of a folder in one counts, whatever it is.
const TAKES_PATHS: &[&str] = &[
    ".join(\"",
    "filepath.Join(",
    "http.Dir(",
    "os.DirFS(",
    "os.ReadDir(",
    "Path::new(\"",
    "PathBuf::from(\"",
    "ServeDir::new(\"",
];

/// Configuration that programs name without its ending, which their library adds
/// (<https://docs.rs/config/latest/config/struct.File.html#method.with_name>,
/// <https://pkg.go.dev/github.com/spf13/viper#SetConfigName>).
const NAMED_WITHOUT_ENDING: &[&str] =
    &["app", "application", "base", "conf", "config", "configuration", "default", "settings"];

/// The endings it adds.
const ENDINGS_OF_CONFIGURATION: &[&str] = &["toml", "yaml", "yml", "json", "ini"];

/// Endings of files that are compiled, never read.
const SOURCES: &[&str] = &["go", "rs", "java", "kt", "c", "h", "cpp", "mod", "sum", "lock", "proto"];

/// Files that no build sees, so that none can be copied: a program that names one is given it when it starts.
static HIDDEN: LazyLock<IgnoreFile> =
    LazyLock::new(|| IgnoreFile::parse(&SECRETS.join("\n")).expect("constant patterns"));

/// How files for people begin.
const DESCRIPTIONS: &[&str] = &["CHANGELOG", "CONTRIBUTING", "LICENSE", "README"];

/// Files that describe the project to its tools.
const MANIFESTS: &[&str] = &["Cargo.toml", "rust-toolchain.toml", "rustfmt.toml", "dockgen.toml"];

/// The top-level files and folders of `dir` that its sources name, in byte order; where a folder holds sources as well, what
/// is named in it. `embedded` says which literals are compiled in.
pub fn read_at_run_time<'d>(
    dir: &Dir<'_>,
    docs: impl IntoIterator<Item = Doc<'d>>,
    embedded: &[String],
) -> Vec<Fact<String>> {
    let mut found: BTreeMap<String, Fact<String>> = BTreeMap::new();
    for doc in docs {
        for (number, line) in doc.lines() {
            let trimmed = line.trim_start();
            if trimmed.starts_with("//") || trimmed.starts_with("import ") || line.len() > 2_000 {
                continue;
            }
            for literal in paths_between_quotes(line) {
                let Some(top) = names_something(dir, literal, line) else { continue };
                if embedded.iter().any(|pattern| covers(pattern, &top)) {
                    continue;
                }
                found.entry(top.clone()).or_insert_with(|| Fact::new(top, doc.cite(number, line)));
            }
        }
    }
    found.into_values().collect()
}

/// What stands between quotes and may be a path. Every line of a program is asked, so no expression is matched.
fn paths_between_quotes(line: &str) -> impl Iterator<Item = &str> {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b"_./*{}-".contains(&byte);
    let inside = line.rfind('"').map_or("", |last| &line[..last]);
    inside.split('"').skip(1).map(|text| text.strip_prefix("./").unwrap_or(text)).filter(move |text| {
        text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
            && text.bytes().all(is_usual)
    })
}

/// The top-level entry that a literal of a line names, when it is there and is data.
fn names_something(dir: &Dir<'_>, literal: &str, line: &str) -> Option<String> {
    let fixed = literal.split(['*', '{']).next().unwrap_or_default().trim_end_matches('/');
    let path = RelPath::new(fixed).ok().filter(|path| !path.is_root())?;
    let top = path.segments().next()?;
    if dir.has(path.as_str()) {
        // A file: `config.yaml`, `templates/index.html`.
        let source = path.extension().is_none_or(|ending| SOURCES.contains(&ending))
            || MANIFESTS.contains(&path.name())
            || DESCRIPTIONS.iter().any(|start| path.name().starts_with(start));
        let is_read = !source && !top.starts_with('.') && !HIDDEN.excludes(path.as_str());
        return is_read.then(|| entry(dir, &path));
    }
    if NAMED_WITHOUT_ENDING.contains(&path.name()) {
        let mut files = ENDINGS_OF_CONFIGURATION
            .iter()
            .filter_map(|ending| RelPath::new(&format!("{path}.{ending}")).ok());
        if let Some(file) = files.find(|file| dir.has(file.as_str())) {
            return Some(entry(dir, &file));
        }
    }
    if !dir.has_dir(path.as_str()) || holds_sources(dir, path.as_str()) {
        return None;
    }
    let has_shape = literal.contains('/')
        || literal.contains('*')
        || USUAL.contains(&literal)
        || TAKES_PATHS.iter().any(|call| line.contains(call));
    has_shape.then(|| entry(dir, &path))
}

/// What is copied for a path: its top-level folder, or the path itself where that folder holds sources, which the program
/// does without.
fn entry(dir: &Dir<'_>, path: &RelPath) -> String {
    let top = path.segments().next().unwrap_or_default();
    let is_beside_sources = path.as_str() == top || holds_sources(dir, top);
    if is_beside_sources { path.to_string() } else { top.to_owned() }
}

fn holds_sources(dir: &Dir<'_>, below: &str) -> bool {
    dir.dir(below).is_some_and(|folder| {
        folder
            .files()
            .any(|(path, _)| path.ends_with(".go") || path.ends_with(".rs") || path.ends_with(".java"))
    })
}

fn covers(pattern: &str, path: &str) -> bool {
    let first = pattern.trim_start_matches("all:").split('/').next();
    first == path.split('/').next() || first == Some("*")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Inventory;

    #[test]
    fn a_folder_with_sources_gives_what_is_named_in_it() {
        for (line, found) in [
            (r#"Default("internal/config/model.conf")"#, Some("internal/config/model.conf")),
            (r#"ParseFiles("internal/pages/index.html")"#, Some("internal/pages/index.html")),
            (r#"ParseGlob("internal/pages/*.html")"#, Some("internal/pages")),
            (r#"ParseGlob("templates/*.html")"#, Some("templates")),
            (r#"SetConfigFile("conf/base")"#, Some("conf")),
            (r#"Open("internal/config/config.go")"#, None),
            (r#"LoadX509KeyPair("internal/tls/server.key")"#, None),
            (r#"LoadX509KeyPair("server.pem")"#, None),
        ] {
            let inventory = Inventory::from_files([
                ("main.go", line),
                ("internal/config/config.go", "package config"),
                ("internal/config/model.conf", ""),
                ("internal/pages/index.html", ""),
                ("templates/index.html", ""),
                ("conf/base.yml", ""),
                ("internal/tls/server.key", ""),
                ("server.pem", ""),
            ]);
            let dir = inventory.dir(RelPath::root());
            let read = read_at_run_time(&dir, dir.doc("main.go"), &[]);
            assert_eq!(read.first().map(|file| file.value.as_str()), found, "{line}");
        }
    }
}
