//! Packages with native code or heavy needs, as rows: system packages for each stage, and whether an
//! install script must run.
//!
//! Debian names; a version prefix keeps a package on its release line. Sources: the installation page of each package.

use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::plan::stage::SystemPackage;
use crate::stack::Survey;
use crate::stack::node::lock::Lock;
use crate::stack::node::manifest::Package;
use crate::stack::node::semver::{is_below, major};

/// One package.
struct Row {
    packages: &'static [&'static str],
    /// For the stages that install.
    build: &'static [&'static str],
    /// For the image that runs.
    runtime: &'static [&'static str],
    /// Variables of the image that runs.
    env: &'static [(&'static str, &'static str)],
    /// Variables of the stages that install, and what each is for.
    build_env: &'static [(&'static str, &'static str, &'static str)],
    /// Does its install script build or fetch what it needs to load?
    script: bool,
    /// From this version on the package holds its binaries, and nothing is needed.
    until: Option<&'static str>,
}

const NONE: Row =
    Row { packages: &[], build: &[], runtime: &[], env: &[], build_env: &[], script: true, until: None };

const ROWS: &[Row] = &[
    // Prebuilt for the usual platforms; the compiler is for what has no binary: https://github.com/nodejs/node-gyp#on-unix
    Row { packages: &["bcrypt"], build: COMPILER, until: Some("6.0.0"), ..NONE },
    Row { packages: &["argon2"], build: COMPILER, until: Some("0.41.0"), ..NONE },
    Row { packages: &["bufferutil"], build: COMPILER, until: Some("4.0.0"), ..NONE },
    Row { packages: &["utf-8-validate", "leveldown"], build: COMPILER, until: Some("5.0.0"), ..NONE },
    Row { packages: &["snappy"], build: COMPILER, until: Some("7.0.0"), ..NONE },
    Row { packages: &["better-sqlite3", "sqlite3"], build: COMPILER, ..NONE },
    Row {
        packages: &[
            "node-sass",
            "node-pty",
            "farmhash",
            "re2",
            "robotjs",
            "zeromq",
            "usb",
            "serialport",
            "microtime",
            "iconv",
            "ref-napi",
            "ffi-napi",
            "libxmljs",
            "libxmljs2",
            "couchbase",
            "node-rdkafka",
            "grpc",
            "heapdump",
            "isolated-vm",
            "deasync",
            "fibers",
            "kerberos",
            "mongodb-client-encryption",
            "pg-native",
            "odbc",
            "oracledb",
            "ibm_db",
            "tree-sitter",
        ],
        build: COMPILER,
        ..NONE
    },
    // https://github.com/Automattic/node-canvas#compiling
    Row {
        packages: &["canvas"],
        build: &[
            "build-essential=12.*",
            "python3=3.*",
            "pkg-config=1.*",
            "libcairo2-dev=1.*",
            "libpango1.0-dev=1.*",
            "libjpeg-dev=1:2.*",
            "libgif-dev=5.*",
            "librsvg2-dev=2.*",
        ],
        runtime: &[
            "libcairo2=1.*",
            "libpango-1.0-0=1.*",
            "libpangocairo-1.0-0=1.*",
            "libjpeg62-turbo=1:2.*",
            "libgif7=5.*",
            "librsvg2-2=2.*",
        ],
        ..NONE
    },
    // https://pptr.dev/guides/docker: the distribution's own browser instead of a download.
    Row {
        packages: &["puppeteer", "puppeteer-core"],
        runtime: &["chromium=1*", "fonts-liberation=1:2.*"],
        env: &[("PUPPETEER_EXECUTABLE_PATH", "/usr/bin/chromium")],
        build_env: &[("PUPPETEER_SKIP_DOWNLOAD", "1", "the browser is Debian's, and not downloaded")],
        script: false,
        ..NONE
    },
    // https://www.prisma.io/docs/orm/reference/system-requirements: engines link OpenSSL.
    Row {
        packages: &["@prisma/client", "prisma"],
        build: &["openssl=3.*", "ca-certificates=20*"],
        runtime: &["openssl=3.*", "ca-certificates=20*"],
        ..NONE
    },
    // Programs for people and tests, which an install fetches from elsewhere; no build wants them.
    // https://docs.cypress.io/app/references/advanced-installation#Skipping-installation
    Row {
        packages: &["cypress"],
        build_env: &[("CYPRESS_INSTALL_BINARY", "0", "no build runs Cypress's own program")],
        script: false,
        ..NONE
    },
    // https://www.electronjs.org/docs/latest/tutorial/installation#skip-binary-download
    Row {
        packages: &["electron"],
        build_env: &[("ELECTRON_SKIP_BINARY_DOWNLOAD", "1", "no build runs Electron's own program")],
        script: false,
        ..NONE
    },
    // https://github.com/giggio/node-chromedriver#skipping-chromedriver-download
    Row {
        packages: &["chromedriver"],
        build_env: &[("CHROMEDRIVER_SKIP_DOWNLOAD", "true", "no build drives a browser")],
        script: false,
        ..NONE
    },
    Row { packages: &["fluent-ffmpeg"], runtime: &["ffmpeg=7:*"], script: false, ..NONE },
    Row { packages: &["gm", "imagemagick"], runtime: &["imagemagick=8:*"], script: false, ..NONE },
    Row {
        packages: &["simple-git", "isomorphic-git-cli"],
        runtime: &["git=1:2.*", "ca-certificates=20*"],
        script: false,
        ..NONE
    },
];

