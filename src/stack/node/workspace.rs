//! Workspaces: which packages belong together, and which of them one program needs.
//!
//! <https://docs.npmjs.com/cli/using-npm/workspaces>, <https://pnpm.io/pnpm-workspace_yaml>. One install at the root serves
//! all members, so the root is the build context. What other members hold besides their manifests is hidden from the build:
//! an edit there rebuilds nothing here.

use std::collections::BTreeSet;

use regex::Regex;

use crate::plan::run::quote;
use crate::plan::service::IgnoreGroup;
use crate::repo::dir::Dir;
use crate::repo::format::Tree;
use crate::repo::path::RelPath;
use crate::stack::node::lifecycle::Lifecycle;
use crate::stack::node::manifest::Package;
use crate::stack::node::package_manager::Kind;

/// A workspace, seen from one of its members.
#[derive(Debug, Clone)]
pub(super) struct Workspace<'a> {
    /// The root's folder.
    pub root: Dir<'a>,
    /// The root's manifest.
    pub package: Package<'a>,
    /// The member's folder below the root.
    pub home: RelPath,
    members: Vec<Member<'a>>,
}

#[derive(Debug, Clone)]
struct Member<'a> {
    /// From the root.
    path: RelPath,
    name: String,
    package: Package<'a>,
}

impl<'a> Workspace<'a> {
    /// The workspace that this folder is a member or the root of.
    pub fn find(dir: &Dir<'a>) -> Option<Self> {
        dir.ancestors().find_map(|root| {
            let home = dir.path().relative_to(root.path())?;
            let package = Package::of(&root)?;
            let globs = globs(&root, &package)?;
            let members = members(&root, &globs);
            let belongs = home.is_root() || members.iter().any(|member| member.path == home);
            (belongs && !members.is_empty()).then_some(Self { root, package, home, members })
        })
    }

    /// Is this the root itself?
    pub fn is_root(&self) -> bool {
        self.home.is_root()
    }

    /// Does any member have an install script that needs files of its own?
    pub fn has_install_scripts(&self) -> bool {
        self.members.iter().any(|member| {
            let lifecycle = Lifecycle::read(&member.package, &member.package.dir);
            !lifecycle.before.is_empty() || !lifecycle.after.is_empty()
        })
    }

    /// Every `package.json`, from the root.
    pub fn manifests(&self) -> Vec<String> {
        let own = std::iter::once("package.json".to_owned());
        own.chain(self.members.iter().map(|member| format!("{}/package.json", member.path))).collect()
    }

    /// Folders of the members that this one needs while it runs, from the root.
    pub fn libraries(&self, package: &Package<'_>) -> Vec<RelPath> {
        self.closure(package, Needs::Running).into_iter().map(|member| member.path.clone()).collect()
    }

    /// The commands that build the members this one needs, those first that others need.
    pub fn build_libraries(&self, package: &Package<'_>, kind: Kind) -> Vec<String> {
        let needed = self.closure(package, Needs::Building);
        let built = needed.iter().filter(|member| member.package.script("build").is_some());
        built
            .map(|member| match kind {
                Kind::Npm => format!("npm run build --workspace {}", quote(member.path.as_str())),
                Kind::Pnpm => format!("pnpm --filter {} run build", quote(&member.name)),
                Kind::YarnClassic | Kind::YarnBerry => {
                    format!("yarn workspace {} run build", quote(&member.name))
                }
                Kind::Bun => format!("bun run --filter {} build", quote(&member.name)),
            })
            .collect()
    }

    /// Hides what other members hold besides their manifests.
    pub fn hidden(&self, package: &Package<'_>) -> Option<IgnoreGroup> {
        let needed: BTreeSet<&RelPath> =
            self.closure(package, Needs::Building).into_iter().map(|member| &member.path).collect();
        let mut group = IgnoreGroup::new(
            "other members of the workspace: the install reads their manifests, nothing else",
            &[],
        );
        for member in
            self.members.iter().filter(|member| member.path != self.home && !needed.contains(&member.path))
        {
            // A member that holds a needed one, or this one, stays as it is.
            if needed.iter().any(|path| path.is_within(&member.path)) || self.home.is_within(&member.path) {
                continue;
            }
            group.patterns.push(format!("{}/**", member.path));
            group.patterns.push(format!("!{}/package.json", member.path));
        }
        (!group.patterns.is_empty() && !self.is_root()).then_some(group)
    }

    /// The members that a package needs, each after those that it needs itself.
    fn closure(&self, package: &Package<'_>, needs: Needs) -> Vec<&Member<'a>> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        self.visit(package, needs, &mut seen, &mut found);
        found
    }

