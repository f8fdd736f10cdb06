//! Values in configuration that is written in JavaScript: `vite.config.ts`, `ecosystem.config.js`. The file is read as
//! text and never run, so a value is a literal or unknown, and of a condition both arms are seen. What a value means is
//! for those who ask.

use crate::fact::Fact;
use crate::repo::dir::Doc;
use crate::stack::common::pattern::pattern;

/// What stands behind a key of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'t> {
    /// Where the key stands.
    pub at: usize,
    /// The whole expression.
    pub text: &'t str,
}

/// The first value of this key that `read` makes something of, cited by the line of the key.
pub(super) fn find<T>(doc: &Doc<'_>, key: &str, read: impl Fn(Value<'_>) -> Option<T>) -> Option<Fact<T>> {
    let code = without_comments(doc.text);
    values(&code, key).find_map(|value| Some(Fact::new(read(value)?, doc.cite_offset(value.at))))
}

/// Everything that a key is given, in whatever object it stands.
pub(super) fn values<'t>(code: &'t str, key: &str) -> impl Iterator<Item = Value<'t>> {
    code.match_indices(key).filter_map(|(at, key)| {
        let (mut before, mut behind) = (&code[..at], &code[at + key.len()..]);
        if let Some(quote) = before.chars().next_back().filter(|c| QUOTES.contains(c)) {
            (before, behind) = (before.strip_suffix(quote)?, behind.strip_prefix(quote)?);
        }
        // A name behind anything else is a variable, or a part of a longer one.
        let before = before.trim_end();
        let is_key = before.is_empty() || before.ends_with(['{', ',']);
        let value = behind.trim_start().strip_prefix(':').filter(|_| is_key)?;
        Some(Value { at, text: expression(value) })
    })
}

impl<'t> Value<'t> {
    /// The text between the quotes, where the value is nothing else.
    pub fn literal(self) -> Option<&'t str> {
        let length = literal_length(self.text)?;
        let rest = self.text[length..].trim_start();
        let inner = inner(&self.text[..length]);
        ((rest.is_empty() || rest.starts_with("as ")) && !inner.contains("${")).then_some(inner)
    }

    /// Every literal in it.
    pub fn literals(self) -> impl Iterator<Item = &'t str> {
        let mut rest = self.text;
        std::iter::from_fn(move || {
            rest = &rest[rest.find(QUOTES)?..];
            let (found, behind) = rest.split_at(literal_length(rest)?);
            rest = behind;
            Some(inner(found))
        })
    }

    /// The literal that is joined to the file's own folder: `path.resolve(__dirname, 'dist')`.
    pub fn beside(self) -> Option<&'t str> {
        let call = self.text.strip_prefix("path.").unwrap_or(self.text);
        let arguments =
            call.strip_prefix("resolve(").or_else(|| call.strip_prefix("join("))?.strip_suffix(')')?;
        let rest = arguments.trim().strip_prefix("__dirname")?.trim_start().strip_prefix(',')?;
        Self { at: self.at, text: rest.trim().trim_end_matches(',') }.literal()
    }

    /// What the object that this value is has under a key of its own, not of one further in.
    pub fn member(self, key: &str) -> Option<Self> {
        let found = values(self.text, key).find(|value| depth(&self.text[..value.at]) == 1)?;
        self.text.starts_with('{').then_some(Self { at: self.at + found.at, text: found.text })
    }

    /// The items of a list; none for anything else.
    pub fn items(self) -> Option<Vec<Self>> {
        let mut rest = self.text.strip_prefix('[')?.strip_suffix(']')?;
        let mut items = Vec::new();
        while !rest.trim().is_empty() {
            let text = expression(rest);
            items.push(Self { at: self.at, text });
            let end = rest.len() - rest.trim_start().len() + text.len();
            rest = rest[end..].trim_start().strip_prefix(',').unwrap_or_default();
        }
        Some(items)
    }
}

/// The object that this place stands in.
pub(super) fn object_around(code: &str, at: usize) -> &str {
    let mut open = Vec::new();
    for (place, mark) in marks(&code[..at]) {
        match mark {
            '{' => open.push(place),
            '}' => {
                open.pop();
            }
            _ => {}
        }
    }
    open.last().map_or(code, |start| expression(&code[*start..]))
}

