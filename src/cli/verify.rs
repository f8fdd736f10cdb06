//! `dockgen verify`: from what was typed to requests, from reports to text or JSON and an
//! exit code. Prints only through the two writers it is given.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use ignore::WalkBuilder;

use crate::cli::session::Session;
use crate::cli::term::Term;
use crate::cli::{Exit, Failure};
use crate::config::proof::{self, Bytes, Seconds};
use crate::config::{self, Settings, outputs};
use crate::repo::RelPath;
use crate::verify::{
    self, Edit, Engine, EngineError, EngineKind, EngineReport, ErrorReport, Extent, Interrupt, Leftovers,
    Network, NetworkChoice, Probe, Report, Request, SCHEMA_VERSION, ServiceReport, UserPolicy, Verdict,
    VerifyError,
};

/// Build the image, run it, and see that it works: this runs the project's own code.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// A repository, a folder with a Dockerfile, or a Dockerfile
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Dockerfile to verify, relative to PATH
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Only the service in this folder
    #[arg(long, value_name = "DIR")]
    pub service: Option<PathBuf>,
    /// Verify another Dockerfile of the same repository beside it
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,
    /// Engine to use; the first that answers without
    #[arg(long, value_enum)]
    pub engine: Option<EngineName>,
    /// Network of builds and containers
    #[arg(hide_short_help = true, long, value_enum, default_value = "auto")]
    pub network: NetworkName,
    /// What to ask: http://:PORT/PATH, tcp://:PORT or none
    #[arg(long, value_parser = Probe::parse)]
    pub probe: Option<Probe>,
    /// Port of the program, where the image does not say so
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Who may run the program
    #[arg(hide_short_help = true, long, value_enum, default_value = "non-root")]
    pub expect_user: UserName,
    /// Source file to edit before the second build
    #[arg(hide_short_help = true, long, value_name = "FILE", conflicts_with = "no_rebuild")]
    pub touch: Option<PathBuf>,
    /// Leave out the second build
    #[arg(hide_short_help = true, long)]
    pub no_rebuild: bool,
    /// Build only, start no container
    #[arg(hide_short_help = true, long)]
    pub no_run: bool,
    /// Argument of the build
    #[arg(hide_short_help = true, long, value_name = "KEY=VALUE")]
    pub build_arg: Vec<String>,
    /// Secret of the build
    #[arg(hide_short_help = true, long, value_name = "id=ID,src=FILE")]
    pub secret: Vec<String>,
    /// Environment of the container
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub env: Vec<String>,
    /// File of KEY=VALUE lines for the container
    #[arg(hide_short_help = true, long, value_name = "FILE")]
    pub env_file: Vec<PathBuf>,
    /// Platform to build and run for
    #[arg(hide_short_help = true, long, value_name = "OS/ARCH")]
    pub platform: Option<String>,
    /// Largest image that passes, such as 300MB
    #[arg(hide_short_help = true, long, value_name = "SIZE", value_parser = proof::bytes)]
    pub max_size: Option<Bytes>,
    /// Longest time for one build, such as 10m; 20m without
    #[arg(hide_short_help = true, long, value_name = "TIME", value_parser = proof::seconds)]
    pub timeout: Option<Seconds>,
    /// Longest time until the program answers, such as 90s; 60s without
    #[arg(hide_short_help = true, long, value_name = "TIME", value_parser = proof::seconds)]
    pub boot_timeout: Option<Seconds>,
    /// Keep the whole logs in this folder
    #[arg(hide_short_help = true, long, value_name = "DIR")]
    pub logs: Option<PathBuf>,
    /// Keep containers and images
    #[arg(hide_short_help = true, long)]
    pub keep: bool,
    /// How to print the report
    #[arg(long, value_enum, default_value = "text")]
    pub format: ReportFormat,
}

/// The engines as they are typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum EngineName {
    /// Docker with `BuildKit`
    Docker,
    /// Podman
    Podman,
    /// containerd's client
    Nerdctl,
    /// buildah, with podman to run
    Buildah,
}

