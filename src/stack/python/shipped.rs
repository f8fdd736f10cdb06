//! Which files are shipped besides the environment, and whether a stage prepares them first.

use serde::Serialize;

use crate::config::keys;
use crate::stack::Survey;

use super::Facts;

/// The project's own modules, where there are some outside the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sources {
    /// The environment holds the installed project, and nothing is read beside it.
    Installed,
    /// What the build stage made of them.
    Prepared,
    /// As they lie in the build context, but for these folders.
    AsTheyStand(Vec<String>),
}

/// The COPY of the runtime stage that brings the sources.
#[derive(Debug, Serialize)]
pub(super) struct Copy<'f> {
    /// The stage; none for the build context.
    from: Option<&'static str>,
    /// Folders that stay behind.
    exclude: &'f [String],
}

/// Up to this many bytes, modules are read in less time than a step that compiles them takes. Python 3.11 compiled
/// 3.8 MB of its standard library in a second on one slow core, where the smallest RUN took half a second; so the
/// limit costs a start a seventh of a second, and saves each build more.
const FEW: usize = 512 * 1024;

/// Folders that nothing needs at run time. The stages that need them have copies of their own.
const ASIDE: [&str; 4] = ["tests", "test", "docs", "node_modules"];

impl Sources {
    /// What of the sources is shipped. A stage prepares them when there is anything to do: files to gather or to make,
    /// a front end to take in, a project to install, many modules to compile, or a person's own instructions.
    pub fn of(facts: &Facts, s: &Survey<'_>) -> Self {
        if !facts.ships_sources {
            return Self::Installed;
        }
        let django = facts.django.as_ref();
        let makes_files = django.is_some_and(|django| django.collects.is_some() || django.sqlite.is_some());
        let installs = facts.is_installed && facts.install.project.is_some();
        let is_told = s.settings().table("stages.build.").next().is_some()
            || s.settings().wish(&keys::BUILD_INSTRUCTIONS).is_some();
        let is_part = !facts.place.is_empty();
        let has_work = makes_files || facts.front_end.is_some() || installs || is_told;
        if has_work || is_part || facts.module_bytes > FEW {
            return Self::Prepared;
        }
        Self::AsTheyStand(aside(facts, s))
    }

    /// Is there a stage that prepares them, or installs the project?
    pub fn has_build_stage(&self) -> bool {
        !matches!(self, Self::AsTheyStand(_))
    }

    /// How they come into the runtime, if they do.
    pub fn copy(&self) -> Option<Copy<'_>> {
        match self {
            Self::Installed => None,
            Self::Prepared => Some(Copy { from: Some("build"), exclude: &[] }),
            Self::AsTheyStand(aside) => Some(Copy { from: None, exclude: aside }),
        }
    }
}

/// The folders that stay behind, from the project's folder.
pub(super) fn aside(facts: &Facts, s: &Survey<'_>) -> Vec<String> {
    let there = ASIDE.iter().filter(|folder| s.dir.has_dir(folder) && !facts.imports_tests);
    there.map(|folder| (*folder).to_owned()).collect()
}
