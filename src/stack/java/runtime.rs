//! What the program runs on: a JRE, Tomcat, or a runtime cut out of the JDK; with a cache of loaded classes on wish.
//!
//! - <https://docs.oracle.com/en/java/javase/25/docs/specs/man/jlink.html>
//! - <https://openjdk.org/jeps/483>, <https://openjdk.org/jeps/514>: the cache, in one step since Java 25.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::key::{Key, Shape, text, truth};
use crate::plan::run::Run;
use crate::plan::service::ExecForm;
use crate::plan::stage::{Origin, Role, Stage};
use crate::stack::Survey;
use crate::stack::java::artifact::{Artifact, LayerMode, Piece};
use crate::stack::java::build::Build;
use crate::stack::java::frameworks;

pub(super) static RUNTIME: Key<String> = Key {
    name: "java.runtime",
    shape: Shape::OneOf(&["jre", "jlink"]),
    doc: "what runs the program: \"jre\", or \"jlink\" for a smaller one that no other image shares",
    parse: |value| match text(value)?.as_str() {
        known @ ("jre" | "jlink") => Ok(known.to_owned()),
        _ => Err("expected \"jre\" or \"jlink\"".into()),
    },
};
pub(super) static AOT: Key<bool> = Key {
    name: "java.aot",
    shape: Shape::Truth,
    doc: "true adds a cache of loaded classes: a faster start for a larger image",
    parse: truth,
};

/// The image of the runtime stage, and what is made for it.
pub(super) struct Base {
    pub image: Fact<String>,
    /// The JDK that a runtime is cut out of.
    jdk: Option<Fact<String>>,
    /// Is a cache made?
    aot: Option<Fact<bool>>,
}

/// What fills the cache.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Train {
    pieces: Vec<Piece>,
    run: Run,
}

/// Where the runtime that is cut out goes: the place that Temurin's images use.
const HOME: &str = "/opt/java/openjdk";
/// All that is Java SE, and modules that libraries find by reflection or by their services, which `jdeps` misses.
/// Those of the JDK that programs import themselves are small: the HTTP server, logins and Kerberos, the agent of JMX.
const MODULES: &str = "java.se,jdk.charsets,jdk.crypto.ec,jdk.httpserver,jdk.jfr,jdk.localedata,jdk.management,jdk.management.agent,jdk.naming.dns,jdk.net,jdk.security.auth,jdk.security.jgss,jdk.unsupported,jdk.zipfs";
/// The cache's file.
const CACHE: &str = "app.aot";

impl Base {
    /// What people wish, then what the artifact and the libraries need.
    pub fn choose(s: &Survey<'_>, build: &Build, version: &Fact<String>) -> Self {
        let wish = s.choice(&keys::IMAGE);
        let runtime = s.choice(&RUNTIME).decide().filter(|wish| wish.value == "jlink");
        let line: u32 = version.value.parse().unwrap_or_default();
        if matches!(build.artifact.value, Artifact::WebArchive { .. }) {
            if runtime.is_some() {
                refuse(s, RUNTIME.name, "Tomcat's images bring their own JRE");
            }
            let (line, because) = frameworks::tomcat(&build.dependencies, build.boot.as_ref(), line);
            let image = s.catalog.image("tomcat").at(&format!("{line}-jre{}", version.value));
            let image =
                wish.or(because.map(|said| said.map(|()| image.clone()))).or_default(image, "newest Tomcat");
            return Self { image, jdk: None, aot: None };
        }
        let aot = s.choice(&AOT).decide().filter(|wish| wish.value);
        let bears =
            line >= 25 && matches!(build.artifact.value, Artifact::Layers { mode: LayerMode::Tools, .. });
        if aot.is_some() && !bears {
            refuse(s, AOT.name, "it takes Java 25 and Spring Boot 3.3");
        }
        let aot = aot.filter(|_| bears);
        if runtime.is_some() && line < 11 {
            refuse(s, RUNTIME.name, "Java 8 has no modules");
        }
        let glibc = build.dependencies.iter().find(|used| used.is_shipped() && frameworks::needs_glibc(used));
        if let Some(wish) = runtime.filter(|_| line >= 11) {
            let names = if glibc.is_some() { ("java-jdk-noble", "debian") } else { ("java-jdk", "alpine") };
            let jdk = wish.derive(s.catalog.image(names.0).at(&version.value));
            let image = wish.derive(s.catalog.image(names.1).at(""));
            return Self { image, jdk: Some(jdk), aot };
        }
        let jre = match glibc {
            Some(used) => used.says(s.catalog.image("java-jre-noble").at(&version.value)),
            None => version.clone().map(|line| s.catalog.image("java-jre").at(&line)),
        };
        Self { image: wish.decide().unwrap_or(jre), jdk: None, aot }
    }

