//! Where what an old start names lies in the new image: the program's folder has another name, and the start may have been
//! in a folder below it or beside it.

use super::Scene;
use super::copied::Copied;
use super::text::{below, is_plain, join, name_of};
use crate::dockerfile::Meaning;
use crate::dockerfile::script::commands;

/// Folders on the search path of the old image; what pip installed lies elsewhere now, and is found by its name.
const BINS: &[&str] = &["/usr/local/bin/", "/usr/bin/"];

/// Programs that start the one behind them and forward signals to it.
/// <https://github.com/krallin/tini>, <https://github.com/Yelp/dumb-init>
const INITS: &[&str] = &["tini", "tini-static", "dumb-init", "catatonit"];

/// What a word of a command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The program that is started: without a slash it is looked for on the search path.
    Program,
    Argument,
}

/// The old places of the program's folder and of the start, and the new ones.
pub(super) struct Moved<'s> {
    scene: &'s Scene<'s>,
    copied: Copied,
    old_home: String,
    old_here: String,
    new_home: String,
    new_here: String,
}

impl<'s> Moved<'s> {
    pub(super) fn of(scene: &'s Scene<'s>) -> Self {
        let old_here = scene.image.workdir.clone().unwrap_or_else(|| "/".to_owned());
        let new_here = scene.home().unwrap_or("/").to_owned();
        let is_whole = scene.service.dir == scene.service.context;
        Self {
            scene,
            copied: Copied::of(scene),
            old_home: if is_whole { scene.old_home() } else { old_here.clone() },
            old_here,
            new_home: if is_whole && new_here.starts_with("/app") {
                "/app".to_owned()
            } else {
                new_here.clone()
            },
            new_here,
        }
    }

    /// The words of an exec form.
    pub(super) fn words(&self, words: &[String]) -> Vec<String> {
        let mut place = Place::Program;
        let mut made = Vec::new();
        for word in words {
            made.push(self.word(word, place).unwrap_or_else(|| word.clone()));
            let goes_on =
                place == Place::Program && matches!(word.as_str(), "exec" | "env" | "su-exec" | "gosu");
            place = if goes_on { Place::Program } else { Place::Argument };
        }
        made
    }

    /// A text for a shell, with every word of its commands that names a place.
    pub(super) fn text(&self, text: &str) -> String {
        let mut made = String::new();
        let mut at = 0;
        for command in commands(text) {
            let program = command.program_word().map(|word| word.span.start);
            for word in command.words.iter().filter(|word| word.is_literal) {
                if word.span.start < at {
                    continue;
                }
                let place = if program == Some(word.span.start) { Place::Program } else { Place::Argument };
                let Some(new) = self.word(&word.text, place).filter(|new| is_plain_value(new)) else {
                    continue;
                };
                made.push_str(&text[at..word.span.start]);
                made.push_str(&new);
                at = word.span.end;
            }
        }
        made.push_str(&text[at..]);
        made
    }

    /// A file or folder of the repository that a command names, as seen from where the new image starts.
    pub(super) fn own(&self, here: &str, word: &str) -> Option<String> {
        let rest = below(&join(here, word), &self.old_home).filter(|rest| self.is_there(rest))?;
        Some(self.seen_from_here(&join(&self.new_home, &rest), Place::Argument))
    }

    /// A place beside what the repository holds in the program's folder, or in a folder that every distribution has.
    pub(super) fn beside(&self, here: &str, word: &str) -> Option<String> {
        const EVERYWHERE: &[&str] =
            &["", "/bin", "/etc", "/opt", "/root", "/srv", "/usr/bin", "/usr/local/bin", "/usr/local/sbin"];
        let above = |path: &str| {
            path.trim_end_matches('/').rsplit_once('/').map_or(String::new(), |(above, _)| above.to_owned())
        };
        let Some(rest) = below(&join(here, word), &self.old_home) else {
            let is_there = word.starts_with('/') && EVERYWHERE.contains(&above(word).as_str());
            return is_there.then(|| word.to_owned());
        };
        let is_made = above(&rest).is_empty() || self.is_there(&above(&rest));
        is_made.then(|| self.seen_from_here(&join(&self.new_home, &rest), Place::Argument))
    }

