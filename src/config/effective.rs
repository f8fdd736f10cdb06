//! What holds for a service, setting by setting: what people said, and what detection says where nobody did.
//!
//! It is printed by `dockgen config show` in the syntax of `dockgen.toml`, and it is how an answer is known to say
//! nothing new.

use std::fmt::Write as _;

use serde::Serialize;

use crate::config::{Settings, keys};
use crate::fact::{Evidence, Fact};
use crate::key::AnyKey;
use crate::plan::service::{ExecForm, Runtime, Service};
use crate::plan::stage::Origin;

/// One setting with its value and the reason for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effective {
    /// The setting's name.
    pub key: String,
    /// Its value.
    pub value: toml::Value,
    /// Who said so.
    pub because: Evidence,
}

/// The settings of a service: those that people have made, and those that can be told from its plan. By name.
pub fn effective(service: &Service, settings: &Settings) -> Vec<Effective> {
    let mut found = Found(Vec::new());
    for wish in settings.for_service(&service.dir).wishes() {
        found.add(&wish.key, wish.value.clone(), &wish.because);
    }
    found.text("project.stack", Some(&service.stack));
    if let Some(toolchain) = service.toolchains.first() {
        let key = format!("{}.version", service.stack.value);
        let is_set = found.has("build.version");
        if !is_set {
            found.add(&key, toolchain.value.version.clone().into(), &toolchain.because);
        }
    }
    if let Some(manager) = &service.package_manager {
        // `pnpm 11.22.0` is set as `pnpm@11.22.0`, as Corepack spells it.
        found.add("build.package_manager", manager.value.replacen(' ', "@", 1).into(), &manager.because);
    }
    let base = &service.stages.runtime().from;
    if let Origin::Image(image) = &base.value {
        found.add("runtime.image", image.clone().into(), &base.because);
    }
    let runtime = &service.runtime;
    found.text("runtime.user", Some(&runtime.user));
    if let Some(port) = &runtime.port {
        found.add("runtime.port", i64::from(port.value).into(), &port.because);
    }
    for (name, value) in &runtime.env {
        found.text(&format!("runtime.env.{name}"), Some(value));
    }
    if let Some(health) = &runtime.health {
        found.add("runtime.healthcheck.path", health.value.path.clone().into(), &health.because);
    }
    found.text("runtime.stop_signal", runtime.stop_signal.as_ref());
    if let Some(last) = runtime.command.as_ref().or(runtime.entrypoint.as_ref()) {
        found.add("run.cmd", started(runtime).into(), &last.because);
    }
    let mut all = found.0;
    all.sort_by(|a, b| a.key.cmp(&b.key));
    all
}

/// The words that start the program. An init that passes signals on is put before them whatever they are, with the
/// interpreter where the image would start it.
fn started(runtime: &Runtime) -> Vec<toml::Value> {
    let words = |form: &Option<Fact<ExecForm>>| {
        form.iter().flat_map(|form| form.value.words().to_vec()).collect::<Vec<String>>()
    };
    let (mut all, command) = (words(&runtime.entrypoint), words(&runtime.command));
    if let Some(init) = all.iter().position(|word| word == "--").filter(|at| *at < 2) {
        all.drain(..=init);
        if !command.is_empty() {
            all.clear();
        }
    }
    all.into_iter().chain(command).map(toml::Value::from).collect()
}

struct Found(Vec<Effective>);

impl Found {
    fn has(&self, key: &str) -> bool {
        self.0.iter().any(|known| known.key == key)
    }

    /// The first to say something is the strongest.
    fn add(&mut self, key: &str, value: toml::Value, because: &Evidence) {
        if !self.has(key) {
            self.0.push(Effective { key: key.to_owned(), value, because: because.clone() });
        }
    }

    fn text(&mut self, key: &str, fact: Option<&Fact<String>>) {
        if let Some(fact) = fact {
            self.add(key, fact.value.clone().into(), &fact.because);
        }
    }
}

/// Settings in the syntax of `dockgen.toml`, each with a remark behind it; `table` stands before all of them.
pub fn as_toml(
    settings: &[Effective],
    known: &[&dyn AnyKey],
    table: &[String],
    remark: impl Fn(&Effective) -> Option<String>,
) -> String {
    let mut text = String::new();
    let mut last = String::new();
    for setting in settings {
        let path = keys::segments(known, &setting.key);
        let (first, rest) = path.split_first().expect("a name has a first part");
        let table: Vec<String> = table.iter().chain([first]).map(|part| quoted(part)).collect();
        let table = table.join(".");
        if table != last {
            if !text.is_empty() {
                text.push('\n');
            }
            let _ = writeln!(text, "[{table}]");
            last = table;
        }
        let name = rest.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(".");
        let line = format!("{name} = {}", setting.value);
        let _ = match remark(setting) {
            Some(remark) => writeln!(text, "{line:<40} # {remark}"),
            None => writeln!(text, "{line}"),
        };
    }
    text
}

/// A part of a name, in quotes where TOML wants them.
fn quoted(part: &str) -> String {
    let is_bare = !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if is_bare { part.to_owned() } else { toml::Value::from(part).to_string() }
}
