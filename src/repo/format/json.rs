//! JSON, and JSON with comments.
//!
//! Strict for what npm reads (`package.json`), tolerant for what TypeScript and Deno
//! read (`tsconfig.json`, `deno.jsonc`). Parsed by `jsonc-parser`, which knows places.

use indexmap::IndexMap;
use indexmap::map::Entry;
use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::lines::Lines;
use super::{Kind, MAX_DEPTH, Malformed, Repeated, Tree};

/// Reads JSON as `JSON.parse` does: a comment or a trailing comma is an error.
pub fn json(text: &str) -> Result<Tree, Malformed> {
    read(text, Comments::Refused)
}

/// Reads JSON in which comments and trailing commas are allowed, as in `tsconfig.json`.
pub fn jsonc(text: &str) -> Result<Tree, Malformed> {
    read(text, Comments::Allowed)
}

#[derive(Clone, Copy, PartialEq)]
enum Comments {
    Refused,
    Allowed,
}

fn read(text: &str, comments: Comments) -> Result<Tree, Malformed> {
    let tolerant = comments == Comments::Allowed;
    let options = ParseOptions {
        allow_comments: tolerant,
        allow_trailing_commas: tolerant,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let ast = parse_to_ast(text, &CollectOptions::default(), &options).map_err(malformed)?;
    let mut reading = Reading { lines: Lines::new(text), repeated: Vec::new() };
    let mut tree = reading.tree(ast.value.ok_or_else(Malformed::empty)?, 0)?;
    tree.repeated = reading.repeated;
    Ok(tree)
}

struct Reading<'a> {
    lines: Lines<'a>,
    repeated: Vec<Repeated>,
}

