//! Presets of Nitro: the platform that a build writes its server for.
//!
//! A project that is deployed on one names it in its configuration, and nothing of such a build starts by itself. A variable of the
//! build goes before the configuration, so that an image needs no change of the project: `nitropack`, `nuxi` and `vinxi` read it.
//! <https://nitro.build/deploy#changing-the-deployment-preset>

use crate::diag::{Code, Diagnostic};
use crate::stack::Survey;
use crate::stack::node::javascript;

/// Where a project states it.
const CONFIGS: &[&str] = &[
    "nuxt.config.ts",
    "nuxt.config.js",
    "nuxt.config.mjs",
    "app.config.ts",
    "app.config.js",
    "app.config.mjs",
    "nitro.config.ts",
    "nitro.config.js",
    "nitro.config.mjs",
];

/// Platforms whose builds are no server for Node.js, however their names are joined. <https://nitro.build/deploy>
const PLATFORMS: &[&str] = &[
    "aws-amplify",
    "aws-lambda",
    "azure-functions",
    "azure-swa",
    "cloudflare",
    "cloudflare-module",
    "cloudflare-pages",
    "cloudflare-worker",
    "deno-deploy",
    "deno-server",
    "edgio",
    "firebase",
    "genezio",
    "netlify",
    "netlify-edge",
    "stormkit",
    "vercel",
    "vercel-edge",
];

/// The variable of a build that writes a server for Node.js after all, where the configuration names a platform.
pub(super) fn of_build(s: &Survey<'_>) -> Option<(String, String)> {
    let platform = CONFIGS.iter().filter_map(|name| s.dir.doc(name)).find_map(|doc| {
        javascript::find(&doc, "preset", |value| {
            let name = value.literal()?.replace('_', "-");
            PLATFORMS.contains(&name.as_str()).then_some(name)
        })
    })?;
    let message = format!(
        "the configuration builds for {}; the image's build writes a server for Node.js",
        platform.value
    );
    s.note(Diagnostic::note(Code::NotBuilt, message).at(platform.because.at));
    Some(("NITRO_PRESET".to_owned(), "node-server".to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    #[test]
    fn a_platform_is_not_what_an_image_is_built_for() {
        for (package, file, preset, is_told) in [
            ("nuxt", "nuxt.config.ts", "'vercel'", true),
            ("nuxt", "nuxt.config.ts", "\"cloudflare_pages\"", true),
            ("@solidjs/start", "app.config.ts", "'netlify'", true),
            ("nuxt", "nuxt.config.ts", "'node-server'", false),
            // Another library's.
            ("nuxt", "nuxt.config.ts", "'minimal'", false),
            ("nuxt", "nuxt.config.ts", "vercel", false),
        ] {
            let manifest =
                format!(r#"{{"scripts":{{"build":"x build"}},"dependencies":{{"{package}":"4.0.0"}}}}"#);
            let config = format!("export default define({{ server: {{ preset: {preset} }} }})");
            let files =
                [("package.json", manifest.as_str()), ("package-lock.json", "{}"), (file, config.as_str())];
            let plan = plan(&Inventory::from_files(files), &Settings::default());
            let env = plan.services[0].tool["build"]["env"].to_string();
            assert_eq!(env.contains("NITRO_PRESET"), is_told, "{package} {preset} {env}");
        }
    }
}