/// What node-gyp needs.
const COMPILER: &[&str] = &["build-essential=12.*", "python3=3.*"];

/// What an older node-gyp needs besides: Python 3.12 has no `distutils` any more, and this brings it.
/// <https://github.com/nodejs/node-gyp/blob/main/CHANGELOG.md>, 10.0.0; <https://docs.python.org/3/whatsnew/3.12.html>
const OLD_COMPILER: &[&str] = &["python3-setuptools=*"];

/// Versions of Debian's packages that images of older releases hold, where a row names newer ones.
/// <https://packages.debian.org/>, by release
const OLDER: &[(&[&str], &str, &str)] = &[
    (&["node-slim-bullseye", "node-slim-buster", "node-slim-unsigned"], "openssl", "1.*"),
    (&["node-slim-bullseye", "node-slim-buster", "node-slim-unsigned"], "pkg-config", "0.*"),
    (&["node-slim-buster", "node-slim-unsigned"], "libjpeg-dev", "1:1.*"),
    (&["node-slim-buster", "node-slim-unsigned"], "libjpeg62-turbo", "1:1.*"),
    (
        &["node-slim-bookworm", "node-slim-bullseye", "node-slim-buster", "node-slim-unsigned"],
        "fonts-liberation",
        "1:1.*",
    ),
];

/// What natives take.
#[derive(Debug, Default)]
pub(super) struct Natives {
    /// For the stages that install.
    pub build: Vec<Fact<SystemPackage>>,
    /// For the image that runs.
    pub runtime: Vec<Fact<SystemPackage>>,
    /// Variables of the image that runs.
    pub env: Vec<(String, Fact<String>)>,
    /// Variables of the stages that install.
    pub build_env: Vec<(String, Fact<String>)>,
    /// Packages whose install scripts must run.
    pub scripts: Vec<Fact<String>>,
}

impl Natives {
    /// Of the dependencies of a package.
    pub fn find(s: &Survey<'_>, package: &Package<'_>, lock: Option<&Lock<'_>>) -> Self {
        let mut natives = Self::default();
        for (row, name, range, is_shipped) in ROWS.iter().flat_map(|row| used(row, package)) {
            let newer = row.until.is_some_and(|limit| {
                !is_below(range.value.trim_start_matches(['^', '~', '>', '=', ' ']), limit)
            });
            if newer || name.contains("prisma") && is_engineless(&range.value) {
                continue;
            }
            natives.build.extend(row.build.iter().map(|word| system(&range, name, word)));
            natives.build_env.extend(row.build_env.iter().map(|row| variable(&range, *row)));
            if row.script {
                natives.scripts.push(range.derive(name.to_owned()));
            }
            if is_shipped {
                natives.runtime.extend(row.runtime.iter().map(|word| system(&range, name, word)));
                natives.env.extend(
                    row.env
                        .iter()
                        .map(|(variable, value)| ((*variable).to_owned(), range.derive((*value).to_owned()))),
                );
            }
        }
        natives.add_locked(package, lock);
        natives.build_env.extend(headers(&natives.build));
        if let Some(range) = package.requires("playwright") {
            s.note(
                Diagnostic::warning(
                    Code::SystemPackage,
                    "playwright needs the browsers of exactly its own version, which are not in the image",
                )
                .at(range.because.at)
                .help("set runtime.image to mcr.microsoft.com/playwright:v<version>-noble"),
            );
        }
        natives
    }
}

impl Natives {
    /// Takes the versions that an image of the catalog has.
    pub fn fit(&mut self, image: &str) {
        for package in self.build.iter_mut().chain(&mut self.runtime) {
            let row =
                OLDER.iter().find(|(images, name, _)| *name == package.value.name && images.contains(&image));
            if let Some((.., version)) = row {
                package.value.version = Some((*version).to_owned());
            }
        }
    }

    /// Adds what a library of the same workspace takes.
    pub fn merge(&mut self, other: Self) {
        fn add<T>(to: &mut Vec<T>, from: Vec<T>, is_same: impl Fn(&T, &T) -> bool) {
            for one in from {
                if !to.iter().any(|known| is_same(known, &one)) {
                    to.push(one);
                }
            }
        }
        add(&mut self.build, other.build, |a, b| a.value.name == b.value.name);
        add(&mut self.runtime, other.runtime, |a, b| a.value.name == b.value.name);
        add(&mut self.env, other.env, |a, b| a.0 == b.0);
        add(&mut self.build_env, other.build_env, |a, b| a.0 == b.0);
        add(&mut self.scripts, other.scripts, |a, b| a.value == b.value);
    }

