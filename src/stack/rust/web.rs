//! How a Rust program listens and how it stops: frameworks, ports, addresses, signals.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex_lite::Regex;

use crate::fact::Fact;
use crate::repo::dir::{Dir, Doc};
use crate::stack::common::listen::{self, Listening, Statement, Tells, Way};
use crate::stack::common::port::port_variable;
use crate::stack::rust::manifest::Manifest;

/// A web framework.
#[derive(Debug)]
pub(in crate::stack) struct Framework {
    /// The crate that brings it.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The port it takes when nothing is said.
    pub port: Option<u16>,
    /// Does it stop on SIGTERM without being told?
    pub stops: bool,
    /// Variables that make it listen on all addresses.
    pub env: &'static [(&'static str, &'static str)],
    /// Folders and files it reads at run time.
    pub files: &'static [&'static str],
    /// What its program has to be told to serve.
    pub subcommand: Option<&'static str>,
}

const PLAIN: Framework =
    Framework { name: "", title: "", port: None, stops: false, env: &[], files: &[], subcommand: None };

/// Frameworks, the more special first. Sources: each project's documentation.
pub(super) const FRAMEWORKS: &[Framework] = &[
    // https://loco.rs/docs/the-app/your-project/: configuration in config/, port 5150, `start` serves.
    Framework {
        name: "loco-rs",
        title: "Loco",
        port: Some(5150),
        stops: true,
        files: &["config", "assets"],
        subcommand: Some("start"),
        ..PLAIN
    },
    // https://rocket.rs/guide/v0.5/configuration/: 127.0.0.1:8000 unless told otherwise; stops on SIGTERM.
    Framework {
        name: "rocket",
        title: "Rocket",
        port: Some(8000),
        stops: true,
        env: &[("ROCKET_ADDRESS", "0.0.0.0")],
        files: &["Rocket.toml"],
        ..PLAIN
    },
    // https://actix.rs/docs/server/#graceful-shutdown
    Framework { name: "actix-web", title: "Actix Web", port: Some(8080), stops: true, ..PLAIN },
    Framework { name: "ntex", title: "ntex", stops: true, ..PLAIN },
    Framework { name: "axum", title: "axum", ..PLAIN },
    Framework { name: "poem", title: "Poem", ..PLAIN },
    Framework { name: "salvo", title: "Salvo", ..PLAIN },
    Framework { name: "warp", title: "warp", ..PLAIN },
    Framework { name: "tide", title: "Tide", ..PLAIN },
    Framework { name: "gotham", title: "Gotham", ..PLAIN },
    Framework { name: "trillium", title: "Trillium", ..PLAIN },
    Framework { name: "viz", title: "Viz", ..PLAIN },
    Framework { name: "rouille", title: "Rouille", ..PLAIN },
    Framework { name: "tiny_http", title: "tiny_http", ..PLAIN },
    Framework { name: "dropshot", title: "Dropshot", ..PLAIN },
    Framework { name: "tonic", title: "tonic", ..PLAIN },
];

/// The framework of the first manifest that names one.
pub(super) fn framework<'m>(
    manifests: impl Iterator<Item = &'m Manifest<'m>>,
) -> Option<Fact<&'static Framework>> {
    let manifests: Vec<_> = manifests.collect();
    manifests.iter().find_map(|manifest| {
        FRAMEWORKS.iter().find_map(|framework| {
            let (_, because) = manifest.dependency(framework.name)?;
            Some(Fact::new(framework, because))
        })
    })
}

impl std::fmt::Display for Framework {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.title)
    }
}