/// The packages that a file loads as soon as it is loaded itself, each with its place.
pub(super) fn loaded_at_once(code: &str) -> Vec<(usize, &str)> {
    let packages = loads(code).into_iter().filter(|(_, name)| !name.starts_with(['.', '/', '#']));
    packages.map(|(at, name)| (at, package_of(name))).collect()
}

/// The files that a file loads as soon as it is loaded itself, by their paths from it.
pub(super) fn files_at_once(code: &str) -> impl Iterator<Item = &str> {
    loads(code).into_iter().map(|(_, path)| path).filter(|path| path.starts_with('.'))
}

/// `@scope/name/bin/x.js` is of `@scope/name`.
pub(super) fn package_of(path: &str) -> &str {
    let slashes = if path.starts_with('@') { 2 } else { 1 };
    path.match_indices('/').nth(slashes - 1).map_or(path, |(at, _)| &path[..at])
}

/// What a file loads at once: what it imports, and `require` in no block and behind no condition.
fn loads(code: &str) -> Vec<(usize, &str)> {
    let imports = pattern(r#"(?m)^import\s+(?:[^'"();]*\sfrom\s+)?['"]([^'"]+)['"]"#).captures_iter(code);
    let imports = imports.filter_map(|found| {
        let is_type = found.get(0)?.as_str()[6..].trim_start().starts_with("type ");
        found.get(1).filter(|_| !is_type).map(|name| (name.start(), name.as_str()))
    });
    let requires = code.match_indices("require(").filter_map(|(at, word)| {
        let rest = code[at + word.len()..].trim_start();
        let name = inner(&rest[..literal_length(rest)?]);
        let line = &code[code[..at].rfind('\n').map_or(0, |end| end + 1)..at];
        let is_certain = !["if", "?", "&&", "||", "=>"].iter().any(|word| line.contains(word));
        (is_certain && depth(&code[..at]) == 0).then_some((at, name))
    });
    imports.chain(requires).collect()
}

/// How many blocks are open at the end of this code.
fn depth(code: &str) -> usize {
    marks(code).fold(0, |depth: usize, (_, mark)| match mark {
        '{' => depth + 1,
        '}' => depth.saturating_sub(1),
        _ => depth,
    })
}

/// The text with spaces in place of its comments, so that everything stays where it is. `//` in an address is none.
pub(super) fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c == '/' || QUOTES.contains(&c)) {
        code.push_str(&rest[..start]);
        rest = &rest[start..];
        let comment = match rest.get(..2) {
            Some("//") => rest.find('\n').or(Some(rest.len())),
            Some("/*") => rest.find("*/").map(|end| end + 2).or(Some(rest.len())),
            _ => None,
        };
        let end = comment.or_else(|| literal_length(rest)).unwrap_or(1);
        match comment {
            Some(_) => code.extend(rest[..end].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' })),
            None => code.push_str(&rest[..end]),
        }
        rest = &rest[end..];
    }
    code + rest
}

const QUOTES: [char; 3] = ['"', '\'', '`'];

/// An expression up to what ends it: a comma, a semicolon, or the bracket around it.
fn expression(code: &str) -> &str {
    let mut depth = 0_u32;
    for (place, mark) in marks(code) {
        match mark {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' if depth > 0 => depth -= 1,
            '}' | ']' | ')' => return code[..place].trim(),
            _ if depth == 0 => return code[..place].trim(),
            _ => {}
        }
    }
    code.trim()
}

/// Brackets, commas and semicolons outside of literals.
fn marks(code: &str) -> impl Iterator<Item = (usize, char)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at += code[at..].find(|c: char| "{}[](),;".contains(c) || QUOTES.contains(&c))?;
            let rest = &code[at..];
            let mark = rest.chars().next()?;
            let literal = literal_length(rest);
            at += literal.unwrap_or(1);
            if literal.is_none() {
                return Some((at - 1, mark));
            }
        }
    })
}

/// How long the literal is that begins here. One that is not closed ends with its line.
fn literal_length(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|c| QUOTES.contains(c))?;
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = !is_escaped && (*c == quote || *c == '\n' && quote != '`');
        is_escaped = *c == '\\' && !is_escaped;
        ends
    });
    Some(end.map_or(text.len(), |(at, _)| at + 1))
}

