//! Starts of Node.js that name no program of the repository: a script of the package, a web server for what was built.

use super::{Judged, Starts, called, person, shown, superseded};

/// What becomes of such a start; none where a program of the repository is started.
pub(super) fn judge(starts: &Starts<'_>, words: &[String]) -> Option<Judged> {
    let (program, rest) = called(words);
    let is_site = starts.planned.is_empty();
    Some(match (program, rest.as_slice()) {
        ("npm" | "yarn" | "pnpm", ["start"] | ["run", "start" | "prod" | "production"]) => {
            (superseded("runtime, which starts what the script starts"), vec![starts.note()])
        }
        ("npm" | "yarn" | "pnpm" | "npx" | "serve" | "http-server" | "vite", _) if is_site => {
            let note = format!("`{}` is not needed for that", shown(&starts.old));
            (superseded("runtime, whose web server serves what was built"), vec![note])
        }
        ("nginx", _) => (superseded("runtime"), starts.change()),
        _ if is_site => {
            (person("the image starts a program, and dockgen plans a web server for a built site"), vec![])
        }
        _ => return None,
    })
}
