//! Which module Deno starts, and with which permissions.

use std::fmt;

use serde::Serialize;

use crate::fact::Fact;
use crate::repo::dir::Manifest;
use crate::stack::Survey;
use crate::stack::deno::{MAIN, task};

/// A start: `deno run --allow-net main.ts`, without the name of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::stack) struct Start {
    /// `run` or `serve`.
    pub verb: String,
    /// Permissions and options.
    pub flags: Vec<String>,
    /// The module.
    pub module: String,
    /// What it is told.
    pub args: Vec<String>,
    /// Variables that the task sets.
    pub env: Vec<(String, String)>,
}

/// Tasks that start the program, the one for production first.
const TASKS: &[&str] = &["start", "serve", "prod", "preview", "server", "dev"];

/// Modules that are started where no task says one.
const MODULES: &[&str] = &[
    "main.ts",
    "main.tsx",
    "main.js",
    "server.ts",
    "app.ts",
    "index.ts",
    "src/main.ts",
    "src/server.ts",
    "src/app.ts",
    "src/index.ts",
];

/// What a server needs and little more: <https://docs.deno.com/runtime/fundamentals/security/>
const PERMISSIONS: &[&str] = &["--allow-net", "--allow-env", "--allow-read"];

/// Options that are for people at work: they watch, or read a file that an image must not hold.
const AT_WORK: &[&str] = &["--watch", "--watch-hmr", "--env", "--env-file", "--inspect", "--inspect-brk"];

/// Options whose value is the next word.
const WITH_VALUE: &[&str] = &["--config", "-c", "--import-map", "--host", "--port", "--lock", "--location"];

impl Start {
    /// What people say, a task, or the module that is usually the program.
    pub fn decide(s: &Survey<'_>, config: &Manifest<'_>) -> Option<Fact<Self>> {
        let task = TASKS.iter().find_map(|name| of_task(config, name));
        let usual = || {
            let module = s.dir.first_of(MODULES.iter().copied())?;
            Some(Fact::new(Self::of_module(module), s.dir.evidence(module, "usually the program")))
        };
        let said = s.choice(&MAIN).decide();
        let found = match task {
            // What is developed with some permissions runs with the same.
            Some(task) if is_generator(&task.value.module) => {
                usual().map(|usual| usual.map(|start| Self { flags: task.value.flags, ..start }))
            }
            Some(task) => Some(task),
            None => usual(),
        };
        match said {
            // The permissions of a task are those of the program.
            Some(said) => {
                let known = found.map_or_else(|| Self::of_module(&said.value), |found| found.value);
                Some(said.map(|module| Self { module, ..known }))
            }
            None => found,
        }
    }

    fn of_module(module: &str) -> Self {
        let flags = PERMISSIONS.iter().map(|flag| (*flag).to_owned()).collect();
        Self { verb: "run".to_owned(), flags, module: module.to_owned(), args: Vec::new(), env: Vec::new() }
    }

    /// The port that it is told.
    pub fn port(&self) -> Option<u16> {
        let mut words = self.flags.iter().chain(&self.args);
        while let Some(word) = words.next() {
            if let Some(value) = word.strip_prefix("--port=") {
                return value.parse().ok();
            }
            if word == "--port" {
                return words.next()?.parse().ok();
            }
        }
        None
    }

    /// The words behind `deno`. Nothing is fetched while it starts: everything is in the image.
    pub fn words(&self) -> Vec<String> {
        let mut words = vec![self.verb.clone(), "--cached-only".to_owned()];
        words.extend(self.flags.iter().cloned());
        words.push(self.module.clone());
        words.extend(self.args.iter().cloned());
        words
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "deno {}", self.words().join(" "))
    }
}

/// Fresh before release 2 starts its development server with `dev.ts`, which writes files first.
fn is_generator(module: &str) -> bool {
    module.ends_with("dev.ts")
}

/// The program that a task starts, through tasks that call others.
fn of_task(config: &Manifest<'_>, name: &str) -> Option<Fact<Start>> {
    const DEEPEST: usize = 5;
    let mut line = task(config, name)?;
    for _ in 0..DEEPEST {
        let last = line.value.rsplit("&&").next().unwrap_or_default().trim().to_owned();
        let words = shell_words::split(&last).ok()?;
        let mut words = words.into_iter().peekable();
        let mut env = Vec::new();
        while let Some((name, value)) = words.peek().and_then(|word| variable(word)) {
            env.push((name, value));
            words.next();
        }
        if words.next()? != "deno" {
            return None;
        }
        let verb = words.next()?;
        if verb == "task" {
            line = task(config, &words.next()?)?;
            continue;
        }
        let verb = Some(verb).filter(|verb| matches!(verb.as_str(), "run" | "serve"))?;
        let start = read(verb, words, env)?;
        return Some(line.derive(start));
    }
    None
}

fn read(verb: String, words: impl Iterator<Item = String>, env: Vec<(String, String)>) -> Option<Start> {
    let mut words = words.peekable();
    let mut flags = Vec::new();
    while let Some(flag) = words.next_if(|word| word.starts_with('-')) {
        let name = flag.split('=').next().unwrap_or_default();
        let takes_next = WITH_VALUE.contains(&flag.as_str());
        if !AT_WORK.contains(&name) {
            flags.push(flag);
            flags.extend(takes_next.then(|| words.next()).flatten());
        }
    }
    let module = words.next()?;
    // A module from elsewhere is a tool.
    if module.contains(':') {
        return None;
    }
    let module = module.trim_start_matches("./").to_owned();
    Some(Start { verb, flags, module, args: words.collect(), env })
}

fn variable(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| (name.to_owned(), value.to_owned()))
}
