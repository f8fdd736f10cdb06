//! What a package and its surroundings say, and what of it several steps ask for.

use crate::fact::{Evidence, Fact};
use crate::plan::run::{Run, quote};
use crate::plan::service::IgnoreGroup;
use crate::repo::dir::Doc;
use crate::repo::path::RelPath;
use crate::stack::Survey;
use crate::stack::common::around;
use crate::stack::common::front_end::Place;
use crate::stack::common::listen::Listening;

use super::app::{self, App};
use super::era::Era;
use super::framework::Framework;
use super::front_end::FrontEnd;
use super::lifecycle::Lifecycle;
use super::manifest::Package;
use super::native::Natives;
use super::package_manager::{Focus, InstallScripts, Kind, PackageManager};
use super::registry::{self, Secret};
use super::tested::{On, Tests};
use super::workspace::Workspace;
use super::{checked, nx, plan, prisma, runtime_files, sources, surroundings, writes};

/// What a Node.js project says about itself.
#[derive(Debug)]
pub(in crate::stack) struct Facts {
    /// The package's name, or a usual one.
    pub(super) name: String,
    pub(super) because: Evidence,
    pub(super) version: Fact<String>,
    pub(super) manager: Option<PackageManager>,
    pub(super) lifecycle: Lifecycle,
    /// A generated client that lies among the packages.
    pub(super) client: Option<prisma::Client>,
    pub(super) natives: Natives,
    pub(super) era: Era,
    pub(super) framework: Option<Fact<&'static Framework>>,
    pub(super) app: App,
    /// The build context, and the project's place in it: the context is larger for the sake of a front end beside the project.
    pub(super) place: Place,
    /// The package's folder from the project's, which is that of its workspace; the root where they are the same.
    pub(super) home: RelPath,
    /// The folder in which the framework builds, where that is not the package's.
    pub(super) builds_in: Option<RelPath>,
    /// Manifests that an install of a workspace copies.
    pub(super) manifests: Vec<String>,
    /// Those that the production install is content with, where these are fewer.
    pub(super) own_manifests: Vec<String>,
    pub(super) install: Option<Run>,
    pub(super) production: Option<Run>,
    /// Is nothing installed for development alone? Then one install serves the build and the program.
    pub(super) ships_all: bool,
    /// What there is to say about the install.
    pub(super) remarks: Vec<String>,
    /// Install scripts that need the sources.
    pub(super) prepare: Option<Run>,
    pub(super) build: Option<Fact<Run>>,
    pub(super) test: Option<Tests>,
    pub(super) dev: Option<Fact<Vec<String>>>,
    pub(super) listening: Listening,
    pub(super) listens: Option<Fact<String>>,
    pub(super) handler: Option<Fact<String>>,
    pub(super) writes: Option<Fact<String>>,
    /// Folders that it writes to and that are not there: absolute outside of its own, relative within.
    pub(super) keeps: Vec<Fact<String>>,
    /// Why the program needs other programs beside it.
    pub(super) spawns: Option<Fact<String>>,
    pub(super) health: Option<Fact<String>>,
    pub(super) example_port: Option<Fact<u16>>,
    /// Public build-time variables.
    pub(super) variables: Vec<Fact<String>>,
    /// Committed files that hold nothing but such variables.
    pub(super) settings: Vec<Fact<String>>,
    /// Files read at run time beside a built program.
    pub(super) reads: Vec<Fact<String>>,
    /// Tests, as patterns.
    pub(super) tests: Vec<String>,
    /// Output folders that are not in the repository.
    pub(super) outputs: Vec<String>,
    /// Top-level names that are in the repository.
    pub(super) tracked: Vec<String>,
    /// Documents that nothing reads.
    pub(super) prose: Vec<String>,
    /// What other members of a workspace hide from this one's build.
    pub(super) hidden: Option<IgnoreGroup>,
    /// Do install scripts wait until the sources are there?
    pub(super) waits: bool,
    /// Are several packages installed at once?
    pub(super) is_workspace: bool,
    /// The member of a workspace that is planned.
    pub(super) focus: Option<Focus>,
    /// Members that this one needs at run time, from the root.
    pub(super) libraries: Vec<String>,
    /// Builds the members that this one needs.
    pub(super) build_libraries: Vec<String>,
    /// What private registries want.
    pub(super) secrets: Vec<Secret>,
    /// Settings and lock files, which stay out of the image.
    pub(super) unshipped: Vec<String>,
    /// A front end in a folder of its own that the program serves.
    pub(super) front_end: Option<FrontEnd>,
    /// Variables that a task runner wants in the stages that build.
    pub(super) tool_env: Option<(&'static str, &'static [(&'static str, &'static str)])>,
    /// What the program checks when the build loads it.
    pub(super) checked: Vec<checked::StandIn>,
    /// The manifest that the build writes for the production install.
    pub(super) written: Option<nx::Written>,
}

