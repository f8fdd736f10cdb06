//! Input as bad as it comes: a clear error with its place, and nothing is lost.

use std::process::Stdio;
use std::time::Duration;

use wait_timeout::ChildExt as _;

use crate::repo::{GO, Ran, Repo};

/// Every command that looks at a repository refuses it with these words, and changes nothing.
pub fn refused(repo: &Repo, code: i32, says: &[&str]) {
    for args in [&["init"][..], &["init", "--force", "--yes"], &["init", "--dry-run"], &["check"], &["plan"]]
    {
        repo.run_without_a_trace(args).ended(code, says);
    }
}

/// Stacks land one by one; rows of one that has not landed wait for it.
pub fn has(stack: &str) -> bool {
    dockgen::stack::named(stack).is_some()
}

/// A manifest for each stack, cut off in the middle, and the line on which that shows.
const CUT: &[(&str, &str, &str, u32)] = &[
    ("go", "go.mod", "module example.com/x\n\nrequire (\n\tgithub.com/a/b v1.0.0\n", 3),
    ("java", "pom.xml", "<project>\n  <groupId>x</groupId>\n  <artifactId>y\n", 4),
    ("node", "package.json", "{\n  \"name\": \"x\",\n  \"scripts\": {\n", 4),
    ("python", "pyproject.toml", "[project]\nname = \"x\ndependencies = [\"flask\"]\n", 2),
    ("rust", "Cargo.toml", "[package]\nname = \"x\"\nversion = \n", 3),
];

#[test]
fn a_malformed_manifest_is_not_an_empty_one() {
    for (stack, name, text, line) in CUT.iter().filter(|(stack, ..)| has(stack)) {
        let repo = Repo::new(&[(name, text)]);
        let near = [format!("{name}:{line}"), format!("{name}:{}", line.saturating_sub(1))];
        let ran = repo.run_without_a_trace(&["init"]);
        ran.ended(2, &["nothing was written", name]);
        assert!(near.iter().any(|place| ran.err.contains(place)), "{stack}: not {near:?} in {ran}");
        refused(&repo, 2, &[name]);
    }
}

/// Files beside the manifest that are as wrong, with the place and what helps.
#[test]
fn what_stands_beside_a_manifest_is_not_guessed_at() {
    const CARGO: (&str, &str) = ("Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\n");
    const MAIN: (&str, &str) = ("src/main.rs", "fn main() {}\n");
    let rows: &[(&[(&str, &str)], &str)] = &[
        (&[CARGO, MAIN, ("Cargo.lock", "version = 4\n[[package]]\nname = \n")], "Cargo.lock:3"),
        (
            &[CARGO, MAIN, ("rust-toolchain.toml", "[toolchain\nchannel = \"1.90\"\n")],
            "rust-toolchain.toml:1",
        ),
        (&[CARGO, MAIN, (".cargo/config.toml", "[build]\ntarget = [\n")], ".cargo/config.toml:"),
        (
            &[("Cargo.toml", "[package]\nname = \"{{name}}\"\nversion = {{version}}\n"), MAIN],
            "cargo generate",
        ),
        (
            &[("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n"), ("a/Cargo.toml", "[package]\nname = x\n")],
            "a/Cargo.toml:2",
        ),
        (
            &[("go.mod", "module example.com/x\n\ngo 1.27\n\nrequire github.com/a/b\n"), GO[1]],
            "go mod edit -json",
        ),
        (&[("go.mod", "go 1.27\n"), GO[1]], "go.mod"),
        (&[("go.mod", "modul example.com/x\n"), GO[1]], "go.mod:1"),
    ];
    for (files, says) in rows {
        refused(&Repo::new(files), 2, &[says]);
    }
}

