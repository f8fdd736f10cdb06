//! The words of a start: what the old image gave, without what only stands in front, and as they compare with planned ones.

use crate::dockerfile::ImageConfig;
use crate::dockerfile::script::commands;
use crate::migrate::harvest::{Scene, moved};

/// How an image starts, without an init or the runner of an environment in front.
pub(super) fn of_image(image: &ImageConfig) -> Vec<String> {
    unwrapped(moved::without_init(started(image)))
}

/// All words of the start; a shell of the entry point takes no more words from the command.
/// <https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact>
fn started(image: &ImageConfig) -> Vec<String> {
    let words = |form: &Option<Vec<String>>| form.clone().unwrap_or_default();
    let entry = words(&image.entrypoint);
    let is_shell = matches!(entry.as_slice(), [shell, flag, _] if shell.ends_with("/sh") && flag == "-c");
    if is_shell { entry } else { [entry, words(&image.cmd)].concat() }
}

/// Programs that only put the environment in front of a command; the new image has it on its PATH.
const WRAPPERS: &[&str] = &["poetry", "pipenv", "uv", "pdm"];

/// A start without `poetry run` and its like in front of its commands.
fn unwrapped(words: Vec<String>) -> Vec<String> {
    let is_wrapper = |program: &str, verb: &str| WRAPPERS.contains(&program) && verb == "run";
    match words.as_slice() {
        [program, verb, next, ..] if is_wrapper(program, verb) && !next.starts_with('-') => {
            words[2..].to_vec()
        }
        [shell, flag, text] if shell.ends_with("sh") && flag == "-c" => {
            let mut plain = String::new();
            let mut at = 0;
            for command in commands(text) {
                let words = match command.words.first() {
                    Some(first) if first.text == "exec" => &command.words[1..],
                    _ => &command.words[..],
                };
                if let [program, verb, next, ..] = words
                    && is_wrapper(&program.text, &verb.text)
                    && !next.text.starts_with('-')
                    && program.span.start >= at
                {
                    plain.push_str(&text[at..program.span.start]);
                    at = next.span.start;
                }
            }
            plain.push_str(&text[at..]);
            // A command over several lines comes as one.
            if !plain.contains(['"', '\'', '\\']) {
                plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            vec![shell.clone(), flag.clone(), plain]
        }
        _ => words,
    }
}

/// The words of a command that needs no shell; none where one has to put it together.
pub(super) fn plain(old: &[String]) -> Option<Vec<String>> {
    let [shell, flag, text] = old else { return Some(old.to_vec()) };
    if !shell.ends_with("sh") || !flag.starts_with('-') {
        return Some(old.to_vec());
    }
    let found = commands(text);
    let [only] = found.as_slice() else { return None };
    let is_plain = only.words.iter().all(|word| word.is_literal) && !only.writes && !only.is_conditional;
    let words: Vec<String> = only.words.iter().map(|word| word.text.clone()).collect();
    let starts_late = only.words.first().is_none_or(|first| first.span.start != 0);
    if !is_plain || starts_late {
        return None;
    }
    Some(if words.first().is_some_and(|word| word == "exec") { words[1..].to_vec() } else { words })
}

/// Paths below the old working directory as seen from it: the new one has another name.
pub(super) fn relative(scene: &Scene<'_>, words: Vec<String>) -> Vec<String> {
    let Some(home) = scene.image.workdir.as_deref().filter(|home| home.starts_with('/') && *home != "/")
    else {
        return words;
    };
    let short = |word: String| word.strip_prefix(&format!("{home}/")).map_or(word.clone(), str::to_owned);
    words.into_iter().map(short).collect()
}

/// Does the planned command end with the old one, whatever stands in front of it?
pub(super) fn ends_like(planned: &[String], old: &[String]) -> bool {
    // Node.js finds `index.js` by `index`.
    let plain = |word: &String| word.trim_start_matches("./").trim_end_matches(".js").to_owned();
    let old: Vec<String> = old.iter().map(plain).collect();
    let bare = match old.as_slice() {
        [first, rest @ ..] if matches!(first.as_str(), "node" | "python" | "python3") => rest,
        all => all,
    };
    let end: Vec<String> = planned.iter().map(plain).collect();
    !bare.is_empty() && end.ends_with(bare)
}
