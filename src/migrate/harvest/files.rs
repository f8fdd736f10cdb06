//! What commands do to files and folders: removed, made, given away, or the time zone's.

use super::Scene;
use super::command::Verdict;
use super::moved::Moved;
use super::text::is_plain;
use crate::dockerfile::script::{Command, Word, commands};
use crate::repo::RelPath;
use crate::stack::Ships;

/// Caches and downloads go anyway; whatever else is removed is a decision.
pub(super) fn removal(scene: &Scene<'_>, command: &Command) -> Verdict {
    const CACHES: &[&str] = &[
        "/var/lib/apt",
        "/var/cache",
        "/tmp",
        "/var/tmp",
        "/root/.cache",
        "/root/.npm",
        "~/.cache",
        "/usr/share/doc",
        "/usr/share/man",
        "/root/.m2",
        "/usr/local/share/.cache",
        "/var/log",
    ];
    let mut paths =
        command.operands().filter(|word| command.program() == Some("rm") || word.text.starts_with('/'));
    let is_gone = |path: &str| {
        CACHES.iter().any(|cache| path.starts_with(cache))
            || scene.is_in_program(path) && path.contains("node_modules")
            || path.ends_with(".tar.gz")
    };
    match paths.find(|word| !is_gone(&word.text)) {
        Some(word) if command.program() == Some("rm") => {
            Verdict::Person(format!("why `{}` is removed", word.text))
        }
        _ => Verdict::Nothing,
    }
}

/// A command on files with the variables in it that the image has: the same, and nothing is left to the build.
pub(super) fn resolved(scene: &Scene<'_>, command: &Command, text: &str) -> Option<(Command, String)> {
    const FILES: &[&str] = &["chmod", "chown", "cp", "ln", "mkdir", "mv", "rm", "sed", "touch"];
    let is_meant = command.program().is_some_and(|program| FILES.contains(&program)) && text.contains('$');
    if !is_meant || command.writes {
        return None;
    }
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        let inner = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        let (name, after) = inner.unwrap_or_else(|| after.split_at(end));
        let value = scene.image.env.get(name).filter(|value| is_plain(value))?;
        made = format!("{made}{before}{value}");
        rest = after;
    }
    made.push_str(rest);
    let mut found = commands(&made);
    let alone = (found.len() == 1).then(|| found.remove(0))?;
    let (then, is_conditional) = (command.then, command.is_conditional);
    Some((Command { then, is_conditional, ..alone }, made))
}

/// What a command makes of files of the repository beside them: `cp settings.example settings.py`, `sed -i … settings.py`.
pub(super) fn own(scene: &Scene<'_>, command: &Command, text: &str, here: &str) -> Option<String> {
    if scene.ships() != Some(Ships::Sources) || command.writes {
        return None;
    }
    let moved = Moved::of(scene);
    let operands: Vec<&Word> = command.operands().collect();
    let names: Vec<(&Word, String)> = match (command.program()?, operands.as_slice()) {
        ("cp" | "mv", [sources @ .., to]) if !sources.is_empty() => {
            let mut names: Vec<(&Word, String)> = sources
                .iter()
                .map(|word| Some((*word, moved.own(here, &word.text)?)))
                .collect::<Option<_>>()?;
            names.push((*to, moved.beside(here, &to.text)?));
            names
        }
        ("sed", [.., file]) if command.args().iter().any(|word| word.text.starts_with("-i")) => {
            vec![(*file, moved.own(here, &file.text)?)]
        }
        _ => return None,
    };
    let start = command.span.end - text.len();
    let mut made = String::new();
    let mut at = 0;
    for (word, name) in names {
        if !word.is_literal || !is_plain(&name) {
            return None;
        }
        made.push_str(&text[at..word.span.start - start]);
        made.push_str(&name);
        at = word.span.end - start;
    }
    made.push_str(&text[at..]);
    Some(made)
}

/// `chmod +x` on files of the program, which lie elsewhere now: in the repository they may have no such mode.
fn mode(scene: &Scene<'_>, command: &Command) -> Option<String> {
    let mut words = command.operands().map(|word| word.text.as_str());
    let mode = words
        .next()
        .filter(|_| scene.ships() == Some(Ships::Sources) && command.program() == Some("chmod"))?;
    let runs = mode.contains('x')
        || mode.bytes().all(|digit| digit.is_ascii_digit()) && mode.contains(['5', '7', '1']);
    let home = scene.image.workdir.as_deref().unwrap_or("/");
    let own = |path: &str| {
        let below = path.strip_prefix(home).unwrap_or(path).trim_start_matches("./").trim_start_matches('/');
        let place = RelPath::new(below).ok()?;
        (scene.is_in_program(path) && scene.inventory.has(&place)).then(|| below.to_owned())
    };
    let paths: Vec<String> = words.map(own).collect::<Option<_>>()?;
    (runs && !paths.is_empty()).then(|| format!("chmod +x {}", paths.join(" ")))
}

/// The zone that a command sets: `ln -s /usr/share/zoneinfo/Europe/Berlin /etc/localtime`, or the name of it written to
/// `/etc/timezone`.
pub(super) fn time_zone(scene: &Scene<'_>, command: &Command, text: &str) -> Option<String> {
    const ZONES: &str = "/usr/share/zoneinfo/";
    let words: Vec<&str> = command.operands().map(|word| word.text.as_str()).collect();
    let written = match (command.program()?, words.as_slice()) {
        ("ln" | "cp" | "mv", [from, "/etc/localtime"]) => from.strip_prefix(ZONES)?,
        ("echo", [zone]) if text.trim_end().ends_with("/etc/timezone") => zone,
        _ => return None,
    };
    let zone = match written.strip_prefix('$') {
        None => written.to_owned(),
        Some(name) => scene.image.env.get(name.trim_start_matches('{').trim_end_matches('}'))?.clone(),
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || "_+-/".contains(c);
    (zone.starts_with(|c: char| c.is_ascii_uppercase()) && zone.chars().all(legal)).then_some(zone)
}

/// Folders of the program are made by the stages; others are made in the runtime again.
pub(super) fn folders(scene: &Scene<'_>, command: &Command, program: &str) -> Verdict {
    let skipped = usize::from(matches!(program, "chown" | "chmod"));
    let paths: Vec<&str> = command.operands().skip(skipped).map(|word| word.text.as_str()).collect();
    if command.args().iter().any(|word| word.text.contains('$')) {
        return Verdict::Person(format!("what `{program}` works on is decided while building"));
    }
    if let Some(scripts) = mode(scene, command) {
        return Verdict::Instead(scripts);
    }
    if let Some(made) = super::place::made_in_program(scene, program, &paths) {
        return Verdict::Instead(made);
    }
    if paths.iter().all(|path| scene.is_in_program(path)) {
        return Verdict::Stage("runtime, which has the program's files");
    }
    if program == "chown" {
        return Verdict::Person(
            "which folders the program writes to, now that its user is a number".to_owned(),
        );
    }
    if paths.iter().any(|path| scene.is_in_program(path)) {
        return Verdict::Person(format!("`{program}` works on the program's files and on others"));
    }
    Verdict::Runtime
}
