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

    /// Adds those that are not there yet: two packages may want the same one.
    fn add(&mut self, reason: &str, variables: &[(&str, &str)]) {
        let is_new = |name: &str| self.env.iter().all(|(known, _)| known != name);
        let new: Vec<_> = variables.iter().filter(|(name, _)| is_new(name)).collect();
        if !new.is_empty() {
            self.env.extend(new.into_iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            self.env_reasons.push(reason.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    #[test]
    fn each_variable_stands_once_with_its_reason() {
        const MANIFEST: &str = r#"{"scripts":{"start":"node server.js"},
            "dependencies":{"puppeteer":"24.0.0","puppeteer-core":"24.0.0"}}"#;
        let files = [("package.json", MANIFEST), ("package-lock.json", "{}"), ("server.js", "")];
        let tool = &plan(&Inventory::from_files(files), &Settings::default()).services[0].tool;
        assert_eq!(tool["env"], serde_json::json!([["PUPPETEER_SKIP_DOWNLOAD", "1"]]));
        let reason = "the browser is Debian's, and not downloaded (package.json:2)";
        assert_eq!(tool["env_reasons"], serde_json::json!([reason]));
    }
}
