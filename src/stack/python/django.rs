//! A Django project: where it stands, its settings, its server object, its static files and its database.

use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::stack::Survey;

use super::modules::{Modules, below, depth};
use super::project::Project;
use super::source::{Source, Statement};

/// What a Django project says about itself.
#[derive(Debug, Clone)]
pub(super) struct Django {
    /// `manage.py`.
    pub manage: Fact<String>,
    /// The folder of `manage.py`, from the project's; empty for the project's own.
    pub root: String,
    /// `project.wsgi:application`.
    pub target: Fact<String>,
    /// Is it served over ASGI?
    pub is_asgi: bool,
    /// The settings that production uses, when they are not those of `manage.py`.
    pub settings: Option<Fact<String>>,
    /// The settings of `manage.py`, which are those of development and tests.
    pub manage_settings: Option<Fact<String>>,
    /// Static files are gathered into a folder.
    pub collects: Option<Fact<String>>,
    /// Are they looked up in a manifest that gathering writes, by tests as well?
    pub has_manifest: bool,
    /// Settings that must be there for the program to start, with a harmless value for the build.
    pub needs: Vec<Fact<(String, String)>>,
    /// The database is a file of the project.
    pub sqlite: Option<Fact<String>>,
    /// Uploads are kept in a folder of the project.
    pub uploads: Option<Fact<String>>,
    /// The path that tells whether it is well.
    pub health: String,
}

impl Django {
    /// Finds `manage.py` in the folder or just below it.
    pub fn find(s: &Survey<'_>, project: &Project<'_>, modules: &Modules<'_>) -> Option<Self> {
        let manage = modules
            .sources
            .iter()
            .find(|source| source.path.rsplit('/').next() == Some("manage.py") && depth(&source.path) <= 2)?;
        let root = manage.path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let default_settings = settings_of(manage);
        let speaks_django =
            default_settings.is_some() || manage.uses("django").is_some() || project.has("django");
        if !speaks_django {
            return None;
        }
        let server = Server::find(project, modules, &root)?;
        let production = server.settings.clone();
        let module = production.as_ref().or(default_settings.as_ref()).map(|fact| fact.value.clone());
        let sources = settings_sources(modules, &root, module.as_deref());
        let settings =
            production.filter(|fact| default_settings.as_ref().is_none_or(|other| other.value != fact.value));
        let collects = sources.iter().find_map(|source| assigned(source, "STATIC_ROOT"));
        if let Some(root) = collects.as_ref().filter(|_| !project.has("whitenoise")) {
            let message = "static files are gathered, but without DEBUG nothing in the container serves them";
            let help = "WhiteNoise serves them: https://whitenoise.readthedocs.io/en/stable/django.html";
            s.note(Diagnostic::note(Code::StartCommand, message).at(root.because.at.clone()).help(help));
        }
        let because = manage
            .cite(default_settings.as_ref().and_then(|fact| fact.because.at.as_ref()?.line).unwrap_or(1));
        Some(Self {
            manage: Fact::new("manage.py".to_owned(), because),
            target: server.target,
            is_asgi: server.is_asgi,
            settings,
            manage_settings: default_settings,
            has_manifest: collects.is_some()
                && sources.iter().flat_map(|source| &source.statements).any(|statement| {
                    statement.texts().any(|text| text.ends_with("ManifestStaticFilesStorage"))
                }),
            collects,
            needs: sources.iter().flat_map(|source| super::needs::of(source)).fold(
                Vec::new(),
                |mut all, need| {
                    if !all.iter().any(|known: &Fact<(String, String)>| known.value.0 == need.value.0) {
                        all.push(need);
                    }
                    all
                },
            ),
            sqlite: sqlite(&sources),
            uploads: uploads(&sources),
            health: health(modules, &root),
            root,
        })
        .filter(|_| s.dir.has(&manage.path))
    }
}

/// What a server imports.
struct Server {
    target: Fact<String>,
    is_asgi: bool,
    settings: Option<Fact<String>>,
}

impl Server {
    fn find(project: &Project<'_>, modules: &Modules<'_>, root: &str) -> Option<Self> {
        let inside = |source: &&Source<'_>| root.is_empty() || source.path.starts_with(&format!("{root}/"));
        let named = |name: &str| {
            modules.sources.iter().filter(inside).find(|source| source.path.rsplit('/').next() == Some(name))
        };
        let setting = |name: &str| {
            modules
                .sources
                .iter()
                .filter(inside)
                .filter(|source| source.path.contains("settings") || source.path.contains("config"))
                .find_map(|source| {
                    let statement = source
                        .statements
                        .iter()
                        .find(|s| s.assigned_text().is_some_and(|(n, _)| n == name))?;
                    let text = statement.assigned_text()?.1.to_owned();
                    Some(Fact::new(text, source.cite(statement.line)))
                })
        };
        let asks_asgi = ["channels", "daphne"].iter().any(|name| project.has(name))
            || (!project.has("gunicorn") && !project.has("uwsgi") && project.has("uvicorn"));
        let asgi = setting("ASGI_APPLICATION").map(dotted_target);
        let wsgi = setting("WSGI_APPLICATION").map(dotted_target);
        let file_target = |name: &str, root: &str| {
            let source = named(name)?;
            let inside = source.path.strip_prefix(root).unwrap_or(&source.path).trim_start_matches('/');
            let module = inside.trim_end_matches(".py").replace('/', ".");
            let made = source
                .statements
                .iter()
                .find(|s| s.assigned_call().is_some_and(|(name, _)| name == "application"));
            Some(Fact::new(format!("{module}:application"), source.cite(made.map_or(1, |s| s.line))))
        };
        let (target, is_asgi, file) = if asks_asgi && named("asgi.py").is_some() {
            (file_target("asgi.py", root).or(asgi)?, true, "asgi.py")
        } else if let Some(target) = wsgi.or_else(|| file_target("wsgi.py", root)) {
            (target, false, "wsgi.py")
        } else {
            (asgi.or_else(|| file_target("asgi.py", root))?, true, "asgi.py")
        };
        Some(Self { target, is_asgi, settings: named(file).and_then(settings_of) })
    }
}

