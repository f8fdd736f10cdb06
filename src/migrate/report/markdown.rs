//! The report as Markdown: totals, reasons, and for each file a row that opens into its diff and its ledger.

use std::io::{self, Write};

use super::{FATES, Item, Pair, State, Totals, built, size};

/// A cell of a table.
fn cell(text: &str) -> String {
    let text = text.replace(|c: char| c.is_control(), " ").replace('&', "&amp;").replace('<', "&lt;");
    text.replace('\\', "\\\\").replace('|', "\\|").replace('`', "'")
}

pub(super) fn begin(out: &mut impl Write, totals: &Totals) -> io::Result<()> {
    writeln!(out, "# Migration of {} Dockerfiles\n", totals.files)?;
    writeln!(out, "| | |\n|---|---|")?;
    for state in State::ALL.into_iter().filter(|state| totals.count(*state) > 0) {
        writeln!(out, "| {} | {} |", state.words(), totals.count(state))?;
    }
    let pair = |pair: Pair| format!("{} → {}", pair.before, pair.after);
    writeln!(out, "| start as an ordinary user | {} |", pair(totals.ordinary_users))?;
    writeln!(out, "| on a base without fixes | {} |", pair(totals.ended_bases))?;
    writeln!(out, "| findings of the rules | {} |", pair(totals.findings))?;
    if totals.bytes.before > 0 {
        let (before, after) = (size(totals.bytes.before), size(totals.bytes.after));
        writeln!(out, "| images, built before and after | {before} → {after} |")?;
    }
    for (judgement, count) in &totals.built {
        writeln!(out, "| {} | {count} |", built(*judgement))?;
    }
    writeln!(out, "| hold what looks like a secret | {} |", totals.with_secrets)?;
    for fate in FATES {
        let count = totals.instructions.get(fate).copied().unwrap_or_default();
        let said = if fate == "person" { "left to a person" } else { fate };
        writeln!(out, "| instructions {said} | {count} |")?;
    }
    if !totals.reasons.is_empty() {
        writeln!(out, "\n## What stood in the way\n")?;
        for (title, names) in &totals.reasons {
            let names: Vec<String> = names.iter().map(|name| format!("`{}`", cell(name))).collect();
            writeln!(out, "- {} ({}): {}", cell(title), names.len(), names.join(", "))?;
        }
    }
    writeln!(out, "\n## Files")
}

pub(super) fn row(out: &mut impl Write, item: &Item<'_>) -> io::Result<()> {
    let head = "\n| file | outcome | stages | base | user | findings |\n|---|---|---|---|---|---|";
    let (mut stages, mut base, mut user, mut findings) = Default::default();
    if let Some(made) = item.migration {
        let is_changed = matches!(item.state, State::Restaged | State::Cleaned);
        let after = if is_changed { &made.after } else { &made.before };
        let count = if is_changed { made.findings_after } else { made.findings_before };
        let arrow = |before: &str, after: &str| {
            if before == after { cell(before) } else { format!("{} → {}", cell(before), cell(after)) }
        };
        stages = arrow(&made.before.stages.to_string(), &after.stages.to_string());
        base = arrow(&made.before.base, &after.base);
        user = arrow(&made.before.user, &after.user);
        findings = arrow(&made.findings_before.to_string(), &count.to_string());
    }
    let (name, words) = (cell(&item.name()), item.state.words());
    writeln!(out, "{head}\n| `{name}` | {words} | {stages} | {base} | {user} | {findings} |")?;
    for said in [item.why, item.to].into_iter().flatten() {
        writeln!(out, "\n{}", cell(said))?;
    }
    let Some(made) = item.migration else { return Ok(()) };
    writeln!(out, "\n<details><summary>diff and ledger</summary>\n")?;
    for (line, name) in &made.secrets {
        writeln!(out, "- line {line}: {} looks like a secret", cell(name))?;
    }
    for obstacle in &made.obstacles {
        writeln!(out, "- line {}: {}: {}", obstacle.line, obstacle.kind.title(), cell(&obstacle.why))?;
    }
    if let Some(measured) = &made.measured {
        for said in &measured.said {
            writeln!(out, "- {}", cell(said))?;
        }
        for row in &measured.rows {
            writeln!(out, "- {}: {} → {}", row.what, cell(&row.before), cell(&row.after))?;
        }
    }
    for difference in &made.differences {
        writeln!(out, "- differs: {}", cell(difference))?;
    }
    fenced(out, "text", &made.ledger.to_string())?;
    if !made.diff.is_empty() {
        fenced(out, "diff", &made.diff)?;
    }
    writeln!(out, "\n</details>")
}

/// Text between fences that are longer than any in it.
fn fenced(out: &mut impl Write, language: &str, text: &str) -> io::Result<()> {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    writeln!(out, "\n{fence}{language}\n{}\n{fence}", text.trim_end())
}
