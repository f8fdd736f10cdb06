//! One `Cargo.toml`: the package, its programs and the folders it depends on.
//!
//! Programs are found by cargo's own rules (<https://doc.rust-lang.org/cargo/reference/cargo-targets.html>),
//! without running cargo, which would execute what a stranger's repository configures. A test compares
//! the result with cargo's.

use crate::diag::Diagnostic;
use crate::fact::{Evidence, Fact};
use crate::repo::dir::{self, Dir};
use crate::repo::format::Tree;
use crate::repo::path::RelPath;

/// A parsed `Cargo.toml` and its folder.
pub(in crate::stack) struct Manifest<'a> {
    /// Its folder.
    pub dir: Dir<'a>,
    toml: dir::Manifest<'a>,
}

/// A program that cargo would build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) struct Binary {
    /// Its name, which is the name of the file that cargo makes.
    pub name: String,
    /// Its first source file.
    pub source: RelPath,
    /// The line that declares it, or its source file.
    pub because: Evidence,
    /// Features without which cargo does not build it.
    pub features: Vec<String>,
    /// Does the manifest say where the source is?
    is_placed: bool,
}

/// Tables that name dependencies. Those for tests are needed as well: cargo reads the manifest of each.
const DEPENDENCIES: &[&str] = &["dependencies", "build-dependencies", "dev-dependencies"];

impl<'a> Manifest<'a> {
    /// Reads the manifest in `dir`; none when there is none.
    pub fn read(dir: Dir<'a>) -> Option<Result<Self, Diagnostic>> {
        Some(dir.toml("Cargo.toml")?.map(|toml| Self { dir, toml }))
    }

    /// The package's name; none in a workspace's root that is no package itself.
    pub fn name(&self) -> Option<Fact<String>> {
        self.toml.text(&["package", "name"])
    }

    /// Does the manifest open a workspace?
    pub fn is_workspace(&self) -> bool {
        self.at(&["workspace"]).is_some()
    }

    /// Something in the file.
    pub fn at(&self, path: &[&str]) -> Option<&Tree> {
        self.toml.tree.at(path)
    }

    /// A text of the file as a fact.
    pub fn text(&self, path: &[&str]) -> Option<Fact<String>> {
        self.toml.text(path)
    }

    /// The file's evidence for a value.
    pub fn cite(&self, value: &Tree, says: impl Into<String>) -> Evidence {
        self.toml.cite(value, says)
    }

