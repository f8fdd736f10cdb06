//! What installs dependencies, in which version, with which commands.
//!
//! Order: the setting, `packageManager`, `devEngines.packageManager`, the lock file, npm. A declared manager whose
//! lock file is missing while another's is there gives way: a lock file is what was really installed from.

use serde::Serialize;

use crate::config::keys;
use crate::diag::{Code, Diagnostic};
use crate::fact::{Evidence, Fact};
use crate::plan::run::{Run, Sharing, quote};
use crate::repo::dir::Dir;
use crate::repo::format::Tree;
use crate::stack::Survey;
use crate::stack::node::layout::Layout;
use crate::stack::node::lock::{Lock, NAMES as LOCKS, OutOfStep};
use crate::stack::node::managers::{NEWEST, OLD_NPM, OldNpm, ROWS, Row, WRITTEN_BY};
use crate::stack::node::manifest::Package;
use crate::stack::node::semver::major;

/// A package manager; yarn's two generations share nothing but the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// <https://docs.npmjs.com/cli>
    Npm,
    /// <https://classic.yarnpkg.com/en/docs/cli/install>
    YarnClassic,
    /// <https://yarnpkg.com/cli/install>
    YarnBerry,
    /// <https://pnpm.io/cli/install>
    Pnpm,
    /// <https://bun.com/docs/cli/install>
    Bun,
}

/// The manager of a project.
#[derive(Debug, Serialize)]
pub(super) struct PackageManager {
    /// Which one.
    pub kind: Kind,
    /// Its name, version and reason: `pnpm 9.12.0`.
    pub fact: Fact<String>,
    /// Its exact version where one must be installed.
    pub version: Option<String>,
    /// The lock file's name.
    pub lock: Option<String>,
    /// Does the lock file agree with the manifest?
    pub is_locked: bool,
    /// Flags of the project's own era or shape.
    flags: Vec<String>,
    /// `.yarn/releases/…` of the repository.
    pub bundled: Option<Fact<String>>,
    /// Packages whose install scripts the project lets pnpm run.
    approved: Vec<String>,
    /// What the npm of an old line has other words for.
    old_npm: Option<&'static OldNpm>,
    /// Where it puts the packages of a workspace.
    layout: Layout,
}

impl Kind {
    fn row(self) -> &'static Row {
        ROWS.iter().find(|row| row.kind == self).expect("every kind has a row")
    }

    /// Its command.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    fn named(name: &str, version: Option<&str>) -> Option<Self> {
        Some(match name.trim() {
            "npm" => Self::Npm,
            "pnpm" => Self::Pnpm,
            "bun" => Self::Bun,
            "yarn" if version.and_then(major).is_some_and(|major| major >= 2) => Self::YarnBerry,
            "yarn" => Self::YarnClassic,
            _ => return None,
        })
    }
}

