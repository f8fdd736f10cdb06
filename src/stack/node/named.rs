//! What the texts of a folder name: packages by what they are called, folders by their path. A name in a comment counts as
//! well; who asks would rather see too much than too little.

use crate::repo::dir::Dir;
use crate::repo::path::RelPath;
use crate::stack::node::sources;

/// Styles, which name other folders by their paths.
const STYLES: &[&str] = &["scss", "sass", "less", "css"];

/// Were all sources of this folder read?
pub(super) fn is_read(dir: &Dir<'_>) -> bool {
    let is_source = |path: &str| {
        path.rsplit_once('.')
            .is_some_and(|(_, ending)| sources::ENDINGS.contains(&ending) || STYLES.contains(&ending))
    };
    dir.files().filter(|(path, _)| is_source(path)).all(|(path, _)| dir.doc(path).is_some())
}

const QUOTES: [char; 3] = ['"', '\'', '`'];

/// Does a text import this name, or something below it?
pub(super) fn imports(text: &str, alias: &str) -> bool {
    quoted(text, alias).next().is_some()
}

/// Does a program load this package? Unlike a name in quotes, the word before it says that it is no mere text.
pub(super) fn loads(text: &str, package: &str) -> bool {
    quoted(text, package).any(|before| {
        let before = before.trim_end_matches(QUOTES).trim_end();
        ["from", "import", "import(", "require(", "require.resolve("]
            .iter()
            .any(|word| before.ends_with(word))
    })
}

/// What stands before each place where this name, or something below it, is in quotes.
fn quoted<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = &'t str> {
    text.match_indices(name).filter_map(|(at, _)| {
        let (before, behind) = (&text[..at], text[at + name.len()..].chars().next());
        let is_opened = before.ends_with(QUOTES);
        (is_opened && behind.is_some_and(|c| c == '/' || QUOTES.contains(&c))).then_some(before)
    })
}

/// Does a text name this path?
pub(super) fn mentions(text: &str, path: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.match_indices(path).any(|(at, _)| {
        let behind = text[at + path.len()..].chars().next();
        !text[..at].chars().next_back().is_some_and(is_part) && !behind.is_some_and(is_part)
    })
}

/// How a source in one folder names another folder, from where their ways part: `../packages/ui`, `../ui`.
pub(super) fn from_folder(home: &RelPath, other: &RelPath) -> String {
    let shared = home.segments().zip(other.segments()).take_while(|(a, b)| a == b).count();
    let rest: Vec<&str> = other.segments().skip(shared).collect();
    format!("../{}", rest.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_from_where_their_ways_part() {
        for (home, other, expected) in [
            ("app", "packages/ui", "../packages/ui"),
            ("apps/web", "apps/ui", "../ui"),
            ("a/b/c", "a/d", "../d"),
        ] {
            let path = |path| RelPath::new(path).expect("a path");
            assert_eq!(from_folder(&path(home), &path(other)), expected, "{home} {other}");
        }
    }

    #[test]
    fn a_name_is_more_than_letters() {
        assert!(imports("import x from '@a/ui'", "@a/ui") && imports("require(\"@a/ui/x\")", "@a/ui"));
        assert!(!imports("import x from '@a/ui-kit'", "@a/ui"));
        for (text, is_loaded) in [
            ("import x from 'ms'", true),
            ("import 'ms/plugin'", true),
            ("const x = require( 'ms' )", true),
            ("await import(\"ms\")", true),
            ("export * from 'ms'", true),
            ("unit('ms')", false),
            ("const unit = 'ms'", false),
            ("import x from 'msg'", false),
        ] {
            assert_eq!(loads(text, "ms"), is_loaded, "{text}");
        }
        assert!(mentions("@import '../../packages/ui/a';", "../packages/ui"));
        assert!(!mentions("@import '../packages/ui-kit/a';", "../packages/ui"));
    }
}
