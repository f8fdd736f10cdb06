//! Unified diffs, as `git apply` and `patch` read them.
//!
//! Line endings do not count: [`write`](super::write()) keeps those of the old file.

use std::time::Duration;

use similar::TextDiff;

use crate::repo::path::RelPath;

/// After this time the diff may be larger than needed, but it is still right. Generated
/// files take a millisecond.
const DEADLINE: Duration = Duration::from_millis(500);

/// The change at `path` from the old text (`None`: no file) to the new one. Empty if they
/// differ in line endings at most.
pub fn diff(path: &RelPath, old: Option<&str>, new: &str) -> String {
    let before = old.unwrap_or_default().replace("\r\n", "\n");
    let after = new.replace("\r\n", "\n");
    let from = old.map_or_else(|| "/dev/null".to_owned(), |_| format!("a/{path}"));
    TextDiff::configure()
        .timeout(DEADLINE)
        .diff_lines(&before, &after)
        .unified_diff()
        .header(&from, &format!("b/{path}"))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_shown() {
        let path = RelPath::new("x/Dockerfile").unwrap();
        for (old, new, expected) in [
            (Some("a\nb\n"), "a\nb\n", ""),
            (Some("a\r\nb\r\n"), "a\nb\n", ""),
            (None, "a\n", "--- /dev/null\n+++ b/x/Dockerfile\n@@ -0,0 +1 @@\n+a\n"),
            (
                Some("a\r\nb\r\n"),
                "a\nc\n",
                "--- a/x/Dockerfile\n+++ b/x/Dockerfile\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n",
            ),
            (
                Some("a"),
                "a\n",
                "--- a/x/Dockerfile\n+++ b/x/Dockerfile\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n",
            ),
        ] {
            assert_eq!(diff(&path, old, new), expected, "{old:?} -> {new:?}");
        }
    }
}