impl Facts {
    /// What the sources and the folder say, without a `package.json`.
    pub(super) fn of_sources(s: &Survey<'_>, docs: &[Doc<'_>], version: Fact<String>, app: App) -> Self {
        let listening = sources::listening(docs);
        Self {
            name: "app".to_owned(),
            because: app.because().clone(),
            version,
            manager: None,
            lifecycle: Lifecycle::default(),
            client: None,
            natives: Natives::default(),
            era: Era::default(),
            framework: None,
            place: Place::of(s.dir.path(), None),
            home: RelPath::root(),
            builds_in: None,
            manifests: Vec::new(),
            own_manifests: Vec::new(),
            install: None,
            production: None,
            ships_all: false,
            remarks: Vec::new(),
            prepare: None,
            build: None,
            test: None,
            dev: None,
            listens: sources::listens(docs),
            handler: sources::handler(docs),
            writes: writes::in_sources(docs),
            keeps: writes::elsewhere(docs).into_iter().chain(writes::missing(docs, &s.dir)).collect(),
            spawns: sources::spawns(docs),
            health: sources::health(docs),
            example_port: surroundings::example_port(s, &listening),
            listening,
            variables: Vec::new(),
            settings: Vec::new(),
            reads: Vec::new(),
            tests: runtime_files::tests(&s.dir),
            outputs: Vec::new(),
            tracked: around::top_level(&s.dir).into_iter().map(str::to_owned).collect(),
            prose: Vec::new(),
            hidden: None,
            waits: false,
            is_workspace: false,
            focus: None,
            libraries: Vec::new(),
            build_libraries: Vec::new(),
            secrets: Vec::new(),
            unshipped: Vec::new(),
            front_end: None,
            tool_env: None,
            written: None,
            checked: Vec::new(),
            app,
        }
    }

    /// A path of the package as the build context names it.
    pub(super) fn in_context(&self, below: &str) -> String {
        self.home.join(below).unwrap_or_default().to_string()
    }

    /// Is there anything to build?
    pub(super) fn is_built(&self) -> bool {
        self.build.is_some() || !self.build_libraries.is_empty()
    }

    /// Do the tests run on the sources alone? Packages of a workspace are built for one another, and a client is generated.
    pub(super) fn tests_sources(&self) -> bool {
        let is_generated = self.client.is_some() || !self.build_libraries.is_empty();
        !is_generated && self.test.as_ref().is_some_and(|tests| tests.on == On::Sources)
    }

    /// What is taken out of the files that ship in a stage of its own, where the packages of a build or settings that name a
    /// registry or a token lie among them. An exclusion of COPY would do, but older engines, such as Docker
    /// 20.10, pass it over without a word.
    pub(super) fn unfit(&self) -> Vec<&str> {
        let ships_all = matches!(&self.app, App::Server(server) if server.content == app::Content::Tree);
        if !ships_all || !self.home.is_root() {
            return Vec::new();
        }
        let packages = self.install.as_ref().map(|_| "node_modules");
        if self.secrets.is_empty() && !(self.is_built() && packages.is_some()) {
            return Vec::new();
        }
        packages.into_iter().chain(self.unshipped.iter().map(String::as_str)).collect()
    }

    /// Where the program lies in every stage.
    pub(super) fn workdir(&self) -> String {
        if self.home.is_root() { plan::HOME.to_owned() } else { format!("{}/{}", plan::HOME, self.home) }
    }

    /// The same, for paths of a build's output.
    pub(super) fn at_home(&self, below: &str) -> String {
        if self.home.is_root() { below.to_owned() } else { format!("{}/{below}", self.home) }
    }
}

