//! The catalog of base images and toolchain lines, read from `templates/images.toml`.
//!
//! What is in it is data; this file only finds things in it. It knows the day the data was
//! written, so that "no longer supported" does not depend on a clock.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::fact::{Evidence, Fact};
use crate::plan::service::{ExecForm, Health};

/// Base images and toolchain lines.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// The day the data was written.
    pub as_of: String,
    toolchain: BTreeMap<String, ToolchainLines>,
    image: BTreeMap<String, BaseImage>,
}

/// The lines of one toolchain.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolchainLines {
    /// Its name for people.
    pub name: String,
    /// What a project gets that pins nothing.
    pub default: String,
    /// The lines that have images, newest first.
    pub lines: Vec<Line>,
}

/// One line of a toolchain.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// `1.24`, `22`.
    pub line: String,
    /// The day support ends.
    pub ends: Option<String>,
    /// The day support ended.
    pub ended: Option<String>,
}

/// A base image and what matters about it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaseImage {
    /// Its reference; `{line}` stands for the toolchain line.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The numeric user to run as.
    pub user: String,
    /// Its C library.
    pub libc: Libc,
    /// Its package manager.
    pub packages: PackageManager,
    /// Is there a shell?
    pub shell: bool,
    /// What can ask over HTTP inside it.
    pub prober: Option<Prober>,
}

/// The C library of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Libc {
    /// GNU.
    Glibc,
    /// Alpine's.
    Musl,
    /// None: static programs only.
    None,
}

/// The package manager of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageManager {
    /// Debian's.
    Apt,
    /// Alpine's.
    Apk,
    /// None.
    None,
}

/// A program inside an image that can ask over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prober {
    /// Node.js on the PATH.
    Node,
    /// Node.js where distroless keeps it.
    DistrolessNode,
    /// Python's standard library.
    Python,
    /// Busybox.
    Wget,
}

impl Catalog {
    /// The catalog that dockgen ships, read once in a run.
    ///
    /// # Panics
    /// Never in a released program: a test reads the same text.
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Catalog> = LazyLock::new(|| {
            toml::from_str(include_str!("../../templates/images.toml"))
                .expect("templates/images.toml is read by a test")
        });
        &BUILTIN
    }

    /// The lines of a toolchain of this program's own stacks.
    ///
    /// # Panics
    /// When the catalog has no such toolchain: ids are literals of this program, and tests plan with each.
    pub fn toolchain(&self, id: &str) -> &ToolchainLines {
        self.toolchain.get(id).unwrap_or_else(|| panic!("images.toml has no [toolchain.{id}]"))
    }

    /// A base image of this program's own stacks.
    ///
    /// # Panics
    /// As [`Catalog::toolchain`].
    pub fn image(&self, id: &str) -> &BaseImage {
        self.image.get(id).unwrap_or_else(|| panic!("images.toml has no [image.{id}]"))
    }

    /// The image known under a reference, so that a person who names one keeps its user and prober.
    pub fn image_like(&self, reference: &str) -> Option<&BaseImage> {
        self.image.values().find(|image| match image.reference.split_once("{line}") {
            Some((before, after)) => {
                reference.len() > before.len() + after.len()
                    && reference.starts_with(before)
                    && reference.ends_with(after)
            }
            None => image.reference == reference,
        })
    }
}

impl ToolchainLines {
    /// The lines still supported, newest first.
    pub fn supported(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(|line| line.ended.is_none()).map(|line| line.line.as_str())
    }

    /// What is known of a line.
    pub fn line(&self, line: &str) -> Option<&Line> {
        self.lines.iter().find(|known| known.line == line)
    }

    /// The line that a project gets that pins nothing.
    pub fn default_line(&self) -> Fact<String> {
        Fact::new(self.default.clone(), Evidence::default(format!("default for {}", self.name)))
    }
}

impl BaseImage {
    /// The reference for a toolchain line.
    pub fn at(&self, line: &str) -> String {
        self.reference.replace("{line}", line)
    }

    /// A health check that this image can run; none where nothing in it can ask.
    pub fn health(&self, port: u16, path: &str) -> Option<Health> {
        let url = format!("http://127.0.0.1:{port}{path}");
        let node = format!(
            "fetch('http://127.0.0.1:'+(process.env.PORT||{port})+'{path}').then(r=>process.exit(r.status<500?0:1),()=>process.exit(1))"
        );
        // An answer below 500 counts: a 404 or a redirect comes from a program that is well.
        let python = format!(
            "import http.client as h,sys;c=h.HTTPConnection('127.0.0.1',{port},timeout=2);c.request('GET','{path}');sys.exit(c.getresponse().status>=500)"
        );
        let command = match self.prober? {
            Prober::Node => ExecForm::new("node", ["-e", &node]),
            Prober::DistrolessNode => ExecForm::new("/nodejs/bin/node", ["-e", &node]),
            Prober::Python => ExecForm::new("python", ["-c", &python]),
            Prober::Wget => ExecForm::new("wget", ["-q", "--spider", &url]),
        };
        Some(Health { command, path: path.to_owned(), start_seconds: 10 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_catalog_reads_and_agrees_with_itself() {
        let catalog = Catalog::builtin();
        for (id, toolchain) in &catalog.toolchain {
            assert!(toolchain.line(&toolchain.default).is_some(), "{id}: the default has no line");
            assert!(
                toolchain.supported().any(|line| line == toolchain.default),
                "{id}: the default is not supported"
            );
            for line in &toolchain.lines {
                let day = line.ended.as_ref().or(line.ends.as_ref());
                let ended = day.is_some_and(|day| *day < catalog.as_of);
                assert_eq!(ended, line.ended.is_some(), "{id} {}: support and as_of disagree", line.line);
            }
        }
        for (id, image) in &catalog.image {
            assert!(
                image.user.split(':').all(|part| part.parse::<u32>().is_ok()),
                "{id}: user is not numeric"
            );
        }
    }

    #[test]
    fn a_named_image_is_recognized() {
        let catalog = Catalog::builtin();
        assert_eq!(
            catalog.image_like("node:22-trixie-slim").map(|image| image.user.as_str()),
            Some("1000:1000")
        );
        assert!(catalog.image_like("registry.example/node:22").is_none());
    }
}
