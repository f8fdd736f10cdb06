//! Nx repositories whose apps have no `package.json`: a `project.json`, or a configuration that a plugin of `nx.json`
//! knows, is all there is of them. One manifest and one lock file in the root serve all.
//!
//! `executors` has the rows, `project` reads one app, `reach` says which other projects it needs, and `survey` makes the
//! facts of it that every Node.js program has. A project with a build script in a `package.json` of its own is a member of
//! a workspace like any other.
//!
//! <https://nx.dev/docs/reference/project-configuration>, <https://nx.dev/docs/concepts/inferred-tasks>

mod executors;
mod project;
mod reach;
mod survey;
#[cfg(test)]
mod tests;

pub(super) use project::has_apps;
pub(super) use survey::{Written, survey};
