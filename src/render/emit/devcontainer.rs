//! `devcontainer.json`: the stage of the Dockerfile that has the tools, with the port forwarded. One container for a
//! repository: of several services the first is meant, and the others are one edit away.

use serde_json::json;

use crate::plan::service::Service;
use crate::plan::stage::Role;

use super::{dockerfile, target};

pub(super) fn text(services: &[Service]) -> String {
    let Some(service) = services.first() else { return "{}\n".to_owned() };
    let roles = [Role::Dev, Role::Test, Role::Build, Role::Deps];
    let stage = roles.into_iter().find_map(|role| target(service, role));
    let from =
        |path: &str| if path.is_empty() || path == "." { "..".to_owned() } else { format!("../{path}") };
    let file = service.context.join(dockerfile(service).as_str()).unwrap_or_default();
    let mut document = json!({
        "name": service.name,
        "build": {
            "dockerfile": from(file.as_str()),
            "context": from(service.context.as_str()),
        },
    });
    if let Some(stage) = stage {
        document["build"]["target"] = stage.into();
    }
    if let Some(port) = &service.runtime.port {
        document["forwardPorts"] = json!([port.value]);
    }
    // The image's command would start the program instead of waiting for the editor.
    document["overrideCommand"] = true.into();
    let text = serde_json::to_string_pretty(&document).expect("plain values with text keys");
    format!("// Reopen in container: https://containers.dev\n{text}\n")
}
