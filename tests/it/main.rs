//! The program as a person or a script meets it, and the promises that hold for all stacks.
//!
//! One binary, so that it is linked once. What a single stack understands is tested below its code,
//! what it prints in `tests/fixtures.rs`.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test may look at files, start the program and say what it had to skip"
)]

mod bad_input;
mod bad_java;
mod bad_python;
mod behaviours;
mod cli;
mod config;
mod docs;
mod drift;
mod edited;
mod emit;
mod fleet;
mod init;
mod injection;
mod layouts;
mod lint;
mod manifest_facts;
mod migrate;
mod migrate_kept;
mod migrate_whole;
mod outputs;
mod pure;
mod python_imports;
mod python_manifests;
mod python_programs;
mod repo;
mod scaffolding;
mod templates;
#[cfg(unix)]
mod terminal;
mod tidy;
