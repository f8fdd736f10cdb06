//! Python manifests as they are written in the world, ordinary and odd, and what must be understood of each.

use std::fmt::Write as _;

use dockgen::config::Settings;
use dockgen::fact::Layer;
use dockgen::plan::plan;
use dockgen::render::{Templates, render};
use dockgen::repo::Inventory;
use dockgen::stack;

/// A manifest beside a small Flask application, and words of what comes out of it. A leading `!` forbids them.
type Row = (&'static str, &'static str, &'static [&'static str]);

const APP: (&str, &str) = ("app.py", "from flask import Flask\napp = Flask(__name__)\n");

/// Ranges of versions, by every file and spelling that gives one.
const VERSIONS: &[Row] = &[
    (".python-version", "3.12\n", &["python:3.12-"]),
    (".python-version", "# the line\n3.12.4\n", &["python:3.12-"]),
    (".python-version", "cpython-3.13.1\n", &["python:3.13-"]),
    (".python-version", "3.13t\n", &["python:3.13-"]),
    (".python-version", "system\n3.11\n", &["python:3.11-"]),
    (".python-version", "pypy3.10\n", &["python:3.14-"]),
    ("runtime.txt", "python-3.11.9\n", &["python:3.11-"]),
    ("runtime.txt", "python-3.12.x\n", &["python:3.12-"]),
    (".tool-versions", "nodejs 22.1.0\npython 3.12.1 2.7.18\n", &["python:3.12-"]),
    ("mise.toml", "[tools]\npython = \"3.13\"\n", &["python:3.13-"]),
    ("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \">=3.9\"\n", &["python:3.14-"]),
    ("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \">=3.9,<3.13\"\n", &["python:3.12-"]),
    ("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \"~=3.11\"\n", &["python:3.14-"]),
    ("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \"~=3.11.0\"\n", &["python:3.11-"]),
    ("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \"==3.12.*\"\n", &["python:3.12-"]),
    ("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \"==3.12.7\"\n", &["python:3.12-"]),
    ("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \">=3.8, !=3.14.*\"\n", &["python:3.13-"]),
    ("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \"<=3.12\"\n", &["python:3.12-"]),
    ("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \"<4\"\n", &["python:3.14-"]),
    ("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \">3.10.2 , <3.13\"\n", &["python:3.12-"]),
    ("pyproject.toml", "[tool.poetry.dependencies]\npython = \"^3.10\"\n", &["python:3.14-", "poetry"]),
    ("pyproject.toml", "[tool.poetry.dependencies]\npython = \"~3.11\"\n", &["python:3.11-"]),
    ("pyproject.toml", "[tool.poetry.dependencies]\npython = \">=3.9,<3.13\"\n", &["python:3.12-"]),
    ("pyproject.toml", "[tool.poetry.dependencies]\npython = \"3.12.*\"\n", &["python:3.12-"]),
    ("pyproject.toml", "[tool.poetry.dependencies]\npython = \"3.11.7\"\n", &["python:3.11-"]),
    ("pyproject.toml", "[tool.poetry.dependencies]\npython = \"^3.11 || ^3.12\"\n", &["python:3.14-"]),
    ("pyproject.toml", "[tool.poetry.dependencies]\npython = \"*\"\n", &["python:3.14-"]),
    ("Pipfile", "[packages]\nflask = \"*\"\n[requires]\npython_version = \"3.12\"\n", &["python:3.12-"]),
    (
        "Pipfile",
        "[packages]\nflask = \"*\"\n[requires]\npython_full_version = \"3.11.4\"\n",
        &["python:3.11-"],
    ),
    (
        "setup.py",
        "from setuptools import setup\nsetup(name='a', python_requires='>=3.8,<3.12')\n",
        &["python:3.11-"],
    ),
    (
        "setup.py",
        "import setuptools as s\nfrom setuptools import setup as make\nsetup(\n  name = 'a' , # x\n  python_requires = \"<3.13\",\n)\n",
        &["python:3.12-"],
    ),
    ("setup.cfg", "[metadata]\nname = a\n[options]\npython_requires = >=3.8, <3.13\n", &["python:3.12-"]),
];

