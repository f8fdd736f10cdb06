//! What is run while building: install, build, test, watch. Each as a value that templates place.

use crate::config::keys;
use crate::fact::Fact;
use crate::stack::Survey;
use crate::stack::node::app::{App, Content};
use crate::stack::node::framework::{Framework, Gives};
use crate::stack::node::front_end::FrontEnd;
use crate::stack::node::manifest::Package;
use crate::stack::node::migrations;
use crate::stack::node::package_manager::PackageManager;
use crate::stack::node::shell;
use crate::stack::node::start;

/// Scripts that build, in the order of trust. One for images leaves out what only a person's machine or a deployment has.
const BUILDS: &[&str] = &[
    "build-docker",
    "build:docker",
    "build",
    "build:prod",
    "build:production",
    "production",
    "compile",
    "bundle",
    "generate",
    "heroku-postbuild",
    "gcp-build",
    "prestart",
];

/// Scripts that build pages about the project, which is all of it where it is a site.
const SITES: &[&str] = &["docs:build", "build:docs"];

/// Parts of a program that scripts build where none builds all of it: `build:frontend`, `css:build`.
const PARTS: &[(&str, Part)] = &[
    ("api", Part::Program),
    ("app", Part::Program),
    ("assets", Part::Pages),
    ("backend", Part::Program),
    ("client", Part::Pages),
    ("css", Part::Pages),
    ("front", Part::Pages),
    ("front-end", Part::Pages),
    ("frontend", Part::Pages),
    ("js", Part::Pages),
    ("sass", Part::Pages),
    ("scss", Part::Pages),
    ("server", Part::Program),
    ("styles", Part::Pages),
    ("tailwind", Part::Pages),
    ("ts", Part::Program),
    ("ui", Part::Pages),
    ("web", Part::Pages),
];

/// What a part is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The program itself.
    Program,
    /// What it sends to browsers.
    Pages,
}

impl Part {
    /// The part that a script of this name builds.
    fn of(script: &str) -> Option<Self> {
        let mark = [':', '-'].as_slice();
        let begins = script.strip_prefix("build").and_then(|rest| rest.strip_prefix(mark));
        let ends = script.strip_suffix("build").and_then(|rest| rest.strip_suffix(mark));
        let part = begins.or(ends)?;
        PARTS.iter().find(|(name, _)| *name == part).map(|(_, kind)| *kind)
    }
}

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
    let is_elsewhere = |line: &str| {
        let beside = framework.is_some_and(
            |row| matches!(row.value.gives, Gives::Site(site) if matches!(app, App::Site(_)) && site.is_beside(line)),
        );
        beside || front_end.is_some_and(|front_end| front_end.is_made_by(package, line))
    };
    let sites = SITES.iter().filter(|_| matches!(app, App::Site(_)));
    let script = BUILDS.iter().chain(sites).find_map(|name| {
        let line = package.script(name)?;
        let words = shell_words::split(&line.value).unwrap_or_default();
        let other = makes_another(&line.value);
        let checks = *name == "prestart"
            && !words
                .iter()
                .any(|word| word.contains("build") || word == "tsc" || word == "babel" || word == "webpack");
        // Most scripts of such a name make the image themselves.
        let is_outside = name.ends_with("docker")
            && words.iter().any(|word| word.ends_with(".sh") || OTHER_PRODUCTS.contains(&word.as_str()));
        (!other && !checks && !is_outside && !is_elsewhere(&line.value))
            .then(|| (*name, line.derive(vec![manager.run(name)])))
    });
    if let Some((name, mut script)) = script {
        if let Some(commands) = migrations::leave_out(s, package, manager, name) {
            script.value = commands;
        }
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
        // Whatever a script that builds it is called, it carries the project's own options.
        return Some(match site.script(package) {
            Some((name, line)) => line.derive(vec![manager.run(name)]),
            None => framework.derive(vec![manager.exec(site.build)]),
        });
    }
    if let Some((framework, Gives::Next)) = framework.map(|framework| (framework, framework.value.gives)) {
        return Some(framework.derive(vec![manager.exec("next build")]));
    }
    let App::Server(server) = app else { return None };
    let parts: Vec<(&str, Part, Fact<String>)> = package
        .named_scripts()
        .filter_map(|(name, line)| Some((name, Part::of(name)?, line)))
        .filter(|(_, _, line)| !makes_another(&line.value) && !is_elsewhere(&line.value))
        .collect();
    let because = parts.first().map(|(_, _, line)| line.clone());
    let mut commands: Vec<String> = parts.iter().map(|(name, ..)| manager.run(name)).collect();
    let compiler = package.uses("typescript").filter(|_| {
        matches!(server.content, Content::Output { .. })
            && parts.iter().all(|(_, part, _)| *part == Part::Pages)
    });
    if compiler.is_some() {
        let config = if s.dir.has("tsconfig.build.json") { " -p tsconfig.build.json" } else { "" };
        commands.insert(0, manager.exec(&format!("tsc{config}")));
    }
    Some(because.or(compiler)?.derive(commands))
}