impl Facts {
    /// Takes a member's place in its workspace: the root is what the build sees.
    pub(super) fn join(&mut self, workspace: &Workspace<'_>, package: &Package<'_>) {
        let Some(manager) = &self.manager else { return };
        self.place = Place::of(workspace.root.path(), None);
        self.home = workspace.home.clone();
        self.is_workspace = true;
        self.manifests = workspace.manifests();
        self.manifests.extend(workspace.linked(package));
        let libraries = workspace.libraries(package);
        self.libraries = libraries.iter().map(|member| member.path.to_string()).collect();
        // A client that a library generates lies among the packages of the root.
        let generated =
            libraries.iter().filter_map(|member| prisma::Client::find(&member.package, &member.package.dir));
        self.client = self.client.take().or(generated.into_iter().find(|client| client.is_scripted));
        if manager.kind == Kind::YarnClassic {
            // It cannot leave out what other members need, but it does not miss them.
            self.own_manifests = workspace.own_manifests(package);
        }
        self.build_libraries = workspace.build_libraries(package, manager.kind);
        self.hidden = workspace.hidden(package);
        self.focus = workspace.focus(package);
        // Files of one member cannot be mounted before the install of all: its scripts wait for the sources.
        let own = Lifecycle::read(&workspace.package, &workspace.root);
        let waits = !self.lifecycle.before.is_empty()
            || workspace.has_install_scripts()
            || !own.after.is_empty()
            || own.repeated.is_some();
        self.lifecycle.wait_for_sources();
        if waits {
            self.lifecycle
                .skipped_in_production
                .get_or_insert_with(|| Fact::new("postinstall".to_owned(), package.evidence()));
        }
        self.waits = waits;
    }

    /// Takes the folder above the project for the build context, where a front end lies beside it.
    pub(super) fn make_room(&mut self) {
        let found = self.front_end.as_ref().map(|front_end| &front_end.found);
        self.place = Place::of(&self.place.context, found);
        let place = |run: Option<Run>| run.map(|run| run.in_folder(&self.place.folder));
        (self.install, self.production) = (place(self.install.take()), place(self.production.take()));
    }

    /// The installs of the deps and prod-deps stages.
    pub(super) fn add_installs(&mut self, s: &Survey<'_>, package: &Package<'_>, top: &Package<'_>) {
        if package.dependencies().next().is_none() && !self.is_workspace {
            return;
        }
        let Some(manager) = &self.manager else { return };
        // What an install would rewrite is copied: a mount cannot be written to.
        let is_fixed = manager.is_locked || manager.lock.is_none();
        let mut files: Vec<String> = manager.lock.iter().filter(|_| is_fixed).cloned().collect();
        if self.is_workspace || !is_fixed {
            let lock = manager.lock.iter().filter(|_| !is_fixed).cloned();
            let own = (!self.is_workspace).then(|| "package.json".to_owned());
            let copied: Vec<String> = own.into_iter().chain(lock).collect();
            if !self.own_manifests.is_empty() {
                self.own_manifests.extend(copied.iter().cloned());
            }
            self.manifests.extend(copied);
        } else {
            files.insert(0, "package.json".to_owned());
        }
        for name in manager.settings() {
            let folder = name.trim_end_matches('/');
            if top.dir.has(folder) || top.dir.has_dir(folder) {
                files.push(folder.to_owned());
            }
        }
        self.unshipped = manager.unshipped(&top.dir);
        files.extend(surroundings::pnpm_patches(&top.dir));
        files.extend(self.lifecycle.before.iter().map(|file| file.value.clone()));
        files.dedup();
        self.secrets = registry::secrets(s, &top.dir, manager.settings());
        let reads = plan::InstallFiles { files: &files, manager, secrets: &self.secrets };
        let waits = self.waits || !self.lifecycle.after.is_empty();
        let scripts = if waits { InstallScripts::Skipped } else { InstallScripts::Run };
        let mut commands = vec![match scripts {
            InstallScripts::Skipped => manager.install_without_scripts(),
            InstallScripts::Run => manager.install(),
        }];
        commands.extend(manager.rebuild(&self.natives.scripts, scripts));
        self.install = Some(plan::install_run(&reads, commands));
        self.ships_all = scripts == InstallScripts::Run
            && self.is_same_in_production()
            && package.tree(&["devDependencies"]).is_none_or(|table| table.entries().next().is_none());
        if !self.ships_all && (package.has_production_dependencies() || self.is_workspace) {
            let patched = self.lifecycle.patches.is_some()
                && !files.iter().any(|file| file == "patches")
                && !self.is_workspace;
            let run = plan::install_run(&reads, plan::production_commands(self));
            self.production = Some(if patched { run.bind("patches") } else { run });
        }
        if !self.lifecycle.after.is_empty() {
            let scripts = self.lifecycle.after.iter().map(|script| manager.run(&script.value)).collect();
            self.prepare = Some(self.with_settings(Run { commands: scripts, ..Run::default() }));
            let names: Vec<String> = self
                .lifecycle
                .after
                .iter()
                .map(|script| format!("`{}` ({})", script.value, script.because))
                .collect();
            self.remarks.push(format!("{} needs the sources and runs in the build stage", names.join(", ")));
        }
        match (&manager.lock, manager.is_locked) {
            (None, _) => self
                .remarks
                .push("NO LOCK FILE: versions are resolved anew with every build; commit one".to_owned()),
            (Some(lock), false) => self.remarks.push(format!(
                "{lock} does not agree with package.json: versions are resolved anew; commit a new one"
            )),
            (Some(_), true) => {}
        }
    }

