//! Frameworks whose build writes the server: what it wrote, and what starts it.

use crate::fact::{Evidence, Fact};
use crate::stack::Survey;
use crate::stack::node::app::{
    App, Content, Launch, Packages, Server, development_only, port_argument, tool,
};
use crate::stack::node::framework::{Framework, Modules, Output, SiteWhen};
use crate::stack::node::javascript;
use crate::stack::node::lock::Lock;
use crate::stack::node::manifest::Package;
use crate::stack::node::next;
use crate::stack::node::paths;
use crate::stack::node::presets;
use crate::stack::node::site::{self, Served};
use crate::stack::node::start::{self, Decoded, Engine, Start};

/// A server that the build writes, or the files that its configuration asks for instead.
pub(super) fn of_output(
    s: &Survey<'_>,
    package: &Package<'_>,
    meta: &Fact<&'static Framework>,
    output: &Output,
    said: Option<&Decoded>,
) -> App {
    if let Some(when) = &output.site
        && let Some(because) = gives_files(s, package, when)
    {
        return App::Site(Box::new(site::served(s, package, &because.derive(meta.value), &when.site, None)));
    }
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let renamed = site::stated(s, package, output.stated);
    let called = |path: &str| match &renamed {
        Some(folder) => called(path, output.folders[0], &folder.value),
        None => path.to_owned(),
    };
    let words = entry(s, package, output, said).iter().map(|word| called(word)).collect();
    let is_bundled = output.modules == Modules::Bundled;
    let preset = (output.folders == [".output"]).then(|| presets::of_build(s)).flatten();
    App::Server(Box::new(Server {
        launch: meta.derive(Launch::Script(Engine::Node, words)),
        before: Vec::new(),
        builds: Vec::new(),
        content: Content::Output {
            folders: output
                .folders
                .iter()
                .chain(output.beside.iter().filter(|folder| s.dir.has_dir(folder)))
                .map(|folder| (called(folder), called(folder)))
                .collect(),
            is_complete: is_bundled,
        },
        modules: if is_bundled { Packages::Bundled } else { imported(package, output) },
        env: output.env.iter().map(owned).map(|(name, value)| (name, meta.derive(value))).collect(),
        port: None,
        stops: None,
        build_env: output.build_env.iter().map(owned).chain(preset).collect(),
    }))
}

/// The production tree, or all of it where the server imports what is there for development.
fn imported(package: &Package<'_>, output: &Output) -> Packages {
    let found = output.imports.iter().find_map(|name| development_only(Some(package), name));
    found.map_or(Packages::Production, Packages::All)
}

/// A path of an output folder that has another name.
fn called(path: &str, usual: &str, name: &str) -> String {
    let relative = path.strip_prefix("./").unwrap_or(path);
    match relative.strip_prefix(usual) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{name}{rest}"),
        _ => path.to_owned(),
    }
}

/// The file that starts it, with its arguments: as the project's own script names them, else as the framework does.
fn entry(s: &Survey<'_>, package: &Package<'_>, output: &Output, said: Option<&Decoded>) -> Vec<String> {
    let scripts = package.tree(&["scripts"]).into_iter().flat_map(crate::repo::format::Tree::entries);
    let named = scripts
        .filter(|(name, _)| output.scripts.iter().any(|begin| name.starts_with(begin)))
        .filter_map(|(_, line)| start::decode(line.as_text()?, Some(package), &s.dir))
        .find_map(|decoded| match decoded.start {
            Start::Node(node) if output.folders.iter().any(|folder| node.file.starts_with(folder)) => {
                Some(node.options.into_iter().chain([node.file]).chain(node.args).collect())
            }
            _ => None,
        });
    if let Some(words) = named {
        return words;
    }
    // A build of another kind starts itself: its own start script names the file that the build writes.
    if let Some(Start::Node(node)) = said.map(|said| &said.start)
        && ["js", "mjs", "cjs"].iter().any(|ending| node.file.rsplit('.').next() == Some(ending))
    {
        return node.options.iter().chain([&node.file]).chain(&node.args).cloned().collect();
    }
    let mut words: Vec<String> = output.entry.split_whitespace().map(str::to_owned).collect();
    if let Some(Start::Tool { name, args }) = said.map(|said| &said.start)
        && tool(name).is_some_and(|row| words.first().is_some_and(|file| file == row.file))
        && !args.is_empty()
    {
        words.truncate(1);
        words.extend(args.iter().cloned());
    }
    if let Some(browser) = site::angular(s, &package.dir) {
        let folder = browser.value.strip_suffix("/browser").unwrap_or(&browser.value);
        for word in &mut words {
            *word = word.replace("{angular}", folder);
        }
    }
    words
}

fn gives_files(s: &Survey<'_>, package: &Package<'_>, site: &SiteWhen) -> Option<Fact<String>> {
    let configured = site.configured.iter().find_map(|(file, words)| {
        s.dir.doc(file)?.find(|line| {
            (!line.trim_start().starts_with("//") && line.contains(words)).then(|| (*words).to_owned())
        })
    });
    configured.or_else(|| {
        let script = package.script("build")?;
        site.built_by.iter().any(|words| script.value.contains(words)).then_some(script)
    })
}

