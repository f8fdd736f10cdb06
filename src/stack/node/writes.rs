//! Does the program write beside its own files while it runs? Its folder is its user's then.
//!
//! Calls in its sources say so, and packages that keep files where no source of the project names them.

use crate::fact::Fact;
use crate::repo::dir::Doc;
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
    "dialect: 'sqlite'",
    "dialect: \"sqlite\"",
    "file-stream-rotator",
    "DailyRotateFile",
    "transports.File",
    "formidable",
    "session-file-store",
];

/// Packages that write by themselves, and what.
const PACKAGES: &[(&str, &str)] = &[
    // https://docs.strapi.io/cms/project-structure: `.tmp` and `public/uploads`.
    ("@strapi/strapi", "keeps uploads and an SQLite database"),
    ("strapi", "keeps uploads and an SQLite database"),
    // https://docs.adonisjs.com/guides/getting-started/folder-structure: `tmp`.
    ("@adonisjs/lucid", "keeps an SQLite database"),
    // https://github.com/WiseLibs/better-sqlite3/blob/master/docs/api.md
    ("better-sqlite3", "keeps an SQLite database"),
    // https://github.com/TryGhost/node-sqlite3/wiki/API
    ("sqlite3", "keeps an SQLite database"),
    // https://github.com/expressjs/multer#readme
    ("multer", "keeps uploads"),
];

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

/// The dependency that writes.
pub(super) fn by_package(package: &Package<'_>) -> Option<Fact<String>> {
    PACKAGES.iter().find_map(|(name, what)| {
        let range = package.requires(name)?;
        Some(range.derive(format!("{what} ({name})")))
    })
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

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
