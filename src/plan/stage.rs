//! Stages and what happens in them: the part of a plan that becomes a Dockerfile.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fact::Fact;

/// A stage's name: in lower case, usable after `AS` and in `--target`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct StageName(String);

impl StageName {
    /// A name from dockgen's own vocabulary (`deps`, `build`, `runtime`), or one that was found to be
    /// [spelled](Self::is_spelled) like one.
    ///
    /// # Panics
    /// When the name is not lower-case letters, digits, dashes and underscores.
    pub fn new(name: &str) -> Self {
        assert!(Self::is_spelled(name), "`{name}` is not a stage name");
        Self(name.to_owned())
    }

    /// Is it lower-case letters, digits, dashes and underscores?
    pub fn is_spelled(name: &str) -> bool {
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        !name.is_empty() && name.bytes().all(legal)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a stage is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// What several stages share.
    Base,
    /// Dependencies, from manifests and lock files alone.
    Deps,
    /// Compiles the program.
    Build,
    /// Runs the project's tests; never part of the default target.
    Test,
    /// The watch mode of the stack; never part of the default target.
    Dev,
    /// A person's own.
    Own,
    /// What is shipped. The last stage.
    Runtime,
}

/// What a stage starts FROM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A base image.
    Image(String),
    /// An earlier stage.
    Stage(StageName),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(image) => f.write_str(image),
            Self::Stage(stage) => stage.fmt(f),
        }
    }
}

/// For which machine a stage is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// The machine the image is for.
    #[default]
    Target,
    /// The machine that builds: the output is portable or cross-compiled.
    Build,
}

/// One stage of a Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Stage {
    /// Its name.
    pub name: StageName,
    /// What it is for.
    pub role: Role,
    /// What it starts from.
    pub from: Fact<Origin>,
    /// For which machine.
    pub platform: Platform,
    /// Stages it copies from.
    pub takes: Vec<StageName>,
    /// The template that prints it, below `templates/`: `go/build.tera`.
    pub template: String,
    /// System packages it installs.
    pub packages: Vec<Fact<SystemPackage>>,
    /// Instructions that people want in it, as they are written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carried: Vec<Fact<String>>,
    /// Build arguments that people want in it, by name, with their defaults.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Fact<String>>,
    /// Environment that people want in it, by name. The runtime's stands in the service's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Fact<String>>,
    /// Secrets that each of its commands sees.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Fact<SecretMount>>,
    /// Its name in the Dockerfile, where people want another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Fact<String>>,
    /// The public image that the one it starts from stands for: what is known of that holds for this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands_for: Option<String>,
    /// The whole stage as a person has written it; no template prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Fact<String>>,
    /// What people want above its instructions, by how those begin.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub above: BTreeMap<String, Fact<Vec<String>>>,
    /// Facts of its own, where the stage belongs to another stack than the service (an asset pipeline).
    #[serde(skip)]
    pub tool: Option<serde_json::Value>,
}

impl Stage {
    /// A stage with its origin and template; the rest is added with the other methods.
    pub fn new(name: &str, role: Role, from: Fact<Origin>, template: &str) -> Self {
        Self {
            name: StageName::new(name),
            role,
            from,
            platform: Platform::Target,
            takes: Vec::new(),
            template: template.to_owned(),
            packages: Vec::new(),
            carried: Vec::new(),
            args: BTreeMap::new(),
            env: BTreeMap::new(),
            secrets: Vec::new(),
            target: None,
            stands_for: None,
            text: None,
            above: BTreeMap::new(),
            tool: None,
        }
    }

    /// A stage of a person's own.
    pub fn own(name: &StageName, from: Fact<Origin>, takes: Vec<StageName>, text: Fact<String>) -> Self {
        let mut stage = Self::new(name.as_str(), Role::Own, from, "");
        stage.takes = takes;
        stage.text = Some(text);
        stage
    }

    /// A stage that continues an earlier one.
    pub fn on(name: &str, role: Role, earlier: &str, template: &str) -> Self {
        let origin = Origin::Stage(StageName::new(earlier));
        Self::new(name, role, Fact::by_default(origin, format!("continues {earlier}")), template)
    }

    /// Its name in the Dockerfile.
    pub fn printed_name(&self) -> &str {
        self.target.as_ref().map_or(self.name.as_str(), |target| target.value.as_str())
    }

    /// Built on the machine that builds.
    #[must_use]
    pub fn on_build_platform(mut self) -> Self {
        self.platform = Platform::Build;
        self
    }

    /// Copies from earlier stages.
    #[must_use]
    pub fn taking(mut self, stages: &[&str]) -> Self {
        self.takes.extend(stages.iter().map(|name| StageName::new(name)));
        self
    }

    /// Installs system packages.
    #[must_use]
    pub fn with_packages(mut self, packages: Vec<Fact<SystemPackage>>) -> Self {
        self.packages.extend(packages);
        self
    }
}

/// A secret of the build, and the file it appears as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SecretMount {
    /// What `--secret id=` calls it.
    pub id: String,
    /// The file.
    pub target: String,
}

/// A package of the base image's distribution, with the version prefix that keeps it on its release line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SystemPackage {
    /// Its name in the distribution.
    pub name: String,
    /// A prefix such as `17.*` (apt) or `1.2` (apk); none installs whatever the release has.
    pub version: Option<String>,
}

