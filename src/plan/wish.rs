//! Grants the wishes that mean the same for every stack, after the stack has planned.
//!
//! Wishes that change how a stack plans (versions, ports, images, commands) are asked for by the stack. Which registry
//! the images come from is settled last, in `registry.rs`.

use std::collections::BTreeSet;

use crate::config::{Settings, keys, outputs};
use crate::diag::{Code, Diagnostic};
use crate::dockerfile::{self, Keyword};
use crate::fact::{Choice, Fact, Layer};
use crate::plan::catalog::Catalog;
use crate::plan::own;
use crate::plan::service::{Health, Runtime, Service};
use crate::plan::stage::{Role, Stage, SystemPackage};
use crate::repo::inventory::Inventory;

/// Applies user, environment, labels, health, stop signal, platforms, and what is wished of single stages.
pub(super) fn grant(
    service: &mut Service,
    settings: &Settings,
    catalog: &Catalog,
    notes: &mut Vec<Diagnostic>,
) {
    let settings = settings.for_service(&service.dir);
    let runtime = &mut service.runtime;

    let planned = service.kind.clone();
    let kind = settings.choice(&keys::KIND, notes);
    if kind.so_far().is_some() {
        // What has no port has nobody to ask how it is.
        (runtime.port, runtime.health) = (None, None);
    }
    if let Some(kind) = kind.or(Some(planned)).decide() {
        service.kind = kind;
    }
    let planned = runtime.user.clone();
    if let Some(user) = settings.choice(&keys::USER, notes).or(Some(planned)).decide() {
        runtime.user = user;
    }
    grant_folder(runtime, &settings, notes);
    for (name, wish) in settings.entries("runtime.env.", &keys::ENV, notes) {
        let planned = runtime.env.remove(&name);
        if let Some(value) = Choice::default().or(Some(wish)).or(planned).decide() {
            runtime.env.insert(name, value);
        }
    }
    if let Some(signal) = settings.choice(&keys::STOP_SIGNAL, notes).decide() {
        runtime.stop_signal = Some(signal);
    }
    grant_health(service, &settings, catalog, notes);
    grant_instructions(service, &settings, notes);
    grant_files(service, &settings, notes);
    grant_packages(service, &settings, notes);
    service.runtime.labels = settings.entries("labels.", &keys::LABELS, notes);
    if let Some(platforms) = settings.choice(&keys::PLATFORMS, notes).decide() {
        service.platforms = platforms.value.0.iter().map(|name| platforms.derive(name.clone())).collect();
    }
    // What the runtime gets of its own table is the service's environment.
    for (name, value) in settings.entries("stages.runtime.env.", &keys::STAGE_ENV, notes) {
        service.runtime.env.insert(name, value);
    }
    own::grant_stages(service, &settings, notes);
    if let Some(remarks) = settings.choice(&keys::REMARKS, notes).decide() {
        service.remarks = remarks.value.0.iter().map(|text| remarks.derive(text.clone())).collect();
    }
    for stage in service.stages.iter_mut() {
        own::grant_lines(stage, &settings, notes);
        if stage.text.is_some() {
            continue;
        }
        grant_stage(stage, &settings, notes);
    }
    refuse_equal_targets(service, notes);
}

/// The folder that a program starts in, where that is anywhere.
fn grant_folder(runtime: &mut Runtime, settings: &Settings, notes: &mut Vec<Diagnostic>) {
    let Some(folder) = settings.choice(&keys::WORKDIR, notes).decide() else { return };
    let start = runtime.entrypoint.as_ref().or(runtime.command.as_ref());
    let is_anywhere = start.is_some_and(|form| form.value.words()[0].starts_with('/'));
    // The file of settings that a program ends without is put wherever that is.
    let settings = runtime.settings_file.as_ref().map(|file| &file.because);
    let is_free = runtime.workdir.as_ref().map(|planned| &planned.because) == settings;
    if is_free && is_anywhere {
        runtime.workdir = Some(folder);
    } else {
        let message = "`runtime.workdir`: this program starts where its files lie".to_owned();
        notes.push(Diagnostic::error(Code::BadSetting, message).at(folder.because.at));
    }
}

