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
    /// The folder of its project that holds the assets, where that is not the project's own.
    folder: Option<&'static str>,
    /// Files of the project.
    files: &'static [&'static str],
}

const ROWS: &[Row] = &[
    // https://laravel.com/docs/12.x/structure
    Row { name: "Laravel", folder: None, files: &["artisan", "composer.json"] },
    // https://symfony.com/doc/current/page_creation.html
    Row { name: "Symfony", folder: None, files: &["bin/console", "composer.json"] },
    // https://guides.rubyonrails.org/getting_started.html
    Row { name: "Rails", folder: None, files: &["config/application.rb", "Gemfile"] },
    // https://hexdocs.pm/phoenix/directory_structure.html
    Row { name: "Phoenix", folder: None, files: &["assets/package.json", "mix.exs"] },
    Row { name: "Phoenix", folder: Some("assets"), files: &["mix.exs"] },
];

impl Row {
    /// Is the surveyed folder where such a program keeps its assets?
    fn is_here(&self, s: &Survey<'_>) -> bool {
        let own = s.dir.path();
        let project = match self.folder {
            Some(folder) if own.name() == folder => own.parent(),
            Some(_) => None,
            None => Some(own.clone()),
        };
        let has = |file: &&str| {
            project
                .as_ref()
                .and_then(|project| project.join(file))
                .is_some_and(|path| s.dir.inventory().has(&path))
        };
        self.files.iter().all(has)
    }
}

/// Says whose assets the package makes, and is true, where nothing in it starts a program of its own.
pub(super) fn refuse(s: &Survey<'_>) -> bool {
    let Some(package) = Package::of(&s.dir).filter(|package| app::starting(package, &s.dir).is_none()) else {
        return false;
    };
    let Some(row) = ROWS.iter().find(|row| row.is_here(s)) else { return false };
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
    fn a_front_end_beside_a_program_keeps_its_site() {
        const MANIFEST: &str = r#"{"scripts":{"build":"vite build"},"devDependencies":{"vite":"6.0.0"}}"#;
        for (folder, expected) in [("assets", 0), ("frontend", 1)] {
            let manifest = format!("{folder}/package.json");
            let inventory = Inventory::from_files([("mix.exs", ""), (manifest.as_str(), MANIFEST)]);
            assert_eq!(plan(&inventory, &Settings::default()).services.len(), expected, "{folder}");
        }
    }

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
