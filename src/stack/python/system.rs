//! Packages of the distribution that Python packages need, to build and to run.
//!
//! Rows of data. Names and versions are those of Debian 13 (<https://packages.debian.org/trixie/>);
//! most packages ship everything in their wheels and have no row.

use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact};
use crate::plan::stage::SystemPackage;
use crate::stack::Survey;

use super::project::Project;

/// What building and running needs from the distribution.
#[derive(Debug, Default)]
pub(super) struct System {
    /// For the stage that installs dependencies.
    pub build: Vec<Fact<SystemPackage>>,
    /// For what is shipped.
    pub runtime: Vec<Fact<SystemPackage>>,
}

/// A Python package that needs something of the distribution.
struct Row {
    /// Its name, normalized.
    package: &'static str,
    /// Only with this extra.
    extra: Option<&'static str>,
    /// Build packages, each with the version prefix of the release.
    build: &'static [(&'static str, &'static str)],
    /// Runtime packages.
    runtime: &'static [(&'static str, &'static str)],
}

const fn row(
    package: &'static str,
    build: &'static [(&'static str, &'static str)],
    runtime: &'static [(&'static str, &'static str)],
) -> Row {
    Row { package, extra: None, build, runtime }
}

const COMPILER: (&str, &str) = ("build-essential", "12.*");
const PKG_CONFIG: (&str, &str) = ("pkg-config", "1.8.*");
const FFMPEG: (&str, &str) = ("ffmpeg", "7:7.1.*");

/// Sources: the installation chapter of each project's documentation.
const ROWS: &[Row] = &[
    // https://www.psycopg.org/docs/install.html#build-prerequisites; psycopg2-binary brings its own.
    row("psycopg2", &[COMPILER, ("libpq-dev", "17.*")], &[("libpq5", "17.*")]),
    // https://www.psycopg.org/psycopg3/docs/basic/install.html: without an extra it loads libpq at run time.
    row("psycopg", &[], &[("libpq5", "17.*")]),
    Row {
        package: "psycopg",
        extra: Some("c"),
        build: &[COMPILER, ("libpq-dev", "17.*")],
        runtime: &[("libpq5", "17.*")],
    },
    // https://github.com/PyMySQL/mysqlclient#linux
    row(
        "mysqlclient",
        &[COMPILER, ("default-libmysqlclient-dev", "1.1.*"), PKG_CONFIG],
        &[("libmariadb3", "1:11.8.*")],
    ),
    // https://xmlsec.readthedocs.io/en/stable/install.html
    row(
        "xmlsec",
        &[COMPILER, ("libxmlsec1-dev", "1.2.*"), PKG_CONFIG],
        &[("libxmlsec1t64-openssl", "1.2.*")],
    ),
    // https://doc.courtbouillon.org/weasyprint/stable/first_steps.html#debian-11
    row(
        "weasyprint",
        &[],
        &[
            ("libpango-1.0-0", "1.56.*"),
            ("libpangoft2-1.0-0", "1.56.*"),
            ("libharfbuzz-subset0", "10.*"),
            ("fonts-dejavu-core", "2.37-*"),
        ],
    ),
    // The documentation of opencv-python: the headless build needs neither.
    row("opencv-python", &[], &[("libgl1", "1.7.*"), ("libglib2.0-0t64", "2.84.*")]),
    row("opencv-contrib-python", &[], &[("libgl1", "1.7.*"), ("libglib2.0-0t64", "2.84.*")]),
    // https://github.com/ahupp/python-magic#installation
    row("python-magic", &[], &[("libmagic1t64", "1:5.46-*")]),
    // https://github.com/jiaaro/pydub#dependencies, https://github.com/openai/whisper#setup
    row("pydub", &[], &[FFMPEG]),
    row("openai-whisper", &[], &[FFMPEG]),
    row("ffmpeg-python", &[], &[FFMPEG]),
    // https://github.com/Belval/pdf2image#how-to-install
    row("pdf2image", &[], &[("poppler-utils", "25.03.*")]),
    // https://github.com/madmaze/pytesseract#installation
    row("pytesseract", &[], &[("tesseract-ocr", "5.5.*")]),
    // https://github.com/NaturalHistoryMuseum/pyzbar#installation
    row("pyzbar", &[], &[("libzbar0t64", "0.23.*")]),
    // https://docs.djangoproject.com/en/stable/ref/contrib/gis/install/geolibs/
    row("gdal", &[COMPILER, ("libgdal-dev", "3.10.*")], &[("libgdal36", "3.10.*")]),
    // https://pycairo.readthedocs.io/en/latest/getting_started.html
    row("pycairo", &[COMPILER, ("libcairo2-dev", "1.18.*"), PKG_CONFIG], &[("libcairo2", "1.18.*")]),
    // https://cairosvg.org/documentation/#installation
    row("cairosvg", &[], &[("libcairo2", "1.18.*")]),
    row("cairocffi", &[], &[("libcairo2", "1.18.*")]),
    // https://www.python-ldap.org/en/latest/installing.html#build-prerequisites
    row(
        "python-ldap",
        &[COMPILER, ("libldap-dev", "2.6.*"), ("libsasl2-dev", "2.1.*")],
        &[("libldap2", "2.6.*"), ("libsasl2-2", "2.1.*")],
    ),
    // https://github.com/mkleehammer/pyodbc/wiki/Install; the vendor's driver is the user's choice.
    row("pyodbc", &[], &[("unixodbc", "2.3.*")]),
    // https://lightgbm.readthedocs.io/en/latest/Installation-Guide.html
    row("lightgbm", &[], &[("libgomp1", "14.*")]),
    // https://graphviz.readthedocs.io/en/stable/#installation
    row("graphviz", &[], &[("graphviz", "2.42.*")]),
    row("pygraphviz", &[COMPILER, ("libgraphviz-dev", "2.42.*"), PKG_CONFIG], &[("graphviz", "2.42.*")]),
    // https://people.csail.mit.edu/hubert/pyaudio/
    row("pyaudio", &[COMPILER, ("portaudio19-dev", "19.6.*")], &[("libportaudio2", "19.6.*")]),
    // https://python-sounddevice.readthedocs.io/en/latest/installation.html
    row("sounddevice", &[], &[("libportaudio2", "19.6.*")]),
    // https://uwsgi-docs.readthedocs.io/en/latest/Install.html: only a source distribution.
    row("uwsgi", &[COMPILER], &[]),
    // https://pycups.readthedocs.io/
    row("pycups", &[COMPILER, ("libcups2-dev", "2.4.*")], &[("libcups2t64", "2.4.*")]),
    // https://github.com/pyca/pynacl, https://github.com/Rapptz/discord.py#installing: voice support.
    row("pymssql", &[], &[]),
    // https://github.com/scrapy-plugins/scrapy-playwright and https://gitpython.readthedocs.io/en/stable/intro.html#requirements
    row("gitpython", &[], &[("git", "1:2.47.*")]),
];

