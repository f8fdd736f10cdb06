//! Finds a container engine and speaks to it. Everything made carries one label and is removed
//! when the `Engine` is dropped, also after a panic. Command lines come from `dialect`, and
//! `process` runs them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::dialect::{self, BuildSpec, EngineKind, LABEL, LogStyle, Network, RunSpec};
use super::process::{Finished, Interrupt, NOT_INSTALLED, run};

/// A container engine that answers.
#[derive(Debug)]
pub struct Engine {
    kind: EngineKind,
    version: String,
    network: Network,
    run_id: String,
    names: AtomicU32,
    leftovers: Leftovers,
    interrupt: Interrupt,
}

/// What becomes of containers and images afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leftovers {
    /// Everything with the run's label is removed.
    Remove,
    /// Left for somebody to look at.
    Keep,
}

/// Why no engine could be used.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Nothing on this machine builds and runs images.
    #[error("no container engine answers: {}", join(.tried))]
    NoneAnswers {
        /// Each engine that was asked, and what came back.
        tried: Vec<Silence>,
    },
    /// Docker is there but builds with the old builder only.
    #[error("docker {version} answers, but has no BuildKit: `docker buildx version` fails ({reason})")]
    NoBuildKit {
        /// The client's version.
        version: String,
        /// The first line of what docker said.
        reason: String,
    },
    /// A command of an engine that had answered before could not be used.
    #[error("{command} failed: {reason}")]
    Command {
        /// The first words of the command line.
        command: String,
        /// The first useful line of what it said.
        reason: String,
    },
    /// The user wants to stop.
    #[error("interrupted")]
    Interrupted,
}

impl EngineError {
    /// What the user can do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoneAnswers { tried } if tried.iter().any(|silence| silence.is_installed) => {
                Some("start the engine, or name another one with --engine".to_owned())
            }
            Self::NoneAnswers { tried } => {
                let packages: Vec<_> = tried.iter().map(|silence| silence.kind.dialect().package).collect();
                Some(format!("install one of them: {}", packages.join("; ")))
            }
            // https://docs.docker.com/build/concepts/overview/: since version 23 the
            // client builds through the buildx plugin, which is a package of its own.
            Self::NoBuildKit { .. } => Some(
                "install docker-buildx (Debian, Ubuntu) or docker-buildx-plugin (packages from Docker)"
                    .to_owned(),
            ),
            Self::Command { .. } | Self::Interrupted => None,
        }
    }
}

/// An engine that did not answer.
#[derive(Clone, Debug, Serialize)]
pub struct Silence {
    /// Which engine.
    pub kind: EngineKind,
    /// Whether its program is there.
    pub is_installed: bool,
    /// What came back instead of an answer.
    pub reason: String,
}

impl fmt::Display for Silence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.kind.name(), self.reason)
    }
}

/// The part of `image inspect` that counts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ImageInspect {
    pub size: u64,
    pub config: ImageConfig,
}

/// The image's own configuration, in the words of Docker's API.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ImageConfig {
    pub user: String,
    #[serde(deserialize_with = "null_is_default")]
    pub exposed_ports: BTreeMap<String, serde_json::Value>,
    pub healthcheck: Option<Healthcheck>,
    #[serde(deserialize_with = "null_is_default")]
    pub env: Vec<String>,
    #[serde(deserialize_with = "null_is_default")]
    pub labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "null_is_default")]
    pub volumes: BTreeMap<String, serde_json::Value>,
    #[serde(deserialize_with = "null_is_default")]
    pub stop_signal: String,
}

