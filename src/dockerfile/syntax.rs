//! What is written in a Dockerfile, down to the last byte. Leaves what it means to
//! [`super::instr`], and how it is found to [`super::parse`].

use std::{fmt, ops::Range};

use super::script::is_assignment;

/// A range of bytes in the text of the file.
pub type Span = Range<usize>;

/// A Dockerfile as it is written. Its items tile the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dockerfile {
    pub(super) text: String,
    pub(super) items: Vec<Item>,
}

impl Dockerfile {
    /// The file, byte for byte.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Everything in the file, in order; the spans follow each other without a gap.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The instructions in file order.
    pub fn instructions(&self) -> impl DoubleEndedIterator<Item = &Instruction> {
        self.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Instruction(instruction) => Some(instruction),
            _ => None,
        })
    }

    /// The value of a parser directive (`syntax`, `escape`, `check`).
    pub fn directive(&self, name: &str) -> Option<&str> {
        self.items.iter().find_map(|item| match &item.kind {
            ItemKind::Directive(directive) if directive.name == name => Some(directive.value.as_str()),
            _ => None,
        })
    }

    /// The text of an item or of anything else that has a span.
    pub fn slice(&self, span: &Span) -> &str {
        &self.text[span.clone()]
    }

    /// The comment lines that stand directly above the item that starts at `line`, without `#`.
    pub fn comment_above(&self, line: u32) -> Vec<&str> {
        let above = self.items.iter().rev().skip_while(|item| item.line >= line);
        let mut comment: Vec<_> = above
            .take_while(|item| matches!(item.kind, ItemKind::Comment))
            .map(|item| self.slice(&item.span).trim().trim_start_matches('#').trim())
            .collect();
        comment.reverse();
        comment
    }
}

/// One piece of the file: whole lines, their line ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Where it lies in the text. The first item includes a byte order mark.
    pub span: Span,
    /// Its first line, counted from 1.
    pub line: u32,
    /// What it is.
    pub kind: ItemKind,
}

/// The four things a Dockerfile consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemKind {
    /// A line of nothing but white space.
    Blank,
    /// A comment line. Comments inside a continued instruction belong to the instruction.
    Comment,
    /// A parser directive; only at the top of a file.
    Directive(Directive),
    /// An instruction with its continuation lines and heredocs.
    Instruction(Instruction),
}

/// `# name=value` at the top of a file.
/// <https://docs.docker.com/reference/dockerfile/#parser-directives>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// In lower case.
    pub name: String,
    /// Without white space around it.
    pub value: String,
}

/// One instruction, split but not yet understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// Which instruction it is.
    pub keyword: Keyword,
    /// `--name=value` words directly after the keyword.
    pub flags: Vec<Flag>,
    /// What follows the flags, continuation lines joined, without heredoc bodies.
    pub args: Spanned,
    /// The heredocs in the order their bodies stand in the file.
    pub heredocs: Vec<Heredoc>,
    /// Its first line, counted from 1.
    pub line: u32,
    /// Its last line, heredoc terminators included.
    pub last_line: u32,
    /// All its bytes, the final line end included.
    pub span: Span,
    /// The escape character of the file, `\` unless a directive says otherwise.
    pub escape: char,
}

impl Instruction {
    /// The value of the first flag of that name; an empty text for a flag without a value.
    pub fn flag(&self, name: &str) -> Option<&str> {
        let flag = self.flags.iter().find(|flag| flag.name == name)?;
        Some(flag.value.as_deref().unwrap_or_default())
    }

    /// The keyword and the words behind the flags, with single blanks between them. Variables that are set in front of a
    /// command are not among them: `RUN go build`.
    pub fn head(&self) -> String {
        let is_set = |word: &&str| self.keyword == Keyword::Run && is_assignment(word);
        let words = self.args.value.split_whitespace().skip_while(is_set);
        words.fold(self.keyword.to_string(), |head, word| format!("{head} {word}"))
    }

    /// Does it begin so? The last word counts whole, or up to its `=`.
    pub fn begins_with(&self, beginning: &str) -> bool {
        let head = self.head();
        let rest = head.strip_prefix(beginning);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '=']))
    }
}

/// A text put together from the file, and the bytes it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned {
    /// The text as the instruction sees it.
    pub value: String,
    /// From its first to its last byte in the file; may hold comments and line ends in between.
    pub span: Span,
    /// Where each part of the value starts: in the value, and in the file.
    pub(super) parts: Vec<(usize, usize)>,
}

impl Spanned {
    /// The place in the file of a range of the value. It is none where a line ends within the range.
    pub fn place(&self, range: &Span) -> Option<Span> {
        let part = self.parts.partition_point(|(start, _)| *start <= range.start).checked_sub(1)?;
        let (start, source) = self.parts[part];
        let next = self.parts.get(part + 1).map_or(self.value.len(), |(next, _)| *next);
        (range.end <= next).then(|| source + (range.start - start)..source + (range.end - start))
    }
}

/// `--name=value`, quotes already taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Without the dashes.
    pub name: String,
    /// Absent in `--link`, empty in `--link=`.
    pub value: Option<String>,
}

/// `<<EOF` and the lines that belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heredoc {
    /// The terminator, quotes taken off.
    pub name: String,
    /// The file descriptor in front of `<<`, 0 if none is written.
    pub descriptor: u64,
    /// Whether `<<-` asks for leading tabs to be removed.
    pub chomp: bool,
    /// Whether variables in the body are expanded: the terminator was not quoted.
    pub expand: bool,
    /// The body as written, without the terminator line.
    pub body: Span,
}

/// The instructions of the reference, and whatever else stands in their place.
/// <https://docs.docker.com/reference/dockerfile/#overview>
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
    /// A word that is no instruction, as written.
    Unknown(String),
}

const KEYWORDS: &[(&str, Keyword)] = &[
    ("ADD", Keyword::Add),
    ("ARG", Keyword::Arg),
    ("CMD", Keyword::Cmd),
    ("COPY", Keyword::Copy),
    ("ENTRYPOINT", Keyword::Entrypoint),
    ("ENV", Keyword::Env),
    ("EXPOSE", Keyword::Expose),
    ("FROM", Keyword::From),
    ("HEALTHCHECK", Keyword::Healthcheck),
    ("LABEL", Keyword::Label),
    ("MAINTAINER", Keyword::Maintainer),
    ("ONBUILD", Keyword::Onbuild),
    ("RUN", Keyword::Run),
    ("SHELL", Keyword::Shell),
    ("STOPSIGNAL", Keyword::Stopsignal),
    ("USER", Keyword::User),
    ("VOLUME", Keyword::Volume),
    ("WORKDIR", Keyword::Workdir),
];

impl Keyword {
    /// The instruction of that name, in any case.
    pub fn of(word: &str) -> Keyword {
        KEYWORDS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word))
            .map_or_else(|| Keyword::Unknown(word.to_owned()), |(_, keyword)| keyword.clone())
    }

    /// Whether the instruction reads heredocs.
    /// <https://docs.docker.com/reference/dockerfile/#here-documents>
    pub(super) fn reads_heredocs(&self) -> bool {
        matches!(self, Keyword::Add | Keyword::Copy | Keyword::Run)
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Keyword::Unknown(word) => word,
            known => KEYWORDS.iter().find(|(_, keyword)| keyword == known).map_or("", |(name, _)| name),
        };
        f.write_str(name)
    }
}
