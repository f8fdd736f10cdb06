//! What one instruction means, taken by itself: [`Instruction::meaning`].
//! Variables are not expanded here, and stages not looked up; [`super::graph`] does that.
//!
//! <https://docs.docker.com/reference/dockerfile/>

use super::{
    image::ImageRef,
    parse,
    shell::Lexer,
    syntax::{Heredoc, Instruction, Keyword},
};

/// An instruction understood.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the instructions")]
pub enum Meaning {
    Add(Copy),
    Arg(Vec<ArgName>),
    Cmd(Form),
    Copy(Copy),
    Entrypoint(Form),
    Env(Pairs),
    Expose(Vec<String>),
    From(From),
    Healthcheck(Healthcheck),
    Label(Pairs),
    Maintainer(String),
    Onbuild(Box<Instruction>),
    Run(Run),
    Shell(Vec<String>),
    Stopsignal(String),
    User(String),
    Volume(Vec<String>),
    Workdir(String),
}

/// `FROM [--platform=..] image [AS name]`, variables not expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct From {
    /// `--platform`.
    pub platform: Option<String>,
    /// An image, an earlier stage, `scratch`, or words with variables in them.
    pub image: String,
    /// The name of the stage, as written. Builds compare it in lower case.
    pub name: Option<String>,
}

impl From {
    /// The image, if it is named without variables.
    pub fn image_ref(&self) -> Option<ImageRef> {
        self.image.parse().ok()
    }
}

/// `COPY` and `ADD`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Copy {
    /// `--from`: a stage, its number, or an image.
    pub from: Option<String>,
    /// Paths, patterns and, for `ADD`, addresses; heredocs are in `contents`.
    pub sources: Vec<String>,
    /// The heredocs among the sources.
    pub contents: Vec<Heredoc>,
    /// The last word.
    pub destination: String,
    /// `--chown`.
    pub chown: Option<String>,
    /// `--chmod`.
    pub chmod: Option<String>,
    /// `--link`.
    pub link: bool,
    /// `--parents`.
    pub parents: bool,
    /// `--exclude`, any number of times.
    pub exclude: Vec<String>,
    /// `--checksum`, only for `ADD`.
    pub checksum: Option<String>,
}

/// `RUN`; heredoc bodies are with the instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// `--mount`, any number of times.
    pub mounts: Vec<Mount>,
    /// `--network`.
    pub network: Option<String>,
    /// `--security`.
    pub security: Option<String>,
    /// The command.
    pub form: Form,
}

/// A command in one of its two forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A JSON array: runs as it is.
    Exec(Vec<String>),
    /// Anything else: handed to the shell.
    Shell(String),
}

/// One `--mount` of a `RUN`.
/// <https://docs.docker.com/reference/dockerfile/#run---mount>
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mount {
    /// `type`; bind when absent.
    pub kind: MountKind,
    /// `from`: a stage, its number, or an image.
    pub from: Option<String>,
    /// `source` or `src`.
    pub source: Option<String>,
    /// `target`, `dst` or `destination`.
    pub target: Option<String>,
    /// `id`.
    pub id: Option<String>,
    /// `sharing`, of cache mounts.
    pub sharing: Option<Sharing>,
    /// `ro` or `rw`, if said.
    pub read_only: Option<bool>,
    /// `required`, of secret and ssh mounts.
    pub required: bool,
    /// Everything else: `mode`, `uid`, `gid`, `size`, `env`.
    pub other: Vec<(String, String)>,
}

/// The type of a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are Docker's")]
pub enum MountKind {
    #[default]
    Bind,
    Cache,
    Tmpfs,
    Secret,
    Ssh,
}

/// How builds that run at the same time share a cache mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Docker's")]
pub enum Sharing {
    Shared,
    Private,
    Locked,
}

/// The pairs of `ENV` and `LABEL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairs {
    /// In file order, quotes and variables as written.
    pub pairs: Vec<(String, String)>,
    /// Whether they are written as `KEY the rest of the line`.
    pub legacy: bool,
}

/// One word of `ARG`, quotes and variables as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgName {
    /// Before the `=`.
    pub name: String,
    /// After the `=`.
    pub default: Option<String>,
}

/// `HEALTHCHECK`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Healthcheck {
    /// `HEALTHCHECK NONE`.
    None,
    /// `HEALTHCHECK [flags] CMD ..`.
    Check {
        /// The command.
        form: Form,
        /// The flags with their values, in file order.
        flags: Vec<(String, String)>,
    },
}

