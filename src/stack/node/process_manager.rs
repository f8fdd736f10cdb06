//! pm2: which program it keeps alive, as its command line and its file say.
//!
//! A container needs no process manager: the engine starts the program anew, and one process is what it counts and
//! measures. So the program becomes the image's command, with the arguments and variables that pm2 would hand it. How many
//! of it there are, and what is watched and logged, stays behind. The file is read as text and never run.
//!
//! <https://pm2.keymetrics.io/docs/usage/application-declaration/>, <https://pm2.keymetrics.io/docs/usage/docker-pm2-nodejs/>

use crate::repo::dir::Dir;
use crate::stack::common::pattern::pattern;
use crate::stack::node::javascript::{self, values};
use crate::stack::node::start::clean;

/// What pm2 would start.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// The words of its command.
    pub words: Vec<String>,
    /// The variables it is given.
    pub env: Vec<(String, String)>,
}

/// Options of the command line whose value is the next word.
const WITH_VALUE: &[&str] = &[
    "-n",
    "--name",
    "-i",
    "--instances",
    "--env",
    "--only",
    "-o",
    "--output",
    "-e",
    "--error",
    "-l",
    "--log",
    "--log-date-format",
    "--max-memory-restart",
    "--max-restarts",
    "--restart-delay",
    "--kill-timeout",
    "--listen-timeout",
    "--cron-restart",
    "--cwd",
    "--interpreter",
    "--node-args",
    "--interpreter-args",
    "-u",
    "--user",
    "--exp-backoff-restart-delay",
];

/// What these words keep alive: `pm2-runtime start ecosystem.config.js --env production`.
pub(super) fn kept(words: &[String], dir: &Dir<'_>) -> Option<Kept> {
    let (command, rest) = words.split_first()?;
    if !matches!(command.as_str(), "pm2" | "pm2-runtime" | "pm2-docker") {
        return None;
    }
    let end = rest.iter().position(|word| word == "--").unwrap_or(rest.len());
    let (own, handed) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
    let mut plain = Vec::new();
    let (mut stage, mut options) = (None, Vec::new());
    let mut own = own.iter();
    while let Some(word) = own.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) if name.starts_with('-') => (name, Some(value.to_owned())),
            _ if WITH_VALUE.contains(&word.as_str()) => (word.as_str(), own.next().cloned()),
            _ => (word.as_str(), None),
        };
        match name {
            "--env" => stage = value,
            "--node-args" | "--interpreter-args" => options = split(&value.unwrap_or_default()),
            "start" if plain.is_empty() => {}
            _ if name.starts_with('-') => {}
            _ => plain.push(word.clone()),
        }
    }
    let file = plain.first()?;
    let mut kept = if is_description(file) {
        described(dir.doc(&clean(file))?.text, stage.as_deref())?
    } else {
        Kept { words: program(file, options, Vec::new()), env: Vec::new() }
    };
    kept.words.extend(handed.iter().cloned());
    Some(kept)
}

/// Does this file describe programs instead of being one?
fn is_description(file: &str) -> bool {
    file.ends_with(".json")
        || [".config.js", ".config.cjs", ".config.mjs"].iter().any(|ending| file.ends_with(ending))
}

/// The first program of a description.
fn described(text: &str, stage: Option<&str>) -> Option<Kept> {
    let code = javascript::without_comments(text);
    let (at, script) = values(&code, "script").find_map(|value| Some((value.at, value.literal()?)))?;
    let app = javascript::object_around(&code, at);
    let mut env = variables(app, "env");
    for (name, value) in stage.map(|stage| variables(app, &format!("env_{stage}"))).unwrap_or_default() {
        env.retain(|(known, _)| *known != name);
        env.push((name, value));
    }
    let options = words_of(app, "node_args").or_else(|| words_of(app, "interpreter_args"));
    let args = words_of(app, "args").unwrap_or_default();
    Some(Kept { words: program(script, options.unwrap_or_default(), args), env })
}

