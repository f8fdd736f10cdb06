//! The Node.js line: what people say, the version files in a documented order, the project's era, the
//! default.
//!
//! Order: settings, `.nvmrc`, `.node-version`, `.tool-versions`, `mise.toml`, `volta.node`,
//! `engines.node`, `devEngines.runtime`, evidence of an era, the catalog's default. A range gets the default line
//! when that satisfies it, else the newest supported line that does, else an ended one with a warning.

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::{Choice, Evidence, Fact};
use crate::key::{self, Key, text};
use crate::plan::catalog::{Catalog, ToolchainLines};
use crate::repo::dir::Dir;
use crate::stack::Survey;
use crate::stack::common::tools;
use crate::stack::node::era::Era;
use crate::stack::node::manifest::Package;
use crate::stack::node::semver::{Wanted, major};

pub(super) static VERSION: Key<String> = Key {
    name: "node.version",
    shape: key::Shape::Text,
    doc: "the Node.js line, such as 24 or \">=22\"",
    parse: text,
};

/// Files whose whole text is a version, strongest first:
/// <https://github.com/nvm-sh/nvm#nvmrc>, <https://github.com/shadowspawn/node-version-usage>.
const FILES: &[&str] = &[".nvmrc", ".node-version"];

/// What managers of any tool call it.
const TOOL: &[&str] = &["nodejs", "node"];

/// The names of long-term support lines: <https://github.com/nodejs/Release/blob/main/CODENAMES.md>
const CODENAMES: &[(&str, &str)] = &[
    ("argon", "4"),
    ("boron", "6"),
    ("carbon", "8"),
    ("dubnium", "10"),
    ("erbium", "12"),
    ("fermium", "14"),
    ("gallium", "16"),
    ("hydrogen", "18"),
    ("iron", "20"),
    ("jod", "22"),
    ("krypton", "24"),
];

/// Which images exist for which lines. Tags of the official image and of distroless; a line keeps the
/// Debian release that was current when it ended.
const IMAGES: &[(&[u64], LineImages)] = &[
    (&[22, 24, 26], LineImages { build: "node-slim", bare: Some("distroless-node") }),
    (&[20, 25], LineImages { build: "node-slim", bare: None }),
    (&[18, 21, 23], LineImages { build: "node-slim-bookworm", bare: None }),
    (&[12, 14, 16, 17, 19], LineImages { build: "node-slim-bullseye", bare: None }),
    (&[8, 10, 13, 15], LineImages { build: "node-slim-buster", bare: None }),
    (&[0, 4, 5, 6, 7, 9, 11], LineImages { build: "node-slim-unsigned", bare: None }),
];

/// The images of Bun, for every line.
pub(super) const BUN: LineImages = LineImages { build: "bun-slim", bare: Some("distroless-bun") };

/// The catalog's images for one line.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineImages {
    /// With a shell and npm.
    pub build: &'static str,
    /// Without; none where there is no supported one.
    pub bare: Option<&'static str>,
}

/// The images of a line.
pub(super) fn images(line: &str) -> LineImages {
    let number = major(line).unwrap_or_default();
    IMAGES
        .iter()
        .find(|(lines, _)| lines.contains(&number))
        .map_or(LineImages { build: "node-slim", bare: None }, |(_, images)| *images)
}

/// Does this line link OpenSSL 3, which has the old hashes behind a flag?
pub(super) fn has_openssl_3(line: &str) -> bool {
    major(line).is_some_and(|line| line >= 17)
}

