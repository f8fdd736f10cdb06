//! Where base images come from: `images."node" = "registry.example.com/node"`, and a mirror of Docker Hub.
//!
//! It is settled after everything else, because what a stack knows of an image it knows by its public name. An image
//! that a person names themselves (`runtime.image`) stays what they wrote.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::config::{Settings, keys};
use crate::diag::Diagnostic;
use crate::dockerfile::ImageRef;
use crate::fact::{Choice, Fact, Layer};
use crate::plan::catalog::without_tag;
use crate::plan::service::Service;
use crate::plan::stage::Origin;

/// Renames the images of every stage, and those that commands mount.
pub(super) fn settle(service: &mut Service, settings: &Settings, notes: &mut Vec<Diagnostic>) {
    let settings = settings.for_service(&service.dir);
    let map = Map {
        images: settings.entries("images.", &keys::IMAGES, notes),
        mirror: settings.choice(&keys::MIRROR, notes).decide(),
    };
    if map.images.is_empty() && map.mirror.is_none() {
        return;
    }
    for stage in service.stages.iter_mut() {
        let Origin::Image(image) = &stage.from.value else { continue };
        let is_theirs = stage.from.because.layer < Layer::Detected && is_named(image, &settings, notes);
        if let Some(instead) = map.instead_of(image).filter(|_| !is_theirs) {
            stage.stands_for = Some(image.clone());
            let planned = Some(stage.from.clone());
            if let Some(from) = Choice::default().or(Some(instead.map(Origin::Image))).or(planned).decide() {
                stage.from = from;
            }
        }
        if let Some(tool) = &mut stage.tool {
            map.rename_mounts(tool);
        }
    }
    map.rename_mounts(&mut service.tool);
    for beside in &mut service.beside {
        if let Some(instead) = map.instead_of(&beside.image) {
            beside.image = instead.value;
        }
    }
}

/// Is it the image that a person has asked for by name?
fn is_named(image: &str, settings: &Settings, notes: &mut Vec<Diagnostic>) -> bool {
    settings.choice(&keys::IMAGE, notes).decide().is_some_and(|wish| wish.value == image)
}

struct Map {
    images: BTreeMap<String, Fact<String>>,
    mirror: Option<Fact<String>>,
}

impl Map {
    /// The image to take for a public one: with its tag or digest as people know it, else by its name, else from the
    /// mirror of Docker Hub.
    fn instead_of(&self, image: &str) -> Option<Fact<String>> {
        if let Some(whole) = self.images.get(image) {
            return Some(whole.clone());
        }
        let name = without_tag(image);
        let tag = &image[name.len()..];
        if let Some(other) = self.images.get(name) {
            // A tag or digest of theirs is meant.
            let is_whole = without_tag(&other.value).len() < other.value.len();
            let whole = if is_whole { other.value.clone() } else { format!("{}{tag}", other.value) };
            return Some(other.derive(whole));
        }
        let is_of_hub = name != "scratch"
            && image
                .parse::<ImageRef>()
                .is_ok_and(|image| image.registry.is_none_or(|host| host == "docker.io"));
        let mirror = self.mirror.as_ref().filter(|_| is_of_hub)?;
        let below = name.strip_prefix("docker.io/").unwrap_or(name);
        Some(mirror.derive(format!("{}/{below}{tag}", mirror.value.trim_end_matches('/'))))
    }

    /// Images whose files a command mounts (`--mount=type=bind,from=`).
    fn rename_mounts(&self, tool: &mut Value) {
        match tool {
            Value::Array(items) => items.iter_mut().for_each(|item| self.rename_mounts(item)),
            Value::Object(entries) => {
                let is_mount = entries.get("type").is_some_and(|kind| kind == "bind");
                if let Some(Value::String(from)) = entries.get_mut("from").filter(|_| is_mount) {
                    // The names of stages have neither a tag nor a registry.
                    let is_image = from.contains([':', '/']);
                    if let Some(instead) = self.instead_of(from).filter(|_| is_image) {
                        *from = instead.value;
                    }
                }
                entries.values_mut().for_each(|entry| self.rename_mounts(entry));
            }
            _ => {}
        }
    }
}
