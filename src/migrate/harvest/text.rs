//! Paths of an image, and values as an instruction has them.

/// A path as seen from a folder, without dots in it.
pub(super) fn join(folder: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// A path as seen from a folder above it.
pub(super) fn below(path: &str, folder: &str) -> Option<String> {
    let (path, folder) = (join("/", path), join("/", folder));
    let rest = path.strip_prefix(folder.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/').to_owned())
}

/// The last part of a path.
pub(super) fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A path that a shell takes as one word.
pub(super) fn is_plain(path: &str) -> bool {
    path.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
}

/// In double quotes, so that it evaluates to exactly this.
pub(in crate::migrate) fn quoted(value: &str) -> Option<String> {
    quoted_open(&value.replace('\\', "\\\\").replace('$', "\\$"))
}

/// In double quotes, variables left open.
pub(in crate::migrate) fn quoted_open(value: &str) -> Option<String> {
    (!value.contains(['\n', '\r'])).then(|| format!("\"{}\"", value.replace('"', "\\\"")))
}