    fn visit<'s>(
        &'s self,
        package: &Package<'_>,
        needs: Needs,
        seen: &mut BTreeSet<&'s str>,
        found: &mut Vec<&'s Member<'a>>,
    ) {
        for member in &self.members {
            let wanted = match needs {
                Needs::Running => package.requires(&member.name),
                Needs::Building => package.uses(&member.name),
            };
            if wanted.is_some() && member.path != self.home && seen.insert(&member.name) {
                self.visit(&member.package, needs, seen, found);
                found.push(member);
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Needs {
    Running,
    Building,
}

/// The patterns of member folders; none where the folder is no workspace's root.
fn globs(root: &Dir<'_>, package: &Package<'_>) -> Option<Vec<String>> {
    let own = |tree: &Tree| tree.texts().map(str::to_owned).collect::<Vec<_>>();
    let pnpm = root.doc("pnpm-workspace.yaml").and_then(|doc| doc.yaml().ok());
    let found = pnpm
        .as_ref()
        .and_then(|settings| settings.tree.get("packages"))
        .or_else(|| package.tree(&["workspaces", "packages"]))
        .or_else(|| package.tree(&["workspaces"]))
        .map(own)?;
    (!found.is_empty()).then_some(found)
}

fn members<'a>(root: &Dir<'a>, globs: &[String]) -> Vec<Member<'a>> {
    let (excluded, included): (Vec<&String>, Vec<&String>) =
        globs.iter().partition(|glob| glob.starts_with('!'));
    let included: Vec<Regex> = included.into_iter().filter_map(|glob| pattern(glob)).collect();
    let excluded: Vec<Regex> = excluded.into_iter().filter_map(|glob| pattern(&glob[1..])).collect();
    root.files()
        .filter_map(|(path, _)| path.strip_suffix("/package.json"))
        .filter(|path| {
            included.iter().any(|glob| glob.is_match(path))
                && !excluded.iter().any(|glob| glob.is_match(path))
        })
        .filter_map(|path| {
            let package = Package::of(&root.dir(path)?)?;
            let path = RelPath::new(path).ok()?;
            let name = package.name().unwrap_or_else(|| path.name().to_owned());
            Some(Member { path, name, package })
        })
        .collect()
}

/// A pattern of folders: `*` within a segment, `**` over several.
fn pattern(glob: &str) -> Option<Regex> {
    let glob = glob.trim_start_matches("./").trim_end_matches('/');
    let text = regex::escape(glob)
        .replace(r"\*\*/", "(?:.*/)?")
        .replace(r"/\*\*", "(?:/.*)?")
        .replace(r"\*\*", ".*")
        .replace(r"\*", "[^/]*");
    Regex::new(&format!("^{text}$")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Inventory;

    #[test]
    fn members_know_what_they_need() {
        let inventory = Inventory::from_files([
            ("package.json", r#"{"workspaces":["apps/*","packages/**","!packages/old"]}"#),
            (
                "apps/api/package.json",
                r#"{"name":"@r/api","dependencies":{"@r/db":"*"},"devDependencies":{"@r/lint":"*"}}"#,
            ),
            ("apps/web/package.json", r#"{"name":"@r/web"}"#),
            (
                "packages/db/package.json",
                r#"{"name":"@r/db","dependencies":{"@r/core":"*"},"scripts":{"build":"tsc"}}"#,
            ),
            (
                "packages/in/core/package.json",
                r#"{"name":"@r/core","dependencies":{"@r/db":"*"},"scripts":{"build":"tsc"}}"#,
            ),
            ("packages/lint/package.json", r#"{"name":"@r/lint"}"#),
            ("packages/old/package.json", r#"{"name":"@r/old"}"#),
            ("elsewhere/package.json", "{}"),
        ]);
        let api = inventory.dir(RelPath::new("apps/api").expect("a path"));
        let package = Package::of(&api).expect("a manifest");
        let workspace = Workspace::find(&api).expect("a workspace");
        assert_eq!(workspace.manifests().len(), 6);
        let libraries: Vec<String> = workspace.libraries(&package).iter().map(ToString::to_string).collect();
        assert_eq!(libraries, ["packages/in/core", "packages/db"]);
        assert_eq!(
            workspace.build_libraries(&package, Kind::Pnpm),
            ["pnpm --filter @r/core run build", "pnpm --filter @r/db run build"]
        );
        let hidden = workspace.hidden(&package).expect("others");
        assert_eq!(hidden.patterns, ["apps/web/**", "!apps/web/package.json"]);
        assert!(Workspace::find(&inventory.dir(RelPath::new("elsewhere").expect("a path"))).is_none());
    }
}
