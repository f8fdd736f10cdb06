//! What `dockgen migrate` makes of old files as people write them: found on whole repositories, one test each.

use crate::migrate::{NODE, restaged};
use crate::repo::{GO, Repo};

/// What a check said of its times, and one that a file of the repository makes.
#[test]
fn an_old_check_keeps_its_rhythm() {
    let old = |check: &str| {
        format!(
            "FROM node:24\nWORKDIR /srv/app\nCOPY . .\nRUN npm install\nEXPOSE 3000\n{check}\nCMD [\"node\", \"server.js\"]\n"
        )
    };
    let check = "HEALTHCHECK --interval=5s --timeout=2s --start-period=1m --retries=2 CMD curl -f http://localhost:3000/up";
    let (ran, text) = restaged(&NODE[..2], &old(check));
    let new = "HEALTHCHECK --interval=5s --timeout=2s --start-period=60s --retries=2 \\";
    assert!(text.contains(new) && text.contains("/up"), "{ran}{text}");
    let probe = ("probe.js", "process.exit(0)\n");
    let check = "HEALTHCHECK --interval=5s CMD [\"node\", \"/srv/app/probe.js\"]";
    let (ran, text) = restaged(&[NODE[0], NODE[1], probe], &old(check));
    assert!(text.contains("HEALTHCHECK --interval=5s CMD [\"node\",\"/app/probe.js\"]"), "{ran}{text}");
    assert_eq!(text.matches("HEALTHCHECK").count(), 1, "{text}");
}

/// Folders, names and files that the old image had in the program's own folder are there again.
#[test]
fn what_lay_beside_the_program_lies_beside_it_again() {
    let (ran, text) = restaged(
        &[NODE[0], NODE[1], ("env.sample", "A=1\n")],
        "FROM node:24\nWORKDIR /srv/shop\nENV UPLOADS=/srv/shop/uploads OTHER=/srv/shopping\nCOPY env.sample .env\nCOPY . .\nRUN npm install && mkdir -p uploads\nVOLUME /srv/shop/uploads\nEXPOSE 3000\nCMD [\"node\", \"server.js\"]\n",
    );
    for words in [
        "COPY env.sample .env",
        "RUN mkdir -p uploads",
        "VOLUME [\"/app/uploads\"]",
        "UPLOADS=/app/uploads",
        "OTHER=/srv/shopping",
    ] {
        assert!(text.contains(words), "no `{words}`: {ran}{text}");
    }
    assert!(ran.out.contains("mount there what was mounted at `/srv/shop/uploads`"), "{ran}");
}

/// What old files do by hand: a time zone, an environment of its own, a folder that was copied to another place.
#[test]
fn what_people_do_by_hand_is_understood() {
    let (ran, text) = restaged(
        &NODE[..2],
        "FROM node:24\nENV ZONE=Asia/Shanghai\nRUN ln -snf /usr/share/zoneinfo/$ZONE /etc/localtime && echo $ZONE > /etc/timezone\nCOPY . .\nRUN npm install\nEXPOSE 3000\nCMD [\"node\", \"server.js\"]\n",
    );
    assert!(text.contains("TZ=Asia/Shanghai") && text.contains("tzdata"), "{ran}{text}");
    assert!(ran.out.contains("the time zone is Asia/Shanghai") && !ran.out.contains("for a person"), "{ran}");
    let python = [
        ("requirements.txt", "flask==3.0\ngunicorn==23.0\n"),
        (
            "src/run.py",
            "from flask import Flask\napp = Flask(__name__)\nif __name__ == '__main__':\n    app.run()\n",
        ),
        ("boot.sh", "#!/bin/sh\n. venv/bin/activate\nexec gunicorn -b :5000 run:app\n"),
    ];
    let (ran, text) = restaged(
        &python,
        "FROM python:3.13\nWORKDIR /srv\nCOPY . .\nRUN python -m venv venv && venv/bin/pip install -i http://mirror.example/simple --trusted-host mirror.example -r requirements.txt\nEXPOSE 5000\nENTRYPOINT [\"./boot.sh\"]\n",
    );
    assert!(text.contains("RUN ln -s /opt/venv venv"), "{ran}{text}");
    let (ran, text) = restaged(
        &python[..2],
        "FROM python:3.13\nWORKDIR /srv\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY src /srv\nEXPOSE 5000\nCMD [\"python\", \"run.py\"]\n",
    );
    assert!(ran.out.contains("`src` lies where it lies in the repository"), "{ran}{text}");
    assert!(!text.contains("[\"python\", \"run.py\"]"), "{text}");
}

