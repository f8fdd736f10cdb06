//! What a program writes on the disk: databases in a file, logs, uploads.
//!
//! Code in an image belongs to root and is only read. A program that writes beside itself would fail, so there
//! it owns the folder that it starts in, and every other that its configuration names.

use std::collections::BTreeSet;

use crate::fact::Fact;
use crate::plan::run::quote;
use crate::repo::dir::{Dir, Doc};
use crate::stack::common::pattern::pattern;

/// Calls that write.
const CALLS: &[&str] = &[
    "Files.createDirector",
    "Files.newBufferedWriter(",
    "Files.newOutputStream(",
    "Files.write",
    ".appendText(",
    ".mkdir()",
    ".mkdirs()",
    ".transferTo(",
    ".writeBytes(",
    ".writeText(",
    "new FileOutputStream(",
    "new FileWriter(",
    "new RandomAccessFile(",
];

/// Databases in a file: `SQLite`, H2, HSQLDB and Derby by the addresses that their drivers document.
const DATABASE: &str = r#"jdbc:(?:sqlite|h2|hsqldb|derby):(?:file:|split:|nio:)*([./~A-Za-z][^"';?&\s]*)"#;
/// What stands in the place of the file where there is none.
const NO_FILE: &[&str] = &["mem:", "memory:", "tcp:", "ssl:", "hsql:", "http:", "res:", "zip:", "//"];

/// What makes the logging libraries write a file.
const LOGS: &[&str] = &["FileAppender", "<RollingFile", "<File "];
/// An absolute path in their configuration.
const LOG_FOLDER: &str = r#"(?:value|fileName|filePattern|file)\s*=\s*"(/[\w./-]+)"|<(?:file|File|fileNamePattern|FileNamePattern)>\s*(/[\w./-]+)"#;

/// What it writes.
#[derive(Debug)]
pub(super) struct Writes {
    /// The reason.
    pub what: Fact<String>,
    /// Folders outside of its own, in byte order.
    folders: BTreeSet<String>,
    /// Does it write to the user's home?
    pub is_home: bool,
}

impl Writes {
    /// Reads the sources, the configuration and that of the logs.
    pub fn find(dir: &Dir<'_>, sources: &[Doc<'_>]) -> Option<Self> {
        let resources: Vec<Doc<'_>> = dir
            .docs()
            .filter(|doc| {
                let below = doc.path.relative_to(dir.path());
                below.is_some_and(|below| below.as_str().starts_with("src/main/resources/"))
            })
            .collect();
        let logging = resources.iter().filter(|doc| {
            let name = doc.path.name();
            doc.path.extension() == Some("xml") && (name.starts_with("log"))
        });
        let logging: Vec<&Doc<'_>> = logging.collect();
        let databases = || sources.iter().chain(&resources).find_map(database);
        let logs = || {
            let writes =
                |line: &str| LOGS.iter().any(|mark| line.contains(mark)).then(|| "its logs".to_owned());
            logging.iter().find_map(|doc| doc.find(writes))
        };
        let calls = || {
            let writes = |line: &str| {
                let is_code = !line.trim_start().starts_with("//");
                (is_code && CALLS.iter().any(|call| line.contains(call))).then(|| "files".to_owned())
            };
            sources.iter().find_map(|doc| doc.find(writes))
        };
        let what = databases().or_else(logs).or_else(calls)?;
        let absolute = pattern(LOG_FOLDER);
        let mut folders: BTreeSet<String> = logging
            .iter()
            .flat_map(|doc| absolute.captures_iter(doc.text))
            .filter_map(|found| folder(found.get(1).or(found.get(2))?.as_str()))
            .collect();
        // SQLite makes a file, but no folder for it.
        let sqlite = pattern(r"jdbc:sqlite:(?:\./)?([A-Za-z][\w./-]*)/[\w.-]+");
        folders.extend(sqlite.captures(&what.because.says).map(|found| found[1].to_owned()));
        let is_home = what.because.says.contains(":~/");
        Some(Self { what, folders, is_home })
    }

    /// The command that makes the folders its own.
    pub fn command(&self, user: &str) -> String {
        let folders: Vec<String> = self.folders.iter().map(|folder| quote(folder)).collect();
        if folders.is_empty() {
            return format!("chown {user} .");
        }
        let folders = folders.join(" ");
        format!("mkdir -p {folders} && chown {user} . {folders}")
    }
}

fn database(doc: &Doc<'_>) -> Option<Fact<String>> {
    let address = pattern(DATABASE);
    doc.find(|line| {
        let trimmed = line.trim_start();
        if trimmed.starts_with(['#', '/', '*']) {
            return None;
        }
        let file = address.captures(line)?.get(1)?.as_str();
        let is_file = !NO_FILE.iter().any(|start| file.starts_with(start));
        is_file.then(|| "its database".to_owned())
    })
}

/// The folder of a path, when it is no one's but the program's.
fn folder(path: &str) -> Option<String> {
    let folder = match path.rsplit_once('/') {
        Some((above, name)) if name.contains('.') => above,
        _ => path.trim_end_matches('/'),
    };
    let is_systems =
        ["/dev", "/proc", "/sys", "/tmp", "/etc", "/bin", "/lib"].iter().any(|s| folder.starts_with(s));
    (folder.matches('/').count() >= 2 && !is_systems && !folder.contains("..")).then(|| folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::inventory::Inventory;
    use crate::repo::path::RelPath;

    #[test]
    fn what_writes_is_found() {
        let check = |file: &str, text: &str, expected: Option<&str>| {
            let inventory = Inventory::from_files([(file, text)]);
            let dir = inventory.dir(RelPath::root());
            let sources: Vec<Doc<'_>> =
                dir.docs().filter(|doc| doc.path.extension() == Some("java")).collect();
            let found = Writes::find(&dir, &sources).map(|writes| writes.command("1:1"));
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        let properties = "src/main/resources/application.properties";
        check(properties, "spring.datasource.url=jdbc:sqlite:dev.db", Some("chown 1:1 ."));
        let inside = "spring.datasource.url=jdbc:sqlite:./data/dev.db";
        check(properties, inside, Some("mkdir -p data && chown 1:1 . data"));
        check(properties, "spring.datasource.url=jdbc:h2:file:./data/demo;MODE=MySQL", Some("chown 1:1 ."));
        check(properties, "spring.datasource.url=jdbc:h2:~/test", Some("chown 1:1 ."));
        check(properties, "spring.datasource.url=jdbc:h2:mem:test", None);
        check(properties, "spring.datasource.url=jdbc:sqlite::memory:", None);
        check(properties, "spring.datasource.url=jdbc:hsqldb:hsql://db/x", None);
        check(properties, "#spring.datasource.url=jdbc:sqlite:dev.db", None);
        check("src/main/java/A.java", "Files.createDirectories(root);", Some("chown 1:1 ."));
        check("src/main/java/A.java", "// new FileWriter(x)", None);
        let log =
            "<property name=\"p\" value=\"/home/shop/logs\"/><appender class=\"a.RollingFileAppender\">";
        check(
            "src/main/resources/logback.xml",
            log,
            Some("mkdir -p /home/shop/logs && chown 1:1 . /home/shop/logs"),
        );
        check("src/main/resources/logback.xml", "<appender class=\"a.ConsoleAppender\"/>", None);
    }
}
