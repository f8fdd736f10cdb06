//! What a folder says about its dependencies, whoever manages them.
//!
//! Several managers' files may stand side by side; one of them counts, and the others are told of.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact};
use crate::key::{Key, Shape, text};
use crate::repo::dir::Manifest;
use crate::repo::format::{Kind, Tree};
use crate::stack::Survey;

use super::conda::{self, Environment};
use super::requirement::{Requirement, Requirements, normalize};
use super::requirements_txt::RequirementsFile;
use super::setup;
use super::workspace::{self, Workspace};

/// Everything that manifests and lock files say.
#[derive(Debug)]
pub(super) struct Project<'a> {
    /// Who installs.
    pub manager: Fact<Manager>,
    /// `pyproject.toml`.
    pub pyproject: Option<Manifest<'a>>,
    /// `Pipfile`.
    pub pipfile: Option<Manifest<'a>>,
    /// The requirements file that is installed.
    pub list: Option<(String, RequirementsFile)>,
    /// The requirements file with the tools of development.
    pub dev_list: Option<(String, RequirementsFile)>,
    /// What runs needs.
    pub requirements: Requirements,
    /// What development needs besides.
    pub dev: Requirements,
    /// Lock files' exact versions and wheels, by package.
    pub locked: Vec<Locked>,
    /// Names of the packages that what runs needs.
    reached: BTreeSet<String>,
    /// Is the project itself installed as a package?
    pub package: Option<Fact<String>>,
    /// Commands that the package brings: name and `module:function`.
    pub scripts: Vec<(String, Fact<String>)>,
    /// What `setup.py` asks for, where a list in it says all.
    pub written: Option<Vec<String>>,
    /// The workspace whose lock file counts.
    pub workspace: Option<Workspace<'a>>,
    /// The file of conda, where it counts.
    pub environment: Option<Environment>,
}

/// A package as a lock file has it.
#[derive(Debug, Clone)]
pub(super) struct Locked {
    /// Its name, normalized.
    pub name: String,
    /// Its version.
    pub version: String,
    /// File names of its wheels.
    pub wheels: Vec<String>,
    /// The packages it asks for, normalized.
    pub needs: Vec<String>,
    /// Where it stands.
    pub because: Evidence,
}

/// Who installs the dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manager {
    /// `uv.lock`.
    Uv,
    /// `poetry.lock`, or `[tool.poetry]`.
    Poetry,
    /// `pdm.lock`.
    Pdm,
    /// `Pipfile`.
    Pipenv,
    /// Requirements files.
    Pip,
    /// `pyproject.toml` or `setup.py` alone: the project is installed with what it depends on.
    Build,
    /// `environment.yml` alone: pip installs what it has of that.
    Conda,
    /// Nothing to install.
    None,
}

/// Managers by the file that speaks for each, most binding first.
const MANAGERS: &[(Manager, &str, &str)] = &[
    (Manager::Uv, "uv", "uv.lock"),
    (Manager::Poetry, "poetry", "poetry.lock"),
    (Manager::Pdm, "pdm", "pdm.lock"),
    (Manager::Pipenv, "pipenv", "Pipfile.lock"),
    (Manager::Pip, "pip", "requirements.txt"),
    (Manager::Pipenv, "pipenv", "Pipfile"),
];

pub(super) static REQUIREMENTS: Key<String> = Key {
    name: "python.requirements",
    shape: Shape::Text,
    doc: "the requirements file that pip installs, such as requirements/prod.txt",
    parse: text,
};

/// Requirements files that are installed, the most usual first.
const LISTS: &[&str] = &[
    "requirements.txt",
    "requirements/production.txt",
    "requirements/prod.txt",
    "requirements-prod.txt",
    "requirements_prod.txt",
    "requirements.prod.txt",
    "requirements/requirements.txt",
    "requirements/base.txt",
    "requirements/common.txt",
    "requirements/main.txt",
    "requirements/deploy.txt",
    "Requirements.txt",
    "requirement.txt",
    "requirements.in",
];

/// Requirements files with the tools of development, the most usual first.
const DEV_LISTS: &[&str] = &[
    "requirements-dev.txt",
    "requirements_dev.txt",
    "requirements.dev.txt",
    "dev-requirements.txt",
    "dev_requirements.txt",
    "requirements-test.txt",
    "requirements_test.txt",
    "requirements-tests.txt",
    "test-requirements.txt",
    "test_requirements.txt",
    "requirements/dev.txt",
    "requirements/development.txt",
    "requirements/local.txt",
    "requirements/test.txt",
    "requirements/tests.txt",
    "requirements/testing.txt",
    "requirements/requirements-dev.txt",
    "tests/requirements.txt",
];

