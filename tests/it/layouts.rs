//! Ordinary repositories on which other generators fail, each reduced to what matters, and what must be
//! understood of it.

use dockgen::config::Settings;
use dockgen::plan::plan;
use dockgen::render::{Templates, render};
use dockgen::repo::Inventory;
use dockgen::stack;

/// A repository, and what a person who knows its stack would say about it.
struct Layout {
    about: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// `folder stack` of every service.
    services: &'static [&'static str],
    /// Settings that are left to a person.
    asks: &'static [&'static str],
    /// Words of the plan, its diagnostics and the Dockerfiles.
    says: &'static [&'static str],
    /// Words that would be wrong in them.
    never: &'static [&'static str],
}

const LAYOUTS: &[Layout] = &[
    Layout {
        about: "a server that Babel runs, which is installed for development",
        files: &[
            (
                "package.json",
                r#"{"name":"api","version":"1.0.0","scripts":{"start":"nodemon --exec babel-node src/index.js"},"dependencies":{"express":"^4.17.3"},"devDependencies":{"@babel/core":"^7.17.5","@babel/node":"^7.16.8","nodemon":"^2.0.15"}}"#,
            ),
            ("package-lock.json", r#"{"lockfileVersion":3,"packages":{}}"#),
            (".babelrc", "{}"),
            ("src/index.js", "import express from 'express';\nexpress().listen(3000);\n"),
        ],
        services: &[". node"],
        asks: &[],
        says: &["@babel/register", "--from=deps /app/node_modules"],
        never: &["prod-deps"],
    },
    Layout {
        about: "a member of a workspace that is built with what the root installs",
        files: &[
            (
                "package.json",
                r#"{"private":true,"workspaces":["web","lib"],"packageManager":"yarn@1.22.22","devDependencies":{"vite":"5.0.12"}}"#,
            ),
            ("yarn.lock", "# yarn lockfile v1\n\nvite@5.0.12:\n  version \"5.0.12\"\n"),
            ("lib/package.json", r#"{"name":"lib","version":"1.0.0"}"#),
            (
                "web/package.json",
                r#"{"name":"web","version":"1.0.0","scripts":{"build:app":"vite build","build":"yarn build:app","start":"yarn && vite"},"dependencies":{"react":"19.0.0"}}"#,
            ),
            ("web/index.html", "<script type=module src=main.js></script>"),
            ("web/vite.config.mts", "export default { build: { outDir: \"build\" } }\n"),
        ],
        services: &["web node"],
        asks: &[],
        says: &["Vite", "nginx", "/web/build"],
        never: &["vite.js"],
    },
    Layout {
        about: "a server that the framework writes to a folder of the project's choice",
        files: &[
            (
                "package.json",
                r#"{"name":"site","version":"1.0.0","scripts":{"build":"astro build","start":"node ./www/server/entry.mjs"},"dependencies":{"astro":"7.2.1","@astrojs/node":"11.1.6"}}"#,
            ),
            ("package-lock.json", r#"{"lockfileVersion":3,"packages":{}}"#),
            (
                "astro.config.mjs",
                "export default defineConfig({\n  outDir: './www',\n  adapter: node({ mode: 'standalone' }),\n});\n",
            ),
        ],
        services: &[". node"],
        asks: &[],
        says: &["/app/www ./www", "www/server/entry.mjs", "HOST=0.0.0.0", "EXPOSE 4321"],
        never: &["/app/dist"],
    },
    Layout {
        about: "Flask, with requirements that include others",
        files: &[
            ("requirements.txt", "-r requirements/base.txt\ngunicorn==23.0.0\n"),
            ("requirements/base.txt", "flask==3.1.0\n"),
            (
                "app.py",
                "from flask import Flask\napp = Flask(__name__)\n@app.get(\"/\")\ndef h(): return \"ok\"\n",
            ),
        ],
        services: &[". python"],
        asks: &[],
        says: &["Flask", "app:app", "gunicorn", "requirements/base.txt"],
        never: &[],
    },
    Layout {
        about: "FastAPI in a package, the application not called app",
        files: &[
            ("requirements.txt", "fastapi==0.115.0\nuvicorn[standard]==0.32.0\n"),
            ("app/__init__.py", ""),
            ("app/main.py", "from fastapi import FastAPI\napi = FastAPI()\n"),
        ],
        services: &[". python"],
        asks: &[],
        says: &["FastAPI", "app.main:api", "uvicorn"],
        never: &["app/__init__.py\"]"],
    },
    Layout {
        about: "Express in TypeScript with a range of Node versions",
        files: &[
            (
                "package.json",
                r#"{"name":"c","version":"1.0.0","scripts":{"build":"tsc","start":"node dist/index.js","test":"vitest run"},"dependencies":{"express":"^4.19.2"},"devDependencies":{"typescript":"^5.6.0","vitest":"^2"},"engines":{"node":">=20 <23"}}"#,
            ),
            (
                "package-lock.json",
                r#"{"name":"c","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{"":{"name":"c","version":"1.0.0","dependencies":{"express":"^4.19.2"},"devDependencies":{"typescript":"^5.6.0","vitest":"^2"}},"node_modules/express":{"version":"4.19.2"},"node_modules/typescript":{"version":"5.6.2","dev":true},"node_modules/vitest":{"version":"2.1.1","dev":true}}}"#,
            ),
            ("src/index.ts", "import express from 'express'\nexpress().listen(3000)\n"),
        ],
        services: &[". node"],
        asks: &[],
        says: &["node:22", "npm ci", "dist/index.js"],
        never: &["npm install", "CMD [\"npm\""],
    },
    Layout {
        about: "Django with a front end built by Node",
        files: &[
            ("requirements.txt", "django==5.1\npsycopg2==2.9.9\ngunicorn\n"),
            ("manage.py", ""),
            ("site1/settings.py", "WSGI_APPLICATION = \"site1.wsgi.application\"\n"),
            ("site1/wsgi.py", ""),
            (
                "package.json",
                r#"{"name":"d","scripts":{"build":"vite build"},"devDependencies":{"vite":"^5"}}"#,
            ),
        ],
        services: &[". python"],
        asks: &[],
        says: &["Django", "site1.wsgi", "libpq"],
        never: &[],
    },
    Layout {
        about: "two Go programs with C code",
        files: &[
            (
                "go.mod",
                "module ex.com/e\n\ngo 1.22.3\n\ntoolchain go1.23.4\n\nrequire github.com/mattn/go-sqlite3 v1.14.22\n",
            ),
            ("cmd/api/main.go", "package main\nimport _ \"github.com/mattn/go-sqlite3\"\nfunc main(){}\n"),
            ("cmd/worker/main.go", "package main\nimport _ \"github.com/mattn/go-sqlite3\"\nfunc main(){}\n"),
        ],
        services: &[". go"],
        asks: &["go.main"],
        says: &["golang:1.23", "CGO_ENABLED=1", "./cmd/worker"],
        never: &["CGO_ENABLED=0"],
    },
    Layout {
        about: "a Rust workspace whose programs are not called like their packages",
        files: &[
            ("Cargo.toml", "[workspace]\nmembers=[\"crates/*\"]\nresolver=\"2\"\n"),
            ("rust-toolchain.toml", "[toolchain]\nchannel=\"1.80.1\"\n"),
            (
                "crates/server/Cargo.toml",
                "[package]\nname=\"acme-server\"\nversion=\"0.1.0\"\nedition=\"2021\"\n[[bin]]\nname=\"server\"\npath=\"src/main.rs\"\n[dependencies]\nacme-core={path=\"../core\"}\nopenssl=\"0.10\"\n",
            ),
            ("crates/server/src/main.rs", "fn main(){}\n"),
            (
                "crates/cli/Cargo.toml",
                "[package]\nname=\"acme-cli\"\nversion=\"0.1.0\"\nedition=\"2021\"\n[[bin]]\nname=\"cli\"\npath=\"src/main.rs\"\n[dependencies]\nacme-core={path=\"../core\"}\n",
            ),
            ("crates/cli/src/main.rs", "fn main(){}\n"),
            (
                "crates/core/Cargo.toml",
                "[package]\nname=\"acme-core\"\nversion=\"0.1.0\"\nedition=\"2021\"\n",
            ),
            ("crates/core/src/lib.rs", ""),
        ],
        services: &["crates/cli rust", "crates/server rust"],
        asks: &[],
        says: &["rust:1.80", "release/server", "release/cli"],
        never: &["release/acme-server"],
    },
    Layout {
        about: "Spring Boot with Gradle in Kotlin and a toolchain",
        files: &[
            (
                "build.gradle.kts",
                "plugins { java; id(\"org.springframework.boot\") version \"3.3.4\"; id(\"io.spring.dependency-management\") version \"1.1.6\" }\njava { toolchain { languageVersion = JavaLanguageVersion.of(17) } }\n",
            ),
            ("settings.gradle.kts", "rootProject.name=\"demo\"\n"),
            ("gradlew", "#!/bin/sh\n"),
            (
                "gradle/wrapper/gradle-wrapper.properties",
                "distributionUrl=https\\://services.gradle.org/distributions/gradle-8.10.2-bin.zip\n",
            ),
        ],
        services: &[". java"],
        asks: &[],
        says: &["17", "bootJar"],
        never: &["-plain.jar", "Java 21"],
    },
    Layout {
        about: "Maven with two modules, one of them a program",
        files: &[
            (
                "pom.xml",
                "<project><modelVersion>4.0.0</modelVersion><groupId>a</groupId><artifactId>p</artifactId><version>1</version><packaging>pom</packaging><modules><module>core</module><module>web</module></modules><properties><maven.compiler.release>17</maven.compiler.release></properties></project>",
            ),
            (
                "core/pom.xml",
                "<project><parent><groupId>a</groupId><artifactId>p</artifactId><version>1</version></parent><artifactId>core</artifactId></project>",
            ),
            (
                "web/pom.xml",
                "<project><parent><groupId>a</groupId><artifactId>p</artifactId><version>1</version></parent><artifactId>web</artifactId><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies><build><plugins><plugin><groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>",
            ),
        ],
        services: &["web java"],
        asks: &[],
        says: &["17", "web/target"],
        never: &[],
    },
    Layout {
        about: "Maven with two modules of one name and no sources",
        files: &[
            (
                "pom.xml",
                "<project><modelVersion>4.0.0</modelVersion><groupId>a</groupId><artifactId>p</artifactId><version>1</version><packaging>pom</packaging><modules><module>core</module><module>web</module></modules><properties><maven.compiler.release>17</maven.compiler.release></properties></project>",
            ),
            (
                "core/pom.xml",
                "<project><parent><groupId>a</groupId><artifactId>p</artifactId><version>1</version></parent><artifactId>web</artifactId><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>",
            ),
            (
                "web/pom.xml",
                "<project><parent><groupId>a</groupId><artifactId>p</artifactId><version>1</version></parent><artifactId>web</artifactId><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>",
            ),
        ],
        services: &["core java", "web java"],
        asks: &["java.main"],
        says: &["17", "core/target", "web/target"],
        never: &[],
    },
    Layout {
        about: "a pnpm workspace with two programs and no start script in its root",
        files: &[
            (
                "package.json",
                r#"{"name":"root","private":true,"packageManager":"pnpm@9.12.0","scripts":{"build":"turbo build"},"devDependencies":{"turbo":"^2"}}"#,
            ),
            ("pnpm-workspace.yaml", "packages:\n  - apps/*\n  - packages/*\n"),
            ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n"),
            ("turbo.json", "{}"),
            ("packages/ui/package.json", r#"{"name":"@r/ui"}"#),
            (
                "apps/web/package.json",
                r#"{"name":"@r/web","scripts":{"build":"next build","start":"next start"},"dependencies":{"next":"14"}}"#,
            ),
            (
                "apps/api/package.json",
                r#"{"name":"@r/api","scripts":{"start":"node index.js"},"dependencies":{"express":"4","@r/ui":"workspace:*"}}"#,
            ),
            ("apps/api/index.js", "require('express')().listen(3000)\n"),
        ],
        services: &["apps/api node", "apps/web node"],
        asks: &[],
        says: &["pnpm@9.12.0", "packages/ui/package.json", "Next.js", "Express"],
        never: &["npm ci"],
    },
    Layout {
        about: "a Python package with a script and no lock file",
        files: &[
            (
                "pyproject.toml",
                "[project]\nname=\"j\"\nversion=\"0.1\"\nrequires-python=\">=3.11,<3.13\"\ndependencies=[\"litestar[standard]\"]\n[project.scripts]\nserve=\"j.cli:main\"\n",
            ),
            ("src/j/__init__.py", ""),
            ("src/j/cli.py", ""),
        ],
        services: &[". python"],
        asks: &[],
        says: &["python:3.12", "serve"],
        never: &["-m\", \"j\""],
    },
    Layout {
        about: "a Dockerfile of somebody's and a secret, nothing else",
        files: &[("Dockerfile", "FROM alpine\n"), (".env", "TOKEN=1\n")],
        services: &[],
        asks: &[],
        says: &[],
        never: &["TOKEN"],
    },
    Layout {
        about: "notes and a secret",
        files: &[("notes.txt", "buy milk\n"), (".env", "TOKEN=1\n")],
        services: &[],
        asks: &[],
        says: &[],
        never: &["TOKEN"],
    },
    Layout {
        about: "one crate whose program has another name",
        files: &[
            (
                "Cargo.toml",
                "[package]\nname=\"acme\"\nversion=\"0.1.0\"\nedition=\"2021\"\n[[bin]]\nname=\"acmed\"\npath=\"src/main.rs\"\n",
            ),
            ("Cargo.lock", "version = 4\n\n[[package]]\nname = \"acme\"\nversion = \"0.1.0\"\n"),
            ("src/main.rs", "fn main(){}\n"),
        ],
        services: &[". rust"],
        asks: &[],
        says: &["release/acmed"],
        never: &["release/acme "],
    },
    Layout {
        about: "an open range of Node versions, no lock file and a secret",
        files: &[
            (
                "package.json",
                r#"{"name":"n","engines":{"node":">=18"},"scripts":{"start":"node s.js"},"dependencies":{"express":"4"},"devDependencies":{"puppeteer":"22"}}"#,
            ),
            ("s.js", "require('express')().listen(3000)\n"),
            (".env", "TOKEN=1\n"),
        ],
        services: &[". node"],
        asks: &[],
        says: &["s.js", "missing-lock"],
        never: &["node:18", "node:20", "npm ci", "COPY .env", "TOKEN"],
    },
];

#[test]
fn ordinary_repositories_are_understood() {
    let mut findings = Vec::new();
    for layout in LAYOUTS {
        let is_known = |service: &str| stack::ALL.iter().any(|stack| service.ends_with(stack.id()));
        if layout.services.iter().all(|service| is_known(service)) {
            understood(layout, &mut findings);
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

fn understood(layout: &Layout, findings: &mut Vec<String>) {
    let inventory = Inventory::from_files(layout.files.iter().copied());
    let plan = plan(&inventory, &Settings::default());
    let mut found: Vec<String> =
        plan.services.iter().map(|service| format!("{} {}", service.dir, service.stack.value)).collect();
    found.sort();
    let about = layout.about;
    if found != layout.services {
        findings.push(format!("{about}: services are {found:?}: {:?}", plan.diagnostics));
    }
    for key in layout.asks {
        if !plan.questions.iter().any(|question| question.key == *key) {
            findings.push(format!("{about}: does not ask for {key}"));
        }
    }
    let templates = Templates::builtin().expect("the templates load");
    let files = match render(&plan, &templates) {
        Ok(files) => files,
        Err(bad) => {
            findings.push(format!("{about}: {bad}"));
            return;
        }
    };
    let mut text = serde_json::to_string(&plan).expect("a plan is JSON");
    text.extend(files.into_iter().map(|files| files.dockerfile.text));
    for words in layout.says.iter().filter(|words| !text.contains(**words)) {
        findings.push(format!("{about}: nothing says `{words}`"));
    }
    for words in layout.never.iter().filter(|words| text.contains(**words)) {
        findings.push(format!("{about}: `{words}` is wrong"));
    }
}
