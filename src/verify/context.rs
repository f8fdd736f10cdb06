//! A copy of the build context in a temporary folder, with the same names and modes.
//! All builds read the copy, so that a file can be edited for the second build and
//! the user's own tree is never written to. Leaves out what is not sent to the builder.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use tempfile::TempDir;
use walkdir::WalkDir;

use crate::dockerfile::IgnoreFile;
use crate::dockerfile::ignore::Effect;

/// Why the copy or the edit could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// A file could not be copied.
    #[error("cannot copy {path} of the build context: {source}")]
    Copy {
        /// Relative to the context.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be edited in the copy.
    #[error("cannot edit {path} for the second build: {reason}")]
    Edit {
        /// Relative to the context.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing in the context looks like a source file.
    #[error("no source file to edit for the second build; name one with --touch FILE")]
    NoSource,
}

/// What is changed before the second build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Edit {
    /// A comment at the end of a source file, chosen by its name and place.
    #[default]
    Choose,
    /// A comment at the end of this file.
    Append(PathBuf),
    /// Words replaced in this file.
    Replace {
        /// Relative to the context.
        file: PathBuf,
        /// What stands there.
        from: String,
        /// What shall.
        to: String,
    },
    /// There is no second build.
    Never,
}

/// The copy; removed when dropped.
#[derive(Debug)]
pub(super) struct ContextCopy {
    home: TempDir,
    dockerfile: PathBuf,
}

impl ContextCopy {
    /// Copies what is sent to the builder, and the Dockerfile with the ignore files that
    /// speak for it in any case.
    pub fn new(context: &Path, dockerfile: &Path) -> Result<Self, ContextError> {
        let failed = |path: &Path, source| ContextError::Copy { path: path.to_owned(), source };
        let home =
            tempfile::Builder::new().prefix("dockgen-verify-").tempdir().map_err(|e| failed(context, e))?;
        let root = home.path().join("context");
        fs::create_dir(&root).map_err(|e| failed(context, e))?;
        copy_tree(context, &root, &Sent::read(context, dockerfile))?;
        let beside = ignore_file_of(dockerfile);
        // Outside of the context the file keeps its name in a folder of its own.
        let place = match dockerfile.strip_prefix(context) {
            Ok(inside) => root.join(inside),
            Err(_) => home.path().join("dockerfile").join(dockerfile.file_name().unwrap_or_default()),
        };
        for (from, to, must_exist) in [
            (dockerfile, place.clone(), Presence::Needed),
            (&beside, ignore_file_of(&place), Presence::Optional),
            (&context.join(".dockerignore"), root.join(".dockerignore"), Presence::Optional),
        ] {
            copy_file(from, &to, must_exist).map_err(|e| failed(from, e))?;
        }
        Ok(Self { home, dockerfile: place })
    }

    pub fn root(&self) -> PathBuf {
        self.home.path().join("context")
    }

    pub fn dockerfile(&self) -> &Path {
        &self.dockerfile
    }

    /// Makes the edit; the answer names the file. `token` differs in every run: a second
    /// run must not find the edited tree in the builder's cache.
    pub fn edit(&self, edit: &Edit, token: &str) -> Result<Option<PathBuf>, ContextError> {
        let file = match edit {
            Edit::Never => return Ok(None),
            Edit::Choose => choose_source(&self.root()).ok_or(ContextError::NoSource)?,
            Edit::Append(file) | Edit::Replace { file, .. } => file.clone(),
        };
        let failed = |reason: String| ContextError::Edit { path: file.clone(), reason };
        if file.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(failed("it is not inside the build context".to_owned()));
        }
        let path = self.root().join(&file);
        let text = read(&path).map_err(|error| failed(error.to_string()))?;
        let mut text = match edit {
            Edit::Replace { from, .. } if !text.contains(from.as_str()) => {
                return Err(failed(format!("it does not contain {from:?}")));
            }
            Edit::Replace { from, to, .. } => text.replacen(from.as_str(), to, 1),
            _ => text,
        };
        match comment_for(&file, token) {
            Some(comment) => {
                if !text.ends_with('\n') {
                    text.push('\n');
                }
                text.push_str(&comment);
                text.push('\n');
            }
            None => text.push('\n'),
        }
        write(&path, &text).map_err(|error| failed(error.to_string()))?;
        Ok(Some(file))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Needed,
    Optional,
}

