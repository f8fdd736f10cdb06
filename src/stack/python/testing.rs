//! How the project's tests are run, and what they need besides.

use serde::Serialize;

use crate::stack::Survey;

use super::django::Django;
use super::modules::Modules;
use super::project::Project;
use super::source::Source;

/// The tests of a project.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Tests {
    /// The command, as a shell has it.
    pub command: String,
    /// Packages that they need and nothing asks for.
    pub adds: Vec<String>,
    /// Are there any?
    pub any: bool,
    /// Does their configuration name Django's settings?
    pub names_settings: bool,
}

/// The runner where a project names none.
const PYTEST: &str = "pytest>=7,<10";

/// Modules whose use in tests needs a package that only tests have.
const NEEDS: &[(&str, &str, &str)] = &[
    // https://fastapi.tiangolo.com/tutorial/testing/
    ("fastapi.testclient", "httpx", "httpx>=0.23,<1"),
    ("starlette.testclient", "httpx", "httpx>=0.23,<1"),
    ("pytest_asyncio", "pytest-asyncio", "pytest-asyncio>=0.21,<2"),
    ("requests", "requests", "requests>=2,<3"),
    ("httpx", "httpx", "httpx>=0.23,<1"),
    ("model_bakery", "model-bakery", "model-bakery>=1,<2"),
];

impl Tests {
    /// What the manifests and the tests themselves say.
    pub fn find(
        s: &Survey<'_>,
        project: &Project<'_>,
        modules: &Modules<'_>,
        django: Option<&Django>,
    ) -> Self {
        let knows = |name: &str| project.has(name) || project.dev.has(name);
        let uses = |module: &str| modules.tests.iter().any(|test| test.uses(module).is_some());
        let any = !modules.tests.is_empty();
        let by_django = django.is_some() && !knows("pytest-django") && !knows("pytest");
        let mut adds: Vec<String> = NEEDS
            .iter()
            .filter(|(module, package, _)| uses(module) && !knows(package))
            .map(|(_, _, requirement)| (*requirement).to_owned())
            .collect();
        adds.dedup();
        if by_django {
            return Self { command: "python manage.py test".to_owned(), adds, any, names_settings: false };
        }
        if !knows("pytest") {
            adds.insert(0, PYTEST.to_owned());
        }
        // pytest looks for `test_*.py` and `*_test.py`; a `tests.py` has to be named.
        let is_found = |test: &Source<'_>| {
            let name = test.path.rsplit('/').next().unwrap_or_default();
            name.starts_with("test_") || name.ends_with("_test.py")
        };
        let named: Vec<&str> = modules.tests.iter().map(|test| test.path.as_str()).collect();
        let named = named.into_iter().find(|path| *path == "tests.py");
        // Status 5 says that there are no tests: https://docs.pytest.org/en/stable/reference/exit-codes.html
        let command = match named {
            Some(file) if !modules.tests.iter().any(is_found) => format!("python -m pytest {file}"),
            _ if modules.tests.iter().any(is_found) => "python -m pytest".to_owned(),
            _ => "python -m pytest || [ $? -eq 5 ]".to_owned(),
        };
        let files = ["pytest.ini", "pyproject.toml", "setup.cfg", "tox.ini", "conftest.py"];
        let names_settings = files
            .iter()
            .any(|file| s.dir.doc(file).is_some_and(|doc| doc.text.contains("DJANGO_SETTINGS_MODULE")));
        Self { command, adds, any, names_settings }
    }
}
