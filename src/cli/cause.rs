//! `dockgen check`: would files change, and what in the repository is the cause?

use serde::Serialize;
use serde_json::json;

use crate::cli::args::CheckFormat;
use crate::cli::init::{Planned, existing};
use crate::cli::session::Session;
use crate::cli::term::Term;
use crate::cli::{Exit, Failure};
use crate::diag::Severity;
use crate::lint::report;
use crate::out::{self, Standing};
use crate::plan::service::Service;
use crate::repo::RelPath;

/// What differs, of one file.
#[derive(Debug, Serialize)]
struct Stale {
    file: RelPath,
    /// The first line that differs, in the file as it is.
    line: u32,
    /// The cause in words.
    cause: String,
    diff: String,
}

/// Compares every planned file with what is there; says what differs and why.
pub(super) fn check(
    format: CheckFormat,
    session: &Session,
    services: &[Service],
    planned: &[Planned],
    term: &Term,
) -> Result<Exit, Failure> {
    let mut stale = Vec::new();
    for planned in planned {
        let path = session.shown(&planned.file.path);
        if planned.is_settled {
            term.done("kept", &format!("{path} (edited by hand, and up to date)"));
        } else if let Some(found) = compare(session, services, planned) {
            stale.push(found);
        }
    }
    match format {
        CheckFormat::Text => {
            for found in &stale {
                term.diff(&found.diff)?;
                term.say(&found.cause);
            }
        }
        CheckFormat::Json => {
            let document = json!({"schema_version": 1, "stale": stale});
            let text = serde_json::to_string_pretty(&document).expect("plain values with text keys");
            term.data(&format!("{text}\n"))?;
        }
        CheckFormat::Github => {
            for found in &stale {
                let said = format!("{}\n\n{}", found.cause, found.diff);
                let title = "dockgen check";
                let file = session.shown(&found.file);
                term.data(&report::annotation(Severity::Error, &file, found.line, title, &said))?;
            }
        }
    }
    if stale.is_empty() {
        term.say("up to date");
        return Ok(Exit::Done);
    }
    let is_ours = |planned: &Planned| matches!(planned.standing, Standing::Untouched | Standing::Edited);
    term.next(if planned.iter().all(is_ours) { "dockgen update" } else { "dockgen init" });
    Ok(Exit::Findings)
}

/// What differs in one file, and the cause.
fn compare(session: &Session, services: &[Service], planned: &Planned) -> Option<Stale> {
    let path = session.shown(&planned.file.path);
    let diff = out::diff(&planned.file.path, existing(session, planned), &planned.file.text);
    if diff.is_empty() {
        return None;
    }
    let cause = match planned.standing {
        Standing::Absent => format!("{path} does not exist"),
        Standing::Foreign => format!("{path} was not written by dockgen"),
        Standing::Edited => format!(
            "{path} was edited by hand, and the repository has changed since: {}",
            moved(services, &diff)
        ),
        Standing::Untouched => format!("{path} is out of date: {}", moved(services, &diff)),
    };
    Some(Stale { file: planned.file.path.clone(), line: first_change(&diff), cause, diff })
}

/// The first line that the diff takes away or puts something before, as the old file counts. The stamp always changes
/// and says nothing.
fn first_change(diff: &str) -> u32 {
    let mut line: u32 = 0;
    for text in diff.lines().skip(2) {
        if let Some(hunk) = text.strip_prefix("@@ -") {
            let start = hunk.split([',', ' ']).next().and_then(|number| number.parse().ok());
            line = start.unwrap_or(1);
            continue;
        }
        let is_comment = text.len() < 2 || text[1..].starts_with('#');
        if text.starts_with(['-', '+']) && !is_comment {
            break;
        }
        if !text.starts_with('+') {
            line += 1;
        }
    }
    line.max(1)
}

