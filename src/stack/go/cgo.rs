//! C code that a Go program links: which modules bring it and what it takes to build and run.

use serde::Serialize;

use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::plan::stage::SystemPackage;
use crate::repo::dir::Doc;
use crate::stack::Survey;
use crate::stack::go::modules::GoMod;

/// How the C code is linked.
#[derive(Debug, Serialize)]
pub(in crate::stack) struct Cgo {
    /// What makes cgo necessary.
    pub because: Fact<String>,
    /// Linked whole into the program, which then needs no C library at run time.
    pub is_static: bool,
    /// Build tags that make a static link work.
    pub tags: Vec<String>,
    /// Packages of the build stage.
    #[serde(skip)]
    pub build: Vec<Fact<SystemPackage>>,
    /// Packages of the runtime stage.
    #[serde(skip)]
    pub runtime: Vec<Fact<SystemPackage>>,
}

/// A module that needs cgo.
struct Row {
    module: &'static str,
    /// Compiles its own C sources: links statically on Alpine. The tags make that work.
    bundled: Option<&'static [&'static str]>,
    /// Debian packages to build with, besides a C compiler: the prefixes fit Debian 13.
    build: &'static [(&'static str, &'static str)],
    /// Debian packages to run with, with the version prefix of the release.
    runtime: &'static [(&'static str, &'static str)],
}

const PKG_CONFIG: (&str, &str) = ("pkg-config", "1.8.*");

/// Modules that need cgo. Sources: each module's README and `#cgo` lines; names and versions as in Debian 13.
const ROWS: &[Row] = &[
    // https://github.com/mattn/go-sqlite3#alpine
    Row {
        module: "github.com/mattn/go-sqlite3",
        bundled: Some(&["osusergo", "netgo", "sqlite_omit_load_extension"]),
        build: &[],
        runtime: &[],
    },
    // https://github.com/confluentinc/confluent-kafka-go#librdkafka: ships static libraries, `musl` picks Alpine's.
    Row { module: "github.com/confluentinc/confluent-kafka-go", bundled: None, build: &[], runtime: &[] },
    Row {
        module: "github.com/h2non/bimg",
        bundled: None,
        build: &[("libvips-dev", "8.*"), PKG_CONFIG],
        runtime: &[("libvips42t64", "8.*")],
    },
    Row {
        module: "github.com/davidbyttow/govips",
        bundled: None,
        build: &[("libvips-dev", "8.*"), PKG_CONFIG],
        runtime: &[("libvips42t64", "8.*")],
    },
    Row {
        module: "gopkg.in/gographics/imagick.v3",
        bundled: None,
        build: &[("libmagickwand-dev", "8:*"), PKG_CONFIG],
        runtime: &[("libmagickwand-7.q16-10", "8:7.*")],
    },
    Row {
        module: "github.com/linxGnu/grocksdb",
        bundled: None,
        build: &[("librocksdb-dev", "9.*")],
        runtime: &[("librocksdb9.10", "9.*")],
    },
    Row {
        module: "github.com/pebbe/zmq4",
        bundled: None,
        build: &[("libzmq3-dev", "4.*"), PKG_CONFIG],
        runtime: &[("libzmq5", "4.*")],
    },
    Row {
        module: "github.com/libgit2/git2go",
        bundled: None,
        build: &[("libgit2-dev", "1.*"), PKG_CONFIG],
        runtime: &[("libgit2-1.9", "1.*")],
    },
    Row {
        module: "github.com/marcboeker/go-duckdb",
        bundled: None,
        build: &[],
        runtime: &[("libstdc++6", "14.*")],
    },
    Row {
        module: "github.com/duckdb/duckdb-go",
        bundled: None,
        build: &[],
        runtime: &[("libstdc++6", "14.*")],
    },
    Row {
        module: "github.com/google/gopacket",
        bundled: None,
        build: &[("libpcap-dev", "1.*")],
        runtime: &[("libpcap0.8t64", "1.*")],
    },
    Row {
        module: "github.com/go-gl/gl",
        bundled: None,
        build: &[("libgl1-mesa-dev", "2*"), ("xorg-dev", "1:7.*")],
        runtime: &[("libgl1", "1.*")],
    },
];

/// Packages that bring go-sqlite3 without the program naming it.
const SQLITE_WRAPPERS: &[&str] = &["gorm.io/driver/sqlite", "github.com/jinzhu/gorm/dialects/sqlite"];

impl Cgo {
    /// The C code of this program: a required module of the table that is really imported, or `import "C"`.
    pub fn find(s: &Survey<'_>, go_mod: &GoMod, sources: &[Doc<'_>]) -> Option<Self> {
        if let Some((row, required)) = ROWS.iter().find_map(|row| {
            let required = go_mod.requires(row.module)?;
            let quoted = format!("\"{}", row.module);
            let direct = sources.iter().any(|doc| doc.text.contains(&quoted));
            let is_behind = |path: &str| sources.iter().any(|doc| doc.text.contains(&format!("\"{path}\"")));
            let behind =
                row.module.ends_with("go-sqlite3") && SQLITE_WRAPPERS.iter().any(|path| is_behind(path));
            (direct || behind).then_some((row, required))
        }) {
            return Some(row.link(s, required));
        }
        let own = sources.iter().find_map(|doc| {
            doc.find(|line| (line.trim() == "import \"C\"").then(|| "own C code".to_owned()))
        })?;
        Some(Self {
            is_static: false,
            tags: Vec::new(),
            build: compilers(&own, Distribution::Debian),
            runtime: Vec::new(),
            because: own,
        })
    }
}

impl Row {
    fn link(&self, s: &Survey<'_>, required: &Fact<String>) -> Cgo {
        let distribution = if self.bundled.is_some() { Distribution::Alpine } else { Distribution::Debian };
        let mut build = compilers(required, distribution);
        build.extend(self.build.iter().map(|(name, version)| package(required, name, Some(version))));
        if self.module.ends_with("go-sqlite3") {
            s.note(
                Diagnostic::note(Code::SystemPackage, "go-sqlite3 needs a C compiler and cannot be cross-compiled")
                    .at(required.because.at.clone())
                    .help("modernc.org/sqlite is the same database in Go: builds faster, and for every platform at once"),
            );
        }
        Cgo {
            because: required.derive(self.module.to_owned()),
            is_static: self.bundled.is_some(),
            tags: self.bundled.unwrap_or_default().iter().map(|&tag| tag.to_owned()).collect(),
            build,
            runtime: self
                .runtime
                .iter()
                .map(|(name, version)| package(required, name, Some(version)))
                .collect(),
        }
    }
}

/// What the image that compiles is made of.
#[derive(Clone, Copy)]
pub(in crate::stack) enum Distribution {
    Alpine,
    Debian,
}

/// The compiler; Debian's Go image already has one.
fn compilers(because: &Fact<String>, distribution: Distribution) -> Vec<Fact<SystemPackage>> {
    match distribution {
        // The meta package keeps its version over Alpine releases; gcc's changes with each.
        Distribution::Alpine => vec![package(because, "build-base", Some("0.5"))],
        Distribution::Debian => Vec::new(),
    }
}

/// A package of the distribution that is needed for a reason.
pub(super) fn package(because: &Fact<String>, name: &str, version: Option<&str>) -> Fact<SystemPackage> {
    because.derive(SystemPackage { name: name.to_owned(), version: version.map(str::to_owned) })
}
