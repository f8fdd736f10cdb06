//! An entry script in front of a compiled program. The new image has the program at a place of its own, and no sources:
//! so the script is carried with its mode, with the files of the repository that it names, and the program lies where
//! the script looks for it.
//!
//! A script is never rewritten. What of it cannot be followed makes the start unclear.

use std::collections::BTreeSet;

use super::{Harvest, Judged, Scene, Starts, kept, list};
use crate::dockerfile::packages::Manager;
use crate::dockerfile::script::{Command, Word, commands};
use crate::dockerfile::{Form, ImageConfig, ImageRef, Meaning, Origin, parse};
use crate::migrate::harvest::copied::Copied;
use crate::migrate::harvest::text::{is_plain, join, name_of};
use crate::migrate::packages::package_of;
use crate::repo::RelPath;
use crate::stack::Ships;

/// Programs of Alpine's one binary for all, which Debian and Ubuntu have packages for.
/// <https://busybox.net/downloads/BusyBox.html>
const APPLETS: &[&str] = &[
    "bc", "dig", "ifconfig", "ip", "less", "nc", "netstat", "nslookup", "pgrep", "ping", "pkill", "ps",
    "telnet", "unzip", "vi", "wget", "xz",
];

/// Where the program of a stack lies, and how a script speaks of it.
struct Program {
    /// In the new image.
    place: String,
    /// The names it may have had in the old one.
    names: BTreeSet<String>,
}

/// Carries the script that these words start with; none where the sources are shipped, where there is no script, or where it
/// cannot be followed.
pub(super) fn script(harvest: &mut Harvest, starts: &Starts<'_>, words: &[String]) -> Option<Judged> {
    let Starts { scene, line, ref planned, .. } = *starts;
    if scene.ships() != Some(Ships::Built) {
        return None;
    }
    let at =
        usize::from(matches!(words.first().map(|word| name_of(word)), Some("sh" | "bash" | "dash" | "ash")));
    let (spelled, arguments) = words.get(at..)?.split_first()?;
    let home = scene.service.runtime.workdir.as_ref().map_or("/", |dir| dir.value.as_str());
    let copied = Copied::of(scene);
    let old_place = copied.place_of(spelled);
    let source = copied.source(scene, &old_place)?;
    let text = scene.inventory.doc(&scene.service.dir.join(source.as_str())?)?.text;
    if !source.name().ends_with(".sh") && !text.starts_with("#!") {
        return None;
    }
    let program = Program::of(scene, planned)?;

    let place = if spelled.contains('/') { join(home, spelled) } else { old_place.clone() };
    let folder = place.rsplit_once('/').map_or("/", |(folder, _)| folder).to_owned();
    let mut followed = Followed { home: home.to_owned(), folder, ..Followed::default() };
    followed.files.insert((source.clone(), place.clone()));
    followed.seen.insert(source.clone());
    followed.follow(scene, &copied, &program, text)?;
    // What the script hands over to: `exec "$@"`.
    followed.hand_over(scene, &copied, &program, arguments)?;
    if followed.links.is_empty() && !followed.finds {
        return None;
    }
    followed.needs_bash |= is_bash(text);
    followed.carry(harvest, scene, line, &program);
    followed.tools(harvest, scene, line);

    let mut command = words.to_vec();
    command[at].clone_from(&place);
    harvest.wish("run.cmd", list(&command), line);
    let mut notes = vec![format!("`{source}` is carried as it is and started as `{place}`")];
    for link in &followed.links {
        notes.push(format!("the program lies at `{}`, and the script finds it at `{link}`", program.place));
    }
    Some((kept("run.cmd"), notes))
}

