//! The front end whose files a program embeds or serves: the folder of a bundler beside or within it, whose output the
//! repository does not hold.
//!
//! Either the program names the folder of the built files and the front end's build leaves them there, or in a folder that
//! lies in the front end's own; or the build fills a folder of the program's project. How a front end is installed and
//! built is asked of its own package.

use serde::Serialize;

use crate::fact::Fact;
use crate::plan::service::IgnoreGroup;
use crate::repo::Inventory;
use crate::repo::dir::Doc;
use crate::repo::path::RelPath;
use crate::stack::Survey;
use crate::stack::common::pattern::pattern;
use crate::stack::node::assets::{self, Assets, folder_below};
use crate::stack::node::site;

/// A front end, built in a stage of its own.
#[derive(Debug)]
pub struct FrontEnd {
    /// The stage and where its files are.
    pub assets: Assets,
    /// Where the program looks for them, from the repository's root, and the line that says so.
    pub wanted: Fact<RelPath>,
    /// The front end's folder.
    pub home: RelPath,
    /// The folder that the build sees.
    pub context: RelPath,
}

/// What a template sees of it.
#[derive(Debug, Serialize)]
pub struct FrontEndView {
    /// Where its files are in the stage `assets`.
    path: String,
    /// Where they go.
    target: String,
    /// The line that says so.
    because: String,
    /// What its build fills, and where that is written.
    output: String,
    /// Do they go beside the program's folder, not into it?
    pub is_beside: bool,
}

impl FrontEnd {
    /// For a stage in which the folder `base` of the repository lies at `start`.
    pub fn view(&self, base: &RelPath, start: &str) -> FrontEndView {
        let target = self.target(base, start);
        FrontEndView {
            path: self.assets.path.clone(),
            is_beside: target.starts_with('/'),
            target,
            because: self.wanted.because.to_string(),
            output: self.assets.output.to_string(),
        }
    }

    /// Where its files go in a stage in which the folder `base` of the repository lies at `start`: below that, or at the
    /// same distance from it as in the repository.
    pub fn target(&self, base: &RelPath, start: &str) -> String {
        match self.wanted.value.relative_to(base) {
            Some(below) => format!("./{below}"),
            None => self.place(base, start),
        }
    }

    /// The same as a path from the image's root, for a stage that may work elsewhere.
    pub fn place(&self, base: &RelPath, start: &str) -> String {
        let wanted = &self.wanted.value;
        let shared = base.ancestors().find(|above| wanted.is_within(above)).unwrap_or_default();
        let up = base.segments().count() - shared.segments().count();
        let below = wanted.relative_to(&shared).unwrap_or_default();
        folder_below(start, &format!("{}{below}", "../".repeat(up)))
    }

    /// Its folder, which is no service of its own, and the line that says why.
    pub fn folder(&self) -> Fact<RelPath> {
        self.wanted.derive(self.home.clone())
    }
}

/// What a program's build sees, and the program's place in it. A front end beside the program makes it larger than the
/// program's own; the stages of the program then take a folder of it for the whole.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The build context.
    pub context: RelPath,
    /// What was the build context without the front end, from there.
    pub folder: RelPath,
}

impl Place {
    /// That of a program whose own build context is `own`.
    pub fn of(own: &RelPath, front_end: Option<&FrontEnd>) -> Self {
        let context = front_end.map_or(own, |found| &found.context).clone();
        Self { folder: own.relative_to(&context).unwrap_or_default(), context }
    }

    /// The folder of the repository that the stages take for the whole.
    pub fn base(&self) -> RelPath {
        self.context.join(self.folder.as_str()).unwrap_or_default()
    }

    /// All sources of the program, as the source of a COPY.
    pub fn whole(&self) -> String {
        if self.folder.is_root() { ".".to_owned() } else { format!("{}/", self.folder) }
    }

    /// A path below the whole, in the build context.
    pub fn source(&self, below: &str) -> String {
        match below {
            "." => self.whole(),
            _ if self.folder.is_root() => below.to_owned(),
            _ => format!("{}/{below}", self.folder),
        }
    }

    /// Patterns of an ignore file that were meant for the whole.
    pub fn ignore(&self, groups: Vec<IgnoreGroup>) -> Vec<IgnoreGroup> {
        if self.folder.is_root() {
            return groups;
        }
        groups.into_iter().map(|group| group.in_folder(&self.folder)).collect()
    }
}