impl fmt::Display for SystemPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}={version}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Stages in file order. Only [`StageGraph::new`] makes one, so names are unique, nothing refers
/// forward, and the runtime comes last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct StageGraph(Vec<Stage>);

/// Why stages do not form a Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Two stages of one name.
    #[error("two stages are called `{0}`")]
    Twice(StageName),
    /// A stage refers to one that does not stand before it.
    #[error("stage `{stage}` needs `{needs}`, which is not an earlier stage")]
    Forward {
        /// The stage.
        stage: StageName,
        /// What it refers to.
        needs: StageName,
    },
    /// A stage that nothing uses and nobody would build by name.
    #[error("stage `{0}` is not used by any other")]
    Unused(StageName),
    /// There is no stage of that name to stand in front of.
    #[error("there is no stage `{0}`")]
    Missing(StageName),
    /// The default target must be what is shipped.
    #[error("the last stage must be the runtime")]
    NoRuntime,
}

impl StageGraph {
    /// Checks the order, the names and the edges.
    pub fn new(stages: Vec<Stage>) -> Result<Self, GraphError> {
        let mut known = BTreeSet::new();
        let mut used = BTreeSet::new();
        for stage in &stages {
            let origin = match &stage.from.value {
                Origin::Stage(name) => Some(name),
                Origin::Image(_) => None,
            };
            for needs in origin.into_iter().chain(&stage.takes) {
                if !known.contains(needs) {
                    return Err(GraphError::Forward { stage: stage.name.clone(), needs: needs.clone() });
                }
                used.insert(needs.clone());
            }
            if !known.insert(stage.name.clone()) {
                return Err(GraphError::Twice(stage.name.clone()));
            }
        }
        if stages.last().is_none_or(|last| last.role != Role::Runtime) {
            return Err(GraphError::NoRuntime);
        }
        let by_name = [Role::Test, Role::Dev, Role::Own, Role::Runtime];
        match stages.iter().find(|stage| !by_name.contains(&stage.role) && !used.contains(&stage.name)) {
            Some(stage) => Err(GraphError::Unused(stage.name.clone())),
            None => Ok(Self(stages)),
        }
    }

    /// The stages in file order.
    pub fn iter(&self) -> impl Iterator<Item = &Stage> {
        self.0.iter()
    }

    /// The stage of that name.
    pub fn get(&self, name: &str) -> Option<&Stage> {
        self.0.iter().find(|stage| stage.name.as_str() == name)
    }

    /// The base image below a stage, however many stages it continues.
    pub fn image<'s>(&'s self, stage: &'s Stage) -> &'s str {
        match &self.below(stage).from.value {
            Origin::Image(image) => image,
            Origin::Stage(stage) => stage.as_str(),
        }
    }

    /// The stage that starts from an image, at the bottom of those that a stage continues.
    fn below<'s>(&'s self, stage: &'s Stage) -> &'s Stage {
        let mut stage = stage;
        while let Origin::Stage(name) = &stage.from.value {
            stage = self.get(name.as_str()).expect("a stage graph refers to its own stages");
        }
        stage
    }

    /// The image below a stage as the public knows it, however people have renamed it.
    pub fn known_image<'s>(&'s self, stage: &'s Stage) -> &'s str {
        let below = self.below(stage);
        below.stands_for.as_deref().unwrap_or_else(|| self.image(below))
    }

    /// What is shipped.
    pub fn runtime(&self) -> &Stage {
        self.0.last().expect("a stage graph ends with a runtime")
    }

    /// Puts a stage in front of another; where it does not fit there, nothing changes.
    pub(crate) fn insert(&mut self, stage: Stage, before: &StageName) -> Result<(), GraphError> {
        let at = self.0.iter().position(|known| known.name == *before);
        let at = at.ok_or_else(|| GraphError::Missing(before.clone()))?;
        let mut stages = self.0.clone();
        stages.insert(at, stage);
        *self = Self::new(stages)?;
        Ok(())
    }

    /// Adds instructions to the first stage of that role, or to the runtime where there is none.
    pub(crate) fn carry(&mut self, role: Role, instructions: Vec<Fact<String>>) {
        let at = self.0.iter().position(|stage| stage.role == role).unwrap_or(self.0.len() - 1);
        self.0[at].carried.extend(instructions);
    }

    /// Adds packages to every stage of that role that does not continue one which has them, or to the first stage where there
    /// is none.
    pub(crate) fn add_packages(&mut self, role: Role, packages: &[Fact<SystemPackage>]) {
        let mut given: Vec<StageName> = Vec::new();
        for stage in &mut self.0 {
            let has_them = matches!(&stage.from.value, Origin::Stage(below) if given.contains(below));
            let is_for = stage.role == role && stage.tool.is_none() && !has_them;
            if is_for {
                stage.packages.extend_from_slice(packages);
            }
            if is_for || has_them {
                given.push(stage.name.clone());
            }
        }
        if given.is_empty() {
            self.0[0].packages.extend_from_slice(packages);
        }
    }

    /// The stages in file order. Whatever changes, names and edges stay.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Stage> {
        self.0.iter_mut()
    }

    /// The stage that is shipped. Packages and images may change; names and edges stay.
    pub(crate) fn runtime_mut(&mut self) -> &mut Stage {
        self.0.last_mut().expect("a stage graph ends with a runtime")
    }
}