/// The facts behind the first lines that would be added, with what stands there now.
fn moved(services: &[Service], diff: &str) -> String {
    let facts = facts(services);
    let body = || diff.lines().skip_while(|line| !line.starts_with("@@"));
    let is_content = |line: &&str| line.len() > 2 && !line[1..].starts_with('#');
    let added = body().filter(|line| line.starts_with('+')).filter(is_content);
    let removed: Vec<&str> = body().filter(|line| line.starts_with('-')).filter(is_content).collect();
    for line in added {
        let before = removed.iter().find(|old| alike(old, line));
        if let Some((source, gives)) = behind(&facts, line, before.copied()) {
            let Known { place, says, .. } = source;
            let before = before.map(|old| format!("; the file has `{}`", old[1..].trim()));
            return format!("{place} says `{says}`, which gives `{gives}`{}", before.unwrap_or_default());
        }
    }
    match removed.first() {
        Some(line) => format!("`{}` is no longer what dockgen writes", line[1..].trim()),
        None => "dockgen now adds lines to it".to_owned(),
    }
}

/// Two lines of one instruction.
fn alike(old: &str, new: &str) -> bool {
    let keyword = |line: &str| line[1..].split_whitespace().next().map(str::to_owned);
    keyword(old) == keyword(new)
}

/// A value of the plan: as printed, where it is from, and the words there.
struct Known {
    value: String,
    place: String,
    says: String,
}

/// The fact that a new line is the consequence of, and the most telling value in it: an image rather than the number in
/// it. An image that a person renamed holds a version of the repository's: the shortest value that holds all that
/// differs is what has moved.
fn behind<'f>(facts: &'f [Known], line: &str, old: Option<&str>) -> Option<(&'f Known, &'f str)> {
    let printed = || facts.iter().filter(|known| line.contains(known.value.as_str()));
    let (line, old) = (&line[1..], old.map(|old| &old[1..]));
    let change = old.map(|old| changed(old, line)).filter(|change| !change.is_empty());
    let is_new = |known: &&Known| {
        let is_old = old.is_some_and(|old| old.contains(known.value.as_str()));
        change.is_some_and(|change| known.value.contains(change)) && !is_old
    };
    let longest = |known: &&Known| known.value.len();
    if let Some(source) = printed().filter(is_new).min_by_key(longest) {
        let gives = printed().filter(|known| known.value.contains(source.value.as_str())).max_by_key(longest);
        return Some((source, gives.map_or(source.value.as_str(), |known| known.value.as_str())));
    }
    printed().max_by_key(longest).map(|known| (known, known.value.as_str()))
}

/// The part of a line that the old one did not have, as whole words.
fn changed<'l>(old: &str, new: &'l str) -> &'l str {
    let is_word = |c: char| c.is_alphanumeric() || "._".contains(c);
    let same = |(a, b): &(char, char)| a == b;
    let head: usize = old.chars().zip(new.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let rest = (old[head..].chars().rev()).zip(new[head..].chars().rev());
    let tail: usize = rest.take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let mut end = new.len() - tail;
    let start = new[..head]
        .rfind(|c| !is_word(c))
        .map_or(0, |at| at + new[at..].chars().next().map_or(0, char::len_utf8));
    end += new[end..].find(|c| !is_word(c)).unwrap_or(tail);
    &new[start..end]
}

/// Every value of the plan that has a place.
fn facts(services: &[Service]) -> Vec<Known> {
    let mut found = Vec::new();
    for service in services {
        if let Ok(tree) = serde_json::to_value(service) {
            gather(&tree, &mut found);
        }
    }
    found
}

fn gather(tree: &serde_json::Value, found: &mut Vec<Known>) {
    if let (Some(value), Some(place)) =
        (tree.get("value"), tree.pointer("/because/at").filter(|at| at.is_object()))
    {
        let file = place["file"].as_str().unwrap_or_default();
        let line = place["line"].as_u64().map(|line| format!(":{line}")).unwrap_or_default();
        let says = tree.pointer("/because/says").and_then(serde_json::Value::as_str).unwrap_or_default();
        let mut texts = Vec::new();
        scalars(value, &mut texts);
        let known = |value| Known { value, place: format!("{file}{line}"), says: says.to_owned() };
        found.extend(texts.into_iter().map(known));
    }
    match tree {
        serde_json::Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
        serde_json::Value::Object(entries) => entries.values().for_each(|entry| gather(entry, found)),
        _ => {}
    }
}

fn scalars(value: &serde_json::Value, texts: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) if text.len() > 1 => texts.push(text.clone()),
        serde_json::Value::Number(number) => texts.push(number.to_string()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| scalars(item, texts)),
        serde_json::Value::Object(entries) => entries.values().for_each(|entry| scalars(entry, texts)),
        _ => {}
    }
}
