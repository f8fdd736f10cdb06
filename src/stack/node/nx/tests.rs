//! What is planned of Nx repositories: which folders are apps, what builds them, and what runs.

use crate::config::Settings;
use crate::plan::plan;
use crate::repo::Inventory;

const PACKAGE: &str = r#"{"dependencies":{"express":"5"},"devDependencies":{"nx":"22","typescript":"5"}}"#;

/// The folders that are services, with the build and the command of each, or the folder that is served.
fn planned(files: &[(&str, &str)]) -> Vec<String> {
    let root = [("package.json", PACKAGE), ("package-lock.json", "{}")];
    let plan =
        plan(&Inventory::from_files(root.into_iter().chain(files.iter().copied())), &Settings::default());
    let shown = plan.services.iter().map(|service| {
        let build = service.tool["build"]["commands"].as_array().cloned().unwrap_or_default();
        let build: Vec<&str> = build.iter().filter_map(|command| command.as_str()).collect();
        let runs = service.runtime.command.as_ref().map(|command| command.value.words().join(" "));
        let served = service.tool["site_source"].as_str().unwrap_or_default().to_owned();
        format!("{}: {} > {}", service.dir, build.join(" && "), runs.unwrap_or(served))
    });
    shown.collect()
}

/// An app in `apps/x` with this build, and what else lies there.
fn app(nx: &str, project: &str, more: &[(&str, &str)]) -> Vec<String> {
    let mut files =
        vec![("nx.json", nx), ("apps/x/project.json", project), ("apps/x/src/main.ts", "import 'express'")];
    files.extend(more);
    planned(&files)
}

fn target(executor: &str, options: &str) -> String {
    format!(
        r#"{{"name":"shop","projectType":"application","targets":{{"build":{{"executor":"{executor}","defaultConfiguration":"production","options":{{{options}}}}}}}}}"#
    )
}

