//! `PyTorch` without CUDA. Its wheels in the index bring NVIDIA's libraries, several gigabytes that a machine without such
//! a card never loads; those of the same versions without them stand in an index of `PyTorch`'s own.
//!
//! <https://pytorch.org/get-started/locally/>, <https://docs.astral.sh/uv/guides/integration/pytorch/>

use crate::diag::{Code, Diagnostic};
use crate::fact::Evidence;
use crate::key::{Key, Shape, text};
use crate::stack::Survey;

use super::project::{Manager, Project};

pub(super) static TORCH: Key<String> = Key {
    name: "python.torch",
    shape: Shape::OneOf(&["cpu", "default"]),
    doc: "\"cpu\" installs PyTorch without CUDA, which is gigabytes smaller; \"default\" what the index has",
    parse: |value| match text(value)?.as_str() {
        known @ ("cpu" | "default") => Ok(known.to_owned()),
        _ => Err("expected \"cpu\" or \"default\"".into()),
    },
};

/// Which wheels of `PyTorch` are installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Torch {
    /// Those that the project's index or lock file has.
    AsNamed,
    /// Those without CUDA.
    Cpu,
}

/// `PyTorch`, and packages that bring it. Sources: the requirements that each names.
const BRING: &[&str] = &[
    "torch",
    "torchaudio",
    "torchvision",
    "accelerate",
    "easyocr",
    "fastai",
    "lightning",
    "openai-whisper",
    "pytorch-lightning",
    "sentence-transformers",
    "timm",
    "ultralytics",
];

/// Who decides which wheels are installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Versions {
    /// A lock file, with their hashes.
    Locked,
    /// Whoever installs.
    Open,
}

const LOCK_AGAIN: &str = "name PyTorch's index for CPUs in the manifest, and lock again";

impl Torch {
    /// What people say. Without a word of theirs the smaller wheels are offered.
    pub fn choose(s: &Survey<'_>, project: &Project<'_>) -> Self {
        let wish = s.choice(&TORCH).decide();
        let Some(because) = BRING.iter().find_map(|name| project.evidence(name)) else {
            return Self::AsNamed;
        };
        let is_hashed = project.list.as_ref().is_some_and(|(_, list)| list.hashed.is_some());
        let is_locked = is_hashed
            || !matches!(
                project.manager.value,
                Manager::Pip | Manager::Build | Manager::Conda | Manager::None
            );
        let versions = if is_locked { Versions::Locked } else { Versions::Open };
        match wish {
            Some(wish) if wish.value != "cpu" => Self::AsNamed,
            Some(_) if versions == Versions::Locked => {
                let message = "`python.torch` is not granted: the lock file names the wheels";
                let finding = Diagnostic::warning(Code::BadSetting, message).at(because.at.clone());
                s.note(finding.help(LOCK_AGAIN));
                Self::AsNamed
            }
            Some(_) => Self::Cpu,
            None => {
                if brings_cuda(s, project, versions) {
                    offer(s, &because, versions);
                }
                Self::AsNamed
            }
        }
    }

    /// The option of pip.
    pub fn for_pip(self) -> &'static str {
        match self {
            Self::AsNamed => "",
            Self::Cpu => " --extra-index-url https://download.pytorch.org/whl/cpu",
        }
    }

    /// The option of `uv pip`.
    pub fn for_uv(self) -> &'static str {
        match self {
            Self::AsNamed => "",
            Self::Cpu => " --torch-backend=cpu",
        }
    }
}

/// Does what is asked for come with NVIDIA's libraries? A lock file lists them; elsewhere they come unless the files name
/// the other wheels.
fn brings_cuda(s: &Survey<'_>, project: &Project<'_>, versions: Versions) -> bool {
    if versions == Versions::Locked && !project.locked.is_empty() {
        return project.locked.iter().any(|one| one.name.starts_with("nvidia-") && project.has(&one.name));
    }
    let lists = project.list.iter().flat_map(|(_, list)| list.files.iter().map(String::as_str));
    let mut files = lists.chain(["pyproject.toml", "environment.yml"]);
    !files.any(|file| {
        s.dir
            .doc(file)
            .is_some_and(|doc| ["whl/cpu", "+cpu", "cpuonly"].iter().any(|words| doc.text.contains(words)))
    })
}

fn offer(s: &Survey<'_>, because: &Evidence, versions: Versions) {
    let message = "PyTorch comes with CUDA: gigabytes that a container without a card of NVIDIA never loads";
    let help = match versions {
        Versions::Locked => LOCK_AGAIN,
        Versions::Open => "`--set python.torch=cpu` installs it without",
    };
    s.note(Diagnostic::note(Code::SystemPackage, message).at(because.at.clone()).help(help));
}
