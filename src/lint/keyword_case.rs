//! Instructions in small letters: builds read them, people miss them.
//!
//! <https://docs.docker.com/reference/build-checks/consistent-instruction-casing/>

use super::{Edit, Findings, Fix, Rule, Scope, Severity, Subject};
use crate::dockerfile::{Instruction, ItemKind, Keyword};

pub(super) static RULE: Rule = Rule {
    code: "keyword-case",
    why: "Instructions in capitals are told from their arguments at a glance.",
    severity: Severity::Note,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for item in subject.dockerfile.items() {
        let ItemKind::Instruction(instruction) = &item.kind else { continue };
        if matches!(instruction.keyword, Keyword::Unknown(_)) {
            continue;
        }
        let edits = edits(subject, instruction);
        if let Some(first) = edits.first() {
            let written = &subject.dockerfile.text()[first.span.clone()];
            let message = format!("`{written}` is not in capitals");
            let help = format!("Write {}.", first.text);
            let fix = Fix { about: "written in capitals".to_owned(), edits };
            findings.add_with(instruction.line, message, help, fix);
        }
    }
}

/// The keyword, and the `AS` of a `FROM`.
fn edits(subject: &Subject<'_>, instruction: &Instruction) -> Vec<Edit> {
    let text = subject.dockerfile.slice(&instruction.span);
    let start = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or_default();
    let end = text[start..].find(|c: char| !c.is_ascii_alphabetic()).map_or(text.len(), |end| start + end);
    let from = instruction.span.start;
    let mut edits = Vec::new();
    let mut capitals = |span: std::ops::Range<usize>| {
        let written = &subject.dockerfile.text()[span.clone()];
        if written.chars().any(|c| c.is_ascii_lowercase()) {
            edits.push(Edit { text: written.to_ascii_uppercase(), span });
        }
    };
    // A keyword that a line break splits in two is left as it is.
    if Keyword::of(&text[start..end]) == instruction.keyword {
        capitals(from + start..from + end);
    }
    if instruction.keyword == Keyword::From {
        let args = &instruction.args.value;
        let mut at = 0;
        for word in args.split([' ', '\t']) {
            if at > 0
                && word.eq_ignore_ascii_case("as")
                && args[at + 2..].trim().contains(|c: char| !c.is_whitespace())
                && let Some(place) = instruction.args.place(&(at..at + 2))
            {
                capitals(place);
                break;
            }
            at += word.len() + 1;
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{check, repairs},
        RULE,
    };

    #[test]
    fn finds() {
        check(&RULE, "from a as b\nRun x\nUSER 1\n", &[1, 2]);
        repairs(
            &RULE,
            "\u{feff}from a as b\r\n run  x\nFROM b  As\tc\n",
            "\u{feff}FROM a AS b\r\n RUN  x\nFROM b  AS\tc\n",
        );
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM as AS b\nRUN from as\n# run\nfoo x\n", &[]);
    }
}
