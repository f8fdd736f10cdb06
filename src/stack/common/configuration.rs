//! The port in a configuration file that a program keeps in its repository and that is copied beside it.

use crate::fact::Fact;
use crate::repo::dir::Dir;
use crate::repo::path::RelPath;
use crate::stack::common::listen;
use crate::stack::common::pattern::pattern;

/// Names of such files. They are read for their port alone.
pub const NAMES: &[&str] = &[
    "app.conf",
    "app.ini",
    "app.yaml",
    "application.yaml",
    "application.yml",
    "base.json",
    "base.toml",
    "base.yaml",
    "base.yml",
    "conf.yaml",
    "config.ini",
    "config.json",
    "config.toml",
    "config.yaml",
    "config.yml",
    "default.json",
    "default.toml",
    "default.yaml",
    "default.yml",
    "settings.toml",
    "settings.yaml",
    "settings.yml",
];

/// The first port that a configuration file gives without saying that it is another program's. `is_copied` is asked
/// with the file's path from the folder.
pub fn port(dir: &Dir<'_>, is_copied: impl Fn(&RelPath) -> bool) -> Option<Fact<u16>> {
    let port =
        pattern(r#"(?i)^\s*"?(?:(?:http|server|app|listen|web|api)[_-]?)?port"?\s*[:=]\s*["':]*(\d{4,5})\b"#);
    let is_read = |path: &RelPath| path.relative_to(dir.path()).is_some_and(|below| is_copied(&below));
    let docs = dir.docs().filter(|doc| NAMES.contains(&doc.path.name()) && is_read(doc.path));
    docs.into_iter().find_map(|doc| {
        doc.find(|line| {
            let port = port.captures(line)?.get(1)?.as_str().parse().ok()?;
            (!listen::is_of_others(port)).then_some(port)
        })
    })
}
