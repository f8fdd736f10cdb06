//! The report page in a real browser: it sorts, filters and opens rows, says nothing on the console, asks for nothing, and
//! fits a desk and a telephone.
//!
//! The page is copied with two scripts around its own: one that writes down what goes wrong, and one that clicks and
//! writes down what is seen; the browser prints the document that comes out. `DOCKGEN_BROWSER` names another Chromium than
//! the one on the path; where there is none the tests are shown as ignored.
#![allow(clippy::disallowed_methods, reason = "a test starts programs")]

use std::fs;
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::Value;

const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome", "chrome"];

/// What is wrong before anybody has clicked.
const WATCH: &str = r#"<script>
window.problems = [];
addEventListener("error", (event) => problems.push(event.message));
addEventListener("securitypolicyviolation", (event) => problems.push(event.violatedDirective + " " + event.blockedURI));
for (const kind of ["error", "warn"]) { console[kind] = (...words) => problems.push(words.join(" ")); }
</script>"#;

/// What a person would do, and what they would see.
const CLICK: &str = r##"<script>
const all = () => Array.from(document.getElementById("files").tBodies);
const names = () => all().filter((row) => row.getClientRects().length > 0).map((row) => row.rows[0].cells[0].textContent.split("/").pop());
const head = (at) => document.querySelectorAll("#files th button")[at];
const type = (id, text) => { const field = document.getElementById(id); field.value = text; field.dispatchEvent(new Event("input", { bubbles: true })); };
const seen = { width: innerWidth, fits: document.documentElement.scrollWidth <= innerWidth };
seen.first = names();
head(0).click(); seen.up = names(); seen.sorted = document.querySelector("#files th").getAttribute("aria-sort");
head(0).click(); seen.down = names();
head(6).click(); seen.findings = all().map((row) => Number(row.rows[0].cells[6].dataset.by));
type("words", "API"); seen.searched = names(); seen.count = document.getElementById("count").textContent;
type("words", ""); type("state", "refused"); seen.refused = names();
type("state", "");
const row = all().find((row) => row.rows[0].cells[0].textContent.endsWith("api"));
const box = row.querySelector("details > summary").parentElement;
seen.closed = box.querySelector("pre").checkVisibility();
box.querySelector("summary").click();
seen.opened = box.querySelector("pre").checkVisibility();
seen.diff = box.querySelector("pre .new").textContent;
seen.fitsOpened = document.documentElement.scrollWidth <= innerWidth;
seen.resources = performance.getEntriesByType("resource").map((entry) => entry.name);
seen.problems = problems;
const out = document.createElement("script"); out.type = "application/json"; out.id = "seen";
out.textContent = JSON.stringify(seen); document.body.append(out);
</script></body>"##;

fn main() {
    let trials = [("desk", "1280,900"), ("telephone", "390,844")];
    let trials = trials.map(|(name, size)| Trial::ignorable_test(name, move || page(size)));
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit();
}

fn browser() -> Option<String> {
    let named = std::env::var("DOCKGEN_BROWSER").ok();
    let answers =
        |name: &String| Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success());
    named.into_iter().chain(NAMES.iter().map(|name| (*name).to_owned())).find(answers)
}

