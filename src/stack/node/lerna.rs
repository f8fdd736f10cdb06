//! Packages that only Lerna's own `bootstrap` links, which are told of and not planned.
//!
//! Since its version 7 Lerna leaves links to the workspaces of npm, yarn or pnpm, and such a repository is planned like any
//! other workspace. Before, `lerna bootstrap` installed each package by itself and linked its neighbours, which an install
//! of one package looks for in the registry.
//!
//! <https://lerna.js.org/docs/legacy-package-management>

use crate::diag::{Code, Diagnostic};
use crate::repo::dir::Dir;
use crate::stack::Survey;

use super::manifest::Package;
use super::workspace::Workspace;

/// Says why a package is not planned; false where no neighbour is needed, or the package manager links them.
pub(super) fn refuse(s: &Survey<'_>) -> bool {
    let Some(root) = s.dir.ancestors().skip(1).find(|above| above.has("lerna.json")) else { return false };
    if Workspace::find(&s.dir).is_some() {
        return false;
    }
    let Some(package) = Package::of(&s.dir) else { return false };
    let needed = names(&root).into_iter().find_map(|name| Some((package.uses(&name)?, name)));
    let Some((range, name)) = needed else { return false };
    let own = package.name().unwrap_or_else(|| s.dir.path().to_string());
    let message = format!("`{own}` needs `{name}`, which only `lerna bootstrap` links to it");
    let help = "name the packages in `workspaces` of the package.json above, as Lerna 7 wants it too; one install then links them";
    s.note(Diagnostic::note(Code::NotBuilt, message).at(range.because.at).help(help));
    true
}

/// What the packages of a repository are called.
fn names(root: &Dir<'_>) -> Vec<String> {
    let folders = root.files().filter_map(|(path, _)| path.strip_suffix("/package.json"));
    folders.filter_map(|folder| Package::of(&root.dir(folder)?)?.name()).collect()
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    #[test]
    fn neighbours_that_only_lerna_links_are_told() {
        const LIBRARY: &str = r#"{"name":"@l/lib","version":"1.0.0"}"#;
        const ALONE: &str = r#"{"name":"@l/api","scripts":{"start":"node server.js"}}"#;
        let needs = ALONE.replace("}}", "},\n\"dependencies\":{\"@l/lib\":\"^1.0.0\"}}");
        let workspaces = r#"{"private":true,"workspaces":["packages/*"]}"#;
        for (root, api, told) in
            [("{}", needs.as_str(), true), ("{}", ALONE, false), (workspaces, needs.as_str(), false)]
        {
            let inventory = Inventory::from_files([
                ("lerna.json", r#"{"packages":["packages/*"]}"#),
                ("package.json", root),
                ("packages/lib/package.json", LIBRARY),
                ("packages/api/package.json", api),
                ("packages/api/server.js", "require('http').createServer().listen(4000)"),
            ]);
            let plan = plan(&inventory, &Settings::default());
            let found = plan.diagnostics.iter().find(|finding| finding.message.contains("lerna bootstrap"));
            assert_eq!(
                found.and_then(|finding| finding.at.as_ref()?.line),
                told.then_some(2),
                "{root} {api}"
            );
            assert_eq!(plan.services.len(), usize::from(!told), "{root} {api}");
        }
    }
}
