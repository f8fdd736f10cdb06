//! What lies around the program in its folder: output folders, examples of the environment, patches.

use crate::fact::Fact;
use crate::repo::dir::Dir;
use crate::stack::Survey;
use crate::stack::common::configuration;
use crate::stack::common::listen::Listening;
use crate::stack::node::app::{self, App};
use crate::stack::node::site;

/// Output folders of the build that the repository does not hold.
pub(super) fn outputs(s: &Survey<'_>, app: &App) -> Vec<String> {
    let mut folders = match app {
        App::Site(served) => vec![served.output.value.clone()],
        App::Server(server) => match &server.content {
            app::Content::Output { folders, .. } => folders.iter().map(|(from, _)| from.clone()).collect(),
            app::Content::Tree => Vec::new(),
        },
    };
    folders.retain(|folder| {
        folder != "."
            && !site::is_outside(folder)
            && !folder.starts_with(".next")
            && !folder.starts_with(".output")
            && !s.dir.has_dir(folder)
    });
    folders
}

/// `PORT=8081` of an example of the environment, under the name that the sources give the variable.
pub(super) fn example_port(s: &Survey<'_>, listening: &Listening) -> Option<Fact<u16>> {
    let variable = listening.variable.as_ref().map_or("PORT", |variable| variable.value.as_str());
    configuration::shown(&s.dir, variable).map(|shown| shown.map(|shown| shown.port))
}

/// Patches that pnpm applies while installing: <https://pnpm.io/cli/patch>
pub(super) fn pnpm_patches(dir: &Dir<'_>) -> Option<String> {
    let named = |name: &str, words: &str| dir.doc(name).is_some_and(|doc| doc.text.contains(words));
    (dir.has_dir("patches")
        && (named("package.json", "patchedDependencies")
            || named("pnpm-workspace.yaml", "patchedDependencies")))
    .then(|| "patches".to_owned())
}
