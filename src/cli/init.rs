//! `dockgen init`: looks, asks what is unclear, and writes; or prints, diffs, checks.
//!
//! A file that a person wrote or edited is never replaced without consent, on a terminal or off it.

use crate::cli::answers::Given;
use crate::cli::args::{InitArgs, Target, Theirs};
use crate::cli::document::{Action, Document, File, Refused, answers};
use crate::cli::session::Session;
use crate::cli::term::Term;
use crate::cli::{Exit, Failure, ask, cause, pin, plan as plan_command};
use crate::config::outputs::{self, System};
use crate::config::{Settings, keys};
use crate::diag::{Diagnostic, Severity};
use crate::out::{self, Consent, OutFile, Outcome, Standing};
use crate::plan::question::Question;
use crate::plan::service::Service;
use crate::render::Emitter;
use crate::repo::RelPath;
use crate::stack::common::configuration::EXAMPLES;

/// A planned file, and what lies at its path now.
pub(super) struct Planned {
    pub file: OutFile,
    pub standing: Standing,
    /// What a person changed is theirs, and nothing else has moved: there is nothing to do.
    pub is_settled: bool,
}

/// Runs the command. With `--json` what became of it is one document on stdout, also when nothing did.
pub(super) fn run(args: &InitArgs, term: &Term) -> Result<Exit, Failure> {
    let mut document = Document::default();
    let ended = perform(args, &mut document, term);
    if args.json {
        if let Err(failure) = &ended {
            document.error = Some(Refused { message: failure.message.clone(), help: failure.help.clone() });
        }
        term.data(&document.text())?;
    }
    ended
}

fn perform(args: &InitArgs, document: &mut Document, term: &Term) -> Result<Exit, Failure> {
    let mut session = if args.template {
        Session::open_template(&args.target, term)?
    } else {
        Session::open(&args.target, term)?
    };
    document.diagnostics.clone_from(&session.plan.diagnostics);
    if session.plan.services.is_empty() {
        return nothing(args, &session, term);
    }
    let decided = decide(args, &mut session, term)?;
    document.serve(&decided.services);
    document.questions = questions(&session, &decided.services).cloned().collect();
    document.diagnostics.clone_from(&session.plan.diagnostics);
    refuse_open_questions(&session, &decided.services)?;
    say_assumed(&session, &decided.services, &decided.given, term);
    refuse_errors(&session, term)?;

    let (planned, findings) = print(args, &session, &decided.services, term)?;
    document.diagnostics = findings;
    refuse_broken(&document.diagnostics, &session, term)?;
    deliver(args, &session, &decided, planned, document, term)
}

/// Which services are meant, and what was said about them.
struct Decided {
    services: Vec<Service>,
    given: Vec<Given>,
    /// `dockgen.toml` with what was said, where that is kept.
    kept: Option<OutFile>,
}

/// Takes answers and flags, asks what is open, and keeps in `dockgen.toml` what was said.
fn decide(args: &InitArgs, session: &mut Session, term: &Term) -> Result<Decided, Failure> {
    let writes = !(args.check || args.diff || args.dry_run || args.stdout);
    let asks = term.is_interactive() && !args.yes && !args.check && !args.stdout && !args.json;
    let mut given = args.answers.as_deref().map(answers).transpose()?.unwrap_or_default();
    for answer in &given {
        session.take(answer)?;
    }
    session.replan();
    let mut services = if asks {
        let chosen = choose(args, session)?;
        answer(session, chosen, &mut given)?
    } else {
        meant(args, session, term)
    };
    let mut target = args.target.clone();
    if writes {
        given.extend(flags(&mut target)?);
    }
    if args.pin {
        let wish = Given { key: keys::PIN.name.to_owned(), service: None, value: "digest".to_owned() };
        session.take(&wish)?;
        given.push(wish);
    }
    let mut kept = None;
    if writes && !given.is_empty() {
        kept = session.keep(&target, &given, term)?;
        services = again(session, &services);
    }
    if args.pin {
        pin::ask(session, &services, term)?;
        services = again(session, &services);
    }
    Ok(Decided { services, given, kept })
}

