//! PDM, from its lock file. <https://pdm-project.org/latest/usage/advanced/#use-pdm-in-a-multi-stage-dockerfile>

use crate::plan::run::Run;
use crate::stack::Survey;

use super::{Installation, PIP, PIP_CACHE, VENV, Wanted, bind_all};

/// PDM itself lives in the Python of the build stages, the dependencies in the environment.
pub(super) fn installation(s: &Survey<'_>, wanted: &Wanted<'_>) -> Installation {
    let files = ["pyproject.toml", "pdm.lock", "pdm.toml"];
    let run = |command: &str| wanted.with_index(Run::new(command)).cache("/root/.cache/pdm");
    let added = |run: Run, words: String| {
        if words.is_empty() { run } else { run.then(format!("{PIP}{words}")).cache(PIP_CACHE) }
    };
    let is_package = wanted.project.package.is_some();
    let deps = run(VENV).then("pdm sync --prod --no-self");
    Installation {
        from: if s.dir.has("pdm.lock") { "pdm.lock" } else { "pyproject.toml" }.to_owned(),
        env: [("PDM_CHECK_UPDATE", "0"), ("VIRTUAL_ENV", "/opt/venv")]
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .to_vec(),
        tool: Some(Run::new("pip install 'pdm>=2.20,<3'").cache(PIP_CACHE)),
        deps: Some(bind_all(s, added(deps, wanted.added()), &files)),
        dev: Some(bind_all(s, added(run("pdm sync --dev --no-self"), wanted.dev_added()), &files)),
        project: is_package.then(|| Run::new(format!("{PIP} --no-deps .")).cache(PIP_CACHE)),
        dev_project: is_package.then(|| Run::new(format!("{PIP} --no-deps -e .")).cache(PIP_CACHE)),
        ..Installation::default()
    }
}
