//! Paths that a site's configuration gives its files: what all of its addresses begin with, and the folder of those
//! whose names change with their content. Where files lie in the output is `site`'s to say.
//!
//! A page that is built for `/shop/` asks for `/shop/assets/x.js`, while the build puts the file into `assets/`. A web
//! server that knows nothing of it answers with a blank page.

use crate::fact::Fact;
use crate::repo::dir::Dir;
use crate::stack::node::framework::{ASTRO_CONFIG, VITE_CONFIG};

/// Where a framework's configuration states something.
struct Row {
    frameworks: &'static [&'static str],
    files: &'static [&'static str],
    /// Stands before the value, on its line.
    word: &'static str,
}

/// What all addresses begin with.
const BASES: &[Row] = &[
    // https://vite.dev/config/shared-options#base
    Row { frameworks: &["Vite", "React Router", "Remix"], files: VITE_CONFIG, word: "base:" },
    // https://docs.astro.build/en/reference/configuration-reference/#base
    Row { frameworks: &["Astro"], files: ASTRO_CONFIG, word: "base:" },
    // https://vitepress.dev/reference/site-config#base
    Row {
        frameworks: &["VitePress"],
        files: &[
            "docs/.vitepress/config.ts",
            "docs/.vitepress/config.mts",
            "docs/.vitepress/config.js",
            "docs/.vitepress/config.mjs",
            ".vitepress/config.ts",
            ".vitepress/config.mts",
            ".vitepress/config.js",
            ".vitepress/config.mjs",
        ],
        word: "base:",
    },
    // https://docusaurus.io/docs/api/docusaurus-config#baseUrl
    Row {
        frameworks: &["Docusaurus"],
        files: &["docusaurus.config.ts", "docusaurus.config.js", "docusaurus.config.mjs"],
        word: "baseUrl:",
    },
    // https://svelte.dev/docs/kit/configuration#paths: the configuration of Vite since SvelteKit 3
    Row {
        frameworks: &["SvelteKit"],
        files: &["svelte.config.js", "svelte.config.ts", "vite.config.ts", "vite.config.js"],
        word: "base:",
    },
    // https://nextjs.org/docs/app/api-reference/config/next-config-js/basePath
    Row {
        frameworks: &["Next.js"],
        files: &["next.config.js", "next.config.mjs", "next.config.ts"],
        word: "basePath:",
    },
    // https://nuxt.com/docs/api/nuxt-config#baseurl
    Row { frameworks: &["Nuxt"], files: &["nuxt.config.ts", "nuxt.config.js"], word: "baseURL:" },
    // https://cli.vuejs.org/config/#publicpath
    Row { frameworks: &["Vue CLI"], files: &["vue.config.js", "vue.config.cjs"], word: "publicPath:" },
    // https://angular.dev/reference/configs/workspace-config
    Row { frameworks: &["Angular"], files: &["angular.json"], word: "\"baseHref\":" },
    // https://create-react-app.dev/docs/deployment/#building-for-relative-paths
    Row { frameworks: &["Create React App"], files: &["package.json"], word: "\"homepage\":" },
    // https://hexo.io/docs/configuration#URL
    Row { frameworks: &["Hexo"], files: &["_config.yml"], word: "root:" },
];

/// Another folder for what is named after its content.
const ASSETS: &[Row] = &[
    // https://vite.dev/config/build-options#build-assetsdir
    Row { frameworks: &["Vite"], files: VITE_CONFIG, word: "assetsDir:" },
];

/// What all addresses of the site begin with, with a slash on both sides. None where it is the root.
pub(super) fn base(dir: &Dir<'_>, framework: &str) -> Option<Fact<String>> {
    stated(dir, framework, BASES, |literal| {
        // A whole address counts from its path on.
        let path = literal
            .split_once("://")
            .map_or(Some(literal), |(_, rest)| rest.find('/').map(|at| &rest[at..]))?;
        let path = path.starts_with('/').then(|| path.trim_matches('/'))?;
        is_plain(path).then(|| format!("/{path}/"))
    })
}