    /// The file.
    pub fn path(&self) -> &'a RelPath {
        self.toml.path
    }

    /// The texts of a list.
    pub fn list(&self, path: &[&str]) -> Vec<&str> {
        self.at(path).into_iter().flat_map(Tree::texts).collect()
    }

    /// A dependency of the program (not only of its tests or build script), under any name it was given.
    pub fn dependency(&self, name: &str) -> Option<(&Tree, Evidence)> {
        let found = self.tables(&["dependencies"]).flat_map(Tree::entries).find(|(key, value)| {
            value.get("package").and_then(Tree::as_text).map_or(*key == name, |renamed| renamed == name)
        });
        found.map(|(_, value)| (value, self.cite(value, name)))
    }

    /// Does a dependency turn on this feature?
    pub fn dependency_has(&self, name: &str, feature: &str) -> bool {
        let Some((value, _)) = self.dependency(name) else { return false };
        value.get("features").into_iter().flat_map(Tree::texts).any(|named| named == feature)
    }

    /// Names of dependencies that only tests need.
    pub fn test_dependencies(&self) -> Vec<&str> {
        self.tables(&["dev-dependencies"]).flat_map(Tree::entries).map(|(name, _)| name).collect()
    }

    /// Every dependency of the program, its tests and its build script, under the name it was given.
    pub fn all_dependencies(&self) -> impl Iterator<Item = (&str, &Tree)> {
        self.tables(DEPENDENCIES).flat_map(Tree::entries)
    }

    /// Folders of this repository that cargo has to see with this one: path dependencies, in file order.
    pub fn neighbours(&self) -> Vec<Fact<String>> {
        let patched = self.at(&["patch"]).into_iter().flat_map(Tree::entries).map(|(_, table)| table);
        let shared = self.at(&["workspace", "dependencies"]);
        self.tables(DEPENDENCIES)
            .chain(patched)
            .chain(shared)
            .flat_map(Tree::entries)
            .filter_map(|(name, value)| {
                let path = value.get("path")?;
                Some(Fact::new(path.as_text()?.to_owned(), self.cite(path, format!("{name}.path"))))
            })
            .collect()
    }

    /// The repositories that dependencies come from.
    pub fn git_sources(&self) -> Vec<Fact<String>> {
        let shared = self.at(&["workspace", "dependencies"]);
        let values = self.tables(DEPENDENCIES).chain(shared).flat_map(Tree::entries);
        values
            .filter_map(|(name, value)| {
                let git = value.get("git")?;
                Some(Fact::new(git.as_text()?.to_owned(), self.cite(git, format!("{name} from git"))))
            })
            .collect()
    }

    /// The programs that cargo would build, by name.
    pub fn binaries(&self) -> Vec<Binary> {
        let Some(package) = self.name() else { return Vec::new() };
        let found = self.discovered(&package);
        let declared: Vec<Binary> = self.declared(&package, &found);
        let is_searching = match self.at(&["package", "autobins"]).and_then(Tree::scalar) {
            Some(says) => says == "true",
            None => !self.is_of_2015() || declared.is_empty(),
        };
        let undeclared = found.into_iter().filter(|found| {
            is_searching && !declared.iter().any(|bin| bin.name == found.name || bin.source == found.source)
        });
        let mut all: Vec<Binary> = undeclared.collect();
        all.extend(declared);
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    fn is_of_2015(&self) -> bool {
        let edition = self.at(&["package", "edition"]);
        edition.is_none_or(|edition| edition.as_text() == Some("2015"))
    }

    /// `src/main.rs`, `src/bin/NAME.rs` and `src/bin/NAME/main.rs`.
    fn discovered(&self, package: &Fact<String>) -> Vec<Binary> {
        let binary = |name: &str, source: &str| Binary {
            name: name.to_owned(),
            source: self.dir.resolve(source).unwrap_or_default(),
            because: self.dir.evidence(source, "a program"),
            features: Vec::new(),
            is_placed: false,
        };
        let mut found = Vec::new();
        if self.dir.has("src/main.rs") {
            found.push(binary(&package.value, "src/main.rs"));
        }
        for (path, _) in self.dir.dir("src/bin").iter().flat_map(Dir::files) {
            let name = match path.split_once('/') {
                Some((folder, "main.rs")) => folder,
                Some(_) => continue,
                None => match path.strip_suffix(".rs") {
                    Some(name) => name,
                    None => continue,
                },
            };
            found.push(binary(name, &format!("src/bin/{path}")));
        }
        found
    }

    fn declared(&self, package: &Fact<String>, found: &[Binary]) -> Vec<Binary> {
        let tables = self.at(&["bin"]).into_iter().flat_map(Tree::items);
        let binaries = tables.filter_map(|table| {
            let name = table.get("name").and_then(Tree::as_text).unwrap_or(&package.value);
            let placed = table.get("path").and_then(Tree::as_text).and_then(|path| self.dir.resolve(path));
            let same = found.iter().find(|found| found.name == name).map(|found| found.source.clone());
            let value = table.get("name").unwrap_or(table);
            Some(Binary {
                name: name.to_owned(),
                is_placed: placed.is_some(),
                source: placed.or(same)?,
                because: self.cite(value, format!("bin.name = {name}")),
                features: table
                    .get("required-features")
                    .into_iter()
                    .flat_map(Tree::texts)
                    .map(str::to_owned)
                    .collect(),
            })
        });
        binaries.collect()
    }

    /// The files besides programs where compiling this package begins: its library's and its build script
    /// (<https://doc.rust-lang.org/cargo/reference/manifest.html#the-build-field>).
    pub fn roots(&self) -> Vec<RelPath> {
        let at = |path: &[&str], usual: &str| {
            let said = self.at(path).and_then(Tree::as_text).unwrap_or(usual);
            self.dir.resolve(said).filter(|_| self.dir.has(said))
        };
        at(&["lib", "path"], "src/lib.rs").into_iter().chain(at(&["package", "build"], "build.rs")).collect()
    }

    /// The files that must exist before cargo accepts the manifest: those whose place it has to guess.
    pub fn expected_files(&self) -> Vec<RelPath> {
        let mut expected: Vec<RelPath> = Vec::new();
        let mut has_placed = false;
        for binary in self.binaries() {
            has_placed |= binary.is_placed;
            let is_declared = binary.because.at.as_ref().is_some_and(|at| at.line.is_some());
            if is_declared && !binary.is_placed {
                expected.push(binary.source);
            }
        }
        let is_library_placed = self.at(&["lib", "path"]).is_some();
        let library = self.dir.resolve("src/lib.rs").filter(|_| self.dir.has("src/lib.rs"));
        if !is_library_placed && self.at(&["lib"]).is_some() {
            expected.extend(library.clone());
        }
        for (table, folder) in [("test", "tests"), ("bench", "benches"), ("example", "examples")] {
            for target in self.at(&[table]).into_iter().flat_map(Tree::items) {
                let Some(name) = target.get("name").and_then(Tree::as_text) else { continue };
                let places = [format!("{folder}/{name}.rs"), format!("{folder}/{name}/main.rs")];
                let there = self.dir.first_of(places.iter().map(String::as_str));
                if target.get("path").is_none() {
                    expected.extend(there.and_then(|place| self.dir.resolve(place)));
                }
            }
        }
        if self.at(&["package", "default-run"]).is_some() {
            let guessed = self.binaries().into_iter().filter(|binary| !binary.is_placed);
            expected.extend(guessed.map(|binary| binary.source));
        }
        let is_package = self.name().is_some();
        let has_target = has_placed || is_library_placed || !expected.is_empty();
        if is_package && !has_target {
            let any = library.or_else(|| self.binaries().into_iter().next().map(|binary| binary.source));
            expected.extend(any);
        }
        if self.at(&["package", "links"]).is_some() && self.dir.has("build.rs") {
            expected.extend(self.dir.resolve("build.rs"));
        }
        expected.sort();
        expected.dedup();
        expected
    }

    /// Tables of that name: the package's, and those of single platforms.
    fn tables<'t>(&'t self, names: &'t [&'t str]) -> impl Iterator<Item = &'t Tree> {
        let of_platforms = self.at(&["target"]).into_iter().flat_map(Tree::entries).map(|(_, table)| table);
        std::iter::once(&*self.toml.tree)
            .chain(of_platforms)
            .flat_map(move |table| names.iter().filter_map(move |name| table.get(name)))
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "the test asks cargo about files on disk")]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::repo::Inventory;

    /// What cargo says about the packages in `root`, against what is read here.
    fn check(root: &Path) {
        let metadata = cargo_metadata::MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .no_deps()
            .other_options(vec!["--offline".to_owned()])
            .exec()
            .unwrap();
        let inventory = Inventory::scan(root, &crate::stack::reads()).unwrap();
        let root = root.canonicalize().unwrap();
        for package in &metadata.packages {
            let folder =
                package.manifest_path.parent().unwrap().strip_prefix(root.to_str().unwrap()).unwrap();
            let folder = RelPath::new(folder.as_str()).unwrap();
            let mut expected: Vec<(String, String)> = package
                .targets
                .iter()
                .filter(|target| target.is_bin())
                .map(|target| {
                    let source = target.src_path.strip_prefix(root.to_str().unwrap()).unwrap();
                    (target.name.clone(), source.to_string())
                })
                .collect();
            expected.sort();
            let manifest = Manifest::read(inventory.dir(folder)).unwrap().unwrap();
            let found: Vec<(String, String)> =
                manifest.binaries().into_iter().map(|bin| (bin.name, bin.source.to_string())).collect();
            assert_eq!(found, expected, "{}", package.manifest_path);
        }
    }

    #[test]
    fn the_fixtures_programs_are_those_cargo_finds() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let mut count = 0;
        for entry in fs::read_dir(fixtures).unwrap() {
            let root = entry.unwrap().path();
            if root.join("Cargo.toml").is_file() {
                check(&root);
                count += 1;
            }
        }
        assert!(count >= 2, "no fixtures were compared");
    }

    #[test]
    fn odd_packages_have_the_programs_cargo_finds() {
        const HEAD: &str = "[package]\nname = \"p\"\nversion = \"0.1.0\"\n";
        const NOW: &str = "edition = \"2021\"\n";
        for (manifest, files) in [
            (NOW, &["src/main.rs", "src/lib.rs"][..]),
            (NOW, &["src/main.rs", "src/bin/a.rs", "src/bin/b/main.rs", "src/bin/b/part.rs"]),
            (
                "edition = \"2021\"\nautobins = false\n[[bin]]\nname = \"a\"\n",
                &["src/main.rs", "src/bin/a.rs"],
            ),
            ("edition = \"2021\"\n[[bin]]\nname = \"q\"\npath = \"src/main.rs\"\n", &["src/main.rs"]),
            (
                "edition = \"2021\"\n[[bin]]\nname = \"p\"\nrequired-features = []\n",
                &["src/main.rs", "src/bin/x.rs"],
            ),
            (
                "edition = \"2021\"\n[[bin]]\nname = \"q\"\npath = \"cmd/q.rs\"\n",
                &["src/main.rs", "cmd/q.rs"],
            ),
            ("[[bin]]\nname = \"q\"\npath = \"cmd/q.rs\"\n", &["src/main.rs", "cmd/q.rs"]),
            ("", &["src/main.rs", "src/bin/old.rs"]),
            (NOW, &["src/lib.rs"]),
        ] {
            let folder = tempfile::tempdir().unwrap();
            for file in files {
                let path = folder.path().join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "fn main() {}\n").unwrap();
            }
            fs::write(folder.path().join("Cargo.toml"), format!("{HEAD}{manifest}")).unwrap();
            check(&folder.path().canonicalize().unwrap());
        }
    }

    #[test]
    fn the_expected_files_are_enough_for_cargo() {
        for (manifest, files) in [
            ("edition = \"2021\"", &["src/main.rs", "src/bin/a.rs"][..]),
            (
                "edition = \"2021\"\n[lib]\nname = \"x\"\n[[bin]]\nname = \"q\"\n",
                &["src/lib.rs", "src/bin/q.rs"],
            ),
            ("edition = \"2021\"\ndefault-run = \"a\"\n", &["src/main.rs", "src/bin/a.rs"]),
            ("edition = \"2021\"\n[[test]]\nname = \"t\"\n", &["src/main.rs", "tests/t/main.rs"]),
            ("edition = \"2021\"\nlinks = \"z\"\n", &["src/lib.rs", "build.rs"]),
            ("edition = \"2021\"\n[[bin]]\nname = \"q\"\npath = \"q.rs\"\n", &["q.rs"]),
        ] {
            let text = format!("[package]\nname = \"p\"\nversion = \"0.1.0\"\n{manifest}");
            let all = files.iter().map(|file| (*file, "")).chain([("Cargo.toml", text.as_str())]);
            let inventory = Inventory::from_files(all);
            let manifest = Manifest::read(inventory.dir(RelPath::root())).unwrap().unwrap();
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("Cargo.toml"), &text).unwrap();
            for path in manifest.expected_files() {
                let path = folder.path().join(path.as_str());
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "").unwrap();
            }
            let accepted = cargo_metadata::MetadataCommand::new()
                .manifest_path(folder.path().join("Cargo.toml"))
                .no_deps()
                .exec();
            assert!(accepted.is_ok(), "{text}\n{accepted:?}");
        }
    }
}
