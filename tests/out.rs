//! Writing into a repository, on a real file system.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test program, which looks at what lies on the disk"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use dockgen::out::{Consent, OutFile, Outcome, Standing, WriteError, diff, stamp, standing, write};
use dockgen::repo::path::RelPath;
use tempfile::TempDir;

const OLD: &str = "# syntax=docker/dockerfile:1\nFROM scratch\n";
const NEW: &str = "# syntax=docker/dockerfile:1\nFROM scratch AS runtime\n";

fn rel(text: &str) -> RelPath {
    RelPath::new(text).unwrap()
}

fn file(name: &str, text: &str) -> OutFile {
    OutFile { path: rel(name), text: text.to_owned() }
}

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn write_one(root: &Path, path: &str, text: &str) -> Result<Outcome, WriteError> {
    let file = file(path, text);
    write(root, [(&file, Consent::OwnFiles)]).map(|outcomes| outcomes[0])
}

/// Names below a directory, sorted, directories with a slash.
fn listing(root: &Path) -> Vec<String> {
    let entries = walkdir::WalkDir::new(root).min_depth(1).sort_by_file_name();
    let name = |entry: walkdir::DirEntry| {
        let path = entry.path().strip_prefix(root).unwrap();
        let slash = if entry.file_type().is_dir() { "/" } else { "" };
        format!("{}{slash}", path.display())
    };
    entries.into_iter().map(|entry| name(entry.unwrap())).collect()
}

#[test]
fn files_are_created_with_their_directories() {
    let root = directory();
    let files = [file("Dockerfile", NEW), file("services/api/Dockerfile", OLD)];
    let outcomes = write(root.path(), files.iter().map(|file| (file, Consent::OwnFiles))).unwrap();
    assert_eq!(outcomes, [Outcome::Created, Outcome::Created]);
    assert_eq!(listing(root.path()), ["Dockerfile", "services/", "services/api/", "services/api/Dockerfile"]);
    assert_eq!(fs::read_to_string(root.path().join("services/api/Dockerfile")).unwrap(), OLD);
}

#[test]
fn standing_and_consent_decide() {
    let stamped = stamp(OLD);
    let edited = stamped.clone() + "USER app\n";
    let check = |old: Option<&[u8]>, consent, expected: Result<Outcome, Standing>| {
        let root = directory();
        let path = root.path().join("Dockerfile");
        old.inspect(|old| fs::write(&path, old).unwrap());
        let file = file("Dockerfile", NEW);
        let result = write(root.path(), [(&file, consent)]);
        let what = format!("{:?} {consent:?}", old.map(String::from_utf8_lossy));
        match (result, expected) {
            (Ok(outcomes), Ok(expected)) => {
                assert_eq!(outcomes, [expected], "{what}");
                assert_eq!(fs::read_to_string(&path).unwrap(), NEW, "{what}");
            }
            (Err(error), Err(expected)) => {
                let WriteError::Refused { standing, .. } = &error else { panic!("{what}: {error}") };
                assert_eq!(*standing, expected, "{what}");
                assert!(error.to_string().contains("`Dockerfile`"), "{error}");
                assert!(error.help().is_some(), "{error}");
                assert_eq!(Some(fs::read(&path).unwrap().as_slice()), old, "{what}");
            }
            (result, expected) => panic!("{what}: {result:?}, not {expected:?}"),
        }
        assert_eq!(listing(root.path()), ["Dockerfile"], "{what}");
    };
    let latin = b"# Andr\xE9\nFROM scratch\n";
    for (old, by_itself) in [
        (None, Ok(Outcome::Created)),
        (Some(stamped.as_bytes()), Ok(Outcome::Replaced)),
        (Some(edited.as_bytes()), Err(Standing::Edited)),
        (Some(OLD.as_bytes()), Err(Standing::Foreign)),
        (Some(latin), Err(Standing::Foreign)),
        (Some(b""), Err(Standing::Foreign)),
        (Some(NEW.as_bytes()), Ok(Outcome::Unchanged)),
    ] {
        check(old, Consent::OwnFiles, by_itself);
        let agreed = by_itself.unwrap_or(Outcome::Replaced);
        check(old, Consent::AnyFile, Ok(agreed));
    }
}

