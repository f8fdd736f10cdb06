//! The era of a project: where nothing pins Node.js, what its lock file holds tells which lines can build it.
//!
//! Rows of data: a package, the version from which it is of today, and what an older one takes.

use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::plan::catalog::ToolchainLines;
use crate::stack::Survey;
use crate::stack::node::lock::Lock;
use crate::stack::node::manifest::Package;
use crate::stack::node::semver::{is_below, major};

/// What an old package takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// The hashes of OpenSSL 1, which Node.js 17 and newer have behind a flag.
    LegacyOpenSsl,
    /// No line newer than this.
    AtMost(u64),
}

struct Row {
    package: &'static str,
    /// The first version without the need.
    until: &'static str,
    takes: Takes,
}

const ROWS: &[Row] = &[
    // https://github.com/webpack/webpack/issues/14532: md4 in plain JavaScript since 5.61.
    Row { package: "webpack", until: "5.61.0", takes: Takes::LegacyOpenSsl },
    // They bring a webpack 4 of their own, or pin it.
    Row { package: "react-scripts", until: "5.0.0", takes: Takes::LegacyOpenSsl },
    Row { package: "@vue/cli-service", until: "5.0.0", takes: Takes::LegacyOpenSsl },
    Row { package: "next", until: "12.0.0", takes: Takes::LegacyOpenSsl },
    Row { package: "nuxt", until: "3.0.0", takes: Takes::LegacyOpenSsl },
    Row { package: "gatsby", until: "4.0.0", takes: Takes::LegacyOpenSsl },
    Row { package: "laravel-mix", until: "6.0.40", takes: Takes::LegacyOpenSsl },
    Row { package: "@angular-devkit/build-angular", until: "13.0.0", takes: Takes::LegacyOpenSsl },
    // Loaded where there is a global MessageChannel, as in Node.js 15 and newer, it opens one that keeps every process alive: builds
    // write their files and never end. https://github.com/vuejs/vue/blob/v2.5.22/src/core/util/next-tick.js
    Row { package: "vue-template-compiler", until: "2.6.0", takes: Takes::AtMost(14) },
    Row { package: "vue-server-renderer", until: "2.6.0", takes: Takes::AtMost(14) },
    // https://github.com/sass/node-sass#node-version-support-policy
    Row { package: "node-sass", until: "5.0.0", takes: Takes::AtMost(14) },
    Row { package: "node-sass", until: "7.0.0", takes: Takes::AtMost(16) },
    Row { package: "node-sass", until: "9.0.0", takes: Takes::AtMost(18) },
    Row { package: "node-sass", until: "10.0.0", takes: Takes::AtMost(20) },
    // https://github.com/gulpjs/gulp/issues/2324: graceful-fs 3 breaks in Node.js 12.
    Row { package: "gulp", until: "4.0.0", takes: Takes::AtMost(10) },
    // https://github.com/laverdet/node-fibers#readme
    Row { package: "fibers", until: "99.0.0", takes: Takes::AtMost(14) },
    // Built against V8's own interface: a release knows the lines of its day.
    // https://github.com/WiseLibs/better-sqlite3/releases
    Row { package: "better-sqlite3", until: "8.0.0", takes: Takes::AtMost(18) },
    Row { package: "better-sqlite3", until: "11.0.0", takes: Takes::AtMost(20) },
    // Node.js 24.19 ends a program whose collected statements are of this package's older releases:
    // https://github.com/WiseLibs/better-sqlite3/issues/1515
    Row { package: "better-sqlite3", until: "13.0.0", takes: Takes::AtMost(22) },
    // https://github.com/Automattic/node-canvas/releases
    Row { package: "canvas", until: "2.11.0", takes: Takes::AtMost(18) },
    Row { package: "bcrypt", until: "5.0.0", takes: Takes::AtMost(14) },
    Row { package: "sqlite3", until: "5.0.0", takes: Takes::AtMost(14) },
    Row { package: "deasync", until: "0.1.29", takes: Takes::AtMost(18) },
    // It waits for ever for its connection: https://github.com/brianc/node-postgres/issues/2180
    Row { package: "pg", until: "8.0.3", takes: Takes::AtMost(12) },
    // `Buffer` and `util` interfaces that Node.js 23 and newer no longer have.
    Row { package: "@nestjs/core", until: "7.0.0", takes: Takes::AtMost(16) },
];

/// What the era of a project takes.
#[derive(Debug, Default)]
pub(super) struct Era {
    /// The newest line that works, and the package that says so.
    pub at_most: Option<(u64, Fact<String>)>,
    /// The package that needs the hashes of OpenSSL 1.
    pub legacy_openssl: Option<Fact<String>>,
}

