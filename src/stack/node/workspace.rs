//! Workspaces: which packages belong together, and which of them one program needs.
//!
//! <https://docs.npmjs.com/cli/using-npm/workspaces>, <https://pnpm.io/pnpm-workspace_yaml>. One install at the root serves
//! all members, so the root is the build context. What other members hold besides their manifests is hidden from the build:
//! an edit there rebuilds nothing here.

use std::collections::BTreeSet;

use regex_lite::Regex;

use crate::fact::{Evidence, Fact};
use crate::plan::run::quote;
use crate::plan::service::IgnoreGroup;
use crate::repo::dir::Dir;
use crate::repo::format::Tree;
use crate::repo::path::RelPath;
use crate::stack::common::glob;
use crate::stack::node::lifecycle::Lifecycle;
use crate::stack::node::manifest::Package;
use crate::stack::node::named::{from_folder, imports, is_read, loads, mentions};
use crate::stack::node::package_manager::{Focus, Kind, Lent};
use crate::stack::node::sources;
use crate::stack::node::start::clean;

/// A workspace, seen from one of its members.
#[derive(Debug, Clone)]
pub(super) struct Workspace<'a> {
    /// The root's folder.
    pub root: Dir<'a>,
    /// The root's manifest.
    pub package: Package<'a>,
    /// The member's folder below the root.
    pub home: RelPath,
    pub members: Vec<Member<'a>>,
    /// The root as a package that members ask for: a library with its documentation or a demonstration below it.
    library: Option<Member<'a>>,
}

