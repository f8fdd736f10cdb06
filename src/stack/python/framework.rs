//! Web frameworks and what serves them, as rows of data.

/// A framework.
#[derive(Debug)]
pub(super) struct Framework {
    /// Its name for people.
    pub name: &'static str,
    /// What makes an application, by full name.
    pub makes: &'static [&'static str],
    /// What an application of it speaks.
    pub speaks: Speaks,
}

/// What an application object speaks, and so which server can import it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    /// PEP 3333.
    Wsgi,
    /// <https://asgi.readthedocs.io/>
    Asgi,
    /// A WSGI application in its `server` attribute.
    Dash,
    /// Its own command line: `sanic module:app`.
    Sanic,
    /// A gunicorn worker of its own, when it is not started by its script.
    Aiohttp,
}

const fn row(name: &'static str, makes: &'static [&'static str], speaks: Speaks) -> Framework {
    Framework { name, makes, speaks }
}

/// Sources: the deployment chapter of each framework's documentation.
pub(super) const FRAMEWORKS: &[Framework] = &[
    row(
        "FastAPI",
        &["fastapi.FastAPI", "fastapi.applications.FastAPI", "fastapi_offline.FastAPIOffline"],
        Speaks::Asgi,
    ),
    row(
        "Flask",
        &[
            "flask.Flask",
            "flask.app.Flask",
            "apiflask.APIFlask",
            "flask_openapi3.OpenAPI",
            "flask_api.FlaskAPI",
        ],
        Speaks::Wsgi,
    ),
    row("Quart", &["quart.Quart"], Speaks::Asgi),
    row("Litestar", &["litestar.Litestar", "litestar.app.Litestar", "starlite.Starlite"], Speaks::Asgi),
    row("Sanic", &["sanic.Sanic"], Speaks::Sanic),
    row("Dash", &["dash.Dash", "dash.dash.Dash", "dash_extensions.enrich.DashProxy"], Speaks::Dash),
    row("Falcon", &["falcon.asgi.App"], Speaks::Asgi),
    row("Falcon", &["falcon.App", "falcon.API"], Speaks::Wsgi),
    row("Bottle", &["bottle.Bottle", "bottle.default_app"], Speaks::Wsgi),
    row(
        "FastHTML",
        &[
            "fasthtml.common.FastHTML",
            "fasthtml.common.fast_app",
            "fasthtml.FastHTML",
            "fasthtml.fastapp.fast_app",
        ],
        Speaks::Asgi,
    ),
    row("BlackSheep", &["blacksheep.Application", "blacksheep.server.Application"], Speaks::Asgi),
    row("Connexion", &["connexion.FlaskApp", "connexion.AsyncApp", "connexion.App"], Speaks::Asgi),
    row("aiohttp", &["aiohttp.web.Application"], Speaks::Aiohttp),
    row("Socket.IO", &["socketio.ASGIApp"], Speaks::Asgi),
    row("Socket.IO", &["socketio.WSGIApp"], Speaks::Wsgi),
    row("Starlette", &["starlette.applications.Starlette", "fastmcp.http_app"], Speaks::Asgi),
    row("Django", &["django.core.wsgi.get_wsgi_application"], Speaks::Wsgi),
    row(
        "Django",
        &["django.core.asgi.get_asgi_application", "channels.routing.ProtocolTypeRouter"],
        Speaks::Asgi,
    ),
];

/// A framework whose program is started as a script, by its own command.
#[derive(Debug)]
pub(super) struct Runner {
    /// Its name for people.
    pub name: &'static str,
    /// The module whose import tells.
    pub module: &'static str,
    /// The command, with `{file}` for the script and `{module}` for its dotted name.
    pub command: &'static [&'static str],
    /// Watch mode.
    pub dev: &'static [&'static str],
    /// Settings that make it listen for others.
    pub env: &'static [(&'static str, &'static str)],
    /// Its port.
    pub port: u16,
    /// What answers when it is well.
    pub health: &'static str,
    /// Does it stop on SIGTERM as process 1?
    pub stops: bool,
}