impl PackageManager {
    /// The manager of the package whose folder (or workspace root) has these lock files.
    pub fn choose<'l, 'a>(
        s: &Survey<'_>,
        package: &Package<'_>,
        locks: &'l [Lock<'a>],
    ) -> (Self, Option<&'l Lock<'a>>) {
        let declared = declared(s, package);
        let lock = choose_lock(s, package, locks, declared.as_ref().map(|(kind, _)| *kind));
        let (kind, version, because) = match (declared, lock) {
            (Some((kind, said)), Some(lock)) if !same_family(kind, lock.kind) => {
                let message =
                    format!("`{}` counts, not {}: there is no lock file of that", lock.name, said.value);
                s.note(Diagnostic::warning(Code::SeveralLocks, message).at(said.because.at.clone()));
                (lock.kind, None, presence(package, lock))
            }
            (Some((kind, said)), lock) => {
                let version = said.value.split_once('@').map(|(_, version)| exact(version));
                // A range such as `yarn` without a version: the lock file knows the generation.
                let kind = lock.map_or(kind, |lock| if version.is_none() { lock.kind } else { kind });
                (kind, version, said.because)
            }
            (None, Some(lock)) => (lock.kind, None, presence(package, lock)),
            (None, None) => (Kind::Npm, None, Evidence::default("comes with Node.js")),
        };
        let because = match (lock.and_then(|lock| lock.format.clone()), &version, kind) {
            (Some(format), None, Kind::Pnpm | Kind::YarnBerry) => format.because,
            _ => because,
        };
        let version = version.or_else(|| written_by(kind, lock)).or_else(|| newest(kind));
        let name = match &version {
            Some(version) => format!("{} {version}", kind.name()),
            None => kind.name().to_owned(),
        };
        let bundled = yarn_path(s, package);
        let mut manager = Self {
            kind,
            fact: Fact::new(name, because),
            version,
            lock: lock.map(|lock| lock.name.to_owned()),
            is_locked: false,
            flags: Vec::new(),
            bundled,
            approved: approved(package),
            old_npm: None,
            layout: Layout::of(kind, &package.dir),
        };
        manager.is_locked = agrees(s, package, lock);
        // npm 6 wrote format 1, and npm 6 did not resolve peers: https://docs.npmjs.com/cli/using-npm/config#legacy-peer-deps
        let is_old = lock.and_then(|lock| lock.format.as_ref()).is_some_and(|format| format.value == "1");
        let without_peers = lock.filter(|_| !is_old).and_then(Lock::missing_peer);
        if let Some(peer) = &without_peers {
            let message =
                format!("the lock file was written without looking at peers: `{}` is not in it", peer.value);
            s.note(Diagnostic::note(Code::LockOutOfStep, message).at(peer.because.at.clone()).help(
                "the install is told --legacy-peer-deps; `legacy-peer-deps=true` in .npmrc tells everybody",
            ));
        }
        if kind == Kind::Npm && (is_old || without_peers.is_some()) {
            manager.flags.push("--legacy-peer-deps".to_owned());
        }
        (manager, lock)
    }

    /// Takes the words of the manager that comes with a Node.js line.
    pub fn fit(&mut self, line: &str) {
        let number = major(line).unwrap_or_default();
        let row = OLD_NPM.iter().find(|row| row.lines.contains(&number));
        self.old_npm = row.filter(|_| self.kind == Kind::Npm);
    }

    /// Does it put packages into the root of a workspace?
    pub fn hoists(&self) -> bool {
        self.layout == Layout::Hoisted
    }

    /// Its row of commands.
    pub fn row(&self) -> &'static Row {
        self.kind.row()
    }

    /// Installs the manager itself, where the image does not bring it. Corepack is not in newer images.
    pub fn setup(&self, line: &str) -> Option<Run> {
        let version = self.version.as_deref()?;
        let cache = "/root/.npm";
        let scripts = |major_from: u64, name: &str| {
            // Packages with a native program need their install script, which npm 12 skips unless it is named.
            let native = major(version).is_some_and(|major| major >= major_from);
            if native { format!(" --allow-scripts={name}") } else { String::new() }
        };
        let command = match self.kind {
            // The image's own npm reads the lock files of every older one.
            Kind::Npm => return None,
            Kind::YarnClassic if major(line).is_some_and(|line| line <= 24) => return None,
            Kind::YarnClassic => format!("npm install --global --force yarn@{version}"),
            Kind::YarnBerry if self.bundled.is_some() => return None,
            Kind::YarnBerry => format!("npm install --global --force @yarnpkg/cli-dist@{version}"),
            Kind::Pnpm => format!("npm install --global{} pnpm@{version}", scripts(12, "pnpm")),
            Kind::Bun => format!("npm install --global bun@{version}"),
        };
        Some(Run::new(command).cache(cache))
    }

    /// Variables of the stages that install.
    pub fn env(&self) -> &'static [(&'static str, &'static str)] {
        let release = self.version.as_deref().and_then(major).unwrap_or_default();
        let since = self.row().env.iter().find(|(since, _)| *since <= release);
        since.map_or(&[], |(_, variables)| variables)
    }

    /// The files that an install reads, of those that are there.
    pub fn settings(&self) -> &'static [&'static str] {
        self.row().settings
    }

    /// A RUN with its download cache, which is kept between builds.
    pub fn with_cache(&self, run: Run) -> Run {
        match self.row().sharing {
            Sharing::Shared => run.cache(self.row().cache),
            Sharing::Locked => run.locked_cache(self.row().cache),
        }
    }

    /// Installs everything.
    pub fn install(&self) -> String {
        self.command(&[])
    }

    /// Installs everything and leaves install scripts out.
    pub fn install_without_scripts(&self) -> String {
        self.command(&[self.row().ignore_scripts])
    }

    /// Installs what production needs; of a workspace, what one member needs.
    pub fn install_production(&self, scripts: InstallScripts, member: Option<&Focus>) -> String {
        let mut more = vec![self.old_npm.map_or(self.row().production, |old| old.production)];
        if scripts == InstallScripts::Skipped {
            more.push(self.row().ignore_scripts);
        }
        if self.kind == Kind::YarnBerry {
            // https://yarnpkg.com/cli/workspaces/focus: the only way to leave development dependencies out.
            let whose =
                member.and_then(|member| member.words(self.kind)).unwrap_or_else(|| "--all".to_owned());
            return format!("yarn workspaces focus {whose} --production");
        }
        let focus = member.and_then(|member| member.words(self.kind));
        more.extend(focus.as_deref());
        self.command(&more)
    }

    /// Installs what production needs of a manifest and a lock file that the build has written. What was cut out of a lock file
    /// may lack what the manager asks of a whole one, so it is told to complete it.
    pub fn install_written(&self) -> String {
        match self.kind {
            Kind::YarnBerry => "yarn workspaces focus --all --production".to_owned(),
            _ => format!("{} {}", self.row().unlocked, self.row().production),
        }
    }

    /// Runs the install scripts of packages that do not work without, and of no other, where the install left
    /// them out: because it was told to, or because pnpm 10 and newer run none that nobody approved.
    /// npm 12 does the same, but no image brings it yet. <https://pnpm.io/settings#onlybuiltdependencies>
    pub fn rebuild(&self, packages: &[Fact<String>], scripts: InstallScripts) -> Option<String> {
        let asks = self.kind == Kind::Pnpm && self.version.as_deref().and_then(major) >= Some(10);
        let is_left = |name: &str| match scripts {
            InstallScripts::Skipped => true,
            InstallScripts::Run => asks && !self.approved.iter().any(|approved| approved == name),
        };
        let names: Vec<String> =
            packages.iter().filter(|name| is_left(&name.value)).map(|name| quote(&name.value)).collect();
        let command = match self.kind {
            Kind::Pnpm if asks => "pnpm rebuild --config.dangerously-allow-all-builds=true",
            Kind::Pnpm => "pnpm rebuild",
            _ => "npm rebuild",
        };
        (!names.is_empty()).then(|| format!("{command} {}", names.join(" ")))
    }

    /// Settings, which may hold a token, and lock files of a folder: an install reads them, a program does not.
    pub fn unshipped(&self, dir: &Dir<'_>) -> Vec<String> {
        let settings = self.settings().iter().filter(|name| !name.ends_with('/')).copied();
        let names = settings.chain(LOCKS.iter().map(|(name, _)| *name)).filter(|name| dir.has(name));
        let names = names.filter(|name| *name != BUNFIG || !is_read_by_programs(dir));
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        if dir.has_dir(".yarn") {
            names.push(".yarn".to_owned());
        }
        names
    }

    fn command(&self, more: &[&str]) -> String {
        let locked = self.old_npm.map_or(self.row().locked, |old| old.locked);
        let base = if self.is_locked { locked } else { self.row().unlocked };
        let words =
            std::iter::once(base).chain(more.iter().copied()).chain(self.flags.iter().map(String::as_str));
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Adds a flag to every install.
    pub fn add_flag(&mut self, flag: &str) {
        self.flags.push(flag.to_owned());
    }

    /// Runs a script of `package.json`.
    pub fn run(&self, script: &str) -> String {
        let script = quote(script);
        match (self.kind, script.as_str()) {
            (Kind::Npm, "test") => "npm test".to_owned(),
            (Kind::YarnClassic | Kind::YarnBerry, _) => format!("yarn run {script}"),
            _ => format!("{} run {script}", self.kind.name()),
        }
    }

    /// Runs the program of an installed package.
    pub fn exec(&self, line: &str) -> String {
        match self.kind {
            Kind::Npm => format!("npx {line}"),
            Kind::YarnClassic | Kind::YarnBerry => format!("yarn {line}"),
            Kind::Pnpm => format!("pnpm exec {line}"),
            Kind::Bun => format!("bunx {line}"),
        }
    }
}

