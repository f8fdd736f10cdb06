//! Which program of a Python repository runs: repositories in a few lines, and the command that starts each.

use dockgen::config::Settings;
use dockgen::plan::plan;
use dockgen::repo::Inventory;

/// The repository, and the words of its command.
type Row = (&'static [(&'static str, &'static str)], &'static str);

const MANAGE: &str = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'example.settings')\nfrom django.core.management import execute_from_command_line\n";

const ROWS: &[Row] = &[
    // A client of the same protocol stands before the server in the alphabet.
    (
        &[
            ("requirements.txt", "grpcio\n"),
            ("client.py", "import grpc\nif __name__ == '__main__':\n    grpc.insecure_channel('x')\n"),
            (
                "server.py",
                "import grpc\nfrom concurrent import futures\ndef serve():\n    s = grpc.server(futures.ThreadPoolExecutor())\n    s.add_insecure_port('[::]:50052')\n    s.start()\nif __name__ == '__main__':\n    serve()\n",
            ),
        ],
        "python server.py on 50052",
    ),
    (
        &[
            ("requirements.txt", "websockets\n"),
            (
                "a_client.py",
                "import asyncio, websockets\nasync def go():\n    await websockets.connect('ws://x')\nif __name__ == '__main__':\n    asyncio.run(go())\n",
            ),
            (
                "server.py",
                "import asyncio\nfrom websockets import serve\nasync def main():\n    async with serve(print, '', 8001):\n        pass\nif __name__ == '__main__':\n    asyncio.run(main())\n",
            ),
        ],
        "python server.py on 8765",
    ),
    // Tornado's guide imports the package alone.
    (
        &[
            ("requirements.txt", "tornado\n"),
            (
                "main.py",
                "import asyncio\nimport tornado\nasync def main():\n    app = tornado.web.Application([])\n    app.listen(8899)\n    await asyncio.Event().wait()\nif __name__ == '__main__':\n    asyncio.run(main())\n",
            ),
        ],
        "python main.py on 8899",
    ),
    // What makes its own server sets its application up first.
    (
        &[
            ("requirements.txt", "flask\ngevent\n"),
            ("shelf.py", "from shelf.main import main\nif __name__ == '__main__':\n    main()\n"),
            ("shelf/__init__.py", "from flask import Flask\napp = Flask(__name__)\n"),
            ("shelf/main.py", "from .server import serve\ndef main():\n    serve()\n"),
            (
                "shelf/server.py",
                "from gevent.pywsgi import WSGIServer\nfrom . import app\nDEFAULT_PORT = 8083\ndef serve():\n    WSGIServer(('', DEFAULT_PORT), app).serve_forever()\n",
            ),
        ],
        "python shelf.py on 8083",
    ),
    // In a package `setup.py` is no script of packaging.
    (
        &[
            ("requirements.txt", "fastapi\nuvicorn\n"),
            ("src/__init__.py", ""),
            ("src/app/__init__.py", ""),
            ("src/app/main.py", "from .core.setup import create_application\napp = create_application(1)\n"),
            ("src/app/core/__init__.py", ""),
            (
                "src/app/core/setup.py",
                "from fastapi import FastAPI\ndef create_application(router) -> FastAPI:\n    application = FastAPI()\n    return application\n",
            ),
        ],
        "uvicorn src.app.main:app --host 0.0.0.0 --port 8000 on 8000",
    ),
    // A folder that usually holds nothing that runs.
    (
        &[
            ("requirements.txt", "django\ngunicorn\n"),
            ("manage.py", MANAGE),
            ("example/__init__.py", ""),
            ("example/settings.py", "WSGI_APPLICATION = 'example.wsgi.application'\n"),
            (
                "example/wsgi.py",
                "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
            ),
        ],
        "gunicorn --bind 0.0.0.0:8000 --worker-tmp-dir /dev/shm --access-logfile - example.wsgi:application on 8000",
    ),
    (
        &[
            ("requirements.txt", "fastapi\nuvicorn\n"),
            ("src/main.py", "from fastapi import FastAPI\nfrom routes import router\napp = FastAPI()\n"),
            ("src/routes.py", "from fastapi import APIRouter\nrouter = APIRouter()\n"),
        ],
        "uvicorn main:app --host 0.0.0.0 --port 8000 on 8000",
    ),
    (
        &[
            (
                "pyproject.toml",
                "[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n",
            ),
            ("src/shop/__init__.py", ""),
            (
                "src/shop/main.py",
                "from fastapi import FastAPI\nfrom shop.routes import router\napp = FastAPI()\n",
            ),
            ("src/shop/routes.py", "from fastapi import APIRouter\nrouter = APIRouter()\n"),
        ],
        "uvicorn shop.main:app --host 0.0.0.0 --port 8000 on 8000",
    ),
    (
        &[
            ("requirements.txt", "streamlit\n"),
            ("src/dashboard.py", "import streamlit as st\nst.title('x')\n"),
            ("src/pages/one.py", "import streamlit as st\nst.title('y')\n"),
        ],
        "streamlit run src/dashboard.py on 8501",
    ),
    (
        &[
            ("requirements.txt", "python-telegram-bot\n"),
            ("Procfile", "worker: python tg/bot.py\n"),
            (
                "tg/bot.py",
                "from telegram.ext import ApplicationBuilder\nif __name__ == '__main__':\n    ApplicationBuilder().build().run_polling()\n",
            ),
        ],
        "python tg/bot.py",
    ),
    (
        &[
            ("requirements.txt", "aiohttp\n"),
            ("Procfile", "web: python serve_it.py\n"),
            ("serve_it.py", "from aiohttp import web\nweb.run_app(web.Application(), port=9000)\n"),
            (
                "other.py",
                "from aiohttp import web\nif __name__ == '__main__':\n    web.run_app(web.Application())\n",
            ),
        ],
        "python serve_it.py on 9000",
    ),
    // Notebooks are served where a server of theirs is asked for, and nothing else runs.
    (
        &[("requirements.txt", "jupyterlab\npandas\n"), ("tides.ipynb", "{}"), ("lib/tides.py", "X = 1\n")],
        "jupyter lab --no-browser --ip=0.0.0.0 --port=8888 on 8888",
    ),
    (
        &[("requirements.txt", "voila\n"), ("tides.ipynb", "{}")],
        "voila --no-browser --Voila.ip=0.0.0.0 --port=8866 on 8866",
    ),
    (
        &[
            ("requirements.txt", "notebook\nflask\ngunicorn\n"),
            ("tides.ipynb", "{}"),
            ("app.py", "from flask import Flask\napp = Flask(__name__)\n"),
        ],
        "gunicorn --bind 0.0.0.0:8000 --worker-tmp-dir /dev/shm --access-logfile - app:app on 8000",
    ),
];