/// Groups and extras with the tools of development.
pub(super) const DEV_GROUPS: &[&str] = &["dev", "test", "tests", "testing", "development"];

impl std::fmt::Display for Manager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let row = MANAGERS.iter().find(|(manager, ..)| manager == self);
        let rest = if *self == Self::Conda { "conda" } else { "pip" };
        f.write_str(row.map_or(rest, |(_, name, _)| name))
    }
}

impl<'a> Project<'a> {
    /// Reads the folder; none when nothing in it speaks of dependencies or a manifest does not parse.
    pub fn read(s: &Survey<'a>) -> Option<Self> {
        let pyproject = match s.doc("pyproject.toml") {
            Some(doc) if doc.text.trim().is_empty() => None,
            Some(doc) => Some(s.parsed(doc.toml())?),
            None => None,
        };
        let pipfile = match s.doc("Pipfile") {
            Some(doc) => Some(s.parsed(doc.toml())?),
            None => None,
        };
        let workspace = Workspace::find(&s.dir);
        let manager = choose(s, pyproject.as_ref(), workspace.as_ref());
        let workspace = workspace.filter(|_| manager.value == Manager::Uv);
        if let Some(wish) = s.choice(&REQUIREMENTS).decide()
            && !s.dir.has(wish.value.trim_start_matches("./"))
        {
            let message = format!("there is no `{}`, which python.requirements names", wish.value);
            s.note(Diagnostic::error(Code::BadSetting, message).at(wish.because.at));
        }
        let list = list_file(s).filter(|_| manager.value == Manager::Pip);
        let list = list.and_then(|file| Some((file.clone(), RequirementsFile::read(s, &file)?)));
        let is_other = |file: &&str| list.as_ref().is_none_or(|(list, _)| list != file);
        let dev_list = s
            .dir
            .first_of(DEV_LISTS.iter().copied().filter(|file| is_other(file)))
            .filter(|_| manager.value == Manager::Pip);
        let dev_list = dev_list.and_then(|file| Some((file.to_owned(), RequirementsFile::read(s, file)?)));
        let mut project = Self {
            manager,
            pyproject,
            pipfile,
            list,
            dev_list,
            requirements: Requirements::default(),
            dev: Requirements::default(),
            locked: Vec::new(),
            reached: BTreeSet::new(),
            package: None,
            scripts: Vec::new(),
            written: None,
            workspace,
            environment: None,
        };
        if project.manager.value == Manager::Conda {
            project.environment = Some(Environment::read(s)?);
        }
        project.gather(s);
        project.read_lock(s)?;
        Some(project)
    }

    fn gather(&mut self, s: &Survey<'_>) {
        if let Some((_, list)) = &self.list {
            self.requirements = list.requirements.clone();
        }
        if let Some(environment) = &self.environment {
            self.requirements.extend(environment.wanted.iter().cloned());
        }
        if let Some((_, list)) = &self.dev_list {
            self.dev.extend(list.requirements.iter().cloned());
        }
        if let Some(pyproject) = &self.pyproject {
            let of = |path: &[&str]| listed(pyproject, pyproject.tree.at(path));
            if !matches!(self.manager.value, Manager::Pip | Manager::Pipenv) {
                self.requirements.extend(of(&["project", "dependencies"]));
                self.requirements
                    .extend(tabled(pyproject, pyproject.tree.at(&["tool", "poetry", "dependencies"])));
            }
            for group in DEV_GROUPS {
                self.dev.extend(of(&["dependency-groups", group]));
                self.dev.extend(of(&["project", "optional-dependencies", group]));
                self.dev.extend(of(&["tool", "pdm", "dev-dependencies", group]));
                let poetry = ["tool", "poetry", "group", group, "dependencies"];
                self.dev.extend(tabled(pyproject, pyproject.tree.at(&poetry)));
            }
            self.dev.extend(of(&["tool", "uv", "dev-dependencies"]));
            self.dev.extend(tabled(pyproject, pyproject.tree.at(&["tool", "poetry", "dev-dependencies"])));
            for table in [&["project", "scripts"][..], &["tool", "poetry", "scripts"]] {
                for (name, value) in pyproject.tree.at(table).into_iter().flat_map(Tree::entries) {
                    if let Some(target) = value.as_text() {
                        let because = pyproject.cite(value, format!("{name} = {target}"));
                        self.scripts.push((name.to_owned(), Fact::new(target.to_owned(), because)));
                    }
                }
            }
            self.package = package(self.manager.value, pyproject);
        }
        if let Some(pipfile) = self.pipfile.as_ref().filter(|_| self.manager.value == Manager::Pipenv) {
            self.requirements.extend(tabled(pipfile, pipfile.tree.get("packages")));
            self.dev.extend(tabled(pipfile, pipfile.tree.get("dev-packages")));
        }
        let setup = setup::Setup::read(s);
        if matches!(self.manager.value, Manager::Build) {
            self.requirements.extend(setup.requirements);
            self.written = setup.written;
            if self.package.is_none() {
                self.package = setup.because;
            }
        }
        if self.scripts.is_empty() {
            self.scripts = setup.scripts;
        }
        let local = self.list.as_ref().and_then(|(_, list)| list.local.iter().find(|at| at.value == "."));
        if let Some(local) = local {
            self.package = Some(local.clone());
        }
    }

