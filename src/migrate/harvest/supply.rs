//! Where the old build had its packages from: a proxy or an index of one's own, and the file that lists them. The stages that
//! install have to ask the same.

use super::{Harvest, Scene, dropped, kept, person};
use crate::dockerfile::script::Command;
use crate::migrate::account::{Disposition, DropReason};
use crate::plan::stage::Role;

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

/// `pip install -r` of a file that is there: what the old image had is what that file lists, whatever else could be asked.
pub(super) fn listed(harvest: &mut Harvest, scene: &Scene<'_>, line: u32, command: &Command) {
    let manager = scene.service.package_manager.as_ref();
    let is_other =
        manager.is_some_and(|manager| !manager.value.starts_with("pip ") && manager.value != "pip");
    let mut options =
        command.args().iter().skip_while(|word| !matches!(word.text.as_str(), "-r" | "--requirement"));
    let file = options.nth(1).map(|word| word.text.trim_start_matches("./"));
    let is_there = file.is_some_and(|file| {
        let name = file.rsplit('/').next().unwrap_or(file);
        name == "requirements.txt"
            && scene.service.dir.join(name).is_some_and(|path| scene.inventory.has(&path))
    });
    if is_other && is_there && !command.is_conditional {
        harvest.wish("build.package_manager", "pip".into(), line);
    }
}
