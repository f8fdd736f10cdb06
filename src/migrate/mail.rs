//! The change of a repository as a mail that `git am` takes, and the text that goes with it: what is different in
//! figures, and the account of every instruction.
//!
//! A patch shows the lines that it takes away. One that would have to show a secret is not made.

use std::fmt::Write as _;

use super::{Level, Migration};
use crate::dockerfile;
use crate::lint::Secrets;
use crate::out;
use crate::repo::RelPath;

/// One file of a repository before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path in the repository.
    pub path: RelPath,
    /// The text that is there, every byte of it; none if there is no file.
    pub old: Option<String>,
    /// The new text, with the line ends of the old one.
    pub new: String,
}

/// What a person reads of a change before taking it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// One line.
    pub subject: String,
    /// Figures, ledger and differences.
    pub body: String,
}

/// The text for the migrations of one repository.
pub fn message(migrations: &[&Migration]) -> Message {
    let deepest = migrations.iter().map(|made| made.level).max().unwrap_or(Level::Safe);
    let several = migrations.len() > 1;
    let subject = match (deepest, several) {
        (Level::Safe, false) => "Clean the text of the Dockerfile",
        (Level::Safe, true) => "Clean the texts of the Dockerfiles",
        (Level::Restage, false) => "Build the image in stages",
        (Level::Restage, true) => "Build the images in stages",
        (Level::Harden, false) => "Build the image in stages and start it as an ordinary user",
        (Level::Harden, true) => "Build the images in stages and start them as ordinary users",
    };
    let mut body = String::new();
    for made in migrations {
        about(made, &mut body);
    }
    let _ = writeln!(body, "Made by dockgen {}.", env!("CARGO_PKG_VERSION"));
    Message { subject: subject.to_owned(), body }
}

fn about(made: &Migration, body: &mut String) {
    let _ = writeln!(body, "{}\n", made.path);
    let rows = table(made);
    let width = rows.iter().map(|[_, before, _]| before.chars().count()).max().unwrap_or_default();
    for [what, before, after] in &rows {
        let _ = writeln!(body, "    {what:<10}{before:<width$}  {after}");
    }
    for said in made.measured.iter().flat_map(|measured| &measured.said) {
        let _ = writeln!(body, "    {}", plain(said).replace('\n', " "));
    }
    let _ = writeln!(body, "\nWhat became of each instruction:\n");
    let _ = writeln!(body, "{}\n", plain(&made.ledger.to_string()));
    if !made.differences.is_empty() {
        let _ = writeln!(body, "What the new image does otherwise:\n");
        for difference in &made.differences {
            let _ = writeln!(body, "    {}", plain(difference).replace('\n', " "));
        }
        body.push('\n');
    }
    if !made.obstacles.is_empty() {
        let _ = writeln!(body, "What stands in the way of more:\n");
        for obstacle in &made.obstacles {
            let why = plain(&obstacle.why).replace('\n', " ");
            let _ = writeln!(body, "    line {}: {}: {why}", obstacle.line, obstacle.kind.title());
        }
        body.push('\n');
    }
}

/// What, before, after; the first row is the head.
fn table(made: &Migration) -> Vec<[String; 3]> {
    let row = |what: &str, before: String, after: String| [what.to_owned(), before, after];
    let (before, after) = (&made.before, &made.after);
    let mut rows = vec![
        row("", "before".to_owned(), "after".to_owned()),
        row("base", before.base.clone(), after.base.clone()),
        row("stages", before.stages.to_string(), after.stages.to_string()),
        row("user", before.user.clone(), after.user.clone()),
        row("findings", made.findings_before.to_string(), made.findings_after.to_string()),
    ];
    if let Some(ended) = &before.base_ended {
        rows.push(row("support", ended.clone(), after.base_ended.clone().unwrap_or_default()));
    }
    for measure in made.measured.iter().flat_map(|measured| &measured.rows) {
        rows.push(row(&measure.what, measure.before.clone(), measure.after.clone()));
    }
    for [_, before, after] in &mut rows {
        for cell in [before, after] {
            *cell = plain(cell);
        }
    }
    rows
}

/// Nothing that a mail or a terminal would act upon.
fn plain(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim_end().replace(|c: char| c.is_control(), " "));
    lines.collect::<Vec<_>>().join("\n")
}

