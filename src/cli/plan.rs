//! `dockgen plan`: what dockgen sees and why, for people and for programs; and the schema of the latter.

use std::fmt::Write as _;
use std::mem::ManuallyDrop;

use crate::cli::args::{Document, Format, PlanArgs, SchemaArgs};
use crate::cli::session::Session;
use crate::cli::term::Term;
use crate::cli::{Exit, Failure};
use crate::config;
use crate::fact::{Evidence, Fact, Lost};
use crate::plan::service::{Plan, Service};
use crate::plan::stage::{Origin, Stage};
use crate::stack;

/// Runs the command.
pub(super) fn run(args: &PlanArgs, term: &Term) -> Result<Exit, Failure> {
    // The process ends behind this; giving back a hundred thousand paths one by one takes as long as reading some.
    let session = ManuallyDrop::new(Session::open(&args.target, term)?);
    if args.format == Format::Json {
        let text =
            serde_json::to_string_pretty(&session.plan).expect("a plan is plain values with text keys");
        term.data(&format!("{text}\n"))?;
    } else {
        for service in &session.plan.services {
            term.data(&explain(service))?;
        }
        for question in &session.plan.questions {
            let default = question.default.as_deref().unwrap_or("nothing is assumed");
            term.say(&format!("question: {} [{} = {default}]", question.ask, question.key));
        }
        term.findings(&session.plan.diagnostics, &session.inventory);
    }
    if !session.errors().is_empty() {
        return Ok(Exit::Misuse);
    }
    if session.plan.services.is_empty() {
        return Err(session.nothing());
    }
    Ok(Exit::Done)
}

/// Prints a schema.
pub(super) fn schema(args: &SchemaArgs, term: &Term) -> Result<Exit, Failure> {
    let schema = match args.document {
        Document::Plan => schemars::schema_for!(Plan).to_value(),
        Document::Config => config::schema(&stack::keys()),
        Document::Init => schemars::schema_for!(crate::cli::document::Document).to_value(),
        Document::Templates => crate::render::contract(),
    };
    let text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    term.data(&format!("{text}\n"))?;
    Ok(Exit::Done)
}

/// The three lines that show it was understood.
pub(super) fn summary(service: &Service, term: &Term) {
    let place = if service.dir.is_root() { String::new() } else { format!("in {} ", service.dir) };
    term.title(&service.name, &format!("{place}{}", service.kind.value));
    let mut made: Vec<String> = service.toolchains.iter().map(ToString::to_string).collect();
    made.extend(service.package_manager.iter().map(ToString::to_string));
    made.extend(service.framework.iter().map(ToString::to_string));
    made.extend(service.front_end.iter().map(|folder| format!("front end in {folder}")));
    // A package manager with a version of its own is a toolchain as well.
    let mut seen = std::collections::BTreeSet::new();
    made.retain(|part| seen.insert(part.clone()));
    term.row("stack", &made.join(" · "));
    let runtime = &service.runtime;
    let port = runtime.port.as_ref().map(|port| format!(" on port {port}")).unwrap_or_default();
    term.row("runs", &format!("{}{port}", started(service)));
    let image = service.stages.image(service.stages.runtime());
    term.row("image", &format!("{image}, as user {}", runtime.user.value));
}

/// The command that is started, with its reason.
fn started(service: &Service) -> String {
    let runtime = &service.runtime;
    let words = [&runtime.entrypoint, &runtime.command];
    let line: Vec<String> =
        words.iter().filter_map(|form| form.as_ref().map(|form| form.value.to_string())).collect();
    let because = runtime.command.as_ref().or(runtime.entrypoint.as_ref()).map(|form| &form.because);
    match because {
        Some(because) => format!("{} ({because})", line.join(" ")),
        None => "what the image starts".to_owned(),
    }
}

/// Everything about a service, with reasons and losers.
fn explain(service: &Service) -> String {
    let mut text = Explained::default();
    text.line(&format!("{} ({})", service.name, service.dir));
    text.fact("stack", &service.stack);
    text.option("framework", service.framework.as_ref());
    for toolchain in &service.toolchains {
        text.fact("toolchain", toolchain);
    }
    text.option("packages", service.package_manager.as_ref());
    text.option("front end", service.front_end.as_ref());
    text.fact("kind", &service.kind);
    for stage in service.stages.iter() {
        text.stage(stage);
    }
    let runtime = &service.runtime;
    text.fact("user", &runtime.user);
    text.option("workdir", runtime.workdir.as_ref());
    for (name, value) in &runtime.env {
        text.row("env", &format!("{name}={}", value.value), &value.because, &value.over);
    }
    text.option("port", runtime.port.as_ref());
    text.option("entrypoint", runtime.entrypoint.as_ref());
    text.option("command", runtime.command.as_ref());
    text.option("health", runtime.health.as_ref());
    text.option("stop", runtime.stop_signal.as_ref());
    for (name, value) in &runtime.labels {
        text.row("label", &format!("{name}={}", value.value), &value.because, &value.over);
    }
    for platform in &service.platforms {
        text.fact("platform", platform);
    }
    text.0.push('\n');
    text.0
}

#[derive(Default)]
struct Explained(String);

impl Explained {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn fact<T: std::fmt::Display>(&mut self, label: &str, fact: &Fact<T>) {
        self.row(label, &fact.value.to_string(), &fact.because, &fact.over);
    }

    fn option<T: std::fmt::Display>(&mut self, label: &str, fact: Option<&Fact<T>>) {
        if let Some(fact) = fact {
            self.fact(label, fact);
        }
    }

    fn row(&mut self, label: &str, value: &str, because: &Evidence, over: &[Lost]) {
        let reason = match &because.at {
            Some(place) => format!("{place}  {}", because.says),
            None => because.says.clone(),
        };
        let _ = writeln!(self.0, "  {label:<11}{value:<36} {reason}");
        for lost in over {
            let _ = writeln!(self.0, "  {:<11}  over {:<29} {}", "", lost.value, lost.because);
        }
    }

    fn stage(&mut self, stage: &Stage) {
        let from = match &stage.from.value {
            Origin::Image(image) => image.clone(),
            Origin::Stage(earlier) => format!("on {earlier}"),
        };
        let name = match &stage.target {
            Some(target) => format!("{} (printed as {})", stage.name, target.value),
            None => stage.name.to_string(),
        };
        self.row("stage", &format!("{name} {from}"), &stage.from.because, &stage.from.over);
        for package in &stage.packages {
            self.row("", &format!("  + {}", package.value), &package.because, &package.over);
        }
        for (name, value) in &stage.args {
            self.row("", &format!("  ARG {name}={}", value.value), &value.because, &value.over);
        }
        for (name, value) in &stage.env {
            self.row("", &format!("  ENV {name}={}", value.value), &value.because, &value.over);
        }
        for secret in &stage.secrets {
            self.row("", &format!("  secret {}", secret.value.id), &secret.because, &secret.over);
        }
    }
}
