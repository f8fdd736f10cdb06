//! Next.js: which of its three outputs a project has.
//!
//! `output: 'standalone'` is a server with only the packages it uses; `'export'` is a site. Where the configuration says
//! neither, the build is told to write a standalone server where the release can be told so, because it is a tenth of the
//! size; older releases run `next start` beside their production packages.
//!
//! <https://nextjs.org/docs/app/api-reference/config/next-config-js/output>

use crate::fact::Fact;
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
    let pattern = regex_lite::Regex::new(r#"\boutput\s*:\s*["'`](standalone|export)["'`]"#)
        .expect("a constant pattern");
    let said = config.and_then(|doc| {
        doc.find(|line| {
            (!line.trim_start().starts_with("//"))
                .then(|| pattern.captures(line).map(|found| found[1].to_owned()))?
        })
    });
    match said {
        Some(said) if said.value == "export" => return Output::Export(said),
        Some(said) => return Output::Standalone(said),
        None => {}
    }
    let exports = package.script("build").filter(|script| script.value.contains("next export"));
    if let Some(script) = exports {
        return Output::Export(script);
    }
    // `output: process.env.X ? 'standalone' : undefined` decides while building.
    let undecided = config.is_some_and(|doc| doc.text.contains("distDir") || doc.text.contains("output:"));
    let version = lock.and_then(|lock| lock.versions("next").into_iter().next()).unwrap_or_else(|| {
        next.clone().map(|range| range.trim_start_matches(['^', '~', '>', '=', ' ']).to_owned())
    });
    if undecided || is_below(&version.value, SINCE) {
        Output::Start(version)
    } else {
        Output::Injected(version)
    }
}

/// The folder that an export is written to.
pub(super) const EXPORTED: &str = "out";
