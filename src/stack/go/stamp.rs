//! The variable that takes the version when linking, as the project's own build does it.
//!
//! Only plain names are followed: what a Makefile computes stays the Makefile's.

use std::sync::LazyLock;

use regex::Regex;

use crate::fact::Fact;
use crate::repo::dir::Dir;
use crate::stack::go::modules::GoMod;

/// Files that tell how the project links.
pub(super) const FILES: &[&str] = &["Makefile", ".goreleaser.yml", ".goreleaser.yaml"];

/// The first `-X package.Version=` of the project's own build whose package is `main` or the module's.
/// <https://pkg.go.dev/cmd/link>
pub(super) fn find(dir: &Dir<'_>, go_mod: &GoMod) -> Option<Fact<String>> {
    static STAMP: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"-X[ =]['"]?([A-Za-z0-9_./-]+\.(?:[a-z]+)?(?:version|Version|VERSION))="#)
            .expect("a constant pattern")
    });
    FILES.iter().filter_map(|name| dir.doc(name)).find_map(|doc| {
        doc.find(|line| {
            let name = STAMP.captures(line)?.get(1)?.as_str();
            let is_own = name.starts_with("main.") || name.starts_with(&go_mod.module.value);
            is_own.then(|| name.to_owned())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::plan::catalog::Catalog;
    use crate::repo::Inventory;
    use crate::repo::path::RelPath;
    use crate::stack::Survey;

    fn check(makefile: &str, expected: Option<&str>) {
        let inventory =
            Inventory::from_files([("go.mod", "module example.com/x\n\ngo 1.26\n"), ("Makefile", makefile)]);
        let catalog = Catalog::builtin();
        let survey = Survey::new(inventory.dir(RelPath::root()), &catalog, &Settings::default());
        let go_mod = GoMod::read(&survey).unwrap();
        let found = find(&survey.dir, &go_mod).map(|stamp| stamp.value);
        assert_eq!(found.as_deref(), expected, "{makefile}");
    }

    #[test]
    fn plain_names_are_followed() {
        for (makefile, expected) in [
            ("\tgo build -ldflags \"-X main.version=$(V)\"", Some("main.version")),
            ("LDFLAGS = -s -w -X 'example.com/x/pkg.Version=$(V)'", Some("example.com/x/pkg.Version")),
            ("\tgo build -ldflags \"-X $(PKG).Version=$(V)\"", None),
            ("\tgo build -ldflags \"-X github.com/prometheus/common/version.Version=1\"", None),
            ("\tgo build", None),
        ] {
            check(makefile, expected);
        }
    }
}
