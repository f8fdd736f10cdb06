//! Finds the port a program listens on, and whether only its own machine could reach it.
//!
//! Each language gives its ways to listen as rows; the matching, the citing and the order of
//! trust are the same for all. Comments are skipped by their line's first characters.

use regex::Regex;

use crate::fact::Fact;
use crate::repo::dir::Doc;

/// One way to name a port in source code.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// A regular expression. Its last group is the port; a group `host` before it is the address.
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
    /// Set when the port can be changed with the `PORT` variable.
    pub variable: Option<Fact<String>>,
    /// An address that only the container itself could reach.
    pub loopback: Option<Fact<String>>,
}

/// Reads `ways` in `docs`. Earlier documents and earlier ways are trusted more.
pub fn find<'d>(docs: impl IntoIterator<Item = Doc<'d>>, ways: &[Way], comment: &str) -> Listening {
    let compiled: Vec<(Regex, Tells)> = ways
        .iter()
        .map(|way| (Regex::new(way.pattern).expect("the rows are read by a test"), way.tells))
        .collect();
    let mut best: Option<(usize, Fact<u16>)> = None;
    let mut listening = Listening::default();
    for doc in docs {
        for (number, line) in doc.lines() {
            if line.len() > 2_000
                || line.trim_start().starts_with(comment)
                || line.trim_start().starts_with('*')
            {
                continue;
            }
            for (rank, (pattern, tells)) in compiled.iter().enumerate() {
                let Some(found) = pattern.captures(line) else { continue };
                let host = found.name("host").map_or("", |host| host.as_str());
                if is_loopback(host) && listening.loopback.is_none() {
                    listening.loopback = Some(Fact::new(host.to_owned(), doc.cite(number, line)));
                }
                if *tells == Tells::PortWithVariable && listening.variable.is_none() {
                    listening.variable = Some(Fact::new("PORT".to_owned(), doc.cite(number, line)));
                }
                let Some(port) = port(&found) else { continue };
                if port > 0 && best.as_ref().is_none_or(|(known, _)| rank < *known) {
                    best = Some((rank, Fact::new(port, doc.cite(number, line))));
                }
            }
        }
    }
    listening.port = best.map(|(_, port)| port);
    listening
}

/// The last group: a named one before it has a number too.
fn port(found: &regex::Captures<'_>) -> Option<u16> {
    found.get(found.len() - 1)?.as_str().replace('_', "").parse().ok()
}

/// Is this address reachable only from the machine itself?
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.starts_with("127.") || host == "::1" || host == "[::1]"
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