    /// Exact versions and wheels. A lock file that does not parse stops the survey.
    fn read_lock(&mut self, s: &Survey<'_>) -> Option<()> {
        let (file, is_json) = match self.manager.value {
            Manager::Uv => ("uv.lock", false),
            Manager::Poetry => ("poetry.lock", false),
            Manager::Pdm => ("pdm.lock", false),
            Manager::Pipenv => ("Pipfile.lock", true),
            _ => return Some(()),
        };
        let above = self.workspace.as_ref().and_then(|workspace| workspace.root.doc(file));
        let Some(doc) = s.doc(file).or(above) else {
            let message = format!("there is no `{file}`: versions may differ from build to build");
            s.note(Diagnostic::warning(Code::MissingLock, message).help(format!("commit `{file}`")));
            return Some(());
        };
        let lock = s.parsed(if is_json { doc.json() } else { doc.toml() })?;
        let found = if is_json { pipenv_lock(&lock) } else { packages(&lock) };
        self.reached = reachable(&found, &self.requirements);
        if self.manager.value == Manager::Pipenv {
            self.reached.extend(found.iter().map(|locked| locked.name.clone()));
        }
        self.locked = found;
        Some(())
    }

    /// The exact version of a package, by lock file or pin.
    pub fn version_of(&self, name: &str) -> Option<Fact<pep440_rs::Version>> {
        if let Some(locked) = self.locked.iter().find(|locked| locked.name == name) {
            let version = locked.version.parse().ok()?;
            return Some(Fact::new(version, locked.because.clone()));
        }
        let constraints = self.list.as_ref().and_then(|(_, list)| list.constraints.get(name));
        let said = self.requirements.get(name);
        let limit = |one: &Requirement| Some(Fact::new(one.highest()?, one.because.clone()));
        constraints.and_then(limit).or_else(|| said.and_then(limit))
    }

    /// The project's name, where a manifest gives one.
    pub fn name(&self) -> Option<String> {
        let of = |path: &[&str]| Some(self.pyproject.as_ref()?.tree.at(path)?.as_text()?.to_owned());
        let package = || self.package.as_ref().map(|package| package.value.clone());
        of(&["project", "name"])
            .or_else(|| of(&["tool", "poetry", "name"]))
            .or_else(package)
            .or_else(|| self.environment.as_ref()?.name.clone())
            .filter(|name| name != ".")
    }

    /// The folders of the workspace that this is the root of, each a project of its own.
    pub fn members(&self, s: &Survey<'_>) -> Vec<String> {
        self.pyproject.as_ref().map(|manifest| workspace::folders(&s.dir, manifest)).unwrap_or_default()
    }

    /// A registry beside the public one.
    pub fn index(&self) -> Option<Fact<String>> {
        let listed = self.list.as_ref().and_then(|(_, list)| list.index.clone());
        let manifests = [&self.pyproject, &self.pipfile];
        listed.or_else(|| manifests.into_iter().flatten().find_map(super::index::of))
    }

    /// Is the package there when the program runs, asked for or by way of another?
    pub fn has(&self, name: &str) -> bool {
        self.evidence(name).is_some()
    }

    /// Where a package is named.
    pub fn evidence(&self, name: &str) -> Option<Evidence> {
        let asked = self.requirements.get(name).map(|one| one.because.clone());
        asked.or_else(|| {
            let locked = self.locked.iter().find(|locked| locked.name == name)?;
            self.reached.contains(name).then(|| locked.because.clone())
        })
    }
}

