//! The version of the toolchain that an old file used: the tag of its base, the installer it ran, the package it named,
//! or what the packages of its distribution were. It outranks nothing but a default, and what has ended is said.

use super::super::bases::Bases;
use super::super::known::{self, Release, Role};
use super::{Obstacle, ObstacleKind, Scene, Wish};
use crate::dockerfile::script::{Command, commands};
use crate::dockerfile::{Form, ImageConfig, ImageRef, Meaning, Origin, Stage, packages};
use crate::fact::Layer;
use crate::plan::catalog::Catalog;

/// What the old file says about the version.
#[derive(Debug, Default)]
pub(in crate::migrate) struct Version {
    /// The setting that keeps it.
    pub wish: Option<Wish>,
    /// What there is to say, for the entry of `FROM`.
    pub notes: Vec<String>,
    /// Why it cannot be kept.
    pub obstacle: Option<Obstacle>,
}

/// A version as the old file has it.
struct Asked {
    version: String,
    line: u32,
}

/// What was asked for, and what it comes to in the plan of a service.
pub(in crate::migrate) fn version(scene: &Scene<'_>) -> Version {
    let mut found = Version::default();
    let stack = scene.service.stack.value.as_str();
    let asked = asked(scene.stage, &scene.image, stack, &scene.bases);
    let (Some(toolchain), Some(asked)) = (scene.service.toolchains.first(), asked) else { return found };
    if toolchain.because.layer != Layer::Default {
        found.notes.push(format!("{} comes from {}", toolchain.value, toolchain.because));
        return found;
    }
    let Asked { version, line } = asked;
    let known = scene.catalog.toolchain(stack);
    // The line that it is a release of, or else the newest of the lines that it stands for: `3.6.4` is of 3.6, and 2 is 2.7.
    let lines = || known.lines.iter().map(|known| known.line.as_str());
    let of_line = |line: &&str| version == *line || version.starts_with(&format!("{line}."));
    let below = |line: &&str| line.starts_with(&format!("{version}."));
    let is_moving = lines().any(|line| line == known.default && below(&line));
    let best = lines().filter(of_line).max_by_key(|line| line.len()).or_else(|| lines().find(below));
    match best {
        _ if is_moving => {}
        Some(best) if best == toolchain.value.version => {}
        Some(best) => {
            found.wish = Some(Wish { key: "build.version".to_owned(), value: best.into(), line });
            found.notes.push(format!("nothing else says a version, so build.version stays {best}"));
            if let Some(day) = known.line(best).and_then(|line| line.ended.as_ref()) {
                let ended = format!("{} {best} has had no fixes since {day}", known.name);
                found
                    .notes
                    .push(format!("{ended}: set it to {} as soon as the program allows", known.default));
            }
        }
        // <https://go.dev/doc/go1compat>: what an older Go compiled, a newer one compiles.
        None if stack == "go" => {
            found.notes.push(format!(
                "{} {version} has no image here; {} builds what it built",
                known.name, toolchain.value
            ));
        }
        None => {
            let why = format!(
                "the program was built with {} {version}, for which dockgen has no image",
                known.name
            );
            found.obstacle = Some(Obstacle { line, kind: ObstacleKind::NoPlan, why });
        }
    }
    found
}

fn asked(stage: &Stage<'_>, image: &ImageConfig, stack: &str, bases: &Bases) -> Option<Asked> {
    let Origin::Image(written) = &stage.origin else { return None };
    let base = bases.public(written).unwrap_or_else(|| written.clone());
    let of_base = |version: String| Asked { version, line: stage.line };
    match known::role(&base, stack)? {
        Role::Versioned => of_tag(&base, stack).map(of_base),
        Role::Beside => beside(&base).map(of_base),
        Role::Distribution => {
            let commands = all_commands(stage);
            installed(&commands, stack).or_else(|| {
                let release = known::release(&base);
                Some(of_base(by_release(&commands, image, stack, release)?))
            })
        }
    }
}

/// `8.10` of `8.10-alpine`, 8 of `carbon`.
fn of_tag(base: &ImageRef, stack: &str) -> Option<String> {
    let tag = base.tag.as_deref()?;
    let first = tag.split(['-', '_']).next().unwrap_or(tag).trim_start_matches('v');
    if first.starts_with(|c: char| c.is_ascii_digit()) {
        // `8u151` and `8jdk` are releases of Java 8.
        let end = first.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(first.len());
        return Some(first[..end].trim_end_matches('.').to_owned());
    }
    let lines = &Catalog::builtin().toolchain(stack).lines;
    let named = lines.iter().find(|line| line.also.iter().any(|name| name == first))?;
    Some(named.line.clone())
}