    /// Adds what the lock file says beyond the rows. A row knows better about a package that the project names itself.
    fn add_locked(&mut self, package: &Package<'_>, lock: Option<&Lock<'_>>) {
        let has_row = |name: &str| ROWS.iter().any(|row| row.packages.contains(&name));
        let compiled = lock.map(Lock::compiled).unwrap_or_default();
        for found in
            compiled.iter().filter(|found| package.uses(&found.value).is_none() || !has_row(&found.value))
        {
            self.build.extend(COMPILER.iter().map(|word| system(found, &found.value, word)));
            self.scripts.push(found.clone());
        }
        // A node-gyp of the project's own tree comes before npm's.
        let generators = lock.map(|lock| lock.versions("node-gyp")).unwrap_or_default();
        let old = generators.iter().find(|version| is_below(&version.value, "10.0.0"));
        if let Some(old) = old
            && self.build.iter().any(|package| package.value.name == "build-essential")
        {
            self.build.extend(OLD_COMPILER.iter().map(|word| system(old, "an old node-gyp", word)));
        }
        for packages in [&mut self.build, &mut self.runtime] {
            let mut seen = Vec::new();
            packages.retain(|package| {
                let is_new = !seen.contains(&package.value.name);
                seen.push(package.value.name.clone());
                is_new
            });
        }
    }
}

/// node-gyp fetches Node.js's headers, unless it is told where they are; the official images hold those of their own.
/// <https://github.com/nodejs/node-gyp#readme>
fn headers(packages: &[Fact<SystemPackage>]) -> Option<(String, Fact<String>)> {
    let compiler = packages.iter().find(|package| package.value.name == "build-essential")?;
    let reason = "node-gyp compiles with the headers that the image has";
    Some(variable(compiler, ("npm_config_nodedir", "/usr/local", reason)))
}

/// A variable that a package is the reason for, with what it is for as the words of that reason.
fn variable<T>(package: &Fact<T>, row: (&str, &str, &str)) -> (String, Fact<String>) {
    let (name, value, reason) = row;
    let mut value = package.derive(value.to_owned());
    reason.clone_into(&mut value.because.says);
    (name.to_owned(), value)
}

/// Prisma 7 has no engine of its own: <https://www.prisma.io/docs/orm/more/upgrade-guides/upgrading-versions/upgrading-to-prisma-7>
fn is_engineless(range: &str) -> bool {
    major(range).is_some_and(|major| major >= 7)
}

fn used<'r>(row: &'r Row, package: &Package<'_>) -> Vec<(&'r Row, &'static str, Fact<String>, bool)> {
    row.packages
        .iter()
        .filter_map(|name| {
            let range = package.uses(name)?;
            let is_shipped = package.requires(name).is_some();
            Some((row, *name, range, is_shipped))
        })
        .collect()
}

fn system(because: &Fact<String>, package: &str, word: &str) -> Fact<SystemPackage> {
    let (name, version) =
        word.split_once('=').map_or((word, None), |(name, version)| (name, Some(version.to_owned())));
    let mut fact = because.derive(SystemPackage { name: name.to_owned(), version });
    fact.because.says = format!("for {package}");
    fact
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    #[test]
    fn packages_have_the_version_of_the_images_debian() {
        for (line, dependency, expected) in [
            ("24", r#""@prisma/client":"6.0.0""#, "openssl 3.*"),
            ("18", r#""@prisma/client":"5.0.0""#, "openssl 3.*"),
            ("16", r#""@prisma/client":"4.0.0""#, "openssl 1.*"),
            ("18", r#""puppeteer":"22.0.0""#, "fonts-liberation 1:1.*"),
            ("24", r#""puppeteer":"22.0.0""#, "fonts-liberation 1:2.*"),
        ] {
            let manifest = format!(
                r#"{{"engines":{{"node":"{line}"}},"scripts":{{"start":"node server.js"}},"dependencies":{{{dependency}}}}}"#
            );
            let files = [("package.json", manifest.as_str()), ("package-lock.json", "{}"), ("server.js", "")];
            let plan = plan(&Inventory::from_files(files), &Settings::default());
            let packages: Vec<String> = plan.services[0]
                .stages
                .iter()
                .flat_map(|stage| &stage.packages)
                .map(|package| {
                    format!("{} {}", package.value.name, package.value.version.as_deref().unwrap_or_default())
                })
                .collect();
            assert!(packages.iter().any(|found| found == expected), "{line} {dependency} {packages:?}");
        }
    }
}
