//! Registries beside the public one, which may want a password: where each kind of file names them.

use crate::fact::Fact;
use crate::repo::dir::Manifest;
use crate::repo::format::{Kind, Tree};

/// Where manifests list registries: a table of the manifest, and the key of the address in each of its entries.
/// <https://docs.astral.sh/uv/concepts/indexes/>, <https://python-poetry.org/docs/repositories/>,
/// <https://pdm-project.org/latest/usage/config/#configure-the-package-indexes>, <https://pipenv.pypa.io/en/latest/indexes.html>
const TABLES: &[&[&str]] = &[
    &["tool", "uv", "index"],
    &["tool", "uv", "index-url"],
    &["tool", "uv", "extra-index-url"],
    &["tool", "poetry", "source"],
    &["tool", "pdm", "source"],
    &["source"],
];

/// The first registry of a manifest that is not known to be public.
pub(super) fn of(manifest: &Manifest<'_>) -> Option<Fact<String>> {
    let tables = TABLES.iter().filter_map(|path| manifest.tree.at(path));
    let entries = tables.flat_map(|table| match table.kind {
        Kind::List(_) => table.items().collect::<Vec<_>>(),
        _ => vec![table],
    });
    entries.into_iter().find_map(|entry: &Tree| {
        let url = entry.as_text().or_else(|| entry.get("url")?.as_text())?;
        // The address may hold a password: it is not repeated.
        (!is_public(url)).then(|| Fact::new(host(url), manifest.cite(entry, "an index of its own")))
    })
}

/// The host of an address, without what stands before an `@`.
pub(super) fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or_default();
    host.rsplit('@').next().unwrap_or_default().to_owned()
}

/// Registries that everybody can read.
const PUBLIC: &[&str] = &[
    "pypi.org",
    "download.pytorch.org",
    "pypi.python.org",
    "wheels.vllm.ai",
    "pypi.nvidia.com",
    "test.pypi.org",
];

/// Can everybody read it?
pub(super) fn is_public(url: &str) -> bool {
    let authority = url.split_once("://").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
    !authority.contains('@') && PUBLIC.contains(&host(url).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::inventory::Inventory;
    use crate::repo::path::RelPath;

    #[test]
    fn registries_are_found_in_each_manifest() {
        for (text, found) in [
            (
                "[[tool.uv.index]]\nname = \"us\"\nurl = \"https://me:secret@pkgs.example.org/simple\"\n",
                Some("pkgs.example.org"),
            ),
            (
                "[tool.uv]\nextra-index-url = [\"https://pkgs.example.org/simple\"]\n",
                Some("pkgs.example.org"),
            ),
            (
                "[[tool.poetry.source]]\nname = \"us\"\nurl = \"https://pkgs.example.org/simple\"\n",
                Some("pkgs.example.org"),
            ),
            ("[[tool.pdm.source]]\nurl = \"https://pkgs.example.org/simple\"\n", Some("pkgs.example.org")),
            (
                "[[source]]\nurl = \"https://pypi.org/simple\"\n\n[[source]]\nurl = \"https://pkgs.example.org\"\n",
                Some("pkgs.example.org"),
            ),
            ("[[source]]\nurl = \"https://pypi.org/simple\"\nverify_ssl = true\n", None),
            ("[[tool.uv.index]]\nurl = \"https://download.pytorch.org/whl/cpu\"\nexplicit = true\n", None),
        ] {
            let inventory = Inventory::from_files([("pyproject.toml", text)]);
            let manifest = inventory.doc(&RelPath::new("pyproject.toml").unwrap()).unwrap().toml().unwrap();
            let index = of(&manifest);
            assert_eq!(index.as_ref().map(|index| index.value.as_str()), found, "{text}");
            assert!(index.is_none_or(|index| !index.because.says.contains("secret")));
        }
    }
}
