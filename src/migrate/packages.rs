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
    let name = bare(written);
    let debian = TABLE.renamed.get(name).map_or(name, String::as_str);
    let here = target.release.name(debian);
    let pin = (manager == Manager::Apt && here == name)
        .then(|| &written[name.len()..])
        .filter(|pin| !pin.is_empty());
    let renamed = if here == name { String::new() } else { format!(" as `{here}`") };
    let dropped = match pin {
        Some(pin) => format!("; its pin `{pin}` belongs to the old release"),
        None => String::new(),
    };
    let one = || vec![here.clone()];
    let made = |class, build, runtime, why: String| Explained {
        written: written.to_owned(),
        class,
        build,
        runtime,
        why,
    };
    if let Some(libraries) = TABLE.library.get(debian) {
        let theirs: Vec<String> = libraries.iter().map(|name| target.release.name(name)).collect();
        if target.release == Release::Older && !theirs.iter().all(|name| TABLE.steady.contains(name)) {
            let why =
                format!("headers{renamed}, which bring the library by its name in that release{dropped}");
            return made(Class::Build, one(), one(), why);
        }
        let why = format!("headers{renamed}; its library `{}` at run time{dropped}", theirs.join("`, `"));
        return made(Class::Build, one(), theirs, why);
    }
    let toolchain = TABLE.toolchain.iter().find(|(_, row)| row.names.iter().any(|known| known == debian));
    if let Some((of, row)) = toolchain {
        let stack = of.split('-').next().unwrap_or(of);
        if stack == target.stack {
            return made(Class::Provided, Vec::new(), Vec::new(), "comes with the base image".to_owned());
        }
        return if row.runtime.is_empty() {
            let why = format!("is only needed while building{renamed}{dropped}");
            made(Class::Build, row.build.clone(), Vec::new(), why)
        } else {
            let why =
                format!("nobody can tell whether the program calls it, so it is kept{renamed}{dropped}");
            made(Class::Unknown, row.build.clone(), row.runtime.clone(), why)
        };
    }
    let class = TABLE.class.iter().find(|(_, names)| names.names.iter().any(|known| known == debian));
    match class {
        Some((Class::Build, names)) => {
            made(Class::Build, one(), Vec::new(), format!("{}{renamed}{dropped}", names.why))
        }
        Some((Class::Tool, _))
            if is_called(debian) || programs(debian).iter().any(|name| is_called(name)) =>
        {
            made(
                Class::Runtime,
                Vec::new(),
                one(),
                format!("the start of the image calls it{renamed}{dropped}"),
            )
        }
        Some((Class::Runtime, names)) => {
            made(Class::Runtime, Vec::new(), one(), format!("{}{renamed}{dropped}", names.why))
        }
        Some((class, names)) => made(*class, Vec::new(), Vec::new(), names.why.clone()),
        None if compiler(debian).is_some() => {
            let plain = compiler(debian).unwrap_or_default().to_owned();
            let why = format!("is only needed while building, in the version that the release has{dropped}");
            made(Class::Build, vec![plain], Vec::new(), why)
        }
        None if debian.ends_with("-dev") || debian.ends_with("-devel") => {
            let why =
                format!("headers whose library is not known, so both stages get them{renamed}{dropped}");
            made(Class::Unknown, one(), one(), why)
        }
        None => {
            let why = format!("nobody can tell what it is for, so it is kept{renamed}{dropped}");
            made(Class::Unknown, Vec::new(), one(), why)
        }
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
