//! What a start command really starts.
//!
//! A script is a line for a shell that npm would run: wrappers around wrappers, and one program at the end.
//! Only that program becomes the image's command, in exec form, so that signals reach it. What cannot be unwrapped
//! is run by a shell, and the plan says so.

use serde::Serialize;

use crate::repo::dir::Dir;
use crate::stack::node::manifest::Package;
use crate::stack::node::{pnp, process_manager, shell as shell_line, task_runner, together};

/// What is started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Start {
    /// `node` with its options, a file, and arguments.
    Node(Node),
    /// The program of an installed package: `next start -p 3001`.
    Tool {
        /// Its command.
        name: String,
        /// Its arguments.
        args: Vec<String>,
    },
    /// A web server for built files: `serve -s build`.
    Files {
        /// The folder it serves.
        folder: String,
    },
    /// A line only a shell understands.
    Shell(String),
}

/// A Node.js program.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(super) struct Node {
    /// Options before the file: `--import tsx`.
    pub options: Vec<String>,
    /// The file, from the package's folder.
    pub file: String,
    /// Arguments after the file.
    pub args: Vec<String>,
    /// The installed package that must be there to run it: `tsx`.
    pub with: Option<String>,
    /// What runs it.
    pub on: Engine,
}

/// What runs a JavaScript program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Engine {
    #[default]
    Node,
    /// <https://bun.com/docs/runtime>: TypeScript without a build, and an API of its own.
    Bun,
}

impl Engine {
    /// Its command.
    pub fn command(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Bun => "bun",
        }
    }

    /// The engine that this command starts.
    pub fn of(command: &str) -> Option<Self> {
        [Self::Node, Self::Bun].into_iter().find(|engine| engine.command() == command)
    }
}

/// A decoded command: what is started, and the variables set on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Decoded {
    /// What is started.
    pub start: Start,
    /// Variables that the command sets.
    pub env: Vec<(String, String)>,
    /// Commands that run before it and need what only the running program has: migrations.
    pub before: Vec<String>,
    /// Commands before it that make files, which belongs to the build.
    pub builds: Vec<String>,
}

/// Wrappers that set variables and start the rest.
const TRANSPARENT: &[&str] = &[
    "cross-env",
    "cross-env-shell",
    "env",
    "exec",
    "npx",
    "bunx",
    "dotenv",
    "env-cmd",
    "dotenvx",
    "nice",
    "time",
];

/// Runners of a Node.js file, with what stands in for them when nobody watches the files.
struct Runner {
    command: &'static str,
    /// Options that make plain Node.js do the same.
    options: &'static [&'static str],
    /// The package that must be installed then.
    with: Option<&'static str>,
}

const RUNNERS: &[Runner] = &[
    Runner { command: "node", options: &[], with: None },
    Runner { command: "nodejs", options: &[], with: None },
    // https://github.com/remy/nodemon#nodemon: starts `node` and watches.
    Runner { command: "nodemon", options: &[], with: None },
    Runner { command: "node-dev", options: &[], with: None },
    Runner { command: "supervisor", options: &[], with: None },
    Runner { command: "forever", options: &[], with: None },
    // https://tsx.is/dev-api/node-cli
    Runner { command: "tsx", options: &["--import", "tsx"], with: Some("tsx") },
    // https://typestrong.org/ts-node/docs/usage#node-flags-and-other-tools
    Runner { command: "ts-node", options: &["-r", "ts-node/register"], with: Some("ts-node") },
    Runner { command: "ts-node-esm", options: &["--loader", "ts-node/esm"], with: Some("ts-node") },
    Runner {
        command: "ts-node-dev",
        options: &["-r", "ts-node/register/transpile-only"],
        with: Some("ts-node-dev"),
    },
    Runner {
        command: "tsnd",
        options: &["-r", "ts-node/register/transpile-only"],
        with: Some("ts-node-dev"),
    },
    // https://babeljs.io/docs/babel-node: it brings the hook, which needs no second process.
    Runner { command: "babel-node", options: &["-r", "@babel/register"], with: Some("@babel/node") },
    Runner { command: "esno", options: &["--import", "tsx"], with: Some("tsx") },
    Runner { command: "coffee", options: &["-r", "coffeescript/register"], with: Some("coffeescript") },
    // https://bun.com/docs/runtime#run-a-file
    Runner { command: "bun", options: &[], with: None },
];

