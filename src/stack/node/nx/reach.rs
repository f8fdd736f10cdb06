//! Which projects of the repository an app needs: an edit in any other must not build it again.
//!
//! A project is needed where a source names it (by an alias of `tsconfig.base.json`, the name of its package, or its
//! path), or `project.json` does. What is named only in a file that was not read is not known; then every library stays
//! and only other apps are hidden.

use std::collections::BTreeSet;

use crate::plan::service::IgnoreGroup;
use crate::repo::dir::Dir;
use crate::repo::format::Tree;
use crate::repo::path::RelPath;
use crate::stack::node::manifest::Package;
use crate::stack::node::named::{imports, is_read, mentions};

/// The projects of a repository, each with what it is called.
pub(super) struct Projects<'a> {
    all: Vec<Known<'a>>,
}

/// One project.
struct Known<'a> {
    /// From the root.
    path: RelPath,
    dir: Dir<'a>,
    /// What Nx calls it.
    name: String,
    /// How sources import it.
    aliases: Vec<String>,
    /// `implicitDependencies`, and the projects that its build names.
    stated: Vec<String>,
    is_app: bool,
}

/// What an app needs.
pub(super) struct Reach<'a> {
    /// The folders of other projects.
    pub needed: Vec<Dir<'a>>,
    /// Hides the others from the build.
    pub hidden: Option<IgnoreGroup>,
}

impl<'a> Projects<'a> {
    /// Every project below the root.
    pub fn read(root: &Dir<'a>) -> Self {
        let aliases = aliases(root);
        let folders = root.files().filter_map(|(path, _)| path.strip_suffix("/project.json"));
        let all = folders.filter_map(|folder| Known::read(root, folder, &aliases)).collect();
        Self { all }
    }

    /// What the project in this folder needs.
    pub fn of(&self, home: &RelPath) -> Reach<'a> {
        let mut needed: BTreeSet<usize> = BTreeSet::new();
        let mut is_certain = true;
        let mut open: Vec<usize> = self.all.iter().position(|one| one.path == *home).into_iter().collect();
        while let Some(at) = open.pop() {
            is_certain &= is_read(&self.all[at].dir);
            let found = self.named_by(&self.all[at]);
            open.extend(
                found.into_iter().filter(|other| self.all[*other].path != *home && needed.insert(*other)),
            );
        }
        let stays = |at: usize, one: &Known<'_>| {
            one.path == *home || needed.contains(&at) || (!is_certain && !one.is_app)
        };
        let kept: Vec<&RelPath> = self
            .all
            .iter()
            .enumerate()
            .filter(|(at, one)| stays(*at, one))
            .map(|(_, one)| &one.path)
            .collect();
        let mut group = IgnoreGroup::new("projects of the repository that this one does not need", &[]);
        for one in self.all.iter().filter(|one| !one.path.is_root()) {
            // A folder that holds a needed one, or lies in one, stays as it is.
            if kept
                .iter()
                .any(|path| path.is_within(&one.path) || (one.path.is_within(path) && !path.is_root()))
            {
                continue;
            }
            group.patterns.push(format!("{}/**", one.path));
            if one.dir.has("package.json") {
                group.patterns.push(format!("!{}/package.json", one.path));
            }
        }
        let needed = needed.into_iter().map(|at| self.all[at].dir.clone()).collect();
        Reach { needed, hidden: (!home.is_root() && !group.patterns.is_empty()).then_some(group) }
    }

    /// The projects that this one names.
    fn named_by(&self, project: &Known<'_>) -> BTreeSet<usize> {
        let texts: Vec<&str> = project.dir.docs().map(|doc| &**doc.text).collect();
        let is_named = |other: &Known<'_>| {
            project.stated.contains(&other.name)
                || texts.iter().any(|text| {
                    other.aliases.iter().any(|alias| imports(text, alias))
                        || mentions(text, other.path.as_str())
                })
        };
        let others = self
            .all
            .iter()
            .enumerate()
            .filter(|(_, other)| other.path != project.path && !other.path.is_root());
        others.filter(|(_, other)| is_named(other)).map(|(at, _)| at).collect()
    }
}

impl<'a> Known<'a> {
    fn read(root: &Dir<'a>, folder: &str, aliases: &[Alias]) -> Option<Self> {
        let dir = root.dir(folder)?;
        let path = RelPath::new(folder).ok()?;
        let manifest = dir.doc("project.json")?.jsonc().ok();
        let tree = manifest.as_ref().map(|manifest| &manifest.tree);
        let text = |key: &str| tree.and_then(|tree| tree.get(key)?.as_text());
        let own = aliases.iter().filter_map(|alias| alias.of(&path));
        let package = Package::of(&dir).and_then(|package| package.name());
        Some(Self {
            name: text("name").unwrap_or(path.name()).to_owned(),
            aliases: own.chain(package).collect(),
            stated: tree.map(|tree| stated(tree)).unwrap_or_default(),
            is_app: text("projectType") == Some("application"),
            path,
            dir,
        })
    }
}

