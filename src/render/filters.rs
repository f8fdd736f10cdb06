//! How values are written in a Dockerfile, so that a name from a repository stays a name.
//!
//! Each filter quotes for one place: a shell command, an instruction's word, a JSON list, a comment.
//! A line break is refused everywhere, because no quoting keeps it from ending an instruction.

#![allow(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "the template engine gives the shape of a filter"
)]

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tera::{Error, Kwargs, State, Tera, TeraResult, Value};

use crate::fact::Evidence;
use crate::plan::run::{Mount, Run, Sharing, quote};

/// Makes the filters known to the templates.
pub(super) fn register(tera: &mut Tera) {
    tera.register_filter("cited", cited);
    tera.register_filter("copy", copy);
    tera.register_filter("env", env);
    tera.register_filter("exec", exec);
    tera.register_filter("names", names);
    tera.register_filter("run", run);
    tera.register_filter("sh", |word: &str, _: Kwargs, _: &State<'_>| quote(word));
    tera.register_filter("word", |text: &str, _: Kwargs, _: &State<'_>| word(text));
}

/// What a template gives as a fact.
#[derive(Deserialize)]
struct Cited {
    value: serde_json::Value,
    because: Evidence,
}

/// A fact as words for a comment: `1.22 (go.mod:3)`.
fn cited(fact: Value, _: Kwargs, _: &State<'_>) -> TeraResult<String> {
    let Cited { value, because } = read(&fact)?;
    match value {
        serde_json::Value::String(text) => Ok(format!("{text} ({because})")),
        other => Ok(format!("{other} ({because})")),
    }
}

/// Sources and destination of a COPY. The plain form where it is unambiguous, else a JSON list.
fn copy(sources: Value, args: Kwargs, _: &State<'_>) -> TeraResult<String> {
    let to: String = args.must_get("to")?;
    let sources: Vec<String> = match read(&sources)? {
        serde_json::Value::Array(items) => {
            items.iter().filter_map(|i| i.as_str().map(str::to_owned)).collect()
        }
        serde_json::Value::String(one) => vec![one],
        _ => return Err(Error::message("`copy` takes a path or a list of paths")),
    };
    let words: Vec<String> =
        sources.iter().map(|path| escape_source(path)).chain([escape_variables(&to)]).collect();
    let is_plain =
        |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./@+:,=~[]*".contains(c));
    if words.iter().all(|text| is_plain(text)) {
        return Ok(words.join(" "));
    }
    json_list(&words)
}

/// A source is a pattern: characters that mean something in one are put in brackets.
fn escape_source(path: &str) -> String {
    let mut escaped = String::new();
    for c in escape_variables(path).chars() {
        match c {
            '[' | '*' | '?' => escaped.extend(['[', c, ']']),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// COPY, ENV, LABEL and WORKDIR expand variables, also in JSON lists.
fn escape_variables(text: &str) -> String {
    text.replace('\\', r"\\").replace('$', r"\$")
}

/// `NAME=value` words, one a line when there are several.
fn env(pairs: Value, _: Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let pairs: Vec<(String, String)> = read(&pairs)?;
    let mut words = Vec::new();
    for (name, value) in pairs {
        words.push(one_line(&format!("{name}={}", word(&value)))?);
    }
    Ok(Value::safe_string(&words.join(" \\\n    ")))
}

/// Names of build arguments, one a line when there are many.
fn names(names: Value, _: Kwargs, _: &State<'_>) -> TeraResult<Value> {
    const ON_ONE_LINE: usize = 4;
    let mut words = Vec::new();
    for name in read::<Vec<String>>(&names)? {
        words.push(one_line(&name)?);
    }
    let gap = if words.len() > ON_ONE_LINE { " \\\n    " } else { " " };
    Ok(Value::safe_string(&words.join(gap)))
}

/// A list of words as JSON, for ENTRYPOINT, CMD and HEALTHCHECK.
fn exec(words: Value, _: Kwargs, _: &State<'_>) -> TeraResult<String> {
    let words: Vec<String> = read(&words)?;
    json_list(&words)
}

fn json_list(words: &[String]) -> TeraResult<String> {
    let quoted: Vec<String> =
        words.iter().map(|word| serde_json::Value::from(word.as_str()).to_string()).collect();
    Ok(format!("[{}]", quoted.join(", ")))
}

/// A whole RUN instruction: mounts first, each on its line, then the commands.
fn run(run: Value, _: Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let run: Run = read(&run)?;
    let mut lines: Vec<String> = run.mounts.iter().map(|m| format!("--mount={}", mount(m))).collect();
    let env: String =
        run.env.iter().fold(String::new(), |text, (name, value)| format!("{text}{name}={value} "));
    let mut commands = run.commands.iter();
    if let Some(first) = commands.next() {
        lines.push(format!("{env}{first}"));
    }
    let mut text = format!("RUN {}", lines.join(" \\\n    "));
    for command in commands {
        text.push_str(" \\\n && ");
        text.push_str(command);
    }
    for line in run.commands.iter().chain(run.env.iter().map(|(_, value)| value)) {
        one_line(line)?;
    }
    Ok(Value::safe_string(&text))
}

fn mount(mount: &Mount) -> String {
    match mount {
        Mount::Bind { from, source, target } => {
            let from = from.as_ref().map(|from| format!("from={from},")).unwrap_or_default();
            csv(&format!("type=bind,{from}source={source},target={target}"))
        }
        Mount::Cache { id, target, sharing } => {
            let id = id.as_ref().map(|id| format!("id={id},")).unwrap_or_default();
            let sharing = if *sharing == Sharing::Locked { ",sharing=locked" } else { "" };
            format!("type=cache,{id}target={target}{sharing}")
        }
        Mount::Secret { id, target } => format!("type=secret,id={id},target={target}"),
        Mount::Ssh => "type=ssh".to_owned(),
    }
}

/// A mount with characters that would split it stays one word.
fn csv(text: &str) -> String {
    if text.contains([' ', '"', '$', '\\']) {
        format!("'{}'", text.replace('\'', "'\\''"))
    } else {
        text.to_owned()
    }
}

/// A word of an instruction: as it is when plain, in double quotes otherwise.
pub(super) fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,~".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("\"{}\"", escape_variables(text).replace('"', "\\\""))
}

fn one_line(text: &str) -> TeraResult<String> {
    if text.contains(['\n', '\r', '\0']) {
        return Err(Error::message(format!("a value has a line break: {}", text.escape_debug())));
    }
    Ok(text.to_owned())
}

fn read<T: DeserializeOwned>(value: &Value) -> TeraResult<T> {
    let json = serde_json::to_value(value).map_err(|bad| Error::message(bad.to_string()))?;
    serde_json::from_value(json).map_err(|bad| Error::message(bad.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words() {
        for (text, written) in [
            ("plain-1.2", "plain-1.2"),
            ("two words", "\"two words\""),
            ("$HOME", "\"\\$HOME\""),
            ("say \"hi\"", "\"say \\\"hi\\\"\""),
            ("back\\slash", "\"back\\\\slash\""),
            ("#x", "\"#x\""),
        ] {
            assert_eq!(word(text), written);
        }
    }

    #[test]
    fn sources_are_not_patterns() {
        assert_eq!(escape_source("app/[id]/x"), "app/[[]id]/x");
        assert_eq!(escape_source("a$b"), "a\\$b");
    }
}
