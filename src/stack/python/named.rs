//! Whether a manifest names a package, whoever installs it and for whatever it is there: for those who ask about a package and
//! not about the project.

use crate::config::Settings;
use crate::plan::catalog::Catalog;
use crate::repo::dir::{Dir, Manifest};
use crate::repo::format::Tree;
use crate::stack::Survey;

use super::project::{listed, tabled};
use super::requirement::{Requirements, normalize};
use super::requirements_txt::RequirementsFile;

/// Does a requirements file, `pyproject.toml` or `Pipfile` of the folder name the package? None where another manifest is
/// asked, or one that does not read.
pub(crate) fn names(dir: &Dir<'_>, file: &str, package: &str) -> Option<bool> {
    let named = match file {
        "pyproject.toml" => of_pyproject(&dir.toml(file)?.ok()?),
        "Pipfile" => of_pipfile(&dir.toml(file)?.ok()?),
        _ if file.ends_with(".txt") => {
            let s = Survey::new(dir.clone(), Catalog::builtin(), &Settings::default());
            RequirementsFile::read(&s, file)?.requirements
        }
        _ => return None,
    };
    Some(named.has(&normalize(package)))
}

/// <https://packaging.python.org/en/latest/specifications/pyproject-toml/>,
/// <https://packaging.python.org/en/latest/specifications/dependency-groups/>, and the manuals of Poetry, PDM and uv.
fn of_pyproject(manifest: &Manifest<'_>) -> Requirements {
    const LISTS: [&[&str]; 3] =
        [&["build-system", "requires"], &["project", "dependencies"], &["tool", "uv", "dev-dependencies"]];
    const LISTS_BY_GROUP: [&[&str]; 3] =
        [&["dependency-groups"], &["project", "optional-dependencies"], &["tool", "pdm", "dev-dependencies"]];
    const TABLES: [&[&str]; 2] =
        [&["tool", "poetry", "dependencies"], &["tool", "poetry", "dev-dependencies"]];
    let at = |path: &[&str]| manifest.tree.at(path);
    let groups = |path: &[&str]| at(path).into_iter().flat_map(Tree::entries).map(|(_, group)| group);
    let mut named = Requirements::default();
    for list in LISTS.into_iter().filter_map(at).chain(LISTS_BY_GROUP.into_iter().flat_map(groups)) {
        named.extend(listed(manifest, Some(list)));
    }
    let of_groups = groups(&["tool", "poetry", "group"]).filter_map(|group| group.get("dependencies"));
    for table in TABLES.into_iter().filter_map(at).chain(of_groups) {
        named.extend(tabled(manifest, Some(table)));
    }
    named
}

/// <https://pipenv.pypa.io/en/latest/pipfile.html>
fn of_pipfile(manifest: &Manifest<'_>) -> Requirements {
    let mut named = Requirements::default();
    for table in ["packages", "dev-packages"] {
        named.extend(tabled(manifest, manifest.tree.get(table)));
    }
    named
}
