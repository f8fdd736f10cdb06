//! The environment of the stages that install and build, and the reason for each part of it.
//!
//! Package managers, native packages and tools bring theirs as rows of their own files; what ships is set in `server.rs`.

use serde::Serialize;

use crate::stack::node::{Facts, version};

/// Variables with what there is to say about them, both in the order in which they are printed.
#[derive(Debug, Default, Serialize)]
pub(super) struct BuildEnv {
    env: Vec<(String, String)>,
    /// A sentence for each that brings variables.
    env_reasons: Vec<String>,
}

impl BuildEnv {
    /// Of a surveyed project.
    pub fn of(facts: &Facts) -> Self {
        let mut env = Self::default();
        if let Some(manager) = &facts.manager {
            env.add(manager.row().env_reason, manager.env());
        }
        if let Some((reason, variables)) = facts.tool_env {
            env.add(reason, variables);
        }
        for (name, value) in &facts.natives.build_env {
            let because = &value.because;
            env.add(&format!("{} ({because})", because.says), &[(name, &value.value)]);
        }
        if let Some(hooks) = &facts.lifecycle.hooks {
            env.add(&format!("an image has no git hooks ({})", hooks.because), &[hooks.value]);
        }
        if let Some(framework) = facts.framework.as_ref().filter(|row| row.value.name == "Next.js") {
            let reason = format!("the build tells nothing to the makers of {}", framework.value.name);
            env.add(&reason, &[("NEXT_TELEMETRY_DISABLED", "1")]);
        }
        if let Some(package) = &facts.era.legacy_openssl
            && version::has_openssl_3(&facts.version.value)
        {
            let reason = format!("{package} takes hashes that OpenSSL 3 has behind this option");
            env.add(&reason, &[("NODE_OPTIONS", "--openssl-legacy-provider")]);
        }
        env
    }

    fn add(&mut self, reason: &str, variables: &[(&str, &str)]) {
        if variables.is_empty() {
            return;
        }
        self.env.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        if !self.env_reasons.iter().any(|known| known == reason) {
            self.env_reasons.push(reason.to_owned());
        }
    }
}
