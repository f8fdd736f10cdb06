//! One declaration per thing a person can set.
//!
//! From a [`Key`] come the `dockgen.toml` entry, its check, the `--set` flag, the question
//! on a terminal, the entry of the JSON schema and the name under which `dockgen plan` shows the value.

use std::fmt;

/// One thing a person can set, and how its value is read.
pub struct Key<T: 'static> {
    /// The dotted name: table and entry of `dockgen.toml`, and the name for `--set`. A `*` stands for a name of
    /// the person's own: the stage in `stages.*.env.*`, and the variable at its end.
    pub name: &'static str,
    /// What a value looks like.
    pub shape: Shape,
    /// One line for the manual and for error messages.
    pub doc: &'static str,
    /// Reads the value. The error says what was expected.
    pub parse: fn(&toml::Value) -> Result<T, String>,
}

/// What a value looks like, for editors that know nothing but a JSON schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A text; numbers are taken as they are written.
    Text,
    /// A whole number, or the same as a text.
    Number,
    /// `true` or `false`.
    Truth,
    /// A list of texts; one text is a list of one.
    Texts,
    /// A list of texts, and nothing else.
    List,
    /// A list of tables with `from` and `to`.
    Copies,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

/// A [`Key`] whose type is erased, so that all keys can stand in one list.
pub trait AnyKey: Sync {
    /// The dotted name.
    fn name(&self) -> &'static str;
    /// What a value looks like.
    fn shape(&self) -> Shape;
    /// One line for the manual.
    fn doc(&self) -> &'static str;
    /// Is this value acceptable?
    fn check(&self, value: &toml::Value) -> Result<(), String>;
}

impl<T> AnyKey for Key<T> {
    fn name(&self) -> &'static str {
        self.name
    }
    fn shape(&self) -> Shape {
        self.shape
    }
    fn doc(&self) -> &'static str {
        self.doc
    }
    fn check(&self, value: &toml::Value) -> Result<(), String> {
        (self.parse)(value).map(|_| ())
    }
}

impl fmt::Debug for dyn AnyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text without line breaks or other control characters: nothing that is set can
/// start a line of its own in a Dockerfile.
pub fn text(value: &toml::Value) -> Result<String, String> {
    let text = match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        _ => return Err("expected a text".to_owned()),
    };
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err("expected one line of text".to_owned());
    }
    Ok(text)
}

/// `true` or `false`.
pub fn truth(value: &toml::Value) -> Result<bool, String> {
    match value {
        toml::Value::Boolean(truth) => Ok(*truth),
        _ => Err("expected true or false".to_owned()),
    }
}

/// A list of texts; a single text is a list of one.
pub fn texts(value: &toml::Value) -> Result<Vec<String>, String> {
    match value {
        toml::Value::Array(items) => items.iter().map(text).collect(),
        single => text(single).map(|text| vec![text]),
    }
}
