//! Asks a running program from outside: does it answer, and where does it listen.
//! Which container it is and whether it still runs is the engine's business.

use std::collections::BTreeSet;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// GET of a path. Without `port` it is the one the image exposes.
    Http {
        /// Where the program listens.
        port: Option<u16>,
        /// With its query; begins with `/`.
        path: String,
        /// What must come back.
        expect: Expect,
    },
    /// A connection that stays open or says something.
    Tcp {
        /// Where the program listens.
        port: Option<u16>,
    },
    /// Only that the program keeps running or ends with 0.
    None,
}

/// What must come back from a GET.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// This status; any below 500 without.
    pub status: Option<u16>,
    /// These words in the body.
    pub body: Option<String>,
}

/// A probe that is not written as it must be.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the probe `{text}`: write http://:PORT/PATH, tcp://:PORT or none")]
pub struct BadProbe {
    text: String,
}

impl Default for Probe {
    fn default() -> Self {
        Self::Http { port: None, path: "/".to_owned(), expect: Expect::default() }
    }
}

impl Probe {
    /// Reads `http://:8080/health`, `tcp://:5432`, `http`, `tcp`, `/health` or `none`.
    pub fn parse(text: &str) -> Result<Self, BadProbe> {
        let bad = || BadProbe { text: text.to_owned() };
        let (scheme, rest) = match text.split_once("://") {
            Some(parts) => parts,
            None if text.starts_with('/') => ("http", text),
            None => (text, ""),
        };
        let (place, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, "/"),
        };
        let port = match place.rsplit_once(':') {
            None if place.is_empty() => None,
            Some(("" | "localhost" | "127.0.0.1", port)) => Some(port.parse().map_err(|_| bad())?),
            _ => return Err(bad()),
        };
        match scheme {
            "http" => Ok(Self::Http { port, path: path.to_owned(), expect: Expect::default() }),
            "tcp" if path == "/" => Ok(Self::Tcp { port }),
            "none" if rest.is_empty() => Ok(Self::None),
            _ => Err(bad()),
        }
    }

    /// The port it names.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Http { port, .. } | Self::Tcp { port } => *port,
            Self::None => None,
        }
    }
}

/// What one try brought.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// As hoped for, with the status of HTTP.
    Good(Option<u16>),
    /// Not yet, or never: why.
    NotYet(String),
    /// An answer that will not get better by waiting.
    Wrong(String),
}

const PATIENCE: Duration = Duration::from_secs(5);
const BODY_LIMIT: u64 = 1 << 20;

/// Asks once. `port` is the one on the loopback interface of this machine.
pub(super) fn ask(probe: &Probe, port: u16) -> Answer {
    match probe {
        Probe::Http { path, expect, .. } => ask_http(port, path, expect),
        Probe::Tcp { .. } => ask_tcp(port),
        Probe::None => Answer::Good(None),
    }
}

fn ask_http(port: u16, path: &str, expect: &Expect) -> Answer {
    // A redirect is an answer, and may lead to a host that is not there.
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .build()
        .new_agent();
    let mut response = match agent.get(format!("http://127.0.0.1:{port}{path}")).call() {
        Ok(response) => response,
        Err(error) => return Answer::NotYet(error.to_string()),
    };
    let status = response.status().as_u16();
    let is_expected = expect.status.map_or(status < 500, |expected| expected == status);
    if !is_expected {
        let words = format!("GET {path} was answered with status {status}");
        // A program that is still starting may say 503 or 404 for a while.
        return if status >= 500 || expect.status.is_some() {
            Answer::NotYet(words)
        } else {
            Answer::Wrong(words)
        };
    }
    let Some(expected) = &expect.body else {
        return Answer::Good(Some(status));
    };
    match response.body_mut().with_config().limit(BODY_LIMIT).lossy_utf8(true).read_to_string() {
        Ok(body) if body.contains(expected.as_str()) => Answer::Good(Some(status)),
        Ok(body) => Answer::Wrong(format!(
            "GET {path} does not contain {expected:?} but begins with {:?}",
            beginning(&body)
        )),
        Err(error) => Answer::NotYet(format!("GET {path} began an answer and then: {error}")),
    }
}

fn beginning(body: &str) -> String {
    body.chars().take(80).collect()
}

/// Docker's own proxy accepts a connection before the program does and then drops it, so
/// that only one that stays open counts.
fn ask_tcp(port: u16) -> Answer {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let connected = TcpStream::connect_timeout(&address, PATIENCE).and_then(|stream| {
        stream.set_read_timeout(Some(Duration::from_millis(300)))?;
        Ok(stream)
    });
    let mut stream = match connected {
        Ok(stream) => stream,
        Err(error) => return Answer::NotYet(error.to_string()),
    };
    match stream.read(&mut [0; 1]) {
        Ok(0) => Answer::NotYet("the connection was closed at once".to_owned()),
        Ok(_) => Answer::Good(None),
        Err(error)
            if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
        {
            Answer::Good(None)
        }
        Err(error) => Answer::NotYet(error.to_string()),
    }
}

/// Somewhere that a program listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Listener {
    /// The port.
    pub port: u16,
    /// Whether only the container itself can reach it.
    pub is_loopback: bool,
}

