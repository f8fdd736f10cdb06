//! Frameworks, as rows: how one is recognised, what its build leaves behind, and what runs that.
//!
//! A framework is recognised by a dependency, never by a substring of a file. Server or site is decided by what the
//! build produces. The rows stand beside this file: those that bring a server, sites, and libraries of servers.

mod libraries;
mod servers;
mod sites;
mod tools;

use crate::fact::Fact;
use crate::stack::node::manifest::Package;

pub(super) use tools::{Serves, Tool};

/// Frameworks that bring their own server or build, most specific first.
pub(super) const META: &[&[Framework]] = &[servers::ROWS, sites::ROWS];

/// Server libraries: they listen inside the project's own program.
pub(super) const LIBRARIES: &[&[Framework]] = &[libraries::ROWS];

/// Programs of packages that serve.
pub(super) const TOOLS: &[Tool] = tools::ROWS;

/// The first row that a dependency of the package means.
pub(super) fn find(
    rows: &'static [&'static [Framework]],
    package: &Package<'_>,
) -> Option<Fact<&'static Framework>> {
    rows.iter().copied().flatten().find_map(|row| {
        let uses = row.packages.iter().find_map(|name| package.uses(name))?;
        row.is_meant(package).then(|| uses.derive(row))
    })
}

/// The first tool beside a library that one of its scripts builds a site with: its components or its documentation are all there
/// is to look at.
pub(super) fn find_beside(
    rows: &'static [&'static [Framework]],
    package: &Package<'_>,
) -> Option<Fact<&'static Framework>> {
    rows.iter().copied().flatten().find_map(|row| {
        let Gives::Site(site) = row.gives else { return None };
        let is_used = row.packages.iter().any(|name| package.uses(name).is_some());
        let (_, line) = site.script(package).filter(|_| is_used && site.role == Role::Aside)?;
        Some(line.derive(row))
    })
}

/// The first row that a member of a workspace means without naming it: the root installs its package for all of them,
/// and one of the member's scripts calls it.
pub(super) fn find_above(
    rows: &'static [&'static [Framework]],
    member: &Package<'_>,
    root: &Package<'_>,
) -> Option<Fact<&'static Framework>> {
    rows.iter().copied().flatten().find_map(|row| {
        let name = row.packages.iter().find(|name| root.uses(name).is_some())?;
        let called = member.scripts().find(|line| line.value.split_whitespace().any(|word| word == *name))?;
        row.is_meant(member).then(|| called.derive(row))
    })
}

/// One framework.
#[derive(Debug)]
pub(super) struct Framework {
    /// Its name for people.
    pub name: &'static str,
    /// Any of these dependencies means it.
    pub packages: &'static [&'static str],
    /// What comes out of it.
    pub gives: Gives,
    /// The port its own server has when nobody says otherwise.
    pub port: u16,
    /// What its watch mode is told to be reachable from outside.
    pub dev: &'static [&'static str],
    /// The names that its public build-time variables start with.
    pub public: &'static [&'static str],
}

/// What builds a library for users of a framework, which is there to try it with.
const MODULES: &[(&str, &str)] = &[
    // https://nuxt.com/docs/guide/going-further/modules
    ("Nuxt", "@nuxt/module-builder"),
];

impl Framework {
    /// A tool that many projects have beside their own build is meant only where that build, or nothing, names it.
    fn is_meant(&self, package: &Package<'_>) -> bool {
        if MODULES.iter().any(|(name, builder)| *name == self.name && package.uses(builder).is_some()) {
            return false;
        }
        let Gives::Site(Site { role: Role::Aside, tools, .. }) = self.gives else { return true };
        ["build", "start"]
            .iter()
            .filter_map(|name| package.script(name))
            .all(|script| tools.iter().any(|tool| script.value.contains(tool)))
    }
}

/// What a framework's build gives.
#[derive(Debug, Clone, Copy)]
pub(super) enum Gives {
    /// Nothing of its own: it is a library inside the project's program.
    Library,
    /// Files for a web server.
    Site(Site),
    /// A server, as its output folder says.
    Server(Output),
    /// Next.js, which has three ways.
    Next,
    /// What only another platform runs; how to change that.
    Elsewhere(&'static str),
}

/// Files for a web server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site {
    /// The output folder.
    pub output: &'static str,
    /// Where another one is stated.
    pub stated: Stated,
    /// Folders of the output whose file names change with their content.
    pub hashed: &'static [&'static str],
    /// What is sent for a path without a file.
    pub missing: Missing,
    /// Commands that build it, where no script does.
    pub build: &'static str,
    /// The tools whose servers are for development only.
    pub tools: &'static [&'static str],
    /// What the dependency alone says.
    pub role: Role,
}

