//! Where the old file put what it copied out of the repository: the places that its commands and its start look at.

use super::Scene;
use super::text::{join, name_of};
use crate::dockerfile::Meaning;
use crate::dockerfile::instr::Copy;
use crate::repo::RelPath;

/// What the old file copied out of the repository, and where to.
pub(super) struct Copied {
    /// Sources and the places they got.
    rows: Vec<(String, String)>,
    /// The folder that the image starts in.
    pub(super) home: String,
}

impl Copied {
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let mut home = "/".to_owned();
        let mut rows = Vec::new();
        for instruction in &scene.stage.instructions {
            match instruction.meaning() {
                Ok(Meaning::Workdir(path)) => home = join(&home, &path),
                Ok(Meaning::Copy(copy) | Meaning::Add(copy)) if copy.from.is_none() => {
                    rows.extend(copied(&copy, &home, scene));
                }
                _ => {}
            }
        }
        Self { rows, home }
    }

    /// Where a word of the start lay: by its path, or where the search for programs finds it.
    pub(super) fn place_of(&self, word: &str) -> String {
        if word.contains('/') {
            return join(&self.home, word);
        }
        let bins = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin"];
        let found = bins.iter().map(|bin| format!("{bin}/{word}"));
        let known = found.into_iter().find(|place| self.rows.iter().any(|(_, to)| to == place));
        known.unwrap_or_else(|| join(&self.home, word))
    }

    /// Did an instruction put a file there by name?
    pub(super) fn brings(&self, place: &str) -> bool {
        self.rows.iter().any(|(_, to)| to == place)
    }

    /// The file of the repository that a package manager read by this name, from whatever folder it was in.
    pub(super) fn listed(&self, scene: &Scene<'_>, word: &str) -> Option<String> {
        let spelled = word.trim_start_matches("./");
        let here = self.source(scene, &join(&self.home, word));
        let as_spelled = || {
            let path = RelPath::new(spelled).ok()?;
            scene.inventory.has(&scene.service.dir.join(spelled)?).then_some(path)
        };
        let by_ending = || {
            let mut places = self.rows.iter().filter(|(source, _)| name_of(source) == name_of(spelled));
            let (source, _) = places.next()?;
            let path = RelPath::new(source).ok()?;
            scene.inventory.has(&scene.service.dir.join(source)?).then_some(path)
        };
        here.or_else(as_spelled).or_else(by_ending).map(|path| path.to_string())
    }

    /// The file of the repository that lay there.
    pub(super) fn source(&self, scene: &Scene<'_>, place: &str) -> Option<RelPath> {
        self.rows.iter().rev().find_map(|(source, to)| {
            let rest = if place == to {
                ""
            } else {
                place.strip_prefix(&format!("{}/", to.trim_end_matches('/')))?
            };
            let path = RelPath::new(source).ok()?.join(rest)?;
            let whole = scene.service.dir.join(path.as_str())?;
            (scene.inventory.has(&whole) && !path.is_root()).then_some(path)
        })
    }
}

fn copied(copy: &Copy, home: &str, scene: &Scene<'_>) -> Vec<(String, String)> {
    let to = join(home, &copy.destination);
    let is_folder = copy.destination.ends_with('/') || copy.sources.len() > 1 || copy.destination == ".";
    let row = |source: &String| {
        let source = source.trim_start_matches("./").trim_end_matches('/');
        let source = if matches!(source, "." | "*") { "" } else { source };
        let path = RelPath::new(source).ok()?;
        let is_file = !source.is_empty() && scene.inventory.has(&scene.service.dir.join(source)?);
        // Of a folder the content is copied, of a file the file.
        let place = if is_file && is_folder { join(&to, path.name()) } else { to.clone() };
        Some((source.to_owned(), place))
    };
    copy.sources.iter().filter_map(row).collect()
}
