//! What JavaScript and TypeScript sources say: ports, signal handlers, files read and written, build-time variables.

use std::collections::BTreeSet;

use regex_lite::Regex;

use crate::fact::Fact;
use crate::repo::dir::{Dir, Doc};
use crate::stack::common::listen::{self, Address, Listening, Tells, Way};
use crate::stack::common::pattern::pattern;
use crate::stack::common::port::port_variable;
use crate::stack::common::signal;

/// Endings of sources.
pub(super) const ENDINGS: &[&str] =
    &["js", "mjs", "cjs", "ts", "mts", "cts", "jsx", "tsx", "vue", "svelte", "astro", "coffee"];

/// Folders with code for browsers or for people, not for the server.
const ASIDE: &[&str] = &[
    "test",
    "tests",
    "__tests__",
    "__mocks__",
    "spec",
    "specs",
    "e2e",
    "cypress",
    "playwright",
    "client",
    "frontend",
    "front-end",
    "front",
    "web-app",
    "docs",
    "doc",
    "examples",
    "example",
    "coverage",
    "scripts",
    "tools",
    "migrations",
    "seeders",
    "seeds",
    "fixtures",
    "node_modules",
    "public",
    "static",
    "assets",
    "dist",
    "build",
    "vendor",
    "benchmark",
    "benchmarks",
    ".storybook",
    "stories",
    "storybook",
    "views",
];

/// Is this a test by its name? <https://nodejs.org/api/test.html#running-tests-from-the-command-line>
pub(super) fn is_test(name: &str) -> bool {
    let Some((stem, _)) = name.rsplit_once('.') else { return false };
    let mark = |part: &str| matches!(part, "test" | "spec" | "stories" | "cy");
    stem.split('.').skip(1).any(mark)
        || stem.split('.').any(|part| part.ends_with("-test") || part.ends_with("_test"))
}

/// The sources of a server, its entry file first, then by depth.
pub(super) fn of_server<'a>(dir: &Dir<'a>, entry: Option<&str>) -> Vec<Doc<'a>> {
    let home = dir.path().clone();
    let mut docs: Vec<(bool, usize, Doc<'a>)> = dir
        .docs()
        .filter(|doc| {
            doc.path.extension().is_some_and(|ending| ENDINGS.contains(&ending))
                || Some(doc.path.as_str()) == entry
        })
        .filter_map(|doc| {
            let below = doc.path.relative_to(&home)?;
            let is_entry = entry.is_some_and(|entry| entry == below.as_str());
            // Hidden folders belong to tools.
            let is_aside = |name: &str| ASIDE.contains(&name) || name.starts_with('.');
            let aside = below.parent().is_some_and(|folder| folder.segments().any(is_aside));
            let config = below.name().contains(".config.")
                || below.name().starts_with('.')
                || below.name().contains("gulpfile")
                || below.name().contains("Gruntfile");
            let nested = below
                .ancestors()
                .skip(1)
                .any(|folder| !folder.is_root() && dir.has(&format!("{folder}/package.json")));
            (is_entry || !(aside || config || nested || is_test(below.name()))).then_some((
                !is_entry,
                below.depth(),
                doc,
            ))
        })
        .collect();
    docs.sort_by(|a, b| (a.0, a.1, a.2.path).cmp(&(b.0, b.1, b.2.path)));
    docs.into_iter().map(|(_, _, doc)| doc).collect()
}

