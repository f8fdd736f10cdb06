//! Manifests that no stack reads: those of other languages, and of tools that came before the ones that are read. Where
//! nothing else is there, naming them spares people a search for what they did wrong.

use crate::repo::inventory::Inventory;

/// A manifest, by its name or its ending, with what to do about it.
struct Unread {
    file: &'static str,
    help: &'static str,
}

const MODULES: &str =
    "is there, and no go.mod: run `go mod init MODULE` and `go mod tidy` once: Go builds modules";
const OTHERS: &str = "is of a language that dockgen does not plan by itself: a company's folder can teach it, see docs/src/company.md";

/// Sources: <https://go.dev/doc/go1.16#go-command> (modules are what is built since), and the manual of each language's package manager.
const ROWS: &[Unread] = &[
    Unread { file: "Gopkg.toml", help: MODULES },
    Unread { file: "glide.yaml", help: MODULES },
    Unread { file: "Godeps.json", help: MODULES },
    Unread { file: "vendor.json", help: MODULES },
    Unread { file: ".go", help: MODULES },
    Unread {
        file: "build.xml",
        help: "is Ant's, which names no dependencies: Maven's pom.xml and Gradle's build file are read",
    },
    Unread { file: "build.sbt", help: OTHERS },
    Unread { file: "composer.json", help: OTHERS },
    Unread { file: "Gemfile", help: OTHERS },
    Unread { file: "mix.exs", help: OTHERS },
    Unread { file: "pubspec.yaml", help: OTHERS },
    Unread { file: "Package.swift", help: OTHERS },
    Unread { file: ".csproj", help: OTHERS },
    Unread { file: ".fsproj", help: OTHERS },
    Unread { file: "deps.edn", help: OTHERS },
    Unread { file: "project.clj", help: OTHERS },
    Unread { file: "CMakeLists.txt", help: OTHERS },
];

/// The first such manifest that stands highest, with what to do about it.
pub fn first(inventory: &Inventory) -> Option<String> {
    let found = inventory.files().filter_map(|(path, _)| {
        let is_meant = |row: &&Unread| match row.file.strip_prefix('.') {
            Some(ending) => path.extension() == Some(ending),
            None => path.name() == row.file,
        };
        Some((path, ROWS.iter().find(is_meant)?))
    });
    let (path, row) = found.min_by_key(|(path, _)| path.depth())?;
    Some(format!("`{path}` {}", row.help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_counts() {
        for (files, begins) in [
            (
                &["main.go", "vendor/x/Gemfile"][..],
                Some("`main.go` is there, and no go.mod: run `go mod init"),
            ),
            (&["app/Web.csproj"], Some("`app/Web.csproj` is of a language")),
            (&["notes.txt"], None),
        ] {
            let inventory = Inventory::from_files(files.iter().map(|file| (*file, "")));
            let found = first(&inventory);
            assert_eq!(found.is_some(), begins.is_some(), "{files:?}");
            assert!(found.unwrap_or_default().starts_with(begins.unwrap_or_default()), "{files:?}");
        }
    }
}