/// What the old image had to start the program with, and the new one has not.
#[test]
fn a_start_calls_nothing_that_the_runtime_lacks() {
    let poetry = [
        (
            "pyproject.toml",
            "[tool.poetry]\nname = \"x\"\nversion = \"1\"\n[tool.poetry.dependencies]\npython = \"^3.13\"\nflask = \"3\"\nalembic = \"1\"\n",
        ),
        ("poetry.lock", "[metadata]\nlock-version = \"2.1\"\npython-versions = \"^3.13\"\n"),
        ("main.py", "from flask import Flask\napp = Flask(__name__)\n"),
    ];
    let old = |start: &str| {
        format!(
            "FROM python:3.13\nWORKDIR /app\nCOPY pyproject.toml poetry.lock /tmp/\nRUN pip install poetry && poetry install\nCOPY . .\nEXPOSE 8000\n{start}\n"
        )
    };
    let (ran, text) = restaged(
        &poetry,
        &old("CMD poetry run alembic upgrade head && \\\n    poetry run flask run -p 8000"),
    );
    assert!(
        text.contains("[\"/bin/sh\", \"-c\", \"alembic upgrade head && flask run -p 8000\"]"),
        "{ran}{text}"
    );
    assert!(!text.contains("COPY pyproject"), "what is installed from is not shipped: {text}");
    let (ran, text) = restaged(&poetry, &old("CMD [\"poetry\", \"run\", \"flask\", \"run\"]"));
    assert!(!text.contains("CMD [\"poetry\""), "{ran}{text}");
    let script = ("start.sh", "#!/bin/sh\nexec poetry run flask run\n");
    let (ran, _) = restaged(&[poetry[0], poetry[1], poetry[2], script], &old("CMD [\"./start.sh\"]"));
    assert!(ran.out.contains("the start calls `poetry`, which the runtime does not have"), "{ran}");
    let package = "{\"scripts\":{\"start\":\"node server.js\",\"start:dev\":\"nodemon server.js\"},\"dependencies\":{\"express\":\"4\"},\"devDependencies\":{\"nodemon\":\"3\"}}";
    let (ran, text) = restaged(
        &[("package.json", package), NODE[1]],
        "FROM node:24\nWORKDIR /app\nCOPY . .\nRUN npm install\nEXPOSE 3000\nCMD [\"npm\", \"run\", \"start:dev\"]\n",
    );
    let last = text.lines().rfind(|line| line.starts_with("CMD ")).unwrap_or_default();
    assert!(last.contains("server.js") && !last.contains("start:dev"), "{ran}{text}");
}

/// An old Go compiled what a newer one compiles.
#[test]
fn a_go_without_an_image_is_no_reason_to_refuse() {
    let (ran, text) = restaged(
        &[("go.mod", "module example.com/hello\n\ngo 1.13\n"), GO[1]],
        "FROM golang:1.6\nCOPY . .\nRUN go build -o app\nCMD [\"./app\"]\n",
    );
    assert!(text.contains("dockgen:generated"), "{ran}{text}");
}

/// An environment that people work in ships nothing, and is no program's image.
#[test]
fn an_image_without_the_repository_in_it_is_not_rebuilt() {
    let repo = Repo::new(GO);
    repo.write("Dockerfile", "FROM golang:1.26-alpine\nRUN apk add git\nWORKDIR /app\n");
    let ran = repo.run_without_a_trace(&["migrate"]);
    assert!(ran.out.contains("nothing of the repository is copied"), "{ran}");
    assert!(!ran.out.contains("dockgen:generated"), "{ran}");
}