/// How Rust programs name their port and address, most certain first.
const LISTENS: &[Way] = &[
    Way {
        pattern: r#"(?:bind\w*|run|serve|listen|http|new)\(\s*&?\(\s*"(?P<host>[^":]*)"(?:\.\w+\(\))?\s*,\s*(\d[\d_]{1,5})(?:u16)?\b"#,
        tells: Tells::Port,
    },
    Way {
        pattern: r#"(?:bind\w*|listen|http|new|serve)\(\s*&?"(?P<host>[^":/]*|\[[0-9a-f:]*\]):(\d{2,5})""#,
        tells: Tells::Port,
    },
    Way {
        pattern: r"\(?\[\s*(?P<host>\d+\s*,\s*\d+\s*,\s*\d+\s*,\s*\d+)\s*\]\s*(?:\.into\(\)\s*)?,\s*(\d[\d_]{1,5})\b",
        tells: Tells::Port,
    },
    Way {
        pattern: r"Ipv[46]Addr::(?:new\(\s*)?(?P<host>UNSPECIFIED|LOCALHOST|\d+\s*,\s*\d+\s*,\s*\d+\s*,\s*\d+)(?:\.into\(\))?[\s)]*,\s*(\d[\d_]{1,5})\b",
        tells: Tells::Port,
    },
    // A port from the environment, with what it is otherwise: a number, or a text with or without a host.
    Way {
        pattern: concat!(
            r#"var(?:_os)?\(\s*"(?P<variable>"#,
            port_variable!(),
            r#")"\s*\).*?["(](?:(?P<host>[\w.]*):)?(\d{3,5})(?:u16)?[")]"#
        ),
        tells: Tells::PortWithVariable,
    },
    Way {
        pattern: concat!(r#"(?i:var|var_os|\w*env\w*)\(\s*"(?P<variable>"#, port_variable!(), r#")"\s*\)()"#),
        tells: Tells::PortWithVariable,
    },
    Way {
        pattern: r#"\benv\s*=\s*"PORT".*?default_value\w*\s*=\s*"?(\d{2,5})"#,
        tells: Tells::PortWithVariable,
    },
    Way {
        pattern: r#"default_value\w*\s*=\s*"?(\d{2,5}).*?\benv\s*=\s*"PORT""#,
        tells: Tells::PortWithVariable,
    },
    Way {
        pattern: r#"default_value\w*\s*=\s*"?(?:(?P<host>[\w.\[\]:]*):)?(\d{2,5})["\s,)].*\b\w*(?:port|addr|address|listen|bind|host)\w*\s*:\s"#,
        tells: Tells::Port,
    },
    // clap's builder: `Arg::new("port").short('p').default_value("8000")`.
    Way {
        pattern: r#"Arg::(?:new|with_name)\(\s*"\w*(?:port|addr|address|listen|bind)\w*"\s*\).*?\.default_value\(\s*"(?:(?P<host>[\w.\[\]:]*):)?(\d{2,5})""#,
        tells: Tells::Port,
    },
    // serde's `#[serde(default = "default_port")]` and what it calls.
    Way { pattern: r"\bfn\s+\w*port\w*\(\)\s*->\s*u16\s*\{\s*(\d[\d_]{2,5})\b", tells: Tells::Port },
    // https://docs.rs/derive_builder: `#[builder(default = "8080")] pub http_port: u16`, HTTP before other protocols.
    Way {
        pattern: r#"\bdefault\s*=\s*"?(\d{4,5})\b.*\b(?:http|web|api|server|listen)_?port\s*:\s"#,
        tells: Tells::Port,
    },
    Way { pattern: r#"\bdefault\s*=\s*"?(\d{4,5})\b.*\b\w*port\s*:\s"#, tells: Tells::Port },
    // An address whose port is computed: `bind(format!("127.0.0.1:{}", port))`, `SocketAddr::from(([127, 0, 0, 1], port))`.
    Way {
        pattern: r#"(?i)\b(?:bind\w*|listen\w*|\w*addr\w*|serve|run)\b.*"(?P<host>127\.0\.0\.1|localhost):\{"#,
        tells: Tells::Port,
    },
    Way {
        pattern: r"SocketAddr\w*::(?:from|new)\(\s*\(?\s*\[\s*(?P<host>127\s*,\s*0\s*,\s*0\s*,\s*1)\s*\]\s*(?:\.into\(\)\s*)?,\s*[A-Za-z_]",
        tells: Tells::Port,
    },
    // An address in a text of its own: `let addr = "0.0.0.0:3000"`, `unwrap_or("127.0.0.1:8080")`.
    Way {
        pattern: r#""(?P<host>0\.0\.0\.0|127\.0\.0\.1|localhost|\[::\]|\[::1\]|):(\d{4,5})""#,
        tells: Tells::Port,
    },
    // A name with the word in it, not one that exports, reports or supports.
    Way {
        pattern: r"(?i)(?:\b|_)port(?:_\w*)?\s*(?::\s*[\w<>]+\s*)?(?:=|:)\s*(?:Some\()?(\d[\d_]{3,5})\b",
        tells: Tells::Port,
    },
    Way { pattern: r"(?i)\bport\b.*unwrap_or\w*\([^\d]*?(\d{4,5})\b", tells: Tells::Port },
    Way { pattern: r#"(?i)"(?:[\w-]*[_-])?port"\s*,\s*"?(\d{4,5})\b"#, tells: Tells::Port },
];

/// A setting that decides the address: a variable of the environment, or a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) enum Address {
    /// A variable and its value.
    Variable(String, String),
    /// A flag and its value.
    Flag(String, String),
}

/// What the sources say about listening and stopping.
#[derive(Debug, Default)]
pub(in crate::stack) struct Web {
    /// Port and loopback.
    pub listening: Listening,
    /// What moves a server from loopback to all addresses.
    pub address: Option<Fact<Address>>,
    /// Do the sources listen at all?
    pub listens: bool,
    /// The port of a configuration file, the framework's own first.
    pub configured: Option<Fact<u16>>,
    /// A line that handles SIGTERM.
    pub terminates: Option<Fact<String>>,
    /// A line that handles the interrupt from a terminal, and nothing else.
    pub interrupts: Option<Fact<String>>,
}

/// What handling SIGTERM looks like: tokio, signal-hook, nix, async-signals, ctrlc with `termination`.
const TERMINATES: &[&str] = &["SignalKind::terminate", "SIGTERM", "SignalKind::Terminate"];

/// What handling an interrupt looks like.
const INTERRUPTS: &[&str] = &["ctrl_c()", "ctrlc::set_handler", "ctrlc::try_set_handler"];

impl Web {
    /// Reads the sources of a program, its own first. One without a framework that listens to nothing is not
    /// asked for its port: a large workspace has twenty of those beside its server.
    pub fn of(dir: &Dir<'_>, sources: &[Doc<'_>], framework: Option<&Fact<&'static Framework>>) -> Self {
        let statements: Vec<Statement<'_>> = sources.iter().flat_map(|doc| statements(*doc)).collect();
        let marked = |marks: &[&str]| {
            statements.iter().find_map(|statement| {
                let is_code = !statement.code.trim_start().starts_with("//");
                let found = is_code && marks.iter().any(|mark| statement.code.contains(mark));
                found.then(|| Fact::new("handles signals".to_owned(), statement.cite()))
            })
        };
        let listens = listens(sources.iter().copied());
        let asked = if listens || framework.is_some() { &statements[..] } else { &[] };
        Self {
            listening: listen::find_in(asked.iter().cloned(), LISTENS, "//"),
            address: asked.iter().find_map(address),
            listens,
            configured: configured(dir),
            terminates: marked(TERMINATES),
            interrupts: marked(INTERRUPTS),
        }
    }
}

/// Do these sources listen themselves?
pub(super) fn listens<'d>(sources: impl Iterator<Item = Doc<'d>>) -> bool {
    const CALLS: &[&str] = &[
        "TcpListener",
        "HttpServer::new",
        "#[launch]",
        "rocket::build",
        "serve(",
        "Server::bind",
        "#[rocket::main]",
    ];
    sources.into_iter().any(|doc| CALLS.iter().any(|call| doc.text.contains(call)))
}

