//! The databases, caches and queues that a program talks to, told by the client libraries that it depends on.
//!
//! They are no part of the image; `--compose` and the development container start them beside it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::fact::{Evidence, Fact};
use crate::plan::service::Service;
use crate::repo::dir::Doc;
use crate::repo::inventory::Inventory;

/// Something that runs beside the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Backing {
    /// `PostgreSQL`.
    Postgres,
    /// `MySQL`.
    Mysql,
    /// `MongoDB`.
    Mongodb,
    /// Redis.
    Redis,
    /// `RabbitMQ`.
    Rabbitmq,
}

impl std::fmt::Display for Backing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One of them, and the image that it runs from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Beside {
    /// What it is, and the line that says so.
    pub what: Fact<Backing>,
    /// Its image.
    pub image: String,
}

/// Client libraries by the files that name them. A name at the end of a path of Go stands for all of its major versions.
const CLIENTS: &[(Backing, &[&str])] = &[
    (
        Backing::Postgres,
        &[
            "pg",
            "postgres",
            "pg-promise",
            "psycopg",
            "psycopg2",
            "psycopg2-binary",
            "asyncpg",
            "github.com/lib/pq",
            "github.com/jackc/pgx",
            "gorm.io/driver/postgres",
            "tokio-postgres",
            "postgresql",
            "r2dbc-postgresql",
            "quarkus-jdbc-postgresql",
        ],
    ),
    (
        Backing::Mysql,
        &[
            "mysql",
            "mysql2",
            "mysqlclient",
            "pymysql",
            "aiomysql",
            "github.com/go-sql-driver/mysql",
            "gorm.io/driver/mysql",
            "mysql_async",
            "mysql-async",
            "mysql-connector-j",
            "mysql-connector-java",
        ],
    ),
    (
        Backing::Mongodb,
        &[
            "mongodb",
            "mongoose",
            "pymongo",
            "motor",
            "go.mongodb.org/mongo-driver",
            "spring-boot-starter-data-mongodb",
            "mongodb-driver-sync",
        ],
    ),
    (
        Backing::Redis,
        &[
            "redis",
            "ioredis",
            "bullmq",
            "github.com/redis/go-redis",
            "github.com/go-redis/redis",
            "github.com/gomodule/redigo",
            "spring-boot-starter-data-redis",
            "jedis",
            "lettuce-core",
        ],
    ),
    (
        Backing::Rabbitmq,
        &[
            "amqplib",
            "pika",
            "aio-pika",
            "github.com/rabbitmq/amqp091-go",
            "lapin",
            "spring-boot-starter-amqp",
        ],
    ),
];

/// The manifests that name dependencies.
const MANIFESTS: &[&str] = &[
    "package.json",
    "requirements.txt",
    "pyproject.toml",
    "Pipfile",
    "go.mod",
    "Cargo.toml",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
];

/// What the program of a service talks to, in the order of [`Backing`], each with the line that says so.
pub(super) fn found(service: &Service, inventory: &Inventory) -> Vec<Beside> {
    let mut found: Vec<Beside> = Vec::new();
    let docs = MANIFESTS.iter().filter_map(|name| inventory.doc(&service.dir.join(name)?));
    for (name, because) in docs.flat_map(|doc| dependencies(&doc)) {
        let of = CLIENTS.iter().find(|(_, clients)| clients.iter().any(|client| is_client(&name, client)));
        if let Some((backing, _)) = of
            && !found.iter().any(|known| known.what.value == *backing)
        {
            found.push(Beside { what: Fact::new(*backing, because), image: backing.image().to_owned() });
        }
    }
    found.sort_by_key(|beside| beside.what.value);
    found
}

/// What a manifest depends on to run, each name with its line. A manifest that does not read has been told of before.
fn dependencies(doc: &Doc<'_>) -> Vec<(String, Evidence)> {
    let tables: &[&[&str]] = match doc.path.name() {
        "package.json" | "Cargo.toml" => &[&["dependencies"]],
        "pyproject.toml" => &[&["project", "dependencies"], &["tool", "poetry", "dependencies"]],
        "Pipfile" => &[&["packages"]],
        _ => return lines(doc),
    };
    let manifest = if doc.path.name() == "package.json" { doc.json() } else { doc.toml() };
    let Ok(manifest) = manifest else { return Vec::new() };
    let mut found = Vec::new();
    for table in tables.iter().filter_map(|path| manifest.tree.at(path)) {
        found.extend(
            table.entries().map(|(name, value)| (name.to_ascii_lowercase(), manifest.cite(value, name))),
        );
        for item in table.items() {
            let text = item.as_text().unwrap_or_default();
            found.push((requirement(text), manifest.cite(item, text)));
        }
    }
    found
}

