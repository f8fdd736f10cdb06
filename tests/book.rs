//! The book as its readers have it: `docs/` built with mdBook, and every link and every anchor of it followed.
//!
//! Where mdBook is not installed it is shown as ignored. Addresses of other sites are not asked.
#![allow(clippy::disallowed_methods, reason = "tests start programs and read files")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use regex_lite::Regex;
use support::ensure;

fn main() {
    let args = Arguments::from_args();
    let book = Trial::ignorable_test("links of the book", || {
        match Command::new("mdbook").arg("--version").output() {
            Ok(answer) if answer.status.success() => links().map(|()| Completion::Completed),
            _ => Ok(Completion::ignored_with("mdbook is not installed")),
        }
    });
    libtest_mimic::run(&args, vec![book]).exit();
}

fn links() -> Result<(), Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let home = tempfile::tempdir()?;
    let built =
        Command::new("mdbook").arg("build").arg(root.join("docs")).arg("-d").arg(home.path()).output()?;
    let said = String::from_utf8_lossy(&built.stderr).into_owned();
    ensure(built.status.success() && !said.contains("WARN") && !said.contains("ERROR"), || said)?;

    let (link, anchor) = (Regex::new(r#"(?:href|src)="([^"]*)""#)?, Regex::new(r#"\bid="([^"]*)""#)?);
    let mut pages: BTreeMap<String, String> = BTreeMap::new();
    for entry in fs::read_dir(home.path())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".html") {
            pages.insert(name, fs::read_to_string(path)?);
        }
    }
    let anchors = |page: &str| -> BTreeSet<String> {
        let text = pages.get(page).map(String::as_str).unwrap_or_default();
        anchor.captures_iter(text).map(|found| found[1].to_owned()).collect()
    };
    let (mut dead, mut seen) = (Vec::new(), 0);
    for (page, text) in &pages {
        for found in link.captures_iter(text) {
            let target = found[1].replace("&amp;", "&");
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            seen += 1;
            let (file, place) = target.split_once('#').unwrap_or((&target, ""));
            let file = if file.is_empty() { page } else { file };
            let is_there = home.path().join(file).exists();
            if !is_there || (!place.is_empty() && file.ends_with(".html") && !anchors(file).contains(place)) {
                dead.push(format!("{page}: {target}"));
            }
        }
    }
    ensure(dead.is_empty(), || dead.join("\n"))?;
    ensure(seen > 200, || format!("only {seen} links were followed"))
}
