//! A project without a lock file, installed by its own build backend: PEP 621, `setup.py`, `setup.cfg`.

use crate::fact::Layer;
use crate::plan::run::{Run, quote};
use crate::repo::dir::Manifest;
use crate::stack::Survey;

use super::{Installation, PIP_CACHE, UV_CACHE, Wanted, bind_all, dev_names};

/// Dependencies that stand in `[project]` are installed from the manifest alone; what only a script knows
/// has to wait for the sources.
pub(super) fn installation(s: &Survey<'_>, wanted: &Wanted<'_>) -> Installation {
    let is_static = wanted.project.pyproject.as_ref().is_some_and(says_all);
    match &wanted.project.written {
        _ if is_static => from_manifest(s, wanted),
        Some(words) if !words.is_empty() => from_list(wanted, words),
        _ => from_sources(wanted),
    }
}

/// Does `[project]` say what the project depends on, and no script?
pub(in super::super) fn says_all(manifest: &Manifest<'_>) -> bool {
    let dynamic = manifest.tree.at(&["project", "dynamic"]);
    manifest.tree.get("project").is_some()
        && !dynamic.is_some_and(|names| names.texts().any(|name| name == "dependencies"))
}

/// What a list in `setup.py` names is installed before the sources are there, the project itself after them.
fn from_list(wanted: &Wanted<'_>, words: &[String]) -> Installation {
    let list: Vec<String> = words.iter().map(|one| format!(" {}", quote(one))).collect();
    let list = list.concat();
    let pip = wanted.install();
    let deps = Run::new(wanted.pip.venv()).then(format!("{pip}{list}{}", wanted.added()));
    let project =
        |flag: &str| wanted.with_index(Run::new(format!("{pip} --no-deps {flag}.")).cache(PIP_CACHE));
    Installation {
        needs_sources: false,
        deps: Some(wanted.with_index(deps.cache(PIP_CACHE))),
        project: Some(project("")),
        dev_project: Some(project("-e ")),
        ..from_sources(wanted)
    }
}

fn from_manifest(s: &Survey<'_>, wanted: &Wanted<'_>) -> Installation {
    let prepare = |command: String| {
        let run = Run::new(command).bind_from(&wanted.uv, "/uv", "/bin/uv");
        wanted.with_index(run).cache(UV_CACHE)
    };
    let extras: String = dev_names(wanted.project, &["project", "optional-dependencies"])
        .iter()
        .fold(String::new(), |words, extra| format!("{words} --extra {extra}"));
    let groups: String = dev_names(wanted.project, &["dependency-groups"])
        .iter()
        .fold(String::new(), |words, group| format!("{words} --group {group}"));
    let list = format!("uv pip install --python /opt/venv{} -r pyproject.toml", wanted.torch.for_uv());
    let deps = prepare(wanted.pip.venv().to_owned()).then(format!("{list}{}", wanted.added()));
    let dev = format!("{list}{extras}{groups}{}", wanted.dev_added());
    let install = |flag: &str| prepare(format!("uv pip install --python /opt/venv --no-deps {flag}."));
    let is_package = wanted.project.package.is_some();
    Installation {
        from: "pyproject.toml".to_owned(),
        env: super::uv_env(),
        deps: Some(bind_all(s, deps, &["pyproject.toml"])),
        dev: Some(bind_all(s, prepare(dev), &["pyproject.toml"])),
        project: is_package.then(|| install("")),
        dev_project: is_package.then(|| install("-e ")),
        ..Installation::default()
    }
}

/// Installs the project with what it depends on, once its sources are there.
pub(super) fn from_sources(wanted: &Wanted<'_>) -> Installation {
    let dev = wanted.dev_added();
    let (venv, pip) = (wanted.pip.venv(), wanted.install());
    // The file that describes the package, whoever said that pip installs it.
    let manager = &wanted.project.manager;
    let mut reasons = std::iter::once(&manager.because).chain(manager.over.iter().map(|lost| &lost.because));
    let described = reasons.find(|because| because.layer == Layer::Detected);
    let file = described.and_then(|because| because.at.as_ref()).map(|at| at.file.name().to_owned());
    Installation {
        from: file.unwrap_or_default(),
        needs_sources: true,
        deps: Some(
            wanted.with_index(Run::new(venv).then(format!("{pip} .{}", wanted.added())).cache(PIP_CACHE)),
        ),
        dev: (!dev.is_empty()).then(|| Run::new(format!("{pip}{dev}")).cache(PIP_CACHE)),
        ..Installation::default()
    }
}
