//! What a build must be given besides its context: the secrets and the agent that its instructions mount, as options of
//! `docker build`. They are read from the printed stages, so that a person's own instructions count as well.

use std::collections::BTreeSet;

use crate::dockerfile::instr::{Mount, MountKind};
use crate::dockerfile::{self, Meaning};

/// Files that lie elsewhere on a person's machine than where the tool in the image looks for them: the id of the secret
/// and the file.
const AT_HOME: &[(&str, &str)] = &[
    // https://doc.rust-lang.org/cargo/reference/config.html#credentials
    ("cargo", "$HOME/.cargo/credentials.toml"),
    // https://docs.gradle.org/current/userguide/build_environment.html
    ("gradle_properties", "$HOME/.gradle/gradle.properties"),
    // https://pip.pypa.io/en/stable/topics/configuration/
    ("pip_conf", "$HOME/.config/pip/pip.conf"),
];

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
            let at_home = AT_HOME.iter().find(|(known, _)| *known == id).map(|(_, file)| (*file).to_owned());
            let of_root = || Some(format!("$HOME/{}", mount.target.as_deref()?.strip_prefix("/root/")?));
            Some(match at_home.or_else(of_root) {
                Some(file) => format!("--secret id={id},src={file}"),
                // A variable of that name, or a file of that name here.
                None => format!("--secret id={id}"),
            })
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
