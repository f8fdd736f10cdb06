//! Does the program write beside its own files while it runs? Its folder is its user's then.
//!
//! Calls in its sources say so, and packages that keep files where no source of the project names them. Folders elsewhere
//! (`/etc/todos`) are made for it where the sources name them, and so is the folder of a database that is not in the repository.

use serde::Serialize;

use crate::fact::Fact;
use crate::plan::run::{Run, quote};
use crate::repo::RelPath;
use crate::repo::dir::{Dir, Doc};
use crate::stack::common::pattern::pattern;
use crate::stack::node::manifest::Package;

/// What a program looks like that writes beside its own files while it runs.
const CALLS: &[&str] = &[
    "createWriteStream(",
    "mkdirSync(",
    "mkdirp",
    "fs.mkdir(",
    "writeFileSync(",
    "writeFile(",
    "appendFile",
    "multer(",
    "diskStorage(",
    "new Datastore(",
    "lowdb",
    "node-persist",
    "express-fileupload",
    "new sqlite3.Database(",
    "better-sqlite3",
    "bun:sqlite",
    "node:sqlite",
    "dialect: 'sqlite'",
    "dialect: \"sqlite\"",
    "file-stream-rotator",
    "DailyRotateFile",
    "transports.File",
    // https://github.com/pinojs/pino/blob/main/docs/transports.md#pino-file
    "pino/file",
    "pino.destination(",
    "formidable",
    "session-file-store",
];

/// Packages that write by themselves, and what.
const PACKAGES: &[(&str, &str)] = &[
    // https://docs.strapi.io/cms/project-structure: `.tmp` and `public/uploads`.
    ("@strapi/strapi", "keeps uploads and an SQLite database"),
    ("strapi", "keeps uploads and an SQLite database"),
    // https://sailsjs.com/documentation/anatomy: `.tmp`, where its database on disk is.
    ("sails-hook-orm", "keeps a database on disk"),
    // https://docs.adonisjs.com/guides/getting-started/folder-structure: `tmp`.
    ("@adonisjs/lucid", "keeps an SQLite database"),
    // https://github.com/WiseLibs/better-sqlite3/blob/master/docs/api.md
    ("better-sqlite3", "keeps an SQLite database"),
    // https://github.com/TryGhost/node-sqlite3/wiki/API
    ("sqlite3", "keeps an SQLite database"),
    // https://github.com/expressjs/multer#readme
    ("multer", "keeps uploads"),
];

/// An absolute path that stands for a variable which nobody set, or that a call writes to. The first group is the name of
/// the variable or the call.
const ABSOLUTE: &str = r#"(?:(?:process\.env\.|Bun\.env\.|env\(['"])(\w+)['"]?\)?\s*(?:\|\||\?\?)|\b(\w+)\()\s*["'`](/[a-z][\w./-]*)["'`]"#;

/// A database in a file, by a path from the program's folder or from the source's own.
const DATABASE: &str = r#"["'`](?:file:)?((?:\.{1,2}/)*(?:[\w-]+/)+)[\w.-]+\.(?:db|sqlite|sqlite3)["'`]"#;

/// How names of variables for files and folders end.
const FOR_FILES: &[&str] =
    &["DATABASE", "DB", "DIR", "DIRECTORY", "FILE", "FOLDER", "LOCATION", "PATH", "STORAGE"];

/// Where programs keep data, by convention or by <https://refspecs.linuxfoundation.org/FHS_3.0/fhs/index.html>.
const FOR_DATA: &[&str] =
    &["config", "data", "database", "db", "etc", "logs", "media", "srv", "storage", "uploads", "var"];

/// Folders of the system below those.
const SYSTEMS: &[&str] = &["/etc/ssl", "/etc/letsencrypt", "/etc/pki", "/var/run", "/var/tmp", "/var/www"];

