//! Writing where the disk says no. Needs file systems of its own: as root they are
//! mounted, elsewhere these tests are listed as ignored.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test program, which looks at what lies on the disk"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use dockgen::out::{Consent, OutFile, WriteError, stamp, write};
use dockgen::repo::path::RelPath;
use libtest_mimic::{Arguments, Failed, Trial};

/// Set for the process that writes without root's rights; its value is the root to write to.
const WRITE_TO: &str = "DOCKGEN_TEST_WRITE_TO";

fn main() -> ExitCode {
    if let Some(root) = std::env::var_os(WRITE_TO) {
        return match attempt(Path::new(&root), "text") {
            Ok(_) => ExitCode::SUCCESS,
            Err(error) => {
                println!("{error} | {}", error.help().unwrap_or_default());
                ExitCode::FAILURE
            }
        };
    }
    let no_mount = Mounted::tmpfs("size=64k").is_none();
    let trials = vec![
        Trial::test("a_full_disk_changes_nothing", full).with_ignored_flag(no_mount),
        Trial::test("init_on_a_full_disk_changes_nothing", init_on_full).with_ignored_flag(no_mount),
        Trial::test("a_read_only_disk_changes_nothing", read_only).with_ignored_flag(no_mount),
        Trial::test("a_failed_rename_is_undone", busy).with_ignored_flag(no_mount),
        Trial::test("a_read_only_directory_changes_nothing", locked).with_ignored_flag(!cfg!(unix)),
    ];
    let mut arguments = Arguments::from_args();
    // One after the other: a program that is being copied while another thread forks is busy
    // and cannot be started.
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The step that all trials try: replace one, create one with its directory, replace one.
fn attempt(root: &Path, text: &str) -> Result<usize, WriteError> {
    let files =
        ["a", "made/b", "c"].map(|path| OutFile { path: RelPath::new(path).unwrap(), text: stamp(text) });
    write(root, files.iter().map(|file| (file, Consent::OwnFiles))).map(|outcomes| outcomes.len())
}

fn prepare(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    for name in ["a", "c"] {
        fs::write(root.join(name), stamp("old")).unwrap();
    }
    contents(root)
}

/// Every path below a directory, with the bytes of the files.
fn contents(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = walkdir::WalkDir::new(root).into_iter().map(Result::unwrap);
    entries
        .map(|entry| {
            let is_file = entry.file_type().is_file();
            let bytes = if is_file { fs::read(entry.path()).unwrap() } else { Vec::new() };
            (entry.into_path(), bytes)
        })
        .collect()
}

/// The step fails with these words, has help, and leaves everything as it was.
fn check(root: &Path, before: &BTreeMap<PathBuf, Vec<u8>>, text: &str, words: &str) -> Result<(), Failed> {
    let Err(error) = attempt(root, text) else {
        return Err("the step succeeded".into());
    };
    // The whole message: a system's reason must not drag in the name of a temporary file.
    if !error.to_string().ends_with(words) || error.help().is_none() {
        return Err(format!("not \"{words}\" with help: {error} | {:?}", error.help()).into());
    }
    if contents(root) != *before {
        return Err(format!("something changed: {:?}", contents(root).keys()).into());
    }
    Ok(())
}

fn full() -> Result<(), Failed> {
    let disk = Mounted::tmpfs("size=64k").ok_or("cannot mount")?;
    let before = prepare(disk.path());
    check(disk.path(), &before, &"text\n".repeat(5_000), "`c`: No space left on device (os error 28)")?;
    // What fits is still written: nothing of the failed step takes up room.
    attempt(disk.path(), "text")?;
    Ok(())
}

/// The same as a person meets it: `dockgen init` over its own older files, with no room left.
fn init_on_full() -> Result<(), Failed> {
    let disk = Mounted::tmpfs("size=64k").ok_or("cannot mount")?;
    fs::write(disk.path().join("go.mod"), "module example.com/hello\n\ngo 1.27\n")?;
    fs::write(disk.path().join("main.go"), "package main\n\nfunc main() {}\n")?;
    fs::write(disk.path().join("Dockerfile"), stamp("# syntax=docker/dockerfile:1\nFROM scratch\n"))?;
    let filler = disk.path().join("filler");
    // The error is the point: it takes what room there is.
    let _ = fs::write(&filler, vec![0; 64 * 1024]);
    let before = contents(disk.path());
    let init =
        || Command::new(env!("CARGO_BIN_EXE_dockgen")).arg("init").arg(disk.path()).arg("--yes").output();

    let output = init()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() != Some(2) || !said.contains("cannot write") || !said.contains("No space left") {
        return Err(format!("not refused: {:?} {said}", output.status).into());
    }
    if contents(disk.path()) != before {
        return Err(format!("something changed: {:?}", contents(disk.path()).keys()).into());
    }
    fs::remove_file(filler)?;
    let output = init()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("with room it fails: {said}").into()) }
}

fn read_only() -> Result<(), Failed> {
    let disk = Mounted::tmpfs("size=64k").ok_or("cannot mount")?;
    let before = prepare(disk.path());
    if !mount(&["-o", "remount,ro"], disk.path()) {
        return Err("cannot remount".into());
    }
    check(disk.path(), &before, "text", "`a`: read-only filesystem or storage medium")
}

/// A file that is a mount point can be read and written, and nothing can be renamed onto it.
fn busy() -> Result<(), Failed> {
    let disk = Mounted::tmpfs("size=1m").ok_or("cannot mount")?;
    let before = prepare(disk.path());
    let file = disk.path().join("c");
    let source = file.display().to_string();
    if !mount(&["--bind", &source], &file) {
        return Err("cannot mount a file".into());
    }
    let _file = Mounted(file, None);
    check(disk.path(), &before, "text", "`c`: Device or resource busy (os error 16)")
}

#[cfg(unix)]
fn locked() -> Result<(), Failed> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;

    let outer = tempfile::tempdir()?;
    let set_mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    set_mode(outer.path(), 0o755)?;
    let root = outer.path().join("repo");
    fs::create_dir(&root)?;
    let before = prepare(&root);
    set_mode(&root, 0o555)?;
    // Directory modes do not bind root, so root sends somebody else, with a program to reach.
    let program = outer.path().join("writer");
    fs::copy(std::env::current_exe()?, &program)?;
    let mut writer = Command::new(program);
    writer.env(WRITE_TO, &root);
    if fs::metadata(outer.path())?.uid() == 0 {
        writer.uid(65534).gid(65534);
    }
    let output = writer.output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    set_mode(&root, 0o755)?;
    if output.status.success() || !said.contains("cannot write `a`: permission denied") {
        return Err(format!("not refused: {said}").into());
    }
    if !said.contains("writable") {
        return Err(format!("no help: {said}").into());
    }
    assert_eq!(contents(&root), before);
    Ok(())
}

#[cfg(not(unix))]
fn locked() -> Result<(), Failed> {
    Err("directories have no modes here".into())
}

/// A mount point, gone when dropped; with its directory, if it is ours.
struct Mounted(PathBuf, Option<tempfile::TempDir>);

impl Mounted {
    fn tmpfs(options: &str) -> Option<Self> {
        let directory = tempfile::tempdir().ok()?;
        let mounted = mount(&["-t", "tmpfs", "-o", options, "tmpfs"], directory.path());
        mounted.then(|| Mounted(directory.path().to_owned(), Some(directory)))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
        drop(self.1.take());
    }
}

fn mount(arguments: &[&str], at: &Path) -> bool {
    let output = Command::new("mount").args(arguments).arg(at).output();
    output.is_ok_and(|output| output.status.success())
}
