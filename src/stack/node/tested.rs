//! Which of the scripts tests the project while its image is built.
//!
//! A script that wants a browser, by itself or through another script, cannot: the next one is taken that does not.

use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::plan::run::Run;
use crate::stack::Survey;
use crate::stack::node::lifecycle;
use crate::stack::node::manifest::Package;
use crate::stack::node::package_manager::PackageManager;

/// Scripts that test. Vue's starters have no plain one: <https://github.com/vuejs/create-vue>
const TESTS: &[&str] = &["test", "test:unit"];

/// Commands that cannot run while an image is built: they want a browser.
const NEEDS_BROWSER: &[&str] = &[
    "cypress",
    "playwright",
    "ng",
    "karma",
    "nightwatch",
    "wdio",
    "testcafe",
    "protractor",
    "testem",
    "ember",
];

/// Commands that run other scripts of the package.
const RUNS_SCRIPTS: &[&str] =
    &["npm", "yarn", "pnpm", "bun", "run-s", "run-p", "npm-run-all", "npm-run-all2", "concurrently"];

/// Runners that look for tests in all of the project, what was compiled of them as well. Vitest left `dist` out before
/// release 4: <https://vitest.dev/guide/migration.html>, <https://jestjs.io/docs/configuration#testpathignorepatterns-arraystring>
const SEARCHERS: &[&str] = &["vitest", "jest"];

/// Commands that leave nothing but compiled sources, which those runners do not want.
const COMPILERS: &[&str] =
    &["babel", "copyfiles", "cpx", "del-cli", "rimraf", "rm", "swc", "tsc", "tsc-alias"];

/// How far scripts that run scripts are followed.
const DEEPEST: u8 = 4;

/// How the project is tested.
#[derive(Debug)]
pub(super) struct Tests {
    /// Runs the tests once.
    pub run: Fact<Run>,
    /// What has to be there.
    pub on: On,
}

/// What tests run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    /// The sources alone: what the build makes would only be tested twice.
    Sources,
    /// Sources and what the build made.
    Build,
}

impl Tests {
    /// The tests of a package, where there are some that can run while an image is built.
    pub fn find(s: &Survey<'_>, package: &Package<'_>, manager: &PackageManager) -> Option<Self> {
        let (name, script) = script(s, package)?;
        let builds = package.script("build");
        let is_twice =
            starts(&script.value, SEARCHERS) && builds.is_some_and(|build| starts(&build.value, COMPILERS));
        Some(Self { run: once(manager, name, &script), on: if is_twice { On::Sources } else { On::Build } })
    }
}

/// Does a line start these tools, and nothing else?
fn starts(line: &str, tools: &[&str]) -> bool {
    let commands = lifecycle::commands(line);
    let is_one = |words: &Vec<String>| words.first().is_some_and(|tool| tools.contains(&tool.as_str()));
    !commands.is_empty() && commands.iter().all(is_one)
}

/// The script that tests the project, with its name.
fn script(s: &Survey<'_>, package: &Package<'_>) -> Option<(&'static str, Fact<String>)> {
    let scripts = TESTS.iter().filter_map(|name| {
        let script = package.script(name).filter(|script| !script.value.contains("no test specified"))?;
        Some((*name, script))
    });
    let mut refused = None;
    for (name, script) in scripts {
        match browser_tool(package, &script.value, DEEPEST) {
            None => return Some((name, script)),
            Some(tool) => {
                refused.get_or_insert((tool, script));
            }
        }
    }
    let (tool, script) = refused?;
    let message = format!("no test stage: `{tool}` needs a browser");
    s.note(Diagnostic::note(Code::NotBuilt, message).at(script.because.at));
    None
}

/// The script, without the option that makes it wait for edits.
fn once(manager: &PackageManager, name: &str, script: &Fact<String>) -> Fact<Run> {
    let words = shell_words::split(&script.value).unwrap_or_default();
    let is_plain =
        words.iter().all(|word| !word.contains(['|', ';', '&', '$', '`', '<', '>', '(', ')', '*', '\n']));
    let watches = |word: &&String| {
        matches!(word.as_str(), "--watch" | "--watchAll" | "--watchAll=true" | "--watch-all")
    };
    if is_plain && words.iter().any(|word| watches(&word)) {
        let once: Vec<String> = words.iter().filter(|word| !watches(word)).cloned().collect();
        return script.derive(Run::new(manager.exec(&shell_words::join(once))).env("CI", "1"));
    }
    script.derive(Run::new(manager.run(name)).env("CI", "1"))
}

/// The command for browsers that a line starts, itself or in the scripts that it runs.
fn browser_tool(package: &Package<'_>, line: &str, deeper: u8) -> Option<&'static str> {
    let is_mark = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '&' | '|' | ';' | '(' | ')');
    let words: Vec<&str> = line.split(is_mark).filter(|word| !word.is_empty()).collect();
    let own = NEEDS_BROWSER.iter().find(|tool| words.contains(tool)).copied();
    if own.is_some() || deeper == 0 || !words.iter().any(|word| RUNS_SCRIPTS.contains(word)) {
        return own;
    }
    words.iter().find_map(|word| {
        let name = word.strip_prefix("npm:").unwrap_or(word);
        browser_tool(package, &package.script(name)?.value, deeper - 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Inventory, RelPath};

    #[test]
    fn what_was_compiled_is_not_tested_again() {
        for (line, tools, expected) in [
            ("vitest run", SEARCHERS, true),
            ("cross-env NODE_ENV=test jest --ci", SEARCHERS, true),
            ("npm run build && jest", SEARCHERS, false),
            ("mocha", SEARCHERS, false),
            ("rimraf dist && tsc -p . && tsc-alias", COMPILERS, true),
            ("prisma generate && tsc", COMPILERS, false),
            ("", COMPILERS, false),
        ] {
            assert_eq!(starts(line, tools), expected, "{line}");
        }
    }

    #[test]
    fn a_browser_is_found_behind_other_scripts() {
        let scripts = r#"{"scripts":{
            "test":"npm run unit && npm run e2e","unit":"vitest run","e2e":"concurrently \"npm run serve\" \"npm:look\"",
            "serve":"vite preview","look":"cypress run","round":"npm run round"}}"#;
        let inventory = Inventory::from_files([("package.json", scripts)]);
        let package = Package::of(&inventory.dir(RelPath::root())).expect("a manifest");
        for (line, tool) in [
            ("vitest run", None),
            ("npm run unit", None),
            ("npm run round", None),
            ("playwright test", Some("playwright")),
            ("npm run unit && npm run e2e", Some("cypress")),
            // The words of a command that runs no scripts are not names of scripts.
            ("mocha e2e", None),
        ] {
            assert_eq!(browser_tool(&package, line, DEEPEST), tool, "{line}");
        }
    }
}
