//! # Go
//!
//! Reads `go.mod`, `go.work`, `go.sum` and the Go sources near them. Decides the toolchain, the package
//! to build, whether cgo is needed, what is read at run time, and the smallest image that carries it.
//! Leaves to the user: who may read private modules, what stamps hold.
//!
//! - <https://go.dev/ref/mod#go-mod-file-go>: the `go` line is the least version that may build the module.
//! - The official golang images set `GOTOOLCHAIN=local`, so an older image fails.

mod cgo;
mod command;
mod constraint;
mod embed;
mod generate;
mod listen;
mod main_package;
mod modules;
mod plan;
mod private;
mod stamp;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::key::{AnyKey, Key, Shape, text, texts};
use crate::plan::service::Service;
use crate::plan::stage::GraphError;
use crate::repo::dir::{Dir, Doc};
use crate::repo::inventory::{Reads, SourceRead};
use crate::repo::path::RelPath;
use crate::stack::common::configuration;
use crate::stack::common::dotenv;
use crate::stack::common::files;
use crate::stack::common::front_end::{self, FrontEnd, Place};
use crate::stack::common::listen::Listening;
use crate::stack::{Claim, Ships, Stack, Strength, Survey};

use main_package::MainPackage;

/// The stack.
pub(super) struct Go;

static VERSION: Key<String> = Key {
    name: "go.version",
    shape: Shape::Text,
    doc: "the Go line of the build stage, such as 1.27",
    parse: text,
};
static MAIN: Key<String> = Key {
    name: "go.main",
    shape: Shape::Text,
    doc: "the package to build, such as ./cmd/api",
    parse: package_path,
};
static PRIVATE: Key<keys::Globs> = Key {
    name: "go.private",
    shape: Shape::Texts,
    doc: "modules that come from private repositories, such as github.com/acme/*",
    parse: |value| texts(value).and_then(module_patterns),
};
static ACCESS: Key<String> = Key {
    name: "go.private_access",
    shape: Shape::OneOf(&["netrc", "ssh"]),
    doc: "netrc (a secret) or ssh (the builder's agent)",
    parse: access,
};
static TAGS: Key<keys::Globs> = Key {
    name: "go.tags",
    shape: Shape::Texts,
    doc: "build tags",
    parse: |value| texts(value).map(keys::Globs),
};

/// What a Go module says about itself.
#[derive(Debug, Serialize)]
pub(super) struct Facts {
    /// The Go line that builds.
    pub version: Fact<String>,
    /// The folder the build sees; above the module when it needs its neighbours.
    #[serde(skip)]
    pub place: Place,
    /// The module's folder, from the context; `.` where they are the same.
    pub module_dir: String,
    /// `go.mod`, `go.sum` and those of the neighbours, from the context.
    pub manifests: Vec<String>,
    /// Requirements within a workspace, which are not downloaded.
    #[serde(skip)]
    pub siblings: Vec<(String, String)>,
    /// The vendor folder that makes a download unnecessary.
    pub vendor: Option<Fact<String>>,
    /// Is there a `go.sum`, or nothing that would need one?
    pub is_locked: bool,
    /// The package to build.
    pub main: Fact<String>,
    /// Other programs of the module, which the same file builds when it is told to.
    pub others: Vec<String>,
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
    /// Variables that the linker sets.
    pub stamps: Vec<stamp::Stamp>,
    /// Sources that are made before the compiler runs.
    pub generates: Vec<generate::Generate>,
    /// Private modules.
    pub private: Option<private::Private>,
    /// A front end whose files the program embeds or reads.
    #[serde(skip)]
    pub front_end: Option<FrontEnd>,
    /// Is it embedded?
    pub is_front_end_embedded: bool,
    /// The web framework.
    #[serde(skip)]
    pub framework: Option<Fact<String>>,
    /// A subcommand that starts the server.
    pub subcommand: Option<Fact<String>>,
    /// A flag that opens it to others.
    pub argument: Option<Fact<String>>,
    /// A flag that puts its data where its user may write.
    #[serde(skip)]
    pub data: Option<Fact<String>>,
    /// A file of settings that it ends without.
    #[serde(skip)]
    pub settings_file: Option<Fact<String>>,
}