/// A Next.js project.
pub(super) fn of_next(
    s: &Survey<'_>,
    package: &Package<'_>,
    lock: Option<&Lock<'_>>,
    meta: &Fact<&'static Framework>,
    said: Option<(&Start, &Evidence)>,
) -> App {
    let range = package.uses("next").unwrap_or_else(|| meta.derive(String::new()));
    let mut env = vec![("HOSTNAME", "0.0.0.0"), ("NEXT_TELEMETRY_DISABLED", "1")];
    let standalone = |because: &Fact<String>, build_env: Vec<(String, String)>| {
        let mut folders = vec![
            (".next/standalone".to_owned(), ".".to_owned()),
            (".next/static".to_owned(), ".next/static".to_owned()),
        ];
        if s.dir.has_dir("public") {
            folders.push(("public".to_owned(), "public".to_owned()));
        }
        App::Server(Box::new(Server {
            launch: because.derive(Launch::Script(Engine::Node, vec!["server.js".to_owned()])),
            before: Vec::new(),
            builds: Vec::new(),
            content: Content::Output { folders, is_complete: true },
            modules: Packages::Bundled,
            env: env
                .iter()
                .map(|(name, value)| ((*name).to_owned(), because.derive((*value).to_owned())))
                .collect(),
            port: None,
            stops: Some(because.derive("Next.js ends on SIGTERM".to_owned())),
            build_env,
        }))
    };
    match next::output(package, &range, lock) {
        next::Output::Export(because) => App::Site(Box::new(Served {
            output: because.derive(next::EXPORTED.to_owned()),
            hashed: vec!["_next/static".to_owned()],
            fallback: None,
            base: paths::base(&package.dir, meta.value.name),
        })),
        next::Output::Standalone(because) => standalone(&because, Vec::new()),
        next::Output::Injected(because) => {
            standalone(&because, vec![("NEXT_PRIVATE_STANDALONE".to_owned(), "true".to_owned())])
        }
        next::Output::Start(because) => {
            env.remove(0);
            let port = said.and_then(|(start, because)| match start {
                Start::Tool { args, .. } => port_argument(args).map(|port| Fact::new(port, because.clone())),
                _ => None,
            });
            let mut words = vec!["node_modules/next/dist/bin/next".to_owned(), "start".to_owned()];
            if let Some(port) = &port {
                words.extend(["-p".to_owned(), port.value.to_string()]);
            }
            App::Server(Box::new(Server {
                launch: because.derive(Launch::Script(Engine::Node, words)),
                before: Vec::new(),
                builds: Vec::new(),
                content: Content::Tree,
                modules: Packages::Production,
                env: env
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), because.derive((*value).to_owned())))
                    .collect(),
                port,
                stops: None,
                build_env: Vec::new(),
            }))
        }
    }
}

/// <https://v2.nuxt.com/docs/get-started/commands>
pub(super) fn of_nuxt2(s: &Survey<'_>, meta: &Fact<&'static Framework>) -> App {
    let config = ["nuxt.config.js", "nuxt.config.ts"].iter().find_map(|name| s.dir.doc(name));
    let says = |key: &str, word: &str| {
        let is_it = |value: javascript::Value<'_>| value.literal().unwrap_or(value.text) == word;
        config.is_some_and(|doc| javascript::find(&doc, key, |value| is_it(value).then_some(())).is_some())
    };
    let is_static = says("target", "static");
    let single_page = says("ssr", "false") || says("mode", "spa");
    if is_static || single_page {
        let served = Served {
            output: meta.derive("dist".to_owned()),
            hashed: vec!["_nuxt".to_owned()],
            fallback: single_page.then(site::index),
            base: paths::base(&s.dir, meta.value.name),
        };
        return App::Site(Box::new(served));
    }
    App::Server(Box::new(Server {
        launch: meta.derive(Launch::Script(
            Engine::Node,
            vec!["node_modules/nuxt/bin/nuxt.js".to_owned(), "start".to_owned()],
        )),
        before: Vec::new(),
        builds: Vec::new(),
        content: Content::Tree,
        modules: Packages::Production,
        env: vec![("HOST".to_owned(), meta.derive("0.0.0.0".to_owned()))],
        port: None,
        stops: None,
        build_env: Vec::new(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_another_name_is_called_by_it() {
        for (path, expected) in [
            ("build", "www"),
            ("build/index.js", "www/index.js"),
            ("./build/server/index.js", "www/server/index.js"),
            ("builder/index.js", "builder/index.js"),
            ("node_modules/build/cli.js", "node_modules/build/cli.js"),
            ("--static", "--static"),
        ] {
            assert_eq!(called(path, "build", "www"), expected, "{path}");
        }
    }
}