impl Program {
    fn of(scene: &Scene<'_>, planned: &[String]) -> Option<Self> {
        let mut names = BTreeSet::new();
        let place = if scene.service.stack.value == "java" {
            let jar = planned.iter().position(|word| word == "-jar").and_then(|at| planned.get(at + 1))?;
            let home = scene.service.runtime.workdir.as_ref().map_or("/", |dir| dir.value.as_str());
            join(home, jar)
        } else {
            planned.iter().find(|word| word.starts_with('/') && *word != "/tini")?.clone()
        };
        names.insert(name_of(&place).to_owned());
        for instruction in &scene.stage.instructions {
            let Ok(Meaning::Run(run)) = instruction.meaning() else { continue };
            let Form::Shell(script) = run.form else { continue };
            for command in commands(&script) {
                names.extend(built_as(&command, &scene.image));
            }
        }
        Some(Self { place, names })
    }

    /// Is it the program that this word names?
    fn is(&self, word: &str) -> bool {
        self.names.contains(name_of(word)) || word.ends_with(".jar") && self.place.ends_with(".jar")
    }
}

/// What a build calls its program, where it says so; a Go build without a name calls it like its folder.
fn built_as(command: &Command, image: &ImageConfig) -> Option<String> {
    if !command.is("go", "build") {
        return None;
    }
    let args = command.args();
    let named = args.iter().position(|word| word.text == "-o").and_then(|at| args.get(at + 1));
    let name = match named {
        Some(word) => name_of(word.text.trim_end_matches('/')),
        None => name_of(image.workdir.as_deref()?),
    };
    (!name.is_empty()).then(|| name.to_owned())
}

/// Everything that a script needs in the new image.
#[derive(Default)]
struct Followed {
    /// Files of the repository, and where they lie.
    files: BTreeSet<(RelPath, String)>,
    /// Where the program is looked for.
    links: BTreeSet<String>,
    /// Folders that are gone to.
    folders: BTreeSet<String>,
    /// Programs that are called by their names.
    calls: BTreeSet<String>,
    /// Scripts that have been followed, so that two that call each other come to an end.
    seen: BTreeSet<RelPath>,
    /// One of the scripts is written for bash.
    needs_bash: bool,
    /// The program is found where it lies.
    finds: bool,
    /// The folder that everything starts in.
    home: String,
    /// Where the script that is called was called from.
    here: Option<String>,
    /// The folder of the script itself.
    folder: String,
}

impl Followed {
    /// Follows the commands of a script; none where it goes to a folder that nobody knows.
    fn follow(&mut self, scene: &Scene<'_>, copied: &Copied, program: &Program, text: &str) -> Option<()> {
        let mut here = self.here.clone().unwrap_or_else(|| self.home.clone());
        for command in commands(text) {
            let words = match command.words.first() {
                Some(first) if first.text == "exec" => &command.words[1..],
                _ => &command.words[..],
            };
            let Some(first) = words.first() else { continue };
            if first.text == "cd" {
                let folder = words.get(1)?;
                here = match folder.text.as_str() {
                    own if own.contains("dirname") && own.contains("$0") => self.folder.clone(),
                    _ if folder.is_literal => join(&here, &folder.text),
                    _ => return None,
                };
                self.folders.insert(here.clone());
                continue;
            }
            if let Some(called) = called_script(words) {
                self.call(scene, copied, program, &here, &called)?;
            }
            let is_java = command.program() == Some("java");
            for (at, word) in words.iter().enumerate() {
                let is_jar = is_java && at > 0 && words[at - 1].text == "-jar";
                self.word(scene, copied, program, &here, word, at == 0 || is_jar)?;
            }
        }
        Some(())
    }

