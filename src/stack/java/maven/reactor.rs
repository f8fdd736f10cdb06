//! Which modules are built together, and from which folder.
//!
//! Maven's reactor starts at the topmost `pom.xml` that lists a module, directly or through other
//! modules: <https://maven.apache.org/guides/mini/guide-multiple-modules.html>.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::diag::Diagnostic;
use crate::repo::inventory::Inventory;
use crate::repo::path::RelPath;
use crate::stack::java::dependency::Dependency;
use crate::stack::java::maven::pom::{Pom, Project};

/// The build that a module belongs to.
#[derive(Debug)]
pub(super) struct Reactor {
    /// The folder of the topmost `pom.xml` that lists the module; the module's own when none does.
    pub root: RelPath,
    /// The lowest folder that holds the root and all parents.
    pub context: RelPath,
    /// A profile that must be switched on for the module to be listed.
    pub profile: Option<String>,
    /// Every other project of the reactor, by its artifact.
    neighbours: BTreeMap<String, Project>,
}

impl Reactor {
    /// The reactor of `project`.
    pub fn of(inventory: &Inventory, project: &Project) -> Result<Self, Diagnostic> {
        let home = project.own().folder();
        let (mut root, mut profile) = (home.clone(), None);
        for above in home.ancestors().skip(1) {
            let file = above.join("pom.xml").unwrap_or_default();
            let Some(pom) = Pom::read(inventory, &file, &above)? else { continue };
            match lists(&pom, &root) {
                Listed::Always => root = above,
                Listed::By(id) => (root, profile) = (above, Some(id)),
                Listed::Never => {}
            }
        }
        let mut context = root.clone();
        for pom in &project.chain {
            let lowest = context.ancestors().find(|above| pom.file.is_within(above));
            context = lowest.unwrap_or_default();
        }
        let mut reactor = Self { root, context, profile, neighbours: BTreeMap::new() };
        if reactor.root != home || project.own().modules().next().is_some() {
            reactor.collect(inventory)?;
        }
        Ok(reactor)
    }

    fn collect(&mut self, inventory: &Inventory) -> Result<(), Diagnostic> {
        let mut seen = BTreeSet::new();
        let mut open = vec![self.root.clone()];
        while let Some(folder) = open.pop() {
            if !seen.insert(folder.clone()) {
                continue;
            }
            let file = folder.join("pom.xml").unwrap_or_default();
            let Some(project) = Project::read(inventory, &file)? else { continue };
            open.extend(project.own().modules().filter_map(|(module, _)| folder_of(&folder, module)));
            self.neighbours.insert(project.artifact(), project);
        }
        Ok(())
    }

    /// What a project uses: its own dependencies, and those of the modules among them.
    pub fn dependencies(&self, project: &Project) -> Vec<Dependency> {
        let mut all = Vec::new();
        let mut seen = BTreeSet::from([project.artifact()]);
        let mut open = VecDeque::from(project.dependencies());
        while let Some(dependency) = open.pop_front() {
            if let Some(module) = self.neighbours.get(&dependency.artifact)
                && dependency.is_shipped()
                && seen.insert(dependency.artifact.clone())
            {
                open.extend(module.dependencies().into_iter().filter(Dependency::is_shipped));
            }
            all.push(dependency);
        }
        all
    }

    /// Does another module of the reactor use this project?
    pub fn uses(&self, project: &Project) -> bool {
        let artifact = project.artifact();
        let others = self.neighbours.values().filter(|other| other.own().file != project.own().file);
        others.filter(|other| other.mentions(&artifact)).any(|other| {
            let is_it = |used: &Dependency| used.artifact == artifact && used.group == project.group();
            other.dependencies().iter().any(|used| is_it(used) && used.is_shipped())
        })
    }

    /// Every `pom.xml` of the reactor.
    pub fn files(&self) -> impl Iterator<Item = RelPath> {
        self.neighbours.values().flat_map(|project| project.chain.iter().map(|pom| pom.file.clone()))
    }

    /// Is there more than one `pom.xml` in the build?
    pub fn is_alone(&self, project: &Project) -> bool {
        self.neighbours.len() <= 1 && project.chain.len() == 1
    }
}

/// When a `pom.xml` builds a module.
enum Listed {
    Never,
    Always,
    /// Only with this profile.
    By(String),
}

fn lists(pom: &Pom, folder: &RelPath) -> Listed {
    let home = pom.folder();
    match pom.modules().find(|(module, _)| folder_of(&home, module).as_ref() == Some(folder)) {
        Some((_, Some(profile))) => Listed::By(profile.to_owned()),
        Some((_, None)) => Listed::Always,
        None => Listed::Never,
    }
}

/// A module is named by its folder or by its file.
fn folder_of(home: &RelPath, module: &str) -> Option<RelPath> {
    let path = home.join(module.trim())?;
    if path.extension() == Some("xml") { path.parent() } else { Some(path) }
}
