//! `render()`: a plan in, files out. Nothing here decides; nothing here sees the repository.
//!
//! What is printed is read back by dockgen's own parser before it leaves: the stages must be
//! the planned ones, whatever names and scripts a repository brought along.

mod dockerfile;
mod dockerignore;
mod emit;
mod filters;
mod given;
mod layers;
mod own;
mod read_back;
mod templates;
mod view;

use crate::diag::Diagnostic;
use crate::fact::Fact;
use crate::out::OutFile;
use crate::plan::service::{IgnoreGroup, Plan, Service};
use crate::repo::inventory::Inventory;
use crate::repo::path::RelPath;

pub use emit::Emitter;
pub use layers::{Override, PROJECT_FOLDER, overrides};
pub use read_back::read_back;
pub use templates::{Layer, TemplateError, Templates};
pub use view::{CONTRACT, contract};

/// The two files of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceFiles {
    /// The service's folder.
    pub dir: RelPath,
    /// The Dockerfile.
    pub dockerfile: OutFile,
    /// The ignore file that goes with it; none where people keep to their own.
    pub dockerignore: Option<OutFile>,
}

/// Why a plan could not be printed.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template failed.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// What was printed is not what was planned.
    #[error("the Dockerfile of `{service}` would not have the planned stages: {why}")]
    NotAsPlanned {
        /// The service's name.
        service: String,
        /// What differs.
        why: String,
    },
}

/// Prints the files of every service of the plan.
pub fn render(plan: &Plan, templates: &Templates) -> Result<Vec<ServiceFiles>, RenderError> {
    plan.services.iter().map(|service| render_service(service, templates)).collect()
}

/// Prints the files of one service and reads them back against the repository. What a person's ignore file hides
/// although the Dockerfile needs it is brought back, in the open. The errors that remain keep the files from
/// being written.
pub fn render_checked(
    service: &Service,
    templates: &Templates,
    inventory: &Inventory,
) -> Result<(ServiceFiles, Vec<Diagnostic>), RenderError> {
    let mut files = render_service(service, templates)?;
    let hidden = read_back::hidden(service, &files, inventory);
    if !hidden.is_empty() {
        let mut service = service.clone();
        let patterns = hidden.iter().map(|source| format!("!{}", source.trim_start_matches("./"))).collect();
        service.ignore.push(IgnoreGroup::of("needed by the Dockerfile".to_owned(), patterns));
        files = render_service(&service, templates)?;
    }
    let mut findings = read_back(service, &files, inventory);
    findings.extend(own::homeless(service, &files.dockerfile.text));
    Ok((files, findings))
}

/// Prints the files of one service.
pub fn render_service(service: &Service, templates: &Templates) -> Result<ServiceFiles, RenderError> {
    let text = dockerfile::emit(service, templates)?;
    read_back::stages_as_planned(service, &text)?;
    let dockerfile = OutFile { path: service.dockerfile_path(), text };
    let ignore = |path: &Fact<RelPath>| {
        dockerignore::emit(service, templates).map(|text| OutFile { path: path.value.clone(), text })
    };
    let dockerignore = service.ignore_file.as_ref().map(ignore).transpose()?;
    Ok(ServiceFiles { dir: service.dir.clone(), dockerfile, dockerignore })
}
