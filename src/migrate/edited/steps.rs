//! What a stage does, in a form in which two files can be compared: layout does not count, order does.

use std::collections::BTreeSet;

use crate::dockerfile::packages::{self, Manager};
use crate::dockerfile::script::commands;
use crate::dockerfile::{Dockerfile, Form, Instruction, Keyword, Meaning, Stage};

/// What happens in one stage.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// What depends on its place.
    pub all: Vec<Step>,
    /// Packages that are installed, with the line that does it.
    pub packages: BTreeSet<(String, u32)>,
    /// Build arguments with a default, which is the same anywhere in the stage.
    pub arguments: BTreeSet<(String, u32)>,
}

/// One instruction whose place matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub line: u32,
    pub keyword: Keyword,
    pub text: String,
    /// The variables of the stage that a command sees.
    pub sees: BTreeSet<String>,
}

impl Step {
    /// What two steps are compared by.
    pub fn sense(&self) -> (&str, &BTreeSet<String>) {
        (&self.text, &self.sees)
    }
}

impl Steps {
    pub fn of(file: &Dockerfile, stage: &Stage<'_>) -> Self {
        let mut steps = Self::default();
        let mut set = BTreeSet::new();
        for instruction in &stage.instructions {
            let line = instruction.line;
            if let Some(names) = only_packages(instruction) {
                steps.packages.extend(names.into_iter().map(|name| (name, line)));
                continue;
            }
            match instruction.meaning() {
                Ok(Meaning::Env(env)) => set.extend(env.pairs.into_iter().map(|(name, _)| name)),
                Ok(Meaning::Arg(args)) => {
                    for arg in args {
                        match arg.default {
                            Some(default) => {
                                let plain = instruction.lexer().expand(&default, &|_| None);
                                let value = plain.unwrap_or(default);
                                steps.arguments.insert((format!("{}={value}", arg.name), line));
                            }
                            None => steps.push(instruction, format!("ARG {}", arg.name), BTreeSet::new()),
                        }
                    }
                }
                Ok(Meaning::Run(_)) => steps.push(instruction, text(file, instruction), set.clone()),
                // Who it is stands in the image's configuration; when it begins to hold is a step.
                Ok(Meaning::User(_)) => steps.push(instruction, "USER".to_owned(), BTreeSet::new()),
                _ if is_step(&instruction.keyword) => {
                    steps.push(instruction, text(file, instruction), BTreeSet::new());
                }
                _ => {}
            }
        }
        steps
    }

    fn push(&mut self, instruction: &Instruction, text: String, sees: BTreeSet<String>) {
        let keyword = instruction.keyword.clone();
        self.all.push(Step { line: instruction.line, keyword, text, sees });
    }

    /// The packages by name, wherever they are installed.
    pub fn package_names(&self) -> BTreeSet<&str> {
        self.packages.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The arguments, wherever they stand.
    pub fn argument_names(&self) -> BTreeSet<&str> {
        self.arguments.iter().map(|(name, _)| name.as_str()).collect()
    }
}

fn is_step(keyword: &Keyword) -> bool {
    matches!(keyword, Keyword::Copy | Keyword::Add | Keyword::Workdir | Keyword::Shell | Keyword::Unknown(_))
}

/// An instruction as one line; white space between words does not count, unless quotes may hold some.
pub(super) fn text(file: &Dockerfile, instruction: &Instruction) -> String {
    let flags: String = instruction.flags.iter().fold(String::new(), |words, flag| match &flag.value {
        Some(value) => format!("{words}--{}={value} ", flag.name),
        None => format!("{words}--{} ", flag.name),
    });
    let value = instruction.args.value.trim();
    let words = if value.contains(['"', '\'', '\\']) {
        value.to_owned()
    } else {
        value.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let bodies: Vec<String> =
        instruction.heredocs.iter().map(|heredoc| format!("\n{}", file.slice(&heredoc.body))).collect();
    format!("{} {flags}{words}{}", instruction.keyword, bodies.concat())
}

/// The packages of a command that does nothing but install them, as dockgen would: nothing recommended comes along.
pub(super) fn only_packages(instruction: &Instruction) -> Option<Vec<String>> {
    const SILENT: &[&str] = &[
        "-y",
        "--yes",
        "--assume-yes",
        "-q",
        "-qq",
        "--quiet",
        "--no-install-recommends",
        "--no-cache",
        "--update",
        "-U",
    ];
    let Ok(Meaning::Run(run)) = instruction.meaning() else { return None };
    let Form::Shell(script) = &run.form else { return None };
    if !instruction.heredocs.is_empty() {
        return None;
    }
    let mut names = Vec::new();
    for command in commands(script) {
        if command.is_conditional || command.writes {
            return None;
        }
        if let Some(install) = packages::installed(&command) {
            let options = command.args().iter().filter(|word| word.text.starts_with('-'));
            let is_plain = options.into_iter().all(|word| SILENT.contains(&word.text.as_str()))
                && install.packages.iter().all(|word| word.is_literal || word.text.ends_with('*'))
                && match install.manager {
                    Manager::Apt => command.has_option(&["--no-install-recommends"]),
                    Manager::Apk => true,
                    Manager::Yum => false,
                };
            if !is_plain {
                return None;
            }
            names.extend(install.packages.iter().map(|word| word.text.clone()));
            continue;
        }
        let removes_lists = command.program() == Some("rm")
            && command.operands().all(|word| {
                ["/var/lib/apt/lists", "/var/cache/a"].iter().any(|lists| word.text.starts_with(lists))
            });
        let updates = packages::manager(&command).is_some()
            && command.operands().all(|word| matches!(word.text.as_str(), "update" | "clean"));
        if !removes_lists && !updates {
            return None;
        }
    }
    (!names.is_empty()).then_some(names)
}