/// A company's folder beside the repository holds for a migration as it does for `init`: its settings, its templates, and
/// the stacks that it declares.
#[test]
fn a_companys_folder_outside_of_the_repository_is_read() {
    let all = Repo::new(&[
        ("ops/dockgen/dockgen.toml", "[labels]\nteam = \"platform\"\n"),
        ("shop/dockgen.toml", "extends = \"../ops/dockgen\"\n"),
        ("shop/package.json", NODE[0].1),
        ("shop/server.js", NODE[1].1),
        ("shop/Dockerfile", NODE[2].1),
    ]);
    all.run(&["migrate", "shop", "--write", "--allow-dirty", "--accept-open"]).ended(0, &["written"]);
    let text = all.read("shop/Dockerfile");
    assert!(text.contains("team=platform"), "{text}");
    all.run(&["init", "shop", "--check"]).ended(0, &["up to date"]);
    all.edit("shop/Dockerfile", "EXPOSE 3000", "# ours\nEXPOSE 3000");
    all.run(&["migrate", "shop", "--write", "--allow-dirty"]).ended(0, &["written"]);
    assert!(
        all.read("shop/dockgen.toml").contains("EXPOSE = [\"# ours\"]"),
        "{}",
        all.read("shop/dockgen.toml")
    );
    all.write("shop/dockgen.toml", "extends = \"../nowhere\"\n");
    all.run(&["migrate", "shop"]).ended(1, &["dockgen.toml:1", "`extends`"]);
    all.write("shop/dockgen.toml", "extends = \"../ops/dockgen\"\n");
    all.write("ops/dockgen/detectors/cobol.toml", "name = \"COBOL\"\nfils = []\n");
    all.write("ops/dockgen/detectors/php.toml", "name = 7\n");
    let wrong = &["cobol.toml:2: ", "fils", "php.toml:1: "];
    all.run(&["migrate", "shop"]).ended(1, wrong);
    all.run(&["inventory", "shop"]).ended(1, wrong);
    all.run(&["plan", "shop"]).ended(2, &["cobol.toml:2", "fils", "php.toml:1"]);
}

/// The version of the old base is the program's, not the one of the front end beside it.
#[test]
fn a_front_end_beside_python_keeps_its_own_version() {
    let files = [
        ("requirements.txt", "flask==3.0\n"),
        ("run.py", "from flask import Flask\napp = Flask(__name__)\n"),
        ("package.json", "{\"scripts\":{\"build\":\"vite build\"},\"devDependencies\":{\"vite\":\"5\"}}"),
        ("vite.config.js", "export default { build: {\n outDir: 'static' } }"),
    ];
    let (ran, text) = restaged(
        &files,
        "FROM python:3.10\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"flask\", \"run\"]\n",
    );
    assert!(text.contains("FROM python:3.10-") && text.contains("node:24-"), "{ran}{text}");
}

#[test]
fn scripts_that_an_entry_script_calls_are_followed_one_by_one() {
    let go = [GO[0], GO[1]];
    let entry = "#!/bin/sh\n. ./scripts/lib.sh\nsh scripts/wait.sh\nexec ./hello \"$@\"\n";
    let files = [
        go[0],
        go[1],
        ("entry.sh", entry),
        ("scripts/lib.sh", "say() { echo \"$1\"; }\n"),
        // The two call each other, and the second needs a tool.
        ("scripts/wait.sh", "#!/bin/sh\n[ -n \"$AGAIN\" ] || sh scripts/ready.sh\n"),
        (
            "scripts/ready.sh",
            "#!/bin/sh\nuntil nc -z db 5432; do sleep 1; done\nAGAIN=1 sh scripts/wait.sh\n",
        ),
    ];
    let (ran, text) = restaged(
        &files,
        "FROM golang:1.26-alpine\nWORKDIR /srv\nCOPY . .\nRUN go build -o hello .\nENTRYPOINT [\"./entry.sh\"]\n",
    );
    for words in ["entry.sh", "scripts/lib.sh", "scripts/wait.sh", "scripts/ready.sh", "netcat-openbsd"] {
        assert!(text.contains(words), "no `{words}`: {ran}{text}");
    }
}

