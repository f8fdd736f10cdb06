//! What an old Dockerfile knows, as settings: its testimony, and what became of each instruction on the way.
//!
//! Ports, user, environment, health check, packages and start outrank what dockgen found itself; the version of the
//! toolchain only outranks a default. What no setting can say is carried as an instruction, or left to a person.

mod bound;
mod by_name;
mod entry;
mod files;
mod front_end;
mod health;
mod java;
mod moved;
mod place;
mod ports;
mod run;
mod scripts;
mod start;
mod supply;
mod system;
mod toolchain;
mod user;

pub(super) use health::rhythm;
pub(super) use supply::{Lists, lists};
pub(super) use toolchain::{Version, version};

use std::collections::BTreeMap;

use super::Level;
use super::account::{Disposition, DropReason};
use super::assess::{Obstacle, ObstacleKind};
use super::bases::Bases;
use super::known;
use crate::dockerfile::{Dockerfile, ImageConfig, Instruction, Keyword, Meaning, Origin, Stage};
use crate::lint::{Secrets, copies_the_same, is_file, is_secret, is_secret_file};
use crate::plan::catalog::Catalog;
use crate::plan::service::Service;
use crate::plan::stage::StageGraph;
use crate::repo::Inventory;

/// A setting that the old file asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wish {
    /// `runtime.port`.
    pub key: String,
    /// What it is set to.
    pub value: toml::Value,
    /// The line that says so.
    pub line: u32,
}

/// Everything that was taken from a file.
#[derive(Debug, Default)]
pub(super) struct Harvest {
    /// In file order, one for each key.
    pub wishes: Vec<Wish>,
    /// By the line of the instruction.
    pub fates: BTreeMap<u32, (Disposition, Vec<String>)>,
    /// The line of the start, its note, and the words of the old start in it.
    pub start: Option<Start>,
    /// What forbids a rebuild after all.
    pub obstacles: Vec<Obstacle>,
    /// The scripts that the old build ran.
    ran: Vec<scripts::Ran>,
    /// Places that commands name which are left to a person: whether anything is there is not known.
    unmade: Vec<String>,
    /// How many commands are left to a person so far.
    left: usize,
}

/// What was said of the start before the last plan was made: other settings may start the program otherwise.
#[derive(Debug)]
pub(super) struct Start {
    pub line: u32,
    /// How the old image started.
    pub old: String,
    /// How it starts with the old file's settings not yet taken.
    pub planned: String,
}

/// What is known when an instruction is judged.
pub(super) struct Scene<'a> {
    pub file: &'a Dockerfile,
    /// The only stage of the old file.
    pub stage: &'a Stage<'a>,
    /// The image that comes out of it.
    pub image: ImageConfig,
    pub secrets: &'a Secrets,
    /// What dockgen plans without the old file.
    pub service: &'a Service,
    pub inventory: &'a Inventory,
    pub catalog: &'a Catalog,
    pub level: Level,
    /// What images of one's own are built like.
    pub bases: Bases,
    /// What it was installed from, which is planned for already.
    pub lists: Lists,
    /// What the old file says about the toolchain's version, which is planned for already.
    pub version: Version,
}

/// Variables that only a build reads.
/// <https://manpages.debian.org/debconf.7>, <https://go.dev/ref/mod#environment-variables>, pip's and npm's manuals.
const BUILD_VARIABLES: &[&str] = &[
    "DEBIAN_FRONTEND",
    "DEBCONF_NONINTERACTIVE_SEEN",
    "TERM",
    "GOPATH",
    "GOROOT",
    "GO111MODULE",
    "CGO_ENABLED",
    "GOOS",
    "GOARCH",
    "GOFLAGS",
    "GOBIN",
    "NPM_CONFIG_LOGLEVEL",
    "NPM_CONFIG_PREFIX",
    "NODE_VERSION",
    "YARN_VERSION",
    "NPM_VERSION",
    "PIP_NO_CACHE_DIR",
    "PIP_DISABLE_PIP_VERSION_CHECK",
    "PIP_DEFAULT_TIMEOUT",
    "PYTHON_VERSION",
    "PYTHON_PIP_VERSION",
    "POETRY_VERSION",
    "POETRY_VIRTUALENVS_CREATE",
    "POETRY_NO_INTERACTION",
    "PIPENV_VENV_IN_PROJECT",
    "JAVA_HOME",
    "MAVEN_HOME",
    "MAVEN_VERSION",
    "M2_HOME",
    "GRADLE_HOME",
    "GRADLE_VERSION",
    "CARGO_HOME",
    "RUSTUP_HOME",
];

