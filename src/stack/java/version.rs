//! Which Java line builds and runs the project.
//!
//! The project's own line when there are images for it; one that says nothing gets the newest line
//! that its libraries work on. What they need and bear is data.

use crate::config::keys;
use crate::fact::{Evidence, Fact};
use crate::plan::catalog::ToolchainLines;
use crate::stack::Survey;
use crate::stack::common::tools;
use crate::stack::java::VERSION;
use crate::stack::java::dependency::Dependency;

/// From this version on, a library needs at least this Java.
struct Needs(&'static str, &'static str, &'static [(u32, u32)]);

/// Least Java by major version. Sources: the system requirements of each project's documentation.
const NEEDS: &[Needs] = &[
    // https://docs.spring.io/spring-boot/system-requirements.html
    Needs("org.springframework.boot", "*", &[(3, 17)]),
    // https://quarkus.io/guides/: Java 17 since 3.7, 11 before
    Needs("io.quarkus", "*", &[(2, 11), (3, 17)]),
    // https://docs.micronaut.io/latest/guide/#breaks
    Needs("io.micronaut", "*", &[(4, 17)]),
    // https://helidon.io/docs/v4: virtual threads
    Needs("io.helidon.webserver", "*", &[(2, 11), (3, 17), (4, 21)]),
    // https://javalin.io/documentation
    Needs("io.javalin", "*", &[(5, 11), (7, 17)]),
    // https://www.dropwizard.io/en/stable/about/release-notes.html
    Needs("io.dropwizard", "*", &[(4, 11), (5, 17)]),
    // https://tomcat.apache.org/whichversion.html
    Needs("org.apache.tomcat.embed", "*", &[(10, 11), (11, 17)]),
    // https://jetty.org/docs/
    Needs("org.eclipse.jetty", "*", &[(10, 11), (12, 17)]),
    // https://docs.junit.org/current/user-guide/
    Needs("org.junit.jupiter", "*", &[(6, 17)]),
    // https://github.com/mockito/mockito/releases/tag/v5.0.0
    Needs("org.mockito", "*", &[(5, 11)]),
    // https://hibernate.org/orm/releases/
    Needs("org.hibernate.orm", "*", &[(6, 11), (7, 17)]),
];

/// Newest Java that a line of Spring Boot supports, newest line first.
/// <https://docs.spring.io/spring-boot/system-requirements.html> of each version.
const BOOT_BEARS: &[((u32, u32), u32)] = &[
    ((3, 5), 25),
    ((3, 4), 24),
    ((3, 3), 23),
    ((3, 2), 22),
    ((2, 7), 21),
    ((2, 6), 19),
    ((2, 5), 18),
    ((2, 0), 11),
];

/// Newest Java that Lombok compiles on, newest release first: <https://projectlombok.org/changelog>.
const LOMBOK_BEARS: &[(u32, u32)] = &[
    (40, 25),
    (38, 24),
    (36, 23),
    (34, 22),
    (30, 21),
    (26, 19),
    (22, 17),
    (20, 16),
    (12, 14),
    (4, 11),
    (0, 8),
];

/// Newest Java that a line of Kotlin compiles on, newest line first: older ones do not read a newer JDK's version.
/// <https://kotlinlang.org/docs/whatsnew23.html>, and the like pages of each release.
const KOTLIN_BEARS: &[((u32, u32), u32)] = &[
    ((2, 3), 25),
    ((2, 2), 24),
    ((2, 1), 23),
    ((2, 0), 22),
    ((1, 9), 21),
    ((1, 8), 19),
    ((1, 6), 17),
    ((0, 0), 11),
];

/// What a project says about Java beside its build file.
pub(super) struct Evident<'b> {
    /// Language levels, releases and toolchains, strongest first.
    pub levels: &'b [Fact<u32>],
    /// What it uses.
    pub dependencies: &'b [Dependency],
    /// The version of Spring Boot, known or not.
    pub boot: Option<&'b Fact<String>>,
    /// The version of Kotlin, where its sources are Kotlin.
    pub kotlin: Option<&'b Fact<String>>,
    /// The newest line that the build tool runs on, where that is a limit.
    pub tool_bears: Option<Fact<u32>>,
    /// The oldest line that the build tool runs on, where that matters.
    pub tool_needs: Option<Fact<u32>>,
}

