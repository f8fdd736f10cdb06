//! PDM: its lock file becomes requirements with hashes, and pip installs them.
//! <https://pdm-project.org/latest/reference/cli/#export>

use crate::plan::run::Run;
use crate::stack::Survey;

use super::export::Export;
use super::{Installation, PIP_CACHE, Wanted, build};

/// PDM itself lives in the Python of the build stages and leaves nothing in the environment.
pub(super) fn installation(s: &Survey<'_>, wanted: &Wanted<'_>) -> Installation {
    if !s.dir.has("pdm.lock") {
        return build::from_sources(wanted);
    }
    Export {
        tool: Run::new("pip install 'pdm>=2.20,<3'").cache(PIP_CACHE),
        files: &["pyproject.toml", "pdm.lock"],
        lock: "pdm.lock",
        list: "PDM_USE_VENV=0 pdm export --prod --output /tmp/requirements.txt".to_owned(),
        dev_list: Some("PDM_USE_VENV=0 pdm export --output /tmp/requirements.txt".to_owned()),
    }
    .installation(s, wanted)
}
