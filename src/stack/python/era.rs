//! The project's era: the newest Python for which its pinned packages have wheels.
//!
//! `uv.lock`, `poetry.lock` and `pdm.lock` name their wheels; for bare pins `era.toml` knows the first
//! version that fits each line. Without a wheel the build needs compilers and headers, or fails.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::LazyLock;

use pep440_rs::Version;
use serde::Deserialize;

use crate::fact::{Evidence, Fact};

use super::project::{Locked, Project};
use super::version::newer;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Era {
    #[expect(dead_code, reason = "for whoever edits the table")]
    as_of: String,
    wheels: BTreeMap<String, BTreeMap<String, String>>,
    works: BTreeMap<String, BTreeMap<String, String>>,
}

static ERA: LazyLock<Era> =
    LazyLock::new(|| toml::from_str(include_str!("era.toml")).expect("era.toml is read by a test"));

/// A package that does not fit some lines.
struct Limit {
    name: String,
    because: Evidence,
    fits: Box<dyn Fn(&str) -> bool>,
    why: Box<dyn Fn(&str) -> String>,
}

/// The newest of `lines` (newest first) that all pinned packages fit, with the package that excludes the
/// next newer one. None when nothing is excluded.
pub(super) fn newest(project: &Project<'_>, lines: &[&str]) -> Option<Fact<String>> {
    let limits = limits(project);
    let misfits = |line: &str| limits.iter().filter(|limit| !(limit.fits)(line)).count();
    let fewest = lines.iter().map(|line| misfits(line)).min()?;
    let at = lines.iter().position(|line| misfits(line) == fewest)?;
    let above = lines.get(at.checked_sub(1)?)?;
    let limit = limits.iter().find(|limit| !(limit.fits)(above) && (limit.fits)(lines[at]))?;
    let mut because = limit.because.clone();
    because.says = (limit.why)(above);
    Some(Fact::new(lines[at].to_owned(), because))
}

/// Packages that a line has no wheel for, so that they are compiled.
pub(super) fn compiled(project: &Project<'_>, line: &str) -> Vec<Fact<String>> {
    let misfits = limits(project).into_iter().filter(|limit| !(limit.fits)(line));
    let native = misfits.filter(|limit| !ERA.works.contains_key(&limit.name) && project.has(&limit.name));
    native.map(|limit| Fact::new(limit.name, limit.because)).collect()
}

fn limits(project: &Project<'_>) -> Vec<Limit> {
    let from_wheels =
        project.locked.iter().filter(|locked| is_native(locked) && project.has(&locked.name)).map(|locked| {
            let (files, name, version) = (locked.wheels.clone(), locked.name.clone(), locked.version.clone());
            Limit {
                name: name.clone(),
                because: locked.because.clone(),
                fits: Box::new(move |line| files.iter().any(|file| fits(file, line))),
                why: Box::new(move |line| format!("{name} {version} has no wheel for Python {line}")),
            }
        });
    let known = |name: &str| project.locked.iter().any(|locked| locked.name == *name && is_native(locked));
    let tables = [(&ERA.wheels, "has no wheel for"), (&ERA.works, "does not run on")];
    let from_table = tables.into_iter().flat_map(|(table, verb)| {
        table.iter().filter(move |(name, _)| !known(name)).filter_map(move |(name, first)| {
            // What is meant for some lines only is no obstacle to the others.
            project.requirements.get(name).is_none_or(|one| !one.is_for_some_lines()).then_some(())?;
            let version = project.version_of(name)?;
            let because = version.because.clone();
            let fits = fits_table(first.clone(), version.value.clone());
            let (name, version) = (name.clone(), short(&version.value));
            Some(Limit {
                name: name.clone(),
                because,
                fits: Box::new(fits),
                why: Box::new(move |line| format!("{name} {version} {verb} Python {line}")),
            })
        })
    });
    from_wheels.chain(from_table).collect()
}

/// Without the stand-in for "any patch".
fn short(version: &Version) -> String {
    version.to_string().replace(".9999", ".*")
}

fn fits_table(first: BTreeMap<String, String>, version: Version) -> impl Fn(&str) -> bool {
    move |line| {
        // A line between two rows is as demanding as the row below it.
        let row = first.iter().filter(|(known, _)| !newer(known, line)).max_by(|a, b| {
            if newer(a.0, b.0) { std::cmp::Ordering::Greater } else { std::cmp::Ordering::Less }
        });
        row.is_none_or(|(_, needed)| Version::from_str(needed).is_ok_and(|needed| version >= needed))
    }
}

/// Does a lock file name Linux wheels that are bound to a Python line?
fn is_native(locked: &Locked) -> bool {
    let linux = |file: &String| file.contains("linux") && tags(file).is_some();
    locked.wheels.iter().any(linux) && !locked.wheels.iter().any(|file| file.ends_with("-any.whl"))
}

/// The Python, interface and platform tags of a wheel.
fn tags(file: &str) -> Option<(&str, &str, &str)> {
    let mut parts = file.strip_suffix(".whl")?.rsplit('-');
    let (platform, abi, python) = (parts.next()?, parts.next()?, parts.next()?);
    Some((python, abi, platform))
}

/// Can a wheel be installed on Linux with this Python line?
/// <https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/>
fn fits(file: &str, line: &str) -> bool {
    let Some((python, abi, platform)) = tags(file) else { return false };
    let is_linux = platform == "any" || (platform.contains("manylinux") && platform.contains("x86_64"));
    let tag = format!("cp{}", line.replace('.', ""));
    let python = python.split('.').any(|one| {
        let since = one.strip_prefix("cp3").and_then(|minor| minor.parse::<u32>().ok());
        let minor = line.strip_prefix("3.").and_then(|minor| minor.parse::<u32>().ok());
        one == tag
            || one == "py3"
            || (abi == "abi3" && since.zip(minor).is_some_and(|(since, minor)| since <= minor))
    });
    is_linux && python
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads() {
        for (name, row) in ERA.wheels.iter().chain(&ERA.works) {
            for (line, version) in row {
                let is_known = version == "none" || Version::from_str(version).is_ok();
                assert!(line.starts_with("3.") && is_known, "{name}");
            }
        }
    }

    #[test]
    fn wheels_fit_lines() {
        for (file, line, expected) in [
            ("x-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "3.12", true),
            ("x-1-cp312-cp312-manylinux_2_17_x86_64.whl", "3.13", false),
            ("x-1-cp37-abi3-manylinux_2_28_x86_64.whl", "3.14", true),
            ("x-1-cp312-cp312-win_amd64.whl", "3.12", false),
            ("x-1-py2.py3-none-any.whl", "3.14", true),
            ("x-1-py3-none-manylinux1_x86_64.whl", "3.9", true),
        ] {
            assert_eq!(fits(file, line), expected, "{file} {line}");
        }
    }
}
