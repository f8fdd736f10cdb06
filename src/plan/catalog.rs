//! The catalog of base images and toolchain lines, read from `templates/images.toml`.
//!
//! What is in it is data; this file only finds things in it. It knows the day the data was
//! written, so that "no longer supported" does not depend on a clock.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::dockerfile::ImageRef;
use crate::dockerfile::image::fit;
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
    official: BTreeMap<String, Official>,
}

/// An official image by its name, as other people's files start from it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Official {
    /// The toolchain whose lines its tags follow.
    toolchain: Option<String>,
    /// What to move to.
    instead: String,
    /// The day the image itself got its last update.
    retired: Option<String>,
    /// Lines only found in old files.
    #[serde(default)]
    lines: Vec<Line>,
}

/// A base that gets no fixes any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// `Node.js 8`, `Debian 9 (stretch)`.
    pub what: String,
    /// The day of the last fix.
    pub day: String,
    /// What to move to.
    pub instead: String,
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} has had no fixes since {}", self.what, self.day)
    }
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
    /// Code names, as they stand in tags.
    #[serde(default)]
    pub names: Vec<String>,
    /// What else stands for it in tags, and is no name that people know it by.
    #[serde(default)]
    pub also: Vec<String>,
}

/// A base image and what matters about it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaseImage {
    /// Its reference; `{line}` stands for the toolchain line.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Other references that name images like it; `*` stands for any text.
    #[serde(default)]
    like: Vec<String>,
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
    /// The folder of its user, where there is one that may be written to.
    pub home: Option<String>,
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
    /// Debian's, of a release whose packages have moved to the archive.
    Archive,
    /// Alpine's.
    Apk,
    /// None.
    None,
}

impl PackageManager {
    /// Does the image install packages of Debian?
    pub fn is_debian(self) -> bool {
        matches!(self, Self::Apt | Self::Archive)
    }

    /// The line of tini that its releases agree on: <https://packages.debian.org/tini>.
    pub fn tini(self) -> Option<String> {
        (self == Self::Apt).then(|| "0.19.*".to_owned())
    }
}

/// A program inside an image that can ask over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prober {
    /// Node.js on the PATH.
    Node,
    /// The same before version 18, which brought `fetch`.
    OldNode,
    /// Node.js where distroless keeps it.
    DistrolessNode,
    /// Bun where its images keep it.
    Bun,
    /// Deno where its images keep it.
    Deno,
    /// Python's standard library.
    Python,
    /// The same in words that Python 2 knows too.
    OldPython,
    /// Busybox.
    Wget,
}

impl Prober {
    /// Its command, with the path where an image has no shell that would find it.
    pub fn program(self) -> &'static str {
        match self {
            Self::Node | Self::OldNode => "node",
            Self::DistrolessNode => "/nodejs/bin/node",
            Self::Bun => "/usr/local/bin/bun",
            Self::Deno => "/bin/deno",
            Self::Python | Self::OldPython => "python",
            Self::Wget => "wget",
        }
    }
}

impl Catalog {
    /// The catalog that dockgen ships, read once in a run.
    ///
    /// # Panics
    /// Never in a released program: a test reads the same text.
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Catalog> = LazyLock::new(|| {
            serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/images.json")))
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

    /// The names of all base images, without tags.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.image.values().map(|image| without_tag(&image.reference)).filter(|name| *name != "scratch")
    }

    /// What no longer gets fixes in an official image: its own release, or the distribution named in its tag.
    pub fn ended(&self, image: &ImageRef) -> Option<Ended> {
        let is_official = image.registry.as_deref().is_none_or(|registry| registry == "docker.io");
        let name = image.repository.strip_prefix("library/").unwrap_or(&image.repository);
        let official = self.official.get(name).filter(|_| is_official)?;
        let tag = image.tag.as_deref().unwrap_or("latest");
        if let Some(day) = &official.retired {
            let what = format!("the image `{name}`");
            return Some(Ended { what, day: day.clone(), instead: official.instead.clone() });
        }
        let toolchain = official.toolchain.as_ref().and_then(|id| self.toolchain.get(id));
        let lines = toolchain.map_or(&[][..], |toolchain| &toolchain.lines).iter().chain(&official.lines);
        let own = lines.filter(|line| line.is_of(tag)).max_by_key(|line| line.line.len());
        let title = toolchain.map_or(name, |toolchain| toolchain.name.as_str());
        own.and_then(|line| line.over(title, &official.instead)).or_else(|| {
            let below = ["debian", "ubuntu", "alpine"]
                .into_iter()
                .filter_map(|name| Some((name, self.official.get(name)?)));
            let mut parts = tag.split('-').skip(1);
            parts.find_map(|part| {
                below.clone().find_map(|(name, below)| {
                    let is_named = |line: &&Line| {
                        line.names.iter().any(|known| known == part)
                            || part.strip_prefix(name) == Some(&line.line)
                    };
                    let over = below.lines.iter().find(is_named)?.over(name, &below.instead)?;
                    Some(Ended { instead: format!("an image on {}", over.instead), ..over })
                })
            })
        })
    }

    /// The image known under a reference, so that a person who names one keeps its user and prober.
    pub fn image_like(&self, reference: &str) -> Option<&BaseImage> {
        let is_it = |image: &&BaseImage| fit(&image.at("*"), reference).is_some();
        let is_close = |image: &&BaseImage| image.like.iter().any(|like| fit(like, reference).is_some());
        self.image.values().find(is_it).or_else(|| self.image.values().find(is_close))
    }
}

/// An image's name without its tag or digest.
pub fn without_tag(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or(reference);
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    name[last..].find(':').map_or(name, |colon| &name[..last + colon])
}

impl Line {
    /// Is it the line of this tag: `8.10-slim` of `8`, `stretch-slim` of Debian's `9`?
    fn is_of(&self, tag: &str) -> bool {
        let first = tag.split('-').next().unwrap_or(tag);
        first == self.line
            || first.strip_prefix(&self.line).is_some_and(|rest| rest.starts_with('.'))
            || self.names.iter().chain(&self.also).any(|name| name == first)
    }

