//! dockgen reads a repository and writes the multi-stage Dockerfile a specialist of its stack would
//! write, together with a reason for every value in it.
//!
//! The flow goes one way: [`repo`] looks once and keeps what it saw, [`stack`] understands, [`plan`] decides,
//! [`render`] prints. Planning reads no disk, clock, network or environment, so the same files give the same
//! bytes everywhere, and files that only exist in memory are as good as a checkout:
//!
//! ```
//! use dockgen::config::Settings;
//! use dockgen::plan::plan;
//! use dockgen::render::{Templates, render};
//! use dockgen::repo::Inventory;
//!
//! let repository = Inventory::from_files([
//!     ("go.mod", "module example.com/hello\n\ngo 1.27\n"),
//!     ("main.go", "package main\n\nimport \"net/http\"\n\nfunc main() {\n\thttp.ListenAndServe(\":8080\", nil)\n}\n"),
//! ]);
//! let plan = plan(&repository, &Settings::default());
//! let service = &plan.services[0];
//! let port = service.runtime.port.as_ref().expect("the program listens");
//! assert_eq!(port.value, 8080);
//! assert_eq!(port.because.to_string(), "main.go:6");
//!
//! let files = render(&plan, &Templates::builtin()?)?;
//! assert!(files[0].dockerfile.text.contains("FROM scratch AS runtime"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`guide`] shows it inside of a scaffolder, with questions and wishes.

#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod diag;
pub mod dockerfile;
pub mod fact;
pub mod guide;
pub mod key;
pub mod lint;
pub mod migrate;
pub mod out;
pub mod plan;
#[cfg(feature = "registry")]
pub mod registry;
pub mod render;
pub mod repo;
pub mod stack;
mod text;
mod threads;
#[cfg(feature = "cli")]
pub mod verify;
