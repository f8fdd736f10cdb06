//! Where the old build had its packages from: a proxy or an index of one's own, and the file that lists them. The stages that
//! install have to ask the same.

use super::copied::Copied;
use super::fate::{dropped, kept, person};
use super::{Harvest, Scene, Wish, toolchain};
use crate::migrate::account::{Disposition, DropReason};
use crate::plan::stage::Role;
use crate::repo::RelPath;

/// Variables that name a source of packages.
/// <https://go.dev/ref/mod#environment-variables>, <https://pip.pypa.io/en/stable/topics/configuration/#environment-variables>,
/// <https://docs.astral.sh/uv/reference/environment/>, <https://docs.npmjs.com/cli/using-npm/config>,
/// <https://yarnpkg.com/configuration/yarnrc>
const SOURCES: &[&str] = &[
    "GOINSECURE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOPRIVATE",
    "GOPROXY",
    "GOSUMDB",
    "PIP_EXTRA_INDEX_URL",
    "PIP_INDEX_URL",
    "PIP_TRUSTED_HOST",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_INDEX",
    "UV_INDEX_URL",
    "NPM_CONFIG_REGISTRY",
    "YARN_NPM_REGISTRY_SERVER",
    "YARN_REGISTRY",
    "npm_config_registry",
];

/// What becomes of a variable that names one; none for any other variable.
pub(super) fn source(
    harvest: &mut Harvest,
    scene: &Scene<'_>,
    line: u32,
    (name, value): (&str, &str),
) -> Option<Disposition> {
    if !SOURCES.contains(&name) {
        return None;
    }
    if value.contains('$') {
        return Some(person("where packages come from is decided by whoever builds"));
    }
    if value.chars().any(char::is_control) || scene.secrets.are_in(value) {
        return Some(person("the value cannot be carried"));
    }
    if value.is_empty() || (name == "GOPROXY" && value == "https://proxy.golang.org,direct") {
        return Some(dropped(DropReason::SaysNothing));
    }
    let stages = || scene.service.stages.iter();
    let role =
        [Role::Deps, Role::Build].into_iter().find(|role| stages().any(|stage| stage.role == *role))?;
    let mut first = None;
    for stage in stages().filter(|stage| stage.role == role && stage.tool.is_none()) {
        let key = format!("stages.{}.env.{name}", stage.name);
        harvest.wish(&key, value.into(), line);
        first.get_or_insert(key);
    }
    first.map(|key| kept(&key))
}

/// The requirements files that the old image was installed from.
#[derive(Debug, Default)]
pub(in crate::migrate) struct Lists {
    /// What the new one is told to install from.
    pub wishes: Vec<Wish>,
    /// Lines that install another list besides, and its name.
    pub others: Vec<(u32, String)>,
}

/// What the old image had is what `pip install -r` listed, whatever else could be asked.
pub(in crate::migrate) fn lists(scene: &Scene<'_>) -> Lists {
    let mut found = Lists::default();
    if scene.service.stack.value != "python" {
        return found;
    }
    let listed = listed(scene);
    let included: Vec<String> = listed.iter().flat_map(|(_, list)| includes(scene, list)).collect();
    let mut whole = listed.iter().filter(|(_, list)| !included.contains(list) && !is_for_development(list));
    let Some((line, first)) = whole.next() else { return found };
    found.others = whole.filter(|(_, list)| list != first).cloned().collect();
    let planned = scene.service.tool["install"]["from"].as_str();
    if planned == Some(first.as_str()) {
        return found;
    }
    let mut wish = |key: &str, value: &str| {
        found.wishes.push(Wish { key: key.to_owned(), value: value.into(), line: *line });
    };
    let manager = scene.service.package_manager.as_ref().map(|manager| manager.value.as_str());
    if manager.is_some_and(|manager| manager != "pip") {
        wish("build.package_manager", "pip");
    }
    if first != "requirements.txt" {
        wish("python.requirements", first);
    }
    found
}

/// Every list of the repository that is installed whatever happens, with the line that does it.
fn listed(scene: &Scene<'_>) -> Vec<(u32, String)> {
    let copied = Copied::of(scene);
    let mut all = Vec::new();
    for (line, command) in toolchain::all_commands(scene.stage) {
        let is_pip = command.program().is_some_and(|program| program.starts_with("pip"))
            || command.is("python", "pip")
            || command.is("python3", "pip");
        if !is_pip || command.is_conditional {
            continue;
        }
        let words: Vec<&str> = command.args().iter().map(|word| word.text.as_str()).collect();
        for (at, word) in words.iter().enumerate() {
            let file = match *word {
                "-r" | "--requirement" => words.get(at + 1).copied(),
                word => word.strip_prefix("--requirement=").or_else(|| word.strip_prefix("-r")),
            };
            let Some(file) = file.filter(|file| !file.is_empty()) else { continue };
            all.extend(copied.listed(scene, file).map(|list| (line, list)));
        }
    }
    all
}

/// The lists that this one names, and those that they name.
fn includes(scene: &Scene<'_>, list: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open = vec![list.to_owned()];
    while let Some(list) = open.pop() {
        let Some(path) = scene.service.dir.join(&list) else { continue };
        let Some(doc) = scene.inventory.doc(&path) else { continue };
        for line in doc.text.lines().map(str::trim) {
            let Some(named) = line.strip_prefix("-r").or_else(|| line.strip_prefix("--requirement")) else {
                continue;
            };
            let folder = list.rsplit_once('/').map_or("", |(folder, _)| folder);
            let named =
                RelPath::new(folder).ok().and_then(|folder| folder.join(named.trim_matches([' ', '='])));
            let Some(named) = named.map(|named| named.to_string()) else { continue };
            if named != *list && !found.contains(&named) {
                found.push(named.clone());
                open.push(named);
            }
        }
    }
    found
}

/// A list of tools, by a part of its name: the stages `dev` and `test` have those.
fn is_for_development(list: &str) -> bool {
    let parts = list.trim_end_matches(".txt").split(['/', '-', '_', '.']);
    parts.into_iter().any(|part| {
        matches!(part, "dev" | "develop" | "development" | "test" | "tests" | "testing" | "docs" | "lint")
    })
}
