//! The front end of another language's service: a stage that installs and builds it, for that stack to copy from.
//!
//! Django beside a bundler, a Go program that embeds `web/dist`: the other stack serves the files and only asks where they
//! come out.

use serde::Serialize;

use crate::config::keys;
use crate::fact::Fact;
use crate::plan::run::{Mount, Run};
use crate::plan::stage::{Origin, Role, Stage};
use crate::repo::path::RelPath;
use crate::stack::Survey;
use crate::stack::node::app::{App, is_sensitive};
use crate::stack::node::plan::HOME;
use crate::stack::node::{Facts, plan, site, survey_package, version};

/// A built front end.
#[derive(Debug)]
pub struct Assets {
    /// The stage `assets`.
    pub stage: Stage,
    /// Where the files are in it.
    pub path: String,
    /// The output folder from the front end's own, and why.
    pub output: Fact<String>,
}

/// What the template sees.
#[derive(Serialize)]
struct View<'f> {
    version: &'f Fact<String>,
    env: Vec<(String, String)>,
    setup: Option<Run>,
    install: Option<Run>,
    remarks: &'f [String],
    /// The front end's folder in the build context.
    source: String,
    /// Where its files come out, in the build context.
    output: Option<RelPath>,
    variables: Vec<&'f str>,
    prepare: Option<&'f Run>,
    build: Option<&'f Run>,
}

impl<'f> View<'f> {
    fn of(facts: &'f Facts, below: &RelPath, output: &str) -> Self {
        let mut install = facts.install.clone();
        for mount in install.iter_mut().flat_map(|run| &mut run.mounts) {
            if let Mount::Bind { from: None, source, .. } = mount {
                *source = below.join(source).unwrap_or_default().to_string();
            }
        }
        Self {
            version: &facts.version,
            env: plan::build_env(facts),
            setup: facts.manager.as_ref().and_then(|manager| manager.setup(&facts.version.value)),
            install,
            remarks: &facts.remarks,
            source: if below.is_root() { ".".to_owned() } else { format!("{below}/") },
            output: below.join(output),
            variables: facts
                .variables
                .iter()
                .map(|v| v.value.as_str())
                .filter(|name| !is_sensitive(name))
                .collect(),
            prepare: facts.prepare.as_ref(),
            build: facts.build.as_ref().map(|build| &build.value),
        }
    }
}

/// The front end in the surveyed folder, if there is one whose build makes files. `s` looks at the folder of its
/// `package.json`; the build context is the folder `context` above it or the same.
pub fn stage(s: &Survey<'_>, context: &RelPath) -> Option<Assets> {
    let is_left = s.choice(&keys::FRONT_END).decide().is_some_and(|wish| !wish.value);
    if is_left || !s.dir.has("package.json") {
        return None;
    }
    let facts = survey_package(s)?.facts;
    let App::Site(served) = &facts.app else { return None };
    let below = s.dir.path().relative_to(context)?;
    let image = version::build_image(s.catalog, &facts.version).map(Origin::Image);
    let mut stage = Stage::new("assets", Role::Build, image, "node/assets.tera").on_build_platform();
    stage.packages.clone_from(&facts.natives.build);
    let beside = facts.framework.as_ref().and_then(|framework| site::outside(&s.dir, framework.value));
    let output = beside.as_ref().unwrap_or(&served.output);
    let view = View::of(&facts, &below, &output.value);
    stage.tool = Some(serde_json::to_value(view).expect("facts are plain values with text keys"));
    let home = RelPath::new(HOME.trim_start_matches('/')).ok()?;
    let path = format!("/{}", home.join(&output.value)?);
    Some(Assets { stage, path, output: output.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::plan::catalog::Catalog;
    use crate::repo::Inventory;

    #[test]
    fn a_bundler_beside_another_language_gives_a_stage() {
        let inventory = Inventory::from_files([
            ("manage.py", ""),
            ("web/package.json", r#"{"scripts":{"build":"vite build"},"devDependencies":{"vite":"5"}}"#),
            ("web/vite.config.js", "export default { build: {\n outDir: 'static' } }"),
        ]);
        let catalog = Catalog::builtin();
        let folder = RelPath::new("web").expect("a path");
        let s = Survey::new(inventory.dir(folder), catalog, &Settings::default());
        let assets = stage(&s, &RelPath::root()).expect("a front end");
        assert_eq!(assets.path, "/app/static");
        assert_eq!(assets.output.because.to_string(), "web/vite.config.js:2");
        let tool = assets.stage.tool.expect("facts of its own");
        assert_eq!(tool["install"]["mounts"][0]["source"], "web/package.json");
        assert_eq!(tool["source"], "web/");
    }
}