impl ImageConfig {
    /// What it says in the words of a Dockerfile: `ENV LANG`, `EXPOSE 80/tcp`. Who runs it, what and where is asked of the
    /// container.
    pub(super) fn said(&self) -> BTreeMap<String, String> {
        let env = self.env.iter().filter_map(|pair| pair.split_once('='));
        let env = env.map(|(name, value)| (format!("ENV {name}"), value.to_owned()));
        let labels = self.labels.iter().map(|(name, value)| (format!("LABEL {name}"), value.clone()));
        let ports = self.exposed_ports.keys().map(|port| (format!("EXPOSE {port}"), port.clone()));
        let volumes = self.volumes.keys().map(|path| (format!("VOLUME {path}"), path.clone()));
        let signal = Some(self.stop_signal.clone()).filter(|signal| !signal.is_empty());
        let signal = signal.map(|signal| ("STOPSIGNAL".to_owned(), signal));
        env.chain(labels).chain(ports).chain(volumes).chain(signal).collect()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Healthcheck {
    #[serde(default)]
    pub test: Vec<String>,
}

/// How a container is doing.
#[derive(Clone, Copy, Debug)]
pub(super) struct ContainerState {
    pub is_running: bool,
    pub exit_code: i32,
    pub pid: u32,
}

/// A process inside a container, seen from the host.
#[derive(Clone, Debug)]
pub(super) struct Process {
    pub pid: u32,
    pub user: String,
    pub command: String,
}

/// Where the network is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkChoice {
    /// The bridge, unless the engine has none.
    Auto,
    /// As said.
    Fixed(Network),
}

const SHORT: Duration = Duration::from_secs(30);

impl Engine {
    /// Finds the engine named, or the first that answers.
    pub fn find(
        wanted: Option<EngineKind>,
        network: NetworkChoice,
        leftovers: Leftovers,
        interrupt: &Interrupt,
    ) -> Result<Self, EngineError> {
        let candidates = wanted.map_or_else(|| EngineKind::ALL.to_vec(), |kind| vec![kind]);
        let mut tried = Vec::new();
        let mut without_buildkit = None;
        for kind in candidates {
            match ask_version(kind, interrupt) {
                Ok(version) => match check_buildkit(kind, &version, interrupt) {
                    Ok(()) => {
                        let network = choose_network(kind, network, interrupt);
                        return Ok(Self {
                            kind,
                            version,
                            network,
                            run_id: new_run_id(),
                            names: AtomicU32::new(0),
                            leftovers,
                            interrupt: interrupt.clone(),
                        });
                    }
                    Err(error) => without_buildkit = Some(error),
                },
                Err(silence) => tried.push(silence),
            }
            if interrupt.is_set() {
                return Err(EngineError::Interrupted);
            }
        }
        Err(without_buildkit.unwrap_or(EngineError::NoneAnswers { tried }))
    }

    /// Which engine it is.
    pub fn kind(&self) -> EngineKind {
        self.kind
    }

    /// Its version, as it says.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How its containers are reached.
    pub fn network(&self) -> Network {
        self.network
    }

    /// What the label `dockgen.verify` says on everything this run makes.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    pub(super) fn log_style(&self) -> LogStyle {
        self.kind.dialect().log
    }

    /// A name for a container or a tag for an image, never given before.
    pub(super) fn new_name(&self) -> String {
        let number = self.names.fetch_add(1, Ordering::SeqCst);
        format!("dockgen-verify-{}-{number}", self.run_id)
    }

    pub(super) fn build(&self, spec: &BuildSpec, limit: Duration) -> Result<Finished, EngineError> {
        self.run(&dialect::build_command(self.kind, self.network, &self.run_id, spec), limit)
    }

    /// Starts a container. The answer is a failure when it does not even start.
    pub(super) fn start(&self, spec: &RunSpec) -> Result<Finished, EngineError> {
        self.run(&dialect::run_command(self.kind, self.network, &self.run_id, spec), SHORT)
    }

    pub(super) fn inspect_image(&self, tag: &str) -> Result<ImageInspect, EngineError> {
        let words = ["image", "inspect", tag];
        let text = self.ask(&words)?;
        let mut images: Vec<ImageInspect> = serde_json::from_str(&text).map_err(|error| {
            EngineError::Command { command: self.command(&words), reason: error.to_string() }
        })?;
        images.pop().ok_or_else(|| EngineError::Command {
            command: self.command(&words),
            reason: "the answer names no image".to_owned(),
        })
    }

    pub(super) fn state(&self, container: &str) -> Result<ContainerState, EngineError> {
        let words =
            ["inspect", "--format", "{{.State.Running}} {{.State.ExitCode}} {{.State.Pid}}", container];
        let text = self.ask(&words)?;
        let mut parts = text.split_whitespace();
        let (running, code, pid) = (parts.next(), parts.next(), parts.next());
        Ok(ContainerState {
            is_running: running == Some("true"),
            exit_code: code.and_then(|code| code.parse().ok()).unwrap_or(-1),
            pid: pid.and_then(|pid| pid.parse().ok()).unwrap_or(0),
        })
    }

