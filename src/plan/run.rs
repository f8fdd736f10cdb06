//! A RUN instruction as a value: mounts and commands that a template places and a filter lays out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::repo::path::RelPath;

/// One RUN: what is mounted, and the commands joined with `&&`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// In the order they are printed.
    pub mounts: Vec<Mount>,
    /// Variables for the first command only, as `NAME=value` words.
    pub env: Vec<(String, String)>,
    /// Shell commands. What comes from a repository must have gone through [`quote`].
    pub commands: Vec<String>,
}

/// A mount of one RUN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub enum Mount {
    /// A file or folder of the build context, or of a stage or image, visible for this RUN only.
    Bind {
        /// Stage or image; none for the build context.
        from: Option<String>,
        /// Path there.
        source: String,
        /// Path here.
        target: String,
    },
    /// A folder kept on the builder between builds.
    Cache {
        /// A name shared between stages; none uses the target.
        id: Option<String>,
        /// The folder.
        target: String,
        /// May two builds use it at once?
        sharing: Sharing,
    },
    /// A secret the builder is given with `--secret id=…`.
    Secret {
        /// Its id.
        id: String,
        /// Where it appears.
        target: String,
    },
    /// The builder's SSH agent.
    Ssh,
}

/// May two builds use a cache at once?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sharing {
    /// The tool locks for itself.
    #[default]
    Shared,
    /// One build at a time.
    Locked,
}

impl Run {
    /// A single command.
    pub fn new(command: impl Into<String>) -> Self {
        Self { commands: vec![command.into()], ..Self::default() }
    }

    /// Another command, run when the ones before succeeded.
    #[must_use]
    pub fn then(mut self, command: impl Into<String>) -> Self {
        self.commands.push(command.into());
        self
    }

    /// A variable for the first command.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A file of the build context at the same path here.
    #[must_use]
    pub fn bind(self, path: &str) -> Self {
        self.bind_as(path, path)
    }

    /// A file of the build context at another path here.
    #[must_use]
    pub fn bind_as(mut self, source: &str, target: &str) -> Self {
        self.mounts.push(Mount::Bind { from: None, source: source.to_owned(), target: target.to_owned() });
        self
    }

    /// A path of a stage or image.
    #[must_use]
    pub fn bind_from(mut self, from: &str, source: &str, target: &str) -> Self {
        let (source, target) = (source.to_owned(), target.to_owned());
        self.mounts.push(Mount::Bind { from: Some(from.to_owned()), source, target });
        self
    }

    /// The same where what it reads of the build context lies in this folder of it.
    #[must_use]
    pub fn in_folder(mut self, folder: &RelPath) -> Self {
        for mount in &mut self.mounts {
            if let Mount::Bind { from: None, source, .. } = mount {
                *source = folder.join(source).unwrap_or_default().to_string();
            }
        }
        self
    }

    /// A cache that several builds may use at once.
    #[must_use]
    pub fn cache(mut self, target: &str) -> Self {
        self.mounts.push(Mount::Cache { id: None, target: target.to_owned(), sharing: Sharing::Shared });
        self
    }

    /// A cache for one build at a time.
    #[must_use]
    pub fn locked_cache(mut self, target: &str) -> Self {
        self.mounts.push(Mount::Cache { id: None, target: target.to_owned(), sharing: Sharing::Locked });
        self
    }

    /// A secret.
    #[must_use]
    pub fn secret(mut self, id: &str, target: &str) -> Self {
        self.mounts.push(Mount::Secret { id: id.to_owned(), target: target.to_owned() });
        self
    }

    /// A secret as a variable of each command, empty where the builder is given none. A mount can be a variable by
    /// itself (`env=`), but not for engines before BuildKit 0.15.
    #[must_use]
    pub fn secret_variable(self, name: &str) -> Self {
        let file = format!("/run/secrets/{name}");
        let mut run = self.secret(name, &file);
        for command in &mut run.commands {
            *command = format!("{name}=\"$(cat {file} 2>/dev/null)\" {command}");
        }
        run
    }
}

/// A word for the shell: as it is when plain, in single quotes otherwise.
///
/// Line breaks cannot be quoted in a Dockerfile; the renderer refuses them.
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_when_they_must_be() {
        for (word, quoted) in [
            ("build:prod", "build:prod"),
            ("@scope/app", "@scope/app"),
            ("a b", "'a b'"),
            ("$HOME", "'$HOME'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
            ("a#b", "'a#b'"),
        ] {
            assert_eq!(quote(word), quoted);
        }
    }
}