/// The front end within the build context `own`, else one beside the project, for which the build has to see the folder above.
pub fn find_near(s: &Survey<'_>, own: &RelPath, wanted: &[Fact<RelPath>]) -> Option<FrontEnd> {
    find(s, own, wanted).or_else(|| find(s, &own.parent()?, wanted))
}

/// The first of the wanted folders that a front end builds, else the front end whose build fills a folder of this project.
/// `context` is the folder that the build sees.
pub fn find(s: &Survey<'_>, context: &RelPath, wanted: &[Fact<RelPath>]) -> Option<FrontEnd> {
    wanted_by(s, context, wanted).or_else(|| filling(s, context))
}

/// A front end in the project's own folder.
pub fn own(s: &Survey<'_>, context: &RelPath) -> Option<FrontEnd> {
    let home = s.dir.path();
    let inner = s.of_front_end(s.dir.inventory().dir(home.clone()));
    let assets = assets::stage(&inner, context, home);
    // What it says of a front end that makes nothing to serve is worth knowing too.
    inner.take_notes().into_iter().for_each(|note| s.note(note));
    let assets = assets?;
    let wanted = assets.output.derive(assets.place.clone());
    Some(FrontEnd { assets, wanted, home: home.clone(), context: context.clone() })
}

fn wanted_by(s: &Survey<'_>, context: &RelPath, wanted: &[Fact<RelPath>]) -> Option<FrontEnd> {
    let missing: Vec<_> = wanted.iter().filter(|folder| !is_built(s, &folder.value)).collect();
    if missing.is_empty() {
        return None;
    }
    let homes = homes(s, context);
    missing.into_iter().find_map(|wanted| {
        // The nearest folder above is tried first, then those whose build leaves its files elsewhere.
        let mut homes: Vec<&RelPath> = homes.iter().collect();
        homes.sort_by_key(|home| (!wanted.value.is_within(home), usize::MAX - home.segments().count()));
        homes.into_iter().take(MOST).find_map(|home| built_by(s, context, home, wanted))
    })
}

/// The front end whose configuration sends its files out of its own folder into this project's.
fn filling(s: &Survey<'_>, context: &RelPath) -> Option<FrontEnd> {
    let project = s.dir.path();
    let outside = homes(s, context)
        .into_iter()
        .filter(|home| home != project && site::may_lead_out(&s.dir.inventory().dir(home.clone())))
        .take(MOST);
    outside.into_iter().find_map(|home| {
        let inner = s.of_front_end(s.dir.inventory().dir(home.clone()));
        let assets = assets::stage(&inner, context, project)?;
        let place = assets.place.clone();
        if place == *project || !place.is_within(project) || place.is_within(&home) || is_built(s, &place) {
            return None;
        }
        inner.take_notes().into_iter().for_each(|note| s.note(note));
        Some(FrontEnd { wanted: assets.output.derive(place), assets, home, context: context.clone() })
    })
}

/// So many front ends are looked at, at most.
const MOST: usize = 8;

/// The folders with a `package.json`.
fn homes(s: &Survey<'_>, context: &RelPath) -> Vec<RelPath> {
    let below = s.dir.inventory().dir(context.clone());
    let home = |path: &str| {
        let home = path.strip_suffix("package.json")?;
        (home.is_empty() || home.ends_with('/')).then(|| context.join(home))?
    };
    below.files().filter_map(|(path, _)| home(path)).collect()
}

/// The front end in `home`, if it is what fills `wanted`.
fn built_by(s: &Survey<'_>, context: &RelPath, home: &RelPath, wanted: &Fact<RelPath>) -> Option<FrontEnd> {
    let inner = s.of_front_end(s.dir.inventory().dir(home.clone()));
    let assets = assets::stage(&inner, context, s.dir.path())?;
    let is_same = assets.place == wanted.value || wanted.value.is_within(&assets.place);
    if !is_same && (home == s.dir.path() || !wanted.value.is_within(home)) {
        return None;
    }
    inner.take_notes().into_iter().for_each(|note| s.note(note));
    // A folder within the output is part of what is copied; a folder around it holds the output at its place.
    let is_placed = is_same || assets.place.is_within(&wanted.value);
    let target = if is_placed { assets.place.clone() } else { wanted.value.clone() };
    Some(FrontEnd { assets, wanted: wanted.derive(target), home: home.clone(), context: context.clone() })
}

