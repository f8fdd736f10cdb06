//! The settings that every stack shares, and how a key is found by its name.
//!
//! A stack's own keys stand in the stack. All of them are listed by [`all`](crate::stack::keys).

pub use crate::config::nearest::{nearest, unknown};
use crate::config::own::instructions;
pub use crate::config::own::{Instructions, Lines, OwnStage, REMARKS, STAGE_ABOVE, STAGE_BEFORE, STAGE_TEXT};
pub use crate::config::policy::{ALLOWED_BASES, LOCKED, PIN, Pin, REQUIRE, Requirement};
use crate::config::proof::{Seconds, health_time};
use crate::config::{outputs, proof};
use crate::dockerfile::Keyword;
use crate::key::{AnyKey, Key, Shape, text, texts, truth};
use crate::plan::backing::Backing;
use crate::plan::catalog::{Catalog, without_tag};
use crate::plan::service::{ExecForm, ServiceKind};
use crate::plan::stage::{SecretMount, StageName};

/// Which stack builds the project.
pub static STACK: Key<String> = Key {
    name: "project.stack",
    shape: Shape::Text,
    doc: "the stack: go, java, node, python or rust",
    parse: text,
};

/// Folders that are never taken for projects.
pub static IGNORE: Key<Globs> = Key {
    name: "project.ignore",
    shape: Shape::Texts,
    doc: "folders that are never taken for projects",
    parse: |v| texts(v).map(Globs),
};

/// What the program does, where it is no server although it looks like one.
pub static KIND: Key<ServiceKind> = Key {
    name: "project.kind",
    shape: Shape::OneOf(&["worker", "program"]),
    doc: "worker (runs on without a port) or program (runs, prints and ends), where detection sees a server",
    parse: |value| match value.as_str() {
        Some("worker") => Ok(ServiceKind::Worker),
        Some("program") => Ok(ServiceKind::Program),
        _ => Err("expected worker or program".to_owned()),
    },
};

/// The toolchain's version.
pub static VERSION: Key<String> = Key {
    name: "build.version",
    shape: Shape::Text,
    doc: "the toolchain's version, such as \"22\" or \"3.13\"",
    parse: text,
};

/// What installs dependencies.
pub static PACKAGE_MANAGER: Key<String> = Key {
    name: "build.package_manager",
    shape: Shape::Text,
    doc: "npm, pnpm, yarn, bun, pip, uv, poetry, maven, gradle …",
    parse: text,
};

/// The command that builds.
pub static BUILD_COMMAND: Key<String> = Key {
    name: "build.cmd",
    shape: Shape::Text,
    doc: "the shell command that builds the project",
    parse: text,
};

/// Is the front end beside the program built?
pub static FRONT_END: Key<bool> = Key {
    name: "build.front_end",
    shape: Shape::Truth,
    doc: "false takes the front end beside a program as it lies in the repository",
    parse: truth,
};

/// Packages for the stages that build.
pub static BUILD_PACKAGES: Key<Globs> = Key {
    name: "build.system_packages",
    shape: Shape::Texts,
    doc: "packages of the distribution that the build needs",
    parse: |v| texts(v).and_then(package_names),
};

/// Instructions for the stage that builds.
pub static BUILD_INSTRUCTIONS: Key<Instructions> = Key {
    name: "build.instructions",
    shape: Shape::List,
    doc: "instructions for the build stage, after everything else in it",
    parse: instructions,
};

/// Instructions for the stage that runs.
pub static RUNTIME_INSTRUCTIONS: Key<Instructions> = Key {
    name: "runtime.instructions",
    shape: Shape::List,
    doc: "instructions for the runtime stage, above its USER: RUN, COPY, ADD, ENV, LABEL, VOLUME, EXPOSE, ARG, HEALTHCHECK",
    parse: instructions,
};

/// The image that runs.
pub static IMAGE: Key<String> = Key {
    name: "runtime.image",
    shape: Shape::Text,
    doc: "the base image of the runtime stage",
    parse: image,
};

