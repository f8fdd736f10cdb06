//! How an old image started Java: the options of the virtual machine move to the variable that it reads by itself, the
//! program's own arguments stay behind it, and where a shell puts variables in, the shell stays.

use super::{Harvest, Judged, Starts, called, kept, list, person, superseded};
use crate::dockerfile::script::{Command, commands};

/// Commands before Java that leave the start as it is.
const BESIDE: &[&str] = &["sleep", "echo", "export", "set", "true"];

/// What becomes of a start that needs no shell; none where it is no Java that dockgen knows.
pub(super) fn judge(harvest: &mut Harvest, starts: &Starts<'_>, words: &[String]) -> Option<Judged> {
    match called(words).0 {
        "catalina.sh" => Some((superseded("runtime"), starts.change())),
        "java" => Some(plain(harvest, starts, words)),
        "mvn" | "mvnw" | "gradle" | "gradlew" => Some(starts.is_built()),
        _ => None,
    }
}

/// `java OPTIONS -jar app.jar ARGUMENTS`.
fn plain(harvest: &mut Harvest, starts: &Starts<'_>, words: &[String]) -> Judged {
    let Starts { scene, line, ref planned, .. } = *starts;
    let mut notes = starts.change();
    let jar = words.iter().position(|word| matches!(word.as_str(), "-jar" | "-cp" | "-classpath"));
    let options = &words[1..jar.unwrap_or(1).max(1)];
    let arguments =
        jar.filter(|jar| words[*jar] == "-jar").and_then(|jar| words.get(jar + 2..)).unwrap_or_default();
    let mut fate = superseded("runtime, which starts the built program");
    if !options.is_empty() {
        let usual =
            scene.service.runtime.env.get("JAVA_TOOL_OPTIONS").map(|usual| format!("{} ", usual.value));
        let value = format!("{}{}", usual.unwrap_or_default(), options.join(" "));
        harvest.wish("runtime.env.JAVA_TOOL_OPTIONS", value.into(), line);
        notes = vec![format!("`{}` are options of the virtual machine", options.join(" "))];
        fate = kept("runtime.env.JAVA_TOOL_OPTIONS");
    }
    if !arguments.is_empty() {
        if jar_of(planned).is_none() {
            return (person("the arguments of the program belong in run.cmd"), notes);
        }
        harvest.wish("run.cmd", list(&[planned.as_slice(), arguments].concat()), line);
        fate = kept("run.cmd");
    }
    (fate, notes)
}

/// `exec java $JAVA_OPTS -jar app.jar`: whoever sets that variable for a container counts on it, so the shell stays, and the
/// program is what is built now. None where something else than that is started.
pub(super) fn in_shell(harvest: &mut Harvest, starts: &Starts<'_>) -> Option<Judged> {
    let [shell, flag, text, rest @ ..] = starts.old.as_slice() else { return None };
    let found = commands(text);
    let (java, others): (Vec<&Command>, Vec<&Command>) =
        found.iter().partition(|command| command.program() == Some("java"));
    let [java] = java.as_slice() else { return None };
    let is_known = others.iter().all(|other| other.program().is_none_or(|name| BESIDE.contains(&name)));
    if starts.stack() != "java" || flag != "-c" || java.writes || java.is_conditional || !is_known {
        return None;
    }
    let at = java.words.iter().position(|word| word.text == "-jar");
    let (Some(old_jar), Some(new_jar)) = (at.and_then(|at| java.words.get(at + 1)), jar_of(&starts.planned))
    else {
        let why = "the image starts something else than one jar now: what a shell put into its command belongs in run.cmd";
        return Some((person(why), vec![starts.note()]));
    };
    // The shell makes room for Java, so that this gets the signal to stop.
    let is_first = java.words.first().is_some_and(|first| first.text == "exec");
    let exec = if is_first { "" } else { "exec " };
    let start = java.words.first().map_or(java.span.start, |word| word.span.start);
    let text = format!(
        "{}{exec}{}{new_jar}{}",
        &text[..start],
        &text[start..old_jar.span.start],
        &text[old_jar.span.end..]
    );
    let shell = if shell.ends_with("bash") { "sh" } else { shell.as_str() };
    let words = [shell.to_owned(), flag.clone(), text];
    harvest.wish("run.cmd", list(&[words.as_slice(), rest].concat()), starts.line);
    let note = format!("a shell puts its options together; the built program is `{new_jar}`");
    Some((kept("run.cmd"), vec![note]))
}

/// The jar that is planned to be started, and nothing behind it.
fn jar_of(planned: &[String]) -> Option<&str> {
    match planned {
        [.., flag, jar] if flag == "-jar" => Some(jar),
        _ => None,
    }
}
