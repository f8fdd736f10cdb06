//! A private Go module on a server of this machine that wants a password: what `tests/fixtures/go-private` requires.
//!
//! Git reads a repository from plain files, so that the server is a few lines. <https://git-scm.com/book/en/v2/Git-Internals-Transfer-Protocols#_the_dumb_protocol>

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;

use libtest_mimic::Failed;
use tempfile::TempDir;

use super::ensure;

/// What is in the module; `go.sum` of the fixture has its checksum.
const FILES: [(&str, &str); 2] = [
    ("go.mod", "module git.acme.test/knots.git\n\ngo 1.24\n"),
    (
        "knots.go",
        "// Package knots is what only the shipyard knows.\npackage knots\n\n// Best is the knot for a rope of this many strands.\nfunc Best(strands int) string {\n\tif strands > 3 {\n\t\treturn \"carrick bend\"\n\t}\n\treturn \"sheet bend\"\n}\n",
    ),
];

/// `acme:sesame`, as it travels.
const PASSWORD: &str = "Authorization: Basic YWNtZTpzZXNhbWU=";
/// The same in a `.netrc`.
pub const NETRC: &str = "machine 127.0.0.1 login acme password sesame\n";

/// The server, which ends with the test.
pub struct PrivateModule {
    pub port: u16,
    _home: TempDir,
}

impl PrivateModule {
    /// Makes the repository and serves it.
    pub fn serve() -> Result<Self, Failed> {
        let home = tempfile::tempdir()?;
        let work = home.path().join("work");
        fs::create_dir(&work)?;
        for (name, text) in FILES {
            fs::write(work.join(name), text)?;
        }
        git(&work, &["init", "-q"])?;
        git(&work, &["add", "."])?;
        git(
            &work,
            &["-c", "user.name=shipyard", "-c", "user.email=shipyard@acme.test", "commit", "-qm", "knots"],
        )?;
        git(&work, &["tag", "v1.0.0"])?;
        git(home.path(), &["clone", "-q", "--bare", "work", "served/knots"])?;
        let served = home.path().join("served");
        git(&served.join("knots"), &["update-server-info"])?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = answer(stream, &served);
            }
        });
        Ok(Self { port, _home: home })
    }
}

fn git(folder: &Path, args: &[&str]) -> Result<(), Failed> {
    let output = Command::new("git").args(args).current_dir(folder).output()?;
    ensure(output.status.success(), || format!("git {args:?}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn answer(mut stream: TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let mut is_known = false;
    while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
        is_known |= line == PASSWORD;
    }
    let path = request.split([' ', '?']).nth(1).unwrap_or_default().trim_start_matches('/');
    let file = fs::read(folder.join(path)).ok().filter(|_| !path.contains(".."));
    let (status, body) = match file {
        _ if !is_known => ("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"shipyard\"", Vec::new()),
        None => ("404 Not Found", Vec::new()),
        Some(body) => ("200 OK", body),
    };
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(&body)
}
