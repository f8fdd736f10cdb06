//! Where things lie: the program's folder has another name in the new image, and what lay in it or beside it lies there
//! again.

use super::Scene;
use super::text::{below, is_plain, join};
use crate::dockerfile::Meaning;
use crate::dockerfile::instr::Copy;
use crate::stack::{self, AnyStack, Ships};

impl Scene<'_> {
    /// What the new image holds of the program; none where a company's own stack says it in its stages.
    pub(super) fn ships(&self) -> Option<Ships> {
        stack::named(&self.service.stack.value).map(AnyStack::ships)
    }

    /// A path of the old image as seen from the folder of the program; none where it lies elsewhere.
    pub(super) fn below_home(&self, path: &str) -> Option<String> {
        let here = self.image.workdir.as_deref().unwrap_or("/");
        below(&join(here, path), &self.old_home())
    }

    /// Where a copy puts one file of the program under another name or in another folder: there, as seen from the
    /// program's folder. A copy that leaves everything where it is in the repository is none.
    pub(super) fn moved(&self, copy: &Copy) -> Option<String> {
        let [source] = copy.sources.as_slice() else { return None };
        let source = source.trim_start_matches("./").trim_end_matches('/');
        let path = self.service.dir.join(source)?;
        if self.ships() != Some(Ships::Sources)
            || !self.inventory.has(&path)
            || copy.destination.contains('$')
        {
            return None;
        }
        let below = self.below_home(&copy.destination)?;
        let is_folder =
            below.is_empty() || copy.destination.ends_with('/') || copy.destination.ends_with("/.");
        let place = if is_folder { format!("{below}/{}", path.name()) } else { below };
        let place = place.trim_start_matches('/').to_owned();
        (place != source && is_plain(&place)).then_some(place)
    }

    /// A folder that the old file copied to another place in the program's folder, where this path lay in it.
    pub(super) fn moved_folder(&self, path: &str) -> Option<String> {
        let below = self.below_home(path)?;
        // Node.js finds `index.js` by `index`.
        let is_there =
            |name: &str| self.service.dir.join(name).is_some_and(|there| self.inventory.has(&there));
        if is_there(&below) || is_there(&format!("{below}.js")) {
            return None;
        }
        self.stage.instructions.iter().find_map(|instruction| {
            let Ok(Meaning::Copy(copy) | Meaning::Add(copy)) = instruction.meaning() else { return None };
            let [source] = copy.sources.as_slice() else { return None };
            let source = source.trim_start_matches("./").trim_end_matches('/');
            let to = self.below_home(&copy.destination)?;
            let is_in = to.is_empty() || below == to || below.starts_with(&format!("{to}/"));
            let is_file = self.inventory.has(&self.service.dir.join(source)?);
            let is_folder = !is_file && !matches!(source, "" | ".") && !source.contains('*');
            (copy.from.is_none() && is_in && is_folder && source != to).then(|| source.to_owned())
        })
    }

    /// A value that names the folder of the program, with its new name.
    pub(super) fn rehomed(&self, value: &str) -> Option<String> {
        let old = &self.old_home();
        if old.len() < 2 || old.contains('$') {
            return None;
        }
        let new = self.home()?;
        if self.ships() != Some(Ships::Sources) || old == new || !value.contains(old.as_str()) {
            return None;
        }
        let mut made = String::new();
        let mut rest = value;
        while let Some(at) = rest.find(old.as_str()) {
            let end = at + old.len();
            let starts = !rest[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || "-_./".contains(c));
            let ends = !rest[end..].starts_with(|c: char| c.is_ascii_alphanumeric() || "-_.".contains(c));
            made.push_str(&rest[..at]);
            made.push_str(if starts && ends { new } else { old });
            rest = &rest[end..];
        }
        made.push_str(rest);
        (made != value).then_some(made)
    }

    /// Does a path of the old image lie where the program lay?
    pub(super) fn is_in_program(&self, path: &str) -> bool {
        const USUAL: &[&str] =
            &["/app", "/usr/src/app", "/src", "/code", "/usr/src", "/opt/app", "/go/src", "/home/node/app"];
        let here = self.image.workdir.as_deref().filter(|home| *home != "/").unwrap_or("/app");
        let home = self.old_home();
        let is_below = |folder: &str| below(path, folder).is_some();
        !path.starts_with('/')
            || is_below(here)
            || home != "/" && is_below(&home)
            || USUAL.iter().any(|usual| is_below(usual))
    }

    /// A path of the service's folder as the build context has it.
    pub(super) fn in_context(&self, path: &str) -> String {
        if self.service.dir == self.service.context {
            return path.to_owned();
        }
        format!("{}/{path}", self.service.dir)
    }

    /// The folder that the new image starts in.
    pub(super) fn home(&self) -> Option<&str> {
        let planned = self.service.runtime.workdir.as_ref().map(|folder| folder.value.as_str());
        // Python's base stage has it for all stages.
        planned.or((self.service.stack.value == "python").then_some("/app"))
    }
}

/// `mkdir` of a folder beside the program that the repository does not hold: nothing else makes it.
pub(super) fn made_in_program(scene: &Scene<'_>, program: &str, paths: &[&str]) -> Option<String> {
    if program != "mkdir" || scene.ships() != Some(Ships::Sources) {
        return None;
    }
    let is_there = |path: &str| {
        let whole = scene.service.dir.join(path).filter(|whole| !whole.is_root());
        whole.is_none_or(|whole| !scene.inventory.below(&whole).is_empty())
    };
    let below: Vec<String> = paths.iter().map(|path| scene.below_home(path)).collect::<Option<_>>()?;
    let missing: Vec<String> =
        below.into_iter().filter(|path| !path.is_empty() && is_plain(path) && !is_there(path)).collect();
    let folders = missing.join(" ");
    let given =
        scene.ordinary_user().map(|user| format!(" \\\n && chown {user} {folders}")).unwrap_or_default();
    (!missing.is_empty()).then(|| format!("mkdir -p {folders}{given}"))
}
