//! What a new image does other than the old one, in words: the configurations of both are compared, whatever instructions
//! they come from.

use crate::dockerfile::{self, ImageConfig, Stages};

/// What the image of the new text does other than the old one.
pub(super) fn differences(old: &ImageConfig, text: &str) -> Vec<String> {
    compared(old, &image_of(text))
}

/// The image that comes out of the last stage of a text.
fn image_of(text: &str) -> ImageConfig {
    let (file, _) = dockerfile::parse(text);
    let stages = Stages::of(&file);
    stages.last().map(|last| stages.evaluated(last)).unwrap_or_default()
}

fn compared(old: &ImageConfig, new: &ImageConfig) -> Vec<String> {
    let mut found = Vec::new();
    let mut differ = |what: &str, old: String, new: String| {
        if old != new {
            let said = |text: String| if text.is_empty() { "nothing".to_owned() } else { text };
            found.push(format!("{what}: {} -> {}", said(old), said(new)));
        }
    };
    let start = |image: &ImageConfig| {
        image.entrypoint.iter().chain(&image.cmd).flatten().cloned().collect::<Vec<_>>().join(" ")
    };
    let base = |words: String| if words.is_empty() { "what the base image starts".to_owned() } else { words };
    differ("start", base(start(old)), base(start(new)));
    let user = |image: &ImageConfig| image.user.clone().unwrap_or_else(|| "root".to_owned());
    let is_same_root = user(old) == "root" && user(new) == "0:0";
    if !is_same_root {
        differ("user", user(old), user(new));
    }
    let folder = |image: &ImageConfig| image.workdir.clone().unwrap_or_else(|| "/".to_owned());
    differ("folder", folder(old), folder(new));
    for port in &old.exposed {
        differ("port", port.clone(), new.exposed.get(port).cloned().unwrap_or_default());
    }
    for (name, value) in &old.env {
        differ(&format!("ENV {name}"), value.clone(), new.env.get(name).cloned().unwrap_or_default());
    }
    for (name, value) in &old.labels {
        differ(&format!("LABEL {name}"), value.clone(), new.labels.get(name).cloned().unwrap_or_default());
    }
    for path in &old.volumes {
        differ("volume", path.clone(), new.volumes.get(path).cloned().unwrap_or_default());
    }
    let signal = |image: &ImageConfig| image.stop_signal.clone().unwrap_or_default();
    differ("stop signal", signal(old), signal(new));
    found
}
