//! The templates, embedded whole; everything that can be wrong with one is wrong at load.

use std::io::{Error as IoError, Write};

use include_dir::{Dir, include_dir};
use serde::Serialize;
use tera::{Context, ErrorKind, Tera};

use crate::diag::{Code, Diagnostic};
use crate::fact::Place;
use crate::render::filters;
use crate::render::layers::Override;

static BUILTIN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// The templates by layer: those of `builtin/` carry the names they have below `templates/`.
pub struct Templates {
    tera: Tera,
}

/// Whose a template is, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The project's.
    Project,
    /// The company's, from the folder that `dockgen.toml` extends.
    Company,
    /// dockgen's own.
    Builtin,
}

impl Layer {
    /// What its templates' names begin with, for whoever extends one of a certain layer.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Project => "project/",
            Self::Company => "company/",
            Self::Builtin => "builtin/",
        }
    }

    /// A name in this layer.
    pub fn prefixed(self, name: &str) -> String {
        format!("{}{name}", self.prefix())
    }
}

/// Why a template could not be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It does not load: syntax, unknown blocks or filters.
    #[error("the templates do not load: {0}")]
    Load(String),
    /// It does not render: an unknown name, or a value that must not stand there.
    #[error("cannot print `{template}`: {why}")]
    Render {
        /// The template.
        template: String,
        /// The engine's words.
        why: String,
    },
}

impl Templates {
    /// The templates that dockgen ships.
    pub fn builtin() -> Result<Self, TemplateError> {
        Self::load(&[]).map_err(|bad| TemplateError::Load(bad.message))
    }

    /// dockgen's templates below others.
    pub(super) fn load(overrides: &[Override]) -> Result<Self, Box<Diagnostic>> {
        let mut tera = Tera::default();
        tera.autoescape_on([".tera"]);
        tera.set_escape_fn(refuse_line_breaks);
        filters::register(&mut tera);
        let refuse = |bad: tera::Error| Box::new(unloadable(&bad, overrides));
        let layers = [Layer::Project, Layer::Company, Layer::Builtin];
        tera.set_fallback_prefixes(layers.map(Layer::prefix)).map_err(refuse)?;
        let mut files = Vec::new();
        gather(&BUILTIN, &mut files);
        files.extend(overrides.iter().map(|each| (each.layer.prefixed(&each.name), each.text.as_str())));
        tera.add_raw_templates(files).map_err(refuse)?;
        Ok(Self { tera })
    }

    /// Prints one template with what it may see.
    pub(super) fn print(&self, template: &str, view: &impl Serialize) -> Result<String, TemplateError> {
        let failed = |why: String| TemplateError::Render { template: template.to_owned(), why };
        let context = Context::from_serialize(view).map_err(|bad| failed(chain(&bad)))?;
        self.tera.render(template, &context).map_err(|bad| failed(chain(&bad)))
    }

    /// Is there a template of dockgen's own of that name?
    pub fn is_builtin(&self, name: &str) -> bool {
        self.has(&Layer::Builtin.prefixed(name))
    }

    /// The names of dockgen's own templates.
    pub fn builtin_names(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self
            .tera
            .get_template_names()
            .filter_map(|name| name.strip_prefix(Layer::Builtin.prefix()))
            .collect();
        names.sort_unstable();
        names.into_iter()
    }

    /// The text of one of dockgen's own templates.
    pub fn builtin_text(name: &str) -> Option<&'static str> {
        BUILTIN.get_file(name).filter(|_| name.ends_with(".tera")).and_then(include_dir::File::contents_utf8)
    }

    /// The names that a template takes from its values, with those of all that it extends and includes.
    pub(super) fn variables(&self, template: &str) -> Vec<String> {
        let found = self.tera.get_template_variables(template);
        let mut names: Vec<String> = found.into_iter().flatten().map(str::to_owned).collect();
        names.sort_unstable();
        names
    }

    /// Is there a template of that name?
    pub fn has(&self, template: &str) -> bool {
        self.tera.contains_template(template)
    }
}

/// Why templates do not load, in the file that is to blame.
fn unloadable(bad: &tera::Error, overrides: &[Override]) -> Diagnostic {
    let file = |name: &str| {
        let of = |each: &&Override| each.layer.prefixed(&each.name) == name;
        overrides.iter().find(of).map(|each| each.file.clone())
    };
    let (name, line, column, message) = match bad.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            let span = report.span();
            (report.filename(), Some(span.start_line), Some(span.start_col + 1), report.message().to_owned())
        }
        ErrorKind::MissingParent { current, parent } => {
            (current.as_str(), None, None, format!("there is no template `{parent}` to extend"))
        }
        ErrorKind::CircularExtend { tpl, .. } => {
            let help = "name the layer that is meant: builtin/, company/";
            (tpl.as_str(), None, None, format!("the template extends itself; {help}"))
        }
        ErrorKind::CircularInclude { tpl, .. } => {
            (tpl.as_str(), None, None, "the template includes itself".to_owned())
        }
        _ => ("", None, None, chain(bad)),
    };
    let narrow = |number: Option<usize>| number.and_then(|number| u32::try_from(number).ok());
    let mut finding = Diagnostic::error(Code::BadTemplate, format!("the templates do not load: {message}"));
    if let Some(file) = file(name) {
        finding = finding.at(Place { file, line: narrow(line) });
        finding.column = narrow(column);
    }
    finding
}

fn gather(dir: &'static Dir<'_>, files: &mut Vec<(String, &str)>) {
    for file in dir.files().filter(|file| file.path().extension().is_some_and(|ending| ending == "tera")) {
        if let Some(text) = file.contents_utf8() {
            let name = file.path().to_string_lossy().replace('\\', "/");
            files.push((format!("builtin/{name}"), text));
        }
    }
    for below in dir.dirs() {
        gather(below, files);
    }
}

/// Every value that is printed passes here. One with a line break could start an instruction of its own.
fn refuse_line_breaks(text: &str, out: &mut dyn Write) -> Result<(), IoError> {
    if text.contains(['\n', '\r', '\0']) {
        return Err(IoError::other(format!("a value has a line break: {}", text.escape_debug())));
    }
    out.write_all(text.as_bytes())
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_templates_load() {
        let templates = Templates::builtin().expect("they load");
        assert!(templates.has("go/build.tera"));
    }
}
