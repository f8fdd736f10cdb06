//! The project's own modules: which files are read, and from which folder they are imported.

use std::collections::BTreeSet;

use crate::repo::dir::Dir;

use super::procfile;
use super::source::Source;

/// Every module that may run, nearest to the project's folder first.
#[derive(Debug)]
pub(super) struct Modules<'a> {
    /// The sources that were read.
    pub sources: Vec<Source<'a>>,
    /// All Python files, also those that were not read.
    files: BTreeSet<String>,
    /// Files that test something.
    pub tests: Vec<Source<'a>>,
    /// The script that the `Procfile` starts.
    pub started: Option<String>,
}

/// Folders that hold nothing that runs in production.
const ASIDE: &[&str] = &[
    "test",
    "tests",
    "testing",
    "docs",
    "doc",
    "example",
    "examples",
    "samples",
    "benchmarks",
    "node_modules",
    "site-packages",
    "migrations",
    "alembic",
    "scripts",
    "tools",
    "notebooks",
    "venv",
    "env",
    "e2e",
    "build",
    "dist",
    ".github",
    "fixtures",
    "extras",
    "contrib",
    "benchmark",
    "templates",
    "deploy",
    "infra",
    "hooks",
    "ci",
];

/// Scripts of tools, which stand beside packages: in one, `setup.py` is a module like any other.
const TOOLS: &[&str] = &[
    "setup.py",
    "conftest.py",
    "noxfile.py",
    "tasks.py",
    "fabfile.py",
    "gunicorn.conf.py",
    "conf.py",
    "versioneer.py",
];

impl<'a> Modules<'a> {
    /// Reads the Python files of a folder. `aside` gives the folders of other projects below it.
    pub fn read(dir: &Dir<'a>, aside: &[String]) -> Self {
        let files: BTreeSet<String> =
            dir.files().map(|(path, _)| path.to_owned()).filter(|path| path.ends_with(".py")).collect();
        let home = dir.path().clone();
        // A project may be called `example`: a folder with settings of Django runs.
        let is_django = |folder: &str| {
            ["settings.py", "settings/__init__.py", "wsgi.py", "asgi.py"]
                .iter()
                .any(|name| files.contains(&below(folder, name)))
        };
        let (mut sources, mut tests) = (Vec::new(), Vec::new());
        for doc in dir.docs().filter(|doc| doc.path.extension() == Some("py")) {
            let Some(path) = doc.path.relative_to(&home) else { continue };
            if aside.iter().any(|folder| path.as_str().starts_with(&format!("{folder}/"))) {
                continue;
            }
            if is_test(path.as_str()) {
                tests.push(Source::read(doc, path.as_str()));
            } else if !is_aside(path.as_str(), is_django)
                && !is_tool(path.as_str(), &files)
                && !migrates(doc.text)
            {
                sources.push(Source::read(doc, path.as_str()));
            }
        }
        sources.sort_by_key(|source: &Source<'_>| (depth(&source.path), source.path.clone()));
        Self { sources, files, tests, started: procfile::script(dir) }
    }

    /// The module at a path.
    pub fn at(&self, path: &str) -> Option<&Source<'a>> {
        self.sources.iter().find(|source| source.path == path)
    }

    /// Is there a module of the project at this path, read or not?
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        self.files.contains(&format!("{path}.py"))
            || self.files.range(folder.clone()..).next().is_some_and(|file| file.starts_with(&folder))
    }

    /// The file of a dotted module, when it is imported from `root`.
    pub fn find(&self, root: &str, module: &str) -> Option<&Source<'a>> {
        let path = below(root, &module.replace('.', "/"));
        self.at(&format!("{path}.py")).or_else(|| self.at(&format!("{path}/__init__.py")))
    }

    /// The folder from which a module's imports are found (empty for the project's own), and its dotted
    /// name from there.
    pub fn name(&self, source: &Source<'_>) -> (String, String) {
        let folders: Vec<&str> = source.path.split('/').collect();
        let folders = &folders[..folders.len() - 1];
        let mut best = (String::new(), 0);
        let mut first = true;
        for cut in 0..=folders.len() {
            let is_importable = folders[cut..].iter().all(|folder| is_identifier(folder));
            if !is_importable || (source.is_relative && cut == folders.len()) {
                continue;
            }
            let root = folders[..cut].join("/");
            let score = source.imported.iter().map(|(_, module)| self.resolves(&root, module)).sum::<usize>();
            // `src` is a folder to import from, not a package, unless it says so.
            let is_source_root = score == best.1
                && root.rsplit('/').next() == Some("src")
                && !self.files.contains(&format!("{root}/__init__.py"));
            if first || score > best.1 || is_source_root {
                best = (root, score);
                first = false;
            }
        }
        let root = best.0;
        let inside = source.path.strip_prefix(&root).unwrap_or(&source.path).trim_start_matches('/');
        let module = inside.trim_end_matches(".py").trim_end_matches("/__init__").replace('/', ".");
        (root, module)
    }

    /// How many segments of a module are found below a folder.
    fn resolves(&self, root: &str, module: &str) -> usize {
        let mut path = root.to_owned();
        let mut found = 0;
        for segment in module.split('.') {
            path = below(&path, segment);
            if !self.has(&path) {
                break;
            }
            found += 1;
        }
        found
    }
}

