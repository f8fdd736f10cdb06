//! What managers have in common that write their lock file as a requirements file for pip.
//!
//! The lock decides every version; pip, which knows the registries of the machine, fetches and compiles.

use crate::plan::run::Run;
use crate::stack::Survey;

use super::{Installation, PIP_CACHE, Wanted, bind_all};

/// One such manager.
pub(super) struct Export {
    /// Brings the manager.
    pub tool: Run,
    /// What it reads.
    pub files: &'static [&'static str],
    /// What the dependencies come from.
    pub lock: &'static str,
    /// Writes `/tmp/requirements.txt` with what runs.
    pub list: String,
    /// The same with the tools of development.
    pub dev_list: Option<String>,
}

impl Export {
    /// The commands.
    pub fn installation(self, s: &Survey<'_>, wanted: &Wanted<'_>) -> Installation {
        // The lock is complete: what another Python line would need besides is not looked up again without a hash.
        let pip = wanted.install();
        let install = format!("{pip} --no-deps -r /tmp/requirements.txt");
        // Packages without hashes cannot share a command with packages that have some.
        let more =
            |run: Run, words: String| if words.is_empty() { run } else { run.then(format!("{pip}{words}")) };
        let finish = |run: Run| bind_all(s, wanted.with_index(run).cache(PIP_CACHE), self.files);
        let deps = more(Run::new(self.list.clone()).then(wanted.pip.venv()).then(&install), wanted.added());
        let dev = match &self.dev_list {
            Some(list) => Some(finish(more(Run::new(list.clone()).then(&install), wanted.dev_added()))),
            None if wanted.dev_adds.is_empty() => None,
            None => Some(Run::new(format!("{pip}{}", wanted.dev_added())).cache(PIP_CACHE)),
        };
        let is_package = wanted.project.package.is_some();
        let project = |flag: &str| Run::new(format!("{pip} --no-deps {flag}.")).cache(PIP_CACHE);
        Installation {
            from: self.lock.to_owned(),
            tool: Some(self.tool),
            deps: Some(finish(deps)),
            dev,
            project: is_package.then(|| project("")),
            dev_project: is_package.then(|| project("-e ")),
            ..Installation::default()
        }
    }
}