/// Why an instruction makes no sense to a build.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Something must follow the keyword.
    #[error("{0} needs {1}")]
    Missing(Keyword, &'static str),
    /// A flag the instruction does not have.
    #[error("{0} has no flag `--{1}`")]
    UnknownFlag(Keyword, String),
    /// A flag without its value, or with one that cannot be.
    #[error("`--{0}` cannot be `{1}`")]
    BadFlag(String, String),
    /// A word without `=` where pairs are asked for.
    #[error("`{0}` has no `=`")]
    NoEquals(String),
    /// A JSON array of other things than strings.
    #[error("the elements of an exec form must be strings")]
    NotStrings,
    /// Words that cannot be where they are.
    #[error("{0} cannot be followed by `{1}`")]
    Unexpected(Keyword, String),
    /// An instruction that may not be a trigger.
    #[error("{0} may not stand in ONBUILD")]
    BadTrigger(Keyword),
}

/// The flags each instruction has.
const FLAGS: &[(Keyword, &[&str])] = &[
    (Keyword::Add, &["chown", "chmod", "link", "keep-git-dir", "checksum", "unpack", "exclude"]),
    (Keyword::Copy, &["from", "chown", "chmod", "link", "parents", "exclude"]),
    (Keyword::From, &["platform"]),
    (Keyword::Healthcheck, &["interval", "timeout", "start-period", "start-interval", "retries"]),
    (Keyword::Run, &["mount", "network", "security", "device"]),
];

/// Flags that stand for themselves.
const SWITCHES: &[&str] = &["link", "parents", "keep-git-dir", "unpack"];

impl Instruction {
    /// What the instruction says, or why a build would refuse it.
    pub fn meaning(&self) -> Result<Meaning, Malformed> {
        self.check_flags()?;
        let rest = || self.args.value.clone();
        Ok(match &self.keyword {
            Keyword::Add => Meaning::Add(self.copy()?),
            Keyword::Arg => Meaning::Arg(self.args()?),
            Keyword::Cmd => Meaning::Cmd(self.form(&self.args.value)?),
            Keyword::Copy => Meaning::Copy(self.copy()?),
            Keyword::Entrypoint => Meaning::Entrypoint(self.form(&self.args.value)?),
            Keyword::Env => Meaning::Env(self.pairs()?),
            Keyword::Expose => Meaning::Expose(self.some_words("a port")?),
            Keyword::From => Meaning::From(self.from()?),
            Keyword::Healthcheck => Meaning::Healthcheck(self.healthcheck()?),
            Keyword::Label => Meaning::Label(self.pairs()?),
            Keyword::Maintainer => Meaning::Maintainer(self.something("a name").map(|()| rest())?),
            Keyword::Onbuild => Meaning::Onbuild(Box::new(self.trigger()?)),
            Keyword::Run => Meaning::Run(self.run()?),
            Keyword::Shell => match self.form(&self.args.value)? {
                Form::Exec(words) if !words.is_empty() => Meaning::Shell(words),
                _ => return Err(self.missing("a JSON array")),
            },
            Keyword::Stopsignal => Meaning::Stopsignal(self.something("a signal").map(|()| rest())?),
            Keyword::User => Meaning::User(self.something("a user").map(|()| rest())?),
            Keyword::Volume => Meaning::Volume(match self.json(&self.args.value)? {
                Some(words) if !words.is_empty() => words,
                Some(_) => return Err(self.missing("a path")),
                None => self.some_words("a path")?,
            }),
            Keyword::Workdir => Meaning::Workdir(self.something("a path").map(|()| rest())?),
            Keyword::Unknown(word) => {
                return Err(Malformed::Unexpected(self.keyword.clone(), word.clone()));
            }
        })
    }

    /// The arguments as a JSON array of strings, if they are one.
    pub(super) fn exec_args(&self) -> Option<Vec<String>> {
        self.json(&self.args.value).ok().flatten()
    }

    /// The words and variables of this instruction, as its file escapes them.
    pub fn lexer(&self) -> Lexer {
        Lexer::new(self.escape)
    }

    fn missing(&self, what: &'static str) -> Malformed {
        Malformed::Missing(self.keyword.clone(), what)
    }

    fn something(&self, what: &'static str) -> Result<(), Malformed> {
        if self.args.value.is_empty() { Err(self.missing(what)) } else { Ok(()) }
    }

