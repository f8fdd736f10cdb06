//! What was typed. Nothing here is checked against a repository or does anything.

mod migrate;

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::render::Emitter;

use clap::{ArgAction, Args as ClapArgs, CommandFactory as _, Parser, Subcommand, ValueEnum};

pub(super) use migrate::{InventoryArgs, MigrateArgs, MigrateFormat, Only, TableFormat};

/// The commands by what brings people to them, for the first page of the help.
const GROUPS: &[(&str, &[&str])] = &[
    ("Write", &["init", "plan", "verify"]),
    ("Keep", &["check", "update"]),
    ("Renew", &["inventory", "migrate", "lint", "explain"]),
    ("Set up", &["config", "templates", "schema", "doctor", "man", "completions"]),
];

/// The definition of the command line, with its commands in groups on the first page.
pub(super) fn command() -> clap::Command {
    let command = Args::command();
    let mut page = format!("{}\n\n", command.get_about().map(ToString::to_string).unwrap_or_default());
    page.push_str("Usage: dockgen [OPTIONS] <COMMAND>\n");
    for (group, names) in GROUPS {
        for (at, name) in names.iter().enumerate() {
            let about = command.find_subcommand(name).and_then(|command| command.get_about());
            let about = about.map(ToString::to_string).unwrap_or_default();
            let group = if at == 0 { group } else { "" };
            let _ = write!(page, "\n{group:<7} {name:<12} {about}");
        }
    }
    page.push_str("\n\n  -h, --help for a command too   -V, --version   --color auto|always|never\n");
    page.push_str("Exit codes: 0 done, 1 findings, 2 wrong use or input,\n");
    page.push_str("            3 nothing recognised, 4 tool missing\n");
    command.override_help(page)
}

/// Reads a repository and writes the multi-stage Dockerfile a specialist would.
#[derive(Debug, Parser)]
#[command(name = "dockgen", version, max_term_width = 80, disable_help_flag = true)]
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
pub(super) enum Command {
    /// Write or update Dockerfile and .dockerignore
    #[command(
        after_help = "Examples:\n  dockgen init --dry-run\n  dockgen init --set runtime.port=9000\n  dockgen init --compose --ci github"
    )]
    Init(InitArgs),
    /// Exit 1 with the diff and the cause when files would change
    #[command(after_help = "Examples:\n  dockgen check\n  dockgen check --format github")]
    Check(CheckArgs),
    /// Write again what nobody edited, show what else would change
    #[command(
        after_help = "A file that was edited by hand is up to date until the repository moves, and is then left as it is.\n`dockgen migrate` makes settings of the edits, so that they survive.\n\nExamples:\n  dockgen update"
    )]
    Update(UpdateArgs),
    /// Show what dockgen sees and why; writes nothing
    #[command(after_help = "Examples:\n  dockgen plan\n  dockgen plan --format json")]
    Plan(PlanArgs),
    /// Build, run, probe, stop and rebuild what a Dockerfile makes
    #[command(after_help = "Examples:\n  dockgen verify\n  dockgen verify --compare Dockerfile.old")]
    Verify(crate::cli::verify::VerifyArgs),
    /// List Dockerfiles: base, end of life, user, easy or hard
    #[command(after_help = "Examples:\n  dockgen inventory --format csv")]
    Inventory(InventoryArgs),
    /// Rebuild old Dockerfiles, accounting for every instruction
    #[command(after_help = "Examples:\n  dockgen migrate --level safe")]
    Migrate(MigrateArgs),
    /// Say what is wrong with Dockerfiles, any Dockerfiles
    #[command(after_help = "Examples:\n  dockgen lint Dockerfile --format sarif")]
    Lint(LintArgs),
    /// Print why a rule of `lint` is one
    #[command(after_help = "Examples:\n  dockgen explain\n  dockgen explain root-user")]
    Explain {
        /// The code of a finding; all rules without
        code: Option<String>,
    },
    /// Show the settings that hold, and where each comes from
    #[command(after_help = "Examples:\n  dockgen config show --origin")]
    Config(ConfigArgs),
    /// List, show, copy and check templates
    #[command(
        after_help = "Examples:\n  dockgen templates list\n  dockgen templates eject base/runtime.tera --block labels\n  dockgen templates check"
    )]
    Templates(TemplatesArgs),
    /// Print the JSON schema of a document
    #[command(after_help = "Examples:\n  dockgen schema config")]
    Schema(SchemaArgs),
    /// Say what is there of what dockgen's commands want
    #[command(after_help = "Examples:\n  dockgen doctor")]
    Doctor(DoctorArgs),
    /// Print the manual page, or write all pages into a folder
    #[command(after_help = "Examples:\n  dockgen man\n  dockgen man man1")]
    Man {
        /// The folder for all pages, such as /usr/local/share/man/man1
        folder: Option<PathBuf>,
    },
    /// Print a completion script
    #[command(after_help = "Examples:\n  dockgen completions bash")]
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

    /// The folder is a template: placeholders such as {{ name }} stay
    #[arg(long)]
    pub template: bool,

    /// Ask nothing, and print one JSON document: questions, files, findings
    #[arg(long, conflicts_with_all = ["diff", "check", "stdout"])]
    pub json: bool,

    /// Take answers from a JSON file, or - for stdin
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,

    /// Also compose.yaml: the port, and databases that libraries talk to
    #[arg(long)]
    pub compose: bool,

    /// Also docker-bake.hcl: images, tests and platforms
    #[arg(long)]
    pub bake: bool,

    /// Also CI jobs that build, test and check drift: github or gitlab
    #[arg(long, value_name = "CI", value_enum, hide_possible_values = true)]
    pub ci: Vec<CiName>,

    /// Also devcontainer.json on the stage with the tools
    #[arg(long)]
    pub devcontainer: bool,

    /// Ask registries for the digests of base images, and keep to them
    #[arg(long, conflicts_with_all = ["check", "template"])]
    pub pin: bool,

    #[arg(skip)]
    pub format: CheckFormat,

    #[arg(skip)]
    pub theirs: Theirs,
}

