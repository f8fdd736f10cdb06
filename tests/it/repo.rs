//! A repository in a temporary folder, and what the program did there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::SystemTime;

use tempfile::TempDir;

/// A Go server that compiles: one module, one port.
pub const GO: &[(&str, &str)] = &[
    ("go.mod", "module example.com/hello\n\ngo 1.26\n"),
    (
        "main.go",
        "package main\n\nimport \"net/http\"\n\nfunc main() {\n\tpanic(http.ListenAndServe(\":8080\", nil))\n}\n",
    ),
];

/// Two Go servers, neither of them in the root.
pub const TWO: &[(&str, &str)] = &[
    ("api/go.mod", "module example.com/api\n\ngo 1.26\n"),
    ("api/main.go", GO[1].1),
    ("web/go.mod", "module example.com/web\n\ngo 1.26\n"),
    ("web/main.go", GO[1].1),
];

/// One Go module with two programs, so that one of them must be chosen.
pub const CHOICE: &[(&str, &str)] = &[
    ("go.mod", "module example.com/choice\n\ngo 1.26\n"),
    ("cmd/alpha/main.go", GO[1].1),
    ("cmd/beta/main.go", GO[1].1),
];

/// A repository in a temporary folder.
pub struct Repo(TempDir);

impl Repo {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let repo = Self(tempfile::tempdir().expect("a temporary folder"));
        for (path, text) in files {
            repo.write(path, text);
        }
        repo
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("below the root")).expect("folders");
        fs::write(path, text).expect("a file");
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap_or_else(|bad| panic!("{path}: {bad}"))
    }

    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no `{from}`:\n{text}");
        self.write(path, text.replace(from, to));
    }

    /// Every file with its bytes and the time of its last change.
    pub fn state(&self) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
        walkdir::WalkDir::new(self.path())
            .into_iter()
            .map(|entry| entry.expect("readable"))
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| {
                let name = entry.path().strip_prefix(self.path()).expect("below the root");
                let changed = entry.metadata().expect("readable").modified().expect("known");
                (name.display().to_string(), (fs::read(entry.path()).unwrap_or_default(), changed))
            })
            .collect()
    }

    /// The program, about to run in the repository with an environment of its own.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dockgen"));
        command.args(args).current_dir(self.path());
        for variable in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "DOCKGEN_YES"] {
            command.env_remove(variable);
        }
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::new(args, &self.command(args).output().expect("the program starts"))
    }

    /// Runs, and holds that not a byte of the repository moves.
    pub fn run_without_a_trace(&self, args: &[&str]) -> Ran {
        let before = self.state();
        let ran = self.run(args);
        assert!(self.state() == before, "{args:?} changed the repository: {:?}", self.state().keys());
        ran
    }
}

/// What the program did.
#[derive(Debug)]
pub struct Ran {
    args: String,
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn new(args: &[&str], output: &Output) -> Self {
        Self {
            args: args.join(" "),
            code: output.status.code(),
            out: String::from_utf8(output.stdout.clone()).expect("stdout is UTF-8"),
            err: String::from_utf8(output.stderr.clone()).expect("stderr is UTF-8"),
        }
    }

    /// The exit code, and words that stderr holds.
    #[track_caller]
    pub fn ended(&self, code: i32, says: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "{self}");
        assert!(!self.err.contains("panicked"), "{self}");
        for words in says {
            assert!(self.err.contains(words), "no `{words}` in {self}");
        }
        self
    }

    /// Nothing for whoever reads stdout.
    #[track_caller]
    pub fn silent(&self) -> &Self {
        assert_eq!(self.out, "", "{self}");
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { args, code, out, err } = self;
        write!(f, "dockgen {args} [{code:?}]\n-- stdout\n{out}\n-- stderr\n{err}")
    }
}
