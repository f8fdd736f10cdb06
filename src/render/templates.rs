//! The templates, embedded whole; everything that can be wrong with one is wrong at load.

use std::io::{Error as IoError, Write};

use include_dir::{Dir, include_dir};
use serde::Serialize;
use tera::{Context, Tera};

use crate::render::filters;

static BUILTIN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// The templates by layer: those of `builtin/` carry the names they have below `templates/`.
pub struct Templates {
    tera: Tera,
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
        let mut tera = Tera::default();
        tera.autoescape_on([".tera"]);
        tera.set_escape_fn(refuse_line_breaks);
        filters::register(&mut tera);
        let load = |bad: tera::Error| TemplateError::Load(chain(&bad));
        tera.set_fallback_prefixes(["builtin/"]).map_err(load)?;
        let mut files = Vec::new();
        gather(&BUILTIN, &mut files);
        tera.add_raw_templates(files).map_err(load)?;
        Ok(Self { tera })
    }

    /// Prints one template with what it may see.
    pub(super) fn print(&self, template: &str, view: &impl Serialize) -> Result<String, TemplateError> {
        let failed = |why: String| TemplateError::Render { template: template.to_owned(), why };
        let context = Context::from_serialize(view).map_err(|bad| failed(chain(&bad)))?;
        self.tera.render(template, &context).map_err(|bad| failed(chain(&bad)))
    }

    /// Is there a template of that name?
    pub fn has(&self, template: &str) -> bool {
        self.tera.contains_template(template)
    }
}

fn gather(dir: &'static Dir<'_>, files: &mut Vec<(String, &'static str)>) {
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
