//! The front end of another program's service: a stage that installs and builds it, for that program's stages to copy
//! from.
//!
//! Django beside a bundler, a Go program that embeds `web/dist`, a server in `backend/` that a site in `frontend/` is
//! built for: the program serves the files and only asks where they come out.

use serde::Serialize;

use crate::config::keys;
use crate::fact::Fact;
use crate::plan::run::Run;
use crate::plan::stage::{Origin, Role, Stage};
use crate::repo::path::RelPath;
use crate::stack::Survey;
use crate::stack::common::manifests::{self, Copied};
use crate::stack::node::app::{App, is_sensitive};
use crate::stack::node::build_env::BuildEnv;
use crate::stack::node::{Facts, Whose, plan, site, survey_package, version};

/// A built front end.
#[derive(Debug)]
pub struct Assets {
    /// The stage `assets`.
    pub stage: Stage,
    /// Where the files are in it.
    pub path: String,
    /// The output folder from the front end's own, and why.
    pub output: Fact<String>,
    /// Where the build leaves the files in the repository.
    pub place: RelPath,
}

/// What the template sees.
#[derive(Serialize)]
struct View<'f> {
    version: &'f Fact<String>,
    #[serde(flatten)]
    env: BuildEnv,
    setup: Option<Run>,
    /// Manifests that the install does not only mount, by folder.
    manifests: Vec<Copied>,
    install: Option<Run>,
    remarks: &'f [String],
    /// What is installed and built, in the build context: the front end's folder, or its workspace.
    source: String,
    /// The program's own folder in it.
    exclude: Option<RelPath>,
    /// The front end's folder in the stage, where its workspace is larger.
    home: Option<String>,
    /// Builds the members of a workspace that it needs.
    libraries: Option<Run>,
    /// Where its files come out, in the build context.
    output: Option<RelPath>,
    variables: Vec<&'f str>,
    prepare: Option<&'f Run>,
    build: Option<&'f Run>,
}

impl<'f> View<'f> {
    /// `below` is what is installed, from the build context.
    fn of(facts: &'f Facts, below: &RelPath, exclude: Option<RelPath>, output: &str) -> Self {
        let copied = manifests::by_folder(&facts.manifests);
        Self {
            version: &facts.version,
            env: BuildEnv::of(facts),
            setup: facts.manager.as_ref().and_then(|manager| manager.setup(&facts.version.value)),
            manifests: manifests::in_folder(copied, below),
            install: facts.install.clone().map(|run| run.in_folder(below)),
            remarks: &facts.remarks,
            source: if below.is_root() { ".".to_owned() } else { format!("{below}/") },
            exclude,
            home: (!facts.home.is_root()).then(|| facts.workdir()),
            libraries: plan::libraries(facts),
            output: below.join(&facts.at_home(output)),
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
/// `package.json`, `program` is the folder of the program that takes the files; the build context is the folder
/// `context` above both.
pub fn stage(s: &Survey<'_>, context: &RelPath, program: &RelPath) -> Option<Assets> {
    let is_left = s.choice(&keys::FRONT_END).decide().is_some_and(|wish| !wish.value);
    if is_left || !s.dir.has("package.json") {
        return None;
    }
    let facts = survey_package(s, Whose::Programs)?.facts;
    let App::Site(served) = &facts.app else { return None };
    // A member of a workspace is installed with all of it.
    let below = facts.place.context.relative_to(context)?;
    let image = version::build_image(s.catalog, &facts.version).map(Origin::Image);
    let mut stage = Stage::new("assets", Role::Build, image, "node/assets.tera").on_build_platform();
    stage.packages.clone_from(&facts.natives.build);
    let beside = facts.framework.as_ref().and_then(|framework| site::outside(&s.dir, framework.value));
    let output = beside.as_ref().unwrap_or(&served.output);
    let place = s.dir.path().join(&output.value)?;
    // An edit of the program does not build the front end again.
    let exclude = program
        .relative_to(&facts.place.context)
        .filter(|folder| !folder.is_root() && !s.dir.path().is_within(program));
    let view = View::of(&facts, &below, exclude, &output.value);
    stage.tool = Some(serde_json::to_value(view).expect("facts are plain values with text keys"));
    let path = folder_in_image(&facts.at_home(&output.value));
    Some(Assets { stage, path, output: output.clone(), place })
}

/// Where a folder lies in the stages that build, given from the build context.
pub(in crate::stack) fn folder_in_image(folder: &str) -> String {
    folder_below(plan::HOME, folder)
}

/// A path of the image as seen from one of its folders. It may lead out of it: a build puts its files beside the project,
/// `web/../server/public`.
pub(in crate::stack) fn folder_below(start: &str, folder: &str) -> String {
    let parts = start.split('/').chain(folder.split('/')).filter(|part| !part.is_empty());
    let path = parts.fold(Vec::new(), |mut path, part| {
        if part == ".." {
            path.pop();
        } else {
            path.push(part);
        }
        path
    });
    format!("/{}", path.join("/"))
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
        let assets = stage(&s, &RelPath::root(), &RelPath::root()).expect("a front end");
        assert_eq!(assets.path, "/app/static");
        assert_eq!(assets.output.because.to_string(), "web/vite.config.js:2");
        let tool = assets.stage.tool.expect("facts of its own");
        assert_eq!(tool["install"]["mounts"][0]["source"], "web/package.json");
        assert_eq!(tool["source"], "web/");
    }
}
