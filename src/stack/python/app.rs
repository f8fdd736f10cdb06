//! Finds the application object that a server imports: its module, its variable, its framework.

use crate::fact::{Evidence, Fact};
use crate::plan::question::{Answer, Question};
use crate::stack::Survey;

use super::framework::{FRAMEWORKS, Framework};
use super::modules::{Modules, depth};
use super::source::{Call, Source, Statement};

/// An application that a server can import.
#[derive(Debug, Clone)]
pub(super) struct App {
    /// The folder from which it is imported.
    pub root: String,
    /// The file, from the project's folder.
    pub path: String,
    /// `package.module`.
    pub module: String,
    /// The variable, or the factory.
    pub variable: String,
    /// Is the variable the application, or a function that makes it?
    pub made: Made,
    /// Whose application it is.
    pub framework: &'static Framework,
    /// Where it is made.
    pub because: Evidence,
}

/// How an application comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// By importing its module.
    ByImport,
    /// By calling a function.
    ByCalling,
    /// By calling a function with arguments, which no server can.
    WithArguments,
}

impl Made {
    /// Must a server call a function first?
    pub fn is_factory(self) -> bool {
        self != Self::ByImport
    }
}

impl App {
    /// Is the variable a function that makes the application?
    pub fn is_factory(&self) -> bool {
        self.made.is_factory()
    }

    /// `module:variable`, as servers want it.
    pub fn target(&self) -> String {
        format!("{}:{}", self.module, self.variable)
    }

    /// The application that is meant. Several equal ones are a question.
    pub fn choose(s: &Survey<'_>, modules: &Modules<'_>) -> Option<Self> {
        let mut all = Self::find(modules);
        all.sort_by_key(Self::rank);
        let wish = s.choice(&super::APP).decide();
        if let Some(wish) = &wish
            && let Some(mut named) = all.iter().find(|app| app.target() == wish.value).cloned()
        {
            named.because = wish.because.clone();
            return Some(named);
        }
        let first = all.first()?.clone();
        let equal = |app: &&Self| !app.is_factory() && app.rank_without_path() == first.rank_without_path();
        let equals: Vec<&Self> = all.iter().filter(equal).collect();
        if equals.len() > 1 && !first.is_factory() {
            let answers =
                equals.iter().map(|app| Answer::new(app.target(), app.because.to_string())).collect();
            let question =
                Question::choose(super::APP.name, "Which application does the container serve?", answers);
            s.ask(question.or(first.target()));
        }
        Some(first)
    }

    /// Every application of the project.
    fn find(modules: &Modules<'_>) -> Vec<Self> {
        let factories: Vec<Self> =
            modules.sources.iter().flat_map(|source| Self::factories(modules, source)).collect();
        let mut all = Vec::new();
        for source in &modules.sources {
            let mut here: Vec<Self> = Vec::new();
            for statement in source.statements.iter().filter(|statement| statement.is_top_level()) {
                let Some((variable, call)) = statement.assigned_call() else { continue };
                let made = constructed(source, &call).or_else(|| made_by(source, &call, &factories));
                let Some(framework) = made else { continue };
                // The last one of a name is what a server finds.
                here.retain(|app| app.variable != variable);
                here.push(Self::new(modules, source, variable, framework, statement));
            }
            // Helpers beside an `app`, such as an inner application that is mounted, are not served.
            if let Some(usual) = here.iter().position(|app| USUAL.contains(&app.variable.as_str())) {
                here = vec![here.swap_remove(usual)];
            }
            all.extend(here);
        }
        all.extend(factories.into_iter().filter(|made| made.made == Made::ByCalling));
        all
    }