/// Options that take their value as the next word. <https://nodejs.org/api/cli.html#options>
const WITH_VALUE: &[&str] = &[
    "-r",
    "--require",
    "--import",
    "--loader",
    "--experimental-loader",
    "--env-file",
    "--env-file-if-exists",
    "--conditions",
    "-C",
    "--title",
    // nodemon, ts-node, babel-node
    "--watch-path",
    "-w",
    "-e",
    "--ext",
    "-i",
    "--ignore",
    "--delay",
    "--signal",
    "-P",
    "--project",
    "-O",
    "--presets",
    "--plugins",
    "--name",
    "-n",
    "-x",
    "--exec",
    "--extensions",
    "--config",
    "--tsconfig",
];

/// Options that Node.js itself keeps; those of the runners go with the runner. `--env-file` is not one: the file is no part of
/// an image, and Node.js would not start without it.
fn is_node_option(word: &str) -> bool {
    [
        "-r",
        "--require",
        "--import",
        "--loader",
        "--max",
        "--experimental",
        "--enable",
        "--no-warnings",
        "--es-module",
        "--expose",
        "--unhandled",
        "--trace",
        "--conditions",
        "--openssl",
        "--tls",
        "--http",
        "--stack-size",
        "--preserve",
        "--use",
        "--disable",
        "--dns",
        "--icu",
        "--harmony",
    ]
    .iter()
    .any(|known| word.starts_with(known))
}

/// The file among the words that `node` gets.
pub(super) fn file_of(words: &[String]) -> Option<&String> {
    let mut words = words.iter();
    loop {
        let word = words.next()?;
        if !word.starts_with('-') {
            return Some(word);
        }
        if WITH_VALUE.contains(&word.as_str()) {
            words.next();
        }
    }
}

/// Servers of static files, with their folder argument.
const FILE_SERVERS: &[&str] =
    &["serve", "http-server", "live-server", "lite-server", "superstatic", "static-server"];

/// Words of commands that work on a database. Any other step before the start makes files.
const SERVICES: &[&str] = &[
    "migrat",
    "seed",
    "prisma",
    "sequelize",
    "typeorm",
    "knex",
    "drizzle",
    "mikro-orm",
    "wait-on",
    "wait-for",
    "db:",
    "db-",
];

/// Decodes a command line of this package.
pub(super) fn decode(line: &str, package: Option<&Package<'_>>, dir: &Dir<'_>) -> Option<Decoded> {
    decode_at(line, package, dir, 0)
}

