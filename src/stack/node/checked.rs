//! Variables that a program checks as soon as it is loaded.
//!
//! Next.js loads pages and routes while it builds, to learn what each of them is, and so a build without these variables ends
//! ("Failed to collect page data"). It gets placeholders, unless it is given a file with the real ones; what runs
//! reads its own environment. What browsers get is never made up.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic};
use crate::fact::Fact;
use crate::plan::run::quote;
use crate::repo::dir::Doc;
use crate::stack::Survey;
use crate::stack::common::pattern::pattern;
use crate::stack::node::framework::Framework;
use crate::stack::node::javascript;
use crate::stack::node::manifest::Package;
use crate::stack::node::sources::{ENDINGS, is_test};
use crate::stack::node::workspace::Workspace;

/// Classes and functions that end the program where they are given nothing: <https://github.com/stripe/stripe-node>,
/// <https://github.com/resend/resend-node>, <https://github.com/openai/openai-node>, <https://github.com/neondatabase/serverless>.
const DEMANDING: &[&str] = &["Stripe", "Resend", "OpenAI", "neon"];

/// How names begin that Next.js writes into what browsers get.
const PUBLIC: &str = "NEXT_PUBLIC_";

/// Parts of paths of what Next.js does not load: settings of tools, and programs for people.
const ASIDE: &[&str] =
    &[".config.", "scripts/", "script/", "seed", "migrat", "setup.", "cypress/", "e2e/", "tests/"];

/// Schemes of connection strings, by a part of a variable's name.
const SCHEMES: &[(&str, &str)] = &[
    ("POSTGRES", "postgres"),
    ("MYSQL", "mysql"),
    ("MONGO", "mongodb"),
    ("REDIS", "redis"),
    ("DATABASE", "postgres"),
    ("DB_", "postgres"),
    ("NEON", "postgres"),
];

/// A variable with what stands for its value.
pub(super) type StandIn = Fact<(String, String)>;

/// What a build wants that loads the program and the libraries of its workspace, by name.
pub(super) fn of_build(
    s: &Survey<'_>,
    package: &Package<'_>,
    workspace: Option<&Workspace<'_>>,
    framework: Option<&Fact<&'static Framework>>,
) -> Vec<StandIn> {
    if framework.is_none_or(|row| row.value.name != "Next.js") {
        return Vec::new();
    }
    let libraries = workspace.into_iter().flat_map(|workspace| workspace.libraries(package));
    let mut found: BTreeMap<String, StandIn> = BTreeMap::new();
    for dir in std::iter::once(&s.dir).chain(libraries.map(|library| &library.package.dir)) {
        for doc in dir.docs() {
            let below = doc.path.relative_to(dir.path()).unwrap_or_default();
            let is_code = doc.path.extension().is_some_and(|ending| ENDINGS.contains(&ending));
            if !is_code || is_test(below.name()) || ASIDE.iter().any(|part| below.as_str().contains(part)) {
                continue;
            }
            for one in of_file(&doc) {
                found.entry(one.value.0.clone()).or_insert(one);
            }
        }
    }
    let (public, found): (Vec<StandIn>, Vec<StandIn>) = found
        .into_values()
        .filter(|one| one.value.0 != "NODE_ENV")
        .partition(|one| one.value.0.starts_with(PUBLIC));
    for one in &public {
        let name = &one.value.0;
        let message = format!(
            "the build ends without `{name}`, which browsers get, so that no placeholder stands for it"
        );
        let help =
            format!("docker build --build-arg {name}=…, or --secret id=build-env,src=FILE where it is none");
        s.note(Diagnostic::note(Code::Guessed, message).at(one.because.at.clone()).help(help));
    }
    if let Some(first) = found.first() {
        let message =
            format!("the build loads the program, which checks {}: it gets placeholders", names(&found));
        s.note(
            Diagnostic::note(Code::Guessed, message)
                .at(first.because.at.clone())
                .help("docker build --secret id=build-env,src=FILE gives the build the real ones, where it makes pages of them"),
        );
    }
    found
}

/// The first names, and how many there are besides.
pub(super) fn names(variables: &[StandIn]) -> String {
    const SHOWN: usize = 3;
    let mut names: Vec<String> = variables.iter().take(SHOWN).map(|one| one.value.0.clone()).collect();
    match variables.len().saturating_sub(SHOWN) {
        0 => {}
        1 => names.push("1 other".to_owned()),
        more => names.push(format!("{more} others")),
    }
    names.join(", ")
}

