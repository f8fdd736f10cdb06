//! Pipenv: its lock file becomes requirements with hashes, and pip installs them.
//! <https://pipenv.pypa.io/en/latest/commands.html#requirements>

use crate::plan::run::Run;
use crate::stack::Survey;

use super::{Installation, PIP, PIP_CACHE, VENV, Wanted, bind_all};

/// Pipenv itself lives in the Python of the build stages, the dependencies in the environment.
pub(super) fn installation(s: &Survey<'_>, wanted: &Wanted<'_>) -> Installation {
    let files = ["Pipfile", "Pipfile.lock"];
    let is_locked = s.dir.has("Pipfile.lock");
    let lock = if is_locked { "" } else { "pipenv lock && " };
    let list = |flag: &str| format!("{lock}pipenv requirements{flag} > /tmp/requirements.txt");
    let install = format!("{PIP} -r /tmp/requirements.txt");
    let deps = Run::new(list("")).then(VENV).then(format!("{install}{}", wanted.added()));
    let dev = Run::new(list(" --dev")).then(format!("{install}{}", wanted.dev_added()));
    let finish = |run: Run| bind_all(s, wanted.with_index(run).cache(PIP_CACHE), &files);
    Installation {
        from: if is_locked { "Pipfile.lock" } else { "Pipfile" }.to_owned(),
        tool: Some(Run::new("pip install 'pipenv>=2024,<2027'").cache(PIP_CACHE)),
        deps: Some(finish(deps)),
        dev: Some(finish(dev)),
        ..Installation::default()
    }
}
