//! Where base images come from: `images."node" = "registry.example.com/node"`, a mirror of Docker Hub, and the digests
//! that tags are pinned to.
//!
//! It is settled after everything else, because what a stack knows of an image it knows by its public name. An image
//! that a person names themselves (`runtime.image`) stays what they wrote.
//!
//! Digests are kept where update bots look for them and change them: in the Dockerfile itself. A plan reads them back
//! from there, so that it needs no network, and a bot's new digest is not drift.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::config::keys::Pin;
use crate::config::{Settings, keys};
use crate::diag::{Code, Diagnostic};
use crate::dockerfile::{self, ImageRef};
use crate::fact::{Choice, Fact, Layer};
use crate::plan::catalog::without_tag;
use crate::plan::service::Service;
use crate::plan::stage::{Origin, Stage};
use crate::repo::inventory::Inventory;
use crate::repo::path::RelPath;

/// Renames the images of every stage and those that commands mount, and pins them where that is wished.
pub(super) fn settle(
    service: &mut Service,
    settings: &Settings,
    inventory: &Inventory,
    notes: &mut Vec<Diagnostic>,
) {
    let settings = settings.for_service(&service.dir);
    rename(service, &settings, notes);
    let pin = settings.choice(&keys::PIN, notes).decide();
    let Some(pin) = pin.filter(|pin| pin.value == Pin::Digest) else { return };
    let mut digests = kept_digests(inventory, &service.dockerfile_path());
    digests.extend(settings.digests().clone());
    let mut open = BTreeSet::new();
    for_each_image(service, &mut |image| match digests.get(image.as_str()) {
        _ if image.contains('@') => {}
        Some(digest) => *image = format!("{image}@{digest}"),
        None => {
            open.insert(image.clone());
        }
    });
    for image in open {
        let message = format!("`{image}` has no digest yet");
        let finding = Diagnostic::warning(Code::Unpinned, message).at(pin.because.at.clone());
        notes.push(finding.help("`dockgen update --pin` asks its registry"));
    }
}

/// The images of a service by their tags, whatever digests they have now: for whoever asks for new ones.
pub fn images_with_tags(service: &Service) -> Vec<ImageRef> {
    let mut found = BTreeMap::new();
    for_each_image(&mut service.clone(), &mut |image| {
        if let Ok(parsed) = image.parse::<ImageRef>() {
            let open = ImageRef { digest: None, ..parsed };
            found.insert(open.to_string(), open);
        }
    });
    found.into_values().collect()
}

/// The images of a service as they are printed.
pub fn images(service: &Service) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for_each_image(&mut service.clone(), &mut |image| {
        found.insert(image.clone());
    });
    found.extend(service.stages.iter().flat_map(written));
    found
}

/// The images that a person names in a stage of their own, and in what stands in those of the stack.
fn written(stage: &Stage) -> Vec<String> {
    let lines = stage.carried.iter().map(|text| text.value.as_str());
    let lines = lines.chain(stage.above.values().flat_map(|lines| lines.value.iter().map(String::as_str)));
    let text = match &stage.text {
        Some(whole) => whole.value.clone(),
        None => lines.fold("FROM scratch\n".to_owned(), |text, line| text + line + "\n"),
    };
    let (file, _) = dockerfile::parse(&text);
    let stages = dockerfile::Stages::of(&file);
    let Some(only) = stages.iter().next() else { return Vec::new() };
    let from = match (&only.origin, &stage.from.value) {
        (dockerfile::Origin::Image(image), Origin::Image(_)) => Some(image.to_string()),
        _ => None,
    };
    let edges = only.edges.iter().filter_map(|edge| match &edge.source {
        // The names of stages have neither a tag nor a registry.
        dockerfile::Source::Image(name) => Some(name.clone()).filter(|name| name.contains([':', '/'])),
        _ => None,
    });
    from.into_iter().chain(edges).collect()
}

/// The digests in a Dockerfile, by the image with its tag.
fn kept_digests(inventory: &Inventory, file: &RelPath) -> BTreeMap<String, String> {
    let Some(doc) = inventory.doc(file) else { return BTreeMap::new() };
    let (parsed, _) = dockerfile::parse(doc.text);
    let words = parsed.instructions().flat_map(|instruction| {
        let args = instruction.args.value.split([' ', '\t', '\n', ',']);
        let flags = instruction
            .flags
            .iter()
            .filter_map(|flag| flag.value.as_deref())
            .flat_map(|value| value.split(','));
        args.chain(flags)
            .map(|word| word.strip_prefix("from=").unwrap_or(word).to_owned())
            .collect::<Vec<_>>()
    });
    words
        .filter_map(|word| {
            let image: ImageRef = word.parse().ok()?;
            let digest = image.digest.clone()?;
            Some((ImageRef { digest: None, ..image }.to_string(), digest))
        })
        .collect()
}

/// Every image of a registry: what stages start from, and what their commands mount.
fn for_each_image(service: &mut Service, act: &mut dyn FnMut(&mut String)) {
    let mut each = |image: &mut String| {
        if image != "scratch" {
            act(image);
        }
    };
    // A stage of a person's own stays as it is written.
    for stage in service.stages.iter_mut().filter(|stage| stage.text.is_none()) {
        if let Origin::Image(image) = &mut stage.from.value {
            let before = image.clone();
            each(image);
            if *image != before && stage.stands_for.is_none() {
                stage.stands_for = Some(before);
            }
        }
        if let Some(tool) = &mut stage.tool {
            for_each_mount(tool, &mut each);
        }
    }
    for_each_mount(&mut service.tool, &mut each);
}

fn rename(service: &mut Service, settings: &Settings, notes: &mut Vec<Diagnostic>) {
    let map = Map {
        images: settings.entries("images.", &keys::IMAGES, notes),
        mirror: settings.choice(&keys::MIRROR, notes).decide(),
    };
    if map.images.is_empty() && map.mirror.is_none() {
        return;
    }
    for stage in service.stages.iter_mut().filter(|stage| stage.text.is_none()) {
        let Origin::Image(image) = &stage.from.value else { continue };
        let is_theirs = stage.from.because.layer < Layer::Detected && is_named(image, settings, notes);
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

    fn rename_mounts(&self, tool: &mut Value) {
        for_each_mount(tool, &mut |from| {
            if let Some(instead) = self.instead_of(from) {
                *from = instead.value;
            }
        });
    }
}

/// Images whose files a command mounts (`--mount=type=bind,from=`).
fn for_each_mount(tool: &mut Value, act: &mut dyn FnMut(&mut String)) {
    match tool {
        Value::Array(items) => items.iter_mut().for_each(|item| for_each_mount(item, act)),
        Value::Object(entries) => {
            let is_mount = entries.get("type").is_some_and(|kind| kind == "bind");
            if let Some(Value::String(from)) = entries.get_mut("from").filter(|_| is_mount) {
                // The names of stages have neither a tag nor a registry.
                if from.contains([':', '/']) {
                    act(from);
                }
            }
            entries.values_mut().for_each(|entry| for_each_mount(entry, act));
        }
        _ => {}
    }
}
