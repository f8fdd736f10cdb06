//! `--pin` against a real registry on this machine: digests as it gives them, with a password and with a token; what
//! an update bot changes is no drift; and a registry that is busy, silent or gone. Where `docker-registry` is not
//! installed, what needs it is counted as ignored.
#![allow(clippy::disallowed_methods, reason = "a test may look at files and start programs")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use ureq::Agent;

#[path = "it/repo.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod repo;

use repo::{GO, Ran, Repo};

fn main() {
    let trials = vec![
        Trial::ignorable_test("digests are kept and moved", digests_are_kept_and_moved),
        Trial::ignorable_test("a registry with a password", a_registry_with_a_password),
        Trial::ignorable_test("a registry with tokens", a_registry_with_tokens),
        Trial::ignorable_test("an image that is not there", an_image_that_is_not_there),
        Trial::test("a busy registry is asked again", a_busy_registry_is_asked_again),
        Trial::test("without a network", without_a_network),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// Debian's registry on a port of this machine.
struct Registry {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The user of the password file, and its password: a published test vector of bcrypt.
const USER: (&str, &str) = ("tester", "U*U");
const PASSWORD_FILE: &str = "tester:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n";

impl Registry {
    /// Starts one whose door is described in `auth`; none where it is not installed.
    fn start(auth: &str) -> Option<Self> {
        let folder = TempDir::new().expect("a temporary folder");
        let port = free_port();
        let passwords = folder.path().join("passwords");
        fs::write(&passwords, PASSWORD_FILE).expect("a file");
        let auth = auth.replace("{passwords}", &passwords.display().to_string());
        let config = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:{port}\n{auth}",
            folder.path().join("store").display()
        );
        let file = folder.path().join("config.yml");
        fs::write(&file, config).expect("a file");
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let registry = Self { process, port, folder };
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "the registry does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(registry)
    }

    /// Puts an image under a tag; its digest.
    fn push(&self, image: &str, tag: &str, authorization: Option<&str>) -> Result<String, Failed> {
        let agent: Agent = Agent::config_builder().proxy(None).build().into();
        let root = format!("http://127.0.0.1:{}", self.port);
        let authorization = authorization.unwrap_or("none");
        let config = format!(r#"{{"architecture":"amd64","os":"linux","created":"{tag}"}}"#);
        let digest = digest(config.as_bytes());
        let started = agent
            .post(format!("{root}/v2/{image}/blobs/uploads/"))
            .header("authorization", authorization)
            .send_empty()?;
        let place = started.headers()["location"].to_str()?.to_owned();
        let place = if place.starts_with('/') { format!("{root}{place}") } else { place };
        let mark = if place.contains('?') { '&' } else { '?' };
        agent
            .put(format!("{place}{mark}digest={digest}"))
            .header("authorization", authorization)
            .content_type("application/octet-stream")
            .send(config.as_bytes())?;
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{{"mediaType":"application/vnd.docker.container.image.v1+json","size":{},"digest":"{digest}"}},"layers":[]}}"#,
            config.len()
        );
        let name = tag.split('#').next().unwrap_or(tag);
        agent
            .put(format!("{root}/v2/{image}/manifests/{name}"))
            .header("authorization", authorization)
            .content_type("application/vnd.docker.distribution.manifest.v2+json")
            .send(manifest.as_bytes())?;
        Ok(self::digest(manifest.as_bytes()))
    }

    /// A Go project whose toolchain's image comes from here.
    fn project(&self) -> Repo {
        let repo = Repo::new(GO);
        repo.write("dockgen.toml", format!("[images]\ngolang = \"127.0.0.1:{}/golang\"\n", self.port));
        repo
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

fn not_installed() -> Completion {
    Completion::ignored_with("docker-registry is not installed")
}

/// Runs dockgen with the Docker configuration in this folder.
fn run(repo: &Repo, docker: &Path, args: &[&str]) -> Ran {
    let output = repo.command(args).env("DOCKER_CONFIG", docker).output().expect("the program starts");
    Ran::new(args, &output)
}

fn digests_are_kept_and_moved() -> Result<Completion, Failed> {
    let Some(registry) = Registry::start("") else { return Ok(not_installed()) };
    let first = registry.push("golang", "1.26-alpine", None)?;
    let image = format!("127.0.0.1:{}/golang:1.26-alpine", registry.port);
    let nobody = registry.folder.path().to_owned();
    let repo = registry.project();

    // Without writing, the digest is there all the same.
    let shown = run(&repo, &nobody, &["init", "--pin", "--stdout"]);
    shown.ended(0, &["asked"]);
    assert!(shown.out.contains(&format!("{image}@{first} AS deps")), "{shown:?}");
    assert!(!repo.read("dockgen.toml").contains("pin"));

    run(&repo, &nobody, &["init", "--pin"]).ended(0, &["created"]);
    let pinned = repo.read("Dockerfile");
    assert!(pinned.contains(&format!("{image}@{first} AS deps")), "{pinned}");
    assert!(
        repo.read("dockgen.toml").contains("[policy]\npin = \"digest\"\n"),
        "{}",
        repo.read("dockgen.toml")
    );

    // The registry has a newer image under the tag; nobody hears of it unasked.
    let second = registry.push("golang", "1.26-alpine#2", None)?;
    assert_ne!(first, second);
    repo.run_without_a_trace(&["check"]).ended(0, &["up to date"]);
    repo.run(&["update"]).ended(0, &[]);
    assert_eq!(repo.read("Dockerfile"), pinned);
    run(&repo, &nobody, &["update", "--pin"]).ended(0, &[]);
    assert!(repo.read("Dockerfile").contains(&second) && !repo.read("Dockerfile").contains(&first));

    // What an update bot does: another digest, and nothing else.
    drop(registry);
    let third = digest(b"a bot's");
    repo.edit("Dockerfile", &second, &third);
    let bumped = repo.read("Dockerfile");
    repo.run_without_a_trace(&["check"]).ended(0, &["up to date"]);
    repo.run(&["update"]).ended(0, &[]);
    repo.run(&["init"]).ended(0, &[]);
    assert_eq!(repo.read("Dockerfile"), bumped, "the bot's digest stays");

    // Another tag has no digest yet, and that is said.
    repo.edit("go.mod", "go 1.26", "go 1.25");
    repo.run_without_a_trace(&["check"]).ended(1, &["golang:1.25-alpine"]);
    repo.run(&["update"]).ended(0, &["golang:1.25-alpine` has no digest yet", "dockgen update --pin"]);
    assert!(!repo.read("Dockerfile").contains("@sha256"), "{}", repo.read("Dockerfile"));

    // With the registry gone, asking says so and leaves everything.
    let before = repo.state();
    let ran = run(&repo, &nobody, &["update", "--pin"]);
    ran.ended(4, &["cannot reach 127.0.0.1", "nothing was written", "only `--pin` needs the network"]);
    assert!(repo.state() == before);
    Ok(Completion::Completed)
}

fn a_registry_with_a_password() -> Result<Completion, Failed> {
    let door = "auth:\n  htpasswd:\n    realm: here\n    path: {passwords}\n";
    let Some(registry) = Registry::start(door) else { return Ok(not_installed()) };
    // tester:U*U
    let basic = "dGVzdGVyOlUqVQ==";
    let wanted = registry.push("golang", "1.26-alpine", Some(&format!("Basic {basic}")))?;
    let home = registry.folder.path();
    let repo = registry.project();
    run(&repo, home, &["init", "--pin"]).ended(4, &["to an unknown user", "docker login 127.0.0.1"]);
    let login = |auth: &str| {
        let text = format!(r#"{{"auths":{{"127.0.0.1:{}":{{"auth":"{auth}"}}}}}}"#, registry.port);
        fs::write(home.join("config.json"), text)
    };
    login("dGVzdGVyOndyb25n")?;
    let refused = run(&repo, home, &["init", "--pin"]);
    refused.ended(4, &["the account of `docker login`"]);
    assert!(!refused.err.contains("wrong"), "no password is shown");
    assert!(!repo.state().contains_key("Dockerfile"), "nothing was written");
    login(basic)?;
    run(&repo, home, &["init", "--pin"]).ended(0, &[]);
    assert!(repo.read("Dockerfile").contains(&wanted), "{}", repo.read("Dockerfile"));

    // The same from a program that keeps passwords.
    let helper = home.join("docker-credential-here");
    let (user, password) = USER;
    fs::write(
        &helper,
        format!("#!/bin/sh\ncat >/dev/null\necho '{{\"Username\":\"{user}\",\"Secret\":\"{password}\"}}'\n"),
    )?;
    Command::new("chmod").arg("+x").arg(&helper).status()?;
    fs::write(home.join("config.json"), r#"{"credsStore":"here"}"#)?;
    let path = format!("{}:{}", home.display(), std::env::var("PATH")?);
    let again = registry.project();
    let output = again.command(&["init", "--pin"]).env("DOCKER_CONFIG", home).env("PATH", path).output()?;
    Ran::new(&["init", "--pin"], &output).ended(0, &[]);
    assert!(again.read("Dockerfile").contains(&wanted));
    Ok(Completion::Completed)
}

fn a_registry_with_tokens() -> Result<Completion, Failed> {
    // The registry sends people to a service for tokens, and takes whatever it gives out.
    let service = TcpListener::bind("127.0.0.1:0")?;
    let realm = format!("http://127.0.0.1:{}/token", service.local_addr()?.port());
    let door = format!("auth:\n  silly:\n    realm: {realm}\n    service: here\n");
    let Some(registry) = Registry::start(&door) else { return Ok(not_installed()) };
    let wanted = registry.push("golang", "1.26-alpine", Some("Bearer any"))?;
    let (heard, hears) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in service.incoming().flatten() {
            let request = head(&stream);
            let _ = heard.send(request);
            answer(stream, "200 OK", &[], r#"{"token":"for-pulling"}"#);
        }
    });
    let home = registry.folder.path();
    let text = format!(r#"{{"auths":{{"127.0.0.1:{}":{{"auth":"dGVzdGVyOlUqVQ=="}}}}}}"#, registry.port);
    fs::write(home.join("config.json"), text)?;
    let repo = registry.project();
    run(&repo, home, &["init", "--pin"]).ended(0, &[]);
    assert!(repo.read("Dockerfile").contains(&wanted), "{}", repo.read("Dockerfile"));
    let request = hears.recv_timeout(Duration::from_secs(5))?;
    for part in ["GET /token?", "service=", "repository%3Agolang%3Apull", "Basic dGVzdGVyOlUqVQ=="] {
        let spelled = part.replace("%3A", ":");
        assert!(request.contains(part) || request.contains(&spelled), "no `{part}` in {request}");
    }
    Ok(Completion::Completed)
}

fn an_image_that_is_not_there() -> Result<Completion, Failed> {
    let Some(registry) = Registry::start("") else { return Ok(not_installed()) };
    registry.push("golang", "1.20-alpine", None)?;
    let repo = registry.project();
    let ran = run(&repo, registry.folder.path(), &["init", "--pin"]);
    ran.ended(4, &["has no `127.0.0.1", "golang:1.26-alpine", "nothing was written", "[images]"]);
    assert!(!repo.state().contains_key("Dockerfile"));
    Ok(Completion::Completed)
}

/// The head of a request.
fn head(stream: &TcpStream) -> String {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn answer(mut stream: TcpStream, status: &str, headers: &[&str], body: &str) {
    let mut text = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    let _ = stream.write_all(format!("{text}\r\n{body}").as_bytes());
}

fn a_busy_registry_is_asked_again() -> Result<(), Failed> {
    let registry = TcpListener::bind("127.0.0.1:0")?;
    let port = registry.local_addr()?.port();
    let wanted = digest(b"late");
    let header = format!("docker-content-digest: {wanted}");
    let (heard, hears) = mpsc::channel();
    std::thread::spawn(move || {
        for (at, stream) in registry.incoming().flatten().enumerate() {
            let _ = heard.send(head(&stream));
            match at {
                0 => answer(stream, "503 Service Unavailable", &[], ""),
                1 => answer(stream, "429 Too Many Requests", &["retry-after: 0"], ""),
                _ => answer(stream, "200 OK", &[&header], ""),
            }
        }
    });
    let repo = Repo::new(GO);
    repo.write("dockgen.toml", format!("[images]\ngolang = \"127.0.0.1:{port}/golang\"\n"));
    let home = TempDir::new()?;
    run(&repo, home.path(), &["init", "--pin"]).ended(0, &[]);
    assert!(repo.read("Dockerfile").contains(&wanted), "{}", repo.read("Dockerfile"));
    let requests: Vec<String> = hears.try_iter().collect();
    assert_eq!(requests.len(), 3, "{requests:?}");
    assert!(requests[0].starts_with("HEAD /v2/golang/manifests/1.26-alpine "), "{requests:?}");
    Ok(())
}

fn without_a_network() -> Result<(), Failed> {
    let repo = Repo::new(GO);
    repo.write("dockgen.toml", format!("[images]\ngolang = \"127.0.0.1:{}/golang\"\n", free_port()));
    let home = TempDir::new()?;
    let before = repo.state();
    let ran = run(&repo, home.path(), &["init", "--pin"]);
    ran.ended(4, &["cannot reach 127.0.0.1", "nothing was written", "only `--pin` needs the network"]);
    assert!(repo.state() == before);
    // Everything else works without.
    repo.run(&["init"]).ended(0, &[]);
    Ok(())
}
