//! TOML: `Cargo.toml`, `pyproject.toml`, `rust-toolchain.toml`, ...
//!
//! Parsed by `toml` into its own spanned form; this file only turns spans into lines.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::lines::Lines;
use super::{Kind, MAX_DEPTH, Malformed, Tree};

/// The limit built into the `toml` crate.
const PARSER_DEPTH: usize = 80;

/// Reads TOML. A key that stands twice is an error, as the format demands.
pub fn toml(text: &str) -> Result<Tree, Malformed> {
    let lines = Lines::new(text);
    if text.trim().is_empty() {
        return Err(Malformed::empty());
    }
    let root = DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        // The parser's own limit, which also counts the dots of a key, has no type.
        if error.message().contains("recurs") {
            return Malformed::too_deep(lines.place(offset), PARSER_DEPTH);
        }
        Malformed::new(lines.place(offset), error.message())
    })?;
    Ok(Tree::new(1, table(root.into_inner(), &lines, 0)?))
}

fn tree(value: Spanned<DeValue<'_>>, lines: &Lines<'_>, depth: usize) -> Result<Tree, Malformed> {
    let span = value.span();
    let start = span.start;
    if depth > MAX_DEPTH {
        return Err(Malformed::too_deep(lines.place(start), MAX_DEPTH));
    }
    let kind = match value.into_inner() {
        DeValue::String(text) => Kind::Text(text.into_owned()),
        DeValue::Integer(_) | DeValue::Float(_) => Kind::Number(lines.slice(span).to_owned()),
        DeValue::Boolean(value) => Kind::Bool(value),
        DeValue::Datetime(date) => Kind::Text(date.to_string()),
        DeValue::Array(items) => Kind::List(
            (items.into_iter()).map(|item| tree(item, lines, depth + 1)).collect::<Result<_, _>>()?,
        ),
        DeValue::Table(entries) => table(entries, lines, depth)?,
    };
    Ok(Tree::new(lines.line(start), kind))
}

fn table(entries: DeTable<'_>, lines: &Lines<'_>, depth: usize) -> Result<Kind, Malformed> {
    // The parser sorts by name; the file order is in the spans of the keys.
    let mut entries: Vec<_> = entries.into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let entries = entries.into_iter().map(|(key, value)| {
        let value = tree(value, lines, depth + 1)?;
        Ok((key.into_inner().into_owned(), value))
    });
    Ok(Kind::Table(entries.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_lines() {
        let tree = toml(concat!(
            "z = 1\r\n\r\n[project]\r\nname = \"x\"\r\nrequires = [\r\n  'a',\r\n  \"b\",\r\n]\r\n",
            "python = 3.10\r\nhex = 0xFF\r\nbig = 1_000\r\nday = 2020-01-02\r\n",
            "[tool.a]\r\nb.c = true\r\n[[bin]]\r\nname = \"one\"\r\n[[bin]]\r\nname = \"two\"\r\n",
        ))
        .unwrap();
        for (path, line, scalar) in [
            (&["z"][..], 1, Some("1")),
            (&["project"], 3, None),
            (&["project", "name"], 4, Some("x")),
            (&["project", "requires"], 5, None),
            (&["project", "python"], 9, Some("3.10")),
            (&["project", "hex"], 10, Some("0xFF")),
            (&["project", "big"], 11, Some("1_000")),
            (&["project", "day"], 12, Some("2020-01-02")),
            (&["tool", "a"], 13, None),
            (&["tool", "a", "b", "c"], 14, Some("true")),
        ] {
            let value = tree.at(path).unwrap_or_else(|| panic!("no {path:?}"));
            assert_eq!((value.line, value.scalar().as_deref()), (line, scalar), "{path:?}");
        }
        let bins = tree.get("bin").unwrap().items();
        let bins: Vec<_> = bins.map(|bin| (bin.line, bin.get("name").unwrap().line)).collect();
        assert_eq!(bins, [(15, 16), (17, 18)]);
        let requires = tree.at(&["project", "requires"]).unwrap();
        assert_eq!(requires.items().map(|item| item.line).collect::<Vec<_>>(), [6, 7]);
        let keys: Vec<_> = tree.entries().map(|(key, _)| key).collect();
        assert_eq!(keys, ["z", "project", "tool", "bin"]);
    }

    #[test]
    fn errors_have_a_place() {
        for (text, line, column, message) in [
            ("", 1, 1, "empty"),
            (" \r\n", 1, 1, "empty"),
            ("a = 1\na = 2", 2, 1, "duplicate"),
            ("[a]\n[b]\n[a]", 3, 2, "duplicate"),
            ("a = 1\nb = ", 2, 5, ""),
            ("a = \"x\nb = 1", 1, 7, ""),
            ("a = [1,\n2", 2, 2, ""),
            ("[a\nb = 1", 1, 3, ""),
            ("a = hunter2", 1, 5, ""),
        ] {
            let error = toml(text).expect_err(text);
            assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
            assert!(error.message.contains(message), "{text}: {error}");
            assert!(!error.message.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn comments_alone_are_an_empty_table() {
        assert_eq!(toml("# later\n").unwrap().kind, Kind::Table(vec![]));
    }

    #[test]
    fn deep_files_are_refused() {
        for depth in [MAX_DEPTH + 1, 1000, 10_000, 100_000] {
            let repeat = |text: &str| text.repeat(depth);
            for text in [
                format!("{}a = 1", repeat("a.")),
                format!("[{}a]\nb = 1", repeat("a . ")),
                format!("[[{}a]]", repeat("\"=\".")),
                format!("a = {{ {}a = 1 }}", repeat("a.")),
                format!("a = {}{}", repeat("["), repeat("]")),
                format!("a = {}1{}", repeat("{a="), repeat("}")),
            ] {
                let error = toml(&text).expect_err(&text[..20]);
                assert!(error.message.contains("levels"), "{depth} {}: {error}", &text[..20]);
            }
        }
    }
}
