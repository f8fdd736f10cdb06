//! Packages that a command installs by their names, not from a list of the project: tools of the build, what a manifest lists
//! anyway, or a decision that is a person's.

use super::Scene;
use super::command::Verdict;
use crate::dockerfile::packages::bare;
use crate::dockerfile::script::Command;

/// Package names of pip and npm that are tools of the build.
const TOOLS: &[&str] = &[
    "pip",
    "setuptools",
    "wheel",
    "virtualenv",
    "pipenv",
    "poetry",
    "uv",
    "pip-tools",
    "npm",
    "yarn",
    "pnpm",
    "node-gyp",
    "n",
    "corepack",
    "typescript",
    "ts-node",
    "rimraf",
    "grunt",
    "grunt-cli",
    "gulp",
    "gulp-cli",
    "bower",
    "webpack",
    "webpack-cli",
    "@angular/cli",
    "@vue/cli",
    "create-react-app",
    "nodemon",
    "eslint",
    "mocha",
    "jest",
    "tsc",
];

/// Options of pip and npm whose value is a word of its own: <https://pip.pypa.io/en/stable/cli/pip_install/>,
/// <https://docs.npmjs.com/cli/v11/using-npm/config>
const VALUED: &[&str] = &[
    "-i",
    "--index-url",
    "--extra-index-url",
    "--trusted-host",
    "-f",
    "--find-links",
    "-c",
    "--constraint",
    "-t",
    "--target",
    "--prefix",
    "--root",
    "--timeout",
    "--default-timeout",
    "--retries",
    "--proxy",
    "--cert",
    "--cache-dir",
    "--only-binary",
    "--no-binary",
    "--registry",
    "--loglevel",
    "--network-timeout",
    "--cache",
    "--mutex",
    "--modules-folder",
    "--fetch-retries",
];

pub(super) fn pip(scene: &Scene<'_>, command: &Command) -> Verdict {
    if command.operands().next().is_none_or(|word| word.text != "install") {
        return Verdict::Nothing;
    }
    if command.has_option(&["-r", "--requirement", "-e", "--editable"]) {
        return Verdict::Stage("deps");
    }
    by_name(scene, command, "a requirements file")
}

/// `cargo install --path .` is the build; a name is a tool from elsewhere.
pub(super) fn cargo_install(command: &Command) -> Verdict {
    const BUILDERS: &[&str] =
        &["cargo-chef", "cargo-watch", "cargo-make", "sccache", "cargo-edit", "cargo-nextest"];
    if command.has_option(&["--path", "--git"]) {
        return Verdict::Stage("build");
    }
    match command.operands().nth(1) {
        Some(tool) if !BUILDERS.contains(&bare(&tool.text)) => Verdict::Person(format!(
            "whether the running program needs `{}`, which is installed by name",
            tool.text
        )),
        _ => Verdict::Stage("build"),
    }
}

pub(super) fn global(scene: &Scene<'_>, command: &Command) -> Verdict {
    let starts = scene
        .image
        .entrypoint
        .iter()
        .chain(&scene.image.cmd)
        .flatten()
        .cloned()
        .collect::<Vec<_>>()
        .join(" ");
    let names: Vec<&str> = command.operands().skip(1).map(|word| word.text.as_str()).collect();
    let used = names.iter().find(|name| starts.split([' ', '/']).any(|word| word == **name));
    match used {
        Some(name) => Verdict::Person(format!(
            "the image starts with `{name}`, which is installed by name: add it to package.json"
        )),
        None => by_name(scene, command, "package.json"),
    }
}

/// `npm install redis`, `yarn add redis`: packages for the project that its manifest may not name.
pub(super) fn adds(command: &Command) -> bool {
    let is_adding = match command.program() {
        Some("npm") => command.is("npm", "install") || command.is("npm", "i") || command.is("npm", "add"),
        Some("yarn") => command.is("yarn", "add"),
        Some("pnpm") => command.is("pnpm", "add"),
        _ => false,
    };
    is_adding && !command.has_option(&["-g", "--global"])
}

/// Packages installed by name: tools of the build, or what a manifest lists, or a decision.
pub(super) fn by_name(scene: &Scene<'_>, command: &Command, manifest: &str) -> Verdict {
    let mut before = "";
    let mut names = Vec::new();
    for word in command.args() {
        let is_value = VALUED.contains(&before);
        before = word.text.as_str();
        if !is_value && !before.starts_with('-') {
            names.push(word);
        }
    }
    let names = names.into_iter().skip(1).filter(|word| !matches!(word.text.as_str(), "add" | "install"));
    for word in names {
        let name = word
            .text
            .rsplit_once('@')
            .filter(|(name, _)| !name.is_empty())
            .map_or(word.text.as_str(), |(name, _)| name);
        let name = if name.starts_with('@') { name } else { bare(name).split('[').next().unwrap_or(name) };
        let is_path = name.starts_with('.') || name.starts_with('/') || name.is_empty();
        if is_path || TOOLS.contains(&name) || is_listed(scene, name) {
            continue;
        }
        return Verdict::Person(format!(
            "`{name}` is installed by name and stands in no manifest: add it to {manifest}"
        ));
    }
    Verdict::Stage("deps")
}

/// Does a manifest of the project name the package?
fn is_listed(scene: &Scene<'_>, name: &str) -> bool {
    const MANIFESTS: &[&str] =
        &["pyproject.toml", "Pipfile", "setup.py", "setup.cfg", "package.json", "environment.yml"];
    let plain = |text: &str| text.to_ascii_lowercase().replace('_', "-");
    let wanted = plain(name);
    let files = scene.inventory.files().map(|(path, _)| path);
    let manifests = files.filter(|path| {
        MANIFESTS.contains(&path.name())
            || path.name().contains("requirements") && path.name().ends_with(".txt")
    });
    manifests.filter_map(|path| scene.inventory.doc(path)).any(|doc| {
        let text = plain(doc.text);
        text.match_indices(&wanted).any(|(at, found)| {
            let edge = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '-');
            edge(text[..at].chars().next_back()) && edge(text[at + found.len()..].chars().next())
        })
    })
}
