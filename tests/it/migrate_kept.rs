//! What an old file did to an image that stages alone would lose: the list it installed, the scripts it ran, the port and the
//! options of its start.

use crate::migrate::{NODE, restaged};
use crate::repo::Repo;

const FLASK: &[(&str, &str)] =
    &[("requirements.txt", "flask==3.1.0\n"), ("app.py", "from flask import Flask\napp = Flask(__name__)\n")];

/// A list that dockgen would not have chosen, and a Pipfile beside it that the old image never saw.
#[test]
fn packages_and_version_are_those_of_the_list_that_was_installed() {
    let files = [
        FLASK,
        &[
            ("prod_requirements.txt", "-r requirements.txt\npsycopg2-binary==2.9.10\ngunicorn==23.0.0\n"),
            ("dev-requirements.txt", "pytest\n"),
            ("Pipfile", "[packages]\nflask = \"*\"\n[requires]\npython_version = \"3.12\"\n"),
            ("Pipfile.lock", "{\"default\": {\"flask\": {\"version\": \"==3.1.0\"}}}"),
        ],
    ]
    .concat();
    let (ran, text) = restaged(
        &files,
        "FROM python:3.13\nWORKDIR /code\nCOPY requirements.txt prod_requirements.txt dev-requirements.txt /tmp/\nRUN pip install -r /tmp/prod_requirements.txt -r /tmp/dev-requirements.txt\nCOPY . .\nCMD [\"gunicorn\", \"-b\", \":8000\", \"app:app\"]\n",
    );
    assert!(text.contains("install -r prod_requirements.txt\n"), "{ran}{text}");
    assert!(text.contains("FROM python:3.13-slim"), "the Pipfile is of another way to install: {ran}{text}");
    let (ran, _) = restaged(
        &[FLASK, &[("more.txt", "redis\n")]].concat(),
        "FROM python:3.13\nCOPY . .\nRUN pip install -r requirements.txt\nRUN pip install -r more.txt\nCMD [\"flask\", \"run\"]\n",
    );
    assert!(ran.out.contains("for a person: `more.txt` is installed besides"), "{ran}");
    let repo = Repo::new(FLASK);
    repo.write("dockgen.toml", "[python]\nrequirements = \"gone.txt\"\n");
    repo.run(&["plan"]).ended(2, &["there is no `gone.txt`, which python.requirements names"]);
}

/// What a script of the old build made is made again; those that only check are not.
#[test]
fn scripts_that_the_old_build_ran_are_run_again() {
    let manifest = "{\"name\":\"x\",\"scripts\":{\"start\":\"node server.js\",\"theme\":\"true\",\"warm\":\"true\",\"lint\":\"true\"},\"dependencies\":{\"express\":\"4\"}}";
    let files = [("package.json", manifest), NODE[1]];
    let old = |run: &str| {
        format!(
            "FROM node:24\nWORKDIR /srv\nCOPY . .\nRUN npm install\nRUN {run}\nEXPOSE 3000\nCMD [\"npm\", \"start\"]\n"
        )
    };
    for (run, command) in [
        ("npm run theme -- --min && npm run lint", Some("RUN npm run theme -- --min\n")),
        ("sudo npm run warm", Some("RUN npm run warm\n")),
        ("npm run lint", None),
    ] {
        let (ran, text) = restaged(&files, &old(run));
        match command {
            Some(command) => assert!(text.contains(command) && text.contains("AS build"), "{ran}{text}"),
            None => assert!(!text.contains("AS build"), "{ran}{text}"),
        }
    }
    let (ran, _) = restaged(&files, &old("npm run gone"));
    assert!(ran.out.contains("for a person: package.json has no script `gone`"), "{ran}");
    // The packages of a folder are not those of the program.
    let files = [files[0], files[1], ("client/package.json", "{\"scripts\":{\"build\":\"vite build\"}}")];
    for run in ["cd client && npm install && npm run build", "cd /srv/client && npm ci"] {
        let (ran, text) = restaged(&files, &old(run));
        assert!(ran.out.contains("`client` is a project of its own, and no stage builds that"), "{ran}");
        assert!(!text.contains("AS build"), "{text}");
    }
}

