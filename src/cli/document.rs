//! `dockgen init --json`: one document with the questions, the files and what else there is to say; and answers that come
//! from a file. Scaffolders and editors ask in their own way.

use schemars::JsonSchema;
use serde::Serialize;
use std::path::Path;

use crate::cli::answers::Given;
use crate::cli::{Exit, Failure, read_named};
use crate::diag::Diagnostic;
use crate::out::Outcome;
use crate::plan::question::Question;
use crate::plan::service::Service;
use crate::repo::RelPath;

/// What `dockgen init --json` prints, whatever became of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Document {
    /// The shape of this document.
    pub schema_version: u32,
    /// The images to build, by folder.
    pub services: Vec<Brief>,
    /// What the repository leaves open; the default is what was taken, and without one nothing is written.
    pub questions: Vec<Question>,
    /// The files, and what became of each.
    pub files: Vec<File>,
    /// What else there is to say.
    pub diagnostics: Vec<Diagnostic>,
    /// Why nothing was written.
    pub error: Option<Refused>,
}

/// A service in short; `dockgen plan --format json` has the rest.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Brief {
    name: String,
    dir: RelPath,
    stack: String,
    port: Option<u16>,
}

/// One file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct File {
    /// Where, from the repository's root.
    pub path: RelPath,
    /// What became of it.
    pub action: Action,
    /// Its text, where nothing is written.
    pub text: Option<String>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It was not there.
    Created,
    /// It has another text now.
    Updated,
    /// It had this text.
    Unchanged,
    /// A person's changes stay, and nothing else has moved.
    Kept,
    /// It would be written.
    Planned,
}

/// Why nothing was written.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Refused {
    /// In one sentence.
    pub message: String,
    /// What may help.
    pub help: Option<String>,
}

impl Default for Document {
    fn default() -> Self {
        Self {
            schema_version: 1,
            services: Vec::new(),
            questions: Vec::new(),
            files: Vec::new(),
            diagnostics: Vec::new(),
            error: None,
        }
    }
}

impl Document {
    /// As it is printed.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("a document is plain values with text keys") + "\n"
    }

    /// The services that are meant.
    pub fn serve(&mut self, services: &[Service]) {
        let brief = |service: &Service| Brief {
            name: service.name.clone(),
            dir: service.dir.clone(),
            stack: service.stack.value.clone(),
            port: service.runtime.port.as_ref().map(|port| port.value),
        };
        self.services = services.iter().map(brief).collect();
    }
}

impl From<Outcome> for Action {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Created => Self::Created,
            Outcome::Replaced => Self::Updated,
            Outcome::Unchanged => Self::Unchanged,
        }
    }
}

/// The answers of a file: `{"go.main": "./cmd/api", "services": {"web": {"runtime.port": 3000}}}`; `-` is stdin.
pub(super) fn answers(file: &Path) -> Result<Vec<Given>, Failure> {
    let bad = |why: String| {
        Failure::new(Exit::Misuse, format!("the answers in `{}` cannot be used: {why}", file.display()))
    };
    let text = read_named(file).map_err(|source| bad(source.to_string()))?;
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|why| bad(why.to_string()))?;
    let table = value.as_object().ok_or_else(|| bad("expected an object of settings".to_owned()))?;
    let mut given = Vec::new();
    for (key, value) in table {
        let Some(services) = value.as_object() else {
            given.push(one(key, value, None).map_err(bad)?);
            continue;
        };
        if key != "services" {
            return Err(bad(format!(
                "`{key}` has no value; keys are written with dots, such as \"runtime.port\""
            )));
        }
        for (service, settings) in services {
            let dir = RelPath::new(service).map_err(|why| bad(why.to_string()))?;
            let settings = settings.as_object().ok_or_else(|| bad(format!("`{service}` is no object")))?;
            for (key, value) in settings {
                given.push(one(key, value, Some(&dir)).map_err(bad)?);
            }
        }
    }
    Ok(given)
}

fn one(key: &str, value: &serde_json::Value, service: Option<&RelPath>) -> Result<Given, String> {
    let value = match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(_) | serde_json::Value::Bool(_) => value.to_string(),
        serde_json::Value::Array(items) if items.iter().all(serde_json::Value::is_string) => {
            value.to_string()
        }
        _ => return Err(format!("`{key}` is neither a text, a number, a truth value nor a list of texts")),
    };
    Ok(Given { key: key.to_owned(), service: service.cloned(), value })
}