/// The networks as they are typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum NetworkName {
    /// The engine's own, the host's where it has none
    Auto,
    /// The engine's own
    Bridge,
    /// The host's
    Host,
}

/// The policies as they are typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum UserName {
    /// Root is a failure
    NonRoot,
    /// Report only
    Any,
}

/// How the report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Why nothing could be verified, apart from the engine.
#[derive(Debug, thiserror::Error)]
enum WrongUse {
    #[error("no Dockerfile in {path} or in a folder below it")]
    NoDockerfile { path: PathBuf },
    #[error("cannot find {path}: {source}")]
    Missing { path: PathBuf, source: io::Error },
    #[error("--compare needs one Dockerfile to compare with, but there are {count}: name one with --service")]
    SeveralToCompare { count: usize },
}

/// A run that has come to its end or was stopped.
struct Ended {
    report: Report,
    exit: Exit,
}

/// What `dockgen.toml` says where no flag does; nothing where there is none.
pub(super) fn settings(args: &VerifyArgs, term: &Term) -> Result<Settings, Failure> {
    if !is_file(&args.path.join(config::FILE)) {
        return Ok(Settings::default());
    }
    Session::wishes_of(&args.path, term)
}

/// Runs the command: the report goes to `data`, everything else to `talk`.
pub fn run(
    args: &VerifyArgs,
    settings: &Settings,
    data: &mut dyn Write,
    talk: &mut dyn Write,
) -> io::Result<ExitCode> {
    let interrupt = Interrupt::on_signals();
    let ended = verify_all(args, settings, &interrupt, talk);
    match print(args, &ended, data, talk) {
        // Somebody who reads only the first lines still gets the exit code.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(ended.exit.into()),
    }
}

fn print(args: &VerifyArgs, ended: &Ended, data: &mut dyn Write, talk: &mut dyn Write) -> io::Result<()> {
    let report = &ended.report;
    match args.format {
        ReportFormat::Json => {
            serde_json::to_writer_pretty(&mut *data, report)?;
            writeln!(data)?;
        }
        ReportFormat::Text if report.error.is_none() || !report.services.is_empty() => {
            write!(data, "{}", verify::text(report))?;
        }
        ReportFormat::Text => {}
    }
    data.flush()?;
    if let Some(error) = &report.error {
        writeln!(talk, "error: {}", error.message)?;
        if let Some(help) = &error.help {
            writeln!(talk, "  = help: {help}")?;
        }
    }
    if ended.exit == Exit::Findings && args.logs.is_none() && args.format == ReportFormat::Text {
        writeln!(talk, "  = help: `--logs DIR` keeps the whole logs")?;
    }
    Ok(())
}

fn verify_all(args: &VerifyArgs, settings: &Settings, interrupt: &Interrupt, talk: &mut dyn Write) -> Ended {
    let mut report = Report {
        schema_version: SCHEMA_VERSION,
        verdict: Verdict::Unknown,
        engine: None,
        services: Vec::new(),
        error: None,
    };
    let outcome = fill(&mut report, args, settings, interrupt, talk);
    let exit = match outcome {
        Ok(()) => {
            // The comparison is measured, not judged: only the repository's own file counts.
            let own = report.services.iter().filter_map(|service| service.dockerfiles.first());
            let is_verified =
                own.clone().count() > 0 && own.clone().all(|file| file.verdict == Verdict::Verified);
            report.verdict = if is_verified { Verdict::Verified } else { Verdict::Failed };
            if is_verified { Exit::Done } else { Exit::Findings }
        }
        Err((exit, error)) => {
            report.error = Some(error);
            exit
        }
    };
    Ended { report, exit }
}

