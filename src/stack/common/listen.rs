//! Finds the port a program listens on, and whether only its own machine could reach it.
//!
//! Each language gives its ways to listen as rows; the matching, the citing and the order of
//! trust are the same for all. Comments are skipped by their line's first characters.

use std::borrow::Cow;

use crate::fact::{Evidence, Fact};
use crate::repo::dir::Doc;
use crate::stack::common::pattern::{Pattern, pattern};

/// One way to name a port in source code.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// A regular expression. Its group `port`, or else its last one, is the port; groups `host`, `variable` and
    /// `flag` say what stands around it.
    pub pattern: &'static str,
    /// What it tells.
    pub tells: Tells,
}

/// What a way to listen tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tells {
    /// The port that is used when nothing else is said (`process.env.PORT || 3000`).
    PortWithVariable,
    /// The port that is always used.
    Port,
}

/// What the sources say about listening.
#[derive(Debug, Clone, Default)]
pub struct Listening {
    /// The port.
    pub port: Option<Fact<u16>>,
    /// The variable that changes the port: `PORT`, or what a group `variable` matched.
    pub variable: Option<Fact<String>>,
    /// An address that only the container itself could reach.
    pub loopback: Option<Fact<String>>,
    /// The variable that moves it to all addresses.
    pub address: Option<Fact<Address>>,
    /// The flag that does, with its value: `--listen=0.0.0.0:8080`.
    pub argument: Option<Fact<String>>,
}

/// A variable that decides where a program listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Its name.
    pub variable: String,
    /// The value with which everybody reaches the program: `0.0.0.0:8080`.
    pub everywhere: String,
}

/// A piece of source code to match: a line, or a statement that a formatter spread over several.
#[derive(Debug, Clone)]
pub struct Statement<'d> {
    /// The file.
    pub doc: Doc<'d>,
    /// Its first line.
    pub line: u32,
    /// The code.
    pub code: Cow<'d, str>,
}

impl Statement<'_> {
    /// Evidence for something read in it.
    pub fn cite(&self) -> Evidence {
        self.doc.cite(self.line, self.code.as_ref())
    }
}

/// Reads `ways` in `docs`, line by line. Earlier documents and earlier ways are trusted more.
pub fn find<'d>(docs: impl IntoIterator<Item = Doc<'d>>, ways: &[Way], comment: &str) -> Listening {
    let lines = docs.into_iter().flat_map(|doc| {
        doc.lines()
            .map(move |(line, code)| Statement { doc, line, code: Cow::Borrowed(code) })
            .collect::<Vec<_>>()
    });
    find_in(lines, ways, comment)
}

/// Reads `ways` in statements. Earlier statements and earlier ways are trusted more.
pub fn find_in<'d>(
    statements: impl IntoIterator<Item = Statement<'d>>,
    ways: &[Way],
    comment: &str,
) -> Listening {
    let ways: Vec<(&Pattern, Tells)> = ways.iter().map(|way| (pattern(way.pattern), way.tells)).collect();
    // What a port may be is no port: `const maxPrivilegedPort = 1024`.
    let bound = pattern(r"(?i)\b(?:max|min)\w*port\w*\s*(?::\s*\w+\s*)?(?::?=|:)");
    let mut best: Option<(usize, Fact<u16>)> = None;
    let mut listening = Listening::default();
    for statement in statements {
        let code = statement.code.trim_start();
        if code.len() > 2_000 || code.starts_with(comment) || code.starts_with('*') || bound.is_match(code) {
            continue;
        }
        for (rank, (pattern, tells)) in ways.iter().enumerate() {
            let Some(found) = pattern.captures(code) else { continue };
            let port = port(&found);
            if port.is_some_and(is_of_others) {
                continue;
            }
            let host = found.name("host").map_or("", |host| host.as_str());
            if is_loopback(host) && listening.loopback.is_none() {
                listening.loopback = Some(Fact::new(host.replace(", ", "."), statement.cite()));
                let everywhere = port.map_or("0.0.0.0".to_owned(), |port| format!("0.0.0.0:{port}"));
                listening.address = found.name("variable").map(|name| {
                    let (variable, everywhere) = (name.as_str().to_owned(), everywhere.clone());
                    Fact::new(Address { variable, everywhere }, statement.cite())
                });
                listening.argument = found
                    .name("flag")
                    .map(|flag| Fact::new(format!("--{}={everywhere}", flag.as_str()), statement.cite()));
            }
            if *tells == Tells::PortWithVariable && listening.variable.is_none() {
                let name = found.name("variable").map_or("PORT", |name| name.as_str());
                listening.variable = Some(Fact::new(name.to_owned(), statement.cite()));
            }
            let Some(port) = port.filter(|port| *port > 0) else { continue };
            if best.as_ref().is_none_or(|(known, _)| rank < *known) {
                best = Some((rank, Fact::new(port, statement.cite())));
            }
        }
    }
    listening.port = best.map(|(_, port)| port);
    listening
}

