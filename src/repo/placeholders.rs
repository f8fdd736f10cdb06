//! A project template is a repository with holes: `{{ name }}`, `{{cookiecutter.slug}}`, `<%= name %>` where a scaffolder
//! will put a word. Here each hole becomes a word that every format takes for a name, so that manifests read and plans
//! are made; what is printed gets the holes back, and is filled when the template is.

use std::sync::LazyLock;

use regex_lite::Regex;

use crate::diag::{Code, Diagnostic};
use crate::repo::inventory::{Entry, Inventory};
use crate::repo::path::RelPath;

/// The endings of files that copier and others print without.
const ENDINGS: &[&str] = &[".jinja", ".jinja2", ".j2", ".tmpl", ".ejs", ".hbs", ".liquid"];

/// The holes of a template, in the order in which they were met.
#[derive(Debug, Clone, Default)]
pub struct Placeholders {
    holes: Vec<String>,
    ending: Option<&'static str>,
}

impl Placeholders {
    /// The same files with a word in every hole, under the names they will have.
    pub fn fill(inventory: &Inventory) -> (Inventory, Self) {
        let mut holes = Self::default();
        let mut entries = Vec::new();
        let mut notes = inventory.notes.clone();
        for (path, entry) in inventory.files() {
            let printed =
                ENDINGS.iter().find_map(|ending| Some((*ending, path.as_str().strip_suffix(ending)?)));
            let name = match printed {
                Some((ending, name)) if !name.is_empty() => {
                    holes.ending = holes.ending.or(Some(ending));
                    name
                }
                _ => path.as_str(),
            };
            let name = holes.words(name, Quotes::Never);
            match RelPath::new(&name) {
                Ok(name) => {
                    let quotes = if [".json", ".toml", ".lock"].iter().any(|end| name.as_str().ends_with(end))
                    {
                        Quotes::WhereBare
                    } else {
                        Quotes::Never
                    };
                    let entry = match entry {
                        Entry::Read(text) => Entry::Read(holes.words(text, quotes).into()),
                        other => other.clone(),
                    };
                    entries.push((name, entry));
                }
                Err(bad) => {
                    notes.push(Diagnostic::warning(Code::OddName, bad.to_string()));
                }
            }
        }
        (Inventory::new(entries, notes), holes)
    }

    /// Names that are read besides those of `names`: the same with the endings of templates.
    pub fn names(names: &[&str]) -> Vec<String> {
        let with = |name: &&str| ENDINGS.iter().map(|ending| format!("{name}{ending}")).collect::<Vec<_>>();
        names.iter().filter(|name| !name.ends_with('*')).flat_map(with).collect()
    }

