//! Python's tokens, without comments: names, numbers, texts and signs, in logical lines.
//!
//! Forgiving on purpose: a file in a newer syntax, or one that does not compile at all, still gives
//! the lines that can be told apart.

/// A word of Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or a keyword.
    Name(String),
    /// A number as written.
    Number(String),
    /// A text without its quotes. Escapes are left as they are.
    Text(String),
    /// A text with values put into it.
    Format(String),
    /// An operator, a bracket, a comma.
    Sign(String),
}

impl Token {
    /// What it is made of.
    pub fn text(&self) -> &str {
        match self {
            Self::Name(text)
            | Self::Number(text)
            | Self::Text(text)
            | Self::Format(text)
            | Self::Sign(text) => text,
        }
    }

    /// Is it this sign?
    pub fn is(&self, sign: &str) -> bool {
        matches!(self, Self::Sign(text) if text == sign)
    }

    /// Is it a sign at all?
    pub fn is_sign(&self) -> bool {
        matches!(self, Self::Sign(_))
    }

    /// Is it this name or keyword?
    pub fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Name(text) if text == word)
    }
}

/// A logical line: brackets are closed, continued lines are joined.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// The number of its first line, from 1.
    pub number: u32,
    /// How far it is indented.
    pub indent: u32,
    /// Its tokens; never none.
    pub tokens: Vec<Token>,
}

/// Reads a text into logical lines.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut lexer = Lexer { rest: text, number: 1, depth: 0, lines: Vec::new(), open: None, indent: Some(0) };
    while let Some(c) = lexer.rest.chars().next() {
        lexer.step(c);
    }
    lexer.end_line();
    lexer.lines
}

struct Lexer<'t> {
    rest: &'t str,
    number: u32,
    depth: u32,
    lines: Vec<Line>,
    open: Option<Line>,
    /// The blanks so far at the beginning of a line; none after the first token.
    indent: Option<u32>,
}

impl Lexer<'_> {
    fn step(&mut self, c: char) {
        match c {
            '\n' => {
                self.skip(1);
                self.number += 1;
                if self.depth == 0 {
                    self.end_line();
                }
            }
            '\t' => self.blank(8),
            c if c.is_whitespace() => {
                let width = c.len_utf8();
                self.blank_of(width, 1);
            }
            '\\' if self.rest[1..].trim_start_matches('\r').starts_with('\n') => {
                let width = self.rest.find('\n').unwrap_or_default() + 1;
                self.skip(width);
                self.number += 1;
            }
            '#' => {
                let width = self.rest.find('\n').unwrap_or(self.rest.len());
                self.skip(width);
            }
            '"' | '\'' => self.quoted(0),
            c if c.is_ascii_digit() => {
                self.take(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.', Token::Number);
            }
            c if c == '_' || c.is_alphabetic() => match prefix(self.rest) {
                Some(width) => self.quoted(width),
                None => self.take(|c| c == '_' || c.is_alphanumeric(), Token::Name),
            },
            ';' if self.depth == 0 => {
                self.skip(1);
                let indent = self.open.as_ref().map(|line| line.indent);
                self.end_line();
                self.indent = indent.or(Some(0));
                self.rest = self.rest.trim_start_matches([' ', '\t']);
            }
            _ => self.sign(c),
        }
    }

    fn skip(&mut self, width: usize) {
        self.rest = self.rest.get(width..).unwrap_or_default();
    }

    fn blank(&mut self, columns: u32) {
        self.blank_of(1, columns);
    }

    fn blank_of(&mut self, width: usize, columns: u32) {
        self.skip(width);
        if self.open.is_none() {
            self.indent = self.indent.map(|so_far| so_far + columns);
        }
    }

    fn push(&mut self, token: Token) {
        let (number, indent) = (self.number, self.indent.unwrap_or_default());
        let line = self.open.get_or_insert_with(|| Line { number, indent, tokens: Vec::new() });
        line.tokens.push(token);
    }

    fn end_line(&mut self) {
        self.lines.extend(self.open.take());
        self.indent = Some(0);
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool, make: impl Fn(String) -> Token) {
        let width = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let word = self.rest[..width].to_owned();
        self.push(make(word));
        self.skip(width);
    }

    fn sign(&mut self, c: char) {
        let two = self.rest.get(..2).filter(|two| SIGNS.contains(two));
        let sign = two.map_or_else(|| c.to_string(), str::to_owned);
        match c {
            // What follows is no Python, and would be looked through once for each bracket around it.
            '(' | '[' | '{' if self.depth == DEEPEST => return self.rest = "",
            '(' | '[' | '{' => self.depth += 1,
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        let width = sign.len();
        self.push(Token::Sign(sign));
        self.skip(width);
    }

    /// A text whose quotes begin after a prefix of `width` letters.
    fn quoted(&mut self, width: usize) {
        let is_format = self.rest[..width].contains(['f', 'F', 't', 'T']);
        let body = &self.rest[width..];
        let quote = &body[..1];
        let triple = quote.repeat(3);
        let (mark, is_long) =
            if body.starts_with(&triple) { (triple.as_str(), true) } else { (quote, false) };
        let inside = &body[mark.len()..];
        let mut end = inside.len();
        let mut escaped = false;
        for (at, c) in inside.char_indices() {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if inside[at..].starts_with(mark) || (c == '\n' && !is_long) {
                end = at;
                break;
            }
        }
        let text = inside[..end].to_owned();
        let closed = if inside[end..].starts_with(mark) { mark.len() } else { 0 };
        let broken = u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX);
        let all = width + mark.len() + end + closed;
        self.push(if is_format { Token::Format(text) } else { Token::Text(text) });
        self.skip(all);
        self.number = self.number.saturating_add(broken);
    }
}

