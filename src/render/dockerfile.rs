//! The Dockerfile of a service: its stages, each from its template, under one short header.

use crate::plan::catalog::Catalog;
use crate::plan::service::Service;
use crate::render::templates::{TemplateError, Templates};
use crate::render::view::View;
use crate::render::{given, own};

/// Prints the Dockerfile, without a stamp.
pub(super) fn emit(service: &Service, templates: &Templates) -> Result<String, TemplateError> {
    let catalog = Catalog::builtin();
    let mut text = String::from("# syntax=docker/dockerfile:1\n");
    let runtime = service.stages.runtime();
    let header = templates.print("base/header.tera", &View::of(service, runtime, catalog))?;
    text.push_str(&rename(service, tidy(&header)));
    let stages = stages(service, templates, catalog)?;
    let given: Vec<String> = given::options(&stages).into_iter().collect();
    if !given.is_empty() {
        text.extend(["# Secrets of the build, where it needs them: ", &given.join(" "), "\n"]);
    }
    for remark in &service.remarks {
        text.push_str(&remark.value);
        text.push('\n');
    }
    text.push_str(&stages);
    Ok(crate::out::stamp(&text))
}

/// Prints the stages, each behind a blank line.
fn stages(service: &Service, templates: &Templates, catalog: &Catalog) -> Result<String, TemplateError> {
    let mut text = String::new();
    for stage in service.stages.iter() {
        text.push('\n');
        // What a person has written names stages as they are called in the file, and keeps its blank lines.
        if let Some(own) = &stage.text {
            text.push_str(&own.value);
            text.push('\n');
            continue;
        }
        let view = View::of(service, stage, catalog);
        let printed = rename(service, tidy(&templates.print(&stage.template, &view)?));
        text.push_str(&own::put(stage, &printed));
    }
    Ok(text)
}

/// Templates call stages by dockgen's names; people may have given them others.
fn rename(service: &Service, text: String) -> String {
    let targets: Vec<(&str, &str)> = service
        .stages
        .iter()
        .filter(|stage| stage.target.is_some())
        .map(|stage| (stage.name.as_str(), stage.printed_name()))
        .collect();
    if targets.is_empty() {
        return text;
    }
    let mut renamed = String::with_capacity(text.len());
    let mut rest = text.as_str();
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    while let Some(at) = REFERS.iter().filter_map(|mark| Some(rest.find(mark)? + mark.len())).min() {
        let (before, after) = rest.split_at(at);
        let name = &after[..after.find(|c: char| !is_letter(c)).unwrap_or(after.len())];
        renamed.push_str(before);
        renamed.push_str(targets.iter().find(|(old, _)| *old == name).map_or(name, |(_, new)| new));
        rest = &after[name.len()..];
    }
    renamed.push_str(rest);
    renamed
}

/// What stands before the name of a stage: in COPY, in a mount, and in the comment that says how to build it.
const REFERS: &[&str] = &["--from=", ",from=", "--target "];

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
