//! One requirement as PEP 508 writes it, and the set of all that a project names.
//!
//! Read as far as planning needs: the name, the extras and the versions. Markers stay with the
//! installer. <https://packaging.python.org/en/latest/specifications/dependency-specifiers/>

use std::str::FromStr;

use pep440_rs::{Operator, Version, VersionSpecifiers};

use crate::fact::Evidence;

/// A package that a project asks for.
#[derive(Debug, Clone)]
pub(super) struct Requirement {
    /// Its name as the index compares names: lower case, runs of `-_.` as one dash.
    pub name: String,
    /// Extras, lower case.
    pub extras: Vec<String>,
    /// The versions that are allowed; none when anything is.
    pub versions: Option<VersionSpecifiers>,
    /// Where it is fetched from when not from the index: `git+https://…`, a path.
    pub url: Option<String>,
    /// The words after `;`.
    pub marker: Option<String>,
    /// Where it stands.
    pub because: Evidence,
}

impl Requirement {
    /// Reads one requirement; none when it does not begin with a name.
    pub fn read(words: &str, because: Evidence) -> Option<Self> {
        let (spec, marker) = match words.split_once(';') {
            Some((spec, marker)) => (spec, Some(marker.trim().to_owned())),
            None => (words, None),
        };
        let (spec, url) = match spec.split_once(" @ ") {
            Some((spec, url)) => (spec, Some(url.trim().to_owned())),
            None => (spec, None),
        };
        let spec = spec.trim();
        let end = spec.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        let (name, rest) = spec.split_at(end.unwrap_or(spec.len()));
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return None;
        }
        let rest = rest.trim();
        let (extras, versions) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((extras, versions)) => (extras, versions),
            None => ("", rest),
        };
        let versions = versions.trim().trim_matches(['(', ')']);
        Some(Self {
            name: normalize(name),
            extras: extras.split(',').map(normalize).filter(|extra| !extra.is_empty()).collect(),
            versions: VersionSpecifiers::from_str(versions).ok().filter(|all| !all.is_empty()),
            url,
            marker,
            because,
        })
    }

    /// The highest version that is allowed, when there is one: pinned, or below a bound.
    pub fn highest(&self) -> Option<Version> {
        self.versions.as_ref()?.iter().filter_map(upper).min()
    }

    /// Is it meant for some Python lines only?
    pub fn is_for_some_lines(&self) -> bool {
        self.marker.as_ref().is_some_and(|marker| marker.contains("python_version"))
    }

    /// Is it meant for Linux at all?
    pub fn is_for_linux(&self) -> bool {
        let Some(marker) = &self.marker else { return true };
        let marker = marker.replace(['"', '\'', ' '], "");
        let elsewhere =
            ["sys_platform==win32", "platform_system==Windows", "sys_platform==darwin", "os_name==nt"];
        !elsewhere.iter().any(|other| marker.contains(other))
    }
}

/// The version that a specifier does not go beyond.
fn upper(spec: &pep440_rs::VersionSpecifier) -> Option<Version> {
    match spec.operator() {
        Operator::Equal | Operator::ExactEqual | Operator::LessThanEqual => Some(spec.version().clone()),
        // `==5.1.*` and `~=5.1.0` allow every patch; `<6` every 5.
        Operator::EqualStar => Some(last_of(spec.version().release())),
        Operator::TildeEqual => {
            let release = spec.version().release();
            Some(last_of(&release[..release.len().saturating_sub(1)]))
        }
        Operator::LessThan => below(spec.version()),
        _ => None,
    }
}

const ENDLESS: u64 = 9_999;

fn last_of(release: &[u64]) -> Version {
    Version::new(release.iter().copied().chain([ENDLESS]))
}

/// The newest version before this one: `<6` ends with 5, `<5.2` with 5.1.
fn below(version: &Version) -> Option<Version> {
    let mut release = version.release().to_vec();
    while release.last() == Some(&0) && release.len() > 1 {
        release.pop();
    }
    let last = release.last_mut()?;
    *last = last.checked_sub(1)?;
    Some(last_of(&release))
}

/// A name as the index compares it. <https://packaging.python.org/en/latest/specifications/name-normalization/>
pub(super) fn normalize(name: &str) -> String {
    let mut clean = String::new();
    for c in name.trim().chars() {
        match c {
            '-' | '_' | '.' if clean.ends_with('-') => {}
            '-' | '_' | '.' => clean.push('-'),
            c => clean.push(c.to_ascii_lowercase()),
        }
    }
    clean
}

/// Everything a project asks for, in the order in which it is written.
#[derive(Debug, Clone, Default)]
pub(super) struct Requirements(Vec<Requirement>);

impl Requirements {
    /// Adds one; the first of a name counts, a later one adds its extras and limits.
    pub fn add(&mut self, new: Requirement) {
        match self.0.iter_mut().find(|known| known.name == new.name) {
            Some(known) => {
                known.extras.extend(new.extras);
                if known.versions.is_none() && new.versions.is_some() {
                    known.versions = new.versions;
                }
                known.url = known.url.take().or(new.url);
            }
            None => self.0.push(new),
        }
    }

    /// The requirement of that (normalized) name.
    pub fn get(&self, name: &str) -> Option<&Requirement> {
        self.0.iter().find(|known| known.name == name)
    }

    /// Does it name this package?
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// In the order in which they are written.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.0.iter()
    }
}

impl Extend<Requirement> for Requirements {
    fn extend<T: IntoIterator<Item = Requirement>>(&mut self, all: T) {
        all.into_iter().for_each(|one| self.add(one));
    }
}

impl IntoIterator for Requirements {
    type Item = Requirement;
    type IntoIter = std::vec::IntoIter<Requirement>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Option<Requirement> {
        Requirement::read(words, Evidence::default("a test"))
    }

    #[test]
    fn requirements_are_read() {
        for (words, name, extras, highest) in [
            ("Flask==3.1.0", "flask", "", Some("3.1.0")),
            ("uvicorn[standard] >= 0.34, < 1", "uvicorn", "standard", Some("0.9999")),
            ("psycopg[binary,pool]~=3.2", "psycopg", "binary pool", Some("3.9999")),
            ("ruamel_yaml.clib", "ruamel-yaml-clib", "", None),
            ("Django>=5.2,<5.3", "django", "", Some("5.2.9999")),
            ("django==4.2.*", "django", "", Some("4.2.9999")),
            ("x (>=1.0)", "x", "", None),
            ("y @ git+https://example.org/y", "y", "", None),
            ("pywin32==306 ; sys_platform == 'win32'", "pywin32", "", Some("306")),
        ] {
            let got = read(words).unwrap();
            assert_eq!((got.name.as_str(), got.extras.join(" ").as_str()), (name, extras), "{words}");
            assert_eq!(got.highest().map(|v| v.to_string()).as_deref(), highest, "{words}");
        }
        for not in ["", "-e .", "./local", "==1"] {
            assert!(read(not).is_none(), "{not}");
        }
        assert!(!read("pywin32; sys_platform == \"win32\"").unwrap().is_for_linux());
    }
}
