//! The one look at a repository that every command starts with: its files, the folders that its `dockgen.toml` extends,
//! and the stacks that are declared in them. What people wish of it and what follows is `session`'s.

use std::path::Path;

use crate::cli::term::Term;
use crate::cli::{Exit, Failure};
use crate::config::{self, Company};
use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::repo::inventory::Reads;
use crate::repo::scan::ScanError;
use crate::repo::{Inventory, RelPath};
use crate::stack::Declared;

/// What is there.
pub(super) struct Looked {
    pub inventory: Inventory,
    /// The folders of a company's defaults, as `dockgen.toml` names them.
    pub extends: Vec<Fact<String>>,
    /// What is in those folders.
    pub company: Option<Company>,
    /// The stacks that they declare.
    pub declared: Vec<Declared>,
}

/// Why a repository cannot be looked at, with the files that the findings cite.
pub(super) enum Unusable {
    Folder(ScanError),
    Extends { finding: Box<Diagnostic>, inventory: Inventory },
    Detectors { findings: Vec<Diagnostic>, company: Company },
}

impl Looked {
    /// Walks, and reads what `dockgen.toml` extends. Files that only a stack of the company's reads take another walk.
    pub fn at(root: &Path, reads: impl Fn(&[Declared]) -> Reads) -> Result<Self, Unusable> {
        let scan = |declared: &[Declared]| Inventory::scan(root, &reads(declared)).map_err(Unusable::Folder);
        let mut inventory = scan(&[])?;
        let (extends, company) = match extended(root, &inventory) {
            Ok(found) => found,
            Err(finding) => return Err(Unusable::Extends { finding, inventory }),
        };
        let Some(company) = company else {
            return Ok(Self { inventory, extends, company, declared: Vec::new() });
        };
        let (company, declared) = with_detectors(company)?;
        if !declared.is_empty() {
            inventory = scan(&declared)?;
        }
        Ok(Self { inventory, extends, company: Some(company), declared })
    }
}

impl Unusable {
    /// Says everything that is wrong with its lines, for a command that is about this repository.
    pub fn say(&self, term: &Term) -> Failure {
        match self {
            Self::Folder(bad) => unreadable(bad),
            Self::Extends { finding, inventory } => {
                term.findings(std::slice::from_ref(finding), inventory);
                Failure::new(Exit::Misuse, "dockgen.toml cannot be used; nothing was written")
            }
            Self::Detectors { findings, company } => {
                term.findings(findings, company.files());
                Failure::new(Exit::Misuse, "a detector cannot be used; nothing was written")
            }
        }
    }

    /// Everything that is wrong in one message, for a command that goes on with other repositories.
    pub fn in_one_message(&self, root: &Path) -> Failure {
        let findings = match self {
            Self::Folder(bad) => return Failure::new(Exit::Misuse, bad.to_string()),
            Self::Extends { finding, .. } => std::slice::from_ref(&**finding),
            Self::Detectors { findings, .. } => findings,
        };
        let lines: Vec<String> = findings.iter().map(cited).collect();
        Failure::new(Exit::Misuse, format!("`{}`: {}", root.display(), lines.join("; ")))
    }
}

/// A company with the stacks that it declares.
pub(super) fn with_detectors(company: Company) -> Result<(Company, Vec<Declared>), Unusable> {
    match Declared::of(&company) {
        Ok(declared) => Ok((company, declared)),
        Err(findings) => Err(Unusable::Detectors { findings, company }),
    }
}

fn cited(finding: &Diagnostic) -> String {
    let place = finding.at.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
    format!("{place}{}", finding.message)
}

/// Folders as `dockgen.toml` names them, and what is in them.
type Extended = (Vec<Fact<String>>, Option<Company>);

/// The folders that `dockgen.toml` extends, and what is in them.
fn extended(root: &Path, inventory: &Inventory) -> Result<Extended, Box<Diagnostic>> {
    let extends = config::extends(inventory)?;
    let mut all: Option<Company> = None;
    for folder in &extends {
        let found = company(root, folder, all.as_ref())?;
        all = Some(found.above(all.take()));
    }
    Ok((extends, all))
}

/// What is in the folder that `dockgen.toml` extends, by a walk of its own: it holds what no repository is read for.
fn company(root: &Path, folder: &Fact<String>, before: Option<&Company>) -> Result<Company, Box<Diagnostic>> {
    let files = Inventory::scan(&root.join(&folder.value), &Company::reads()).map_err(|bad| {
        let message = format!("`extends`: {bad}");
        Diagnostic::error(Code::BadSetting, message).at(folder.because.at.clone())
    })?;
    let within = RelPath::root().join(&folder.value).filter(|within| !within.is_root());
    let mut name = within.unwrap_or_else(|| Company::name_of(&folder.value));
    // Two folders of one name are cited under two.
    while before.is_some_and(|before| before.folders().contains(&name)) {
        name = RelPath::new(&format!("{name}-2")).unwrap_or_default();
    }
    Ok(Company::new(name, &files))
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
