//! `dockgen config show`: every setting that holds, in the syntax of `dockgen.toml`, with the place it comes from.

use serde::Serialize;

use crate::cli::args::{ConfigArgs, ConfigCommand, Format, ShowArgs};
use crate::cli::session::Session;
use crate::cli::term::Term;
use crate::cli::{Exit, Failure};
use crate::config::{self, Effective};
use crate::fact::{Evidence, Layer};
use crate::repo::RelPath;
use crate::stack;

/// Runs the command.
pub(super) fn run(args: &ConfigArgs, term: &Term) -> Result<Exit, Failure> {
    let ConfigCommand::Show(args) = &args.command;
    show(args, term)
}

#[derive(Serialize)]
struct Document<'s> {
    schema_version: u32,
    services: Vec<ServiceSettings<'s>>,
}

#[derive(Serialize)]
struct ServiceSettings<'s> {
    dir: &'s RelPath,
    settings: Vec<Effective>,
}

fn show(args: &ShowArgs, term: &Term) -> Result<Exit, Failure> {
    let session = Session::open(&args.target, term)?;
    let errors = session.errors();
    if !errors.is_empty() {
        term.findings(&errors, &session.inventory);
        return Err(Failure::new(Exit::Misuse, "the settings of this project cannot be told"));
    }
    let services = &session.plan.services;
    if services.is_empty() {
        return Err(session.nothing());
    }
    let settings = |service| config::effective(service, &session.settings);
    if args.format == Format::Json {
        let services =
            services.iter().map(|service| ServiceSettings { dir: &service.dir, settings: settings(service) });
        let document = Document { schema_version: 1, services: services.collect() };
        let text = serde_json::to_string_pretty(&document).expect("settings are plain values with text keys");
        term.data(&format!("{text}\n"))?;
        return Ok(Exit::Done);
    }
    let remark = |setting: &Effective| args.origin.then(|| origin(&setting.because));
    let keys = stack::keys();
    let mut texts = Vec::new();
    if let [first, ..] = session.extends.as_slice() {
        let names: Vec<toml::Value> =
            session.extends.iter().map(|folder| folder.value.clone().into()).collect();
        let value = if let [only] = names.as_slice() { only.clone() } else { names.into() };
        texts.push(match remark_of(args, &first.because) {
            Some(remark) => format!("extends = {value} # {remark}\n"),
            None => format!("extends = {value}\n"),
        });
    }
    // What holds for one of several is not everybody's.
    let is_alone = services.len() == 1 && session.settings.meant().is_none();
    for service in services {
        let table = if is_alone { Vec::new() } else { vec!["services".to_owned(), service.dir.to_string()] };
        texts.push(config::as_toml(&settings(service), &keys, &table, remark));
    }
    term.data(&texts.join("\n"))?;
    Ok(Exit::Done)
}

fn remark_of(args: &ShowArgs, because: &Evidence) -> Option<String> {
    args.origin.then(|| origin(because))
}

/// Who said so, for whoever wants to change it.
fn origin(because: &Evidence) -> String {
    match (because.layer, &because.at) {
        (_, Some(place)) => place.to_string(),
        (Layer::Default, None) => format!("default: {}", because.says),
        (_, None) => because.says.clone(),
    }
}
