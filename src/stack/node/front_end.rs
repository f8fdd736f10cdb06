//! A front end in a folder of the server that serves it: `client/` beside an Express program.
//!
//! It is installed and built in a stage of its own, so that an edit of the server does not touch it and none of its
//! packages are shipped. Scripts of the server's package that would build it once more are left out. Whether a folder
//! holds a front end, and how it is built, is asked of its own package.

use std::collections::BTreeSet;

use crate::fact::Fact;
use crate::plan::stage::Stage;
use crate::repo::dir::Doc;
use crate::stack::Survey;
use crate::stack::common::pattern::pattern;

use super::assets::{self, Assets};
use super::manifest::Package;
use super::shipped::Copy;
use super::start::clean;

/// The front end that a server serves.
#[derive(Debug)]
pub(super) struct FrontEnd {
    /// Its folder, from the server's.
    pub folder: String,
    /// Where the server looks for its files, from the server's folder, and the line that says so.
    output: Fact<String>,
    assets: Assets,
}

impl FrontEnd {
    /// The first folder whose built files the server's sources name.
    pub fn find(s: &Survey<'_>, docs: &[Doc<'_>]) -> Option<Self> {
        const DEEPEST: usize = 2;
        let folders: BTreeSet<&str> = s
            .dir
            .files()
            .filter_map(|(path, _)| path.strip_suffix("/package.json"))
            .filter(|folder| folder.split('/').count() <= DEEPEST)
            .collect();
        folders.into_iter().find_map(|folder| {
            let survey = Survey::new(s.dir.dir(folder)?, s.catalog, s.settings());
            let assets = assets::stage(&survey, s.dir.path())?;
            let output = format!("{folder}/{}", assets.output.value);
            let output = docs
                .iter()
                .find_map(|doc| doc.find(|line| goes_through(line, &output).then(|| output.clone())))?;
            Some(Self { folder: folder.to_owned(), output, assets })
        })
    }

    /// Does this script of the server's package only install or build the front end?
    pub fn is_made_by(&self, package: &Package<'_>, line: &str) -> bool {
        self.makes(package, line, 3)
    }

    fn makes(&self, package: &Package<'_>, line: &str, depth: usize) -> bool {
        let mut is_inside = false;
        line.split(['&', ';']).map(str::trim).filter(|part| !part.is_empty()).all(|part| {
            let words = shell_words::split(part).unwrap_or_default();
            let is_folder = |word: &String| clean(word.rsplit('=').next().unwrap_or(word)) == self.folder;
            match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["cd", ..] => {
                    is_inside = words.get(1).is_some_and(is_folder);
                    true
                }
                _ if is_inside || words.iter().skip(1).any(is_folder) => true,
                ["npm" | "yarn" | "pnpm" | "bun", "run", name] | ["yarn" | "pnpm", name] => package
                    .script(name)
                    .is_some_and(|script| depth > 0 && self.makes(package, &script.value, depth - 1)),
                _ => false,
            }
        })
    }

    /// The stage that builds it.
    pub fn stage(&self) -> Stage {
        self.assets.stage.clone()
    }

    /// The COPY that puts its files where the server looks for them.
    pub fn copy(&self) -> Copy {
        Copy {
            from: Some(self.assets.stage.name.to_string()),
            sources: vec![self.assets.path.clone()],
            target: format!("./{}", self.output.value),
            exclude: Vec::new(),
            because: Some(format!("served by {}", self.output.because)),
            is_writable: false,
        }
    }
}

/// Does a literal path, or one that is joined of literals, go through this one? `"client", "build"` is `client/build`.
fn goes_through(line: &str, path: &str) -> bool {
    let code = line.trim_start();
    if code.starts_with("//") || line.len() > 2_000 {
        return false;
    }
    let literals = pattern(r#"["'`]([^"'`]+)["'`]"#).captures_iter(code);
    let joined: Vec<String> = literals.map(|literal| literal[1].to_owned()).collect();
    let joined = joined.join("/");
    let parts: Vec<&str> = joined.split('/').filter(|part| !part.is_empty()).collect();
    let wanted: Vec<&str> = path.split('/').collect();
    parts.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::plan::catalog::Catalog;
    use crate::repo::{Inventory, RelPath};

    const CLIENT: &str = r#"{"scripts":{"build":"vite build"},"devDependencies":{"vite":"7.0.0"}}"#;

    fn check(server: &str, scripts: &str, expected: Option<(&str, bool)>) {
        let manifest = format!(r#"{{"scripts":{{{scripts}}}}}"#);
        let inventory = Inventory::from_files([
            ("package.json", manifest.as_str()),
            ("server.js", server),
            ("client/package.json", CLIENT),
            ("client/index.html", ""),
        ]);
        let s = Survey::new(inventory.dir(RelPath::root()), Catalog::builtin(), &Settings::default());
        let docs: Vec<Doc<'_>> = s.doc("server.js").into_iter().collect();
        let found = FrontEnd::find(&s, &docs);
        let package = Package::read(&s).expect("a manifest");
        let said = found.map(|front_end| {
            let build = package.script("build").expect("a script");
            (front_end.output.to_string(), front_end.is_made_by(&package, &build.value))
        });
        assert_eq!(
            said.as_ref().map(|(output, made)| (output.as_str(), *made)),
            expected,
            "{server} {scripts}"
        );
    }

    #[test]
    fn a_front_end_is_what_the_server_serves() {
        const SERVED: &str = "app.use(express.static(path.join(__dirname, \"client\", \"dist\")))";
        let through = Some(("client/dist (server.js:1)", true));
        for (server, scripts, expected) in [
            (SERVED, r#""build":"cd client && npm install && npm run build""#, through),
            (SERVED, r#""build":"npm install --prefix client && npm run build --prefix=client""#, through),
            (
                SERVED,
                r#""build":"npm run build:client","build:client":"cd ./client; npx vite build""#,
                through,
            ),
            (
                SERVED,
                r#""build":"tsc && cd client && npm run build""#,
                Some(("client/dist (server.js:1)", false)),
            ),
            (
                SERVED,
                r#""build":"cd client && npm ci && cd .. && tsc""#,
                Some(("client/dist (server.js:1)", false)),
            ),
            (
                "res.sendFile('/client/dist/index.html')",
                r#""build":"tsc""#,
                Some(("client/dist (server.js:1)", false)),
            ),
            ("// express.static('client/dist')", r#""build":"tsc""#, None),
            ("app.use('/client', dist)", r#""build":"tsc""#, None),
        ] {
            check(server, scripts, expected);
        }
    }
}
