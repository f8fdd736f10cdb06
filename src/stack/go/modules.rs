//! `go.mod`, and the modules beside it that it cannot be built without.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr as _;

use gomod_parser::Replacement;

use crate::diag::{Code, Diagnostic};
use crate::fact::{Choice, Evidence, Fact, Lost, Place};
use crate::repo::dir::{Dir, Doc};
use crate::repo::path::RelPath;
use crate::stack::Survey;

/// What a `go.mod` says.
pub(in crate::stack) struct GoMod {
    /// The module's path.
    pub module: Fact<String>,
    /// Tools that the module brings along (<https://go.dev/ref/mod#go-mod-file-tool>).
    pub tools: Vec<String>,
    /// Required modules: path and the line that requires it.
    pub requires: Vec<Fact<String>>,
    /// Folders that replace modules, as written.
    pub replaced_by: Vec<Fact<String>>,
    /// The modules they replace.
    replaced: BTreeSet<String>,
    go: Option<Fact<String>>,
    toolchain: Option<Fact<String>>,
    versions: BTreeMap<String, String>,
}

/// A web framework: the module that brings it, its name, the port it takes by default.
struct Framework(&'static str, &'static str);

/// Routers and frameworks by module path. Sources: each project's README.
const FRAMEWORKS: &[Framework] = &[
    Framework("github.com/gin-gonic/gin", "Gin"),
    Framework("github.com/labstack/echo", "Echo"),
    Framework("github.com/gofiber/fiber", "Fiber"),
    Framework("github.com/go-chi/chi", "chi"),
    Framework("github.com/gorilla/mux", "Gorilla"),
    Framework("github.com/beego/beego", "Beego"),
    Framework("github.com/kataras/iris", "Iris"),
    Framework("github.com/gobuffalo/buffalo", "Buffalo"),
    Framework("github.com/pocketbase/pocketbase", "PocketBase"),
    Framework("github.com/go-kratos/kratos", "Kratos"),
    Framework("github.com/zeromicro/go-zero", "go-zero"),
    Framework("github.com/danielgtaylor/huma", "Huma"),
    Framework("github.com/julienschmidt/httprouter", "httprouter"),
    Framework("github.com/valyala/fasthttp", "fasthttp"),
    Framework("goa.design/goa", "Goa"),
    Framework("google.golang.org/grpc", "gRPC"),
];

impl GoMod {
    /// Reads the `go.mod` of the surveyed folder.
    pub fn read(s: &Survey<'_>) -> Option<Self> {
        let doc = s.doc("go.mod")?;
        let parsed =
            gomod_parser::GoMod::from_str(&tidy(doc.text)).ok().filter(|parsed| !parsed.module.is_empty());
        let Some(parsed) = parsed else {
            s.note(malformed(&doc));
            return None;
        };
        let line_of = |words: &str| {
            doc.find(|line| {
                line.split_whitespace().any(|word| word.trim_matches('"') == words).then(|| words.to_owned())
            })
        };
        let module = parsed.module.trim_matches('"').to_owned();
        let replaced_by = parsed.replace.iter().filter_map(|replace| match &replace.replacement {
            Replacement::FilePath(path) => line_of(path.trim_matches('"')),
            Replacement::Module(_) => None,
        });
        let bare = |text: &str| text.trim_matches('"').to_owned();
        let by_folder = parsed.replace.iter().filter(|replace| match replace.replacement {
            Replacement::FilePath(_) => true,
            Replacement::Module(_) => false,
        });
        Some(Self {
            replaced: by_folder.map(|replace| bare(&replace.module_path)).collect(),
            tools: parsed.tool.iter().map(|tool| bare(tool)).collect(),
            versions: parsed
                .require
                .iter()
                .map(|require| (bare(&require.module.module_path), bare(&require.module.version)))
                .collect(),
            replaced_by: replaced_by.collect(),
            requires: parsed
                .require
                .iter()
                .filter_map(|require| line_of(require.module.module_path.trim_matches('"')))
                .collect(),
            go: doc.find(|line| Some(line.trim().strip_prefix("go ")?.split_whitespace().next()?.to_owned())),
            toolchain: doc.find(|line| {
                let name = line.trim().strip_prefix("toolchain ")?.split_whitespace().next()?;
                Some(name.strip_prefix("go")?.split('-').next()?.to_owned())
            }),
            module: line_of(&module)?.map(|_| module),
        })
    }

