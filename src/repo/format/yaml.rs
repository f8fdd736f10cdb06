//! YAML: `pnpm-workspace.yaml`, `application.yml`, `environment.yml`, `pubspec.yaml`, ...
//!
//! Parsed by `serde-saphyr`, which resolves aliases and merge keys (`<<`) within a
//! budget. Its typed numbers have lost their spelling, so numbers are taken from the
//! text at the place the parser reports.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error, Location, Options, Spanned};

use super::{Kind, Malformed, Tree};

/// Collections within collections. Lower than for the other formats, because serde takes
/// about 40 KiB of stack for one level of YAML in a debug build, and a thread has 2 MiB.
/// Kubernetes, compose and CI files stay below 15.
const MAX_DEPTH: usize = 32;

/// Values an alias may repeat before the file is taken for a bomb. Real compose files
/// and CI configurations repeat a few hundred.
const MAX_REPEATED_BY_ALIASES: usize = 50_000;

/// Values in one file. A pnpm lock file of 32 MiB has about one and a half million.
const MAX_VALUES: usize = 4_000_000;

/// Reads the first document of a YAML file.
///
/// Booleans are `true` and `false` as in YAML 1.2; `on` and `yes` are text. A key that
/// stands twice is an error, as the format demands.
pub fn yaml(text: &str) -> Result<Tree, Malformed> {
    let first = yaml_documents(text)?.into_iter().next();
    first.ok_or_else(Malformed::empty)
}

/// Reads a YAML file of which the last document counts.
pub fn last_yaml(text: &str) -> Result<Tree, Malformed> {
    yaml_documents(text)?.pop().ok_or_else(Malformed::empty)
}

/// Reads all documents of a YAML file, for formats where `---` separates parts, such as
/// the profiles of Spring Boot. Empty documents are left out; never returns none.
pub fn yaml_documents(text: &str) -> Result<Vec<Tree>, Malformed> {
    let documents: Vec<Node> =
        serde_saphyr::from_multiple_with_options(text, options()).map_err(|error| malformed(&error))?;
    if documents.is_empty() {
        return Err(Malformed::empty());
    }
    Ok(documents.into_iter().map(|node| node.tree(text)).collect())
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH + 2,
            max_nodes: MAX_VALUES,
            max_events: 2 * MAX_VALUES,
            max_recorded_anchor_events: MAX_REPEATED_BY_ALIASES,
            // One anchor with hundreds of aliases is how CI files are written.
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_REPEATED_BY_ALIASES,
        },
        strict_booleans: true,
        with_snippet: false,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::PassThrough,
    }
}

/// A value as the parser hands it over.
struct Node(Spanned<Value>);

enum Value {
    Null,
    Bool(bool),
    /// The number as the parser understands it, in case its text cannot be found.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
}

impl Node {
    fn tree(self, text: &str) -> Tree {
        let Node(Spanned { value, defined, .. }) = self;
        let kind = match value {
            Value::Null => Kind::Null,
            Value::Bool(value) => Kind::Bool(value),
            Value::Number(number) => Kind::Number(written(text, &defined).unwrap_or(number)),
            Value::Text(text) => Kind::Text(text),
            Value::List(items) => Kind::List(items.into_iter().map(|item| item.tree(text)).collect()),
            Value::Table(entries) => {
                let entries = entries.into_iter();
                Kind::Table(entries.map(|(key, value)| (key, value.tree(text))).collect())
            }
        };
        Tree::new(number(defined.line()).max(1), kind)
    }
}

/// The spelling of a number, if the span covers a number and nothing else.
fn written(text: &str, location: &Location) -> Option<String> {
    let span = location.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let end = start + usize::try_from(span.byte_len()?).ok()?;
    let written = text.get(start..end)?.trim();
    let is_number = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '_');
    (!written.is_empty() && written.chars().all(is_number)).then(|| written.to_owned())
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Node)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut table = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            table.push(entry);
        }
        Ok(Value::Table(table))
    }
}

fn malformed(error: &Error) -> Malformed {
    let error = error.without_snippet();
    let place = error
        .location()
        .map_or((1, 1), |location| (number(location.line()).max(1), number(location.column()).max(1)));
    describe(error, place)
}

/// The parser's errors in words for the person who wrote the file. The parser's own
/// text speaks to programmers, and may quote values; it is used for syntax errors only.
fn describe(error: &Error, place: (u32, u32)) -> Malformed {
    let say = |message: &str| Malformed::new(place, message);
    match error {
        Error::AliasError { error, .. } => describe(error, place),
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            say(&format!("the key `{key}` stands twice in its table")).with_help("keep one of the two")
        }
        Error::DuplicateMappingKey { .. } => say("a key stands twice in its table"),
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => Malformed::too_deep(place, MAX_DEPTH),
        Error::Budget { breach: BudgetBreach::RecordedAnchorEvents { .. }, .. }
        | Error::AliasReplayLimitExceeded { .. } => say("aliases repeat more values than are read"),
        Error::Budget { .. } => say("the file has more values than are read"),
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            say("an alias refers to the value in which it stands")
        }
        Error::UnknownAnchor { .. } => say("an alias refers to an anchor that does not exist"),
        // Text is asked for in keys only.
        Error::Unexpected { .. } | Error::NullIntoString { .. } => {
            say("a key is not text").with_help("write the key in quotes")
        }
        Error::InvalidScalar { .. } => say("a value does not fit its tag"),
        // The scanner's limit for `[` and `{` has no type of its own.
        Error::ExternalMessage { msg, .. } if msg.contains("recursion limit") => {
            Malformed::too_deep(place, MAX_DEPTH)
        }
        Error::ExternalMessage { msg, .. } => say(msg),
        _ => say("this is not well-formed YAML"),
    }
}