/// The line that builds and runs.
pub(super) fn decide(s: &Survey<'_>, evident: &Evident<'_>) -> Fact<String> {
    let toolchain = s.catalog.toolchain("java");
    let line = |number: u32| line_for(number, toolchain);
    let file = version_file(s);
    let level = evident.levels.first().cloned();
    let least = evident.levels.iter().chain(least(evident).iter()).max_by_key(|level| level.value).cloned();
    // A version file below what the sources are compiled for cannot be meant for the build.
    let fits = |fact: &Fact<u32>| least.as_ref().is_none_or(|least| fact.value >= least.value);
    let found =
        file.filter(fits).or(level.filter(fits)).or_else(|| least.filter(|_| !evident.levels.is_empty()));
    let newest = newest(evident, toolchain);
    let version = s
        .choice(&VERSION)
        .or_else(|| s.choice(&keys::VERSION).decide())
        .or(found.map(|fact| fact.map(line)))
        .or(newest)
        .or(Some(toolchain.default_line()))
        .decide()
        .expect("the catalog has a default");
    s.check_line(toolchain, &version);
    version
}

/// The oldest line with images that is not older.
fn line_for(number: u32, toolchain: &ToolchainLines) -> String {
    let mut lines: Vec<u32> = toolchain.lines.iter().filter_map(|line| line.line.parse().ok()).collect();
    lines.sort_unstable();
    lines.into_iter().find(|line| *line >= number).unwrap_or(number).to_string()
}

/// What the libraries need at least.
fn least(evident: &Evident<'_>) -> Option<Fact<u32>> {
    let boot = evident.boot.and_then(|boot| {
        let major = numbers(&boot.value).0;
        (major >= 3).then(|| boot.derive(17))
    });
    let libraries = evident.dependencies.iter().filter_map(|dependency| {
        let Needs(_, _, steps) =
            NEEDS.iter().find(|Needs(group, artifact, _)| dependency.is(group, artifact))?;
        let major = numbers(dependency.version.as_deref()?).0;
        let (_, java) = steps.iter().rev().find(|(from, _)| major >= *from)?;
        Some(dependency.says(*java))
    });
    boot.into_iter().chain(libraries).chain(evident.tool_needs.clone()).max_by_key(|fact| fact.value)
}

/// The newest supported line that nothing forbids; none when nothing limits it.
fn newest(evident: &Evident<'_>, toolchain: &ToolchainLines) -> Option<Fact<String>> {
    let boot = evident.boot.and_then(|boot| {
        let version = numbers(&boot.value);
        let (_, java) = BOOT_BEARS.iter().find(|(from, _)| version >= *from)?;
        Some(boot.derive(*java))
    });
    let lombok = evident.dependencies.iter().find(|used| used.is("org.projectlombok", "lombok"));
    let lombok = lombok.map(|used| {
        let release = used.version.as_deref().and_then(|text| text.split('.').nth(2)?.parse::<u32>().ok());
        let bears = release.and_then(|at| LOMBOK_BEARS.iter().find(|(from, _)| at >= *from));
        // Since 23 javac runs no annotation processor that is merely on the class path:
        // https://www.oracle.com/java/technologies/javase/23-relnote-issues.html
        used.says(bears.map_or(21, |(_, java)| (*java).min(22)))
    });
    let kotlin = evident.kotlin.and_then(|kotlin| {
        let version = numbers(&kotlin.value);
        let (_, java) = KOTLIN_BEARS.iter().find(|(from, _)| version >= *from)?;
        Some(kotlin.derive(*java))
    });
    let limits = [boot, lombok, kotlin, evident.tool_bears.clone()];
    let limit = limits.into_iter().flatten().min_by_key(|fact| fact.value)?;
    let fits = |line: &&str| line.parse::<u32>().is_ok_and(|line| line <= limit.value);
    let line = toolchain.supported().find(fits)?.to_owned();
    Some(limit.map(|_| line))
}

