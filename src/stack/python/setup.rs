//! `setup.py` and `setup.cfg`, read and never run.
//!
//! Only what is written as a list of texts is known; what a script computes stays with the build.
//! <https://setuptools.pypa.io/en/latest/userguide/declarative_config.html>

use crate::diag::{Code, Diagnostic};
use crate::fact::{Fact, Place};
use crate::repo::Entry;
use crate::repo::dir::Doc;
use crate::stack::Survey;

use super::lexer::Token;
use super::requirement::{Requirement, Requirements};
use super::source::Source;

/// What both files say.
#[derive(Debug, Default)]
pub(super) struct Setup {
    /// The file that makes it a package.
    pub because: Option<Fact<String>>,
    /// `install_requires`.
    pub requirements: Requirements,
    /// The same as written, when all of it is: what a script computes is known to the build alone.
    pub written: Option<Vec<String>>,
    /// `console_scripts`.
    pub scripts: Vec<(String, Fact<String>)>,
    /// `python_requires`.
    pub python: Option<Fact<String>>,
}

/// The entry points that become commands.
const GROUP: &str = "console_scripts";

/// The lines of that group: of a dictionary of lists, or of a text as `setup.cfg` has it.
fn console_scripts(tokens: &[Token]) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut is_wanted = false;
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        match token {
            Token::Text(key) if next.is_some_and(|next| next.is(":")) => is_wanted = key == GROUP,
            Token::Name(key) if next.is_some_and(|next| next.is("=")) => is_wanted = key == GROUP,
            Token::Text(text) => {
                for line in text.lines().map(str::trim) {
                    match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                        Some(group) => is_wanted = group == GROUP,
                        None if is_wanted => lines.push(line),
                        None => {}
                    }
                }
            }
            _ => {}
        }
    }
    lines
}

/// A package whose script works its name out.
const UNNAMED: &str = "package";

impl Setup {
    /// Reads both files of the project's folder.
    pub fn read(s: &Survey<'_>) -> Self {
        let mut setup = Self::default();
        if let Some(doc) = script(s) {
            setup.read_script(doc);
        }
        if let Some(doc) = s.doc("setup.cfg") {
            setup.read_config(doc);
        }
        setup
    }

    fn read_script(&mut self, doc: Doc<'_>) {
        let source = Source::read(doc, "setup.py");
        for statement in &source.statements {
            let Some(call) =
                statement.calls().find(|call| matches!(call.callee.as_str(), "setup" | "setuptools.setup"))
            else {
                continue;
            };
            let because = source.cite(statement.line);
            let name = match call.keyword("name") {
                Some([Token::Text(name)]) => name.clone(),
                _ => UNNAMED.to_owned(),
            };
            self.because = Some(Fact::new(name, because.clone()));
            let texts = |argument: &str| {
                let tokens = call.keyword(argument).unwrap_or_default();
                tokens
                    .iter()
                    .filter(|token| matches!(token, Token::Text(_)))
                    .map(Token::text)
                    .collect::<Vec<_>>()
            };
            let asked = call.keyword("install_requires").unwrap_or_default();
            let is_written = |token: &Token| {
                matches!(token, Token::Text(_)) || token.is("[") || token.is("]") || token.is(",")
            };
            if asked.first().is_some_and(|first| first.is("[")) && asked.iter().all(is_written) {
                self.written = Some(texts("install_requires").into_iter().map(str::to_owned).collect());
            }
            for words in texts("install_requires") {
                self.requirements.extend(Requirement::read(words, because.clone()));
            }
            for line in console_scripts(call.keyword("entry_points").unwrap_or_default()) {
                self.script(line, &because);
            }
            if let Some(range) = texts("python_requires").first() {
                self.python = Some(Fact::new((*range).to_owned(), because.clone()));
            }
        }
    }