fn page(size: &str) -> Result<Completion, Failed> {
    let Some(browser) = browser() else {
        return Ok(Completion::ignored_with("no Chromium is installed"));
    };
    let home = tempfile::tempdir()?;
    let report = report(home.path())?;
    let text = fs::read_to_string(&report)?;
    let text = text.replacen("<head>", &format!("<head>{WATCH}"), 1);
    let at = text.rfind("</body>").ok_or("the page has no end")?;
    let watched = home.path().join("watched.html");
    fs::write(&watched, format!("{}{CLICK}{}", &text[..at], &text[at + "</body>".len()..]))?;
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        .args(["--enable-logging=stderr", "--dump-dom", "--virtual-time-budget=2000"])
        .arg(format!("--window-size={size}"))
        .arg(format!("--user-data-dir={}", home.path().join("profile").display()))
        .arg(format!("file://{}", watched.display()))
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let console: Vec<&str> = said.lines().filter(|line| line.contains(":CONSOLE")).collect();
    is("the console", &console, &Vec::<&str>::new())?;
    let dom = String::from_utf8_lossy(&output.stdout);
    let seen = dom.split_once("id=\"seen\">").and_then(|(_, rest)| rest.split_once("</script>"));
    let (seen, _) = seen.ok_or_else(|| format!("the clicks came to no end: {said}"))?;
    let seen: Value = serde_json::from_str(seen)?;
    let list = |name: &str| -> Vec<String> {
        let items = seen[name].as_array().into_iter().flatten();
        items.map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
    };
    is("problems", &list("problems"), &Vec::<String>::new())?;
    is("resources", &list("resources"), &Vec::<String>::new())?;
    is("the first order", &list("first"), &words("api, shop, windows, worker"))?;
    is("the order upwards", &list("up"), &words("api, shop, windows, worker"))?;
    is("the head of the column", &seen["sorted"], &"ascending".into())?;
    is("the order downwards", &list("down"), &words("worker, windows, shop, api"))?;
    let findings: Vec<u64> = list("findings").iter().filter_map(|count| count.parse().ok()).collect();
    is("the order by findings", &(findings.len(), findings.is_sorted()), &(4, true))?;
    is("the rows with the word", &list("searched"), &words("api"))?;
    is("their number", &seen["count"], &"1 of 4".into())?;
    is("the refused rows", &list("refused"), &words("windows"))?;
    is("a closed row", &seen["closed"], &false.into())?;
    is("an open row", &seen["opened"], &true.into())?;
    is("whether it fits", &(&seen["fits"], &seen["fitsOpened"]), &(&true.into(), &true.into()))?;
    is("a line of the diff", &seen["diff"].as_str().is_some_and(|line| line.starts_with('+')), &true)?;
    Ok(Completion::Completed)
}

fn words(text: &str) -> Vec<String> {
    text.split(", ").map(str::to_owned).collect()
}

fn is<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, wanted: &T) -> Result<(), Failed> {
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found:?}, not {wanted:?}").into()) }
}

/// Repositories of several outcomes, and the page about them.
fn report(home: &Path) -> Result<std::path::PathBuf, Failed> {
    let go = "package main\n\nimport \"net/http\"\n\nfunc main() {\n\tpanic(http.ListenAndServe(\":8080\", nil))\n}\n";
    let files = [
        ("api/go.mod", "module example.com/api\n\ngo 1.26\n"),
        ("api/main.go", go),
        (
            "api/Dockerfile",
            "FROM golang:1.26\nWORKDIR /app\nCOPY . .\nRUN go build -o api . && echo a-line-that-is-much-longer-than-a-telephone-is-wide-without-one-space-in-it-anywhere-at-all-really-not\nCMD [\"./api\"]\n",
        ),
        (
            "shop/package.json",
            "{\"name\":\"shop\",\"dependencies\":{\"express\":\"^5\"},\"scripts\":{\"start\":\"node server.js\"}}",
        ),
        ("shop/server.js", "require('express')().listen(3000)\n"),
        ("shop/Dockerfile", "FROM node\nMAINTAINER me\nADD . /app\nCMD npm start\n"),
        ("windows/Dockerfile", "# syntax=acme/own\nFROM mcr.microsoft.com/windows/nanoserver:1809\n"),
        ("worker/Dockerfile", "FROM alpine:3.22\nUSER 1000:1000\nCMD [\"true\"]\n"),
    ];
    for (path, text) in files {
        let path = home.join("all").join(path);
        fs::create_dir_all(path.parent().ok_or("below a folder")?)?;
        fs::write(path, text)?;
    }
    for name in ["api", "shop", "windows", "worker"] {
        fs::create_dir_all(home.join("all").join(name).join(".git"))?;
    }
    let report = home.join("report.html");
    let output = Command::new(env!("CARGO_BIN_EXE_dockgen"))
        .args(["migrate", "--report"])
        .arg(&report)
        .args(["api", "shop", "windows", "worker"])
        .current_dir(home.join("all"))
        .output()?;
    if !report.is_file() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(report)
}