/// Prints every file and reads it back: the files with what lies at their paths, and all that is to be said.
fn print(
    args: &InitArgs,
    session: &Session,
    services: &[Service],
    term: &Term,
) -> Result<(Vec<Planned>, Vec<Diagnostic>), Failure> {
    let (printed, read_back) = session.print(services, term)?;
    let files = printed.into_iter().flat_map(|files| [Some(files.dockerfile), files.dockerignore]).flatten();
    let mut planned: Vec<Planned> = files.map(|file| place(session, file)).collect();
    planned.extend(beside(args, session, services)?);
    Ok((planned, [session.plan.diagnostics.clone(), read_back].concat()))
}

fn refuse_broken(findings: &[Diagnostic], session: &Session, term: &Term) -> Result<(), Failure> {
    let Some(broken) = findings.iter().find(|finding| finding.severity == Severity::Error) else {
        return Ok(());
    };
    term.findings(std::slice::from_ref(broken), &session.inventory);
    Err(Failure::new(Exit::Misuse, "the files would not build; nothing was written"))
}

/// Does with the files what was asked for: shows, compares or writes them.
fn deliver(
    args: &InitArgs,
    session: &Session,
    decided: &Decided,
    planned: Vec<Planned>,
    document: &mut Document,
    term: &Term,
) -> Result<Exit, Failure> {
    let Decided { services, kept, .. } = decided;
    if args.stdout {
        return only_dockerfile(services, &planned, term);
    }
    if args.check {
        return cause::check(args.format, session, services, &planned, term);
    }
    for service in services {
        plan_command::summary(service, term);
    }
    term.findings(&document.diagnostics, &session.inventory);
    if args.diff {
        for planned in &planned {
            term.diff(&out::diff(&planned.file.path, existing(session, planned), &planned.file.text))?;
        }
        return Ok(Exit::Done);
    }
    if args.dry_run {
        return only_shown(args, planned, document, term);
    }
    let (left, planned) = match args.theirs {
        Theirs::AreShown => apart(planned)?,
        Theirs::StandInTheWay => (Vec::new(), planned),
    };
    document.files = write(args, session, services, planned, kept.as_ref(), term)?;
    show_left(&left, session, term)
}

/// What would be written.
fn only_shown(
    args: &InitArgs,
    planned: Vec<Planned>,
    document: &mut Document,
    term: &Term,
) -> Result<Exit, Failure> {
    for Planned { file: OutFile { path, text }, .. } in planned {
        if args.json {
            document.files.push(File { path, action: Action::Planned, text: Some(text) });
        } else {
            term.data(&format!("==> {path} <==\n{text}\n"))?;
        }
    }
    Ok(Exit::Done)
}

/// The files that a person has changed or written, and the others.
fn apart(planned: Vec<Planned>) -> Result<(Vec<Planned>, Vec<Planned>), Failure> {
    if !planned.iter().any(|planned| matches!(planned.standing, Standing::Untouched | Standing::Edited)) {
        let message = "nothing here was written by dockgen; nothing was written";
        return Err(Failure::new(Exit::Nothing, message).help("`dockgen init` writes the files"));
    }
    Ok(planned.into_iter().partition(|planned| {
        !planned.is_settled && matches!(planned.standing, Standing::Edited | Standing::Foreign)
    }))
}

/// Files with a person's changes: what else would change in them.
fn show_left(left: &[Planned], session: &Session, term: &Term) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for planned in left {
        let diff = out::diff(&planned.file.path, existing(session, planned), &planned.file.text);
        if !diff.is_empty() {
            term.diff(&diff)?;
            term.say(&format!("left as it is: {} has a person's changes", session.shown(&planned.file.path)));
            exit = Exit::Findings;
        }
    }
    if exit == Exit::Findings {
        term.say("`dockgen migrate` makes settings of such changes while nothing else has moved; `dockgen init --force` replaces them");
    }
    Ok(exit)
}

