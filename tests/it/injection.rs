//! Nothing in a repository can write an instruction: whatever its names, scripts, paths and settings
//! hold, the Dockerfile parses back to exactly the planned stages, or nothing is printed.

use std::path::Path;
use std::sync::LazyLock;

use dockgen::config::Settings;
use dockgen::diag::Severity;
use dockgen::dockerfile::{self, IgnoreFile, Keyword, Origin, Stages};
use dockgen::fact::Layer;
use dockgen::plan::plan;
use dockgen::plan::service::Service;
use dockgen::render::{Templates, render_service};
use dockgen::repo::Inventory;
use dockgen::stack;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What would end a line, a word, a comment, a JSON text, a heredoc or a pattern if it were let.
const NASTY: &[&str] = &[
    "\n",
    "\r\n",
    "\r",
    "\\\n",
    "\\",
    "\\\\",
    "\"",
    "'",
    "`",
    "$",
    "$(id)",
    "${X}",
    "${X:-y}",
    "$$",
    "#",
    " # ",
    "<<EOF",
    "\nEOF\n",
    "<<\"EOF\"",
    " && ",
    ";",
    "|",
    "&",
    ">",
    "*",
    "?",
    "[",
    "]",
    "{{",
    "}}",
    "{%",
    "%}",
    "\nFROM evil AS runtime\n",
    "\nUSER 0\n",
    "\\\nRUN evil",
    "\nCMD [\"evil\"]",
    "--mount=type=secret",
    " --from=evil ",
    "# escape=`",
    "# syntax=evil",
    "\u{2028}",
    "\u{2029}",
    "\u{85}",
    "\u{0}",
    "\u{1b}[31m",
    "\u{7f}",
    "\u{feff}",
    "\u{202e}",
    "é",
    "\u{1f600}",
    "..",
    "../../etc",
    "/",
    "//",
    "!",
    ",",
    ",from=evil",
    "=",
    ":",
    "@",
    "\t",
    " ",
    "",
];

static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| Templates::builtin().expect("the templates load"));

/// A word with something nasty in it.
fn nasty() -> impl Strategy<Value = String> {
    let part = prop_oneof![4 => select(NASTY).prop_map(str::to_owned), 3 => "[a-z0-9./-]{0,6}", 1 => any::<char>().prop_map(String::from)];
    prop::collection::vec(part, 1..4).prop_map(|parts| parts.concat())
}

/// A fixture: the files of a real project of some stack.
fn fixtures() -> Vec<Vec<(String, String)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut all: Vec<_> = std::fs::read_dir(root)
        .expect("fixtures")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.is_dir())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            stack::ALL.iter().any(|stack| name.starts_with(stack.id()))
        })
        .collect();
    all.sort();
    all.into_iter()
        .map(|fixture| {
            let inventory = Inventory::scan(&fixture, &stack::reads()).expect("readable");
            let text = |path: &dockgen::repo::RelPath| {
                inventory.doc(path).map_or(String::new(), |doc| doc.text.to_string())
            };
            // Lock files are long, and nothing of theirs is printed.
            let files = inventory.files().map(|(path, _)| (path.to_string(), text(path)));
            files.filter(|(_, text)| text.len() < 20_000).collect()
        })
        .collect()
}

/// Puts a nasty word in place of one word of a text, as its format would quote it or raw.
fn poison(text: &str, at: Index, word: &str, is_quoted: bool) -> String {
    let starts: Vec<(usize, usize)> = words(text);
    if starts.is_empty() {
        return text.to_owned();
    }
    let (start, end) = starts[at.index(starts.len())];
    let quoted = serde_json::to_string(word).expect("JSON");
    let word = if is_quoted { &quoted[1..quoted.len() - 1] } else { word };
    format!("{}{word}{}", &text[..start], &text[end..])
}