/// Takes everything out of the only stage of a file.
pub(super) fn harvest(scene: &Scene<'_>) -> Harvest {
    let mut harvest = Harvest::default();
    harvest.wishes.extend(scene.lists.wishes.iter().cloned().chain(scene.version.wish.clone()));
    harvest.obstacles.extend(scene.version.obstacle.clone());
    harvest.obstacles.extend(fetched(scene.stage));
    for instruction in scene.file.instructions() {
        let (fate, notes) = harvest.judge(scene, instruction);
        harvest.fates.insert(instruction.line, (fate, notes));
    }
    for (line, list) in &scene.lists.others {
        let why = format!(
            "`{list}` is installed besides: name it with `-r` in the list that python.requirements names"
        );
        harvest.fates.entry(*line).and_modify(|(fate, _)| *fate = person(&why));
    }
    front_end::keep(&mut harvest, scene);
    scripts::keep(&mut harvest, scene);
    system::of_compose(&mut harvest, scene);
    harvest
}

/// A stage that copies and mounts nothing of the build context holds no program of the repository.
pub(super) fn fetched(stage: &Stage<'_>) -> Option<Obstacle> {
    let takes_the_repository = stage.instructions.iter().any(|instruction| match instruction.meaning() {
        Ok(Meaning::Copy(copy) | Meaning::Add(copy)) => {
            copy.from.is_none() && copy.sources.iter().any(|source| !source.contains("://"))
        }
        Ok(Meaning::Run(_)) => instruction.flags.iter().any(|flag| {
            flag.name == "mount" && !flag.value.as_deref().unwrap_or_default().contains("type=cache")
        }),
        _ => false,
    });
    let why = "nothing of the repository is copied into the image: it is an environment to work in, or the \
               program comes from elsewhere";
    let kind = ObstacleKind::FetchedProgram;
    (!takes_the_repository).then(|| Obstacle { line: stage.line, kind, why: why.to_owned() })
}

/// Whether a secret of the old file stands in a value, however deep.
fn holds_a_secret(value: &toml::Value, secrets: &Secrets) -> bool {
    match value {
        toml::Value::String(text) => secrets.are_in(text),
        toml::Value::Array(items) => items.iter().any(|item| holds_a_secret(item, secrets)),
        toml::Value::Table(table) => table.iter().any(|(_, item)| holds_a_secret(item, secrets)),
        _ => false,
    }
}

impl Harvest {
    /// Is it unknown whether anything lies there, because a command is left to a person? What the distribution has, and what
    /// is carried, is there.
    fn is_unmade(&self, path: &str) -> bool {
        const THERE: &[&str] = &["/etc", "/home", "/mnt", "/run", "/srv", "/tmp", "/var"];
        let is_carried = || {
            let wishes = self.wishes.iter().filter(|wish| wish.key == "runtime.instructions");
            wishes.into_iter().any(|wish| wish.value.to_string().contains(path.trim_end_matches('/')))
        };
        let is_below = |folder: &str| moved::below(path, folder).is_some();
        let is_named = self.unmade.iter().any(|place| is_below(place));
        let is_new = self.left > 0 && !THERE.iter().any(|folder| is_below(folder));
        (is_named || is_new) && !is_carried()
    }

