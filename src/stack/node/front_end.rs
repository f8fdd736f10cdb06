//! A front end that a server serves: `client/` within an Express program's folder, or `frontend/` beside its `backend/`.
//!
//! It is installed and built in a stage of its own, so that an edit of the server does not touch it and none of its
//! packages are shipped. Scripts of the server's package that would build it once more are left out. Where it is and how
//! it is built is asked of `common::front_end`.

use crate::plan::stage::Stage;
use crate::repo::dir::Doc;
use crate::repo::path::RelPath;
use crate::stack::Survey;
use crate::stack::common::front_end;

use super::facts::Facts;
use super::manifest::Package;
use super::plan::HOME;
use super::shipped::Copy;
use super::start::clean;

/// The front end that a server serves.
#[derive(Debug)]
pub(super) struct FrontEnd {
    /// Its folder, from the server's; none where it lies beside that.
    pub folder: Option<String>,
    /// The same for any program.
    pub found: front_end::FrontEnd,
    /// Its folder as the server's scripts name it.
    called: String,
}

impl FrontEnd {
    /// The first whose built files the server's sources name, or whose build fills a folder of the server's: within the build
    /// context, or else beside the server.
    pub fn find(s: &Survey<'_>, context: &RelPath, docs: &[Doc<'_>]) -> Option<Self> {
        let wanted = front_end::read_but_missing(s, docs.iter().copied());
        let found = front_end::find_near(s, context, &wanted).filter(|found| found.home != *s.dir.path())?;
        let folder = found.home.relative_to(s.dir.path()).map(|folder| folder.to_string());
        let called = folder.clone().unwrap_or_else(|| format!("../{}", found.home.name()));
        Some(Self { folder, found, called })
    }

    /// Does this script of the server's package only install or build the front end?
    pub fn is_made_by(&self, package: &Package<'_>, line: &str) -> bool {
        self.makes(package, line, 3)
    }

    fn makes(&self, package: &Package<'_>, line: &str, depth: usize) -> bool {
        let mut is_inside = false;
        line.split(['&', ';']).map(str::trim).filter(|part| !part.is_empty()).all(|part| {
            let words = shell_words::split(part).unwrap_or_default();
            let is_folder = |word: &String| clean(word.rsplit('=').next().unwrap_or(word)) == self.called;
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
        self.found.assets.stage.clone()
    }

    /// The COPY that puts its files where the server looks for them.
    pub fn copy(&self, facts: &Facts) -> Copy {
        // The server's folder is `/app`, or all of its workspace is.
        let base = facts.place.base();
        let is_alone = facts.home.is_root();
        Copy {
            from: Some(self.found.assets.stage.name.to_string()),
            sources: vec![self.found.assets.path.clone()],
            target: if is_alone { self.found.target(&base, HOME) } else { self.found.place(&base, HOME) },
            exclude: Vec::new(),
            because: Some(format!("served by {}", self.found.wanted.because)),
            is_writable: false,
        }
    }
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
        let found = FrontEnd::find(&s, &RelPath::root(), &docs);
        let package = Package::read(&s).expect("a manifest");
        let said = found.map(|front_end| {
            let build = package.script("build").expect("a script");
            (front_end.found.wanted.to_string(), front_end.is_made_by(&package, &build.value))
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
