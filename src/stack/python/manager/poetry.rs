//! Poetry: its lock file becomes requirements with hashes, and pip installs them.
//! <https://github.com/python-poetry/poetry-plugin-export>

use crate::plan::run::Run;
use crate::stack::Survey;

use super::export::Export;
use super::{Installation, PIP_CACHE, Wanted, build, dev_names};

/// Poetry itself lives in the Python of the build stages and leaves nothing in the environment.
pub(super) fn installation(s: &Survey<'_>, wanted: &Wanted<'_>) -> Installation {
    if !s.dir.has("poetry.lock") {
        return build::from_sources(wanted);
    }
    let project = wanted.project;
    let manifest = project.pyproject.as_ref();
    let has_old_group =
        manifest.is_some_and(|m| m.tree.at(&["tool", "poetry", "dev-dependencies"]).is_some());
    let mut groups = dev_names(project, &["tool", "poetry", "group"]);
    groups.extend(dev_names(project, &["dependency-groups"]));
    groups.extend(has_old_group.then(|| "dev".to_owned()));
    groups.sort();
    groups.dedup();
    let has_git = project.requirements.iter().any(|one| one.url.is_some());
    let hashes = if has_git { " --without-hashes" } else { "" };
    Export {
        tool: Run::new(format!("pip install {}", version(s))).cache(PIP_CACHE),
        files: &["pyproject.toml", "poetry.lock"],
        lock: "poetry.lock",
        list: format!("poetry export{hashes} --output /tmp/requirements.txt"),
        dev_list: (!groups.is_empty()).then(|| {
            format!("poetry export{hashes} --with {} --output /tmp/requirements.txt", groups.join(","))
        }),
    }
    .installation(s, wanted)
}

/// The generation that wrote the lock file: each reads its own without complaint.
fn version(s: &Survey<'_>) -> &'static str {
    let first = s.doc("poetry.lock").and_then(|doc| doc.text.lines().next());
    let is_first = first.is_some_and(|line| line.contains("Poetry 1.") || !line.contains("generated"));
    if is_first {
        "'poetry>=1.8,<2' 'poetry-plugin-export>=1.8,<2'"
    } else {
        "'poetry>=2,<3' 'poetry-plugin-export>=1.9,<2'"
    }
}
