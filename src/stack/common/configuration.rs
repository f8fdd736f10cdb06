//! The port in a configuration file that a program keeps in its repository and that is copied beside it, and the files that
//! show what it wants from its environment.

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

/// Files that show how the environment is set, without setting it.
pub const EXAMPLES: &[&str] =
    &[".env.example", ".env.sample", ".env.dist", ".env.template", "example.env", "env.example"];

/// A port that an example of the environment gives to a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The port.
    pub port: u16,
    /// What stands before it: `127.0.0.1` of `127.0.0.1:3000`, nothing of `:3000`.
    pub host: Option<String>,
}

/// What the examples of a folder show for `variable`.
pub fn shown(dir: &Dir<'_>, variable: &str) -> Option<Fact<Shown>> {
    EXAMPLES.iter().filter_map(|name| dir.doc(name)).find_map(|doc| {
        doc.find(|line| {
            let value = line.trim().strip_prefix(variable)?.trim_start().strip_prefix('=')?;
            let value = value.trim().trim_matches(['"', '\'']);
            let (host, port) =
                value.rsplit_once(':').map_or((None, value), |(host, port)| (Some(host), port));
            Some(Shown { port: port.parse().ok()?, host: host.map(str::to_owned) })
        })
    })
}

/// The first port that a configuration file gives without saying that it is another program's. `is_copied` is asked
/// with the file's path from the folder.
pub fn port(dir: &Dir<'_>, is_copied: impl Fn(&RelPath) -> bool) -> Option<Fact<u16>> {
    let is_read = |path: &RelPath| path.relative_to(dir.path()).is_some_and(|below| is_copied(&below));
    let docs = dir.docs().filter(|doc| NAMES.contains(&doc.path.name()) && is_read(doc.path));
    docs.into_iter().find_map(|doc| {
        doc.find(|line| {
            let digits = said_of_port(line).filter(|value| (4..=5).contains(&value.len()))?;
            digits.parse().ok().filter(|port| !listen::is_of_others(*port))
        })
    })
}

/// What a line of a configuration file says of the program's own port, whatever the file's format.
pub fn said_of_port(line: &str) -> Option<&str> {
    let said =
        pattern(r#"(?i)^\s*"?(?:(?:http|server|app|listen|web|api)[_-]?)?port"?\s*[:=]\s*["':]*(\w+)"#);
    Some(said.captures(line)?.get(1)?.as_str())
}