    /// The processes of a container; empty when the engine cannot tell.
    pub(super) fn processes(&self, container: &str) -> Vec<Process> {
        let mut words = vec!["top", container];
        words.extend(self.kind.dialect().top);
        self.ask(&words).map(|text| parse_top(&text)).unwrap_or_default()
    }

    /// The port on the loopback interface that leads to the container's `port`.
    pub(super) fn published_port(&self, container: &str, port: u16) -> Result<u16, EngineError> {
        if self.network == Network::Host {
            return Ok(port);
        }
        let text = self.ask(&["port", container, &format!("{port}/tcp")])?;
        text.lines().find_map(|line| line.rsplit(':').next()?.trim().parse().ok()).ok_or_else(|| {
            EngineError::Command {
                command: self.command(&["port", container]),
                reason: format!("the answer names no port: {text}"),
            }
        })
    }

    pub(super) fn logs(&self, container: &str) -> Result<String, EngineError> {
        Ok(self.run(&self.line(&["logs", container]), SHORT)?.output)
    }

    pub(super) fn exec(
        &self,
        container: &str,
        command: &[String],
        limit: Duration,
    ) -> Result<Finished, EngineError> {
        let mut line = self.line(&["exec", container]);
        line.extend_from_slice(command);
        self.run(&line, limit)
    }

    /// Sends the image's stop signal, and SIGKILL when `limit` is over.
    pub(super) fn stop(&self, container: &str, limit: Duration) -> Result<Finished, EngineError> {
        let seconds = limit.as_secs().to_string();
        self.run(&self.line(&["stop", "-t", &seconds, container]), limit + SHORT)
    }

    pub(super) fn remove_container(&self, container: &str) -> Result<(), EngineError> {
        match self.leftovers {
            Leftovers::Keep => Ok(()),
            Leftovers::Remove => self.ask(&["rm", "--force", "--volumes", container]).map(drop),
        }
    }

    fn ask(&self, words: &[&str]) -> Result<String, EngineError> {
        let finished = self.run(&self.line(words), SHORT)?;
        if finished.is_success() {
            return Ok(finished.output);
        }
        Err(EngineError::Command { command: self.command(words), reason: first_line(&finished.output) })
    }

    fn run(&self, line: &[String], limit: Duration) -> Result<Finished, EngineError> {
        run(line, limit, &self.interrupt)
    }

    fn line(&self, words: &[&str]) -> Vec<String> {
        std::iter::once(&self.kind.dialect().runner).chain(words).map(ToString::to_string).collect()
    }

    fn command(&self, words: &[&str]) -> String {
        format!("{} {}", self.kind.dialect().runner, words.first().copied().unwrap_or_default())
    }

    /// Removes containers first, since they hold their images.
    fn remove_all(&self) {
        // An interrupt must not stop the tidying that it asks for.
        let calm = Interrupt::default();
        let filter = format!("label={LABEL}={}", self.run_id);
        let remove = |list: &[&str], remove: &[&str]| {
            let Ok(listed) = run(&self.line(list), SHORT, &calm) else {
                return;
            };
            let found: Vec<&str> = listed.output.split_whitespace().filter(|_| listed.is_success()).collect();
            if !found.is_empty() {
                let words: Vec<&str> = remove.iter().copied().chain(found).collect();
                // Nothing is left to do when it fails; the label tells the user what is left.
                let _ = run(&self.line(&words), SHORT, &calm);
            }
        };
        remove(&["ps", "--all", "--quiet", "--filter", &filter], &["rm", "--force", "--volumes"]);
        let prefix = format!("dockgen-verify-{}", self.run_id);
        let reference = format!("reference=*{prefix}*");
        remove(
            &["images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", &reference],
            &["rmi", "--force"],
        );
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if self.leftovers == Leftovers::Remove {
            self.remove_all();
        }
    }
}

