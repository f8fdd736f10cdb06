//! Patterns of folders, as workspaces name their members.

use regex_lite::Regex;

/// A pattern of folders as an expression: `*` within a segment, `**` over several.
pub fn folders(glob: &str) -> Option<Regex> {
    let glob = glob.trim_start_matches("./").trim_end_matches('/');
    let text = regex_lite::escape(glob)
        .replace(r"\*\*/", "(?:.*/)?")
        .replace(r"/\*\*", "(?:/.*)?")
        .replace(r"\*\*", ".*")
        .replace(r"\*", "[^/]*");
    Regex::new(&format!("^{text}$")).ok()
}
