//! Files beside the Dockerfile that follow from the same plan: Compose, Bake, CI jobs, a development container.
//!
//! An emitter sees services and nothing else. Names of folders are put in quotes, and those with characters that mean
//! something in any of these languages are refused. Like every file of dockgen's they carry a stamp, so that they are
//! checked and updated with the rest.

mod bake;
mod ci;
mod compose;
mod devcontainer;

use crate::out::{OutFile, stamp, stamp_json};
use crate::plan::service::Service;
use crate::plan::stage::Role;
use crate::repo::path::RelPath;

/// A file beside the Dockerfile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Emitter {
    /// `compose.yaml`: the program, its port, and what it talks to.
    Compose,
    /// `docker-bake.hcl`: images, tests and platforms.
    Bake,
    /// A workflow of GitHub Actions.
    Github,
    /// Jobs of GitLab CI, to be included.
    Gitlab,
    /// A development container on the stage that has the tools.
    Devcontainer,
}

impl Emitter {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Compose, Self::Bake, Self::Github, Self::Gitlab, Self::Devcontainer];

    /// Where its file lies, from the repository's root.
    pub fn path(self) -> RelPath {
        RelPath::new(match self {
            Self::Compose => "compose.yaml",
            Self::Bake => "docker-bake.hcl",
            Self::Github => ".github/workflows/image.yml",
            Self::Gitlab => ".gitlab/image.yml",
            Self::Devcontainer => ".devcontainer/devcontainer.json",
        })
        .unwrap_or_default()
    }

    /// The file for these services, stamped. The error names the folder that cannot be written in it.
    pub fn emit(self, services: &[Service]) -> Result<OutFile, String> {
        for service in services {
            for path in [&service.dir, &service.context] {
                if path.as_str().contains(['$', '{', '%', '"', '\'']) {
                    return Err(format!("the folder `{path}` cannot be named in `{}`", self.path()));
                }
            }
        }
        let text = match self {
            Self::Compose => stamp(&compose::text(services)),
            Self::Bake => stamp(&bake::text(services)),
            Self::Github => stamp(&ci::github(services)),
            Self::Gitlab => stamp(&ci::gitlab(services)),
            Self::Devcontainer => stamp_json(&devcontainer::text(services)),
        };
        Ok(OutFile { path: self.path(), text })
    }
}

/// A text in quotes, as JSON, YAML and HCL read them.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The name of a service where only letters, digits and dashes may stand.
fn name(service: &Service) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    service.name.chars().map(plain).collect()
}

/// The Dockerfile as seen from the build context.
fn dockerfile(service: &Service) -> RelPath {
    service.dockerfile_path().relative_to(&service.context).unwrap_or_default()
}

/// The name of the stage with this role, as `--target` wants it.
fn target(service: &Service, role: Role) -> Option<&str> {
    service.stages.iter().find(|stage| stage.role == role).map(crate::plan::stage::Stage::printed_name)
}

/// The secrets that a build of the service is given, by id.
fn secrets(service: &Service) -> Vec<&str> {
    let all = service.stages.iter().flat_map(|stage| &stage.secrets);
    let mut ids: Vec<&str> = all.map(|secret| secret.value.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