impl Era {
    /// Reads the lock file, and `package.json` where there is none.
    pub fn read(package: &Package<'_>, lock: Option<&Lock<'_>>) -> Self {
        let mut era = Self::default();
        for row in ROWS {
            let Some(found) = old_version(row, package, lock) else { continue };
            let says = found.map(|version| format!("{} {version}", row.package));
            match row.takes {
                Takes::LegacyOpenSsl => {
                    era.legacy_openssl.get_or_insert(says);
                }
                Takes::AtMost(line) => {
                    if era.at_most.as_ref().is_none_or(|(known, _)| line < *known) {
                        era.at_most = Some((line, says));
                    }
                }
            }
        }
        era
    }

    /// The line for a project that pins none; none where today's default is right.
    pub fn line(&self, lines: &ToolchainLines) -> Option<Fact<String>> {
        let (limit, package) = self.at_most.as_ref()?;
        let line = package.derive(limit.to_string());
        (major(&lines.default)? > *limit)
            .then(|| Fact { because: line.because.as_limit(&package.value), ..line })
    }

    /// Says that a line which somebody pinned is too new for a package.
    pub fn check_line(&self, s: &Survey<'_>, line: &Fact<String>) {
        let Some((limit, package)) = &self.at_most else { return };
        if major(&line.value).is_some_and(|line| line > *limit) {
            let message = format!("{} does not run on Node.js {}", package.value, line.value);
            let finding = Diagnostic::warning(Code::UnknownVersion, message).at(package.because.at.clone());
            s.note(finding.help(format!("Node.js {limit}, or a newer release of the package")));
        }
    }
}

fn old_version(row: &Row, package: &Package<'_>, lock: Option<&Lock<'_>>) -> Option<Fact<String>> {
    let pinned = lock.map(|lock| lock.versions(row.package)).unwrap_or_default();
    if !pinned.is_empty() {
        return pinned.into_iter().find(|version| is_below(&version.value, row.until));
    }
    let range = package.uses(row.package)?;
    // What no lock file pins is the newest of its range, and that may be of today.
    if range.value.starts_with('^') && major(&range.value) == major(row.until) {
        return None;
    }
    let lowest = range.value.trim_start_matches(['^', '~', '>', '=', 'v', ' ']).to_owned();
    is_below(&lowest, row.until).then(|| range.derive(lowest))
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    #[test]
    fn a_line_that_somebody_pinned_is_kept_and_its_end_is_told() {
        const MANIFEST: &str = r#"{"scripts":{"start":"node server.js"},"engines":{"node":">=20 <=26"},
            "dependencies":{"better-sqlite3":"12.8.0"}}"#;
        for (pinned, line, is_told) in [("24", "24", true), ("22", "22", false), ("", "22", false)] {
            let files = [("package.json", MANIFEST), (".nvmrc", pinned), ("server.js", "")];
            let plan = plan(&Inventory::from_files(files), &Settings::default());
            assert_eq!(plan.services[0].toolchains[0].value.version, line, "{pinned}");
            let said = "better-sqlite3 12.8.0 does not run on Node.js 24";
            assert_eq!(plan.diagnostics.iter().any(|one| one.message == said), is_told, "{pinned}");
        }
    }

    #[test]
    fn a_line_is_one_that_old_packages_run_on() {
        for (package, version, line) in [
            ("pg", "7.14.0", "12"),
            ("pg", "8.0.3", "24"),
            ("node-sass", "4.14.1", "14"),
            ("express", "4.17.1", "24"),
        ] {
            let manifest = format!(
                r#"{{"scripts":{{"start":"node server.js"}},"dependencies":{{"{package}":"{version}"}}}}"#
            );
            let files = [("package.json", manifest.as_str()), ("server.js", "")];
            let plan = plan(&Inventory::from_files(files), &Settings::default());
            assert_eq!(plan.services[0].toolchains[0].value.version, line, "{package} {version}");
        }
    }

    #[test]
    fn a_lock_file_says_of_what_day_a_package_is() {
        const PINNED: &str = "\"vue-template-compiler@^2.5.22\":\n  version \"2.5.22\"\n";
        const NEWER: &str = "\"vue-template-compiler@^2.5.22\":\n  version \"2.7.16\"\n";
        for (range, lock, line) in [
            ("^2.5.22", Some(PINNED), "14"),
            ("^2.5.22", Some(NEWER), "24"),
            // Without one, the newest of the range is installed.
            ("^2.5.22", None, "24"),
            ("2.5.22", None, "14"),
        ] {
            let manifest = format!(
                r#"{{"engines":{{"node":">=7.0"}},"scripts":{{"build":"webpack"}},"devDependencies":{{"html-webpack-plugin":"3","vue-template-compiler":"{range}"}}}}"#
            );
            let files = [("package.json", manifest.as_str()), ("index.html", "")];
            let lock = lock.map(|text| ("yarn.lock", text));
            let plan = plan(&Inventory::from_files(files.into_iter().chain(lock)), &Settings::default());
            let node = &plan.services[0].toolchains[0].value.version;
            assert_eq!(*node, line, "{range} {lock:?}");
        }
    }
}
