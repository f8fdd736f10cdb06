//! A repository of `tests/fixtures` with its expectations, copied to where it may change.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dockgen::verify::{Edit, Expect, Probe, Request};
use libtest_mimic::Failed;
use serde::Deserialize;
use tempfile::TempDir;

use super::{copy_tree, ensure};

/// `tests/fixtures/<name>.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What `dockgen init` is given beside `--yes`.
    #[serde(default)]
    pub args: Vec<String>,
    /// Why it cannot be built here: it is planned and printed only.
    pub not_built: Option<String>,
    /// Is it built only when everything is? The others prove the same steps of its stack sooner.
    #[serde(default)]
    pub only_in_full: bool,
    pub run: Run,
    pub edit: Change,
    /// Breaks a test of the project; none where it has no tests.
    #[serde(rename = "break")]
    pub breakage: Option<Change>,
}

/// What the running container does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// None for a program that has nobody to answer: it prints `body`, and works on or ends with success.
    pub port: Option<u16>,
    #[serde(default)]
    pub path: String,
    pub status: Option<u16>,
    #[serde(default)]
    pub body: String,
    /// `USER` of the image.
    pub user: String,
    /// The longest it may take to end, where that is not dockgen's to decide.
    pub stop_seconds: Option<f64>,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// Words replaced in a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub file: PathBuf,
    pub from: String,
    pub to: String,
}

/// A fixture in a folder of its own.
pub struct Fixture {
    pub expectation: Expectation,
    home: TempDir,
    logs: TempDir,
}

impl Fixture {
    /// All that there are, sorted by name.
    pub fn names() -> Vec<String> {
        let entries = fs::read_dir(fixtures()).into_iter().flatten().filter_map(Result::ok);
        let folders = entries.filter(|entry| entry.path().is_dir());
        let mut names: Vec<String> =
            folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// Copies the fixture of that name.
    pub fn copy(name: &str) -> Result<Self, Failed> {
        let text = fs::read_to_string(fixtures().join(format!("{name}.toml")))?;
        let expectation = toml::from_str(&text)?;
        let home = tempfile::Builder::new().prefix("dockgen-fixture-").tempdir()?;
        copy_tree(&fixtures().join(name), home.path())?;
        let logs = tempfile::Builder::new().prefix("dockgen-logs-").tempdir()?;
        Ok(Self { expectation, home, logs })
    }

    pub fn root(&self) -> &Path {
        self.home.path()
    }

    /// Runs `dockgen init --yes`; the answer is the Dockerfile it wrote.
    pub fn init(&self) -> Result<PathBuf, Failed> {
        super::init(self.root(), &self.expectation.args)
    }

    /// Everything that is expected of the image of that Dockerfile.
    pub fn request(&self, dockerfile: &Path, title: &str) -> Request {
        let run = &self.expectation.run;
        let mut request = super::request(self.root(), dockerfile, title);
        // The port is left to the image: that it says the right one is a part of the test.
        request.probe = match run.port {
            Some(_) => Probe::Http {
                port: None,
                path: run.path.clone(),
                expect: Expect { status: run.status, body: Some(run.body.clone()) },
            },
            None => Probe::None,
        };
        request.logs = run.port.is_none().then(|| self.logs());
        request.env = run.env.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let Change { file, from, to } = self.expectation.edit.clone();
        let file = self.root().join(file);
        let file = file.strip_prefix(&request.context).unwrap_or(&file).to_owned();
        request.expect_after_edit = run.port.map(|_| Expect { status: run.status, body: Some(to.clone()) });
        request.edit = Edit::Replace { file, from, to };
        request
    }

    /// Where the logs of a program without a port are kept: outside of the build context.
    pub fn logs(&self) -> PathBuf {
        self.logs.path().to_owned()
    }

    /// Breaks a test of the project.
    pub fn break_test(&self) -> Result<(), Failed> {
        let Some(Change { file, from, to }) = &self.expectation.breakage else { return Ok(()) };
        let path = self.root().join(file);
        let text = fs::read_to_string(&path)?;
        ensure(text.contains(from), || format!("{} does not contain {from:?}", file.display()))?;
        Ok(fs::write(path, text.replacen(from, to, 1))?)
    }
}

pub fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn fixtures() -> PathBuf {
    tests().join("fixtures")
}
