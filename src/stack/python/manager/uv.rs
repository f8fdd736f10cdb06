//! uv, from its lock file. <https://docs.astral.sh/uv/guides/integration/docker/>

use crate::plan::run::{Run, quote};
use crate::stack::Survey;

use super::{Installation, UV_CACHE, Wanted, bind_all, dev_names};

/// The program is mounted while it runs and never becomes part of an image.
pub(super) fn installation(s: &Survey<'_>, wanted: &Wanted<'_>) -> Installation {
    let workspace = wanted.project.workspace.as_ref();
    let is_locked = workspace.map_or_else(|| s.dir.has("uv.lock"), |all| all.root.has("uv.lock"));
    let locked = if is_locked { " --frozen" } else { "" };
    let package = workspace.map_or_else(String::new, |all| format!(" --package {}", quote(&all.name)));
    let packages = if workspace.is_some() { "workspace" } else { "project" };
    let prepare = |command: String| {
        let run = Run::new(command).bind_from(&wanted.uv, "/uv", "/bin/uv");
        wanted.with_index(run).cache(UV_CACHE)
    };
    let bound = |command: String| match workspace {
        Some(all) => {
            let files = ["pyproject.toml", "uv.lock"].map(str::to_owned).into_iter().chain(all.manifests());
            files.fold(prepare(command), |run, file| run.bind(&file))
        }
        None => bind_all(s, prepare(command), &["pyproject.toml", "uv.lock"]),
    };
    let extras: String = dev_names(wanted.project, &["project", "optional-dependencies"])
        .iter()
        .fold(String::new(), |words, extra| format!("{words} --extra {extra}"));
    let groups: String = dev_names(wanted.project, &["dependency-groups"])
        .iter()
        .filter(|group| *group != "dev")
        .fold(String::new(), |words, group| format!("{words} --group {group}"));
    let added = |run: Run, words: String| {
        if words.is_empty() { run } else { run.then(format!("uv pip install --python /opt/venv{words}")) }
    };
    let deps =
        added(bound(format!("uv sync{locked}{package} --no-dev --no-install-{packages}")), wanted.added());
    let dev = format!("uv sync{locked}{package} --inexact --no-install-{packages}{extras}{groups}");
    // Other members that it needs are packages, whatever it is itself.
    let is_package =
        wanted.project.package.is_some() || workspace.is_some_and(|all| !all.libraries().is_empty());
    Installation {
        from: if locked.is_empty() { "pyproject.toml" } else { "uv.lock" }.to_owned(),
        env: super::uv_env(),
        deps: Some(deps),
        dev: Some(added(bound(dev), wanted.dev_added())),
        project: is_package
            .then(|| prepare(format!("uv sync{locked}{package} --inexact --no-dev --no-editable"))),
        dev_project: is_package
            .then(|| prepare(format!("uv sync{locked}{package} --inexact{extras}{groups}"))),
        ..Installation::default()
    }
}
