//! One look at one repository: scanned, wished, planned. Commands work on this.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::answers::{self, Given};
use crate::cli::args::Target;
use crate::cli::looked::Looked;
use crate::cli::term::Term;
use crate::cli::{Exit, Failure};
use crate::config::{self, Company, Settings};
use crate::diag::{Code, Diagnostic, Severity};
use crate::fact::{Fact, Layer};
use crate::out::{self, OutFile};
use crate::plan::plan_with;
use crate::plan::service::{Plan, Service};
use crate::render::{Override, RenderError, ServiceFiles, Templates, overrides, render_checked};
use crate::repo::{Inventory, Placeholders, RelPath};
use crate::stack::{self, Declared};

/// A repository, what people wish of it, and the plan that follows.
pub(super) struct Session {
    /// As given.
    pub root: PathBuf,
    /// What is there.
    pub inventory: Inventory,
    /// The folders of a company's defaults, as `dockgen.toml` names them.
    pub extends: Vec<Fact<String>>,
    /// What is in those folders.
    pub company: Option<Company>,
    /// The stacks that it declares.
    pub declared: Vec<Declared>,
    /// What is there before the holes of a template were filled, and the holes; none for a project.
    pub template: Option<(Inventory, Placeholders)>,
    /// What people wish.
    pub settings: Settings,
    /// What follows.
    pub plan: Plan,
}

/// What a folder is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Project,
    Template,
}

impl Session {
    /// Scans and plans.
    pub fn open(target: &Target, term: &Term) -> Result<Self, Failure> {
        Self::open_as(target, Kind::Project, term)
    }

    /// The same for a template of projects, with a word in each of its holes.
    pub fn open_template(target: &Target, term: &Term) -> Result<Self, Failure> {
        Self::open_as(target, Kind::Template, term)
    }

    fn open_as(target: &Target, kind: Kind, term: &Term) -> Result<Self, Failure> {
        let reads = match kind {
            Kind::Project => stack::reads_with,
            Kind::Template => stack::reads_of_template,
        };
        let Looked { inventory, extends, company, declared } =
            Looked::at(&target.path, reads).map_err(|bad| bad.say(term))?;
        let (inventory, template) = match kind {
            Kind::Project => (inventory, None),
            Kind::Template => {
                let (filled, holes) = Placeholders::fill(&inventory);
                (filled, Some((inventory, holes)))
            }
        };
        let settings = wishes(target, &inventory, company.as_ref(), term)?;
        let plan = plan_with(&inventory, &settings, &declared);
        Ok(Self {
            root: target.path.clone(),
            inventory,
            extends,
            company,
            declared,
            template,
            settings,
            plan,
        })
    }

    /// What lies at a path on the disk.
    pub fn on_disk(&self) -> &Inventory {
        self.template.as_ref().map_or(&self.inventory, |(raw, _)| raw)
    }

    /// What people wish of a repository, without a plan of it.
    pub fn wishes_of(root: &Path, term: &Term) -> Result<Settings, Failure> {
        let Looked { inventory, company, .. } = Self::look(root, term)?;
        let target = Target { path: root.to_owned(), service: None, set: Vec::new() };
        wishes(&target, &inventory, company.as_ref(), term)
    }

    /// The look that it starts with.
    pub fn look(root: &Path, term: &Term) -> Result<Looked, Failure> {
        Looked::at(root, stack::reads_with).map_err(|bad| bad.say(term))
    }

    /// All templates, those that stand above dockgen's included.
    pub fn templates(
        overrides: &[Override],
        declared: &[Declared],
        inventory: &Inventory,
        company: Option<&Company>,
        term: &Term,
    ) -> Result<Templates, Failure> {
        Templates::layered(overrides, &Declared::templates_of(declared))
            .map_err(|problems| Self::say_bad_templates(&problems, inventory, company, term))
    }

    /// Says what is wrong with templates, with their lines.
    fn say_bad_templates(
        problems: &[Diagnostic],
        inventory: &Inventory,
        company: Option<&Company>,
        term: &Term,
    ) -> Failure {
        for problem in problems {
            let is_there = |files: &&Inventory| problem.at.as_ref().is_some_and(|at| files.has(&at.file));
            let theirs = company.map(Company::files).filter(is_there);
            term.findings(std::slice::from_ref(problem), theirs.unwrap_or(inventory));
        }
        Failure::new(Exit::Misuse, "the templates cannot be used; nothing was written")
    }

    /// Plans with the answers where the next run will find them: in `dockgen.toml`. So this run cites
    /// the same lines as that one, and writes the same bytes. What detection says anyway is not kept.
    pub fn keep(
        &mut self,
        target: &Target,
        given: &[Given],
        term: &Term,
    ) -> Result<Option<OutFile>, Failure> {
        self.settings = wishes(target, &self.inventory, self.company.as_ref(), term)?;
        self.replan();
        // What is said about the only service need not say which one it is.
        let is_alone = self.plan.services.len() == 1 && self.settings.meant().is_none();
        let service = |given: &Given| given.service.clone().filter(|_| !is_alone);
        let news = given.iter().filter(|given| self.is_news(given));
        let news: Vec<Given> = news.map(|given| Given { service: service(given), ..given.clone() }).collect();
        if news.is_empty() {
            return Ok(None);
        }
        let kept = answers::keep(&self.inventory, &news)?;
        self.inventory.put(kept.path.clone(), &kept.text);
        self.settings = wishes(target, &self.inventory, self.company.as_ref(), term)?;
        self.replan();
        Ok(Some(kept))
    }