    /// The line that builds the module: the newer of `go` and `toolchain`.
    ///
    /// Before Go 1.21 the `go` line did not say what the dependencies need; such modules get the last line
    /// whose linker still accepts what old versions of `golang.org/x/net` do
    /// (<https://go.dev/doc/go1.23#linker>).
    pub fn version(&self) -> Option<Fact<String>> {
        let go = self.go.clone().map(|go| {
            if minor(&go.value) >= 21 || !go.value.starts_with("1.") {
                return go;
            }
            let why = format!("the last line that links what a module of go {} may require", go.value);
            let because = Evidence::default(format!("{why}, {}", go.because));
            Fact {
                value: "1.22".to_owned(),
                because,
                over: vec![Lost { value: go.value, because: go.because }],
            }
        });
        let newer = self
            .toolchain
            .clone()
            .filter(|toolchain| go.as_ref().is_none_or(|go| minor(&toolchain.value) > minor(&go.value)));
        Choice::default().or(newer).or(go).decide()
    }

    /// The first required module that is downloaded: no folder of the repository replaces it.
    pub fn downloaded(&self) -> Option<&Fact<String>> {
        self.requires.iter().find(|required| !self.replaced.contains(&required.value))
    }

    /// The version of a required module.
    pub fn version_of(&self, module: &str) -> Option<&str> {
        self.versions.get(module).map(String::as_str)
    }

    /// The requirement on a module or one of its major versions.
    pub fn requires(&self, module: &str) -> Option<&Fact<String>> {
        self.requires.iter().find(|required| {
            required.value.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("/v"))
        })
    }

    /// The web framework, the first of the list that is required.
    pub fn framework(&self) -> Option<Fact<String>> {
        FRAMEWORKS
            .iter()
            .find_map(|Framework(module, name)| Some(self.requires(module)?.derive((*name).to_owned())))
    }

    /// The last part of the module's path that is not a major version.
    pub fn name(&self) -> &str {
        let is_major = |part: &str| part.strip_prefix('v').is_some_and(|n| n.parse::<u32>().is_ok());
        self.module.value.rsplit('/').find(|part| !is_major(part)).unwrap_or("app")
    }
}

/// The second number: 27 of `1.27rc1`.
fn minor(version: &str) -> u32 {
    let part = version.split('.').nth(1).unwrap_or_default();
    let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_default()
}

/// Spellings that the go command accepts and the parser does not: `require(`, empty blocks, a block for `module`.
fn tidy(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let code = line.trim();
        let spaced = match line.strip_suffix('(').map(str::trim_end) {
            Some(verb) if !verb.is_empty() && verb.chars().all(char::is_alphabetic) => format!("{verb} ("),
            _ => line.to_owned(),
        };
        let is_open = lines.last().is_some_and(|last| last.ends_with(" ("));
        let in_module = lines.last().is_some_and(|last| last == "module (");
        if code == ")" && is_open {
            lines.pop();
        } else if in_module && !code.is_empty() {
            lines.pop();
            lines.push(format!("module {code}"));
        } else if code == ")" && lines.last().is_some_and(|last| last.starts_with("module ")) {
            // The end of the block of one line above.
        } else if !code.ends_with("()") {
            lines.push(spaced);
        }
    }
    lines.join("\n") + "\n"
}

fn malformed(doc: &Doc<'_>) -> Diagnostic {
    // The first line that starts like no directive of the reference is the likeliest culprit.
    const VERBS: &[&str] = &[
        "module",
        "go",
        "toolchain",
        "godebug",
        "require",
        "exclude",
        "replace",
        "retract",
        "tool",
        "ignore",
    ];
    let mut in_block = false;
    let mut block = 1;
    let odd = doc.lines().find(|(number, line)| {
        let code = line.split("//").next().unwrap_or_default().trim();
        let starts = code.split([' ', '\t', '(']).next().unwrap_or_default();
        let is_odd = !code.is_empty() && !in_block && !VERBS.contains(&starts);
        if !in_block {
            block = *number;
        }
        in_block = (in_block || code.ends_with('(')) && code != ")";
        is_odd
    });
    // Otherwise it may be a block that is never closed.
    let line = odd.map_or(if in_block { block } else { 1 }, |(number, _)| number);
    Diagnostic::error(Code::MalformedManifest, format!("`{}` does not read as a go.mod file", doc.path))
        .at(Place { file: doc.path.clone(), line: Some(line) })
        .help("`go mod edit -json` names the mistake; the syntax is at https://go.dev/ref/mod#go-mod-file")
}

