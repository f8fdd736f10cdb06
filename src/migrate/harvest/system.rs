//! The packages of a distribution that an old file installs: each explained, and given to the stages that need it under the name
//! that their image has for it. A name that no image has would end the build, so that is a person's.

use std::collections::BTreeSet;

use super::command::Verdict;
use super::{Harvest, Scene, toolchain};
use crate::dockerfile::Origin;
use crate::dockerfile::packages::{Install, Manager, bare};
use crate::dockerfile::script::{Command, Word, commands};
use crate::migrate::known::{self, Role};
use crate::migrate::packages::{Class, explain, in_alpine, tool_of};
use crate::stack::common::compose;

/// Do packages become settings? Those that depend on a condition are only explained.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wishes {
    Settings,
    None,
}

/// Judges what one command installs.
pub(super) fn packages(
    harvest: &mut Harvest,
    scene: &Scene<'_>,
    line: u32,
    install: &Install,
    wishes: Wishes,
    notes: &mut Vec<String>,
) -> Verdict {
    let mut left = None;
    let called = called(scene);
    let is_called = |tool: &str| called.iter().any(|word| word == tool);
    for word in &install.packages {
        let Some(names) = names(scene, word) else {
            left = Some(format!("which packages `{}` stands for", word.text));
            continue;
        };
        for name in names {
            if name.contains('/') || name.starts_with('.') {
                left = Some(format!("which packages `{name}` stands for"));
                continue;
            }
            if let Some(fate) = of_pythons(scene, &name) {
                match fate {
                    Of::Another => notes.push(format!(
                        "{name}: provided, of the distribution's own Python, which does not run the program"
                    )),
                    Of::This => {
                        left =
                            Some(format!("`{name}` is a package of Python: add it to a requirements file"));
                    }
                }
                continue;
            }
            let explained = explain(install.manager, &name, scene.target(), is_called);
            if explained.class == Class::Unknown
                && let Some(why) = nowhere(scene, install.manager, &name)
            {
                left = Some(why);
                continue;
            }
            notes.push(explained.note());
            if wishes == Wishes::None {
                continue;
            }
            let mut build = explain(install.manager, &name, scene.build_target(), is_called).build;
            if scene.builds_on_alpine() {
                build = in_alpine(install.manager, &name, &build);
            }
            for (key, names) in
                [("build.system_packages", build), ("runtime.system_packages", explained.runtime)]
            {
                if !names.is_empty() {
                    harvest.wish(key, names.into(), line);
                }
            }
        }
    }
    left.map_or(Verdict::Packages, Verdict::Person)
}

/// The packages that a word stands for; none where only the build knows.
fn names(scene: &Scene<'_>, word: &Word) -> Option<Vec<String>> {
    if word.is_literal || word.text.contains('*') && !word.text.contains('$') {
        return Some(vec![word.text.clone()]);
    }
    let variable = word.text.trim_start_matches(['$', '{']).trim_end_matches('}');
    let value = scene.image.env.get(variable).filter(|value| !value.contains('$'))?;
    Some(value.split_whitespace().map(str::to_owned).collect())
}

/// Whose packages of Python a distribution's are.
enum Of {
    /// The interpreter that ran the program.
    This,
    /// Another one, beside that of the base image.
    Another,
}

/// `python3-numpy`, `py3-numpy`: a module, in the folders of the distribution's Python. No environment finds it there.
fn of_pythons(scene: &Scene<'_>, name: &str) -> Option<Of> {
    const OTHERS: &[&str] =
        &["dev", "pip", "venv", "setuptools", "wheel", "virtualenv", "minimal", "distutils", "all", "tk"];
    let module = ["python3-", "python-", "py3-", "py2-", "py-"]
        .iter()
        .find_map(|start| bare(name).strip_prefix(start))?;
    let is_module = !OTHERS.iter().any(|other| module.split('-').any(|part| part == *other))
        && module != "software-properties";
    if scene.service.stack.value != "python" || !is_module {
        return None;
    }
    let Origin::Image(written) = &scene.stage.origin else { return Some(Of::This) };
    let image = scene.bases.public(written);
    let role = known::role(image.as_ref().unwrap_or(written), "python");
    Some(if role == Some(Role::Versioned) { Of::Another } else { Of::This })
}

/// Why no package of the new image's distribution is called like this; none where one may be.
fn nowhere(scene: &Scene<'_>, manager: Manager, name: &str) -> Option<String> {
    let name = bare(name);
    // `libpoppler46`: the number goes up with each release.
    let is_of_a_release = manager == Manager::Apt
        && name.starts_with("lib")
        && name.trim_end_matches("t64").ends_with(|c: char| c.is_ascii_digit());
    if is_of_a_release {
        return Some(format!("which library `{name}` is in the new release, where its number is another"));
    }
    adds_a_source(scene).then(|| format!("`{name}` may come from the package source that the old file adds"))
}

/// Does the old file add a source of packages to those of its distribution?
fn adds_a_source(scene: &Scene<'_>) -> bool {
    const PLACES: &[&str] = &["/etc/apt/sources.list", "/etc/apk/repositories", "/etc/yum.repos.d"];
    // Who edits a file of sources changes where they lie, not what they hold.
    let writes = |script: &str, command: &Command| {
        let text = &script[command.span.clone()];
        command.program() != Some("sed") && PLACES.iter().any(|place| text.contains(place))
    };
    toolchain::scripts(scene.stage).iter().any(|(_, script)| {
        commands(script).iter().any(|command| {
            matches!(command.program(), Some("add-apt-repository" | "yum-config-manager"))
                || writes(script, command)
        })
    })
}

/// Tools that a compose file beside the old one calls in the container: its check would call a healthy program ill without them.
pub(super) fn of_compose(harvest: &mut Harvest, scene: &Scene<'_>) {
    let folder = scene.inventory.dir(scene.service.dir.clone());
    for said in compose::commands(&folder) {
        let outer = commands(&said.value);
        let of_shell = outer.iter().filter(|command| command.has_option(&["-c"]));
        let inner =
            of_shell.filter_map(|command| command.args().last()).flat_map(|text| commands(&text.text));
        let all: Vec<Command> = outer.iter().cloned().chain(inner).collect();
        let tools: BTreeSet<&str> = all.iter().filter_map(|command| tool_of(command.program()?)).collect();
        for tool in tools {
            harvest.wish("runtime.system_packages", vec![tool.to_owned()].into(), scene.stage.line);
            if let Some((_, notes)) = harvest.fates.get_mut(&scene.stage.line) {
                notes.push(format!("`{tool}` stays: {} calls it in the container", said.because));
            }
        }
    }
}

/// The programs that the start of the image calls, as far as its words and scripts say.
fn called(scene: &Scene<'_>) -> Vec<String> {
    let words = scene.image.entrypoint.iter().chain(&scene.image.cmd).flatten();
    let health = scene.image.healthcheck.iter().flat_map(|check| &check.test);
    let text: Vec<&str> = words.chain(health).map(String::as_str).collect();
    let mut names = Vec::new();
    for script in text {
        for command in commands(script) {
            names.extend(command.program().map(str::to_owned));
        }
        let path = script.rsplit('/').next().unwrap_or(script);
        let docs = scene.inventory.files().filter(|(file, _)| file.name() == path);
        for text in docs.filter_map(|(file, _)| scene.inventory.doc(file)) {
            names.extend(
                commands(text.text).iter().filter_map(|command| command.program().map(str::to_owned)),
            );
        }
    }
    names
}
