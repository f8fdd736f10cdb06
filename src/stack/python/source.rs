//! Python sources, read as far as names, texts, calls and blocks go.
//!
//! A small reader of Python's tokens: what stands in a comment or a text is never taken for code,
//! a call may span lines, and every statement knows the function and the guard around it.
//! <https://docs.python.org/3/reference/lexical_analysis.html>

use std::collections::{BTreeMap, BTreeSet};

use crate::fact::Evidence;
use crate::repo::dir::Doc;

use super::lexer::{Line, Token, lines};

/// One module.
#[derive(Debug, Clone)]
pub(super) struct Source<'a> {
    /// The file.
    pub doc: Doc<'a>,
    /// Its path from the project's folder.
    pub path: String,
    /// Its statements in order.
    pub statements: Vec<Statement>,
    imports: BTreeMap<String, String>,
    stars: Vec<String>,
    /// Every module that is imported by its full name.
    pub imported: Vec<(u32, String)>,
    /// Does it import its neighbours by dots? Then it is part of a package.
    pub is_relative: bool,
}

/// One logical line.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    /// Where it begins.
    pub line: u32,
    /// Its tokens.
    pub tokens: Vec<Token>,
    /// The outermost function around it.
    pub function: Option<String>,
    /// Is it inside a class?
    pub in_class: bool,
    /// Is it run only when the file is the program?
    pub in_main: bool,
    /// Is it inside something else: a condition, a loop, an attempt?
    pub in_other: bool,
}

/// A call found in a statement.
#[derive(Debug, Clone)]
pub(super) struct Call<'s> {
    /// What is called, as written: `flask.Flask`, `app.run`.
    pub callee: String,
    /// The tokens between the parentheses.
    pub arguments: &'s [Token],
}

impl<'a> Source<'a> {
    /// Reads a module. `path` is its place from the project's folder.
    pub fn read(doc: Doc<'a>, path: &str) -> Self {
        let statements = blocks(lines(doc.text));
        let mut source = Self {
            doc,
            path: path.to_owned(),
            statements,
            imports: BTreeMap::new(),
            stars: Vec::new(),
            imported: Vec::new(),
            is_relative: false,
        };
        source.read_imports();
        source
    }

    fn read_imports(&mut self) {
        let package = package_of(&self.path);
        for at in 0..self.statements.len() {
            let statement = &self.statements[at];
            let line = statement.line;
            let words: Vec<&str> = statement.tokens.iter().map(Token::text).collect();
            match words.first() {
                Some(&"import") => {
                    for (module, alias) in named(&words[1..]) {
                        let local =
                            alias.unwrap_or_else(|| module.split('.').next().unwrap_or_default().to_owned());
                        let full = if words.contains(&"as") { module.clone() } else { local.clone() };
                        self.imported.push((line, module));
                        self.imports.insert(local, full);
                    }
                }
                Some(&"from") => {
                    let Some(at) = words.iter().position(|word| *word == "import") else { continue };
                    let module = absolute(&words[1..at].concat(), &package);
                    let is_relative = words[1].starts_with('.');
                    for (name, alias) in named(&words[at + 1..]) {
                        if !is_relative {
                            // The name may be a module: `from aiohttp import web`.
                            self.imported.push((line, format!("{module}.{name}")));
                        }
                        if name == "*" {
                            self.stars.push(module.clone());
                        } else {
                            self.imports
                                .insert(alias.unwrap_or_else(|| name.clone()), format!("{module}.{name}"));
                        }
                    }
                    if is_relative {
                        self.is_relative = true;
                    } else {
                        self.imported.push((line, module));
                    }
                }
                _ => {}
            }
        }
    }

    /// What a dotted name means by way of the imports: `Flask` is `flask.Flask`. With star imports there
    /// are several answers.
    pub fn meanings(&self, name: &str) -> Vec<String> {
        let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
        if let Some(full) = self.imports.get(first) {
            return vec![rest.map_or_else(|| full.clone(), |rest| format!("{full}.{rest}"))];
        }
        self.stars.iter().map(|module| format!("{module}.{name}")).collect()
    }

    /// The modules that it imports as soon as it is imported itself, and whatever happens, each with its line.
    pub fn imports_at_once(&self) -> impl Iterator<Item = (u32, &str)> {
        let at_once: BTreeSet<u32> =
            self.statements.iter().filter(|s| s.is_top_level() && !s.in_other).map(|s| s.line).collect();
        let imported = self.imported.iter().map(|(line, module)| (*line, module.as_str()));
        imported.filter(move |(line, _)| at_once.contains(line))
    }

    /// Everything that it imports, relative names as well, by full name.
    pub fn meant(&self) -> impl Iterator<Item = &str> {
        let names = self.imports.values().chain(&self.stars);
        names.chain(self.imported.iter().map(|(_, module)| module)).map(String::as_str)
    }

