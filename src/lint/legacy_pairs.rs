//! `ENV name value` without `=`: the rest of the line is the value, quotes and all that follows included.
//!
//! <https://docs.docker.com/reference/build-checks/legacy-key-value-format/>

use super::{Findings, Fix, Rule, Scope, Severity, Subject};
use crate::dockerfile::{Instruction, Meaning};

pub(super) static RULE: Rule = Rule {
    code: "legacy-pairs",
    why: "Without `=` the value is the rest of the line, which few readers expect.",
    severity: Severity::Warning,
    scope: Scope::Every,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for instruction in subject.stages.iter().flat_map(|stage| &stage.instructions) {
        let Ok(Meaning::Env(pairs) | Meaning::Label(pairs)) = instruction.meaning() else { continue };
        let [(name, value)] = pairs.pairs.as_slice() else { continue };
        if pairs.legacy {
            let keyword = &instruction.keyword;
            let message = format!("{keyword} `{name}` is written without `=`");
            let fix = with_equals(instruction, name, value);
            findings.add_with(instruction.line, message, format!("Write {keyword} {name}=\"...\"."), fix);
        }
    }
}

/// `name=value` with the value quoted so that it evaluates to the same. Where it cannot be, nothing.
fn with_equals(instruction: &Instruction, name: &str, value: &str) -> Option<Fix> {
    let lexer = instruction.lexer().keeping_unset();
    let before = lexer.expand(value, &|_| None).ok()?;
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-./:,@+$%{}".contains(c);
    let quoted = if !value.is_empty() && value.chars().all(bare) {
        value.to_owned()
    } else if value.contains(['"', '\'', instruction.escape, '\n']) {
        // Quotes in it have done their work; what is left is quoted anew, if no variable needs to stay open.
        if value.contains('$') || before.contains(['"', '\'', instruction.escape, '\n', '$']) {
            return None;
        }
        format!("\"{before}\"")
    } else {
        format!("\"{value}\"")
    };
    let is_same = lexer.expand(&quoted, &|_| None).is_ok_and(|after| after == before)
        && lexer.words(&quoted, &|_| None).is_ok_and(|words| words.len() == 1);
    let about = "the same value in today's form";
    is_same.then(|| Fix::replace(about, instruction.args.span.clone(), format!("{name}={quoted}")))
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{check, repairs},
        RULE,
    };

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nENV k v\nLABEL k v w\n", &[2, 3]);
        repairs(
            &RULE,
            "FROM a\nENV k v\nENV k v w\nENV Q \"a b\" c\n",
            "FROM a\nENV k=v\nENV k=\"v w\"\nENV Q=\"a b c\"\n",
        );
        repairs(
            &RULE,
            "FROM a\nENV P /x:$PATH\nENV R a=$B c\n",
            "FROM a\nENV P=/x:$PATH\nENV R=\"a=$B c\"\n",
        );
        // What cannot be said for sure stays.
        repairs(&RULE, "FROM a\nENV k '$x' \"y\n", "FROM a\nENV k '$x' \"y\n");
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a\nENV k=v l=w\nLABEL a=\"b c\"\nARG k\n", &[]);
    }
}