/// The same of manifests that are read by their lines.
fn lines(doc: &Doc<'_>) -> Vec<(String, Evidence)> {
    let named = |line: &str| -> Option<String> {
        let line = line.trim();
        match doc.path.name() {
            "requirements.txt" => Some(requirement(line)),
            "go.mod" if line.ends_with("// indirect") => None,
            "go.mod" => line.trim_start_matches("require ").split_whitespace().next().map(str::to_owned),
            "pom.xml" => line.strip_prefix("<artifactId>")?.split('<').next().map(str::to_owned),
            // Gradle: `runtimeOnly("org.postgresql:postgresql:42.7")`.
            _ if line.starts_with("test") => None,
            _ => line.split(['"', '\'']).nth(1)?.split(':').nth(1).map(str::to_owned),
        }
    };
    doc.lines().filter_map(|(number, line)| Some((named(line)?, doc.cite(number, line)))).collect()
}

/// The name of a Python requirement: `psycopg[binary]>=3` is psycopg.
fn requirement(text: &str) -> String {
    let name =
        text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).next().unwrap_or_default();
    name.to_ascii_lowercase().replace('_', "-")
}

fn is_client(word: &str, client: &str) -> bool {
    word == client
        || (client.contains('/') && word.strip_prefix(client).is_some_and(|rest| rest.starts_with("/v")))
}

impl Backing {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Postgres, Self::Mysql, Self::Mongodb, Self::Redis, Self::Rabbitmq];

    /// The name of its service.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Mongodb => "mongodb",
            Self::Redis => "redis",
            Self::Rabbitmq => "rabbitmq",
        }
    }

    /// Its image.
    pub fn image(self) -> &'static str {
        match self {
            Self::Postgres => "postgres:18-alpine",
            Self::Mysql => "mysql:8.4",
            Self::Mongodb => "mongo:8.0",
            Self::Redis => "redis:8-alpine",
            Self::Rabbitmq => "rabbitmq:4-management-alpine",
        }
    }

    /// Where its data is, as its image documents it.
    pub fn data(self) -> &'static str {
        match self {
            // Since 18 the folder of the version lies below this one.
            Self::Postgres => "/var/lib/postgresql",
            Self::Mysql => "/var/lib/mysql",
            Self::Mongodb => "/data/db",
            Self::Redis => "/data",
            Self::Rabbitmq => "/var/lib/rabbitmq",
        }
    }

    /// Its environment; the password is one for development, and can be set.
    pub fn environment(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Postgres => &[
                ("POSTGRES_USER", "app"),
                ("POSTGRES_PASSWORD", "${DEV_PASSWORD:-app}"),
                ("POSTGRES_DB", "app"),
            ],
            Self::Mysql => &[
                ("MYSQL_USER", "app"),
                ("MYSQL_PASSWORD", "${DEV_PASSWORD:-app}"),
                ("MYSQL_ROOT_PASSWORD", "${DEV_PASSWORD:-app}"),
                ("MYSQL_DATABASE", "app"),
            ],
            Self::Mongodb | Self::Redis | Self::Rabbitmq => &[],
        }
    }

    /// The command that says whether it is ready.
    pub fn health(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["CMD-SHELL", "pg_isready -U app -d app"],
            Self::Mysql => &["CMD-SHELL", "mysqladmin ping -h 127.0.0.1 -u app -p\"$$MYSQL_PASSWORD\""],
            Self::Mongodb => &["CMD", "mongosh", "--quiet", "--eval", "db.adminCommand('ping').ok"],
            Self::Redis => &["CMD", "redis-cli", "ping"],
            Self::Rabbitmq => &["CMD", "rabbitmq-diagnostics", "-q", "ping"],
        }
    }

    /// The usual variable of a program that talks to it, and its value here.
    pub fn address(self) -> (&'static str, &'static str) {
        match self {
            Self::Postgres => ("DATABASE_URL", "postgres://app:${DEV_PASSWORD:-app}@postgres:5432/app"),
            Self::Mysql => ("DATABASE_URL", "mysql://app:${DEV_PASSWORD:-app}@mysql:3306/app"),
            Self::Mongodb => ("MONGODB_URI", "mongodb://mongodb:27017/app"),
            Self::Redis => ("REDIS_URL", "redis://redis:6379"),
            Self::Rabbitmq => ("AMQP_URL", "amqp://rabbitmq:5672"),
        }
    }
}
