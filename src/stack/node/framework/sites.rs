//! Frameworks and tools whose build writes files for a web server. Sources: the deployment page of each project.

use super::{ASTRO_CONFIG, Framework, Gives, HOST, Missing, Role, SITE, Site, Stated, VITE_CONFIG};

const fn site(
    name: &'static str,
    packages: &'static [&'static str],
    site: Site,
    public: &'static [&'static str],
) -> Framework {
    Framework { name, packages, gives: Gives::Site(site), port: 8080, dev: &[], public }
}

/// Pages with their own addresses, written by a generator.
const PAGES: Site = Site { missing: Missing::NotFound, ..SITE };
/// Documents or components beside a program.
const ASIDE: Site = Site { missing: Missing::NotFound, role: Role::Aside, ..SITE };
/// One page, put together by a bundler.
const BUNDLED: Site = Site { role: Role::Bundler, ..SITE };

pub(super) const ROWS: &[Framework] = &[
    // https://docs.astro.build/en/guides/deploy/
    Framework {
        dev: HOST,
        ..site(
            "Astro",
            &["astro"],
            Site {
                stated: Stated::Config(ASTRO_CONFIG, "outDir"),
                hashed: &["_astro"],
                build: "astro build",
                tools: &["astro"],
                ..PAGES
            },
            &["PUBLIC_"],
        )
    },
    // https://www.gatsbyjs.com/docs/how-to/previews-deploys-hosting/
    Framework {
        dev: HOST,
        ..site(
            "Gatsby",
            &["gatsby"],
            Site {
                output: "public",
                hashed: &["static"],
                build: "gatsby build",
                tools: &["gatsby"],
                ..PAGES
            },
            &["GATSBY_"],
        )
    },
    // https://docusaurus.io/docs/deployment
    Framework {
        dev: HOST,
        ..site(
            "Docusaurus",
            &["@docusaurus/core"],
            Site {
                output: "build",
                hashed: &["assets"],
                build: "docusaurus build",
                tools: &["docusaurus"],
                ..PAGES
            },
            &[],
        )
    },
    // https://vitepress.dev/guide/deploy
    Framework {
        dev: HOST,
        ..site(
            "VitePress",
            &["vitepress"],
            Site {
                output: "docs/.vitepress/dist",
                stated: Stated::Below("vitepress"),
                hashed: &["assets"],
                build: "vitepress build docs",
                tools: &["vitepress"],
                ..ASIDE
            },
            &["VITE_"],
        )
    },
    // https://vuepress.vuejs.org/guide/deployment.html
    site(
        "VuePress",
        &["vuepress"],
        Site {
            output: "docs/.vuepress/dist",
            stated: Stated::Below("vuepress"),
            hashed: &["assets"],
            build: "vuepress build docs",
            tools: &["vuepress"],
            ..ASIDE
        },
        &[],
    ),
    // https://rspress.rs/guide/start/getting-started
    site(
        "Rspress",
        &["@rspress/core", "rspress"],
        Site {
            output: "doc_build",
            hashed: &["static"],
            build: "rspress build",
            tools: &["rspress"],
            ..ASIDE
        },
        &[],
    ),
    // https://www.11ty.dev/docs/config/#output-directory
    site(
        "Eleventy",
        &["@11ty/eleventy"],
        Site {
            output: "_site",
            stated: Stated::Config(
                &[
                    "eleventy.config.js",
                    ".eleventy.js",
                    "eleventy.config.mjs",
                    "eleventy.config.cjs",
                    "eleventy.config.ts",
                ],
                "output",
            ),
            build: "eleventy",
            tools: &["eleventy"],
            ..PAGES
        },
        &[],
    ),
    // https://hexo.io/docs/commands#generate
    site(
        "Hexo",
        &["hexo"],
        Site { output: "public", build: "hexo generate", tools: &["hexo"], ..PAGES },
        &[],
    ),
    // https://gridsome.org/docs/deployment/
    site(
        "Gridsome",
        &["gridsome"],
        Site { hashed: &["assets"], build: "gridsome build", tools: &["gridsome"], ..PAGES },
        &["GRIDSOME_"],
    ),
    // https://sli.dev/guide/hosting
    site(
        "Slidev",
        &["@slidev/cli"],
        Site { hashed: &["assets"], build: "slidev build", tools: &["slidev"], ..SITE },
        &["VITE_"],
    ),
    // https://angular.dev/tools/cli/deployment
    Framework {
        dev: HOST,
        ..site(
            "Angular",
            &["@angular/cli", "@angular/build", "@angular-devkit/build-angular"],
            Site { stated: Stated::Angular, build: "ng build", tools: &["ng"], ..SITE },
            &["NG_APP_"],
        )
    },
    // https://create-react-app.dev/docs/deployment/
    site(
        "Create React App",
        &["react-scripts", "react-app-rewired", "@craco/craco"],
        Site {
            output: "build",
            hashed: &["static"],
            build: "react-scripts build",
            tools: &["react-scripts", "react-app-rewired", "craco"],
            ..SITE
        },
        &["REACT_APP_"],
    ),
    // https://cli.vuejs.org/guide/deployment.html
    site(
        "Vue CLI",
        &["@vue/cli-service"],
        Site {
            stated: Stated::Config(&["vue.config.js", "vue.config.ts", "vue.config.cjs"], "outputDir"),
            hashed: &["js", "css"],
            build: "vue-cli-service build",
            tools: &["vue-cli-service"],
            ..SITE
        },
        &["VUE_APP_"],
    ),
    // https://umijs.org/docs/guides/deployment, https://umijs.org/docs/api/config#outputpath
    site(
        "Umi",
        &["@umijs/max", "umi"],
        Site {
            stated: Stated::Config(
                &["config/config.ts", "config/config.js", ".umirc.ts", ".umirc.js"],
                "outputPath",
            ),
            build: "umi build",
            tools: &["max", "umi"],
            ..SITE
        },
        &["UMI_APP_"],
    ),
    // https://quasar.dev/quasar-cli-vite/build-commands
    site(
        "Quasar",
        &["@quasar/app-vite", "@quasar/app-webpack", "@quasar/app"],
        Site { output: "dist/spa", hashed: &["assets"], build: "quasar build", tools: &["quasar"], ..SITE },
        &["VITE_"],
    ),
    // https://cli.emberjs.com/release/basic-use/deploying/
    site(
        "Ember",
        &["ember-cli"],
        Site { build: "ember build --environment=production", tools: &["ember"], ..SITE },
        &[],
    ),
    // https://github.com/preactjs/preact-cli#preact-build
    site(
        "Preact CLI",
        &["preact-cli"],
        Site { output: "build", build: "preact build", tools: &["preact"], ..SITE },
        &["PREACT_APP_"],
    ),
    // https://github.com/preactjs/wmr#usage: no longer kept, still in use.
    site("WMR", &["wmr"], Site { build: "wmr build", tools: &["wmr"], ..SITE }, &["WMR_"]),
    // https://storybook.js.org/docs/sharing/publish-storybook
    site(
        "Storybook",
        &["storybook", "@storybook/cli"],
        Site {
            output: "storybook-static",
            hashed: &["assets"],
            missing: Missing::Index,
            build: "storybook build",
            tools: &["storybook"],
            role: Role::Aside,
            ..SITE
        },
        &["STORYBOOK_"],
    ),
    // https://rsbuild.rs/config/output/dist-path
    site(
        "Rsbuild",
        &["@rsbuild/core"],
        Site { hashed: &["static"], build: "rsbuild build", tools: &["rsbuild"], ..BUNDLED },
        &["PUBLIC_"],
    ),
    // https://vite.dev/guide/static-deploy
    Framework {
        dev: HOST,
        ..site(
            "Vite",
            &["vite", "rolldown-vite"],
            Site {
                stated: Stated::Config(VITE_CONFIG, "outDir"),
                hashed: &["assets"],
                build: "vite build",
                tools: &["vite"],
                ..BUNDLED
            },
            &["VITE_"],
        )
    },
    // https://parceljs.org/features/cli/
    site(
        "Parcel",
        &["parcel", "parcel-bundler"],
        Site { build: "parcel build index.html", tools: &["parcel"], ..BUNDLED },
        &[],
    ),
    // https://rspack.rs/api/cli
    site("Rspack", &["@rspack/cli"], Site { build: "rspack build", tools: &["rspack"], ..BUNDLED }, &[]),
    // https://webpack.js.org/configuration/output/#outputpath
    site(
        "webpack",
        &["webpack-dev-server", "html-webpack-plugin"],
        Site {
            stated: Stated::Beside(
                &[
                    "webpack.config.js",
                    "webpack.prod.js",
                    "webpack.config.prod.js",
                    "webpack.config.ts",
                    "webpack.common.js",
                    "webpack.config.cjs",
                    "webpack.config.mjs",
                ],
                "path",
            ),
            build: "webpack --mode production",
            tools: &["webpack-dev-server", "webpack"],
            ..BUNDLED
        },
        &[],
    ),
    // https://github.com/snowpackjs/snowpack: still in use, no longer kept.
    site(
        "Snowpack",
        &["snowpack"],
        Site { output: "build", build: "snowpack build", tools: &["snowpack"], ..BUNDLED },
        &["SNOWPACK_PUBLIC_"],
    ),
    // https://rollupjs.org/configuration-options/#output-dir: the template of Svelte 3 and 4 serves `public`.
    site(
        "Rollup",
        &["rollup-plugin-livereload", "rollup-plugin-serve", "@rollup/plugin-html"],
        Site { output: "public", build: "rollup -c", tools: &["rollup"], ..BUNDLED },
        &[],
    ),
];