/// Packages for the stage that runs.
pub static RUNTIME_PACKAGES: Key<Globs> = Key {
    name: "runtime.system_packages",
    shape: Shape::Texts,
    doc: "packages of the distribution that the running program needs",
    parse: |v| texts(v).and_then(package_names),
};

/// The numeric user.
pub static USER: Key<String> = Key {
    name: "runtime.user",
    shape: Shape::Text,
    doc: "the numeric user, such as 10001 or \"10001:10001\"",
    parse: user,
};

/// The working folder.
pub static WORKDIR: Key<String> = Key {
    name: "runtime.workdir",
    shape: Shape::Text,
    doc: "the folder where a program starts that is one file, such as /data",
    parse: folder,
};

/// The port the program listens on.
pub static PORT: Key<u16> =
    Key { name: "runtime.port", shape: Shape::Number, doc: "the port the program listens on", parse: port };

/// The path the health check asks for.
pub static HEALTH: Key<String> = Key {
    name: "runtime.healthcheck.path",
    shape: Shape::Text,
    doc: "the HTTP path of the health check",
    parse: http_path,
};

/// How often it asks.
pub static HEALTH_INTERVAL: Key<Seconds> = Key {
    name: "runtime.healthcheck.interval",
    shape: Shape::Text,
    doc: "from one question of the health check to the next, such as \"30s\"",
    parse: health_time,
};

/// How long it waits for an answer.
pub static HEALTH_TIMEOUT: Key<Seconds> = Key {
    name: "runtime.healthcheck.timeout",
    shape: Shape::Text,
    doc: "how long the health check waits for an answer, such as \"3s\"",
    parse: health_time,
};

/// How long a start may take.
pub static HEALTH_START: Key<Seconds> = Key {
    name: "runtime.healthcheck.start_period",
    shape: Shape::Text,
    doc: "how long after the start a failed question does not count, such as \"1m\"",
    parse: health_time,
};

/// How many failures are one too many.
pub static HEALTH_RETRIES: Key<u32> = Key {
    name: "runtime.healthcheck.retries",
    shape: Shape::Number,
    doc: "how many failed questions in a row make the container unhealthy",
    parse: |value| {
        let number = value.as_integer().and_then(|number| u32::try_from(number).ok());
        number.filter(|number| *number > 0).ok_or_else(|| "expected a number above 0".to_owned())
    },
};

/// Is there a health check?
pub static HEALTH_ENABLED: Key<bool> = Key {
    name: "runtime.healthcheck.enabled",
    shape: Shape::Truth,
    doc: "false leaves HEALTHCHECK out",
    parse: truth,
};

/// What stands behind an image of one's own.
pub static BASES: Key<String> = Key {
    name: "migrate.bases.*",
    shape: Shape::Text,
    doc: "the public image that an image of one's own is built like; `*` at the end of both stands for the rest",
    parse: base,
};

/// Environment of the running program.
pub static ENV: Key<String> = Key {
    name: "runtime.env.*",
    shape: Shape::Text,
    doc: "a variable of the running program's environment",
    parse: text,
};

/// The signal that stops the program.
pub static STOP_SIGNAL: Key<String> = Key {
    name: "runtime.stop_signal",
    shape: Shape::Text,
    doc: "the signal that stops the program, such as SIGINT",
    parse: signal,
};

/// What runs.
pub static COMMAND: Key<ExecForm> = Key {
    name: "run.cmd",
    shape: Shape::Texts,
    doc: "what runs: a list of words, or one text for a shell",
    parse: |value| match value {
        toml::Value::Array(_) => {
            texts(value).and_then(|w| ExecForm::from_words(w).ok_or("expected a command".into()))
        }
        _ => text(value).map(|line| ExecForm::shell(&line)),
    },
};

/// Platforms of the image.
pub static PLATFORMS: Key<Globs> = Key {
    name: "build.platforms",
    shape: Shape::Texts,
    doc: "the platforms of the image, such as [\"linux/amd64\", \"linux/arm64\"]",
    parse: |v| texts(v).and_then(platforms),
};