/// What commands are about that nobody watches.
#[derive(Debug, Clone, ClapArgs)]
pub(super) struct Wanted {
    #[command(flatten)]
    pub target: Target,

    /// All services of a monorepo
    #[arg(long, conflicts_with = "service")]
    pub all: bool,

    /// Nothing recognised is a success
    #[arg(long)]
    pub if_detected: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub wanted: Wanted,

    /// text, json or github (annotations)
    #[arg(long, value_enum, default_value_t, hide_possible_values = true)]
    pub format: CheckFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum CheckFormat {
    #[default]
    Text,
    Json,
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CiName {
    Github,
    Gitlab,
}

/// What becomes of files that a person wrote or edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Theirs {
    /// Nothing is written while one is in the way.
    #[default]
    StandInTheWay,
    /// They stay, their diff is shown, and the others are written.
    AreShown,
}

#[derive(Debug, Clone, ClapArgs)]
pub(super) struct UpdateArgs {
    #[command(flatten)]
    pub wanted: Wanted,

    /// Ask registries for newer digests of base images
    #[arg(long)]
    pub pin: bool,
}

impl InitArgs {
    /// The files beside the Dockerfile that flags ask for.
    pub fn emitters(&self) -> Vec<Emitter> {
        let ci = self.ci.iter().map(|name| match name {
            CiName::Github => Emitter::Github,
            CiName::Gitlab => Emitter::Gitlab,
        });
        let flags = [
            (self.compose, Emitter::Compose),
            (self.bake, Emitter::Bake),
            (self.devcontainer, Emitter::Devcontainer),
        ];
        flags.into_iter().filter_map(|(is_set, emitter)| is_set.then_some(emitter)).chain(ci).collect()
    }

    /// The same command without a terminal, and with nothing asked for.
    fn quiet(Wanted { target, all, if_detected }: &Wanted) -> Self {
        Self {
            target: target.clone(),
            yes: true,
            dry_run: false,
            diff: false,
            check: false,
            stdout: false,
            all: *all,
            force: false,
            if_detected: *if_detected,
            template: false,
            json: false,
            answers: None,
            compose: false,
            bake: false,
            ci: Vec::new(),
            devcontainer: false,
            pin: false,
            format: CheckFormat::Text,
            theirs: Theirs::StandInTheWay,
        }
    }
}

impl UpdateArgs {
    /// `dockgen update` is `dockgen init` for files that are there.
    pub fn as_init(&self) -> InitArgs {
        let quiet = InitArgs::quiet(&self.wanted);
        InitArgs { theirs: Theirs::AreShown, pin: self.pin, ..quiet }
    }
}

impl CheckArgs {
    /// `dockgen check` is `dockgen init --check`.
    pub fn as_init(&self) -> InitArgs {
        let quiet = InitArgs::quiet(&self.wanted);
        InitArgs { check: true, format: self.format, ..quiet }
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
pub(super) struct SchemaArgs {
    /// plan, config (dockgen.toml), templates (their values), init (--json)
    #[arg(value_enum, hide_possible_values = true)]
    pub document: Document,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Document {
    Plan,
    Config,
    Templates,
    Init,
}

#[derive(Debug, Clone, ClapArgs)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    pub command: ConfigCommand,
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print the settings that hold, in the syntax of dockgen.toml
    Show(ShowArgs),
}

#[derive(Debug, Clone, ClapArgs)]
pub(super) struct TemplatesArgs {
    #[command(subcommand)]
    pub command: TemplatesCommand,
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum TemplatesCommand {
    /// Print the names of all templates, and whose each is
    List {
        /// The repository, or a company's folder
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Print a template
    Show {
        /// Its name, such as go/build.tera
        name: String,
        /// The repository, or a company's folder
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Copy a template, or one block of it, to where the project may change it
    Eject {
        /// Its name, such as go/build.tera
        name: String,
        /// Only this block, above the template as it is
        #[arg(long)]
        block: Option<String>,
        /// The repository
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Load the templates of a repository or a company, and print with them
    Check {
        /// The repository, or a company's folder
        #[arg(default_value = ".")]
        path: PathBuf,
    },
}

#[derive(Debug, Clone, ClapArgs)]
pub(super) struct DoctorArgs {
    /// The repository
    #[arg(default_value = ".")]
    pub path: PathBuf,
}

#[derive(Debug, Clone, ClapArgs)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    pub target: Target,

    /// Say behind each setting where it comes from
    #[arg(long)]
    pub origin: bool,

    /// text or json
    #[arg(long, value_enum, default_value_t = Format::Text, hide_possible_values = true)]
    pub format: Format,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a small terminal.
    const SCREEN: usize = 24;

    #[test]
    fn the_definition_is_consistent_and_help_fits_a_screen() {
        command().debug_assert();
        let mut args = command();
        args.build();
        for command in args.get_subcommands_mut() {
            let help = command.render_help().to_string();
            assert!(help.lines().count() <= 40, "{}: {help}", command.get_name());
            assert!(help.lines().all(|line| line.chars().count() <= 80), "{}: {help}", command.get_name());
        }
        let help = command().render_help().to_string();
        assert!(help.lines().count() <= SCREEN, "{help}");
        for command in args.get_subcommands().map(clap::Command::get_name).filter(|name| *name != "help") {
            assert!(help.contains(&format!(" {command} ")), "the first page leaves out {command}");
        }
    }
}