    fn read_config(&mut self, doc: Doc<'_>) {
        let (mut section, mut key) = (String::new(), String::new());
        for (number, line) in doc.lines() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                name.clone_into(&mut section);
                key.clear();
                continue;
            }
            let mut value = trimmed;
            if !line.starts_with(char::is_whitespace)
                && let Some((name, rest)) = trimmed.split_once('=')
            {
                name.trim().clone_into(&mut key);
                value = rest.trim();
            }
            let because = doc.cite(number, trimmed);
            match (section.as_str(), key.as_str()) {
                ("metadata", "name") if self.because.as_ref().is_none_or(|named| named.value == UNNAMED) => {
                    self.because = Some(Fact::new(value.to_owned(), because));
                }
                ("options", "install_requires") => {
                    self.requirements.extend(Requirement::read(value, because));
                }
                ("options", "python_requires") => self.python = Some(Fact::new(value.to_owned(), because)),
                ("options.entry_points", "console_scripts") => self.script(value, &because),
                _ => {}
            }
        }
    }

    fn script(&mut self, line: &str, because: &crate::fact::Evidence) {
        if let Some((name, target)) = line.split_once('=').filter(|(_, target)| target.contains(':')) {
            self.scripts.push((name.trim().to_owned(), Fact::new(target.trim().to_owned(), because.clone())));
        }
    }
}

/// `setup.py`. It is a source as well as a manifest, and Python allows sources in encodings of their own: such a one
/// is told of and passed over.
fn script<'a>(s: &Survey<'a>) -> Option<Doc<'a>> {
    let path = s.dir.resolve("setup.py")?;
    if let Some(Entry::Unreadable(why)) = s.dir.inventory().entry(&path) {
        let message = format!("`{path}` is passed over: {why}");
        s.note(Diagnostic::warning(Code::Unreadable, message).at(Place { file: path, line: None }));
    }
    s.dir.doc("setup.py")
}

/// Does the file describe a package, or only configure tools?
pub(super) fn describes_a_package(s: &Survey<'_>, file: &str) -> bool {
    let doc = if file == "setup.py" { script(s) } else { s.doc(file) };
    doc.is_some_and(|doc| match file {
        "setup.cfg" => doc.lines().any(|(_, line)| line.trim() == "[options]" || line.trim() == "[metadata]"),
        _ => doc.text.contains("setup("),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::plan::catalog::Catalog;
    use crate::repo::inventory::Inventory;
    use crate::repo::path::RelPath;

    #[test]
    fn only_commands_are_scripts() {
        for script in [
            "setup(entry_points={'celery.commands': ['f = x:f'], 'console_scripts': ['x = x.cli:main'], 'gui_scripts': ['g = x:g']})",
            "setup(entry_points=\"\"\"\n[other]\nf = x:f\n[console_scripts]\nx = x.cli:main\n\"\"\")",
            "setup(entry_points=dict(console_scripts=['x = x.cli:main']))",
        ] {
            let inventory = Inventory::from_files([("setup.py", script)]);
            let catalog = Catalog::builtin();
            let survey = Survey::new(inventory.dir(RelPath::root()), catalog, &Settings::default());
            let names: Vec<String> = Setup::read(&survey).scripts.into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, ["x"], "{script}");
        }
    }

    #[test]
    fn both_files_are_read() {
        let script = "from setuptools import setup\nsetup(name='x', install_requires=['flask>=2', \"click\"],\n\
                      entry_points={'console_scripts': ['x = x.cli:main']}, python_requires='>=3.8')\n";
        let config = "[metadata]\nname = x\n[options]\npython_requires = >=3.8\ninstall_requires =\n    flask>=2\n    click\n\
                      [options.entry_points]\nconsole_scripts =\n    x = x.cli:main\n";
        for (file, text) in [("setup.py", script), ("setup.cfg", config)] {
            let inventory = Inventory::from_files([(file, text)]);
            let catalog = Catalog::builtin();
            let survey = Survey::new(inventory.dir(RelPath::root()), catalog, &Settings::default());
            let setup = Setup::read(&survey);
            let names: Vec<_> = setup.requirements.iter().map(|one| one.name.as_str()).collect();
            assert_eq!(names, ["flask", "click"], "{file}");
            assert_eq!(setup.scripts[0].0, "x", "{file}");
            assert_eq!(setup.python.map(|fact| fact.value).as_deref(), Some(">=3.8"), "{file}");
            assert_eq!(setup.because.map(|fact| fact.value).as_deref(), Some("x"), "{file}");
        }
    }
}
