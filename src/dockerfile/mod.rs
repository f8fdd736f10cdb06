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
mod parse;
pub mod shell;
pub mod syntax;

pub use config::{Health, ImageConfig};
pub use graph::{BuildArgs, Edge, EdgeKind, Origin, Source, Stage, StageProblem, Stages};
pub use ignore::{BadPattern, IgnoreFile, IgnorePattern};
pub use image::ImageRef;
pub use instr::{Form, Malformed, Meaning};
pub use parse::{Problem, ProblemKind, parse};
pub use syntax::{Directive, Dockerfile, Flag, Heredoc, Instruction, Item, ItemKind, Keyword, Span};
