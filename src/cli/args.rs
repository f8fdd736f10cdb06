//! What was typed. Nothing here is checked against a repository or does anything.

use std::path::PathBuf;

use clap::{ArgAction, Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// Reads a repository and writes the multi-stage Dockerfile a specialist would.
#[derive(Debug, Parser)]
#[command(name = "dockgen", version, max_term_width = 80, disable_help_flag = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 findings, 2 wrong use or input,\n            3 nothing recognised, 4 tool missing"
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub command: Command,

    /// auto, always or never
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, hide_possible_values = true, hide_default_value = true)]
    pub color: Color,

    /// Print help
    #[arg(short, long, global = true, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one value of it in a run")]
pub(super) enum Command {
    /// Write or update Dockerfile and .dockerignore
    #[command(visible_alias = "update")]
    Init(InitArgs),
    /// Exit 1 with the diff and the cause when files would change
    Check(CheckArgs),
    /// Show what dockgen sees and why; writes nothing
    Plan(PlanArgs),
    /// Build, run, probe, stop and rebuild what a Dockerfile makes
    Verify(crate::cli::verify::VerifyArgs),
    /// List Dockerfiles: base, end of life, user, easy or hard and why
    Inventory(InventoryArgs),
    /// Rebuild old Dockerfiles, with an account of every instruction
    Migrate(MigrateArgs),
    /// Say what is wrong with Dockerfiles, any Dockerfiles
    Lint(LintArgs),
    /// Print why a rule of `lint` is one
    Explain {
        /// The code of a finding; all rules without
        code: Option<String>,
    },
    /// Print the JSON schema of a document
    Schema(SchemaArgs),
    /// Print a completion script
    Completions {
        /// bash, zsh, fish, powershell or elvish
        shell: clap_complete::Shell,
    },
}

/// Which repository, and what is wished of it.
#[derive(Debug, Clone, ClapArgs)]
pub(super) struct Target {
    /// The repository
    #[arg(default_value = ".")]
    pub path: PathBuf,

    /// Only the service in this folder
    #[arg(long, value_name = "DIR")]
    pub service: Option<String>,

    /// Set what would be detected: --set runtime.port=8080
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

#[derive(Debug, Clone, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag as it was typed")]
pub(super) struct InitArgs {
    #[command(flatten)]
    pub target: Target,

    /// Ask nothing and take the defaults
    #[arg(short, long, env = "DOCKGEN_YES", hide_env = true, value_parser = clap::builder::FalseyValueParser::new())]
    pub yes: bool,

    /// Print the files instead of writing them
    #[arg(short = 'n', long, group = "mode")]
    pub dry_run: bool,

    /// Print what would change as a unified diff
    #[arg(long, group = "mode")]
    pub diff: bool,

    /// Exit 1 with the diff and the cause when files would change
    #[arg(long, group = "mode")]
    pub check: bool,

    /// Print the Dockerfile alone
    #[arg(long, group = "mode")]
    pub stdout: bool,

    /// All services of a monorepo
    #[arg(long, conflicts_with = "service")]
    pub all: bool,

    /// Replace a Dockerfile that a person wrote or edited
    #[arg(long)]
    pub force: bool,

    /// Nothing recognised is a success (for scaffolding hooks)
    #[arg(long)]
    pub if_detected: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub target: Target,

    /// All services of a monorepo
    #[arg(long, conflicts_with = "service")]
    pub all: bool,

    /// Nothing recognised is a success
    #[arg(long)]
    pub if_detected: bool,
}

impl CheckArgs {
    /// `dockgen check` is `dockgen init --check`.
    pub fn as_init(&self) -> InitArgs {
        InitArgs {
            target: self.target.clone(),
            yes: true,
            dry_run: false,
            diff: false,
            check: true,
            stdout: false,
            all: self.all,
            force: false,
            if_detected: self.if_detected,
        }
    }
}

#[derive(Debug, Clone, ClapArgs)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub target: Target,

    /// text or json
    #[arg(long, value_enum, default_value_t = Format::Text, hide_possible_values = true)]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

#[derive(Debug, Clone, ClapArgs)]
pub(super) struct LintArgs {
    /// Dockerfiles, folders to look for them in, or - for stdin
    #[arg(value_name = "FILE", default_value = ".")]
    pub files: Vec<PathBuf>,

    /// text, json, sarif or github
    #[arg(long, value_enum, default_value_t = LintFormat::Text, hide_possible_values = true)]
    pub format: LintFormat,

    /// Make the repairs that change neither the image nor how it runs
    #[arg(long)]
    pub fix: bool,

    /// Findings are no failure
    #[arg(long)]
    pub exit_zero: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LintFormat {
    Text,
    Json,
    Sarif,
    Github,
}

#[derive(Debug, Clone, ClapArgs)]
pub(super) struct InventoryArgs {
    /// Repositories, folders of repositories, or Dockerfiles
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,

    /// text, json or csv
    #[arg(long, value_enum, default_value_t = TableFormat::Text, hide_possible_values = true)]
    pub format: TableFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TableFormat {
    Text,
    Json,
    Csv,
}

#[derive(Debug, Clone, ClapArgs)]
pub(super) struct MigrateArgs {
    /// Repositories, folders of repositories, or Dockerfiles
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,

    /// Write the files; without, only the diff and the ledger are shown
    #[arg(long)]
    pub write: bool,

    /// Also write files that git could not bring back
    #[arg(long, requires = "write")]
    pub allow_dirty: bool,

    /// safe (a cleaner text), restage (stages) or harden (no root, smallest base)
    #[arg(long, value_enum, default_value_t = Level::Restage, hide_possible_values = true, hide_default_value = true)]
    pub level: Level,

    /// Also write files of which something is left to a person
    #[arg(long, requires = "write")]
    pub accept_open: bool,

    /// text or json
    #[arg(long, value_enum, default_value_t = MigrateFormat::Text, hide_possible_values = true)]
    pub format: MigrateFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Level {
    Safe,
    Restage,
    Harden,
}

impl From<Level> for crate::migrate::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Safe => Self::Safe,
            Level::Restage => Self::Restage,
            Level::Harden => Self::Harden,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MigrateFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, ClapArgs)]
pub(super) struct SchemaArgs {
    /// The document: plan
    #[arg(value_enum)]
    pub document: Document,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Document {
    Plan,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_consistent_and_help_fits_a_screen() {
        Args::command().debug_assert();
        let mut args = Args::command();
        args.build();
        for command in args.get_subcommands_mut() {
            let help = command.render_help().to_string();
            assert!(help.lines().count() <= 40, "{}: {help}", command.get_name());
            assert!(help.lines().all(|line| line.chars().count() <= 80), "{}: {help}", command.get_name());
        }
        assert!(Args::command().render_help().to_string().lines().count() <= 24);
    }
}
