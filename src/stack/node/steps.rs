//! What is run while building: install, build, test, watch. Each as a value that templates place.

use crate::config::keys;
use crate::fact::Fact;
use crate::stack::Survey;
use crate::stack::node::app::{App, Content};
use crate::stack::node::framework::{Framework, Gives};
use crate::stack::node::front_end::FrontEnd;
use crate::stack::node::manifest::Package;
use crate::stack::node::package_manager::PackageManager;
use crate::stack::node::start;

/// Scripts that build, in the order of trust.
const BUILDS: &[&str] = &[
    "build",
    "build:prod",
    "build:production",
    "production",
    "compile",
    "bundle",
    "generate",
    "docs:build",
    "build:docs",
    "heroku-postbuild",
    "gcp-build",
    "prestart",
];

/// Tools in a build script that make something else than a program: installers, images, packages.
const OTHER_PRODUCTS: &[&str] = &[
    "docker",
    "electron-builder",
    "electron-packager",
    "pkg",
    "vsce",
    "exit",
    "echo",
    "sls",
    "serverless",
    "cdk",
];

/// The commands that build the project.
pub(super) fn build(
    s: &Survey<'_>,
    package: &Package<'_>,
    manager: &PackageManager,
    framework: Option<&Fact<&'static Framework>>,
    app: &App,
    front_end: Option<&FrontEnd>,
) -> Option<Fact<Vec<String>>> {
    if let Some(wish) = s.choice(&keys::BUILD_COMMAND).decide() {
        return Some(wish.map(|command| vec![command]));
    }
    let script = BUILDS.iter().find_map(|name| {
        let line = package.script(name)?;
        let words = shell_words::split(&line.value).unwrap_or_default();
        let other = words.first().is_some_and(|word| OTHER_PRODUCTS.contains(&word.as_str()));
        let checks = *name == "prestart"
            && !words
                .iter()
                .any(|word| word.contains("build") || word == "tsc" || word == "babel" || word == "webpack");
        let is_elsewhere = front_end.is_some_and(|front_end| front_end.is_made_by(package, &line.value));
        (!other && !checks && !is_elsewhere).then(|| line.derive(vec![manager.run(name)]))
    });
    if let Some(script) = script {
        return Some(with_start_steps(script, package, manager, app));
    }
    if let App::Server(server) = app
        && !server.builds.is_empty()
    {
        let steps = server.builds.iter().map(|step| in_image(step, manager)).collect();
        return Some(server.launch.derive(steps));
    }
    if let Some(Gives::Site(site)) = framework.map(|framework| framework.value.gives)
        && let (Some(framework), App::Site(_)) = (framework, app)
    {
        return Some(framework.derive(vec![manager.exec(site.build)]));
    }
    if let Some((framework, Gives::Next)) = framework.map(|framework| (framework, framework.value.gives)) {
        return Some(framework.derive(vec![manager.exec("next build")]));
    }
    let App::Server(server) = app else { return None };
    let typescript = package.uses("typescript")?;
    let Content::Output { .. } = server.content else { return None };
    let config = if s.dir.has("tsconfig.build.json") { " -p tsconfig.build.json" } else { "" };
    Some(typescript.derive(vec![manager.exec(&format!("tsc{config}"))]))
}

/// Adds what the start script makes besides the build.
fn with_start_steps(
    mut build: Fact<Vec<String>>,
    package: &Package<'_>,
    manager: &PackageManager,
    app: &App,
) -> Fact<Vec<String>> {
    let App::Server(server) = app else { return build };
    for step in &server.builds {
        let command = in_image(step, manager);
        // `npm run build && node dist/x` names the build itself.
        let is_build = step.contains("build")
            || package.script("build").is_some_and(|script| script.value.contains(step.as_str()));
        if !is_build && !build.value.contains(&command) {
            build.value.push(command);
        }
    }
    build
}

/// A step of a script as the build stage runs it: installed programs are not on the path there.
fn in_image(step: &str, manager: &PackageManager) -> String {
    let first = step.split_whitespace().next().unwrap_or_default();
    let is_known = matches!(
        first,
        "npm"
            | "yarn"
            | "pnpm"
            | "bun"
            | "npx"
            | "node"
            | "cp"
            | "mkdir"
            | "rm"
            | "echo"
            | "mv"
            | "sh"
            | "cd"
    );
    if is_known || first.contains('=') { step.to_owned() } else { manager.exec(step) }
}

/// The words that start the watch mode.
pub(super) fn dev(
    s: &Survey<'_>,
    package: &Package<'_>,
    manager: &PackageManager,
    framework: Option<&Fact<&'static Framework>>,
) -> Option<Fact<Vec<String>>> {
    let tools: &[&str] = match framework.map(|framework| framework.value.gives) {
        Some(Gives::Site(site)) => site.tools,
        _ => &[],
    };
    let starts_tool = |line: &Fact<String>| {
        start::decode(&line.value, Some(package), &s.dir)
            .is_some_and(|decoded| matches!(decoded.start, start::Start::Tool { name, .. } if tools.contains(&name.as_str())))
    };
    let (name, script) = ["dev", "start:dev", "develop", "serve", "start"].into_iter().find_map(|name| {
        let script = package.script(name)?;
        (!matches!(name, "serve" | "start") || starts_tool(&script)).then_some((name, script))
    })?;
    let mut words = vec![manager.kind.name().to_owned(), "run".to_owned(), name.to_owned()];
    let more = framework.map(|framework| framework.value.dev).unwrap_or_default();
    let is_direct = start::decode(&script.value, Some(package), &s.dir).is_some_and(|decoded| {
        matches!(decoded.start, start::Start::Tool { .. }) && !script.value.contains("--host")
    });
    if !more.is_empty() && is_direct {
        words.extend((manager.kind.name() == "npm").then(|| "--".to_owned()));
        words.extend(more.iter().map(|&word| word.to_owned()));
    }
    Some(script.derive(words))
}
