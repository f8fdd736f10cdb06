//! The Python line: what people and files say, then the newest that the project's packages have wheels for.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact, Layer};
use crate::stack::Survey;
use crate::stack::common::tools;

use super::era;
use super::project::{Manager, Project};
use super::setup::Setup;

/// The line to build and run with.
pub(super) fn choose(s: &Survey<'_>, project: &Project<'_>) -> Fact<String> {
    let toolchain = s.catalog.toolchain("python");
    let lines: Vec<&str> = toolchain.lines.iter().map(|known| known.line.as_str()).collect();
    let era = era::newest(project, &lines);
    let said = s.choice(&super::VERSION).or_else(|| s.choice(&keys::VERSION).decide());
    let pinned = pinned(s, project);
    if let (Some(pin), Some(era)) = (&pinned, &era)
        && newer(&pin.value, &era.value)
    {
        let message = format!("Python {} is asked for, but {}", pin.value, era.because.says);
        s.note(Diagnostic::warning(Code::UnknownVersion, message).at(era.because.at.clone()));
    }
    let ranged = range(s, project).map(|range| within(s, &range, era.as_ref()));
    let bounded = era.filter(|era| newer(&toolchain.default, &era.value));
    let bounded = bounded.map(|era| Fact { because: era.because.clone().as_limit(&era.because.says), ..era });
    let version =
        said.or(pinned).or(ranged).or(bounded).or_default(toolchain.default.clone(), "default for Python");
    s.check_line(toolchain, &version);
    version
}

/// A version that is asked for by name.
fn pinned(s: &Survey<'_>, project: &Project<'_>) -> Option<Fact<String>> {
    let mut choice = crate::fact::Choice::default();
    let folders = [s.dir.clone(), s.dir.inventory().dir(crate::repo::path::RelPath::root())];
    for folder in &folders[..if s.dir.path().is_root() { 1 } else { 2 }] {
        let plain = |line: &str| line_of(line.trim().trim_start_matches("cpython-"));
        choice = choice.or(folder.doc(".python-version").and_then(|doc| doc.find(plain)));
        let heroku = |line: &str| line_of(line.trim().strip_prefix("python-")?);
        choice = choice.or(folder.doc("runtime.txt").and_then(|doc| doc.find(heroku)));
        let managed = tools::pinned(s, folder, &["python"]);
        choice = choice.or(managed.and_then(|said| Some(said.derive(line_of(&said.value)?))));
    }
    // Whoever sets another manager says that the Pipfile is not what counts.
    let is_aside =
        project.manager.value != Manager::Pipenv && project.manager.because.layer < Layer::Detected;
    let pipfile = project.pipfile.as_ref().filter(|_| !is_aside);
    for key in ["python_full_version", "python_version"] {
        choice = choice.or(pipfile.and_then(|file| file.read(&["requires", key], line_of)));
    }
    choice.or(project.environment.as_ref().and_then(|environment| environment.python.clone())).decide()
}

/// The versions that the project says it works with.
fn range(s: &Survey<'_>, project: &Project<'_>) -> Option<Fact<VersionSpecifiers>> {
    let pyproject = project.pyproject.as_ref();
    let read =
        |text: &str| VersionSpecifiers::from_str(&plain_specifiers(text)?).ok().filter(|all| !all.is_empty());
    let standard = pyproject.and_then(|file| file.read(&["project", "requires-python"], read));
    let poetry = || pyproject.and_then(|file| file.read(&["tool", "poetry", "dependencies", "python"], read));
    let setup = || {
        let python = Setup::read(s).python?;
        Some(Fact::new(read(&python.value)?, python.because))
    };
    standard.or_else(poetry).or_else(setup)
}

/// The newest supported line of a range that the packages have wheels for; failing that the newest line of
/// the range at all.
fn within(s: &Survey<'_>, range: &Fact<VersionSpecifiers>, era: Option<&Fact<String>>) -> Fact<String> {
    let toolchain = s.catalog.toolchain("python");
    let allowed: Vec<_> = toolchain.lines.iter().filter(|line| contains(&range.value, &line.line)).collect();
    let in_era = |line: &str| era.is_none_or(|era| !newer(line, &era.value));
    // What is newer than the default is too young, unless nothing else is allowed.
    let usual = |line: &str| !newer(line, &toolchain.default);
    let best = allowed
        .iter()
        .find(|line| line.ended.is_none() && usual(&line.line) && in_era(&line.line))
        .or_else(|| allowed.iter().find(|line| in_era(&line.line)))
        .or_else(|| allowed.iter().rfind(|line| line.ended.is_none()))
        .or_else(|| allowed.first());
    let newest = allowed.iter().find(|line| line.ended.is_none() && usual(&line.line));
    match (best, newest, era) {
        (Some(best), Some(newest), Some(era)) if best.line != newest.line => {
            let mut fact = Fact::new(best.line.clone(), era.because.clone());
            fact.over.push(crate::fact::Lost { value: newest.line.clone(), because: range.because.clone() });
            fact
        }
        (Some(best), ..) => range.derive(best.line.clone()),
        (None, ..) => {
            let message = format!("no known Python is within `{}`", range.value);
            s.note(Diagnostic::warning(Code::UnknownVersion, message).at(range.because.at.clone()));
            Fact::new(toolchain.default.clone(), Evidence::default("default for Python"))
        }
    }
}

