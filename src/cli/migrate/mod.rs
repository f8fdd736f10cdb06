//! `dockgen inventory` and `dockgen migrate`: many old Dockerfiles, an account of each, and only then a change.

mod bake;
mod git;
mod journal;
mod proof;
mod report;
mod work;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::args::{InventoryArgs, MigrateArgs, MigrateFormat, Only, TableFormat};
use crate::cli::repositories::{self, Repository};
use crate::cli::term::Term;
use crate::cli::{Exit, Failure};
use crate::config::{self, Settings};
use crate::migrate::report::Totals;
use crate::migrate::{self, Bases, Migration, Outcome, Row, inventory};
use crate::plan::run::quote;
use crate::repo::Inventory;
use crate::stack;
use crate::threads::in_order;

use bake::{Baked, Baker};
use journal::{Done, FileDone, Journal};
use proof::Prover;
use work::{Asks, Delivery, Dirty, Open, Planned, Work};

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
    let settings = Settings::read_with(&read.inventory, read.company.as_ref(), &stack::keys());
    let settings = settings.unwrap_or_default();
    let plan = read.beside(None).plan(&read.inventory, &settings);
    let (shown, bases) = (repository.shown(), Bases::of(&settings));
    let planned = migrate::Planned { inventory: &read.inventory, plan: &plan, bases: &bases };
    let row = |(path, text): &(_, String)| migrate::survey(&shown, path, text, planned);
    Ok(read.dockerfiles.iter().map(row).collect())
}

fn nothing() -> Failure {
    Failure::new(Exit::Nothing, "there is no Dockerfile")
        .help("looked for Dockerfile, Dockerfile.*, *.Dockerfile and Containerfile")
}

/// Runs `dockgen migrate`.
pub(super) fn run(args: &MigrateArgs, term: &Term) -> Result<Exit, Failure> {
    let repositories = meant(args)?;
    if args.interactive && !term.is_interactive() {
        let bad = Failure::new(Exit::Misuse, "there is no terminal to ask on");
        return Err(bad.help("without --interactive what is left to a person stands in the ledger"));
    }
    let work = work(args, &repositories)?;
    let mut run = Run {
        args,
        term,
        work: &work,
        tally: Tally::default(),
        totals: Totals::default(),
        all: repositories.len(),
        shown: 0,
        baked: Vec::new(),
    };
    if args.format == MigrateFormat::Json {
        term.data("{\"schema_version\":1,\"migrations\":[")?;
    }
    let mut failed = None;
    let plan = |repository: &Repository| match work.plan(repository)? {
        // How many may still change is only known when all those before are done.
        planned if args.limit.is_some() => Ok(planned),
        planned => work.deliver(planned).map(Planned::Done),
    };
    let each = |repository: &Repository, planned: Option<Result<Planned, Failure>>| {
        if args.limit.is_some_and(|limit| run.tally.repositories >= limit) {
            return ControlFlow::Break(());
        }
        let planned = planned.unwrap_or_else(|| {
            Ok(Planned::Ready { done: work::defect(repository), root: PathBuf::new(), changes: Vec::new() })
        });
        let done = planned.and_then(|planned| work.deliver(planned));
        match done.and_then(|done| run.take(&done, repository)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(bad) => {
                failed = Some(bad);
                ControlFlow::Break(())
            }
        }
    };
    one_or_all(&work, &repositories, plan, each);
    if let Some(bad) = failed {
        return Err(bad);
    }
    if let (Some(path), Some(journal)) = (&args.report, &work.journal) {
        report::write(path, &run.totals, &repositories, journal)?;
        term.done("report", &path.display().to_string());
    }
    run.end()
}

/// All repositories at once, or one after the other where a person is asked about them.
fn one_or_all(
    work: &Work,
    repositories: &[Repository],
    plan: impl Fn(&Repository) -> Result<Planned, Failure> + Sync,
    mut each: impl FnMut(&Repository, Option<Result<Planned, Failure>>) -> ControlFlow<()>,
) {
    match work.asks {
        Asks::Nobody => in_order(repositories, plan, each),
        Asks::Person => {
            let _ = repositories.iter().try_for_each(|repository| each(repository, Some(plan(repository))));
        }
    }
}

/// The repositories that were named, on the command line and in a list.
fn meant(args: &MigrateArgs) -> Result<Vec<Repository>, Failure> {
    let here = [PathBuf::from(".")];
    match &args.repos {
        None if args.paths.is_empty() => repositories::find(&here),
        None => repositories::find(&args.paths),
        Some(list) => {
            let mut all = repositories::find(&args.paths)?;
            all.extend(repositories::listed(list)?);
            Ok(all)
        }
    }
}

