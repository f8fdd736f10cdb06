//! Pipenv: its lock file becomes requirements with hashes, and pip installs them.
//! <https://pipenv.pypa.io/en/latest/commands.html#requirements>

use crate::plan::run::Run;
use crate::stack::Survey;

use super::export::Export;
use super::{Installation, PIP_CACHE, Wanted};

/// Pipenv itself lives in the Python of the build stages and leaves nothing in the environment.
pub(super) fn installation(s: &Survey<'_>, wanted: &Wanted<'_>) -> Installation {
    let is_locked = s.dir.has("Pipfile.lock");
    let lock = if is_locked { "" } else { "pipenv lock && " };
    let has_git = wanted.project.requirements.iter().any(|one| one.url.is_some());
    let hashes = if has_git || !is_locked { "" } else { " --hash" };
    Export {
        tool: Run::new("pip install 'pipenv>=2023.12,<2027'").cache(PIP_CACHE),
        files: if is_locked { &["Pipfile", "Pipfile.lock"] } else { &["Pipfile"] },
        lock: if is_locked { "Pipfile.lock" } else { "Pipfile" },
        list: format!("{lock}pipenv requirements{hashes} > /tmp/requirements.txt"),
        dev_list: Some(format!("{lock}pipenv requirements{hashes} --dev > /tmp/requirements.txt")),
    }
    .installation(s, wanted)
}
