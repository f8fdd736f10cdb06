//! The value that JSON, TOML and YAML have in common, with its lines.

/// A value and the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// 1-based: the line on which the value begins.
    pub line: u32,
    /// The value itself.
    pub kind: Kind,
    /// Filled in the root only.
    pub(super) repeated: Vec<Repeated>,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `null`, `~`, or nothing where YAML allows nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// As written, so that the version 3.10 does not become 3.1.
    Number(String),
    /// Quotes and escapes are resolved. A TOML date is text as well.
    Text(String),
    /// In file order.
    List(Vec<Tree>),
    /// In file order; every key once. The losers are in [`Tree::repeated`].
    Table(Vec<(String, Tree)>),
}

/// A key that stands more than once in its table. The last one is in the [`Tree`].
///
/// Only JSON has this: its tools take the last one without a word. TOML and YAML forbid it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    /// The key without the path to it.
    pub key: String,
    /// The line of the value that lost.
    pub lost: u32,
    /// The line of the value that counts.
    pub wins: u32,
}

impl Tree {
    pub(super) fn new(line: u32, kind: Kind) -> Self {
        Tree { line, kind, repeated: Vec::new() }
    }

    /// The value of one key. `None` if there is none, or if this is not a table.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.entries().find_map(|(name, value)| (name == key).then_some(value))
    }

    /// The value behind several keys, outermost first.
    pub fn at(&self, path: &[&str]) -> Option<&Tree> {
        path.iter().try_fold(self, |tree, key| tree.get(key))
    }

    /// Text, and only text: a number or a boolean is `None`.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Text, number or boolean as text: for places where people leave out the quotes.
    pub fn scalar(&self) -> Option<String> {
        match &self.kind {
            Kind::Text(text) | Kind::Number(text) => Some(text.clone()),
            Kind::Bool(value) => Some(value.to_string()),
            Kind::Null | Kind::List(_) | Kind::Table(_) => None,
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> impl Iterator<Item = &Tree> {
        match &self.kind {
            Kind::List(items) => items.as_slice(),
            _ => &[],
        }
        .iter()
    }

    /// Keys and values of a table in file order; none for anything else.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Tree)> {
        match &self.kind {
            Kind::Table(entries) => entries.as_slice(),
            _ => &[],
        }
        .iter()
        .map(|(key, value)| (key.as_str(), value))
    }

    /// The items of a list that are text; other items are passed over.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.items().filter_map(Tree::as_text)
    }

    /// Keys that stand more than once anywhere in the file, in file order.
    /// Known to the root only.
    pub fn repeated(&self) -> &[Repeated] {
        &self.repeated
    }
}

#[cfg(test)]
mod tests {
    use super::super::json;

    #[test]
    fn values_are_found_and_typed() {
        let tree = json(r#"{"a": {"b": ["x", 1, "y"]}, "n": 3.10, "t": true, "z": null}"#).unwrap();
        let list = tree.at(&["a", "b"]).unwrap();
        assert_eq!(list.texts().collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(list.items().count(), 3);
        assert_eq!(list.get("x"), None);
        assert_eq!(tree.at(&["a", "nothing"]), None);
        assert_eq!(tree.at(&[]), Some(&tree));
        let keys: Vec<_> = tree.entries().map(|(key, _)| key).collect();
        assert_eq!(keys, ["a", "n", "t", "z"]);
        for (key, scalar, text) in
            [("a", None, None), ("n", Some("3.10"), None), ("t", Some("true"), None), ("z", None, None)]
        {
            let value = tree.get(key).unwrap();
            assert_eq!(value.scalar().as_deref(), scalar, "{key}");
            assert_eq!(value.as_text(), text, "{key}");
        }
    }
}
