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
    let usual = service.context.join(".dockerignore").unwrap_or_default();
    let theirs = inventory.doc(&usual).filter(|doc| out::standing(Some(doc.text)) == Standing::Foreign);
    if let Some(doc) = &theirs {
        service.ignore_file =
            Fact::new(beside(service), Evidence::read(doc.path, None, "a person's file, which is kept"));
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
        service.ignore_file = Fact::by_default(beside(service), "several services can share the context");
    }
}

fn beside(service: &Service) -> RelPath {
    service.dir.join("Dockerfile.dockerignore").unwrap_or_default()
}
