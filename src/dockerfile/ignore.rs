//! `.dockerignore` as moby's pattern matcher reads it, which is not `.gitignore`'s way:
//! patterns start at the root of the context, and a later `!` may bring back a file below
//! an excluded folder.
//!
//! <https://docs.docker.com/build/concepts/context/#dockerignore-files>

use std::{iter::Peekable, str::Chars};

use regex_lite::Regex;

/// A parsed ignore file. The last pattern that matches decides.
#[derive(Debug, Clone)]
pub struct IgnoreFile {
    patterns: Vec<IgnorePattern>,
}

/// One line of an ignore file.
#[derive(Debug, Clone)]
pub struct IgnorePattern {
    /// Its line, counted from 1.
    pub line: u32,
    /// What it does to the paths it matches.
    pub effect: Effect,
    /// The pattern without `!`, cleaned as a path.
    pub text: String,
    matcher: Matcher,
}

/// What a pattern does to the paths it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// They do not reach the build.
    Exclude,
    /// They do after all: the pattern began with `!`.
    Include,
}

/// A pattern that makes a build fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: `{pattern}` is not a pattern")]
pub struct BadPattern {
    /// The line, counted from 1.
    pub line: u32,
    /// The line's text.
    pub pattern: String,
}

impl IgnoreFile {
    /// Reads the text of an ignore file.
    pub fn parse(text: &str) -> Result<IgnoreFile, BadPattern> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut patterns = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            // Only in the first column; elsewhere `#` is a name.
            if text.starts_with('#') || text.trim().is_empty() {
                continue;
            }
            let bad = || BadPattern { line, pattern: text.to_owned() };
            let (effect, cleaned) = cleaned(text).ok_or_else(bad)?;
            let matcher = Matcher::of(&cleaned).ok_or_else(bad)?;
            patterns.push(IgnorePattern { line, effect, text: cleaned, matcher });
        }
        Ok(IgnoreFile { patterns })
    }

    /// Whether a build sees nothing of the file at `path`: `/`-separated, from the root of
    /// the context, without `.` and `..`.
    pub fn excludes(&self, path: &str) -> bool {
        self.decided_by(path).is_some_and(|pattern| pattern.effect == Effect::Exclude)
    }

    /// The pattern that decides about a path, if any matches it or a folder above it.
    pub fn decided_by(&self, path: &str) -> Option<&IgnorePattern> {
        self.patterns.iter().rev().find(|pattern| {
            let folders = path.match_indices('/').map(|(slash, _)| &path[..slash]);
            folders.chain([path]).any(|path| pattern.matcher.matches(path))
        })
    }

    /// The patterns in file order.
    pub fn patterns(&self) -> &[IgnorePattern] {
        &self.patterns
    }
}

/// The line as moby hands it to its matcher. Nothing but `!` is refused.
fn cleaned(line: &str) -> Option<(Effect, String)> {
    let line = line.trim();
    let (effect, pattern) = match line.strip_prefix('!') {
        Some(rest) => (Effect::Include, rest.trim()),
        None => (Effect::Exclude, line),
    };
    let pattern = clean(pattern);
    let pattern = match pattern.strip_prefix('/') {
        Some("") if effect == Effect::Include => return None,
        Some("") | None => pattern,
        Some(rest) => rest.to_owned(),
    };
    if pattern.is_empty() && effect == Effect::Include {
        return None;
    }
    Some((effect, pattern))
}

