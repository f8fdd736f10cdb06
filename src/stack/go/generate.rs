//! Code that the repository leaves to a generator: which one makes it, and how it is called.
//!
//! Generators that are modules run with `go run` or `go tool` at the version that `go.mod` names; nothing is
//! installed.

use serde::Serialize;

use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::plan::run::quote;
use crate::repo::dir::{Dir, Doc};
use crate::stack::Survey;
use crate::stack::go::modules::GoMod;

/// A command that makes sources before the compiler runs.
#[derive(Debug, Serialize)]
pub(in crate::stack) struct Generate {
    /// The command, from the module's folder.
    pub command: String,
    /// What shows that it is needed.
    pub because: Fact<String>,
}

/// A generator that makes one file from each of another kind.
struct Row {
    /// The ending of what it reads.
    from: &'static str,
    /// The ending of what it makes.
    to: &'static str,
    /// The module that `go.mod` requires when it is used.
    module: &'static str,
    /// The tool's package.
    tool: &'static str,
    /// Its arguments.
    arguments: &'static str,
}

/// Generators of files beside their sources.
const ROWS: &[Row] = &[
    // https://templ.guide/quick-start/installation
    Row {
        from: ".templ",
        to: "_templ.go",
        module: "github.com/a-h/templ",
        tool: "github.com/a-h/templ/cmd/templ",
        arguments: "generate",
    },
    // https://github.com/valyala/quicktemplate#quick-start
    Row {
        from: ".qtpl",
        to: ".qtpl.go",
        module: "github.com/valyala/quicktemplate",
        tool: "github.com/valyala/quicktemplate/qtc",
        arguments: "",
    },
];

/// Modules whose tool describes an API in a package `docs` (<https://github.com/swaggo/swag#getting-started>).
const SWAG: &[&str] = &["github.com/swaggo/swag", "github.com/swaggo/swag/v2"];

/// What has to be generated for the program in `package`.
pub(super) fn find(s: &Survey<'_>, go_mod: &GoMod, package: &str, used: &[Doc<'_>]) -> Vec<Generate> {
    let mut found: Vec<Generate> = ROWS.iter().filter_map(|row| row.missing(&s.dir, go_mod)).collect();
    for import in missing_packages(s, go_mod, used) {
        match by_swag(go_mod, package, &import).or_else(|| by_directive(&s.dir, &import, used)) {
            Some(generate) => found.push(generate),
            None => s.note(
                Diagnostic::warning(
                    Code::IgnoredSource,
                    format!(
                        "the package `{}` is not in the repository: the build fails without it",
                        import.value
                    ),
                )
                .at(import.because.at.clone())
                .help("generate it and commit it"),
            ),
        }
    }
    found
}

impl Row {
    /// The command, when a source has no counterpart.
    fn missing(&self, dir: &Dir<'_>, go_mod: &GoMod) -> Option<Generate> {
        let required = go_mod.requires(self.module)?;
        let source = dir.files().map(|(path, _)| path).find(|path| {
            let made = path.strip_suffix(self.from).map(|stem| format!("{stem}{}", self.to));
            made.is_some_and(|made| !dir.has(&made))
        })?;
        let because = Fact::new(source.to_owned(), dir.evidence(source, "nothing is generated from it yet"));
        let command = format!("{} {}", call(go_mod, self.tool, required), self.arguments);
        Some(Generate { command: command.trim_end().to_owned(), because })
    }
}

/// `go tool NAME` where `go.mod` lists the tool, `go run PACKAGE@VERSION` otherwise
/// (<https://go.dev/doc/modules/managing-dependencies#tools>).
fn call(go_mod: &GoMod, tool: &str, required: &Fact<String>) -> String {
    if go_mod.tools.iter().any(|known| known == tool) {
        return format!("go tool {tool}");
    }
    match go_mod.version_of(&required.value) {
        Some(version) => format!("go run {}", quote(&format!("{tool}@{version}"))),
        None => format!("go run {tool}"),
    }
}

/// Packages of the own module that are imported and have no Go file in the repository.
fn missing_packages(s: &Survey<'_>, go_mod: &GoMod, used: &[Doc<'_>]) -> Vec<Fact<String>> {
    let mut found: Vec<Fact<String>> = Vec::new();
    for doc in used {
        let imports =
            doc.lines().take_while(|(_, line)| !line.starts_with("func ") && !line.starts_with("type "));
        // An import is a path and perhaps a name, never a value.
        let is_import = |line: &str| !line.trim_start().starts_with("//") && !line.contains('=');
        for (number, line) in imports.filter(|(_, line)| is_import(line)) {
            let path =
                line.split('"').nth(1).and_then(|path| path.strip_prefix(go_mod.module.value.as_str()));
            let Some(below) = path.and_then(|path| path.strip_prefix('/')) else { continue };
            let is_go =
                |dir: &Dir<'_>| dir.files().any(|(path, _)| !path.contains('/') && path.ends_with(".go"));
            // A nested module has a go.mod of its own and comes from elsewhere.
            let is_nested = s.dir.resolve(below).is_some_and(|folder| {
                folder
                    .ancestors()
                    .take_while(|folder| folder != s.dir.path())
                    .any(|folder| s.dir.inventory().has(&folder.join("go.mod").unwrap_or_default()))
            });
            let is_there = s.dir.dir(below).is_some_and(|dir| is_go(&dir));
            if !is_there && !is_nested && found.iter().all(|known| known.value != below) {
                found.push(Fact::new(below.to_owned(), doc.cite(number, line)));
            }
        }
    }
    found
}

/// swag reads the comments above `main` and writes the package that is imported.
fn by_swag(go_mod: &GoMod, package: &str, import: &Fact<String>) -> Option<Generate> {
    let required =
        SWAG.iter().find_map(|module| go_mod.requires.iter().find(|known| known.value == *module))?;
    import.value.split('/').any(|part| part == "docs" || part == "swagger").then_some(())?;
    let main = package.trim_start_matches("./");
    let main = if main == "." { "main.go".to_owned() } else { format!("{main}/main.go") };
    let tool = format!("{}/cmd/swag", required.value);
    let arguments = format!("init -g {} -o {}", quote(&main), quote(&import.value));
    Some(Generate {
        command: format!("{} {arguments}", call(go_mod, &tool, required)),
        because: import.clone(),
    })
}

/// A `//go:generate` line that needs nothing but Go and names the package's folder.
fn by_directive(dir: &Dir<'_>, import: &Fact<String>, used: &[Doc<'_>]) -> Option<Generate> {
    let name = import.value.rsplit('/').next()?;
    let doc = used.iter().find(|doc| {
        doc.lines().any(|(_, line)| {
            line.strip_prefix("//go:generate go ").is_some_and(|words| {
                (words.starts_with("run ") || words.starts_with("tool ")) && words.contains(name)
            })
        })
    })?;
    let file = format!("./{}", doc.path.relative_to(dir.path())?);
    Some(Generate { command: format!("go generate {}", quote(&file)), because: import.clone() })
}
