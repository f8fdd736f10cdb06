//! Which of the scripts tests the project while its image is built.
//!
//! A script that wants a browser, by itself or through another script, cannot: the next one is taken that does not.

use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::plan::run::Run;
use crate::stack::Survey;
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

/// How far scripts that run scripts are followed.
const DEEPEST: u8 = 4;

/// The command that runs the project's tests once.
pub(super) fn command(s: &Survey<'_>, package: &Package<'_>, manager: &PackageManager) -> Option<Fact<Run>> {
    let scripts = TESTS.iter().filter_map(|name| {
        let script = package.script(name).filter(|script| !script.value.contains("no test specified"))?;
        Some((*name, script))
    });
    let mut refused = None;
    for (name, script) in scripts {
        match browser_tool(package, &script.value, DEEPEST) {
            None => return Some(once(manager, name, &script)),
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