    /// Functions that make an application and give it back. Those that want arguments are called by somebody else.
    fn factories(modules: &Modules<'_>, source: &Source<'_>) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for statement in source.statements.iter().filter(|s| !s.in_class && !s.in_main) {
            let Some(function) = &statement.function else { continue };
            // `app = FastAPI(…)`, or `return FastAPI(…)` at once.
            let assigned = statement.assigned_call().and_then(|(_, call)| constructed(source, &call));
            let returned = || {
                let returns = statement.tokens.first().is_some_and(|token| token.is_word("return"));
                returns.then(|| statement.calls().find_map(|call| constructed(source, &call))).flatten()
            };
            let Some(framework) = assigned.or_else(returned) else { continue };
            let defined = source.statements.iter().find(|s| s.defines() == Some(function));
            let is_known = found.iter().any(|known| known.variable == *function);
            if let Some(defined) = defined.filter(|_| !is_known) {
                let made = if needs_nothing(defined) { Made::ByCalling } else { Made::WithArguments };
                found.push(Self { made, ..Self::new(modules, source, function, framework, defined) });
            }
        }
        found
    }

    fn new(
        modules: &Modules<'_>,
        source: &Source<'_>,
        variable: &str,
        framework: &'static Framework,
        statement: &Statement,
    ) -> Self {
        let (root, module) = modules.name(source);
        Self {
            root,
            path: source.path.clone(),
            module,
            variable: variable.to_owned(),
            made: Made::ByImport,
            framework,
            because: source.cite(statement.line),
        }
    }

    fn rank(&self) -> (bool, usize, usize, usize, String) {
        let (is_factory, deep, file, variable) = self.rank_without_path();
        (is_factory, deep, file, variable, self.path.clone())
    }

    fn rank_without_path(&self) -> (bool, usize, usize, usize) {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let file = FILES.iter().position(|known| *known == name).unwrap_or(FILES.len());
        let variable = USUAL.iter().position(|known| *known == self.variable).unwrap_or(USUAL.len());
        // A package's `__init__` belongs to the folder above.
        let deep = depth(&self.path) - usize::from(name == "__init__.py" && self.path.contains('/'));
        (self.is_factory(), deep, file, variable)
    }
}

/// Files that usually hold the application, most telling first.
const FILES: &[&str] = &[
    "wsgi.py",
    "asgi.py",
    "app.py",
    "main.py",
    "application.py",
    "server.py",
    "api.py",
    "run.py",
    "index.py",
    "__init__.py",
];

/// Names that an application usually has.
const USUAL: &[&str] = &["app", "application", "api", "server", "wsgi", "asgi"];

/// The framework whose constructor is called.
fn constructed(source: &Source<'_>, call: &Call<'_>) -> Option<&'static Framework> {
    let meanings = source.meanings(&call.callee);
    FRAMEWORKS
        .iter()
        .find(|framework| framework.makes.iter().any(|made| meanings.iter().any(|meaning| meaning == made)))
}

/// The framework of a factory of this project that is called.
fn made_by(source: &Source<'_>, call: &Call<'_>, factories: &[App]) -> Option<&'static Framework> {
    let local = factories.iter().find(|made| made.path == source.path && made.variable == call.callee);
    let meanings = source.meanings(&call.callee);
    let elsewhere = || {
        factories.iter().find(|made| {
            let full = made.path.trim_end_matches(".py").trim_end_matches("/__init__").replace('/', ".");
            meanings.iter().any(|meaning| {
                meaning.rsplit_once('.').is_some_and(|(module, name)| {
                    name == made.variable
                        && (full == module
                            || full.ends_with(&format!(".{module}"))
                            || full.starts_with(&format!("{module}.")))
                })
            })
        })
    };
    Some(local.or_else(elsewhere)?.framework)
}

/// Can a factory be called without arguments?
fn needs_nothing(defined: &Statement) -> bool {
    let at = defined.tokens.iter().position(|token| token.is_word("def")).unwrap_or_default();
    let call = Statement { tokens: defined.tokens[at + 1..].to_vec(), ..defined.clone() };
    let Some(parameters) = call.calls().next() else { return false };
    parameters.each().iter().all(|one| {
        one.iter().any(|token| token.is("="))
            || one.first().is_some_and(|t| t.is("*") || t.is("**") || t.is("/"))
    })
}

/// The application as a fact for the plan.
impl From<&App> for Fact<String> {
    fn from(app: &App) -> Self {
        Self::new(app.target(), app.because.clone())
    }
}