pub(super) fn decode_at(
    line: &str,
    package: Option<&Package<'_>>,
    dir: &Dir<'_>,
    depth: usize,
) -> Option<Decoded> {
    const DEEPEST: usize = 6;
    let line = line.trim();
    if let Some(decoded) = (depth < DEEPEST).then(|| together::program(line, package, dir, depth)).flatten() {
        return Some(decoded);
    }
    let steps: Vec<&str> = line.split("&&").map(str::trim).collect();
    let (last, first) = steps.split_last()?;
    let is_plain = !last.contains(['|', ';', '`', '<', '>', '&']) && !last.contains("$(");
    let words = shell_words::split(last).ok().filter(|_| is_plain && depth < DEEPEST);
    let Some(words) = words else { return Some(shell(line)) };
    let mut env = Vec::new();
    let words = pnp::without(&unwrap(&words, &mut env));
    let (mut before, mut builds): (Vec<String>, Vec<String>) =
        first.iter().map(|step| (*step).to_owned()).partition(|step| needs_services(step, package));
    if words.iter().any(|word| word.contains('$')) {
        return Some(shell(line));
    }
    let command = words.first()?.clone();
    if let Some(script) = script_name(&words) {
        let Some(inner) = package?.script(&script) else { return installed(&words, &script, env) };
        let mut decoded = decode_at(&inner.value, package, dir, depth + 1)?;
        if let (Start::Node(node), Some(at)) =
            (&mut decoded.start, words.iter().position(|word| word == "--"))
        {
            node.args.extend(words[at + 1..].iter().cloned());
        }
        before.append(&mut decoded.before);
        builds.append(&mut decoded.builds);
        env.extend(decoded.env);
        return Some(Decoded { env, before, builds, ..decoded });
    }
    let tasks = task_runner::line(&words, dir).map(|line| (line, Vec::new()));
    let kept = || process_manager::kept(&words, dir).map(|kept| (shell_words::join(&kept.words), kept.env));
    if let Some((line, given)) = tasks.or_else(kept) {
        let mut decoded = decode_at(&line, package, dir, depth + 1)?;
        before.append(&mut decoded.before);
        builds.append(&mut decoded.builds);
        env.extend(given.into_iter().chain(decoded.env));
        return Some(Decoded { env, before, builds, ..decoded });
    }
    let start = match RUNNERS.iter().find(|runner| runner.command == base_name(&command)) {
        Some(runner) => node_program(runner, &words[1..], package, dir),
        None if FILE_SERVERS.contains(&command.as_str()) => Some(files(&words[1..])),
        None if command.ends_with(".js") && command.starts_with('.') => {
            Some(Start::Node(Node { file: clean(&command), args: words[1..].to_vec(), ..Node::default() }))
        }
        None => Some(Start::Tool { name: base_name(&command).to_owned(), args: words[1..].to_vec() }),
    };
    Some(Decoded { start: start.unwrap_or_else(|| Start::Shell(line.to_owned())), env, before, builds })
}

/// `yarn next start`, `bun --bun next start`: managers but npm run installed programs like scripts.
fn installed(words: &[String], name: &str, env: Vec<(String, String)>) -> Option<Decoded> {
    let runs_programs = !matches!(words[0].as_str(), "npm" | "node");
    let at = words.iter().position(|word| word == name).filter(|_| runs_programs)?;
    let start = Start::Tool { name: name.to_owned(), args: words[at + 1..].to_vec() };
    Some(Decoded { start, env, before: Vec::new(), builds: Vec::new() })
}

fn shell(line: &str) -> Decoded {
    Decoded { start: Start::Shell(line.to_owned()), env: Vec::new(), before: Vec::new(), builds: Vec::new() }
}

/// `./node_modules/.bin/next` is `next`.
pub(super) fn base_name(command: &str) -> &str {
    let local = command.strip_prefix("./").unwrap_or(command);
    local.strip_prefix("node_modules/.bin/").unwrap_or(command)
}

/// Takes variables and wrappers off the front.
pub(super) fn unwrap(words: &[String], env: &mut Vec<(String, String)>) -> Vec<String> {
    let mut rest = words;
    while let Some(word) = rest.first() {
        if let Some((name, value)) = shell_line::assignment(word) {
            let value = if name == "NODE_OPTIONS" {
                pnp::without_in(value)
            } else {
                shell_line::without_environment(value)
            };
            env.extend(value.map(|value| (name.to_owned(), value)));
        } else if !TRANSPARENT.contains(&base_name(word)) {
            break;
        } else {
            let wrapper = base_name(word);
            rest = &rest[1..];
            // `dotenv -e .env --`, `env-cmd -f .env`: files that the image does not hold.
            while rest.first().is_some_and(|word| word.starts_with('-')) {
                let takes_value =
                    matches!(rest[0].as_str(), "-e" | "-f" | "--file" | "-c" | "-p" | "--package");
                let ended = rest[0] == "--";
                rest = rest.get(if takes_value && wrapper != "exec" { 2 } else { 1 }..).unwrap_or_default();
                if ended {
                    break;
                }
            }
            if wrapper == "dotenvx" && rest.first().is_some_and(|word| word == "run") {
                rest = &rest[1..];
                while rest.first().is_some_and(|word| word.starts_with('-')) {
                    rest = &rest[1..];
                }
            }
            continue;
        }
        rest = &rest[1..];
    }
    rest.to_vec()
}