/// The folder that holds what is named after its content, where it has another name than usual.
pub(super) fn assets(dir: &Dir<'_>, framework: &str) -> Option<Fact<String>> {
    stated(dir, framework, ASSETS, |literal| {
        let path = literal.trim_matches('/');
        is_plain(path).then(|| path.to_owned())
    })
}

/// The first literal behind the word that is one. The file is read as text, so both arms of a condition are seen.
fn stated(
    dir: &Dir<'_>,
    framework: &str,
    rows: &[Row],
    read: impl Fn(&str) -> Option<String>,
) -> Option<Fact<String>> {
    let row = rows.iter().find(|row| row.frameworks.contains(&framework))?;
    row.files.iter().filter_map(|name| dir.doc(name)).find_map(|doc| {
        doc.find(|line| {
            let (before, value) = line.split_once(row.word)?;
            let is_word = before.chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_');
            if !is_word || ["//", "#", "*"].iter().any(|mark| before.trim_start().starts_with(mark)) {
                return None;
            }
            let mut words = value.split(['"', '\'', '`', ' ', ',']).filter(|word| !word.is_empty());
            words.find_map(&read)
        })
    })
}

/// Is it a path that a web server's configuration can hold as it is?
fn is_plain(path: &str) -> bool {
    !path.is_empty()
        && path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Inventory, RelPath};

    fn found(framework: &str, file: &str, text: &str) -> String {
        let inventory = Inventory::from_files([(file, text)]);
        let dir = inventory.dir(RelPath::root());
        base(&dir, framework).map_or_else(String::new, |fact| fact.value)
    }

    #[test]
    fn bases_are_read() {
        for (framework, file, text, expected) in [
            ("Vite", "vite.config.ts", "  base: '/shop/',", "/shop/"),
            ("Vite", "vite.config.ts", "  base: '/shop',", "/shop/"),
            ("Vite", "vite.config.ts", "  base: './',", ""),
            ("Vite", "vite.config.ts", "  base: '/',", ""),
            ("Vite", "vite.config.ts", "  base: mode === 'production' ? '/shop/' : '/',", "/shop/"),
            ("Vite", "vite.config.ts", "  base: isDev ? '/' : '/shop/',", "/shop/"),
            ("Vite", "vite.config.ts", "  base: process.env.BASE,", ""),
            ("Vite", "vite.config.ts", "  base: `/${name}/`,", ""),
            ("Vite", "vite.config.ts", "  // base: '/shop/',", ""),
            ("Vite", "vite.config.ts", "  database: '/shop/',", ""),
            ("Vite", "vite.config.ts", "  base: 'https://cdn.example.com/',", ""),
            ("Docusaurus", "docusaurus.config.js", "  baseUrl: '/my-docs/',", "/my-docs/"),
            ("Create React App", "package.json", "  \"homepage\": \"https://example.com/tips\",", "/tips/"),
            ("Create React App", "package.json", "  \"homepage\": \"https://example.com\",", ""),
            ("Create React App", "package.json", "  \"homepage\": \".\",", ""),
            ("Angular", "angular.json", "  \"baseHref\": \"/a/b/\",", "/a/b/"),
            ("Hexo", "_config.yml", "root: /blog/", "/blog/"),
            ("Parcel", "vite.config.ts", "  base: '/shop/',", ""),
        ] {
            assert_eq!(found(framework, file, text), expected, "{text}");
        }
    }

    #[test]
    fn folders_of_assets_are_read() {
        let inventory = Inventory::from_files([("vite.config.ts", "build: { assetsDir: 'files' }")]);
        let dir = inventory.dir(RelPath::root());
        assert_eq!(assets(&dir, "Vite").map(|fact| fact.value).as_deref(), Some("files"));
        assert!(assets(&dir, "Parcel").is_none());
    }

    #[test]
    fn rows_name_frameworks() {
        let known: Vec<&str> =
            crate::stack::node::framework::META.iter().copied().flatten().map(|row| row.name).collect();
        for name in BASES.iter().chain(ASSETS).flat_map(|row| row.frameworks) {
            assert!(known.contains(name), "{name}");
        }
    }
}