/// Scripts with a server of their own.
pub(super) const RUNNERS: &[Runner] = &[
    // https://docs.streamlit.io/deploy/tutorials/docker
    Runner {
        name: "Streamlit",
        module: "streamlit",
        command: &["streamlit", "run", "{file}"],
        dev: &["streamlit", "run", "{file}", "--server.runOnSave=true"],
        env: &[
            ("STREAMLIT_SERVER_ADDRESS", "0.0.0.0"),
            ("STREAMLIT_SERVER_PORT", "{port}"),
            ("STREAMLIT_SERVER_HEADLESS", "true"),
            ("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false"),
        ],
        port: 8501,
        health: "/_stcore/health",
        stops: true,
    },
    // https://docs.chainlit.io/deploy/overview
    Runner {
        name: "Chainlit",
        module: "chainlit",
        command: &["chainlit", "run", "{file}", "--host", "0.0.0.0", "--port", "{port}", "--headless"],
        dev: &["chainlit", "run", "{file}", "--host", "0.0.0.0", "--port", "{port}", "--headless", "--watch"],
        env: &[],
        port: 8000,
        health: "/",
        stops: true,
    },
    // https://www.gradio.app/guides/environment-variables
    Runner {
        name: "Gradio",
        module: "gradio",
        command: &["python", "{file}"],
        dev: &["gradio", "{file}"],
        env: &[
            ("GRADIO_SERVER_NAME", "0.0.0.0"),
            ("GRADIO_SERVER_PORT", "{port}"),
            ("GRADIO_ANALYTICS_ENABLED", "False"),
        ],
        port: 7860,
        health: "/",
        stops: false,
    },
    // https://dash.plotly.com/reference#app.run: host and port are taken from the environment.
    Runner {
        name: "Dash",
        module: "dash",
        command: &["python", "{file}"],
        dev: &["python", "{file}"],
        env: &[("HOST", "0.0.0.0"), ("PORT", "{port}")],
        port: 8050,
        health: "/",
        stops: false,
    },
    // https://nicegui.io/documentation/section_configuration_deployment
    Runner {
        name: "NiceGUI",
        module: "nicegui",
        command: &["python", "{file}"],
        dev: &["python", "{file}"],
        env: &[],
        port: 8080,
        health: "/",
        stops: true,
    },
    // https://panel.holoviz.org/how_to/server/commandline.html
    Runner {
        name: "Panel",
        module: "panel",
        command: &[
            "panel",
            "serve",
            "{file}",
            "--address",
            "0.0.0.0",
            "--port",
            "{port}",
            "--allow-websocket-origin=*",
        ],
        dev: &[
            "panel",
            "serve",
            "{file}",
            "--address",
            "0.0.0.0",
            "--port",
            "{port}",
            "--allow-websocket-origin=*",
            "--dev",
        ],
        env: &[],
        port: 5006,
        health: "/",
        stops: false,
    },
];

/// Modules of programs that wait for work instead of requests.
pub(super) const WORKERS: &[&str] = &[
    "discord",
    "nextcord",
    "disnake",
    "interactions",
    "telegram",
    "telebot",
    "aiogram",
    "telethon",
    "pyrogram",
    "slack_bolt",
    "slack_sdk",
    "twitchio",
    "tweepy",
    "praw",
    "schedule",
    "apscheduler",
    "pika",
    "aio_pika",
    "kafka",
    "aiokafka",
    "confluent_kafka",
    "paho",
    "celery",
    "rq",
    "dramatiq",
    "huey",
    "arq",
    "nats",
    "irc",
    "vkbottle",
    "hikari",
    "highrise",
    "matrix",
    "nio",
    "watchdog",
];

/// A module of programs that listen without one of the frameworks above.
#[derive(Debug)]
pub(super) struct Listener {
    pub module: &'static str,
    pub name: &'static str,
    /// The port it takes.
    pub port: u16,
    /// The calls that make a server, where the module has clients too; else whoever imports it serves.
    pub serves: &'static [&'static str],
}

const fn listener(module: &'static str, name: &'static str, port: u16) -> Listener {
    Listener { module, name, port, serves: &[] }
}

/// What makes a server for an application, when a program does so itself. Sources: the documentation of each.
pub(super) const OWN_SERVERS: &[&str] = &[
    // https://www.gevent.org/api/gevent.pywsgi.html
    "gevent.pywsgi.WSGIServer",
    // https://eventlet.readthedocs.io/en/latest/modules/wsgi.html
    "eventlet.wsgi.server",
    // https://www.tornadoweb.org/en/stable/wsgi.html
    "tornado.wsgi.WSGIContainer",
    // https://cheroot.cherrypy.dev/en/latest/pkg/cheroot.wsgi/
    "cheroot.wsgi.Server",
    // https://docs.pylonsproject.org/projects/waitress/en/stable/
    "waitress.serve",
];

/// Sources: the documentation of each.
pub(super) const LISTENERS: &[Listener] = &[
    listener("aiohttp.web", "aiohttp", 8080),
    listener("tornado.web", "Tornado", 8888),
    listener("tornado.httpserver", "Tornado", 8888),
    listener("bottle", "Bottle", 8080),
    listener("cherrypy", "CherryPy", 8080),
    listener("robyn", "Robyn", 8080),
    listener("uvicorn", "Uvicorn", 8000),
    listener("hypercorn", "Hypercorn", 8000),
    listener("waitress", "Waitress", 8080),
    listener("http.server", "http.server", 8000),
    listener("socketserver", "socketserver", 8000),
    listener("wsgiref.simple_server", "wsgiref", 8000),
    Listener { serves: &["grpc.server", "grpc.aio.server"], ..listener("grpc", "gRPC", 50051) },
    Listener {
        serves: &["websockets.serve", "websockets.server.serve", "websockets.asyncio.server.serve"],
        ..listener("websockets", "websockets", 8765)
    },
    listener("fastmcp", "FastMCP", 8000),
    listener("flask", "Flask", 5000),
];
