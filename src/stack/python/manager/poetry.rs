//! Poetry, from its lock file. <https://python-poetry.org/docs/cli/#install>

use crate::plan::run::Run;
use crate::stack::Survey;

use super::{Installation, PIP, PIP_CACHE, VENV, Wanted, bind_all};

const CACHE: &str = "/root/.cache/pypoetry";

/// Poetry itself lives in the Python of the build stages, the dependencies in the environment.
pub(super) fn installation(s: &Survey<'_>, wanted: &Wanted<'_>) -> Installation {
    let files = ["pyproject.toml", "poetry.lock", "poetry.toml"];
    let run = |command: &str| wanted.with_index(Run::new(command)).cache(CACHE);
    let added = |run: Run, words: String| {
        if words.is_empty() { run } else { run.then(format!("{PIP}{words}")).cache(PIP_CACHE) }
    };
    let is_package = wanted.project.package.is_some();
    // `--no-root` leaves the project out until its sources are there.
    let deps = run(VENV).then("poetry install --only main --no-root --compile --no-interaction");
    Installation {
        from: if s.dir.has("poetry.lock") { "poetry.lock" } else { "pyproject.toml" }.to_owned(),
        env: vec![("VIRTUAL_ENV".to_owned(), "/opt/venv".to_owned())],
        tool: Some(Run::new(format!("pip install '{}'", version(s))).cache(PIP_CACHE)),
        deps: Some(bind_all(s, added(deps, wanted.added()), &files)),
        dev: Some(bind_all(
            s,
            added(run("poetry install --no-root --no-interaction"), wanted.dev_added()),
            &files,
        )),
        project: is_package.then(|| Run::new(format!("{PIP} --no-deps .")).cache(PIP_CACHE)),
        dev_project: is_package.then(|| run("poetry install --only-root --no-interaction")),
        ..Installation::default()
    }
}

/// The generation that wrote the lock file: each reads its own without complaint.
fn version(s: &Survey<'_>) -> &'static str {
    let first = s.doc("poetry.lock").and_then(|doc| doc.text.lines().next());
    let is_first = first.is_some_and(|line| line.contains("Poetry 1.") || !line.contains("generated"));
    if is_first { "poetry>=1.8,<2" } else { "poetry>=2,<3" }
}
