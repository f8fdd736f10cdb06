//! The reader against what `BuildKit`'s own parser said about the same text.
//!
//! `tests/dockerfiles` holds small, odd files and, beside each, the recorded answer.
//! How they were recorded is told in `tests/oracle/README.md`.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read their inputs")]
#![allow(missing_docs, reason = "a test")]

use std::{
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use dockgen::dockerfile::{
    Dockerfile, Form, Instruction, ItemKind, Keyword, Malformed, Meaning, Problem, ProblemKind,
    instr::{Healthcheck, Pairs},
    parse,
    shell::Lexer,
};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Answer {
    error: String,
    escape: String,
    instructions: Vec<Seen>,
    invalid: String,
    stages: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Seen {
    keyword: String,
    first: u32,
    last: u32,
    flags: Vec<String>,
    json: bool,
    values: Vec<String>,
    heredocs: Vec<SeenHeredoc>,
    trigger: Option<Box<Seen>>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
struct SeenHeredoc {
    name: String,
    descriptor: u64,
    expand: bool,
    chomp: bool,
    content: String,
}

/// What our reader sees, in the words of the recorded answers.
fn see(dockerfile: &Dockerfile) -> Vec<Seen> {
    dockerfile.instructions().map(|instruction| see_one(dockerfile, instruction)).collect()
}

fn see_one(dockerfile: &Dockerfile, instruction: &Instruction) -> Seen {
    let mut seen = Seen {
        keyword: instruction.keyword.to_string().to_uppercase(),
        first: instruction.line,
        last: instruction.last_line,
        ..Seen::default()
    };
    for flag in &instruction.flags {
        let value = flag.value.as_ref().map(|value| format!("={value}")).unwrap_or_default();
        seen.flags.push(format!("--{}{value}", flag.name));
    }
    for heredoc in &instruction.heredocs {
        seen.heredocs.push(SeenHeredoc {
            name: heredoc.name.clone(),
            descriptor: heredoc.descriptor,
            expand: heredoc.expand,
            chomp: heredoc.chomp,
            content: dockerfile.slice(&heredoc.body).to_owned(),
        });
    }
    // The recorded step looks at the words only, so flags must not spoil them.
    let mut bare = instruction.clone();
    bare.flags.clear();
    match bare.meaning() {
        Ok(Meaning::Onbuild(trigger)) => {
            let mut inner = see_one(dockerfile, &trigger);
            (inner.first, inner.last) = (0, 0);
            inner.heredocs.clear();
            seen.trigger = Some(Box::new(inner));
        }
        Ok(meaning) => (seen.json, seen.values) = values(meaning, &bare),
        Err(_) if instruction.keyword == Keyword::Onbuild => {}
        Err(_) => seen.values = vec!["malformed".to_owned()],
    }
    seen
}

fn values(meaning: Meaning, instruction: &Instruction) -> (bool, Vec<String>) {
    match meaning {
        Meaning::Cmd(form) | Meaning::Entrypoint(form) => of_form(form),
        Meaning::Run(run) => of_form(run.form),
        Meaning::Env(pairs) | Meaning::Label(pairs) => (false, of_pairs(pairs)),
        Meaning::Add(copy) | Meaning::Copy(copy) => {
            let is_json = is_array(&instruction.args.value);
            let words: Vec<String> = if is_json {
                copy.sources.into_iter().chain([copy.destination]).collect()
            } else {
                plain_words(&instruction.args.value)
            };
            (is_json, words)
        }
        Meaning::Arg(args) => {
            let word = |default: Option<String>| default.map(|value| format!("={value}"));
            let args = args.into_iter();
            (false, args.map(|arg| arg.name + &word(arg.default).unwrap_or_default()).collect())
        }
        Meaning::Healthcheck(Healthcheck::None) => (false, vec!["NONE".to_owned()]),
        Meaning::Healthcheck(Healthcheck::Check { form, .. }) => {
            let (json, mut words) = of_form(form);
            words.insert(0, "CMD".to_owned());
            (json, words)
        }
        Meaning::Expose(words) => (false, words),
        Meaning::Volume(words) => (is_array(&instruction.args.value), words),
        Meaning::Shell(words) => (true, words),
        Meaning::From(from) => {
            let name = from.name.map(|name| vec!["AS".to_owned(), name]).unwrap_or_default();
            (false, [vec![from.image], name].concat())
        }
        Meaning::Maintainer(text)
        | Meaning::Stopsignal(text)
        | Meaning::User(text)
        | Meaning::Workdir(text) => (false, vec![text]),
        Meaning::Onbuild(_) => unreachable!("seen by the caller"),
    }
}

fn is_array(text: &str) -> bool {
    text.starts_with('[') && serde_json::from_str::<Vec<String>>(text).is_ok()
}

/// Only these count as white space between plain words.
fn plain_words(text: &str) -> Vec<String> {
    let words = text.split(['\t', '\u{b}', '\u{c}', '\r', ' ']);
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn of_form(form: Form) -> (bool, Vec<String>) {
    match form {
        Form::Exec(words) => (true, words),
        Form::Shell(text) if text.is_empty() => (false, Vec::new()),
        Form::Shell(text) => (false, vec![text]),
    }
}

fn of_pairs(pairs: Pairs) -> Vec<String> {
    let sign = if pairs.legacy { "" } else { "=" };
    pairs.pairs.into_iter().flat_map(|(name, value)| [name, value, sign.to_owned()]).collect()
}

/// Puts the recorded answer into one spelling where the two only differ in form.
fn plain(mut seen: Seen, ours: &Seen) -> Seen {
    seen.keyword = seen.keyword.to_uppercase();
    if ours.values == ["malformed"] {
        seen.values.clone_from(&ours.values);
        seen.json = ours.json;
        seen.trigger = None;
    }
    if ours.keyword == "ONBUILD" && ours.trigger.is_none() {
        seen.trigger = None;
    }
    if ours.values == ["malformed"] {
        return seen;
    }
    if seen.keyword == "FROM" && seen.values.len() == 3 {
        "AS".clone_into(&mut seen.values[1]);
    }
    if seen.keyword == "HEALTHCHECK" && !seen.values.is_empty() {
        seen.values[0] = seen.values[0].to_uppercase();
    }
    if let (Some(trigger), Some(ours)) = (seen.trigger.take(), &ours.trigger) {
        seen.trigger = Some(Box::new(plain(*trigger, ours)));
    }
    seen
}

/// The first difference, in a sentence.
fn difference(text: &str, answer: Answer) -> Option<String> {
    let (dockerfile, problems) = parse(text);
    if dockerfile.items().iter().map(|item| dockerfile.slice(&item.span)).collect::<String>() != text {
        return Some("the items do not tile the text".to_owned());
    }
    let stops = |problem: &&Problem| problem.kind.stops_build();
    let refused = problems.iter().find(stops);
    if answer.error.starts_with("panic:") {
        // Nothing to learn from: the oracle fell over a comment above an instruction.
        return None;
    }
    let theirs = [answer.error.as_str(), answer.invalid.as_str()].concat();
    let only_stages = ["no build stage in current context"].iter().any(|text| theirs.contains(text));
    if theirs.is_empty() && refused.is_some() {
        return Some(format!("we refuse what builds: {refused:?}"));
    }
    if !theirs.is_empty() && !only_stages && refused.is_none() {
        return Some(format!("we accept what is refused: {theirs}"));
    }
    if !answer.error.is_empty() {
        return None;
    }
    if answer.escape != dockerfile.directive("escape").unwrap_or("\\") {
        return Some(format!("escape character {}", answer.escape));
    }
    let ours = see(&dockerfile);
    if ours.len() != answer.instructions.len() {
        return Some(format!("{ours:#?}\n{:#?}", answer.instructions));
    }
    ours.into_iter().zip(answer.instructions).find_map(|(ours, theirs)| {
        let theirs = plain(theirs, &ours);
        (ours != theirs).then(|| format!("ours {ours:#?}\ntheirs {theirs:#?}"))
    })
}

fn here(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(part)
}

#[test]
fn recorded_answers() {
    let mut files = 0;
    for entry in std::fs::read_dir(here("dockerfiles")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "dockerfile") {
            continue;
        }
        files += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let golden = path.with_extension("dockerfile.json");
        let golden = std::fs::read_to_string(golden).expect("every file has its answer beside it");
        let difference = difference(&text, serde_json::from_str(&golden).unwrap());
        assert_eq!(difference, None, "{}", path.display());
    }
    assert!(files >= 40, "only {files} files in tests/dockerfiles");
}

/// Words and variables, as `BuildKit`'s own lexer expands them.
#[test]
fn recorded_expansions() {
    let table = match std::env::var("DOCKGEN_SHELL_TABLE") {
        Ok(path) => std::fs::read_to_string(path).unwrap(),
        Err(_) => include_str!("oracle/shell.jsonl").to_owned(),
    };
    let known = [("A", "a"), ("EMPTY", ""), ("V", "v1.2.3"), ("TWO", "x y"), ("P", "/usr/bin")];
    let lookup = |name: &str| {
        let (_, value) = known.iter().find(|(key, _)| *key == name)?;
        Some((*value).to_owned())
    };
    let lexer = Lexer::new('\\');
    let (mut asked, mut wrong) = (0, Vec::new());
    for row in table.lines() {
        let row: Vec<String> = serde_json::from_str(row).unwrap();
        let (text, theirs) = row.split_first().unwrap();
        let ours = lexer
            .expand(text, &lookup)
            .map(|whole| [vec![whole], lexer.words(text, &lookup).unwrap()].concat());
        asked += 1;
        let ours = ours.as_deref().unwrap_or_default();
        // Where no words are recorded, the whole is compared alone.
        let compared = if theirs.len() == 1 { &ours[..ours.len().min(1)] } else { ours };
        if compared != theirs {
            wrong.push(format!("{text:?}: ours {ours:?}, theirs {theirs:?}"));
        }
    }
    assert!(asked >= 2_000, "only {asked} texts");
    assert!(wrong.is_empty(), "{} of {asked}\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

/// Real files by the thousand, where somebody has them: `DOCKGEN_CORPUS` names a folder.
#[test]
#[ignore = "set DOCKGEN_CORPUS to a folder of Dockerfiles and run with --ignored"]
fn corpus() {
    let folder = std::env::var_os("DOCKGEN_CORPUS").expect("DOCKGEN_CORPUS names a folder");
    let texts: Vec<String> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| String::from_utf8(std::fs::read(entry.path()).unwrap()).ok())
        .collect();
    assert!(!texts.is_empty(), "DOCKGEN_CORPUS has no files");
    for text in &texts {
        survives(text);
    }
    if std::env::var_os("DOCKGEN_ORACLE").is_some() {
        compare(&texts);
    }
}

/// Against the living oracle: `DOCKGEN_ORACLE` names the program of `tests/oracle`.
#[test]
#[ignore = "set DOCKGEN_ORACLE to the built tests/oracle and run with --ignored"]
fn living_oracle() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let texts: Vec<String> =
        (0..40_000).map(|_| odd_text().new_tree(&mut runner).unwrap().current()).collect();
    compare(&texts);
}

fn compare(texts: &[String]) {
    let oracle = std::env::var_os("DOCKGEN_ORACLE").expect("DOCKGEN_ORACLE names a program");
    let mut child =
        Command::new(oracle).arg("stream").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines: Vec<String> = texts.iter().map(|text| serde_json::to_string(text).unwrap() + "\n").collect();
    let writer = std::thread::spawn(move || {
        std::io::Write::write_all(&mut stdin, lines.concat().as_bytes()).unwrap();
    });
    let mut answers = String::new();
    child.stdout.take().unwrap().read_to_string(&mut answers).unwrap();
    writer.join().unwrap();
    assert!(child.wait().unwrap().success());
    let answers: Vec<&str> = answers.lines().collect();
    assert_eq!(answers.len(), texts.len());
    let differences: Vec<String> = texts
        .iter()
        .zip(answers)
        .filter_map(|(text, answer)| {
            let difference = difference(text, serde_json::from_str(answer).unwrap())?;
            Some(format!("{text:?}\n{difference}"))
        })
        .collect();
    let shown = differences[..differences.len().min(12)].join("\n\n");
    assert!(differences.is_empty(), "{} of {} differ\n{shown}", differences.len(), texts.len());
}

/// Whatever the text: no panic, no byte lost, and every later step takes what comes.
fn survives(text: &str) {
    let (dockerfile, _) = parse(text);
    let tiled: String = dockerfile.items().iter().map(|item| dockerfile.slice(&item.span)).collect();
    assert_eq!(tiled, text);
    for item in dockerfile.items() {
        let lines = dockerfile.text()[..item.span.start].matches('\n').count();
        assert_eq!(item.line as usize, lines + 1);
        if let ItemKind::Instruction(instruction) = &item.kind {
            let args = &instruction.args.span;
            assert!(item.span.start <= args.start && args.end <= item.span.end);
            let _ = dockerfile.slice(args);
            let _ = dockerfile.comment_above(item.line);
        }
    }
    let stages = dockgen::dockerfile::Stages::of(&dockerfile);
    for stage in &stages {
        let _ = stages.evaluated(stage);
    }
}

/// What is hard to read, in pieces.
const LINES: &[&str] = &[
    "FROM a",
    "FROM a AS b",
    "from --platform=x a",
    "RUN x",
    "run y",
    "RUN",
    "RUN --mount=type=cache,target=/x y",
    "COPY a b",
    "COPY --from=0 a b",
    "COPY [\"a\", \"b\"]",
    "COPY",
    "ADD a b c",
    "ENV a=b",
    "ENV a b c",
    "ENV a",
    "ENV a=\"b c\" d='e'",
    "LABEL a=b",
    "LABEL a b",
    "ARG a",
    "ARG a=b",
    "CMD a",
    "CMD [\"a\"]",
    "CMD [1]",
    "ENTRYPOINT [\"a\", \"b\"]",
    "ENTRYPOINT ['a']",
    "HEALTHCHECK NONE",
    "HEALTHCHECK --retries=3 CMD a",
    "EXPOSE 80 90",
    "USER a",
    "WORKDIR /a",
    "VOLUME [\"/a\"]",
    "VOLUME a b",
    "STOPSIGNAL 9",
    "SHELL [\"a\"]",
    "ONBUILD RUN x",
    "ONBUILD COPY a b",
    "ONBUILD COPY a",
    "onbuild onbuild run x",
    "MAINTAINER a <b>",
    "FOO x",
    "",
    "",
    "# c",
    "  # c",
    "# escape=`",
    "# syntax=a/b",
    "# check=skip=all",
    "E",
    "\tE",
    "'",
    "# escape=\\",
];
const TAILS: &[&str] = &[
    "", "", "", "", "", "", " <<E", " <<-E", " << E", " <<'E'", " <<\"E\"", " 3<<E", " <<<E", " <<", " x<<E",
    " <<E <<F", " \\", " \\ ", " \\\\", " `", "\\", " \"", " '", " \"x y\"", " $x", " ${x:-y}", " # c", " [",
    "]", "=", " --x", " é", " \t",
];

/// Lines as somebody might write them, with odd ends; heredocs are mostly closed.
fn odd_lines() -> impl Strategy<Value = String> {
    let select = proptest::sample::select::<&'static str>;
    let end = select(vec!["\n", "\n", "\n", "\n", "\n", "\nE\n", "\n\tE\nE\n", "\r\n", "\r\nE\r\n", ""]);
    let line = (select(LINES.to_vec()), select(TAILS.to_vec()), end)
        .prop_map(|(line, tail, end)| [line, tail, end].concat());
    let head =
        select(vec!["", "FROM a\n", "FROM a\n", "FROM a\n", "# escape=`\nFROM a\n", "\u{feff}FROM a\r\n"]);
    (head, proptest::collection::vec(line, 0..6)).prop_map(|(head, lines)| head.to_owned() + &lines.concat())
}

/// The same without any respect for lines.
fn odd_pieces() -> impl Strategy<Value = String> {
    let select = proptest::sample::select::<&'static str>;
    let glue =
        vec!["\n", "\n", "\r\n", " ", "\t", "\\\n", "\\ \n", "\n\n", "`\n", "\"", "'", "\\", ",", "\u{b}"];
    let piece = prop_oneof![select(LINES.to_vec()), select(TAILS.to_vec()), select(glue)];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn odd_text() -> impl Strategy<Value = String> {
    prop_oneof![4 => odd_lines(), 1 => odd_pieces()]
}

proptest! {
    #[test]
    fn odd_texts_survive(text in odd_text()) {
        survives(&text);
    }

    #[test]
    fn any_text_survives(text in "\\PC*|(?s).*") {
        survives(&text);
    }
}

#[test]
fn a_megabyte_on_one_line_is_a_problem_and_nothing_worse() {
    let text = format!("FROM a\nRUN {}\n", "x".repeat(1 << 20));
    survives(&text);
    let (_, problems) = parse(&text);
    let [Problem { line: 2, kind: ProblemKind::LineTooLong(_) }] = problems.as_slice() else {
        panic!("{problems:?}");
    };
}

#[test]
fn problems_name_the_instruction() {
    let (_, problems) = parse("FROM a\nENV a\nFOO x\n");
    let kinds: Vec<_> = problems.into_iter().map(|problem| (problem.line, problem.kind)).collect();
    let missing = Malformed::Missing(Keyword::Env, "a name and a value");
    assert_eq!(
        kinds,
        [(2, ProblemKind::Malformed(missing)), (3, ProblemKind::UnknownInstruction("FOO".to_owned())),]
    );
}