    fn judge(&mut self, scene: &Scene<'_>, instruction: &Instruction) -> (Disposition, Vec<String>) {
        let line = instruction.line;
        let alone = |fate| (fate, Vec::new());
        let Ok(meaning) = instruction.meaning() else {
            return alone(person("a build refuses it"));
        };
        match meaning {
            Meaning::From(_) => self.from(scene, line),
            Meaning::Run(_) => run::judge(self, scene, instruction),
            Meaning::Copy(copy) | Meaning::Add(copy) => alone(self.copy(scene, instruction, &copy)),
            Meaning::Env(env) => self.env(scene, instruction, &env.pairs),
            Meaning::Arg(args) => {
                if let Some(secret) = args.iter().find(|arg| is_secret(&arg.name)) {
                    return alone(dropped(DropReason::Secret { name: secret.name.clone() }));
                }
                if args.iter().any(|arg| scene.is_put_in(&arg.name)) {
                    return alone(self.carry_as_written(scene, instruction));
                }
                alone(Disposition::Superseded {
                    by: "the build, where something reads it by its value".to_owned(),
                })
            }
            Meaning::Expose(_) => self.expose(scene, instruction),
            Meaning::Label(labels) => alone(self.labels(scene, instruction, &labels.pairs)),
            Meaning::Maintainer(name) => self.maintainer(scene, instruction, &name),
            Meaning::Volume(_) => self.volumes(scene, instruction),
            // The differences say where the program starts now.
            Meaning::Workdir(_) => alone(Disposition::Superseded { by: "runtime".to_owned() }),
            Meaning::User(_) => alone(last_user(scene, line)),
            Meaning::Stopsignal(signal) => alone(self.stop_signal(line, &signal)),
            Meaning::Healthcheck(check) => self.health(scene, line, &check),
            Meaning::Cmd(_) | Meaning::Entrypoint(_) => start::judge(self, scene, instruction),
            Meaning::Shell(_) => {
                alone(Disposition::Superseded { by: "stages whose commands need no other shell".to_owned() })
            }
            Meaning::Onbuild(_) => alone(person("images that start from this one run it")),
        }
    }

    fn labels(
        &mut self,
        scene: &Scene<'_>,
        instruction: &Instruction,
        labels: &[(String, String)],
    ) -> Disposition {
        if labels.iter().any(|(name, _)| is_secret(name)) {
            return dropped(DropReason::Secret { name: "the label".to_owned() });
        }
        let is_named = |name: &String| labels.iter().any(|(label, _)| label == name);
        let pairs = scene.image.labels.iter().filter(|(name, _)| is_named(name));
        if pairs.clone().any(|(_, value)| value.contains('$')) {
            return person("its value depends on a variable that only the build knows");
        }
        let words: Option<Vec<String>> =
            pairs.map(|(name, value)| Some(format!("{name}={}", quoted(value)?))).collect();
        match words {
            Some(words) => self.carry(scene, instruction, &format!("LABEL {}", words.join(" "))),
            None => self.carry_as_written(scene, instruction),
        }
    }

    fn maintainer(
        &mut self,
        scene: &Scene<'_>,
        instruction: &Instruction,
        name: &str,
    ) -> (Disposition, Vec<String>) {
        let plain = name.replace('"', "");
        let Some(value) = quoted(plain.trim()) else {
            return (person("the name cannot be quoted"), Vec::new());
        };
        let label = format!("LABEL org.opencontainers.image.authors={value}");
        let note = "MAINTAINER is deprecated; the label says the same".to_owned();
        (self.carry(scene, instruction, &label), vec![note])
    }

    /// The same folders, where the program's files lie now, and given to the user that writes to them.
    fn volumes(&mut self, scene: &Scene<'_>, instruction: &Instruction) -> (Disposition, Vec<String>) {
        let mut notes = Vec::new();
        let mut volumes: Vec<String> = Vec::new();
        for path in &scene.image.volumes {
            let new = scene.rehomed(path).inspect(|new| {
                notes.push(format!(
                    "the program's files lie in `{new}` now: mount there what was mounted at `{path}`"
                ));
            });
            volumes.push(new.unwrap_or_else(|| path.clone()));
        }
        if let Some(user) = scene.ordinary_user()
            && volumes.iter().all(|path| is_plain(path))
        {
            let paths = volumes.join(" ");
            let text = format!("RUN mkdir -p {paths} && chown {user} {paths}");
            self.wish("runtime.instructions", vec![text].into(), instruction.line);
        }
        let words: Vec<String> = volumes.iter().map(|path| format!("{path:?}")).collect();
        (self.carry(scene, instruction, &format!("VOLUME [{}]", words.join(", "))), notes)
    }

