//! Frameworks, as rows: how one is recognised, what its build leaves behind, and what runs that.
//!
//! A framework is recognised by a dependency, never by a substring of a file. Server or site is decided by what the
//! build produces. Sources: the deployment page of each project.

use crate::fact::Fact;
use crate::stack::node::manifest::Package;

/// One framework.
#[derive(Debug)]
pub(super) struct Framework {
    /// Its name for people.
    pub name: &'static str,
    /// Any of these dependencies means it.
    pub packages: &'static [&'static str],
    /// What comes out of it.
    pub gives: Gives,
    /// The port its own server has when nobody says otherwise.
    pub port: u16,
    /// The command of its watch mode, with an address that is reachable from outside.
    pub dev: &'static [&'static str],
    /// The names that its public build-time variables start with.
    pub public: &'static [&'static str],
}

/// What a framework's build gives.
#[derive(Debug, Clone, Copy)]
pub(super) enum Gives {
    /// Nothing of its own: it is a library inside the project's program.
    Library,
    /// Files for a web server.
    Site(Site),
    /// A server, as its output folder says.
    Server(Output),
    /// Next.js, which has three ways.
    Next,
}

/// Files for a web server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site {
    /// The output folder.
    pub output: &'static str,
    /// Configuration files and the expression whose first group is another output folder.
    pub configured: Option<(&'static [&'static str], &'static str)>,
    /// Folders of the output whose file names change with their content.
    pub hashed: &'static [&'static str],
    /// What is sent for a path without a file.
    pub missing: Missing,
    /// Commands that build it, where no script does.
    pub build: &'static str,
    /// The tools whose servers are for development only.
    pub tools: &'static [&'static str],
}

/// What a site sends for a path without a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// `index.html`, which routes in the browser.
    Index,
    /// An error page.
    NotFound,
}

/// A server that the build writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    /// The file that `node` starts.
    pub entry: &'static str,
    /// The folders it needs.
    pub folders: &'static [&'static str],
    /// Does it need the production dependencies beside it?
    pub modules: Modules,
    /// Variables that make it reachable.
    pub env: &'static [(&'static str, &'static str)],
    /// Variables of its build alone.
    pub build_env: &'static [(&'static str, &'static str)],
    /// When the build gives files instead.
    pub site: Option<SiteWhen>,
}

/// When a framework's build gives files instead of a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct SiteWhen {
    /// Words of a configuration file.
    pub configured: &'static [(&'static str, &'static str)],
    /// Words of the build script.
    pub built_by: &'static [&'static str],
    /// The output folder.
    pub output: &'static str,
    /// Folders whose file names change with their content.
    pub hashed: &'static [&'static str],
    /// What is sent for a path without a file.
    pub missing: Missing,
}

/// Does a built server need installed packages?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Modules {
    /// They are bundled.
    Bundled,
    /// The production tree.
    Production,
}

const VITE_CONFIG: &[&str] =
    &["vite.config.ts", "vite.config.js", "vite.config.mjs", "vite.config.mts", "vite.config.cjs"];
const OUT_DIR: &str = r#"\boutDir\s*:\s*["'`]([^"'`$]+)["'`]"#;

const fn library(name: &'static str, packages: &'static [&'static str], port: u16) -> Framework {
    Framework { name, packages, gives: Gives::Library, port, dev: &[], public: &[] }
}

const fn vite(name: &'static str, packages: &'static [&'static str]) -> Framework {
    Framework {
        name,
        packages,
        gives: Gives::Site(Site {
            output: "dist",
            configured: Some((VITE_CONFIG, OUT_DIR)),
            hashed: &["assets"],
            missing: Missing::Index,
            build: "vite build",
            tools: &["vite"],
        }),
        port: 8080,
        dev: &["--host", "0.0.0.0"],
        public: &["VITE_"],
    }
}

const fn site(
    name: &'static str,
    packages: &'static [&'static str],
    site: Site,
    public: &'static [&'static str],
) -> Framework {
    Framework { name, packages, gives: Gives::Site(site), port: 8080, dev: &[], public }
}

