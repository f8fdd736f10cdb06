//! Words, quotes and variables as the Dockerfile frontend sees them: the little shell
//! that works on `ENV`, `COPY`, `FROM` and their like, never on the commands of a `RUN`.
//!
//! <https://docs.docker.com/reference/dockerfile/#environment-replacement>

use regex_lite::Regex;

/// Splits and expands. The fields say how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lexer {
    /// The escape character of the file.
    pub escape: char,
    /// What becomes of a variable nobody set.
    pub unset: Unset,
    /// What becomes of quotes and escape characters.
    pub quotes: Quotes,
}

/// What becomes of a variable nobody set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unset {
    /// It is replaced by nothing, as in a build.
    Empty,
    /// It stays as written, because it may come from a base image that is not at hand.
    Keep,
}

/// What becomes of quotes and escape characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quotes {
    /// They do their work and are gone.
    Remove,
    /// They do their work and stay.
    Keep,
}

/// Why a text is no word of this shell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShellError {
    /// A quote is never closed.
    #[error("a {0} quote is not closed")]
    OpenQuote(char),
    /// `${` without its `}`.
    #[error("`${{` is not closed")]
    OpenBrace,
    /// `${}`, `${:x}` and the like.
    #[error("`${{` is not followed by a variable name")]
    NoName,
    /// `${X:=y}` and other forms the frontend does not know.
    #[error("`{0}` is not a modifier the Dockerfile frontend knows")]
    Modifier(String),
    /// `${X#\a}`: only wildcards and what ends a pattern can be escaped in one.
    #[error("`{0}` cannot be escaped in a pattern")]
    Escape(char),
    /// `${X:?message}` with X unset.
    #[error("`{name}` is required: {message}")]
    Required {
        /// The variable.
        name: String,
        /// What the file says about it.
        message: String,
    },
}

impl Lexer {
    /// As a build does it: quotes removed, unset variables empty.
    pub fn new(escape: char) -> Lexer {
        Lexer { escape, unset: Unset::Empty, quotes: Quotes::Remove }
    }

    /// The same lexer, leaving unset variables as written.
    #[must_use]
    pub fn keeping_unset(self) -> Lexer {
        Lexer { unset: Unset::Keep, ..self }
    }

    /// Only splits: quotes, escapes and variables stay as written.
    pub(super) fn splitting(escape: char) -> Lexer {
        Lexer { escape, unset: Unset::Keep, quotes: Quotes::Keep }
    }