/// The command that sets them, where no file does.
pub(super) fn command(variables: &[StandIn]) -> Option<String> {
    let words: Vec<String> =
        variables.iter().map(|one| format!("{}={}", one.value.0, quote(&one.value.1))).collect();
    (!words.is_empty()).then(|| format!("{{ [ -e .env.production.local ] || export {}; }}", words.join(" ")))
}

fn of_file(doc: &Doc<'_>) -> Vec<StandIn> {
    if !doc.text.contains("process.env") {
        return Vec::new();
    }
    let code = javascript::without_comments(doc.text);
    let fact = |at: usize, name: &str, least: usize| {
        Fact::new((name.to_owned(), stand_in(name, least)), doc.cite_offset(at))
    };
    let mut found = Vec::new();
    // `const uri = process.env.URI`, checked further below.
    let named: BTreeMap<&str, &str> =
        matches(&code, r"(?m)^(?:export )?const (\w+)(?:: string)? = process\.env\.([A-Z][A-Z0-9_]*)\b")
            .map(|(_, groups)| (groups[0], groups[1]))
            .collect();
    for (at, groups) in matches(&code, r"(?m)^if \(\s*!\s*(process\.env\.)?(\w+)\s*\)\s*\{?\s*throw\b()") {
        let name = if groups[0].is_empty() { named.get(groups[1]).copied() } else { Some(groups[1]) };
        found.extend(name.map(|name| fact(at, name, 0)));
    }
    let calls = matches(
        &code,
        r"(?m)^(?:export )?(?:const|let|var) \w+ = (?:new )?(\w+)\(\s*process\.env\.([A-Z][A-Z0-9_]*)\b",
    );
    let calls = calls.filter(|(_, groups)| DEMANDING.contains(&groups[0]));
    found.extend(calls.map(|(at, groups)| fact(at, groups[1], 0)));
    if code.contains("createEnv(") {
        found.extend(of_schema(&code).into_iter().map(|(at, name, least)| match least {
            None => Fact::new((name.to_owned(), "1".to_owned()), doc.cite_offset(at)),
            Some(least) => fact(at, name, least),
        }));
    }
    found
}

/// The variables of a server that a schema wants, with the least length of each; the switch that leaves the check out, where there
/// is one. <https://env.t3.gg/docs/core>
fn of_schema(code: &str) -> Vec<(usize, &str, Option<usize>)> {
    let switch = matches(code, r"skipValidation:[^,}]*?process\.env\.([A-Z][A-Z0-9_]*)\b()").next();
    if let Some((at, groups)) = switch {
        return vec![(at, groups[0], None)];
    }
    ["server: {", "client: {"].into_iter().flat_map(|section| of_section(code, section)).collect()
}

/// What one section of a schema wants.
fn of_section<'c>(code: &'c str, section: &str) -> Vec<(usize, &'c str, Option<usize>)> {
    let Some(start) = code.find(section).map(|at| at + section.len()) else { return Vec::new() };
    let mut depth = 1;
    let end = code[start..].find(|c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        depth == 0
    });
    let Some(body) = end.map(|end| &code[start..start + end]) else { return Vec::new() };
    let entries: Vec<(usize, &str)> =
        matches(body, r"\b([A-Z][A-Z0-9_]*):\s()").map(|(at, groups)| (at, groups[0])).collect();
    let ends = entries.iter().skip(1).map(|(at, _)| *at).chain([body.len()]);
    let is_free =
        |entry: &str| ["optional()", ".default(", "nullish()"].iter().any(|mark| entry.contains(mark));
    let least = |entry: &str| {
        matches(entry, r"\.min\((\d+)\b()")
            .filter_map(|(_, groups)| groups[0].parse().ok())
            .max()
            .unwrap_or(0)
    };
    entries
        .iter()
        .zip(ends)
        .map(|((at, name), end)| (*at, *name, &body[*at..end]))
        .filter(|(.., entry)| !is_free(entry))
        .map(|(at, name, entry)| (start + at, name, Some(least(entry))))
        .collect()
}

/// Where an expression is found, with its first two groups.
fn matches<'c>(code: &'c str, expression: &'static str) -> impl Iterator<Item = (usize, [&'c str; 2])> {
    pattern(expression).captures_iter(code).filter_map(|found| {
        let group = |number| found.get(number).map_or("", |group| group.as_str());
        // The white space in front belongs to the line before.
        let at = found.get(0)?;
        let start = at.start() + at.as_str().len() - at.as_str().trim_start().len();
        Some((start, [group(1), group(2)]))
    })
}