/// A literal without its quotes.
fn inner(literal: &str) -> &str {
    let mut rest = literal.chars();
    let quote = rest.next().unwrap_or_default();
    let rest = rest.as_str();
    rest.strip_suffix([quote, '\n']).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: &str, key: &str) -> Vec<String> {
        let code = without_comments(code);
        values(&code, key).map(|value| value.text.to_owned()).collect()
    }

    #[test]
    fn values_end_where_their_expression_does() {
        for (code, expected) in [
            ("{ base: '/a/', other: '/b/' }", "'/a/'"),
            ("{ base: f(1, [2]), other }", "f(1, [2])"),
            ("{ base:\n    isDev\n      ? '/'\n      : '/a/',\n}", "isDev\n      ? '/'\n      : '/a/'"),
            ("{ 'base' : '/a,b/' }", "'/a,b/'"),
            ("{\n  x: 1, // one\n  base: 'https://a/b', /* , */ y }", "'https://a/b'"),
            ("base: `/a/`;", "`/a/`"),
            ("{ base: 'it\\'s' }", "'it\\'s'"),
        ] {
            assert_eq!(said(code, "base"), [expected], "{code}");
        }
    }

    #[test]
    fn what_only_looks_like_a_key_is_none() {
        for code in [
            "{ database: '/a/' }",
            "{ baseUrl: '/a/' }",
            "// { base: '/a/' }",
            "{ /* base: '/a/', */ }",
            "x = y ? base : '/a/'",
            "const base: string = '/a/'",
            "{ base }",
        ] {
            assert_eq!(said(code, "base"), [] as [&str; 0], "{code}");
        }
    }

    #[test]
    fn literals_are_told_from_what_is_computed() {
        for (text, literal, beside) in [
            ("'a'", Some("a"), None),
            ("\"a\" as const", Some("a"), None),
            ("`a${b}`", None, None),
            ("'a' + b", None, None),
            ("path.resolve(__dirname, 'a')", None, Some("a")),
            ("join(__dirname, '..', 'a')", None, None),
            ("''", Some(""), None),
        ] {
            let value = Value { at: 0, text };
            assert_eq!((value.literal(), value.beside()), (literal, beside), "{text}");
        }
        let value = Value { at: 0, text: "dev ? '/a' : f(\"b\", `c`)" };
        assert_eq!(value.literals().collect::<Vec<_>>(), ["/a", "b", "c"]);
        let list = Value { at: 0, text: "['a', 3000, 'b,c',]" };
        let items = list.items().unwrap_or_default();
        assert_eq!(items.iter().map(|item| item.text).collect::<Vec<_>>(), ["'a'", "3000", "'b,c'"]);
    }

    #[test]
    fn members_are_told_from_those_further_in() {
        let text = "{ a: { b: 'deep' }, b: 'own', 'c:d': () => 'call' }";
        let value = Value { at: 0, text };
        let text_of = |key: &str| value.member(key).map(|value| value.text);
        assert_eq!(text_of("b"), Some("'own'"));
        assert_eq!(text_of("c:d"), Some("() => 'call'"));
        assert_eq!(value.member("a").and_then(|a| a.member("b")).map(|b| b.text), Some("'deep'"));
        assert_eq!((text_of("d"), Value { at: 0, text: "f({ b: 1 })" }.member("b").is_none()), (None, true));
    }

    #[test]
    fn packages_that_are_loaded_at_once_are_told_from_those_that_may_be() {
        let code = "const a = require('a'),\n      b = require(\"@b/c/d\")();\nimport { x,\n  y } from 'e';\nimport 'f/g';\n\
                    import type { T } from 't';\nif (dev) require('h');\nfunction z() { return require('i') }\n\
                    const j = dev ? require('j') : 0;\nimport k from './k';\nrequire('..');\n// require('l')\n";
        let code = without_comments(code);
        let names: Vec<&str> = loaded_at_once(&code).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["e", "f", "a", "@b/c"]);
        assert_eq!(files_at_once(&code).collect::<Vec<_>>(), ["./k", ".."]);
    }

    #[test]
    fn objects_are_found_around_their_keys() {
        let code = "[{ a: '}', b: { c: 1 } }, { d: 2 }]";
        assert_eq!(object_around(code, code.find("c:").unwrap_or_default()), "{ c: 1 }");
        assert_eq!(object_around(code, code.find("b:").unwrap_or_default()), "{ a: '}', b: { c: 1 } }");
        assert_eq!(object_around("d: 2", 0), "d: 2");
    }
}
