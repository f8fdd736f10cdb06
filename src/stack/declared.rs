//! A stack that a company declares in a file, `detectors/php.toml` of its folder: the files that tell it, the values
//! that are read from them, and the stages. No Rust, and no more rights than any other input: what is read from a
//! repository is quoted where it is printed, and the file that comes out is read back like all others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use regex_lite::Regex;
use serde::Deserialize;
use serde_json::json;

use crate::config::{Company, keys};
use crate::diag::{Code, Diagnostic};
use crate::dockerfile::ImageRef;
use crate::fact::{Choice, Evidence, Fact, Place};
use crate::key::AnyKey;
use crate::plan::run::{Run, quote};
use crate::plan::service::{ExecForm, Health, Runtime, Service, ServiceKind, Toolchain};
use crate::plan::stage::{Origin, Role, Stage, StageGraph, StageName};
use crate::repo::format::Tree;
use crate::repo::inventory::Reads;
use crate::repo::path::RelPath;
use crate::stack::{AnyStack, Proposal, Ships, Strength, Survey};

/// The folder of a company's detectors, below its own.
const FOLDER: &str = "detectors";

/// A declared stack.
#[derive(Debug, Clone)]
pub struct Declared {
    id: &'static str,
    name: &'static str,
    looks_for: &'static [&'static str],
    reads: Vec<&'static str>,
    values: BTreeMap<String, Source>,
    stages: Vec<Step>,
    run: Start,
    because: RelPath,
}

/// The file as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The name for people.
    name: String,
    /// A folder with one of these is a project of this stack.
    files: Vec<String>,
    /// What is read from the project's files, by name.
    #[serde(default)]
    values: BTreeMap<String, Source>,
    /// In file order, the runtime last.
    stages: Vec<Step>,
    /// How the image runs.
    run: Start,
}

/// Where a value comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    /// A file of the project: JSON, TOML and YAML by its ending, a text otherwise.
    file: Option<String>,
    /// The value's place in it: `require.php`, or a list of names.
    key: Option<Path>,
    /// What of it is meant: the first group, or all that fits.
    pattern: Option<String>,
    /// What is taken when nothing is said.
    default: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Path {
    Dotted(String),
    Names(Vec<String>),
}

