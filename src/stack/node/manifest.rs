//! `package.json`, with the line of every value that is used.
//!
//! <https://docs.npmjs.com/cli/configuring-npm/package-json>

use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact, Place};
use crate::repo::dir::{Dir, Manifest};
use crate::repo::format::{Kind, Tree};
use crate::stack::Survey;

/// One `package.json`.
#[derive(Debug, Clone)]
pub(super) struct Package<'a> {
    /// Where it stands.
    pub dir: Dir<'a>,
    manifest: Manifest<'a>,
}

/// The tables of dependencies that are installed for production.
const PRODUCTION: &[&str] = &["dependencies", "optionalDependencies"];

impl<'a> Package<'a> {
    /// The surveyed folder's own. A malformed one is an error, never an empty one.
    pub fn read(s: &Survey<'a>) -> Option<Self> {
        let manifest = s.parsed(s.doc("package.json")?.json())?;
        if !matches!(manifest.tree.kind, Kind::Table(_)) {
            let place = Place { file: manifest.path.clone(), line: Some(manifest.tree.line) };
            s.note(
                Diagnostic::error(Code::MalformedManifest, format!("`{}` is not an object", manifest.path))
                    .at(place)
                    .help("a package.json starts with `{`"),
            );
            return None;
        }
        Some(Self { dir: s.dir.clone(), manifest })
    }

    /// One of another folder, when it is there and well formed: its own survey reports what is wrong.
    pub fn of(dir: &Dir<'a>) -> Option<Self> {
        let manifest = dir.doc("package.json")?.json().ok()?;
        matches!(manifest.tree.kind, Kind::Table(_)).then(|| Self { dir: dir.clone(), manifest })
    }

    /// The root's manifest, for a folder without one of its own: what is installed is the root's, configuration the folder's.
    pub fn seen_from(&self, dir: &Dir<'a>) -> Self {
        Self { dir: dir.clone(), manifest: self.manifest.clone() }
    }

    /// The text at a path: `["engines", "node"]`.
    pub fn text(&self, path: &[&str]) -> Option<Fact<String>> {
        self.manifest.text(path).filter(|fact| !fact.value.trim().is_empty())
    }

    /// The value at a path.
    pub fn tree(&self, path: &[&str]) -> Option<&Tree> {
        self.manifest.tree.at(path)
    }

    /// The package's name.
    pub fn name(&self) -> Option<String> {
        self.text(&["name"]).map(|name| name.value)
    }

    /// The first entry of `devEngines` that is `wanted` by its name: its name and the version it asks for. One object or
    /// several: <https://docs.npmjs.com/cli/configuring-npm/package-json#devengines>
    pub fn engine(
        &self,
        kind: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Option<(Fact<String>, Option<Fact<String>>)> {
        let said = self.tree(&["devEngines", kind])?;
        let mut entries = said.items().chain(std::iter::once(said));
        let entry = entries.find(|entry| entry.get("name").and_then(Tree::as_text).is_some_and(&wanted))?;
        let text = |key: &str| {
            let value = entry.get(key)?;
            let text = value.as_text().filter(|text| !text.trim().is_empty())?;
            Some(Fact::new(text.to_owned(), self.cite(value, text)))
        };
        Some((text("name")?, text("version")))
    }

    /// A script's command line.
    pub fn script(&self, name: &str) -> Option<Fact<String>> {
        self.text(&["scripts", name])
    }

    /// The command lines of all scripts, in file order.
    pub fn scripts(&self) -> impl Iterator<Item = Fact<String>> {
        self.named_scripts().map(|(_, line)| line)
    }

    /// The same, with their names.
    pub fn named_scripts(&self) -> impl Iterator<Item = (&str, Fact<String>)> {
        let named = self.tree(&["scripts"]).into_iter().flat_map(Tree::entries);
        named.filter_map(|(name, _)| Some((name, self.script(name)?)))
    }

    /// The range of a dependency that is there in production.
    pub fn requires(&self, name: &str) -> Option<Fact<String>> {
        PRODUCTION.iter().find_map(|table| self.range(table, name))
    }

    /// The range of a dependency of any kind.
    pub fn uses(&self, name: &str) -> Option<Fact<String>> {
        self.requires(name).or_else(|| self.range("devDependencies", name))
    }

    /// Names and ranges that are installed for development, production included, in file order.
    pub fn dependencies(&self) -> impl Iterator<Item = (&str, &Tree)> {
        ["dependencies", "devDependencies", "optionalDependencies"]
            .into_iter()
            .filter_map(|table| self.tree(&[table]))
            .flat_map(Tree::entries)
    }

    /// Names and ranges that are installed for production.
    pub fn production_dependencies(&self) -> impl Iterator<Item = (&str, &Tree)> {
        PRODUCTION.iter().filter_map(|table| self.tree(&[table])).flat_map(Tree::entries)
    }

    /// Is anything installed for production?
    pub fn has_production_dependencies(&self) -> bool {
        self.production_dependencies().next().is_some()
    }

    /// Is it an ECMAScript module by default?
    pub fn is_module(&self) -> bool {
        self.text(&["type"]).is_some_and(|kind| kind.value == "module")
    }

    /// Evidence that the file is there.
    pub fn evidence(&self) -> Evidence {
        self.dir.evidence("package.json", "a Node.js package")
    }

    /// Evidence for one of its values.
    pub fn cite(&self, value: &Tree, says: impl Into<String>) -> Evidence {
        self.manifest.cite(value, says)
    }

    fn range(&self, table: &str, name: &str) -> Option<Fact<String>> {
        let range = self.tree(&[table, name])?;
        let text = range.scalar()?;
        let evidence = self.cite(range, format!("{name} {text}"));
        Some(Fact::new(text, evidence))
    }
}