/// 8 of `maven:3-jdk-8`, of `tomcat:9-jre8` and of `maven:3.6-openjdk-8-slim`.
fn beside(base: &ImageRef) -> Option<String> {
    const NAMES: &[&str] = &["jdk", "jre", "openjdk", "eclipse-temurin", "temurin", "adoptopenjdk"];
    let tag = base.tag.as_deref()?;
    let parts: Vec<&str> = tag.split('-').collect();
    let digits = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        (end > 0).then(|| text[..end].to_owned())
    };
    parts.iter().enumerate().find_map(|(at, part)| {
        let glued = NAMES.iter().find_map(|name| digits(part.strip_prefix(name)?));
        glued.or_else(|| NAMES.contains(part).then(|| digits(parts.get(at + 1)?))?)
    })
}

/// The commands of a stage with the lines of their instructions.
pub(super) fn all_commands(stage: &Stage<'_>) -> Vec<(u32, Command)> {
    let all = scripts(stage);
    all.iter().flat_map(|(line, script)| commands(script).into_iter().map(|one| (*line, one))).collect()
}

/// The scripts that a stage runs, with the lines of their instructions.
pub(super) fn scripts(stage: &Stage<'_>) -> Vec<(u32, String)> {
    let runs = stage.instructions.iter().filter_map(|instruction| match instruction.meaning() {
        Ok(Meaning::Run(run)) => Some((instruction.line, run.form)),
        _ => None,
    });
    runs.map(|(line, form)| match form {
        Form::Shell(text) => (line, text),
        Form::Exec(words) => (line, words.join(" ")),
    })
    .collect()
}

/// A version that stands in a command: an installer's, or that of a package with the version in its name.
fn installed(all: &[(u32, Command)], stack: &str) -> Option<Asked> {
    let by_command = all.iter().find_map(|(line, command)| {
        Some(Asked { version: known::asked_version(command, stack)?, line: *line })
    });
    by_command.or_else(|| {
        all.iter().find_map(|(line, command)| {
            let install = packages::installed(command)?;
            let version =
                install.packages.iter().find_map(|word| named(packages::bare(&word.text), stack))?;
            Some(Asked { version, line: *line })
        })
    })
}

/// 8 of `openjdk-8-jdk`, 3.6 of `python3.6-dev`.
fn named(package: &str, stack: &str) -> Option<String> {
    let (before, after): (&[&str], &str) = match stack {
        "java" => (&["openjdk-", "openjdk", "oracle-java", "java-1."], "-"),
        "python" => (&["python"], "."),
        "go" => (&["golang-"], "."),
        _ => return None,
    };
    let rest = before.iter().find_map(|before| package.strip_prefix(before))?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let version = rest[..end].trim_end_matches('.');
    let is_whole = !version.is_empty() && (after != "." || version.contains('.'));
    is_whole.then(|| version.to_owned())
}