/// Does a script begin with a tool that makes something else than a program?
fn makes_another(line: &str) -> bool {
    let words = shell_words::split(line).unwrap_or_default();
    words.first().is_some_and(|word| OTHER_PRODUCTS.contains(&word.as_str()))
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
pub(super) fn in_image(step: &str, manager: &PackageManager) -> String {
    if let Some((word, rest)) = step.split_once(' ')
        && shell::assignment(word).is_some()
    {
        return format!("{word} {}", in_image(rest.trim_start(), manager));
    }
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
    if is_known { step.to_owned() } else { manager.exec(step) }
}

/// Scripts that watch, in the order of trust, and whether the name alone says so.
const WATCHES: &[(&str, Trust)] = &[
    ("dev", Trust::Name),
    ("start:dev", Trust::Name),
    ("develop", Trust::Name),
    ("start", Trust::Command),
    ("serve", Trust::Command),
    ("docs:dev", Trust::Command),
    ("storybook", Trust::Command),
];

/// What tells that a script watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// What it is called.
    Name,
    /// That it starts the framework's own tool.
    Command,
}

/// Commands of the same tools that show a finished build, and watch nothing: the reference of each command line.
const SHOWS: &[&str] = &[
    "docusaurus serve",
    "gatsby serve",
    "vite preview",
    "vitepress preview",
    "vitepress serve",
    "astro preview",
    "rsbuild preview",
    "rspress preview",
];

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
            && !SHOWS.iter().any(|command| line.value.contains(command))
    };
    let (name, script) = WATCHES.iter().find_map(|(name, trust)| {
        let script = package.script(name)?;
        (*trust == Trust::Name || starts_tool(&script)).then_some((*name, script))
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

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    #[test]
    fn sites_are_built_and_watched_by_their_own_scripts() {
        for (package, scripts, build, dev) in [
            (
                "storybook",
                r#""storybook":"storybook dev -p 6006","build-storybook":"storybook build --quiet""#,
                "npm run build-storybook",
                Some("npm run storybook"),
            ),
            ("storybook", r#""test":"vitest""#, "npx storybook build", None),
            // Beside a library, which has nothing else to look at.
            (
                "storybook",
                r#""build":"babel src -d lib","build-storybook":"yarn icons && storybook build -o site""#,
                "npm run build-storybook",
                None,
            ),
            (
                "@umijs/max",
                r#""start":"cross-env UMI_ENV=dev max dev","build":"max build","prepare":"max setup""#,
                "npm run build",
                Some("npm run start"),
            ),
            (
                "@docusaurus/core",
                r#""serve":"docusaurus serve","start":"docusaurus start","build":"docusaurus build""#,
                "npm run build",
                Some("npm run start -- --host 0.0.0.0"),
            ),
            (
                "gatsby",
                r#""build":"gatsby build","serve":"gatsby serve""#,
                "npm run build",
                // It would show a build that is not there.
                None,
            ),
            (
                "gatsby",
                r#""build":"check-db && gatsby build","build-site":"gatsby build","build-docker":"npm-run-all build-site""#,
                "npm run build-docker",
                None,
            ),
            (
                "gatsby",
                r#""build":"gatsby build","build:docker":"npm run build && docker build -t x .""#,
                "npm run build",
                None,
            ),
            (
                "@vue/cli-service",
                r#""serve":"vue-cli-service serve","build":"vue-cli-service build""#,
                "npm run build",
                Some("npm run serve"),
            ),
        ] {
            let manifest = format!(r#"{{"scripts":{{{scripts}}},"devDependencies":{{"{package}":"*"}}}}"#);
            let files = [("package.json", manifest.as_str()), ("package-lock.json", "{}")];
            let plan = plan(&Inventory::from_files(files), &Settings::default());
            let tool = &plan.services[0].tool;
            assert_eq!(tool["build"]["commands"][0], build, "{manifest}");
            if manifest.contains("-o site") {
                assert_eq!(tool["site_source"], "/app/site");
            }
            let words = tool["dev"].as_array();
            let watch = words
                .map(|words| words.iter().filter_map(|word| word.as_str()).collect::<Vec<_>>().join(" "));
            assert_eq!(watch.as_deref(), dev, "{manifest}");
        }
    }
    #[test]
    fn parts_are_built_where_nothing_builds_all() {
        for (scripts, expected) in [
            (r#""build:frontend":"vite build","start":"node server.js""#, vec!["npm run build:frontend"]),
            (
                r#""build:client":"vite build","server:build":"tsc","start":"node dist/server.js""#,
                vec!["npm run build:client", "npm run server:build"],
            ),
            (
                r#""build-css":"tailwindcss","start":"node dist/server.js""#,
                vec!["npx tsc", "npm run build-css"],
            ),
            (r#""build:docker-base":"docker buildx build .","start":"node server.js""#, vec![]),
            (r#""build:web":"docker build .","start":"node server.js""#, vec![]),
            // Pages about a program are none of it.
            (r#""docs:build":"vitepress build docs","start":"node server.js""#, vec![]),
            (r#""build":"tsc","build:css":"tailwindcss","start":"node server.js""#, vec!["npm run build"]),
        ] {
            let manifest = format!(
                r#"{{"scripts":{{{scripts}}},"dependencies":{{"express":"5"}},"devDependencies":{{"typescript":"5"}}}}"#
            );
            let files = [
                ("package.json", manifest.as_str()),
                ("package-lock.json", "{}"),
                ("server.js", "require('express')().listen(1)"),
            ];
            let plan = plan(&Inventory::from_files(files), &Settings::default());
            let commands = plan.services[0].tool["build"]["commands"].as_array().cloned().unwrap_or_default();
            let commands: Vec<&str> = commands.iter().filter_map(|command| command.as_str()).collect();
            assert_eq!(commands, expected, "{scripts}");
        }
    }
}
