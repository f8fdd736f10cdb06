//! What a template may see: a published contract, versioned with the plan's schema.
//!
//! Every field is always there (`null`, never absent), because an unknown name in a condition
//! would be silently false.

use serde::Serialize;

use crate::plan::catalog::{Catalog, PackageManager};
use crate::plan::service::{Health, Service};
use crate::plan::stage::{Platform, Role, Stage, SystemPackage};

/// Everything a stage's template sees.
#[derive(Debug, Serialize)]
pub(super) struct View<'p> {
    pub service: ServiceView<'p>,
    pub stage: StageView<'p>,
    pub runtime: RuntimeView<'p>,
    /// The stack's own facts.
    pub tool: &'p serde_json::Value,
}

#[derive(Debug, Serialize)]
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

#[derive(Debug, Serialize)]
pub(super) struct StageView<'p> {
    pub name: String,
    /// What it starts from.
    pub from: String,
    /// Is its output the same on every platform, or cross-compiled?
    pub is_portable: bool,
    /// The lines of instructions that people want in what is shipped, above its user.
    pub carried: Vec<&'p str>,
    /// The lines of those in a stage that is not shipped, at its end.
    pub carried_last: Vec<&'p str>,
    /// System packages, none when there are none to install.
    pub packages: Option<PackagesView>,
}

#[derive(Debug, Serialize)]
pub(super) struct PackagesView {
    /// Names with their version prefixes, in the package manager's syntax.
    pub words: String,
    /// `libpq5: psycopg2 (requirements.txt:3)`, one per reason.
    pub reasons: Vec<String>,
    /// Alpine's package manager, else Debian's.
    pub is_apk: bool,
    /// Installed in what is shipped, so lists must go in the same layer.
    pub is_shipped: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct RuntimeView<'p> {
    pub user: &'p str,
    pub workdir: Option<&'p str>,
    /// Name and value, by name.
    pub env: Vec<(&'p str, &'p str)>,
    pub port: Option<u16>,
    pub entrypoint: Option<&'p [String]>,
    pub command: Option<&'p [String]>,
    pub health: Option<&'p Health>,
    pub stop_signal: Option<&'p str>,
}

impl<'p> View<'p> {
    /// The view of one stage.
    pub fn of(service: &'p Service, stage: &'p Stage, catalog: &Catalog) -> Self {
        Self {
            service: ServiceView::of(service),
            stage: StageView::of(service, stage, catalog),
            runtime: RuntimeView::of(service),
            tool: stage.tool.as_ref().unwrap_or(&service.tool),
        }
    }
}

impl<'p> ServiceView<'p> {
    pub fn of(service: &'p Service) -> Self {
        let file = super::dockerfile_path(service);
        let place = service.dir == service.context;
        let from_context = file.relative_to(&service.context).unwrap_or_default();
        let flag = if place { String::new() } else { format!(" -f {from_context}") };
        let made: Vec<String> =
            service.toolchains.iter().map(|toolchain| toolchain.value.to_string()).collect();
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
            name: stage.name.to_string(),
            from: stage.from.value.to_string(),
            is_portable: stage.platform == Platform::Build,
            packages: packages(service, stage, catalog),
        }
    }
}

fn packages(service: &Service, stage: &Stage, catalog: &Catalog) -> Option<PackagesView> {
    if stage.packages.is_empty() {
        return None;
    }
    let image = service.stages.image(stage);
    let manager = catalog.image_like(image).map_or(PackageManager::Apt, |image| image.packages);
    let is_apk = manager == PackageManager::Apk || image.contains("alpine");
    let mut seen = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    for package in &stage.packages {
        let word = word(&package.value, is_apk);
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
    Some(PackagesView { words: seen.join(" "), reasons, is_apk, is_shipped: stage.role == Role::Runtime })
}

fn word(package: &SystemPackage, is_apk: bool) -> String {
    match &package.version {
        Some(version) if is_apk => format!("{}~={version}", package.name),
        Some(version) => format!("{}={version}", package.name),
        None => package.name.clone(),
    }
}

impl<'p> RuntimeView<'p> {
    fn of(service: &'p Service) -> Self {
        let runtime = &service.runtime;
        Self {
            user: &runtime.user.value,
            workdir: runtime.workdir.as_ref().map(|dir| dir.value.as_str()),
            env: runtime.env.iter().map(|(name, value)| (name.as_str(), value.value.as_str())).collect(),
            port: runtime.port.as_ref().map(|port| port.value),
            entrypoint: runtime.entrypoint.as_ref().map(|words| words.value.words()),
            command: runtime.command.as_ref().map(|words| words.value.words()),
            health: runtime.health.as_ref().map(|health| &health.value),
            stop_signal: runtime.stop_signal.as_ref().map(|signal| signal.value.as_str()),
        }
    }
}
