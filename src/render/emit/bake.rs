//! `docker-bake.hcl`: every image with its platforms, and its tests as a target of their own.

use std::fmt::Write as _;

use crate::plan::service::Service;
use crate::plan::stage::Role;

use super::{dockerfile, name, quoted, secrets, target};

pub(super) fn text(services: &[Service]) -> String {
    let mut text = String::from(
        "# All images: docker buildx bake. The tests: docker buildx bake test.\n# REGISTRY=registry.example.com/team/ TAG=1.2 docker buildx bake --push\n",
    );
    for (variable, default) in
        [("REGISTRY", ""), ("TAG", "latest"), ("VERSION", "dev"), ("REVISION", "unknown")]
    {
        let _ = writeln!(text, "variable \"{variable}\" {{\n  default = {}\n}}\n", quoted(default));
    }
    let names: Vec<String> = services.iter().map(|service| quoted(&name(service))).collect();
    let _ = writeln!(text, "group \"default\" {{\n  targets = [{}]\n}}\n", names.join(", "));
    let tested: Vec<&Service> =
        services.iter().filter(|service| target(service, Role::Test).is_some()).collect();
    if !tested.is_empty() {
        let names: Vec<String> =
            tested.iter().map(|service| quoted(&format!("{}-test", name(service)))).collect();
        let _ = writeln!(text, "group \"test\" {{\n  targets = [{}]\n}}\n", names.join(", "));
    }
    for service in services {
        one(&mut text, service);
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn one(text: &mut String, service: &Service) {
    let name = name(service);
    let _ = writeln!(text, "target {} {{", quoted(&name));
    let _ = writeln!(text, "  context    = {}", quoted(&service.context.to_string()));
    let _ = writeln!(text, "  dockerfile = {}", quoted(dockerfile(service).as_str()));
    let _ = writeln!(text, "  target     = {}", quoted(service.stages.runtime().printed_name()));
    let _ = writeln!(text, "  tags       = [\"${{REGISTRY}}{name}:${{TAG}}\"]");
    if !service.platforms.is_empty() {
        let names: Vec<String> = service.platforms.iter().map(|name| quoted(&name.value)).collect();
        let _ = writeln!(text, "  platforms  = [{}]", names.join(", "));
    }
    let secrets: Vec<String> = secrets(service).iter().map(|id| quoted(&format!("id={id}"))).collect();
    if !secrets.is_empty() {
        let _ = writeln!(text, "  secret     = [{}]", secrets.join(", "));
    }
    text.push_str("  args = {\n    VERSION  = VERSION\n    REVISION = REVISION\n  }\n}\n\n");
    if let Some(test) = target(service, Role::Test) {
        let _ = writeln!(text, "target {} {{", quoted(&format!("{name}-test")));
        let _ = writeln!(text, "  inherits = [{}]\n  target   = {}", quoted(&name), quoted(test));
        text.push_str("  tags     = []\n  output   = [\"type=cacheonly\"]\n}\n\n");
    }
}
