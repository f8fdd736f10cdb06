//! The settings that every stack shares, and how a key is found by its name.
//!
//! A stack's own keys stand in the stack. All of them are listed by [`all`](crate::stack::keys).

use crate::dockerfile::{self, Keyword};
use crate::key::{AnyKey, Key, text, texts, truth};
use crate::plan::service::ExecForm;

/// Which stack builds the project.
pub static STACK: Key<String> =
    Key { name: "project.stack", doc: "the stack: go, java, node, python or rust", parse: text };

/// Folders that are never taken for projects.
pub static IGNORE: Key<Globs> = Key {
    name: "project.ignore",
    doc: "folders that are never taken for projects",
    parse: |v| texts(v).map(Globs),
};

/// The toolchain's version.
pub static VERSION: Key<String> =
    Key { name: "build.version", doc: "the toolchain's version, such as \"22\" or \"3.13\"", parse: text };

/// What installs dependencies.
pub static PACKAGE_MANAGER: Key<String> = Key {
    name: "build.package_manager",
    doc: "npm, pnpm, yarn, bun, pip, uv, poetry, maven, gradle …",
    parse: text,
};

/// The command that builds.
pub static BUILD_COMMAND: Key<String> =
    Key { name: "build.cmd", doc: "the shell command that builds the project", parse: text };

/// Packages for the stages that build.
pub static BUILD_PACKAGES: Key<Globs> = Key {
    name: "build.system_packages",
    doc: "packages of the distribution that the build needs",
    parse: |v| texts(v).and_then(package_names),
};

/// Instructions for the stage that builds.
pub static BUILD_INSTRUCTIONS: Key<Instructions> = Key {
    name: "build.instructions",
    doc: "instructions for the build stage, after everything else in it",
    parse: instructions,
};

/// Instructions for the stage that runs.
pub static RUNTIME_INSTRUCTIONS: Key<Instructions> = Key {
    name: "runtime.instructions",
    doc: "instructions for the runtime stage, above its USER: RUN, COPY, ADD, ENV, LABEL, VOLUME, EXPOSE, ARG",
    parse: instructions,
};

/// The image that runs.
pub static IMAGE: Key<String> =
    Key { name: "runtime.image", doc: "the base image of the runtime stage", parse: image };

/// Packages for the stage that runs.
pub static RUNTIME_PACKAGES: Key<Globs> = Key {
    name: "runtime.system_packages",
    doc: "packages of the distribution that the running program needs",
    parse: |v| texts(v).and_then(package_names),
};

/// The numeric user.
pub static USER: Key<String> =
    Key { name: "runtime.user", doc: "the numeric user, such as 10001 or \"10001:10001\"", parse: user };

/// The port the program listens on.
pub static PORT: Key<u16> = Key { name: "runtime.port", doc: "the port the program listens on", parse: port };

/// The path the health check asks for.
pub static HEALTH: Key<String> =
    Key { name: "runtime.healthcheck.path", doc: "the HTTP path of the health check", parse: http_path };

/// Is there a health check?
pub static HEALTH_ENABLED: Key<bool> =
    Key { name: "runtime.healthcheck.enabled", doc: "false leaves HEALTHCHECK out", parse: truth };

/// Environment of the running program.
pub static ENV: Key<String> =
    Key { name: "runtime.env.*", doc: "a variable of the running program's environment", parse: text };

/// The signal that stops the program.
pub static STOP_SIGNAL: Key<String> = Key {
    name: "runtime.stop_signal",
    doc: "the signal that stops the program, such as SIGINT",
    parse: signal,
};

/// What runs.
pub static COMMAND: Key<ExecForm> = Key {
    name: "run.cmd",
    doc: "what runs: a list of words, or one text for a shell",
    parse: |value| match value {
        toml::Value::Array(_) => {
            texts(value).and_then(|w| ExecForm::from_words(w).ok_or("expected a command".into()))
        }
        _ => text(value).map(|line| ExecForm::shell(&line)),
    },
};

