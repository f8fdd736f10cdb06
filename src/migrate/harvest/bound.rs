//! The port that a server's own configuration binds, where the old start names that file and nothing exposes a port.
//! <https://docs.gunicorn.org/en/stable/settings.html#bind>

use super::{Harvest, Scene};
use crate::dockerfile::Keyword;

/// Takes the port of `gunicorn --config FILE`.
pub(super) fn port(harvest: &mut Harvest, scene: &Scene<'_>, line: u32, words: &[String]) {
    let is_exposed = scene.stage.instructions.iter().any(|one| one.keyword == Keyword::Expose);
    if is_exposed || !words.iter().any(|word| word.rsplit('/').next() == Some("gunicorn")) {
        return;
    }
    let behind = words.iter().skip_while(|word| !matches!(word.as_str(), "-c" | "--config")).nth(1);
    let joined = words.iter().find_map(|word| word.strip_prefix("--config="));
    let Some(file) = behind.map(String::as_str).or(joined) else { return };
    let path = scene.service.dir.join(file.trim_start_matches("python:").trim_start_matches("./"));
    let Some(doc) = path.and_then(|path| scene.inventory.doc(&path)) else { return };
    if let Some(port) = doc.text.lines().find_map(bound) {
        harvest.wish("runtime.port", i64::from(port).into(), line);
    }
}

/// 5005 of `bind = '0.0.0.0:5005'`.
fn bound(line: &str) -> Option<u16> {
    let value = line.strip_prefix("bind")?.trim_start().strip_prefix('=')?.trim();
    let address = value.trim_start_matches('[').trim_start_matches(['"', '\'']);
    let address = &address[..address.find(['"', '\''])?];
    address.rsplit_once(':')?.1.parse().ok()
}