/// Packages, by every way to name them, and what each means for the image.
const PACKAGES: &[Row] = &[
    (
        "requirements.txt",
        "Flask == 3.1.0 # pinned\ngunicorn\n",
        &["-r requirements.txt", "gunicorn", "!added, because"],
    ),
    (
        "requirements.txt",
        "flask>=3,\\\n  <4\n",
        &["-r requirements.txt", "added, because nothing asks for it: gunicorn"],
    ),
    ("requirements.txt", "FLASK\nPsycopg2\n", &["libpq-dev", "libpq5"]),
    ("requirements.txt", "flask\npsycopg2_binary==2.9.11\n", &["!libpq"]),
    ("requirements.txt", "flask\npsycopg[binary]\n", &["!libpq"]),
    ("requirements.txt", "flask\npsycopg[c]\n", &["libpq-dev", "build-essential"]),
    ("requirements.txt", "flask\npsycopg\n", &["libpq5", "!libpq-dev"]),
    ("requirements.txt", "flask\nmysqlclient ; sys_platform == 'win32'\n", &["!libmariadb3"]),
    ("requirements.txt", "flask\nmysqlclient>=2\n", &["default-libmysqlclient-dev", "libmariadb3"]),
    ("requirements.txt", "flask\ngit+https://example.org/a/tool.git@v1#egg=tool\n", &["git=1:"]),
    ("requirements.txt", "flask\ntool @ git+https://example.org/a/tool.git\n", &["git=1:"]),
    (
        "requirements.txt",
        "--extra-index-url https://u:hunter2@pkgs.example.org/simple\nflask\n",
        &["id=pip_conf", "id=netrc", "pkgs.example.org", "!hunter2"],
    ),
    ("requirements.txt", "-i https://pypi.org/simple\nflask\n", &["!id=pip_conf"]),
    (
        "requirements.txt",
        "flask\nnumpy==1.24.4\n",
        &["python:3.11-", "numpy 1.24.4 has no wheel for Python 3.12"],
    ),
    ("requirements.txt", "flask\nnumpy==2.3.2\n", &["python:3.14-"]),
    ("requirements.txt", "flask\npydantic-core==2.20.1\n", &["python:3.13-"]),
    ("requirements.txt", "flask\nbackports.zoneinfo==0.2.1; python_version < \"3.9\"\n", &["python:3.14-"]),
    (
        "requirements.txt",
        "flask\nnumpy==1.24.4 ; python_version < \"3.12\"\nnumpy==2.3.2 ; python_version >= \"3.12\"\n",
        &["python:3.14-"],
    ),
    ("requirements.txt", "Django==4.2\nflask\n", &["python:3.11-"]),
    ("requirements/base.txt", "flask\n", &["-r requirements/base.txt"]),
    ("requirements/production.txt", "flask\n", &["-r requirements/production.txt"]),
    ("requirements.in", "flask\n", &["-r requirements.in"]),
    (
        "pyproject.toml",
        "[project]\nname = \"a\"\ndependencies = [\n  \"flask>=3\", # x\n  'psycopg2',\n]\n",
        &["uv pip install", "libpq5"],
    ),
    (
        "pyproject.toml",
        "[project]\nname = \"a\"\ndynamic = [\"dependencies\"]\n[build-system]\nrequires = [\"setuptools\"]\n",
        &["COPY . .", "install ."],
    ),
    (
        "pyproject.toml",
        "[project]\nname = \"a\"\ndependencies = [\"flask\"]\n[[tool.uv.index]]\nname = \"x\"\nurl = \"https://pkgs.example.org/simple\"\n",
        &["id=netrc"],
    ),
    (
        "pyproject.toml",
        "[project]\nname = \"a\"\n[project.scripts]\na-serve = \"app:app\"\n",
        &["uvicorn", "!a-serve"],
    ),
    (
        "pyproject.toml",
        "[tool.poetry.dependencies]\nflask = { version = \"^3\", extras = [\"async\"] }\ngunicorn = \"*\"\n",
        &["gunicorn", "!added, because"],
    ),
    (
        "pyproject.toml",
        "[tool.poetry.dependencies]\nflask = \"^3\"\ntool = { git = \"https://example.org/tool.git\" }\n",
        &["git=1:"],
    ),
    ("pyproject.toml", "[tool.black]\nline-length = 100\n", &["!uv pip install", "!poetry"]),
    ("pyproject.toml", "", &["gunicorn"]),
    (
        "Pipfile",
        "[packages]\nflask = {version = \"*\", extras = [\"async\"]}\nmysqlclient = \"~=2.2\"\n",
        &["pipenv", "libmariadb3"],
    ),
    (
        "Pipfile",
        "[[source]]\nurl = \"https://pkgs.example.org/simple\"\nname = \"x\"\nverify_ssl = true\n[packages]\nflask = \"*\"\n",
        &["pipenv lock", "id=netrc"],
    ),
    (
        "setup.py",
        "from setuptools import setup\nsetup(name='a', install_requires=['flask', 'gunicorn>=20'])\n",
        &["install flask 'gunicorn>=20'", "!added, because"],
    ),
    (
        "setup.py",
        "from setuptools import setup\nsetup(name='a', install_requires=open('reqs').read().split())\n",
        &["install ."],
    ),
    (
        "setup.cfg",
        "[metadata]\nname = a\n[options]\ninstall_requires =\n  flask\n  # a remark\n  psycopg2\n",
        &["install .", "libpq5"],
    ),
    ("setup.cfg", "[flake8]\nmax-line-length = 100\n", &["!install ."]),
    ("Procfile", "web: gunicorn -w 3 app:app --log-file -\n", &["0.0.0.0:8000", "!log-file"]),
    (
        "Procfile",
        "release: python manage.py migrate\nweb: gunicorn --bind 0.0.0.0:$PORT app:app\n",
        &["gunicorn", "!$PORT", "!migrate"],
    ),
    // conda: what pip has of it.
    (
        "environment.yml",
        "name: x\ndependencies:\n  - python=3.12\n  - flask\n  - numpy=1.26\n  - cudatoolkit=11\n  - pip:\n    - requests==2.32.0\n",
        &[
            "python:3.12-",
            "install flask 'numpy==1.26.*' requests==2.32.0 ",
            "left out, because pip does not have it: cudatoolkit",
        ],
    ),
    ("environment.yml", "production:\n  host: x\n", &["!environment.yml"]),
    // PyTorch with CUDA is said to be large, and the other wheels are offered.
    ("requirements.txt", "flask\ntorch==2.5.1\n", &["--set python.torch=cpu", "!whl/cpu"]),
    ("requirements.txt", "flask\nsentence-transformers\n", &["--set python.torch=cpu"]),
    (
        "requirements.txt",
        "--extra-index-url https://download.pytorch.org/whl/cpu\nflask\ntorch\n",
        &["!python.torch"],
    ),
];