#[test]
fn the_program_that_is_meant_runs() {
    let mut wrong = Vec::new();
    for (files, expected) in ROWS {
        let plan = plan(&Inventory::from_files(files.iter().copied()), &Settings::default());
        let mut found: Vec<String> = Vec::new();
        for service in &plan.services {
            let command = service.runtime.command.as_ref().map(|command| command.value.to_string());
            let port = service.runtime.port.as_ref().map(|port| format!(" on {}", port.value));
            found.push(command.unwrap_or_default() + &port.unwrap_or_default());
        }
        if found != [*expected] {
            let files: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
            wrong.push(format!(
                "{files:?}\n  expected {expected}\n  found    {found:?} {:?}",
                plan.diagnostics
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn tests_gather_static_files_that_they_look_up_in_a_manifest() {
    const STORAGE: &str = "STATICFILES_STORAGE = 'whitenoise.storage.CompressedManifestStaticFilesStorage'\n";
    for (storage, gathers) in [(STORAGE.to_owned(), true), (format!("# {STORAGE}"), false)] {
        let settings =
            format!("STATIC_ROOT = 'out'\nWSGI_APPLICATION = 'example.wsgi.application'\n{storage}");
        let files = [
            ("requirements.txt", "django\ngunicorn\nwhitenoise\n"),
            ("manage.py", MANAGE),
            ("example/__init__.py", ""),
            ("example/settings.py", &settings),
            ("example/wsgi.py", "application = None\n"),
        ];
        let plan = plan(&Inventory::from_files(files), &Settings::default());
        let test = plan.services[0].tool["test"].to_string();
        assert_eq!(test.contains("collectstatic"), gathers, "{storage}: {test}");
    }
}

#[test]
fn uploads_beside_the_code_can_be_written() {
    for (folder, expected) in [
        ("MEDIA_ROOT = os.path.join(BASE_DIR, 'media')\n", Some("uploads")),
        ("MEDIA_ROOT = '/var/lib/uploads'\n", None),
        ("", None),
    ] {
        let settings = format!("WSGI_APPLICATION = 'example.wsgi.application'\n{folder}");
        let files = [
            ("requirements.txt", "django\ngunicorn\n"),
            ("manage.py", MANAGE),
            ("example/__init__.py", ""),
            ("example/settings.py", &settings),
            ("example/wsgi.py", "application = None\n"),
        ];
        let plan = plan(&Inventory::from_files(files), &Settings::default());
        let writes = plan.services[0].tool["writes"].to_string();
        assert_eq!(
            expected.is_some(),
            expected.is_some_and(|what| writes.contains(what)),
            "{folder}: {writes}"
        );
        assert_eq!(expected.is_none(), writes == "null", "{folder}: {writes}");
    }
}

#[test]
fn few_modules_come_straight_from_the_build_context() {
    let many = "x = 1\n".repeat(100_000);
    let rows = [
        ("x = 1\n", "# nothing", "base deps dev test runtime"),
        (many.as_str(), "# nothing", "base deps build dev test runtime"),
        ("x = 1\n", "[stages.build]\npackages = [\"git\"]\n", "base deps build dev test runtime"),
        ("x = 1\n", "[build]\ninstructions = [\"RUN make words\"]\n", "base deps build dev test runtime"),
    ];
    for (module, settings, expected) in rows {
        let inventory = Inventory::from_files([
            ("requirements.txt", "flask\n"),
            ("app.py", "from flask import Flask\nimport words\napp = Flask(__name__)\n"),
            ("words.py", module),
            ("tests/test_app.py", "def test_words():\n    pass\n"),
            ("dockgen.toml", settings),
        ]);
        let settings = Settings::read(&inventory, &dockgen::stack::keys()).expect("good settings");
        let plan = plan(&inventory, &settings);
        let stages = &plan.services[0].stages;
        let names: Vec<String> = stages.iter().map(|stage| stage.name.to_string()).collect();
        assert_eq!(names.join(" "), expected, "{:?}", plan.diagnostics);
    }
}

#[test]
fn processes_beside_the_server_are_told_of() {
    const APP: &str =
        "from flask import Flask\nfrom celery import Celery\napp = Flask(__name__)\ntasks = Celery('shop')\n";
    const MESSAGE: &str = "Celery's worker is a process of its own, from the same image";
    const WORKER: &str = "docker run IMAGE celery --app app worker --loglevel INFO";
    const SCHEDULED: &str = "docker run IMAGE celery --app app worker --loglevel INFO; the schedule once more, with `beat` for `worker`";
    for (procfile, schedule, message, help) in [
        (
            "web: gunicorn app:app\nrelease: flask db upgrade\nworker: celery -A app.tasks worker\nbeat: celery -A app.tasks beat\n",
            "",
            "the Procfile starts `worker`, `beat` besides, from the same image",
            "docker run IMAGE, with each command: celery -A app.tasks worker; celery -A app.tasks beat",
        ),
        ("web: gunicorn app:app\n", "", MESSAGE, WORKER),
        ("", "tasks.conf.beat_schedule = {}\n", MESSAGE, SCHEDULED),
        ("", "tasks.conf.update(beat_schedule={})\n", MESSAGE, SCHEDULED),
        ("", "CELERY_BEAT_SCHEDULE = {}\n", MESSAGE, SCHEDULED),
        ("", "CELERYBEAT_SCHEDULE = {}\n", MESSAGE, SCHEDULED),
        ("", "def later(sender):\n    sender.add_periodic_task(10, x)\n", MESSAGE, SCHEDULED),
        ("", "# no beat_schedule here\nheartbeat_schedule_of = 'beat_schedules'\n", MESSAGE, WORKER),
    ] {
        let app = format!("{APP}{schedule}");
        let files =
            [("requirements.txt", "flask\ngunicorn\ncelery\n"), ("app.py", &app), ("Procfile", procfile)];
        let plan = plan(&Inventory::from_files(files), &Settings::default());
        let told: Vec<_> =
            plan.diagnostics.iter().map(|one| (one.message.as_str(), one.help.as_deref())).collect();
        assert_eq!(told, [(message, Some(help))], "{procfile:?}");
    }
}
