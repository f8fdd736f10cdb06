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
    library: BTreeMap<String, Vec<String>>,
    renamed: BTreeMap<String, String>,
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
pub fn explain(manager: Manager, written: &str, is_called: impl Fn(&str) -> bool) -> Explained {
    let name = bare(written);
    let debian = TABLE.renamed.get(name).map_or(name, String::as_str);
    let pin = (manager == Manager::Apt && debian == name)
        .then(|| &written[name.len()..])
        .filter(|pin| !pin.is_empty());
    let renamed = if debian == name { String::new() } else { format!(" as `{debian}`") };
    let dropped = match pin {
        Some(pin) => format!("; its pin `{pin}` belongs to the old release"),
        None => String::new(),
    };
    let one = |name: &str| vec![name.to_owned()];
    let made = |class, build, runtime, why: String| Explained {
        written: written.to_owned(),
        class,
        build,
        runtime,
        why,
    };
    if let Some(libraries) = TABLE.library.get(debian) {
        let why = format!("headers{renamed}; its library `{}` at run time{dropped}", libraries.join("`, `"));
        return made(Class::Build, one(debian), libraries.clone(), why);
    }
    let class = TABLE.class.iter().find(|(_, names)| names.names.iter().any(|known| known == debian));
    match class {
        Some((Class::Build, names)) => {
            made(Class::Build, one(debian), Vec::new(), format!("{}{renamed}{dropped}", names.why))
        }
        Some((Class::Tool, _)) if is_called(debian) => made(
            Class::Runtime,
            Vec::new(),
            one(debian),
            format!("the start of the image calls it{renamed}{dropped}"),
        ),
        Some((Class::Runtime, names)) => {
            made(Class::Runtime, Vec::new(), one(debian), format!("{}{renamed}{dropped}", names.why))
        }
        Some((class, names)) => made(*class, Vec::new(), Vec::new(), names.why.clone()),
        None if debian.ends_with("-dev") || debian.ends_with("-devel") => {
            let why =
                format!("headers whose library is not known, so both stages get them{renamed}{dropped}");
            made(Class::Unknown, one(debian), one(debian), why)
        }
        None => {
            let why = format!("nobody can tell what it is for, so it is kept{renamed}{dropped}");
            made(Class::Unknown, Vec::new(), one(debian), why)
        }
    }
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
        for name in TABLE.class.values().flat_map(|names| &names.names).chain(TABLE.library.keys()) {
            assert!(seen.insert(name), "`{name}` stands twice");
            assert!(!TABLE.renamed.contains_key(name), "`{name}` is renamed and can never be found");
        }
    }

    #[test]
    fn packages_have_a_class_and_a_reason() {
        use Class::*;
        for (manager, written, class, build, runtime) in [
            (Manager::Apt, "build-essential", Build, "build-essential", ""),
            (Manager::Apt, "libpq-dev", Build, "libpq-dev", "libpq5"),
            (Manager::Apk, "postgresql-dev", Build, "libpq-dev", "libpq5"),
            (Manager::Apk, "build-base", Build, "build-essential", ""),
            (Manager::Apt, "imagemagick=8:6.9", Runtime, "", "imagemagick"),
            (Manager::Apt, "vim", Tool, "", ""),
            (Manager::Apt, "wget", Runtime, "", "wget"),
            (Manager::Apt, "python-pip", Provided, "", ""),
            (Manager::Apt, "libfoo-dev", Unknown, "libfoo-dev", "libfoo-dev"),
            (Manager::Yum, "whatever", Unknown, "", "whatever"),
        ] {
            let found = explain(manager, written, |name| name == "wget");
            let words = (found.class, found.build.join(" "), found.runtime.join(" "));
            assert_eq!(words, (class, build.to_owned(), runtime.to_owned()), "{written}");
            assert!(!found.why.is_empty());
        }
    }
}
