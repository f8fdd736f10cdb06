//! Manifests of several folders, copied so that an edit elsewhere leaves them cached.
//!
//! `COPY --parents` would be one line. Engines before BuildKit 0.9 (Docker 23) tell such a copy apart by the
//! whole context, so that every edit would run the step after it again. One COPY a folder is right on all.

use serde::Serialize;

use crate::repo::path::RelPath;

/// One COPY: files of one folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copied {
    /// The files, from the context.
    pub sources: Vec<String>,
    /// The folder, as a destination.
    pub to: String,
}

/// The files by folder, in the order in which the folders appear.
pub fn by_folder(paths: &[String]) -> Vec<Copied> {
    let mut copies: Vec<Copied> = Vec::new();
    for path in paths {
        let to = path.rsplit_once('/').map_or_else(|| "./".to_owned(), |(folder, _)| format!("{folder}/"));
        match copies.iter_mut().find(|copied| copied.to == to) {
            Some(copied) => copied.sources.push(path.clone()),
            None => copies.push(Copied { sources: vec![path.clone()], to }),
        }
    }
    copies
}

/// The same where the files lie in this folder of the build context, and are to lie as before.
pub fn in_folder(copies: Vec<Copied>, folder: &RelPath) -> Vec<Copied> {
    let place = |source: &String| folder.join(source).unwrap_or_default().to_string();
    let place_all = |copied: Copied| Copied { sources: copied.sources.iter().map(place).collect(), ..copied };
    copies.into_iter().map(place_all).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_folder_are_copied_together() {
        let paths = ["Cargo.toml", "a/Cargo.toml", "Cargo.lock", "a/b/Cargo.toml"].map(str::to_owned);
        let copies: Vec<(String, String)> =
            by_folder(&paths).into_iter().map(|copied| (copied.sources.join(" "), copied.to)).collect();
        let expected = [("Cargo.toml Cargo.lock", "./"), ("a/Cargo.toml", "a/"), ("a/b/Cargo.toml", "a/b/")];
        assert_eq!(copies, expected.map(|(from, to)| (from.to_owned(), to.to_owned())));
    }
}