/// A package of a workspace.
#[derive(Debug, Clone)]
pub(super) struct Member<'a> {
    /// From the root.
    pub path: RelPath,
    /// How others ask for it.
    pub name: String,
    /// Its manifest.
    pub package: Package<'a>,
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
            let library =
                package.name().map(|name| Member { path: RelPath::root(), name, package: package.clone() });
            (belongs && !members.is_empty()).then_some(Self { root, package, home, members, library })
        })
    }

    /// Is there a package of this name, be it the root's own?
    pub fn holds(&self, name: &str) -> bool {
        self.members.iter().chain(&self.library).any(|member| member.name == name)
    }

    /// Does another member ask for this one?
    pub fn is_required(&self) -> bool {
        let own = self.members.iter().find(|member| member.path == self.home);
        own.is_some_and(|own| self.members.iter().any(|member| member.package.uses(&own.name).is_some()))
    }

    /// The patterns of a folder that nothing matches, where it is a workspace's root.
    pub fn unmatched(dir: &Dir<'a>, package: &Package<'a>) -> Vec<Fact<String>> {
        let globs = globs(dir, package).unwrap_or_default();
        globs.into_iter().filter(|glob| !glob.value.starts_with('!') && !is_matched(dir, glob)).collect()
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

    /// The programs of the packages this one is built with, as far as the repository holds them: an install links those that are
    /// there already, and pnpm leaves out the others.
    /// <https://docs.npmjs.com/cli/configuring-npm/package-json#bin>
    pub fn linked(&self, package: &Package<'_>) -> Vec<String> {
        let files = |member: &Member<'_>| -> Vec<String> {
            let named = member.package.tree(&["bin"]);
            let files = named.into_iter().flat_map(|bin| {
                bin.as_text().into_iter().chain(bin.entries().filter_map(|(_, file)| file.as_text()))
            });
            let held = files.map(clean).filter(|file| member.package.dir.has(file));
            held.filter_map(|file| Some(member.path.join(&file)?.to_string())).collect()
        };
        let mut found: Vec<String> =
            self.closure(package, Needs::Building).into_iter().flat_map(files).collect();
        found.sort();
        found.dedup();
        found
    }

    /// The members that this one needs while it runs.
    pub fn libraries(&self, package: &Package<'_>) -> Vec<&Member<'a>> {
        self.closure(package, Needs::Running)
    }

    /// What is installed of the workspace for one member alone; none for the root.
    pub fn focus(&self, package: &Package<'_>) -> Option<Focus> {
        let needed = self.closure(package, Needs::Running);
        let is_lent = std::iter::once(package)
            .chain(needed.iter().map(|member| &member.package))
            .any(|package| !self.borrowed(package, |_| true).is_empty());
        let lent = is_lent.then(|| Lent {
            root: self.package.name(),
            members: needed.iter().map(|member| member.path.to_string()).collect(),
        });
        let name = package.name().unwrap_or_else(|| self.home.to_string());
        (!self.is_root()).then(|| Focus { name, path: self.home.to_string(), lent })
    }

    /// Packages of the root's, of those that are looked for, which this package loads without asking for them: Node.js finds
    /// what lies in a folder above. Its sources are read only where the root has such a package.
    fn borrowed(&self, package: &Package<'_>, is_looked_for: impl Fn(&str) -> bool) -> Vec<&str> {
        let offered = self.package.production_dependencies().map(|(name, _)| name);
        let mut offered: Vec<&str> =
            offered.filter(|name| is_looked_for(name) && package.uses(name).is_none()).collect();
        if !offered.is_empty() {
            let docs = sources::of_server(&package.dir, None);
            offered.retain(|name| docs.iter().any(|doc| loads(doc.text, name)));
        }
        offered
    }

    /// The `package.json` files without which the packages of one member cannot be installed.
    pub fn own_manifests(&self, package: &Package<'_>) -> Vec<String> {
        let needed = self.closure(package, Needs::Running);
        let is_needed =
            |path: &RelPath| *path == self.home || needed.iter().any(|member| member.path == *path);
        let members = self.members.iter().filter(|member| is_needed(&member.path));
        let own = std::iter::once("package.json".to_owned());
        own.chain(members.map(|member| format!("{}/package.json", member.path))).collect()
    }

    /// The commands that build the members this one needs, those first that others need.
    pub fn build_libraries(&self, package: &Package<'_>, kind: Kind) -> Vec<String> {
        let mut commands = Vec::new();
        for member in self.closure(package, Needs::Building) {
            // What its install would have run, had the sources been there; the root's own does.
            let mut lifecycle = Lifecycle::read(&member.package, &member.package.dir);
            if !member.path.is_root() {
                lifecycle.wait_for_sources();
            }
            let scripts = lifecycle.after.into_iter().map(|script| script.value);
            // A root that has everything built would build this one, too.
            let builds = |line: &Fact<String>| !member.path.is_root() || !super::orchestrates(&line.value);
            let build = member.package.script("build").filter(builds).map(|_| "build".to_owned());
            commands.extend(scripts.chain(build).map(|script| member.run(&script, kind)));
        }
        commands
    }

    /// Hides what other members hold besides their manifests.
    pub fn hidden(&self, package: &Package<'_>) -> Option<IgnoreGroup> {
        let seen = self.closure(package, Needs::Seeing);
        // What is named in a file that was not read is not known; then only what runs by itself is hidden.
        let is_certain = is_read(&package.dir) && seen.iter().all(|member| is_read(&member.package.dir));
        let stays = |member: &&Member<'_>| !is_certain && !member.runs();
        let needed: BTreeSet<&RelPath> =
            seen.into_iter().chain(self.members.iter().filter(stays)).map(|member| &member.path).collect();
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

    /// The first round of members that need each other: `a`, `b`, `a`.
    pub fn circle(&self, package: &Package<'_>) -> Option<Vec<String>> {
        self.circle_from(package, &mut Vec::new(), &mut BTreeSet::new())
    }

    /// `done` are those below which there is none.
    fn circle_from<'s>(
        &'s self,
        package: &Package<'_>,
        path: &mut Vec<&'s str>,
        done: &mut BTreeSet<&'s str>,
    ) -> Option<Vec<String>> {
        // A package that asks for its own name asks for the published one.
        let is_other = |member: &&Member<'_>| member.package.dir.path() != package.dir.path();
        let asked = |member: &&Member<'_>| package.requires(&member.name).is_some();
        for member in self.members.iter().filter(is_other).filter(asked) {
            let name = member.name.as_str();
            if let Some(at) = path.iter().position(|above| *above == name) {
                return Some(path[at..].iter().copied().chain([name]).map(str::to_owned).collect());
            }
            if !done.contains(name) {
                path.push(name);
                if let Some(round) = self.circle_from(&member.package, path, done) {
                    return Some(round);
                }
                path.pop();
                done.insert(name);
            }
        }
        None
    }

    /// Do the sources of this package name that member, by what it is called or by its path?
    fn names(&self, package: &Package<'_>, member: &Member<'_>) -> bool {
        let Some(home) = package.dir.path().relative_to(self.root.path()) else { return false };
        if home.is_root() || member.path.is_within(&home) {
            return false;
        }
        let path = from_folder(&home, &member.path);
        package.dir.docs().any(|doc| imports(doc.text, &member.name) || mentions(doc.text, &path))
    }

    fn visit<'s>(
        &'s self,
        package: &Package<'_>,
        needs: Needs,
        seen: &mut BTreeSet<&'s str>,
        found: &mut Vec<&'s Member<'a>>,
    ) {
        let configured = match needs {
            Needs::Running => Vec::new(),
            Needs::Building | Needs::Seeing => configured(package),
        };
        let borrowed = self.borrowed(package, |name| self.members.iter().any(|member| member.name == name));
        for member in &self.members {
            let wanted = match needs {
                _ if borrowed.contains(&member.name.as_str()) => true,
                Needs::Running => package.requires(&member.name).is_some(),
                Needs::Building | Needs::Seeing => {
                    package.uses(&member.name).is_some()
                        || (needs == Needs::Seeing && self.names(package, member))
                        || self
                            .root
                            .resolve(member.path.as_str())
                            .is_some_and(|home| configured.iter().any(|path| path.is_within(&home)))
                }
            };
            if wanted && member.path != self.home && seen.insert(&member.name) {
                self.visit(&member.package, needs, seen, found);
                found.push(member);
            }
        }
        if let Some(library) = &self.library
            && needs == Needs::Building
            && !self.is_root()
            && asks_beside(package, &library.name)
            && seen.insert(&library.name)
        {
            self.visit(&library.package, needs, seen, found);
            found.push(library);
        }
    }
}