/// What a line of a version file says, if it is about Java.
type Reader = fn(&str) -> Option<&str>;

/// Files that name the JDK people use, strongest first.
const FILES: &[(&str, Reader)] = &[
    // https://github.com/jenv/jenv
    (".java-version", |line| Some(line)),
    // https://sdkman.io/usage#env-command
    (".sdkmanrc", |line| line.trim().strip_prefix("java=")),
    // https://devcenter.heroku.com/articles/java-support
    ("system.properties", |line| line.trim().strip_prefix("java.runtime.version=")),
];

/// The files that [`decide`] reads.
pub(super) fn file_names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name).chain(tools::NAMES)
}

fn version_file(s: &Survey<'_>) -> Option<Fact<u32>> {
    s.dir.ancestors().find_map(|folder| {
        let own = FILES.iter().find_map(|(name, read)| {
            let line = |line| feature(read(line)?);
            folder.doc(name)?.find(line)
        });
        own.or_else(|| {
            let said = tools::pinned(s, &folder, &["java"])?;
            Some(said.derive(feature(&said.value)?))
        })
    })
}

/// The feature release in a version of any vendor: `1.8`, `17`, `21.0.3-tem`, `temurin-21.0.2`, `openjdk64-11.0.2`.
pub(super) fn feature(text: &str) -> Option<u32> {
    let text = text.trim().trim_matches(['"', '\'']);
    let start = text.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at).find(|at| {
        let before = text[..*at].chars().next_back();
        before.is_none_or(|c| c == '-' || c == '_') || text[..*at].ends_with("java")
    })?;
    let mut parts = text[start..].split(|c: char| !c.is_ascii_digit());
    let first: u32 = parts.next()?.parse().ok()?;
    let number = if first == 1 { parts.next()?.parse().ok()? } else { first };
    (5..100).contains(&number).then_some(number)
}

/// Major and minor of a version. What is left open, as in `3.+` and `4.x`, is the newest there is.
pub(super) fn numbers(version: &str) -> (u32, u32) {
    let mut parts =
        version.split(|c: char| c != '+' && c != 'x' && !c.is_ascii_alphanumeric()).map(|part| match part {
            "+" | "x" | "latest" => u32::MAX,
            part => part
                .split(|c: char| !c.is_ascii_digit())
                .next()
                .unwrap_or_default()
                .parse()
                .unwrap_or_default(),
        });
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// A level said by a foreign parent: `spring-boot-starter-parent` sets `java.version`.
pub(super) fn level_of_boot_parent(version: &Fact<String>) -> Option<Fact<u32>> {
    let (major, _) = numbers(&version.value);
    // From 3 on it is the least there is, not what the project was written for.
    (1..3).contains(&major).then(|| {
        let because = Evidence {
            says: format!("Spring Boot {} compiles for Java 8", version.value),
            ..version.because.clone()
        };
        Fact::new(8, because)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vendors_spelling_is_read() {
        for (text, number) in [
            ("1.8", Some(8)),
            ("17", Some(17)),
            ("21.0.3-tem", Some(21)),
            ("temurin-21.0.2+13.0.LTS", Some(21)),
            ("openjdk64-11.0.2", Some(11)),
            ("graalvm-ce-java17-22.3.0", Some(17)),
            ("\"25\"", Some(25)),
            ("corretto-8.402.08.1", Some(8)),
            ("lts", None),
            ("${java.version}", None),
        ] {
            assert_eq!(feature(text), number, "{text}");
        }
    }
}