/// `npm run serve`, `yarn serve`, `pnpm start`, `node --run serve`: the script's name.
pub(super) fn script_name(words: &[String]) -> Option<String> {
    let manager = words.first()?;
    if manager == "node" {
        // https://nodejs.org/api/cli.html#--run
        let at = words.iter().position(|word| word == "--run")?;
        return words[1..at].iter().all(|word| word.starts_with('-')).then(|| words.get(at + 1).cloned())?;
    }
    if !matches!(manager.as_str(), "npm" | "yarn" | "pnpm" | "bun") {
        return None;
    }
    let is_bun = manager == "bun";
    let mut rest = words[1..].iter().filter(|word| {
        let is_option = is_bun && word.starts_with('-');
        !is_option && !matches!(word.as_str(), "-s" | "--silent" | "--if-present")
    });
    match rest.next()?.as_str() {
        "run" | "run-script" => rest.next().filter(|name| !is_bun || !is_source(name)).cloned(),
        "exec" | "dlx" | "node" => None,
        word if word.starts_with('-') || word.contains('.') => None,
        word => Some(word.to_owned()),
    }
}

/// Is it a file that Bun runs, and no script?
fn is_source(word: &str) -> bool {
    let ending = word.rsplit_once('.').map(|(_, ending)| ending);
    matches!(ending, Some("ts" | "tsx" | "mts" | "cts" | "js" | "jsx" | "mjs" | "cjs"))
}

/// Does this step work on something that only a running program reaches: a database?
fn needs_services(step: &str, package: Option<&Package<'_>>) -> bool {
    let words = shell_words::split(step).unwrap_or_default();
    let words = unwrap(&words, &mut Vec::new());
    let inner = script_name(&words).and_then(|name| package?.script(&name));
    let line = inner.map_or_else(|| step.to_owned(), |script| format!("{step} {}", script.value));
    SERVICES.iter().any(|mark| line.contains(mark)) && !line.contains("prisma generate")
}

