//! The page: totals, reasons, and a row for each file that opens into its diff and its ledger. One file that loads nothing,
//! readable without scripts; with them it sorts and filters.

use std::fmt;
use std::io::{self, Write};

use super::{FATES, Item, Pair, State, Totals, built, size};
use crate::migrate::{Entry, Migration};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Text in a page, where it means nothing but itself.
struct Esc<T>(T);

impl<T: fmt::Display> fmt::Display for Esc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string().chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // What would turn text around or hide it is shown as what it is.
                c if c.is_control() && !matches!(c, '\n' | '\t') => f.write_str("\u{fffd}")?,
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => f.write_str("\u{fffd}")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// The heads of the columns.
const COLUMNS: [&str; 8] = ["Repository", "File", "Outcome", "Stages", "Base", "User", "Findings", "Size"];

pub(super) fn begin(out: &mut impl Write, totals: &Totals) -> io::Result<()> {
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <title>Migration of {} Dockerfiles</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>Migration of {} Dockerfiles</h1>",
        totals.files, totals.files
    )?;
    writeln!(out, "<section class=\"cards\" aria-label=\"Totals\">")?;
    for state in State::ALL.into_iter().filter(|state| totals.count(*state) > 0) {
        card(out, totals.count(state), state.words())?;
    }
    let pair = |pair: Pair| format!("{} → {}", pair.before, pair.after);
    card(out, pair(totals.ordinary_users), "start as an ordinary user")?;
    card(out, pair(totals.ended_bases), "on a base without fixes")?;
    card(out, pair(totals.findings), "findings of the rules")?;
    if totals.bytes.before > 0 {
        card(
            out,
            format!("{} → {}", size(totals.bytes.before), size(totals.bytes.after)),
            "images, built before and after",
        )?;
    }
    for (judgement, count) in &totals.built {
        card(out, count, built(*judgement))?;
    }
    card(out, totals.with_secrets, "hold what looks like a secret")?;
    writeln!(out, "</section>")?;
    let fates: Vec<String> = FATES
        .iter()
        .map(|fate| format!("{} {}", totals.instructions.get(fate).copied().unwrap_or_default(), said(fate)))
        .collect();
    writeln!(out, "<p>Every instruction of the old files has one fate: {}.</p>", Esc(fates.join(", ")))?;
    if !totals.reasons.is_empty() {
        writeln!(out, "<h2>What stood in the way</h2>")?;
        let mut reasons: Vec<_> = totals.reasons.iter().collect();
        reasons.sort_by_key(|(title, names)| (std::cmp::Reverse(names.len()), title.as_str()));
        for (title, names) in reasons {
            writeln!(out, "<details><summary>{} <b>{}</b></summary><ul>", Esc(title), names.len())?;
            for name in names {
                writeln!(out, "<li>{}</li>", Esc(name))?;
            }
            writeln!(out, "</ul></details>")?;
        }
    }
    writeln!(
        out,
        "<h2>Files</h2>\n<form id=\"filter\" hidden>\n\
         <label>Search <input type=\"search\" id=\"words\" autocomplete=\"off\"></label>\n\
         <label>Outcome <select id=\"state\"><option value=\"\">all</option>"
    )?;
    for state in State::ALL.into_iter().filter(|state| totals.count(*state) > 0) {
        writeln!(out, "<option>{}</option>", state.words())?;
    }
    writeln!(
        out,
        "</select></label>\n<output id=\"count\"></output>\n</form>\n<table id=\"files\">\n<thead><tr>"
    )?;
    for (at, name) in COLUMNS.iter().enumerate() {
        let sorted = if at == 0 { " aria-sort=\"none\"" } else { "" };
        writeln!(out, "<th scope=\"col\"{sorted}><button type=\"button\" disabled>{name}</button></th>")?;
    }
    writeln!(out, "</tr></thead>")
}

fn said(fate: &str) -> &str {
    if fate == "person" { "left to a person" } else { fate }
}

fn card(out: &mut impl Write, figure: impl fmt::Display, about: &str) -> io::Result<()> {
    writeln!(out, "<div><b>{}</b> {}</div>", Esc(figure), Esc(about))
}