/// What packages that usually come as wheels are compiled with, when the Python line has none.
const SOURCES: &[Row] = &[
    row("psycopg2-binary", &[("libpq-dev", "17.*")], &[("libpq5", "17.*")]),
    row(
        "lxml",
        &[("libxml2-dev", "2.*"), ("libxslt1-dev", "1.1.*")],
        &[("libxml2", "2.*"), ("libxslt1.1", "1.1.*")],
    ),
    row("pillow", &[("libjpeg-dev", "1:2.1.*"), ("zlib1g-dev", "1:1.*")], &[("libjpeg62-turbo", "1:2.1.*")]),
    row("cffi", &[("libffi-dev", "3.4.*")], &[]),
];

/// The names and versions of Debian 12 (<https://packages.debian.org/bookworm/>), where they differ.
const DEBIAN_12: &[(&str, &str, &str)] = &[
    ("libpq-dev", "libpq-dev", "15.*"),
    ("libpq5", "libpq5", "15.*"),
    ("libmariadb3", "libmariadb3", "1:10.11.*"),
    ("libxmlsec1t64-openssl", "libxmlsec1-openssl", "1.2.*"),
    ("libpango-1.0-0", "libpango-1.0-0", "1.50.*"),
    ("libpangoft2-1.0-0", "libpangoft2-1.0-0", "1.50.*"),
    ("libharfbuzz-subset0", "libharfbuzz-subset0", "6.*"),
    ("libgl1", "libgl1", "1.6.*"),
    ("libglib2.0-0t64", "libglib2.0-0", "2.74.*"),
    ("libmagic1t64", "libmagic1", "1:5.44-*"),
    ("ffmpeg", "ffmpeg", "7:5.1.*"),
    ("poppler-utils", "poppler-utils", "22.12.*"),
    ("tesseract-ocr", "tesseract-ocr", "5.3.*"),
    ("libzbar0t64", "libzbar0", "0.23.*"),
    ("libgdal-dev", "libgdal-dev", "3.6.*"),
    ("libgdal36", "libgdal32", "3.6.*"),
    ("libcairo2-dev", "libcairo2-dev", "1.16.*"),
    ("libcairo2", "libcairo2", "1.16.*"),
    ("libldap-dev", "libldap-dev", "2.5.*"),
    ("libldap2", "libldap-2.5-0", "2.5.*"),
    ("libgomp1", "libgomp1", "12.*"),
    ("libcups2t64", "libcups2", "2.4.*"),
    ("git", "git", "1:2.39.*"),
];

