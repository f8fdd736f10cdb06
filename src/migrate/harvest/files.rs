//! What commands do to files and folders: removed, made, given away, or the time zone's.

use super::Scene;
use super::run::Verdict;
use crate::dockerfile::script::Command;
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