/// Folders that the program reads and the repository does not hold: what a front end may be built to. Paths count from
/// where the program starts, and from the folder of the source that names them; they may be joined of several words.
pub fn read_but_missing<'d>(
    s: &Survey<'_>,
    sources: impl IntoIterator<Item = Doc<'d>>,
) -> Vec<Fact<RelPath>> {
    let inventory = s.dir.inventory();
    let mut found: Vec<Fact<RelPath>> = Vec::new();
    for doc in sources {
        let starts = [s.dir.path().clone(), doc.path.parent().unwrap_or_default()];
        // Formatters give each word of a long call a line of its own.
        let mut above: Vec<&str> = Vec::new();
        for (number, line) in doc.lines() {
            let words = if may_name_an_output(line) { paths_between_quotes(line) } else { Vec::new() };
            let path = (!words.is_empty()).then(|| [above.as_slice(), &words].concat().join("/"));
            match word_alone(line) {
                Some(word) if above.len() < MOST_WORDS => above.push(word),
                _ => above.clear(),
            }
            let Some(spread) = path else { continue };
            let joined = words.join("/");
            for word in words.into_iter().chain([joined.as_str(), spread.as_str()]) {
                let path = word.trim_start_matches('/');
                for path in starts.iter().filter_map(|start| start.join(path)) {
                    let output = path.ancestors().find(|folder| is_output(inventory, folder));
                    if let Some(output) = output.filter(|new| found.iter().all(|known| known.value != *new)) {
                        found.push(Fact::new(output, doc.cite(number, line)));
                    }
                }
            }
        }
    }
    found
}

/// Is this what a package's build may make, and the repository does not hold?
fn is_output(inventory: &Inventory, folder: &RelPath) -> bool {
    let manifest = folder.parent().and_then(|home| home.join("package.json"));
    OUTPUTS.contains(&folder.name())
        && !inventory.has_dir(folder)
        && manifest.is_some_and(|manifest| inventory.has(&manifest))
}

/// So many words are a path; more are a list.
const MOST_WORDS: usize = 12;

/// What bundlers call their output.
const OUTPUTS: &[&str] = &["build", "dist", "out", "public", "static", "www"];

fn may_name_an_output(line: &str) -> bool {
    let code = line.trim_start();
    line.len() < 2_000
        && !code.starts_with("//")
        // A comment of Python's, and no attribute of Rust's.
        && (!code.starts_with('#') || code.starts_with("#["))
        && OUTPUTS.iter().any(|name| line.contains(name))
}

