//! A front end beside the program that the old file did not build: its files lie in the repository, and what nobody has built
//! for the image may not even build.

use super::{Harvest, Scene};
use crate::dockerfile::script::commands;
use crate::dockerfile::{Form, ImageRef, Meaning, Origin};
use crate::repo::RelPath;

/// What builds or installs a front end.
const TOOLS: &[&str] = &[
    "bower", "bun", "bunx", "corepack", "grunt", "gulp", "node", "npm", "npx", "pnpm", "pnpx", "vite",
    "webpack", "yarn",
];

/// Keeps the front end as it lies in the repository, where the old image had it from there. Where nothing lies there, the
/// old image had files of whoever built it, and a stage that builds them is the better one.
pub(super) fn keep(harvest: &mut Harvest, scene: &Scene<'_>) {
    let output = scene.service.stages.iter().find_map(|stage| stage.tool.as_ref()?["output"].as_str());
    let Some(output) = output.and_then(|output| scene.service.context.join(output)) else { return };
    if !is_built(scene) && is_committed(scene, &output) {
        harvest.wish("build.front_end", false.into(), scene.stage.line);
    }
}

/// Does the old file run a tool of JavaScript's, or start from an image of it?
fn is_built(scene: &Scene<'_>) -> bool {
    let is_of_node = matches!(&scene.stage.origin, Origin::Image(image) if brings_javascript(image));
    is_of_node
        || scene.stage.instructions.iter().any(|instruction| match instruction.meaning() {
            Ok(Meaning::Run(run)) => match &run.form {
                Form::Exec(words) => words.iter().any(|word| TOOLS.contains(&word.as_str())),
                Form::Shell(script) => {
                    let bodies = instruction.heredocs.iter().map(|heredoc| scene.file.slice(&heredoc.body));
                    std::iter::once(script.as_str()).chain(bodies).any(runs_a_tool)
                }
            },
            _ => false,
        })
}

/// Does an image say in a part of its name that it brings a runtime of JavaScript: `nikolaik/python-nodejs`, `python:3.7-node12`?
fn brings_javascript(image: &ImageRef) -> bool {
    let is_runtime = |part: &str| {
        let name = part.trim_end_matches(|c: char| c.is_ascii_digit());
        matches!(name, "node" | "nodejs" | "iojs" | "bun" | "deno")
    };
    let says = |text: &str| text.split(['/', '-', '_', '.']).any(is_runtime);
    says(&image.repository) || image.tag.as_deref().is_some_and(says)
}

fn runs_a_tool(script: &str) -> bool {
    commands(script).iter().filter_map(|command| command.program()).any(|program| TOOLS.contains(&program))
}

/// Does the repository hold files there, and not only one that keeps the folder in git?
fn is_committed(scene: &Scene<'_>, output: &RelPath) -> bool {
    scene.inventory.files().any(|(path, _)| path.is_within(output) && !path.name().starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_name_say_what_an_image_brings() {
        for (image, brings) in [
            ("node", true),
            ("bitnami/node:18", true),
            ("nikolaik/python-nodejs:python3.8", true),
            ("acme/python:3.7-node12", true),
            ("acme/supernode-python:3", false),
            ("nodecross/python", false),
            ("python:3.7", false),
        ] {
            let image: ImageRef = image.parse().unwrap();
            assert_eq!(brings_javascript(&image), brings, "{image}");
        }
    }
}
