//! Bad input for the Python stack: a clear error with its place, or a remark, and nothing of the repository is run.

use crate::repo::Repo;

/// Lock files and manifests of Python's managers, each broken, and where that shows.
#[test]
fn malformed_python_files_are_named_with_their_place() {
    let app = ("app.py", "from flask import Flask\napp = Flask(__name__)\n");
    let project =
        ("pyproject.toml", "[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\"flask\"]\n");
    let poetry = ("pyproject.toml", "[tool.poetry.dependencies]\nflask = \"^3\"\n");
    let pipfile = ("Pipfile", "[packages]\nflask = \"*\"\n");
    for (beside, file, text, place) in [
        (project, "uv.lock", "version = 1\n[[package]]\nname = flask\n", "uv.lock:3"),
        (poetry, "poetry.lock", "[[package]]\nname = \"flask\n", "poetry.lock:2"),
        (project, "pdm.lock", "[[package]\n", "pdm.lock:1"),
        (pipfile, "Pipfile.lock", "{\n  \"default\": {,}\n}\n", "Pipfile.lock:2"),
        (app, "Pipfile", "[packages\nflask = \"*\"\n", "Pipfile:1"),
        (app, "pyproject.toml", "[project]\nname = \"x\"\nname = \"y\"\n", "pyproject.toml:3"),
    ] {
        let repo = Repo::new(&[app, beside, (file, text)]);
        repo.run_without_a_trace(&["init", "--yes"]).ended(2, &["nothing was written", place]);
    }
}

/// Requirements that name themselves, come in an old encoding, or are as large as a film.
#[test]
fn odd_requirements_are_told_of() {
    let app = ("app.py", "from flask import Flask\napp = Flask(__name__)\n");
    let repo = Repo::new(&[
        app,
        ("requirements.txt", "-r more.txt\nflask\n"),
        ("more.txt", "-r requirements.txt\n"),
    ]);
    repo.run(&["plan"]).ended(0, &["more.txt:1", "names itself", "take the line out"]);

    let repo = Repo::new(&[app]);
    repo.write("requirements.txt", b"flask # caf\xe9\n");
    repo.run_without_a_trace(&["init", "--yes"]).ended(2, &["requirements.txt", "not UTF-8"]);

    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("flask\r\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    repo.write("requirements.txt", utf16);
    repo.run(&["init", "--stdout"]).ended(0, &[]);

    repo.write("requirements.txt", "flask==3.1.0\n".repeat(4_000_000));
    repo.run_without_a_trace(&["init", "--yes"]).ended(2, &["requirements.txt", "bytes long"]);
}

/// A source that is not text, or in an encoding of its own, is passed over and takes nothing with it.
#[test]
fn python_sources_in_other_encodings() {
    let repo = Repo::new(&[
        ("requirements.txt", "flask\n"),
        ("app.py", "from flask import Flask\napp = Flask(__name__)\n"),
    ]);
    repo.write("latin.py", b"# -*- coding: latin-1 -*-\nNAME = 'caf\xe9'\n");
    repo.write("setup.py", b"# -*- coding: cp1252 -*-\nimport os\nos.mkdir('executed')\n# \x93\n");
    repo.write("zero.py", [0_u8; 4096]);
    repo.run(&["init", "--yes"]).ended(0, &["created Dockerfile", "`setup.py` is passed over"]);
    assert!(!repo.path().join("executed").exists(), "setup.py is never run");
    assert!(repo.read("Dockerfile").contains("app:app"));
}