/// A ledger names only stages that the new file has.
#[test]
fn a_plan_without_a_build_claims_none() {
    let (ran, text) = restaged(
        NODE,
        "FROM node:24\nWORKDIR /srv\nCOPY package*.json ./\nRUN npm install\nCOPY server.js ./\nEXPOSE 3000\nCMD [\"node\", \"server\"]\n",
    );
    assert!(!text.contains("AS build"), "{text}");
    assert!(ran.out.contains("superseded by runtime, which copies the sources"), "{ran}");
    assert!(!ran.out.contains("superseded by build"), "{ran}");
    assert!(!ran.out.contains("lies where it lies in the repository"), "`server` is `server.js`: {ran}");
}

/// Who builds is root, and what is left to a person leaves nothing behind that could be worked on.
#[test]
fn what_nobody_made_is_not_worked_on() {
    let old = "FROM node:24\nWORKDIR /srv\nRUN sudo curl -L https://example.com/tool -o /usr/local/bin/tool\nRUN sudo chmod a+rx /usr/local/bin/tool\nRUN sudo mkdir -p /var/spool/x\nCOPY . .\nRUN npm install\nEXPOSE 3000\nCMD [\"npm\", \"start\"]\n";
    let (ran, text) = restaged(NODE, old);
    assert!(ran.out.contains("what makes `/usr/local/bin/tool` is left to a person as well"), "{ran}");
    assert!(text.contains("RUN mkdir -p /var/spool/x\n") && !text.contains("sudo"), "{text}");
}

/// The check asks the port that the start binds, where the old file exposes none.
#[test]
fn a_start_that_stays_binds_the_port_that_it_bound() {
    for (start, port) in [
        ("CMD [\"flask\", \"run\", \"--host=0.0.0.0\"]", 5000),
        ("CMD flask run --host 0.0.0.0 -p 5055", 5055),
        ("ENV FLASK_RUN_PORT=5056\nCMD [\"flask\", \"run\", \"--host=0.0.0.0\"]", 5056),
        ("ENV P=7001\nCMD sleep 1 && gunicorn -b 0.0.0.0:$P app:app", 7001),
        ("CMD sleep 1 && gunicorn --bind=0.0.0.0:${PORT:-7002} app:app", 7002),
        ("CMD [\"./run.sh\"]", 7003),
    ] {
        let script = ("run.sh", "#!/bin/sh\nflask db upgrade\nexec waitress-serve --port=7003 app:app\n");
        let (ran, text) = restaged(
            &[FLASK, &[script]].concat(),
            &format!(
                "FROM python:3.13\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt\n{start}\n"
            ),
        );
        assert!(text.contains(&format!("EXPOSE {port}\n")), "{start}: {ran}{text}");
        assert!(text.contains(&format!("'127.0.0.1',{port}")), "{start}: {ran}{text}");
    }
    // A start of another server needs no gunicorn.
    let (ran, text) = restaged(
        FLASK,
        "FROM python:3.13\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"flask\", \"run\"]\n",
    );
    assert!(!text.contains("gunicorn>="), "{ran}{text}");
}

const JAVA: &[(&str, &str)] = &[
    (
        "pom.xml",
        "<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>app</artifactId><version>1</version>\
         <parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId>\
         <version>3.5.6</version></parent><dependencies><dependency><groupId>org.springframework.boot</groupId>\
         <artifactId>spring-boot-starter-web</artifactId></dependency></dependencies><build><plugins><plugin>\
         <groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>",
    ),
    (
        "src/main/java/A.java",
        "import org.springframework.boot.autoconfigure.SpringBootApplication;
@SpringBootApplication
public class A {
    public static void main(String[] a) {}
}
",
    ),
];

