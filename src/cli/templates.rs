//! `dockgen templates`: which there are and whose, what is in them, a copy to change, and whether changed ones are right.

use std::fmt::Write as _;
use std::path::Path;

use regex_lite::Regex;

use crate::cli::args::{TemplatesArgs, TemplatesCommand};
use crate::cli::looked::{self, Looked};
use crate::cli::session::Session;
use crate::cli::term::Term;
use crate::cli::{Exit, Failure};
use crate::config::{self, Company, Settings};
use crate::out::{self, Consent, OutFile};
use crate::plan::plan_with;
use crate::render::{Layer, Override, PROJECT_FOLDER, Templates, overrides, render_checked};
use crate::repo::{Inventory, RelPath};
use crate::stack::{self, AnyStack as _, Declared};
use crate::text::count;

/// Runs the command.
pub(super) fn run(args: &TemplatesArgs, term: &Term) -> Result<Exit, Failure> {
    match &args.command {
        TemplatesCommand::List { path } => list(path, term),
        TemplatesCommand::Show { name, path } => show(name, path, term),
        TemplatesCommand::Eject { name, block, path } => eject(name, block.as_deref(), path, term),
        TemplatesCommand::Check { path } => check(path, term),
    }
}

/// Every name, and the file that is printed for it.
fn list(path: &Path, term: &Term) -> Result<Exit, Failure> {
    let source = Source::open(path, term)?;
    let templates = Templates::builtin().map_err(|bad| Failure::new(Exit::Misuse, bad.to_string()))?;
    let mut names: Vec<String> = templates.builtin_names().map(str::to_owned).collect();
    names.extend(source.overrides.iter().map(|each| each.name.clone()));
    names.sort_unstable();
    names.dedup();
    let mut text = String::new();
    for name in names {
        let whose = source.overrides.iter().find(|each| each.name == name);
        let whose = whose.map_or("built in".to_owned(), |each| each.file.to_string());
        let _ = writeln!(text, "{name:<26} {whose}");
    }
    term.data(&text)?;
    Ok(Exit::Done)
}

fn show(name: &str, path: &Path, term: &Term) -> Result<Exit, Failure> {
    let source = Source::open(path, term)?;
    let text = source.text(name).ok_or_else(|| no_template(name))?;
    term.data(&text)?;
    Ok(Exit::Done)
}

/// A file of the project's own: the whole template, or one block above the template that is there.
fn eject(name: &str, block: Option<&str>, path: &Path, term: &Term) -> Result<Exit, Failure> {
    let source = Source::open(path, term)?;
    let text = source.text(name).ok_or_else(|| no_template(name))?;
    let layer = source.overrides.iter().find(|each| each.name == name);
    let layer = layer.map_or(Layer::Builtin, |each| each.layer);
    if layer == Layer::Project {
        let message = format!("the project has a template `{name}` already; nothing was written");
        return Err(Failure::new(Exit::Findings, message).help("`dockgen templates show` prints it"));
    }
    let text = match block {
        None => text,
        Some(block) => {
            let there = source.block(name, block).ok_or_else(|| {
                let blocks = source.blocks(name).join(", ");
                Failure::new(Exit::Misuse, format!("`{name}` has no block `{block}`"))
                    .help(format!("there is {blocks}"))
            })?;
            format!("{{% extends \"{}\" %}}\n{there}\n", layer.prefixed(name))
        }
    };
    let is_company = source.company.as_ref().is_some_and(Company::is_alone);
    let folder = if is_company { "templates" } else { PROJECT_FOLDER };
    let place = RelPath::new(folder).ok().and_then(|folder| folder.join(name));
    let file = OutFile { path: place.ok_or_else(|| no_template(name))?, text };
    let outcome = out::write(path, [(&file, Consent::OwnFiles)]);
    outcome.map_err(|bad| {
        let failure = Failure::new(Exit::Findings, bad.to_string());
        bad.help().map(str::to_owned).into_iter().fold(failure, Failure::help)
    })?;
    term.done("created", &path.join(file.path.as_str()).display().to_string());
    term.next("edit it, then `dockgen templates check`");
    Ok(Exit::Done)
}

