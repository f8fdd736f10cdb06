//! Old Dockerfiles and what is made of them.
//!
//! `tests/legacy/<name>/` holds a repository as it was (`before/`), the files that come out of it (`after/`) and the
//! account (`ledger.txt`). Where `repository` names a fixture, `before/` lies on top of that and the file is rebuilt in
//! stages; otherwise its text is cleaned. `UPDATE_SNAPSHOTS=1` records; what it records is read like any other change. The promises
//! that hold for every text are held against generated ones here, and against real ones where `DOCKGEN_CORPUS` names
//! a folder of them.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read their inputs")]
#![allow(clippy::print_stdout, reason = "figures are printed for whoever asks for them")]
#![allow(missing_docs, reason = "a test")]

#[path = "support/app_like.rs"]
mod app_like;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dockgen::dockerfile::{Stages, parse};
use dockgen::lint::{Secrets, lint};
use dockgen::migrate::account::units;
use dockgen::migrate::{Level, Migration, Outcome, Sense, assess, migrate, reads};
use dockgen::repo::{Inventory, RelPath};
use proptest::prelude::*;
use tempfile::TempDir;

fn of(text: &str) -> Migration {
    migrate(&RelPath::new("Dockerfile").unwrap(), text, &Inventory::default(), Level::Safe)
}

/// What holds whatever the text is.
#[track_caller]
fn holds(text: &str) -> Migration {
    let made = of(text);
    let (old, before) = parse(text);
    // Every instruction and directive has one entry, in order.
    let lines: Vec<u32> = made.ledger.entries().iter().map(|entry| entry.line).collect();
    let wanted: Vec<u32> = units(&old).iter().map(|unit| unit.line).collect();
    assert_eq!(lines, wanted, "the ledger is not complete: {text:?}");
    let counted: usize = ["kept", "carried", "superseded", "dropped", "person"]
        .iter()
        .map(|word| made.ledger.count(word))
        .sum();
    assert_eq!(counted, lines.len());
    // The image is the same, and a build that went still goes.
    let (new, after) = parse(&made.text);
    assert_eq!(Sense::of(&new), Sense::of(&old), "{text:?} became {:?}", made.text);
    let stops =
        |problems: &[dockgen::dockerfile::Problem]| problems.iter().any(|problem| problem.kind.stops_build());
    assert_eq!(stops(&before), stops(&after), "{text:?} became {:?}", made.text);
    // A second time there is nothing left to do, and nothing gets worse.
    let again = of(&made.text);
    assert_eq!(again.text, made.text, "a second run changes {text:?}");
    assert!(made.findings_after <= made.findings_before, "{text:?}");
    assert_eq!(made.text == text, made.outcome != Outcome::Changed);
    // Nothing that is said holds a secret.
    let secrets = Secrets::of(&old);
    assert!(!secrets.are_in(&made.diff), "{text:?}");
    made
}

const PIECES: &[&str] = &[
    "FROM a",
    "from a as b",
    "FROM b AS c",
    "ENV k v",
    "ENV k v w",
    "ENV Q \"a b\" c",
    "ENV a=1 b=$k",
    "ENV P /x:$PATH",
    "LABEL a b c",
    "label a=b",
    "MAINTAINER \"Joe B\" <j@x>",
    "ARG V=1",
    "ARG V",
    "ADD . /app",
    "add a.txt b/ /x/",
    "ADD x.tgz /",
    "CMD x",
    "CMD [\"x\"]",
    "cmd y z",
    "ENTRYPOINT [\"a\"]",
    "ENTRYPOINT b",
    "HEALTHCHECK NONE",
    "HEALTHCHECK CMD x",
    "RUN apt-get update && apt-get install -y x",
    "RUN apt install -y $PKGS",
    "RUN apk add y",
    "RUN if a; then apt-get install -y b; fi",
    "RUN --mount=type=cache,target=/var/lib/apt apt-get install -y x",
    "RUN [\"apt-get\", \"install\", \"x\"]",
    "RUN yum install -y x",
    "RUN <<E\napt update\nE",
    "COPY <<E /x\nENV k v\nE",
    "RUN apt-get update \\\n\n # why\n && apt-get install -y a=1.* # c",
    "RUN a \\ \n  b",
    "ONBUILD ENV k v",
    "SHELL [\"x\"]",
    "USER 1",
    "EXPOSE 80",
    "VOLUME /v",
    "WORKDIR x",
    "STOPSIGNAL 9",
    "# c",
    "",
    "# escape=`",
    "FOO",
    "RUN",
    "ENV k",
    "COPY --from=0 a b",
    "ENV API_TOKEN s3cr3t value",
    "ARG NPM_TOKEN=abcdefgh",
];