fn number(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn values_know_their_lines_and_spelling() {
        let text = concat!(
            "# head\r\nx: &x\r\n  a: 3.10\r\n  n: 0x1F\r\ny:\r\n  <<: *x\r\n  n: !!str 5\r\n",
            "  tag: !Ref b\r\n  inf: .inf\r\n  on: yes\r\n  3.10: 'x'\r\n  nil: ~\r\n  list:\r\n",
            "    - \"q\"\r\n    - 2020-01-01\r\nz: *x\r\nfold: |\r\n  one\r\n  two\r\nflow: {t: true}\r\n",
        );
        let tree = yaml(text).unwrap();
        for (path, line, scalar) in [
            (&["x"][..], 3, None),
            (&["x", "a"], 3, Some("3.10")),
            (&["x", "n"], 4, Some("0x1F")),
            (&["y", "a"], 3, Some("3.10")),
            (&["y", "n"], 7, Some("5")),
            (&["y", "tag"], 8, Some("b")),
            (&["y", "inf"], 9, Some(".inf")),
            (&["y", "on"], 10, Some("yes")),
            (&["y", "3.10"], 11, Some("x")),
            (&["y", "nil"], 12, None),
            (&["y", "list"], 14, None),
            (&["z", "a"], 3, Some("3.10")),
            (&["flow", "t"], 20, Some("true")),
        ] {
            let value = tree.at(path).unwrap_or_else(|| panic!("no {path:?}"));
            assert_eq!((value.line, value.scalar().as_deref()), (line, scalar), "{path:?}");
        }
        let list = tree.at(&["y", "list"]).unwrap();
        assert_eq!(list.texts().collect::<Vec<_>>(), ["q", "2020-01-01"]);
        assert_eq!(list.items().nth(1).unwrap().line, 15);
        assert_eq!(tree.get("fold").unwrap().as_text(), Some("one\ntwo\n"));
        assert_eq!(tree.get("x").unwrap().get("n").unwrap().as_text(), None);
        let keys: Vec<_> = tree.entries().map(|(key, _)| key).collect();
        assert_eq!(keys, ["x", "y", "z", "fold", "flow"]);
    }

    #[test]
    fn documents_are_separate() {
        let text = "a: 1\n---\n# nothing\n---\na: 2\n";
        let documents = yaml_documents(text).unwrap();
        let lines = documents.iter().map(|tree| tree.get("a").unwrap().line);
        assert_eq!(lines.collect::<Vec<_>>(), [1, 5]);
        assert_eq!(yaml(text).unwrap(), documents[0]);
    }

    #[test]
    fn errors_have_a_place() {
        for (text, line, column, message) in [
            ("", 1, 1, "empty"),
            ("---\n# later\n", 1, 1, "empty"),
            ("a: 1\nb:\n  c: 1\n  c: 2\n", 4, 3, "`c` stands twice"),
            ("a: 1\nb: [1", 2, 4, "unclosed"),
            ("a: 1\nb: *x", 2, 4, "anchor"),
            ("a: b: c", 1, 5, "mapping values"),
            ("a:\n\t- x", 2, 2, "tabs"),
            ("a: 1\n? [b]\n: 1", 2, 3, "key is not text"),
            ("~: 1", 1, 1, "key is not text"),
            ("a: &x [*x]", 1, 8, "in which it stands"),
            ("a: !!int hunter2", 1, 10, "tag"),
            ("a: \"hunter2", 1, 4, "unclosed quote"),
            ("- a\nb: 1", 2, 1, "'-'"),
            ("<<<<<<< HEAD\na: 1\n", 2, 2, ""),
        ] {
            let error = yaml(text).expect_err(text);
            assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
            assert!(error.message.contains(message), "{text}: {error}");
            assert!(!error.message.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn deep_files_are_refused() {
        let flow = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        let block = |depth: usize| "- ".repeat(depth) + "x";
        assert!(yaml(&flow(MAX_DEPTH)).is_ok());
        assert!(yaml(&block(MAX_DEPTH)).is_ok());
        let tables = |depth: usize| "{a: ".repeat(depth) + &"}".repeat(depth);
        for depth in [MAX_DEPTH + 1, 100_000] {
            for text in [flow(depth), block(depth), tables(depth)] {
                let error = yaml(&text).expect_err(&text[..20]);
                assert!(error.message.contains("levels"), "{depth} {}: {error}", &text[..20]);
            }
        }
    }

    #[test]
    fn one_anchor_may_have_many_aliases() {
        let text = "a: &a {image: node}\nb:\n".to_owned() + &"  - *a\n".repeat(1000);
        let tree = yaml(&text).unwrap();
        let mut images = tree.get("b").unwrap().items().map(|item| item.get("image"));
        assert!(images.all(|image| image.and_then(Tree::as_text) == Some("node")));
        assert_eq!(tree.get("b").unwrap().items().count(), 1000);
    }

    #[test]
    fn large_lock_files_are_read() {
        // More than the library's own budget of 250,000 values allows.
        let text = "- 1\n".repeat(260_000);
        assert_eq!(yaml(&text).unwrap().items().count(), 260_000);
    }

    #[test]
    fn alias_bombs_are_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            writeln!(bomb, "a{level}: &a{level} [{aliases}]").unwrap();
        }
        let error = yaml(&bomb).unwrap_err();
        assert!(error.message.contains("aliases"), "{error}");

        let mut merges = "a0: &a0 {x: 1}\n".to_owned();
        for level in 1..40 {
            let below = level - 1;
            writeln!(merges, "a{level}: &a{level} {{<<: [*a{below}, *a{below}]}}").unwrap();
        }
        let error = yaml(&merges).unwrap_err();
        assert!(error.message.contains("aliases"), "{error}");
    }
}