/// The projects that a `project.json` names for its build: <https://nx.dev/docs/reference/project-configuration>
fn stated(tree: &Tree) -> Vec<String> {
    let implicit = tree.get("implicitDependencies").into_iter().flat_map(Tree::texts);
    let build = tree.at(&["targets", "build"]);
    let before = build.and_then(|build| build.get("dependsOn")).into_iter().flat_map(Tree::items);
    let before =
        before.filter_map(|one| one.get("projects")).flat_map(|names| names.texts().chain(names.as_text()));
    // `"browserTarget": "shop:build"`
    let options = build.and_then(|build| build.get("options")).into_iter().flat_map(Tree::entries);
    let targets = options.filter_map(|(_, value)| Some(value.as_text()?.split_once(':')?.0));
    implicit.chain(before).chain(targets).map(str::to_owned).collect()
}

/// How sources import something: <https://www.typescriptlang.org/tsconfig/#paths>
struct Alias {
    /// The name, as far as it is always the same.
    name: String,
    /// The file or folder that it means, as far as that is, from the root.
    target: RelPath,
}

impl Alias {
    /// What a project in this folder is called by it: `@r/ui` where `@r/*` means `libs/*`.
    fn of(&self, project: &RelPath) -> Option<String> {
        if self.target.is_within(project) {
            return Some(self.name.clone()).filter(|name| !name.is_empty());
        }
        let below = project.relative_to(&self.target)?;
        Some(if self.name.is_empty() { below.to_string() } else { format!("{}/{below}", self.name) })
    }
}

fn aliases(root: &Dir<'_>) -> Vec<Alias> {
    let configs =
        ["tsconfig.base.json", "tsconfig.json"].iter().filter_map(|name| root.doc(name)?.jsonc().ok());
    let mut found = Vec::new();
    for config in configs {
        let paths = config.tree.at(&["compilerOptions", "paths"]).into_iter().flat_map(Tree::entries);
        for (alias, targets) in paths {
            let alias = alias.trim_end_matches('*').trim_end_matches('/').to_owned();
            let meant = targets.texts().filter_map(|target| {
                let target = target.split('*').next().unwrap_or_default();
                RelPath::root().join(target)
            });
            found.extend(meant.map(|target| Alias { name: alias.clone(), target }));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Inventory;

    const LIBRARY: &str = r#"{"projectType":"library"}"#;
    const APP: &str = r#"{"projectType":"application"}"#;

    fn hidden(more: &[(&str, &str)]) -> Vec<String> {
        let files = [
            ("nx.json", "{}"),
            ("package.json", "{}"),
            (
                "tsconfig.base.json",
                r#"{"compilerOptions":{"paths":{
                    "@r/a":["libs/a/src/index.ts"],"@r/b/*":["libs/b/src/*"],"@all/*":["libs/*"],"@src/*":["libs/*/src"]}}}"#,
            ),
            ("apps/x-e2e/project.json", r#"{"projectType":"application","implicitDependencies":["x"]}"#),
            ("apps/y/project.json", APP),
            ("libs/a/project.json", LIBRARY),
            ("libs/a/src/index.ts", ""),
            ("libs/b/project.json", LIBRARY),
            ("libs/c/project.json", r#"{"name":"see","projectType":"library"}"#),
            ("libs/c/package.json", r#"{"name":"@r/c"}"#),
        ];
        let inventory = Inventory::from_files(files.into_iter().chain(more.iter().copied()));
        let projects = Projects::read(&inventory.dir(RelPath::root()));
        let home = RelPath::new("apps/x").expect("a path");
        projects.of(&home).hidden.map(|group| group.patterns).unwrap_or_default()
    }

    #[test]
    fn projects_that_are_not_named_are_hidden() {
        const AWAY: [&str; 2] = ["apps/x-e2e/**", "apps/y/**"];
        const A: &[&str] = &["libs/a/**"];
        const B: &[&str] = &["libs/b/**"];
        const C: &[&str] = &["libs/c/**", "!libs/c/package.json"];
        for (project, source, left) in [
            (APP, "import a from '@r/a'", [B, C].concat()),
            (APP, "import b from \"@r/b/deep\"", [A, C].concat()),
            (APP, "import c from '@r/c/more'; import '@r/apple'", [A, B].concat()),
            (APP, "@import '../../../libs/a/theme'", [B, C].concat()),
            (r#"{"projectType":"application","implicitDependencies":["see"]}"#, "", [A, B].concat()),
            (r#"{"targets":{"build":{"options":{"buildTarget":"see:build"}}}}"#, "", [A, B].concat()),
            (r#"{"targets":{"build":{"options":{"assets":["libs/b/assets"]}}}}"#, "", [A, C].concat()),
            (APP, "import a from '@all/a/src'", [B, C].concat()),
            (APP, "import b from '@src/b'", [A, C].concat()),
            (APP, "libs/apple", [A, B, C].concat()),
        ] {
            let found = hidden(&[("apps/x/project.json", project), ("apps/x/src/main.ts", source)]);
            assert_eq!(found, [&AWAY[..], &left].concat(), "{project} {source}");
        }
    }

    #[test]
    fn what_libraries_name_is_needed_as_well() {
        let found = hidden(&[
            ("apps/x/project.json", APP),
            ("apps/x/src/main.ts", "import '@r/a'"),
            ("libs/a/src/more.ts", "import '@r/b/x'"),
        ]);
        assert_eq!(found, ["apps/x-e2e/**", "apps/y/**", "libs/c/**", "!libs/c/package.json"]);
    }
}