/// Where the words of a text are.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let is_word = c.is_ascii_alphanumeric() || "-_./@^~".contains(c);
        match (is_word, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                found.push((from, at));
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// Prints the service, and holds what was printed against what was planned.
fn holds(service: &Service, templates: &Templates) -> Result<(), TestCaseError> {
    // A refusal is a right answer too.
    let Ok(files) = render_service(service, templates) else { return Ok(()) };
    let text = &files.dockerfile.text;
    let (file, problems) = dockerfile::parse(text);
    prop_assert!(problems.is_empty(), "{problems:?}\n{text}");
    prop_assert!(!text.contains('\r') && !text.contains('\0'), "{text}");
    let stages = Stages::of(&file);
    let printed: Vec<String> = stages.iter().map(|stage| stage.name.clone().unwrap_or_default()).collect();
    let planned: Vec<String> = service.stages.iter().map(|stage| stage.name.to_string()).collect();
    prop_assert_eq!(&printed, &planned, "{}", text);
    for (stage, planned) in stages.iter().zip(service.stages.iter()) {
        let origin = match &stage.origin {
            Origin::Scratch => "scratch".to_owned(),
            Origin::Stage(at) => printed[*at].clone(),
            Origin::Image(image) => image.to_string(),
            Origin::Unclear(words) => words.clone(),
        };
        prop_assert_eq!(origin, planned.from.value.to_string(), "{}", text);
    }
    let count = |keyword: Keyword| file.instructions().filter(|i| i.keyword == keyword).count();
    prop_assert_eq!(count(Keyword::From), planned.len(), "{}", text);
    prop_assert_eq!(file.directive("escape"), None);
    prop_assert_eq!(file.directive("syntax"), Some("docker/dockerfile:1"));
    for keyword in
        [Keyword::Cmd, Keyword::Entrypoint, Keyword::User, Keyword::Healthcheck, Keyword::Stopsignal]
    {
        let last =
            stages.last().map_or(0, |last| last.instructions.iter().filter(|i| i.keyword == keyword).count());
        prop_assert!(last <= 1, "{last} {keyword} in the last stage\n{text}");
    }
    for keyword in [Keyword::Add, Keyword::Onbuild, Keyword::Volume, Keyword::Maintainer] {
        prop_assert_eq!(count(keyword.clone()), 0, "{} in\n{}", keyword, text);
    }
    for instruction in file.instructions() {
        prop_assert!(instruction.meaning().is_ok(), "line {}:\n{text}", instruction.line);
        let args = instruction.args.value.trim_start_matches(['[', '"', ' ']);
        prop_assert!(!args.starts_with("evil"), "line {}:\n{text}", instruction.line);
    }
    let ignore = files.dockerignore.map(|file| file.text).unwrap_or_default();
    prop_assert!(IgnoreFile::parse(&ignore).is_ok(), "{ignore}");
    Ok(())
}

fn check(files: &[(String, String)], settings: &[(String, String)]) -> Result<(), TestCaseError> {
    let inventory = Inventory::from_files(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let keys = stack::keys();
    let Ok(mut wishes) = Settings::read(&inventory, &keys) else { return Ok(()) };
    for (key, value) in settings {
        // What is refused here never comes near a Dockerfile.
        let _ = wishes.set(&format!("{key}={value}"), Layer::Flag, &keys);
    }
    let plan = plan(&inventory, &wishes);
    if plan.diagnostics.iter().any(|finding| finding.severity == Severity::Error) {
        return Ok(());
    }
    plan.services.iter().try_for_each(|service| holds(service, &TEMPLATES))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn words_of_a_repository_stay_words(
        fixture in select(fixtures()),
        changes in prop::collection::vec((any::<Index>(), any::<Index>(), nasty(), any::<bool>()), 1..4),
    ) {
        let mut files = fixture;
        for (file, word, nasty, is_quoted) in changes {
            let at = file.index(files.len());
            files[at].1 = poison(&files[at].1, word, &nasty, is_quoted);
        }
        check(&files, &[])?;
    }

    #[test]
    fn names_of_files_stay_names(
        fixture in select(fixtures()),
        folder in nasty(),
        file in any::<Index>(),
        name in nasty(),
    ) {
        // All of it below one folder, with one more file of an odd name beside each other.
        let mut files: Vec<(String, String)> = fixture.clone();
        let (path, text) = files[file.index(files.len())].clone();
        files.push((path.rsplit_once('/').map_or(name.clone(), |(dir, _)| format!("{dir}/{name}")), text));
        check(&files, &[])?;
        let below: Vec<(String, String)> = fixture.into_iter().map(|(path, text)| (format!("{folder}/{path}"), text)).collect();
        check(&below, &[])?;
    }

    #[test]
    fn settings_stay_values(
        fixture in select(fixtures()),
        wishes in prop::collection::vec((any::<Index>(), nasty()), 1..4),
    ) {
        let keys = stack::keys();
        let settings: Vec<(String, String)> = wishes
            .into_iter()
            .map(|(at, value)| (keys[at.index(keys.len())].name().replace('*', "NAME"), value))
            .collect();
        check(&fixture, &settings)?;
    }
}

#[test]
fn words_are_found() {
    assert_eq!(words("a \"b-c\": 1"), [(0, 1), (3, 6), (9, 10)]);
    assert!(!fixtures().is_empty());
}
