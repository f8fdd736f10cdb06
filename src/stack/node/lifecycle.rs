//! Scripts that an install runs by itself: `preinstall`, `install`, `postinstall`, `prepare`.
//!
//! <https://docs.npmjs.com/cli/using-npm/scripts#life-cycle-operation-order>. One that needs a few files gets them before the
//! install; one that needs the sources runs after they are there, so that an edit does not reinstall. The production
//! tree leaves out what calls a development tool.

use crate::fact::Fact;
use crate::repo::dir::Dir;
use crate::stack::node::front_end::FrontEnd;
use crate::stack::node::manifest::Package;
use crate::stack::node::start::{clean, script_name};

const NAMES: &[&str] = &["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare"];

/// What a tool in such a script needs.
struct Tool {
    command: &'static str,
    /// Folders or files it reads.
    reads: &'static [&'static str],
    does: Does,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    /// Nothing that a container needs.
    Nothing,
    /// Works on installed packages with the files it reads.
    Patch,
    /// Makes what the build makes again: types, or all of it.
    Repeated,
    /// Works on the sources.
    Sources,
}

impl Does {
    /// What two commands of a script do together.
    fn and(self, next: Self) -> Self {
        if next == Self::Nothing || self == Self::Sources { self } else { next }
    }
}

/// Commands that make types for editors. The build of each framework does the same by itself.
const TYPES: &[[&str; 2]] = &[
    // https://nuxt.com/docs/api/commands/prepare
    ["nuxt", "prepare"],
    ["nuxi", "prepare"],
    // https://nitro.build/guide/getting-started
    ["nitro", "prepare"],
    ["nitropack", "prepare"],
    // https://umijs.org/docs/api/commands#setup
    ["max", "setup"],
    ["umi", "setup"],
    // https://svelte.dev/docs/kit/cli
    ["svelte-kit", "sync"],
    // https://docs.astro.build/en/reference/cli-reference/#astro-sync
    ["astro", "sync"],
    // https://reactrouter.com/how-to/route-module-type-safety
    ["react-router", "typegen"],
];

const TOOLS: &[Tool] = &[
    // https://typicode.github.io/husky/how-to.html#ci-server-and-docker
    Tool { command: "husky", reads: &[], does: Does::Nothing },
    Tool { command: "simple-git-hooks", reads: &[], does: Does::Nothing },
    Tool { command: "lefthook", reads: &[], does: Does::Nothing },
    Tool { command: "is-ci", reads: &[], does: Does::Nothing },
    Tool { command: "only-allow", reads: &[], does: Does::Nothing },
    Tool { command: "echo", reads: &[], does: Does::Nothing },
    Tool { command: "opencollective", reads: &[], does: Does::Nothing },
    Tool { command: "opencollective-postinstall", reads: &[], does: Does::Nothing },
    // https://github.com/ds300/patch-package
    Tool { command: "patch-package", reads: &["patches"], does: Does::Patch },
    // https://www.prisma.io/docs/orm/prisma-client/setup-and-configuration/generating-prisma-client
    Tool { command: "prisma", reads: &["prisma", "prisma.config.ts"], does: Does::Patch },
];

/// Tools that set git hooks, and what tells them not to.
const HOOKS: &[(&str, (&str, &str))] = &[
    // https://typicode.github.io/husky/how-to.html#ci-server-and-docker
    ("husky", ("HUSKY", "0")),
    // https://github.com/toplenboren/simple-git-hooks#when-installing-the-package
    ("simple-git-hooks", ("SKIP_INSTALL_SIMPLE_GIT_HOOKS", "1")),
    // https://lefthook.dev/usage/env/
    ("lefthook", ("LEFTHOOK", "0")),
];

/// What the install scripts of a package come to.
#[derive(Debug, Default)]
pub(super) struct Lifecycle {
    /// Files to have before the install, with the script that reads them.
    pub before: Vec<Fact<String>>,
    /// The scripts that read these files.
    readers: Vec<Fact<String>>,
    /// Scripts that run once the sources are there.
    pub after: Vec<Fact<String>>,
    /// A script that no stage has to run, because the build does the same.
    pub repeated: Option<Fact<String>>,
    /// The script because of which the production tree is installed without scripts.
    pub skipped_in_production: Option<Fact<String>>,
    /// The script that patches installed packages, which production wants as well.
    pub patches: Option<Fact<String>>,
    /// The variable that keeps a script from setting git hooks.
    pub hooks: Option<Fact<(&'static str, &'static str)>>,
}

