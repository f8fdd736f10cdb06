//! What runs: a Django project, an application object, a script with its own server, a command, a worker.
//!
//! What people and the `Procfile` say comes first; then what the sources show, the most telling first.

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact};
use crate::plan::service::{ExecForm, ServiceKind};
use crate::stack::Survey;

use super::app::App;
use super::django::Django;
use super::framework::Speaks;
use super::modules::Modules;
use super::project::Project;
use super::{procfile, script, server, unnamed};

/// What the container runs.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// Server, worker or command.
    pub kind: Fact<ServiceKind>,
    /// The framework.
    pub framework: Option<Fact<String>>,
    /// The command.
    pub command: Fact<ExecForm>,
    /// The command of the watch mode.
    pub dev: Option<ExecForm>,
    /// The port that the command listens on.
    pub port: Option<Fact<u16>>,
    /// The folder it starts in, from the project's; empty for the project's own.
    pub root: String,
    /// The folder that its modules are imported from, when it does not start there.
    pub imports_from: Option<String>,
    /// Packages that the project does not ask for.
    pub adds: Vec<Added>,
    /// Variables that it needs.
    pub env: Vec<(String, Fact<String>)>,
    /// The path that tells whether it is well.
    pub health: String,
    /// Does it stop on SIGTERM when it is process 1?
    pub stops: bool,
    /// The file that speaks for it.
    pub because: Evidence,
}

/// A package that is installed although nothing asks for it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Added {
    /// As pip takes it, with its major versions.
    pub requirement: String,
    /// Why, for a comment.
    pub why: String,
}

/// Programs that serve by themselves: a command of a person's own that starts one needs no other server.
const SERVES_ITSELF: &[&str] = &[
    "flask",
    "python",
    "python3",
    "gunicorn",
    "uvicorn",
    "hypercorn",
    "daphne",
    "waitress-serve",
    "uwsgi",
    "streamlit",
];

/// Is a server added for a command that people have replaced by one of another?
fn is_set_aside(s: &Survey<'_>, added: &Added) -> bool {
    let Some(wish) = s.choice(&keys::COMMAND).decide() else { return false };
    let mut words =
        wish.value.words().iter().skip_while(|word| word.as_str() == "tini" || word.as_str() == "--");
    let serves = words.next().is_some_and(|program| SERVES_ITSELF.contains(&program.as_str()));
    let name = added.requirement.split(['>', '=', '<', '[']).next().unwrap_or_default();
    serves && !wish.value.words().iter().any(|word| word == name)
}

impl Program {
    /// What runs; none when there is nothing to run.
    pub fn choose(
        s: &Survey<'_>,
        project: &Project<'_>,
        modules: &Modules<'_>,
        django: Option<&Django>,
    ) -> Option<Self> {
        let program = Self::detect(s, project, modules, django).map(|program| program.started_above(project));
        let program = program.map(|mut program| {
            program.adds.retain(|added| !is_set_aside(s, added));
            program
        });
        let program = procfile::web(s, project, program).map(|mut program| {
            let missing = unnamed::imports(s, project, modules, django, &program);
            program.adds.splice(0..0, missing);
            program
        });
        if let Some(program) = &program
            && !procfile::others(s)
        {
            script::tell_of_celery(s, project, modules, program);
        }
        for added in program.iter().flat_map(|program| &program.adds) {
            let message = format!(
                "`{}` is installed although no requirement names it: {}",
                added.requirement, added.why
            );
            s.note(
                Diagnostic::warning(Code::StartCommand, message)
                    .at(project.manager.because.at.clone())
                    .help("add it to the project's requirements"),
            );
        }
        program
    }

    /// A package below `src` starts in the project's folder, as it does where it is installed.
    fn started_above(mut self, project: &Project<'_>) -> Self {
        if self.root == "src" && project.package.is_some() {
            self.imports_from = Some(std::mem::take(&mut self.root));
        }
        self
    }

    fn detect(
        s: &Survey<'_>,
        project: &Project<'_>,
        modules: &Modules<'_>,
        django: Option<&Django>,
    ) -> Option<Self> {
        if let Some(django) = django {
            return Some(server::django(s, project, django));
        }
        if let Some(app) = App::choose(s, modules) {
            if let Some(own) = script::runner_of_app(modules, &app) {
                return Some(own);
            }
            if let Some(own) = script::own_server(s, modules, &app) {
                return Some(own);
            }
            let own_server = app.framework.speaks == Speaks::Aiohttp;
            if let Some(started) = script::listener(s, modules).filter(|_| own_server) {
                return Some(started);
            }
            return Some(server::app(s, project, modules, &app));
        }
        script::runner(modules)
            .or_else(|| script::command(s, project, modules))
            .or_else(|| script::listener(s, modules))
            .or_else(|| script::worker(project, modules))
            .or_else(|| script::notebooks(s, project))
            .or_else(|| script::main(modules))
    }
}