/// `BuildKit` takes the ignore file named after the Dockerfile before `.dockerignore`
/// (<https://docs.docker.com/build/concepts/context/#filename-and-location>).
pub(super) fn ignore_file_of(dockerfile: &Path) -> PathBuf {
    let mut name = dockerfile.file_name().unwrap_or_default().to_owned();
    name.push(".dockerignore");
    dockerfile.with_file_name(name)
}

/// Which files of the context are sent to the builder.
struct Sent(Option<IgnoreFile>);

impl Sent {
    /// Without an ignore file, or with one that stops the build itself, everything is.
    fn read(context: &Path, dockerfile: &Path) -> Self {
        let text = read(&ignore_file_of(dockerfile)).or_else(|_| read(&context.join(".dockerignore")));
        Self(text.ok().and_then(|text| IgnoreFile::parse(&text).ok()))
    }

    fn sends(&self, path: &Path) -> bool {
        self.0.as_ref().is_none_or(|ignore| !ignore.excludes(&path.to_string_lossy().replace('\\', "/")))
    }

    /// A folder that is not sent is left out at once, unless a `!pattern` may send a file of it.
    fn enters(&self, folder: &Path) -> bool {
        let has_exceptions =
            |ignore: &IgnoreFile| ignore.patterns().iter().any(|pattern| pattern.effect == Effect::Include);
        self.0.as_ref().is_some_and(has_exceptions) || self.sends(folder)
    }
}

fn copy_tree(from: &Path, to: &Path, sent: &Sent) -> Result<(), ContextError> {
    let relative = |path: &Path| path.strip_prefix(from).unwrap_or(path).to_owned();
    let walk = WalkDir::new(from).min_depth(1).into_iter();
    for entry in
        walk.filter_entry(|entry| !entry.file_type().is_dir() || sent.enters(&relative(entry.path())))
    {
        let entry = entry.map_err(|error| ContextError::Copy {
            path: error.path().map(relative).unwrap_or_default(),
            source: error.into(),
        })?;
        let path = relative(entry.path());
        let kind = entry.file_type();
        if kind.is_dir() || !sent.sends(&path) {
            continue;
        }
        let target = to.join(&path);
        let made = make_parents(from, to, &path).and_then(|()| {
            if kind.is_symlink() {
                copy_link(entry.path(), &target)
            } else if kind.is_file() {
                fs::copy(entry.path(), &target).map(drop)
            } else {
                // Sockets and pipes are not sent either.
                Ok(())
            }
        });
        made.map_err(|source| ContextError::Copy { path, source })?;
    }
    Ok(())
}

/// Folders get the modes of the originals, which are part of what is copied into images.
fn make_parents(from: &Path, to: &Path, path: &Path) -> io::Result<()> {
    let mut folder = PathBuf::new();
    for part in path.parent().into_iter().flat_map(Path::components) {
        folder.push(part);
        match fs::create_dir(to.join(&folder)) {
            Ok(()) => fs::set_permissions(to.join(&folder), permissions(&from.join(&folder))?)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "copies the build context for the builder, plans nothing from it"
)]
fn permissions(path: &Path) -> io::Result<fs::Permissions> {
    Ok(fs::metadata(path)?.permissions())
}

#[cfg(unix)]
fn copy_link(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(fs::read_link(from)?, to)
}

#[cfg(not(unix))]
fn copy_link(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to).map(drop)
}

fn copy_file(from: &Path, to: &Path, presence: Presence) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    match fs::copy(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && presence == Presence::Optional => Ok(()),
        copied => copied.map(drop),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "reads ignore files as the builder does, and the temporary copy"
)]
fn read(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

/// Writes a new file in place of the old: the copy may be read-only like the original.
#[expect(clippy::disallowed_methods, reason = "writes into the temporary copy, not the repository")]
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions();
    fs::remove_file(path)?;
    fs::write(path, text)?;
    fs::set_permissions(path, mode)
}

/// One row per language: endings, how a comment is written, and the names that hold
/// the program's beginning. Markup comes last: it is edited when there is nothing else.
struct Language {
    endings: &'static [&'static str],
    comment: (&'static str, &'static str),
    names: &'static [&'static str],
}

