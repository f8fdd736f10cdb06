//! How dependencies get into the image's virtual environment, one small file for each manager.
//!
//! All build `/opt/venv` from manifests and lock files alone, so that an edited source leaves it cached,
//! and without pip in it: what is shipped cannot install anything.

mod build;
mod export;
mod pdm;
mod pip;
mod pipenv;
mod poetry;
mod uv;

pub(super) use build::says_all;
use serde::Serialize;

use crate::fact::Fact;
use crate::plan::run::{Run, quote};
use crate::plan::secret_file;
use crate::repo::path::RelPath;
use crate::stack::Survey;

use super::program::Added;
use super::project::{Manager, Project};
use super::torch::Torch;
use super::version::newer;

/// The commands of one manager.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Installation {
    /// What the dependencies come from, for a comment.
    pub from: String,
    /// Variables of the stages that install.
    pub env: Vec<(String, String)>,
    /// Brings the manager itself.
    pub tool: Option<Run>,
    /// Do the dependencies need the sources, because a requirement is a folder of the project?
    pub needs_sources: bool,
    /// Installs what runs.
    pub deps: Option<Run>,
    /// Installs the tools of development besides.
    pub dev: Option<Run>,
    /// Installs the project itself, after its sources are there.
    pub project: Option<Run>,
    /// The same for development.
    pub dev_project: Option<Run>,
}

impl Installation {
    /// The same where the project lies in this folder of the build context.
    pub fn in_folder(self, folder: &RelPath) -> Self {
        let place = |run: Option<Run>| run.map(|run| run.in_folder(folder));
        Self {
            tool: place(self.tool),
            deps: place(self.deps),
            dev: place(self.dev),
            project: place(self.project),
            dev_project: place(self.dev_project),
            ..self
        }
    }
}

/// How pip of a Python line fills an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pip {
    /// It stays outside and is told where to install: `--python` came with pip 22.3, which needs Python 3.7.
    /// <https://pip.pypa.io/en/stable/topics/python-option/>
    Outside,
    /// The environment has a pip of its own.
    Inside,
    /// The same, and the environment is made by virtualenv: Python 2 has no `venv`.
    Virtualenv,
}

impl Pip {
    /// That of a Python line.
    pub fn of(line: &str) -> Self {
        match line {
            _ if line.starts_with("2.") => Self::Virtualenv,
            _ if newer("3.7", line) => Self::Inside,
            _ => Self::Outside,
        }
    }

    /// Makes the environment.
    fn venv(self) -> &'static str {
        match self {
            Self::Outside => "python -m venv --without-pip /opt/venv",
            Self::Inside => "python -m venv /opt/venv",
            Self::Virtualenv => "/usr/local/bin/pip install virtualenv && virtualenv /opt/venv",
        }
    }

    /// Installs into it.
    fn install(self) -> &'static str {
        match self {
            Self::Outside => "/usr/local/bin/python -m pip --python /opt/venv install",
            Self::Inside | Self::Virtualenv => "/opt/venv/bin/pip install",
        }
    }

    /// A requirement of dockgen's own: an old Python takes the newest release that still knows it.
    fn wanted(self, requirement: &str) -> String {
        match self {
            Self::Outside => quote(requirement),
            Self::Inside | Self::Virtualenv => {
                quote(requirement.split(['>', '=', '<', '~']).next().unwrap_or(requirement))
            }
        }
    }
}

/// What the commands depend on.
pub(super) struct Wanted<'p> {
    pub project: &'p Project<'p>,
    /// How packages get into the environment.
    pub pip: Pip,
    /// Packages that nothing asks for.
    pub adds: &'p [Added],
    /// Packages that the tests need and nothing asks for.
    pub dev_adds: &'p [String],
    /// The image with uv in it.
    pub uv: String,
    /// The registry that needs a password.
    pub index: Option<Fact<String>>,
    /// Which wheels of `PyTorch`.
    pub torch: Torch,
}

impl Wanted<'_> {
    /// Installs into the environment.
    fn install(&self) -> String {
        format!("{}{}", self.pip.install(), self.torch.for_pip())
    }

    /// Added packages as words of a command, each with a blank before it.
    fn added(&self) -> String {
        self.adds
            .iter()
            .fold(String::new(), |words, add| format!("{words} {}", self.pip.wanted(&add.requirement)))
    }

    fn dev_added(&self) -> String {
        self.dev_adds.iter().fold(String::new(), |words, add| format!("{words} {}", self.pip.wanted(add)))
    }

    /// The settings of a private index, kept out of the image.
    fn with_index(&self, run: Run) -> Run {
        if self.index.is_some() {
            run.secret(secret_file::PIP.id, "/etc/pip.conf").secret(secret_file::NETRC.id, "/root/.netrc")
        } else {
            run
        }
    }
}

/// The commands of the project's manager.
pub(super) fn installation(s: &Survey<'_>, wanted: &Wanted<'_>) -> Installation {
    match wanted.project.manager.value {
        Manager::Uv => uv::installation(s, wanted),
        Manager::Poetry => poetry::installation(s, wanted),
        Manager::Pdm => pdm::installation(s, wanted),
        Manager::Pipenv => pipenv::installation(s, wanted),
        Manager::Pip => pip::installation(wanted),
        Manager::Build => build::installation(s, wanted),
        Manager::Conda => pip::of_conda(wanted),
        Manager::None => pip::nothing_but_added(wanted),
    }
}

const PIP_CACHE: &str = "/root/.cache/pip";
const UV_CACHE: &str = "/root/.cache/uv";

/// The manifest files that are there.
fn bind_all(s: &Survey<'_>, run: Run, files: &[&str]) -> Run {
    files.iter().filter(|file| s.dir.has(file)).fold(run, |run, file| run.bind(file))
}

/// The extras or groups of development that a table of the manifest has.
fn dev_names(project: &Project<'_>, table: &[&str]) -> Vec<String> {
    let Some(tree) = project.pyproject.as_ref().and_then(|manifest| manifest.tree.at(table)) else {
        return Vec::new();
    };
    let known = |name: &&str| super::project::DEV_GROUPS.contains(name);
    tree.entries().map(|(name, _)| name).filter(known).map(str::to_owned).collect()
}

/// uv compiles what it installs, copies out of its cache, and takes the Python of the image.
/// <https://docs.astral.sh/uv/reference/environment/>
fn uv_env() -> Vec<(String, String)> {
    [
        ("UV_COMPILE_BYTECODE", "1"),
        ("UV_LINK_MODE", "copy"),
        ("UV_PROJECT_ENVIRONMENT", "/opt/venv"),
        ("UV_PYTHON", "/usr/local/bin/python"),
        ("UV_PYTHON_DOWNLOADS", "never"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}
