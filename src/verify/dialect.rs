//! What the container engines call the same things: one row per engine, and the
//! command lines built from it. Pure, so that every engine's words are tested on
//! machines that have none of them. Starting the commands is left to `engine`.

use std::path::PathBuf;

use serde::Serialize;

/// A program that builds and runs images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineKind {
    /// Docker with `BuildKit`.
    Docker,
    /// Podman, which has buildah's builder inside.
    Podman,
    /// containerd's client, which asks a `buildkitd` to build.
    Nerdctl,
    /// buildah builds; podman, which shares its images, runs.
    Buildah,
}

impl EngineKind {
    /// In the order they are tried when nobody names one.
    pub const ALL: [Self; 4] = [Self::Docker, Self::Podman, Self::Nerdctl, Self::Buildah];

    /// The name as typed with `--engine`.
    pub fn name(self) -> &'static str {
        self.dialect().builder
    }

    /// The engine of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub(super) fn dialect(self) -> &'static Dialect {
        match self {
            Self::Docker => &DOCKER,
            Self::Podman => &PODMAN,
            Self::Nerdctl => &NERDCTL,
            Self::Buildah => &BUILDAH,
        }
    }
}

/// Which words of a build log an engine speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStyle {
    /// `--progress=plain` of `BuildKit`.
    BuildKit,
    /// `STEP 1/3:` lines of buildah, also printed by podman.
    Buildah,
}

/// One row of the table of differences.
#[derive(Debug)]
pub(super) struct Dialect {
    pub builder: &'static str,
    pub runner: &'static str,
    pub build: &'static [&'static str],
    pub log: LogStyle,
    /// Asks builder and daemon for their version: fails when the engine does not answer.
    pub version: &'static [&'static str],
    /// Process number, user and command of each process in a container, in this order.
    pub top: &'static [&'static str],
    /// What to install when it is missing.
    pub package: &'static str,
    /// The name of the network that containers get by default.
    pub bridge: &'static str,
    /// Words that put the run's label on an image. Empty for buildah, where a label
    /// that differs in every run is a new last step and would never be cached.
    pub image_label: &'static [&'static str],
}

const PLAIN_BUILD: &[&str] = &["build", "--progress=plain"];
/// `--layers` is podman's default and not buildah's; both know the word.
const LAYERED_BUILD: &[&str] = &["build", "--layers"];
const PS_COLUMNS: &[&str] = &["-eo", "pid,uid,comm"];

static DOCKER: Dialect = Dialect {
    builder: "docker",
    runner: "docker",
    build: PLAIN_BUILD,
    log: LogStyle::BuildKit,
    // The server's version is only known when the daemon answers.
    version: &["version", "--format", "{{.Client.Version}} {{.Server.Version}}"],
    top: PS_COLUMNS,
    package: "docker.io and docker-buildx (Debian, Ubuntu), or docker-ce from Docker",
    bridge: "bridge",
    image_label: &["--label"],
};

static PODMAN: Dialect = Dialect {
    builder: "podman",
    runner: "podman",
    build: LAYERED_BUILD,
    log: LogStyle::Buildah,
    version: &["version", "--format", "{{.Client.Version}}"],
    // https://docs.podman.io/en/stable/markdown/podman-top.1.html: with `-eo` podman
    // runs `ps` inside the container, which most small images do not have.
    top: &["hpid", "user", "comm"],
    package: "podman",
    bridge: "podman",
    image_label: &[],
};

static NERDCTL: Dialect = Dialect {
    builder: "nerdctl",
    runner: "nerdctl",
    build: PLAIN_BUILD,
    log: LogStyle::BuildKit,
    version: &["version", "--format", "{{.Client.Version}}"],
    top: PS_COLUMNS,
    package: "nerdctl with containerd and buildkit",
    bridge: "bridge",
    image_label: &["--label"],
};

static BUILDAH: Dialect = Dialect {
    builder: "buildah",
    runner: "podman",
    build: LAYERED_BUILD,
    log: LogStyle::Buildah,
    version: &["version"],
    top: &["hpid", "user", "comm"],
    package: "buildah and podman",
    bridge: "podman",
    image_label: &[],
};

/// How containers reach the network, and are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// The engine's own network; the port is published on the loopback interface.
    Bridge,
    /// The host's network: the program listens on the host's own ports.
    Host,
}

/// The label on everything that a run makes.
pub(super) const LABEL: &str = "dockgen.verify";

/// One image to build.
#[derive(Clone, Debug, Default)]
pub(super) struct BuildSpec {
    pub context: PathBuf,
    pub dockerfile: PathBuf,
    pub tag: String,
    pub target: Option<String>,
    pub build_args: Vec<String>,
    pub secrets: Vec<String>,
    pub platform: Option<String>,
}

/// One container to run.
#[derive(Clone, Debug, Default)]
pub(super) struct RunSpec {
    pub image: String,
    pub name: String,
    pub port: Option<u16>,
    pub env: Vec<String>,
    pub env_files: Vec<PathBuf>,
    pub platform: Option<String>,
}

