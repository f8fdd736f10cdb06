//! C code that crates bring: what it takes to build it and to run with it.
//!
//! A crate counts when it is really linked into the package: by `Cargo.lock`, or, without one, by what
//! the manifest is known to bring.

use crate::fact::{Evidence, Fact};
use crate::plan::stage::SystemPackage;
use crate::stack::rust::lock::Crates;
use crate::stack::rust::manifest::Manifest;

/// What the linked crates need besides Rust and a C compiler.
#[derive(Debug, Default)]
pub(in crate::stack) struct Native {
    /// Packages of the stages that compile.
    pub build: Vec<Fact<SystemPackage>>,
    /// Packages of the image that runs.
    pub runtime: Vec<Fact<SystemPackage>>,
    /// A crate whose library cannot be linked statically on Alpine.
    pub only_dynamic: Option<Fact<String>>,
}

/// The C library to build for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::stack) enum Target {
    /// Debian: dynamic, on an image with the GNU C library.
    Gnu,
    /// Alpine: static, on an empty image.
    Musl,
}

type Packages = &'static [(&'static str, &'static str)];

/// A crate with C code.
struct Row {
    name: &'static str,
    /// The row does not count when the crate itself needs one of these: then it builds its own copy.
    unless: &'static [&'static str],
    /// Debian packages to build with; the prefixes fit both Debian 12 and 13.
    build: Packages,
    /// Debian 13 packages to run with, besides what distroless/cc has: libc, libgcc, libstdc++, OpenSSL, zlib, zstd
    /// (<https://github.com/GoogleContainerTools/distroless/blob/main/base/config.bzl>).
    runtime: Packages,
    /// Alpine packages for a static build; none where no static library exists.
    alpine: Option<Packages>,
}

const PKG_CONFIG: (&str, &str) = ("pkg-config", "1.8.*");
const CPP: (&str, &str) = ("g++", "4:1*");
const MAKE: (&str, &str) = ("make", "4.*");
const CMAKE: (&str, &str) = ("cmake", "3.*");
const CLANG: (&str, &str) = ("libclang-dev", "1:1*");

/// Crates with C code. Sources: the README and build script of each; names and versions as in Debian 13.
const ROWS: &[Row] = &[
    // https://docs.rs/openssl/latest/openssl/#building: `vendored` brings openssl-src, which has its own row.
    Row {
        name: "openssl-sys",
        unless: &["openssl-src"],
        build: &[PKG_CONFIG, ("libssl-dev", "3.*")],
        runtime: &[],
        alpine: Some(&[("pkgconf", "2"), ("openssl-dev", "3"), ("openssl-libs-static", "3")]),
    },
    // https://github.com/openssl/openssl/blob/master/INSTALL.md#prerequisites
    Row {
        name: "openssl-src",
        unless: &[],
        build: &[("perl", "5.*"), MAKE],
        runtime: &[],
        alpine: Some(&[("perl", "5"), ("make", "4"), ("linux-headers", "6")]),
    },
    Row {
        name: "pq-sys",
        unless: &["pq-src"],
        build: &[("libpq-dev", "1*")],
        runtime: &[("libpq5", "17.*")],
        alpine: None,
    },
    Row {
        name: "mysqlclient-sys",
        unless: &["mysqlclient-src"],
        build: &[PKG_CONFIG, ("libmariadb-dev", "1:1*")],
        runtime: &[("libmariadb3", "1:11.*")],
        alpine: None,
    },
    // https://docs.rs/libsqlite3-sys: the feature `bundled` compiles its own copy and needs the crate cc.
    Row {
        name: "libsqlite3-sys",
        unless: &["cc"],
        build: &[PKG_CONFIG, ("libsqlite3-dev", "3.*")],
        runtime: &[("libsqlite3-0", "3.*")],
        alpine: Some(&[("sqlite-dev", "3"), ("sqlite-static", "3")]),
    },
    // https://github.com/fede1024/rust-rdkafka#installation: compiles its own copy with make.
    Row {
        name: "rdkafka-sys",
        unless: &[],
        build: &[CPP, MAKE, ("zlib1g-dev", "1:1.*")],
        runtime: &[],
        alpine: Some(&[("g++", "1"), ("make", "4"), ("bash", "5"), ("zlib-static", "1"), ("zlib-dev", "1")]),
    },
    Row {
        name: "sasl2-sys",
        unless: &[],
        build: &[PKG_CONFIG, ("libsasl2-dev", "2.*")],
        runtime: &[("libsasl2-2", "2.*")],
        alpine: None,
    },
    // https://github.com/rust-rocksdb/rust-rocksdb#requirements
    Row {
        name: "librocksdb-sys",
        unless: &[],
        build: &[CPP, MAKE, CLANG, ("clang", "1:1*")],
        runtime: &[],
        alpine: None,
    },
    Row {
        name: "tikv-jemalloc-sys",
        unless: &[],
        build: &[MAKE],
        runtime: &[],
        alpine: Some(&[("make", "4")]),
    },
    Row {
        name: "libsodium-sys",
        unless: &[],
        build: &[MAKE, PKG_CONFIG],
        runtime: &[],
        alpine: Some(&[("make", "4")]),
    },
    // https://docs.rs/prost-build/latest/prost_build/#sourcing-protoc
    Row {
        name: "prost-build",
        unless: &["protoc-bin-vendored", "protobuf-src"],
        build: &[("protobuf-compiler", "3.*"), ("libprotobuf-dev", "3.*")],
        runtime: &[],
        alpine: Some(&[("protobuf-dev", "3*")]),
    },
    // https://rust-lang.github.io/rust-bindgen/requirements.html
    Row { name: "bindgen", unless: &[], build: &[CLANG, ("clang", "1:1*")], runtime: &[], alpine: None },
    // https://cxx.rs: links the C++ library.
    Row { name: "link-cplusplus", unless: &[], build: &[CPP], runtime: &[], alpine: Some(&[("g++", "1")]) },
    Row { name: "libduckdb-sys", unless: &[], build: &[CPP], runtime: &[], alpine: None },
    Row { name: "esaxx-rs", unless: &[], build: &[CPP], runtime: &[], alpine: Some(&[("g++", "1")]) },
    Row {
        name: "alsa-sys",
        unless: &[],
        build: &[PKG_CONFIG, ("libasound2-dev", "1.*")],
        runtime: &[("libasound2t64", "1.*")],
        alpine: None,
    },
    Row {
        name: "libudev-sys",
        unless: &[],
        build: &[PKG_CONFIG, ("libudev-dev", "25*")],
        runtime: &[("libudev1", "257.*")],
        alpine: None,
    },
    Row {
        name: "libdbus-sys",
        unless: &["cc"],
        build: &[PKG_CONFIG, ("libdbus-1-dev", "1.*")],
        runtime: &[("libdbus-1-3", "1.*")],
        alpine: None,
    },
    Row {
        name: "yeslogic-fontconfig-sys",
        unless: &[],
        build: &[PKG_CONFIG, ("libfontconfig-dev", "2.*")],
        runtime: &[("libfontconfig1", "2.*")],
        alpine: None,
    },
    Row {
        name: "pcap",
        unless: &[],
        build: &[("libpcap-dev", "1.*")],
        runtime: &[("libpcap0.8t64", "1.*")],
        alpine: None,
    },
    Row {
        name: "odbc-sys",
        unless: &[],
        build: &[("unixodbc-dev", "2.*")],
        runtime: &[("libodbc2", "2.*")],
        alpine: None,
    },
    Row {
        name: "libgssapi-sys",
        unless: &[],
        build: &[("libkrb5-dev", "1.*"), CLANG, ("clang", "1:1*")],
        runtime: &[("libgssapi-krb5-2", "1.*")],
        alpine: None,
    },
];

