//! Which files the running server needs besides its code and its packages.
//!
//! A server whose build writes to a folder of its own gets that folder, `package.json`, and what its sources name.
//! A server that runs from its sources gets everything but tests.

use std::collections::BTreeSet;

use crate::fact::Fact;
use crate::repo::dir::{Dir, Doc};
use crate::stack::common::pattern::pattern;
use crate::stack::node::sources::is_test;

/// Folders that servers read without naming them in a literal of their own.
const USUAL: &[&str] = &[
    "assets",
    "config",
    "configs",
    "content",
    "data",
    "database",
    "db",
    "drizzle",
    "email-templates",
    "emails",
    "i18n",
    "lang",
    "locale",
    "locales",
    "migrations",
    "prisma",
    "proto",
    "protos",
    "public",
    "resources",
    "schema",
    "static",
    "swagger",
    "templates",
    "translations",
    "uploads",
    "views",
];

/// Endings of data files.
const DATA: &[&str] = &[
    "json", "yaml", "yml", "html", "txt", "md", "proto", "graphql", "gql", "csv", "xml", "ico", "png", "svg",
    "sql", "toml", "hbs", "ejs", "pug", "mjml", "db", "wasm",
];

/// Files of the toolchain, never read by a server.
const TOOLING: &[&str] = &[
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "turbo.json",
    "nest-cli.json",
    "README.md",
];

/// Folders of tests and of what only tests use.
const TESTS: &[&str] = &["test", "tests", "__tests__", "__mocks__", "spec", "e2e", "cypress"];

/// Folders for people and tools, which share their names with addresses: they are read where a path is made of them.
const FOR_PEOPLE: &[&str] = &["doc", "docs", "documentation", "example", "examples", "scripts", "tools"];

/// What makes a path, or takes one.
const TAKES_PATHS: &[&str] = &[
    "join(",
    "resolve(",
    "__dirname",
    "cwd()",
    "readFile",
    "readdir",
    "createReadStream",
    "existsSync",
    "static(",
];

/// Top-level folders and files that the sources read, `built` and the sources themselves left out.
pub(super) fn read_by(dir: &Dir<'_>, docs: &[Doc<'_>], built: &[String]) -> Vec<Fact<String>> {
    let mut folders = BTreeSet::new();
    let mut files = BTreeSet::new();
    for (path, _) in dir.files() {
        match path.split_once('/') {
            Some((folder, _)) => folders.insert(folder),
            None => files.insert(path),
        };
    }
    let is_code = |name: &str| {
        matches!(name, "src" | "lib" | "source")
            || name.starts_with('.')
            || TESTS.contains(&name)
            || built.iter().any(|b| b == name)
    };
    let mut found = Vec::new();
    for folder in folders.into_iter().filter(|name| !is_code(name)) {
        if USUAL.contains(&folder) {
            found.push(Fact::new(folder.to_owned(), dir.evidence(folder, "usually read at run time")));
        } else if let Some(fact) = named(docs, folder) {
            found.push(fact);
        }
    }
    for file in files.into_iter().filter(|name| !TOOLING.contains(name) && !name.starts_with('.')) {
        let is_data = file.rsplit_once('.').is_some_and(|(_, ending)| DATA.contains(&ending));
        if is_data && let Some(fact) = named(docs, file) {
            found.push(fact);
        }
    }
    found.extend(among_sources(dir, docs));
    found
}

/// Folders of the sources that hold no code, `src/mail/templates`, by the lines that put their paths together from the
/// program's folder: a compiler does not take them along.
fn among_sources(dir: &Dir<'_>, docs: &[Doc<'_>]) -> Vec<Fact<String>> {
    let path = pattern(
        r#"["'`](?:\./)?src(?:/|["'`]\s*,\s*["'`])((?:[\w-]+(?:/|["'`]\s*,\s*["'`]))*[\w.-]+)/?["'`]"#,
    );
    let mut found: Vec<Fact<String>> = Vec::new();
    for doc in docs.iter().filter(|doc| doc.text.contains("src")) {
        for captured in path.captures_iter(doc.text) {
            let Some((all, below)) = captured.get(0).zip(captured.get(1)) else { continue };
            let part = |part: &'_ str| part.trim().trim_matches(['"', '\'', '`']).to_owned();
            let below: Vec<String> = below.as_str().split(['/', ',']).map(part).collect();
            // The whole path, or the folder of the file at its end.
            let folder = (1..=below.len()).rev().map(|count| format!("src/{}", below[..count].join("/")));
            let folder = folder.take(2).find(|folder| dir.has_dir(folder));
            let Some(folder) = folder.filter(|folder| holds_data(dir, folder)) else { continue };
            if found.iter().all(|known| known.value != folder) {
                found.push(Fact::new(folder, doc.cite_offset(all.start())));
            }
        }
    }
    found
}