fn grant_health(service: &mut Service, settings: &Settings, catalog: &Catalog, notes: &mut Vec<Diagnostic>) {
    let runtime = &mut service.runtime;
    if settings.choice(&keys::HEALTH_ENABLED, notes).decide().is_some_and(|wish| !wish.value) {
        runtime.health = None;
    } else if let Some(path) = settings.choice(&keys::HEALTH, notes).decide() {
        let image = service.stages.image(service.stages.runtime());
        let port = runtime.port.as_ref().map(|port| port.value);
        let planned = runtime.health.as_ref().map(|health| health.value.clone());
        let health = match planned {
            Some(same) if same.path == path.value => Some(same),
            planned => {
                let asks = port.zip(catalog.image_like(image));
                let variable = planned.as_ref().and_then(|planned| planned.variable.as_deref());
                let health = asks.and_then(|(port, image)| image.health_at(port, variable, &path.value));
                // How long a start takes does not depend on what is asked.
                let start = planned.map(|planned| planned.start_seconds);
                health.map(|health| Health { start_seconds: start.unwrap_or(health.start_seconds), ..health })
            }
        };
        if let Some(health) = health {
            let over = runtime.health.take();
            runtime.health = Choice::default().or(Some(path.map(|_| health))).or(over).decide();
        }
    }
    if let Some(health) = &mut runtime.health {
        rhythm(&mut health.value, settings, notes);
    }
}

fn grant_instructions(service: &mut Service, settings: &Settings, notes: &mut Vec<Diagnostic>) {
    for (key, role) in
        [(&keys::BUILD_INSTRUCTIONS, Role::Build), (&keys::RUNTIME_INSTRUCTIONS, Role::Runtime)]
    {
        let Some(wish) = settings.choice(key, notes).decide() else { continue };
        let each: Vec<Fact<String>> = wish.value.0.iter().map(|text| wish.derive(text.clone())).collect();
        if role == Role::Runtime && each.iter().any(|text| is_check(&text.value)) {
            // An image has one check, and this one is a person's.
            service.runtime.health = None;
        }
        service.stages.carry(role, each);
    }
}

fn grant_packages(service: &mut Service, settings: &Settings, notes: &mut Vec<Diagnostic>) {
    if let Some(packages) = settings.choice(&keys::RUNTIME_PACKAGES, notes).decide() {
        let runtime = service.stages.runtime_mut();
        let planned: Vec<String> =
            runtime.packages.iter().map(|package| package.value.name.clone()).collect();
        // What the stack has found itself carries the version that it needs.
        let new = named(&packages).into_iter().filter(|package| !planned.contains(&package.value.name));
        runtime.packages.extend(new);
    }
    if let Some(packages) = settings.choice(&keys::BUILD_PACKAGES, notes).decide() {
        service.stages.add_packages(Role::Deps, &named(&packages));
    }
}

/// How often the health check asks, and when it gives up.
fn rhythm(health: &mut Health, settings: &Settings, notes: &mut Vec<Diagnostic>) {
    let times = [
        (&keys::HEALTH_INTERVAL, &mut health.interval_seconds),
        (&keys::HEALTH_TIMEOUT, &mut health.timeout_seconds),
        (&keys::HEALTH_START, &mut health.start_seconds),
    ];
    for (key, seconds) in times {
        let wish = settings.choice(key, notes).decide();
        // The setting has taken no longer time than a day.
        *seconds = wish.and_then(|wish| u32::try_from(wish.value.0).ok()).unwrap_or(*seconds);
    }
    health.retries =
        settings.choice(&keys::HEALTH_RETRIES, notes).decide().map(|wish| wish.value).or(health.retries);
}

/// Is it a health check of a person's own?
fn is_check(instruction: &str) -> bool {
    dockerfile::parse(instruction).0.instructions().any(|one| one.keyword == Keyword::Healthcheck)
}

/// `[files]`: where the Dockerfile lies, whether an ignore file goes with it, and what is copied besides.
fn grant_files(service: &mut Service, settings: &Settings, notes: &mut Vec<Diagnostic>) {
    if let Some(path) = settings.choice(&outputs::DOCKERFILE, notes).decide() {
        service.dockerfile = service.dir.join(path.value.as_str()).map(|place| path.derive(place));
    }
    if settings.choice(&outputs::DOCKERIGNORE, notes).decide().is_some_and(|wish| !wish.value) {
        service.ignore_file = None;
    }
    if let Some(copies) = settings.choice(&outputs::EXTRA_COPY, notes).decide() {
        let each = copies.value.0.iter().map(|copy| copies.derive(copied(service, copy))).collect();
        service.stages.carry(Role::Runtime, each);
    }
}

/// The instruction that copies from the build context.
fn copied(service: &Service, copy: &outputs::ExtraCopy) -> String {
    let from = service.dir.join(copy.from.as_str()).and_then(|from| from.relative_to(&service.context));
    let words = [from.unwrap_or_default().to_string(), copy.to.clone()];
    if words.iter().any(|word| word.contains(char::is_whitespace)) {
        return format!("COPY {}", serde_json::Value::from(words.to_vec()));
    }
    format!("COPY {}", words.join(" "))
}

