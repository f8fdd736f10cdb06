//! What the packages of an old Dockerfile are for: needed while building, needed at run time, there anyway, or a
//! tool. The facts are data (`packages.toml`); what nobody can explain is kept in the runtime, and said so.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::dockerfile::packages::{Manager, bare};

/// What a package is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Compilers and headers.
    Build,
    /// Loaded or called by the running program.
    Runtime,
    /// The new base image has it.
    Provided,
    /// For people, for downloads, for debugging.
    Tool,
    /// Nobody can tell.
    Unknown,
}

impl Class {
    fn word(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Runtime => "run time",
            Self::Provided => "provided",
            Self::Tool => "tool",
            Self::Unknown => "unexplained",
        }
    }
}

/// One package of an old file, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// As it is written there.
    pub written: String,
    /// What it is for.
    pub class: Class,
    /// What the stages that build get for it.
    pub build: Vec<String>,
    /// What the runtime gets for it.
    pub runtime: Vec<String>,
    /// Why, as a clause.
    pub why: String,
}

impl Explained {
    /// `libpq-dev: build, its library libpq5 at run time`.
    pub fn note(&self) -> String {
        format!("{}: {}, {}", self.written, self.class.word(), self.why)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    class: BTreeMap<Class, Names>,
    toolchain: BTreeMap<String, Toolchain>,
    library: BTreeMap<String, Vec<String>>,
    steady: Vec<String>,
    program: BTreeMap<String, Vec<String>>,
    older: BTreeMap<String, String>,
    alpine: BTreeMap<String, String>,
    renamed: BTreeMap<String, String>,
}

/// What the base of one stack brings, and what another stack's image gets for it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Toolchain {
    names: Vec<String>,
    #[serde(default)]
    build: Vec<String>,
    #[serde(default)]
    runtime: Vec<String>,
}

/// Whose names the new image's packages have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Debian 13.
    Today,
    /// Debian 12 and older: libraries count up with each release, so they come with their headers.
    Older,
}

impl Release {
    /// A name as this release has it.
    fn name(self, debian: &str) -> String {
        match self {
            Self::Today => debian.to_owned(),
            Self::Older => {
                TABLE.older.get(debian).map_or(debian.trim_end_matches("t64"), String::as_str).to_owned()
            }
        }
    }
}

/// The image that a package is judged for.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The stack whose base it has.
    pub stack: &'a str,
    /// The release of its packages.
    pub release: Release,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    why: String,
    names: Vec<String>,
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("packages.toml")).expect("packages.toml is read by a test"));

/// Explains a package of that manager. The program's start and the scripts it may call are given, so that a tool
/// that they name stays.
pub fn explain(
    manager: Manager,
    written: &str,
    target: Target<'_>,
    is_called: impl Fn(&str) -> bool,
) -> Explained {
    let package = Package::of(manager, written, target);
    package
        .of_headers()
        .or_else(|| package.of_toolchain())
        .or_else(|| package.of_class(is_called))
        .unwrap_or_else(|| package.by_its_name())
}

/// A package as the old file writes it, and as the new image has it.
struct Package<'p> {
    written: &'p str,
    target: Target<'p>,
    /// Its name in the newest Debian.
    debian: &'p str,
    /// Its name in the release of the image.
    here: String,
    /// What there is to say where that is another one than the old file's; empty otherwise.
    renamed: String,
    /// What there is to say of a version that the old file asks for; empty where it asks for none.
    dropped: String,
}

impl<'p> Package<'p> {
    fn of(manager: Manager, written: &'p str, target: Target<'p>) -> Self {
        let name = bare(written);
        let debian = TABLE.renamed.get(name).map_or(name, String::as_str);
        let here = target.release.name(debian);
        let pin = if manager == Manager::Apt && here == name { &written[name.len()..] } else { "" };
        let dropped = match pin {
            "" => String::new(),
            pin => format!("; its pin `{pin}` belongs to the old release"),
        };
        let renamed = if here == name { String::new() } else { format!(" as `{here}`") };
        Self { written, target, debian, here, renamed, dropped }
    }

