//! Where a package manager puts the packages of a workspace: all into its root, or those of each member beside it. Programs
//! of packages are started by their path, so the path has to be right.

use serde::Serialize;

use crate::repo::dir::Dir;
use crate::stack::node::package_manager::Kind;

/// The place of installed packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Layout {
    /// The root's `node_modules` holds them.
    Hoisted,
    /// Each member's `node_modules` holds what the member asks for.
    Isolated,
}

impl Layout {
    /// The layout that the settings in the root of a project ask for, else the habit of its manager.
    pub fn of(kind: Kind, root: &Dir<'_>) -> Self {
        match kind {
            Kind::Pnpm => pnpm(root),
            Kind::Bun => bun(root),
            // Yarn's other linkers are overruled by the variable that the install is given.
            Kind::Npm | Kind::YarnClassic | Kind::YarnBerry => Self::Hoisted,
        }
    }

    fn named(word: &str) -> Option<Self> {
        match word.trim().trim_matches(['"', '\'']) {
            "hoisted" => Some(Self::Hoisted),
            "isolated" => Some(Self::Isolated),
            _ => None,
        }
    }
}

/// <https://pnpm.io/settings#nodelinker>
fn pnpm(root: &Dir<'_>) -> Layout {
    let settings = root.doc("pnpm-workspace.yaml").and_then(|doc| doc.yaml().ok());
    let stated = settings.and_then(|settings| Layout::named(settings.tree.get("nodeLinker")?.as_text()?));
    let older = || {
        root.doc(".npmrc")?.lines().find_map(|(_, line)| {
            let (key, value) = line.split_once('=')?;
            (key.trim() == "node-linker").then(|| Layout::named(value)).flatten()
        })
    };
    stated.or_else(older).unwrap_or(Layout::Isolated)
}

/// <https://bun.com/docs/pm/isolated-installs>: a lock file of before version 1.3.2 keeps the layout of its day.
fn bun(root: &Dir<'_>) -> Layout {
    let settings = root.doc("bunfig.toml").and_then(|doc| doc.toml().ok());
    let stated =
        settings.and_then(|settings| Layout::named(settings.tree.at(&["install", "linker"])?.as_text()?));
    let lock = || {
        let lock = root.doc("bun.lock")?.jsonc().ok()?;
        let version = lock.tree.get("configVersion")?.scalar()?.parse::<u32>().ok()?;
        (version >= 1).then_some(Layout::Isolated)
    };
    stated.or_else(lock).unwrap_or(Layout::Hoisted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Inventory, RelPath};

    #[test]
    fn settings_say_where_packages_lie() {
        use Kind::{Bun, Npm, Pnpm, YarnBerry};
        use Layout::{Hoisted, Isolated};
        for (kind, name, text, expected) in [
            (Npm, ".npmrc", "", Hoisted),
            (YarnBerry, ".yarnrc.yml", "nodeLinker: pnpm\n", Hoisted),
            (Pnpm, ".npmrc", "", Isolated),
            (Pnpm, ".npmrc", "# flat\nnode-linker = hoisted\n", Hoisted),
            (Pnpm, ".npmrc", "shamefully-hoist=true\n", Isolated),
            (Pnpm, "pnpm-workspace.yaml", "nodeLinker: hoisted\n", Hoisted),
            (Bun, "bun.lock", r#"{"lockfileVersion":1}"#, Hoisted),
            (Bun, "bun.lock", r#"{"lockfileVersion":1,"configVersion":1,}"#, Isolated),
            (Bun, "bunfig.toml", "[install]\nlinker = \"isolated\"\n", Isolated),
        ] {
            let inventory = Inventory::from_files([("package.json", "{}"), (name, text)]);
            assert_eq!(Layout::of(kind, &inventory.dir(RelPath::root())), expected, "{name}: {text}");
        }
    }
}
