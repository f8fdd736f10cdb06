//! Which distribution a module comes from, as rows of data. The name that is imported and the name that is installed are
//! often not the same, and nothing outside of an index tells one from the other.

/// A framework's module, and what has it.
#[derive(Debug)]
pub(super) struct Framework {
    /// As it is imported.
    pub module: &'static str,
    /// The distribution that is installed where nothing names one.
    pub distribution: &'static str,
    /// Others that have the module or bring it along.
    pub also: &'static [&'static str],
    /// Modules of what it brings along, beside its own.
    pub brings: &'static [&'static str],
}

const fn row(module: &'static str, distribution: &'static str) -> Framework {
    Framework { module, distribution, also: &[], brings: &[] }
}

/// Frameworks whose program cannot start without them. Sources: the installation chapter of each, and the requirements
/// that its newest release names.
pub(super) const FRAMEWORKS: &[Framework] = &[
    Framework { brings: &["asgiref", "sqlparse"], ..row("django", "django") },
    Framework {
        also: &["apiflask", "connexion", "dash", "flask-openapi3"],
        brings: &["blinker", "click", "itsdangerous", "jinja2", "markupsafe", "werkzeug"],
        ..row("flask", "flask")
    },
    Framework { brings: &["flask", "marshmallow", "werkzeug"], ..row("apiflask", "apiflask") },
    Framework { brings: &["flask", "pydantic"], ..row("flask_openapi3", "flask-openapi3") },
    Framework {
        also: &["gradio", "nicegui", "chainlit", "fastapi-slim"],
        brings: &["annotated_types", "anyio", "pydantic", "starlette", "typing_extensions"],
        ..row("fastapi", "fastapi")
    },
    Framework {
        also: &["fastapi", "gradio", "nicegui", "chainlit", "python-fasthtml", "mcp", "fastmcp"],
        brings: &["anyio"],
        ..row("starlette", "starlette")
    },
    Framework { brings: &["flask", "jinja2", "werkzeug"], ..row("quart", "quart") },
    Framework { brings: &["anyio", "msgspec"], ..row("litestar", "litestar") },
    row("sanic", "sanic"),
    Framework {
        brings: &["flask", "plotly", "requests", "werkzeug"],
        also: &["dash-bootstrap-components", "dash-extensions"],
        ..row("dash", "dash")
    },
    row("falcon", "falcon"),
    row("bottle", "bottle"),
    Framework { brings: &["fastcore", "starlette"], ..row("fasthtml", "python-fasthtml") },
    row("blacksheep", "blacksheep"),
    Framework { brings: &["flask", "starlette", "yaml"], ..row("connexion", "connexion") },
    Framework {
        also: &["discord-py", "py-cord", "aiogram", "disnake", "nextcord", "slack-bolt"],
        brings: &["multidict", "yarl"],
        ..row("aiohttp", "aiohttp")
    },
    Framework { also: &["flask-socketio"], brings: &["engineio"], ..row("socketio", "python-socketio") },
    Framework { brings: &["engineio", "flask", "socketio"], ..row("flask_socketio", "flask-socketio") },
    row("tornado", "tornado"),
    row("cherrypy", "cherrypy"),
    row("robyn", "robyn"),
    Framework { also: &["fastapi-cli", "gradio", "nicegui", "chainlit", "mcp"], ..row("uvicorn", "uvicorn") },
    row("hypercorn", "hypercorn"),
    row("waitress", "waitress"),
    Framework {
        brings: &["altair", "numpy", "pandas", "PIL", "pyarrow", "requests", "tornado"],
        ..row("streamlit", "streamlit")
    },
    Framework { brings: &["fastapi", "httpx", "pydantic"], ..row("chainlit", "chainlit") },
    Framework {
        brings: &["fastapi", "httpx", "numpy", "pandas", "PIL", "pydantic"],
        ..row("gradio", "gradio")
    },
    Framework { brings: &["fastapi", "httpx", "requests"], ..row("nicegui", "nicegui") },
    Framework { brings: &["bokeh", "numpy", "pandas", "param", "requests"], ..row("panel", "panel") },
    Framework { brings: &["httpx", "pydantic"], ..row("fastmcp", "fastmcp") },
    // Bots, workers and schedulers.
    Framework {
        also: &["py-cord", "discord-py-self", "discord"],
        brings: &["aiohttp"],
        ..row("discord", "discord.py")
    },
    Framework { brings: &["aiohttp"], ..row("nextcord", "nextcord") },
    Framework { brings: &["aiohttp"], ..row("disnake", "disnake") },
    Framework { brings: &["httpx"], ..row("telegram", "python-telegram-bot") },
    Framework { also: &["telebot"], brings: &["requests"], ..row("telebot", "pytelegrambotapi") },
    Framework { brings: &["aiohttp", "pydantic"], ..row("aiogram", "aiogram") },
    row("telethon", "telethon"),
    Framework { also: &["kurigram", "pyrofork"], ..row("pyrogram", "pyrogram") },
    Framework { brings: &["slack_sdk"], ..row("slack_bolt", "slack-bolt") },
    row("schedule", "schedule"),
    Framework { also: &["flask-apscheduler"], ..row("apscheduler", "apscheduler") },
    Framework {
        also: &["django-celery-beat", "django-celery-results"],
        brings: &["billiard", "click", "kombu"],
        ..row("celery", "celery")
    },
    Framework { also: &["django-rq"], brings: &["redis"], ..row("rq", "rq") },
    row("dramatiq", "dramatiq"),
    row("huey", "huey"),
];

/// Other modules that people import, where the name is not that of the distribution. Sources: the page of each
/// distribution in the index.
pub(super) const OTHERS: &[(&str, &str)] = &[
    ("attr", "attrs"),
    ("bs4", "beautifulsoup4"),
    ("corsheaders", "django-cors-headers"),
    ("cv2", "opencv-python-headless"),
    ("Crypto", "pycryptodome"),
    ("dateutil", "python-dateutil"),
    ("decouple", "python-decouple"),
    ("docx", "python-docx"),
    ("dotenv", "python-dotenv"),
    ("environ", "django-environ"),
    ("fitz", "pymupdf"),
    ("flask_cors", "flask-cors"),
    ("flask_login", "flask-login"),
    ("flask_sqlalchemy", "flask-sqlalchemy"),
    ("git", "gitpython"),
    ("grpc", "grpcio"),
    ("jose", "python-jose"),
    ("jwt", "pyjwt"),
    ("kafka", "kafka-python"),
    ("ldap", "python-ldap"),
    ("magic", "python-magic"),
    ("multipart", "python-multipart"),
    ("MySQLdb", "mysqlclient"),
    ("nacl", "pynacl"),
    ("nats", "nats-py"),
    ("OpenSSL", "pyopenssl"),
    ("paho", "paho-mqtt"),
    ("PIL", "pillow"),
    ("pptx", "python-pptx"),
    ("psycopg2", "psycopg2-binary"),
    ("rest_framework", "djangorestframework"),
    ("serial", "pyserial"),
    ("skimage", "scikit-image"),
    ("sklearn", "scikit-learn"),
    ("slugify", "python-slugify"),
    ("yaml", "pyyaml"),
    ("zmq", "pyzmq"),
];

/// The modules that come with Python, old and new ones: `sys.stdlib_module_names` of 3.10 to 3.14.
/// <https://docs.python.org/3/library/sys.html#sys.stdlib_module_names>
const STANDARD: &str = include_str!("standard_modules.txt");

/// Does Python come with it?
pub(super) fn is_standard(module: &str) -> bool {
    STANDARD.split_whitespace().any(|name| name == module) || module.starts_with('_')
}