    /// Would an install for production run the same scripts on the same packages? Members of a workspace share one install, and
    /// a client is generated into the packages.
    fn is_same_in_production(&self) -> bool {
        !self.is_workspace && self.client.is_none() && self.lifecycle.skipped_in_production.is_none()
    }

    /// The RUN of a later stage: yarn reads its settings, and so their variables, with every command.
    pub(super) fn with_settings(&self, run: Run) -> Run {
        let reads = self.manager.as_ref().is_some_and(|manager| manager.kind == Kind::YarnBerry);
        self.secrets
            .iter()
            .filter(|secret| reads && matches!(secret, Secret::Variable(_)))
            .fold(run, |run, secret| secret.mount(run))
    }

    /// The RUN of the build stage.
    pub(super) fn build_run(&self, commands: Vec<String>) -> Run {
        let variables = match &self.app {
            App::Server(server) => server.build_env.as_slice(),
            App::Site(_) => &[],
        };
        let stand_ins = checked::command(&self.checked);
        let wants_file =
            stand_ins.is_some() || self.variables.iter().any(|variable| app::is_sensitive(&variable.value));
        let commands = stand_ins.into_iter().chain(commands).collect();
        let mut run = self.with_settings(Run { commands, ..Run::default() });
        if run.commands.len() > 1 && !variables.is_empty() {
            // Words in front of a command are of that command alone.
            let words = variables.iter().map(|(name, value)| format!("{name}={}", quote(value)));
            run.commands.insert(0, format!("export {}", words.collect::<Vec<_>>().join(" ")));
        } else {
            run = variables.iter().fold(run, |run, (name, value)| run.env(name, value));
        }
        if wants_file {
            // Vite, Create React App, Vue CLI and Next.js read this file last.
            run = run.secret("build-env", &format!("{}/.env.production.local", self.workdir()));
        }
        match self.framework.as_ref().map(|row| row.value.name) {
            Some("Next.js") => {
                let sources = self.builds_in.as_ref().unwrap_or(&self.home);
                let cache = sources.join(".next/cache").unwrap_or_default();
                run.cache(&format!("{}/{cache}", plan::HOME))
            }
            _ => run,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    #[test]
    fn variables_of_a_build_reach_the_command_behind_the_client() {
        let files = [
            (
                "package.json",
                r#"{"dependencies":{"next":"15.0.0","@prisma/client":"6.0.0"},"devDependencies":{"prisma":"6.0.0"}}"#,
            ),
            ("package-lock.json", "{}"),
            ("prisma/schema.prisma", "generator client {\n  provider = \"prisma-client-js\"\n}\n"),
        ];
        let plan = plan(&Inventory::from_files(files), &Settings::default());
        let build = &plan.services[0].tool["build"];
        let commands: Vec<&str> = build["commands"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|command| command.as_str())
            .collect();
        assert_eq!(
            commands,
            ["export NEXT_PRIVATE_STANDALONE=true", "npx prisma generate", "npx next build"]
        );
        assert_eq!(build["env"].as_array().map(Vec::len), Some(0));
    }
}