fn fill(
    report: &mut Report,
    args: &VerifyArgs,
    settings: &Settings,
    interrupt: &Interrupt,
    talk: &mut dyn Write,
) -> Result<(), (Exit, ErrorReport)> {
    let targets = find_targets(args, settings)
        .map_err(|error| (Exit::Misuse, ErrorReport { message: error.to_string(), help: help_of(&error) }))?;
    let leftovers = if args.keep { Leftovers::Keep } else { Leftovers::Remove };
    let wanted = args
        .engine
        .map(kind_of)
        .or_else(|| settings.wish(&proof::ENGINE).and_then(|name| EngineKind::named(&name)));
    let engine = Engine::find(wanted, network_of(args.network), leftovers, interrupt)
        .map_err(|error| describe(&error.into()))?;
    report.engine = Some(EngineReport {
        name: engine.kind(),
        version: engine.version().to_owned(),
        network: engine.network(),
    });
    // What is being done is told while it is done; a closed pipe is no reason to stop.
    let mut tell = |words: &str| drop(writeln!(talk, "{words}"));
    for target in targets {
        let mut dockerfiles = Vec::new();
        for (dockerfile, title) in std::iter::once(&target.dockerfile).chain(&target.other) {
            let own = settings_of(settings, &target.service);
            let request = request(args, &own, &target.context, dockerfile, title);
            dockerfiles.push(verify::verify(&engine, &request, &mut tell).map_err(|error| describe(&error))?);
        }
        report.services.push(ServiceReport { service: target.service, dockerfiles });
    }
    if args.keep {
        tell(&format!("kept: everything with the label dockgen.verify={}", engine.run_id()));
    }
    Ok(())
}

/// What is set for the service in this folder.
fn settings_of(settings: &Settings, service: &str) -> Settings {
    settings.for_service(&RelPath::new(service).unwrap_or_default())
}

fn request(
    args: &VerifyArgs,
    settings: &Settings,
    context: &Path,
    dockerfile: &Path,
    title: &str,
) -> Request {
    let mut request = Request::new(context, dockerfile);
    title.clone_into(&mut request.title);
    let probe = || settings.wish(&proof::PROBE).and_then(|text| Probe::parse(&text).ok());
    if let Some(probe) = args.probe.clone().or_else(probe) {
        request.probe = probe;
    }
    request.max_image_bytes =
        args.max_size.or_else(|| settings.wish(&proof::MAX_SIZE)).map(|Bytes(bytes)| bytes);
    request.port = args.port;
    request.user = match args.expect_user {
        UserName::NonRoot => UserPolicy::NonRoot,
        UserName::Any => UserPolicy::Any,
    };
    request.edit = match &args.touch {
        Some(file) => Edit::Append(file.clone()),
        None if args.no_rebuild => Edit::Never,
        None => Edit::Choose,
    };
    request.extent = if args.no_run { Extent::BuildsOnly } else { Extent::Everything };
    request.build_args.clone_from(&args.build_arg);
    request.secrets.clone_from(&args.secret);
    request.env.clone_from(&args.env);
    request.env_files.clone_from(&args.env_file);
    request.platform.clone_from(&args.platform);
    request.logs.clone_from(&args.logs);
    if let Some(time) = args.timeout.or_else(|| settings.wish(&proof::TIMEOUT)) {
        request.limits.build = time.duration();
    }
    if let Some(time) = args.boot_timeout.or_else(|| settings.wish(&proof::BOOT_TIMEOUT)) {
        request.limits.boot = time.duration();
    }
    request
}

fn describe(error: &VerifyError) -> (Exit, ErrorReport) {
    let (exit, help) = match error {
        VerifyError::Engine(EngineError::Interrupted) => (Exit::Interrupted, None),
        VerifyError::Engine(error) => (Exit::ToolMissing, error.help()),
        VerifyError::Context(_) | VerifyError::File { .. } => (Exit::Misuse, None),
    };
    (exit, ErrorReport { message: error.to_string(), help })
}

fn help_of(error: &WrongUse) -> Option<String> {
    matches!(error, WrongUse::NoDockerfile { .. }).then(|| "`dockgen init` writes one".to_owned())
}

fn kind_of(name: EngineName) -> EngineKind {
    match name {
        EngineName::Docker => EngineKind::Docker,
        EngineName::Podman => EngineKind::Podman,
        EngineName::Nerdctl => EngineKind::Nerdctl,
        EngineName::Buildah => EngineKind::Buildah,
    }
}