    fn stop_signal(&mut self, line: u32, signal: &str) -> Disposition {
        let name = format!("SIG{}", signal.trim_start_matches("SIG"));
        if name.chars().any(|c| c.is_ascii_digit()) {
            return person(&format!("the signal {signal} needs its name in runtime.stop_signal"));
        }
        self.wish("runtime.stop_signal", name.into(), line);
        kept("runtime.stop_signal")
    }

    /// Lets no secret of the old file into a setting: whoever finds one there finds it in the new files as well.
    pub(super) fn keep_secrets_out(&mut self, secrets: &Secrets) {
        let (bad, good): (Vec<Wish>, Vec<Wish>) = std::mem::take(&mut self.wishes)
            .into_iter()
            .partition(|wish| holds_a_secret(&wish.value, secrets));
        self.wishes = good;
        for wish in bad {
            if let Some((fate, _)) = self.fates.get_mut(&wish.line) {
                *fate = dropped(DropReason::Secret { name: wish.key });
            }
        }
    }

    /// Names the stages as the new file has them: a plan without work for one has no such stage.
    pub(super) fn name_stages(&mut self, stages: &StageGraph) {
        const TAKE_OVER: &[(&str, &[&str])] =
            &[("deps", &["deps", "prod-deps", "build", "runtime"]), ("build", &["build", "runtime"])];
        for (fate, _) in self.fates.values_mut() {
            let Disposition::Superseded { by } = fate else { continue };
            let end = by.find([',', ' ']).unwrap_or(by.len());
            let Some((_, names)) = TAKE_OVER.iter().find(|(name, _)| *name == &by[..end]) else { continue };
            if let Some(stage) = names.iter().find_map(|name| stages.get(name)) {
                by.replace_range(..end, stage.printed_name());
            }
        }
    }

    pub(super) fn wish(&mut self, key: &str, value: toml::Value, line: u32) {
        if let Some(known) = self.wishes.iter_mut().find(|wish| wish.key == key) {
            if let (toml::Value::Array(all), toml::Value::Array(new)) = (&mut known.value, &value) {
                all.extend(new.iter().filter(|item| !all.contains(item)).cloned().collect::<Vec<_>>());
            } else {
                known.value = value;
                known.line = line;
            }
        } else {
            self.wishes.push(Wish { key: key.to_owned(), value, line });
        }
    }

    /// Carries an instruction into the runtime under the comments that stand above it.
    fn carry(&mut self, scene: &Scene<'_>, instruction: &Instruction, text: &str) -> Disposition {
        if scene.secrets.are_in(text) {
            return dropped(DropReason::Secret { name: instruction.keyword.to_string() });
        }
        let comments = scene.file.comment_above(instruction.line);
        let comments = comments.iter().filter(|comment| !scene.secrets.are_in(comment));
        let above: Vec<String> = comments.map(|comment| format!("# {comment}\n")).collect();
        let text = format!("{}{text}", above.concat());
        self.wish("runtime.instructions", vec![text].into(), instruction.line);
        Disposition::Carried { stage: "runtime".to_owned(), change: None }
    }

    fn carry_as_written(&mut self, scene: &Scene<'_>, instruction: &Instruction) -> Disposition {
        let text = format!("{} {}", instruction.keyword, instruction.args.value);
        self.carry(scene, instruction, &text)
    }

    fn from(&mut self, scene: &Scene<'_>, line: u32) -> (Disposition, Vec<String>) {
        let mut notes = Vec::new();
        let stack = scene.service.stack.value.as_str();
        if let Some((kind, why)) = known::strange(&scene.stage.origin, &scene.bases, stack) {
            self.obstacles.push(Obstacle { line, kind, why });
        }
        if let Origin::Image(written) = &scene.stage.origin {
            let public = scene.bases.public(written);
            notes.extend(public.as_ref().map(|public| format!("`{written}` is built like `{public}`")));
            let ended =
                scene.catalog.ended(public.as_ref().unwrap_or(written)).map(|ended| ended.to_string());
            // What stays says so itself.
            notes.extend(
                ended.filter(|ended| !scene.version.notes.iter().any(|note| note.starts_with(ended))),
            );
            notes.extend(scene.version.notes.iter().cloned());
        }
        (Disposition::Superseded { by: "every stage, from images of its own".to_owned() }, notes)
    }

