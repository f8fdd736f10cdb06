//! What builds an app of an Nx repository, as rows: executors that `project.json` names, and plugins that infer a build
//! from a configuration file beside it.
//!
//! A row says what comes out. Where it lies is read in `project`, and how it is started is `survey`'s to say.

use crate::stack::node::framework::VITE_CONFIG;

/// What a build makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Makes {
    /// A program; how its main file is called.
    Program(Main),
    /// A program where the build's target is Node.js, else a site of this framework.
    ByTarget(&'static str),
    /// A site of this framework.
    Site(&'static str),
    /// A site of Angular: below the output folder, or in it.
    Angular(Pages),
    /// Next.js: the server that its build writes, or files.
    Next(Place),
    /// Nitro's server: <https://nitro.build/deploy/runtimes/node>
    Nitro(&'static str),
}

/// How the main file of a program is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Main {
    /// `main.js` at the top, unless `outputFileName` says otherwise.
    Bundle,
    /// The same, with the extension of the module format.
    Esbuild,
    /// Where its source lies below the project, compiled.
    Compiled,
}

/// Where Angular's builder puts the files for browsers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pages {
    /// Into the output folder.
    AtTop,
    /// Into `browser/` below it.
    Below,
}

/// Where Next.js builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the project's own folder, as `next build` does.
    Project,
    /// In the output folder, with a manifest and a configuration of its own.
    Output,
}

/// An executor.
pub(super) struct Executor {
    pub names: &'static [&'static str],
    pub makes: Makes,
}

/// A plugin that infers a build from a configuration file.
#[derive(Debug)]
pub(super) struct Plugin {
    /// What `nx.json` lists.
    pub names: &'static [&'static str],
    pub configs: &'static [&'static str],
    /// The key of the configuration that names the output folder.
    pub output: Option<&'static str>,
    /// The output folder below the project where nothing names it; none where the tool's habit is not to be used.
    pub usual: Option<&'static str>,
    pub makes: Makes,
    /// The option with the name of the target that watches, and its usual name.
    pub watch: (&'static str, &'static str),
}

pub(super) const EXECUTORS: &[Executor] = &[
    // https://nx.dev/docs/technologies/build-tools/webpack/executors
    Executor {
        names: &["@nx/webpack:webpack", "@nrwl/webpack:webpack", "@nx/rspack:rspack"],
        makes: Makes::ByTarget("webpack"),
    },
    Executor { names: &["@nrwl/web:webpack", "@nrwl/web:build"], makes: Makes::Site("webpack") },
    Executor { names: &["@nx/node:webpack", "@nrwl/node:webpack", "@nrwl/node:build"], makes: BUNDLE },
    // https://nx.dev/docs/technologies/build-tools/esbuild/executors
    Executor {
        names: &["@nx/esbuild:esbuild", "@nrwl/esbuild:esbuild"],
        makes: Makes::Program(Main::Esbuild),
    },
    // https://nx.dev/docs/technologies/typescript/executors
    Executor {
        names: &["@nx/js:tsc", "@nx/js:swc", "@nrwl/js:tsc", "@nrwl/js:swc"],
        makes: Makes::Program(Main::Compiled),
    },
    // https://nx.dev/docs/technologies/build-tools/vite/executors
    Executor { names: &["@nx/vite:build", "@nrwl/vite:build"], makes: Makes::Site("Vite") },
    // https://nx.dev/docs/technologies/react/next/executors
    Executor { names: &["@nx/next:build", "@nrwl/next:build"], makes: Makes::Next(Place::Output) },
    // https://nx.dev/docs/technologies/angular/executors, https://angular.dev/tools/cli/build-system-migration
    Executor {
        names: &[
            "@angular/build:application",
            "@angular-devkit/build-angular:application",
            "@nx/angular:application",
        ],
        makes: Makes::Angular(Pages::Below),
    },
    Executor {
        names: &[
            "@angular-devkit/build-angular:browser",
            "@angular-devkit/build-angular:browser-esbuild",
            "@nx/angular:browser-esbuild",
            "@nx/angular:webpack-browser",
            "@nrwl/angular:webpack-browser",
        ],
        makes: Makes::Angular(Pages::AtTop),
    },
];

const BUNDLE: Makes = Makes::Program(Main::Bundle);

/// Executors that run a command or nothing: the configuration beside `project.json` says what is built.
/// <https://nx.dev/docs/guides/tasks--caching/run-commands-executor>
pub(super) const COMMANDS: &[&str] = &["nx:run-commands", "nx:noop", "@nrwl/workspace:run-commands"];

/// In the order in which a folder with several configurations is taken: Vite's may be there for tests only.
pub(super) const PLUGINS: &[Plugin] = &[
    // https://nx.dev/docs/technologies/react/next/introduction
    Plugin {
        names: &["@nx/next/plugin", "@nx/next"],
        configs: &["next.config.js", "next.config.mjs", "next.config.ts", "next.config.cjs"],
        output: None,
        usual: Some(""),
        makes: Makes::Next(Place::Project),
        watch: ("devTargetName", "dev"),
    },
    // https://nx.dev/docs/technologies/vue/nuxt/introduction
    Plugin {
        names: &["@nx/nuxt/plugin", "@nx/nuxt"],
        configs: &["nuxt.config.ts", "nuxt.config.js", "nuxt.config.mjs"],
        output: Some("dir"),
        usual: Some(".output"),
        makes: Makes::Nitro("Nuxt"),
        watch: ("serveTargetName", "serve"),
    },
    // https://nx.dev/docs/technologies/build-tools/webpack/introduction
    Plugin {
        names: &["@nx/webpack/plugin", "@nx/webpack"],
        configs: &["webpack.config.js", "webpack.config.ts", "webpack.config.cjs", "webpack.config.mjs"],
        output: Some("path"),
        usual: None,
        makes: Makes::ByTarget("webpack"),
        watch: ("serveTargetName", "serve"),
    },
    // https://nx.dev/docs/technologies/build-tools/rspack/introduction
    Plugin {
        names: &["@nx/rspack/plugin", "@nx/rspack"],
        configs: &["rspack.config.js", "rspack.config.ts", "rspack.config.cjs", "rspack.config.mjs"],
        output: Some("path"),
        usual: None,
        makes: Makes::ByTarget("webpack"),
        watch: ("serveTargetName", "serve"),
    },
    // https://nx.dev/docs/technologies/build-tools/rsbuild/introduction
    Plugin {
        names: &["@nx/rsbuild/plugin", "@nx/rsbuild"],
        configs: &["rsbuild.config.ts", "rsbuild.config.js", "rsbuild.config.mjs"],
        output: Some("root"),
        usual: Some("dist"),
        makes: Makes::Site("Rsbuild"),
        watch: ("devTargetName", "dev"),
    },
    // https://nx.dev/docs/technologies/build-tools/vite/introduction
    Plugin {
        names: &["@nx/vite/plugin", "@nx/vite"],
        configs: VITE_CONFIG,
        output: Some("outDir"),
        usual: Some("dist"),
        makes: Makes::Site("Vite"),
        watch: ("serveTargetName", "serve"),
    },
];

/// Executors that test without a browser.
/// <https://nx.dev/docs/technologies/test-tools/jest/executors>, <https://nx.dev/docs/technologies/test-tools/vitest/introduction>
pub(super) const TESTS: &[&str] = &["@nx/jest:jest", "@nrwl/jest:jest", "@nx/vite:test", "@nx/vitest:test"];