/// What a package without a version is in the release; of a release that moves only Python 2 is known, which is gone
/// from it.
fn by_release(
    all: &[(u32, Command)],
    image: &ImageConfig,
    stack: &str,
    release: Option<&Release>,
) -> Option<String> {
    let installs: Vec<&str> = all
        .iter()
        .filter_map(|(_, command)| packages::installed(command))
        .flat_map(|install| install.packages)
        .map(|word| packages::bare(&word.text))
        .collect();
    let has = |names: &[&str]| installs.iter().any(|name| names.contains(name));
    match stack {
        "node" if has(&["nodejs", "npm", "nodejs-legacy", "node", "nodejs-npm", "nodejs-current"]) => {
            release?.node.clone()
        }
        "java" if has(&["default-jdk", "default-jre", "default-jdk-headless", "default-jre-headless"]) => {
            release?.java.clone()
        }
        "python" => match generation(all, image, &installs)? {
            Generation::Two => {
                Some(release.and_then(|release| release.python2.clone()).unwrap_or("2.7".to_owned()))
            }
            Generation::Three => release?.python3.clone(),
        },
        _ => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Generation {
    Two,
    Three,
}

/// Which Python a file on a distribution uses: that of its start, of its pip, of its packages.
fn generation(all: &[(u32, Command)], image: &ImageConfig, installs: &[&str]) -> Option<Generation> {
    let start: Vec<Command> = image
        .entrypoint
        .iter()
        .chain(&image.cmd)
        .map(|words| words.join(" "))
        .flat_map(|text| commands(text.trim_start_matches("/bin/sh -c ")))
        .collect();
    let of_program = |program: &str| match program {
        "python3" | "pip3" | "gunicorn3" | "ipython3" => Some(Generation::Three),
        _ if program.starts_with("python3.") => Some(Generation::Three),
        "python2" | "python2.7" | "pip2" | "pip2.7" => Some(Generation::Two),
        _ => None,
    };
    let of_package = |name: &&str| match *name {
        name if name.starts_with("python3") || name.starts_with("py3-") => Some(Generation::Three),
        "python" | "py-pip" | "python-minimal" | "python-all" | "python-is-python2" => Some(Generation::Two),
        name if name.starts_with("python2") || name.starts_with("python-") || name.starts_with("py2-") => {
            Some(Generation::Two)
        }
        _ => None,
    };
    let programs = start.iter().chain(all.iter().map(|(_, command)| command));
    let packages: Vec<Generation> = installs.iter().filter_map(of_package).collect();
    programs.filter_map(Command::program).find_map(of_program).or_else(|| {
        // Where both are there, `python` and `pip` are those of Python 2.
        packages.iter().find(|found| **found == Generation::Two).or(packages.first()).copied()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::{Stages, parse};

    fn check(text: &str, stack: &str, want: Option<&str>) {
        let (file, _) = parse(text);
        let stages = Stages::of(&file);
        let stage = stages.last().unwrap();
        let found = asked(stage, &stages.evaluated(stage), stack, &known::alike());
        assert_eq!(found.map(|asked| asked.version).as_deref(), want, "{text}");
    }

    #[test]
    fn versions_are_found() {
        for (text, stack, want) in [
            ("FROM node:8.9-alpine\n", "node", Some("8.9")),
            ("FROM node:carbon\n", "node", Some("8")),
            ("FROM node:boron-alpine\n", "node", Some("6")),
            ("FROM node:lts\n", "node", None),
            ("FROM node\n", "node", None),
            ("FROM mhart/alpine-node:6.3\n", "node", Some("6.3")),
            ("ARG V=3.5\nFROM python:$V\n", "python", Some("3.5")),
            ("FROM openjdk:8u151-jre\n", "java", Some("8")),
            ("FROM anapsix/alpine-java:8_jdk\n", "java", Some("8")),
            ("FROM maven:3-jdk-8\n", "java", Some("8")),
            ("FROM maven:3.6.3-openjdk-11-slim\n", "java", Some("11")),
            ("FROM tomcat:9-jre8-alpine\n", "java", Some("8")),
            ("FROM maven:3.9\n", "java", None),
            ("FROM ubuntu:14.04\nRUN apt-get install -y nodejs npm\n", "node", Some("0.10")),
            (
                "FROM ubuntu:14.04\nRUN curl https://deb.nodesource.com/setup_6.x | bash -\n",
                "node",
                Some("6"),
            ),
            ("FROM ubuntu\nRUN apt-get install -y nodejs\n", "node", None),
            ("FROM alpine:3.7\nRUN apk add --update nodejs\n", "node", Some("8")),
            ("FROM ubuntu:16.04\nRUN apt-get install -y openjdk-8-jdk\n", "java", Some("8")),
            ("FROM debian:stretch\nRUN apt-get install -y default-jre\n", "java", Some("8")),
            ("FROM ubuntu:14.04\nRUN apt-get install -y python python-pip\n", "python", Some("2.7")),
            ("FROM ubuntu:latest\nRUN apt-get install -y python-pip\n", "python", Some("2.7")),
            (
                "FROM ubuntu:16.04\nRUN apt-get install -y python3-pip\nCMD python3 a.py\n",
                "python",
                Some("3.5"),
            ),
            (
                "FROM ubuntu:16.04\nRUN apt-get install -y python3 python\nCMD python a.py\n",
                "python",
                Some("2.7"),
            ),
            (
                "FROM ubuntu:16.04\nRUN apt-get install -y python3 python\nCMD [\"python3\", \"a\"]\n",
                "python",
                Some("3.5"),
            ),
            ("FROM ubuntu:18.04\nRUN apt-get install -y python3.8-dev\n", "python", Some("3.8")),
            ("FROM alpine\nRUN apk add python3\n", "python", None),
            ("FROM corp.example.com/python:3.4\n", "python", None),
        ] {
            check(text, stack, want);
        }
    }
}
