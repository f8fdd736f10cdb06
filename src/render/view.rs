//! What a template may see: a published contract, versioned with the plan's schema.
//!
//! Every field is always there (`null`, never absent), because an unknown name in a condition
//! would be silently false.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::dockerfile::ImageRef;
use crate::fact::Fact;
use crate::plan::catalog::{Catalog, PackageManager};
use crate::plan::run::Mount;
use crate::plan::service::{Health, Service};
use crate::plan::stage::{Origin, Platform, Role, Stage, SystemPackage};

/// The contract's version. It goes up when a template that was right would print something else or nothing.
pub const CONTRACT: u32 = 1;

/// The values of templates as a JSON schema.
pub fn contract() -> Value {
    let mut schema = schemars::schema_for!(View<'static>).to_value();
    schema["title"] = format!("values of templates, version {CONTRACT}").into();
    schema
}

/// The names that stand below a value: those of all values for none, of `runtime` for that.
pub(super) fn fields(path: &[&str]) -> BTreeSet<String> {
    static SCHEMA: LazyLock<Value> = LazyLock::new(contract);
    let mut at = &*SCHEMA;
    for name in path {
        at = &at["properties"][name];
        if let Some(reference) = at["$ref"].as_str() {
            at = SCHEMA.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
        }
    }
    at["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

/// Everything a stage's template sees.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct View<'p> {
    pub service: ServiceView<'p>,
    pub stage: StageView<'p>,
    pub runtime: RuntimeView<'p>,
    /// The stack's own facts.
    pub tool: Cow<'p, Value>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ServiceView<'p> {
    /// The image's name.
    pub name: &'p str,
    /// The project's folder from the repository's root; `.` for the root.
    pub dir: String,
    /// `docker build` and what comes after it.
    pub build_command: String,
    /// `Go 1.24`, `Node.js 22 and pnpm`.
    pub made_with: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct StageView<'p> {
    pub name: &'p str,
    /// What it starts from.
    pub from: &'p str,
    /// Build arguments of the person's own: name and default, by name.
    pub args: Vec<Named<'p>>,
    /// Environment of the person's own: name and value, by name. The runtime's is in `runtime.env`.
    pub env: Vec<(&'p str, &'p str)>,
    /// Is its output the same on every platform, or cross-compiled?
    pub is_portable: bool,
    /// The lines of instructions that people want in what is shipped, above its user.
    pub carried: Vec<&'p str>,
    /// The lines of those in a stage that is not shipped, at its end.
    pub carried_last: Vec<&'p str>,
    /// System packages, none when there are none to install.
    pub packages: Option<PackagesView>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Named<'p> {
    pub name: &'p str,
    pub value: &'p str,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PackagesView {
    /// Names with their version prefixes, in the package manager's syntax.
    pub words: String,
    /// `libpq5: psycopg2 (requirements.txt:3)`, one per reason.
    pub reasons: Vec<String>,
    /// Alpine's package manager, else Debian's.
    pub is_apk: bool,
    /// Installed in what is shipped, so lists must go in the same layer.
    pub is_shipped: bool,
    /// Debian's, of a release that has moved to the archive.
    pub is_archived: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RuntimeView<'p> {
    pub user: &'p str,
    pub workdir: Option<&'p str>,
    /// Name and value, by name.
    pub env: Vec<(&'p str, &'p str)>,
    /// The label `org.opencontainers.image.title`.
    pub title: &'p str,
    /// Labels of the person's own, by name.
    pub labels: Vec<Named<'p>>,
    pub port: Option<u16>,
    pub entrypoint: Option<&'p [String]>,
    pub command: Option<&'p [String]>,
    pub health: Option<&'p Health>,
    pub stop_signal: Option<&'p str>,
    /// A file that has to be there, empty, with what says so.
    pub settings_file: Option<&'p Fact<String>>,
}

impl<'p> View<'p> {
    /// The view of one stage.
    pub fn of(service: &'p Service, stage: &'p Stage, catalog: &Catalog) -> Self {
        Self {
            service: ServiceView::of(service),
            stage: StageView::of(service, stage, catalog),
            runtime: RuntimeView::of(service),
            tool: with_secrets(stage, stage.tool.as_ref().unwrap_or(&service.tool)),
        }
    }
}

impl<'p> ServiceView<'p> {
    pub fn of(service: &'p Service) -> Self {
        let file = service.dockerfile_path();
        let place = service.dir == service.context;
        let from_context = file.relative_to(&service.context).unwrap_or_default();
        let is_usual = place && from_context.as_str() == "Dockerfile";
        let mut flag = if is_usual { String::new() } else { format!(" -f {from_context}") };
        if !service.platforms.is_empty() {
            let names: Vec<&str> = service.platforms.iter().map(|name| name.value.as_str()).collect();
            flag = format!(" --platform {}{flag}", names.join(","));
        }
        let mut made: Vec<String> =
            service.toolchains.iter().map(|toolchain| toolchain.value.to_string()).collect();
        if made.is_empty() {
            made.push(service.stack.value.clone());
        }
        Self {
            name: &service.name,
            dir: service.dir.to_string(),
            build_command: format!("docker build{flag} -t {} .", service.name),
            made_with: made.join(" and "),
        }
    }
}

impl<'p> StageView<'p> {
    fn of(service: &'p Service, stage: &'p Stage, catalog: &Catalog) -> Self {
        let carried = stage.carried.iter().flat_map(|text| text.value.lines()).collect();
        let (carried, carried_last) =
            if stage.role == Role::Runtime { (carried, Vec::new()) } else { (Vec::new(), carried) };
        Self {
            carried,
            carried_last,
            name: stage.printed_name(),
            from: match &stage.from.value {
                Origin::Image(image) => image,
                Origin::Stage(name) => {
                    service.stages.get(name.as_str()).map_or(name.as_str(), Stage::printed_name)
                }
            },
            args: named(&stage.args),
            env: pairs(&stage.env),
            is_portable: stage.platform == Platform::Build,
            packages: packages(service, stage, catalog),
        }
    }
}

/// The facts of a stack, with the secrets that people want at every command of the stage.
fn with_secrets<'p>(stage: &Stage, tool: &'p Value) -> Cow<'p, Value> {
    if stage.secrets.is_empty() {
        return Cow::Borrowed(tool);
    }
    let mounts = stage.secrets.iter().map(|secret| {
        let (id, target) = (secret.value.id.clone(), secret.value.target.clone());
        serde_json::to_value(Mount::Secret { id, target }).expect("a mount is plain values with text keys")
    });
    let mut tool = tool.clone();
    mount(&mut tool, &mounts.collect::<Vec<_>>());
    Cow::Owned(tool)
}

/// Adds mounts to whatever is a command with mounts.
fn mount(tool: &mut Value, secrets: &[Value]) {
    match tool {
        Value::Array(items) => items.iter_mut().for_each(|item| mount(item, secrets)),
        Value::Object(entries) => {
            let is_run = entries.contains_key("commands");
            if let Some(Value::Array(mounts)) = entries.get_mut("mounts").filter(|_| is_run) {
                let new = secrets.iter().filter(|secret| !mounts.contains(secret));
                let new: Vec<Value> = new.cloned().collect();
                mounts.extend(new);
            }
            entries.values_mut().for_each(|entry| mount(entry, secrets));
        }
        _ => {}
    }
}

fn packages(service: &Service, stage: &Stage, catalog: &Catalog) -> Option<PackagesView> {
    if stage.packages.is_empty() {
        return None;
    }
    let image = service.stages.known_image(stage);
    let manager = catalog.image_like(image).map_or(PackageManager::Apt, |image| image.packages);
    let is_apk =
        manager == PackageManager::Apk || image.parse::<ImageRef>().is_ok_and(|image| image.is_alpine());
    let mut seen = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    for package in &stage.packages {
        let word = if is_apk { apk_word(&package.value) } else { apt_word(&package.value) };
        if !seen.contains(&word) {
            seen.push(word);
        }
        let reason = format!("{}: {}", package.value.name, package.because.says);
        let reason = match &package.because.at {
            Some(place) => format!("{reason} ({place})"),
            None => reason,
        };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    Some(PackagesView {
        words: seen.join(" "),
        reasons,
        is_apk,
        is_shipped: stage.role == Role::Runtime,
        is_archived: manager == PackageManager::Archive,
    })
}

/// The label that every image has, with the service's name unless people say otherwise.
const TITLE: &str = "org.opencontainers.image.title";

fn pairs(facts: &BTreeMap<String, Fact<String>>) -> Vec<(&str, &str)> {
    facts.iter().map(|(name, value)| (name.as_str(), value.value.as_str())).collect()
}

fn named(facts: &BTreeMap<String, Fact<String>>) -> Vec<Named<'_>> {
    facts.iter().map(|(name, value)| Named { name, value: &value.value }).collect()
}

fn apk_word(package: &SystemPackage) -> String {
    package.version.as_ref().map_or(package.name.clone(), |version| format!("{}~={version}", package.name))
}

fn apt_word(package: &SystemPackage) -> String {
    package.version.as_ref().map_or(package.name.clone(), |version| format!("{}={version}", package.name))
}

impl<'p> RuntimeView<'p> {
    fn of(service: &'p Service) -> Self {
        let runtime = &service.runtime;
        Self {
            user: &runtime.user.value,
            workdir: runtime.workdir.as_ref().map(|dir| dir.value.as_str()),
            env: pairs(&runtime.env),
            title: runtime.labels.get(TITLE).map_or(&service.name, |title| &title.value),
            labels: named(&runtime.labels).into_iter().filter(|label| label.name != TITLE).collect(),
            port: runtime.port.as_ref().map(|port| port.value),
            entrypoint: runtime.entrypoint.as_ref().map(|words| words.value.words()),
            command: runtime.command.as_ref().map(|words| words.value.words()),
            health: runtime.health.as_ref().map(|health| &health.value),
            stop_signal: runtime.stop_signal.as_ref().map(|signal| signal.value.as_str()),
            settings_file: runtime.settings_file.as_ref(),
        }
    }
}
