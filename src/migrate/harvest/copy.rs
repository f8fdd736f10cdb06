//! What the old file copied: most of it is what the stages install from and build, and the rest is carried.

use super::fate::{dropped, person, superseded};
use super::text::name_of;
use super::{Harvest, Scene};
use crate::dockerfile::instr::Copy;
use crate::dockerfile::{Instruction, Keyword};
use crate::lint::{copies_the_same, is_secret_file};
use crate::migrate::account::{Disposition, DropReason};

impl Harvest {
    pub(super) fn copy(&mut self, scene: &Scene<'_>, instruction: &Instruction, copy: &Copy) -> Disposition {
        if let Some(secret) = copy.sources.iter().find(|source| is_secret_file(source)) {
            return dropped(DropReason::Secret { name: secret.clone() });
        }
        if !copy.contents.is_empty() || copy.from.is_some() {
            return person("where its content belongs in the new stages");
        }
        let into_program = scene.is_in_program(&copy.destination);
        let copies_all =
            copy.sources.iter().all(|source| matches!(source.trim_end_matches('/'), "." | "" | "*"));
        let moved = if into_program && !copies_all { scene.moved(copy) } else { None };
        if moved.is_none() && copy.sources.iter().all(|source| is_list(source)) {
            return superseded("deps, which installs what it lists");
        }
        if moved.is_none() && (copies_all || into_program) {
            return superseded("build, which copies the sources");
        }
        if copy.sources.iter().any(|source| source.contains("://") || source.contains('$'))
            || copy.destination.contains('$')
        {
            return person("what it copies is decided while building");
        }
        let destination = moved.as_ref().unwrap_or(&copy.destination);
        let text = spelled(scene, instruction, copy, destination);
        match (self.carry(scene, instruction, &text), moved) {
            (Disposition::Carried { stage, .. }, Some(moved)) => {
                let change = Some(format!("it lies at `{moved}` in the program's folder"));
                Disposition::Carried { stage, change }
            }
            (fate, _) => fate,
        }
    }
}

/// The instruction with its sources as the build context has them.
fn spelled(scene: &Scene<'_>, instruction: &Instruction, copy: &Copy, destination: &str) -> String {
    let modes = instruction.flags.iter().filter(|flag| flag.name == "chmod");
    let flags = modes.map(|flag| format!("--chmod={} ", flag.value.as_deref().unwrap_or_default()));
    let sources = copy.sources.iter().map(|source| scene.in_context(source.trim_start_matches("./")));
    // ADD unpacks and downloads; of what is only copied COPY says so.
    let keyword = if copies_the_same(instruction, copy) { &Keyword::Copy } else { &instruction.keyword };
    let (flags, sources): (String, Vec<String>) = (flags.collect(), sources.collect());
    format!("{keyword} {flags}{} {destination}", sources.join(" "))
}

/// Does a package manager read it?
fn is_list(source: &str) -> bool {
    let name = name_of(source);
    LISTS.contains(&name) || name == "package*.json" || name.starts_with("requirements")
}

/// What package managers read: copied to any place, it is there to be installed from.
const LISTS: &[&str] = &[
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "Pipfile",
    "Pipfile.lock",
    "poetry.lock",
    "pyproject.toml",
    "uv.lock",
    "go.mod",
    "go.sum",
    "Cargo.toml",
    "Cargo.lock",
    "pom.xml",
];