/// Lock files name their wheels: the newest Python for which every native package has one.
const LOCKS: &[(&str, &str, &str, &str, &[&str])] = &[
    (
        "pyproject.toml",
        "[project]\nname = \"a\"\nversion = \"1\"\nrequires-python = \">=3.10\"\ndependencies = [\"flask\", \"fastnum\"]\n",
        "uv.lock",
        "version = 1\n[[package]]\nname = \"fastnum\"\nversion = \"1.0\"\nwheels = [{ url = \"https://x/fastnum-1.0-cp312-cp312-manylinux_2_17_x86_64.whl\" }, { url = \"https://x/fastnum-1.0-cp313-cp313-win_amd64.whl\" }]\n",
        &["python:3.12-", "fastnum 1.0 has no wheel for Python 3.13", "uv sync --frozen"],
    ),
    (
        "pyproject.toml",
        "[project]\nname = \"a\"\nversion = \"1\"\nrequires-python = \">=3.10\"\ndependencies = [\"flask\", \"fastnum\"]\n",
        "uv.lock",
        "version = 1\n[[package]]\nname = \"fastnum\"\nversion = \"1.0\"\nwheels = [{ url = \"https://x/fastnum-1.0-cp38-abi3-manylinux_2_17_x86_64.whl\" }]\n[[package]]\nname = \"devtool\"\nversion = \"1.0\"\nwheels = [{ url = \"https://x/devtool-1.0-cp311-cp311-manylinux_2_17_x86_64.whl\" }]\n",
        &["python:3.14-", "!devtool 1.0 has no wheel"],
    ),
    (
        "pyproject.toml",
        "[tool.poetry]\nname = \"a\"\n[tool.poetry.dependencies]\npython = \"^3.9\"\nflask = \"^3\"\nfastnum = \"^1\"\n",
        "poetry.lock",
        "# This file is automatically @generated by Poetry 2.1.1\n[[package]]\nname = \"fastnum\"\nversion = \"1.0\"\nfiles = [{ file = \"fastnum-1.0-cp311-cp311-manylinux_2_17_x86_64.whl\", hash = \"sha256:a\" }, { file = \"fastnum-1.0.tar.gz\", hash = \"sha256:b\" }]\n",
        &["python:3.11-", "fastnum 1.0 has no wheel for Python 3.12", "poetry>=2"],
    ),
    (
        "pyproject.toml",
        "[tool.poetry]\nname = \"a\"\n[tool.poetry.dependencies]\npython = \"^3.8\"\nflask = \"^2\"\nfastnum = \"^1\"\n",
        "poetry.lock",
        "[[package]]\nname = \"fastnum\"\nversion = \"1.0\"\n[metadata.files]\nfastnum = [{ file = \"fastnum-1.0-cp39-cp39-manylinux2014_x86_64.whl\", hash = \"sha256:a\" }]\n",
        &["python:3.9-", "poetry>=1.8,<2"],
    ),
    (
        "pyproject.toml",
        "[project]\nname = \"a\"\nrequires-python = \">=3.9\"\ndependencies = [\"flask\", \"fastnum\"]\n",
        "pdm.lock",
        "[[package]]\nname = \"fastnum\"\nversion = \"1.0\"\nfiles = [{file = \"fastnum-1.0-cp313-cp313-manylinux_2_28_x86_64.whl\", hash = \"sha256:a\"}]\n",
        &["python:3.13-", "fastnum 1.0 has no wheel for Python 3.14", "pdm export"],
    ),
    (
        "Pipfile",
        "[packages]\nflask = \"*\"\nnumpy = \"*\"\n",
        "Pipfile.lock",
        "{\"default\": {\"numpy\": {\"version\": \"==1.26.4\"}}}",
        &["python:3.12-", "numpy 1.26.4 has no wheel for Python 3.13", "pipenv requirements --hash"],
    ),
];

