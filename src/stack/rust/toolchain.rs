//! Which Rust builds the project, and the image that has it.
//!
//! Stable Rust compiles what older stable versions compiled, so the newest is right unless the project
//! pins one in `rust-toolchain.toml` (<https://rust-lang.github.io/rustup/overrides.html>). `rust-version`
//! is a minimum and pins nothing.

use serde::Serialize;

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::repo::dir::Dir;
use crate::stack::Survey;
use crate::stack::rust::lock::Crates;

/// The compiler and where it comes from.
#[derive(Debug, Serialize)]
pub(in crate::stack) struct Toolchain {
    /// The image's line: `1`, `1.80`, `1.80.1`.
    pub version: Fact<String>,
    /// A channel that no image has: rustup fetches it.
    pub channel: Option<Fact<String>>,
    /// Does a file name a toolchain that the image has? rustup would follow it past the image.
    pub is_overridden: bool,
}

/// Locked crates that newer compilers refuse: name, the first version that compiles again, the last line
/// that takes older ones.
///
/// - time: <https://github.com/time-rs/time/issues/693>, fixed in 0.3.35.
const ERAS: &[(&str, &str, &str)] = &[("time", "0.3.35", "1.79")];

impl Toolchain {
    /// Decides for a package in the surveyed folder of a workspace in `root`.
    pub fn of(s: &Survey<'_>, root: &Dir<'_>, crates: &Crates) -> Option<Self> {
        let known = s.catalog.toolchain("rust");
        let pinned = s.parsed(pinned(s, root))?;
        let (stable, other): (Option<Fact<String>>, Option<Fact<String>>) = match pinned.clone() {
            Some(channel) if channel.value == "stable" => {
                (Some(channel.map(|_| known.default.clone())), None)
            }
            Some(channel) if is_version(&channel.value) => (Some(channel), None),
            other => (None, other),
        };
        let version = s
            .choice(&super::VERSION)
            .or_else(|| s.choice(&keys::VERSION).decide())
            .or(stable)
            .or_else(|| era(crates))
            .or_default(known.default.clone(), "newest stable");
        let newest = known.lines.iter().map(|line| minor(&line.line)).max().unwrap_or_default();
        if minor(&version.value) > newest || !is_version(&version.value) {
            s.check_line(known, &version);
        }
        if let Some(channel) = &other {
            let message = format!("no image has Rust `{}`: rustup fetches it while building", channel.value);
            s.note(Diagnostic::note(Code::UnknownVersion, message).at(channel.because.at.clone()));
        }
        Some(Self { version, is_overridden: pinned.is_some() && other.is_none(), channel: other })
    }

    /// The catalog's image for the line. Debian 13 variants exist from Rust 1.89 on, the first release
    /// after it (tags of the official image). A program built on Debian 12 runs on 13.
    pub fn image(&self) -> &'static str {
        const FIRST_ON_TRIXIE: u32 = 89;
        match minor(&self.version.value) {
            0 | FIRST_ON_TRIXIE.. => "rust-debian",
            _ => "rust-bookworm",
        }
    }
}

/// What the nearest toolchain file says.
fn pinned(s: &Survey<'_>, root: &Dir<'_>) -> Result<Option<Fact<String>>, Diagnostic> {
    let folders = s.dir.ancestors().take_while(|dir| dir.path().is_within(root.path()));
    for dir in folders {
        if let Some(doc) = dir.doc("rust-toolchain.toml") {
            let toml = doc.toml()?;
            return Ok(toml.text(&["toolchain", "channel"]));
        }
        if let Some(doc) = dir.doc("rust-toolchain") {
            if doc.text.trim_start().starts_with('[') {
                let toml = doc.toml()?;
                return Ok(toml.text(&["toolchain", "channel"]));
            }
            let says = doc.find(|line| Some(line.trim().to_owned()).filter(|line| !line.is_empty()));
            return Ok(says.filter(|says| says.value.chars().all(|c| c.is_ascii_graphic())));
        }
    }
    Ok(None)
}

/// The line that compiles what is locked, where the newest would not.
fn era(crates: &Crates) -> Option<Fact<String>> {
    ERAS.iter().find_map(|(name, fixed, line)| {
        let locked = crates.get(name)?;
        let is_older = semver::Version::parse(&locked.value).ok()? < semver::Version::parse(fixed).ok()?;
        let is_same_line = locked.value.split('.').take(2).eq(fixed.split('.').take(2));
        (is_older && is_same_line).then(|| locked.map(|_| (*line).to_owned()))
    })
}

fn is_version(text: &str) -> bool {
    text.split('.').all(|part| part.parse::<u32>().is_ok())
}

fn minor(version: &str) -> u32 {
    version.split('.').nth(1).and_then(|minor| minor.parse().ok()).unwrap_or_default()
}