/// Another place for one of dockgen's base images.
pub static IMAGES: Key<String> = Key {
    name: "images.*",
    shape: Shape::Text,
    doc: "what to take in the place of a base image: a name keeps the tag, a tag or digest replaces it",
    parse: image,
};

/// Another registry for those of Docker Hub.
pub static MIRROR: Key<String> = Key {
    name: "policy.registry_mirror",
    shape: Shape::Text,
    doc: "the registry that has the base images of Docker Hub, such as registry.example.com/hub",
    parse: image,
};

/// Labels of the image.
pub static LABELS: Key<String> =
    Key { name: "labels.*", shape: Shape::Text, doc: "a label of the image", parse: text };

/// Packages of one stage.
pub static STAGE_PACKAGES: Key<Globs> = Key {
    name: "stages.*.packages",
    shape: Shape::Texts,
    doc: "packages of the distribution for this stage",
    parse: |v| texts(v).and_then(package_names),
};

/// Environment of one stage.
pub static STAGE_ENV: Key<String> = Key {
    name: "stages.*.env.*",
    shape: Shape::Text,
    doc: "a variable of this stage's environment, before anything runs in it",
    parse: line,
};

/// Build arguments of one stage.
pub static STAGE_ARGS: Key<String> = Key {
    name: "stages.*.args.*",
    shape: Shape::Text,
    doc: "a build argument of this stage and its default; never a secret, for anybody can read it in the image",
    parse: line,
};

/// Secrets of one stage.
pub static STAGE_SECRETS: Key<Secrets> = Key {
    name: "stages.*.secrets",
    shape: Shape::Texts,
    doc: "ids of --secret for every command of this stage; \"npmrc=/root/.npmrc\" says where it appears",
    parse: |v| texts(v).and_then(secrets),
};

/// Instructions of one stage.
pub static STAGE_INSTRUCTIONS: Key<Instructions> = Key {
    name: "stages.*.instructions",
    shape: Shape::List,
    doc: "instructions for this stage, after everything else in it; in the runtime above its USER",
    parse: instructions,
};

/// The name of one stage.
pub static STAGE_TARGET: Key<String> = Key {
    name: "stages.*.target",
    shape: Shape::Text,
    doc: "the name of this stage in the Dockerfile, for --target",
    parse: stage_name,
};

/// The settings that every stack shares.
pub static SHARED: &[&dyn AnyKey] = &[
    &ALLOWED_BASES,
    &outputs::BAKE,
    &BASES,
    &proof::BOOT_TIMEOUT,
    &BUILD_COMMAND,
    &BUILD_INSTRUCTIONS,
    &BUILD_PACKAGES,
    &outputs::CI,
    &COMMAND,
    &outputs::COMPOSE,
    &outputs::DEVCONTAINER,
    &outputs::DOCKERFILE,
    &outputs::DOCKERIGNORE,
    &proof::ENGINE,
    &ENV,
    &outputs::EXTRA_COPY,
    &FRONT_END,
    &HEALTH,
    &HEALTH_ENABLED,
    &HEALTH_INTERVAL,
    &HEALTH_RETRIES,
    &HEALTH_START,
    &HEALTH_TIMEOUT,
    &IGNORE,
    &IMAGE,
    &IMAGES,
    &KIND,
    &LABELS,
    &LOCKED,
    &proof::MAX_SIZE,
    &MIRROR,
    &PACKAGE_MANAGER,
    &PIN,
    &PLATFORMS,
    &PORT,
    &proof::PROBE,
    &REMARKS,
    &REQUIRE,
    &RUNTIME_INSTRUCTIONS,
    &RUNTIME_PACKAGES,
    &STACK,
    &STAGE_ABOVE,
    &STAGE_ARGS,
    &STAGE_BEFORE,
    &STAGE_ENV,
    &STAGE_INSTRUCTIONS,
    &STAGE_PACKAGES,
    &STAGE_SECRETS,
    &STAGE_TARGET,
    &STAGE_TEXT,
    &STOP_SIGNAL,
    &proof::TIMEOUT,
    &USER,
    &VERSION,
    &WORKDIR,
];