/// The settings of Bun, which its programs read as well.
const BUNFIG: &str = "bunfig.toml";

/// Does that file say something to programs (`[serve.static]`, `preload`) and nothing of registries?
/// <https://bun.com/docs/runtime/bunfig>
fn is_read_by_programs(dir: &Dir<'_>) -> bool {
    let Some(settings) = dir.doc(BUNFIG).and_then(|doc| doc.toml().ok()) else { return false };
    let names_registries =
        ["registry", "scopes"].iter().any(|key| settings.tree.at(&["install", key]).is_some());
    let mut tables = settings.tree.entries().map(|(name, _)| name);
    tables.any(|name| !matches!(name, "install" | "run" | "test")) && !names_registries
}

/// The member of a workspace that is installed.
#[derive(Debug, Clone)]
pub(super) struct Focus {
    /// Its package's name.
    pub name: String,
    /// Its folder from the root.
    pub path: String,
    /// What it uses of the root's.
    pub lent: Option<Lent>,
}

/// What a member takes from its workspace's root without asking for it.
#[derive(Debug, Clone)]
pub(super) struct Lent {
    /// The root's name.
    pub root: Option<String>,
    /// The folders of the members that it needs.
    pub members: Vec<String>,
}

impl Focus {
    /// The words that have a package manager leave out what other members need; yarn classic has none.
    pub fn words(&self, kind: Kind) -> Option<String> {
        let (name, path) = (quote(&self.name), quote(&self.path));
        match (kind, &self.lent) {
            (Kind::Npm, None) => Some(format!("--workspace {path}")),
            // npm leaves out the root, and of what the root asks for the members that nobody names.
            // https://docs.npmjs.com/cli/commands/npm-ci#include-workspace-root
            (Kind::Npm, Some(lent)) => {
                let members = lent.members.iter().map(|path| format!(" --workspace {}", quote(path)));
                Some(format!("--workspace {path}{} --include-workspace-root", members.collect::<String>()))
            }
            // pnpm installs what the root asks for in any case.
            (Kind::Pnpm, _) => Some(format!("--filter {name}...")),
            (Kind::Bun, None) => Some(format!("--filter {name}")),
            // https://bun.com/docs/cli/filter#bun-install
            (Kind::Bun, Some(_)) => Some(format!("--filter {name} --filter ./")),
            (Kind::YarnBerry, None) => Some(name),
            (Kind::YarnBerry, Some(lent)) => Some(format!("{name} {}", quote(lent.root.as_deref()?))),
            (Kind::YarnClassic, _) => None,
        }
    }
}