/// Whoever sets a variable for the container counts on the shell that reads it; arguments stay behind the program.
#[test]
fn options_and_arguments_of_java_stay() {
    for (start, new) in [
        (
            "ENTRYPOINT exec java $JAVA_OPTS -Dx=y -jar /app.jar",
            "ENTRYPOINT [\"/bin/sh\", \"-c\", \"exec java $JAVA_OPTS -Dx=y -jar app.jar\"]",
        ),
        (
            "ENTRYPOINT [\"sh\", \"-c\", \"sleep 2; java $JAVA_OPTS -jar /app.jar ${0} ${@}\"]",
            "ENTRYPOINT [\"sh\", \"-c\", \"sleep 2; exec java $JAVA_OPTS -jar app.jar ${0} ${@}\"]",
        ),
        (
            "ENTRYPOINT [\"java\", \"-jar\", \"/app.jar\", \"--spring.profiles.active=prod\"]",
            "ENTRYPOINT [\"java\", \"-jar\", \"app.jar\", \"--spring.profiles.active=prod\"]",
        ),
    ] {
        let (ran, text) = restaged(
            JAVA,
            &format!("FROM openjdk:17\nENV JAVA_OPTS=-Xmx256m\nCOPY target/app-1.jar /app.jar\n{start}\n"),
        );
        assert!(text.contains(new), "{ran}{text}");
        assert!(text.contains("JAVA_OPTS=-Xmx256m"), "{text}");
    }
}

/// The table of all files and `--only easy` know what a migration will say.
#[test]
fn the_inventory_calls_nothing_easy_that_a_migration_leaves() {
    let repo = Repo::new(NODE);
    repo.write("db/Dockerfile", "FROM postgres:17\nCOPY a.sql /docker-entrypoint-initdb.d/\n");
    repo.write("deploy/Dockerfile", "FROM node:24\nCOPY . .\nCMD [\"npm\", \"start\"]\n");
    let table = repo.run(&["inventory"]);
    assert!(table.out.contains("3 files: 1 easy, 2 hard"), "{table}");
    let ran = repo.run(&["migrate", "--only", "easy", "."]);
    ran.ended(0, &["1 would change", "2 left out", "next: dockgen migrate --write --only easy ."]);
    let repo = Repo::new(&[("app.go", "package main\n"), ("Dockerfile", "FROM golang:1.10\nCOPY . .\n")]);
    for command in ["inventory", "migrate"] {
        let ran = repo.run(&[command]);
        assert!(ran.out.contains("`app.go` is there, and no go.mod"), "{ran}");
    }
}

/// The program's folder has another name, and the old start may have been in one beside it or below it.
#[test]
fn a_start_finds_its_files_where_they_lie_now() {
    let server =
        [NODE[0], NODE[1], ("bin/run.sh", "#!/bin/sh\nexec node \"$@\"\n"), ("run.sh", "#!/bin/sh\n")];
    for (old, new) in [
        (
            "ADD . /src\nRUN cd /src; npm install\nCMD [\"node\", \"/src/server.js\", \"--x\"]",
            "[\"node\", \"server.js\", \"--x\"]",
        ),
        (
            "WORKDIR /srv/bin\nCOPY . /srv\nRUN cd /srv && npm install\nCMD [\"node\", \"../server.js\", \"--conf=/srv/run.sh\"]",
            "[\"node\", \"server.js\", \"--conf=/app/run.sh\"]",
        ),
        ("WORKDIR /srv\nCOPY . .\nRUN npm install\nCMD [\"/srv/run.sh\"]", "[\"./run.sh\"]"),
        (
            "WORKDIR /srv\nCOPY . .\nRUN npm install\nCMD [\"/sbin/tini\", \"-g\", \"--\", \"/srv/bin/run.sh\", \"a\"]",
            "[\"bin/run.sh\", \"a\"]",
        ),
        (
            "WORKDIR /srv\nCOPY . .\nRUN npm install\nCMD cd /srv/bin && /srv/run.sh && node /srv/server.js > /tmp/log",
            "[\"/bin/sh\", \"-c\", \"cd bin && ./run.sh && node server.js > /tmp/log\"]",
        ),
    ] {
        let (ran, text) = restaged(&server, &format!("FROM node:24\n{old}\n"));
        assert!(text.contains(&format!("CMD {new}\n")), "{old}: {ran}{text}");
    }
    let (ran, _) = restaged(
        &[NODE[0], NODE[1], ("api/package.json", "{\"scripts\":{\"serve\":\"node x\"}}")],
        "FROM node:24\nWORKDIR /srv/api\nCOPY . /srv\nRUN npm install\nCMD [\"npm\", \"run\", \"serve\"]\n",
    );
    assert!(ran.out.contains("the old image started in `api`, and the new one does not"), "{ran}");
    let (ran, text) = restaged(
        FLASK,
        "FROM python:3.13\nCOPY . .\nRUN pip install -r requirements.txt gunicorn\nCMD [\"/usr/local/bin/gunicorn\", \"-b\", \":8000\", \"app:app\"]\n",
    );
    assert!(text.contains("CMD [\"gunicorn\", \"-b\", \":8000\", \"app:app\"]"), "{ran}{text}");
}