/// What `--set` says is kept like an answer, or the next `dockgen check` would call the files stale. It is
/// taken out of the target, so that the files cite `dockgen.toml`.
fn flags(target: &mut Target) -> Result<Vec<Given>, Failure> {
    let bad = |why: String| Failure::new(Exit::Misuse, why);
    let service =
        target.service.as_deref().map(RelPath::new).transpose().map_err(|why| bad(why.to_string()))?;
    let split = |assignment: String| {
        let (key, value) = assignment.split_once('=')?;
        Some(Given { key: key.trim().to_owned(), service: service.clone(), value: value.to_owned() })
    };
    Ok(std::mem::take(&mut target.set).into_iter().filter_map(split).collect())
}

fn nothing(args: &InitArgs, session: &Session, term: &Term) -> Result<Exit, Failure> {
    let errors = session.errors();
    if !errors.is_empty() {
        term.findings(&errors, &session.inventory);
        return Err(Failure::new(Exit::Misuse, "the project cannot be understood; nothing was written"));
    }
    term.findings(&session.plan.diagnostics, &session.inventory);
    if args.if_detected {
        term.say("nothing recognised; nothing was written");
        return Ok(Exit::Done);
    }
    Err(session.nothing())
}

/// The services that a person on a terminal chooses, where there is a choice.
fn choose(args: &InitArgs, session: &Session) -> Result<Vec<Service>, Failure> {
    let services = &session.plan.services;
    if args.all || services.len() == 1 {
        return Ok(services.clone());
    }
    let chosen = ask::which(services)?;
    Ok(chosen.into_iter().map(|at| services[at].clone()).collect())
}

/// The services that are meant where nobody is asked: the one in the root, or all there are.
fn meant(args: &InitArgs, session: &Session, term: &Term) -> Vec<Service> {
    let services = &session.plan.services;
    let root = services.iter().find(|service| service.dir.is_root());
    match root {
        Some(root) if !args.all && services.len() > 1 => {
            say_others(services, term);
            vec![root.clone()]
        }
        _ => services.clone(),
    }
}

/// The services below the root that are not meant unless somebody says so.
fn say_others(services: &[Service], term: &Term) {
    const SHOWN: usize = 5;
    let others: Vec<String> = services
        .iter()
        .filter(|service| !service.dir.is_root())
        .map(|service| service.dir.to_string())
        .collect();
    let more = others.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named: Vec<&str> = others.iter().take(SHOWN).map(String::as_str).collect();
    term.say(&format!("note: not written: {}{more}; `--service DIR` or `--all` does", named.join(", ")));
}

/// Asks what is open until nothing is. Each answer may open or close other questions.
fn answer(
    session: &mut Session,
    mut services: Vec<Service>,
    given: &mut Vec<Given>,
) -> Result<Vec<Service>, Failure> {
    loop {
        let open: Vec<Question> = questions(session, &services)
            .filter(|question| !given.iter().any(|g| g.key == question.key && g.service == question.service))
            .cloned()
            .collect();
        if open.is_empty() {
            return Ok(services);
        }
        for question in open {
            let value = ask::ask(&question)?;
            session.settings.answer(&question.key, question.service.as_ref(), &value);
            given.push(Given { key: question.key, service: question.service, value });
        }
        session.replan();
        services = again(session, &services);
    }
}

/// The same services in the plan as it is now.
fn again(session: &Session, services: &[Service]) -> Vec<Service> {
    let is_meant = |now: &&Service| services.iter().any(|then| then.dir == now.dir);
    session.plan.services.iter().filter(is_meant).cloned().collect()
}

fn questions<'s>(session: &'s Session, services: &'s [Service]) -> impl Iterator<Item = &'s Question> {
    session.plan.questions.iter().filter(|question| {
        question.service.as_ref().is_none_or(|dir| services.iter().any(|service| service.dir == *dir))
    })
}

/// A question without a safe default, and nobody to ask.
fn refuse_open_questions(session: &Session, services: &[Service]) -> Result<(), Failure> {
    let Some(open) = questions(session, services).find(|question| question.default.is_none()) else {
        return Ok(());
    };
    let answered = session.settings.table(&open.key).next().is_some();
    if answered {
        return Ok(());
    }
    let mut options: Vec<String> = open
        .options
        .iter()
        .map(|option| format!("--set {}={}   ({})", open.key, option.value, option.why))
        .collect();
    if options.is_empty() {
        options.push(format!("--set {}=…", open.key));
    }
    Err(Failure::new(Exit::Nothing, format!("{} Nothing decides it; nothing was written", open.ask))
        .help(options.join("\n")))
}