/// A path without `.`, `..` where it can be resolved, doubled and trailing slashes.
fn clean(path: &str) -> String {
    if path.is_empty() {
        return String::new();
    }
    let root = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if root => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (root, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// moby compares plain patterns as texts and only the others as regular expressions, and
/// the results differ: `**b` matches `ab`, `**b*` does not.
#[derive(Debug, Clone)]
enum Matcher {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Regex(Regex),
}

impl Matcher {
    fn of(pattern: &str) -> Option<Matcher> {
        if !is_well_formed(pattern) {
            return None;
        }
        let (mut regex, mut kind) = (String::from("^"), Kind::Exact);
        let mut chars = pattern.chars().peekable();
        let mut first = true;
        while let Some(c) = chars.next() {
            let start = std::mem::take(&mut first);
            match c {
                '*' if chars.next_if_eq(&'*').is_some() => {
                    chars.next_if_eq(&'/');
                    if chars.peek().is_some() {
                        regex.push_str("(.*/)?");
                        kind = if start { Kind::Suffix } else { Kind::Regex };
                    } else if kind == Kind::Exact {
                        kind = Kind::Prefix;
                    } else {
                        regex.push_str(".*");
                        kind = Kind::Regex;
                    }
                    continue;
                }
                '*' => regex.push_str("[^/]*"),
                '?' => regex.push_str("[^/]"),
                '\\' => {
                    regex.push('\\');
                    regex.extend(chars.next());
                }
                '[' | ']' => regex.push(c),
                '.' | '+' | '(' | ')' | '|' | '{' | '}' | '$' => {
                    regex.extend(['\\', c]);
                    continue;
                }
                _ => {
                    regex.push(c);
                    continue;
                }
            }
            kind = Kind::Regex;
        }
        Some(match kind {
            Kind::Exact => Matcher::Exact(pattern.to_owned()),
            Kind::Prefix => Matcher::Prefix(pattern.strip_suffix("**")?.to_owned()),
            Kind::Suffix => Matcher::Suffix(pattern.strip_prefix("**")?.to_owned()),
            Kind::Regex => Matcher::Regex(Regex::new(&from_go(&(regex + "$"))).ok()?),
        })
    }

    fn matches(&self, path: &str) -> bool {
        match self {
            Matcher::Exact(text) => path == text,
            Matcher::Prefix(text) => path.starts_with(text.as_str()),
            Matcher::Suffix(text) => path.ends_with(text.as_str()) || text.strip_prefix('/') == Some(path),
            Matcher::Regex(regex) => regex.is_match(path),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Exact,
    Prefix,
    Suffix,
    Regex,
}

/// A regular expression of Go in the words of this `regex`: `[` has no meaning inside
/// brackets there, nor have `&&` and `~~`, and `\<` is a plain character.
fn from_go(regex: &str) -> String {
    let mut out = String::new();
    let mut in_brackets = false;
    let mut chars = regex.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('<' | '>')) => out.push(c),
                next => {
                    out.push('\\');
                    out.extend(next);
                }
            },
            '[' if !in_brackets => {
                in_brackets = true;
                out.push('[');
                out.extend(chars.next_if_eq(&'^'));
                if chars.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
            }
            ']' if in_brackets => {
                in_brackets = false;
                out.push(']');
            }
            '[' | '&' | '~' if in_brackets => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

/// moby finds bad patterns by asking Go's `filepath.Match` about the path `.`, which reads
/// a piece between two `*` only when all before it has matched.
/// <https://pkg.go.dev/path/filepath#Match>
fn is_well_formed(pattern: &str) -> bool {
    let mut rest = pattern;
    let mut dot_is_left = true;
    while !rest.is_empty() {
        rest = rest.trim_start_matches('*');
        let (piece, next) = rest.split_at(piece_length(rest));
        match dots(piece).as_deref() {
            None => return false,
            Some([]) => {}
            Some([true]) if dot_is_left => dot_is_left = false,
            Some(_) => return true,
        }
        rest = next;
    }
    true
}

/// Up to the next `*` outside brackets.
fn piece_length(text: &str) -> usize {
    let mut in_brackets = false;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => _ = chars.next(),
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            '*' if !in_brackets => return at,
            _ => {}
        }
    }
    text.len()
}

/// For each character the piece asks for, whether `.` would do; none if it is malformed.
fn dots(piece: &str) -> Option<Vec<bool>> {
    let mut dots = Vec::new();
    let mut chars = piece.chars().peekable();
    while let Some(c) = chars.next() {
        dots.push(match c {
            '\\' => chars.next()? == '.',
            '?' => true,
            '[' => brackets(&mut chars)?,
            _ => c == '.',
        });
    }
    Some(dots)
}

/// Goes behind `]` and tells whether the brackets take a `.`; none if they are empty,
/// unclosed or hold half a range.
fn brackets(chars: &mut Peekable<Chars<'_>>) -> Option<bool> {
    let character = |chars: &mut Peekable<Chars<'_>>| match chars.next()? {
        '-' | ']' => None,
        '\\' => chars.next(),
        c => Some(c),
    };
    let negated = chars.next_if_eq(&'^').is_some();
    let mut takes = false;
    loop {
        let low = character(chars)?;
        let high = if chars.next_if_eq(&'-').is_some() { character(chars)? } else { low };
        takes |= (low..=high).contains(&'.');
        if chars.next_if_eq(&']').is_some() {
            return Some(takes != negated);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excludes() {
        for (text, excluded, kept) in [
            ("node_modules", vec!["node_modules", "node_modules/a"], vec!["web/node_modules"]),
            ("**/node_modules", vec!["node_modules/a", "web/node_modules"], vec!["node_modules2"]),
            ("/dist/", vec!["dist/a"], vec!["a/dist"]),
            ("*.md\n!README.md", vec!["a.md"], vec!["README.md", "docs/a.md"]),
            ("a\n!a/b", vec!["a", "a/c"], vec!["a/b", "a/b/c"]),
            ("# a\n #b", vec!["#b"], vec!["a", "# a"]),
            ("[^a]", vec!["b"], vec!["a"]),
            ("*", vec!["a", "a/b"], vec![]),
            ("**", vec!["a", "a/b"], vec![]),
            ("\u{feff}a\r\nb\r\n", vec!["a", "b"], vec!["c"]),
            ("", vec![], vec!["a"]),
        ] {
            let file = IgnoreFile::parse(text).unwrap();
            assert!(excluded.iter().all(|path| file.excludes(path)), "{text}");
            assert!(!kept.iter().any(|path| file.excludes(path)), "{text}");
        }
    }

    #[test]
    fn refuses() {
        for text in ["!", "! ", "!/", "[", "[a", "[]a]", "[a-]", "a\\", "ok\n[\n"] {
            assert!(IgnoreFile::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_the_deciding_line() {
        let file = IgnoreFile::parse("a\n!a/b\n").unwrap();
        assert_eq!(file.decided_by("a/b/c").map(|pattern| pattern.line), Some(2));
        assert_eq!(file.decided_by("a/c").map(|pattern| pattern.line), Some(1));
        assert!(file.decided_by("c").is_none());
    }
}
