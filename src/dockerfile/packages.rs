//! The command lines of the distributions' package managers: what a command installs.
//! What a package is for is left to whoever asks.

use super::script::{Command, Word};

/// A package manager of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manager {
    /// Debian's and Ubuntu's.
    Apt,
    /// Alpine's.
    Apk,
    /// Fedora's and Red Hat's: yum, dnf, microdnf.
    Yum,
}

/// A command that installs packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install<'c> {
    /// Whose command it is.
    pub manager: Manager,
    /// The names, with their pins, as written.
    pub packages: Vec<&'c Word>,
}

struct Grammar {
    programs: &'static [&'static str],
    manager: Manager,
    installs: &'static [&'static str],
    /// Options that take the next word.
    takes: &'static [&'static str],
}

/// apt-get(8), apk(8), dnf(8).
const GRAMMARS: &[Grammar] = &[
    Grammar {
        programs: &["apt-get", "apt", "aptitude", "apt-fast"],
        manager: Manager::Apt,
        installs: &["install"],
        takes: &[
            "-o",
            "--option",
            "-t",
            "--target-release",
            "-c",
            "--config-file",
            "-a",
            "--host-architecture",
        ],
    },
    Grammar {
        programs: &["apk"],
        manager: Manager::Apk,
        installs: &["add"],
        takes: &["-t", "--virtual", "-X", "--repository", "-p", "--root", "--arch", "--keys-dir"],
    },
    Grammar {
        programs: &["yum", "dnf", "microdnf", "tdnf"],
        manager: Manager::Yum,
        installs: &["install", "localinstall"],
        takes: &["-c", "--config", "--setopt", "--releasever", "-x", "--exclude"],
    },
];

/// What a command installs, if it does.
pub fn installed(command: &Command) -> Option<Install<'_>> {
    let program = command.program()?;
    let grammar = GRAMMARS.iter().find(|grammar| grammar.programs.contains(&program))?;
    let mut words = Vec::new();
    let mut takes_next = false;
    for word in command.args() {
        if std::mem::take(&mut takes_next) {
            continue;
        }
        takes_next = grammar.takes.contains(&word.text.as_str());
        if !word.text.starts_with('-') {
            words.push(word);
        }
    }
    let (verb, packages) = words.split_first()?;
    let is_install = grammar.installs.contains(&verb.text.as_str());
    is_install.then(|| Install { manager: grammar.manager, packages: packages.to_vec() })
}

/// The manager a command belongs to, whatever it does.
pub fn manager(command: &Command) -> Option<Manager> {
    let program = command.program()?;
    GRAMMARS.iter().find(|grammar| grammar.programs.contains(&program)).map(|grammar| grammar.manager)
}

/// The name of a package without version, release or architecture: `curl` of `curl=7.*`, `jq` of `jq~1.6`.
pub fn bare(package: &str) -> &str {
    let end = package.find(['=', '~', '<', '>', '/', '@', ':']).unwrap_or(package.len());
    &package[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::script::commands;

    #[test]
    fn finds_packages() {
        for (script, want) in [
            ("apt-get install -y -t stretch-backports git curl=7.*", "Apt git curl=7.*"),
            ("sudo apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends x", "Apt x"),
            ("apk add --no-cache --virtual .build gcc musl-dev", "Apk gcc musl-dev"),
            ("apk --no-cache add -t .b gcc", "Apk gcc"),
            ("yum -y install epel-release", "Yum epel-release"),
            ("apt-get install $PKGS", "Apt $PKGS"),
            ("apt-get update", ""),
            ("pip install x", ""),
            ("apt-get install -y", "Apt"),
        ] {
            let commands = commands(script);
            let found = installed(&commands[0]).map_or(String::new(), |install| {
                let words = install.packages.iter().map(|word| word.text.clone());
                std::iter::once(format!("{:?}", install.manager)).chain(words).collect::<Vec<_>>().join(" ")
            });
            assert_eq!(found, want, "{script}");
        }
        assert_eq!(bare("jq~=1.6"), "jq");
        assert_eq!(bare("libc6:i386"), "libc6");
    }
}