/// Sources in another encoding are passed over; the manifest still says what is built.
#[test]
fn sources_in_other_encodings_do_not_stop_anybody() {
    let repo = Repo::new(&[
        ("Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\n"),
        ("Cargo.lock", "version = 4\n"),
        ("src/main.rs", "mod latin;\nfn main() {}\n"),
    ]);
    repo.write("src/latin.rs", b"// caf\xe9\npub fn x() {}\n");
    repo.run(&["init"]).ended(0, &["created Dockerfile"]);
    let repo = Repo::new(GO);
    repo.write("Makefile", b"# caf\xe9\nbuild:\n\tgo build -ldflags \"-X main.version=$(V)\" .\n");
    repo.run(&["init"]).ended(0, &["created Dockerfile"]);
}

#[test]
fn a_huge_manifest_is_named_with_its_size() {
    for (_, name, text, _) in CUT.iter().filter(|(stack, ..)| has(stack)) {
        let repo = Repo::new(&[]);
        repo.write(name, format!("{text}{}", " ".repeat(3 << 20)));
        refused(&repo, 2, &[name, "bytes long"]);
    }
}

#[test]
fn a_folder_is_never_a_service_because_it_exists() {
    for files in [
        &[("notes.txt", "buy milk\n"), (".env", "TOKEN=1\n")][..],
        &[("index.txt", ""), ("src/deep/file.md", "")],
        &[],
    ] {
        let repo = Repo::new(files);
        for args in [&["init"][..], &["init", "--force", "--yes"], &["check"], &["plan"]] {
            let ran = repo.run_without_a_trace(args);
            ran.ended(3, &["no project recognised", "looked for"]);
            let is_shown = files.iter().all(|(path, _)| {
                let first = path.split('/').next().unwrap_or_default();
                ran.err.contains(first)
            });
            assert!(is_shown, "what is there is shown: {ran}");
            assert!(!ran.err.contains("TOKEN"), "{ran}");
        }
    }
}

#[test]
fn a_path_that_is_no_folder() {
    let repo = Repo::new(GO);
    refused_path(&repo, "nowhere", &["cannot read `nowhere`", "No such file"]);
    refused_path(&repo, "go.mod", &["`go.mod` is a file"]);
    refused_path(&repo, "nowhere/../..", &["cannot read"]);
    refused_path(&repo, "a\nb", &["cannot read"]);
}

fn refused_path(repo: &Repo, path: &str, says: &[&str]) {
    for command in ["init", "check", "plan"] {
        repo.run_without_a_trace(&[command, path]).ended(2, says).silent();
    }
}

#[test]
fn bytes_that_are_no_text() {
    let repo = Repo::new(GO);
    repo.write("go.mod", b"module example.com/caf\xe9\n\ngo 1.26\n");
    refused(&repo, 2, &["go.mod", "not UTF-8"]);

    // A source file is no manifest: it is passed over.
    let repo = Repo::new(GO);
    repo.write("latin.go", b"package main\n// caf\xe9\n");
    repo.write("zero.go", [0_u8; 4096]);
    repo.run(&["init"]).ended(0, &["created Dockerfile"]);

    let repo = Repo::new(GO);
    repo.write("dockgen.toml", b"[runtime]\n# caf\xe9\nport = 9000\n");
    refused(&repo, 2, &["dockgen.toml", "not UTF-8"]);
}