pub(super) fn row(out: &mut impl Write, item: &Item<'_>) -> io::Result<()> {
    let words = item.state.words();
    writeln!(
        out,
        "<tbody data-state=\"{words}\"><tr><td>{}</td><td>{}</td><td class=\"{}\">{words}</td>",
        Esc(item.repository),
        Esc(item.path.unwrap_or_default()),
        words.replace(' ', "-"),
    )?;
    let arrow = |before: &str, after: &str| {
        if before == after { before.to_owned() } else { format!("{before} → {after}") }
    };
    match item.migration {
        Some(made) => {
            let is_changed = matches!(item.state, State::Restaged | State::Cleaned);
            let after = if is_changed { &made.after } else { &made.before };
            let stages = arrow(&made.before.stages.to_string(), &after.stages.to_string());
            let findings = if is_changed { made.findings_after } else { made.findings_before };
            let findings_shown = arrow(&made.findings_before.to_string(), &findings.to_string());
            writeln!(
                out,
                "<td data-by=\"{}\">{}</td><td>{}</td><td>{}</td><td data-by=\"{}\">{}</td>",
                after.stages,
                Esc(stages),
                Esc(arrow(&made.before.base, &after.base)),
                Esc(arrow(&made.before.user, &after.user)),
                made.findings_before,
                Esc(findings_shown)
            )?;
            let mut rows = made.measured.iter().flat_map(|measured| &measured.rows);
            let row = rows.find(|measure| measure.what == "size");
            let bytes = made.measured.as_ref().and_then(|measured| measured.bytes_after).unwrap_or_default();
            let shown = row.map_or_else(String::new, |row| format!("{} → {}", row.before, row.after));
            writeln!(out, "<td data-by=\"{bytes}\">{}</td></tr>", Esc(shown))?;
        }
        None => writeln!(out, "<td></td><td></td><td></td><td></td><td></td></tr>")?,
    }
    if item.migration.is_some() || item.why.is_some() || item.to.is_some() {
        writeln!(out, "<tr><td colspan=\"{}\">", COLUMNS.len())?;
        if let Some(why) = item.why {
            writeln!(out, "<p>{}</p>", Esc(why))?;
        }
        if let Some(to) = item.to {
            writeln!(out, "<p>went to {}</p>", Esc(to))?;
        }
        if let Some(made) = item.migration {
            details(out, made)?;
        }
        writeln!(out, "</td></tr>")?;
    }
    writeln!(out, "</tbody>")
}

fn details(out: &mut impl Write, made: &Migration) -> io::Result<()> {
    writeln!(out, "<details><summary>diff and ledger</summary>")?;
    for (line, name) in &made.secrets {
        writeln!(
            out,
            "<p class=\"refused\">line {line}: {} looks like a secret: revoke it, and give it to the container, or to the build as a secret mount</p>",
            Esc(name)
        )?;
    }
    if let Some(ended) = &made.before.base_ended {
        writeln!(out, "<p>{}</p>", Esc(ended))?;
    }
    for obstacle in &made.obstacles {
        writeln!(
            out,
            "<p>line {}: {}: {}</p>",
            obstacle.line,
            Esc(obstacle.kind.title()),
            Esc(&obstacle.why)
        )?;
    }
    if let Some(measured) = &made.measured {
        for said in &measured.said {
            writeln!(out, "<p>{}</p>", Esc(said))?;
        }
        writeln!(out, "<table class=\"ledger\"><tbody>")?;
        for row in &measured.rows {
            let cells = (Esc(&row.what), Esc(&row.before), Esc(&row.after));
            writeln!(out, "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", cells.0, cells.1, cells.2)?;
        }
        writeln!(out, "</tbody></table>")?;
    }
    for difference in &made.differences {
        writeln!(out, "<p>differs: {}</p>", Esc(difference))?;
    }
    writeln!(out, "<table class=\"ledger\"><tbody>")?;
    for entry in made.ledger.entries() {
        ledger(out, entry)?;
    }
    writeln!(out, "</tbody></table>")?;
    if !made.diff.is_empty() {
        write!(out, "<pre>")?;
        for line in made.diff.lines() {
            let class = match line.as_bytes().first() {
                Some(b'+') => "new",
                Some(b'-') => "old",
                Some(b'@') => "place",
                _ => "same",
            };
            // Each is a block of its own; a line end between them would be another, empty one.
            write!(out, "<span class=\"{class}\">{}</span>", Esc(line))?;
        }
        writeln!(out, "</pre>")?;
    }
    writeln!(out, "</details>")
}

fn ledger(out: &mut impl Write, entry: &Entry) -> io::Result<()> {
    writeln!(
        out,
        "<tr class=\"{}\"><td>{}</td><td><code>{}</code></td><td>{}",
        entry.fate.word(),
        entry.line,
        Esc(&entry.text),
        Esc(&entry.fate)
    )?;
    for note in &entry.notes {
        write!(out, "<br>– {}", Esc(note))?;
    }
    writeln!(out, "</td></tr>")
}

pub(super) fn end(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "</table>\n<footer>Made by dockgen {}.</footer>\n<script>\n{SCRIPT}</script>\n</body>\n</html>",
        env!("CARGO_PKG_VERSION")
    )
}