/// A value that is plainly none, of the form that a name promises.
fn stand_in(name: &str, least: usize) -> String {
    const WORD: &str = "placeholder";
    const HOST: &str = "placeholder.invalid";
    let is_address = ["URL", "URI", "DSN", "ORIGIN", "ENDPOINT"].iter().any(|part| name.contains(part));
    let scheme = SCHEMES.iter().find(|(part, _)| name.contains(part)).map_or("https", |(_, scheme)| scheme);
    match name {
        _ if is_address => format!("{scheme}://{HOST}/{WORD}"),
        _ if name.contains("EMAIL") => format!("{WORD}@{HOST}"),
        _ if name.ends_with("PORT") => "1".to_owned(),
        _ => [WORD].repeat(least.div_ceil(WORD.len()).max(1)).concat(),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    /// What stands for variables in the build of an app with this file.
    fn set(file: &str, text: &str) -> Option<String> {
        let files = [
            ("package.json", r#"{"scripts":{"build":"next build"},"dependencies":{"next":"16.0.0"}}"#),
            ("package-lock.json", "{}"),
            (file, text),
        ];
        let plan = plan(&Inventory::from_files(files), &Settings::default());
        let commands = plan.services[0].tool["build"]["commands"].as_array().cloned().unwrap_or_default();
        let mut commands = commands.iter().filter_map(|command| command.as_str());
        commands.find_map(|line| {
            line.split_once("|| export ").map(|(_, words)| words.trim_end_matches("; }").to_owned())
        })
    }

    #[test]
    fn what_is_checked_when_it_is_loaded_has_a_value_in_the_build() {
        const ADDRESS: Option<&str> = Some("POSTGRES_URL=postgres://placeholder.invalid/placeholder");
        for (file, text, expected) in [
            ("lib/db.ts", "if (!process.env.POSTGRES_URL) {\n  throw new Error('no')\n}", ADDRESS),
            ("lib/db.ts", "const url = process.env.POSTGRES_URL\nif (!url) throw new Error('no')", ADDRESS),
            // In a function it is checked when that is called; comments, tools and tests are no part of the program.
            ("lib/db.ts", "function f() {\n  if (!process.env.POSTGRES_URL) throw 1\n}", None),
            ("lib/db.ts", "/*\nif (!process.env.POSTGRES_URL) throw 1\n*/", None),
            ("drizzle.config.ts", "if (!process.env.POSTGRES_URL) throw 1", None),
            ("lib/db.test.ts", "if (!process.env.POSTGRES_URL) throw 1", None),
            (
                "lib/pay.ts",
                "export const stripe = new Stripe(process.env.STRIPE_KEY!, {})",
                Some("STRIPE_KEY=placeholder"),
            ),
            ("lib/pay.ts", "export const other = new Other(process.env.STRIPE_KEY!, {})", None),
            (
                "src/env.ts",
                "export const env = createEnv({\n  server: {\n    A: z.string().min(20),\n    B: z.string().optional(),\n    C: z\n      .enum(['x'])\n      .default('x'),\n    MAIL_PORT: z.coerce.number(),\n  },\n  client: { NEXT_PUBLIC_D: z.string() },\n  runtimeEnv: { A: process.env.A },\n})",
                Some("A=placeholderplaceholder MAIL_PORT=1"),
            ),
            (
                "src/env.ts",
                "createEnv({\n  server: {\n    A: z.string(),\n  },\n  runtimeEnv: process.env,\n  skipValidation: !!process.env.SKIP_ENV_VALIDATION,\n})",
                Some("SKIP_ENV_VALIDATION=1"),
            ),
            // What browsers get is not made up.
            ("lib/api.ts", "if (!process.env.NEXT_PUBLIC_API) throw 1", None),
        ] {
            assert_eq!(set(file, text).as_deref(), expected, "{file} {text}");
        }
    }

    #[test]
    fn what_browsers_get_is_asked_for() {
        let files = [
            ("package.json", r#"{"scripts":{"build":"next build"},"dependencies":{"next":"16.0.0"}}"#),
            ("package-lock.json", "{}"),
            (
                "env.mjs",
                "createEnv({\n  client: { NEXT_PUBLIC_A: z.string(), NEXT_PUBLIC_B: z.string().optional() },\n  runtimeEnv: { A: process.env.A },\n})",
            ),
        ];
        let plan = plan(&Inventory::from_files(files), &Settings::default());
        let said: Vec<&str> =
            plan.diagnostics.iter().filter_map(|one| one.message.split("ends without `").nth(1)).collect();
        assert_eq!(said, ["NEXT_PUBLIC_A`, which browsers get, so that no placeholder stands for it"]);
    }
}
