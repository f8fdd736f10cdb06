//! Prisma's generated client: who generates it, where, and how it reaches the production tree.
//!
//! Up to release 6 the client is written into `node_modules/.prisma` unless the schema names a folder; since release 7 it
//! has to, and what lies there is a source of the program. Both are written by the command line tool, a development
//! dependency. <https://www.prisma.io/docs/orm/prisma-client/setup-and-configuration/generating-prisma-client>

use crate::fact::Fact;
use crate::repo::dir::Dir;
use crate::stack::node::manifest::Package;

/// A client that the repository does not hold.
#[derive(Debug)]
pub(super) struct Client {
    /// The schema.
    pub schema: Fact<String>,
    /// Does a script of the project generate it?
    pub is_scripted: bool,
    /// Where it is generated.
    pub place: Place,
}

/// Where a client lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Among the installed packages.
    Packages,
    /// Among the sources, in a folder that the schema names.
    Sources,
}

impl Client {
    /// The client of this package.
    pub fn find(package: &Package<'_>, dir: &Dir<'_>) -> Option<Self> {
        package.uses("prisma").or_else(|| package.uses("@prisma/client"))?;
        let doc = dir.docs().find(|doc| doc.path.name() == "schema.prisma")?;
        let schema = doc.find(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words.first() == Some(&"provider") && line.contains("prisma-client"))
                .then(|| doc.path.to_string())
        })?;
        let output = doc.find(|line| {
            let value = line.trim_start().strip_prefix("output")?.trim_start().strip_prefix('=')?;
            Some(value.trim().trim_matches('"').to_owned())
        });
        // One that is committed is a source file like any other.
        let is_committed = |output: &Fact<String>| {
            let folder = doc.path.parent().and_then(|folder| folder.join(&output.value));
            folder.is_some_and(|folder| dir.docs().any(|doc| doc.path.is_within(&folder)))
        };
        let place = match output {
            Some(output) if is_committed(&output) => return None,
            Some(_) => Place::Sources,
            None => Place::Packages,
        };
        let scripts = ["postinstall", "prepare", "prebuild", "build"];
        let is_scripted = scripts
            .iter()
            .filter_map(|name| package.script(name))
            .any(|line| line.value.contains("prisma generate"));
        Some(Self { schema, is_scripted, place })
    }

    /// Does it lie among the installed packages?
    pub fn is_installed(&self) -> bool {
        self.place == Place::Packages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Inventory, RelPath};

    #[test]
    fn clients_are_generated_where_the_repository_has_none() {
        let package =
            |scripts: &str| format!(r#"{{"scripts":{{{scripts}}},"devDependencies":{{"prisma":"7"}}}}"#);
        let plain = package("");
        let scripted = package(r#""build":"prisma generate && tsc""#);
        let installed = "generator client {\n  provider = \"prisma-client-js\"\n}";
        let source =
            "generator client {\n  provider = \"prisma-client\"\n  output   = \"../src/generated\"\n}";
        let own = ("src/generated/client.ts", "");
        for (package, schema, more, expected) in [
            (&plain, installed, None, Some((Place::Packages, false))),
            (&plain, source, None, Some((Place::Sources, false))),
            (&scripted, source, None, Some((Place::Sources, true))),
            (&plain, source, Some(own), None),
            (&plain, "datasource db {\n  provider = \"sqlite\"\n}", None, None),
        ] {
            let files = [("package.json", package.as_str()), ("prisma/schema.prisma", schema)];
            let inventory = Inventory::from_files(files.into_iter().chain(more));
            let dir = inventory.dir(RelPath::root());
            let client = Client::find(&Package::of(&dir).expect("a manifest"), &dir);
            let found = client.map(|client| (client.place, client.is_scripted));
            assert_eq!(found, expected, "{package} {schema}");
        }
    }
}
