//! Programs that run tasks by name: which lines stand behind the names, as their files say. The files are read as text and
//! never run, so a task that is computed stays a name.

use crate::repo::dir::Dir;
use crate::stack::node::javascript::{self, Value};

/// One that keeps its tasks in a file of its own.
struct Runner {
    command: &'static str,
    /// Where the tasks are, the first that is there.
    files: &'static [&'static str],
    /// What stands before the object of tasks.
    holds: &'static str,
    /// The task that is run where none is named.
    usual: Option<&'static str>,
}

const RUNNERS: &[Runner] = &[
    // https://github.com/sezna/nps#cli
    Runner {
        command: "nps",
        files: &["package-scripts.js", "package-scripts.cjs"],
        holds: "scripts:",
        usual: Some("default"),
    },
    // https://github.com/coderaiser/madrun#readme
    Runner { command: "madrun", files: &[".madrun.mjs", ".madrun.js"], holds: "export default", usual: None },
];

/// Programs that run scripts of the package one after another, without options or with these.
/// <https://github.com/mysticatea/npm-run-all/blob/master/docs/run-s.md>
const IN_TURN: &[(&str, &[&str])] = &[
    ("run-s", &["-l", "-n", "-s", "--print-label", "--print-name", "--silent"]),
    (
        "npm-run-all",
        &["-l", "-n", "-s", "--print-label", "--print-name", "--silent", "--serial", "--sequential"],
    ),
];

/// The line of a shell that does what these words do: `nps start` is what `package-scripts.js` has under `start`.
pub(super) fn line(words: &[String], dir: &Dir<'_>) -> Option<String> {
    let (command, rest) = words.split_first()?;
    if let Some((_, options)) = IN_TURN.iter().find(|(name, _)| name == command) {
        return in_turn(rest, options);
    }
    let runner = RUNNERS.iter().find(|runner| runner.command == command)?;
    let name = match rest {
        [] => runner.usual?,
        [name] if !name.starts_with('-') => name,
        _ => return None,
    };
    let doc = runner.files.iter().find_map(|file| dir.doc(file))?;
    let code = javascript::without_comments(doc.text);
    let tasks = code.split_once(runner.holds)?.1.trim_start();
    let tasks = Value { at: 0, text: javascript::object_around(tasks, 1) };
    command_of(tasks.member(name).or_else(|| name.split('.').try_fold(tasks, Value::member))?)
}

/// `run-s build serve` is `npm run build && npm run serve`. Patterns are nobody's to resolve here.
fn in_turn(words: &[String], options: &[&str]) -> Option<String> {
    let names: Vec<&str> = words.iter().map(String::as_str).filter(|word| !options.contains(word)).collect();
    let are_names =
        !names.is_empty() && names.iter().all(|name| !name.starts_with('-') && !name.contains(['*', ' ']));
    are_names.then(|| names.iter().map(|name| format!("npm run {name}")).collect::<Vec<_>>().join(" && "))
}

/// The line of a task: itself, what a function without arguments gives, or what an object has under `script` or `default`.
fn command_of(task: Value<'_>) -> Option<String> {
    if let Some(inner) = task.member("script").or_else(|| task.member("default")) {
        return command_of(inner);
    }
    let text = task.text.strip_prefix("async").unwrap_or(task.text).trim_start();
    let text = text.strip_prefix("()").and_then(|rest| rest.trim_start().strip_prefix("=>")).unwrap_or(text);
    Value { at: task.at, text: text.trim() }.literal().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Inventory, RelPath};

    const NPS: &str = "const { series } = require('nps-utils');
module.exports = {
  scripts: {
    default: 'nps serve',
    // serve: 'node old.js',
    watch: { serve: 'nodemon' },
    serve: { script: 'cross-env NODE_ENV=production node dist/app.js', description: 'Serves' },
    db: { default: series('nps a', 'nps b'), seed: { script: 'node seed.js' } },
  },
};
";
    const MADRUN: &str = "import {run} from 'madrun';
export default {
    'start': () => 'node bin/lamp.js',
    'start:dev': async () => await run('start'),
    'lint': async () => `putout .`,
};
";

    #[test]
    fn tasks_are_found_by_their_names() {
        let inventory = Inventory::from_files([("package-scripts.js", NPS), (".madrun.mjs", MADRUN)]);
        let dir = inventory.dir(RelPath::root());
        for (words, expected) in [
            ("nps", Some("nps serve")),
            ("nps serve", Some("cross-env NODE_ENV=production node dist/app.js")),
            ("nps watch.serve", Some("nodemon")),
            ("nps db.seed", Some("node seed.js")),
            ("nps db", None),
            ("nps gone", None),
            ("nps serve --silent", None),
            ("madrun start", Some("node bin/lamp.js")),
            ("madrun lint", Some("putout .")),
            ("madrun start:dev", None),
            ("madrun", None),
            ("run-s build serve", Some("npm run build && npm run serve")),
            ("npm-run-all -s build serve", Some("npm run build && npm run serve")),
            ("npm-run-all build:* serve", None),
            ("npm-run-all -p api web", None),
            ("node start", None),
        ] {
            let words = shell_words::split(words).expect(words);
            assert_eq!(line(&words, &dir).as_deref(), expected, "{words:?}");
        }
        let empty = Inventory::from_files([("package.json", "{}")]);
        assert_eq!(line(&["nps".to_owned()], &empty.dir(RelPath::root())), None);
    }
}
