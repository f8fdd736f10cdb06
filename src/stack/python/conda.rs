//! `environment.yml`: what conda would install, as far as pip can.
//!
//! Images of Python have no conda, and most of what it installs is in the index under the same name. Other names are rows
//! of data; what is no Python package is left out and told of. The `pip` part is taken as it stands.
//! <https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html#creating-an-environment-file-manually>

use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact};
use crate::repo::dir::{Dir, Manifest};
use crate::repo::format::Tree;
use crate::stack::Survey;

use super::requirement::{Requirement, normalize};

/// The names of the file.
const FILES: &[&str] = &["environment.yml", "environment.yaml"];

/// What the file asks for.
#[derive(Debug, Default)]
pub(super) struct Environment {
    /// Its name.
    pub name: Option<String>,
    /// As pip takes it.
    pub wanted: Vec<Requirement>,
    /// The same as words of a command.
    pub words: Vec<String>,
    /// The Python line.
    pub python: Option<Fact<String>>,
    /// What is left out.
    left: Vec<Fact<String>>,
}

/// Packages that pip knows under another name. Sources: the recipes of conda-forge.
const RENAMED: &[(&str, &str)] = &[
    ("brotli-python", "brotli"),
    ("dask-core", "dask"),
    ("matplotlib-base", "matplotlib"),
    ("msgpack-python", "msgpack"),
    ("opencv", "opencv-python-headless"),
    ("psycopg2", "psycopg2-binary"),
    ("py-opencv", "opencv-python-headless"),
    ("py-xgboost", "xgboost"),
    ("pytables", "tables"),
    ("python-graphviz", "graphviz"),
    ("pytorch", "torch"),
    ("pytorch-cpu", "torch"),
    ("ruamel-yaml", "ruamel.yaml"),
    ("tensorflow-gpu", "tensorflow"),
];

/// What the environment has anyway.
const THERE: &[&str] = &["pip", "setuptools", "wheel"];

/// Packages that hold no Python, and those of conda itself. A name that ends in `*` stands for all that start so.
const OTHERS: &[&str] = &[
    "_*",
    "blas*",
    "bzip2",
    "c-compiler",
    "ca-certificates",
    "cmake",
    "compilers",
    "conda*",
    "cuda*",
    "cudatoolkit",
    "cudnn",
    "cxx-compiler",
    "ffmpeg",
    "fortran-compiler",
    "gcc*",
    "geos",
    "git",
    "graphviz",
    "gxx*",
    "hdf5",
    "icu",
    "intel-openmp",
    "jpeg",
    "ld-impl-linux*",
    "lib*",
    "make",
    "mkl*",
    "mpich",
    "ncurses",
    "nodejs",
    "openblas*",
    "openjdk",
    "openmpi",
    "openssl",
    "pandoc",
    "pkg-config",
    "postgresql",
    "proj",
    "pytorch-cuda",
    "pytorch-mutex",
    "r-*",
    "readline",
    "redis-server",
    "sqlite",
    "tk",
    "vc",
    "vs2015-runtime",
    "xz",
    "yaml",
    "zlib",
    "zstd",
];

