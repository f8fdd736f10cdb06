//! What a build must be given besides its context: the secrets and the agent that its instructions mount, as options of
//! `docker build`. They are read from the printed stages, so that a person's own instructions count as well.

use std::collections::BTreeSet;

use crate::dockerfile::instr::{Mount, MountKind};
use crate::dockerfile::{self, Meaning};
use crate::plan::secret_file::{SecretFile, at_home};

/// The options, sorted; nothing where the context is enough.
pub(super) fn options(stages: &str) -> BTreeSet<String> {
    let (file, _) = dockerfile::parse(stages);
    let mut options = BTreeSet::new();
    for instruction in file.instructions() {
        if let Ok(Meaning::Run(run)) = instruction.meaning() {
            options.extend(run.mounts.iter().filter_map(option));
        }
    }
    options
}

fn option(mount: &Mount) -> Option<String> {
    match mount.kind {
        MountKind::Ssh => Some("--ssh default".to_owned()),
        MountKind::Secret => {
            let id = mount.id.as_deref()?;
            let known = SecretFile::of(id).map(SecretFile::option);
            let of_root = || Some(at_home(id, mount.target.as_deref()?.strip_prefix("/root/")?));
            // Of any other one the engine takes a variable of that name, or a file of that name here.
            Some(known.or_else(of_root).unwrap_or_else(|| format!("--secret id={id}")))
        }
        MountKind::Bind | MountKind::Cache | MountKind::Tmpfs => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_say_what_a_build_is_given() {
        for (instruction, expected) in [
            (
                "RUN --mount=type=secret,id=netrc,target=/root/.netrc go mod download",
                "--secret id=netrc,src=$HOME/.netrc",
            ),
            (
                "RUN --mount=type=secret,id=netrc,target=/home/app/.netrc go mod download",
                "--secret id=netrc,src=$HOME/.netrc",
            ),
            // The home of root is the person's.
            (
                "RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci",
                "--secret id=npmrc,src=$HOME/.npmrc",
            ),
            ("RUN --mount=type=secret,id=TOKEN,target=/run/secrets/TOKEN npm ci", "--secret id=TOKEN"),
            (
                "RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf pip install x",
                "--secret id=pip_conf,src=$HOME/.config/pip/pip.conf",
            ),
            ("RUN --mount=type=secret,id=key,env=KEY make", "--secret id=key"),
            ("RUN --mount=type=ssh git clone", "--ssh default"),
            ("RUN --mount=type=cache,target=/root/.npm npm ci", ""),
            ("COPY . .", ""),
        ] {
            let found: Vec<String> = options(&format!("FROM a\n{instruction}\n")).into_iter().collect();
            assert_eq!(found.join(" "), expected, "{instruction}");
        }
    }
}
