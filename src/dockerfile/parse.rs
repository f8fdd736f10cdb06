//! Finds the directives, comments, blank lines and instructions of a Dockerfile.
//! Loses no byte and refuses nothing: what a build would refuse is a [`Problem`].
//! What the words of an instruction mean is left to [`super::instr`].
//!
//! <https://docs.docker.com/reference/dockerfile/#format>

use std::{ops::Range, sync::LazyLock};

use regex_lite::Regex;

use super::{
    instr::Malformed,
    shell::Lexer,
    syntax::{Directive, Dockerfile, Flag, Heredoc, Instruction, Item, ItemKind, Keyword, Span, Spanned},
};

/// The longest line a build accepts, its end included.
const LONGEST_LINE: usize = 65_535;

/// Something a build would refuse or warn about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line it stands on, counted from 1.
    pub line: u32,
    /// What it is.
    pub kind: ProblemKind,
}

/// What can be wrong with the text of a Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    /// There is nothing to build.
    #[error("the file has no instructions")]
    NoInstructions,
    /// A line no build reads.
    #[error("the line has {0} bytes; a build reads no line longer than {LONGEST_LINE}")]
    LineTooLong(usize),
    /// A heredoc whose terminator never comes.
    #[error("the heredoc `{0}` is not closed")]
    OpenHeredoc(String),
    /// The same directive twice.
    #[error("the directive `{0}` may stand only once")]
    DuplicateDirective(String),
    /// `# escape=x`.
    #[error("`{0}` cannot be the escape character: only `\\` and a backtick can")]
    BadEscape(String),
    /// A word that is no instruction.
    #[error("`{0}` is not an instruction")]
    UnknownInstruction(String),
    /// An empty line inside an instruction. Builds still accept it, with a warning.
    #[error("an empty line inside an instruction")]
    EmptyContinuation,
    /// An instruction whose words make no sense.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

impl ProblemKind {
    /// Whether a build stops here, rather than warning.
    pub fn stops_build(&self) -> bool {
        !matches!(self, ProblemKind::EmptyContinuation)
    }
}

/// Reads a Dockerfile. The items tile the text whatever it is; the problems are in file order.
pub fn parse(text: &str) -> (Dockerfile, Vec<Problem>) {
    let mut parser = Parser::new(text);
    parser.directives();
    while parser.at < parser.lines.len() {
        parser.item();
    }
    parser.finish()
}

static DIRECTIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^#[ \t\r\n\v\f]*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$").expect("the pattern is a constant")
});

/// `<<`, an optional `-`, and the terminator; a file descriptor may stand in front.
/// <https://docs.docker.com/reference/dockerfile/#here-documents>
static HEREDOC: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)^([0-9]*)<<(-?)[ \t]*([^<]*)$").expect("the pattern is a constant"));