/// The line to build and run with. `era` is asked where no file speaks, or one that gives a range; what is newer is told.
pub(super) fn decide(
    s: &Survey<'_>,
    package: Option<&Package<'_>>,
    above: &[Dir<'_>],
    era: &Era,
) -> Fact<String> {
    let lines = s.catalog.toolchain("node");
    let mut choice = s.choice(&VERSION).or_else(|| s.choice(&keys::VERSION).decide());
    for dir in std::iter::once(&s.dir).chain(above) {
        choice = choice.or(pinned(s, dir));
        let own = (dir.path() == s.dir.path()).then(|| package.cloned()).flatten();
        if let Some(package) = own.or_else(|| Package::of(dir)) {
            let development =
                || package.engine("runtime", |name| name == "node").and_then(|(_, version)| version);
            choice = choice
                .or(volta(&package, FOLLOWED))
                .or(package.text(&["engines", "node"]).filter(|range| !is_anything(&range.value)))
                .or(development().filter(|range| !is_anything(&range.value)));
        }
    }
    let said = within_era(choice, era.line(lines)).or_default(lines.default.clone(), "default for Node.js");
    let line = to_line(s, lines, said);
    s.check_line(lines, &line);
    era.check_line(s, &line);
    line
}

/// What was said, or the newest line that an old lock file can be built with, where that satisfies it as well: a range says
/// nothing of the packages.
fn within_era(said: Choice<String>, era: Option<Fact<String>>) -> Choice<String> {
    let Some(said) = said.decide() else { return Choice::default().or(era) };
    let range = Wanted::parse(&said.value);
    let takes = |line: &Fact<String>| {
        major(&line.value).zip(range.as_ref()).is_some_and(|(line, range)| range.takes_line(line))
    };
    Choice::default().or(era.filter(takes)).or(Some(said))
}

/// A range that every newer line satisfies as well: it asks for a least version.
fn is_least(range: &str) -> bool {
    const NO_LINE_YET: u64 = 999;
    Wanted::parse(range).is_some_and(|wanted| wanted.takes_line(NO_LINE_YET))
}

/// Is this reason a least version that the package asks for? It pins no line.
pub(super) fn is_open(package: &Package<'_>, because: &Evidence) -> bool {
    package
        .text(&["engines", "node"])
        .is_some_and(|range| range.because == *because && is_least(&range.value))
}

/// Settings of Volta that refer to others, followed at most.
const FOLLOWED: usize = 5;

/// `volta.node`, or what the package says that `volta.extends` names: <https://docs.volta.sh/advanced/workspaces>
fn volta(package: &Package<'_>, most: usize) -> Option<Fact<String>> {
    let own = package.text(&["volta", "node"]);
    own.or_else(|| {
        let path = package.text(&["volta", "extends"]).filter(|_| most > 0)?;
        let folder = path.value.strip_suffix("package.json")?;
        let next = package.dir.dir(folder.trim_end_matches('/'))?;
        volta(&Package::of(&next)?, most - 1)
    })
}

/// Ranges that ask for nothing.
fn is_anything(range: &str) -> bool {
    matches!(range.trim(), "*" | "x" | "latest" | "any" | ">=0" | ">= 0" | ">=0.0.0" | "node")
}

fn pinned(s: &Survey<'_>, dir: &Dir<'_>) -> Option<Fact<String>> {
    let word = |line: &str| {
        let word = line.split('#').next().unwrap_or_default().trim();
        (!word.is_empty() && word != "node" && word != "system").then(|| word.to_owned())
    };
    FILES.iter().find_map(|name| dir.doc(name)?.find(word)).or_else(|| tools::pinned(s, dir, TOOL))
}

/// The line that what was said comes to.
fn to_line(s: &Survey<'_>, lines: &ToolchainLines, said: Fact<String>) -> Fact<String> {
    let text = said.value.trim().to_ascii_lowercase();
    let named = text.strip_prefix("lts/").or(text.strip_prefix("lts-")).unwrap_or(&text);
    if let Some((_, line)) = CODENAMES.iter().find(|(codename, _)| *codename == named) {
        return said.map(|_| (*line).to_owned());
    }
    if matches!(text.as_str(), "lts/*" | "lts" | "--lts" | "stable" | "node" | "current" | "latest") {
        let newest =
            if text.contains("lts") || text == "stable" { &lines.default } else { &lines.lines[0].line };
        return said.map(|_| newest.clone());
    }
    let Some(wanted) = Wanted::parse(&text) else {
        let message = format!("`{}` is not a Node.js version that dockgen understands", said.value);
        s.note(
            Diagnostic::warning(Code::UnknownVersion, message)
                .at(said.because.at.clone())
                .help(format!("taken for Node.js {}", lines.default)),
        );
        return said.map(|_| lines.default.clone());
    };
    if let Some(known) = lines.line(&text) {
        return said.map(|_| known.line.clone());
    }
    // Before Node.js 4 a line had two numbers.
    let takes =
        |line: &str| match (major(line), line.split_once('.').and_then(|(_, minor)| minor.parse().ok())) {
            (Some(number), Some(minor)) => wanted.takes_minor(number, minor),
            (Some(number), None) => wanted.takes_line(number),
            (None, _) => false,
        };
    let line = Some(lines.default.as_str())
        .filter(|line| takes(line))
        .or_else(|| lines.supported().find(|line| takes(line)))
        .or_else(|| lines.lines.iter().map(|known| known.line.as_str()).find(|line| takes(line)))
        .map(str::to_owned)
        .or_else(|| major(&text).map(|number| number.to_string()))
        .unwrap_or_else(|| lines.default.clone());
    said.map(|_| line)
}

/// The build image's reference for a line.
pub(super) fn build_image(catalog: &Catalog, line: &Fact<String>) -> Fact<String> {
    line.derive(catalog.image(images(&line.value).build).at(&line.value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::repo::{Inventory, RelPath};

    fn check(files: &[(&str, &str)], line: &str, place: &str) {
        let inventory = Inventory::from_files(files.iter().copied());
        let catalog = Catalog::builtin();
        let s = Survey::new(inventory.dir(RelPath::root()), catalog, &Settings::default());
        let package = Package::read(&s);
        let found = decide(&s, package.as_ref(), &[], &Era::default());
        assert_eq!(found.value, line, "{files:?}");
        assert_eq!(found.because.to_string(), place, "{files:?}");
    }

    #[test]
    fn files_speak_in_order() {
        check(&[("package.json", "{}")], "24", "default for Node.js");
        check(
            &[(".nvmrc", "v18.20.1\n"), ("package.json", r#"{"engines":{"node":">=20"}}"#)],
            "18",
            ".nvmrc:1",
        );
        check(&[(".nvmrc", "lts/jod")], "22", ".nvmrc:1");
        check(&[(".nvmrc", "lts/*")], "24", ".nvmrc:1");
        check(&[(".tool-versions", "ruby 3.2\nnodejs 20.11.0\n")], "20", ".tool-versions:2");
        check(&[("mise.toml", "[tools]\nnode = \"22\"\n")], "22", "mise.toml:2");
        check(&[("package.json", "{\"volta\":\n{\"node\":\"16.14.2\"}}")], "16", "package.json:2");
        check(
            &[
                ("package.json", r#"{"volta":{"extends":"./base/package.json"}}"#),
                ("base/package.json", r#"{"volta":{"extends":"../shared/package.json"}}"#),
                ("shared/package.json", r#"{"volta":{"node":"22.1.0"}}"#),
            ],
            "22",
            "shared/package.json:1",
        );
        check(&[("package.json", r#"{"volta":{"extends":"./package.json"}}"#)], "24", "default for Node.js");
        check(
            &[(
                "package.json",
                "{\"devEngines\":{\"runtime\":[{\"name\":\"bun\",\"version\":\"1\"},\n{\"name\":\"node\",\"version\":\"^22\"}]}}",
            )],
            "22",
            "package.json:2",
        );
        check(&[("package.json", r#"{"engines":{"node":"*"}}"#)], "24", "default for Node.js");
    }

    #[test]
    fn a_least_version_pins_no_line() {
        for (range, expected) in
            [(">=7.0", true), ("^20 || >=22", true), ("24.x", false), (">=14 <19", false)]
        {
            let manifest = format!(r#"{{"engines":{{"node":"{range}"}}}}"#);
            let inventory = Inventory::from_files([("package.json", manifest.as_str())]);
            let catalog = Catalog::builtin();
            let s = Survey::new(inventory.dir(RelPath::root()), catalog, &Settings::default());
            let package = Package::read(&s).expect("a manifest");
            let line = decide(&s, Some(&package), &[], &Era::default());
            assert_eq!(is_open(&package, &line.because), expected, "{range}");
        }
    }

    #[test]
    fn an_old_lock_file_bounds_a_range() {
        for (range, expected) in
            [(">=8", "14"), (">=16", "24"), (">=12 <=24.x", "14"), ("^22", "22"), ("12.x", "12")]
        {
            let manifest = format!(r#"{{"engines":{{"node":"{range}"}}}}"#);
            let inventory = Inventory::from_files([("package.json", manifest.as_str())]);
            let catalog = Catalog::builtin();
            let s = Survey::new(inventory.dir(RelPath::root()), catalog, &Settings::default());
            let package = Package::read(&s);
            let sass = Fact::by_default("node-sass 4.14.1".to_owned(), "the lock file");
            let era = Era { at_most: Some((14, sass)), ..Era::default() };
            assert_eq!(decide(&s, package.as_ref(), &[], &era).value, expected, "{range}");
        }
    }

    #[test]
    fn ranges_get_a_supported_line_where_there_is_one() {
        for (range, line) in [
            (">= 18", "24"),
            (">=18", "24"),
            (">=20 <23", "22"),
            ("^18 || ^20", "20"),
            ("12.x || 14.x", "14"),
            (">=26", "26"),
            ("0.10", "0.10"),
            ("~0.10.48", "0.10"),
            ("^6 || ^8", "8"),
            ("22.4.1", "22"),
            ("^20.19.0 || >=22.12.0", "24"),
        ] {
            check(
                &[("package.json", &format!(r#"{{"engines":{{"node":"{range}"}}}}"#))],
                line,
                "package.json:1",
            );
        }
    }
}