    /// Headers of a library that is known.
    fn of_headers(&self) -> Option<Explained> {
        let Self { target, renamed, dropped, .. } = self;
        let libraries = TABLE.library.get(self.debian)?;
        let theirs: Vec<String> = libraries.iter().map(|name| target.release.name(name)).collect();
        if target.release == Release::Older && !theirs.iter().all(|name| TABLE.steady.contains(name)) {
            let why =
                format!("headers{renamed}, which bring the library by its name in that release{dropped}");
            return Some(self.explained(Class::Build, self.itself(), self.itself(), why));
        }
        let why = format!("headers{renamed}; its library `{}` at run time{dropped}", theirs.join("`, `"));
        Some(self.explained(Class::Build, self.itself(), theirs, why))
    }

    /// The toolchain of a stack: the base of that has it.
    fn of_toolchain(&self) -> Option<Explained> {
        let is_row = |(_, row): &(&String, &Toolchain)| row.names.iter().any(|known| known == self.debian);
        let (of, row) = TABLE.toolchain.iter().find(is_row)?;
        let stack = of.split('-').next().unwrap_or(of);
        if stack == self.target.stack {
            let why = "comes with the base image".to_owned();
            return Some(self.explained(Class::Provided, Vec::new(), Vec::new(), why));
        }
        let (class, why) = if row.runtime.is_empty() {
            (Class::Build, "is only needed while building")
        } else {
            (Class::Unknown, "nobody can tell whether the program calls it, so it is kept")
        };
        Some(self.explained(class, row.build.clone(), row.runtime.clone(), self.saying(why)))
    }

    /// A package whose class the table knows.
    fn of_class(&self, is_called: impl Fn(&str) -> bool) -> Option<Explained> {
        let is_row = |(_, row): &(&Class, &Names)| row.names.iter().any(|known| known == self.debian);
        let (class, row) = TABLE.class.iter().find(is_row)?;
        let is_called = || is_called(self.debian) || programs(self.debian).iter().any(|name| is_called(name));
        Some(match class {
            Class::Build => self.explained(*class, self.itself(), Vec::new(), self.saying(&row.why)),
            Class::Runtime => self.explained(*class, Vec::new(), self.itself(), self.saying(&row.why)),
            Class::Tool if is_called() => {
                let why = self.saying("the start of the image calls it");
                self.explained(Class::Runtime, Vec::new(), self.itself(), why)
            }
            Class::Tool | Class::Provided | Class::Unknown => {
                self.explained(*class, Vec::new(), Vec::new(), row.why.clone())
            }
        })
    }

    /// What the name of a package says that no table knows.
    fn by_its_name(&self) -> Explained {
        if let Some(plain) = compiler(self.debian) {
            let why =
                format!("is only needed while building, in the version that the release has{}", self.dropped);
            return self.explained(Class::Build, vec![plain.to_owned()], Vec::new(), why);
        }
        if self.debian.ends_with("-dev") || self.debian.ends_with("-devel") {
            let why = self.saying("headers whose library is not known, so both stages get them");
            return self.explained(Class::Unknown, self.itself(), self.itself(), why);
        }
        let why = self.saying("nobody can tell what it is for, so it is kept");
        self.explained(Class::Unknown, Vec::new(), self.itself(), why)
    }

    /// The package under the name that it has here.
    fn itself(&self) -> Vec<String> {
        vec![self.here.clone()]
    }

    /// A reason, with what there is to say of name and version.
    fn saying(&self, why: &str) -> String {
        format!("{why}{}{}", self.renamed, self.dropped)
    }

    fn explained(&self, class: Class, build: Vec<String>, runtime: Vec<String>, why: String) -> Explained {
        Explained { written: self.written.to_owned(), class, build, runtime, why }
    }
}

/// The package that brings a program, where that is a tool which images have no more.
pub(super) fn tool_of(program: &str) -> Option<&'static str> {
    let tools = &TABLE.class.get(&Class::Tool)?.names;
    let package = package_of(program);
    tools.iter().find(|name| *name == package).map(String::as_str)
}