    fn plain_words(&self) -> Vec<String> {
        let words = self.args.value.split(parse::is_blank);
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    fn some_words(&self, what: &'static str) -> Result<Vec<String>, Malformed> {
        self.something(what)?;
        Ok(self.plain_words())
    }

    /// A text that begins with `[` and is no JSON is an ordinary text.
    #[expect(clippy::unused_self, reason = "reads like its neighbours")]
    fn json(&self, text: &str) -> Result<Option<Vec<String>>, Malformed> {
        if !text.starts_with('[') {
            return Ok(None);
        }
        let Ok(values) = serde_json::from_str::<Vec<serde_json::Value>>(text) else {
            return Ok(None);
        };
        let strings = values.into_iter().map(|value| match value {
            serde_json::Value::String(text) => Ok(text),
            _ => Err(Malformed::NotStrings),
        });
        strings.collect::<Result<_, _>>().map(Some)
    }

    fn form(&self, text: &str) -> Result<Form, Malformed> {
        Ok(self.json(text)?.map_or_else(|| Form::Shell(text.to_owned()), Form::Exec))
    }

    fn check_flags(&self) -> Result<(), Malformed> {
        let known = FLAGS.iter().find(|(keyword, _)| *keyword == self.keyword);
        let known = known.map_or(&[][..], |(_, flags)| flags);
        for flag in &self.flags {
            if !known.contains(&flag.name.as_str()) {
                return Err(Malformed::UnknownFlag(self.keyword.clone(), flag.name.clone()));
            }
            let value = flag.value.as_deref();
            let fits = match value {
                None => SWITCHES.contains(&flag.name.as_str()),
                Some(value) if SWITCHES.contains(&flag.name.as_str()) => {
                    matches!(value.to_ascii_lowercase().as_str(), "true" | "false")
                }
                Some(_) => true,
            };
            if !fits {
                let value = value.unwrap_or_default().to_owned();
                return Err(Malformed::BadFlag(flag.name.clone(), value));
            }
        }
        Ok(())
    }

    fn is_set(&self, switch: &str) -> bool {
        self.flag(switch).is_some_and(|value| !value.eq_ignore_ascii_case("false"))
    }

    fn from(&self) -> Result<From, Malformed> {
        let words = self.some_words("an image")?;
        let name = match words.as_slice() {
            [_] => None,
            [_, word, name] if word.eq_ignore_ascii_case("as") && is_stage_name(name) => Some(name.clone()),
            [_, rest @ ..] => {
                return Err(Malformed::Unexpected(self.keyword.clone(), rest.join(" ")));
            }
            [] => return Err(self.missing("an image")),
        };
        let platform = self.flag("platform").map(str::to_owned);
        Ok(From { platform, image: words[0].clone(), name })
    }

    fn copy(&self) -> Result<Copy, Malformed> {
        let (mut words, exec) = match self.json(&self.args.value)? {
            Some(words) => (words, true),
            None => (self.plain_words(), false),
        };
        let destination = words.pop().ok_or_else(|| self.missing("a source and a destination"))?;
        if words.is_empty() {
            return Err(self.missing("a source and a destination"));
        }
        if !exec && parse::heredoc(&destination, self.escape).is_some() {
            return Err(Malformed::Unexpected(self.keyword.clone(), destination));
        }
        let is_heredoc = |word: &String| !exec && parse::heredoc(word, self.escape).is_some();
        let (heredocs, sources): (Vec<_>, Vec<_>) = words.into_iter().partition(is_heredoc);
        let names = heredocs.iter().filter_map(|word| parse::heredoc(word, self.escape));
        let contents = names
            .filter_map(|named| self.heredocs.iter().find(|heredoc| heredoc.name == named.name))
            .cloned()
            .collect();
        let text = |name: &str| self.flag(name).map(str::to_owned);
        let exclude = self.flags.iter().filter(|flag| flag.name == "exclude");
        Ok(Copy {
            from: text("from"),
            sources,
            contents,
            destination,
            chown: text("chown"),
            chmod: text("chmod"),
            link: self.is_set("link"),
            parents: self.is_set("parents"),
            exclude: exclude.filter_map(|flag| flag.value.clone()).collect(),
            checksum: text("checksum"),
        })
    }

    fn run(&self) -> Result<Run, Malformed> {
        let mounts = self.flags.iter().filter(|flag| flag.name == "mount");
        let mounts = mounts.map(|flag| mount(flag.value.as_deref().unwrap_or_default()));
        Ok(Run {
            mounts: mounts.collect::<Result<_, _>>()?,
            network: self.flag("network").map(str::to_owned),
            security: self.flag("security").map(str::to_owned),
            form: self.form(&self.args.value)?,
        })
    }

    fn args(&self) -> Result<Vec<ArgName>, Malformed> {
        self.something("a name")?;
        let words = raw_words(&self.args.value, self.escape);
        let args = words.into_iter().map(|word| match word.split_once('=') {
            Some(("", _)) => Err(self.missing("a name")),
            Some((name, value)) => Ok(ArgName { name: name.to_owned(), default: Some(value.to_owned()) }),
            None => Ok(ArgName { name: word, default: None }),
        });
        args.collect()
    }

    fn pairs(&self) -> Result<Pairs, Malformed> {
        self.something("a name and a value")?;
        let words = raw_words(&self.args.value, self.escape);
        if !words.first().is_some_and(|word| word.contains('=')) {
            let (name, value) = self
                .args
                .value
                .split_once(parse::is_blank)
                .ok_or_else(|| self.missing("a name and a value"))?;
            let value = value.trim_start_matches(parse::is_blank);
            return Ok(Pairs { pairs: vec![(name.to_owned(), value.to_owned())], legacy: true });
        }
        let pairs = words.into_iter().map(|word| match word.split_once('=') {
            Some(("", _)) => Err(self.missing("a name in front of `=`")),
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(Malformed::NoEquals(word)),
        });
        Ok(Pairs { pairs: pairs.collect::<Result<_, _>>()?, legacy: false })
    }

    fn healthcheck(&self) -> Result<Healthcheck, Malformed> {
        self.something("NONE or CMD")?;
        let text = &self.args.value;
        let (kind, command) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let command = command.trim_start();
        match kind.to_ascii_uppercase().as_str() {
            "NONE" if command.is_empty() => Ok(Healthcheck::None),
            "CMD" if command.is_empty() => Err(self.missing("a command after CMD")),
            "CMD" => Ok(Healthcheck::Check {
                form: self.form(command)?,
                flags: self
                    .flags
                    .iter()
                    .map(|flag| (flag.name.clone(), flag.value.clone().unwrap_or_default()))
                    .collect(),
            }),
            _ => Err(Malformed::Unexpected(self.keyword.clone(), text.clone())),
        }
    }

    fn trigger(&self) -> Result<Instruction, Malformed> {
        self.something("an instruction")?;
        let mut trigger = parse::split(&self.args.value, self.escape);
        trigger.line = self.line;
        trigger.last_line = self.last_line;
        trigger.span = self.span.clone();
        trigger.args.span = self.args.span.clone();
        trigger.heredocs.clone_from(&self.heredocs);
        match trigger.keyword {
            Keyword::Onbuild | Keyword::From | Keyword::Maintainer => {
                Err(Malformed::BadTrigger(trigger.keyword))
            }
            // A build looks at the rest only when the trigger runs.
            _ => Ok(trigger),
        }
    }
}

/// <https://github.com/moby/buildkit/blob/master/frontend/dockerfile/docs/reference.md#from>
fn is_stage_name(name: &str) -> bool {
    let tail = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(tail)
}

/// Splits at white space outside quotes; quotes and escapes stay.
fn raw_words(text: &str, escape: char) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (open, _) if c == escape && open != Some('\'') => {
                if let Some(next) = chars.next() {
                    word.extend([c, next]);
                }
                continue;
            }
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, _) if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            _ => {}
        }
        word.push(c);
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn mount(text: &str) -> Result<Mount, Malformed> {
    let bad = || Malformed::BadFlag("mount".to_owned(), text.to_owned());
    let mut mount = Mount::default();
    for field in comma_fields(text) {
        let (key, value) = match field.split_once('=') {
            Some((key, value)) => (key.to_ascii_lowercase(), Some(value.to_owned())),
            None => (field.to_ascii_lowercase(), None),
        };
        let switch = match value.as_deref() {
            None | Some("true" | "1") => Some(true),
            Some("false" | "0") => Some(false),
            Some(_) => None,
        };
        match key.as_str() {
            "type" => mount.kind = value.as_deref().and_then(mount_kind).ok_or_else(bad)?,
            "from" => mount.from = Some(value.ok_or_else(bad)?),
            "source" | "src" => mount.source = Some(value.ok_or_else(bad)?),
            "target" | "dst" | "destination" => mount.target = Some(value.ok_or_else(bad)?),
            "id" => mount.id = Some(value.ok_or_else(bad)?),
            "sharing" => mount.sharing = Some(value.as_deref().and_then(sharing).ok_or_else(bad)?),
            "ro" | "readonly" => mount.read_only = Some(switch.ok_or_else(bad)?),
            "rw" | "readwrite" => mount.read_only = Some(!switch.ok_or_else(bad)?),
            "required" => mount.required = switch.ok_or_else(bad)?,
            "mode" | "uid" | "gid" | "size" | "env" => {
                mount.other.push((key, value.ok_or_else(bad)?));
            }
            _ => return Err(bad()),
        }
    }
    Ok(mount)
}

fn mount_kind(text: &str) -> Option<MountKind> {
    Some(match text.to_ascii_lowercase().as_str() {
        "bind" => MountKind::Bind,
        "cache" => MountKind::Cache,
        "tmpfs" => MountKind::Tmpfs,
        "secret" => MountKind::Secret,
        "ssh" => MountKind::Ssh,
        _ => return None,
    })
}

fn sharing(text: &str) -> Option<Sharing> {
    Some(match text.to_ascii_lowercase().as_str() {
        "shared" => Sharing::Shared,
        "private" => Sharing::Private,
        "locked" => Sharing::Locked,
        _ => return None,
    })
}

/// The fields of one CSV record: a field in double quotes may hold commas.
fn comma_fields(text: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().expect("there is always a field").push(c),
        }
    }
    fields
}
