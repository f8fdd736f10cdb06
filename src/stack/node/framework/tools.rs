//! Programs of packages that serve, with the file that `node` can start: each package's `bin` field.

/// One of them.
#[derive(Debug)]
pub(in crate::stack::node) struct Tool {
    /// The command.
    pub command: &'static str,
    /// Its file.
    pub file: &'static str,
    /// What makes it reachable from outside.
    pub reachable: &'static [&'static str],
    /// Options that say the same.
    pub unless: &'static [&'static str],
    /// Whose server it is.
    pub serves: Serves,
}

/// Whose server a tool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::stack::node) enum Serves {
    /// That of a program.
    Program,
    /// A look at a site's files.
    Preview,
}

const fn tool(command: &'static str, file: &'static str) -> Tool {
    Tool { command, file, reachable: &[], unless: &[], serves: Serves::Program }
}

pub(super) const ROWS: &[Tool] = &[
    tool("next", "node_modules/next/dist/bin/next"),
    tool("nuxt", "node_modules/nuxt/bin/nuxt.js"),
    tool("remix-serve", "node_modules/@remix-run/serve/dist/cli.js"),
    tool("react-router-serve", "node_modules/@react-router/serve/bin.js"),
    tool("strapi", "node_modules/@strapi/strapi/bin/strapi.js"),
    Tool {
        reachable: &["--address", "0.0.0.0"],
        unless: &["--address", "-a"],
        ..tool("fastify", "node_modules/fastify-cli/cli.js")
    },
    Tool {
        reachable: &["--host", "0.0.0.0"],
        unless: &["--host", "-H"],
        ..tool("json-server", "node_modules/json-server/lib/cli/bin.js")
    },
    Tool { serves: Serves::Preview, ..tool("gatsby", "node_modules/gatsby/cli.js") },
    Tool {
        reachable: &["--host", "0.0.0.0"],
        unless: &["--host"],
        serves: Serves::Preview,
        ..tool("vite", "node_modules/vite/bin/vite.js")
    },
    tool("feathers", "node_modules/@feathersjs/cli/bin/feathers.js"),
    tool("probot", "node_modules/probot/bin/probot.js"),
    tool("functions-framework", "node_modules/@google-cloud/functions-framework/build/src/main.js"),
    tool("sails", "node_modules/sails/bin/sails.js"),
    tool("moleculer-runner", "node_modules/moleculer/bin/moleculer-runner.js"),
    tool("medusa", "node_modules/@medusajs/cli/cli.js"),
    tool("micro", "node_modules/micro/dist/src/bin/micro.js"),
    tool("srvx", "node_modules/srvx/bin/srvx.mjs"),
];