/// A list of names or folder patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Globs(pub Vec<String>);

impl std::fmt::Display for Globs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

/// Secrets that a stage's commands see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secrets(pub Vec<SecretMount>);

impl std::fmt::Display for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<&str> = self.0.iter().map(|secret| secret.id.as_str()).collect();
        f.write_str(&ids.join(", "))
    }
}

/// The key of that name, where a `*` stands for a name of the person's own.
pub fn find<'k>(known: &[&'k dyn AnyKey], name: &str) -> Option<&'k dyn AnyKey> {
    known.iter().copied().find(|key| covers(key.name(), name))
}

/// Is `name` one of those that the pattern stands for?
fn covers(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((table, "")) => name.strip_prefix(table).is_some_and(|own| is_own(table, own)),
        Some((table, rest)) => {
            let own = name.strip_prefix(table).and_then(|below| below.split_once('.'));
            own.is_some_and(|(stage, entry)| StageName::is_spelled(stage) && covers(&rest[1..], entry))
        }
    }
}

/// May a person call an entry of this table so?
fn is_own(table: &str, name: &str) -> bool {
    // Dots and dashes as Spring and others read them.
    let spelled = |more: &str| {
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || more.contains(c))
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
    };
    match table {
        "images." => image_names().any(|known| is_image(name, known)),
        "args." => spelled(""),
        "labels." => spelled("-./"),
        "migrate.bases." => is_image_pattern(name),
        "above." => is_beginning(name),
        _ => spelled(".-"),
    }
}

/// The beginning of an instruction: its word in capitals, and what follows on one line.
fn is_beginning(text: &str) -> bool {
    let word = text.split(' ').next().unwrap_or_default();
    let is_known = !matches!(Keyword::of(word), Keyword::Unknown(_)) && word == word.to_uppercase();
    is_known && text.trim() == text && !text.chars().any(char::is_control)
}

/// The images that dockgen names: base images, and what runs beside a program.
fn image_names() -> impl Iterator<Item = &'static str> {
    let beside = Backing::ALL.iter().map(|backing| without_tag(backing.image()));
    Catalog::builtin().names().chain(beside)
}

/// Is it this image, with a tag or without? Some have the toolchain's line in their names.
fn is_image(name: &str, image: &str) -> bool {
    let rest = match image.split_once("{line}") {
        None => name.strip_prefix(image),
        Some((before, after)) => name.strip_prefix(before).and_then(|rest| {
            rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').strip_prefix(after)
        }),
    };
    if rest == Some("") {
        return true;
    }
    let tag = rest.and_then(|rest| rest.strip_prefix(':'));
    tag.is_some_and(|tag| {
        !tag.is_empty() && tag.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    })
}

/// The name of an image, with or without a tag, or the beginning of names.
fn is_image_pattern(name: &str) -> bool {
    let rest = name.strip_suffix('*').unwrap_or(name);
    !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:".contains(c))
}

/// Is there a key below this table?
pub(super) fn is_table(known: &[&dyn AnyKey], name: &str) -> bool {
    known.iter().any(|key| {
        let (mut pattern, mut given) = (key.name().split('.').peekable(), name.split('.'));
        let stands = |(wanted, given): (&str, &str)| wanted == "*" || wanted == given;
        given.by_ref().all(|part| pattern.next().is_some_and(|wanted| stands((wanted, part))))
            && pattern.peek().is_some()
    })
}

/// The parts of a name as `dockgen.toml` nests them: a name of the person's own is one, whatever dots are in it.
pub fn segments(known: &[&dyn AnyKey], name: &str) -> Vec<String> {
    let depth = find(known, name).map_or(usize::MAX, |key| key.name().split('.').count());
    name.splitn(depth, '.').map(str::to_owned).collect()
}

