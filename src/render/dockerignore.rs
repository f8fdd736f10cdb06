//! The ignore file: what no build needs, what no image may hold, and what the stack adds.

use serde::Serialize;

use crate::plan::service::{IgnoreGroup, SECRETS, Service, Turn};
use crate::render::templates::{TemplateError, Templates};

#[derive(Serialize)]
struct IgnoreView {
    groups: Vec<IgnoreGroup>,
}

/// Prints the ignore file, stamped.
pub(super) fn emit(service: &Service, templates: &Templates) -> Result<String, TemplateError> {
    let mut groups = vec![
        IgnoreGroup::new(
            "version control and CI",
            &[".git", ".gitattributes", ".github", ".gitlab-ci.yml", ".circleci"],
        ),
        IgnoreGroup::new(
            "editors and systems",
            &[".vscode", ".idea", ".devcontainer", "**/.DS_Store", "**/*.swp"],
        ),
    ];
    let of = |turn| service.ignore.iter().filter(move |group| group.turn == turn).cloned();
    groups.extend(of(Turn::BeforeSecrets));
    groups.push(IgnoreGroup::new("secrets and local settings", SECRETS));
    groups.extend(of(Turn::AfterSecrets));
    let mut container = IgnoreGroup::new(
        "what describes the container, not the program",
        &[
            "**/Dockerfile*",
            "**/*.Dockerfile",
            "**/.dockerignore",
            "**/compose*.y*ml",
            "**/docker-compose*.y*ml",
            "dockgen.toml",
        ],
    );
    if service.dockerfile_path().name() == "Containerfile" {
        container.patterns.insert(2, "**/Containerfile*".to_owned());
    }
    groups.push(container);
    let text = templates.print("dockerignore.tera", &IgnoreView { groups })?;
    Ok(crate::out::stamp(&format!("{}\n", text.trim())))
}