/// Does a package ask for this one where it lies? A plain version of the root's own name means the one that was published.
fn asks_beside(package: &Package<'_>, name: &str) -> bool {
    package.uses(name).is_some_and(|range| {
        ["workspace:", "link:", "file:", "portal:", "."].iter().any(|mark| range.value.starts_with(mark))
    })
}

impl Member<'_> {
    /// Does it run by itself?
    fn runs(&self) -> bool {
        ["start", "start:prod", "serve", "preview"].iter().any(|name| self.package.script(name).is_some())
    }

    /// Runs one of its scripts from the root.
    fn run(&self, script: &str, kind: Kind) -> String {
        let (path, name, script) = (quote(self.path.as_str()), quote(&self.name), quote(script));
        if self.path.is_root() {
            return format!("{} run {script}", kind.name());
        }
        match kind {
            Kind::Npm => format!("npm run {script} --workspace {path}"),
            Kind::Pnpm => format!("pnpm --filter {name} run {script}"),
            Kind::YarnClassic | Kind::YarnBerry => format!("yarn workspace {name} run {script}"),
            Kind::Bun => format!("bun run --filter {name} {script}"),
        }
    }
}

/// What the compiler's configuration of a package refers to by path.
/// <https://www.typescriptlang.org/docs/handbook/project-references.html>
fn configured(package: &Package<'_>) -> Vec<RelPath> {
    let names = ["tsconfig.json", "tsconfig.build.json", "tsconfig.app.json"];
    let configs = names.iter().filter_map(|name| package.dir.doc(name)?.jsonc().ok());
    let mut found = Vec::new();
    for config in configs {
        let references = config.tree.get("references").into_iter().flat_map(Tree::items);
        let paths = references.filter_map(|reference| reference.get("path")?.as_text());
        let base = config.tree.get("extends").and_then(Tree::as_text).filter(|path| path.starts_with('.'));
        let aliases = config.tree.at(&["compilerOptions", "paths"]).into_iter().flat_map(Tree::entries);
        let aliases = aliases.flat_map(|(_, targets)| targets.texts()).filter(|path| path.starts_with(".."));
        found.extend(paths.chain(base).chain(aliases).filter_map(|path| package.dir.resolve(path)));
    }
    found
}