    /// Follows a script of the repository that a script calls or reads in; what it needs is needed as well.
    fn call(
        &mut self,
        scene: &Scene<'_>,
        copied: &Copied,
        program: &Program,
        here: &str,
        called: &str,
    ) -> Option<()> {
        if program.is(called) {
            return Some(());
        }
        let old =
            if called.contains('/') { self.old_place(here, copied, called) } else { copied.place_of(called) };
        let Some(source) = copied.source(scene, &old) else { return Some(()) };
        let text = scene.inventory.doc(&scene.service.dir.join(source.as_str())?).map(|doc| doc.text);
        let Some(text) = text else { return Some(()) };
        if !source.name().ends_with(".sh") && !text.starts_with("#!") {
            return Some(());
        }
        let place = if called.contains('/') { join(here, called) } else { old };
        self.needs_bash |= is_bash(text);
        self.files.insert((source.clone(), place.clone()));
        if !self.seen.insert(source) {
            return Some(());
        }
        let folder = place.rsplit_once('/').map_or("/", |(folder, _)| folder).to_owned();
        let outer = (std::mem::replace(&mut self.folder, folder), self.here.replace(here.to_owned()));
        let followed = self.follow(scene, copied, program, text);
        (self.folder, self.here) = outer;
        followed
    }

    /// Where a path lay in the old image: the new one starts in another folder.
    fn old_place(&self, here: &str, copied: &Copied, path: &str) -> String {
        if path.starts_with('/') {
            return path.to_owned();
        }
        let below = here.strip_prefix(&self.home).map(|below| below.trim_start_matches('/'));
        match below {
            Some(below) => join(&join(&copied.home, below), path),
            None => join(here, path),
        }
    }

    /// The words that come behind the script.
    fn hand_over(
        &mut self,
        scene: &Scene<'_>,
        copied: &Copied,
        program: &Program,
        arguments: &[String],
    ) -> Option<()> {
        if let [shell, flag, text] = arguments
            && name_of(shell).ends_with("sh")
            && flag == "-c"
        {
            return self.follow(scene, copied, program, text);
        }
        let quoted: Vec<String> = arguments.iter().map(|word| crate::plan::run::quote(word)).collect();
        self.follow(scene, copied, program, &quoted.join(" "))
    }

    fn word(
        &mut self,
        scene: &Scene<'_>,
        copied: &Copied,
        program: &Program,
        here: &str,
        word: &Word,
        is_started: bool,
    ) -> Option<()> {
        let text = word.text.as_str();
        if is_started && program.is(text) {
            // A name that is put together when it starts cannot be given to a file.
            if !word.is_literal || !is_plain(text) {
                return None;
            }
            let place = if text.contains('/') || text.ends_with(".jar") {
                join(here, text)
            } else {
                format!("/usr/local/bin/{text}")
            };
            if place == program.place {
                self.finds = true;
            } else {
                self.links.insert(place);
            }
            return Some(());
        }
        if is_started && !text.contains('/') {
            self.calls.insert(text.to_owned());
        }
        if !word.is_literal || !is_plain(text) || text.starts_with('-') || matches!(text, "." | "..") {
            return Some(());
        }
        // A file of the repository: the old image had all of them.
        let place = if text.starts_with('/') || text.contains('/') || text.contains('.') {
            join(here, text)
        } else {
            return Some(());
        };
        let old = if text.starts_with('/') { place.clone() } else { join(&copied.home, text) };
        if let Some(source) = copied.source(scene, &old).filter(|source| !source.is_root()) {
            self.files.insert((source, place));
        }
        Some(())
    }

    /// Puts files, folders and links into the runtime.
    fn carry(&self, harvest: &mut Harvest, scene: &Scene<'_>, line: u32, program: &Program) {
        let carried = carried(harvest);
        for (source, place) in &self.files {
            // An instruction of the old file may have brought it already.
            let whole = scene.in_context(source.as_str());
            if !carried.iter().any(|(known, to)| *known == whole && to == place) {
                let text = format!("COPY --chmod=755 {whole} {place}");
                harvest.wish("runtime.instructions", vec![text].into(), line);
            }
        }
        let folder_of =
            |path: &String| path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
        let mut folders: BTreeSet<String> = self.links.iter().map(folder_of).collect();
        folders.extend(self.folders.iter().cloned());
        folders.retain(|folder| {
            !matches!(folder.as_str(), "" | "/" | "/usr/local/bin" | "/usr/bin" | "/tmp")
                && *folder != self.home
        });
        let mut steps: Vec<String> = Vec::new();
        if !folders.is_empty() {
            steps.push(format!("mkdir -p {}", folders.into_iter().collect::<Vec<_>>().join(" ")));
        }
        steps.extend(self.links.iter().map(|link| format!("ln -s {} {link}", program.place)));
        if !steps.is_empty() {
            let text = format!("RUN {}", steps.join(" \\\n && "));
            harvest.wish("runtime.instructions", vec![text].into(), line);
        }
    }