impl Site {
    /// A script that builds it, whatever it is called.
    pub fn script<'p>(&self, package: &'p Package<'_>) -> Option<(&'p str, Fact<String>)> {
        // The tool and what it is to do; the words behind them are the project's.
        let second = self.build.match_indices(' ').nth(1).map_or(self.build.len(), |(at, _)| at);
        package.named_scripts().find(|(_, line)| line.value.contains(&self.build[..second]))
    }

    /// Does this script, which is called `build`, make something else, beside which the tool stands?
    pub fn is_beside(&self, line: &str) -> bool {
        self.role == Role::Aside && !self.tools.iter().any(|tool| line.contains(tool))
    }
}

/// Where a project states its output folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stated {
    /// Nowhere but in scripts.
    Nowhere,
    /// In configuration files, under a key.
    Config(&'static [&'static str], &'static str),
    /// In configuration files under a key, joined to their own folder.
    Beside(&'static [&'static str], &'static str),
    /// In `angular.json`.
    Angular,
    /// Below the folder that this command of a script is given, in a hidden folder of its name.
    Below(&'static str),
}

/// What it means that a package is among the dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The project is one of these.
    Framework,
    /// A bundler: libraries, tests and servers use it as well.
    Bundler,
    /// A tool for documents or components that stands beside a program.
    Aside,
}

/// What a site sends for a path without a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// `index.html`, which routes in the browser.
    Index,
    /// An error page.
    NotFound,
    /// The file that the configuration names under this key, else an error page.
    Stated(&'static [&'static str], &'static str),
}

/// A server that the build writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    /// The file that `node` starts, and its arguments. `{angular}` is the output folder that `angular.json` gives.
    pub entry: &'static str,
    /// How the names of scripts begin that start it, where a project names the file.
    pub scripts: &'static [&'static str],
    /// The folders that the build writes for it.
    pub folders: &'static [&'static str],
    /// Folders of the repository that it reads, where they are there.
    pub beside: &'static [&'static str],
    /// Where another name of the first one is stated.
    pub stated: Stated,
    /// Does it need the production dependencies beside it?
    pub modules: Modules,
    /// Packages that it imports although starters have them for development alone.
    pub imports: &'static [&'static str],
    /// Variables that make it reachable.
    pub env: &'static [(&'static str, &'static str)],
    /// Variables of its build alone.
    pub build_env: &'static [(&'static str, &'static str)],
    /// When the build gives files instead.
    pub site: Option<SiteWhen>,
}

/// When a framework's build gives files instead of a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct SiteWhen {
    /// Words of a configuration file.
    pub configured: &'static [(&'static str, &'static str)],
    /// Words of the build script.
    pub built_by: &'static [&'static str],
    /// These files.
    pub site: Site,
}

/// Does a built server need installed packages?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Modules {
    /// They are bundled.
    Bundled,
    /// The production tree.
    Production,
}

/// What most sites have.
const SITE: Site = Site {
    output: "dist",
    stated: Stated::Nowhere,
    hashed: &[],
    missing: Missing::Index,
    build: "",
    tools: &[],
    role: Role::Framework,
};

/// What most built servers have.
const OUTPUT: Output = Output {
    entry: "",
    scripts: &[],
    folders: &[],
    beside: &[],
    stated: Stated::Nowhere,
    modules: Modules::Production,
    imports: &[],
    env: &[("HOST", "0.0.0.0")],
    build_env: &[],
    site: None,
};

const HOST: &[&str] = &["--host", "0.0.0.0"];
pub(super) const VITE_CONFIG: &[&str] =
    &["vite.config.ts", "vite.config.js", "vite.config.mjs", "vite.config.mts", "vite.config.cjs"];
pub(super) const ASTRO_CONFIG: &[&str] =
    &["astro.config.mjs", "astro.config.ts", "astro.config.js", "astro.config.mts"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    #[test]
    fn the_stated_folder_of_a_server_holds_its_entry() {
        for row in META.iter().copied().flatten() {
            if let Gives::Server(Output { stated: Stated::Config(..), folders, entry, .. }) = row.gives {
                assert!(entry.contains(folders[0]), "{}", row.name);
            }
        }
    }

    #[test]
    fn members_are_sites_by_what_their_scripts_build() {
        for (member, expected) in [
            (
                r#"{"name":"docs","scripts":{"docs:build":"vitepress build ."},"dependencies":{"vitepress":"1"}}"#,
                &["docs"][..],
            ),
            // A library for users of the framework.
            (
                r#"{"name":"docs","scripts":{"build":"nuxt-module-build build","dev":"nuxi dev playground"},"devDependencies":{"nuxt":"4","@nuxt/module-builder":"1"}}"#,
                &[][..],
            ),
            (
                r#"{"name":"docs","scripts":{"build":"nuxt build"},"devDependencies":{"nuxt":"4"}}"#,
                &["docs"][..],
            ),
        ] {
            let files = [
                ("package.json", r#"{"workspaces":["packages/*"]}"#),
                ("package-lock.json", "{}"),
                ("packages/docs/package.json", member),
            ];
            let plan = plan(&Inventory::from_files(files), &Settings::default());
            let names: Vec<&str> = plan.services.iter().map(|service| service.name.as_str()).collect();
            assert_eq!(names, expected, "{member}");
        }
    }
}
