//! What git says of a repository, and a commit made without touching what is checked out.
//!
//! Nothing that a repository configures runs: no hooks, no monitors, no filters.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::migrate::mail::{Change, Message};
use crate::out;
use crate::repo::RelPath;

/// Why a change of a file could not be taken back with git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unsaved {
    /// There is no git.
    NoGit,
    /// The folder is not under version control.
    NoRepository,
    /// Git does not track this file.
    Untracked(RelPath),
    /// The file has changes that are not committed.
    Changed(RelPath),
}

impl Unsaved {
    pub fn why(&self) -> &'static str {
        match self {
            Self::NoGit => "git cannot be asked whether it is committed",
            Self::NoRepository => "it is not under version control",
            Self::Untracked(_) => "git does not track it",
            Self::Changed(_) => "it has changes that are not committed",
        }
    }
}

/// A program of git that reads only what it is given.
#[expect(clippy::disallowed_methods, reason = "git is asked about repositories, and told to make commits")]
fn git(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-optional-locks"])
        .args(args)
        .current_dir(root)
        .stdin(Stdio::null());
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        command.env_remove(name);
    }
    command
}

/// The first of these files whose change git could not take back.
pub(super) fn unsaved<'p>(root: &Path, paths: impl IntoIterator<Item = &'p RelPath>) -> Option<Unsaved> {
    paths.into_iter().find_map(|path| {
        let status = git(root, &["status", "--porcelain", "--ignored", "--", path.as_str()]).output();
        match status {
            Err(_) => Some(Unsaved::NoGit),
            Ok(output) if !output.status.success() => Some(Unsaved::NoRepository),
            Ok(output) if output.stdout.is_empty() => None,
            Ok(output) if output.stdout.starts_with(b"?? ") || output.stdout.starts_with(b"!! ") => {
                Some(Unsaved::Untracked(path.clone()))
            }
            Ok(_) => Some(Unsaved::Changed(path.clone())),
        }
    })
}

/// Where a folder lies in its repository; none where there is no repository.
pub(super) fn folder(root: &Path) -> Option<RelPath> {
    let said = said(git(root, &["rev-parse", "--show-prefix"]).output()).ok()?;
    RelPath::new(&said).ok()
}

/// Who makes patches here, as git knows it.
pub(super) fn author() -> String {
    let known = said(git(Path::new("."), &["var", "GIT_AUTHOR_IDENT"]).output()).ok();
    let name = known.and_then(|known| Some(known[..=known.rfind('>')?].to_owned()));
    name.unwrap_or_else(|| "dockgen <dockgen@localhost>".to_owned())
}

/// A commit that no branch names yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commit(pub String);

/// Makes a commit on top of what is checked out. Neither the checkout nor the index moves.
pub(super) fn commit(root: &Path, changes: &[Change], message: &Message) -> Result<Commit, String> {
    let scratch = TempDir::new().map_err(|bad| format!("cannot make a temporary folder: {bad}"))?;
    let index = scratch.path().join("index");
    let run = |args: &[&str]| said(git(root, args).env("GIT_INDEX_FILE", &index).output());
    run(&["var", "GIT_COMMITTER_IDENT"]).map_err(|bad| {
        format!("{bad}; `git config --global user.name NAME` and `user.email ADDRESS` say who commits")
    })?;
    let head = run(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
        .map_err(|_| "it has no commit to start from".to_owned())?;
    run(&["read-tree", &head])?;
    for change in changes {
        let name = change.path.as_str();
        let there = run(&["ls-files", "--stage", "--", name])?;
        let mode = there.split(' ').next().filter(|mode| !mode.is_empty()).unwrap_or("100644");
        // The checkout may have other line ends than the commit.
        let text = match git(root, &["cat-file", "blob", &format!("{head}:{name}")]).output() {
            Ok(old) if old.status.success() => {
                out::with_ends_of(Some(&old.stdout), &change.new.replace("\r\n", "\n"))
            }
            _ => change.new.clone(),
        };
        let blob = fed(git(root, &["hash-object", "-w", "--no-filters", "--stdin"]), text.as_bytes())?;
        run(&["update-index", "--add", "--cacheinfo", &format!("{mode},{blob},{name}")])?;
    }
    let tree = run(&["write-tree"])?;
    let text = format!("{}\n\n{}", message.subject, message.body);
    fed(git(root, &["commit-tree", &tree, "-p", &head]), text.as_bytes()).map(Commit)
}

/// Gives a commit its branch. A branch of this name that is there already stays as it is.
pub(super) fn branch(root: &Path, name: &str, commit: &Commit) -> Result<(), String> {
    let reference = format!("refs/heads/{name}");
    let there = said(git(root, &["rev-parse", "--verify", "--quiet", &reference]).output());
    match there {
        Ok(there) if there == commit.0 => return Ok(()),
        Ok(_) => return Err(format!("it has a branch `{name}` already")),
        Err(_) => {}
    }
    let nothing = "0".repeat(commit.0.len());
    said(git(root, &["update-ref", "-m", "dockgen migrate", &reference, &commit.0, &nothing]).output())
        .map(drop)
}

/// Can a branch have this name?
pub(super) fn is_branch_name(name: &str) -> Result<bool, String> {
    let checked = git(Path::new("."), &["check-ref-format", "--branch", name]).output();
    checked.map(|output| output.status.success()).map_err(|bad| format!("cannot start git: {bad}"))
}

/// What git said, or why it could not.
fn said(output: std::io::Result<Output>) -> Result<String, String> {
    let output = output.map_err(|bad| format!("cannot start git: {bad}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    let why = why.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
    Err(format!("git: {}", why.trim()))
}

fn fed(mut command: Command, text: &[u8]) -> Result<String, String> {
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut running = started.map_err(|bad| format!("cannot start git: {bad}"))?;
    if let Some(mut input) = running.stdin.take() {
        // When git ends before it has read all, its own words say why.
        let _ = input.write_all(text);
    }
    said(running.wait_with_output())
}