    /// The text as one word.
    pub fn expand(self, text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, ShellError> {
        Ok(self.run(text, lookup)?.0)
    }

    /// The text as words, split where white space is not quoted.
    pub fn words(
        self,
        text: &str,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Vec<String>, ShellError> {
        Ok(self.run(text, lookup)?.1)
    }

    fn run(
        self,
        text: &str,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(String, Vec<String>), ShellError> {
        let chars: Vec<char> = text.chars().collect();
        let mut reader = Reader { lexer: self, chars: &chars, at: 0, lookup };
        let mut out = Words::new(self.quotes);
        let whole = reader.until(None, &mut out)?;
        Ok((whole, out.finish()))
    }
}

/// The words found so far and the one being read.
struct Words {
    done: Vec<String>,
    word: String,
    in_word: bool,
    quotes: Quotes,
}

impl Words {
    fn new(quotes: Quotes) -> Words {
        Words { done: Vec::new(), word: String::new(), in_word: false, quotes }
    }

    fn space(&mut self) {
        if std::mem::take(&mut self.in_word) {
            self.done.push(std::mem::take(&mut self.word));
        }
    }

    /// Unquoted text: white space in it ends a word.
    fn split(&mut self, text: &str) {
        for c in text.chars() {
            // `<< EOF` is one word where heredocs are looked for.
            let in_heredoc = self.quotes == Quotes::Keep && self.word.ends_with("<<");
            if c.is_whitespace() && !(in_heredoc && matches!(c, ' ' | '\t')) {
                self.space();
            } else {
                self.raw(c.encode_utf8(&mut [0; 4]));
            }
        }
    }

    /// Quoted text: makes a word even when it is empty.
    fn raw(&mut self, text: &str) {
        self.in_word = true;
        self.word.push_str(text);
    }

    fn finish(mut self) -> Vec<String> {
        self.space();
        self.done
    }
}

struct Reader<'a> {
    lexer: Lexer,
    chars: &'a [char],
    at: usize,
    lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn keeps(&self) -> bool {
        self.lexer.quotes == Quotes::Keep
    }

    /// Reads up to `stop`, or to the end when there is none.
    fn until(&mut self, stop: Option<char>, words: &mut Words) -> Result<String, ShellError> {
        let mut whole = String::new();
        while let Some(c) = self.peek() {
            if Some(c) == stop {
                self.at += 1;
                return Ok(whole);
            }
            match c {
                '\'' => {
                    let text = self.single_quoted()?;
                    words.raw(&text);
                    whole.push_str(&text);
                }
                '"' => {
                    let text = self.double_quoted()?;
                    words.raw(&text);
                    whole.push_str(&text);
                }
                '$' => {
                    let text = self.dollar()?;
                    words.split(&text);
                    whole.push_str(&text);
                }
                _ if c == self.lexer.escape => {
                    let text = self.escaped();
                    if !text.is_empty() {
                        words.raw(&text);
                    }
                    whole.push_str(&text);
                }
                _ => {
                    self.at += 1;
                    let mut buffer = [0; 4];
                    let text = c.encode_utf8(&mut buffer);
                    words.split(text);
                    whole.push_str(text);
                }
            }
        }
        if stop.is_some() { Err(ShellError::OpenBrace) } else { Ok(whole) }
    }

    /// An escape character outside quotes takes the meaning from the next one.
    fn escaped(&mut self) -> String {
        self.at += 1;
        let mut text = String::new();
        if self.keeps() {
            text.push(self.lexer.escape);
        }
        text.extend(self.next());
        text
    }

    fn single_quoted(&mut self) -> Result<String, ShellError> {
        let mut text = String::new();
        self.at += 1;
        if self.keeps() {
            text.push('\'');
        }
        loop {
            match self.next() {
                None => return Err(ShellError::OpenQuote('\'')),
                Some('\'') => break,
                Some(c) => text.push(c),
            }
        }
        if self.keeps() {
            text.push('\'');
        }
        Ok(text)
    }

    fn double_quoted(&mut self) -> Result<String, ShellError> {
        let mut text = String::new();
        self.at += 1;
        if self.keeps() {
            text.push('"');
        }
        loop {
            match self.peek() {
                None => return Err(ShellError::OpenQuote('"')),
                Some('"') => break,
                Some('$') => text.push_str(&self.dollar()?),
                Some(c) if c == self.lexer.escape => {
                    self.at += 1;
                    let Some(next) = self.next() else {
                        return Err(ShellError::OpenQuote('"'));
                    };
                    let takes = matches!(next, '"' | '$') || next == self.lexer.escape;
                    if !takes || self.keeps() {
                        text.push(c);
                    }
                    text.push(next);
                }
                Some(c) => {
                    self.at += 1;
                    text.push(c);
                }
            }
        }
        self.at += 1;
        if self.keeps() {
            text.push('"');
        }
        Ok(text)
    }

    fn dollar(&mut self) -> Result<String, ShellError> {
        let start = self.at;
        self.at += 1;
        if self.peek() == Some('{') {
            self.at += 1;
            return self.braces(start);
        }
        let name = self.name();
        if name.is_empty() {
            return Ok("$".to_owned());
        }
        Ok(self.value(&name, start))
    }

    /// The value, or what stands for a variable that has none.
    fn value(&self, name: &str, start: usize) -> String {
        (self.lookup)(name).unwrap_or_else(|| self.absent(start))
    }

    fn absent(&self, start: usize) -> String {
        match self.lexer.unset {
            Unset::Empty => String::new(),
            Unset::Keep => self.chars[start..self.at].iter().collect(),
        }
    }

    /// A name, a row of digits, or one of the shell's special parameters.
    fn name(&mut self) -> String {
        let start = self.at;
        match self.peek() {
            Some(c) if c.is_ascii_digit() => self.skip(|c| c.is_ascii_digit()),
            Some('@' | '*' | '#' | '!' | '?' | '-' | '$') => self.at += 1,
            Some(c) if c.is_alphabetic() || c == '_' => {
                self.skip(|c| c.is_alphanumeric() || c == '_');
            }
            _ => {}
        }
        self.chars[start..self.at].iter().collect()
    }

    fn skip(&mut self, while_true: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&while_true) {
            self.at += 1;
        }
    }

    /// `${name}` and its modifiers.
    fn braces(&mut self, start: usize) -> Result<String, ShellError> {
        if self.peek().is_none() {
            return Err(ShellError::OpenBrace);
        }
        let name = self.name();
        if name.is_empty() {
            return Err(ShellError::NoName);
        }
        match self.next() {
            None => Err(ShellError::OpenBrace),
            Some('}') => Ok(self.value(&name, start)),
            Some(':') => match self.next() {
                None => Err(ShellError::OpenBrace),
                Some(c @ ('-' | '+' | '?')) => self.conditional(&name, c, Colon::Written, start),
                Some(c) => Err(ShellError::Modifier(format!(":{c}"))),
            },
            Some(c @ ('-' | '+' | '?')) => self.conditional(&name, c, Colon::Absent, start),
            Some(c @ ('#' | '%')) => self.trimmed(&name, c, start),
            Some('/') => self.replaced(&name, start),
            Some(c) => Err(ShellError::Modifier(c.to_string())),
        }
    }

    fn conditional(
        &mut self,
        name: &str,
        modifier: char,
        colon: Colon,
        start: usize,
    ) -> Result<String, ShellError> {
        let word = self.until(Some('}'), &mut Words::new(self.lexer.quotes))?;
        let value = (self.lookup)(name);
        let filled = match &value {
            Some(value) => colon == Colon::Absent || !value.is_empty(),
            None => false,
        };
        match modifier {
            '-' if filled => Ok(value.unwrap_or_default()),
            '-' => Ok(word),
            '+' if filled => Ok(word),
            '+' => Ok(String::new()),
            _ if filled => Ok(value.unwrap_or_default()),
            _ if self.lexer.unset == Unset::Keep => Ok(self.absent(start)),
            _ => Err(ShellError::Required { name: name.to_owned(), message: word }),
        }
    }

    /// `${x#p}`, `${x##p}`, `${x%p}`, `${x%%p}`.
    fn trimmed(&mut self, name: &str, end: char, start: usize) -> Result<String, ShellError> {
        let longest = self.peek() == Some(end);
        if longest {
            self.at += 1;
        }
        let pattern = self.until_pattern('}')?;
        let (regex, kept) = match (end, longest) {
            ('#', true) => (format!("^{}", to_regex(&pattern, ".*")?), ""),
            ('#', false) => (format!("^{}", to_regex(&pattern, ".*?")?), ""),
            (_, true) => (format!(r"{}\z", to_regex(&pattern, ".*")?), ""),
            (_, false) => (format!(r"^(.*){}\z", to_regex(&pattern, ".*")?), "$1"),
        };
        let Some(value) = (self.lookup)(name) else {
            return Ok(self.absent(start));
        };
        Ok(match matcher(&regex) {
            Some(regex) => regex.replace(&value, kept).into_owned(),
            None => value,
        })
    }

    /// `${x/p/r}` and `${x//p/r}`.
    fn replaced(&mut self, name: &str, start: usize) -> Result<String, ShellError> {
        let all = self.peek() == Some('/');
        if all {
            self.at += 1;
        }
        let pattern = self.until_pattern('/')?;
        let replacement = self.until(Some('}'), &mut Words::new(self.lexer.quotes))?;
        // A build refuses a bad pattern even when there is no value to look at.
        let regex = to_regex(&pattern, ".*")?;
        let Some(value) = (self.lookup)(name) else {
            return Ok(self.absent(start));
        };
        let Some(regex) = matcher(&regex) else {
            return Ok(value);
        };
        let replacement = regex_lite::NoExpand(&replacement);
        Ok(if all {
            regex.replace_all(&value, replacement).into_owned()
        } else {
            regex.replace(&value, replacement).into_owned()
        })
    }

    /// A pattern keeps its escape characters, because `\*` must not become a wildcard.
    fn until_pattern(&mut self, stop: char) -> Result<String, ShellError> {
        let mut reader = Reader {
            lexer: Lexer { quotes: Quotes::Remove, ..self.lexer },
            chars: self.chars,
            at: self.at,
            lookup: self.lookup,
        };
        let mut text = String::new();
        loop {
            match reader.peek() {
                None => return Err(ShellError::OpenBrace),
                Some(c) if c == stop => break,
                Some(c) if c == reader.lexer.escape => {
                    reader.at += 1;
                    text.push('\\');
                    text.extend(reader.next());
                }
                Some('\'') => text.push_str(&reader.single_quoted()?),
                Some('"') => text.push_str(&reader.double_quoted()?),
                Some('$') => text.push_str(&reader.dollar()?),
                Some(c) => {
                    reader.at += 1;
                    text.push(c);
                }
            }
        }
        self.at = reader.at + 1;
        Ok(text)
    }
}

/// Whether the modifier was written with a colon, so that an empty value counts as unset.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Colon {
    Written,
    Absent,
}