/// The port in Rocket.toml, of the profile that a release build takes first
/// (<https://rocket.rs/guide/v0.5/configuration/#rockettoml>).
fn configured(dir: &Dir<'_>) -> Option<Fact<u16>> {
    let toml = dir.doc("Rocket.toml")?.toml().ok()?;
    ["global", "release", "default"]
        .iter()
        .find_map(|profile| toml.read(&[*profile, "port"], |p| p.parse().ok()))
}

/// A variable or flag whose default is loopback.
fn address(statement: &Statement<'_>) -> Option<Fact<Address>> {
    static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?:\bvar(?:_os)?\(\s*|\benv\s*=\s*)"(\w+)".*"(?:127\.0\.0\.1|localhost)(:\d+)?""#)
            .expect("a constant pattern")
    });
    static DEFAULT_FIRST: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"default_value\w*\s*=\s*"(?:127\.0\.0\.1|localhost)(:\d+)?".*\benv\s*=\s*"(\w+)""#)
            .expect("a constant pattern")
    });
    static FLAG: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = concat!(
            r"^\s*#\[(?:arg|clap|structopt)\((?P<args>.*\blong\b.*default_value\w*\s*=\s*",
            r#""?(?:127\.0\.0\.1|localhost)(?P<port>:\d+)?.*)\)\]\s*(?:pub(?:\(\w+\))?\s+)?(?P<field>\w+)\s*:"#
        );
        Regex::new(pattern).expect("a constant pattern")
    });
    let code = statement.code.as_ref();
    if !["127.0.0.1", "localhost"].iter().any(|host| code.contains(host)) {
        return None;
    }
    let everywhere =
        |port: Option<regex_lite::Match<'_>>| format!("0.0.0.0{}", port.map_or("", |port| port.as_str()));
    let found = if let Some(found) = VARIABLE.captures(code) {
        Address::Variable(found[1].to_owned(), everywhere(found.get(2)))
    } else if let Some(found) = DEFAULT_FIRST.captures(code) {
        Address::Variable(found[2].to_owned(), everywhere(found.get(1)))
    } else {
        // A flag of a subcommand does not stand alone.
        let found = FLAG.captures(code).filter(|_| !statement.doc.text.contains("Subcommand"))?;
        let named = found["args"].split("long").nth(1).and_then(|rest| {
            let rest = rest.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"')?;
            rest.split('"').next()
        });
        let flag = named.map_or_else(|| found["field"].replace('_', "-"), str::to_owned);
        Address::Flag(format!("--{flag}"), everywhere(found.name("port")))
    };
    Some(Fact::new(found, statement.cite()))
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name, value) => write!(f, "{name}={value}"),
            Self::Flag(name, value) => write!(f, "{name} {value}"),
        }
    }
}

