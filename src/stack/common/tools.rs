//! Versions in the files of managers that install any tool: asdf's `.tool-versions` and mise's `mise.toml`.
//!
//! <https://asdf-vm.com/manage/configuration.html#tool-versions>, <https://mise.jdx.dev/configuration.html>.
//! What a version means is left to the stack that asked.

use crate::fact::Fact;
use crate::repo::dir::Dir;
use crate::repo::format::Tree;
use crate::stack::Survey;

/// asdf's file.
const ASDF: &str = ".tool-versions";

/// mise's files.
const MISE: [&str; 2] = ["mise.toml", ".mise.toml"];

/// All of them, for a stack's list of what it reads.
pub const NAMES: [&str; 3] = [ASDF, MISE[0], MISE[1]];

/// What the files of a folder say about the tool that is known by one of `names`, as written, asdf's file first.
/// Of several versions the first counts.
pub fn pinned(s: &Survey<'_>, dir: &Dir<'_>, names: &[&str]) -> Option<Fact<String>> {
    of_asdf(dir, names).or_else(|| MISE.iter().find_map(|file| of_mise(s, dir, file, names)))
}

fn of_asdf(dir: &Dir<'_>, names: &[&str]) -> Option<Fact<String>> {
    dir.doc(ASDF)?.find(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let is_it = names.contains(&words.next()?);
        words.next().filter(|_| is_it).map(str::to_owned)
    })
}

fn of_mise(s: &Survey<'_>, dir: &Dir<'_>, file: &str, names: &[&str]) -> Option<Fact<String>> {
    let settings = s.parsed(dir.doc(file)?.toml())?;
    names.iter().find_map(|name| {
        let entry = settings.tree.at(&["tools", name])?;
        let version = |entry: &Tree| entry.get("version").and_then(Tree::scalar).or_else(|| entry.scalar());
        let said = entry.items().next().map_or_else(|| version(entry), version)?;
        Some(Fact::new(said.clone(), settings.cite(entry, format!("{name} = {said}"))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::catalog::Catalog;
    use crate::repo::{Inventory, RelPath};

    #[test]
    fn both_files_in_every_spelling() {
        for (file, text, version) in [
            (".tool-versions", "ruby 3.2\nnodejs 20.11.0 18.0.0\n", Some("20.11.0")),
            (".tool-versions", "node\t22 # the newest\n", Some("22")),
            (".tool-versions", "# nodejs 20\nnodejsx 18\n", None),
            ("mise.toml", "[tools]\nnode = \"22\"\n", Some("22")),
            ("mise.toml", "[tools]\nnode = 22\n", Some("22")),
            (".mise.toml", "[tools]\nnode = { version = \"22.1\", postinstall = \"x\" }\n", Some("22.1")),
            ("mise.toml", "[tools]\nnode = [\"24\", \"22\"]\n", Some("24")),
            ("mise.toml", "[env]\nnode = \"22\"\n", None),
        ] {
            let inventory = Inventory::from_files([(file, text)]);
            let catalog = Catalog::builtin();
            let settings = crate::config::Settings::default();
            let dir = inventory.dir(RelPath::root());
            let survey = Survey::new(dir.clone(), catalog, &settings);
            let found = pinned(&survey, &dir, &["nodejs", "node"]);
            assert_eq!(found.map(|fact| fact.value).as_deref(), version, "{file}: {text}");
        }
    }
}
