//! Picks, out of a page of log, the one line that tells what went wrong.

use std::sync::LazyLock;

use regex_lite::Regex;

/// Lines that look like trouble but only frame it: each with the program that prints it.
const FRAMES: &[&str] = &[
    // npm names its log file and the exit code around the message.
    r"^npm (error|ERR!)\s*$",
    r"^npm (error|ERR!) (code|errno|syscall|path|command|A complete log|workspace|location|Lifecycle script)\b",
    r"^npm (warn|WARN|notice)",
    // buildah closes a step with these.
    r"^(process exited with error|subprocess exited with status)",
    // Compilers that go on counting after the message.
    r"(?i)\b0 errors?\b",
    r"(?i)^\[?(warn|warning)\b",
    // pip lists what it passed over, and then says what it did not find.
    r"^ERROR: (Ignored the following|Could not find a version that satisfies)",
    // Maven's closing page.
    r"^\[(ERROR|INFO)\]\s*$",
    r"^\[ERROR\] (To see the full stack trace|Re-run Maven|For more information|\[Help|-> \[Help)",
    r"^\[ERROR\] COMPILATION ERROR",
];

/// From the most telling kind of line to the least.
const TELLING: &[&str] = &[
    // file:line:column of compilers, and `error[E0308]`, `error TS2322`, `error NG1`.
    r"^error(\[E\d+\])?:",
    r"\berror TS\d+:",
    r"^\S+\.\w+:\d+:\d+: ",
    r"^\[ERROR\] \S",
    r"^--- FAIL",
    // Python and Node name the exception at the start of a line.
    r"^(E\s+)?[A-Za-z_.]*(Error|Exception|Invalid\w*)\b:? ",
    r"^Caused by: ",
    r"^(npm (error|ERR!)|ERROR|FATAL|E|fatal|panic|thread '.*' panicked)[: ]",
    r"(?i)\berror\b|\bfailed\b|\bcannot\b|not found|no such|denied|\*\*\*",
];

/// The first line of the most telling kind, or the last one that says anything.
pub(super) fn first_line<'a>(lines: impl IntoIterator<Item = &'a str>) -> Option<String> {
    static PATTERNS: LazyLock<(Vec<Regex>, Vec<Regex>)> =
        LazyLock::new(|| (compile(FRAMES), compile(TELLING)));
    let (frames, telling) = &*PATTERNS;
    let plain: Vec<String> = lines.into_iter().map(without_colour).filter(|line| !line.is_empty()).collect();
    let candidates: Vec<&String> =
        plain.iter().filter(|line| !frames.iter().any(|frame| frame.is_match(line))).collect();
    telling
        .iter()
        .find_map(|kind| candidates.iter().find(|line| kind.is_match(line)).copied())
        .or(candidates.last().copied())
        .or(plain.last())
        .cloned()
}

fn compile(patterns: &[&str]) -> Vec<Regex> {
    patterns.iter().map(|pattern| Regex::new(pattern).expect("the table holds valid patterns")).collect()
}

/// Programs colour their output when they think they are on a terminal.
fn without_colour(line: &str) -> String {
    static COLOUR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("\u{1b}\\[[0-9;?]*[A-Za-z]").expect("a valid pattern"));
    COLOUR.replace_all(line, "").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_a_person_would_quote_is_found() {
        for (log, expected) in [
            (
                "npm error code EUSAGE\nnpm error\nnpm error The `npm ci` command can only install with an existing package-lock.json\n",
                "npm error The `npm ci` command can only install with an existing package-lock.json",
            ),
            (
                "# hello\n./main.go:7:2: undefined: fmt\n./main.go:9:2: undefined: x",
                "./main.go:7:2: undefined: fmt",
            ),
            (
                "   Compiling a v0.1.0\nwarning: unused\nerror[E0308]: mismatched types\n --> src/main.rs:2:5",
                "error[E0308]: mismatched types",
            ),
            (
                "Traceback (most recent call last):\n  File \"app.py\", line 1, in <module>\nModuleNotFoundError: No module named 'flask'",
                "ModuleNotFoundError: No module named 'flask'",
            ),
            (
                "node:internal/modules\n    throw err;\nError: Cannot find module '/app/x.js'\n    at x",
                "Error: Cannot find module '/app/x.js'",
            ),
            (
                "[INFO] x\n[ERROR] COMPILATION ERROR : \n[ERROR] /src/A.java:[3,5] cannot find symbol\n[ERROR] -> [Help 1]",
                "[ERROR] /src/A.java:[3,5] cannot find symbol",
            ),
            (
                "=== RUN TestHello\n    main_test.go:9: got a\n--- FAIL: TestHello (0.00s)\nFAIL",
                "--- FAIL: TestHello (0.00s)",
            ),
            (
                "ERROR: Ignored the following versions that require a different python version: 6.0 Requires-Python >=3.12\nERROR: Could not find a version that satisfies the requirement shelf==9 (from versions: none)\nERROR: No matching distribution found for shelf==9",
                "ERROR: No matching distribution found for shelf==9",
            ),
            ("E: Unable to locate package nosuch", "E: Unable to locate package nosuch"),
            ("\u{1b}[31merror: bad\u{1b}[0m", "error: bad"),
            ("one\ntwo\n\n", "two"),
        ] {
            assert_eq!(first_line(log.lines()).as_deref(), Some(expected), "{log}");
        }
        assert_eq!(first_line(["", " "]), None);
    }
}
