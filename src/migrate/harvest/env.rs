//! Variables and arguments of the old file: settings of the runtime, sources of packages, or for a build alone.

use super::fate::{Judged, dropped, kept, person, strongest, superseded};
use super::text::quoted_open;
use super::{Harvest, Scene, supply};
use crate::dockerfile::Instruction;
use crate::dockerfile::instr::ArgName;
use crate::lint::{is_file, is_secret};
use crate::migrate::account::{Disposition, DropReason};

impl Harvest {
    pub(super) fn env(
        &mut self,
        scene: &Scene<'_>,
        instruction: &Instruction,
        pairs: &[(String, String)],
    ) -> Judged {
        let mut notes = Vec::new();
        let mut fates = Vec::new();
        for (name, written) in pairs {
            let mut value = scene.image.env.get(name).cloned().unwrap_or_default();
            if let Some(new) = scene.rehomed(&value) {
                notes.push(format!("{name} names the program's folder, so it is `{new}` now"));
                value = new;
            }
            let fate = self.variable(scene, instruction, (name, written), value);
            if pairs.len() > 1 {
                notes.push(format!("{name}: {fate}"));
            }
            fates.push(fate);
        }
        (strongest(fates), notes)
    }

    /// What becomes of one variable, by its name and by how its value is written and comes out.
    fn variable(
        &mut self,
        scene: &Scene<'_>,
        instruction: &Instruction,
        (name, written): (&str, &str),
        value: String,
    ) -> Disposition {
        if is_secret(name) && !value.is_empty() && !is_file(name, &value) {
            return dropped(DropReason::Secret { name: name.to_owned() });
        }
        if let Some(fate) = supply::source(self, scene, instruction.line, (name, &value)) {
            return fate;
        }
        if BUILD_VARIABLES.contains(&name) {
            return dropped(DropReason::OnlyForTheOldBuild);
        }
        let setting = format!("runtime.env.{name}");
        if scene.service.runtime.env.get(name).is_some_and(|planned| planned.value == value) {
            return kept(&setting);
        }
        let is_literal = written.contains("\\$") || written.contains('\'');
        if value.contains('$') && is_literal {
            return person("which dollar signs of the value are meant as such");
        }
        if value.is_empty() || value.contains('$') || name == "PATH" {
            return match quoted_open(&value) {
                Some(value) => self.carry(scene, instruction, &format!("ENV {name}={value}")),
                None => person("the value cannot be quoted"),
            };
        }
        if value.chars().any(char::is_control) || scene.secrets.are_in(&value) {
            return person("the value cannot be carried");
        }
        self.wish(&setting, value.into(), instruction.line);
        kept(&setting)
    }

    /// An argument that nothing of the image's configuration holds is the build's own business.
    pub(super) fn arg(
        &mut self,
        scene: &Scene<'_>,
        instruction: &Instruction,
        args: &[ArgName],
    ) -> Disposition {
        if let Some(secret) = args.iter().find(|arg| is_secret(&arg.name)) {
            return dropped(DropReason::Secret { name: secret.name.clone() });
        }
        if args.iter().any(|arg| scene.is_put_in(&arg.name)) {
            return self.carry_as_written(scene, instruction);
        }
        superseded("the build, where something reads it by its value")
    }
}

impl Scene<'_> {
    /// Does whoever builds put the argument into the image's environment or labels?
    fn is_put_in(&self, name: &str) -> bool {
        let env = self.image.env.iter().filter(|(_, value)| value.contains('$'));
        let labels = self.image.labels.iter().filter(|(_, value)| value.contains('$'));
        env.chain(labels).any(|(_, value)| {
            value.split('$').skip(1).any(|rest| {
                let rest = rest.trim_start_matches('{');
                rest.strip_prefix(name)
                    .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
            })
        })
    }
}

/// Variables that only a build reads.
/// <https://manpages.debian.org/debconf.7>, <https://go.dev/ref/mod#environment-variables>, pip's and npm's manuals.
const BUILD_VARIABLES: &[&str] = &[
    "DEBIAN_FRONTEND",
    "DEBCONF_NONINTERACTIVE_SEEN",
    "TERM",
    "GOPATH",
    "GOROOT",
    "GO111MODULE",
    "CGO_ENABLED",
    "GOOS",
    "GOARCH",
    "GOFLAGS",
    "GOBIN",
    "NPM_CONFIG_LOGLEVEL",
    "NPM_CONFIG_PREFIX",
    "NODE_VERSION",
    "YARN_VERSION",
    "NPM_VERSION",
    "PIP_NO_CACHE_DIR",
    "PIP_DISABLE_PIP_VERSION_CHECK",
    "PIP_DEFAULT_TIMEOUT",
    "PYTHON_VERSION",
    "PYTHON_PIP_VERSION",
    "POETRY_VERSION",
    "POETRY_VIRTUALENVS_CREATE",
    "POETRY_NO_INTERACTION",
    "PIPENV_VENV_IN_PROJECT",
    "JAVA_HOME",
    "MAVEN_HOME",
    "MAVEN_VERSION",
    "M2_HOME",
    "GRADLE_HOME",
    "GRADLE_VERSION",
    "CARGO_HOME",
    "RUSTUP_HOME",
];
