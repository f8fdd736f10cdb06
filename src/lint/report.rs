//! Findings for programs: JSON, SARIF, the annotations of GitHub's workflows; and a rule's page for people.

use serde_json::{Value, json};

use super::{ALL, Edit, Finding, Fix, Rule, Secrets};
use crate::diag::Severity;
use crate::dockerfile::parse;

/// A file and what was found in it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Its path as it is to be shown.
    pub file: String,
    /// Its text, to which the repairs refer.
    pub text: String,
    /// Sorted by line.
    pub findings: Vec<Finding>,
}

/// The repair of a finding, unless a secret stands in it: a report is pasted into tickets.
fn shown<'f>(file: &Judged, finding: &'f Finding) -> Option<&'f Fix> {
    let secrets = Secrets::of(&parse(&file.text).0);
    finding.fix.as_ref().filter(|fix| !fix.edits.iter().any(|edit| secrets.are_in(&edit.text)))
}

/// One document with every finding.
pub fn json(judged: &[Judged]) -> String {
    let edit = |edit: &Edit| json!({ "start": edit.span.start, "end": edit.span.end, "text": edit.text });
    let finding = |file: &Judged, finding: &Finding| {
        json!({
            "line": finding.line,
            "code": finding.code,
            "severity": finding.severity,
            "message": finding.message,
            "help": finding.help,
            "fix": shown(file, finding).map(|fix| {
                json!({ "about": fix.about, "edits": fix.edits.iter().map(edit).collect::<Vec<_>>() })
            }),
        })
    };
    let files: Vec<Value> = judged
        .iter()
        .map(|file| {
            let findings: Vec<Value> = file.findings.iter().map(|found| finding(file, found)).collect();
            json!({ "file": file.file, "findings": findings })
        })
        .collect();
    pretty(&json!({ "schema_version": 1, "files": files }))
}

/// <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>
pub fn sarif(judged: &[Judged]) -> String {
    let level = |severity| match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let rules: Vec<Value> = ALL
        .iter()
        .map(|rule| {
            json!({
                "id": rule.code,
                "shortDescription": { "text": rule.why },
                "defaultConfiguration": { "level": level(rule.severity) },
            })
        })
        .collect();
    let result = |file: &Judged, finding: &Finding| {
        let uri = file.file.replace('\\', "/");
        let mut result = json!({
            "ruleId": finding.code,
            "ruleIndex": ALL.iter().position(|rule| rule.code == finding.code),
            "level": level(finding.severity),
            "message": { "text": format!("{}. {}", finding.message, finding.help) },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": uri },
                "region": { "startLine": finding.line },
            }}],
        });
        if let Some(fix) = shown(file, finding) {
            let chars = |at: usize| file.text[..at].chars().count();
            let replacements: Vec<Value> = fix
                .edits
                .iter()
                .map(|edit| {
                    let (start, end) = (chars(edit.span.start), chars(edit.span.end));
                    json!({
                        "deletedRegion": { "charOffset": start, "charLength": end - start },
                        "insertedContent": { "text": edit.text },
                    })
                })
                .collect();
            let change = json!({ "artifactLocation": { "uri": uri }, "replacements": replacements });
            result["fixes"] = json!([{ "description": { "text": fix.about }, "artifactChanges": [change] }]);
        }
        result
    };
    let results: Vec<Value> = judged
        .iter()
        .flat_map(|file| file.findings.iter().map(|finding| result(file, finding)).collect::<Vec<_>>())
        .collect();
    pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "dockgen", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

/// <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-a-warning-message>
pub fn github(judged: &[Judged]) -> String {
    let mut lines = String::new();
    for file in judged {
        for finding in &file.findings {
            let said = format!("{}. {}", finding.message, finding.help);
            lines.push_str(&annotation(finding.severity, &file.file, finding.line, finding.code, &said));
        }
    }
    lines
}

/// One annotation, on a line of its own.
pub fn annotation(severity: Severity, file: &str, line: u32, title: &str, said: &str) -> String {
    let escape = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| escape(text).replace(':', "%3A").replace(',', "%2C");
    let command = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    format!("::{command} file={},line={line},title={}::{}\n", property(file), property(title), escape(said))
}

/// What there is to say about a rule.
pub fn manual(rule: &Rule) -> String {
    let severity = match rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    format!(
        "{} ({severity})\n\n{}\n\nA comment above an instruction silences it there:\n\n    # dockgen: ignore={}\n",
        rule.code, rule.why, rule.code
    )
}

fn pretty(document: &Value) -> String {
    format!("{document:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::lint;

    fn judged() -> Vec<Judged> {
        let text = "FROM ä:1\nENV k v\nCOPY id_rsa /\nUSER 1\n";
        let (dockerfile, _) = parse(text);
        vec![Judged { file: "a,b/Dockerfile".into(), text: text.into(), findings: lint(&dockerfile, None) }]
    }

    #[test]
    fn json_names_lines_codes_and_repairs() {
        let document: Value = serde_json::from_str(&json(&judged())).unwrap();
        let findings = document["files"][0]["findings"].as_array().unwrap();
        let legacy = findings.iter().find(|finding| finding["code"] == "legacy-pairs").unwrap();
        assert_eq!((&legacy["line"], &legacy["fix"]["edits"][0]["text"]), (&json!(2), &json!("k=v")));
    }

    #[test]
    fn sarif_counts_characters_and_points_at_its_rules() {
        let document: Value = serde_json::from_str(&sarif(&judged())).unwrap();
        let run = &document["runs"][0];
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        }
        let legacy =
            run["results"].as_array().unwrap().iter().find(|r| r["ruleId"] == "legacy-pairs").unwrap();
        let region = &legacy["fixes"][0]["artifactChanges"][0]["replacements"][0]["deletedRegion"];
        // One less than in bytes, for the umlaut.
        assert_eq!(region, &json!({ "charOffset": 13, "charLength": 3 }));
    }

    #[test]
    fn github_escapes_what_ends_a_property() {
        let lines = github(&judged());
        let secret = lines.lines().find(|line| line.contains("secret-in-copy")).unwrap();
        assert!(
            secret.starts_with("::error file=a%2Cb/Dockerfile,line=3,title=secret-in-copy::`id_rsa`"),
            "{secret}"
        );
    }
}
