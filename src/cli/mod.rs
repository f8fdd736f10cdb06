//! The command line: what was typed, what is said, and the exit code. Each command is a short
//! script over the library.
//!
//! stdout carries data (a plan, a diff, a file); everything said to a person goes to stderr.

mod answers;
mod args;
mod ask;
mod cause;
mod config;
mod dockerfiles;
mod doctor;
mod document;
mod init;
mod lint;
mod looked;
mod man;
mod migrate;
mod pin;
mod plan;
mod repositories;
mod session;
mod templates;
mod term;
pub mod verify;

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use clap::FromArgMatches as _;

use args::{Args, Command};
use term::Term;

/// How a command ended. The numbers are a contract with scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, up to date, verified.
    Done = 0,
    /// Drift, a file that was left alone, a container that failed.
    Findings = 1,
    /// Wrong use, bad input, or a defect of dockgen itself.
    Misuse = 2,
    /// Nothing recognised, or nobody to ask.
    Nothing = 3,
    /// An outside tool is missing or broken.
    ToolMissing = 4,
    /// Interrupted.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do its work: what to say, what may help, and how to end.
#[derive(Debug)]
pub struct Failure {
    message: String,
    help: Option<String>,
    exit: Exit,
}

impl Failure {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, exit }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    let args = Args::from_arg_matches(&args::command().get_matches()).unwrap_or_else(|bad| bad.exit());
    let term = Term::new(args.color);
    let ended = match &args.command {
        Command::Init(command) => init::run(command, &term),
        Command::Check(command) => init::run(&command.as_init(), &term),
        Command::Update(command) => init::run(&command.as_init(), &term),
        Command::Plan(command) => plan::run(command, &term),
        Command::Verify(command) => match verify::settings(command, &term) {
            Ok(settings) => return verify(command, &settings),
            Err(failure) => Err(failure),
        },
        Command::Inventory(command) => migrate::inventory(command, &term),
        Command::Migrate(command) => migrate::run(command, &term),
        Command::Lint(command) => lint::run(command, &term),
        Command::Explain { code } => lint::explain(code.as_deref(), &term),
        Command::Config(command) => config::run(command, &term),
        Command::Templates(command) => templates::run(command, &term),
        Command::Doctor(command) => doctor::run(command, &term),
        Command::Man { folder } => man::run(folder.as_deref(), &term),
        Command::Schema(command) => plan::schema(command, &term),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut args::command(), "dockgen", &mut script);
            term.data(&String::from_utf8_lossy(&script)).map(|()| Exit::Done)
        }
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            term.error(&failure.message, failure.help.as_deref());
            failure.exit.into()
        }
    }
}

/// The text of a file that a person named; `-` is standard input.
#[expect(clippy::disallowed_methods, reason = "what is named on the command line is no part of a repository")]
fn read_named(file: &Path) -> std::io::Result<String> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}

/// `dockgen verify` brings its own exit codes.
fn verify(command: &verify::VerifyArgs, settings: &crate::config::Settings) -> ExitCode {
    let (mut data, mut talk) = (std::io::stdout().lock(), anstream::stderr().lock());
    let ended = verify::run(command, settings, &mut data, &mut talk);
    ended.unwrap_or_else(|_| Exit::Misuse.into())
}
