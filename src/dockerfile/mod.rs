//! Reads Dockerfiles and ignore files without losing a byte; knows nothing else of dockgen.
//!
//! The steps follow `BuildKit`: [`syntax`] (what is written), [`instr`] (what one
//! instruction means), [`graph`] (what the stages are), [`config`] (what image comes out).
//! What is *wrong* with a file is left to [`crate::lint`].
//!
//! The behaviour is `BuildKit`'s, recorded with its own parser in `tests/dockerfiles`.

pub mod config;
pub mod graph;
pub mod ignore;
pub mod image;
pub mod instr;
pub mod packages;
mod parse;
pub mod script;
pub mod shell;
pub mod syntax;

pub use config::{Health, ImageConfig};
pub use graph::{BuildArgs, Edge, EdgeKind, Origin, Source, Stage, StageProblem, Stages};
pub use ignore::{BadPattern, IgnoreFile, IgnorePattern};
pub use image::ImageRef;
pub use instr::{Form, Malformed, Meaning};
pub use parse::{Problem, ProblemKind, parse};
pub use syntax::{Directive, Dockerfile, Flag, Heredoc, Instruction, Item, ItemKind, Keyword, Span};

/// The names under which Dockerfiles are kept, for whoever walks a repository: whole names, beginnings with a
/// `*` behind them, and endings with a `*` in front.
pub const FILE_NAMES: &[&str] =
    &["Dockerfile", "Containerfile", "Dockerfile.*", "*.dockerfile", "*.Dockerfile"];

/// Is a Dockerfile kept under that name?
pub fn is_file_name(name: &str) -> bool {
    let fits = |known: &str| match (known.strip_suffix('*'), known.strip_prefix('*')) {
        (Some(beginning), _) => name.len() > beginning.len() && name.starts_with(beginning),
        (_, Some(ending)) => name.ends_with(ending),
        _ => name == known,
    };
    // `Dockerfile.j2` gives a Dockerfile, and is none.
    let is_template =
        [".j2", ".tmpl", ".tpl", ".template", ".erb", ".in", ".mustache", ".md", ".dockerignore"]
            .iter()
            .any(|ending| name.ends_with(ending));
    FILE_NAMES.iter().any(|known| fits(known)) && !is_template
}
