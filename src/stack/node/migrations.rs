//! Migrations inside of a build. Platforms that build and deploy in one go run them there; the build of an image reaches no
//! database, and what it makes is started more than once.
//!
//! The build is taken apart only where one of its steps works on a database. Everything else stays the script that it is.

use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::stack::Survey;
use crate::stack::node::manifest::Package;
use crate::stack::node::package_manager::{Kind, PackageManager};
use crate::stack::node::start::{base_name, script_name, unwrap};
use crate::stack::node::steps::in_image;

/// Commands that work on a database, with how the words behind them begin. Sources: the reference of each command line.
const COMMANDS: &[(&str, &[&str])] = &[
    // https://www.prisma.io/docs/orm/reference/prisma-cli-reference
    ("prisma", &["migrate", "db"]),
    // https://orm.drizzle.team/docs/kit-overview
    ("drizzle-kit", &["migrate", "push", "up"]),
    // https://knexjs.org/guide/migrations.html
    ("knex", &["migrate:", "seed:"]),
    // https://sequelize.org/docs/v6/other-topics/migrations/
    ("sequelize", &["db:"]),
    ("sequelize-cli", &["db:"]),
    // https://typeorm.io/docs/migrations/executing
    ("typeorm", &["migration:run", "schema:sync"]),
    ("typeorm-ts-node-commonjs", &["migration:run", "schema:sync"]),
    ("typeorm-ts-node-esm", &["migration:run", "schema:sync"]),
    // https://mikro-orm.io/docs/migrations
    ("mikro-orm", &["migration:", "schema:", "seeder:"]),
    // https://salsita.github.io/node-pg-migrate/cli
    ("node-pg-migrate", &["up", "down", "redo"]),
    // https://payloadcms.com/docs/database/migrations
    ("payload", &["migrate"]),
    // https://db-migrate.readthedocs.io/en/latest/Getting%20Started/usage/
    ("db-migrate", &["up"]),
    // https://github.com/seppevs/migrate-mongo#readme
    ("migrate-mongo", &["up"]),
];

/// What runs a file of the project.
const RUNNERS: &[&str] = &["node", "tsx", "ts-node", "bun", "esno", "jiti", "vite-node"];

/// How such a file is called when it migrates.
const FILES: &[&str] = &["migrate", "migrations", "run-migrations", "db-migrate", "migrate-db"];

/// How many scripts deep a build is read.
const DEEPEST: usize = 5;

/// One step of a build.
#[derive(Debug, Clone)]
enum Step {
    /// What the build stage runs.
    Build(String),
    /// What works on a database.
    Database(Fact<String>),
}

/// The commands of a build script without what works on a database, where it has any. What is left out is said.
pub(super) fn leave_out(
    s: &Survey<'_>,
    package: &Package<'_>,
    manager: &PackageManager,
    script: &str,
) -> Option<Vec<String>> {
    let (mut commands, mut left_out) = (Vec::new(), Vec::new());
    for step in of_script(package, manager, script, 0) {
        match step {
            Step::Build(command) => commands.push(command),
            Step::Database(command) => left_out.push(command),
        }
    }
    for command in &left_out {
        let message =
            format!("the build leaves out `{}`: no build of an image reaches the database", command.value);
        s.note(
            Diagnostic::note(Code::NotBuilt, message)
                .at(command.because.at.clone())
                .help("run it before the new image starts; the target `build` holds what it needs"),
        );
    }
    (!left_out.is_empty()).then_some(commands)
}

/// A script with what its manager runs before and after it; itself where nothing of it works on a database.
fn of_script(package: &Package<'_>, manager: &PackageManager, script: &str, depth: usize) -> Vec<Step> {
    let names: &[String] = &match manager.kind {
        // https://yarnpkg.com/advanced/lifecycle-scripts: none but those of an install.
        Kind::YarnBerry => vec![script.to_owned()],
        _ => vec![format!("pre{script}"), script.to_owned(), format!("post{script}")],
    };
    let lines = names.iter().filter_map(|name| package.script(name));
    let steps: Vec<Step> = lines.flat_map(|line| of_line(package, manager, &line, depth)).collect();
    let has_any = steps.iter().any(|step| matches!(step, Step::Database(_)));
    if has_any { steps } else { vec![Step::Build(manager.run(script))] }
}

fn of_line(package: &Package<'_>, manager: &PackageManager, line: &Fact<String>, depth: usize) -> Vec<Step> {
    let parts = line.value.split("&&").map(str::trim);
    parts.flat_map(|part| of_step(package, manager, &line.derive(part.to_owned()), depth)).collect()
}

