//! Frameworks whose build writes the server. Sources: the deployment page of each project.

use super::{
    ASTRO_CONFIG, Framework, Gives, HOST, Missing, Modules, OUTPUT, Output, Role, SITE, Site, SiteWhen,
    Stated,
};

const SVELTE_CONFIG: &[&str] =
    &["svelte.config.js", "svelte.config.ts", "svelte.config.mjs", "vite.config.ts", "vite.config.js"];
const REACT_ROUTER_CONFIG: &[(&str, &str)] =
    &[("react-router.config.ts", "ssr: false"), ("react-router.config.js", "ssr: false")];

/// What most of them have.
const SERVER: Framework = Framework {
    name: "",
    packages: &[],
    gives: Gives::Server(OUTPUT),
    port: 3000,
    dev: HOST,
    public: &["VITE_"],
};

/// Nitro bundles what a server needs: <https://nitro.build/deploy/runtimes/node>
const NITRO: Output =
    Output { entry: ".output/server/index.mjs", folders: &[".output"], modules: Modules::Bundled, ..OUTPUT };

pub(super) const ROWS: &[Framework] = &[
    // https://nextjs.org/docs/app/getting-started/deploying
    Framework {
        name: "Next.js",
        packages: &["next"],
        gives: Gives::Next,
        dev: &[],
        public: &["NEXT_PUBLIC_"],
        ..SERVER
    },
    // https://nuxt.com/docs/getting-started/deployment
    Framework {
        name: "Nuxt",
        packages: &["nuxt", "nuxt3", "nuxt-nightly", "nuxt-edge"],
        gives: Gives::Server(Output {
            site: Some(SiteWhen {
                configured: &[],
                built_by: &["nuxt generate", "nuxi generate"],
                site: Site {
                    output: ".output/public",
                    hashed: &["_nuxt"],
                    missing: Missing::NotFound,
                    ..SITE
                },
            }),
            ..NITRO
        }),
        public: &["NUXT_PUBLIC_"],
        ..SERVER
    },
    // https://svelte.dev/docs/kit/adapter-node, https://svelte.dev/docs/kit/adapter-static
    Framework {
        name: "SvelteKit",
        packages: &["@sveltejs/adapter-node", "@sveltejs/adapter-static"],
        gives: Gives::Server(Output { site: Some(SVELTE_SITE), ..SVELTE }),
        public: &["PUBLIC_", "VITE_"],
        ..SERVER
    },
    // https://svelte.dev/docs/kit/adapters
    Framework {
        name: "SvelteKit",
        packages: &[
            "@sveltejs/adapter-vercel",
            "@sveltejs/adapter-netlify",
            "@sveltejs/adapter-cloudflare",
            "@sveltejs/adapter-cloudflare-workers",
        ],
        gives: Gives::Elsewhere("install @sveltejs/adapter-node and name it in svelte.config.js"),
        ..SERVER
    },
    // https://svelte.dev/docs/kit/adapter-auto: told that it builds for Cloud Run, it takes adapter-node.
    Framework {
        name: "SvelteKit",
        packages: &["@sveltejs/adapter-auto"],
        gives: Gives::Server(Output { build_env: &[("GCP_BUILDPACKS", "1")], ..SVELTE }),
        public: &["PUBLIC_", "VITE_"],
        ..SERVER
    },
    // https://reactrouter.com/start/framework/deploying, https://reactrouter.com/how-to/spa
    Framework {
        name: "React Router",
        packages: &["@react-router/dev"],
        gives: Gives::Server(Output {
            entry: "node_modules/@react-router/serve/bin.js ./build/server/index.js",
            folders: &["build"],
            stated: Stated::Config(&["react-router.config.ts", "react-router.config.js"], "buildDirectory"),
            site: Some(SiteWhen {
                configured: REACT_ROUTER_CONFIG,
                built_by: &[],
                site: Site { output: "build/client", hashed: &["assets"], ..SITE },
            }),
            ..OUTPUT
        }),
        ..SERVER
    },
    // https://v2.remix.run/docs/other-api/serve, https://v2.remix.run/docs/guides/spa-mode
    Framework {
        name: "Remix",
        packages: &["@remix-run/serve", "@remix-run/dev"],
        gives: Gives::Server(Output {
            entry: "node_modules/@remix-run/serve/dist/cli.js ./build/server/index.js",
            folders: &["build"],
            beside: &["public"],
            site: Some(SiteWhen {
                configured: &[
                    ("vite.config.ts", "ssr: false"),
                    ("vite.config.js", "ssr: false"),
                    ("vite.config.mts", "ssr: false"),
                ],
                built_by: &[],
                site: Site { output: "build/client", hashed: &["assets"], ..SITE },
            }),
            ..OUTPUT
        }),
        ..SERVER
    },
    // https://docs.astro.build/en/guides/integrations-guide/node/
    Framework {
        name: "Astro",
        packages: &["@astrojs/node"],
        gives: Gives::Server(Output {
            entry: "dist/server/entry.mjs",
            folders: &["dist"],
            stated: Stated::Config(ASTRO_CONFIG, "outDir"),
            ..OUTPUT
        }),
        port: 4321,
        public: &["PUBLIC_"],
        ..SERVER
    },
    // https://analogjs.org/docs/features/deployment/providers#nodejs-deployment
    Framework {
        name: "Analog",
        packages: &["@analogjs/platform"],
        gives: Gives::Server(Output {
            entry: "dist/analog/server/index.mjs",
            folders: &["dist/analog"],
            site: Some(SiteWhen {
                configured: &[("vite.config.ts", "ssr: false"), ("vite.config.ts", "static: true")],
                built_by: &[],
                site: Site { output: "dist/analog/public", hashed: &["assets"], ..SITE },
            }),
            ..NITRO
        }),
        ..SERVER
    },
    // https://docs.solidjs.com/solid-start/reference/config/define-config
    Framework {
        name: "SolidStart",
        packages: &["@solidjs/start"],
        gives: Gives::Server(Output {
            // https://nitro.build/deploy#static: the preset that writes files only
            site: Some(SiteWhen {
                configured: &[
                    ("app.config.ts", "preset: \"static\""),
                    ("app.config.ts", "preset: 'static'"),
                    ("app.config.js", "preset: \"static\""),
                    ("app.config.js", "preset: 'static'"),
                    ("vite.config.ts", "preset: \"static\""),
                    ("vite.config.ts", "preset: 'static'"),
                ],
                built_by: &[
                    "--preset static",
                    "--preset=static",
                    "NITRO_PRESET=static",
                    "SERVER_PRESET=static",
                ],
                site: Site {
                    output: ".output/public",
                    hashed: &["_build"],
                    missing: Missing::NotFound,
                    ..SITE
                },
            }),
            ..NITRO
        }),
        ..SERVER
    },
    // https://nitro.build/deploy/runtimes/node
    Framework {
        name: "Nitro",
        packages: &["nitropack", "nitro", "nitro-nightly", "@tanstack/nitro-v2-vite-plugin", "vinxi"],
        gives: Gives::Server(NITRO),
        dev: &[],
        ..SERVER
    },
    // https://tanstack.com/start/latest/docs/framework/react/guide/hosting: without Nitro the build is a handler,
    // which srvx serves; h3 brings it. https://srvx.h3.dev/guide/cli
    Framework {
        name: "TanStack Start",
        packages: &["@tanstack/react-start", "@tanstack/solid-start", "@tanstack/vue-start"],
        gives: Gives::Server(Output {
            entry: "node_modules/srvx/bin/srvx.mjs --prod --static ../client dist/server/server.js",
            folders: &["dist"],
            ..OUTPUT
        }),
        ..SERVER
    },
    // https://qwik.dev/docs/deployments/node/: the adapter writes the entry that serves.
    Framework {
        name: "Qwik",
        packages: &["@builder.io/qwik-city", "@qwik.dev/router"],
        gives: Gives::Server(Output {
            entry: "server/entry.node-server.js",
            // `deploy` of the older starters
            scripts: &["serve", "deploy", "start"],
            folders: &["server", "dist"],
            // The middleware for Node.js takes `fetch` from it, and the build leaves that outside.
            imports: &["undici"],
            site: Some(SiteWhen {
                configured: &[
                    ("adapters/static/vite.config.ts", "staticAdapter"),
                    ("adapters/static/vite.config.mts", "staticAdapter"),
                ],
                built_by: &[],
                site: Site { hashed: &["build", "assets"], missing: Missing::NotFound, ..SITE },
            }),
            ..OUTPUT
        }),
        public: &["PUBLIC_", "VITE_"],
        ..SERVER
    },
    // https://angular.dev/guide/ssr
    Framework {
        name: "Angular",
        packages: &["@angular/ssr", "@nguniversal/express-engine"],
        gives: Gives::Server(Output {
            entry: "{angular}/server/server.mjs",
            scripts: &["serve:ssr"],
            folders: &["dist"],
            modules: Modules::Bundled,
            env: &[],
            site: Some(SiteWhen {
                configured: &[("angular.json", "\"outputMode\": \"static\"")],
                built_by: &[],
                site: Site { stated: Stated::Angular, missing: Missing::NotFound, ..SITE },
            }),
            ..OUTPUT
        }),
        port: 4000,
        public: &["NG_APP_"],
        ..SERVER
    },
];

const SVELTE: Output = Output {
    entry: "build/index.js",
    folders: &["build"],
    stated: Stated::Config(SVELTE_CONFIG, "out"),
    ..OUTPUT
};

const SVELTE_SITE: SiteWhen = SiteWhen {
    configured: &[
        ("svelte.config.js", "@sveltejs/adapter-static"),
        ("svelte.config.ts", "@sveltejs/adapter-static"),
        ("svelte.config.mjs", "@sveltejs/adapter-static"),
        ("vite.config.ts", "@sveltejs/adapter-static"),
        ("vite.config.js", "@sveltejs/adapter-static"),
    ],
    built_by: &[],
    site: Site {
        output: "build",
        stated: Stated::Config(SVELTE_CONFIG, "pages"),
        hashed: &["_app/immutable"],
        missing: Missing::Stated(SVELTE_CONFIG, "fallback"),
        build: "vite build",
        tools: &["vite"],
        role: Role::Framework,
    },
};