    /// Does an answer say anything that the plan does not say without it?
    fn is_news(&self, given: &Given) -> bool {
        let is_meant = |dir: &RelPath| given.service.as_ref().is_none_or(|service| service == dir);
        let is_default = self.plan.questions.iter().any(|question| {
            question.key == given.key
                && question.service.as_ref().is_none_or(is_meant)
                && question.default.as_ref() == Some(&given.value)
        });
        let value = spelled(&config::toml_value(&given.value));
        let mut services = self.plan.services.iter().filter(|service| is_meant(&service.dir)).peekable();
        let is_known = services.peek().is_some()
            && services.all(|service| {
                let all = config::effective(service, &self.settings);
                all.iter().any(|setting| setting.key == given.key && spelled(&setting.value) == value)
            });
        !is_default && !is_known
    }

    /// Takes an answer for this plan alone.
    pub fn take(&mut self, given: &Given) -> Result<(), Failure> {
        let keys = stack::keys();
        let bad = |why: String| Failure::new(Exit::Misuse, format!("the answer `{}`: {why}", given.key));
        let known = config::keys::find(&keys, &given.key)
            .ok_or_else(|| bad(config::keys::unknown(&keys, &given.key)))?;
        known.check(&config::toml_value(&given.value)).map_err(bad)?;
        self.settings.answer(&given.key, given.service.as_ref(), &given.value);
        Ok(())
    }

    /// A printed file as it lies on the disk: in a template with its holes, and without a stamp, because what fills
    /// them is a change that dockgen does not make.
    pub fn reopened(&self, file: OutFile) -> OutFile {
        let Some((_, holes)) = &self.template else { return file };
        let path = holes.place(&file.path, &file.text);
        let text =
            if holes.are_in(&file.text) { holes.reopen(&out::unstamped(&file.text)) } else { file.text };
        OutFile { path, text }
    }

    /// Plans again with the digests that registries have given.
    pub fn learn(&mut self, digests: BTreeMap<String, String>) {
        self.settings.learn(digests);
        self.replan();
    }

    /// Plans again, after an answer.
    pub fn replan(&mut self) {
        self.plan = plan_with(&self.inventory, &self.settings, &self.declared);
    }

    /// Findings that keep files from being written.
    pub fn errors(&self) -> Vec<Diagnostic> {
        self.plan.diagnostics.iter().filter(|finding| finding.severity == Severity::Error).cloned().collect()
    }

    /// Prints the files of the services and reads them back; with them goes what was found on the way.
    pub fn print(
        &self,
        services: &[Service],
        term: &Term,
    ) -> Result<(Vec<ServiceFiles>, Vec<Diagnostic>), Failure> {
        let company = self.company.as_ref();
        let overrides = overrides(&self.inventory, company);
        let templates = Self::templates(&overrides, &self.declared, &self.inventory, company, term)?;
        let mut printed = Vec::new();
        let mut findings = Vec::new();
        for service in services {
            let (files, read_back) = render_checked(service, &templates, &self.inventory)
                .map_err(|bad| unprintable(&bad, &overrides))?;
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
        let declared = self.declared.iter().map(|stack| stack as &dyn stack::AnyStack);
        let wanted: Vec<String> = stack::ALL
            .iter()
            .copied()
            .chain(declared)
            .map(|stack| {
                let files: Vec<&str> = stack.looks_for().iter().take(4).copied().collect();
                format!("looked for {}: {}", stack.name(), files.join(", "))
            })
            .collect();
        if let Some(dir) = self.settings.meant() {
            let message = format!("no project recognised in `{dir}`; nothing was written");
            return Failure::new(Exit::Nothing, message).help(self.elsewhere());
        }
        let help: Vec<String> = wanted
            .into_iter()
            .chain([self.listing()])
            .chain(stack::common::unread::first(&self.inventory))
            .collect();
        let message = format!("no project recognised in `{}`; nothing was written", self.root.display());
        Failure::new(Exit::Nothing, message).help(help.join("\n"))
    }

    /// The services outside the folder that was named.
    fn elsewhere(&self) -> String {
        let mut everywhere = self.settings.clone();
        everywhere.anywhere();
        let services = plan_with(&self.inventory, &everywhere, &self.declared).services;
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

fn unusable(problems: &[Diagnostic], inventory: &Inventory, term: &Term) -> Failure {
    term.findings(problems, inventory);
    Failure::new(Exit::Misuse, "dockgen.toml cannot be used; nothing was written")
}

/// A value as text: the version 1.26 is meant with and without quotes.
fn spelled(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What `dockgen.toml`, the folder it extends and the command line wish.
fn wishes(
    target: &Target,
    inventory: &Inventory,
    company: Option<&Company>,
    term: &Term,
) -> Result<Settings, Failure> {
    let keys = stack::keys();
    let mut settings = Settings::read_with(inventory, company, &keys).map_err(|problems| {
        let is_theirs = |finding: &Diagnostic| {
            let place = finding.at.as_ref().zip(company);
            place.is_some_and(|(place, company)| company.folders().iter().any(|f| place.file.is_within(f)))
        };
        let (theirs, own): (Vec<_>, Vec<_>) = problems.into_iter().partition(is_theirs);
        if let Some(company) = company {
            term.findings(&theirs, company.files());
        }
        unusable(&own, inventory, term)
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

fn unprintable(bad: &RenderError, overrides: &[Override]) -> Failure {
    let failure = Failure::new(Exit::Misuse, format!("{bad}; nothing was written"));
    if overrides.is_empty() {
        return failure.help(
            "a name or script of the repository cannot be written in a Dockerfile; `--set` can replace it",
        );
    }
    let files: Vec<String> = overrides.iter().map(|each| each.file.to_string()).collect();
    failure.help(format!("templates of your own are in use: {}", files.join(", ")))
}