/// How Node.js programs name their port. Sources: the documentation of `net.Server.listen` and of each framework.
const LISTENS: &[Way] = &[
    Way {
        pattern: r#"process\.env\.PORT\b[^;\n]*?(?:\|\||\?\?|:)\s*\(?\s*["'`]?(\d{2,5})\b"#,
        tells: Tells::PortWithVariable,
    },
    Way {
        pattern: r#"process\.env\[["']PORT["']\][^;\n]*?(?:\|\||\?\?)\s*["'`]?(\d{2,5})\b"#,
        tells: Tells::PortWithVariable,
    },
    Way {
        pattern: r#"\bPORT\s*=\s*["']?(\d{2,5})["']?[^=\n]*\}\s*=\s*process\.env"#,
        tells: Tells::PortWithVariable,
    },
    Way {
        pattern: concat!(
            r#"\b[Ee]nv\.(?P<variable>"#,
            port_variable!(),
            r#")\b\s*(?:\|\||\?\?)\s*["'`]?(\d{2,5})\b"#
        ),
        tells: Tells::PortWithVariable,
    },
    // Schemas of the environment: zod and Joi, envalid, TypeBox.
    Way {
        pattern: r#"\b(?P<variable>(?:(?:[A-Z0-9_]+_)?(?:API|APP|HTTP|LISTEN|SERVER|WEB)_)?PORT)\s*:\s*(?:z|Joi)\b.*default\(\s*["']?(\d{2,5})"#,
        tells: Tells::PortWithVariable,
    },
    Way {
        pattern: r#"\b(?P<variable>(?:(?:[A-Z0-9_]+_)?(?:API|APP|HTTP|LISTEN|SERVER|WEB)_)?PORT)\s*:\s*(?:envalid\.|Type\.)?(?:port|num|str|Integer|Number)\(\s*\{[^}]*default\s*:\s*["']?(\d{2,5})"#,
        tells: Tells::PortWithVariable,
    },
    // https://lodash.com/docs/4.17.15#defaultTo
    Way {
        pattern: r#"\bdefaultTo\(\s*process\.env\.PORT\s*,\s*["']?(\d{2,5})\b"#,
        tells: Tells::PortWithVariable,
    },
    Way { pattern: r#"["']PORT["']\s*,\s*["']?(\d{2,5})\b"#, tells: Tells::PortWithVariable },
    Way {
        pattern: r#"get(?:OrThrow)?(?:<[^>]*>)?\(\s*["']PORT["']\s*\)\s*(?:\|\||\?\?)\s*["']?(\d{2,5})"#,
        tells: Tells::PortWithVariable,
    },
    Way {
        pattern: concat!(
            r#"process\.env\.(?P<variable>"#,
            port_variable!(),
            r#")\b[^;\n]*?(?:\|\||\?\?)\s*["'`]?(\d{2,5})\b"#
        ),
        tells: Tells::PortWithVariable,
    },
    // What is handed to `listen` is the port, whatever it is called.
    Way {
        pattern: r#"\.listen\(\s*(?:\{[^}]*?\bport\s*:\s*)?(?:\+|Number\(|parseInt\()?\s*process\.env\.(?P<variable>[A-Z0-9_]+)\b[^;\n]*?(?:\|\||\?\?)\s*["'`]?(\d{2,5})\b"#,
        tells: Tells::PortWithVariable,
    },
    Way { pattern: r#"\.listen\(\s*["'`]?(\d{2,5})\b"#, tells: Tells::Port },
    Way { pattern: r#"\.listen\(\s*\{[^}]*\bport\s*:\s*["']?(\d{2,5})\b"#, tells: Tells::Port },
    Way { pattern: r"process\.env\.PORT\b()", tells: Tells::PortWithVariable },
    Way { pattern: r"\{[^}=]*\bPORT\b[^}=]*\}\s*=\s*process\.env\b()", tells: Tells::PortWithVariable },
    // Of other names only where it becomes the port: databases have ports as well.
    Way {
        pattern: r#"\b[Pp]ort\s*=\s[^=;\n]*\bprocess\.env\.(?P<variable>[A-Z0-9_]+_PORT)\b[^;\n]*?(?:\|\||\?\?)\s*["'`]?(\d{4,5})\b"#,
        tells: Tells::PortWithVariable,
    },
    Way {
        pattern: r#"\b(?:const|let|var)\s+\w*(?i:port)\w*(?:\s*:\s*\w+)?\s*=\s*["'`]?(\d{4,5})\b"#,
        tells: Tells::Port,
    },
    Way { pattern: r#"\.set\(\s*["']port["']\s*,\s*["']?(\d{2,5})"#, tells: Tells::Port },
    Way { pattern: r#"^\s*["']?(?i:port)["']?\s*:\s*["']?(\d{4,5})\b"#, tells: Tells::Port },
];

/// An address that only the machine itself reaches.
const LOOPBACK: &str =
    r#"(?:\.listen\([^)]*?["'`]|\bhost(?:name)?\s*[:=]\s*["'`])(?P<host>localhost|127\.0\.0\.1)["'`]"#;

/// A variable that says the address, and loopback where it says nothing. Other names are those of databases.
const ADDRESS: &str = r#"(?i:host|hostname|address)\b[^;\n]*\bprocess\.env\.(?P<variable>(?:(?:API|APP|BIND|HTTP|LISTEN|NODE|SERVER|WEB)_)?(?:ADDRESS|HOST|HOSTNAME))\b[^;\n]*["'`](?:localhost|127\.0\.0\.1)["'`]"#;

/// A call that listens on an address of some name.
const LISTENS_ON: &str = r"\.listen\([^)]*(?i:host|address)";

/// How the program listens.
pub(super) fn listening(docs: &[Doc<'_>]) -> Listening {
    let mut found = listen::find(docs.iter().copied(), LISTENS, "//");
    if docs.iter().any(|doc| pattern(LISTENS_ON).is_match(doc.text)) {
        found.address = docs.iter().find_map(|doc| {
            doc.find(|line| {
                let said =
                    pattern(ADDRESS).captures(line).filter(|_| !line.trim_start().starts_with("//"))?;
                Some(Address { variable: said["variable"].to_owned(), everywhere: "0.0.0.0".to_owned() })
            })
        });
    }
    if found.loopback.is_none() {
        let pattern = pattern(LOOPBACK);
        // Only files that listen: other hosts are databases. Where another file listens on more, this is a server beside
        // the program's own.
        let listening = || docs.iter().filter(|doc| doc.text.contains(".listen("));
        let is_bound = |doc: &&Doc<'_>| doc.text.lines().any(|line| pattern.is_match(line));
        if listening().all(|doc| is_bound(&doc)) {
            found.loopback = listening().find_map(|doc| {
                doc.find(|line| Some(pattern.captures(line)?.name("host")?.as_str().to_owned()))
            });
        }
    }
    found
}

/// Does any source accept connections?
pub(super) fn listens(docs: &[Doc<'_>]) -> Option<Fact<String>> {
    docs.iter().find_map(|doc| {
        doc.find(|line| {
            let code = line.trim_start();
            let accepts = [".listen(", "createServer(", "Bun.serve(", "Deno.serve(", "serve({"]
                .iter()
                .any(|call| code.contains(call));
            (accepts && !code.starts_with("//") && !code.starts_with('*')).then(|| "listens".to_owned())
        })
    })
}

/// What a handler of SIGTERM looks like, packages that install one included.
const SIGTERM: &[&str] = &[
    "SIGTERM",
    "enableShutdownHooks(",
    "close-with-grace",
    "@godaddy/terminus",
    "http-terminator",
    "http-graceful-shutdown",
    "node-graceful-shutdown",
    "exit-hook",
    "async-exit-hook",
    "lightship",
    "death(",
];

/// The line that handles SIGTERM.
pub(super) fn handler(docs: &[Doc<'_>]) -> Option<Fact<String>> {
    signal::handler(docs.iter().copied(), SIGTERM, "//")
}

/// Starts of other programs. What they start is not in the smallest image.
const SPAWNS: &[&str] = &[
    "exec(`",
    "exec('",
    "exec(\"",
    "execSync(",
    "spawnSync(",
    "spawn('",
    "spawn(\"",
    "execa(",
    "shelljs",
    "zx/globals",
];

/// The line that starts another program.
pub(super) fn spawns(docs: &[Doc<'_>]) -> Option<Fact<String>> {
    docs.iter()
        .filter(|doc| ["child_process", "execa", "shelljs", "zx"].iter().any(|name| doc.text.contains(name)))
        .find_map(|doc| {
            doc.find(|line| {
                let code = line.trim_start();
                (!code.starts_with("//")
                    && SPAWNS.iter().any(|call| code.contains(call))
                    && !code.contains("process.execPath"))
                .then(|| "a shell, because it starts other programs".to_owned())
            })
        })
}

/// Paths that answer a health check.
pub(super) fn health(docs: &[Doc<'_>]) -> Option<Fact<String>> {
    let pattern = pattern(
        r#"\.(?:get|all|use|route)\(\s*["'`](/(?:api/)?(?:healthz?|healthcheck|health-check|livez|readyz|ping))["'`]"#,
    );
    docs.iter().find_map(|doc| {
        doc.find(|line| {
            (!line.trim_start().starts_with("//"))
                .then(|| pattern.captures(line).map(|found| found[1].to_owned()))?
        })
    })
}

/// Public build-time variables that the sources read, by name.
pub(super) fn public_variables(dir: &Dir<'_>, prefixes: &[&str]) -> Vec<Fact<String>> {
    if prefixes.is_empty() {
        return Vec::new();
    }
    let names = prefixes.join("|");
    let Ok(pattern) =
        Regex::new(&format!(r"(?:process\.env|import\.meta\.env|\benv)(?:\.|\[.)((?:{names})[A-Z0-9_]+)\b"))
    else {
        return Vec::new();
    };
    let mut seen = BTreeSet::new();
    let mut found: Vec<Fact<String>> = Vec::new();
    for doc in dir.docs() {
        let below = doc.path.relative_to(dir.path()).unwrap_or_default();
        if !doc.path.extension().is_some_and(|ending| ENDINGS.contains(&ending)) || is_test(below.name()) {
            continue;
        }
        for (number, line) in doc.lines().filter(|(_, line)| line.len() < 2_000) {
            for capture in pattern.captures_iter(line) {
                if seen.insert(capture[1].to_owned()) {
                    found.push(Fact::new(capture[1].to_owned(), doc.cite(number, line)));
                }
            }
        }
    }
    found.sort_by(|a, b| a.value.cmp(&b.value));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Inventory, RelPath};

    fn check(line: &str, port: Option<u16>, by_variable: bool) {
        let inventory = Inventory::from_files([("server.js", line)]);
        let dir = inventory.dir(RelPath::root());
        let found = listening(&of_server(&dir, Some("server.js")));
        assert_eq!(found.port.map(|port| port.value), port, "{line}");
        assert_eq!(found.variable.is_some(), by_variable, "{line}");
    }

    #[test]
    fn tests_are_told_by_a_part_of_their_names() {
        for test in ["app.test.js", "app.spec.ts", "app-test.js", "app_test.mjs", "a.b-test.c.js", "x.cy.ts"]
        {
            assert!(is_test(test), "{test}");
        }
        for source in ["test.js", "contest.js", "latest.min.js", "spec.ts", "app.js", "testing.d.ts"] {
            assert!(!is_test(source), "{source}");
        }
    }

    #[test]
    fn variables_move_a_server_off_loopback() {
        for (source, variable) in [
            ("const host = process.env.HOST || 'localhost';\napp.listen(port, host);", Some("HOST")),
            (
                "server: {\n  host: _.defaultTo(process.env.SERVER_HOST, '127.0.0.1') }\napp.listen(3000, config.server.host)",
                Some("SERVER_HOST"),
            ),
            ("const host = process.env.HOST || 'localhost';\napp.listen(3000);", None),
            ("host: process.env.DB_HOST || 'localhost',\napp.listen(3000, host)", None),
        ] {
            let inventory = Inventory::from_files([("server.js", source)]);
            let found = listening(&of_server(&inventory.dir(RelPath::root()), Some("server.js")));
            assert_eq!(found.address.map(|address| address.value.variable).as_deref(), variable, "{source}");
        }
    }

    #[test]
    fn a_server_beside_the_programs_own_may_stay_on_loopback() {
        const INNER: (&str, &str) = ("tunnel.js", "inner.listen({ port: 0, host: '127.0.0.1' })");
        for (server, expected) in
            [("app.listen(process.env.PORT)", None), ("app.listen(3000, 'localhost')", Some("localhost"))]
        {
            let inventory = Inventory::from_files([("server.js", server), INNER]);
            let found = listening(&of_server(&inventory.dir(RelPath::root()), Some("server.js")));
            assert_eq!(found.loopback.map(|host| host.value).as_deref(), expected, "{server}");
        }
    }

    #[test]
    fn settings_of_tools_are_no_sources_of_a_server() {
        let files = ["server.js", ".eslintrc.js", ".tools/a.js", "gulpfile.js", "test/a.js", "a.test.js"];
        let inventory = Inventory::from_files(files.map(|file| (file, "")));
        let docs = of_server(&inventory.dir(RelPath::root()), None);
        let paths: Vec<&str> = docs.iter().map(|doc| doc.path.as_str()).collect();
        assert_eq!(paths, ["server.js"]);
    }

    #[test]
    fn ports_are_read_from_the_source() {
        for (line, port, by_variable) in [
            ("app.listen(process.env.PORT || 3000)", Some(3000), true),
            ("const port = parseInt(process.env.PORT, 10) || 4000;", Some(4000), true),
            ("const port = process.env.PORT ? Number(process.env.PORT) : 4100;", Some(4100), true),
            ("var port = normalizePort(process.env.PORT || '3000');", Some(3000), true),
            (
                "await app.listen({ port: Number(process.env.PORT ?? 3001), host: '0.0.0.0' });",
                Some(3001),
                true,
            ),
            ("const { PORT = 8000 } = process.env", Some(8000), true),
            ("    apiPort: env.API_PORT || 9000,", Some(9000), true),
            ("    databasePort: env.DB_PORT || 5432,", None, false),
            ("  PORT: z.coerce.number().int().positive().default(3400),", Some(3400), true),
            ("  PORT: port({ default: 5050 }),", Some(5050), true),
            ("await app.listen(config.get('PORT', 3333));", Some(3333), true),
            ("port: normalizePort(_.defaultTo(process.env.PORT, 3000)),", Some(3000), true),
            ("  CHAIN_API_PORT: Type.Integer({ default: 3999, minimum: 0 }),", Some(3999), true),
            ("  HTTP_PORT: z.coerce.number().default(3600),", Some(3600), true),
            ("  PG_PORT: z.coerce.number().default(5433),", None, false),
            ("server.listen(8081, () => {})", Some(8081), false),
            ("const PORT = 5000;", Some(5000), false),
            ("app.listen(process.env.PORT)", None, true),
            ("const { SECRET, PORT, DB } = process.env;", None, true),
            ("this.port = args.port || Number(process.env.DOCK_PORT) || 5001;", Some(5001), true),
            ("app.listen(process.env.SERVER_PORT || 4500)", Some(4500), true),
            ("app.listen(process.env.CELLAR ?? 4340)", Some(4340), true),
            ("app.listen({ port: Number(process.env.CELLAR_PORT) || 4341 })", Some(4341), true),
            ("app.listen(port, process.env.HOST ?? '0.0.0.0')", None, false),
            ("  port: process.env.MYSQL_PORT || 3307,", None, false),
            ("fastify.listen({ port: 3002 })", Some(3002), false),
            ("// app.listen(1234)", None, false),
            ("mongoose.connect('mongodb://localhost:27017/x')", None, false),
        ] {
            check(line, port, by_variable);
        }
    }
}