fn work(args: &MigrateArgs, repositories: &[Repository]) -> Result<Work, Failure> {
    let delivery = match (&args.patch_dir, &args.branch) {
        (Some(folder), _) => Delivery::Patch(folder.clone()),
        (None, Some(name)) => Delivery::Branch(name.clone()),
        (None, None) if args.write => Delivery::Write,
        (None, None) => Delivery::Show,
    };
    let mut work = Work {
        level: args.level.into(),
        dirty: if args.allow_dirty { Dirty::Allowed } else { Dirty::Refused },
        open: if args.accept_open { Open::Accepted } else { Open::Kept },
        only: args.only,
        bases: args.bases.as_deref().map(bases).transpose()?.unwrap_or_default(),
        asks: if args.interactive { Asks::Person } else { Asks::Nobody },
        baker: None,
        prover: None,
        journal: None,
        patches: work::patch_names(repositories),
        author: String::new(),
        delivery,
    };
    match &work.delivery {
        Delivery::Patch(folder) => {
            work.author = git::author();
            std::fs::create_dir_all(folder).map_err(|bad| {
                Failure::new(Exit::Misuse, format!("cannot make `{}`: {bad}", folder.display()))
            })?;
        }
        Delivery::Branch(name) => match git::is_branch_name(name) {
            Ok(true) => {}
            Ok(false) => {
                return Err(Failure::new(Exit::Misuse, format!("`{name}` is no name for a branch")));
            }
            Err(bad) => return Err(Failure::new(Exit::ToolMissing, bad)),
        },
        Delivery::Show | Delivery::Write => {}
    }
    if let Some(path) = &args.report {
        report::format(path)?;
    }
    work.baker = args.bake.as_deref().map(|folder| Baker::new(folder, &work.patches)).transpose()?;
    if args.verify {
        work.prover = Some(Prover::new()?);
    }
    // Opened last: a run directory is only begun for a run that can begin.
    let options = options(args);
    work.journal = match (&args.run_dir, &args.report) {
        (Some(folder), _) => Some(Journal::open(folder, &options)?),
        // The rows of a report wait on disk, not in memory.
        (None, Some(_)) => Some(Journal::scratch(&options)?),
        (None, None) => None,
    };
    Ok(work)
}

/// What a run was asked for, as far as it has to be the same when it goes on.
fn options(args: &MigrateArgs) -> String {
    let mut words = vec![format!("--level {}", format!("{:?}", args.level).to_lowercase())];
    let paths = [("--patch-dir", &args.patch_dir), ("--bases", &args.bases), ("--bake", &args.bake)];
    words
        .extend(paths.iter().filter_map(|(flag, path)| Some(format!("{flag} {}", path.as_ref()?.display()))));
    words.extend(args.branch.iter().map(|name| format!("--branch {name}")));
    words.extend(args.only.iter().map(|Only::Easy| "--only easy".to_owned()));
    let flags = [
        ("--write", args.write),
        ("--verify", args.verify),
        ("--allow-dirty", args.allow_dirty),
        ("--accept-open", args.accept_open),
    ];
    words.extend(flags.iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| (*flag).to_owned()));
    words.join(" ")
}

/// The `[migrate.bases]` of a file of its own.
fn bases(path: &Path) -> Result<Bases, Failure> {
    let refuse = |why: String| Failure::new(Exit::Misuse, format!("cannot use `{}`: {why}", path.display()));
    #[expect(clippy::disallowed_methods, reason = "the file that a person named")]
    let text = std::fs::read_to_string(path).map_err(|bad| refuse(bad.to_string()))?;
    let alone = Inventory::from_files([(config::FILE, text.as_str())]);
    let settings = Settings::read(&alone, &stack::keys()).map_err(|problems| {
        let first = problems.into_iter().next();
        let line = first.as_ref().and_then(|bad| bad.at.as_ref()?.line).unwrap_or(1);
        refuse(format!("line {line}: {}", first.map(|bad| bad.message).unwrap_or_default()))
    })?;
    Ok(Bases::of(&settings))
}

/// A run, as it is told to a person.
struct Run<'a> {
    args: &'a MigrateArgs,
    term: &'a Term,
    work: &'a Work,
    tally: Tally,
    totals: Totals,
    all: usize,
    shown: usize,
    /// What a builder is given.
    baked: Vec<Baked>,
}

#[derive(Default)]
struct Tally {
    seen: usize,
    files: usize,
    changed: usize,
    nothing: usize,
    refused: usize,
    /// Not delivered: git could not bring it back, or something is left to a person.
    kept: usize,
    left_out: usize,
    secrets: usize,
    broken: usize,
    /// Repositories in which something changes.
    repositories: usize,
}

