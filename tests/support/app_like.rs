//! A repository to go with an old Dockerfile of which nothing is known but its text: what its language needs at the least,
//! and the files that the text names.

use std::collections::BTreeMap;

use dockgen::dockerfile::{Dockerfile, Form, Meaning, Origin, Stages};
use dockgen::repo::Inventory;

/// Languages, their base images, and commands that only a project of theirs runs.
const LANGUAGES: &[(&str, &[&str], &[&str])] = &[
    ("go", &["golang"], &["go build", "go get", "go install"]),
    (
        "java",
        &["java", "openjdk", "maven", "gradle", "tomcat", "eclipse-temurin"],
        &["mvn ", "gradle ", "./gradlew"],
    ),
    ("node", &["node", "iojs"], &["npm install", "npm i ", "yarn install", "npm ci"]),
    ("python", &["python"], &["pip install -r", "pip3 install -r", "requirements.txt"]),
    ("rust", &["rust"], &["cargo build", "cargo install"]),
];

/// The language of an application's file: one stage, one language, the sources copied, and a start.
pub fn language(text: &str, file: &Dockerfile) -> Option<&'static str> {
    let stages = Stages::of(file);
    if stages.iter().count() != 1 {
        return None;
    }
    let stage = stages.last()?;
    let meanings: Vec<_> = stage.instructions.iter().filter_map(|i| i.meaning().ok()).collect();
    let copies = meanings.iter().any(|meaning| match meaning {
        Meaning::Copy(copy) | Meaning::Add(copy) => {
            copy.sources.iter().any(|source| matches!(source.trim_end_matches('/'), "." | ""))
        }
        _ => false,
    });
    if !copies || !meanings.iter().any(|meaning| matches!(meaning, Meaning::Cmd(_) | Meaning::Entrypoint(_)))
    {
        return None;
    }
    let base = match &stage.origin {
        Origin::Image(image) => image.repository.rsplit('/').next().unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    let of_base: Vec<_> = LANGUAGES.iter().filter(|(_, bases, _)| bases.contains(&base.as_str())).collect();
    if let [(name, _, _)] = of_base.as_slice() {
        return Some(name);
    }
    let told =
        |(_, _, commands): &&(&str, &[&str], &[&str])| commands.iter().any(|command| text.contains(command));
    let of_text: Vec<_> = LANGUAGES.iter().filter(told).collect();
    match of_text.as_slice() {
        [(name, _, _)] => Some(name),
        _ => None,
    }
}

/// The least that a repository of this language holds, so that this file makes sense.
pub fn repository(language: &str, file: &Dockerfile) -> Inventory {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let stages = Stages::of(file);
    let instructions = stages.last().map(|stage| stage.instructions.clone()).unwrap_or_default();
    let mut start: Vec<String> = Vec::new();
    for meaning in instructions.iter().filter_map(|instruction| instruction.meaning().ok()) {
        match meaning {
            Meaning::Copy(copy) | Meaning::Add(copy) => {
                for source in copy.sources.iter().map(|source| source.trim_matches(['.', '/'])) {
                    if source.contains('.') && !source.contains([':', '$', '*']) {
                        // A manifest that says nothing, where an empty file would be a broken one.
                        let text = if source.ends_with(".json") || source.ends_with("Pipfile.lock") {
                            "{}"
                        } else {
                            ""
                        };
                        files.entry(source.to_owned()).or_insert_with(|| text.to_owned());
                    }
                }
            }
            Meaning::Cmd(form) | Meaning::Entrypoint(form) => {
                start = match form {
                    Form::Exec(words) => words,
                    Form::Shell(text) => text.split_whitespace().map(str::to_owned).collect(),
                };
            }
            _ => {}
        }
    }
    let named = |ending: &str| {
        start.iter().find(|word| word.ends_with(ending)).map(|word| {
            let short = word.rsplit_once("/app/").map_or(word.as_str(), |(_, rest)| rest);
            short.trim_start_matches("./").trim_start_matches('/').to_owned()
        })
    };
    let mut put = |path: String, text: &str| {
        files.insert(path, text.to_owned());
    };
    match language {
        "go" => {
            put("go.mod".to_owned(), "module example.com/app\n\ngo 1.26\n");
            put(
                "main.go".to_owned(),
                "package main\n\nimport \"net/http\"\n\nfunc main() {\n\tpanic(http.ListenAndServe(\":8080\", nil))\n}\n",
            );
        }
        "node" => {
            let main = named(".js").unwrap_or_else(|| "index.js".to_owned());
            let manifest = format!(
                "{{\"name\":\"app\",\"scripts\":{{\"start\":\"node {main}\",\"build\":\"true\"}},\"dependencies\":{{\"express\":\"4.18.2\"}}}}"
            );
            put("package.json".to_owned(), &manifest);
            put(main, "require('express')().listen(process.env.PORT || 3000)\n");
        }
        "python" => {
            put("requirements.txt".to_owned(), "flask==3.1.0\ngunicorn==23.0.0\n");
            let main = named(".py").unwrap_or_else(|| "app.py".to_owned());
            put(
                main,
                "from flask import Flask\napp = Flask(__name__)\n\nif __name__ == '__main__':\n    app.run(host='0.0.0.0', port=5000)\n",
            );
        }
        "java" => put(
            "pom.xml".to_owned(),
            "<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>app</artifactId><version>1</version>\
             <parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId>\
             <version>3.5.6</version></parent><dependencies><dependency><groupId>org.springframework.boot</groupId>\
             <artifactId>spring-boot-starter-web</artifactId></dependency></dependencies><build><plugins><plugin>\
             <groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>",
        ),
        _ => {
            put(
                "Cargo.toml".to_owned(),
                "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
            );
            put("src/main.rs".to_owned(), "fn main() {}\n");
        }
    }
    Inventory::from_files(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
}