/// The requirements file that is installed: the one that people name, or the most usual one that is there.
fn list_file(s: &Survey<'_>) -> Option<String> {
    let usual = s.dir.first_of(LISTS.iter().copied()).map(str::to_owned);
    let Some(wish) = s.choice(&REQUIREMENTS).decide() else { return usual };
    let file = wish.value.trim_start_matches("./");
    s.dir.has(file).then(|| file.to_owned()).or(usual)
}

/// Which manager counts, and which others were there.
fn choose(
    s: &Survey<'_>,
    pyproject: Option<&Manifest<'_>>,
    workspace: Option<&Workspace<'_>>,
) -> Fact<Manager> {
    let found = |manager: Manager, file: &str, why: &str| Fact::new(manager, s.dir.evidence(file, why));
    let mut all: Vec<Fact<Manager>> = Vec::new();
    if let Some(Workspace { root, .. }) = workspace.filter(|workspace| workspace.root.has("uv.lock")) {
        all.push(Fact::new(Manager::Uv, root.evidence("uv.lock", "a file of uv")));
    }
    for (manager, name, file) in MANAGERS {
        if *manager == Manager::Pip {
            if let Some(poetry) =
                pyproject.filter(|p| p.tree.at(&["tool", "poetry", "dependencies"]).is_some())
            {
                all.push(Fact::new(Manager::Poetry, poetry.cite(&poetry.tree, "[tool.poetry]")));
            }
            if let Some(file) = list_file(s) {
                all.push(found(Manager::Pip, &file, "a requirements file"));
            }
        } else if s.dir.has(file) {
            all.push(found(*manager, file, &format!("a file of {name}")));
        }
    }
    if let Some(project) =
        pyproject.filter(|p| p.tree.get("project").is_some() || p.tree.get("build-system").is_some())
    {
        let because = Evidence::read(project.path, project.tree.get("project").map(|t| t.line), "[project]");
        all.push(Fact::new(Manager::Build, because));
    }
    for file in ["setup.py", "setup.cfg"] {
        if s.dir.has(file) && setup::describes_a_package(s, file) {
            all.push(found(Manager::Build, file, "a package"));
        }
    }
    if let Some(file) = conda::file(&s.dir) {
        all.push(found(Manager::Conda, file, "a file of conda"));
    }
    let wish = s.choice(&keys::PACKAGE_MANAGER).decide().and_then(|wish| {
        let named = |(_, name, _): &&(Manager, &str, &str)| *name == wish.value;
        let (manager, ..) = MANAGERS.iter().find(named)?;
        // pip installs lists and packages; which of them is here is not for a person to say.
        let pips = [Manager::Pip, Manager::Build];
        let way = all.iter().map(|one| one.value).find(|one| *manager == Manager::Pip && pips.contains(one));
        Some(wish.derive(way.unwrap_or(*manager)))
    });
    // Where no file names a dependency there is nothing to manage, whatever is wished for the folders around.
    let wish = wish.filter(|_| !all.is_empty());
    let mut choice = crate::fact::Choice::default();
    for one in wish.into_iter().chain(all) {
        choice = choice.or(Some(one));
    }
    choice.or_default(Manager::None, "no file names a dependency")
}

/// Is the project itself a package that its manager installs?
fn package(manager: Manager, pyproject: &Manifest<'_>) -> Option<Fact<String>> {
    let tree = &pyproject.tree;
    let name = tree.at(&["project", "name"]).or_else(|| tree.at(&["tool", "poetry", "name"]))?;
    let backend = tree.get("build-system");
    let is_on = |path: &[&str]| tree.at(path).map(|value| value.kind == Kind::Bool(true));
    let is_package = match manager {
        Manager::Uv => is_on(&["tool", "uv", "package"]).unwrap_or(backend.is_some()),
        Manager::Poetry => is_on(&["tool", "poetry", "package-mode"]).unwrap_or(backend.is_some()),
        Manager::Pdm => is_on(&["tool", "pdm", "distribution"]).unwrap_or(backend.is_some()),
        Manager::Build => backend.is_some() || tree.at(&["project", "scripts"]).is_some(),
        Manager::Pipenv | Manager::Pip | Manager::Conda | Manager::None => false,
    };
    let text = name.as_text()?.to_owned();
    is_package.then(|| Fact::new(text.clone(), pyproject.cite(name, format!("name = {text}"))))
}