    /// Does it import this module, or something below it?
    pub fn uses(&self, module: &str) -> Option<Evidence> {
        self.imported.iter().find(|(_, name)| is_within(name, module)).map(|(line, _)| self.cite(*line))
    }

    /// Does it import this module, or call what is in it by way of a package that it imports:
    /// `tornado.web.Application` after `import tornado`?
    pub fn reaches(&self, module: &str) -> Option<Evidence> {
        let calls = |statement: &&Statement| {
            statement
                .calls()
                .any(|call| self.meanings(&call.callee).iter().any(|full| is_within(full, module)))
        };
        self.uses(module).or_else(|| self.statements.iter().find(calls).map(|found| self.cite(found.line)))
    }

    /// Evidence for a line.
    pub fn cite(&self, line: u32) -> Evidence {
        let words = self.doc.text.lines().nth(line.saturating_sub(1) as usize).unwrap_or_default();
        self.doc.cite(line, words.trim())
    }

    /// Is there a part that runs only when the file is the program?
    pub fn main_guard(&self) -> Option<&Statement> {
        self.statements.iter().find(|statement| statement.in_main)
    }
}

fn is_within(name: &str, module: &str) -> bool {
    name.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl Statement {
    /// At the top of the module, where a server that imports it finds what is assigned?
    pub fn is_top_level(&self) -> bool {
        self.function.is_none() && !self.in_class && !self.in_main
    }

    /// `name = callee(…)`, with or without an annotation.
    pub fn assigned_call(&self) -> Option<(&str, Call<'_>)> {
        let Some(Token::Name(name)) = self.tokens.first() else { return None };
        let equals = self.tokens.iter().position(|token| token.is("="))?;
        // `app, rt = fast_app()` names the application first.
        let is_plain = equals == 1 || self.tokens[1].is(":") || self.tokens[1].is(",");
        let call = is_plain.then(|| call_at(&self.tokens, equals + 1)).flatten()?;
        Some((name, call))
    }

    /// The right side of `name = value` when it is a single text.
    pub fn assigned_text(&self) -> Option<(&str, &str)> {
        match self.tokens.as_slice() {
            [Token::Name(name), equals, Token::Text(text)] if equals.is("=") => Some((name, text)),
            _ => None,
        }
    }

    /// The name of the function that is defined here.
    pub fn defines(&self) -> Option<&str> {
        let words: Vec<&str> = self.tokens.iter().take(3).map(Token::text).collect();
        match words.as_slice() {
            ["def", name, ..] | ["async", "def", name] => Some(name),
            _ => None,
        }
    }

    /// Every call in the statement, outer ones first.
    pub fn calls(&self) -> impl Iterator<Item = Call<'_>> {
        let begins = |at: &usize| {
            matches!(self.tokens[*at], Token::Name(_)) && (*at == 0 || !self.tokens[*at - 1].is("."))
        };
        (0..self.tokens.len()).filter(begins).filter_map(|at| call_at(&self.tokens, at))
    }

    /// All texts of the statement.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().filter_map(|token| match token {
            Token::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }
}

impl Call<'_> {
    /// The tokens of each argument.
    pub fn each(&self) -> Vec<&[Token]> {
        let mut depth = 0_i32;
        let mut all = Vec::new();
        let mut start = 0;
        for (at, token) in self.arguments.iter().enumerate() {
            match token.text() {
                "(" | "[" | "{" if token.is_sign() => depth += 1,
                ")" | "]" | "}" if token.is_sign() => depth -= 1,
                "," if token.is_sign() && depth == 0 => {
                    all.push(&self.arguments[start..at]);
                    start = at + 1;
                }
                _ => {}
            }
        }
        all.push(&self.arguments[start..]);
        all.retain(|argument| !argument.is_empty());
        all
    }

    /// The tokens after `name=`.
    pub fn keyword(&self, name: &str) -> Option<&[Token]> {
        self.each().into_iter().find_map(|argument| match argument {
            [Token::Name(given), equals, value @ ..] if given == name && equals.is("=") => Some(value),
            _ => None,
        })
    }

    /// The first argument when it is a single text.
    pub fn first_text(&self) -> Option<&str> {
        match self.each().first()? {
            [Token::Text(text)] => Some(text),
            _ => None,
        }
    }
}

/// The dotted name at `at` when a `(` follows it, and the arguments up to the matching `)`.
fn call_at(tokens: &[Token], at: usize) -> Option<Call<'_>> {
    let mut end = at;
    let mut callee = match tokens.get(at)? {
        Token::Name(name) => name.clone(),
        _ => return None,
    };
    while let (Some(dot), Some(Token::Name(name))) = (tokens.get(end + 1), tokens.get(end + 2)) {
        if !dot.is(".") {
            break;
        }
        callee = format!("{callee}.{name}");
        end += 2;
    }
    if !tokens.get(end + 1)?.is("(") {
        return None;
    }
    let inside = &tokens[end + 2..];
    let mut depth = 1;
    let close = inside.iter().position(|token| {
        if token.is_sign() {
            match token.text() {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
        }
        depth == 0
    });
    Some(Call { callee, arguments: &inside[..close.unwrap_or(inside.len())] })
}

