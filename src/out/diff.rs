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

/// The same for `git apply`, in which every byte counts: line ends as they are, and a header that says what is new.
pub fn patch(path: &RelPath, old: Option<&str>, new: &str) -> String {
    let lines = |text| str::split_inclusive(text, '\n').collect::<Vec<&str>>();
    let (before, after) = (lines(old.unwrap_or_default()), lines(new));
    let mut text = TextDiff::configure()
        .timeout(DEADLINE)
        .newline_terminated(true)
        .diff_slices(&before, &after)
        .unified_diff()
        .to_string();
    if text.is_empty() {
        return text;
    }
    let mode = if old.is_none() { "new file mode 100644\n" } else { "" };
    let (git_from, to) = (named("a", path), named("b", path));
    // A name with a space ends at a tab, or git reads a date out of it.
    let end = if path.as_str().contains(' ') { "\t" } else { "" };
    let from = old.map_or_else(|| "/dev/null".to_owned(), |_| format!("{git_from}{end}"));
    text.insert_str(0, &format!("diff --git {git_from} {to}\n{mode}--- {from}\n+++ {to}{end}\n"));
    text
}

/// As git writes names: quoted where they hold what would end them.
fn named(side: &str, path: &RelPath) -> String {
    if path.as_str().contains('"') {
        return format!("\"{side}/{}\"", path.as_str().replace('"', "\\\""));
    }
    format!("{side}/{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_keep_every_byte() {
        let path = RelPath::new("my app/Dockerfile").unwrap();
        assert_eq!(
            patch(&path, Some("a\r\nb"), "a\r\nc\r\n"),
            "diff --git a/my app/Dockerfile b/my app/Dockerfile\n--- a/my app/Dockerfile\t\n+++ b/my app/Dockerfile\t\n\
             @@ -1,2 +1,2 @@\n a\r\n-b\n\\ No newline at end of file\n+c\r\n"
        );
        assert!(
            patch(&path, None, "x\n")
                .contains("\nnew file mode 100644\n--- /dev/null\n+++ b/my app/Dockerfile\t\n")
        );
        assert_eq!(patch(&path, Some("x"), "x"), "");
    }

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