/// The settings that every stack shares.
pub static SHARED: &[&dyn AnyKey] = &[
    &BUILD_COMMAND,
    &BUILD_INSTRUCTIONS,
    &BUILD_PACKAGES,
    &COMMAND,
    &ENV,
    &HEALTH,
    &HEALTH_ENABLED,
    &IGNORE,
    &IMAGE,
    &PACKAGE_MANAGER,
    &PORT,
    &RUNTIME_INSTRUCTIONS,
    &RUNTIME_PACKAGES,
    &STACK,
    &STOP_SIGNAL,
    &USER,
    &VERSION,
];

/// A list of names or folder patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Globs(pub Vec<String>);

impl std::fmt::Display for Globs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

/// Instructions of a Dockerfile, as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instructions(pub Vec<String>);

impl std::fmt::Display for Instructions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

/// The key of that name; `runtime.env.*` stands for every entry of its table.
pub fn find<'k>(known: &[&'k dyn AnyKey], name: &str) -> Option<&'k dyn AnyKey> {
    known.iter().copied().find(|key| match key.name().strip_suffix('*') {
        Some(table) => name.strip_prefix(table).is_some_and(is_variable),
        None => key.name() == name,
    })
}

/// Names of variables; dots and dashes as Spring and others read them.
fn is_variable(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    name.chars().all(legal) && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Is there a key below this table?
pub(super) fn is_table(known: &[&dyn AnyKey], name: &str) -> bool {
    known.iter().any(|key| key.name().strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// Says that nobody knows this key, with the nearest name that exists.
pub(super) fn unknown(known: &[&dyn AnyKey], name: &str) -> String {
    let name = &name.escape_debug().to_string();
    let nearest = known
        .iter()
        .map(|key| (strsim::jaro_winkler(key.name(), name), key.name()))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness > 0.75);
    match nearest {
        Some((_, right)) => format!("there is no setting `{name}`; did you mean `{right}`?"),
        None => format!("there is no setting `{name}`"),
    }
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

fn http_path(value: &toml::Value) -> Result<String, String> {
    let path = text(value)?;
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_./~%?=&".contains(c);
    if path.starts_with('/') && path.chars().all(legal) {
        return Ok(path);
    }
    Err("expected an HTTP path such as /healthz".into())
}

fn signal(value: &toml::Value) -> Result<String, String> {
    let name = text(value)?;
    let known = name.starts_with("SIG") && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    if known { Ok(name) } else { Err("expected a signal such as SIGTERM".into()) }
}

/// Each text is one whole instruction, comments above it included, of a kind that changes neither the stages nor
/// who runs what.
fn instructions(value: &toml::Value) -> Result<Instructions, String> {
    let items = value.as_array().ok_or("expected a list of instructions")?;
    let one = |item: &toml::Value| {
        let text = item.as_str().ok_or("expected a list of instructions")?;
        let (file, problems) = dockerfile::parse(text);
        let mut found = file.instructions();
        let (Some(only), None) = (found.next(), found.next()) else {
            return Err(format!("`{}` is not one instruction", text.escape_debug()));
        };
        if !CARRIED.contains(&only.keyword) || !only.heredocs.is_empty() || file.directive("escape").is_some()
        {
            return Err(format!("{} cannot be carried", only.keyword));
        }
        match problems.iter().find(|problem| problem.kind.stops_build()) {
            Some(problem) => Err(problem.kind.to_string()),
            None => Ok(text.trim_end().to_owned()),
        }
    };
    items.iter().map(one).collect::<Result<_, _>>().map(Instructions)
}

const CARRIED: &[Keyword] = &[
    Keyword::Add,
    Keyword::Arg,
    Keyword::Copy,
    Keyword::Env,
    Keyword::Expose,
    Keyword::Label,
    Keyword::Run,
    Keyword::Volume,
];

fn package_names(names: Vec<String>) -> Result<Globs, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "+-.:=*~_".contains(c);
    if names.iter().all(|name| name.chars().all(legal)) {
        return Ok(Globs(names));
    }
    Err("expected names of packages".into())
}