impl Stack for Go {
    const ID: &'static str = "go";
    const NAME: &'static str = "Go";
    const LOOKS_FOR: &'static [&'static str] = &["go.mod"];
    const SHIPS: Ships = Ships::Built;
    const KEYS: &'static [&'static dyn AnyKey] = &[&ACCESS, &MAIN, &PRIVATE, &TAGS, &VERSION];
    type Facts = Facts;

    fn reads(&self) -> Reads {
        Reads {
            names: [
                &["go.mod", "go.work", "modules.txt"],
                configuration::NAMES,
                configuration::EXAMPLES,
                private::FILES,
                stamp::FILES,
            ]
            .concat(),
            endings: Vec::new(),
            sources: vec![SourceRead { ending: ".go", near: &["go.mod"], most: 400 }],
        }
    }

    fn survey(&self, s: &Survey<'_>) -> Option<Claim<Facts>> {
        let go_mod = modules::GoMod::read(s)?;
        let all = sources(&s.dir);
        let said = s.choice(&TAGS).decide().map(|tags| tags.map(|tags| tags.0.join(",")));
        let tags = said.or_else(|| stamp::tags(&s.dir, &all));
        let names: Vec<String> =
            tags.iter().flat_map(|tags| tags.value.split(',')).map(str::to_owned).collect();
        let sources: Vec<Doc<'_>> = all.into_iter().filter(|doc| constraint::compiles(doc, &names)).collect();
        let main = MainPackage::choose(s, &go_mod, &sources)?;
        let used = main.sources(&go_mod, &sources);
        let neighbours = modules::Neighbours::of(s, &go_mod);
        let embeds = embed::all(&used);
        let mut wanted: Vec<Fact<RelPath>> = embeds.iter().map(embed::Embed::place).collect();
        wanted.extend(front_end::read_but_missing(s, used.iter().copied()));
        let front_end = front_end::find_near(s, &neighbours.context, &wanted);
        let built = front_end.as_ref().map(|found| &found.wanted.value);
        embed::check(s, &embeds, built);
        let is_front_end_embedded =
            built.is_some_and(|built| embeds.iter().any(|embed| embed.place().value.is_within(built)));
        let embedded: Vec<String> = embeds.into_iter().map(|embed| embed.pattern).collect();
        let framework = go_mod.framework();
        let files = files::read_at_run_time(&s.dir, used.iter().copied(), &embedded);
        let mut listening = listen::find(&s.dir, &used, &files);
        listening.port = listening.port.or_else(|| command::port(&go_mod));
        let subcommand = command::subcommand(&go_mod, &used, &listening);
        let version = version(s, &go_mod);
        let is_locked = is_locked(s, &go_mod);
        let facts = Facts {
            place: Place::of(&neighbours.context, front_end.as_ref()),
            module_dir: neighbours.module_dir,
            manifests: neighbours.manifests,
            siblings: neighbours.siblings,
            vendor: neighbours.vendor,
            is_locked,
            binary: main.binary(&go_mod),
            tags,
            cgo: cgo::Cgo::find(s, &go_mod, &used),
            serves: listen::serves(&used),
            stamps: stamp::find(&s.dir, &go_mod),
            generates: generate::find(s, &go_mod, &main.package.value, &used),
            private: private::Private::find(s),
            front_end,
            is_front_end_embedded,
            files,
            comfort: comfort(&used),
            data: command::data(&go_mod),
            settings_file: dotenv::insists_on(used.iter().copied(), dotenv::GO),
            argument: command::argument(&go_mod, subcommand.as_ref(), &listening),
            subcommand,
            others: main.others,
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

/// Is there a `go.sum`, or nothing that would need one? The modules of a vendor folder are not downloaded, and in
/// a workspace Go may not work checksums out (<https://go.dev/ref/mod#workspaces>).
fn is_locked(s: &Survey<'_>, go_mod: &modules::GoMod) -> bool {
    let is_checked = s.dir.has("go.sum")
        || s.dir.has("vendor/modules.txt")
        || s.dir.ancestors().any(|dir| dir.has("go.work"));
    let Some(required) = go_mod.downloaded().filter(|_| !is_checked) else { return true };
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
    // `1.27rc1` is built with the line it became.
    let line = |full: String| {
        let parts: Vec<&str> = full.trim_start_matches("go").split('.').take(2).collect();
        let digits = |part: &&str| part.chars().take_while(char::is_ascii_digit).collect::<String>();
        parts.iter().map(digits).collect::<Vec<_>>().join(".")
    };
    let version = version.map(line);
    s.check_line(toolchain, &version);
    version
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
    ("pocketbase.New(", "a folder to write to"),
    ("pocketbase.NewWithConfig(", "a folder to write to"),
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

fn module_patterns(patterns: Vec<String>) -> Result<keys::Globs, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_./*~".contains(c);
    if patterns.iter().all(|pattern| pattern.chars().all(legal)) {
        return Ok(keys::Globs(patterns));
    }
    Err("expected module paths such as github.com/acme/*".to_owned())
}

fn access(value: &toml::Value) -> Result<String, String> {
    let access = text(value)?;
    if ["netrc", "ssh"].contains(&access.as_str()) {
        Ok(access)
    } else {
        Err("expected netrc or ssh".to_owned())
    }
}