/// Why there is no patch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPatch {
    /// The lines around a change hold a secret.
    #[error("the patch of `{0}` would show a secret of the old file")]
    Secret(RelPath),
}

/// The whole mail. `folder` is where the repository lies in its own version control, `author` as in `Name <address>`.
pub fn patch(
    changes: &[Change],
    message: &Message,
    folder: &RelPath,
    author: &str,
) -> Result<String, NoPatch> {
    let mut text = format!("{}\n---\n\n", message.body);
    for change in changes {
        let path = folder.join(change.path.as_str()).unwrap_or_else(|| change.path.clone());
        let diff = out::patch(&path, change.old.as_deref(), &change.new);
        let (old, _) = dockerfile::parse(change.old.as_deref().unwrap_or_default());
        if Secrets::of(&old).are_in(&diff) {
            return Err(NoPatch::Secret(change.path.clone()));
        }
        text.push_str(&diff);
    }
    let _ = write!(text, "-- \ndockgen {}\n\n", env!("CARGO_PKG_VERSION"));
    // Programs that carry mail, git's among them, take carriage returns away from what is not encoded.
    let (encoding, text) =
        if text.contains('\r') { ("quoted-printable", quoted_printable(&text)) } else { ("8bit", text) };
    let author = author.replace(|c: char| c.is_control(), " ");
    Ok(format!(
        "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n\
         From: {author}\n\
         Subject: [PATCH] {}\n\
         MIME-Version: 1.0\n\
         Content-Type: text/plain; charset=UTF-8\n\
         Content-Transfer-Encoding: {encoding}\n\n{text}",
        message.subject
    ))
}

/// <https://www.rfc-editor.org/rfc/rfc2045#section-6.7>
fn quoted_printable(text: &str) -> String {
    const LONGEST: usize = 75;
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let mut column = 0;
        // A space is only lost at the end of a line.
        let end = line.trim_end().len();
        for (at, byte) in line.bytes().enumerate() {
            if byte == b'\n' {
                out.push('\n');
                continue;
            }
            let is_plain = matches!(byte, b' '..=b'~') && byte != b'=' && (byte != b' ' || at < end);
            let size = if is_plain { 1 } else { 3 };
            if column + size > LONGEST {
                out.push_str("=\n");
                column = 0;
            }
            if is_plain {
                out.push(char::from(byte));
            } else {
                let _ = write!(out, "={byte:02X}");
            }
            column += size;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::migrate;
    use crate::repo::Inventory;

    fn made(old: &str) -> (Migration, Vec<Change>) {
        let path = RelPath::new("Dockerfile").unwrap();
        let made = migrate(&path, old, &Inventory::default(), Level::Safe);
        let change = Change { path, old: Some(old.to_owned()), new: made.text.clone() };
        (made, vec![change])
    }

    #[test]
    fn a_mail_holds_the_table_the_ledger_and_the_diff() {
        let (made, changes) = made("from node:8\nENV a b\nUSER 1\n");
        let text = patch(&changes, &message(&[&made]), &RelPath::new("x").unwrap(), "Ann <a@x>").unwrap();
        for said in [
            "From: Ann <a@x>\nSubject: [PATCH] Clean the text of the Dockerfile\n",
            "    base      node:8 ",
            "carried into stage 0: ",
            "diff --git a/x/Dockerfile b/x/Dockerfile\n--- a/x/Dockerfile\n",
            "\n-from node:8\n",
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
        // Nothing above the diff may look like the beginning of one.
        let above = text.split("\n---\n").next().unwrap_or_default();
        assert!(!above.lines().any(|line| line.starts_with("diff -") || line.starts_with("---")), "{text}");
    }

    #[test]
    fn no_patch_shows_a_secret() {
        let (made, changes) = made("from a\nENV API_TOKEN s3cr3tvalue\n");
        let refused = patch(&changes, &message(&[&made]), &RelPath::root(), "x <x@x>");
        assert_eq!(refused, Err(NoPatch::Secret(RelPath::new("Dockerfile").unwrap())));
    }

    #[test]
    fn carriage_returns_are_encoded() {
        assert_eq!(quoted_printable("a=b\r\nä \n"), "a=3Db=0D\n=C3=A4=20\n");
        let long = quoted_printable(&format!("{}\n", "x".repeat(200)));
        assert!(long.lines().all(|line| line.len() <= 76) && long.replace("=\n", "").len() == 201, "{long}");
    }
}