struct Parser<'a> {
    text: &'a str,
    /// The lines with their ends.
    lines: Vec<Range<usize>>,
    /// Index of the next line.
    at: usize,
    escape: char,
    items: Vec<Item>,
    problems: Vec<Problem>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Parser<'a> {
        let mut lines = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            lines.push(start..start + line.len());
            start += line.len();
        }
        Parser { text, lines, at: 0, escape: '\\', items: Vec::new(), problems: Vec::new() }
    }

    /// The content of a line, without its end and without the byte order mark.
    fn line(&self, index: usize) -> &'a str {
        let line = &self.text[self.lines[index].clone()];
        let line = if index == 0 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
        line.trim_end_matches(['\r', '\n'])
    }

    fn number(index: usize) -> u32 {
        u32::try_from(index + 1).unwrap_or(u32::MAX)
    }

    fn problem(&mut self, index: usize, kind: ProblemKind) {
        self.problems.push(Problem { line: Self::number(index), kind });
    }

    fn push(&mut self, lines: Range<usize>, kind: ItemKind) {
        let span = self.lines[lines.start].start..self.lines[lines.end - 1].end;
        self.items.push(Item { span, line: Self::number(lines.start), kind });
        self.at = lines.end;
    }

    /// Directives stand before everything else, even before a blank line.
    fn directives(&mut self) {
        let mut seen: Vec<String> = Vec::new();
        while self.at < self.lines.len() {
            let Some(found) = DIRECTIVE.captures(self.line(self.at).trim()) else {
                return;
            };
            let (name, value) = (found[1].to_ascii_lowercase(), found[2].to_owned());
            if !matches!(name.as_str(), "syntax" | "escape" | "check") {
                return;
            }
            if seen.contains(&name) {
                self.problem(self.at, ProblemKind::DuplicateDirective(name.clone()));
            } else if name == "escape" {
                match value.as_str() {
                    "\\" => {}
                    "`" => self.escape = '`',
                    _ => self.problem(self.at, ProblemKind::BadEscape(value.clone())),
                }
            }
            seen.push(name.clone());
            self.push(self.at..self.at + 1, ItemKind::Directive(Directive { name, value }));
        }
    }

    fn item(&mut self) {
        let line = self.line(self.at).trim_start();
        if line.is_empty() {
            self.push(self.at..self.at + 1, ItemKind::Blank);
        } else if line.starts_with('#') {
            self.push(self.at..self.at + 1, ItemKind::Comment);
        } else {
            self.instruction();
        }
    }

    fn instruction(&mut self) {
        let first = self.at;
        let (logical, mut end) = self.join(first);
        let mut instruction = split(&logical.text, self.escape);
        instruction.heredocs = self.heredocs(&instruction, &logical.text, &mut end, first);
        instruction.args.parts = logical.parts_of(&instruction.args.span);
        instruction.args.span = logical.place(&instruction.args.span);
        instruction.line = Self::number(first);
        instruction.last_line = Self::number(end - 1);
        instruction.span = self.lines[first].start..self.lines[end - 1].end;
        if let Keyword::Unknown(word) = &instruction.keyword {
            self.problem(first, ProblemKind::UnknownInstruction(word.clone()));
        } else if let Err(malformed) = instruction.meaning() {
            self.problem(first, malformed.into());
        }
        self.push(first..end, ItemKind::Instruction(instruction));
    }

    /// Joins continuation lines. Returns the index of the line after the last one that counts.
    fn join(&mut self, first: usize) -> (Logical, usize) {
        let mut logical = Logical::default();
        let line = self.line(first);
        let trimmed = line.trim_start();
        let offset = |part: &str| part.as_ptr() as usize - self.text.as_ptr() as usize;
        let (mut part, mut goes_on) = continued(trimmed, self.escape);
        logical.push(part, offset(part));
        let mut next = first + 1;
        let mut end = next;
        while goes_on && next < self.lines.len() {
            let line = self.line(next);
            next += 1;
            let content = line.trim();
            if content.is_empty() {
                self.problems
                    .push(Problem { line: Self::number(next - 1), kind: ProblemKind::EmptyContinuation });
            } else if !content.starts_with('#') {
                (part, goes_on) = continued(line, self.escape);
                let offset = part.as_ptr() as usize - self.text.as_ptr() as usize;
                logical.push(part, offset);
            }
            end = next;
        }
        (logical, end)
    }

    /// Reads the bodies of the heredocs named in the line; moves `end` behind them.
    fn heredocs(
        &mut self,
        instruction: &Instruction,
        line: &str,
        end: &mut usize,
        first: usize,
    ) -> Vec<Heredoc> {
        let mut heredocs = heredocs_named(instruction, line);
        for heredoc in &mut heredocs {
            let from = *end;
            let closed = (from..self.lines.len()).find(|&index| {
                let line = self.line(index);
                heredoc.name == if heredoc.chomp { line.trim_start_matches('\t') } else { line }
            });
            let last = closed.unwrap_or(self.lines.len());
            let start = self.lines.get(from).map_or(self.text.len(), |line| line.start);
            heredoc.body = start..self.lines.get(last).map_or(self.text.len(), |line| line.start);
            *end = closed.map_or(last, |index| index + 1);
            if closed.is_none() {
                self.problem(first, ProblemKind::OpenHeredoc(heredoc.name.clone()));
            }
        }
        heredocs
    }

    fn finish(mut self) -> (Dockerfile, Vec<Problem>) {
        if !self.items.iter().any(|item| matches!(item.kind, ItemKind::Instruction(_))) {
            self.problem(0, ProblemKind::NoInstructions);
        }
        for index in 0..self.lines.len() {
            let length = self.lines[index].len();
            if length > LONGEST_LINE {
                self.problem(index, ProblemKind::LineTooLong(length));
            }
        }
        self.problems.sort_by_key(|problem| problem.line);
        (Dockerfile { text: self.text.to_owned(), items: self.items }, self.problems)
    }
}

/// An instruction's lines as one, with the way back to the file.
#[derive(Default)]
struct Logical {
    text: String,
    /// Where each part starts: in the joined text, and in the file.
    parts: Vec<(usize, usize)>,
}

impl Logical {
    fn push(&mut self, part: &str, source: usize) {
        self.parts.push((self.text.len(), source));
        self.text.push_str(part);
    }

