//! The ignore-file matcher against moby's own: some thousand random files.
//! How they were recorded is told in `tests/oracle/README.md`.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read their inputs")]

use dockgen::dockerfile::IgnoreFile;

#[test]
fn recorded_verdicts() {
    let table = match std::env::var("DOCKGEN_IGNORE_TABLE") {
        Ok(path) => std::fs::read_to_string(path).unwrap(),
        Err(_) => include_str!("oracle/ignore.jsonl").to_owned(),
    };
    let (mut asked, mut wrong) = (0, Vec::new());
    for row in table.lines() {
        let [text, paths, verdicts]: [String; 3] = serde_json::from_str(row).unwrap();
        match IgnoreFile::parse(&text) {
            Ok(_) if paths.is_empty() => wrong.push(format!("{text:?} should be refused")),
            Err(error) if !paths.is_empty() => wrong.push(format!("{text:?}: {error}")),
            Err(_) => asked += 1,
            Ok(file) => {
                for (path, verdict) in paths.split('\n').zip(verdicts.chars()) {
                    asked += 1;
                    if file.excludes(path) != (verdict == '1') {
                        wrong.push(format!("{text:?} on {path:?}: should be {verdict}"));
                    }
                }
            }
        }
    }
    assert!(asked > 10_000, "only {asked} questions");
    assert!(wrong.is_empty(), "{} of {asked}\n{}", wrong.len(), wrong[..wrong.len().min(30)].join("\n"));
}
