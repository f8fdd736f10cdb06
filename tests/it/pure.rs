//! Planning is a pure function: same commit, same bytes, on any machine.

use std::fs;
use std::path::{Path, PathBuf};

use dockgen::config::Settings;
use dockgen::plan::plan;
use dockgen::plan::service::Plan;
use dockgen::render::{Templates, render_checked};
use dockgen::repo::Inventory;
use dockgen::stack;

use crate::repo::{Ran, Repo};

const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");

/// The folders of all fixtures, sorted.
pub fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(PACKAGE).join("tests/fixtures");
    let entries = fs::read_dir(folder).expect("fixtures").map(|entry| entry.expect("readable").path());
    let mut all: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    all.sort();
    all
}

/// The plan of a folder, and the files it gives.
pub fn made(folder: &Path) -> (Plan, Vec<(String, String)>) {
    let inventory = Inventory::scan(folder, &stack::reads()).expect("readable");
    let settings = Settings::read(&inventory, &stack::keys()).expect("no bad settings");
    let plan = plan(&inventory, &settings);
    let templates = Templates::builtin().expect("the templates load");
    let mut made = Vec::new();
    for service in &plan.services {
        let (files, findings) = render_checked(service, &templates, &inventory).expect("prints");
        assert!(findings.is_empty(), "{}: {findings:#?}", folder.display());
        for file in [Some(files.dockerfile), files.dockerignore].into_iter().flatten() {
            made.push((file.path.to_string(), file.text));
        }
    }
    (plan, made)
}

/// dockgen packs itself with its own file; `packaging/image` builds it.
#[test]
fn the_projects_own_image_is_planned() {
    let repo = Repo::new(&[]);
    copy(&Path::new(PACKAGE).join("src"), &repo.path().join("src"));
    for file in ["Cargo.toml", "Cargo.lock", "build.rs"] {
        fs::copy(Path::new(PACKAGE).join(file), repo.path().join(file)).expect("the checkout");
    }
    let settings = fs::read(Path::new(PACKAGE).join("packaging/image.toml")).expect("the checkout");
    repo.write("dockgen.toml", settings);
    let (plan, files) = made(repo.path());
    assert!(plan.diagnostics.is_empty(), "{:#?}", plan.diagnostics);
    let runtime = files[0].1.split_once(" AS runtime\n").expect("the last stage").1;
    assert!(runtime.starts_with("WORKDIR /repo\n") && !runtime.contains("ENV "), "{runtime}");
}

/// Another place, another environment, other times and modes.
#[test]
fn the_same_repository_gives_the_same_bytes_anywhere() {
    for fixture in fixtures() {
        let [here, there] = [Repo::new(&[]), Repo::new(&[])];
        let deep = "a/deeper place/repository";
        copy(&fixture, here.path());
        copy(&fixture, &there.path().join(deep));
        let (plan, files) = made(here.path());
        let (again, same) = made(&there.path().join(deep));
        let json = |plan: &Plan| serde_json::to_string(plan).expect("a plan is JSON");
        assert_eq!(json(&plan), json(&again), "{}", fixture.display());
        assert_eq!(files, same, "{}", fixture.display());

        let places =
            [PACKAGE.to_owned(), here.path().display().to_string(), there.path().display().to_string()];
        for text in files.iter().map(|(_, text)| text).chain([&json(&plan)]) {
            let place = places.iter().find(|place| text.contains(*place));
            assert!(place.is_none(), "{}: {place:?} in {text}", fixture.display());
        }

        let plain = here.run(&["plan", "--format", "json"]);
        let mut command = there.command(&["plan", "--format", "json", deep]);
        let bare = command.env_clear().env("TZ", "Asia/Tokyo").env("LANG", "tr_TR.UTF-8").env("CI", "1");
        let bare = Ran::new(&["plan", deep], &bare.output().expect("starts"));
        assert_eq!((plain.code, plain.out), (bare.code, bare.out), "{}", fixture.display());
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.expect("readable");
        let target = to.join(entry.path().strip_prefix(from).expect("below"));
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).expect("a folder");
        } else if entry.file_type().is_file() {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
