//! `dockgen inventory` and `dockgen migrate`: many old Dockerfiles, an account of each, and only then a change.

use crate::cli::args::{InventoryArgs, MigrateArgs, MigrateFormat, TableFormat};
use crate::cli::repositories::{self, Repository};
use crate::cli::term::Term;
use crate::cli::{Exit, Failure};
use crate::config::Settings;
use crate::migrate::{self, Migration, Outcome, Row, inventory};
use crate::out::{self, Consent};
use crate::plan::plan;
use crate::repo::RelPath;
use crate::stack;

/// Runs `dockgen inventory`.
pub(super) fn inventory(args: &InventoryArgs, term: &Term) -> Result<Exit, Failure> {
    let mut rows: Vec<Row> = Vec::new();
    let mut is_whole = true;
    for repository in repositories::find(&args.paths)? {
        match rows_of(&repository) {
            Ok(found) => rows.extend(found),
            Err(bad) => {
                is_whole = false;
                term.error(&bad.message, bad.help.as_deref());
            }
        }
    }
    if rows.is_empty() && is_whole {
        return Err(nothing());
    }
    term.data(&match args.format {
        TableFormat::Text => inventory::table(&rows),
        TableFormat::Json => inventory::json(&rows),
        TableFormat::Csv => inventory::csv(&rows),
    })?;
    Ok(if is_whole { Exit::Done } else { Exit::Findings })
}

fn rows_of(repository: &Repository) -> Result<Vec<Row>, Failure> {
    let read = repository.read()?;
    if read.dockerfiles.is_empty() {
        return Ok(Vec::new());
    }
    // Settings that do not read are a matter of `init`; the table is about Dockerfiles.
    let settings = Settings::read(&read.inventory, &stack::keys()).unwrap_or_default();
    let planned = plan(&read.inventory, &settings);
    let shown = repository.shown();
    let row = |(path, text): &(_, String)| migrate::survey(&shown, path, text, &planned);
    Ok(read.dockerfiles.iter().map(row).collect())
}

fn nothing() -> Failure {
    Failure::new(Exit::Nothing, "there is no Dockerfile")
        .help("looked for Dockerfile, Dockerfile.*, *.Dockerfile and Containerfile")
}

/// Runs `dockgen migrate`.
pub(super) fn run(args: &MigrateArgs, term: &Term) -> Result<Exit, Failure> {
    let mut tally = Tally::default();
    let mut documents = Vec::new();
    for repository in repositories::find(&args.paths)? {
        match one(args, &repository, term, &mut tally) {
            Ok(made) => documents.extend(made.into_iter().map(
                |migration| serde_json::json!({ "repository": repository.shown(), "migration": migration }),
            )),
            // One broken repository stops nobody.
            Err(bad) => {
                tally.broken += 1;
                term.error(&bad.message, bad.help.as_deref());
            }
        }
    }
    if args.format == MigrateFormat::Json {
        term.data(&format!("{:#}\n", serde_json::json!({ "schema_version": 1, "migrations": documents })))?;
    }
    if tally.files == 0 && tally.broken == 0 {
        return Err(nothing());
    }
    term.say(&format!(
        "{} files: {} {}, {} with nothing to do, {} refused",
        tally.files,
        tally.changed,
        if args.write { "written" } else { "would change" },
        tally.nothing,
        tally.refused
    ));
    if !args.write && tally.changed > 0 {
        term.next("dockgen migrate --write");
    }
    let is_bad = tally.refused + tally.kept + tally.broken > 0 || tally.secrets > 0;
    Ok(if is_bad { Exit::Findings } else { Exit::Done })
}

#[derive(Default)]
struct Tally {
    files: usize,
    changed: usize,
    nothing: usize,
    refused: usize,
    /// Not written because git could not bring it back.
    kept: usize,
    secrets: usize,
    broken: usize,
}

fn one(
    args: &MigrateArgs,
    repository: &Repository,
    term: &Term,
    tally: &mut Tally,
) -> Result<Vec<Migration>, Failure> {
    let mut all = Vec::new();
    let read = repository.read()?;
    for (path, text) in read.dockerfiles {
        let made = migrate::migrate(&path, &text, &read.inventory, args.level.into());
        tally.files += 1;
        tally.secrets += made.secrets.len();
        if args.format == MigrateFormat::Text {
            show(repository, &made, term)?;
        }
        match made.outcome {
            Outcome::Nothing => tally.nothing += 1,
            Outcome::Refused => tally.refused += 1,
            Outcome::Changed if args.write => write(args, repository, &made, term, tally)?,
            Outcome::Changed => tally.changed += 1,
        }
        all.push(made);
    }
    Ok(all)
}

fn write(
    args: &MigrateArgs,
    repository: &Repository,
    made: &Migration,
    term: &Term,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let shown = |path: &RelPath| repository.root.join(path.as_str()).display().to_string();
    let open = made.ledger.for_a_person().count();
    if open > 0 && !args.accept_open {
        tally.kept += 1;
        let message = format!(
            "`{}` was not written: {open} of its instructions are left to a person",
            shown(&made.path)
        );
        term.error(
            &message,
            Some("see the ledger; --accept-open writes what there is, --level safe asks for nothing"),
        );
        return Ok(());
    }
    let unsaved = made.files.iter().find_map(|file| Some((file, repository.unsaved(&file.path)?)));
    if let Some((file, why)) = unsaved.filter(|_| !args.allow_dirty) {
        tally.kept += 1;
        let message = format!("`{}` was not written: {why}", shown(&file.path));
        term.error(&message, Some("commit it first, or pass --allow-dirty"));
        return Ok(());
    }
    out::write(&repository.root, made.files.iter().map(|file| (file, Consent::AnyFile)))
        .map_err(|bad| Failure::new(Exit::Misuse, bad.to_string()))?;
    tally.changed += 1;
    for file in &made.files {
        term.done("written", &shown(&file.path));
    }
    Ok(())
}

/// The diff and the ledger on stdout, what is urgent on stderr.
fn show(repository: &Repository, made: &Migration, term: &Term) -> Result<(), Failure> {
    let shown = repository.root.join(made.path.as_str()).display().to_string();
    term.data(&format!("==> {shown} <==\n"))?;
    term.diff(&made.diff)?;
    term.data(&format!("{}", made.ledger))?;
    for obstacle in &made.obstacles {
        let title = obstacle.kind.title();
        term.data(&format!("line {}: {title}: {}\n", obstacle.line, obstacle.why))?;
    }
    for difference in &made.differences {
        term.data(&format!("differs: {difference}\n"))?;
    }
    term.data(&format!("findings: {} before, {} after\n\n", made.findings_before, made.findings_after))?;
    for (line, name) in &made.secrets {
        let help = "revoke it, and give it to the container, or to the build as a secret mount";
        term.error(&format!("{shown}:{line}: `{name}` looks like a secret"), Some(help));
    }
    Ok(())
}
