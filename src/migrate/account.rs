//! The ledger: what became of each instruction of an old Dockerfile, in words its owner can read.
//!
//! Every instruction and every directive has exactly one entry, and every entry exactly one fate.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::dockerfile::{Dockerfile, ItemKind};
use crate::lint::Secrets;
use crate::text::brief;

/// How wide the column of the old file's words is.
const COLUMN: usize = 60;

/// What became of one instruction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "fate")]
pub enum Disposition {
    /// Lives on as a setting, or as a value of the new file that is the same.
    Kept {
        /// The setting's name: `runtime.port`.
        setting: String,
    },
    /// Stands in the new file.
    Carried {
        /// In this stage.
        stage: String,
        /// What is different about its text, if anything is.
        change: Option<String>,
    },
    /// The new file does this itself.
    Superseded {
        /// The stage that does it.
        by: String,
    },
    /// Is gone.
    Dropped {
        /// Why nothing is lost.
        why: DropReason,
    },
    /// A person has to decide.
    Person {
        /// What there is to decide.
        why: String,
    },
}

/// Why an instruction can go without a loss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum DropReason {
    /// A later one in its stage replaces it.
    Replaced {
        /// The line of the one that counts.
        by_line: u32,
    },
    /// It only served the old build: package lists, caches, build arguments nothing reads.
    OnlyForTheOldBuild,
    /// The new stages do not start from it.
    NotInTheNewImage {
        /// What there is instead.
        instead: String,
    },
    /// It is a secret, and is copied nowhere.
    Secret {
        /// What it is called.
        name: String,
    },
    /// It says what is so anyway.
    SaysNothing,
    /// A person was asked.
    Decided,
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replaced { by_line } => write!(f, "line {by_line} replaces it"),
            Self::OnlyForTheOldBuild => f.write_str("it only served the old build"),
            Self::NotInTheNewImage { instead } => f.write_str(instead),
            Self::Secret { name } => {
                write!(
                    f,
                    "`{name}` looks like a secret: give it to the container, or to the build as a secret mount"
                )
            }
            Self::SaysNothing => f.write_str("it says what is so anyway"),
            Self::Decided => f.write_str("a person decided that nothing needs it"),
        }
    }
}

impl Disposition {
    /// One word, for tables.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Kept { .. } => "kept",
            Self::Carried { .. } => "carried",
            Self::Superseded { .. } => "superseded",
            Self::Dropped { .. } => "dropped",
            Self::Person { .. } => "person",
        }
    }
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept { setting } => write!(f, "kept as {setting}"),
            Self::Carried { stage, change: None } => write!(f, "carried into {stage} as it is"),
            Self::Carried { stage, change: Some(change) } => write!(f, "carried into {stage}: {change}"),
            Self::Superseded { by } => write!(f, "superseded by {by}"),
            Self::Dropped { why } => write!(f, "dropped: {why}"),
            Self::Person { why } => write!(f, "for a person: {why}"),
        }
    }
}

/// One instruction or directive of the old file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its first line.
    pub line: u32,
    /// Its last line.
    pub last_line: u32,
    /// `RUN`, or `# escape` for a directive.
    pub keyword: String,
    /// Its first line as written, secrets taken out.
    pub text: String,
    /// What became of it.
    #[serde(flatten)]
    pub fate: Disposition,
    /// What else there is to say, one thing each: packages with their class and reason, differences.
    pub notes: Vec<String>,
}

/// An account of a whole file, in file order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ledger {
    entries: Vec<Entry>,
}

/// Something of the old file that needs an account.
#[derive(Debug, Clone, Copy)]
pub struct Unit<'a> {
    /// Its number among the units of the file.
    pub index: usize,
    /// What it is.
    pub kind: &'a ItemKind,
    /// Its first line.
    pub line: u32,
}

/// Everything in a file that needs an account: instructions and directives.
pub fn units(dockerfile: &Dockerfile) -> Vec<Unit<'_>> {
    let items = dockerfile.items().iter();
    let kept = items.filter(|item| matches!(item.kind, ItemKind::Instruction(_) | ItemKind::Directive(_)));
    kept.enumerate().map(|(index, item)| Unit { index, kind: &item.kind, line: item.line }).collect()
}

impl Ledger {
    /// The account of a file. The function is asked once for each unit, so that none can be left out.
    pub fn of(
        dockerfile: &Dockerfile,
        secrets: &Secrets,
        mut fate: impl FnMut(Unit<'_>) -> (Disposition, Vec<String>),
    ) -> Self {
        let entry = |unit: Unit<'_>| {
            let (keyword, last_line) = match unit.kind {
                ItemKind::Instruction(instruction) => {
                    (instruction.keyword.to_string(), instruction.last_line)
                }
                ItemKind::Directive(directive) => (format!("# {}", directive.name), unit.line),
                ItemKind::Blank | ItemKind::Comment => (String::new(), unit.line),
            };
            let first =
                dockerfile.text().lines().nth((unit.line as usize).saturating_sub(1)).unwrap_or_default();
            let text = excerpt(&secrets.mask(first.trim_start_matches('\u{feff}').trim()));
            let (fate, notes) = fate(unit);
            let notes = notes.iter().map(|note| secrets.mask(note)).collect();
            Entry { line: unit.line, last_line, keyword, text, fate, notes }
        };
        Self { entries: units(dockerfile).into_iter().map(entry).collect() }
    }

    /// The entries in file order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries that a person has to decide.
    pub fn for_a_person(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| matches!(entry.fate, Disposition::Person { .. }))
    }

    /// How many entries have this fate, by its word.
    pub fn count(&self, word: &str) -> usize {
        self.entries.iter().filter(|entry| entry.fate.word() == word).count()
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            writeln!(f, "{:>4}  {:<COLUMN$}  {}", entry.line, entry.text, entry.fate)?;
            for note in &entry.notes {
                writeln!(f, "{:>4}  {:<COLUMN$}  - {note}", "", "")?;
            }
        }
        Ok(())
    }
}

/// Words of an old file, as short as the column of a ledger.
pub(super) fn excerpt(words: &str) -> String {
    brief(words, COLUMN)
}