#[test]
fn lock_files_decide_the_newest_line() {
    let mut findings = String::new();
    for (manifest, text, lock, locked, expected) in LOCKS {
        check(&[APP, (manifest, text), (lock, locked)], expected, &mut findings);
    }
    assert!(findings.is_empty(), "{findings}");
}

#[test]
fn manifests_are_understood() {
    let mut findings = String::new();
    for (file, text, expected) in VERSIONS.iter().chain(PACKAGES) {
        check(&[APP, (*file, *text)], expected, &mut findings);
    }
    assert!(findings.is_empty(), "{findings}");
}

#[test]
fn pytorch_comes_without_cuda_on_wish() {
    let mut findings = String::new();
    let mut settings = Settings::default();
    settings.set("python.torch=cpu", Layer::Flag, &stack::keys()).unwrap();
    for (file, text, expected) in [
        (
            "requirements.txt",
            "flask\ntorch\n",
            "pip --python /opt/venv install --extra-index-url https://download.pytorch.org/whl/cpu -r requirements.txt",
        ),
        (
            "pyproject.toml",
            "[project]\nname = \"a\"\ndependencies = [\"flask\", \"torch\"]\n",
            "uv pip install --python /opt/venv --torch-backend=cpu -r pyproject.toml",
        ),
        ("requirements.txt", "flask\n", "!whl/cpu"),
        (
            "requirements.txt",
            "torch==2.5.1 --hash=sha256:aa\n",
            "`python.torch` is not granted: the lock file names the wheels",
        ),
    ] {
        check_with(&settings, &[APP, (file, text)], &[expected], &mut findings);
    }
    assert!(findings.is_empty(), "{findings}");
}

fn check(files: &[(&str, &str)], expected: &[&str], findings: &mut String) {
    check_with(&Settings::default(), files, expected, findings);
}

fn check_with(settings: &Settings, files: &[(&str, &str)], expected: &[&str], findings: &mut String) {
    let inventory = Inventory::from_files(files.iter().copied());
    let plan = plan(&inventory, settings);
    let mut out = String::new();
    for finding in &plan.diagnostics {
        let _ = writeln!(out, "{finding:?}");
    }
    let templates = Templates::builtin().expect("the templates load");
    let printed = render(&plan, &templates).expect("what is planned is printed");
    out.extend(printed.into_iter().map(|files| files.dockerfile.text));
    out.push_str(&serde_json::to_string(&plan).expect("a plan is JSON"));
    for words in expected {
        let is_wrong = match words.strip_prefix('!') {
            Some(words) => out.contains(words),
            None => !out.contains(words),
        };
        if is_wrong {
            let _ = writeln!(findings, "{:?}: {words}", &files[1..]);
        }
    }
}