    /// The folder below the program's that the old image started in, where the new one starts in another.
    pub(super) fn other_folder(&self) -> Option<String> {
        let below = below(&self.old_here, &self.old_home).filter(|below| !below.is_empty())?;
        (join(&self.new_home, &below) != self.new_here).then_some(below)
    }

    /// A word with the new place of what it names; none where it names nothing that has moved.
    fn word(&self, word: &str, place: Place) -> Option<String> {
        if place == Place::Argument
            && let Some((option, value)) = word.split_once('=').filter(|(_, value)| value.starts_with('/'))
        {
            return Some(format!("{option}={}", self.absolute(value)?));
        }
        if word.starts_with('/') {
            return match (self.absolute(word), place) {
                (Some(new), _) => Some(self.seen_from_here(&new, place)),
                (None, Place::Program) => self.on_the_path(word),
                (None, Place::Argument) => None,
            };
        }
        // A name alone is looked for on the search path, and a word that is no file of the repository names none.
        if place == Place::Program && !word.contains('/') || word.is_empty() || word.starts_with('-') {
            return None;
        }
        let old = join(&self.old_here, word);
        let rest = below(&old, &self.old_home)?;
        if rest.is_empty() || !self.is_there(&rest) && !self.is_there(&format!("{rest}.js")) {
            return None;
        }
        let new = self.seen_from_here(&join(&self.new_home, &rest), place);
        (new.trim_start_matches("./") != word.trim_start_matches("./")).then_some(new)
    }

    /// The new place of a path of the old image.
    fn absolute(&self, path: &str) -> Option<String> {
        let rest = below(path, &self.old_home)?;
        let is_known = self.old_home != "/" || self.is_there(&rest);
        is_known.then(|| join(&self.new_home, &rest))
    }

    fn is_there(&self, below: &str) -> bool {
        let path = self.scene.service.dir.join(below).filter(|path| !path.is_root());
        path.is_some_and(|path| {
            self.scene.inventory.has(&path) || !self.scene.inventory.below(&path).is_empty()
        })
    }

    /// A path as seen from where the new image starts.
    fn seen_from_here(&self, path: &str, place: Place) -> String {
        match (below(path, &self.new_here), place) {
            (Some(rest), Place::Program) if !rest.contains('/') => format!("./{rest}"),
            (Some(rest), _) if rest.is_empty() => ".".to_owned(),
            (Some(rest), _) => rest,
            (None, _) => path.to_owned(),
        }
    }

    /// A program that pip installed lies in the environment now.
    fn on_the_path(&self, path: &str) -> Option<String> {
        let name = BINS.iter().find_map(|bin| path.strip_prefix(bin))?;
        let is_pythons = self.scene.service.stack.value == "python" && !name.contains('/');
        (is_pythons && !self.copied.brings(path)).then(|| name.to_owned())
    }
}

/// A start without an init of the old image's own in front: the plan has one where one is needed.
pub(super) fn without_init(words: Vec<String>) -> Vec<String> {
    let is_init = |word: &String| INITS.contains(&name_of(word));
    if !words.first().is_some_and(is_init) {
        return words;
    }
    let rest: Vec<String> = words.iter().skip(1).skip_while(|word| word.starts_with('-')).cloned().collect();
    if rest.is_empty() { words } else { rest }
}

impl Scene<'_> {
    /// Where the old file copied the whole repository to; where it copied none of it whole, where the image starts.
    pub(super) fn old_home(&self) -> String {
        let mut here = "/".to_owned();
        let mut home = None;
        for instruction in &self.stage.instructions {
            match instruction.meaning() {
                Ok(Meaning::Workdir(path)) => here = join(&here, &path),
                Ok(Meaning::Copy(copy) | Meaning::Add(copy)) if copy.from.is_none() => {
                    let is_all = |source: &String| matches!(source.trim_end_matches('/'), "." | "" | "*");
                    if copy.sources.iter().all(is_all) && !copy.destination.contains('$') {
                        home = Some(join(&here, &copy.destination));
                    }
                }
                _ => {}
            }
        }
        home.or_else(|| self.image.workdir.clone()).unwrap_or_else(|| "/".to_owned())
    }
}

/// Does a shell take it as it is, also behind an option's `=`?
fn is_plain_value(text: &str) -> bool {
    text.split('=').all(is_plain)
}
