//! Frameworks whose build writes the server: what it wrote, and what starts it.

use crate::fact::{Evidence, Fact};
use crate::stack::Survey;
use crate::stack::node::app::{App, Content, Launch, Packages, Server, port_argument};
use crate::stack::node::framework::{Framework, Missing, Modules, Output, SiteWhen};
use crate::stack::node::lock::Lock;
use crate::stack::node::manifest::Package;
use crate::stack::node::next;
use crate::stack::node::site::Served;
use crate::stack::node::start::Start;

/// A server that the build writes, or the files that its configuration asks for instead.
pub(super) fn of_output(
    s: &Survey<'_>,
    package: &Package<'_>,
    meta: &Fact<&'static Framework>,
    output: &Output,
) -> App {
    if let Some(site) = &output.site
        && let Some(because) = gives_files(s, package, site)
    {
        return App::Site(Served {
            output: because.derive(site.output.to_owned()),
            hashed: site.hashed.iter().map(|&folder| folder.to_owned()).collect(),
            is_single_page: site.missing == Missing::Index,
        });
    }
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let is_bundled = output.modules == Modules::Bundled;
    App::Server(Box::new(Server {
        launch: meta.derive(Launch::Node(output.entry.split_whitespace().map(str::to_owned).collect())),
        before: Vec::new(),
        builds: Vec::new(),
        content: Content::Output {
            folders: output
                .folders
                .iter()
                .filter(|folder| **folder == output.folders[0] || s.dir.has_dir(folder))
                .map(|folder| owned(&(*folder, *folder)))
                .collect(),
            is_complete: is_bundled,
        },
        modules: if is_bundled { Packages::Bundled } else { Packages::Production },
        env: output.env.iter().map(owned).map(|(name, value)| (name, meta.derive(value))).collect(),
        port: None,
        stops: None,
        build_env: output.build_env.iter().map(owned).collect(),
    }))
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
            launch: because.derive(Launch::Node(vec!["server.js".to_owned()])),
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
        next::Output::Export(because) => App::Site(Served {
            output: because.derive(next::EXPORTED.to_owned()),
            hashed: vec!["_next/static".to_owned()],
            is_single_page: false,
        }),
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
                launch: because.derive(Launch::Node(words)),
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
    let is_static = config
        .is_some_and(|doc| doc.text.contains("target: 'static'") || doc.text.contains("target: \"static\""));
    let single_page =
        config.is_some_and(|doc| doc.text.contains("ssr: false") || doc.text.contains("mode: 'spa'"));
    if is_static || single_page {
        let served = Served {
            output: meta.derive("dist".to_owned()),
            hashed: vec!["_nuxt".to_owned()],
            is_single_page: single_page,
        };
        return App::Site(served);
    }
    App::Server(Box::new(Server {
        launch: meta
            .derive(Launch::Node(vec!["node_modules/nuxt/bin/nuxt.js".to_owned(), "start".to_owned()])),
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