#[test]
fn one_refusal_stops_the_step() {
    let root = directory();
    fs::write(root.path().join("b"), "by hand").unwrap();
    let files = [file("a", NEW), file("new/c", NEW), file("b", NEW)];
    let error = write(root.path(), files.iter().map(|file| (file, Consent::OwnFiles)));
    assert!(matches!(error, Err(WriteError::Refused { .. })), "{error:?}");
    assert_eq!(listing(root.path()), ["b"]);
}

#[test]
fn writing_twice_changes_nothing() {
    let root = directory();
    let text = stamp(NEW);
    assert_eq!(write_one(root.path(), "Dockerfile", &text).unwrap(), Outcome::Created);
    let path = root.path().join("Dockerfile");
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    fs::File::options().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
    assert_eq!(write_one(root.path(), "Dockerfile", &text).unwrap(), Outcome::Unchanged);
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), long_ago);
}

#[test]
fn line_endings_of_the_old_file_are_kept() {
    let root = directory();
    let path = root.path().join("Dockerfile");
    fs::write(&path, stamp(OLD).replace('\n', "\r\n")).unwrap();
    let text = stamp(NEW);
    assert_eq!(write_one(root.path(), "Dockerfile", &text).unwrap(), Outcome::Replaced);
    let written = fs::read_to_string(&path).unwrap();
    assert_eq!(written, text.replace('\n', "\r\n"));
    assert_eq!(standing(Some(&written)), Standing::Untouched);
    assert_eq!(write_one(root.path(), "Dockerfile", &text).unwrap(), Outcome::Unchanged);
    assert_eq!(diff(&rel("Dockerfile"), Some(&written), &text), "");
}

#[test]
fn the_root_must_exist() {
    let root = directory().path().join("absent");
    let error = write_one(&root, "Dockerfile", NEW).unwrap_err();
    assert!(matches!(error, WriteError::Root { .. }), "{error}");
    assert!(!root.exists());
}

#[test]
fn what_is_no_file_is_not_replaced() {
    let root = directory();
    fs::create_dir(root.path().join("Dockerfile")).unwrap();
    let error = write_one(root.path(), "Dockerfile", NEW).unwrap_err();
    assert_eq!(error.to_string(), "cannot write `Dockerfile`: a directory is in its place");
    fs::write(root.path().join("file"), "").unwrap();
    let error = write_one(root.path(), "file/Dockerfile", NEW).unwrap_err();
    assert!(matches!(error, WriteError::Io { .. }), "{error}");
    assert!(error.help().is_some(), "{error}");
}

#[cfg(unix)]
mod unix {
    use std::io::{BufRead as _, BufReader};
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::time::Duration;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn modes_are_kept() {
        let root = directory();
        let path = root.path().join("Dockerfile");
        write_one(root.path(), "Dockerfile", &stamp(OLD)).unwrap();
        // The umask of this process is known by what it does to another new file.
        fs::write(root.path().join("plain"), "").unwrap();
        assert_eq!(mode(&path), mode(&root.path().join("plain")) & 0o644);
        for kept in [0o600, 0o755, 0o664] {
            fs::set_permissions(&path, fs::Permissions::from_mode(kept)).unwrap();
            let text = stamp(&format!("{NEW}# {kept}\n"));
            assert_eq!(write_one(root.path(), "Dockerfile", &text).unwrap(), Outcome::Replaced);
            assert_eq!(mode(&path), kept);
        }
    }

    #[test]
    fn links_within_the_repository_are_followed() {
        let root = directory();
        fs::create_dir(root.path().join("docker")).unwrap();
        fs::write(root.path().join("docker/real"), stamp(OLD)).unwrap();
        symlink("docker/real", root.path().join("Dockerfile")).unwrap();
        symlink("docker", root.path().join("linked")).unwrap();
        let text = stamp(NEW);
        assert_eq!(write_one(root.path(), "Dockerfile", &text).unwrap(), Outcome::Replaced);
        assert_eq!(write_one(root.path(), "linked/new", &text).unwrap(), Outcome::Created);
        assert_eq!(listing(root.path()), ["Dockerfile", "docker/", "docker/new", "docker/real", "linked"]);
        assert!(root.path().join("Dockerfile").is_symlink());
        assert_eq!(fs::read_to_string(root.path().join("docker/real")).unwrap(), text);

        let files = [file("Dockerfile", OLD), file("linked/real", NEW)];
        let both = write(root.path(), files.iter().map(|file| (file, Consent::AnyFile)));
        assert!(matches!(both, Err(WriteError::SameFile { .. })), "{both:?}");
    }