/// One stage.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    name: String,
    role: RoleName,
    /// Starts from this image, or from an earlier stage.
    image: Option<String>,
    from: Option<String>,
    /// What it is for, in words.
    about: Option<String>,
    workdir: Option<String>,
    /// Files of the project; those that are not there are left out.
    #[serde(default)]
    copy: Vec<String>,
    /// Files of earlier stages.
    #[serde(default)]
    take: Vec<Take>,
    /// Shell commands.
    #[serde(default)]
    run: Vec<String>,
    /// Folders that the builder keeps.
    #[serde(default)]
    cache: Vec<String>,
    /// A template of the company's in the place of the usual one.
    template: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RoleName {
    Base,
    Deps,
    Build,
    Test,
    Dev,
    Runtime,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Take {
    from: String,
    source: String,
    target: String,
}

/// How the image runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    cmd: Vec<String>,
    user: String,
    port: Option<u16>,
    workdir: Option<String>,
    /// The command that asks whether the program is well; the path stands for it in the plan.
    health: Option<Probe>,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Probe {
    path: String,
    cmd: Vec<String>,
}

impl Declared {
    /// The stacks that a company declares, by the names of their files; of one name, the strongest folder's.
    pub fn of(company: &Company) -> Result<Vec<Self>, Vec<Diagnostic>> {
        let mut stacks: Vec<Self> = Vec::new();
        let mut problems = Vec::new();
        for folder in company.folders() {
            let folder = folder.join(FOLDER).unwrap_or_default();
            for doc in company.files().dir(folder.clone()).docs() {
                let name = doc
                    .path
                    .relative_to(&folder)
                    .and_then(|path| path.as_str().strip_suffix(".toml").map(str::to_owned));
                let Some(id) = name.filter(|id| !stacks.iter().any(|known| known.id() == id)) else {
                    continue;
                };
                match Self::read(&id, doc.text, doc.path) {
                    Ok(stack) => stacks.push(stack),
                    Err(bad) => problems.push(*bad),
                }
            }
        }
        if problems.is_empty() { Ok(stacks) } else { Err(problems) }
    }

    fn read(id: &str, text: &str, path: &RelPath) -> Result<Self, Box<Diagnostic>> {
        let refuse = |line: Option<u32>, message: String| {
            let place = Place { file: path.clone(), line };
            Box::new(Diagnostic::error(Code::BadSetting, message).at(place))
        };
        let file: File = toml::from_str(text).map_err(|bad| {
            let line = bad.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            refuse(line.and_then(|line| u32::try_from(line).ok()), bad.message().to_owned())
        })?;
        let is_taken = crate::stack::named(id).is_some();
        if is_taken || !StageName::is_spelled(id) {
            return Err(refuse(None, format!("`{id}` cannot be the name of a new stack")));
        }
        if file.files.is_empty() {
            return Err(refuse(None, "`files` names no file that would tell the stack".to_owned()));
        }
        if (keys::USER.parse)(&file.run.user.as_str().into()).is_err() {
            return Err(refuse(None, "`run.user` must be numeric, such as \"33:33\"".to_owned()));
        }
        for (name, source) in &file.values {
            if let Some(bad) = source.pattern.as_ref().and_then(|pattern| Regex::new(pattern).err()) {
                return Err(refuse(None, format!("`values.{name}.pattern`: {bad}")));
            }
        }
        for step in &file.stages {
            if !StageName::is_spelled(&step.name) || step.image.is_some() == step.from.is_some() {
                let message = format!(
                    "stage `{}` needs a name of lower-case letters, and either `image` or `from`",
                    step.name.escape_debug()
                );
                return Err(refuse(None, message));
            }
        }
        let mut reads: BTreeSet<&'static str> = file.files.iter().map(|name| intern(name)).collect();
        reads.extend(file.values.values().filter_map(|source| source.file.as_deref()).map(last).map(intern));
        let looks_for: Vec<&'static str> = file.files.iter().map(|name| intern(name)).collect();
        Ok(Self {
            id: intern(id),
            name: intern(&file.name),
            looks_for: Box::leak(looks_for.into_boxed_slice()),
            reads: reads.into_iter().filter(|name| !name.starts_with('*')).collect(),
            values: file.values,
            stages: file.stages,
            run: file.run,
            because: path.clone(),
        })
    }

    /// The templates of the company's own that the stages of these stacks name.
    pub fn templates_of(stacks: &[Self]) -> Vec<String> {
        let steps = stacks.iter().flat_map(|stack| &stack.stages);
        steps.filter_map(|step| step.template.clone()).collect()
    }

    fn service(&self, s: &Survey<'_>, because: &Evidence) -> Result<Service, Refusal> {
        let values = self.read_values(s);
        let mut stages = Vec::new();
        for step in &self.stages {
            stages.push(self.stage(step, s, &values)?);
        }
        let stages = StageGraph::new(stages).map_err(|bad| Refusal(bad.to_string()))?;
        let declared = |value: &str| Evidence::default(format!("{value} of {}", self.because));
        let words = self.run.cmd.iter().map(|word| fill(word, &values, str::to_owned)).collect();
        let command = ExecForm::from_words(words).ok_or(Refusal("`run.cmd` is empty".to_owned()))?;
        let found = values.get("port").and_then(|port| Some(port.derive(port.value.parse::<u16>().ok()?)));
        let port = s
            .choice(&keys::PORT)
            .or(found)
            .or(self.run.port.map(|port| Fact::new(port, declared("run.port"))));
        let port = port.decide();
        let health = self.run.health.as_ref().and_then(|probe| {
            let words = probe.cmd.iter().map(|word| fill(word, &values, str::to_owned)).collect();
            let command = ExecForm::from_words(words)?;
            let health = Health::new(command, &probe.path);
            Some(Fact::new(health, declared("run.health")))
        });
        let env = self.run.env.iter().map(|(name, value)| {
            (name.clone(), Fact::new(fill(value, &values, str::to_owned), declared("run.env")))
        });
        let version = values.get("version");
        let runtime = Runtime {
            labels: BTreeMap::new(),
            user: Fact::new(user(&self.run.user), declared("run.user")),
            workdir: self.run.workdir.clone().map(|dir| Fact::new(dir, declared("run.workdir"))),
            env: env.collect(),
            port: port.clone(),
            entrypoint: None,
            command: s.choice(&keys::COMMAND).or(Some(Fact::new(command, declared("run.cmd")))).decide(),
            health,
            stop_signal: None,
            settings_file: None,
        };
        let kind = if port.is_some() { ServiceKind::Server } else { ServiceKind::Program };
        Ok(Service {
            platforms: Vec::new(),
            front_end: None,
            beside: Vec::new(),
            remarks: Vec::new(),
            name: s.service_name(self.id),
            dir: s.dir.path().clone(),
            context: s.dir.path().clone(),
            stack: Fact::new(self.id.to_owned(), because.clone()),
            framework: None,
            toolchains: version
                .map(|version| {
                    version.derive(Toolchain { name: self.name.to_owned(), version: version.value.clone() })
                })
                .into_iter()
                .collect(),
            package_manager: None,
            kind: Fact::by_default(kind, if port.is_some() { "it has a port" } else { "it has no port" }),
            stages,
            runtime,
            ignore: Vec::new(),
            dockerfile: None,
            ignore_file: Service::usual_ignore_file(s.dir.path()),
            tool: json!({}),
        })
    }

    fn stage(
        &self,
        step: &Step,
        s: &Survey<'_>,
        values: &BTreeMap<String, Fact<String>>,
    ) -> Result<Stage, Refusal> {
        let role = step.role.role();
        let usual = if role == Role::Runtime { "declared/runtime.tera" } else { "declared/stage.tera" };
        let template = step.template.as_deref().unwrap_or(usual);
        let mut stage = match (&step.image, &step.from) {
            (Some(image), _) => {
                let reference = fill(image, values, str::to_owned);
                if reference != "scratch" && reference.parse::<ImageRef>().is_err() {
                    return Err(Refusal(format!("`{}` is not an image", reference.escape_debug())));
                }
                // The value that decides the image is its reason.
                let reason = values.iter().find(|(name, _)| image.contains(&format!("{{{name}}}")));
                let found = match reason {
                    Some((_, fact)) => fact.derive(reference),
                    None => Fact::by_default(reference, format!("stage {} of {}", step.name, self.because)),
                };
                let wish = (role == Role::Runtime).then(|| s.choice(&keys::IMAGE));
                let image = wish.unwrap_or_default().or(Some(found)).decide();
                let image = image.ok_or(Refusal("no image".to_owned()))?;
                Stage::new(&step.name, role, image.map(Origin::Image), template)
            }
            (None, from) => Stage::on(&step.name, role, from.as_deref().unwrap_or("?"), template),
        };
        let taken: BTreeSet<&str> = step.take.iter().map(|take| take.from.as_str()).collect();
        stage = stage.taking(&taken.into_iter().collect::<Vec<_>>());
        let is_there = |name: &&String| name.as_str() == "." || s.dir.has(name) || s.dir.has_dir(name);
        let sources: Vec<&String> = step.copy.iter().filter(is_there).collect();
        let mut run = Run::default();
        for command in &step.run {
            run.commands.push(fill(command, values, quote));
        }
        for folder in &step.cache {
            run = run.cache(folder);
        }
        let pieces: Vec<_> = step
            .take
            .iter()
            .map(|take| json!({"from": take.from, "source": fill(&take.source, values, str::to_owned), "target": take.target}))
            .collect();
        stage.tool = Some(json!({
            "about": step.about.clone().unwrap_or_else(|| format!("is the {} stage of {}", step.name, self.name)),
            "workdir": step.workdir,
            "sources": sources,
            "pieces": pieces,
            "run": (!run.commands.is_empty()).then_some(run),
            "values": values,
        }));
        Ok(stage)
    }

    /// What the project's files say, by name.
    fn read_values(&self, s: &Survey<'_>) -> BTreeMap<String, Fact<String>> {
        let mut values = BTreeMap::new();
        for (name, source) in &self.values {
            let mut choice: Choice<String> = Choice::default();
            if name == "version" {
                choice = s.choice(&keys::VERSION);
            }
            choice = choice.or(source.read(s));
            if let Some(default) = &source.default {
                let why = format!("values.{name} of {}", self.because);
                choice = choice.or(Some(Fact::by_default(default.clone(), why)));
            }
            if let Some(value) = choice.decide() {
                values.insert(name.clone(), value);
            }
        }
        values
    }
}

/// Why a declared stack has no plan for a project.
struct Refusal(String);

impl Source {
    fn read(&self, s: &Survey<'_>) -> Option<Fact<String>> {
        let file = self.file.as_deref()?;
        let doc = s.doc(file)?;
        let narrow = |text: &str| match &self.pattern {
            None => Some(text.trim().to_owned()),
            Some(pattern) => {
                let found = Regex::new(pattern).ok()?.captures(text)?;
                Some(found.get(1).or(found.get(0))?.as_str().to_owned())
            }
        };
        let Some(key) = &self.key else { return doc.find(narrow) };
        let manifest = match file.rsplit('.').next() {
            Some("json") => s.parsed(doc.json())?,
            Some("toml" | "lock") => s.parsed(doc.toml())?,
            Some("yaml" | "yml") => s.parsed(doc.yaml())?,
            _ => return doc.find(narrow),
        };
        let names: Vec<&str> = match key {
            Path::Dotted(text) => text.split('.').collect(),
            Path::Names(names) => names.iter().map(String::as_str).collect(),
        };
        let value = manifest.tree.at(&names).filter(|value| value.scalar().is_some())?;
        let text = value.scalar()?;
        Some(Fact::new(
            narrow(&text)?,
            manifest.cite(value as &Tree, format!("{} = {text}", names.join("."))),
        ))
    }
}

impl RoleName {
    fn role(self) -> Role {
        match self {
            Self::Base => Role::Base,
            Self::Deps => Role::Deps,
            Self::Build => Role::Build,
            Self::Test => Role::Test,
            Self::Dev => Role::Dev,
            Self::Runtime => Role::Runtime,
        }
    }
}

impl AnyStack for Declared {
    fn id(&self) -> &'static str {
        self.id
    }
    fn name(&self) -> &'static str {
        self.name
    }
    fn looks_for(&self) -> &'static [&'static str] {
        self.looks_for
    }
    fn ships(&self) -> Ships {
        // What its last stage takes is named.
        Ships::Built
    }
    fn keys(&self) -> &'static [&'static dyn AnyKey] {
        &[]
    }
    fn reads(&self) -> Reads {
        Reads { names: self.reads.clone(), ..Reads::default() }
    }
    fn propose(&self, s: &Survey<'_>) -> Option<Proposal> {
        let found = self.looks_for.iter().find(|name| s.dir.has(name))?;
        let because = s.dir.evidence(found, &format!("a project of the stack {}", self.name));
        match self.service(s, &because) {
            Ok(service) => {
                let (questions, notes) = (Vec::new(), s.take_notes());
                Some(Proposal {
                    stack: self.id,
                    strength: Strength::Entry,
                    because,
                    is_packed: s.dir.has("Dockerfile"),
                    service: Ok(service),
                    questions,
                    notes,
                })
            }
            Err(Refusal(why)) => {
                let message = format!("the stack {} of `{}` cannot be planned: {why}", self.id, self.because);
                s.note(Diagnostic::error(Code::BadSetting, message).at(because.at));
                None
            }
        }
    }
}

/// A text with values in the place of their names: `php:{version}-apache`. Braces around anything else stay.
fn fill(text: &str, values: &BTreeMap<String, Fact<String>>, write: impl Fn(&str) -> String) -> String {
    let mut filled = text.to_owned();
    for (name, value) in values {
        filled = filled.replace(&format!("{{{name}}}"), &write(&value.value));
    }
    filled
}

fn user(text: &str) -> String {
    if text.contains(':') { text.to_owned() } else { format!("{text}:{text}") }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Names of stacks and files live as long as the program, so that those of a file can stand beside built-in ones. Each
/// is kept once.
pub(super) fn intern(text: &str) -> &'static str {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(there) = known.get(text) {
        return there;
    }
    let kept: &'static str = Box::leak(text.to_owned().into_boxed_str());
    known.insert(kept);
    kept
}
