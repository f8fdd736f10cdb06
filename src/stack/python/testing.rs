//! How the project's tests are run, and what they need besides.

use serde::Serialize;

use super::django::Django;
use super::modules::Modules;
use super::project::Project;

/// The tests of a project.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Tests {
    /// The command, as a shell has it.
    pub command: String,
    /// Packages that they need and nothing asks for.
    pub adds: Vec<String>,
    /// Are there any?
    pub any: bool,
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
    pub fn find(project: &Project<'_>, modules: &Modules<'_>, django: Option<&Django>) -> Self {
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
            return Self { command: "python manage.py test".to_owned(), adds, any };
        }
        if !knows("pytest") {
            adds.insert(0, PYTEST.to_owned());
        }
        // Status 5 says that there are no tests: https://docs.pytest.org/en/stable/reference/exit-codes.html
        let command = if any { "python -m pytest" } else { "python -m pytest || [ $? -eq 5 ]" };
        Self { command: command.to_owned(), adds, any }
    }
}