static LANGUAGES: &[Language] = &[
    Language { endings: &["go"], comment: ("// ", ""), names: &["main", "server"] },
    Language {
        endings: &["ts", "tsx", "js", "jsx", "mjs", "cjs", "mts"],
        comment: ("// ", ""),
        names: &["index", "server", "main", "app", "page", "App"],
    },
    Language {
        endings: &["py"],
        comment: ("# ", ""),
        names: &["app", "main", "views", "urls", "wsgi", "__init__"],
    },
    Language { endings: &["java", "kt"], comment: ("// ", ""), names: &["Application", "App", "Main"] },
    Language { endings: &["rs"], comment: ("// ", ""), names: &["main", "lib"] },
    Language { endings: &["rb"], comment: ("# ", ""), names: &["app"] },
    Language { endings: &["cs"], comment: ("// ", ""), names: &["Program"] },
    Language {
        endings: &["vue", "svelte", "astro", "html"],
        comment: ("<!-- ", " -->"),
        names: &["App", "index"],
    },
    Language { endings: &["css"], comment: ("/* ", " */"), names: &["index", "style"] },
];

fn language_of(file: &Path) -> Option<(usize, &'static Language)> {
    let ending = file.extension()?.to_str()?;
    LANGUAGES.iter().enumerate().find(|(_, language)| language.endings.contains(&ending))
}

/// What begins a comment in files that no program starts in; in a plain text every line is like the others.
const BESIDE_SOURCES: &[(&[&str], &str)] =
    &[(&["txt", "md"], ""), (&["conf", "ini", "properties", "toml", "yaml", "yml"], "# ")];

/// A line that changes nothing but the file.
fn comment_for(file: &Path, token: &str) -> Option<String> {
    let ending = file.extension()?.to_str()?;
    let beside = BESIDE_SOURCES.iter().find(|(endings, _)| endings.contains(&ending));
    let language = language_of(file).map(|(_, language)| language.comment);
    let (open, close) = language.or(beside.map(|(_, open)| (*open, "")))?;
    Some(format!("{open}edited by dockgen verify {token}{close}"))
}

/// The beginning of the program in the language with the most files.
fn choose_source(root: &Path) -> Option<PathBuf> {
    let mut files: Vec<(usize, PathBuf)> = Vec::new();
    for entry in WalkDir::new(root).min_depth(1).sort_by_file_name().into_iter().filter_map(Result::ok) {
        let Ok(path) = entry.path().strip_prefix(root) else {
            continue;
        };
        if !entry.file_type().is_file() || is_aside(path) {
            continue;
        }
        if let Some((language, _)) = language_of(path) {
            files.push((language, path.to_owned()));
        }
    }
    let count = |language| files.iter().filter(|(other, _)| *other == language).count();
    // Markup is last in the table and is taken only where nothing else is there.
    let is_markup = |language: usize| !LANGUAGES[language].comment.1.is_empty();
    let best = (0..LANGUAGES.len())
        .filter(|&language| count(language) > 0)
        .max_by_key(|&language| (!is_markup(language), count(language), LANGUAGES.len() - language))?;
    files
        .into_iter()
        .filter(|(language, _)| *language == best)
        .map(|(_, path)| path)
        .min_by_key(|path| rank(path))
}

fn rank(path: &Path) -> (usize, usize, PathBuf) {
    let names = language_of(path).map_or(&[][..], |(_, language)| language.names);
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let place =
        names.iter().position(|name| stem == *name || (*name == "Application" && stem.ends_with(name)));
    (place.unwrap_or(names.len()), path.components().count(), path.to_owned())
}