impl Lifecycle {
    /// Reads the scripts.
    pub fn read(package: &Package<'_>, dir: &Dir<'_>) -> Self {
        let mut lifecycle = Self::default();
        for name in NAMES {
            let Some(line) = package.script(name) else { continue };
            let script = line.derive((*name).to_owned());
            let mut does = Does::Nothing;
            for command in commands(&line.value) {
                let (what, files) = effect(&command, package, dir, FOLLOWED);
                does = does.and(what);
                if what == Does::Repeated {
                    lifecycle.repeated = Some(script.clone());
                }
                if !files.is_empty() {
                    lifecycle.readers.push(script.clone());
                }
                if command.iter().any(|word| word == "patch-package") && dir.has_dir("patches") {
                    lifecycle.patches = Some(script.clone());
                }
                lifecycle.before.extend(files.into_iter().map(|file| script.derive(file)));
                let told = |(name, variable)| {
                    command.iter().any(|word| word.contains(name)).then(|| script.derive(variable))
                };
                lifecycle.hooks = lifecycle.hooks.or_else(|| HOOKS.iter().copied().find_map(told));
            }
            if does == Does::Sources {
                lifecycle.after.push(script.clone());
            }
            let needs_tool = commands(&line.value)
                .iter()
                .any(|command| command.iter().any(|word| is_development_tool(word, package)));
            if matches!(does, Does::Sources | Does::Repeated) || needs_tool {
                lifecycle.skipped_in_production.get_or_insert(script);
            }
        }
        if !lifecycle.after.is_empty() {
            lifecycle.before.clear();
        }
        lifecycle.before.dedup_by(|a, b| a.value == b.value);
        lifecycle
    }
}

impl Lifecycle {
    /// Leaves out the scripts that make a front end, which has a stage of its own. Were there any? Then the install
    /// must not run them either.
    pub fn leave_out(&mut self, front_end: &FrontEnd, package: &Package<'_>) -> bool {
        let before = self.after.len();
        self.after.retain(|script| {
            package.script(&script.value).is_none_or(|line| !front_end.is_made_by(package, &line.value))
        });
        self.after.len() < before
    }

    /// Lets every script wait for the sources that would else have some of them mounted.
    pub fn wait_for_sources(&mut self) {
        self.before.clear();
        let readers = std::mem::take(&mut self.readers);
        self.after.extend(readers);
        self.after.dedup_by(|a, b| a.value == b.value);
    }
}

/// The commands of a line, as words without variables in front.
pub(super) fn commands(line: &str) -> Vec<Vec<String>> {
    line.split(['&', '|', ';'])
        .filter_map(|part| shell_words::split(part.trim()).ok())
        .map(|words| {
            words
                .into_iter()
                .skip_while(|word| word.contains('=') || matches!(word.as_str(), "npx" | "cross-env"))
                .collect::<Vec<_>>()
        })
        .filter(|words| !words.is_empty())
        .collect()
}

/// Scripts that call each other, followed at most.
const FOLLOWED: u8 = 4;

fn effect(words: &[String], package: &Package<'_>, dir: &Dir<'_>, follow: u8) -> (Does, Vec<String>) {
    if let Some(name) = script_name(words).filter(|_| follow > 0)
        && let Some(line) = package.script(&name)
    {
        if name == "build" {
            return (Does::Repeated, Vec::new());
        }
        let commands = commands(&line.value);
        let effects = commands.iter().map(|command| effect(command, package, dir, follow - 1));
        return effects.fold((Does::Nothing, Vec::new()), |(does, mut files), (what, more)| {
            files.extend(more);
            (does.and(what), files)
        });
    }
    if TYPES.iter().any(|command| words.starts_with(&command.map(str::to_owned))) {
        let is_repeated = package.script("build").is_some();
        return (if is_repeated { Does::Repeated } else { Does::Sources }, Vec::new());
    }
    // https://typicode.github.io/husky/how-to.html#ci-server-and-docker: `node .husky/install.mjs`
    if words.iter().any(|word| word.contains(".husky/")) {
        return (Does::Nothing, Vec::new());
    }
    let present = |name: &&str| dir.has(name) || dir.has_dir(name);
    if let Some(tool) = TOOLS.iter().find(|tool| words.iter().take(2).any(|word| word == tool.command)) {
        return (
            tool.does,
            tool.reads.iter().filter(|name| present(name)).map(|&name| name.to_owned()).collect(),
        );
    }
    // `node scripts/setup.js`: a script that stands alone gets its folder; it may look at anything else as well.
    let program = words.first().map(String::as_str).unwrap_or_default();
    let file = words.iter().map(|word| clean(word)).find(|word| dir.has(word) && word != "package.json");
    if let (Some(file), "node" | "sh" | "bash" | "./") = (&file, program) {
        let _ = file;
        return (Does::Sources, Vec::new());
    }
    if matches!(program, "test" | "[" | "exit" | "true" | "false" | "node" | "cd") && file.is_none() {
        return (Does::Nothing, Vec::new());
    }
    (Does::Sources, Vec::new())
}

