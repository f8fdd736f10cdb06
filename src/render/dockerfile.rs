//! The Dockerfile of a service: its stages, each from its template, under one short header.

use crate::plan::catalog::Catalog;
use crate::plan::service::Service;
use crate::render::templates::{TemplateError, Templates};
use crate::render::view::View;

/// Prints the Dockerfile, without a stamp.
pub(super) fn emit(service: &Service, templates: &Templates) -> Result<String, TemplateError> {
    let catalog = Catalog::builtin();
    let mut text = String::from("# syntax=docker/dockerfile:1\n");
    let runtime = service.stages.runtime();
    text.push_str(&tidy(&templates.print("base/header.tera", &View::of(service, runtime, catalog))?));
    for stage in service.stages.iter() {
        let view = View::of(service, stage, catalog);
        text.push('\n');
        text.push_str(&tidy(&templates.print(&stage.template, &view)?));
    }
    Ok(crate::out::stamp(&text))
}

/// Templates leave blank lines and trailing blanks where conditions were false. Inside of heredocs every
/// line counts; after one there is a blank line, which hadolint's parser needs.
fn tidy(text: &str) -> String {
    let mut tidied = String::new();
    let mut heredoc: Option<String> = None;
    for line in text.lines() {
        if let Some(end) = &heredoc {
            tidied.push_str(line);
            tidied.push('\n');
            if line == end {
                tidied.push('\n');
                heredoc = None;
            }
            continue;
        }
        let line = line.trim_end();
        if line.is_empty() {
            continue;
        }
        tidied.push_str(line);
        tidied.push('\n');
        heredoc = line.find("<<\"").and_then(|at| line[at + 3..].split('"').next()).map(str::to_owned);
    }
    tidied
}
