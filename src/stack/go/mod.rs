//! # Go
//!
//! Reads `go.mod`, `go.work`, `go.sum` and the Go sources near them. Decides the toolchain, the package
//! to build, whether cgo is needed, what is read at run time, and the smallest image that carries it.
//! Leaves to the user: version stamps, private module hosts.
//!
//! - <https://go.dev/ref/mod#go-mod-file-go>: the `go` line is the least version that may build the module.
//! - The official golang images set `GOTOOLCHAIN=local`, so an older image fails.

mod cgo;
mod listen;
mod main_package;
mod modules;
mod plan;
mod stamp;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::key::{AnyKey, Key, text, texts};
use crate::plan::service::Service;
use crate::plan::stage::GraphError;
use crate::repo::dir::{Dir, Doc};
use crate::repo::inventory::{Reads, SourceRead};
use crate::repo::path::RelPath;
use crate::stack::common::files;
use crate::stack::common::listen::Listening;
use crate::stack::{Claim, Stack, Strength, Survey};

use main_package::MainPackage;

/// The stack.
pub(super) struct Go;

static VERSION: Key<String> =
    Key { name: "go.version", doc: "the Go line of the build stage, such as 1.27", parse: text };
static MAIN: Key<String> =
    Key { name: "go.main", doc: "the package to build, such as ./cmd/api", parse: package_path };
static TAGS: Key<keys::Globs> =
    Key { name: "go.tags", doc: "build tags", parse: |value| texts(value).map(keys::Globs) };

/// What a Go module says about itself.
#[derive(Debug, Serialize)]
pub(super) struct Facts {
    /// The Go line that builds.
    pub version: Fact<String>,
    /// The folder the build sees; above the module when it needs its neighbours.
    #[serde(skip)]
    pub context: RelPath,
    /// The module's folder, from the context; `.` where they are the same.
    pub module_dir: String,
    /// `go.mod`, `go.sum` and those of the neighbours, from the context.
    pub manifests: Vec<String>,
    /// The vendor folder that makes a download unnecessary.
    pub vendor: Option<Fact<String>>,
    /// Is there a `go.sum`, or nothing that would need one?
    pub is_locked: bool,
    /// The package to build.
    pub main: Fact<String>,
    /// The name of the program.
    pub binary: String,
    /// Build tags, joined with commas.
    pub tags: Option<Fact<String>>,
    /// What C code it links, if any.
    pub cgo: Option<cgo::Cgo>,
    /// Files and folders read at run time.
    pub files: Vec<Fact<String>>,
    /// Why an empty image is not enough: time zones, temporary files, users.
    pub comfort: Option<Fact<String>>,
    /// How it listens.
    #[serde(skip)]
    pub listening: Listening,
    /// A line that only a server has.
    #[serde(skip)]
    pub serves: Option<Fact<String>>,
    /// The variable that takes the version when linking.
    pub stamp: Option<Fact<String>>,
    /// The web framework.
    #[serde(skip)]
    pub framework: Option<Fact<String>>,
    /// A subcommand that starts the server.
    pub subcommand: Option<Fact<String>>,
}

impl Stack for Go {
    const ID: &'static str = "go";
    const NAME: &'static str = "Go";
    const LOOKS_FOR: &'static [&'static str] = &["go.mod"];
    const KEYS: &'static [&'static dyn AnyKey] = &[&MAIN, &TAGS, &VERSION];
    type Facts = Facts;

    fn reads(&self) -> Reads {
        Reads {
            names: [&["go.mod", "go.work", "modules.txt"], listen::CONFIGURATIONS, stamp::FILES].concat(),
            endings: Vec::new(),
            sources: vec![SourceRead { ending: ".go", near: &["go.mod"], most: 400 }],
        }
    }

    fn survey(&self, s: &Survey<'_>) -> Option<Claim<Facts>> {
        let go_mod = modules::GoMod::read(s)?;
        let sources = sources(&s.dir);
        let main = MainPackage::choose(s, &go_mod, &sources)?;
        let used = main.sources(&go_mod, &sources);
        let neighbours = modules::Neighbours::of(s, &go_mod);
        let embedded = embedded(&used);
        let framework = go_mod.framework();
        let files = files::read_at_run_time(&s.dir, used.iter().copied(), &embedded);
        let listening = listen::find(&s.dir, &used, &files);
        check_embeds(s, &used);
        let version = version(s, &go_mod);
        let is_locked = is_locked(s, &go_mod);
        let facts = Facts {
            context: neighbours.context,
            module_dir: neighbours.module_dir,
            manifests: neighbours.manifests,
            vendor: s.dir.has("vendor/modules.txt").then(|| {
                Fact::new("vendor".to_owned(), s.dir.evidence("vendor/modules.txt", "modules are vendored"))
            }),
            is_locked,
            binary: main.binary(&go_mod),
            tags: s.choice(&TAGS).decide().map(|tags| tags.map(|tags| tags.0.join(","))),
            cgo: cgo::Cgo::find(s, &go_mod, &used),
            serves: listen::serves(&used),
            stamp: stamp::find(&s.dir, &go_mod),
            files,
            comfort: comfort(&used),
            subcommand: plan::subcommand(&go_mod, &used, &listening),
            main: main.package,
            version,
            listening,
            framework,
        };
        Some(Claim { strength: Strength::Entry, because: go_mod.module.because.clone(), facts })
    }

    fn plan(&self, facts: &Facts, s: &Survey<'_>) -> Result<Service, GraphError> {
        plan::service(facts, s)
    }
}