/// What another member is needed for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// For running: what `package.json` asks for.
    Running,
    /// For building: what is for development as well, and what the compiler is told of.
    Building,
    /// To be there: what sources name besides. A package of the root's `node_modules` can be imported without being asked for,
    /// and a bundler takes it from its sources.
    Seeing,
}

/// The patterns of member folders; none where the folder is no workspace's root.
fn globs(root: &Dir<'_>, package: &Package<'_>) -> Option<Vec<Fact<String>>> {
    let pnpm = root.doc("pnpm-workspace.yaml").and_then(|doc| doc.yaml().ok());
    let listed = |list: &Tree, cite: &dyn Fn(&Tree) -> Evidence| -> Vec<Fact<String>> {
        let texts = list.items().filter_map(|item| Some((item, item.as_text()?)));
        texts.map(|(item, text)| Fact::new(text.to_owned(), cite(item))).collect()
    };
    let of_pnpm = pnpm.as_ref().and_then(|settings| Some((settings, settings.tree.get("packages")?)));
    let found = if let Some((settings, list)) = of_pnpm {
        listed(list, &|item| settings.cite(item, "a pattern of members"))
    } else {
        let list = package.tree(&["workspaces", "packages"]).or_else(|| package.tree(&["workspaces"]))?;
        listed(list, &|item| package.cite(item, "a pattern of members"))
    };
    (!found.is_empty()).then_some(found)
}

/// Does a pattern match a folder with a `package.json`? The root is there without being a member.
fn is_matched(root: &Dir<'_>, glob: &Fact<String>) -> bool {
    glob.value.trim_end_matches('/') == "." || !members(root, std::slice::from_ref(glob)).is_empty()
}