/// What was taken without asking.
fn say_assumed(session: &Session, services: &[Service], given: &[Given], term: &Term) {
    for question in questions(session, services) {
        let was_asked =
            given.iter().any(|given| given.key == question.key && given.service == question.service);
        if let Some(default) = question.default.as_ref().filter(|_| !was_asked) {
            let others: Vec<&str> = question
                .options
                .iter()
                .map(|option| option.value.as_str())
                .filter(|value| value != default)
                .collect();
            let others =
                if others.is_empty() { String::new() } else { format!(", not {}", others.join(", ")) };
            term.say(&format!(
                "note: took {} = {default}{others}; `--set {}=…` decides otherwise",
                question.key, question.key
            ));
        }
    }
}

fn refuse_errors(session: &Session, term: &Term) -> Result<(), Failure> {
    let errors = session.errors();
    if errors.is_empty() {
        return Ok(());
    }
    term.findings(&errors, &session.inventory);
    Err(Failure::new(Exit::Misuse, "the project cannot be understood; nothing was written"))
}

fn place(session: &Session, file: OutFile) -> Planned {
    let file = session.reopened(file);
    let existing = session.on_disk().doc(&file.path);
    let is_there = session.on_disk().has(&file.path);
    let standing = match existing {
        // A file that could not be read is somebody's.
        None if is_there => Standing::Foreign,
        _ => out::standing(existing.map(|doc| &**doc.text)),
    };
    // The same hash in an edited file: nothing but the person has moved.
    let hash = |text: &str| out::stamped(text).map(|(_, hash)| hash.to_owned());
    let same_origin =
        existing.and_then(|doc| hash(doc.text)).is_some_and(|was| hash(&file.text) == Some(was));
    Planned { is_settled: standing == Standing::Edited && same_origin, file, standing }
}

/// The files beside the Dockerfile: those that are asked for, and those that dockgen has written before, unless
/// `[files]` says that they are not dockgen's to keep.
fn beside(args: &InitArgs, session: &Session, services: &[Service]) -> Result<Vec<Planned>, Failure> {
    let mut wanted = args.emitters();
    let mut files = Vec::new();
    for emitter in Emitter::ALL {
        match wished(*emitter, &session.settings) {
            Some(true) => wanted.push(*emitter),
            Some(false) if !wanted.contains(emitter) => continue,
            Some(false) | None => {}
        }
        let there = session.on_disk().doc(&emitter.path()).map(|doc| out::standing(Some(doc.text)));
        let is_ours = matches!(there, Some(Standing::Untouched | Standing::Edited));
        if is_ours || wanted.contains(emitter) {
            let file = emitter.emit(services).map_err(|why| Failure::new(Exit::Misuse, why))?;
            files.push(place(session, file));
        }
    }
    Ok(files)
}

/// Does `[files]` want this one? These files are about all services at once.
fn wished(emitter: Emitter, settings: &Settings) -> Option<bool> {
    let runs_on = |system| settings.wish(&outputs::CI).map(|systems| systems.0.contains(&system));
    match emitter {
        Emitter::Compose => settings.wish(&outputs::COMPOSE),
        Emitter::Bake => settings.wish(&outputs::BAKE),
        Emitter::Devcontainer => settings.wish(&outputs::DEVCONTAINER),
        Emitter::Github => runs_on(System::Github),
        Emitter::Gitlab => runs_on(System::Gitlab),
    }
}

/// What lies at the path of a planned file.
pub(super) fn existing<'s>(session: &'s Session, planned: &Planned) -> Option<&'s str> {
    session.on_disk().doc(&planned.file.path).map(|doc| &**doc.text)
}

fn only_dockerfile(services: &[Service], planned: &[Planned], term: &Term) -> Result<Exit, Failure> {
    if let ([_], [dockerfile, ..]) = (services, planned) {
        term.data(&dockerfile.file.text)?;
        return Ok(Exit::Done);
    }
    let dirs: Vec<String> = services.iter().map(|service| format!("--service {}", service.dir)).collect();
    let message = "`--stdout` prints one Dockerfile, and several services are here";
    Err(Failure::new(Exit::Nothing, message).help(dirs.join("\n")))
}