/// The module's own sources, tests and vendored code left out.
fn sources<'a>(dir: &Dir<'a>) -> Vec<Doc<'a>> {
    let home = dir.path().clone();
    dir.docs()
        .filter(|doc| doc.path.extension() == Some("go") && !doc.path.name().ends_with("_test.go"))
        .filter(|doc| {
            let below = doc.path.relative_to(&home).unwrap_or_default();
            !below.segments().any(|s| s == "vendor" || s == "testdata" || s.starts_with('_'))
        })
        .collect()
}

/// Is there a `go.sum`, or nothing that would need one? The modules of a vendor folder are not downloaded.
fn is_locked(s: &Survey<'_>, go_mod: &modules::GoMod) -> bool {
    let is_checked = s.dir.has("go.sum") || s.dir.has("vendor/modules.txt");
    let Some(required) = go_mod.requires.first().filter(|_| !is_checked) else { return true };
    s.note(
        Diagnostic::warning(Code::MissingLock, "there is no go.sum: nothing checks what is downloaded")
            .at(required.because.at.clone())
            .help("run `go mod tidy` and commit go.sum"),
    );
    false
}

/// The Go line: what people say, then the newer of the `go` and `toolchain` lines.
fn version(s: &Survey<'_>, go_mod: &modules::GoMod) -> Fact<String> {
    let toolchain = s.catalog.toolchain("go");
    let said = s.choice(&VERSION).or_else(|| s.choice(&keys::VERSION).decide());
    let version = said.or(go_mod.version()).or_default(toolchain.default.clone(), "newest in the catalog");
    let version = version.map(|full| full.split('.').take(2).collect::<Vec<_>>().join("."));
    s.check_line(toolchain, &version);
    version
}

/// The patterns of `//go:embed` lines.
fn embedded(sources: &[Doc<'_>]) -> Vec<String> {
    sources
        .iter()
        .flat_map(Doc::lines)
        .filter_map(|(_, line)| line.trim_start().strip_prefix("//go:embed "))
        .flat_map(str::split_whitespace)
        .map(|pattern| pattern.trim_matches(['"', '`']).to_owned())
        .collect()
}

/// Says which embedded files are not in the repository: something has to make them before Go compiles.
fn check_embeds(s: &Survey<'_>, sources: &[Doc<'_>]) {
    for doc in sources {
        let folder = doc.path.parent().unwrap_or_default();
        for (number, line) in doc.lines() {
            let Some(patterns) = line.trim_start().strip_prefix("//go:embed ") else { continue };
            for pattern in patterns.split_whitespace().map(|word| word.trim_matches(['"', '`'])) {
                let fixed = pattern.trim_start_matches("all:").split('*').next().unwrap_or_default();
                let Some(path) = folder.join(fixed.rsplit_once('/').map_or("", |(folder, _)| folder)) else {
                    continue;
                };
                let whole = folder.join(fixed.trim_end_matches('/')).unwrap_or_default();
                let inventory = s.dir.inventory();
                let is_there = inventory.has(&whole) || inventory.has_dir(&whole);
                if is_there || (pattern.contains('*') && inventory.has_dir(&path)) {
                    continue;
                }
                s.note(
                    Diagnostic::warning(
                        Code::IgnoredSource,
                        format!(
                            "`{whole}` is embedded but not in the repository: the build fails without it"
                        ),
                    )
                    .at(doc.cite(number, line).at)
                    .help("build it first and commit it, or add the step that makes it to the build stage"),
                );
            }
        }
    }
}

/// Calls that need more than an empty image, with what they need.
const COMFORTS: &[(&str, &str)] = &[
    ("time.LoadLocation(", "time zones"),
    ("os.TempDir(", "a temporary folder"),
    ("os.CreateTemp(", "a temporary folder"),
    ("os.MkdirTemp(", "a temporary folder"),
    ("ioutil.TempFile(", "a temporary folder"),
    ("ioutil.TempDir(", "a temporary folder"),
    ("ParseMultipartForm(", "a temporary folder for uploads"),
    (".FormFile(", "a temporary folder for uploads"),
    (".MultipartForm(", "a temporary folder for uploads"),
    ("sqlite.Open(\"", "a folder to write to"),
    ("sql.Open(\"sqlite", "a folder to write to"),
    ("bolt.Open(", "a folder to write to"),
    ("bbolt.Open(", "a folder to write to"),
    ("os.MkdirAll(", "a folder to write to"),
    ("os.Create(", "a folder to write to"),
    ("user.Current(", "a user database"),
    ("os.UserHomeDir(", "a home folder"),
];

fn comfort(sources: &[Doc<'_>]) -> Option<Fact<String>> {
    let embeds_zones = sources.iter().any(|doc| doc.text.contains("\"time/tzdata\""));
    sources.iter().find_map(|doc| {
        doc.find(|line| {
            let code = line.trim_start();
            let (_, need) =
                COMFORTS.iter().find(|(call, _)| !code.starts_with("//") && code.contains(call))?;
            (!(embeds_zones && *need == "time zones")).then(|| (*need).to_owned())
        })
    })
}

fn package_path(value: &toml::Value) -> Result<String, String> {
    let path = text(value)?;
    let below = RelPath::new(&path).map_err(|bad| bad.to_string())?;
    Ok(if below.is_root() { ".".to_owned() } else { format!("./{}", below.as_str()) })
}