/// Frameworks that bring their own server or build, most specific first.
pub(super) const META: &[Framework] = &[
    // https://nextjs.org/docs/app/getting-started/deploying
    Framework {
        name: "Next.js",
        packages: &["next"],
        gives: Gives::Next,
        port: 3000,
        dev: &[],
        public: &["NEXT_PUBLIC_"],
    },
    // https://nuxt.com/docs/getting-started/deployment
    Framework {
        name: "Nuxt",
        packages: &["nuxt", "nuxt3", "nuxt-nightly"],
        gives: Gives::Server(Output {
            entry: ".output/server/index.mjs",
            folders: &[".output"],
            modules: Modules::Bundled,
            env: &[("HOST", "0.0.0.0")],
            build_env: &[],
            site: Some(SiteWhen {
                configured: &[],
                built_by: &["nuxt generate", "nuxi generate"],
                output: ".output/public",
                hashed: &["_nuxt"],
                missing: Missing::NotFound,
            }),
        }),
        port: 3000,
        dev: &["--host", "0.0.0.0"],
        public: &["NUXT_PUBLIC_"],
    },
    // https://svelte.dev/docs/kit/adapter-static
    site(
        "SvelteKit",
        &["@sveltejs/adapter-static"],
        Site {
            output: "build",
            configured: Some((
                &["svelte.config.js", "svelte.config.ts"],
                r#"\bpages\s*:\s*["']([^"']+)["']"#,
            )),
            hashed: &["_app/immutable"],
            missing: Missing::Index,
            build: "vite build",
            tools: &["vite"],
        },
        &["PUBLIC_", "VITE_"],
    ),
    // https://svelte.dev/docs/kit/adapter-node
    Framework {
        name: "SvelteKit",
        packages: &["@sveltejs/adapter-node"],
        gives: Gives::Server(Output {
            entry: "build/index.js",
            folders: &["build"],
            modules: Modules::Production,
            env: &[("HOST", "0.0.0.0")],
            build_env: &[],
            site: None,
        }),
        port: 3000,
        dev: &["--host", "0.0.0.0"],
        public: &["PUBLIC_", "VITE_"],
    },
    // https://reactrouter.com/start/framework/deploying, https://reactrouter.com/how-to/spa
    Framework {
        name: "React Router",
        packages: &["@react-router/dev"],
        gives: Gives::Server(Output {
            entry: "node_modules/@react-router/serve/bin.cjs ./build/server/index.js",
            folders: &["build"],
            modules: Modules::Production,
            env: &[("HOST", "0.0.0.0")],
            build_env: &[],
            site: Some(SiteWhen {
                configured: &[
                    ("react-router.config.ts", "ssr: false"),
                    ("react-router.config.js", "ssr: false"),
                ],
                built_by: &[],
                output: "build/client",
                hashed: &["assets"],
                missing: Missing::Index,
            }),
        }),
        port: 3000,
        dev: &["--host", "0.0.0.0"],
        public: &["VITE_"],
    },
    // https://v2.remix.run/docs/other-api/serve
    Framework {
        name: "Remix",
        packages: &["@remix-run/serve"],
        gives: Gives::Server(Output {
            entry: "node_modules/@remix-run/serve/dist/cli.js ./build/server/index.js",
            folders: &["build", "public"],
            modules: Modules::Production,
            env: &[("HOST", "0.0.0.0")],
            build_env: &[],
            site: None,
        }),
        port: 3000,
        dev: &["--host", "0.0.0.0"],
        public: &["VITE_"],
    },
    // https://svelte.dev/docs/kit/adapter-auto: told that it builds for Cloud Run, it takes adapter-node.
    Framework {
        name: "SvelteKit",
        packages: &["@sveltejs/adapter-auto"],
        gives: Gives::Server(Output {
            entry: "build/index.js",
            folders: &["build"],
            modules: Modules::Production,
            env: &[("HOST", "0.0.0.0")],
            build_env: &[("GCP_BUILDPACKS", "1")],
            site: None,
        }),
        port: 3000,
        dev: &["--host", "0.0.0.0"],
        public: &["PUBLIC_", "VITE_"],
    },
    // https://docs.astro.build/en/guides/integrations-guide/node/
    Framework {
        name: "Astro",
        packages: &["@astrojs/node"],
        gives: Gives::Server(Output {
            entry: "dist/server/entry.mjs",
            folders: &["dist"],
            modules: Modules::Production,
            env: &[("HOST", "0.0.0.0")],
            build_env: &[],
            site: None,
        }),
        port: 4321,
        dev: &["--host", "0.0.0.0"],
        public: &["PUBLIC_"],
    },
    // https://docs.astro.build/en/guides/deploy/
    Framework {
        name: "Astro",
        packages: &["astro"],
        gives: Gives::Site(Site {
            output: "dist",
            configured: Some((&["astro.config.mjs", "astro.config.ts", "astro.config.js"], OUT_DIR)),
            hashed: &["_astro"],
            missing: Missing::NotFound,
            build: "astro build",
            tools: &["astro"],
        }),
        port: 8080,
        dev: &["--host", "0.0.0.0"],
        public: &["PUBLIC_"],
    },
    // https://docs.solidjs.com/solid-start/reference/config/define-config, https://tanstack.com/start/latest/docs/framework/react/hosting
    Framework {
        name: "Nitro",
        packages: &["@solidjs/start", "@tanstack/react-start", "@tanstack/solid-start", "nitropack", "nitro"],
        gives: Gives::Server(Output {
            entry: ".output/server/index.mjs",
            folders: &[".output"],
            modules: Modules::Bundled,
            env: &[("HOST", "0.0.0.0")],
            build_env: &[],
            site: None,
        }),
        port: 3000,
        dev: &[],
        public: &["VITE_"],
    },
    // https://www.gatsbyjs.com/docs/how-to/previews-deploys-hosting/
    site(
        "Gatsby",
        &["gatsby"],
        Site {
            output: "public",
            configured: None,
            hashed: &["static"],
            missing: Missing::NotFound,
            build: "gatsby build",
            tools: &["gatsby"],
        },
        &["GATSBY_"],
    ),
    // https://docusaurus.io/docs/deployment
    site(
        "Docusaurus",
        &["@docusaurus/core"],
        Site {
            output: "build",
            configured: None,
            hashed: &["assets"],
            missing: Missing::NotFound,
            build: "docusaurus build",
            tools: &["docusaurus"],
        },
        &[],
    ),
    // https://vitepress.dev/guide/deploy
    site(
        "VitePress",
        &["vitepress"],
        Site {
            output: "docs/.vitepress/dist",
            configured: None,
            hashed: &["assets"],
            missing: Missing::NotFound,
            build: "vitepress build docs",
            tools: &["vitepress"],
        },
        &["VITE_"],
    ),
    // https://vuepress.vuejs.org/guide/deployment.html
    site(
        "VuePress",
        &["vuepress"],
        Site {
            output: "docs/.vuepress/dist",
            configured: None,
            hashed: &["assets"],
            missing: Missing::NotFound,
            build: "vuepress build docs",
            tools: &["vuepress"],
        },
        &[],
    ),
    // https://www.11ty.dev/docs/config/#output-directory
    site(
        "Eleventy",
        &["@11ty/eleventy"],
        Site {
            output: "_site",
            configured: Some((
                &["eleventy.config.js", ".eleventy.js", "eleventy.config.mjs", "eleventy.config.cjs"],
                r#"\boutput\s*:\s*["']([^"']+)["']"#,
            )),
            hashed: &[],
            missing: Missing::NotFound,
            build: "eleventy",
            tools: &["eleventy"],
        },
        &[],
    ),
    // https://hexo.io/docs/commands#generate
    site(
        "Hexo",
        &["hexo"],
        Site {
            output: "public",
            configured: None,
            hashed: &[],
            missing: Missing::NotFound,
            build: "hexo generate",
            tools: &["hexo"],
        },
        &[],
    ),
    // https://angular.dev/tools/cli/deployment
    site(
        "Angular",
        &["@angular/cli", "@angular/build", "@angular-devkit/build-angular"],
        Site {
            output: "dist",
            configured: None,
            hashed: &[],
            missing: Missing::Index,
            build: "ng build",
            tools: &["ng"],
        },
        &["NG_APP_"],
    ),
    // https://create-react-app.dev/docs/deployment/
    site(
        "Create React App",
        &["react-scripts", "react-app-rewired", "@craco/craco"],
        Site {
            output: "build",
            configured: None,
            hashed: &["static"],
            missing: Missing::Index,
            build: "react-scripts build",
            tools: &["react-scripts", "react-app-rewired", "craco"],
        },
        &["REACT_APP_"],
    ),
    // https://cli.vuejs.org/guide/deployment.html
    site(
        "Vue CLI",
        &["@vue/cli-service"],
        Site {
            output: "dist",
            configured: Some((&["vue.config.js", "vue.config.ts"], r#"\boutputDir\s*:\s*["']([^"']+)["']"#)),
            hashed: &["js", "css"],
            missing: Missing::Index,
            build: "vue-cli-service build",
            tools: &["vue-cli-service"],
        },
        &["VUE_APP_"],
    ),
    site(
        "Preact CLI",
        &["preact-cli"],
        Site {
            output: "build",
            configured: None,
            hashed: &[],
            missing: Missing::Index,
            build: "preact build",
            tools: &["preact"],
        },
        &["PREACT_APP_"],
    ),
    // https://rsbuild.rs/config/output/dist-path
    site(
        "Rsbuild",
        &["@rsbuild/core"],
        Site {
            output: "dist",
            configured: None,
            hashed: &["static"],
            missing: Missing::Index,
            build: "rsbuild build",
            tools: &["rsbuild"],
        },
        &["PUBLIC_"],
    ),
    vite("Vite", &["vite"]),
    // https://parceljs.org/features/cli/
    site(
        "Parcel",
        &["parcel", "parcel-bundler"],
        Site {
            output: "dist",
            configured: None,
            hashed: &[],
            missing: Missing::Index,
            build: "parcel build index.html",
            tools: &["parcel"],
        },
        &[],
    ),
    // https://webpack.js.org/configuration/output/#outputpath
    site(
        "webpack",
        &["webpack-dev-server"],
        Site {
            output: "dist",
            configured: Some((
                &["webpack.config.js", "webpack.prod.js", "webpack.config.ts", "webpack.common.js"],
                r#"\bpath\s*:\s*(?:path\.)?(?:resolve|join)\(\s*__dirname\s*,\s*["']([^"']+)["']"#,
            )),
            hashed: &[],
            missing: Missing::Index,
            build: "webpack --mode production",
            tools: &["webpack-dev-server", "webpack"],
        },
        &[],
    ),
];

/// Server libraries: they listen inside the project's own program.
pub(super) const LIBRARIES: &[Framework] = &[
    library("NestJS", &["@nestjs/core"], 3000),
    library("AdonisJS", &["@adonisjs/core"], 3333),
    library("Strapi", &["@strapi/strapi", "strapi"], 1337),
    library("Feathers", &["@feathersjs/feathers"], 3030),
    library("Keystone", &["@keystone-6/core"], 3000),
    library("Apollo Server", &["@apollo/server", "apollo-server", "graphql-yoga"], 4000),
    library("Fastify", &["fastify"], 3000),
    library("Hono", &["hono", "@hono/node-server"], 3000),
    library("Koa", &["koa"], 3000),
    library("hapi", &["@hapi/hapi", "hapi"], 3000),
    library("restify", &["restify"], 8080),
    library("Elysia", &["elysia"], 3000),
    library("Polka", &["polka"], 3000),
    library("json-server", &["json-server"], 3000),
    library("Socket.IO", &["socket.io"], 3000),
    library("ws", &["ws"], 8080),
    library("Express", &["express"], 3000),
];

/// The first row that a dependency of the package means.
pub(super) fn find(rows: &'static [Framework], package: &Package<'_>) -> Option<Fact<&'static Framework>> {
    rows.iter().find_map(|row| {
        let uses = row.packages.iter().find_map(|name| package.uses(name))?;
        Some(uses.derive(row))
    })
}

/// Programs of packages that are servers, with the file that `node` can start. Each package's `bin` field.
pub(super) const TOOLS: &[(&str, &str)] = &[
    ("next", "node_modules/next/dist/bin/next"),
    ("nuxt", "node_modules/nuxt/bin/nuxt.js"),
    ("remix-serve", "node_modules/@remix-run/serve/dist/cli.js"),
    ("react-router-serve", "node_modules/@react-router/serve/bin.cjs"),
    ("strapi", "node_modules/@strapi/strapi/bin/strapi.js"),
    ("fastify", "node_modules/fastify-cli/cli.js"),
    ("json-server", "node_modules/json-server/lib/bin.js"),
    ("gatsby", "node_modules/gatsby/cli.js"),
    ("vite", "node_modules/vite/bin/vite.js"),
    ("feathers", "node_modules/@feathersjs/cli/bin/feathers.js"),
    ("probot", "node_modules/probot/bin/probot.js"),
    ("functions-framework", "node_modules/@google-cloud/functions-framework/build/src/main.js"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_compile() {
        for row in META {
            if let Gives::Site(Site { configured: Some((_, pattern)), .. }) = row.gives {
                assert!(
                    regex::Regex::new(pattern).is_ok_and(|regex| regex.captures_len() == 2),
                    "{}",
                    row.name
                );
            }
        }
    }
}
