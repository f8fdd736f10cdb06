//! The configuration of the image a stage ends with, worked out as a build does it but
//! without the base image: what that brings along is not known here, and a variable that
//! may come from it stays as written.
//!
//! <https://github.com/opencontainers/image-spec/blob/main/config.md>

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::{
    graph::{BuildArgs, Origin, Stage, Stages},
    instr::{Form, Healthcheck, Meaning},
    shell::Lexer,
    syntax::Instruction,
};

/// What the instructions of a stage and its ancestors put into the image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageConfig {
    /// `USER`; absent means that of the base image.
    pub user: Option<String>,
    /// `WORKDIR`, cleaned; relative if it is below an unknown directory of the base image.
    pub workdir: Option<String>,
    /// `ENV` in the order of first appearance.
    pub env: IndexMap<String, String>,
    /// `EXPOSE` as `8080/tcp`, ranges spelled out.
    pub exposed: BTreeSet<String>,
    /// `ENTRYPOINT`; a shell form includes the shell.
    pub entrypoint: Option<Vec<String>>,
    /// `CMD`; a shell form includes the shell. Gone when an entry point follows in a later stage.
    pub cmd: Option<Vec<String>>,
    /// `SHELL`.
    pub shell: Option<Vec<String>>,
    /// `HEALTHCHECK`.
    pub healthcheck: Option<Health>,
    /// `STOPSIGNAL`.
    pub stop_signal: Option<String>,
    /// `LABEL`.
    pub labels: BTreeMap<String, String>,
    /// `VOLUME`.
    pub volumes: BTreeSet<String>,
    /// `ONBUILD`, as written.
    pub onbuild: Vec<String>,
    /// `MAINTAINER`.
    pub maintainer: Option<String>,
}

/// A health check as it stands in an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// `NONE`, or `CMD` and words, or `CMD-SHELL` and a text.
    pub test: Vec<String>,
    /// The flags with their values: `interval`, `timeout`, `retries`, ...
    pub flags: BTreeMap<String, String>,
}

impl ImageConfig {
    /// The exposed ports that are plain numbers, with their protocol.
    pub fn ports(&self) -> impl Iterator<Item = (u16, &str)> {
        self.exposed.iter().filter_map(|port| {
            let (number, protocol) = port.split_once('/')?;
            Some((number.parse().ok()?, protocol))
        })
    }
}

/// The arguments every build has, for the most usual platform.
/// <https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope>
pub(super) fn platform_args() -> BuildArgs {
    let platform = ["BUILD", "TARGET"].into_iter().flat_map(|side| {
        [("PLATFORM", "linux/amd64"), ("OS", "linux"), ("ARCH", "amd64"), ("VARIANT", "")]
            .map(|(name, value)| (format!("{side}{name}"), value.to_owned()))
    });
    platform.collect()
}

pub(super) fn evaluate<'a>(stages: &Stages<'a>, stage: &Stage<'a>) -> ImageConfig {
    let lineage = stages.lineage(stage);
    let known = lineage.first().is_some_and(|first| first.origin == Origin::Scratch);
    let mut made = State {
        stages,
        base: if known { Base::Empty } else { Base::Unknown },
        config: ImageConfig::default(),
        args: BTreeMap::new(),
        triggers: Vec::new(),
        cmd_set_here: false,
    };
    for stage in lineage {
        made.cmd_set_here = false;
        made.config.onbuild.clear();
        for trigger in std::mem::take(&mut made.triggers) {
            made.apply(&trigger);
        }
        for instruction in &stage.instructions {
            made.apply(instruction);
        }
    }
    made.config
}

/// Whether a variable nobody set may come from the base image.
#[derive(Clone, Copy)]
enum Base {
    Empty,
    Unknown,
}

struct State<'a> {
    stages: &'a Stages<'a>,
    base: Base,
    config: ImageConfig,
    args: BTreeMap<String, String>,
    triggers: Vec<Instruction>,
    /// An entry point makes a build forget a command that an earlier stage set.
    cmd_set_here: bool,
}