/// Names with their aliases, after `import`.
fn named(words: &[&str]) -> Vec<(String, Option<String>)> {
    words
        .split(|word| *word == ",")
        .map(|part| part.iter().copied().filter(|word| !matches!(*word, "(" | ")")).collect::<Vec<_>>())
        .filter(|part| !part.is_empty())
        .map(|part| match part.iter().position(|word| *word == "as") {
            Some(at) => (part[..at].concat(), part.get(at + 1).map(|&alias| alias.to_owned())),
            None => (part.concat(), None),
        })
        .collect()
}

/// The dotted package that a file belongs to, from the project's folder.
fn package_of(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    parts.pop();
    parts
}

/// A relative import as a name from the project's folder.
fn absolute(module: &str, package: &[String]) -> String {
    let dots = module.bytes().take_while(|byte| *byte == b'.').count();
    if dots == 0 {
        return module.to_owned();
    }
    let keep = package.len().saturating_sub(dots - 1);
    let mut parts: Vec<&str> = package[..keep].iter().map(String::as_str).collect();
    parts.extend(module[dots..].split('.').filter(|part| !part.is_empty()));
    parts.join(".")
}

enum Block {
    Function(String),
    Class,
    Main,
    Other,
}

/// Gives every statement the blocks around it.
fn blocks(lines: Vec<Line>) -> Vec<Statement> {
    let mut around: Vec<(u32, Block)> = Vec::new();
    let mut all = Vec::with_capacity(lines.len());
    for Line { number, indent, tokens } in lines {
        while around.last().is_some_and(|(outer, _)| *outer >= indent) {
            around.pop();
        }
        let function = around.iter().find_map(|(_, block)| match block {
            Block::Function(name) => Some(name.clone()),
            _ => None,
        });
        let in_class = around.iter().any(|(_, block)| matches!(block, Block::Class));
        let in_other = around.iter().any(|(_, block)| matches!(block, Block::Other));
        let opens = tokens.last().is_some_and(|token| token.is(":"));
        let is_guard = tokens.first().is_some_and(|token| token.is_word("if"))
            && tokens.iter().any(|token| token.is_word("__name__"));
        let in_main = around.iter().any(|(_, block)| matches!(block, Block::Main)) || (is_guard && !opens);
        let statement = Statement { line: number, tokens, function, in_class, in_main, in_other };
        if opens {
            let block = match (statement.defines(), statement.tokens.first()) {
                (Some(name), _) => Block::Function(name.to_owned()),
                (None, Some(first)) if first.is_word("class") => Block::Class,
                _ if is_guard => Block::Main,
                _ => Block::Other,
            };
            around.push((indent, block));
        }
        all.push(statement);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::inventory::Inventory;
    use crate::repo::path::RelPath;

    fn with<T>(path: &str, text: &str, look: impl FnOnce(&Source<'_>) -> T) -> T {
        let inventory = Inventory::from_files([(path, text)]);
        let at = RelPath::new(path).unwrap();
        look(&Source::read(inventory.doc(&at).unwrap(), path))
    }

    #[test]
    fn assignments_are_code_not_words() {
        let text = "\"\"\"\napp = Flask(__name__)\n\"\"\"\n# api = Flask()\nfrom flask import (\n    Flask as F, # x\n)\n\
                    site: F = F(\n    __name__,\n    static_folder='a#b',\n)\ndef make():\n    inner = F(__name__)\n    return inner\n\
                    if __name__ == '__main__':\n    site.run(host='0.0.0.0', port=5001)\n";
        with("web/app.py", text, |source| {
            let found: Vec<_> = source
                .statements
                .iter()
                .filter_map(|s| Some((s.assigned_call()?.0.to_owned(), s.is_top_level())))
                .collect();
            assert_eq!(found, [("site".to_owned(), true), ("inner".to_owned(), false)]);
            assert_eq!(source.meanings("F"), ["flask.Flask"]);
            let guard = source.main_guard().unwrap();
            let call = guard.calls().next().unwrap();
            assert_eq!(call.callee, "site.run");
            assert_eq!(call.keyword("port").map(|t| t[0].text()), Some("5001"));
        });
    }

    #[test]
    fn imports_have_meanings() {
        for (text, name, meaning) in [
            ("import flask", "flask.Flask", "flask.Flask"),
            ("import flask as f", "f.Flask", "flask.Flask"),
            ("from . import create_app", "create_app", "pkg.sub.create_app"),
            ("from ..core import make as m", "m", "pkg.core.make"),
            ("from fasthtml.common import *", "fast_app", "fasthtml.common.fast_app"),
            ("import aiohttp.web", "aiohttp.web.Application", "aiohttp.web.Application"),
        ] {
            let meanings = with("pkg/sub/x.py", text, |source| source.meanings(name));
            assert_eq!(meanings, [meaning], "{text}");
        }
    }
}