/// `shop.wsgi.application` as servers want it.
fn dotted_target(dotted: Fact<String>) -> Fact<String> {
    dotted.map(|name| match name.rsplit_once('.') {
        Some((module, variable)) => format!("{module}:{variable}"),
        None => name,
    })
}

/// The module that a script sets as `DJANGO_SETTINGS_MODULE`.
fn settings_of(source: &Source<'_>) -> Option<Fact<String>> {
    source.statements.iter().find_map(|statement| {
        let texts: Vec<&str> = statement.texts().collect();
        let at = texts.iter().position(|text| *text == "DJANGO_SETTINGS_MODULE")?;
        let module = texts.get(at + 1)?;
        let is_name =
            module.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.') && !module.is_empty();
        is_name.then(|| Fact::new((*module).to_owned(), source.cite(statement.line)))
    })
}

/// The settings module and those beside it that it may import.
fn settings_sources<'m, 'a>(
    modules: &'m Modules<'a>,
    root: &str,
    module: Option<&str>,
) -> Vec<&'m Source<'a>> {
    let Some(first) = module.and_then(|module| modules.find(root, module)) else {
        let name =
            |source: &&Source<'_>| source.path.ends_with("/settings.py") || source.path == "settings.py";
        return modules.sources.iter().filter(name).take(1).collect();
    };
    let mut all = vec![first];
    let folder = first.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    if let Some(package) = module.and_then(|module| module.rsplit_once('.')) {
        for statement in &first.statements {
            let words: Vec<&str> = statement.tokens.iter().map(super::lexer::Token::text).collect();
            let Some(at) = words.iter().position(|word| *word == "import").filter(|_| words[0] == "from")
            else {
                continue;
            };
            let from = words[1..at].concat();
            let name = from.trim_start_matches('.');
            let path = if from.starts_with('.') {
                below(folder, &name.replace('.', "/"))
            } else {
                below(root, &name.replace('.', "/"))
            };
            let found =
                modules.at(&format!("{path}.py")).or_else(|| modules.at(&format!("{path}/__init__.py")));
            if let Some(found) =
                found.filter(|found| found.path.contains("settings") || from.contains(package.0))
            {
                all.push(found);
            }
        }
    }
    all
}

/// Where a setting is given, and its line.
fn assigned(source: &Source<'_>, name: &str) -> Option<Fact<String>> {
    let statement = assignment(source, name)?;
    Some(Fact::new(name.to_owned(), source.cite(statement.line)))
}

fn assignment<'s>(source: &'s Source<'_>, name: &str) -> Option<&'s Statement> {
    let is_it = |s: &&Statement| {
        s.function.is_none()
            && s.tokens.first().is_some_and(|t| t.is_word(name))
            && s.tokens.iter().take(3).any(|t| t.is("="))
    };
    source.statements.iter().find(is_it)
}

/// The database is a file of `SQLite`, and nothing says otherwise.
fn sqlite(sources: &[&Source<'_>]) -> Option<Fact<String>> {
    sources.iter().find_map(|source| {
        let databases = assignment(source, "DATABASES")?;
        let texts: Vec<&str> = databases.texts().collect();
        let engines =
            texts.iter().filter(|text| text.starts_with("django.db.backends.") || text.contains("backends."));
        let only = engines.clone().count() == 1 && engines.clone().all(|text| text.ends_with("sqlite3"));
        let by_url = texts.iter().any(|text| text.starts_with("sqlite:///"));
        let line = databases.line;
        (only || by_url).then(|| Fact::new("SQLite".to_owned(), source.cite(line)))
    })
}

/// The folder of uploads is one beside the code: <https://docs.djangoproject.com/en/stable/ref/settings/#media-root>
fn uploads(sources: &[&Source<'_>]) -> Option<Fact<String>> {
    sources.iter().find_map(|source| {
        let folder = assignment(source, "MEDIA_ROOT")?;
        let is_elsewhere = folder.texts().any(|text| text.starts_with('/'));
        (!is_elsewhere).then(|| Fact::new("uploads".to_owned(), source.cite(folder.line)))
    })
}

/// A route of the project that usual monitors ask for.
fn health(modules: &Modules<'_>, root: &str) -> String {
    let urls = modules
        .sources
        .iter()
        .filter(|source| source.path.starts_with(root) && source.path.ends_with("urls.py"));
    for source in urls.filter(|source| depth(&source.path) <= depth(root) + 2) {
        for call in source.statements.iter().flat_map(Statement::calls) {
            let Some(path) =
                call.each().first().and_then(|first| first.first()).map(super::lexer::Token::text)
            else {
                continue;
            };
            if super::script::HEALTH.contains(&path.trim_matches('/'))
                && matches!(call.callee.as_str(), "path" | "django.urls.path")
            {
                return format!("/{path}");
            }
        }
    }
    "/".to_owned()
}
