//! `gradle/libs.versions.toml`: what the aliases in scripts stand for.
//! <https://docs.gradle.org/current/userguide/version_catalogs.html>

use std::sync::Arc;

use crate::repo::dir::Dir;
use crate::repo::format::Tree;
use crate::stack::Survey;

/// The catalog of a build, empty where there is none.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    tree: Option<Arc<Tree>>,
}

impl Catalog {
    /// Reads the catalog of the build in `root`.
    pub fn read(s: &Survey<'_>, root: &Dir<'_>) -> Self {
        let read = root.toml("gradle/libs.versions.toml");
        Self { tree: read.and_then(|read| s.parsed(read)).map(|manifest| manifest.tree) }
    }

    /// `libs.plugins.spring.boot`: the plugin's id and version.
    pub fn plugin(&self, alias: &str) -> Option<(String, Option<String>)> {
        let entry = self.entry("plugins", alias.strip_prefix("libs.plugins.")?)?;
        if let Some(text) = entry.as_text() {
            let (id, version) = text.split_once(':')?;
            return Some((id.to_owned(), Some(version.to_owned())));
        }
        Some((entry.get("id")?.scalar()?, self.version(entry)))
    }

    /// `libs.x.y` and `libs.bundles.x`: `group:artifact:version` of each library.
    pub fn libraries(&self, alias: &str) -> Vec<String> {
        if let Some(bundle) = alias.strip_prefix("libs.bundles.") {
            let members = self.entry("bundles", bundle).into_iter().flat_map(Tree::texts);
            return members.filter_map(|name| self.library(name)).collect();
        }
        alias.strip_prefix("libs.").and_then(|name| self.library(name)).into_iter().collect()
    }

    fn library(&self, name: &str) -> Option<String> {
        let entry = self.entry("libraries", name)?;
        if let Some(text) = entry.as_text() {
            return Some(text.to_owned());
        }
        let module = match entry.get("module").and_then(Tree::scalar) {
            Some(module) => module,
            None => format!("{}:{}", entry.get("group")?.scalar()?, entry.get("name")?.scalar()?),
        };
        Some(self.version(entry).map_or(module.clone(), |version| format!("{module}:{version}")))
    }

    fn version(&self, entry: &Tree) -> Option<String> {
        let version = entry.get("version")?;
        match version.get("ref").and_then(Tree::scalar) {
            Some(name) => {
                let said = self.entry("versions", &name)?;
                said.scalar().or_else(|| {
                    ["strictly", "require", "prefer"].iter().find_map(|key| said.get(key)?.scalar())
                })
            }
            None => version.scalar(),
        }
    }

    /// The version under a name, for what scripts ask with `libs.versions.x.get()`.
    pub fn number(&self, name: &str) -> Option<String> {
        self.entry("versions", name)?.scalar()
    }

    /// In scripts `-` and `_` of an alias are written as dots.
    fn entry(&self, table: &str, alias: &str) -> Option<&Tree> {
        let plain = |name: &str| name.replace(['-', '_'], ".").to_ascii_lowercase();
        let wanted = plain(alias);
        let entries = self.tree.as_ref()?.get(table)?;
        entries.entries().find(|(name, _)| plain(name) == wanted).map(|(_, entry)| entry)
    }
}
