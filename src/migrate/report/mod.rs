//! The report of a bulk migration, for a meeting (`html`), for programs (`json`), and for a page beside code (`md`).
//!
//! It is written row by row: what is said on top is summed up before, so that ten thousand rows need no more memory than
//! one. Nothing secret reaches it, because [`Migration`] holds nothing secret.

mod html;
mod markdown;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::{Judgement, Level, Migration, Outcome};

/// One Dockerfile, or a repository in which none could be read.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Item<'a> {
    /// The repository, as it was named.
    pub repository: &'a str,
    /// The file's path in it.
    pub path: Option<&'a str>,
    /// What came of it.
    pub state: State,
    /// Where the change went: a repository, a patch, a branch.
    pub to: Option<&'a str>,
    /// Why nothing was delivered.
    pub why: Option<&'a str>,
    /// The diff, the ledger and the figures.
    pub migration: Option<&'a Migration>,
}

/// What came of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is rebuilt in stages.
    Restaged,
    /// Its text is cleaned.
    Cleaned,
    /// There is nothing to do.
    Nothing,
    /// It may not be touched.
    Refused,
    /// It would change, and was left alone.
    Kept,
    /// It was not asked for.
    LeftOut,
    /// It could not be read, or its change could not be delivered.
    Broken,
}

impl State {
    /// The state that follows from a migration that nothing was in the way of.
    pub fn of(migration: &Migration) -> Self {
        match (migration.outcome, migration.level) {
            (Outcome::Nothing, _) => Self::Nothing,
            (Outcome::Refused, _) => Self::Refused,
            (Outcome::Changed, Level::Safe) => Self::Cleaned,
            (Outcome::Changed, Level::Restage | Level::Harden) => Self::Restaged,
        }
    }

    /// Its words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Restaged => "in stages",
            Self::Cleaned => "cleaned",
            Self::Nothing => "nothing to do",
            Self::Refused => "refused",
            Self::Kept => "not delivered",
            Self::LeftOut => "left out",
            Self::Broken => "broken",
        }
    }

    /// Every state, best first.
    pub const ALL: [Self; 7] = [
        Self::Restaged,
        Self::Cleaned,
        Self::Nothing,
        Self::Refused,
        Self::Kept,
        Self::LeftOut,
        Self::Broken,
    ];
}

/// What stands on top of a report.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Totals {
    /// How many Dockerfiles there are.
    pub files: usize,
    /// How many items came to each state.
    pub states: BTreeMap<State, usize>,
    /// How many images say that they start as an ordinary user.
    pub ordinary_users: Pair,
    /// How many images start from a base without fixes.
    pub ended_bases: Pair,
    /// How many findings the rules have.
    pub findings: Pair,
    /// Bytes of the images that were built both before and after.
    pub bytes: Pair,
    /// How many files were built, by what came of it.
    pub built: BTreeMap<Judgement, usize>,
    /// How many files hold what looks like a secret.
    pub with_secrets: usize,
    /// How many instructions came to each fate.
    pub instructions: BTreeMap<&'static str, usize>,
    /// What stood in the way, and of which files.
    pub reasons: BTreeMap<String, Vec<String>>,
}

/// A figure before and after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// With the old files.
    pub before: usize,
    /// With the new ones.
    pub after: usize,
}

/// Bytes as people read them.
fn size(bytes: usize) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

/// What was said of the new images, in words.
fn built(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::AsBefore => "built, and do what the old ones did",
        Judgement::Alone => "built where the old ones do not build or run",
        Judgement::Worse => "do not do what the old ones did",
    }
}

const FATES: [&str; 5] = ["kept", "carried", "superseded", "dropped", "person"];

impl Totals {
    /// Adds an item.
    pub fn add(&mut self, item: &Item<'_>) {
        *self.states.entry(item.state).or_default() += 1;
        self.files += usize::from(item.path.is_some());
        let name = item.name();
        if item.state == State::Broken {
            self.reasons.entry("cannot be read or written".to_owned()).or_default().push(name.clone());
        }
        let Some(made) = item.migration else { return };
        let is_changed = matches!(item.state, State::Restaged | State::Cleaned);
        let after = if is_changed { &made.after } else { &made.before };
        self.ordinary_users.before += usize::from(made.before.is_ordinary_user());
        self.ordinary_users.after += usize::from(after.is_ordinary_user());
        self.ended_bases.before += usize::from(made.before.base_ended.is_some());
        self.ended_bases.after += usize::from(after.base_ended.is_some());
        self.findings.before += made.findings_before;
        self.findings.after += if is_changed { made.findings_after } else { made.findings_before };
        if let Some(measured) = &made.measured {
            *self.built.entry(measured.judgement).or_default() += 1;
            let bytes = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
            if let (Some(before), Some(after)) = (measured.bytes_before, measured.bytes_after) {
                self.bytes.before += bytes(before);
                self.bytes.after += bytes(after);
            }
        }
        self.with_secrets += usize::from(!made.secrets.is_empty());
        for fate in FATES {
            *self.instructions.entry(fate).or_default() += made.ledger.count(fate);
        }
        let mut titles: Vec<&str> = made.obstacles.iter().map(|obstacle| obstacle.kind.title()).collect();
        if item.state == State::Kept {
            titles.push("a person has to decide, or commit, first");
        }
        titles.sort_unstable();
        titles.dedup();
        for title in titles {
            self.reasons.entry(title.to_owned()).or_default().push(name.clone());
        }
    }

    fn count(&self, state: State) -> usize {
        self.states.get(&state).copied().unwrap_or_default()
    }
}