/// A command that only a development dependency brings.
fn is_development_tool(word: &str, package: &Package<'_>) -> bool {
    const BRINGS: &[(&str, &str)] = &[
        ("tsc", "typescript"),
        ("ng", "@angular/cli"),
        ("nest", "@nestjs/cli"),
        ("vue-cli-service", "@vue/cli-service"),
        ("electron-builder", "electron-builder"),
    ];
    let name = BRINGS.iter().find(|(command, _)| *command == word).map_or(word, |(_, package)| *package);
    package.uses(name).is_some() && package.requires(name).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Inventory, RelPath};

    fn check(manifest: &str, before: &[&str], after: &[&str], skipped: Option<&str>) {
        let inventory = Inventory::from_files([
            ("package.json", manifest),
            ("prisma/schema.prisma", ""),
            ("patches/x.patch", ""),
            ("scripts/setup.js", ""),
        ]);
        let dir = inventory.dir(RelPath::root());
        let package = Package::of(&dir).expect("valid");
        let found = Lifecycle::read(&package, &dir);
        let names = |facts: &[Fact<String>]| facts.iter().map(|fact| fact.value.clone()).collect::<Vec<_>>();
        assert_eq!(names(&found.before), before, "{manifest}");
        assert_eq!(names(&found.after), after, "{manifest}");
        assert_eq!(found.skipped_in_production.map(|fact| fact.value).as_deref(), skipped, "{manifest}");
    }

    #[test]
    fn each_tool_is_told_in_its_own_words_that_there_are_no_hooks() {
        for (script, variable) in [
            ("husky install", Some("HUSKY")),
            ("npx simple-git-hooks", Some("SKIP_INSTALL_SIMPLE_GIT_HOOKS")),
            ("lefthook install", Some("LEFTHOOK")),
            ("node scripts/setup.js", None),
        ] {
            let manifest = format!(r#"{{"scripts":{{"prepare":"{script}"}}}}"#);
            let inventory = Inventory::from_files([("package.json", manifest.as_str())]);
            let dir = inventory.dir(RelPath::root());
            let found = Lifecycle::read(&Package::of(&dir).expect("valid"), &dir);
            assert_eq!(found.hooks.map(|hooks| hooks.value.0), variable, "{script}");
        }
    }

    #[test]
    fn scripts_get_what_they_need() {
        check(
            r#"{"scripts":{"prepare":"husky"},"devDependencies":{"husky":"9"}}"#,
            &[],
            &[],
            Some("prepare"),
        );
        check(r#"{"scripts":{"prepare":"node .husky/install.mjs"}}"#, &[], &[], None);
        check(
            r#"{"scripts":{"prepare":"is-ci || husky install"},"devDependencies":{"husky":"8"}}"#,
            &[],
            &[],
            Some("prepare"),
        );
        check(
            r#"{"scripts":{"postinstall":"prisma generate"},"dependencies":{"prisma":"6"}}"#,
            &["prisma"],
            &[],
            None,
        );
        check(
            r#"{"scripts":{"postinstall":"patch-package"},"dependencies":{"patch-package":"8"}}"#,
            &["patches"],
            &[],
            None,
        );
        check(r#"{"scripts":{"postinstall":"npm run build"}}"#, &[], &["postinstall"], Some("postinstall"));
        check(
            r#"{"scripts":{"postinstall":"node scripts/setup.js"}}"#,
            &[],
            &["postinstall"],
            Some("postinstall"),
        );
        check(
            r#"{"scripts":{"prepare":"svelte-kit sync || echo ''","build":"vite build"}}"#,
            &[],
            &[],
            Some("prepare"),
        );
        check(r#"{"scripts":{"prepare":"svelte-kit sync"}}"#, &[], &["prepare"], Some("prepare"));
        check(
            r#"{"scripts":{"postinstall":"nuxt prepare && node scripts/setup.js","build":"nuxt build"}}"#,
            &[],
            &["postinstall"],
            Some("postinstall"),
        );
        check(
            r#"{"scripts":{"postinstall":"npm run build","build":"webpack"}}"#,
            &[],
            &[],
            Some("postinstall"),
        );
        check(
            r#"{"scripts":{"postinstall":"pnpm run typegen","typegen":"react-router typegen","build":"react-router build"}}"#,
            &[],
            &[],
            Some("postinstall"),
        );
        check(r#"{"scripts":{"start":"node ."}}"#, &[], &[], None);
    }
}
