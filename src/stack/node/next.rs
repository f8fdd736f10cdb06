//! Next.js: which of its three outputs a project has.
//!
//! `output: 'standalone'` is a server with only the packages it uses; `'export'` is a site. Where the configuration says
//! neither, the build is told to write a standalone server where the release can be told so, because it is a tenth of the
//! size; older releases run `next start` beside their production packages.
//!
//! <https://nextjs.org/docs/app/api-reference/config/next-config-js/output>

use crate::fact::Fact;
use crate::repo::dir::Doc;
use crate::stack::node::javascript;
use crate::stack::node::lock::Lock;
use crate::stack::node::manifest::Package;
use crate::stack::node::semver::is_below;

/// Configuration files in the order Next.js looks for them.
const CONFIGS: &[&str] =
    &["next.config.js", "next.config.mjs", "next.config.ts", "next.config.cjs", "next.config.mts"];

/// The first release whose `output` falls back to `standalone` when `NEXT_PRIVATE_STANDALONE` is set
/// (`packages/next/server/config-shared.ts`).
const SINCE: &str = "12.2.0";

/// One of the outputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Output {
    /// The configuration asks for a standalone server.
    Standalone(Fact<String>),
    /// The build is told to write one.
    Injected(Fact<String>),
    /// Files only.
    Export(Fact<String>),
    /// `next start`.
    Start(Fact<String>),
}

/// Which output this project has.
pub(super) fn output(package: &Package<'_>, next: &Fact<String>, lock: Option<&Lock<'_>>) -> Output {
    let config = CONFIGS.iter().find_map(|name| package.dir.doc(name));
    let said = config.and_then(|doc| {
        let is_output = |word: &&str| matches!(*word, "standalone" | "export");
        javascript::find(&doc, "output", |value| value.literal().filter(is_output).map(str::to_owned))
    });
    match said {
        Some(said) if said.value == "export" => return Output::Export(said),
        Some(said) => return Output::Standalone(said),
        None => {}
    }
    let build = package.script("build");
    if let Some(script) = build.as_ref().filter(|script| script.value.contains("next export")) {
        return Output::Export(script.clone());
    }
    let version = lock.and_then(|lock| lock.versions("next").into_iter().next()).unwrap_or_else(|| {
        next.clone().map(|range| range.trim_start_matches(['^', '~', '>', '=', ' ']).to_owned())
    });
    let exports = build.is_some_and(|script| script.value.contains("export"));
    let is_undecided = config.is_some_and(|doc| {
        names(&doc, "distDir") || names(&doc, "output:") && (exports || !is_standalone_or_nothing(&doc))
    });
    if is_undecided || is_below(&version.value, SINCE) {
        Output::Start(version)
    } else {
        Output::Injected(version)
    }
}

/// Does a line of the configuration have this word? Comments do not count: new projects come with all options in one.
fn names(config: &Doc<'_>, word: &str) -> bool {
    let is_comment = |line: &str| ["//", "/*", "*"].iter().any(|start| line.trim_start().starts_with(start));
    config.lines().any(|(_, line)| line.contains(word) && !is_comment(line))
}

/// Does the configuration decide while building between a standalone server and nothing, as in
/// `output: process.env.DOCKER ? 'standalone' : undefined`? Nothing is a standalone server too, where the build is
/// told so.
fn is_standalone_or_nothing(config: &Doc<'_>) -> bool {
    let stated = |start: &str| {
        let found = config.lines().find_map(|(_, line)| line.trim_start().strip_prefix(start).map(str::trim));
        found.map(|value| value.trim_start_matches(['=', ':']).trim().trim_end_matches([',', ';']))
    };
    let quotes =
        |value: &str, word: &str| ['"', '\'', '`'].iter().any(|q| value.contains(&format!("{q}{word}{q}")));
    let Some(value) = stated("output:") else { return false };
    let value = if value.chars().all(|c| c.is_alphanumeric() || c == '_') {
        stated(&format!("const {value} ")).or_else(|| stated(&format!("let {value} "))).unwrap_or_default()
    } else {
        value
    };
    quotes(value, "standalone") && !quotes(value, "export")
}

/// The folder that an export is written to.
pub(super) const EXPORTED: &str = "out";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Inventory;
    use crate::repo::path::RelPath;

    #[test]
    fn a_configuration_decides() {
        for (config, script, expected) in [
            ("output: 'standalone',", "next build", "Standalone"),
            ("output: \"export\"", "next build", "Export"),
            ("reactStrictMode: true", "next build", "Injected"),
            ("output: process.env.DOCKER ? 'standalone' : undefined,", "next build", "Injected"),
            ("output: process.env.STATIC ? 'export' : 'standalone',", "next build", "Start"),
            ("output: process.env.OUTPUT,", "next build", "Start"),
            ("output: mode,", "cross-env BUILD_MODE=standalone next build", "Injected"),
            ("output: mode,", "cross-env BUILD_MODE=export next build", "Start"),
            ("output: other,", "next build", "Start"),
            ("// output: other,", "next build", "Injected"),
            ("/* distDir: 'build' */", "next build", "Injected"),
            ("distDir: 'build'", "next build", "Start"),
        ] {
            let config = format!(
                "const mode = process.env.BUILD_MODE ?? \"standalone\";\nexport default {{\n  {config}\n}}\n"
            );
            let manifest =
                format!(r#"{{"scripts":{{"build":"{script}"}},"dependencies":{{"next":"^15.1.0"}}}}"#);
            let inventory =
                Inventory::from_files([("package.json", &*manifest), ("next.config.mjs", &*config)]);
            let package = Package::of(&inventory.dir(RelPath::root())).unwrap();
            let next = package.uses("next").unwrap();
            let found = format!("{:?}", output(&package, &next, None));
            assert!(found.starts_with(expected), "{config} {script}: {found}");
        }
    }
}