impl State<'_> {
    fn apply(&mut self, instruction: &Instruction) {
        // What a build would refuse has no effect.
        let Ok(meaning) = instruction.meaning() else {
            return;
        };
        let lexer = self.lexer(instruction);
        match meaning {
            Meaning::Arg(args) => {
                for arg in args {
                    self.declare(lexer, &arg.name, arg.default.as_deref());
                }
            }
            Meaning::Env(env) => {
                let pairs = self.expand_pairs(lexer, &env.pairs);
                self.config.env.extend(pairs);
            }
            Meaning::Label(labels) => {
                let pairs = self.expand_pairs(lexer, &labels.pairs);
                self.config.labels.extend(pairs);
            }
            Meaning::User(user) => self.config.user = Some(self.expand(lexer, &user)),
            Meaning::Workdir(path) => {
                let path = self.expand(lexer, &path);
                self.config.workdir = Some(join(self.workdir(), &path));
            }
            Meaning::Expose(words) => {
                for word in words {
                    let ports = self.expand_words(lexer, &word);
                    self.config.exposed.extend(ports.iter().flat_map(|port| spelled_out(port)));
                }
            }
            Meaning::Volume(paths) => {
                for path in paths {
                    let path = self.expand(lexer, &path);
                    self.config.volumes.insert(path);
                }
            }
            Meaning::Stopsignal(signal) => {
                self.config.stop_signal = Some(self.expand(lexer, &signal));
            }
            Meaning::Shell(shell) => self.config.shell = Some(shell),
            Meaning::Cmd(form) => {
                self.config.cmd = Some(self.command(form));
                self.cmd_set_here = true;
            }
            Meaning::Entrypoint(form) => {
                self.config.entrypoint = Some(self.command(form));
                if !self.cmd_set_here {
                    self.config.cmd = None;
                }
            }
            Meaning::Healthcheck(check) => self.config.healthcheck = Some(health(check)),
            Meaning::Onbuild(trigger) => {
                self.config.onbuild.push(instruction.args.value.clone());
                self.triggers.push(*trigger);
            }
            Meaning::Maintainer(name) => self.config.maintainer = Some(name),
            Meaning::Add(_) | Meaning::Copy(_) | Meaning::From(_) | Meaning::Run(_) => {}
        }
    }

    fn lexer(&self, instruction: &Instruction) -> Lexer {
        match self.base {
            Base::Empty => instruction.lexer(),
            Base::Unknown => instruction.lexer().keeping_unset(),
        }
    }

    /// `ENV` wins over `ARG`.
    fn lookup(&self, name: &str) -> Option<String> {
        self.config.env.get(name).or_else(|| self.args.get(name)).cloned()
    }

    /// What cannot be expanded stays as written.
    fn expand(&self, lexer: Lexer, text: &str) -> String {
        lexer.expand(text, &|name| self.lookup(name)).unwrap_or_else(|_| text.to_owned())
    }

    fn expand_words(&self, lexer: Lexer, text: &str) -> Vec<String> {
        lexer.words(text, &|name| self.lookup(name)).unwrap_or_else(|_| vec![text.to_owned()])
    }

    /// All pairs of one instruction see the values from before it.
    fn expand_pairs(&self, lexer: Lexer, pairs: &[(String, String)]) -> Vec<(String, String)> {
        let expand = |text| self.expand(lexer, text);
        pairs.iter().map(|(name, value)| (expand(name), expand(value))).collect()
    }

    fn declare(&mut self, lexer: Lexer, name: &str, default: Option<&str>) {
        let name = self.expand(lexer, name);
        let given = self.stages.build_args().get(&name).cloned();
        let default = default.map(|text| self.expand(lexer, text));
        let global = self.stages.globals().get(&name).cloned();
        if let Some(value) = given.or(default).or(global) {
            self.args.insert(name, value);
        }
    }

    /// The directory a relative one is below; empty if only the base image knows.
    fn workdir(&self) -> &str {
        match (&self.config.workdir, self.base) {
            (Some(path), _) => path,
            (None, Base::Empty) => "/",
            (None, Base::Unknown) => "",
        }
    }

    fn command(&self, form: Form) -> Vec<String> {
        match form {
            Form::Exec(words) => words,
            Form::Shell(text) => {
                let default = || vec!["/bin/sh".to_owned(), "-c".to_owned()];
                let mut words = self.config.shell.clone().unwrap_or_else(default);
                words.push(text);
                words
            }
        }
    }
}

fn health(check: Healthcheck) -> Health {
    match check {
        Healthcheck::None => Health { test: vec!["NONE".to_owned()], ..Health::default() },
        Healthcheck::Check { form, flags } => {
            let test = match form {
                Form::Exec(words) => [vec!["CMD".to_owned()], words].concat(),
                Form::Shell(text) => vec!["CMD-SHELL".to_owned(), text],
            };
            Health { test, flags: flags.into_iter().collect() }
        }
    }
}

/// `8000-8002/udp` as three ports; what is no port stays as written.
fn spelled_out(port: &str) -> Vec<String> {
    let (numbers, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
    let protocol = protocol.to_ascii_lowercase();
    let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
    match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(first), Ok(last)) if first <= last => {
            (first..=last).map(|number| format!("{number}/{protocol}")).collect()
        }
        _ => vec![format!("{numbers}/{protocol}")],
    }
}

