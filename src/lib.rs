//! dockgen reads a repository and writes the multi-stage Dockerfile a specialist
//! of its stack would write, together with a reason for every value in it.

#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod diag;
pub mod dockerfile;
pub mod fact;
pub mod key;
pub mod lint;
pub mod out;
pub mod plan;
pub mod render;
pub mod repo;
pub mod stack;
#[cfg(feature = "cli")]
pub mod verify;