    /// The text with its holes. A label or variable whose value has one is quoted, because nobody knows what comes.
    pub fn reopen(&self, text: &str) -> String {
        let mut opened = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let is_pairs = line.contains('=') && !line.starts_with('#') && !line.contains("--");
            let mut words = line.split_inclusive(' ');
            for word in words.by_ref() {
                let quoted = self.quoted(word).filter(|_| is_pairs);
                opened.push_str(quoted.as_deref().unwrap_or(word));
            }
        }
        for (number, hole) in self.holes.iter().enumerate() {
            opened = opened.replace(&word(number), hole);
        }
        opened
    }

    /// `NAME=word` with quotes around its value, where that has a hole and no quotes yet.
    fn quoted(&self, pair: &str) -> Option<String> {
        let bare = pair.trim_end();
        let (name, value) = bare.split_once('=')?;
        let has_hole = (0..self.holes.len()).any(|number| value.contains(&word(number)));
        (has_hole && !value.contains('"')).then(|| format!("{name}=\"{value}\"{}", &pair[bare.len()..]))
    }

    /// Has this text holes?
    pub fn are_in(&self, text: &str) -> bool {
        (0..self.holes.len()).any(|number| text.contains(&word(number)))
    }

    /// The path where a file with such a text lies in the template.
    pub fn place(&self, path: &RelPath, text: &str) -> RelPath {
        let mut name = path.as_str().to_owned();
        for (number, hole) in self.holes.iter().enumerate() {
            name = name.replace(&word(number), hole);
        }
        if let Some(ending) = self.ending.filter(|_| self.are_in(text)) {
            name.push_str(ending);
        }
        RelPath::new(&name).unwrap_or_else(|_| path.clone())
    }

    /// A text with words in its holes. Statements of the template's language print nothing themselves.
    fn words(&mut self, text: &str, quotes: Quotes) -> String {
        static HOLE: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"\$?\{\{[^{}\n]*\}\}|<%=[^%\n]*%>|\{%[^%\n]*%\}|\{#[^#\n]*#\}|<%[^=%\n][^%\n]*%>")
                .expect("a literal")
        });
        let mut filled = String::with_capacity(text.len());
        let mut from = 0;
        for found in HOLE.find_iter(text) {
            filled.push_str(&text[from..found.start()]);
            from = found.end();
            let hole = found.as_str();
            if hole.starts_with("{%")
                || hole.starts_with("{#")
                || (hole.starts_with("<%") && !hole.starts_with("<%="))
            {
                continue;
            }
            let number = self.holes.iter().position(|known| known == hole).unwrap_or_else(|| {
                self.holes.push(hole.to_owned());
                self.holes.len() - 1
            });
            // A value of its own is no name: `"private": {{ private }}`.
            let line = filled.rsplit('\n').next().unwrap_or_default();
            let is_bare = ['"', '\''].iter().all(|quote| line.matches(*quote).count().is_multiple_of(2));
            let is_value = line.trim_end().ends_with([':', '=', '[', ',']);
            if quotes == Quotes::WhereBare && is_bare && is_value {
                filled.extend(["\"", &word(number), "\""]);
            } else {
                filled.push_str(&word(number));
            }
        }
        filled.push_str(&text[from..]);
        filled
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    Never,
    WhereBare,
}

/// A word that npm, Python, Go, Rust, Java, YAML and Docker take for a name, and that nobody else uses.
fn word(number: usize) -> String {
    format!("zqhole{number}zq")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_and_come_back() {
        let files = Inventory::from_files([
            (
                "{{cookiecutter.slug}}/package.json",
                "{\"name\": \"{{ cookiecutter.slug }}-api\",\n\"private\": {{ private }},\n{% if x %}\"a\": 1{% endif %}}",
            ),
            ("pyproject.toml.jinja", "[project]\nname = \"<%= name %>\"\n"),
        ]);
        let (filled, holes) = Placeholders::fill(&files);
        let paths: Vec<&str> = filled.files().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["pyproject.toml", "zqhole1zq/package.json"]);
        let manifest = filled.doc(&RelPath::new("zqhole1zq/package.json").unwrap()).unwrap();
        let tree = manifest.json().expect("it reads").tree;
        assert_eq!(tree.get("name").and_then(|name| name.as_text()), Some("zqhole2zq-api"));
        let label = "LABEL title=zqhole2zq-api \\\n      other=\"x\"\nRUN a --b=zqhole2zq\nENTRYPOINT [\"/zqhole2zq\"]\n";
        assert_eq!(
            holes.reopen(label),
            "LABEL title=\"{{ cookiecutter.slug }}-api\" \\\n      other=\"x\"\nRUN a --b={{ cookiecutter.slug }}\nENTRYPOINT [\"/{{ cookiecutter.slug }}\"]\n"
        );
        let place = RelPath::new("zqhole1zq/Dockerfile").unwrap();
        assert_eq!(holes.place(&place, "nothing").as_str(), "{{cookiecutter.slug}}/Dockerfile");
        assert_eq!(holes.place(&place, "zqhole2zq").as_str(), "{{cookiecutter.slug}}/Dockerfile.jinja");
    }
}