fn network_of(name: NetworkName) -> NetworkChoice {
    match name {
        NetworkName::Auto => NetworkChoice::Auto,
        NetworkName::Bridge => NetworkChoice::Fixed(Network::Bridge),
        NetworkName::Host => NetworkChoice::Fixed(Network::Host),
    }
}

/// One image to verify.
#[derive(Debug, PartialEq)]
struct Target {
    service: String,
    context: PathBuf,
    dockerfile: (PathBuf, String),
    other: Option<(PathBuf, String)>,
}

fn find_targets(args: &VerifyArgs, settings: &Settings) -> Result<Vec<Target>, WrongUse> {
    let path = real(&args.path)?;
    let (root, mut files) = if is_file(&path) {
        let root = path.parent().unwrap_or(&path).to_owned();
        (root.clone(), vec![(path, root)])
    } else if let Some(file) = &args.file {
        let file = real(&path.join(file))?;
        let folder = file.parent().unwrap_or(&path).to_owned();
        (path, vec![(file, folder)])
    } else {
        let files = find_dockerfiles(&path, args.service.as_deref(), settings);
        (path, files)
    };
    if files.is_empty() {
        return Err(WrongUse::NoDockerfile { path: args.path.clone() });
    }
    files.sort();
    if args.compare.is_some() && files.len() > 1 {
        return Err(WrongUse::SeveralToCompare { count: files.len() });
    }
    // FILE may be written from where the user stands or from the repository.
    let other =
        args.compare.as_ref().map(|file| real(file).or_else(|_| real(&root.join(file)))).transpose()?;
    let mut targets = Vec::new();
    for (file, folder) in files {
        // An ignore file named after the Dockerfile is how a service says that it is built
        // from the whole repository; with --file the whole of PATH is meant.
        let is_whole = args.file.is_some() || is_file(&ignore_file_of(&file));
        let service = title(&root, &folder);
        targets.push(Target {
            service: if service.is_empty() { ".".to_owned() } else { service },
            context: if is_whole { root.clone() } else { folder },
            other: other.clone().map(|other| {
                let name = title(&root, &other);
                (other, name)
            }),
            dockerfile: (file.clone(), title(&root, &file)),
        });
    }
    Ok(targets)
}

/// How deep services are looked for.
const DEPTH: usize = 5;

/// The one at the root, else those of the services below; each with the folder of its service.
fn find_dockerfiles(root: &Path, service: Option<&Path>, settings: &Settings) -> Vec<(PathBuf, PathBuf)> {
    let at = |dir: &Path| {
        let name = dir.to_string_lossy().replace('\\', "/");
        let path = settings_of(settings, &name).wish(&outputs::DOCKERFILE);
        let file = root.join(dir).join(path.as_ref().map_or("Dockerfile", RelPath::as_str));
        is_file(&file).then(|| (file, root.join(dir)))
    };
    let own = at(service.unwrap_or(Path::new("")));
    if own.is_some() || service.is_some() {
        return own.into_iter().collect();
    }
    let named = settings.wishes().iter().filter(|wish| wish.key == outputs::DOCKERFILE.name);
    let named = named.filter_map(|wish| at(Path::new(wish.service.as_deref()?)));
    let mut all: Vec<(PathBuf, PathBuf)> = named.collect();
    all.extend(usual_dockerfiles(root).map(|file| {
        let folder = file.parent().unwrap_or(root).to_owned();
        (file, folder)
    }));
    all
}

fn usual_dockerfiles(root: &Path) -> impl Iterator<Item = PathBuf> {
    WalkBuilder::new(root)
        .max_depth(Some(DEPTH))
        .build()
        .filter_map(Result::ok)
        .map(ignore::DirEntry::into_path)
        .filter(|path| path.file_name().is_some_and(|name| name == "Dockerfile") && is_file(path))
}

/// The ignore file that is named after a Dockerfile.
fn ignore_file_of(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".dockerignore");
    file.with_file_name(name)
}