/// A file is run by `node`; any other word is a command of its own.
fn program(script: &str, options: Vec<String>, args: Vec<String>) -> Vec<String> {
    let is_file = ["js", "ts"].iter().any(|ending| script.ends_with(ending)) || script.contains('/');
    let node = is_file.then(|| "node".to_owned());
    node.into_iter().chain(options).chain([clean(script)]).chain(args).collect()
}

/// Names and values of an object of literals. What is computed is nobody's to say before it runs.
fn variables(app: &str, key: &str) -> Vec<(String, String)> {
    let Some(value) = values(app, key).next().filter(|value| value.text.starts_with('{')) else {
        return Vec::new();
    };
    pattern(r#"["']?([A-Za-z_]\w*)["']?\s*:\s*(?:"([^"\n]*)"|'([^'\n]*)'|(\d+)\s*[,}\n])"#)
        .captures_iter(value.text)
        .filter_map(|found| {
            let value = found.get(2).or_else(|| found.get(3)).or_else(|| found.get(4))?;
            Some((found[1].to_owned(), value.as_str().to_owned()))
        })
        .collect()
}

/// A line, or a list of words.
fn words_of(app: &str, key: &str) -> Option<Vec<String>> {
    let value = values(app, key).next()?;
    match value.items() {
        Some(items) => {
            Some(items.iter().map(|item| item.literal().unwrap_or(item.text).to_owned()).collect())
        }
        None => value.literal().map(split),
    }
}

fn split(line: &str) -> Vec<String> {
    shell_words::split(line).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Inventory, RelPath};

    const FILE: &str = "// script: 'old.js'
module.exports = {
  apps: [
    {
      name: 'shop',
      script: './app/main.js',
      args: ['--wood', 'birch'],
      node_args: '--max-old-space-size=256',
      env: { PORT: 4230, HOST: process.env.HOST, NAME: 'one' },
      env_production: {
        NAME: 'two, or three',
      },
    },
    { script: 'worker.js', env: { PORT: 1, QUEUE: 'x' } },
  ],
};
";

    fn check(line: &str, expected: &str) {
        let inventory = Inventory::from_files([
            ("ecosystem.config.cjs", FILE),
            ("pm2.json", r#"{"apps": [{"script": "npm", "args": "run serve", "env": {"PORT": "80"}}]}"#),
        ]);
        let words = shell_words::split(line).expect(line);
        let kept = kept(&words, &inventory.dir(RelPath::root())).expect(line);
        let env: String =
            kept.env.iter().fold(String::new(), |text, (name, value)| format!("{text}{name}={value}; "));
        assert_eq!(format!("{env}{}", kept.words.join(" ")), expected, "{line}");
    }

    #[test]
    fn programs_are_found() {
        for (line, expected) in [
            (
                "pm2-runtime start ecosystem.config.cjs",
                "PORT=4230; NAME=one; node --max-old-space-size=256 app/main.js --wood birch",
            ),
            (
                "pm2-runtime ecosystem.config.cjs --env production",
                "PORT=4230; NAME=two, or three; node --max-old-space-size=256 app/main.js --wood birch",
            ),
            ("pm2 start pm2.json --no-daemon", "PORT=80; npm run serve"),
            ("pm2-runtime start app.js -i max --env production --name=x", "node app.js"),
            (
                "pm2 start app.js --node-args '--trace-warnings' -- --port 80",
                "node --trace-warnings app.js --port 80",
            ),
            ("pm2-runtime npm -- start", "npm start"),
            ("pm2-runtime dist/main", "node dist/main"),
        ] {
            check(line, expected);
        }
    }

    #[test]
    fn other_words_are_not_its() {
        let inventory = Inventory::from_files([("package.json", "{}")]);
        let dir = inventory.dir(RelPath::root());
        for line in ["node app.js", "pm2", "pm2-runtime start gone.config.js"] {
            assert_eq!(kept(&shell_words::split(line).expect(line), &dir), None, "{line}");
        }
    }
}
