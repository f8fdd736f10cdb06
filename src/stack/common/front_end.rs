//! A front end that a compiled program embeds or serves: the folder of a bundler beside it, whose output the
//! repository does not hold.
//!
//! The program names the folder of the built files, the front end says where its build leaves them. They belong
//! together when both are the same place, or when the folder lies in the front end's own.

use crate::fact::Fact;
use crate::repo::path::RelPath;
use crate::stack::Survey;
use crate::stack::node::assets::{self, Assets};

/// A front end, built in a stage of its own.
#[derive(Debug)]
pub struct FrontEnd {
    /// The stage and where its files are.
    pub assets: Assets,
    /// Where the program looks for them, from the repository's root, and the line that says so.
    pub wanted: Fact<RelPath>,
}

/// The first of the wanted folders that a front end builds. `context` is the folder that the build sees.
pub fn find(s: &Survey<'_>, context: &RelPath, wanted: &[Fact<RelPath>]) -> Option<FrontEnd> {
    let missing: Vec<_> = wanted.iter().filter(|folder| !is_built(s, &folder.value)).collect();
    if missing.is_empty() {
        return None;
    }
    let homes = homes(s, context);
    missing.into_iter().find_map(|wanted| {
        // The nearest folder above is tried first, then those whose build leaves its files elsewhere.
        let mut homes: Vec<&RelPath> = homes.iter().collect();
        homes.sort_by_key(|home| (!wanted.value.is_within(home), usize::MAX - home.segments().count()));
        homes.into_iter().find_map(|home| built_by(s, context, home, wanted))
    })
}

/// The folders with a `package.json`, some at most.
fn homes(s: &Survey<'_>, context: &RelPath) -> Vec<RelPath> {
    const MOST: usize = 8;
    let inventory = s.dir.inventory();
    inventory
        .dir(context.clone())
        .files()
        .filter_map(|(path, _)| context.join(path.strip_suffix("package.json")?))
        .filter(|home| inventory.has(&home.join("package.json").unwrap_or_default()))
        .take(MOST)
        .collect()
}

/// The front end in `home`, if it is what fills `wanted`.
fn built_by(s: &Survey<'_>, context: &RelPath, home: &RelPath, wanted: &Fact<RelPath>) -> Option<FrontEnd> {
    let inner = s.of_front_end(s.dir.inventory().dir(home.clone()));
    let assets = assets::stage(&inner, context)?;
    let output = home.join(&assets.output.value)?;
    let is_same = output == wanted.value || wanted.value.is_within(&output);
    if !is_same && (home == s.dir.path() || !wanted.value.is_within(home)) {
        return None;
    }
    inner.take_notes().into_iter().for_each(|note| s.note(note));
    // A folder within the output is part of what is copied.
    let target = if is_same { output } else { wanted.value.clone() };
    Some(FrontEnd { assets, wanted: wanted.derive(target) })
}

/// Does the repository hold the built files? A placeholder that keeps the folder in git is none.
fn is_built(s: &Survey<'_>, folder: &RelPath) -> bool {
    const PLACEHOLDERS: &[&str] =
        &["README.md", "dummy", "empty.txt", "gitkeep", "keep", "keep.txt", "placeholder", "placeholder.txt"];
    let inventory = s.dir.inventory();
    inventory.has(folder)
        || inventory.dir(folder.clone()).files().any(|(path, _)| {
            let name = path.rsplit('/').next().unwrap_or(path);
            !name.starts_with('.') && !PLACEHOLDERS.contains(&name)
        })
}