impl Run<'_> {
    /// Tells what came of a repository.
    fn take(&mut self, done: &Done, repository: &Repository) -> Result<(), Failure> {
        if self.work.baker.is_some() {
            self.baked.extend(bake::of(done, &repository.root));
        }
        let before = self.tally.changed;
        for item in report::items(done) {
            self.totals.add(&item);
        }
        for file in &done.files {
            self.file(done, file)?;
        }
        self.tally.repositories += usize::from(self.tally.changed > before);
        self.tally.seen += 1;
        if let Some(bad) = &done.broken {
            // One broken repository stops nobody.
            self.tally.broken += 1;
            self.term.error(&bad.message, bad.help.as_deref());
        }
        if self.all > 1 {
            let tally = &self.tally;
            let about = format!("repositories, {} files {}", tally.changed, self.work.delivery.verb());
            self.term.progress(tally.seen, self.all, &about);
        }
        Ok(())
    }

    fn file(&mut self, done: &Done, file: &FileDone) -> Result<(), Failure> {
        let Some(made) = file.migration() else {
            self.tally.left_out += 1;
            return Ok(());
        };
        let shown = |name: &str| Path::new(&done.repository).join(name).display().to_string();
        self.tally.files += 1;
        self.tally.secrets += made.secrets.len();
        match self.args.format {
            MigrateFormat::Json => {
                let document = serde_json::json!({ "repository": done.repository, "migration": made });
                let comma = if self.shown == 0 { "" } else { "," };
                self.term.data(&format!("{comma}\n{document}"))?;
                self.shown += 1;
            }
            // What goes into patches, commits and reports is read there.
            MigrateFormat::Text
                if matches!(self.work.delivery, Delivery::Show | Delivery::Write)
                    && self.args.report.is_none() =>
            {
                show(&shown(made.path.as_str()), made, self.term)?;
            }
            MigrateFormat::Text => {}
        }
        for (line, name) in &made.secrets {
            let help = "revoke it, and give it to the container, or to the build as a secret mount";
            let message = format!("{}:{line}: `{name}` looks like a secret", shown(made.path.as_str()));
            self.term.error(&message, Some(help));
        }
        match (file, made.outcome) {
            (_, Outcome::Nothing) => self.tally.nothing += 1,
            (_, Outcome::Refused) => self.tally.refused += 1,
            (FileDone::Kept { said, .. }, _) => {
                self.tally.kept += 1;
                self.term.error(&said.message, said.help.as_deref());
            }
            (FileDone::Delivered { to, .. }, _) => {
                self.tally.changed += 1;
                match &self.work.delivery {
                    Delivery::Show => {}
                    Delivery::Write => {
                        for path in &made.written {
                            self.term.done("written", &shown(path.as_str()));
                        }
                    }
                    Delivery::Patch(_) => self.term.done("patch", to),
                    Delivery::Branch(_) => {
                        let what = format!("{} on branch {to}", shown(made.path.as_str()));
                        self.term.done("committed", &what);
                    }
                }
            }
            (FileDone::Shown { .. } | FileDone::LeftOut { .. }, Outcome::Changed) => {
                // Of what could not be delivered the repository's own words say why.
                self.tally.changed += usize::from(self.work.delivery == Delivery::Show);
            }
        }
        Ok(())
    }

    fn end(self) -> Result<Exit, Failure> {
        let Self { args, term, work, tally, all, baked, .. } = self;
        term.clear();
        if let Some(baker) = &work.baker {
            let (path, images) = baker.write(&baked)?;
            term.done("bake", &format!("{} with {images} images", path.display()));
        }
        if args.format == MigrateFormat::Json {
            term.data("\n]}\n")?;
        }
        if tally.files == 0 && tally.broken == 0 && tally.left_out == 0 {
            return Err(nothing());
        }
        let mut sum = format!(
            "{} files: {} {}, {} with nothing to do, {} refused",
            tally.files,
            tally.changed,
            work.delivery.verb(),
            tally.nothing,
            tally.refused
        );
        for (count, what) in [
            (tally.kept, "not delivered"),
            (tally.left_out, "left out"),
            (tally.broken, "repositories broken"),
            (all - tally.seen, "repositories not looked at"),
        ] {
            if count > 0 {
                sum = format!("{sum}, {count} {what}");
            }
        }
        term.say(&sum);
        if work.delivery == Delivery::Show && tally.changed > 0 {
            term.next(&format!("dockgen migrate --write{}", repeated(self.args)));
        }
        let is_bad = tally.refused + tally.kept + tally.broken > 0 || tally.secrets > 0;
        Ok(if is_bad { Exit::Findings } else { Exit::Done })
    }
}

/// What was asked for, for the command that comes next.
fn repeated(args: &MigrateArgs) -> String {
    let mut words: Vec<String> = Vec::new();
    for (flag, value) in [
        ("--repos", args.repos.as_ref().map(|path| path.display().to_string())),
        (
            "--level",
            (migrate::Level::from(args.level) != migrate::Level::Restage).then(|| value_of(&args.level)),
        ),
        ("--bases", args.bases.as_ref().map(|path| path.display().to_string())),
        ("--only", args.only.map(|only| value_of(&only))),
        ("--limit", args.limit.map(|limit| limit.to_string())),
    ] {
        words.extend(value.map(|value| format!("{flag} {}", quote(&value))));
    }
    words.extend(args.paths.iter().map(|path| quote(&path.display().to_string())));
    words.iter().fold(String::new(), |all, word| format!("{all} {word}"))
}

fn value_of(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned())
}

/// The diff and the ledger on stdout.
fn show(shown: &str, made: &Migration, term: &Term) -> Result<(), Failure> {
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
    if let Some(measured) = &made.measured {
        for said in &measured.said {
            term.data(&format!("{said}\n"))?;
        }
        for row in &measured.rows {
            term.data(&format!("{:<9} {} -> {}\n", row.what, row.before, row.after))?;
        }
    }
    term.data(&format!("findings: {} before, {} after\n\n", made.findings_before, made.findings_after))
}
