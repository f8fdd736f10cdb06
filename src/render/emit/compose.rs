//! `compose.yaml`: every service with its port, and the databases that its libraries talk to, each waited for until it is
//! well and with a volume of its own. While somebody edits, `docker compose watch` builds or copies what has changed.

use std::fmt::Write as _;

use crate::plan::backing::Backing;
use crate::plan::service::Service;
use crate::plan::stage::Role;

use super::{dockerfile, name, quoted, secrets, target};

pub(super) fn text(services: &[Service]) -> String {
    let mut text = String::from(
        "# The program and what it talks to: docker compose up --build\n# While you edit: docker compose watch\nservices:\n",
    );
    for service in services {
        one(&mut text, service);
    }
    let mut beside: Vec<(Backing, &str)> = services
        .iter()
        .flat_map(|s| &s.beside)
        .map(|beside| (beside.what.value, beside.image.as_str()))
        .collect();
    beside.sort_unstable();
    beside.dedup_by_key(|(what, _)| *what);
    for (what, image) in &beside {
        backing(&mut text, *what, image);
    }
    let ids: Vec<&str> = services.iter().flat_map(secrets).collect();
    if !ids.is_empty() {
        text.push_str("\n# Given by whoever builds: each file holds one secret.\nsecrets:\n");
        let mut ids = ids;
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let _ = writeln!(text, "  {id}:\n    file: {}", quoted(&format!("./.secrets/{id}")));
        }
    }
    if !beside.is_empty() {
        text.push_str("\nvolumes:\n");
        for (what, _) in beside {
            let _ = writeln!(text, "  {what}:");
        }
    }
    text
}

fn one(text: &mut String, service: &Service) {
    let name = name(service);
    let _ = writeln!(text, "  {name}:");
    build(text, service, None);
    run(text, service);
    let context = quoted(&place(service));
    let _ =
        writeln!(text, "    develop:\n      watch:\n        - action: rebuild\n          path: {context}");
    let Some(dev) = target(service, Role::Dev) else { return };
    let _ = writeln!(
        text,
        "\n  # With the tools of development: docker compose --profile dev watch {name}-dev\n  {name}-dev:\n    profiles: [dev]"
    );
    build(text, service, Some(dev));
    run(text, service);
    let _ = writeln!(
        text,
        "    develop:\n      watch:\n        - action: sync\n          path: {context}\n          target: /app\n          ignore: [node_modules/, .venv/, .git/]"
    );
}

fn build(text: &mut String, service: &Service, target: Option<&str>) {
    let _ = writeln!(text, "    build:\n      context: {}", quoted(&place(service)));
    let file = dockerfile(service);
    if file.as_str() != "Dockerfile" {
        let _ = writeln!(text, "      dockerfile: {}", quoted(file.as_str()));
    }
    if let Some(target) = target {
        let _ = writeln!(text, "      target: {target}");
    }
    if !service.platforms.is_empty() {
        let names: Vec<&str> = service.platforms.iter().map(|name| name.value.as_str()).collect();
        let _ = writeln!(text, "      platforms: [{}]", names.join(", "));
    }
    let ids = secrets(service);
    if !ids.is_empty() {
        let _ = writeln!(text, "      secrets: [{}]", ids.join(", "));
    }
}

fn run(text: &mut String, service: &Service) {
    if let Some(port) = &service.runtime.port {
        let _ = writeln!(text, "    ports:\n      - \"{0}:{0}\"", port.value);
    }
    let addresses = service.beside.iter().map(|beside| beside.what.value.address());
    let addresses: Vec<_> = addresses.filter(|(name, _)| !service.runtime.env.contains_key(*name)).collect();
    if !addresses.is_empty() {
        text.push_str("    environment:\n");
        for (name, value) in addresses {
            let _ = writeln!(text, "      {name}: {}", quoted(value));
        }
    }
    if !service.beside.is_empty() {
        text.push_str("    depends_on:\n");
        for beside in &service.beside {
            let _ = writeln!(text, "      {}:\n        condition: service_healthy", beside.what.value);
        }
    }
}

fn backing(text: &mut String, what: Backing, image: &str) {
    let _ = writeln!(text, "\n  {what}:\n    image: {image}");
    if !what.environment().is_empty() {
        text.push_str("    environment:\n");
        for (name, value) in what.environment() {
            let _ = writeln!(text, "      {name}: {}", quoted(value));
        }
    }
    let test: Vec<String> = what.health().iter().map(|word| quoted(word)).collect();
    let _ = writeln!(
        text,
        "    healthcheck:\n      test: [{}]\n      interval: 5s\n      timeout: 5s\n      retries: 20\n      start_period: 30s\n    volumes:\n      - {what}:{}",
        test.join(", "),
        what.data()
    );
}

/// The build context as Compose wants it.
fn place(service: &Service) -> String {
    if service.context.is_root() { ".".to_owned() } else { format!("./{}", service.context) }
}