/// A tool in front of a compiled program is not that program.
#[test]
fn a_tool_is_not_taken_for_the_program() {
    let start = |start: &str| {
        let repo = Repo::new(crate::repo::GO);
        repo.write(
            "Dockerfile",
            format!("FROM golang:1.20\nWORKDIR /go/src/app\nCOPY . .\nRUN go get -v\n{start}\n"),
        );
        repo.run(&["migrate"])
    };
    for (old, said) in [
        ("CMD [\"make\", \"serve\"]", "dockgen would have to guess what that does"),
        ("CMD [\"go-wrapper\", \"run\"]", "superseded by runtime, which starts the built program"),
        (
            "CMD [\"godep\", \"go\", \"run\", \"main.go\"]",
            "superseded by runtime, which starts the built program",
        ),
        ("CMD [\"fresh\"]", "an image does not watch its sources"),
    ] {
        let ran = start(old);
        assert!(ran.out.contains(said), "{old}: {ran}");
    }
}

/// A name that the new image's distribution does not have would end the build.
#[test]
fn packages_have_names_that_their_image_knows() {
    let repo = Repo::new(crate::repo::GO);
    repo.write("Dockerfile", "FROM golang:1.20\nRUN apt-get install -y build-essential libpq-dev libodd-dev\nCOPY . .\nRUN go build -o /x\nCMD [\"/x\"]\n");
    let ran = repo.run(&["migrate"]);
    assert!(ran.out.contains("+RUN apk add --no-cache build-base libpq-dev\n"), "Alpine's names: {ran}");
    for (from, run, said) in [
        (
            "python:3.13-alpine",
            "apk add py3-numpy libffi tiff",
            "py3-numpy: provided, of the distribution's own Python",
        ),
        ("python:3.13-alpine", "apk add py3-numpy libffi tiff", "libffi8 libtiff6"),
        (
            "ubuntu:22.04",
            "apt-get install -y python3-numpy",
            "`python3-numpy` is a package of Python: add it",
        ),
        (
            "python:3.13",
            "apt-get install -y libpoppler46",
            "which library `libpoppler46` is in the new release",
        ),
        (
            "python:3.13",
            "echo deb https://x.example y > /etc/apt/sources.list.d/x.list && apt-get install -y oddtool",
            "`oddtool` may come from the package source that the old file adds",
        ),
        (
            "python:3.13",
            "sed -i s/deb/mirror/ /etc/apt/sources.list && apt-get install -y oddtool",
            "oddtool: unexplained",
        ),
    ] {
        let (ran, text) = restaged(
            FLASK,
            &format!(
                "FROM {from}\nRUN {run}\nCOPY . /srv\nWORKDIR /srv\nRUN pip3 install -r requirements.txt\nCMD [\"python3\", \"app.py\"]\n"
            ),
        );
        assert!(ran.out.contains(said) || text.contains(said), "{run}: no `{said}`: {ran}{text}");
    }
}

/// Files that the old build made of the repository's own are made again.
#[test]
fn files_that_commands_make_of_others_are_made_again() {
    let (ran, text) = restaged(
        &[FLASK, &[("settings.py.docker", "A = 1\n")]].concat(),
        "FROM python:3.13\nENV DATA=/var/lib/shop\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt && cp /srv/settings.py.docker settings.py\nRUN sed -i 's/127.0.0.1/0.0.0.0/' app.py && mkdir -p $DATA/files\nCMD [\"python\", \"app.py\"]\n",
    );
    for words in [
        "cp settings.py.docker settings.py",
        "sed -i 's/127.0.0.1/0.0.0.0/' app.py",
        "mkdir -p /var/lib/shop/files",
    ] {
        assert!(text.contains(words), "no `{words}`: {ran}{text}");
    }
    assert!(!ran.out.contains("for a person"), "{ran}");
}