impl Item<'_> {
    /// The repository and the file, as one name.
    fn name(&self) -> String {
        match self.path {
            Some(path) => Path::new(self.repository).join(path).display().to_string(),
            None => self.repository.to_owned(),
        }
    }
}

/// The kinds of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One page that needs nothing else.
    Html,
    /// One document.
    Json,
    /// For where code is reviewed.
    Markdown,
}

impl Format {
    /// By the ending of a name.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "html" | "htm" => Some(Self::Html),
            "json" => Some(Self::Json),
            "md" | "markdown" => Some(Self::Markdown),
            _ => None,
        }
    }
}

/// A report that is being written.
pub struct Report<W> {
    format: Format,
    out: W,
    rows: usize,
}

impl<W: Write> Report<W> {
    /// Begins with what stands on top.
    pub fn begin(format: Format, mut out: W, totals: &Totals) -> io::Result<Self> {
        match format {
            Format::Html => html::begin(&mut out, totals)?,
            Format::Markdown => markdown::begin(&mut out, totals)?,
            Format::Json => {
                let version = env!("CARGO_PKG_VERSION");
                write!(out, "{{\"schema_version\":1,\"dockgen\":\"{version}\",\"totals\":")?;
                serde_json::to_writer(&mut out, totals)?;
                write!(out, ",\"rows\":[")?;
            }
        }
        Ok(Self { format, out, rows: 0 })
    }

    /// Adds a row.
    pub fn add(&mut self, item: &Item<'_>) -> io::Result<()> {
        match self.format {
            Format::Html => html::row(&mut self.out, item)?,
            Format::Markdown => markdown::row(&mut self.out, item)?,
            Format::Json => {
                self.out.write_all(if self.rows == 0 { b"\n" } else { b",\n" })?;
                serde_json::to_writer(&mut self.out, item)?;
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Ends it.
    pub fn end(mut self) -> io::Result<()> {
        match self.format {
            Format::Html => html::end(&mut self.out)?,
            Format::Markdown => {}
            Format::Json => self.out.write_all(b"\n]}\n")?,
        }
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::migrate;
    use crate::repo::{Inventory, RelPath};

    fn report(format: Format) -> String {
        let of = |text| {
            migrate(&RelPath::new("a b/Dockerfile").unwrap(), text, &Inventory::default(), Level::Restage)
        };
        let made = [
            of("FROM node:8\nENV A \"<script>alert(1)</script>\" |\nENV API_TOKEN hunter2x\n"),
            of("# syntax=me/mine\nFROM a\n"),
            of("FROM a:1\nRUN echo '```' && curl https://x | sh\nMAINTAINER x\n"),
        ];
        let mut items: Vec<Item<'_>> = made
            .iter()
            .map(|made| Item {
                repository: "r&d",
                path: Some(made.path.as_str()),
                state: State::of(made),
                to: None,
                why: None,
                migration: Some(made),
            })
            .collect();
        let bad = "cannot read `<x>`\nno such file";
        items.push(Item {
            repository: "gone",
            path: None,
            state: State::Broken,
            to: None,
            why: Some(bad),
            migration: None,
        });
        let mut totals = Totals::default();
        for item in &items {
            totals.add(item);
        }
        let mut out = Vec::new();
        let mut report = Report::begin(format, &mut out, &totals).unwrap();
        for item in &items {
            report.add(item).unwrap();
        }
        report.end().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_report_holds_the_rows_and_no_secret() {
        for format in [Format::Html, Format::Json, Format::Markdown] {
            let text = report(format);
            assert!(!text.contains("hunter2x") && text.contains("***"), "{text}");
            for said in ["node:8", "a download is run unread", "another frontend reads the file", "API_TOKEN"]
            {
                assert!(text.contains(said), "{said}: {text}");
            }
        }
    }

    #[test]
    fn a_page_is_alone_and_runs_nothing_that_it_shows() {
        let text = report(Format::Html);
        assert!(!text.contains("<script>alert") && text.contains("&lt;script&gt;alert"), "{text}");
        assert!(text.contains("r&amp;d") && text.contains("&lt;x&gt;"), "{text}");
        for outside in ["src=", "href=\"http", "@import", "url("] {
            assert!(!text.contains(outside), "{outside}");
        }
        assert_eq!(text.matches("<tbody").count(), text.matches("</tbody>").count());
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    }

    #[test]
    fn json_is_one_document_with_the_sums() {
        let document: serde_json::Value = serde_json::from_str(&report(Format::Json)).unwrap();
        assert_eq!(document["rows"].as_array().map(Vec::len), Some(4));
        assert_eq!(document["totals"]["files"], 3);
        assert_eq!(document["totals"]["states"]["refused"], 1);
        assert_eq!(document["totals"]["states"]["broken"], 1);
        assert_eq!(document["totals"]["with_secrets"], 1);
        assert_eq!(document["totals"]["ended_bases"]["before"], 1);
        assert_eq!(document["rows"][0]["migration"]["ledger"][0]["keyword"], "FROM");
    }

    #[test]
    fn markdown_cannot_be_broken_out_of() {
        let text = report(Format::Markdown);
        assert!(text.contains("````"), "a fence is longer than those of the text: {text}");
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
        let bars = |line: &&str| line.replace("\\|", "").matches('|').count();
        assert!(rows.iter().all(|row| bars(row) == bars(&rows[0])), "{text}");
    }

    #[test]
    fn the_ending_is_the_format() {
        assert_eq!(Format::of(Path::new("x/report.html")), Some(Format::Html));
        assert_eq!(Format::of(Path::new("report.md")), Some(Format::Markdown));
        assert_eq!(Format::of(Path::new("report")), None);
    }
}
