//! Which files an ordinary build for Linux compiles: `//go:build` lines and file names.
//!
//! <https://pkg.go.dev/cmd/go#hdr-Build_constraints>

use crate::repo::dir::Doc;

/// Tags that are always on where containers run. `cgo` is not decided by a tag here.
const ON: &[&str] = &["linux", "unix", "gc", "cgo", "amd64"];

/// Systems that a file's name may end with.
const OTHER_SYSTEMS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "illumos",
    "ios",
    "js",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "wasm",
];

/// Does a build with these tags compile the file?
pub(super) fn compiles(doc: &Doc<'_>, tags: &[String]) -> bool {
    let stem = doc.path.name().trim_end_matches(".go");
    if stem.rsplit('_').take(2).any(|part| part != stem && OTHER_SYSTEMS.contains(&part)) {
        return false;
    }
    expression(doc).is_none_or(|text| Parser { rest: text, tags }.whole())
}

/// Does the file's constraint name this tag?
pub(super) fn names(doc: &Doc<'_>, tag: &str) -> bool {
    let is_word = |c: char| !(c.is_alphanumeric() || c == '_' || c == '.');
    expression(doc).is_some_and(|text| text.split(is_word).any(|word| word == tag))
}

/// The `//go:build` line, which stands above the package clause.
fn expression<'d>(doc: &Doc<'d>) -> Option<&'d str> {
    doc.lines()
        .map(|(_, line)| line)
        .take_while(|line| !line.starts_with("package "))
        .find_map(|line| line.strip_prefix("//go:build "))
}

/// A parser of `||`, `&&`, `!` and parentheses that works the value out on its way.
struct Parser<'t> {
    rest: &'t str,
    tags: &'t [String],
}

impl Parser<'_> {
    fn whole(mut self) -> bool {
        self.any()
    }

    fn any(&mut self) -> bool {
        let mut value = self.all();
        while self.takes("||") {
            value |= self.all();
        }
        value
    }

    fn all(&mut self) -> bool {
        let mut value = self.one();
        while self.takes("&&") {
            value &= self.one();
        }
        value
    }

    fn one(&mut self) -> bool {
        if self.takes("!") {
            return !self.one();
        }
        if self.takes("(") {
            let value = self.any();
            self.takes(")");
            return value;
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let end = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        // What is no word ends the expression, so that nothing here goes in circles.
        self.rest = if word.is_empty() { "" } else { rest };
        ON.contains(&word) || word.starts_with("go1.") || self.tags.iter().any(|tag| tag == word)
    }

    fn takes(&mut self, sign: &str) -> bool {
        self.rest = self.rest.trim_start();
        let Some(rest) = self.rest.strip_prefix(sign) else { return false };
        self.rest = rest.trim_start();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Inventory, RelPath};

    #[test]
    fn constraints_are_worked_out() {
        for (name, line, tags, expected) in [
            ("a.go", "", &[][..], true),
            ("a.go", "//go:build ignore", &[], false),
            ("a.go", "//go:build !windows", &[], true),
            ("a.go", "//go:build windows || (linux && !dev)", &[], true),
            ("a.go", "//go:build windows || (linux && !dev)", &["dev"], false),
            ("a.go", "//go:build prod", &[], false),
            ("a.go", "//go:build prod", &["prod"], true),
            ("a.go", "//go:build go1.20", &[], true),
            ("a.go", "//go:build (((", &[], false),
            ("service_windows.go", "", &[], false),
            ("service_darwin_arm64.go", "", &[], false),
            ("service_linux.go", "", &[], true),
            ("windows.go", "", &[], true),
        ] {
            let text = format!("// A comment.\n{line}\n\npackage main\n");
            let inventory = Inventory::from_files([(name, text.as_str())]);
            let path = RelPath::new(name).expect("a path");
            let doc = inventory.doc(&path).expect("a file");
            let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
            assert_eq!(compiles(&doc, &tags), expected, "{name} {line}");
        }
    }
}