    #[test]
    fn the_root_itself_may_be_a_link() {
        let outer = directory();
        fs::create_dir(outer.path().join("real")).unwrap();
        symlink("real", outer.path().join("root")).unwrap();
        write_one(&outer.path().join("root"), "Dockerfile", NEW).unwrap();
        assert_eq!(fs::read_to_string(outer.path().join("real/Dockerfile")).unwrap(), NEW);
    }

    #[test]
    fn links_out_of_the_repository_are_refused() {
        let outer = directory();
        let root = outer.path().join("repo");
        let secret = outer.path().join("secret");
        fs::create_dir_all(&root).unwrap();
        fs::write(&secret, stamp(OLD)).unwrap();
        symlink("../secret", root.join("file")).unwrap();
        symlink("..", root.join("above")).unwrap();
        symlink("../nothing", root.join("broken")).unwrap();
        symlink("round", root.join("round")).unwrap();
        let before = listing(outer.path());
        for (path, words) in [
            ("file", "out of the repository"),
            ("above/new", "out of the repository"),
            ("above/made/new", "out of the repository"),
            ("broken", "a broken link"),
            ("broken/new", "a broken link"),
            ("round", "symbolic links"),
        ] {
            let file = file(path, NEW);
            let error = write(&root, [(&file, Consent::AnyFile)]).unwrap_err();
            assert!(error.to_string().contains(words), "{path}: {error}");
            assert_eq!(listing(outer.path()), before, "{path}");
        }
        assert_eq!(fs::read_to_string(secret).unwrap(), stamp(OLD));
    }

    /// Half a megabyte, so that there is a middle to be killed in.
    fn versions() -> [String; 2] {
        ["old\n", "new\n"].map(|line| line.repeat(1 << 17))
    }

    #[test]
    fn a_kill_leaves_old_or_new_and_never_half() {
        let root = directory();
        let versions = versions();
        let mut killed_in_the_middle = 0;
        for round in 0..40 {
            let mut writer = Command::new(std::env::current_exe().unwrap())
                .args(["--ignored", "--exact", "--nocapture", "unix::writer_to_be_killed"])
                .env("DOCKGEN_TEST_ROOT", root.path())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
            let ready = lines.map_while(Result::ok).any(|line| line.ends_with("ready"));
            assert!(ready, "the writer never started");
            std::thread::sleep(Duration::from_micros(round * 311));
            writer.kill().unwrap();
            writer.wait().unwrap();
            for name in ["Dockerfile", "compose.yaml"] {
                let text = fs::read_to_string(root.path().join(name)).unwrap();
                assert!(versions.contains(&text), "half a {name} of {} bytes", text.len());
            }
            for left in listing(root.path()).iter().filter(|name| name.starts_with(".dockgen-")) {
                killed_in_the_middle += 1;
                fs::remove_file(root.path().join(left)).unwrap();
            }
        }
        assert!(killed_in_the_middle > 0, "no kill came while a file was being written");
    }

    #[test]
    #[ignore = "started and killed by a_kill_leaves_old_or_new_and_never_half"]
    fn writer_to_be_killed() {
        let Some(root) = std::env::var_os("DOCKGEN_TEST_ROOT") else {
            return;
        };
        let versions = versions();
        for round in 0..1_000_000 {
            let text = &versions[round % 2];
            let files = [file("Dockerfile", text), file("compose.yaml", text)];
            write(Path::new(&root), files.iter().map(|file| (file, Consent::AnyFile))).unwrap();
            if round == 0 {
                println!("\nready");
            }
        }
    }
}

#[test]
fn git_can_apply_the_diff() {
    let root = directory();
    let old = "FROM scratch\nCOPY a /a\n";
    fs::write(root.path().join("old"), old).unwrap();
    let new = "FROM scratch AS runtime\nCOPY a /a\nUSER 1000\n";
    let patch = diff(&rel("old"), Some(old), new) + &diff(&rel("made/new"), None, new);
    fs::write(root.path().join("patch"), patch).unwrap();
    let git = Command::new("git")
        .args(["apply", "patch"])
        .current_dir(root.path())
        .env("GIT_CEILING_DIRECTORIES", root.path().parent().unwrap())
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(git.success());
    assert_eq!(fs::read_to_string(root.path().join("old")).unwrap(), new);
    assert_eq!(fs::read_to_string(root.path().join("made/new")).unwrap(), new);
}