/// Does a range hold some release of this line?
fn contains(range: &VersionSpecifiers, line: &str) -> bool {
    // A late patch for `>=3.12.3`, the first for `<=3.12`, and the very one that `==3.12.7` names.
    let named = range.iter().map(|one| one.version().clone());
    let of_line = |version: &Version| {
        version.release().iter().take(2).map(u64::to_string).collect::<Vec<_>>().join(".") == line
    };
    [format!("{line}.30"), format!("{line}.0")]
        .iter()
        .filter_map(|text| Version::from_str(text).ok())
        .chain(named.filter(of_line))
        .any(|version| range.contains(&version))
}

/// The line of a version: `3.12` of `3.12.4`, of `3.12` or of `>=3.12`.
pub(super) fn line_of(text: &str) -> Option<String> {
    let digits = text.trim_start_matches(['=', '~', '^', '>', ' ', 'v']);
    let mut parts = digits.split(|c: char| !c.is_ascii_digit());
    let (major, minor) = (parts.next()?, parts.next()?);
    let is_number = |part: &str| !part.is_empty() && part.len() <= 3;
    (is_number(major) && is_number(minor) && major != "2").then(|| format!("{major}.{minor}"))
}

/// Is line `a` newer than line `b`?
pub(super) fn newer(a: &str, b: &str) -> bool {
    number(a) > number(b)
}

fn number(line: &str) -> (u32, u32) {
    let (major, minor) = line.split_once('.').unwrap_or((line, "0"));
    (major.parse().unwrap_or_default(), minor.parse().unwrap_or_default())
}

/// Poetry's way to write versions as PEP 440 has it: `^3.11` is `>=3.11,<4`.
/// <https://python-poetry.org/docs/dependency-specification/#caret-requirements>
pub(super) fn plain_specifiers(text: &str) -> Option<String> {
    // Of alternatives the last one is the newest, as people write them.
    let text = text.rsplit("||").next()?.trim();
    if text.is_empty() || text == "*" {
        return None;
    }
    let parts: Vec<String> = text.split(',').map(|part| plain(part.trim())).collect();
    Some(parts.join(","))
}

fn plain(part: &str) -> String {
    let release =
        |version: &str| -> Vec<u64> { version.split('.').map_while(|piece| piece.parse().ok()).collect() };
    let bump = |version: &str, at: usize| {
        let mut numbers = release(version);
        numbers.truncate(at + 1);
        if let Some(last) = numbers.last_mut() {
            *last += 1;
        }
        numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
    };
    if let Some(version) = part.strip_prefix('^') {
        let numbers = release(version);
        let at = numbers.iter().position(|n| *n > 0).unwrap_or(numbers.len().saturating_sub(1));
        return format!(">={version},<{}", bump(version, at));
    }
    if let Some(version) = part.strip_prefix('~').filter(|rest| !rest.starts_with('=')) {
        let at = release(version).len().saturating_sub(1).min(1);
        return format!(">={version},<{}", bump(version, at));
    }
    if part.starts_with(|c: char| c.is_ascii_digit()) { format!("=={part}") } else { part.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_converted() {
        for (poetry, pep440) in [
            ("^3.11", Some(">=3.11,<4")),
            ("^0.115.0", Some(">=0.115.0,<0.116")),
            ("~3.9", Some(">=3.9,<3.10")),
            ("~3", Some(">=3,<4")),
            ("~=3.9", Some("~=3.9")),
            (">=3.8,<4.0", Some(">=3.8,<4.0")),
            ("3.10.*", Some("==3.10.*")),
            ("^3.8 || ^3.9", Some(">=3.9,<4")),
            ("*", None),
        ] {
            assert_eq!(plain_specifiers(poetry).as_deref(), pep440, "{poetry}");
        }
    }

    #[test]
    fn lines_are_read() {
        for (text, line) in [
            ("3.12.4", Some("3.12")),
            ("3.13", Some("3.13")),
            ("3.13t", Some("3.13")),
            ("3", None),
            ("system", None),
            ("2.7.18", None),
            ("pypy3.10", None),
        ] {
            assert_eq!(line_of(text).as_deref(), line, "{text}");
        }
    }

    #[test]
    fn ranges_hold_lines() {
        for (range, holds, not) in [
            (">=3.11,<3.13", "3.12", "3.13"),
            ("<=3.12", "3.12", "3.13"),
            (">=3.12.3", "3.12", "3.11"),
            ("~=3.10", "3.14", "3.9"),
            ("==3.11.*", "3.11", "3.12"),
            ("==3.11.7", "3.11", "3.12"),
            (">=3.11.2,<3.11.9", "3.11", "3.10"),
        ] {
            let range = VersionSpecifiers::from_str(range).unwrap();
            assert!(contains(&range, holds) && !contains(&range, not), "{range}");
        }
    }
}
