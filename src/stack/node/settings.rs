//! `.env` and `.env.production` that a project commits for its build: shown to the build where all they hold is public.
//!
//! Vite, Create React App, Vue CLI, Next.js and the like read these files while building and put the variables with their
//! prefix into what browsers get. A committed file with nothing else is a public setting of the build; one other name in
//! it, and the file stays hidden like every environment file.
//!
//! <https://vite.dev/guide/env-and-mode>, <https://create-react-app.dev/docs/adding-custom-environment-variables>

use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::stack::Survey;

const FILES: &[&str] = &[".env", ".env.production"];

/// Switches of the tools themselves: <https://create-react-app.dev/docs/advanced-configuration>
const SWITCHES: &[&str] = &[
    "BASE_URL",
    "BROWSER",
    "BROWSERSLIST_ENV",
    "BUILD_PATH",
    "CI",
    "DISABLE_ESLINT_PLUGIN",
    // Starters of Vue name the stage with it: <https://github.com/PanJiaChen/vue-element-admin>
    "ENV",
    "ESLINT_NO_DEV_ERRORS",
    "EXTEND_ESLINT",
    "FAST_REFRESH",
    "GENERATE_SOURCEMAP",
    "HOST",
    "HTTPS",
    "IMAGE_INLINE_SIZE_LIMIT",
    "INLINE_RUNTIME_CHUNK",
    "NODE_ENV",
    "NODE_PATH",
    "PORT",
    "PUBLIC_URL",
    "SKIP_PREFLIGHT_CHECK",
    "TSC_COMPILE_ON_ERROR",
    "WDS_SOCKET_PORT",
];

/// The committed files that the build may see, from the folder. `public` are the prefixes of public variables.
pub(super) fn of_build(s: &Survey<'_>, public: &[&str]) -> Vec<Fact<String>> {
    if public.is_empty() {
        return Vec::new();
    }
    let mut shown = Vec::new();
    for &file in FILES {
        let Some(doc) = s.dir.doc(file) else { continue };
        let is_public =
            |name: &str| public.iter().any(|prefix| name.starts_with(prefix)) || SWITCHES.contains(&name);
        // Only the name is cited: the value may be a secret.
        let other = doc.lines().find_map(|(number, line)| {
            let name = assigned(line)?;
            (!is_public(name)).then(|| Fact::new(name.to_owned(), doc.cite(number, name)))
        });
        match other {
            None => {
                let first = doc.lines().find_map(|(number, line)| Some((number, assigned(line)?)));
                shown.extend(first.map(|(number, name)| Fact::new(file.to_owned(), doc.cite(number, name))));
            }
            Some(other) => s.note(
                Diagnostic::note(
                    Code::KeptFile,
                    format!(
                        "the build does not see `{file}`: `{}` in it is not public by its name",
                        other.value
                    ),
                )
                .at(other.because.at.clone())
                .help(
                    "pass what the build needs with --build-arg, and what the program needs when it starts",
                ),
            ),
        }
    }
    shown
}

/// The name that a line assigns to. A line that is neither that, a comment nor empty counts as a name: it is not understood.
fn assigned(line: &str) -> Option<&str> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let line = line.strip_prefix("export ").unwrap_or(line);
    Some(line.split_once('=').map_or("a line", |(name, _)| name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::plan::catalog::Catalog;
    use crate::repo::{Inventory, RelPath};

    fn check(text: &str, is_shown: bool) {
        let inventory = Inventory::from_files([(".env.production", text)]);
        let catalog = Catalog::builtin();
        let s = Survey::new(inventory.dir(RelPath::root()), catalog, &Settings::default());
        assert_eq!(!of_build(&s, &["VITE_"]).is_empty(), is_shown, "{text}");
        assert!(of_build(&s, &[]).is_empty(), "a server's file is never shown: {text}");
    }

    #[test]
    fn a_file_is_shown_when_all_of_it_is_public() {
        for (text, is_shown) in [
            ("VITE_API_URL=https://api.example.com\n# a comment\n\nexport VITE_TITLE='x'\n", true),
            ("GENERATE_SOURCEMAP=false\n", true),
            ("# just a flag\nENV = 'production'\n\nVITE_BASE_API = '/prod-api'\n", true),
            ("VITE_A=1\nDATABASE_URL=postgres://u:p@h/d\n", false),
            ("VITE_A=\"-----BEGIN\nsomething\"\n", false),
            ("# nothing\n", false),
        ] {
            check(text, is_shown);
        }
    }
}
