//! Modules that the public proxy and checksum database must not be asked for: `GOPRIVATE`, and how Git gets in.
//!
//! <https://go.dev/ref/mod#private-modules>. Credentials come as a secret or over the builder's SSH agent; they
//! are never part of a layer.

use serde::Serialize;

use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::plan::run::{Mount, Run, quote};
use crate::plan::secret_file;
use crate::plan::stage::SystemPackage;
use crate::repo::dir::Dir;
use crate::stack::Survey;
use crate::stack::common::pattern::pattern;
use crate::stack::go::cgo::{Distribution, package};

/// Files in which projects say which modules are their own.
pub(super) const FILES: &[&str] =
    &["Makefile", "Taskfile.yml", ".envrc", ".env.example", "justfile", ".gitlab-ci.yml"];

/// Private modules of the program.
#[derive(Debug, Serialize)]
pub(in crate::stack) struct Private {
    /// The value of `GOPRIVATE`.
    pub patterns: Fact<String>,
    /// How Git proves who it is.
    pub access: Access,
}

/// How Git proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::stack) enum Access {
    /// A `.netrc` file, as the secret `netrc`.
    Netrc,
    /// The builder's SSH agent.
    Ssh,
}

impl Private {
    /// What people say, then what the project's own build sets.
    pub fn find(s: &Survey<'_>) -> Option<Self> {
        let said = s.choice(&super::PRIVATE).decide().map(|patterns| patterns.map(|list| list.0.join(",")));
        let patterns = said.or_else(|| set(&s.dir))?;
        let wish = s.choice(&super::ACCESS).decide();
        let is_over_ssh = wish.map_or_else(|| rewrites(&s.dir), |wish| wish.value == "ssh");
        let access = if is_over_ssh { Access::Ssh } else { Access::Netrc };
        let option = match access {
            Access::Netrc => secret_file::NETRC.option(),
            Access::Ssh => "--ssh default".to_owned(),
        };
        let message = format!("modules of {} are private: the build needs access to them", patterns.value);
        s.note(
            Diagnostic::note(Code::PrivateRegistry, message).at(patterns.because.at.clone()).help(format!(
                "docker build {option}; go.private_access = \"netrc\" or \"ssh\" decides which"
            )),
        );
        Some(Self { patterns, access })
    }

    /// Git, and SSH where it is used: the Alpine image has neither.
    pub fn packages(&self, distribution: Distribution) -> Vec<Fact<SystemPackage>> {
        let (git, ssh) = match distribution {
            Distribution::Alpine => (("git", "2"), ("openssh-client-default", "10")),
            // The Debian image of Go has both.
            Distribution::Debian => return Vec::new(),
        };
        let named = |(name, version): (&str, &str)| package(&self.patterns, name, Some(version));
        match self.access {
            Access::Netrc => vec![named(git)],
            Access::Ssh => vec![named(git), named(ssh)],
        }
    }

    /// The run with what lets Git in.
    pub fn admit(&self, mut run: Run) -> Run {
        match self.access {
            Access::Netrc => run.secret(secret_file::NETRC.id, "/root/.netrc"),
            Access::Ssh => {
                run.mounts.push(Mount::Ssh);
                run
            }
        }
    }

    /// Commands that keep the modules from the public proxy, and make Git use SSH where it is asked to: host keys are taken as
    /// they are at the first contact.
    pub fn setup(&self) -> Run {
        let private = Run::new(format!("go env -w GOPRIVATE={}", quote(&self.patterns.value)));
        if self.access == Access::Netrc {
            return private;
        }
        let host = self.patterns.value.split(['/', ',']).next().unwrap_or_default().trim_start_matches("*.");
        let setting = quote(&format!("url.ssh://git@{host}/.insteadOf"));
        private.then(format!("git config --global {setting} {}", quote(&format!("https://{host}/"))))
    }
}

/// `GOPRIVATE=…` with plain patterns.
fn set(dir: &Dir<'_>) -> Option<Fact<String>> {
    let assignment =
        pattern(r#"\b(?:GOPRIVATE|GONOSUMDB)\s*[:?]?[=:]\s*["']?([A-Za-z0-9_.*/,-]+[A-Za-z0-9*])"#);
    FILES
        .iter()
        .filter_map(|name| dir.doc(name))
        .find_map(|doc| doc.find(|line| Some(assignment.captures(line)?.get(1)?.as_str().to_owned())))
}

/// Does the project's own build make Git use SSH?
fn rewrites(dir: &Dir<'_>) -> bool {
    FILES.iter().filter_map(|name| dir.doc(name)).any(|doc| {
        doc.lines().any(|(_, line)| line.to_ascii_lowercase().contains("insteadof") && line.contains("git@"))
    })
}
