//! The commands of every `RUN`, for the rules that look into them.

use super::Subject;
use crate::dockerfile::script::{self, Command, Word};
use crate::dockerfile::{Form, Instruction, Meaning, Span, instr::Run};

/// One `RUN` and its commands.
pub(super) struct Ran<'a> {
    /// The number of its stage.
    pub stage: usize,
    pub instruction: &'a Instruction,
    pub run: Run,
    pub commands: Vec<Command>,
    origin: ScriptOrigin,
}

/// Where the script of a `RUN` stands.
enum ScriptOrigin {
    /// In the arguments.
    Args,
    /// In a heredoc that starts at this byte.
    Body(usize),
    /// In the words of an exec form, which no edit of this crate touches.
    Words,
}

impl Ran<'_> {
    /// The bytes of the file behind a part of the script; none where a line ends within it.
    pub fn place(&self, span: &Span) -> Option<Span> {
        match self.origin {
            ScriptOrigin::Args => self.instruction.args.place(span),
            ScriptOrigin::Body(start) => Some(start + span.start..start + span.end),
            ScriptOrigin::Words => None,
        }
    }

    /// Is it a plain chain of `&&`, to which a command can be added at the end?
    pub fn is_plain_chain(&self) -> bool {
        matches!(self.origin, ScriptOrigin::Args)
            && self.instruction.heredocs.is_empty()
            && self.commands.iter().all(|command| !command.is_conditional)
            && self.commands.split_last().is_some_and(|(last, before)| {
                last.then == script::Then::End
                    && before.iter().all(|command| command.then == script::Then::And)
            })
            && !self.instruction.args.value.contains('#')
    }

    /// Is a folder kept out of the layer by a mount?
    pub fn mounts(&self, folder: &str) -> bool {
        let covers = |target: &String| {
            let target = target.trim_end_matches('/');
            folder == target || folder.strip_prefix(target).is_some_and(|rest| rest.starts_with('/'))
        };
        self.run.mounts.iter().any(|mount| mount.target.as_ref().is_some_and(covers))
    }

    /// Does it remove something below this folder?
    pub fn removes(&self, folder: &str) -> bool {
        self.commands.iter().any(|command| {
            command.program() == Some("rm") && command.operands().any(|word| word.text.starts_with(folder))
        })
    }
}

/// Every `RUN` of every stage, in file order.
pub(super) fn runs<'s, 'a>(subject: &'s Subject<'a>) -> &'s [Ran<'a>] {
    subject.runs.get_or_init(|| {
        let mut runs = Vec::new();
        for stage in &subject.stages {
            for instruction in &stage.instructions {
                let Ok(Meaning::Run(run)) = instruction.meaning() else { continue };
                let (commands, origin) = read(subject, instruction, &run);
                runs.push(Ran { stage: stage.index, instruction, run, commands, origin });
            }
        }
        runs
    })
}

fn read(subject: &Subject<'_>, instruction: &Instruction, run: &Run) -> (Vec<Command>, ScriptOrigin) {
    match &run.form {
        Form::Exec(words) => {
            let is_shell = words.len() == 3 && words[1] == "-c";
            if is_shell {
                return (script::commands(&words[2]), ScriptOrigin::Words);
            }
            let word = |text: &String| Word { text: text.clone(), span: 0..0, is_literal: true };
            let words = words.iter().map(word).collect();
            let command =
                Command { words, span: 0..0, then: script::Then::End, is_conditional: false, writes: false };
            (vec![command], ScriptOrigin::Words)
        }
        Form::Shell(text) => match instruction.heredocs.first() {
            Some(heredoc) if text.trim_start().starts_with("<<") => {
                let body = subject.dockerfile.slice(&heredoc.body);
                let is_shell =
                    !body.starts_with("#!") || body.lines().next().is_some_and(|l| l.ends_with("sh"));
                let commands = if is_shell { script::commands(body) } else { Vec::new() };
                (commands, ScriptOrigin::Body(heredoc.body.start))
            }
            _ => (script::commands(text), ScriptOrigin::Args),
        },
    }
}