/// A finding for everything of `files.extra_copy` that is not there.
pub(super) fn missing_copies(
    service: &Service,
    settings: &Settings,
    inventory: &Inventory,
    notes: &mut Vec<Diagnostic>,
) {
    let Some(copies) = settings.for_service(&service.dir).choice(&outputs::EXTRA_COPY, notes).decide() else {
        return;
    };
    for copy in &copies.value.0 {
        let path = service.dir.join(copy.from.as_str()).unwrap_or_default();
        if !inventory.has(&path) && inventory.below(&path).is_empty() {
            let message = format!("`files.extra_copy`: there is no `{path}`");
            notes.push(Diagnostic::error(Code::BadSetting, message).at(copies.because.at.clone()));
        }
    }
}

/// `[stages.NAME]`: what one stage gets besides.
fn grant_stage(stage: &mut Stage, settings: &Settings, notes: &mut Vec<Diagnostic>) {
    let table = format!("stages.{}.", stage.name);
    if let Some(packages) =
        settings.choice_of(&format!("{table}packages"), &keys::STAGE_PACKAGES, notes).decide()
    {
        let planned: Vec<String> = stage.packages.iter().map(|package| package.value.name.clone()).collect();
        let new = named(&packages).into_iter().filter(|package| !planned.contains(&package.value.name));
        stage.packages.extend(new);
    }
    if stage.role != Role::Runtime {
        stage.env = settings.entries(&format!("{table}env."), &keys::STAGE_ENV, notes);
    }
    stage.args = settings.entries(&format!("{table}args."), &keys::STAGE_ARGS, notes);
    if let Some(secrets) =
        settings.choice_of(&format!("{table}secrets"), &keys::STAGE_SECRETS, notes).decide()
    {
        stage.secrets = secrets.value.0.iter().map(|secret| secrets.derive(secret.clone())).collect();
    }
    if let Some(wish) =
        settings.choice_of(&format!("{table}instructions"), &keys::STAGE_INSTRUCTIONS, notes).decide()
    {
        stage.carried.extend(wish.value.0.iter().map(|text| wish.derive(text.clone())));
    }
    stage.target = settings.choice_of(&format!("{table}target"), &keys::STAGE_TARGET, notes).decide();
}

/// Two stages of one name would be one stage.
fn refuse_equal_targets(service: &Service, notes: &mut Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    let names = service.stages.iter().filter(|stage| stage.target.is_none()).map(Stage::printed_name);
    seen.extend(names.map(str::to_owned));
    for target in service.stages.iter().filter_map(|stage| stage.target.as_ref()) {
        if !seen.insert(target.value.clone()) {
            let message = format!("two stages of `{}` would be called `{}`", service.name, target.value);
            notes.push(Diagnostic::error(Code::BadSetting, message).at(target.because.at.clone()));
        }
    }
}

/// A finding for every `[stages.NAME]` that is a stage of none of these services. What a company wishes of a stage
/// holds where there is one.
pub(super) fn strange_stages(services: &[Service], settings: &Settings) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut said = BTreeSet::new();
    for (below, wish) in settings.table("stages.") {
        let Some((stage, _)) = below.split_once('.') else { continue };
        let is_meant = |service: &&Service| {
            wish.service.as_deref().is_none_or(|name| crate::config::names(name, &service.dir))
        };
        let stages: BTreeSet<String> = services
            .iter()
            .filter(is_meant)
            .flat_map(|service| service.stages.iter().map(|stage| stage.name.to_string()))
            .collect();
        let is_company = wish.because.layer == Layer::Company;
        if stages.is_empty() || stages.contains(stage) || is_company || !said.insert(stage) {
            continue;
        }
        let message = match keys::nearest(stage, stages.iter().cloned()) {
            Some(right) => format!("there is no stage `{stage}`; did you mean `{right}`?"),
            None => format!("there is no stage `{stage}`"),
        };
        let there: Vec<&str> = stages.iter().map(String::as_str).collect();
        let finding = Diagnostic::error(Code::UnknownSetting, message).at(wish.because.at.clone());
        findings.push(finding.help(format!("the stages are {}", there.join(", "))));
    }
    findings
}

fn named(packages: &Fact<keys::Globs>) -> Vec<Fact<SystemPackage>> {
    packages
        .value
        .0
        .iter()
        .map(|wanted| {
            let (name, version) = match wanted.split_once('=') {
                Some((name, version)) => (name, Some(version.to_owned())),
                None => (wanted.as_str(), None),
            };
            packages.derive(SystemPackage { name: name.to_owned(), version })
        })
        .collect()
}