/// The statements of a file: lines that a formatter split are joined, tests at its end are left out.
fn statements(doc: Doc<'_>) -> Vec<Statement<'_>> {
    const LONGEST: usize = 14;
    let mut found: Vec<Statement<'_>> = Vec::new();
    let (mut open, mut joined) = (0i32, 0usize);
    for (line, code) in doc.lines() {
        let words = code.trim();
        if words == "#[cfg(test)]" {
            break;
        }
        if words.is_empty() || words.starts_with("//") {
            continue;
        }
        let continues = found.last().is_some_and(|last| {
            let so_far = last.code.trim_end();
            joined < LONGEST
                && (words.starts_with('.')
                    || so_far.ends_with('=')
                    || (open > 0 && !so_far.ends_with('{'))
                    || so_far.ends_with("-> u16 {")
                    || (so_far.trim_start().starts_with("#[") && so_far.ends_with(']')))
        });
        if let Some(last) = found.last_mut().filter(|_| continues) {
            joined += 1;
            last.code = Cow::Owned(format!("{} {words}", last.code.trim_end()));
        } else {
            (open, joined) = (0, 0);
            found.push(Statement { doc, line, code: Cow::Borrowed(code) });
        }
        open = (open + balance(words)).max(0);
    }
    found
}

/// Opened less closed brackets.
fn balance(code: &str) -> i32 {
    code.chars().fold(0, |open, c| match c {
        '(' | '[' => open + 1,
        ')' | ']' => open - 1,
        _ => open,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Inventory;
    use crate::repo::path::RelPath;

    fn check(code: &str, port: Option<u16>, variable: bool, loopback: bool, address: &str) {
        let inventory = Inventory::from_files([("src/main.rs", code)]);
        let doc = inventory.doc(&RelPath::new("src/main.rs").unwrap()).unwrap();
        let framework = Fact::new(&FRAMEWORKS[0], doc.cite(1, ""));
        let web = Web::of(&inventory.dir(RelPath::root()), &[doc], Some(&framework));
        assert_eq!(web.listening.port.as_ref().map(|port| port.value), port, "{code}");
        assert_eq!(web.listening.variable.is_some(), variable, "{code}");
        assert_eq!(web.listening.loopback.is_some(), loopback, "{code}");
        assert_eq!(
            web.address.map(|address| address.value.to_string()).unwrap_or_default(),
            address,
            "{code}"
        );
    }

    #[test]
    fn ports_and_addresses() {
        for (code, port, variable, loopback, address) in [
            (r#"let l = TcpListener::bind("0.0.0.0:3000").await?;"#, Some(3000), false, false, ""),
            (r#".bind(("127.0.0.1", 8080))?"#, Some(8080), false, true, ""),
            (r#".bind("127.0.0.1:8081")?"#, Some(8081), false, true, ""),
            ("let addr = SocketAddr::from(([0, 0, 0, 0], 4000));", Some(4000), false, false, ""),
            ("warp::serve(routes).run(([127, 0, 0, 1], 3030)).await;", Some(3030), false, true, ""),
            ("SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 9000)", Some(9000), false, false, ""),
            ("SocketAddr::from((Ipv4Addr::LOCALHOST, 9001))", Some(9001), false, true, ""),
            ("SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1)), 9002)", Some(9002), false, true, ""),
            (
                "let port = env::var(\"PORT\")\n    .unwrap_or_else(|_| \"8088\".to_string())\n    .parse()?;",
                Some(8088),
                true,
                false,
                "",
            ),
            (
                r#"let port = env::var("PORT").ok().and_then(|p| p.parse().ok()).unwrap_or(8800);"#,
                Some(8800),
                true,
                false,
                "",
            ),
            ("#[arg(long, env = \"PORT\", default_value_t = 3001)]\nport: u16,", Some(3001), true, false, ""),
            ("#[clap(short, long, default_value = \"3002\")]\npub port: u16,", Some(3002), false, false, ""),
            (
                "Arg::new(\"port\")\n    .short('p')\n    .default_value(\"8000\")\n    .value_name(\"port\"),",
                Some(8000),
                false,
                false,
                "",
            ),
            ("fn default_port() -> u16 {\n    5000\n}", Some(5000), false, false, ""),
            (
                "#[builder(default = \"3890\")]\npub ldap_port: u16,\n#[builder(default = \"17170\")]\npub http_port: u16,",
                Some(17170),
                false,
                false,
                "",
            ),
            ("const PORT: u16 = 3003;", Some(3003), false, false, ""),
            ("const MAX_PORT: u16 = 3003;", None, false, false, ""),
            (
                r#"let listener = TcpListener::bind(format!("127.0.0.1:{}", Env::port())).await;"#,
                None,
                false,
                true,
                "",
            ),
            ("let addr = SocketAddr::from(([127, 0, 0, 1], port));", None, false, true, ""),
            (r#"Self::get_env("PORT")"#, None, true, false, ""),
            (r#"let app_port = env::var("APP_PORT").expect("APP_PORT not found.");"#, None, true, false, ""),
            ("pub enum Event { Logged = 1000, ClientExportedVault = 1007 }", None, false, false, ""),
            (
                r#"let host = env::var("HOST").unwrap_or_else(|_| "127.0.0.1".to_string());"#,
                None,
                false,
                false,
                "HOST=0.0.0.0",
            ),
            (
                r#"let addr = std::env::var("BIND").unwrap_or("127.0.0.1:7000".into());"#,
                Some(7000),
                false,
                true,
                "BIND=0.0.0.0:7000",
            ),
            (
                "#[arg(long, default_value = \"127.0.0.1\")]\npub bind_host: String,",
                None,
                false,
                false,
                "--bind-host 0.0.0.0",
            ),
            (r#"let redis = Client::open("redis://127.0.0.1:6379")?;"#, None, false, false, ""),
            (r#"let db = connect("localhost:5432");"#, None, false, false, ""),
            ("#[cfg(test)]\nmod tests { fn f() { bind(\"127.0.0.1:9999\") } }", None, false, false, ""),
            ("// bind(\"127.0.0.1:9999\")", None, false, false, ""),
        ] {
            check(code, port, variable, loopback, address);
        }
    }
}
