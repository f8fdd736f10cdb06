//! The stages of a Dockerfile, what each starts from and takes from others.
//! The image that comes out of a stage is worked out in [`super::config`].
//!
//! <https://docs.docker.com/build/building/multi-stage/>

use std::collections::BTreeMap;

use super::{
    config::{self, ImageConfig},
    image::ImageRef,
    instr::{From, Meaning},
    syntax::{Dockerfile, Instruction, Keyword},
};

/// Values given to a build with `--build-arg`.
pub type BuildArgs = BTreeMap<String, String>;

/// The stages of one file, in file order.
#[derive(Debug, Clone)]
pub struct Stages<'a> {
    all: Vec<Stage<'a>>,
    problems: Vec<StageProblem>,
    globals: BuildArgs,
    build_args: BuildArgs,
}

/// One stage: a `FROM` and what follows it.
#[derive(Debug, Clone)]
pub struct Stage<'a> {
    /// Its number, from 0.
    pub index: usize,
    /// Its name in lower case, as builds compare it.
    pub name: Option<String>,
    /// The line of its `FROM`.
    pub line: u32,
    /// Its `FROM` as written.
    pub from: From,
    /// What that stands for, variables expanded.
    pub origin: Origin,
    /// What it takes from elsewhere, in file order.
    pub edges: Vec<Edge>,
    /// Its instructions without the `FROM`.
    pub instructions: Vec<&'a Instruction>,
}

/// What a stage starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nothing.
    Scratch,
    /// An earlier stage.
    Stage(usize),
    /// An image of a registry.
    Image(ImageRef),
    /// Words that name no image, such as a variable nobody set.
    Unclear(String),
}

/// One `COPY --from` or `RUN --mount=from=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// How it is taken.
    pub kind: EdgeKind,
    /// From where.
    pub source: Source,
    /// The line of the instruction.
    pub line: u32,
}

/// How a stage takes something from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeKind {
    /// `COPY --from`.
    Copy,
    /// `RUN --mount=..,from=`.
    Mount,
}

/// Where a stage takes something from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// An earlier stage.
    Stage(usize),
    /// No stage of that name is there, so a build looks for a named context or an image.
    Image(String),
    /// A stage that is not earlier, or a number no stage has.
    Unknown(String),
}

/// What is wrong with the stages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageProblem {
    /// Where.
    pub line: u32,
    /// What.
    pub kind: StageProblemKind,
}

/// The ways stages can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StageProblemKind {
    /// A number no stage has, or a stage that is not earlier.
    #[error("`{0}` is not an earlier stage")]
    UnknownStage(String),
    /// Two stages of one name.
    #[error("the stage `{name}` is already declared on line {first}")]
    DuplicateName {
        /// The name.
        name: String,
        /// The line of the first one.
        first: u32,
    },
    /// Only `ARG` may stand before the first `FROM`.
    #[error("{0} stands before the first FROM")]
    NoStage(Keyword),
}

impl<'a> Stages<'a> {
    /// The stages as a build without `--build-arg` sees them.
    pub fn of(dockerfile: &'a Dockerfile) -> Stages<'a> {
        Stages::with_args(dockerfile, BuildArgs::new())
    }

    /// The stages as a build with these arguments sees them.
    pub fn with_args(dockerfile: &'a Dockerfile, build_args: BuildArgs) -> Stages<'a> {
        let mut stages =
            Stages { all: Vec::new(), problems: Vec::new(), globals: config::platform_args(), build_args };
        for (name, value) in &stages.build_args {
            if let Some(global) = stages.globals.get_mut(name) {
                global.clone_from(value);
            }
        }
        for instruction in dockerfile.instructions() {
            stages.add(instruction);
        }
        stages.find_edges();
        stages
    }

    /// The stages in file order.
    pub fn iter(&self) -> std::slice::Iter<'_, Stage<'a>> {
        self.all.iter()
    }

    /// The stage of that name, in any case; of two with one name the later, as in a build.
    pub fn get(&self, name: &str) -> Option<&Stage<'a>> {
        let name = name.to_lowercase();
        self.all.iter().rev().find(|stage| stage.name.as_ref() == Some(&name))
    }

    /// The stage a build without `--target` ends with.
    pub fn last(&self) -> Option<&Stage<'a>> {
        self.all.last()
    }