fn ask_version(kind: EngineKind, interrupt: &Interrupt) -> Result<String, Silence> {
    let silent = |is_installed, reason| Silence { kind, is_installed, reason };
    let dialect = kind.dialect();
    let ask = |program: &str, words: &[&str]| -> Result<String, Silence> {
        let line: Vec<String> = std::iter::once(&program).chain(words).map(ToString::to_string).collect();
        match run(&line, SHORT, interrupt) {
            Ok(finished) if finished.is_success() => Ok(finished.output),
            Ok(finished) => Err(silent(true, error_line(&finished.output))),
            Err(EngineError::Command { reason, .. }) if reason == NOT_INSTALLED => {
                Err(silent(false, format!("{program} is not installed")))
            }
            Err(error) => Err(silent(true, error.to_string())),
        }
    };
    let answer = ask(dialect.builder, dialect.version)?;
    if dialect.runner != dialect.builder {
        ask(dialect.runner, &["version"])?;
    }
    let version = answer.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    Ok(version.unwrap_or("of unknown version").to_owned())
}

/// Docker before version 23 has `BuildKit` in the daemon and needs no plugin.
fn check_buildkit(kind: EngineKind, version: &str, interrupt: &Interrupt) -> Result<(), EngineError> {
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if kind != EngineKind::Docker || major.is_some_and(|major| major < 23) {
        return Ok(());
    }
    let line = ["docker", "buildx", "version"].map(str::to_owned);
    let finished = run(&line, SHORT, interrupt)?;
    if finished.is_success() {
        return Ok(());
    }
    Err(EngineError::NoBuildKit { version: version.to_owned(), reason: first_line(&finished.output) })
}

fn choose_network(kind: EngineKind, choice: NetworkChoice, interrupt: &Interrupt) -> Network {
    if let NetworkChoice::Fixed(network) = choice {
        return network;
    }
    let dialect = kind.dialect();
    let line = [dialect.runner, "network", "ls", "--format", "{{.Name}}"].map(str::to_owned);
    match run(&line, SHORT, interrupt) {
        Ok(listed) if listed.is_success() && !listed.output.lines().any(|name| name == dialect.bridge) => {
            Network::Host
        }
        _ => Network::Bridge,
    }
}

/// Differs between runs at the same time (process number) and one after the other (clock).
fn new_run_id() -> String {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    format!("{clock:x}-{:x}-{:x}", std::process::id(), RUNS.fetch_add(1, Ordering::SeqCst))
}

fn parse_top(text: &str) -> Vec<Process> {
    let parse = |line: &str| {
        let mut words = line.split_whitespace();
        Some(Process {
            pid: words.next()?.parse().ok()?,
            user: words.next()?.to_owned(),
            command: words.collect::<Vec<_>>().join(" "),
        })
    };
    text.lines().filter_map(parse).collect()
}

fn first_line(text: &str) -> String {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it said nothing").to_owned()
}

/// The line that tells the trouble; `docker version` prints its own version before it.
fn error_line(text: &str) -> String {
    let telling = |line: &&str| ["Cannot connect", "rror", "denied"].iter().any(|word| line.contains(word));
    text.lines().find(telling).map_or_else(|| first_line(text), |line| line.trim().to_owned())
}

fn join(tried: &[Silence]) -> String {
    tried.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_read_from_both_kinds_of_table() {
        for text in [
            "PID                 UID                 COMMAND\n13875               65532               app\n",
            "HPID        USER        COMMAND\n13875       65532       app\n",
        ] {
            let processes = parse_top(text);
            assert_eq!(processes.len(), 1);
            assert_eq!(
                (processes[0].pid, processes[0].user.as_str(), processes[0].command.as_str()),
                (13875, "65532", "app")
            );
        }
    }

    #[test]
    fn help_names_what_to_install() {
        let silence =
            |is_installed| Silence { kind: EngineKind::Podman, is_installed, reason: "x".to_owned() };
        for (error, expected) in [
            (EngineError::NoneAnswers { tried: vec![silence(false)] }, "install one of them: podman"),
            (EngineError::NoneAnswers { tried: vec![silence(true)] }, "start the engine"),
            (
                EngineError::NoBuildKit { version: "28".to_owned(), reason: "x".to_owned() },
                "install docker-buildx",
            ),
        ] {
            let help = error.help().unwrap();
            assert!(help.starts_with(expected), "{help}");
        }
    }

    #[test]
    fn an_image_without_ports_or_health_check_is_read() {
        let text = r#"[{"Size": 5, "Config": {"User": "", "ExposedPorts": null}}]"#;
        let images: Vec<ImageInspect> = serde_json::from_str(text).unwrap();
        assert!(images[0].config.exposed_ports.is_empty());
    }
}