fn old_text() -> impl Strategy<Value = String> {
    let select = proptest::sample::select::<&'static str>;
    let end = select(vec!["\n", "\n", "\n", "\r\n", " \n", " \\\n", ""]);
    let line = (select(PIECES.to_vec()), end).prop_map(|(piece, end)| format!("{piece}{end}"));
    let head = select(vec![
        "",
        "FROM a\n",
        "FROM a\n",
        "\u{feff}from a\r\n",
        "# escape=`\nFROM a\n",
        "ARG V=2\nFROM a:$V\n",
    ]);
    (head, proptest::collection::vec(line, 0..8)).prop_map(|(head, lines)| head.to_owned() + &lines.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn generated_files_keep_their_meaning(text in old_text()) {
        holds(&text);
    }

    #[test]
    fn any_text_is_accounted_for(text in "(?s).*") {
        holds(&text);
    }
}

#[test]
fn a_megabyte_on_one_line_is_refused_and_nothing_worse() {
    let made = holds(&format!("FROM a\nRUN {}\n", "x".repeat(1 << 20)));
    assert_eq!(made.outcome, Outcome::Refused);
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/legacy")
}

/// The repository of a case that names one: that of a fixture, with what stands in `before/` on top.
fn repository(case: &Path) -> Option<TempDir> {
    let name = fs::read_to_string(case.join("repository")).ok()?;
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name.trim());
    let place = tempfile::tempdir().unwrap();
    for from in [fixture, case.join("before")] {
        for entry in walkdir::WalkDir::new(&from).min_depth(1).sort_by_file_name() {
            let entry = entry.unwrap();
            let to = place.path().join(entry.path().strip_prefix(&from).unwrap());
            if entry.file_type().is_dir() {
                fs::create_dir_all(to).unwrap();
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    Some(place)
}

/// What holds of a file that is rebuilt in stages.
#[track_caller]
fn rebuilt(name: &str, text: &str, repository: &Path) -> Migration {
    let path = RelPath::new("Dockerfile").unwrap();
    let mut inventory = Inventory::scan(repository, &reads()).unwrap();
    let made = migrate(&path, text, &inventory, Level::Restage);
    let (old, _) = parse(text);
    let lines: Vec<u32> = made.ledger.entries().iter().map(|entry| entry.line).collect();
    assert_eq!(lines, units(&old).iter().map(|unit| unit.line).collect::<Vec<_>>(), "{name}");
    let secrets = Secrets::of(&old);
    for file in &made.files {
        assert!(!secrets.are_in(&file.text), "{name}: {} holds a secret", file.path);
        inventory.put(file.path.clone(), &file.text);
    }
    let (new, problems) = parse(&made.text);
    assert!(!problems.iter().any(|problem| problem.kind.stops_build()), "{name}: {}", made.text);
    assert_eq!(made.level, Level::Restage, "{name} is not rebuilt: {:?}", made.obstacles);
    assert_eq!(lint(&new, None).len(), made.findings_after, "{name}");
    assert!(made.findings_after <= made.findings_before, "{name}");
    // A second time there is nothing to do.
    let again = migrate(&path, &made.text, &inventory, Level::Restage);
    assert_eq!((again.outcome, &again.text), (Outcome::Nothing, &made.text), "{name}");
    made
}

/// What a ledger calls a stage is one of the new file.
fn names_its_stages(case: &str, made: &Migration) {
    for stage in ["deps", "prod-deps", "build", "test", "assets", "runtime"] {
        let said = made.ledger.to_string();
        let is_named = said.lines().any(|line| {
            line.split_once("superseded by ")
                .is_some_and(|(_, by)| by.split([',', ' ']).next() == Some(stage))
        });
        assert!(
            !is_named || made.text.contains(&format!(" AS {stage}\n")),
            "{case} has no stage {stage}: {said}"
        );
    }
}

#[test]
fn before_and_after() {
    let records = std::env::var_os("UPDATE_SNAPSHOTS").is_some();
    let mut seen = 0;
    let mut wrong = Vec::new();
    let mut folders: Vec<PathBuf> =
        fs::read_dir(cases()).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in folders.into_iter().filter(|path| path.is_dir()) {
        seen += 1;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(folder.join("before/Dockerfile")).unwrap();
        let cleaned = holds(&text);
        let made = match repository(&folder) {
            Some(place) => rebuilt(&name, &text, place.path()),
            None => cleaned,
        };
        let mut ledger = made.ledger.to_string();
        names_its_stages(&name, &made);
        for obstacle in &made.obstacles {
            let title = obstacle.kind.title();
            ledger = format!("{ledger}line {}: {title}: {}\n", obstacle.line, obstacle.why);
        }
        for difference in &made.differences {
            ledger = format!("{ledger}differs: {difference}\n");
        }
        let mut expected: BTreeMap<String, &str> = BTreeMap::new();
        expected.insert("ledger.txt".to_owned(), &ledger);
        expected.insert("after/Dockerfile".to_owned(), &made.text);
        for file in &made.files {
            expected.insert(format!("after/{}", file.path), &file.text);
        }
        for (path, text) in expected {
            let path = folder.join(path);
            if records {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, text).unwrap();
            } else if fs::read_to_string(&path).ok().as_deref() != Some(text) {
                wrong.push(format!("{} is not\n{text}", path.display()));
            }
        }
    }
    assert!(seen >= 60, "only {seen} cases in tests/legacy");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Real files by the thousand. Prints what can be made of them, and the findings of the rules before and after.
#[test]
#[ignore = "set DOCKGEN_CORPUS to a folder of Dockerfiles and run with --ignored --nocapture"]
fn corpus() {
    let folder = std::env::var_os("DOCKGEN_CORPUS").expect("DOCKGEN_CORPUS names a folder");
    let (mut files, mut entries, mut easy, mut staged) = (0, 0, 0, 0);
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let mut findings: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() {
            continue;
        }
        let Ok(text) = String::from_utf8(fs::read(entry.path()).unwrap()) else { continue };
        files += 1;
        let made = holds(&text);
        entries += made.ledger.entries().len();
        let word = match made.outcome {
            Outcome::Changed => "cleaned",
            Outcome::Nothing => "nothing to clean",
            Outcome::Refused => "refused",
        };
        *outcomes.entry(word).or_default() += 1;
        let (old, problems) = parse(&text);
        let obstacles = assess(&old, &problems, &Stages::of(&old));
        let mut kinds: Vec<&str> = obstacles.iter().map(|obstacle| obstacle.kind.title()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        easy += usize::from(kinds.is_empty());
        staged += usize::from(kinds == ["has stages already"]);
        for kind in kinds {
            *reasons.entry(kind).or_default() += 1;
        }
        let (new, _) = parse(&made.text);
        for finding in lint(&old, None) {
            findings.entry(finding.code).or_default().0 += 1;
        }
        for finding in lint(&new, None) {
            findings.entry(finding.code).or_default().1 += 1;
        }
    }
    assert!(files > 0, "DOCKGEN_CORPUS has no files");
    println!("{files} files, {entries} instructions and directives, each with one entry");
    for (word, count) in outcomes {
        println!("  {word:<28} {count}");
    }
    println!("in the way of stages: nothing {easy}, stages already {staged}");
    for (reason, count) in reasons {
        println!("  {reason:<28} {count}");
    }
    println!("findings before and after");
    for (code, (before, after)) in findings {
        println!("  {code:<28} {before:>6} {after:>6}");
    }
}

/// How many of the real files that look like an application are rebuilt in stages from their text and language alone.
#[test]
#[ignore = "set DOCKGEN_CORPUS to a folder of Dockerfiles and run with --ignored --nocapture"]
fn stages_from_text_and_language() {
    let folder = std::env::var_os("DOCKGEN_CORPUS").expect("DOCKGEN_CORPUS names a folder");
    let path = RelPath::new("Dockerfile").unwrap();
    let mut figures: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.unwrap();
        let Ok(text) = fs::read(entry.path()).map_or(Ok(String::new()), String::from_utf8) else {
            continue;
        };
        let (old, problems) = parse(&text);
        let Some(language) = app_like::language(&text, &old) else { continue };
        if problems.iter().any(|problem| problem.kind.stops_build()) {
            continue;
        }
        let made = migrate(&path, &text, &app_like::repository(language, &old), Level::Restage);
        let is_staged = made.level == Level::Restage;
        let is_whole = is_staged && made.ledger.for_a_person().count() == 0;
        let row = figures.entry(language).or_default();
        for (cell, counts) in row.iter_mut().zip([true, is_staged, is_whole]) {
            *cell += usize::from(counts);
        }
        if let Some(first) = made.obstacles.first().filter(|_| !is_staged) {
            *reasons.entry(first.kind.title()).or_default() += 1;
        }
    }
    println!("{:<10} {:>6} {:>10} {:>24}", "", "files", "in stages", "nothing for a person");
    let share = |part: usize, all: usize| format!("{part} ({} %)", part * 100 / all.max(1));
    let mut sums = [0; 3];
    for (language, row) in &figures {
        println!("{language:<10} {:>6} {:>10} {:>24}", row[0], share(row[1], row[0]), share(row[2], row[0]));
        for (sum, cell) in sums.iter_mut().zip(row) {
            *sum += cell;
        }
    }
    println!("{:<10} {:>6} {:>10} {:>24}", "all", sums[0], share(sums[1], sums[0]), share(sums[2], sums[0]));
    println!("in the way of the others");
    for (reason, count) in reasons {
        println!("  {reason:<40} {count:>5}");
    }
    assert!(sums[0] > 0, "DOCKGEN_CORPUS has no application in it");
    assert!(sums[1] * 100 >= sums[0] * 70, "fewer than 70 % get stages");
}