/// A text that may be empty: a proxy that is only given where there is one.
fn line(value: &toml::Value) -> Result<String, String> {
    if value.as_str() == Some("") { Ok(String::new()) } else { text(value) }
}

fn port(value: &toml::Value) -> Result<u16, String> {
    let number = match value {
        toml::Value::Integer(number) => u16::try_from(*number).ok(),
        toml::Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.filter(|port| *port > 0).ok_or_else(|| "expected a port between 1 and 65535".to_owned())
}

fn user(value: &toml::Value) -> Result<String, String> {
    let wanted = text(value)?;
    let parts: Vec<&str> = wanted.split(':').collect();
    let numeric = parts.len() <= 2 && parts.iter().all(|part| part.parse::<u32>().is_ok());
    match (numeric, parts.first()) {
        (true, Some(uid)) if parts.len() == 1 => Ok(format!("{uid}:{uid}")),
        (true, _) => Ok(wanted),
        (false, _) => {
            Err("expected a numeric user or user:group; names cannot be verified by orchestrators".into())
        }
    }
}

fn image(value: &toml::Value) -> Result<String, String> {
    let reference = text(value)?;
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    if reference.chars().all(legal) { Ok(reference) } else { Err("expected an image reference".into()) }
}

fn platforms(names: Vec<String>) -> Result<Globs, String> {
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_one = |name: &String| (2..=3).contains(&name.split('/').count()) && name.split('/').all(plain);
    if !names.is_empty() && names.iter().all(is_one) {
        return Ok(Globs(names));
    }
    Err("expected platforms such as linux/amd64".into())
}

/// A name that a stage may have: those two mean something to a build.
pub(super) fn stage_name(value: &toml::Value) -> Result<String, String> {
    let name = text(value)?;
    let is_spelled = StageName::is_spelled(&name) && name.starts_with(|c: char| c.is_ascii_lowercase());
    if is_spelled && !["scratch", "context"].contains(&name.as_str()) {
        return Ok(name);
    }
    Err("expected a name of lower-case letters, digits and dashes".into())
}

fn secrets(entries: Vec<String>) -> Result<Secrets, String> {
    let one = |entry: String| {
        let (id, at) = entry.split_once('=').map_or((entry.as_str(), None), |(id, at)| (id, Some(at)));
        let legal = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        };
        if !legal(id) || id.contains('/') || at.is_some_and(|at| !legal(at) || !at.starts_with('/')) {
            return Err("expected ids such as npmrc or npmrc=/root/.npmrc".to_owned());
        }
        let target = at.map_or_else(|| format!("/run/secrets/{id}"), str::to_owned);
        Ok(SecretMount { id: id.to_owned(), target })
    };
    entries.into_iter().map(one).collect::<Result<_, _>>().map(Secrets)
}

fn base(value: &toml::Value) -> Result<String, String> {
    let pattern = text(value)?;
    if pattern == "*" || is_image_pattern(&pattern) {
        Ok(pattern)
    } else {
        Err("expected an image reference".into())
    }
}

fn http_path(value: &toml::Value) -> Result<String, String> {
    let path = text(value)?;
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_./~%?=&".contains(c);
    if path.starts_with('/') && path.chars().all(legal) {
        return Ok(path);
    }
    Err("expected an HTTP path such as /healthz".into())
}

fn folder(value: &toml::Value) -> Result<String, String> {
    let path = text(value)?;
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if path.starts_with('/') && path.chars().all(legal) {
        return Ok(path);
    }
    Err("expected an absolute path such as /data".into())
}

fn signal(value: &toml::Value) -> Result<String, String> {
    let name = text(value)?;
    let known = name.starts_with("SIG") && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    if known { Ok(name) } else { Err("expected a signal such as SIGTERM".into()) }
}

fn package_names(names: Vec<String>) -> Result<Globs, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "+-.:=*~_".contains(c);
    if names.iter().all(|name| name.chars().all(legal)) {
        return Ok(Globs(names));
    }
    Err("expected names of packages".into())
}