    /// Stages beside those of every program.
    pub fn stages(&self) -> Vec<Stage> {
        let jlink = self
            .jdk
            .clone()
            .map(|jdk| Stage::new("jlink", Role::Base, jdk.map(Origin::Image), "java/jlink.tera"));
        let train = self.aot.as_ref().map(|_| {
            let takes: Vec<&str> = ["build"].into_iter().chain(self.jdk.as_ref().map(|_| "jlink")).collect();
            let origin = self.image.clone().map(Origin::Image);
            Stage::new("aot", Role::Base, origin, "java/aot.tera").taking(&takes)
        });
        jlink.into_iter().chain(train).collect()
    }

    /// Their names.
    pub fn stage_names(&self) -> impl Iterator<Item = &'static str> {
        let jlink = self.jdk.as_ref().map(|_| "jlink");
        jlink.into_iter().chain(self.aot.as_ref().map(|_| "aot"))
    }

    /// The runtime itself, where the image has none.
    pub fn pieces(&self) -> Vec<Piece> {
        let runtime = self.jdk.as_ref().map(|_| Piece {
            from: "jlink",
            source: format!("{HOME}-cut/"),
            target: format!("{HOME}/"),
        });
        runtime.into_iter().collect()
    }

    /// What is shipped: the cache is as new as the program, and comes last.
    pub fn shipped(&self, mut pieces: Vec<Piece>) -> Vec<Piece> {
        if self.aot.is_some() {
            pieces.push(Piece { from: "aot", source: format!("/app/{CACHE}"), target: CACHE.to_owned() });
        }
        pieces
    }

    /// Cuts the runtime out.
    pub fn jlink(&self) -> Option<Run> {
        self.jdk.as_ref()?;
        let options = "--strip-java-debug-attributes --no-header-files --no-man-pages";
        Some(Run::new(format!("jlink --add-modules {MODULES} {options} --output {HOME}-cut")))
    }

    /// Starts the program as far as its context, which writes the cache.
    /// <https://docs.spring.io/spring-boot/reference/packaging/aot-cache.html>
    pub fn train(&self, pieces: &[Piece]) -> Option<Train> {
        self.aot.as_ref()?;
        let run =
            Run::new(format!("java -XX:AOTCacheOutput={CACHE} -Dspring.context.exit=onRefresh -jar app.jar"));
        Some(Train { pieces: pieces.to_vec(), run })
    }

    /// The command with the cache. A cache that does not fit is passed over, and the program starts as it did.
    pub fn aot_words(&self, words: ExecForm) -> ExecForm {
        match (&self.aot, words.words()) {
            (Some(_), [program, rest @ ..]) => {
                let option = format!("-XX:AOTCache={CACHE}");
                ExecForm::new(program.clone(), [option].into_iter().chain(rest.iter().cloned()))
            }
            _ => words,
        }
    }

    /// Variables that the image would have, had it a runtime.
    pub fn env(&self) -> BTreeMap<String, Fact<String>> {
        let Some(jdk) = &self.jdk else { return BTreeMap::new() };
        BTreeMap::from([
            ("JAVA_HOME".to_owned(), jdk.derive(HOME.to_owned())),
            ("LANG".to_owned(), jdk.derive("C.UTF-8".to_owned())),
            (
                "PATH".to_owned(),
                jdk.derive(format!(
                    "{HOME}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
                )),
            ),
        ])
    }
}

/// Says why a wish is not granted.
fn refuse(s: &Survey<'_>, key: &str, why: &str) {
    s.note(Diagnostic::warning(Code::BadSetting, format!("`{key}` is not granted: {why}")));
}
