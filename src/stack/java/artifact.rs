//! What a build leaves behind and how that is run: layers, one jar, a jar with its libraries, a web archive.

use serde::Serialize;

use crate::fact::Fact;
use crate::plan::run::quote;
use crate::plan::service::ExecForm;

/// What the build leaves behind. Paths are seen from the build context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub(super) enum Artifact {
    /// A Spring Boot jar that is taken apart, so that a change of the program is a small layer.
    Layers { file: String, mode: LayerMode },
    /// One file that holds everything.
    Single { file: String },
    /// A jar and its libraries beside it.
    ClassPath { file: String, libraries: Option<String>, main: Fact<String> },
    /// Quarkus' own layout: <https://quarkus.io/guides/maven-tooling#fast-jar>.
    Quarkus { folder: String },
    /// What `installDist` of Gradle's application plugin makes: all jars in one folder.
    Distribution { folder: String, main: Fact<String> },
    /// A web archive for a servlet container.
    WebArchive { file: String },
}

/// How a Spring Boot jar is taken apart.
/// <https://docs.spring.io/spring-boot/reference/packaging/container-images/dockerfiles.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LayerMode {
    /// `-Djarmode=tools`, since 3.3.
    Tools,
    /// `-Djarmode=layertools` and the launcher in its package since 3.2.
    Layertools,
    /// The same before 3.2.
    OldLayertools,
}

/// Something the runtime takes from another stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Piece {
    /// The stage.
    pub from: &'static str,
    pub source: String,
    pub target: String,
}

/// The layers in the order in which they change, slowest first.
const LAYERS: &[&str] = &["dependencies", "spring-boot-loader", "snapshot-dependencies", "application"];

/// A file whose name is not fully known is renamed after the build.
fn settled(file: &str) -> &str {
    match file.rsplit_once('.') {
        Some((name, "war")) if name.contains('*') => "app.war",
        Some((name, _)) if name.contains('*') => "app.jar",
        _ => file,
    }
}

/// A file for the shell, where `*` stands for what is not known of its name.
fn shell_pattern(file: &str) -> String {
    let parts = file.split('*').map(|part| if part.is_empty() { String::new() } else { quote(part) });
    parts.collect::<Vec<_>>().join("*")
}

impl LayerMode {
    /// The mode of a Spring Boot version; none for one that knows no layers, or has them switched off.
    pub fn of(version: (u32, u32)) -> Option<Self> {
        match version {
            (3, 3..) | (4.., _) => Some(Self::Tools),
            (3, 2) => Some(Self::Layertools),
            (3, _) | (2, 4..) => Some(Self::OldLayertools),
            _ => None,
        }
    }
}

impl Artifact {
    /// Commands that follow the build, in the build stage.
    pub fn unpack(&self) -> Vec<String> {
        match self {
            Self::Layers { file, mode } => {
                let unpack = match mode {
                    LayerMode::Tools => {
                        "java -Djarmode=tools -jar app.jar extract --layers --destination /out".to_owned()
                    }
                    LayerMode::Layertools | LayerMode::OldLayertools => {
                        "java -Djarmode=layertools -jar app.jar extract --destination /out".to_owned()
                    }
                };
                vec![format!("mv {} app.jar", shell_pattern(file)), unpack]
            }
            // COPY takes a pattern for a name; the shell finds the one file that fits.
            Self::Single { file } | Self::ClassPath { file, .. } | Self::WebArchive { file }
                if file.contains('*') =>
            {
                vec![format!("mv {} {}", shell_pattern(file), settled(file))]
            }
            _ => Vec::new(),
        }
    }

    /// What is copied from the build stage; relative sources are below `/src`.
    pub fn pieces(&self) -> Vec<Piece> {
        let piece = |source: String, target: &str| Piece { from: "build", source, target: target.to_owned() };
        let built = |path: &str| format!("/src/{}", settled(path));
        match self {
            Self::Layers { .. } => LAYERS.iter().map(|layer| piece(format!("/out/{layer}/"), "./")).collect(),
            Self::Single { file } => {
                let target = if file.ends_with(".war") { "app.war" } else { "app.jar" };
                vec![piece(built(file), target)]
            }
            Self::ClassPath { file, libraries, .. } => {
                let libraries = libraries.iter().map(|folder| piece(built(folder) + "/", "lib/"));
                libraries.chain([piece(built(file), "app.jar")]).collect()
            }
            Self::Quarkus { folder } => ["lib", "app", "quarkus"]
                .iter()
                .map(|part| piece(built(&format!("{folder}/{part}/")), &format!("{part}/")))
                .chain([piece(built(&format!("{folder}/quarkus-run.jar")), "quarkus-run.jar")])
                .collect(),
            Self::Distribution { folder, .. } => vec![piece(built(&format!("{folder}/lib/")), "lib/")],
            Self::WebArchive { file } => vec![piece(built(file), "/usr/local/tomcat/webapps/ROOT.war")],
        }
    }

    /// What starts it; none where the base image does.
    pub fn entrypoint(&self) -> Option<ExecForm> {
        let java = |args: &[&str]| Some(ExecForm::new("java", args.iter().copied()));
        match self {
            Self::Layers { mode: LayerMode::Layertools, .. } => {
                java(&["org.springframework.boot.loader.launch.JarLauncher"])
            }
            Self::Layers { mode: LayerMode::OldLayertools, .. } => {
                java(&["org.springframework.boot.loader.JarLauncher"])
            }
            Self::Single { file } if file.ends_with(".war") => java(&["-jar", "app.war"]),
            Self::Single { .. } | Self::Layers { mode: LayerMode::Tools, .. } => java(&["-jar", "app.jar"]),
            Self::ClassPath { libraries: Some(_), main, .. } => java(&["-cp", "app.jar:lib/*", &main.value]),
            Self::ClassPath { libraries: None, main, .. } => java(&["-cp", "app.jar", &main.value]),
            // https://quarkus.io/guides/logging: the log manager must be set before anything logs.
            Self::Quarkus { .. } => java(&[
                "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                "-jar",
                "quarkus-run.jar",
            ]),
            Self::Distribution { main, .. } => java(&["-cp", "lib/*", &main.value]),
            Self::WebArchive { .. } => None,
        }
    }

    /// A few words for the comment above the runtime stage.
    pub fn about(&self) -> &'static str {
        match self {
            Self::Layers { .. } => "a JRE and the program in layers that change at their own pace",
            Self::Single { .. } => "a JRE and one jar",
            Self::ClassPath { libraries: Some(_), .. } | Self::Distribution { .. } => {
                "a JRE, the libraries, and the program that changes more often"
            }
            Self::ClassPath { .. } => "a JRE and the program",
            Self::Quarkus { .. } => "a JRE and Quarkus' layout, the libraries apart from the program",
            Self::WebArchive { .. } => "Tomcat with the web archive as its root application",
        }
    }
}
