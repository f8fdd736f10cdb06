//! Packages that a command installs by their names, not from a list of the project: tools of the build, what a manifest lists
//! anyway, or a decision that is a person's.

use super::Scene;
use super::command::Verdict;
use crate::dockerfile::packages::bare;
use crate::dockerfile::script::Command;
use crate::repo::Inventory;
use crate::repo::dir::Doc;
use crate::stack::python;

/// Packages that pip installs.
pub(super) fn pip(scene: &Scene<'_>, command: &Command) -> Verdict {
    if command.operands().next().is_none_or(|word| word.text != "install") {
        return Verdict::Nothing;
    }
    if command.has_option(&["-r", "--requirement", "-e", "--editable"]) {
        return Verdict::Stage("deps");
    }
    by_name(scene, command, Manifests::OfPython)
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

/// `npm install --global serve`: the image may start with such a program.
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
        None => by_name(scene, command, Manifests::OfJavaScript),
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

/// What becomes of those.
pub(super) fn added(scene: &Scene<'_>, command: &Command) -> Verdict {
    by_name(scene, command, Manifests::OfJavaScript)
}

/// Packages installed by name: tools of the build, or what a manifest lists, or a decision.
fn by_name(scene: &Scene<'_>, command: &Command, manifests: Manifests) -> Verdict {
    for word in named(command) {
        let name = bare_name(word);
        let is_path = name.starts_with('.') || name.starts_with('/') || name.is_empty();
        if is_path || TOOLS.contains(&name) || manifests.list(scene.inventory, name) {
            continue;
        }
        let manifest = manifests.usual();
        return Verdict::Person(format!(
            "`{name}` is installed by name and stands in no manifest: add it to {manifest}"
        ));
    }
    Verdict::Stage("deps")
}

/// The words of a command that name packages.
fn named(command: &Command) -> impl Iterator<Item = &str> {
    let mut before = "";
    let words = command.args().iter().map(|word| word.text.as_str()).filter(move |word| {
        let is_value = VALUED.contains(&before);
        before = word;
        !is_value && !word.starts_with('-')
    });
    words.skip(1).filter(|word| !matches!(*word, "add" | "install"))
}

/// `redis` of `redis@4`, of `redis==5.0` and of `redis[hiredis]`; npm's scopes belong to the name.
fn bare_name(word: &str) -> &str {
    let name = word.rsplit_once('@').map(|(name, _)| name).filter(|name| !name.is_empty()).unwrap_or(word);
    if name.starts_with('@') { name } else { bare(name).split('[').next().unwrap_or(name) }
}

/// The manifests that a package manager goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manifests {
    OfPython,
    OfJavaScript,
}

impl Manifests {
    /// Where a package belongs that none of them lists.
    fn usual(self) -> &'static str {
        match self {
            Self::OfPython => "a requirements file",
            Self::OfJavaScript => "package.json",
        }
    }

    /// Does one of the repository list the package? Where the reader of a manifest cannot tell, its text does.
    fn list(self, inventory: &Inventory, name: &str) -> bool {
        let files = inventory.files().map(|(path, _)| path).filter(|path| self.are(path.name()));
        files.filter_map(|path| inventory.doc(path)).any(|doc| {
            let said = match self {
                Self::OfPython => {
                    let folder = inventory.dir(doc.path.parent().unwrap_or_default());
                    python::named::names(&folder, doc.path.name(), name)
                }
                Self::OfJavaScript => of_package_json(doc, name),
            };
            said.unwrap_or_else(|| stands_in(doc.text, name))
        })
    }

    /// Is a file of this name one of them? Of some only the text can be asked: a script puts its lists together as it likes
    /// (`setup.py`), of others not every list is read (`setup.cfg`), and conda has names of its own (`environment.yml`).
    fn are(self, file: &str) -> bool {
        const PYTHONS: &[&str] = &["pyproject.toml", "Pipfile", "setup.py", "setup.cfg", "environment.yml"];
        match self {
            Self::OfPython => {
                PYTHONS.contains(&file) || file.contains("requirements") && file.ends_with(".txt")
            }
            Self::OfJavaScript => file == "package.json",
        }
    }
}

/// <https://docs.npmjs.com/cli/configuring-npm/package-json>
fn of_package_json(doc: Doc<'_>, name: &str) -> Option<bool> {
    const TABLES: &[&str] = &["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
    let manifest = doc.json().ok()?;
    Some(TABLES.iter().any(|table| manifest.tree.at(&[table, name]).is_some()))
}

/// Does a text hold the name as a word of its own?
fn stands_in(text: &str, name: &str) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replace('_', "-");
    let (text, name) = (plain(text), plain(name));
    text.match_indices(&name).any(|(at, found)| {
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '-');
        edge(text[..at].chars().next_back()) && edge(text[at + found.len()..].chars().next())
    })
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_list_packages_and_speak_of_others() {
        use Manifests::{OfJavaScript, OfPython};
        for (manifests, file, text, listed, other) in [
            (
                OfPython,
                "requirements.txt",
                "# redis\nFlask_Login[x]>=1 ; python_version > '3'\n",
                "flask-login",
                "redis",
            ),
            (OfPython, "requirements/prod.txt", "celery\n", "", "celery"),
            (
                OfPython,
                "a/dev-requirements.txt",
                "-r more.txt\ngit+https://x.example/tool.git#egg=tool\n",
                "tool",
                "more",
            ),
            (
                OfPython,
                "pyproject.toml",
                "[project]\nname = \"redis\"\ndependencies = [\"flask>=3\"]\n",
                "flask",
                "redis",
            ),
            (OfPython, "pyproject.toml", "[dependency-groups]\nprod = [\"gunicorn\"]\n", "gunicorn", "prod"),
            (
                OfPython,
                "pyproject.toml",
                "[tool.poetry.group.web.dependencies]\nUvicorn = \"^0.3\"\n",
                "uvicorn",
                "web",
            ),
            (
                OfPython,
                "Pipfile",
                "[packages]\nflask = \"*\"\n[scripts]\nstart = \"redis\"\n",
                "flask",
                "redis",
            ),
            (OfPython, "setup.py", "NEEDS = ['redis>=4']\nsetup(install_requires=NEEDS)\n", "redis", "redi"),
            (OfPython, "environment.yml", "dependencies:\n  - psycopg2=2.9\n", "psycopg2", "psycopg"),
            (OfPython, "package.json", r#"{"dependencies": {"redis": "4"}}"#, "", "redis"),
            (
                OfJavaScript,
                "package.json",
                r#"{"name": "redis", "devDependencies": {"@x/y": "1"}}"#,
                "@x/y",
                "redis",
            ),
            (OfJavaScript, "package.json", r#"{"scripts": {"start": "node app"}}"#, "", "node"),
            (OfJavaScript, "requirements.txt", "redis\n", "", "redis"),
        ] {
            let inventory = Inventory::from_files([(file, text)]);
            assert!(listed.is_empty() || manifests.list(&inventory, listed), "{file} lists {listed}: {text}");
            assert!(!manifests.list(&inventory, other), "{file} does not list {other}: {text}");
        }
    }

    #[test]
    fn names_are_what_is_before_a_version() {
        for (word, name) in [
            ("redis@4", "redis"),
            ("@x/y@1.2", "@x/y"),
            ("@x/y", "@x/y"),
            ("redis==5.0", "redis"),
            ("uvicorn[standard]", "uvicorn"),
            ("ruamel.yaml", "ruamel.yaml"),
        ] {
            assert_eq!(bare_name(word), name, "{word}");
        }
    }
}