    fn env(
        &mut self,
        scene: &Scene<'_>,
        instruction: &Instruction,
        pairs: &[(String, String)],
    ) -> (Disposition, Vec<String>) {
        let mut notes = Vec::new();
        let mut fates = Vec::new();
        for (name, written) in pairs {
            let is_literal = written.contains("\\$") || written.contains('\'');
            let mut value = scene.image.env.get(name).cloned().unwrap_or_default();
            if let Some(new) = scene.rehomed(&value) {
                notes.push(format!("{name} names the program's folder, so it is `{new}` now"));
                value = new;
            }
            let planned = scene.service.runtime.env.get(name);
            let fate = if is_secret(name) && !value.is_empty() && !is_file(name, &value) {
                dropped(DropReason::Secret { name: name.clone() })
            } else if let Some(fate) = supply::source(self, scene, instruction.line, (name, &value)) {
                fate
            } else if BUILD_VARIABLES.contains(&name.as_str()) {
                dropped(DropReason::OnlyForTheOldBuild)
            } else if planned.is_some_and(|planned| planned.value == value) {
                kept(&format!("runtime.env.{name}"))
            } else if value.contains('$') && is_literal {
                person("which dollar signs of the value are meant as such")
            } else if value.is_empty() || value.contains('$') || name == "PATH" {
                match quoted_open(&value) {
                    Some(value) => self.carry(scene, instruction, &format!("ENV {name}={value}")),
                    None => person("the value cannot be quoted"),
                }
            } else if value.chars().any(char::is_control) || scene.secrets.are_in(&value) {
                person("the value cannot be carried")
            } else {
                self.wish(&format!("runtime.env.{name}"), value.clone().into(), instruction.line);
                kept(&format!("runtime.env.{name}"))
            };
            if pairs.len() > 1 {
                notes.push(format!("{name}: {fate}"));
            }
            fates.push(fate);
        }
        (strongest(fates), notes)
    }

    fn copy(
        &mut self,
        scene: &Scene<'_>,
        instruction: &Instruction,
        copy: &crate::dockerfile::instr::Copy,
    ) -> Disposition {
        if let Some(secret) = copy.sources.iter().find(|source| is_secret_file(source)) {
            return dropped(DropReason::Secret { name: secret.clone() });
        }
        if !copy.contents.is_empty() || copy.from.is_some() {
            return person("where its content belongs in the new stages");
        }
        let into_program = scene.is_in_program(&copy.destination);
        let copies_all =
            copy.sources.iter().all(|source| matches!(source.trim_end_matches('/'), "." | "" | "*"));
        let lists = |source: &String| {
            let name = name_of(source);
            LISTS.contains(&name) || name == "package*.json" || name.starts_with("requirements")
        };
        let moved = if into_program && !copies_all { scene.moved(copy) } else { None };
        if moved.is_none() && copy.sources.iter().all(lists) {
            return Disposition::Superseded { by: "deps, which installs what it lists".to_owned() };
        }
        if moved.is_none() && (copies_all || into_program) {
            return Disposition::Superseded { by: "build, which copies the sources".to_owned() };
        }
        if copy.sources.iter().any(|source| source.contains("://") || source.contains('$'))
            || copy.destination.contains('$')
        {
            return person("what it copies is decided while building");
        }
        let flags: Vec<String> = instruction
            .flags
            .iter()
            .filter(|flag| flag.name == "chmod")
            .map(|flag| format!("--chmod={} ", flag.value.as_deref().unwrap_or_default()))
            .collect();
        let prefix = if scene.service.dir == scene.service.context {
            String::new()
        } else {
            format!("{}/", scene.service.dir)
        };
        let sources: Vec<String> = copy
            .sources
            .iter()
            .map(|source| format!("{prefix}{}", source.trim_start_matches("./")))
            .collect();
        // ADD unpacks and downloads; of what is only copied COPY says so.
        let keyword = if copies_the_same(instruction, copy) { &Keyword::Copy } else { &instruction.keyword };
        let destination = moved.as_ref().unwrap_or(&copy.destination);
        let text = format!("{keyword} {}{} {destination}", flags.concat(), sources.join(" "));
        match (self.carry(scene, instruction, &text), moved) {
            (Disposition::Carried { stage, .. }, Some(moved)) => {
                let change = Some(format!("it lies at `{moved}` in the program's folder"));
                Disposition::Carried { stage, change }
            }
            (fate, _) => fate,
        }
    }
}

