//! What is wrong with a workspace, said before anything is built.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic};
use crate::repo::dir::Dir;
use crate::stack::Survey;
use crate::stack::node::manifest::Package;
use crate::stack::node::workspace::{Member, Workspace};

/// Says what does not fit together, seen from one member.
pub(super) fn check<'a>(s: &Survey<'a>, workspace: &Workspace<'a>, package: &Package<'_>) {
    unmatched(s, &workspace.root, &workspace.package);
    namesakes(s, workspace);
    strangers(s, workspace, package);
    if let Some(round) = workspace.circle(package) {
        let message =
            format!("packages of the workspace need each other in a circle: {}", round.join(" -> "));
        s.note(Diagnostic::warning(Code::Workspace, message).at(package.evidence().at).help(
            "each is built once, in the order in which they are found; move what both need into a third",
        ));
    }
}

/// Patterns without a folder, where this one is a workspace's root.
pub(super) fn unmatched<'a>(s: &Survey<'a>, root: &Dir<'a>, package: &Package<'a>) {
    for glob in Workspace::unmatched(root, package) {
        let leaves = glob.value.split('/').any(|part| part == "..");
        let why = if leaves { "leaves the repository" } else { "matches no folder with a package.json" };
        let message = format!("the workspace's pattern `{}` {why}", glob.value);
        s.note(
            Diagnostic::warning(Code::Workspace, message)
                .at(glob.because.at)
                .help("what is not in the repository is not in the build either: take the pattern out"),
        );
    }
}

/// Two packages of one name: every package manager refuses them.
fn namesakes(s: &Survey<'_>, workspace: &Workspace<'_>) {
    let mut seen: BTreeMap<&str, &Member<'_>> = BTreeMap::new();
    for member in &workspace.members {
        if let Some(other) = seen.insert(&member.name, member) {
            let message = format!("`{}` and `{}` are both called `{}`", other.path, member.path, member.name);
            s.note(
                Diagnostic::warning(Code::Workspace, message)
                    .at(member.package.evidence().at)
                    .help("rename one of them: no package manager installs a workspace with both"),
            );
        }
    }
}

/// Neighbours that are asked for and not there: the install would fail, or fetch a stranger of that name.
fn strangers(s: &Survey<'_>, workspace: &Workspace<'_>, package: &Package<'_>) {
    for (name, range) in package.dependencies() {
        let is_neighbour = range.as_text().is_some_and(|range| range.starts_with("workspace:"));
        if is_neighbour && !workspace.holds(name) {
            let message =
                format!("`{name}` is asked for from the workspace, and no package of it has that name");
            s.note(
                Diagnostic::warning(Code::Workspace, message)
                    .at(package.cite(range, "").at)
                    .help("add its folder to the patterns of the workspace, or take the dependency out"),
            );
        }
    }
}
