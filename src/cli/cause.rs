//! `dockgen check`: would files change, and what in the repository is the cause?

use crate::cli::init::{Planned, existing};
use crate::cli::session::Session;
use crate::cli::term::Term;
use crate::cli::{Exit, Failure};
use crate::out::{self, Standing};
use crate::plan::service::Service;

/// Compares every planned file with what is there; says what differs and why.
pub(super) fn check(
    session: &Session,
    services: &[Service],
    planned: &[Planned],
    term: &Term,
) -> Result<Exit, Failure> {
    let mut stale = 0;
    for planned in planned {
        let there = existing(session, planned);
        let diff = out::diff(&planned.file.path, there, &planned.file.text);
        let path = session.shown(&planned.file.path);
        if planned.is_settled {
            term.done("kept", &format!("{path} (edited by hand, and up to date)"));
            continue;
        }
        if diff.is_empty() {
            continue;
        }
        stale += 1;
        term.diff(&diff)?;
        let why = match planned.standing {
            Standing::Absent => format!("{path} does not exist"),
            Standing::Foreign => format!("{path} was not written by dockgen"),
            Standing::Edited => format!(
                "{path} was edited by hand, and the repository has changed since: {}",
                moved(services, &diff)
            ),
            Standing::Untouched => format!("{path} is out of date: {}", moved(services, &diff)),
        };
        term.say(&why);
    }
    if stale == 0 {
        term.say("up to date");
        return Ok(Exit::Done);
    }
    term.next("dockgen init");
    Ok(Exit::Findings)
}

/// The facts behind the first lines that would be added, with what stands there now.
fn moved(services: &[Service], diff: &str) -> String {
    let facts = facts(services);
    let body = || diff.lines().skip_while(|line| !line.starts_with("@@"));
    let is_content = |line: &&str| line.len() > 2 && !line[1..].starts_with('#');
    let added = body().filter(|line| line.starts_with('+')).filter(is_content);
    let removed: Vec<&str> = body().filter(|line| line.starts_with('-')).filter(is_content).collect();
    for line in added {
        // The longest value is the most telling one: an image rather than the number in it.
        let known = facts
            .iter()
            .filter(|(value, ..)| line.contains(value.as_str()))
            .max_by_key(|(value, ..)| value.len());
        if let Some((value, place, says)) = known {
            let before = removed
                .iter()
                .find(|old| alike(old, line))
                .map(|old| format!("; the file has `{}`", old[1..].trim()));
            return format!("{place} says `{says}`, which gives `{value}`{}", before.unwrap_or_default());
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

/// Every detected value of the plan: as printed, where it is from, and the words there.
fn facts(services: &[Service]) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for service in services {
        if let Ok(tree) = serde_json::to_value(service) {
            gather(&tree, &mut found);
        }
    }
    found
}

fn gather(tree: &serde_json::Value, found: &mut Vec<(String, String, String)>) {
    if let (Some(value), Some(place)) =
        (tree.get("value"), tree.pointer("/because/at").filter(|at| at.is_object()))
    {
        let file = place["file"].as_str().unwrap_or_default();
        let line = place["line"].as_u64().map(|line| format!(":{line}")).unwrap_or_default();
        let says = tree.pointer("/because/says").and_then(serde_json::Value::as_str).unwrap_or_default();
        let mut texts = Vec::new();
        scalars(value, &mut texts);
        found.extend(texts.into_iter().map(|text| (text, format!("{file}{line}"), says.to_owned())));
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
