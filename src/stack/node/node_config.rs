//! The port in what the `config` package reads: `config/default.*`, and the variables that may change it.
//!
//! <https://github.com/node-config/node-config/wiki/Configuration-Files>,
//! <https://github.com/node-config/node-config/wiki/Environment-Variables#custom-environment-variables>

use crate::stack::common::configuration;
use crate::stack::common::listen::Listening;
use crate::stack::node::manifest::Package;

/// The package.
const PACKAGE: &str = "config";

/// Its folder.
const FOLDER: &str = "config";

/// What else is read: the name of the variable of each value.
const VARIABLES: &[&str] = &[
    "custom-environment-variables.json",
    "custom-environment-variables.yaml",
    "custom-environment-variables.yml",
];

/// The files that are read, by name.
pub(super) const READS: &[&str] = &[
    "default.json",
    "default.toml",
    "default.yaml",
    "default.yml",
    VARIABLES[0],
    VARIABLES[1],
    VARIABLES[2],
];

/// Adds the port to what the sources say, where they say none.
pub(super) fn complete(listening: &mut Listening, package: &Package<'_>) {
    if listening.port.is_some() || package.requires(PACKAGE).is_none() {
        return;
    }
    listening.port =
        configuration::port(&package.dir, |below| below.parent().is_some_and(|dir| dir.as_str() == FOLDER));
    if listening.variable.is_none() {
        listening.variable = VARIABLES.iter().find_map(|name| {
            let doc = package.dir.doc(&format!("{FOLDER}/{name}"))?;
            doc.find(|line| configuration::said_of_port(line).map(str::to_owned))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Inventory, RelPath};

    #[test]
    fn the_port_is_that_of_the_default_file() {
        for (manifest, port, variable) in [
            (r#"{"dependencies":{"config":"^3.3.7"}}"#, Some(8081), Some("HTTP_PORT")),
            (r#"{"dependencies":{"konfig":"^3.3.7"}}"#, None, None),
        ] {
            let inventory = Inventory::from_files([
                ("package.json", manifest),
                ("config/default.yml", "database:\n  port: 5432\nserver:\n  port: '8081'\n"),
                ("config/custom-environment-variables.yml", "server:\n  port: 'HTTP_PORT'\n"),
                ("other/default.yml", "port: 9999\n"),
            ]);
            let package = Package::of(&inventory.dir(RelPath::root())).expect("a manifest");
            let mut listening = Listening::default();
            complete(&mut listening, &package);
            assert_eq!(listening.port.map(|port| port.value), port, "{manifest}");
            assert_eq!(listening.variable.map(|name| name.value).as_deref(), variable, "{manifest}");
        }
    }
}
