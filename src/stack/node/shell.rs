//! The line of a start command that only a shell understands. The shell becomes the program at the line's end, where
//! that end is one program, so that signals reach it; and what it makes of a variable. What is started, and whether a shell
//! has to do it, is `start`'s.

/// Words that a shell does by itself, in which it can't end.
/// <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_04>
const ITS_OWN: &[&str] = &[
    ".", ":", "[", "case", "cd", "eval", "exec", "exit", "export", "for", "if", "read", "set", "source",
    "test", "trap", "until", "wait", "while", "{", "!",
];

/// The line as the image runs it: installed programs are found, and the last program takes the shell's place.
pub(super) fn line(line: &str) -> String {
    format!("PATH=/app/node_modules/.bin:$PATH; {}", handed_over(line))
}

/// The line with `exec` before its last command. Any other line is as it was.
fn handed_over(line: &str) -> String {
    let is_plain = |text: &str| !text.contains(['|', ';', '<', '>', '&', '(', '`', '\n', '#']);
    let (first, last) = line.rsplit_once("&&").map_or((None, line), |(first, last)| (Some(first), last));
    let is_list = first.is_none_or(|first| first.split("&&").all(is_plain)) && is_plain(last);
    let Some(words) = shell_words::split(last).ok().filter(|_| is_list) else { return line.to_owned() };
    let is_value =
        |word: &&String| word.split_once('=').is_some_and(|(name, _)| !name.contains(['/', '-', '$']));
    // An assignment before `exec` would be the shell's to interpret; `env` hands it on.
    let has_values = words.first().is_some_and(|word| is_value(&word));
    match words.iter().find(|word| !is_value(word)) {
        Some(command) if !ITS_OWN.contains(&command.as_str()) => {}
        _ => return line.to_owned(),
    }
    let exec = if has_values { "exec env" } else { "exec" };
    let last = format!("{exec} {}", last.trim());
    first.map_or(last.clone(), |first| format!("{} && {last}", first.trim()))
}

/// The value that a shell gives a variable when the environment holds nothing: `${PORT:-3000}` is `3000`. None where only the
/// environment knows it.
/// <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_06_02>
pub(super) fn without_environment(value: &str) -> Option<String> {
    if !value.contains(['$', '`']) {
        return Some(value.to_owned());
    }
    let inner = value.strip_prefix("${")?.strip_suffix('}')?;
    let at = inner.find([':', '-', '='])?;
    let (name, rest) = inner.split_at(at);
    let default = rest.trim_start_matches(':').strip_prefix(['-', '='])?;
    (is_name(name) && !default.contains(['$', '`', '{'])).then(|| default.to_owned())
}

/// The name and the value of a word that sets a variable.
pub(super) fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    (is_name(name) && !name.starts_with(|c: char| c.is_ascii_digit())).then_some((name, value))
}

/// Letters, digits and underscores.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_what_the_shell_makes_of_it() {
        for (value, expected) in [
            ("production", Some("production")),
            ("${PORT:-3001}", Some("3001")),
            ("${A_B-x:y}", Some("x:y")),
            ("${A:=x}", Some("x")),
            ("$PORT", None),
            ("${PORT}", None),
            ("${PORT:+1}", None),
            ("${A:-$B}", None),
            ("a${B:-c}", None),
            ("$(date)", None),
        ] {
            assert_eq!(without_environment(value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn the_last_program_takes_the_place_of_the_shell() {
        for (before, after) in [
            ("node x.js --port ${PORT:-9000}", "exec node x.js --port ${PORT:-9000}"),
            ("TZ=UTC node x.js -p $PORT", "exec env TZ=UTC node x.js -p $PORT"),
            ("node migrate.js && node x.js -p $PORT", "node migrate.js && exec node x.js -p $PORT"),
            ("cd api && node x.js -p $PORT", "cd api && exec node x.js -p $PORT"),
            ("node a.js & node b.js", "node a.js & node b.js"),
            ("node a.js; node b.js", "node a.js; node b.js"),
            ("node x.js | pino-pretty", "node x.js | pino-pretty"),
            ("node a.js || node b.js", "node a.js || node b.js"),
            ("exec node x.js $ARGS", "exec node x.js $ARGS"),
            ("if [ $A ]", "if [ $A ]"),
        ] {
            assert_eq!(handed_over(before), after, "{before}");
        }
    }
}
