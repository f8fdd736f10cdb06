//! Templates of the project and of its company above dockgen's own, and what can be wrong with them.
//!
//! `.dockgen/templates/go/build.tera` stands before `<company>/templates/go/build.tera`, and that before the built-in
//! one; each may extend the one below by its layer (`{% extends "builtin/go/build.tera" %}`) and fill single blocks.
//! Everything is checked before anything is printed, because a misspelled name in a condition would be silently false.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex_lite::{Captures, Regex};

use crate::config::Company;
use crate::diag::{Code, Diagnostic};
use crate::fact::Place;
use crate::render::templates::{Layer, Templates};
use crate::render::view;
use crate::repo::inventory::{Entry, Inventory};
use crate::repo::path::RelPath;

/// Where a project keeps its templates.
pub const PROJECT_FOLDER: &str = ".dockgen/templates";
/// Where a company keeps them, below its folder.
const COMPANY_FOLDER: &str = "templates";

/// A template that is not dockgen's own.
#[derive(Debug, Clone)]
pub struct Override {
    /// Whose it is.
    pub layer: Layer,
    /// Its name in its layer: `go/build.tera`.
    pub name: String,
    /// Its file.
    pub file: RelPath,
    /// Its text.
    pub text: String,
}

/// The templates of a project and of its company, in that order.
pub fn overrides(project: &Inventory, company: Option<&Company>) -> Vec<Override> {
    let folder = |path: &str| RelPath::new(path).unwrap_or_default();
    let mut found = in_folder(project, &folder(PROJECT_FOLDER), Layer::Project);
    let mut theirs: Vec<Override> = Vec::new();
    for (company, folder) in
        company.iter().flat_map(|company| company.folders().iter().map(move |f| (company, f)))
    {
        let templates = folder.join(COMPANY_FOLDER).unwrap_or_default();
        // Of one name, the strongest folder's counts.
        let new = in_folder(company.files(), &templates, Layer::Company);
        let is_new = |each: &Override| !theirs.iter().any(|known| known.name == each.name);
        let new: Vec<Override> = new.into_iter().filter(is_new).collect();
        theirs.extend(new);
    }
    found.extend(theirs);
    found
}

fn in_folder(files: &Inventory, folder: &RelPath, layer: Layer) -> Vec<Override> {
    let named = |(path, entry): (&RelPath, &Entry)| {
        let name = path.relative_to(folder)?.as_str().to_owned();
        let Entry::Read(text) = entry else { return None };
        let is_template = name.ends_with(".tera");
        is_template.then(|| Override { layer, name, file: path.clone(), text: text.to_string() })
    };
    files.files().filter_map(named).collect()
}

impl Templates {
    /// dockgen's templates below those of a company and a project. `named` are the templates that a company's
    /// detectors print. What is wrong with one is said with its place.
    pub fn layered(overrides: &[Override], named: &[String]) -> Result<Self, Vec<Diagnostic>> {
        let templates = Self::load(overrides).map_err(|bad| vec![*bad])?;
        let mut problems = Vec::new();
        for each in overrides {
            problems.extend(strange_name(&templates, each, overrides, named));
            problems.extend(strange_values(&templates, each));
        }
        if problems.is_empty() { Ok(templates) } else { Err(problems) }
    }
}

/// A file that nothing prints is a misspelled one.
fn strange_name(
    templates: &Templates,
    each: &Override,
    overrides: &[Override],
    named: &[String],
) -> Option<Diagnostic> {
    static REFERS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"\{%-?\s*(?:include|extends)\s+"(?:project/|company/)?([^"]+)""#).expect("a literal")
    });
    let is_used = |other: &Override| REFERS.captures_iter(&other.text).any(|found| found[1] == *each.name);
    if templates.is_builtin(&each.name) || named.contains(&each.name) || overrides.iter().any(is_used) {
        return None;
    }
    let nearest = crate::config::keys::nearest(&each.name, templates.builtin_names().map(str::to_owned));
    let hint = nearest.map(|right| format!("; did you mean `{right}`?")).unwrap_or_default();
    let message = format!("there is no template `{}` to replace, and nothing includes it{hint}", each.name);
    let finding =
        Diagnostic::error(Code::BadTemplate, message).at(Place { file: each.file.clone(), line: None });
    Some(finding.help("`dockgen templates list` names them all"))
}

/// Values that no template has.
fn strange_values(templates: &Templates, each: &Override) -> Vec<Diagnostic> {
    static TAG: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?s)\{\{.*?\}\}|\{%.*?%\}").expect("a literal"));
    static QUOTED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#""[^"]*"|'[^']*'"#).expect("a literal"));
    static FIELD: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(service|stage|runtime)\.([a-z_]+)").expect("a literal"));
    let line_of =
        |offset: usize| u32::try_from(each.text[..offset].matches('\n').count() + 1).unwrap_or(u32::MAX);
    let refuse = |offset: usize, message: String, known: &BTreeSet<String>| {
        let place = Place { file: each.file.clone(), line: Some(line_of(offset)) };
        let there: Vec<&str> = known.iter().map(String::as_str).collect();
        Diagnostic::error(Code::BadTemplate, message).at(place).help(format!("there is {}", there.join(", ")))
    };
    let mut problems = Vec::new();
    let top: BTreeSet<String> = view::fields(&[]);
    for name in templates.variables(&each.layer.prefixed(&each.name)) {
        let is_ignore = each.name == "dockerignore.tera" && name == "groups";
        if let Some(at) = each.text.find(&name).filter(|_| !top.contains(&name) && !is_ignore) {
            problems.push(refuse(at, unknown("value", &name, &top), &top));
        }
    }
    for tag in TAG.find_iter(&each.text) {
        // What stands in quotes is text.
        let code = QUOTED.replace_all(tag.as_str(), |quoted: &Captures<'_>| " ".repeat(quoted[0].len()));
        for field in FIELD.captures_iter(&code) {
            let known = view::fields(&[&field[1]]);
            if !known.contains(&field[2]) {
                let at = tag.start() + field.get(0).map_or(0, |all| all.start());
                problems.push(refuse(at, unknown("value", &field[0], &known), &known));
            }
        }
    }
    problems.dedup();
    problems
}

fn unknown(what: &str, name: &str, known: &BTreeSet<String>) -> String {
    let field = name.rsplit('.').next().unwrap_or(name);
    let table = &name[..name.len() - field.len()];
    match crate::config::keys::nearest(field, known.iter().cloned()) {
        Some(right) => format!("templates have no {what} `{name}`; did you mean `{table}{right}`?"),
        None => format!("templates have no {what} `{name}`"),
    }
}
