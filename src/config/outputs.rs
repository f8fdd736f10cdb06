//! The settings of `[files]`: which files dockgen writes, where the Dockerfile lies, and what is copied into the image
//! besides.

use std::fmt;

use crate::key::{Key, Shape, text, texts, truth};
use crate::repo::path::RelPath;

/// Where the Dockerfile lies.
pub static DOCKERFILE: Key<RelPath> = Key {
    name: "files.dockerfile",
    shape: Shape::Text,
    doc: "the Dockerfile's path from the project's folder: Dockerfile, Containerfile or a name that ends in .Dockerfile",
    parse: dockerfile,
};

/// Is there an ignore file of dockgen's?
pub static DOCKERIGNORE: Key<bool> = Key {
    name: "files.dockerignore",
    shape: Shape::Truth,
    doc: "false writes no ignore file: that of a person counts as it is",
    parse: truth,
};

/// Is there a Compose file?
pub static COMPOSE: Key<bool> = Key {
    name: "files.compose",
    shape: Shape::Truth,
    doc: "compose.yaml beside the Dockerfile, as --compose writes it; false leaves the one that is there alone",
    parse: truth,
};

/// Is there a Bake file?
pub static BAKE: Key<bool> = Key {
    name: "files.bake",
    shape: Shape::Truth,
    doc: "docker-bake.hcl, as --bake writes it; false leaves the one that is there alone",
    parse: truth,
};

/// Is there a development container?
pub static DEVCONTAINER: Key<bool> = Key {
    name: "files.devcontainer",
    shape: Shape::Truth,
    doc: "devcontainer.json, as --devcontainer writes it; false leaves the one that is there alone",
    parse: truth,
};

/// Whose CI jobs are there?
pub static CI: Key<Systems> = Key {
    name: "files.ci",
    shape: Shape::Texts,
    doc: "CI jobs, as --ci writes them: github, gitlab; an empty list leaves those that are there alone",
    parse: |value| texts(value).and_then(systems),
};

/// What is copied into the image besides.
pub static EXTRA_COPY: Key<Copies> = Key {
    name: "files.extra_copy",
    shape: Shape::Copies,
    doc: "what is copied into the image besides: { from = \"a path of the project\", to = \"its place in the image\" }",
    parse: copies,
};

/// Whose CI runs the jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
}

/// Several of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Systems(pub Vec<System>);

impl fmt::Display for Systems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |system: &System| match system {
            System::Github => "github",
            System::Gitlab => "gitlab",
        };
        f.write_str(&self.0.iter().map(name).collect::<Vec<_>>().join(", "))
    }
}

/// Files and folders of a project, and where they lie in the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copies(pub Vec<ExtraCopy>);

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraCopy {
    /// From the project's folder.
    pub from: RelPath,
    /// In the image, from its working folder where it is not absolute.
    pub to: String,
}

impl fmt::Display for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|copy| copy.from.as_str()).collect();
        f.write_str(&names.join(", "))
    }
}

fn dockerfile(value: &toml::Value) -> Result<RelPath, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let path = text(value)?;
    let is_one = |path: &RelPath| {
        let name = path.name();
        ["Dockerfile", "Containerfile"].contains(&name) || name.ends_with(".Dockerfile")
    };
    let read = RelPath::new(&path).ok().filter(|path| !path.is_root() && is_one(path));
    read.filter(|_| path.chars().all(legal))
        .ok_or_else(|| "expected a path such as Containerfile or deploy/web.Dockerfile".to_owned())
}

fn systems(names: Vec<String>) -> Result<Systems, String> {
    let one = |name: String| match name.as_str() {
        "github" => Ok(System::Github),
        "gitlab" => Ok(System::Gitlab),
        _ => Err("expected github or gitlab".to_owned()),
    };
    names.into_iter().map(one).collect::<Result<_, _>>().map(Systems)
}

fn copies(value: &toml::Value) -> Result<Copies, String> {
    let wanted = || "expected a list of { from = \"…\", to = \"…\" }".to_owned();
    let items = value.as_array().ok_or_else(wanted)?;
    let one = |item: &toml::Value| {
        let table = item.as_table().filter(|table| table.len() == 2).ok_or_else(wanted)?;
        let said = |name: &str| table.get(name).ok_or_else(wanted).and_then(text);
        let (from, to) = (said("from")?, said("to")?);
        let from = RelPath::new(&from).ok().filter(|from| !from.is_root());
        let from = from.ok_or_else(|| "expected `from` to be a path of the project".to_owned())?;
        let is_shell = |c: char| "$\\\"'`*?[]".contains(c);
        if from.as_str().contains(is_shell) || to.contains(is_shell) {
            return Err("expected plain paths".to_owned());
        }
        Ok(ExtraCopy { from, to })
    };
    items.iter().map(one).collect::<Result<_, _>>().map(Copies)
}
