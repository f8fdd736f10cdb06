//! Projects of Rush, which are told of and not planned.
//!
//! Rush installs all projects at once with a lock file and settings in `common/`, links them by its own means, and its
//! builds write caches beside them. A plain install in one of them would resolve every version anew and look for its neighbours
//! in the registry. `rush deploy` makes a folder of one project with its packages, which needs neither.
//!
//! <https://rushjs.io/pages/maintainer/deploying/>

use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::repo::format::Tree;
use crate::stack::Survey;

/// Says why a project of Rush is not planned; false where the folder is none.
pub(super) fn refuse(s: &Survey<'_>) -> bool {
    let Some(project) = project(s) else { return false };
    let name = &project.value;
    let message = format!("`{name}` is installed and linked by Rush, which no image of dockgen's does");
    let help = format!(
        "after `rush install` and `rush build --to {name}`, `rush deploy --project {name}` makes a folder that needs no \
         install: an image of Node.js with a COPY of it runs the project"
    );
    s.note(Diagnostic::note(Code::NotBuilt, message).at(project.because.at).help(help));
    true
}

/// The name of the project in this folder, as `rush.json` has it.
/// <https://rushjs.io/pages/configs/rush_json/>
fn project(s: &Survey<'_>) -> Option<Fact<String>> {
    let root = s.dir.ancestors().find(|above| above.has("rush.json"))?;
    let rush = s.parsed(root.doc("rush.json")?.jsonc())?;
    let text = |entry: &Tree, key: &str| Some(entry.get(key)?.as_text()?.to_owned());
    let is_here = |entry: &&Tree| {
        let folder = text(entry, "projectFolder").and_then(|folder| root.resolve(&folder));
        folder.is_some_and(|folder| folder == *s.dir.path())
    };
    let entry = rush.tree.get("projects")?.items().find(is_here)?;
    let name = text(entry, "packageName")?;
    Some(Fact::new(name.clone(), rush.cite(entry, name)))
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    const SERVER: &str =
        r#"{"name":"@r/api","scripts":{"start":"node server.js"},"dependencies":{"@r/lib":"workspace:*"}}"#;

    #[test]
    fn projects_of_rush_are_told_and_not_planned() {
        let rush = "{\n// all of them\n\"projects\": [\n{ \"packageName\": \"@r/api\", \"projectFolder\": \"apps/api\" },\n]}";
        for (projects, services) in [(rush, 0), ("{}", 1)] {
            let files = [
                ("rush.json", projects),
                ("apps/api/package.json", SERVER),
                ("apps/api/server.js", "listen()"),
            ];
            let plan = plan(&Inventory::from_files(files), &Settings::default());
            assert_eq!(plan.services.len(), services, "{projects}");
            let told = plan.diagnostics.iter().find(|finding| finding.message.contains("Rush"));
            let line = told.and_then(|finding| finding.at.as_ref()?.line);
            assert_eq!(line, (services == 0).then_some(4), "{projects}");
            let help = told.and_then(|finding| finding.help.as_deref()).unwrap_or_default();
            assert_eq!(help.contains("rush deploy --project @r/api"), services == 0);
        }
    }
}
