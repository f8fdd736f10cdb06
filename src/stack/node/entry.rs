//! Which file is the program, where no command says it: what usual names and `main` point to.

use crate::fact::Fact;
use crate::plan::question::Question;
use crate::repo::dir::Dir;
use crate::stack::Survey;
use crate::stack::node::app::{Content, Launch, Packages, Server, tsconfig_out};
use crate::stack::node::framework;
use crate::stack::node::manifest::Package;
use crate::stack::node::sources;
use crate::stack::node::start::{Engine, clean};

/// A program without a start command: `main`, `bin`, or a file with a usual name that listens.
pub(super) fn of_files(s: &Survey<'_>, package: Option<&Package<'_>>) -> Option<Server> {
    let main = package
        .and_then(|package| package.text(&["main"]))
        .map(|main| main.map(|file| resolve(&s.dir, package, &file)));
    let usual = ENTRIES
        .iter()
        .filter(|name| s.dir.has(name))
        .map(|name| Fact::new((*name).to_owned(), s.dir.evidence(name, "a usual name")));
    let candidates: Vec<Fact<String>> =
        main.into_iter().filter(|main| s.dir.has(&main.value)).chain(usual).collect();
    // With a server's library at hand, another file than the first may be the one that listens.
    let depends = package.and_then(|package| framework::find(framework::LIBRARIES, package)).is_some()
        && sources::listens(&sources::of_server(&s.dir, None)).is_some();
    let entry = candidates.into_iter().find(|entry| {
        let docs = s.dir.doc(&entry.value).into_iter().collect::<Vec<_>>();
        sources::listens(&docs).is_some() || (depends && !docs.is_empty())
    })?;
    let is_typescript = entry.value.ends_with(".ts");
    let out = is_typescript.then(|| tsconfig_out(&s.dir)).flatten();
    let server = |file: String, content: Content, modules: Packages| Server {
        launch: entry.derive(Launch::Script(Engine::Node, vec![file])),
        before: Vec::new(),
        builds: Vec::new(),
        content,
        modules,
        env: Vec::new(),
        port: None,
        stops: None,
        build_env: Vec::new(),
    };
    s.ask(
        Question::choose("run.cmd", "Which command starts it?", Vec::new())
            .or(format!("node {}", entry.value)),
    );
    if let Some(out) = out.filter(|_| package.is_some_and(|package| package.uses("typescript").is_some())) {
        let name = entry.value.trim_start_matches("src/").replace(".ts", ".js");
        let file = format!("{}/{name}", out.value);
        return Some(server(
            file,
            Content::Output { folders: vec![(out.value.clone(), out.value)], is_complete: false },
            Packages::Production,
        ));
    }
    Some(server(entry.value.clone(), Content::Tree, Packages::Production))
}

/// The file that `node x` starts: `.` is `main`, a folder its index, a name without its ending the file.
pub(super) fn resolve(dir: &Dir<'_>, package: Option<&Package<'_>>, file: &str) -> String {
    let file = clean(file);
    let file = if file == "." {
        package.and_then(|p| p.text(&["main"])).map_or("index.js".to_owned(), |main| clean(&main.value))
    } else {
        file
    };
    if dir.has(&file) {
        return file;
    }
    [".js", ".mjs", ".cjs", ".ts", "/index.js", "/index.mjs", "/index.ts"]
        .iter()
        .map(|end| format!("{file}{end}"))
        .find(|path| dir.has(path))
        .unwrap_or_else(|| {
            // `node lib/`: the folder that the compiler fills.
            let is_compiled = tsconfig_out(dir).is_some_and(|out| out.value == file);
            if is_compiled { format!("{file}/index.js") } else { file }
        })
}

/// A file that is in the repository runs from the sources; any other is the build's.
pub(super) fn content_of(dir: &Dir<'_>, file: &str) -> Content {
    match file.split_once('/') {
        Some((folder, _))
            if !dir.has(file) && folder != "node_modules" && folder != ".." && !dir.has_dir(folder) =>
        {
            Content::Output { folders: vec![(folder.to_owned(), folder.to_owned())], is_complete: false }
        }
        _ => Content::Tree,
    }
}

/// Files that servers usually start with.
const ENTRIES: &[&str] = &[
    "server.js",
    "index.js",
    "app.js",
    "main.js",
    "server.mjs",
    "index.mjs",
    "src/server.js",
    "src/index.js",
    "src/app.js",
    "src/main.js",
    "bin/www",
    "server/index.js",
    "server/server.js",
    "src/server.mjs",
    "src/index.mjs",
    "src/server.ts",
    "src/index.ts",
    "src/main.ts",
    "src/app.ts",
    "server.ts",
    "index.ts",
    "app.ts",
    "main.ts",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Inventory, RelPath};

    #[test]
    fn what_node_starts_is_a_file() {
        let inventory = Inventory::from_files([
            ("package.json", r#"{"main":"lib/"}"#),
            ("tsconfig.json", r#"{"compilerOptions":{"outDir":"./lib/"}}"#),
            ("bin/www", ""),
            ("server/index.js", ""),
            ("tool.mjs", ""),
        ]);
        let dir = inventory.dir(RelPath::root());
        let package = Package::of(&dir);
        for (word, expected) in [
            ("lib/", "lib/index.js"),
            (".", "lib/index.js"),
            ("./lib/main", "lib/main"),
            ("bin/www", "bin/www"),
            ("server", "server/index.js"),
            ("./tool", "tool.mjs"),
            ("elsewhere", "elsewhere"),
        ] {
            assert_eq!(resolve(&dir, package.as_ref(), word), expected, "{word}");
        }
    }
}
