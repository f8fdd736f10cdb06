//! Scripts of `package.json` that the old file ran while it was built: the image lacks what they make, unless the new build
//! runs them as well. And commands in a folder of the repository that is a project of its own, which the service's stages
//! know nothing of.

use super::command::Verdict;
use super::text::join;
use super::{Harvest, Scene};
use crate::dockerfile::Meaning;
use crate::dockerfile::script::Command;
use crate::plan::stage::Role;
use crate::repo::format::Tree;

/// Managers that run a script by `run NAME`.
const MANAGERS: &[&str] = &["npm", "yarn", "pnpm", "bun"];

/// Parts of the names of scripts that make nothing for an image.
const CHECKS: &[&str] = &["test", "tests", "lint", "coverage", "e2e", "audit", "typecheck"];

/// A script that the old build ran.
#[derive(Debug)]
pub(super) struct Ran {
    line: u32,
    name: String,
    /// What stood behind its name.
    arguments: String,
}

/// What becomes of a script that a command runs; none where it runs no script.
pub(super) fn verdict(
    harvest: &mut Harvest,
    scene: &Scene<'_>,
    line: u32,
    (command, text): (&Command, &str),
) -> Option<Verdict> {
    let program = command.program().filter(|program| MANAGERS.contains(program))?;
    let words = command.args();
    let at = match words.first()?.text.as_str() {
        "run" | "run-script" => 1,
        name if matches!(program, "yarn" | "pnpm") && has_script(scene, name) => 0,
        _ => return None,
    };
    let name = words.get(at).filter(|word| word.is_literal)?;
    if is_check(&name.text) {
        return Some(Verdict::Nothing);
    }
    if scene.service.stack.value != "node" {
        return Some(match other_tool(scene) {
            Some(stage) => Verdict::Stage(stage),
            None => Verdict::Person(format!("what the script `{}` makes", name.text)),
        });
    }
    if !has_script(scene, &name.text) {
        return Some(Verdict::Person(format!("package.json has no script `{}`", name.text)));
    }
    let start = command.span.end - text.len();
    let arguments = text[name.span.end - start..].trim_end().to_owned();
    harvest.ran.push(Ran { line, name: name.text.clone(), arguments });
    Some(Verdict::Stage("build"))
}

/// Sees to it that the new build runs what the old one ran.
pub(super) fn keep(harvest: &mut Harvest, scene: &Scene<'_>) {
    let planned: Vec<&str> = scene.service.tool["build"]["commands"]
        .as_array()
        .map(|commands| commands.iter().filter_map(serde_json::Value::as_str).collect())
        .unwrap_or_default();
    let manager = scene
        .service
        .package_manager
        .as_ref()
        .map_or("npm", |manager| manager.value.split(' ').next().unwrap_or_default());
    let ran: Vec<(u32, String)> = harvest
        .ran
        .iter()
        .map(|ran| (ran.line, format!("{manager} run {}{}", ran.name, ran.arguments)))
        .collect();
    let is_planned = |(_, command): &(u32, String)| planned.contains(&command.as_str());
    let Some((line, _)) = ran.iter().find(|ran| !is_planned(ran)) else { return };
    // Where one of them builds, that is the build; otherwise they come beside it.
    let builds = harvest.ran.iter().any(|ran| parts(&ran.name).any(is_building));
    let before = planned.iter().filter(|_| !builds).map(|command| (*command).to_owned());
    let mut commands: Vec<String> = Vec::new();
    for command in before.chain(ran.iter().map(|(_, command)| command.clone())) {
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    harvest.wish("build.cmd", commands.join(" && ").into(), *line);
}

/// A folder of the repository that holds a project of its own, where the commands of this line run in one: `cd client &&
/// npm install`.
pub(super) fn project_below(scene: &Scene<'_>, folder: &str) -> Option<String> {
    const MANIFESTS: &[&str] =
        &["package.json", "requirements.txt", "pyproject.toml", "go.mod", "pom.xml", "Cargo.toml"];
    let below = scene.below_home(folder).filter(|below| !below.is_empty())?;
    let place = scene.service.dir.join(&below)?;
    let holds = |name: &str| place.join(name).is_some_and(|path| scene.inventory.has(&path));
    MANIFESTS.iter().any(|name| holds(name)).then_some(below)
}

/// What becomes of a command that installs or builds in such a folder.
pub(super) fn elsewhere(scene: &Scene<'_>, folder: &str) -> Verdict {
    match other_tool(scene) {
        Some(stage) => Verdict::Stage(stage),
        None => Verdict::Person(format!("`{folder}` is a project of its own, and no stage builds that")),
    }
}

/// Where the commands of an instruction start.
pub(super) fn folder_of(scene: &Scene<'_>, line: u32) -> String {
    let earlier = scene.stage.instructions.iter().take_while(|one| one.line < line);
    earlier.fold("/".to_owned(), |here, instruction| match instruction.meaning() {
        Ok(Meaning::Workdir(path)) => join(&here, &path),
        _ => here,
    })
}

/// The stage that builds what belongs to another stack than the service: a front end.
fn other_tool(scene: &Scene<'_>) -> Option<&'static str> {
    scene
        .service
        .stages
        .iter()
        .any(|stage| stage.tool.is_some() && stage.role == Role::Build)
        .then_some("assets")
}

fn has_script(scene: &Scene<'_>, name: &str) -> bool {
    let manifest = scene.service.dir.join("package.json").and_then(|path| scene.inventory.doc(&path));
    let manifest = manifest.and_then(|doc| doc.json().ok());
    manifest.is_some_and(|manifest| manifest.tree.at(&["scripts", name]).and_then(Tree::as_text).is_some())
}

fn is_check(name: &str) -> bool {
    parts(name).any(|part| CHECKS.contains(&part))
}

fn is_building(part: &str) -> bool {
    matches!(part, "build" | "compile" | "bundle" | "dist" | "generate" | "prod" | "production" | "webpack")
}

fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split([':', '-', '_', '.', '/'])
}
