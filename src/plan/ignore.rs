//! Which ignore file a service gets, and what a person's own one brings along.
//!
//! A `.dockerignore` that a person wrote stays as it is. BuildKit prefers a file named after the Dockerfile
//! (<https://docs.docker.com/build/concepts/context/#filename-and-location>), so dockgen's goes there, and the
//! person's patterns are carried over into it.

use crate::diag::{Code, Diagnostic};
use crate::dockerfile::IgnoreFile;
use crate::fact::{Evidence, Fact};
use crate::out::{self, Standing};
use crate::plan::service::{IgnoreGroup, Service};
use crate::repo::inventory::Inventory;
use crate::repo::path::RelPath;

/// Decides the ignore file's path, and adds the patterns of a person's own file.
pub(super) fn settle(service: &mut Service, inventory: &Inventory, notes: &mut Vec<Diagnostic>) {
    if service.ignore_file.is_none() {
        return;
    }
    let hides_packages =
        |group: &IgnoreGroup| group.patterns.iter().any(|pattern| pattern == "**/node_modules");
    if service.front_end.is_some() && !service.ignore.iter().any(hides_packages) {
        service.ignore.push(IgnoreGroup::new("JavaScript", &["**/node_modules"]));
    }
    let usual = service.context.join(".dockerignore").unwrap_or_default();
    let theirs = inventory.doc(&usual).filter(|doc| out::standing(Some(doc.text)) == Standing::Foreign);
    if let Some(doc) = &theirs {
        let because = Evidence::read(doc.path, None, "a person's file, which is kept");
        service.ignore_file = Some(Fact::new(beside(service), because));
        let patterns: Vec<String> = doc
            .lines()
            .map(|(_, line)| line.trim_end())
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::to_owned)
            .collect();
        // A file that hides everything and brings back a few names was made for another Dockerfile.
        let hides_all =
            patterns.iter().any(|pattern| matches!(pattern.trim_matches('/'), "*" | "**" | "**/*"));
        let carried = if hides_all {
            "hides everything, so it does not count for"
        } else {
            "is kept; its patterns are carried into"
        };
        notes.push(
            Diagnostic::note(Code::KeptFile, format!("`{}` {carried} `{}`", doc.path, beside(service)))
                .help("BuildKit reads the file named after the Dockerfile first"),
        );
        if !hides_all && IgnoreFile::parse(doc.text).is_ok() {
            // First, so that what an image must not hold stays out whatever a person's `!` brings back.
            service.ignore.insert(0, IgnoreGroup::of(format!("from {}", doc.path), patterns));
        }
    } else if service.dir != service.context {
        let shared = "several services can share the context";
        service.ignore_file = Some(Fact::by_default(beside(service), shared));
    }
}

/// The ignore file that is named after the Dockerfile.
pub(crate) fn beside(service: &Service) -> RelPath {
    let dockerfile = service.dockerfile_path();
    let name = format!("{}.dockerignore", dockerfile.name());
    dockerfile.parent().and_then(|folder| folder.join(&name)).unwrap_or_default()
}