/// Where the processes listen. Empty where `/proc` does not tell: on another system,
/// for an engine in a virtual machine, or for somebody else's processes.
pub(super) fn listeners(pids: &[u32]) -> Vec<Listener> {
    let mut found = BTreeSet::new();
    for pid in pids {
        let sockets = sockets_of(*pid);
        for table in ["tcp", "tcp6"] {
            let text = read(&format!("/proc/{pid}/net/{table}")).unwrap_or_default();
            found.extend(
                parse_listening(&text)
                    .filter(|(_, inode)| sockets.contains(inode))
                    .map(|(listener, _)| listener),
            );
        }
    }
    found.into_iter().collect()
}

/// Who keeps a port of this machine, when it is not free: `Some` with what is known.
pub(super) fn who_has(port: u16) -> Option<String> {
    // Ports below 1024 may be refused to us and still be free for the container.
    match TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)) {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            Some(holder(port).unwrap_or_else(|| "another program".to_owned()))
        }
        Ok(_) | Err(_) => None,
    }
}

fn holder(port: u16) -> Option<String> {
    let inodes: Vec<u64> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .flat_map(|table| {
            let text = read(table).unwrap_or_default();
            parse_listening(&text).collect::<Vec<_>>()
        })
        .filter(|(listener, _)| listener.port == port)
        .map(|(_, inode)| inode)
        .collect();
    let pid = pids().into_iter().find(|pid| sockets_of(*pid).iter().any(|inode| inodes.contains(inode)))?;
    let name = read(&format!("/proc/{pid}/comm")).unwrap_or_default();
    Some(format!("{} (process {pid})", name.trim()))
}

fn pids() -> Vec<u32> {
    names_in(Path::new("/proc")).iter().filter_map(|name| name.parse().ok()).collect()
}

fn sockets_of(pid: u32) -> BTreeSet<u64> {
    let folder = format!("/proc/{pid}/fd");
    names_in(Path::new(&folder))
        .iter()
        .filter_map(|name| std::fs::read_link(format!("{folder}/{name}")).ok())
        .filter_map(|link| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok())
        .collect()
}

#[expect(clippy::disallowed_methods, reason = "reads /proc, not a repository")]
fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

#[expect(clippy::disallowed_methods, reason = "reads /proc, not a repository")]
fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// Listening sockets and their inodes, from a table of the kernel
/// (<https://docs.kernel.org/networking/proc_net_tcp.html>).
fn parse_listening(table: &str) -> impl Iterator<Item = (Listener, u64)> + '_ {
    const LISTENING: &str = "0A";
    table.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (address, port) = fields.get(1)?.split_once(':')?;
        let inode = fields.get(9)?.parse().ok()?;
        let listener = Listener {
            port: u16::from_str_radix(port, 16).ok()?,
            is_loopback: parse_address(address)?.is_loopback(),
        };
        (*fields.get(3)? == LISTENING).then_some((listener, inode))
    })
}

/// Words of 32 bits in the order of bytes of the machine.
fn parse_address(hex: &str) -> Option<IpAddr> {
    let words: Option<Vec<[u8; 4]>> = hex
        .as_bytes()
        .chunks(8)
        .map(|word| u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok().map(u32::to_ne_bytes))
        .collect();
    let bytes = words?.concat();
    match (<[u8; 4]>::try_from(bytes.as_slice()), <[u8; 16]>::try_from(bytes.as_slice())) {
        (Ok(bytes), _) => Some(IpAddr::from(bytes)),
        (_, Ok(bytes)) => Some(IpAddr::from(bytes).to_canonical()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_read_as_they_are_typed() {
        let http = |port, path: &str| Probe::Http { port, path: path.to_owned(), expect: Expect::default() };
        for (text, expected) in [
            ("http://:8080/health?x=1", Some(http(Some(8080), "/health?x=1"))),
            ("http://:8080", Some(http(Some(8080), "/"))),
            ("http://localhost:80/a", Some(http(Some(80), "/a"))),
            ("http", Some(http(None, "/"))),
            ("/ready", Some(http(None, "/ready"))),
            ("tcp", Some(Probe::Tcp { port: None })),
            ("tcp://:5432", Some(Probe::Tcp { port: Some(5432) })),
            ("none", Some(Probe::None)),
            ("http://example.com/", None),
            ("http://:99999/", None),
            ("https://:443/", None),
        ] {
            assert_eq!(Probe::parse(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn listening_sockets_are_read_from_the_kernels_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0 100 0 0 10 0
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12346 1 0 100 0 0 10 0
   2: 00000000:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 12347 1 0 100 0 0 10 0
   3: 00000000000000000000000001000000:0BB8 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 12348 1
";
        let found: Vec<_> = parse_listening(table).map(|(l, inode)| (l.port, l.is_loopback, inode)).collect();
        assert_eq!(found, [(8080, true, 12345), (80, false, 12346), (3000, true, 12348)]);
    }

    #[test]
    fn a_port_in_use_is_told_with_its_holder() {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let who = who_has(port).unwrap();
        if cfg!(target_os = "linux") {
            assert!(who.contains(&std::process::id().to_string()), "{who}");
        }
        drop(listener);
        assert_eq!(who_has(port), None);
    }

    #[test]
    fn where_this_process_listens_is_seen() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        if cfg!(target_os = "linux") {
            assert!(listeners(&[std::process::id()]).contains(&Listener { port, is_loopback: true }));
        }
    }
}