/// Packages by name, a registry, ports without a server and steps that show something: each has the fate that it had.
#[test]
fn what_people_type_by_hand_is_judged_one_by_one() {
    let (ran, text) = restaged(
        NODE,
        "FROM node:20\nUSER root\nWORKDIR /srv\nRUN node --version && npm config set registry https://npm.example.com\nCOPY . .\nRUN npm install --loglevel error && npm install express redis@0.10.0\nRUN npm ls | grep x\nEXPOSE 80 443\nUSER node\nCMD [\"npm\", \"start\"]\n",
    );
    for said in [
        "`redis` is installed by name and stands in no manifest: add it to package.json",
        "kept as stages.deps.env.NPM_CONFIG_REGISTRY",
        "superseded by the USER of line 9",
        "port = 80 ",
    ] {
        assert!(ran.out.contains(said), "no `{said}`: {ran}");
    }
    assert!(text.contains("EXPOSE 443\n") && text.contains("EXPOSE 80\n"), "{text}");
    let rust = [
        ("Cargo.toml", "[package]\nname = \"job\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
        ("src/main.rs", "fn main() {}\n"),
    ];
    let (ran, text) = restaged(
        &rust,
        "FROM rust:1\nWORKDIR /src\nCOPY . .\nRUN cargo build --release\nEXPOSE 3000\nCMD [\"./target/release/job\"]\n",
    );
    assert!(text.contains("EXPOSE 3000\n"), "a program without a known port: {ran}{text}");
    assert!(!ran.out.contains("differs: port"), "{ran}");
    let (ran, text) = restaged(
        NODE,
        "FROM node:20\nWORKDIR /srv\nRUN wget https://example.com/x.zip && unzip x.zip\nRUN chmod 755 /Tool/tool\nCOPY . .\nRUN npm install && mv server.js /srv/main.js\nRUN apt-get update && apt-get install -y gcc-4.8\nCMD [\"npm\", \"start\"]\n",
    );
    assert!(!text.contains("/Tool/tool"), "{ran}{text}");
    assert!(text.contains("mv server.js main.js") && !text.contains("gcc-4.8"), "{ran}{text}");
}

/// A check that a compose file makes in the container finds the tool that the old base had.
#[test]
fn a_tool_that_a_compose_file_calls_stays() {
    let old =
        "FROM node:20\nWORKDIR /srv\nCOPY . .\nRUN npm install\nEXPOSE 3000\nCMD [\"node\", \"server.js\"]\n";
    for (compose, tool) in [
        (
            "services:\n  web:\n    build: .\n    healthcheck:\n      test: [CMD, curl, -f, 'http://localhost:3000']\n",
            Some("curl"),
        ),
        (
            "services:\n  web:\n    build: .\n    healthcheck: {test: wget -q -O- localhost:3000 || exit 1}\n",
            Some("wget"),
        ),
        (
            "services:\n  web:\n    build: .\n    command: sh -c 'until nc -z db 1; do sleep 1; done; node server.js'\n",
            Some("netcat-openbsd"),
        ),
        (
            "services:\n  web:\n    build: .\n    command: [sh, -c, 'curl db && node server.js']\n",
            Some("curl"),
        ),
        (
            "services:\n  db:\n    image: x\n    healthcheck: {test: [CMD, curl, x]}\n  web:\n    build: .\n",
            None,
        ),
    ] {
        let (ran, text) = restaged(&[NODE[0], NODE[1], ("compose.yaml", compose)], old);
        match tool {
            Some(tool) => {
                assert!(text.contains(&format!(" {tool} \\\n")), "{compose}: {ran}{text}");
                assert!(ran.out.contains(&format!("`{tool}` stays: compose.yaml:")), "{ran}");
            }
            None => assert!(!text.contains("curl"), "{ran}{text}"),
        }
    }
}

/// What whoever builds puts into the image by an argument is put in by it again.
#[test]
fn an_argument_of_the_environment_is_one_of_the_new_file() {
    let (ran, text) = restaged(
        NODE,
        "FROM node:20\nARG COMMIT\nARG OTHER\nENV COMMIT=$COMMIT\nWORKDIR /srv\nCOPY . .\nRUN npm install\nCMD [\"npm\", \"start\"]\n",
    );
    assert!(
        text.contains("ARG COMMIT\nENV COMMIT=\"$COMMIT\"\n") && !text.contains("ARG OTHER"),
        "{ran}{text}"
    );
}