/// `gcc` of `gcc-4.8`: which versions there are changes with each release.
fn compiler(package: &str) -> Option<&str> {
    let (name, version) = package.rsplit_once('-')?;
    let is_compiler = matches!(name, "gcc" | "g++" | "gfortran" | "clang" | "cpp");
    (is_compiler && version.chars().all(|c| c.is_ascii_digit() || c == '.')).then_some(name)
}

/// What a stage on Alpine gets for a package of an old file that it builds with. A name that only Debian is known to have is
/// none there, unless the old file was Alpine's.
pub(super) fn in_alpine(manager: Manager, written: &str, build: &[String]) -> Vec<String> {
    let as_written = (manager == Manager::Apk && !build.is_empty()).then(|| bare(written).to_owned());
    let known = build.iter().filter_map(|name| TABLE.alpine.get(name).cloned());
    let known: Vec<String> = known.collect();
    if known.is_empty() { as_written.into_iter().collect() } else { known }
}

/// The package that brings a program; of most it has the same name.
pub(super) fn package_of(program: &str) -> &str {
    let brings = |(_, names): &(&String, &Vec<String>)| names.iter().any(|name| name == program);
    TABLE.program.iter().rev().find(brings).map_or(program, |(package, _)| package.as_str())
}

fn programs(package: &str) -> &'static [String] {
    TABLE.program.get(package).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_and_agrees_with_itself() {
        for (old, new) in &TABLE.renamed {
            assert_ne!(old, new);
            assert!(!TABLE.renamed.contains_key(new), "{old} leads to {new}, which leads further");
        }
        let mut seen = std::collections::BTreeSet::new();
        let toolchains = TABLE.toolchain.values().flat_map(|row| &row.names);
        let classes = TABLE.class.values().flat_map(|names| &names.names);
        for name in classes.chain(toolchains).chain(TABLE.library.keys()) {
            assert!(seen.insert(name), "`{name}` stands twice");
            assert!(!TABLE.renamed.contains_key(name), "`{name}` is renamed and can never be found");
        }
    }

    #[test]
    fn packages_have_a_class_and_a_reason() {
        use Class::*;
        for (manager, written, stack, release, class, build, runtime) in [
            (Manager::Apt, "build-essential", "go", Release::Today, Build, "build-essential", ""),
            (Manager::Apt, "libpq-dev", "go", Release::Today, Build, "libpq-dev", "libpq5"),
            (Manager::Apt, "libffi-dev", "go", Release::Older, Build, "libffi-dev", "libffi-dev"),
            (Manager::Apt, "libmagic1", "python", Release::Older, Runtime, "", "libmagic1"),
            (Manager::Apt, "libmagic1", "python", Release::Today, Runtime, "", "libmagic1t64"),
            (Manager::Apk, "postgresql-dev", "go", Release::Today, Build, "libpq-dev", "libpq5"),
            (Manager::Apk, "build-base", "go", Release::Today, Build, "build-essential", ""),
            (Manager::Apt, "imagemagick=8:6.9", "go", Release::Today, Runtime, "", "imagemagick"),
            (Manager::Apt, "vim", "go", Release::Today, Tool, "", ""),
            (Manager::Apt, "wget", "go", Release::Today, Runtime, "", "wget"),
            (Manager::Apt, "netcat", "go", Release::Today, Runtime, "", "netcat-openbsd"),
            (Manager::Apt, "python-pip", "python", Release::Today, Provided, "", ""),
            (Manager::Apt, "python", "node", Release::Today, Build, "python3", ""),
            (Manager::Apt, "nodejs", "python", Release::Today, Unknown, "", "nodejs"),
            (Manager::Apt, "libfoo-dev", "go", Release::Today, Unknown, "libfoo-dev", "libfoo-dev"),
            (Manager::Yum, "whatever", "go", Release::Today, Unknown, "", "whatever"),
        ] {
            let found =
                explain(manager, written, Target { stack, release }, |name| name == "wget" || name == "nc");
            let words = (found.class, found.build.join(" "), found.runtime.join(" "));
            assert_eq!(words, (class, build.to_owned(), runtime.to_owned()), "{written} for {stack}");
            assert!(!found.why.is_empty());
        }
    }
}