impl Reading<'_> {
    fn tree(&mut self, value: Value<'_>, depth: usize) -> Result<Tree, Malformed> {
        let start = value.start();
        if depth > MAX_DEPTH {
            return Err(Malformed::too_deep(self.lines.place(start), MAX_DEPTH));
        }
        let kind = match value {
            Value::NullKeyword(_) => Kind::Null,
            Value::BooleanLit(literal) => Kind::Bool(literal.value),
            Value::NumberLit(literal) => Kind::Number(literal.value.to_owned()),
            Value::StringLit(literal) => Kind::Text(literal.value.into_owned()),
            Value::Array(array) => {
                let items = array.elements.into_iter();
                Kind::List(items.map(|item| self.tree(item, depth + 1)).collect::<Result<_, _>>()?)
            }
            Value::Object(object) => {
                let mut table = IndexMap::with_capacity(object.properties.len());
                for property in object.properties {
                    let tree = self.tree(property.value, depth + 1)?;
                    self.insert(&mut table, property.name.into_string(), tree);
                }
                Kind::Table(table.into_iter().collect())
            }
        };
        Ok(Tree::new(self.lines.line(start), kind))
    }

    /// The last one wins, as in `JSON.parse`:
    /// <https://tc39.es/ecma262/#sec-json.parse> ("lexically preceding values are overwritten").
    fn insert(&mut self, table: &mut IndexMap<String, Tree>, key: String, tree: Tree) {
        match table.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(tree);
            }
            Entry::Occupied(mut entry) => {
                self.repeated.push(Repeated {
                    key: entry.key().clone(),
                    lost: entry.get().line,
                    wins: tree.line,
                });
                entry.insert(tree);
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` wants")]
fn malformed(error: ParseError) -> Malformed {
    let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
    let place = (number(error.line_display()), number(error.column_display()));
    match error.kind() {
        ParseErrorKind::NestingDepthExceeded => Malformed::too_deep(place, MAX_DEPTH),
        kind @ (ParseErrorKind::CommentsNotAllowed | ParseErrorKind::TrailingCommasNotAllowed) => {
            Malformed::new(place, kind.to_string())
                .with_help("remove it: the tools that read this file expect plain JSON")
        }
        ParseErrorKind::UnexpectedWord | ParseErrorKind::SingleQuotedStringsNotAllowed => {
            Malformed::new(place, error.kind().to_string())
                .with_help("names and texts stand in double quotes in JSON")
        }
        kind => Malformed::new(place, kind.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_lines() {
        let tree = json("{\r\n  \"a\": 1.50,\r\n  \"b\": [\r\n    \"\\u00e4\"\r\n  ]\r\n}\r\n").unwrap();
        assert_eq!(tree.line, 1);
        let a = tree.get("a").unwrap();
        assert_eq!((a.line, &a.kind), (2, &Kind::Number("1.50".to_owned())));
        let item = tree.get("b").unwrap().items().next().unwrap();
        assert_eq!((item.line, item.as_text()), (4, Some("ä")));
    }

    #[test]
    fn anything_may_be_the_root() {
        for (text, kind) in [
            ("[]", Kind::List(vec![])),
            ("null", Kind::Null),
            (" \"x\" ", Kind::Text("x".to_owned())),
            ("-1e3", Kind::Number("-1e3".to_owned())),
        ] {
            assert_eq!(json(text).unwrap().kind, kind, "{text}");
        }
    }

    #[test]
    fn the_last_of_repeated_keys_wins_and_is_reported() {
        let tree = json("{\"a\": 1,\n\"b\": {\"c\": 1,\n\"c\": 2},\n\"a\": 3}").unwrap();
        assert_eq!(tree.get("a").unwrap().scalar().as_deref(), Some("3"));
        assert_eq!(tree.at(&["b", "c"]).unwrap().scalar().as_deref(), Some("2"));
        let keys: Vec<_> = tree.entries().map(|(key, _)| key).collect();
        assert_eq!(keys, ["a", "b"]);
        let repeated: Vec<_> = (tree.repeated().iter())
            .map(|repeated| (repeated.key.as_str(), repeated.lost, repeated.wins))
            .collect();
        assert_eq!(repeated, [("c", 2, 3), ("a", 1, 4)]);
    }

    #[test]
    fn errors_have_a_place() {
        for (text, line, column, message) in [
            ("", 1, 1, "empty"),
            (" \n", 1, 1, "empty"),
            ("{\n  // why\n}", 2, 3, "Comments"),
            ("{\"a\": [1,\n2,]}", 2, 2, "Trailing"),
            ("{\"a\": 1,}", 1, 8, "Trailing"),
            ("{\n\"a\": }", 2, 6, "close brace"),
            ("{\n\"a\" 1}", 2, 5, "colon"),
            ("{\"a\": 1 \"b\": 2}", 1, 8, "comma"),
            ("{a: 1}", 1, 2, ""),
            ("{'a': 1}", 1, 2, "Single-quoted"),
            ("{} {}", 1, 4, "more than one"),
            ("{\"a\": \"x", 1, 7, "nterminated"),
            ("[", 1, 1, "Unterminated array"),
            ("<<<<<<< HEAD\n{}", 1, 1, ""),
            ("NaN", 1, 1, ""),
        ] {
            let error = json(text).expect_err(text);
            assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
            assert!(error.message.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn comments_are_allowed_where_they_are_usual() {
        let tree = jsonc("// head\n{\n  /* b */ \"a\": [1, 2,], // c\n}").unwrap();
        assert_eq!(tree.get("a").unwrap().items().count(), 2);
        assert_eq!(tree.get("a").unwrap().line, 3);
        assert!(jsonc("{'a': 1}").is_err());
        assert!(jsonc("// nothing").is_err());
    }

    #[test]
    fn deep_files_are_refused() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(json(&nested(MAX_DEPTH)).is_ok());
        for depth in [MAX_DEPTH + 2, 400, 100_000] {
            let error = json(&nested(depth)).expect_err("deep");
            assert!(error.message.contains("levels"), "{depth}: {error}");
        }
        assert!(json(&"{\"a\":".repeat(100_000)).is_err());
    }

    #[test]
    fn values_stay_out_of_messages() {
        let error = json("{\"token\": hunter2}").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}