/// Do the dependencies' install scripts run?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InstallScripts {
    Run,
    Skipped,
}

/// What settings and `package.json` say: `pnpm@9.12.0`.
fn declared(s: &Survey<'_>, package: &Package<'_>) -> Option<(Kind, Fact<String>)> {
    let modern =
        package.engine("packageManager", |name| Kind::named(name, None).is_some()).map(|(name, version)| {
            let text =
                version.map_or(name.value.clone(), |version| format!("{}@{}", name.value, version.value));
            name.derive(text)
        });
    let said = s.choice(&keys::PACKAGE_MANAGER).or(package.text(&["packageManager"])).or(modern).decide()?;
    let (name, version) =
        said.value.split_once('@').map_or((said.value.as_str(), None), |(n, v)| (n, Some(v)));
    Some((Kind::named(name, version)?, said))
}

/// The exact version of `9.12.0+sha512.…` or `^9.12.0`.
fn exact(version: &str) -> String {
    version
        .split('+')
        .next()
        .unwrap_or_default()
        .trim_start_matches(['^', '~', '=', '>', 'v', ' '])
        .to_owned()
}

fn same_family(a: Kind, b: Kind) -> bool {
    a.name() == b.name()
}

fn presence(package: &Package<'_>, lock: &Lock<'_>) -> Evidence {
    package.dir.evidence(lock.name, "its lock file")
}