/// A path below a folder that may be the project's own.
pub(super) fn below(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

/// How many folders a path goes down.
pub(super) fn depth(path: &str) -> usize {
    path.bytes().filter(|byte| *byte == b'/').count()
}

fn is_identifier(word: &str) -> bool {
    word.chars().all(|c| c == '_' || c.is_alphanumeric()) && !word.starts_with(|c: char| c.is_ascii_digit())
}

/// The environment of Alembic's commands, which makes an application only to know its models:
/// <https://alembic.sqlalchemy.org/en/latest/tutorial.html#the-migration-environment>
fn migrates(text: &str) -> bool {
    text.contains("context.run_migrations(")
}

fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let in_tests = path.split('/').rev().skip(1).any(|folder| matches!(folder, "test" | "tests" | "testing"));
    name.starts_with("test_")
        || name.ends_with("_test.py")
        || name == "tests.py"
        || (in_tests && name.ends_with(".py"))
}

fn is_aside(path: &str, is_meant: impl Fn(&str) -> bool) -> bool {
    let (folders, _) = path.rsplit_once('/').unwrap_or_default();
    let mut end = 0;
    folders.split('/').any(|folder| {
        end += folder.len() + usize::from(end > 0);
        (ASIDE.contains(&folder) && !is_meant(&folders[..end])) || folder.starts_with('.')
    })
}

fn is_tool(path: &str, files: &BTreeSet<String>) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    TOOLS.contains(&name) && !files.contains(&below(folder, "__init__.py"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::inventory::Inventory;
    use crate::repo::path::RelPath;

    #[test]
    fn the_environment_of_migrations_is_no_module_of_the_program() {
        let env = "from alembic import context\napp = create_app()\ncontext.run_migrations()\n";
        let inventory = Inventory::from_files([("db/env.py", env), ("shop/app.py", "")]);
        let modules = Modules::read(&inventory.dir(RelPath::root()), &[]);
        let paths: Vec<&str> = modules.sources.iter().map(|source| source.path.as_str()).collect();
        assert_eq!(paths, ["shop/app.py"]);
    }

    #[test]
    fn modules_are_named_from_where_they_are_imported() {
        for (files, path, root, name) in [
            (&[("app.py", "import flask")][..], "app.py", "", "app"),
            (&[("app/main.py", "from app.db import x"), ("app/db.py", "")], "app/main.py", "", "app.main"),
            (&[("src/main.py", "import db"), ("src/db.py", "")], "src/main.py", "src", "main"),
            (&[("src/main.py", "from src.db import x"), ("src/db.py", "")], "src/main.py", "", "src.main"),
            (&[("a/a/main.py", "from a.db import x"), ("a/a/db.py", "")], "a/a/main.py", "a", "a.main"),
            (&[("app/main.py", "from .db import x"), ("app/db.py", "")], "app/main.py", "", "app.main"),
            (&[("src/shop/__init__.py", "")], "src/shop/__init__.py", "src", "shop"),
            (&[("src/__init__.py", ""), ("src/main.py", "")], "src/main.py", "", "src.main"),
            (&[("backend/src/shop/main.py", "")], "backend/src/shop/main.py", "backend/src", "shop.main"),
            (&[("my-app/main.py", "")], "my-app/main.py", "my-app", "main"),
            (&[("shop/__init__.py", "")], "shop/__init__.py", "", "shop"),
        ] {
            let inventory = Inventory::from_files(files.iter().copied());
            let modules = Modules::read(&inventory.dir(RelPath::root()), &[]);
            let got = modules.name(modules.at(path).unwrap());
            assert_eq!(got, (root.to_owned(), name.to_owned()), "{path}");
        }
    }
}