#[test]
fn packages_come_from_where_they_came_from() {
    let (ran, text) = restaged(
        GO,
        "FROM golang:1.26\nENV GOPROXY https://goproxy.acme.example,direct\nENV GO111MODULE=on\nWORKDIR /src\nCOPY . .\nRUN go build -o /hello .\nCMD [\"/hello\"]\n",
    );
    let deps = text.find("AS deps").expect("a stage");
    let at =
        text.find("ENV GOPROXY=https://goproxy.acme.example,direct").unwrap_or_else(|| panic!("{ran}{text}"));
    assert!(
        at > deps && at < text.find("RUN go mod download").expect("modules"),
        "before anything asks for one: {text}"
    );
    assert!(ran.out.contains("kept as stages.deps.env.GOPROXY") && !text.contains("GO111MODULE"), "{ran}");
    // It is no secret, unless there is one in it.
    let repo = Repo::new(GO);
    repo.write(
        "Dockerfile",
        "FROM golang:1.26\nENV GOPROXY=https://me:hunter2@goproxy.acme.example\nCOPY . .\nRUN go build -o /hello .\nCMD [\"/hello\"]\n",
    );
    let ran = repo.run(&["migrate"]);
    assert!(!ran.out.contains("hunter2") && ran.out.contains("the value cannot be carried"), "{ran}");
}

#[test]
fn the_list_that_the_old_image_was_installed_from_is_the_one() {
    let files = [
        ("requirements.txt", "flask==3.1.0\n"),
        ("Pipfile", "[packages]\nflask = \"*\"\n[requires]\npython_version = \"3.13\"\n"),
        ("Pipfile.lock", "{\"default\":{\"flask\":{\"version\":\"==3.1.0\"}},\"develop\":{}}"),
        ("app.py", "from flask import Flask\napp = Flask(__name__)\n"),
    ];
    let old = "FROM python:3.13\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"flask\", \"run\", \"--host=0.0.0.0\"]\n";
    let (ran, text) = restaged(&files, old);
    assert!(text.contains("install -r requirements.txt") && !text.contains("pipenv"), "{ran}{text}");
    let (ran, text) = restaged(
        &files,
        &old.replace("pip install -r requirements.txt", "pip install pipenv && pipenv install --system"),
    );
    assert!(text.contains("pipenv"), "{ran}{text}");
}

#[test]
fn a_start_that_was_written_for_the_root_finds_its_modules() {
    let files = [
        ("requirements.txt", "django==5.2\ngunicorn==23.0.0\n"),
        (
            "shop/manage.py",
            "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.conf.settings')\n",
        ),
        ("shop/conf/__init__.py", ""),
        (
            "shop/conf/settings.py",
            "ROOT_URLCONF = 'shop.conf.urls'\nWSGI_APPLICATION = 'shop.conf.wsgi.application'\n",
        ),
        ("shop/conf/wsgi.py", "application = None\n"),
    ];
    let old = "FROM python:3.13\nWORKDIR /code\nCOPY . .\nRUN pip install -r requirements.txt\nEXPOSE 8000\nCMD [\"gunicorn\", \"--bind\", \":8000\", \"shop.conf.wsgi:application\"]\n";
    let (ran, text) = restaged(&files, old);
    let starts_below = text.contains("WORKDIR /app/shop\n");
    assert!(starts_below && text.contains("PYTHONPATH=/app"), "{ran}{text}");
}

#[test]
fn a_port_that_the_servers_own_configuration_binds_is_the_port() {
    let files = [
        ("requirements.txt", "flask==3.1.0\ngunicorn==23.0.0\n"),
        ("run.py", "from flask import Flask\napp = Flask(__name__)\n"),
        ("gunicorn-cfg.py", "# where it listens\nbind = '0.0.0.0:5005'\nworkers = 1\n"),
    ];
    let old = "FROM python:3.13\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"gunicorn\", \"--config\", \"gunicorn-cfg.py\", \"run:app\"]\n";
    let (ran, text) = restaged(&files, old);
    assert!(text.contains("EXPOSE 5005") && text.contains("'127.0.0.1',5005"), "{ran}{text}");
    // What the old file exposes outranks it.
    let (ran, text) = restaged(&files, &old.replace("COPY . .", "EXPOSE 7000\nCOPY . ."));
    assert!(text.contains("EXPOSE 7000"), "{ran}{text}");
}
