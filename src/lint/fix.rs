//! Repairs as edits of spans: everything that is not edited stays byte for byte.

use crate::dockerfile::{Instruction, Span};

/// How a finding can be repaired without a change of what the image holds or how it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as a sentence.
    pub about: String,
    /// In file order; they do not overlap.
    pub edits: Vec<Edit>,
}

/// Other text in the place of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go; empty where something is only added.
    pub span: Span,
    /// What comes in their place.
    pub text: String,
}

impl Fix {
    /// A repair of one place.
    pub fn replace(about: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        Self { about: about.into(), edits: vec![Edit { span, text: text.into() }] }
    }

    /// Takes out a whole instruction.
    pub fn remove(about: impl Into<String>, instruction: &Instruction) -> Self {
        Self::replace(about, instruction.span.clone(), "")
    }
}

/// The text with the repairs in it. Of two that touch the same bytes the first one is made.
pub fn apply<'f>(text: &str, fixes: impl IntoIterator<Item = &'f Fix>) -> String {
    let mut edits: Vec<&Edit> = Vec::new();
    for fix in fixes {
        let overlaps = |edit: &Edit| {
            edits.iter().any(|made| edit.span.start < made.span.end && made.span.start < edit.span.end)
        };
        if !fix.edits.iter().any(overlaps) {
            edits.extend(&fix.edits);
        }
    }
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut fixed = String::new();
    let mut at = 0;
    for edit in edits {
        fixed.push_str(&text[at..edit.span.start]);
        fixed.push_str(&edit.text);
        at = edit.span.end;
    }
    fixed.push_str(&text[at..]);
    fixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_made_in_place_and_never_twice() {
        let fixes = [
            Fix::replace("b", 4..5, "B"),
            Fix::replace("a", 0..1, "A"),
            Fix::replace("over", 3..5, "X"),
            Fix::replace("in", 2..2, "+"),
        ];
        assert_eq!(apply("a b c d", &fixes), "A +b B d");
    }
}
