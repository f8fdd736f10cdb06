//! One look at one repository: scanned, wished, planned. Commands work on this.

use std::path::{Path, PathBuf};

use crate::cli::answers::{self, Given};
use crate::cli::args::Target;
use crate::cli::term::Term;
use crate::cli::{Exit, Failure};
use crate::config::Settings;
use crate::diag::{Code, Diagnostic, Severity};
use crate::fact::Layer;
use crate::out::OutFile;
use crate::plan::plan;
use crate::plan::service::{Plan, Service};
use crate::render::{RenderError, ServiceFiles, Templates, render_checked};
use crate::repo::scan::ScanError;
use crate::repo::{Inventory, RelPath};
use crate::stack;

/// A repository, what people wish of it, and the plan that follows.
pub(super) struct Session {
    /// As given.
    pub root: PathBuf,
    /// What is there.
    pub inventory: Inventory,
    /// What people wish.
    pub settings: Settings,
    /// What follows.
    pub plan: Plan,
}

impl Session {
    /// Scans and plans.
    pub fn open(target: &Target, term: &Term) -> Result<Self, Failure> {
        let inventory = Inventory::scan(&target.path, &stack::reads()).map_err(|bad| unreadable(&bad))?;
        let settings = wishes(target, &inventory, term)?;
        let plan = plan(&inventory, &settings);
        Ok(Self { root: target.path.clone(), inventory, settings, plan })
    }

    /// Plans with the answers where the next run will find them: in `dockgen.toml`. So this run cites
    /// the same lines as that one, and writes the same bytes.
    pub fn keep(&mut self, target: &Target, given: &[Given], term: &Term) -> Result<OutFile, Failure> {
        // What is said about the only service need not say which one it is.
        let is_alone = self.plan.services.len() == 1 && self.settings.meant().is_none();
        let service = |given: &Given| given.service.clone().filter(|_| !is_alone);
        let given: Vec<Given> = given.iter().map(|g| Given { service: service(g), ..g.clone() }).collect();
        let kept = answers::keep(&self.inventory, &given)?;
        self.inventory.put(kept.path.clone(), &kept.text);
        self.settings = wishes(target, &self.inventory, term)?;
        self.replan();
        Ok(kept)
    }

    /// Plans again, after an answer.
    pub fn replan(&mut self) {
        self.plan = plan(&self.inventory, &self.settings);
    }

    /// Findings that keep files from being written.
    pub fn errors(&self) -> Vec<Diagnostic> {
        self.plan.diagnostics.iter().filter(|finding| finding.severity == Severity::Error).cloned().collect()
    }

    /// Prints the files of the services and reads them back; with them goes what was found on the way.
    pub fn print(&self, services: &[Service]) -> Result<(Vec<ServiceFiles>, Vec<Diagnostic>), Failure> {
        let templates = Templates::builtin().map_err(|bad| Failure::new(Exit::Misuse, bad.to_string()))?;
        let mut printed = Vec::new();
        let mut findings = Vec::new();
        for service in services {
            let (files, read_back) =
                render_checked(service, &templates, &self.inventory).map_err(|bad| unprintable(&bad))?;
            printed.push(files);
            findings.extend(read_back);
        }
        Ok((printed, findings))
    }

    /// Nothing was recognised: what was looked for, and what is there. Where something was recognised and
    /// is nothing to run, the findings have said so.
    pub fn nothing(&self) -> Failure {
        if self.plan.diagnostics.iter().any(|finding| finding.code == Code::NotBuilt) {
            let place = self.root.display();
            return Failure::new(Exit::Nothing, format!("nothing in `{place}` runs; nothing was written"));
        }
        let wanted: Vec<String> = stack::ALL
            .iter()
            .map(|stack| {
                let files: Vec<&str> = stack.looks_for().iter().take(4).copied().collect();
                format!("looked for {}: {}", stack.name(), files.join(", "))
            })
            .collect();
        if let Some(dir) = self.settings.meant() {
            let message = format!("no project recognised in `{dir}`; nothing was written");
            return Failure::new(Exit::Nothing, message).help(self.elsewhere());
        }
        Failure::new(
            Exit::Nothing,
            format!("no project recognised in `{}`; nothing was written", self.root.display()),
        )
        .help(format!("{}\n{}", wanted.join("\n"), self.listing()))
    }

    /// The services outside the folder that was named.
    fn elsewhere(&self) -> String {
        let mut everywhere = self.settings.clone();
        everywhere.anywhere();
        let services = plan(&self.inventory, &everywhere).services;
        let dirs: Vec<String> = services.iter().map(|service| service.dir.to_string()).collect();
        if dirs.is_empty() { self.listing() } else { format!("services are in {}", dirs.join(", ")) }
    }

    /// The first names in the root, so that a wrong folder is seen at once.
    fn listing(&self) -> String {
        const SHOWN: usize = 12;
        let mut names: Vec<String> = Vec::new();
        for (path, _) in self.inventory.files() {
            let mut segments = path.segments();
            let first = segments.next().unwrap_or_default().to_owned();
            let name = if segments.next().is_some() { format!("{first}/") } else { first };
            if names.last() != Some(&name) {
                names.push(name);
            }
        }
        if names.is_empty() {
            return "the folder is empty".to_owned();
        }
        let more = names.len().saturating_sub(SHOWN);
        names.truncate(SHOWN);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("there is {}{rest}", names.join(", "))
    }

    /// The path of a file of the repository, as the person would type it.
    pub fn shown(&self, path: &RelPath) -> String {
        let is_here = self.root == Path::new(".");
        if is_here { path.to_string() } else { self.root.join(path.as_str()).display().to_string() }
    }
}

/// What `dockgen.toml` and the command line wish.
fn wishes(target: &Target, inventory: &Inventory, term: &Term) -> Result<Settings, Failure> {
    let keys = stack::keys();
    let mut settings = Settings::read(inventory, &keys).map_err(|problems| {
        term.findings(&problems, inventory);
        Failure::new(Exit::Misuse, "dockgen.toml cannot be used; nothing was written")
    })?;
    for assignment in &target.set {
        settings
            .set(assignment, Layer::Flag, &keys)
            .map_err(|bad| Failure::new(Exit::Misuse, bad.to_string()))?;
    }
    if let Some(service) = &target.service {
        let dir = RelPath::new(service).map_err(|bad| Failure::new(Exit::Misuse, bad.to_string()))?;
        settings.only(&dir);
    }
    Ok(settings)
}

fn unreadable(bad: &ScanError) -> Failure {
    let failure = Failure::new(Exit::Misuse, bad.to_string());
    match bad {
        ScanError::NotAFolder(path) => match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => failure.help(format!("try `dockgen init {}`", parent.display())),
            None => failure,
        },
        _ => failure,
    }
}

fn unprintable(bad: &RenderError) -> Failure {
    Failure::new(Exit::Misuse, format!("{bad}; nothing was written"))
        .help("a name or script of the repository cannot be written in a Dockerfile; `--set` can replace it")
}