fn write(
    args: &InitArgs,
    session: &Session,
    services: &[Service],
    planned: Vec<Planned>,
    kept: Option<&OutFile>,
    term: &Term,
) -> Result<Vec<File>, Failure> {
    let (settled, wanted): (Vec<Planned>, Vec<Planned>) =
        planned.into_iter().partition(|planned| planned.is_settled);
    for planned in &settled {
        term.done("kept", &format!("{} (edited by hand, and up to date)", session.shown(&planned.file.path)));
    }
    // What is there already is nobody's loss.
    let changes = |planned: &&Planned| existing(session, planned) != Some(planned.file.text.as_str());
    let theirs: Vec<&Planned> = wanted
        .iter()
        .filter(|planned| matches!(planned.standing, Standing::Edited | Standing::Foreign))
        .filter(changes)
        .collect();
    let mut consent = if args.force { Consent::AnyFile } else { Consent::OwnFiles };
    if !theirs.is_empty() && !args.force {
        for planned in &theirs {
            let who = if planned.standing == Standing::Edited { "edited" } else { "written" };
            term.say(&format!("`{}` was {who} by a person", session.shown(&planned.file.path)));
        }
        let may = term.is_interactive() && !args.yes && !args.json && ask::consent("Replace it?")?;
        if !may {
            let help =
                "`--diff` shows what would change, `--force` replaces it, `--stdout` prints the Dockerfile";
            let edited = theirs.iter().any(|planned| planned.standing == Standing::Edited);
            let help = if edited {
                format!("{help}; `dockgen migrate` makes settings of edits")
            } else {
                help.to_owned()
            };
            return Err(
                Failure::new(Exit::Findings, "a person's file is in the way; nothing was written").help(help)
            );
        }
        consent = Consent::AnyFile;
    }
    let files = wanted
        .iter()
        .map(|planned| (&planned.file, consent))
        .chain(kept.map(|file| (file, Consent::AnyFile)));
    let outcomes = out::write(&session.root, files).map_err(|bad| {
        let failure = Failure::new(Exit::Misuse, bad.to_string());
        match bad.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    })?;
    let said = |path: &RelPath, action| File { path: path.clone(), action, text: None };
    let mut done: Vec<File> = settled.iter().map(|planned| said(&planned.file.path, Action::Kept)).collect();
    for (file, outcome) in wanted.iter().map(|planned| &planned.file).chain(kept).zip(outcomes) {
        let verb = match outcome {
            Outcome::Created => "created",
            Outcome::Replaced => "updated",
            Outcome::Unchanged => "unchanged",
        };
        term.done(verb, &session.shown(&file.path));
        done.push(said(&file.path, outcome.into()));
    }
    if session.template.is_none() {
        next_steps(session, services, term);
    }
    Ok(done)
}

fn next_steps(session: &Session, services: &[Service], term: &Term) {
    for service in services.iter().filter(|service| service.runtime.port.is_some()) {
        let dir = session.inventory.dir(service.dir.clone());
        if let Some(example) = EXAMPLES.iter().find(|name| dir.has(name)) {
            let example = session.shown(&service.dir.join(example).unwrap_or_default());
            term.say(&format!(
                "note: `{example}` shows the variables of {}; `docker run --env-file FILE` sets them",
                service.name
            ));
        }
    }
    let [service] = services else {
        term.next("dockgen verify");
        return;
    };
    let context = session.shown(&service.context);
    let file = service.dockerfile_path();
    let is_usual = service.context.join("Dockerfile").as_ref() == Some(&file);
    let flag = if is_usual { String::new() } else { format!("-f {} ", session.shown(&file)) };
    let port =
        service.runtime.port.as_ref().map(|port| format!("-p {0}:{0} ", port.value)).unwrap_or_default();
    let name = &service.name;
    term.next(&format!("docker build -t {name} {flag}{context} && docker run --rm {port}{name}"));
}
