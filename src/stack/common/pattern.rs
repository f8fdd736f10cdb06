//! Regular expressions over source code: each compiled once in a run, and only where its word is seen.
//!
//! The sources of a service are few and short, so what counts is how long an expression takes to compile, not
//! how fast it searches: regex-lite compiles in a hundredth of the time that regex needs to plan its search.
//! Even so an expression that cannot match without `Listen` and a digit is left alone until a text has both.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use memchr::{memchr2_iter, memmem};
use regex_lite::{Captures, Regex, Replacer};

/// A regular expression that is compiled when it may match.
#[derive(Debug)]
pub struct Pattern {
    text: &'static str,
    certain: Certain,
    compiled: OnceLock<Regex>,
}

/// The expression, the same one for the same text.
pub fn pattern(text: &'static str) -> &'static Pattern {
    static KNOWN: LazyLock<Mutex<BTreeMap<&'static str, &'static Pattern>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(text).or_insert_with(|| {
        Box::leak(Box::new(Pattern { text, certain: Certain::of(text), compiled: OnceLock::new() }))
    })
}

impl Pattern {
    /// The groups of the first match.
    pub fn captures<'h>(&self, haystack: &'h str) -> Option<Captures<'h>> {
        self.regex_for(haystack)?.captures(haystack)
    }

    /// The groups of every match.
    pub fn captures_iter<'h>(&self, haystack: &'h str) -> impl Iterator<Item = Captures<'h>> {
        self.regex_for(haystack).into_iter().flat_map(move |regex| regex.captures_iter(haystack))
    }

    /// The text with every match replaced.
    pub fn replace_all<'h>(&self, haystack: &'h str, with: impl Replacer) -> Cow<'h, str> {
        self.regex_for(haystack).map_or(Cow::Borrowed(haystack), |regex| regex.replace_all(haystack, with))
    }

    /// Does it match anywhere?
    pub fn is_match(&self, haystack: &str) -> bool {
        self.regex_for(haystack).is_some_and(|regex| regex.is_match(haystack))
    }

    /// The compiled expression where it may match.
    ///
    /// # Panics
    /// When it does not compile: expressions are literals of this program, and a test reads each.
    fn regex_for(&self, haystack: &str) -> Option<&Regex> {
        let compile = || Regex::new(self.text).expect("the expressions are read by a test");
        self.certain.is_in(haystack).then(|| self.compiled.get_or_init(compile))
    }
}

/// What every match contains, in this order. Looking for it is quicker than matching, and most lines have nothing
/// of it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Certain(Vec<Part>);

/// One thing that a match contains.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Digit,
    /// A run of plain characters.
    Word(String),
    /// The same where case does not count.
    InAnyCase(String),
    OneOf(Vec<Certain>),
}

impl Certain {
    fn of(text: &'static str) -> Self {
        Reader { text, at: 0, ignores_case: false }.alternatives()
    }

    fn is_in(&self, haystack: &str) -> bool {
        self.behind(haystack.as_bytes()).is_some()
    }

    /// What is left of a text behind the first place that has everything.
    fn behind<'h>(&self, text: &'h [u8]) -> Option<&'h [u8]> {
        self.0.iter().try_fold(text, |rest, part| part.behind(rest))
    }
}

impl Part {
    fn behind<'h>(&self, text: &'h [u8]) -> Option<&'h [u8]> {
        match self {
            Self::Digit => text.get(text.iter().position(u8::is_ascii_digit)? + 1..),
            Self::Word(word) => text.get(memmem::find(text, word.as_bytes())? + word.len()..),
            Self::InAnyCase(word) => {
                let first = *word.as_bytes().first()?;
                memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), text)
                    .filter_map(|at| text[at..].split_at_checked(word.len()))
                    .find(|(found, _)| found.eq_ignore_ascii_case(word.as_bytes()))
                    .map(|(_, rest)| rest)
            }
            Self::OneOf(several) => {
                several.iter().filter_map(|certain| certain.behind(text)).max_by_key(|rest| rest.len())
            }
        }
    }
}

/// Reads an expression as far as it takes to know what is certain.
struct Reader {
    text: &'static str,
    at: usize,
    ignores_case: bool,
}