/// Paths, without the variable that stands for the project's folder: `$CARGO_MANIFEST_DIR/web/dist`.
fn paths_between_quotes(line: &str) -> Vec<&str> {
    let literal =
        pattern(r#"["'`](?:\$\{?[A-Za-z_.]+\}?/)?((?:\.{0,2}/)*[A-Za-z0-9_.][A-Za-z0-9_./-]*)["'`]"#);
    literal.captures_iter(line).filter_map(|found| Some(found.get(1)?.as_str())).collect()
}

/// The word that is all of a line, besides the comma behind it.
fn word_alone(line: &str) -> Option<&str> {
    let line = line.trim().trim_end_matches(',');
    let inner = line.get(1..line.len().checked_sub(1)?)?;
    let is_quoted = ['"', '\'', '`'].iter().any(|quote| line.starts_with(*quote) && line.ends_with(*quote));
    (is_quoted && !inner.contains(['"', '\'', '`', '$', ' '])).then_some(inner)
}

/// Does the repository hold the built files? A placeholder that keeps the folder in git is none.
fn is_built(s: &Survey<'_>, folder: &RelPath) -> bool {
    const PLACEHOLDERS: &[&str] =
        &["README.md", "dummy", "empty.txt", "gitkeep", "keep", "keep.txt", "placeholder", "placeholder.txt"];
    let inventory = s.dir.inventory();
    inventory.has(folder)
        || inventory.dir(folder.clone()).files().any(|(path, _)| {
            let name = path.rsplit('/').next().unwrap_or(path);
            !name.starts_with('.') && !PLACEHOLDERS.contains(&name)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::plan::catalog::Catalog;
    use crate::plan::plan;
    use crate::repo::Inventory;

    const VITE: &str =
        r#"{"name":"web","scripts":{"build":"vite build"},"devDependencies":{"vite":"7.0.0"}}"#;

    /// What the program in `server/` says, and how its front end is configured.
    fn check(source: (&str, &str), home: &str, config: &str, expected: Option<(&str, &str)>) {
        let (manifest, page) = (format!("{home}/package.json"), format!("{home}/index.html"));
        let configuration = format!("{home}/vite.config.js");
        let path = format!("server/{}", source.0);
        let inventory = Inventory::from_files([
            (path.as_str(), source.1),
            (manifest.as_str(), VITE),
            (page.as_str(), ""),
            (configuration.as_str(), config),
        ]);
        let server = RelPath::new("server").expect("a path");
        let s = Survey::new(inventory.dir(server.clone()), Catalog::builtin(), &Settings::default());
        let doc = inventory.doc(&RelPath::new(&path).expect("a path")).expect("a source");
        let found = find_near(&s, &server, &read_but_missing(&s, [doc]));
        let found = found.map(|found| (found.target(&server, "/app"), found.context.to_string()));
        let found = found.as_ref().map(|(target, context)| (target.as_str(), context.as_str()));
        assert_eq!(found, expected, "{source:?} {home} {config}");
    }

    #[test]
    fn what_a_program_names_and_no_repository_holds_is_built() {
        let plain = "export default {}";
        let beside = Some(("/web/dist", "."));
        let within = Some(("./web/dist", "server"));
        for (source, home, expected) in [
            (("app.py", "DIST = '../web/dist'"), "web", beside),
            (("app/main.py", "os.path.join(HERE, '..', '..', 'web', 'dist')"), "web", beside),
            (("app.py", "# DIST = '../web/dist'"), "web", None),
            (
                ("app/main.py", "os.path.join(\n    HERE,\n    '..',\n    '..',\n    'web/dist',\n)"),
                "web",
                beside,
            ),
            (("app/main.py", "os.path.join(\n    '..',\n    HERE,\n    'web/dist',\n)"), "web", None),
            (("settings.py", "STATICFILES_DIRS = [BASE_DIR / '../web/dist/static']"), "web", beside),
            (("src/main.rs", "#[folder = \"../web/dist/\"]"), "web", beside),
            (("src/main.rs", "#[folder = \"$CARGO_MANIFEST_DIR/../web/dist/\"]"), "web", beside),
            (("main.go", "http.Dir(\"./web/dist\")"), "server/web", within),
            (("main.go", "// http.Dir(\"./web/dist\")"), "server/web", None),
            (("main.go", "http.Dir(\"./other/dist\")"), "server/web", None),
        ] {
            check(source, home, plain, expected);
        }
    }

    #[test]
    fn a_build_may_fill_a_folder_of_the_program() {
        let fills = |folder: &str| format!("export default {{ build: {{ outDir: '{folder}' }} }}");
        let silent = ("app.py", "");
        check(silent, "web", &fills("../server/static"), Some(("./static", ".")));
        check(silent, "server/web", &fills("../static"), Some(("./static", "server")));
        check(silent, "web", &fills("../other/static"), None);
        check(silent, "web", &fills("dist"), None);
    }

    #[test]
    fn a_front_end_that_is_built_in_is_no_service_of_its_own() {
        let server = r#"{"name":"api","scripts":{"start":"node index.js"},"dependencies":{"express":"5"}}"#;
        let source = "app.use(express.static('../web/dist')); app.listen(4000)";
        let files = [
            ("package.json", r#"{"private":true,"workspaces":["apps/*"]}"#),
            ("package-lock.json", "{}"),
            ("apps/api/package.json", server),
            ("apps/api/index.js", source),
            ("apps/web/package.json", VITE),
            ("apps/web/index.html", ""),
        ];
        let services = |files: &[(&str, &str)]| -> Vec<(String, Option<String>)> {
            let plan = plan(&Inventory::from_files(files.iter().copied()), &Settings::default());
            let said = |folder: Fact<RelPath>| folder.to_string();
            plan.services.into_iter().map(|one| (one.dir.to_string(), one.front_end.map(said))).collect()
        };
        let api = ("apps/api".to_owned(), Some("apps/web (apps/api/index.js:1)".to_owned()));
        assert_eq!(services(&files), std::slice::from_ref(&api));
        // One with an image of its own keeps it.
        let packed: Vec<_> = files.into_iter().chain([("apps/web/Dockerfile", "FROM nginx\n")]).collect();
        assert_eq!(services(&packed), [api, ("apps/web".to_owned(), None)]);
    }
}