#[test]
fn executors_say_what_comes_out() {
    for (executor, options, expected) in [
        ("@nx/webpack:webpack", r#""target":"node","outputPath":"out""#, "out/main.js"),
        ("@nx/webpack:webpack", r#""target":"node""#, "dist/apps/x/main.js"),
        ("@nx/webpack:webpack", r#""target":"node","outputFileName":"api.js""#, "dist/apps/x/api.js"),
        ("@nx/webpack:webpack", r#""outputPath":"dist/{projectRoot}""#, "/app/dist/apps/x"),
        ("@nrwl/node:webpack", r#""outputPath":"dist/apps/x""#, "dist/apps/x/main.js"),
        ("@nx/esbuild:esbuild", r#""outputPath":"dist/x","format":["cjs"]"#, "dist/x/main.cjs"),
        ("@nx/esbuild:esbuild", r#""outputPath":"dist/x""#, "dist/x/main.js"),
        (
            "@nx/esbuild:esbuild",
            r#""outputPath":"dist/x","format":["cjs"],"esbuildOptions":{"outExtension":{".js":".js"}}"#,
            "dist/x/main.js",
        ),
        ("@nx/js:tsc", r#""main":"apps/x/src/deep/start.ts""#, "dist/apps/x/src/deep/start.js"),
        ("@nx/vite:build", r#""outputPath":"dist/apps/x""#, "/app/dist/apps/x"),
        (
            "@nx/next:build",
            r#""outputPath":"dist/apps/x""#,
            "node_modules/next/dist/bin/next start dist/apps/x",
        ),
        ("@angular/build:application", r#""outputPath":"dist/x""#, "/app/dist/x/browser"),
        ("@angular/build:application", r#""outputPath":{"base":"dist/x","browser":""}"#, "/app/dist/x"),
        (
            "@angular/build:application",
            r#""outputPath":"dist/x","ssr":{"entry":"a"}"#,
            "dist/x/server/server.mjs",
        ),
        (
            "@angular/build:application",
            r#""outputPath":"dist/x","ssr":{},"outputMode":"static""#,
            "/app/dist/x/browser",
        ),
        ("@angular-devkit/build-angular:browser", r#""outputPath":"dist/x""#, "/app/dist/x"),
    ] {
        let found = app("{}", &target(executor, options), &[]);
        assert_eq!(found, [format!("apps/x: npx nx build shop > {expected}")], "{executor} {options}");
    }
}

#[test]
fn an_executor_without_a_row_is_told() {
    let project = target("@acme/made:up", "");
    assert_eq!(app("{}", &project, &[]), [] as [&str; 0]);
    let files = [("package.json", PACKAGE), ("nx.json", "{}"), ("apps/x/project.json", project.as_str())];
    let plan = plan(&Inventory::from_files(files), &Settings::default());
    let told: Vec<&str> = plan.diagnostics.iter().map(|finding| finding.message.as_str()).collect();
    assert!(told.contains(&"what `@acme/made:up` builds is not known"), "{told:?}");
}

#[test]
fn files_that_do_not_read_are_findings() {
    let shop = target("@nx/webpack:webpack", r#""target":"node""#);
    for (nx, project, expected) in [("{", shop.as_str(), "nx.json"), ("{}", "{", "apps/x/project.json")] {
        let files = [("package.json", PACKAGE), ("nx.json", nx), ("apps/x/project.json", project)];
        let plan = plan(&Inventory::from_files(files), &Settings::default());
        let named = format!("`{expected}` does not read as JSON");
        assert!(
            plan.diagnostics.iter().any(|finding| finding.message.starts_with(&named)),
            "{:?}",
            plan.diagnostics
        );
    }
}

#[test]
fn plugins_infer_a_build_from_a_configuration() {
    const BARE: &str = r#"{"projectType":"application"}"#;
    let webpack = "module.exports = { output: { path: join(__dirname, '../../dist/apps/x') }, plugins: [new P({ target: 'node' })] }";
    let vite = "export default { root: __dirname, build: { outDir: '../../out/x' } }";
    for (nx, config, text, expected) in [
        (
            r#"{"plugins":["@nx/webpack/plugin"]}"#,
            "webpack.config.js",
            webpack,
            "build x > dist/apps/x/main.js",
        ),
        (
            r#"{"plugins":[{"plugin":"@nx/vite/plugin","options":{"buildTargetName":"vite:build"}}]}"#,
            "vite.config.ts",
            vite,
            "vite:build x > /app/out/x",
        ),
        (r#"{"plugins":["@nx/vite/plugin"]}"#, "vite.config.mts", "", "build x > /app/apps/x/dist"),
    ] {
        let path = format!("apps/x/{config}");
        let found = app(nx, BARE, &[(&path, text), ("apps/x/index.html", "")]);
        assert_eq!(found, [format!("apps/x: npx nx {expected}")], "{nx}");
        // Nothing infers it where the plugin is not listed.
        assert_eq!(app("{}", BARE, &[(&path, text), ("apps/x/index.html", "")]), [] as [&str; 0], "{config}");
    }
    // A configuration of Vite without a page is there for tests.
    assert_eq!(
        app(r#"{"plugins":["@nx/vite/plugin"]}"#, BARE, &[("apps/x/vite.config.ts", vite)]),
        [] as [&str; 0]
    );
}

#[test]
fn production_is_asked_for_where_it_is_not_the_default() {
    let project = |more: &str| {
        format!(
            r#"{{"projectType":"application","targets":{{"build":{{"executor":"@nx/webpack:webpack"{more},
                "options":{{"target":"node","outputPath":"out"}},"configurations":{{"production":{{"outputPath":"prod"}}}}}}}}}}"#
        )
    };
    for (more, expected) in [
        ("", "apps/x: npx nx build x --configuration=production > prod/main.js"),
        (r#","defaultConfiguration":"production""#, "apps/x: npx nx build x > prod/main.js"),
    ] {
        assert_eq!(app("{}", &project(more), &[]), [expected]);
    }
}

#[test]
fn libraries_tests_and_members_with_their_own_build_are_left_alone() {
    let shop = target("@nx/webpack:webpack", r#""target":"node""#);
    let found = planned(&[
        ("nx.json", "{}"),
        ("apps/x/project.json", &shop),
        ("apps/x-e2e/project.json", &shop),
        ("libs/a/project.json", r#"{"projectType":"library","targets":{"build":{"executor":"@nx/js:tsc"}}}"#),
        ("libs/b/project.json", r#"{"targets":{"build":{"executor":"@nx/js:tsc"}}}"#),
    ]);
    assert_eq!(found, ["apps/x: npx nx build shop > dist/apps/x/main.js"]);
    // Without nx.json it is another tool's file.
    assert_eq!(planned(&[("apps/x/project.json", &shop)]), [] as [&str; 0]);
}

#[test]
fn next_is_traced_from_the_root() {
    let found = app(
        r#"{"plugins":["@nx/next/plugin"]}"#,
        r#"{"projectType":"application"}"#,
        &[("apps/x/next.config.js", "module.exports = { output: 'standalone' }")],
    );
    assert_eq!(found, ["apps/x: npx nx build x > apps/x/server.js"]);
}
