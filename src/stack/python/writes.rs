//! What a program writes beside itself, and what wants a home folder.
//!
//! Code in an image belongs to root and is only read. A program that keeps its database, its uploads or its
//! logs in its own folder would fail, so there it owns what it starts from.

use crate::fact::Fact;

use super::django::Django;
use super::lexer::Token;
use super::modules::Modules;
use super::project::Project;
use super::source::Statement;

/// Calls that write, by the last part of what is called.
const CALLS: &[&str] = &[
    "makedirs",
    "mkdir",
    "FileHandler",
    "RotatingFileHandler",
    "TimedRotatingFileHandler",
    "write_text",
    "write_bytes",
    "to_csv",
    "to_json",
    "to_sql",
    "TinyDB",
    "PicklePersistence",
];

/// Something that the program writes in its own folder.
pub(super) fn beside(modules: &Modules<'_>, django: Option<&Django>) -> Option<Fact<String>> {
    if let Some(sqlite) = django.and_then(|django| django.sqlite.clone()) {
        return Some(sqlite.map(|_| "the SQLite file".to_owned()));
    }
    if let Some(uploads) = django.and_then(|django| django.uploads.clone()) {
        return Some(uploads);
    }
    modules.sources.iter().find_map(|source| {
        source.statements.iter().find_map(|statement| {
            let what = written(statement)?;
            Some(Fact::new(what.to_owned(), source.cite(statement.line)))
        })
    })
}

fn written(statement: &Statement) -> Option<&'static str> {
    let texts = statement.tokens.iter().filter(|token| matches!(token, Token::Text(_) | Token::Format(_)));
    for text in texts.map(Token::text) {
        let is_relative = text.split_once(":///").is_some_and(|(scheme, path)| {
            scheme.starts_with("sqlite") && !path.starts_with('/') && path != ":memory:"
        });
        if is_relative || (text.starts_with("sqlite") && text.ends_with(":///")) {
            return Some("its SQLite file");
        }
    }
    statement.calls().find_map(|call| {
        let name = call.callee.rsplit('.').next().unwrap_or_default();
        let arguments = call.each();
        let mode =
            arguments.get(1).and_then(|second| second.last()).filter(|mode| matches!(mode, Token::Text(_)));
        let opens =
            call.callee == "open" && mode.is_some_and(|mode| mode.text().starts_with(['w', 'a', 'x']));
        let database = call.callee.ends_with("sqlite3.connect") || call.callee.ends_with("aiosqlite.connect");
        let in_memory = call.first_text() == Some(":memory:");
        let elsewhere = call.first_text().is_some_and(|path| path.starts_with("/tmp"));
        if elsewhere {
            return None;
        }
        if database && !in_memory {
            return Some("its SQLite file");
        }
        (opens || CALLS.contains(&name)).then_some("files")
    })
}

/// Packages that keep caches or settings in a home folder.
const HOMES: &[&str] = &[
    "streamlit",
    "gradio",
    "chainlit",
    "matplotlib",
    "transformers",
    "huggingface-hub",
    "sentence-transformers",
    "torch",
    "nltk",
    "openai-whisper",
    "kaggle",
    "yfinance",
    "numba",
    "jupyter",
    "notebook",
    "nicegui",
    "crewai",
    "wandb",
    "easyocr",
    "ultralytics",
    "seaborn",
    "librosa",
];

/// Something that wants a home folder. `/tmp` is one that everybody can write.
pub(super) fn home(project: &Project<'_>, modules: &Modules<'_>) -> Option<Fact<String>> {
    let package = HOMES.iter().find_map(|name| Some(Fact::new((*name).to_owned(), project.evidence(name)?)));
    package.or_else(|| {
        modules.sources.iter().find_map(|source| {
            source.statements.iter().find_map(|statement| {
                let call = statement
                    .calls()
                    .find(|call| call.callee.ends_with("Path.home") || call.callee.ends_with("expanduser"))?;
                Some(Fact::new(call.callee, source.cite(statement.line)))
            })
        })
    })
}

/// Does the program ask for its own version or plug-ins, which only an installed package has?
pub(super) fn asks_for_metadata(modules: &Modules<'_>) -> bool {
    modules
        .sources
        .iter()
        .any(|source| source.uses("importlib.metadata").is_some() || source.uses("pkg_resources").is_some())
}