#[test]
fn other_encodings_of_text_are_read() {
    let repo = Repo::new(GO);
    repo.write("go.mod", format!("\u{feff}{}", GO[0].1.replace('\n', "\r\n")));
    repo.run(&["init", "--stdout"]).ended(0, &[]);
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(GO[0].1.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    repo.write("go.mod", utf16);
    repo.run(&["init", "--stdout"]).ended(0, &[]);
}

#[test]
fn a_missing_lock_file_is_a_loss_not_an_error() {
    let rows: &[(&str, &[(&str, &str)])] = &[
        (
            "go",
            &[("go.mod", "module x.example/x\n\ngo 1.26\n\nrequire github.com/google/uuid v1.6.0\n"), GO[1]],
        ),
        (
            "node",
            &[
                (
                    "package.json",
                    r#"{"name":"x","scripts":{"start":"node i.js"},"dependencies":{"express":"^5"}}"#,
                ),
                ("i.js", "require('express')().listen(3000)\n"),
            ],
        ),
        (
            "rust",
            &[
                ("Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
                ("src/main.rs", "fn main() {}\n"),
            ],
        ),
    ];
    for (_, files) in rows.iter().filter(|(stack, _)| has(stack)) {
        Repo::new(files).run(&["init"]).ended(0, &["missing-lock", "created Dockerfile"]);
    }
}

#[test]
fn circles_end() {
    let deep = "[".repeat(200_000);
    let rows: &[(&str, &[(&str, &str)])] = &[
        (
            "go",
            &[
                ("go.work", "go 1.26\n\nuse (\n\t.\n\t./a\n\t./a/..\n)\n"),
                GO[0],
                GO[1],
                ("a/go.mod", "module a\n\nreplace example.com/hello => ../\n"),
            ],
        ),
        (
            "go",
            &[
                ("go.mod", "module a\n\nreplace a => ./\n\nreplace b => ./b\n"),
                ("b/go.mod", "module b\n\nreplace a => ../\n"),
                GO[1],
            ],
        ),
        (
            "java",
            &[
                (
                    "pom.xml",
                    "<project><parent><groupId>g</groupId><artifactId>a</artifactId><version>1</version><relativePath>pom.xml</relativePath></parent><artifactId>a</artifactId><properties><x>${y}</x><y>${x}</y></properties><packaging>${x}</packaging><modules><module>.</module><module>b</module></modules></project>",
                ),
                (
                    "b/pom.xml",
                    "<project><parent><groupId>g</groupId><artifactId>a</artifactId><version>1</version></parent><artifactId>b</artifactId><modules><module>..</module></modules></project>",
                ),
            ],
        ),
        (
            "node",
            &[
                (
                    "package.json",
                    r#"{"name":"a","workspaces":[".","b","../*"],"scripts":{"start":"npm run start","build":"npm run build"},"dependencies":{"a":"file:.","b":"file:b"}}"#,
                ),
                ("b/package.json", r#"{"name":"b","main":"../b","dependencies":{"a":"file:.."}}"#),
                ("tsconfig.json", r#"{"extends":"./tsconfig.json","references":[{"path":"."}]}"#),
            ],
        ),
        (
            "python",
            &[
                ("requirements.txt", "-r requirements.txt\n-r b.txt\n-c requirements.txt\nflask\n"),
                ("b.txt", "-r requirements.txt\n"),
                ("app.py", "import app\nfrom flask import Flask\napp = Flask(__name__)\n"),
            ],
        ),
        (
            "rust",
            &[
                (
                    "Cargo.toml",
                    "[workspace]\nmembers = [\".\", \"b\", \"b/..\"]\n\n[package]\nname = \"a\"\nversion.workspace = true\n\n[dependencies]\nb = { path = \"b\" }\n",
                ),
                (
                    "b/Cargo.toml",
                    "[package]\nname = \"b\"\nversion = \"0.1.0\"\nworkspace = \"..\"\n\n[dependencies]\na = { path = \"..\" }\n",
                ),
                ("src/main.rs", "fn main() {}\n"),
                ("b/src/main.rs", "fn main() {}\n"),
            ],
        ),
        ("node", &[("package.json", &deep)]),
        (
            "node",
            &[
                ("package.json", "{\"name\":\"x\"}"),
                (
                    "pnpm-workspace.yaml",
                    "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: &d [*c, *c, *c, *c]\npackages: [*d, *d]\n",
                ),
            ],
        ),
        ("go", &[("dockgen.toml", &deep), GO[0], GO[1]]),
    ];
    for (stack, files) in rows.iter().filter(|(stack, _)| has(stack)) {
        let repo = Repo::new(files);
        let mut child =
            repo.command(&["plan"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
        let ended = child.wait_timeout(Duration::from_secs(20)).expect("can be waited for");
        let _ = child.kill();
        let code = ended.and_then(|status| status.code());
        assert!(matches!(code, Some(0 | 2 | 3)), "{stack} ended with {ended:?}: {:?}", files[0].0);
    }
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::fs::{self, Permissions};
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    use std::os::unix::process::CommandExt as _;
    use std::path::Path;
    use std::process::Command;

    use super::{GO, Ran, Repo, refused};

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("ours");
    }

    /// Runs as somebody whom modes bind. Root is not; it sends `nobody`, with a program to reach.
    fn run_bound(repo: &Repo, args: &[&str]) -> Ran {
        let mut command = repo.command(args);
        let outer = tempfile::tempdir().expect("a temporary folder");
        if fs::metadata(outer.path()).expect("ours").uid() == 0 {
            set_mode(outer.path(), 0o755);
            let program = outer.path().join("dockgen");
            // A file that is being written while another thread forks is busy; a link never is.
            if fs::hard_link(command.get_program(), &program).is_err() {
                fs::copy(command.get_program(), &program).expect("a copy");
            }
            command = Command::new(program);
            command.args(args).current_dir(repo.path()).uid(65534).gid(65534);
        }
        Ran::new(args, &command.output().expect("the program starts"))
    }

    #[test]
    fn what_may_not_be_read_is_named() {
        for (locked, code, says) in [
            ("go.mod", 2, &["go.mod", "cannot be opened"][..]),
            ("dockgen.toml", 2, &["dockgen.toml", "cannot be opened"]),
            ("secret", 0, &["secret"]),
            ("other.go", 0, &[]),
        ] {
            let repo = Repo::new(GO);
            repo.write("secret/file.txt", "");
            repo.write("other.go", "package main\n");
            repo.write("dockgen.toml", "[runtime]\nport = 9000\n");
            set_mode(repo.path(), 0o755);
            set_mode(&repo.path().join(locked), 0);
            let ran = run_bound(&repo, &["plan"]);
            set_mode(&repo.path().join(locked), 0o755);
            ran.ended(code, says);
            assert!(!ran.err.contains(&repo.path().display().to_string()), "no absolute path: {ran}");
        }
        let repo = Repo::new(&[("app/go.mod", GO[0].1)]);
        set_mode(repo.path(), 0o755);
        set_mode(&repo.path().join("app"), 0);
        run_bound(&repo, &["plan", "app"]).ended(2, &["cannot read `app`", "ermission denied"]);
        set_mode(&repo.path().join("app"), 0o755);
    }

    #[test]
    fn a_folder_that_may_not_be_written() {
        let repo = Repo::new(GO);
        set_mode(repo.path(), 0o555);
        let before = repo.state();
        let ran = run_bound(&repo, &["init"]);
        ran.ended(2, &["cannot write `Dockerfile`: permission denied", "help"]);
        run_bound(&repo, &["init", "--stdout"]).ended(0, &[]);
        set_mode(repo.path(), 0o755);
        assert!(repo.state() == before, "something was written");
    }

    #[test]
    fn links_are_followed_inside_only() {
        let outside = Repo::new(&[("secret.mod", "module example.com/stolen\n"), ("go.mod", GO[0].1), GO[1]]);
        let repo = Repo::new(&[("real/main.go", GO[1].1)]);
        symlink(outside.path().join("secret.mod"), repo.path().join("go.mod")).expect("a link");
        symlink(outside.path(), repo.path().join("out")).expect("a link");
        symlink(".", repo.path().join("loop")).expect("a link");
        symlink("self", repo.path().join("self")).expect("a link");
        symlink("b", repo.path().join("a")).expect("a link");
        symlink("a", repo.path().join("b")).expect("a link");
        symlink("/dev/zero", repo.path().join("go.work")).expect("a link");
        let ran = repo.run_without_a_trace(&["plan"]);
        ran.ended(3, &["`go.mod` is not followed: it leaves the repository", "`self` is not followed"]);
        assert!(!ran.out.contains("stolen") && !ran.err.contains("stolen"), "{ran}");

        let repo = Repo::new(&[("conf/go.mod.real", GO[0].1), GO[1]]);
        symlink("conf/go.mod.real", repo.path().join("go.mod")).expect("a link");
        repo.run(&["init"]).ended(0, &["created Dockerfile"]);
    }

    #[test]
    fn nothing_is_written_through_a_link_that_leaves() {
        for is_there in [true, false] {
            let outside = Repo::new(if is_there { &[("theirs", "mine\n")] } else { &[] });
            let repo = Repo::new(GO);
            symlink(outside.path().join("theirs"), repo.path().join("Dockerfile")).expect("a link");
            let before = outside.state();
            for args in [&["init"][..], &["init", "--yes"], &["init", "--force"]] {
                let ran = repo.run(args);
                assert!(matches!(ran.code, Some(1 | 2)), "{ran}");
                assert!(!repo.path().join(".dockerignore").exists(), "all or nothing: {ran}");
            }
            assert!(outside.state() == before, "written outside");
        }
    }

    #[test]
    fn a_folder_in_the_place_of_the_dockerfile() {
        let repo = Repo::new(GO);
        repo.write("Dockerfile/keep", "mine\n");
        for args in [&["init"][..], &["init", "--force"]] {
            repo.run_without_a_trace(args)
                .ended(2, &["cannot write `Dockerfile`: a directory is in its place"]);
        }
    }

    #[test]
    fn devices_and_pipes_are_not_read() {
        let repo = Repo::new(&[GO[1]]);
        let made = Command::new("mkfifo").arg(repo.path().join("go.mod")).status();
        assert!(made.expect("mkfifo is there").success());
        // A pipe that nobody writes would be read for ever.
        let ran = repo.run(&["plan"]);
        ran.ended(3, &["no project recognised"]);
    }

    #[test]
    fn names_that_are_no_text() {
        let repo = Repo::new(GO);
        for name in [&b"caf\xe9.go"[..], b"new\nline.go", b"tab\there", b"\x1b[31mred", b"back\\slash.go"] {
            fs::write(repo.path().join(OsStr::from_bytes(name)), "package main\n").expect("a file");
        }
        fs::create_dir(repo.path().join(OsStr::from_bytes(b"dir\xff"))).expect("a folder");
        fs::write(repo.path().join(OsStr::from_bytes(b"dir\xff/go.mod")), GO[0].1).expect("a file");
        let ran = repo.run(&["init"]);
        ran.ended(0, &["odd-name", "created Dockerfile"]);
        assert!(!ran.err.contains("\u{1b}[31mred"), "names cannot paint: {ran}");
        refused_name(OsStr::from_bytes(b"go\xff"));
    }

    fn refused_name(path: &OsStr) {
        let repo = Repo::new(GO);
        let output = repo.command(&["plan"]).arg(path).output().expect("starts");
        Ran::new(&["plan"], &output).ended(2, &["cannot read"]);
    }

    /// Whatever a repository configures, planning starts nobody and asks nobody.
    #[test]
    fn nothing_is_executed() {
        let repo = hostile();
        let mark = repo.path().join("executed");
        let traps = repo.path().join("traps");
        let path = std::env::join_paths([&traps, repo.path()]).expect("plain names");
        for args in [&["plan"][..], &["init", "--yes", "--all"], &["check"], &["init", "--diff"]] {
            let output = repo.command(args).env("PATH", &path).output().expect("starts");
            let ran = Ran::new(args, &output);
            assert!(matches!(ran.code, Some(0..=3)), "{ran}");
            assert!(!mark.exists(), "{}\n{ran}", fs::read_to_string(&mark).unwrap_or_default());
        }
        // The traps do work.
        assert!(Command::new(traps.join("cargo")).status().expect("starts").success() && mark.exists());
    }

    #[test]
    fn the_system_saw_no_program_and_no_network() {
        let Ok(version) = Command::new("strace").arg("-V").output() else {
            eprintln!("skipped: strace is not installed");
            return;
        };
        assert!(version.status.success());
        let repo = hostile();
        let log = tempfile::NamedTempFile::new().expect("a file");
        let calls = "trace=execve,execveat,fork,vfork,socket,connect,sendto";
        let mut traced = Command::new("strace");
        traced.args(["-f", "-qq", "-e", calls, "-o"]).arg(log.path());
        traced.arg(env!("CARGO_BIN_EXE_dockgen")).args(["init", "--yes", "--all"]).current_dir(repo.path());
        let ran = Ran::new(&["strace", "init"], &traced.output().expect("starts"));
        if ran.err.contains("ptrace") {
            eprintln!("skipped: {}", ran.err);
            return;
        }
        let log = fs::read_to_string(log.path()).expect("a log");
        assert_eq!(log.matches("execve(").count(), 1, "only dockgen itself: {log}");
        for call in ["execveat(", "fork(", "socket(", "connect("] {
            assert!(!log.contains(call), "{log}");
        }
    }

    /// A repository of every stack in which each tool would run something of the repository's own.
    fn hostile() -> Repo {
        let repo = Repo::new(&[
            GO[0],
            GO[1],
            ("rust/Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\nbuild = \"build.rs\"\n"),
            ("rust/src/main.rs", "fn main() {}\n"),
            (
                "rust/.cargo/config.toml",
                "[build]\nrustc = \"../traps/rustc\"\nrustc-wrapper = \"../traps/rustc\"\n",
            ),
            ("rust/rust-toolchain.toml", "[toolchain]\npath = \"../traps\"\n"),
            (
                "node/package.json",
                r#"{"name":"x","version":"1.0.0","scripts":{"preinstall":"../traps/npm","prepare":"../traps/npm","start":"node index.js"}}"#,
            ),
            ("node/index.js", "require('http').createServer().listen(3000)\n"),
            ("node/.npmrc", "node-options=--require ./evil.js\n"),
            ("node/next.config.js", "require('child_process').execSync('../traps/node')\n"),
            ("python/setup.py", "import os\nos.system('../traps/python3')\n"),
            ("python/requirements.txt", "flask\n-e .\n"),
            ("python/app.py", "from flask import Flask\napp = Flask(__name__)\n"),
            (
                "java/pom.xml",
                "<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>a</artifactId><version>1</version></project>",
            ),
            ("java/.mvn/jvm.config", "-javaagent:../traps/agent.jar\n"),
            ("java/mvnw", "#!/bin/sh\n../traps/mvn\n"),
            (".git/config", "[core]\n\tfsmonitor = traps/git\n\tpager = traps/git\n"),
            (".git/HEAD", "ref: refs/heads/main\n"),
        ]);
        let mark = repo.path().join("executed");
        let trap = format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\n", mark.display());
        for tool in [
            "cargo", "rustc", "rustup", "go", "git", "node", "npm", "python3", "pip", "java", "mvn",
            "docker", "sh", "less",
        ] {
            repo.write(&format!("traps/{tool}"), &trap);
            set_mode(&repo.path().join("traps").join(tool), 0o755);
        }
        repo
    }

    #[test]
    fn a_kill_leaves_old_or_new_files() {
        let repo = Repo::new(GO);
        repo.run(&["init"]).ended(0, &[]);
        let old = repo.read("Dockerfile");
        repo.edit("go.mod", "1.26", "1.27");
        let new = repo.run(&["init", "--stdout"]).out;
        assert_ne!(old, new);
        let mut seen = [0, 0];
        for step in 0..60 {
            repo.write("Dockerfile", &old);
            let mut child =
                repo.command(&["init"]).stderr(std::process::Stdio::null()).spawn().expect("starts");
            std::thread::sleep(std::time::Duration::from_micros(step * 400));
            let _ = child.kill();
            child.wait().expect("ends");
            let now = repo.read("Dockerfile");
            assert!(now == old || now == new, "torn: {now}");
            seen[usize::from(now == new)] += 1;
        }
        // What a killed run left behind does not stand in the way of the next one.
        repo.run(&["init"]).ended(0, &[]);
        assert_eq!(repo.read("Dockerfile"), new);
        assert!(seen[0] > 0, "no run was killed in time: {seen:?}");
    }

    #[test]
    fn huge_lines_are_not_repeated_at_people() {
        let repo = Repo::new(&[]);
        repo.write("go.mod", format!("module x{}\n\nrequire (\n", "y".repeat(300_000)));
        let ran = repo.run(&["plan"]);
        assert!(ran.err.len() < 4_000, "{} bytes", ran.err.len());
        refused(&repo, 2, &["go.mod"]);
    }
}