/// A package as Debian 12 has it.
pub(super) fn in_debian_12(package: SystemPackage) -> SystemPackage {
    match DEBIAN_12.iter().find(|(newer, ..)| *newer == package.name) {
        Some((_, name, version)) => {
            SystemPackage { name: (*name).to_owned(), version: Some((*version).to_owned()) }
        }
        None => package,
    }
}

/// Libraries that had another name in Debian 11 and before, where that is more than a missing `t64`.
/// <https://packages.debian.org/bullseye/>
const OLDER: &[(&str, &str)] = &[
    ("libldap2", "libldap-2.4-2"),
    ("libldap-dev", "libldap2-dev"),
    ("libffi8", "libffi7"),
    // Its name counts up with each release, and the headers bring the right one.
    ("libgdal36", "libgdal-dev"),
];

/// A package as Debian 11 and older have it, whatever its version there.
pub(super) fn in_older_debian(package: &SystemPackage) -> SystemPackage {
    let row = OLDER.iter().find(|(newer, _)| *newer == package.name);
    let name = row.map_or_else(|| package.name.trim_end_matches("t64"), |(_, name)| name);
    SystemPackage { name: name.to_owned(), version: None }
}

/// What the project's packages need.
pub(super) fn find(s: &Survey<'_>, project: &Project<'_>, line: &str) -> System {
    let mut system = System::default();
    for row in ROWS {
        let Some(because) = project.evidence(row.package) else { continue };
        let asked = project.requirements.get(row.package);
        let extras = asked.map(|one| one.extras.as_slice()).unwrap_or_default();
        let applies = match row.extra {
            Some(extra) => extras.iter().any(|known| known == extra),
            None => {
                !(row.package == "psycopg"
                    && (project.has("psycopg-binary")
                        || !extras.is_empty() && extras.iter().any(|e| e == "binary" || e == "c")))
            }
        };
        if !applies || asked.is_some_and(|one| !one.is_for_linux()) {
            continue;
        }
        system.build.extend(packages(row.build, row.package, &because));
        system.runtime.extend(packages(row.runtime, row.package, &because));
    }
    for package in super::era::compiled(project, line) {
        let name = package.value.as_str();
        system.build.extend(packages(&[COMPILER], name, &package.because));
        if let Some(row) = SOURCES.iter().find(|row| row.package == name) {
            system.build.extend(packages(row.build, name, &package.because));
            system.runtime.extend(packages(row.runtime, name, &package.because));
        }
    }
    if let Some(git) =
        project.list.as_ref().and_then(|(_, list)| list.git.clone()).or_else(|| from_git(project))
    {
        let because = Evidence { says: git.value.clone(), ..git.because };
        system.build.extend(packages(&[("git", "1:2.47.*")], &git.value, &because));
    }
    if let Some(because) = project.evidence("opencv-python") {
        let message = "opencv-python draws windows and needs OpenGL; a server does not";
        let help = "opencv-python-headless has the same modules and needs no system packages";
        s.note(Diagnostic::note(Code::SystemPackage, message).at(because.at).help(help));
    }
    if let Some(because) = project.evidence("pyodbc") {
        let message = "pyodbc needs the driver of the database's vendor besides unixodbc";
        s.note(Diagnostic::warning(Code::SystemPackage, message).at(because.at));
    }
    system
}

/// A package that the manifest fetches from a git repository.
fn from_git(project: &Project<'_>) -> Option<Fact<String>> {
    let is_git = |url: &String| url.starts_with("git+");
    let one = project.requirements.iter().find(|one| one.url.as_ref().is_some_and(is_git))?;
    Some(Fact::new(one.name.clone(), one.because.clone()))
}

fn packages(rows: &[(&str, &str)], package: &str, because: &Evidence) -> Vec<Fact<SystemPackage>> {
    let named = |(name, version): &(&str, &str)| SystemPackage {
        name: (*name).to_owned(),
        version: Some((*version).to_owned()),
    };
    let because = Evidence { says: package.to_owned(), ..because.clone() };
    rows.iter().map(|row| Fact::new(named(row), because.clone())).collect()
}