fn node_program(
    runner: &Runner,
    words: &[String],
    package: Option<&Package<'_>>,
    dir: &Dir<'_>,
) -> Option<Start> {
    // Every other runner hands the file to Node.js.
    let on = Engine::of(runner.command).unwrap_or_default();
    let mut node = Node { with: runner.with.map(str::to_owned), on, ..Node::default() };
    let is_open = runner.command == "nodemon" && !names_a_program(words);
    let usual = is_open.then(|| watched_by_nodemon(package, dir));
    let mut words = words.iter().chain(usual.iter().flatten()).peekable();
    let is_node = matches!(runner.command, "node" | "nodejs");
    let file = loop {
        let word = words.next()?;
        if word == "start" && runner.command == "forever"
            || word == "watch" && runner.command == "tsx"
            || word == "run" && runner.command == "bun"
        {
            continue;
        }
        if word == "--exec" || word == "-x" {
            // `nodemon --exec ts-node src/index.ts`, `nodemon --exec "ts-node src/index.ts"`
            let rest: Vec<String> = words.cloned().collect();
            return decode_at(&shell_words::join(expand(&rest)), package, dir, 1).map(|inner| inner.start);
        }
        if !word.starts_with('-') {
            break word;
        }
        if matches!(word.as_str(), "-e" | "-p" | "--eval" | "--print") && is_node {
            return None;
        }
        let takes_value =
            WITH_VALUE.contains(&word.as_str()) || (word == "--watch" && runner.command == "nodemon");
        let value = if takes_value { words.next() } else { None };
        if is_node_option(word) && word != "--watch" && on == Engine::Node {
            node.options.push(word.clone());
            node.options.extend(value.cloned());
        }
    };
    node.args = words.cloned().collect();
    node.file = clean(file);
    let typescript = node.file.ends_with(".ts") || node.file.ends_with(".mts");
    if runner.command == "ts-node" && package.is_some_and(Package::is_module) {
        node.options.splice(0..0, ["--loader".to_owned(), "ts-node/esm".to_owned()]);
    } else {
        node.options.splice(0..0, runner.options.iter().map(|&word| word.to_owned()));
    }
    if typescript && matches!(runner.command, "nodemon" | "node-dev") {
        // https://github.com/remy/nodemon#running-non-node-scripts: `.ts` runs with ts-node.
        let with =
            ["tsx", "ts-node"].into_iter().find(|name| package.is_some_and(|p| p.uses(name).is_some()))?;
        let options = if with == "tsx" { ["--import", "tsx"] } else { ["-r", "ts-node/register"] };
        node.options = options.map(str::to_owned).to_vec();
        node.with = Some(with.to_owned());
    }
    Some(Start::Node(node))
}

/// Do the words of nodemon say what it starts?
fn names_a_program(words: &[String]) -> bool {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if matches!(word.as_str(), "-x" | "--exec") || !word.starts_with('-') {
            return true;
        }
        if WITH_VALUE.contains(&word.as_str()) || word == "--watch" {
            words.next();
        }
    }
    false
}

/// What nodemon starts when it is given nothing: `exec` of its own file or of `nodemonConfig`, else `main`.
/// <https://github.com/remy/nodemon#packagejson>, <https://github.com/remy/nodemon#usage>
fn watched_by_nodemon(package: Option<&Package<'_>>, dir: &Dir<'_>) -> Vec<String> {
    let own = dir.doc("nodemon.json").and_then(|doc| Some(doc.json().ok()?.text(&["exec"])?.value));
    let exec = own.or_else(|| Some(package?.text(&["nodemonConfig", "exec"])?.value));
    if let Some(line) = exec {
        return vec!["--exec".to_owned(), line];
    }
    let main = package.and_then(|package| package.text(&["main"]));
    vec![main.map_or_else(|| "index.js".to_owned(), |main| main.value)]
}

/// A command that came as one quoted word.
fn expand(words: &[String]) -> Vec<String> {
    match words {
        [line, rest @ ..] if line.contains(' ') => {
            shell_words::split(line).unwrap_or_default().into_iter().chain(rest.iter().cloned()).collect()
        }
        _ => words.to_vec(),
    }
}

fn files(words: &[String]) -> Start {
    let mut folder = ".".to_owned();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if matches!(
            word.as_str(),
            "-l" | "-p" | "--listen" | "--port" | "-c" | "--config" | "-a" | "-d" | "--cors-origin"
        ) {
            words.next();
        } else if !word.starts_with('-') {
            folder = clean(word);
            break;
        }
    }
    Start::Files { folder }
}