/// What package managers read: copied to any place, it is there to be installed from.
const LISTS: &[&str] = &[
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "Pipfile",
    "Pipfile.lock",
    "poetry.lock",
    "pyproject.toml",
    "uv.lock",
    "go.mod",
    "go.sum",
    "Cargo.toml",
    "Cargo.lock",
    "pom.xml",
];

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A path that a shell takes as one word.
fn is_plain(path: &str) -> bool {
    path.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
}

impl Scene<'_> {
    /// Does a path of the old image lie where the program lay?
    fn is_in_program(&self, path: &str) -> bool {
        const USUAL: &[&str] =
            &["/app", "/usr/src/app", "/src", "/code", "/usr/src", "/opt/app", "/go/src", "/home/node/app"];
        let here = self.image.workdir.as_deref().filter(|home| *home != "/").unwrap_or("/app");
        let home = self.old_home();
        let is_below = |folder: &str| moved::below(path, folder).is_some();
        !path.starts_with('/')
            || is_below(here)
            || home != "/" && is_below(&home)
            || USUAL.iter().any(|usual| is_below(usual))
    }
}

impl Scene<'_> {
    /// Does whoever builds put the argument into the image's environment or labels?
    fn is_put_in(&self, name: &str) -> bool {
        let env = self.image.env.iter().filter(|(_, value)| value.contains('$'));
        let labels = self.image.labels.iter().filter(|(_, value)| value.contains('$'));
        env.chain(labels).any(|(_, value)| {
            value.split('$').skip(1).any(|rest| {
                let rest = rest.trim_start_matches('{');
                rest.strip_prefix(name)
                    .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
            })
        })
    }
}

/// Who starts the program is said by the last of several.
fn last_user(scene: &Scene<'_>, line: u32) -> Disposition {
    let last = scene.stage.instructions.iter().rfind(|one| one.keyword == Keyword::User);
    match last {
        Some(last) if last.line != line => {
            Disposition::Superseded { by: format!("the USER of line {}", last.line) }
        }
        _ => kept("runtime.user"),
    }
}

fn kept(setting: &str) -> Disposition {
    Disposition::Kept { setting: setting.to_owned() }
}

fn dropped(why: DropReason) -> Disposition {
    Disposition::Dropped { why }
}

fn person(why: &str) -> Disposition {
    Disposition::Person { why: why.to_owned() }
}

/// One fate for several parts: what a person must see wins, then what stays.
fn strongest(fates: Vec<Disposition>) -> Disposition {
    let rank = |fate: &Disposition| match fate {
        Disposition::Person { .. } => 0,
        Disposition::Dropped { why: DropReason::Secret { .. } } => 1,
        Disposition::Carried { .. } => 2,
        Disposition::Kept { .. } => 3,
        Disposition::Superseded { .. } => 4,
        Disposition::Dropped { .. } => 5,
    };
    fates.into_iter().min_by_key(rank).unwrap_or(dropped(DropReason::SaysNothing))
}

/// In double quotes, so that it evaluates to exactly this.
pub(in crate::migrate) fn quoted(value: &str) -> Option<String> {
    quoted_open(&value.replace('\\', "\\\\").replace('$', "\\$"))
}

/// In double quotes, variables left open.
pub(in crate::migrate) fn quoted_open(value: &str) -> Option<String> {
    (!value.contains(['\n', '\r'])).then(|| format!("\"{}\"", value.replace('"', "\\\"")))
}
