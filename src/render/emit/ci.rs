//! CI jobs: is the Dockerfile what the repository says, do the tests pass in it, does it build?

use std::fmt::Write as _;

use crate::plan::service::Service;
use crate::plan::stage::Role;

use super::{name, quoted, target};

/// The version that checks is the one that wrote: another may say it differently.
const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn github(services: &[Service]) -> String {
    let mut text = format!(
        "name: image
on:
  push:
  pull_request:
permissions:
  contents: read
jobs:
  drift:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: pipx run dockgen=={VERSION} check --format github
"
    );
    for service in services {
        let name = name(service);
        let _ = write!(
            text,
            "  {name}:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: docker/setup-buildx-action@v3
"
        );
        if let Some(test) = target(service, Role::Test) {
            step(&mut text, service, "test", Some(test));
        }
        step(&mut text, service, "build", None);
    }
    text
}

fn step(text: &mut String, service: &Service, title: &str, target: Option<&str>) {
    let file = service.dockerfile_path();
    let _ = write!(
        text,
        "      - name: {title}
        uses: docker/build-push-action@v6
        with:
          context: {}
          file: {}
",
        quoted(&service.context.to_string()),
        quoted(file.as_str())
    );
    if let Some(target) = target {
        let _ = writeln!(text, "          target: {target}");
    }
    if !service.platforms.is_empty() && target.is_none() {
        let names: Vec<&str> = service.platforms.iter().map(|name| name.value.as_str()).collect();
        let _ = writeln!(text, "          platforms: {}", names.join(","));
    }
    let scope = name(service);
    let _ = writeln!(
        text,
        "          cache-from: type=gha,scope={scope}\n          cache-to: type=gha,mode=max,scope={scope}"
    );
}

pub(super) fn gitlab(services: &[Service]) -> String {
    let mut text = format!(
        "# In .gitlab-ci.yml: include: [{{ local: /.gitlab/image.yml }}]
\"image:drift\":
  stage: test
  image: python:3-slim
  script:
    - pip install --quiet dockgen=={VERSION}
    - dockgen check
"
    );
    for service in services {
        let name = name(service);
        let file = format!("-f {}", quoted_word(service.dockerfile_path().as_str()));
        let context = quoted_word(&service.context.to_string());
        let _ = write!(
            text,
            "
\"image:{name}\":
  stage: build
  image: docker:28
  services: [docker:28-dind]
  variables:
    DOCKER_TLS_CERTDIR: /certs
  script:
    - docker login -u \"$CI_REGISTRY_USER\" -p \"$CI_REGISTRY_PASSWORD\" \"$CI_REGISTRY\"
"
        );
        if let Some(test) = target(service, Role::Test) {
            let _ = writeln!(text, "    - docker build --target {test} {file} {context}");
        }
        let tag = format!("\"$CI_REGISTRY_IMAGE/{name}:$CI_COMMIT_SHORT_SHA\"");
        let _ = writeln!(
            text,
            "    - docker build -t {tag} --build-arg REVISION=\"$CI_COMMIT_SHA\" {file} {context}\n    - docker push {tag}"
        );
    }
    text
}

/// A word of a shell line within YAML; what would need more than single quotes has been refused.
fn quoted_word(text: &str) -> String {
    crate::plan::run::quote(text)
}
