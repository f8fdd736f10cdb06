//! Files that the program reads at run time, and where it looks for them.
//!
//! Most programs look below the folder they are started in. Some were given their source folder at
//! compile time (`CARGO_MANIFEST_DIR`); they find their files when the image keeps the build's paths.

use serde::Serialize;

use crate::fact::{Evidence, Fact};
use crate::repo::dir::{Dir, Doc};
use crate::stack::Survey;
use crate::stack::common::files;
use crate::stack::common::front_end::FrontEnd;
use crate::stack::rust::web::Framework;
use crate::stack::rust::workspace::Workspace;

/// Something that is copied beside the program.
#[derive(Debug, Clone, Serialize)]
pub(in crate::stack) struct Asset {
    /// Where it is, from the build context.
    pub source: String,
    /// Where the program looks for it, from its working directory.
    pub target: String,
    /// Why.
    pub because: Evidence,
}

/// Words of lines that take a file in at compile time.
const EMBEDS: &[&str] = &[
    "include_str!(",
    "include_bytes!(",
    "include_dir!(",
    "migrate!(",
    "embed_migrations!(",
    "#[folder",
    "#[template(",
    "#[include",
    "embed_templates!(",
];

/// Is the front end compiled in? So it is when the line that names it embeds it, or another that embeds its folder.
pub(super) fn is_embedded(front_end: &FrontEnd, s: &Survey<'_>, sources: &[Doc<'_>]) -> bool {
    let says = &front_end.wanted.because.says;
    let top = front_end.wanted.value.relative_to(s.dir.path());
    let top = top.as_ref().and_then(|below| below.segments().next());
    EMBEDS.iter().any(|word| says.contains(word))
        || top.is_some_and(|top| embedded(sources).iter().any(|folder| folder == top))
}

/// Words of lines that bake the folder of the sources into the program.
const BAKES: &[&str] = &["CARGO_MANIFEST_DIR", "relative!("];

/// Crates that read a folder without being told in the sources.
const READERS: &[(&str, &str)] = &[("rocket_dyn_templates", "templates"), ("config", "config")];

/// Everything the program reads, in byte order of where it is.
pub(super) fn read_at_run_time(
    s: &Survey<'_>,
    workspace: &Workspace<'_>,
    framework: Option<&Fact<&'static Framework>>,
    sources: &[Doc<'_>],
    has_crate: impl Fn(&str) -> bool,
) -> Vec<Asset> {
    let embedded = embedded(sources);
    let home = s.dir.path();
    let keeps_place = keeps_place(s, sources);
    let mut found: Vec<Asset> = Vec::new();
    let mut add = |dir: &Dir<'_>, name: &str, because: Evidence| {
        let Some(source) = dir.resolve(name).and_then(|path| path.relative_to(&workspace.context)) else {
            return;
        };
        let target = if keeps_place { source.to_string() } else { name.to_owned() };
        if !found.iter().any(|asset| asset.target == target) {
            found.push(Asset { source: source.to_string(), target, because });
        }
    };
    let root = s.dir.inventory().dir(workspace.root.clone());
    let folders = if workspace.root == *home { vec![s.dir.clone()] } else { vec![s.dir.clone(), root] };
    for dir in &folders {
        for file in files::read_at_run_time(dir, sources.iter().copied(), &embedded) {
            if !dir.has(&format!("{}/Cargo.toml", file.value))
                && file.value != "src"
                && file.value != "target"
            {
                add(dir, &file.value, file.because);
            }
        }
        for name in framework.iter().flat_map(|framework| framework.value.files) {
            if dir.has(name) || dir.has_dir(name) {
                add(dir, name, dir.evidence(name, "the framework reads it"));
            }
        }
        for (reader, name) in READERS.iter().filter(|(reader, name)| has_crate(reader) && dir.has_dir(name)) {
            add(dir, name, dir.evidence(name, &format!("{reader} reads it")));
        }
    }
    found.sort_by(|a, b| a.source.cmp(&b.source));
    found
}

/// Patterns of what is compiled in: the first folder of each path, seen from the package.
fn embedded(sources: &[Doc<'_>]) -> Vec<String> {
    let lines = sources.iter().flat_map(Doc::lines).map(|(_, line)| line);
    let embedding = lines.filter(|line| EMBEDS.iter().any(|word| line.contains(word)));
    embedding
        .filter_map(|line| line.split('"').nth(1))
        .map(|path| {
            path.trim_start_matches("./").trim_start_matches("../").trim_start_matches("$CARGO_MANIFEST_DIR/")
        })
        .map(|path| path.split('/').next().unwrap_or_default().to_owned())
        .collect()
}

/// Does the program look for its files where they are in the repository? So it does when its folder was
/// baked in, and when its sources name that folder from the workspace's root.
fn keeps_place(s: &Survey<'_>, sources: &[Doc<'_>]) -> bool {
    let home = s.dir.path();
    if home.is_root() {
        return false;
    }
    let named = format!("\"{home}");
    let bakes = |line: &str| {
        BAKES.iter().any(|word| line.contains(word)) && !EMBEDS.iter().any(|word| line.contains(word))
    };
    sources
        .iter()
        .flat_map(Doc::lines)
        .any(|(_, line)| !line.trim_start().starts_with("//") && (bakes(line) || line.contains(&named)))
}
