//! dockgen reads a repository and writes the multi-stage Dockerfile a specialist
//! of its stack would write, together with a reason for every value in it.

pub mod dockerfile;
pub mod lint;
pub mod out;
pub mod repo;
#[cfg(feature = "cli")]
pub mod verify;