fn title(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn real(path: &Path) -> Result<PathBuf, WrongUse> {
    path.canonicalize().map_err(|source| WrongUse::Missing { path: path.to_owned(), source })
}

#[expect(clippy::disallowed_methods, reason = "finds what the user named; nothing is planned from it")]
fn is_file(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make real folders")]
mod tests {
    use super::*;
    use crate::verify::Limits;
    use clap::Parser;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        args: VerifyArgs,
    }

    #[test]
    fn settings_hold_where_no_flag_does() {
        let keys = crate::stack::keys();
        let mut settings = Settings::default();
        for assignment in [
            "verify.timeout=5m",
            "verify.boot_timeout=9",
            "verify.probe=tcp://:5432",
            "verify.max_size=1.5MB",
        ] {
            settings.set(assignment, crate::fact::Layer::Flag, &keys).unwrap();
        }
        let asked = |typed: &[&str]| {
            let words = ["verify"].iter().chain(typed).copied();
            let asked =
                request(&Typed::parse_from(words).args, &settings, Path::new("."), Path::new("D"), "D");
            let Limits { build, boot, .. } = asked.limits;
            (build.as_secs(), boot.as_secs(), asked.probe, asked.max_image_bytes)
        };
        assert_eq!(asked(&[]), (300, 9, Probe::Tcp { port: Some(5432) }, Some(1_500_000)));
        let flags = ["--timeout", "60", "--boot-timeout", "2m", "--probe", "none", "--max-size", "2kB"];
        assert_eq!(asked(&flags), (60, 120, Probe::None, Some(2000)));
    }

    #[test]
    fn a_dockerfile_of_another_name_is_found() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("deploy")).unwrap();
        std::fs::write(home.path().join("deploy/web.Dockerfile"), "FROM scratch\n").unwrap();
        let root = home.path().canonicalize().unwrap();
        let mut settings = Settings::default();
        let wish = "files.dockerfile=deploy/web.Dockerfile";
        settings.set(wish, crate::fact::Layer::Flag, &crate::stack::keys()).unwrap();
        let args = Typed::parse_from(["verify", root.to_str().unwrap()]).args;
        let found = find_targets(&args, &settings).unwrap();
        assert_eq!(found[0].context, root);
        assert_eq!(found[0].dockerfile.1, "deploy/web.Dockerfile");
    }

    fn targets(files: &[&str], typed: &[&str]) -> Vec<String> {
        let home = tempfile::tempdir().unwrap();
        for file in files {
            let path = home.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "FROM scratch\n").unwrap();
        }
        let root = home.path().canonicalize().unwrap();
        let words = ["verify", root.to_str().unwrap()].into_iter().chain(typed.iter().copied());
        match find_targets(&Typed::parse_from(words).args, &Settings::default()) {
            Ok(targets) => targets
                .iter()
                .map(|target| {
                    format!(
                        "{} {} from {:?}",
                        target.service,
                        target.dockerfile.1,
                        title(&root, &target.context)
                    )
                })
                .collect(),
            Err(error) => vec![error.to_string().replace(root.to_str().unwrap(), "ROOT")],
        }
    }

    #[test]
    fn dockerfiles_are_found_with_their_contexts() {
        for (files, typed, expected) in [
            (&["Dockerfile", "sub/Dockerfile"][..], &[][..], &[". Dockerfile from \"\""][..]),
            (
                &["api/Dockerfile", "web/Dockerfile", "web/Dockerfile.dockerignore"],
                &[],
                &["api api/Dockerfile from \"api\"", "web web/Dockerfile from \"\""],
            ),
            (
                &["api/Dockerfile", "web/Dockerfile"],
                &["--service", "web"],
                &["web web/Dockerfile from \"web\""],
            ),
            (
                &["ops/App.Dockerfile"],
                &["--file", "ops/App.Dockerfile"],
                &["ops ops/App.Dockerfile from \"\""],
            ),
            (&["README.md"], &[], &["no Dockerfile in ROOT or in a folder below it"]),
            (
                &["a/Dockerfile", "b/Dockerfile", "c"],
                &["--compare", "c"],
                &["--compare needs one Dockerfile to compare with, but there are 2: name one with --service"],
            ),
        ] {
            assert_eq!(targets(files, typed), expected, "{files:?}");
        }
    }
}