/// How many brackets `CPython` lets stand inside one another: MAXLEVEL of its `Parser/lexer/state.h`.
const DEEPEST: u32 = 200;

/// Signs of two characters that must not be read as an assignment and something else.
const SIGNS: &[&str] =
    &["==", "!=", "<=", ">=", ":=", "->", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "^=", "**", "//", "@="];

/// The letters before a quote (`rb"…"`), when they are a text's prefix. There are two at most, so no more is looked at.
fn prefix(rest: &str) -> Option<usize> {
    let start = &rest.as_bytes()[..rest.len().min(3)];
    let width = start.iter().position(|byte| matches!(byte, b'"' | b'\''))?;
    start[..width].iter().all(|letter| b"rRbBfFuUtT".contains(letter)).then_some(width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_logical() {
        for (text, expected) in [
            ("a = 1 # b = 2\n", "1:0 a = 1"),
            ("f(\n  1,\n  2)\nx", "1:0 f ( 1 , 2 )|4:0 x"),
            ("if x:\n\ty = 'a\\'b'\n", "1:0 if x :|2:8 y = a\\'b"),
            ("s = '''one\ntwo'''; t = 2\nu", "1:0 s = one\ntwo|2:0 t = 2|3:0 u"),
            ("a = \\\n  b == c", "1:0 a = b == c"),
            ("f'{x}' rb\"y\"", "1:0 {x} y"),
            ("x = 'open\ny", "1:0 x = open|2:0 y"),
            ("é = \"…\"", "1:0 é = …"),
            ("r'\\d' + bytes", "1:0 \\d + bytes"),
        ] {
            let got: Vec<String> = lines(text)
                .iter()
                .map(|line| {
                    let words: Vec<&str> = line.tokens.iter().map(Token::text).collect();
                    format!("{}:{} {}", line.number, line.indent, words.join(" "))
                })
                .collect();
            assert_eq!(got.join("|"), expected, "{text:?}");
        }
    }

    #[test]
    fn brackets_end_somewhere() {
        let tokens: usize = lines(&"f(".repeat(10_000)).iter().map(|line| line.tokens.len()).sum();
        assert_eq!(tokens, 2 * 200 + 1);
    }
}