/// Loads everything, and prints the project, or a small one of each stack where there is none.
fn check(path: &Path, term: &Term) -> Result<Exit, Failure> {
    let source = Source::open(path, term)?;
    let templates = source.load(term)?;
    let mut repositories = Vec::new();
    let own = source.settings(&source.project, term)?;
    if plan_with(&source.project, &own, &source.declared).services.is_empty() {
        for files in SAMPLES {
            let sample = Inventory::from_files(files.iter().copied());
            let settings = source.settings(&sample, term)?;
            repositories.push((sample, settings));
        }
    } else {
        repositories.push((source.project.clone(), own));
    }
    let mut printed = 0;
    for (inventory, settings) in &repositories {
        for service in plan_with(inventory, settings, &source.declared).services {
            let (files, findings) = render_checked(&service, &templates, inventory).map_err(|bad| {
                let message = format!("the {} service does not print: {bad}", service.stack.value);
                Failure::new(Exit::Misuse, message)
            })?;
            if !findings.is_empty() {
                let mut inventory = inventory.clone();
                inventory.put(files.dockerfile.path.clone(), &files.dockerfile.text);
                term.findings(&findings, &inventory);
                let message =
                    format!("the Dockerfile of the {} service would not build", service.stack.value);
                return Err(Failure::new(Exit::Misuse, message));
            }
            printed += 1;
        }
    }
    for declared in &source.declared {
        term.say(&format!("the stack {} reads", declared.id()));
    }
    let templates = count(source.overrides.len(), "template");
    term.say(&format!("right: {templates}, tried on {}", count(printed, "service")));
    Ok(Exit::Done)
}

fn no_template(name: &str) -> Failure {
    let failure = Failure::new(Exit::Misuse, format!("there is no template `{name}`"));
    let Ok(templates) = Templates::builtin() else { return failure };
    match config::keys::nearest(name, templates.builtin_names().map(str::to_owned)) {
        Some(right) => failure.help(format!("did you mean `{right}`?")),
        None => failure.help("`dockgen templates list` names them all"),
    }
}

/// The templates of a project with its company's, or of a company's folder on its own.
struct Source {
    project: Inventory,
    company: Option<Company>,
    declared: Vec<Declared>,
    overrides: Vec<Override>,
}

impl Source {
    fn open(path: &Path, term: &Term) -> Result<Self, Failure> {
        let Looked { inventory: project, mut company, mut declared, .. } = Session::look(path, term)?;
        let own = RelPath::new("templates").unwrap_or_default();
        let detectors = RelPath::new("detectors").unwrap_or_default();
        let is_template = |(file, _): (&RelPath, _)| {
            (file.is_within(&own) && file.as_str().ends_with(".tera")) || file.is_within(&detectors)
        };
        // A company looks at its own folder.
        if company.is_none() && project.files().any(is_template) {
            let files = Inventory::scan(path, &Company::reads())
                .map_err(|bad| Failure::new(Exit::Misuse, bad.to_string()))?;
            let own = Company::new(RelPath::root(), &files);
            let (own, theirs) = looked::with_detectors(own).map_err(|bad| bad.say(term))?;
            (company, declared) = (Some(own), theirs);
        }
        let overrides = overrides(&project, company.as_ref());
        Ok(Self { project, company, declared, overrides })
    }

    fn load(&self, term: &Term) -> Result<Templates, Failure> {
        let company = self.company.as_ref();
        Session::templates(&self.overrides, &self.declared, &self.project, company, term)
    }

    fn settings(&self, repository: &Inventory, term: &Term) -> Result<Settings, Failure> {
        // The folder of a company that looks at itself is no project.
        let company = self.company.as_ref();
        let is_same = company.is_some_and(Company::is_alone);
        let nothing = Inventory::default();
        let repository = if is_same && repository.has(&file()) { &nothing } else { repository };
        Settings::read_with(repository, company, &stack::keys()).map_err(|problems| {
            term.findings(&problems, company.map_or(&self.project, Company::files));
            Failure::new(Exit::Misuse, "dockgen.toml cannot be used")
        })
    }