/// Crates that need the crate cmake but not the program, on the machines images are built for.
/// <https://aws.github.io/aws-lc-rs/requirements/linux.html>
const NO_CMAKE: &[&str] = &["aws-lc-sys"];

/// What a manifest brings when no lock file says so: a dependency, the feature that does it
/// (empty for the default ones), the crate it brings, the feature that avoids it.
const WITHOUT_LOCK: &[(&str, &str, &str, &str)] = &[
    ("openssl", "", "openssl-sys", "vendored"),
    ("native-tls", "", "openssl-sys", "vendored"),
    ("reqwest", "default-tls", "openssl-sys", "native-tls-vendored"),
    ("reqwest", "native-tls", "openssl-sys", "native-tls-vendored"),
    ("diesel", "postgres", "pq-sys", ""),
    ("diesel", "mysql", "mysqlclient-sys", ""),
    ("rusqlite", "", "libsqlite3-sys", "bundled"),
    ("rdkafka", "", "rdkafka-sys", ""),
    ("rocksdb", "", "librocksdb-sys", ""),
    ("tikv-jemallocator", "", "tikv-jemalloc-sys", ""),
];

/// Build scripts that ask a manifest for `build-dependencies`, with the crate they bring.
const BUILD_SCRIPTS: &[&str] = &["prost-build", "tonic-build", "tonic-prost-build"];

/// Adds what the manifest is known to bring, where no lock file could say so.
pub(super) fn without_lock(manifest: &Manifest<'_>, crates: &mut Crates) {
    for (name, feature, brings, avoids) in WITHOUT_LOCK {
        let Some((_, because)) = manifest.dependency(name) else { continue };
        let is_on = feature.is_empty() || manifest.dependency_has(name, feature);
        let is_avoided = !avoids.is_empty() && manifest.dependency_has(name, avoids);
        if is_on && !is_avoided {
            crates.add(brings, because);
        }
    }
    for name in BUILD_SCRIPTS {
        if let Some(value) = manifest.at(&["build-dependencies", name]) {
            crates.add("prost-build", manifest.cite(value, *name));
        }
    }
}

impl Native {
    /// What the crates need when built for `target`.
    pub fn of(crates: &Crates, target: Target) -> Self {
        let mut native = Self::default();
        for row in ROWS {
            let Some(linked) = crates.get(row.name) else { continue };
            if row.unless.iter().any(|other| crates.needs(row.name, other)) {
                continue;
            }
            let because = linked.derive(row.name.to_owned());
            native.add(row, &because, target);
        }
        if let Some(user) = crates.users_of("cmake", NO_CMAKE) {
            let (debian, alpine): (Packages, Packages) =
                (&[CMAKE, CPP, MAKE], &[("cmake", "4"), ("g++", "1"), ("make", "4")]);
            native.build.extend(packages(&user, if target == Target::Gnu { debian } else { alpine }));
        }
        native
    }

    fn add(&mut self, row: &Row, because: &Fact<String>, target: Target) {
        match (target, row.alpine) {
            (Target::Gnu, _) => {
                self.build.extend(packages(because, row.build));
                self.runtime.extend(packages(because, row.runtime));
            }
            (Target::Musl, Some(alpine)) => self.build.extend(packages(because, alpine)),
            (Target::Musl, None) => self.only_dynamic = Some(because.clone()),
        }
    }
}

fn packages(because: &Fact<String>, named: Packages) -> Vec<Fact<SystemPackage>> {
    let package = |(name, version): &(&str, &str)| {
        let value = SystemPackage { name: (*name).to_owned(), version: Some((*version).to_owned()) };
        Fact::new(value, Evidence { says: because.value.clone(), ..because.because.clone() })
    };
    named.iter().map(package).collect()
}
