//! A path inside a repository, the same on every machine.
//!
//! What cannot be such a path (absolute, with `..`, or with a control character that
//! could end a line of a Dockerfile) is refused here, once, so that nobody has to ask again.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `/`-separated, relative to the repository's root, without `.`, `..` or control characters.
/// The root itself is the empty path and prints as `.`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RelPath(String);

/// Why a text is not a path inside the repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a path inside the repository: {why}", text.escape_debug())]
pub struct BadPath {
    text: String,
    why: &'static str,
}

impl RelPath {
    /// The repository's root.
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// Reads a path, dropping `.` segments and doubled or trailing slashes.
    pub fn new(text: &str) -> Result<Self, BadPath> {
        if is_clean(text) {
            return Ok(Self(text.to_owned()));
        }
        let refuse = |why| Err(BadPath { text: text.to_owned(), why });
        if text.starts_with('/') || text.contains('\\') {
            return refuse("it must be relative and use `/`");
        }
        if text.chars().any(char::is_control) {
            return refuse("it holds a control character");
        }
        let mut clean = String::with_capacity(text.len());
        for segment in text.split('/').filter(|s| !s.is_empty() && *s != ".") {
            if segment == ".." {
                return refuse("it leaves its folder with `..`");
            }
            if !clean.is_empty() {
                clean.push('/');
            }
            clean.push_str(segment);
        }
        Ok(Self(clean))
    }

    /// The path as written, empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the repository's root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path of something below this one. `below` may hold `.` and `..` segments as
    /// manifests write them (`../core`); `None` when it leaves the repository.
    pub fn join(&self, below: &str) -> Option<Self> {
        if below.starts_with('/') {
            return None;
        }
        let mut segments: Vec<&str> = self.segments().collect();
        for segment in below.split('/').filter(|s| !s.is_empty() && *s != ".") {
            if segment == ".." {
                segments.pop()?;
            } else {
                segments.push(segment);
            }
        }
        Self::new(&segments.join("/")).ok()
    }

    /// The folder that holds this path; none for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(Self(self.0.rfind('/').map_or_else(String::new, |at| self.0[..at].to_owned())))
    }

    /// This folder and those above it, nearest first, the root last.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self.clone()), Self::parent)
    }

    /// The last segment; empty for the root.
    pub fn name(&self) -> &str {
        let from = self.0.bytes().rposition(|byte| byte == b'/').map_or(0, |at| at + 1);
        &self.0[from..]
    }

    /// The part of the name after its last dot, if there is one that is not the first character.
    pub fn extension(&self) -> Option<&str> {
        let name = self.name();
        name.rfind('.').filter(|at| *at > 0).map(|at| &name[at + 1..])
    }

    /// The segments from the root down.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|s| !s.is_empty())
    }

    /// How many folders lie between the root and this path: 0 for a file in the root.
    pub fn depth(&self) -> usize {
        memchr::memchr_iter(b'/', self.0.as_bytes()).count()
    }

    /// True when this path is `folder` or lies below it.
    pub fn is_within(&self, folder: &Self) -> bool {
        folder.is_root()
            || self.0 == folder.0
            || self.0.strip_prefix(&folder.0).is_some_and(|rest| rest.starts_with('/'))
    }

    /// This path as seen from `folder`; none when it is not within it.
    pub fn relative_to(&self, folder: &Self) -> Option<Self> {
        if folder.is_root() {
            return Some(self.clone());
        }
        let rest = self.0.strip_prefix(&folder.0)?;
        match rest.strip_prefix('/') {
            Some(below) => Some(Self(below.to_owned())),
            None => rest.is_empty().then(Self::root),
        }
    }
}

/// Nothing to drop and nothing to refuse, seen in one pass: a walk makes a hundred thousand of these.
fn is_clean(text: &str) -> bool {
    let mut before = b'/';
    for byte in text.bytes() {
        let is_plain = matches!(byte, b' '..=b'~') && byte != b'\\';
        if !is_plain || (before == b'/' && matches!(byte, b'/' | b'.')) {
            return false;
        }
        before = byte;
    }
    before != b'/' || text.is_empty()
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root() { "." } else { &self.0 })
    }
}

impl From<RelPath> for String {
    fn from(path: RelPath) -> Self {
        path.to_string()
    }
}

impl TryFrom<String> for RelPath {
    type Error = BadPath;
    fn try_from(text: String) -> Result<Self, BadPath> {
        Self::new(&text)
    }
}

impl schemars::JsonSchema for RelPath {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RelPath".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::new(text).expect("a valid path")
    }

    #[test]
    fn reads_and_refuses() {
        assert_eq!(path("./a//b/").as_str(), "a/b");
        assert_eq!(path(".").to_string(), ".");
        for bad in ["/etc", "a/../b", "a\nFROM x", "a\\b", "\u{0}"] {
            assert!(RelPath::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn moves_around() {
        assert_eq!(path("apps/web").join("../core/x"), Some(path("apps/core/x")));
        assert_eq!(path("a").join("../../x"), None);
        assert_eq!(path("a/b").parent(), Some(path("a")));
        assert_eq!(path("a").parent(), Some(RelPath::root()));
        assert_eq!(RelPath::root().parent(), None);
        assert_eq!(path("a/b.tar.gz").extension(), Some("gz"));
        assert_eq!(path(".env").extension(), None);
        assert!(path("a/b").is_within(&path("a")) && !path("ab").is_within(&path("a")));
        assert_eq!(path("a/b/c").relative_to(&path("a")), Some(path("b/c")));
        assert_eq!(path("a").ancestors().count(), 2);
    }
}
