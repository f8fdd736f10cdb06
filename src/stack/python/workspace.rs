//! uv workspaces: one lock file at the root for several projects, which may need each other.
//!
//! The root is the build context of every member. What other members hold besides their manifests is hidden from
//! the build, unless the member needs them.
//! <https://docs.astral.sh/uv/concepts/projects/workspaces/>

use std::collections::BTreeSet;

use regex_lite::Regex;

use crate::plan::service::IgnoreGroup;
use crate::repo::dir::{Dir, Manifest};
use crate::repo::format::Tree;
use crate::repo::path::RelPath;
use crate::stack::common::glob;

use super::requirement::normalize;

/// A workspace, seen from one of its members.
#[derive(Debug, Clone)]
pub(super) struct Workspace<'a> {
    /// The root's folder.
    pub root: Dir<'a>,
    /// The member's folder below the root.
    pub home: RelPath,
    /// The member's name.
    pub name: String,
    members: Vec<Member>,
}

#[derive(Debug, Clone)]
struct Member {
    /// From the root.
    path: RelPath,
    name: String,
    /// Packages it asks for.
    needs: Vec<String>,
}

impl<'a> Workspace<'a> {
    /// The workspace above this folder that has it as a member.
    pub fn find(dir: &Dir<'a>) -> Option<Self> {
        dir.ancestors().skip(1).find_map(|root| {
            let home = dir.path().relative_to(root.path())?;
            let manifest = root.doc("pyproject.toml")?.toml().ok()?;
            let members = members(&root, &manifest);
            let name = members.iter().find(|member| member.path == home)?.name.clone();
            Some(Self { root, home, name, members })
        })
    }

    /// The members' manifests, from the root.
    pub fn manifests(&self) -> Vec<String> {
        self.members.iter().map(|member| format!("{}/pyproject.toml", member.path)).collect()
    }

    /// The folders of other members that this one is built with, from the root.
    pub fn libraries(&self) -> Vec<&RelPath> {
        let mut found: BTreeSet<&RelPath> = BTreeSet::new();
        let mut open = vec![self.name.as_str()];
        while let Some(name) = open.pop() {
            let Some(member) = self.members.iter().find(|member| member.name == name) else { continue };
            if found.insert(&member.path) {
                open.extend(member.needs.iter().map(String::as_str));
            }
        }
        found.remove(&self.home);
        found.into_iter().collect()
    }

    /// Hides what members that are not needed hold besides their manifests.
    pub fn hidden(&self) -> Option<IgnoreGroup> {
        let needed = self.libraries();
        let about = "other members of the workspace: the install reads their manifests, nothing else";
        let mut group = IgnoreGroup::new(about, &[]);
        let others = self
            .members
            .iter()
            .map(|member| &member.path)
            .filter(|path| **path != self.home && !needed.contains(path));
        for path in others {
            // A member that holds a needed one, or this one, stays as it is.
            if !self.home.is_within(path) && !needed.iter().any(|needed| needed.is_within(path)) {
                group.patterns.push(format!("{path}/**"));
                group.patterns.push(format!("!{path}/pyproject.toml"));
            }
        }
        (!group.patterns.is_empty()).then_some(group)
    }
}

/// The folders of the members of the workspace in a root's manifest, from the root.
pub(super) fn folders(root: &Dir<'_>, manifest: &Manifest<'_>) -> Vec<String> {
    members(root, manifest).into_iter().map(|member| member.path.to_string()).collect()
}

fn members(root: &Dir<'_>, manifest: &Manifest<'_>) -> Vec<Member> {
    let patterns = |key: &str| -> Vec<Regex> {
        let globs = manifest.tree.at(&["tool", "uv", "workspace", key]);
        globs.into_iter().flat_map(Tree::texts).filter_map(glob::folders).collect()
    };
    let (included, excluded) = (patterns("members"), patterns("exclude"));
    let matches = |all: &[Regex], path: &str| all.iter().any(|glob| glob.is_match(path));
    root.files()
        .filter_map(|(path, _)| path.strip_suffix("/pyproject.toml"))
        .filter(|path| matches(&included, path) && !matches(&excluded, path))
        .filter_map(|path| {
            let manifest = root.doc(&format!("{path}/pyproject.toml"))?.toml().ok()?;
            let name = normalize(manifest.tree.at(&["project", "name"])?.as_text()?);
            let asked = manifest.tree.at(&["project", "dependencies"]).into_iter().flat_map(Tree::texts);
            let end = |words: &str| words.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
            let needs = asked.map(|words| normalize(&words[..end(words).unwrap_or(words.len())])).collect();
            Some(Member { path: RelPath::new(path).ok()?, name, needs })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::inventory::Inventory;

    #[test]
    fn members_know_what_they_need() {
        let project =
            |name: &str, needs: &str| format!("[project]\nname = \"{name}\"\ndependencies = [{needs}]\n");
        let files = [
            (
                "pyproject.toml",
                "[tool.uv.workspace]\nmembers = [\"apps/*\", \"libs/*\"]\nexclude = [\"libs/old\"]\n"
                    .to_owned(),
            ),
            ("apps/api/pyproject.toml", project("api", "\"Core_Lib>=1\", \"flask\"")),
            ("apps/web/pyproject.toml", project("web", "")),
            ("libs/core/pyproject.toml", project("core-lib", "\"base\"")),
            ("libs/base/pyproject.toml", project("base", "\"core-lib\"")),
            ("libs/old/pyproject.toml", project("old", "")),
        ];
        let inventory = Inventory::from_files(files.iter().map(|(path, text)| (*path, text.as_str())));
        let find = |path: &str| Workspace::find(&inventory.dir(RelPath::new(path).unwrap()));
        let api = find("apps/api").unwrap();
        let paths: Vec<String> = api.libraries().iter().map(ToString::to_string).collect();
        assert_eq!(paths, ["libs/base", "libs/core"]);
        assert_eq!(api.manifests().len(), 4);
        assert_eq!(api.hidden().unwrap().patterns, ["apps/web/**", "!apps/web/pyproject.toml"]);
        assert!(find("libs/old").is_none());
    }
}