    /// What is wrong with the stages, in file order.
    pub fn problems(&self) -> &[StageProblem] {
        &self.problems
    }

    /// The arguments before the first `FROM`, with the values a build gives them.
    pub fn globals(&self) -> &BuildArgs {
        &self.globals
    }

    /// Values from outside.
    pub(super) fn build_args(&self) -> &BuildArgs {
        &self.build_args
    }

    /// The image that comes out of a stage: its own instructions after those of the stages it
    /// starts from. What a base image brings along is not known here.
    pub fn evaluated(&self, stage: &Stage<'a>) -> ImageConfig {
        config::evaluate(self, stage)
    }

    /// The stage and those it starts from, the first of them in front.
    pub fn lineage(&self, stage: &Stage<'a>) -> Vec<&Stage<'a>> {
        let mut lineage = Vec::new();
        let mut next = self.all.get(stage.index);
        while let Some(stage) = next {
            lineage.push(stage);
            next = match stage.origin {
                Origin::Stage(index) => self.all.get(index),
                _ => None,
            };
        }
        lineage.reverse();
        lineage
    }

    fn add(&mut self, instruction: &'a Instruction) {
        match instruction.meaning() {
            Ok(Meaning::From(from)) => self.open(instruction, from),
            Ok(Meaning::Arg(args)) if self.all.is_empty() => {
                for arg in args {
                    let given = self.build_args.get(&arg.name).cloned();
                    let default = arg.default.map(|text| {
                        let lookup = |name: &str| self.globals.get(name).cloned();
                        instruction.lexer().expand(&text, &lookup).unwrap_or(text.clone())
                    });
                    if let Some(value) = given.or(default) {
                        self.globals.insert(arg.name, value);
                    }
                }
            }
            _ => {
                if let Some(stage) = self.all.last_mut() {
                    stage.instructions.push(instruction);
                } else {
                    let kind = StageProblemKind::NoStage(instruction.keyword.clone());
                    let line = instruction.line;
                    self.problems.push(StageProblem { line, kind });
                }
            }
        }
    }

    fn open(&mut self, instruction: &Instruction, from: From) {
        let lookup = |name: &str| self.globals.get(name).cloned();
        let base = instruction.lexer().expand(&from.image, &lookup);
        let base = base.unwrap_or_else(|_| from.image.clone());
        let origin = match self.get(&base) {
            Some(stage) => Origin::Stage(stage.index),
            None if base == "scratch" => Origin::Scratch,
            None => base.parse().map_or(Origin::Unclear(base), Origin::Image),
        };
        let name = from.name.as_ref().map(|name| name.to_lowercase());
        if let Some(first) = name.as_ref().and_then(|name| self.get(name)) {
            let kind =
                StageProblemKind::DuplicateName { name: name.clone().unwrap_or_default(), first: first.line };
            self.problems.push(StageProblem { line: instruction.line, kind });
        }
        self.all.push(Stage {
            index: self.all.len(),
            name,
            line: instruction.line,
            from,
            origin,
            edges: Vec::new(),
            instructions: Vec::new(),
        });
    }

    fn find_edges(&mut self) {
        for index in 0..self.all.len() {
            let edges: Vec<Edge> = self.all[index]
                .instructions
                .iter()
                .flat_map(|instruction| {
                    let named = references(instruction).into_iter();
                    named.map(|(kind, name)| (instruction.line, kind, name))
                })
                .map(|(line, kind, name)| Edge { kind, source: self.source(&name, index), line })
                .collect();
            for edge in &edges {
                if let Source::Unknown(name) = &edge.source {
                    let kind = StageProblemKind::UnknownStage(name.clone());
                    self.problems.push(StageProblem { line: edge.line, kind });
                }
            }
            self.all[index].edges = edges;
        }
        self.problems.sort_by_key(|problem| problem.line);
    }

    fn source(&self, name: &str, user: usize) -> Source {
        let lower = name.to_lowercase();
        let named = |stage: &&Stage<'_>| stage.name.as_ref() == Some(&lower);
        if let Some(stage) = self.all[..user].iter().rev().find(named) {
            return Source::Stage(stage.index);
        }
        match name.parse::<usize>() {
            Ok(index) if index < user => Source::Stage(index),
            Ok(_) => Source::Unknown(name.to_owned()),
            Err(_) if self.all[user..].iter().any(|stage| named(&stage)) => Source::Unknown(name.to_owned()),
            Err(_) => Source::Image(name.to_owned()),
        }
    }
}

/// The stages and images an instruction names. An empty `from` means the build context.
fn references(instruction: &Instruction) -> Vec<(EdgeKind, String)> {
    let mut names = match instruction.meaning() {
        Ok(Meaning::Copy(copy)) => vec![(EdgeKind::Copy, copy.from)],
        Ok(Meaning::Run(run)) => run.mounts.into_iter().map(|mount| (EdgeKind::Mount, mount.from)).collect(),
        _ => Vec::new(),
    };
    names.retain(|(_, name)| name.as_ref().is_some_and(|name| !name.is_empty()));
    names.into_iter().filter_map(|(kind, name)| Some((kind, name?))).collect()
}

impl<'s, 'a> IntoIterator for &'s Stages<'a> {
    type Item = &'s Stage<'a>;
    type IntoIter = std::slice::Iter<'s, Stage<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    /// One line per stage: name, origin, edges.
    fn outline(text: &str) -> Vec<String> {
        let (dockerfile, _) = parse(text);
        let stages = Stages::of(&dockerfile);
        let line = |stage: &Stage<'_>| {
            let edges = stage.edges.iter().map(|edge| match &edge.source {
                Source::Stage(index) => format!(" <-{index}"),
                Source::Image(name) => format!(" <-image {name}"),
                Source::Unknown(name) => format!(" <-? {name}"),
            });
            let edges: String = edges.collect();
            let origin = match &stage.origin {
                Origin::Scratch => "scratch".to_owned(),
                Origin::Stage(index) => format!("stage {index}"),
                Origin::Image(image) => image.to_string(),
                Origin::Unclear(text) => format!("? {text}"),
            };
            format!("{}: {origin}{edges}", stage.name.as_deref().unwrap_or("-"))
        };
        stages.iter().map(line).collect()
    }

