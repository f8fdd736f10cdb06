//! What lies around a program and is neither built nor run: documents for people, and files that a forge, an editor or a
//! host reads. Which of them a build may ask for all the same is the stack's to say.

use crate::repo::dir::{Dir, Doc};

/// How documents for people begin. They end in `.md`.
const DOCUMENTS: [&str; 5] = ["README", "CHANGELOG", "CONTRIBUTING", "CODE_OF_CONDUCT", "SECURITY"];

/// Files that others read than the program: git, editors, hooks, and hosts that start the program in a way of their own.
const OTHERS: [&str; 13] = [
    ".do",                     // https://docs.digitalocean.com/products/app-platform/reference/app-spec/
    ".editorconfig",           // https://editorconfig.org
    ".gitignore",              // https://git-scm.com/docs/gitignore
    ".pre-commit-config.yaml", // https://pre-commit.com
    "LICENSE",
    "LICENSE.md",
    "LICENSE.txt",
    "Procfile",     // https://devcenter.heroku.com/articles/procfile
    "fly.toml",     // https://fly.io/docs/reference/configuration/
    "netlify.toml", // https://docs.netlify.com/configure-builds/file-based-configuration/
    "railway.json", // https://docs.railway.com/reference/config-as-code
    "render.yaml",  // https://render.com/docs/blueprint-spec
    "vercel.json",  // https://vercel.com/docs/project-configuration
];

/// The documents of a folder that no source names.
pub fn documents(dir: &Dir<'_>, sources: &[Doc<'_>]) -> Vec<String> {
    unnamed(dir, sources, is_document)
}

/// The documents, and what is there for others than the program, where no source names it: in byte order.
pub fn all(dir: &Dir<'_>, sources: &[Doc<'_>]) -> Vec<String> {
    let mut all = unnamed(dir, sources, |name| is_document(name) || OTHERS.contains(&name));
    all.sort_unstable();
    all
}

fn is_document(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    upper.ends_with(".MD") && DOCUMENTS.iter().any(|word| upper.starts_with(word))
}

fn unnamed(dir: &Dir<'_>, sources: &[Doc<'_>], is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let is_named = |name: &str| sources.iter().any(|source| source.text.contains(name));
    let found = top_level(dir).into_iter().filter(|name| is_wanted(name) && !is_named(name));
    found.map(str::to_owned).collect()
}

/// The files and folders of a folder, in byte order.
pub fn top_level<'d>(dir: &'d Dir<'_>) -> Vec<&'d str> {
    let mut names: Vec<&str> = dir.files().filter_map(|(path, _)| path.split('/').next()).collect();
    names.dedup();
    names
}