/// The command line that builds.
pub(super) fn build_command(
    kind: EngineKind,
    network: Network,
    run_id: &str,
    spec: &BuildSpec,
) -> Vec<String> {
    let dialect = kind.dialect();
    let mut line = Line::new(dialect.builder, dialect.build);
    line.pair("--file", spec.dockerfile.to_string_lossy());
    line.pair("--tag", &spec.tag);
    for word in dialect.image_label {
        line.pair(word, format!("{LABEL}={run_id}"));
    }
    if network == Network::Host {
        line.pair("--network", "host");
    }
    line.each("--target", spec.target.as_slice());
    line.each("--platform", spec.platform.as_slice());
    line.each("--build-arg", &spec.build_args);
    line.each("--secret", &spec.secrets);
    line.0.push(spec.context.to_string_lossy().into_owned());
    line.0
}

/// The command line that starts a container in the background.
pub(super) fn run_command(kind: EngineKind, network: Network, run_id: &str, spec: &RunSpec) -> Vec<String> {
    // `--init` is never given: whether process 1 stops by itself is what is checked.
    let mut line = Line::new(kind.dialect().runner, &["run", "--detach", "--pull=never"]);
    line.pair("--name", &spec.name);
    line.pair("--label", format!("{LABEL}={run_id}"));
    match (network, spec.port) {
        (Network::Host, _) => line.pair("--network", "host"),
        (Network::Bridge, Some(port)) => line.pair("--publish", format!("127.0.0.1::{port}")),
        (Network::Bridge, None) => {}
    }
    line.each("--platform", spec.platform.as_slice());
    for file in &spec.env_files {
        line.pair("--env-file", file.to_string_lossy());
    }
    line.each("--env", &spec.env);
    line.0.push(spec.image.clone());
    line.0
}

struct Line(Vec<String>);

impl Line {
    fn new(program: &str, words: &[&str]) -> Self {
        Self(std::iter::once(&program).chain(words).map(ToString::to_string).collect())
    }

    fn pair(&mut self, flag: &str, value: impl AsRef<str>) {
        self.0.extend([flag.to_owned(), value.as_ref().to_owned()]);
    }

    fn each(&mut self, flag: &str, values: &[String]) {
        for value in values {
            self.pair(flag, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build_spec() -> BuildSpec {
        BuildSpec {
            context: "/ctx".into(),
            dockerfile: "/ctx/Dockerfile".into(),
            tag: "t".to_owned(),
            target: Some("test".to_owned()),
            build_args: vec!["A=1 2".to_owned()],
            ..BuildSpec::default()
        }
    }

    #[test]
    fn every_engine_is_told_to_build_in_its_own_words() {
        let tail = "--target test --build-arg A=1 2 /ctx";
        for (kind, network, expected) in [
            (
                EngineKind::Docker,
                Network::Host,
                "docker build --progress=plain --file /ctx/Dockerfile --tag t --label dockgen.verify=r1 --network host",
            ),
            (
                EngineKind::Docker,
                Network::Bridge,
                "docker build --progress=plain --file /ctx/Dockerfile --tag t --label dockgen.verify=r1",
            ),
            (EngineKind::Podman, Network::Bridge, "podman build --layers --file /ctx/Dockerfile --tag t"),
            (
                EngineKind::Nerdctl,
                Network::Bridge,
                "nerdctl build --progress=plain --file /ctx/Dockerfile --tag t --label dockgen.verify=r1",
            ),
            (
                EngineKind::Buildah,
                Network::Host,
                "buildah build --layers --file /ctx/Dockerfile --tag t --network host",
            ),
        ] {
            let line = build_command(kind, network, "r1", &build_spec()).join(" ");
            assert_eq!(line, format!("{expected} {tail}"));
        }
    }

    #[test]
    fn every_engine_is_told_to_run_in_its_own_words() {
        let spec = RunSpec {
            image: "t".to_owned(),
            name: "n".to_owned(),
            port: Some(8080),
            env: vec!["K=V".to_owned()],
            ..RunSpec::default()
        };
        for (kind, network, program, reach) in [
            (EngineKind::Docker, Network::Bridge, "docker", "--publish 127.0.0.1::8080"),
            (EngineKind::Docker, Network::Host, "docker", "--network host"),
            (EngineKind::Buildah, Network::Bridge, "podman", "--publish 127.0.0.1::8080"),
        ] {
            let line = run_command(kind, network, "r1", &spec).join(" ");
            assert_eq!(
                line,
                format!(
                    "{program} run --detach --pull=never --name n --label dockgen.verify=r1 {reach} --env K=V t"
                )
            );
        }
    }

    #[test]
    fn engines_are_found_by_the_name_that_is_typed() {
        for kind in EngineKind::ALL {
            assert_eq!(EngineKind::named(kind.name()), Some(kind));
        }
        assert_eq!(EngineKind::named("kaniko"), None);
    }
}