fn of_step(package: &Package<'_>, manager: &PackageManager, step: &Fact<String>, depth: usize) -> Vec<Step> {
    let as_it_is = || vec![Step::Build(in_image(&step.value, manager))];
    let is_plain = !step.value.contains(['|', ';', '`', '<', '>', '&', '(']);
    let Some(words) = shell_words::split(&step.value).ok().filter(|_| is_plain && depth < DEEPEST) else {
        return as_it_is();
    };
    let words = unwrap(&words, &mut Vec::new());
    if works_on_database(&words) {
        return vec![Step::Database(step.derive(in_image(&step.value, manager)))];
    }
    let below: Vec<&str> = match words.first().map(String::as_str) {
        // https://github.com/mysticatea/npm-run-all/blob/master/docs/run-s.md
        Some("run-s") => words[1..].iter().map(String::as_str).collect(),
        _ => script_name(&words)
            .iter()
            .filter_map(|name| words.iter().find(|word| *word == name))
            .map(String::as_str)
            .collect(),
    };
    if below.is_empty() || below.iter().any(|name| package.script(name).is_none()) {
        return as_it_is();
    }
    let steps: Vec<Step> =
        below.into_iter().flat_map(|name| of_script(package, manager, name, depth + 1)).collect();
    if steps.iter().any(|step| matches!(step, Step::Database(_))) { steps } else { as_it_is() }
}

/// Do these words name a command that works on a database?
fn works_on_database(words: &[String]) -> bool {
    let [command, next, ..] = words else { return false };
    let command = base_name(command);
    let is_command = COMMANDS
        .iter()
        .any(|(name, begins)| *name == command && begins.iter().any(|mark| next.starts_with(mark)));
    let stem = || {
        let name = next.rsplit('/').next().unwrap_or_default();
        name.split('.').next().unwrap_or_default().to_owned()
    };
    is_command || RUNNERS.contains(&command) && FILES.contains(&stem().as_str())
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    /// The commands of the build of a package with these scripts, and how many are said to be left out.
    fn build(lock: &str, scripts: &str) -> (Vec<String>, usize) {
        let manifest = format!(r#"{{"scripts":{{{scripts}}},"dependencies":{{"next":"16.0.0"}}}}"#);
        let files = [("package.json", manifest.as_str()), (lock, "{}")];
        let plan = plan(&Inventory::from_files(files), &Settings::default());
        let commands = plan.services[0].tool["build"]["commands"].as_array().cloned().unwrap_or_default();
        let commands = commands.iter().filter_map(|command| command.as_str()).map(str::to_owned);
        let said = plan.diagnostics.iter().filter(|found| found.message.contains("leaves out")).count();
        (commands.filter(|command| !command.starts_with("export ")).collect(), said)
    }

    #[test]
    fn what_works_on_a_database_is_no_part_of_a_build() {
        const NPM: &str = "package-lock.json";
        for (lock, scripts, expected, said) in [
            (NPM, r#""build":"next build""#, &["npm run build"][..], 0),
            (
                NPM,
                r#""build":"prisma generate && prisma migrate deploy && next build""#,
                &["npx prisma generate", "npx next build"][..],
                1,
            ),
            (
                NPM,
                r#""build":"next build","postbuild":"npm run db:migrate","db:migrate":"npx drizzle-kit migrate""#,
                &["npx next build"][..],
                1,
            ),
            (
                NPM,
                r#""build":"run-s db:migrate build:next","db:migrate":"dotenv -c -- drizzle-kit migrate","build:next":"next build""#,
                &["npm run build:next"][..],
                1,
            ),
            (
                "pnpm-lock.yaml",
                r#""build":"tsx lib/db/migrate && NODE_OPTIONS=--max-old-space-size=4096 next build""#,
                &["NODE_OPTIONS=--max-old-space-size=4096 pnpm exec next build"][..],
                1,
            ),
            (NPM, r#""build":"drizzle-kit generate && next build""#, &["npm run build"][..], 0),
            (NPM, r#""build":"node scripts/seed-data.mjs && next build""#, &["npm run build"][..], 0),
            (NPM, r#""build":"run-s gen:*","gen:a":"prisma db push""#, &["npm run build"][..], 0),
        ] {
            let (commands, found) = build(lock, scripts);
            assert_eq!(commands, expected, "{scripts}");
            assert_eq!(found, said, "{scripts}");
        }
    }
}