/// Are there files in this folder, and is none of them code?
fn holds_data(dir: &Dir<'_>, folder: &str) -> bool {
    let within = |path: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let is_data = |path: &str| path.rsplit_once('.').is_some_and(|(_, ending)| DATA.contains(&ending));
    let files: Vec<&str> = dir.files().map(|(path, _)| path).filter(|path| within(path)).collect();
    !files.is_empty() && files.into_iter().all(is_data)
}

/// The line whose literal is this name, or a path that goes through it.
fn named(docs: &[Doc<'_>], name: &str) -> Option<Fact<String>> {
    if !docs.iter().any(|doc| doc.text.contains(name)) {
        return None;
    }
    let pattern = format!(r#"["'`](?:\.{{0,2}}/)*{}(?:["'`]|/)"#, regex_lite::escape(name));
    let pattern = regex_lite::Regex::new(&pattern).ok()?;
    docs.iter().find_map(|doc| {
        doc.find(|line| {
            let code = line.trim_start();
            let is_import = code.starts_with("import ")
                || code.starts_with("//")
                || code.starts_with("export ")
                || code.contains("app.use('/");
            let is_path = !FOR_PEOPLE.contains(&name) || TAKES_PATHS.iter().any(|call| line.contains(call));
            (!is_import && is_path && line.len() < 2_000 && pattern.is_match(line)).then(|| name.to_owned())
        })
    })
}

/// What a server that runs from its sources does without: tests, as patterns from the folder.
pub(super) fn tests(dir: &Dir<'_>) -> Vec<String> {
    let mut found = BTreeSet::new();
    for (path, _) in dir.files() {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if let Some(top) = path.split('/').next().filter(|top| TESTS.contains(top) && path.contains('/')) {
            found.insert(top.to_owned());
        } else if folder.split('/').any(|part| part == "__tests__") {
            found.insert("**/__tests__".to_owned());
        } else if is_test(name)
            && let Some(pattern) = test_pattern(name)
        {
            found.insert(pattern);
        }
    }
    found.into_iter().collect()
}

fn test_pattern(name: &str) -> Option<String> {
    let mark = [".test.", ".spec.", ".stories.", ".cy."].into_iter().find(|mark| name.contains(mark))?;
    Some(format!("**/*{mark}*"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Inventory, RelPath};

    #[test]
    fn data_among_the_sources_is_read_where_a_path_is_made_of_it() {
        for (source, expected) in [
            ("join(root, 'src', 'mail', 'texts', 'welcome.hbs')", &["src/mail/texts"][..]),
            ("join(\n  root,\n  'src',\n  'mail',\n  'texts',\n)", &["src/mail/texts"]),
            ("path: './src/mail/texts/'", &["src/mail/texts"]),
            ("path: `src/mail/texts/welcome.hbs`", &["src/mail/texts"]),
            ("entities: ['src/**/*.entity.ts']", &[]),
            ("join(root, 'src', 'mail')", &[]),
            ("join(__dirname, 'texts')", &[]),
            ("join(root, 'src', 'gone', 'welcome.hbs')", &[]),
        ] {
            let inventory = Inventory::from_files([
                ("src/main.ts", source),
                ("src/mail/mail.ts", ""),
                ("src/mail/texts/welcome.hbs", ""),
                ("src/mail/texts/de/welcome.hbs", ""),
            ]);
            let dir = inventory.dir(RelPath::root());
            let docs: Vec<Doc<'_>> = dir.docs().collect();
            let found: Vec<String> = read_by(&dir, &docs, &[]).into_iter().map(|fact| fact.value).collect();
            assert_eq!(found, expected, "{source}");
        }
    }
}