/// The lock file that counts: the declared manager's, else the first that agrees with the manifest.
fn choose_lock<'l, 'a>(
    s: &Survey<'_>,
    package: &Package<'_>,
    locks: &'l [Lock<'a>],
    declared: Option<Kind>,
) -> Option<&'l Lock<'a>> {
    let own = declared.and_then(|kind| locks.iter().find(|lock| same_family(lock.kind, kind)));
    let chosen =
        own.or_else(|| locks.iter().find(|lock| lock.out_of_step(package).is_none())).or(locks.first())?;
    let others: Vec<&str> = locks.iter().map(|lock| lock.name).filter(|name| *name != chosen.name).collect();
    if !others.is_empty() {
        let why = match (own, chosen.out_of_step(package)) {
            (Some(_), _) => "package.json names its package manager",
            (None, None) => "it agrees with package.json",
            (None, Some(_)) => "none of them agrees with package.json",
        };
        let message = format!("`{}` counts, not `{}`: {why}", chosen.name, others.join("`, `"));
        let finding =
            Diagnostic::warning(Code::SeveralLocks, message).help("delete the lock files that nobody uses");
        s.note(finding.at(package.dir.evidence(chosen.name, "").at));
    }
    Some(chosen)
}

/// Is there a lock file that an install can hold on to? Says so where not.
fn agrees(s: &Survey<'_>, package: &Package<'_>, lock: Option<&Lock<'_>>) -> bool {
    let Some(lock) = lock else {
        if package.dependencies().next().is_some() {
            s.note(
                Diagnostic::warning(Code::MissingLock, "no lock file: two builds of one commit can differ")
                    .at(package.evidence().at)
                    .help("install once and commit the lock file"),
            );
        }
        return false;
    };
    let Some(OutOfStep { dependency, line }) = lock.out_of_step(package) else { return true };
    let mut place = package.evidence().at;
    if let Some(place) = &mut place {
        place.line = Some(line);
    }
    s.note(
        Diagnostic::warning(
            Code::LockOutOfStep,
            format!("`{}` does not pin `{dependency}` as package.json asks for it", lock.name),
        )
        .at(place)
        .help("install once and commit the lock file; until then the build resolves versions anew"),
    );
    false
}

fn written_by(kind: Kind, lock: Option<&Lock<'_>>) -> Option<String> {
    let format = lock?.format.as_ref()?;
    let row = WRITTEN_BY.iter().find(|(writer, number, _)| *writer == kind && *number == format.value)?;
    Some(row.2.to_owned())
}

fn newest(kind: Kind) -> Option<String> {
    NEWEST.iter().find(|(known, _)| *known == kind).map(|(_, version)| (*version).to_owned())
}

/// What pnpm may build: `onlyBuiltDependencies`, and `allowBuilds` since 10.26. <https://pnpm.io/settings#allowbuilds>
fn approved(package: &Package<'_>) -> Vec<String> {
    let settings = package.dir.doc("pnpm-workspace.yaml").and_then(|doc| doc.yaml().ok());
    let settings = settings.as_ref().map(|settings| &settings.tree);
    let lists = [
        settings.and_then(|settings| settings.get("onlyBuiltDependencies")),
        package.tree(&["pnpm", "onlyBuiltDependencies"]),
    ];
    let listed = lists.into_iter().flatten().flat_map(Tree::texts).map(str::to_owned);
    let allowed =
        settings.and_then(|settings| settings.get("allowBuilds")).into_iter().flat_map(Tree::entries);
    let allowed =
        allowed.filter(|(_, is)| is.scalar().as_deref() == Some("true")).map(|(name, _)| name.to_owned());
    listed.chain(allowed).collect()
}

/// Yarn's own release in the repository: <https://yarnpkg.com/configuration/yarnrc#yarnPath>
fn yarn_path(s: &Survey<'_>, package: &Package<'_>) -> Option<Fact<String>> {
    let settings = s.parsed(package.dir.doc(".yarnrc.yml")?.yaml())?;
    settings.text(&["yarnPath"]).filter(|path| package.dir.has(&path.value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Inventory, RelPath};

    #[test]
    fn programs_get_the_settings_that_they_read() {
        for (text, is_read) in [
            ("[serve.static]\nplugins = [\"bun-plugin-tailwind\"]\n", true),
            ("preload = [\"./instrument.ts\"]\n[install]\nlinker = \"isolated\"\n", true),
            ("[install]\nlinker = \"isolated\"\n", false),
            ("[test]\npreload = [\"./setup.ts\"]\n", false),
            ("preload = [\"./a.ts\"]\n[install.scopes]\na = { token = \"$TOKEN\" }\n", false),
        ] {
            let inventory = Inventory::from_files([(BUNFIG, text)]);
            assert_eq!(is_read_by_programs(&inventory.dir(RelPath::root())), is_read, "{text}");
        }
    }
}