/// A path without `./` in front.
pub(super) fn clean(path: &str) -> String {
    let path = path.trim_end_matches('/');
    let path = path.strip_prefix("./").unwrap_or(path);
    if path.is_empty() { ".".to_owned() } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Inventory, RelPath};

    fn check(line: &str, expected: &str) {
        let manifest = r#"{"main":"src/main.ts","scripts":{"serve":"cross-env NODE_ENV=production node dist/main","build":"tsc","x":"node x.js"},"devDependencies":{"tsx":"4"}}"#;
        let inventory = Inventory::from_files([
            ("package.json", manifest),
            ("ecosystem.config.js", "module.exports = { apps: [{ script: './bin/www.js' }] }"),
        ]);
        let dir = inventory.dir(RelPath::root());
        let package = Package::of(&dir);
        let decoded = decode(line, package.as_ref(), &dir).expect(line);
        let start = match &decoded.start {
            Start::Node(node) => {
                let words: Vec<&str> =
                    node.options.iter().chain([&node.file]).chain(&node.args).map(String::as_str).collect();
                format!("{} {}", node.on.command(), words.join(" "))
            }
            Start::Tool { name, args } => format!("tool {name} {}", args.join(" ")),
            Start::Files { folder } => format!("files {folder}"),
            Start::Shell(line) => format!("shell {line}"),
        };
        let env: Vec<String> = decoded.env.iter().map(|(name, value)| format!("{name}={value} ")).collect();
        let builds = decoded.builds.iter().fold(String::new(), |text, step| format!("{text}[{step}] "));
        let before: String =
            decoded.before.iter().fold(String::new(), |text, step| format!("{text}{step} ; "));
        assert_eq!(format!("{}{builds}{before}{start}", env.concat()), expected, "{line}");
    }

    #[test]
    fn wrappers_come_off() {
        for (line, expected) in [
            ("node src/server.js", "node src/server.js"),
            ("node ./dist/x.js --port 1", "node dist/x.js --port 1"),
            ("node .", "node ."),
            ("bun src/index.ts", "bun src/index.ts"),
            ("bun --watch run src/index.ts --port 1", "bun src/index.ts --port 1"),
            ("bun run --hot ./src/index.ts", "bun src/index.ts"),
            ("bun run x", "node x.js"),
            ("bun --bun next start -p 3001", "tool next start -p 3001"),
            ("yarn next start", "tool next start"),
            (
                "NODE_ENV=production node -r dotenv/config dist/x",
                "NODE_ENV=production node -r dotenv/config dist/x",
            ),
            ("npm run serve", "NODE_ENV=production node dist/main"),
            ("node --run serve", "NODE_ENV=production node dist/main"),
            ("node --run x -- --port 1", "node x.js --port 1"),
            ("PORT=${APP_PORT:-3001} HOST=$HOST node x.js", "PORT=3001 node x.js"),
            ("run-s build x", "[npm run build] node x.js"),
            ("yarn serve", "NODE_ENV=production node dist/main"),
            ("npm run build && node dist/x.js", "[npm run build] node dist/x.js"),
            ("prisma migrate deploy && node dist/x.js", "prisma migrate deploy ; node dist/x.js"),
            ("nodemon", "node --import tsx src/main.ts"),
            ("nodemon --watch src", "node --import tsx src/main.ts"),
            ("nodemon server.js", "node server.js"),
            ("nodemon --watch src --ext ts src/index.ts", "node --import tsx src/index.ts"),
            ("nodemon --exec ts-node src/index.ts", "node -r ts-node/register src/index.ts"),
            ("nodemon --exec babel-node src/index.js", "node -r @babel/register src/index.js"),
            ("tsx watch src/index.ts", "node --import tsx src/index.ts"),
            ("pm2-runtime start ecosystem.config.js", "node bin/www.js"),
            ("pm2 start app.js -i 4", "node app.js"),
            ("serve -s build -l 3000", "files build"),
            ("npx http-server ./dist -p 80", "files dist"),
            ("next start -p 3001", "tool next start -p 3001"),
            ("./node_modules/.bin/nuxt start", "tool nuxt start"),
            ("node a.js & node b.js", "shell node a.js & node b.js"),
            ("node --max-old-space-size=4096 server.js", "node --max-old-space-size=4096 server.js"),
            ("next start -p $PORT", "shell next start -p $PORT"),
        ] {
            check(line, expected);
        }
    }
}