impl Reader {
    fn next(&mut self) -> Option<u8> {
        let byte = self.text.as_bytes().get(self.at).copied();
        self.at += usize::from(byte.is_some());
        byte
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Up to the end of the group or of the expression.
    fn alternatives(&mut self) -> Certain {
        let mut several = Vec::new();
        loop {
            let (certain, is_last) = self.alternative();
            several.push(certain);
            if is_last {
                break;
            }
        }
        // Where one alternative has nothing certain, nothing is.
        match several.len() {
            1 => several.pop().unwrap_or_default(),
            _ if several.iter().any(|certain| certain.0.is_empty()) => Certain::default(),
            _ => Certain(vec![Part::OneOf(several)]),
        }
    }

    /// Up to the next `|`, or to the end; and whether it was the end.
    fn alternative(&mut self) -> (Certain, bool) {
        let mut certain = Certain::default();
        let mut run = Vec::new();
        let is_last = loop {
            let mut inner = Certain::default();
            let plain = match self.next() {
                None | Some(b')') => break true,
                Some(b'|') => break false,
                Some(b'(') => {
                    inner = self.group();
                    None
                }
                Some(b'[') => {
                    self.class();
                    None
                }
                Some(b'\\') => match self.next() {
                    Some(b'd') => {
                        inner.0.push(Part::Digit);
                        None
                    }
                    escaped => escaped.filter(u8::is_ascii_punctuation),
                },
                Some(b'.' | b'^' | b'$') => None,
                // Beyond ASCII, what differs in case alone may differ in length.
                Some(byte) => Some(byte).filter(|byte| !self.ignores_case || byte.is_ascii()),
            };
            // What may be missing is not certain, and a run ends before it.
            let (may_miss, is_repeated) = self.quantifier();
            let stays = plain.filter(|_| !may_miss);
            run.extend(stays);
            if stays.is_none() || is_repeated {
                certain.0.extend(self.ended(&mut run));
            }
            if !may_miss {
                certain.0.append(&mut inner.0);
            }
        };
        certain.0.extend(self.ended(&mut run));
        (certain, is_last)
    }

    /// The run of plain characters that ends here, if there is one.
    fn ended(&self, run: &mut Vec<u8>) -> Option<Part> {
        let run = std::mem::take(run);
        let has_case = self.ignores_case && run.iter().any(u8::is_ascii_alphabetic);
        let word = String::from_utf8_lossy(&run).into_owned();
        let part = if has_case { Part::InAnyCase } else { Part::Word };
        Some(part(word)).filter(|_| !run.is_empty())
    }

    /// Behind the bracket that opens it.
    fn group(&mut self) -> Certain {
        let before = self.ignores_case;
        if self.peek() == Some(b'?') {
            let flags = self.at;
            while let Some(byte) = self.next() {
                match byte {
                    b'i' if !self.text[flags..self.at].contains('<') => self.ignores_case = true,
                    b':' | b'>' => break,
                    // Flags alone hold up to the end of what they stand in.
                    b')' => return Certain::default(),
                    _ => {}
                }
            }
        }
        let inner = self.alternatives();
        self.ignores_case = before;
        inner
    }

    /// Behind the bracket that opens it. A bracket that comes first is a member of its class.
    fn class(&mut self) {
        self.at += usize::from(self.peek() == Some(b'^'));
        self.at += usize::from(self.peek() == Some(b']'));
        while let Some(byte) = self.next() {
            match byte {
                b'\\' => self.at += 1,
                b']' => break,
                _ => {}
            }
        }
    }

    /// May what stands before be missing, and may it stand there more than once?
    fn quantifier(&mut self) -> (bool, bool) {
        let (may_miss, is_repeated) = match self.peek() {
            Some(b'?' | b'*') => (true, true),
            Some(b'+') => (false, true),
            Some(b'{') => (self.text[self.at..].starts_with("{0"), true),
            _ => return (false, false),
        };
        if self.next() == Some(b'{') {
            while self.next().is_some_and(|byte| byte != b'}') {}
        }
        self.at += usize::from(self.peek() == Some(b'?'));
        (may_miss, is_repeated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_ascii() {
        let found = pattern(r"([^\s\w]\d)").captures("a é7 .8").map(|found| found[1].to_owned());
        assert_eq!(found.as_deref(), Some("é7"));
    }

    #[test]
    fn what_is_certain_is_in_every_match() {
        for (text, parts) in [
            (r"listen\(([\d_]+)\)", "`listen(` `)`"),
            (r"\bhttp\.ListenAndServe(?:TLS)?\(\d", "`http.ListenAndServe` `(` 0"),
            (r"ports?\s*=", "`port` `=`"),
            (r"ab{0,2}c", "`a` `c`"),
            (r"ab+?c", "`ab` `c`"),
            (r"one|other", "[`one` | `other`]"),
            (r"(?:one|other|\w+): run", "`: run`"),
            (r"(?:one|(?:two|three) 4\d)+: run", "[`one` | [`two` | `three`] ` 4` 0] `: run`"),
            (r#"(?P<name>"x)(\d{2,5})"#, "`\"x` 0"),
            (r"(a\d)?b\d*", "`b`"),
            (r"[]x]+yes[^]abcdef]", "`yes`"),
            (r#"(?i)listen="on+""#, "~listen=\"on~ `\"`"),
            (r"(?i:env)=PORT", "~env~ `=PORT`"),
            (r"^\d+$", "0"),
            (r"never\\end\n\[", "`never\\end` `[`"),
        ] {
            assert_eq!(Certain::of(text).to_string(), parts, "{text}");
        }
    }

    #[test]
    fn it_is_looked_for_in_order() {
        let certain = Certain::of(r#"(?i)(?:bind|listen)\("\w+:(\d+)""#);
        assert!(certain.is_in(r#"server.Listen("all:80")"#));
        for text in [r#"send(":80")"#, r#""80": listen("a:b")"#, r#"listen("all:80"#] {
            assert!(!certain.is_in(text), "{text}");
        }
    }

    impl std::fmt::Display for Certain {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            let show = |several: &[Self], between: &str| {
                several.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
            };
            let parts: Vec<String> = self
                .0
                .iter()
                .map(|part| match part {
                    Part::Digit => "0".to_owned(),
                    Part::Word(word) => format!("`{word}`"),
                    Part::InAnyCase(word) => format!("~{word}~"),
                    Part::OneOf(several) => format!("[{}]", show(several, " | ")),
                })
                .collect();
            f.write_str(&parts.join(" "))
        }
    }

    #[test]
    fn a_text_without_the_word_compiles_nothing() {
        let lazy = pattern(r"neverseen\((\d+)\)");
        assert!(!lazy.is_match("listen(80)") && lazy.compiled.get().is_none());
        assert!(lazy.is_match("neverseen(80)") && lazy.compiled.get().is_some());
    }
}