/// A list of PEP 508 texts.
pub(super) fn listed(manifest: &Manifest<'_>, list: Option<&Tree>) -> Vec<Requirement> {
    let items = list.into_iter().flat_map(Tree::items);
    items
        .filter_map(|item| {
            let words = item.as_text()?;
            Requirement::read(words, manifest.cite(item, words))
        })
        .collect()
}

/// A table of names and versions, as Poetry and Pipenv have them.
pub(super) fn tabled(manifest: &Manifest<'_>, table: Option<&Tree>) -> Vec<Requirement> {
    let entries = table.into_iter().flat_map(Tree::entries);
    entries
        .filter(|(name, _)| *name != "python")
        .filter_map(|(name, value)| {
            let version = value.as_text().or_else(|| value.get("version")?.as_text()).unwrap_or_default();
            let extras: Vec<&str> = value.get("extras").into_iter().flat_map(Tree::texts).collect();
            let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
            let because = manifest.cite(value, format!("{name} = {version}"));
            let spec = super::version::plain_specifiers(version).unwrap_or_default();
            let mut one = Requirement::read(&format!("{name}{extras}{spec}"), because)?;
            one.url = value.get("git").and_then(Tree::as_text).map(|url| format!("git+{url}"));
            Some(one)
        })
        .collect()
}

/// The packages of `uv.lock`, `poetry.lock` and `pdm.lock`.
fn packages(lock: &Manifest<'_>) -> Vec<Locked> {
    let mut older: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // Poetry before 1.3 kept all file names in one table at the end.
    for (name, files) in lock.tree.at(&["metadata", "files"]).into_iter().flat_map(Tree::entries) {
        older.insert(normalize(name), file_names(files));
    }
    let all = lock.tree.get("package").into_iter().flat_map(Tree::items);
    all.filter_map(|package| {
        let name = normalize(package.get("name")?.as_text()?);
        let version = package.get("version")?.as_text()?.to_owned();
        let mut wheels: Vec<String> =
            ["wheels", "files"].iter().filter_map(|key| package.get(key)).flat_map(file_names).collect();
        wheels.extend(older.remove(&name).unwrap_or_default());
        wheels.retain(|file| file.to_ascii_lowercase().ends_with(".whl"));
        let because = lock.cite(package, format!("{name} {version}"));
        let extras = package.get("optional-dependencies").or_else(|| package.get("extras"));
        let extras = extras.into_iter().flat_map(Tree::entries).map(|(_, extra)| extra);
        let needs = package.get("dependencies").into_iter().chain(extras).flat_map(needs).collect();
        Some(Locked { name, version, wheels, needs, because })
    })
    .collect()
}

/// A list of texts (pdm), a list of tables with names (uv), or a table of names (poetry).
fn needs(dependencies: &Tree) -> Vec<String> {
    let word = |text: &str| {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        normalize(&text[..end.unwrap_or(text.len())])
    };
    let listed = dependencies
        .items()
        .filter_map(|item| item.as_text().or_else(|| item.get("name")?.as_text()).map(word));
    listed.chain(dependencies.entries().map(|(name, _)| normalize(name))).collect()
}

/// Leaves the packages that what runs needs: a lock file has those of development besides.
fn reachable(all: &[Locked], requirements: &Requirements) -> BTreeSet<String> {
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut open: Vec<String> = requirements.iter().map(|one| one.name.clone()).collect();
    while let Some(name) = open.pop() {
        if reached.insert(name.clone()) {
            open.extend(all.iter().filter(|one| one.name == name).flat_map(|one| one.needs.iter().cloned()));
        }
    }
    reached
}

fn file_names(files: &Tree) -> Vec<String> {
    let name = |file: &Tree| {
        let text =
            file.get("url").or_else(|| file.get("file")).or_else(|| file.get("filename"))?.as_text()?;
        Some(text.rsplit('/').next().unwrap_or_default().to_owned())
    };
    files.items().filter_map(name).collect()
}

fn pipenv_lock(lock: &Manifest<'_>) -> Vec<Locked> {
    let all = lock.tree.get("default").into_iter().flat_map(Tree::entries);
    all.filter_map(|(name, entry)| {
        let version = entry.get("version")?.as_text()?.trim_start_matches('=').to_owned();
        let because = lock.cite(entry, format!("{name} {version}"));
        Some(Locked { name: normalize(name), version, wheels: Vec::new(), needs: Vec::new(), because })
    })
    .collect()
}
