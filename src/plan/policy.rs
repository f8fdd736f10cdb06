//! What a company holds its projects to: `[policy]` with `locked`, `require` and `allowed_bases`.
//!
//! It is looked at last, over whatever detection, settings and templates have made of the plan. What the company's
//! folder says always holds; a project may ask more of itself, never less.

use std::collections::BTreeSet;

use crate::config::keys::Requirement;
use crate::config::{Settings, Wish, keys};
use crate::diag::{Code, Diagnostic};
use crate::dockerfile::image;
use crate::fact::{Evidence, Layer};
use crate::key::Key;
use crate::plan::registry;
use crate::plan::service::{Service, ServiceKind};
use crate::plan::stage::Role;

/// Everything in which these services and settings are not as they have to be.
pub(super) fn broken(services: &[Service], settings: &Settings) -> Vec<Diagnostic> {
    let mut findings = overridden(settings);
    for service in services {
        let settings = settings.for_service(&service.dir);
        for (wish, required) in said(&settings, &keys::REQUIRE) {
            findings.extend(required.0.iter().filter_map(|one| missing(service, *one, &wish.because)));
        }
        for (wish, allowed) in said(&settings, &keys::ALLOWED_BASES) {
            findings.extend(strange_bases(service, &allowed.0, &wish.because));
        }
    }
    findings
}

/// What each layer says, not only the strongest: a project's list does not replace its company's.
fn said<'s, T>(settings: &'s Settings, key: &Key<T>) -> Vec<(&'s Wish, T)> {
    let wishes = settings.wishes().iter().filter(|wish| wish.key == key.name);
    wishes.filter_map(|wish| Some((wish, (key.parse)(&wish.value).ok()?))).collect()
}

/// Settings of a project that its company has locked.
fn overridden(settings: &Settings) -> Vec<Diagnostic> {
    let company = |wish: &&Wish| wish.because.layer == Layer::Company;
    let locks: Vec<(&Wish, String)> = said(settings, &keys::LOCKED)
        .into_iter()
        .filter(|(wish, _)| company(wish))
        .flat_map(|(wish, names)| names.0.into_iter().map(move |name| (wish, name)))
        .collect();
    let theirs = settings.wishes().iter().filter(|wish| wish.because.layer < Layer::Company);
    theirs
        .filter_map(|wish| {
            let is_meant = |name: &str| wish.key == name || wish.key.starts_with(&format!("{name}."));
            let (lock, _) = locks.iter().find(|(_, name)| is_meant(name))?;
            let message = format!("`{}` is locked: {} decides it", wish.key, place(&lock.because));
            let finding = Diagnostic::error(Code::Policy, message).at(wish.because.at.clone());
            Some(finding.help("take it out, or ask whoever keeps that folder"))
        })
        .collect()
}

fn missing(service: &Service, required: Requirement, because: &Evidence) -> Option<Diagnostic> {
    let runtime = &service.runtime;
    let listens = matches!(service.kind.value, ServiceKind::Server | ServiceKind::Site);
    let (is_there, lacks, help) = match required {
        Requirement::NonRoot => {
            let uid = runtime.user.value.split(':').next().unwrap_or_default();
            (uid != "0", "runs as root".to_owned(), "runtime.user names another one")
        }
        Requirement::Healthcheck => (
            runtime.health.is_some() || !listens,
            "has no health check".to_owned(),
            "runtime.healthcheck.path names what to ask for, on an image that has something to ask with",
        ),
        Requirement::Tests => (
            service.stages.iter().any(|stage| stage.role == Role::Test),
            "has no stage that runs tests".to_owned(),
            "a stack has one where the project has tests",
        ),
        Requirement::Digest => {
            let open = registry::images(service).into_iter().find(|image| !image.contains('@'));
            let lacks = format!("starts from `{}`, which has no digest", open.clone().unwrap_or_default());
            (open.is_none(), lacks, "`dockgen update --pin` asks its registry")
        }
    };
    let message = format!("`{}` {lacks}, and {} requires {required}", service.name, place(because));
    (!is_there).then(|| Diagnostic::error(Code::Policy, message).at(because.at.clone()).help(help))
}

/// Images that are in no pattern of the list.
fn strange_bases(service: &Service, allowed: &[String], because: &Evidence) -> Vec<Diagnostic> {
    let names: BTreeSet<String> = registry::images(service)
        .iter()
        .filter_map(|image| image.split('@').next().map(str::to_owned))
        .collect();
    let is_allowed = |image: &str| allowed.iter().any(|pattern| image::fit(pattern, image).is_some());
    names
        .iter()
        .filter(|image| !is_allowed(image))
        .map(|image| {
            let message =
                format!("`{}` uses `{image}`, which {} does not allow", service.name, place(because));
            let help = format!("allowed are {}; [images] takes one for another", allowed.join(", "));
            Diagnostic::error(Code::Policy, message).at(because.at.clone()).help(help)
        })
        .collect()
}

/// Where it is said, or how.
fn place(because: &Evidence) -> String {
    because.at.as_ref().map_or_else(|| because.says.clone(), ToString::to_string)
}
