//! `dockgen doctor`: is everything there that dockgen's commands want, and where it is not, what helps?
//!
//! Writing files wants a folder that can be written and templates that load; `verify` wants an engine with BuildKit and
//! the registries of the base images. Nothing is built and nothing stays.

use std::collections::BTreeSet;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::time::Duration;

use crate::cli::args::DoctorArgs;
use crate::cli::looked::Looked;
use crate::cli::session::Session;
use crate::cli::term::Term;
use crate::cli::{Exit, Failure};
use crate::config::Settings;
use crate::dockerfile::ImageRef;
use crate::plan::plan_with;
use crate::plan::stage::Origin;
use crate::render::{Templates, overrides};
use crate::stack::{self, Declared};
use crate::verify::{Engine, Interrupt, Leftovers, NetworkChoice};

/// How long a registry may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Where Docker Hub answers: <https://distribution.github.io/distribution/>.
const HUB: &str = "registry-1.docker.io";

/// What came of one look.
struct Finding {
    about: &'static str,
    /// What is there, or what is wrong and what helps.
    said: Result<String, (String, String)>,
    /// How the command ends where it is wrong.
    exit: Exit,
}

/// Runs the command.
pub(super) fn run(args: &DoctorArgs, term: &Term) -> Result<Exit, Failure> {
    let Looked { inventory, company, declared, .. } = Session::look(&args.path, term)?;
    let own = overrides(&inventory, company.as_ref());
    let settings = Settings::read_with(&inventory, company.as_ref(), &stack::keys());
    let mut findings = vec![engine(), folder(&args.path)];
    findings.push(Finding {
        about: "templates",
        said: match Templates::layered(&own, &Declared::templates_of(&declared)) {
            Ok(_) if own.is_empty() => Ok("built in".to_owned()),
            Ok(_) => Ok(format!("built in, and {} of your own that load", own.len())),
            Err(bad) => Err((first(&bad), "`dockgen templates check` shows where".to_owned())),
        },
        exit: Exit::Misuse,
    });
    findings.push(Finding {
        about: "settings",
        said: match &settings {
            Ok(settings) if settings.wishes().is_empty() => Ok("none; everything is detected".to_owned()),
            Ok(settings) => Ok(format!("{} in dockgen.toml", settings.wishes().len())),
            Err(bad) => Err((first(bad), "`dockgen config show` shows where".to_owned())),
        },
        exit: Exit::Misuse,
    });
    let plan = settings.map(|settings| plan_with(&inventory, &settings, &declared)).ok();
    let services = plan.map(|plan| plan.services).unwrap_or_default();
    let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
    findings.push(Finding {
        about: "project",
        said: if names.is_empty() { Ok("none recognised here".to_owned()) } else { Ok(names.join(", ")) },
        exit: Exit::Nothing,
    });
    let stages = services.iter().flat_map(|service| service.stages.iter());
    let hosts: BTreeSet<String> = stages
        .filter_map(|stage| match &stage.from.value {
            Origin::Image(image) if image != "scratch" => Some(host(image)),
            _ => None,
        })
        .collect();
    findings.extend(hosts.into_iter().map(|host| registry(&host)));
    tell(&findings, term)
}

fn tell(findings: &[Finding], term: &Term) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for finding in findings {
        match &finding.said {
            Ok(there) => term.data(&format!("ok       {:<10} {there}\n", finding.about))?,
            Err((wrong, help)) => {
                term.data(&format!("missing  {:<10} {wrong}\n{:<20}help: {help}\n", finding.about, ""))?;
                if exit == Exit::Done {
                    exit = finding.exit;
                }
            }
        }
    }
    Ok(exit)
}

/// The engine that `verify` would take.
fn engine() -> Finding {
    let found = Engine::find(None, NetworkChoice::Auto, Leftovers::Remove, &Interrupt::default());
    let said = match found {
        Ok(engine) => Ok(format!("{} {}", engine.kind().name(), engine.version())),
        Err(bad) => {
            Err((bad.to_string(), bad.help().unwrap_or_else(|| "only `verify` needs one".to_owned())))
        }
    };
    Finding { about: "engine", said, exit: Exit::ToolMissing }
}

/// May files be written here? A file without a name leaves nothing behind.
fn folder(path: &Path) -> Finding {
    let said = match tempfile::tempfile_in(path) {
        Ok(_) => Ok(format!("{} can be written", path.display())),
        Err(bad) => Err((
            format!("{} cannot be written: {bad}", path.display()),
            "`--stdout` and `--dry-run` write nothing".to_owned(),
        )),
    };
    Finding { about: "folder", said, exit: Exit::Misuse }
}

/// Does the host of a registry take connections? Whether it knows whoever asks is the engine's business.
fn registry(host: &str) -> Finding {
    let at = if host.contains(':') { host.to_owned() } else { format!("{host}:443") };
    let reached = at.to_socket_addrs().and_then(|mut addresses| {
        let address = addresses.next().ok_or(std::io::ErrorKind::NotFound)?;
        TcpStream::connect_timeout(&address, PATIENCE)
    });
    let said = match reached {
        Ok(_) => Ok(format!("{host} answers")),
        Err(bad) => Err((
            format!("{host} does not answer: {bad}"),
            "behind a proxy the engine may reach it; policy.registry_mirror names another".to_owned(),
        )),
    };
    Finding { about: "registry", said, exit: Exit::ToolMissing }
}

/// The host that has an image.
fn host(image: &str) -> String {
    let registry = image.parse::<ImageRef>().ok().and_then(|image| image.registry);
    registry.filter(|host| host != "docker.io").unwrap_or_else(|| HUB.to_owned())
}

fn first(problems: &[crate::diag::Diagnostic]) -> String {
    problems.first().map(|problem| problem.message.clone()).unwrap_or_default()
}
