//! Programs in languages without a stack that keep a `package.json` for the assets that they serve: what it builds is no site.
//!
//! A front end of programs that a stack knows is that stack's, in a stage of its own.

use crate::diag::{Code, Diagnostic};
use crate::stack::Survey;
use crate::stack::node::app;
use crate::stack::node::manifest::Package;

/// A framework, and files that only its projects have together.
struct Row {
    name: &'static str,
    files: &'static [&'static str],
}

const ROWS: &[Row] = &[
    // https://laravel.com/docs/12.x/structure
    Row { name: "Laravel", files: &["artisan", "composer.json"] },
    // https://symfony.com/doc/current/page_creation.html
    Row { name: "Symfony", files: &["bin/console", "composer.json"] },
    // https://guides.rubyonrails.org/getting_started.html
    Row { name: "Rails", files: &["config/application.rb", "Gemfile"] },
    // https://hexdocs.pm/phoenix/directory_structure.html
    Row { name: "Phoenix", files: &["assets/package.json", "mix.exs"] },
    Row { name: "Phoenix", files: &["../mix.exs"] },
];

/// Says whose assets the package makes, and is true, where nothing in it starts a program of its own.
pub(super) fn refuse(s: &Survey<'_>) -> bool {
    let Some(package) = Package::of(&s.dir).filter(|package| app::starting(package, &s.dir).is_none()) else {
        return false;
    };
    let has = |file: &&str| s.dir.path().join(file).is_some_and(|path| s.dir.inventory().has(&path));
    let Some(row) = ROWS.iter().find(|row| row.files.iter().all(has)) else { return false };
    let message = format!("this package makes the assets of a {} program, which no stack runs", row.name);
    s.note(
        Diagnostic::note(Code::NotBuilt, message)
            .at(package.evidence().at)
            .help("a stack of your own in dockgen.toml says how such programs are built"),
    );
    true
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    #[test]
    fn assets_of_a_program_in_another_language_are_no_site() {
        const BUILDS: &str = r#""build":"vite build""#;
        for (scripts, files, expected) in [
            (BUILDS, ["artisan", "composer.json"], 0),
            (BUILDS, ["config/application.rb", "Gemfile"], 0),
            (BUILDS, ["composer.json", "composer.lock"], 1),
            (r#""build":"vite build","start":"node server.js""#, ["artisan", "composer.json"], 1),
        ] {
            let manifest = format!(r#"{{"scripts":{{{scripts}}},"devDependencies":{{"vite":"6.0.0"}}}}"#);
            let own = [("package.json", manifest.as_str()), ("package-lock.json", "{}"), ("server.js", "")];
            let inventory = Inventory::from_files(own.into_iter().chain(files.map(|file| (file, "{}"))));
            let plan = plan(&inventory, &Settings::default());
            assert_eq!(plan.services.len(), expected, "{scripts} {files:?}");
            let is_told = plan.diagnostics.iter().any(|one| one.message.contains("makes the assets of a"));
            assert_eq!(is_told, expected == 0, "{scripts} {files:?}");
        }
    }
}