/// The modules that must be in the build context together: those of `go.work`, those that replace others.
pub(super) struct Neighbours {
    /// The lowest folder that holds them all.
    pub context: RelPath,
    /// The module's folder from there; `.` where they are the same.
    pub module_dir: String,
    /// `go.work` and every `go.mod` and `go.sum`, from the context.
    pub manifests: Vec<String>,
    /// The vendor folder that makes a download unnecessary: the module's, or the workspace's
    /// (<https://go.dev/ref/mod#go-work-vendor>).
    pub vendor: Option<Fact<String>>,
    /// Requirements of a workspace's modules on each other: the module required, the file that does, from the
    /// module's folder. Without a `replace` line `go mod download` would ask the proxy for them.
    pub siblings: Vec<(String, String)>,
}

impl Neighbours {
    /// Works out which folders the module needs.
    pub fn of(s: &Survey<'_>, go_mod: &GoMod) -> Self {
        let home = s.dir.path().clone();
        let mut folders = BTreeSet::from([home.clone()]);
        for replaced in &go_mod.replaced_by {
            match s.dir.resolve(&replaced.value) {
                Some(folder) if s.dir.inventory().has(&folder.join("go.mod").unwrap_or_default()) => {
                    folders.insert(folder);
                }
                _ => s.note(
                    Diagnostic::error(
                        Code::IgnoredSource,
                        format!("the module in `{}` is not in this repository", replaced.value),
                    )
                    .at(replaced.because.at.clone())
                    .help("run dockgen on the folder that holds both modules, or drop the replace line"),
                ),
            }
        }
        let work = s.dir.ancestors().find(|dir| dir.has("go.work"));
        if let Some(work) = &work {
            folders.extend(used_by(work));
            folders.insert(work.path().clone());
        }
        let context = common(&folders);
        let mut manifests = Vec::new();
        for folder in &folders {
            for name in ["go.work", "go.work.sum", "go.mod", "go.sum"] {
                let path = folder.join(name).unwrap_or_default();
                let wanted =
                    !name.starts_with("go.work") || work.as_ref().is_some_and(|work| work.path() == folder);
                if wanted && s.dir.inventory().has(&path) {
                    manifests.extend(path.relative_to(&context).map(|path| path.to_string()));
                }
            }
        }
        let module_dir = home.relative_to(&context).unwrap_or_default().to_string();
        let vendored = work.as_ref().unwrap_or(&s.dir);
        let vendor = vendored.has("vendor/modules.txt").then(|| {
            let because = vendored.evidence("vendor/modules.txt", "modules are vendored");
            Fact::new("vendor".to_owned(), because)
        });
        let siblings = work.as_ref().map(|_| siblings(s, &folders)).unwrap_or_default();
        let up = if module_dir == "." { String::new() } else { "../".repeat(module_dir.split('/').count()) };
        let seen = |folder: &RelPath| {
            let file = folder.relative_to(&context)?.join("go.mod")?;
            Some(if *folder == home { "go.mod".to_owned() } else { format!("{up}{file}") })
        };
        let siblings =
            siblings.into_iter().filter_map(|(module, folder)| Some((module, seen(&folder)?))).collect();
        Self { context, module_dir, manifests, vendor, siblings }
    }
}

/// Modules of the workspace that others of it require, with the folder that does.
fn siblings(s: &Survey<'_>, folders: &BTreeSet<RelPath>) -> Vec<(String, RelPath)> {
    let parsed: Vec<(&RelPath, gomod_parser::GoMod)> = folders
        .iter()
        .filter_map(|folder| {
            let doc = s.dir.inventory().doc(&folder.join("go.mod")?)?;
            Some((folder, gomod_parser::GoMod::from_str(&tidy(doc.text)).ok()?))
        })
        .collect();
    let mut found = Vec::new();
    for (folder, member) in &parsed {
        for required in &member.require {
            let path = &required.module.module_path;
            let is_sibling = parsed.iter().any(|(_, other)| other.module == *path);
            if is_sibling && member.replace.iter().all(|replace| replace.module_path != *path) {
                found.push((path.trim_matches('"').to_owned(), (*folder).clone()));
            }
        }
    }
    found
}

/// The module folders that a `go.work` names.
fn used_by(work: &Dir<'_>) -> Vec<RelPath> {
    let Some(doc) = work.doc("go.work") else { return Vec::new() };
    doc.lines()
        .map(|(_, line)| line.split("//").next().unwrap_or_default().trim())
        .map(|line| line.strip_prefix("use").unwrap_or(line).trim().trim_matches('"'))
        .filter(|word| *word == "." || word.starts_with("./"))
        .filter_map(|word| work.resolve(word))
        .collect()
}

fn common(folders: &BTreeSet<RelPath>) -> RelPath {
    let mut folders = folders.iter();
    let first = folders.next().cloned().unwrap_or_default();
    folders.fold(first, |shared, folder| {
        shared.ancestors().find(|candidate| folder.is_within(candidate)).unwrap_or_default()
    })
}
