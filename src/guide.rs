//! dockgen inside of a scaffolder: files that are not on a disk yet, questions asked in its own way, and texts that it
//! writes itself.
//!
//! [`Inventory::from_files`](crate::repo::Inventory::from_files) takes the files that are about to be written. What
//! they leave open comes back as questions; an answer is a setting like any other. Nothing here reads a disk, a clock, a
//! network or the environment, and nothing asks or prints.
//!
//! ```
//! use dockgen::config::Settings;
//! use dockgen::diag::Severity;
//! use dockgen::fact::Layer;
//! use dockgen::plan::plan;
//! use dockgen::render::{Templates, render_checked};
//! use dockgen::repo::Inventory;
//! use dockgen::stack;
//!
//! // What the scaffolder is about to write: one module with two programs.
//! let serve = "package main\n\nimport \"net/http\"\n\nfunc main() {\n\thttp.ListenAndServe(\":8080\", nil)\n}\n";
//! let project = Inventory::from_files([
//!     ("go.mod", "module example.com/shop\n\ngo 1.27\n"),
//!     ("cmd/api/main.go", serve),
//!     ("cmd/worker/main.go", "package main\n\nfunc main() { select {} }\n"),
//! ]);
//!
//! // Wishes of the scaffolder's own, under the names of dockgen.toml.
//! let mut settings = Settings::default();
//! settings.set("labels.team=platform", Layer::Flag, &stack::keys())?;
//!
//! // What is open is asked in the scaffolder's way, or its default is taken.
//! let mut planned = plan(&project, &settings);
//! for question in &planned.questions {
//!     assert_eq!(question.key, "go.main");
//!     let options: Vec<&str> = question.options.iter().map(|option| option.value.as_str()).collect();
//!     assert_eq!(options, ["./cmd/api", "./cmd/worker"]);
//!     settings.answer(&question.key, question.service.as_ref(), "./cmd/api");
//! }
//! planned = plan(&project, &settings);
//! assert!(planned.questions.is_empty());
//! assert!(planned.diagnostics.iter().all(|finding| finding.severity != Severity::Error));
//!
//! // The texts, read back and checked against the files that will be there.
//! let templates = Templates::builtin()?;
//! for service in &planned.services {
//!     let (files, findings) = render_checked(service, &templates, &project)?;
//!     assert!(findings.is_empty());
//!     assert_eq!(files.dockerfile.path.as_str(), "Dockerfile");
//!     assert!(files.dockerfile.text.contains("team=platform"));
//!     let ignore = files.dockerignore.as_ref().expect("nobody keeps one of their own");
//!     assert_eq!(ignore.path.as_str(), ".dockerignore");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Templates whose manifests have placeholders are filled with [`Placeholders`](crate::repo::Placeholders) first, and the
//! printed files are reopened with it. From other languages the same is `dockgen init --json --answers FILE`.
