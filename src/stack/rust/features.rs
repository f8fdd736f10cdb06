//! Which features are turned on: those a person wants, those the program's own table asks for, and one of those without
//! which the sources refuse to compile.
//!
//! Such a refusal is `compile_error!` under `#[cfg(not(any(feature = "a", feature = "b")))]`:
//! <https://doc.rust-lang.org/std/macro.compile_error.html>

use std::collections::BTreeSet;

use regex_lite::Regex;

use crate::diag::{Code, Diagnostic};
use crate::fact::{Choice, Fact};
use crate::repo::dir::Doc;
use crate::stack::Survey;

use super::FEATURES;
use super::manifest::{Binary, Manifest};

/// The features to turn on, joined with commas.
pub(super) fn choose(
    s: &Survey<'_>,
    package: &Manifest<'_>,
    chosen: &Binary,
    sources: &[Doc<'_>],
) -> Option<Fact<String>> {
    let of_table =
        (!chosen.features.is_empty()).then(|| Fact::new(chosen.features.join(","), chosen.because.clone()));
    let wish = s.choice(&FEATURES).decide().map(|features| features.map(|features| features.0.join(",")));
    if let Some(told) = Choice::default().or(wish).or(of_table).decide() {
        return Some(told);
    }
    let roots: Vec<Doc<'_>> = package.roots().iter().filter_map(|path| s.dir.inventory().doc(path)).collect();
    let demand = roots.iter().chain(sources).find_map(|doc| Demand::read(doc, package))?;
    let wanted = demand.wanted(package);
    s.note(
        Diagnostic::warning(
            Code::Guessed,
            format!(
                "the feature `{}` is turned on: without one of {} it does not compile",
                wanted.value,
                demand.shown()
            ),
        )
        .at(wanted.because.at.clone())
        .help("`rust.features` names the ones that are wanted"),
    );
    Some(wanted)
}

/// One of several features has to be on, and none of them is by default.
struct Demand {
    /// In the order of the sources.
    one_of: Fact<Vec<String>>,
    /// What the compiler would say.
    says: String,
}

impl Demand {
    fn read(doc: &Doc<'_>, package: &Manifest<'_>) -> Option<Self> {
        if !doc.text.contains("compile_error!") {
            return None;
        }
        let refusal = Regex::new(concat!(
            r#"#\[cfg\(not\((?:any\()?((?:\s*feature\s*=\s*"[^"]+"\s*,?)+)\s*\)?\)\)\]\s*"#,
            r#"(?:std::|core::)?compile_error!\s*[({]\s*"([^"]*)""#
        ))
        .ok()?;
        let feature = Regex::new(r#"feature\s*=\s*"([^"]+)""#).ok()?;
        let on = by_default(package);
        refusal.captures_iter(doc.text).find_map(|found| {
            let one_of: Vec<String> =
                feature.captures_iter(&found[1]).map(|name| name[1].to_owned()).collect();
            if one_of.iter().any(|name| on.contains(name.as_str())) {
                return None;
            }
            let because = doc.cite_offset(found.get(0)?.start());
            Some(Self { one_of: Fact::new(one_of, because), says: found[2].to_owned() })
        })
    }

    /// The one that the refusal itself recommends, else the first.
    fn wanted(&self, package: &Manifest<'_>) -> Fact<String> {
        let has = |name: &&str| package.at(&["features", name]).is_some();
        let recommended = self.says.split_once("--features").and_then(|(_, words)| {
            words.split([' ', '=', ',', '`', '\'', '"']).find(|word| !word.is_empty()).filter(has)
        });
        let first = || self.one_of.value.first().cloned().unwrap_or_default();
        self.one_of.derive(recommended.map_or_else(first, str::to_owned))
    }

    fn shown(&self) -> String {
        let names: Vec<String> = self.one_of.value.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    }
}

/// What `default` turns on, by way of other features as well.
fn by_default<'m>(package: &'m Manifest<'_>) -> BTreeSet<&'m str> {
    let mut on = BTreeSet::new();
    let mut open = vec!["default"];
    while let Some(name) = open.pop() {
        if on.insert(name) {
            open.extend(package.list(&["features", name]));
        }
    }
    on
}