    /// Tools that the old base had in its one binary, and a shell that the planned one has not.
    fn tools(&self, harvest: &mut Harvest, scene: &Scene<'_>, line: u32) {
        let needs_bash = self.needs_bash && scene.service.stack.value == "java";
        let had_applets = matches!(&scene.stage.origin, Origin::Image(base) if base.is_alpine())
            || scene.stage.instructions.iter().any(|one| match one.meaning() {
                Ok(Meaning::Run(run)) => match run.form {
                    Form::Shell(text) => commands(&text)
                        .iter()
                        .any(|command| crate::dockerfile::packages::manager(command) == Some(Manager::Apk)),
                    Form::Exec(_) => false,
                },
                _ => false,
            });
        let planned = scene.service.stages.image(scene.service.stages.runtime()).parse::<ImageRef>();
        let stays_alpine = planned.is_ok_and(|image| image.is_alpine()) && !needs_bash;
        let mut packages: Vec<String> = Vec::new();
        if needs_bash {
            packages.push("bash".to_owned());
        }
        if had_applets && !stays_alpine {
            let called = self.calls.iter().filter(|name| APPLETS.contains(&name.as_str()));
            packages.extend(called.map(|name| package_of(name).to_owned()));
        }
        if !packages.is_empty() {
            harvest.wish("runtime.system_packages", packages.into(), line);
        }
    }
}

/// The files that instructions of the old file bring, and where they lie.
fn carried(harvest: &Harvest) -> Vec<(String, String)> {
    let wishes = harvest.wishes.iter().filter(|wish| wish.key == "runtime.instructions");
    let texts = wishes.flat_map(|wish| wish.value.as_array().into_iter().flatten());
    let mut found = Vec::new();
    for text in texts.filter_map(toml::Value::as_str) {
        for instruction in parse(text).0.instructions() {
            let Ok(Meaning::Copy(copy) | Meaning::Add(copy)) = instruction.meaning() else { continue };
            let is_folder = copy.destination.ends_with('/') || copy.sources.len() > 1;
            for source in copy.sources {
                let name = if is_folder { name_of(&source) } else { "" };
                let place = join(&copy.destination, name);
                found.push((source, place));
            }
        }
    }
    found
}

fn is_bash(text: &str) -> bool {
    text.lines().next().is_some_and(|first| first.starts_with("#!") && first.ends_with("bash"))
}

/// The script that a command runs: by its own name, with a shell, or read in with `.`; the last two take a bare name for
/// a file in the folder they are in.
fn called_script(words: &[Word]) -> Option<String> {
    let (first, rest) = words.split_first()?;
    let from_here = match first.text.as_str() {
        "." | "source" => Some(rest.first()?),
        shell if matches!(name_of(shell), "sh" | "bash" | "dash" | "ash") => {
            Some(rest.iter().find(|word| !word.text.starts_with('-'))?)
        }
        _ => None,
    };
    let called = from_here.unwrap_or(first);
    if !called.is_literal || !is_plain(&called.text) || called.text.is_empty() {
        return None;
    }
    let is_bare = from_here.is_some() && !called.text.contains('/');
    Some(if is_bare { format!("./{}", called.text) } else { called.text.clone() })
}
