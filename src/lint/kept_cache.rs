//! Caches and lists of package managers that stay in the image although nothing reads them there.
//!
//! <https://docs.docker.com/build/building/best-practices/#apt-get>

use super::{
    Findings, Fix, Rule, Scope, Severity, Subject,
    runs::{Ran, runs},
};
use crate::dockerfile::packages::{Manager, installed, manager};
use crate::dockerfile::script::Command;

pub(super) static RULE: Rule = Rule {
    code: "kept-cache",
    why: "Lists and caches stay in the layer, where nothing reads them.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

struct Cache {
    manager: Manager,
    folder: &'static str,
    /// Commands that empty it.
    cleaners: &'static [(&'static str, &'static str)],
    /// What to run at the end.
    clean: &'static str,
}

const CACHES: &[Cache] = &[
    Cache {
        manager: Manager::Apt,
        folder: "/var/lib/apt/lists",
        cleaners: &[],
        clean: "rm -rf /var/lib/apt/lists/*",
    },
    Cache {
        manager: Manager::Yum,
        folder: "/var/cache/yum",
        cleaners: &[("yum", "clean"), ("dnf", "clean"), ("microdnf", "clean"), ("tdnf", "clean")],
        clean: "yum clean all",
    },
];

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let runs = runs(subject);
    for (at, run) in runs.iter().enumerate() {
        for cache in CACHES {
            let mut installs = run.commands.iter().filter(|command| is_of(command, cache.manager));
            let Some(install) = installs.next() else { continue };
            if run.mounts(cache.folder)
                || run.removes("/var/lib/apt") && cache.manager == Manager::Apt
                || cleans(run, cache)
            {
                continue;
            }
            let place = run.place(&install.span);
            let line = place.map_or(run.instruction.line, |place| subject.line_of(place.start));
            let message = format!("`{}` stays in the layer", cache.folder);
            let fix = if is_needed_later(&runs[at + 1..], cache.manager) { None } else { clean(run, cache) };
            findings.add_with(line, message, format!("End the RUN with `&& {}`.", cache.clean), fix);
        }
        for command in run.commands.iter().filter(|command| is_apk_without_cache_flag(command)) {
            if run.mounts("/var/cache/apk") || run.mounts("/etc/apk/cache") || run.removes("/var/cache/apk") {
                continue;
            }
            let place = run.place(&command.span);
            let line = place.map_or(run.instruction.line, |place| subject.line_of(place.start));
            let add =
                command.words.iter().find(|word| word.text == "add").and_then(|word| run.place(&word.span));
            let fix = add.map(|add| {
                Fix::replace(
                    "without the package index, which nothing in the image reads",
                    add.end..add.end,
                    " --no-cache",
                )
            });
            findings.add_with(line, "the package index stays in the layer", "Add --no-cache.", fix);
        }
    }
}

fn is_of(command: &Command, wanted: Manager) -> bool {
    installed(command).is_some_and(|install| install.manager == wanted)
}

fn cleans(run: &Ran<'_>, cache: &Cache) -> bool {
    let is_clean = |command: &Command| cache.cleaners.iter().any(|(program, verb)| command.is(program, verb));
    run.commands.iter().any(is_clean) || run.removes(cache.folder)
}

/// Whether something below installs without fetching lists of its own. Other files may build on the image too,
/// but those have to fetch lists anyway: a base image has none.
fn is_needed_later(later: &[Ran<'_>], wanted: Manager) -> bool {
    wanted == Manager::Apt
        && later.iter().any(|run| {
            let first = run.commands.iter().find(|command| manager(command) == Some(wanted));
            let fetches = first
                .is_some_and(|command| command.operands().next().is_some_and(|verb| verb.text == "update"));
            !fetches && (first.is_some() || run.commands.is_empty())
        })
}

/// The command that cleans, behind the last one of a plain chain.
fn clean(run: &Ran<'_>, cache: &Cache) -> Option<Fix> {
    let last = run.commands.last().filter(|_| run.is_plain_chain())?;
    let end = run.place(&(last.span.end - 1..last.span.end))?.end;
    let text = format!(" \\\n && {}", cache.clean);
    let text = if run.instruction.escape == '\\' { text } else { format!(" && {}", cache.clean) };
    Some(Fix::replace(
        format!("removes `{}`, which nothing in the image reads", cache.folder),
        end..end,
        text,
    ))
}

fn is_apk_without_cache_flag(command: &Command) -> bool {
    is_of(command, Manager::Apk) && !command.has_option(&["--no-cache"])
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{check, repairs},
        RULE,
    };

    #[test]
    fn finds() {
        check(
            &RULE,
            "FROM a\nRUN apt-get update && apt-get install -y x\nRUN apk add y\nRUN yum install -y z\n",
            &[2, 3, 4],
        );
        repairs(
            &RULE,
            "FROM a\nRUN apt-get update \\\n && apt-get install -y x\nRUN apk add --update y\n",
            "FROM a\nRUN apt-get update \\\n && apt-get install -y x \\\n && rm -rf /var/lib/apt/lists/*\nRUN apk add --no-cache --update y\n",
        );
        // Something below still reads the lists.
        repairs(
            &RULE,
            "FROM a\nRUN apt-get update && apt-get install -y x\nRUN apt-get install -y y && rm -rf /var/lib/apt/lists/*\n",
            "FROM a\nRUN apt-get update && apt-get install -y x\nRUN apt-get install -y y && rm -rf /var/lib/apt/lists/*\n",
        );
    }

    #[test]
    fn finds_not() {
        check(
            &RULE,
            "FROM a\nRUN apt-get install -y x && rm -rf /var/lib/apt/lists/*\nRUN apk add --no-cache y\n",
            &[],
        );
        check(&RULE, "FROM a\nRUN --mount=type=cache,target=/var/lib/apt apt-get install -y x\n", &[]);
        check(&RULE, "FROM a\nRUN yum install -y x && yum clean all\n", &[]);
    }
}