    /// The place in the file of a byte of the joined text.
    fn source(&self, at: usize) -> usize {
        let part = self.parts.partition_point(|(start, _)| *start <= at).saturating_sub(1);
        self.parts.get(part).map_or(0, |(start, source)| source + (at - start))
    }

    /// The place in the file of a part of the joined text. Nothing at all lies behind what precedes it, so that
    /// lines that continue into nothing do not turn its ends around.
    fn place(&self, part: &Span) -> Span {
        let end = self.source_end(part.end);
        if part.is_empty() { end..end } else { self.source(part.start)..end }
    }

    /// Where the parts of a range start: in the range, and in the file.
    fn parts_of(&self, range: &Span) -> Vec<(usize, usize)> {
        let within = self.parts.iter().filter(|(start, _)| range.start < *start && *start < range.end);
        let rest = within.map(|(start, source)| (start - range.start, *source));
        std::iter::once((0, self.source(range.start))).chain(rest).collect()
    }

    /// The place in the file behind the byte before `end`.
    fn source_end(&self, end: usize) -> usize {
        if end == 0 { self.source(0) } else { self.source(end - 1) + 1 }
    }
}

/// The line without an escape character at its end, and whether there was one.
/// Two of them are no continuation, and blanks may follow.
fn continued(line: &str, escape: char) -> (&str, bool) {
    match line.trim_end_matches([' ', '\t']).strip_suffix(escape) {
        Some(rest) if !rest.ends_with(escape) => (rest, true),
        _ => (line, false),
    }
}

/// White space between the words of an instruction.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ')
}

/// Splits a logical line into keyword, flags and arguments. Spans are those of the line.
pub(super) fn split(line: &str, escape: char) -> Instruction {
    let trimmed = line.trim();
    let start = line.len() - line.trim_start().len();
    let word = trimmed.find(is_blank).unwrap_or(trimmed.len());
    let (flags, rest) = flags(&trimmed[word..], escape);
    let args = rest.trim();
    let from = start + trimmed.len() - rest.trim_start().len();
    Instruction {
        keyword: Keyword::of(&trimmed[..word]),
        flags,
        args: Spanned { value: args.to_owned(), span: from..from + args.len(), parts: Vec::new() },
        heredocs: Vec::new(),
        line: 0,
        last_line: 0,
        span: 0..line.len(),
        escape,
    }
}

/// The `--name=value` words in front of the arguments, and what follows them.
fn flags(text: &str, escape: char) -> (Vec<Flag>, &str) {
    let mut flags = Vec::new();
    let mut rest = text.trim_start_matches(is_blank);
    while rest.starts_with("--") {
        let (word, length) = flag_word(rest, escape);
        rest = &rest[length..];
        if word == "--" {
            break;
        }
        let word = &word[2..];
        flags.push(match word.split_once('=') {
            Some((name, value)) => Flag { name: name.to_owned(), value: Some(value.to_owned()) },
            None => Flag { name: word.to_owned(), value: None },
        });
        rest = rest.trim_start_matches(is_blank);
    }
    (flags, rest)
}

/// One word with its quotes taken off, and how many bytes it took.
fn flag_word(text: &str, escape: char) -> (String, usize) {
    let mut word = String::new();
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            _ if c == escape => word.extend(chars.next().map(|(_, next)| next)),
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, _) if c.is_whitespace() => return (word, at),
            _ => word.push(c),
        }
    }
    (word, text.len())
}

/// The heredocs an instruction asks for, bodies still to be found.
fn heredocs_named(instruction: &Instruction, line: &str) -> Vec<Heredoc> {
    let trigger;
    let reader = if instruction.keyword == Keyword::Onbuild {
        trigger = split(&instruction.args.value, instruction.escape);
        &trigger
    } else {
        instruction
    };
    if !reader.keyword.reads_heredocs() || !line.contains("<<") || reader.exec_args().is_some() {
        return Vec::new();
    }
    let lexer = Lexer::splitting(instruction.escape);
    let words = lexer.words(line, &|_| None).unwrap_or_default();
    words.iter().filter_map(|word| heredoc(word, instruction.escape)).collect()
}

pub(super) fn heredoc(word: &str, escape: char) -> Option<Heredoc> {
    let found = HEREDOC.captures(word)?;
    let name = &found[3];
    let mut plain = Lexer::new(escape).keeping_unset().words(name, &|_| None).ok()?;
    if plain.len() != 1 {
        return None;
    }
    Some(Heredoc {
        name: plain.remove(0),
        descriptor: if found[1].is_empty() { 0 } else { found[1].parse().unwrap_or(u64::MAX) },
        chomp: !found[2].is_empty(),
        expand: !name.contains(['\'', '"']),
        body: 0..0,
    })
}