/// The line of the sources that writes.
pub(super) fn in_sources(docs: &[Doc<'_>]) -> Option<Fact<String>> {
    docs.iter().find_map(|doc| {
        doc.find(|line| {
            let code = line.trim_start();
            let call = CALLS.iter().find(|call| !code.starts_with("//") && code.contains(**call))?;
            Some(format!("writes files ({})", call.trim_end_matches('(')))
        })
    })
}

/// The folders outside of its own that a program writes to, by the lines that name them.
pub(super) fn elsewhere(docs: &[Doc<'_>]) -> Vec<Fact<String>> {
    let absolute = pattern(ABSOLUTE);
    each_once(docs, |_, line| {
        let parts = absolute.captures(line)?;
        let is_for_files = match (parts.get(1), parts.get(2)) {
            (Some(variable), _) => FOR_FILES.iter().any(|end| variable.as_str().ends_with(end)),
            (_, Some(call)) => CALLS.iter().any(|known| known.trim_end_matches('(').ends_with(call.as_str())),
            _ => false,
        };
        folder(&parts[3]).filter(|_| is_for_files)
    })
}

/// The folders of databases that are not in the repository, from the program's own, by the lines that name them. What
/// opens such a file makes it, but no folder.
pub(super) fn missing(docs: &[Doc<'_>], dir: &Dir<'_>) -> Vec<Fact<String>> {
    let database = pattern(DATABASE);
    each_once(docs, |doc, line| {
        let folder = &database.captures(line)?[1];
        let own = || doc.path.relative_to(dir.path()).and_then(|path| path.parent()).unwrap_or_default();
        let is_beside = ["__dirname", "import.meta"].iter().any(|mark| line.contains(mark));
        let folder = if is_beside { own().join(folder)? } else { RelPath::root().join(folder)? };
        let is_there = folder.is_root() || dir.has_dir(folder.as_str());
        (!is_there && folder.segments().all(|part| part != "node_modules")).then(|| folder.to_string())
    })
}

/// The first folder that each source names outside of its comments, each once.
fn each_once(docs: &[Doc<'_>], named: impl Fn(&Doc<'_>, &str) -> Option<String>) -> Vec<Fact<String>> {
    let mut found: Vec<Fact<String>> = Vec::new();
    for doc in docs {
        let one = doc.find(|line| named(doc, line).filter(|_| !line.trim_start().starts_with("//")));
        found.extend(one.filter(|one| found.iter().all(|known| known.value != one.value)));
    }
    found
}

/// A folder that the image makes for the program.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Made {
    folder: Fact<String>,
    /// None where WORKDIR makes it.
    command: Option<Run>,
}

impl Made {
    /// An image without a shell starts as its user, to whom the folders of WORKDIR belong then.
    pub fn by_workdir(folder: &Fact<String>) -> Self {
        Self { folder: folder.clone(), command: None }
    }

    /// In an image with a shell, for that user.
    pub fn by_command(folder: &Fact<String>, user: &str) -> Self {
        let path = quote(&folder.value);
        let command = Run::new(format!("mkdir -p {path}")).then(format!("chown {user} {path}"));
        Self { folder: folder.clone(), command: Some(command) }
    }
}

/// The folder of a path, when it is for data.
fn folder(path: &str) -> Option<String> {
    let folder = match path.rsplit_once('/') {
        Some((above, name)) if name.contains('.') => above,
        _ => path.trim_end_matches('/'),
    };
    let top = folder.strip_prefix('/')?.split('/').next()?;
    let is_system =
        folder == "/etc" || folder == "/var" || SYSTEMS.iter().any(|start| folder.starts_with(start));
    (FOR_DATA.contains(&top) && !is_system && !folder.contains("..")).then(|| folder.to_owned())
}

/// The dependency that writes.
pub(super) fn by_package(package: &Package<'_>) -> Option<Fact<String>> {
    PACKAGES.iter().find_map(|(name, what)| {
        let range = package.requires(name)?;
        Some(range.derive(format!("{what} ({name})")))
    })
}

#[cfg(test)]
mod tests {
    use super::elsewhere;
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::{Inventory, RelPath};

    #[test]
    fn folders_elsewhere_are_named_by_what_writes() {
        let found = |line: &str| {
            let inventory = Inventory::from_files([("server.js", line)]);
            let dir = inventory.dir(RelPath::root());
            let docs: Vec<_> = dir.docs().collect();
            elsewhere(&docs).into_iter().map(|fact| fact.to_string()).collect::<Vec<_>>()
        };
        let todos = "const location = process.env.SQLITE_DB_LOCATION || '/etc/todos/todo.db'";
        assert_eq!(found(todos), ["/etc/todos (server.js:1)"]);
        assert_eq!(found("fs.mkdirSync('/data', { recursive: true })"), ["/data (server.js:1)"]);
        assert_eq!(
            found("const dir = process.env.UPLOAD_DIR ?? \"/var/lib/shop/uploads\""),
            ["/var/lib/shop/uploads (server.js:1)"]
        );
        for line in [
            "app.get('/data', list)",
            "const base = process.env.BASE_PATH || '/app'",
            "const base = process.env.PREFIX || '/data'",
            "const cert = process.env.CERT_PATH || '/etc/ssl/cert.pem'",
            "// fs.mkdirSync('/data')",
        ] {
            assert!(found(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn folders_of_databases_are_made_where_they_are_missing() {
        const NAMES: &str = "import { Database } from 'bun:sqlite'\n";
        for (file, line, expected) in [
            ("open.js", "const file = process.env.FILE || './data/app.db'", Some("/app/data")),
            ("src/db/open.js", "const file = join(__dirname, '../../data/app.sqlite')", Some("/app/data")),
            ("src/open.js", "filename: 'file:var/keep/x.sqlite3'", Some("/app/var/keep")),
            ("src/open.js", "join(import.meta.dirname, 'keep/x.db')", Some("/app/src/keep")),
            ("src/open.js", "const file = 'there/app.db'", None),
            ("src/open.js", "const file = 'app.db'", None),
            ("src/open.js", "const file = join(__dirname, '../../out/app.db')", None),
            ("src/open.js", "// const file = 'data/app.db'", None),
        ] {
            let text = [NAMES, line].concat();
            let files = [
                ("package.json", r#"{"scripts":{"start":"node server.js"},"dependencies":{"express":"5"}}"#),
                ("package-lock.json", "{}"),
                ("server.js", ""),
                ("there/.gitkeep", ""),
                (file, text.as_str()),
            ];
            let plan = plan(&Inventory::from_files(files), &Settings::default());
            let made = plan.services[0].tool["makes"][0]["folder"]["value"].as_str().map(str::to_owned);
            assert_eq!(made.as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn a_package_that_keeps_files_gives_the_program_its_folder() {
        for (package, is_writable) in [("@strapi/strapi", true), ("express", false)] {
            let manifest = format!(
                r#"{{"scripts":{{"start":"node server.js"}},"dependencies":{{"{package}":"5.0.0"}}}}"#
            );
            let files = [("package.json", manifest.as_str()), ("package-lock.json", "{}"), ("server.js", "")];
            let plan = plan(&Inventory::from_files(files), &Settings::default());
            let copies = plan.services[0].tool["copies"].as_array().expect("copies");
            let own = copies.iter().find(|copy| copy["target"] == "." || copy["target"] == "./");
            assert_eq!(own.expect("the program")["is_writable"], is_writable, "{package}: {copies:?}");
        }
    }
}
