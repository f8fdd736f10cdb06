//! Is `Cargo.lock` in step with the manifests? With one that is not, `--locked` ends the build, so it is told before.
//!
//! What cargo compares: <https://doc.rust-lang.org/cargo/commands/cargo-build.html#manifest-options>

use std::collections::BTreeMap;

use semver::{Version, VersionReq};

use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::repo::format::Tree;
use crate::stack::Survey;

use super::lock;
use super::manifest::Manifest;
use super::workspace::Workspace;

/// May the build insist on what is locked? A lock file that is behind is told.
pub(super) fn is_in_step(s: &Survey<'_>, workspace: &Workspace<'_>, package: &Manifest<'_>) -> bool {
    let Some(Ok(lock)) = s.dir.inventory().toml(&lock::path(&workspace.root)) else { return false };
    let locked = Locked(lock::by_name(&lock));
    if locked.0.is_empty() {
        return true;
    }
    let shared = workspace.root_manifest(package);
    let Some(behind) = workspace.locked(package).find_map(|member| locked.lacks(member, shared)) else {
        return true;
    };
    let message = format!("Cargo.lock does not lock `{}` as Cargo.toml asks for it", behind.value);
    s.note(
        Diagnostic::warning(Code::LockOutOfStep, message)
            .at(behind.because.at)
            .help("`cargo update --workspace` mends it; until then each build may take other versions"),
    );
    false
}

/// The locked packages by name.
struct Locked<'l>(BTreeMap<&'l str, Vec<&'l Tree>>);

impl Locked<'_> {
    /// What a member asks for and the file does not have. `shared` is the workspace's root.
    fn lacks(&self, member: &Manifest<'_>, shared: &Manifest<'_>) -> Option<Fact<String>> {
        let own = member.name()?;
        // What comes from elsewhere has a source.
        let mut locals = self.0.get(own.value.as_str()).into_iter().flatten();
        let Some(entry) = locals.find(|package| package.get("source").is_none()) else { return Some(own) };
        let version = member.text(&["package", "version"]);
        if let Some(version) = version.filter(|version| text(entry, "version") != Some(&version.value)) {
            return Some(version.map(|version| format!("{} {version}", own.value)));
        }
        let needs: Vec<&str> = entry.get("dependencies").into_iter().flat_map(Tree::texts).collect();
        member.all_dependencies().find_map(|(key, value)| {
            let wanted = Wanted::of(key, value, shared);
            let is_there = wanted.name == own.value || self.holds(&needs, &wanted);
            (!is_there).then(|| Fact::new(wanted.to_string(), member.cite(value, key)))
        })
    }

    /// Is there a locked package of that name, among those that the member needs, in a version that fits?
    fn holds(&self, needs: &[&str], wanted: &Wanted<'_>) -> bool {
        // `name`, or `name version` where several versions are locked.
        let named = needs.iter().map(|need| need.split_once(' ').unwrap_or((need, "")));
        named.filter(|(name, _)| *name == wanted.name).any(|(name, version)| {
            let version = version.split(' ').next().unwrap_or_default();
            let locked =
                self.0.get(name).into_iter().flatten().filter_map(|package| text(package, "version"));
            locked.filter(|one| version.is_empty() || *one == version).any(|one| wanted.accepts(one))
        })
    }
}

/// A dependency as a manifest asks for it.
struct Wanted<'m> {
    name: &'m str,
    requirement: Option<&'m str>,
}

impl<'m> Wanted<'m> {
    fn of(key: &'m str, value: &'m Tree, shared: &'m Manifest<'_>) -> Self {
        let is_shared = value.get("workspace").is_some();
        let value =
            if is_shared { shared.at(&["workspace", "dependencies", key]).unwrap_or(value) } else { value };
        Self {
            name: text(value, "package").unwrap_or(key),
            requirement: value.as_text().or_else(|| text(value, "version")),
        }
    }