    #[test]
    fn resolves() {
        for (text, want) in [
            ("FROM a AS b\nFROM B\nCOPY --from=b x y\n", vec!["b: a", "-: stage 0 <-0"]),
            ("FROM a\nFROM b\nCOPY --from=0 x y\nCOPY --from=1 x y\n", vec!["-: a", "-: b <-0 <-? 1"]),
            ("FROM a AS x\nCOPY --from=y q r\nFROM b AS y\n", vec!["x: a <-? y", "y: b"]),
            ("FROM golang AS golang\nFROM golang\n", vec!["golang: golang", "-: stage 0"]),
            ("FROM scratch\nCOPY --from=nginx:1 x y\n", vec!["-: scratch <-image nginx:1"]),
            ("ARG V=1\nFROM a:${V}\nFROM ${NONE:-b}\n", vec!["-: a:1", "-: b"]),
            ("ARG X\nFROM $X\n", vec!["-: ? "]),
            ("ARG V=3.19\nFROM a:${V#3.}-${V:+y}\n", vec!["-: a:19-y"]),
            (
                "FROM a AS b\nFROM c\nRUN --mount=from=b,target=/x --mount=type=cache,target=/y z\n",
                vec!["b: a", "-: c <-0"],
            ),
        ] {
            assert_eq!(outline(text), want, "{text}");
        }
    }

    #[test]
    fn finds_problems() {
        for (text, want) in [
            ("FROM a\nCOPY --from=7 x y\n", vec!["2: `7` is not an earlier stage"]),
            ("FROM a AS x\nFROM b AS X\n", vec!["2: the stage `x` is already declared on line 1"]),
            ("RUN x\nARG A\nFROM b\n", vec!["1: RUN stands before the first FROM"]),
            ("FROM a AS x\nFROM x AS y\nCOPY --from=x y z\n", vec![]),
        ] {
            let (dockerfile, _) = parse(text);
            let found: Vec<_> = Stages::of(&dockerfile)
                .problems()
                .iter()
                .map(|problem| format!("{}: {}", problem.line, problem.kind))
                .collect();
            assert_eq!(found, want, "{text}");
        }
    }
}