/// Tests, settings and what other people wrote are no source of the program.
fn is_aside(path: &Path) -> bool {
    const FOLDERS: &[&str] = &[
        "node_modules",
        "vendor",
        "dist",
        "build",
        "out",
        "target",
        "test",
        "tests",
        "__tests__",
        "spec",
        "e2e",
        "migrations",
        "venv",
        "scripts",
        "examples",
        "docs",
        "public",
        "static",
    ];
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // Below such a folder of Maven's and Gradle's, folders are packages, whatever they are called.
    let text = path.to_str().unwrap_or_default();
    let packages = ["src/main/java/", "src/main/kotlin/"].iter().find_map(|start| text.find(start));
    let folder = packages.map_or(path.parent(), |at| Some(Path::new(&text[..at])));
    let is_folder_aside = folder.into_iter().flat_map(Path::components).any(|part| {
        let part = part.as_os_str().to_str().unwrap_or_default();
        part.starts_with('.') || FOLDERS.contains(&part)
    });
    let marks = ["_test.", ".test.", ".spec.", ".config.", ".d.ts", "test_", "Test.java", "Tests.java"];
    is_folder_aside
        || name.starts_with('.')
        || ["setup.py", "manage.py", "conftest.py", "build.rs"].contains(&name)
        || marks.iter().any(|mark| name.contains(mark))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make and look at real folders")]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> TempDir {
        let home = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = home.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        home
    }

    #[test]
    fn the_programs_beginning_is_chosen_for_the_edit() {
        assert!(!is_aside(Path::new("src/main/java/io/shop/examples/Main.java")));
        assert!(is_aside(Path::new("examples/src/main/java/io/shop/Main.java")));
        for (files, expected) in [
            (&["main.go", "main_test.go", "web/app.js"][..], Some("main.go")),
            (&["src/index.ts", "src/routes/a.ts", "vite.config.ts"], Some("src/index.ts")),
            (&["index.html", "src/App.vue", "src/main.ts"], Some("src/main.ts")),
            (
                &["src/main/java/x/DemoApplication.java", "src/test/java/x/DemoApplicationTests.java"],
                Some("src/main/java/x/DemoApplication.java"),
            ),
            (&["manage.py", "site/settings.py", "site/urls.py"], Some("site/urls.py")),
            (&["node_modules/a/index.js", "index.html"], Some("index.html")),
            (&["README.md"], None),
        ] {
            let home = tree(&files.iter().map(|path| (*path, "x")).collect::<Vec<_>>());
            assert_eq!(choose_source(home.path()), expected.map(PathBuf::from), "{files:?}");
        }
    }

    #[test]
    fn the_copy_is_edited_and_the_original_is_not() {
        let home = tree(&[
            ("Dockerfile", "FROM scratch"),
            (".dockerignore", "Dockerfile\nsecret\nlogs/*\n!logs/keep.py\n"),
            ("main.go", "package main"),
            ("secret/key", "k"),
            ("logs/keep.py", "x"),
            ("logs/drop.py", "x"),
        ]);
        let copy = ContextCopy::new(home.path(), &home.path().join("Dockerfile")).unwrap();
        let file = copy.edit(&Edit::Choose, "t1").unwrap();
        assert_eq!(file, Some(PathBuf::from("main.go")));
        let edited = fs::read_to_string(copy.root().join("main.go")).unwrap();
        assert_eq!(edited, "package main\n// edited by dockgen verify t1\n");
        assert_eq!(fs::read_to_string(home.path().join("main.go")).unwrap(), "package main");
        for (path, is_there) in
            [("secret", false), ("logs/keep.py", true), ("logs/drop.py", false), ("Dockerfile", true)]
        {
            assert_eq!(copy.root().join(path).exists(), is_there, "{path}");
        }
    }

    #[test]
    fn an_edit_outside_of_the_context_or_of_nothing_is_refused() {
        let home = tree(&[("Dockerfile", "FROM scratch"), ("a.py", "x")]);
        let copy = ContextCopy::new(home.path(), &home.path().join("Dockerfile")).unwrap();
        let replace =
            |from: &str| Edit::Replace { file: "a.py".into(), from: from.to_owned(), to: "y".to_owned() };
        for (edit, expected) in [
            (Edit::Append("../a.py".into()), "it is not inside the build context"),
            (replace("z"), "it does not contain \"z\""),
        ] {
            let error = copy.edit(&edit, "t").unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        copy.edit(&replace("x"), "t").unwrap();
        assert_eq!(
            fs::read_to_string(copy.root().join("a.py")).unwrap(),
            "y\n# edited by dockgen verify t\n"
        );
    }

    #[test]
    fn a_dockerfile_elsewhere_brings_its_own_ignore_file() {
        let home = tree(&[
            ("app/a.py", "x"),
            ("files/b.Dockerfile", "FROM scratch"),
            ("files/b.Dockerfile.dockerignore", "*"),
        ]);
        let copy =
            ContextCopy::new(&home.path().join("app"), &home.path().join("files/b.Dockerfile")).unwrap();
        assert!(copy.dockerfile().is_file());
        assert!(ignore_file_of(copy.dockerfile()).is_file());
    }
}