    /// A requirement that does not read is cargo's to refuse.
    fn accepts(&self, version: &str) -> bool {
        let requirement = self.requirement.and_then(|text| VersionReq::parse(text).ok());
        let Some((requirement, version)) = requirement.zip(Version::parse(version).ok()) else { return true };
        requirement.matches(&version)
    }
}

impl std::fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.requirement {
            Some(requirement) => write!(f, "{} {requirement}", self.name),
            None => f.write_str(self.name),
        }
    }
}

fn text<'t>(tree: &'t Tree, key: &str) -> Option<&'t str> {
    tree.get(key).and_then(Tree::as_text)
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::diag::Code;
    use crate::plan::plan;
    use crate::repo::Inventory;

    const LOCK: &str = "version = 4\n[[package]]\nname = \"x\"\nversion = \"0.2.0\"\n\
        dependencies = [\"axum\", \"rand 0.8.5\", \"y\"]\n\
        [[package]]\nname = \"y\"\nversion = \"0.1.0\"\ndependencies = [\"rand 0.9.1\"]\n\
        [[package]]\nname = \"axum\"\nversion = \"0.8.4\"\nsource = \"registry\"\n\
        [[package]]\nname = \"rand\"\nversion = \"0.8.5\"\nsource = \"registry\"\n\
        [[package]]\nname = \"rand\"\nversion = \"0.9.1\"\nsource = \"registry\"\n";

    #[test]
    fn what_is_not_locked_as_it_is_asked_for_is_told() {
        for (own, member, lacks) in [
            ("axum = \"0.8\"", "", ""),
            ("axum = { workspace = true, optional = true }\n[dev-dependencies]\ny.path = \"y\"", "", ""),
            ("http = { package = \"axum\", version = \"0.8.1\" }", "rand = \"0.9\"", ""),
            ("axum = \"0.9\"", "", "axum 0.9"),
            ("axum.workspace = true\n[workspace.dependencies]\naxum = \"0.7\"", "", "axum 0.7"),
            ("[target.'cfg(unix)'.dependencies]\nnix = \"0.30\"", "", "nix 0.30"),
            // Another version of it is locked for the other package.
            ("rand = \"0.9\"", "", "rand 0.9"),
            ("", "rand = \"0.8\"", "rand 0.8"),
            ("", "axum = \"0.8\"", "axum 0.8"),
        ] {
            let shared = if own.contains("[workspace.dependencies]") {
                ""
            } else {
                "[workspace.dependencies]\naxum = \"0.8\"\n"
            };
            let own = format!(
                "[package]\nname = \"x\"\nversion = \"0.2.0\"\n[dependencies]\n{own}\n{shared}[workspace]\nmembers = [\"y\"]\n"
            );
            let member = format!("[package]\nname = \"y\"\nversion = \"0.1.0\"\n[dependencies]\n{member}\n");
            told(&own, &member, lacks);
        }
        let newer = "[package]\nname = \"x\"\nversion = \"0.3.0\"\n[workspace]\nmembers = [\"y\"]\n";
        told(newer, "[package]\nname = \"y\"\nversion = \"0.1.0\"\n", "x 0.3.0");
        told("[package]\nname = \"z\"\nversion = \"0.3.0\"\n", "", "z");
    }

    fn told(own: &str, member: &str, lacks: &str) {
        let files = [
            ("Cargo.toml", own),
            ("Cargo.lock", LOCK),
            ("src/main.rs", "fn main() {}\n"),
            ("y/Cargo.toml", member),
            ("y/src/lib.rs", ""),
        ];
        let plan = plan(&Inventory::from_files(files), &Settings::default());
        let said = plan.diagnostics.iter().find(|finding| finding.code == Code::LockOutOfStep);
        let said = said.map(|finding| finding.message.as_str()).unwrap_or_default();
        let expected = match lacks {
            "" => String::new(),
            lacks => format!("Cargo.lock does not lock `{lacks}` as Cargo.toml asks for it"),
        };
        assert_eq!(said, expected, "{own}\n{member}");
        let text = serde_json::to_string(&plan.services[0].tool).expect("plain values");
        assert_eq!(text.contains("--locked"), lacks.is_empty(), "{text}");
    }
}
