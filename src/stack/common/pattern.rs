//! Regular expressions over source code: each compiled once in a run, and only where its word is seen.
//!
//! The sources of a service are few and short, so what counts is how long an expression takes to compile, not
//! how fast it searches: regex-lite compiles in a hundredth of the time that regex needs to plan its search.
//! Even so an expression that cannot match without `Listen` and a digit is left alone until a text has both.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

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

/// What every match contains. Looking for it is quicker than matching, and most lines have nothing of it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Certain {
    /// Runs of plain characters, in the order of the expression.
    words: Vec<&'static str>,
    digit: bool,
}

impl Certain {
    fn of(text: &'static str) -> Self {
        Reader { text, at: 0, ignores_case: text.starts_with("(?i)") }.alternatives()
    }

    fn is_in(&self, haystack: &str) -> bool {
        self.words.iter().all(|word| haystack.contains(word))
            && (!self.digit || haystack.bytes().any(|byte| byte.is_ascii_digit()))
    }

    fn keep(&mut self, run: &'static str) {
        if !run.is_empty() {
            self.words.push(run);
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

    /// Up to the end of the group or of the expression. Of several alternatives nothing is certain.
    fn alternatives(&mut self) -> Certain {
        let mut certain = Certain::default();
        let mut is_one = true;
        // Where the run of plain characters began that ends here.
        let mut run = self.at..self.at;
        loop {
            let item = self.at;
            let Some(byte) = self.next() else { break };
            let mut inner = Certain::default();
            let is_plain = match byte {
                b')' => break,
                b'|' => {
                    is_one = false;
                    false
                }
                b'(' => {
                    inner = self.group();
                    false
                }
                b'[' => {
                    self.class();
                    false
                }
                b'\\' => {
                    inner.digit = self.next() == Some(b'd');
                    false
                }
                b'.' | b'^' | b'$' => false,
                letter => !(self.ignores_case && letter.is_ascii_alphabetic()),
            };
            // What may be missing is not certain, and a run ends before it.
            let (may_miss, is_repeated) = self.quantifier();
            if is_plain && !may_miss {
                run.end = item + 1;
            } else if !may_miss {
                certain.digit |= inner.digit;
                certain.words.append(&mut inner.words);
            }
            if !is_plain || may_miss || is_repeated {
                certain.keep(&self.text[run]);
                run = self.at..self.at;
            }
        }
        certain.keep(&self.text[run]);
        if is_one { certain } else { Certain::default() }
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
        for (text, words, digit) in [
            (r"listen\(([\d_]+)\)", &["listen"][..], false),
            (r"\bhttp\.ListenAndServe(?:TLS)?\(\d", &["http", "ListenAndServe"], true),
            (r"ports?\s*=", &["port", "="], false),
            (r"ab{0,2}c", &["a", "c"], false),
            (r"ab+?c", &["ab", "c"], false),
            (r"one|other", &[], false),
            (r"(?:one|other): run", &[": run"], false),
            (r#"(?P<name>"x)(\d{2,5})"#, &["\"x"], true),
            (r"(a\d)?b\d*", &["b"], false),
            (r"[]x]+yes[^]abcdef]", &["yes"], false),
            (r#"(?i)listen="on""#, &["=\"", "\""], false),
            (r"(?i:env)=PORT", &["=PORT"], false),
            (r"^\d+$", &[], true),
            (r"never\\end", &["never", "end"], false),
        ] {
            let certain = Certain { words: words.to_vec(), digit };
            assert_eq!(Certain::of(text), certain, "{text}");
        }
    }

    #[test]
    fn a_text_without_the_word_compiles_nothing() {
        let lazy = pattern(r"neverseen\((\d+)\)");
        assert!(!lazy.is_match("listen(80)") && lazy.compiled.get().is_none());
        assert!(lazy.is_match("neverseen(80)") && lazy.compiled.get().is_some());
    }
}
