//! Prisma's generated client: who generates it, and how it reaches the production tree.
//!
//! Up to release 6 the client is written into `node_modules/.prisma` by the command line tool, a development
//! dependency. <https://www.prisma.io/docs/orm/prisma-client/setup-and-configuration/generating-prisma-client>

use crate::fact::Fact;
use crate::repo::dir::Dir;
use crate::stack::node::manifest::Package;

/// A client that is generated into the installed packages.
#[derive(Debug)]
pub(super) struct Client {
    /// The schema.
    pub schema: Fact<String>,
    /// Does a script of the project generate it?
    pub is_scripted: bool,
}

impl Client {
    /// The client of this package.
    pub fn find(package: &Package<'_>, dir: &Dir<'_>) -> Option<Self> {
        package.uses("prisma").or_else(|| package.uses("@prisma/client"))?;
        let doc = dir.docs().find(|doc| doc.path.name() == "schema.prisma")?;
        let provider = doc.find(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words.first() == Some(&"provider") && line.contains("prisma-client"))
                .then(|| doc.path.to_string())
        })?;
        // A client with an output of its own is a source file like any other.
        if doc.find(|line| line.trim_start().starts_with("output").then_some(())).is_some() {
            return None;
        }
        let scripts = ["postinstall", "prepare", "prebuild", "build"];
        let is_scripted = scripts
            .iter()
            .filter_map(|name| package.script(name))
            .any(|line| line.value.contains("prisma generate"));
        Some(Self { schema: provider, is_scripted })
    }
}