    /// That it has ended, if it has.
    fn over(&self, title: &str, instead: &str) -> Option<Ended> {
        let day = self.ended.clone()?;
        let name = self.names.first().map(|name| format!(" ({name})")).unwrap_or_default();
        Some(Ended { what: format!("{title} {}{name}", self.line), day, instead: instead.to_owned() })
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

    /// The program that an image without a shell has, and nothing else.
    pub fn bare_program(&self) -> Option<&'static str> {
        self.prober.filter(|_| !self.shell).map(Prober::program)
    }

    /// A health check that this image can run; none where nothing in it can ask.
    pub fn health(&self, port: u16, path: &str) -> Option<Health> {
        self.health_at(port, None, path)
    }

    /// The same for a program that takes its port from a variable: a container may be given another one.
    pub fn health_at(&self, port: u16, variable: Option<&str>, path: &str) -> Option<Health> {
        let url = format!("http://127.0.0.1:{port}{path}");
        // The name becomes code, so it has to be one.
        let is_name = |name: &&str| {
            !name.starts_with(|first: char| first.is_ascii_digit())
                && name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
        };
        let variable = variable.filter(is_name);
        let named = variable.map(|name| format!("process.env.{name}||{port}"));
        let node_url = match &named {
            Some(named) => format!("'http://127.0.0.1:'+({named})+'{path}'"),
            None => format!("'{url}'"),
        };
        let node = format!("fetch({node_url}).then(r=>process.exit(r.status<500?0:1),()=>process.exit(1))");
        // An answer below 500 counts: a 404 or a redirect comes from a program that is well.
        let python = format!(
            "import http.client as h,sys;c=h.HTTPConnection('127.0.0.1',{port},timeout=2);c.request('GET','{path}');sys.exit(c.getresponse().status>=500)"
        );
        let node_port = named.unwrap_or_else(|| port.to_string());
        let old_node = format!(
            "require('http').get({{host:'127.0.0.1',port:{node_port},path:'{path}'}},function(r){{process.exit(r.statusCode<500?0:1)}}).on('error',function(){{process.exit(1)}})"
        );
        let old_python = format!(
            "import socket,sys;s=socket.create_connection(('127.0.0.1',{port}),2);s.sendall(b'GET {path} HTTP/1.0\\r\\n\\r\\n');sys.exit(s.recv(12)[9:10]>=b'5')"
        );
        let deno = format!(
            "fetch('http://127.0.0.1:{port}{path}').then(r=>Deno.exit(r.status<500?0:1),()=>Deno.exit(1))"
        );
        let prober = self.prober?;
        let args = match prober {
            Prober::Node | Prober::DistrolessNode | Prober::Bun => vec!["-e", &node],
            Prober::OldNode => vec!["-e", &old_node],
            Prober::Deno => vec!["eval", &deno],
            Prober::Python => vec!["-c", &python],
            Prober::OldPython => vec!["-c", &old_python],
            Prober::Wget => vec!["-q", "--spider", &url],
        };
        let command = ExecForm::new(prober.program(), args);
        Some(Health { variable: variable.map(str::to_owned), ..Health::new(command, path) })
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
            for line in toolchain.lines.iter().chain(catalog.official.values().flat_map(|image| &image.lines))
            {
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

    #[test]
    fn images_without_a_shell_are_told_from_others() {
        for (reference, program) in [
            ("gcr.io/distroless/nodejs24-debian13:nonroot", Some("/nodejs/bin/node")),
            ("gcr.io/distroless/nodejs22-debian12", Some("/nodejs/bin/node")),
            ("registry.example/distroless/nodejs24-debian13@sha256:00", Some("/nodejs/bin/node")),
            ("oven/bun:1.3-distroless", Some("/usr/local/bin/bun")),
            ("docker.io/oven/bun:distroless", None),
            ("oven/bun:1.3-slim", None),
            ("node:24-trixie-slim", None),
        ] {
            let known = Catalog::builtin().image_like(reference);
            assert_eq!(known.and_then(BaseImage::bare_program), program, "{reference}");
        }
    }
}