/// The first line that makes one of `calls`, which only a server makes.
pub fn serves(docs: &[Doc<'_>], calls: &[&str], comment: &str) -> Option<Fact<String>> {
    docs.iter().find_map(|doc| {
        doc.find(|line| {
            let is_code = !line.trim_start().starts_with(comment);
            (is_code && calls.iter().any(|call| line.contains(call))).then(|| "serves".to_owned())
        })
    })
}

/// Ports of databases, queues, mail servers, proxies and collectors, which programs name to reach them, not to listen
/// (<https://www.iana.org/assignments/service-names-port-numbers>), of Go's profiler
/// (<https://pkg.go.dev/net/http/pprof>), and the last one there is, which stands for none.
const OF_OTHERS: &[u16] = &[
    25, 110, 143, 465, 587, 993, 995, 1025, 1080, 1433, 1521, 2525, 3306, 4317, 4318, 5432, 5672, 6060, 6379,
    9092, 9200, 11211, 27017, 65535,
];

/// The group of that name, or the last one: a named one before it has a number too.
fn port(found: &regex_lite::Captures<'_>) -> Option<u16> {
    found.name("port").or_else(|| found.get(found.len() - 1))?.as_str().replace('_', "").parse().ok()
}

/// Is this a port that programs usually name to reach something else? Below HTTP's are shells, mail and names, and
/// masks of networks look the same: `(Ipv4Addr::new(120, 52, 22, 96), 27)`.
pub fn is_of_others(port: u16) -> bool {
    const HTTP: u16 = 80;
    port < HTTP && port > 0 || OF_OTHERS.contains(&port)
}

/// Is this address reachable only from the machine itself?
pub fn is_loopback(host: &str) -> bool {
    // Also as languages spell it: `[127, 0, 0, 1]`, `Ipv4Addr::LOCALHOST`.
    host == "localhost"
        || host.starts_with("127.")
        || host.starts_with("127,")
        || host == "::1"
        || host == "[::1]"
        || host.ends_with("LOCALHOST")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Inventory, RelPath};

    #[test]
    fn ports_and_addresses_are_read() {
        const WAYS: &[Way] = &[
            Way { pattern: r#"listen\("(?P<host>[^":]*):(\d+)"\)"#, tells: Tells::Port },
            Way { pattern: r"listen\(([\d_]+)\)", tells: Tells::Port },
        ];
        for (code, port, is_loopback) in [
            ("listen(\":8080\")", Some(8080), false),
            ("listen(\"127.0.0.1:9000\")", Some(9000), true),
            ("listen(3_000)", Some(3000), false),
            ("// listen(3000)", None, false),
            ("listen(27)", None, false),
            ("listen(99999)", None, false),
        ] {
            let inventory = Inventory::from_files([("x", code)]);
            let path = RelPath::new("x").expect("a path");
            let listening = find(inventory.doc(&path), WAYS, "//");
            assert_eq!(listening.port.map(|port| port.value), port, "{code}");
            assert_eq!(listening.loopback.is_some(), is_loopback, "{code}");
        }
    }
}
