//! Grants the wishes that mean the same for every stack, after the stack has planned.
//!
//! Wishes that change how a stack plans (versions, ports, images, commands) are asked for by the stack.

use crate::config::{Settings, keys};
use crate::diag::Diagnostic;
use crate::fact::{Choice, Fact};
use crate::plan::catalog::Catalog;
use crate::plan::service::Service;
use crate::plan::stage::{Role, SystemPackage};

/// Applies user, environment, health, stop signal and packages.
pub(super) fn grant(
    service: &mut Service,
    settings: &Settings,
    catalog: &Catalog,
    notes: &mut Vec<Diagnostic>,
) {
    let settings = settings.for_service(&service.dir);
    let runtime = &mut service.runtime;

    let planned = runtime.user.clone();
    if let Some(user) = settings.choice(&keys::USER, notes).or(Some(planned)).decide() {
        runtime.user = user;
    }
    for (name, wish) in settings.table("runtime.env.") {
        if let Ok(value) = crate::key::text(&wish.value) {
            let planned = runtime.env.remove(name);
            let choice = Choice::default().or(Some(Fact::new(value, wish.because.clone()))).or(planned);
            if let Some(value) = choice.decide() {
                runtime.env.insert(name.to_owned(), value);
            }
        }
    }
    if settings.choice(&keys::HEALTH_ENABLED, notes).decide().is_some_and(|wish| !wish.value) {
        runtime.health = None;
    } else if let Some(path) = settings.choice(&keys::HEALTH, notes).decide() {
        let image = service.stages.image(service.stages.runtime()).to_owned();
        let port = runtime.port.as_ref().map(|port| port.value);
        let health =
            port.zip(catalog.image_like(&image)).and_then(|(port, image)| image.health(port, &path.value));
        if let Some(health) = health {
            let over = runtime.health.take();
            runtime.health = Choice::default().or(Some(path.map(|_| health))).or(over).decide();
        }
    }
    if let Some(signal) = settings.choice(&keys::STOP_SIGNAL, notes).decide() {
        runtime.stop_signal = Some(signal);
    }
    if let Some(packages) = settings.choice(&keys::RUNTIME_PACKAGES, notes).decide() {
        let planned: Vec<String> =
            service.stages.runtime().packages.iter().map(|package| package.value.name.clone()).collect();
        // What the stack has found itself carries the version that it needs.
        let new = named(&packages).into_iter().filter(|package| !planned.contains(&package.value.name));
        service.stages.runtime_mut().packages.extend(new);
    }
    for (key, role) in
        [(&keys::BUILD_INSTRUCTIONS, Role::Build), (&keys::RUNTIME_INSTRUCTIONS, Role::Runtime)]
    {
        if let Some(wish) = settings.choice(key, notes).decide() {
            let each = wish.value.0.iter().map(|text| wish.derive(text.clone())).collect();
            service.stages.carry(role, each);
        }
    }
    if let Some(packages) = settings.choice(&keys::BUILD_PACKAGES, notes).decide() {
        service.stages.add_packages(Role::Deps, &named(&packages));
    }
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