/// `path` as seen from `dir`, without `.`, `..` and doubled slashes.
fn join(dir: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{dir}/{path}") };
    let absolute = path.starts_with('/') || dir.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            _ => parts.push(part),
        }
    }
    format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    fn check(text: &str, want: impl FnOnce(&mut ImageConfig)) {
        let (dockerfile, _) = parse(text);
        let stages = Stages::of(&dockerfile);
        let mut expected = ImageConfig::default();
        want(&mut expected);
        assert_eq!(stages.evaluated(stages.last().unwrap()), expected, "{text}");
    }

    fn words(text: &str) -> Vec<String> {
        text.split('|').map(str::to_owned).collect()
    }

    #[test]
    fn follows_stages() {
        check("FROM a AS b\nUSER 1\nCMD [\"x\"]\nFROM c\nUSER 2\nFROM b\nWORKDIR /x\n", |config| {
            config.user = Some("1".into());
            config.cmd = Some(words("x"));
            config.workdir = Some("/x".into());
        });
    }

    #[test]
    fn entry_point_forgets_the_command_of_an_earlier_stage_only() {
        check("FROM a AS b\nCMD [\"x\"]\nFROM b\nENTRYPOINT [\"y\"]\n", |config| {
            config.entrypoint = Some(words("y"));
        });
        check("FROM a\nCMD [\"x\"]\nENTRYPOINT [\"y\"]\n", |config| {
            config.entrypoint = Some(words("y"));
            config.cmd = Some(words("x"));
        });
    }

    #[test]
    fn env_sees_the_values_before_it() {
        check("FROM scratch\nENV A=1\nENV A=2 B=$A C=${D}\nENV Q \"a b\" c\n", |config| {
            for (name, value) in [("A", "2"), ("B", "1"), ("C", ""), ("Q", "a b c")] {
                config.env.insert(name.into(), value.into());
            }
        });
    }

    #[test]
    fn what_a_base_image_may_set_stays_as_written() {
        check("FROM a\nENV PATH=/x:$PATH\nWORKDIR app\n", |config| {
            config.env.insert("PATH".into(), "/x:$PATH".into());
            config.workdir = Some("app".into());
        });
    }

    #[test]
    fn arguments_cross_from_with_a_declaration() {
        check("ARG V=1\nARG W=2\nFROM scratch\nARG V\nARG P=80\nENV A=$V B=$W\nEXPOSE $P\n", |config| {
            config.env.insert("A".into(), "1".into());
            config.env.insert("B".into(), String::new());
            config.exposed.insert("80/tcp".into());
        });
    }

    #[test]
    fn env_wins_over_an_argument() {
        check("FROM scratch\nENV A=env\nARG A=arg\nUSER $A\n", |config| {
            config.env.insert("A".into(), "env".into());
            config.user = Some("env".into());
        });
    }

    #[test]
    fn shell_forms_take_the_shell() {
        check("FROM a\nSHELL [\"/bin/bash\", \"-c\"]\nCMD a $B\nHEALTHCHECK --retries=2 CMD c\n", |config| {
            config.shell = Some(words("/bin/bash|-c"));
            config.cmd = Some(words("/bin/bash|-c|a $B"));
            config.healthcheck = Some(Health {
                test: vec!["CMD-SHELL".into(), "c".into()],
                flags: BTreeMap::from([("retries".into(), "2".into())]),
            });
        });
    }

    #[test]
    fn ports_paths_and_the_rest() {
        check(
            "FROM a\nEXPOSE 80 8000-8001/udp $X\nWORKDIR /a\nWORKDIR ../b/./c\nVOLUME [\"/v\"]\n\
             STOPSIGNAL SIGINT\nLABEL a.b=\"c d\"\nMAINTAINER \"Joe B\" <j@x>\n",
            |config| {
                for port in ["80/tcp", "8000/udp", "8001/udp", "$X/tcp"] {
                    config.exposed.insert(port.into());
                }
                config.workdir = Some("/b/c".into());
                config.volumes.insert("/v".into());
                config.stop_signal = Some("SIGINT".into());
                config.labels.insert("a.b".into(), "c d".into());
                config.maintainer = Some("\"Joe B\" <j@x>".into());
            },
        );
    }

    #[test]
    fn triggers_run_in_the_next_stage() {
        check("FROM a AS b\nONBUILD USER 5\nFROM b\n", |config| {
            config.user = Some("5".into());
        });
        check("FROM a\nONBUILD USER 5\n", |config| {
            config.onbuild = vec!["USER 5".into()];
        });
    }
}
