//! Paths that a site's configuration gives its files: what all of its addresses begin with, and the folder of those
//! whose names change with their content. Where files lie in the output is `site`'s to say.
//!
//! A page that is built for `/shop/` asks for `/shop/assets/x.js`, while the build puts the file into `assets/`. A web
//! server that knows nothing of it answers with a blank page.

use crate::fact::Fact;
use crate::repo::dir::Dir;
use crate::stack::node::framework::{ASTRO_CONFIG, VITE_CONFIG};
use crate::stack::node::javascript;
use crate::stack::node::site::Angular;

/// Where a framework's configuration states something.
struct Row {
    frameworks: &'static [&'static str],
    files: &'static [&'static str],
    says: Says,
}

/// How the files say it.
enum Says {
    /// In JavaScript, under a key in whatever object.
    Key(&'static str),
    /// In JSON.
    Json(&'static [&'static str]),
    /// In YAML.
    Yaml(&'static [&'static str]),
    /// In the build options of Angular's project.
    Angular(&'static str),
}

/// What all addresses begin with.
const BASES: &[Row] = &[
    // https://vite.dev/config/shared-options#base
    Row { frameworks: &["Vite", "React Router", "Remix"], files: VITE_CONFIG, says: Says::Key("base") },
    // https://docs.astro.build/en/reference/configuration-reference/#base
    Row { frameworks: &["Astro"], files: ASTRO_CONFIG, says: Says::Key("base") },
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
        says: Says::Key("base"),
    },
    // https://docusaurus.io/docs/api/docusaurus-config#baseUrl
    Row {
        frameworks: &["Docusaurus"],
        files: &["docusaurus.config.ts", "docusaurus.config.js", "docusaurus.config.mjs"],
        says: Says::Key("baseUrl"),
    },
    // https://svelte.dev/docs/kit/configuration#paths: the configuration of Vite since SvelteKit 3
    Row {
        frameworks: &["SvelteKit"],
        files: &["svelte.config.js", "svelte.config.ts", "vite.config.ts", "vite.config.js"],
        says: Says::Key("base"),
    },
    // https://nextjs.org/docs/app/api-reference/config/next-config-js/basePath
    Row {
        frameworks: &["Next.js"],
        files: &["next.config.js", "next.config.mjs", "next.config.ts"],
        says: Says::Key("basePath"),
    },
    // https://nuxt.com/docs/api/nuxt-config#baseurl
    Row { frameworks: &["Nuxt"], files: &["nuxt.config.ts", "nuxt.config.js"], says: Says::Key("baseURL") },
    // https://cli.vuejs.org/config/#publicpath
    Row {
        frameworks: &["Vue CLI"],
        files: &["vue.config.js", "vue.config.cjs"],
        says: Says::Key("publicPath"),
    },
    // https://angular.dev/reference/configs/workspace-config
    Row { frameworks: &["Angular"], files: &["angular.json"], says: Says::Angular("baseHref") },
    // https://create-react-app.dev/docs/deployment/#building-for-relative-paths
    Row { frameworks: &["Create React App"], files: &["package.json"], says: Says::Json(&["homepage"]) },
    // https://hexo.io/docs/configuration#URL
    Row { frameworks: &["Hexo"], files: &["_config.yml"], says: Says::Yaml(&["root"]) },
];

/// Another folder for what is named after its content.
const ASSETS: &[Row] = &[
    // https://vite.dev/config/build-options#build-assetsdir
    Row { frameworks: &["Vite"], files: VITE_CONFIG, says: Says::Key("assetsDir") },
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

/// The first value that `read` takes.
fn stated(
    dir: &Dir<'_>,
    framework: &str,
    rows: &[Row],
    read: impl Fn(&str) -> Option<String>,
) -> Option<Fact<String>> {
    let row = rows.iter().find(|row| row.frameworks.contains(&framework))?;
    row.files.iter().filter_map(|name| dir.doc(name)).find_map(|doc| match row.says {
        Says::Key(key) => javascript::find(&doc, key, |value| value.literals().find_map(&read)),
        Says::Json(path) => doc.json().ok()?.read(path, &read),
        Says::Yaml(path) => doc.yaml().ok()?.read(path, &read),
        Says::Angular(option) => {
            let config = doc.jsonc().ok()?;
            let build = Angular::of(&config)?.build;
            let places = [&["configurations", "production", option][..], &["options", option]];
            let value = places.iter().find_map(|path| build.at(path))?;
            Some(Fact::new(read(value.as_text()?)?, config.cite(value, option)))
        }
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

    const ANGULAR: &str = r#"{"projects": {
        "parts": {"projectType": "library", "architect": {"build": {"options": {"baseHref": "/parts/"}}}},
        "shop": {"architect": {"build": {
            "options": {"baseHref": "/"},
            "configurations": {"production": {"baseHref": "/a/b/"}}
        }}}
    }}"#;

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
            ("Vite", "vite.config.ts", "{ base: process.env.BASE, outDir: '/shop/' }", ""),
            ("Vite", "vite.config.ts", "{\n  base:\n    isDev ? '/' : '/shop/',\n}", "/shop/"),
            ("Vite", "vite.config.ts", "  base: `/${name}/`,", ""),
            ("Vite", "vite.config.ts", "  // base: '/shop/',", ""),
            ("Vite", "vite.config.ts", "  database: '/shop/',", ""),
            ("Vite", "vite.config.ts", "  base: 'https://cdn.example.com/',", ""),
            ("Docusaurus", "docusaurus.config.js", "  baseUrl: '/my-docs/',", "/my-docs/"),
            ("Create React App", "package.json", r#"{"homepage": "https://example.com/tips"}"#, "/tips/"),
            ("Create React App", "package.json", r#"{"homepage": "https://example.com"}"#, ""),
            ("Create React App", "package.json", r#"{"homepage": "."}"#, ""),
            ("Create React App", "package.json", r#"{"author": {"homepage": "/me"}}"#, ""),
            ("Angular", "angular.json", ANGULAR, "/a/b/"),
            ("Hexo", "_config.yml", "root: /blog/ # where it lies", "/blog/"),
            ("Hexo", "_config.yml", "theme:\n  root: /blog/", ""),
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