    /// The text that is printed for a name; a name with a layer means that layer's.
    fn text(&self, name: &str) -> Option<String> {
        if let Some(name) = name.strip_prefix(Layer::Builtin.prefix()) {
            return Templates::builtin_text(name).map(str::to_owned);
        }
        let is_it = |each: &&Override| each.name == name || each.layer.prefixed(&each.name) == name;
        let own = self.overrides.iter().find(is_it).map(|each| each.text.clone());
        own.or_else(|| Templates::builtin_text(name).map(str::to_owned))
    }

    /// The blocks of a template and of those it extends.
    fn blocks(&self, name: &str) -> Vec<String> {
        let opens = Regex::new(r"\{%-?\s*block\s+([a-z_]+)").expect("a literal");
        let mut names: Vec<String> = Vec::new();
        for text in self.chain(name) {
            names.extend(opens.captures_iter(&text).map(|found| found[1].to_owned()));
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// A block from its first to its last tag.
    fn block(&self, name: &str, block: &str) -> Option<String> {
        let tag = Regex::new(r"\{%-?\s*(block\s+([a-z_]+)|endblock)[^%]*%\}").expect("a literal");
        for text in self.chain(name) {
            let mut open: Vec<(String, usize)> = Vec::new();
            for found in tag.captures_iter(&text) {
                let whole = found.get(0)?;
                if let Some(opened) = found.get(2) {
                    open.push((opened.as_str().to_owned(), whole.start()));
                } else if let Some((closed, start)) = open.pop()
                    && closed == block
                {
                    return Some(text[start..whole.end()].to_owned());
                }
            }
        }
        None
    }

    /// A template and those that it extends.
    fn chain(&self, name: &str) -> Vec<String> {
        let extends = Regex::new(r#"\{%-?\s*extends\s+"([^"]+)""#).expect("a literal");
        let mut texts: Vec<String> = Vec::new();
        let mut next = Some(name.to_owned());
        while let Some(text) = next.take().and_then(|name| self.text(&name)).filter(|_| texts.len() < 10) {
            next = extends.captures(&text).map(|found| found[1].to_owned());
            texts.push(text);
        }
        texts
    }
}

fn file() -> RelPath {
    RelPath::new(config::FILE).unwrap_or_default()
}

/// A small repository of each stack, for templates without a project.
const SAMPLES: &[&[(&str, &str)]] = &[
    &[
        ("go.mod", "module example.com/sample\n\ngo 1.27\n"),
        (
            "main.go",
            "package main\n\nimport \"net/http\"\n\nfunc main() { http.ListenAndServe(\":8080\", nil) }\n",
        ),
    ],
    &[
        (
            "package.json",
            r#"{"name":"sample","scripts":{"start":"node server.js","build":"tsc","test":"node --test"}}"#,
        ),
        ("package-lock.json", r#"{"name":"sample","lockfileVersion":3,"packages":{"":{}}}"#),
        ("server.js", "require('http').createServer().listen(3000)\n"),
    ],
    &[
        (
            "package.json",
            r#"{"name":"site","scripts":{"build":"vite build"},"devDependencies":{"vite":"7.0.0"}}"#,
        ),
        ("package-lock.json", r#"{"name":"site","lockfileVersion":3,"packages":{"":{}}}"#),
        ("index.html", "<html></html>\n"),
    ],
    &[
        ("requirements.txt", "fastapi==0.120.0\nuvicorn==0.38.0\n"),
        ("main.py", "from fastapi import FastAPI\n\napp = FastAPI()\n"),
    ],
    &[
        ("Cargo.toml", "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
        ("Cargo.lock", "version = 4\n\n[[package]]\nname = \"sample\"\nversion = \"0.1.0\"\n"),
        ("src/main.rs", "fn main() {}\n"),
    ],
    &[(
        "pom.xml",
        "<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>a</artifactId><version>1</version><parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId><version>3.5.0</version></parent><properties><start-class>g.App</start-class><java.version>21</java.version></properties><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies><build><plugins><plugin><groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>",
    )],
];