/// The file of the folder. Others have files of that name too, which list no dependencies.
pub(super) fn file(dir: &Dir<'_>) -> Option<&'static str> {
    let lists = |file: &&&str| {
        dir.doc(file).is_some_and(|doc| doc.text.lines().any(|line| line.trim_end() == "dependencies:"))
    };
    FILES.iter().find(lists).copied()
}

impl Environment {
    /// Reads the file of the folder.
    pub fn read(s: &Survey<'_>) -> Option<Self> {
        let file = file(&s.dir)?;
        let manifest = s.parsed(s.doc(file)?.yaml())?;
        let name = manifest.tree.get("name").and_then(Tree::as_text).map(str::to_owned);
        let mut found = Self { name, ..Self::default() };
        for item in manifest.tree.get("dependencies").into_iter().flat_map(Tree::items) {
            if let Some(words) = item.as_text() {
                found.package(words, manifest.cite(item, words));
            }
            for item in item.get("pip").into_iter().flat_map(Tree::items) {
                found.pip_item(&manifest, item);
            }
        }
        Some(found)
    }

    /// `numpy=1.26`, `conda-forge::numpy>=1.26,<2`, `numpy=1.26.4=py311h64a7726_0`.
    fn package(&mut self, words: &str, because: Evidence) {
        let plain = words.rsplit("::").next().unwrap_or(words).replace(' ', "");
        let end = plain.find(|c: char| "=<>!~[".contains(c)).unwrap_or(plain.len());
        let (name, versions) = (normalize(&plain[..end]), &plain[end..]);
        if name == "python" {
            let line = versions.trim_start_matches(['=', '~', '>']);
            self.python = super::version::line_of(line).map(|line| Fact::new(line, because));
            return;
        }
        let (versions, build) = match versions.strip_prefix('=').and_then(|rest| rest.split_once('=')) {
            Some((exact, build)) if !exact.is_empty() => (format!("=={exact}"), Some(build)),
            _ => (versions.to_owned(), None),
        };
        // A file that conda wrote names each build, and those of Python packages say so.
        let is_native = build.is_some_and(|build| !build.contains("py"));
        if is_native || is_other(&name) {
            self.left.push(Fact::new(name, because));
        } else if !THERE.contains(&name.as_str()) {
            let known =
                RENAMED.iter().find(|(conda, _)| *conda == name).map_or(name.as_str(), |(_, pip)| pip);
            self.add(format!("{known}{}", fuzzy(&versions)), because);
        }
    }

    fn pip_item(&mut self, manifest: &Manifest<'_>, item: &Tree) {
        let Some(words) = item.as_text() else { return };
        let because = manifest.cite(item, words);
        if words.starts_with('-') {
            self.left.push(Fact::new(words.to_owned(), because));
        } else {
            self.add(words.to_owned(), because);
        }
    }

    fn add(&mut self, words: String, because: Evidence) {
        self.wanted.extend(Requirement::read(&words, because));
        self.words.push(words);
    }

    /// Says what becomes of the file.
    pub fn tell(&self, s: &Survey<'_>, because: &Evidence) {
        let message = "pip installs what the file of conda names: the images of Python have no conda";
        let help =
            "a requirements.txt says it without a guess; packages of Debian go to runtime.system_packages";
        s.note(Diagnostic::note(Code::Guessed, message).at(because.at.clone()).help(help));
        if let Some(first) = self.left.first() {
            let names: Vec<&str> = self.left.iter().map(|one| one.value.as_str()).collect();
            let message = format!("left out, because pip does not have it: {}", names.join(", "));
            s.note(Diagnostic::warning(Code::SystemPackage, message).at(first.because.at.clone()));
        }
    }
}

fn is_other(name: &str) -> bool {
    OTHERS.iter().any(|row| match row.strip_suffix('*') {
        Some(start) => name.starts_with(start) || (start == "_" && name.starts_with('-')),
        None => *row == name,
    })
}

/// One `=` allows every release that begins so.
fn fuzzy(versions: &str) -> String {
    match versions.strip_prefix('=') {
        Some(version) if !version.starts_with('=') => {
            format!("=={}.*", version.trim_end_matches(".*").trim_end_matches('*').trim_end_matches('.'))
        }
        _ => versions.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::plan::catalog::Catalog;
    use crate::repo::inventory::Inventory;
    use crate::repo::path::RelPath;

    #[test]
    fn what_pip_has_is_told_from_the_rest() {
        let text = "name: x\nchannels: [conda-forge]\ndependencies:\n  - python=3.11.*\n  - numpy=1.26\n  - conda-forge::pytorch >=2.1,<3\n\
                    \x20 - pandas==2.2.0\n  - cudatoolkit=11.8\n  - _libgcc_mutex=0.1=main\n  - scipy=1.13.0=py311h64a7726_0\n  - zlib=1.2.13=h4ab18f5_6\n\
                    \x20 - tqdm=4.66.2=pyhd8ed1ab_0\n  - pip\n  - flask\n  - pip:\n    - gunicorn==23.0.0\n    - -e .\n";
        let inventory = Inventory::from_files([("environment.yml", text)]);
        let survey = Survey::new(inventory.dir(RelPath::root()), Catalog::builtin(), &Settings::default());
        let found = Environment::read(&survey).unwrap();
        assert_eq!(
            found.words,
            [
                "numpy==1.26.*",
                "torch>=2.1,<3",
                "pandas==2.2.0",
                "scipy==1.13.0",
                "tqdm==4.66.2",
                "flask",
                "gunicorn==23.0.0"
            ]
        );
        assert_eq!(found.python.unwrap().value, "3.11");
        let left: Vec<&str> = found.left.iter().map(|one| one.value.as_str()).collect();
        assert_eq!(left, ["cudatoolkit", "-libgcc-mutex", "zlib", "-e ."]);
    }
}