fn matcher(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("(?s){pattern}")).ok()
}

/// A shell pattern as a regular expression; `*` becomes `any`.
fn to_regex(pattern: &str, any: &str) -> Result<String, ShellError> {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => out.push_str(any),
            '?' => out.push('.'),
            '\\' => match chars.next() {
                Some(c @ ('*' | '?' | '\\' | '}' | '/')) => {
                    out.push_str(&regex_lite::escape(c.encode_utf8(&mut [0; 4])));
                }
                other => return Err(ShellError::Escape(other.unwrap_or('\\'))),
            },
            _ => out.push_str(&regex_lite::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        let known = [("A", "a"), ("EMPTY", ""), ("V", "v1.2.3"), ("P", "/usr/bin"), ("TWO", "x y")];
        known.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn expands() {
        for (text, want) in [
            ("$A-${A}", "a-a"),
            ("'$A' \"$A\"", "$A a"),
            (r"\$A \\", r"$A \"),
            ("$NONE|", "|"),
            ("${NONE:-b}${EMPTY:-c}${EMPTY-d}", "bc"),
            ("${A:+x}${EMPTY:+y}${EMPTY+z}", "xz"),
            ("${NONE:-${A}b}", "ab"),
            ("${V#v}", "1.2.3"),
            ("${V#*.}", "2.3"),
            ("${V##*.}", "3"),
            ("${V%.*}", "v1.2"),
            ("${V%%.*}", "v1"),
            ("${V//./_}", "v1_2_3"),
            ("${V/./_}", "v1_2.3"),
            ("a$", "a$"),
            (r#""a\"b""#, r#"a"b"#),
        ] {
            assert_eq!(Lexer::new('\\').expand(text, &lookup).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn refuses() {
        for text in ["'a", "\"a", "${A", "${}", "${A:=b}", "${NONE:?needed}"] {
            assert!(Lexer::new('\\').expand(text, &lookup).is_err(), "{text}");
        }
    }

    #[test]
    fn splits() {
        for (text, want) in [
            ("a  b", vec!["a", "b"]),
            ("'a b' c\"d e\"", vec!["a b", "cd e"]),
            ("$TWO \"$TWO\"", vec!["x", "y", "x y"]),
            ("a '' b", vec!["a", "", "b"]),
            (r"a\ b", vec!["a b"]),
        ] {
            assert_eq!(Lexer::new('\\').words(text, &lookup).unwrap(), want, "{text}");
        }
    }

    #[test]
    fn keeps_what_nobody_set() {
        let lexer = Lexer::new('\\').keeping_unset();
        assert_eq!(lexer.expand("/x:$PATH:${HOME}:$A", &lookup).unwrap(), "/x:$PATH:${HOME}:a");
    }
}
