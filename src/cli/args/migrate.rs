//! The words of `dockgen inventory` and `dockgen migrate`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

#[derive(Debug, Clone, ClapArgs)]
pub(in crate::cli) struct InventoryArgs {
    /// Repositories, folders of repositories, or Dockerfiles
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,

    /// text, json or csv
    #[arg(long, value_enum, default_value_t = TableFormat::Text, hide_possible_values = true)]
    pub format: TableFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum TableFormat {
    Text,
    Json,
    Csv,
}

#[derive(Debug, Clone, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag as it was typed")]
pub(in crate::cli) struct MigrateArgs {
    /// Repositories, folders of repositories, or Dockerfiles
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// A list of them, a path on each line; - is stdin
    #[arg(long, value_name = "FILE")]
    pub repos: Option<PathBuf>,

    /// safe (a cleaner text), restage (stages) or harden (no root, smallest base)
    #[arg(long, value_enum, default_value_t = Level::Restage, hide_possible_values = true, hide_default_value = true)]
    pub level: Level,

    /// A TOML file whose [migrate.bases] holds for every repository
    #[arg(long, value_name = "FILE")]
    pub bases: Option<PathBuf>,

    /// Write the files; without, only the diff and the ledger are shown
    #[arg(long, group = "delivery")]
    pub write: bool,

    /// Write a patch for `git am` for each repository
    #[arg(long, value_name = "DIR", group = "delivery")]
    pub patch_dir: Option<PathBuf>,

    /// Commit to a new branch of each repository; nothing is checked out or pushed
    #[arg(long, value_name = "NAME", group = "delivery")]
    pub branch: Option<String>,

    /// Also write files that git could not bring back
    #[arg(long, requires = "write")]
    pub allow_dirty: bool,

    /// Also deliver files of which something is left to a person
    #[arg(long, requires = "delivery")]
    pub accept_open: bool,

    /// Keep what was done here, and go on from there when started again
    #[arg(long, value_name = "DIR")]
    pub run_dir: Option<PathBuf>,

    /// Build and run old and new; what does worse is not delivered
    #[arg(long)]
    pub verify: bool,

    /// Put the new files there, and a docker-bake.hcl that builds old and new
    #[arg(long, value_name = "DIR", conflicts_with = "write")]
    pub bake: Option<PathBuf>,

    /// Ask about what is left to a person
    #[arg(short, long, conflicts_with_all = ["run_dir", "format"])]
    pub interactive: bool,

    /// Write a report; its name ends in .html, .json or .md
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Stop when this many repositories change
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,

    /// easy: leave out files that something stands in the way of
    #[arg(long, value_enum, hide_possible_values = true)]
    pub only: Option<Only>,

    /// text or json
    #[arg(long, value_enum, default_value_t = MigrateFormat::Text, hide_possible_values = true)]
    pub format: MigrateFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Only {
    Easy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Level {
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
pub(in crate::cli) enum MigrateFormat {
    Text,
    Json,
}