fn members<'a>(root: &Dir<'a>, globs: &[Fact<String>]) -> Vec<Member<'a>> {
    let globs = globs.iter().map(|glob| glob.value.as_str());
    let (excluded, included): (Vec<&str>, Vec<&str>) = globs.partition(|glob| glob.starts_with('!'));
    let included: Vec<Regex> = included.into_iter().filter_map(glob::folders).collect();
    let excluded: Vec<Regex> = excluded.into_iter().filter_map(|glob| glob::folders(&glob[1..])).collect();
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
        let libraries: Vec<String> =
            workspace.libraries(&package).iter().map(|member| member.path.to_string()).collect();
        let round = workspace.circle(&package).expect("they need each other");
        assert_eq!(round, ["@r/db", "@r/core", "@r/db"]);
        assert_eq!(libraries, ["packages/in/core", "packages/db"]);
        assert_eq!(
            workspace.build_libraries(&package, Kind::Pnpm),
            ["pnpm --filter @r/core run build", "pnpm --filter @r/db run build"]
        );
        let hidden = workspace.hidden(&package).expect("others");
        assert_eq!(hidden.patterns, ["apps/web/**", "!apps/web/package.json"]);
        assert!(Workspace::find(&inventory.dir(RelPath::new("elsewhere").expect("a path"))).is_none());
    }
    #[test]
    fn what_the_root_lends_is_installed() {
        const LENT: &str = "import ms from 'ms'";
        const MEMBER: &str = "import { x } from '@r/text'";
        for (source, kind, install, libraries) in [
            (LENT, Kind::Npm, "--workspace api --include-workspace-root", &[][..]),
            (MEMBER, Kind::Npm, "--workspace api --workspace text --include-workspace-root", &["text"]),
            (MEMBER, Kind::Bun, "--filter api --filter ./", &["text"]),
            (MEMBER, Kind::YarnBerry, "api top", &["text"]),
            (MEMBER, Kind::Pnpm, "--filter api...", &["text"]),
            ("const unit = 'ms'; import '@r/texture'", Kind::Npm, "--workspace api", &[]),
            ("import ms from 'ms/own'; import 'typescript'; import 'own'", Kind::YarnBerry, "api top", &[]),
            ("import 'typescript'; import 'own'", Kind::YarnBerry, "api", &[]),
        ] {
            let inventory = Inventory::from_files([
                (
                    "package.json",
                    r#"{"name":"top","workspaces":["api","text"],"dependencies":{"ms":"2","own":"1","@r/text":"*"},"devDependencies":{"typescript":"5"}}"#,
                ),
                ("api/package.json", r#"{"name":"api","dependencies":{"own":"1"}}"#),
                ("text/package.json", r#"{"name":"@r/text","scripts":{"build":"tsc"}}"#),
                ("api/src/main.ts", source),
            ]);
            let api = inventory.dir(RelPath::new("api").expect("a path"));
            let package = Package::of(&api).expect("a manifest");
            let workspace = Workspace::find(&api).expect("a workspace");
            let focus = workspace.focus(&package).expect("a member");
            assert_eq!(focus.words(kind).as_deref(), Some(install), "{source}");
            let found: Vec<String> =
                workspace.libraries(&package).iter().map(|member| member.path.to_string()).collect();
            assert_eq!(found, libraries, "{source}");
            assert_eq!(workspace.build_libraries(&package, kind).len(), libraries.len(), "{source}");
        }
    }

    #[test]
    fn what_sources_name_is_seen_without_being_asked_for() {
        const TAIL: [&str; 2] = ["packages/b/**", "!packages/b/package.json"];
        const HEAD: [&str; 2] = ["packages/a/**", "!packages/a/package.json"];
        for (file, text, hidden) in [
            ("web/main.ts", "import { x } from '@r/a/x'", &TAIL[..]),
            ("web/style.scss", "@import '../packages/b/theme';", &HEAD[..]),
            ("web/src/deep/main.ts", "import '../../../packages/a/index'", &TAIL[..]),
            ("web/main.ts", "import '@r/apple'", &[HEAD, TAIL].concat()[..]),
        ] {
            let inventory = Inventory::from_files([
                ("package.json", r#"{"workspaces":["web","packages/*"]}"#),
                ("web/package.json", r#"{"name":"web"}"#),
                ("packages/a/package.json", r#"{"name":"@r/a","scripts":{"build":"tsc"}}"#),
                ("packages/b/package.json", r#"{"name":"@r/b"}"#),
                (file, text),
            ]);
            let web = inventory.dir(RelPath::new("web").expect("a path"));
            let package = Package::of(&web).expect("a manifest");
            let workspace = Workspace::find(&web).expect("a workspace");
            let patterns = workspace.hidden(&package).map(|group| group.patterns).unwrap_or_default();
            assert_eq!(patterns, hidden, "{text}");
            // A bundler takes it as it lies.
            assert_eq!(workspace.build_libraries(&package, Kind::Npm), [] as [&str; 0], "{text}");
        }
    }

    #[test]
    fn a_root_that_a_member_asks_for_is_built_before_it() {
        for (range, build, manager, expected) in [
            ("workspace:*", "tsc", Kind::Pnpm, &["pnpm run build"][..]),
            ("file:..", "tsc", Kind::Npm, &["npm run build"][..]),
            // The published one.
            ("^1.0.0", "tsc", Kind::Npm, &[][..]),
            // It would build the member that asks.
            ("workspace:*", "pnpm -r run build", Kind::Pnpm, &[][..]),
        ] {
            let root = format!(
                r#"{{"name":"lib","bin":{{"lib":"./bin/lib.js","made":"dist/x.js"}},"workspaces":["docs"],"scripts":{{"build":"{build}"}}}}"#
            );
            let docs = format!(r#"{{"name":"docs","devDependencies":{{"lib":"{range}"}}}}"#);
            let inventory = Inventory::from_files([
                ("package.json", root.as_str()),
                ("bin/lib.js", ""),
                ("docs/package.json", docs.as_str()),
            ]);
            let docs = inventory.dir(RelPath::new("docs").expect("a path"));
            let package = Package::of(&docs).expect("a manifest");
            let workspace = Workspace::find(&docs).expect("a workspace");
            assert!(workspace.holds("lib"));
            assert_eq!(workspace.build_libraries(&package, manager), expected, "{range} {build}");
            let linked: &[&str] = if range == "^1.0.0" { &[] } else { &["bin/lib.js"] };
            assert_eq!(workspace.linked(&package), linked, "{range}");
        }
    }
}
